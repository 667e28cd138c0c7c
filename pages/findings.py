"""Findings: a tab a question, the picture of what is measured, the list; each row is sought on the map."""

import streamlit as st

from layoutplan.ui import cards, diagnosis, elimination, findings, session
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/findings.py")
result = session.plan(lang)
stage, year = session.top_bar(result, lang)
load_leaflet()
tab = diagnosis.tabs(result, lang)


@st.fragment
def board() -> None:
    """Map and list: a finding picked in the list is sought on the map, and the other way round."""
    left, right = st.columns([1.3, 1])
    with right:
        diagnosis.draw_chart(result, tab, stage=stage, year=year, lang=lang)
        rules = diagnosis.rules_of(result, tab)
        picked = findings.pick(result, stage=stage, year=year, lang=lang, rules=rules, height=208)
        st.html(cards.finding(picked, lang))
    with left:
        scene = session.overview_scene(result, picked, stage=stage, year=year, lang=lang)
        planmap(session.base_map(result, lang), scene, key="findings_map", height=535, on_event=findings.follow)


board()
st.html(cards.legend(lang))
if tab in ("classes", "sizes"):
    elimination.draw(result, lang)
