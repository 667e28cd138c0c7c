"""The candidates in the planner's hand: where they stand, how they change, how one enters the scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, cast

import numpy as np
import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.masks import Spot
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.scenario import OpenSchool, dump_scenario
from layoutplan.plan.siting import SiteLab, SiteTrial, try_at
from layoutplan.ui import bench as benches
from layoutplan.ui import choices, mapdata, objects, parcels, seattrials, session, spots, steps, trialcards
from layoutplan.ui.bench import Bench, Candidate
from layoutplan.ui.planmap import Added, Chosen, Event, Moved, Scene, Site
from layoutplan.ui.planmap.panel import Card, Choice, Option

_Setting = Literal["county_town", "town", "village"]
SETTINGS: tuple[_Setting, ...] = ("county_town", "town", "village")
_STEP_M = 50.0
START_ZOOM = 11.5


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


# ---- what the planner does ---------------------------------------------------------------------
def follow(result: PlanResult, event: Event) -> None:
    """Do what the planner did on the map or with a button of the cards."""
    bench = steps.bench()
    if isinstance(event, Moved):
        _moved(result, bench, event)
    elif isinstance(event, Added):
        east, north = session.degrees(result).metres(event.lat, event.lng)
        if np.isfinite(east) and np.isfinite(north):
            spot = parcels.settle(result.prepared.county, east, north)
            steps.go(benches.add(bench, *spot, site_id=_free_id(bench)))
    elif isinstance(event, Chosen):
        _chosen(result, bench, event)
    else:
        objects.follow(event)


def _moved(result: PlanResult, bench: Bench, event: Moved) -> None:
    east, north = session.degrees(result).metres(event.lat, event.lng)
    if not (np.isfinite(east) and np.isfinite(north)):
        return
    if event.live:  # on the way: not a step of its own, but where the step began is kept
        steps.hold()
        st.session_state["bench"] = benches.move(bench, event.id, east, north)
    else:
        spot = parcels.settle(result.prepared.county, east, north)
        steps.go(benches.move(bench, event.id, *spot))


def _chosen(result: PlanResult, bench: Bench, event: Chosen) -> None:
    ways: dict[str, Callable[[], None]] = {
        "undo": steps.undo, "redo": steps.redo, "drop": lambda: steps.go(_dropped(bench)),
    }  # fmt: skip
    if event.name == "step" and event.value in ways:
        ways[event.value]()
    elif event.name == "rooms" and event.value.isdecimal():
        steps.go(benches.resize(bench, int(event.value)))
    elif event.name == spots.GO:
        _to_nearest(result, bench)
    elif event.name == "object":
        objects.forget()
    elif event.name == "site":
        held = bench.in_hand() or (bench.candidates[-1] if bench.candidates else None)
        if event.value != "+":
            steps.go(benches.take(bench, event.value))
        elif held is not None:
            steps.go(benches.add(bench, held.east_m + 10 * _STEP_M, held.north_m, site_id=_free_id(bench)))
        else:
            st.session_state.pop("bench", None)


def _to_nearest(result: PlanResult, bench: Bench) -> None:
    """Move the candidate in hand to the nearest spot where a school can stand."""
    held = bench.in_hand()
    if held is None:
        return
    year = int(st.session_state.get("kept_year") or session.GOAL_YEAR)
    spot = spots.judge(result, held, year)
    if spot.nearest is not None:
        steps.go(benches.move(bench, bench.active, *spot.nearest))


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


def scene(lab: SiteLab, lang: Lang, *, beside_base: bool = False) -> Scene:
    """Return what map and cards show of the candidates; beside the base its map is linked and named."""
    result, stage, year = lab.result, lab.stage, lab.year
    bench, trials = bench_of(lab), tries(lab)
    held = trials.get(bench.active)
    found = {one.site_id: spots.judge(result, one, year) for one in bench.candidates}
    won = [] if held is None else held.cells.tolist()
    cards: list[Card] = [trialcards.tools(bench, can_undo=steps.can_undo(), can_redo=steps.can_redo(), lang=lang)]
    opened = _opened(lab, lang)
    if opened is not None:
        cards.append(opened)
    spot = found.get(bench.active)
    barred = None if spot is None else spots.card(spot, lang)
    if barred is not None:
        cards.append(barred)
    if held is not None and not (held.reason and barred is not None):
        cards += _judged(lab, held, lang)
    cards += trialcards.weighed(list(trials.values()), active=bench.active, year=year, lang=lang)
    pins = [
        _pin(at, trial, found[trial.site_id], lab, bench=bench, lang=lang)
        for at, trial in enumerate(trials.values(), start=1)
    ]
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
        linked=beside_base,
        title=label("ui.site.with", lang) if beside_base else "",
    )


def _judged(lab: SiteLab, held: SiteTrial, lang: Lang) -> list[Card]:
    """Return the cards of the site in hand; where seats bind, the optimum within them comes first."""
    result, said = lab.result, seattrials.note(lab.result, lang)
    near = trialcards.trial(result, held, stage=lab.stage, year=lab.year, lang=lang)
    one = bench_of(lab).in_hand()
    if said is None or held.reason or one is None:
        return near
    if not seattrials.binds(result):
        return [said, *near]
    key = ("seats", *session.key_of(result), lab.stage, lab.year, one)
    known = st.session_state.get("seat_try")
    if known is None or known[0] != key:
        known = (key, seattrials.try_one(result, one, stage=lab.stage, year=lab.year))
        st.session_state["seat_try"] = known
    return [*seattrials.cards(result, known[1], lang), said, near[0]]


def _opened(lab: SiteLab, lang: Lang) -> Card | None:
    """Return the card of what was clicked on the map, with a button that closes it."""
    card = objects.card_of(lab.result, stage=lab.stage, year=lab.year, lang=lang)
    if card is None:
        return None
    shut = Option("close", label("ui.object.close", lang), hint=label("ui.object.close_hint", lang))
    return replace(card, blocks=[*card.blocks, Choice("object", "", [shut])])


def _pin(at: int, trial: SiteTrial, spot: Spot, lab: SiteLab, *, bench: Bench, lang: Lang) -> Site:
    lat, lng = session.degrees(lab.result).of(trial.east_m, trial.north_m)
    why = trial.reason or spot.reason
    reason = label(f"reason.{why}", lang) if why else ""
    name = label("ui.site.nth", lang, name=at)
    return Site(trial.site_id, name, lat, lng, reason=reason, active=trial.site_id == bench.active)


def coordinates(lab: SiteLab, lang: Lang) -> None:
    """Draw the two numbers that place the candidate in hand without a mouse."""
    held = bench_of(lab).in_hand()
    if held is None:
        return

    def moved() -> None:
        bench = steps.bench()
        steps.go(benches.move(bench, bench.active, st.session_state["site_east"], st.session_state["site_north"]))

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
    bench, plan = steps.bench(), session.scenario()
    held = bench.in_hand()
    if held is None or tries(lab)[held.site_id].reason:
        return
    name = choices.typed("site_name") or held.site_id
    setting, year = st.session_state[f"site_setting_{lang}"], st.session_state["site_opens"]
    action = _opening(held, name, stage=lab.stage, setting=setting, year=year)
    steps.go(_dropped(bench), plan.model_copy(update={"actions": (*plan.actions, action)}))
    st.session_state["keep"] = False  # closes what was opened to ask


def _opening(one: Candidate, name: str, *, stage: str, setting: _Setting, year: int) -> OpenSchool:
    return OpenSchool(
        year=year, school_id=one.site_id, name=name, school_kind="primary" if stage == "primary" else "junior",
        setting=setting, east_m=round(one.east_m, 1), north_m=round(one.north_m, 1),
        primary_rooms=one.rooms if stage == "primary" else 0, junior_rooms=one.rooms if stage == "junior" else 0,
    )  # fmt: skip
