"""Which of several optimal placements is taken, and what a seat is worth: neither is left to chance.

Villages on one road can often change schools at no cost, so an optimum is seldom the only one.
Taken is the one whose longest ways are shortest (least sum of squares), then the smaller school ids, then
what the names of places and schools draw. Each is found by a model that holds nothing but what some optimum
of the one before uses, so the answer depends neither on the order of rows nor on where the first solver began.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.seats.solver import add_columns, new_solver, run

# Flows below are what is left of the solver's tolerance, and no pupils.
LEAST_PUPILS = 1e-6
_Bits = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Face:
    """All that is used in some optimum.

    Parameters
    ----------
    unit_ids, school_ids : tuple of str
        Names.
    pupils, seats : float [unit], [school]
        Amounts.
    unit, school, cost_ms : int64 [way]
        Ways without reduced cost, sorted by unit, then school.
    may_stay : bool [unit]
        Whether pupils of the unit may be without a seat.
    is_full : bool [school]
        Whether every seat is taken in every optimum.
    """

    unit_ids: tuple[str, ...]
    school_ids: tuple[str, ...]
    pupils: Floats
    seats: Floats
    unit: Ints
    school: Ints
    cost_ms: Ints
    may_stay: Flags
    is_full: Flags


def break_ties(face: Face) -> tuple[Floats, Floats]:
    """Choose one optimum.

    Parameters
    ----------
    face : Face
        What the optima use.

    Returns
    -------
    flows : float [way]
        Pupils on each way of the face [person].
    unplaced : float [unit]
        Pupils without a seat [person].

    Notes
    -----
    Three models one after the other, each on what the optima of the one before use, so that no gain of a later
    one, however large, outweighs one of an earlier.
    """
    flows, kept = np.zeros(len(face.unit)), np.arange(len(face.unit))
    for cost_of in (_squared_seconds, _numbers_of_schools):
        is_used, face = _narrowed(face, cost_of(face))
        kept = kept[is_used]
    unit_bits, school_bits = _hashed(face.unit_ids), _hashed(face.school_ids)
    chance = _mixed(unit_bits[face.unit] ^ _mixed(school_bits[face.school])) / 2.0**64
    flows[kept], unplaced, _ = _solve(face, chance, _mixed(unit_bits) / 2.0**64)
    return flows, unplaced


def _squared_seconds(face: Face) -> Floats:
    """Return the square of each way; in whole seconds, so that duals are whole numbers."""
    squares: Floats = np.rint(face.cost_ms / 1000) ** 2
    return squares


def _numbers_of_schools(face: Face) -> Floats:
    """Return for each way the number of its school in the order of their ids."""
    return face.school.astype(float)


def _narrowed(face: Face, cost: Floats) -> tuple[Flags, Face]:
    """Return which ways some optimum of least cost uses (bool [way]), and the face of these optima.

    Costs are whole numbers, and so are then the duals of a basic optimum: what is used has no reduced cost, exactly.
    """
    units, is_set = len(face.pupils), ~_is_free(face)
    _, _, dual = _solve(face, cost, np.zeros(units))
    of_unit, of_school = dual[:units], dual[units:]
    is_used = (cost - of_unit[face.unit] - of_school[face.school] == 0) | is_set[face.unit]
    may_stay = face.may_stay & ((of_unit == 0) | is_set)
    narrow = replace(
        face, unit=face.unit[is_used], school=face.school[is_used], cost_ms=face.cost_ms[is_used],
        may_stay=may_stay, is_full=face.is_full | (of_school < 0),
    )  # fmt: skip
    return is_used, narrow


def _is_free(face: Face) -> Flags:
    """Return which units have pupils and a choice (bool [unit])."""
    choices = np.bincount(face.unit, minlength=len(face.pupils)) + face.may_stay
    free: Flags = (choices > 1) & (face.pupils > 0)
    return free


def _solve(face: Face, cost: Floats, cost_alone: Floats) -> tuple[Floats, Floats, Floats]:
    """Return flows on the ways, pupils without a seat, and whole duals of units and schools at least cost.

    Units without a choice are set, and only the others are left to the solver.
    """
    units, schools = len(face.pupils), len(face.seats)
    is_free = _is_free(face)
    flows = np.where(is_free[face.unit], 0.0, face.pupils[face.unit])
    unplaced = np.where(face.may_stay & ~is_free, face.pupils, 0.0)
    dual = np.zeros(units + schools)
    ways, stay = np.flatnonzero(is_free[face.unit]), np.flatnonzero(is_free & face.may_stay)
    if not len(ways):
        return flows, unplaced, dual
    free_unit = np.flatnonzero(is_free)
    left = face.seats - np.bincount(face.school, weights=flows, minlength=schools)
    pupils, row = face.pupils[free_unit], np.cumsum(is_free) - 1
    highs = new_solver(presolve=True)
    low = np.concatenate([pupils, np.where(face.is_full, left, -np.inf)])
    none = np.empty(0, dtype=np.int32)
    highs.addRows(len(low), low, np.concatenate([pupils, left]), 0, np.zeros(len(low), np.int32), none, np.empty(0))
    add_columns(highs, cost[ways], [row[face.unit[ways]], len(free_unit) + face.school[ways]])
    add_columns(highs, cost_alone[stay], [row[stay]])
    run(highs)
    solution = highs.getSolution()
    values = np.array(solution.col_value)
    values = np.where(values > LEAST_PUPILS, values, 0.0)
    flows[ways], unplaced[stay] = values[: len(ways)], values[len(ways) :]
    dual[np.concatenate([free_unit, units + np.arange(schools)])] = np.rint(solution.row_dual)
    return flows, unplaced, dual


def _hashed(ids: Sequence[str]) -> _Bits:
    """Return a number for every id, the same on every machine (uint64 [id])."""
    digests = (hashlib.blake2b(name.encode(), digest_size=8).digest() for name in ids)
    return np.array([int.from_bytes(digest, "big") for digest in digests], dtype=np.uint64)


def _mixed(numbers: _Bits) -> _Bits:
    """Return numbers with all their bits mixed (splitmix64; it wraps around on purpose)."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def seat_prices(
    flows: tuple[Ints, Ints, Ints], unplaced: Floats, ways: tuple[Ints, Ints, Ints], face: Face, alone_ms: int
) -> Ints:
    """Return what one seat more at each school saves, exactly.

    Parameters
    ----------
    flows : (unit, school, cost_ms), each int64 [flow]
        An optimal placement.
    unplaced : float [unit]
        Pupils without a seat.
    ways : (unit, school, cost_ms), each int64 [way]
        Every way there is, in the order of the units.
    face : Face
        Says which schools are full.
    alone_ms : int
        Cost of a pupil without a seat.

    Returns
    -------
    int64 [school]
        Milliseconds; 0 where a seat is free.

    Notes
    -----
    A seat more is taken by whoever gains most by it, and leaves a seat behind for the next: the
    longest chain of gains. No chain gains in a circle, or the placement were not optimal; so as
    many rounds as there are schools find it.
    """
    schools = len(face.seats)
    gain = np.full((schools, schools), np.iinfo(np.int64).min // 4)
    taken = np.bincount(flows[1], minlength=schools) > 0
    first = np.zeros(schools, dtype=np.int64)
    way_unit, way_school, way_ms = ways
    alone = unplaced[way_unit] > 0
    np.maximum.at(first, way_school[alone], alone_ms - way_ms[alone])
    order = np.argsort(way_unit, kind="stable")
    sorted_unit = way_unit[order]
    begin, end = (np.searchsorted(sorted_unit, flows[0], side=side) for side in ("left", "right"))
    count = end - begin
    flow = np.repeat(np.arange(len(count)), count)
    way = order[np.arange(count.sum()) + np.repeat(begin - (np.cumsum(count) - count), count)]
    np.maximum.at(gain, (flows[1][flow], way_school[way]), flows[2][flow] - way_ms[way])
    price = np.where(face.is_full, first, 0)
    for _ in range(schools):
        chain = (gain[taken] + price[taken][:, None]).max(axis=0, initial=0)
        better = np.where(face.is_full, np.maximum(price, chain), 0)
        if (better == price).all():
            break
        price = better
    return price
