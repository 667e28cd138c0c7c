"""One small county in which every source and every rule speaks once, and every number is worked out by hand.

Children of each age in the base year 2022, t1: v1 10 by the register; v2 10 from five-year groups of 50;
s1, a resettlement site, 1 by the register; e1, an estate, none yet. t2: v3 12 from 1000 residents at 12 in a
thousand; v4 6, what is left of the township's 1500 x 12 / 1000 = 18. The county: 39 of an age, 2500 residents.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import toy
from shapely import Point

from layoutplan.county.tables import AGES
from layoutplan.norms import load_norms
from layoutplan.seats.demand import project_demand
from layoutplan.seats.settings import Outlook

YEARS = range(2022, 2031)


@pytest.fixture(scope="module")
def result():
    base = toy.county()
    rows = [
        ("e1", "housing", "t1", 0, None), ("s1", "resettlement", "t1", 10, "v1"), ("v1", "village", "t1", 100, None),
        ("v2", "village", "t1", 80, None), ("v3", "village", "t2", 240, None), ("v4", "village", "t2", 50, None),
    ]  # fmt: skip
    columns = ["place_id", "kind", "township_id", "households", "origin_place_id"]
    places = pd.DataFrame(rows, columns=columns).assign(name="", planned_households=None)
    places = toy.geo(places.to_dict("records"), [Point(number, 0) for number in range(6)])
    places = places.astype({"households": "Int64", "planned_households": "Int64", "origin_place_id": object})
    children = [(place, age, count, "register") for place, count in (("v1", 10.0), ("s1", 1.0)) for age in AGES]
    births = [("t1", year, 130 if year == 2022 else 100) for year in range(2012, 2023)]
    births += [("t2", year, 60) for year in range(2012, 2023)]
    county = replace(
        base,
        places=places[base.places.columns.tolist()],
        children=pd.DataFrame(children, columns=["place_id", "age", "children", "source"]),
        age_groups=pd.DataFrame(
            [("v2", age, 50) for age in (0, 5, 10, 15)], columns=["area_id", "age_from", "residents"]
        ),
        age_structure=pd.DataFrame([("t2", age, 12.0) for age in AGES], columns=["area_id", "age", "per_thousand"]),
        control_totals=pd.DataFrame(
            [("v3", 2020, 1000, None), ("t1", 2020, 1000, None), ("t2", 2020, 1500, None)],
            columns=["area_id", "year", "residents", "registered"],
        ),
        births=pd.DataFrame(births, columns=["area_id", "year", "births"]),
        move_in=pd.DataFrame(
            [("s1", 2022, 10, 20), ("s1", 2023, None, 40), ("s1", 2024, None, 60)],
            columns=["place_id", "year", "households", "planned"],
        ).astype({"households": "Int64", "planned": "Int64"}),
        completions=pd.DataFrame(
            [("e1", 2021, 100, None), ("e1", 2022, 100, None), ("e1", 2024, 300, 2.5)],
            columns=["place_id", "year", "units", "persons_per_unit"],
        ).astype({"persons_per_unit": float}),
        study_elsewhere=pd.DataFrame([("t2", "primary", 2023, 0.25)], columns=["area_id", "stage", "year", "share"]),
    )  # fmt: skip
    return project_demand(county, outlook=Outlook(), norms=load_norms(), years=YEARS)


def pupils(result, year, grade):
    frame = result.frame.query("year == @year and grade == @grade").set_index("place_id")["pupils"]
    return frame[["v1", "v2", "s1", "e1", "v3", "v4"]].tolist()


def test_the_base_year_is_the_sources(result):
    assert pupils(result, 2022, 4) == pytest.approx([10, 10, 1, 0, 12, 6])
    source = result.residents.drop_duplicates("place_id").set_index("place_id")["source"]
    assert source.to_dict() == {
        "v1": "register", "v2": "census", "s1": "register", "e1": "register", "v3": "estimate", "v4": "estimate",
    }  # fmt: skip


def test_the_first_movers(result):
    # 10 of 20 planned households live there, so 20 of the 40 planned for 2023: ten of v1's 100 leave.
    # From 2023 on a quarter of t2's primary pupils study elsewhere; its junior pupils do not.
    assert pupils(result, 2023, 4) == pytest.approx([9, 10, 2, 0, 9, 4.5])
    assert pupils(result, 2023, 8) == pytest.approx([9, 10, 2, 0, 12, 6])


def test_more_movers_and_the_estate(result):
    # 300 dwellings, 100 are usual: 200 x 2.5 persons, 30 % in 2024, 55 % in 2025; 39 / 2500 children a person.
    assert pupils(result, 2024, 8) == pytest.approx([8, 10, 3, 150 * 39 / 2500, 12, 6])
    assert pupils(result, 2025, 8) == pytest.approx([8, 10, 3, 275 * 39 / 2500, 12, 6])


def test_a_cohort_still_to_be_born(result):
    # Grade 1 of 2029: 1/3 of 2022 and 2/3 of 2023. t1: 2023 is held at (100 + 100 + 130) / 3 = 110, so
    # 130/3 + 220/3 = 350/3 births. Its youngest: age 0 has 100/3 + 260/3 = 120, ages 1 and 2 have 100: 320/3
    # on average. Its places have 350/320 = 1.09375 of their youngest; a fifth of v1's go to the site.
    # t2: 60 births a year throughout, a quarter away. The county: 21 x 1.09375 + 18 = 40.96875 a cohort.
    estate = 500 * 40.96875 / 2500
    assert pupils(result, 2029, 1) == pytest.approx([8.75, 10.9375, 3.28125, estate, 9, 4.5])
    basis = result.frame.query("year == 2029 and grade == 1")["basis"]
    assert set(basis) == {"births"}


def test_series_of_a_township(result):
    row = result.series.query("year == 2024 and township_id == 't2' and stage == 'primary'").iloc[0]
    assert (row["residents"], row["elsewhere"], row["pupils"]) == pytest.approx((108, 27, 81))


def test_everything_that_stood_in_for_something_is_listed(result):
    notes = result.notes
    fallbacks = notes[notes["kind"] == "fallback"].set_index("code")["subject"].to_dict()
    assert fallbacks == {
        "births_held": "", "from_groups": "v2", "from_total": "v3", "from_township": "v4", "plan_scaled": "s1",
        "elsewhere_held": "t2/primary", "entry_ratio_unknown": "",
    }  # fmt: skip
    facts = notes[notes["kind"] == "fact"].set_index("code")["value"]
    assert facts["housing_trend"] == 100.0
    assert facts["residents_total"] == 2500.0


def test_nobody_is_lost_but_to_the_estate_and_elsewhere(result):
    total = result.series.groupby("year")["residents"].sum()
    # 39 children of each of nine ages; the estate adds from outside.
    assert total[2022] == total[2023] == pytest.approx(351)
    assert total[2024] == pytest.approx(351 * (1 + 150 / 2500))
