"""What a batch costs a county, measured on made-up counties of several sizes, and what that makes for a province.

Run ``python benchmarks/province.py [--counties 8] [--edits 20]``. Each county is a part of the sample county: some
townships that lie together, with their schools, places, roads and zones, and with more or fewer children. Each is given
the same number of single edits (a school opens, closes or gets rooms); ``layoutplan batch`` runs them in a process of
its own, with its CPU time (start, reading and preparing included), its largest memory and the bytes it writes. A grid
of thresholds and births is then run over the whole folder with two workers.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import tomli_w
from batch import single_edits

from layoutplan.county.layers import read_county
from layoutplan.county.sample import write_sample
from layoutplan.plan.scenario import save_scenario

# County-level units.
NINGXIA, NATION = 22, 2_850
PYTHON = [sys.executable, "-m", "layoutplan"]
GRID = """
name = "grid"
last_year = 2035

[grid.norms]
"class_size.primary" = [45, 40]

[grid.outlook]
births_change = [-0.03, 0.0]
"""


def cut_county(sample: Path, folder: Path, *, number: int, counties: int) -> None:
    """Write the part of the sample county that is one of so many counties."""
    shutil.copytree(sample, folder)
    rng = np.random.default_rng(number)
    townships = gpd.read_file(folder / "townships.gpkg")
    share = 0.3 + 0.7 * (number + 1) / counties
    middle = townships.geometry.iloc[int(rng.integers(len(townships)))].centroid
    near = townships.geometry.distance(middle).argsort()[: round(share * len(townships))]
    kept = townships.iloc[sorted(near)]
    outline, ids = shapely.union_all(kept.geometry.to_numpy()), set(kept["township_id"])
    of_township = lambda table: table[table["township_id"].isin(ids)]  # noqa: E731
    schools, homes, sites = (of_township(gpd.read_file(folder / name)) for name in
                             ("schools.gpkg", "residential.gpkg", "resettlement.fgb"))  # fmt: skip
    taught, lived = set(schools["school_id"]), {*homes["place_id"], *sites["place_id"]}
    roads, zones = gpd.read_file(folder / "roads.fgb"), gpd.read_file(folder / "zones.gpkg")
    communities = cells(folder / "communities.csv")
    communities = communities[communities["lead_school_id"].isin(taught)]
    known = schools["community_id"].isin(communities["community_id"])
    sites = sites.assign(origin_place_id=sites["origin_place_id"].where(sites["origin_place_id"].isin(lived)))
    write(kept, folder / "townships.gpkg")
    write(schools.assign(community_id=schools["community_id"].where(known)), folder / "schools.gpkg")
    write(homes, folder / "residential.gpkg")
    write(sites, folder / "resettlement.fgb")
    write(roads[roads.intersects(outline.buffer(2000.0))], folder / "roads.fgb")
    write(zones[zones["school_id"].isin(taught)], folder / "zones.gpkg")
    rows(communities, folder / "communities.csv")
    for name, column, wanted in (
        ("classes", "学校标识码", taught), ("enrolment", "school_id", taught), ("rooms", "school_id", taught),
        ("children", "place_id", lived), ("move_in", "place_id", lived), ("births", "area_id", ids),
        ("control_totals", "area_id", ids), ("field_counts", "area_id", ids),
    ):  # fmt: skip
        table = cells(folder / f"{name}.csv")
        table = table[table[column].isin(wanted)]
        if name == "children":
            more = float(rng.uniform(0.7, 1.3))
            table = table.assign(children=[str(round(int(count) * more)) for count in table["children"]])
        rows(table, folder / f"{name}.csv")
    # The norms and the rasters stay as they are; the raster reaches beyond.
    description = tomllib.loads((folder / "county.toml").read_text("utf-8"))
    description["county"] |= {"name": f"合成县{number + 1}", "name_en": f"Made-up county {number + 1}"}
    (folder / "county.toml").write_text(tomli_w.dumps(description), "utf-8")


def cells(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def rows(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, encoding="utf-8-sig")


def write(frame: gpd.GeoDataFrame, path: Path) -> None:
    path.unlink()
    frame.to_file(path, layer=path.stem) if path.suffix == ".gpkg" else frame.to_file(path)


def run(*words: object) -> tuple[float, float, float]:
    """Return CPU seconds, largest memory of a process [MB] and seconds by the clock of a command."""
    begin = time.perf_counter()
    process = subprocess.Popen([*PYTHON, *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {words}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, time.perf_counter() - begin


def measure(place: Path, folder: Path, edits: int) -> dict[str, float]:
    """Return what one county costs."""
    county = read_county(place)
    plans, many = (folder / name / place.name for name in ("plans", "many"))
    # Catchments take so little that a few would drown in the start of the process.
    for number, scenario in enumerate(single_edits(county, 10 * edits)):
        for into in (plans, many) if number < edits else (many,):
            save_scenario(scenario, into / f"{scenario.name}.toml")
    first, out = sorted(plans.iterdir())[0], folder / "out" / place.name
    near_alone = run("batch", place, first, "--only", "catchments", "--out", out / "one")
    near = run("batch", place, many, "--only", "catchments", "--out", out / "near")
    whole_alone = run("batch", place, first, "--out", out / "one")
    whole = run("batch", place, plans, "--out", out / "whole")
    kept = {level: sum(file.stat().st_size for file in (out / level / "results").iterdir()) for level in
            ("near", "whole")}  # fmt: skip
    return {
        "places": len(county.places), "schools": len(county.schools), "roads": len(county.roads),
        "near_s": near_alone[0], "near_ms": 1000 * (near[0] - near_alone[0]) / (10 * edits - 1),
        "plan_s": whole_alone[0], "plan_ms": 1000 * (whole[0] - whole_alone[0]) / (edits - 1),
        "MB": max(near[1], whole[1]),
        "near_kB": kept["near"] / edits / 10_000, "plan_kB": kept["whole"] / edits / 1000,
        "county_MB": sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) / 1e6,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counties", type=int, default=8)
    parser.add_argument("--edits", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_sample(folder / "sample")
        found = []
        for number in range(asked.counties):
            place = folder / "province" / f"{number + 1:02d}"
            cut_county(folder / "sample", place, number=number, counties=asked.counties)
            found.append(measure(place, folder, asked.edits))
            print(pd.DataFrame(found[-1:]).round(1).to_string(index=False, header=number == 0), flush=True)
        table = pd.DataFrame(found)
        print("mean", table.mean().round(1).to_dict())
        (folder / "grid.toml").write_text(GRID, "utf-8")
        whole = run("batch", folder / "province", folder / "grid.toml", "--out", folder / "grid", "--workers", "2")
        print(f"{asked.counties} counties x 4 of a grid, whole plans, two workers: {whole[0]:.0f} s of CPU, "
              f"{whole[1]:.0f} MB a process, {whole[2]:.0f} s by the clock")  # fmt: skip
        for unit, counties in (("Ningxia", NINGXIA), ("nation", NATION)):
            for level in ("near", "plan"):
                seconds = counties * (table[f"{level}_s"].mean() + table[f"{level}_ms"].mean())
                disk = counties * table[f"{level}_kB"].mean() / 1000
                print(f"{unit}, {counties} x 1,000 edits, {level}: {seconds / 3600:.1f} core hours, {disk:.1f} GB")


if __name__ == "__main__":
    main()
