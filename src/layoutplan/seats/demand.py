"""Children of every place, grade and year: cohorts move up, births enter, residents move.

A child is in grade ``age - 5`` in the autumn of the year in which it has that age on 31 August.
Cohorts already born are the children of the base year, grown older. Cohorts still to be born
follow the births of their township: a child aged 6 on 31 August of year Y was born in the last
four months of Y-7 (a third of that year's births) or the first eight of Y-6 (two thirds), unless
births are known by month. Residents are the base of the demand; registered children are kept
beside them as a series of their own and never mixed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import AGES, ENTRY_AGE, GRADES
from layoutplan.errors import DataError, Problem
from layoutplan.norms import Norms
from layoutplan.seats.births import (
    YOUNGEST,
    CohortBirths,
    births_of_cohorts,
    entry_ratio,
    measured_migration,
)
from layoutplan.seats.elsewhere import county_share, list_series, share_elsewhere
from layoutplan.seats.housing import county_residents, flat_pupils, new_housing, seats_side_by_side
from layoutplan.seats.notes import Note, notes_frame
from layoutplan.seats.reconciliation import reconcile, reconciled_children
from layoutplan.seats.resettlement import Population, dated_households, list_moves
from layoutplan.seats.residents import Residents, count_residents
from layoutplan.seats.settings import Outlook

_Z_P90 = 1.2815515655446004
# Turns a median absolute deviation into the standard deviation of a normal distribution.
_MAD_TO_SD = 1.482602218505602
# The mean age of the youngest residents, whose number a birth is that of cohorts still to be born.
_MEAN_YOUNGEST = int(YOUNGEST.mean())


@dataclass(frozen=True, eq=False)
class Demand:
    """Resident children who need a seat.

    Parameters
    ----------
    frame : DataFrame
        ``year, grade, place_id`` (key, sorted), ``pupils, p10, p90`` [person], ``basis``: the source of the
        children (``register``, ``census``, ``estimate``, ``raster``), or ``births`` for cohorts still to be
        born. ``p10`` and ``p90`` are missing where the history is too short to tell how wide the range is.
    residents : DataFrame
        ``place_id, age`` (key, sorted), ``children`` [person], ``source``: the base year.
    series : DataFrame
        ``year, township_id, stage`` (key, sorted), ``residents``, ``elsewhere``, ``pupils``, ``registered``
        [person]: residents less those who study elsewhere are the pupils; registered children are a
        cross-check, missing where no register says them or they are not born yet.
    notes : DataFrame
        ``kind, code, subject, year, value, text_zh, text_en``: what the forecast rests on (``fact``) and
        what stands in for something unknown (``fallback``).
    """

    frame: pd.DataFrame
    residents: pd.DataFrame = field(default_factory=pd.DataFrame)
    series: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: pd.DataFrame = field(default_factory=lambda: notes_frame([]))

    @cached_property
    def cube(self) -> DemandCube:
        """The same as arrays."""
        axes = [np.unique(self.frame[name], return_inverse=True) for name in ("year", "place_id")]
        (years, year), (places, place) = axes
        at = year, self.frame["grade"].to_numpy(np.int64) - 1, place
        pupils, p90 = np.zeros((2, len(years), len(GRADES), len(places)))
        pupils[at], p90[at] = (self.frame[name].to_numpy(float) for name in ("pupils", "p90"))
        return DemandCube(years.astype(np.int64), pd.Index(places), pupils, p90)


@dataclass(frozen=True, eq=False)
class DemandCube:
    """A demand as arrays [year, grade 1-9, place], 0 where it has no row.

    Parameters
    ----------
    years : int64 [year]
        Sorted.
    place_ids : Index [place]
        Sorted.
    pupils, p90 : float64
        Residents, and the high side of the forecast [person].
    """

    years: Ints
    place_ids: pd.Index
    pupils: Floats
    p90: Floats


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
class _Start:
    """The base year: cohorts by place, and what becomes of them from year to year."""

    ages: Ints
    children: Floats
    births: CohortBirths
    # Yearly factor by place; and by year up to the age of entry, where that is calibrated.
    yearly: Floats
    before_entry: float | None
    notes: tuple[Note, ...]


def project_demand(county: County, *, outlook: Outlook, norms: Norms, years: Sequence[int]) -> Demand:
    """Project the resident pupils of every place and grade.

    Parameters
    ----------
    county : County
        Places, the sources of their children, births, dated households, completions.
    outlook : Outlook
        What is assumed about births still unknown, entry, migration and new housing.
    norms : Norms
        Holds the share of births that enter a year later (``entry.share_births_before``), how the entry
        ratio is calibrated, and the move-in curve of new dwellings.
    years : sequence of int
        School years, none before the county's base year.

    Returns
    -------
    Demand
        A row for every year, grade and place; pupils are real numbers.

    Raises
    ------
    DataError
        Households of an origin are unknown, or fewer than those said to have left it; children are not
        known by age; an option of the outlook has no effect because its layer is not there.

    Notes
    -----
    Residents who move to a resettlement site leave their origin on the same date, by default as the same
    share of every cohort, so the county's total does not change; ``movers`` gives them ages of their own.
    Households that move into new housing without an origin come from outside and are added at the county's
    mean number of children a household. The range widens with the square root of the years ahead.
    """
    horizon = list(years)
    _check_options(county, outlook)
    residents, counted = _counted(county, outlook, norms)
    start = _start(county, residents, outlook=outlook, norms=norms, last_year=max(horizon))
    housing = new_housing(county, norms=norms, years=range(county.base_year, max(horizon) + 1))
    by_cohort = outlook.housing == "cohort"
    lived, moved = _lived(county, start, housing.persons * by_cohort, norms=norms)
    wanted = [year - county.base_year for year in horizon]
    lived = lived[wanted] if by_cohort else lived[wanted] + flat_pupils(housing.persons[wanted], norms)
    share, told = share_elsewhere(county, horizon)
    notes = [*residents.notes, *counted, *start.births.notes, *start.notes, *housing.notes, *moved, *told]
    series = list_series(county, lived, share, years=horizon)
    frame = _as_frame(lived * (1 - share), county, horizon, residents.source, last_births=start.births.last_year)
    return Demand(frame, residents.frame, series, notes_frame([*_sources(residents), *notes]))


def compare_housing(county: County, *, outlook: Outlook, norms: Norms, years: Sequence[int]) -> pd.DataFrame:
    """Set the seats that new places need by cohorts beside those by a thousand residents.

    Parameters
    ----------
    county, outlook, norms, years
        As for :func:`project_demand`; ``outlook.housing`` does not matter here.

    Returns
    -------
    DataFrame
        As :func:`layoutplan.seats.housing.seats_side_by_side`.
    """
    demand = project_demand(county, outlook=outlook.model_copy(update={"housing": "cohort"}), norms=norms, years=years)
    households = dated_households(county, years).households
    return seats_side_by_side(county, demand.frame, norms=norms, households=households)


def _check_options(county: County, outlook: Outlook) -> None:
    """Raise if an option cannot have an effect (law 14)."""
    needs = [
        ("seats_per_thousand", outlook.housing == "seats_per_thousand", "completions"),
        ("reconciled", outlook.children == "reconciled", "field_counts"),
        ("measured", outlook.migration == "measured", "births"),
        ("calibrated", outlook.entry_ratio == "calibrated", "births"),
        ("calibrated", outlook.entry_ratio == "calibrated", "enrolment"),
    ]
    problems = [
        Problem("outlook_idle", "outlook", field=layer, values={"value": option, "needs": layer})
        for option, is_on, layer in needs
        if is_on and getattr(county, layer).empty
    ]
    if problems:
        raise DataError(problems)


def _counted(county: County, outlook: Outlook, norms: Norms) -> tuple[Residents, list[Note]]:
    residents = count_residents(county)
    if outlook.children == "register":
        return residents, []
    return reconciled_children(county, residents, reconcile(county, residents, norms=norms))


def _sources(residents: Residents) -> list[Note]:
    """Say how many places stand on which source."""
    source, count = np.unique(residents.source, return_counts=True)
    return [Note("source", "fact", str(name), value=float(n)) for name, n in zip(source, count, strict=True)]


def _start(county: County, residents: Residents, *, outlook: Outlook, norms: Norms, last_year: int) -> _Start:
    """Return children by place and cohort in the base year, and their yearly factors."""
    youngest_age = min(0, ENTRY_AGE - (last_year - county.base_year))
    unborn = np.arange(youngest_age, 0)
    change = outlook.births_change
    births = births_of_cohorts(county, births_change=change, norms=norms, ages=np.r_[unborn, YOUNGEST])
    of_place = births.frame.reindex(county.places["township_id"]).to_numpy(float)
    today = of_place[:, len(unborn) :].mean(axis=1, keepdims=True)
    relative = np.ones((len(of_place), len(unborn)))
    np.divide(of_place[:, : len(unborn)], today, out=relative, where=today > 0)
    born = residents.children
    children = np.hstack([relative * born[:, YOUNGEST].mean(axis=1, keepdims=True), born])
    yearly, notes = _yearly(county, born, outlook=outlook, norms=norms)
    before_entry, more = _before_entry(county, births, born, outlook=outlook, norms=norms)
    return _Start(np.r_[unborn, AGES], children, births, yearly, before_entry, (*notes, *more))


def _yearly(county: County, born: Floats, *, outlook: Outlook, norms: Norms) -> tuple[Floats, list[Note]]:
    """Return the yearly factor of every place: survival and measured migration."""
    if outlook.migration == "none":
        return np.full(len(county.places), outlook.survival), []
    first = int(county.births["year"].min())
    ages = np.array([age for age in AGES if county.base_year - 1 - age >= first])
    births = births_of_cohorts(county, births_change=0.0, norms=norms, ages=ages).frame
    migration = measured_migration(county, born, births)
    notes = [Note("migration", "fact", str(area_id), value=100 * share) for area_id, share in migration.items()]
    return (1 + migration.reindex(county.places["township_id"]).to_numpy(float)) * outlook.survival, notes


def _before_entry(
    county: County, births: CohortBirths, born: Floats, *, outlook: Outlook, norms: Norms
) -> tuple[float | None, list[Note]]:
    """Return the yearly factor up to the age of entry, calibrated on the county's entries; always noted."""
    of_young = births.frame[list(YOUNGEST)].to_numpy(float).sum()
    prior = born[:, YOUNGEST].sum() / of_young if len(county.births) and of_young > 0 else 1.0
    ratio = entry_ratio(county, prior=float(prior) or 1.0, norms=norms, elsewhere=county_share(county))
    if ratio is None:
        return None, [Note("entry_ratio_unknown", "fallback")] if len(county.births) else []
    words = {
        "first": ratio.years[0], "last": ratio.years[-1], "low": f"{ratio.low:.3f}", "high": f"{ratio.high:.3f}",
        "observed": f"{ratio.observed:.3f}", "prior": f"{ratio.prior:.3f}",
    }  # fmt: skip
    used = outlook.entry_ratio == "calibrated"
    note = Note("entry_ratio" if used else "entry_ratio_shown", "fact", value=ratio.value, words=words)
    return float((ratio.value / ratio.prior) ** (1 / (ENTRY_AGE - _MEAN_YOUNGEST))) if used else None, [note]


def _growth(start: _Start, elapsed: int) -> Floats:
    """Return the factor [place, cohort] from the year before to a year, so many years after the base year."""
    age_before = start.ages + elapsed - 1
    factor = np.where(age_before >= ENTRY_AGE, start.yearly[:, None], 1.0)
    if start.before_entry is not None:
        early = (age_before >= _MEAN_YOUNGEST) & (age_before < ENTRY_AGE)
        return np.where(early, start.before_entry, factor)
    # Cohorts still to be born start out as many as the youngest are today, who are one year old.
    here = np.where(start.ages < 0, age_before >= _MEAN_YOUNGEST, age_before >= 0)
    return np.where(here, start.yearly[:, None], factor)


def _lived(county: County, start: _Start, persons: Floats, *, norms: Norms) -> tuple[Floats, list[Note]]:
    """Return residents of school age [year, grade, place] from the base year on, moves carried out.

    ``persons`` [year, place] are those of new dwellings, from the base year on.
    """
    years = range(county.base_year, county.base_year + len(persons))
    moves, notes = list_moves(county, years)
    registered = county.places["households"].astype(float).fillna(0.0)
    now = pd.Series(registered.to_numpy(), index=county.places["place_id"].to_numpy())
    now.update(dated_households(county, years).households[county.base_year])
    people = Population(now.index.to_numpy(str), start.ages, start.children.copy(), now.to_numpy(float).copy())
    # What the cohorts of the county come to without anybody moving: those from outside are like them.
    cohort = start.children.copy()
    lived = np.empty((len(years), len(GRADES), len(now)))
    lived[0] = _grades(people.children, start.ages, 0)
    total = float("nan")
    if persons.any():
        total, note = county_residents(county, norms)
        notes.append(note)
    for elapsed in range(1, len(years)):
        growth = _growth(start, elapsed)
        people.children *= growth
        cohort *= growth
        each = cohort.sum(axis=0) / max(float(registered.sum()), 1.0)
        mine = [move for move in moves if move.year == years[elapsed]]
        notes += people.move(mine, elapsed=elapsed, newcomers=each)
        if total > 0:
            people.children += np.outer(persons[elapsed] - persons[elapsed - 1], cohort.sum(axis=0) / total)
        lived[elapsed] = _grades(people.children, start.ages, elapsed)
    return lived, notes


def _grades(children: Floats, ages: Ints, elapsed: int) -> Floats:
    """Return the children of school age [grade, place], so many years after the base year."""
    age = np.array(GRADES) + ENTRY_AGE - 1 - elapsed
    return np.ascontiguousarray(children[:, age - int(ages[0])].T)


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


def _as_frame(
    pupils: Floats, county: County, years: Sequence[int], source: npt.NDArray[np.str_], *, last_births: int
) -> pd.DataFrame:
    spread = history_spread(county)
    year, grade = np.meshgrid(years, GRADES, indexing="ij")
    age_in_base = grade + ENTRY_AGE - 1 - (year - county.base_year)
    births_ahead = np.clip(county.base_year - age_in_base - last_births, 0, None)
    relative_sd = np.sqrt(spread.move**2 * (year - county.base_year) + spread.births**2 * births_ahead)
    relative_sd = np.where(year == county.base_year, 0.0, relative_sd)
    p10, p90 = p10_p90(pupils, np.broadcast_to(relative_sd[:, :, None], pupils.shape))
    index = pd.MultiIndex.from_product([years, GRADES, county.places["place_id"]], names=["year", "grade", "place_id"])
    basis = np.where(age_in_base[:, :, None] < 0, "births", source[None, None, :])
    frame = pd.DataFrame({"pupils": pupils.ravel(), "p10": p10.ravel(), "p90": p90.ravel()}, index=index)
    return frame.assign(basis=basis.ravel()).reset_index()
