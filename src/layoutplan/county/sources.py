"""What kind of file a layer is in, judged by its bytes before any geodata library opens it.

A file may name other files or addresses that the library would follow, or unpack to more than
the machine holds. Only six plain formats pass, and only from inside the county's folder.
"""

from __future__ import annotations

import json
import lzma
import mmap
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any

from layoutplan.county.problems import near
from layoutplan.errors import DataError, Problem

MAX_BYTES = 500_000_000
MAX_UNPACKED_BYTES = 200_000_000
MAX_RATIO = 100
MAX_CELLS = 5_000_000

FORMATS = {
    ".gpkg": "GeoPackage",
    ".shp": "shapefile",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".fgb": "FlatGeobuf",
    ".csv": "CSV",
    ".xlsx": "Excel",
    ".xls": "Excel",
    ".tif": "GeoTIFF",
    ".tiff": "GeoTIFF",
    ".mbtiles": "MBTiles",
    ".pmtiles": "PMTiles",
}
_MAGIC = {
    ".gpkg": (b"SQLite format 3\0",),
    ".shp": (b"\0\0\x27\x0a",),
    ".fgb": (b"fgb\x03fgb",),
    ".xlsx": (b"PK\x03\x04",),
    ".xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
    ".tif": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".mbtiles": (b"SQLite format 3\0",),
    ".pmtiles": (b"PMTiles\x03",),
}
# Where a cell or a row says it stands; XML allows blanks, either quote and, to some readers, small letters.
_CELL = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]*)(\d{1,10})""")
# Where a CRS names a file: in WKT of either kind, in brackets of either kind, with or without quotes, and in PROJ's
# own words. "@null" alone is none.
_GRIDS = re.compile(
    rb"""
    PROJ4_GRIDS[^,]{0,9},\s*(?!["\s]*@null["\s]*[\])])([^\])]{1,300})
    | PARAMETERFILE\s*[\[(][^,]{0,200},\s*(?!["\s]*@null["\s]*[\])])([^\])]{1,300})
    | grids\s*=\s*(?!@null(?:[\s"\])]|\Z))([^\s"]{1,300})
    | PROJ4[^,\w]{0,9},[^\])]{0,300}?\b(?:init|file|model)\s*=\s*([^\s"]{1,300})
    """,
    re.IGNORECASE | re.VERBOSE,
)
# A word of each, in small letters, that is found a hundred times as fast.
_GRID_WORDS = (b"grids", b"parameterfile", b"proj4")
_CHUNK_BYTES = 1 << 24
# A cell that does not say where it stands: right of the one before, in the row that the row says.
_UNSAID = re.compile(rb"<(?:\w+:)?c(?=[\s/>])(?![^>]*\br\s*=)")
# A place or a part written otherwise than Excel writes it would be counted wrong; a workbook needs none of these.
_EVASIVE = re.compile(
    rb"""<!DOCTYPE|<!ENTITY|\br\s*=\s*["'][^"']{0,20}&|\A(?:\xff\xfe|\xfe\xff)|\A.{0,3}<\?xml[^>]{0,80}utf-?16""", re.I
)
# Views, virtual tables and tables with computed columns.
_COMPUTING = """
select name from sqlite_master where type = 'view' or (type = 'table' and lower(sql) like 'create virtual%'
and lower(name) not like 'rtree%') or (type = 'table' and lower(sql) not like 'create virtual%'
and exists (select 1 from pragma_table_xinfo(sqlite_master.name) where hidden > 1))
"""
_LONGEST_NAME = 255  # bytes
# What reading a damaged archive may raise; a member that says it is larger than memory is asked for whole before a
# byte of it is there.
ARCHIVE_FAULTS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, MemoryError, NotImplementedError, RuntimeError,
)  # fmt: skip


def find_file(folder: Path, name: str, *, layer: str) -> Path:
    """Return the file of a layer, which must be a plain file inside the county's folder.

    Parameters
    ----------
    folder : Path
        Folder of ``county.toml``.
    name : str
        What it says, relative to the folder; a backslash counts as a slash.
    layer : str
        Layer, for the message.

    Raises
    ------
    DataError
        The name leads outside, or nothing is there.
    """
    plain = name.replace("\\", "/")
    inside = PurePosixPath(plain)
    leads_out = "\0" in plain or "://" in plain or plain.startswith(("/", "~")) or ".." in inside.parts or ":" in plain
    path = folder.joinpath(*inside.parts) if not leads_out else folder
    if leads_out or not path.resolve().is_relative_to(folder.resolve()):
        raise DataError([Problem("path_outside", layer, field="file", values={"file": name})])
    # A name no disk can hold is an error of the system, not a "no".
    if any(len(part.encode()) > _LONGEST_NAME for part in inside.parts) or not path.is_file():
        there = near(path.name, [entry.name for entry in folder.iterdir() if entry.is_file()])
        raise DataError([Problem("file_missing", layer, field="file", values={"file": name, **there})])
    return path


def check_bytes(path: Path, *, layer: str, kinds: tuple[str, ...], most: int = MAX_BYTES) -> str:
    """Return the suffix of a file whose bytes are what its name says.

    Parameters
    ----------
    path : Path
        File to look at.
    layer : str
        Layer, for the message.
    kinds : tuple of str
        Suffixes that may hold this layer.
    most : int
        Bytes that it may have.

    Raises
    ------
    DataError
        The format is not one of the kinds, the bytes are of something else, or the file is too big.
    """
    suffix = path.suffix.lower()

    def refuse(code: str, **values: object) -> DataError:
        return DataError([Problem(code, layer, field="file", values={"file": path.name, **values})])

    if suffix not in kinds:
        raise refuse("file_format", formats=", ".join(kinds))
    size = path.stat().st_size
    if size == 0:
        raise refuse("file_empty")
    if size > most:
        raise refuse("file_too_big", size=f"{size / 1e6:.0f}", limit=f"{most / 1e6:.0f}")
    with path.open("rb") as file:
        head = file.read(4096)
    if suffix in _MAGIC and not head.startswith(_MAGIC[suffix]):
        raise refuse("file_disguised", format=FORMATS[suffix])
    if suffix == ".csv" and (b"\0" in head or head.startswith((b"PK\x03\x04", b"<"))):
        raise refuse("file_disguised", format=FORMATS[suffix])
    if suffix == ".xlsx" and (size_fault := _workbook_fault(path)):
        raise refuse(size_fault, limit=f"{MAX_CELLS:,}", format=FORMATS[suffix])
    return suffix


def geojson_crs_is_said(path: Path, *, layer: str) -> bool:
    """Return whether a GeoJSON file names a CRS; without one, RFC 7946 means WGS 84.

    Raises
    ------
    DataError
        The file is no feature collection.
    """
    try:
        tree = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as fault:
        values = {"file": path.name, "reason": str(fault)}
        raise DataError([Problem("file_unreadable", layer, field="file", values=values)]) from fault
    if not isinstance(tree, dict) or tree.get("type") not in ("FeatureCollection", "Feature"):
        values = {"file": path.name, "format": "GeoJSON"}
        raise DataError([Problem("file_disguised", layer, field="file", values=values)])
    for said in _said_crs(tree):
        # GDAL would follow a link.
        if not isinstance(said, dict) or str(said.get("type")).lower() != "name":
            raise DataError([Problem("crs_names_file", layer, field="crs", values={"value": str(said)[:200]})])
        _refuse_grids_in(str(said.get("properties")).encode("utf-8", "replace"), layer)
    return "crs" in tree


def _said_crs(tree: dict[str, Any]) -> Iterator[object]:
    """Yield every CRS a GeoJSON states, of the whole, of a feature or of a geometry."""
    features = tree.get("features")
    for part in (tree, *(features if isinstance(features, list) else ())):
        for holder in (part, part.get("geometry")) if isinstance(part, dict) else ():
            if isinstance(holder, dict) and holder.get("crs") is not None:
                yield holder["crs"]


def refuse_grids(path: Path, suffix: str, *, layer: str) -> None:
    """Refuse a map or raster whose CRS names a file of its own: the library opens it as soon as it reads the CRS.

    Of a GeoPackage, :func:`geopackage_layer` has to have said before that nothing in it is computed.

    Raises
    ------
    DataError
        ``crs_names_file``, with the name.
    """
    if suffix == ".gpkg":
        for text in _stated_crs(path):
            _refuse_grids_in(text, layer)
        return
    # Where in a FlatGeobuf or a GeoTIFF the CRS stands, the file itself says, so all of it is looked at.
    beside = (file for file in path.parent.iterdir() if file.stem == path.stem and file.suffix.lower() == ".prj")
    for file in beside if suffix == ".shp" else [path]:
        if _speaks_of_grids(file):
            # Not into memory: a picture of a county may be larger than that.
            with file.open("rb") as held, mmap.mmap(held.fileno(), 0, access=mmap.ACCESS_READ) as content:
                _refuse_grids_in(content, layer)


def _refuse_grids_in(text: bytes | mmap.mmap, layer: str) -> None:
    if found := _GRIDS.search(text):
        value = next(filter(None, found.groups())).decode("utf-8", "replace").strip(' "')
        raise DataError([Problem("crs_names_file", layer, field="crs", values={"value": value[:200]})])


def _speaks_of_grids(path: Path) -> bool:
    with path.open("rb") as file:
        before = b""
        while chunk := file.read(_CHUNK_BYTES):
            small = before + chunk.lower()
            if any(word in small for word in _GRID_WORDS):
                return True
            before = small[-max(map(len, _GRID_WORDS)) :]
    return False


def _stated_crs(path: Path) -> Iterator[bytes]:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            rows = base.execute("select * from gpkg_spatial_ref_sys").fetchall()
    except sqlite3.DatabaseError:
        return  # it states none that could be read
    yield from (
        cell if isinstance(cell, bytes) else str(cell).encode("utf-8", "replace") for row in rows for cell in row
    )


def geopackage_layer(path: Path, wanted: str | None, *, layer: str) -> str:
    """Return the layer to read from a GeoPackage: a plain table, not a view that computes.

    Parameters
    ----------
    path : Path
        GeoPackage.
    wanted : str or None
        What ``county.toml`` says.
    layer : str
        Name of the layer here; taken when the file holds several and nothing is said.

    Raises
    ------
    DataError
        No such layer, several to choose from, a view or computed column, or another program has it open.
    """

    def refuse(code: str, **values: object) -> DataError:
        return DataError([Problem(code, layer, field="layer", values={"file": path.name, **values})])

    for suffix in ("-journal", "-wal"):
        beside = path.with_name(path.name + suffix)
        if beside.is_file() and beside.stat().st_size:
            raise refuse("file_in_use")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            # What only computes is never asked, for it can be made to compute without end.
            computing = {name for (name,) in base.execute(_COMPUTING)}
            if about := sorted(name for name in computing if name.lower().startswith("gpkg_")):
                raise refuse("layer_is_view", wanted=about[0])
            kinds = [name for (name,) in base.execute("select name from sqlite_master where type in ('table', 'view')")]
            names = [row[0] for row in base.execute("select table_name from gpkg_contents where data_type <> 'tiles'")]
            names = sorted(name for name in names if name in kinds and name != "layer_styles")
            chosen = wanted or (names[0] if len(names) == 1 else layer)
    except sqlite3.DatabaseError as fault:
        raise refuse("file_unreadable", reason=str(fault)) from fault
    if chosen not in names:
        code = "layer_not_found" if wanted else "layer_choose"
        raise refuse(code, wanted=chosen, **near(chosen, names), names=", ".join(names) or "-")
    if chosen in computing:
        raise refuse("layer_is_view", wanted=chosen)
    return chosen


def _workbook_fault(path: Path) -> str:
    """Return the code of what is wrong with a workbook's size, judged without unpacking it to memory."""
    try:
        with zipfile.ZipFile(path) as book:
            members = book.infolist()
            unpacked = sum(member.file_size for member in members)
            packed = max(1, sum(member.compress_size for member in members))
            if unpacked > MAX_UNPACKED_BYTES or (unpacked > 1_000_000 and unpacked / packed > MAX_RATIO):
                return "workbook_too_big"
            # A sheet may stand under any name, and what a part says of its length is only checked by reading it.
            parts = (book.read(member) for member in members)
            return next((fault for fault in map(_part_fault, parts) if fault), "")
    except (*ARCHIVE_FAULTS, OSError, ValueError):
        return "file_disguised"


def _part_fault(part: bytes) -> str:
    if _EVASIVE.search(part):
        return "file_disguised"
    return "workbook_too_big" if _cells(part) > MAX_CELLS else ""


def _cells(sheet: bytes) -> int:
    """Return rows times columns up to the farthest cell of a sheet, whether its place is said or counted."""
    found = set(_CELL.findall(sheet))
    widest = max((_column_number(letters) for letters, _ in found), default=0)
    farthest = max((int(row) for letters, row in found if letters), default=0)
    if _UNSAID.search(sheet):
        farthest = max((int(row) for _, row in found), default=0) + sheet.count(b"<row")
        widest = max([widest, *(len(_UNSAID.findall(row)) for row in sheet.split(b"<row"))])
    return widest * farthest


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
