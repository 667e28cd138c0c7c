"""Trap T9: who moves to a site leaves the origin on the same date; plans give way to observations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st

from layoutplan.errors import DataError
from layoutplan.norms import load_norms
from layoutplan.seats.demand import project_demand
from layoutplan.seats.diagnosis import Facts, standing_findings
from layoutplan.seats.resettlement import (
    OUTSIDE,
    Move,
    Population,
    compare_sites,
    dated_households,
    list_moves,
    sites_off_plan,
)
from layoutplan.seats.roster import base_roster
from layoutplan.seats.settings import Outlook

NORMS = load_norms()
YEARS = range(2022, 2031)


def move_in(*rows):
    columns = ["place_id", "year", "households", "planned", "to_place_id"]
    table = pd.DataFrame([(*row, *[None] * (5 - len(row))) for row in rows], columns=columns)
    return table.astype({"households": "Int64", "planned": "Int64", "to_place_id": object})


def site(*rows, households=10, origin="p3", children=1.0, **layers):
    """Return the toy county with a site p5, its people from p3 (300 households, 30 children of an age)."""
    county = toy.county()
    new = county.places.iloc[[0]].assign(
        place_id="p5", name="P5", kind="resettlement", township_id="t1", households=households, origin_place_id=origin
    )
    places = pd.concat([county.places, new], ignore_index=True).astype(county.places.dtypes.to_dict())
    born = county.children[county.children["place_id"] == "p1"].assign(place_id="p5", children=children)
    return replace(county, places=places, move_in=move_in(*rows), children=pd.concat([county.children, born]), **layers)


def demand(county, years=YEARS):
    return project_demand(county, outlook=Outlook(), norms=NORMS, years=years)


def pupils(result, year, place_id, grade=1):
    frame = result.frame
    return frame.loc[
        (frame["year"] == year) & (frame["place_id"] == place_id) & (frame["grade"] == grade), "pupils"
    ].item()


def test_a_plan_counts_in_the_proportion_that_has_come_true():
    # 10 of the 40 planned households live there: later plans count a quarter.
    found = dated_households(site(("p5", 2022, 10, 40), ("p5", 2023, None, 80), ("p5", 2025, None, 120)), YEARS)
    assert found.households.loc["p5", [2022, 2023, 2024, 2025, 2030]].tolist() == [10, 20, 20, 30, 30]
    assert found.ratio["p5"] == 0.25
    (note,) = found.notes
    assert (note.code, note.subject, note.value) == ("plan_scaled", "p5", 0.25)


def test_the_proportion_is_that_of_the_last_year_that_was_counted():
    # 30 of 40 in 2020 and nobody has counted since: three quarters of the 80 planned for 2022 live there by now.
    found = dated_households(site(("p5", 2020, 30, 40), ("p5", 2022, None, 80), ("p5", 2023, None, 120)), YEARS)
    assert found.ratio["p5"] == 0.75
    assert found.households.loc["p5", [2022, 2023]].tolist() == [60, 90]


def test_without_any_count_the_register_is_held_against_the_plan():
    found = dated_households(site(("p5", 2022, None, 40), ("p5", 2023, None, 80)), YEARS)
    assert found.households.loc["p5", [2022, 2023]].tolist() == [10, 20]


def test_a_later_expectation_of_the_bureau_counts_as_it_stands():
    found = dated_households(site(("p5", 2022, 10, 40), ("p5", 2023, 50, 80)), YEARS)
    assert found.households.loc["p5", 2023] == 50
    assert found.notes == ()


def test_a_plan_of_which_nothing_was_due_yet_counts_whole_but_moves_nobody_out():
    found = dated_households(site(("p5", 2022, 10, 0), ("p5", 2023, None, 6), ("p5", 2024, None, 60)), YEARS)
    assert found.households.loc["p5", [2023, 2024]].tolist() == [10, 60]


def test_the_forecast_follows_the_observations():
    result = demand(site(("p5", 2022, 10, 40), ("p5", 2023, None, 80)))
    # Ten more households of 300: p3 gives a thirtieth of its 30 children of an age.
    assert pupils(result, 2023, "p5") == pytest.approx(2.0)
    assert pupils(result, 2023, "p3") == pytest.approx(29.0)
    assert "plan_scaled" in set(result.notes["code"])


def test_movers_may_have_ages_of_their_own_and_the_origin_loses_the_same_children():
    ages = pd.DataFrame([("p5", 0, 20.0), ("p5", 6, 40.0)], columns=["place_id", "age", "per_100_households"])
    result = demand(site(("p5", 2022, 10), ("p5", 2023, 60), movers=ages))
    # 50 households bring 20 six-year-olds (grade 1) and no others of school age.
    assert pupils(result, 2023, "p5", grade=1) == pytest.approx(1 + 20)
    assert pupils(result, 2023, "p3", grade=1) == pytest.approx(30 - 20)
    assert pupils(result, 2023, "p5", grade=2) == pytest.approx(1.0)
    assert pupils(result, 2023, "p3", grade=2) == pytest.approx(30.0)
    # Newborns of 2023: 10 with the movers. p3's usual small children (0-2) for 50 households are 3 x 5 = 15, so
    # those still to be born follow in the ratio 10 : 15: two thirds of the usual 5 of each cohort.
    assert pupils(result, 2029, "p5", grade=1) == pytest.approx(1 + 10)
    assert pupils(result, 2030, "p5", grade=1) == pytest.approx(1 + 5 * 10 / 15)
    assert pupils(result, 2030, "p3", grade=1) == pytest.approx(30 - 5 * 10 / 15)


def test_of_a_single_household_those_still_to_be_born_follow_its_small_children_too():
    ages = pd.DataFrame([("p5", 0, 20.0)], columns=["place_id", "age", "per_100_households"])
    result = demand(site(("p5", 2022, 10), ("p5", 2023, 11), movers=ages))
    # One household of 300: 0.1 of each of p3's usual cohorts, 0.3 small children, and 0.2 by the movers' own ages.
    assert pupils(result, 2030, "p5", grade=1) == pytest.approx(1 + 0.1 * 0.2 / 0.3)


def test_movers_with_more_children_than_the_origin_has_take_all_and_it_is_listed():
    ages = pd.DataFrame([("p5", 6, 90.0)], columns=["place_id", "age", "per_100_households"])
    result = demand(site(("p5", 2022, 10), ("p5", 2023, 60), movers=ages))
    assert pupils(result, 2023, "p5", grade=1) == pytest.approx(31.0)
    assert pupils(result, 2023, "p3", grade=1) == 0.0
    note = result.notes[result.notes["code"] == "movers_exceed"].iloc[0]
    assert (note["subject"], note["year"], note["value"]) == ("p3", 2023, pytest.approx(45 - 30))


def test_households_that_leave_a_site_later_leave_the_county_unless_it_is_said_where_they_went():
    gone = demand(site(("p5", 2022, 10), ("p5", 2024, 5)))
    assert pupils(gone, 2024, "p5") == pytest.approx(0.5)
    assert gone.frame.query("year == 2024 and grade == 1")["pupils"].sum() == pytest.approx(66 - 0.5)
    assert "left_county" in set(gone.notes["code"])
    moved = demand(site(("p5", 2022, 10), ("p5", 2024, 5, None, "p2")))
    assert pupils(moved, 2024, "p2") == pytest.approx(20.5)
    assert moved.frame.query("year == 2024 and grade == 1")["pupils"].sum() == pytest.approx(66)
    assert "left_county" not in set(moved.notes["code"])


def test_a_site_from_nowhere_is_listed_as_a_likely_double_count():
    moves, notes = list_moves(site(("p5", 2022, 10), ("p5", 2023, 20), origin=None), YEARS)
    assert [(move.year, move.origin, move.households) for move in moves] == [(2023, OUTSIDE, 10.0)]
    assert [(note.code, note.subject) for note in notes] == [("origin_unknown", "p5")]


def test_a_scaled_plan_never_takes_more_than_lives_at_the_origin():
    # 100 households where 10 were planned: ten times a plan of 50 would be 500, and p3 has 300.
    result = demand(site(("p5", 2022, 100, 10), ("p5", 2023, None, 50), households=100))
    assert pupils(result, 2023, "p3") == 0.0
    note = result.notes[result.notes["code"] == "origin_emptied"].iloc[0]
    assert (note["subject"], note["value"]) == ("p3", pytest.approx(100.0))


def test_a_given_number_beyond_the_origin_is_an_error():
    with pytest.raises(DataError) as caught:
        list_moves(site(("p5", 2022, 10), ("p5", 2023, 311)), YEARS)
    assert [(problem.code, problem.row) for problem in caught.value.problems] == [("origin_households", "p3")]


@pytest.mark.parametrize(
    ("observed", "planned", "is_off"),
    [(85, 100, False), (84, 100, True), (115, 100, False), (116, 100, True), (0, 0, False), (3, 0, True)],
)
def test_a_site_is_off_plan_beyond_the_threshold_either_way(observed, planned, is_off):
    found = sites_off_plan(site(("p5", 2021, observed, planned), ("p5", 2023, None, 400)), NORMS)
    assert len(found) == is_off
    if is_off:
        row = found.iloc[0]
        assert (row["subject"], row["year"], row["measured"], row["limit"]) == ("p5", 2021, observed, planned)


def test_a_site_off_plan_is_a_finding_with_its_numbers():
    county = site(("p5", 2021, 84, 100), ("p5", 2023, None, 400))
    frame = standing_findings(Facts(county, NORMS, base_roster(county, NORMS))).frame
    row = frame[frame["rule"] == "resettlement_off_plan"].iloc[0]
    assert (row["subject"], row["place_id"], row["township_id"], row["year"]) == ("p5", "p5", "t1", 2021)
    assert (row["measured"], row["limit"], row["unit"], row["clause"]) == (84.0, 100.0, "household", "guide")
    assert "100 households planned, 84 there, 16 % apart" in row["text_en"]


def test_sites_compare_year_by_year_and_expectations_are_no_observations():
    table = compare_sites(site(("p5", 2021, 30, 40), ("p5", 2022, 20), ("p5", 2023, 50, 80)))
    assert table["year"].tolist() == [2021, 2022, 2023]
    assert table["observed"].fillna(-1).tolist() == [30, 20, -1]
    assert table["share"].fillna(9).tolist() == [-0.25, 9, 9]


def moves():
    ends = st.integers(OUTSIDE, 3)
    profile = st.none() | st.lists(st.floats(0, 2), min_size=16, max_size=16).map(np.array)
    one = st.tuples(ends, ends, st.floats(0.0, 400.0), profile).filter(lambda move: move[0] != move[1])
    return st.lists(st.lists(one.map(lambda move: Move(2023, *move)), max_size=5), min_size=1, max_size=4)


@given(moves(), st.lists(st.floats(0, 300), min_size=4, max_size=4))
def test_children_are_conserved_and_never_negative(years, households):
    ages = np.arange(-3, 16)
    rng = np.random.default_rng(7)
    start = rng.uniform(0, 30, (4, len(ages)))
    people = Population(np.array(list("abcd")), ages, start.copy(), np.array(households))
    newcomers = np.full(len(ages), 0.1)
    inside = [[move for move in year if OUTSIDE not in (move.origin, move.destination)] for year in years]
    for elapsed, year in enumerate(inside, start=1):
        people.move(year, elapsed=elapsed, newcomers=newcomers)
    np.testing.assert_allclose(people.children.sum(axis=0), start.sum(axis=0), atol=1e-9)
    assert people.households.sum() == pytest.approx(sum(households), abs=1e-6)
    for elapsed, year in enumerate(years, start=1):
        people.move(year, elapsed=elapsed, newcomers=newcomers)
        assert (people.children >= 0).all()
        assert (people.households >= -1e-9).all()
