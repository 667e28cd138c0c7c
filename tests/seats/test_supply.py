"""Seats come from rooms and norms; a vacant school has none."""

from __future__ import annotations

import pandas as pd
import toy

from layoutplan.norms import load_norms
from layoutplan.seats.roster import base_roster, is_open, teaches
from layoutplan.seats.standing import is_vacant, yearly_counts
from layoutplan.seats.supply import count_supply

NORMS = load_norms()


def emptied(school_id="a", history=((2021, 0),)):
    """The toy county with a school that has no class any more, and these earlier counts."""
    county = toy.county()
    rows = [(school_id, year, 1, pupils) for year, pupils in history]
    enrolment = pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils"])
    return toy.county(classes=county.classes[county.classes["school_id"] != school_id], enrolment=enrolment)


def test_a_room_is_45_seats_in_primary_and_50_in_junior():
    supply = count_supply(base_roster(toy.county(), NORMS), norms=NORMS, years=[2022, 2030]).frame
    seats = supply[supply["year"] == 2030].set_index(["school_id", "stage"])["seats"].to_dict()
    assert seats == {("a", "primary"): 270.0, ("b", "primary"): 270.0, ("b", "junior"): 150.0}


def test_a_room_of_a_teaching_point_is_30_seats():
    schools = toy.schools()
    schools.loc[0, "kind"] = "teaching_point"
    supply = count_supply(base_roster(toy.county(schools=schools), NORMS), norms=NORMS, years=[2022]).frame
    assert supply.set_index("school_id").loc["a", "seats"] == 6 * 30


def test_no_pupils_in_two_counts_is_vacant_and_takes_nobody():
    county = emptied()
    assert is_vacant(county, NORMS).to_dict() == {"a": True, "b": False}
    roster = base_roster(county, NORMS)
    assert is_open(roster, 2022).tolist() == [False, True]
    assert teaches(roster, 1, 2022).tolist() == [False, True]
    supply = count_supply(roster, norms=NORMS, years=[2022]).frame.set_index(["school_id", "stage"])
    assert supply.loc[("a", "primary"), "seats"] == 0.0


def test_a_year_that_was_not_counted_is_missing_and_not_zero():
    county = emptied(history=((2020, 0),))
    assert yearly_counts(county, [2021, 2022]).loc["a"].isna().tolist() == [True, False]
    assert not is_vacant(county, NORMS)["a"]


def test_a_special_school_admits_by_need_and_is_nobody_s_nearest():
    schools = toy.schools()
    schools.loc[0, "kind"] = "special"
    assert teaches(base_roster(toy.county(schools=schools), NORMS), 1, 2022).tolist() == [False, True]
