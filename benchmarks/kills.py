"""Kill a batch at random moments and count what is lost and what is done twice.

Run ``python benchmarks/kills.py [COUNTY] [--kills 3] [--scenarios 40] [--workers 2] [--level plan]``. The batch runs in
a process with workers of its own; each worker notes the key of a scenario before it begins. The process is killed by
SIGKILL at a moment drawn anew each time, its workers must go by themselves, and the same line is started again until
all is done.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from batch import single_edits

from layoutplan.county.layers import read_county
from layoutplan.plan import batch
from layoutplan.plan.results import RESULTS
from layoutplan.plan.scenario import save_scenario

WORK, NOTES = batch.work_out, "LAYOUTPLAN_KILLS_NOTES"


def noted(prepared, task):
    with Path(os.environ[NOTES]).open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()} {task.key}\n")
    return WORK(prepared, task)


def begun(notes: Path) -> list[list[str]]:
    return [line.split() for line in notes.read_text("utf-8").splitlines()] if notes.is_file() else []


def kept(out: Path) -> dict[str, int]:
    """Return when each whole result was written, by key."""
    files = (out / RESULTS).glob("[!.]*.parquet") if (out / RESULTS).is_dir() else ()
    return {file.stem: file.stat().st_mtime_ns for file in files}


def work(county: Path, plans: Path, out: Path, workers: int, level: str) -> None:
    """Run the batch in this process, with workers that note what they begin."""
    batch.work_out = noted
    for _ in batch.run_batch(county, sorted(plans.glob("*.toml")), workers=workers, out=out, level=level):
        pass


def gone(pids: set[int], seconds: float = 20.0) -> bool:
    """Return whether processes have ended, waiting a while for it."""
    until = time.monotonic() + seconds
    while any(runs(pid) for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def runs(pid: int) -> bool:
    try:
        # What has ended and is not yet fetched by anybody is marked Z.
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("county", nargs="?", type=Path, default=Path("data/gis"))
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--scenarios", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--level", default="plan")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", nargs=2, type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        work(asked.county, *asked.work, asked.workers, asked.level)
        return
    rng = np.random.default_rng(asked.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plans, out, notes = folder / "plans", folder / "out", folder / "notes.txt"
        for scenario in single_edits(read_county(asked.county), asked.scenarios):
            save_scenario(scenario, plans / f"{scenario.name}.toml")
        command = [sys.executable, __file__, asked.county, "--work", plans, out, "--level", asked.level]
        command += ["--workers", str(asked.workers)]
        environment = os.environ | {NOTES: str(notes)}
        lost = again = 0
        for number in range(asked.kills):
            already = len(begun(notes))
            running = subprocess.Popen([str(word) for word in command], env=environment)
            # Somewhere between its first scenario and an even share of the rest.
            goal = already + 1 + int(rng.integers(max(asked.scenarios // (asked.kills + 1), 1)))
            while len(begun(notes)) < goal and running.poll() is None:
                time.sleep(0.01)
            time.sleep(float(rng.uniform(0.0, 0.3)))
            before = kept(out)
            running.send_signal(signal.SIGKILL)
            running.wait()
            ended = gone({int(pid) for pid, _ in begun(notes)[already:]})
            after = kept(out)
            lost += sum(after.get(key) != at for key, at in before.items())
            twice = sum(count - 1 for count in Counter(key for _, key in begun(notes)).values())
            print(f"kill {number + 1}: {len(begun(notes))} begun, {len(after)} kept, {twice - again} begun again since "
                  f"the kill before, workers gone: {ended}", flush=True)  # fmt: skip
            again = twice
        before = kept(out)
        subprocess.run([str(word) for word in command], env=environment, check=True)
        after, keys = kept(out), Counter(key for _, key in begun(notes))
        lost += sum(after.get(key) != at for key, at in before.items())
        twice = sum(count - 1 for count in keys.values())
        print(f"{asked.kills} kills: {len(after)} of {asked.scenarios} kept, {lost} lost or written again, "
              f"{twice} begun twice (at most {asked.kills * asked.workers})")  # fmt: skip
        if lost or len(after) < len(keys) or twice > asked.kills * asked.workers:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
