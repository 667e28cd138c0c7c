"""The nearest open schools of many homes: of one plan, of many plans at once, or the k nearest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layoutplan.access.engine import open_hierarchy
from layoutplan.access.kernels import UNREACHED
from layoutplan.access.network import Flags, Ints, Mode, Network, Snaps
from layoutplan.access.pairs import has_hills, measure_pairs

if TYPE_CHECKING:
    from layoutplan.access.elimination import Index
    from layoutplan.access.sweeps import Part, Stops

# Plans in one sweep: one cache line a node.
_LANES = 8
# Bits of a key that hold the school.
_SCHOOL_BITS = 16
_NO_KEY = 1 << 61


@dataclass(frozen=True, eq=False)
class _Ready:
    """Homes and schools on their part of a hierarchy."""

    part: Part
    homes: Stops
    schools: Stops
    straight: tuple[Ints, Ints, Ints]

    @cached_property
    def up_tail(self) -> Index:
        """Tails of the part's ``up`` arcs, int32 [arc]."""
        from layoutplan.access.hierarchy import list_tails

        return list_tails(self.part.up)


@dataclass(frozen=True, eq=False)
class Field:
    """Homes and all schools any plan may open, made ready for asking who is nearest.

    Parameters
    ----------
    homes, schools : Snaps
        Points; of equally near schools the one that stands first counts.
    ready : object or None
        For the compiled engine.
    cost : int64 [home, school] or None
        Where there is no compiled engine, or where there and back differ: every pair.
    """

    homes: Snaps
    schools: Snaps
    ready: _Ready | None
    cost: Ints | None


def open_field(network: Network, homes: Snaps, schools: Snaps, *, mode: Mode) -> Field:
    """Make homes and schools ready for :func:`find_nearest` and its kin.

    Parameters
    ----------
    network : Network
        Roads.
    homes : Snaps
        Where pupils start, snapped for the mode.
    schools : Snaps
        All schools and candidates, snapped for the mode.
    mode : {"walk", "drive"}
        Who travels.

    Returns
    -------
    Field
        Does not depend on which schools are open.
    """
    hierarchy = open_hierarchy(network, mode)
    if hierarchy is None or has_hills(network, mode) or len(schools.ids) >= 1 << _SCHOOL_BITS:
        return Field(homes, schools, None, measure_pairs(network, homes, schools, mode=mode)[0])
    from layoutplan.access.matrix import enter, find_part, leave, narrow, straight_ways
    from layoutplan.access.sweeps import Part, Stops, restrict

    ends = narrow(leave(network, hierarchy, homes, mode), hierarchy)
    gates = narrow(enter(network, hierarchy, schools, mode), hierarchy)
    above_homes, above_schools = (
        find_part(arcs, stops.node.ravel()) for arcs, stops in ((hierarchy.up, ends), (hierarchy.down, gates))
    )
    nodes = np.flatnonzero(above_homes | above_schools).astype(np.int32)
    place = np.full(len(above_homes), -1, dtype=np.int32)
    place[nodes] = np.arange(len(nodes), dtype=np.int32)
    part = Part(
        nodes,
        restrict(hierarchy.up, above_homes, place, nodes),
        restrict(hierarchy.down, above_schools, place, nodes),
    )
    home, school, cost = straight_ways(network, hierarchy, homes, schools, mode=mode)
    ends, gates = (Stops(np.where(s.node >= 0, place[s.node], np.int32(-1)), s.cost) for s in (ends, gates))
    ready = _Ready(part, ends, gates, (home, school, cost >> hierarchy.length_bits))
    return Field(homes, schools, ready, None)


def find_nearest(field: Field, is_open: Flags) -> tuple[Ints, Ints]:
    """Return the nearest open school of every home, for one plan or many.

    Parameters
    ----------
    field : Field
        Homes and schools.
    is_open : bool [school] or [plan, school]
        Which schools each plan keeps open.

    Returns
    -------
    school : int64 [home] or [plan, home]
        Row of the school; -1 where none can be reached.
    cost : int64 [home] or [plan, home]
        Gaps included; ``UNREACHED`` where none.
    """
    plans = np.ascontiguousarray(np.atleast_2d(is_open))
    key = _keys_by_matrix(field.cost, plans) if field.cost is not None else _keys_by_sweep(field, plans)
    return _unpack(key.reshape(*is_open.shape[:-1], len(field.homes.ids)))


def _keys_by_sweep(field: Field, plans: Flags) -> Ints:
    from layoutplan.access.lanes import collect_plans, go_straight, sow_plans, sweep_plans
    from layoutplan.access.sweeps import sweep_keys

    ready = field.ready
    assert ready is not None
    found = np.empty((len(plans), len(field.homes.ids)), dtype=np.int64)
    key = np.empty((len(ready.part.nodes), _LANES if len(plans) > 1 else 1), dtype=np.int64)
    for begin in range(0, len(plans), _LANES):
        lanes, rows = plans[begin : begin + _LANES], found[begin : begin + _LANES]
        key.fill(_NO_KEY)
        sow_plans(ready.schools, lanes, key)
        if len(plans) > 1:
            sweep_plans(ready.part, key)
        else:
            sweep_keys(ready.part.up, ready.up_tail, ready.part.down, key.reshape(-1))
        collect_plans(ready.homes, key, rows)
        go_straight(ready.straight, lanes, rows)
    return found


def _keys_by_matrix(cost: Ints, plans: Flags) -> Ints:
    keys = _keys_of(cost)
    none = np.full((len(keys), 1), _NO_KEY)
    return np.stack([np.where(is_open, keys, none).min(axis=1, initial=_NO_KEY) for is_open in plans])


def _keys_of(cost: Ints) -> Ints:
    keys: Ints = np.minimum(cost, _NO_KEY >> _SCHOOL_BITS) << _SCHOOL_BITS
    return np.where(cost == UNREACHED, _NO_KEY, keys | np.arange(cost.shape[1]))


def _unpack(key: Ints) -> tuple[Ints, Ints]:
    reached = key < _NO_KEY
    school = np.where(reached, key & ((1 << _SCHOOL_BITS) - 1), -1)
    return school, np.where(reached, key >> _SCHOOL_BITS, UNREACHED)


def find_k_nearest(field: Field, k: int) -> tuple[Ints, Ints]:
    """Return the k nearest schools of every home, nearest first.

    Parameters
    ----------
    field : Field
        Homes and schools; all schools count.
    k : int
        Schools a home, at least 1.

    Returns
    -------
    school : int64 [home, k]
        Row of the school; -1 where fewer can be reached.
    cost : int64 [home, k]
        Gaps included; ``UNREACHED`` where none.
    """
    found: Ints = np.full((len(field.homes.ids), k), _NO_KEY)
    ready = field.ready
    if ready is None:
        assert field.cost is not None
        keys = np.sort(_keys_of(field.cost), axis=1)[:, :k]
        found[:, : keys.shape[1]] = keys
    else:
        from layoutplan.access.lanes import collect_lists, sow_lists, sweep_lists

        lists: npt.NDArray[np.int64] = np.full((len(ready.part.nodes), k), _NO_KEY)
        sow_lists(ready.schools, lists)
        sweep_lists(ready.part, lists, len(field.schools.ids))
        collect_lists(ready.homes, lists, ready.straight, found)
    return _unpack(found)
