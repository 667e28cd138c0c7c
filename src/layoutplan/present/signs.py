"""Signs drawn with matplotlib: a school, a resettlement site, a closed school.

Every sign is drawn in millimetres on paper; ``unit`` says how many units of the axes one
millimetre is, so the same code draws the map, the inset and the legend.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    """Draw a school's sign.

    Parameters
    ----------
    axes : Axes
        Map, inset or legend.
    at : (float, float)
        Position in the axes' own units.
    sign : Sign
        What to draw.
    unit : float
        Units of the axes per millimetre on paper.
    """
    from matplotlib.patches import Circle, Polygon

    radius = sign.radius_mm * unit
    corners = shape_corners(sign.shape)
    if sign.changed or sign.closed:
        reach = radius * 1.1 + 1.3 * unit
        axes.add_artist(Circle(at, reach, facecolor=look().colours.change, alpha=0.22, linewidth=0, zorder=20))
        axes.add_artist(Circle(at, reach, fill=False, edgecolor=look().colours.change, linewidth=0.9, zorder=20))
    if sign.vacant or sign.closed:
        _draw_empty(axes, at, corners * radius)
        return
    if sign.size_status in ("near", "over"):
        outer = corners * (radius + 0.75 * unit * _corner_stretch(sign.shape)) + at
        width = 1.7 if sign.size_status == "over" else 0.7
        ring = RING_COLOURS[sign.size_status]
        axes.add_artist(Polygon(outer, facecolor="white", edgecolor=ring, linewidth=width, zorder=21))
    if sign.roof:
        _draw_roof(axes, at, radius, corners)
    hatch = "//////" if sign.class_status == "extra_large" else None
    fill, edge = getattr(look().status, sign.class_status), "#f3d9c9" if hatch else look().colours.ink
    axes.add_artist(Polygon(corners * radius + at, facecolor=fill, edgecolor=edge, linewidth=0, hatch=hatch, zorder=22))
    # In grey, "over" is as light as "within": a strong outline tells them apart, on the smallest sign too.
    width = 1.1 if sign.class_status in ("over", "large", "extra_large") else 0.55
    outline = Polygon(corners * radius + at, fill=False, edgecolor=look().colours.ink, linewidth=width, zorder=22)
    axes.add_artist(outline)
    if sign.class_status == "no_data":
        axes.add_artist(
            Circle(at, min(radius * 0.35, 0.4 * unit), facecolor=look().colours.grey, linewidth=0, zorder=22)
        )


def _corner_stretch(shape: str) -> float:
    """Keep the gap between sign and ring even: a corner lies farther out than a side."""
    return {"square": 1.4, "diamond": 1.4, "pentagon": 1.2, "hexagon": 1.15}.get(shape, 1.0)


def _draw_empty(axes: Axes, at: tuple[float, float], outline: np.ndarray) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Polygon

    axes.add_artist(Polygon(outline + at, facecolor="white", edgecolor=look().colours.grey, linewidth=0.8, zorder=22))
    reach = np.abs(outline).max() * 0.62
    for lean in (1.0, -1.0):
        ends = [at[0] - reach, at[0] + reach], [at[1] - lean * reach, at[1] + lean * reach]
        axes.add_artist(Line2D(*ends, color=look().colours.grey, linewidth=0.8, zorder=23, solid_capstyle="butt"))


def _draw_roof(axes: Axes, at: tuple[float, float], radius: float, corners: np.ndarray) -> None:
    from matplotlib.patches import Polygon

    top = at[1] + corners[:, 1].max() * radius * 0.9
    half = radius * 0.95
    roof = [(at[0] - half, top), (at[0] + half, top), (at[0], top + radius * 0.85)]
    axes.add_artist(
        Polygon(
            roof,
            facecolor=look().colours.ink,
            edgecolor=look().colours.ink,
            linewidth=0.3,
            joinstyle="miter",
            zorder=21.5,
        )
    )


def draw_site(axes: Axes, at: tuple[float, float], *, unit: float) -> None:
    """Draw a resettlement site: a dark triangle with a pale edge."""
    from matplotlib.patches import Polygon

    size = SITE_MM * unit
    corners = [(at[0] - size, at[1] - size * 0.7), (at[0] + size, at[1] - size * 0.7), (at[0], at[1] + size)]
    axes.add_artist(Polygon(corners, facecolor=look().colours.site, edgecolor="white", linewidth=0.5, zorder=19))
