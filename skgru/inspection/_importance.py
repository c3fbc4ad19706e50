"""Permutation importance of the features, or of the steps, of sequences."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch, check_random_state

from .._core._sequences import SequenceBatch
from .._input_formats import begins, read_any, write_sequences
from .._sklearn_compat import HasMethods, Interval, StrOptions, validate_params
from ._inside import parts


@validate_params(
    {
        "estimator": [HasMethods(["fit"])],
        "axis": [StrOptions({"feature", "time"})],
        "n_features_per_step": [Interval(Integral, 1, None, closed="left"), None],
        "scoring": [str, callable, list, tuple, dict, None],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "sample_weight": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def sequence_importance(
    estimator,
    X,
    y,
    *,
    axis="feature",
    n_features_per_step=None,
    scoring=None,
    n_repeats=5,
    random_state=None,
    sample_weight=None,
):
    """Permutation importance of features over time, or of time steps.

    By how much the score falls when sequences exchange their values of one feature, at all steps,
    or of one step, of all features [1]_. The estimator may be any that takes sequences, a pipeline
    for instance.

    Parameters
    ----------
    estimator : estimator
        Fitted, and compatible with ``scoring``.
    X : array of shape (n_samples, n_timesteps, n_features), table or list of sequences
        In the form that the estimator takes. Values may be missing if the estimator can do with
        that.
    y : array-like
        Targets, as the estimator's ``score`` or ``scoring`` takes them.
    axis : {"feature", "time"}, default="feature"
        "feature": a sequence gets the whole trajectory of a feature from another one. "time": it
        gets one step, with all features, from another one. Steps count from the first.
    n_features_per_step : int or None, default=None
        How a row of a 2-D X is cut into steps; None: as the estimator, or one inside of it, has it.
    scoring : str, callable, list, tuple, dict or None, default=None
        As in `sklearn.inspection.permutation_importance`; None: the estimator's ``score``.
    n_repeats : int, default=5
        How often values are exchanged.
    random_state : int, RandomState instance or None, default=None
        Draws who gets whose values.
    sample_weight : array-like of shape (n_samples,), default=None
        For the score.

    Returns
    -------
    result : Bunch
        ``importances`` (n_features, n_repeats) or (n_timesteps, n_repeats), and their
        ``importances_mean`` and ``importances_std``, as from
        `sklearn.inspection.permutation_importance`, and the ``axis``. For several scorers a dict of
        one for each. ``n_timesteps`` is that of the longest sequence.

    Raises
    ------
    ValueError, TypeError
        If a parameter is not valid, or X, naming the first offending sample, step and feature.

    See Also
    --------
    input_gradient : How each output changes with each single input.
    ImportanceDisplay : Draws either.

    Notes
    -----
    Of sequences of different lengths, only those that reach a step take part in the exchange at
    that step. Each sequence has a donor, by a random permutation. Where a donor has ended, its own
    donor takes over, and so on: at each step this is a permutation of the sequences that are left,
    drawn uniformly. So the values of a step stay at that step, each is used once, lengths do not
    change, and trajectories break only where they end. Late steps that few sequences reach have
    less to lose. Equal lengths make it the exchange of whole trajectories.

    Features or steps that can stand in for each other share their importance; exchanged values of
    one step may fit badly between its neighbours.

    References
    ----------
    .. [1] Breiman (2001). Random forests. Machine Learning 45, 5-32.
       https://doi.org/10.1023/A:1010933404324

    Examples
    --------
    Only the second of three features counts, and of it the last step:

    >>> import numpy as np
    >>> from skgru import GRURegressor
    >>> from skgru.inspection import sequence_importance
    >>> X = np.random.RandomState(0).uniform(-1, 1, size=(100, 4, 3))
    >>> y = X[:, -1, 1]
    >>> model = GRURegressor(8, random_state=0).fit(X, y)
    >>> result = sequence_importance(model, X, y, random_state=0)
    >>> result.importances_mean.argmax()
    np.int64(1)
    >>> sequence_importance(model, X, y, axis="time", random_state=0).importances_mean.argmax()
    np.int64(3)
    """
    batch = read_any(X, n_features_per_step or _parameter(estimator, "n_features_per_step", 1))
    if _parameter(estimator, "embedding_dim", None) is not None and not batch.rows().all():
        raise ValueError(
            "X holds padding, id 0, and to exchange it would change the lengths of sequences. Give "
            "X as a list of sequences without it."
        )
    scorer = check_scoring(estimator, scoring=scoring)
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    baseline = scorer(estimator, X, y, **weights)
    scores = [
        [scorer(estimator, changed, y, **weights) for changed in _exchanged(X, batch, donors, axis)]
        for donors in _draw_donors(batch.lengths, n_repeats, random_state)
    ]
    if not isinstance(baseline, dict):
        return _importances(baseline, scores, axis)
    return {
        name: _importances(
            baseline[name], [[one[name] for one in repeat] for repeat in scores], axis
        )
        for name in baseline
    }


def _parameter(estimator: Any, name: str, default: Any) -> Any:
    """Return a parameter of the first that has it of those that X goes through."""
    readers = [part for part in parts(estimator) if hasattr(part, "get_params")]
    parameters = [item for part in readers for item in part.get_params().items()]
    values = [value for key, value in parameters if key.split("__")[-1] == name]
    return next((value for value in values if value is not None), default)


def _importances(baseline: float, scores: list[list[float]], axis: str) -> Bunch:
    importances = baseline - np.array(scores).T
    return Bunch(
        importances_mean=importances.mean(axis=1),
        importances_std=importances.std(axis=1),
        importances=importances,
        axis=axis,
    )


def _draw_donors(lengths: np.ndarray, n_repeats: int, random_state: Any) -> Iterator[np.ndarray]:
    """Yield the rows from which all steps get new values, for each repeat.

    The permutations are those that `sklearn.inspection.permutation_importance` draws: it shuffles
    the indices, and with them what is shuffled already.
    """
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max + 1)
    rng = np.random.RandomState(seed)
    shuffled = order = np.arange(len(lengths))
    for _ in range(n_repeats):
        shuffled = rng.permutation(shuffled)
        order = order[shuffled]
        yield _donor_rows(lengths, order)


def _donor_rows(lengths: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return which row replaces each row, of sequences that stand one after the other.

    ``order`` (n_samples,) says who is the donor of each sequence.
    """
    starts, donors = begins(lengths), order.copy()
    rows = np.empty(lengths.sum(), int)
    first = 0
    for last in np.unique(lengths):
        left = np.flatnonzero(lengths > first)
        while (has_ended := lengths[donors[left]] <= first).any():
            donors[left[has_ended]] = donors[donors[left[has_ended]]]
        steps = np.arange(first, last)
        rows[starts[left, None] + steps] = starts[donors[left], None] + steps
        first = last
    return rows


def _exchanged(X: Any, batch: SequenceBatch, donors: np.ndarray, axis: str) -> Iterator[Any]:
    """Yield X with the values of one feature, or step, from the donors, in the form of X."""
    values = batch.rows()
    steps = np.arange(len(values)) - np.repeat(begins(batch.lengths), batch.lengths)
    n_places = batch.n_features if axis == "feature" else batch.lengths.max()
    for place in range(n_places):
        rows, columns = (slice(None), place) if axis == "feature" else (steps == place, slice(None))
        changed = values.copy()
        changed[rows, columns] = values[donors[rows], columns]
        _check_last_steps(X, changed, batch.lengths)
        yield _in_form_of(X, batch, changed)


def _check_last_steps(X: Any, changed: np.ndarray, lengths: np.ndarray) -> None:
    """Raise if missing values have come together where a sequence ends: that is padding."""
    last = changed[begins(lengths) + lengths - 1]
    if not isinstance(X, (list, tuple)) and np.isnan(last).all(axis=1).any():
        sample = int(np.argmax(np.isnan(last).all(axis=1)))
        raise ValueError(
            f"After an exchange the last step of sample {sample} is NaN in all features and would "
            "be read as padding. Give X as a list of sequences, or impute it before."
        )


def _in_form_of(X: Any, batch: SequenceBatch, rows: np.ndarray) -> Any:
    made = write_sequences(X, batch, rows)
    is_dataframe = hasattr(X, "iloc") and X.ndim == 2
    return type(X)(made, index=X.index, columns=X.columns) if is_dataframe else made
