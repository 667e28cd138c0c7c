"""The candidates in the planner's hand: where they stand, how they change, how one enters the scenario."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast

import numpy as np
import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.scenario import OpenSchool, Scenario, dump_scenario
from layoutplan.plan.siting import SiteLab, SiteTrial, try_at
from layoutplan.ui import bench as benches
from layoutplan.ui import mapdata, session, trialcards
from layoutplan.ui.bench import Bench, Candidate
from layoutplan.ui.planmap import Added, Chosen, Event, Moved, Scene, Site

_Setting = Literal["county_town", "town", "village"]
SETTINGS: tuple[_Setting, ...] = ("county_town", "town", "village")
_STEP_M = 50.0
START_ZOOM = 11.5
_DEEPEST = 50  # steps that can be undone
_Step = tuple[Bench, Scenario]


def bench_of(lab: SiteLab) -> Bench:
    """Return the candidates; at first one where most children of the stage are resettled."""
    if "bench" not in st.session_state:
        east, north = _first_spot(lab)
        st.session_state["bench"] = benches.add(Bench(), east, north, site_id=_free_id(Bench()))
    return cast("Bench", st.session_state["bench"])


def _free_id(bench: Bench) -> str:
    return benches.free_id(
        bench, [action.school_id for action in session.scenario().actions if isinstance(action, OpenSchool)]
    )


def _first_spot(lab: SiteLab) -> tuple[float, float]:
    places = lab.result.prepared.county.places.set_index("place_id")
    year = int(np.searchsorted(lab.years, lab.year))
    pupils = lab.pupils[year].sum(axis=0)
    resettled = places["kind"].reindex(lab.place_ids).eq("resettlement").to_numpy()
    most = int(np.argmax(np.where(resettled, pupils, pupils - pupils.max())))
    spot = places.geometry[lab.place_ids[most]].representative_point()
    return float(spot.x), float(spot.y)


# ---- steps, each of which can be undone ------------------------------------------------------
def _now() -> _Step:
    return cast("Bench", st.session_state.get("bench", Bench())), session.scenario()


def _go(bench: Bench, plan: Scenario | None = None) -> None:
    """Take one step; what was before it can be had back."""
    before = st.session_state.pop("held", None) or _now()
    after = (bench, plan or before[1])
    if after == before:
        return
    st.session_state["past"] = [*st.session_state.get("past", []), before][-_DEEPEST:]
    st.session_state["future"] = []
    _set(after)


def _set(step: _Step) -> None:
    st.session_state["bench"], st.session_state["scenario"] = step


def _back(source: str, other: str) -> None:
    steps = st.session_state.get(source) or []
    if steps:
        st.session_state[other] = [*st.session_state.get(other, []), _now()]
        st.session_state[source] = steps[:-1]
        _set(steps[-1])


def undo() -> None:
    """Take the last step back."""
    _back("past", "future")


def redo() -> None:
    """Take the step again that was taken back."""
    _back("future", "past")


def follow(result: PlanResult, event: Event) -> None:
    """Do what the planner did on the map or with a button of the cards."""
    bench, _ = _now()
    if isinstance(event, Moved):
        _moved(result, bench, event)
    elif isinstance(event, Added):
        east, north = session.degrees(result).metres(event.lat, event.lng)
        if np.isfinite(east) and np.isfinite(north):
            _go(benches.add(bench, east, north, site_id=_free_id(bench)))
    elif isinstance(event, Chosen):
        _chosen(bench, event)


def _moved(result: PlanResult, bench: Bench, event: Moved) -> None:
    east, north = session.degrees(result).metres(event.lat, event.lng)
    if not (np.isfinite(east) and np.isfinite(north)):
        return
    if event.live:  # on the way: not a step of its own, but where the step began is kept
        st.session_state.setdefault("held", _now())
        st.session_state["bench"] = benches.move(bench, event.id, east, north)
    else:
        _go(benches.move(bench, event.id, east, north))


def _chosen(bench: Bench, event: Chosen) -> None:
    steps: dict[str, Callable[[], None]] = {"undo": undo, "redo": redo, "drop": lambda: _go(_dropped(bench))}
    if event.name == "step" and event.value in steps:
        steps[event.value]()
    elif event.name == "rooms" and event.value.isdecimal():
        _go(benches.resize(bench, int(event.value)))
    elif event.name == "site":
        held = bench.in_hand() or (bench.candidates[-1] if bench.candidates else None)
        if event.value != "+":
            _go(benches.take(bench, event.value))
        elif held is not None:
            _go(benches.add(bench, held.east_m + 10 * _STEP_M, held.north_m, site_id=_free_id(bench)))
        else:
            st.session_state.pop("bench", None)


def _dropped(bench: Bench) -> Bench:
    return benches.drop(bench, bench.active)


# ---- what the page shows -------------------------------------------------------------------
def tries(lab: SiteLab) -> dict[str, SiteTrial]:
    """Return what each candidate does; only those that moved are worked out anew."""
    known = st.session_state.get("tries", {})
    key = (*session.key_of(lab.result), lab.stage, lab.year)
    fresh = {(key, one): known.get((key, one)) or _tried(lab, one) for one in bench_of(lab).candidates}
    st.session_state["tries"] = fresh
    return {one.site_id: trial for (_, one), trial in fresh.items()}


def _tried(lab: SiteLab, one: Candidate) -> SiteTrial:
    return try_at(lab, one.east_m, one.north_m, rooms=one.rooms, site_id=one.site_id)


def scene(lab: SiteLab, lang: Lang) -> Scene:
    """Return what map and cards show of the candidates."""
    result, stage, year = lab.result, lab.stage, lab.year
    bench, trials = bench_of(lab), tries(lab)
    held = trials.get(bench.active)
    won = [] if held is None else held.cells.tolist()
    cards = [trialcards.tools(bench, can_undo=_has("past"), can_redo=_has("future"), lang=lang)]
    if held is not None:
        cards += trialcards.trial(result, held, stage=stage, year=year, lang=lang)
    cards += trialcards.weighed(list(trials.values()), active=bench.active, year=year, lang=lang)
    pins = [_pin(at, trial, lab, bench, lang) for at, trial in enumerate(trials.values(), start=1)]
    return Scene(
        paints={
            "cells": session.cell_paint(result, stage=stage, year=year, lang=lang),
            "schools": session.school_paint(result, year=year, lang=lang),
        },
        changes={"cells": {mapdata.site_class(lab): won}},
        sites=pins,
        sketch=mapdata.outline_of(session.cell_shapes(result), won),
        focus={"seq": "start", "point": [pins[0].lat, pins[0].lng], "zoom": START_ZOOM} if pins else None,
        can_add=True,
        cards=cards,
    )


def _has(name: str) -> bool:
    return bool(st.session_state.get(name))


def _pin(at: int, trial: SiteTrial, lab: SiteLab, bench: Bench, lang: Lang) -> Site:
    lat, lng = session.degrees(lab.result).of(trial.east_m, trial.north_m)
    reason = label(f"reason.{trial.reason}", lang) if trial.reason else ""
    name = label("ui.site.nth", lang, name=at)
    return Site(trial.site_id, name, lat, lng, reason=reason, active=trial.site_id == bench.active)


def coordinates(lab: SiteLab, lang: Lang) -> None:
    """Draw the two numbers that place the candidate in hand without a mouse."""
    held = bench_of(lab).in_hand()
    if held is None:
        return

    def moved() -> None:
        bench, _ = _now()
        _go(benches.move(bench, bench.active, st.session_state["site_east"], st.session_state["site_north"]))

    with st.popover(label("ui.site.coordinates", lang), key="site_where", on_change="rerun"):
        st.session_state["site_east"], st.session_state["site_north"] = round(held.east_m, 1), round(held.north_m, 1)
        for name in ("east", "north"):
            st.number_input(
                label(f"ui.site.{name}", lang), key=f"site_{name}", step=_STEP_M, format="%.1f", on_change=moved,
                width=190,
            )  # fmt: skip


def keeper(lab: SiteLab, lang: Lang) -> None:
    """Draw what keeps the candidate in hand in the scenario, and hands the scenario out."""
    plan, first = session.scenario(), lab.result.prepared.county.base_year + 1
    with st.popover(label("ui.site.keep", lang), type="primary", key="keep", on_change="rerun"):
        st.text_input(label("ui.site.name", lang), value=label("ui.site.new", lang), key="site_name")
        st.selectbox(
            label("ui.site.setting", lang), SETTINGS, index=1, format_func=lambda kind: label(f"setting.{kind}", lang),
            key=f"site_setting_{lang}",
        )  # fmt: skip
        years = range(first, plan.last_year + 1)
        st.selectbox(label("ui.site.opens", lang), years, index=max(lab.year - first, 0), key="site_opens")
        st.button(label("ui.site.add", lang), type="primary", key="site_add", on_click=_keep, args=(lab, lang))
    if plan.actions:
        st.download_button(
            label("ui.site.download", lang), dump_scenario(plan), "scenario.toml", "application/toml",
            key="site_download", on_click="ignore",
        )  # fmt: skip
        st.caption(label("ui.site.kept", lang, count=len(plan.actions)))


def _keep(lab: SiteLab, lang: Lang) -> None:
    bench, plan = _now()
    held = bench.in_hand()
    if held is None or tries(lab)[held.site_id].reason:
        return
    name = st.session_state["site_name"].strip() or held.site_id
    setting, year = st.session_state[f"site_setting_{lang}"], st.session_state["site_opens"]
    action = _opening(held, name, stage=lab.stage, setting=setting, year=year)
    _go(_dropped(bench), plan.model_copy(update={"actions": (*plan.actions, action)}))
    st.session_state["keep"] = False  # closes what was opened to ask


def _opening(one: Candidate, name: str, *, stage: str, setting: _Setting, year: int) -> OpenSchool:
    return OpenSchool(
        year=year, school_id=one.site_id, name=name, school_kind="primary" if stage == "primary" else "junior",
        setting=setting, east_m=round(one.east_m, 1), north_m=round(one.north_m, 1),
        primary_rooms=one.rooms if stage == "primary" else 0, junior_rooms=one.rooms if stage == "junior" else 0,
    )  # fmt: skip


def keep_up(result: PlanResult) -> None:
    """Work the plan out anew if the scenario has changed since."""
    if session.scenario().fingerprint != result.scenario.fingerprint:
        st.rerun(scope="app")
