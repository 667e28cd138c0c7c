"""Road ends that run over another road or do not quite reach it: which, and how they are joined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from layoutplan.access.joints import GAP, JUNCTION, Joining, Marks
from layoutplan.access.segments import Inserts, lie_on, nearest_points, put_along, spots_of
from layoutplan.access.vertices import Flags, Ints, Vertices, line_ends


@dataclass(frozen=True, eq=False)
class Ends:
    """Ends that may be joined.

    Parameters
    ----------
    first, last : int64 [line]
        Vertices at the ends of each line.
    loose : bool [vertex]
        Ends that no other road shares.
    piece : int64 [line]
        Connected piece of each line, 0 the one of most lines.
    seek : int64 [end]
        Vertices to join, one a place: loose ends, and shared ends of smaller pieces.
    """

    first: Ints
    last: Ints
    loose: Flags
    piece: Ints
    seek: Ints


def find_ends(vertices: Vertices, joining: Joining) -> Ends:
    """Return the ends that may be joined.

    Parameters
    ----------
    vertices : Vertices
        Roads.
    joining : Joining
        Tolerance, and the order of the roads.
    """
    is_end = line_ends(vertices)
    _, place, uses = np.unique(vertices.key, return_inverse=True, return_counts=True)
    loose = is_end & (uses[place] == 1)
    ends = np.flatnonzero(is_end).astype(np.int64)
    first, last = np.zeros((2, int(vertices.line[-1]) + 1), dtype=np.int64)
    first[vertices.line[ends[::2]]], last[vertices.line[ends[1::2]]] = ends[::2], ends[1::2]
    piece = _pieces(vertices, place)
    partner = first[vertices.line[ends]] + last[vertices.line[ends]] - ends
    # A stub shorter than the tolerance already hangs on a road: it would only be joined to that road again.
    stub = loose[ends] & ~loose[partner] & (_far2(vertices.key[ends], vertices.key[partner]) <= joining.tolerance_mm**2)
    seek = ends[(loose[ends] | (piece[vertices.line[ends]] > 0)) & ~stub]
    # Of roads that end in one place the smallest id reaches out.
    seek = seek[np.lexsort((vertices.line[seek], joining.rank[vertices.road[seek]], vertices.key[seek]))]
    chosen = np.ones(len(seek), dtype=np.bool_)
    chosen[1:] = np.diff(vertices.key[seek]) != 0
    return Ends(first, last, loose, piece, seek[chosen])


def _pieces(vertices: Vertices, place: Ints) -> Ints:
    """Return the connected piece of every line, 0 the one of most lines; ties to the smallest place."""
    lines = int(vertices.line[-1]) + 1
    ones = np.ones(len(place), dtype=np.int8)
    nodes = lines + int(place.max()) + 1
    graph = coo_array((ones, (vertices.line, lines + place)), shape=(nodes, nodes))
    _, label = connected_components(graph, directed=False)
    kept = np.unique(vertices.line)
    names, smallest = np.full((2, label.max() + 1), len(place), dtype=np.int64)
    np.minimum.at(smallest, label[vertices.line], place)
    size = np.bincount(label[kept], minlength=len(names))
    names[np.lexsort((smallest, -size))] = np.arange(len(names))
    piece: Ints = names[label[:lines]]
    return piece


def _far2(one: Ints, other: Ints) -> Ints:
    """Return the square of the distance of packed places [mm2]."""
    apart: Ints = ((spots_of(one) - spots_of(other)) ** 2).sum(axis=1)
    return apart


def find_overruns(
    vertices: Vertices, joining: Joining, ends: Ends, crossing: tuple[Ints, Ints, Ints]
) -> tuple[Flags, Marks, Ints]:
    """Find crossings so close behind a loose end that the road was meant to end there.

    Parameters
    ----------
    vertices : Vertices
        Roads.
    joining : Joining
        Tolerance.
    ends : Ends
        From :func:`find_ends`.
    crossing : tuple of three int64 [crossing]
        Vertices that begin the two segments, and the packed place.

    Returns
    -------
    over : bool [crossing]
        Which.
    marks : Marks
        Their joints.
    served : int64
        The ends that need no other joint.
    """
    over = np.zeros(len(crossing[2]), dtype=np.bool_)
    found: list[tuple[Ints, Ints, Ints, Ints]] = []
    for own, other in (crossing[:2], crossing[1::-1]):
        line, other_line = vertices.line[own], vertices.line[other]
        for end in (ends.first[line], ends.last[line]):
            near = _far2(vertices.key[end], crossing[2]) <= joining.tolerance_mm**2
            short = np.flatnonzero(ends.loose[end] & near & (joining.tolerance_mm > 0))
            over[short] = True
            found.append((end[short], crossing[2][short], line[short], other_line[short]))
    served, key, line, other_line = (np.concatenate(column) for column in zip(*found, strict=True))
    none = np.zeros(len(key), dtype=np.int64)
    return over, Marks(none + JUNCTION, key, line, other_line, none), served


@dataclass(frozen=True, eq=False)
class _Options:
    """Ways to join an end: the end's vertex, the segment it would reach, where, and how far [mm2]."""

    end: Ints
    segment: Ints
    target: Ints
    kind: Ints
    far2: Ints

    def take(self, rows: Ints | Flags) -> _Options:
        return _Options(self.end[rows], self.segment[rows], self.target[rows], self.kind[rows], self.far2[rows])


def reach_out(
    vertices: Vertices, joining: Joining, ends: Ends, *, tree: shapely.STRtree, begins: Ints, seek: Ints
) -> tuple[Marks, list[Inserts]]:
    """Join ends to the nearest end of another road within the tolerance, or else to its line.

    A road that is touched already comes first. Roads of different levels meet end to end only.

    Parameters
    ----------
    vertices : Vertices
        Roads.
    joining : Joining
        Tolerance and levels.
    ends : Ends
        From :func:`find_ends`.
    tree : STRtree
        Bounds of all segments.
    begins : int64 [segment]
        Vertices that begin them.
    seek : int64 [end]
        Ends to join.

    Returns
    -------
    marks : Marks
        Joints.
    inserts : list of Inserts
        Vertices that split the roads reached, and that lengthen the roads that reach.
    """
    found = _choose(vertices, joining, _find_options(vertices, joining, ends, tree, begins, seek))
    key, line = vertices.key, vertices.line
    inside = (found.target != key[found.segment]) & (found.target != key[found.segment + 1])
    short = found.target != key[found.end]
    end = found.end[short]
    before = np.where(end == ends.last[line[end]], end + 1, end)
    longer = Inserts(before, line[end], np.zeros(len(end)), found.target[short])
    gap_mm = np.rint(np.sqrt(found.far2)).astype(np.int64)
    marks = Marks(found.kind, found.target, line[found.end], line[found.segment], gap_mm)
    split = _with_twins(vertices, joining, begins, (found.segment[inside], found.target[inside]))
    return marks, [put_along(vertices, *split), longer]


def _with_twins(vertices: Vertices, joining: Joining, begins: Ints, split: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Return the segments to split and where, with all that lie on them from end to end.

    A road that stands twice in the layer would else be split in one copy only, and no longer be known for a copy.
    """
    segment, target = split
    sides = np.sort(vertices.key[np.stack((begins, begins + 1))], axis=0)
    own = np.sort(vertices.key[np.stack((segment, segment + 1))], axis=0)
    near = np.isin(sides[0], own[0])
    begins, sides = begins[near], sides[:, near]
    pair = np.unique(np.concatenate([sides, own], axis=1), axis=1, return_inverse=True)[1].reshape(-1)
    theirs, mine = pair[: len(begins)], pair[len(begins) :]
    order = np.argsort(theirs, kind="stable")
    first, last = (np.searchsorted(theirs[order], mine, side=side) for side in ("left", "right"))
    row = np.repeat(np.arange(len(segment)), last - first)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(last - first) - (last - first), last - first)
    twin = begins[order[first[row] + nth]]
    level = joining.level[vertices.road]
    alike = level[twin] == level[segment[row]]
    return twin[alike], target[row[alike]]


def _find_options(
    vertices: Vertices, joining: Joining, ends: Ends, tree: shapely.STRtree, begins: Ints, seek: Ints
) -> _Options:
    spots, line = spots_of(vertices.key), vertices.line
    low, high = spots[seek] - joining.tolerance_mm, spots[seek] + joining.tolerance_mm
    at, near = tree.query(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
    end, segment = seek[at], begins[near]
    apart = ends.piece[line[end]] != ends.piece[line[segment]]
    wanted = (line[end] != line[segment]) & (ends.loose[end] | apart)
    end, segment = end[wanted], segment[wanted]
    foot = nearest_points(vertices.key, segment, spots[end])
    foot = np.where(lie_on(vertices.key, end, segment), vertices.key[end], foot)
    level = joining.level[vertices.road]
    groups = [(level[end] == level[segment], foot, JUNCTION)]
    groups += [(ends.first[line[segment]] == segment, vertices.key[segment], GAP)]
    groups += [(ends.last[line[segment]] == segment + 1, vertices.key[segment + 1], GAP)]
    parts = [
        (end[use], segment[use], target[use], np.full(int(use.sum()), kind, dtype=np.int64))
        for use, target, kind in groups
    ]
    end, segment, target, kind = (np.concatenate(column) for column in zip(*parts, strict=True))
    far2 = _far2(vertices.key[end], target)
    return _Options(end, segment, target, kind, far2).take(far2 <= joining.tolerance_mm**2)


def _choose(vertices: Vertices, joining: Joining, options: _Options) -> _Options:
    """Return one option an end; of two ends that chose each other, that of the end farther west or south."""
    own = vertices.key[options.end]
    later = (options.kind == JUNCTION) & (options.far2 > 0)
    rank = joining.rank[vertices.road[options.segment]]
    order = np.lexsort((options.segment, rank, options.target, options.far2, later, own))
    first = order[np.unique(own[order], return_index=True)[1]]
    found = options.take(first)
    own = vertices.key[found.end]
    pair = np.stack((np.minimum(own, found.target), np.maximum(own, found.target)))
    return found.take(np.sort(np.unique(pair, axis=1, return_index=True)[1]) if len(own) else first)
