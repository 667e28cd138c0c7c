"""Demand: curves with their range, the back-test beside them, growth by township on the map."""

import streamlit as st

from layoutplan.ui import bar, demand, objects, origins, session, sitecurves
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/demand.py")
result = session.plan(lang)
stage, year = bar.top_bar(result, lang)
load_leaflet()
left, right = st.columns([2.1, 1])
with left:
    st.html(demand.curves(result, year=year, lang=lang))
with right:
    st.html(demand.backtest_card(demand.tested(result), lang))


@st.fragment
def board() -> None:
    """Townships and resettlement sites: a row picked is sought on the map, what is clicked there opens its card."""
    left, right = st.columns([1.5, 1])
    with right:
        if sitecurves.view(result, lang) == "sites":
            picked = sitecurves.pick_site(result, year=year, lang=lang)
        else:
            picked = demand.pick_township(demand.growth(result, stage=stage, year=year), lang=lang)
        objects.draw(result, stage=stage, year=year, lang=lang)
    with left:
        scene = demand.scene(result, picked, stage=stage, year=year, lang=lang)
        base = session.base_map(result, lang)
        planmap(base, scene, key="demand_map", height=345, on_event=lambda event: demand.follow(result, event))


board()
st.html(demand.legend(lang))
sitecurves.draw(result, year=year, lang=lang)
demand.caption(result, lang)
origins.button(result, "demand", lang)
