"""New site: drag candidates over the county and see at once what each takes and relieves."""

import streamlit as st

from layoutplan.labels import label
from layoutplan.ui import bar, candidate, cards, session
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/site.py")
result = session.plan(lang)
stage, year = bar.top_bar(result, lang)
load_leaflet()
lab = session.site_lab(result, stage=stage, year=year)


@st.fragment
def bench() -> None:
    """Map and cards in one component: nothing else runs, and nothing else is drawn, while a pin moves."""
    session.keep_up(result)
    base, scene = session.base_map(result, lang), candidate.scene(lab, lang)
    planmap(base, scene, key="site_map", height=540, on_event=lambda event: candidate.follow(result, event))


bench()
with st.container(horizontal=True, vertical_alignment="center"):
    candidate.keeper(lab, lang)
    candidate.coordinates(lab, lang)
    st.caption(label("ui.site.help", lang))
st.html(cards.legend(lang))
