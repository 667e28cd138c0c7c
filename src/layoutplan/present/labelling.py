"""Place names on a sheet: most important first, beside their sign, never one over another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
# Directions in the order a reader expects a name: right first, then above and below, left last.
_DIRECTIONS = ((1, 0), (1, 1), (1, -1), (-1, 0), (-1, 1), (-1, -1), (0, 1), (0, -1))
_STEPS_MM = (0.0, 1.6, 3.4)
_FAR_STEPS_MM = (5.5, 8.0)


@dataclass(frozen=True)
class Wanted:
    """A name that should stand beside a sign; lengths in millimetres on the sheet.

    Parameters
    ----------
    key : str
        Id; ties in rank go to the smaller one.
    across_mm, up_mm : float
        Where the sign stands.
    radius_mm : float
        Size of the sign, halo included.
    width_mm, height_mm : float
        Size of the name.
    rank : float
        Smaller is placed earlier.
    needed : bool
        Whether the name may go farther away, with a leader line.
    """

    key: str
    across_mm: float
    up_mm: float
    radius_mm: float
    width_mm: float
    height_mm: float
    rank: float
    needed: bool = False


@dataclass(frozen=True)
class Placed:
    """Where a name stands: its lower left corner, and how far from its sign it had to go (0 = beside it)."""

    key: str
    left_mm: float
    bottom_mm: float
    away_mm: float


def place_names(
    wanted: Iterable[Wanted], *, taken: Sequence[Sequence[float]], frame: Sequence[float]
) -> dict[str, Placed]:
    """Give each name the best free spot; a name without one is left out.

    Parameters
    ----------
    wanted : iterable of Wanted
        Names; the order given does not matter.
    taken : sequence of (left, bottom, right, top)
        Rectangles that must stay free of names [mm]: signs, boxes, the north arrow.
    frame : (left, bottom, right, top)
        Names stay inside [mm].

    Returns
    -------
    dict
        ``{key: Placed}`` for every name that found room.

    Examples
    --------
    >>> one = Wanted("a", 10.0, 10.0, 1.0, 6.0, 2.0, rank=0)
    >>> two = Wanted("b", 10.0, 10.0, 1.0, 6.0, 2.0, rank=1)
    >>> spots = place_names([two, one], taken=[], frame=(0, 0, 100, 100))
    >>> spots["a"].left_mm > 10.0 and spots["b"] != spots["a"]
    True
    """
    boxes = np.asarray(taken, dtype=np.float64).reshape(-1, 4)
    placed: dict[str, Placed] = {}
    for want in sorted(wanted, key=lambda one: (one.rank, one.key)):
        steps = _STEPS_MM + _FAR_STEPS_MM if want.needed else _STEPS_MM
        spot = _first_free(want, steps, boxes, frame)
        if spot is not None:
            placed[want.key] = spot
            boxes = np.vstack((boxes, _rectangle(spot.left_mm, spot.bottom_mm, want)))
    return placed


def _rectangle(left: float, bottom: float, want: Wanted) -> Floats:
    return np.array([left, bottom, left + want.width_mm, bottom + want.height_mm])


def _first_free(want: Wanted, steps: Sequence[float], boxes: Floats, frame: Sequence[float]) -> Placed | None:
    for step in steps:
        for across, up in _DIRECTIONS:
            left, bottom = _corner(want, across, up, step)
            box = _rectangle(left, bottom, want)
            inside = box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
            if inside and not _hits(box, boxes):
                return Placed(want.key, left, bottom, step)
    return None


def _corner(want: Wanted, across: int, up: int, step: float) -> tuple[float, float]:
    """Return the lower left corner of a name put in one direction of its sign."""
    reach = want.radius_mm + 0.5 + step
    if across and up:
        reach *= 0.75
    centre = want.across_mm + across * (reach + want.width_mm / 2)
    middle = want.up_mm + up * (reach + want.height_mm / 2)
    return centre - want.width_mm / 2, middle - want.height_mm / 2


def _hits(box: Floats, boxes: Floats) -> bool:
    overlap = (boxes[:, 0] < box[2]) & (boxes[:, 2] > box[0]) & (boxes[:, 1] < box[3]) & (boxes[:, 3] > box[1])
    return bool(overlap.any())


def fits(box: Sequence[float], taken: Sequence[Sequence[float]]) -> bool:
    """Return whether a rectangle (left, bottom, right, top) is free of all others."""
    return not _hits(np.asarray(box, dtype=np.float64), np.asarray(taken, dtype=np.float64).reshape(-1, 4))
