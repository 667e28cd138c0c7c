"""The optimise page: what is asked, how far the search is, and the layouts it found, on the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any, cast

import numpy as np
import pandas as pd
import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.optimise import Goal, OptimiseResult, Plan
from layoutplan.plan.optimise.goal import Budget, Candidates, Locks, Open, Point, Stop, Weights
from layoutplan.plan.planning import PlanResult
from layoutplan.seats.settings import Policy
from layoutplan.ui import mapdata, objects, origins, scenarios, session, steps
from layoutplan.ui.cards import number
from layoutplan.ui.listing import Shown, pick
from layoutplan.ui.planmap import Chosen, Clicked, Event, Scene, Site
from layoutplan.ui.searching import Search

DEEDS = ("open", "expand", "merge", "close")
_FOLLOWED = ("within_limits", "mode", "season", "grades_1_3", "grades_4_6", "grades_7_9", "phase_in", "enrolment",
             "junior_entry")  # fmt: skip
_SIZES = (6, 12, 18, 24, 30, 36, 48)
_SECONDS = (15, 30, 60, 120, 300, 600)
_ACTIONS = (
    Shown("year", "ui.optimise.year", "year", 60),
    Shown("text", "ui.optimise.action", "text", 330),
    Shown("posts", "ui.optimise.posts", width=64),
)
_TOTALS = ("objective", "present", "gap")


def search() -> Search | None:
    """Return the search of this session, running or done."""
    return cast("Search | None", st.session_state.get("search"))


# ---- what is asked -----------------------------------------------------------------------------
def ask(result: PlanResult, *, stage: str, lang: Lang) -> None:
    """Draw the form of the goal and the button that begins."""
    with st.form("goal", border=True):
        left, right = st.columns(2)
        with left:
            what = _what(result, stage, lang)
        with right:
            limits = _limits(lang)
        with st.expander(label("ui.optimise.weights", lang)):
            envy = st.slider(label("ui.optimise.envy", lang), 0.0, 10.0, 1.0, 0.5, key="goal_envy")
            money = st.slider(label("ui.optimise.money", lang), 0, 500, 50, 10, key="goal_money")
            count = st.slider(label("ui.optimise.plans", lang), 1, 5, 3, key="goal_plans")
        st.caption(label("ui.optimise.how_locks", lang, count=len(kept_schools())))
        asked = st.form_submit_button(label("ui.optimise.begin", lang), type="primary")
    if asked and all(what.values()):
        weights = Weights(envy=envy, million_yuan=float(money))
        _begin(result, make_goal(result, what, limits, weights=weights, plans=count, lang=lang))
    elif asked:
        st.warning(label("ui.optimise.incomplete", lang))


def _what(result: PlanResult, stage: str, lang: Lang) -> dict[str, Any]:
    years = list(range(result.prepared.county.base_year + 1, result.scenario.last_year + 1))
    usual = {min(years[0] + 2, years[-1]), min(max(session.GOAL_YEAR, years[0]), years[-1])}
    return {
        "stages": st.multiselect(
            label("ui.optimise.stages", lang), ("primary", "junior"), default=[stage],
            format_func=lambda name: label(f"stage.{name}", lang), key=f"goal_stages_{lang}",
        ),
        "years": st.multiselect(label("ui.optimise.periods", lang), years, default=sorted(usual), key="goal_years"),
        "deeds": st.multiselect(
            label("ui.optimise.deeds", lang), DEEDS, default=["open", "expand"],
            format_func=lambda name: label(f"ui.optimise.deed_{name}", lang), key=f"goal_deeds_{lang}",
        ),
        "sizes": st.multiselect(label("ui.optimise.sizes", lang), _SIZES, default=[12, 24, 36], key="goal_sizes"),
    }  # fmt: skip


def _limits(lang: Lang) -> dict[str, int]:
    return {
        "rooms": int(st.number_input(
            label("ui.optimise.rooms", lang), value=120, min_value=0, max_value=2000, step=6, key="goal_rooms"
        )),
        "new_schools": int(st.number_input(
            label("ui.optimise.new_schools", lang), value=3, min_value=0, max_value=50, step=1, key="goal_new"
        )),
        "most": int(st.slider(label("ui.optimise.candidates", lang), 0, 60, 15, key="goal_most")),
        "seconds": int(st.select_slider(label("ui.optimise.seconds", lang), _SECONDS, value=30, key="goal_seconds")),
    }  # fmt: skip


def make_goal(
    result: PlanResult, what: Mapping[str, Any], limits: Mapping[str, int], *, weights: Weights, plans: int, lang: Lang
) -> Goal:
    """Return the goal of the form: what may be done, within which limits.

    Parameters
    ----------
    result : PlanResult
        Plan whose outlook, weather and means the search follows.
    what : mapping
        ``stages, years, deeds, sizes``.
    limits : mapping
        ``rooms, new_schools, most`` candidates, ``seconds``.
    weights : Weights
        What counts how much.
    plans : int
        Layouts at most.
    lang : {"zh", "en"}
        Language of the name.
    """
    kinds = tuple(name for name in ("primary", "junior") if name in what["stages"])
    return Goal(
        name=label("ui.optimise.name", lang), years=tuple(sorted(what["years"])), last_year=result.scenario.last_year,
        stages=tuple(what["stages"]), deeds=tuple(what["deeds"]), plans=plans, weights=weights,
        budget=Budget(rooms=limits["rooms"], new_schools=limits["new_schools"]),
        candidates=Candidates(most=limits["most"], points=_points(result)),
        open=Open(kinds=cast("Any", kinds), rooms=tuple(sorted(what["sizes"]))),
        locks=Locks(keep=tuple(sorted(kept_schools()))), stop=Stop(seconds=float(limits["seconds"])),
        outlook=result.scenario.outlook, policy=_policy(result),
    )  # fmt: skip


def _policy(result: PlanResult) -> Policy:
    """Return the rule the search follows: seats bind, ways as chosen above the page."""
    held = vars(result.scenario.policy)
    return Policy(assignment="capacity", **{name: held[name] for name in _FOLLOWED})


def _points(result: PlanResult) -> tuple[Point, ...]:
    """Return the planner's own candidates from the page New site."""
    taken = set(result.roster.schools["school_id"])
    return tuple(
        Point(
            site_id=f"own-{one.site_id}", name=one.site_id, east_m=one.east_m, north_m=one.north_m, rooms=(one.rooms,)
        )
        for one in steps.bench().candidates
        if f"own-{one.site_id}" not in taken
    )


def _begin(result: PlanResult, goal: Goal) -> None:
    held = search()
    if held is not None:
        held.cancel()
    st.session_state["search"] = Search(result.prepared, goal)
    st.session_state["search"].start()
    st.rerun()


def kept_schools() -> set[str]:
    """Return the schools that are to stay as they are."""
    return cast("set[str]", st.session_state.setdefault("kept_schools", set()))


def follow(event: Event) -> None:
    """Settle that a school stays as it is, or let it go again, by a click on the map."""
    st.session_state["goal_pin"] = event.value if isinstance(event, Chosen) and event.name == "site" else None
    if isinstance(event, Clicked) and event.layer == "schools" and search() is None:
        st.session_state["kept_schools"] = kept_schools() ^ {event.id}
    else:
        objects.follow(event)


# ---- how far it is -----------------------------------------------------------------------------
@st.fragment(run_every=1.0)
def watch(lang: Lang) -> None:
    """Draw how far the search is, with a button that ends it; the page is drawn anew at the end."""
    held = search()
    if held is None or held.state in ("done", "fault"):
        st.rerun(scope="app")
        return
    told = held.progress[-1] if held.progress else None
    step = label(f"ui.optimise.state_{held.state}" if told is None else f"ui.optimise.step_{told.step}", lang)
    share = 0.0 if told is None or not told.seconds else min(told.seconds / held.goal.stop.seconds, 1.0)
    st.progress(share, text=step)
    if told is not None:
        gap = "—" if np.isnan(told.gap) else f"{told.gap:.1%}"
        st.caption(label("ui.optimise.so_far", lang, best=number(told.best), bound=number(told.bound), gap=gap))
    st.button(label("ui.optimise.stop", lang), key="goal_stop", on_click=held.cancel)
    st.caption(label("ui.optimise.leave", lang))


# ---- what it found -----------------------------------------------------------------------------
def answer(held: Search, lang: Lang) -> tuple[Plan | None, Mapping[str, Any] | None]:
    """Draw what was found; return the layout looked at, and the action picked in it."""
    st.button(label("ui.optimise.again", lang), key="goal_again", on_click=_forget)
    if held.fault is not None:
        session.show_problems(held.fault, lang)
    if held.result is None:
        if held.fault is None:
            st.error(label("ui.optimise.broken", lang, reason=held.broken or "-"))
        return None, None
    found = held.result
    st.html(summary(found, lang))
    if not found.plans:
        st.html(_list_card("relaxations", found.relaxations, lang))
        return None, None
    at = 0
    if len(found.plans) > 1:
        numbers = list(range(len(found.plans)))
        at = st.segmented_control(
            label("ui.optimise.layouts", lang), numbers, default=0, required=True, key="goal_plan",
            format_func=lambda one: label("ui.optimise.layout", lang, number=one + 1), label_visibility="collapsed",
        ) or 0  # fmt: skip
    plan = found.plans[at]
    frame = _placed(plan.actions, found, lang)
    picked = _pick_action(frame, at, lang)
    with st.container(horizontal=True):
        st.button(label("ui.optimise.take", lang), type="primary", key="goal_take", on_click=_take, args=(plan,))
        full = len(scenarios.kept()) >= scenarios.MAX_PLANS - 1
        st.button(
            label("ui.plans.keep", lang), key="goal_keep", on_click=scenarios.keep_plan, args=(plan.scenario,),
            disabled=full,
        )  # fmt: skip
    return plan, picked


def _pick_action(frame: pd.DataFrame, at: int, lang: Lang) -> Mapping[str, Any] | None:
    """Draw what a layout does; return the action selected, else the one whose pin was clicked, with its card."""
    pin = st.session_state.get("goal_pin")
    picked = pick(frame, _ACTIONS, key=f"goal_actions_{at}|{pin}", lang=lang, height=190)
    if picked is None and pin in set(frame["site_id"]):
        picked = cast("Mapping[str, Any]", frame[frame["site_id"] == pin].iloc[0].to_dict())
        st.html(f'<section class="lp-card"><p>{escape(str(picked["text"]))}</p></section>')
    return picked


def _forget() -> None:
    held = search()
    if held is not None:
        held.cancel()
    st.session_state.pop("search", None)


def _take(plan: Plan) -> None:
    steps.go(plan=plan.scenario)


def _placed(actions: pd.DataFrame, found: OptimiseResult, lang: Lang) -> pd.DataFrame:
    """Return actions as a list whose rows are sought on the map; new sites have a point of their own."""
    sites = found.sites.set_index("site_id")[["east_m", "north_m"]]
    is_new = actions["deed"].eq("open")
    frame = actions.assign(
        text=actions[f"text_{lang}"], school_id=actions["site_id"].where(~is_new, None), place_id=None,
        township_id=None,
    )  # fmt: skip
    return frame.join(sites, on="site_id")


def summary(found: OptimiseResult, lang: Lang) -> str:
    """Return what the search proved, as a card."""
    words = label(f"ui.optimise.status_{found.status}", lang)
    if not found.plans:
        return f'<section class="lp-card lp-bad"><h4>{escape(words)}</h4></section>'
    figures = {"objective": number(found.objective), "present": number(found.present), "gap": f"{found.gap:.1%}"}
    items = "".join(
        f'<div class="lp-figure"><b>{escape(figures[name])}</b>'
        f'<em class="lp-dim">{origins.titled(f"ui.optimise.total_{name}", lang)}</em></div>'
        for name in _TOTALS
    )
    return f'<section class="lp-card"><h4>{escape(words)}</h4><div class="lp-figures">{items}</div></section>'


def details(found: OptimiseResult, lang: Lang) -> None:
    """Draw under the map what all layouts agree on, what keeps the best from being better, and what it rests on."""
    parts = [_list_card(name, getattr(found, name), lang) for name in ("agreed", "binding", "notes")]
    for column, part in zip(st.columns(3), parts, strict=True):
        column.html(part)


def _list_card(name: str, frame: pd.DataFrame, lang: Lang) -> str:
    lines = frame[f"text_{lang}"].drop_duplicates().head(12) if len(frame) else [label("ui.optimise.nothing", lang)]
    told = "".join(f"<li>{escape(str(line))}</li>" for line in lines)
    title = escape(label(f"ui.optimise.{name}", lang))
    return f'<section class="lp-card"><h4>{title}</h4><ul class="lp-plain">{told}</ul></section>'


def scene(
    result: PlanResult, plan: Plan | None, picked: Mapping[str, Any] | None, *, stage: str, year: int, lang: Lang
) -> Scene:
    """Return the map of a layout: new schools as pins, changed schools with a halo; before a search, what stays."""
    where = None if picked is None or picked["school_id"] is None else picked
    base = session.list_scene(result, where, stage=stage, year=year, lang=lang)
    marked = kept_schools() if plan is None else set(plan.actions.loc[plan.actions["deed"] != "open", "site_id"])
    order = mapdata.schools_in_order(result)["school_id"].tolist()
    rest = session.school_paint(result, year=year, lang=lang).full["cls"]
    changes: dict[int, list[int]] = {}
    for at, school_id in enumerate(order):
        if school_id in marked:
            changes.setdefault(rest[at] + rest[at] % 2, []).append(at)
    focus = base.focus
    sites = []
    if plan is not None:
        held = search()
        new = _placed(plan.actions[plan.actions["deed"] == "open"], cast("Search", held).result, lang)  # type: ignore[arg-type]
        for row in new.to_dict("records"):
            lat, lng = session.degrees(result).of(float(row["east_m"]), float(row["north_m"]))
            name = label("ui.optimise.pin", lang, year=row["year"], name=row["name"])
            sites.append(Site(str(row["site_id"]), name, lat, lng, draggable=False))
            if picked is not None and picked["site_id"] == row["site_id"] and where is None:
                focus = {"seq": f"new|{row['site_id']}", "point": [lat, lng], "zoom": 12}
    return replace(base, changes={**base.changes, "schools": changes}, sites=sites, focus=focus)
