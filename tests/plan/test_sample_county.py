"""The sample county from its files to its findings: what was planted is found, and nothing else."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from layoutplan.county.layers import county_norms, read_county
from layoutplan.plan.closure import closure_gate
from layoutplan.plan.planning import catchments_of, prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.diagnosis import RULES

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "gis"
PLANTED = tomllib.loads((SAMPLE / "planted.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def result():
    return run_plan(prepare(read_county(SAMPLE), county_norms(SAMPLE)), Scenario(name="base"))


@pytest.mark.parametrize("rule", sorted(set(PLANTED["subjects"]) & set(RULES)))
def test_every_planted_problem_is_found_and_nothing_else(result, rule):
    found = defaultdict(set)
    for row in result.findings.frame.to_dict("records"):
        found[row["rule"]].add(row["subject"])
    assert found[rule] == set(PLANTED["subjects"][rule])
    assert found[rule], "a rule nothing was planted for cannot be tested"


def test_seat_gaps_begin_in_the_year_they_were_planted_for(result):
    gaps = result.findings.frame.query("rule == 'seat_gap'")
    assert dict(zip(gaps["subject"], gaps["year"], strict=True)) == PLANTED["first_year"]


def test_pupils_are_conserved(result):
    placed, left = result.assignment.flows, result.assignment.unplaced
    for year, demand in result.demand.frame.groupby("year")["pupils"].sum().items():
        total = placed.loc[placed["year"] == year, "pupils"].sum() + left.loc[left["year"] == year, "pupils"].sum()
        assert total == pytest.approx(demand, abs=1e-6)


@pytest.mark.parametrize("stage", ["primary", "junior"])
def test_catchments_tile_the_county_without_overlap(result, stage):
    catchments = catchments_of(result, stage=stage, year=2022)
    county_km2 = result.prepared.outline.area / 1e6
    assert catchments["area_km2"].sum() == pytest.approx(county_km2, rel=1e-6)
    assert catchments.union_all().area / 1e6 == pytest.approx(county_km2, rel=1e-6)


def test_the_network_has_the_size_of_a_county_s(result):
    assert len(result.prepared.network.node_east_m) >= 20_000


def test_trap_1_a_large_class_in_a_grade_of_mean_41_is_found(result):
    classes = result.prepared.county.classes
    grade = classes[(classes["school_id"] == "3164220001") & (classes["grade"] == 3)]
    assert grade["pupils"].mean() == 41.0
    found = result.findings.frame.query("rule == 'class_large'")
    assert "3164220001/3/4" in set(found["subject"])


@pytest.mark.parametrize("reason", sorted(PLANTED["innocent"]))
def test_schools_that_only_look_at_fault_are_left_alone(result, reason):
    """A nine-year school of 2,300, a shell beside a site that opens, schools small in one year only."""
    frame = result.findings.frame
    blamed = set(frame.loc[frame["rule"].isin(["school_over_size", "shell_candidate", "school_vacant"]), "school_id"])
    assert not blamed & set(PLANTED["innocent"][reason])


def test_the_gate_keeps_a_tiny_school_without_a_substitute_and_one_beside_a_new_site(result):
    alone, growing = closure_gate(result, "2164220050", 2025), closure_gate(result, "2164220166", 2025)
    assert alone.verdict == growing.verdict == "keep"
    locks = alone.locks.set_index("lock")["passed"]
    assert locks[["few_pupils", "no_recovery"]].all()
    assert not locks["replaceable"]
    assert not growing.locks.set_index("lock")["passed"][["no_recovery", "no_growth_site"]].any()
