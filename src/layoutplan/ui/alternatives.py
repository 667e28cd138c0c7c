"""Beside a small school: what may be done instead, who would receive its pupils, what is on record, the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any, cast

import numpy as np
import pandas as pd
import streamlit as st

from layoutplan.errors import ScenarioError
from layoutplan.labels import Lang, label
from layoutplan.plan.closure import Gate
from layoutplan.plan.ladder import Ladder, small_school_ladder
from layoutplan.plan.locks import KEEP, Record
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.scenario import CloseSchool
from layoutplan.present.evidence import write_evidence
from layoutplan.present.symbols import VIOLET
from layoutplan.ui import drafts, mapdata, origins, session, steps
from layoutplan.ui.cards import number
from layoutplan.ui.choices import choose
from layoutplan.ui.names import DASH
from layoutplan.ui.planmap import Scene

VIEWS = ("gate", "ladder")
_RECORDED = ("route_is_safe", "parents_object", "has_special_group")
_KNOWN = (None, True, False)
_LABELLED = 8


def view(lang: Lang) -> str:
    """Draw the choice between the conditions and the ladder; return it."""
    views, said = label("ui.alternatives.views", lang), "ui.alternatives.view_"
    return choose(views, VIEWS, key="closure_view", said=lambda name: label(f"{said}{name}", lang))


# ---- what inspection and hearing found ---------------------------------------------------------
def record_of(school_id: str) -> Record:
    """Return what is on record about a school in this session."""
    return cast("Record", st.session_state.setdefault("records", {}).get(school_id, Record()))


def recorder(school_id: str, lang: Lang) -> None:
    """Draw the form of what inspection and hearing found; what is left open is not known."""
    held = record_of(school_id)
    with st.popover(label("ui.alternatives.record", lang), key="record", on_change="rerun"):
        said = {
            name: st.selectbox(
                label(f"ui.alternatives.{name}", lang), _KNOWN, index=_KNOWN.index(getattr(held, name)),
                format_func=lambda value: label(f"ui.alternatives.said_{str(value).lower()}", lang),
                key=f"record_{name}_{school_id}_{lang}",
            )
            for name in _RECORDED
        }  # fmt: skip
        seats = st.number_input(
            label("ui.alternatives.bus_seats", lang), value=held.bus_seats, min_value=0, max_value=2000, step=1,
            key=f"record_bus_{school_id}_{lang}",
        )  # fmt: skip
        found = Record(**said, bus_seats=None if seats is None else int(seats))
        st.button(
            label("ui.alternatives.note", lang), type="primary", key="record_note", on_click=_note,
            args=(school_id, found),
        )  # fmt: skip


def _note(school_id: str, found: Record) -> None:
    st.session_state["records"] = {**st.session_state.get("records", {}), school_id: found}
    drafts.save()
    st.session_state["record"] = False  # closes what was opened to ask


# ---- the ladder ------------------------------------------------------------------------------
def ladder_of(result: PlanResult, school_id: str, *, year: int, lang: Lang) -> Ladder | ScenarioError:
    """Return the ladder of a school, worked out once; the fault where it has none."""

    def make() -> Ladder | ScenarioError:
        try:
            return small_school_ladder(result, school_id, year)
        except ScenarioError as fault:
            return fault

    with st.spinner(label("ui.alternatives.working", lang)):
        return cast("Ladder | ScenarioError", session.shelved(result, f"ladder-{school_id}-{year}", make))


def pick_rung(ladder: Ladder | ScenarioError, lang: Lang) -> str:
    """Draw the rungs that apply; return the one chosen, the last at first; none where there is no ladder."""
    if isinstance(ladder, ScenarioError):
        return ""
    rungs = ladder.rungs.loc[ladder.rungs["applies"], "rung"].tolist()
    chosen = st.segmented_control(
        label("ui.alternatives.rungs", lang), rungs, default=rungs[-1], required=True,
        key=f"rung_{ladder.school_id}_{ladder.year}_{lang}", label_visibility="collapsed",
        format_func=lambda rung: label(f"ui.alternatives.rung_{rung}", lang),
    )  # fmt: skip
    return str(chosen or rungs[-1])


def ladder_table(ladder: Ladder, rung: str, lang: Lang) -> str:
    """Return the rungs side by side as a card, and the one chosen in sentences.

    Parameters
    ----------
    ladder : Ladder
        A school on every rung.
    rung : str
        The one that is told in full.
    lang : {"zh", "en"}
        Language.
    """
    rows = cast("list[dict[str, Any]]", ladder.rungs.to_dict("records"))
    there = [row for row in rows if row["applies"]]
    titles = {row["rung"]: label(f"ui.alternatives.rung_{row['rung']}", lang) for row in there}
    heads = "".join(f"<th>{_bold(text, name == rung)}</th>" for name, text in titles.items())
    body = "".join(
        f"<tr><td>{origins.titled(f'ui.alternatives.row_{name}', lang)}</td>"
        + "".join(f"<td>{escape(_LINES[name](row))}</td>" for row in there)
        + "</tr>"
        for name in _LINES
    )
    sheet = ladder.sheet
    said = sheet.loc[(sheet["rung"] == rung) & (sheet["section"] != "rung"), f"text_{lang}"]
    told = "".join(f"<li>{escape(text)}</li>" for text in said)
    others = sheet.loc[(sheet["section"] == "reason") & (sheet["rung"] != rung)]
    names = [label(f"ui.alternatives.rung_{one}", lang) for one in others["rung"]]
    why = "".join(
        f'<li class="lp-dim">{escape(name)}: {escape(text)}</li>'
        for name, text in zip(names, others[f"text_{lang}"], strict=True)
    )
    foot = escape(str(sheet[f"text_{lang}"].iloc[-1]))
    return (
        f'<section class="lp-card"><table class="lp-table"><tr><th></th>{heads}</tr>{body}</table>'
        f'<ul class="lp-plain">{told}{why}</ul><p class="lp-dim">{foot}</p></section>'
    )


def _bold(text: str, chosen: bool) -> str:
    return f"<b>{escape(text)}</b>" if chosen else escape(text)


def _share(value: float) -> str:
    return DASH if np.isnan(value) else f"{value:.0%}"


_LINES: Mapping[str, Any] = {
    "stay": lambda row: f"{number(row['stay'])} / {number(row['leave'])}",
    "walk": lambda row: f"{number(row['walk_longest_before'])} → {number(row['walk_longest_after'])}",
    "over": lambda row: f"{_share(row['share_over_limit_before'])} → {_share(row['share_over_limit_after'])}",
    "beds": lambda row: f"{number(row['boarders'])} / {number(row['beds_short'])}",
    "bus": lambda row: f"{number(row['bus_pupils'])} / {number(row['bus_runs'])}",
    "posts": lambda row: f"{number(row['posts'])} / {_signed(row['posts_elsewhere'])}",
}


def _signed(value: float) -> str:
    return DASH if np.isnan(value) else f"{value:+.0f}" if round(value) else "±0"


# ---- the map and the scenario ------------------------------------------------------------------
def receivers_of(gate: object, ladder: object, rung: str) -> pd.DataFrame:
    """Return who receives pupils: ``school_id, name, pupils, minutes``; from the rung if there is one."""
    columns = ["school_id", "name", "pupils", "minutes"]
    if isinstance(ladder, Ladder) and rung:
        mine = ladder.receivers[ladder.receivers["rung"] == rung] if len(ladder.receivers) else ladder.receivers
        return mine.rename(columns={"walk_longest": "minutes"}).reindex(columns=columns)
    return gate.receivers[columns] if isinstance(gate, Gate) else pd.DataFrame(columns=columns)


def with_receivers(
    scene: Scene, result: PlanResult, school_id: str, *, receivers: pd.DataFrame, year: int, lang: Lang
) -> Scene:
    """Return the scene with a line from a school to each that would receive its pupils, and these marked."""
    if receivers.empty:
        return scene
    schools = mapdata.schools_in_order(result)
    at = {name: index for index, name in enumerate(schools["school_id"].tolist())}
    spot = {one: _spot(result, one) for one in [school_id, *receivers["school_id"]]}
    most = float(receivers["pupils"].max())
    lines = [
        {"points": [spot[school_id], spot[one]], "weight": round(2 + 5 * pupils / max(most, 1.0), 1)}
        for one, pupils in zip(receivers["school_id"], receivers["pupils"], strict=True)
    ]
    shown = receivers.sort_values(["pupils", "school_id"], ascending=[False, True]).head(_LABELLED)
    words = [
        {"at": spot[str(row["school_id"])], "text": label(
            "ui.alternatives.receives", lang, school=row["name"], pupils=number(row["pupils"]),
            minutes=number(row["minutes"]),
        )}
        for row in shown.to_dict("records")
    ]  # fmt: skip
    rest = session.school_paint(result, year=year, lang=lang).full["cls"]
    marked: dict[int, list[int]] = {}
    for one in receivers["school_id"]:
        marked.setdefault(rest[at[one]] + rest[at[one]] % 2, []).append(at[one])
    sketch = {"polygons": [], "style": {"color": VIOLET}, "lines": lines, "words": words}
    return replace(scene, changes={**scene.changes, "schools": marked}, sketch=sketch)


def _spot(result: PlanResult, school_id: str) -> list[float]:
    point = result.roster.schools.set_index("school_id").geometry[school_id]
    return list(session.degrees(result).of(point.x, point.y))


def actions(result: PlanResult, gate: Gate, ladder: object, rung: str, lang: Lang) -> None:
    """Draw what takes a school's evidence away as a file, and what puts a rung into the scenario to compare it.

    Where the gate says that the school is to be kept, nothing can be put into the scenario; where a
    condition is not met, only after the planner has said that it is for comparison alone.
    """
    held = ladder if isinstance(ladder, Ladder) else None
    with st.container(horizontal=True, vertical_alignment="center"):
        recorder(gate.school_id, lang)
        st.download_button(
            label("ui.alternatives.sheet", lang),
            lambda: write_evidence(result, gate, held, lang=lang), f"evidence_{gate.school_id}_{gate.year}_{lang}.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document", key="evidence",
            on_click="ignore",
        )  # fmt: skip
        wanted = held.actions.get(rung) if held is not None and rung else None
        if wanted is None and not rung:
            wanted = (*result.scenario.actions, CloseSchool(year=gate.year, school_id=gate.school_id))
        ends = rung in ("", "closed")
        sure = not ends or gate.verdict == "review"
        if ends and gate.verdict == "unmet":
            sure = st.checkbox(label("ui.alternatives.only_compared", lang), key=f"only_{gate.school_id}_{gate.year}")
        may = (
            sure and wanted is not None and wanted != result.scenario.actions and not (ends and gate.verdict == "keep")
        )
        st.button(
            label("ui.alternatives.into_plan", lang), key="rung_keep", disabled=not may, on_click=_keep,
            args=(wanted or (),), help=label(f"ui.alternatives.may_{gate.verdict}", lang) if ends else None,
        )  # fmt: skip
        if ends and gate.verdict == "keep":
            st.caption(why_kept(gate, lang))


def why_kept(gate: Gate, lang: Lang) -> str:
    """Return which conditions keep a school out of the scenario, in words."""
    failed = gate.locks.loc[gate.locks["passed"].eq(False).fillna(False) & gate.locks["lock"].isin(KEEP), "lock"]
    names = label("ui.gate.and", lang).join(label(f"ui.gate.{lock}", lang) for lock in failed)
    return label("ui.gate.kept", lang, locks=names)


def _keep(wanted: tuple[Any, ...]) -> None:
    steps.go(plan=session.scenario().model_copy(update={"actions": wanted}))
