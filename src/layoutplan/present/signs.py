"""Signs drawn with matplotlib: a school, a resettlement site, a closed school.

Every sign is drawn in millimetres on paper; ``unit`` says how many units of the axes one
millimetre is, so the same code draws the map, the inset and the legend.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layoutplan.present.inking import Shape, circle_path, corner_path, draw_shapes, line_path
from layoutplan.present.look import look
from layoutplan.present.symbols import RING_COLOURS, shape_corners, symbol_radius

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LARGEST_MM = 3.3
SMALLEST_MM = 0.85
SITE_MM = 1.25


@dataclass(frozen=True)
class Sign:
    """How one school is drawn; see :func:`layoutplan.present.symbols.school_symbols`."""

    shape: str
    pupils: float
    class_status: str = "within"
    size_status: str = "within"
    vacant: bool = False
    changed: bool = False
    roof: bool = False
    closed: bool = False

    @property
    def radius_mm(self) -> float:
        """Radius of the sign itself."""
        if self.closed or self.vacant:
            return SMALLEST_MM
        pupils = 0.0 if np.isnan(self.pupils) else self.pupils
        return symbol_radius(pupils, shape=self.shape, largest=LARGEST_MM, smallest=SMALLEST_MM)

    @property
    def reach_mm(self) -> float:
        """Radius of all that is drawn around the school: ring, roof and halo."""
        ring = 0.9 if self.size_status in ("near", "over") else 0.0
        halo = 1.5 if self.changed or self.closed else 0.0
        return self.radius_mm * 1.15 + max(ring, halo)


def draw_school(axes: Axes, at: tuple[float, float], sign: Sign, *, unit: float) -> None:
    """Draw a school's sign; see :func:`school_shapes`."""
    draw_shapes(axes, school_shapes(at, sign, unit=unit))


def school_shapes(at: tuple[float, float], sign: Sign, *, unit: float) -> Iterator[Shape]:
    """Yield what a school's sign is drawn of.

    Parameters
    ----------
    at : (float, float)
        Position in the axes' own units.
    sign : Sign
        What to draw.
    unit : float
        Units of the axes per millimetre on paper.
    """
    radius = sign.radius_mm * unit
    corners = shape_corners(sign.shape)
    colours = look().colours
    if sign.changed or sign.closed:
        halo = circle_path(at, radius * 1.1 + 1.3 * unit)
        yield Shape(halo, 20, face=colours.change, alpha=0.22)
        yield Shape(halo, 20, edge=colours.change, width=0.9)
    if sign.vacant or sign.closed:
        yield from _empty_shapes(at, corners * radius)
        return
    if sign.size_status in ("near", "over"):
        outer = corners * (radius + 0.75 * unit * _corner_stretch(sign.shape)) + at
        width = 1.7 if sign.size_status == "over" else 0.7
        yield Shape(corner_path(outer), 21, face="white", edge=RING_COLOURS[sign.size_status], width=width)
    if sign.roof:
        yield _roof_shape(at, radius, corners)
    outline, fill = corner_path(corners * radius + at), getattr(look().status, sign.class_status)
    if sign.class_status == "extra_large":
        yield Shape(outline, 22, face=fill, edge="#f3d9c9", hatch="//////")
        fill = "none"
    # In grey, "over" is as light as "within": a strong outline tells them apart, on the smallest sign too.
    width = 1.1 if sign.class_status in ("over", "large", "extra_large") else 0.55
    yield Shape(outline, 22, face=fill, edge=colours.ink, width=width)
    if sign.class_status == "no_data":
        yield Shape(circle_path(at, min(radius * 0.35, 0.4 * unit)), 22, face=colours.grey)


def _corner_stretch(shape: str) -> float:
    """Keep the gap between sign and ring even: a corner lies farther out than a side."""
    return {"square": 1.4, "diamond": 1.4, "pentagon": 1.2, "hexagon": 1.15}.get(shape, 1.0)


def _empty_shapes(at: tuple[float, float], outline: np.ndarray) -> Iterator[Shape]:
    grey = look().colours.grey
    yield Shape(corner_path(outline + at), 22, face="white", edge=grey, width=0.8)
    reach = np.abs(outline).max() * 0.62
    strokes = [[(-reach, -lean * reach), (reach, lean * reach)] for lean in (1.0, -1.0)]
    yield Shape(line_path(shapely.linestrings(np.array(strokes) + at)), 23, edge=grey, width=0.8)


def _roof_shape(at: tuple[float, float], radius: float, corners: np.ndarray) -> Shape:
    top = at[1] + corners[:, 1].max() * radius * 0.9
    half = radius * 0.95
    roof = np.array([(at[0] - half, top), (at[0] + half, top), (at[0], top + radius * 0.85)])
    return Shape(corner_path(roof), 21.5, face=look().colours.ink, edge=look().colours.ink, width=0.3)


def draw_site(axes: Axes, at: tuple[float, float], *, unit: float) -> None:
    """Draw a resettlement site; see :func:`site_shapes`."""
    draw_shapes(axes, site_shapes(at, unit=unit))


def site_shapes(at: tuple[float, float], *, unit: float) -> Iterator[Shape]:
    """Yield what a resettlement site is drawn of: a dark triangle with a pale edge."""
    size = SITE_MM * unit
    corners = np.array([(-size, -size * 0.7), (size, -size * 0.7), (0.0, size)]) + at
    yield Shape(corner_path(corners), 19, face=look().colours.site, edge="white", width=0.5)
