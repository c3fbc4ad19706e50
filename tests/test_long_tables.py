"""A long table becomes what pandas' groupby says, and comes back as it was."""

import datetime
import sys

import numpy as np
import pandas as pd
import pytest

from skgru import GRUClassifier, GRURegressor
from skgru.preprocessing import from_long, pad_sequences, to_long

NAMES = {"id": "patient", "time": "day", "columns": ["pulse", "heat"]}


@pytest.fixture(params=["pandas", "polars"])
def library(request):
    return pytest.importorskip(request.param)


def table(rng, n_sequences=12):
    """Rows in any order, ids in no order, a label per patient and a score per row."""
    lengths = rng.randint(1, 6, n_sequences)
    sequence = np.repeat(np.arange(n_sequences), lengths)
    n_rows = len(sequence)
    columns = {
        "patient": np.array([f"p{(7 * i) % n_sequences}" for i in sequence]),
        "day": np.concatenate([rng.permutation(length) for length in lengths]),
        "pulse": rng.standard_normal(n_rows),
        "heat": rng.standard_normal(n_rows),
        "ill": sequence % 2 == 0,
        "score": rng.standard_normal(n_rows),
    }
    rows = rng.permutation(n_rows)
    return {name: values[rows] for name, values in columns.items()}


def frame(library, columns):
    return library.DataFrame({name: list(values) for name, values in columns.items()})


class TestFromLong:
    def test_sequences_are_those_of_groupby(self, rng, library):
        columns = table(rng)
        X, y, ids, times = from_long(frame(library, columns), **NAMES, target="ill")
        groups = pd.DataFrame(columns).groupby("patient", sort=False)
        assert list(ids) == list(groups.groups) == list(pd.unique(columns["patient"]))
        assert len(X) == len(y) == len(times) == 12
        for i, (_, rows) in enumerate(groups):
            rows = rows.sort_values("day")
            np.testing.assert_array_equal(X[i], rows[["pulse", "heat"]])
            np.testing.assert_array_equal(times[i], rows["day"])
            assert y[i] == rows["ill"].iloc[0]
        assert y.dtype == bool

    def test_several_targets_and_targets_of_steps(self, rng, library):
        columns = table(rng)
        columns["kind"] = np.where(columns["ill"], "flu", "none")
        df = frame(library, columns)
        groups = pd.DataFrame(columns).groupby("patient", sort=False)
        y = from_long(df, **NAMES, target=["ill", "kind"]).y
        np.testing.assert_array_equal(y, groups[["ill", "kind"]].first().to_numpy())
        assert from_long(df, **NAMES, target=["ill"]).y.shape == (12, 1)
        y = from_long(df, **NAMES, target="score", target_per_step=True).y
        both = from_long(df, **NAMES, target=["score", "ill"], target_per_step=True).y
        for i, (_, rows) in enumerate(groups):
            rows = rows.sort_values("day")
            np.testing.assert_array_equal(y[i], rows["score"])
            np.testing.assert_array_equal(both[i], rows[["score", "ill"]].to_numpy(float))

    def test_equal_times_and_no_time_keep_the_order_of_rows(self, library):
        columns = {"id": [1, 2, 1, 2, 1], "t": [0, 1, 0, 0, 0], "x": [1.0, 2, 3, 4, 5]}
        X = from_long(frame(library, columns), id="id", time="t", columns="x").X
        np.testing.assert_array_equal(X[0], [[1], [3], [5]])
        np.testing.assert_array_equal(X[1], [[4], [2]])
        X, y, ids, times = from_long(frame(library, columns), id="id", columns="x")
        np.testing.assert_array_equal(X[1], [[2], [4]])
        assert y is None
        assert times is None
        assert list(ids) == [1, 2]

    def test_the_order_of_many_rows_is_kept(self, rng, library):
        sequence = rng.randint(0, 2, 1000)
        df = frame(library, {"id": sequence, "x": np.arange(1000.0)})
        X, _, ids, _ = from_long(df, id="id", columns="x")
        for x, one in zip(X, ids, strict=True):
            np.testing.assert_array_equal(x[:, 0], np.flatnonzero(sequence == one))

    def test_dates_order_the_steps(self, library):
        days = [datetime.datetime(2024, month, 1) for month in (11, 2, 9)]
        df = frame(library, {"id": [1, 1, 1], "t": days, "x": [3.0, 1.0, 2.0]})
        X, _, _, times = from_long(df, id="id", time="t", columns="x")
        np.testing.assert_array_equal(X[0], [[1], [2], [3]])
        assert [day.astype("M8[M]").item().month for day in times[0]] == [2, 9, 11]

    def test_ordered_categories_and_time_zones_order_the_steps(self):
        months = pd.Categorical(["Jan", "Apr", "Feb"], ["Jan", "Feb", "Apr"], ordered=True)
        zoned = pd.to_datetime(["2024-01-01", "2024-04-01", "2024-02-01"]).tz_localize("UTC")
        for times in (months, zoned):
            df = pd.DataFrame({"id": 1, "t": times, "x": [1.0, 3.0, 2.0]})
            X = from_long(df, id="id", time="t", columns="x").X
            np.testing.assert_array_equal(X[0], [[1], [2], [3]])

    def test_types(self, rng):
        columns = pd.DataFrame(table(rng))
        single = columns.astype({"pulse": "f4", "heat": "f4"})
        assert from_long(single, **NAMES).X[0].dtype == np.float32
        mixed = columns.astype({"pulse": "f4"})
        assert from_long(mixed, **NAMES).X[0].dtype == np.float64
        whole = columns.assign(pulse=range(len(columns)), heat=True)
        assert from_long(whole, **NAMES).X[0].dtype == np.float64

    def test_missing_values_become_nan(self, library):
        columns = {"id": [1, 1, 2], "x": [1, None, 3], "y": [None, None, 5]}
        X, y, _, _ = from_long(frame(library, columns), id="id", columns="x", target="y")
        np.testing.assert_array_equal(X[0], [[1], [np.nan]])
        np.testing.assert_array_equal(y, [np.nan, 5])
        columns = {"id": [1, 1, 2], "x": [1.0, np.nan, 3], "y": [np.nan, np.nan, 5]}
        X, y, _, _ = from_long(frame(library, columns), id="id", columns="x", target="y")
        np.testing.assert_array_equal(X[0], [[1], [np.nan]])
        np.testing.assert_array_equal(y, [np.nan, 5])

    def test_nullable_numbers_of_pandas(self):
        df = pd.DataFrame({"id": [1, 1, 2], "x": [1, None, 3], "y": [4, 4, 5]}).astype("Int64")
        df["kind"] = pd.array([True, True, False], dtype="boolean")
        X, y, ids, _ = from_long(df, id="id", columns="x", target="y")
        np.testing.assert_array_equal(X[0], [[1], [np.nan]])
        assert y.dtype == ids.dtype == np.int64
        assert from_long(df, id="id", columns="x", target="kind").y.dtype == bool

    def test_estimators_take_what_comes_out(self, rng):
        df = pd.DataFrame(table(rng))
        X, y, _, _ = from_long(df, **NAMES, target="ill")
        assert GRUClassifier(4, max_iter=1).fit(X, y).predict(X).shape == (12,)
        X, y, _, _ = from_long(df, **NAMES, target="score", target_per_step=True)
        model = GRURegressor(4, max_iter=1, return_sequences=True).fit(X, y)
        assert [len(one) for one in model.predict(X)] == [len(x) for x in X]

    @pytest.mark.parametrize(
        ("change", "options", "message"),
        [
            ({}, {"id": "Patient"}, "id='Patient' is no column of df. It has .'patient', 'day'"),
            ({}, {"id": ["patient", "day"]}, r"id must be the name of one column. .*join"),
            ({}, {"id": None}, r"id=None is no column of df. It has"),
            ({}, {"time": "hour"}, "time='hour' is no column"),
            ({}, {"time": ["day", "heat"]}, "time must be the name of one column"),
            ({}, {"columns": ["pulse", "x"]}, "columns='x' is no column"),
            ({}, {"columns": []}, "columns is empty"),
            ({}, {"columns": ["heat", "heat"]}, "columns='heat': columns has this column more"),
            ({}, {"target": "dead"}, "target='dead' is no column"),
            (
                {},
                {"target": "score"},
                "Target 'score' is not constant where 'patient' is 'b'",
            ),
            ({"patient": ["b", None, "b"]}, {}, "id column 'patient' is missing in row 1"),
            ({"day": [1.0, None, 3.0]}, {}, "time column 'day' is missing in row 1.* is 'a'"),
            ({"day": [1.0, np.nan, 3.0]}, {}, "time column 'day' is missing in row 1.* is 'a'"),
            (
                {"heat": [1.0, 2.0, np.inf]},
                {},
                "Column 'heat' holds inf in row 2.* is 'b'",
            ),
            ({"heat": ["1", "2", "3"]}, {}, "Column 'heat' holds '1' in row 0.*encode it"),
            (
                {"heat": [datetime.datetime(2024, 1, 1)] * 3},
                {},
                "Column 'heat' holds .*2024.*date",
            ),
            ({"heat": [1, 2, 2**53 + 1]}, {}, "Column 'heat' holds 9007199254740993 in row 2"),
        ],
    )
    def test_errors_name_column_and_id(self, library, change, options, message):
        columns = {
            "patient": ["b", "a", "b"],
            "day": [1.0, 2.0, 3.0],
            "pulse": [1.0, 2.0, 3.0],
            "heat": [1.0, 2.0, 3.0],
            "score": [1.0, 2.0, 3.0],
        }
        with pytest.raises(ValueError, match=message):
            from_long(frame(library, columns | change), **{**NAMES, **options})

    def test_what_is_no_table_of_rows(self, rng, library):
        df = frame(library, table(rng))
        with pytest.raises(ValueError, match="no rows"):
            from_long(df[:0], **NAMES)
        with pytest.raises(TypeError, match=r"df must be a pandas or polars DataFrame. Got dict"):
            from_long(table(rng), **NAMES)
        if hasattr(df, "lazy"):
            with pytest.raises(TypeError, match=r"Got LazyFrame.*collect"):
                from_long(df.lazy(), **NAMES)

    def test_what_only_pandas_has(self, rng):
        df = pd.DataFrame(table(rng))
        with pytest.raises(ValueError, match=r"id='patient'.*in the index: use df.reset_index"):
            from_long(df.set_index("patient"), **NAMES)
        with pytest.raises(ValueError, match="columns='heat': df has this column more than once"):
            from_long(pd.concat([df, df[["heat"]]], axis=1), **NAMES)
        with pytest.raises(ValueError, match="time column 'day' has no order"):
            from_long(df.assign(day=[1, (1, 2)] + [2] * (len(df) - 2)), **NAMES)
        with pytest.raises(ValueError, match=r"Column 'heat' holds .*1j"):
            from_long(df.assign(heat=df["heat"] + 1j), **NAMES)

    @pytest.mark.parametrize(
        ("values", "dtype"),
        [
            ([1.5, None, 1.5, None], "float64"),
            ([2**60, None, 2**60, None], "Int64"),
            (["x", None, "x", None], "object"),
            (["x", None, "x", None], "category"),
            (["x", None, "x", None], "string"),
            ([True, None, True, None], "boolean"),
            (["2024-01-01", None, "2024-01-01", None], "datetime64[ns]"),
            (["2024-01-01", None, "2024-01-01", None], "datetime64[ns, Europe/Berlin]"),
        ],
    )
    def test_what_is_missing_is_the_same_in_a_target(self, values, dtype):
        df = pd.DataFrame({"id": [1, 2, 1, 2], "x": 0.0, "y": pd.Series(values, dtype=dtype)})
        _, y, _, _ = from_long(df, id="id", columns="x", target="y")
        assert list(pd.isna(y)) == [False, True]
        for changed, row in ((df["y"].iloc[[0, 1, 1, 1]], 2), (df["y"].iloc[[0, 1, 0, 0]], 3)):
            bad = df.assign(y=changed.to_numpy() if dtype == "object" else changed.array)
            with pytest.raises(ValueError, match=f"'y' is not constant .* in row {row}"):
                from_long(bad, id="id", columns="x", target="y")

    @pytest.mark.parametrize("names", [{"pulse"}, iter(["pulse"]), {"pulse": 1}])
    def test_names_without_order(self, rng, names):
        df = pd.DataFrame(table(rng))
        for argument in ("columns", "target"):
            options = {**NAMES, argument: names}
            with pytest.raises(TypeError, match=f"{argument} must be the name .* Got .*list of it"):
                from_long(df, **options)

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({"target": "score", "target_per_step": "no"}, TypeError),
            ({"target": "score", "target_per_step": 1}, TypeError),
            ({"target_per_step": True}, ValueError),
        ],
    )
    def test_targets_per_step_or_not(self, rng, options, error):
        with pytest.raises(error, match="target_per_step"):
            from_long(pd.DataFrame(table(rng)), **NAMES, **options)


class TestToLong:
    @pytest.mark.parametrize(
        "target",
        [
            {"target": "ill"},
            {"target": ["number", "number2"]},
            {"target": "score", "target_per_step": True},
            {"target": ["score", "pulse2"], "target_per_step": True},
            {},
        ],
    )
    def test_round_trip_is_exact(self, rng, library, target):
        columns = table(rng)
        codes = pd.factorize(columns["patient"])[0]
        columns |= {"number": codes + 0.5, "number2": -codes / 3, "pulse2": columns["pulse"] + 1}
        kept = ["patient", "day", "pulse", "heat", *np.atleast_1d(target.get("target", []))]
        order = np.lexsort((columns["day"], codes))
        df = frame(library, {name: columns[name][order] for name in kept})
        X, y, ids, times = from_long(df, **NAMES, **target)
        name = target.get("target")
        back = to_long(X, **NAMES, ids=ids, times=times, y=y, target=name, output=library.__name__)
        if library is pd:
            pd.testing.assert_frame_equal(back, df)
        else:
            assert back.equals(df)
            assert back.schema == df.schema
        again = from_long(back, **NAMES, **target)
        for one, other in zip(X, again.X, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_dates_and_zones_come_back(self):
        days = pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-01"])
        for times in (days, days.tz_localize("Europe/Berlin")):
            df = pd.DataFrame({"id": [2, 2, 1], "t": times, "x": [1.0, np.nan, 3.0]})
            X, _, ids, times = from_long(df, id="id", time="t", columns="x")
            back = to_long(X, ids=ids, time="t", times=times, columns="x")
            pd.testing.assert_frame_equal(back, df, check_dtype=False)
            assert back["t"].dt.tz == df["t"].dt.tz

    def test_dates_and_zones_of_polars_come_back(self):
        polars = pytest.importorskip("polars")
        days = [datetime.datetime(2024, 1, 2), datetime.datetime(2024, 7, 3)]
        naive = polars.Series(days)
        zoned = naive.dt.replace_time_zone("Europe/Berlin")
        for times in (naive, zoned, naive.cast(polars.Date)):
            df = polars.DataFrame({"id": [2, 2], "t": times, "x": [1.0, 3.0]})
            X, _, ids, times = from_long(df, id="id", time="t", columns="x")
            back = to_long(X, ids=ids, time="t", times=times, columns="x", output="polars")
            assert back.equals(df)
            assert back.schema == df.schema

    def test_names_that_are_numbers(self):
        df = pd.DataFrame({0: [1, 1, 2], 1: [1.0, 2.0, 3.0], 2: [0, 0, 1]})
        X, y, ids, _ = from_long(df, id=0, columns=1, target=2)
        back = to_long(X, id=0, ids=ids, columns=1, target=2, y=y)
        pd.testing.assert_frame_equal(back, df)

    def test_padding_is_left_out(self, ragged):
        X, y = ragged
        expected = to_long(X, columns=list("abc"), time="t", target="y", y=y)
        assert len(expected) == sum(map(len, X))
        np.testing.assert_array_equal(expected["t"][: len(X[0])], np.arange(len(X[0])))
        padded = pad_sequences(X)
        made = to_long(padded, columns=list("abc"), time="t", target="y", y=y)
        pd.testing.assert_frame_equal(made, expected)
        of_steps = np.arange(padded[:, :, 0].size).reshape(padded.shape[:2])
        made = to_long(padded, columns=list("abc"), target="y", y=of_steps)
        ends = np.cumsum([len(x) for x in X])
        assert list(made["y"][: ends[0]]) == list(range(ends[0]))
        assert made["y"][ends[0]] == padded.shape[1]

    def test_predictions_of_every_step(self, ragged):
        X, _ = ragged
        y = [x[:, 0] for x in X]
        predicted = GRURegressor(4, max_iter=1, return_sequences=True).fit(X, y).predict(X)
        made = to_long(X, columns=list("abc"), target="forecast", y=predicted)
        np.testing.assert_array_equal(made["forecast"], np.concatenate(predicted))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"columns": ["a", "b"]}, "X has 1 features per step, but columns names 2"),
            ({"ids": ["p"]}, r"ids has shape \(1,\), but X has 2 sequences"),
            ({"ids": ["p", "p"]}, r"ids\[1\] is 'p', which is there before"),
            ({"time": "t", "times": [[1, 2]]}, "times has 1 entries, but X has 2 sequences"),
            (
                {"time": "t", "times": [[1, 2], [1, 2]]},
                r"times\[1\] has shape \(2,\).* 1 steps",
            ),
            ({"times": [[1, 2], [1]]}, "times needs the name of its column"),
            ({"target": "y"}, "target.*and y.*go together"),
            ({"y": [1, 2]}, "target.*and y.*go together"),
            ({"target": "y", "y": 1}, "y has no entries, but X has 2 sequences"),
            ({"target": "y", "y": [1]}, "y has 1 entries, but X has 2 sequences"),
            ({"target": "y", "y": [[1, 2], [1, 2]]}, r"y\[1\] has shape \(2,\).* has 1 steps"),
            ({"target": ["y", "z"], "y": [[1], [2]]}, r"y\[0\] has shape \(1,\).* names 2"),
            ({"id": "a"}, "a name of its own"),
            ({"time": "t", "times": 5}, "times has no entries, but X has 2 sequences"),
            ({"ids": [1.0, np.nan]}, r"ids\[1\] is nan, which is none"),
            ({"ids": ["p", None]}, r"ids\[1\] is None, which is none"),
            ({"ids": np.array(["2020-01-01", "NaT"], "M8[D]")}, r"ids\[1\] is NaT"),
            ({"output": "numpy"}, "output must be 'pandas' or 'polars'"),
        ],
    )
    def test_errors(self, options, message):
        with pytest.raises(ValueError, match=message):
            to_long([np.ones((2, 1)), np.ones((1, 1))], **{"columns": "a", **options})

    @pytest.mark.parametrize("names", [{"a"}, iter(["a"]), {"a": 1}, (name for name in "a")])
    def test_names_without_order(self, names):
        """Features came in another order than that of the names, or names were taken for one."""
        with pytest.raises(TypeError, match=r"columns must be the name .* Got .*list of it"):
            to_long([np.ones((2, 1))], columns=names)
        with pytest.raises(TypeError, match=r"target must be the name .* Got .*list of it"):
            to_long([np.ones((2, 1))], columns="b", target=names, y=[1])

    @pytest.mark.parametrize("name", ["pandas", "polars"])
    def test_a_package_that_is_not_there(self, name, monkeypatch):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(ImportError, match=rf"pip install skgru\[{name}\]"):
            to_long([np.ones((2, 1))], columns="a", output=name)


@pytest.mark.parametrize("times", [["9", "10"], pd.Categorical(["9", "10"])])
def test_text_is_no_time(times):
    df = pd.DataFrame({"id": [1, 1], "time": times, "x": [0.0, 1.0]})
    with pytest.raises(ValueError, match="time column 'time' holds text"):
        from_long(df, id="id", time="time", columns="x")
