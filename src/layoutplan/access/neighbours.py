"""Which places are neighbours: those whose ground meets on the roads, and how far apart they are.

The ground of a place is every stretch of road that is nearer to it than to any other place. Two
places are neighbours where their grounds meet, that is, where a road leads from one to the other
past no third. So a piece of the network hangs together over its neighbours exactly as it does over
its roads, and a place alone on its piece has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from layoutplan.access.network import Flags, Floats, Ints, Mode, Network, Snaps


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Places that touch on the roads.

    Parameters
    ----------
    place_ids : tuple of str
        Sorted.
    one, other : int64 [pair]
        Places of each pair, ``one < other``; sorted.
    length_mm : int64 [pair]
        Shortest way between them over the road on which their grounds meet, gaps included.
    home : mapping
        By school, the place in whose ground it stands; a school on no road, or on one without a place,
        is not there.
    """

    place_ids: tuple[str, ...]
    one: Ints
    other: Ints
    length_mm: Ints
    home: dict[str, int]

    def clusters(self, within_m: float, linked: Flags | None = None) -> Ints:
        """Return for every place the first of those it is joined to by steps of at most so many metres.

        Parameters
        ----------
        within_m : float
            Longest step from place to place by road [m].
        linked : bool [pair], optional
            Which pairs may be joined at all.

        Returns
        -------
        int64 [place]
            A step between places that are no neighbours leads past a third that is nearer, so looking
            at neighbours alone finds the same clusters as looking at all pairs would.
        """
        near = self.length_mm <= round(within_m * 1000)
        near = near if linked is None else near & linked
        count = len(self.place_ids)
        graph = coo_array((np.ones(near.sum()), (self.one[near], self.other[near])), shape=(count, count))
        _, label = connected_components(graph, directed=False)
        first = np.full(label.max(initial=0) + 1, count)
        np.minimum.at(first, label, np.arange(count))
        cluster: Ints = first[label].astype(np.int64)
        return cluster


def find_neighbours(network: Network, places: Snaps, schools: Snaps, *, mode: Mode) -> Neighbours:
    """Find the neighbours of every place, and the ground every school stands on.

    Parameters
    ----------
    network : Network
        Roads; lengths count, not minutes, and one-way streets count in both directions.
    places, schools : Snaps
        Put onto roads of the mode.
    mode : {"walk", "drive"}
        Whose roads.

    Returns
    -------
    Neighbours
        A stretch as near to two places belongs to the smaller id.

    Notes
    -----
    One search from all places at once; where two labels meet on an edge, the ways to both ends and the edge
    itself are the shortest way that passes there (Mehlhorn 1988).
    """
    order = np.argsort(np.array(places.ids), kind="stable")
    ids = tuple(places.ids[row] for row in order.tolist())
    edge = np.concatenate([places.edge[order], schools.edge])
    offset = np.concatenate([places.offset_mm[order], schools.offset_mm])
    count, nodes = len(ids), len(network.node_east_m)
    tail, head, length = _split(network, edge, offset, network.usable(mode))
    # Each place hangs on its road by its gap. Costs carry the place in their last bits: of equals the smaller id.
    on_road = np.flatnonzero(edge[:count] >= 0)
    total = nodes + len(edge) + count
    tail = np.concatenate([tail, nodes + len(edge) + on_road])
    head = np.concatenate([head, nodes + on_road])
    length = np.concatenate([length, np.maximum(places.gap_mm[order][on_road], 1)])
    cost, label = _grow(tail, head, length, on_road, (total, nodes + len(edge), count))
    one, other = label[tail], label[head]
    meet = (one != other) & (one >= 0) & (other >= 0)
    low, high = np.minimum(one[meet], other[meet]), np.maximum(one[meet], other[meet])
    way = cost[tail[meet]] + length[meet] + cost[head[meet]]
    pair, at = np.unique(low * count + high, return_inverse=True)
    shortest = np.full(len(pair), np.iinfo(np.int64).max)
    np.minimum.at(shortest, at, way)
    home = label[nodes + count : nodes + len(edge)]
    standing = {name: int(place) for name, place in zip(schools.ids, home.tolist(), strict=True) if place >= 0}
    return Neighbours(ids, pair // count, pair % count, shortest, standing)


def _split(network: Network, edge: Ints, offset_mm: Ints, usable: Flags) -> tuple[Ints, Ints, Ints]:
    """Return the usable edges cut at every point: tails, heads and lengths; point ``i`` is node ``nodes + i``."""
    nodes = len(network.node_east_m)
    cut = np.unique(edge[edge >= 0])
    whole = np.flatnonzero(usable & ~np.isin(np.arange(len(usable)), cut))
    tails, heads, lengths = [network.edge_from[whole]], [network.edge_to[whole]], [network.edge_length_mm[whole]]
    point = np.flatnonzero(edge >= 0)
    point = point[np.lexsort((point, offset_mm[point], edge[point]))]
    # Along an edge: its beginning, the points in order, its end.
    first = np.concatenate([[True], edge[point][1:] != edge[point][:-1]]) if len(point) else np.zeros(0, dtype=bool)
    last = np.concatenate([first[1:], [True]]) if len(point) else first
    before = np.where(first, network.edge_from[edge[point]], nodes + np.roll(point, 1))
    begin = np.where(first, 0, np.roll(offset_mm[point], 1))
    tails += [before, nodes + point[last]]
    heads += [nodes + point, network.edge_to[edge[point[last]]]]
    lengths += [offset_mm[point] - begin, network.edge_length_mm[edge[point[last]]] - offset_mm[point[last]]]
    return np.concatenate(tails), np.concatenate(heads), np.maximum(np.concatenate(lengths), 1)


def _grow(tail: Ints, head: Ints, length: Ints, seeds: Ints, sizes: tuple[int, int, int]) -> tuple[Ints, Ints]:
    """Return the way from every node to the nearest place [mm] and which it is, -1 where none."""
    total, first, places = sizes
    scale = 1 << max(1, places).bit_length()
    order = np.lexsort((length, np.maximum(tail, head), np.minimum(tail, head)))
    low, high = np.minimum(tail, head)[order], np.maximum(tail, head)[order]
    keep = np.ones(len(low), dtype=bool)
    keep[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    # The way from a place itself carries its number.
    weight: Floats = length[order][keep].astype(np.float64) * scale + np.where(
        high[keep] >= first, high[keep] - first, 0
    )
    graph = csr_array(coo_array((weight, (low[keep], high[keep])), shape=(total, total)))
    found = dijkstra(graph, directed=False, indices=first + seeds, min_only=True)
    reached = np.isfinite(found)
    key = np.where(reached, found, 0).astype(np.int64)
    label = np.where(reached, key % scale, -1)
    label[first:] = -1
    label[first + seeds] = seeds
    cost: Ints = key // scale
    cost[first:] = 0
    return cost, label
