"""What gates and state do while a sequence is read."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._drawing import DIVERGING, GREY, SEQUENTIAL, feature_names_of, new_axes
from ._gates import gates_over_time, n_layers
from ._inside import names_known, unwrap

INPUT_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")


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
    feature_names : array-like of str of shape (n_features,), default=None
        Of the inputs; None: x0, x1, ... Of more than five no names are written.

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

    def __init__(self, update, reset, state, *, inputs=None, feature_names=None):
        self.update = update
        self.reset = reset
        self.state = state
        self.inputs = inputs
        self.feature_names = feature_names

    @classmethod
    def from_estimator(
        cls, estimator, sequence, *, layer=0, reverse=False, feature_names=None, ax=None
    ):
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
        feature_names : array-like of str of shape (n_features,), default=None
            Of what the GRU sees; None: those of the tables that it was fitted to, or x0, x1, ...
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
            If the sequence or the names do not fit, or there is no such layer or direction.
        """
        check_is_fitted(estimator)
        model, (sequence,) = unwrap(estimator, [sequence])
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
        names = names_known(model) if feature_names is None else feature_names
        return cls(*gates, inputs=shown, feature_names=names).plot(ax=ax)

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
        ax = new_axes(self, figsize=(6.4, 6.4), layout="constrained") if ax is None else ax
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
        names = feature_names_of(self.feature_names, inputs.shape[1])
        n_features = len(names)
        for feature, name in enumerate(names):
            colour = INPUT_COLOURS[feature] if n_features <= len(INPUT_COLOURS) else GREY
            self.input_lines_ += self.ax_[0].plot(
                inputs[:, feature], color=colour, linewidth=1.2, label=name
            )
        self.ax_[0].set(ylabel="input")
        if 1 < n_features <= len(INPUT_COLOURS):
            self.ax_[0].legend(
                frameon=False, loc="lower left", bbox_to_anchor=(0, 0.95), ncols=n_features
            )


def _split(ax: Any, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Put rows of axes that share x, and narrow ones beside them, in the place of an axes."""
    ax.set_axis_off()
    place = ax.get_subplotspec()
    if place is None:  # of figure.add_axes
        (left, bottom), (right, top) = ax.get_position().get_points()
        places = ax.figure.add_gridspec(1, 1, left=left, right=right, bottom=bottom, top=top)
        place = places[0]
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
