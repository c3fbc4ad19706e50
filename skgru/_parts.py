"""The parts of training, as the parameters of an estimator ask for them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._core._embedding import Embedding
from ._core._encoder_decoder import EncoderDecoder
from ._core._layers import RecurrentLayers
from ._core._network import Network
from ._core._optimizers import SOLVERS, Optimizer, OptimizerSettings
from ._core._pooling import POOLINGS, EveryStep
from ._core._schedules import SCHEDULES, Custom, Schedule
from ._core._trunk import Trunk

# batch_size="auto": all samples at once up to FULL_BATCH of them, else about that many mini-batches
# within bounds. benchmarks/results tells why.
FULL_BATCH = 64
AUTO_BATCH_SIZES = 16, 200
# max_iter=None: as many epochs as make so many steps, within the bounds of the estimator.
AUTO_N_STEPS = 1000


def new_network(estimator: Any, n_features: int, n_raw: int) -> Network:
    """Return the network for so many features per step and raw outputs."""
    sizes = _layer_sizes(estimator)
    if estimator.freeze > len(sizes):
        raise ValueError(
            f"freeze={estimator.freeze}, but hidden_layer_sizes={estimator.hidden_layer_sizes!r} "
            f"has only {len(sizes)} layers. freeze must be at most that."
        )
    embedding = None
    if estimator.embedding_dim is not None:
        embedding = Embedding(len(estimator.token_ids_) + 1, estimator.embedding_dim)
        n_features = estimator.embedding_dim
    layers = RecurrentLayers(
        n_features,
        sizes,
        bidirectional=estimator.bidirectional,
        reset_after=estimator.reset_after,
        dropout=estimator.dropout,
        recurrent_dropout=estimator.recurrent_dropout,
        n_frozen=estimator.freeze,
        reads_tokens=embedding is not None,
    )
    pooling = EveryStep if estimator.return_sequences else POOLINGS[estimator.pooling]
    return Network(
        layers, pooling(layers.n_outputs), n_raw, dropout=estimator.dropout, embedding=embedding
    )


def new_encoder_decoder(estimator: Any, n_features: int, n_raw: int) -> EncoderDecoder:
    """Return the network for so many features per step of the source and classes of targets."""
    sizes, embedding = _layer_sizes(estimator), None
    if estimator.embedding_dim is not None:
        embedding = Embedding(len(estimator.token_ids_) + 1, estimator.embedding_dim)
        n_features = estimator.embedding_dim
    of_targets = Embedding(n_raw, estimator.target_embedding_dim, "embedding_decoder")
    options = {
        "reset_after": estimator.reset_after,
        "dropout": estimator.dropout,
        "recurrent_dropout": estimator.recurrent_dropout,
    }
    encoder = RecurrentLayers(
        n_features,
        sizes,
        bidirectional=estimator.bidirectional,
        reads_tokens=embedding is not None,
        **options,
    )
    decoder = RecurrentLayers(
        of_targets.n_dimensions, sizes, reads_tokens=True, role="_decoder", **options
    )
    return EncoderDecoder(
        Trunk(encoder, embedding), Trunk(decoder, of_targets), n_raw, dropout=estimator.dropout
    )


def _layer_sizes(estimator: Any) -> tuple[int, ...]:
    sizes = tuple(np.atleast_1d(estimator.hidden_layer_sizes).tolist())
    if not sizes or not all(type(size) is int and size > 0 for size in sizes):
        raise ValueError(
            "hidden_layer_sizes must be a positive int or a non-empty tuple of them, one per "
            f"layer. Got {estimator.hidden_layer_sizes!r} instead."
        )
    return sizes


def new_optimizer(estimator: Any) -> Optimizer:
    return SOLVERS[estimator.solver](optimizer_settings(estimator))


def optimizer_settings(estimator: Any) -> OptimizerSettings:
    return OptimizerSettings(
        beta_1=estimator.beta_1,
        beta_2=estimator.beta_2,
        epsilon=estimator.epsilon,
        momentum=estimator.momentum,
        nesterovs_momentum=estimator.nesterovs_momentum,
        weight_decay=estimator.alpha,
    )


def alpha_in_gradient(estimator: Any) -> float:
    """Return the strength of L2 as a term of the loss: none where the solver itself decays."""
    return 0.0 if SOLVERS[estimator.solver].decouples_decay else estimator.alpha


def new_schedule(estimator: Any) -> Schedule:
    if callable(estimator.learning_rate):
        return Custom(estimator.learning_rate)
    # The rate falls twice before training ends for want of improvement.
    return SCHEDULES[estimator.learning_rate](estimator.n_iter_no_change // 3, estimator.tol)


def batch_size(estimator: Any, n_samples: int) -> int:
    if estimator.batch_size != "auto":
        return estimator.batch_size
    if n_samples <= FULL_BATCH:
        return n_samples
    return int(np.clip(n_samples // FULL_BATCH, *AUTO_BATCH_SIZES))


def n_epochs(estimator: Any, n_samples: int) -> int:
    if estimator.max_iter is not None:
        return estimator.max_iter
    n_batches = math.ceil(n_samples / batch_size(estimator, n_samples))
    return int(np.clip(math.ceil(AUTO_N_STEPS / n_batches), *estimator._auto_n_epochs))


def cure_of_divergence(estimator: Any) -> str:
    """Return what to try when training on tokens diverges."""
    return (
        f"Try a smaller learning_rate_init (it is {estimator.learning_rate_init}) or max_grad_norm "
        f"(it is {estimator.max_grad_norm})."
    )
