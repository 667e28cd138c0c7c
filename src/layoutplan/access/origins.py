"""Where people set out from: a point, or where in an area they live by the population raster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from layoutplan.county.tiffs import open_tiff

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

Floats = npt.NDArray[np.float64]
BASES = ("point", "population", "surface")


@dataclass(frozen=True, eq=False)
class Origins:
    """One point a place, where its people set out from.

    Parameters
    ----------
    points : GeoSeries
        Index ``place_id``.
    basis : object [place]
        ``point``: the place is one; ``population``: middle of the people of its area by the raster;
        ``surface``: some point inside, as the raster is missing or says nobody lives there.
    people : float64 [place]
        People of the raster in the area; NaN unless the basis is ``population``.
    spread_m : float64 [place]
        Mean straight distance of those people from the point; NaN where not known.
    """

    points: gpd.GeoSeries
    basis: npt.NDArray[Any]
    people: Floats
    spread_m: Floats

    def frame(self) -> pd.DataFrame:
        """Return the origins as a table: ``place_id, origin_basis, east_m, north_m, people, spread_m``."""
        import pandas as pd

        where = shapely.get_coordinates(self.points.to_numpy())
        facts = {"place_id": self.points.index.to_numpy(), "origin_basis": self.basis}
        facts |= {"east_m": where[:, 0], "north_m": where[:, 1], "people": self.people, "spread_m": self.spread_m}
        return pd.DataFrame(facts)


def find_origins(places: gpd.GeoDataFrame, population: Path | None) -> Origins:
    """Return the point every place travels from.

    In an area it is the mean of where its people live: every cell of the raster counts by the share
    of it inside the area, at the middle of that share. Where the mean lies outside the area, as in a
    horseshoe, it is the inhabited share nearest to it. One point stands for the whole place; how far
    its people live from it on average is kept in ``spread_m``.

    Parameters
    ----------
    places : GeoDataFrame
        ``place_id`` and points or areas, in a CRS in metres.
    population : Path, optional
        Raster of people a cell, with a CRS.

    Returns
    -------
    Origins
        In the order of the places.
    """
    import geopandas as gpd

    spots = places.geometry.to_numpy().copy()
    areas = np.flatnonzero(shapely.get_type_id(spots) != shapely.GeometryType.POINT)
    basis = np.full(len(spots), "point", dtype=object)
    basis[areas] = "surface"
    people, spread_m = np.full((2, len(spots)), np.nan)
    shapes = spots[areas]
    spots[areas] = shapely.point_on_surface(shapes)
    if population is not None and len(areas):
        for at, found in zip(areas.tolist(), _read_people(shapes, population, str(places.crs)), strict=True):
            if found is not None:
                spots[at], people[at], spread_m[at] = found
                basis[at] = "population"
    points = gpd.GeoSeries(spots, index=places["place_id"].to_numpy(), crs=places.crs)
    return Origins(points, basis, people, spread_m)


def _read_people(
    shapes: npt.NDArray[Any], population: Path, crs: str
) -> list[tuple[shapely.Point, float, float] | None]:
    # Takes long to import, and most places are points.
    import pyproj

    with open_tiff(population) as raster:
        there = pyproj.Transformer.from_crs(crs, raster.crs, always_xy=True).transform
        back = pyproj.Transformer.from_crs(raster.crs, crs, always_xy=True).transform
        return [_middle_of_people(raster, shape, there, back) for shape in shapes.tolist()]


def _middle_of_people(
    raster: Any, shape: shapely.Geometry, there: Callable[..., Any], back: Callable[..., Any]
) -> tuple[shapely.Point, float, float] | None:
    """Return the point, the people and their mean distance from it; None where nobody lives."""
    cells, people = _cells_under(raster, shape, there, back)
    if not len(cells):
        return None
    parts = shapely.intersection(cells, shape)
    weight = people * shapely.area(parts) / shapely.area(cells)
    parts, weight = parts[weight > 0], weight[weight > 0]
    if not len(parts):
        return None
    middles = shapely.get_coordinates(shapely.centroid(parts))
    mean = shapely.Point(np.round((middles * weight[:, None]).sum(axis=0) / weight.sum(), 3))
    if not shape.intersects(mean):
        inside = shapely.point_on_surface(parts)
        where = np.round(shapely.get_coordinates(inside), 3)
        off = np.round(shapely.distance(inside, mean), 3)
        mean = shapely.Point(where[np.lexsort((where[:, 1], where[:, 0], off))[0]])
    off = np.hypot(*(middles - shapely.get_coordinates(mean)).T)
    return mean, float(weight.sum()), float((off * weight).sum() / weight.sum())


def _cells_under(
    raster: Any, shape: shapely.Geometry, there: Callable[..., Any], back: Callable[..., Any]
) -> tuple[npt.NDArray[Any], Floats]:
    """Return the inhabited cells around an area as polygons in its CRS, and the people of each."""
    from rasterio.windows import Window

    corners = shapely.get_coordinates(shape)
    east, north = np.array(there(*corners.T))
    to, fro = ~raster.transform, raster.transform
    column, row = to.a * east + to.b * north + to.c, to.d * east + to.e * north + to.f
    # Lines bend between two CRS; one cell more on every side covers that.
    left, top = max(int(np.floor(column.min())) - 1, 0), max(int(np.floor(row.min())) - 1, 0)
    right = min(int(np.ceil(column.max())) + 1, raster.width)
    bottom = min(int(np.ceil(row.max())) + 1, raster.height)
    if right <= left or bottom <= top:
        return np.empty(0, dtype=object), np.empty(0)
    window = Window(left, top, right - left, bottom - top)
    people = raster.read(1, window=window, masked=True).astype(np.float64).filled(0.0)
    at = np.nonzero(np.nan_to_num(people) > 0.0)
    steps = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    columns, rows = at[1][:, None] + left + steps[:, 0], at[0][:, None] + top + steps[:, 1]
    east, north = fro.a * columns + fro.b * rows + fro.c, fro.d * columns + fro.e * rows + fro.f
    ring = np.stack(back(east, north), axis=-1)
    cells: npt.NDArray[Any] = shapely.polygons(ring) if len(ring) else np.empty(0, dtype=object)
    return cells, people[at]
