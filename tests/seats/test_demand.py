"""Law 4 (missing is not zero), law 5 (31 August, a third and two thirds), law 6 (pupils are conserved)."""

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
from layoutplan.seats.demand import history_spread, p10_p90, project_demand
from layoutplan.seats.settings import Outlook

NORMS = load_norms()
YEARS = range(2022, 2036)


def demand(county, outlook=None, years=YEARS):
    return project_demand(county, outlook=outlook or Outlook(), norms=NORMS, years=years).frame


def pupils(frame, **where):
    for name, value in where.items():
        frame = frame[frame[name] == value]
    return frame["pupils"].sum()


def test_grade_is_age_less_five_in_the_base_year():
    children = toy.county().children.assign(children=lambda frame: frame["age"].astype(float))
    frame = demand(toy.county(children=children), years=[2022])
    assert [pupils(frame, grade=grade, place_id="p1") for grade in range(1, 10)] == [6, 7, 8, 9, 10, 11, 12, 13, 14]


def test_a_cohort_moves_up_one_grade_a_year():
    children = toy.county().children.assign(children=lambda frame: np.where(frame["age"] == 3, 7.0, 0.0))
    frame = demand(toy.county(children=children))
    # Aged 3 in 2022: grade 1 in 2025, grade 6 in 2030, grade 9 in 2033, gone after.
    for year, grade in ((2025, 1), (2030, 6), (2033, 9)):
        assert pupils(frame, year=year, grade=grade, place_id="p2") == 7.0
    assert pupils(frame, year=2024) == 0.0


def test_entry_takes_a_third_of_the_births_seven_years_before_and_two_thirds_of_six():
    county = toy.county()
    # 100 births a year up to 2022, then 190 in the one year 2023 that is known besides.
    births = pd.concat([county.births, pd.DataFrame([("t1", 2023, 190)], columns=county.births.columns)])
    frame = demand(replace(county, births=births), years=range(2022, 2030))
    # Entry 2029 = 1/3 of 2022 (100) + 2/3 of 2023 (190) = 160, against 100 today: p1 has 10, so 16.
    assert pupils(frame, year=2029, grade=1, place_id="p1") == pytest.approx(16.0)
    assert pupils(frame, year=2028, grade=1, place_id="p1") == pytest.approx(10.0)


def test_births_still_unknown_follow_the_outlook():
    frame = demand(toy.county(), Outlook(births_change=-0.1))
    # Entry 2030 = 1/3 of 2023 (90) + 2/3 of 2024 (81) = 84 per cent of today.
    assert pupils(frame, year=2030, grade=1, place_id="p1") == pytest.approx(8.4)


def test_without_births_cohorts_stay_as_large_as_the_youngest():
    frame = demand(toy.county(births=toy.county().births.iloc[:0]))
    assert pupils(frame, year=2035, grade=1, place_id="p3") == pytest.approx(30.0)
    assert frame["p10"].isna().any()  # nothing tells how wide the range is, and a guess would be a lie


def entries(*counts):
    rows = [("a", 2023 - len(counts) + at, 1, count) for at, count in enumerate(counts)]
    return pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils"])


def test_a_calibrated_ratio_carries_the_young_to_entry():
    # 65 young residents of an age to 200 births: .325. Entries of 2022: 65 x .9, one year against a prior of two:
    # the ratio is .325 x .9^(1/3), so a cohort still to be born enters .9^(1/3) times as large as the young are.
    county = toy.county(enrolment=entries(58.5))
    frame = demand(county, Outlook(entry_ratio="calibrated"))
    k = 0.9 ** (1 / 3)
    assert pupils(frame, year=2030, grade=1, place_id="p2") == pytest.approx(20 * k)
    # Aged 3 in 2022: three of the five steps from age 1 to 6 are still before it.
    assert pupils(frame, year=2025, grade=1, place_id="p2") == pytest.approx(20 * k ** (3 / 5))
    assert pupils(frame, year=2025, grade=4, place_id="p2") == pytest.approx(20.0)
    shown = project_demand(county, outlook=Outlook(), norms=NORMS, years=[2022]).notes
    assert shown.loc[shown["code"] == "entry_ratio_shown", "value"].item() == pytest.approx(0.325 * k)


def test_survival_and_measured_migration_work_year_by_year():
    children = toy.county().children.assign(
        children=lambda frame: np.where(frame["place_id"].isin(["p1", "p2"]), 100 * 1.02 ** frame["age"], 50.0)
    )
    births = [(area, year, 200) for area in ("t1", "t2") for year in range(2005, 2023)]
    county = toy.county(children=children, births=pd.DataFrame(births, columns=["area_id", "year", "births"]))
    frame = demand(county, Outlook(migration="measured", survival=0.99))
    # t1 gains 2 % a year by its register, t2 nothing; one in a hundred is lost besides.
    now, later = (pupils(frame, year=year, grade=grade, place_id="p1") for year, grade in ((2022, 1), (2027, 6)))
    assert later / now == pytest.approx((1.02 * 0.99) ** 5)
    assert pupils(frame, year=2027, grade=6, place_id="p3") == pytest.approx(50 * 0.99**5)
    # The mean of ages 0-2 is taken for age 1: five steps to the age of entry.
    young = 100 * (1 + 1.02 + 1.02**2) / 3
    assert pupils(frame, year=2032, grade=1, place_id="p1") == pytest.approx(young * (1.02 * 0.99) ** 5)


@pytest.mark.parametrize(
    "option", [{"entry_ratio": "calibrated"}, {"housing": "seats_per_thousand"}, {"children": "reconciled"}]
)
def test_an_option_without_its_layer_is_an_error(option):
    with pytest.raises(DataError) as caught:
        demand(toy.county(), Outlook(**option))
    assert {problem.code for problem in caught.value.problems} == {"outlook_idle"}


def resettled(households=150.0):
    county = toy.county()
    site = county.places.iloc[[0]].assign(
        place_id="p5", name="P5", kind="resettlement", township_id="t2", households=0, origin_place_id="p3"
    )
    places = pd.concat([county.places, site], ignore_index=True).astype(county.places.dtypes.to_dict())
    move_in = pd.DataFrame([("p5", 2024, households)], columns=["place_id", "year", "households"])
    return replace(county, places=places, move_in=move_in)


def test_residents_leave_their_origin_on_the_day_they_reach_the_site():
    frame = demand(resettled())
    # p3 has 300 households and 30 children a grade; 150 households leave in 2024: 15 and 15.
    assert pupils(frame, year=2023, grade=4, place_id="p3") == 30.0
    assert pupils(frame, year=2024, grade=4, place_id="p3") == pytest.approx(15.0)
    assert pupils(frame, year=2024, grade=4, place_id="p5") == pytest.approx(15.0)
    before, after = (demand(county).groupby("year")["pupils"].sum() for county in (toy.county(), resettled()))
    pd.testing.assert_series_equal(before, after)


def test_more_households_than_ever_lived_there_is_an_error_that_names_the_place():
    with pytest.raises(DataError) as caught:
        demand(resettled(households=301.0))
    (problem,) = caught.value.problems
    assert (problem.code, problem.row, problem.field) == ("origin_households", "p3", "households")


def test_new_housing_without_an_origin_adds_residents_at_the_county_mean():
    county = toy.county()
    estate = county.places.iloc[[0]].assign(place_id="p5", kind="housing", households=0)
    places = pd.concat([county.places, estate], ignore_index=True).astype(county.places.dtypes.to_dict())
    move_in = pd.DataFrame([("p5", 2023, 65)], columns=["place_id", "year", "households"])
    frame = demand(replace(county, places=places, move_in=move_in))
    # 65 children a grade live in 650 households: 65 households more bring 6.5.
    assert pupils(frame, year=2023, grade=1, place_id="p5") == pytest.approx(6.5)


def test_the_base_year_is_no_forecast_and_later_ranges_widen():
    history = pd.DataFrame(
        [
            ("a", year, grade, count)
            for year, count in ((2019, 90), (2020, 100), (2021, 95), (2022, 100))
            for grade in range(1, 7)
        ],
        columns=["school_id", "year", "grade", "pupils"],
    )
    frame = demand(toy.county(enrolment=history))
    width = (frame["p90"] - frame["p10"]).groupby(frame["year"]).sum()
    assert width[2022] == 0.0
    assert width[2030] > width[2024] > 0.0


def test_history_spread_of_a_steady_county_is_zero_for_births():
    assert history_spread(toy.county()).births == 0.0


@given(st.floats(0, 5000), st.floats(0, 0.5))
def test_the_range_holds_the_middle_and_is_never_negative(middle, relative_sd):
    low, high = p10_p90(np.array([middle]), np.array([relative_sd]))
    assert 0.0 <= low[0] <= middle <= high[0]


@given(st.permutations(range(64)))
def test_the_order_of_rows_does_not_matter(order):
    county = toy.county()
    shuffled = replace(county, children=county.children.iloc[list(order)])
    pd.testing.assert_frame_equal(demand(shuffled, years=[2022, 2030]), demand(county, years=[2022, 2030]))
