"""What training and prediction hold at a time: batches, not data sets.

NumPy reports what it allocates to tracemalloc.
"""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest
from sklearn.base import clone

from skgru import GRUClassifier, GRULanguageModel, GRURegressor, GRUSeq2Seq
from skgru._core import _encoder_decoder, _objective
from skgru._core._tape import Workspace

T, F = 40, 8


def peak_of(run):
    """Return the most bytes that ``run()`` held at a time beyond what there was."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def new_regressor(**options):
    options = {"batch_size": 32, "max_iter": 1, "random_state": 0, **options}
    return GRURegressor(8, **options)


@pytest.fixture
def mapped(tmp_path):
    """float32 sequences in a file, 20 MB of them, and targets."""
    n = 16_000
    path = tmp_path / "X.dat"
    rng = np.random.default_rng(0)
    rng.standard_normal((n, T, F), np.float32).tofile(path)
    return np.memmap(path, np.float32, "r", shape=(n, T, F)), rng.standard_normal(n, np.float32)


def test_a_mapped_file_is_not_copied(mapped):
    X, y = mapped
    small = new_regressor().fit(X[:64], y[:64])  # loads what is loaded once
    assert peak_of(lambda: new_regressor().fit(X, y)) < X.nbytes / 8
    # Prediction goes in chunks of a fixed size, of some 4000 of these sequences: what grows is the
    # lists of where each begins and ends.
    half = peak_of(lambda: small.predict(X[:8000]))
    assert peak_of(lambda: small.predict(X)) - half < X[8000:].nbytes / 8


@pytest.mark.parametrize("form", ["3-D", "table", "windows"])
def test_memory_of_a_fit_does_not_grow_with_the_number_of_sequences(form):
    rng = np.random.default_rng(0)
    series = rng.standard_normal((4000 + T, F), np.float32)
    X = np.lib.stride_tricks.sliding_window_view(series, T, axis=0)[:4000].transpose(0, 2, 1)
    if form == "3-D":
        X = np.ascontiguousarray(X)
    if form == "table":
        X = np.ascontiguousarray(X).reshape(4000, -1)
    y = rng.standard_normal(4000, np.float32)
    options = {"n_features_per_step": F, "early_stopping": False}
    peaks = [
        peak_of(lambda n=n: new_regressor(**options).fit(X[:n], y[:n])) for n in (64, 1000, 4000)
    ]
    per_sequence = (peaks[2] - peaks[1]) / 3000
    assert per_sequence < 100  # a target, a weight, a place in the order: no T x F x 4 = 1280


def test_memory_does_not_grow_from_fit_to_fit():
    rng = np.random.default_rng(0)
    X = [rng.standard_normal((n, 2)) for n in rng.integers(3, 30, 60)]
    y = rng.integers(0, 3, 60)

    def fit():
        GRUClassifier(4, batch_size=16, max_iter=2, random_state=0).fit(X, y).predict(X)

    for _ in range(3):
        fit()
    tracemalloc.start()
    try:
        fit()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(30):
            fit()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 50_000  # a batch of gates alone has 40 kB, 30 fits would leave 30


@pytest.mark.parametrize("estimator", [GRUClassifier(4), GRUClassifier(64, embedding_dim=64)])
def test_memory_of_training_and_prediction_is_freed_at_once(estimator, monkeypatch):
    """Not when Python next looks for cycles: it counts objects, of which these are few."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(1, 9, (40, 5, 1)), rng.integers(0, 2, 40)
    estimator = clone(estimator).set_params(max_iter=2, random_state=0)
    estimator.fit(X, y)  # imports what is imported once, which may collect cycles itself
    workspaces, init = [], Workspace.__init__

    def spy(workspace, *args, **kwargs):
        workspaces.append(weakref.ref(workspace))
        init(workspace, *args, **kwargs)

    monkeypatch.setattr(Workspace, "__init__", spy)
    gc.disable()
    try:
        estimator.fit(X, y).predict(X)
    finally:
        gc.enable()
    assert len(workspaces) >= 2
    assert not any(workspace() for workspace in workspaces)


def test_a_language_model_does_not_hold_all_probabilities_at_a_time(monkeypatch):
    """Neither in training nor in scoring, where a table of all steps and tokens would be 16 MB."""
    monkeypatch.setattr(_objective, "HEAD_SIZE", 2**16)
    X = [np.random.default_rng(0).permutation(2000).astype(np.float32) + 1]
    model = GRULanguageModel(
        4, embedding_dim=2, batch_size=8, bptt_steps=250, max_iter=1, random_state=0
    )
    whole = 2000 * 2000 * 4
    assert peak_of(lambda: model.fit(X)) < whole / 4
    assert peak_of(lambda: model.score(X)) < whole / 4


@pytest.mark.parametrize("method", ["log_likelihood", "attention_weights"])
def test_long_targets_of_short_sources_are_not_held_all_at_a_time(monkeypatch, method):
    X, y = np.ones((200, 1)), np.ones((200, 50))
    model = GRUSeq2Seq(8, embedding_dim=2, target_embedding_dim=2, max_iter=1, random_state=0)
    run = getattr(model.fit(X[:9], y[:9]), method)
    whole = peak_of(lambda: run(X, y))
    monkeypatch.setattr(_encoder_decoder, "PREDICTION_SIZE", 2**14)
    assert peak_of(lambda: run(X, y)) < whole / 4


def test_many_hypotheses_are_not_held_for_all_sources_at_a_time(monkeypatch):
    X, y = np.ones((200, 1)), np.arange(1.0, 201)[:, None]
    model = GRUSeq2Seq(64, embedding_dim=2, target_embedding_dim=2, max_iter=1, random_state=0)
    model.fit(X, y % 9 + 1).set_params(beam_width=50)
    whole = peak_of(lambda: model.predict(X))
    monkeypatch.setattr(_encoder_decoder, "PREDICTION_SIZE", 2**14)
    assert peak_of(lambda: model.predict(X)) < whole / 4
