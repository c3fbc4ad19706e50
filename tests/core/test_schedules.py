"""Schedules: PyTorch's rates, stored by tests/oracles/make_pytorch_optimizers.py; copies."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

from skgru._core._schedules import SCHEDULES, Constant, Cosine, Custom, OneCycle, Plateau

STORED = dict(np.load(Path(__file__).parents[1] / "oracles" / "pytorch_optimizers.npz"))
RUNS = sorted(name.split("/", 1)[1] for name in STORED if name.startswith("schedule/"))
PLATEAUS = sorted({name.split("/")[1] for name in STORED if name.startswith("plateau/")})


def square_of_the_rest(share):
    return (1 - share) ** 2


def make(name):
    if name == "custom":
        return Custom(square_of_the_rest)
    return SCHEDULES[name](2, 0.25)


@pytest.fixture(params=[*SCHEDULES, "custom"])
def schedule(request):
    return make(request.param)


@pytest.mark.parametrize("run", RUNS)
def test_rates_of_pytorch(run):
    name, n_steps = run.split("/")
    schedule, n_steps = make(name), int(n_steps)
    factors = [schedule.factor(step, n_steps) for step in range(n_steps)]
    np.testing.assert_allclose(factors, STORED[f"schedule/{run}"], rtol=1e-12)


@pytest.mark.parametrize("case", PLATEAUS)
def test_plateau_of_pytorch(case):
    patience, tol, losses, rates = (
        STORED[f"plateau/{case}/{name}"] for name in ("patience", "tol", "losses", "rates")
    )
    schedule, factors = SCHEDULES["plateau"](int(patience), float(tol)), []
    assert schedule.factor(0, len(losses)) == 1
    for step, loss in enumerate(losses.tolist(), start=1):
        schedule.update(loss)
        factors.append(schedule.factor(step, len(losses)))
    np.testing.assert_allclose(factors, rates, rtol=1e-12)


def test_there_are_rates_of_pytorch_for_every_schedule():
    stored = {run.split("/")[0] for run in RUNS}
    assert stored | {"plateau"} == {*SCHEDULES, "custom"}
    assert min(STORED[f"plateau/{case}/rates"].min() for case in PLATEAUS) < 0.01
    assert any(STORED[f"plateau/{case}/rates"].min() == 1 for case in PLATEAUS)


def test_names_stand_for_their_classes():
    expected = {"constant": Constant, "plateau": Plateau, "cosine": Cosine, "onecycle": OneCycle}
    assert {name: type(make(name)) for name in SCHEDULES} == expected


def test_cosine_is_half_way_down_in_the_middle():
    factors = [Cosine().factor(step, 4) for step in (0, 2)]
    np.testing.assert_allclose(factors, [1, 0.5])


def test_custom_is_told_the_share_that_is_done():
    shares = []
    schedule = Custom(lambda share: shares.append(share) or np.float64(0.5))
    factors = [schedule.factor(step, 4) for step in range(4)]
    assert shares == [0, 0.25, 0.5, 0.75]
    assert factors == [0.5] * 4
    assert {type(factor) for factor in factors} == {float}


def test_plateau_goes_on_with_other_settings():
    earlier, later = Plateau(patience=1, tol=0.0), Plateau(patience=3, tol=0.0)
    for _ in range(4):
        earlier.update(1.0)
    later.go_on_from(earlier)
    assert later == Plateau(3, 0.0, 1.0, 1, earlier.current)
    assert later.current < 1


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_goes_on_alike_and_apart(schedule, duplicate):
    for _ in range(3):
        schedule.update(1.0)
    twin = duplicate(schedule)
    assert twin == schedule
    before = schedule.factor(3, 10)
    for _ in range(5):
        twin.update(1.0)
    assert schedule.factor(3, 10) == before
    for _ in range(5):
        schedule.update(1.0)
    assert twin == schedule
    assert twin.factor(4, 10) == schedule.factor(4, 10)
