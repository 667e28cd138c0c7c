"""Overview: five headlines, the map, what breaks the norms."""

import streamlit as st

from layoutplan.ui import cards, findings, session
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/overview.py")
result = session.plan(lang)
stage, year = session.top_bar(result, lang)
load_leaflet()
st.html(cards.tiles(result, goal_year=session.goal_year(result, year), lang=lang))


@st.fragment
def board() -> None:
    """Map and findings: a finding picked in the table is sought on the map, and the other way round."""
    left, right = st.columns([1.5, 1])
    with right:
        picked = findings.pick(result, stage=stage, year=year, lang=lang)
        st.html(cards.finding(picked, lang))
    with left:
        scene = session.overview_scene(result, picked, stage=stage, year=year, lang=lang)
        base = session.base_map(result, lang)
        planmap(base, scene, key="overview_map", height=440, on_event=findings.follow)


board()
st.html(cards.legend(lang))
