"""Every form of X that is accepted reads as the same sequences; the others are refused by name."""

import warnings
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.model_selection import KFold, cross_val_score

from skgru import GRUClassifier, GRURegressor

FAST = {"hidden_layer_sizes": 4, "max_iter": 3, "random_state": 0}


@pytest.fixture
def data(rng):
    """Twelve sequences of 5 steps with 2 features."""
    return rng.standard_normal((12, 5, 2)), rng.standard_normal(12)


FORMS = {
    "3-D": lambda X: X,
    "3-D Fortran": np.asfortranarray,
    "3-D nested lists": lambda X: X.tolist(),
    "flat": lambda X: X.reshape(len(X), -1),
    "flat nested lists": lambda X: X.reshape(len(X), -1).tolist(),
    "flat DataFrame": lambda X: pd.DataFrame(X.reshape(len(X), -1)),
    "flat objects": lambda X: X.reshape(len(X), -1).astype(object),
    "list": list,
    "tuple": tuple,
    "list of flat arrays": lambda X: [x.ravel() for x in X],
    "list of lists of arrays": lambda X: [list(x) for x in X],
    "object array": lambda X: object_array(list(X)),
    "padded with NaN": lambda X: np.concatenate([X, np.full((len(X), 3, 2), np.nan)], axis=1),
}


def object_array(items):
    result = np.empty(len(items), dtype=object)
    result[:] = items
    return result


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_the_same_data_give_the_same_bits(data, form):
    X, y = data
    expected = GRURegressor(**FAST).fit(X, y)
    model = GRURegressor(n_features_per_step=2, **FAST).fit(FORMS[form](X), y)
    np.testing.assert_array_equal(model.predict(FORMS[form](X)), expected.predict(X))
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    assert np.ptp(expected.predict(X)) > 0


RAGGED_FORMS = {
    "list": lambda X: X,
    "list of lists": lambda X: [x.tolist() for x in X],
    "object array": object_array,
    "padded with NaN": lambda X: padded(X),
}


def padded(X):
    result = np.full((len(X), max(map(len, X)), X[0].shape[1]), np.nan)
    for i, x in enumerate(X):
        result[i, : len(x)] = x
    return result


@pytest.mark.parametrize("form", RAGGED_FORMS)
def test_ragged_forms_give_the_same_bits(ragged, form):
    X, y = ragged
    expected = GRURegressor(**FAST).fit(X, y)
    model = GRURegressor(**FAST).fit(RAGGED_FORMS[form](X), y)
    np.testing.assert_array_equal(model.predict(RAGGED_FORMS[form](X)), expected.predict(X))
    np.testing.assert_allclose(
        expected.predict(X), [expected.predict([x])[0] for x in X], rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize(
    ("given", "computed"),
    [("float64", "float64"), ("float32", "float32"), ("float16", "float64"), ("int32", "float64")],
)
def test_floating_point_type(data, given, computed):
    X, y = (10 * data[0]).astype(given), data[1]
    model = GRURegressor(**FAST).fit(X, y)
    assert all(weight.dtype == computed for weight in model.weights_.values())
    assert model.predict(X).dtype == computed
    assert model.predict(X.astype("float64")).dtype == computed
    model = GRURegressor(**FAST).fit(list(X), y)
    assert model.predict(list(X)).dtype == computed


def test_number_of_features(data):
    X, y = data
    assert GRURegressor(**FAST).fit(X, y).n_features_in_ == 2
    assert GRURegressor(**FAST).fit(list(X), y).n_features_in_ == 2
    assert (
        GRURegressor(n_features_per_step=2, **FAST).fit(X.reshape(12, -1), y).n_features_in_ == 10
    )


def test_feature_names_of_a_table(data):
    X, y = data
    table = pd.DataFrame(X[:, :, 0], columns=list("abcde"))
    model = GRURegressor(**FAST).fit(table, y)
    assert list(model.feature_names_in_) == list("abcde")
    with pytest.raises(ValueError, match="feature names"):
        model.predict(table[list("edcba")])
    model.fit(X, y)
    assert not hasattr(model, "feature_names_in_")


def test_other_numbers_of_steps_in_predict(data, rng):
    X, y = data
    model = GRURegressor(**FAST).fit(X, y)
    longer = rng.standard_normal((4, 9, 2))
    expected = model.predict(longer)
    assert expected.shape == (4,)
    np.testing.assert_array_equal(model.predict(longer.reshape(4, -1)), expected)


def test_table_of_other_width_is_refused_after_a_table(data):
    X, y = data
    model = GRURegressor(**FAST).fit(X[:, :, 0], y)
    with pytest.raises(ValueError, match="X has 4 features, but GRURegressor is expecting 5"):
        model.predict(X[:, :4, 0])


def with_value(X, position, value):
    X = np.array(X, dtype=complex if isinstance(value, complex) else float)
    X[position] = value
    return X


def strings(X):
    X = X.astype(object)
    X[3, 1, 0] = "high"
    return X


BAD_X = {
    "NaN inside": (
        lambda X: with_value(X, (3, 1, 0), np.nan),
        "contains NaN at sample 3, step 1, feature 0.*Impute",
    ),
    "NaN in one feature of the tail": (
        lambda X: with_value(X, (3, 4, 1), np.nan),
        "contains NaN at sample 3, step 4, feature 1",
    ),
    "NaN before a padded tail": (
        lambda X: with_value(with_value(X, (3, 4), np.nan), (3, 0), np.nan),
        "contains NaN at sample 3, step 0, feature 0",
    ),
    "inf": (
        lambda X: with_value(X, (3, 4, 1), np.inf),
        "contains infinity at sample 3, step 4, feature 1",
    ),
    "infinite tail": (
        lambda X: with_value(X, (3, 4), -np.inf),
        "contains infinity at sample 3, step 4, feature 0",
    ),
    "NaN in a table": (
        lambda X: with_value(X, (3, 1, 1), np.nan).reshape(12, -1),
        "contains NaN at sample 3, step 1, feature 1",
    ),
    "NaN in a list": (
        lambda X: [*X[:3], with_value(X[3], (1, 1), np.nan), *X[4:]],
        "contains NaN at sample 3, step 1, feature 1",
    ),
    "all padding": (lambda X: with_value(X, 3, np.nan), "Sequence 3 of X is empty"),
    "empty sequence": (lambda X: [*X[:3], X[3, :0], *X[4:]], "Sequence 3 of X is empty"),
    "no samples": (lambda X: X[:0], "no axis may be empty"),
    "no steps": (lambda X: X[:, :0], "no axis may be empty"),
    "empty list": (lambda X: [], "Found 0 sequences in X"),
    "numbers as text": (
        lambda X: X.reshape(12, -1).astype(str),
        "X holds the string .* at sample 0, step 0, feature 0",
    ),
    "numbers as text in a list": (
        lambda X: [*X[:3], X[3].astype(str), *X[4:]],
        "X holds the string .* at sample 3, step 0, feature 0",
    ),
    "features that differ": (
        lambda X: [*X[:3], X[3, :, :1], *X[4:]],
        "Sequence 3 of X has 1 features per step, but sequence 0 has 2",
    ),
    "steps that differ": (
        lambda X: [*X[:3].tolist(), [[1.0, 2.0], [3.0]], *X[4:].tolist()],
        "steps of sequence 3 of X have different numbers of features",
    ),
    "columns that do not divide": (
        lambda X: X.reshape(12, -1)[:, :9],
        "X has 9 columns, which cannot be cut into steps of 2 features",
    ),
    "values that do not divide": (
        lambda X: [x.ravel()[:9] for x in X],
        "Sequence 0 of X has 9 values, which cannot be cut into steps of 2 features",
    ),
    "strings": (strings, "string 'high' at sample 3, step 1, feature 0.*Encode"),
    "strings in a table": (
        lambda X: strings(X).reshape(12, -1),
        "string 'high' at sample 3, step 1, feature 0.*Encode",
    ),
    "strings in a list": (
        lambda X: list(strings(X)),
        "string 'high' at sample 3, step 1, feature 0.*Encode",
    ),
    "complex": (lambda X: X + 1j, "Complex data not supported: .*two features"),
    "complex table": (lambda X: X.reshape(12, -1) + 1j, "Complex data not supported"),
    "complex in a list": (lambda X: list(X + 1j), "Complex data not supported"),
    "1-D": (lambda X: X[0, :, 0], "Reshape your data"),
    "one sequence for a list": (lambda X: object_array([1.0, 2.0]), "Reshape your data"),
    "4-D": (lambda X: X[None], "X has 4 dimensions; expected 3"),
    "4-D in a list": (lambda X: [X, X], "Sequence 0 of X has 3 dimensions"),
    "a number": (lambda X: 3.0, "X has 0 dimensions"),
    "nothing": (lambda X: None, "X has 0 dimensions"),
    "no rows in a table": (lambda X: np.zeros((0, 10)), "minimum of 1 is required"),
    "no columns": (lambda X: np.zeros((12, 0)), "minimum of 1 is required"),
}


@pytest.mark.parametrize("kind", BAD_X)
@pytest.mark.parametrize("estimator", [GRURegressor, GRUClassifier])
def test_bad_X_is_refused_by_name_and_leaves_the_fit_as_it_was(data, kind, estimator):
    X, y = data
    y = (y > 0).astype(int)
    make_bad, message = BAD_X[kind]
    model = estimator(n_features_per_step=2, **FAST).fit(X, y)
    before = model.predict(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=f"(?s){message}"):
            model.fit(make_bad(X), y)
        np.testing.assert_array_equal(model.predict(X), before)
        with pytest.raises(ValueError, match=f"(?s){message}"):
            model.predict(make_bad(X))


def test_sparse_X_is_refused(data):
    X, y = data
    with pytest.raises(TypeError, match=r"Sparse data was passed for X.*toarray"):
        GRURegressor(**FAST).fit(sparse.csr_array(X[:, :, 0]), y)


@pytest.mark.parametrize(
    ("make_bad", "message"),
    [
        (lambda X: [*X[:3], sparse.csr_array(X[3]), *X[4:]], "Sequence 3 of X is sparse"),
        (lambda X: X.astype("M8[s]"), "X holds dates"),
        (lambda X: pd.DataFrame({"a": pd.date_range("2020", periods=12), "b": 1.0}), "dates"),
        (lambda X: np.ma.masked_less(X, 0), "X is a masked array"),
    ],
)
def test_what_is_no_number_is_refused(data, make_bad, message):
    X, y = data
    with pytest.raises(TypeError, match=message):
        GRURegressor(n_features_per_step=2, **FAST).fit(make_bad(X), y)


def test_lists_of_lists_may_have_any_lengths():
    """Where all of a fold happened to have one length, it was read as a table of that width."""
    X = [[1.0, 2.0, 3.0], [2.0, 3.0, 4.0], [4.0, 5.0, 6.0], [1.0, 2.0], [3.0, 4.0], [1.0, 3.0]]
    model = GRURegressor(**FAST).fit(X[:3], range(3))
    assert model.n_features_in_ == 3  # as in a table
    together = model.predict(X)
    for part in (X[:3], X[3:]):
        np.testing.assert_allclose(model.predict(part), together[X.index(part[0]) :][:3], 1e-12)
    for options in ({}, {"embedding_dim": 2}):
        scores = cross_val_score(GRURegressor(**FAST, **options), X, range(6), cv=KFold(2))
        assert np.isfinite(scores).all()


def test_a_series_of_arrays(ragged):
    X, y = ragged
    model = GRURegressor(**FAST).fit(pd.Series(X), y)
    np.testing.assert_array_equal(model.predict(pd.Series(X)), model.predict(X))


def test_another_number_of_features_in_predict(data):
    X, y = data
    model = GRURegressor(**FAST).fit(X, y)
    for bad in (X[:, :, :1], list(X[:, :, :1])):
        with pytest.raises(ValueError, match=r"X has 1 features per step, but .* fitted with 2"):
            model.predict(bad)
    with pytest.raises(ValueError, match="9 columns, which cannot be cut into steps of 2"):
        model.predict(X.reshape(12, -1)[:, :9])


def test_memory_mapped_and_read_only_input(data, tmp_path):
    X, y = data
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    expected = GRURegressor(**FAST).fit(X, y).predict(X)
    np.testing.assert_array_equal(GRURegressor(**FAST).fit(mapped, y).predict(mapped), expected)


def test_input_is_not_changed(data):
    X, y = data
    weights = np.arange(1.0, len(y) + 1)
    copies = X.copy(), y.copy(), weights.copy()
    for early_stopping in (False, True):
        model = GRURegressor(early_stopping=early_stopping, validation_fraction=0.3, **FAST)
        model.fit(X, y, weights).predict(X)
    for given, copy in zip((X, y, weights), copies, strict=True):
        np.testing.assert_array_equal(given, copy)


def test_huge_finite_values_are_not_mistaken_for_infinity(data):
    """Their sum overflows, but each of them is finite."""
    X, y = data
    X = (X / np.abs(X)).astype(np.float32) * np.float32(3e38)
    assert np.isfinite(GRURegressor(**FAST).fit(X, y).predict(X)).all()


def test_masks_and_dates_of_ragged_sequences_are_not_lost():
    """What was masked counted as if it were not; of dates beside numbers the error was NumPy's."""
    X = [np.ones((3, 1)), np.ma.masked_array([[1.0], [2.0]], [[False], [True]])]
    with pytest.raises(TypeError, match="Sequence 1 of X is a masked array"):
        GRURegressor(**FAST).fit(X, [0, 1])
    table = pd.DataFrame({"a": [1.0, 2.0], "b": pd.date_range("2020", periods=2)})
    with pytest.raises(TypeError, match="X holds dates"):
        GRURegressor(**FAST).fit([table, table], [0, 1])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_names_of_a_list_of_tables(library):
    """Columns in another order were taken as they came."""
    frame = pytest.importorskip(library).DataFrame
    rng = np.random.RandomState(0)
    X = [frame({"rain": rng.rand(n), "wind": rng.rand(n)}) for n in (3, 2, 4)]
    model = GRURegressor(**FAST).fit(X, [0, 1, 2])
    assert model.feature_names_in_.tolist() == ["rain", "wind"]
    assert model.n_features_in_ == 2
    arrays = [np.asarray(x) for x in X]
    np.testing.assert_array_equal(model.predict(arrays), model.predict(X))
    with pytest.raises(ValueError, match=r"names should match .*\['wind', 'rain'\], but they were"):
        model.predict([x[["wind", "rain"]] for x in X])
    with pytest.raises(ValueError, match=r"Sequence 2 of X has the columns \['wind', 'rain'\]"):
        model.fit([*X[:2], X[2][["wind", "rain"]]], [0, 1, 2])
    assert not hasattr(model.fit(arrays, [0, 1, 2]), "feature_names_in_")
    assert not hasattr(model.fit([X[0], arrays[1]], [0, 1]), "feature_names_in_")
    model.predict([x[["wind", "rain"]] for x in X])


def test_tables_of_polars():
    pl = pytest.importorskip("polars")
    X = np.random.RandomState(0).standard_normal((10, 4))
    table = pl.DataFrame(X, schema=["a", "b", "c", "d"])
    model = GRURegressor(**FAST).fit(table, X[:, 0])
    expected = GRURegressor(**FAST).fit(X, X[:, 0]).predict(X)
    np.testing.assert_array_equal(model.predict(table), expected)
    for column, error, match in (
        (["x"] * 10, ValueError, "holds the string 'x' at sample 0"),
        ([date(2020, 1, 1)] * 10, TypeError, "holds dates"),
    ):
        with pytest.raises(error, match=match):
            GRURegressor(**FAST).fit(table.with_columns(pl.Series("a", column)), X[:, 0])
