"""Sheets of one large map: all schools, crowded ones, resettlement sites, near-empty ones, what is planned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layoutplan.county.tables import STAGES
from layoutplan.labels import catalogue, label
from layoutplan.plan.closure import closure_gate, shell_candidates
from layoutplan.plan.elimination import elimination_path
from layoutplan.present.grids import actions_by_school, changes_grid
from layoutplan.present.ground import draw_catchments, draw_junior_borders, within_window
from layoutplan.present.inking import draw_shapes
from layoutplan.present.legend import Contents, draw_legend, limits_of
from layoutplan.present.look import look
from layoutplan.present.mapface import Face, Mark, draw_names, name_areas
from layoutplan.present.mapsheet import MapSheet, Over, Window, points_of
from layoutplan.present.marks import Drawn, kept_apart
from layoutplan.present.panels import Key, Listing, draw_keys, draw_listing, stroke, write_notes
from layoutplan.present.sheet import Box, Page, draw_table
from layoutplan.present.signs import Sign, draw_school, draw_site, school_shapes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from shapely.geometry.base import BaseGeometry

    from layoutplan.present.scene import Scene

_MAP: Box = (19.0, 23.0, 276.0, 234.0)
_INSET: Box = (305.0, 183.0, 103.0, 79.0)
_TABLE: Box = (305.0, 113.0, 103.0, 65.0)
_LEGEND: Box = (305.0, 18.0, 103.0, 91.0)
_LIST: Box = (305.0, 68.0, 103.0, 110.0)
_KEY: Box = (305.0, 18.0, 103.0, 45.0)
_DOT_MM = 0.55
_GATES = 12


def draw_layout(scene: Scene, page: Page) -> None:
    """Draw all schools, or those of one stage, with catchments, key figures and the whole legend."""

    def paint(axes: Axes, window: Window) -> None:
        draw_catchments(axes, within_window(scene.catchments, window), scene.hues)
        if scene.sheet not in STAGES:
            draw_junior_borders(axes, within_window(scene.junior_catchments, window))

    MapSheet(scene, page, paint).draw(_MAP, inset=_INSET)
    if scene.key_figures:
        draw_table(page, scene.key_figures, scene.table_years, box=_TABLE)
    signs = list(scene.schools["sign"])
    contents = Contents(
        kinds=sorted(set(scene.schools["kind"])), filled=scene.filled,
        lined="" if scene.sheet in STAGES else "junior",
        roof=any(sign.roof for sign in signs), site=len(scene.sites) > 0, changed=any(sign.changed for sign in signs),
        closed=any(sign.closed for sign in signs), unreached=bool(scene.catchments["school_id"].isna().any()),
        norms=scene.result.prepared.norms,
    )  # fmt: skip
    draw_legend(page, contents, box=_LEGEND)


def _bare(axes: Axes, window: Window) -> None:
    """Paint nothing: the paper is the ground."""


def _draw_base(scene: Scene, page: Page, over: Over) -> None:
    """Draw the ground with every standing school as a small ring, then what the sheet is about, on map and inset."""

    def both(face: Face, taken: list[Box], apart: BaseGeometry | None) -> None:
        draw_dots(face, scene.schools[["east_m", "north_m"]].to_numpy(float))
        over(face, taken, apart)

    MapSheet(scene, page, _bare, over=both).draw(_MAP, inset=_INSET)


def draw_dots(face: Face, points: np.ndarray) -> None:
    """Draw schools that a sheet is not about as small rings."""
    from matplotlib.collections import EllipseCollection

    size = np.full(len(points), 2 * _DOT_MM * face.unit)
    grey = look().colours.grey
    dots = EllipseCollection(
        size, size, np.zeros(len(points)), units="x", offsets=points, transOffset=face.axes.transData,
        facecolor="white", edgecolor=grey, linewidth=0.5, zorder=10,
    )  # fmt: skip
    face.axes.add_collection(dots, autolim=False)


def _marks(scene: Scene, face: Face, told: Mapping[str, str], apart: BaseGeometry | None) -> list[Mark]:
    """Draw some schools with their signs, larger ones first; return the marks that ask for their names."""
    colours, size = look().colours, look().text.school
    drawn: list[Drawn] = []
    rows: list[Any] = list(scene.schools.loc[list(told)].itertuples())
    for row in rows:
        at, sign = (float(row.east_m), float(row.north_m)), row.sign
        if face.shows(at, apart=apart):
            colour = colours.change if sign.changed or sign.closed else colours.ink
            drawn.append((sign, Mark(str(row.Index), at, sign.reach_mm, told[row.Index], colour, 1.0, True, size)))
    drawn = kept_apart(sorted(drawn, key=lambda pair: (-pair[1].reach_mm, pair[1].key)), unit=face.unit)
    signs = [(sign, mark) for sign, mark in drawn if sign is not None]
    draw_shapes(face.axes, [shape for sign, mark in signs for shape in school_shapes(mark.at, sign, unit=face.unit)])
    return [mark for _, mark in drawn]


def _name(scene: Scene, face: Face, marks: list[Mark], taken: list[Box]) -> None:
    """Write the names of the marks, then of the townships; an inset has no room for these."""
    room = draw_names(face, marks, taken=[*taken, *(mark.room(face) for mark in marks)])
    if taken:
        name_areas(face, scene.result.prepared.county.townships, taken=room)


def _sign_schools(scene: Scene, ids: list[str]) -> Over:
    """Return what draws some schools with their signs and names."""
    told = {school_id: short_name(scene, str(scene.schools.loc[school_id, "name"])) for school_id in ids}

    def over(face: Face, taken: list[Box], apart: BaseGeometry | None) -> None:
        _name(scene, face, _marks(scene, face, told, apart), taken)

    return over


def short_name(scene: Scene, name: str) -> str:
    """Return a school's name without the county's, which stands in the title."""
    short = name.removeprefix(scene.result.prepared.county.name)
    return short if len(short) > 1 else name


def draw_oversize(scene: Scene, page: Page) -> None:
    """Draw the schools with a class over the norm, or over their size, and list them."""
    path = elimination_path(scene.result)
    bands = ["classes_over_norm", "classes_large", "classes_extra_large"]
    now = path.stages[path.stages["year"] == scene.year].groupby("school_id")[bands].sum()
    crowded = now[now.sum(axis=1) > 0]
    sizes = path.sizes[(path.sizes["year"] == scene.year) & (path.sizes["pupils_over_size"] > 0)].set_index("school_id")
    ids = sorted({*crowded.index, *sizes.index} & set(scene.schools.index))
    _draw_base(scene, page, _sign_schools(scene, ids))
    table = pd.DataFrame(index=ids).join(now).join(sizes[["pupils_over_size"]])
    table["name"] = scene.schools["name"].reindex(ids)
    table["all"] = table[bands].sum(axis=1)
    table = table.sort_values(["classes_extra_large", "classes_large", "all", "name"], ascending=[False] * 3 + [True])
    rows: list[list[str | float | None]] = [
        [short_name(scene, str(row["name"])), row["all"], row["classes_large"] + row["classes_extra_large"],
         row["classes_extra_large"], row["pupils_over_size"]]
        for row in table.to_dict("records")
    ]  # fmt: skip
    heads = [label(f"figure.panel.{name}", page.lang) for name in ("school", "over", "large", "extra", "over_size")]
    listing = Listing(
        label("figure.panel.oversize", page.lang, year=scene.year), heads, rows, (4.2, 1.5, 1.5, 1.5, 1.9)
    )
    draw_listing(page, listing, box=_LIST)
    draw_keys(page, _crowding_keys(scene, page), box=_KEY, columns=2)


def _crowding_keys(scene: Scene, page: Page) -> list[Key]:
    shown = {name: f"{value:g}" for name, value in limits_of(scene).items()}

    def say(name: str) -> str:
        return label(f"figure.legend.{name}", page.lang, **shown)

    def sign(**values: Any) -> Any:
        return lambda across, up: draw_school(page.paper, (across, up), Sign("circle", 700.0, **values), unit=1.0)

    keys = [Key(say("class_size"))]
    keys += [Key(say(f"class_{name}"), sign(class_status=name)) for name in ("over", "large", "extra_large")]
    keys += [Key(say("school_size")), Key(say("size_over"), sign(size_status="over"))]
    return [*keys, Key(say("other_school"), _ring(page)), Key(say("township_line"), _dashed(page))]


def _ring(page: Page) -> Any:
    from matplotlib.patches import Circle

    style = {"facecolor": "white", "edgecolor": look().colours.grey, "linewidth": 0.5}
    return lambda across, up: page.paper.add_artist(Circle((across, up), _DOT_MM, **style))


def _dashed(page: Page) -> Any:
    return stroke(page, color=look().colours.boundary, linewidth=0.8, linestyle=(0, (5.0, 2.2)))


def draw_shells(scene: Scene, page: Page) -> None:
    """Draw the schools whose review may be proposed, and put each before the closure gate."""
    result = scene.result
    ids = [school_id for school_id in shell_candidates(result) if school_id in scene.schools.index]
    _draw_base(scene, page, _sign_schools(scene, ids))
    year = min(scene.year + 1, scene.years[-1])
    rows: list[list[str | float | None]] = []
    for school_id in ids[:_GATES]:
        gate = closure_gate(result, school_id, year)
        locks = gate.locks["passed"]
        band = gate.band
        after = gate.travel["max_after"].max() if len(gate.travel) else np.nan
        rows.append([
            short_name(scene, str(scene.schools.loc[school_id, "name"])),
            float(band["high"].max()) if len(band) else np.nan, float(after),
            f"{int((locks == True).sum())}/{int((locks == False).sum())}/{int(locks.isna().sum())}",  # noqa: E712
            label(f"figure.panel.verdict_{gate.verdict}", page.lang),
        ])  # fmt: skip
    heads = [label(f"figure.panel.{name}", page.lang) for name in ("school", "most", "farthest", "locks", "verdict")]
    listing = Listing(label("figure.panel.shells", page.lang, year=year), heads, rows, (4.0, 1.6, 1.9, 1.9, 2.0))
    draw_listing(page, listing, box=(_LIST[0], 94.0, _LIST[2], 84.0))
    notes = label("figure.panel.shells_note", page.lang).split("\n")
    write_notes(page, notes, box=(_LIST[0], 67.0, _LIST[2], 25.0))
    signs = scene.schools["sign"].reindex(ids)
    keys = [
        Key(label("figure.legend.shell", page.lang), _one(page, signs.iloc[0] if len(ids) else Sign("circle", 9.0)))
    ]
    keys += [Key(label("figure.legend.other_school", page.lang), _ring(page))]
    draw_keys(page, [*keys, Key(label("figure.legend.township_line", page.lang), _dashed(page))], box=_KEY)


def _one(page: Page, sign: Sign) -> Any:
    return lambda across, up: draw_school(page.paper, (across, up), sign, unit=1.0)


def draw_resettlement(scene: Scene, page: Page) -> None:
    """Draw the resettlement sites, the schools their pupils go to, and how far the plan has come true."""
    county = scene.result.prepared.county
    places = county.places[county.places["kind"] == "resettlement"].set_index("place_id")
    flows = scene.result.assignment.flows
    mine = flows[(flows["year"] == scene.year) & flows["place_id"].isin(places.index) & (flows["pupils"] > 0)]
    ways = mine.groupby(["place_id", "school_id", "stage"])["pupils"].sum().reset_index()
    ids = sorted(set(ways["school_id"]) & set(scene.schools.index))
    points = points_of(places)
    told = {school_id: short_name(scene, str(scene.schools.loc[school_id, "name"])) for school_id in ids}

    def over(face: Face, taken: list[Box], apart: BaseGeometry | None) -> None:
        _draw_ways(scene, face, ways)
        marks = _marks(scene, face, told, apart)
        for place_id, name, (east, north) in zip(places.index, places["name"], points, strict=True):
            if face.shows((east, north), apart=apart):
                draw_site(face.axes, (east, north), unit=face.unit * 1.8)
                size = look().text.school
                marks.append(Mark(f"s{place_id}", (east, north), 2.4, str(name), look().colours.site, 0.0, True, size))
        _name(scene, face, marks, taken)

    _draw_base(scene, page, over)
    rows = [_site_row(scene, str(place_id), places) for place_id in places.index]
    names = ("site", "planned_households", "households", "pupils_now", "pupils_goal", "minutes")
    heads = [label(f"figure.panel.{name}", page.lang, now=county.base_year, goal=scene.year) for name in names]
    listing = Listing(
        label("figure.panel.sites", page.lang, year=scene.year), heads, rows, (3.0, 1.6, 1.6, 1.7, 1.7, 1.7),
        (0, 0, 0, 0, 0, 0),
    )  # fmt: skip
    draw_listing(page, listing, box=_LIST)
    keys = [Key(label("figure.legend.site", page.lang), lambda x, y: draw_site(page.paper, (x, y), unit=1.5))]
    for stage in STAGES:
        keys.append(Key(label(f"figure.legend.way_{stage}", page.lang), stroke(page, **_way_style(stage))))
    keys += [Key(label("figure.legend.other_school", page.lang), _ring(page))]
    draw_keys(page, keys, box=_KEY)


def _way_style(stage: str) -> Mapping[str, Any]:
    colours = look().colours
    solid = {"color": colours.better, "linewidth": 1.4, "zorder": 15}
    return solid if stage == "primary" else {**solid, "color": colours.worse, "linestyle": (0, (4.0, 1.6))}


def _draw_ways(scene: Scene, face: Face, ways: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D

    places = scene.result.prepared.county.places.set_index("place_id")
    for row in ways.itertuples():
        if row.school_id not in scene.schools.index:
            continue
        start = shapely.point_on_surface(places.geometry[row.place_id])
        east_m, north_m = scene.schools.loc[str(row.school_id), ["east_m", "north_m"]].to_numpy(float)
        face.axes.add_artist(Line2D([start.x, east_m], [start.y, north_m], **_way_style(str(row.stage))))


def _site_row(scene: Scene, place_id: str, places: pd.DataFrame) -> list[str | float | None]:
    result = scene.result
    base = result.prepared.county.base_year
    demand, flows = result.demand.frame, result.assignment.flows
    mine = demand[demand["place_id"] == place_id].groupby("year")["pupils"].sum()
    ways = flows[(flows["place_id"] == place_id) & (flows["year"] == scene.year)]
    total = ways["pupils"].sum()
    minutes = float((ways["minutes"] * ways["pupils"]).sum() / total) if total > 0 else np.nan
    row = places.loc[place_id]
    number = [pd.to_numeric(row[name]) for name in ("planned_households", "households")]
    known = [np.nan if pd.isna(value) else float(value) for value in number]
    return [str(row["name"]), *known, float(mine.get(base, 0.0)), float(mine.get(scene.year, 0.0)), minutes]


def draw_planned(scene: Scene, page: Page) -> None:
    """Draw what the scenario does, year by year."""
    actions = actions_by_school(scene.result)
    touched = actions[actions["school_id"].isin(scene.schools.index) & (actions["year"] <= scene.year)]
    told = {}
    for school_id, mine in touched.groupby("school_id"):
        name = short_name(scene, str(scene.schools.loc[str(school_id), "name"]))
        words = [label("figure.panel.in_year", page.lang, year=one.year, what=_change_word(str(one.change), page))
                 for one in mine.itertuples()]  # fmt: skip
        told[str(school_id)] = label("figure.panel.told", page.lang, name=name, what="; ".join(words))

    def over(face: Face, taken: list[Box], apart: BaseGeometry | None) -> None:
        _name(scene, face, _marks(scene, face, told, apart), taken)

    _draw_base(scene, page, over)
    grid = changes_grid(scene.result, page.lang)
    rows = [
        [str(row[0]), str(row[1]), short_name(scene, str(row[3] or row[2])), str(row[4] or "")] for row in grid.rows
    ]
    heads = [grid.columns[at].heading for at in (0, 1, 3, 4)]
    listing = Listing(label("figure.panel.planned", page.lang), heads, rows, (1.2, 1.9, 3.0, 4.4))
    draw_listing(page, listing, box=_LIST)
    keys = [Key(label("figure.legend.change", page.lang), _one(page, Sign("circle", 350.0, changed=True)))]
    keys += [Key(label("figure.legend.closed", page.lang), _one(page, Sign("circle", 0.0, closed=True)))]
    draw_keys(page, [*keys, Key(label("figure.legend.other_school", page.lang), _ring(page))], box=_KEY)


def _change_word(change: str, page: Page) -> str:
    key = f"change.{change}"
    return label(key, page.lang) if key in catalogue() else change
