"""The scenarios page: what the plan does, in order, and plans side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, cast

import numpy as np
import pandas as pd
import shapely
import streamlit as st

from layoutplan.errors import InputError
from layoutplan.labels import Lang, label
from layoutplan.plan.compare import compare
from layoutplan.plan.conflicts import schools_of
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.scenario import Action, Scenario, dump_scenario, parse_scenario
from layoutplan.ui import cards, choices, origins, session, steps
from layoutplan.ui.listing import Shown, pick

MAX_PLANS = 4
# More is better only of these; of all others less is.
_MORE_IS_BETTER = ("seats_",)
_NEUTRAL = ("pupils_primary", "pupils_junior")
_COLUMNS = (
    Shown("year", "ui.plans.year", "year", 60),
    Shown("said", "ui.plans.action", "text", 96),
    Shown("name", "ui.plans.subject", "text", 150),
    Shown("detail", "ui.plans.detail", "text", 200),
)


# ---- the plan in hand ------------------------------------------------------------------------
def timeline(result: PlanResult, lang: Lang) -> pd.DataFrame:
    """Return the actions by year, each with the school or place it is about."""
    schools = result.roster.schools.set_index("school_id")["name"]
    places = result.prepared.county.places.set_index("place_id")["name"]
    rows = [_row(at, action, schools, places, lang) for at, action in enumerate(result.scenario.actions)]
    columns = ["at", "year", "said", "name", "detail", "school_id", "place_id", "township_id"]
    return pd.DataFrame(rows, columns=columns).sort_values(["year", "at"], ignore_index=True)


def _row(at: int, action: Action, schools: Any, places: Any, lang: Lang) -> dict[str, Any]:
    touched = schools_of(action)
    school_id = touched[0] if touched else None
    place_id = None if touched else getattr(action, "place_id", None)
    name = schools.get(school_id, school_id) if school_id else places.get(place_id, place_id)
    name = getattr(action, "road_id", name)
    said = label(f"ui.plans.kind_{action.kind}", lang)
    return {
        "at": at, "year": action.year, "said": said, "name": name, "detail": _detail(action, schools, lang),
        "school_id": school_id, "place_id": place_id, "township_id": None,
    }  # fmt: skip


def _detail(action: Action, schools: Any, lang: Lang) -> str:
    """Return the numbers of an action: those of its fields that have words."""
    given = action.model_dump(exclude_none=True)
    told = [
        label(f"ui.plans.field_{name}", lang, value=given[name])
        for name in ("primary_rooms", "junior_rooms", "rooms", "beds", "households", "seats", "runs")
        if given.get(name)
    ]
    if "line" in given:
        kilometres = shapely.LineString(given["line"]).length / 1000
        told.append(label("ui.plans.field_length", lang, value=f"{kilometres:.1f}"))
    if "school_kind" in given:
        kind = label(f"kind.{given['school_kind']}", lang)
        told.append(kind if action.kind == "open_school" else label("ui.plans.field_school_kind", lang, value=kind))
    if "into" in given:
        told.append(label("ui.plans.field_into", lang, value=schools.get(given["into"], given["into"])))
    return " · ".join(told)


def pick_action(frame: pd.DataFrame, *, lang: Lang) -> Mapping[str, Any] | None:
    """Draw the actions; return the one selected, with a button that takes it out."""
    if frame.empty:
        st.info(label("ui.plans.empty", lang))
        return None
    picked = pick(frame, _COLUMNS, key="plan_actions", lang=lang, height=190)
    if picked is not None:
        st.button(label("ui.plans.remove", lang), key="plan_remove", on_click=_remove, args=(int(picked["at"]),))
    return picked


def _remove(at: int) -> None:
    plan = session.scenario()
    steps.go(plan=plan.model_copy(update={"actions": (*plan.actions[:at], *plan.actions[at + 1 :])}))


# ---- side by side ----------------------------------------------------------------------------
def kept() -> list[Scenario]:
    """Return the plans kept for comparison."""
    return cast("list[Scenario]", st.session_state.setdefault("kept_plans", []))


def keep_tools(lang: Lang) -> None:
    """Draw what keeps the plan in hand for comparison, takes one in from a file, and hands it out."""
    plan = session.scenario()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            label("ui.plans.name", lang), value=label("ui.plans.nth", lang, number=len(kept()) + 1),
            key=f"plan_name_{len(kept())}", width=170,
        )  # fmt: skip
        full = len(kept()) >= MAX_PLANS - 1
        st.button(label("ui.plans.keep", lang), key="plan_keep", on_click=_keep, disabled=full)
        st.download_button(
            label("ui.site.download", lang), dump_scenario(plan), "scenario.toml", "application/toml",
            key="plan_download", on_click="ignore",
        )  # fmt: skip
        if kept():
            st.button(label("ui.plans.forget", lang), key="plan_forget", on_click=kept().clear)
    given = st.file_uploader(label("ui.plans.upload", lang), type=["toml"], key="plan_file", max_upload_size=1)
    if given is not None:
        _take(given.getvalue(), given.name, lang)


def _keep() -> None:
    name = choices.typed(f"plan_name_{len(kept())}") or str(len(kept()) + 1)
    kept().append(session.scenario().model_copy(update={"name": _free(name)}))


def keep_plan(plan: Scenario) -> None:
    """Keep a plan for comparison, under a name that is free."""
    if len(kept()) < MAX_PLANS - 1 and plan.fingerprint not in {one.fingerprint for one in kept()}:
        kept().append(plan.model_copy(update={"name": _free(plan.name)}))


def _free(name: str) -> str:
    taken = {plan.name for plan in kept()} | {session.scenario().name}
    return name if name not in taken else next(f"{name} {n}" for n in range(2, 99) if f"{name} {n}" not in taken)


def _take(content: bytes, source: str, lang: Lang) -> None:
    try:
        plan = parse_scenario(content.decode("utf-8-sig", "replace"), source=source)
    except InputError as fault:
        session.show_problems(fault, lang)
        return
    keep_plan(plan)


def beside(result: PlanResult, *, year: int, lang: Lang) -> str:
    """Return the indicators of the base, the plan in hand and the plans kept, the best of each row marked."""
    plans = [Scenario(name=label("ui.plans.base", lang))]
    if result.scenario.actions:
        plans.append(result.scenario.model_copy(update={"name": label("ui.plans.hand", lang)}))
    plans += [plan for plan in kept() if plan.name not in {one.name for one in plans}]
    results, faults = session.plans(plans, lang)
    table = compare(results)
    shown = table[table["year"] == year].reset_index(drop=True)
    names = [one.scenario.name for one in results]
    heads = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = "".join(_indicator_row(row, names, lang) for row in cast("list[dict[str, Any]]", shown.to_dict("records")))
    title = escape(label("ui.plans.beside", lang, year=year))
    problems = cards.problem_list(faults) if faults else ""
    grid = f'<table class="lp-table"><tr><th></th>{heads}</tr>{rows}</table>'
    return f'<section class="lp-card"><h4>{title}</h4>{grid}{problems}</section>'


def _indicator_row(row: Mapping[str, Any], names: Sequence[str], lang: Lang) -> str:
    values = [float(row[name]) for name in names]
    known = [value for value in values if not np.isnan(value)]
    key = str(row["indicator"])
    best = (max if key.startswith(_MORE_IS_BETTER) else min)(known, default=np.nan)
    marked = key not in _NEUTRAL and len({round(value, 1) for value in known}) > 1
    decimals = 1 if row["unit"] == "min" else 0
    cells = []
    for at, value in enumerate(values):
        told = at > 0 and not key.startswith(_MORE_IS_BETTER) and round(value - values[0], decimals) != 0
        moved = cards.change(values[0], value, decimals) if told else ""
        css = " class=lp-best" if marked and value == best else ""
        cells.append(f"<td{css}>{cards.number(value, decimals)} {moved}</td>")
    unit = label(f"unit.{row['unit']}", lang)
    name = label("ui.plans.indicator", lang, name=label(f"indicator.{key}", lang), unit=unit)
    how = origins.mark(f"indicator.{key}", lang)
    return f"<tr><td>{escape(name)}{how}</td>{''.join(cells)}</tr>"
