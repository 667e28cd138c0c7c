"""The road network in metres: nodes, edges, modes, and points snapped onto edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from layoutplan.access.joints import Joining, Joints, name_joints, no_joints
from layoutplan.access.noding import join_roads
from layoutplan.access.vertices import collect_vertices, cut_edges, draw_lines, hash_shape, measure
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
        ``joined_crossing``, ``joined_junction`` and ``joined_gap`` (see ``joints``),
        ``crossings_apart`` (on one level, without a vertex in common, not joined), and by mode
        ``pieces_<mode>`` and ``nodes_apart_<mode>`` (outside the largest piece).
    walk_kmh : float
        Walking speed of the youngest; what the gap between a point and its road costs when driving.
    gap_effort : float
        What a millimetre of that gap costs on foot; above 1 in bad weather.
    joints : Joints
        Every place where roads without a vertex in common were joined.
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
    joints: Joints = field(default_factory=no_joints)

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


def join_snaps(*parts: Snaps) -> Snaps:
    """Return the points of several, one after the other."""
    return Snaps(
        tuple(point_id for part in parts for point_id in part.ids),
        np.concatenate([part.edge for part in parts]),
        np.concatenate([part.offset_mm for part in parts]),
        np.concatenate([part.gap_mm for part in parts]),
    )


def build_network(roads: gpd.GeoDataFrame, *, norms: Norms, node_crossings: bool = False) -> Network:
    """Split roads at the vertices they share and give every piece its cost.

    A node is every end of a road and every vertex used twice; coordinates are compared after
    rounding to 1 mm. An end that lies within ``network.join_tolerance_m`` of another road, short of
    it or beyond, is joined to the nearest: end to end, or else to its line, which is split there.
    Lines that cross without a vertex in common stay apart, as on a bridge, unless ``node_crossings``;
    even then nothing crosses on a bridge, in a tunnel, or between levels. A road that returns to its
    start is halved, so that homes along it keep their road. Walking costs millimetres, driving
    milliseconds at ``drive_kmh`` of the road or else the norm of its class, at most what a
    bus with pupils may drive; ``oneway`` binds vehicles only.

    Parameters
    ----------
    roads : GeoDataFrame
        Columns of the ``roads`` table; lines in a CRS in metres.
    norms : Norms
        ``speed.walk_kmh.grades_1_3``, ``speed.drive_kmh.<class>`` and ``speed.bus_cap_kmh`` [km/h],
        ``network.join_tolerance_m`` [m].
    node_crossings : bool, optional
        Whether roads are joined where they cross on one level.

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
    vertices, zero_length = collect_vertices(roads)
    ids = roads["road_id"].to_numpy()
    rank_of_road = np.unique(ids.astype(str), return_inverse=True)[1].astype(np.int64)
    joining = _joining(roads, norms, rank=rank_of_road, node_crossings=node_crossings)
    vertices, marks, apart = join_roads(vertices, joining)
    first, last, halved = cut_edges(vertices)
    # Every edge runs from the smaller to the larger node, however its road was drawn.
    flip = vertices.key[first] > vertices.key[last]
    first, last = np.where(flip, last, first), np.where(flip, first, last)
    length = measure(vertices, first, last)
    used = np.concatenate([first, last])
    nodes, at, ends = np.unique(vertices.key[used], return_index=True, return_inverse=True)
    edge_from, edge_to = ends.reshape(2, -1).astype(np.int64)
    road = vertices.road[first]
    costs = _costs(roads, norms, road=road, length_mm=length, flip=flip)
    rank = rank_of_road[road]
    alike = np.stack((edge_from, edge_to, length, *costs, hash_shape(vertices, first, last)))
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
    joints = name_joints(marks, vertices, road_id=ids, rank=rank_of_road)
    counts |= joints.count() | {"crossings_apart": apart}
    return Network(
        node_east_m=vertices.east_mm[used[at]] / 1000.0,
        node_north_m=vertices.north_mm[used[at]] / 1000.0,
        edge_from=edge_from,
        edge_to=edge_to,
        edge_length_mm=length[order],
        edge_line=draw_lines(vertices, first[order], last[order]),
        edge_road_id=ids[road[order]],
        cost=cost,
        component=component,
        crs=str(roads.crs),
        report=counts | count_pieces(component),
        walk_kmh=norms.value("speed.walk_kmh.grades_1_3"),
        joints=joints,
    )


def _joining(roads: gpd.GeoDataFrame, norms: Norms, *, rank: Ints, node_crossings: bool) -> Joining:
    """Return what may be joined: bridges lie one level up and tunnels one down unless ``layer`` says otherwise."""
    none = np.zeros(len(roads), dtype=np.bool_)
    bridge, tunnel = _flag(roads, "bridge", none), _flag(roads, "tunnel", none)
    level = bridge.astype(np.int64) - tunnel
    if "layer" in roads:
        stated = roads["layer"].to_numpy(dtype=np.float64, na_value=np.nan)
        level = np.where(np.isnan(stated), level, stated).astype(np.int64)
    tolerance_mm = round(norms.value("network.join_tolerance_m") * 1000.0)
    return Joining(tolerance_mm, node_crossings, level, bridge | tunnel, rank)


def _costs(
    roads: gpd.GeoDataFrame, norms: Norms, *, road: Ints, length_mm: Ints, flip: Flags
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return walk forward, walk backward, drive forward and drive backward of every piece."""
    kind = roads["class"].to_numpy().astype(str)
    kinds, at = np.unique(kind, return_inverse=True)
    kmh = np.array([norms.value(f"speed.drive_kmh.{_SPEED_LIKE.get(name, name)}") for name in kinds.tolist()])[at]
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
