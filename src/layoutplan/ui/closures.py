"""The closures page: small and empty schools, what speaks for and against a review, and nothing decided."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, cast

import numpy as np
import pandas as pd
import streamlit as st

from layoutplan.errors import ScenarioError
from layoutplan.labels import Lang, label
from layoutplan.plan.closure import Gate, closure_gate
from layoutplan.plan.locks import Record
from layoutplan.plan.planning import PlanResult
from layoutplan.ui import cards, charts, objects, origins, session
from layoutplan.ui.charts import Curve
from layoutplan.ui.listing import Shown, pick

# The first rule a school falls under says what is recommended for it; all its rules are shown.
ADVICE = {
    "shell_irreplaceable": "keep",
    "small_keep": "keep",
    "vacant_children_near": "check",
    "school_vacant": "check",
    "shell_candidate": "review",
    "school_emptying": "watch",
    "school_small_ahead": "watch",
}
MAP_PX, LIST_PX = 575, 225
_ACTIONS_PX = 112  # buttons of the gate, in two rows
_ORDER = ("review", "check", "watch", "keep")
_MARKS = {"keep": "✕", "check": "◎", "watch": "◎", "review": "✓"}
_STATES = {"passed": "✓", "failed": "✕", "unknown": "?"}
_COLUMNS = (
    Shown("said", "ui.closures.advice", "text", 110),
    Shown("name", "ui.closures.school", "text", 160),
    Shown("pupils", "ui.closures.pupils", width=84),
    Shown("goal", "ui.closures.goal", width=92),
)


def candidates(result: PlanResult, *, lang: Lang) -> pd.DataFrame:
    """Return every school that a rule about small or empty schools names, those to be reviewed first."""
    found = result.findings.frame
    found = found[found["rule"].isin(list(ADVICE)) & found["school_id"].notna()]
    rank = found["rule"].map(list(ADVICE).index)
    first = found.assign(rank=rank).sort_values(["rank", "school_id"]).drop_duplicates("school_id")
    names = result.roster.schools.set_index("school_id")["name"]
    totals = result.enrolment.frame.groupby(["year", "school_id"])["pupils"].sum()
    goal = int(result.prepared.norms.value("plan.goal_year"))
    advice = first["rule"].map(ADVICE)
    ids = first["school_id"]
    frame = pd.DataFrame({
        "school_id": ids, "place_id": None, "township_id": None, "name": ids.map(names), "advice": advice,
        "said": [label(f"ui.closures.{one}", lang) for one in advice],
        "pupils": _pupils(totals, result.prepared.county.base_year, ids), "goal": _pupils(totals, goal, ids),
    })  # fmt: skip
    order = frame["advice"].map(_ORDER.index)
    return frame.assign(order=order).sort_values(["order", "pupils", "school_id"], ignore_index=True)


def _pupils(totals: pd.Series[Any], year: int, ids: pd.Series[Any]) -> Any:
    """Return a year's pupils of each school; nobody is enrolled where no class is."""
    return totals.xs(year, level="year").reindex(ids).fillna(0.0).to_numpy(float)


def pick_school(frame: pd.DataFrame, *, lang: Lang) -> Mapping[str, Any] | None:
    """Draw the list; return the school selected."""
    return pick(frame, _COLUMNS, key="closures", lang=lang, height=LIST_PX)


def clicked(frame: pd.DataFrame, result: PlanResult, *, stage: str, year: int) -> Mapping[str, Any] | None:
    """Return the school clicked on the map as a row; one that no rule names has no advice."""
    row = objects.row_of(result, stage=stage, year=year)
    if row is None or row["school_id"] is None:
        return None
    mine = frame[frame["school_id"] == row["school_id"]]
    return cast("Mapping[str, Any]", mine.iloc[0].to_dict()) if len(mine) else {**row, "said": ""}


def gate_of(
    result: PlanResult, picked: Mapping[str, Any] | None, *, year: int, lang: Lang, record: Record | None = None
) -> Gate | ScenarioError | None:
    """Put the school picked before the closure gate, once for each record of what was found.

    None if none is picked or the year is the base year; the fault where the gate does not take the
    school, such as one that teaches nobody already.
    """
    if picked is None or year <= result.prepared.county.base_year:
        return None
    school_id = str(picked["school_id"])
    with st.spinner(label("ui.closures.working", lang)):
        name = f"gate-{school_id}-{year}-{record}"
        made = session.shelved(result, name, lambda: _gate(result, school_id, year, record))
        return cast("Gate | ScenarioError", made)


def _gate(result: PlanResult, school_id: str, year: int, record: Record | None = None) -> Gate | ScenarioError:
    try:
        return closure_gate(result, school_id, year, record=record)
    except ScenarioError as fault:
        return fault


def room_for_card(gate: Gate | ScenarioError | None) -> int:
    """Return how many pixels are left beside the map for the card under the list."""
    return MAP_PX - LIST_PX - 10 - (_ACTIONS_PX if isinstance(gate, Gate) else 0)


def card(result: PlanResult, picked: Mapping[str, Any] | None, gate: Gate | ScenarioError | None, lang: Lang) -> str:
    """Return what is known of a school: its pupils against the threshold, the locks, every rule that names it."""
    if picked is None:
        return f'<section class="lp-card lp-dim">{escape(label("ui.closures.how", lang))}</section>'
    found = result.findings.frame
    mine = found[(found["school_id"] == picked["school_id"]) & found["rule"].isin(list(ADVICE))]
    rows = "".join(_evidence(row, lang) for row in cast("list[dict[str, Any]]", mine.to_dict("records")))
    words = label("ui.closures.curve", lang, school=picked["name"])
    verdict = label(f"ui.closures.gate_{gate.verdict}", lang) if isinstance(gate, Gate) else picked["said"]
    drawn = charts.picture(_curve(result, str(picked["school_id"])), words)
    body = f"{_locks(gate, lang)}{drawn}" if isinstance(gate, Gate) else f"{drawn}{_locks(gate, lang)}"
    title = escape(" · ".join(filter(None, (picked["name"], verdict))))
    caution = escape(label("ui.closures.caution", lang))
    return (
        f'<section class="lp-card"><h4>{title}</h4>{body}'
        f'<ul class="lp-marks">{rows}</ul><p class="lp-dim">{caution}</p></section>'
    )


def _locks(gate: Gate | ScenarioError | None, lang: Lang) -> str:
    """Return the locks as a list of marks: passed, failed or not known, each with its number and its clause."""
    if gate is None:
        return ""
    if isinstance(gate, ScenarioError):
        return f"<p>{escape(label('ui.closures.no_gate', lang))}</p>"
    rows = []
    for row in cast("list[dict[str, Any]]", gate.locks.to_dict("records")):
        state = "unknown" if pd.isna(row["passed"]) else "passed" if row["passed"] else "failed"
        hint = cards.clause_of(row["clause"], row["verified"], lang)
        text = escape(str(row[f"text_{lang}"]))
        rows.append(f'<li title="{escape(hint)}"><b class="lp-lock-{state}">{_STATES[state]}</b> {text}</li>')
    title = escape(label("ui.closures.locks", lang, year=gate.year))
    return f'<h4>{title}{origins.mark("ui.closures.locks", lang)}</h4><ul class="lp-marks">{"".join(rows)}</ul>'


def _evidence(row: Mapping[str, Any], lang: Lang) -> str:
    advice = ADVICE[str(row["rule"])]
    clause = cards.clause_of(row["clause"], row["verified"], lang)
    return (
        f'<li><b class="lp-mark-{advice}">{_MARKS[advice]}</b> {escape(str(row[f"text_{lang}"]))}'
        f'<br><span class="lp-dim">{escape(clause)}</span></li>'
    )


def _curve(result: PlanResult, school_id: str) -> str:
    """Draw a school's pupils by year with the threshold of a review."""
    frame = result.enrolment.frame
    mine = frame[frame["school_id"] == school_id].groupby("year")["pupils"].sum()
    history = result.prepared.county.enrolment
    past = history[history["school_id"] == school_id].groupby("year")["pupils"].sum(min_count=1).dropna()
    years = range(int(frame["year"].min()), int(frame["year"].max()) + 1)
    ahead = {year: float(mine.get(year, 0.0)) for year in years}
    threshold = result.prepared.norms.value("shell.max_pupils")
    lines = {
        "seats": {**dict.fromkeys(past.index.astype(int).tolist(), threshold), **dict.fromkeys(years, threshold)},
        "past": {int(cast("Any", year)): float(count) for year, count in past.items() if not np.isnan(count)},
        "line": ahead,
    }
    goal = int(result.prepared.norms.value("plan.goal_year"))
    return charts.curve(Curve(lines, marks={goal: str(goal)}), width=560, height=150)
