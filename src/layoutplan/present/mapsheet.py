"""A map in its frame: ground, a layer of its own, signs and names, scale, north, and the county town at its side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layoutplan.labels import label
from layoutplan.present.ground import draw_boundaries, draw_relief, draw_roads, within_window
from layoutplan.present.inking import circle_path, joined
from layoutplan.present.look import look
from layoutplan.present.mapface import Face
from layoutplan.present.marks import draw_marks
from layoutplan.present.sheet import Box, Page, draw_frame, draw_north, draw_scale, scale_text, show_extent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from shapely.geometry.base import BaseGeometry

    from layoutplan.present.scene import Scene

Window = tuple[float, float, float, float]
Paint = Callable[["Axes", Window], None]
Over = Callable[[Face, list[Box], "BaseGeometry | None"], None]
_INSET_LABEL_MM = 7.0
# Metres per millimetre of the smallest scale at which single settlements are more than a grey blur.
_DOTS_UNIT = 450.0


@dataclass(frozen=True)
class MapSheet:
    """One map of a sheet.

    Parameters
    ----------
    scene : Scene
        What is shown.
    page : Page
        Sheet.
    paint : callable
        Draws the map's own layer, under the roads, into axes with a window (left, bottom, right, top) [m].
    over : callable, optional
        Draws what the map is about over the ground of a face, leaving rectangles [mm] free and leaving out what an
        inset shows; all schools and sites with their signs unless told otherwise.
    """

    scene: Scene
    page: Page
    paint: Paint
    over: Over | None = None

    def draw(self, box: Box, *, inset: Box | None = None, plain: bool = False) -> None:
        """Draw the map into a box.

        Parameters
        ----------
        box : (left, bottom, width, height)
            Where [mm].
        inset : (left, bottom, width, height), optional
            Where the county town is drawn larger.
        plain : bool
            Without the double frame and its kilometre figures, for maps that stand side by side.
        """
        page, county = self.page, self.scene.result.prepared.county
        axes = page.axes(box)
        unit = show_extent(page, axes, county.townships.total_bounds, box=box, margin_mm=4.0)
        self._draw_ground(axes, unit=unit)
        if not plain:
            draw_frame(page, axes, box)
        taken = [draw_scale(page, axes, box), draw_north(page, box[0] + box[2] - 9.0, box[1] + box[3] - 24.0)]
        apart = self._draw_inset(axes, box, inset)
        face = Face(page, axes, box)
        if apart is not None:
            taken.append(face.on_paper(apart.bounds))
        if self.over is None:
            draw_marks(self.scene, face, taken=taken, apart=apart)
        else:
            self.over(face, taken, apart)

    def _draw_ground(self, axes: Axes, *, unit: float, stronger: float = 1.0) -> None:
        county = self.scene.result.prepared.county
        window = (axes.get_xlim()[0], axes.get_ylim()[0], axes.get_xlim()[1], axes.get_ylim()[1])
        self.paint(axes, window)
        roads = self.scene.result.ground(self.scene.year).county.roads
        draw_roads(axes, within_window(roads, window), unit=unit, stronger=stronger)
        outline = draw_boundaries(axes, county.townships, unit=unit)
        if "dem" in county.rasters and look().relief > 0:
            draw_relief(axes, county.rasters["dem"], crs=county.crs, within=outline)
        if unit <= _DOTS_UNIT:
            _draw_dots(self.scene, axes, unit=unit)

    def _draw_inset(self, main: Axes, main_box: Box, inset: Box | None) -> BaseGeometry | None:
        """Draw the county town at a larger scale; return its area, so that the main map leaves it free."""
        scene, page = self.scene, self.page
        if scene.town is None or inset is None:
            return None
        box = (inset[0], inset[1], inset[2], inset[3] - _INSET_LABEL_MM)
        axes = page.axes(box)
        unit = show_extent(page, axes, scene.town, box=box, margin_mm=9.0)
        self._draw_ground(axes, unit=unit, stronger=1.8)
        title = label("figure.inset", scene.lang)
        scale = label("figure.scale", scene.lang, denominator=scale_text(page, unit))
        up = box[1] + box[3] + 1.8
        page.write(inset[0], up, title, size=9.5, bold=True)
        page.write(inset[0] + inset[2], up, scale, size=8.0, ha="right")
        area = shapely.box(axes.get_xlim()[0], axes.get_ylim()[0], axes.get_xlim()[1], axes.get_ylim()[1])
        if self.over is None:
            draw_marks(scene, Face(page, axes, box), taken=[], apart=None, areas=False)
        else:
            self.over(Face(page, axes, box), [], None)
        self._mark_inset(main, main_box, area)
        return area

    def _mark_inset(self, main: Axes, main_box: Box, area: BaseGeometry) -> None:
        from matplotlib.patches import Rectangle

        left, bottom, right, top = area.bounds
        ink = look().colours.ink
        main.add_artist(
            Rectangle((left, bottom), right - left, top - bottom, fill=False, edgecolor=ink, linewidth=1.0, zorder=18)
        )
        page, size = self.page, look().text.school
        note = label("figure.see_inset", self.scene.lang)
        face = Face(page, main, main_box)
        if page.width_of(note, size) < (right - left) / face.unit - 1.0:
            across, up, _, _ = face.on_paper(((left + right) / 2, (bottom + top) / 2) * 2)
            page.write(
                across, up, note, size=size, ha="center", va="center", zorder=18,
                bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.2},
            )  # fmt: skip


def _draw_dots(scene: Scene, axes: Axes, *, unit: float) -> None:
    """Draw settlements as dots; sites have a sign of their own."""
    from matplotlib.patches import PathPatch

    places = scene.result.prepared.county.places
    villages = places[places["kind"] != "resettlement"]
    points = shapely.get_coordinates(shapely.point_on_surface(villages.geometry.to_numpy()))
    dots = [circle_path((east, north), 0.375 * unit) for east, north in points]
    if dots:
        axes.add_artist(PathPatch(joined(dots), facecolor=look().colours.grey, linewidth=0, zorder=9))


def points_of(frame: Any) -> np.ndarray:
    """Return a point inside every shape of a frame, [row, 2] in metres."""
    points: np.ndarray = shapely.get_coordinates(shapely.point_on_surface(frame.geometry.to_numpy()))
    return points
