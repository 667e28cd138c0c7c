"""Travel: this package beside the libraries a user would pick, in one process.

Run ``python benchmarks/travel.py [--nodes 20000 100000 ...] [--porto] [--rounds 5]``; the other
libraries are listed in ``benchmarks/requirements.txt``, and those not installed are left out. On every
network, walking, with 300 schools and 5,000 homes:

* label      the nearest school of every node
* k_nearest  the 10 nearest schools of every home
* matrix     every home to every school
* site       nearest schools of all nodes with one school more (a step of dragging a site)
* snap       100,000 points onto the nearest road
* batch      nearest school of every home in 200 plans of 1-5 openings, closures and moves

Answers are compared with ours before anything is timed. Each engine does a task in turn, round after
round, so that a busy machine slows all of them alike; what counts is the ratio of the medians of CPU
time. ``~`` marks work of which only a part was done and multiplied: 10 plans by scipy, one by the others;
30 schools by igraph, networkit and pandana, one by networkx and rustworkx; 10 schools by scipy where the
network is large. Last come the peak memory of
a process that builds each engine and labels once, and how time grows with the nodes (its exponent).

``--passes`` prints instead how many times as long a labelling sweep takes as numpy's ``max`` over every
array the sweep reads: passes of memory.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from engines import ENGINES, LARGE, Question, ask, build_all
from networks import make_county, read_porto_alegre

from layoutplan.access.engine import open_hierarchy, warm_up
from layoutplan.access.sweeps import NO_KEY, sweep_keys

TASKS = ("label", "k_nearest", "matrix", "site", "batch", "snap")
# On short ways pandana's lost millimetres weigh more; 50 of them are let pass.
MM_LOST = 500_000
# On large networks, only engines that answer within minutes.
QUICK = ["layoutplan", "geopandas", "scipy"]


def agree(name: str, task: str, ours: np.ndarray, theirs: np.ndarray, inexact: float) -> None:
    """Stop where an answer differs; a part of the schools or plans is compared with the same part."""
    part = ours[: len(theirs)] if task == "batch" else ours[..., : theirs.shape[-1]]
    part, theirs = part.astype(float), np.asarray(theirs, dtype=float)
    if not (
        np.allclose(part, theirs, rtol=inexact, atol=inexact * MM_LOST) if inexact else np.array_equal(part, theirs)
    ):
        raise SystemExit(f"{name} answers {task} differently, by {np.abs(part - theirs).max()}")
    off = np.abs(part - theirs).max()
    if off:
        print(f"{name} answers {task} up to {off:.0f} mm off")


def run(engines: dict[str, object], task: str, rounds: int) -> dict[str, tuple[float, bool]]:
    """Return the median CPU seconds of each engine for the whole task, and whether they were multiplied up."""
    able = {name: engine for name, engine in engines.items() if hasattr(engine, task)}
    ours = engines["layoutplan"]
    answer = ours.site_answer() if task == "site" else getattr(ours, task)()[0]
    taken: dict[str, list[float]] = {name: [] for name in able}
    shares = {}
    for number in range(rounds + 1):
        for name, engine in able.items():
            begin = time.process_time()
            found, shares[name] = getattr(engine, task)()
            seconds = time.process_time() - begin
            if task == "site" and name == "layoutplan":
                engine.after_site()
            elif found is None:
                continue
            elif number == 0:
                agree(name, task, answer, found, getattr(engine, "inexact", 0.0))
            if number or (seconds > 30 and rounds):
                taken[name].append(seconds * shares[name])
        able = {
            name: engine for name, engine in able.items() if not (taken[name] and taken[name][0] / shares[name] > 30)
        }
    return {name: (statistics.median(seconds), shares[name] > 1) for name, seconds in taken.items() if seconds}


def peak_mb(engine: str, nodes: int) -> float:
    """Return the peak memory of a process that builds an engine and labels all nodes once."""
    command = [sys.executable, str(Path(__file__)), "--memory", engine, "--nodes", str(nodes)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    return float(done.stdout.split()[-1]) if done.returncode == 0 else float("nan")


def report_memory(engine: str, nodes: int) -> None:
    question = ask(make_county(nodes))
    for _, built in build_all(question, [engine] if engine in ENGINES else []):
        if hasattr(built, "label"):
            built.label()
    # Not getrusage: what it counts begins with the memory of the process that started this one.
    status = Path("/proc/self/status").read_text("utf-8")
    print(next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")))


def count_passes(nodes: int, schools: int, rounds: int) -> None:
    """Print how many passes over its own arrays a labelling sweep takes, in CPU time, each in turn."""
    question = ask(make_county(nodes), schools)
    hierarchy = open_hierarchy(question.network, "walk")
    up, down = hierarchy.up, hierarchy.down
    sown = np.full(len(hierarchy.shape.rank), NO_KEY, dtype=np.int64)
    sown[hierarchy.shape.rank[question.schools]] = np.arange(schools)
    arrays = (up.head, up.weight, hierarchy.up_tail, down.first, down.head, down.weight, sown)
    taken = {"sweep": [], "scan": []}
    for _ in range(20 * rounds):
        key = sown.copy()
        begin = time.process_time()
        sweep_keys(up, hierarchy.up_tail, down, key)
        middle = time.process_time()
        for array in arrays:
            array.max()
        taken["scan"].append(time.process_time() - middle)
        taken["sweep"].append(middle - begin)
    sweep, scan = (statistics.median(seconds) * 1000 for seconds in taken.values())
    size = sum(array.nbytes for array in arrays) / 1e6
    print(f"{len(sown)} nodes, {size:.1f} MB: sweep {sweep:.3f} ms, scan {scan:.3f} ms, {sweep / scan:.2f} passes")


def compare(name: str, make: Callable[[], Question], rounds: int) -> dict[tuple[str, str], float]:
    question = make()
    size = len(question.network.node_east_m)
    begin = time.process_time()
    open_hierarchy(question.network, "walk")
    prepared = time.process_time() - begin
    names = list(ENGINES) if size < LARGE else QUICK
    engines = dict(build_all(question, names))
    print(f"\n{name}: {size} nodes, {len(question.begin)} arcs, {len(question.schools)} schools, ", end="")
    print(f"{len(question.homes)} homes; hierarchy ready after {prepared:.2f} s CPU")
    print(f"{'task':11}{'engine':12}{'CPU ms':>12}{'ratio':>11}")
    seconds = {}
    for task in TASKS:
        if task == "snap" and question.network.edge_line[0] is None:
            continue
        medians = run(engines, task, rounds)
        for engine, (taken, scaled) in medians.items():
            seconds[task, engine] = taken
            mark = "~" if scaled else " "
            print(f"{task:11}{engine:12}{taken * 1000:12.3f}{mark}{taken / medians['layoutplan'][0]:10.1f}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, nargs="*", default=[20_000, 100_000])
    parser.add_argument("--schools", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--porto", action="store_true")
    parser.add_argument("--memory")
    parser.add_argument("--passes", action="store_true")
    asked = parser.parse_args()
    if asked.memory:
        report_memory(asked.memory, asked.nodes[0])
        return
    sys.stdout.reconfigure(line_buffering=True)
    warm_up(lambda: print("compiling, the first time only"))
    if asked.passes:
        for nodes in asked.nodes:
            count_passes(nodes, asked.schools, asked.rounds)
        return
    if asked.porto:
        streets = read_porto_alegre()
        if streets is None:
            print("the shared data of Porto Alegre are not there")
        else:
            compare("Porto Alegre", lambda: ask(streets, asked.schools), asked.rounds)
    grown = {
        nodes: compare("made county", lambda nodes=nodes: ask(make_county(nodes), asked.schools), asked.rounds)
        for nodes in asked.nodes
    }
    for nodes in asked.nodes:
        names = list(ENGINES) if nodes < LARGE else QUICK
        peaks = ", ".join(f"{name} {peak_mb(name, nodes):.0f}" for name in ["nothing", *names])
        print(f"peak memory at {nodes} nodes, MB: {peaks}")
    if len(grown) > 1:
        size = np.log(list(grown))
        for task, engine in grown[min(grown)]:
            times = [seconds.get((task, engine)) for seconds in grown.values()]
            if all(times):
                print(f"growth {task:11}{engine:12}n^{np.polyfit(size, np.log(times), 1)[0]:.2f}")


if __name__ == "__main__":
    main()
