"""Children of every place, grade and year: cohorts move up, births enter, residents move.

A child is in grade ``age - 5`` in the autumn of the year in which it has that age on 31 August.
Cohorts already born are the children of the base year, grown older. Cohorts still to be born
follow the births of their township: a child aged 6 on 31 August of year Y was born in the last
four months of Y-7 (a third of that year's births) or the first eight of Y-6 (two thirds).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import AGES, ENTRY_AGE, GRADES
from layoutplan.errors import DataError, Problem
from layoutplan.norms import Norms
from layoutplan.seats.settings import Outlook

# Ages that tell how the children of a township spread over its places today.
_YOUNGEST = np.array((0, 1, 2))
_YEARS_HELD = 3
_Z_P90 = 1.2815515655446004
# Turns a median absolute deviation into the standard deviation of a normal distribution.
_MAD_TO_SD = 1.482602218505602


@dataclass(frozen=True, eq=False)
class Demand:
    """Resident children who need a seat.

    Parameters
    ----------
    frame : DataFrame
        ``year, grade, place_id`` (key, sorted), ``pupils, p10, p90`` [person], ``basis``
        (``residents`` or ``births``). ``p10`` and ``p90`` are missing where the history is too
        short to tell how wide the range is.
    """

    frame: pd.DataFrame


@dataclass(frozen=True)
class Spread:
    """How much the past varied from year to year, as standard deviations of logarithms.

    Parameters
    ----------
    move : float
        Of the share of the county's pupils found again a grade higher; NaN if too few years are known.
    births : float
        Of the county's births from one year to the next; NaN if too few years are known.
    """

    move: float
    births: float


@dataclass(frozen=True, eq=False)
class _Moves:
    """Residents who change their place by one year: shares of origins, and households from outside."""

    origin: Ints
    site: Ints
    share: Floats
    arriving_households: Floats


def project_demand(county: County, *, outlook: Outlook, norms: Norms, years: Sequence[int]) -> Demand:
    """Project the resident pupils of every place and grade.

    Parameters
    ----------
    county : County
        Places, children, births and dated households.
    outlook : Outlook
        What is assumed about births still unknown.
    norms : Norms
        Holds the share of births that enter a year later (``entry.share_births_before``).
    years : sequence of int
        School years, none before the county's base year.

    Returns
    -------
    Demand
        A row for every year, grade and place; pupils are real numbers.

    Raises
    ------
    DataError
        Households of an origin are unknown, or fewer than those said to have left it.

    Notes
    -----
    Residents who move to a resettlement site are the same share of every cohort of their origin
    and leave it on the same date, so the county's total does not change. Households that move
    into new housing without an origin come from outside and are added at the county's mean
    number of children a household. The range widens with the square root of the years ahead.
    """
    horizon = list(years)
    youngest_age = min(0, ENTRY_AGE - (max(horizon) - county.base_year))
    cohorts = _cohorts(county, outlook=outlook, norms=norms, youngest_age=youngest_age)
    moves = _moves(county, horizon)
    pupils = np.empty((len(horizon), len(GRADES), len(county.places)))
    for position, year in enumerate(horizon):
        ages = np.array(GRADES) + ENTRY_AGE - 1 - (year - county.base_year)
        pupils[position] = _moved(cohorts[:, ages - youngest_age].T, moves[position], county)
    return Demand(_as_frame(pupils, county, horizon))


def _cohorts(county: County, *, outlook: Outlook, norms: Norms, youngest_age: int) -> Floats:
    """Return children by place and age in the base year; ages below 0 are still to be born."""
    wide = county.children.pivot(index="place_id", columns="age", values="children")
    born = wide.reindex(index=county.places["place_id"], columns=list(AGES)).fillna(0.0).to_numpy(float)
    unborn = np.arange(youngest_age, 0)
    births = _births_of_cohorts(county, outlook=outlook, norms=norms, ages=np.r_[unborn, _YOUNGEST])
    of_place = births.reindex(county.places["township_id"]).to_numpy(float)
    today = of_place[:, len(unborn) :].mean(axis=1, keepdims=True)
    relative = np.ones((len(of_place), len(unborn)))
    np.divide(of_place[:, : len(unborn)], today, out=relative, where=today > 0)
    return np.hstack([relative * born[:, _YOUNGEST].mean(axis=1, keepdims=True), born])


def _births_of_cohorts(county: County, *, outlook: Outlook, norms: Norms, ages: Ints) -> pd.DataFrame:
    """Return births by township of the cohorts that have these ages on 31 August of the base year."""
    townships = pd.Index(county.townships["township_id"])
    calendar = list(range(county.base_year - 1 - int(ages.max()), county.base_year + 1 - int(ages.min())))
    known = county.births.pivot(index="area_id", columns="year", values="births").reindex(townships).astype(float)
    last = int(county.births["year"].max()) if len(county.births) else county.base_year
    held = known.reindex(columns=range(last - _YEARS_HELD + 1, last + 1)).T.mean().fillna(1.0)
    births = known.reindex(columns=calendar)
    for year in calendar:
        ahead = max(0, year - last)
        births[year] = births[year].fillna(held * (1 + outlook.births_change) ** ahead)
    before = norms.value("entry.share_births_before")
    born = {int(age): (county.base_year - 1 - age, county.base_year - age) for age in ages}
    return pd.DataFrame(
        {age: before * births[first] + (1 - before) * births[second] for age, (first, second) in born.items()}
    )


def _moves(county: County, years: Sequence[int]) -> list[_Moves]:
    """Return who has moved by each year, counted from the base year."""
    places = county.places.set_index("place_id")
    position = pd.Series(np.arange(len(places)), index=places.index)
    households = places["households"].astype("Float64")
    snapshots = county.move_in.pivot(index="place_id", columns="year", values="households").astype(float)
    snapshots = snapshots.T.reindex(range(int(min([county.base_year, *snapshots.columns])), max(years) + 1)).ffill().T
    base = snapshots.get(county.base_year, pd.Series(dtype=float)).reindex(snapshots.index)
    base = base.fillna(households.reindex(snapshots.index).astype(float)).fillna(0.0)
    origin = places["origin_place_id"].reindex(snapshots.index)
    resettled = origin.notna().to_numpy()
    _check_origins(origin[resettled], snapshots, base, households)
    moves = []
    for year in years:
        joined = snapshots[year].fillna(base) - base if year in snapshots else base * 0
        source = origin[resettled]
        share = (joined[resettled] / households.reindex(source).astype(float).to_numpy()).to_numpy(float)
        arriving = np.zeros(len(places))
        arriving[position[joined.index[~resettled]].to_numpy(int)] = joined[~resettled].to_numpy(float)
        moves.append(_Moves(position[source].to_numpy(int), position[source.index].to_numpy(int), share, arriving))
    return moves


def _check_origins(origin: pd.Series, snapshots: pd.DataFrame, base: pd.Series, households: pd.Series) -> None:
    """Raise if an origin cannot have sent the households its sites report."""
    problems = []
    leaving = (snapshots.loc[origin.index].max(axis=1) - base[origin.index]).clip(lower=0).groupby(origin).sum()
    for place_id, count in leaving.items():
        lived = households.get(place_id)
        if count > 0 and (lived is None or pd.isna(lived) or lived < count):
            values = {"leaving": f"{count:.0f}", "households": "?" if pd.isna(lived) else f"{lived:.0f}"}
            problems.append(Problem("origin_households", "residential", str(place_id), "households", values))
    if problems:
        raise DataError(problems)


def _moved(stay: Floats, moves: _Moves, county: County) -> Floats:
    """Return pupils [grade, place] after the moves; what a site gains its origin loses."""
    pupils = stay.copy()
    going = stay[:, moves.origin] * moves.share
    # Several sites may share an origin, so plain indexed addition would lose all but one.
    np.subtract.at(pupils.T, moves.origin, going.T)
    np.add.at(pupils.T, moves.site, going.T)
    if moves.arriving_households.any():
        households = county.places["households"].astype(float).sum()
        pupils += np.outer(stay.sum(axis=1) / households, moves.arriving_households)
    return np.maximum(pupils, 0.0)


def history_spread(county: County) -> Spread:
    """Measure how much births and moves up a grade varied in the county's own past.

    Returns
    -------
    Spread
        Robust standard deviations (1.4826 x median absolute deviation) of yearly log changes.
    """
    # Junior schools admit from elsewhere, so grade 7 says nothing about staying.
    counts = county.enrolment
    after = counts[~counts["grade"].isin((1, 7))].groupby("year")["pupils"].sum()
    before = counts[~counts["grade"].isin((6, 9))].groupby("year")["pupils"].sum().rename(lambda year: year + 1)
    after, before = (each.astype(float) for each in after.align(before, join="inner"))
    told = (after > 0) & (before > 0)
    births = county.births.groupby("year")["births"].sum().to_numpy(float)
    moved = np.log((after[told] / before[told]).to_numpy(float))
    return Spread(_robust_sd(moved), _robust_sd(np.diff(np.log(births[births > 0]))))


def _robust_sd(changes: Floats) -> float:
    if len(changes) < 2:
        return float("nan")
    return float(_MAD_TO_SD * np.median(np.abs(changes - np.median(changes))))


def p10_p90(pupils: Floats, relative_sd: Floats) -> tuple[Floats, Floats]:
    """Return the range that 8 in 10 outcomes fall into.

    Parameters
    ----------
    pupils : float array [person]
        Middle values.
    relative_sd : float array, same shape
        Standard deviation of the common factor, as a share; 0 where nothing is forecast.

    Notes
    -----
    Variance = pupils (chance in small numbers) + (relative_sd x pupils)^2; a value that is not a
    forecast has no range.
    """
    sd = np.sqrt(np.where(relative_sd == 0, 0.0, pupils + (relative_sd * pupils) ** 2))
    return np.maximum(pupils - _Z_P90 * sd, 0.0), pupils + _Z_P90 * sd


def _as_frame(pupils: Floats, county: County, years: Sequence[int]) -> pd.DataFrame:
    spread = history_spread(county)
    year, grade = np.meshgrid(years, GRADES, indexing="ij")
    age_in_base = grade + ENTRY_AGE - 1 - (year - county.base_year)
    last_known = int(county.births["year"].max()) if len(county.births) else county.base_year
    births_ahead = np.clip(county.base_year - age_in_base - last_known, 0, None)
    relative_sd = np.sqrt(spread.move**2 * (year - county.base_year) + spread.births**2 * births_ahead)
    relative_sd = np.where(year == county.base_year, 0.0, relative_sd)
    p10, p90 = p10_p90(pupils, np.broadcast_to(relative_sd[:, :, None], pupils.shape))
    index = pd.MultiIndex.from_product([years, GRADES, county.places["place_id"]], names=["year", "grade", "place_id"])
    basis = np.where(age_in_base < 0, "births", "residents")
    frame = pd.DataFrame({"pupils": pupils.ravel(), "p10": p10.ravel(), "p90": p90.ravel()}, index=index)
    return frame.assign(basis=np.repeat(basis.ravel(), pupils.shape[2])).reset_index()
