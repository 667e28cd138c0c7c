"""Bring every layer into the county's CRS once, and refuse coordinates that cannot be in theirs.

Axes are always east, north. A CRS is never guessed: a layer that says none, or one its
coordinates cannot be in, is refused together with the CRSs that would put it in the county.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from layoutplan.county.problems import Rows
from layoutplan.county.webmaps import bd09_to_wgs84, gcj02_to_wgs84
from layoutplan.errors import DataError, Problem

Floats = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]

MARGIN_M = 50_000.0
_DEGREES_MAX = 360.0
_SAMPLE = 200
# WGS 84 and CGCS2000 agree within decimetres, so the transform without parameters is right for them alone.
# Datums within a metre of each other; only the first five are met in China.
_MODERN = ("WGS 84", "China Geodetic Coordinate System 2000", "CGCS2000", "China_2000", "WGS_1984",
           "SIRGAS 2000", "ETRS89", "ITRF", "GDA2020")  # fmt: skip
_CHINA: Box = (73.0, 3.0, 136.0, 54.0)


@dataclass(frozen=True)
class Frame:
    """Where layers should lie: the county's CRS and a box in it.

    Parameters
    ----------
    target : pyproj.CRS
        Projected CRS in metres.
    box : (float, float, float, float)
        West, south, east, north in metres: the townships, or what the CRS is made for.
    """

    target: pyproj.CRS
    box: Box


def frame_of(target: pyproj.CRS, townships: gpd.GeoDataFrame | None = None) -> Frame:
    """Return where layers should lie: within the townships, or within the CRS' area of use."""
    if townships is not None and len(townships) and bool(np.isfinite(townships.total_bounds).all()):
        west, south, east, north = (float(value) for value in townships.total_bounds)
        return Frame(target, (west, south, east, north))
    use = target.area_of_use.bounds if target.area_of_use else _CHINA
    to_target = _transformer("EPSG:4326", target.to_wkt())
    return Frame(target, to_target.transform_bounds(*use))


def to_county_crs(
    frame: gpd.GeoDataFrame, *, declared: str | None, target: str, layer: str, county: Frame | None = None
) -> gpd.GeoDataFrame:
    """Return a layer in the county's CRS; where a row lies is checked by :func:`check_inside`.

    Parameters
    ----------
    frame : GeoDataFrame
        Layer with the CRS its file says, or none.
    declared : str or None
        CRS that ``county.toml`` says, ``GCJ-02`` or ``BD-09`` included.
    target : str
        Projected CRS of the county.
    layer : str
        Name of the layer, for the message.
    county : Frame, optional
        Where the layer should lie; without it, the area of use of the target.

    Returns
    -------
    GeoDataFrame
        New frame; missing geometries stay missing.

    Raises
    ------
    DataError
        The CRS is missing, unknown, stands twice and differs, is of an old datum, or is in
        degrees where the coordinates are metres or the other way round.
    """
    goal = county or frame_of(pyproj.CRS.from_user_input(target))
    source, shift = _source(frame, declared, layer=layer, county=goal)
    return _move(frame, source, shift, layer=layer, county=goal)


# How WKT names a grid of a datum, and how what is left of a PROJ string in it does; "@null" is none.
_FILES = re.compile(
    r'PARAMETERFILE\["[^"]*","(?!@null")([^"]+)"|\+(?:\w*grids|\w*file|init|tables)=(?!@null\b)([^\s"]+)'
)


def place_layer(
    frame: gpd.GeoDataFrame, *, declared: str | None, rows: Rows, county: Frame
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return a layer in the county's CRS, and a problem for every row that is not in the county.

    Parameters are those of :func:`to_county_crs`, ``rows`` says where the rows stand.

    Raises
    ------
    DataError
        As :func:`to_county_crs`.
    """
    source, shift = _source(frame, declared, layer=rows.layer, county=county)
    moved = _move(frame, source, shift, layer=rows.layer, county=county)
    raw = frame.geometry.set_crs(source, allow_override=True)
    return moved, _check_inside(moved, raw, rows=rows, county=county)


def _move(
    frame: gpd.GeoDataFrame, source: pyproj.CRS, shift: str | None, *, layer: str, county: Frame
) -> gpd.GeoDataFrame:
    _check_datum(source, layer)
    _check_unit(frame, source, layer=layer, county=county)
    moved = frame.set_crs(source, allow_override=True)
    if shift:
        undo = gcj02_to_wgs84 if shift == "GCJ-02" else bd09_to_wgs84
        moved = moved.set_geometry(shapely.transform(moved.geometry.array, undo, interleaved=False), crs="EPSG:4326")
    if shift or not same_crs(source, county.target):
        moved = moved.to_crs(county.target)
    return moved.set_crs(county.target, allow_override=True)


def _check_inside(moved: gpd.GeoDataFrame, raw: gpd.GeoSeries, *, rows: Rows, county: Frame) -> list[Problem]:
    """Name the rows that lie outside the county by more than 50 km, and those that would not if turned."""
    there = raw.notna().to_numpy(dtype=bool)
    far_m = np.where(there, _outside_m(moved.geometry.array, county.box), 0.0)
    out = ~(far_m <= MARGIN_M)
    if not out.any():
        return []
    source = raw.crs
    flipped = gpd.GeoSeries(shapely.transform(raw.array, lambda xy: xy[:, ::-1]), crs=source)
    swapped = out & (_outside_m(flipped.to_crs(county.target).array, county.box) <= MARGIN_M)
    lost = out & ~swapped
    found: list[Problem] = []
    for code, where in (("axes_swapped", swapped), ("outside_county", lost)):
        if not where.any():
            continue
        worst = np.max(np.where(np.isfinite(far_m), far_m, 2e7)[where])
        values: dict[str, Any] = {
            "count": int(where.sum()),
            "km": f"{worst / 1000:.0f}",
            "ids": rows.sample(where),
            "crs": _name(source),
            "fits": fits(raw[where], county),
        }
        if where[there].all():
            found.append(Problem(code, rows.layer, field="geometry", values=values))
        else:
            found += rows.problems(code, where, field="geometry", **values)
    return found


def county_crs(text: str, *, centre: tuple[float, float] | None = None) -> tuple[pyproj.CRS | None, Problem | None]:
    """Return the county's CRS, or why it cannot be one and which would fit.

    Parameters
    ----------
    text : str
        What ``county.toml`` says.
    centre : (float, float), optional
        Longitude and latitude of the county in degrees, to name the CRS that fits.
    """
    zone = "EPSG:4534 … EPSG:4554"
    if centre is not None and np.isfinite(centre[0]):
        middle = round(centre[0] / 3) * 3
        zone = f"EPSG:{4534 + (middle - 75) // 3}" if 75 <= middle <= 135 else zone
    values = {"value": text, "fits": zone}

    def refuse(code: str) -> tuple[None, Problem]:
        return None, Problem(code, "county.toml", row="county", field="crs", values=values)

    crs = _parse(text)
    if crs is None:
        return refuse("crs_unknown")
    if not crs.is_projected or any(abs(axis.unit_conversion_factor - 1) > 1e-9 for axis in crs.axis_info[:2]):
        return refuse("crs_not_metres")
    if is_old_datum(crs):
        return refuse("crs_old_datum")
    if "Mercator" in crs.name and "Pseudo" in crs.name:
        return refuse("crs_stretched")
    return crs, None


def fits(geometry: gpd.GeoSeries, county: Frame) -> str:
    """Return the CRSs in which coordinates would lie in the county, best known first; a dash if none would."""
    points = shapely.get_coordinates(geometry.array)
    points = points[np.isfinite(points).all(axis=1)]
    points = points[:: max(1, len(points) // _SAMPLE)]
    if not len(points):
        return "-"
    found = []
    for name in _candidates(county):
        east, north = _transformer(name, county.target.to_wkt()).transform(points[:, 0], points[:, 1])
        inside = _outside_m(shapely.points(east, north), county.box) <= MARGIN_M
        if inside.mean() > 0.9:
            found.append(name)
    return ", ".join(found) or "-"


def same_crs(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    """Say whether two CRSs are the same but for axis order and spelling."""
    if one.equals(other, ignore_axis_order=True):
        return True
    codes = one.to_epsg(min_confidence=70), other.to_epsg(min_confidence=70)
    return codes[0] is not None and codes[0] == codes[1]


def _source(
    frame: gpd.GeoDataFrame, declared: str | None, *, layer: str, county: Frame
) -> tuple[pyproj.CRS, str | None]:
    """Return the CRS of a layer, and the web-map shift it was declared to have."""
    said = frame.crs
    if said is None and declared is None:
        values = {"fits": fits(frame.geometry, county)}
        raise DataError([Problem("crs_missing", layer, field="crs", values=values)])
    if declared is None:
        return said, None
    shift = {"GCJ02": "GCJ-02", "BD09": "BD-09"}.get(declared.upper().replace("-", "").replace(" ", ""))
    stated = pyproj.CRS("EPSG:4326") if shift else _parse(declared)
    if stated is None:
        raise DataError(
            [
                Problem(
                    "crs_unknown", layer, field="crs", values={"value": declared, "fits": fits(frame.geometry, county)}
                )
            ]
        )
    agrees = said is None or (said.is_geographic if shift else same_crs(said, stated))
    if not agrees:
        values = {"file": _name(said), "declared": declared}
        raise DataError([Problem("crs_conflict", layer, field="crs", values=values)])
    return stated, shift


def _check_datum(source: pyproj.CRS, layer: str) -> None:
    if (problem := crs_problem(source, layer)) is not None:
        raise DataError([problem])


def crs_problem(crs: pyproj.CRS, layer: str) -> Problem | None:
    """Return why nothing may be moved from a CRS that a file brought along; nothing where it may."""
    if named := file_named(crs):
        return Problem("crs_names_file", layer, field="crs", values={"value": named})
    if is_old_datum(crs):
        return Problem("crs_old_datum", layer, field="crs", values={"value": _name(crs), "fits": "-"})
    return None


def file_named(crs: pyproj.CRS) -> str:
    """Return the file a CRS names, which PROJ would open to move points; empty where it names none.

    Examples
    --------
    >>> file_named(pyproj.CRS("EPSG:4544"))
    ''
    """
    found = _FILES.search(crs.to_wkt())
    return next(filter(None, found.groups())) if found else ""


def is_old_datum(crs: pyproj.CRS) -> bool:
    """Say whether PROJ would move this datum to CGCS2000 by doing nothing, tens of metres wrong."""
    base = crs.geodetic_crs
    if base is None:
        return True
    if any(name in base.name for name in _MODERN):
        return False
    group = TransformerGroup(crs, "EPSG:4490", always_xy=True)
    return not group.transformers or group.transformers[0].accuracy < 0


def _check_unit(frame: gpd.GeoDataFrame, source: pyproj.CRS, *, layer: str, county: Frame) -> None:
    points = shapely.get_coordinates(frame.geometry.array)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return
    largest = np.abs(points).max()
    degrees = bool(largest <= _DEGREES_MAX)
    if degrees == source.is_geographic:
        return
    code = "degrees_for_metres" if degrees else "metres_for_degrees"
    # One stray row among degrees is a fault of that row, which the check against the county names.
    if not degrees and np.median(np.abs(points)) <= _DEGREES_MAX:
        return
    values = {"crs": _name(source), "value": f"{points[0, 0]:.6g}, {points[0, 1]:.6g}"}
    raise DataError([Problem(code, layer, field="crs", values={**values, "fits": fits(frame.geometry, county)})])


def _outside_m(shapes: Any, box: Box) -> Floats:
    """Return how far each shape reaches beyond a box, in metres; infinite where it has no place."""
    west, south, east, north = shapely.bounds(np.asarray(shapes)).T
    dx = np.maximum(np.maximum(box[0] - west, east - box[2]), 0)
    dy = np.maximum(np.maximum(box[1] - south, north - box[3]), 0)
    far = np.hypot(dx, dy)
    return np.where(np.isfinite(far), far, np.inf)


def _candidates(county: Frame) -> Iterator[str]:
    """Name the CRSs that layers of Chinese counties come in, near this county's meridian."""
    back = _transformer(county.target.to_wkt(), "EPSG:4326")
    lon, _ = back.transform((county.box[0] + county.box[2]) / 2, (county.box[1] + county.box[3]) / 2)
    yield "EPSG:4490"
    yield "EPSG:4326"
    middle = round(lon / 3) * 3
    for meridian in (middle, middle - 3, middle + 3):
        if 75 <= meridian <= 135:
            yield f"EPSG:{4534 + (meridian - 75) // 3}"
            yield f"EPSG:{4513 + (meridian - 75) // 3}"
    sixth = (int(lon) // 6) * 6 + 3
    if 75 <= sixth <= 135:
        yield f"EPSG:{4491 + (sixth - 75) // 6}"
    yield f"EPSG:{32600 + int(lon + 180) // 6 + 1}"
    yield "EPSG:3857"


@cache
def _transformer(source: str, target: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def _parse(text: str) -> pyproj.CRS | None:
    """Return the CRS of an authority code; files and addresses are not followed."""
    if not text.upper().replace(" ", "").startswith(("EPSG:", "OGC:", "ESRI:")):
        return None
    try:
        return pyproj.CRS.from_string(text.strip())
    except (CRSError, ProjError):
        return None


def _name(crs: pyproj.CRS) -> str:
    code = crs.to_epsg(min_confidence=70)
    return f"EPSG:{code} {crs.name}" if code else crs.name
