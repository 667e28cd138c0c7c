"""Roads of the sample county: cheapest ways over the hills, from highway to footpath.

A jittered lattice is joined to its neighbours; a way costs more where it is steep or high
above the valley floor, and less where a road already runs, so roads gather in the valleys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import Delaunay, cKDTree

from layoutplan.county.sample.facts import TOWNSHIPS, generator
from layoutplan.county.sample.streets import Town
from layoutplan.county.sample.terrain import Relief

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SPACING_M = 262.0
CLASSES = ("national", "provincial", "county", "township", "street", "village", "track", "path")
RANK = {name: rank for rank, name in enumerate(CLASSES)}
NOT_BUILT = len(CLASSES)
# Chains of seats (by short name) or of border points in km that the main roads run through.
CHAINS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("national", ((595.8, 3986.0), "偏城", "吉强", "马建", "田坪", (530.6, 3979.0))),
    ("provincial", ((567.5, 4010.5), "火石寨", "吉强", "硝河", "将台堡", "兴隆", (577.5, 3940.2))),
    ("provincial", ((546.0, 3999.0), "新营", "吉强")),
    ("county", ("将台堡", "马莲", "偏城")),
    ("county", ("将台堡", "什字", (591.0, 3962.0))),
    ("county", ("马建", "震湖", "平峰", (535.0, 3952.0))),
    ("county", ("震湖", "王民", "平峰")),
    ("county", ("王民", "西滩", "兴平", "硝河")),
    ("county", ("西滩", "兴隆", "什字")),
    ("county", ("吉强", "白崖", "沙沟", "偏城")),
    ("county", ("新营", "红耀", "田坪")),
    ("county", ("火石寨", "白崖")),
)


@dataclass(eq=False)
class Lattice:
    """Every crossing a road could have, the ways between neighbours, and what was built on them.

    Parameters
    ----------
    nodes : float64 [node, (east_m, north_m)]
        Lattice points and the crossings of the towns.
    town_start : int64 [township]
        Index of the first crossing of every town.
    edges : int64 [edge, 2]
        Ways between neighbours, smaller index first.
    effort : float64 [edge]
        What it costs to build there.
    rank : int64 [edge]
        Index into ``CLASSES``; ``NOT_BUILT`` where there is no road.
    """

    nodes: Floats
    town_start: Ints
    edges: Ints
    effort: Floats
    rank: Ints
    above_valley_m: Floats
    height_m: Floats
    seats: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    closed: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))

    @property
    def built(self) -> npt.NDArray[np.bool_]:
        """Whether a road runs on each edge."""
        return self.rank < NOT_BUILT

    def on_road(self) -> Ints:
        """Return the nodes that any road touches."""
        return np.unique(self.edges[self.built])

    def build(self, edges: Ints, name: str) -> None:
        """Put a road of a class on edges; a road of a higher class stays."""
        self.rank[edges] = np.minimum(self.rank[edges], RANK[name])

    def ways(self, sources: Ints, *, ease: float) -> tuple[Floats, Ints]:
        """Return effort and predecessor [node] of the cheapest ways from the nearest source.

        ``ease`` is what a way along a built road costs, as a share of building it anew.
        """
        usable = ~self.closed[self.edges].any(axis=1) | self.built
        effort = np.where(self.built, self.effort * ease, self.effort)[usable]
        start, end = self.edges[usable].T
        count = len(self.nodes)
        graph = sparse.csr_array((effort, (start, end)), shape=(count, count))
        cost, before, _ = csgraph.dijkstra(
            graph, directed=False, indices=sources, min_only=True, return_predecessors=True
        )
        return cost, before

    def edge_number(self, start: Ints, end: Ints) -> Ints:
        """Return the index of the edges between pairs of nodes."""
        count = len(self.nodes)
        keys = self.edges[:, 0] * count + self.edges[:, 1]
        return np.searchsorted(keys, np.minimum(start, end) * count + np.maximum(start, end))


def lay_lattice(relief: Relief, outline: Any, towns: list[Town], seats: Floats) -> Lattice:
    """Return the lattice of possible ways, with the streets of the towns built."""
    rng = generator(10)
    free = _free_points(relief, outline, towns, rng)
    town_start = len(free) + np.r_[0, np.cumsum([len(town.nodes) for town in towns])][:-1]
    nodes = np.vstack([free, *[town.nodes for town in towns]])
    triangles = Delaunay(nodes).simplices
    edges = np.unique(
        np.sort(np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]]), axis=1), axis=0
    )
    in_town = edges >= len(free)
    long = np.hypot(*(nodes[edges[:, 0]] - nodes[edges[:, 1]]).T) > 3.0 * SPACING_M
    edges = edges[~in_town.all(axis=1) & ~long]
    streets = np.vstack([town.edges + start for town, start in zip(towns, town_start, strict=True)])
    edges = np.vstack([edges, np.sort(streets, axis=1)]).astype(np.int64)
    edges = edges[np.lexsort((edges[:, 1], edges[:, 0]))]
    height = relief.at(relief.height_m, nodes)
    above = relief.at(relief.above_valley_m, nodes)
    length = np.hypot(*(nodes[edges[:, 0]] - nodes[edges[:, 1]]).T)
    slope = np.abs(height[edges[:, 0]] - height[edges[:, 1]]) / length
    high = np.clip(above[edges].mean(axis=1) / 80.0, 0.0, 1.6)
    effort = length * (1.0 + np.minimum((slope / 0.08) ** 2, 6.0)) * (1.0 + high)
    through = np.vstack([town.edges[town.main] + start for town, start in zip(towns, town_start, strict=True)])
    lattice = Lattice(nodes, town_start, edges, effort, np.full(len(edges), NOT_BUILT), above, height)
    lattice.build(np.flatnonzero((edges >= len(free)).all(axis=1)), "street")
    through = np.sort(through, axis=1)
    lattice.effort[lattice.edge_number(through[:, 0], through[:, 1])] *= 0.3
    lattice.closed = np.zeros(len(nodes), bool)
    lattice.seats = np.array([
        start + np.argmin(np.hypot(*(town.nodes - seat).T))
        for town, start, seat in zip(towns, town_start, seats, strict=True)
    ])  # fmt: skip
    return lattice


def _free_points(relief: Relief, outline: Any, towns: list[Town], rng: np.random.Generator) -> Floats:
    """Return lattice points inside the county and outside the towns, drawn towards low ground."""
    west, south, east, north = outline.bounds
    grid = np.array(np.meshgrid(np.arange(west, east, SPACING_M), np.arange(south, north, SPACING_M * 0.92)))
    grid[0, 1::2] += SPACING_M / 2
    base = grid.reshape(2, -1).T
    tries = [base + rng.uniform(-0.38, 0.38, base.shape) * SPACING_M for _ in range(3)]
    high = np.array([relief.at(relief.above_valley_m, points) for points in tries])
    points = np.round(np.array(tries)[np.argmin(high, axis=0), np.arange(len(base))], 1)
    inner = outline.buffer(-70.0)
    shapely.prepare(inner)
    points = points[shapely.contains_xy(inner, points)]
    near, _ = cKDTree(np.vstack([town.nodes for town in towns])).query(points)
    hulls = shapely.union_all([_hull(town) for town in towns])
    shapely.prepare(hulls)
    free: Floats = points[(near > 120.0) & ~shapely.contains_xy(hulls, points)]
    return free


def _hull(town: Town) -> Any:
    return shapely.union_all([shapely.Polygon(town.nodes[block]) for block in town.blocks]).buffer(90.0)


def build_main_roads(lattice: Lattice) -> None:
    """Build the national, provincial and county roads along their chains of seats."""
    seat_of = {township.short: node for township, node in zip(TOWNSHIPS, lattice.seats, strict=True)}
    tree = cKDTree(lattice.nodes)
    for name, stops in CHAINS:
        nodes = [
            seat_of[stop] if isinstance(stop, str) else int(tree.query(np.array(stop) * 1000.0)[1]) for stop in stops
        ]
        for start, end in zip(nodes[:-1], nodes[1:], strict=True):
            _, before = lattice.ways(np.array([start]), ease=0.55)
            lattice.build(_walk_back(lattice, before, np.array([end])), name)


def connect(lattice: Lattice, targets: Ints, name: str, *, sources: Ints, ease: float = 0.5) -> None:
    """Build a road of a class from each target to the nearest source."""
    _, before = lattice.ways(sources, ease=ease)
    lattice.build(_walk_back(lattice, before, targets), name)


def connect_hamlets(lattice: Lattice, hamlets: Ints) -> None:
    """Build ways from hamlets to the nearest road; the more hamlets use one, the better it is."""
    _, before = lattice.ways(lattice.on_road(), ease=1.0)
    edges, load = _traffic(lattice, before, hamlets)
    for name, least in (("path", 1), ("track", 2), ("village", 4)):
        lattice.build(edges[load >= least], name)


def _walk_back(lattice: Lattice, before: Ints, targets: Ints) -> Ints:
    """Return the edges from every target back to where its way starts."""
    return _traffic(lattice, before, targets)[0]


def _traffic(lattice: Lattice, before: Ints, targets: Ints) -> tuple[Ints, Ints]:
    """Return the edges on the ways to the targets, and how many of these use each."""
    previous = before.tolist()
    users: dict[int, int] = {}
    for target in targets.tolist():
        node = target
        while previous[node] >= 0:
            users[node] = users.get(node, 0) + 1
            node = previous[node]
    nodes = np.array(sorted(users), np.int64)
    return lattice.edge_number(before[nodes].astype(np.int64), nodes), np.array(
        [users[node] for node in nodes.tolist()]
    )


def fill_with_field_ways(lattice: Lattice, wanted: int) -> None:
    """Add footpaths to fields, and some short cuts, until the roads have the wanted number of nodes."""
    rng = generator(11)
    likely = np.exp(-np.clip(lattice.above_valley_m, 0, None) / 130.0) * ~lattice.closed
    while (missing := wanted - len(lattice.on_road())) > 0:
        off = np.setdiff1d(np.flatnonzero(likely > 0), lattice.on_road())
        share = likely[off] / likely[off].sum()
        connect_hamlets(lattice, rng.choice(off, size=min(max(missing // 3, 60), len(off)), replace=False, p=share))
    on_road = np.zeros(len(lattice.nodes), bool)
    on_road[lattice.on_road()] = True
    best = np.full(len(lattice.nodes), NOT_BUILT)
    for side in (0, 1):
        np.minimum.at(best, lattice.edges[:, side], lattice.rank)
    open_edges = np.flatnonzero(
        ~lattice.built & on_road[lattice.edges].all(axis=1) & ~lattice.closed[lattice.edges].any(axis=1)
    )
    cheap = open_edges[lattice.effort[open_edges] < 2.2 * SPACING_M]
    for edge in rng.choice(cheap, size=len(cheap) // 9, replace=False).tolist():
        # A track between two footpaths would be a road that no vehicle can reach.
        drivable = bool((best[lattice.edges[edge]] <= RANK["track"]).all())
        lattice.build(np.array([edge]), "track" if drivable and rng.random() < 0.6 else "path")


def draw_lines(lattice: Lattice) -> tuple[Ints, npt.NDArray[Any]]:
    """Return the built edges and their lines, with a few bends outside the towns, rounded to 0.1 m."""
    rng = generator(12)
    built = np.flatnonzero(lattice.built)
    ends = lattice.edges[built]
    start, step = lattice.nodes[ends[:, 0]], lattice.nodes[ends[:, 1]] - lattice.nodes[ends[:, 0]]
    bends = np.where((ends >= lattice.town_start[0]).all(axis=1), 0, 1 + (rng.random(len(built)) < 0.45))
    parts, owners, orders = (
        [start, start + step],
        [np.arange(len(built))] * 2,
        [np.zeros(len(built)), np.full(len(built), 9.0)],
    )
    for turn in (1, 2):
        roads = np.flatnonzero(bends >= turn)
        along = (turn + rng.uniform(-0.15, 0.15, len(roads))) / (bends[roads] + 1)
        aside = rng.normal(0.0, 0.055, len(roads)).clip(-0.12, 0.12)
        across = np.column_stack([-step[roads, 1], step[roads, 0]])
        parts.append(start[roads] + along[:, None] * step[roads] + aside[:, None] * across)
        owners.append(roads)
        orders.append(np.full(len(roads), float(turn)))
    owner = np.concatenate(owners)
    order = np.lexsort((np.concatenate(orders), owner))
    return built, shapely.linestrings(np.round(np.vstack(parts), 1)[order], indices=owner[order])


def road_table(lattice: Lattice, built: Ints, lines: npt.NDArray[Any], towns: list[Town]) -> gpd.GeoDataFrame:
    """Return the roads by contract, the higher classes first, a few field ways cut off by a small gap."""
    rng = generator(13)
    rank = lattice.rank[built]
    name = np.array(CLASSES)[rank]
    height = lattice.height_m[lattice.edges[built]].mean(axis=1)
    draw = rng.random(len(built))
    gravel = draw < np.select([name == "township", name == "village", name == "track"], [0.12, 0.3, 0.2], 0.0)
    surface = np.where(np.isin(name, ["track", "path"]), "earth", "paved").astype(object)
    surface[gravel] = "gravel"
    speed = pd.Series(name).map({"national": 50.0, "provincial": 45.0, "county": 35.0}).to_numpy(float, copy=True)
    speed[(name == "county") & (height > 2_150.0)] = 25.0
    # Unploughed in winter: field ways anywhere, and village roads on high ground that are not paved.
    shut = (name == "track") & (draw < 0.35) | (name == "village") & (surface == "gravel") & (height > 2_050.0)
    winter = pd.array(~shut, dtype="boolean")
    winter[name == "path"] = pd.NA
    one_way, backward = _one_way_streets(lattice, built, towns)
    frame = gpd.GeoDataFrame(
        {
            "class": name,
            "surface": surface,
            "drive_kmh": speed,
            "oneway": one_way & np.isin(name, ["street"]),
            "winter_open": winter,
        },
        geometry=[line.reverse() if turn else line for line, turn in zip(lines, backward, strict=True)],
        crs="EPSG:4544",
    )
    order = np.lexsort((built, rank))
    frame = frame.iloc[order].reset_index(drop=True)
    frame.insert(0, "road_id", [f"R{number + 1:05d}" for number in range(len(frame))])
    return frame


def _one_way_streets(
    lattice: Lattice, built: Ints, towns: list[Town]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which roads are one-way, and which of these run against their line; streets side by side alternate."""
    number = np.full(len(lattice.edges), -1)
    number[built] = np.arange(len(built))
    one_way, backward = np.zeros(len(built), bool), np.zeros(len(built), bool)
    for town, start in zip(towns, lattice.town_start, strict=True):
        streets = np.sort(town.edges[town.one_way] + start, axis=1)
        if len(streets):
            roads = number[lattice.edge_number(streets[:, 0], streets[:, 1])]
            one_way[roads] = True
            across = town.nodes[town.edges[town.one_way][:, 0]]
            # Streets of one column lie on a line; every other line runs the other way.
            column = np.unique(np.round(across @ _cross(town) / 182.0).astype(int), return_inverse=True)[1]
            backward[roads] = column % 2 == 1
    return one_way, backward


def _cross(town: Town) -> Floats:
    """Return the unit vector along the main street."""
    ends = town.nodes[town.edges[town.main][[0, -1], 0]]
    along: Floats = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0]))
    return along
