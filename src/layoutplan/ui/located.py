"""What should be looked at in the data: a list, each row sought on the map, each pin of the map its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any, cast

import pandas as pd
import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.located import locate_problems
from layoutplan.plan.planning import PlanResult
from layoutplan.ui import objects, session
from layoutplan.ui.listing import Shown, pick
from layoutplan.ui.names import layer_name
from layoutplan.ui.planmap import Chosen, Event, Scene, Site

_COLUMNS = (
    Shown("number", "ui.located.number", width=52),
    Shown("name", "ui.located.layer", "text", 128),
    Shown("text", "ui.located.what", "text", 376),
)
_MOST_PINS = 60
_ZOOM = 13


def found(result: PlanResult) -> pd.DataFrame:
    """Return all that should be looked at, numbered as on the map, worked out once."""

    def make() -> pd.DataFrame:
        frame = locate_problems(result.prepared)
        return frame.assign(number=range(1, len(frame) + 1))

    return cast("pd.DataFrame", session.shelved(result, "located", make))


def pick_problem(result: PlanResult, layer: str | None, lang: Lang) -> Mapping[str, Any] | None:
    """Draw the list, of one layer or of all; return the row selected in it, else the one whose pin was clicked."""
    frame = found(result)
    located = int(frame["east_m"].notna().sum())
    title = label("ui.located.title", lang, count=len(frame), located=located)
    st.html(f'<p class="lp-head">{escape(title if len(frame) else label("ui.located.clean", lang))}</p>')
    if frame.empty:
        return None
    mine = frame if layer is None else frame[frame["layer"] == layer].reset_index(drop=True)
    shown = mine.assign(name=[layer_name(one, lang) for one in mine["layer"]], text=mine[f"text_{lang}"])
    picked = pick(shown, _COLUMNS, key=f"located-{layer}-{lang}", lang=lang, height=300, lines=2)
    if picked is None:
        pinned = frame[frame["number"] == st.session_state.get("pinned")]
        return cast("Mapping[str, Any]", pinned.iloc[0].to_dict()) if len(pinned) else None
    st.session_state["pinned"] = None
    return picked


def draw_card(result: PlanResult, picked: Mapping[str, Any] | None, *, stage: str, year: int, lang: Lang) -> None:
    """Draw the problem picked, in full; else the card of what was clicked on the map."""
    told = card(picked, lang) or objects.html(result, stage=stage, year=year, lang=lang)
    if told:
        st.html(told)


def card(picked: Mapping[str, Any] | None, lang: Lang) -> str:
    """Return the problem picked, in full; nothing if none is."""
    if picked is None:
        return ""
    title = f"{picked['number']} · {layer_name(str(picked['layer']), lang)}"
    return f'<section class="lp-card"><h4>{escape(title)}</h4><p>{escape(str(picked[f"text_{lang}"]))}</p></section>'


def follow(event: Event) -> None:
    """Note whose pin was clicked; a click on anything else opens its card."""
    if isinstance(event, Chosen) and event.name == "site" and event.value.isdecimal():
        st.session_state["pinned"] = int(event.value)
        objects.forget()
    else:
        objects.follow(event)


def scene(result: PlanResult, picked: Mapping[str, Any] | None, *, stage: str, year: int, lang: Lang) -> Scene:
    """Return the map with a numbered pin at everything that has a place, looking at the row picked."""
    base = session.list_scene(result, None, stage=stage, year=year, lang=lang)
    pins = found(result)
    pins = pins[pins["east_m"].notna()].head(_MOST_PINS)
    chosen = 0 if picked is None else int(picked["number"])
    degrees = session.degrees(result)
    sites, focus = [], base.focus
    for row in pins.to_dict("records"):
        lat, lng = degrees.of(float(row["east_m"]), float(row["north_m"]))
        number = int(row["number"])
        active = chosen in (0, number)
        sites.append(Site(str(number), str(number), lat, lng, draggable=False, active=active))
        if number == chosen:
            focus = {"seq": f"problem-{number}", "point": [lat, lng], "zoom": _ZOOM}
    return replace(base, sites=sites, focus=focus)
