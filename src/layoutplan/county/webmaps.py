"""The shifts of Chinese web maps: undone where declared, and known so that an undeclared one can be recognised."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]

_AXIS_M = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
_BAIDU = np.pi * 3000.0 / 180.0
_STEPS = 30
WEB_MAPS = ("GCJ-02", "BD-09")


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Undo the GCJ-02 shift of Chinese web maps.

    Parameters
    ----------
    lon, lat : float64[point]
        Shifted degrees.

    Returns
    -------
    lon, lat : float64[point]
        WGS 84 degrees, to a millimetre.

    Examples
    --------
    >>> lon, lat = gcj02_to_wgs84(np.array([120.601099983]), np.array([31.278648624]))
    >>> float(lon[0].round(6)), float(lat[0].round(6))
    (120.596931, 31.280844)
    """
    return _undo(lon, lat, wgs84_to_gcj02)


def bd09_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Undo the BD-09 shift of Baidu maps; arguments as in :func:`gcj02_to_wgs84`."""
    return gcj02_to_wgs84(*_undo(lon, lat, gcj02_to_bd09))


def web_map_shift(web_map: str, spots: gpd.GeoSeries) -> tuple[float, float]:
    """Return how far a web map moves points here, east and north in metres: the mean over them.

    Parameters
    ----------
    web_map : {"GCJ-02", "BD-09"}
        Web map.
    spots : GeoSeries
        Points where they truly are, in a projected CRS.

    Examples
    --------
    >>> xiji = gpd.GeoSeries([shapely.Point(565_000, 3_981_000)], crs="EPSG:4544")
    >>> east, north = web_map_shift("GCJ-02", xiji)
    >>> round(east), round(north)
    (364, -22)
    """
    there = spots.to_crs("EPSG:4326").array
    lon, lat = wgs84_to_gcj02(shapely.get_x(there), shapely.get_y(there))
    if web_map == "BD-09":
        lon, lat = gcj02_to_bd09(lon, lat)
    moved = gpd.GeoSeries(shapely.points(lon, lat), crs="EPSG:4326").to_crs(spots.crs).array
    here = spots.array
    apart = shapely.get_coordinates(moved) - shapely.get_coordinates(here)
    return float(apart[:, 0].mean()), float(apart[:, 1].mean())


def _undo(lon: Floats, lat: Floats, shift: Any) -> tuple[Floats, Floats]:
    """Invert a shift by fixed point; its slope is below 0.01, so a few steps reach 1e-12 degrees."""
    east, north = np.asarray(lon, float), np.asarray(lat, float)
    for _ in range(_STEPS):
        there = shift(east, north)
        east, north = east - (there[0] - lon), north - (there[1] - lat)
    return east, north


def wgs84_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift WGS 84 degrees to GCJ-02 by the published formula."""
    u, v, pi = lon - 105.0, lat - 35.0, np.pi
    wave = 20 * np.sin(6 * u * pi) + 20 * np.sin(2 * u * pi)
    north = -100 + 2 * u + 3 * v + 0.2 * v * v + 0.1 * u * v + 0.2 * np.sqrt(np.abs(u))
    north += (wave + 20 * np.sin(v * pi) + 40 * np.sin(v / 3 * pi)) * 2 / 3
    north += (160 * np.sin(v / 12 * pi) + 320 * np.sin(v * pi / 30)) * 2 / 3
    east = 300 + u + 2 * v + 0.1 * u * u + 0.1 * u * v + 0.1 * np.sqrt(np.abs(u))
    east += (wave + 20 * np.sin(u * pi) + 40 * np.sin(u / 3 * pi)) * 2 / 3
    east += (150 * np.sin(u / 12 * pi) + 300 * np.sin(u / 30 * pi)) * 2 / 3
    angle = np.radians(lat)
    magic = 1 - _ECCENTRICITY2 * np.sin(angle) ** 2
    north = np.degrees(north * magic**1.5 / (_AXIS_M * (1 - _ECCENTRICITY2)))
    east = np.degrees(east * np.sqrt(magic) / (_AXIS_M * np.cos(angle)))
    return lon + east, lat + north


def gcj02_to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift GCJ-02 degrees to BD-09."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
