"""What a plan assumes, as choices above every page: who gets which seat, how pupils travel, how the world goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.settings import Outlook, Policy
from layoutplan.ui import session, steps

# What each rule of admission looks at besides; an option without effect would be refused.
_OF_RULE: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "nearest": {},
    "zoned": {"unzoned": ("refuse", "nearest")},
    "capacity": {
        "villages": ("split", "whole"), "within_limits": (False, True), "boundary": ("none", "township", "zone"),
    },
}  # fmt: skip
_UNSTATED = "unstated"  # a group whose means the policy does not state
_ONLY_CAPACITY = ("villages", "within_limits", "boundary", "together", "locks")
_WAYS: Mapping[str, Sequence[Any]] = {
    "season": ("dry", "rain", "snow"), "mode": ("walk", "drive"), "grades_1_3": (_UNSTATED, "walk", "drive"),
    "grades_4_6": (_UNSTATED, "walk", "drive", "boarding"), "grades_7_9": (_UNSTATED, "walk", "drive", "boarding"),
}  # fmt: skip
_FILLING: Mapping[str, Sequence[Any]] = {
    "phase_in": ("entry_grades", "at_once"), "enrolment": ("rolled", "residence"),
}  # fmt: skip
_ENTRY: Mapping[str, Sequence[Any]] = {"junior_entry": ("residence", "feeder")}
_OUTLOOK: Mapping[str, Sequence[Any]] = {
    "births_change": (-0.06, -0.05, -0.04, -0.03, -0.02, -0.01, 0.0, 0.01, 0.02, 0.03),
    "entry_ratio": ("young_children", "calibrated"), "migration": ("none", "measured"),
    "housing": ("cohort", "seats_per_thousand"), "children": ("register", "reconciled"),
}  # fmt: skip


def popover(result: PlanResult, lang: Lang) -> None:
    """Draw the button that says the rule in force, and under it every choice."""
    if session.scenario().fingerprint != result.scenario.fingerprint:
        return
    policy = result.scenario.policy
    words = label(f"ui.rules.short_{policy.assignment}", lang)
    if policy.season != "dry":
        words = f"{words} · {label(f'ui.rules.season_{policy.season}', lang)}"
    box = st.popover(words, key="rules", on_change="rerun", help=label("ui.rules.help", lang), width="stretch")
    if box.open:  # fourteen boxes that nobody sees would be a quarter of every run
        with box:
            _choices(result, lang)


@st.fragment
def _choices(result: PlanResult, lang: Lang) -> None:
    session.keep_up(result)
    plan = session.scenario()
    left, middle, right = st.columns(3, width=800)
    with left:
        rule = _asked(plan, "policy", {"assignment": tuple(_OF_RULE)}, lang)
        rule |= _asked(plan, "policy", _OF_RULE[rule["assignment"]], lang)
        filling = _asked(plan, "policy", _FILLING, lang)
    with middle:
        ways = _asked(plan, "policy", _WAYS, lang)
    with right:
        outlook = _asked(plan, "outlook", _OUTLOOK, lang)
        entry = _asked(plan, "policy", _ENTRY, lang)
        wanted = changed(plan, policy={**rule, **ways, **filling, **entry}, outlook=outlook)
        same = wanted.fingerprint == plan.fingerprint
        st.button(
            label("ui.rules.apply", lang), type="primary", key="rules_apply", disabled=same, on_click=_apply,
            args=(wanted,), width="stretch",
        )  # fmt: skip
    st.caption(label("ui.rules.guides", lang))


def _asked(plan: Scenario, part: str, options: Mapping[str, Sequence[Any]], lang: Lang) -> dict[str, Any]:
    """Draw a box for each option; return what is chosen in them."""
    chosen: dict[str, Any] = {}
    held = getattr(plan, part)
    for name, values in options.items():
        now = getattr(held, name)
        now = _UNSTATED if now is None else now
        known = [*values] if now in values else [now, *values]
        chosen[name] = st.selectbox(
            label(f"ui.rules.{name}", lang), known, index=known.index(now),
            format_func=partial(_said, name, lang),
            key=f"rules_{name}_{plan.fingerprint}_{lang}",
        )  # fmt: skip
    return {name: None if value == _UNSTATED else value for name, value in chosen.items()}


def _said(name: str, lang: Lang, value: Any) -> str:
    if name == "births_change":
        return label("ui.rules.a_year", lang, percent=f"{100 * value:+.0f}" if value else "±0")
    if name == "grades_1_3" and value == _UNSTATED:
        return label("ui.rules.means_unstated_young", lang)
    if name in ("grades_1_3", "grades_4_6", "grades_7_9", "mode"):
        return label(f"ui.rules.means_{value}", lang)
    return label(f"ui.rules.{name}_{str(value).lower()}", lang)


def changed(plan: Scenario, *, policy: Mapping[str, Any], outlook: Mapping[str, Any]) -> Scenario:
    """Return the scenario under other rules; options that another rule of admission looks at go back to their default.

    Parameters
    ----------
    plan : Scenario
        What is changed.
    policy, outlook : mapping
        Fields that are to have another value.

    Examples
    --------
    >>> plan = Scenario(name="a", policy=Policy(assignment="capacity", villages="whole"))
    >>> changed(plan, policy={"assignment": "nearest"}, outlook={}).policy == Policy()
    True
    """
    asked = {**vars(plan.policy), **policy}
    rule = asked["assignment"]
    idle = [name for name in _ONLY_CAPACITY if rule != "capacity"] + ["unzoned"] * (rule != "zoned")
    kept = {name: value for name, value in asked.items() if name not in idle}
    return plan.model_copy(update={"policy": Policy(**kept), "outlook": Outlook(**{**vars(plan.outlook), **outlook})})


def _apply(wanted: Scenario) -> None:
    steps.go(plan=wanted)
    st.session_state["rules"] = False  # closes what was opened to ask
