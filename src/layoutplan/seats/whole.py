"""No village split between schools: the integer companion of the transportation optimum.

A unit goes to one school with all its pupils, or stays without seats altogether; only one that no
school in reach could hold whole may be split. Small models hold every way and are solved exactly.
Large ones hold the ways that cost least to force and stop at half a per cent: their distance from
the linear optimum, which bounds them from below, is shown with the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.seats.solver import new_solver
from layoutplan.seats.ties import LEAST_PUPILS
from layoutplan.seats.transport import MS_PER_MINUTE, Market, Placement

_SMALL_WAYS = 2000
_GAP, _GAP_LARGE = 1e-9, 5e-3
_NODES = 200_000
_NODES_LARGE = 200
_WIDTHS = (3, 12)


@dataclass(frozen=True, eq=False)
class _Model:
    """Shares of units on ways, then shares of units without a seat."""

    market: Market
    ways: Ints
    may_split: Flags
    alone_minutes: float | None
    is_small: bool


def place_whole(market: Market, placement: Placement) -> Placement:
    """Place every unit at one school, or nowhere.

    Parameters
    ----------
    market : Market
        Units, seats and ways.
    placement : Placement
        Its linear optimum with duals.

    Returns
    -------
    Placement
        As many placed as can be, then the shortest ways: proven for up to two thousand ways, else
        within half a per cent or after a fixed number of branches. Never depends on the clock.
    """
    unit, lived_in = market.unit, market.pupils > 0
    largest = np.zeros(len(market.pupils))
    np.maximum.at(largest, unit, market.seats[market.school])
    may_split = market.pupils > largest + LEAST_PUPILS
    useful = lived_in[unit] & (market.seats[market.school] > 0)
    reduced = market.cost_ms - placement.unit_ms[unit] + placement.seat_ms[market.school]
    least = np.where(useful, reduced * market.pupils[unit], np.inf)
    if not useful.any():
        return placement
    is_small = int(useful.sum()) <= _SMALL_WAYS
    everyone = placement.unplaced.sum() <= LEAST_PUPILS
    widths = () if is_small else _WIDTHS
    pools = [_cheapest(least, width * len(market.pupils)) & useful for width in widths] + [useful]
    for alone in (None, placement.alone_ms / MS_PER_MINUTE) if everyone else (placement.alone_ms / MS_PER_MINUTE,):
        for pool in pools:
            shares = _branch(_Model(market, np.flatnonzero(pool), may_split, alone, is_small))
            if shares is not None:
                return _taken(market, placement, np.flatnonzero(pool), shares)
    raise RuntimeError("a model in which all may stay without a seat has no answer")


def _cheapest(least: Floats, count: int) -> Flags:
    """Return the ways that cost least to force, with all that tie with the last."""
    if len(least) <= count:
        return np.ones(len(least), dtype=bool)
    chosen: Flags = least <= np.partition(least, count)[count]
    return chosen


def _branch(model: _Model) -> Floats | None:
    """Return the share of its unit on every way and without a seat; None where not all can be placed."""
    import highspy

    market, ways = model.market, model.ways
    units, count = len(market.pupils), len(ways)
    unit, school = market.unit[ways], market.school[ways]
    highs = new_solver(presolve=True)
    # Whoever has no way in the model is no part of it.
    has_way = np.bincount(unit, minlength=units) > 0
    ones = np.where(has_way, 1.0, 0.0)
    low = np.concatenate([ones, np.full(len(market.seats), -np.inf)])
    none = np.empty(0, dtype=np.int32)
    highs.addRows(
        len(low), low, np.concatenate([ones, market.seats]), 0, np.zeros(len(low), np.int32), none, np.empty(0)
    )
    weight = market.pupils[unit]
    _add_shares(highs, market.cost_ms[ways] / MS_PER_MINUTE * weight, [unit, units + school], [np.ones(count), weight])
    whole = np.flatnonzero(~model.may_split[unit]).astype(np.int32)
    highs.changeColsIntegrality(len(whole), whole, np.full(len(whole), highspy.HighsVarType.kInteger))
    if model.alone_minutes is not None:
        _add_shares(highs, model.alone_minutes * market.pupils, [np.arange(units)], [np.ones(units)])
    gap, nodes = (_GAP, _NODES) if model.is_small else (_GAP_LARGE, _NODES_LARGE)
    for option, value in (("mip_rel_gap", gap), ("mip_abs_gap", LEAST_PUPILS), ("mip_max_nodes", nodes)):
        highs.setOptionValue(option, value)
    highs.run()
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    found = highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if not found:
        if status == highspy.HighsModelStatus.kSolutionLimit:
            return None
        raise RuntimeError(f"the solver ended with {status}")
    values = np.array(highs.getSolution().col_value)
    if model.alone_minutes is None:
        values = np.concatenate([values, np.zeros(units)])
    return values


def _add_shares(highs: Any, cost: Floats, rows: list[Ints], weights: list[Floats]) -> None:
    count, each = len(cost), len(rows)
    index = np.stack(rows, axis=1).ravel().astype(np.int32)
    start = np.arange(count, dtype=np.int32) * each
    value = np.stack(weights, axis=1).ravel()
    highs.addCols(count, cost, np.zeros(count), np.ones(count), each * count, start, index, value)


def _taken(market: Market, placement: Placement, ways: Ints, shares: Floats) -> Placement:
    """Return the placement of shares, small ones dropped and the rest made whole again."""
    unit, school = market.unit[ways], market.school[ways]
    shares = np.where(shares > LEAST_PUPILS, shares, 0.0)
    flows, alone = shares[: len(ways)], shares[len(ways) :]
    total = np.bincount(unit, weights=flows, minlength=len(market.pupils)) + alone
    total = np.where(total > 0, total, 1.0)
    pupils = market.pupils[unit] * flows / total[unit]
    has_way = np.bincount(unit, minlength=len(market.pupils)) > 0
    unplaced = np.where(has_way, market.pupils * alone / total, market.pupils)
    used = np.flatnonzero(pupils > 0)
    used = used[np.lexsort((school[used], unit[used]))]
    return replace(
        placement, unit=unit[used], school=school[used], pupils=pupils[used], cost_ms=market.cost_ms[ways[used]],
        unplaced=unplaced,
    )  # fmt: skip
