"""The bar above every page: county and scenario, rules, stage, year, language."""

from __future__ import annotations

import streamlit as st

from layoutplan.labels import LANGS, Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.ui import assumptions, cards, links, origins
from layoutplan.ui.session import GOAL_YEAR, keep, remember

PACE_S = 1.6  # a year while the years run


def top_bar(result: PlanResult, lang: Lang) -> tuple[str, int]:
    """Draw the bar; return what is chosen in it.

    Returns
    -------
    stage : {"primary", "junior"}
    year : int
        School year chosen.
    """
    origins.use(result)
    county = result.prepared.county
    years = list(range(county.base_year, result.scenario.last_year + 1))
    keep("year", min(max(GOAL_YEAR, years[0]), years[-1]))
    if st.session_state["kept_year"] not in years:
        st.session_state["kept_year"] = years[-1]  # of another county, or of an address
        keep("year", years[-1])
    keep("stage", "primary")
    left, rules_box, stage_box, play_box, year_box, right = st.columns(
        [4.3, 1.5, 1.55, 0.42, 1.7, 1.1], vertical_alignment="center"
    )
    with left:
        st.html(cards.brand(result, lang))
    with rules_box:
        assumptions.popover(result, lang)
    with stage_box:
        stage = st.segmented_control(
            label("ui.bar.stage", lang), ("primary", "junior"), format_func=lambda name: label(f"stage.{name}", lang),
            key="stage", on_change=remember, args=("stage",), required=True, label_visibility="collapsed",
        )  # fmt: skip
    with play_box:
        _player(years, lang)
    with year_box:
        year = st.select_slider(
            label("ui.bar.year", lang), years, key="year", on_change=remember, args=("year",),
            label_visibility="collapsed",
        )  # fmt: skip
    with right:
        language_switch(lang)
    chosen = str(stage or st.session_state["kept_stage"]), int(year or st.session_state["kept_year"])
    links.write(stage=chosen[0], year=chosen[1], lang=lang)
    return chosen


def _player(years: list[int], lang: Lang) -> None:
    """Draw the button that lets the years run, and let them run."""
    playing = bool(st.session_state.get("playing"))
    words = label("ui.bar.pause" if playing else "ui.bar.play", lang)
    st.button("■" if playing else "▶", key="play", on_click=_start_or_stop, args=(years,), help=words)
    if playing:
        st.session_state["tick_waits"] = True  # the run that draws the page is no step of the clock
        _tick(years)


def _start_or_stop(years: list[int]) -> None:
    playing = not st.session_state.get("playing")
    st.session_state["playing"] = playing
    if playing and st.session_state["kept_year"] == years[-1]:
        st.session_state["kept_year"] = years[0]


@st.fragment(run_every=PACE_S)
def _tick(years: list[int]) -> None:
    """Go on to the next year; the last one ends it."""
    if st.session_state.pop("tick_waits", False) or not st.session_state.get("playing"):
        return
    st.session_state["kept_year"] = min(int(st.session_state["kept_year"]) + 1, years[-1])
    st.session_state["playing"] = st.session_state["kept_year"] < years[-1]
    st.rerun(scope="app")


def language_switch(lang: Lang) -> None:
    """Draw the choice of language."""
    keep("lang", lang)
    st.segmented_control(
        label("ui.bar.language", lang), LANGS, format_func=lambda name: label("ui.bar.own_name", name),
        key="lang", on_change=remember, args=("lang",), required=True, label_visibility="collapsed",
    )  # fmt: skip
