"""Tokens reach the recurrence as columns or as products with its weights: the same, to rounding."""

import numpy as np
import pytest

from skgru._core import _cell, _network
from skgru._core._losses import SquaredError
from tests.core.conftest import Case
from tests.reference import gru


def outcomes(monkeypatch, outcome, *, pooling="mean", **kind):
    """What ``outcome`` makes of a case without products and of one with them."""
    results = []
    for threshold, takes_products in (3, False), (2, True):
        monkeypatch.setattr(_cell, "MANY_DIMENSIONS", threshold)
        case = Case(
            lengths="ragged", loss=SquaredError(), n_outputs=2, n_tokens=6, pooling=pooling, **kind
        )
        cell = case.objective.network.layers.layers[0][0].cell
        assert cell.takes_products is takes_products
        results.append(outcome(case))
    return results


@pytest.mark.parametrize("pooling", gru.POOLINGS)
@pytest.mark.parametrize("n_at_a_time", [1, 2**22])
def test_predictions(monkeypatch, reset_after, bidirectional, pooling, n_at_a_time):
    monkeypatch.setattr(_network, "PREDICTION_SIZE", n_at_a_time)
    raw = outcomes(
        monkeypatch,
        lambda case: case.objective.network.predict(case.named, case.batch),
        sizes=(3, 2),
        bidirectional=bidirectional,
        reset_after=reset_after,
        pooling=pooling,
    )
    np.testing.assert_allclose(raw[1], raw[0], rtol=1e-12, atol=1e-14)


def test_gradient_of_the_vectors(monkeypatch, reset_after, bidirectional):
    def gradient(case):
        d_raw = np.random.RandomState(1).standard_normal((len(case.batch), 2))
        return case.objective.network.input_gradient(case.named, case.batch, d_raw)

    kind = {"sizes": (3, 2), "bidirectional": bidirectional, "reset_after": reset_after}
    without, with_products = outcomes(monkeypatch, gradient, **kind)
    np.testing.assert_allclose(with_products, without, rtol=1e-11, atol=1e-14)


def test_vectors_of_so_many_dimensions_take_products():
    """As far as the benchmarks go: see `_cell`."""
    for n_dimensions, takes_products in (_cell.MANY_DIMENSIONS - 1, False), (64, True):
        for cell_type in _cell.Cell.__subclasses__():
            cell = cell_type(n_dimensions, 5, reads_tokens=True)
            assert cell.takes_products is takes_products
            assert not cell_type(n_dimensions, 5).takes_products
