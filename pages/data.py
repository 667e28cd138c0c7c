"""Data: which county, what is wrong with it, its layers with their dates, and what should be looked at."""

import streamlit as st

from layoutplan.errors import InputError
from layoutplan.labels import label
from layoutplan.ui import bar, layers, repair, session, welcome

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
bar.top_bar(outcome, lang)
layers.draw(outcome, lang)
with st.expander(label("ui.welcome.change", lang)):
    if welcome.uploaded() is not None:
        welcome.uploader(lang)
    st.button(label("ui.repair.other", lang), key="other_county", on_click=session.leave_county)
