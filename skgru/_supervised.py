"""What the regressor and the classifier share: targets, per sequence or per step."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ._base import BaseGRU
from ._core._network import Network
from ._core._samples import Samples
from ._core._sequences import SequenceBatch, begins
from ._input_formats import cast, check_targets_finite, read_step_targets, write_step_values
from ._pooled_states import PooledStates
from ._sklearn_compat import check_sample_weight


class SupervisedGRU(PooledStates, BaseGRU):
    """Sequences in, one target per sequence or per step out."""

    @abstractmethod
    def _read_targets(self, y: Any, *, reset: bool, classes: Any = None) -> np.ndarray:
        """Validate y and return it as (n_rows, n_outputs) numbers.

        ``classes`` are all that there will be, where a classifier was told.
        """

    @abstractmethod
    def _score_raw(self, raw: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
        """Return what `score` would for these raw outputs."""

    @abstractmethod
    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        """Return class labels by which the validation part is stratified, or None."""

    # Reading and training

    def _read(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        reset: bool,
        classes: Any = None,
        as_set: bool = False,
    ) -> Samples:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        sequences, dtype = self._read_sequences(X, None if reset else self._trainer.params.dtype)
        if self._per_step:
            y = read_step_targets(X, sequences, y)
        else:
            check_targets_finite(y)
        targets = cast(self._read_targets(y, reset=reset, classes=classes), dtype, "y")
        if not self._per_step:
            check_consistent_length(sequences.starts, targets)
        weights = self._weights(sample_weight, sequences)
        of_steps = SequenceBatch(targets, begins(sequences.lengths), sequences.lengths)
        samples = Samples(sequences, of_steps if self._per_step else targets, weights)
        as_set = as_set and self._takes_a_set(len(samples))
        return self._scaled(samples, dtype, as_set=as_set)

    def _hold_out(self, samples: Samples, groups: Any) -> tuple[Samples, Samples]:
        strata = None if isinstance(samples.y, SequenceBatch) else self._strata(samples.y)
        return self._hold_out_whole(samples, groups, strata)

    def _loss_and_score(self, held_out: Samples) -> tuple[float, float]:
        loss, raw = self._trainer.objective.mean_loss(self._trainer.params, held_out)
        if not np.isfinite(loss):
            return loss, np.nan  # scikit-learn's scores take no such numbers
        return loss, self._score_raw(raw, *held_out.rows())

    def _cure_of_divergence(self, samples: Samples) -> str:
        targets, _ = samples.rows()
        inputs = samples.X.rows()
        clip = ""
        if self.max_grad_norm is None or self.max_grad_norm > 1:
            clip = f"max_grad_norm=1.0 (it is {self.max_grad_norm}), "
        return (
            f"Try a smaller learning_rate_init (it is {self.learning_rate_init}), {clip}and inputs "
            "and numeric targets scaled to unit variance: the inputs go from "
            f"{inputs.min():.3g} to {inputs.max():.3g}, the targets from {targets.min():.3g} to "
            f"{targets.max():.3g}."
        )

    # Predicting

    def _predict_raw(self, X: Any) -> tuple[SequenceBatch, np.ndarray]:
        """Return X as it was read, and outputs before the link, a row per sequence or step."""
        return self._evaluate(X, Network.predict)

    def _in_form_of(self, X: Any, sequences: SequenceBatch, rows: np.ndarray) -> Any:
        """Return predictions as the user expects them: of steps, in the form of X."""
        return write_step_values(X, sequences, rows) if self._per_step else rows

    def _valid_steps(
        self, X: Any, y: Any, sample_weight: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return targets as they were given, raw outputs and weights of all valid steps."""
        sequences, raw = self._predict_raw(X)
        weights = check_sample_weight(sample_weight, sequences.starts, np.float64)
        return read_step_targets(X, sequences, y), raw, np.repeat(weights, sequences.lengths)

    def _score_rows(self, X: Any, y: Any, sample_weight: Any) -> float:
        """Return the score over all sequences, or over their valid steps."""
        check_is_fitted(self)
        targets, weights = self._read(X, y, sample_weight, reset=False).rows()
        return self._score_raw(self._predict_raw(X)[1], targets, weights)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
