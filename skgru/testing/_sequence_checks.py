"""What a prediction for a sequence must not depend on, and what it must."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from unittest import SkipTest

import numpy as np
from sklearn.exceptions import SkipTestWarning

from ._problem import Sequences, Settings, fit, fitted, outputs, seeded

EXTRA_STEPS = 3  # of padding
SMALLEST_CHANGE = 0.01  # of the spread of the predictions, when steps change places


@dataclass(frozen=True)
class SequenceCheck:
    """A check with a name: ``check(estimator)`` raises AssertionError if it fails.

    It raises `unittest.SkipTest` where the estimator refuses the form of X that it is about.
    """

    function: Callable[[Any, Settings], None]
    settings: Settings

    @property
    def name(self) -> str:
        """The name of the check."""
        return self.function.__name__

    def __call__(self, estimator: Any) -> None:
        """Run the check on a clone of the estimator."""
        self.function(estimator, self.settings)

    def __str__(self) -> str:
        return self.name


def sequence_checks(
    estimator: Any,
    *,
    time_axis: Literal[1, 2] = 1,
    per_step: bool | None = None,
    causal: bool | None = None,
    rtol: float = 1e-5,
    tokens: bool | None = None,
) -> list[tuple[Any, SequenceCheck]]:
    """Return the checks of `check_sequence_estimator`, to be run one by one.

    The counterpart of `sklearn.utils.estimator_checks.estimator_checks_generator`.

    Parameters
    ----------
    estimator : estimator instance
    time_axis, per_step, causal, rtol, tokens
        See `check_sequence_estimator`.

    Returns
    -------
    checks : list of (estimator, check)
        ``check(estimator)`` runs one; ``check.name`` is what it is called.

    Raises
    ------
    TypeError, ValueError
        If ``estimator`` is a class, or a parameter is out of range.

    Examples
    --------
    A test for each check:

    >>> import pytest
    >>> from skgru import GRURegressor
    >>> from skgru.testing import sequence_checks
    >>> model = GRURegressor(4, max_iter=5)
    >>> @pytest.mark.parametrize(("estimator", "check"), sequence_checks(model), ids=str)
    ... def test_sequences(estimator, check):
    ...     check(estimator)
    """
    if isinstance(estimator, type):
        raise TypeError(f"estimator must be an instance: pass {estimator.__name__}().")
    if time_axis not in (1, 2):
        raise ValueError(f"time_axis must be 1 or 2, the axis of a 3-D X. Got {time_axis!r}.")
    if not rtol >= 0:
        raise ValueError(f"rtol must be a number of at least 0. Got {rtol!r}.")
    if per_step is None:
        per_step = _is_set(estimator, "return_sequences")
    if causal is None:
        causal = per_step and not _is_set(estimator, "bidirectional")
    if causal and not per_step:
        raise ValueError("causal=True needs a prediction for each step: set per_step=True too.")
    if tokens is None:
        tokens = _parameter(estimator, "embedding_dim") is not None
    if tokens and time_axis != 1:
        raise ValueError("time_axis must be 1 for tokens, whose X has the axes samples and steps.")
    settings = Settings(time_axis, per_step, causal, rtol, tokens)
    checks = [one for one in CHECKS if causal or one is not check_causality]
    return [(estimator, SequenceCheck(one, settings)) for one in checks]


def check_sequence_estimator(
    estimator: Any,
    *,
    time_axis: Literal[1, 2] = 1,
    per_step: bool | None = None,
    causal: bool | None = None,
    rtol: float = 1e-5,
    tokens: bool | None = None,
    expected_failed_checks: Mapping[str, str] | None = None,
    on_skip: Literal["warn"] | None = "warn",
    on_fail: Literal["raise"] | None = "raise",
) -> list[dict[str, Any]]:
    """Check that an estimator treats sequences as sequences.

    The counterpart of `sklearn.utils.estimator_checks.check_estimator`, for any estimator with
    ``fit`` and ``predict`` that takes sequences of numbers or of token ids, of this package or
    another.

    ============================== ================================================================
    check                          fails if
    ============================== ================================================================
    ``check_batch_neighbours``     a prediction depends on the other sequences of its batch
    ``check_batch_size``           a prediction depends on how many sequences there are
    ``check_sample_order``         other sequences first, other predictions
    ``check_padding``              steps of NaN, or of id 0, at the end change a prediction
    ``check_ragged_equals_padded`` a list of sequences is predicted otherwise than the same padded
    ``check_ragged_one_by_one``    sequences in a list are predicted otherwise than each alone
    ``check_time_axis``            all steps but the last can be reversed and nothing changes, after
                                   a fit to targets that change their sign then
    ``check_causality``            the prediction of a step depends on later ones
    ``check_second_fit``           fits with the same ``random_state`` differ, or something of an
                                   earlier fit survives
    ============================== ================================================================

    Each check fits a clone with all random states set to 0, to 24 sequences of 7 steps and 2
    features, or of token ids from 1 to 20: together eleven fits, twelve with that of causality.
    Where an estimator refuses padding or lists with ValueError or TypeError, the checks of them are
    skipped.

    Parameters
    ----------
    estimator : estimator instance
        A regressor, or a classifier; the probabilities of the latter are compared if it has them.
    time_axis : {1, 2}, default=1
        Which axis of a 3-D X holds the steps: 1 for (n_samples, n_timesteps, n_features), 2 for
        (n_samples, n_features, n_timesteps).
    per_step : bool, default=None
        Whether there is a target, and a prediction, for each step; None: whether the estimator, or
        one inside of it, has ``return_sequences`` set.
    causal : bool, default=None
        Whether it claims that the prediction of a step depends on no later one; None: if
        ``per_step`` and ``bidirectional`` is not set.
    rtol : float, default=1e-5
        Differences of up to ``rtol`` times the largest prediction are taken for rounding.
    tokens : bool, default=None
        Whether a step is a token id: X is an array of integers (n_samples, n_timesteps) in which 0
        is padding, or a list of 1-D arrays; None: whether the estimator, or one inside of it, has
        ``embedding_dim`` set.
    expected_failed_checks : dict, default=None
        Names of checks that are to fail, with the reasons.
    on_skip : {"warn"} or None, default="warn"
        Whether a skipped check gives a warning.
    on_fail : {"raise"} or None, default="raise"
        Whether a failed check raises, or is only reported.

    Returns
    -------
    results : list of dict
        One for each check, with the keys that `check_estimator` has: ``estimator``, ``check_name``,
        ``exception``, ``status`` ("passed", "failed", "xfail" or "skipped"), ``expected_to_fail``
        and ``expected_to_fail_reason``.

    Raises
    ------
    AssertionError
        Of the first check that fails: which prediction changed, by how much, and when.
    TypeError, ValueError
        If ``estimator`` is a class, or a parameter is out of range.

    Examples
    --------
    >>> from skgru import GRUClassifier
    >>> from skgru.testing import check_sequence_estimator
    >>> results = check_sequence_estimator(GRUClassifier(4, max_iter=5))
    >>> {result["status"] for result in results}
    {'passed'}
    """
    checks = sequence_checks(
        estimator, time_axis=time_axis, per_step=per_step, causal=causal, rtol=rtol, tokens=tokens
    )
    for name, value, allowed in (("on_skip", on_skip, "warn"), ("on_fail", on_fail, "raise")):
        if value not in (allowed, None):
            raise ValueError(f"{name} must be {allowed!r} or None. Got {value!r}.")
    if not isinstance(expected_failed_checks, (Mapping, type(None))):
        raise TypeError("expected_failed_checks must be a dict of names of checks and reasons.")
    reasons = dict(expected_failed_checks or {})
    unknown = sorted(reasons.keys() - {one.__name__ for one in CHECKS})
    if unknown:
        raise ValueError(
            f"expected_failed_checks names {unknown[0]!r}, which is no check. There are "
            f"{', '.join(one.__name__ for one in CHECKS)}."
        )
    results = []
    for _, check in checks:
        result = _result(check, estimator, reasons)
        if result["status"] == "failed" and on_fail == "raise":
            raise result["exception"]
        if result["status"] == "skipped" and on_skip == "warn":
            warnings.warn(
                f"{check.name} skipped for {type(estimator).__name__}: {result['exception']}",
                SkipTestWarning,
                stacklevel=2,
            )
        results.append(result)
    return results


def _result(check: SequenceCheck, estimator: Any, reasons: Mapping[str, str]) -> dict[str, Any]:
    """Run a check; return what scikit-learn's `check_estimator` tells of one, by the same names."""
    status, exception = _run(check, estimator)
    expected = check.name in reasons
    return {
        "estimator": estimator,
        "check_name": check.name,
        "exception": exception,
        "status": "xfail" if expected and status == "failed" else status,
        "expected_to_fail": expected,
        "expected_to_fail_reason": reasons.get(check.name, ""),
    }


def _run(check: SequenceCheck, estimator: Any) -> tuple[str, Exception | None]:
    try:
        check(estimator)
    except SkipTest as error:
        return "skipped", error
    except Exception as error:
        return "failed", error
    return "passed", None


def _is_set(estimator: Any, name: str) -> bool:
    """Say whether a parameter of the estimator, or of one inside of it, has this name and is on."""
    value = _parameter(estimator, name)
    return isinstance(value, (bool, np.bool_)) and bool(value)


def _parameter(estimator: Any, name: str) -> Any:
    """Return the first parameter of this name that is on, of those inside too; None if none is."""
    parameters = estimator.get_params().items()
    values = [value for key, value in parameters if key.split("__")[-1] == name]
    return next((value for value in values if value is not None and value is not False), None)


# The checks


def check_batch_neighbours(estimator: Any, settings: Settings) -> None:
    """Replace every second sequence: the predictions of the others must not change."""
    sequences, others = settings.draw(0), settings.draw(1)
    model = fitted(estimator, sequences, settings)
    expected = _predict_dense(model, sequences, settings)
    mixed = [settings.stronger(others[i]) if i % 2 else one for i, one in enumerate(sequences)]
    actual = _predict_dense(model, mixed, settings)
    even = range(0, len(sequences), 2)
    _assert_equal(
        [actual[i] for i in even],
        [expected[i] for i in even],
        settings,
        "when the other sequences of its batch were replaced. It must not depend on its neighbours",
        samples=even,
    )


def check_batch_size(estimator: Any, settings: Settings) -> None:
    """Predict growing numbers of copies of one sequence: nothing but the number changes."""
    sequences = settings.draw(0)
    model = fitted(estimator, sequences, settings)
    largest = _largest(_predict_dense(model, sequences, settings))
    for one in sequences[:3]:
        before = _predict_dense(model, [one], settings)
        for size in (2, 24, 301):
            now = _predict_dense(model, [one] * size, settings)
            _assert_equal(
                now[: len(before)],
                before,
                settings,
                f"when there were {size} copies of the sequence in place of {len(before)}. It must "
                "not depend on the size of the batch",
                largest=largest,
            )
            before = now


def check_sample_order(estimator: Any, settings: Settings) -> None:
    """Shuffle the sequences: their predictions must be shuffled likewise."""
    sequences = settings.draw(0)
    model = fitted(estimator, sequences, settings)
    expected = _predict_dense(model, sequences, settings)
    order = np.random.RandomState(0).permutation(len(sequences))
    actual = _predict_dense(model, [sequences[i] for i in order], settings)
    _assert_equal(
        actual,
        [expected[i] for i in order],
        settings,
        "when the sequences were shuffled. It must not depend on their order",
        samples=order.tolist(),
    )


def check_padding(estimator: Any, settings: Settings) -> None:
    """Append steps of padding, of which a prediction must not know."""
    model = fitted(estimator, settings.draw(0), settings)
    for sequences in (settings.draw(0), settings.draw(1, ragged=True)):
        with _skip_if_refused(f"padding with {settings.padding}"):
            longer = _predict_padded(model, sequences, settings, EXTRA_STEPS)
        _assert_equal(
            longer,
            _predict_padded(model, sequences, settings),
            settings,
            f"when {EXTRA_STEPS} steps of {settings.padding} were appended. It must not depend on "
            "padding",
        )


def check_ragged_equals_padded(estimator: Any, settings: Settings) -> None:
    """Predict sequences of different lengths as a list, and as a padded array."""
    sequences = settings.draw(1, ragged=True)
    model = fitted(estimator, settings.draw(0), settings)
    with _skip_if_refused("a list of sequences of different lengths"):
        as_list = _predict_list(model, sequences, settings)
    with _skip_if_refused(f"padding with {settings.padding}"):
        padded = _predict_padded(model, sequences, settings)
    form = f"an array padded with {settings.padding}"
    when = f"when a list of sequences was given as {form}. Both mean the same"
    _assert_equal(padded, as_list, settings, when)


def check_ragged_one_by_one(estimator: Any, settings: Settings) -> None:
    """Predict sequences of different lengths in one list, and each in a list of its own."""
    sequences = settings.draw(1, ragged=True)
    with _skip_if_refused("a list of sequences of different lengths"):
        model = fitted(estimator, sequences, settings, ragged=True)
        together = _predict_list(model, sequences, settings)
    alone = [_predict_list(model, [one], settings)[0] for one in sequences]
    when = "when it was predicted together with others in a list in place of alone"
    _assert_equal(together, alone, settings, when)


def check_time_axis(estimator: Any, settings: Settings) -> None:
    """Reverse all steps but the last: a model of targets that turn round then must notice."""
    sequences = settings.draw(0)
    model = fitted(estimator, sequences, settings)
    reversed_ = [np.concatenate([one[-2::-1], one[-1:]]) for one in sequences]
    before, after = (_predict_dense(model, some, settings) for some in (sequences, reversed_))
    if settings.per_step:
        before, after = ([one[-1] for one in some] for some in (before, after))
    spread = float(np.ptp(before, axis=0).max())
    change = float(np.abs(np.subtract(after, before)).max())
    if not change > SMALLEST_CHANGE * spread:
        raise AssertionError(
            f"No prediction changed by more than {change:.3g}, of predictions with a spread of "
            f"{spread:.3g}, when all steps but the last were reversed, after a fit to targets that "
            f"change their sign then. It must change by more than {SMALLEST_CHANGE:g} of the "
            "spread in some sequence: the order of the steps is not used."
        )


def check_causality(estimator: Any, settings: Settings) -> None:
    """Replace the end of all sequences: predictions of earlier steps must not change."""
    sequences, others = settings.draw(0), settings.draw(1)
    model = fitted(estimator, sequences, settings)
    expected = _predict_dense(model, sequences, settings)
    for n_kept in range(1, len(sequences[0])):
        changed = [
            np.concatenate([one[:n_kept], settings.stronger(other[n_kept:])])
            for one, other in zip(sequences, others, strict=True)
        ]
        _assert_equal(
            [one[:n_kept] for one in _predict_dense(model, changed, settings)],
            [one[:n_kept] for one in expected],
            settings,
            f"when the steps from {n_kept} on were replaced. It must not depend on later steps",
        )


def check_second_fit(estimator: Any, settings: Settings) -> None:
    """Fit clones alike, then one of them to other data and back."""
    sequences, others = settings.draw(0), settings.draw(1)
    model = fitted(estimator, sequences, settings)
    expected = _predict_dense(model, sequences, settings)
    _assert_equal(
        _predict_dense(fit(seeded(estimator), sequences, settings), sequences, settings),
        expected,
        settings,
        "when a clone with the same random_state was fitted to the same data",
    )
    fit(fit(model, others, settings), sequences, settings)
    _assert_equal(
        _predict_dense(model, sequences, settings),
        expected,
        settings,
        "when the estimator was fitted to other data and then again to the same, with the same "
        "random_state. Nothing of an earlier fit may survive",
    )


CHECKS = (
    check_batch_neighbours,
    check_batch_size,
    check_sample_order,
    check_padding,
    check_ragged_equals_padded,
    check_ragged_one_by_one,
    check_time_axis,
    check_causality,
    check_second_fit,
)


def _predict_dense(model: Any, sequences: Sequences, settings: Settings) -> list[np.ndarray]:
    return outputs(model, settings.dense(sequences), sequences, settings)


def _predict_list(model: Any, sequences: Sequences, settings: Settings) -> list[np.ndarray]:
    return outputs(model, settings.ragged(sequences), sequences, settings)


def _predict_padded(
    model: Any, sequences: Sequences, settings: Settings, n_more: int = 0
) -> list[np.ndarray]:
    X = settings.padded(sequences, max(map(len, sequences)) + n_more)
    # Tokens in a table must be as many as in that of the fit.
    form = list if settings.tokens and n_more else np.asarray
    return outputs(model, form(X), sequences, settings)


def _largest(predictions: list[np.ndarray]) -> float:
    return max(float(np.abs(one).max()) for one in predictions)


@contextmanager
def _skip_if_refused(what: str) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError) as error:
        raise SkipTest(f"{what} is refused: {error}") from error


def _assert_equal(
    actual: list[np.ndarray],
    expected: list[np.ndarray],
    settings: Settings,
    when: str,
    samples: Sequence[int] | None = None,
    largest: float | None = None,
) -> None:
    """Raise AssertionError naming the sample whose prediction changed most, and by how much.

    ``samples`` are the numbers of the samples, if they are not 0, 1, ...; ``largest`` is the size
    of the largest prediction, if it is not among those expected.
    """
    names = range(len(expected)) if samples is None else samples
    for name, now, before in zip(names, actual, expected, strict=True):
        if now.shape != before.shape:
            raise AssertionError(
                f"The prediction of sample {name} got the shape {now.shape} in place of "
                f"{before.shape} {when}."
            )
        if not np.isfinite(before).all():
            raise AssertionError(f"The prediction of sample {name} is not finite: {before}.")
    tolerance = settings.rtol * (_largest(expected) if largest is None else largest)
    changes = [np.abs(now - before) for now, before in zip(actual, expected, strict=True)]
    sizes = [np.inf if np.isnan(change).any() else float(change.max()) for change in changes]
    worst = int(np.argmax(sizes))
    if sizes[worst] > tolerance:
        place = np.unravel_index(int(np.argmax(changes[worst])), changes[worst].shape)
        step = f" at step {place[0]}" if settings.per_step else ""
        raise AssertionError(
            f"The prediction of sample {names[worst]}{step} changed by {sizes[worst]:.3g}, from "
            f"{expected[worst][place]:.6g} to {actual[worst][place]:.6g} (up to {tolerance:.3g} "
            f"is taken for rounding), {when}."
        )
