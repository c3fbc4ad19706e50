"""The loop on a quadratic bowl: it knows no network."""

import numpy as np
import pytest

from skgru._core._optimizers import Adam
from skgru._core._samples import Samples
from skgru._core._schedules import Constant
from skgru._core._sequences import SequenceBatch
from skgru._core._training import (
    DivergenceError,
    EarlyStopping,
    History,
    Outcome,
    Plan,
    Trainer,
)


class Bowl:
    """``|params - centre|^2 / 2``, whatever the samples; chosen calls go wrong."""

    def __init__(self, on_call=None):
        self.on_call = on_call or {}
        self.n_calls = 0

    def touched(self, batch):
        return batch, None

    def sizes(self, params):
        return len(params), 0

    def loss_and_gradient(self, params, batch, gradient, workspace, rng=None):
        self.n_calls += 1
        effect = self.on_call.get(self.n_calls)
        if isinstance(effect, BaseException):
            raise effect
        gradient[...] = np.nan if effect == "nan" else params - 1.0
        return float(gradient @ gradient) / 2


def samples(n=10):
    batch = SequenceBatch.from_dense(np.zeros((n, 1, 1)))
    return Samples(batch, np.zeros((n, 1)), np.ones(n))


def trainer(bowl, schedule=None):
    return Trainer(bowl, np.zeros(3), Adam(), schedule or Constant(), np.random.RandomState(0))


def run(trainer, stopping=None, validate=None, keep_best=False, after_epoch=None, **options):
    plan = {"n_epochs": 200, "batch_size": 4, "learning_rate": 0.1, **options}
    return trainer.run(
        samples(),
        Plan(**plan),
        stopping or EarlyStopping(1e-12, 5),
        validate=validate,
        keep_best=keep_best,
        after_epoch=after_epoch,
    )


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
    subject = trainer(Bowl())
    assert run(subject, n_epochs=3, learning_rate=1e-3) is Outcome.MAX_ITER
    assert len(subject.history.loss) == 3


def test_interrupted_epoch_is_undone():
    subject = trainer(Bowl({5: KeyboardInterrupt()}))  # three batches an epoch
    kept = []
    outcome = run(subject, after_epoch=lambda history: kept.append(subject.params.copy()))
    assert outcome is Outcome.INTERRUPTED
    assert len(kept) == len(subject.history.loss) == 1
    np.testing.assert_array_equal(subject.params, kept[0])


def test_diverging_epoch_is_undone_and_reported():
    subject = trainer(Bowl({8: "nan"}))
    kept = []
    with pytest.raises(DivergenceError):
        run(subject, after_epoch=lambda history: kept.append(subject.params.copy()))
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

    assert run(subject, validate=validate, keep_best=True) is Outcome.CONVERGED
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


def test_history_starts_empty():
    assert all(values == [] for values in vars(History()).values())


def test_an_interrupt_while_an_epoch_is_recorded_leaves_a_table(monkeypatch):
    subject = trainer(Bowl())
    append = History.append

    def interrupted(history, **record):
        append(history, **record)
        if len(history.loss) == 3:
            del history.seconds[-1]
            raise KeyboardInterrupt

    monkeypatch.setattr(History, "append", interrupted)
    assert run(subject) is Outcome.INTERRUPTED
    assert {len(values) for values in vars(subject.history).values()} == {2}
