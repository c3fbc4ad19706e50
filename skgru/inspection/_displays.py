"""Displays in the style of scikit-learn: they hold data, `plot` it, and keep what was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import safe_indexing
from ._gates import gates_over_time, n_layers

# Of Okabe and Ito, https://jfly.uni-koeln.de/color: colour-blind people tell them apart.
BLUE, VERMILION, DARK, GREY = "#0072B2", "#D55E00", "#333333", "#767676"
INPUT_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
# Lightness rises with the value in the one, and falls to both sides of the middle in the other.
SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"


class LossCurveDisplay:
    """Loss per epoch on training and validation data, with the learning rate below.

    Parameters
    ----------
    training_loss : array-like of shape (n_epochs,)
    validation_loss : array-like of shape (n_epochs,), default=None
        NaN in epochs that had none.
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
        model, _ = _unwrap(estimator)
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
        self.ax_ = _new_axes(self) if ax is None else ax
        self.figure_ = self.ax_.figure
        epochs = np.arange(1, len(self.training_loss) + 1)
        (self.training_line_,) = self.ax_.plot(
            epochs, self.training_loss, color=BLUE, label="training"
        )
        self._plot_validation(epochs)
        self.ax_.set(ylabel="loss")
        if self.validation_loss is not None:
            self.ax_.legend(frameon=False)
        self._plot_learning_rate(epochs)
        return self

    def _plot_validation(self, epochs: np.ndarray) -> None:
        self.validation_line_ = self.lowest_point_ = None
        if self.validation_loss is None:
            return
        loss = np.asarray(self.validation_loss, dtype=float)
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

    def __init__(self, y_pred, *, y_true=None, history=None, quantiles=None):
        self.y_pred = y_pred
        self.y_true = y_true
        self.history = history
        self.quantiles = quantiles

    @classmethod
    def from_estimator(cls, estimator, X, y=None, *, sample=0, target=0, quantiles=None, ax=None):
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
        target : int or None, default=0
            Which feature of X is forecast; None: no history is shown.
        quantiles : array-like of float, default=None
            Levels of the quantiles that are predicted; None: those of the estimator, or of one
            inside of it.
        ax : matplotlib Axes, default=None
            Where to draw; None: in a new figure.

        Returns
        -------
        display : ForecastDisplay
        """
        one = safe_indexing(X, [sample])
        y_pred = np.asarray(estimator.predict(one)[0], dtype=float)
        quantiles = _quantile_levels(estimator) if quantiles is None else quantiles
        n_levels = 1 if quantiles is None else len(quantiles)
        history = None
        if target is not None:
            rows = np.asarray(safe_indexing(one, 0), dtype=float)
            width = getattr(_unwrap(estimator)[0], "_n_features_per_step", 1)
            history = rows.reshape(-1, width if rows.ndim == 1 else rows.shape[1])[:, target]
        return cls.from_predictions(
            None if y is None else np.ravel(np.asarray(safe_indexing(y, [sample]))),
            y_pred.reshape(-1, n_levels) if n_levels > 1 else np.ravel(y_pred),
            history=history,
            quantiles=quantiles,
            ax=ax,
        )

    @classmethod
    def from_predictions(cls, y_true, y_pred, *, history=None, quantiles=None, ax=None):
        """Show predictions.

        Parameters
        ----------
        y_true : array-like of shape (horizon,) or None
        y_pred : array-like of shape (horizon,) or (horizon, n_quantiles)
        history : array-like of shape (n_timesteps,), default=None
            What was known; NaN at its end is padding.
        quantiles : array-like of shape (n_quantiles,), default=None
        ax : matplotlib Axes, default=None
            Where to draw; None: in a new figure.

        Returns
        -------
        display : ForecastDisplay

        Raises
        ------
        ValueError
            If shapes do not fit together.
        """
        return cls(y_pred, y_true=y_true, history=history, quantiles=quantiles).plot(ax=ax)

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
        self.ax_ = _new_axes(self, layout="constrained") if ax is None else ax
        self.figure_ = self.ax_.figure
        self._plot_known(len(columns))
        self._plot_predicted(columns, levels)
        known = self.history is not None
        self.ax_.set(xlabel="steps after the last known one" if known else "step")
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
            values = values[: np.flatnonzero(np.isfinite(values))[-1] + 1]
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


class GateDisplay:
    """Update gate, reset gate and state of one layer while it reads one sequence.

    Each row of the heat maps is a unit; those that keep their state longest, whose update gate is
    closed on average, are at the top.

    Parameters
    ----------
    update, reset : array-like of shape (n_timesteps, n_hidden)
        Between 0 and 1. The update gate is the share of new content in the state.
    state : array-like of shape (n_timesteps, n_hidden)
        Between -1 and 1.
    inputs : array-like of shape (n_timesteps, n_features), default=None
        What was read, drawn above.

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes
        From top to bottom.
    figure_ : matplotlib Figure
    input_lines_ : list of matplotlib Line2D
        One for each feature.
    images_ : dict of str to matplotlib AxesImage
        "update gate", "reset gate" and "state".
    order_ : ndarray of shape (n_hidden,)
        Units from top to bottom.

    Examples
    --------
    >>> from skgru import GRURegressor
    >>> from skgru.datasets import make_last_value
    >>> from skgru.inspection import GateDisplay
    >>> X, y = make_last_value(n_samples=60, random_state=0, return_X_y=True)
    >>> model = GRURegressor(4, max_iter=5, random_state=0).fit(X / 100, y / 100)
    >>> display = GateDisplay.from_estimator(model, X[0] / 100)
    >>> display.state.shape
    (10, 4)
    """

    def __init__(self, update, reset, state, *, inputs=None):
        self.update = update
        self.reset = reset
        self.state = state
        self.inputs = inputs

    @classmethod
    def from_estimator(cls, estimator, sequence, *, layer=0, reverse=False, ax=None):
        """Let a fitted GRU read one sequence.

        Parameters
        ----------
        estimator : GRURegressor or GRUClassifier
            Fitted; or a pipeline, a search or a `TransformedTargetRegressor` around one. The other
            steps of a pipeline transform the sequence first.
        sequence : array-like of shape (n_timesteps, n_features)
            With ``embedding_dim``, token ids of shape (n_timesteps,).
        layer : int, default=0
            Which of the recurrent layers.
        reverse : bool, default=False
            With ``bidirectional=True``: show the direction from the last step to the first.
        ax : matplotlib Axes, default=None
            Whose place to take; None: a new figure.

        Returns
        -------
        display : GateDisplay

        Raises
        ------
        TypeError
            If there is no GRU.
        ValueError
            If the sequence does not fit, or there is no such layer or direction.
        """
        check_is_fitted(estimator)
        model, (sequence,) = _unwrap(estimator, [sequence])
        weights = getattr(model, "weights_", {})
        if "weight_ih_l0" not in weights:
            raise TypeError(
                f"{type(model).__name__} has no gates. Pass a GRURegressor or GRUClassifier, or a "
                "pipeline or search around one."
            )
        model.predict([sequence])  # says what is wrong with the sequence
        if layer not in range(n_layers(weights)):
            raise ValueError(
                f"layer must be from 0 to {n_layers(weights) - 1}, of {n_layers(weights)} layers. "
                f"Got {layer!r}."
            )
        if reverse and "weight_ih_l0_reverse" not in weights:
            raise ValueError("reverse=True needs an estimator with bidirectional=True.")
        inputs = np.asarray(sequence)
        if "embedding" not in weights:
            inputs = inputs.reshape(-1, weights["weight_ih_l0"].shape[1])
        gates = gates_over_time(weights, inputs, layer, reverse)
        shown = None if "embedding" in weights else inputs
        return cls(*gates, inputs=shown).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the heat maps.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Whose place to take, for all of them; None: a new figure.

        Returns
        -------
        display : GateDisplay
        """
        self.order_ = np.argsort(np.mean(self.update, axis=0), kind="stable")
        maps = {
            "update gate": (self.update, SEQUENTIAL, 0),
            "reset gate": (self.reset, SEQUENTIAL, 0),
            "state": (self.state, DIVERGING, -1),
        }
        ax = _new_axes(self, figsize=(6.4, 6.4), layout="constrained") if ax is None else ax
        self.figure_ = ax.figure
        self.ax_, bars = _split(ax, len(maps) + (self.inputs is not None))
        self._plot_inputs(bars[0])
        self.images_ = {}
        first = len(self.ax_) - len(maps)
        for one, bar, (name, drawn) in zip(
            self.ax_[first:], bars[first:], maps.items(), strict=True
        ):
            self.images_[name] = _heat_map(one, bar, *drawn, order=self.order_)
            one.set(ylabel=name, yticks=[])
        self.ax_[-1].set(xlabel="step")
        self.ax_[-1].xaxis.get_major_locator().set_params(integer=True)
        for one in self.ax_[:-1]:
            one.tick_params(labelbottom=False)
        return self

    def _plot_inputs(self, side: Any) -> None:
        self.input_lines_ = []
        if self.inputs is None:
            return
        side.set_axis_off()
        inputs = np.asarray(self.inputs)
        n_features = inputs.shape[1]
        for feature in range(n_features):
            colour = INPUT_COLOURS[feature] if n_features <= len(INPUT_COLOURS) else GREY
            self.input_lines_ += self.ax_[0].plot(
                inputs[:, feature], color=colour, linewidth=1.2, label=f"x{feature}"
            )
        self.ax_[0].set(ylabel="input")
        if 1 < n_features <= len(INPUT_COLOURS):
            self.ax_[0].legend(
                frameon=False, loc="lower left", bbox_to_anchor=(0, 0.95), ncols=n_features
            )


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
        self.ax_ = _new_axes(self, layout="constrained") if ax is None else ax
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


def _new_axes(display: Any, **options: Any) -> Any:
    """Return the axes of a new figure."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__} needs matplotlib. Install it with: pip install skgru[plot]"
        ) from error
    _, ax = plt.subplots(**options)
    return ax


def _lighter(colour: str, share: float) -> tuple[float, ...]:
    """Return a colour mixed with this share of white."""
    from matplotlib.colors import to_rgb

    return tuple(share + (1 - share) * part for part in to_rgb(colour))


def _split(ax: Any, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Put rows of axes that share x, and narrow ones beside them, in the place of an axes."""
    ax.set_axis_off()
    place = ax.get_subplotspec()
    if place is None:  # of figure.add_axes
        box = ax.get_position()
        place = ax.figure.add_gridspec(1, 1, left=box.x0, right=box.x1, bottom=box.y0, top=box.y1)[
            0
        ]
    grid = place.subgridspec(n_rows, 2, width_ratios=[30, 1], wspace=0.05, hspace=0.2)
    main: list[Any] = []
    for row in range(n_rows):
        main.append(ax.figure.add_subplot(grid[row, 0], sharex=main[0] if main else None))
    side = [ax.figure.add_subplot(grid[row, 1]) for row in range(n_rows)]
    return np.array(main), np.array(side)


def _heat_map(
    ax: Any, bar: Any, values: Any, colours: str, lowest: float, order: np.ndarray
) -> Any:
    image = ax.imshow(
        np.asarray(values)[:, order].T,
        aspect="auto",
        interpolation="nearest",
        cmap=colours,
        vmin=lowest,
        vmax=1,
    )
    ax.figure.colorbar(image, cax=bar, ticks=[lowest, 1])
    return image


def _unwrap(estimator: Any, X: Sequence[Any] = ()) -> tuple[Any, Sequence[Any]]:
    """Return the estimator inside of searches, pipelines and others, and X as it gets it."""
    for name in ("best_estimator_", "regressor_"):
        if hasattr(estimator, name):
            return _unwrap(getattr(estimator, name), X)
    if not hasattr(estimator, "steps"):
        return estimator, X
    for _, step in estimator.steps[:-1]:
        if len(X) and hasattr(step, "transform"):
            X = step.transform(X)
    return _unwrap(estimator.steps[-1][1], X)


def _quantile_levels(estimator: Any) -> list[float] | None:
    """Return the levels that an estimator, or one inside of it, predicts; None if none."""
    parameters = _unwrap(estimator)[0].get_params()
    for name, value in parameters.items():
        prefix = name.removesuffix("quantile")
        if name != prefix and parameters.get(prefix + "loss") == "quantile":
            return np.ravel(value).tolist()
    return None
