"""People of a population raster by place: exact sums over the ground that is nearest to each place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layoutplan.access.network import Floats
from layoutplan.county.layers import County
from layoutplan.county.tiffs import open_tiff


def sum_raster(path: Path, shapes: gpd.GeoSeries) -> Floats:
    """Sum a raster over polygons; a cell counts by the part of it that a polygon covers.

    Parameters
    ----------
    path : Path
        Raster of counts, such as persons a cell.
    shapes : GeoSeries of Polygon
        In any CRS; they are taken into the raster's.

    Returns
    -------
    float [shape]
        Sums; 0 where a polygon covers no cell with a value. Polygons that tile a larger one sum to its sum.
    """
    # exactextract takes a second to import, and most counties have a register.
    from exactextract import exact_extract

    with open_tiff(path) as raster:
        areas = gpd.GeoDataFrame({"number": range(len(shapes))}, geometry=shapes.to_crs(raster.crs).to_numpy())
        areas = areas.set_crs(raster.crs)
        sums = exact_extract(raster, areas, ["sum"], include_cols=["number"], output="pandas")
    found = sums.set_index("number")["sum"].reindex(range(len(shapes)))
    people: Floats = found.fillna(0.0).to_numpy(float)
    return people


def ground_of_places(county: County, township_ids: Sequence[str]) -> gpd.GeoSeries:
    """Return the ground of every place of some townships: what is nearer to it than to another of its township.

    Parameters
    ----------
    county : County
        Places and townships.
    township_ids : sequence of str
        Townships to share out; each is tiled without gap or overlap.

    Returns
    -------
    GeoSeries
        Index ``place_id``; places on one spot share the ground of the first by id, the others get none.
    """
    outlines = county.townships.set_index("township_id").geometry
    parts: dict[str, shapely.Geometry] = {}
    for township_id in sorted(set(township_ids)):
        mine = county.places[county.places["township_id"] == township_id].sort_values("place_id")
        spots = mine.geometry.representative_point()
        points = pd.Series(spots.to_numpy(), index=mine["place_id"].to_numpy())
        alone = ~pd.Series(shapely.to_wkb(np.asarray(points)), index=points.index).duplicated()
        parts |= dict.fromkeys(points.index[~alone], shapely.Polygon())
        cells = _nearest_ground(np.asarray(points[alone]), outlines[township_id])
        parts |= dict(zip(points.index[alone], cells, strict=True))
    return gpd.GeoSeries(parts, crs=county.crs).rename_axis("place_id").sort_index()


def _nearest_ground(points: Floats, outline: shapely.Geometry) -> list[shapely.Geometry]:
    """Return the part of an outline that is nearest to each point."""
    if len(points) == 1:
        return [outline]
    around = outline.union(shapely.MultiPoint(points)).envelope.buffer(1_000.0)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=around, ordered=True))
    clipped = shapely.intersection(cells, outline)
    return [shape if shapely.area(shape) > 0 else shapely.Polygon() for shape in clipped]


def people_of_places(county: County, township_ids: Sequence[str]) -> pd.Series:
    """Return the raster's people on the ground of every place of some townships.

    Returns
    -------
    Series
        Index ``place_id``, persons. Whole townships keep their sum.
    """
    ground = ground_of_places(county, township_ids)
    people = np.zeros(len(ground))
    some = ~ground.is_empty.to_numpy()
    people[some] = sum_raster(county.rasters["population"], ground[some])
    return pd.Series(people, index=ground.index)
