"""What all estimators share: sequences at the door, parameters, training."""

from __future__ import annotations

import copy
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ._core._losses import Loss
from ._core._network import Network
from ._core._objective import Objective
from ._core._optimizers import SOLVERS
from ._core._params import initialise
from ._core._pooling import POOLINGS
from ._core._samples import Samples
from ._core._schedules import SCHEDULES
from ._core._sequences import SequenceBatch
from ._core._training import DivergenceError, EarlyStopping, History, Outcome, Plan, Trainer
from ._held_out import hold_out
from ._input_formats import (
    as_tokens,
    cast,
    read_sequences,
    unchanged_on_error,
)
from ._parts import (
    alpha_in_gradient,
    batch_size,
    n_epochs,
    new_network,
    new_optimizer,
    new_schedule,
    optimizer_settings,
)
from ._shards import processes_of_training
from ._sklearn_compat import (
    CallbackSupportMixin,
    FitCallbacks,
    HasMethods,
    Interval,
    StrOptions,
    check_sample_weight,
)
from ._threads import blas_threads, effective_n_jobs
from ._transfer import check_weights, take_over

FIRST_EPOCHS = 10  # which may be worse than a constant prediction
LARGEST_SET = 1000  # samples of one batch whose order and copies make no difference to the last bit

# What a warm start cannot change.
ARCHITECTURE = (
    "loss",
    "quantile",
    "hidden_layer_sizes",
    "bidirectional",
    "reset_after",
    "pooling",
    "return_sequences",
    "embedding_dim",
    "target_embedding_dim",
    "solver",
    "freeze",
)


class BaseGRU(CallbackSupportMixin, BaseEstimator, ABC):
    """A network with the parameters of an estimator, and its training."""

    _auto_n_epochs = 30, 500  # bounds of what max_iter=None stands for

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "n_features_per_step": [Interval(Integral, 1, None, closed="left")],
        "bidirectional": ["boolean"],
        "reset_after": ["boolean"],
        "pooling": [StrOptions(set(POOLINGS))],
        "return_sequences": ["boolean"],
        "embedding_dim": [None, Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "recurrent_dropout": [Interval(Real, 0, 1, closed="left")],
        "solver": [StrOptions(set(SOLVERS))],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions(set(SCHEDULES)), callable],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_grad_norm": [None, Interval(Real, 0, None, closed="neither")],
        "max_iter": [None, Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "validation_split": [None, HasMethods(["split", "get_n_splits"])],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "init_from": [object],  # `check_weights` says more of what is wrong
        "freeze": [Interval(Integral, 0, None, closed="left")],
        "n_jobs": [
            None,
            Interval(Integral, 1, None, closed="left"),
            Interval(Integral, None, -1, closed="right"),
        ],
    }

    @abstractmethod
    def __init__(
        self,
        hidden_layer_sizes,
        *,
        n_features_per_step,
        bidirectional,
        reset_after,
        pooling,
        return_sequences,
        embedding_dim,
        dropout,
        recurrent_dropout,
        solver,
        alpha,
        batch_size,
        learning_rate,
        learning_rate_init,
        max_grad_norm,
        max_iter,
        shuffle,
        random_state,
        tol,
        verbose,
        warm_start,
        momentum,
        nesterovs_momentum,
        early_stopping,
        validation_fraction,
        validation_split,
        n_iter_no_change,
        beta_1,
        beta_2,
        epsilon,
        init_from,
        freeze,
        n_jobs,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_features_per_step = n_features_per_step
        self.bidirectional = bidirectional
        self.reset_after = reset_after
        self.pooling = pooling
        self.return_sequences = return_sequences
        self.embedding_dim = embedding_dim
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
        self.n_jobs = n_jobs

    @abstractmethod
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
        """Validate the data; scale the weights to a mean of 1.

        ``classes`` are all that there will be, where a classifier was told. ``as_set``: where
        nothing depends on order or number of samples, nor shall rounding.
        """

    @abstractmethod
    def _new_loss(self, targets: np.ndarray, weights: np.ndarray) -> Loss:
        """Return the loss for the targets that were read."""

    @abstractmethod
    def _hold_out(self, samples: Samples, groups: Any) -> tuple[Samples, Samples]:
        """Return what is trained on, and a part on which early stopping watches the loss."""

    @abstractmethod
    def _loss_and_score(self, held_out: Samples) -> tuple[float, float]:
        """Return the loss without L2, which may be infinite or NaN, and what `score` would."""

    @abstractmethod
    def _cure_of_divergence(self, samples: Samples) -> str:
        """Return what to try when training diverges."""

    # Reading

    def _read_sequences(
        self, X: Any, dtype: np.dtype | None = None
    ) -> tuple[SequenceBatch, np.dtype]:
        """Validate X; return sequences, and the floating point type to compute in.

        Without ``dtype`` the estimator takes X for the first it sees. Of tokens the sequences hold
        rows of the embedding's table.
        """
        is_first = dtype is None
        if is_first:
            check_weights(self.init_from)
        sequences = read_sequences(self, X, reset=is_first)
        dtype = dtype or sequences.values.dtype
        if is_first:
            # Kept, so that a fitted estimator predicts as before when parameters are set.
            self._per_step = self.return_sequences
            self._takes_tokens = self.embedding_dim is not None
            self.__dict__.pop("token_ids_", None)  # of an earlier fit
        if not self._takes_tokens:
            if sequences.values.dtype != dtype:
                sequences = replace(sequences, values=cast(sequences.values, dtype, "X"))
            return sequences, dtype
        tokens = as_tokens(sequences, per_step=self._per_step)
        if is_first:
            pretrained = (self.init_from or {}).get("token_ids", [])
            known = np.union1d(tokens.values, pretrained)
            self.token_ids_ = known[known != 0].astype(np.int64)
        return replace(tokens, values=rows_of(tokens.values, self.token_ids_)), dtype

    def _read_validation(self, X: Any, y: Any, sample_weight: Any) -> Samples | None:
        """Validate the data that `fit` was given to watch the loss on, if it was."""
        if X is not None:
            if y is None:
                raise ValueError("X_val was passed without y_val.")
            try:
                return self._read(X, y, sample_weight, reset=False)
            except ValueError as error:
                raise ValueError(f"In X_val, y_val or sample_weight_val: {error}") from error
        if y is not None or sample_weight is not None:
            raise ValueError("y_val or sample_weight_val was passed without X_val.")
        return None

    def _weights(self, sample_weight: Any, sequences: SequenceBatch) -> np.ndarray:
        weights = check_sample_weight(sample_weight, sequences.starts, np.float64)
        return weights / weights.max()  # their sum might overflow

    def _scaled(self, samples: Samples, dtype: np.dtype, *, as_set: bool) -> Samples:
        """Return what `_read` does, of samples with any weights."""
        if as_set:
            samples = samples.distinct()
        samples = samples.with_mean_weight_1()
        return replace(samples, weights=samples.weights.astype(dtype))

    def _takes_a_set(self, n_samples: int) -> bool:
        """Say whether all samples are in one batch and no masks are drawn for each of them.

        To find equal ones among 1000 short sequences takes a third of an epoch.
        """
        drops = self.dropout or self.recurrent_dropout
        return not drops and n_samples <= min(batch_size(self, n_samples), LARGEST_SET)

    # Fitting

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        validation: tuple[Any, Any, Any] = (None, None, None),
        groups: Any = None,
    ) -> None:
        """Fit anew, or with ``warm_start`` go on from where the last fit ended."""
        check_consistent_length(*(given for given in (y, groups) if given is not None))
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        callbacks = FitCallbacks(self, X=X, y=y, metadata=metadata)
        go_on = self.warm_start and hasattr(self, "_trainer")
        with unchanged_on_error(self):
            # So many are held out, of groups perhaps.
            as_set = not self.early_stopping or validation[0] is not None
            samples = self._read(X, y, sample_weight, reset=not go_on, as_set=as_set)
            self._trainer = self._adjusted_trainer(samples) if go_on else self._new_trainer(samples)
            samples, held_out = self._split(samples, validation, groups)
            if not go_on:
                self._begin_from(samples)
            self._warn(self._train(samples, held_out, callbacks), samples)
            callbacks.end()

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> None:
        """Train for one epoch, without early stopping."""
        go_on = hasattr(self, "_trainer")
        with unchanged_on_error(self):
            samples = self._read(X, y, sample_weight, reset=not go_on, classes=classes, as_set=True)
            self._trainer = self._adjusted_trainer(samples) if go_on else self._new_trainer(samples)
            if not go_on:
                self._begin_from(samples)
            self._train(samples, None, None)

    def _new_trainer(self, samples: Samples) -> Trainer[Objective]:
        """Draw first parameters."""
        targets, weights = samples.rows()
        loss = self._new_loss(targets, weights)
        network = self._new_network(samples, loss.n_raw(targets.shape[1]))
        objective = Objective(network, loss, alpha_in_gradient(self))
        rng = _private_generator(self.random_state)
        n_timesteps = min(
            np.average(samples.X.lengths, weights=samples.weights), self._longest_stretch
        )
        params = initialise(objective.layout, rng, targets.dtype, n_timesteps)
        if self.init_from is not None:
            views = objective.layout.views(params)
            token_ids = getattr(self, "token_ids_", None)
            take_over(self.init_from, views, network.frozen_names, token_ids)
        self._split_seed = rng.randint(np.iinfo(np.int32).max)
        self._architecture = self._current_architecture()
        self._init_from = self.init_from
        self.n_layers_ = network.n_layers + 2
        self.n_outputs_ = network.n_raw
        self.n_parameters_ = objective.layout.size
        self.out_activation_ = loss.link_name
        self.t_ = 0
        self._learning_rate = self.learning_rate
        return Trainer(objective, params, new_optimizer(self), new_schedule(self), rng)

    def _new_network(self, samples: Samples, n_raw: int) -> Any:
        return new_network(self, samples.X.n_features, n_raw)

    def _begin_from(self, samples: Samples) -> None:
        """Set what depends on the samples that are trained on, held-out ones left aside.

        The output bias starts at the best constant prediction. Tokens that will not be trained, nor
        were elsewhere, are as good as unknown.
        """
        views = self._trainer.objective.layout.views(self._trainer.params)
        views["bias_out"][...] = self._loss_function.best_constant(*samples.rows())
        if self._takes_tokens:
            pretrained = {} if self.init_from is None else self.init_from
            learned = np.isin(self.token_ids_, pretrained.get("token_ids", []))
            if not (self.freeze and pretrained):
                rows = np.unique(samples.X.rows())
                learned[rows[rows > 0] - 1] = True
            views["embedding"][1:][~learned] = views["embedding"][0]

    def _current_architecture(self) -> dict[str, Any]:
        names = [name for name in ARCHITECTURE if hasattr(self, name)]
        if self._fitted_on_table:
            names.append("n_features_per_step")
        return {name: np.atleast_1d(getattr(self, name)).tolist() for name in names}

    def _adjusted_trainer(self, samples: Samples) -> Trainer[Objective]:
        """Copy the trainer and let parameters that were set since the last fit take effect."""
        current = self._current_architecture()
        changed = [name for name, value in current.items() if value != self._architecture[name]]
        if self.init_from is not self._init_from:
            changed.append("init_from")
        if changed:
            raise ValueError(
                f"{' and '.join(changed)} changed since the last fit. To start anew, call fit with "
                "warm_start=False."
            )
        trainer = copy.deepcopy(self._trainer)
        trainer.objective.loss = self._new_loss(*samples.rows())  # class weights are of the data
        trainer.objective.alpha = alpha_in_gradient(self)
        trainer.objective.network.set_dropout(self.dropout, self.recurrent_dropout)
        trainer.optimizer.settings = optimizer_settings(self)
        earlier = trainer.schedule if self.learning_rate == self._learning_rate else None
        self._learning_rate = self.learning_rate
        trainer.schedule = new_schedule(self)
        if earlier is not None:
            trainer.schedule.go_on_from(earlier)
        return trainer

    def _split(
        self,
        samples: Samples,
        validation: tuple[Any, Any, Any] = (None, None, None),
        groups: Any = None,
    ) -> tuple[Samples, Samples | None]:
        """Return what is trained on, and what the loss is watched on."""
        held_out = self._read_validation(*validation)
        if held_out is not None:
            return samples, held_out
        if self.early_stopping:
            return self._hold_out(samples, groups)
        if groups is not None or self.validation_split is not None:
            warnings.warn(
                "groups and validation_split have no effect without early_stopping=True.",
                stacklevel=5,
            )
        return samples, None

    def _hold_out_whole(
        self, samples: Samples, groups: Any, strata: np.ndarray | None = None
    ) -> tuple[Samples, Samples]:
        """Hold out some of the samples, of each class in ``strata`` a share."""
        return hold_out(
            samples,
            strata=strata,
            groups=groups,
            fraction=self.validation_fraction,
            splitter=self.validation_split,
            seed=self._split_seed,
        )

    def _train(
        self, samples: Samples, held_out: Samples | None, callbacks: FitCallbacks | None
    ) -> Outcome:
        """Run the trainer on a whole fit, or without ``callbacks`` on its next epoch."""
        trainer = self._trainer
        n_before = len(trainer.history.loss)
        has_an_end = trainer.schedule.has_an_end
        plan = Plan(
            n_epochs=n_epochs(self, len(samples)) if callbacks else 1,
            batch_size=batch_size(self, len(samples)),
            learning_rate=self.learning_rate_init,
            shuffle=self.shuffle,
            max_norm=self.max_grad_norm,
            follows_schedule=callbacks is not None,
        )
        if callbacks is not None:
            callbacks.begin(plan.n_epochs)
        keeps_best = self.early_stopping and held_out is not None
        patience = np.inf if has_an_end and not keeps_best else self.n_iter_no_change
        try:
            with processes_of_training(trainer, samples, plan.batch_size, self.n_jobs) as compute:
                outcome = trainer.run(
                    samples,
                    plan,
                    EarlyStopping(self.tol, patience),
                    loss_and_gradient=compute,
                    validate=None if held_out is None else partial(self._validate, held_out),
                    keep_best=keeps_best,
                    before_epoch=None if callbacks is None else callbacks.begin_epoch,
                    after_epoch=self._after_epoch(len(samples), plan.n_epochs, callbacks),
                )
        except DivergenceError:
            raise ValueError(self._divergence_message(samples)) from None
        n_done = len(trainer.history.loss) - n_before
        if outcome is Outcome.INTERRUPTED and n_done == 0:
            raise KeyboardInterrupt  # nothing new to keep
        self._publish(len(samples), n_done)
        return outcome

    def _validate(self, held_out: Samples) -> tuple[float, float]:
        """Return loss and score on the held-out part."""
        with np.errstate(over="ignore", invalid="ignore"):
            loss, score = self._loss_and_score(held_out)
        if not np.isfinite(loss):
            raise DivergenceError
        return loss, score

    def _after_epoch(
        self, n_samples: int, n_epochs: int, callbacks: FitCallbacks | None
    ) -> Callable[[History], bool]:
        """Return what the trainer calls after each epoch, and asks whether it is to stop."""
        started, n_before = time.perf_counter(), len(self._trainer.history.loss)

        def after_epoch(history: History) -> bool:
            n_done = len(history.loss) - n_before
            if self.verbose:
                seconds_each = (time.perf_counter() - started) / n_done
                self._print_epoch(history, seconds_each * (n_epochs - n_done))
            return callbacks is not None and callbacks.end_epoch(
                partial(self._as_if_fitted, n_samples, n_done)
            )

        return after_epoch

    def _print_epoch(self, history: History, seconds_left: float) -> None:
        message = f"Epoch {len(history.loss)}, loss = {history.loss[-1]:.8f}"
        if not np.isnan(history.validation_loss[-1]):
            message += (
                f", validation loss = {history.validation_loss[-1]:.8f}"
                f", validation score = {history.validation_score[-1]:.6f}"
            )
        print(f"{message}, at most {seconds_left:.0f} s left", flush=True)

    def _as_if_fitted(self, n_samples: int, n_epochs: int) -> dict[str, Any]:
        """Return the attributes of an estimator whose fit ended here, after ``n_epochs``.

        The weights are those of the last epoch, also where early stopping may go back to others.
        """
        snapshot = copy.copy(self)
        snapshot._trainer = copy.deepcopy(self._trainer)
        snapshot._publish(n_samples, n_epochs)
        return snapshot.__dict__

    def _divergence_message(self, samples: Samples) -> str:
        return (
            f"Training diverged in epoch {len(self._trainer.history.loss) + 1}: the loss or its "
            f"gradient is not finite. {self._cure_of_divergence(samples)}"
        )

    def _is_worse_than_a_constant(self, samples: Samples) -> bool:
        """Say whether the last epoch's loss, L2 left out, is far above that of the best constant.

        With Adam and clipping a rate that is far too high makes nothing infinite. The first epochs
        begin there.
        """
        trainer = self._trainer
        if len(trainer.history.loss) < FIRST_EPOCHS:
            return False
        constant = trainer.objective.constant_loss(samples)
        loss = trainer.history.loss[-1] - trainer.objective.l2(trainer.params)
        return loss > max(2 * constant, constant + self.tol)

    def _publish(self, n_samples: int, n_epochs: int) -> None:
        """Set the fitted attributes that tell of training, after ``n_epochs`` more of them."""
        history = self._trainer.history
        self.t_ += n_samples * n_epochs
        self.n_iter_ = len(history.loss)
        self.loss_curve_ = list(history.loss)
        self.loss_ = history.loss[-1]
        self.best_loss_ = min(history.loss)
        self.history_ = {name: list(values) for name, values in vars(history).items()}
        self.validation_loss_curve_ = self.validation_scores_ = self.best_validation_score_ = None
        if not np.isnan(history.validation_loss[-1]):
            self.validation_loss_curve_ = list(history.validation_loss)
            self.validation_scores_ = list(history.validation_score)
            best = int(np.argmin(history.validation_loss[-n_epochs:]))
            kept = best if self.early_stopping else -1
            self.best_validation_score_ = history.validation_score[-n_epochs:][kept]

    def _warn(self, outcome: Outcome, samples: Samples) -> None:
        if not self.early_stopping and self._is_worse_than_a_constant(samples):
            warnings.warn(
                f"Training ended at a loss of {self.loss_:.3g}, which is worse than to predict a "
                f"constant. {self._cure_of_divergence(samples)}",
                ConvergenceWarning,
                stacklevel=5,
            )
        elif outcome is Outcome.MAX_ITER and not self._trainer.schedule.has_an_end:
            warnings.warn(
                f"Training reached max_iter and has not converged yet after {self.n_iter_} epochs.",
                ConvergenceWarning,
                stacklevel=5,
            )
        elif outcome is Outcome.INTERRUPTED:
            warnings.warn(
                f"Training interrupted by user after epoch {self.n_iter_}, whose weights are kept.",
                stacklevel=5,
            )

    @property
    def _longest_stretch(self) -> float:
        """Return over how many steps at most a gradient goes back."""
        return np.inf

    # Predicting

    @property
    def _loss_function(self) -> Loss:
        return self._trainer.objective.loss

    def _states(self, X: Any, layer: int) -> tuple[SequenceBatch, np.ndarray]:
        """Return X as it was read, and the states of a layer, a row per step."""
        return self._evaluate(X, partial(Network.states, layer=layer))

    def _evaluate(
        self, X: Any, method: Callable[..., np.ndarray]
    ) -> tuple[SequenceBatch, np.ndarray]:
        """Return X as it was read, and what a method of the network makes of it."""
        if not hasattr(self, "_trainer"):
            check_is_fitted(self)  # which takes 20 us to find nothing wrong
        params = self._trainer.params
        sequences, _ = self._read_sequences(X, params.dtype)
        objective = self._trainer.objective
        network, named = objective.network, objective.layout.views(params)
        n_threads = network.n_useful_threads(len(sequences))
        if n_threads > 1:
            n_threads = min(n_threads, effective_n_jobs(self.n_jobs))
        with blas_threads(n_threads, network.n_units, len(sequences)):
            return sequences, method(network, named, sequences, n_threads=n_threads)

    def _input_gradient(self, sequences: SequenceBatch, d_raw: np.ndarray) -> np.ndarray:
        """Return the gradient of all steps, given that of the outputs before the link."""
        objective = self._trainer.objective
        named = objective.layout.views(self._trainer.params)
        return objective.network.input_gradient(named, sequences, d_raw)

    @property
    def weights_(self) -> dict[str, np.ndarray]:
        """Named parameters: views, so that changing them changes the model.

        ``weight_ih_l0`` (3H, F), ``weight_hh_l0`` (3H, H) and ``bias_ih_l0`` (3H,) of the first
        layer, gates in the order reset, update, candidate; ``bias_hh_l0`` (H,) with
        ``reset_after``; ``_l1`` ... for further layers and ``_reverse`` for the second direction;
        ``weight_out`` (n_outputs_, H), ``bias_out`` (n_outputs_,). ``weight_query`` (1, H) with
        ``pooling="attention"``; with ``embedding_dim``, ``embedding`` (n_tokens + 1,
        embedding_dim), whose first row is for unknown tokens and whose others are for
        ``token_ids`` (n_tokens,).
        """
        check_is_fitted(self)
        weights = self._trainer.objective.layout.views(self._trainer.params)
        return weights | {"token_ids": self.token_ids_} if self._takes_tokens else weights

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.two_d_array = True
        tags.input_tags.categorical = self.embedding_dim is not None
        tags.input_tags.positive_only = self.embedding_dim is not None
        return tags


def rows_of(ids: np.ndarray, token_ids: np.ndarray) -> np.ndarray:
    """Return which row of the table each id has: 0 if it is not among the sorted ``token_ids``."""
    if not len(token_ids):
        return np.zeros_like(ids)
    places = np.searchsorted(token_ids, ids)
    is_known = token_ids[np.minimum(places, len(token_ids) - 1)] == ids
    return np.where(is_known, places + 1, 0)


def _private_generator(random_state: Any) -> np.random.RandomState:
    """Return a generator of the estimator's own, apart from NumPy's global state."""
    if isinstance(random_state, np.random.RandomState):
        return np.random.RandomState(random_state.randint(np.iinfo(np.int32).max))
    return np.random.RandomState(random_state)
