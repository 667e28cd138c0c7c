"""Overview: five headlines, the map, what breaks the norms."""

import streamlit as st

from layoutplan.ui import bar, cards, findings, objects, origins, session, welcome
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/overview.py")
result = session.plan(lang)
stage, year = bar.top_bar(result, lang)
load_leaflet()
welcome.tour(lang)
goal_year = session.goal_year(result, year)
tiles = session.drawn(result, f"tiles {goal_year} {lang}", lambda: cards.tiles(result, goal_year=goal_year, lang=lang))
st.html(tiles)


@st.fragment
def board() -> None:
    """Map and findings: a finding picked in the table is sought on the map, and the other way round."""
    left, right = st.columns([1.36, 1])
    with right:
        opened = objects.html(result, stage=stage, year=year, lang=lang)
        picked = findings.pick(result, stage=stage, year=year, lang=lang, height=150 if opened else 288)
        st.html(cards.finding(picked, lang) if picked is not None or not opened else opened)
    with left:
        scene = session.overview_scene(result, picked, stage=stage, year=year, lang=lang)
        base = session.base_map(result, lang)
        planmap(base, scene, key="overview_map", height=440, on_event=objects.follow)


board()
st.html(cards.legend(lang))
origins.button(result, "overview", lang)
