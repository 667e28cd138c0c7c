"""Several plans in one map: for each the places whose pupils change school, where they went and where they go."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import shapely

from layoutplan.labels import Lang, label
from layoutplan.plan.change import Change
from layoutplan.present.fonts import FAMILY, use_fonts
from layoutplan.present.provenance import stamp_of
from layoutplan.present.symbols import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DRAWING = threading.RLock()
_PANEL_MM, _HEAD_MM, _DPI, _MOST_ABREAST = 105.0, 16.0, 200, 3
_BEFORE, _AFTER, _SAME, _JOURNEY = "#8a8a8a", "#d55e00", "#c9c5b8", "#0072b2"
_OPENED, _CLOSED = "#009e73", "#000000"
_SCALES_KM = (1, 2, 5, 10, 20, 50)
# A panel shows at least this much.
_LEAST_M = 8000.0
_TRIFLE_MIN = 1e-6


def draw_changes(changes: Sequence[Change], *, lang: Lang, year: int | None = None) -> bytes:
    """Draw what plans change, a panel a plan, as PNG.

    Parameters
    ----------
    changes : sequence of Change
        Each of one plan against the same first one.
    lang : {"zh", "en"}
        Language of its words.
    year : int, optional
        School year; the last that all plans hold if not given.

    Returns
    -------
    bytes
        A picture; the same plans give the same bytes. Lines lead from a place to the schools of those who change,
        grey before and orange after; blue ones to schools that stay the same but are reached another way. Each panel
        shows the ground where its plan changes something.

    Raises
    ------
    ValueError
        There is nothing to draw, or a plan does not hold the year.
    """
    if not changes:
        raise ValueError("no plan to draw")
    years = set.intersection(*(set(change.years) for change in changes))
    at = max(years) if year is None else year
    if at not in years:
        raise ValueError(f"year {at} is not in {min(years)}-{max(years)}")
    from matplotlib.figure import Figure

    columns = min(len(changes), _MOST_ABREAST)
    rows = -(-len(changes) // columns)
    west, south, east, north = changes[0].after.prepared.outline.bounds
    size = columns * _PANEL_MM, rows * (_PANEL_MM * (north - south) / (east - west) + _HEAD_MM) + _HEAD_MM
    with _DRAWING, use_fonts():
        figure = Figure(figsize=(size[0] / 25.4, size[1] / 25.4), layout="constrained", facecolor="white")
        panels = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
        for axes in panels[len(changes) :]:
            axes.set_axis_off()
        for axes, change in zip(panels, changes, strict=False):
            _draw_panel(axes, change, at, lang)
        county = changes[0].after.prepared.county
        name = county.name if lang == "zh" else county.name_en
        said = label("changes_map.title", lang, county=name, before=changes[0].before.scenario.name, year=at)
        figure.suptitle(said, fontsize=10, color=INK, family=FAMILY)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=7,
                      frameon=False)  # fmt: skip
        footer = label("changes_map.footer", lang, crs=county.crs)
        if county.synthetic:
            footer += "  " + label("figure.footer.synthetic", lang)
        panels[0].text(0, -0.02, footer, transform=panels[0].transAxes, fontsize=6, va="top", color=INK, family=FAMILY)
        buffer = io.BytesIO()
        metadata = {"Software": "layoutplan", "Description": stamp_of(changes[0].after)}
        figure.savefig(buffer, format="png", dpi=_DPI, metadata=metadata)
    return buffer.getvalue()


def _draw_panel(axes: Axes, change: Change, year: int, lang: Lang) -> None:
    county = change.after.prepared.county
    county.townships.boundary.plot(ax=axes, color="#bdb7a6", linewidth=0.5)
    homes = county.places.set_index("place_id").geometry
    spots = dict(zip(homes.index, shapely.get_coordinates(shapely.point_on_surface(homes.to_numpy())), strict=True))
    mine = change.places[change.places["year"] == year]
    state = mine.groupby("place_id")["state"].agg(lambda states: _worst(set(states)))
    for name, colour, size in (("same", _SAME, 3), ("journey", _JOURNEY, 7), ("changed", _AFTER, 10)):
        points = np.array([spots[place] for place in state.index[state == name]]).reshape(-1, 2)
        east, north = points.T
        shown = label(f"changes_map.{name}", lang)
        axes.scatter(east, north, s=size, color=colour, linewidths=0, zorder=4, label=shown)
    shifts = change.shifts[change.shifts["year"] == year]
    moved = shifts[shifts["status"] == "moved"]
    other_way = (shifts["minutes_before"] - shifts["minutes_after"]).abs() > _TRIFLE_MIN
    longer = shifts[(shifts["status"] == "same") & other_way]
    for rows, side, colour, style in (
        (longer, "after", _JOURNEY, "-"), (moved, "before", _BEFORE, ":"), (moved, "after", _AFTER, "-"),
    ):  # fmt: skip
        _draw_ways(axes, change, rows, spots, (side, colour, style, "" if rows is longer else lang))
    _draw_schools(axes, change, year, lang)
    pupils = f"{float(mine['moved'].sum()):,.0f}"
    said = label("changes_map.plan", lang, plan=change.after.scenario.name, pupils=pupils)
    axes.set_title(said, fontsize=8.5, color=INK, family=FAMILY)
    touched = [spots[place] for place in state.index[state.isin(["changed", "journey"])]]
    window = _window(axes, touched, change)
    roads = change.after.ground(year).county.roads
    roads[roads.intersects(shapely.box(*window))].plot(ax=axes, color="#e3dfd2", linewidth=0.5, zorder=1)
    axes.set_xlim(window[0], window[2])
    axes.set_ylim(window[1], window[3])
    _draw_scale(axes, window, lang)
    axes.set_aspect("equal")
    axes.set_axis_off()


def _window(axes: Axes, shown: Sequence[np.ndarray], change: Change) -> tuple[float, float, float, float]:
    """Return the ground of a panel: all that changes with a margin, in the proportions of the county."""
    west, south, east, north = change.after.prepared.outline.bounds
    lines = [line.get_xydata() for line in axes.lines]
    marks = [np.asarray(dots.get_offsets()) for dots in axes.collections[-2:]]
    spots = np.concatenate([np.reshape(part, (-1, 2)) for part in (*lines, *marks, *([shown] if shown else []))])
    if not len(spots):
        return west, south, east, north
    middle, span = (spots.min(axis=0) + spots.max(axis=0)) / 2, np.ptp(spots, axis=0)
    share = max(span[0] / (east - west), span[1] / (north - south)) * 1.3
    share = min(max(share, _LEAST_M / (east - west)), 1.0)
    half = share * np.array([east - west, north - south]) / 2
    return (*(middle - half), *(middle + half))


def _worst(states: set[str]) -> str:
    """Return what is shown of a place with two stages: a change of school before one of the way only."""
    return next((name for name in ("changed", "journey") if name in states), "same")


def _draw_ways(
    axes: Axes,
    change: Change,
    rows: pd.DataFrame,
    spots: dict[object, np.ndarray],
    look: tuple[str, str, str, Lang | Literal[""]],
) -> None:
    side, colour, style, lang = look  # without a language the lines stand in no legend
    plan = change.before if side == "before" else change.after
    schools = plan.roster.schools.set_index("school_id").geometry
    some = rows.loc[rows[f"school_{side}"].notna(), ["place_id", f"school_{side}"]].drop_duplicates()
    some = some.sort_values(["place_id", f"school_{side}"])
    shown = label(f"changes_map.{side}", lang) if lang else "_nolegend_"
    for place_id, school_id in zip(some["place_id"], some[f"school_{side}"], strict=True):
        goal = schools[school_id]
        home = spots[place_id]
        axes.plot([home[0], goal.x], [home[1], goal.y], color=colour, linestyle=style, linewidth=0.9, label=shown,
                  zorder=3)  # fmt: skip
        shown = "_nolegend_"


def _draw_schools(axes: Axes, change: Change, year: int, lang: Lang) -> None:
    events = change.events[(change.events["plan"] == "after") & (change.events["year"] <= year)]
    schools = pd.concat([change.after.roster.schools, change.before.roster.schools]).drop_duplicates("school_id")
    where = schools.set_index("school_id").geometry
    for names, colour, marker in ((("opened",), _OPENED, "^"), (("closed", "merged"), _CLOSED, "x")):
        ids = events.loc[events["event"].isin(names), "school_id"]
        axes.scatter([where[one].x for one in ids], [where[one].y for one in ids], s=34, color=colour, marker=marker,
                     zorder=3.5, label=label(f"changes_map.{names[0]}", lang))  # fmt: skip


def _draw_scale(axes: Axes, window: tuple[float, float, float, float], lang: Lang) -> None:
    """Draw a bar of a round length, a fifth of the panel at most, and an arrow to the north."""
    west, south, east, north = window
    west, south, east, north = west + (east - west) / 50, south + (north - south) / 50, east - (east - west) / 20, north
    length = max((km for km in _SCALES_KM if km * 1000 <= (east - west) / 5), default=(east - west) / 5000)
    axes.plot([west, west + 1000 * length], [south, south], color=INK, linewidth=1.6, solid_capstyle="butt")
    said = label("changes_map.scale", lang, length=f"{length:g}")
    axes.text(west, south, said, fontsize=6, va="bottom", color=INK, family=FAMILY)
    axes.annotate(
        label("changes_map.north", lang), xy=(east, north), xytext=(east, north - (north - south) / 12), ha="center",
        fontsize=7, color=INK, family=FAMILY, arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.8},
    )  # fmt: skip
