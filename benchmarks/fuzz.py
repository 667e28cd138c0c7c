"""Throw spoiled files at every parser of the program; only the package's own errors may come back.

Run ``python benchmarks/fuzz.py WORK [--only scenario csv] [--minutes 60] [--slice 20]``: the parsers take turns of
``--slice`` seconds until ``--minutes`` of processor time are used for each. WORK keeps what was tried, by parser
(``tally.json``), and under ``found`` every input that escaped, with its traceback. With ``atheris`` installed, the
parsers written in Python are led by which lines an input reaches; the others, and all without it, by chance.

Readers in C and C++ (GDAL, osmium, calamine, SQLite) may die of a file. That is no escape where the app reads in a
child process, so such deaths are kept beside (``found/*-died``).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import toy_county  # noqa: E402

from layoutplan.errors import LayoutPlanError  # noqa: E402

_SLOW_SECONDS = 20
_MEMORY_BYTES = 1_500_000_000
_WORDS = [
    b"0", b"-1", b"1e309", b"nan", b"inf", b"9" * 30, b"''", b'""', b"[]", b"{}", b"true", b"null", b"[[", b"]]", b"=",
    b",", b"\n", b"\r\n", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xf0\x9f\x98\x80", "县".encode(),
    "１２".encode(), b"../", b"/etc/passwd", b"http://127.0.0.1/", b"/vsicurl/", b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>",
    b"&a;", b"2022-13-45", b"1979-05-27T07:32:00Z", b"0x7fffffffffffffff", b"9223372036854775808",
    b"1" * 400, b"[" * 2000, b"a.b.c = 1\n", b"\\u0000",
]  # fmt: skip


# ---- how an input is spoiled --------------------------------------------------------------------
def spoil(content: bytes, dice: random.Random, *, others: list[bytes]) -> bytes:
    """Return an input with a few changes: bytes, numbers, words, pieces cut out, doubled or taken from another."""
    if content[:4] == b"PK\x03\x04" and dice.random() < 0.7:
        with suppress(Exception):
            return _spoil_members(content, dice, others=others)
    data = bytearray(content)
    for _ in range(1 + int(dice.expovariate(0.6))):
        at = dice.randrange(len(data) + 1)
        length = min(int(dice.expovariate(0.1)) + 1, len(data) - at)
        kind = dice.randrange(7)
        if kind == 0 and length:
            data[at] = dice.randrange(256)
        elif kind == 1 and length:
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 2:
            data[at:at] = dice.choice(_WORDS)
        elif kind == 3:
            data[at : at + length] = dice.choice(_WORDS)
        elif kind == 4:
            del data[at : at + length]
        elif kind == 5:
            data[at:at] = data[at : at + length] * dice.choice((1, 1, 2, 50))
        else:
            other = dice.choice(others)
            begin = dice.randrange(len(other) + 1)
            data[at : at + length] = other[begin : begin + dice.randrange(1, 60)]
    return bytes(data[: dice.randrange(len(data) + 1)]) if dice.random() < 0.03 else bytes(data)


def _spoil_members(content: bytes, dice: random.Random, *, others: list[bytes]) -> bytes:
    """Spoil a part of an archive and pack it again, so that the change is not stopped by its check sum."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        infos = old.infolist()
        chosen = dice.randrange(len(infos))
        for at, info in enumerate(infos):
            part = old.read(info)
            if at == chosen and info.filename.endswith((".xml", ".rels", ".csv", ".toml", ".json")):
                part = spoil(part, dice, others=others)
            elif at == chosen and dice.random() < 0.3:
                continue
            name = (
                info.filename
                if dice.random() > 0.03
                else dice.choice(("../x", "/x", "a\\..\\..\\x", "x\0y", "C:x", ""))
            )
            new.writestr(name, part)
    return buffer.getvalue()


# ---- the parsers --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Target:
    """A parser: good inputs to begin with, what takes one, and whether a library in C reads it."""

    seeds: list[bytes]
    take: Callable[[bytes], object]
    native: bool = False


def _in_county(folder: Path, name: str, layer: str) -> Callable[[bytes], object]:
    """Return what puts an input into the toy county and reads its layer; the whole county where the layer passes."""
    from layoutplan.county.crs import frame_of
    from layoutplan.county.layers import _read_layer, read_county
    from layoutplan.county.manifest import read_manifest
    from layoutplan.county.rasters import check_raster
    from layoutplan.county.tables import TABLES
    from layoutplan.norms import load_norms

    good = read_county(folder)
    place = frame_of(good.townships.crs, good.townships)
    _, manifest = read_manifest(folder)

    def take(content: bytes) -> object:
        (folder / name).write_bytes(content)
        if layer in TABLES:
            _read_layer(folder, manifest.layers[layer], TABLES[layer])
        elif layer == "norms":
            return load_norms(folder / name)
        elif layer == "manifest":
            read_manifest(folder)
        else:
            check_raster(folder, name, name=layer, county=place)
        return read_county(folder) if zlib.crc32(content) % 16 == 0 else None

    return take


def _counties(work: Path) -> dict[str, Target]:
    """Targets that are a file of a county, each in a county of its own."""
    files = {
        "manifest": ("county.toml", "manifest", False), "csv": ("classes.csv", "classes", False),
        "excel": ("rooms.xlsx", "rooms", True), "geopackage": ("schools.gpkg", "schools", True),
        "geojson": ("schools.geojson", "schools", True), "flatgeobuf": ("roads.fgb", "roads", True),
        "shapefile": ("townships.shp", "townships", True), "dbf": ("townships.dbf", "townships", True),
        "raster": ("population.tif", "population", True), "norms": ("norms.toml", "norms", False),
    }  # fmt: skip
    made = {}
    for target, (name, layer, native) in files.items():
        folder = work / target
        shutil.rmtree(folder, ignore_errors=True)
        county = toy_county.toy()
        if target not in ("manifest", "norms"):
            # The other tables only cost time here.
            kept = {"townships", "schools", "rooms", "classes", "residential", "roads", "children"}
            county.frames = {layer: frame for layer, frame in county.frames.items() if layer in kept}
            entries = county.manifest["layers"]
            county.manifest["layers"] = {layer: entry for layer, entry in entries.items() if layer in kept}
            gone = county.frames["children"]["place_id"] == "640422100950"
            county.frames["children"] = county.frames["children"][~gone]
        if layer in county.manifest["layers"]:
            county.entry(layer, file="townships.shp" if layer == "townships" else name)
        if layer == "townships":  # a shapefile cuts names after ten letters
            county.entry(layer, columns={"township_id": "township_i"})
        if target == "raster":
            county.manifest["rasters"] = {"population": {"file": name, "as_of": "2022-09-20"}}
            county.manifest["rasters"]["population"]["as_of"] = county.manifest["layers"]["schools"]["as_of"]
        if target == "norms":
            county.manifest["county"]["norms"] = name
        county.write(folder)
        if target == "raster":
            toy_county.write_raster(folder / name, [[float(a + b) for a in range(60)] for b in range(60)])
        if target == "norms":
            text = "[class_size.primary]\nvalue = 45\nunit = 'pupils/class'\nclause = 'x'\nverified = true\nnote = ''\n"
            (folder / name).write_text(text, "utf-8")
        made[target] = Target([(folder / name).read_bytes()], _in_county(folder, name, layer), native)
    return made


def _texts(work: Path) -> dict[str, Target]:
    """Targets that are a TOML file by themselves."""
    from layoutplan.plan.grid import load_grid
    from layoutplan.plan.optimise.goal import load_goal
    from layoutplan.plan.scenario import load_scenario
    from layoutplan.present.look import load_look

    def through(reader: Callable[[Path], object], name: str) -> Callable[[bytes], object]:
        def take(content: bytes) -> object:
            (work / name).write_bytes(content)
            return reader(work / name)

        return take

    def grid(path: Path) -> object:
        return list(load_grid(path).points())

    kept = sorted((ROOT / "scenarios").glob("**/*.toml"))
    scenarios = [path.read_bytes() for path in kept]
    goals = [path.read_bytes() for path in kept if b"weights" in path.read_bytes() or b"deeds" in path.read_bytes()]
    goal = b"name = 'g'\nyears = [2024, 2028]\nlast_year = 2035\nstages = ['primary']\ndeeds = ['open']\n[weights]\n"
    square = (
        b"name = 'g'\n[grid.norms]\n'class_size.primary' = [40, 45]\n[grid.outlook]\nbirths = ['low', 'high']\n"
        b"[[grid.sites]]\nname = 'a'\n[[grid.sites.actions]]\nkind = 'close_school'\nyear = 2024\nschool_id = '1'\n"
    )
    style = (ROOT / "docs" / "style.toml").read_bytes()
    return {
        "scenario": Target(scenarios, through(load_scenario, "s.toml")),
        "goal": Target([*goals, goal], through(load_goal, "g.toml")),
        "grid": Target([square], through(grid, "grid.toml")),
        "style": Target([style, style.replace(b"# ", b"")], through(load_look, "l.toml")),
    }


def _parcels(work: Path) -> dict[str, Target]:
    """Targets that planners hand in: archives and forms."""
    from layoutplan.county.layers import read_county
    from layoutplan.present.forms import read_forms, write_form
    from layoutplan.ui.intake import Handed, guess_layers, mapped_layers, take_in

    county_folder = toy_county.toy().write(work / "plain")
    county = read_county(county_folder)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(county_folder.iterdir()):
            archive.write(file, f"县/{file.name}")

    def upload(content: bytes) -> object:
        with tempfile.TemporaryDirectory(dir=work) as folder:
            inside = Path(folder) / "in"
            inside.mkdir()
            names = take_in([Handed("county.zip", content)], inside)
            outside = [path for path in Path(folder).iterdir() if path != inside]
            assert not outside, outside
            guess_layers(names)
            return mapped_layers(inside) if "county.toml" in names else None

    def form(content: bytes) -> object:
        (work / "form.xlsx").write_bytes(content)
        return read_forms(county, [work / "form.xlsx"])

    return {
        "upload": Target([packed.getvalue()], upload),
        "form": Target([write_form(county, "2164000001", lang="zh")], form, True),
    }


def _office(work: Path) -> dict[str, Target]:
    """Targets that the program itself wrote: the store, and artefacts to verify."""
    from layoutplan.plan.scenario import Scenario
    from layoutplan.plan.store import NEW, list_names, load_version, save_version, verify_store
    from layoutplan.plan.storefile import Store, list_events
    from layoutplan.present.provenance import MARK, read_facts

    store = Store(work / "seed.sqlite")
    store.path.unlink(missing_ok=True)
    save_version(store, Scenario(name="a"), based_on=NEW)
    save_version(store, Scenario(name="a", last_year=2030), based_on=1)
    with closing(sqlite3.connect(store.path)) as link:
        link.execute("PRAGMA journal_mode = DELETE")

    def kept(content: bytes) -> None:
        path = work / "fuzzed.sqlite"
        for suffix in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.write_bytes(content)
        for look in (verify_store, list_names, list_events, lambda one: load_version(one, "a")):
            with suppress(LayoutPlanError):
                look(Store(path))

    def verify(content: bytes) -> None:
        for suffix in (".svg", ".json", ".docx", ".gpkg", ".png"):
            path = work / f"artefact{suffix}"
            path.write_bytes(content)
            with suppress(LayoutPlanError):
                read_facts(path)

    facts = '{"county": "x", "scenario": "y"}'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as paper:
        paper.writestr("docProps/core.xml", f"<dc:description>{MARK}{facts}</dc:description>")
    seeds = [
        f"<svg><desc>{MARK}{facts}</desc></svg>".encode(),
        f'{{"provenance": {facts}}}'.encode(),
        packed.getvalue(),
    ]
    return {"store": Target([store.path.read_bytes()], kept, True), "verify": Target(seeds, verify, True)}


def _extracts(work: Path) -> dict[str, Target]:
    """Targets that are extracts of OpenStreetMap."""
    from layoutplan.county.osm import import_osm

    def osm(suffix: str) -> Callable[[bytes], object]:
        def take(content: bytes) -> object:
            (work / f"o{suffix}").write_bytes(content)
            return import_osm(work / f"o{suffix}", work / "o.gpkg")

        return take

    nodes = "".join(f"<node id='{at}' lat='35.9{at}' lon='105.7{at}'/>" for at in (1, 3))
    xml = (
        f"<?xml version='1.0'?><osm version='0.6'>{nodes}<node id='2' lat='35.92' lon='105.72'><tag k='barrier' "
        "v='bollard'/></node><way id='7'><nd ref='1'/><nd ref='2'/><nd ref='3'/><tag k='highway' v='residential'/>"
        "<tag k='maxspeed' v='30 mph'/><tag k='layer' v='1'/></way></osm>"
    ).encode()
    return {
        "osm_xml": Target([xml], osm(".osm"), True),
        "osm_pbf": Target([_as_pbf(xml, work)], osm(".osm.pbf"), True),
    }


def _basemaps(work: Path) -> dict[str, Target]:
    """Targets that are base maps: opened, and a few squares of them asked for."""
    import toy_tiles

    from layoutplan.county.basemaps import open_basemap

    (work / "seed.mbtiles").unlink(missing_ok=True)

    def shown(suffix: str) -> Callable[[bytes], object]:
        def take(content: bytes) -> object:
            path = work / f"b{suffix}"
            path.write_bytes(content)
            basemap = open_basemap(path)
            return [basemap.tile(zoom, *square) for zoom in (6, 9) for square in toy_tiles.squares(zoom)[:2]]

        return take

    made = {
        "mbtiles": toy_tiles.write_mbtiles(work / "seed.mbtiles", zooms=range(6, 8)),
        "pmtiles": toy_tiles.write_pmtiles(work / "seed.pmtiles", zooms=range(6, 10)),
        "picture": toy_tiles.write_picture(work / "seed.tif", size=40),
    }
    return {name: Target([path.read_bytes()], shown(path.suffix), name != "pmtiles") for name, path in made.items()}


def _as_pbf(xml: bytes, work: Path) -> bytes:
    import osmium

    source, out = work / "seed.osm", work / "seed.osm.pbf"
    source.write_bytes(xml)
    out.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(out)) as writer:
        for item in osmium.FileProcessor(str(source)):
            writer.add(item)
    return out.read_bytes()


_MAKERS: dict[Callable[[Path], dict[str, Target]], tuple[str, ...]] = {
    _texts: ("scenario", "goal", "grid", "style"),
    _counties: (
        "manifest", "csv", "excel", "geopackage", "geojson", "flatgeobuf", "shapefile", "dbf", "raster", "norms",
    ),
    _parcels: ("upload", "form"),
    _office: ("store", "verify"),
    _extracts: ("osm_xml", "osm_pbf"),
    _basemaps: ("mbtiles", "pmtiles", "picture"),
}  # fmt: skip


def targets(work: Path, names: Collection[str]) -> dict[str, Target]:
    """Return the parsers of some names; only what they need is made."""
    work.mkdir(parents=True, exist_ok=True)
    made: dict[str, Target] = {}
    for maker, theirs in _MAKERS.items():
        if not set(theirs).isdisjoint(names):
            made |= maker(work)
    return {name: target for name, target in made.items() if name in names}


# ---- a turn -------------------------------------------------------------------------------------
def _escaped(found: Path, name: str, content: bytes, what: str) -> None:
    folder = found / name
    folder.mkdir(parents=True, exist_ok=True)
    places = [line.split(", in")[0] for line in what.splitlines() if line.startswith("  File")]
    # One input for each place and kind is enough: where it was raised, and where in the package.
    ours = [place for place in places if "/layoutplan/" in place]
    told = [*ours[-1:], *places[-2:], what.splitlines()[-1][:40]]
    key = sha256("\n".join(told).encode()).hexdigest()[:10]
    if not (folder / f"{key}.txt").exists():
        (folder / f"{key}.bin").write_bytes(content)
        (folder / f"{key}.txt").write_text(what, "utf-8")


def _try(target: Target, name: str, content: bytes, found: Path) -> None:
    try:
        target.take(content)
    except LayoutPlanError:
        return
    except Exception:
        _escaped(found, name, content, traceback.format_exc())


def by_chance(target: Target, name: str, *, seconds: float, seed: int, found: Path, pool: Path) -> int:
    """Try spoiled inputs in a child until its time is up; return how many it tried."""
    dice = random.Random(seed)
    current, counter = pool / f"{name}.current", pool / f"{name}.count"
    child = os.fork()
    if child == 0:
        # Whatever the readers say of bad files is of no interest here.
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES + 700_000_000, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        begin, count = time.process_time(), 0
        while time.process_time() - begin < seconds:
            content = dice.choice(target.seeds)
            content = spoil(content, dice, others=target.seeds)
            current.write_bytes(content)
            signal.setitimer(signal.ITIMER_VIRTUAL, _SLOW_SECONDS)
            _try(target, name, content, found)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            count += 1
            counter.write_text(str(count), "ascii")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        _escaped(found, f"{name}-died", current.read_bytes(), f"signal {number} ({signal.Signals(number).name})")
    return int(counter.read_text("ascii")) if counter.exists() else 0


def guided(name: str, work: Path, *, seconds: int, seed: int) -> None:
    """Try inputs led by what they reach; runs until its time is up and ends the process."""
    import atheris

    with atheris.instrument_imports(include=["layoutplan"]):
        target = targets(work / "files", [name])[name]
    found, counter, count = work / "found", work / "pool" / f"{name}.count", 0
    corpus = work / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for at, content in enumerate(target.seeds):
        (corpus / f"seed-{at}").write_bytes(content)

    def one(content: bytes) -> None:
        nonlocal count
        _try(target, name, content, found)
        count += 1
        if count % 20 == 0:
            counter.write_text(str(count), "ascii")

    def change(content: bytes, most: int, number: int) -> bytes:
        dice = random.Random(number)
        changed = spoil(content, dice, others=target.seeds) if dice.random() < 0.5 else atheris.Mutate(content, most)
        return changed[:most]

    told = [
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        f"-max_len={2 * max(len(content) for content in target.seeds)}",
        f"-artifact_prefix={work / 'pool' / name}-",
        f"-timeout={_SLOW_SECONDS}",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *told, str(corpus)], one, custom_mutator=change)
    atheris.Fuzz()


def _guided_apart(name: str, work: Path, *, seconds: int, seed: int) -> tuple[int, float]:
    import subprocess

    (work / "pool" / f"{name}.count").write_text("0", "ascii")
    begin = _children_seconds()
    command = [sys.executable, __file__, str(work), "--guided", name, "--slice", str(seconds), "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, check=False)
    left = sorted((work / "pool").glob(f"{name}-*"))
    if done.returncode:
        content = left[-1].read_bytes() if left else b""
        _escaped(work / "found", f"{name}-died", content, done.stderr.decode("utf-8", "replace")[-3000:] + "\nended")
    for file in left:
        file.unlink()
    return int((work / "pool" / f"{name}.count").read_text("ascii")), _children_seconds() - begin


def _children_seconds() -> float:
    used = os.times()
    return used.children_user + used.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--slice", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--guided", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    work = asked.work.resolve()
    if asked.guided:
        guided(asked.guided, work, seconds=asked.slice, seed=asked.seed)
        return
    try:
        import atheris  # noqa: F401

        leads = True
    except ImportError:
        leads = False
    names = asked.only or [name for theirs in _MAKERS.values() for name in theirs]
    every = targets(work / "files", names)
    (work / "pool").mkdir(exist_ok=True)
    tally_file = work / "tally.json"
    tally = json.loads(tally_file.read_text("utf-8")) if tally_file.exists() else {}
    turn = 0
    while any(tally.get(name, {}).get("seconds", 0) < asked.minutes * 60 for name in names):
        turn += 1
        for name in names:
            mine = tally.setdefault(name, {"inputs": 0, "seconds": 0.0, "turns": 0})
            if mine["seconds"] >= asked.minutes * 60:
                continue
            seed = asked.seed * 1_000_003 + mine["turns"] * 101 + sum(name.encode())
            if leads and not every[name].native and mine["turns"] % 2:
                count, used = _guided_apart(name, work, seconds=asked.slice * 3, seed=seed)
            else:
                (work / "pool" / f"{name}.count").write_text("0", "ascii")
                begin = _children_seconds()
                count = by_chance(
                    every[name], name, seconds=asked.slice, seed=seed, found=work / "found", pool=work / "pool"
                )
                used = _children_seconds() - begin
            mine["inputs"] += count
            mine["seconds"] = round(mine["seconds"] + used, 1)
            mine["turns"] += 1
            tally_file.write_text(json.dumps(tally, indent=1), "utf-8")
        escaped = sorted((work / "found").glob("*/*.txt"))
        print(f"turn {turn}: {sum(one['inputs'] for one in tally.values()):,} inputs, {len(escaped)} found", flush=True)


if __name__ == "__main__":
    main()
