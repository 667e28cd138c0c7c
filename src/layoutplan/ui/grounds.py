"""The base maps on offer: those of ``county.toml``, the one of the command line, Tianditu with the user's own key."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from layoutplan.county import manifest
from layoutplan.county.basemaps import Basemap, media_type, open_basemap
from layoutplan.errors import DataError
from layoutplan.labels import Lang, label
from layoutplan.ui.planmap.switches import Ground

FILE = "LAYOUTPLAN_BASEMAP"
KEY = "LAYOUTPLAN_TIANDITU_KEY"
_GIVEN = "given"
_KINDS = ("vec", "img", "ter")


@dataclass(frozen=True)
class Offer:
    """Base maps, and what changes when any of them does."""

    grounds: Sequence[Ground]
    key: Hashable


def offered(folder: Path, lang: Lang) -> Offer:
    """Return the base maps that can be chosen under a county's map, none of them by itself.

    Parameters
    ----------
    folder : Path
        The county.
    lang : {"zh", "en"}
        Language of their names.
    """
    file = folder / manifest.FILE if folder.is_dir() else folder
    key = (folder, file.stat().st_mtime_ns, os.environ.get(FILE, ""), os.environ.get(KEY, "").strip(), lang)
    return Offer(_offered(*key), key)


@lru_cache(maxsize=16)
def _offered(folder: Path, written_ns: int, given: str, key: str, lang: Lang) -> tuple[Ground, ...]:
    del written_ns  # a county.toml written anew is read anew
    root, read = manifest.read_manifest(folder)
    found = []
    for name, entry in sorted(read.basemaps.items()):
        said = entry.name if lang == "zh" else entry.name_en or entry.name
        words = label("ui.ground.dated", lang, name=said, date=entry.as_of.isoformat())
        found.append(_of_file(name, root / entry.file, words, lang))
    if given:
        words = label("ui.ground.given", lang, name=Path(given).name)
        found.append(_of_file(_GIVEN, Path(given), words, lang))
    return (*found, *(_tianditu(key, lang) if key else ()))


def _of_file(name: str, path: Path, words: str, lang: Lang) -> Ground:
    try:
        return _ground(name, open_basemap(path), words)
    except DataError as fault:
        return Ground(name, words, note=" ".join(problem.say(lang) for problem in fault.problems), usable=False)


def _ground(name: str, basemap: Basemap, words: str) -> Ground:
    def tile(zoom: int, column: int, row: int) -> tuple[str, bytes] | None:
        content = basemap.tile(zoom, column, row)
        return None if content is None else (media_type(content), content)

    return Ground(name, words, tile, basemap.bounds, basemap.zooms)


def _tianditu(key: str, lang: Lang) -> Iterator[Ground]:
    """Tianditu is in CGCS2000, whose degrees are those of WGS 84 to within a metre: nothing is shifted."""
    for kind in _KINDS:
        words, note = label(f"ui.ground.tianditu_{kind}", lang), label("ui.ground.online", lang)
        yield Ground(f"tianditu_{kind}", words, online={"kind": kind, "key": key}, note=note)
