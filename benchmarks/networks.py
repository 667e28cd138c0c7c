"""Networks to measure on: a rural county of any size, made up, and the city of Porto Alegre."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from layoutplan.access.network import Network, Snaps, build_network
from layoutplan.norms import load_norms

STEP_M, LOOPS, MAIN_ROAD_EVERY = 177.0, 0.12, 45
# Lines are only needed for snapping, and two million of them take more memory than all the rest.
MOST_LINES = 600_000


def make_county(nodes: int, seed: int = 1) -> Network:
    """Return roads that follow the valleys, with some loops and a main road every 8 km.

    Nodes are named as ``build_network`` names them, by east and then north.
    """
    random = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(nodes)))
    count = side * side
    grid = np.arange(count).reshape(side, side)
    column, row = np.divmod(np.arange(count), side)
    shift = random.uniform(-60, 60, (2, count))
    east, north = column * STEP_M + shift[0], row * STEP_M + shift[1]
    begin = np.concatenate([grid[:-1].ravel(), grid[:, :-1].ravel()])
    end = np.concatenate([grid[1:].ravel(), grid[:, 1:].ravel()])
    height = np.zeros(count)
    for wave_east, wave_north, at_east, at_north in random.uniform((0.02, 0.02, 0, 0), (0.6, 0.6, 6, 6), (12, 4)):
        height += np.sin(column * wave_east + at_east) * np.cos(row * wave_north + at_north) / (wave_east + wave_north)
    effort = 1 + 60 * np.abs(height[begin] - height[end]) + random.random(len(begin)) * 0.5
    tree = minimum_spanning_tree(coo_array((effort, (begin, end)), shape=(count, count)).tocsr()).tocoo()
    low, high = np.sort(np.array(tree.coords, dtype=np.int64), axis=0)
    in_tree = np.isin(begin * count + end, low * count + high)
    eastward = end - begin == side
    main = (np.where(eastward, row[begin], column[begin]) % MAIN_ROAD_EVERY) == 0
    kept = in_tree | main | (random.random(len(begin)) < LOOPS)
    return _assemble(east, north, begin[kept], end[kept])


def _assemble(east: np.ndarray, north: np.ndarray, begin: np.ndarray, end: np.ndarray) -> Network:
    order = np.lexsort((north, east))
    name = np.empty(len(order), dtype=np.int64)
    name[order] = np.arange(len(order))
    east, north = east[order], north[order]
    begin, end = np.sort(np.stack((name[begin], name[end])), axis=0)
    order = np.lexsort((end, begin))
    begin, end = begin[order], end[order]
    spots = np.column_stack((east, north))
    length = np.maximum(np.rint(np.hypot(*(spots[end] - spots[begin]).T) * 1000), 1).astype(np.int64)
    lines = np.empty(len(begin), dtype=object)
    if len(begin) <= MOST_LINES:
        lines = shapely.linestrings(np.stack((spots[begin], spots[end]), axis=1))
    piece = connected_components(coo_array((length, (begin, end)), shape=(len(east),) * 2), directed=False)[1]
    return Network(
        node_east_m=east, node_north_m=north, edge_from=begin, edge_to=end, edge_length_mm=length, edge_line=lines,
        edge_road_id=np.arange(len(begin)), cost={"walk": (length, length)}, component={"walk": piece.astype(np.int64)},
        crs="EPSG:4544", report={}, walk_kmh=3.6,
    )  # fmt: skip


def read_porto_alegre() -> Network | None:
    """Return the streets of Porto Alegre; None where the shared data are not there."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    import porto_alegre

    from layoutplan.county.layers import read_county

    source = porto_alegre.find_source()
    if source is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        porto_alegre.write_county(Path(folder) / "county", source)
        return build_network(read_county(Path(folder) / "county").roads, norms=load_norms())


def at_nodes(network: Network, nodes: np.ndarray) -> Snaps:
    """Return points that stand on nodes, so that every engine answers the same question."""
    ends = np.concatenate([network.edge_from, network.edge_to])
    found, first = np.unique(ends, return_index=True)
    at = first[np.searchsorted(found, nodes)]
    edge = at % len(network.edge_from)
    offset = np.where(at < len(network.edge_from), 0, network.edge_length_mm[edge])
    return Snaps(tuple(f"{row:06d}" for row in range(len(nodes))), edge, offset, np.zeros_like(offset))


def main_nodes(network: Network) -> np.ndarray:
    """Return the nodes of the largest piece that can be walked."""
    used = np.zeros(len(network.node_east_m), dtype=bool)
    walkable = network.usable("walk")
    used[network.edge_from[walkable]] = used[network.edge_to[walkable]] = True
    piece = network.component["walk"]
    return np.flatnonzero(used & (piece == np.bincount(piece[used]).argmax()))
