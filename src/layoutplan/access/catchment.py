"""Catchments on the ground: cells around the roads, dissolved by the school they go to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layoutplan.access.network import Snaps

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
        The point of the network each cell stands for (``ids`` = cell ids as text).
    """

    frame: gpd.GeoDataFrame
    snaps: Snaps
