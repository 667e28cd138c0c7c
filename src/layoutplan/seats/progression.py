"""Ratios by which a cohort grows or shrinks as it moves up a grade, robust and shrunk.

The logarithm of a ratio is what the district's grade does, plus what the school does in all its
grades, plus what the school does in this grade, plus a shift of the school in one year, plus chance.
Shifts of one year - a redrawn boundary, an opening, a disrupted year - are told from lasting
differences by how far they lie outside the usual and weigh little; no year is left out by name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layoutplan.access.network import Floats
from layoutplan.county.problems import Mask

# Years after which what was seen weighs half.
_HALF_LIFE_DISTRICT = 4.0
_HALF_LIFE_SCHOOL = 6.0
_MAD_TO_SD = 1.482602218505602
# Least standard deviations taken as usual, so that a short calm history does not call all else an outlier.
_LEAST_YEAR_SD = 0.006
_LEAST_SHIFT_SD = 0.01
_MOST_LOG_RATIO = 0.7
_LEAST_FOR_LINE = 8


@dataclass(frozen=True, eq=False)
class Ratios:
    """Logarithms of the ratios of moving up, as last known.

    Parameters
    ----------
    district : float [grade - 1]
        From each grade to the next, all schools together.
    shift : float [school]
        What a school adds in every grade.
    extra : float [school, grade - 1]
        What it adds in one grade.
    """

    district: Floats
    shift: Floats
    extra: Floats


def learn_ratios(pupils: Floats) -> Ratios:
    """Learn the ratios from a history that ends at the origin.

    Parameters
    ----------
    pupils : float [school, year, grade]
        Persons; NaN is unknown, 0 is none.

    Returns
    -------
    Ratios
        All zero (cohorts stay as they are) where nothing is known.
    """
    size = np.nan_to_num(pupils[:, -1]).sum(axis=1)
    return ratios_between(pupils[:, :-1, :-1], pupils[:, 1:, 1:], size)


def ratios_between(before: Floats, after: Floats, size: Floats) -> Ratios:
    """Learn the ratios from pupils before and after each move up; see :func:`learn_ratios`.

    Parameters
    ----------
    before, after : float [school, year - 1, grade - 1]
        Pupils of a grade, and those a grade higher a year later [person]; NaN is unknown.
    size : float [school]
        Pupils of the last year.
    """
    known = ~np.isnan(before) & ~np.isnan(after)
    schools, years, steps = before.shape
    if years == 0:
        return Ratios(np.zeros(steps), np.zeros(schools), np.zeros((schools, steps)))
    yearly = log_ratio(np.where(known, before, 0.0).sum(axis=0), np.where(known, after, 0.0).sum(axis=0))
    both = known & (np.nan_to_num(before) > 0) & (np.nan_to_num(after) > 0)
    from_pupils, to_pupils = np.where(both, before, 1.0), np.where(both, after, 1.0)
    apart = np.where(both, np.log((to_pupils + 0.5) / (from_pupils + 0.5)) - np.nan_to_num(yearly), np.nan)
    chance = np.where(both, 1.0 / from_pupils + 1.0 / to_pupils, np.nan)
    shift, extra = _school_ratios(apart, chance, np.log(np.maximum(size, 1.0)))
    return Ratios(_district_ratios(yearly), shift, extra)


def log_ratio(before: Floats, after: Floats) -> Floats:
    """Return the logarithm of after/before; NaN where either is not above zero.

    Examples
    --------
    >>> log_ratio(np.array([10.0, 0.0]), np.array([10.0, 5.0]))
    array([ 0., nan])
    """
    fine = (before > 0) & (after > 0)
    return np.where(fine, np.log(np.where(fine, after, 1.0) / np.where(fine, before, 1.0)), np.nan)


def _district_ratios(yearly: Floats) -> Floats:
    """Return the lasting log ratio of each grade from those of the years (float [year, grade - 1])."""
    usual = nan_median(yearly, axis=0)
    year_effect = np.nan_to_num(nan_median(yearly - usual, axis=1))
    spread = max(_MAD_TO_SD * float(np.median(np.abs(year_effect - np.median(year_effect)))), _LEAST_YEAR_SD)
    weight = recency(len(yearly), _HALF_LIFE_DISTRICT) * tukey((year_effect - np.median(year_effect)) / spread)
    weights = np.where(np.isnan(yearly), 0.0, weight[:, None])
    lasting = over((weights * np.nan_to_num(yearly)).sum(axis=0), weights.sum(axis=0))
    return np.clip(lasting, -_MOST_LOG_RATIO, _MOST_LOG_RATIO)


def _school_ratios(apart: Floats, chance: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Return the lasting shift of each school and the extra of each of its grades, both shrunk.

    Parameters
    ----------
    apart : float [school, year, grade - 1]
        Log ratio less that of the district in the same year; NaN where unknown.
    chance : float [school, year, grade - 1]
        Variance by chance, but for a factor.
    size : float [school]
        Logarithm of the pupils of the last year.
    """
    schools, years, steps = apart.shape
    known = ~np.isnan(apart)
    if not known.any():
        return np.zeros(schools), np.zeros((schools, steps))
    common = _weighted_median(np.where(known, apart, 0.0), np.where(known, 1.0 / np.where(known, chance, 1.0), 0.0))
    seen = known.any(axis=2)
    left = np.where(known, apart - common[:, :, None], np.nan)
    several = known & (known.sum(axis=2, keepdims=True) > 2)
    factor = float(np.median(left[several] ** 2 / chance[several]) / 0.455) if several.any() else 0.25
    factor = float(np.clip(factor, 0.05, 2.0))
    # A median of a few values varies about 1.5 times as much as their mean.
    weight = np.where(known, 1.0 / np.where(known, factor * chance, 1.0), 0.0)
    by_chance = np.where(seen, 1.5 / np.where(seen, weight.sum(axis=2), 1.0), np.nan)
    middle = _weighted_median(
        np.where(seen, common, 0.0),
        np.where(seen, recency(years, _HALF_LIFE_SCHOOL) / np.where(seen, by_chance, 1.0), 0.0),
    )
    off = (common - middle[:, None])[seen]
    usual_var = max((_MAD_TO_SD * float(np.median(np.abs(off)))) ** 2 - float(np.median(by_chance[seen])), 0.0)
    total_var = np.where(seen, by_chance + max(usual_var, _LEAST_SHIFT_SD**2), np.inf)
    robust = recency(years, _HALF_LIFE_SCHOOL) * tukey((common - middle[:, None]) / np.sqrt(total_var))
    shift = _shrunk((robust / total_var), np.where(seen, common, 0.0), np.where(seen, total_var, 0.0), size)
    trust = np.where(known, robust[:, :, None] * weight, 0.0)
    extra = _shrunk(trust, np.nan_to_num(left), np.where(known, factor * np.nan_to_num(chance), 0.0))
    return shift, extra


def _shrunk(weight: Floats, value: Floats, variance: Floats, size: Floats | None = None) -> Floats:
    """Return weighted means over years, shrunk by how much they truly differ between schools.

    The true variance between schools (the first axis) is the mean square of the means less what chance makes of
    it, for each grade by itself. Means are shrunk to zero; or, if sizes are given, to a line over size, for village
    schools that lose pupils to the town are small.
    """
    total = weight.sum(axis=1)
    mean = over((weight * value).sum(axis=1), total)
    by_chance = over((weight**2 * variance).sum(axis=1), total**2)
    has = total > 0
    target = np.zeros_like(mean) if size is None else _line(mean, by_chance, size, has)
    count = np.maximum(has.sum(axis=0), 1)
    between = np.maximum(np.where(has, (mean - target) ** 2 - by_chance, 0.0).sum(axis=0) / count, 0.0)
    keep = over(np.broadcast_to(between, mean.shape), between + by_chance)
    lasting = target + keep * (mean - target)
    return np.asarray(np.where(has, np.clip(lasting, -_MOST_LOG_RATIO, _MOST_LOG_RATIO), 0.0))


def _line(mean: Floats, by_chance: Floats, size: Floats, has: Mask) -> Floats:
    """Return the straight line of means over size, its slope less what chance makes of it (float [school])."""
    spread = max(float(np.median(mean[has] ** 2)), 1e-6) if has.any() else 1.0
    weight = np.where(has, 1.0 / (by_chance + spread), 0.0)
    total = max(float(weight.sum()), 1e-12)
    apart = size - float((weight * size).sum()) / total
    level = float((weight * mean).sum()) / total
    squares = float((weight * apart**2).sum())
    if has.sum() < _LEAST_FOR_LINE or squares <= 0:
        return np.zeros_like(mean)
    slope = float((weight * apart * (mean - level)).sum()) / squares
    # A slope no larger than its standard error is nothing.
    slope *= max(0.0, 1.0 - 1.0 / max(slope**2 * squares, 1e-12))
    return np.asarray(slope * apart)


def recency(count: int, half_life: float) -> Floats:
    """Return weights of years, 1 for the last and half for one ``half_life`` years earlier.

    Examples
    --------
    >>> recency(3, 1.0)
    array([0.25, 0.5 , 1.  ])
    """
    return np.asarray(0.5 ** (np.arange(count)[::-1] / half_life))


def tukey(z: Floats, limit: float = 4.685) -> Floats:
    """Return Tukey's biweight of standardised residuals: 1 at zero, 0 beyond the limit.

    Examples
    --------
    >>> tukey(np.array([0.0, 9.0]))
    array([1., 0.])
    """
    return np.asarray(np.clip(1.0 - (z / limit) ** 2, 0.0, None) ** 2)


def nan_median(values: Floats, axis: int) -> Floats:
    """Return medians along an axis without the unknown; NaN where nothing is known."""
    known = ~np.isnan(values)
    # Unknown values sort to the end; the middle is taken of those before.
    ordered = np.sort(np.where(known, values, np.inf), axis=axis)
    count = known.sum(axis=axis)
    low = np.take_along_axis(ordered, np.expand_dims(np.maximum(count - 1, 0) // 2, axis), axis).squeeze(axis)
    high = np.take_along_axis(ordered, np.expand_dims(np.maximum(count, 1) // 2, axis), axis).squeeze(axis)
    return np.where(count > 0, (low + np.where(count > 0, high, 0.0)) / 2, np.nan)


def _weighted_median(values: Floats, weights: Floats) -> Floats:
    """Return weighted medians along the last axis; 0 where all weights are zero."""
    order = np.argsort(values, axis=-1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=-1)
    share = np.take_along_axis(weights, order, axis=-1).cumsum(axis=-1)
    total = share[..., -1:]
    low = np.argmax(share >= 0.5 * total * (1 - 1e-12), axis=-1)[..., None]
    high = np.argmax(share > 0.5 * total * (1 + 1e-12), axis=-1)[..., None]
    middle = (np.take_along_axis(ordered, low, -1) + np.take_along_axis(ordered, high, -1))[..., 0] / 2
    return np.where(total[..., 0] > 0, middle, 0.0)


def over(top: Floats, bottom: Floats) -> Floats:
    """Return top/bottom; 0 where the bottom is 0."""
    fine = bottom > 0
    return np.where(fine, top / np.where(fine, bottom, 1.0), 0.0)
