from dataclasses import replace

import pytest

from layoutplan.errors import ScenarioError
from layoutplan.labels import label
from layoutplan.plan.closure import closure_gate
from layoutplan.seats.diagnosis import RULES
from layoutplan.ui import closures

HOSTILE = '<img src=x onerror="window.hit=1">'


@pytest.fixture(scope="module")
def small(result):
    """The toy plan with two findings about one school, the graver of which decides."""
    frame = result.findings.frame.head(2).reset_index(drop=True)
    school = result.roster.schools["school_id"].iloc[0]
    frame = frame.assign(
        rule=["shell_candidate", "shell_irreplaceable"], school_id=school, text_zh=HOSTILE, text_en=HOSTILE
    )
    return replace(result, findings=replace(result.findings, frame=frame))


def test_a_school_without_a_substitute_is_to_be_kept_whatever_else_is_said(small):
    (row,) = closures.candidates(small, lang="en").to_dict("records")
    assert row["said"] == "keep"
    assert row["pupils"] >= 0


def test_the_card_shows_every_rule_with_its_clause_and_names_as_text(small):
    (row,) = closures.candidates(small, lang="en").to_dict("records")
    text = closures.card(small, row, None, "en")
    assert text.count("<li>") == 2
    assert text.count("Clause:") == 2
    assert "<img src=x" not in text
    assert "decides nothing" in text


def test_every_rule_that_is_weighed_exists():
    assert set(closures.ADVICE) <= set(RULES)


def test_every_lock_is_shown_with_its_state_and_the_gate_has_the_last_word(result, small):
    (row,) = closures.candidates(small, lang="en").to_dict("records")
    gate = closure_gate(result, row["school_id"], 2028)
    text = closures.card(small, row, gate, "en")
    assert text.count("lp-lock-") == len(gate.locks)
    assert label(f"ui.closures.gate_{gate.verdict}", "en") in text


def test_a_school_the_gate_does_not_take_says_so_instead_of_failing(small):
    (row,) = closures.candidates(small, lang="en").to_dict("records")
    fault = closures._gate(small, "nobody", 2028)
    assert isinstance(fault, ScenarioError)
    assert label("ui.closures.no_gate", "en") in closures.card(small, row, fault, "en")
    assert closures.gate_of(small, row, year=small.prepared.county.base_year, lang="en") is None
