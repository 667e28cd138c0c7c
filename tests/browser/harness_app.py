"""The plan map alone, over made-up squares and straight-line distance."""

import os
import time

import numpy as np
import streamlit as st

from layoutplan.ui.planmap import Added, Base, Clicked, Feature, Layer, Moved, Paint, Scene, Site, load_leaflet, planmap
from layoutplan.ui.planmap.panel import (
    Card,
    Change,
    Choice,
    Column,
    Columns,
    Figure,
    Figures,
    Option,
    Row,
    Rows,
    Words,
)

ROWS, COLUMNS, STEP = 40, 50, 0.004
WEST, SOUTH = 105.6, 35.8
HUES = ("#cfe3ee", "#f3e3c3", "#dce8cf", "#ecd5d9", "#ddd6ea", "#6a3fa0")
HOSTILE_CARDS = os.environ.get("HARNESS_HOSTILE") == "1"
LOST = "HARNESS_LOST" in os.environ
WAIT_S = float(os.environ.get("HARNESS_WAIT_S", "0"))


# What a name in a planner's table may be.
HOSTILE = (
    "<img src=x onerror=window.__x=1>",
    '"><script>window.__x=1</script>',
    "`${window.__x=1}`",
    "javascript:window.__x=1",
    "'};window.__x=1;//<svg onload=window.__x=1>",
)


def hostile_cards():
    return [
        Card(
            text,
            [
                Words(text),
                Rows([Row(text, text, Change(text, "worse"), 0.5, text)]),
                Figures([Figure(text, text, text, text)]),
                Columns([Column(text, 0.5, "#111111", hint=text)]),
                Choice(text, text, [Option(text, text, hint=text)]),
            ],
        )
        for text in HOSTILE
    ]


@st.cache_resource
def ground():
    east, north = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    west, south = WEST + east.ravel() * STEP, SOUTH + north.ravel() * STEP
    cells = []
    for at, (w, s) in enumerate(zip(west.tolist(), south.tolist(), strict=True)):
        ring = [[w, s], [w + STEP, s], [w + STEP, s + STEP], [w, s + STEP], [w, s]]
        cells.append(Feature(str(at), "", {"type": "Polygon", "coordinates": [ring]}))
    centres = np.column_stack([west, south]) + STEP / 2
    schools = np.array([[105.63, 35.83], [105.7, 35.85], [105.76, 35.83], [105.65, 35.92], [105.75, 35.93]])
    apart = np.hypot(*(centres[:, None] - schools[None]).T).T
    points = [
        Feature(f"s{i}", name, {"type": "Point", "coordinates": at}, shape)
        for i, (name, at, shape) in enumerate(
            zip(
                HOSTILE,
                schools.tolist(),
                ["circle", "square", "diamond", "hexagon", "circle"],
                strict=True,
            )
        )
    ]
    base = Base(
        [
            Layer("cells", "polygon", cells, [_fill(h) for h in HUES], interactive=True, opacity=0.7),
            Layer(
                "schools",
                "point",
                points,
                [{"fillColor": "#56b4e9", "fillOpacity": 1, "color": "#3d3a34", "weight": 1.5}],
                interactive=True,
            ),
            Layer(
                "names",
                "label",
                [
                    Feature(f"t{at}", text, {"type": "Point", "coordinates": [105.7, 35.84 + 0.02 * at]})
                    for at, text in enumerate(HOSTILE)
                ],
            ),
        ],
        bounds=((SOUTH, WEST), (SOUTH + ROWS * STEP, WEST + COLUMNS * STEP)),
        words={"zoom_in": HOSTILE[0], "zoom_out": HOSTILE[1], "whole_county": HOSTILE[0], "north": "N"},
        notes=["合成数据", *HOSTILE],
    )
    return base, centres, apart


def _fill(color):
    return {"fillColor": color, "fillOpacity": 1, "color": color, "weight": 0.8}


def on_event(event):
    if isinstance(event, Moved | Added):
        st.session_state["at"] = (event.lat, event.lng)
    elif isinstance(event, Clicked):
        st.session_state["clicked"] = f"{event.layer}/{event.id}"


load_leaflet()


@st.fragment
def lab():
    base, centres, apart = ground()
    lat, lng = st.session_state.setdefault("at", (35.88, 105.7))
    if WAIT_S:
        time.sleep(WAIT_S)
    to_site = np.hypot(centres[:, 0] - lng, centres[:, 1] - lat)
    won = np.flatnonzero(to_site < apart.min(axis=1)).tolist()
    rest = Paint(apart.argmin(axis=1).tolist(), groups=[[f"学校 {i}"] for i in range(6)])
    outside = not (SOUTH < lat < SOUTH + ROWS * STEP and WEST < lng < WEST + COLUMNS * STEP)
    site = Site("site-1", HOSTILE[0] if HOSTILE_CARDS else "新校", lat, lng, reason="在县界之外" if outside else "")
    scene = Scene(
        paints={"cells": rest, "schools": Paint([0] * 5, sizes=[6, 8, 10, 12, 7], lines=[["1,200 人"]] * 5)},
        changes={"cells": {5: won}},
        sites=[site],
        can_add=True,
        focus=st.session_state.get("focus"),
        cards=hostile_cards() if HOSTILE_CARDS else None,
    )
    if LOST and "planmap_sent" not in st.session_state:  # as if it had been sent, and lost on the way
        st.session_state["planmap_sent"] = {base.id, *(paint.id for paint in scene.paints.values())}
    planmap(base, scene, key="map", on_event=on_event)
    st.html(f'<p id="figures" data-won="{len(won)}" data-lat="{lat:.5f}" data-lng="{lng:.5f}">{len(won)} cells</p>')
    st.html(f'<p id="clicked">{st.session_state.get("clicked", "")}</p>')
    if st.button("south-west", key="reset"):
        st.session_state["at"] = (35.82, 105.62)
        st.rerun(scope="fragment")
    if st.button("look", key="look"):
        st.session_state["focus"] = {"seq": 1, "point": [35.83, 105.63], "zoom": 14}
        st.rerun(scope="fragment")


lab()
