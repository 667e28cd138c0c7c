"""Check the geometries of a layer: there, finite, flat, valid, and of the kind the table asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely import GeometryType

from layoutplan.county.problems import Mask, Rows
from layoutplan.county.tables import Table
from layoutplan.errors import Problem

# A repair may move a border by a hair, not change who lives within it.
MAX_AREA_CHANGE = 0.001
_KINDS = {
    "point": (GeometryType.POINT,),
    "line": (GeometryType.LINESTRING,),
    "polygon": (GeometryType.POLYGON, GeometryType.MULTIPOLYGON),
    "point_or_polygon": (GeometryType.POINT, GeometryType.POLYGON, GeometryType.MULTIPOLYGON),
}
_MULTI = (GeometryType.MULTIPOINT, GeometryType.MULTILINESTRING, GeometryType.MULTIPOLYGON)

Shapes = npt.NDArray[Any]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Checked:
    """Geometries after the check.

    Parameters
    ----------
    geometry : GeoSeries
        Two-dimensional; missing where the row is at fault.
    problems : list of Problem
        Rows at fault.
    warnings : list of Problem
        Polygons that were repaired.
    """

    geometry: gpd.GeoSeries
    problems: list[Problem]
    warnings: list[Problem]


def check_shapes(geometry: gpd.GeoSeries, table: Table, rows: Rows) -> Checked:
    """Return flat, valid geometries of the kind a table asks for, and every row that has none.

    Parameters
    ----------
    geometry : GeoSeries
        As the file has them; lines of several parts were split before.
    table : Table
        Contract of the layer.
    rows : Rows
        Where the rows stand.
    """
    shapes = shapely.force_2d(geometry.to_numpy())
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    problems = rows.problems("geometry_empty", missing, field="geometry")
    endless = ~missing & ~_is_finite(shapes)
    problems += rows.problems("geometry_not_finite", endless, field="geometry")
    shapes = _unpack(_without(shapes, missing | endless))
    known = ~shapely.is_missing(shapes)
    kinds = shapely.get_type_id(shapes)
    wrong = known & ~np.isin(kinds, _KINDS[table.geometry])
    names = [GeometryType(kind).name.lower() if kind >= 0 else "" for kind in kinds] if wrong.any() else None
    problems += rows.problems("geometry_kind", wrong, field="geometry", shown=names, wanted=table.geometry)
    flat = known & ~wrong & (kinds == GeometryType.LINESTRING) & (shapely.length(shapes) == 0)
    problems += rows.problems("line_no_length", flat, field="geometry")
    shapes = _without(shapes, wrong | flat)
    shapes, broken, repaired = _repair(shapes)
    reasons = [shapely.is_valid_reason(shape) for shape in _without(shapes, ~broken)]
    problems += rows.problems("polygon_invalid", broken, field="geometry", shown=reasons)
    warnings = _repair_warnings(rows, repaired)
    shapes = _without(shapes, broken)
    return Checked(gpd.GeoSeries(shapes, index=geometry.index, crs=geometry.crs), problems, warnings)


def split_lines(geometry: gpd.GeoSeries) -> tuple[gpd.GeoSeries, Positions, Positions]:
    """Return lines of several parts as lines of their own.

    Parameters
    ----------
    geometry : GeoSeries
        LineString or MultiLineString.

    Returns
    -------
    geometry : GeoSeries
        One line a part, in order.
    at : int64[line]
        Position of the row each line comes from.
    part : int64[line]
        Number of the part, from 1; 0 for a line that was whole.
    """
    shapes = geometry.to_numpy()
    parts = shapely.get_num_geometries(shapes)
    many = (shapely.get_type_id(shapes) == GeometryType.MULTILINESTRING) & (parts > 1)
    repeats = np.where(many, parts, 1)
    at = np.repeat(np.arange(len(shapes)), repeats)
    part = np.arange(len(at)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    pieces = np.where(many[at], shapely.get_geometry(shapes[at], part), shapes[at])
    split = gpd.GeoSeries(pieces, index=geometry.index[at], crs=geometry.crs)
    return split, at, np.where(many[at], part + 1, 0)


def _without(shapes: Shapes, where: Mask) -> Shapes:
    """Return the geometries with the marked ones missing."""
    kept = shapes.copy()
    kept[where] = None
    return kept


def _is_finite(shapes: Shapes) -> Mask:
    points, at = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), dtype=bool)
    finite[at[~np.isfinite(points).all(axis=1)]] = False
    return finite


def _unpack(shapes: Shapes) -> Shapes:
    """Return collections of one part as that part."""
    one = np.isin(shapely.get_type_id(shapes), _MULTI) & (shapely.get_num_geometries(shapes) == 1)
    return np.where(one, shapely.get_geometry(shapes, 0), shapes)


def _repair(shapes: Shapes) -> tuple[Shapes, Mask, Mask]:
    """Make polygons valid where that leaves their area as it is; return also which broke and which were mended."""
    broken = ~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)
    repaired = np.zeros(len(shapes), dtype=bool)
    for at in np.flatnonzero(broken):
        parts = shapely.get_parts(shapely.make_valid(shapes[at]))
        parts = shapely.get_parts(parts[shapely.get_dimensions(parts) == 2])
        before, after = shapely.area(shapes[at]), shapely.area(parts).sum()
        if before > 0 and abs(after - before) <= MAX_AREA_CHANGE * before:
            shapes[at] = parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
            repaired[at], broken[at] = True, False
    return shapes, broken, repaired


def _repair_warnings(rows: Rows, repaired: Mask) -> list[Problem]:
    if not repaired.any():
        return []
    values = {"count": int(repaired.sum()), "ids": rows.sample(repaired)}
    return [Problem("polygon_repaired", rows.layer, field="geometry", values=values)]
