"""Sequences whose target depends on the order of their steps, and outputs to compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier

Sequences = list[np.ndarray]  # (n_timesteps_i, n_features) each; of tokens n_features is 1

N_SAMPLES, N_TIMESTEPS, N_FEATURES = 24, 7, 2
N_TOKENS = 20  # ids are 1 to 20


@dataclass(frozen=True)
class Settings:
    """What a check needs to know of an estimator.

    Parameters
    ----------
    time_axis : {1, 2}
        Which axis of a 3-D X holds the steps.
    per_step : bool
        Whether there is a target, and a prediction, for each step.
    causal : bool
        Whether the prediction of a step is meant to depend on no later one.
    rtol : float
        How far outputs may differ by rounding, relative to the largest of them.
    tokens : bool
        Whether a step is a token id, and 0 is padding.
    """

    time_axis: int
    per_step: bool
    causal: bool
    rtol: float
    tokens: bool = False

    @property
    def padding(self) -> str:
        """What stands where a sequence has ended."""
        return "id 0" if self.tokens else "NaN"

    def draw(self, seed: int, *, ragged: bool = False) -> Sequences:
        """Draw sequences of one length, or of different ones."""
        rng = np.random.RandomState(seed)
        lengths = np.full(N_SAMPLES, N_TIMESTEPS)
        if ragged:
            lengths -= np.arange(N_SAMPLES) % 4
            rng.shuffle(lengths)
        if self.tokens:
            return [rng.randint(1, N_TOKENS + 1, size=(length, 1)) for length in lengths]
        return [rng.standard_normal((length, N_FEATURES)) for length in lengths]

    def stronger(self, steps: np.ndarray) -> np.ndarray:
        """Return steps that a model feels more; token ids as they are."""
        return steps if self.tokens else 3 * steps

    def ragged(self, sequences: Sequences) -> Sequences:
        """Return sequences as a list with the axes in the order that the estimator takes."""
        if self.tokens:
            return [one[:, 0] for one in sequences]
        return sequences if self.time_axis == 1 else [one.T for one in sequences]

    def padded(self, sequences: Sequences, n_timesteps: int) -> np.ndarray:
        """Return sequences as a 3-D array, NaN where they have ended; tokens as a 2-D one."""
        if self.tokens:
            return np.array([np.pad(one[:, 0], (0, n_timesteps - len(one))) for one in sequences])
        X = np.full((len(sequences), n_timesteps, N_FEATURES), np.nan)
        for row, one in zip(X, sequences, strict=True):
            row[: len(one)] = one
        return X if self.time_axis == 1 else X.transpose(0, 2, 1)

    def dense(self, sequences: Sequences) -> np.ndarray:
        """Return sequences of one length as one array."""
        return self.padded(sequences, len(sequences[0]))


def targets(estimator: Any, sequences: Sequences, settings: Settings) -> list[Any]:
    """Return the first value less the last but one, of each sequence or up to each step.

    It changes sign when all steps but the last are reversed, so nobody can know it who does not
    know their order. For a classifier: whether it is positive.
    """
    y = [one[0, 0] - np.concatenate([one[:1, 0], one[:-1, 0]]) for one in sequences]
    if _is_classifier(estimator):
        y = [(one > 0).astype(int) for one in y]
    return y if settings.per_step else [one[-1] for one in y]


def fitted(
    estimator: Any, sequences: Sequences, settings: Settings, *, ragged: bool = False
) -> Any:
    """Return a clone with a fixed seed, fitted to sequences and their targets."""
    return fit(seeded(estimator), sequences, settings, ragged=ragged)


def seeded(estimator: Any) -> Any:
    """Return a clone whose random states are 0."""
    estimator = clone(estimator)
    names = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    return estimator.set_params(**dict.fromkeys(names, 0))


def fit(estimator: Any, sequences: Sequences, settings: Settings, *, ragged: bool = False) -> Any:
    """Fit to sequences and their targets."""
    y = targets(estimator, sequences, settings)
    if ragged:
        return estimator.fit(settings.ragged(sequences), y if settings.per_step else np.array(y))
    return estimator.fit(settings.dense(sequences), np.array(y))


def outputs(estimator: Any, X: Any, sequences: Sequences, settings: Settings) -> list[np.ndarray]:
    """Return what is predicted for each sequence as numbers; of each step, padding left out.

    X holds the ``sequences`` in some form. Of a classifier probabilities or decisions are compared
    if it has them: labels might hide a difference.
    """
    names = ("predict_proba", "decision_function", "predict")
    method = next(getattr(estimator, name) for name in names if hasattr(estimator, name))
    predicted = [np.asarray(one, dtype=np.float64) for one in method(X)]
    if len(predicted) != len(sequences):
        raise AssertionError(
            f"{method.__name__} of {type(estimator).__name__} returned {len(predicted)} "
            f"predictions for {len(sequences)} sequences. It must return one for each."
        )
    if not settings.per_step:
        return predicted
    return [one[: len(steps)] for one, steps in zip(predicted, sequences, strict=True)]


def _is_classifier(estimator: Any) -> bool:
    if hasattr(estimator, "predict_proba"):
        return True
    try:
        return is_classifier(estimator)
    except (AttributeError, TypeError):  # without scikit-learn's tags
        return False
