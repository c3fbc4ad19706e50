"""What counts, and when."""

from __future__ import annotations

import numpy as np

from ._drawing import DIVERGING, SEQUENTIAL, new_axes


class ImportanceDisplay:
    """Heat map of importances over time and feature.

    Parameters
    ----------
    importances : array-like of shape (n_timesteps, n_features)
        For example the mean absolute gradient of the output by each input. Where some are
        negative, colours are centred at 0.
    feature_names : array-like of str of shape (n_features,), default=None
        None: x0, x1, ...

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage
    colorbar_ : matplotlib Colorbar

    Examples
    --------
    >>> from skgru.inspection import ImportanceDisplay
    >>> display = ImportanceDisplay.from_importances([[0.1, 0.0], [0.2, 0.7]])
    >>> display.image_.get_array().shape
    (2, 2)
    """

    def __init__(self, importances, *, feature_names=None):
        self.importances = importances
        self.feature_names = feature_names

    @classmethod
    def from_importances(cls, importances, *, feature_names=None, ax=None):
        """Show importances, or the mean over samples of their absolute values.

        Parameters
        ----------
        importances : array-like of shape (n_timesteps, n_features), or with a first axis n_samples
            In the latter case NaN is padding: a mean is over the samples that have the step.
        feature_names : array-like of str of shape (n_features,), default=None
        ax : matplotlib Axes, default=None
            Where to draw; None: in a new figure.

        Returns
        -------
        display : ImportanceDisplay

        Raises
        ------
        ValueError
            If the array has other dimensions, or there are not as many names as features.
        """
        values = np.asarray(importances, dtype=float)
        if values.ndim == 3:
            values = np.ma.masked_invalid(np.abs(values)).mean(axis=0).filled(np.nan)
        return cls(values, feature_names=feature_names).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None: in a new figure.

        Returns
        -------
        display : ImportanceDisplay
        """
        values = np.asarray(self.importances, dtype=float)
        if values.ndim != 2:
            raise ValueError(
                f"importances has shape {values.shape}, but must be (n_timesteps, n_features), or "
                "(n_samples, n_timesteps, n_features) in from_importances."
            )
        names = self._names(values.shape[1])
        self.ax_ = new_axes(self, layout="constrained") if ax is None else ax
        self.figure_ = self.ax_.figure
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
        self.ax_.set(xlabel="step", yticks=np.arange(len(names)), yticklabels=names)
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        return self

    def _names(self, n_features: int) -> list[str]:
        if self.feature_names is None:
            return [f"x{i}" for i in range(n_features)]
        names = [str(name) for name in self.feature_names]
        if len(names) != n_features:
            raise ValueError(
                f"feature_names has {len(names)} names, but there are {n_features} features."
            )
        return names
