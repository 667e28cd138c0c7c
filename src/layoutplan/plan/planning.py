"""One plan: what no scenario changes is prepared once, then every scenario runs on it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from layoutplan import __version__
from layoutplan.access.catchment import Cells, build_cells, draw_catchments
from layoutplan.access.network import Ints, Mode, Network, Snaps, build_network, snap_points
from layoutplan.access.travel import Travel, add_school, costs_to_point, measure_travel, nearest_open
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_STAGE
from layoutplan.norms import Norms
from layoutplan.plan.indicators import count_indicators
from layoutplan.plan.roster import apply_actions
from layoutplan.plan.scenario import OpenSchool, Scenario
from layoutplan.seats.assignment import Assignment, assign
from layoutplan.seats.demand import Demand, project_demand
from layoutplan.seats.diagnosis import Evidence, Findings, balance_seats, diagnose
from layoutplan.seats.rollforward import Enrolment, Ground, roll_forward
from layoutplan.seats.supply import Roster, Supply, count_supply, teaches

CELL_SPACING_M = 900.0


@dataclass(frozen=True, eq=False)
class Prepared:
    """Network and base travel of a county: the part that no scenario changes.

    Parameters
    ----------
    county, norms
        What it was made from.
    network : Network
        Roads.
    places : mapping
        Places snapped onto the network, by mode.
    schools : mapping
        Schools snapped onto the network, by mode.
    travel : mapping
        Places to schools, by mode.
    between : mapping
        Schools to schools, by mode.
    cells : mapping
        Tiling of the county whose cells are snapped by mode.
    cell_travel : mapping
        Cells to schools, by mode.
    outline : Polygon or MultiPolygon
        The townships together; a new school must stand inside.
    fingerprint : str
        Hash of the county's content, the norms and the program version.
    """

    county: County
    norms: Norms
    network: Network
    places: Mapping[Mode, Snaps]
    schools: Mapping[Mode, Snaps]
    travel: Mapping[Mode, Travel]
    between: Mapping[Mode, Travel]
    cells: Mapping[Mode, Cells]
    cell_travel: Mapping[Mode, Travel]
    outline: BaseGeometry
    fingerprint: str


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
        Places to the roster's schools, in the policy's mode.
    demand, supply, assignment, enrolment, findings
        Every step, in order.
    balance : DataFrame
        ``year, stage, township_id`` (key), ``demand`` [person], ``seats`` [seat], ``gap`` [seat].
    indicators : DataFrame
        ``indicator, year`` (key), ``value``, ``unit``.
    provenance : mapping
        Versions and fingerprints: ``layoutplan, county, norms, scenario, data_date, synthetic``.
    """

    prepared: Prepared
    scenario: Scenario
    roster: Roster
    travel: Travel
    demand: Demand
    supply: Supply
    assignment: Assignment
    enrolment: Enrolment
    findings: Findings
    balance: pd.DataFrame
    indicators: pd.DataFrame
    provenance: Mapping[str, str]


def prepare(
    county: County, norms: Norms, *, modes: Sequence[Mode] = ("walk",), say: Callable[[str], None] | None = None
) -> Prepared:
    """Build the network and measure the travel that no scenario changes.

    Parameters
    ----------
    county : County
        The county as read.
    norms : Norms
        Speeds and snapping limits.
    modes : sequence of {"walk", "drive"}
        How pupils may travel in the scenarios to come.
    say : callable, optional
        Told the name of each step (``network``, ``travel``, ``cells``) as it starts.

    Returns
    -------
    Prepared
        Everything :func:`run_plan` needs.

    Raises
    ------
    NetworkError
        The roads carry no network.
    """
    tell = say or _keep_quiet
    tell("network")
    network = build_network(county.roads, norms=norms)
    outline = shapely.union_all(county.townships.geometry.to_numpy())
    place_points = county.places.set_index("place_id").geometry
    school_points = county.schools.set_index("school_id").geometry
    places = {mode: snap_points(network, place_points, mode=mode, norms=norms) for mode in modes}
    schools = {mode: snap_points(network, school_points, mode=mode, norms=norms) for mode in modes}
    tell("travel")
    travel = {m: measure_travel(network, places[m], schools[m], mode=m, norms=norms) for m in modes}
    between = {m: measure_travel(network, schools[m], schools[m], mode=m, norms=norms) for m in modes}
    tell("cells")
    cells = {
        mode: build_cells(network, outline, anchors=place_points, spacing_m=CELL_SPACING_M, norms=norms, mode=mode)
        for mode in modes
    }
    cell_travel = {m: measure_travel(network, cells[m].snaps, schools[m], mode=m, norms=norms) for m in modes}
    key = "|".join((county.fingerprint, norms.fingerprint, __version__, ",".join(modes)))
    fingerprint = hashlib.sha256(key.encode()).hexdigest()[:16]
    return Prepared(county, norms, network, places, schools, travel, between, cells, cell_travel, outline, fingerprint)


def _keep_quiet(step: str) -> None:
    """Say nothing: nobody watches."""


def run_plan(prepared: Prepared, scenario: Scenario) -> PlanResult:
    """Work out one scenario.

    Parameters
    ----------
    prepared : Prepared
        Made by :func:`prepare` with the scenario's mode among its modes.
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
    county, norms, mode = prepared.county, prepared.norms, scenario.policy.mode
    years = range(county.base_year, scenario.last_year + 1)
    roster = apply_actions(scenario, county, norms)
    new_schools = _snapped_openings(prepared, scenario)
    travel = _with_openings(prepared.travel[mode], prepared.places[mode], prepared, new_schools, mode)
    between = _between(prepared, scenario, roster, new_schools)
    demand = project_demand(county, outlook=scenario.outlook, norms=norms, years=years)
    supply = count_supply(roster, norms=norms, years=years)
    assignment = assign(demand, travel, roster=roster)
    ground = Ground(roster, between, supply, norms)
    enrolment = roll_forward(county, assignment, ground, years=years)
    balance = balance_seats(county, demand.frame, supply.frame, roster)
    findings = diagnose(Evidence(county, norms, roster, travel, assignment, balance))
    indicators = count_indicators(enrolment, assignment, balance, findings, roster=roster, norms=norms)
    provenance = {
        "layoutplan": __version__,
        "county": county.fingerprint,
        "norms": norms.fingerprint,
        "scenario": scenario.fingerprint,
        "data_date": max(county.as_of.values(), default=""),
        "synthetic": str(county.synthetic).lower(),
    }
    return PlanResult(
        prepared,
        scenario,
        roster,
        travel,
        demand,
        supply,
        assignment,
        enrolment,
        findings,
        balance,
        indicators,
        provenance,
    )


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
    mode = result.scenario.policy.mode
    travel = cell_travel_of(result)
    school = cell_schools(travel, result.roster, stage=stage, year=year)
    return draw_catchments(result.prepared.cells[mode], school, travel.school_ids)


def cell_travel_of(result: PlanResult) -> Travel:
    """Return the ways from every cell to every school of the scenario."""
    prepared, mode = result.prepared, result.scenario.policy.mode
    openings = _snapped_openings(prepared, result.scenario)
    return _with_openings(prepared.cell_travel[mode], prepared.cells[mode].snaps, prepared, openings, mode)


def cell_schools(travel: Travel, roster: Roster, *, stage: str, year: int) -> Ints:
    """Return the index in ``travel.school_ids`` of each cell's nearest school, -1 where none (int64 [cell])."""
    pair = nearest_open(travel, teaches(roster, GRADES_OF_STAGE[stage][0], year))
    return np.append(travel.school, -1)[pair]


def _snapped_openings(prepared: Prepared, scenario: Scenario) -> Mapping[str, Snaps]:
    """Snap each new school onto the network."""
    return {
        action.school_id: snap_point(prepared, action.east_m, action.north_m, mode=scenario.policy.mode)
        for action in scenario.actions
        if isinstance(action, OpenSchool)
    }


def snap_point(prepared: Prepared, east_m: float, north_m: float, *, mode: Mode) -> Snaps:
    """Snap one point of the map onto the network."""
    # A plain series: making a GeoSeries would take longer than the search itself.
    points = pd.Series([shapely.Point(east_m, north_m)], index=["site"], dtype=object)
    return snap_points(prepared.network, points, mode=mode, norms=prepared.norms)


def _with_openings(
    travel: Travel, origins: Snaps, prepared: Prepared, openings: Mapping[str, Snaps], mode: Mode
) -> Travel:
    for school_id, site in openings.items():
        cost, length_mm = costs_to_point(prepared.network, origins, site, mode=mode)
        travel = add_school(travel, school_id, cost, length_mm, norms=prepared.norms)
    return travel


def _between(prepared: Prepared, scenario: Scenario, roster: Roster, openings: Mapping[str, Snaps]) -> Travel:
    """Return the ways between all schools of a scenario.

    A new school is a goal for pupils of others; as a start it only matters if it is closed again,
    and then all ways are measured anew.
    """
    mode = scenario.policy.mode
    if not openings:
        return prepared.between[mode]
    points = roster.schools.set_index("school_id").geometry
    snaps = snap_points(prepared.network, points, mode=mode, norms=prepared.norms)
    return measure_travel(prepared.network, snaps, snaps, mode=mode, norms=prepared.norms)
