"""What may be joined where roads share no vertex, and the list of what was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layoutplan.access.vertices import Flags, Ints, Vertices, unpack

if TYPE_CHECKING:
    import pandas as pd

JOINT_KINDS = ("crossing", "junction", "gap")
CROSSING, JUNCTION, GAP = range(3)


@dataclass(frozen=True, eq=False)
class Joining:
    """What may be joined.

    Parameters
    ----------
    tolerance_mm : int
        An end this near to another road is joined to it; 0 joins none.
    node_crossings : bool
        Whether lines that cross on one level are joined.
    level : int64 [road]
        0 on the ground; roads of different levels only meet end to end.
    spans : bool [road]
        Bridges and tunnels: nothing crosses on them.
    rank : int64 [road]
        Order of the road ids.
    """

    tolerance_mm: int
    node_crossings: bool
    level: Ints
    spans: Flags
    rank: Ints


@dataclass(frozen=True, eq=False)
class Joints:
    """Places where roads without a shared vertex were joined, sorted by east, north and ids.

    Parameters
    ----------
    kind : object [joint]
        ``crossing``; ``junction``, an end on another road's line; ``gap``, an end at another end.
    road_id, other_road_id : object [joint]
        The road that ends there and the one it was joined to; of two that cross the smaller id first.
    east_m, north_m : float64 [joint]
        Where the other road is met.
    gap_mm : int64 [joint]
        Length bridged; 0 where the lines touch or cross.
    """

    kind: npt.NDArray[Any]
    road_id: npt.NDArray[Any]
    other_road_id: npt.NDArray[Any]
    east_m: npt.NDArray[np.float64]
    north_m: npt.NDArray[np.float64]
    gap_mm: Ints

    def count(self) -> dict[str, int]:
        """Return how many joints of each kind there are: ``joined_crossing``, ``joined_junction``, ``joined_gap``."""
        return {f"joined_{kind}": int((self.kind == kind).sum()) for kind in JOINT_KINDS}

    def frame(self) -> pd.DataFrame:
        """Return the joints as a table: ``kind, road_id, other_road_id, east_m, north_m, gap_m``."""
        import pandas as pd

        names = ("kind", "road_id", "other_road_id", "east_m", "north_m")
        return pd.DataFrame({**{name: getattr(self, name) for name in names}, "gap_m": self.gap_mm / 1000.0})


def no_joints() -> Joints:
    """Return the joints of a network where nothing was joined."""
    names, metres = np.empty(0, dtype=object), np.empty(0)
    return Joints(names, names, names, metres, metres, np.empty(0, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Marks:
    """Joints before they have names.

    Parameters
    ----------
    kind : int64 [mark]
        Index into ``JOINT_KINDS``.
    key : int64 [mark]
        Point, packed.
    line, other : int64 [mark]
        Lines that meet there.
    gap_mm : int64 [mark]
        Length bridged.
    """

    kind: Ints
    key: Ints
    line: Ints
    other: Ints
    gap_mm: Ints


def gather_marks(groups: Sequence[Marks]) -> Marks:
    """Return groups of marks as one.

    Parameters
    ----------
    groups : sequence of Marks
        At least one.
    """
    names = ("kind", "key", "line", "other", "gap_mm")
    return Marks(*(np.concatenate([getattr(group, name) for group in groups]) for name in names))


def name_joints(marks: Marks, vertices: Vertices, *, road_id: npt.NDArray[Any], rank: Ints) -> Joints:
    """Return the joints with the ids of their roads, every pair of roads once a place.

    Parameters
    ----------
    marks : Marks
        Where lines were joined.
    vertices : Vertices
        Those lines.
    road_id : object [road]
        Ids.
    rank : int64 [road]
        Their order.
    """
    if not len(marks.key):
        return no_joints()
    road = road_of_line(vertices)
    one, other = road[marks.line], road[marks.other]
    # Neither of two roads that cross comes first but by its id.
    turned = (marks.kind == CROSSING) & (rank[one] > rank[other])
    one, other = np.where(turned, other, one), np.where(turned, one, other)
    facts = np.stack((marks.key, marks.kind, rank[one], rank[other], marks.gap_mm))
    first = np.unique(facts, axis=1, return_index=True)[1]
    east_mm, north_mm = unpack(marks.key[first], vertices.corner)
    return Joints(
        kind=np.array(JOINT_KINDS, dtype=object)[marks.kind[first]],
        road_id=road_id[one[first]],
        other_road_id=road_id[other[first]],
        east_m=east_mm / 1000.0,
        north_m=north_mm / 1000.0,
        gap_mm=marks.gap_mm[first],
    )


def road_of_line(vertices: Vertices) -> Ints:
    """Return the row of the road of every line, int64 [line].

    Parameters
    ----------
    vertices : Vertices
        Lines; those without a vertex get 0.
    """
    road = np.zeros(int(vertices.line[-1]) + 1, dtype=np.int64)
    road[vertices.line] = vertices.road
    return road
