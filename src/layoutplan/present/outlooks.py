"""Sheets of curves: pupils to come with their range, and the path to no large class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutplan.county.tables import STAGES
from layoutplan.labels import label
from layoutplan.plan.elimination import EliminationPath, elimination_path
from layoutplan.present.fonts import FAMILY
from layoutplan.present.look import look
from layoutplan.present.panels import Listing, draw_listing, write_notes
from layoutplan.present.places import short_name
from layoutplan.present.sheet import Box, Page
from layoutplan.seats.curves import counted_curves, stage_curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from layoutplan.present.scene import Scene

_LEFT: Box = (28.0, 150.0, 172.0, 98.0)
_RIGHT: Box = (232.0, 150.0, 172.0, 98.0)
_TABLES: tuple[Box, Box] = ((12.0, 18.0, 195.0, 116.0), (213.0, 18.0, 195.0, 116.0))
_BANDS = (
    ("classes_over_norm", "over", ""),
    ("classes_large", "large", "//"),
    ("classes_extra_large", "extra_large", "xx"),
)


def _axes(page: Page, box: Box, title: str, unit: str) -> Axes:
    """Return axes for curves: plain, with a grid to read values by."""
    axes = page.axes(box)
    ink, size = look().colours.ink, 8.5 * page.text
    axes.set_facecolor("white")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", linewidth=0.4, color="#dcdcdc")
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=size, colors=ink, length=2.5)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    page.write(box[0] + box[2] / 2, box[1] + box[3] + 5.0, title, size=12.0, ha="center", bold=True)
    page.write(box[0] - 8.0, box[1] + box[3] + 5.0, unit, size=8.0, color=look().colours.grey)
    return axes


def _finish(page: Page, axes: Axes, years: Any, goal: int, *, loc: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    ink = look().colours.ink
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xticks(years)
    if years[0] < goal <= years[-1]:
        axes.axvline(goal, color=ink, linewidth=0.7, linestyle=":")
        top = axes.get_ylim()[1]
        said = label("figure.panel.goal", page.lang, year=goal)
        axes.text(goal, top, said, fontsize=7.5 * page.text, ha="center", va="bottom", color=ink, family=FAMILY)
    axes.legend(frameon=False, loc=loc, prop={"family": FAMILY, "size": 8.0 * page.text})


def draw_demand(scene: Scene, page: Page) -> None:
    """Draw pupils by year with their range and the seats there are, and list how each township's number moves."""
    result = scene.result
    ahead, past = stage_curves(result.prepared.county, result.demand), counted_curves(result.prepared.county)
    balance = result.balance.groupby(["stage", "year"])[["demand", "seats"]].sum()
    for stage, box in zip(STAGES, (_LEFT, _RIGHT), strict=True):
        title = label("figure.panel.demand", page.lang, stage=label(f"stage.{stage}", page.lang))
        axes = _axes(page, box, title, label("figure.panel.persons", page.lang))
        table = balance.loc[stage]
        years = table.index.to_numpy(int)
        mine = ahead[ahead["stage"] == stage].set_index("year")
        low, high = mine["p10"], mine["p90"]
        before = past[past["stage"] == stage].set_index("year")["pupils"]
        colours = look().colours
        axes.fill_between(mine.index.to_numpy(int), low, high, color=colours.better, alpha=0.18, linewidth=0,
                          label=label("figure.panel.band", page.lang))  # fmt: skip
        axes.plot(years, table["demand"], color=colours.better, marker="o", markersize=3.4 * page.text, linewidth=1.8,
                  label=label("chart.demand", page.lang))  # fmt: skip
        axes.plot(before.index.to_numpy(int), before, color=look().colours.ink, marker="s", markersize=2.6 * page.text,
                  linewidth=1.0, label=label("figure.panel.counted", page.lang))  # fmt: skip
        axes.step(years, table["seats"], where="mid", color=colours.grey, linewidth=1.8, linestyle=(0, (6.0, 1.5)),
                  label=label("chart.seats", page.lang))  # fmt: skip
        axes.set_ylim(0, float(np.nanmax([table.to_numpy(float).max(), high.max(), before.max()])) * 1.12)
        _finish(page, axes, sorted({*years, *before.index}), scene.goal, loc="lower left")
    for stage, box in zip(STAGES, _TABLES, strict=True):
        _list_townships(scene, page, stage, box)


def _list_townships(scene: Scene, page: Page, stage: str, box: Box) -> None:
    balance = scene.result.balance
    mine = balance[balance["stage"] == stage].pivot(index="township_id", columns="year", values="demand")
    base, goal, last = scene.years[0], scene.goal, scene.years[-1]
    names = scene.result.prepared.county.townships.set_index("township_id")["name"]
    change = (mine[goal] - mine[base]).sort_values(kind="stable")
    numbers = mine.loc[change.index, [base, goal, last]].to_numpy(float)
    rows: list[list[str | float | None]] = [
        [str(names[township]), now, then, _signed(then - now), end]
        for township, (now, then, end) in zip(change.index, numbers.tolist(), strict=True)
    ]
    heads_of = (label("figure.panel.in", page.lang, year=year) for year in (base, goal, last))
    first, second, third = heads_of
    township_word, change_word = label("figure.panel.township", page.lang), label("figure.table.change", page.lang)
    heads = [township_word, first, second, change_word, third]
    title = label("figure.panel.by_township", page.lang, stage=label(f"stage.{stage}", page.lang))
    draw_listing(page, Listing(title, heads, rows, (2.6, 1.4, 1.4, 1.4, 1.4)), box=box)


def _signed(value: float) -> str:
    return f"{value:+,.0f}".replace("-", "−")


def draw_elimination(scene: Scene, page: Page) -> None:
    """Draw the path to no class over the norm and no school over its size, and who is still left in the goal year."""
    path = elimination_path(scene.result)
    county = path.county
    years = county["year"].to_numpy(int)
    _draw_classes(scene, page, county, years)
    _draw_needs(scene, page, county, years)
    _list_left(scene, page, path)
    _list_zero(scene, page, path)


def _draw_classes(scene: Scene, page: Page, county: pd.DataFrame, years: Any) -> None:
    axes = _axes(page, _LEFT, label("figure.panel.classes", page.lang), label("figure.panel.class_unit", page.lang))
    base = np.zeros(len(years))
    for name, status, hatch in _BANDS:
        values = county[name].to_numpy(float)
        colour = getattr(look().status, status)
        axes.bar(years, values, bottom=base, width=0.66, color=colour, edgecolor="white", hatch=hatch, linewidth=0.4,
                 label=label(f"indicator.{name}", page.lang))  # fmt: skip
        base = base + values
    ink, size = look().colours.ink, 8.0 * page.text
    for year, total in zip(years, base, strict=True):
        axes.text(year, total, f"{total:,.0f}", ha="center", va="bottom", fontsize=size, color=ink, family=FAMILY)
    axes.set_ylim(0, max(float(base.max()) * 1.18, 1.0))
    _finish(page, axes, years, scene.goal, loc="upper right")


def _draw_needs(scene: Scene, page: Page, county: pd.DataFrame, years: Any) -> None:
    title, unit = label("figure.panel.needs", page.lang), label("figure.panel.needs_unit", page.lang)
    axes = _axes(page, _RIGHT, title, unit)
    colours = look().colours
    looks = (("pupils_to_move", colours.worse, "o", "-"), ("pupils_over_size", colours.change, "s", "--"))
    for name, colour, marker, line in looks:
        axes.plot(years, county[name], color=colour, marker=marker, markersize=3.4 * page.text, linewidth=1.8,
                  linestyle=line, label=label(f"figure.panel.{name}", page.lang))  # fmt: skip
    tall = float(county[[name for name, *_ in looks]].to_numpy().max())
    axes.set_ylim(0, max(tall * 1.18, 1.0))
    _finish(page, axes, years, scene.goal, loc="upper right")
    by_year = county.set_index("year")["rooms_to_add"]
    shown = sorted({int(years[0]), scene.goal, int(years[-1])})
    text = label(
        "figure.panel.rooms_line", page.lang, rooms="  ".join(f"{year}: {by_year[year]:,.0f}" for year in shown)
    )
    write_notes(page, [text], box=(_RIGHT[0] - 8.0, 135.0, _RIGHT[2] + 6.0, 6.0))
    note = label("figure.panel.counted_note", page.lang, year=scene.years[0])
    write_notes(page, [note], box=(_LEFT[0] - 8.0, 135.0, _LEFT[2] + 6.0, 6.0))


def _list_left(scene: Scene, page: Page, path: EliminationPath) -> None:
    left = path.left.sort_values(["pupils_to_move", "school_id", "stage"], ascending=[False, True, True])
    rows: list[list[str | float | None]] = [
        [short_name(scene, str(row["name"])), label(f"stage.{row['stage']}", page.lang),
         row["classes_over_norm"] + row["classes_large"] + row["classes_extra_large"], row["pupils_to_move"],
         row["rooms_to_add"]]
        for row in left.to_dict("records")
    ]  # fmt: skip
    heads = [label(f"figure.panel.{name}", page.lang) for name in ("school", "stage", "over", "to_move", "to_add")]
    title = label("figure.panel.left", page.lang, year=scene.goal)
    draw_listing(page, Listing(title, heads, rows, (4.2, 1.3, 1.5, 1.7, 1.7)), box=_TABLES[0])


def _list_zero(scene: Scene, page: Page, path: EliminationPath) -> None:
    measures = ("classes_large", "classes_extra_large", "pupils_over_size")
    never, none = label("figure.panel.never", page.lang), label("figure.panel.never_had", page.lang)
    rows: list[list[str | float | None]] = []
    for (_, name), mine in path.zero[path.zero["measure"].isin(measures)].groupby(["school_id", "name"]):
        years = {
            str(measure): never if pd.isna(year) else str(int(year))
            for measure, year in zip(mine["measure"], mine["zero_year"], strict=True)
        }
        rows.append([short_name(scene, str(name)), *(years.get(measure, none) for measure in measures)])
    heads = [label(f"figure.panel.{name}", page.lang) for name in ("school", "zero_large", "zero_extra", "zero_size")]
    title = label("figure.panel.zero", page.lang)
    draw_listing(page, Listing(title, heads, rows, (4.2, 1.7, 1.7, 1.7)), box=_TABLES[1])
