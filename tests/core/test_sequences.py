"""One table of steps for every kind of input, without copies where possible."""

import numpy as np
import pytest

from skgru._core._batching import Packing, minibatches, pack
from skgru._core._sequences import SequenceBatch


def unpack(batch):
    return [batch.values[s : s + n] for s, n in zip(batch.starts, batch.lengths, strict=True)]


@pytest.mark.parametrize(
    "view",
    [
        lambda X: X,
        lambda X: X[::2],
        lambda X: X[:, 1:],
        lambda X: X[:, :, 1:],
        lambda X: X[:, ::2],
        lambda X: X[:1],
        lambda X: X[:, :1],
        lambda X: X[::-1],
        lambda X: X[:, ::-1],
        lambda X: X.transpose(1, 0, 2),
        lambda X: X.transpose(2, 1, 0),
        lambda X: np.asfortranarray(X),
        lambda X: np.broadcast_to(X[:1], X.shape),
        lambda X: np.lib.stride_tricks.sliding_window_view(X[0], 3, axis=0).transpose(0, 2, 1),
    ],
)
def test_dense_arrays_of_any_strides_are_read_right(view):
    X = view(np.arange(4 * 6 * 3.0).reshape(4, 6, 3))
    np.testing.assert_array_equal(unpack(SequenceBatch.from_dense(X)), X)


def test_windows_over_a_series_are_not_copied():
    series = np.arange(20.0).reshape(10, 2)
    windows = np.lib.stride_tricks.sliding_window_view(series, 4, axis=0).transpose(0, 2, 1)
    batch = SequenceBatch.from_dense(windows)
    assert np.shares_memory(batch.values, series)
    assert batch.values.shape == series.shape


def test_rows_leave_padding_out():
    X = np.arange(24.0).reshape(3, 4, 2)
    batch = SequenceBatch.from_dense(X, np.array([4, 2, 3]))
    np.testing.assert_array_equal(batch.rows(), np.concatenate([X[0], X[1, :2], X[2, :3]]))
    full = SequenceBatch.from_dense(X)
    assert np.shares_memory(full.rows(), X)


def test_packing_holds_each_step_of_each_sequence_once():
    lengths = np.array([7, 5, 5, 2, 1, 1])
    sequences = [np.arange(n)[:, None] + 10.0 * i for i, n in enumerate(lengths)]
    packing, inputs = pack(SequenceBatch.from_list(sequences))
    assert packing.runs == ((0, 1, 6), (1, 2, 4), (2, 5, 3), (5, 7, 1))
    steps = [step for run in inputs for step in run]
    assert len(steps) == packing.n_timesteps == 7
    for t, step in enumerate(steps):
        expected = [sequence[t, 0] for sequence in sequences if len(sequence) > t]
        np.testing.assert_array_equal(step, [expected])
    assert packing.n_cells == sum(lengths)


def test_equal_lengths_make_one_run():
    assert Packing(np.full(5, 9)).runs == ((0, 9, 5),)


def test_packed_sequences_have_rows_of_their_own_and_one_before_each():
    values = np.arange(20.0)[:, None]
    batch = SequenceBatch(values, np.array([12, 0, 3]), np.array([3, 2, 4]))
    packed = batch.packed()
    np.testing.assert_array_equal(np.concatenate(unpack(packed)), np.concatenate(unpack(batch)))
    assert len(packed.values) == 4 + 3 + 5
    np.testing.assert_array_equal(packed.values[packed.starts[[0, 2]] - 1], [[11.0], [2.0]])


def test_minibatches_cover_all_samples_once_and_are_shuffled():
    lengths = np.full(10, 7)
    batches = list(minibatches(lengths, 4, np.random.RandomState(0)))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    order = np.concatenate(batches)
    assert sorted(order) == list(range(10))
    assert list(order) != list(range(10))
    in_order = np.concatenate(list(minibatches(lengths, 4, None)))
    np.testing.assert_array_equal(in_order, np.arange(10))


def test_shuffled_minibatches_hold_few_different_lengths():
    rng = np.random.RandomState(0)
    lengths = rng.randint(5, 101, 1000)
    epochs = [list(minibatches(lengths, 32, rng)) for _ in range(2)]
    for batches in epochs:
        assert sorted(np.concatenate(batches)) == list(range(1000))
        assert [len(batch) for batch in batches] == [32] * 31 + [8]
        n_different = [len(np.unique(lengths[batch])) for batch in batches]
        assert np.mean(n_different) < 12  # at random 27
        # No batch has one length only, which would give it away to targets that depend on it.
        assert min(np.ptp(lengths[batch]) for batch in batches[:-1]) > 10
    first, second = ({frozenset(batch) for batch in batches} for batches in epochs)
    assert not first & second


@pytest.mark.parametrize(("n", "batch_size"), [(1, 5), (5, 1), (7, 3), (33, 32), (64, 200)])
def test_shuffled_minibatches_of_any_size(n, batch_size):
    rng = np.random.RandomState(0)
    batches = list(minibatches(rng.randint(1, 9, n), batch_size, rng))
    assert sorted(np.concatenate(batches)) == list(range(n))
    assert all(len(batch) == batch_size for batch in batches[:-1])


def test_minibatches_that_are_not_shuffled_keep_their_order_whatever_the_lengths():
    lengths = np.array([3, 9, 1, 9, 2])
    batches = [list(batch) for batch in minibatches(lengths, 2, None)]
    assert batches == [[0, 1], [2, 3], [4]]
