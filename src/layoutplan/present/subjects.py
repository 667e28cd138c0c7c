"""What the sheets are about: one function a subject draws everything between title and footer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layoutplan.present.comparing import draw_change, draw_cover, draw_gap
from layoutplan.present.outlooks import draw_demand, draw_elimination
from layoutplan.present.places import draw_layout, draw_oversize, draw_planned, draw_resettlement, draw_shells

if TYPE_CHECKING:
    from layoutplan.present.scene import Scene
    from layoutplan.present.sheet import Page

# On a map in its corner; on other sheets left of the subtitle, where no title however long can reach.
_ON_MAP, _ON_PAPER = (23.0, 253.0), (12.0, 273.5)


@dataclass(frozen=True)
class Subject:
    """One subject.

    Parameters
    ----------
    draw : callable
        Of a scene and a page.
    is_map : bool
        Whether it is one large map, whose signs may have been moved apart.
    """

    draw: Callable[[Scene, Page], None]
    is_map: bool = True

    @property
    def stamp_at(self) -> tuple[float, float]:
        """Upper left corner of the stamp of synthetic data [mm]."""
        return _ON_MAP if self.is_map else _ON_PAPER


SUBJECTS: Mapping[str, Subject] = {
    "present": Subject(draw_layout), "primary": Subject(draw_layout), "junior": Subject(draw_layout),
    "cover": Subject(draw_cover, is_map=False), "oversize": Subject(draw_oversize),
    "gap": Subject(draw_gap, is_map=False), "resettlement": Subject(draw_resettlement),
    "shells": Subject(draw_shells), "planned": Subject(draw_planned), "layout": Subject(draw_layout),
    "change": Subject(draw_change, is_map=False), "elimination": Subject(draw_elimination, is_map=False),
    "demand": Subject(draw_demand, is_map=False),
}  # fmt: skip
"""In the order in which they are bound: the county as it is, what it lacks, what is planned, what comes of it."""
