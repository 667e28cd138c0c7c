"""No village split between schools: the integer companion of the transportation optimum.

A unit goes to one school with all its pupils, or stays without seats altogether; only one that no
school in reach could hold whole may be split. Catchments may be asked to hang together. Small
models are solved exactly; large ones by exchanges (:mod:`layoutplan.seats.exchange`) and, where few
ways are left that could still improve, exactly as well. The distance from what cannot be beaten is
shown with the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.seats.exchange import Board, exchange
from layoutplan.seats.ground import Ground, find_gate, find_strays
from layoutplan.seats.solver import new_solver
from layoutplan.seats.ties import LEAST_PUPILS
from layoutplan.seats.transport import MS_PER_MINUTE, Market, Placement

if TYPE_CHECKING:
    import highspy

_SMALL_WAYS = 2000
_GAP = 1e-9
_NODES = 200_000
_NODES_AFTER = 200
_CUT_ROUNDS = 200
_ROUNDS = 200
_TRIED_WAYS = 10


@dataclass(frozen=True, eq=False)
class _Model:
    """Shares of units on ways, then shares of units without a seat."""

    market: Market
    ways: Ints
    may_split: Flags
    alone_minutes: float | None
    nodes: int
    ground: Ground | None


def place_whole(market: Market, placement: Placement, *, ground: Ground | None = None) -> Placement:
    """Place every unit at one school, or nowhere.

    Parameters
    ----------
    market : Market
        Units, seats and ways.
    placement : Placement
        Its linear optimum with duals.
    ground : Ground, optional
        What catchments have to keep to if they must hang together.

    Returns
    -------
    Placement
        As many placed as can be, then the shortest ways: proven for up to two thousand ways, else within the gap
        between ``pupil_minutes`` and ``least_minutes``. Never depends on the clock.

    Notes
    -----
    A way whose reduced cost exceeds the distance between a placement that is known and the bound of the
    duals is in no better placement, so leaving it out changes no optimum.
    """
    may_split = _may_split(market)
    useful = (market.pupils > 0)[market.unit] & (market.seats[market.school] > 0)
    if not useful.any():
        return placement
    ground = ground and replace(ground, is_open=ground.is_open | (may_split & (ground.held < 0)))
    alone = placement.alone_ms / MS_PER_MINUTE
    if int(useful.sum()) <= _SMALL_WAYS:
        everyone = placement.unplaced.sum() <= LEAST_PUPILS
        ways = np.flatnonzero(useful)
        for cost in (None, alone) if everyone else (alone,):
            found = _solve(_Model(market, ways, may_split, cost, _NODES, ground))
            if found is not None:
                return _taken(market, placement, ways, found)
    return _place_many(market, placement, useful, may_split, ground)


def _may_split(market: Market) -> Flags:
    """Return which units no school in reach could hold whole."""
    largest = np.zeros(len(market.pupils))
    np.maximum.at(largest, market.unit, market.seats[market.school])
    split: Flags = market.pupils > largest + LEAST_PUPILS
    return split


def _place_many(
    market: Market, placement: Placement, useful: Flags, may_split: Flags, ground: Ground | None
) -> Placement:
    """Place a large market by exchanges, then exactly where few ways are left."""
    good = _exchanged(market, placement, may_split, ground)
    bound_ms = float(market.pupils @ placement.unit_ms - market.seats @ placement.seat_ms)
    room_ms = _worth_ms(good) - bound_ms
    reduced = market.cost_ms - placement.unit_ms[market.unit] + placement.seat_ms[market.school]
    left = np.flatnonzero(useful & (reduced * market.pupils[market.unit] <= room_ms * (1 + 1e-9) + 1))
    if len(left) > _SMALL_WAYS:
        return good
    model = _Model(market, left, may_split, placement.alone_ms / MS_PER_MINUTE, _NODES_AFTER, ground)
    found = _solve(model)
    if found is None:
        return good
    exact = _taken(market, placement, left, found)
    if _worth_ms(exact) < _worth_ms(good):
        return exact
    # No way left out is in a better placement, so the bound of the smaller model holds for all.
    more = float(exact.unplaced.sum() - good.unplaced.sum()) * placement.alone_ms / MS_PER_MINUTE
    return replace(good, least_minutes=exact.least_minutes + more)


def _worth_ms(placement: Placement) -> float:
    return placement.pupil_minutes * MS_PER_MINUTE + placement.alone_ms * float(placement.unplaced.sum())


def _exchanged(market: Market, placement: Placement, may_split: Flags, ground: Ground | None) -> Placement:
    """Return the best placement that exchanges find; what no school could hold stays as the linear optimum has it."""
    units, schools = len(market.pupils), len(market.seats)
    unit, minutes = market.unit, market.cost_ms / MS_PER_MINUTE
    kept = may_split[placement.unit]
    taken = np.bincount(placement.school[kept], weights=placement.pupils[kept], minlength=schools)
    pupils = np.where(may_split, 0.0, market.pupils)
    cost = np.full((units, schools + 1), np.inf)
    cost[unit, market.school] = minutes * pupils[unit]
    cost[:, schools] = placement.alone_ms / MS_PER_MINUTE * pupils
    begin = np.full(units, schools)
    order = np.argsort(placement.pupils, kind="stable")
    begin[placement.unit[order]] = placement.school[order]
    begin[may_split] = schools
    start, school = _worth_trying(market, placement, pupils)
    empty = np.zeros(units + 1, dtype=np.int64), np.empty(0, dtype=np.int64), np.zeros((1, 1), dtype=bool)
    touch_start, touch, rooted = empty
    is_open = np.zeros(units, dtype=bool)
    if ground is not None:
        begin = np.where(ground.held >= 0, ground.held, begin)
        for number in range(schools):
            for part in find_strays(ground, begin == number, number):
                begin[part] = schools
        touch_start, touch, is_open = ground.start, ground.touch, ground.is_open
        rooted = np.ones((units, schools + 1), dtype=bool)
        rooted[:, :schools] = ground.rooted
        rooted[np.flatnonzero(ground.held >= 0), ground.held[ground.held >= 0]] = True
    seats = np.append(np.maximum(market.seats - taken, 0.0), np.inf)
    board = Board(pupils, seats, cost, start, school, touch_start, touch, rooted, is_open)
    price = np.append(np.maximum(placement.seat_ms / MS_PER_MINUTE, 1.0), 0.0)
    at = exchange(board, begin, np.minimum(price, 1000.0), _ROUNDS)
    return _gathered(market, placement, at, cost_ms=_cost_of(market), kept=kept)


def _worth_trying(market: Market, placement: Placement, pupils: Floats) -> tuple[Ints, Ints]:
    """Return the ways of each unit that cost least to force, and no seat at all, as one list a unit."""
    units, schools, unit = len(pupils), len(market.seats), market.unit
    reduced = market.cost_ms - placement.unit_ms[unit] + placement.seat_ms[market.school]
    order = np.lexsort((market.school, reduced, unit))
    rank = np.arange(len(unit)) - market.start[unit[order]]
    chosen = order[(rank < _TRIED_WAYS) & (pupils[unit[order]] > 0)]
    lived_in = np.flatnonzero(pupils > 0)
    every = np.concatenate([unit[chosen], lived_in])
    to = np.concatenate([market.school[chosen], np.full(len(lived_in), schools)])
    by_unit = np.argsort(every, kind="stable")
    count = np.bincount(every, minlength=units)
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int64), to[by_unit].astype(np.int64)


def _cost_of(market: Market) -> Ints:
    """Return the way of every unit to every school [ms] (int64 [unit, school]); 0 where there is none."""
    cost = np.zeros((len(market.pupils), len(market.seats)), dtype=np.int64)
    cost[market.unit, market.school] = market.cost_ms
    return cost


def _gathered(market: Market, placement: Placement, at: Ints, *, cost_ms: Ints, kept: Flags) -> Placement:
    """Return the placement of units at schools, with the flows of the linear optimum that were kept."""
    schools = len(market.seats)
    split = np.isin(np.arange(len(at)), placement.unit[kept])
    placed = np.flatnonzero((at < schools) & (market.pupils > 0) & ~split)
    unit = np.concatenate([placed, placement.unit[kept]])
    school = np.concatenate([at[placed], placement.school[kept]])
    pupils = np.concatenate([market.pupils[placed], placement.pupils[kept]])
    order = np.lexsort((school, unit))
    unit, school, pupils = unit[order], school[order], pupils[order]
    gone = np.maximum(market.pupils - np.bincount(unit, weights=pupils, minlength=len(at)), 0.0)
    gone = np.where(gone > LEAST_PUPILS, gone, 0.0)
    return replace(placement, unit=unit, school=school, pupils=pupils, cost_ms=cost_ms[unit, school], unplaced=gone)


def _solve(model: _Model) -> tuple[Floats, float] | None:
    """Return shares and the bound of their cost [min]; None where not all can be placed, or nothing was found."""
    highs = _opened(model)
    for _ in range(_CUT_ROUNDS if model.ground is not None else 1):
        found = _branch(highs, model)
        if found is None or model.ground is None or not _cut_strays(highs, model, found[0]):
            return found
    return None


def _opened(model: _Model) -> highspy.Highs:
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
    for option, value in (("mip_rel_gap", _GAP), ("mip_abs_gap", LEAST_PUPILS), ("mip_max_nodes", model.nodes)):
        highs.setOptionValue(option, value)
    return highs


def _branch(highs: highspy.Highs, model: _Model) -> tuple[Floats, float] | None:
    """Return the share of its unit on every way and without a seat, and the bound [min]."""
    import highspy

    highs.run()
    status, info = highs.getModelStatus(), highs.getInfo()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        if status == highspy.HighsModelStatus.kSolutionLimit:
            return None
        raise RuntimeError(f"the solver ended with {status}")
    values = np.array(highs.getSolution().col_value)
    if model.alone_minutes is None:
        values = np.concatenate([values, np.zeros(len(model.market.pupils))])
    return values, float(info.mip_dual_bound)


def _cut_strays(highs: highspy.Highs, model: _Model, shares: Floats) -> bool:
    """Forbid every part of a catchment that hangs on nothing, until what lies between joins it; return if any did.

    Whoever goes to a school needs one of the units around the stray part to go there too.
    """
    market, ground = model.market, model.ground
    assert ground is not None
    unit, school = market.unit[model.ways], market.school[model.ways]
    used = shares[: len(unit)] > 0.5
    column = np.full((len(market.pupils), len(market.seats)), -1, dtype=np.int64)
    column[unit, school] = np.arange(len(unit))
    cut = False
    for number in np.unique(school[used]).tolist():
        member = np.zeros(len(market.pupils), dtype=bool)
        member[unit[used & (school == number)]] = True
        for part in find_strays(ground, member, number):
            gate = column[find_gate(ground, part, column[:, number] >= 0, number), number]
            for stray in column[part, number].tolist():
                index = np.concatenate([[stray], gate[gate >= 0]]).astype(np.int32)
                value = np.concatenate([[1.0], np.full(len(index) - 1, -1.0)])
                highs.addRow(-np.inf, 0.0, len(index), index, value)
                cut = True
    return cut


def _add_shares(highs: Any, cost: Floats, rows: list[Ints], weights: list[Floats]) -> None:
    count, each = len(cost), len(rows)
    index = np.stack(rows, axis=1).ravel().astype(np.int32)
    start = np.arange(count, dtype=np.int32) * each
    value = np.stack(weights, axis=1).ravel()
    highs.addCols(count, cost, np.zeros(count), np.ones(count), each * count, start, index, value)


def _taken(market: Market, placement: Placement, ways: Ints, found: tuple[Floats, float]) -> Placement:
    """Return the placement of shares, small ones dropped and the rest made whole again."""
    shares, bound = found
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
    # Of the bound, what counts for those without a seat is taken off; units without a way are not in it.
    least = bound - placement.alone_ms / MS_PER_MINUTE * float(unplaced[has_way].sum())
    return replace(
        placement, unit=unit[used], school=school[used], pupils=pupils[used], cost_ms=market.cost_ms[ways[used]],
        unplaced=unplaced, least_minutes=max(placement.least_minutes, least),
    )  # fmt: skip
