"""Optimise: ask for the better layout, watch the search, look at what it found, make it the scenario."""

import streamlit as st

from layoutplan.ui import bar, cards, objects, optimising, origins, session
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/optimise.py")
result = session.plan(lang)
stage, year = bar.top_bar(result, lang)
load_leaflet()
held = optimising.search()
left, right = st.columns([1.1, 1])
plan, picked = None, None
with right:
    if held is None:
        optimising.ask(result, stage=stage, lang=lang)
    elif held.state in ("waiting", "running"):
        optimising.watch(lang)
    else:
        plan, picked = optimising.answer(held, lang)
    objects.draw(result, stage=stage, year=year, lang=lang)
with left:
    scene = optimising.scene(result, plan, picked, stage=stage, year=year, lang=lang)
    planmap(session.base_map(result, lang), scene, key="optimise_map", height=500, on_event=optimising.follow)
st.html(cards.legend(lang))
origins.button(result, "optimise", lang)
if held is not None and held.result is not None and held.result.plans:
    optimising.details(held.result, lang)
