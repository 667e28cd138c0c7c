"""Limited seats: the exact optimum here, by scipy and by networkx, agreement checked before anything is timed.

Run ``python benchmarks/assignment.py [small]``. Places and schools stand at random in 60 x 60 km with 8 % of seats to
spare; ways are straight lines times 1.3 at 3.6 km/h. CPU seconds. scipy solves the same ways by the same HiGHS, all of
them; networkx solves whole pupils, so it is given whole numbers, and only where it ends within minutes.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import networkx as nx
import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from layoutplan.seats.transport import MS_PER_MINUTE, Market, TransportModel
from layoutplan.seats.whole import place_whole

SIDE_M, DETOUR, MS_PER_M = 60_000, 1.3, 1000
MOVES = 15


def draw(places: int, schools: int, *, seed: int = 0) -> tuple[Market, np.ndarray]:
    """Return a market with every way, and the points of its places."""
    random = np.random.default_rng(seed)
    homes = random.uniform(0, SIDE_M, (places, 2))
    sites = homes[random.choice(places, schools, replace=False)] + random.normal(0, 500, (schools, 2))
    pupils = np.ceil(random.lognormal(2.6, 0.8, places))
    share = random.lognormal(0, 0.9, schools)
    seats = np.ceil(share / share.sum() * pupils.sum() * 1.08)
    cost = ways_to(homes, sites)
    order = np.argsort(cost, axis=1, kind="stable")
    ids = tuple(f"p{i:05d}" for i in range(places)), tuple(f"s{j:04d}" for j in range(schools))
    start = np.arange(places + 1) * schools
    return Market(*ids, pupils, seats, start, order.ravel(), np.take_along_axis(cost, order, 1).ravel()), homes


def ways_to(homes: np.ndarray, sites: np.ndarray) -> np.ndarray:
    apart = homes[:, None] - sites[None]
    return np.rint(np.hypot(apart[..., 0], apart[..., 1]) * DETOUR * MS_PER_M).astype(np.int64)


def by_linprog(market: Market) -> float:
    """Return the least person-minutes, all ways given to scipy at once."""
    ways = np.arange(len(market.school))
    every = sp.csr_array((np.ones(len(ways)), (market.unit, ways)))
    room = sp.csr_array((np.ones(len(ways)), (market.school, ways)))
    cost = market.cost_ms / MS_PER_MINUTE
    found = linprog(cost, A_eq=every, b_eq=market.pupils, A_ub=room, b_ub=market.seats, method="highs-ds")
    return float(found.fun)


def by_networkx(market: Market, nearest: int) -> float:
    """Return the least person-minutes over the nearest few ways of every place, by network simplex."""
    graph = nx.DiGraph()
    graph.add_node("sink", demand=int(market.pupils.sum()))
    for name, pupils in zip(market.unit_ids, market.pupils, strict=True):
        graph.add_node(name, demand=-int(pupils))
    for name, seats in zip(market.school_ids, market.seats, strict=True):
        graph.add_edge(name, "sink", capacity=int(seats), weight=0)
    rank = np.arange(len(market.school)) - np.repeat(market.start[:-1], np.diff(market.start))
    for way in np.flatnonzero(rank < nearest).tolist():
        unit, school = market.unit_ids[market.unit[way]], market.school_ids[market.school[way]]
        graph.add_edge(unit, school, weight=int(market.cost_ms[way]))
    return nx.network_simplex(graph)[0] / MS_PER_MINUTE


def clocked(work):
    start = time.process_time()
    value = work()
    return value, time.process_time() - start


def cold_and_warm(market: Market, homes: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Return the optimum, CPU seconds from nothing to it, and those of each move of a site of 500 seats."""
    placed, cold = clocked(lambda: TransportModel(market).solve())
    model = TransportModel(market, site_id="site", site_seats=500.0)
    random, point, moves = np.random.default_rng(1), np.full(2, SIDE_M / 2), []
    model.move_site(ways_to(homes, point[None])[:, 0])
    model.solve(prices=False)
    for _ in range(MOVES):
        point = point + random.normal(0, 800, 2)
        cost = ways_to(homes, point[None])[:, 0]

        def move(cost=cost):
            model.move_site(cost)
            return model.solve(prices=False)

        moves.append(clocked(move)[1])
    fresh = TransportModel(replace_last(market, ways_to(homes, point[None])[:, 0])).solve()
    assert abs(fresh.pupil_minutes - model.solve().pupil_minutes) < 1e-6 * fresh.pupil_minutes, "warm differs from cold"
    return placed.pupil_minutes, cold, np.array(moves)


def whole_villages(market: Market) -> tuple[float, float, float]:
    """Return CPU seconds to place every village whole, how far above the least it may be [%], and who has no seat."""
    best = TransportModel(market).solve()
    placed, took = clocked(lambda: place_whole(market, best))
    least = max(best.pupil_minutes, placed.least_minutes)
    return took, 100 * (placed.pupil_minutes / least - 1), float(placed.unplaced.sum() - best.unplaced.sum())


def replace_last(market: Market, cost: np.ndarray) -> Market:
    """Return the market with the site among its schools."""
    schools = len(market.school_ids)
    dense = np.empty((len(market.unit_ids), schools + 1), dtype=np.int64)
    dense[market.unit, market.school] = market.cost_ms
    dense[:, schools] = cost
    order = np.argsort(dense, axis=1, kind="stable")
    return replace(
        market, school_ids=(*market.school_ids, "site"), seats=np.append(market.seats, 500.0),
        start=np.arange(len(dense) + 1) * (schools + 1), school=order.ravel(),
        cost_ms=np.take_along_axis(dense, order, 1).ravel(),
    )  # fmt: skip


def main() -> None:
    sizes = [(1300, 90)] if sys.argv[1:] == ["small"] else [(1300, 90), (5000, 300)]
    # Compiles the kernels, which is no part of what is timed.
    whole_villages(draw(80, 40)[0])
    for places, schools in sizes:
        market, homes = draw(places, schools)
        ours, cold, moves = cold_and_warm(market, homes)
        middle, worst = 1000 * np.median(moves), 1000 * moves.max()
        print(f"{places} x {schools}: cold {cold:.2f} s, a move {middle:.0f} ms (worst {worst:.0f})", flush=True)
        took, gap, without = whole_villages(market)
        print(
            f"  whole villages: {took:.2f} s, at most {gap:.2f} % above the least, {without:g} more without a seat",
            flush=True,
        )
        if places <= 1300:
            theirs, took = clocked(lambda market=market: by_linprog(market))
            assert abs(theirs - ours) < 1e-6 * ours, (theirs, ours)
            print(f"  scipy linprog, all ways: {took:.1f} s, {took / cold:.0f} x, same optimum", flush=True)
        for nearest in (20, 40) if places <= 1300 else ():
            theirs, took = clocked(lambda market=market, nearest=nearest: by_networkx(market, nearest))
            more = 100 * (theirs / ours - 1)
            print(
                f"  networkx, nearest {nearest}: {took:.1f} s, {took / cold:.0f} x, optimum {more:+.4f} %", flush=True
            )


if __name__ == "__main__":
    main()
