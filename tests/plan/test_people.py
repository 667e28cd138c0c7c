"""How many pupils seats are counted for: the high side of a township by hand, and who is multiplied by it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.plan.optimise.people import high_side, pupils_to_seat
from layoutplan.seats.demand import Demand

# One of ten lies above P90, one of five above P80: so many standard deviations above the middle.
Z90, Z80 = 1.2815515655446004, 0.8416212335729143


def demand(*rows):
    """Return a demand of (year, grade, place, pupils, standard deviation); None where no range is known."""
    frame = pd.DataFrame(rows, columns=["year", "grade", "place_id", "pupils", "sd"])
    return Demand(frame.assign(p90=frame["pupils"] + Z90 * frame["sd"].astype(float)))


def factors(*rows, quantile=0.9):
    found = high_side(demand(*rows), toy.county(), quantile=quantile)
    return found.set_index(["year", "stage", "township_id"])["factor"].to_dict()


def test_what_places_have_in_common_adds_up_and_what_is_luck_evens_out():
    """64 and 36 pupils with a deviation of 10 each: 6 and 8 of it in common; p1 and p2 are of one township."""
    rows = (2025, 1, "p1", 64.0, 10.0), (2025, 1, "p2", 36.0, 10.0)
    spread = np.sqrt(100 + 14**2)
    assert factors(*rows) == {(2025, "primary", "t1"): pytest.approx(1 + Z90 * spread / 100)}
    assert factors(*rows, quantile=0.8) == {(2025, "primary", "t1"): pytest.approx(1 + Z80 * spread / 100)}
    assert factors(*rows, quantile=0.5) == {(2025, "primary", "t1"): pytest.approx(1.0)}


def test_every_year_stage_and_township_has_its_own_range():
    found = factors(
        (2025, 6, "p1", 64.0, 10.0), (2025, 7, "p1", 36.0, 10.0), (2026, 6, "p1", 25.0, 5.0), (2025, 6, "p3", 25.0, 5.0)
    )
    assert found == pytest.approx({
        (2025, "primary", "t1"): 1 + Z90 * 10 / 64, (2025, "junior", "t1"): 1 + Z90 * 10 / 36,
        (2026, "primary", "t1"): 1 + Z90 * 5 / 25, (2025, "primary", "t2"): 1 + Z90 * 5 / 25,
    })  # fmt: skip


def test_a_range_narrower_than_luck_has_nothing_in_common():
    # The deviation of 25 pupils by luck alone is 5.
    assert factors((2025, 1, "p1", 25.0, 3.0)) == {(2025, "primary", "t1"): pytest.approx(1 + Z90 * 5 / 25)}


def test_pupils_who_are_counted_and_not_forecast_have_no_range():
    assert factors((2025, 1, "p1", 25.0, 0.0)) == {(2025, "primary", "t1"): 1.0}
    mixed = factors((2025, 1, "p1", 75.0, 0.0), (2025, 1, "p2", 25.0, 5.0))
    assert mixed == {(2025, "primary", "t1"): pytest.approx(1 + Z90 * 5 / 100)}


def test_half_a_pupil_has_a_range_as_well_as_a_hundred():
    # 0.8 squared is 0.64: 0.5 of it is luck, the rest in common.
    assert factors((2025, 1, "p1", 0.5, 0.8)) == {(2025, "primary", "t1"): pytest.approx(1 + Z90 * 0.8 / 0.5)}
    assert np.isnan(factors((2025, 1, "p1", 0.5, None))[2025, "primary", "t1"])


def test_a_township_with_an_unknown_range_has_none_unless_nobody_lives_there():
    unknown = factors((2025, 1, "p1", 25.0, None), (2025, 1, "p2", 25.0, 5.0), (2025, 1, "p3", 25.0, 5.0))
    assert np.isnan(unknown[2025, "primary", "t1"])
    assert unknown[2025, "primary", "t2"] == pytest.approx(1 + Z90 * 5 / 25)
    empty = factors((2025, 1, "p1", 0.0, None), (2025, 1, "p2", 25.0, 5.0))
    assert empty == {(2025, "primary", "t1"): pytest.approx(1 + Z90 * 5 / 25)}


def test_where_nobody_lives_the_factor_is_one():
    assert factors((2025, 1, "p1", 0.0, 0.0)) == {(2025, "primary", "t1"): 1.0}
    assert factors((2025, 1, "p1", 0.0, None)) == {(2025, "primary", "t1"): 1.0}


def test_pupils_of_a_grade_and_place_are_multiplied_by_the_factor_of_their_stage_and_township():
    rows = [
        (year, grade, place, 10.0 * grade + at, 1.0)
        for year in (2024, 2025, 2026) for grade in range(1, 10) for at, place in enumerate(("p1", "p2", "p3"))
    ]  # fmt: skip
    table = [
        (2025, "primary", "t1", 2.0), (2025, "primary", "t2", 3.0), (2025, "junior", "t1", np.nan),
        (2025, "junior", "t2", 0.5), (2026, "primary", "t1", 1.0), (2026, "primary", "t2", 1.0),
        (2026, "junior", "t1", 4.0), (2026, "junior", "t2", 1.0),
    ]  # fmt: skip
    given = pd.DataFrame(table, columns=["year", "stage", "township_id", "factor"])
    found = pupils_to_seat(demand(*rows), given, toy.county(), place_ids=("p3", "p1", "p2"), years=(2025, 2026))
    assert found.shape == (2, 9, 3)
    # Grades 1 and 6 of p3 (t2), p1 and p2 (t1), then grades 7 and 9; an unknown factor leaves the middle.
    assert found[0, [0, 5]].tolist() == [[12 * 3, 10 * 2, 11 * 2], [62 * 3, 60 * 2, 61 * 2]]
    assert found[0, [6, 8]].tolist() == [[72 * 0.5, 70, 71], [92 * 0.5, 90, 91]]
    assert found[1, [0, 8]].tolist() == [[12, 10, 11], [92, 90 * 4, 91 * 4]]
