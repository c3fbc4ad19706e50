"""What the regressor and the classifier share: validation at the door, training, prediction."""

from __future__ import annotations

import copy
import warnings
from abc import ABC, abstractmethod
from dataclasses import replace
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ._core._layers import RecurrentLayers
from ._core._losses import Loss
from ._core._objective import Objective, Samples
from ._core._optimizers import Adam
from ._core._params import initialise
from ._core._sequences import SequenceBatch
from ._core._training import DivergenceError, EarlyStopping, History, Outcome, Trainer
from ._input_formats import cast, check_targets_finite, read_sequences, unchanged_on_error
from ._sklearn_compat import Interval, StrOptions, check_sample_weight

# batch_size="auto": all samples at once up to FULL_BATCH of them, else about that many mini-batches
# within bounds. benchmarks/results tells why.
FULL_BATCH = 64
AUTO_BATCH_SIZES = 16, 200


class BaseGRU(BaseEstimator, ABC):
    """Sequences in, one target per sequence out."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "n_features_per_step": [Interval(Integral, 1, None, closed="left")],
        "bidirectional": ["boolean"],
        "reset_after": ["boolean"],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_grad_norm": [None, Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        hidden_layer_sizes=(64,),
        *,
        n_features_per_step=1,
        bidirectional=False,
        reset_after=False,
        alpha=1e-4,
        batch_size="auto",
        learning_rate_init=3e-3,
        max_grad_norm=1.0,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_features_per_step = n_features_per_step
        self.bidirectional = bidirectional
        self.reset_after = reset_after
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_grad_norm = max_grad_norm
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    @abstractmethod
    def _read_targets(self, y: Any, *, reset: bool, classes: Any = None) -> np.ndarray:
        """Validate y and return it as (n_samples, n_outputs_) numbers.

        ``classes`` are all that there will be, where a classifier was told.
        """

    @abstractmethod
    def _loss(self) -> Loss:
        """Return the loss for the targets that were read."""

    @abstractmethod
    def _score_raw(self, raw: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
        """Return what `score` would for these raw outputs."""

    @abstractmethod
    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        """Return class labels by which the validation part is stratified, or None."""

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        incremental: bool = False,
        classes: Any = None,
    ) -> None:
        """Fit anew, or go on from where the last fit ended; ``incremental``: for one epoch."""
        go_on = (incremental or self.warm_start) and hasattr(self, "_trainer")
        with unchanged_on_error(self):
            samples = self._read(X, y, sample_weight, reset=not go_on, classes=classes)
            self._trainer = self._adjusted_trainer() if go_on else self._new_trainer(samples)
            self._train(samples, incremental)

    def _read(
        self, X: Any, y: Any, sample_weight: Any, *, reset: bool, classes: Any = None
    ) -> Samples:
        """Validate the data; scale the weights to a mean of 1."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        sequences = read_sequences(self, X, reset=reset)
        check_targets_finite(y)
        targets = self._read_targets(y, reset=reset, classes=classes)
        check_consistent_length(sequences.starts, targets)
        dtype = sequences.values.dtype if reset else self._trainer.params.dtype
        if sample_weight is not None and not np.any(np.asarray(sample_weight)):
            raise ValueError("sample_weight is zero for every sample; at least one must count.")
        weights = check_sample_weight(sample_weight, targets, np.float64)
        weights = weights / weights.max()  # their sum might overflow
        weights = (weights / weights.mean()).astype(dtype)
        return Samples(self._cast(sequences, dtype), cast(targets, dtype, "y"), weights)

    def _cast(self, sequences: SequenceBatch, dtype: np.dtype) -> SequenceBatch:
        return replace(sequences, values=cast(sequences.values, dtype, "X"))

    def _layers(self, n_features: int) -> RecurrentLayers:
        sizes = tuple(np.atleast_1d(self.hidden_layer_sizes).tolist())
        if not sizes or not all(type(size) is int and size > 0 for size in sizes):
            raise ValueError(
                "hidden_layer_sizes must be a positive int or a non-empty tuple of them, one per "
                f"layer. Got {self.hidden_layer_sizes!r} instead."
            )
        return RecurrentLayers(
            n_features, sizes, bidirectional=self.bidirectional, reset_after=self.reset_after
        )

    def _new_trainer(self, samples: Samples) -> Trainer[Objective]:
        """Draw first parameters; the output bias starts at the best constant prediction."""
        loss = self._loss()
        layers = self._layers(samples.X.n_features)
        objective = Objective(layers, loss, samples.y.shape[1], self.alpha)
        rng = _private_generator(self.random_state)
        params = initialise(objective.layout, rng, samples.y.dtype)
        bias = objective.layout.views(params)["bias_out"]
        bias[...] = loss.best_constant(samples.y, samples.weights)
        self._split_seed = rng.randint(np.iinfo(np.int32).max)
        self.n_layers_ = len(layers.layers) + 2
        self.n_outputs_ = samples.y.shape[1]
        self.n_parameters_ = objective.layout.size
        self.out_activation_ = loss.link_name
        self.t_ = 0
        self._objective = objective
        optimizer = Adam(self.learning_rate_init, self.beta_1, self.beta_2, self.epsilon)
        return Trainer(objective, params, optimizer, rng)

    def _adjusted_trainer(self) -> Trainer[Objective]:
        """Copy the trainer and let parameters that were set since the last fit take effect."""
        changed = self._layers(self._n_features_per_step).shapes != self._objective.layers.shapes
        if self._fitted_on_table:
            changed |= self.n_features_per_step != self._n_features_per_step
        if changed:
            raise ValueError(
                "hidden_layer_sizes, bidirectional, reset_after or n_features_per_step changed "
                "since the last fit. Set warm_start=False to start anew with them."
            )
        trainer = copy.deepcopy(self._trainer)
        self._objective = trainer.objective
        self._objective.alpha = self.alpha
        trainer.optimizer.learning_rate = self.learning_rate_init
        trainer.optimizer.beta_1 = self.beta_1
        trainer.optimizer.beta_2 = self.beta_2
        trainer.optimizer.epsilon = self.epsilon
        return trainer

    def _train(self, samples: Samples, incremental: bool) -> None:
        validate = None
        if self.early_stopping:
            if incremental:
                raise ValueError("partial_fit does not support early_stopping=True.")
            samples, held_out = self._split(samples)
            validate = partial(self._validate, held_out)
        trainer = self._trainer
        n_epochs_before = len(trainer.history.loss)
        try:
            outcome = trainer.run(
                samples,
                n_epochs=1 if incremental else self.max_iter,
                batch_size=self._batch_size(len(samples)),
                shuffle=self.shuffle,
                max_norm=self.max_grad_norm,
                stopping=EarlyStopping(self.tol, self.n_iter_no_change),
                validate=validate,
                on_epoch=self._print_epoch if self.verbose else None,
            )
        except DivergenceError:
            raise ValueError(self._divergence_message(samples)) from None
        n_epochs = len(trainer.history.loss) - n_epochs_before
        if outcome is Outcome.INTERRUPTED and n_epochs == 0:
            raise KeyboardInterrupt  # nothing new to keep
        self.t_ += len(samples) * n_epochs
        self._publish(trainer.history, n_epochs)
        if not incremental:
            self._warn(outcome)

    def _batch_size(self, n_samples: int) -> int:
        if self.batch_size != "auto":
            return self.batch_size
        if n_samples <= FULL_BATCH:
            return n_samples
        return int(np.clip(n_samples // FULL_BATCH, *AUTO_BATCH_SIZES))

    def _split(self, samples: Samples) -> tuple[Samples, Samples]:
        """Hold out a fraction for early stopping; the same one when a warm start goes on."""
        kept, held_out = train_test_split(
            np.arange(len(samples)),
            test_size=self.validation_fraction,
            stratify=self._strata(samples.y),
            random_state=self._split_seed,
        )
        if len(held_out) < 2:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of {len(samples)} samples is less "
                "than two: a larger fraction or early_stopping=False is needed."
            )
        parts = samples.select(kept), samples.select(held_out)
        for name, part in zip(("training", "validation"), parts, strict=True):
            if not part.weights.any():
                raise ValueError(
                    f"sample_weight is zero for all of the {name} part that early_stopping "
                    "split off. Leave samples without weight out, or change random_state."
                )
            part.weights[...] /= part.weights.mean()
        return parts

    def _validate(self, held_out: Samples) -> tuple[float, float]:
        """Return loss and score on the held-out part."""
        raw = self._objective.predict_raw(self._trainer.params, held_out.X)
        losses, _ = self._objective.loss.value_and_gradient(raw, held_out.y)
        score = self._score_raw(raw, held_out.y, held_out.weights)
        return float(np.average(losses, weights=held_out.weights)), score

    def _print_epoch(self, history: History) -> None:
        message = f"Epoch {len(history.loss)}, loss = {history.loss[-1]:.8f}"
        if self.early_stopping:
            message += (
                f", validation loss = {history.validation_loss[-1]:.8f}"
                f", validation score = {history.validation_score[-1]:.6f}"
            )
        print(message)

    def _divergence_message(self, samples: Samples) -> str:
        low, high = samples.y.min(), samples.y.max()
        return (
            f"Training diverged in epoch {len(self._trainer.history.loss) + 1}: the loss or its "
            "gradient is not finite. Try a smaller learning_rate_init (it is "
            f"{self.learning_rate_init}), max_grad_norm=1.0 (it is {self.max_grad_norm}), and "
            "inputs and targets scaled to unit variance: the targets go from "
            f"{low:.3g} to {high:.3g}."
        )

    def _publish(self, history: History, n_epochs: int) -> None:
        """Set the fitted attributes that tell of training; the last fit had ``n_epochs``."""
        self.n_iter_ = len(history.loss)
        self.loss_curve_ = list(history.loss)
        self.loss_ = history.loss[-1]
        self.best_loss_ = min(history.loss)
        self.history_ = {name: list(values) for name, values in vars(history).items()}
        self.validation_loss_curve_ = self.validation_scores_ = self.best_validation_score_ = None
        if self.early_stopping:
            self.validation_loss_curve_ = list(history.validation_loss)
            self.validation_scores_ = list(history.validation_score)
            best = int(np.argmin(history.validation_loss[-n_epochs:]))
            self.best_validation_score_ = history.validation_score[-n_epochs:][best]

    def _warn(self, outcome: Outcome) -> None:
        if outcome is Outcome.MAX_ITER:
            warnings.warn(
                f"Training reached max_iter={self.max_iter} epochs and has not converged yet.",
                ConvergenceWarning,
                stacklevel=6,
            )
        elif outcome is Outcome.INTERRUPTED:
            warnings.warn(
                f"Training interrupted by user after epoch {self.n_iter_}, whose weights are kept.",
                stacklevel=6,
            )

    def _predict_raw(self, X: Any) -> np.ndarray:
        """Return outputs before the link, (n_samples, n_outputs_)."""
        check_is_fitted(self)
        params = self._trainer.params
        sequences = self._cast(read_sequences(self, X, reset=False), params.dtype)
        return self._objective.predict_raw(params, sequences)

    @property
    def weights_(self) -> dict[str, np.ndarray]:
        """Named parameters: views, so that changing them changes the model.

        ``weight_ih_l0`` (3H, F), ``weight_hh_l0`` (3H, H) and ``bias_ih_l0`` (3H,) of the first
        layer, gates in the order reset, update, candidate; ``bias_hh_l0`` (H,) with
        ``reset_after``; ``_l1`` ... for further layers and ``_reverse`` for the second direction;
        ``weight_out`` (n_outputs_, H), ``bias_out`` (n_outputs_,).
        """
        check_is_fitted(self)
        return self._objective.layout.views(self._trainer.params)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.two_d_array = True
        return tags


def _private_generator(random_state: Any) -> np.random.RandomState:
    """Return a generator of the estimator's own, apart from NumPy's global state."""
    if isinstance(random_state, np.random.RandomState):
        return np.random.RandomState(random_state.randint(np.iinfo(np.int32).max))
    return np.random.RandomState(random_state)
