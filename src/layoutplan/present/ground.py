"""The ground of a sheet: relief, catchments, roads and boundaries, from the bottom up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from layoutplan.county.tiffs import open_tiff
from layoutplan.present.inking import line_path, ring_path
from layoutplan.present.look import look

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from shapely.geometry.base import BaseGeometry

_RELIEF_DPI = 150
_STROKE_MM = 0.06
_FINE_ROADS = ("track", "path")
# Metres per millimetre: fine roads are drawn down to 1:100 000.
_FINE_UNIT = 100.0
_RELIEF_INK = (61, 51, 38)
_AZIMUTH_DEG, _ALTITUDE_DEG = 315.0, 45.0
# zorder of each layer; signs start at 19, names at 30
_BAND, _FILL, _RELIEF, _EDGE, _ROAD, _TOWNSHIP, _JUNIOR, _COUNTY = 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0


# Ground from which no way leads to a school, on every map and in every key.
NO_WAY: Mapping[str, Any] = MappingProxyType({"facecolor": "#ebe8e1", "edgecolor": "#b9b2a6", "hatch": "...."})


def polygon_path(shape: BaseGeometry) -> list[npt.NDArray[np.float64]]:
    """Return the rings of a polygon or multipolygon as arrays [vertex, 2]."""
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return [shapely.get_coordinates(ring) for part in polygons for ring in (part.exterior, *part.interiors)]


def fill_area(axes: Axes, *shapes: BaseGeometry, **style: object) -> None:
    """Fill polygons, all as one path, with their holes left open; empty shapes draw nothing."""
    from matplotlib.patches import PathPatch

    if rings := [ring for shape in shapes for ring in polygon_path(shape)]:
        axes.add_artist(PathPatch(ring_path(rings), **style))


def draw_catchments(axes: Axes, catchments: gpd.GeoDataFrame, hues: dict[str, int]) -> None:
    """Fill each catchment with its hue; ground from which no school can be reached is hatched."""
    shapes, hue = catchments.geometry.to_numpy(), catchments["school_id"].map(hues).to_numpy(float)
    for number in np.unique(hue[np.isfinite(hue)]):
        colour = look().catchments[int(number)]
        fill_area(axes, *shapes[hue == number], facecolor=colour, linewidth=0, alpha=0.85, zorder=_FILL)
    fill_area(axes, *shapes[np.isfinite(hue)], fill=False, edgecolor="#9a917f", linewidth=0.45, zorder=_EDGE)
    for shape in shapes[np.isnan(hue)]:
        fill_area(axes, shape, **NO_WAY, linewidth=0, zorder=_FILL)


def draw_junior_borders(axes: Axes, catchments: gpd.GeoDataFrame) -> None:
    """Draw where one junior catchment ends and the next begins."""
    lines = shapely.boundary(catchments.geometry.to_numpy())
    outer = shapely.boundary(shapely.union_all(catchments.geometry.to_numpy()))
    inner = shapely.line_merge(shapely.difference(shapely.union_all(lines), shapely.buffer(outer, 1.0)))
    _draw_lines(axes, [inner], color=look().colours.junior_line, linewidth=0.95, alpha=0.75, zorder=_JUNIOR)


def _draw_lines(axes: Axes, shapes: list[BaseGeometry], **style: object) -> None:
    from matplotlib.collections import LineCollection

    parts = [
        part for shape in shapes for part in shapely.get_parts(shape) if part.geom_type in ("LineString", "LinearRing")
    ]
    lines = [shapely.get_coordinates(part) for part in parts]
    axes.add_collection(LineCollection(lines, capstyle="round", joinstyle="round", **style), autolim=False)  # type: ignore[arg-type]


def within_window(frame: gpd.GeoDataFrame, window: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    """Return the rows whose shapes reach into a window (left, bottom, right, top)."""
    return frame[shapely.intersects(frame.geometry.to_numpy(), shapely.box(*window))]


def draw_roads(axes: Axes, roads: gpd.GeoDataFrame, *, unit: float, stronger: float = 1.0) -> None:
    """Draw roads by class, lesser ones below; ``stronger`` scales the line widths.

    Bends smaller than a stroke are left out, and footpaths and farm tracks on maps of a small scale:
    on paper they would be a grey blur.
    """
    from matplotlib.patches import PathPatch

    for kind, style_of in reversed(look().roads.items()):
        if kind in _FINE_ROADS and unit > _FINE_UNIT:
            continue
        mine = roads.loc[roads["class"] == kind].geometry
        parts = shapely.simplify(shapely.get_parts(mine.to_numpy()), _STROKE_MM * unit)
        style: dict[str, Any] = {"edgecolor": style_of.colour, "linewidth": style_of.width * stronger, "zorder": _ROAD}
        axes.add_artist(PathPatch(line_path(parts), fill=False, capstyle="round", joinstyle="round", **style))


def draw_boundaries(axes: Axes, townships: gpd.GeoDataFrame, *, unit: float) -> BaseGeometry:
    """Draw township lines (dashed) and the county line with a soft band outside; return the county's area."""
    outline = shapely.union_all(townships.geometry.to_numpy())
    for width_mm, colour in ((2.6, "#ece6da"), (1.4, "#e0d8c9")):
        band = shapely.difference(shapely.buffer(outline, width_mm * unit), outline)
        fill_area(axes, band, facecolor=colour, linewidth=0, zorder=_BAND)
    borders = shapely.union_all(shapely.boundary(townships.geometry.to_numpy()))
    inner = shapely.line_merge(shapely.difference(borders, shapely.buffer(shapely.boundary(outline), 1.0)))
    _draw_lines(
        axes, [inner], color=look().colours.boundary, linewidth=0.8, linestyle=(0, (5.0, 2.2)), zorder=_TOWNSHIP
    )
    fill_area(axes, outline, fill=False, edgecolor=look().colours.boundary, linewidth=1.5, zorder=_COUNTY)
    return outline


def draw_relief(axes: Axes, dem: Path, *, crs: str, within: BaseGeometry) -> None:
    """Shade the relief inside an area, lit from the north-west.

    Parameters
    ----------
    axes : Axes
        Map in the county's CRS; its limits say what is shown.
    dem : Path
        Elevation raster [m] in any CRS it names itself.
    crs : str
        CRS of the axes.
    within : geometry
        Shading ends at its edge.
    """
    from matplotlib.patches import PathPatch

    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    width_inch = axes.get_position().width * axes.figure.get_figwidth()  # type: ignore[union-attr]
    cells = max(200, round(width_inch * _RELIEF_DPI))
    shade = shade_relief(dem, crs=crs, bounds=(left, bottom, right, top), cells=cells)
    # Dark slopes darken and lit slopes stay clear, so that the hues underneath keep their lightness.
    picture = np.empty((*shade.shape, 4), dtype=np.uint8)
    picture[..., 0:3] = _RELIEF_INK
    picture[..., 3] = np.rint(np.nan_to_num((1.0 - shade) * look().relief * 2.0).clip(0.0, 0.6) * 255.0)
    # Without interpolation PDF and SVG keep the picture at its own size instead of blowing it up.
    image = axes.imshow(picture, extent=(left, right, bottom, top), interpolation="none", zorder=_RELIEF, aspect="auto")
    image.set_clip_path(PathPatch(ring_path(polygon_path(within)), transform=axes.transData))


def shade_relief(
    dem: Path, *, crs: str, bounds: tuple[float, float, float, float], cells: int
) -> npt.NDArray[np.float64]:
    """Return the brightness of the relief, 0 to 1, missing where the raster has no height.

    Parameters
    ----------
    dem : Path
        Elevation raster [m].
    crs : str
        Projected CRS in metres of the answer.
    bounds : (left, bottom, right, top)
        What is shaded [m].
    cells : int
        Cells from left to right.

    Returns
    -------
    ndarray
        Brightness [row, column], north up.
    """
    return _shade(dem, dem.stat().st_mtime_ns, crs, bounds, cells)


@lru_cache(maxsize=4)
def _shade(
    dem: Path, written_ns: int, crs: str, bounds: tuple[float, float, float, float], cells: int
) -> npt.NDArray[np.float64]:
    """Do so once for all sheets of a county, as long as the file is the same."""
    del written_ns
    import rasterio
    from affine import Affine
    from matplotlib.colors import LightSource
    from rasterio.warp import Resampling, reproject

    left, bottom, right, top = bounds
    cell_m = (right - left) / cells
    rows, columns = max(2, round((top - bottom) / cell_m)), cells
    grid = Affine((right - left) / columns, 0.0, left, 0.0, (bottom - top) / rows, top)
    heights = np.full((rows, columns), np.nan)
    with open_tiff(dem) as source:
        reproject(
            rasterio.band(source, 1), heights, dst_transform=grid,
            dst_crs=crs, dst_nodata=np.nan, resampling=Resampling.cubic_spline,
        )  # fmt: skip
    known = np.isfinite(heights)
    if not known.any():
        return heights
    spread = np.nanpercentile(heights, 98) - np.nanpercentile(heights, 2)
    # Hills of a county are gentle at this scale: raise them until the slopes can be seen.
    raised = float(np.clip(0.035 * max(right - left, top - bottom) / max(spread, 1.0), 1.0, 8.0))
    filled = np.where(known, heights, np.nanmean(heights))
    light = LightSource(azdeg=_AZIMUTH_DEG, altdeg=_ALTITUDE_DEG)
    shade = light.hillshade(filled, vert_exag=raised, dx=cell_m, dy=cell_m)
    return np.where(known, shade, np.nan)
