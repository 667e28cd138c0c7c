"""The sample county from its files to its findings: what was planted is found, and nothing else."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from layoutplan.county.layers import county_norms, read_county
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
