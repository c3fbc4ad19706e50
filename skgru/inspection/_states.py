"""What the units of a layer hold after each step."""

from __future__ import annotations

from numbers import Integral

from .._input_formats import write_step_values
from .._sklearn_compat import validate_params
from ._inside import gru_inside


@validate_params({"layer": [Integral]}, prefer_skip_nested_validation=True)
def hidden_states(estimator, X, layer=-1):
    """Return the states of a layer after each step.

    Parameters
    ----------
    estimator : GRURegressor or GRUClassifier
        Fitted; or a pipeline, a search or a `TransformedTargetRegressor` around one. The other
        steps of a pipeline transform X first.
    X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
        In any form that the estimator takes.
    layer : int, default=-1
        Which of the stacked layers: 0 is the first, -1 the last.

    Returns
    -------
    states : ndarray of shape (n_samples, n_timesteps, n_units), or list of ndarray
        With NaN at padding; for a list of sequences a list of arrays (n_timesteps_i, n_units). With
        ``bidirectional=True`` the units of the second direction follow those of the first, and
        their state of a step is that after reading from the last step back to it. Of tokens,
        padding is left out, and what follows moves up.

    Raises
    ------
    ValueError, TypeError
        If X is not valid, there is no such layer, or the estimator is of another kind.

    See Also
    --------
    skgru.GRURegressor.transform : One vector for each sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from skgru import GRURegressor
    >>> from skgru.inspection import hidden_states
    >>> X = [np.ones((3, 2)), np.zeros((5, 2))]
    >>> model = GRURegressor((8, 4), random_state=0).fit(X, [1.0, 0.0])
    >>> [states.shape for states in hidden_states(model, X)]
    [(3, 4), (5, 4)]
    """
    estimator, X = gru_inside(estimator, X, "hidden_states")
    n_layers = estimator.n_layers_ - 2  # input and output are none
    if not -n_layers <= layer < n_layers:
        raise ValueError(
            f"layer={layer}, but the estimator has {n_layers} recurrent layers: give one of "
            f"{-n_layers} to {n_layers - 1}."
        )
    return write_step_values(X, *estimator._states(X, layer))
