"""Townships of the sample county: they tile it, and their borders keep to the ridges."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.features
import shapely
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from layoutplan.county.sample.facts import CRS, TOWNSHIPS, generator
from layoutplan.county.sample.terrain import CELL_M, NORTH_M, WEST_M, Relief, noise

Floats = npt.NDArray[np.float64]
COARSE = 2


def place_seats(relief: Relief) -> Floats:
    """Return the seat of every township [township, (east_m, north_m)], on the valley floor near its fact."""
    seats = np.array([(township.east_km, township.north_km) for township in TOWNSHIPS]) * 1000.0
    steps = np.arange(-1200.0, 1201.0, 150.0)
    around = np.array([(east, north) for east in steps for north in steps])
    for number, seat in enumerate(seats[1:], start=1):
        height = relief.at(relief.above_valley_m, seat + around) + 0.01 * np.hypot(*around.T)
        seats[number] = seat + around[np.argmin(height)]
    return seats


def tile_townships(relief: Relief, outline: Any, seats: Floats) -> gpd.GeoDataFrame:
    """Return the townships as polygons that tile the outline, each near the area of its fact."""
    height = relief.height_m[::COARSE, ::COARSE]
    cell_m = CELL_M * COARSE
    transform = rasterio.Affine(cell_m, 0.0, WEST_M, 0.0, -cell_m, NORTH_M)
    inside = rasterio.features.rasterize([outline], height.shape, transform=transform) == 1
    effort = _efforts(height, cell_m, seats)
    owner = _fit_areas(effort, inside, cell_m)
    polygons = []
    smooth = _majority(owner)
    shapes = list(rasterio.features.shapes(smooth.astype(np.int16), transform=transform))
    for number in range(len(TOWNSHIPS)):
        parts = [shapely.geometry.shape(shape) for shape, value in shapes if value == number]
        polygons.append(shapely.union_all(parts))
    lines = shapely.union_all(shapely.boundary(shapely.coverage_simplify(np.array(polygons), 330.0)))
    work = shapely.union_all([_ripple(shapely.line_merge(lines)), outline.exterior], grid_size=0.1)
    tiles: list[list[Any]] = [[] for _ in TOWNSHIPS]
    for face in shapely.get_parts(shapely.polygonize([work])):
        inner = shapely.point_on_surface(face)
        if outline.contains(inner):
            tiles[int(np.argmin(shapely.distance(polygons, inner)))].append(face)
    clipped = [_largest(shapely.union_all(tile)) for tile in tiles]
    return gpd.GeoDataFrame(
        {
            "township_id": [township.code for township in TOWNSHIPS],
            "name": [township.name for township in TOWNSHIPS],
        },
        geometry=clipped,
        crs=CRS,
    )


def _efforts(height: Floats, cell_m: float, seats: Floats) -> Floats:
    """Return the effort [township, cell] to walk from every seat over the hills."""
    rows, columns = height.shape
    own = np.arange(height.size).reshape(rows, columns)
    starts, ends, costs = [], [], []
    for row_step, column_step in [(0, 1), (1, 0), (1, 1), (1, -1)]:
        left, right = max(-column_step, 0), columns - max(column_step, 0)
        start = own[: rows - row_step, left:right]
        end = own[row_step:, left + column_step : right + column_step]
        apart = cell_m * np.hypot(row_step, column_step)
        climb = np.abs(height.ravel()[start] - height.ravel()[end])
        starts.append(start.ravel())
        ends.append(end.ravel())
        costs.append((apart + 25.0 * climb).ravel())
    graph = sparse.csr_array(
        (np.concatenate(costs), (np.concatenate(starts), np.concatenate(ends))), shape=(height.size, height.size)
    )
    cells = own[((NORTH_M - seats[:, 1]) / cell_m).astype(int), ((seats[:, 0] - WEST_M) / cell_m).astype(int)]
    effort: Floats = csgraph.dijkstra(graph, directed=False, indices=cells).reshape(-1, rows, columns)
    return effort


def _fit_areas(effort: Floats, inside: npt.NDArray[np.bool_], cell_m: float) -> npt.NDArray[np.int64]:
    """Give every cell a township, with a head start for each that makes its area right."""
    wanted = np.array([township.area_km2 for township in TOWNSHIPS])
    head_start = np.zeros(len(TOWNSHIPS))
    for _ in range(60):
        owner: npt.NDArray[np.int64] = np.argmin(effort - head_start[:, None, None], axis=0)
        area = np.bincount(owner[inside], minlength=len(TOWNSHIPS)) * (cell_m / 1000) ** 2
        head_start += 2500.0 * np.clip((wanted - area) / wanted, -0.5, 0.5)
    return owner


def _majority(owner: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Smooth borders: a cell goes to whoever holds most of the ground around it."""
    share = np.array([ndimage.gaussian_filter((owner == number) * 1.0, 1.6) for number in range(len(TOWNSHIPS))])
    smooth = np.argmax(share, axis=0)
    for number in range(len(TOWNSHIPS)):
        pieces, count = ndimage.label(smooth == number)
        if count > 1:
            largest = np.argmax(np.bincount(pieces.ravel())[1:]) + 1
            share[number][(pieces > 0) & (pieces != largest)] = -1.0
    owned: npt.NDArray[np.int64] = np.argmax(share, axis=0)
    return owned


def _ripple(lines: Any) -> Any:
    """Move border lines aside a little, near ones alike, so that no border runs straight along the grid."""
    size = (240, 240)
    aside = [170.0 * noise(size, [14.0, 7.0, 4.0], generator(step)) for step in (8, 9)]

    def move(points: Floats) -> Floats:
        at = [(NORTH_M - points[:, 1]) / 330.0, (points[:, 0] - WEST_M) / 330.0]
        moved: Floats = points + np.column_stack(
            [ndimage.map_coordinates(field, at, order=1, mode="wrap") for field in aside]
        )
        return moved

    return shapely.transform(shapely.segmentize(lines, 160.0), move)


def _largest(shape: Any) -> Any:
    return shape if shape.geom_type == "Polygon" else max(shape.geoms, key=lambda part: part.area)
