"""Optuna: searches over GRUs, whole and cut short."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.preprocessing import StandardScaler

from skgru import GRUClassifier, GRURegressor
from skgru.datasets import load_japanese_vowels
from skgru.preprocessing import TimeDistributed

pytest.importorskip("optuna")
pytest.importorskip("optuna_integration")

import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from optuna_integration.sklearn import OptunaSearchCV

FORMS = "3-D", "ragged", "table"


@pytest.fixture(scope="module")
def vowels():
    """Utterances of four of the speakers, which stand one after the other."""
    X, y = load_japanese_vowels(subset="train", return_X_y=True)
    return TimeDistributed(StandardScaler()).fit_transform(X[:120]), y[:120]


@pytest.mark.parametrize("form", FORMS)
def test_best_score_equals_that_of_cross_validation(form, dense):
    X, y = dense[0], dense[0][:, -1, 0]
    if form == "ragged":
        X = [x[i % 3 :] for i, x in enumerate(X)]
    elif form == "table":
        X = X.reshape(len(X), -1)
    gru = GRURegressor(4, n_features_per_step=2, max_iter=3, random_state=0)
    distributions = {
        "learning_rate_init": FloatDistribution(1e-3, 1e-1, log=True),
        "hidden_layer_sizes": IntDistribution(2, 8),
    }
    options = {"n_trials": 3, "cv": 3, "random_state": 0, "error_score": "raise"}
    search = OptunaSearchCV(gru, distributions, **options).fit(X, y)
    scores = cross_val_score(clone(gru).set_params(**search.best_params_), X, y, cv=3)
    assert search.best_score_ == pytest.approx(scores.mean(), rel=1e-12)
    assert search.best_score_ > cross_val_score(gru, X, y, cv=3).mean()
    np.testing.assert_array_equal(search.predict(X), search.best_estimator_.predict(X))


def test_pruned_trials_stop_after_a_few_epochs(vowels):
    """The best trial trained to the end, and equals an estimator that was fitted in one go."""
    X, X_val, y, y_val = train_test_split(*vowels, stratify=vowels[1], random_state=0)
    gru = GRUClassifier(8, learning_rate="constant", max_iter=6, random_state=0)

    def objective(trial):
        rate = trial.suggest_float("learning_rate_init", 1e-4, 1e-1, log=True)
        model = clone(gru).set_params(learning_rate_init=rate)
        for epoch in range(6):
            model.partial_fit(X, y, classes=np.arange(4))
            trial.report(model.score(X_val, y_val), epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return model.score(X_val, y_val)

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=1),
    )
    study.optimize(objective, n_trials=8)
    pruned = study.get_trials(states=[optuna.trial.TrialState.PRUNED])
    assert pruned
    assert all(2 <= len(trial.intermediate_values) < 6 for trial in pruned)
    assert study.best_value > 0.8
    whole = clone(gru).set_params(**study.best_params).fit(X, y)
    assert whole.score(X_val, y_val) == pytest.approx(study.best_value, abs=0.03)


def test_search_that_prunes(vowels):
    """OptunaSearchCV calls partial_fit itself, `max_iter` times at most."""
    X, y = vowels
    search = OptunaSearchCV(
        GRUClassifier(16, learning_rate="constant", random_state=0),
        {"learning_rate_init": FloatDistribution(1e-4, 1e-1, log=True)},
        study=optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(seed=0),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=1),
        ),
        cv=2,
        max_iter=12,
        n_trials=6,
        enable_pruning=True,
        error_score="raise",
        random_state=0,
    ).fit(X, y)
    assert {trial.state.name for trial in search.trials_} == {"COMPLETE", "PRUNED"}
    assert search.best_score_ > 0.7


def test_speaker_of_a_vowel(example):
    """On utterances that neither has seen."""
    default, found = (log_loss for _, log_loss in example.speaker_of_a_vowel())
    assert found < default < np.log(9)
