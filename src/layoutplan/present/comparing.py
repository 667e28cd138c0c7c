"""Sheets of several maps: how long the way is, before and after, seats short by year."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutplan.access.isochrones import draw_isochrones
from layoutplan.access.travel import WITHOUT_WAY, nearest_open
from layoutplan.county.tables import GRADES_OF_STAGE, GROUP_OF_GRADE, STAGES
from layoutplan.labels import label
from layoutplan.norms import Norm
from layoutplan.plan.planning import cell_travel_of, entry_mode
from layoutplan.present.ground import NO_WAY, draw_boundaries, draw_catchments, fill_area, within_window
from layoutplan.present.legend import limits_of
from layoutplan.present.lettering import Halo, Words
from layoutplan.present.look import look
from layoutplan.present.mapface import Face, name_areas
from layoutplan.present.mapsheet import MapSheet, Over, Window
from layoutplan.present.panels import Key, Listing, draw_keys, draw_listing, no_way_sign, swatch, write_notes
from layoutplan.present.places import draw_dots
from layoutplan.present.sheet import Box, Page, draw_table, number_text, round_half_up, show_extent
from layoutplan.present.signs import Sign, draw_school, draw_site
from layoutplan.present.symbols import STATUS_COLOURS
from layoutplan.seats.roster import teaches
from layoutplan.seats.ways import limit_of

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from shapely.geometry.base import BaseGeometry

    from layoutplan.present.scene import Scene

_PAIR: tuple[Box, Box] = ((12.0, 90.0, 195.0, 164.0), (213.0, 90.0, 195.0, 164.0))
_BELOW: tuple[Box, Box] = ((12.0, 18.0, 195.0, 66.0), (213.0, 18.0, 195.0, 66.0))
_LIMITS_MIN = (10.0, 20.0, 30.0, 45.0, 60.0)
# Upper ends of all bands: beyond the last limit is far; without a way is another matter (NaN) and never counted as far.
_UPPER_MIN = (*_LIMITS_MIN, float(np.finfo(np.float64).max))
_GAP_MARGIN_MM = 3.0


def _caption(page: Page, box: Box, text: str) -> None:
    page.write(box[0] + box[2] / 2, box[1] + box[3] + 2.2, text, size=11.0, ha="center", bold=True)


def draw_cover(scene: Scene, page: Page) -> None:
    """Draw how long the way to the nearest school is, for either stage, with the share of pupils by band."""
    for stage, box, below in zip(STAGES, _PAIR, _BELOW, strict=True):
        ground = _reach(scene, stage)
        limit = limit_of(
            scene.result.scenario.policy, GROUP_OF_GRADE[GRADES_OF_STAGE[stage][0]], scene.result.prepared.norms
        )

        def paint(axes: Axes, window: Window, ground: gpd.GeoDataFrame = ground) -> None:
            del window  # The county is shown whole.
            for upper, shape in zip(ground["limit_min"], ground.geometry, strict=True):
                fill_area(axes, shape, **_band_style(float(upper)), zorder=2.0)

        mine = scene.at(sheet=stage)
        MapSheet(mine, page, paint, over=_dot_schools(mine)).draw(box, plain=True)
        mode = label(f"mode.{entry_mode(scene.result, stage)}", page.lang)
        words = {"stage": label(f"stage.{stage}", page.lang), "mode": mode}
        _caption(page, box, label("figure.panel.cover_map", page.lang, **words))
        _list_cover(scene, page, stage, ground, limit, box=(below[0] + 70.0, below[1], below[2] - 70.0, below[3]))
        _key_cover(page, box=(below[0], below[1], 66.0, below[3]))


def _dot_schools(scene: Scene) -> Over:
    """Return what draws the schools that teach as rings, and names the townships."""
    taught = [not sign.vacant for sign in scene.schools["sign"]]
    points = scene.schools.loc[taught, ["east_m", "north_m"]].to_numpy(float)

    def over(face: Face, taken: list[Box], apart: BaseGeometry | None) -> None:
        del apart
        draw_dots(face, points)
        name_areas(face, scene.result.prepared.county.townships, taken=taken, clear=True)

    return over


def _reach(scene: Scene, stage: str) -> gpd.GeoDataFrame:
    """Return the ground by the minutes to the nearest school of a stage that is open in the scene's year."""
    result, grade = scene.result, GRADES_OF_STAGE[stage][0]
    mode = entry_mode(result, stage)
    travel = cell_travel_of(result, mode, year=scene.year)
    pair = nearest_open(travel, teaches(result.roster, grade, scene.year))
    minutes = np.append(travel.minutes, np.inf)[pair]
    return draw_isochrones(result.ground(scene.year).cells[mode], minutes, limits_min=_UPPER_MIN)


def _band_style(upper: float) -> dict[str, Any]:
    if np.isnan(upper):
        return {**NO_WAY, "linewidth": 0}
    return {"facecolor": look().bands[_UPPER_MIN.index(upper)], "linewidth": 0}


def _band_words(page: Page) -> list[str]:
    lower = (0.0, *_LIMITS_MIN)
    words = [label("figure.panel.minutes_to", page.lang, low=f"{low:g}", high=f"{high:g}")
             for low, high in zip(lower, _LIMITS_MIN, strict=False)]  # fmt: skip
    return [*words, label("figure.panel.minutes_over", page.lang, low=f"{_LIMITS_MIN[-1]:g}")]


def _key_cover(page: Page, *, box: Box) -> None:
    colours = look().bands
    keys = [Key(words, swatch(page, colours[at])) for at, words in enumerate(_band_words(page))]
    draw_keys(page, [*keys, Key(label("figure.panel.no_way", page.lang), no_way_sign(page))], box=box)


def _list_cover(
    scene: Scene, page: Page, stage: str, ground: gpd.GeoDataFrame, limit: Norm | None, *, box: Box
) -> None:
    flows, unplaced = scene.result.assignment.flows, scene.result.assignment.unplaced
    mine, left = (
        table[(table["year"] == scene.year) & (table["stage"] == stage)] for table in (flows, unplaced)
    )  # fmt: skip
    band = np.searchsorted(np.array(_LIMITS_MIN), mine["minutes"].to_numpy(float) - 1e-9, side="left")
    pupils = np.bincount(band, weights=mine["pupils"].to_numpy(float), minlength=len(_UPPER_MIN))
    cut_off = left["reason"].isin(WITHOUT_WAY)
    no_way, no_seat = float(left.loc[cut_off, "pupils"].sum()), float(left.loc[~cut_off, "pupils"].sum())
    km2 = ground["area_km2"].groupby(ground["limit_min"].fillna(np.inf)).sum()
    areas = km2.reindex([*_UPPER_MIN, np.inf], fill_value=0.0).tolist()
    total, whole = max(pupils.sum() + no_way + no_seat, 1e-9), max(sum(areas), 1e-9)
    words = [*_band_words(page), label("figure.panel.no_way", page.lang)]
    rows: list[list[str | float | None]] = [
        [said, float(count), 100.0 * count / total, area, 100.0 * area / whole]
        for said, count, area in zip(words, [*pupils.tolist(), no_way], areas, strict=True)
    ]
    if no_seat > 0:
        rows.append([label("figure.panel.unplaced", page.lang), no_seat, 100.0 * no_seat / total, None, None])
    heads = [label(f"figure.panel.{name}", page.lang) for name in ("way", "pupils", "share", "area", "share")]
    title = label("figure.panel.cover_table_free", page.lang, year=scene.year)
    if limit is not None:
        title = label("figure.panel.cover_table", page.lang, year=scene.year, limit=f"{limit.value:g}")
    draw_listing(page, Listing(title, heads, rows, (2.6, 1.4, 1.2, 1.6, 1.2), (0, 0, 1, 0, 1)), box=box)


def draw_change(scene: Scene, page: Page) -> None:
    """Draw the county before and after, both with the same signs, and the key figures of both years."""
    base = scene.result.prepared.county.base_year
    seen = []
    for year, box, below in zip((base, scene.year), _PAIR, _BELOW, strict=True):
        mine = scene.at(year=year)
        seen += list(mine.schools["sign"])

        def paint(axes: Axes, window: Window, mine: Scene = mine) -> None:
            draw_catchments(axes, within_window(mine.catchments, window), mine.hues)

        MapSheet(mine, page, paint).draw(box, inset=(below[0], below[1], 66.0, below[3]), plain=True)
        words = label("figure.panel.before" if year == base else "figure.panel.after", page.lang, year=year)
        _caption(page, box, words)
    left, right = _BELOW
    draw_table(page, scene.key_figures, scene.table_years, box=(left[0] + 72.0, left[1], left[2] - 74.0, left[3]))
    draw_keys(
        page, _change_keys(scene, page, seen), box=(right[0] + 72.0, right[1], right[2] - 72.0, right[3]), columns=2
    )


def _change_keys(scene: Scene, page: Page, signs: Sequence[Sign]) -> list[Key]:
    """Return what the signs of a pair of maps mean, those that occur."""
    words = {name: f"{value:g}" for name, value in limits_of(scene).items()}

    def draw(sign: Sign) -> Callable[[float, float], object]:
        return lambda across, up: draw_school(page.paper, (across, up), sign, unit=1.0)

    def say(name: str) -> str:
        return label(f"figure.legend.{name}", page.lang, **words)

    found = {sign.class_status for sign in signs}
    keys = [Key(say("class_size"))]
    keys += [Key(say(f"class_{name}"), draw(Sign("circle", 700.0, class_status=name)))
             for name in STATUS_COLOURS if name in found]  # fmt: skip
    keys.append(Key(say("size_over"), draw(Sign("circle", 350.0, size_status="over"))))
    keys.append(Key(say("change"), draw(Sign("circle", 350.0, changed=True))))
    if any(sign.closed for sign in signs):
        keys.append(Key(say("closed"), draw(Sign("circle", 0.0, closed=True))))
    if len(scene.sites):
        keys.append(Key(say("site"), lambda across, up: draw_site(page.paper, (across, up), unit=1.2)))
    stage = label(f"stage.{scene.filled}", page.lang)
    return [*keys, Key(label("figure.legend.catchment", page.lang, stage=stage), swatch(page, look().catchments[2]))]


def draw_gap(scene: Scene, page: Page) -> None:
    """Draw the seats short or to spare in every township, a row of maps a stage, a map a year."""
    base, last = scene.years[0], scene.years[-1]
    years = sorted({base, (base + scene.goal) // 2, scene.goal, last})
    balance = scene.result.balance
    top, room = 256.0, 256.0 - 44.0
    height, width = room / 2, 396.0 / len(years)
    most = float(balance["gap"].abs().max())
    for row, stage in enumerate(STAGES):
        for column, year in enumerate(years):
            box = (12.0 + column * width + 1.5, top - (row + 1) * height + 1.0, width - 3.0, height - 9.0)
            mine = balance[(balance["stage"] == stage) & (balance["year"] == year)].set_index("township_id")["gap"]
            _draw_gap_map(scene, page, mine, box=box)
            short, spare = float(mine.clip(lower=0).sum()), float(-mine.clip(upper=0).sum())
            text = label(
                "figure.panel.gap_map", page.lang, stage=label(f"stage.{stage}", page.lang), year=year,
                short=number_text(short), spare=number_text(spare),
            )  # fmt: skip
            size = min(8.6, 8.6 * (width - 4.0) / max(page.width_of(text, 8.6), 1.0))
            page.write(box[0] + box[2] / 2, box[1] + box[3] + 1.8, text, size=size, ha="center", bold=True)
    steps = label("figure.panel.gap_steps", page.lang).split("\n")
    keys = [Key(words, swatch(page, _gap_colour(value), hatch=_gap_hatch(value)))
            for words, value in zip(steps, (301.0, 150.0, 50.0, -50.0, -500.0, -1001.0), strict=True)]  # fmt: skip
    draw_keys(page, keys, box=(12.0, 18.0, 262.0, 23.0), columns=3)
    notes = label("figure.panel.gap_note", page.lang, most=number_text(most)).split("\n")
    write_notes(page, notes, box=(280.0, 18.0, 128.0, 21.0))


def _gap_colour(gap: float) -> str:
    """Return vermilion where seats are short, blue where they are spare, darker the more."""
    short, spare = ("#fbd9c4", "#f0955f", "#c2410c"), ("#e3eef7", "#a9cce3", "#5b9bc8")
    steps, bounds = (short, (100.0, 300.0)) if gap > 0 else (spare, (300.0, 1000.0))
    return steps[int(np.searchsorted(bounds, abs(gap), side="left"))]


def _gap_hatch(gap: float) -> str:
    """Mark what is short with lines as well, so that prints in grey tell it from what is spare."""
    return "////" if round_half_up(gap, 0) > 0 else ""


def _draw_gap_map(scene: Scene, page: Page, gap: pd.Series[Any], *, box: Box) -> None:
    townships = scene.result.prepared.county.townships
    axes = page.axes(box)
    unit = show_extent(page, axes, townships.total_bounds, box=box, margin_mm=_GAP_MARGIN_MM)
    for township_id, shape in zip(townships["township_id"], townships.geometry, strict=True):
        value = float(gap.get(township_id, 0.0))
        fill_area(
            axes,
            shape,
            facecolor=_gap_colour(value),
            edgecolor="#ffffff",
            hatch=_gap_hatch(value),
            linewidth=0.0,
            zorder=2.0,
        )
    draw_boundaries(axes, townships, unit=unit)
    face = Face(page, axes, box)
    words: dict[bool, list[Words]] = {False: [], True: []}
    for township_id, shape in zip(townships["township_id"], townships.geometry, strict=True):
        value = round_half_up(float(gap.get(township_id, 0.0)), 0)
        middle = shape.point_on_surface() if not shape.contains(shape.centroid) else shape.centroid
        across, up, _, _ = face.on_paper((middle.x, middle.y, middle.x, middle.y))
        text = f"{value:+,.0f}".replace("-", "−") if value else "0"
        # Over hatching a thin edge is lost: a broad one makes a plate of its own.
        words[value > 0].append(Words(across, up, text, 7.2, look().colours.ink, "center", "center"))
    page.letter(words[False], zorder=40, halo=Halo("#ffffff", 1.8))
    page.letter(words[True], zorder=40, halo=Halo("#ffffff", 3.4), bold=True)
