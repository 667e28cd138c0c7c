"""The steps a planner takes, on the bench and in the scenario: each can be undone and done again."""

from __future__ import annotations

from typing import cast

import streamlit as st

from layoutplan.plan.scenario import Scenario
from layoutplan.ui import drafts, session
from layoutplan.ui.bench import Bench

_DEEPEST = 50  # steps that can be undone
_Step = tuple[Bench | None, Scenario]


def now() -> _Step:
    """Return bench and scenario as they are; no bench before the first candidate was put there."""
    return cast("Bench | None", st.session_state.get("bench")), session.scenario()


def bench() -> Bench:
    """Return the bench, empty before the first candidate was put there."""
    return now()[0] or Bench()


def hold() -> None:
    """Keep where a move began; the places on its way are no steps of their own."""
    st.session_state.setdefault("held", now())


def go(on_bench: Bench | None = None, plan: Scenario | None = None) -> None:
    """Take one step; what was before it can be had back."""
    before = st.session_state.pop("held", None) or now()
    after = (now()[0] if on_bench is None else on_bench, plan or before[1])
    if after == before:
        return
    st.session_state["past"] = [*st.session_state.get("past", []), before][-_DEEPEST:]
    st.session_state["future"] = []
    _set(after)


def undo() -> None:
    """Take the last step back."""
    _back("past", "future")


def redo() -> None:
    """Take the step again that was taken back."""
    _back("future", "past")


def can_undo() -> bool:
    """Whether there is a step to take back."""
    return bool(st.session_state.get("past"))


def can_redo() -> bool:
    """Whether a step was taken back."""
    return bool(st.session_state.get("future"))


def forget() -> None:
    """Forget all steps, as for another county."""
    for name in ("past", "future", "held", "bench"):
        st.session_state.pop(name, None)


def _set(step: _Step) -> None:
    st.session_state["bench"], st.session_state["scenario"] = step
    if step[0] is None:
        del st.session_state["bench"]
    drafts.save()


def _back(source: str, other: str) -> None:
    taken = st.session_state.get(source) or []
    if taken:
        st.session_state[other] = [*st.session_state.get(other, []), now()]
        st.session_state[source] = taken[:-1]
        _set(taken[-1])
