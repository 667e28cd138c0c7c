"""Closures: small and empty schools, each with what speaks for and against a review; a row is sought on the map."""

import streamlit as st

from layoutplan.plan.closure import Gate
from layoutplan.ui import alternatives, bar, cards, closures, objects, origins, session
from layoutplan.ui.planmap import load_leaflet, planmap

lang = session.enter("pages/closures.py")
result = session.plan(lang)
stage, year = bar.top_bar(result, lang)
load_leaflet()


@st.fragment
def board() -> None:
    """Map and list; under the list the card of the school picked, and what may be done instead."""
    session.keep_up(result)
    left, right = st.columns([1.2, 1])
    receivers, scene = None, None
    with right:
        names = closures.candidates(result, lang=lang)
        picked = closures.pick_school(names, lang=lang) or closures.clicked(names, result, stage=stage, year=year)
        gate = None
        if picked is not None and picked["school_id"]:
            record = alternatives.record_of(picked["school_id"])
            gate = closures.gate_of(result, picked, year=year, lang=lang, record=record)
        ladder, rung = None, ""
        if isinstance(gate, Gate):
            with st.container(horizontal=True):
                if alternatives.view(lang) == "ladder":
                    ladder = alternatives.ladder_of(result, gate.school_id, year=year, lang=lang)
                    rung = alternatives.pick_rung(ladder, lang)
            alternatives.actions(result, gate, ladder, rung, lang)
            receivers = alternatives.receivers_of(gate, ladder, rung)
        with st.container(height=closures.room_for_card(gate), border=False):
            if rung:
                st.html(alternatives.ladder_table(ladder, rung, lang))
            else:
                st.html(closures.card(result, picked, gate, lang))
            objects.draw(result, stage=stage, year=year, lang=lang)
    with left:
        scene = session.list_scene(result, picked, stage=stage, year=year, lang=lang)
        if receivers is not None:
            scene = alternatives.with_receivers(
                scene, result, gate.school_id, receivers=receivers, year=year, lang=lang
            )
        planmap(
            session.base_map(result, lang), scene, key="closures_map", height=closures.MAP_PX, on_event=objects.follow
        )


board()
st.html(cards.legend(lang))
origins.button(result, "closures", lang)
