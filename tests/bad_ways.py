"""The corpus of bad inputs: ``tests/bad/<area>/<way>`` holds ``expect.toml`` and what differs from the toy county.

``expect.toml`` says what must come of it:

- ``code``, ``layer`` and, where they apply, ``row``, ``field`` and ``says`` (part of the English words): the problem;
- ``end``: ``rejected`` (the default), ``repaired`` (read, with the problem as a warning) or ``same`` (unusual, and yet
  the right county: its fingerprint is that of the toy county);
- ``through``: who reads it, ``county`` by default, else a key of :data:`READERS`;
- ``also``: codes of other problems that the same fault brings about;
- ``gone``: files of the right county that are not there;
- ``links``: names that become links to other places, as git would not keep them on every system.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from toy_county import toy

from layoutplan.access.roadcheck import check_roads
from layoutplan.county.layers import County, read_county
from layoutplan.county.osm import import_osm
from layoutplan.errors import InputError, Problem
from layoutplan.norms import load_norms
from layoutplan.plan.grid import load_grid, vary_norms
from layoutplan.plan.optimise import optimise
from layoutplan.plan.optimise.goal import load_goal
from layoutplan.plan.planning import Prepared, prepare, run_plan
from layoutplan.plan.scenario import load_scenario
from layoutplan.plan.store import verify_store
from layoutplan.plan.storefile import Store
from layoutplan.present.forms import read_forms
from layoutplan.present.look import load_look
from layoutplan.present.provenance import read_facts
from layoutplan.seats.history import read_history
from layoutplan.ui.intake import Handed, take_in

BAD = Path(__file__).parent / "bad"
EXPECT = "expect.toml"
# Formats that a changed length would break.
PACKED = (".gpkg", ".xlsx", ".zip", ".docx", ".sqlite", ".fgb", ".shp")
_ROOM = re.compile(rb"@SECRET@([^ @]{0,40}) {240}")
MAPS = ("townships", "schools", "residential", "resettlement", "roads")


@dataclass(frozen=True)
class Way:
    """One way an input is wrong."""

    folder: Path
    expect: dict[str, Any]

    @property
    def name(self) -> str:
        return self.folder.relative_to(BAD).as_posix()

    @property
    def end(self) -> str:
        return str(self.expect.get("end", "rejected"))

    @property
    def through(self) -> str:
        return str(self.expect.get("through", "county"))

    @property
    def place(self) -> tuple[str, str, str, str]:
        code, layer, row, field = (str(self.expect.get(key, "")) for key in ("code", "layer", "row", "field"))
        return code, layer, row, field


@cache
def ways() -> tuple[Way, ...]:
    """Every way of the corpus, by name."""
    found = sorted(BAD.rglob(EXPECT))
    return tuple(Way(path.parent, tomllib.loads(path.read_text("utf-8"))) for path in found)


@cache
def _written() -> tempfile.TemporaryDirectory[str]:
    folder, county = tempfile.TemporaryDirectory(), toy()
    for name in MAPS:
        county.entry(name, file=f"{name}.geojson")
    county.write(Path(folder.name))
    return folder


def write_right(folder: Path) -> Path:
    """Write the right toy county, its maps as text."""
    return Path(shutil.copytree(_written().name, folder, dirs_exist_ok=True))


def lay(way: Way, folder: Path, *, secret: str = "/etc/passwd", port: int = 9) -> Path:
    """Write the right county into a folder and lay a way over it.

    ``@SECRET@`` and ``@PORT@`` in its text files become a file and a port of this machine that a hostile file asks for.
    Where the blanks of :data:`_ROOM` follow, as in a packed file, the length stays.
    """
    write_right(folder)
    for path in sorted(way.folder.rglob("*")):
        if path.is_file() and path.name != EXPECT:
            target = folder / path.relative_to(way.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            content = path.read_bytes()
            content = _ROOM.sub(lambda found: (secret.encode() + found[1]).ljust(len(found[0])), content)
            if path.suffix not in PACKED:
                content = content.replace(b"@SECRET@", secret.encode()).replace(b"@PORT@", str(port).encode())
            target.write_bytes(content)
    for name in way.expect.get("gone", []):
        (folder / name).unlink()
    for name, place in way.expect.get("links", {}).items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(place)
    return folder


def outcome(way: Way, folder: Path) -> tuple[str, Sequence[Problem]]:
    """Read what was laid, and return how it ended and what was said."""
    try:
        warnings = READERS[way.through](folder)
    except InputError as fault:
        return "rejected", fault.problems
    return "repaired" if warnings else "same", warnings


# ---- who reads it: each takes the folder, and returns what was said although it was read --------------
@cache
def _right() -> Prepared:
    with tempfile.TemporaryDirectory() as folder:
        return prepare(read_county(write_right(Path(folder))), load_norms())


def right_county() -> County:
    """Return the toy county as it should be."""
    return _right().county


def _scenario(folder: Path) -> Sequence[Problem]:
    run_plan(_right(), load_scenario(folder / "scenario.toml"))
    return ()


def _goal(folder: Path) -> Sequence[Problem]:
    optimise(_right(), load_goal(folder / "goal.toml"))
    return ()


def _grid(folder: Path) -> Sequence[Problem]:
    for point in load_grid(folder / "grid.toml").points():
        vary_norms(load_norms(), point.norms, source="grid.toml")
    return ()


def _upload(folder: Path) -> Sequence[Problem]:
    given = [Handed(path.name, path.read_bytes()) for path in sorted((folder / "upload").iterdir())]
    with tempfile.TemporaryDirectory() as other:
        inside = Path(other) / "in"
        inside.mkdir()
        try:
            take_in(given, inside)
        finally:
            assert [path.name for path in Path(other).iterdir()] == ["in"], "something was written outside"
    return ()


def _look(folder: Path) -> Sequence[Problem]:
    load_look(folder / "style.toml")
    return ()


def _form(folder: Path) -> Sequence[Problem]:
    read_forms(right_county(), [folder / "form.xlsx"])
    return ()


def _store(folder: Path) -> Sequence[Problem]:
    verify_store(Store(folder / "plans.sqlite"))
    return ()


def _artefact(folder: Path) -> Sequence[Problem]:
    (path,) = folder.glob("artefact.*")
    read_facts(path)
    return ()


def _osm(folder: Path) -> Sequence[Problem]:
    (path,) = folder.glob("extract.*")
    import_osm(path, folder / "out.gpkg")
    return ()


def _history(folder: Path) -> Sequence[Problem]:
    return read_history(folder / "history.csv").notices


READERS: dict[str, Callable[[Path], Sequence[Problem]]] = {
    "county": lambda folder: read_county(folder).warnings,
    "roads": lambda folder: check_roads(read_county(folder), norms=load_norms()).warnings,
    "scenario": _scenario, "goal": _goal, "grid": _grid, "style": _look, "upload": _upload, "form": _form,
    "store": _store, "artefact": _artefact, "osm": _osm, "history": _history,
}  # fmt: skip
