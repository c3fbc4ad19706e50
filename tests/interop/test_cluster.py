"""Searches on Dask and Ray: the numbers of one machine, data sent once, workers that die."""

import os
import signal
import tracemalloc
import zlib
from contextlib import contextmanager

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.preprocessing import TimeDistributed

FORMS = ["3-D array", "list", "object array"]
N_FOLDS = 3
GRID = {"hidden_layer_sizes": [3, 5], "learning_rate_init": [1e-3, 1e-2]}


@pytest.fixture
def seed(request):
    """Each test has data of its own.

    Equal data that Dask scatters while it forgets the first copy gets lost: dask/distributed#8576.
    """
    return zlib.crc32(request.node.name.encode())


def sequences(form, seed, n_samples=200, n_features=3):
    rng = np.random.RandomState(seed)
    if form == "3-D array":
        return rng.standard_normal((n_samples, 6, n_features))
    X = [rng.standard_normal((length, n_features)) for length in rng.randint(4, 9, n_samples)]
    if form == "list":
        return X
    objects = np.empty(n_samples, object)
    objects[:] = X
    return objects


def regression(form, seed, **sizes):
    X = sequences(form, seed, **sizes)
    return X, np.array([x[:, 0].sum() for x in X])


def n_bytes(X):
    return sum(x.nbytes for x in X)


def folds_of(X, seed):
    """Split once: arrays that are the same objects in every task, so that they can be scattered."""
    return list(KFold(N_FOLDS, shuffle=True, random_state=seed).split(X))


def everything(X, y, folds):
    """Return what a search hands to all of its tasks."""
    return [X, y, *(part for fold in folds for part in fold)]


def search(estimator=None, grid=GRID, **options):
    return GridSearchCV(estimator or GRURegressor(max_iter=3, random_state=0), grid, **options)


def assert_same(found, local, X):
    scores = [name for name in local.cv_results_ if name.endswith("_score")]
    assert len(scores) == N_FOLDS + 3
    for name in scores:
        np.testing.assert_array_equal(found.cv_results_[name], local.cv_results_[name], name)
    assert found.best_params_ == local.best_params_
    assert np.ptp(local.predict(X).astype(float)) > 0
    np.testing.assert_array_equal(found.predict(X), local.predict(X))


def fatal_scorer(path, n_th):
    """Return a scorer whose n-th call, in whichever process, kills that process.

    A function in a function, because such are sent by value: workers need not find this module.
    """

    def score(estimator, X, y):
        with path.open("ab", buffering=0) as file:  # appending is atomic
            file.write(b"x")
            if file.tell() == n_th:
                os.kill(os.getpid(), signal.SIGKILL)
        return estimator.score(X, y)

    return score


@pytest.fixture(scope="module")
def client():
    """Two workers that are processes; no dashboard, and ports that are free."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",  # with None a port for HTTP is taken that may be in use
            scheduler_kwargs={"dashboard": False},
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.amm.stop()  # else copies of scattered data that no task waits for are dropped
        yield client


@pytest.mark.parametrize("form", FORMS)
def test_dask_finds_the_numbers_of_a_local_search(client, form, seed):
    X, y = regression(form, seed)
    local = search(cv=N_FOLDS).fit(X, y)
    with parallel_config(backend="dask", scatter=[X, y]):
        found = search(cv=N_FOLDS).fit(X, y)
    assert_same(found, local, X)


def test_dask_searches_over_a_pipeline_of_a_classifier(client, seed):
    X, sums = regression("list", seed)
    y = (sums > 0).astype(int)
    model = make_pipeline(
        TimeDistributed(StandardScaler()), GRUClassifier(max_iter=10, random_state=0)
    )
    grid = {"gruclassifier__hidden_layer_sizes": [4, 8], "gruclassifier__pooling": ["last", "max"]}
    local = search(model, grid, cv=N_FOLDS).fit(X, y)
    with parallel_config(backend="dask", scatter=[X, y]):
        found = search(model, grid, cv=N_FOLDS).fit(X, y)
    assert_same(found, local, X)


def count_received():
    """Count the bytes that reach this worker; an attribute of Dask's module holds their number."""
    from dask.sizeof import sizeof
    from distributed.comm import tcp

    original = tcp.from_frames

    async def from_frames(frames, *args, **options):
        tcp.n_received += sum(map(sizeof, frames))
        return await original(frames, *args, **options)

    tcp.n_received, tcp.from_frames = 0, from_frames


def stop_counting():
    from distributed.comm import tcp, utils

    tcp.from_frames = utils.from_frames
    return tcp.n_received


@contextmanager
def received(client):
    """Yield a list that afterwards has the bytes which each worker received."""
    client.run(count_received)
    numbers = []
    try:
        yield numbers
    finally:
        numbers.extend(client.run(stop_counting).values())


@pytest.mark.parametrize("form", FORMS)
def test_scattered_data_is_sent_once(client, form, seed):
    X, y = regression(form, seed, n_samples=600, n_features=80)
    folds = folds_of(X, seed)
    model = GRURegressor(2, max_iter=1, batch_size=200, random_state=0)
    rates = {"learning_rate_init": np.geomspace(1e-3, 1e-2, 6)}
    with (
        received(client) as numbers,
        parallel_config(backend="dask", scatter=everything(X, y, folds)),
    ):
        search(model, rates, cv=folds, refit=False).fit(X, y)
    assert len(numbers) == 2
    for number in numbers:
        assert n_bytes(X) < number < 1.2 * n_bytes(X)


@pytest.mark.parametrize("form", ["3-D array", "list"])
def test_search_on_dask_survives_a_killed_worker(client, form, tmp_path, seed):
    X, y = regression(form, seed)
    folds = folds_of(X, seed)
    before = set(client.run(os.getpid).values())
    local = search(cv=folds).fit(X, y)
    with parallel_config(backend="dask", scatter=everything(X, y, folds)):
        found = search(cv=folds, scoring=fatal_scorer(tmp_path / "calls", n_th=6)).fit(X, y)
    assert len(before - set(client.run(os.getpid).values())) == 1
    assert_same(found, local, X)


@pytest.fixture(scope="module")
def ray():
    """Two workers of Ray, started anew and their tasks repeated where they die."""
    ray = pytest.importorskip("ray")
    from ray.util.joblib import register_ray

    register_ray()
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    options = {"max_restarts": -1, "max_task_retries": -1}
    yield {"backend": "ray", "n_jobs": 2, "ray_remote_args": options}
    ray.shutdown()


@pytest.mark.parametrize("form", ["3-D array", "list"])
def test_ray_finds_the_numbers_of_a_local_search(ray, form, seed):
    X, y = regression(form, seed)
    local = search(cv=N_FOLDS).fit(X, y)
    with parallel_config(**ray):
        found = search(cv=N_FOLDS).fit(X, y)
    assert_same(found, local, X)


def test_search_on_ray_survives_a_killed_worker(ray, tmp_path, seed):
    X, y = regression("list", seed)
    local = search(cv=N_FOLDS).fit(X, y)
    calls = tmp_path / "calls"
    with parallel_config(**ray):
        found = search(cv=N_FOLDS, scoring=fatal_scorer(calls, n_th=6)).fit(X, y)
    assert calls.stat().st_size > 2 * N_FOLDS * len(GRID)  # more calls than fits: one was repeated
    assert_same(found, local, X)


N_EPOCHS = 15


def stream_model():
    return GRURegressor(
        hidden_layer_sizes=8,
        max_iter=N_EPOCHS,
        batch_size=25,
        learning_rate="constant",
        learning_rate_init=2e-2,
        random_state=0,
    )


def partial_fits(chunks):
    """Train a model for as many epochs as `fit` does; `chunks` returns a new iterator for each."""
    model = stream_model()
    for _ in range(N_EPOCHS):
        for X, y in chunks():
            model.partial_fit(X, y)
    return model


@pytest.fixture(scope="module")
def parts():
    """Training and test part of a problem that `fit` solves."""
    X, y = regression("3-D array", seed=0, n_samples=800)
    return X[:600], y[:600], X[600:], y[600:]


@pytest.fixture(scope="module")
def whole(parts):
    X, y, X_test, y_test = parts
    model = stream_model().fit(X, y)
    assert model.score(X_test, y_test) > 0.95
    return model


def test_partial_fit_over_chunks_of_dask_is_as_good_as_fit(parts, whole):
    dask = pytest.importorskip("dask")
    da = pytest.importorskip("dask.array")
    X, y, X_test, y_test = parts
    X, y = da.from_array(X, chunks=(150, -1, -1)), da.from_array(y, chunks=150)

    def chunks():
        for X_block, y_block in zip(X.blocks, y.blocks, strict=True):
            yield dask.compute(X_block, y_block, scheduler="synchronous")

    score = partial_fits(chunks).score(X_test, y_test)
    assert score == pytest.approx(whole.score(X_test, y_test), abs=0.02)


def test_partial_fit_over_parts_of_a_mapped_file_is_as_good_as_fit(parts, whole, tmp_path):
    X, y, X_test, y_test = parts
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")

    def chunks():
        for start in range(0, len(mapped), 150):
            yield mapped[start : start + 150], y[start : start + 150]

    score = partial_fits(chunks).score(X_test, y_test)
    assert score == pytest.approx(whole.score(X_test, y_test), abs=0.02)


def test_fit_on_a_mapped_file_is_fit_in_memory(parts, whole, tmp_path):
    X, y, X_test, _ = parts
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    np.testing.assert_array_equal(
        stream_model().fit(mapped, y).predict(X_test), whole.predict(X_test)
    )


def test_chunks_are_held_one_at_a_time():
    """Random numbers that are drawn chunk by chunk, 32 MB altogether."""
    dask = pytest.importorskip("dask")
    da = pytest.importorskip("dask.array")
    X = da.random.default_rng(0).standard_normal((20_000, 20, 10), chunks=(500, -1, -1))
    model = GRURegressor(2, batch_size=100, random_state=0).partial_fit(
        np.ones((9, 20, 10)), [0] * 9
    )
    tracemalloc.start()
    try:
        for block in X.blocks:
            (chunk,) = dask.compute(block, scheduler="synchronous")
            model.partial_fit(chunk, chunk[:, -1, 0])
        highest = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    chunk_bytes = X.nbytes / X.numblocks[0]
    assert chunk_bytes < highest < 4 * chunk_bytes
