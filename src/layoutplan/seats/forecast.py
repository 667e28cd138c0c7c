"""Forecast the pupils of every school and grade from their history, with ranges that its own past bears out.

From every year of the history the plain forecasts are made as if that year were the last. What they got
wrong since teaches the weights by which they are combined, how far schools and district are reconciled, and
how wide the ranges are. Nothing after an origin touches what is said at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.county.problems import Mask
from layoutplan.errors import DataError, Problem
from layoutplan.seats.guesses import HORIZONS, PARTS, Guess, make_guess
from layoutplan.seats.history import History
from layoutplan.seats.pooling import learn_weights
from layoutplan.seats.ranges import band, learn_band, standardised

# Years a history must have at an origin: three transitions, as many as grade progression takes.
LEAST_YEARS = 4
# Weights before anything is learnt, by horizon: the share of `last_year`, then the others among themselves.
_LAST_SCHOOL = (0.10, 0.12, 0.18, 0.26, 0.34, 0.42)
_LAST_DISTRICT = (0.10, 0.12, 0.15, 0.20, 0.25, 0.30)
_OTHERS_SCHOOL = (0.03, 0.38, 0.32, 0.27, 0.0)
_OTHERS_DISTRICT = (0.05, 0.40, 0.40, 0.0, 0.0)
_BIRTHS_SHARE = 0.5
_BOTTOM_UP_SHARE = 0.1
_PULL_SCHOOL, _PULL_DISTRICT = 8.0, 16.0
_USUAL_SCHOOLS = 12.0
_RECONCILE = (0.0, 0.25, 0.5, 0.75, 1.0)
_RECONCILE_PRIOR = 0.5
_RECONCILE_PULL = 0.2
# What a past origin weighs for every year it lies back, and for errors of the next shorter and longer horizon.
_KEPT_A_YEAR = 0.96
_NEIGHBOUR = 0.5
# Spread of the logarithm of a school's error before anything is learnt, and how many cases that counts for.
_PRIOR_SPREAD = (0.04, 0.03)
_PRIOR_CASES = 30.0


@dataclass(frozen=True, eq=False)
class Cast:
    """What is said at one origin.

    Parameters
    ----------
    origin : int
        Position of the origin in the years of the history.
    guess : Guess
        The plain forecasts.
    combined : float [school, horizon]
        Weighted plain forecasts of the schools' totals, before reconciliation.
    parts : float [part + 1, horizon]
        District totals of the plain forecasts, and the sum of the combined schools.
    scaled : float [school, horizon]
        Totals after reconciliation.
    pupils, low, high : float [school, horizon, grade]
        Median and the ends of the 80 % band [person].
    total_low, total_high : float [school, horizon]
        The same of whole schools.
    district, district_low, district_high : float [horizon]
        The same of the district.
    """

    origin: int
    guess: Guess
    combined: Floats
    parts: Floats
    scaled: Floats
    pupils: Floats
    low: Floats
    high: Floats
    total_low: Floats
    total_high: Floats
    district: Floats
    district_low: Floats
    district_high: Floats


def roll(history: History) -> tuple[Cast, ...]:
    """Forecast from every year of a history that has enough years before it.

    Parameters
    ----------
    history : History
        At least :data:`LEAST_YEARS` years.

    Returns
    -------
    tuple of Cast
        In order of origins. Each knows only the history up to its origin.

    Raises
    ------
    DataError
        The history is too short.
    """
    if len(history.years) < LEAST_YEARS:
        values = {"years": len(history.years), "least": LEAST_YEARS}
        raise DataError([Problem("history_short", "enrolment", field="year", values=values)])
    casts: list[Cast] = []
    for origin in range(LEAST_YEARS - 1, len(history.years)):
        casts.append(_cast(history.until(origin), casts))
    return tuple(casts)


def _cast(known: History, past: Sequence[Cast]) -> Cast:
    """Return what is said at the last year of a history, given what was said before it."""
    guess = make_guess(known.pupils, known.years, known.births, entry_age=known.entry_age)
    by_grade = guess.school.copy()
    totals = guess.school.sum(axis=3)
    combined = np.empty(totals.shape[1:])
    for step in range(HORIZONS):
        weights = _school_weights(known, past, guess, step)
        combined[:, step] = weights @ totals[:, :, step]
        by_grade[0, :, step] = np.tensordot(weights, guess.school[:, :, step], axes=1)
    parts = np.concatenate([guess.district.sum(axis=2), combined.sum(axis=0)[None]])
    district = np.array([_district_weights(known, past, guess, step) @ parts[:, step] for step in range(HORIZONS)])
    scaled = np.empty_like(combined)
    for step in range(HORIZONS):
        scaled[:, step] = combined[:, step] * _scale(known, past, district[step] / _safe(parts[-1, step]), step)
    pupils = by_grade[0] * (scaled / _safe(combined))[:, :, None]
    return _with_ranges(known, past, _Middle(guess, combined, parts, scaled, pupils, district))


@dataclass(frozen=True, eq=False)
class _Middle:
    """A cast before its ranges; names as in :class:`Cast`."""

    guess: Guess
    combined: Floats
    parts: Floats
    scaled: Floats
    pupils: Floats
    district: Floats


def _seen(past: Sequence[Cast], origin: int, step: int) -> Iterator[tuple[Cast, int, float]]:
    """Yield past casts whose truth is known at an origin, with the horizon and the weight of their errors."""
    for cast in past:
        for near, weight in ((step - 1, _NEIGHBOUR), (step, 1.0), (step + 1, _NEIGHBOUR)):
            if 0 <= near < HORIZONS and cast.origin + near + 1 <= origin:
                yield cast, near, weight * _KEPT_A_YEAR ** (origin - cast.origin)


def _origins(past: Sequence[Cast], origin: int, step: int) -> int:
    """Return how many past casts have been tested at a horizon."""
    return max(sum(cast.origin + step + 1 <= origin for cast in past), 1)


def _stood(known: History, origin: int, target: int) -> tuple[Mask, Floats]:
    """Return which schools were open at an origin and at a target (bool), and their pupils at the target."""
    totals = known.totals
    stood = (np.nan_to_num(totals[:, origin]) > 0) & (np.nan_to_num(totals[:, target]) > 0)
    return stood, np.asarray(totals[stood, target])


def _prior(last: float, others: tuple[float, ...], has_births: bool) -> Floats:
    """Return weights of the parts before anything is learnt."""
    rest = np.array(others)
    if has_births:
        rest = np.where(np.arange(len(rest)) == len(rest) - 1, _BIRTHS_SHARE, rest * (1 - _BIRTHS_SHARE))
    return np.asarray(np.r_[last, rest / rest.sum() * (1 - last)])


def _school_weights(known: History, past: Sequence[Cast], guess: Guess, step: int) -> Floats:
    prior = _prior(_LAST_SCHOOL[step], _OTHERS_SCHOOL, guess.has_births)
    origin = len(known.years) - 1
    cases, trusts = [np.empty((0, len(PARTS)))], [np.empty(0)]
    for cast, near, trust in _seen(past, origin, step):
        if cast.guess.has_births != guess.has_births:
            continue
        stood, truth = _stood(known, cast.origin, cast.origin + near + 1)
        cases.append((cast.guess.school[:, stood, near].sum(axis=2) / truth).T)
        trusts.append(np.full(len(truth), trust))
    # More schools say more, but not in proportion: a district's years befall all its schools.
    breadth = max(float((known.totals[:, -1] > 0).sum()) / _USUAL_SCHOOLS, 1.0) ** 0.5
    pull = _PULL_SCHOOL / (_origins(past, origin, step) * breadth)
    return learn_weights(np.concatenate(cases), np.concatenate(trusts), prior, pull=pull)


def _district_weights(known: History, past: Sequence[Cast], guess: Guess, step: int) -> Floats:
    prior = _prior(_LAST_DISTRICT[step], _OTHERS_DISTRICT, guess.has_births) * (1 - _BOTTOM_UP_SHARE)
    prior = np.r_[prior, _BOTTOM_UP_SHARE]
    origin = len(known.years) - 1
    truth = known.totals.sum(axis=0)
    cases, trusts = [np.empty((0, len(prior)))], [0.0]
    for cast, near, trust in _seen(past, origin, step):
        came = truth[cast.origin + near + 1]
        if cast.guess.has_births == guess.has_births and came > 0:
            cases.append(cast.parts[None, :, near] / came)
            trusts.append(trust)
    pull = _PULL_DISTRICT / _origins(past, origin, step)
    return learn_weights(np.concatenate(cases), np.array(trusts[1:]), prior, pull=pull)


def _scale(known: History, past: Sequence[Cast], ratio: float, step: int) -> float:
    """Return the factor of all schools: a learnt part of the way to the district's total, and to the median.

    Parameters
    ----------
    known : History
        History up to the origin.
    past : sequence of Cast
        What was said before.
    ratio : float
        District's total over the sum of its schools, at this origin and horizon.
    step : int
        Years ahead less one.
    """
    origin = len(known.years) - 1
    relative, ratios, trusts = [], [], []
    for cast, near, trust in _seen(past, origin, step):
        stood, truth = _stood(known, cast.origin, cast.origin + near + 1)
        relative.append(cast.combined[stood, near] / truth)
        ratios.append(np.full(len(truth), cast.district[near] / _safe(cast.parts[-1, near])))
        trusts.append(np.full(len(truth), trust))
    spread = _PRIOR_SPREAD[0] + _PRIOR_SPREAD[1] * step
    if not relative or not sum(map(len, relative)):
        return float(ratio**_RECONCILE_PRIOR * np.exp(-(spread**2) / 2))
    made, towards, trust_of = np.concatenate(relative), np.concatenate(ratios), np.concatenate(trusts)
    before = float(trust_of @ np.abs(made * towards**_RECONCILE_PRIOR - 1.0))
    pull = _RECONCILE_PULL * before / _origins(past, origin, step)
    loss = [
        float(trust_of @ np.abs(made * towards**part - 1.0)) + pull * (part - _RECONCILE_PRIOR) ** 2
        for part in _RECONCILE
    ]
    part = _RECONCILE[int(np.argmin(loss))]
    errors = np.abs(np.log(np.maximum(made * towards**part, 1e-3)))
    learnt = (1.4826 * float(np.median(errors))) ** 2
    variance = (len(errors) * learnt + _PRIOR_CASES * spread**2) / (len(errors) + _PRIOR_CASES)
    # The parts are means; the median of a lognormal quantity lies half its variance below.
    return float(ratio**part * np.exp(-variance / 2))


def _with_ranges(known: History, past: Sequence[Cast], middle: _Middle) -> Cast:
    origin = len(known.years) - 1
    low, high = np.empty_like(middle.pupils), np.empty_like(middle.pupils)
    total_low, total_high = np.empty_like(middle.scaled), np.empty_like(middle.scaled)
    district_low, district_high = np.empty_like(middle.district), np.empty_like(middle.district)
    for step in range(HORIZONS):
        seen = list(_seen(past, origin, step))
        trusts = [trust for _, _, trust in seen]
        errors = [_errors(known, cast, near) for cast, near, _ in seen]
        ends = learn_band([school for school, _, _ in errors], trusts, "school")
        total_low[:, step], total_high[:, step] = band(middle.scaled[:, step], step, "school", ends=ends)
        ends = learn_band([grade for _, grade, _ in errors], trusts, "grade")
        low[:, step], high[:, step] = band(middle.pupils[:, step], step, "grade", ends=ends)
        ends = learn_band([district for _, _, district in errors], trusts, "district")
        one = slice(step, step + 1)
        district_low[one], district_high[one] = band(middle.district[one], step, "district", ends=ends)
    return Cast(
        origin, middle.guess, middle.combined, middle.parts, middle.scaled, middle.pupils, low, high,
        total_low, total_high, middle.district, district_low, district_high,
    )  # fmt: skip


def _errors(known: History, cast: Cast, step: int) -> tuple[Floats, Floats, Floats]:
    """Return the standardised errors of a past cast: of schools, of their grades, of the district."""
    target = cast.origin + step + 1
    stood, truth = _stood(known, cast.origin, target)
    schools = standardised(truth, cast.scaled[stood, step], step, "school")
    expected, came = cast.pupils[stood, step], known.pupils[stood, target]
    taught = (expected > 0) & (came > 0)
    grades = standardised(came[taught], expected[taught], step, "grade")
    total = known.totals[:, target].sum()
    district = np.array([total] if total > 0 else [])
    return schools, grades, standardised(district, np.full(len(district), cast.district[step]), step, "district")


def _safe(value: Floats | float) -> Floats:
    """Return a divisor that is never zero; what it divides is zero then."""
    return np.where(np.asarray(value) > 0, value, 1.0)


@dataclass(frozen=True, eq=False)
class Forecast:
    """What is expected after the last year of a history.

    Parameters
    ----------
    frame : DataFrame
        ``school_id, year, grade`` (key, sorted), ``pupils`` (median), ``p10``, ``p90`` [person].
    schools : DataFrame
        ``school_id, year``, ``pupils``, ``p10``, ``p90`` of whole schools. The ends of a school's band are not the
        sums of those of its grades.
    district : DataFrame
        ``year``, ``pupils``, ``p10``, ``p90``, pupils of schools still to open included.
    """

    frame: pd.DataFrame
    schools: pd.DataFrame
    district: pd.DataFrame


def forecast(history: History) -> Forecast:
    """Forecast six years after the last of a history.

    Parameters
    ----------
    history : History
        By :func:`layoutplan.seats.history.read_history`.

    Returns
    -------
    Forecast
        Schools without pupils in the last year, or with a grade unknown in it, are left out; grades that are not
        expected to be taught have no row.

    Raises
    ------
    DataError
        The history is too short, or nobody is enrolled in its last year.
    """
    if not np.nan_to_num(history.totals[:, -1]).any():
        raise DataError([Problem("history_all_zero", "enrolment", row=str(history.years[-1]), field="pupils")])
    cast = roll(history)[-1]
    years = history.years[-1] + np.arange(1, HORIZONS + 1)
    is_open = np.nan_to_num(history.totals[:, -1]) > 0
    ids = np.array(history.school_ids)
    school, step, grade = np.nonzero((cast.pupils > 0) & is_open[:, None, None])
    frame = pd.DataFrame({
        "school_id": ids[school], "year": years[step], "grade": history.grades[grade],
        "pupils": cast.pupils[school, step, grade], "p10": cast.low[school, step, grade],
        "p90": cast.high[school, step, grade],
    })  # fmt: skip
    school, step = np.nonzero((cast.scaled > 0) & is_open[:, None])
    schools = pd.DataFrame({
        "school_id": ids[school], "year": years[step], "pupils": cast.scaled[school, step],
        "p10": cast.total_low[school, step], "p90": cast.total_high[school, step],
    })  # fmt: skip
    columns = {"year": years, "pupils": cast.district, "p10": cast.district_low, "p90": cast.district_high}
    return Forecast(frame, schools, pd.DataFrame(columns))
