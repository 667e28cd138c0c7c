"""Combine forecasts with weights learnt from their past errors, and ranges from the errors left.

Weights are not negative and add up to one. They minimise the mean absolute relative error of the past,
held to weights chosen beforehand the more strongly the fewer origins there are to learn from.
"""

from __future__ import annotations

import numpy as np

from layoutplan.access.network import Floats

_ROUNDS = 4
# Errors smaller than this share of the usual one count as that large, so that none rules alone.
_LEAST_SHARE = 0.25
_HEAVY, _LEAST_HOLD = 1e3, 1e-9


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
    total = float(trust.sum())
    if total <= 0:
        return prior.copy()
    trust = trust / total
    free = np.flatnonzero(prior > 0)
    parts, held = relative[:, free], prior[free]
    usual = max(float(trust @ np.abs(parts @ held - 1.0)), 1e-6)
    weights = held
    for _ in range(_ROUNDS):
        # Squares over the size of the last errors add up to absolute errors.
        scaled = trust / (2 * np.maximum(np.abs(parts @ weights - 1.0), _LEAST_SHARE * usual))
        squares = (parts.T * scaled) @ parts
        # Where parts agree to the last digit, nothing but the prior can tell them apart.
        hold = pull * usual + _LEAST_HOLD * float(np.trace(squares))
        weights = _on_simplex(squares + hold * np.eye(len(free)), parts.T @ scaled + hold * held)
    learnt = np.zeros_like(prior)
    learnt[free] = weights
    return learnt


def _on_simplex(squares: Floats, product: Floats) -> Floats:
    """Return w not negative with sum 1 that minimises w' squares w - 2 product' w."""
    # A heavy square of (sum - 1) keeps the sum; what is left of it is divided out.
    heavy = _HEAVY * float(np.trace(squares))
    lower = np.linalg.cholesky(squares + heavy)
    # Takes long to import, and few counts are pooled.
    from scipy.optimize import nnls

    weights, _ = nnls(lower.T, np.linalg.solve(lower, product + heavy))
    return np.asarray(weights / weights.sum())


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
