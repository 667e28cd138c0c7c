"""The relief under the map: shading and slopes of the elevation raster as pictures in the map's own projection."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Sequence
from typing import Any, TypedDict

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import geometry_mask
from rasterio.io import MemoryFile
from rasterio.warp import Resampling, reproject

from layoutplan.county.layers import County
from layoutplan.plan.masks import measure_slopes
from layoutplan.present.ground import shade_relief

CELLS = 640
STRENGTH = 0.34
_WEB = "EPSG:3857"


class Relief(TypedDict):
    """A picture as data, and the degrees it lies on: ((south, west), (north, east))."""

    url: str
    bounds: tuple[tuple[float, float], tuple[float, float]]


def shade(county: County) -> Relief | None:
    """Return the shading of a county's hills, None where no elevation raster was handed in.

    Parameters
    ----------
    county : County
        Its raster ``dem`` is read; slopes away from the light darken, all else stays clear.
    """
    dem = county.rasters.get("dem")
    if dem is None:
        return None
    area = _area(county)
    west, south, east, north = area.total_bounds.tolist()
    light = shade_relief(dem, crs=_WEB, bounds=(west, south, east, north), cells=CELLS)
    dark = np.nan_to_num((1.0 - light) * STRENGTH).clip(0.0, 0.6)
    dark[_outside(area, light.shape)] = 0.0
    alpha = np.rint(dark * 255.0).astype(np.uint8)
    return _picture(area, [np.full_like(alpha, 60), alpha])


def draw_slopes(county: County, edges_deg: Sequence[float], colours: Sequence[str]) -> Relief | None:
    """Return the slopes of a county's hills in classes, None where no elevation raster was handed in.

    Parameters
    ----------
    county : County
        Its raster ``dem`` is read; the slopes are those by which sites are judged.
    edges_deg : sequence of float
        Where one class ends and the next begins [degree]; a slope on an edge is of the lower class.
    colours : sequence of str
        ``#rrggbb`` of each class.
    """
    slopes = measure_slopes(county)
    if slopes is None:
        return None
    area = _area(county)
    west, south, east, north = area.total_bounds.tolist()
    shares = np.full((max(2, round(CELLS * (north - south) / (east - west))), CELLS), np.nan)
    reproject(
        slopes.slope, shares, src_transform=slopes.transform, src_crs=county.crs, src_nodata=np.nan,
        dst_transform=_grid(area, shares.shape), dst_crs=_WEB, dst_nodata=np.nan, resampling=Resampling.average,
    )  # fmt: skip
    known = np.isfinite(shares) & ~_outside(area, shares.shape)
    classes = np.searchsorted(np.tan(np.deg2rad(edges_deg)), np.nan_to_num(shares))
    paints = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in colours], dtype=np.uint8)
    return _picture(area, [*np.moveaxis(paints[classes], -1, 0), np.where(known, 255, 0).astype(np.uint8)])


def _area(county: County) -> gpd.GeoSeries:
    return gpd.GeoSeries([county.townships.geometry.union_all()], crs=county.crs).to_crs(_WEB)


def _grid(area: gpd.GeoSeries, shape: tuple[int, ...]) -> Affine:
    west, south, east, north = area.total_bounds.tolist()
    return Affine((east - west) / shape[1], 0.0, west, 0.0, (south - north) / shape[0], north)


def _outside(area: gpd.GeoSeries, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    outside: npt.NDArray[np.bool_] = geometry_mask(area, out_shape=shape, transform=_grid(area, shape))
    return outside


def _picture(area: gpd.GeoSeries, bands: Sequence[npt.NDArray[Any]]) -> Relief:
    packed = base64.b64encode(_png(bands)).decode()
    west, south, east, north = area.to_crs("EPSG:4326").total_bounds.round(6).tolist()
    return {"url": f"data:image/png;base64,{packed}", "bounds": ((south, west), (north, east))}


def _png(bands: Sequence[npt.NDArray[Any]]) -> bytes:
    """Return a picture of colours, the last band its transparency."""
    rows, columns = bands[0].shape
    with warnings.catch_warnings(), MemoryFile() as file:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            file.name, "w", driver="PNG", width=columns, height=rows, count=len(bands), dtype="uint8", ZLEVEL=9
        ) as out:
            out.write(np.stack(bands))
        content: bytes = file.read()
    return content
