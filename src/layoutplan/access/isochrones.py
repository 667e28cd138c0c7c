"""How far children come in a time: roads and ground within so many minutes of the nearest school.

Along the roads, never as a circle round a school. Every point is timed by the engine that times
places, hills and season included, so an isochrone cannot disagree with the minutes of a place on
it. Nothing is searched up to a limit: a sweep over all roads costs less than many limited searches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from layoutplan.access.catchment import Cells, dissolve
from layoutplan.access.kernels import UNREACHED
from layoutplan.access.nearest import find_nearest, open_field
from layoutplan.access.network import Floats, Ints, Mode, Network, Snaps
from layoutplan.access.travel import minutes_of
from layoutplan.county.tables import GradeGroup
from layoutplan.norms import Norms

if TYPE_CHECKING:
    import geopandas as gpd

# Roads are judged in stretches of at most this length, each by its middle.
STRETCH_M = 50.0
# Homes timed at once; bounds the memory where hills need every pair.
_AT_ONCE = 20_000


def time_homes(
    network: Network, homes: Snaps, schools: Snaps, *, mode: Mode, norms: Norms, grades: GradeGroup = "grades_1_3"
) -> Floats:
    """Return the minutes from every home to its nearest school.

    Parameters
    ----------
    network : Network
        Roads, with hills and season as they are.
    homes, schools : Snaps
        Points, snapped for the mode.
    mode : {"walk", "drive"}
        How pupils travel.
    norms : Norms
        ``speed.walk_kmh.<grades>`` [km/h].
    grades : {"grades_1_3", "grades_4_6", "grades_7_9"}, optional
        Who walks.

    Returns
    -------
    float64 [home]
        One way; infinite where no school can be reached.
    """
    is_open = np.ones(len(schools.ids), dtype=np.bool_)
    minutes = np.full(len(homes.ids), np.inf)
    for begin in range(0, len(homes.ids), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        some = Snaps(homes.ids[part], homes.edge[part], homes.offset_mm[part], homes.gap_mm[part])
        cost: Ints = find_nearest(open_field(network, some, schools, mode=mode), is_open)[1]
        reached = cost != UNREACHED
        minutes[part][reached] = minutes_of(cost[reached], mode=mode, norms=norms, grades=grades)
    return minutes


def reach_roads(
    network: Network,
    schools: Snaps,
    *,
    mode: Mode,
    limit_min: float,
    norms: Norms,
    grades: GradeGroup = "grades_1_3",
) -> gpd.GeoDataFrame:
    """Return the roads from which a school is reached in a time.

    Parameters
    ----------
    network : Network
        Roads, with hills and season as they are.
    schools : Snaps
        Snapped for the mode; one or many.
    mode : {"walk", "drive"}
        How pupils travel.
    limit_min : float
        Minutes one way, included.
    norms : Norms
        ``speed.walk_kmh.<grades>`` [km/h].
    grades : {"grades_1_3", "grades_4_6", "grades_7_9"}, optional
        Who walks.

    Returns
    -------
    GeoDataFrame
        ``road_id``, ``minutes`` [min] from the middle of the stretch, ``geometry``; stretches of at
        most :data:`STRETCH_M`, in the order of the edges and along them. A stretch whose middle is
        within the limit is whole in it, so an end is off by half a stretch at most.
    """
    import geopandas as gpd

    middles, lines = _cut(network, mode)
    minutes = time_homes(network, middles, schools, mode=mode, norms=norms, grades=grades)
    near = np.flatnonzero(np.isfinite(minutes) & (minutes <= limit_min))
    columns = {"road_id": network.edge_road_id[middles.edge[near]], "minutes": minutes[near]}
    return gpd.GeoDataFrame(columns, geometry=lines[near], crs=network.crs)


def _cut(network: Network, mode: Mode) -> tuple[Snaps, npt.NDArray[Any]]:
    """Return the middles of all stretches a mode may use, and their lines."""
    usable = np.flatnonzero(network.usable(mode)).astype(np.int64)
    length = network.edge_length_mm[usable]
    stretches = -(-length // round(STRETCH_M * 1000))
    edge, whole, parts = (np.repeat(values, stretches) for values in (usable, length, stretches))
    number = np.arange(len(edge)) - np.repeat(np.cumsum(stretches) - stretches, stretches)
    middle = whole * (2 * number + 1) // (2 * parts)
    steps = [number / parts, (number + 1) / parts]
    ends = [shapely.line_interpolate_point(network.edge_line[edge], step, normalized=True) for step in steps]
    # What lies between two ends is drawn straight: a stretch is shorter than anything a map shows.
    lines = shapely.linestrings(np.stack([shapely.get_coordinates(end) for end in ends], axis=1))
    ids = tuple(map(str, range(len(edge))))
    return Snaps(ids, edge, middle, np.zeros(len(edge), dtype=np.int64)), lines


def draw_isochrones(
    cells: Cells, minutes: Floats, *, limits_min: Sequence[float], simplify_m: float = 0.0
) -> gpd.GeoDataFrame:
    """Return the ground by how long the way to the nearest school is.

    Parameters
    ----------
    cells : Cells
        Tiling of the county.
    minutes : float64 [cell]
        From :func:`time_homes` of ``cells.snaps``; infinite where no school is reached.
    limits_min : sequence of float
        Upper ends of the bands [min], rising.
    simplify_m : float, optional
        Smooths shared borders together, so that neighbours still meet.

    Returns
    -------
    GeoDataFrame
        ``limit_min`` (missing for what is beyond the last limit or without a way), ``area_km2`` [km2],
        ``geometry``; a row a band with ground, nearest first. The rows tile the county.

    Raises
    ------
    ValueError
        The limits do not rise.
    """
    import geopandas as gpd

    limits = np.array(limits_min, dtype=np.float64)
    if not len(limits) or (np.diff(limits) <= 0).any():
        raise ValueError("limits_min must rise")
    band = np.searchsorted(limits, minutes, side="left")
    groups, areas = dissolve(cells, band.astype(np.int64), simplify_m=simplify_m)
    upper = np.append(limits, np.nan)[groups]
    return gpd.GeoDataFrame(
        {"limit_min": upper, "area_km2": shapely.area(areas) / 1e6}, geometry=list(areas), crs=cells.frame.crs
    )
