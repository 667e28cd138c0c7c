"""Join roads that meet on the ground but share no vertex: ends that nearly reach, crossings if the county says so.

What is joined is listed; what crosses on one level and stays apart is counted.
"""

from __future__ import annotations

import numpy as np
import shapely

from layoutplan.access.joints import CROSSING, Joining, Marks, gather_marks
from layoutplan.access.loose_ends import find_ends, find_overruns, reach_out
from layoutplan.access.segments import (
    begins_of,
    do_cross,
    grow_tree,
    insert,
    lie_on,
    meeting_points,
    put_along,
    spots_of,
)
from layoutplan.access.vertices import Ints, Vertices

# Rounding a crossing bends its lines by less than a millimetre, which may make them touch a third line.
_MOST_ROUNDS = 8


def join_roads(vertices: Vertices, joining: Joining) -> tuple[Vertices, Marks, int]:
    """Give roads that meet a vertex in common.

    Parameters
    ----------
    vertices : Vertices
        Roads.
    joining : Joining
        What may be joined.

    Returns
    -------
    vertices : Vertices
        With the new ones; the very same where nothing is joined.
    marks : Marks
        Every joint.
    apart : int
        Places where two roads cross or touch on one level and were left without a joint.
    """
    marks: list[Marks] = []
    new = None
    for _ in range(_MOST_ROUNDS if joining.node_crossings else 0):
        vertices, new = _node_once(vertices, joining, moved=new)
        marks.append(new)
        if not len(new.key):
            break
    vertices, new, apart = _join_ends(vertices, joining)
    return vertices, gather_marks([*marks, new]), apart


def _near_pairs(vertices: Vertices, joining: Joining, tree: shapely.STRtree, asked: Ints) -> tuple[Ints, Ints]:
    """Return pairs of segments, one of them asked for, whose bounds meet and that could meet where they cross."""
    begins = begins_of(vertices)
    one, other = tree.query(tree.geometries[asked])
    one = asked[one]
    is_asked = np.zeros(len(begins), dtype=np.bool_)
    is_asked[asked] = True
    once = (one < other) | (~is_asked[other])
    one, other = begins[one[once]], begins[other[once]]
    first, second = vertices.road[one], vertices.road[other]
    allowed = (joining.level[first] == joining.level[second]) & ~joining.spans[first] & ~joining.spans[second]
    return one[allowed], other[allowed]


def _node_once(vertices: Vertices, joining: Joining, *, moved: Marks | None) -> tuple[Vertices, Marks]:
    """Insert every crossing, and every vertex that lies on another segment; later on only where lines were bent."""
    begins, key = begins_of(vertices), vertices.key
    is_new = np.ones(len(key), dtype=np.bool_) if moved is None else np.isin(key, moved.key)
    asked = np.flatnonzero(is_new[begins] | is_new[begins + 1]).astype(np.int64)
    one, other = _near_pairs(vertices, joining, grow_tree(vertices, begins), asked)
    touch = np.zeros(len(one), dtype=np.bool_)
    host, mate, point = [], [], []
    for segment, onto in ((one, other), (other, one)):
        for vertex in (segment, segment + 1):
            on = lie_on(key, vertex, onto)
            touch |= on
            host.append(onto[on])
            mate.append(segment[on])
            point.append(key[vertex[on]])
    cross = ~touch & do_cross(spots_of(key), one, other)
    one, other = one[cross], other[cross]
    middle = meeting_points(key, one, other)
    hosts, mates = np.concatenate([*host, one, other]), np.concatenate([*mate, other, one])
    points = np.concatenate([*point, middle, middle])
    inner = (points != key[hosts]) & (points != key[hosts + 1])
    hosts, mates, points = hosts[inner], mates[inner], points[inner]
    none = np.zeros(len(points), dtype=np.int64)
    marks = Marks(none + CROSSING, points, vertices.line[hosts], vertices.line[mates], none)
    return insert(vertices, [put_along(vertices, hosts, points)]), marks


def _join_ends(vertices: Vertices, joining: Joining) -> tuple[Vertices, Marks, int]:
    """Join ends to what they run over or nearly reach, and count the crossings left apart."""
    begins, ends = begins_of(vertices), find_ends(vertices, joining)
    tree = grow_tree(vertices, begins)
    # After noding nothing crosses any more.
    asked = np.arange(0 if joining.node_crossings else len(begins), dtype=np.int64)
    one, other = _near_pairs(vertices, joining, tree, asked)
    meet = do_cross(spots_of(vertices.key), one, other)
    crossing = (one[meet], other[meet], meeting_points(vertices.key, one[meet], other[meet]))
    over, overruns, served = find_overruns(vertices, joining, ends, crossing)
    seek = ends.seek[~np.isin(ends.seek, served)] if joining.tolerance_mm else ends.seek[:0]
    reached, inserts = reach_out(vertices, joining, ends, tree=tree, begins=begins, seek=seek)
    hosts, points = np.concatenate([crossing[0][over], crossing[1][over]]), np.tile(crossing[2][over], 2)
    inner = (points != vertices.key[hosts]) & (points != vertices.key[hosts + 1])
    inserts.append(put_along(vertices, hosts[inner], points[inner]))
    apart = int((~over).sum()) + _count_touching(vertices.key, one[~meet], other[~meet], joined=reached.key)
    return insert(vertices, inserts), gather_marks([overruns, reached]), apart


def _count_touching(key: Ints, one: Ints, other: Ints, *, joined: Ints) -> int:
    """Return how many vertices lie on a segment of another road without being a vertex of it."""
    shared = np.logical_or.reduce([key[one + a] == key[other + b] for a in (0, 1) for b in (0, 1)])
    one, other = one[~shared], other[~shared]
    points = np.concatenate(
        [
            key[vertex[lie_on(key, vertex, onto)]]
            for segment, onto in ((one, other), (other, one))
            for vertex in (segment, segment + 1)
        ]
    )
    return len(np.setdiff1d(points, joined))
