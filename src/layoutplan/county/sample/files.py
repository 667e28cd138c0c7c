"""Write the sample county as an education bureau would have it: maps, tables, rasters, and what names them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import rasterio
import rasterio.features
import shapely
from scipy import ndimage

from layoutplan.county.sample.facts import CRS, generator, rows_of
from layoutplan.county.sample.terrain import CELL_M, NORTH_M, WEST_M, Relief, noise

Floats = npt.NDArray[np.float64]

DEM_CELL_M = 60.0
PEOPLE_CELL_M = 150.0
DEM_NODATA = -32768
PEOPLE_NODATA = -9999.0
# GeoPackage keeps the time of writing; a fixed one keeps the bytes the same.
_WRITTEN = "2022-09-20T00:00:00Z"


@contextmanager
def _fixed_date() -> Iterator[None]:
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _WRITTEN})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def write_map(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write a layer as GeoPackage or FlatGeobuf, by the suffix; the file replaces one of that name at once."""
    part = path.with_name("part-" + path.name)
    part.unlink(missing_ok=True)
    is_gpkg = path.suffix == ".gpkg"
    options = {"driver": "GPKG", "layer": path.stem} if is_gpkg else {"driver": "FlatGeobuf", "SPATIAL_INDEX": "NO"}
    with _fixed_date():
        pyogrio.write_dataframe(frame, part, **options)
    part.replace(path)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV with a byte-order mark, so that Excel reads the Chinese in it."""
    write_bytes(path, frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and put it in place."""
    part = path.with_name("part-" + path.name)
    part.write_bytes(content)
    part.replace(path)


def write_dem(relief: Relief, outline: shapely.Polygon, path: Path) -> None:
    """Write heights in whole metres on a 60 m grid, to 1 km beyond the border."""
    ratio = CELL_M / DEM_CELL_M
    rows, columns = (round(size * ratio) for size in relief.height_m.shape)
    row, column = np.meshgrid(
        (np.arange(rows) + 0.5) / ratio - 0.5, (np.arange(columns) + 0.5) / ratio - 0.5, indexing="ij"
    )
    height = ndimage.map_coordinates(relief.height_m, [row, column], order=3, mode="nearest")
    height += 2.5 * noise((rows, columns), [9.0, 4.0], generator(70))
    transform = rasterio.Affine(DEM_CELL_M, 0.0, WEST_M, 0.0, -DEM_CELL_M, NORTH_M)
    inside = rasterio.features.rasterize([outline.buffer(1_000.0)], height.shape, transform=transform) == 1
    data = np.where(inside, np.round(height), DEM_NODATA).astype(np.int16)
    _write_raster(path, data, transform, DEM_NODATA)


def write_population(places: pd.DataFrame, relief: Relief, outline: shapely.Polygon, path: Path) -> None:
    """Write residents on a 150 m grid: around their place, on low and level ground; the sum is kept."""
    shape = relief.height_m.shape
    transform = rasterio.Affine(PEOPLE_CELL_M, 0.0, WEST_M, 0.0, -PEOPLE_CELL_M, NORTH_M)
    inside = rasterio.features.rasterize([outline], shape, transform=transform) == 1
    level = np.exp(-relief.above_valley_m / 60.0) * inside
    people = np.zeros(shape)
    for place in rows_of(places):
        spread, reach = (750.0, 14) if place.kind == "village" else (110.0, 2)
        row, column = int((NORTH_M - place.north_m) / PEOPLE_CELL_M), int((place.east_m - WEST_M) / PEOPLE_CELL_M)
        window = slice(row - reach, row + reach + 1), slice(column - reach, column + reach + 1)
        step = np.arange(-reach, reach + 1) * PEOPLE_CELL_M
        weight = (
            np.exp(-(step[:, None] ** 2 + step[None, :] ** 2) / (2 * spread**2))
            * np.maximum(level[window], 1e-6)
            * inside[window]
        )
        # Farms stand apart, so a village does not fill its ground.
        weight[weight < 0.12 * weight.max()] = 0.0
        people[window] += place.residents * weight / weight.sum()
    tenths = np.round(people * 10)
    residents = float(places["residents"].sum())
    richest = np.unravel_index(np.argmax(tenths), shape)
    tenths[richest] += round(residents * 10) - tenths.sum()
    _write_raster(path, np.where(inside, tenths / 10, PEOPLE_NODATA).astype(np.float32), transform, PEOPLE_NODATA)


def _write_raster(
    path: Path, data: npt.NDArray[np.float32] | npt.NDArray[np.int16], transform: object, nodata: float
) -> None:
    part = path.with_name("part-" + path.name)
    with rasterio.open(
        part, "w", driver="GTiff", height=data.shape[0], width=data.shape[1], count=1, dtype=data.dtype, crs=CRS,
        transform=transform, nodata=nodata, compress="deflate", predictor=3 if data.dtype == np.float32 else 2,
        zlevel=9, tiled=True, blockxsize=256, blockysize=256,
    ) as sheet:  # fmt: skip
        sheet.write(data, 1)
    part.replace(path)
