"""Points and shapes between the county's metres and the map's degrees, points at the pace of a drag."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

DECIMALS = 5


class Degrees:
    """Transforms single points on a thread of its own.

    PROJ prepares a transformation anew in every thread that uses it, which takes a tenth of a
    second, and Streamlit runs a page in a fresh thread each time.

    Parameters
    ----------
    crs : str
        The county's CRS.

    Examples
    --------
    >>> degrees = Degrees("EPSG:4544")
    >>> lat, lng = degrees.of(577_000.0, 3_990_000.0)
    >>> round(lat, 3), round(lng, 3)
    (36.037, 105.854)
    >>> [round(at) for at in degrees.metres(lat, lng)]
    [577000, 3990000]
    """

    def __init__(self, crs: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="degrees")
        self._out = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        self._in = Transformer.from_crs("EPSG:4326", crs, always_xy=True)

    def of(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Return latitude and longitude; infinite where the CRS does not reach."""
        lng, lat = self._thread.submit(self._out.transform, east_m, north_m).result()
        return float(lat), float(lng)

    def metres(self, lat: float, lng: float) -> tuple[float, float]:
        """Return east and north [m]; infinite where the CRS does not reach."""
        east, north = self._thread.submit(self._in.transform, lng, lat).result()
        return float(east), float(north)


def in_degrees(shapes: gpd.GeoSeries) -> npt.NDArray[Any]:
    """Return the shapes in WGS84, coordinates rounded to 5 decimals (about 1 m)."""
    degrees: npt.NDArray[Any] = shapely.transform(
        shapes.to_crs("EPSG:4326").to_numpy(), lambda at: np.round(at, DECIMALS)
    )
    return degrees


def as_geojson(degrees: npt.NDArray[Any]) -> list[dict[str, Any]]:
    """Return shapes in degrees as GeoJSON geometries."""
    return [json.loads(text) for text in shapely.to_geojson(degrees)]


def to_degrees(shapes: gpd.GeoSeries) -> list[dict[str, Any]]:
    """Return the shapes as GeoJSON geometries in WGS84."""
    return as_geojson(in_degrees(shapes))
