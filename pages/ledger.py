"""Ledger: standards school by school, communities, equity; each row is sought on the map."""

import streamlit as st

from layoutplan.ui import bar, cards, ledgerview, objects, origins, session
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/ledger.py")
result = session.plan(lang)
stage, year = bar.top_bar(result, lang)
load_leaflet()
tab = ledgerview.tabs(lang)
book = ledgerview.ledger(result, year)


@st.fragment
def board() -> None:
    """Map and list; under the list the sheet of what is picked."""
    left, right = st.columns([1.2, 1])
    with right:
        opened = objects.row_of(result, stage=stage, year=year)
        picked = ledgerview.pick_row(book, result, tab=tab, stage=stage, lang=lang) or opened
        st.html(ledgerview.sheet(book, picked, tab=tab, stage=stage, lang=lang))
        objects.draw(result, stage=stage, year=year, lang=lang)
    with left:
        scene = session.list_scene(result, picked, stage=stage, year=year, lang=lang)
        planmap(session.base_map(result, lang), scene, key="ledger_map", height=520, on_event=objects.follow)


board()
st.html(cards.legend(lang))
origins.button(result, "ledger", lang)
ledgerview.note(result, lang)
