"""A map on a sheet: its axes, its place on the paper, and the names written on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layoutplan.present.labelling import Wanted, fits, place_names
from layoutplan.present.lettering import Halo, Words
from layoutplan.present.look import look
from layoutplan.present.sheet import Box, Page

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from shapely.geometry.base import BaseGeometry

NAME_PT = 7.6
_LINE_MM = 3.1
_AREA_COLOUR = "#8b8375"
_NAME_HALO, _AREA_HALO, _CLEAR_HALO = Halo("#fffdf8", 2.0, 0.9), Halo("#fffdf8", 1.8, 0.6), Halo("#fffdf8", 2.6, 0.92)


@dataclass(frozen=True)
class Face:
    """Axes in metres that lie in a box of the paper.

    Parameters
    ----------
    page : Page
        Sheet.
    axes : Axes
        Map in the county's CRS [m].
    box : (left, bottom, width, height)
        Where the axes lie [mm].
    """

    page: Page
    axes: Axes
    box: Box

    @property
    def unit(self) -> float:
        """Metres on the ground per millimetre on paper."""
        left, right = self.axes.get_xlim()
        return float(right - left) / self.box[2]

    def shows(self, at: tuple[float, float], *, apart: BaseGeometry | None) -> bool:
        """Return whether a point lies on this map and not in the part that an inset shows."""
        left, right = self.axes.get_xlim()
        bottom, top = self.axes.get_ylim()
        inside = left <= at[0] <= right and bottom <= at[1] <= top
        return inside and (apart is None or not shapely.intersects_xy(apart, *at))

    def on_paper(self, bounds: Sequence[float]) -> Box:
        """Return a rectangle of the map (left, bottom, right, top) in millimetres of the paper."""
        left, bottom = self.axes.get_xlim()[0], self.axes.get_ylim()[0]
        across = [(east - left) / self.unit + self.box[0] for east in (bounds[0], bounds[2])]
        up = [(north - bottom) / self.unit + self.box[1] for north in (bounds[1], bounds[3])]
        return (across[0], up[0], across[1], up[1])


@dataclass(frozen=True)
class Mark:
    """A sign on the map that asks for a name.

    Parameters
    ----------
    key : str
        Id.
    at : (float, float)
        Position [m].
    reach_mm : float
        Radius of the sign on paper.
    text, colour : str
        Name and its colour.
    rank : float
        Smaller is written earlier.
    needed : bool
        Whether the name may stand farther away with a leader line.
    size : float
        Size of the name [pt].
    """

    key: str
    at: tuple[float, float]
    reach_mm: float
    text: str
    colour: str
    rank: float
    needed: bool = False
    size: float = NAME_PT

    def room(self, face: Face) -> Box:
        """Return the square the sign takes on paper (left, bottom, right, top) [mm]."""
        left, bottom, _, _ = face.on_paper((*self.at, *self.at))
        return (left - self.reach_mm, bottom - self.reach_mm, left + self.reach_mm, bottom + self.reach_mm)


def draw_names(face: Face, marks: Sequence[Mark], *, taken: Sequence[Box]) -> list[Box]:
    """Write the names of the marks where there is room; return every rectangle in use [mm]."""
    wanted, room = [], list(taken)
    for mark in marks:
        left, bottom, _, _ = face.on_paper((*mark.at, *mark.at))
        width = face.page.width_of(mark.text, mark.size)
        height = _LINE_MM * mark.size / NAME_PT * face.page.swell
        wanted.append(Wanted(mark.key, left, bottom, mark.reach_mm, width, height, mark.rank, mark.needed))
    left, bottom, width, height = face.box
    frame = (left + 0.8, bottom + 0.8, left + width - 0.8, bottom + height - 0.8)
    placed = place_names(wanted, taken=room, frame=frame)
    sizes = {want.key: want for want in wanted}
    words = []
    for mark in marks:
        spot = placed.get(mark.key)
        if spot is None:
            continue
        want = sizes[mark.key]
        if spot.away_mm > 1.0:
            _draw_leader(face.page, want, (spot.left_mm, spot.bottom_mm))
        words.append(Words(spot.left_mm, spot.bottom_mm + 0.75, mark.text, mark.size, mark.colour))
        room.append((spot.left_mm, spot.bottom_mm, spot.left_mm + want.width_mm, spot.bottom_mm + want.height_mm))
    face.page.letter(words, zorder=36, halo=_NAME_HALO)
    return room


def _draw_leader(page: Page, want: Wanted, corner: tuple[float, float]) -> None:
    """Draw a line from the sign's edge to the nearest point of its name."""
    end = (
        float(np.clip(want.across_mm, corner[0], corner[0] + want.width_mm)),
        float(np.clip(want.up_mm, corner[1], corner[1] + want.height_mm)),
    )
    length = float(np.hypot(end[0] - want.across_mm, end[1] - want.up_mm))
    share = want.radius_mm / max(length, 1e-9)
    start = (want.across_mm + (end[0] - want.across_mm) * share, want.up_mm + (end[1] - want.up_mm) * share)
    page.rule(start, end, color="#5c574f", linewidth=0.5, zorder=35)


def name_areas(
    face: Face, areas: gpd.GeoDataFrame, *, taken: Sequence[Box], clear: bool = False
) -> list[Box]:  # fmt: skip
    """Write the name of every area, spaced out and grey, near its middle; return every rectangle in use [mm].

    Parameters
    ----------
    face : Face
        Map.
    areas : GeoDataFrame
        ``township_id``, ``name`` and polygons.
    taken : sequence of (left, bottom, right, top)
        What is in use [mm]. An area whose whole inside is in use gets no name.
    clear : bool
        Whether the ground is strongly coloured, so that the names have to be dark on a broad pale edge.
    """
    room, words = list(taken), []
    size, colour = look().text.township, look().colours.ink if clear else _AREA_COLOUR
    for _, area in areas.sort_values("township_id").iterrows():
        spaced = " ".join(str(area["name"])) if len(str(area["name"])) <= 4 else str(area["name"])
        width = face.page.width_of(spaced, size)
        for across, up in _inside_points(face, area.geometry):
            swell = face.page.swell
            box = (across - width / 2, up - 2.0 * swell, across + width / 2, up + 2.4 * swell)
            if fits(box, room):
                words.append(Words(across, up, spaced, size, colour, "center", "center"))
                room.append(box)
                break
    face.page.letter(words, zorder=34, halo=_CLEAR_HALO if clear else _AREA_HALO)
    return room


def _inside_points(face: Face, shape: BaseGeometry) -> list[tuple[float, float]]:
    """Return spots inside an area on paper [mm], the ones near its middle first."""
    inner = shapely.buffer(shape, -3.0 * face.unit)
    middle = shapely.point_on_surface(shape if inner.is_empty else inner)
    left, bottom, right, top = shape.bounds
    steps = np.linspace(0.08, 0.92, 13)
    east, north = np.meshgrid(left + (right - left) * steps, bottom + (top - bottom) * steps)
    points = shapely.points(np.r_[shapely.get_x(middle), east.ravel()], np.r_[shapely.get_y(middle), north.ravel()])
    points = points[shapely.contains(shape if inner.is_empty else inner, points)]
    centre = shape.centroid
    order = np.argsort(shapely.distance(points, centre), kind="stable")
    return [face.on_paper((p.x, p.y, p.x, p.y))[:2] for p in points[order]]
