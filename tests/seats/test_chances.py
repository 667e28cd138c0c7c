"""Ranges and chances of a plan: the same bytes again, wider ahead, in line with the back-test, never below nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.chances import EVENTS, learn_past
from layoutplan.seats.ranges import plain_spread

NORMS = load_norms()


def county(seed=4):
    """The toy county with nine years of history in which chance is at work."""
    rng = np.random.default_rng(seed)
    rows = []
    for school_id, sizes in toy.CLASSES.items():
        for year in range(2014, 2023):
            rows += [(school_id, year, g, int(rng.poisson(n))) for g, n in enumerate(sizes, start=1)]
    table = pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils"])
    return toy.county(enrolment=table.assign(classes=pd.array([pd.NA] * len(table), dtype="Int64")))


@pytest.fixture(scope="module")
def plan():
    return run_plan(prepare(county(), NORMS), Scenario(name="base", last_year=2028))


def test_the_same_plan_gives_the_same_bytes(plan):
    again = run_plan(prepare(county(), NORMS), Scenario(name="base", last_year=2028)).enrolment
    assert again.frame.to_csv() == plan.enrolment.frame.to_csv()
    assert again.probabilities.to_csv() == plan.enrolment.probabilities.to_csv()


def test_ranges_hold_the_middle_and_widen(plan):
    frame = plan.enrolment.frame
    assert (frame["p10"] <= frame["pupils"]).all()
    assert (frame["pupils"] <= frame["p90"]).all()
    assert (frame["p10"] >= 0).all()
    base = frame[frame["year"] == 2022]
    assert (base["p10"] == base["p90"]).all()
    width = ((frame["p90"] - frame["p10"]) / frame["pupils"]).groupby(frame["year"]).mean()
    assert width[2022] == 0
    assert 0 < width[2023] < width[2027]


def test_ranges_are_as_wide_as_the_back_test_says(plan):
    past = learn_past(plan.prepared.county)
    frame = plan.enrolment.frame
    here = frame[frame["year"] == 2024]
    said = np.log((here["p90"] + 0.5) / (here["p10"] + 0.5)).to_numpy() / (2 * 1.2816)
    wanted = past.width["grade"][1] * plain_spread(here["pupils"].to_numpy(float), 1, "grade")
    assert np.median(said / wanted) == pytest.approx(1.0, abs=0.25)


def test_chances_are_of_known_events_and_agree_with_the_enrolment(plan):
    chances = plan.enrolment.probabilities
    assert tuple(chances.columns) == ("school_id", "year", "event", "probability")
    assert set(chances["event"]) <= set(EVENTS)
    assert chances["probability"].between(0, 1, inclusive="right").all()
    assert not chances.duplicated(["school_id", "year", "event"]).any()
    of = chances.set_index(["school_id", "year", "event"])["probability"]
    # b has 65 children a grade for its three junior rooms: classes of about 65 where the norm is 50.
    assert of["b", 2025, "class_over_norm"] > 0.9
    assert of["b", 2025, "class_over_norm"] >= of["b", 2025, "class_large"] >= of["b", 2025, "class_extra_large"] > 0
    assert ("a", 2025, "shell_candidate") not in of.index
    over = plan.enrolment.frame.set_index(["school_id", "year", "grade"])["p_over_norm"]
    assert over["b", 2025, 7] <= of["b", 2025, "class_over_norm"]
    assert over["b", 2022, 8] == 1.0


def test_without_history_ranges_are_missing_and_not_nothing():
    enrolment = run_plan(prepare(toy.county(), NORMS), Scenario(name="base", last_year=2024)).enrolment
    ahead = enrolment.frame[enrolment.frame["year"] > 2022]
    assert ahead[["p10", "p90", "p_over_norm"]].isna().all(axis=None)
    assert enrolment.probabilities.empty


@pytest.mark.parametrize(
    ("born", "apart"),
    [
        # They double once and then stay: ln 2 and 0, half of ln 2 above and below their mean.
        ([100, 200, 200], [np.log(2) / 2, -np.log(2) / 2]),
        # As many more each year as always is no chance at all.
        ([50, 100, 200, 400], [0.0, 0.0, 0.0]),
        # A single change has nothing to be compared with; a year without a birth was not counted.
        ([100, 300], [0.0]),
        ([0, 100, 300], [0.0]),
    ],
)
def test_births_lie_apart_from_their_usual_change(born, apart):
    births = pd.DataFrame(
        [("t1", 2018 + at, count) for at, count in enumerate(born)], columns=["area_id", "year", "births"]
    )
    past = learn_past(replace(county(), births=births))
    assert past.births.tolist() == pytest.approx(apart)
    assert past.years.sum() == pytest.approx(0.0)
    assert len(past.years) == 8
    assert past.years.any()
