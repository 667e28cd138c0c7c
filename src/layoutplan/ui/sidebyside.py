"""The base beside what is planned: a second map that shows the same part of the county."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.ui import session
from layoutplan.ui.planmap import planmap


def asked(lang: Lang) -> bool:
    """Draw the switch; return whether the base is to stand beside the plan."""
    session.keep("beside", False)
    st.toggle(label("ui.site.beside", lang), key="beside", on_change=session.remember, args=("beside",))
    return bool(st.session_state["beside"])


def wanted() -> bool:
    """Whether the base stands beside the plan, before the switch is drawn."""
    return bool(st.session_state.get("kept_beside", False))


def draw(result: PlanResult, *, stage: str, year: int, lang: Lang, height: int) -> None:
    """Draw the map of the base: the same rules and outlook, no action.

    Parameters
    ----------
    result : PlanResult
        The plan in hand.
    stage, year, lang
        As chosen above the page.
    height : int
        Pixels.
    """
    plain = result.scenario.model_copy(update={"actions": ()})
    results, _ = session.plans([plain], lang)
    _map(results[0] if results else result, stage=stage, year=year, lang=lang, height=height)


@st.fragment
def _map(base: PlanResult, *, stage: str, year: int, lang: Lang, height: int) -> None:
    """Draw the map apart from the page: what is switched on it runs nothing else."""
    scene = session.list_scene(base, None, stage=stage, year=year, lang=lang)
    scene = replace(scene, linked=True, title=label("ui.plans.base", lang))
    planmap(session.base_map(base, lang), scene, key="beside_map", height=height)
