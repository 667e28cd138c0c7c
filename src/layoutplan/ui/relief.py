"""The relief under the map: shading of the elevation raster as a picture in the map's own projection."""

from __future__ import annotations

import base64
import warnings
from typing import TypedDict

import geopandas as gpd
import numpy as np
import rasterio
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import geometry_mask
from rasterio.io import MemoryFile

from layoutplan.county.layers import County
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
    area = gpd.GeoSeries([county.townships.geometry.union_all()], crs=county.crs).to_crs(_WEB)
    west, south, east, north = (float(value) for value in area.total_bounds)
    light = shade_relief(dem, crs=_WEB, bounds=(west, south, east, north), cells=CELLS)
    grid = Affine((east - west) / light.shape[1], 0.0, west, 0.0, (south - north) / light.shape[0], north)
    outside = geometry_mask(area, out_shape=light.shape, transform=grid)
    dark = np.nan_to_num((1.0 - light) * STRENGTH).clip(0.0, 0.6)
    dark[outside] = 0.0
    packed = base64.b64encode(_png(np.rint(dark * 255.0).astype(np.uint8))).decode()
    degrees = area.to_crs("EPSG:4326").total_bounds.round(6).tolist()
    return {
        "url": f"data:image/png;base64,{packed}",
        "bounds": ((degrees[1], degrees[0]), (degrees[3], degrees[2])),
    }


def _png(alpha: np.ndarray) -> bytes:
    """Return a dark picture of which only the transparency varies."""
    rows, columns = alpha.shape
    with warnings.catch_warnings(), MemoryFile() as file:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            file.name, "w", driver="PNG", width=columns, height=rows, count=2, dtype="uint8", ZLEVEL=9
        ) as out:
            out.write(np.full_like(alpha, 60), 1)
            out.write(alpha, 2)
        content: bytes = file.read()
    return content
