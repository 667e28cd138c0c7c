"""A batch of single edits: beside one ``layoutplan run`` each, and beside a script of scipy and GeoPandas.

Run ``python benchmarks/batch.py [COUNTY] [--scenarios 1000] [--part 60] [--rounds 3] [--dask | --memory]``. The
edits are new primary schools, closures and rooms, in turn. CPU time on one core, medians of rounds in turn:

* run         a process of ``layoutplan run`` each (one a round, multiplied)
* plan        ``layoutplan batch`` on a part of them (multiplied; start, reading and preparing counted once)
* catchments  ``layoutplan batch --only catchments`` on all of them: who lives nearest to which school
* script      the same nearest-school work as an analyst would write it: one graph with all places, schools and sites
              on it by sjoin_nearest, scipy's Dijkstra from each of them once, the nearest of each set of open schools,
              pandas to add up, and one Parquet file of all loads at the end; a part of them, multiplied; to read the
              layers, to snap and to measure are counted once; the network, norms, seats and demand are given to it

The script's answers (pupils nearest to every school, mean minutes, seat gaps, in the last year) are compared with ours
before anything is timed. ``--dask`` compares two local processes with two workers of a Dask cluster instead: seconds
by the clock, and the hash of all results. ``--memory`` shows the largest memory of every process after 200, 1,000 and
2,000 scenarios, catchments only, with two workers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import psutil
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from layoutplan.access.engine import warm_up
from layoutplan.access.network import CLOSED, Network, Snaps
from layoutplan.county.layers import County, county_norms, read_county
from layoutplan.county.tables import GRADES_OF_GROUP, GRADES_OF_STAGE
from layoutplan.plan.batch import Crew, run_batch
from layoutplan.plan.catchments import draw_up_catchments
from layoutplan.plan.planning import Prepared, demand_of, prepare
from layoutplan.plan.results import RESULTS
from layoutplan.plan.roster import apply_actions
from layoutplan.plan.scenario import AddRooms, CloseSchool, OpenSchool, Scenario, save_scenario
from layoutplan.plan.summary import Summary
from layoutplan.seats.roster import teaches
from layoutplan.seats.standing import STAGE_ORDER
from layoutplan.seats.supply import count_supply

LAST_YEAR = 2035
# What any script begins with.
READ_LAYERS = """
import sys, tomllib, pathlib
import geopandas, pandas, scipy.sparse.csgraph
place = pathlib.Path(sys.argv[1])
for entry in tomllib.loads((place / "county.toml").read_text("utf-8"))["layers"].values():
    file = place / entry["file"]
    pandas.read_csv(file) if file.suffix == ".csv" else geopandas.read_file(file, layer=entry.get("layer"))
"""


def single_edits(county: County, count: int) -> list[Scenario]:
    """Return so many scenarios of one action each: a school opens, closes or gets rooms, in turn."""
    rng = np.random.default_rng(9)
    schools = county.schools
    taught = schools[schools["kind"].isin(["primary", "nine_year", "junior"])]
    outline = shapely.union_all(county.townships.geometry.to_numpy())
    found: list[Scenario] = []
    known = set[str]()
    while len(found) < count:
        number, school = len(found), taught.iloc[int(rng.integers(len(taught)))]
        year = int(county.base_year + 1 + rng.integers(5))
        east, north = school.geometry.x + rng.normal(0, 800), school.geometry.y + rng.normal(0, 800)
        stage = "junior" if school["kind"] == "junior" else "primary"
        if number % 3 == 0:
            if not outline.contains(shapely.Point(east, north)):
                continue
            action = OpenSchool(
                year=year, school_id=f"site{number:04d}", name="site", school_kind="primary", setting="town",
                east_m=float(east), north_m=float(north), primary_rooms=12,
            )  # fmt: skip
        elif number % 3 == 1:
            action = CloseSchool(year=year, school_id=school["school_id"])
        else:
            action = AddRooms(year=year, school_id=school["school_id"], stage=stage, rooms=int(rng.integers(1, 9)))
        edit = Scenario(name=f"{number:04d}", last_year=LAST_YEAR, actions=(action,))
        if edit.fingerprint not in known:  # or the batch would work out fewer than so many
            known.add(edit.fingerprint)
            found.append(edit)
    return found


class Script:
    """What an analyst would write: ways from every place to every school and site once, then scenario by scenario."""

    def __init__(self, prepared: Prepared, scenarios: list[Scenario]) -> None:
        self.prepared, network = prepared, prepared.network
        self.years = range(prepared.county.base_year, LAST_YEAR + 1)
        schools = prepared.county.schools.set_index("school_id").geometry
        new = [action for scenario in scenarios for action in scenario.actions if isinstance(action, OpenSchool)]
        sites = gpd.GeoSeries(
            gpd.points_from_xy([one.east_m for one in new], [one.north_m for one in new]),
            index=[one.school_id for one in new], crs=schools.crs,
        )  # fmt: skip
        points = pd.concat([prepared.origins.points, schools, sites])
        stops = snap_as_usual(network, points, limit_m=prepared.norms.value("snap.reject_m"))
        graph = build_graph(network, stops)
        places = prepared.places["walk"]
        home = len(network.node_east_m) + len(stops.ids) + np.arange(len(places.ids))
        self.school_ids = pd.Index([*schools.index, *sites.index])
        parts = np.array_split(home[-1] + 1 + np.arange(len(self.school_ids)), 8)
        # Uphill and downhill differ, and the dearer of there and back counts.
        ways = [[dijkstra(way, indices=part)[:, home] for part in parts] for way in (graph, graph.T.tocsr())]
        self.cost = np.maximum(*(np.concatenate(way) for way in ways)).T
        demand = demand_of(prepared, Scenario(name="base", last_year=LAST_YEAR), self.years).frame
        self.demand = demand.pivot(index=["year", "grade"], columns="place_id", values="pupils")[list(places.ids)]
        self.known: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
        group = {grade: name for name, grades in GRADES_OF_GROUP.items() for grade in grades}
        self.metres_a_minute = {g: prepared.norms.value(f"speed.walk_kmh.{n}") / 0.06 for g, n in group.items()}

    def nearest(self, schools: pd.Index) -> tuple[np.ndarray, np.ndarray]:
        """Return the nearest of some schools to every place (-1 where none can be reached) and the metres there."""
        column = self.school_ids.get_indexer(schools)
        key = column.tobytes()
        if key not in self.known:
            best = self.cost[:, column].argmin(axis=1)
            metres = self.cost[np.arange(len(best)), column[best]] / 1000
            self.known[key] = np.where(np.isfinite(metres), column[best], -1), metres
        return self.known[key]

    def answer(self, scenario: Scenario) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return pupils by school, stage and year beside the seats, and the yearly numbers of the county."""
        prepared = self.prepared
        roster = apply_actions(scenario, prepared.county, prepared.norms)
        supply = count_supply(roster, norms=prepared.norms, years=self.years).frame
        schools = pd.Index(roster.schools["school_id"])
        chosen = [self.nearest(schools[teaches(roster, grade, year)]) for year, grade in self.demand.index]
        year, grade = (self.demand.index.get_level_values(name).to_numpy() for name in ("year", "grade"))
        places = self.demand.shape[1]
        flows = pd.DataFrame(
            {
                "year": np.repeat(year, places), "junior": np.repeat(grade > 6, places),
                "school": np.concatenate([school for school, _ in chosen]), "pupils": self.demand.to_numpy().ravel(),
                "metres": np.concatenate([metres for _, metres in chosen]),
                "speed": np.repeat([self.metres_a_minute[number] for number in grade], places),
            }
        )  # fmt: skip
        flows = flows[(flows["school"] >= 0) & (flows["pupils"] > 0)]
        flows = flows.assign(pupil_minutes=flows["pupils"] * flows["metres"] / flows["speed"])
        load = flows.groupby(["year", "junior", "school"])[["pupils", "pupil_minutes"]].sum().reset_index()
        load["school_id"] = self.school_ids[load["school"]]
        load["stage"] = np.where(load["junior"], "junior", "primary")
        load = load.merge(supply, on=["year", "stage", "school_id"], how="outer").fillna({"pupils": 0.0, "seats": 0.0})
        load["beyond"] = (load["pupils"] - load["seats"]).clip(lower=0.0)
        total = load.groupby(["year", "stage"])[["pupils", "pupil_minutes", "seats", "beyond"]].sum()
        return load, total.assign(mean_minutes=total["pupil_minutes"] / total["pupils"])

    def keep(self, scenarios: list[Scenario], path: Path) -> None:
        """Work out scenarios and write what came out as one file."""
        tables = {scenario.name: self.answer(scenario)[0] for scenario in scenarios}
        pd.concat(tables, names=["scenario", "row"]).reset_index(level="scenario").to_parquet(path)


def snap_as_usual(network: Network, points: gpd.GeoSeries, *, limit_m: float) -> Snaps:
    """Return points on the nearest road, by GeoPandas."""
    spots = points.where(points.geom_type == "Point", points.representative_point())
    roads = gpd.GeoDataFrame(geometry=network.edge_line[network.usable("walk")], crs=points.crs)
    roads["edge"] = np.flatnonzero(network.usable("walk"))
    asked = gpd.GeoDataFrame({"row": np.arange(len(spots))}, geometry=spots.to_numpy(), crs=points.crs)
    found = gpd.sjoin_nearest(asked, roads, max_distance=limit_m, distance_col="gap_m")
    found = found.sort_values(["row", "edge"]).drop_duplicates("row")
    edge, gap_mm, offset_mm = np.full(len(spots), -1), *np.zeros((2, len(spots)), dtype=np.int64)
    row, on = found["row"].to_numpy(), found["edge"].to_numpy()
    edge[row], gap_mm[row] = on, np.rint(found["gap_m"] * 1000)
    along_m = shapely.line_locate_point(network.edge_line[on], spots.to_numpy()[row])
    offset_mm[row] = np.clip(np.rint(along_m * 1000).astype(np.int64), 0, network.edge_length_mm[on])
    return Snaps(tuple(map(str, points.index)), edge, offset_mm, gap_mm)


def build_graph(network: Network, stops: Snaps) -> csr_array:
    """Return the roads with every point on them, and a node beside each point at the end of its gap."""
    rows: list[tuple[int, int, int]] = []
    nodes, (forward, backward) = len(network.node_east_m), network.cost["walk"]
    on = pd.DataFrame({"edge": stops.edge, "at": stops.offset_mm, "node": nodes + np.arange(len(stops.ids))})
    on = on[on["edge"] >= 0].sort_values(["edge", "at"])
    chains = {edge: list(zip(part["at"], part["node"], strict=True)) for edge, part in on.groupby("edge")}
    for edge in range(len(network.edge_from)):
        length = int(network.edge_length_mm[edge])
        chain = [(0, int(network.edge_from[edge])), *chains.get(edge, []), (length, int(network.edge_to[edge]))]
        for (begin, left), (end, right) in zip(chain[:-1], chain[1:], strict=True):
            for cost, tail, head in ((int(forward[edge]), left, right), (int(backward[edge]), right, left)):
                if cost != CLOSED:
                    rows.append((tail, head, cost * end // length - cost * begin // length))
    for number, gap in enumerate(np.rint(stops.gap_mm * network.gap_effort).astype(int).tolist()):
        road, own = nodes + number, nodes + len(stops.ids) + number
        rows += [(own, road, gap), (road, own, gap)]
    best = pd.DataFrame(rows, columns=["tail", "head", "cost"]).groupby(["tail", "head"])["cost"].min().reset_index()
    size = nodes + 2 * len(stops.ids)
    # scipy takes a stored 0 for no way at all.
    return csr_array((np.maximum(best["cost"], 1e-6), (best["tail"], best["head"])), shape=(size, size))


def compare(prepared: Prepared, script: Script, scenarios: list[Scenario]) -> None:
    """Stop where the script and the program differ."""
    for scenario in scenarios:
        found = draw_up_catchments(prepared, scenario)
        county = found.numbers.frame.set_index(["indicator", "year"])["value"]
        load, total = script.answer(scenario)
        last = load[load["year"] == LAST_YEAR]
        for stage in GRADES_OF_STAGE:
            mine = pd.Series(found.pupils[-1, STAGE_ORDER.index(stage)], index=found.school_ids)
            theirs = last[last["stage"] == stage].set_index("school_id")["pupils"]
            both = pd.concat([mine, theirs], axis=1).fillna(0.0)
            off = float((both.iloc[:, 0] - both.iloc[:, 1]).abs().max())
            wanted = total.xs(stage, level="stage")
            minutes = (county[f"mean_minutes_{stage}"] - wanted["mean_minutes"]).abs().max()
            beyond = (county[f"pupils_beyond_seats_{stage}"] - wanted["beyond"]).abs().max()
            if not (off < 1e-6 and minutes < 1e-3 and beyond < 1e-6):
                raise SystemExit(
                    f"{scenario.name} {stage}: {off} pupils, {minutes} minutes, {beyond} beyond seats apart"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("county", nargs="?", type=Path, default=Path("data/gis"))
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--part", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--memory", action="store_true")
    asked = parser.parse_args()
    warm_up()
    county = read_county(asked.county)
    scenarios = single_edits(county, 2_000 if asked.memory else asked.scenarios)
    with tempfile.TemporaryDirectory() as folder:
        if asked.dask:
            beside_dask(asked.county, scenarios[: asked.part], Path(folder))
        elif asked.memory:
            show_memory(asked.county, scenarios, Path(folder))
        else:
            beside_script(asked.county, county, scenarios, Path(folder), part=asked.part, rounds=asked.rounds)


def beside_script(
    place: Path, county: County, scenarios: list[Scenario], folder: Path, *, part: int, rounds: int
) -> None:
    begin = time.process_time()
    prepared = prepare(county, county_norms(place))
    preparing = time.process_time() - begin
    begin = time.process_time()
    script = Script(prepared, scenarios)
    building = time.process_time() - begin
    step = max(len(scenarios) // part, 1)
    compare(prepared, script, scenarios[::step][:12])
    print(f"answers agree on 12 scenarios; preparing {preparing:.1f} s, the script's graph {building:.1f} s of CPU")
    reading = statistics.median(seconds_of([sys.executable, "-c", READ_LAYERS, place]) for _ in range(rounds))
    print(f"the script's imports and layers {reading:.1f} s")
    found: dict[str, list[float]] = {}
    for turn in range(rounds):
        # In turn, so that a machine that slows down slows all of them.
        chosen = scenarios[turn % step :: step][:part]
        begin = time.process_time()
        script.keep(chosen, folder / "script.parquet")
        found.setdefault("script", []).append((time.process_time() - begin) / len(chosen))
        for level, mine in (("plan", chosen), ("catchments", scenarios)):
            once, whole = (batch_seconds(place, few, folder / f"{turn}", level=level) for few in (mine[:1], mine))
            found.setdefault(f"{level} once", []).append(once)
            found.setdefault(level, []).append((whole - once) / (len(mine) - 1))
        found.setdefault("run", []).append(one_run(place, chosen[0], folder))
    each = {name: statistics.median(seconds) for name, seconds in found.items()}
    total = {name: each[f"{name} once"] + (len(scenarios) - 1) * each[name] for name in ("plan", "catchments")}
    total |= {"run": len(scenarios) * each["run"], "script": len(scenarios) * each["script"] + building + reading}
    for name in ("run", "plan", "catchments", "script"):
        print(f"{name:12}{each[name] * 1000:10.1f} ms each{total[name]:10.1f} s for {len(scenarios)}   "
              f"({', '.join(f'{seconds * 1000:.1f}' for seconds in found[name])})")  # fmt: skip
    print(f"run / plan          {total['run'] / total['plan']:8.1f}")
    print(f"run / catchments    {total['run'] / total['catchments']:8.1f}")
    print(f"script / catchments {total['script'] / total['catchments']:8.1f}")
    print(f"each by itself: run / plan {each['run'] / each['plan']:.1f}, script / catchments "
          f"{each['script'] / each['catchments']:.1f}")  # fmt: skip


def batch_seconds(place: Path, scenarios: list[Scenario], folder: Path, *, level: str) -> float:
    """Return the CPU seconds of ``layoutplan batch`` in one process, its files, results and table included."""
    plans = save_all(scenarios, folder / f"plans_{level}_{len(scenarios)}")
    command = ["batch", place, plans, "--only", level, "--out", folder / f"out_{level}_{len(scenarios)}"]
    return seconds_of([sys.executable, "-m", "layoutplan", *command])


def save_all(scenarios: list[Scenario], folder: Path) -> Path:
    for scenario in scenarios:
        save_scenario(scenario, folder / f"{scenario.name}.toml")
    return folder


def seconds_of(command: list[object]) -> float:
    """Return the CPU seconds of a process that may keep its modules compiled, as any installed program does."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = os.times()
    subprocess.run([str(word) for word in command], check=True, capture_output=True, env=environment)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def show_memory(place: Path, scenarios: list[Scenario], folder: Path) -> None:
    """Print the largest memory so far of this process and of two workers, on the way through a batch."""
    plans = save_all(scenarios, folder / "plans")
    summary, size = Summary(), re.compile(r"VmHWM:\s+(\d+) kB")
    runs = run_batch(place, sorted(plans.iterdir()), crew=Crew(2), out=folder / "out", level="catchments")
    for number, run in enumerate(runs, start=1):
        summary.add(run)
        if number in (len(scenarios) // 10, len(scenarios) // 2, len(scenarios)):
            here = psutil.Process()
            found = [Path(f"/proc/{one.pid}/status").read_text("utf-8") for one in (here, *here.children())]
            most = [int(size.findall(status)[0]) / 1000 for status in found]
            print(f"{number} scenarios: {most[0]:.0f} MB, others {[round(mb) for mb in most[1:]]}", flush=True)
    print(f"table of {sum(len(part) for part in summary.tables())} rows")


def beside_dask(place: Path, scenarios: list[Scenario], folder: Path) -> None:
    """Print seconds by the clock and the hash of all results, of two local processes and of two workers of Dask."""
    paths = []
    for scenario in scenarios:
        paths.append(folder / "plans" / f"{scenario.name}.toml")
        save_scenario(scenario, paths[-1])
    note, base = folder / "scheduler.json", [sys.executable, "-m"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    here = ["--host", "127.0.0.1", "--no-dashboard"]
    running = [
        subprocess.Popen(
            [*base, "distributed.cli.dask_scheduler", *here, "--port", "0", "--scheduler-file", note], **quiet
        )
    ]
    try:
        while not note.is_file() or not note.read_text("utf-8"):
            time.sleep(0.1)
        address = json.loads(note.read_text("utf-8"))["address"]
        for _ in range(2):
            worker = [*base, "distributed.cli.dask_worker", address, *here, "--nthreads", "1", "--no-nanny"]
            running.append(subprocess.Popen([*worker, "--local-directory", folder], **quiet))
        crews = {"two local processes": Crew(2), "two workers of Dask": Crew(scheduler=address)}
        taken = {}
        for name, crew in crews.items():
            out = folder / name.replace(" ", "_")
            begin = time.perf_counter()
            runs = run_batch(place, paths, crew=crew, out=out)
            next(runs)
            # The first answer comes when all workers have begun and hold the county.
            first = time.perf_counter()
            done = 1 + sum(1 for _ in runs)
            taken[name] = time.perf_counter() - first
            seconds = f"{first - begin:.1f} s to the first, {taken[name]:.1f} s for the rest"
            print(f"{name}: {done} plans, {seconds}, {hash_of(out)}")
        print(f"Dask / local {taken['two workers of Dask'] / taken['two local processes']:.2f}")
    finally:
        for process in running[::-1]:
            process.kill()
            process.wait()


def hash_of(out: Path) -> str:
    """Return the hash of the content of all results, whatever the order they came in."""
    table = pd.read_parquet(out / RESULTS).sort_values(["key", "indicator", "year", "school_id"])
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()[:16]


def one_run(place: Path, scenario: Scenario, folder: Path) -> float:
    """Return the CPU seconds of a process of ``layoutplan run``."""
    save_scenario(scenario, folder / "one.toml")
    command = [sys.executable, "-m", "layoutplan", "run", place, "--scenario", folder / "one.toml"]
    return seconds_of([*command, "--out", folder / "one"])


if __name__ == "__main__":
    main()
