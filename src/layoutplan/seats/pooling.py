"""Combine forecasts with weights learnt from their past errors, and ranges from the errors left.

Weights are not negative and add up to one. They minimise the mean absolute relative error of the past,
held to weights chosen beforehand the more strongly the fewer origins there are to learn from.
"""

from __future__ import annotations

import numpy as np

from layoutplan.access.network import Floats

_STEPS = (0.2, 0.1, 0.05, 0.02)
_SWEEPS = 6


def learn_weights(relative: Floats, trust: Floats, prior: Floats, *, pull: float) -> Floats:
    """Return the weights of a combination.

    Parameters
    ----------
    relative : float [case, part]
        Each part's forecast over what came.
    trust : float [case]
        Weight of each case.
    prior : float [part]
        Weights before anything is learnt, adding up to 1.
    pull : float
        How strongly the weights are held to the prior: the squared distance from it counts ``pull`` times the
        error that the prior itself would have made.

    Returns
    -------
    float [part]
        Weights.

    Examples
    --------
    The first part was always right, the second a tenth too high:

    >>> learn_weights(np.array([[1.0, 1.1]] * 9), np.ones(9), np.array([0.5, 0.5]), pull=0.01).round(2)
    array([1., 0.])
    """
    weights = prior.copy()
    total = float(trust.sum())
    if total <= 0:
        return weights
    trust = trust / total
    mixed = relative @ weights
    scale = pull * max(float(trust @ np.abs(mixed - 1.0)), 1e-9)
    pairs = [(to, of) for to in range(len(prior)) for of in range(len(prior)) if to != of and prior[to] > 0]
    loss = float(trust @ np.abs(mixed - 1.0))
    for step in _STEPS:
        for _ in range(_SWEEPS):
            moved = False
            for to, of in pairs:
                size = min(step, float(weights[of]))
                if size <= 0:
                    continue
                trial = weights.copy()
                trial[to] += size
                trial[of] -= size
                there = mixed + size * (relative[:, to] - relative[:, of])
                value = float(trust @ np.abs(there - 1.0)) + scale * float(((trial - prior) ** 2).sum())
                if value < loss - 1e-12:
                    weights, mixed, loss, moved = trial, there, value, True
            if not moved:
                break
    return weights


def weighted_quantile(values: Floats, weights: Floats, level: float) -> float:
    """Return the value below which a share of the weight lies, between values by straight line.

    Examples
    --------
    >>> weighted_quantile(np.array([3.0, 1.0, 2.0]), np.ones(3), 0.5)
    2.0
    """
    order = np.argsort(values, kind="stable")
    mass = weights[order]
    middle = (np.cumsum(mass) - 0.5 * mass) / mass.sum()
    return float(np.interp(level, middle, values[order]))
