"""Scenarios: the actions by year, each sought on the map, and plans side by side."""

import streamlit as st

from layoutplan.ui import bar, cards, objects, office, origins, scenarios, session, welcome
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/plans.py")
result = session.plan(lang)
stage, year = bar.top_bar(result, lang)
load_leaflet()
welcome.tour(lang)
left, right = st.columns([1.1, 1])
with right:
    picked = scenarios.pick_action(scenarios.timeline(result, lang), lang=lang)
    scenarios.keep_tools(lang)
    objects.draw(result, stage=stage, year=year, lang=lang)
with left:
    scene = session.list_scene(result, picked, stage=stage, year=year, lang=lang)
    planmap(session.base_map(result, lang), scene, key="plans_map", height=400, on_event=objects.follow)
office.panel(lang)
st.html(scenarios.beside(result, year=year, lang=lang))
st.html(cards.legend(lang))
origins.button(result, "plans", lang)
