"""Nearest schools: this package beside the libraries a user would pick, in one process.

Run ``python benchmarks/travel.py [rounds]``. Every task is done by each engine in turn, round after
round, so that a busy machine slows all of them; what counts is the ratio of the medians of CPU time.
The answers are compared before anything is timed.

* prepare: every place to every school (once for a county; scipy searches the same matrix;
  networkx is timed on 5 schools and multiplied)
* close: nearest school of every place after a fifth of the schools close
* try: nearest school of every place with one new school (one step of dragging a site)

For close and try, the libraries search again from all schools, as they keep nothing between plans.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from layoutplan.access.network import Network, Snaps, build_network, to_networkx
from layoutplan.access.travel import costs_to_point, measure_travel, nearest_open
from layoutplan.norms import load_norms

SIDE, STEP_M, KEPT = 142, 170.0, 0.7
PLACES, SCHOOLS, SAMPLED = 4000, 200, 5
NORMS = load_norms()


def make_network() -> Network:
    """Return about 20,000 junctions on a bent grid of which some streets are missing."""
    random = np.random.default_rng(7)
    east, north = np.meshgrid(np.arange(SIDE) * STEP_M, np.arange(SIDE) * STEP_M, indexing="ij")
    spots = np.stack((east, north), axis=-1) + random.uniform(-50, 50, (SIDE, SIDE, 2))
    pairs = [(spots[:-1], spots[1:]), (spots[:, :-1], spots[:, 1:])]
    ends = np.concatenate([np.stack((a.reshape(-1, 2), b.reshape(-1, 2)), axis=1) for a, b in pairs])
    ends = ends[random.random(len(ends)) < KEPT]
    roads = gpd.GeoDataFrame(
        {"road_id": [f"r{row:06d}" for row in range(len(ends))], "class": "street", "oneway": False},
        geometry=list(shapely.linestrings(ends)),
        crs="EPSG:4544",
    )
    return build_network(roads, norms=NORMS)


def at_nodes(network: Network, nodes: np.ndarray, prefix: str) -> Snaps:
    """Return points that stand on nodes, so that every engine answers the same question."""
    edge = np.array([np.flatnonzero((network.edge_from == n) | (network.edge_to == n))[0] for n in nodes])
    offset = np.where(network.edge_from[edge] == nodes, 0, network.edge_length_mm[edge])
    return Snaps(tuple(f"{prefix}{row:05d}" for row in range(len(nodes))), edge, offset, np.zeros_like(offset))


class Task:
    """One county, prepared for all engines."""

    def __init__(self) -> None:
        self.network = make_network()
        random = np.random.default_rng(11)
        main = np.flatnonzero(self.network.component["walk"] == 0)
        nodes = random.choice(main, PLACES + SCHOOLS + 1, replace=False)
        self.places, self.schools, self.site = nodes[:PLACES], nodes[PLACES:-1], int(nodes[-1])
        self.origins = at_nodes(self.network, self.places, "p")
        self.targets = at_nodes(self.network, self.schools, "s")
        self.new = at_nodes(self.network, nodes[-1:], "n")
        self.is_open = random.random(SCHOOLS) < 0.8
        self.travel = self.measure()
        self.best = self.travel.cost[nearest_open(self.travel, np.ones(SCHOOLS, dtype=bool))]
        self.graph = to_networkx(self.network, "walk")
        ends = (self.network.edge_from, self.network.edge_to)
        cost = self.network.cost["walk"][0].astype(float)
        size = len(self.network.node_east_m)
        both = (np.concatenate(ends), np.concatenate(ends[::-1]))
        self.matrix = csr_array((np.concatenate([cost, cost]), both), shape=(size, size))

    def measure(self):
        return measure_travel(self.network, self.origins, self.targets, mode="walk", norms=NORMS)

    def ours_prepare(self) -> np.ndarray:
        travel = self.measure()
        order = np.lexsort((travel.school, np.repeat(np.arange(PLACES), np.diff(travel.start))))
        return travel.cost[order].reshape(PLACES, SCHOOLS)

    def scipy_prepare(self) -> np.ndarray:
        return dijkstra(self.matrix, indices=self.schools)[:, self.places].T

    def networkx_prepare(self) -> np.ndarray:
        columns = []
        for school in self.schools[:SAMPLED].tolist():
            reached = nx.single_source_dijkstra_path_length(self.graph, school, weight="cost")
            columns.append([reached[place] for place in self.places.tolist()])
        return np.array(columns).T

    def ours_close(self) -> np.ndarray:
        return self.travel.cost[nearest_open(self.travel, self.is_open)]

    def ours_try(self) -> np.ndarray:
        return np.minimum(self.best, costs_to_point(self.network, self.origins, self.new, mode="walk")[0])

    def scipy_nearest(self, schools: np.ndarray) -> np.ndarray:
        return dijkstra(self.matrix, indices=schools, min_only=True)[self.places]

    def networkx_nearest(self, schools: np.ndarray) -> np.ndarray:
        reached = nx.multi_source_dijkstra_path_length(self.graph, set(schools.tolist()), weight="cost")
        return np.array([reached[place] for place in self.places.tolist()])


def time_all(engines: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median CPU seconds of each engine, all of them in every round."""
    taken: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(rounds):
        for name, engine in engines.items():
            begin = time.process_time()
            engine()
            taken[name].append(time.process_time() - begin)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def main(rounds: int) -> None:
    task = Task()
    still_open, with_site = task.schools[task.is_open], np.append(task.schools, task.site)
    tasks: dict[str, dict[str, Callable[[], np.ndarray]]] = {
        "prepare": {"layoutplan": task.ours_prepare, "scipy": task.scipy_prepare, "networkx": task.networkx_prepare},
        "close": {
            "layoutplan": task.ours_close,
            "scipy": lambda: task.scipy_nearest(still_open),
            "networkx": lambda: task.networkx_nearest(still_open),
        },
        "try": {
            "layoutplan": task.ours_try,
            "scipy": lambda: task.scipy_nearest(with_site),
            "networkx": lambda: task.networkx_nearest(with_site),
        },
    }
    print(
        f"{len(task.network.node_east_m)} nodes, {len(task.network.edge_from)} edges, "
        f"{PLACES} places, {SCHOOLS} schools"
    )
    print(f"{'task':10}{'engine':14}{'CPU ms':>10}{'ratio':>10}")
    for name, engines in tasks.items():
        answers = {engine: work() for engine, work in engines.items()}
        shared = slice(SAMPLED if name == "prepare" else PLACES)
        for engine, answer in answers.items():
            if not np.array_equal(answers["layoutplan"][..., shared], answer[..., shared]):
                raise SystemExit(f"{engine} answers {name} differently")
        seconds = time_all(engines, rounds)
        if name == "prepare":
            seconds["networkx"] *= SCHOOLS / SAMPLED
        for engine, taken in seconds.items():
            print(f"{name:10}{engine:14}{taken * 1000:10.2f}{taken / seconds['layoutplan']:10.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
