"""Where a number comes from: its formula, the clause it is judged by, the layers it rests on and their dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.ui import session
from layoutplan.ui.cards import DASH


@dataclass(frozen=True)
class Origin:
    """Norms whose clauses are cited, and layers whose dates are said."""

    norms: tuple[str, ...]
    layers: tuple[str, ...]


_WAYS = ("roads", "residential", "schools")
_PEOPLE = ("children", "births", "enrolment")
ORIGINS: Mapping[str, Origin] = {
    "large_classes": Origin(("class_size.large", "class_size.extra_large"), ("classes", "rooms", *_PEOPLE)),
    "over_size": Origin(("school_size.primary", "school_size.nine_year"), ("classes", *_PEOPLE)),
    "seat_gap": Origin(("class_size.primary", "class_size.junior"), ("rooms", "residential", "resettlement", *_PEOPLE)),
    "shell_candidates": Origin(("shell.max_pupils", "plan.goal_year"), ("enrolment", "classes")),
    "over_limit": Origin(("travel.limit_minutes.grades_1_3", "speed.walk_kmh.grades_1_3"), _WAYS),
    "site_load": Origin(("class_size.primary", "class_size.junior"), (*_WAYS, *_PEOPLE)),
    "way": Origin(("speed.walk_kmh.grades_1_3",), _WAYS),
    "forecast": Origin(("plan.goal_year",), (*_PEOPLE, "move_in")),
}  # fmt: skip
PAGES: Mapping[str, tuple[str, ...]] = {
    "overview": ("large_classes", "over_size", "seat_gap", "shell_candidates", "over_limit"),
    "findings": ("large_classes", "over_size", "seat_gap", "shell_candidates", "over_limit", "way"),
    "site": ("site_load", "way"),
    "closures": ("shell_candidates", "way", "forecast"),
    "plans": ("large_classes", "over_size", "seat_gap", "over_limit", "way"),
    "optimise": ("site_load", "way", "forecast"),
    "demand": ("forecast",),
}


def button(result: PlanResult, page: str, lang: Lang) -> None:
    """Draw the button that opens where the numbers of a page come from."""
    with st.popover(label("ui.origin.button", lang), key=f"origin_{page}"):
        st.html(told(result, page, lang))


def told(result: PlanResult, page: str, lang: Lang) -> str:
    """Return formula, clause and layers with dates of every number of a page, as a list."""
    return "".join(_one(result, name, lang) for name in PAGES[page])


def _one(result: PlanResult, name: str, lang: Lang) -> str:
    norms, dates = result.prepared.norms, result.prepared.county.as_of
    origin = ORIGINS[name]
    clauses = []
    for key in origin.norms:
        if key in norms:
            norm = norms[key]
            state = "" if norm.verified else f" · {label('ui.findings.unverified', lang)}"
            unit = label(f"unit.{norm.unit}", lang) if norm.unit else ""
            clauses.append(
                label("ui.origin.norm", lang, value=f"{norm.value:g}", unit=unit, clause=norm.clause) + state
            )
    layers = [
        label("ui.origin.layer", lang, layer=session.layer_name(layer, lang), date=dates.get(layer) or DASH)
        for layer in origin.layers
        if layer in dates
    ]
    parts = (
        ("formula", [label(f"ui.origin.{name}", lang)]), ("clauses", list(dict.fromkeys(clauses))), ("layers", layers)
    )  # fmt: skip
    rows = "".join(
        f'<p><span class="lp-dim">{escape(label(f"ui.origin.{part}", lang))}</span> {escape("; ".join(words))}</p>'
        for part, words in parts
        if words
    )
    return f'<section class="lp-origin"><h4>{escape(label(f"ui.origin.name_{name}", lang))}</h4>{rows}</section>'
