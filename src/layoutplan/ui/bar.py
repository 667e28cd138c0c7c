"""The bar above every page: county and scenario, rules, stage, year, language."""

from __future__ import annotations

import streamlit as st

from layoutplan.labels import LANGS, Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.ui import assumptions, cards
from layoutplan.ui.session import GOAL_YEAR, keep, remember


def top_bar(result: PlanResult, lang: Lang) -> tuple[str, int]:
    """Draw the bar; return what is chosen in it.

    Returns
    -------
    stage : {"primary", "junior"}
    year : int
        School year chosen.
    """
    county = result.prepared.county
    years = list(range(county.base_year, result.scenario.last_year + 1))
    keep("year", min(max(GOAL_YEAR, years[0]), years[-1]))
    keep("stage", "primary")
    left, rules_box, stage_box, year_box, right = st.columns([3.7, 1.55, 1.6, 2.4, 1.15], vertical_alignment="center")
    with left:
        st.html(cards.brand(result, lang))
    with rules_box:
        assumptions.popover(result, lang)
    with stage_box:
        stage = st.segmented_control(
            label("ui.bar.stage", lang), ("primary", "junior"), format_func=lambda name: label(f"stage.{name}", lang),
            key="stage", on_change=remember, args=("stage",), required=True, label_visibility="collapsed",
        )  # fmt: skip
    with year_box:
        year = st.select_slider(
            label("ui.bar.year", lang), years, key="year", on_change=remember, args=("year",),
            label_visibility="collapsed",
        )  # fmt: skip
    with right:
        language_switch(lang)
    return str(stage or st.session_state["kept_stage"]), int(year or st.session_state["kept_year"])


def language_switch(lang: Lang) -> None:
    """Draw the choice of language."""
    keep("lang", lang)
    st.segmented_control(
        label("ui.bar.language", lang), LANGS, format_func=lambda name: label("ui.bar.own_name", name),
        key="lang", on_change=remember, args=("lang",), required=True, label_visibility="collapsed",
    )  # fmt: skip
