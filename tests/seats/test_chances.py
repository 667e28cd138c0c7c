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
from layoutplan.seats.chances import EVENTS, Past, Rows, _arriving_shares, _beyond, _year, calibration, learn_past
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


def rows(*parts):
    """Return rows of 2024 from ``(school, grade, pupils, classes at most, norm)``, sorted by school and grade."""
    school, grade, pupils, most, limit = (np.array(part) for part in zip(*parts, strict=True))
    size = len(parts)
    return Rows(np.full(size, 2024), school, grade, pupils.astype(float), np.ones(size), most.astype(float), limit)


def test_a_class_is_beyond_its_norm_where_all_rooms_are_in_use():
    here = rows((0, 1, 88, 2, 45.0), (0, 2, 120, 2, 45.0), (3, 1, 40, 1, 45.0), (4, 1, 60, 1, 45.0))
    draws = np.array(
        [
            [80.0, 90.0, 91.0, 95.0],  # two rooms hold 90
            [100.0, 111.9, 112.0, 132.0],  # from 112 on there are large classes of 56, from 132 on extra large ones
            [30.0, 40.0, 44.0, 45.0],  # never over 45: not among those that may be
            [40.0, 45.0, 57.0, 67.0],
        ]
    )
    over, school, happens = _beyond(here, draws, draws.max(axis=1), NORMS)
    assert over.tolist() == [0.5, 1.0, 0.0, 0.5]
    assert school.tolist() == [0, 4]
    # Any grade of the school: over the norm, large, extra large.
    assert happens.tolist() == [[1.0, 0.5, 0.25], [0.5, 0.5, 0.25]]


def test_where_nobody_can_be_over_the_norm_no_school_is_told():
    over, school, happens = _beyond(rows((0, 1, 30, 1, 45.0)), np.array([[20.0, 45.0]]), np.array([45.0]), NORMS)
    assert (over.tolist(), school.tolist(), happens.shape) == ([0.0], [], (0, 3))


def test_deviations_are_made_as_wide_as_the_back_test_found_for_their_size_and_horizon():
    past = Past(np.zeros(1), np.zeros(1), {"school": np.array([1.0, 2.0, 2.0, 2.0, 2.0, 3.0])}, {}, 2022)
    deviation = np.array([[0.1, -0.1], [0.3, -0.3], [0.2, -0.2]])
    small, large = plain_spread(np.array([20.0, 400.0]), 1, "school")
    # Two of twenty, whose usual deviation is 0.2 by the median, and one of 400.
    found = calibration(np.array([20.0, 20.0, 400.0]), deviation, 1, past, level="school")
    assert found.tolist() == pytest.approx([2 * small / 0.2, 2 * small / 0.2, 2 * large / 0.2])
    # Beyond the last horizon the width stays and the spread goes on.
    late = calibration(np.array([400.0]), deviation[2:], 9, past, level="school")
    assert late.tolist() == pytest.approx([3 * float(plain_spread(np.array([400.0]), 9, "school")[0]) / 0.2])


def test_whether_a_school_is_over_size_or_an_empty_shell_is_counted_over_its_draws():
    # Without any deviation a school is what it is: 2,001 and 10 pupils; the norms are 2,000 and 10.
    here = rows((0, 1, 1000, 30, 45.0), (0, 2, 1001, 30, 45.0), (1, 1, 10, 1, 45.0), (2, 1, 11, 1, 45.0))
    past = Past(np.zeros(1), np.zeros(1), {level: np.ones(6) for level in ("school", "grade")}, {}, 2023)
    low, high, over, school, chance = _year(here, np.zeros((4, 200)), NORMS, past, sizes=np.full(3, 2000.0))
    assert (low.tolist(), high.tolist()) == ([1000.0, 1001.0, 10.0, 11.0], [1000.0, 1001.0, 10.0, 11.0])
    assert (over.tolist(), school.tolist()) == ([0.0] * 4, [0, 1, 2])
    assert chance[:, -2:].tolist() == [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("moves", "shares"),
    [
        ([], (0.0, 0.0, 0.0)),
        ([("p1", 2024, 30.0)], (0.0, 0.1, 0.1)),
        # Of a place the latest number holds, never fewer than before; those of the base year are there already.
        ([("p1", 2022, 90.0), ("p1", 2024, 30.0), ("p1", 2025, 20.0), ("p2", 2025, 60.0)], (0.0, 0.1, 0.3)),
    ],
)
def test_the_share_of_households_to_come_adds_up_what_is_planned(moves, shares):
    table = pd.DataFrame(moves, columns=["place_id", "year", "households"])
    base = toy.county()
    homes = [300.0 / len(base.places)] * len(base.places)
    told = _arriving_shares(replace(base, move_in=table, places=base.places.assign(households=homes)))
    assert [told[year] for year in (2023, 2024, 2025)] == pytest.approx(shares)
