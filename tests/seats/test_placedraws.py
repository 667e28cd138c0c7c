"""Draws of the pupils of every place: nothing without history, nothing in the base year, more the further ahead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.seats.chances import DRAWS
from layoutplan.seats.placedraws import draw_places

YEARS = np.array([2022, 2023, 2024])
DEMAND = pd.DataFrame(
    [
        (year, grade, place, 0.0 if (grade, place) == (5, "p4") else pupils)
        for year in range(2021, 2026)
        for grade in range(1, 10)
        for place, pupils in toy.CHILDREN.items()
    ],
    columns=["year", "grade", "place_id", "pupils"],
)


def with_history():
    """Return the toy county with seven years in which the grades of b go up and down by up to 4."""
    rows = [
        (school, year, grade, 35 + (3 * year + 5 * grade + grade * year) % 9 - 4)
        for school, last in (("a", 6), ("b", 9))
        for year in range(2016, 2023)
        for grade in range(1, last + 1)
    ]
    frame = pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils"])
    return toy.county(enrolment=frame.assign(classes=pd.array([pd.NA] * len(frame), dtype="Int64")))


@pytest.fixture(scope="module")
def factors():
    return draw_places(with_history(), DEMAND, years=YEARS)


def test_a_county_without_history_has_no_draws():
    assert draw_places(toy.county(), DEMAND, years=YEARS) is None


def test_there_is_a_factor_for_every_year_grade_place_and_draw(factors):
    assert factors.shape == (3, 9, 4, DRAWS)
    assert factors.dtype == np.float32
    assert factors.min() >= 0


def test_the_base_year_is_known(factors):
    assert (factors[0] == 1).all()
    assert factors[1].std() > 0


def test_where_nobody_is_expected_nothing_is_drawn(factors):
    assert (factors[:, 4, 3] == 1).all()


def test_draws_lie_around_the_demand(factors):
    assert np.abs(np.median(factors[1:, :4], axis=-1) - 1).max() < 0.2


def test_few_pupils_vary_more_than_many(factors):
    # p4 has 5 pupils a grade, p3 30.
    assert (factors[1, :4, 3].std(axis=-1) > factors[1, :4, 2].std(axis=-1)).all()


def test_the_order_of_the_demand_and_other_years_in_it_change_nothing(factors):
    again = draw_places(with_history(), DEMAND[DEMAND["year"].isin(YEARS)].iloc[::-1], years=YEARS)
    assert np.array_equal(again, factors)
