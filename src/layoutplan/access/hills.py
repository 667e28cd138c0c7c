"""Walking up and down: every walking cost becomes the length on the flat that takes as long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from layoutplan.access.engine import reshape
from layoutplan.access.network import CLOSED, Floats, Ints, Network
from layoutplan.county.tiffs import open_tiff

# Tobler's walking function: fastest at 5 % downhill, e^-3.5 of that speed a unit of slope away.
_FALLOFF, _EASIEST = 3.5, -0.05
# Steeper than this a road is stairs or the model of the ground is wrong.
_STEEPEST = 0.5


def add_hills(network: Network, dem: Path, *, step_m: float = 50.0) -> Network:
    """Return the network with walking costs by Tobler's function.

    Heights are read along every edge, at equal steps; where one is missing, that step counts as
    flat. On the flat a cost stays the length, so minutes follow from a child's speed as before.

    Parameters
    ----------
    network : Network
        Roads; stays as it is.
    dem : Path
        Raster of heights [m] with a CRS.
    step_m : float
        Length of a step in metres; not below the cells of the raster, whose noise would be hills.

    Returns
    -------
    Network
        ``cost["walk"]`` in millimetres on the flat, one a direction; ``report`` has
        ``edges_without_height`` more. It shares the order of the network it comes from.
    """
    steps = np.maximum(np.ceil(network.edge_length_mm / (step_m * 1000.0)).astype(np.int64), 1)
    edge = np.repeat(np.arange(len(steps)), steps + 1)
    number = np.arange(len(edge)) - np.repeat(np.cumsum(steps + 1) - (steps + 1), steps + 1)
    share = number / steps[edge]
    spots = shapely.line_interpolate_point(network.edge_line[edge], share, normalized=True)
    height_m = read_heights(dem, shapely.get_coordinates(spots), crs=network.crs)
    inside = edge[1:] == edge[:-1]
    of_step = edge[1:][inside]
    run_mm = (network.edge_length_mm / steps)[of_step]
    rise_m = np.diff(height_m)[inside]
    unknown = np.isnan(rise_m)
    slope = np.clip(np.where(unknown, 0.0, rise_m) / (run_mm / 1000.0), -_STEEPEST, _STEEPEST)
    walk = tuple(
        np.where(cost == CLOSED, CLOSED, _add_up(of_step, run_mm / pace(way * slope), len(steps)))
        for cost, way in zip(network.cost["walk"], (1.0, -1.0), strict=True)
    )
    missing = len(np.unique(of_step[unknown]))
    hilly = replace(
        network,
        cost={**network.cost, "walk": (walk[0], walk[1])},
        report={**network.report, "edges_without_height": missing},
    )
    reshape(hilly, network)
    return hilly


def pace(slope: Floats) -> Floats:
    """Return the speed on a slope as a share of that on the flat, by Tobler's function.

    Parameters
    ----------
    slope : float64
        Rise by run, positive uphill.

    Examples
    --------
    >>> import numpy
    >>> pace(numpy.array([0.0, 0.1, -0.1, -0.05])).round(3).tolist()
    [1.0, 0.705, 1.0, 1.191]
    """
    speed: Floats = np.exp(-_FALLOFF * (np.abs(slope - _EASIEST) - abs(_EASIEST)))
    return speed


def _add_up(edge: Ints, flat_mm: Floats, edges: int) -> Ints:
    # Whole micrometres, so that the order of adding cannot show.
    total = np.zeros(edges, dtype=np.int64)
    np.add.at(total, edge, np.rint(flat_mm * 1000.0).astype(np.int64))
    return np.maximum((total + 500) // 1000, 1)


def read_heights(dem: Path, spots: Floats, *, crs: str) -> Floats:
    """Return the height of points, between the cells of a raster in proportion.

    Parameters
    ----------
    dem : Path
        Raster of heights [m] with a CRS.
    spots : float64 [point, 2]
        East and north.
    crs : str
        CRS of the points.

    Returns
    -------
    float64 [point]
        Metres; NaN outside the raster and beside cells without a height.
    """
    # Both take long to import, and a county may be flat.
    import pyproj
    from scipy.ndimage import map_coordinates

    with open_tiff(dem) as raster:
        heights = raster.read(1, masked=True).astype(np.float64).filled(np.nan)
        there = pyproj.Transformer.from_crs(crs, raster.crs, always_xy=True).transform(*spots.T)
        # From corners of cells to their middles, where the heights are.
        east, north = np.array(there)
        to = ~raster.transform
        column, row = to.a * east + to.b * north + to.c, to.d * east + to.e * north + to.f
    found: Floats = map_coordinates(heights, np.array([row, column]) - 0.5, order=1, mode="constant", cval=np.nan)
    return found
