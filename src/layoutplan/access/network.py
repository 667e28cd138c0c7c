"""The road network in metres: nodes, edges, modes, and points snapped onto edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from layoutplan.errors import NetworkError, Problem
from layoutplan.norms import Norms

if TYPE_CHECKING:
    import geopandas as gpd
    import networkx as nx

Mode = Literal["walk", "drive"]
MODES: tuple[Mode, Mode] = ("walk", "drive")
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
CLOSED = -1
# A vertex is packed into one integer: 31 bits of millimetres each way.
_MAX_SPREAD_MM = 2**31 - 1
# Classes without a speed norm drive like the nearest class that has one.
_SPEED_LIKE = {"motorway": "national", "path": "track"}


@dataclass(frozen=True, eq=False)
class Network:
    """Road edges between junctions, with an integer cost a mode and direction.

    Parameters
    ----------
    node_east_m, node_north_m : float64 [node]
        Coordinates in the county's CRS; nodes are sorted by (east, north).
    edge_from, edge_to : int64 [edge]
        Node indices, ``edge_from < edge_to``; edges are sorted, so neither depends on the order of rows.
    edge_length_mm : int64 [edge]
        Length along the line, at least 1.
    edge_line : object [edge]
        LineString from ``edge_from`` to ``edge_to``.
    edge_road_id : object [edge]
        Road the edge comes from.
    cost : mapping
        ``{mode: (forward, backward)}``, int64 [edge] each: millimetres for ``walk``,
        milliseconds for ``drive``; ``CLOSED`` where that direction may not be used.
    component : mapping
        ``{mode: int64 [node]}`` connected piece by mode (weakly connected), 0 = the largest.
    crs : str
        CRS of the coordinates.
    report : mapping
        Counts of what was merged, dropped or left apart, for ``check``: ``roads``, ``nodes``,
        ``edges``, ``zero_length`` (lines dropped), ``duplicates`` (edges merged), ``loops_halved``,
        and by mode ``pieces_<mode>`` and ``nodes_apart_<mode>`` (outside the largest piece).
    walk_kmh : float
        Walking speed of the youngest; what the gap between a point and its road costs when driving.
    gap_effort : float
        What a millimetre of that gap costs on foot; above 1 in bad weather.
    """

    node_east_m: Floats
    node_north_m: Floats
    edge_from: Ints
    edge_to: Ints
    edge_length_mm: Ints
    edge_line: npt.NDArray[Any]
    edge_road_id: npt.NDArray[Any]
    cost: Mapping[Mode, tuple[Ints, Ints]]
    component: Mapping[Mode, Ints]
    crs: str
    report: Mapping[str, int]
    walk_kmh: float
    gap_effort: float = 1.0

    def usable(self, mode: Mode) -> Flags:
        """Return which edges the mode may use in at least one direction, bool [edge]."""
        forward, backward = self.cost[mode]
        open_one_way: Flags = (forward != CLOSED) | (backward != CLOSED)
        return open_one_way


@dataclass(frozen=True, eq=False)
class Snaps:
    """Points put onto the nearest edge that their mode may use.

    Parameters
    ----------
    ids : tuple of str
        Ids of the points, in their order.
    edge : int64 [point]
        Edge index; -1 where the point is too far from any road.
    offset_mm : int64 [point]
        Distance along the edge from ``edge_from``.
    gap_mm : int64 [point]
        Straight distance from the point to the edge; it is walked and counted.
    """

    ids: tuple[str, ...]
    edge: Ints
    offset_mm: Ints
    gap_mm: Ints


@dataclass(frozen=True, eq=False)
class _Vertices:
    """Vertices of all roads in integer millimetres, road after road, none twice in a row."""

    east_mm: Ints
    north_mm: Ints
    key: Ints
    line: Ints
    road: Ints


def build_network(roads: gpd.GeoDataFrame, *, norms: Norms) -> Network:
    """Split roads at the vertices they share and give every piece its cost.

    A node is every end of a road and every vertex used twice; coordinates are compared after
    rounding to 1 mm, so a bridge without a shared vertex stays apart from the road below. A road
    that returns to its start is halved, so that homes along it keep their road. Walking costs
    millimetres, driving milliseconds at ``drive_kmh`` of the road or else the norm of its class, at
    most what a bus with pupils may drive; ``oneway`` binds vehicles only.

    Parameters
    ----------
    roads : GeoDataFrame
        Columns of the ``roads`` table; lines in a CRS in metres.
    norms : Norms
        ``speed.walk_kmh.grades_1_3``, ``speed.drive_kmh.<class>`` and ``speed.bus_cap_kmh`` [km/h].

    Returns
    -------
    Network
        The same for any order of rows.

    Raises
    ------
    NetworkError
        There is no road, none that can be walked, or the roads spread over more than 2,147 km.

    Examples
    --------
    >>> import geopandas, shapely
    >>> from layoutplan.norms import load_norms
    >>> lines = [shapely.LineString([(0, 0), (100, 0), (200, 0)]), shapely.LineString([(100, 0), (100, 50)])]
    >>> table = {"road_id": ["a", "b"], "class": "village", "oneway": False}
    >>> roads = geopandas.GeoDataFrame(table, geometry=lines, crs="EPSG:4544")
    >>> network = build_network(roads, norms=load_norms())
    >>> network.edge_length_mm.tolist(), network.report["nodes"]
    ([100000, 50000, 100000], 4)
    """
    vertices, zero_length = _collect_vertices(roads)
    first, last, halved = _cut(vertices)
    # Every edge runs from the smaller to the larger node, however its road was drawn.
    flip = vertices.key[first] > vertices.key[last]
    first, last = np.where(flip, last, first), np.where(flip, first, last)
    length = _measure(vertices, first, last)
    used = np.concatenate([first, last])
    nodes, at, ends = np.unique(vertices.key[used], return_index=True, return_inverse=True)
    edge_from, edge_to = ends.reshape(2, -1).astype(np.int64)
    road = vertices.road[first]
    costs = _costs(roads, norms, road=road, length_mm=length, flip=flip)
    rank = np.unique(roads["road_id"].to_numpy().astype(str), return_inverse=True)[1][road]
    alike = np.stack((edge_from, edge_to, length, *costs, _hash_shape(vertices, first, last)))
    order = np.lexsort((*alike[:2:-1], rank, *alike[2::-1]))
    # Copies of one road under two ids are not neighbours in that order: the first of each kind stays.
    order = order[np.sort(np.unique(alike[:, order], axis=1, return_index=True)[1])]
    edge_from, edge_to = edge_from[order], edge_to[order]
    cost: dict[Mode, tuple[Ints, Ints]] = {
        "walk": (costs[0][order], costs[1][order]),
        "drive": (costs[2][order], costs[3][order]),
    }
    component = {mode: number_pieces(len(nodes), edge_from, edge_to, cost[mode]) for mode in MODES}
    counts = {"roads": len(roads), "nodes": len(nodes), "edges": len(order), "zero_length": zero_length}
    counts |= {"duplicates": len(length) - len(order), "loops_halved": halved}
    return Network(
        node_east_m=vertices.east_mm[used[at]] / 1000.0,
        node_north_m=vertices.north_mm[used[at]] / 1000.0,
        edge_from=edge_from,
        edge_to=edge_to,
        edge_length_mm=length[order],
        edge_line=_draw_lines(vertices, first[order], last[order]),
        edge_road_id=roads["road_id"].to_numpy()[road[order]],
        cost=cost,
        component=component,
        crs=str(roads.crs),
        report=counts | count_pieces(component),
        walk_kmh=norms.value("speed.walk_kmh.grades_1_3"),
    )


def _collect_vertices(roads: gpd.GeoDataFrame) -> tuple[_Vertices, int]:
    """Return the vertices of all lines, and how many lines had no length."""
    lines, road = shapely.get_parts(roads.geometry.to_numpy(), return_index=True)
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    if not len(coordinates):
        raise NetworkError([Problem("network_no_roads", "roads")])
    east, north = np.rint(coordinates * 1000.0).astype(np.int64).T
    if max(np.ptp(east), np.ptp(north)) > _MAX_SPREAD_MM:
        raise NetworkError([Problem("network_too_wide", "roads", values={"limit_km": _MAX_SPREAD_MM // 10**6})])
    key = ((east - east.min()) << 32) | (north - north.min())
    new = np.ones(len(key), dtype=np.bool_)
    new[1:] = (key[1:] != key[:-1]) | (line[1:] != line[:-1])
    long_enough = np.bincount(line[new], minlength=len(lines)) >= 2
    kept = new & long_enough[line]
    if not kept.any():
        raise NetworkError([Problem("network_no_roads", "roads")])
    line = line[kept].astype(np.int64)
    return _Vertices(east[kept], north[kept], key[kept], line, road[line].astype(np.int64)), int((~long_enough).sum())


def _cut(vertices: _Vertices) -> tuple[Ints, Ints, int]:
    """Return first and last vertex of every piece, and how many closed loops were halved."""
    uses = np.unique(vertices.key, return_inverse=True, return_counts=True)
    is_node = uses[2][uses[1]] > 1
    ends = vertices.line[1:] != vertices.line[:-1]
    is_node[1:] |= ends
    is_node[:-1] |= ends
    is_node[[0, -1]] = True
    first, last = _stretches(vertices, is_node)
    loop = vertices.key[first] == vertices.key[last]
    is_node[(first[loop] + last[loop]) // 2] = True
    return *_stretches(vertices, is_node), int(loop.sum())


def _stretches(vertices: _Vertices, is_node: Flags) -> tuple[Ints, Ints]:
    nodes = np.flatnonzero(is_node).astype(np.int64)
    together = vertices.line[nodes[:-1]] == vertices.line[nodes[1:]]
    return nodes[:-1][together], nodes[1:][together]


def _measure(vertices: _Vertices, first: Ints, last: Ints) -> Ints:
    """Return lengths in mm; summed as integer micrometres, so no order of summing can show."""
    segment = np.hypot(np.diff(vertices.east_mm), np.diff(vertices.north_mm))
    segment[vertices.line[1:] != vertices.line[:-1]] = 0.0
    run = np.concatenate([[0], np.cumsum(np.rint(segment * 1000.0).astype(np.int64))])
    length_mm: Ints = np.maximum((np.abs(run[last] - run[first]) + 500) // 1000, 1)
    return length_mm


def _hash_shape(vertices: _Vertices, first: Ints, last: Ints) -> Ints:
    """Return a number that tells pieces of different course apart, whichever way they run."""
    mixed = vertices.key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    run = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(mixed, dtype=np.uint64)])
    shape: Ints = (run[np.maximum(first, last) + 1] - run[np.minimum(first, last)]).astype(np.int64)
    return shape


def _costs(
    roads: gpd.GeoDataFrame, norms: Norms, *, road: Ints, length_mm: Ints, flip: Flags
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return walk forward, walk backward, drive forward and drive backward of every piece."""
    kind = roads["class"].to_numpy().astype(str)
    kmh = np.array([norms.value(f"speed.drive_kmh.{_SPEED_LIKE.get(name, name)}") for name in kind])
    if "drive_kmh" in roads:
        stated = roads["drive_kmh"].to_numpy(dtype=np.float64, na_value=np.nan)
        kmh = np.where(np.isnan(stated), kmh, stated)
    cap = {name: norms.value(f"speed.bus_cap_kmh.{name}") for name in ("motorway", "other")}
    kmh = np.minimum(kmh, np.where(kind == "motorway", cap["motorway"], cap["other"]))
    may_walk = _flag(roads, "walk", kind != "motorway")[road]
    may_drive = _flag(roads, "drive", kind != "path")[road]
    oneway = _flag(roads, "oneway", np.zeros(len(roads), dtype=np.bool_))[road]
    walk = np.where(may_walk, length_mm, CLOSED)
    drive_ms = np.maximum(np.rint(length_mm * 3.6 / kmh[road]).astype(np.int64), 1)
    forward = np.where(may_drive & ~(oneway & flip), drive_ms, CLOSED)
    backward = np.where(may_drive & ~(oneway & ~flip), drive_ms, CLOSED)
    if not may_walk.any():
        raise NetworkError([Problem("network_not_walkable", "roads")])
    return walk, walk, forward, backward


def _flag(roads: gpd.GeoDataFrame, name: str, default: Flags) -> Flags:
    """Return a yes/no column, with the default where it is absent or empty."""
    if name not in roads:
        return default
    given = roads[name]
    missing = given.isna().to_numpy()
    return np.where(missing, default, given.where(~missing, other=False).to_numpy().astype(np.bool_))


def _draw_lines(vertices: _Vertices, first: Ints, last: Ints) -> npt.NDArray[Any]:
    count = np.abs(last - first) + 1
    edge = np.repeat(np.arange(len(first)), count)
    rank = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    at = first[edge] + np.sign(last - first)[edge] * rank
    coordinates = np.column_stack((vertices.east_mm[at], vertices.north_mm[at])) / 1000.0
    lines: npt.NDArray[Any] = shapely.linestrings(coordinates, indices=edge)
    return lines


def number_pieces(nodes: int, edge_from: Ints, edge_to: Ints, cost: tuple[Ints, Ints]) -> Ints:
    """Return the connected piece of every node, largest first, ties to the smaller node.

    Parameters
    ----------
    nodes : int
        Number of nodes.
    edge_from, edge_to : int64 [edge]
        Ends of every edge.
    cost : tuple of two int64 [edge]
        Forward and backward; an edge closed both ways joins nothing.
    """
    usable = (cost[0] != CLOSED) | (cost[1] != CLOSED)
    ones = np.ones(int(usable.sum()), dtype=np.int8)
    graph = coo_array((ones, (edge_from[usable], edge_to[usable])), shape=(nodes, nodes))
    count, piece = connected_components(graph, directed=False)
    size = np.bincount(piece, minlength=count)
    first_node = np.unique(piece, return_index=True)[1]
    rank = np.empty(count, dtype=np.int64)
    rank[np.lexsort((first_node, -size))] = np.arange(count)
    numbered: Ints = rank[piece]
    return numbered


def count_pieces(component: Mapping[Mode, Ints]) -> dict[str, int]:
    """Return how many pieces of two nodes and more a mode has, and how many nodes lie off the largest.

    Parameters
    ----------
    component : mapping
        ``{mode: int64 [node]}``, as in the network.
    """
    counts = {}
    for mode, piece in component.items():
        size = np.bincount(piece)
        counts[f"pieces_{mode}"] = int((size > 1).sum())
        counts[f"nodes_apart_{mode}"] = int(size[1:][size[1:] > 1].sum())
    return counts


def snap_points(network: Network, points: gpd.GeoSeries, *, mode: Mode, norms: Norms) -> Snaps:
    """Put points onto the nearest edge that a mode may use.

    Parameters
    ----------
    network : Network
        Roads.
    points : GeoSeries, or Series of geometries
        Points, or areas that stand for a point inside them, in the CRS of the network; the index
        holds their ids.
    mode : {"walk", "drive"}
        Who travels.
    norms : Norms
        ``snap.reject_m`` [m]: a point farther than this from any road is not connected.

    Returns
    -------
    Snaps
        One entry a point, in their order; of several nearest edges the one with the smallest index.
    """
    from layoutplan.access.snapping import find_edges

    spots = points.to_numpy().copy()
    areas = shapely.get_type_id(spots) != shapely.GeometryType.POINT
    spots[areas] = shapely.point_on_surface(spots[areas])
    edge, off_m, along_m = find_edges(network, spots, mode=mode, limit_m=norms.value("snap.reject_m"))
    offset_mm = np.clip(np.rint(along_m * 1000.0).astype(np.int64), 0, network.edge_length_mm[edge])
    gap_mm = np.rint(off_m * 1000.0).astype(np.int64)
    return Snaps(tuple(map(str, points.index)), edge, np.where(edge >= 0, offset_mm, 0), gap_mm)


def to_networkx(network: Network, mode: Mode) -> nx.MultiDiGraph:
    """Return what a mode may use as a networkx graph, for interchange and cross-checks.

    Parameters
    ----------
    network : Network
        Roads.
    mode : {"walk", "drive"}
        Who travels.

    Returns
    -------
    MultiDiGraph
        Nodes ``0..n-1`` with ``east_m, north_m``; an arc a direction, keyed by edge index, with
        ``cost`` [mm walking, ms driving], ``length_mm`` and ``road_id``.
    """
    import networkx as nx

    graph = nx.MultiDiGraph(crs=network.crs, mode=mode)
    for node, (east_m, north_m) in enumerate(zip(network.node_east_m, network.node_north_m, strict=True)):
        graph.add_node(node, east_m=float(east_m), north_m=float(north_m))
    ends = ((network.edge_from, network.edge_to), (network.edge_to, network.edge_from))
    for (start, end), cost in zip(ends, network.cost[mode], strict=True):
        for edge in np.flatnonzero(cost != CLOSED).tolist():
            facts = {"cost": int(cost[edge]), "length_mm": int(network.edge_length_mm[edge])}
            graph.add_edge(int(start[edge]), int(end[edge]), key=edge, road_id=network.edge_road_id[edge], **facts)
    return graph
