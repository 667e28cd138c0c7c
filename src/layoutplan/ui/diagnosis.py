"""The findings page: one tab a question, each with the picture of what is measured."""

from __future__ import annotations

import re
from html import escape
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from layoutplan.county.tables import STAGE_OF_GRADE
from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.present.symbols import STATUS_COLOURS, class_status_of
from layoutplan.ui import charts
from layoutplan.ui.charts import Bars, Curve
from layoutplan.ui.choices import choose

# A rule belongs to the first tab whose pattern it begins with.
TABS = {
    "classes": r"class(es)?_",
    "sizes": r"(school|stage)_(over|near)_size|school_beyond",
    "seats": r"rooms_|seat_|county_seat|catchment_|grade_without|junior_school",
    "ways": r"place_(over|unreached)|town_radius|school_unreached|pupils_",
    "shells": r"school_(vacant|small|emptying)|shell_|small_|vacant_",
    "other": r"",
}
_BAR = "#8fb3d3"
_Floats = npt.NDArray[Any]


def tab_of(rule: str) -> str:
    """Return the tab a rule is listed under.

    Examples
    --------
    >>> [tab_of(rule) for rule in ("class_large", "seat_gap", "shell_candidate", "place_unreached", "layer_old")]
    ['classes', 'seats', 'shells', 'ways', 'other']
    """
    return next(tab for tab, pattern in TABS.items() if re.match(pattern, rule))


def tabs(result: PlanResult, lang: Lang) -> str:
    """Draw the tabs, each with its number of findings; return the one chosen."""
    counts = result.findings.frame["rule"].map(tab_of).value_counts().to_dict()
    said = {tab: f"{label(f'ui.diagnosis.tab_{tab}', lang)} {counts.get(tab, 0)}" for tab in TABS}
    return choose(label("ui.diagnosis.tabs", lang), list(TABS), key="finding_tab", said=said.__getitem__)


def rules_of(result: PlanResult, tab: str) -> tuple[str, ...]:
    """Return the rules of a tab that have findings, sorted."""
    return tuple(sorted(rule for rule in result.findings.frame["rule"].unique().tolist() if tab_of(rule) == tab))


def draw_chart(result: PlanResult, tab: str, *, stage: str, year: int, lang: Lang) -> None:
    """Draw the picture of a tab as a card; nothing where there is nothing to picture."""
    makers = {"classes": _classes, "sizes": _sizes, "seats": _seats, "ways": _ways, "shells": _shells}
    drawn = makers[tab](result, stage, year) if tab in makers else None
    if drawn is not None:
        words = label(f"ui.diagnosis.chart_{tab}", lang, stage=label(f"stage.{stage}", lang), year=year)
        st.html(f'<section class="lp-card"><h4>{escape(words)}</h4>{charts.picture(drawn, words)}</section>')


def _counted(values: _Floats, *, step: float, last: float, weights: _Floats | None = None) -> tuple[_Floats, _Floats]:
    """Return edges and counts; what lies beyond the last edge is counted in the last bar."""
    edges = np.arange(0.0, last + step, step)
    counts, _ = np.histogram(np.clip(values, 0.0, edges[-1] - step / 2), bins=edges, weights=weights)
    return edges, counts.astype(float)


def _bars(edges: _Floats, counts: _Floats, colours: list[str], limits: list[float]) -> str:
    marks = {limit: f"{limit:g}" for limit in sorted(set(limits)) if limit < edges[-1]}
    return charts.histogram(Bars(edges.tolist(), counts.tolist(), colours, marks))


def _classes(result: PlanResult, stage: str, year: int) -> str | None:
    del year  # single classes are known for the base year only
    classes, norms = result.prepared.county.classes, result.prepared.norms
    sizes = classes.loc[classes["grade"].map(STAGE_OF_GRADE) == stage, "pupils"].dropna().to_numpy(float)
    if not len(sizes):
        return None
    limit = norms.value(f"class_size.{stage}")
    # Bars begin at half pupils, so that a class just at the norm stands left of its line.
    edges = np.arange(-0.5, max(float(sizes.max()), norms.value("class_size.extra_large")) + 3.0, 2.0)
    edges = edges + (limit + 0.5 - edges[edges <= limit + 0.5][-1])
    edges = np.concatenate([[edges[0] - 2.0], edges])
    counts, _ = np.histogram(sizes, bins=edges)
    looks = class_status_of(np.floor(edges[1:]), limit, norms=norms)
    marks = [limit, norms.value("class_size.large"), norms.value("class_size.extra_large")]
    return _bars(edges, counts.astype(float), [STATUS_COLOURS[look] for look in looks], marks)


def _sizes(result: PlanResult, stage: str, year: int) -> str | None:
    frame, norms = result.enrolment.frame, result.prepared.norms
    total = frame[frame["year"] == year].groupby("school_id")["pupils"].sum()
    kinds = result.roster.schools.set_index("school_id")["kind"].reindex(total.index)
    teaches = frame.loc[(frame["year"] == year) & (frame["stage"] == stage), "school_id"].unique()
    values = total[total.index.isin(teaches) & (total > 0).to_numpy()].to_numpy(float)
    if not len(values):
        return None
    edges, counts = _counted(values, step=100.0, last=max(float(values.max()), 2600.0))
    limits = [norms.value(f"school_size.{kind}") for kind in kinds.unique() if f"school_size.{kind}" in norms]
    colours = [STATUS_COLOURS["large"] if edge >= min(limits) else _BAR for edge in edges[:-1]]
    return _bars(edges, counts, colours, limits)


def _seats(result: PlanResult, stage: str, year: int) -> str | None:
    short = result.indicators[result.indicators["indicator"] == f"seat_gap_{stage}"].set_index("year")["value"]
    if short.empty:
        return None
    line = dict(zip(short.index.astype(int).tolist(), short.tolist(), strict=True))
    return charts.curve(Curve({"seats": line}, marks={year: str(year)}), width=560, height=150)


def _ways(result: PlanResult, stage: str, year: int) -> str | None:
    flows, norms = result.assignment.flows, result.prepared.norms
    mine = flows[(flows["year"] == year) & (flows["stage"] == stage)]
    if mine.empty:
        return None
    minutes, pupils = mine["minutes"].to_numpy(float), mine["pupils"].to_numpy(float)
    edges, counts = _counted(minutes, step=5.0, last=float(np.ceil(minutes.max() / 5) * 5), weights=pupils)
    keys = ("grades_1_3", "grades_4_6") if stage == "primary" else ("grades_7_9",)
    limits = [norms.value(f"travel.limit_minutes.{key}") for key in keys if f"travel.limit_minutes.{key}" in norms]
    colours = [STATUS_COLOURS["over"] if limits and edge >= min(limits) else _BAR for edge in edges[:-1]]
    return _bars(edges, counts, colours, limits)


def _shells(result: PlanResult, stage: str, year: int) -> str | None:
    frame, threshold = result.enrolment.frame, result.prepared.norms.value("shell.max_pupils")
    mine = frame[(frame["year"] == year) & (frame["stage"] == stage)]
    total = cast("pd.Series[float]", mine.groupby("school_id")["pupils"].sum())
    values = total.to_numpy(float)
    if not len(values):
        return None
    edges, counts = _counted(values[values < 200.0], step=10.0, last=200.0)
    colours = [STATUS_COLOURS["over"] if edge < threshold else _BAR for edge in edges[:-1]]
    return _bars(edges, counts, colours, [threshold])
