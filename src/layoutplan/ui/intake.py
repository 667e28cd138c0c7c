"""Files a visitor hands in: unpacked with limits into a folder, with a ``county.toml`` where there is none.

Nothing here reads a layer: what was taken in goes through the same gate as any other county, in a process of its own.
"""

from __future__ import annotations

import io
import stat
import tomllib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import tomli_w

from layoutplan.county.databases import is_address
from layoutplan.county.manifest import FILE
from layoutplan.county.sources import ARCHIVE_FAULTS
from layoutplan.county.tables import RASTERS, TABLES
from layoutplan.errors import DataError, Problem
from layoutplan.faults import read_toml
from layoutplan.files import write_whole

ENDINGS = (
    ".zip", ".toml", ".csv", ".xlsx", ".xls", ".gpkg", ".fgb", ".geojson", ".json", ".shp", ".shx", ".dbf", ".prj",
    ".cpg", ".tif", ".tiff",
)  # fmt: skip
MAX_BYTES = 300_000_000
MAX_FILES = 400
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Handed:
    """One file as it was handed in."""

    name: str
    content: bytes


def take_in(given: Sequence[Handed], folder: Path) -> list[str]:
    """Put files into a folder, archives unpacked; a file of the same name is replaced.

    Parameters
    ----------
    given : sequence of Handed
        Files and ZIP archives.
    folder : Path
        Where they go; nothing outside it is touched.

    Returns
    -------
    list of str
        Names written, relative to the folder, sorted.

    Raises
    ------
    DataError
        An archive is damaged, encrypted, too large or reaches out of its folder, a file is of another kind, or a
        ``county.toml`` names a database; then nothing is written.
    """
    problems: list[Problem] = []
    files: dict[str, bytes] = {}
    for one in given:
        if one.name.lower().endswith(".zip"):
            inside = _unpacked(one, problems, room=MAX_BYTES - sum(map(len, files.values())))
            # What is packed twice would never be read.
            packed = [name for name in inside if name.lower().endswith(".zip")]
            problems += [Problem("upload_nested", one.name, row=name) for name in packed]
            files |= inside
        else:
            files[PurePosixPath(one.name.replace("\\", "/")).name] = one.content
    problems += [
        Problem("upload_kind", name, values={"known": ", ".join(ENDINGS)})
        for name in files
        if not name.lower().endswith(ENDINGS)
    ]
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BYTES:
        problems.append(_too_large("upload"))
    for name, content in files.items():
        if PurePosixPath(name).name == FILE:
            problems += _addresses(name, content)
    if problems:
        raise DataError(problems)
    for name, content in files.items():
        with write_whole(folder / name) as draft:
            draft.write_bytes(content)
    return sorted(files)


def _too_large(name: str) -> Problem:
    return Problem("upload_large", name, values={"files": MAX_FILES, "megabytes": MAX_BYTES // 1_000_000})


def _unpacked(given: Handed, problems: list[Problem], *, room: int) -> dict[str, bytes]:
    """Return the files of an archive, without the one folder all of them may lie in."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(given.content))
        infos = [info for info in archive.infolist() if not _name(info).endswith("/") and not _is_aside(_name(info))]
        names = [_name(info) for info in infos]
        faults = [Problem("upload_path", given.name, row=name or "''") for name in names if _reaches_out(name)]
        faults += [Problem("upload_path", given.name, row=_name(info)) for info in infos if _is_special(info)]
        if len(infos) > MAX_FILES or sum(info.file_size for info in infos) > room:
            faults.append(_too_large(given.name))
        problems += faults
        if faults:
            return {}
        found: dict[str, bytes] = {}
        for info, name in zip(infos, names, strict=True):
            with archive.open(info) as file:
                content = file.read(room + 1)
            room -= len(content)
            if room < 0:
                problems.append(_too_large(given.name))
                return {}
            found[name] = content
    except (*ARCHIVE_FAULTS, OSError, ValueError) as fault:
        problems.append(Problem("upload_damaged", given.name, values={"reason": str(fault)[:200]}))
        return {}
    return _without_top(found)


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name of an archive's file; Windows in China writes names in GBK without saying so."""
    name = info.filename
    if not info.flag_bits & _UTF8_NAME:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("gbk")
    return name.replace("\\", "/")


def _is_aside(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in PurePosixPath(name).parts)


def _reaches_out(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.parts or path.is_absolute() or ".." in path.parts or ":" in name or "\0" in name


def _is_special(info: zipfile.ZipInfo) -> bool:
    mode = info.external_attr >> 16
    return bool(info.flag_bits & _ENCRYPTED) or (mode != 0 and stat.S_IFMT(mode) not in (0, stat.S_IFREG))


def _without_top(files: Mapping[str, bytes]) -> dict[str, bytes]:
    tops = {PurePosixPath(name).parts[0] for name in files}
    shared = len(tops) == 1 and all(len(PurePosixPath(name).parts) > 1 for name in files)
    return {str(PurePosixPath(*PurePosixPath(name).parts[1:])) if shared else name: files[name] for name in files}


def _addresses(name: str, content: bytes) -> Iterable[Problem]:
    """Refuse a manifest that would make this program open a connection: the file came from outside."""
    for layer, entry in _entries(content).items():
        if is_address(str(entry.get("file", ""))):
            yield Problem("upload_address", name, row=f"layers.{layer}", field="file")


def _entries(manifest: bytes) -> dict[str, dict[str, Any]]:
    """Return what a manifest says of each layer; nothing where it does not read: the gate says what is wrong then."""
    try:
        layers = tomllib.loads(manifest.decode("utf-8-sig")).get("layers", {})
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return {}
    told = layers.items() if isinstance(layers, dict) else ()
    return {layer: entry for layer, entry in told if isinstance(entry, dict)}


# ---- county.toml -------------------------------------------------------------------------------
def guess_layers(names: Iterable[str]) -> dict[str, str]:
    """Return which file each layer or raster most likely is, by its name in either language.

    Examples
    --------
    >>> guess_layers(["schools.gpkg", "学校教室.csv", "roads_2022.fgb", "dem.tif"])
    {'schools': 'schools.gpkg', 'roads': 'roads_2022.fgb', 'dem': 'dem.tif'}
    """
    found: dict[str, str] = {}
    files = sorted(name for name in names if not name.lower().endswith((".toml", ".shx", ".dbf", ".prj", ".cpg")))
    for layer in (*TABLES, *RASTERS):
        words = (layer, TABLES[layer].zh) if layer in TABLES else (layer,)
        stems = {name: PurePosixPath(name).stem.lower() for name in files if name not in found.values()}
        exact = [name for name, stem in stems.items() if stem in words]
        near = [name for name, stem in stems.items() if any(stem.startswith(word) for word in words)]
        if exact or near:
            found[layer] = (exact or near)[0]
    return found


def write_manifest(folder: Path, header: Mapping[str, Any], files: Mapping[str, str], *, as_of: date) -> None:
    """Write ``county.toml`` for files that came without one.

    Parameters
    ----------
    folder : Path
        Where the files lie.
    header : mapping
        ``name, name_en, crs, base_year``.
    files : mapping
        ``{layer or raster: file}``.
    as_of : date
        Date of all of them; each may be mended in the file.
    """
    entries = {layer: {"file": file, "as_of": as_of} for layer, file in files.items()}
    tree: dict[str, Any] = {"county": dict(header)}
    tree["layers"] = {layer: entry for layer, entry in entries.items() if layer in TABLES}
    rasters = {layer: entry for layer, entry in entries.items() if layer in RASTERS}
    _save(folder, {**tree, "rasters": rasters} if rasters else tree)


def amend_manifest(folder: Path, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Change entries of layers in ``county.toml``: ``columns`` are added to, other keys replaced, None drops a key.

    Parameters
    ----------
    folder : Path
        Folder of the file.
    changes : mapping
        ``{layer: {key: value}}``.
    """
    tree = read_toml(folder / FILE)
    for layer, entry in changes.items():
        held = tree["layers"].setdefault(layer, {})
        for key, value in entry.items():
            held[key] = {**held.get(key, {}), **value} if key == "columns" and value else value
            if value is None:
                del held[key]
    _save(folder, tree)


def mapped_layers(folder: Path) -> set[str]:
    """Return the layers whose columns go by other names in their files; none where the manifest does not read."""
    return {layer for layer, entry in _entries((folder / FILE).read_bytes()).items() if entry.get("columns")}


def _save(folder: Path, tree: Mapping[str, Any]) -> None:
    with write_whole(folder / FILE) as draft:
        draft.write_text(tomli_w.dumps(tree), "utf-8")
