"""The site in the planner's hand: where it stands, and how it enters the scenario."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.scenario import OpenSchool, Scenario, dump_scenario
from layoutplan.plan.siting import SiteLab, SiteTrial, try_at
from layoutplan.ui import mapdata, session
from layoutplan.ui.planmap import Added, Clicked, Moved, Scene, Site

ROOMS = (12, 18, 24, 30, 36)
_Setting = Literal["county_town", "town", "village"]
SETTINGS: tuple[_Setting, ...] = ("county_town", "town", "village")
_STEP_M = 50.0
START_ZOOM = 11.5


def site_id() -> str:
    """Return the id the site would have in the scenario."""
    return f"site-{len(session.scenario().actions) + 1}"


def where(lab: SiteLab) -> tuple[float, float]:
    """Return where the site stands (east, north) [m]; at first where most children of the stage live anew."""
    if "site_at" not in st.session_state:
        places = lab.result.prepared.county.places.set_index("place_id")
        year = int(np.searchsorted(lab.years, lab.year))
        pupils = lab.pupils[year].sum(axis=0)
        resettled = places["kind"].reindex(lab.place_ids).eq("resettlement").to_numpy()
        most = int(np.argmax(np.where(resettled, pupils, pupils - pupils.max())))
        spot = places.geometry[lab.place_ids[most]].representative_point()
        st.session_state["site_at"] = (float(spot.x), float(spot.y))
    return cast("tuple[float, float]", st.session_state["site_at"])


def follow(result: PlanResult, event: Moved | Clicked | Added) -> None:
    """Take the site where the map says."""
    if isinstance(event, Clicked):
        return
    east, north = session.degrees(result).metres(event.lat, event.lng)
    if np.isfinite(east) and np.isfinite(north):
        st.session_state["site_at"] = (east, north)


def coordinates(lang: Lang) -> None:
    """Draw the two numbers that place the site without a mouse."""

    def moved() -> None:
        st.session_state["site_at"] = (st.session_state["site_east"], st.session_state["site_north"])

    st.session_state["site_east"], st.session_state["site_north"] = (round(at, 1) for at in st.session_state["site_at"])
    for name in ("east", "north"):
        st.number_input(
            label(f"ui.site.{name}", lang), key=f"site_{name}", step=_STEP_M, format="%.1f", on_change=moved, width=190
        )


def size(lang: Lang) -> int:
    """Draw the choice of the site's size; return its rooms."""
    session.keep("site_rooms", 18)
    words = label("ui.site.rooms", lang)
    rooms = st.segmented_control(
        words, ROOMS, key="site_rooms", required=True, on_change=session.remember, args=("site_rooms",)
    )
    return int(cast("int", rooms))


def try_here(lab: SiteLab, *, rooms: int) -> SiteTrial:
    """Return what the site does where it stands."""
    east, north = where(lab)
    return try_at(lab, east, north, rooms=rooms, site_id=site_id())


def scene(lab: SiteLab, tried: SiteTrial, lang: Lang) -> Scene:
    """Return what the map shows of a trial."""
    result, stage, year = lab.result, lab.stage, lab.year
    lat, lng = session.degrees(result).of(tried.east_m, tried.north_m)
    reason = label(f"reason.{tried.reason}", lang) if tried.reason else ""
    return Scene(
        paints={
            "cells": session.cell_paint(result, stage=stage, year=year, lang=lang),
            "schools": session.school_paint(result, year=year, lang=lang),
        },
        changes={"cells": {mapdata.site_class(lab): tried.cells.tolist()}},
        sites=[Site("site", label("ui.site.new", lang), lat, lng, reason=reason)],
        sketch=mapdata.outline_of(session.cell_shapes(result), tried.cells.tolist()),
        focus={"seq": "start", "point": [lat, lng], "zoom": START_ZOOM},
        can_add=True,
    )


def keeper(result: PlanResult, tried: SiteTrial, *, stage: str, year: int, lang: Lang) -> None:
    """Draw what keeps the site in the scenario, undoes that, and hands the scenario out."""
    plan = session.scenario()
    first = result.prepared.county.base_year + 1
    with st.popover(label("ui.site.keep", lang), disabled=bool(tried.reason), width="stretch", key="keep"):
        name = st.text_input(label("ui.site.name", lang), value=label("ui.site.new", lang), key="site_name")
        setting = st.selectbox(
            label("ui.site.setting", lang),
            SETTINGS,
            index=1,
            format_func=lambda kind: label(f"setting.{kind}", lang),
            key=f"site_setting_{lang}",
        )
        years = range(first, plan.last_year + 1)
        opens = st.selectbox(label("ui.site.opens", lang), years, index=max(year - first, 0), key="site_opens")
        action = _opening(tried, name.strip() or tried.site_id, stage=stage, setting=setting, year=opens)
        add = label("ui.site.add", lang)
        st.button(add, type="primary", key="site_add", on_click=_replace, args=(plan, (*plan.actions, action)))
    if plan.actions:
        st.caption(label("ui.site.kept", lang, count=len(plan.actions)))
        undo, download = st.columns(2)
        fewer = (plan, plan.actions[:-1])
        undo.button(label("ui.site.undo", lang), key="site_undo", width="stretch", on_click=_replace, args=fewer)
        download.download_button(
            label("ui.site.download", lang), dump_scenario(plan), "scenario.toml", "application/toml",
            key="site_download", on_click="ignore", width="stretch",
        )  # fmt: skip


def _opening(tried: SiteTrial, name: str, *, stage: str, setting: str, year: int) -> OpenSchool:
    rooms = int(st.session_state["site_rooms"])
    return OpenSchool(
        year=year, school_id=tried.site_id, name=name, school_kind="primary" if stage == "primary" else "junior",
        setting=cast("_Setting", setting), east_m=round(tried.east_m, 1), north_m=round(tried.north_m, 1),
        primary_rooms=rooms if stage == "primary" else 0, junior_rooms=rooms if stage == "junior" else 0,
    )  # fmt: skip


def _replace(plan: Scenario, actions: tuple[object, ...]) -> None:
    st.session_state["scenario"] = plan.model_copy(update={"actions": actions})


def keep_up(result: PlanResult) -> None:
    """Work the plan out anew if the scenario has changed since."""
    if session.scenario().fingerprint != result.scenario.fingerprint:
        st.rerun(scope="app")
