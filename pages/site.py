"""New site: drag a school over the county and see at once what it takes and relieves."""

import streamlit as st

from layoutplan.labels import label
from layoutplan.ui import candidate, cards, session
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/site.py")
result = session.plan(lang)
stage, year = session.top_bar(result, lang)
load_leaflet()


@st.fragment
def bench() -> None:
    """Map and cards: only this runs while the marker moves, the map first."""
    candidate.keep_up(result)
    lab = session.site_lab(result, stage=stage, year=year)
    left, right = st.columns([2.1, 1])
    with right:
        rooms = candidate.size(lang)
    tried = candidate.try_here(lab, rooms=rooms)
    with left:
        base, scene = session.base_map(result, lang), candidate.scene(lab, tried, lang)
        planmap(base, scene, key="site_map", height=505, on_event=lambda event: candidate.follow(result, event))
    with right:
        st.html(cards.trial(result, tried, stage=stage, year=year, lang=lang))
        candidate.keeper(result, tried, stage=stage, year=year, lang=lang)
    with left, st.container(horizontal=True, vertical_alignment="bottom"):
        candidate.coordinates(lang)
        st.caption(label("ui.site.help", lang), width=470)


bench()
st.html(cards.legend(lang))
