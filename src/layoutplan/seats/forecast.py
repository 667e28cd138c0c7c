"""Forecast the pupils of every school and grade from their history, with ranges that its own past bears out.

From every year of the history the plain forecasts are made as if that year were the last. What they got
wrong since teaches the weights by which they are combined, how far schools and district are reconciled, and
how wide the ranges are. Nothing after an origin touches what is said at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.errors import DataError, Problem
from layoutplan.seats.guesses import HORIZONS, PARTS, Guess, make_guess
from layoutplan.seats.history import History
from layoutplan.seats.pooling import learn_weights
from layoutplan.seats.ranges import Level, band, learn_band, standardised

# Years a history must have at an origin: three transitions, as many as grade progression takes.
LEAST_YEARS = 4
# Weights before anything is learnt, by horizon: the share of `last_year`, then the others among themselves.
# `share` and `usual_share` take from the cohorts, the more the further ahead.
_LAST_SCHOOL = (0.08, 0.10, 0.12, 0.15, 0.20, 0.25)
_SHARE = (0.22, 0.22, 0.22, 0.22, 0.22, 0.22)
_USUAL_SHARE = (0.0, 0.08, 0.12, 0.15, 0.17, 0.17)
_LAST_DISTRICT = (0.10, 0.12, 0.15, 0.20, 0.25, 0.30)
_COHORTS_SCHOOL = (0.05, 0.38, 0.25, 0.32, 0.0)
_COHORTS_DISTRICT = (0.05, 0.40, 0.40, 0.0, 0.0)
_BIRTHS_SHARE = 0.5
_BOTTOM_UP_SHARE = 0.1
_PULL_SCHOOL, _PULL_DISTRICT = 8.0, 60.0
_USUAL_SCHOOLS, _BREADTH = 12.0, 0.75
_RECONCILE = (0.0, 0.25, 0.5, 0.75, 1.0)
_RECONCILE_PRIOR = 0.5
_RECONCILE_PULL = 0.2
# The parts are means. Of a lognormal quantity the median lies half a variance below the mean, and the value whose
# relative error is least a whole one; we stand between.
_BELOW_MEAN = 0.75
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


@dataclass(frozen=True, eq=False)
class _Case:
    """What came of a past cast at one horizon, as far as it teaches.

    Parameters
    ----------
    origin, step : int
        Of the cast; years ahead less one.
    has_births : bool
        Whether births were among its parts.
    relative : float [school, part]
        Plain forecasts over what came, of schools open at both the origin and the target.
    combined : float [school]
        Their combination over what came.
    towards : float
        The district's forecast over the sum of its schools.
    district : float [part + 1]
        Forecasts of the district over what came; empty if nobody came.
    errors : tuple of float [case]
        Standardised errors of schools, grades and the district.
    """

    origin: int
    step: int
    has_births: bool
    relative: Floats
    combined: Floats
    towards: float
    district: Floats
    errors: tuple[Floats, Floats, Floats]


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
    cases: list[_Case] = []
    for origin in range(LEAST_YEARS - 1, len(history.years)):
        known = history.until(origin)
        cases += [_case(known, cast) for cast in casts[-HORIZONS:]]
        casts.append(_cast(known, cases))
    return tuple(casts)


def _case(known: History, cast: Cast) -> _Case:
    """Return what came of a past cast in the last year of a history."""
    totals, step = known.totals, len(known.years) - 2 - cast.origin
    stood = (np.nan_to_num(totals[:, cast.origin]) > 0) & (np.nan_to_num(totals[:, -1]) > 0)
    truth, came = totals[stood, -1], totals[:, -1].sum()
    expected, of_grade = cast.pupils[stood, step], known.pupils[stood, -1]
    taught = (expected > 0) & (of_grade > 0)
    district = np.array([came] if came > 0 else [])
    errors = (
        standardised(truth, cast.scaled[stood, step], step, "school"),
        standardised(of_grade[taught], expected[taught], step, "grade"),
        standardised(district, np.full(len(district), cast.district[step]), step, "district"),
    )
    return _Case(
        origin=cast.origin,
        step=step,
        has_births=cast.guess.has_births,
        relative=(cast.guess.school[:, stood, step].sum(axis=2) / truth).T,
        combined=cast.combined[stood, step] / truth,
        towards=float(cast.district[step] / _safe(cast.parts[-1, step])),
        district=cast.parts[:, step] / came if came > 0 else np.empty(0),
        errors=errors,
    )


def _cast(known: History, cases: Sequence[_Case]) -> Cast:
    """Return what is said at the last year of a history, given what came of what was said before."""
    guess = make_guess(known.pupils, known.years, known.births, entry_age=known.entry_age)
    near = [_near(cases, len(known.years) - 1, step) for step in range(HORIZONS)]
    by_grade = guess.school.copy()
    totals = guess.school.sum(axis=3)
    schools = int((np.nan_to_num(known.totals[:, -1]) > 0).sum())
    combined = np.empty(totals.shape[1:])
    for step in range(HORIZONS):
        weights = _school_weights(near[step], guess, step, schools)
        combined[:, step] = weights @ totals[:, :, step]
        by_grade[0, :, step] = np.tensordot(weights, guess.school[:, :, step], axes=1)
    parts = np.concatenate([guess.district.sum(axis=2), combined.sum(axis=0)[None]])
    district = np.array([_district_weights(near[step], guess, step) @ parts[:, step] for step in range(HORIZONS)])
    scaled = np.empty_like(combined)
    for step in range(HORIZONS):
        scaled[:, step] = combined[:, step] * _scale(near[step], float(district[step] / _safe(parts[-1, step])), step)
    pupils = by_grade[0] * (scaled / _safe(combined))[:, :, None]
    return _with_ranges(near, _Middle(len(known.years) - 1, guess, combined, parts, scaled, pupils, district))


@dataclass(frozen=True, eq=False)
class _Middle:
    """A cast before its ranges; names as in :class:`Cast`."""

    origin: int
    guess: Guess
    combined: Floats
    parts: Floats
    scaled: Floats
    pupils: Floats
    district: Floats


_Near = list[tuple[_Case, float]]


def _near(cases: Sequence[_Case], origin: int, step: int) -> _Near:
    """Return the cases that teach about a horizon, with what each weighs."""
    weight = {step - 1: _NEIGHBOUR, step: 1.0, step + 1: _NEIGHBOUR}
    return [(case, weight[case.step] * _KEPT_A_YEAR ** (origin - case.origin)) for case in cases if case.step in weight]


def _origins(near: _Near) -> float:
    """Return how many past origins, in weight, there are to learn from."""
    return max(sum(trust for _, trust in near), 1e-9)


def _prior(last: float, others: tuple[float, ...], shares: tuple[float, float], has_births: bool) -> Floats:
    """Return weights of the parts before anything is learnt."""
    rest = np.array(others)
    if has_births:
        rest = np.where(np.arange(len(rest)) == len(rest) - 1, _BIRTHS_SHARE, rest * (1 - _BIRTHS_SHARE))
    return np.asarray(np.r_[last, rest / rest.sum() * (1 - last - sum(shares)), shares])


def _school_weights(near: _Near, guess: Guess, step: int, schools: int) -> Floats:
    shares = (_SHARE[step], _USUAL_SHARE[step])
    prior = _prior(_LAST_SCHOOL[step], _COHORTS_SCHOOL, shares, guess.has_births)
    like = [(case, trust) for case, trust in near if case.has_births == guess.has_births]
    relative = np.concatenate([np.empty((0, len(PARTS))), *(case.relative for case, _ in like)])
    trusts = np.concatenate([np.empty(0), *(np.full(len(case.relative), trust) for case, trust in like)])
    # More schools say more, but not in proportion: a district's years befall all its schools.
    breadth = max(schools / _USUAL_SCHOOLS, 1.0) ** _BREADTH
    return learn_weights(relative, trusts, prior, pull=_PULL_SCHOOL / (_origins(near) * breadth))


def _district_weights(near: _Near, guess: Guess, step: int) -> Floats:
    prior = _prior(_LAST_DISTRICT[step], _COHORTS_DISTRICT, (0.0, 0.0), guess.has_births)
    prior = np.r_[prior * (1 - _BOTTOM_UP_SHARE), _BOTTOM_UP_SHARE]
    like = [(case, trust) for case, trust in near if case.has_births == guess.has_births and len(case.district)]
    relative = np.array([case.district for case, _ in like]).reshape(len(like), len(prior))
    return learn_weights(relative, np.array([trust for _, trust in like]), prior, pull=_PULL_DISTRICT / _origins(near))


def _scale(near: _Near, ratio: float, step: int) -> float:
    """Return the factor of all schools: a learnt part of the way to the district's total, and below the mean.

    Parameters
    ----------
    near : list of (_Case, float)
        What came of earlier casts.
    ratio : float
        District's total over the sum of its schools, at this origin and horizon.
    step : int
        Years ahead less one.
    """
    spread = _PRIOR_SPREAD[0] + _PRIOR_SPREAD[1] * step
    made = np.concatenate([np.empty(0), *(case.combined for case, _ in near)])
    if not len(made):
        return float(ratio**_RECONCILE_PRIOR * np.exp(-_BELOW_MEAN * spread**2))
    towards = np.concatenate([np.full(len(case.combined), case.towards) for case, _ in near])
    trust_of = np.concatenate([np.full(len(case.combined), trust) for case, trust in near])
    before = float(trust_of @ np.abs(made * towards**_RECONCILE_PRIOR - 1.0))
    pull = _RECONCILE_PULL * before / _origins(near)
    loss = [
        float(trust_of @ np.abs(made * towards**part - 1.0)) + pull * (part - _RECONCILE_PRIOR) ** 2
        for part in _RECONCILE
    ]
    part = _RECONCILE[int(np.argmin(loss))]
    errors = np.abs(np.log(np.maximum(made * towards**part, 1e-3)))
    learnt = (1.4826 * float(np.median(errors))) ** 2
    variance = (len(errors) * learnt + _PRIOR_CASES * spread**2) / (len(errors) + _PRIOR_CASES)
    return float(ratio**part * np.exp(-_BELOW_MEAN * variance))


def _with_ranges(near: Sequence[_Near], middle: _Middle) -> Cast:
    low, high = np.empty_like(middle.pupils), np.empty_like(middle.pupils)
    total_low, total_high = np.empty_like(middle.scaled), np.empty_like(middle.scaled)
    district_low, district_high = np.empty_like(middle.district), np.empty_like(middle.district)
    for step, seen in enumerate(near):
        ends = _band_ends(seen, "school", step)
        total_low[:, step], total_high[:, step] = band(middle.scaled[:, step], step, "school", ends=ends)
        ends = _band_ends(seen, "grade", step)
        low[:, step], high[:, step] = band(middle.pupils[:, step], step, "grade", ends=ends)
        one = slice(step, step + 1)
        ends = _band_ends(seen, "district", step)
        district_low[one], district_high[one] = band(middle.district[one], step, "district", ends=ends)
    return Cast(
        middle.origin, middle.guess, middle.combined, middle.parts, middle.scaled, middle.pupils, low, high,
        total_low, total_high, middle.district, district_low, district_high,
    )  # fmt: skip


def _band_ends(seen: _Near, level: Level, step: int) -> tuple[float, float]:
    at = ("school", "grade", "district").index(level)
    return learn_band([case.errors[at] for case, _ in seen], [trust for _, trust in seen], level, step=step)


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
