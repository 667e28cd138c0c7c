"""Plain forecasts of every school and grade from one origin: the parts that a combination is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from layoutplan.access.network import Floats, Ints
from layoutplan.seats.entries import (
    Shares,
    district_entries,
    entries_from_births,
    entry_grades,
    learn_shares,
    share_growth,
    top_grades,
)
from layoutplan.seats.progression import Ratios, learn_ratios

# Order of the first axis of a guess. The first two are the methods a user would try first.
PARTS = ("last_year", "grade_progression", "flat", "trend", "pooled", "births", "share", "usual_share")
HORIZONS = 6
_BASELINE_YEARS = 3
# Weights of the last three years in a school's usual share of a grade, the last one last.
_USUAL_YEARS = (0.25, 0.35, 0.4)
# A school's own shift is believed a little less with every year ahead.
SHIFT_KEPT = 0.93


@dataclass(frozen=True, eq=False)
class Guess:
    """What each plain method says at one origin.

    Parameters
    ----------
    school : float [part, school, horizon, grade]
        Persons; parts in the order of :data:`PARTS`.
    district : float [part, horizon, grade]
        Persons.
    has_births : bool
        Whether ``births`` was made from births; else it repeats ``flat``.
    """

    school: Floats
    district: Floats
    has_births: bool


@dataclass(frozen=True, eq=False)
class _Ground:
    """What all cohort methods stand on."""

    now: Floats
    total: Floats
    ratios: Ratios
    entry: Ints
    top: Ints
    shares: Shares


def make_guess(pupils: Floats, years: Ints, births: Mapping[int, float], *, entry_age: int) -> Guess:
    """Forecast every school and grade by every plain method.

    Parameters
    ----------
    pupils : float [school, year, grade]
        History up to the origin [person]; NaN is unknown, 0 is none.
    years : int [year]
        School years.
    births : mapping
        Births by calendar year that are known at the origin.
    entry_age : int
        Full years of age on 31 August of the year of entry to the lowest grade.

    Returns
    -------
    Guess
        Horizons 1 to 6.
    """
    filled = carried(pupils)
    total = filled.sum(axis=0)
    ratios, entry = learn_ratios(pupils), entry_grades(filled)
    shares = learn_shares(filled, total, entry, ratios)
    ground = _Ground(filled[:, -1], total[-1], ratios, entry, top_grades(filled), shares)
    flat, trend = district_entries(total[:, 0], HORIZONS)
    born = entries_from_births(total[:, 0], years, births, entry_age=entry_age, horizons=HORIZONS)
    level = np.repeat(shares.level[:, None], HORIZONS, axis=1)
    grown = level * share_growth(shares.trend, HORIZONS)
    no_shift = Ratios(ratios.district, np.zeros_like(ratios.shift), np.zeros_like(ratios.extra))
    by_flat, by_trend, by_births = (
        district_cohorts(ground.total, ratios, entries) for entries in (flat, trend, flat if born is None else born)
    )
    baseline = grade_progression(pupils, entry)
    cohorts = _project(ground, ratios, level, by_flat)
    school = [
        last_year(ground.now),
        baseline,
        cohorts,
        _project(ground, ratios, grown, by_trend),
        _project(ground, no_shift, level, by_flat),
        _project(ground, ratios, level, by_births),
        *_by_share(ground, filled, by_births, cohorts),
    ]
    district = [last_year(ground.total[None])[0], baseline.sum(axis=0), by_flat, by_trend, by_flat, by_births]
    district += [by_births, by_births]
    return Guess(np.stack(school), np.stack(district), born is not None)


def carried(pupils: Floats) -> Floats:
    """Return a history with unknown values replaced by the last known before, or 0 if there is none."""
    filled = pupils.copy()
    for year in range(pupils.shape[1]):
        before = filled[:, year - 1] if year else np.zeros_like(filled[:, 0])
        filled[:, year] = np.where(np.isnan(filled[:, year]), before, filled[:, year])
    return filled


def last_year(now: Floats) -> Floats:
    """Return every grade as it is now, for all horizons (float [school, horizon, grade])."""
    return np.repeat(now[:, None], HORIZONS, axis=1)


def grade_progression(pupils: Floats, entry: Ints) -> Floats:
    """Return plain cohort survival: ratios of each school's last three years, entries as last year.

    Parameters
    ----------
    pupils : float [school, year, grade]
        History up to the origin [person].
    entry : int [school]
        Grade in which each school takes new pupils, -1 for none.

    Returns
    -------
    float [school, horizon, grade]
        Persons. A ratio without history is 1.

    Examples
    --------
    Twenty in grade 0 became ten in grade 1; thirty enter.

    >>> grade_progression(np.array([[[20.0, 8.0], [30.0, 10.0]]]), np.array([0]))[0, :2].tolist()
    [[30.0, 15.0], [30.0, 15.0]]
    """
    before, after = pupils[:, -_BASELINE_YEARS - 1 : -1, :-1], pupils[:, -_BASELINE_YEARS:, 1:]
    after = after[:, -before.shape[1] :] if before.shape[1] else after[:, :0]
    known = ~np.isnan(before) & ~np.isnan(after)
    base = np.where(known, before, 0.0).sum(axis=1)
    ratio = np.where(base > 0, np.where(known, after, 0.0).sum(axis=1) / np.where(base > 0, base, 1.0), 1.0)
    now = carried(pupils)[:, -1]
    entering = np.flatnonzero(entry >= 0)
    ahead = np.zeros((len(now), HORIZONS, now.shape[1]))
    current = now
    for step in range(HORIZONS):
        ahead[:, step, 1:] = current[:, :-1] * ratio
        ahead[entering, step, entry[entering]] = now[entering, entry[entering]]
        current = ahead[:, step]
    return ahead


def district_cohorts(total: Floats, ratios: Ratios, entries: Floats) -> Floats:
    """Return the district's grades ahead from its entries (float [horizon, grade])."""
    ahead = np.zeros((HORIZONS, len(total)))
    current = total
    for step in range(HORIZONS):
        ahead[step] = np.r_[entries[step], current[:-1] * np.exp(ratios.district)]
        current = ahead[step]
    return ahead


def _project(ground: _Ground, ratios: Ratios, share: Floats, district: Floats) -> Floats:
    """Return cohorts moved up by shrunk ratios, with entries as shares of the district's grade."""
    ahead = np.zeros((len(ground.now), HORIZONS, ground.now.shape[1]))
    entering = np.flatnonzero(ground.entry >= 0)
    beyond = np.arange(ground.now.shape[1]) > ground.top[:, None]
    current = ground.now
    for step in range(HORIZONS):
        log = ratios.district + ratios.shift[:, None] * SHIFT_KEPT**step + ratios.extra
        ahead[:, step, 1:] = current[:, :-1] * np.exp(log)
        grade = ground.entry[entering]
        ahead[entering, step, grade] = share[entering, step] * district[step, grade]
        ahead[:, step][beyond] = 0.0
        current = ahead[:, step]
    return ahead


def _by_share(ground: _Ground, filled: Floats, district: Floats, cohorts: Floats) -> tuple[Floats, Floats]:
    """Return schools that keep their share of every grade: that of the last year, and the usual one of three.

    Boards send pupils where there is room, so that a school's size lasts longer than its cohorts. A school that is
    still adding grades, or takes no pupils any more, has no lasting share: it follows its cohorts.
    """
    recent = filled[:, -len(_USUAL_YEARS) :]
    totals = recent.sum(axis=0)
    shares = np.where(totals > 0, recent / np.where(totals > 0, totals, 1.0), 0.0)
    alike = ((recent > 0) == (ground.now > 0)[:, None]).all(axis=2)
    weight = np.array(_USUAL_YEARS[-recent.shape[1] :]) * alike
    usual = (shares * weight[:, :, None]).sum(axis=1) / weight.sum(axis=1)[:, None]
    highest = np.where(
        (ground.now > 0).any(axis=1), ground.now.shape[1] - 1 - np.argmax(ground.now[:, ::-1] > 0, 1), -1
    )
    settled = (ground.entry >= 0) & (highest == ground.top)
    last, mean = (
        np.where(settled[:, None, None], share[:, None] * district, cohorts) for share in (shares[:, -1], usual)
    )
    return last, mean
