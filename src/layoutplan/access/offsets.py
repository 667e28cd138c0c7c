"""Whether a layer lies shifted against the roads: by how far, which way, and which web map would explain it.

Schools and villages stand beside roads. If a whole layer comes from a Chinese web map and nobody said
so, all its points lie a few hundred metres off, all the same way. One point proves nothing, since the
road it is nearest to may be another; so the whole layer is moved until it lies on the roads again, and
the move that helps most is the shift.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import shapely

from layoutplan.access.network import Floats, Network
from layoutplan.access.snapping import find_edges
from layoutplan.county.webmaps import WEB_MAPS, web_map_shift

if TYPE_CHECKING:
    import geopandas as gpd

Cause = Literal["few", "none", "far", "GCJ-02", "BD-09", "roads GCJ-02", "roads BD-09", "other"]

FEWEST = 12  # with fewer points any pattern may be chance
SECTORS = 16
RINGS_M = (50.0, 150.0, 300.0, np.inf)
_REACH_M = 1000.0
_STEPS_M = (100.0, 25.0)
_POINTS = 300
# A shift is believed if it brings half the points at least twice as near and most of them nearer.
_BETTER, _MOST = 0.5, 0.7
_ALIKE_M = 75.0
BESIDE_M = 120.0


@dataclass(frozen=True, eq=False)
class Offsets:
    """How a layer lies to the roads.

    Parameters
    ----------
    east_m, north_m : float64 [point]
        From the nearest road to the point; NaN where no road is within reach.
    rose : float64 [sector, ring]
        Points by direction (sector 0 about north, clockwise) and distance (:data:`RINGS_M`).
    median_m : float
        Distance to the nearest road of the middle point, as the layer lies.
    shift_m : (float, float)
        East and north of the shift that best explains the layer; nought if none is believed.
    shifted_median_m : float
        Distance of the middle point once that shift is taken back.
    nearer : float
        Share of the points that come nearer to a road by taking it back.
    expected_m : mapping
        ``{"GCJ-02": (east, north), "BD-09": ...}``: how far those web maps move the middle of this layer.
    cause : {"few", "none", "far", "GCJ-02", "BD-09", "roads GCJ-02", "roads BD-09", "other"}
        What the numbers say: too few points; beside the roads; far from roads but no common way; as one
        web map would shift the layer, or the roads; a common shift that neither explains.
    """

    east_m: Floats
    north_m: Floats
    rose: npt.NDArray[np.int64]
    median_m: float
    shift_m: tuple[float, float]
    shifted_median_m: float
    nearer: float
    expected_m: dict[str, tuple[float, float]]
    cause: Cause

    @property
    def count(self) -> int:
        """How many points have a road within reach."""
        return int(np.isfinite(self.east_m).sum())


def layer_offsets(network: Network, spots: gpd.GeoSeries) -> Offsets:
    """Measure how a layer lies to the roads, and look for one shift of all of it.

    Parameters
    ----------
    network : Network
        Roads, in the county's CRS.
    spots : GeoSeries
        Schools, or where places travel from, in the same CRS.

    Returns
    -------
    Offsets
        Offsets of all points; the shift is sought with up to 300 of them, spread over the layer.
    """
    points = np.asarray(spots.array)
    east_m, north_m, off_m = _to_points(network, points)
    rose = _rose(east_m, north_m)
    known = np.isfinite(off_m)
    expected = {name: web_map_shift(name, spots[known]) for name in WEB_MAPS} if known.any() else {}
    median_m = float(np.median(off_m[known])) if known.any() else np.nan
    if known.sum() < FEWEST:
        return Offsets(east_m, north_m, rose, median_m, (0.0, 0.0), median_m, np.nan, expected, "few")
    sample = points[known][:: max(1, int(known.sum()) // _POINTS)]
    shift = _best_shift(network, sample)
    before, after = (_distance(network, sample, *move) for move in ((0.0, 0.0), shift))
    nearer, shifted_m = float((after < before).mean()), float(np.median(after))
    if shifted_m > _BETTER * float(np.median(before)) or nearer < _MOST:
        cause: Cause = "none" if median_m <= BESIDE_M else "far"
        return Offsets(east_m, north_m, rose, median_m, (0.0, 0.0), median_m, np.nan, expected, cause)
    return Offsets(
        east_m, north_m, rose, median_m, shift, shifted_m, nearer, expected, _cause_of(shift, expected)
    )  # fmt: skip


def _to_points(network: Network, points: npt.NDArray[np.object_]) -> tuple[Floats, Floats, Floats]:
    """Return the way from the nearest road to each point, and its length; NaN beyond reach."""
    edge, _, along_m = find_edges(network, points, mode="walk", limit_m=_REACH_M)
    on = edge >= 0
    east_m, north_m = np.full((2, len(points)), np.nan)
    if on.any():
        foot = shapely.line_interpolate_point(network.edge_line[edge[on]], along_m[on])
        east_m[on] = shapely.get_x(points[on]) - shapely.get_x(foot)
        north_m[on] = shapely.get_y(points[on]) - shapely.get_y(foot)
    return east_m, north_m, np.hypot(east_m, north_m)


def _rose(east_m: Floats, north_m: Floats) -> npt.NDArray[np.int64]:
    known = np.isfinite(east_m)
    bearing = np.degrees(np.arctan2(east_m[known], north_m[known]))
    sector = np.round(bearing / (360.0 / SECTORS)).astype(np.int64) % SECTORS
    ring = np.searchsorted(RINGS_M, np.hypot(east_m[known], north_m[known]), side="left")
    counts = np.zeros((SECTORS, len(RINGS_M)), dtype=np.int64)
    np.add.at(counts, (sector, ring), 1)
    return counts


def _distance(network: Network, points: npt.NDArray[np.object_], east_m: float, north_m: float) -> Floats:
    """Return the distance of each point to the nearest road once a shift is taken back; beyond reach, the reach."""
    moved = shapely.points(shapely.get_x(points) - east_m, shapely.get_y(points) - north_m)
    edge, off_m, _ = find_edges(network, moved, mode="walk", limit_m=_REACH_M)
    return np.where(edge >= 0, off_m, _REACH_M)


def _best_shift(network: Network, points: npt.NDArray[np.object_]) -> tuple[float, float]:
    """Return the shift that, taken back, brings the points nearest to roads: first coarse, then fine.

    The mean of the square roots of the distances is made least: it asks for many points right beside
    a road rather than for a few that are very far to come a little nearer. Of equal shifts the least.
    """

    def cost(move: tuple[float, float]) -> tuple[float, float]:
        return round(float(np.sqrt(_distance(network, points, *move)).mean()), 6), float(np.hypot(*move))

    return _search(cost)


def _search(cost: Callable[[tuple[float, float]], tuple[float, float]]) -> tuple[float, float]:
    coarse, fine = _STEPS_M
    ring = np.arange(-8, 9) * coarse
    best = min(((float(east), float(north)) for east in ring for north in ring), key=cost)
    near = np.arange(-4, 5) * fine
    return min(((best[0] + float(east), best[1] + float(north)) for east in near for north in near), key=cost)


def _cause_of(shift: tuple[float, float], expected: dict[str, tuple[float, float]]) -> Cause:
    """Return which web map moves this layer, or the roads instead of it, as far as that and the same way."""
    for name, (east_m, north_m) in expected.items():
        if np.hypot(shift[0] - east_m, shift[1] - north_m) <= _ALIKE_M:
            return name  # type: ignore[return-value]
    for name, (east_m, north_m) in expected.items():
        if np.hypot(shift[0] + east_m, shift[1] + north_m) <= _ALIKE_M:
            return f"roads {name}"  # type: ignore[return-value]
    return "other"
