"""Loess hills for the sample county: rivers drain them, so valleys branch like real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage, sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from layoutplan.county.sample.facts import AREA_KM2, OUTLINE_KM, RIVERS_KM, generator

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CELL_M = 150.0
WEST_M, EAST_M, SOUTH_M, NORTH_M = 528_000.0, 598_800.0, 3_937_200.0, 4_013_700.0
MOUTH_M = 1_690.0
CONCAVITY = 0.40
STEEPEST = 0.33
_STEPS = np.array([(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)])


@dataclass(frozen=True, eq=False)
class Relief:
    """Heights on a grid, first row in the north.

    Parameters
    ----------
    height_m : float64 [row, column]
        Height above sea level.
    above_valley_m : float64 [row, column]
        Height above the lowest ground within 1.4 km.
    """

    height_m: Floats
    above_valley_m: Floats

    def at(self, field: Floats, points: Floats) -> Floats:
        """Return a field of the grid at points [n, (east_m, north_m)], bilinear."""
        columns = (points[:, 0] - WEST_M) / CELL_M - 0.5
        rows = (NORTH_M - points[:, 1]) / CELL_M - 0.5
        found: Floats = ndimage.map_coordinates(field, [rows, columns], order=1, mode="nearest")
        return found


def shape_relief() -> Relief:
    """Return the hills: river network first, then heights climb along it from the mouth.

    Notes
    -----
    Slope falls with drained area as ``S = k A^-0.4`` (Flint's law), which gives flat valley
    floors and steep gully heads; three rounds let the streams settle into their valleys.
    """
    rows, columns = round((NORTH_M - SOUTH_M) / CELL_M), round((EAST_M - WEST_M) / CELL_M)
    east, north = cell_centres(rows, columns, CELL_M)
    height = _first_guess(east, north)
    down, order = _flood(height)
    steepness = _steepness(east, north)
    for round_no in range(4):
        if round_no:
            down, order = _descend(height)
        height = _climb(down, order, steepness).reshape(rows, columns)
    height = ndimage.gaussian_filter(height, 0.6)
    lowest = ndimage.minimum_filter(height, size=19)
    return Relief(height, height - ndimage.gaussian_filter(lowest, 5.0))


def cell_centres(rows: int, columns: int, cell_m: float) -> tuple[Floats, Floats]:
    """Return east and north of the centres of a grid [row, column] in metres."""
    east = WEST_M + (np.arange(columns) + 0.5) * cell_m
    north = NORTH_M - (np.arange(rows) + 0.5) * cell_m
    found = np.meshgrid(east, north)
    return found[0], found[1]


def noise(shape: tuple[int, int], wavelengths: list[float], rng: np.random.Generator) -> Floats:
    """Return smooth noise of unit spread, a sum of octaves with wavelengths in cells."""
    total = np.zeros(shape)
    for wavelength in wavelengths:
        layer = ndimage.gaussian_filter(rng.standard_normal(shape), wavelength / 3, mode="wrap")
        total += layer / layer.std() * wavelength / wavelengths[0]
    spread: Floats = total / total.std()
    return spread


def _first_guess(east: Floats, north: Floats) -> Floats:
    # Seen through a wavy glass, so that no hillside runs straight down to a river.
    wave = [650.0 * noise(east.shape, [40.0, 22.0, 12.0], generator(step)) for step in (5, 6)]
    seen = np.column_stack([(east + wave[0]).ravel(), (north + wave[1]).ravel()])
    rivers = np.vstack([_bend(line) * 1000.0 for line in RIVERS_KM])
    away = cKDTree(rivers).query(seen)[0].reshape(east.shape)
    rough = noise(east.shape, [60.0, 30.0, 15.0, 7.0], generator(1))
    guess: Floats = 0.012 * (north - SOUTH_M) + 0.034 * away + 130.0 * rough * np.clip(away / 2500.0, 0.12, 1.0)
    return guess


def _bend(line: Floats) -> Floats:
    """Return a river through the given points with gentle bends, in km."""
    rng = generator(2)
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T))]
    fine = np.arange(0.0, along[-1], 0.1)
    path = np.column_stack([np.interp(fine, along, line[:, axis]) for axis in (0, 1)])
    swing = ndimage.gaussian_filter1d(rng.standard_normal((len(fine), 2)), 8.0, axis=0) * 2.6
    bent: Floats = ndimage.gaussian_filter1d(path, 6.0, axis=0, mode="nearest") + swing
    return bent


def _steepness(east: Floats, north: Floats) -> Floats:
    """Return how steep the ground is, higher under the mountains in the north-west, north and east."""
    peaks = [(545.0, 4003.0, 12.0, 0.75), (566.0, 4010.0, 9.0, 0.55), (593.0, 3988.0, 10.0, 0.35)]
    lift = np.ones(east.shape)
    for peak_east, peak_north, width, more in peaks:
        lift += more * np.exp(-((east / 1000 - peak_east) ** 2 + (north / 1000 - peak_north) ** 2) / width**2)
    rough = 0.12 * noise(east.shape, [70.0, 35.0], generator(3)) + 0.2 * noise(east.shape, [7.0, 4.0], generator(7))
    return lift * np.clip(1.0 + rough, 0.35, None)


def _flood(height: Floats) -> tuple[Ints, Ints]:
    """Let water find a way from every cell to the southern edge over the lowest saddles.

    The tree with the least sum of saddle heights also has the lowest saddle between any two cells.

    Returns
    -------
    down, order : int64 [cell]
        The next cell downstream (itself at a mouth), and all cells from the mouths upwards.
    """
    rows, columns = height.shape
    level, own = height.ravel() - height.min() + 1.0, np.arange(height.size).reshape(rows, columns)
    mouths, root = np.array(_mouths(rows, columns)), height.size
    pairs = [(own[:, :-1], own[:, 1:]), (own[:-1], own[1:]), (own[:-1, :-1], own[1:, 1:]), (own[:-1, 1:], own[1:, :-1])]
    start = np.concatenate([pair[0].ravel() for pair in pairs] + [np.full(len(mouths), root)])
    end = np.concatenate([pair[1].ravel() for pair in pairs] + [mouths])
    saddle = np.where(start == root, 0.5, np.maximum(level[np.minimum(start, root - 1)], level[end]))
    tree = csgraph.minimum_spanning_tree(sparse.csr_array((saddle, (start, end)), shape=(root + 1, root + 1)))
    order, down = csgraph.breadth_first_order(tree, root, directed=False)
    down = down[:root].astype(np.int64)
    down[mouths] = mouths
    return down, order[order != root].astype(np.int64)


def _mouths(rows: int, columns: int) -> list[int]:
    """Return the cells where the rivers that reach the southern edge leave the grid."""
    ends = [line[-1, 0] for line in RIVERS_KM if line[-1, 1] * 1000 < SOUTH_M + CELL_M]
    return [(rows - 1) * columns + int((end * 1000 - WEST_M) / CELL_M) for end in ends]


def _descend(height: Floats) -> tuple[Ints, Ints]:
    """Send every cell down its steepest slope; heights have no pits here."""
    rows, columns = height.shape
    padded = np.pad(height, 1, constant_values=np.inf)
    own = np.arange(rows * columns).reshape(rows, columns)
    steepest, down = np.zeros(height.shape), own.copy()
    for row_step, column_step in _STEPS:
        other = padded[1 + row_step : 1 + row_step + rows, 1 + column_step : 1 + column_step + columns]
        slope = (height - other) / np.hypot(row_step, column_step)
        better = slope > steepest
        steepest[better] = slope[better]
        down[better] = (own + row_step * columns + column_step)[better]
    return down.ravel(), np.argsort(height.ravel(), kind="stable")


def _climb(down: Ints, order: Ints, steepness: Floats) -> Floats:
    """Add heights up the streams; ``order`` runs upwards."""
    columns = steepness.shape[1]
    cell_km2 = (CELL_M / 1000) ** 2
    drained = [cell_km2] * len(down)
    receivers, upwards = down.tolist(), order.tolist()
    for cell in reversed(upwards):
        if receivers[cell] != cell:
            drained[receivers[cell]] += drained[cell]
    apart = np.hypot(down // columns - np.arange(len(down)) // columns, down % columns - np.arange(len(down)) % columns)
    slope = np.minimum(0.052 * steepness.ravel() * np.array(drained) ** -CONCAVITY, STEEPEST)
    rise = (slope * apart * CELL_M).tolist()
    height = [MOUTH_M] * len(down)
    for cell in upwards:
        if receivers[cell] != cell:
            height[cell] = height[receivers[cell]] + rise[cell]
    return np.array(height)


def draw_outline() -> Any:
    """Return the county's outline as a polygon in metres with exactly the area of the facts."""
    rng = generator(4)
    middle = np.array([563.1, 3975.2])
    closed = np.vstack([OUTLINE_KM, OUTLINE_KM[:1]])
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(closed, axis=0).T))]
    fine = np.linspace(0.0, along[-1], 340, endpoint=False)
    ring = np.column_stack([np.interp(fine, along, closed[:, axis]) for axis in (0, 1)])
    wiggle = ndimage.gaussian_filter1d(rng.standard_normal(ring.shape), 1.5, axis=0, mode="wrap")
    wiggle += 2.0 * ndimage.gaussian_filter1d(rng.standard_normal(ring.shape), 7.0, axis=0, mode="wrap")
    # The corners that give the extent stay; the rest is drawn in until the area is right.
    corners = OUTLINE_KM[[0, 6, 13, 24]]
    near = np.min(np.hypot(*(ring[:, None, :] - corners[None]).transpose(2, 0, 1)), axis=1)
    pull = 1.0 - np.exp(-((near / 6.0) ** 2))
    ring = ndimage.gaussian_filter1d(ring, 1.0, axis=0, mode="wrap") + wiggle * 1.6 * pull[:, None]
    low, high = -0.1, 0.25
    for _ in range(60):
        share = (low + high) / 2
        outline = shapely.Polygon(np.round((ring + (middle - ring) * (share * pull)[:, None]) * 1000, 1))
        low, high = (share, high) if outline.area > AREA_KM2 * 1e6 else (low, share)
    return outline
