"""Roads as arrays of vertices in whole millimetres: where they are cut into edges, how long, how drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from layoutplan.errors import NetworkError, Problem

if TYPE_CHECKING:
    import geopandas as gpd

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
# A vertex is packed into one integer: 31 bits of millimetres each way.
_MAX_SPREAD_MM = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Vertices:
    """Vertices of all roads, road after road, none twice in a row.

    Parameters
    ----------
    east_mm, north_mm : int64 [vertex]
        Coordinates.
    key : int64 [vertex]
        Both in one number, counted from ``corner``; equal where two vertices meet.
    line : int64 [vertex]
        Number of its line; the parts of a road are lines of their own.
    road : int64 [vertex]
        Row of its road.
    corner : tuple of int
        Smallest east and north [mm].
    """

    east_mm: Ints
    north_mm: Ints
    key: Ints
    line: Ints
    road: Ints
    corner: tuple[int, int]


def collect_vertices(roads: gpd.GeoDataFrame) -> tuple[Vertices, int]:
    """Return the vertices of all lines, rounded to 1 mm, and how many lines had no length.

    Parameters
    ----------
    roads : GeoDataFrame
        Lines in a CRS in metres.

    Raises
    ------
    NetworkError
        No line has a length, or they spread over more than 2,147 km.
    """
    lines, road = roads.geometry.to_numpy(), np.arange(len(roads))
    if (shapely.get_type_id(lines) != shapely.GeometryType.LINESTRING).any():
        lines, road = shapely.get_parts(lines, return_index=True)
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    if not len(coordinates):
        raise NetworkError([Problem("network_no_roads", "roads")])
    east, north = np.rint(coordinates * 1000.0).astype(np.int64).T
    if max(np.ptp(east), np.ptp(north)) > _MAX_SPREAD_MM:
        raise NetworkError([Problem("network_too_wide", "roads", values={"limit_km": _MAX_SPREAD_MM // 10**6})])
    corner = int(east.min()), int(north.min())
    key = pack(east, north, corner)
    new = np.ones(len(key), dtype=np.bool_)
    new[1:] = (key[1:] != key[:-1]) | (line[1:] != line[:-1])
    long_enough = np.bincount(line[new], minlength=len(lines)) >= 2
    kept = new & long_enough[line]
    if not kept.any():
        raise NetworkError([Problem("network_no_roads", "roads")])
    line = line[kept].astype(np.int64)
    vertices = Vertices(east[kept], north[kept], key[kept], line, road[line].astype(np.int64), corner)
    return vertices, int((~long_enough).sum())


def pack(east_mm: Ints, north_mm: Ints, corner: tuple[int, int]) -> Ints:
    """Return one number a point, larger farther east, then farther north.

    Parameters
    ----------
    east_mm, north_mm : int64 [point]
        Not below the corner.
    corner : tuple of int
        Where counting begins.
    """
    key: Ints = ((east_mm - corner[0]) << 32) | (north_mm - corner[1])
    return key


def unpack(key: Ints, corner: tuple[int, int]) -> tuple[Ints, Ints]:
    """Return east and north [mm] of the numbers that :func:`pack` made.

    Parameters
    ----------
    key : int64 [point]
        Points.
    corner : tuple of int
        Where counting began.
    """
    return (key >> 32) + corner[0], (key & 0xFFFFFFFF) + corner[1]


def line_ends(vertices: Vertices) -> Flags:
    """Return which vertices begin or end a line, bool [vertex].

    Parameters
    ----------
    vertices : Vertices
        At least two a line.
    """
    is_end = np.zeros(len(vertices.key), dtype=np.bool_)
    change = vertices.line[1:] != vertices.line[:-1]
    is_end[1:] |= change
    is_end[:-1] |= change
    is_end[[0, -1]] = True
    return is_end


def cut_edges(vertices: Vertices) -> tuple[Ints, Ints, int]:
    """Return first and last vertex of every piece between nodes, and how many closed loops were halved.

    Parameters
    ----------
    vertices : Vertices
        A node is every end of a line and every vertex used twice.
    """
    uses = np.unique(vertices.key, return_inverse=True, return_counts=True)
    is_node = (uses[2][uses[1]] > 1) | line_ends(vertices)
    first, last = _stretches(vertices, is_node)
    loop = vertices.key[first] == vertices.key[last]
    is_node[(first[loop] + last[loop]) // 2] = True
    return *_stretches(vertices, is_node), int(loop.sum())


def _stretches(vertices: Vertices, is_node: Flags) -> tuple[Ints, Ints]:
    nodes = np.flatnonzero(is_node).astype(np.int64)
    together = vertices.line[nodes[:-1]] == vertices.line[nodes[1:]]
    return nodes[:-1][together], nodes[1:][together]


def measure(vertices: Vertices, first: Ints, last: Ints) -> Ints:
    """Return lengths in mm; summed as integer micrometres, so no order of summing can show.

    Parameters
    ----------
    vertices : Vertices
        Roads.
    first, last : int64 [piece]
        Vertices at the ends of each piece, in either order.
    """
    segment = np.hypot(np.diff(vertices.east_mm), np.diff(vertices.north_mm))
    segment[vertices.line[1:] != vertices.line[:-1]] = 0.0
    run = np.concatenate([[0], np.cumsum(np.rint(segment * 1000.0).astype(np.int64))])
    length_mm: Ints = np.maximum((np.abs(run[last] - run[first]) + 500) // 1000, 1)
    return length_mm


def hash_shape(vertices: Vertices, first: Ints, last: Ints) -> Ints:
    """Return a number that tells pieces of different course apart, whichever way they run.

    Parameters
    ----------
    vertices : Vertices
        Roads.
    first, last : int64 [piece]
        Vertices at the ends of each piece, in either order.
    """
    mixed = vertices.key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    run = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(mixed, dtype=np.uint64)])
    shape: Ints = (run[np.maximum(first, last) + 1] - run[np.minimum(first, last)]).astype(np.int64)
    return shape


def draw_lines(vertices: Vertices, first: Ints, last: Ints) -> npt.NDArray[Any]:
    """Return a LineString a piece, from its first to its last vertex, object [piece].

    Parameters
    ----------
    vertices : Vertices
        Roads.
    first, last : int64 [piece]
        Vertices at the ends of each piece, in either order.
    """
    count = np.abs(last - first) + 1
    edge = np.repeat(np.arange(len(first)), count)
    rank = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    at = first[edge] + np.sign(last - first)[edge] * rank
    coordinates = np.column_stack((vertices.east_mm[at], vertices.north_mm[at])) / 1000.0
    lines: npt.NDArray[Any] = shapely.linestrings(coordinates, indices=edge)
    return lines
