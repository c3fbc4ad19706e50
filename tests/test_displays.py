"""Displays draw the numbers that they are given, and find them in estimators."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.inspection import (
    ForecastDisplay,
    GateDisplay,
    ImportanceDisplay,
    LossCurveDisplay,
    input_gradient,
    sequence_importance,
)
from skgru.inspection._gates import gates_over_time
from skgru.preprocessing import TimeDistributed, make_windows

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

QUICK = {"hidden_layer_sizes": 4, "max_iter": 4, "random_state": 0}


@pytest.fixture(autouse=True)
def drawn():
    """Whatever was drawn can be rendered."""
    yield
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()
    plt.close("all")


@pytest.fixture
def windows():
    """Twelve known steps of a sine with a second feature, and the four after them."""
    t = np.arange(60)
    series = np.column_stack([np.sin(t / 3), np.cos(t)])
    return make_windows(series, n_timesteps=12, horizon=4, target=0)


def data(line):
    return np.array(line.get_data())


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# LossCurveDisplay


def test_loss_curves_and_learning_rate(dense):
    X, y = dense
    model = GRUClassifier(early_stopping=True, **QUICK).fit(X, y)
    display = LossCurveDisplay.from_estimator(model)
    epochs = [1, 2, 3, 4]
    np.testing.assert_array_equal(data(display.training_line_), [epochs, model.loss_curve_])
    np.testing.assert_array_equal(
        data(display.validation_line_), [epochs, model.validation_loss_curve_]
    )
    np.testing.assert_array_equal(
        data(display.learning_rate_line_), [epochs, model.history_["learning_rate"]]
    )
    best = np.argmin(model.validation_loss_curve_)
    np.testing.assert_array_equal(
        data(display.lowest_point_).ravel(), [best + 1, model.validation_loss_curve_[best]]
    )
    assert labels(display.ax_)[:2] == ["training", "validation"]
    assert display.ax_.get_ylabel() == "loss"
    assert display.learning_rate_ax_.get_xlabel() == "epoch"
    assert labels(display.learning_rate_ax_) == ["learning rate"]
    assert display.learning_rate_ax_.get_xlim() == display.ax_.get_xlim()
    display.figure_.canvas.draw()
    above, below = (ax.get_position() for ax in (display.ax_, display.learning_rate_ax_))
    assert below.height < 0.25 * above.height
    assert below.y1 < above.y0


def test_loss_curve_without_validation_on_given_axes(dense):
    X, y = dense
    model = GRURegressor(**QUICK).fit(X, y)
    _, ax = plt.subplots()
    display = LossCurveDisplay.from_estimator(model, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.validation_line_ is display.lowest_point_ is None
    assert ax.get_legend() is None


def test_epochs_without_validation_are_left_out(dense):
    X, y = dense
    model = GRURegressor(warm_start=True, **QUICK).fit(X, y)
    model.fit(X, y, X_val=X, y_val=y)
    display = LossCurveDisplay.from_estimator(model)
    loss = display.validation_line_.get_ydata()
    assert np.isnan(loss[:4]).all()
    assert display.lowest_point_.get_ydata() == [min(loss[4:])]


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_loss_curve_of_scikit_learn(dense):
    X, y = dense
    model = MLPRegressor(hidden_layer_sizes=(3,), max_iter=4, random_state=0).fit(X[:, 0], y)
    display = LossCurveDisplay.from_estimator(model)
    np.testing.assert_array_equal(display.training_line_.get_ydata(), model.loss_curve_)
    assert display.learning_rate_ax_ is None
    assert display.ax_.get_xlabel() == "epoch"


def test_estimator_inside_of_others(dense):
    X, y = dense
    pipeline = make_pipeline(TimeDistributed(StandardScaler()), GRURegressor(**QUICK))
    target = TransformedTargetRegressor(pipeline, transformer=StandardScaler())
    grid = {"regressor__gruregressor__alpha": [0.1, 1e-3]}
    search = GridSearchCV(target, grid, cv=2).fit(X, y)
    gru = search.best_estimator_.regressor_[-1]
    display = LossCurveDisplay.from_estimator(search)
    np.testing.assert_array_equal(display.training_line_.get_ydata(), gru.loss_curve_)
    scaled = search.best_estimator_.regressor_[0].transform(X[:1])[0]
    gates = GateDisplay.from_estimator(search, X[0])
    np.testing.assert_array_equal(gates.inputs, scaled)
    np.testing.assert_array_equal(gates.state, gates_over_time(gru.weights_, scaled).state)


def test_loss_curve_of_what_has_none(dense):
    X, y = dense
    with pytest.raises(TypeError, match="LinearRegression has no loss_curve_"):
        LossCurveDisplay.from_estimator(LinearRegression().fit(X[:, 0], y))
    with pytest.raises(NotFittedError):
        LossCurveDisplay.from_estimator(GRURegressor())


def test_validation_that_is_nan_in_all_epochs_is_none():
    display = LossCurveDisplay([3, 2], validation_loss=[np.nan, np.nan]).plot()
    assert display.validation_line_ is display.lowest_point_ is None
    assert display.ax_.get_legend() is None


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ({"training_loss": []}, r"training_loss has shape \(0,\)"),
        (
            {"training_loss": [2.0, 1.0], "validation_loss": [1.0]},
            r"validation_loss has shape \(1,",
        ),
        (
            {"training_loss": [2.0, 1.0], "learning_rate": [1, 2, 3]},
            r"learning_rate has shape \(3,",
        ),
    ],
)
def test_losses_that_do_not_fit(losses, message):
    with pytest.raises(ValueError, match=message):
        LossCurveDisplay(**losses).plot()


# ForecastDisplay


def edges(band, steps):
    """Lower and upper edge of a band at each step."""
    x, y = band.get_paths()[0].vertices.T
    return np.array([[y[x == step].min(), y[x == step].max()] for step in steps])


@pytest.mark.parametrize("form", [np.asarray, list], ids=["array", "list"])
def test_forecast_with_quantiles(windows, form):
    X, y = windows
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    model = GRURegressor(loss="quantile", quantile=levels, **QUICK).fit(X, y)
    display = ForecastDisplay.from_estimator(model, form(X), y, sample=3)
    expected, steps = model.predict(X)[3], [1, 2, 3, 4]
    assert expected.shape == (4, 5)
    np.testing.assert_array_equal(data(display.history_line_), [np.arange(-11, 1), X[3, :, 0]])
    np.testing.assert_array_equal(data(display.true_line_), [steps, y[3]])
    np.testing.assert_allclose(data(display.prediction_line_), [steps, expected[:, 2]])
    outer, inner = display.bands_
    np.testing.assert_allclose(edges(outer, steps), expected[:, [0, 4]])
    np.testing.assert_allclose(edges(inner, steps), expected[:, [1, 3]])
    assert labels(display.ax_) == [
        "history",
        "truth",
        "quantiles 0.05 to 0.95",
        "quantiles 0.25 to 0.75",
        "median",
    ]
    assert outer.get_facecolor().sum() > inner.get_facecolor().sum()  # the inner one is darker


def test_forecast_of_one_step_from_a_pipeline_with_quantiles(windows):
    X, y = windows
    gru = GRURegressor(loss="quantile", quantile=[0.1, 0.9], **QUICK)
    model = make_pipeline(TimeDistributed(StandardScaler()), gru).fit(X, y[:, 0])
    display = ForecastDisplay.from_estimator(model, X, y[:, 0], sample=-1, target=1)
    assert display.prediction_line_ is None
    np.testing.assert_allclose(edges(display.bands_[0], [1]), model.predict(X)[-1:])
    np.testing.assert_array_equal(display.history_line_.get_ydata(), X[-1, :, 1])
    np.testing.assert_array_equal(data(display.true_line_), [[1], [y[-1, 0]]])


def test_forecast_of_numbers_alone(windows):
    X, y = windows
    model = GRURegressor(**QUICK).fit(X, y)
    _, ax = plt.subplots()
    display = ForecastDisplay.from_estimator(model, X, target=None, ax=ax)
    assert display.ax_ is ax
    assert display.history_line_ is display.true_line_ is None
    assert display.bands_ == []
    np.testing.assert_allclose(display.prediction_line_.get_ydata(), model.predict(X)[0])
    assert labels(ax) == ["prediction"]
    assert ax.get_xlabel() == "step"


def test_one_quantile_has_its_name(windows):
    X, y = windows
    model = GRURegressor(loss="quantile", quantile=0.9, **QUICK).fit(X, y)
    display = ForecastDisplay.from_estimator(model, X)
    assert labels(display.ax_) == ["history", "quantile 0.9"]


def test_padding_is_no_history():
    display = ForecastDisplay.from_predictions([3], [4], history=[1, 2, np.nan])
    np.testing.assert_array_equal(data(display.history_line_), [[-1, 0], [1, 2]])


@pytest.mark.parametrize(
    ("y_true", "y_pred", "quantiles", "message"),
    [
        (None, [[1, 2]], None, r"y_pred has shape \(1, 2\), .* must be \(horizon, 1\)"),
        (None, [1, 2], [0.1, 0.9], r"y_pred has shape \(2,\), .* must be \(horizon, 2\)"),
        ([1], [1, 2], None, r"y_true has shape \(1,\), but y_pred has 2 steps"),
    ],
)
def test_shapes_of_a_forecast_that_do_not_fit(y_true, y_pred, quantiles, message):
    with pytest.raises(ValueError, match=message):
        ForecastDisplay.from_predictions(y_true, y_pred, quantiles=quantiles)
    assert plt.get_fignums() == []


# GateDisplay


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": 2}, r"target=2, but X has 2 features, \['x0', 'x1'\]: give one of -2 to 1"),
        ({"target": "c", "feature_names": ["a", "b"]}, r"target='c', but X has 2 features, \['a'"),
        ({"target": 0.5}, "target=0.5"),
        ({"feature_names": ["a"]}, "feature_names has 1 names, but there are 2 features"),
        ({"sample": 45}, "sample=45, but X has 45 sequences: give one of -45 to 44"),
        ({"sample": -46}, "sample=-46"),
        ({"y": [1.0]}, "inconsistent numbers of samples"),
    ],
)
def test_forecasts_that_there_are_not(windows, options, message):
    X, y = windows
    model = GRURegressor(**QUICK).fit(X, y)
    assert len(X) == 45
    with pytest.raises(ValueError, match=message):
        ForecastDisplay.from_estimator(model, X, **options)


def test_what_is_no_forecast(windows, dense):
    X, labels = dense
    with pytest.raises(TypeError, match="GRUClassifier predicts classes"):
        ForecastDisplay.from_estimator(make_pipeline(GRUClassifier(**QUICK)).fit(X, labels), X)
    model = GRURegressor(return_sequences=True, **QUICK).fit(X, X[:, :, 0])
    with pytest.raises(ValueError, match="a prediction for each of its steps"):
        ForecastDisplay.from_estimator(model, X)


def test_a_history_that_is_missing(windows):
    """Of the target alone: what is missing in the end is no padding, and moves nothing."""
    X, y = windows
    imputer = TimeDistributed(SimpleImputer(keep_empty_features=True))
    model = make_pipeline(imputer, GRURegressor(**QUICK)).fit(X, y)
    X = X[:1].copy()
    X[0, -1, 0] = np.nan
    steps, values = data(ForecastDisplay.from_estimator(model, X).history_line_)
    np.testing.assert_array_equal(steps, np.arange(-11, 1))
    np.testing.assert_array_equal(values, X[0, :, 0])
    X[0, :, 0] = np.nan
    with pytest.raises(ValueError, match="NaN throughout; target=None leaves it out"):
        ForecastDisplay.from_estimator(model, X)
    assert ForecastDisplay.from_estimator(model, X, target=None).history_line_ is None
    with pytest.raises(ValueError, match="NaN throughout; history=None leaves it out"):
        ForecastDisplay.from_predictions([1], [1], history=[np.nan, np.nan])


def test_the_name_of_what_is_forecast(windows):
    X, y = windows
    model = GRURegressor(**QUICK).fit(X, y)
    names = {"feature_names": ["sales", "price"]}
    display = ForecastDisplay.from_estimator(model, X, target="price", **names)
    np.testing.assert_array_equal(display.history_line_.get_ydata(), X[0, :, 1])
    assert display.ax_.get_ylabel() == "price"
    assert ForecastDisplay.from_estimator(model, X, **names).ax_.get_ylabel() == "sales"
    assert ForecastDisplay.from_estimator(model, X).ax_.get_ylabel() == ""


def test_history_of_a_table_is_cut_as_the_first_that_cuts_it(windows):
    X, y = windows
    gru = GRURegressor(n_features_per_step=2, **QUICK)
    model = make_pipeline(StandardScaler(), gru).fit(X.reshape(len(X), -1), y)
    display = ForecastDisplay.from_estimator(model, X.reshape(len(X), -1), target=1)
    np.testing.assert_array_equal(display.history_line_.get_ydata(), X[0, :, 1])


@pytest.mark.parametrize(("layer", "reverse"), [(0, False), (1, False), (1, True)])
def test_gates_are_drawn_a_row_for_each_unit(ragged, layer, reverse):
    X, y = ragged
    model = GRURegressor((5, 4), bidirectional=True, max_iter=3, random_state=0).fit(X, y)
    display = GateDisplay.from_estimator(model, X[0], layer=layer, reverse=reverse)
    gates = gates_over_time(model.weights_, X[0], layer, reverse)
    means = gates.update[:, display.order_].mean(axis=0)
    assert (np.diff(means) > 0).all()
    named = zip(["update gate", "reset gate", "state"], gates, strict=True)
    for ax, (name, values) in zip(display.ax_[1:], named, strict=True):
        image = display.images_[name]
        assert image.axes is ax
        assert ax.get_ylabel() == name
        np.testing.assert_array_equal(image.get_array(), values[:, display.order_].T)
        assert image.get_clim() == ((-1, 1) if name == "state" else (0, 1))
    lines = [line.get_ydata() for line in display.input_lines_]
    np.testing.assert_array_equal(np.transpose(lines), X[0])
    assert labels(display.ax_[0]) == ["x0", "x1", "x2"]


def test_gates_take_the_place_of_given_axes(dense):
    X, y = dense
    model = GRUClassifier(**QUICK).fit(X, y)
    figure, axes = plt.subplots(1, 2)
    display = GateDisplay.from_estimator(model, X[0], ax=axes[1])
    assert display.figure_ is figure
    assert len(display.ax_) == 4
    for ax in display.ax_:
        assert ax.get_position().x0 >= axes[1].get_position().x0
    assert not axes[1].axison


def test_gates_of_tokens_have_no_input(rng):
    X = rng.randint(1, 6, (30, 7))
    model = GRUClassifier(embedding_dim=3, **QUICK).fit(X, X[:, 0] > 3)
    display = GateDisplay.from_estimator(model, X[0])
    assert len(display.ax_) == 3
    assert display.input_lines_ == []
    assert display.state.shape == (7, 4)


def test_gates_that_there_are_not(dense):
    X, y = dense
    model = GRUClassifier(**QUICK).fit(X, y)
    for layer in (-1, 1):
        with pytest.raises(ValueError, match=f"layer must be from 0 to 0, .* Got {layer}"):
            GateDisplay.from_estimator(model, X[0], layer=layer)
    with pytest.raises(ValueError, match="needs an estimator with bidirectional=True"):
        GateDisplay.from_estimator(model, X[0], reverse=True)
    with pytest.raises(ValueError, match="features"):
        GateDisplay.from_estimator(model, X[0][:, :1])
    with pytest.raises(TypeError, match="LinearRegression has no gates"):
        GateDisplay.from_estimator(LinearRegression().fit(X[:, 0], y), X[0])
    with pytest.raises(NotFittedError):
        GateDisplay.from_estimator(GRUClassifier(), X[0])


def test_names_of_the_inputs_of_gates(dense):
    X, y = dense
    model = GRUClassifier(**QUICK).fit(X, y)
    display = GateDisplay.from_estimator(model, X[0], feature_names=["rain", "wind"])
    assert labels(display.ax_[0]) == ["rain", "wind"]
    assert labels(GateDisplay.from_estimator(model, X[0]).ax_[0]) == ["x0", "x1"]
    with pytest.raises(ValueError, match="feature_names has 3 names, but there are 2 features"):
        GateDisplay.from_estimator(model, X[0], feature_names=["rain", "wind", "sun"])


def test_names_of_the_tables_that_a_model_was_fitted_to(windows):
    pd = pytest.importorskip("pandas")
    X, y = windows
    X = [pd.DataFrame(x, columns=["rain", "wind"]) for x in X]
    model = GRURegressor(**QUICK).fit(X, y)
    assert labels(GateDisplay.from_estimator(model, X[0]).ax_[0]) == ["rain", "wind"]
    drawn = ImportanceDisplay.from_estimator(model, X).ax_.get_yticklabels()
    assert [text.get_text() for text in drawn] == ["rain", "wind"]
    display = ForecastDisplay.from_estimator(model, X, target="wind")
    assert display.ax_.get_ylabel() == "wind"
    np.testing.assert_array_equal(display.history_line_.get_ydata(), X[0]["wind"])
    table = pd.DataFrame(np.eye(4), columns=list("abcd"))  # each a feature at a step
    model = GRURegressor(n_features_per_step=2, **QUICK).fit(table, [0, 1, 2, 3])
    drawn = ImportanceDisplay.from_estimator(model, table).ax_.get_yticklabels()
    assert [text.get_text() for text in drawn] == ["x0", "x1"]


# ImportanceDisplay


@pytest.mark.parametrize("form", [np.asarray, list], ids=["array", "list"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_importances_of_an_estimator_in_a_pipeline(dense, form, n_classes):
    X, _ = dense
    y = np.arange(40) % n_classes
    X = form(X) if form is np.asarray else [x[: 3 + i % 4] for i, x in enumerate(X)]
    model = make_pipeline(TimeDistributed(StandardScaler()), GRUClassifier(**QUICK)).fit(X, y)
    display = ImportanceDisplay.from_estimator(model, X, feature_names=["rain", "wind"])
    total, counts = np.zeros((6, 2)), np.zeros((6, 1))
    for one in input_gradient(model, X):
        total[: len(one)] += np.abs(one).reshape(len(one), 2, -1).mean(axis=2)
        counts[: len(one)] += 1
    assert total.min() > 0
    np.testing.assert_allclose(display.image_.get_array(), (total / counts).T, rtol=1e-12)
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == ["rain", "wind"]
    one = ImportanceDisplay.from_estimator(model, X, output=0, integrated=True)
    assert (one.image_.get_array() != display.image_.get_array()).all()


def test_bars_of_features(dense):
    X, y = dense
    model = GRUClassifier(**QUICK).fit(X, y)
    result = sequence_importance(model, X, y, random_state=0)
    display = ImportanceDisplay.from_importances(result, feature_names=["rain", "wind"])
    assert [bar.get_width() for bar in display.bars_] == result.importances_mean.tolist()
    (_, _, (spread,)) = display.bars_.errorbar
    ends = [segment[:, 0] for segment in spread.get_segments()]
    np.testing.assert_allclose(np.ptp(ends, axis=1), 2 * result.importances_std, atol=1e-12)
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == ["rain", "wind"]
    bottom, top = display.ax_.get_ylim()
    assert bottom > top  # the first feature is at the top, as in a heat map


def test_bars_of_steps(dense):
    X, y = dense
    model = GRUClassifier(**QUICK).fit(X, y)
    scoring = ["accuracy", "neg_log_loss"]
    results = sequence_importance(model, X, y, axis="time", scoring=scoring, random_state=0)
    display = ImportanceDisplay.from_importances(results["neg_log_loss"])
    heights = [bar.get_height() for bar in display.bars_]
    assert heights == results["neg_log_loss"].importances_mean.tolist()
    assert display.ax_.get_xlabel() == "step"
    assert display.image_ is None
    with pytest.raises(ValueError, match=r"is a dict of \['accuracy', 'neg_log_loss'\]. Give one"):
        ImportanceDisplay.from_importances(results)


def test_a_bunch_that_does_not_say_of_what(dense):
    X, y = dense
    table = X.reshape(40, -1)
    result = permutation_importance(GRUClassifier(**QUICK).fit(table, y), table, y, n_repeats=2)
    with pytest.raises(ValueError, match="whether it is of features or of steps"):
        ImportanceDisplay.from_importances(result)


@pytest.mark.parametrize("n_features", [12, 30, 150])
@pytest.mark.parametrize("in_a_part", [False, True])
@pytest.mark.parametrize("bars", [False, True])
def test_labels_of_many_features_do_not_overlap(n_features, in_a_part, bars):
    """All were written, one over the other."""
    ax = plt.subplots(2, 1, layout="constrained")[1][0] if in_a_part else None
    values = np.arange(1.0, n_features + 1) if bars else np.ones((3, n_features))
    display = ImportanceDisplay(values).plot(ax=ax)
    display.figure_.canvas.draw()
    drawn = display.ax_.get_yticklabels()
    places = np.array([text.get_position()[1] for text in drawn], dtype=int)
    assert [text.get_text() for text in drawn] == [f"x{place}" for place in places]
    assert len(drawn) > min(n_features, 5) - 1
    boxes = [text.get_window_extent() for text in drawn]
    assert all(one.y0 >= other.y1 for one, other in pairwise(boxes))
    if n_features == 12 and not in_a_part:
        assert len(drawn) == 12


@pytest.mark.parametrize(
    ("importances", "message"),
    [
        ([np.ones((3, 2)), np.ones((4, 1))], r"importances\[1\] has shape \(4, 1\), .*\(3, 2\)"),
        ([np.ones(3), np.ones(4)], r"importances\[0\] has shape \(3,\)"),
        (np.full((2, 3), np.nan), "holds no number"),
        (np.ones((1, 1, 1, 1, 1)), "has shape"),
    ],
)
def test_importances_that_do_not_fit(importances, message):
    with pytest.raises(ValueError, match=message):
        ImportanceDisplay.from_importances(importances)


def test_importances_over_time_and_feature(rng):
    values = rng.uniform(size=(7, 3))
    display = ImportanceDisplay.from_importances(values, feature_names=["a", "b", "c"])
    np.testing.assert_array_equal(display.image_.get_array(), values.T)
    assert display.image_.get_clim() == (0, values.max())
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == ["a", "b", "c"]
    assert display.ax_.get_xlabel() == "step"
    assert display.colorbar_.ax.get_ylabel() == "importance"


def test_negative_importances_are_centred(rng):
    values = rng.standard_normal((7, 3))
    _, ax = plt.subplots()
    display = ImportanceDisplay.from_importances(values, ax=ax)
    assert display.ax_ is ax
    low, high = display.image_.get_clim()
    assert -low == high == np.abs(values).max()
    assert [text.get_text() for text in ax.get_yticklabels()] == ["x0", "x1", "x2"]


def test_importances_of_samples_become_means_of_absolute_values(rng):
    values = rng.standard_normal((5, 7, 2))
    values[:4, 6] = np.nan  # shorter sequences
    display = ImportanceDisplay.from_importances(values)
    np.testing.assert_allclose(display.importances[:6], np.abs(values[:, :6]).mean(axis=0))
    np.testing.assert_array_equal(display.importances[6], np.abs(values[4, 6]))


def test_importances_of_a_wrong_shape():
    with pytest.raises(ValueError, match=r"shape \(3,\), but must be \(n_timesteps, n_features\)"):
        ImportanceDisplay.from_importances([1, 2, 3])
    with pytest.raises(ValueError, match="feature_names has 1 names, but there are 2 features"):
        ImportanceDisplay.from_importances([[1, 2]], feature_names=["a"])
    assert plt.get_fignums() == []


def test_forecast_takes_samples_by_position_whatever_their_labels():
    pd = pytest.importorskip("pandas")
    rng = np.random.RandomState(0)
    X, y = rng.standard_normal((12, 5, 1)), rng.standard_normal(12)
    labelled = pd.Series(y, index=rng.permutation(12))
    model = GRURegressor(2, max_iter=1).fit(X, y)
    by_position = ForecastDisplay.from_estimator(model, X, labelled, sample=3)
    np.testing.assert_array_equal(by_position.y_true, [y[3]])
    flat = GRURegressor(2, max_iter=1).fit(X[:, :, 0], y)
    display = ForecastDisplay.from_estimator(flat, pd.DataFrame(X[:, :, 0]), labelled, sample=3)
    np.testing.assert_array_equal(display.history, X[3, :, 0])
