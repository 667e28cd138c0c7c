"""New dwellings above the trend, their move-in curve, and seats per thousand beside the cohorts (T20)."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import toy

from layoutplan.errors import DataError
from layoutplan.norms import load_norms
from layoutplan.seats.demand import compare_housing, project_demand
from layoutplan.seats.housing import county_residents, new_housing, occupied_share
from layoutplan.seats.settings import Outlook

NORMS = load_norms()
YEARS = range(2022, 2032)


def completions(*rows):
    table = pd.DataFrame(
        [(*row, *[None] * (4 - len(row))) for row in rows], columns=["place_id", "year", "units", "persons_per_unit"]
    )
    return table.astype({"persons_per_unit": float})


def totals(**residents):
    rows = [(area, 2020, count, None) for area, count in residents.items()]
    return pd.DataFrame(rows, columns=["area_id", "year", "residents", "registered"])


def county(*rows, **layers):
    return replace(toy.county(), completions=completions(*rows), control_totals=totals(t1=3000, t2=3500), **layers)


def pupils(frame, year, place_id, grade=1):
    return frame.query("year == @year and place_id == @place_id and grade == @grade")["pupils"].item()


def test_dwellings_fill_by_the_curve():
    assert [occupied_share(year, NORMS) for year in range(-1, 6)] == [0.0, 0.3, 0.55, 0.75, 0.9, 1, 1]


def test_only_what_is_built_above_the_trend_counts():
    found = new_housing(county(("p2", 2021, 100), ("p2", 2022, 100), ("p2", 2024, 300, 2.5)), norms=NORMS, years=YEARS)
    # 100 a year are usual; of 300 the 200 above count: 200 x 2.5 persons, 30 % in the first year.
    assert found.trend_units == 100.0
    assert found.persons[:5, 1].tolist() == pytest.approx([0, 0, 150, 275, 375])
    assert found.persons[:, [0, 2, 3]].sum() == 0.0


def test_completions_at_or_below_the_trend_bring_nobody():
    found = new_housing(county(("p2", 2022, 100), ("p2", 2024, 60), ("p3", 2024, 40)), norms=NORMS, years=YEARS)
    assert found.persons.sum() == 0.0


def test_what_is_above_the_trend_is_shared_by_dwellings():
    found = new_housing(county(("p2", 2022, 50), ("p2", 2024, 60), ("p3", 2024, 40)), norms=NORMS, years=[2030])
    # 100 built, 50 above: half of each place's dwellings, at 3.1 persons.
    assert found.persons[0].tolist() == pytest.approx([0, 30 * 3.1, 20 * 3.1, 0])


def test_without_past_completions_everything_counts_and_is_listed():
    found = new_housing(county(("p2", 2024, 100)), norms=NORMS, years=[2024])
    assert found.persons[0, 1] == pytest.approx(100 * 3.1 * 0.3)
    assert [note.code for note in found.notes] == ["housing_trend_unknown"]


def test_new_people_are_like_the_county_s_and_grow_older():
    frame = project_demand(
        county(("p2", 2022, 0), ("p2", 2023, 100, 2.6)), outlook=Outlook(), norms=NORMS, years=YEARS
    ).frame
    # 65 children of an age in 6500 residents; 260 persons, 30 % in 2023: 0.78 children a grade.
    assert pupils(frame, 2022, "p2") == pytest.approx(20.0)
    assert pupils(frame, 2023, "p2") == pytest.approx(20.78)
    assert pupils(frame, 2027, "p2") == pytest.approx(22.6)
    assert pupils(frame, 2027, "p1") == pytest.approx(10.0)


def test_residents_come_from_the_townships_totals_else_from_households():
    assert county_residents(county(), NORMS)[0] == 6500.0
    total, note = county_residents(toy.county(), NORMS)
    assert total == pytest.approx(650 * 3.97)
    assert note.code == "residents_by_households"


def test_seats_per_thousand_replace_the_cohorts_of_new_dwellings_only():
    plan = county(("p2", 2022, 0), ("p2", 2023, 100, 3.0))
    frame = project_demand(plan, outlook=Outlook(housing="seats_per_thousand"), norms=NORMS, years=YEARS).frame
    # 300 persons when full: 60 primary seats in a thousand are 18, three a grade; 30 junior are 9, three a grade.
    assert pupils(frame, 2030, "p2", grade=1) == pytest.approx(20 + 3.0)
    assert pupils(frame, 2030, "p2", grade=9) == pytest.approx(20 + 3.0)
    assert pupils(frame, 2030, "p1", grade=1) == pytest.approx(10.0)


def test_the_option_without_completions_is_an_error():
    with pytest.raises(DataError) as caught:
        project_demand(toy.county(), outlook=Outlook(housing="seats_per_thousand"), norms=NORMS, years=YEARS)
    assert caught.value.problems[0].code == "outlook_idle"


def test_both_ways_stand_side_by_side_whatever_is_chosen():
    plan = county(("p2", 2022, 0), ("p2", 2023, 100, 3.0))
    one, other = (
        compare_housing(plan, outlook=Outlook(housing=way), norms=NORMS, years=[2022, 2030])
        for way in ("cohort", "seats_per_thousand")
    )
    pd.testing.assert_frame_equal(one, other)
    row = one.query("year == 2030 and stage == 'primary'").iloc[0]
    # 200 households of 3.97 and 300 new persons; 20 children a grade and 300 x 65 / 6500 = 3 more.
    assert row["persons"] == pytest.approx(200 * 3.97 + 300)
    assert row["by_cohort"] == pytest.approx(6 * 23)
    assert row["by_thousand"] == pytest.approx((200 * 3.97 + 300) * 0.060)
    assert row["clause"] == "guide"


def test_trap_20_a_site_at_the_reference_ratios_loses_27_per_cent_in_six_years():
    # 1000 movers as measured: 40.1 in three preschool cohorts, 109.8 in six primary, 53.2 in three junior.
    each = {age: 40.1 / 3 if age < 6 else 109.8 / 6 if age < 12 else 53.2 / 3 for age in range(16)}
    rows = [("p1", age, count, "census") for age, count in each.items()]
    site = toy.county(children=pd.DataFrame(rows, columns=["place_id", "age", "children", "source"]))
    frame = project_demand(site, outlook=Outlook(), norms=NORMS, years=[2022, 2028]).frame
    primary = frame[(frame["place_id"] == "p1") & (frame["grade"] <= 6)].groupby("year")["pupils"].sum()
    assert primary[2022] == pytest.approx(NORMS.value("seats_per_thousand.resettlement.primary"))
    assert primary[2028] / primary[2022] == pytest.approx(0.73, abs=0.005)
