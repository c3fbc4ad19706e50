"""One flat vector with named views, and its first values."""

import numpy as np

from skgru._core._layers import RecurrentLayers
from skgru._core._params import Entries, ParameterLayout, initialise


def test_views_share_memory_and_cover_the_vector_once():
    layout = ParameterLayout({"bias_a": (3,), "weight_a": (2, 3), "weight_b": (4, 1)})
    flat = np.zeros(layout.size)
    for view in layout.views(flat).values():
        view += 1
    np.testing.assert_array_equal(flat, np.ones(3 + 6 + 4))


def test_weights_come_before_biases():
    layout = ParameterLayout({"bias_a": (3,), "weight_a": (2, 3)})
    flat = np.zeros(layout.size)
    layout.views(flat)["bias_a"][...] = 1
    assert layout.n_weights == 6
    np.testing.assert_array_equal(flat, [0] * 6 + [1] * 3)


def test_first_values_do_not_depend_on_what_is_frozen():
    flats = {}
    for n_frozen in (0, 1):
        layers = RecurrentLayers(2, (4, 3), n_frozen=n_frozen)
        layout = ParameterLayout(layers.shapes, layers.frozen_names)
        flat = initialise(layout, np.random.RandomState(0), np.dtype(float), 20)
        flats[n_frozen] = layout.views(flat)
    assert list(flats[0]) != list(flats[1])
    for name, view in flats[0].items():
        np.testing.assert_array_equal(view, flats[1][name])


def test_recurrent_weights_start_orthogonal_and_biases_but_one_zero(rng):
    layers = RecurrentLayers(2, (5, 1), bidirectional=False, reset_after=True)
    layout = ParameterLayout(layers.shapes)
    views = layout.views(initialise(layout, rng, np.dtype(float), 20))
    for gate in np.split(views["weight_hh_l0"], 3):
        np.testing.assert_allclose(gate @ gate.T, np.eye(5), atol=1e-12)
    limit = np.sqrt(6 / (2 + 5))
    assert 0.5 * limit < np.abs(views["weight_ih_l0"]).max() < limit
    of_reset, of_update, of_candidate = np.split(views["bias_ih_l0"], 3)
    assert not any(view.any() for view in (of_reset, of_candidate, views["bias_hh_l0"]))
    keeps = 1 / (1 + np.exp(of_update))  # the share of the state that is carried over
    assert ((keeps >= 1 / 2) & (keeps <= 20 / 21)).all()
    np.testing.assert_array_equal(keeps > 1 / 2, [False, False, False, True, False])


def test_entries_are_taken_in_their_order():
    entries, flat = Entries(slice(0, 2), np.array([7, 4]), slice(8, 10)), np.arange(10.0)
    assert len(entries) == 6
    np.testing.assert_array_equal(entries.take(flat), [0, 1, 7, 4, 8, 9])
    assert [of_part for _, of_part in entries.parts(2)] == [slice(0, 2), slice(2, 4), slice(4, 6)]
    assert not list(Entries(slice(3, 3), np.empty(0, int)).parts(2))
    for longest in 1, 2, 3:
        pieces = list(entries.parts(longest))
        assert len(pieces) == (5 if longest == 1 else 3)
        for part, of_part in pieces:
            np.testing.assert_array_equal(flat[part], entries.take(flat)[of_part])
    for n in range(7):
        np.testing.assert_array_equal(entries.first(n).take(flat), entries.take(flat)[:n])
        assert len(entries.first(n)) == n
