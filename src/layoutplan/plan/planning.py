"""One plan: what no scenario changes is prepared once, then every scenario runs on it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from layoutplan import __version__
from layoutplan.access.catchment import Cells, build_cells, draw_catchments, snap_cells
from layoutplan.access.engine import is_warm, warm_up
from layoutplan.access.hills import add_hills
from layoutplan.access.network import Ints, Mode, Network, Snaps, build_network, snap_points
from layoutplan.access.origins import find_origins
from layoutplan.access.roadcheck import RoadReport, Stops, report_roads
from layoutplan.access.seasons import Season, set_season
from layoutplan.access.travel import Travel, add_school, costs_to_point, measure_travel, nearest_open
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_STAGE, GROUP_OF_GRADE
from layoutplan.norms import Norms
from layoutplan.plan.indicators import count_indicators, with_limits
from layoutplan.plan.roster import apply_actions, with_moves
from layoutplan.plan.scenario import OpenSchool, Scenario
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.demand import Demand, project_demand
from layoutplan.seats.diagnosis import Evidence, Facts, Findings, balance_seats, diagnose, standing_findings
from layoutplan.seats.policies import assign_by_policy
from layoutplan.seats.rollforward import Enrolment, Ground, roll_forward
from layoutplan.seats.rules import Terms
from layoutplan.seats.settings import Policy
from layoutplan.seats.supply import Roster, Supply, base_roster, count_supply, teaches
from layoutplan.seats.ways import Ways, mode_of, modes_of, ways_by

CELL_SPACING_M = 900.0


@dataclass(frozen=True, eq=False)
class Prepared:
    """Network and base travel of a county: the part that no scenario changes.

    Parameters
    ----------
    county, norms
        What it was made from.
    network : Network
        Roads in the season.
    season : {"dry", "rain", "snow"}
        Weather the ways are measured for.
    dry : Network
        Roads in the dry season, hills included: what other seasons are made from.
    places : mapping
        Places snapped onto the network, by mode.
    schools : mapping
        Schools snapped onto the network, by mode.
    travel : mapping
        Places to schools, by mode.
    between : mapping
        Schools to schools, by mode.
    cells : mapping
        One tiling of the county, its cells snapped by mode.
    cell_travel : mapping
        Cells to schools, by mode.
    outline : Polygon or MultiPolygon
        The townships together; a new school must stand inside.
    fingerprint : str
        Hash of the county's content, the norms and the program version.
    roads : RoadReport
        What was joined, who lives on which piece, who is far from any road, and where places travel from.
    facts : Facts
        What the checks know of the base year.
    standing : Findings
        What they find in it whatever the scenario.
    """

    county: County
    norms: Norms
    network: Network
    season: Season
    dry: Network
    places: Mapping[Mode, Snaps]
    schools: Mapping[Mode, Snaps]
    travel: Mapping[Mode, Travel]
    between: Mapping[Mode, Travel]
    cells: Mapping[Mode, Cells]
    cell_travel: Mapping[Mode, Travel]
    outline: BaseGeometry
    roads: RoadReport
    fingerprint: str
    facts: Facts
    standing: Findings


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
        Places to the roster's schools, in the policy's mode, with the minutes of grades 1-3.
    ways : Ways
        The same as each group of grades travels.
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
    ways: Ways
    demand: Demand
    supply: Supply
    assignment: Assignment
    enrolment: Enrolment
    findings: Findings
    balance: pd.DataFrame
    indicators: pd.DataFrame
    provenance: Mapping[str, str]


def prepare(
    county: County,
    norms: Norms,
    *,
    modes: Sequence[Mode] = ("walk",),
    season: Season = "dry",
    say: Callable[[str], None] | None = None,
) -> Prepared:
    """Build the network and measure the travel that no scenario changes.

    Parameters
    ----------
    county : County
        The county as read; its elevation raster, if there is one, makes walking uphill dearer.
    norms : Norms
        Speeds, factors of the seasons and snapping limits.
    modes : sequence of {"walk", "drive"}
        How pupils may travel in the scenarios to come.
    season : {"dry", "rain", "snow"}, optional
        Weather the ways are measured for.
    say : callable, optional
        Told the name of each step (``network``, ``travel``, ``cells``) as it starts; the first time
        on a machine also ``compile``, which takes seconds.

    Returns
    -------
    Prepared
        Everything :func:`run_plan` needs.

    Raises
    ------
    NetworkError
        The roads carry no network.
    """
    (say or _keep_quiet)("network")
    dry = build_network(county.roads, norms=norms, node_crossings=county.node_crossings)
    if "dem" in county.rasters:
        dry = add_hills(dry, county.rasters["dem"])
    if not is_warm():
        (say or _keep_quiet)("compile")
        warm_up(first=True)
    return _measured(county, norms, dry, modes=modes, season=season, say=say or _keep_quiet)


def _measured(
    county: County, norms: Norms, dry: Network, *, modes: Sequence[Mode], season: Season, say: Callable[[str], None]
) -> Prepared:
    network = set_season(dry, county.roads, season=season, norms=norms)
    outline = shapely.union_all(county.townships.geometry.to_numpy())
    origins = find_origins(county.places, county.rasters.get("population"))
    place_points = origins.points
    school_points = county.schools.set_index("school_id").geometry
    places = {mode: snap_points(network, place_points, mode=mode, norms=norms) for mode in modes}
    schools = {mode: snap_points(network, school_points, mode=mode, norms=norms) for mode in modes}
    say("travel")
    travel = {m: measure_travel(network, places[m], schools[m], mode=m, norms=norms) for m in modes}
    between = {m: measure_travel(network, schools[m], schools[m], mode=m, norms=norms) for m in modes}
    say("cells")
    # One tiling for all modes, by the roads of walkers where they are asked for.
    first = max(modes)
    tiles = build_cells(network, outline, anchors=place_points, spacing_m=CELL_SPACING_M, norms=norms, mode=first)
    cells = {m: tiles if m == first else snap_cells(network, tiles, mode=m, norms=norms) for m in modes}
    cell_travel = {m: measure_travel(network, cells[m].snaps, schools[m], mode=m, norms=norms) for m in modes}
    key = "|".join((county.fingerprint, norms.fingerprint, __version__, ",".join(modes), season))
    fingerprint = hashlib.sha256(key.encode()).hexdigest()[:16]
    roads = report_roads(county, network, Stops(origins, places, schools), norms=norms)
    facts = Facts(county, norms, base_roster(county, norms))
    return Prepared(
        county,
        norms,
        network,
        season,
        dry,
        places,
        schools,
        travel,
        between,
        cells,
        cell_travel,
        outline,
        roads,
        fingerprint,
        facts,
        standing_findings(facts),
    )


def prepare_for(prepared: Prepared, policy: Policy) -> Prepared:
    """Return what is prepared for a policy's season and modes; measured anew only where they are not there.

    Another season weighs the same roads anew: nodes keep their order.

    Parameters
    ----------
    prepared : Prepared
        Made by :func:`prepare`; stays as it is.
    policy : Policy
        Season and modes.
    """
    modes = modes_of(policy)
    if policy.season == prepared.season and set(modes) <= set(prepared.travel):
        return prepared
    others = _OTHERS.setdefault(prepared, {})
    key = policy.season, modes
    if key not in others:
        others[key] = _measured(
            prepared.county, prepared.norms, prepared.dry, modes=modes, season=policy.season, say=_keep_quiet
        )
    return others[key]


# Only remembers what prepare_for would measure again; goes when what it was made from goes.
_OTHERS: WeakKeyDictionary[Prepared, dict[tuple[Season, tuple[Mode, ...]], Prepared]] = WeakKeyDictionary()


def _keep_quiet(step: str) -> None:
    """Say nothing: nobody watches."""


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
    prepared = prepare_for(prepared, scenario.policy)
    county, norms, policy = prepared.county, prepared.norms, scenario.policy
    years = range(county.base_year, scenario.last_year + 1)
    roster = apply_actions(scenario, county, norms)
    openings = _snapped_openings(prepared, scenario)
    travel = _with_openings(prepared, openings, policy)
    ways = ways_by(policy, travel, norms=norms)
    between = ways_by(policy, _between(prepared, policy, roster, openings), norms=norms)
    demand = project_demand(with_moves(county, scenario), outlook=scenario.outlook, norms=norms, years=years)
    supply = count_supply(roster, norms=norms, years=years)
    assignment = assign_by_policy(demand, ways, roster=roster, terms=Terms(policy, county, supply, norms))
    ground = Ground(roster, between, supply, norms, policy)
    enrolment = roll_forward(county, assignment, ground, years=years)
    balance = balance_seats(county, demand.frame, supply.frame, roster)
    evidence = Evidence(prepared.facts, policy, roster, ways, assignment, balance, demand, supply, enrolment)
    findings = diagnose(evidence, standing=prepared.standing)
    counted = count_indicators(enrolment, assignment, balance, findings, roster=roster, norms=norms)
    indicators = with_limits(counted, assignment, policy=policy, norms=norms)
    provenance = {
        "layoutplan": __version__,
        "county": county.fingerprint,
        "norms": norms.fingerprint,
        "scenario": scenario.fingerprint,
        "data_date": max(county.as_of.values(), default=""),
        "synthetic": str(county.synthetic).lower(),
    }
    return PlanResult(
        prepared, scenario, roster, travel[policy.mode], ways, demand, supply, assignment, enrolment,
        findings, balance, indicators, provenance,
    )  # fmt: skip


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
    mode = entry_mode(result, stage)
    travel = cell_travel_of(result, mode)
    school = cell_schools(travel, result.roster, stage=stage, year=year)
    return draw_catchments(result.prepared.cells[mode], school, travel.school_ids)


def entry_mode(result: PlanResult, stage: str) -> Mode:
    """Return how the entry grade of a stage travels."""
    return mode_of(result.scenario.policy, GROUP_OF_GRADE[GRADES_OF_STAGE[stage][0]])


def cell_travel_of(result: PlanResult, mode: Mode) -> Travel:
    """Return the ways from every cell to every school of the scenario."""
    prepared = result.prepared
    openings = _snapped_openings(prepared, result.scenario)
    return _with_schools(prepared.cell_travel[mode], prepared.cells[mode].snaps, prepared, openings[mode])


def cell_schools(travel: Travel, roster: Roster, *, stage: str, year: int) -> Ints:
    """Return the index in ``travel.school_ids`` of each cell's nearest school, -1 where none (int64 [cell])."""
    pair = nearest_open(travel, teaches(roster, GRADES_OF_STAGE[stage][0], year))
    return np.append(travel.school, -1)[pair]


def _snapped_openings(prepared: Prepared, scenario: Scenario) -> Mapping[Mode, Mapping[str, Snaps]]:
    """Snap each new school onto the network, in every mode that was prepared."""
    openings = [action for action in scenario.actions if isinstance(action, OpenSchool)]
    return {
        mode: {new.school_id: snap_point(prepared, new.east_m, new.north_m, mode=mode) for new in openings}
        for mode in prepared.travel
    }


def snap_point(prepared: Prepared, east_m: float, north_m: float, *, mode: Mode) -> Snaps:
    """Snap one point of the map onto the network."""
    # A plain series: making a GeoSeries would take longer than the search itself.
    points = pd.Series([shapely.Point(east_m, north_m)], index=["site"], dtype=object)
    return snap_points(prepared.network, points, mode=mode, norms=prepared.norms)


def _with_openings(
    prepared: Prepared, openings: Mapping[Mode, Mapping[str, Snaps]], policy: Policy
) -> Mapping[Mode, Travel]:
    return {
        mode: _with_schools(prepared.travel[mode], prepared.places[mode], prepared, openings[mode])
        for mode in modes_of(policy)
    }


def _with_schools(travel: Travel, origins: Snaps, prepared: Prepared, schools: Mapping[str, Snaps]) -> Travel:
    for school_id, site in schools.items():
        cost, length_mm = costs_to_point(prepared.network, origins, site, mode=travel.mode)
        travel = add_school(travel, school_id, cost, length_mm, norms=prepared.norms)
    return travel


def _between(
    prepared: Prepared, policy: Policy, roster: Roster, openings: Mapping[Mode, Mapping[str, Snaps]]
) -> Mapping[Mode, Travel]:
    """Return the ways between all schools of a scenario.

    A new school is a goal for pupils of others; as a start it only matters if it is closed again,
    and then all ways are measured anew.
    """
    if not openings[policy.mode]:
        return prepared.between
    points = roster.schools.set_index("school_id").geometry
    network, norms, between = prepared.network, prepared.norms, {}
    for mode in modes_of(policy):
        snaps = snap_points(network, points, mode=mode, norms=norms)
        between[mode] = measure_travel(network, snaps, snaps, mode=mode, norms=norms)
    return between
