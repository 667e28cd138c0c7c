"""Small networks for tests, and travel worked out anew by networkx on the same edges."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import rasterio
from hypothesis import strategies as st
from shapely import LineString, Point

from layoutplan.access.network import CLOSED, Mode, Network, Snaps, to_networkx
from layoutplan.norms import load_norms

CRS = "EPSG:4544"
NORMS = load_norms()
CELL_M = 50.0


def roads(lines: list, **columns: object) -> gpd.GeoDataFrame:
    """Return a roads table; columns hold one value for all rows or one a row."""
    table = {
        "road_id": [f"r{row:02d}" for row in range(len(lines))],
        "class": "street", "surface": None, "drive_kmh": np.nan, "oneway": False,
        "winter_open": None, "walk": None, "drive": None,
    }  # fmt: skip
    return gpd.GeoDataFrame(table | columns, geometry=[LineString(line) for line in lines], crs=CRS)


def points(**places: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([Point(place) for place in places.values()], index=list(places), crs=CRS)


def write_dem(path, rise, *, crs=CRS, hole=None):
    """Write heights that rise by so much a metre eastward, from 1 km west of the origin to 3 km east."""
    middles = np.arange(80) * CELL_M + CELL_M / 2 - 1000
    heights = np.tile(middles * rise, (80, 1)).astype(np.float32)
    if hole is not None:
        heights[:, hole] = -9999
    facts = {"driver": "GTiff", "count": 1, "dtype": "float32", "height": 80, "width": 80, "nodata": -9999.0}
    with rasterio.open(
        path, "w", crs=crs, transform=rasterio.Affine(CELL_M, 0, -1000, 0, -CELL_M, 2000), **facts
    ) as raster:
        raster.write(heights, 1)
    return path


def graph_with_points(network: Network, snaps: Snaps, mode: Mode) -> nx.MultiDiGraph:
    """Return the network as networkx sees it, every snapped point a node of its own on its edge."""
    graph = to_networkx(network, mode)
    on_edge: dict[int, list[tuple[int, object]]] = {}
    for row, edge in enumerate(snaps.edge.tolist()):
        if edge >= 0:
            on_edge.setdefault(edge, []).append((int(snaps.offset_mm[row]), ("point", row)))
    for edge, stops in on_edge.items():
        length = int(network.edge_length_mm[edge])
        stops.sort(key=lambda stop: stop[0])
        chain = [(0, int(network.edge_from[edge])), *stops, (length, int(network.edge_to[edge]))]
        forward, backward = (int(cost[edge]) for cost in network.cost[mode])
        for (begin, left), (end, right) in zip(chain[:-1], chain[1:], strict=True):
            if forward != CLOSED:
                graph.add_edge(left, right, cost=forward * end // length - forward * begin // length)
            if backward != CLOSED:
                graph.add_edge(right, left, cost=backward * end // length - backward * begin // length)
            if begin == end:
                graph.add_edge(left, right, cost=0)
                graph.add_edge(right, left, cost=0)
    return graph


def gap_cost(network: Network, gap_mm: int, mode: Mode) -> int:
    """Return what a gap costs: on foot as on the flat in dry weather, else in milliseconds of walking."""
    assert NORMS.value("speed.walk_kmh.grades_1_3") == 3.6
    return round(gap_mm * network.gap_effort) if mode == "walk" else round(gap_mm * 3.6 / network.walk_kmh)


def costs_by_networkx(network: Network, snaps: Snaps, mode: Mode, *, origins: list[int]) -> dict[tuple[int, int], int]:
    """Return the cost of every reachable pair (row of origin, row of target) among the snapped points."""
    graph = graph_with_points(network, snaps, mode)
    found = {}
    for origin in origins:
        if snaps.edge[origin] < 0:
            continue
        reached = nx.single_source_dijkstra_path_length(graph, ("point", origin), weight="cost")
        for target in range(len(snaps.ids)):
            if ("point", target) in reached:
                ends = sum(gap_cost(network, int(snaps.gap_mm[row]), mode) for row in (origin, target))
                found[origin, target] = reached["point", target] + ends
    return found


_METRES = st.integers(0, 12).map(lambda step: step * 50.0)
_CORNER = st.tuples(_METRES, _METRES)


@st.composite
def small_roads(draw: st.DrawFn) -> gpd.GeoDataFrame:
    """Draw up to 14 roads on a coarse grid: they meet, repeat, close to loops and fall apart."""
    lines = draw(
        st.lists(
            st.lists(_CORNER, min_size=2, max_size=4).filter(lambda line: len(set(line)) > 1), min_size=2, max_size=14
        )
    )
    count = len(lines)
    column = lambda values: draw(st.lists(st.sampled_from(values), min_size=count, max_size=count))  # noqa: E731
    return roads(
        lines,
        **{
            "class": column(["street", "village", "national", "path"]),
            "drive_kmh": column([np.nan, 7.0, 33.3]),
            "oneway": column([False, False, True]),
            "walk": True,
        },
    )


@st.composite
def small_points(draw: st.DrawFn, size: int = 6) -> gpd.GeoSeries:
    where = draw(st.lists(st.tuples(st.floats(-20, 620), st.floats(-20, 620)), min_size=size, max_size=size))
    return points(**{f"p{row}": place for row, place in enumerate(where)})
