"""Findings: a tab a question, the picture of what is measured, the list; each row is sought on the map."""

import streamlit as st

from layoutplan.ui import bar, cards, diagnosis, elimination, findings, objects, origins, scarcity, session, welcome
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/findings.py")
result = session.plan(lang)
stage, year = bar.top_bar(result, lang)
load_leaflet()
welcome.tour(lang)
tab = diagnosis.tabs(result, lang)


@st.fragment
def board() -> None:
    """Map and list: a finding picked in the list is sought on the map, and the other way round."""
    left, right = st.columns([1.3, 1])
    with right:
        diagnosis.draw_chart(result, tab, stage=stage, year=year, lang=lang)
        clash = None
        if tab == "seats":
            found = scarcity.clashes_of(result, stage=stage, year=year)
            clash = scarcity.pick_clash(found, result, lang=lang)
        rules = diagnosis.rules_of(result, tab)
        picked = findings.pick(
            result, stage=stage, year=year, lang=lang, rules=rules, height=208 if clash is None else 120
        )
        opened = objects.html(result, stage=stage, year=year, lang=lang)
        st.html(cards.finding(picked, lang) if picked is not None or not opened else opened)
    with left:
        scene = session.overview_scene(result, picked, stage=stage, year=year, lang=lang)
        scene = scarcity.on_map(scene, clash, result, year=year, lang=lang)
        planmap(session.base_map(result, lang), scene, key="findings_map", height=535, on_event=objects.follow)


board()
st.html(cards.legend(lang))
origins.button(result, "findings", lang)
if tab in ("classes", "sizes"):
    elimination.draw(result, lang)
elif tab in ("seats", "ways"):
    scarcity.draw(result, stage=stage, year=year, lang=lang)
