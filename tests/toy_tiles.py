"""Small base maps made by the tests: one square colour a zoom, so that a picture says where it comes from."""

import io
import sqlite3
from contextlib import closing

import matplotlib.image
import numpy as np
import rasterio
from affine import Affine
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

BOUNDS = (105.0, 35.0, 107.0, 37.0)
ZOOMS = range(6, 13)
COLOURS = {zoom: (40 + 15 * zoom, 90, 200 - 10 * zoom) for zoom in ZOOMS}


def square(zoom):
    """Return a PNG of one colour."""
    out = io.BytesIO()
    matplotlib.image.imsave(out, np.full((256, 256, 3), COLOURS[zoom], dtype=np.uint8), format="png")
    return out.getvalue()


def squares(zoom):
    """Return columns and rows from the north that the bounds touch."""
    side = 1 << zoom
    west, south, east, north = BOUNDS
    column = [int((lng + 180) / 360 * side) for lng in (west, east)]
    row = [int((1 - np.arcsinh(np.tan(np.deg2rad(lat))) / np.pi) / 2 * side) for lat in (north, south)]
    return [(x, y) for x in range(column[0], column[1] + 1) for y in range(row[0], row[1] + 1)]


def write_mbtiles(path, *, metadata=(), picture=square, zooms=ZOOMS):
    said = {"name": "toy", "format": "png", "bounds": ",".join(map(str, BOUNDS)), **dict(metadata)}
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE metadata (name text, value text)")
        base.execute("CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)")
        base.execute("CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row)")
        base.executemany("INSERT INTO metadata VALUES (?, ?)", [(k, v) for k, v in said.items() if v is not None])
        for zoom in zooms:
            content, last = picture(zoom), (1 << zoom) - 1
            base.executemany(
                "INSERT INTO tiles VALUES (?, ?, ?, ?)", [(zoom, x, last - y, content) for x, y in squares(zoom)]
            )
        base.commit()
    return path


def write_pmtiles(path, *, kind=TileType.PNG, picture=square, zooms=ZOOMS):
    buffer = io.BytesIO()
    writer = Writer(buffer)
    for number, level in sorted((zxy_to_tileid(zoom, x, y), zoom) for zoom in zooms for x, y in squares(zoom)):
        writer.write_tile(number, picture(level))
    west, south, east, north = (round(at * 1e7) for at in BOUNDS)
    header = {
        "tile_type": kind, "tile_compression": Compression.NONE, "min_lon_e7": west, "min_lat_e7": south,
        "max_lon_e7": east, "max_lat_e7": north, "center_zoom": 8, "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }  # fmt: skip
    writer.finalize(header, {"name": "toy"})
    path.write_bytes(buffer.getvalue())
    return path


def write_picture(path, *, bands=3, kind="uint8", crs="EPSG:4544", size=400, table=None):
    """Write a GeoTIFF whose western half is dark and whose eastern half is pale."""
    values = np.full((bands, size, size), 40, dtype=kind)
    values[:, :, size // 2 :] = 200
    grid = Affine(120_000 / size, 0, 500_000, 0, -120_000 / size, 4_020_000)
    with rasterio.open(
        path, "w", driver="GTiff", width=size, height=size, count=bands, dtype=kind, crs=crs, transform=grid
    ) as out:
        out.write(values)
        if table:
            out.write_colormap(1, table)
    return path
