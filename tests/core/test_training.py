"""The loop on a quadratic bowl: it knows no network. The optimiser in closed form."""

import numpy as np
import pytest

from skgru._core._objective import Samples
from skgru._core._optimizers import Adam, clip_by_norm
from skgru._core._sequences import SequenceBatch
from skgru._core._training import (
    DivergenceError,
    EarlyStopping,
    History,
    Outcome,
    Trainer,
)


class Bowl:
    """``|params - centre|^2 / 2``, whatever the samples; chosen calls go wrong."""

    def __init__(self, on_call=None):
        self.on_call = on_call or {}
        self.n_calls = 0

    def loss_and_gradient(self, params, batch, gradient, workspace):
        self.n_calls += 1
        effect = self.on_call.get(self.n_calls)
        if isinstance(effect, BaseException):
            raise effect
        gradient[...] = np.nan if effect == "nan" else params - 1.0
        return float(gradient @ gradient) / 2


def samples(n=10):
    batch = SequenceBatch.from_dense(np.zeros((n, 1, 1)))
    return Samples(batch, np.zeros((n, 1)), np.ones(n))


def trainer(bowl, learning_rate=0.1):
    return Trainer(bowl, np.zeros(3), Adam(learning_rate), np.random.RandomState(0))


def run(trainer, **options):
    defaults = {
        "n_epochs": 200,
        "batch_size": 4,
        "shuffle": True,
        "max_norm": None,
        "stopping": EarlyStopping(1e-12, 5),
    }
    return trainer.run(samples(), **{**defaults, **options})


def test_reaches_the_bottom_and_records_every_epoch():
    subject = trainer(Bowl())
    assert run(subject) is Outcome.CONVERGED
    np.testing.assert_allclose(subject.params, 1, atol=1e-4)
    history = subject.history
    n = len(history.loss)
    assert n < 200
    assert history.loss[-1] < 1e-6 < history.loss[0]
    assert len(history.gradient_norm) == len(history.learning_rate) == len(history.seconds) == n
    assert np.isnan(history.validation_loss).all()


def test_stops_at_max_iter():
    subject = trainer(Bowl(), learning_rate=1e-3)
    assert run(subject, n_epochs=3) is Outcome.MAX_ITER
    assert len(subject.history.loss) == 3


def test_interrupted_epoch_is_undone():
    subject = trainer(Bowl({5: KeyboardInterrupt()}))  # three batches an epoch
    kept = []
    outcome = run(subject, on_epoch=lambda history: kept.append(subject.params.copy()))
    assert outcome is Outcome.INTERRUPTED
    assert len(kept) == len(subject.history.loss) == 1
    np.testing.assert_array_equal(subject.params, kept[0])


def test_diverging_epoch_is_undone_and_reported():
    subject = trainer(Bowl({8: "nan"}))
    kept = []
    with pytest.raises(DivergenceError):
        run(subject, on_epoch=lambda history: kept.append(subject.params.copy()))
    assert len(kept) == len(subject.history.loss) == 2
    np.testing.assert_array_equal(subject.params, kept[-1])


def test_training_goes_on_after_divergence_as_if_it_had_not_been():
    """The optimiser's means must not keep the NaN."""
    spoilt, healthy = trainer(Bowl({5: "nan"})), trainer(Bowl())
    with pytest.raises(DivergenceError):
        run(spoilt, shuffle=False)
    run(spoilt, n_epochs=2)
    run(healthy, n_epochs=3)
    np.testing.assert_array_equal(spoilt.params, healthy.params)


def test_best_parameters_on_the_validation_loss_are_restored():
    subject = trainer(Bowl())
    losses = iter([3.0, 2.0, 1.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0])
    kept = []

    def validate():
        kept.append(subject.params.copy())
        return next(losses), 0.5

    assert run(subject, validate=validate) is Outcome.CONVERGED
    assert len(kept) == 3 + 6
    np.testing.assert_array_equal(subject.params, kept[2])
    assert not np.array_equal(subject.params, kept[-1])
    assert subject.history.validation_score == [0.5] * 9


def test_second_run_goes_on_with_the_state_of_the_first():
    whole, parts = trainer(Bowl()), trainer(Bowl())
    run(whole, n_epochs=6)
    run(parts, n_epochs=2)
    run(parts, n_epochs=4)
    np.testing.assert_array_equal(whole.params, parts.params)
    assert whole.history.loss == parts.history.loss


@pytest.mark.parametrize(
    ("losses", "n_epochs"),
    [
        ([5, 4, 3, 3, 3, 3], 6),  # more than patience = 2 epochs at the best loss
        ([5, 4, 4.95, 3, 3, 3, 3], 7),  # an improvement starts the count anew
        ([5, 4.95, 4.9, 4.85, 4.8], 4),  # falls, but by less than tol
        ([5, 4, 3, 2, 1, 0], None),
    ],
)
def test_early_stopping(losses, n_epochs):
    stopping = EarlyStopping(tol=0.2, patience=2)
    stops = [stopping.update(loss) for loss in losses]
    assert stops.index(True) + 1 == n_epochs if n_epochs else not any(stops)


def test_first_step_of_adam_has_the_length_of_the_learning_rate():
    """Both bias corrections cancel: g / sqrt(g^2), up to epsilon."""
    params = np.zeros(3)
    Adam(learning_rate=0.1, epsilon=1e-12).step(params, np.array([1e-3, -20.0, 0.0]))
    np.testing.assert_allclose(params, [-0.1, 0.1, 0.0], rtol=1e-8)


def test_adam_follows_algorithm_1_with_epsilon_outside_the_correction():
    """Two steps by hand, in exact fractions: g = 3, then -1, with beta_1 = 1/2, beta_2 = 3/4."""
    params = np.array([0.0])
    optimizer = Adam(learning_rate=1.0, beta_1=0.5, beta_2=0.75, epsilon=1.0)
    optimizer.step(params, np.array([3.0]))  # m_hat = 3, v_hat = 9
    assert params[0] == pytest.approx(-3 / (3 + 1))
    optimizer.step(params, np.array([-1.0]))  # m = 1/4, m_hat = 1/3, v = 31/16, v_hat = 31/7
    assert params[0] == pytest.approx(-3 / 4 - (1 / 3) / ((31 / 7) ** 0.5 + 1))


def test_clipping_scales_only_what_is_too_long():
    gradient = np.array([3.0, 4.0])
    assert clip_by_norm(gradient, 10.0) == 5.0
    np.testing.assert_array_equal(gradient, [3, 4])
    assert clip_by_norm(gradient, 1.0) == 5.0
    np.testing.assert_allclose(gradient, [0.6, 0.8])
    assert clip_by_norm(gradient, None) == pytest.approx(1.0)


def test_history_starts_empty():
    assert all(values == [] for values in vars(History()).values())
