"""The same siting question asked of this package and of spopt: equal objectives, and how long each takes.

Run ``python benchmarks/siting.py [small | county]``. Places and candidate sites stand at random in 40 x 40 km; ways
are straight lines times 1.3 on foot. One period, no seats that bind: p-median (p sites, least pupil-minutes), maximal
covering (p sites, most pupils within 90 minutes) and set covering (fewest sites with everybody within a limit). spopt
hands its models to CBC by PuLP; both are asked for the proven optimum. CPU seconds, medians of three runs after a
first one that is not counted; spopt's children are counted with it. ``county`` asks the sample county what spopt
cannot be asked: seats, two stages, 300 sites beside the schools there are, and eight years; gap and time are printed.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

from layoutplan.plan.optimise.search import Watch, search
from layoutplan.plan.optimise.task import START, Row, Task

SIDE_M, DETOUR, M_PER_MIN, LIMIT_MIN = 40_000, 1.3, 60.0, 90.0
RUNS = 3


def draw(places: int, sites: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return pupils of every place, and minutes from every place to every site."""
    random = np.random.default_rng(seed)
    homes = random.uniform(0, SIDE_M, (places, 2))
    at = homes[random.choice(places, sites, replace=False)] + random.normal(0, 300, (sites, 2))
    minutes = np.hypot(*(homes[:, None] - at[None]).transpose(2, 0, 1)) * DETOUR / M_PER_MIN
    return np.ceil(random.lognormal(2.6, 0.8, places)), np.round(minutes, 3)


def as_task(pupils: np.ndarray, cost: np.ndarray, *, most: float, price: float) -> Task:
    """Return one period, one stage, every site new and without limit; ``most`` sites, each at a price."""
    sites = cost.shape[1]
    every, zero = np.arange(sites), np.zeros(sites, dtype=np.int64)
    budget = Row("sites", "", 0, -np.inf, most, np.full(sites, START), every, zero, np.ones(sites))
    yes = np.ones((sites, 1), dtype=bool)
    return Task(
        (2025,), np.ones(1), np.zeros(1, np.int64), np.zeros(len(pupils), np.int64), pupils[None], cost,
        tuple(f"s{j:04d}" for j in every), np.full(sites, -1), every,
        np.full((sites, 1), np.inf), np.full(sites, np.inf),
        np.zeros(sites), yes, yes, ~yes, np.full((sites, 1), price), np.zeros(sites), (budget,),
    )  # fmt: skip


def reach_all(minutes: np.ndarray) -> float:
    """Return the least limit within which every place has a site."""
    return float(minutes.min(axis=1).max())


def ours(pupils: np.ndarray, minutes: np.ndarray, kind: str, p: int) -> float:
    if kind == "p_median":
        task = as_task(pupils, minutes, most=p, price=0.0)
    elif kind == "covering":
        task = as_task(pupils, (minutes > LIMIT_MIN).astype(float), most=p, price=0.0)
    else:
        task = as_task(pupils, np.where(minutes <= reach_all(minutes), 0.0, np.inf), most=np.inf, price=1.0)
    found = search(task, Watch(seconds=600.0, gap=1e-9))
    assert found.is_proven, found.gap
    return pupils.sum() - found.best.objective if kind == "covering" else found.best.objective


def theirs(pupils: np.ndarray, minutes: np.ndarray, kind: str, p: int) -> float:
    import pulp
    from spopt.locate import LSCP, MCLP, PMedian

    solver = pulp.PULP_CBC_CMD(msg=False, gapRel=0.0, threads=1)
    if kind == "p_median":
        model = PMedian.from_cost_matrix(minutes, pupils, p_facilities=p)
    elif kind == "covering":
        model = MCLP.from_cost_matrix(minutes, pupils, service_radius=LIMIT_MIN, p_facilities=p)
    else:
        model = LSCP.from_cost_matrix(minutes, service_radius=reach_all(minutes))
    return float(pulp.value(model.solve(solver).problem.objective))


def clocked(work) -> tuple[float, float]:
    """Return a value and the CPU seconds of this process and its children."""
    before = sum(os.times()[:4])
    value = work()
    return value, sum(os.times()[:4]) - before


def compare(places: int, sites: int, p: int) -> None:
    pupils, minutes = draw(places, sites)
    for kind in ("p_median", "covering", "fewest"):
        took: dict[str, list[float]] = {"ours": [], "theirs": []}
        for run in range(RUNS + 1):
            values = {}
            for name, work in (("ours", ours), ("theirs", theirs)):
                values[name], seconds = clocked(lambda work=work, kind=kind: work(pupils, minutes, kind, p))
                took[name] += [seconds] if run else []
            assert abs(values["ours"] - values["theirs"]) <= 1e-6 * abs(values["theirs"]), (kind, values)
        mine, other = median(took["ours"]), median(took["theirs"])
        print(
            f"{places} x {sites}, p = {p}, {kind}: objective {values['ours']:,.3f} in both; "
            f"here {mine:.2f} s, spopt {other:.2f} s, {other / mine:.1f} x",
            flush=True,
        )


def ask_county() -> None:
    from layoutplan import load_goal, optimise, prepare, read_county
    from layoutplan.county.layers import county_norms

    root = Path(__file__).resolve().parents[1]
    prepared = prepare(read_county(root / "data" / "gis"), county_norms(root / "data" / "gis"))
    town = load_goal(root / "scenarios" / "goals" / "town_sites.toml")
    candidates, stop = town.candidates.model_copy(update={"most": 300}), town.stop.model_copy(update={"gap": 0.01})
    many = town.model_copy(update={"candidates": candidates, "plans": 1, "stop": stop})
    years = load_goal(root / "scenarios" / "goals" / "eight_years.toml").model_copy(update={"plans": 1})
    for goal in (many, years):
        began, cpu = time.perf_counter(), time.process_time()
        result = optimise(prepared, goal)
        print(
            f"{len(goal.years)} periods, {goal.candidates.most} candidates: gap {100 * result.gap:.2f} %, "
            f"{result.status}, {time.process_time() - cpu:.0f} CPU s, {time.perf_counter() - began:.0f} s by the clock",
            flush=True,
        )


def main() -> None:
    asked = sys.argv[1:]
    if asked == ["county"]:
        ask_county()
        return
    for places, sites, p in [(200, 40, 5)] if asked == ["small"] else [(200, 40, 5), (500, 80, 8)]:
        compare(places, sites, p)


if __name__ == "__main__":
    main()
