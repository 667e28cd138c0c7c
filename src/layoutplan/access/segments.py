"""Straight segments between vertices: which come near each other, which cross, and how a vertex is put into one.

All in whole millimetres from the corner of the roads. What a pair of segments gives does not depend
on which comes first or how they run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from layoutplan.access.joints import road_of_line
from layoutplan.access.vertices import Flags, Ints, Vertices, pack, unpack

# A point rounded to whole millimetres lies at most this far off its line, squared.
ROUNDING_MM2 = 0.5
_ORIGIN = (0, 0)


@dataclass(frozen=True, eq=False)
class Inserts:
    """New vertices.

    Parameters
    ----------
    before : int64 [insert]
        Vertex they stand before.
    line : int64 [insert]
        Line they belong to.
    along : float64 [insert]
        Order among those before the same vertex of a line.
    key : int64 [insert]
        Place, packed.
    """

    before: Ints
    line: Ints
    along: npt.NDArray[np.float64]
    key: Ints


def begins_of(vertices: Vertices) -> Ints:
    """Return the vertex that begins each segment.

    Parameters
    ----------
    vertices : Vertices
        Lines.
    """
    begins: Ints = np.flatnonzero(vertices.line[1:] == vertices.line[:-1]).astype(np.int64)
    return begins


def spots_of(key: Ints) -> Ints:
    """Return east and north from the corner, int64 [point, 2].

    Parameters
    ----------
    key : int64 [point]
        Packed places.
    """
    return np.column_stack(unpack(key, _ORIGIN))


def grow_tree(vertices: Vertices, begins: Ints) -> shapely.STRtree:
    """Return the bounds of segments, to be asked which come near.

    Parameters
    ----------
    vertices : Vertices
        Lines.
    begins : int64 [segment]
        Vertices that begin the segments.
    """
    spots = spots_of(vertices.key)
    return shapely.STRtree(shapely.linestrings(np.stack((spots[begins], spots[begins + 1]), axis=1)))


def side_of(begin: Ints, end: Ints, spot: Ints) -> Ints:
    """Return twice the area of the triangle: positive where the point lies left of the segment, 0 on its line.

    Parameters
    ----------
    begin, end, spot : int64 [segment, 2]
        Of near segments, so that the product fits.
    """
    run, to = end - begin, spot - begin
    side: Ints = run[:, 0] * to[:, 1] - run[:, 1] * to[:, 0]
    return side


def do_cross(spots: Ints, one: Ints, other: Ints) -> Flags:
    """Return whether pairs of segments cross, the ends of each on either side of the other.

    Parameters
    ----------
    spots : int64 [vertex, 2]
        Vertices.
    one, other : int64 [pair]
        Vertices that begin the segments.
    """
    a, b, c, d = spots[one], spots[one + 1], spots[other], spots[other + 1]
    crossed: Flags = (np.sign(side_of(a, b, c)) * np.sign(side_of(a, b, d)) < 0) & (
        np.sign(side_of(c, d, a)) * np.sign(side_of(c, d, b)) < 0
    )
    return crossed


def meeting_points(key: Ints, one: Ints, other: Ints) -> Ints:
    """Return where segments that cross do so, rounded to 1 mm and packed.

    Parameters
    ----------
    key : int64 [vertex]
        Vertices.
    one, other : int64 [pair]
        Vertices that begin the segments.
    """
    ends = np.sort(np.stack([key[[one, one + 1]], key[[other, other + 1]]]), axis=1)
    swap = (ends[0, 0] > ends[1, 0]) | ((ends[0, 0] == ends[1, 0]) & (ends[0, 1] > ends[1, 1]))
    ends = np.where(swap, ends[::-1], ends)
    a, b, c, d = (spots_of(place) for place in ends.reshape(4, -1))
    of_a, of_b = side_of(c, d, a).astype(np.float64), side_of(c, d, b).astype(np.float64)
    spot = a + np.rint((b - a) * (of_a / (of_a - of_b))[:, None]).astype(np.int64)
    return pack(spot[:, 0], spot[:, 1], _ORIGIN)


def nearest_points(key: Ints, segment: Ints, spot: Ints) -> Ints:
    """Return the point of each segment that is nearest to a place, rounded to 1 mm and packed.

    Parameters
    ----------
    key : int64 [vertex]
        Vertices.
    segment : int64 [pair]
        Vertices that begin the segments.
    spot : int64 [pair, 2]
        Places.
    """
    low, high = np.minimum(key[segment], key[segment + 1]), np.maximum(key[segment], key[segment + 1])
    begin, run = spots_of(low), spots_of(high) - spots_of(low)
    share = (run * (spot - begin)).sum(axis=1) / (run * run).sum(axis=1)
    foot = begin + np.rint(run * np.clip(share, 0.0, 1.0)[:, None]).astype(np.int64)
    return pack(foot[:, 0], foot[:, 1], _ORIGIN)


def lie_on(key: Ints, vertex: Ints, segment: Ints) -> Flags:
    """Return whether vertices lie between the ends of segments, within the rounding of coordinates.

    Parameters
    ----------
    key : int64 [vertex]
        Vertices.
    vertex : int64 [pair]
        Which.
    segment : int64 [pair]
        Vertices that begin the segments.
    """
    begin, end, spot = (spots_of(key[at]) for at in (segment, segment + 1, vertex))
    run, to = end - begin, spot - begin
    square, along = (run * run).sum(axis=1), (run * to).sum(axis=1)
    off = side_of(begin, end, spot).astype(np.float64)
    # An end of the segment itself lies at either limit of the way along it.
    on: Flags = (along > 0) & (along < square) & (off * off <= ROUNDING_MM2 * square)
    return on


def put_along(vertices: Vertices, segment: Ints, key: Ints) -> Inserts:
    """Return points as new vertices of segments, in the order they lie along them.

    Parameters
    ----------
    vertices : Vertices
        Lines.
    segment : int64 [insert]
        Vertices that begin the segments.
    key : int64 [insert]
        Packed places.
    """
    begin, end, spot = (spots_of(place) for place in (vertices.key[segment], vertices.key[segment + 1], key))
    along = ((end - begin) * (spot - begin)).sum(axis=1).astype(np.float64)
    return Inserts(segment + 1, vertices.line[segment], along, key)


def insert(vertices: Vertices, groups: Sequence[Inserts]) -> Vertices:
    """Return the lines with new vertices in their places, none twice in a row; the same where there is none.

    Parameters
    ----------
    vertices : Vertices
        Lines.
    groups : sequence of Inserts
        At least one.
    """
    columns = ("before", "line", "along", "key")
    before, line, along, key = (np.concatenate([getattr(g, name) for g in groups]) for name in columns)
    if not len(key):
        return vertices
    order = np.lexsort((key, along, line, before))
    before, line, key = before[order], line[order], key[order]
    fresh = np.ones(len(key), dtype=np.bool_)
    fresh[1:] = (np.diff(before) != 0) | (np.diff(line) != 0) | (np.diff(key) != 0)
    before, line, key = before[fresh], line[fresh], key[fresh]
    keys = np.insert(vertices.key, before, key)
    east_mm, north_mm = unpack(keys, vertices.corner)
    lines = np.insert(vertices.line, before, line)
    roads = np.insert(vertices.road, before, road_of_line(vertices)[line])
    return replace(vertices, east_mm=east_mm, north_mm=north_mm, key=keys, line=lines, road=roads)
