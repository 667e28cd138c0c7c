"""Catchments on the ground: cells around the roads, dissolved by the school they go to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layoutplan.access.network import CLOSED, Ints, Mode, Network, Snaps, snap_points
from layoutplan.errors import NetworkError, Problem
from layoutplan.norms import Norms

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True, eq=False)
class Cells:
    """A tiling of the county, every tile tied to one point of the road network.

    Parameters
    ----------
    frame : GeoDataFrame
        ``cell_id`` (0..n-1, in order) and ``geometry`` (Polygon or MultiPolygon); the tiles cover
        the county without overlap.
    snaps : Snaps
        The point of the network each cell stands for; ``ids`` are the cell ids as text with leading
        zeros, so that they sort as the cells do and travel measured from them is in cell order.
    """

    frame: gpd.GeoDataFrame
    snaps: Snaps


@dataclass(frozen=True, eq=False)
class _Seeds:
    """Points on the network that may get a cell, in millimetres; ``rank`` 0 comes first."""

    edge: Ints
    offset_mm: Ints
    east_mm: Ints
    north_mm: Ints
    rank: Ints

    def take(self, rows: Ints | npt.NDArray[np.bool_]) -> _Seeds:
        return _Seeds(self.edge[rows], self.offset_mm[rows], self.east_mm[rows], self.north_mm[rows], self.rank[rows])


def build_cells(
    network: Network,
    outline: shapely.Polygon | shapely.MultiPolygon,
    *,
    anchors: gpd.GeoSeries,
    spacing_m: float,
    norms: Norms,
    mode: Mode = "walk",
) -> Cells:
    """Divide the county into cells that share their nearest point of the road network.

    The points are the anchors put onto their roads, then junctions and points along the edges,
    one for every square of a grid that holds none yet. An anchor lies in its own cell, since the
    point of the network nearest to it is its own.

    Parameters
    ----------
    network : Network
        Roads.
    outline : Polygon or MultiPolygon
        The county.
    anchors : GeoSeries
        Places that must have a cell of their own; points or areas.
    spacing_m : float
        Side of the thinning grid in metres; the number of cells is at most about twice the area
        with roads divided by its square, plus the anchors.
    norms : Norms
        ``snap.reject_m`` [m].
    mode : {"walk", "drive"}, optional
        Whose roads carry the points.

    Returns
    -------
    Cells
        Sorted by east, then north of their points.

    Raises
    ------
    NetworkError
        No usable road lies inside the outline.
    """
    placed = snap_points(network, anchors, mode=mode, norms=norms)
    on = placed.edge >= 0
    first = _locate(network, placed.edge[on], placed.offset_mm[on], rank=0)
    junctions, along = _junctions(network, mode), _points_along(network, mode, spacing_m=spacing_m)
    seeds = _thin(_keep_inside(_join((first, junctions, along)), outline), spacing_mm=round(spacing_m * 1000))
    if not len(seeds.edge):
        raise NetworkError([Problem("cells_no_road", "roads")])
    tiles = _tile(seeds, outline)
    has_area = ~shapely.is_empty(tiles)
    seeds, tiles = seeds.take(has_area), tiles[has_area]
    count = len(tiles)
    import geopandas as gpd

    frame = gpd.GeoDataFrame({"cell_id": np.arange(count)}, geometry=list(tiles), crs=network.crs)
    ids = tuple(str(cell).zfill(len(str(count - 1))) for cell in range(count))
    return Cells(frame, Snaps(ids, seeds.edge, seeds.offset_mm, np.zeros(count, dtype=np.int64)))


def snap_cells(network: Network, cells: Cells, *, mode: Mode, norms: Norms) -> Cells:
    """Return the same tiling with its points put onto the roads of another mode.

    Parameters
    ----------
    network : Network
        Roads.
    cells : Cells
        Made for these roads, in any mode; stays as it is.
    mode : {"walk", "drive"}
        Who travels.
    norms : Norms
        ``snap.reject_m`` [m].
    """
    snaps = cells.snaps
    spots = shapely.line_interpolate_point(network.edge_line[snaps.edge], snaps.offset_mm / 1000.0)
    points = pd.Series(list(spots), index=list(snaps.ids), dtype=object)
    return Cells(cells.frame, snap_points(network, points, mode=mode, norms=norms))


def _locate(network: Network, edge: Ints, offset_mm: Ints, *, rank: int) -> _Seeds:
    spots = shapely.line_interpolate_point(network.edge_line[edge], offset_mm / 1000.0)
    east, north = np.rint(shapely.get_coordinates(spots) * 1000.0).astype(np.int64).reshape(-1, 2).T
    return _Seeds(edge, offset_mm, east, north, np.full(len(edge), rank, dtype=np.int64))


def _junctions(network: Network, mode: Mode) -> _Seeds:
    """Return every node that can be left, at the end of the first edge that leaves it."""
    forward, backward = network.cost[mode]
    leaves = [np.flatnonzero(cost != CLOSED).astype(np.int64) for cost in (forward, backward)]
    node = np.concatenate([network.edge_from[leaves[0]], network.edge_to[leaves[1]]])
    edge = np.concatenate(leaves)
    at_end = np.repeat([False, True], [len(leaves[0]), len(leaves[1])])
    order = np.lexsort((edge, node))
    chosen = order[np.unique(node[order], return_index=True)[1]]
    offset = np.where(at_end[chosen], network.edge_length_mm[edge[chosen]], 0)
    return _locate(network, edge[chosen], offset, rank=1)


def _points_along(network: Network, mode: Mode, *, spacing_m: float) -> _Seeds:
    """Return the middles of equal stretches of every edge, each about the spacing long."""
    usable = np.flatnonzero(network.usable(mode)).astype(np.int64)
    length = network.edge_length_mm[usable]
    stretches = np.maximum(np.rint(length / (spacing_m * 1000.0)).astype(np.int64), 1)
    edge = np.repeat(usable, stretches)
    number = np.arange(len(edge)) - np.repeat(np.cumsum(stretches) - stretches, stretches)
    offset = np.repeat(length, stretches) * (2 * number + 1) // (2 * np.repeat(stretches, stretches))
    return _locate(network, edge, offset, rank=2)


def _join(groups: tuple[_Seeds, ...]) -> _Seeds:
    columns = [(g.edge, g.offset_mm, g.east_mm, g.north_mm, g.rank) for g in groups]
    return _Seeds(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def _keep_inside(seeds: _Seeds, outline: shapely.Polygon | shapely.MultiPolygon) -> _Seeds:
    shapely.prepare(outline)
    return seeds.take(shapely.intersects_xy(outline, seeds.east_mm / 1000.0, seeds.north_mm / 1000.0))


def _thin(seeds: _Seeds, *, spacing_mm: int) -> _Seeds:
    """Keep all anchors, and one other point in a square without any; sorted by place."""
    column, row = seeds.east_mm // spacing_mm, seeds.north_mm // spacing_mm
    off_centre = np.hypot(
        seeds.east_mm - column * spacing_mm - spacing_mm // 2, seeds.north_mm - row * spacing_mm - spacing_mm // 2
    )
    # An anchor is its own square; two anchors on one spot are one seed.
    own = seeds.rank == 0
    order = np.lexsort((seeds.offset_mm, seeds.edge, off_centre, seeds.rank, row, column))
    column, row, own = column[order], row[order], own[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (column[1:] != column[:-1]) | (row[1:] != row[:-1])
    kept = seeds.take(order[first | own])
    order = np.lexsort((kept.offset_mm, kept.edge, kept.rank, kept.north_mm, kept.east_mm))
    kept = kept.take(order)
    apart = np.ones(len(order), dtype=np.bool_)
    apart[1:] = (np.diff(kept.east_mm) != 0) | (np.diff(kept.north_mm) != 0)
    return kept.take(apart)


def _tile(seeds: _Seeds, outline: shapely.Polygon | shapely.MultiPolygon) -> npt.NDArray[Any]:
    """Return the part of the outline nearest to each seed, in their order."""
    spots = shapely.multipoints(np.column_stack((seeds.east_mm, seeds.north_mm)) / 1000.0)
    if len(seeds.edge) == 1:
        return np.array([outline], dtype=object)
    raw: npt.NDArray[Any] = shapely.get_parts(
        shapely.voronoi_polygons(spots, extend_to=shapely.box(*outline.bounds), ordered=True)
    )
    inside = shapely.contains_properly(outline, raw)
    tiles = raw.copy()
    tiles[~inside] = [_areas_only(part) for part in shapely.intersection(raw[~inside], outline)]
    return tiles


def _areas_only(shape: shapely.Geometry) -> shapely.Geometry:
    """Drop the points and lines where a cell only touches the outline."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def draw_catchments(
    cells: Cells, school: Ints, school_ids: tuple[str, ...], *, simplify_m: float = 0.0
) -> gpd.GeoDataFrame:
    """Dissolve the cells by the school they go to.

    Parameters
    ----------
    cells : Cells
        Tiling of the county.
    school : int64 [cell]
        Index into ``school_ids``; -1 where no school is reached.
    school_ids : tuple of str
        Schools.
    simplify_m : float, optional
        Smooths shared borders together, so that neighbours still meet; 0 keeps them as they are.

    Returns
    -------
    GeoDataFrame
        ``school_id`` (missing where no school is reached), ``area_km2`` [km2], ``geometry``; a row
        for each school with a cell, in the order of ``school_ids``, and the ground of no school
        last. The rows tile the county.
    """
    import geopandas as gpd

    groups, areas = dissolve(cells, school, simplify_m=simplify_m)
    ids = pd.Series([school_ids[group] if group >= 0 else None for group in groups.tolist()], dtype=object)
    return gpd.GeoDataFrame(
        {"school_id": ids, "area_km2": shapely.area(areas) / 1e6}, geometry=list(areas), crs=cells.frame.crs
    )


def dissolve(cells: Cells, group: Ints, *, simplify_m: float = 0.0) -> tuple[Ints, npt.NDArray[Any]]:
    """Return the groups of cells and their ground.

    Parameters
    ----------
    cells : Cells
        Tiling of the county.
    group : int64 [cell]
        Which cells belong together.
    simplify_m : float, optional
        Smooths shared borders together, so that neighbours still meet; the border of the county stays
        as it is, so the ground as a whole is kept.

    Returns
    -------
    groups : int64 [group]
        Ascending, negative ones last.
    areas : object [group]
        Polygons that tile the county.
    """
    shapes = cells.frame.geometry.to_numpy()
    groups = np.unique(group)
    groups = np.concatenate([groups[groups >= 0], groups[groups < 0]])
    areas = np.array([shapely.union_all(shapes[group == own]) for own in groups], dtype=object)
    if simplify_m:
        areas = shapely.coverage_simplify(areas, simplify_m, simplify_boundary=False)
    return groups, areas
