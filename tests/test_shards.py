"""Batches divided among processes: the same fit, and nothing left behind when one goes wrong."""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from multiprocessing import Pipe
from typing import ClassVar

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.base import clone
from threadpoolctl import threadpool_info, threadpool_limits

from skgru import GRUClassifier, GRULanguageModel, GRURegressor, GRUSeq2Seq, _shards
from skgru._core._samples import Samples
from skgru._core._sequences import SequenceBatch
from tests.conftest import FAST

OPTIONS = {**FAST, "batch_size": 7, "alpha": 0.01}  # the last batch is of 5 then, or of 1


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(_shards, "SHARD_SIZE", 1)
    monkeypatch.setattr(_shards, "cpu_count", lambda: 4)


@pytest.fixture(autouse=True, scope="module")
def no_workers_afterwards():
    yield
    while worker := _shards._idle_worker():
        worker.connection.close()
        worker.process.join()


@pytest.fixture
def tasks(monkeypatch):
    """All that workers are given, in order."""
    given, tell = [], _shards._Worker.tell

    def spy(worker, message):
        if isinstance(message, _shards._Task):
            given.append(message)
        tell(worker, message)

    monkeypatch.setattr(_shards._Worker, "tell", spy)
    return given


def sequences(rng, n=40, n_features=3):
    return [rng.standard_normal((length, n_features)) for length in rng.randint(2, 10, n)]


def tokens(rng, n=40):
    return [rng.randint(1, 9, length).astype(float) for length in rng.randint(2, 10, n)]


def one_sample():
    return Samples(SequenceBatch.from_dense(np.zeros((1, 1, 1))), np.zeros((1, 1)), np.ones(1))


def regression(rng):
    return GRURegressor(**OPTIONS, bidirectional=True), (sequences(rng), rng.standard_normal(40))


def every_step(rng):
    X = sequences(rng)
    model = GRURegressor(**OPTIONS, return_sequences=True)
    return model, (X, [x[:, 0] for x in X], rng.uniform(size=40))


def classification_of_tokens(rng):
    model = GRUClassifier(**OPTIONS, embedding_dim=3, class_weight="balanced")
    return model, (tokens(rng), rng.randint(3, size=40))


def carried_states(rng):
    options = {**OPTIONS, "hidden_layer_sizes": (4, 3)}
    model = GRULanguageModel(**options, embedding_dim=3, bptt_steps=4)
    return model, ([*tokens(rng), rng.randint(1, 9, 200).astype(float)],)


def pairs(rng):
    model = GRUSeq2Seq(**OPTIONS, embedding_dim=3, target_embedding_dim=3)
    return model, (tokens(rng), tokens(rng))


@pytest.mark.parametrize("n_jobs", [2, 3])
@pytest.mark.parametrize(
    "problem", [regression, every_step, classification_of_tokens, carried_states, pairs]
)
def test_the_same_fit_to_rounding(rng, problem, n_jobs):
    model, data = problem(rng)
    alone, divided = (clone(model).set_params(n_jobs=n).fit(*data) for n in (1, n_jobs))
    assert len(_shards._IDLE) >= n_jobs - 1  # so many have been at work
    np.testing.assert_allclose(divided.loss_curve_, alone.loss_curve_, rtol=1e-10)
    np.testing.assert_allclose(
        divided.history_["gradient_norm"], alone.history_["gradient_norm"], rtol=1e-8
    )
    for name, weights in alone.weights_.items():
        np.testing.assert_allclose(divided.weights_[name], weights, atol=1e-8)


def test_batches_smaller_than_the_number_of_processes(rng):
    X, y = sequences(rng, 11), rng.standard_normal(11)
    model = GRURegressor(**{**OPTIONS, "batch_size": 2})
    alone, divided = (clone(model).set_params(n_jobs=n).fit(X, y) for n in (1, 4))
    np.testing.assert_allclose(divided.loss_curve_, alone.loss_curve_, rtol=1e-10)


def test_a_worker_is_sent_its_shard_alone(rng, tasks):
    X, y = rng.standard_normal((40, 5, 2)), rng.standard_normal((40, 5))
    GRURegressor(**OPTIONS, return_sequences=True, n_jobs=2).fit(X, y)
    for task in tasks:
        # A step of each may be from before it.
        assert len(task.shard.X.values) == len(task.shard.y.values) == 6 * len(task.shard)
        assert len(task.shard) in (2, 3)


def test_lengths_are_alike_in_all_shards(rng, tasks):
    X = [rng.standard_normal((length, 2)) for length in [1, 9] * 10]
    GRURegressor(4, max_iter=1, batch_size=20, n_jobs=2).fit(X, rng.standard_normal(20))
    assert [task.shard.X.lengths.sum() for task in tasks] == [50]


def test_partial_fit_and_early_stopping(rng):
    X, y = sequences(rng), rng.standard_normal(40)
    models = [GRURegressor(**OPTIONS, early_stopping=True, n_jobs=n) for n in (1, 2)]
    alone, divided = (model.fit(X, y) for model in models)
    np.testing.assert_allclose(
        divided.validation_loss_curve_, alone.validation_loss_curve_, rtol=1e-8
    )
    for model in models:
        model.partial_fit(X, y)
    np.testing.assert_allclose(divided.predict(X), alone.predict(X), rtol=1e-8)


def test_dropout_is_drawn_anew_for_each_shard_and_batch_and_seeded(rng, tasks):
    X, y = sequences(rng), rng.standard_normal(40)
    model = GRURegressor(**OPTIONS, dropout=0.5, recurrent_dropout=0.2, n_jobs=3)
    first, second = (clone(model).fit(X, y).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    seeds, n_batches = [task.seed for task in tasks], 6 * OPTIONS["max_iter"]
    assert len(seeds) == 2 * 2 * n_batches
    assert len(set(seeds)) == 2 * n_batches
    assert not np.allclose(clone(model).set_params(dropout=0).fit(X, y).predict(X), first)


@pytest.mark.parametrize("dropout", [0, 0.3])
def test_two_epochs_and_two_more_are_four_to_the_bit(rng, dropout):
    X, y = sequences(rng), rng.standard_normal(40)
    whole = GRURegressor(**OPTIONS, dropout=dropout, recurrent_dropout=dropout, n_jobs=3)
    halves = clone(whole).set_params(max_iter=2, warm_start=True)
    parts = clone(whole)
    whole.fit(X, y)
    halves.fit(X, y).fit(X, y)
    for _ in range(4):
        parts.partial_fit(X, y)
    np.testing.assert_array_equal(halves.predict(X), whole.predict(X))
    np.testing.assert_array_equal(parts.predict(X), whole.predict(X))


def test_a_worker_is_used_again_and_float32_stays(rng):
    X, y = np.float32(rng.standard_normal((40, 5, 2))), rng.standard_normal(40)
    GRURegressor(**OPTIONS, n_jobs=2).fit(X, y)
    before = list(_shards._IDLE)
    model = GRURegressor(**OPTIONS, n_jobs=2).fit(X, y)
    assert before == _shards._IDLE
    assert {weights.dtype for weights in model.weights_.values()} == {np.dtype("float32")}
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))


def test_two_fits_at_the_same_time_have_workers_of_their_own(rng):
    X, y = sequences(rng), rng.standard_normal(40)
    expected = GRURegressor(**OPTIONS).fit(X, y).predict(X)
    results = Parallel(2, backend="threading")(
        delayed(GRURegressor(**OPTIONS, n_jobs=2).fit)(X, y) for _ in range(6)
    )
    for model in results:
        np.testing.assert_allclose(model.predict(X), expected, rtol=1e-8)


# Where nothing is divided


def test_small_batches_and_one_job_take_no_process(rng, monkeypatch):
    monkeypatch.setattr(_shards, "_workers", None)
    X, y = sequences(rng), rng.standard_normal(40)
    GRURegressor(**OPTIONS).fit(X, y)
    GRURegressor(**OPTIONS, n_jobs=1).fit(X, y)
    monkeypatch.setattr(_shards, "SHARD_SIZE", 2**17)
    GRURegressor(**OPTIONS, n_jobs=2).fit(X, y)


@pytest.mark.parametrize(("size", "expected"), [(1000, 0), (500, 1), (400, 2), (10, 3)])
def test_each_shard_has_enough_to_do(rng, monkeypatch, size, expected):
    n_workers, workers = [], _shards._workers

    def spy(n):
        n_workers.append(n)
        return workers(n)

    monkeypatch.setattr(_shards, "_workers", spy)
    monkeypatch.setattr(_shards, "SHARD_SIZE", size)
    X, y = rng.standard_normal((20, 10, 2)), rng.standard_normal(20)
    model = GRURegressor((2, 2), bidirectional=True, batch_size=15, max_iter=1, n_jobs=4)
    model.fit(X, y)  # 15 sequences of 10 steps and 8 units: 1200 numbers
    assert sum(n_workers) == expected


def fit_in_a_worker(X, y):
    _shards._workers, _shards.SHARD_SIZE, _shards.cpu_count = None, 1, lambda: 4
    return GRURegressor(**OPTIONS, n_jobs=2).fit(X, y).loss_


def test_the_processes_of_a_search_start_no_further_ones(rng):
    X, y = sequences(rng), rng.standard_normal(40)
    losses = Parallel(2)(delayed(fit_in_a_worker)(X, y) for _ in range(2))
    np.testing.assert_allclose(losses, GRURegressor(**OPTIONS).fit(X, y).loss_)


# When something goes wrong


def test_an_interrupted_fit_keeps_its_epochs_and_the_next_one_works(rng, monkeypatch):
    X, y = sequences(rng), rng.standard_normal(40)
    answer, n_answers = _shards._Worker.answer, []

    def interrupt(worker):
        n_answers.append(1)
        if len(n_answers) == 2 * 6 + 3:  # in the third epoch
            raise KeyboardInterrupt
        return answer(worker)

    monkeypatch.setattr(_shards._Worker, "answer", interrupt)
    model = GRURegressor(**OPTIONS, n_jobs=2)
    with pytest.warns(UserWarning, match="interrupted by user after epoch 2"):
        model.fit(X, y)
    expected = clone(model).set_params(max_iter=2, n_jobs=1).fit(X, y)
    np.testing.assert_allclose(model.predict(X), expected.predict(X), rtol=1e-8)
    np.testing.assert_allclose(
        clone(model).fit(X, y).predict(X), clone(model).set_params(n_jobs=1).fit(X, y).predict(X)
    )


def test_a_worker_that_dies_is_told_of_and_replaced(rng, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    X, y = sequences(rng), rng.standard_normal(40)
    model = GRURegressor(**OPTIONS, n_jobs=2).fit(X, y)
    worker = _shards._IDLE[-1]
    answer, n_answers = _shards._Worker.answer, []

    def die_in_the_second_epoch(worker):
        n_answers.append(1)
        if len(n_answers) == 9:
            worker.process.terminate()
            worker.process.join()
        return answer(worker)

    monkeypatch.setattr(_shards._Worker, "answer", die_in_the_second_epoch)
    with pytest.raises(RuntimeError, match=r"n_jobs\) ended unexpectedly, with exit code -\d+"):
        model.fit(X, y)
    assert worker not in _shards._IDLE
    assert model.n_iter_ == OPTIONS["max_iter"]  # the model is what it was
    model.set_params(max_iter=2).fit(X, y)
    _shards._IDLE[-1].process.terminate()
    _shards._IDLE[-1].process.join()
    model.fit(X, y)
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_a_worker_is_raised(tmp_path):
    class Wrong:
        def loss_and_gradient(self, *arguments):
            raise MemoryError("of the worker")

    np.save(tmp_path / "numbers.npy", np.zeros((2, 3)))
    here, there = Pipe()
    fit = _shards._Fit(Wrong(), tmp_path / "numbers.npy", 1)
    thread = threading.Thread(target=_shards._serve_fit, args=(fit, there))
    thread.start()
    worker = object.__new__(_shards._Worker)
    worker.connection, worker.is_ready = here, True
    worker.tell(_shards._Task(one_sample(), 3, 3, seed=0, share=0.5))
    with pytest.raises(MemoryError, match="of the worker"):
        worker.answer()
    worker.tell(None)
    thread.join(timeout=60)
    assert not thread.is_alive()


class Recorder:
    """An objective that sees what a worker has set."""

    seen: ClassVar[list] = []

    def loss_and_gradient(self, *arguments):
        blas = {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}
        self.seen.append((blas, np.geterr()["over"], signal.getsignal(signal.SIGINT)))
        return 0.0


@pytest.fixture
def settings_restored():
    handler = signal.getsignal(signal.SIGINT)
    with threadpool_limits(2, user_api="blas"), np.errstate(all="warn"):
        yield
    signal.signal(signal.SIGINT, handler)


@pytest.mark.usefixtures("settings_restored")
def test_a_worker_has_one_thread_of_blas_no_warnings_of_numpy_and_leaves_ctrl_c_alone(tmp_path):
    np.save(tmp_path / "numbers.npy", np.zeros((2, 3)))
    here, there = Pipe()
    here.send(_shards._Fit(Recorder(), tmp_path / "numbers.npy", 1))
    here.send(_shards._Task(one_sample(), 3, 3, seed=0, share=0.5))
    here.send(None)
    here.send(_shards._Fit(Recorder(), tmp_path / "gone.npy", 1))  # over before there is a task
    here.send(None)
    here.close()
    _shards._serve(there)
    assert Recorder.seen == [({1}, "ignore", signal.SIG_IGN)]


@pytest.mark.usefixtures("settings_restored")
def test_a_worker_ends_when_it_is_not_needed_for_long(monkeypatch):
    monkeypatch.setattr(_shards, "IDLE_SECONDS", 0.01)
    _here, there = Pipe()
    _shards._serve(there)


def test_while_batches_are_divided_blas_has_one_thread_here_too(rng, monkeypatch):
    seen, answer = set(), _shards._Worker.answer

    def spy(worker):
        info = threadpool_info()
        seen.update(one["num_threads"] for one in info if one["user_api"] == "blas")
        return answer(worker)

    monkeypatch.setattr(_shards._Worker, "answer", spy)
    model = GRURegressor(**{**OPTIONS, "hidden_layer_sizes": 128}, n_jobs=2)
    with threadpool_limits(2, user_api="blas"):
        model.fit(sequences(rng), rng.standard_normal(40))
    assert seen == {1}


def test_a_fork_has_no_workers(rng, monkeypatch):
    GRURegressor(**OPTIONS, n_jobs=2).fit(sequences(rng), rng.standard_normal(40))
    monkeypatch.setattr(_shards, "_IDLE", list(_shards._IDLE))
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert _shards._idle_worker() is None


SCRIPT = """
import numpy as np
from skgru import GRURegressor, _shards
_shards.SHARD_SIZE, _shards.cpu_count = 1, lambda: 2
X, y = np.random.default_rng(0).standard_normal((20, 5, 2)), np.arange(20.0)
model = GRURegressor(4, max_iter=2, random_state=0)
assert np.allclose(model.fit(X, y).predict(X), model.set_params(n_jobs=2).fit(X, y).predict(X))
print(_shards._IDLE[0].process.pid)
"""


def test_a_script_needs_no_main_and_leaves_no_process(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-W", "error", str(tmp_path / "script.py")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    with pytest.raises(ProcessLookupError):
        os.kill(int(run.stdout), 0)


LONG_SCRIPT = """
import numpy as np
from skgru import GRURegressor, _shards
_shards.SHARD_SIZE, _shards.cpu_count = 1, lambda: 2
X, y = np.random.default_rng(0).standard_normal((20, 5, 2)), np.arange(20.0)
model = GRURegressor(4, max_iter=10**6, n_iter_no_change=10**6, verbose=1, n_jobs=2).fit(X, y)
assert 0 < model.n_iter_ < 10**6
model.set_params(max_iter=2).fit(X, y)
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="there are no process groups")
def test_ctrl_c_reaches_the_workers_too_and_they_leave_it_to_the_fit():
    """A terminal interrupts all processes of a program."""
    command = [sys.executable, "-c", LONG_SCRIPT]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, start_new_session=True) as run:
        assert run.stdout.readline().startswith("Epoch 1,")
        os.killpg(run.pid, signal.SIGINT)
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 0, errors
    assert "Training interrupted by user" in errors
    assert "Traceback" not in errors
