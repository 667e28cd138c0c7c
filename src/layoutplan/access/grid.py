"""Compiled: the nearest road piece of a point, by a grid of squares.

Distances and offsets are worked out in the order of operations that GEOS uses, so both agree to the
last bit and the same edge wins a tie.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layoutplan.access.compiled import compiled, inlined

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
# Room for rounding between the side of a square and a distance.
_SLACK_M = 1e-6


class Pieces(NamedTuple):
    """Straight pieces of edges, edge after edge.

    ``spot`` float64 [vertex, 2] in metres, ``first`` int64 [edge + 1] the first vertex of each edge.
    """

    spot: Floats
    first: Ints


class Grid(NamedTuple):
    """Which pieces touch which square.

    ``corner`` float64 [3]: east, north and side of the first square; ``shape`` int64 [2], squares
    eastward and northward; ``start`` int64 [square + 2] and ``piece`` int64 [entry], vertices that
    begin a piece; ``edge`` int64 [vertex], the edge of a vertex.
    """

    corner: Floats
    shape: Ints
    start: Ints
    piece: Ints
    edge: Ints


@compiled
def enter_pieces(pieces: Pieces, corner: Floats, shape: Ints, start: Ints, piece: Ints) -> None:
    """Count or write down the pieces that touch each square by their bounds. Changes ``start`` and ``piece``.

    Parameters
    ----------
    pieces : Pieces
        At least one.
    corner, shape
        As in :class:`Grid`.
    start : int64 [square + 2]
        With an empty ``piece``, the entries of a square are added two places on; else the place of
        its next entry stands one place on, and moves.
    piece : int64 [entry]
        Written if there is room.
    """
    spot, counts = pieces.spot, len(piece) == 0
    for number in range(len(pieces.first) - 1):
        for at in range(pieces.first[number], pieces.first[number + 1] - 1):
            west, east = min(spot[at, 0], spot[at + 1, 0]), max(spot[at, 0], spot[at + 1, 0])
            south, north = min(spot[at, 1], spot[at + 1, 1]), max(spot[at, 1], spot[at + 1, 1])
            for column in range(int((west - corner[0]) / corner[2]), int((east - corner[0]) / corner[2]) + 1):
                for row in range(int((south - corner[1]) / corner[2]), int((north - corner[1]) / corner[2]) + 1):
                    square = column * shape[1] + row
                    if counts:
                        start[square + 2] += 1
                    else:
                        piece[start[square + 1]] = at
                        start[square + 1] += 1


@inlined
def measure_off(east: float, north: float, spot: Floats, at: int | np.int64) -> float:
    """Return the distance of a point from a piece.

    Parameters
    ----------
    east, north : float
        Point [m].
    spot : float64 [vertex, 2]
        Vertices [m].
    at : int
        Vertex that begins the piece.
    """
    ax, ay, bx, by = spot[at, 0], spot[at, 1], spot[at + 1, 0], spot[at + 1, 1]
    run, rise = bx - ax, by - ay
    square = run * run + rise * rise
    along = ((east - ax) * run + (north - ay) * rise) / square
    if along <= 0.0:
        far: float = np.sqrt((east - ax) * (east - ax) + (north - ay) * (north - ay))
    elif along >= 1.0:
        far = np.sqrt((east - bx) * (east - bx) + (north - by) * (north - by))
    else:
        far = abs(((ay - north) * run - (ax - east) * rise) / square) * np.sqrt(square)
    return far


@inlined
def measure_along(east: float, north: float, pieces: Pieces, number: np.int64) -> float:
    """Return how far along an edge the point nearest to another point lies.

    Parameters
    ----------
    east, north : float
        Point [m].
    pieces : Pieces
        Edges.
    number : int
        Which edge.
    """
    spot = pieces.spot
    gone, best, found = 0.0, np.inf, 0.0
    for at in range(pieces.first[number], pieces.first[number + 1] - 1):
        run, rise = spot[at + 1, 0] - spot[at, 0], spot[at + 1, 1] - spot[at, 1]
        square = run * run + rise * rise
        length = np.sqrt(square)
        off = measure_off(east, north, spot, at)
        if off < best:
            best = off
            along = ((east - spot[at, 0]) * run + (north - spot[at, 1]) * rise) / square
            if east == spot[at, 0] and north == spot[at, 1]:
                along = 0.0
            elif east == spot[at + 1, 0] and north == spot[at + 1, 1]:
                along = 1.0
            found = gone if along <= 0.0 else gone + (along * length if along <= 1.0 else length)
        gone += length
    return found


@compiled
def search_grid(pieces: Pieces, grid: Grid, points: Floats, limit_m: float) -> tuple[Ints, Floats, Floats]:
    """Return the nearest edge of every point, the distance to it, and the way along it.

    Parameters
    ----------
    pieces : Pieces
        Edges.
    grid : Grid
        Where the pieces are.
    points : float64 [point, 2]
        East and north [m].
    limit_m : float
        Nothing farther counts.

    Returns
    -------
    edge : int64 [point]
        Of several nearest the first; -1 where none is within the limit.
    off_m, along_m : float64 [point]
    """
    side, columns, rows = grid.corner[2], grid.shape[0], grid.shape[1]
    edge, off, along = np.empty(len(points), np.int64), np.empty(len(points)), np.empty(len(points))
    for point in range(len(points)):
        edge[point], off[point], along[point] = -1, 0.0, 0.0
        east, north = points[point, 0], points[point, 1]
        if not (np.isfinite(east) and np.isfinite(north)):
            continue
        column = int(np.floor((east - grid.corner[0]) / side))
        row = int(np.floor((north - grid.corner[1]) / side))
        best, winner = limit_m, np.int64(-1)
        ring = max(0, -column, column - columns + 1, -row, row - rows + 1)
        while (ring - 1) * side - _SLACK_M <= best and ring <= max(columns, rows) + abs(column) + abs(row):
            for x in range(max(column - ring, 0), min(column + ring, columns - 1) + 1):
                step = 1 if abs(x - column) == ring else max(2 * ring, 1)
                for y in range(row - ring, row + ring + 1, step):
                    if y < 0 or y >= rows:
                        continue
                    for entry in range(grid.start[x * rows + y], grid.start[x * rows + y + 1]):
                        at = grid.piece[entry]
                        distance = measure_off(east, north, pieces.spot, at)
                        number = grid.edge[at]
                        if distance < best or (distance == best and (winner < 0 or number < winner)):
                            best, winner = distance, number
            ring += 1
        if winner >= 0:
            edge[point], off[point] = winner, best
            along[point] = measure_along(east, north, pieces, winner)
    return edge, off, along
