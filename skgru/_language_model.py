"""The GRU language model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._base import BaseGRU
from ._core._generation import Continuation, draw
from ._core._losses import Loss, MultinomialLogLoss
from ._core._objective import Samples
from ._core._sequences import SequenceBatch, begins
from ._core._streams import cut, n_stretches, step_losses
from ._core._training import DivergenceError
from ._parts import batch_size
from ._sklearn_compat import Interval, check_sample_weight, fit_context, validate_params

UNKNOWN_ROW = 0  # of the embedding's table; as a class, any token that fit has not seen


class GRULanguageModel(DensityMixin, BaseGRU):
    n_features_per_step = 1
    bidirectional = False
    pooling = "last"
    return_sequences = True
    n_jobs = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{
            name: constraint
            for name, constraint in BaseGRU._parameter_constraints.items()
            if name
            not in {"n_features_per_step", "bidirectional", "pooling", "return_sequences", "n_jobs"}
        },
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "bptt_steps": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        hidden_layer_sizes=(256,),
        *,
        embedding_dim=64,
        bptt_steps=100,
        reset_after=False,
        dropout=0.0,
        recurrent_dropout=0.0,
        solver="adam",
        alpha=0.0,
        batch_size=32,
        learning_rate="cosine",
        learning_rate_init=3e-3,
        max_grad_norm=1.0,
        max_iter=10,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        validation_split=None,
        n_iter_no_change=10,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        init_from=None,
        freeze=0,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.embedding_dim = embedding_dim
        self.bptt_steps = bptt_steps
        self.reset_after = reset_after
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_grad_norm = max_grad_norm
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation_split = validation_split
        self.n_iter_no_change = n_iter_no_change
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.init_from = init_from
        self.freeze = freeze

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None, *, X_val=None, groups=None):
        self._fit(X, None, sample_weight, validation=(X_val, None, None), groups=groups)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        self._partial_fit(X, None, sample_weight)
        return self

    def score_samples(self, X):
        check_is_fitted(self)
        samples = self._read(X, None, None, reset=False)
        steps = self._log_likelihood(samples)
        return np.add.reduceat(steps, begins(samples.X.lengths))

    def score(self, X, y=None):
        check_is_fitted(self)
        return float(np.mean(self._log_likelihood(self._read(X, None, None, reset=False))))

    def perplexity(self, X):
        return float(np.exp(-self.score(X)))

    def bits_per_token(self, X):
        return -self.score(X) / float(np.log(2))

    @validate_params(
        {
            "n_samples": [Interval(Integral, 1, None, closed="left")],
            "length": [Interval(Integral, 1, None, closed="left")],
            "temperature": [Interval(Real, 0, None, closed="left")],
            "top_k": [None, Interval(Integral, 1, None, closed="left")],
            "top_p": [None, Interval(Real, 0, 1, closed="right")],
            "random_state": ["random_state"],
        },
        prefer_skip_nested_validation=True,
    )
    def sample(
        self,
        n_samples=1,
        length=100,
        *,
        prompt=None,
        temperature=1.0,
        top_k=None,
        top_p=None,
        stop=None,
        random_state=None,
    ):
        check_is_fitted(self)
        rng = check_random_state(random_state)
        objective = self._trainer.objective
        named = objective.layout.views(self._trainer.params)
        rows_of_stop = self._known_rows(() if stop is None else np.ravel(stop), "stop")
        continuation = Continuation(objective.network, named, self._prompts(prompt, n_samples))
        drawn = np.empty((length, n_samples), np.int64)
        lengths = np.full(n_samples, length)
        for step in range(length):
            raw = continuation.raw()
            raw[:, UNKNOWN_ROW] = -np.inf
            drawn[step] = draw(raw, rng, temperature=temperature, top_k=top_k, top_p=top_p)
            ends = np.isin(drawn[step], rows_of_stop)
            lengths[ends] = np.minimum(lengths[ends], step + 1)
            if (lengths <= step + 1).all():
                break
            continuation.step(drawn[step])
        return [self.token_ids_[drawn[:n, i] - 1] for i, n in enumerate(lengths)]

    def _prompts(self, prompt: Any, n_samples: int) -> SequenceBatch:
        """Return what is read before the first draw: unknown, and a prompt for each sequence."""
        start = np.array([UNKNOWN_ROW])
        if prompt is None:
            return SequenceBatch.from_list([start[:, None]] * n_samples)
        prompts = [prompt] if not np.ndim(prompt[0]) else prompt
        sequences = [
            np.concatenate([start, self._known_rows(one, f"prompt {i}")])[:, None]
            for i, one in enumerate(prompts)
        ]
        return SequenceBatch.from_list(sequences * (n_samples if len(sequences) == 1 else 1))

    def _known_rows(self, ids: Sequence[int], name: str) -> np.ndarray:
        ids = np.asarray(ids, np.int64)
        unknown = np.flatnonzero(~np.isin(ids, self.token_ids_))
        if len(unknown):
            raise ValueError(f"{name} holds {ids[unknown[0]]} at step {unknown[0]}, unknown")
        return np.searchsorted(self.token_ids_, ids) + 1

    # What is the language model's own of reading and training

    def _read(
        self, X: Any, y: Any, sample_weight: Any, *, reset: bool, classes: Any = None
    ) -> Samples:
        tokens, dtype = self._read_sequences(X, None if reset else self._trainer.params.dtype)
        if reset and not _holds_float64(X):
            dtype = np.dtype(np.float32)
        weights = check_sample_weight(sample_weight, tokens.starts, np.float64)
        samples = _shifted(tokens, dtype, weights / weights.max()).with_mean_weight_1()
        return replace(samples, weights=samples.weights.astype(dtype))

    def _split(self, samples, validation=(None, None, None), groups=None):
        X_val = validation[0]
        if X_val is not None:
            try:
                return samples, self._read(X_val, None, None, reset=False)
            except ValueError as error:
                raise ValueError(f"In X_val: {error}") from error
        if self.early_stopping and len(samples) == 1 and self.validation_split is None:
            return _split_in_time(samples, self.validation_fraction)
        return super()._split(samples, groups=groups)

    def _train(self, samples, held_out, callbacks):
        n_lanes = batch_size(self, n_stretches(samples, self.bptt_steps))
        return super()._train(cut(samples, self.bptt_steps, n_lanes), held_out, callbacks)

    def _validate(self, held_out: Samples) -> tuple[float, float]:
        with np.errstate(over="ignore", invalid="ignore"):
            steps = self._log_likelihood(held_out)
            score = float(np.average(steps, weights=held_out.rows()[1]))
            if not np.isfinite(score):
                raise DivergenceError
            return -score, score

    def _log_likelihood(self, samples: Samples) -> np.ndarray:
        """Return that of each step, float64."""
        trainer = self._trainer
        return -step_losses(trainer.objective, trainer.params, samples).astype(np.float64)

    def _new_loss(self, targets: np.ndarray, weights: np.ndarray) -> Loss:
        return MultinomialLogLoss(len(self.token_ids_) + 1)

    def _read_targets(self, y: Any, *, reset: bool, classes: Any = None) -> np.ndarray:
        raise NotImplementedError

    def _score_raw(self, raw: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
        raise NotImplementedError

    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        return None


def _holds_float64(X: Any) -> bool:
    if hasattr(X, "dtype"):
        return X.dtype == np.float64
    return any(getattr(one, "dtype", None) == np.float64 for one in X)


def _shifted(tokens: SequenceBatch, dtype: np.dtype, weights: np.ndarray) -> Samples:
    """Return samples whose targets are tokens, and whose inputs are those before them."""
    lengths = tokens.lengths
    starts = begins(lengths + 1)
    values = np.full((int(lengths.sum()) + len(lengths), 1), UNKNOWN_ROW, np.int64)
    steps = np.arange(int(lengths.sum())) + np.repeat(np.arange(len(lengths)) + 1, lengths)
    values[steps] = tokens.rows()
    return Samples(
        SequenceBatch(values, starts, lengths),
        SequenceBatch(values.astype(dtype), starts + 1, lengths),
        weights,
    )


def _split_in_time(samples: Samples, fraction: float) -> tuple[Samples, Samples]:
    """Hold out the end of a single sequence."""
    n_steps = int(samples.X.lengths[0])
    n_kept = n_steps - int(np.ceil(fraction * n_steps))

    def part(start: int, stop: int) -> Samples:
        lengths = np.array([stop - start])
        return Samples(
            SequenceBatch(samples.X.values, samples.X.starts + start, lengths),
            SequenceBatch(samples.y.values, samples.y.starts + start, lengths),
            samples.weights,
        ).with_mean_weight_1()

    return part(0, n_kept), part(n_kept, n_steps)
