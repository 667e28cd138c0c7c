"""Small charts for reports: demand and seats, classes over the norm, by year."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from layoutplan.county.tables import STAGES
from layoutplan.labels import Lang, label
from layoutplan.present.fonts import FAMILY, use_fonts
from layoutplan.present.provenance import stamp_of
from layoutplan.present.sheet import DRAWING
from layoutplan.present.symbols import INK, STATUS_COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from layoutplan.plan.planning import PlanResult

CHARTS = ("demand_and_seats", "classes_over_norm", "gap_by_year")
_WIDTH_MM, _HEIGHT_MM, _DPI = 156.0, 78.0, 220
_BANDS = (("classes_over_norm", "over"), ("classes_large", "large"), ("classes_extra_large", "extra_large"))
_DEMAND, _SEATS = "#0072b2", "#8a8a8a"


def draw_chart(result: PlanResult, chart: str, *, lang: Lang = "zh") -> bytes:
    """Draw one chart of a plan as PNG.

    Parameters
    ----------
    result : PlanResult
        A plan.
    chart : {"demand_and_seats", "classes_over_norm", "gap_by_year"}
        Pupils and seats of each stage by year; classes over the norm by band and year; seats short by stage and
        year, added up over the townships that are short.
    lang : {"zh", "en"}
        Language of its words.

    Returns
    -------
    bytes
        A picture as wide as the text of a report; the same plan gives the same bytes.

    Raises
    ------
    ValueError
        Unknown chart.
    """
    if chart not in CHARTS:
        raise ValueError(f"unknown chart {chart!r}; there are {', '.join(CHARTS)}")
    from matplotlib.figure import Figure

    with DRAWING, use_fonts():
        panels = 2 if chart == "demand_and_seats" else 1
        figure = Figure(figsize=(_WIDTH_MM / 25.4, _HEIGHT_MM / 25.4), layout="constrained", facecolor="white")
        axes = np.atleast_1d(figure.subplots(1, panels))
        {"demand_and_seats": _demand, "classes_over_norm": _classes, "gap_by_year": _gaps}[chart](result, axes, lang)
        for one in axes:
            _plain_style(one)
        if result.prepared.county.synthetic:
            figure.supxlabel(label("figure.footer.synthetic", lang), fontsize=6.5, color="#d55e00", family=FAMILY)
        buffer = io.BytesIO()
        metadata = {"Software": "layoutplan", "Description": stamp_of(result)}
        figure.savefig(buffer, format="png", dpi=_DPI, metadata=metadata)
    return buffer.getvalue()


def _plain_style(axes: Axes) -> None:
    axes.tick_params(labelsize=7, colors=INK, length=2.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", linewidth=0.4, color="#dddddd")
    axes.set_axisbelow(True)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def _years(axes: Axes, years: Any, goal: int) -> None:
    axes.set_xticks(years[:: 2 if len(years) > 8 else 1])
    if years[0] < goal <= years[-1]:
        axes.axvline(goal, color=INK, linewidth=0.5, linestyle=":")


def _demand(result: PlanResult, panels: Any, lang: Lang) -> None:
    balance = result.balance.groupby(["stage", "year"])[["demand", "seats"]].sum()
    goal = int(result.prepared.norms.value("plan.goal_year"))
    for axes, stage in zip(panels, STAGES, strict=True):
        table = balance.loc[stage]
        years = table.index.to_numpy(int)
        axes.plot(years, table["demand"], color=_DEMAND, marker="o", markersize=2.4, linewidth=1.2,
                  label=label("chart.demand", lang))  # fmt: skip
        axes.step(years, table["seats"], where="mid", color=_SEATS, linewidth=1.4, label=label("chart.seats", lang))
        axes.set_ylim(0, float(table.to_numpy().max()) * 1.12)
        axes.set_title(label("chart.stage_title", lang, stage=label(f"stage.{stage}", lang)), fontsize=8.5, color=INK)
        axes.legend(fontsize=7, frameon=False, loc="lower left")
        _years(axes, years, goal)


def _classes(result: PlanResult, panels: Any, lang: Lang) -> None:
    table = result.indicators.pivot(index="year", columns="indicator", values="value")
    (axes,) = panels
    years = table.index.to_numpy(int)
    base = np.zeros(len(years))
    for (indicator, status), hatch in zip(_BANDS, ("", "//", "xx"), strict=True):
        values = table[indicator].fillna(0.0).to_numpy(float)
        axes.bar(years, values, bottom=base, width=0.68, color=STATUS_COLOURS[status], edgecolor="white", linewidth=0.4,
                 hatch=hatch, label=label(f"indicator.{indicator}", lang))  # fmt: skip
        base = base + values
    for year, total in zip(years, base, strict=True):
        axes.text(year, total, f"{total:.0f}", ha="center", va="bottom", fontsize=6.5, color=INK, family=FAMILY)
    axes.set_ylabel(label("chart.classes", lang), fontsize=7.5)
    axes.legend(fontsize=7, frameon=False, loc="upper right")
    _years(axes, years, int(result.prepared.norms.value("plan.goal_year")))
    axes.set_xticks(years)


def _gaps(result: PlanResult, panels: Any, lang: Lang) -> None:
    (axes,) = panels
    table = result.indicators.pivot(index="year", columns="indicator", values="value")
    years = table.index.to_numpy(int)
    looks = ((-0.2, "primary", _DEMAND, ""), (0.2, "junior", STATUS_COLOURS["over"], "//"))
    for shift, stage, colour, hatch in looks:
        axes.bar(years + shift, table[f"seat_gap_{stage}"], width=0.38, color=colour, edgecolor="white", linewidth=0.4,
                 hatch=hatch, label=label(f"stage.{stage}", lang))  # fmt: skip
    axes.set_ylabel(label("chart.gap", lang), fontsize=7.5)
    axes.legend(fontsize=7, frameon=False, loc="upper right")
    _years(axes, years, int(result.prepared.norms.value("plan.goal_year")))
    axes.set_xticks(years)
