"""Points onto the nearest edge: by a compiled grid, or by a tree of shapely where numba is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import shapely

from layoutplan.access.engine import is_compiled
from layoutplan.access.network import Floats, Ints, Mode, Network

if TYPE_CHECKING:
    from layoutplan.access.grid import Grid, Pieces

# Pieces a square, on average: fewer make more squares to pass, more make more pieces to measure.
_PIECES_A_SQUARE = 2.0
# Only remember what would be built again; they go when the network goes.
_TREES: WeakKeyDictionary[Network, dict[Mode, tuple[shapely.STRtree, Ints]]] = WeakKeyDictionary()
_GRIDS: WeakKeyDictionary[Network, dict[Mode, tuple[Pieces, Grid, Ints]]] = WeakKeyDictionary()


def find_edges(network: Network, spots: npt.NDArray[Any], *, mode: Mode, limit_m: float) -> tuple[Ints, Floats, Floats]:
    """Return the nearest edge that a mode may use, the distance to it, and the way along it.

    Parameters
    ----------
    network : Network
        Roads.
    spots : object [point]
        Points.
    mode : {"walk", "drive"}
        Who travels.
    limit_m : float
        Nothing farther counts.

    Returns
    -------
    edge : int64 [point]
        Of several nearest edges the first; -1 where none is within the limit.
    off_m, along_m : float64 [point]
        From the point to the edge, and from ``edge_from`` along it; 0 where there is none.
    """
    if not len(spots) or not network.usable(mode).any():
        return np.full(len(spots), -1, dtype=np.int64), *np.zeros((2, len(spots)))
    return (_by_grid if is_compiled() else _by_tree)(network, spots, mode, limit_m)


def _by_tree(network: Network, spots: npt.NDArray[Any], mode: Mode, limit_m: float) -> tuple[Ints, Floats, Floats]:
    trees = _TREES.setdefault(network, {})
    if mode not in trees:
        usable = np.flatnonzero(network.usable(mode)).astype(np.int64)
        trees[mode] = (shapely.STRtree(network.edge_line[usable]), usable)
    tree, usable = trees[mode]
    (point, hit), far_m = tree.query_nearest(spots, max_distance=limit_m, return_distance=True, all_matches=True)
    edge = np.full(len(spots), len(network.edge_from), dtype=np.int64)
    np.minimum.at(edge, point, usable[hit])
    off_m, along_m = np.zeros((2, len(spots)))
    off_m[point] = far_m
    on = edge < len(network.edge_from)
    edge[~on] = -1
    along_m[on] = shapely.line_locate_point(network.edge_line[edge[on]], spots[on])
    return edge, off_m, along_m


def _by_grid(network: Network, spots: npt.NDArray[Any], mode: Mode, limit_m: float) -> tuple[Ints, Floats, Floats]:
    from layoutplan.access.grid import search_grid

    grids = _GRIDS.setdefault(network, {})
    if mode not in grids:
        grids[mode] = _build_grid(network, mode)
    pieces, grid, usable = grids[mode]
    where = np.full((len(spots), 2), np.nan)
    coordinates, point = shapely.get_coordinates(spots, return_index=True)
    where[point] = coordinates
    edge, off_m, along_m = search_grid(pieces, grid, where, limit_m)
    return np.where(edge >= 0, usable[edge], -1), off_m, along_m


def _build_grid(network: Network, mode: Mode) -> tuple[Pieces, Grid, Ints]:
    from layoutplan.access.grid import Grid, Pieces, enter_pieces

    usable = np.flatnonzero(network.usable(mode)).astype(np.int64)
    spot, line = shapely.get_coordinates(network.edge_line[usable], return_index=True)
    first = np.searchsorted(line, np.arange(len(usable) + 1)).astype(np.int64)
    low = spot.min(axis=0)
    extent = spot.max(axis=0) - low
    # A road due east has no area; squares then follow from its length alone.
    side = max(float(np.sqrt(extent.prod() * _PIECES_A_SQUARE / len(spot))), float(extent.max()) / len(spot), 1.0)
    shape = np.floor(extent / side).astype(np.int64) + 1
    pieces, corner = Pieces(spot, first), np.array([low[0], low[1], side])
    start = np.zeros(int(shape.prod()) + 2, dtype=np.int64)
    enter_pieces(pieces, corner, shape, start, np.empty(0, dtype=np.int64))
    start = np.cumsum(start)
    piece = np.empty(int(start[-1]), dtype=np.int64)
    enter_pieces(pieces, corner, shape, start, piece)
    edge = np.repeat(np.arange(len(usable)), np.diff(first))
    return pieces, Grid(corner, shape, start, piece, edge), usable
