"""The road network in metres: nodes, edges, modes, and points snapped onto edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Mode = Literal["walk", "drive"]
MODES: tuple[Mode, Mode] = ("walk", "drive")
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
CLOSED = -1


@dataclass(frozen=True, eq=False)
class Network:
    """Road edges between junctions, with an integer cost a mode and direction.

    Parameters
    ----------
    node_east_m, node_north_m : float64 [node]
        Coordinates in the county's CRS; nodes are sorted by (east, north).
    edge_from, edge_to : int64 [edge]
        Node indices; edges are sorted, so neither depends on the order of rows.
    edge_length_mm : int64 [edge]
        Length along the line, at least 1.
    edge_line : object [edge]
        LineString from ``edge_from`` to ``edge_to``.
    edge_road_id : object [edge]
        Road the edge comes from.
    cost : mapping
        ``{mode: (forward, backward)}``, int64 [edge] each: millimetres for ``walk``,
        milliseconds for ``drive``; ``CLOSED`` where that direction may not be used.
    component : mapping
        ``{mode: int64 [node]}`` connected piece by mode (weakly connected), 0 = the largest.
    crs : str
        CRS of the coordinates.
    report : mapping
        Counts of what was merged, dropped or left apart, for ``check``.
    """

    node_east_m: Floats
    node_north_m: Floats
    edge_from: Ints
    edge_to: Ints
    edge_length_mm: Ints
    edge_line: npt.NDArray[Any]
    edge_road_id: npt.NDArray[Any]
    cost: Mapping[Mode, tuple[Ints, Ints]]
    component: Mapping[Mode, Ints]
    crs: str
    report: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Snaps:
    """Points put onto the nearest edge that their mode may use.

    Parameters
    ----------
    ids : tuple of str
        Ids of the points, in their order.
    edge : int64 [point]
        Edge index; -1 where the point is too far from any road.
    offset_mm : int64 [point]
        Distance along the edge from ``edge_from``.
    gap_mm : int64 [point]
        Straight distance from the point to the edge; it is walked and counted.
    """

    ids: tuple[str, ...]
    edge: Ints
    offset_mm: Ints
    gap_mm: Ints
