"""Law 5: entry from births. Traps T3 (calendar years) and T4 (births are not entries)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.norms import load_norms
from layoutplan.seats.births import births_of_cohorts, entering_births, entry_ratio, measured_migration

NORMS = load_norms()
THIRD = NORMS.value("entry.share_births_before")
# National births and primary intake in ten thousands, by the statistics office and the ministry.
BIRTHS = pd.Series(
    [1587, 1588, 1600, 1635, 1640, 1687, 1655, 1786, 1723, 1523, 1465, 1202], index=range(2009, 2021), dtype=float
)
INTAKE = {2018: 1867.3, 2019: 1869.0, 2020: 1808.1, 2021: 1782.6, 2022: 1701.4, 2023: 1877.9, 2024: 1616.63}


def births(rows):
    return pd.DataFrame(rows, columns=["area_id", "year", "births"])


def cohorts(county, ages, change=0.0):
    return births_of_cohorts(county, births_change=change, norms=NORMS, ages=np.array(ages))


@pytest.mark.parametrize(
    ("year", "ratio"),
    [(2018, 1.15), (2019, 1.14), (2020, 1.08), (2021, 1.07), (2022, 0.98), (2023, 1.08), (2024, 1.02)],
)
def test_national_intakes_stand_to_the_rule_as_the_reference_says(year, ratio):
    assert INTAKE[year] / entering_births(BIRTHS, year, share_before=THIRD) == pytest.approx(ratio, abs=0.006)


def test_the_rule_puts_the_national_peak_in_2023_where_calendar_years_put_it_in_2022():
    by_rule = {year: entering_births(BIRTHS, year, share_before=THIRD) for year in INTAKE}
    assert max(by_rule, key=by_rule.get) == max(INTAKE, key=INTAKE.get) == 2023
    assert max(INTAKE, key=lambda year: BIRTHS[year - 6]) == 2022


def test_twelve_known_months_replace_the_thirds():
    county = toy.county()
    months = [("t1", year, month, 50 if month == 9 else 5) for year in (2020, 2021) for month in range(1, 13)]
    county = replace(county, monthly_births=pd.DataFrame(months, columns=["area_id", "year", "month", "births"]))
    found = cohorts(county, [0, 1, 2]).frame
    # Born September 2020 to August 2021: 50 + 11 x 5. The other township has no months: 100 of each year.
    assert found[1].to_dict() == {"t1": 105.0, "t2": pytest.approx(100.0)}
    # September 2021 to August 2022 and before September 2020 are not known by month, so by thirds;
    # yearly births stand beside the months and are used as they are.
    assert found.loc["t1", 0] == pytest.approx(100.0)


def test_months_alone_make_the_year():
    months = [("t1", 2021, month, 10) for month in range(1, 13)]
    county = replace(
        toy.county(births=births([("t2", 2021, 60)])),
        monthly_births=pd.DataFrame(months, columns=["area_id", "year", "month", "births"]),
    )
    # 2022 is held at the mean of what is known of the last three years: 120, 60.
    assert cohorts(county, [0]).frame[0].to_dict() == {"t1": pytest.approx(120.0), "t2": pytest.approx(60.0)}


def test_a_missing_year_is_bridged_and_listed():
    county = toy.county(
        births=births(
            [
                ("t1", 2019, 90),
                ("t1", 2020, 80),
                ("t1", 2022, 100),
                ("t2", 2020, 50),
                ("t2", 2021, 50),
                ("t2", 2022, 50),
            ]
        )
    )
    found = cohorts(county, [0, 1, 2])
    # 2021 lies between 80 and 100: 90. Age 0 = 1/3 of 2021 + 2/3 of 2022.
    assert found.frame.loc["t1", 0] == pytest.approx(90 / 3 + 100 * 2 / 3)
    listed = {(note.code, note.subject, note.year) for note in found.notes}
    assert listed == {("births_bridged", "t1", 2021), ("births_before", "t2", 2019)}


def test_births_shorter_than_the_horizon_are_held_and_listed():
    found = cohorts(toy.county(), [-3, 0], change=-0.1)
    # Age -3: 1/3 of 2024 (100 x .9 x .9) + 2/3 of 2025 (100 x .9^3).
    assert found.frame.loc["t1", -3] == pytest.approx(81 / 3 + 72.9 * 2 / 3)
    (note,) = found.notes
    assert (note.code, note.year, note.words["until"]) == ("births_held", 2022, 2025)


def test_no_births_at_all_are_listed_too():
    found = cohorts(toy.county(births=births([])), [-1, 0])
    assert found.frame[-1].tolist() == found.frame[0].tolist()
    assert [note.code for note in found.notes] == ["births_none"]


def history(entries):
    return pd.DataFrame(
        [("a", year, 1, n) for year, n in entries.items()], columns=["school_id", "year", "grade", "pupils"]
    )


def test_the_entry_ratio_is_shrunk_by_hand():
    # Births 100 + 100 a year: a cohort is 200. Entries 180 in 2020, 190 in 2021, 200 in 2022.
    county = toy.county(enrolment=history({2020: 180, 2021: 190, 2022: 200}))
    found = entry_ratio(county, prior=1.0, norms=NORMS)
    weight = np.array([0.5, 0.5**0.5, 1.0])
    observed = np.exp((weight * np.log([0.9, 0.95, 1.0])).sum() / weight.sum())
    trust = weight.sum() / (weight.sum() + 2)
    assert found.years == (2020, 2021, 2022)
    assert (found.low, found.high) == (0.9, 1.0)
    assert found.observed == pytest.approx(observed)
    assert found.value == pytest.approx(observed**trust)
    assert found.observed < found.value < found.prior


def test_entries_are_counted_back_to_the_residents_they_come_from():
    county = toy.county(enrolment=history({2022: 180}))
    away = pd.Series({2022: 0.1})
    assert entry_ratio(county, prior=1.0, norms=NORMS, elsewhere=away).observed == pytest.approx(1.0)


def test_without_common_years_there_is_no_ratio():
    assert entry_ratio(toy.county(), prior=1.0, norms=NORMS) is None


def test_migration_is_the_slope_of_the_register_over_births():
    ages = range(16)
    born = pd.DataFrame({age: {"t1": 1000.0, "t2": 1000.0} for age in ages})
    children = np.array([[500 * 0.99**age for age in ages]] * 2 + [[700 * 1.02**age for age in ages], [0.0] * 16])
    found = measured_migration(toy.county(), children, born)
    assert found.to_dict() == pytest.approx({"t1": -0.01, "t2": 0.02})
