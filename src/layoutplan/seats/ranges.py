"""Ranges from what past forecasts got wrong: empirical quantiles of errors made comparable by size and horizon."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import ndtri

from layoutplan.access.network import Floats
from layoutplan.seats.pooling import weighted_quantile

Level = Literal["school", "grade", "district"]

# (chance of one pupil more or less, spread a year ahead, what every further year adds), as variances of logarithms
# per pupil and standard deviations. Only their shape counts once errors are known; their size is learnt.
_SHAPE: dict[Level, tuple[float, float, float]] = {
    "school": (0.7, 0.028, 0.031),
    "grade": (1.3, 0.05, 0.028),
    "district": (0.5, 0.012, 0.016),
}
# How many past (origin, horizon) pairs the prior counts for.
_PRIOR_MASS: dict[Level, float] = {"school": 2.5, "grade": 2.5, "district": 5.0}
# The prior is a little wider than what one past district would say: the next may be rougher.
_PRIOR_WIDTH = 1.05
# Quantiles of few correlated cases lie too far inside, the more so the further ahead: the levels aimed at are a little
# below 10 % (and above 90 %), and fall by a part with every year ahead.
_AIM: dict[Level, tuple[float, float]] = {"school": (0.09, 0.0025), "grade": (0.095, 0.002), "district": (0.07, 0.0015)}
# Twenty-one equal parts of a normal distribution, by their middles.
_PRIOR_POINTS = _PRIOR_WIDTH * ndtri((np.arange(21) + 0.5) / 21)


def plain_spread(expected: Floats, step: int, level: Level) -> Floats:
    """Return the spread of the logarithm of an error that is expected before anything is learnt.

    Parameters
    ----------
    expected : float [...]
        Pupils forecast.
    step : int
        Years ahead less one.
    level : {"school", "grade", "district"}
        What is forecast.

    Examples
    --------
    >>> plain_spread(np.array([100.0, 400.0]), 0, "school").round(3)
    array([0.088, 0.05 ])
    """
    chance, first, further = _SHAPE[level]
    return np.asarray(np.sqrt(chance / np.maximum(expected, 1.0) + (first + further * step) ** 2))


def standardised(truth: Floats, expected: Floats, step: int, level: Level) -> Floats:
    """Return errors in units of the plain spread."""
    return np.asarray(np.log((truth + 0.5) / (expected + 0.5)) / plain_spread(expected, step, level))


def learn_band(errors: list[Floats], trusts: list[float], level: Level, *, step: int) -> tuple[float, float]:
    """Return the ends of the 80 % band in units of the plain spread.

    Parameters
    ----------
    errors : list of float [case]
        Standardised errors of each past origin and horizon.
    trusts : list of float
        Weight of each; that of the prior is fixed.
    level : {"school", "grade", "district"}
        What is forecast.
    step : int
        Years ahead less one.

    Returns
    -------
    low, high : float
        Not above and not below zero.

    Examples
    --------
    >>> tuple(round(end, 2) for end in learn_band([], [], "school", step=0))
    (-1.42, 1.42)
    """
    values = [_PRIOR_POINTS, *errors]
    masses = [_PRIOR_MASS[level], *trusts]
    weights = [np.full(len(v), mass / max(len(v), 1)) for v, mass in zip(values, masses, strict=True)]
    pooled, trust = np.concatenate(values), np.concatenate(weights)
    first, further = _AIM[level]
    aim = first - further * step
    low, high = (weighted_quantile(pooled, trust, at) for at in (aim, 1.0 - aim))
    return min(low, 0.0), max(high, 0.0)


def band(expected: Floats, step: int, level: Level, *, ends: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return the ends of the 80 % band [person]; both are 0 where nothing is expected."""
    spread = plain_spread(expected, step, level)
    low, high = (np.where(expected > 0, (expected + 0.5) * np.exp(end * spread) - 0.5, 0.0) for end in ends)
    return np.clip(low, 0.0, expected), np.maximum(high, expected)
