"""Closures: small and empty schools, each with what speaks for and against a review; a row is sought on the map."""

import streamlit as st

from layoutplan.ui import cards, closures, session
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/closures.py")
result = session.plan(lang)
stage, year = session.top_bar(result, lang)
load_leaflet()


@st.fragment
def board() -> None:
    """Map and list; under the list the card of the school picked."""
    left, right = st.columns([1.2, 1])
    with right:
        picked = closures.pick_school(closures.candidates(result, lang=lang), lang=lang)
        gate = closures.gate_of(result, picked, year=year, lang=lang)
        st.html(closures.card(result, picked, gate, lang))
    with left:
        scene = session.list_scene(result, picked, stage=stage, year=year, lang=lang)
        planmap(session.base_map(result, lang), scene, key="closures_map", height=535)


board()
st.html(cards.legend(lang))
