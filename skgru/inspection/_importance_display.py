"""What counts, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._drawing import BLUE, DARK, DIVERGING, SEQUENTIAL, feature_names_of, label_features, new_axes
from ._gradients import input_gradient
from ._inside import names_known, unwrap

INCHES_EACH, HEIGHTS = 0.2, (4.8, 12.0)  # of a feature's name, and of a new figure


class ImportanceDisplay:
    """Importances: a heat map over time and feature, or bars of features or of steps.

    Parameters
    ----------
    importances : array-like of shape (n_timesteps, n_features), (n_features,) or (n_timesteps,)
        For example the mean absolute gradient of the output by each input. Where some of a heat
        map are negative, colours are centred at 0.
    spread : array-like of shape (n_features,) or (n_timesteps,), default=None
        Standard deviations, for bars.
    axis : {"feature", "time"}, default="feature"
        What the bars are of.
    feature_names : array-like of str of shape (n_features,), default=None
        None: x0, x1, ... Where there are too many for the height of the axes, every second is
        left out, or more.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage or None
    colorbar_ : matplotlib Colorbar or None
    bars_ : matplotlib BarContainer or None

    Examples
    --------
    >>> from skgru.inspection import ImportanceDisplay
    >>> display = ImportanceDisplay.from_importances([[0.1, 0.0], [0.2, 0.7]])
    >>> display.image_.get_array().shape
    (2, 2)
    """

    def __init__(self, importances, *, spread=None, axis="feature", feature_names=None):
        self.importances = importances
        self.spread = spread
        self.axis = axis
        self.feature_names = feature_names

    @classmethod
    def from_estimator(
        cls, estimator, X, *, output=None, step=-1, integrated=False, feature_names=None, ax=None
    ):
        """Show the mean absolute gradient of the output by each input.

        Parameters
        ----------
        estimator : GRURegressor or GRUClassifier
            Fitted; or a pipeline, a search or a `TransformedTargetRegressor` around one.
        X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
        output, step, integrated
            As in `input_gradient`; of several outputs the mean is shown.
        feature_names : array-like of str of shape (n_features,), default=None
            Of what the GRU sees; None: those of the tables that it was fitted to, or x0, x1, ...
        ax : matplotlib Axes, default=None
            Where to draw; None: in a new figure.

        Returns
        -------
        display : ImportanceDisplay
        """
        gradient = input_gradient(estimator, X, output=output, step=step, integrated=integrated)
        names = names_known(unwrap(estimator)[0]) if feature_names is None else feature_names
        return cls.from_importances(gradient, feature_names=names, ax=ax)

    @classmethod
    def from_importances(cls, importances, *, feature_names=None, ax=None):
        """Show importances of steps and features, or the mean over samples of absolute values.

        Parameters
        ----------
        importances : array-like, list of array-like, or Bunch
            What `sequence_importance` returns, for bars of features or of steps; an array
            (n_timesteps, n_features); or what `input_gradient` returns: an array (n_samples,
            n_timesteps, n_features), a list of arrays (n_timesteps_i, n_features), or either with
            a last axis of outputs. Of the latter means are shown, of a step over the samples that
            have it; NaN is padding.
        feature_names : array-like of str of shape (n_features,), default=None
        ax : matplotlib Axes, default=None
            Where to draw; None: in a new figure.

        Returns
        -------
        display : ImportanceDisplay

        Raises
        ------
        ValueError
            If the array has other dimensions, holds no number, or there are not as many names as
            features.
        """
        if isinstance(importances, Mapping):
            return cls(**_of_bunch(importances), feature_names=feature_names).plot(ax=ax)
        values = _as_array(importances)
        if values.ndim < 2:  # which does not say whether it is of features or of steps
            raise ValueError(_wrong_shape(values))
        if values.ndim in (3, 4):
            over = (0, 3)[: values.ndim - 2]
            values = np.ma.masked_invalid(np.abs(values)).mean(axis=over).filled(np.nan)
        return cls(values, feature_names=feature_names).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the heat map, or the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None: in a new figure.

        Returns
        -------
        display : ImportanceDisplay
        """
        values = np.asarray(self.importances, dtype=float)
        if values.ndim not in (1, 2):
            raise ValueError(_wrong_shape(values))
        if not np.isfinite(values).any():
            raise ValueError("importances holds no number, only NaN or infinity.")
        if self.axis not in ("feature", "time"):
            raise ValueError(f"axis must be 'feature' or 'time'. Got {self.axis!r}.")
        has_features = values.ndim == 2 or self.axis == "feature"
        names = feature_names_of(self.feature_names, values.shape[-1] if has_features else 0)
        height = float(np.clip(INCHES_EACH * len(names), *HEIGHTS))
        options = {"figsize": (6.4, height), "layout": "constrained"}
        self.ax_ = new_axes(self, **options) if ax is None else ax
        self.figure_ = self.ax_.figure
        self.image_ = self.colorbar_ = self.bars_ = None
        if values.ndim == 2:
            self._plot_map(values)
        else:
            self._plot_bars(values)
        if has_features:
            label_features(self.ax_, names)
        return self

    def _plot_map(self, values: np.ndarray) -> None:
        is_signed = (values < 0).any()
        largest = np.nanmax(np.abs(values)) or 1
        self.image_ = self.ax_.imshow(
            values.T,
            aspect="auto",
            interpolation="nearest",
            cmap=DIVERGING if is_signed else SEQUENTIAL,
            vmin=-largest if is_signed else 0,
            vmax=largest,
        )
        self.colorbar_ = self.figure_.colorbar(self.image_, ax=self.ax_, label="importance")
        self.ax_.set(xlabel="step")
        self.ax_.xaxis.get_major_locator().set_params(integer=True)

    def _plot_bars(self, values: np.ndarray) -> None:
        places = np.arange(len(values))
        style = {"color": BLUE, "ecolor": DARK}
        if self.axis == "feature":  # the first at the top, as in a heat map
            self.bars_ = self.ax_.barh(places, values, xerr=self.spread, **style)
            self.ax_.axvline(0, color=DARK, linewidth=0.8)
            self.ax_.set(xlabel="importance", ylim=(len(values) - 0.5, -0.5))
            return
        self.bars_ = self.ax_.bar(places, values, yerr=self.spread, **style)
        self.ax_.axhline(0, color=DARK, linewidth=0.8)
        self.ax_.set(xlabel="step", ylabel="importance")
        self.ax_.xaxis.get_major_locator().set_params(integer=True)


def _wrong_shape(values: np.ndarray) -> str:
    return (
        f"importances has shape {values.shape}, but must be (n_timesteps, n_features), or in "
        "from_importances (n_samples, n_timesteps, n_features), or have a further axis of outputs."
    )


def _of_bunch(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `sequence_importance` returned as this display's parameters."""
    if "importances_mean" not in result:
        raise ValueError(
            f"importances is a dict of {list(result)}. Give one of them: what sequence_importance "
            "returns for several scorers has a result for each."
        )
    if "axis" not in result:
        raise ValueError(
            "importances does not say whether it is of features or of steps, as that of "
            "skgru.inspection.sequence_importance does. Use ImportanceDisplay("
            "result.importances_mean, spread=result.importances_std, axis=...).plot()."
        )
    return {
        "importances": result["importances_mean"],
        "spread": result["importances_std"],
        "axis": result["axis"],
    }


def _as_array(importances: Any) -> np.ndarray:
    """Return importances as an array, of ragged ones padded with NaN."""
    try:
        return np.asarray(importances, dtype=float)
    except ValueError:
        arrays = [np.asarray(one, dtype=float) for one in importances]
    for i, one in enumerate(arrays):
        if one.ndim < 2 or one.shape[1:] != arrays[0].shape[1:]:
            raise ValueError(
                f"importances[{i}] has shape {one.shape}, importances[0] {arrays[0].shape}. Of "
                "sequences of different lengths each must be (n_timesteps_i, n_features), with the "
                "same n_features."
            )
    padded = np.full((len(arrays), max(map(len, arrays)), *arrays[0].shape[1:]), np.nan)
    for row, one in zip(padded, arrays, strict=True):
        row[: len(one)] = one
    return padded
