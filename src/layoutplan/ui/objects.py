"""What stands on the map and was clicked: the card of a place, of a school, of the ground that goes to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd
import streamlit as st

from layoutplan.county.tables import GRADES_OF_STAGE
from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult, plan_rules
from layoutplan.present.symbols import STATUS_COLOURS, class_status_of
from layoutplan.seats.explain import explain
from layoutplan.seats.rules import Rules
from layoutplan.ui import links, session
from layoutplan.ui.cardhtml import as_html
from layoutplan.ui.cards import number
from layoutplan.ui.planmap import Clicked, Event
from layoutplan.ui.planmap.panel import Block, Card, Column, Columns, Figure, Figures, Row, Rows, Words

LAYERS = ("schools", "places", "cells")


def follow(event: Event) -> None:
    """Note what was clicked on the map; the card of it is shown, and lists narrow to it."""
    if isinstance(event, Clicked) and event.layer in LAYERS:
        st.session_state["subject"] = (event.layer, event.id)
        links.look_at((event.layer, event.id))


def forget() -> None:
    """Let go of what was clicked."""
    st.session_state["subject"] = None
    links.look_at(None)


def subject_of(result: PlanResult, *, stage: str, year: int) -> tuple[str, str] | None:
    """Return layer and id of what was clicked, if it is there in this plan; ground stands for its school."""
    held = cast("tuple[str, str] | None", st.session_state.get("subject"))
    if held is None:
        return None
    layer, name = held
    if layer == "cells":
        schools = session.site_lab(result, stage=stage, year=year).cell_school
        at = int(schools[int(name)]) if int(name) < len(schools) else -1
        return ("schools", result.travel.school_ids[at]) if at >= 0 else None
    known = result.roster.schools["school_id"] if layer == "schools" else result.prepared.county.places["place_id"]
    return held if name in set(known) else None


def row_of(result: PlanResult, *, stage: str, year: int) -> Mapping[str, Any] | None:
    """Return what was clicked as a row of a list, so that a page shows the same sheet as for its own rows."""
    held = subject_of(result, stage=stage, year=year)
    if held is None:
        return None
    layer, name = held
    key = "school_id" if layer == "schools" else "place_id"
    return {"school_id": None, "place_id": None, "township_id": None, "name": names_of(result)[name], key: name}


def html(result: PlanResult, *, stage: str, year: int, lang: Lang) -> str:
    """Return the card of what was clicked, empty if nothing is."""
    card = card_of(result, stage=stage, year=year, lang=lang)
    return "" if card is None else as_html(card)


def draw(result: PlanResult, *, stage: str, year: int, lang: Lang) -> None:
    """Draw the card of what was clicked, if anything is."""
    opened = html(result, stage=stage, year=year, lang=lang)
    if opened:
        st.html(opened)


def card_of(result: PlanResult, *, stage: str, year: int, lang: Lang) -> Card | None:
    """Return the card of what was clicked, None if nothing is."""
    held = subject_of(result, stage=stage, year=year)
    if held is None:
        return None
    maker = school_card if held[0] == "schools" else place_card
    return maker(result, held[1], stage=stage, year=year, lang=lang)


def names_of(result: PlanResult) -> Mapping[str, str]:
    """Return what every place and school is called."""

    def make() -> dict[str, str]:
        schools, places = result.roster.schools, result.prepared.county.places
        return {**dict(zip(places["place_id"], places["name"], strict=True)),
                **dict(zip(schools["school_id"], schools["name"], strict=True))}  # fmt: skip

    return cast("Mapping[str, str]", session.shelved(result, "names", make))


def rules_of(result: PlanResult, year: int) -> Rules:
    """Return the rule of admission read against the plan in a year."""
    return cast("Rules", session.shelved(result, f"rules {year}", lambda: plan_rules(result, year=year)))


def _township(result: PlanResult, township_id: object) -> str:
    towns = result.prepared.county.townships.set_index("township_id")["name"]
    return str(towns.get(township_id, ""))


# ---- a place ---------------------------------------------------------------------------------
def place_card(result: PlanResult, place_id: str, *, stage: str, year: int, lang: Lang) -> Card:
    """Return who lives in a place, which school its children are given, and why not the nearest.

    Parameters
    ----------
    result : PlanResult
        Plan.
    place_id : str
        A place of the county.
    stage : {"primary", "junior"}
        Stage; its entry grade is explained, and others where they are given another school.
    year : int
        School year.
    lang : {"zh", "en"}
        Language.
    """
    place = result.prepared.county.places.set_index("place_id").loc[place_id]
    grades = GRADES_OF_STAGE[stage]
    demand = result.demand.frame
    mine = demand[(demand["place_id"] == place_id) & (demand["year"] == year) & demand["grade"].isin(grades)]
    kind = label(f"place_kind.{place['kind']}", lang)
    figures = Figures([
        Figure("place_pupils", number(float(mine["pupils"].sum())), label("unit.pupils", lang),
               label("ui.object.children", lang, stage=label(f"stage.{stage}", lang), year=year)),
        Figure("place_households", number(_known(place.get("households"))), label("ui.object.households", lang),
               _township(result, place["township_id"])),
    ])  # fmt: skip
    title = f"{place['name']} · {kind}"
    return Card(title, [figures, *_why(result, place_id, year=year, grades=grades, lang=lang)])


def _known(value: object) -> float:
    return np.nan if pd.isna(value) else float(str(value))  # type: ignore[call-overload]


def _why(result: PlanResult, place_id: str, *, year: int, grades: tuple[int, ...], lang: Lang) -> list[Block]:
    """Explain the entry grade; a later grade that is given other schools is explained too."""
    rules, names = rules_of(result, year), names_of(result)
    blocks: list[Block] = []
    seen = set()
    for grade in grades:
        why = explain(result.assignment, rules, place_id, year=year, grade=grade)
        schools = (tuple(sorted(item.school_id for item in why.given)), why.cause)
        if schools not in seen and (why.given or why.unplaced or not blocks):
            blocks += [Words(line) for line in why.say(lang, names)]
        seen.add(schools)
    rule = label(f"ui.rules.short_{result.scenario.policy.assignment}", lang)
    return [*blocks, Words(label("ui.object.rule", lang, rule=rule), dim=True)]


# ---- a school --------------------------------------------------------------------------------
def school_card(result: PlanResult, school_id: str, *, stage: str, year: int, lang: Lang) -> Card:
    """Return pupils, classes and seats of a school in a year, and its pupils year by year.

    Parameters
    ----------
    result : PlanResult
        Plan.
    school_id : str
        A school of the plan.
    stage : {"primary", "junior"}
        Stage whose seats are shown.
    year : int
        School year.
    lang : {"zh", "en"}
        Language.
    """
    school = result.roster.schools.set_index("school_id").loc[school_id]
    frame = result.enrolment.frame
    mine = frame[frame["school_id"] == school_id]
    now = mine[mine["year"] == year]
    kind = label(f"kind.{school['kind']}", lang)
    title = f"{school['name']} · {kind} · {_township(result, school['township_id'])}"
    if now.empty:
        return Card(title, [Words(label("ui.object.not_taught", lang, year=year), dim=True)])
    pupils, classes = float(now["pupils"].sum()), float(now["classes"].sum())
    unit = label("unit.pupils", lang)
    size = pupils / classes if classes else np.nan
    figures = Figures([
        Figure("school_pupils", number(pupils), unit, label("ui.object.enrolled", lang, year=year)),
        Figure("school_classes", number(classes), label("unit.classes", lang), label("ui.object.classes", lang)),
        Figure("school_size", number(size, 1), label("unit.pupils/class", lang), label("ui.object.size", lang)),
    ])  # fmt: skip
    return Card(title, [figures, _by_year(result, school_id, year, lang), _seats(result, school_id, stage, year, lang)])


def _by_year(result: PlanResult, school_id: str, year: int, lang: Lang) -> Columns:
    frame, norms = result.enrolment.frame, result.prepared.norms
    mine = frame[frame["school_id"] == school_id]
    total = mine.groupby("year")[["pupils", "classes"]].sum()
    stage = str(mine["stage"].iloc[0])
    sizes = (total["pupils"] / total["classes"].where(total["classes"] > 0)).to_numpy(float)
    looks = class_status_of(sizes, norms.value(f"class_size.{stage}"), norms=norms)
    most = max(float(total["pupils"].max()), 1.0)
    unit = label("unit.pupils", lang)
    return Columns([
        Column(f"{at % 100:02d}", count / most, STATUS_COLOURS[look], at == year, f"{at}: {number(count)} {unit}")
        for at, count, look in zip(total.index.astype(int).tolist(), total["pupils"].tolist(), looks, strict=True)
    ])  # fmt: skip


def _seats(result: PlanResult, school_id: str, stage: str, year: int, lang: Lang) -> Rows:
    supply, flows = result.supply.frame, result.assignment.flows
    mine = supply[(supply["school_id"] == school_id) & (supply["year"] == year)]
    given = flows[(flows["school_id"] == school_id) & (flows["year"] == year) & (flows["stage"] == stage)]
    rows = [
        Row(label("ui.object.seats", lang, stage=label(f"stage.{row['stage']}", lang)),
            label("ui.object.seats_of", lang, seats=number(row["seats"]), rooms=number(row["rooms"])))
        for row in mine.to_dict("records")
    ]  # fmt: skip
    if len(given):
        minutes = number(float(given["minutes"].max()))
        rows.append(Row(
            label("ui.object.given", lang, stage=label(f"stage.{stage}", lang)),
            label("ui.object.given_of", lang, pupils=number(float(given["pupils"].sum())),
                  places=given["place_id"].nunique(), minutes=minutes),
        ))  # fmt: skip
    return Rows(rows)
