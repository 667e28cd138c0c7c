"""Births of the cohorts that enter school: by month where known, else a third and two thirds of two years.

Entry in autumn Y is of the children aged 6 on 31 August Y: born from September Y-7 to August Y-6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import ENTRY_AGE
from layoutplan.norms import Norms
from layoutplan.seats.notes import Note

_YEARS_HELD = 3
_MONTHS = 12
_FIRST_MONTH = 9
# Ages that tell how the children of a township spread over its places, and how many there are a birth.
YOUNGEST = np.array((0, 1, 2))


@dataclass(frozen=True)
class EntryRatio:
    """Pupils entering grade 1 for every child born six years before, in the county as a whole.

    Parameters
    ----------
    value : float
        Ratio after shrinkage.
    observed : float
        Mean of the years used, later years weighing more.
    prior : float
        What it is shrunk towards: young residents a birth.
    low, high : float
        Smallest and largest ratio of the years used.
    years : tuple of int
        Entry years used.
    """

    value: float
    observed: float
    prior: float
    low: float
    high: float
    years: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class CohortBirths:
    """Births by township of the cohorts that have an age on 31 August of the base year.

    Parameters
    ----------
    frame : DataFrame
        Index ``township_id``, a column an age (below 0: still to be born) [person].
    last_year : int
        Last calendar year any births are known for.
    notes : tuple of Note
        Years that were filled in.
    """

    frame: pd.DataFrame
    last_year: int
    notes: tuple[Note, ...]


def entering_births(births: pd.Series, year: int, *, share_before: float) -> float:
    """Return the births that make the entry of one autumn.

    Parameters
    ----------
    births : Series
        Births [person] by calendar year.
    year : int
        Autumn of the entry.
    share_before : float
        Share of the births of ``year - 7`` that fall into the cohort; a third: September to December.

    Examples
    --------
    >>> round(entering_births(pd.Series({2015: 1655.0, 2016: 1786.0}), 2022, share_before=1 / 3), 1)
    1742.3
    """
    before, after = births[year - ENTRY_AGE - 1], births[year - ENTRY_AGE]
    return float(share_before * before + (1 - share_before) * after)


def births_of_cohorts(county: County, *, births_change: float, norms: Norms, ages: Ints) -> CohortBirths:
    """Return births by township of the cohorts that have these ages on 31 August of the base year.

    Parameters
    ----------
    county : County
        Townships, ``births`` and ``monthly_births``.
    births_change : float
        Yearly change after the last year known, as a share.
    norms : Norms
        Holds the share of births that enter a year later.
    ages : int [cohort]
        Ages; below 0 for cohorts still to be born.

    Returns
    -------
    CohortBirths
        Twelve known months are summed; else a third and two thirds of the calendar years. Years after the
        last known one are held at the mean of the last three, times the change; a gap between known years
        is bridged in a straight line; each is noted.
    """
    by_year, by_month = _known_births(county)
    calendar = list(range(county.base_year - 1 - int(ages.max()), county.base_year + 1 - int(ages.min())))
    last = int(by_year.columns.max()) if len(by_year.columns) else county.base_year
    births, notes = _filled(by_year, calendar, last=last, births_change=births_change)
    before = norms.value("entry.share_births_before")
    cohorts = {}
    for age in ages.tolist():
        first = county.base_year - 1 - age
        cohorts[age] = before * births[first] + (1 - before) * births[first + 1]
        months = [first * _MONTHS + _FIRST_MONTH - 1 + number for number in range(_MONTHS)]
        exact = by_month.reindex(columns=months).sum(axis=1, min_count=_MONTHS)
        cohorts[age] = exact.fillna(cohorts[age])
    return CohortBirths(pd.DataFrame(cohorts), last, tuple(notes))


def _known_births(county: County) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return births by township and calendar year, and by month counted from the year 0."""
    townships = pd.Index(county.townships["township_id"])
    yearly = county.births.pivot(index="area_id", columns="year", values="births").reindex(townships).astype(float)
    monthly = county.monthly_births
    number = (monthly["year"] * _MONTHS + monthly["month"] - 1).rename("number")
    by_month = monthly.assign(number=number).pivot(index="area_id", columns="number", values="births")
    by_month = by_month.reindex(townships).astype(float)
    for year in sorted(set(monthly["year"])):
        whole = by_month.reindex(columns=range(year * _MONTHS, (year + 1) * _MONTHS)).sum(axis=1, min_count=_MONTHS)
        yearly[year] = yearly[year].fillna(whole) if year in yearly else whole
    yearly = yearly.dropna(axis=1, how="all")
    return yearly[sorted(yearly.columns)], by_month


def _filled(
    known: pd.DataFrame, calendar: Sequence[int], *, last: int, births_change: float
) -> tuple[pd.DataFrame, list[Note]]:
    """Return births of every year of a calendar, and notes of what is not known."""
    held = known.reindex(columns=range(last - _YEARS_HELD + 1, last + 1)).T.mean()
    span = range(min([*known.columns, *calendar]), max([*known.columns, *calendar]) + 1)
    bridged = known.reindex(columns=span).interpolate(axis=1, limit_area="inside") if len(known.columns) else None
    births = known.reindex(columns=list(calendar)) if bridged is None else bridged[calendar]
    notes = _gap_notes(known, births, last)
    held = held.fillna(births.mean(axis=1)).fillna(1.0)
    for year in calendar:
        births[year] = births[year].fillna(held * (1 + births_change) ** max(0, year - last))
    return births, notes


def _gap_notes(known: pd.DataFrame, births: pd.DataFrame, last: int) -> list[Note]:
    if not len(known.columns):
        return [Note("births_none")]
    notes = [Note("births_unknown", "fallback", area_id) for area_id in known.index[known.isna().all(axis=1)]]
    calendar: list[Any] = births.columns.tolist()
    told = known[known.notna().any(axis=1)].reindex(columns=calendar)
    for year in (year for year in calendar if year <= last):
        for area_id in told.index[told[year].isna()]:
            code = "births_before" if births[year].isna()[area_id] else "births_bridged"
            notes.append(Note(code, "fallback", area_id, year=int(year)))
    if max(calendar) > last:
        notes.append(Note("births_held", "fallback", year=last, words={"until": int(max(calendar))}))
    return notes


def entry_ratio(county: County, *, prior: float, norms: Norms, elsewhere: pd.Series | None = None) -> EntryRatio | None:
    """Calibrate the birth-to-entry ratio on the county's own history.

    Parameters
    ----------
    county : County
        ``enrolment`` (grade 1) and ``births``.
    prior : float
        Ratio to shrink towards, such as young residents a birth.
    norms : Norms
        Years used, half-life of their weight, and how many years the prior counts for.
    elsewhere : Series, optional
        Share of the residents who study outside the county, by year; they entered too.

    Returns
    -------
    EntryRatio or None
        None where no year has both entries and the births they come from.

    Notes
    -----
    value = exp(w log(observed) + (1 - w) log(prior)), w = n / (n + k): n is the sum of the weights of the
    years, a year's weight halving every ``entry.half_life_years``, k is ``entry.prior_years``.
    """
    births = county.births.groupby("year")["births"].sum().astype(float)
    grade_1 = county.enrolment[county.enrolment["grade"] == 1].groupby("year")["pupils"].sum().astype(float)
    ratios = {}
    entries: dict[int, float] = grade_1.to_dict()  # type: ignore[assignment]
    for year, pupils in entries.items():
        if {year - ENTRY_AGE - 1, year - ENTRY_AGE} <= set(births.index):
            cohort = entering_births(births, year, share_before=norms.value("entry.share_births_before"))
            away = 0.0 if elsewhere is None else float(elsewhere.get(year, 0.0))
            if cohort > 0 and pupils > 0 and away < 1:
                ratios[year] = pupils / (1 - away) / cohort
    years = sorted(ratios)[-int(norms.value("entry.history_years")) :]
    if not years:
        return None
    found: Floats = np.array([ratios[year] for year in years])
    weight = 0.5 ** ((years[-1] - np.array(years)) / norms.value("entry.half_life_years"))
    observed = float(np.exp(np.average(np.log(found), weights=weight)))
    trust = weight.sum() / (weight.sum() + norms.value("entry.prior_years"))
    value = float(np.exp(trust * np.log(observed) + (1 - trust) * np.log(prior)))
    return EntryRatio(value, observed, prior, float(found.min()), float(found.max()), tuple(years))


def measured_migration(county: County, children: Floats, births: pd.DataFrame) -> pd.Series:
    """Return the yearly net migration of children by township, read off the register of the base year.

    Parameters
    ----------
    county : County
        Places and townships.
    children : float [place, age] [person]
        Residents of the base year.
    births : DataFrame
        Births by township (index) and age (columns), as far as they are known.

    Returns
    -------
    Series
        Index ``township_id``: share of a cohort that is gained (lost, where negative) a year; 0 where fewer
        than three cohorts can be compared. It is the slope of log(children / births) over age, so it holds
        deaths as well.
    """
    by_township = pd.DataFrame(children).groupby(county.places["township_id"].to_numpy()).sum()
    by_township = by_township.reindex(county.townships["township_id"])
    found = {}
    known: list[Any] = births.columns.tolist()
    for township_id in by_township.index:
        born, line = births.loc[township_id], by_township.loc[township_id]
        ages = np.array([age for age in known if 0 <= age < len(line) and born[age] > 0 and line[age] > 0])
        if len(ages) < len(YOUNGEST):
            found[township_id] = 0.0
            continue
        stayed = np.log(line[ages].to_numpy(float) / born[ages].to_numpy(float))
        found[township_id] = float(np.expm1(np.polyfit(ages, stayed, 1, w=np.sqrt(line[ages].to_numpy(float)))[0]))
    return pd.Series(found, dtype=float)
