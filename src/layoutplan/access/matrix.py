"""Many homes to many schools by the compiled engine; the answers are those of the searches in ``kernels``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from layoutplan.access.elimination import NONE, Index
from layoutplan.access.hierarchy import MAX_ALONE, MAX_COST, MAX_LENGTH_MM, Arcs, Hierarchy
from layoutplan.access.kernels import UNREACHED, Tree, cost_along
from layoutplan.access.legs import walk_gap
from layoutplan.access.network import Ints, Mode, Network, Snaps
from layoutplan.access.sweeps import Ascent, Flags, Keys, Stops, arrive, climb, largest, reach_up, restrict, sweep_lanes

# Schools in one sweep: four 32-bit registers' worth, two cache lines a node.
_LANES = 32
# No way, for 32-bit costs; the sum of it and any weight still fits.
_NARROW_NONE = 1 << 30


class BeyondBoundsError(Exception):
    """A route is too long for the integers of the sweeps; scipy has to search."""


@dataclass(frozen=True, eq=False)
class Gate:
    """Homes with the part of a hierarchy that they can reach.

    Parameters
    ----------
    homes : Stops
        Nodes are rows of the part.
    place : int32 [node]
        Row of every node of the hierarchy, -1 outside.
    up : Arcs
        Of the part, cost and length.
    """

    homes: Stops
    place: Index
    up: Arcs


# Only remember what _open_gate would build again; they go when hierarchy or homes go.
_GATES: WeakKeyDictionary[Hierarchy, WeakKeyDictionary[Snaps, Gate]] = WeakKeyDictionary()
_SPARE: WeakKeyDictionary[Hierarchy, list[Keys]] = WeakKeyDictionary()


def leave(network: Network, hierarchy: Hierarchy, homes: Snaps, mode: Mode) -> Stops:
    """Return the way from every home to both ends of its edge, gap included.

    Parameters
    ----------
    network, hierarchy
        Roads and their hierarchy in that mode.
    homes : Snaps
        Points.
    mode : {"walk", "drive"}
        Who travels.
    """
    return _stops(network, hierarchy, homes, mode, outward=True)


def enter(network: Network, hierarchy: Hierarchy, schools: Snaps, mode: Mode) -> Stops:
    """Return the way to every school from both ends of its edge, gap included.

    Parameters
    ----------
    network, hierarchy
        Roads and their hierarchy in that mode.
    schools : Snaps
        Points.
    mode : {"walk", "drive"}
        Who travels.
    """
    return _stops(network, hierarchy, schools, mode, outward=False)


def _stops(network: Network, hierarchy: Hierarchy, points: Snaps, mode: Mode, *, outward: bool) -> Stops:
    on = np.flatnonzero(points.edge >= 0)
    edge, offset, bits = points.edge[on], points.offset_mm[on], hierarchy.length_bits
    node = np.full((len(points.edge), 2), -1, dtype=np.int32)
    cost = np.full((len(points.edge), 2), NONE, dtype=np.int64)
    gap = _both(walk_gap(network, points.gap_mm[on], mode), points.gap_mm[on], bits)
    for side, end in enumerate((np.zeros_like(offset), network.edge_length_mm[edge])):
        begin_mm, end_mm = (offset, end) if outward else (end, offset)
        way = cost_along(network, mode, edge=edge, begin_mm=begin_mm, end_mm=end_mm)
        cost[on, side] = np.where(way == UNREACHED, NONE, _both(way, np.abs(end - offset), bits) + gap)
        node[on, side] = hierarchy.shape.edge_ends[side][edge]
    return Stops(node, cost)


def _both(cost: Ints, length_mm: Ints, bits: int) -> Ints:
    """Return cost and length as one integer."""
    return cost << bits | length_mm if bits else cost


def narrow(stops: Stops, hierarchy: Hierarchy) -> Stops:
    """Return the costs alone.

    Parameters
    ----------
    stops : Stops
        Cost with length.
    hierarchy : Hierarchy
        Says how they are packed.
    """
    return Stops(stops.node, np.where(stops.cost < NONE, stops.cost >> hierarchy.length_bits, NONE))


def find_part(arcs: Arcs, node: Index) -> Flags:
    """Return which nodes of a hierarchy can be reached upward.

    Parameters
    ----------
    arcs : Arcs
        Of the hierarchy.
    node : int32
        Where to start; -1 is nowhere.
    """
    reached = np.zeros(len(arcs.first) - 1, dtype=np.bool_)
    reached[node[node >= 0]] = True
    reach_up(arcs.first, arcs.head, reached)
    return reached


def _open_gate(network: Network, hierarchy: Hierarchy, homes: Snaps, mode: Mode) -> Gate:
    gates = _GATES.setdefault(hierarchy, WeakKeyDictionary())
    gate = gates.get(homes)
    if gate is None:
        stops = leave(network, hierarchy, homes, mode)
        reached = find_part(hierarchy.wide_up, stops.node.ravel())
        nodes = np.flatnonzero(reached).astype(np.int32)
        place = np.full(len(reached), -1, dtype=np.int32)
        place[nodes] = np.arange(len(nodes), dtype=np.int32)
        row = np.where(stops.node >= 0, place[stops.node], np.int32(-1))
        gate = gates[homes] = Gate(Stops(row, stops.cost), place, restrict(hierarchy.wide_up, reached, place, nodes))
    return gate


def measure_all(
    network: Network, hierarchy: Hierarchy, homes: Snaps, schools: Snaps, *, mode: Mode
) -> tuple[Ints, Ints]:
    """Return cost and length from every home to every school, gaps at both ends included.

    Parameters
    ----------
    network, hierarchy
        Roads and their hierarchy in that mode.
    homes, schools : Snaps
        Points.
    mode : {"walk", "drive"}
        Who travels.

    Returns
    -------
    cost, length_mm : int64 [home, school]
        ``UNREACHED`` where there is no way; one and the same array where the length is the cost.

    Raises
    ------
    BeyondBoundsError
        A route is too long for the sweeps.
    """
    gate = _open_gate(network, hierarchy, homes, mode)
    stops = enter(network, hierarchy, schools, mode)
    found = np.empty((len(homes.ids), len(schools.ids)), dtype=np.int64)
    none = NONE if hierarchy.length_bits else UNREACHED
    for begin, cost, limit in _lanes(hierarchy, gate.place, gate.up, stops):
        arrive(gate.homes, cost, limit, found, begin, none)
    home, school, way = straight_ways(network, hierarchy, homes, schools, mode=mode)
    found[home, school] = np.minimum(found[home, school], way)
    return _unpack(found, hierarchy.length_bits) if hierarchy.length_bits else (found, found)


def _lanes(hierarchy: Hierarchy, place: Index, up: Arcs, schools: Stops) -> Iterator[tuple[int, Keys, int]]:
    """Yield the first school of every batch, the costs from every node of a part, and what means no way."""
    spare = _SPARE.setdefault(hierarchy, [])
    work = spare.pop() if spare else np.full(len(place), NONE, dtype=np.int64)
    ascent = Ascent(hierarchy.wide_down, hierarchy.shape.parent, place)
    bits, count = hierarchy.length_bits, len(schools.node)
    none = NONE if bits else _NARROW_NONE
    for begin in range(0, count, _LANES):
        rows = np.arange(begin, min(begin + _LANES, count), dtype=np.int64)
        cost = np.full((len(up.first) - 1, len(rows)), none, dtype=up.weight.dtype)
        most = climb(ascent, schools, rows, work, cost, bits)
        sweep_lanes(up, cost)
        _check(cost, none, bits, most)
        yield begin, cost, none
    spare.append(work)


def _check(cost: Keys, none: int, bits: int, climbed: tuple[np.int64, np.int64]) -> None:
    """Refuse costs that may have run over: where all keep to the bounds, no sum of two can have."""
    low = (1 << bits) - 1
    most_cost = max(climbed[0], largest(cost, none, ~low) >> bits)
    most_length = max(climbed[1], largest(cost, none, low)) if bits else 0
    if most_cost >= (MAX_COST if bits else MAX_ALONE) or most_length >= MAX_LENGTH_MM:
        raise BeyondBoundsError


def straight_ways(
    network: Network, hierarchy: Hierarchy, homes: Snaps, schools: Snaps, *, mode: Mode
) -> tuple[Ints, Ints, Ints]:
    """Return home, school and cost, gaps included, of all ways along the one edge both are on.

    Parameters
    ----------
    network, hierarchy
        Roads and their hierarchy in that mode.
    homes, schools : Snaps
        Points.
    mode : {"walk", "drive"}
        Who travels.

    Returns
    -------
    home, school, cost : int64 [way]
        Cost with length as in the hierarchy's ``wide`` arcs.
    """
    home, school = _share_edge(homes, schools)
    begin, end = homes.offset_mm[home], schools.offset_mm[school]
    way = cost_along(network, mode, edge=homes.edge[home], begin_mm=begin, end_mm=end)
    home, school, way, length = (v[way != UNREACHED] for v in (home, school, way, np.abs(end - begin)))
    bits = hierarchy.length_bits
    total = _both(way, length, bits)
    for gap in (homes.gap_mm[home], schools.gap_mm[school]):
        total = total + _both(walk_gap(network, gap, mode), gap, bits)
    return home, school, total


def _share_edge(homes: Snaps, schools: Snaps) -> tuple[Ints, Ints]:
    order = np.argsort(schools.edge, kind="stable")
    edge = schools.edge[order]
    first, last = np.searchsorted(edge, homes.edge), np.searchsorted(edge, homes.edge, side="right")
    count = np.where(homes.edge >= 0, last - first, 0)
    home = np.repeat(np.arange(len(count)), count)
    run = np.arange(len(home)) - np.repeat(np.cumsum(count) - count, count)
    return home, order[np.repeat(first, count) + run]


def _unpack(found: Keys, bits: int) -> tuple[Ints, Ints]:
    none = found >= NONE
    cost = found >> bits
    cost[none] = UNREACHED
    if not bits:
        return cost, cost
    length = found & ((1 << bits) - 1)
    length[none] = UNREACHED
    return cost, length


def grow_trees(network: Network, hierarchy: Hierarchy, mode: Mode, *, edge: Ints, offset_mm: Ints) -> Iterator[Tree]:
    """Yield cost and length from every node to one point on an edge after the other.

    Parameters
    ----------
    network, hierarchy
        Roads and their hierarchy in that mode.
    mode : {"walk", "drive"}
        Who travels.
    edge, offset_mm : int64 [point]
        Points on edges.

    Raises
    ------
    BeyondBoundsError
        A route is too long for the sweeps.
    """
    points = Snaps(tuple(map(str, range(len(edge)))), edge, offset_mm, np.zeros_like(offset_mm))
    stops = enter(network, hierarchy, points, mode)
    everywhere = np.arange(len(hierarchy.shape.rank), dtype=np.int32)
    for _, cost, none in _lanes(hierarchy, everywhere, hierarchy.wide_up, stops):
        whole = np.where(cost == none, NONE, cost.astype(np.int64))[hierarchy.shape.rank]
        for lane in range(whole.shape[1]):
            yield Tree(*_unpack(whole[:, lane], hierarchy.length_bits))
