"""Ledger: standards school by school, communities, equity; each row is sought on the map."""

import streamlit as st

from layoutplan.ui import cards, ledgerview, session
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/ledger.py")
result = session.plan(lang)
stage, year = session.top_bar(result, lang)
load_leaflet()
tab = ledgerview.tabs(lang)
book = ledgerview.ledger(result, year)


@st.fragment
def board() -> None:
    """Map and list; under the list the sheet of what is picked."""
    left, right = st.columns([1.2, 1])
    with right:
        picked = ledgerview.pick_row(book, result, tab=tab, stage=stage, lang=lang)
        st.html(ledgerview.sheet(book, picked, tab=tab, stage=stage, lang=lang))
    with left:
        scene = session.list_scene(result, picked, stage=stage, year=year, lang=lang)
        planmap(session.base_map(result, lang), scene, key="ledger_map", height=520)


board()
st.html(cards.legend(lang))
ledgerview.note(result, lang)
