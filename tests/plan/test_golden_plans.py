"""Whole plans of the sample county against what they were: every figure a planner reads, by table and column.

A scenario under ``tests/golden/plans`` has a text beside it; ``LAYOUTPLAN_NEW_GOLDEN=1`` writes them anew, and the
difference is to be read before it is committed. What the figures must be is held by the tests that work them out by
hand; these tests notice that one has changed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from goldens import GOLDEN, hold
from told import tell

from layoutplan.county.layers import county_norms, read_county
from layoutplan.plan.change import find_changes
from layoutplan.plan.closure import closure_gate
from layoutplan.plan.elimination import elimination_path
from layoutplan.plan.feeding import feeder_in
from layoutplan.plan.ladder import small_school_ladder
from layoutplan.plan.ledger import open_ledger
from layoutplan.plan.located import locate_problems
from layoutplan.plan.planning import PlanResult, catchments_of, plan_rules, prepare, run_plan
from layoutplan.plan.scenario import load_scenario
from layoutplan.plan.seatlab import open_seat_lab, try_seats
from layoutplan.plan.shifts import shift_pupils
from layoutplan.plan.siting import open_lab, try_at
from layoutplan.plan.uncertainty import weigh_alternatives
from layoutplan.seats.backtest import backtest_file
from layoutplan.seats.explain import explain

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "gis"
SCENARIOS = [path.stem for path in sorted(GOLDEN.glob("*.toml"))]
# Words may be put better; what they say is in the other columns.
WORDS = ("text_zh", "text_en", "recommendation_zh", "recommendation_en")


@cache
def prepared():
    return prepare(read_county(SAMPLE), county_norms(SAMPLE), modes=("drive", "walk"))


@cache
def plan(name: str) -> PlanResult:
    return run_plan(prepared(), load_scenario(GOLDEN / f"{name}.toml"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_plan_is_what_it_was(name):
    result = plan(name)
    lines = [
        f"{row.indicator} {row.year} = {row.value:.6g} {row.unit}"
        for row in result.indicators[result.indicators["year"].isin([2022, 2024, 2030])].itertuples()
    ]
    for table, frame in {
        "indicators": result.indicators, "demand": result.demand.frame, "supply": result.supply.frame,
        "flows": result.assignment.flows, "unplaced": result.assignment.unplaced, "prices": result.assignment.prices,
        "enrolment": result.enrolment.frame, "balance": result.balance,
        "findings": result.findings.frame.drop(columns=list(WORDS)),
    }.items():  # fmt: skip
        lines += tell(table, frame)
    for stage in ("primary", "junior"):
        lines += tell(f"catchments.{stage}", catchments_of(result, stage=stage, year=2026))
    hold(name, lines)


def test_what_is_told_of_schools_and_places_is_what_it_was():
    base, changed = plan("base"), plan("actions")
    lines = [*tell("ledger", open_ledger(changed, year=2026)), *tell("feeder", feeder_in(base, 2024))]
    lines += tell("elimination", elimination_path(base))
    lines += tell("problems", locate_problems(prepared()).drop(columns=["zh", "en"], errors="ignore"))
    small = sorted(base.findings.frame.query("rule == 'shell_candidate'")["school_id"])
    for school_id in (small[0], small[-1], "2164220011"):
        lines += tell(f"gate {school_id}", closure_gate(base, school_id, 2024))
        lines += tell(f"ladder {school_id}", small_school_ladder(base, school_id, 2024))
    for name in ("base", "seats", "zones"):
        rules = plan_rules(plan(name), year=2026)
        for place_id, grade in (("640422100003", 1), ("640422100801", 7), ("640422200218", 5)):
            lines += tell(
                f"why {name} {place_id}", explain(plan(name).assignment, rules, place_id, year=2026, grade=grade)
            )
    hold("cards", lines)


def test_how_well_the_forecast_would_have_done_is_what_it_was():
    hold("backtest", list(tell("backtest", backtest_file(SAMPLE))))


def test_what_a_site_changes_is_what_it_was():
    base, changed = plan("base"), plan("actions")
    lines = []
    for stage, rooms in (("primary", 12), ("junior", 6)):
        lab = open_lab(base, stage=stage, year=2026)
        seats = open_seat_lab(plan("drive"), stage=stage, year=2026, rooms=rooms)
        for number, (east, north) in enumerate([(564_500.0, 3_982_500.0), (577_500.0, 3_990_000.0), (1.0, 1.0)]):
            lines += tell(f"site {stage} {number}", try_at(lab, east, north, rooms=rooms))
            lines += tell(f"seats {stage} {number}", try_seats(seats, east, north))
    lines += tell("shifts", shift_pupils(base, changed, years=(2024, 2030)))
    lines += tell("changes", find_changes(base, changed))
    lines += tell("draws", weigh_alternatives([base, plan("bus")]))
    hold("sites", lines)
