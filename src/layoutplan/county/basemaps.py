"""Pictures to lie under the map: MBTiles, PMTiles and GeoTIFF, cut into the squares of web maps.

A base map is looked at and never counted: no plan depends on it, so it is no layer of the county and no part of
its fingerprint. All three kinds answer one question: the picture of a square (zoom, column, row) as it stands in
the file, or, from a GeoTIFF, warped for it.
"""

from __future__ import annotations

import sqlite3
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from layoutplan.county.crs import Frame, crs_problem
from layoutplan.county.problems import show
from layoutplan.county.sources import check_bytes, find_file, refuse_grids
from layoutplan.county.tiffs import RASTER_FAULTS, open_tiff, overview_problem
from layoutplan.errors import DataError, Problem

KINDS = (".mbtiles", ".pmtiles", ".tif", ".tiff")
TILE_PX = 256
MOST_ZOOM = 22
# Imagery of a county is larger than any layer of it.
MAX_BYTES = 50_000_000_000
# Of a square, and of a list of squares, packed and unpacked.
_MAX_TILE_BYTES = 2_000_000
# A GeoTIFF larger than this needs overviews: else one square far out reads all of it.
_MAX_PIXELS = 25_000_000
_HALF_M = 20_037_508.342789244
_MERCATOR = ("3857", "900913", "3785", "mercator")
_WORLD = (-180.0, -85.0, 180.0, 85.0)
_STEPS = 20_000_000  # of SQLite's machine for one square; a view that never ends is cut off there
_BROKEN = (
    *RASTER_FAULTS,
    OSError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    ArithmeticError,
    sqlite3.Error,
    struct.error,
    zlib.error,
)

Bounds = tuple[float, float, float, float]
Square = tuple[int, int, int]


@dataclass(frozen=True)
class Basemap:
    """A base map in Web Mercator.

    Parameters
    ----------
    path : Path
        The file.
    bounds : (west, south, east, north)
        Degrees that it covers.
    zooms : (int, int)
        Least and greatest zoom that it holds.
    read : callable
        Zoom, column and row (counted from the north) to the bytes of a picture, or None.
    """

    path: Path
    bounds: Bounds
    zooms: tuple[int, int]
    read: Callable[[int, int, int], bytes | None]

    def tile(self, zoom: int, column: int, row: int) -> bytes | None:
        """Return the PNG, JPEG or WebP of a square, None where the base map holds none."""
        side = 1 << zoom if 0 <= zoom <= MOST_ZOOM else 0
        if not (0 <= column < side and 0 <= row < side):
            return None
        try:
            content = self.read(zoom, column, row)
        except _BROKEN:
            return None
        return content if content and len(content) <= _MAX_TILE_BYTES and media_type(content) else None


def media_type(content: bytes) -> str:
    r"""Return the media type of a picture by its first bytes, empty for anything that is none of the three.

    Examples
    --------
    >>> media_type(b"\x89PNG\r\n\x1a\n..."), media_type(b"<svg onload=...>")
    ('image/png', '')
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""


def check_basemap(folder: Path, file: str, *, name: str, county: Frame | None) -> Path:
    """Return the path of a base map that can be shown and covers part of the county.

    Parameters
    ----------
    folder : Path
        Folder of ``county.toml``.
    file : str
        What it says.
    name : str
        Name of the base map there.
    county : Frame or None
        Where it should lie; not checked where the townships could not be read.

    Raises
    ------
    DataError
        The file is missing, is none of the three kinds, holds no pictures, or lies elsewhere.
    """
    layer = f"basemaps.{name}"
    path = find_file(folder, file, layer=layer)
    west, south, east, north = open_basemap(path, layer=layer).bounds
    if county is not None:
        turn = pyproj.Transformer.from_crs("EPSG:4326", county.target, always_xy=True)
        box = shapely.box(*turn.transform_bounds(west, south, east, north))
        if not box.intersects(shapely.box(*county.box)):
            values = {"west": f"{west:.2f}", "south": f"{south:.2f}", "east": f"{east:.2f}", "north": f"{north:.2f}"}
            raise DataError([Problem("basemap_elsewhere", layer, field="file", values=values)])
    return path


def open_basemap(path: Path, *, layer: str = "basemaps") -> Basemap:
    """Return a base map, ready to be asked for squares.

    Parameters
    ----------
    path : Path
        An MBTiles or PMTiles file of pictures, or a GeoTIFF of bytes.
    layer : str
        Named in the message if it cannot be shown.

    Raises
    ------
    DataError
        With what is wrong.
    """
    suffix = check_bytes(path, layer=layer, kinds=KINDS, most=MAX_BYTES)
    opened = {".mbtiles": _open_mbtiles, ".pmtiles": _open_pmtiles}.get(suffix, _open_raster)
    try:
        return opened(path, layer)
    except DataError:
        raise
    except _BROKEN as fault:
        values = {"file": path.name, "reason": show(fault)}
        raise DataError([Problem("file_unreadable", layer, field="file", values=values)]) from fault


def _refuse(code: str, layer: str, path: Path, **values: object) -> DataError:
    return DataError([Problem(code, layer, field="file", values={"file": path.name, **values})])


def _judge(content: bytes | None, layer: str, path: Path) -> None:
    """Refuse a file whose first square is no picture; vector tiles are gzip or protocol buffers."""
    if not content:
        raise _refuse("basemap_empty", layer, path)
    if not media_type(content):
        raise _refuse("basemap_vector", layer, path)


# ---- MBTiles -----------------------------------------------------------------------------
def _query(path: Path, statement: str, *values: int) -> list[Any]:
    """Ask a file that may be crafted: read only, no functions of its own, and not for ever."""
    with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True)) as base:
        base.execute("PRAGMA trusted_schema = OFF")
        base.set_progress_handler(lambda: 1, _STEPS)
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_TILE_BYTES)
        return base.execute(statement, values).fetchall()


def _open_mbtiles(path: Path, layer: str) -> Basemap:
    said = {str(name): str(value) for name, value in _query(path, "SELECT name, value FROM metadata")}
    crs = next((said[name] for name in ("crs", "srs", "profile") if name in said), "")
    if crs and not any(known in crs.lower() for known in _MERCATOR):
        raise _refuse("basemap_projection", layer, path, crs=show(crs))
    _judge(_picture_in(_query(path, "SELECT tile_data FROM tiles LIMIT 1")), layer, path)
    ((least, most),) = _query(path, "SELECT (SELECT min(zoom_level) FROM tiles), (SELECT max(zoom_level) FROM tiles)")
    zooms = (int(least), min(int(most), MOST_ZOOM))

    def read(zoom: int, column: int, row: int) -> bytes | None:
        # Rows of MBTiles are counted from the south.
        found = _query(
            path, "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            zoom, column, (1 << zoom) - 1 - row,
        )  # fmt: skip
        return _picture_in(found)

    return Basemap(path, _said_bounds(said.get("bounds", "")) or _held_bounds(path, zooms[1]), zooms, read)


def _picture_in(rows: list[Any]) -> bytes | None:
    """Return the bytes of the first row; a number would else stand for so many empty bytes."""
    return rows[0][0] if rows and isinstance(rows[0][0], bytes) else None


def _said_bounds(text: str) -> Bounds | None:
    try:
        return _checked_bounds(*(float(part) for part in text.split(",")))
    except (TypeError, ValueError):
        return None


def _checked_bounds(west: float, south: float, east: float, north: float) -> Bounds | None:
    return (west, south, east, north) if -180 <= west < east <= 180 and -90 <= south < north <= 90 else None


def _held_bounds(path: Path, zoom: int) -> Bounds:
    asked = "SELECT min(tile_column), min(tile_row), max(tile_column), max(tile_row) FROM tiles WHERE zoom_level = ?"
    ((left, bottom, right, top),) = _query(path, asked, zoom)
    last = (1 << zoom) - 1
    west, _, _, north = square_metres(zoom, left, last - top)
    _, south, east, _ = square_metres(zoom, right, last - bottom)
    turn = pyproj.Transformer.from_crs("EPSG:3857", "EPSG:4326", always_xy=True)
    (west, east), (south, north) = turn.transform([west, east], [south, north])
    return west, south, east, north


# ---- PMTiles -----------------------------------------------------------------------------
def _open_pmtiles(path: Path, layer: str) -> Basemap:
    from pmtiles.reader import Reader
    from pmtiles.tile import Compression, TileType

    def part(offset: int, length: int) -> bytes:
        with path.open("rb") as file:
            file.seek(offset)
            content = file.read(min(length, _MAX_TILE_BYTES))
        # The library would unpack a list of squares to any length.
        _unpack(content)
        return content

    read_archive: Any = Reader  # the library is untyped here
    reader = read_archive(part)
    header = reader.header()
    if header["tile_type"] == TileType.MVT:
        raise _refuse("basemap_vector", layer, path)
    packed = header["tile_compression"] == Compression.GZIP

    def read(zoom: int, column: int, row: int) -> bytes | None:
        content = reader.get(zoom, column, row)
        return _unpack(content) if content and packed else content

    if not packed:
        _judge(part(header["tile_data_offset"], min(header["tile_data_length"], 64)), layer, path)
    corners = [header[name] / 1e7 for name in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")]
    bounds = _checked_bounds(*corners) or _WORLD
    return Basemap(path, bounds, (header["min_zoom"], min(header["max_zoom"], MOST_ZOOM)), read)


def _unpack(content: bytes) -> bytes:
    """Return gzipped content unpacked, anything else as it is.

    Raises
    ------
    ValueError
        It is longer than a square or a list of squares may be.
    """
    if not content.startswith(b"\x1f\x8b"):
        return content
    unpacking = zlib.decompressobj(wbits=31)
    unpacked = unpacking.decompress(content, _MAX_TILE_BYTES)
    # A second archive behind the first would be unpacked too.
    if unpacking.unconsumed_tail or unpacking.unused_data:
        raise ValueError(f"more than {_MAX_TILE_BYTES / 1e6:g} MB unpacked")
    return unpacked


# ---- GeoTIFF -----------------------------------------------------------------------------
def _open_raster(path: Path, layer: str) -> Basemap:
    from rasterio.warp import transform_bounds

    refuse_grids(path, path.suffix.lower(), layer=layer)
    with open_tiff(path) as raster:
        problems = list(_raster_problems(raster, layer))
        if problems:
            raise DataError(problems)
        west, south, east, north = transform_bounds(raster.crs, "EPSG:4326", *raster.bounds)
        metres = transform_bounds(raster.crs, "EPSG:3857", *raster.bounds)
        finest = (metres[2] - metres[0]) / raster.width
    most = int(np.clip(np.ceil(np.log2(2 * _HALF_M / TILE_PX / finest)), 0, MOST_ZOOM))
    return Basemap(path, (west, south, east, north), (max(0, most - 8), most), lambda *at: _warp(path, at))


def _raster_problems(raster: Any, layer: str) -> Iterator[Problem]:
    if (problem := overview_problem(raster, layer)) is not None:
        yield problem
        return
    if raster.crs is None:
        yield Problem("raster_no_crs", layer, field="crs")
    elif (problem := crs_problem(pyproj.CRS.from_wkt(raster.crs.to_wkt()), layer)) is not None:
        yield problem
    if raster.transform.e >= 0:  # upside down, or it says of no cell where it lies
        yield Problem("raster_turned", layer)
    if raster.count not in (1, 3, 4) or set(raster.dtypes) != {"uint8"}:
        yield Problem(
            "basemap_bands", layer, values={"count": raster.count, "kind": ", ".join(sorted(set(raster.dtypes)))}
        )
    if raster.width * raster.height > _MAX_PIXELS and not raster.overviews(1):
        yield Problem("basemap_overviews", layer, values={"pixels": f"{raster.width} × {raster.height}"})


def square_metres(zoom: int, column: int, row: int) -> Bounds:
    """Return west, south, east and north of a square in metres of Web Mercator.

    Examples
    --------
    >>> [round(at) for at in square_metres(1, 0, 0)]
    [-20037508, 0, 0, 20037508]
    """
    side = 2 * _HALF_M / (1 << zoom)
    west, north = column * side - _HALF_M, _HALF_M - row * side
    return west, north - side, west + side, north


def _warp(path: Path, at: Square) -> bytes | None:
    import rasterio
    from affine import Affine
    from rasterio.warp import Resampling, reproject

    west, south, _, north = square_metres(*at)
    cell_m = (north - south) / TILE_PX
    with open_tiff(path, **_overview(path, cell_m)) as raster:
        table, count = _colour_table(raster), raster.count
        bands = np.zeros((min(count, 3) + 1, TILE_PX, TILE_PX), dtype=np.uint8)
        reproject(
            rasterio.band(raster, list(range(1, min(count, 3) + 1))), bands, dst_crs="EPSG:3857",
            dst_transform=Affine(cell_m, 0.0, west, 0.0, -cell_m, north), dst_alpha=len(bands),
            resampling=Resampling.bilinear if table is None else Resampling.nearest,
            **({"src_alpha": 4} if count == 4 else {}),
        )  # fmt: skip
    colours, alpha = bands[:-1], bands[-1:]
    if not alpha.any():
        return None
    if table is not None:
        colours = np.moveaxis(table[colours[0]], -1, 0)
    return _press(np.concatenate([colours, alpha]) if (alpha < 255).any() else colours)


def _overview(path: Path, cell_m: float) -> dict[str, int]:
    """Return the coarsest overview that is fine enough for cells of a size, as an option of opening the file."""
    from rasterio.warp import transform_bounds

    with open_tiff(path) as raster:
        west, _, east, _ = transform_bounds(raster.crs, "EPSG:3857", *raster.bounds)
        fits = [factor for factor in raster.overviews(1) if factor * (east - west) / raster.width <= cell_m]
    return {"overview_level": len(fits) - 1} if fits else {}


def _colour_table(raster: Any) -> npt.NDArray[np.uint8] | None:
    try:
        table = raster.colormap(1)
    except ValueError:
        return None
    return np.array([table[value][:3] for value in range(256)], dtype=np.uint8)


def _press(bands: npt.NDArray[np.uint8]) -> bytes:
    """Return a picture as JPEG, or as PNG where parts of it are clear."""
    from rasterio.errors import NotGeoreferencedWarning
    from rasterio.io import MemoryFile

    driver = "PNG" if len(bands) in (2, 4) else "JPEG"
    with warnings.catch_warnings(), MemoryFile() as file:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with file.open(driver=driver, width=TILE_PX, height=TILE_PX, count=len(bands), dtype="uint8") as out:
            out.write(bands)
        content: bytes = file.read()
    return content
