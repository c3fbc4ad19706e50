"""How training went."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._drawing import BLUE, GREY, VERMILION, new_axes
from ._inside import unwrap


class LossCurveDisplay:
    """Loss per epoch on training and validation data, with the learning rate below.

    Parameters
    ----------
    training_loss : array-like of shape (n_epochs,)
    validation_loss : array-like of shape (n_epochs,), default=None
        NaN in epochs that had none; if all had none, it is not drawn.
    learning_rate : array-like of shape (n_epochs,), default=None

    Attributes
    ----------
    ax_ : matplotlib Axes
        With the losses.
    learning_rate_ax_ : matplotlib Axes or None
    figure_ : matplotlib Figure
    training_line_, validation_line_, learning_rate_line_ : matplotlib Line2D or None
    lowest_point_ : matplotlib Line2D or None
        The lowest validation loss.

    Examples
    --------
    >>> from skgru import GRURegressor
    >>> from skgru.datasets import make_last_value
    >>> from skgru.inspection import LossCurveDisplay
    >>> X, y = make_last_value(n_samples=60, random_state=0, return_X_y=True)
    >>> model = GRURegressor(4, max_iter=5, early_stopping=True, random_state=0)
    >>> display = LossCurveDisplay.from_estimator(model.fit(X / 100, y / 100))
    >>> len(display.training_line_.get_ydata())
    5
    """

    def __init__(self, training_loss, *, validation_loss=None, learning_rate=None):
        self.training_loss = training_loss
        self.validation_loss = validation_loss
        self.learning_rate = learning_rate

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Show how the fit of an estimator went.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``loss_curve_``: a GRU, or a multilayer perceptron of scikit-learn; or a
            pipeline, a search or a `TransformedTargetRegressor` around one.
        ax : matplotlib Axes, default=None
            Where to draw; None: in a new figure.

        Returns
        -------
        display : LossCurveDisplay

        Raises
        ------
        TypeError
            If there is no ``loss_curve_``.
        NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(estimator)
        model, _ = unwrap(estimator)
        if not hasattr(model, "loss_curve_"):
            raise TypeError(
                f"{type(model).__name__} has no loss_curve_. Pass a GRURegressor or GRUClassifier, "
                "or a pipeline or search around one."
            )
        return cls(
            model.loss_curve_,
            validation_loss=getattr(model, "validation_loss_curve_", None),
            learning_rate=getattr(model, "history_", {}).get("learning_rate"),
        ).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw, of which the learning rate takes a strip; None: in a new figure.

        Returns
        -------
        display : LossCurveDisplay
        """
        self._check_lengths()
        self.ax_ = new_axes(self) if ax is None else ax
        self.figure_ = self.ax_.figure
        epochs = np.arange(1, len(self.training_loss) + 1)
        (self.training_line_,) = self.ax_.plot(
            epochs, self.training_loss, color=BLUE, label="training"
        )
        self._plot_validation(epochs)
        self.ax_.set(ylabel="loss")
        if self.validation_line_ is not None:
            self.ax_.legend(frameon=False)
        self._plot_learning_rate(epochs)
        return self

    def _check_lengths(self) -> None:
        n_epochs = np.shape(self.training_loss)
        if len(n_epochs) != 1 or n_epochs == (0,):
            raise ValueError(
                f"training_loss has shape {n_epochs}, but must have a loss for each epoch."
            )
        for name in ("validation_loss", "learning_rate"):
            values = getattr(self, name)
            if values is not None and np.shape(values) != n_epochs:
                raise ValueError(
                    f"{name} has shape {np.shape(values)}, but training_loss {n_epochs}. Give as "
                    "many epochs, NaN where there is none, or None."
                )

    def _plot_validation(self, epochs: np.ndarray) -> None:
        self.validation_line_ = self.lowest_point_ = None
        if self.validation_loss is None:
            return
        loss = np.asarray(self.validation_loss, dtype=float)
        if np.isnan(loss).all():
            return
        (self.validation_line_,) = self.ax_.plot(
            epochs, loss, color=VERMILION, linestyle="--", label="validation"
        )
        best = int(np.nanargmin(loss))
        (self.lowest_point_,) = self.ax_.plot(
            epochs[best],
            loss[best],
            marker="o",
            color=VERMILION,
            linestyle="none",
            label=f"lowest: {loss[best]:.3g} in epoch {epochs[best]}",
        )

    def _plot_learning_rate(self, epochs: np.ndarray) -> None:
        self.learning_rate_ax_ = self.learning_rate_line_ = None
        bottom = self.ax_
        if self.learning_rate is not None:
            from mpl_toolkits.axes_grid1 import make_axes_locatable

            divider = make_axes_locatable(self.ax_)
            bottom = divider.append_axes("bottom", size="18%", pad=0.12, sharex=self.ax_)
            (self.learning_rate_line_,) = bottom.plot(
                epochs, self.learning_rate, color=GREY, label="learning rate"
            )
            bottom.set_ylim(bottom=0)
            bottom.legend(frameon=False, handlelength=0)
            self.ax_.tick_params(labelbottom=False)
            self.learning_rate_ax_ = bottom
        bottom.set(xlabel="epoch")
        bottom.xaxis.get_major_locator().set_params(integer=True)
