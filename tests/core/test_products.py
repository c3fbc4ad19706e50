"""Products in blocks of rows: equal to those in one, and taken where BLAS is faster with them."""

from types import SimpleNamespace

import numpy as np
import pytest

from skgru._core import _blas, _cell, _products
from skgru._core._batching import Packing, Tokens
from skgru._core._losses import SquaredError
from skgru._core._products import KernelGradient, for_planes, product_with
from skgru._core._tape import Workspace
from tests.core.conftest import Case


@pytest.fixture
def small_blocks(monkeypatch):
    """Divide every product, down to blocks of one row."""
    monkeypatch.setattr(_products, "is_fast_with_small_products", lambda: True)
    monkeypatch.setattr(_products, "SMALL_PRODUCT", 1)
    monkeypatch.setattr(_products, "_n_blocks", lambda n_rows, most_rows, least_rows: n_rows)


@pytest.mark.parametrize("order", ["C", "F"])
def test_blocks_make_the_same_product(small_blocks, order):
    rng = np.random.RandomState(0)
    kernel = np.asarray(rng.standard_normal((6, 5)), order=order)
    column = rng.standard_normal((9, 4))[2:7]
    gates = rng.standard_normal((3, 8, 4))
    before = gates.copy()
    place = gates[1, :6]  # of a tape's gates a product may fill a part
    assert is_divided(product_with(kernel, 4))
    product_with(kernel, 4)(column, place)
    np.testing.assert_allclose(place, kernel @ column, rtol=1e-14)
    gates[1, :6] = before[1, :6]
    np.testing.assert_array_equal(gates, before)


@pytest.mark.parametrize("n_blocks", [1, 3, 6])
@pytest.mark.parametrize(("n_planes", "n_terms"), [(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)])
def test_planes_are_multiplied_as_rows_are(n_planes, n_terms, n_blocks, monkeypatch):
    """Products of all sequences of a packing, and of those that are left in a later run."""
    rng = np.random.RandomState(0)
    monkeypatch.setattr(_products, "is_fast_with_small_products", lambda: n_blocks > 1)
    monkeypatch.setattr(_products, "_n_blocks", lambda n_rows, most_rows, least_rows: n_blocks)
    kernel = rng.standard_normal((n_planes * 6, n_terms * 6))
    arranged = for_planes(kernel, 6, 4, np.empty(kernel.size))
    assert arranged.shape == (n_terms, n_planes, n_blocks, 6, 6 // n_blocks)
    for n_active in 4, 3:
        column = rng.standard_normal((n_terms, n_active, 6)).swapaxes(1, 2)
        gates = np.full((5, 2, n_active, 6), np.nan)  # planes of the steps of a tape
        place = gates[:n_planes, 1].swapaxes(1, 2)
        of_one = column[0] if n_terms == 1 else column
        product_with(arranged, n_active)(of_one, place[0] if n_planes == 1 else place)
        expected = kernel @ column.reshape(n_terms * 6, n_active)
        np.testing.assert_allclose(place.reshape(-1, n_active), expected, rtol=1e-13)
        assert np.isnan(gates[:, 0]).all()
        assert np.isnan(gates[n_planes:]).all()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("is_fast", [False, True])
def test_sums_over_planes_are_those_over_rows(reverse, is_fast, monkeypatch):
    rng = np.random.RandomState(0)
    taken = []
    monkeypatch.setattr(_products, "is_fast_with_small_products", lambda: is_fast)
    multiply = np.matmul
    monkeypatch.setattr(
        np, "matmul", lambda a, *others: taken.append(a.shape) or multiply(a, *others)
    )
    sums = KernelGradient(Workspace(np.dtype(float)))
    packing = Packing(np.full(5, 8))
    gates, columns = (packing.planes(rng.standard_normal((k, 40, 64)))[0] for k in (3, 2))
    if reverse:
        gates, columns = gates[::-1], columns[::-1]
    for block in slice(0, 5), slice(5, 8):
        of_gates, of_columns = (sums.wide("", planes[block]) for planes in (gates, columns))
        assert np.shares_memory(of_gates, gates)
        sums.add("one", of_gates[:2], of_columns[1])
    expected = np.einsum("tghn,tkn->ghk", gates[:, :2], columns[:, 1])
    np.testing.assert_allclose(sums["one"], expected, rtol=1e-12, atol=1e-13)
    assert all((len(shape) == 5) == is_fast for shape in taken)


@pytest.mark.parametrize(
    ("n_units", "n_columns", "expected"),
    [
        (256, 240, (2, 4, 1, 64, 240)),
        (256, 256, (2, 8, 1, 32, 256)),  # 64 x 64 x 256 is more than 10**6
        (256, 512, None),  # of 16 units
        (100, 240, (2, 2, 1, 50, 240)),
        (101, 240, None),
    ],
)
def test_blocks_of_sums_are_small_products(n_units, n_columns, expected, monkeypatch):
    taken = []
    monkeypatch.setattr(_products, "is_fast_with_small_products", lambda: True)
    monkeypatch.setattr(np, "matmul", lambda a, b, out: taken.append(a.shape))
    sums = KernelGradient(Workspace(np.dtype(float)))
    sums.add("one", np.ones((2, n_units, n_columns)), np.ones((n_units, n_columns)))
    assert taken == [expected or (2, n_units, n_columns)]


@pytest.mark.parametrize(
    ("n_units", "n_sequences", "n_blocks"),
    [
        (256, 16, 4),
        (256, 61, 4),
        (256, 62, 8),
        (256, 200, 1),
        (128, 64, 2),
        (100, 32, 2),
        (101, 9, 1),
    ],
)
def test_blocks_of_planes_are_small_products(n_units, n_sequences, n_blocks, monkeypatch):
    monkeypatch.setattr(_products, "is_fast_with_small_products", lambda: True)
    kernel = np.ones((2 * n_units, n_units), np.float32)
    arguments = kernel, n_units, n_sequences, np.empty_like(kernel)
    assert for_planes(*arguments).shape[2] == n_blocks
    monkeypatch.setattr(_products, "is_fast_with_small_products", lambda: False)
    assert for_planes(*arguments).shape[2] == 1


@pytest.mark.parametrize("cell_type", _cell.Cell.__subclasses__())
def test_kernels_of_planes_are_aligned_and_keep_their_memory(cell_type, monkeypatch):
    monkeypatch.setattr(_products, "is_fast_with_small_products", lambda: True)
    kernels = []
    monkeypatch.setattr(
        _cell, "product_with", lambda *args: kernels.append(args[0]) or product_with(*args)
    )
    n_units, n_sequences, workspace = 128, 200, Workspace(np.dtype(np.float32))
    cell = cell_type(64, n_units, reads_tokens=True)
    shapes = (3 * n_units, 64), (3 * n_units, n_units), (3 * n_units,), (n_units,)
    weights = _cell.CellWeights(*(np.full(shape, 0.01, np.float32) for shape in shapes))
    gradient = _cell.CellWeights(*map(np.empty_like, weights))
    tape = cell.tape(workspace, "", Packing(np.full(n_sequences, 2)), reverse=False)
    tokens = Tokens(np.ones((1, 64), np.float32), [np.zeros((2, n_sequences), int)])
    for _ in range(2):
        cell.load_tokens(weights, tape, tokens, None, None)
        d_final = np.ones_like(cell.forward(weights, tape, workspace))
        cell.backward(weights, tape, d_final, None, gradient, workspace)
    addresses = [kernel.ctypes.data for kernel in kernels]
    first, second = np.split(np.array(addresses), 2)
    np.testing.assert_array_equal(first, second)
    assert not (first % 64).any()
    # 4 blocks of 32 units, so that a product with 200 sequences is a small one.
    assert {kernel.shape[2:] for kernel in kernels} == {(4, 128, 32)}


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
    assert _products._n_blocks(n_rows, most_rows, 16) == n_blocks


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


@pytest.mark.parametrize(("reset_after", "n_kernels"), [(False, 6), (True, 5)])
def test_every_large_product_of_the_recurrence_is_divided(reset_after, n_kernels, monkeypatch):
    """Forward, backward and in prediction, each in C order, as blocks want them."""
    kernels = []

    def spy(kernel, n_active):
        kernels.append(kernel)
        return product_with(kernel, n_active)

    monkeypatch.setattr(_cell, "product_with", spy)
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
