"""New site: drag candidates over the county and see at once what each takes and relieves."""

import streamlit as st

from layoutplan.labels import label
from layoutplan.ui import bar, candidate, cards, origins, parcels, session, sidebyside, welcome
from layoutplan.ui.planmap import load_leaflet, planmap

HEIGHT = 540
lang = session.enter("pages/site.py")
result = session.plan(lang)
stage, year = bar.top_bar(result, lang)
load_leaflet()
welcome.tour(lang)
lab = session.site_lab(result, stage=stage, year=year)
beside = sidebyside.wanted()


@st.fragment
def bench() -> None:
    """Map and cards in one component: nothing else runs, and nothing else is drawn, while a pin moves."""
    session.keep_up(result)
    base, scene = session.base_map(result, lang), candidate.scene(lab, lang, beside_base=beside)
    planmap(base, scene, key="site_map", height=HEIGHT, on_event=lambda event: candidate.follow(result, event))


if beside:
    left, right = st.columns([1.9, 1])
    with left:
        bench()
    with right:
        sidebyside.draw(result, stage=stage, year=year, lang=lang, height=HEIGHT)
else:
    bench()
with st.container(horizontal=True, vertical_alignment="center"):
    candidate.keeper(lab, lang)
    candidate.coordinates(lab, lang)
    sidebyside.asked(lang)
    parcels.asked(result.prepared.county, lang)
    origins.button(result, "site", lang)
    st.caption(label("ui.site.help", lang))
st.html(cards.legend(lang))
