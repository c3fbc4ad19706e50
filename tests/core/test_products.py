"""Products in blocks of rows: equal to those in one, and taken where BLAS is faster with them."""

from types import SimpleNamespace

import numpy as np
import pytest

from skgru._core import _blas, _products
from skgru._core._losses import SquaredError
from skgru._core._products import product_with
from skgru._core._tape import Workspace
from tests.core.conftest import Case


@pytest.fixture
def small_blocks(monkeypatch):
    """Divide every product, down to blocks of one row."""
    monkeypatch.setattr(_products, "is_fast_with_small_products", lambda: True)
    monkeypatch.setattr(_products, "SMALL_PRODUCT", 1)
    monkeypatch.setattr(_products, "_n_blocks", lambda n_rows, most_rows: n_rows)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("adds", [False, True])
def test_blocks_make_the_same_product(small_blocks, order, adds):
    rng = np.random.RandomState(0)
    kernel = np.asarray(rng.standard_normal((6, 5)), order=order)
    column = rng.standard_normal((9, 4))[2:7]
    gates = rng.standard_normal((3, 8, 4))
    before = gates.copy()
    place = gates[1, :6]  # of a tape's gates a product may fill a part
    assert is_divided(product_with(kernel, 4))
    product_with(kernel, 4, np.empty((7, 4)) if adds else None)(column, place)
    expected = kernel @ column + (before[1, :6] if adds else 0)
    np.testing.assert_allclose(place, expected, rtol=1e-14)
    gates[1, :6] = before[1, :6]
    np.testing.assert_array_equal(gates, before)


def test_a_network_computes_the_same_in_blocks(sizes, bidirectional, reset_after, lengths, request):
    case = Case(sizes, bidirectional, reset_after, lengths, SquaredError(), 2)
    expected = raw_and_gradient(case)
    request.getfixturevalue("small_blocks")
    for found, of_whole in zip(raw_and_gradient(case), expected, strict=True):
        np.testing.assert_allclose(found, of_whole, rtol=1e-12, atol=1e-12)


def raw_and_gradient(case):
    gradient = np.empty_like(case.params)
    workspace = Workspace(case.params.dtype)
    case.objective.loss_and_gradient(case.params, case.samples, gradient, workspace)
    return case.objective.predict_raw(case.params, case.batch), gradient


@pytest.mark.parametrize(
    ("n_rows", "most_rows", "n_blocks"),
    [
        (256, 120, 4),
        (256, 300, 1),
        (300, 120, 3),
        (768, 23, 48),  # of 16 rows
        (768, 15, None),
        (101, 100, None),  # a prime number of units
        (16, 16, 1),
    ],
)
def test_blocks_are_equal_and_as_few_as_can_be(n_rows, most_rows, n_blocks):
    assert _products._n_blocks(n_rows, most_rows) == n_blocks


@pytest.mark.parametrize("is_fast", [False, True])
def test_only_large_products_are_divided_and_where_that_is_fast(is_fast, monkeypatch):
    monkeypatch.setattr(_products, "is_fast_with_small_products", lambda: is_fast)
    kernel = np.ones((256, 128))
    assert is_divided(product_with(kernel, 64)) == is_fast
    assert not is_divided(product_with(kernel, 30))
    assert not is_divided(product_with(np.ones((512, 512)), 128))  # of 15 rows


@pytest.mark.parametrize(
    ("dtype", "n_active", "expected"),
    [
        (np.float32, 64, True),
        (np.float32, 72, False),
        (np.float64, 72, True),
        (np.float32, 12, True),
        (np.float32, 20, False),
    ],
)
def test_blocks_in_float32_want_whole_vectors(dtype, n_active, expected, monkeypatch):
    monkeypatch.setattr(_products, "is_fast_with_small_products", lambda: True)
    assert is_divided(product_with(np.ones((512, 256), dtype), n_active)) == expected


def is_divided(multiply):
    return multiply.__name__ != "dot"


@pytest.mark.parametrize(("n_active", "n_blocks"), [(100, 2), (101, 4)])
def test_a_block_is_as_large_as_a_small_product_may_be(n_active, n_blocks, monkeypatch):
    """OpenBLAS takes up to 10**6 multiplications for a small product: 100 * 100 * 100."""
    taken = []
    monkeypatch.setattr(_products, "is_fast_with_small_products", lambda: True)
    monkeypatch.setattr(np, "matmul", lambda a, b, out: taken.append(a.shape))
    product_with(np.ones((200, 100)), n_active)(np.ones((100, n_active)), np.ones((200, n_active)))
    assert taken == [(n_blocks, 200 // n_blocks, 100)]
    assert not is_divided(product_with(np.ones((100, 100)), 100))


@pytest.mark.parametrize(("reset_after", "n_kernels"), [(False, 6), (True, 3)])
def test_every_large_product_of_the_recurrence_is_divided(reset_after, n_kernels, monkeypatch):
    """Forward, backward and in prediction, two each or one, all in C order, as blocks want them."""
    kernels = []
    multiplication = _products._multiplication

    def spy(kernel, n_active):
        kernels.append(kernel)
        return multiplication(kernel, n_active)

    monkeypatch.setattr(_products, "_multiplication", spy)
    raw_and_gradient(Case((32,), False, reset_after, "equal", SquaredError(), 2))
    assert len(kernels) == n_kernels
    assert all(kernel.flags.c_contiguous for kernel in kernels)


@pytest.mark.parametrize(
    ("libraries", "expected"),
    [
        ([("openblas", "SkylakeX", 1)], True),
        ([("openblas", "SapphireRapids", 1), ("openblas", "SkylakeX", 1)], True),
        ([("openblas", "SkylakeX", 2)], False),
        ([("openblas", "SkylakeX", 1), ("openblas", "SkylakeX", 2)], False),
        ([("openblas", "Haswell", 1)], False),
        ([("openblas", "SkylakeX", 1), ("mkl", None, 1)], False),
        ([("blis", "SkylakeX", 1)], False),
        ([], False),
    ],
)
def test_which_blas_is_fast_with_small_products(libraries, expected, monkeypatch):
    names = "internal_api", "architecture", "num_threads"
    found = [SimpleNamespace(**dict(zip(names, one, strict=True))) for one in libraries]
    controller = SimpleNamespace(select=lambda user_api: SimpleNamespace(lib_controllers=found))
    monkeypatch.setattr(_blas, "controller", lambda: controller)
    _blas._libraries_with_small_kernels.cache_clear()
    try:
        assert _blas.is_fast_with_small_products() == expected
    finally:
        _blas._libraries_with_small_kernels.cache_clear()


def test_the_libraries_that_are_there_can_be_asked():
    known = _blas.controller().select(user_api="blas").info()
    expected = bool(known) and all(
        one.get("architecture") in _blas.WITH_SMALL_KERNELS and one["num_threads"] == 1
        for one in known
    )
    assert _blas.is_fast_with_small_products() == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_begins_with_a_line_of_the_cache(dtype):
    workspace = Workspace(np.dtype(dtype))
    for i, size in enumerate([2**12, 10**4, 10**5 + 1]):
        memory = workspace.empty(i, size)
        assert memory.shape == (size,)
        assert memory.ctypes.data % 64 == 0
    assert workspace.empty("small", 3).shape == (3,)
