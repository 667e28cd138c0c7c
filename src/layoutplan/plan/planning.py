"""One plan, from demand to findings: the only place where the steps are put one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import geopandas as gpd
import numpy as np
import pandas as pd

from layoutplan import __version__
from layoutplan.access.catchment import draw_catchments
from layoutplan.access.neighbours import find_neighbours
from layoutplan.access.network import Ints, Mode, join_snaps
from layoutplan.access.travel import Travel, nearest_open
from layoutplan.county.tables import GRADES_OF_STAGE, GROUP_OF_GRADE
from layoutplan.plan.indicators import count_indicators
from layoutplan.plan.measuring import demand_of, snap_point
from layoutplan.plan.openings import snap_openings, with_schools
from layoutplan.plan.periods import Periods, modes_besides, periods_of, ways_in_periods
from layoutplan.plan.preparing import Prepared, prepare, prepare_for
from layoutplan.plan.roster import apply_actions
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.demand import Demand
from layoutplan.seats.diagnosis import Evidence, Findings, diagnose
from layoutplan.seats.policies import assign_by_policy
from layoutplan.seats.rollforward import Enrolment, Ground, roll_forward
from layoutplan.seats.roster import Roster, teaches
from layoutplan.seats.rules import Rules, Terms, read_rules
from layoutplan.seats.supply import Supply, count_supply
from layoutplan.seats.townships import balance_seats
from layoutplan.seats.ways import Ways, mode_of

# Whoever plans finds the values of both halves here.
__all__ = [
    "PlanResult",
    "Prepared",
    "catchments_of",
    "cell_schools",
    "cell_travel_of",
    "count_plan",
    "demand_of",
    "entry_mode",
    "plan_rules",
    "prepare",
    "prepare_for",
    "run_plan",
    "snap_point",
    "terms_for",
]


@dataclass(frozen=True, eq=False)
class PlanResult:
    """One scenario worked out.

    Parameters
    ----------
    prepared, scenario
        What it was made from.
    roster : Roster
        Schools of the scenario.
    travel : Travel
        Places to the roster's schools, in the policy's mode, with the minutes of grades 1-3, as in the base year.
    ways : Ways
        The same as each group of grades travels, in every year.
    demand, supply, assignment, enrolment, findings
        Every step, in order.
    balance : DataFrame
        ``year, stage, township_id`` (key), ``demand`` [person], ``seats`` [seat], ``gap`` [seat].
    indicators : DataFrame
        ``indicator, year`` (key), ``value``, ``unit``.
    provenance : mapping
        Versions and fingerprints: ``layoutplan, county, norms, scenario, data_date, synthetic``.
    periods : Periods
        Networks and ways by year, where roads are built.
    """

    prepared: Prepared
    scenario: Scenario
    roster: Roster
    travel: Travel
    ways: Ways
    demand: Demand
    supply: Supply
    assignment: Assignment
    enrolment: Enrolment
    findings: Findings
    balance: pd.DataFrame
    indicators: pd.DataFrame
    provenance: Mapping[str, str]
    periods: Periods

    def ground(self, year: int) -> Prepared:
        """Return network and ways of a year, with the roads that are built by then."""
        return self.periods.in_year(year)


def run_plan(prepared: Prepared, scenario: Scenario) -> PlanResult:
    """Work out one scenario.

    Parameters
    ----------
    prepared : Prepared
        Made by :func:`prepare`; modes and season it lacks are measured now, once.
    scenario : Scenario
        Outlook, policy and actions.

    Returns
    -------
    PlanResult
        Every step from demand to findings, for every year from the base year to the last.

    Raises
    ------
    ScenarioError
        The scenario does not fit the county.
    DataError
        Dated households do not fit the places they come from.
    """
    prepared, travel, periods, evidence = _worked_out(prepared, scenario)
    county, norms = prepared.county, prepared.norms
    findings = diagnose(evidence, standing=prepared.standing)
    indicators = count_indicators(evidence, prepared.standing)
    provenance = {
        "layoutplan": __version__,
        "county": county.fingerprint,
        "norms": norms.fingerprint,
        "scenario": scenario.fingerprint,
        "data_date": max(county.as_of.values(), default=""),
        "synthetic": str(county.synthetic).lower(),
    }
    return PlanResult(
        prepared, scenario, evidence.roster, travel, evidence.ways, evidence.demand, evidence.supply,
        evidence.assignment, evidence.enrolment, findings, evidence.balance, indicators, provenance, periods,
    )  # fmt: skip


def count_plan(prepared: Prepared, scenario: Scenario) -> pd.DataFrame:
    """Return the indicators of :func:`run_plan` and nothing else: ranges and findings, half of its time, are left out.

    Parameters
    ----------
    prepared : Prepared
        Made by :func:`prepare`.
    scenario : Scenario
        Outlook, policy and actions.

    Returns
    -------
    DataFrame
        ``indicator, year`` (key, sorted), ``value``, ``unit``; the same to the last bit.

    Raises
    ------
    ScenarioError, DataError
        As :func:`run_plan`.
    """
    prepared, _, _, evidence = _worked_out(prepared, scenario, ranges=False)
    return count_indicators(evidence, prepared.standing)


def _worked_out(
    prepared: Prepared, scenario: Scenario, *, ranges: bool = True
) -> tuple[Prepared, Travel, Periods, Evidence]:
    """Return every step of a plan up to what the checks look at."""
    prepared = prepare_for(prepared, scenario.policy, also=modes_besides(scenario))
    county, norms, policy = prepared.county, prepared.norms, scenario.policy
    years = range(county.base_year, scenario.last_year + 1)
    roster = apply_actions(scenario, county, norms)
    periods = periods_of(prepared, scenario)
    travel, ways, between = ways_in_periods(periods, scenario, norms=norms)
    demand = demand_of(prepared, scenario, years)
    supply = count_supply(roster, norms=norms, years=years)
    assignment = assign_by_policy(demand, ways, roster=roster, terms=terms_for(prepared, scenario, supply))
    ground = Ground(roster, between, supply, norms, policy)
    enrolment = roll_forward(county, assignment, ground, years=years, ranges=ranges)
    balance = balance_seats(county, demand, supply, roster)
    evidence = Evidence(prepared.facts, policy, roster, ways, assignment, balance, demand, supply, enrolment)
    return prepared, travel, periods, evidence


def terms_for(prepared: Prepared, scenario: Scenario, supply: Supply) -> Terms:
    """Return what a scenario's policy asks, with the neighbours of places where it looks at them."""
    policy, neighbours = scenario.policy, None
    if policy.contiguous or policy.together_within_m is not None:
        prepared = prepare_for(prepared, policy)
        new = snap_openings(prepared, scenario)[policy.mode]
        sites = (replace(site, ids=(school_id,)) for school_id, site in new.items())
        schools = join_snaps(prepared.schools[policy.mode], *sites)
        neighbours = find_neighbours(prepared.network, prepared.places[policy.mode], schools, mode=policy.mode)
    return Terms(policy, prepared.county, supply, prepared.norms, neighbours)


def plan_rules(result: PlanResult, *, year: int) -> Rules:
    """Return the rule of admission of a plan, read against its places and schools, with the ways of a year."""
    prepared, scenario = result.prepared, result.scenario
    years = list(range(prepared.county.base_year, scenario.last_year + 1))
    terms = terms_for(prepared, scenario, result.supply)
    return replace(read_rules(result.ways, result.roster, terms, years=years), ways=result.ways.in_year(year))


def catchments_of(result: PlanResult, *, stage: str, year: int) -> gpd.GeoDataFrame:
    """Return the ground nearest to each open school of a stage, tiling the county.

    Parameters
    ----------
    result : PlanResult
        Scenario worked out.
    stage : {"primary", "junior"}
        The entry grade of the stage decides.
    year : int
        Year of the plan.

    Returns
    -------
    GeoDataFrame
        ``school_id`` (missing where no school can be reached), ``area_km2``, ``geometry``.
    """
    known = _CATCHMENTS.setdefault(result, {})
    if (stage, year) not in known:
        mode = entry_mode(result, stage)
        travel = cell_travel_of(result, mode, year=year)
        school = cell_schools(travel, result.roster, stage=stage, year=year)
        known[stage, year] = draw_catchments(result.ground(year).cells[mode], school, travel.school_ids)
    return known[stage, year].copy()


# What sheets, layers and documents of one plan share; goes when the plan goes.
_CATCHMENTS: WeakKeyDictionary[PlanResult, dict[tuple[str, int], gpd.GeoDataFrame]] = WeakKeyDictionary()
_CELL_TRAVEL: WeakKeyDictionary[PlanResult, dict[tuple[Mode, Prepared], Travel]] = WeakKeyDictionary()


def entry_mode(result: PlanResult, stage: str) -> Mode:
    """Return how the entry grade of a stage travels."""
    return mode_of(result.scenario.policy, GROUP_OF_GRADE[GRADES_OF_STAGE[stage][0]])


def cell_travel_of(result: PlanResult, mode: Mode, *, year: int) -> Travel:
    """Return the ways from every cell to every school of the scenario in a year."""
    prepared, known = result.ground(year), _CELL_TRAVEL.setdefault(result, {})
    if (mode, prepared) not in known:
        openings = snap_openings(prepared, result.scenario)
        snaps = prepared.cells[mode].snaps
        known[mode, prepared] = with_schools(prepared.cell_travel[mode], snaps, prepared, openings[mode])
    return known[mode, prepared]


def cell_schools(travel: Travel, roster: Roster, *, stage: str, year: int) -> Ints:
    """Return the index in ``travel.school_ids`` of each cell's nearest school, -1 where none (int64 [cell])."""
    pair = nearest_open(travel, teaches(roster, GRADES_OF_STAGE[stage][0], year))
    return np.append(travel.school, -1)[pair]
