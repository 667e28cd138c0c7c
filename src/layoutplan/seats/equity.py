"""Who has far to go, and who finds a seat near: shares over the limit, P95, Gini, seats within reach.

Everything is weighted by pupils. Pupils without a school are not far: they are counted beside the
averages, never in them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.access.travel import Travel

_COLUMNS = (
    "group_kind", "group", "pupils", "unplaced", "share_over_limit", "median_minutes", "p95_minutes", "max_minutes",
    "gini_minutes", "seats_per_pupil",
)  # fmt: skip


def weighted_quantile(values: npt.ArrayLike, weights: npt.ArrayLike, share: float) -> float:
    """Return the smallest value at or under which at least this share of the weight lies.

    Parameters
    ----------
    values, weights : array_like [item]
        Weights are 0 or more.
    share : float
        Between 0 and 1.

    Returns
    -------
    float
        One of the values; NaN without weight.

    Examples
    --------
    >>> weighted_quantile([10, 20, 60], [90, 5, 5], 0.95), weighted_quantile([10, 20, 60], [90, 5, 5], 0.96)
    (20.0, 60.0)
    """
    value, weight = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    if weight.sum() <= 0.0:
        return float("nan")
    order = np.argsort(value, kind="stable")
    run = np.cumsum(weight[order])
    # Shares such as 0.95 are no exact binary numbers; the last digit must not push the answer a step up.
    at = int(np.searchsorted(run, share * run[-1] * (1.0 - 1e-12)))
    return float(value[order][min(at, len(value) - 1)])


def weighted_gini(values: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Return the Gini coefficient of values that weigh differently: 0 if all are equal.

    ``G = sum_ij w_i w_j |x_i - x_j| / (2 W^2 mean)``, worked out by sorting.

    Parameters
    ----------
    values, weights : array_like [item]
        Both 0 or more.

    Returns
    -------
    float
        NaN without weight or where all values are 0.

    Examples
    --------
    >>> weighted_gini([10, 10, 10], [1, 5, 2]), weighted_gini([0, 30], [3, 1])
    (0.0, 0.75)
    """
    value, weight = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    total, mass = weight.sum(), float(np.sum(weight * value))
    if total <= 0.0 or mass <= 0.0:
        return float("nan")
    order = np.argsort(value, kind="stable")
    ranked, heavy = value[order], weight[order]
    before = np.cumsum(heavy) - heavy
    # Each pair counts once from above (weight below it) and once from below (weight above it).
    spread = float(np.sum(heavy * ranked * (2.0 * before + heavy - total)))
    return max(float(spread / (total * mass)), 0.0)


def gaussian_decay(minutes: npt.ArrayLike, *, reach_min: float) -> Floats:
    """Return how much a school counts at a distance: 1 next door, 0 at the reach and beyond.

    ``G(d) = (exp(-(d/d0)^2 / 2) - exp(-1/2)) / (1 - exp(-1/2))``.

    Examples
    --------
    >>> gaussian_decay([0, 15, 30, 45], reach_min=30).round(4).tolist()
    [1.0, 0.7014, 0.0, 0.0]
    """
    d = np.asarray(minutes, dtype=float) / reach_min
    floor = np.exp(-0.5)
    return np.where(d < 1.0, (np.exp(-0.5 * d * d) - floor) / (1.0 - floor), 0.0)


def seats_within_reach(
    travel: Travel,
    seats: pd.Series,
    pupils: pd.Series,
    *,
    reach_min: float,
    others: Sequence[tuple[Travel, pd.Series]] = (),
) -> pd.Series:
    """Return the seats a pupil of every place finds within reach (two-step floating catchment, Gaussian).

    Step one shares a school's seats among all pupils within reach, near ones more:
    ``R_j = S_j / sum_k w_k G(d_kj)``; step two adds up what a place finds: ``A_i = sum_j R_j G(d_ij)``.

    Parameters
    ----------
    travel : Travel
        Ways from places to schools.
    seats : Series
        Seats by ``school_id``; schools not named have none.
    pupils : Series
        Pupils by ``place_id``; places not named have none.
    reach_min : float
        Minutes at which a school stops counting.
    others : sequence of (Travel, Series)
        Ways to the same schools and pupils by place of those who compete for the seats but travel otherwise.

    Returns
    -------
    Series
        Seats per pupil by ``place_id``, 0 where no school with a seat lies within reach. Weighted by
        pupils, those of the others included, they add up to the seats of the schools that have a pupil within reach.
    """
    capacity = seats.reindex(list(travel.school_ids)).fillna(0.0).to_numpy(float)
    crowd = np.zeros(len(capacity))
    for ways, who in ((travel, pupils), *others):
        weight = who.reindex(list(ways.place_ids)).fillna(0.0).to_numpy(float)
        crowd += np.bincount(ways.school, weight[_place_of(ways)] * _near(ways, reach_min), minlength=len(capacity))
    rate = np.divide(capacity, crowd, out=np.zeros(len(capacity)), where=crowd > 0.0)
    near = _near(travel, reach_min)
    found = np.bincount(_place_of(travel), rate[travel.school] * near, minlength=len(travel.place_ids))
    return pd.Series(found, index=pd.Index(travel.place_ids, name="place_id"), name="seats_per_pupil")


def _place_of(travel: Travel) -> Ints:
    return np.repeat(np.arange(len(travel.place_ids)), np.diff(travel.start))


def _near(travel: Travel, reach_min: float) -> Floats:
    return gaussian_decay(travel.minutes, reach_min=reach_min)


def measure_equity(
    flows: pd.DataFrame, unplaced: pd.DataFrame, groups: pd.DataFrame, *, limit_min: float, within_reach: pd.Series
) -> pd.DataFrame:
    """Measure how fairly ways and seats are spread, for the county, its townships and its groups.

    Parameters
    ----------
    flows : DataFrame
        ``place_id, pupils`` [person], ``minutes`` (one way) of the year, stage and grades looked at; a column
        ``lodging`` (``day`` or ``beds``) makes groups of pupils whose school has no beds and has some.
    unplaced : DataFrame
        ``place_id, pupils`` of those without a school.
    groups : DataFrame
        Index ``place_id``; a column for every kind of group, such as ``township_id`` and ``place_kind``.
    limit_min : float
        Minutes one way that should not be exceeded.
    within_reach : Series
        Seats per pupil by ``place_id``, from :func:`seats_within_reach`.

    Returns
    -------
    DataFrame
        ``group_kind, group`` (key; ``county`` first), ``pupils`` [person] with a school, ``unplaced`` [person],
        ``share_over_limit``, ``median_minutes``, ``p95_minutes``, ``max_minutes``, ``gini_minutes``,
        ``seats_per_pupil`` (mean over all pupils of the group, those without a school included).
    """
    columns = list(groups.columns)
    placed = flows.join(groups, on="place_id").assign(found=flows["place_id"].map(within_reach).astype(float))
    left = unplaced.join(groups, on="place_id").assign(found=unplaced["place_id"].map(within_reach).astype(float))
    rows = [_row("county", "", placed, left, limit_min)]
    for kind in [*columns, *(["lodging"] if "lodging" in placed else [])]:
        known = left if kind in left else left.iloc[:0].assign(**{kind: None})
        for group in sorted({*placed[kind].dropna(), *known[kind].dropna()}):
            rows.append(_row(kind, str(group), placed[placed[kind] == group], known[known[kind] == group], limit_min))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _row(kind: str, group: str, placed: pd.DataFrame, left: pd.DataFrame, limit_min: float) -> tuple[object, ...]:
    minutes, weight = placed["minutes"].to_numpy(float), placed["pupils"].to_numpy(float)
    total, lost = float(weight.sum()), float(left["pupils"].sum())
    over = float(weight[minutes > limit_min].sum()) / total if total > 0 else float("nan")
    seats = float((placed["found"] * placed["pupils"]).sum() + (left["found"] * left["pupils"]).sum())
    middle, tail = (weighted_quantile(minutes, weight, share) for share in (0.5, 0.95))
    return (
        kind, group, total, lost, over, middle, tail,
        float(minutes[weight > 0].max(initial=-np.inf)) if total > 0 else float("nan"), weighted_gini(minutes, weight),
        seats / (total + lost) if total + lost > 0 else float("nan"),
    )  # fmt: skip
