"""The table of findings, and the one that is picked in it or on the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pandas as pd
import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.ui import objects, origins, session
from layoutplan.ui.listing import room

# Signs beside the words, so that the level is not told by colour alone.
SEVERITIES = ("error", "warning", "info")
_SIGNS = {"error": "●", "warning": "◎", "info": "○"}
_COLUMNS = ("severity", "text", "measured", "limit", "unit", "year", "clause")
_HEIGHT = 288
_SENTENCE_PX = {
    "zh": 372,
    "en": 470,
}  # so that the usual finding is read whole in the list; its numbers stand in the card as well


def listed(result: PlanResult, *, stage: str, year: int, rules: Sequence[str]) -> pd.DataFrame:
    """Return the findings of a year, serious ones first.

    Classes, schools and journeys are judged in the base year; those findings are listed with
    every later year's own.
    """
    frame = result.findings.frame
    base_year = result.prepared.county.base_year
    frame = frame[frame["year"].isin((base_year, year))]
    other = frame["subject_kind"].eq("township") & ~frame["subject"].str.endswith(f"/{stage}")
    stale = frame["subject_kind"].eq("township") & frame["year"].ne(year)
    frame = frame[~other & ~stale]
    frame = frame[frame["rule"].isin(rules)]
    return frame.sort_values("severity", key=lambda s: s.map(SEVERITIES.index), kind="stable", ignore_index=True)


def pick(
    result: PlanResult, *, stage: str, year: int, lang: Lang, rules: Sequence[str] | None = None, height: int = _HEIGHT
) -> Mapping[str, Any] | None:
    """Draw the table; return the finding selected in it.

    Parameters
    ----------
    result : PlanResult
        Plan whose findings are listed.
    stage, year : str, int
        As chosen above the page.
    lang : {"zh", "en"}
        Language of the table.
    rules : sequence of str, optional
        The rules to choose from; by default all that have findings.
    height : int
        Pixels of the table.
    """
    known = sorted(result.findings.frame["rule"].unique().tolist()) if rules is None else list(rules)
    rule = _rule(known, lang)
    wanted = known if rule == "all" else [rule]
    held = objects.subject_of(result, stage=stage, year=year)
    name = f"findings {stage} {year} {'-'.join(wanted)}"
    frame = session.drawn(result, name, lambda: listed(result, stage=stage, year=year, rules=wanted))
    shown = session.drawn(result, f"{name} {lang}", lambda: _worded(frame, lang))
    if held is not None:
        frame = _narrowed(frame, held, result)
        shown = _worded(frame, lang)
    if frame.empty:
        st.caption(label("ui.findings.none", lang))
        return None
    how = origins.hint("ui.findings.measured", lang)
    answer = st.dataframe(
        shown,
        height=room(len(frame), height),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"findings-{'-'.join(wanted)}-{year}-{stage}-{st.session_state.get('subject')}",
        column_config={
            shown.columns[0]: st.column_config.TextColumn(width=44, help=_levels(lang)),
            shown.columns[1]: st.column_config.TextColumn(width=_SENTENCE_PX[lang]),
            shown.columns[2]: st.column_config.NumberColumn(width=54, format="localized", help=how),
            shown.columns[3]: st.column_config.NumberColumn(width=54, format="localized", help=how),
            shown.columns[4]: st.column_config.TextColumn(width=64),
            shown.columns[5]: st.column_config.NumberColumn(width=56, format="%d"),
        },
    )
    rows = cast("dict[str, Any]", answer)["selection"]["rows"]
    return cast("Mapping[str, Any]", frame.iloc[rows[0]].to_dict()) if rows else None


def _rule(known: Sequence[str], lang: Lang) -> str:
    """Draw the choice of one kind of finding; the list's words are part of its state, so each language has its own."""
    rules = ["all", *known]
    before = st.session_state.get("kept_rule", "all")
    rule = st.selectbox(
        label("ui.findings.rule", lang),
        rules,
        index=rules.index(before) if before in rules else 0,
        format_func=lambda name: label("ui.findings.all" if name == "all" else f"rule.{name}", lang),
        key=f"rule_{lang}_{'-'.join(known)}",
        label_visibility="collapsed",
    )
    st.session_state["kept_rule"] = rule
    return str(rule)


def _narrowed(frame: pd.DataFrame, held: tuple[str, str], result: PlanResult) -> pd.DataFrame:
    layer, name = held
    st.button(f"✕ {objects.names_of(result)[name]}", key="widen", on_click=objects.forget)
    key = "school_id" if layer == "schools" else "place_id"
    narrowed: pd.DataFrame = frame[frame[key] == name].reset_index(drop=True)
    return narrowed


def _levels(lang: Lang) -> str:
    """Say what the signs of the first column mean."""
    return " · ".join(f"{_SIGNS[name]} {label(f'severity.{name}', lang)}" for name in SEVERITIES)


def _worded(frame: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    words = {
        "severity": frame["severity"].map(_SIGNS),
        "text": frame[f"text_{lang}"],
        "measured": frame["measured"].round(1),
        "limit": frame["limit"].round(1),
        "unit": frame["unit"].map(lambda name: label(f"unit.{name}", lang) if name else ""),
        "year": frame["year"],
        "clause": frame["clause"],
    }
    return pd.DataFrame({label(f"ui.findings.{name}", lang): words[name] for name in _COLUMNS})
