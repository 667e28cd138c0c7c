"""Schools and sites on a sheet: signs kept apart, then names by importance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutplan.labels import label
from layoutplan.present.inking import draw_shapes
from layoutplan.present.look import look
from layoutplan.present.mapface import Face, Mark, draw_names, name_areas
from layoutplan.present.signs import SITE_MM, Sign, school_shapes, site_shapes
from layoutplan.present.symbols import STATUSES

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from layoutplan.present.scene import Scene
    from layoutplan.present.sheet import Box

_SITE_RANK = 1.45
# Names up to this rank are written before the townships' names, the others after them.
_MAIN_RANK = 2.0
_VILLAGE_RANK = 4.0
_VILLAGE_COLOUR = "#5c574f"
_MOST_SHIFT_MM = 3.6
_ROUNDS = 6
Drawn = tuple[Sign | None, Mark]


def draw_marks(
    scene: Scene, face: Face, *, taken: Sequence[Box], apart: BaseGeometry | None, areas: bool = True
) -> None:
    """Draw schools and sites of a map, then their names where there is room.

    Parameters
    ----------
    scene : Scene
        What the sheet shows.
    face : Face
        Map or inset.
    taken : sequence of (left, bottom, right, top)
        Rectangles without names [mm].
    apart : geometry, optional
        Area that an inset shows instead.
    areas : bool
        Whether townships are named too.
    """
    seen = [pair for pair in _marks_of(scene) if face.shows(pair[1].at, apart=apart)]
    # Large signs first, so that a small school beside a large one stays in sight.
    seen = kept_apart(sorted(seen, key=lambda pair: (-pair[1].reach_mm, pair[1].key)), unit=face.unit)
    unit = face.unit
    draw_shapes(face.axes, [
        shape
        for sign, mark in seen
        for shape in (site_shapes(mark.at, unit=unit) if sign is None else school_shapes(mark.at, sign, unit=unit))
    ])  # fmt: skip
    room = [*taken, *(mark.room(face) for _, mark in seen)]
    room = draw_names(face, [mark for _, mark in seen if mark.rank <= _MAIN_RANK], taken=room)
    if areas:
        room = name_areas(face, scene.result.prepared.county.townships, taken=room)
    draw_names(face, [mark for _, mark in seen if mark.rank > _MAIN_RANK], taken=room)


def _marks_of(scene: Scene) -> list[Drawn]:
    opens = scene.result.roster.schools.set_index("school_id")["opens_year"]
    marks: list[Drawn] = []
    schools: list[Any] = list(scene.schools.itertuples())
    for row in schools:
        sign: Sign = row.sign
        touched = sign.changed or sign.closed
        text = _school_name(scene, str(row.name), sign, is_new=sign.changed and pd.notna(opens[row.Index]))
        rank = _rank(sign, kind=str(row.kind), setting=str(row.setting))
        small = rank >= _VILLAGE_RANK
        colour = look().colours.change if touched else _VILLAGE_COLOUR if small else look().colours.ink
        at = (float(row.east_m), float(row.north_m))
        size = look().text.village_school if small else look().text.school
        marks.append((sign, Mark(str(row.Index), at, sign.reach_mm, text, colour, rank, touched, size)))
    sites: list[Any] = list(scene.sites.itertuples())
    for row in sites:
        at = (float(row.east_m), float(row.north_m))
        marks.append((None, Mark(f"site {row.Index}", at, SITE_MM, str(row.name), look().colours.site, _SITE_RANK)))
    return marks


def _school_name(scene: Scene, name: str, sign: Sign, *, is_new: bool) -> str:
    short = name.removeprefix(scene.result.prepared.county.name)
    shown = short if len(short) > 1 else name
    if sign.closed:
        return label("figure.closed_school", scene.lang, name=shown)
    return label("figure.new_school", scene.lang, name=shown) if is_new else shown


def _rank(sign: Sign, *, kind: str, setting: str) -> float:
    """Return the turn of a name: what the plan changes, what breaks a norm, schools of towns, then the villages."""
    if sign.changed or sign.closed:
        return 0.0
    worst = max(STATUSES.index(sign.class_status), STATUSES.index(sign.size_status))
    if worst >= STATUSES.index("over"):
        return 1.5 - worst / 10.0
    pupils = 0.0 if np.isnan(sign.pupils) else sign.pupils
    if setting != "village" or kind not in ("teaching_point", "primary"):
        return 2.0 - min(pupils, 4000.0) / 10_000.0
    return _VILLAGE_RANK + (1.0 if kind == "teaching_point" else 0.0)


def kept_apart(seen: list[Drawn], *, unit: float) -> list[Drawn]:
    """Move signs that would cover each other aside, smaller ones first, no farther than can be read as one place.

    Parameters
    ----------
    seen : list of (sign, mark)
        Largest first; the largest of a cluster stays where it is.
    unit : float
        Metres per millimetre on paper.
    """
    home = np.array([mark.at for _, mark in seen]).reshape(-1, 2) / unit
    reach = np.array([mark.reach_mm * 0.92 for _, mark in seen])
    spot = home.copy()
    for _ in range(_ROUNDS):
        for k in range(1, len(seen)):
            away = spot[k] - spot[:k]
            gap = np.hypot(away[:, 0], away[:, 1]) - (reach[k] + reach[:k])
            nearest = int(np.argmin(gap))
            if gap[nearest] >= -1e-9:
                continue
            length = float(np.hypot(*away[nearest]))
            # Signs on one spot part towards the right.
            way = away[nearest] / length if length > 1e-6 else np.array([1.0, 0.0])
            spot[k] = spot[k] - way * gap[nearest]
            shift = spot[k] - home[k]
            far = float(np.hypot(*shift))
            if far > _MOST_SHIFT_MM:
                spot[k] = home[k] + shift * (_MOST_SHIFT_MM / far)
    moved = spot * unit
    return [
        (sign, replace(mark, at=(float(east), float(north))))
        for (sign, mark), (east, north) in zip(seen, moved, strict=True)
    ]
