"""One hash: whatever the hash seed, the order of rows, the workers and the threads."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import toy_county

from layoutplan.plan.scenario import CloseSchool, OpenSchool, Scenario, save_scenario

WORK = """
import hashlib, sys
from pathlib import Path
from layoutplan.county.layers import county_norms, read_county
from layoutplan.plan.batch import run_batch
from layoutplan.plan.results import RESULTS
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import load_scenario
from layoutplan.plan.summary import Summary
from layoutplan.present.csvtables import write_tables
from layoutplan.present.export import write_run

if __name__ == "__main__":
    folder, workers = Path(sys.argv[1]), int(sys.argv[2])
    plans = sorted((folder / "plans").glob("*.toml"))
    summary = Summary()
    for level in ("plan", "catchments"):
        for run in run_batch(folder / "county", plans, workers=workers, out=folder / "out", level=level):
            summary.add(run)
    write_tables(summary.tables(), folder / "out" / "batch.csv")
    prepared = prepare(read_county(folder / "county"), county_norms(folder / "county"))
    write_run(run_plan(prepared, load_scenario(plans[-1])), folder / "out" / "run")
    total = hashlib.sha256()
    for path in sorted((folder / "out").rglob("*")):
        if path.is_file():
            name = path.relative_to(folder / "out").as_posix()
            total.update(name.encode() + hashlib.sha256(path.read_bytes()).digest())
            print(name, hashlib.sha256(path.read_bytes()).hexdigest()[:12], file=sys.stderr)
    print(total.hexdigest())
"""


def hash_of(folder, *, seed, workers, threads, shuffled):
    county = toy_county.toy()
    for name, frame in county.frames.items():
        if shuffled:
            order = np.random.default_rng(shuffled).permutation(len(frame))
            county.frames[name] = frame.iloc[order].reset_index(drop=True)
    county.write(folder / "county")
    site = OpenSchool(
        year=2024, school_id="9164000001", name="new", school_kind="primary", setting="village",
        east_m=toy_county.EAST_M + 12_000.0, north_m=toy_county.NORTH_M + 5_000.0, primary_rooms=6,
    )  # fmt: skip
    closing = CloseSchool(year=2025, school_id="2164000002")
    for name, actions in (("1-base", ()), ("2-site", (site,)), ("3-both", (site, closing))):
        save_scenario(Scenario(name=name, last_year=2027, actions=actions), folder / "plans" / f"{name}.toml")
    (folder / "work.py").write_text(WORK, "utf-8")
    seeds = {"PYTHONHASHSEED": str(seed)}
    counts = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    done = subprocess.run(
        [sys.executable, folder / "work.py", folder, str(workers)], env={**os.environ, **seeds, **counts},
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr


def test_the_files_of_plans_and_batches_have_one_hash(tmp_path):
    wanted, files = hash_of(tmp_path / "first", seed=0, workers=1, threads=1, shuffled=0)
    found, theirs = hash_of(tmp_path / "second", seed=4242, workers=2, threads=2, shuffled=7)
    assert found == wanted, f"{files}\n{theirs}"
    # All kinds of files are in it: a plan's own, the summary, and results of both levels for three scenarios.
    assert files.count("results/") == 6
    assert "run/plan.gpkg" in files
