"""Where a school can stand: slope, unsuitable land and road access, as a reason for every point; the nearest good one.

A point is judged exactly, by the layers themselves. The nearest good spot is looked up: the middles of a grid over the
county are judged once, and of those that are good the nearest one is known for every cell of the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from affine import Affine

from layoutplan.access.hills import read_heights
from layoutplan.access.network import Flags, Floats
from layoutplan.county.layers import County
from layoutplan.county.tiffs import open_tiff
from layoutplan.norms import Norms
from layoutplan.plan.preparing import Prepared

# In this order: the first that holds is the reason of a point.
REASONS = ("", "outside_county", "too_steep", "unsuitable", "no_road")
_FINE, _OUTSIDE, _STEEP, _UNSUITABLE, _NO_ROAD = range(len(REASONS))
MASK_NORMS = ("site.slope_max", "site.slope_warn", "site.road_access_m")
_MOST_CELLS = 150_000
_LEAST_CELL_M = 25.0
_MOST_HEIGHTS = 1_000_000
PARCEL_REACH_M = 500.0


@dataclass(frozen=True)
class Spot:
    """What the masks say of one point.

    Parameters
    ----------
    east_m, north_m : float
        Point in the county's CRS.
    reason : str
        One of :data:`REASONS`; empty where a school can stand.
    slope : float
        Rise over run [share]; NaN where no elevation is known, which bars nothing.
    road_m : float
        Straight distance to the nearest road for vehicles [m].
    land : str
        Kind of unsuitable land it lies on; empty if none.
    is_steepish : bool
        Whether the slope is beyond the limit from which earthworks become dear.
    nearest : tuple of float or None
        East and north of the nearest spot where a school can stand [m], if this one is not; None where there is none.
    nearest_m : float
        How far it is; NaN where there is none, 0 where the point itself is good.
    """

    east_m: float
    north_m: float
    reason: str
    slope: float
    road_m: float
    land: str
    is_steepish: bool
    nearest: tuple[float, float] | None
    nearest_m: float


@dataclass(frozen=True, eq=False)
class Slopes:
    """Slopes [share] on a grid in the county's CRS; rows go south, NaN where no height is known."""

    slope: Floats
    west_m: float
    top_m: float
    cell_m: float

    @property
    def transform(self) -> Affine:
        """From column and row to east and north [m]."""
        return Affine(self.cell_m, 0.0, self.west_m, 0.0, -self.cell_m, self.top_m)

    def at(self, east_m: Floats, north_m: Floats) -> Floats:
        """Return the slopes at points, NaN outside the grid."""
        column = np.floor((east_m - self.west_m) / self.cell_m).astype(np.int64)
        row = np.floor((self.top_m - north_m) / self.cell_m).astype(np.int64)
        rows, columns = self.slope.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        found: Floats = np.full(len(row), np.nan)
        found[inside] = self.slope[row[inside], column[inside]]
        return found


@dataclass(frozen=True, eq=False)
class SiteMask:
    """The masks of one county.

    Parameters
    ----------
    prepared : Prepared
        Outline, roads and norms: ``site.slope_max``, ``site.slope_warn`` [share], ``site.road_access_m`` [m].

    Notes
    -----
    Slope is the steepest rise by central differences on the cells of the elevation raster, brought into the county's
    CRS. The layer ``unsuitable`` bars what lies in its polygons. Built when first asked for.
    """

    prepared: Prepared

    @property
    def norms(self) -> Norms:
        """Norms in force."""
        return self.prepared.norms

    def judge(self, east_m: Floats, north_m: Floats) -> npt.NDArray[np.int8]:
        """Judge points exactly.

        Parameters
        ----------
        east_m, north_m : float64 [point]
            Points in the county's CRS.

        Returns
        -------
        int8 [point]
            Index into :data:`REASONS`.
        """
        code = np.full(len(east_m), _FINE, dtype=np.int8)
        code[~shapely.intersects_xy(self._outline, east_m, north_m)] = _OUTSIDE
        tests = ((_STEEP, self._is_steep), (_UNSUITABLE, self._is_unsuitable), (_NO_ROAD, self._is_off_road))
        for number, holds in tests:
            left = np.flatnonzero(code == _FINE)
            code[left[holds(east_m[left], north_m[left])]] = number
        return code

    def _is_steep(self, east_m: Floats, north_m: Floats) -> Flags:
        steep: Flags = self._slope(east_m, north_m) > self.norms.value("site.slope_max") + 1e-9
        return steep

    def _is_unsuitable(self, east_m: Floats, north_m: Floats) -> Flags:
        hit = np.zeros(len(east_m), dtype=bool)
        hit[self._land.query(shapely.points(east_m, north_m), predicate="intersects")[0]] = True
        return hit

    def _is_off_road(self, east_m: Floats, north_m: Floats) -> Flags:
        off, reach_m = np.ones(len(east_m), dtype=bool), self.norms.value("site.road_access_m")
        off[self._roads.query(shapely.points(east_m, north_m), predicate="dwithin", distance=reach_m)[0]] = False
        return off

    def _slope(self, east_m: Floats, north_m: Floats) -> Floats:
        return self._heights.at(east_m, north_m) if self._heights else np.full(len(east_m), np.nan)

    def check(self, east_m: float, north_m: float) -> Spot:
        """Say whether a school can stand at a point, and where else if not.

        Parameters
        ----------
        east_m, north_m : float
            Point in the county's CRS.

        Returns
        -------
        Spot
            The nearest good spot is the middle of a cell of the grid, and judged as exactly as the point itself.
        """
        at, point = (np.array([east_m]), np.array([north_m])), shapely.Point(east_m, north_m)
        code, slope = int(self.judge(*at)[0]), float(self._slope(*at)[0])
        rows, road = self._land.query(point, predicate="intersects"), self._roads.nearest(point)
        road_m = float("inf") if road is None else float(shapely.distance(self._roads.geometries[road], point))
        # Of several kinds of land the one that stands first in the table is named.
        land = str(self.prepared.county.unsuitable["kind"].iloc[int(rows.min())]) if len(rows) else ""
        is_steepish = bool(slope > self.norms.value("site.slope_warn") + 1e-9)
        nearest, nearest_m = (None, 0.0) if code == _FINE else self._nearest(east_m, north_m)
        return Spot(east_m, north_m, REASONS[code], slope, road_m, land, is_steepish, nearest, nearest_m)

    def _nearest(self, east_m: float, north_m: float) -> tuple[tuple[float, float] | None, float]:
        if not len(self.good):
            return None, float("nan")
        distance, at = self._tree.query([east_m, north_m])
        east, north = self.good[int(at)].tolist()
        return (east, north), float(distance)

    @cached_property
    def good(self) -> Floats:
        """Middles of the cells of the grid where a school can stand (float64 [cell, 2]: east, north), row by row."""
        west, south, east, north = self.prepared.outline.bounds
        cell = max(np.sqrt((east - west) * (north - south) / _MOST_CELLS), _LEAST_CELL_M)
        columns = np.arange(west + cell / 2, east, cell)
        rows = np.arange(south + cell / 2, north, cell)
        easts, norths = (axis.ravel() for axis in np.meshgrid(columns, rows))
        fine = self.judge(easts, norths) == _FINE
        middles: Floats = np.column_stack([easts[fine], norths[fine]])
        return middles

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import cKDTree

        return cKDTree(self.good)

    @cached_property
    def _outline(self) -> shapely.Geometry:
        outline = self.prepared.outline
        shapely.prepare(outline)
        return outline

    @cached_property
    def _roads(self) -> shapely.STRtree:
        network = self.prepared.network
        return shapely.STRtree(network.edge_line[network.usable("drive")])

    @cached_property
    def _land(self) -> shapely.STRtree:
        return shapely.STRtree(self.prepared.county.unsuitable.geometry.to_numpy())

    @cached_property
    def _heights(self) -> Slopes | None:
        return measure_slopes(self.prepared.county)


def measure_slopes(county: County) -> Slopes | None:
    """Return the slopes of a county's elevation raster; None where it has none."""
    if "dem" not in county.rasters:
        return None
    from rasterio.warp import transform_bounds

    west, south, east, north = county.townships.total_bounds
    with open_tiff(county.rasters["dem"]) as raster:
        left, _, right, _ = transform_bounds(raster.crs, county.crs, *raster.bounds)
        cell = (right - left) / raster.width
    cell = max(cell, _LEAST_CELL_M, np.sqrt((east - west) * (north - south) / _MOST_HEIGHTS))
    easts, norths = np.arange(west - cell, east + 2 * cell, cell), np.arange(north + cell, south - 2 * cell, -cell)
    spots = np.column_stack([axis.ravel() for axis in np.meshgrid(easts, norths)])
    heights = read_heights(county.rasters["dem"], spots, crs=county.crs).reshape(len(norths), len(easts))
    down, right_up = np.gradient(heights, cell)
    return Slopes(np.hypot(down, right_up), float(easts[0] - cell / 2), float(norths[0] + cell / 2), float(cell))


def spot_frame(spots: list[Spot]) -> pd.DataFrame:
    """Return spots as a table: ``east_m, north_m, reason, slope, road_m, land, nearest_east_m, nearest_north_m``."""
    rows = [
        {
            "east_m": spot.east_m, "north_m": spot.north_m, "reason": spot.reason, "slope": spot.slope,
            "road_m": spot.road_m, "land": spot.land,
            "nearest_east_m": spot.nearest[0] if spot.nearest else np.nan,
            "nearest_north_m": spot.nearest[1] if spot.nearest else np.nan, "nearest_m": spot.nearest_m,
        }
        for spot in spots
    ]  # fmt: skip
    return pd.DataFrame(rows)


def nearest_on_parcel(parcels: gpd.GeoDataFrame, east_m: float, north_m: float) -> tuple[float, float]:
    """Return a point inside the nearest parcel within reach; the point itself if it is in one or none is near.

    Parameters
    ----------
    parcels : GeoDataFrame
        ``parcel_id`` and polygons; of two equally near the smaller id counts.
    east_m, north_m : float
        Point in the CRS of the parcels.
    """
    order = parcels.sort_values("parcel_id", ignore_index=True).geometry
    apart = shapely.distance(order.to_numpy(), shapely.Point(east_m, north_m))
    if not len(apart) or not 0.0 < apart.min() <= PARCEL_REACH_M:
        return east_m, north_m
    inside = order.iloc[int(np.argmin(apart))].representative_point()
    return float(inside.x), float(inside.y)
