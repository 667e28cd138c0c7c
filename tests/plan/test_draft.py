"""Undo and redo of a scenario being worked on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from layoutplan.plan.draft import Draft, do, redo, scenario_of, undo
from layoutplan.plan.scenario import CloseSchool, Scenario

FIRST = CloseSchool(year=2025, school_id="first")
BASE = Scenario(name="base", actions=(FIRST,))


@given(st.lists(st.sampled_from(["do", "undo", "redo"]), max_size=30))
def test_undo_and_redo_walk_along_what_was_done(moves):
    draft, line, at = Draft(BASE), [], 0
    for number, move in enumerate(moves):
        if move == "do":
            action = CloseSchool(year=2026, school_id=str(number))
            draft, line, at = do(draft, action), [*line[:at], action], at + 1
        elif move == "undo":
            draft, at = undo(draft), max(at - 1, 0)
        else:
            draft, at = redo(draft), min(at + 1, len(line))
        assert scenario_of(draft).actions == (FIRST, *line[:at])
    assert BASE.actions == (FIRST,)
