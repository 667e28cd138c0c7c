"""Which of several optimal placements is taken, and what a seat is worth: neither is left to chance.

Villages on one road can often change schools at no cost, so an optimum is seldom the only one.
Taken is the one whose longest ways are shortest (least sum of squares), then the smaller school ids.
It is found by a second model that holds nothing but what some optimum uses, so the answer depends
neither on the order of rows nor on where the first solver began.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.seats.solver import add_columns, new_solver, run

# Flows below are what is left of the solver's tolerance, and no pupils.
LEAST_PUPILS = 1e-6
_EQUITY, _SMALLER_ID, _NO_TIE = 1000.0, 100.0, 30.0
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
    """
    units, schools = len(face.pupils), len(face.seats)
    choices = np.bincount(face.unit, minlength=units) + face.may_stay
    flows = np.where(choices[face.unit] == 1, face.pupils[face.unit], 0.0)
    unplaced = np.where(face.may_stay & (choices == 1), face.pupils, 0.0)
    free_unit = np.flatnonzero((choices > 1) & (face.pupils > 0))
    ways = np.flatnonzero(np.isin(face.unit, free_unit))
    if not len(ways):
        return flows, unplaced
    left = face.seats - np.bincount(face.school, weights=flows, minlength=schools)
    stay = free_unit[face.may_stay[free_unit]]
    values = _solve_free(face, free_unit, ways, stay, left)
    values = np.where(values > LEAST_PUPILS, values, 0.0)
    flows[ways] = values[: len(ways)]
    unplaced[stay] = values[len(ways) :]
    return flows, unplaced


def _solve_free(face: Face, free_unit: Ints, ways: Ints, stay: Ints, left: Floats) -> Floats:
    """Solve for the units that have a choice; return the values of their ways, then of staying without a seat."""
    units, schools = len(free_unit), len(left)
    highs = new_solver(presolve=True)
    pupils = face.pupils[free_unit]
    low = np.concatenate([pupils, np.where(face.is_full, left, -np.inf)])
    none = np.empty(0, dtype=np.int32)
    highs.addRows(
        units + schools, low, np.concatenate([pupils, left]), 0, np.zeros(units + schools, np.int32), none, np.empty(0)
    )
    row = np.full(len(face.pupils), -1, dtype=np.int64)
    row[free_unit] = np.arange(units)
    unit_bits, school_bits = _hashed(face.unit_ids), _hashed(face.school_ids)
    longest = max(1, int(face.cost_ms.max(initial=1)))
    unit, school = face.unit[ways], face.school[ways]
    chance = _mixed(unit_bits[unit] ^ _mixed(school_bits[school])) / 2.0**64
    cost = _EQUITY * (face.cost_ms[ways] / longest) ** 2 + _SMALLER_ID * school / schools + _NO_TIE * chance
    add_columns(highs, cost, [row[unit], units + school])
    add_columns(highs, _NO_TIE * (_mixed(unit_bits[stay]) / 2.0**64), [row[stay]])
    run(highs)
    return np.array(highs.getSolution().col_value)


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
