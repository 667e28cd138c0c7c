"""Where a number comes from: its formula, the clause it is judged by, the layers it rests on and their dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.norms import Norm
from layoutplan.plan.planning import PlanResult
from layoutplan.ui.names import DASH, clause_name, layer_name, unconfirmed


@dataclass(frozen=True)
class Origin:
    """Norms whose clauses are cited, and layers whose dates are said."""

    norms: tuple[str, ...]
    layers: tuple[str, ...]


_WAYS = ("roads", "residential", "schools")
_PEOPLE = ("children", "births", "enrolment")
_CLASS = ("class_size.primary", "class_size.junior")
_LOCKS = ("closure.few_pupils", "closure.no_recovery", "closure.keep_village_school", "closure.no_force",
          "closure.receiver_over_norm", "closure.build_first", "travel.limit_minutes.grades_1_3")  # fmt: skip
ORIGINS: Mapping[str, Origin] = {
    "large_classes": Origin(("class_size.large", "class_size.extra_large"), ("classes", "rooms", *_PEOPLE)),
    "over_size": Origin(("school_size.primary", "school_size.nine_year"), ("classes", *_PEOPLE)),
    "seat_gap": Origin(_CLASS, ("rooms", "residential", "resettlement", *_PEOPLE)),
    "shell_candidates": Origin(("shell.max_pupils", "plan.goal_year"), ("enrolment", "classes")),
    "over_limit": Origin(("travel.limit_minutes.grades_1_3", "speed.walk_kmh.grades_1_3"), _WAYS),
    "site_load": Origin(_CLASS, (*_WAYS, *_PEOPLE)),
    "relief": Origin(_CLASS, (*_WAYS, *_PEOPLE)),
    "way": Origin(("speed.walk_kmh.grades_1_3",), _WAYS),
    "forecast": Origin(("plan.goal_year",), (*_PEOPLE, "move_in")),
    "backtest": Origin((), ("enrolment", "births")),
    "sites": Origin(("resettlement.off_plan_share",), ("resettlement", "move_in")),
    "households": Origin((), ("residential", "resettlement")),
    "finding": Origin((), ("classes", "rooms", "enrolment", *_WAYS)),
    "class_size": Origin(_CLASS, ("classes", "rooms", *_PEOPLE)),
    "seats": Origin(_CLASS, ("rooms",)),
    "locks": Origin(_LOCKS, ("enrolment", "classes", *_WAYS)),
    "ladder": Origin(("travel.limit_minutes.grades_1_3", "staffing.pupils_per_post.primary", "bus.seats_max"),
                     ("rooms", "classes", *_WAYS)),
    "objective": Origin(_CLASS, (*_WAYS, "rooms", *_PEOPLE)),
    "posts": Origin(("staffing.pupils_per_post.primary", "staffing.posts_per_class.primary"), ("rooms", *_PEOPLE)),
    "resources": Origin(("balance.pass.met", "balance.pass.floor", "balance.degree_teachers.primary"),
                        ("schools", "rooms", *_PEOPLE)),
    "spread": Origin(("balance.cv_max.primary", "balance.cv_max.junior"), ("schools", "rooms")),
    "equity": Origin(("travel.limit_minutes.grades_1_3", "access.reach_minutes.primary"), (*_WAYS, "rooms", *_PEOPLE)),
    "communities": Origin(("community.each_rural_school",), ("communities", "schools", *_WAYS)),
    "problems": Origin(("snap.warn_m", "reconcile.tolerance_share"), ("roads", "field_counts", "schools")),
    "path": Origin((*_CLASS, "school_size.primary"), ("classes", "rooms", *_PEOPLE)),
    "action": Origin((), ()),
}  # fmt: skip
_HEADLINES = ("large_classes", "over_size", "seat_gap", "shell_candidates", "over_limit")
# Which origin stands behind the words of a number; a test walks all pages and asks it of every number shown.
SHOWN: Mapping[str, str] = {
    **{f"ui.tile.{name}": name for name in _HEADLINES},
    **{f"ui.demand.{name}": "forecast" for name in ("curve", "before", "after", "change", "share")},
    **{f"ui.demand.method_{name}": "backtest" for name in ("ours", "last_year", "grade_progression")},
    **{f"ui.sites.{name}": "sites" for name in ("planned", "observed", "expected", "title")},
    **{f"ui.findings.{name}": "finding" for name in ("measured", "limit", "year")},
    **{f"ui.ledger.{name}": "resources" for name in ("to_raise", "distance", "target", "pass", "fail", "head_value",
                                                     "head_standard", "head_gap")},
    **{f"ui.ledger.{name}": "spread" for name in ("head_mean", "head_cv", "head_limit")},
    **{f"ui.ledger.{name}": "equity" for name in ("over", "p95", "gini", "within")},
    **{f"ui.ledger.{name}": "communities" for name in ("members", "farthest")},
    **{f"ui.alternatives.row_{name}": "ladder" for name in ("stay", "walk", "over", "beds", "bus", "posts")},
    **{f"ui.optimise.total_{name}": "objective" for name in ("objective", "present", "gap")},
    **{f"indicator.{name}": "large_classes" for name in ("classes_over_norm", "classes_large", "classes_extra_large")},
    **{f"indicator.seats_{name}": "seats" for name in ("primary", "junior")},
    **{f"indicator.seat_gap_{name}": "seat_gap" for name in ("primary", "junior")},
    **{f"indicator.pupils_{name}": "forecast" for name in ("primary", "junior")},
    **{f"indicator.mean_minutes_{name}": "way" for name in ("primary", "junior")},
    **{f"indicator.pupils_over_limit{name}": "over_limit" for name in ("", "_grades_4_6", "_grades_7_9")},
    **{f"ui.path.{name}": "path" for name in ("classes_over_norm", "classes_large", "classes_extra_large",
                                             "schools_over_size", "pupils_over_size", "pupils_to_move",
                                             "classes_to_add", "rooms_to_add")},
    "indicator.schools_over_size": "over_size", "indicator.schools_vacant": "shell_candidates",
    "indicator.shell_candidates": "shell_candidates", "indicator.pupils_unplaced": "seat_gap",
    "ui.tile_spark": "large_classes", "ui.demand.coverage": "backtest", "ui.sites.pupils": "forecast",
    "ui.ledger.pupils": "forecast", "ui.closures.pupils": "shell_candidates", "ui.closures.goal": "forecast",
    "ui.closures.locks": "locks", "ui.closures.curve": "forecast", "ui.plans.year": "action",
    "ui.optimise.posts": "posts", "ui.optimise.year": "action", "ui.data.rows": "problems",
    "ui.data.warnings": "problems", "ui.located.number": "problems", "ui.object.enrolled": "forecast",
    "ui.object.classes": "class_size", "ui.object.size": "class_size", "ui.object.children": "forecast",
    "ui.object.households": "households", "ui.site.pupils": "site_load", "ui.site.classes": "site_load",
    "ui.site.relief": "relief", "ui.site.minutes": "way", "ui.site.places": "site_load", "ui.site.gap": "way",
}  # fmt: skip
_CARD = ("forecast", "class_size", "seats", "households")  # of what is clicked on any map
PAGES: Mapping[str, tuple[str, ...]] = {
    "overview": (*_HEADLINES, "finding", *_CARD),
    "findings": (*_HEADLINES, "way", "finding", "path", *_CARD),
    "site": ("site_load", "relief", "way", *_CARD),
    "closures": ("shell_candidates", "locks", "ladder", "way", *_CARD),
    "plans": (*_HEADLINES, "way", "action", *_CARD),
    "optimise": ("objective", "posts", "action", "site_load", "way", *_CARD),
    "demand": ("backtest", "sites", *_CARD),
    "ledger": ("resources", "spread", "communities", "equity", *_CARD),
    "data": ("problems", *_CARD),
}


def use(result: PlanResult) -> None:
    """Note the plan on the page, so that headings of lists and figures can say where their numbers come from."""
    st.session_state["origin_of"] = result


def hint(key: str, lang: Lang) -> str | None:
    """Return in one text where the number of a heading comes from, None for headings of words.

    Parameters
    ----------
    key : str
        Label of the heading.
    lang : {"zh", "en"}
        Language.
    """
    result = st.session_state.get("origin_of")
    if result is None or key not in SHOWN:
        return None
    return "  \n".join(f"{title} {words}" for title, words in _parts(result, SHOWN[key], lang))


def mark(key: str, lang: Lang) -> str:
    """Return a mark beside a number that opens where it comes from; nothing before a plan is on the page."""
    result = st.session_state.get("origin_of")
    if result is None:
        return ""
    told = f'<section class="lp-origin">{_rows(result, SHOWN[key], lang)}</section>'  # its name stands beside it
    title = escape(label("ui.origin.button", lang))
    shut = f'<summary title="{title}" aria-label="{title}">?</summary>'
    return f'<details class="lp-how">{shut}<div>{told}</div></details>'


def titled(key: str, lang: Lang) -> str:
    """Return the words of a number as HTML, with the mark that opens where it comes from."""
    return escape(label(key, lang)) + mark(key, lang)


def button(result: PlanResult, page: str, lang: Lang) -> None:
    """Draw the button that opens where the numbers of a page come from."""
    with st.popover(label("ui.origin.button", lang), key=f"origin_{page}"):
        st.html(told(result, page, lang))


def told(result: PlanResult, page: str, lang: Lang) -> str:
    """Return formula, clause and layers with dates of every number of a page, as a list."""
    return "".join(_one(result, name, lang) for name in PAGES[page])


def _one(result: PlanResult, name: str, lang: Lang) -> str:
    title = escape(label(f"ui.origin.name_{name}", lang))
    return f'<section class="lp-origin"><h4>{title}</h4>{_rows(result, name, lang)}</section>'


def _rows(result: PlanResult, name: str, lang: Lang) -> str:
    return "".join(
        f'<p><span class="lp-dim">{escape(title)}</span> {escape(words)}</p>'
        for title, words in _parts(result, name, lang)
    )


def _parts(result: PlanResult, name: str, lang: Lang) -> list[tuple[str, str]]:
    """Return what is said of an origin: formula, clauses, layers with their dates; parts without words are left out."""
    norms, dates = result.prepared.norms, result.prepared.county.as_of
    origin = ORIGINS[name]
    clauses = [_clause(norms[key], lang) for key in origin.norms if key in norms]
    layers = [
        label("ui.origin.layer", lang, layer=layer_name(layer, lang), date=dates.get(layer) or DASH)
        for layer in origin.layers
        if layer in dates
    ]
    parts = {"formula": [label(f"ui.origin.{name}", lang)], "clauses": clauses, "layers": layers}
    return [
        (label(f"ui.origin.{part}", lang), "; ".join(dict.fromkeys(words))) for part, words in parts.items() if words
    ]


def _clause(norm: Norm, lang: Lang) -> str:
    unit = label(f"unit.{norm.unit}", lang) if norm.unit else ""
    told = label("ui.origin.norm", lang, value=f"{norm.value:g}", unit=unit, clause=clause_name(norm.clause, lang))
    return told + unconfirmed(norm.clause, norm.verified, lang)
