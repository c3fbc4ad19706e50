"""A forecast beside the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length

from .._sklearn_compat import safe_indexing
from ._drawing import BLUE, DARK, GREY, feature_names_of, new_axes
from ._inside import names_known, parts, unwrap


class ForecastDisplay:
    """A forecast beside the truth, after the history that it was made from.

    Steps are counted from the last known one, which is 0; without history from 1.

    Parameters
    ----------
    y_pred : array-like of shape (horizon,) or (horizon, n_quantiles)
    y_true : array-like of shape (horizon,), default=None
    history : array-like of shape (n_timesteps,), default=None
    quantiles : array-like of shape (n_quantiles,), default=None
        The levels in ``y_pred``, rising.
    target_name : str, default=None
        What is forecast, written beside the axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    history_line_, true_line_ : matplotlib Line2D or None
    prediction_line_ : matplotlib Line2D or None
        Of several quantiles that in the middle, if their number is odd.
    bands_ : list of matplotlib PolyCollection
        Between the lowest and the highest quantile, the second and the last but one, and so on.

    Examples
    --------
    >>> from skgru.inspection import ForecastDisplay
    >>> display = ForecastDisplay.from_predictions(
    ...     [3, 4], [[2, 3, 4], [2, 4, 6]], history=[0, 1, 2], quantiles=[0.1, 0.5, 0.9]
    ... )
    >>> display.prediction_line_.get_ydata()
    array([3., 4.])
    """

    def __init__(self, y_pred, *, y_true=None, history=None, quantiles=None, target_name=None):
        self.y_pred = y_pred
        self.y_true = y_true
        self.history = history
        self.quantiles = quantiles
        self.target_name = target_name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y=None,
        *,
        sample=0,
        target=0,
        quantiles=None,
        feature_names=None,
        ax=None,
    ):
        """Show the forecast of what follows one of the sequences.

        Parameters
        ----------
        estimator : estimator
            Fitted to sequences and the steps that follow them, as `make_windows` cuts them.
        X : array of shape (n_samples, n_timesteps, n_features), or list of sequences
        y : array-like of shape (n_samples,) or (n_samples, horizon), default=None
            The truth.
        sample : int, default=0
            Which of the sequences; counted from the end if negative.
        target : int, str or None, default=0
            Which feature of X is forecast, by position or by its name among ``feature_names``;
            None: no history is shown.
        quantiles : array-like of float, default=None
            Levels of the quantiles that are predicted; None: those of the estimator, or of one
            inside of it.
        feature_names : array-like of str of shape (n_features,), default=None
            That of the target is written beside the axis. None: those of the tables that the
            estimator was fitted to, if any.
        ax : matplotlib Axes, default=None
            Where to draw; None: in a new figure.

        Returns
        -------
        display : ForecastDisplay

        Raises
        ------
        TypeError
            If the estimator is a classifier.
        ValueError
            If it predicts at each step, there is no such sample or target, or the target is NaN
            throughout.
        """
        _check_forecaster(estimator)
        check_consistent_length(X, y)
        _check_place("sample", sample, len(X) if hasattr(X, "__len__") else X.shape[0], "sequences")
        one = safe_indexing(X, [sample])
        y_pred = np.asarray(estimator.predict(one)[0], dtype=float)
        quantiles = _quantile_levels(estimator) if quantiles is None else quantiles
        n_levels = 1 if quantiles is None else len(quantiles)
        history, name = _history(estimator, one, target, feature_names)
        return cls(
            y_pred.reshape(-1, n_levels) if n_levels > 1 else np.ravel(y_pred),
            y_true=None if y is None else np.ravel(np.asarray(safe_indexing(y, [sample]))),
            history=history,
            quantiles=quantiles,
            target_name=name,
        ).plot(ax=ax)

    @classmethod
    def from_predictions(
        cls, y_true, y_pred, *, history=None, quantiles=None, target_name=None, ax=None
    ):
        """Show predictions.

        Parameters
        ----------
        y_true : array-like of shape (horizon,) or None
        y_pred : array-like of shape (horizon,) or (horizon, n_quantiles)
        history : array-like of shape (n_timesteps,), default=None
            What was known; NaN at its end is padding.
        quantiles : array-like of shape (n_quantiles,), default=None
        target_name : str, default=None
            What is forecast, written beside the axis.
        ax : matplotlib Axes, default=None
            Where to draw; None: in a new figure.

        Returns
        -------
        display : ForecastDisplay

        Raises
        ------
        ValueError
            If shapes do not fit together, or the history is NaN throughout.
        """
        if history is not None:
            history = np.asarray(history, dtype=float)
            _check_known(history, "history=None leaves it out")
            history = history[: np.flatnonzero(~np.isnan(history))[-1] + 1]
        return cls(
            y_pred, y_true=y_true, history=history, quantiles=quantiles, target_name=target_name
        ).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the forecast.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None: in a new figure.

        Returns
        -------
        display : ForecastDisplay
        """
        columns, levels = self._columns()
        self.ax_ = new_axes(self, layout="constrained") if ax is None else ax
        self.figure_ = self.ax_.figure
        self._plot_known(len(columns))
        self._plot_predicted(columns, levels)
        known = self.history is not None
        self.ax_.set(xlabel="steps after the last known one" if known else "step")
        if self.target_name is not None:
            self.ax_.set(ylabel=self.target_name)
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        self.ax_.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
        return self

    def _columns(self) -> tuple[np.ndarray, list[float]]:
        """Return predictions (horizon, n_quantiles), and the levels; without levels, none."""
        y_pred = np.asarray(self.y_pred, dtype=float)
        levels = [] if self.quantiles is None else np.ravel(self.quantiles).tolist()
        columns = y_pred[:, None] if y_pred.ndim == 1 else y_pred
        n_columns = len(levels) or 1
        if columns.ndim != 2 or columns.shape[1] != n_columns:
            raise ValueError(
                f"y_pred has shape {y_pred.shape}, but with quantiles={self.quantiles} it must be "
                f"(horizon, {n_columns}). Give one level for each column."
            )
        if self.y_true is not None and np.shape(self.y_true) != (len(columns),):
            raise ValueError(
                f"y_true has shape {np.shape(self.y_true)}, but y_pred has {len(columns)} steps. "
                "Give the truth of each of them, or None."
            )
        return columns, levels

    def _plot_known(self, horizon: int) -> None:
        self.history_line_ = self.true_line_ = None
        if self.history is not None:
            values = np.asarray(self.history, dtype=float)
            steps = np.arange(1 - len(values), 1)
            (self.history_line_,) = self.ax_.plot(steps, values, color=GREY, label="history")
            self.ax_.axvline(0.5, color=GREY, linewidth=0.8, linestyle=":")
        if self.y_true is not None:
            (self.true_line_,) = self.ax_.plot(
                np.arange(1, horizon + 1),
                self.y_true,
                color=DARK,
                marker="o",
                markersize=4,
                label="truth",
            )

    def _plot_predicted(self, columns: np.ndarray, levels: list[float]) -> None:
        horizon, n_columns = columns.shape
        steps = np.arange(1, horizon + 1)
        self.prediction_line_, self.bands_ = None, []
        for low in range(n_columns // 2):
            high = n_columns - 1 - low
            band = self.ax_.fill_between(
                steps,
                columns[:, low],
                columns[:, high],
                color=_lighter(BLUE, 0.8 - 0.5 * low / (n_columns // 2)),
                linewidth=0,
                label=f"quantiles {levels[low]:g} to {levels[high]:g}",
            )
            self.bands_.append(band)
        if n_columns % 2:
            middle = n_columns // 2
            label = "prediction"
            if levels:
                label = "median" if levels[middle] == 0.5 else f"quantile {levels[middle]:g}"
            (self.prediction_line_,) = self.ax_.plot(
                steps, columns[:, middle], color=BLUE, marker="s", markersize=4, label=label
            )


def _check_forecaster(estimator: Any) -> None:
    """Raise if what is predicted is no forecast of numbers."""
    model, _ = unwrap(estimator)
    if hasattr(model, "classes_"):
        raise TypeError(
            f"ForecastDisplay draws numbers, but {type(model).__name__} predicts classes. Pass a "
            "regressor."
        )
    if getattr(model, "return_sequences", False):
        raise ValueError(
            "ForecastDisplay draws what follows a sequence, but with return_sequences=True there "
            "is a prediction for each of its steps. Draw those with from_predictions."
        )


def _check_place(argument: str, place: Any, n_places: int, what: str) -> None:
    if not isinstance(place, (int, np.integer)) or not -n_places <= place < n_places:
        raise ValueError(
            f"{argument}={place!r}, but X has {n_places} {what}: give one of {-n_places} to "
            f"{n_places - 1}."
        )


def _check_known(history: np.ndarray, cure: str) -> None:
    if history.ndim != 1 or np.isnan(history).all():
        raise ValueError(
            f"The history has shape {history.shape}, but must be (n_timesteps,), and not NaN "
            f"throughout; {cure}."
        )


def _history(
    estimator: Any, one: Any, target: Any, names: Any
) -> tuple[np.ndarray | None, str | None]:
    """Return the target's past in the one sequence of X, without padding, and its name."""
    if target is None:
        return None, None
    rows = np.asarray(safe_indexing(one, 0), dtype=float)
    readers = [part for part in parts(estimator) if hasattr(part, "_n_features_per_step")]
    width = readers[0]._n_features_per_step if readers else 1
    rows = rows.reshape(-1, width if rows.ndim == 1 else rows.shape[1])
    names = names_known(readers[0]) if names is None and readers else names
    known = feature_names_of(names, rows.shape[1])
    place = known.index(target) if target in known else target
    _check_place("target", place, rows.shape[1], f"features, {known}")
    history = rows[: np.flatnonzero(~np.isnan(rows).all(axis=1))[-1] + 1, place]
    _check_known(history, "target=None leaves it out")
    return history, None if names is None else known[place]


def _lighter(colour: str, share: float) -> tuple[float, ...]:
    """Return a colour mixed with this share of white."""
    from matplotlib.colors import to_rgb

    return tuple(share + (1 - share) * part for part in to_rgb(colour))


def _quantile_levels(estimator: Any) -> list[float] | None:
    """Return the levels that an estimator, or one inside of it, predicts; None if none."""
    parameters = unwrap(estimator)[0].get_params()
    for name, value in parameters.items():
        prefix = name.removesuffix("quantile")
        if name != prefix and parameters.get(prefix + "loss") == "quantile":
            return np.ravel(value).tolist()
    return None
