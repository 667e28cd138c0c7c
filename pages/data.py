"""Data: which county, what is wrong with it, its layers with their dates, and what should be looked at."""

import streamlit as st

from layoutplan.errors import InputError
from layoutplan.labels import label
from layoutplan.ui import bar, layers, located, origins, repair, rose, session, welcome
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/data.py")
if session.county_folder() is None:
    welcome.draw(lang)
    st.stop()
outcome = session.attempt(lang)
if isinstance(outcome, InputError):
    repair.draw(outcome, lang)
    st.stop()
if st.session_state.pop("opened", False):
    st.switch_page("pages/overview.py")
stage, year = bar.top_bar(outcome, lang)
load_leaflet()


@st.fragment
def board() -> None:
    """Layers and what should be looked at in them; each row is sought on the map, each pin is a row."""
    left, right = st.columns([1, 1.15])
    with left:
        layer = layers.pick_layer(outcome, lang)
        picked = located.pick_problem(outcome, layer, lang)
    with right:
        scene = located.scene(outcome, picked, stage=stage, year=year, lang=lang)
        planmap(session.base_map(outcome, lang), scene, key="data_map", height=320, on_event=located.follow)
        located.draw_card(outcome, picked, stage=stage, year=year, lang=lang)
        rose.draw(outcome, lang)


board()
origins.button(outcome, "data", lang)
with st.expander(label("ui.welcome.change", lang)):
    if welcome.uploaded() is not None:
        welcome.uploader(lang)
    st.button(label("ui.repair.other", lang), key="other_county", on_click=session.leave_county)
