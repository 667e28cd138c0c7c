"""The libraries a user would pick, each doing the tasks as its documentation shows.

Every engine has the tasks it can do. A task returns what it found, so that it can be compared, and
how many times more work the whole would be where only a part was done.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
from networks import at_nodes, main_nodes
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from layoutplan.access.engine import open_hierarchy
from layoutplan.access.nearest import find_k_nearest, find_nearest, open_field
from layoutplan.access.network import Network, snap_points
from layoutplan.access.pairs import measure_pairs
from layoutplan.access.whatif import WhatIf, label_nodes
from layoutplan.norms import load_norms

HOMES, SCHOOLS, SITES, PLANS, K, POINTS = 5000, 300, 100, 200, 10, 100_000
# From this many nodes on, only what takes minutes.
LARGE = 400_000
NORMS = load_norms()


@dataclass
class Question:
    """One network and what is asked of it: all points stand on nodes of the largest piece."""

    network: Network
    homes: np.ndarray
    schools: np.ndarray
    sites: np.ndarray
    plans: np.ndarray
    nodes: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    cost: np.ndarray
    points: gpd.GeoSeries


def ask(network: Network, schools: int = SCHOOLS) -> Question:
    random = np.random.default_rng(11)
    nodes = main_nodes(network)
    spots = random.choice(nodes, schools + SITES, replace=False)
    plans = np.tile(np.arange(schools + SITES) < schools, (PLANS, 1))
    for plan in plans:
        for _ in range(random.integers(1, 6)):
            edit = random.integers(0, 3)
            if edit != 1:
                plan[schools + random.integers(0, SITES)] = True
            if edit != 0:
                plan[random.integers(0, schools)] = False
    walkable = network.usable("walk")
    ends = network.edge_from[walkable], network.edge_to[walkable]
    cost = np.tile(network.cost["walk"][0][walkable], 2)
    begin, end = np.concatenate(ends), np.concatenate(ends[::-1])
    order = np.lexsort((cost, end, begin))
    begin, end, cost = begin[order], end[order], cost[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(begin) != 0) | (np.diff(end) != 0)
    homes = random.choice(nodes, min(HOMES, len(nodes)), replace=False)
    return Question(
        network,
        homes,
        spots[:schools],
        spots[schools:],
        plans,
        nodes,
        begin[new],
        end[new],
        cost[new],
        scatter(network),
    )


def scatter(network: Network) -> gpd.GeoSeries:
    """Return 100,000 points beside the roads."""
    random = np.random.default_rng(12)
    near = random.choice(len(network.node_east_m), POINTS)
    off = random.normal(0, 150, (2, POINTS))
    return gpd.GeoSeries(
        gpd.points_from_xy(network.node_east_m[near] + off[0], network.node_north_m[near] + off[1]), crs=network.crs
    )


class Ours:
    def __init__(self, q: Question) -> None:
        self.q, self.mode = q, "walk"
        self.hierarchy = open_hierarchy(q.network, "walk")
        self.homes, self.schools = at_nodes(q.network, q.homes), at_nodes(q.network, q.schools)
        self.all = at_nodes(q.network, np.concatenate([q.schools, q.sites]))
        self.is_open = np.arange(len(self.all.ids)) < len(q.schools)
        self.lab = WhatIf(q.network, self.hierarchy, self.all, is_open=self.is_open, mode="walk")

    def label(self):
        is_open = np.ones(len(self.schools.ids), dtype=bool)
        found = label_nodes(self.q.network, self.hierarchy, self.schools, is_open=is_open, mode="walk")
        return found[1][self.q.nodes], 1

    def k_nearest(self):
        field = open_field(self.q.network, self.homes, self.schools, mode="walk")
        return find_k_nearest(field, K)[1], 1

    def matrix(self):
        # A copy, so that nothing prepared for these homes is used again.
        return measure_pairs(self.q.network, replace(self.homes), self.schools, mode="walk")[0], 1

    def site(self):
        for row in range(SITES):
            self.lab.open(len(self.q.schools) + row)
            if row < SITES - 1:
                self.lab.undo()
        return None, 1 / SITES

    def site_answer(self):
        self.lab.undo()
        self.lab.open(len(self.q.schools))
        found = self.lab.nodes()[1][self.q.nodes]
        self.lab.undo()
        return found

    def snap(self):
        return snap_points(self.q.network, self.q.points, mode="walk", norms=NORMS).gap_mm, 1

    def after_site(self):
        self.lab.undo()

    def batch(self):
        field = open_field(self.q.network, self.homes, self.all, mode="walk")
        return find_nearest(field, self.q.plans)[1], 1


def opened(q: Question, plan: int) -> np.ndarray:
    return np.concatenate([q.schools, q.sites])[q.plans[plan]]


class Scipy:
    parts = 10

    def __init__(self, q: Question) -> None:
        self.q = q
        size = len(q.network.node_east_m)
        self.graph = csr_array((q.cost.astype(float), (q.begin, q.end)), shape=(size, size))

    def nearest(self, schools: np.ndarray) -> np.ndarray:
        return dijkstra(self.graph, indices=schools, min_only=True)

    def label(self):
        return self.nearest(self.q.schools)[self.q.nodes], 1

    def matrix(self):
        # Ten schools at a time keep the memory low; of a large network, ten are enough to tell.
        batches = np.array_split(self.q.schools, len(self.q.schools) // 10)
        share = len(batches) if len(self.q.network.node_east_m) > LARGE else 1
        rows = [dijkstra(self.graph, indices=part)[:, self.q.homes] for part in batches[: len(batches) // share]]
        return np.concatenate(rows).T, share

    def k_nearest(self):
        if len(self.q.network.node_east_m) > LARGE:
            return None, 0
        return np.sort(np.partition(self.matrix()[0], K, axis=1)[:, :K], axis=1), 1

    def site(self):
        return self.nearest(np.append(self.q.schools, self.q.sites[0]))[self.q.nodes], 1

    def batch(self):
        found = [self.nearest(opened(self.q, plan))[self.q.homes] for plan in range(self.parts)]
        return np.array(found), PLANS / self.parts


class Geopandas:
    def __init__(self, q: Question) -> None:
        self.q = q
        lines = q.network.edge_line[q.network.usable("walk")]
        self.roads = gpd.GeoDataFrame(geometry=list(lines), crs=q.network.crs)
        self.points = gpd.GeoDataFrame(geometry=q.points)

    def snap(self):
        found = gpd.sjoin_nearest(self.points, self.roads, max_distance=5000, distance_col="off_m")
        off_m = found["off_m"].groupby(level=0).first()
        return np.rint(off_m.reindex(range(len(self.points))).fillna(0).to_numpy() * 1000), 1


class Networkx:
    def __init__(self, q: Question) -> None:
        import networkx as nx

        self.nx, self.q = nx, q
        self.graph = nx.Graph()
        self.graph.add_nodes_from(range(len(q.network.node_east_m)))
        self.graph.add_weighted_edges_from(zip(q.begin.tolist(), q.end.tolist(), q.cost.tolist(), strict=True))

    def nearest(self, schools: np.ndarray, nodes: np.ndarray) -> np.ndarray:
        reached = self.nx.multi_source_dijkstra_path_length(self.graph, set(schools.tolist()))
        return np.array([reached[node] for node in nodes.tolist()])

    def label(self):
        return self.nearest(self.q.schools, self.q.nodes), 1

    def matrix(self):
        reached = self.nx.single_source_dijkstra_path_length(self.graph, int(self.q.schools[0]))
        return np.array([[reached[home]] for home in self.q.homes.tolist()]), len(self.q.schools)

    def site(self):
        return self.nearest(np.append(self.q.schools, self.q.sites[0]), self.q.nodes), 1

    def batch(self):
        return self.nearest(opened(self.q, 0), self.q.homes)[None], PLANS


class Igraph:
    def __init__(self, q: Question) -> None:
        import igraph

        self.q = q
        self.size = len(q.network.node_east_m)
        once = q.begin < q.end
        edges = np.column_stack((q.begin[once], q.end[once]))
        # It has no search from many sources: a node of its own, one unit from every school.
        self.spots = np.concatenate([edges, [[self.size, school] for school in q.schools]])
        self.weight = np.append(q.cost[once], np.ones(len(q.schools))).tolist()
        self.graph = igraph.Graph(n=self.size + 1, edges=self.spots)
        self.plain, self.cost = igraph.Graph(n=self.size, edges=edges), q.cost[once].tolist()

    def label(self):
        found = self.graph.distances(source=[self.size], weights=self.weight)[0]
        return np.array(found)[self.q.nodes] - 1, 1

    def matrix(self):
        part = self.q.schools[:30].tolist()
        return np.array(self.plain.distances(source=part, target=self.q.homes.tolist(), weights=self.cost)).T, 10


class Rustworkx:
    def __init__(self, q: Question) -> None:
        import rustworkx

        self.rx, self.q, self.size = rustworkx, q, len(q.network.node_east_m)
        once = q.begin < q.end
        arcs = zip(q.begin[once].tolist(), q.end[once].tolist(), q.cost[once].astype(float).tolist(), strict=True)
        self.plain = rustworkx.PyGraph()
        self.plain.add_nodes_from([None] * self.size)
        self.plain.add_edges_from(list(arcs))
        self.graph = self.plain.copy()
        self.graph.add_node(None)
        self.graph.add_edges_from([(self.size, school, 1.0) for school in q.schools.tolist()])

    def lengths(self, graph, node: int, nodes: np.ndarray) -> np.ndarray:
        found = self.rx.dijkstra_shortest_path_lengths(graph, node, float)
        return np.array([found[n] if n != node else 0.0 for n in nodes.tolist()])

    def label(self):
        return self.lengths(self.graph, self.size, self.q.nodes) - 1, 1

    def matrix(self):
        return self.lengths(self.plain, int(self.q.schools[0]), self.q.homes)[:, None], len(self.q.schools)


class Networkit:
    def __init__(self, q: Question) -> None:
        import networkit

        self.nk, self.q, self.size = networkit, q, len(q.network.node_east_m)
        networkit.setNumberOfThreads(1)
        once = q.begin < q.end
        self.plain = self._graph(q.begin[once], q.end[once], q.cost[once])
        begin = np.append(q.begin[once], np.full(len(q.schools), self.size))
        end = np.append(q.end[once], q.schools)
        self.graph = self._graph(begin, end, np.append(q.cost[once], np.ones(len(q.schools))))

    def _graph(self, begin: np.ndarray, end: np.ndarray, cost: np.ndarray):
        triple = (cost.astype(float), (begin.astype(np.uint64), end.astype(np.uint64)))
        return self.nk.GraphFromCoo(triple, n=self.size + 1, weighted=True, directed=False)

    def label(self):
        search = self.nk.distance.Dijkstra(self.graph, self.size, storePaths=False)
        search.run()
        return np.array(search.getDistances())[self.q.nodes] - 1, 1

    def matrix(self):
        part = self.q.schools[:30].tolist()
        search = self.nk.distance.SPSP(self.plain, part, self.q.homes.tolist())
        search.run()
        return np.array(search.getDistances()).T, 10


class Pandana:
    # It cuts every edge to a thousandth of a unit, so its answers in metres are some millimetres off.
    inexact = 1e-4
    farthest_m = 1e6

    def __init__(self, q: Question) -> None:
        import pandana
        import pandas as pd

        self.pd, self.q = pd, q
        once = q.begin < q.end
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
            self.net = pandana.Network(
                pd.Series(q.network.node_east_m), pd.Series(q.network.node_north_m),
                pd.Series(q.begin[once]), pd.Series(q.end[once]),
                pd.DataFrame({"metres": q.cost[once] / 1000.0}), twoway=True,
            )  # fmt: skip

    def nearest(self, schools: np.ndarray, k: int) -> np.ndarray:
        east, north = (getattr(self.q.network, name) for name in ("node_east_m", "node_north_m"))
        self.net.set_pois("school", self.farthest_m, k, self.pd.Series(east[schools]), self.pd.Series(north[schools]))
        return self.net.nearest_pois(self.farthest_m, "school", num_pois=k).to_numpy() * 1000

    def label(self):
        return self.nearest(self.q.schools, 1)[self.q.nodes, 0], 1

    def k_nearest(self):
        return self.nearest(self.q.schools, K)[self.q.homes], 1

    def matrix(self):
        schools, homes = self.q.schools[:30], self.q.homes
        pairs = np.repeat(homes, len(schools)), np.tile(schools, len(homes))
        found = self.net.shortest_path_lengths(*pairs)
        return np.array(found).reshape(len(homes), len(schools)) * 1000, len(self.q.schools) / len(schools)

    def site(self):
        return self.nearest(np.append(self.q.schools, self.q.sites[0]), 1)[self.q.nodes, 0], 1

    def batch(self):
        return self.nearest(opened(self.q, 0), 1)[self.q.homes, 0][None], PLANS


ENGINES = {
    "layoutplan": Ours, "geopandas": Geopandas, "scipy": Scipy, "networkx": Networkx, "igraph": Igraph,
    "networkit": Networkit, "rustworkx": Rustworkx, "pandana": Pandana,
}  # fmt: skip


def build_all(q: Question, names: list[str]) -> Iterator[tuple[str, object]]:
    """Yield every engine that is installed; say which are not."""
    for name in names:
        try:
            yield name, ENGINES[name](q)
        except ImportError as missing:
            print(f"{name}: not installed ({missing.name}), left out")
