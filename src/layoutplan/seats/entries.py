"""How many enter: the district's entry grade year by year, and each school's share of a cohort.

A school's share is read off all its grades at once: the pupils it has today in each grade, taken back
to entry by the ratios, are its share of the last cohorts within today's boundaries. A boundary that
was redrawn last year is thus no trend, and one weak entry year is not taken for a new level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layoutplan.access.network import Floats, Ints
from layoutplan.seats.progression import Ratios, over, recency

# Past entries that must stand beside births before births are used.
LEAST_COMPARED = 3
# Weight that a share gives to each earlier cohort relative to the next; the best in the past is taken.
_FADES = (0.0, 0.2, 0.4, 0.6, 0.75, 0.9)
_PRIOR_FADE = 0.6
# Part of a surprise by which a level moves; the one that would have foretold the past best is taken.
_GAINS = (0.2, 0.35, 0.5, 0.65, 0.8)
_PRIOR_GAIN, _PRIOR_GAIN_YEARS = 0.65, 8.0
_DRIFT_GAIN = 0.2
_GAIN_REACH = (1, 3, 5)
_TREND_HALF_LIFE = 3.0
_TREND_SD = 0.025
_TREND_DAMPING = 0.85
_SHARE_DAMPING = 0.8
_HUBER = 2.0
_LEAST_STEP_SD = 0.015
_PRIOR_STEP_SD, _PRIOR_STEPS = 0.04, 5.0


def entry_grades(pupils: Floats) -> Ints:
    """Return the position of the grade in which each school takes new pupils at the end of a history.

    Parameters
    ----------
    pupils : float [school, year, grade]
        Persons; NaN is unknown.

    Returns
    -------
    int [school]
        Its lowest grade with pupils; -1 for a school without any, or one that has begun to take no more
        (its lowest grade is the one that was its lowest a year before, moved up).
    """
    now = np.nan_to_num(pupils[:, -1]) > 0
    lowest = np.where(now.any(axis=1), np.argmax(now, axis=1), -1)
    if pupils.shape[1] > 1:
        last = np.nan_to_num(pupils[:, -2]) > 0
        was = np.where(last.any(axis=1), np.argmax(last, axis=1), -1)
        lowest = np.where((was >= 0) & (lowest == was + 1), -1, lowest)
    return lowest.astype(np.int64)


def top_grades(pupils: Floats) -> Ints:
    """Return the position of the highest grade each school will teach.

    Its highest grade with pupils; the district's highest if the school opened during the history and has
    grown by a grade in every year since, or has just opened.
    """
    taught = np.nan_to_num(pupils) > 0
    grades = taught.shape[2]
    highest = np.where(taught.any(axis=2), grades - 1 - np.argmax(taught[:, :, ::-1], axis=2), -1)
    end = highest[:, -1].copy()
    for school in np.flatnonzero((end >= 0) & (end < grades - 1) & (highest[:, 0] < 0)):
        since = highest[school][highest[school] >= 0]
        if (np.diff(since) == 1).all():
            end[school] = grades - 1
    return end.astype(np.int64)


@dataclass(frozen=True, eq=False)
class Shares:
    """Each school's share of a cohort in its entry grade.

    Parameters
    ----------
    level : float [school]
        Share today.
    trend : float [school]
        Logarithmic change a year, shrunk.
    """

    level: Floats
    trend: Floats


def learn_shares(pupils: Floats, total: Floats, entry: Ints, ratios: Ratios) -> Shares:
    """Learn the shares from the grades of the last year.

    Parameters
    ----------
    pupils : float [school, year, grade]
        Persons; NaN is unknown.
    total : float [year, grade]
        The district.
    entry : int [school]
        By :func:`entry_grades`.
    ratios : Ratios
        To take pupils back to entry.
    """
    relative = ratios.shift[:, None] + ratios.extra
    cohorts, of_district = _cohorts(pupils[:, -1], total[-1], entry, relative)
    fade = _best_fade(pupils, total)
    weight = fade ** np.arange(cohorts.shape[1])
    level = over((cohorts * weight).sum(axis=1), (of_district * weight).sum(axis=1))
    return Shares(level, _share_trend(cohorts, of_district))


def _cohorts(now: Floats, total: Floats, entry: Ints, relative: Floats) -> tuple[Floats, Floats]:
    """Return pupils of each school and of the district by cohorts since entry, taken back to entry."""
    schools, grades = now.shape
    school_cohorts, district_cohorts = np.zeros((schools, grades)), np.zeros((schools, grades))
    for school in np.flatnonzero(entry >= 0):
        first = int(entry[school])
        back = np.r_[0.0, np.cumsum(relative[school, first:])]
        has = np.nan_to_num(now[school, first:])
        there = has > 0
        school_cohorts[school, : grades - first] = has * np.exp(-back)
        district_cohorts[school, : grades - first] = np.where(there, total[first:], 0.0)
    return school_cohorts, district_cohorts


def _best_fade(pupils: Floats, total: Floats) -> float:
    """Return the fading of older cohorts that would have foretold the shares of the past best."""
    now, following = np.nan_to_num(pupils[:, :-1]), np.nan_to_num(pupils[:, 1:, 0])
    fine = (now[:, :, 0] > 0) & (following > 0)
    if fine.sum() < 1:
        return _PRIOR_FADE
    actual = following / np.maximum(total[None, 1:, 0], 1.0)
    of_district = np.where(now > 0, total[None, :-1], 0.0)
    loss = []
    for fade in _FADES:
        weight = fade ** np.arange(pupils.shape[2])
        guess = over((now * weight).sum(axis=2), (of_district * weight).sum(axis=2))
        error = np.abs(np.log(guess[fine] / actual[fine]))
        # Twenty school-years' worth of belief in the prior, at 2 % a step away from it.
        loss.append(error.sum() + 20 * 0.02 * abs(fade - _PRIOR_FADE))
    return _FADES[int(np.argmin(loss))]


def _share_trend(cohorts: Floats, of_district: Floats) -> Floats:
    """Return the yearly change of the log share across the cohorts of today, shrunk to zero."""
    fine = (cohorts > 0) & (of_district > 0)
    logs = np.where(fine, np.log(np.where(fine, cohorts, 1.0) / np.where(fine, of_district, 1.0)), 0.0)
    # Chance of both the cohort's size and its later moves, about twice that of a count.
    trust = np.where(fine, 1.0 / (0.02**2 + 2.0 / np.where(fine, cohorts, 1.0)), 0.0)
    age = -np.arange(cohorts.shape[1], dtype=float)
    centre = over((trust * age).sum(axis=1), trust.sum(axis=1))[:, None]
    level = over((trust * logs).sum(axis=1), trust.sum(axis=1))[:, None]
    spread = (trust * (age - centre) ** 2).sum(axis=1)
    slope = over((trust * (age - centre) * (logs - level)).sum(axis=1), spread)
    by_chance = over(np.ones_like(spread), spread)
    has = spread > 0
    between = max(float((slope[has] ** 2 - by_chance[has]).mean()), 0.0) if has.any() else 0.0
    keep = over(np.full_like(by_chance, between), between + by_chance)
    return np.asarray(np.where(has, np.clip(keep * slope, -0.15, 0.15), 0.0))


def share_growth(trend: Floats, horizons: int) -> Floats:
    """Return the damped growth of shares, as factors (float [school, horizon])."""
    steps = np.cumsum(_SHARE_DAMPING ** np.arange(1, horizons + 1))
    return np.asarray(np.exp(trend[:, None] * steps))


def district_entries(series: Floats, horizons: int) -> tuple[Floats, Floats]:
    """Return the district's entries ahead: kept at a robust level, and along a damped trend.

    Parameters
    ----------
    series : float [year]
        Entries of the past, above zero.
    horizons : int
        Years ahead.

    Returns
    -------
    flat, trended : float [horizon]
        Persons.
    """
    logs = np.log(np.maximum(series, 0.5))
    level, step_sd = robust_level(logs)
    flat = np.full(horizons, np.exp(level))
    if len(logs) < 3:
        return flat, flat
    steps = np.diff(logs)
    held = np.clip(steps - np.median(steps), -_HUBER * step_sd, _HUBER * step_sd) + np.median(steps)
    weight = recency(len(steps), _TREND_HALF_LIFE)
    slope = float((weight * held).sum() / weight.sum())
    by_chance = step_sd**2 * float((weight**2).sum()) / float(weight.sum()) ** 2
    slope *= _TREND_SD**2 / (_TREND_SD**2 + by_chance)
    return flat, np.asarray(flat * np.exp(slope * np.cumsum(_TREND_DAMPING ** np.arange(1, horizons + 1))))


def robust_level(logs: Floats) -> tuple[float, float]:
    """Return the level of a series that drifts, and the usual size of its steps.

    Each year moves the level by a part of the surprise, the part that would have foretold the series' own past one,
    three and five years ahead best, and a surprise beyond twice the usual counts as twice
    the usual, unless the year before was beyond it on the same side: a pandemic year moves the level little, and a
    lasting change is taken in a year later.
    """
    if len(logs) < 2:
        return float(logs[-1]), _PRIOR_STEP_SD
    steps = np.diff(logs)
    usual = 1.4826 * float(np.median(np.abs(steps - np.median(steps))))
    # Few steps say little about what is usual.
    share = len(steps) / (len(steps) + _PRIOR_STEPS)
    step_sd = max(float(np.sqrt(share * usual**2 + (1 - share) * _PRIOR_STEP_SD**2)), _LEAST_STEP_SD)
    paths = [_levels(logs, gain, _HUBER * step_sd) for gain in _GAINS]
    # Eight years' worth of belief in the prior, at half a usual step for a gain that is off by one.
    losses = [
        np.mean([np.abs(path[:-reach] - logs[reach:]).sum() for reach in _GAIN_REACH if reach < len(logs)])
        + _PRIOR_GAIN_YEARS * 0.5 * step_sd * abs(gain - _PRIOR_GAIN)
        for path, gain in zip(paths, _GAINS, strict=True)
    ]
    return float(paths[int(np.argmin(losses))][-1]), step_sd


def _levels(logs: Floats, gain: float, limit: float) -> Floats:
    """Return the level after each year of a series, moved by a part of each surprise (float [year])."""
    levels = np.empty(len(logs))
    levels[0], drift, cut = logs[0], 0.0, 0.0
    for year in range(1, len(logs)):
        expected = levels[year - 1] + _TREND_DAMPING * drift
        off = float(logs[year]) - expected
        # What was cut off a year ago and is there again was no outlier.
        surprise = off if off * cut > 0 else float(np.clip(off, -limit, limit))
        cut = off - surprise
        levels[year] = expected + gain * surprise
        drift = _TREND_DAMPING * drift + _DRIFT_GAIN * surprise
    return levels


def entries_from_births(
    series: Floats, years: npt.NDArray[np.int64], births: Mapping[int, float], *, entry_age: int, horizons: int
) -> Floats | None:
    """Return the district's entries ahead from births known at the origin.

    Parameters
    ----------
    series : float [year]
        Entries of the past.
    years : int [year]
        School years of the series; the last is the origin.
    births : mapping
        Births by calendar year, none after the origin.
    entry_age : int
        Full years of age on 31 August of the year of entry.
    horizons : int
        Years ahead.

    Returns
    -------
    float [horizon] or None
        None if fewer than three past entries can be compared with births.

    Notes
    -----
    Entry in autumn Y stands against a third of the births of Y - age - 1 and two thirds of those of Y - age; how
    many of them enter is learnt as a robust level of the past quotients. Births not yet known are held at the last.
    """
    if not births:
        return None
    last = max(births)

    def born(year: int) -> float:
        before, same = (births.get(min(y, last), np.nan) for y in (year - entry_age - 1, year - entry_age))
        return before / 3 + 2 * same / 3

    past = np.array([born(int(year)) for year in years])
    fine = (past > 0) & (series > 0)
    ahead = np.array([born(int(years[-1]) + step) for step in range(1, horizons + 1)])
    if fine.sum() < LEAST_COMPARED or not (ahead > 0).all():
        return None
    level, _ = robust_level(np.log(series[fine] / past[fine]))
    return np.asarray(ahead * np.exp(level))
