"""A real city from its OpenStreetMap extract to flows; skipped where the shared data are not there."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import network_oracle as oracle
import numpy as np
import porto_alegre
import pytest
import scipy.sparse as sp
from network_oracle import NORMS
from scipy.optimize import linprog

from layoutplan.access.network import MODES, Snaps, build_network, snap_points
from layoutplan.access.travel import costs_to_point, measure_travel
from layoutplan.county.layers import read_county
from layoutplan.county.tables import GRADES_OF_STAGE
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.settings import Policy

SOURCE = porto_alegre.find_source()
pytestmark = pytest.mark.skipif(SOURCE is None, reason="the shared data of Porto Alegre are not there")
HOMES, SCHOOLS_OF_EACH = 20, 10


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    folder = tmp_path_factory.mktemp("poa") / "county"
    porto_alegre.write_county(folder, SOURCE)
    return read_county(folder)


@pytest.fixture(scope="module")
def network(county):
    return build_network(county.roads, norms=NORMS)


def snapped(network, frame: gpd.GeoDataFrame, key: str, mode) -> Snaps:
    return snap_points(network, frame.set_index(key).geometry, mode=mode, norms=NORMS)


def joined(left: Snaps, right: Snaps) -> Snaps:
    arrays = (np.concatenate([getattr(left, name), getattr(right, name)]) for name in ("edge", "offset_mm", "gap_mm"))
    return Snaps(left.ids + right.ids, *arrays)


@pytest.mark.parametrize("mode", MODES)
def test_distances_of_200_sampled_pairs_equal_an_independent_engine(county, network, mode):
    homes = snapped(network, county.places, "place_id", mode)
    schools = snapped(network, county.schools, "school_id", mode)
    travel = measure_travel(network, homes, schools, mode=mode, norms=NORMS)
    random = np.random.default_rng(2024)
    origins = random.choice(len(homes.ids), HOMES, replace=False).tolist()
    expected = oracle.costs_by_networkx(network, joined(homes, schools), mode, origins=origins)
    compared = 0
    for origin in origins:
        pairs = slice(travel.start[origin], travel.start[origin + 1])
        found = dict(zip(travel.school[pairs].tolist(), travel.cost[pairs].tolist(), strict=True))
        for school in random.choice(len(schools.ids), SCHOOLS_OF_EACH, replace=False).tolist():
            assert found.get(school) == expected.get((origin, len(homes.ids) + school)), (origin, school)
            compared += 1
    assert compared == 200


@pytest.mark.parametrize("mode", MODES)
def test_one_school_measured_alone_equals_its_column(county, network, mode):
    homes = snapped(network, county.places, "place_id", mode)
    school = snapped(network, county.schools.iloc[[7]], "school_id", mode)
    cost, length = costs_to_point(network, homes, school, mode=mode)
    travel = measure_travel(network, homes, school, mode=mode, norms=NORMS)
    reached = np.diff(travel.start) == 1
    assert (cost[reached] == travel.cost).all()
    assert (length[reached] == travel.length_mm).all()
    assert (cost[~reached] == np.iinfo(np.int64).max).all()


def test_nearly_everyone_lives_on_one_piece_of_network(county, network):
    assert network.report["nodes_apart_walk"] < 0.02 * network.report["nodes"]
    homes = snapped(network, county.places, "place_id", "walk")
    travel = measure_travel(
        network, homes, snapped(network, county.schools, "school_id", "walk"), mode="walk", norms=NORMS
    )
    assert len(travel.unreached) < 0.02 * len(homes.ids)
    assert set(travel.unreached.values()) <= {"island", "off_network"}


def nearest_minutes(prepared) -> np.ndarray:
    """Return the minutes from every place to its nearest school, NaN where there is none."""
    travel = prepared.travel["walk"]
    has = np.diff(travel.start) > 0
    minutes = np.full(len(has), np.nan)
    minutes[has] = travel.minutes[travel.start[:-1][has]]
    return minutes


def test_the_elevation_raster_lengthens_walks_by_what_the_example_says(county, tmp_path):
    porto_alegre.write_county(tmp_path / "county", SOURCE, hills=True)
    flat, hilly = (prepare(which, NORMS) for which in (county, read_county(tmp_path / "county")))
    before, after = nearest_minutes(flat), nearest_minutes(hilly)
    assert np.array_equal(np.isnan(before), np.isnan(after))
    before, after = before[~np.isnan(before)], after[~np.isnan(after)]
    assert len(before) == 1112
    # Nobody's worse way is quicker than on the flat: what is gained down is lost up.
    assert (after >= before).all()
    assert [before.mean(), after.mean()] == pytest.approx([10.16, 11.50], abs=0.01)
    assert np.median(after / before) == pytest.approx(1.063, abs=0.001)
    assert (after >= 1.1 * before).sum() == 418
    assert (after / before).max() == pytest.approx(1.846, abs=0.001)
    assert (after - before).max() == pytest.approx(13.1, abs=0.05)
    scenario = Scenario(name="base", last_year=porto_alegre.BASE_YEAR)
    over = [
        run_plan(which, scenario).findings.frame.query("rule == 'place_over_limit'")["place_id"]
        for which in (flat, hilly)
    ]
    assert [len(places) for places in over] == [25, 61]
    assert set(over[0]) < set(over[1])


def least_minutes(result, stage, year):
    """Return the least person-minutes of a stage within its seats, all ways given to scipy at once."""
    grades = GRADES_OF_STAGE[stage]
    travel = result.ways.of(grades[0])
    demand = result.demand.frame.query("year == @year and grade in @grades")
    pupils = demand.groupby("place_id")["pupils"].sum().reindex(travel.place_ids).to_numpy(float)
    supply = result.supply.frame.query("year == @year and stage == @stage").set_index("school_id")["seats"]
    seats = supply.reindex(travel.school_ids).fillna(0.0).to_numpy(float)
    ways, reached = np.arange(len(travel.school)), np.diff(travel.start)
    place = np.repeat(np.arange(len(pupils)), reached)
    every = sp.csr_array((np.ones(len(ways)), (place, ways)), shape=(len(pupils), len(ways)))[reached > 0]
    room = sp.csr_array((np.ones(len(ways)), (travel.school, ways)), shape=(len(seats), len(ways)))
    found = linprog(travel.minutes, A_eq=every, b_eq=pupils[reached > 0], A_ub=room, b_ub=seats, method="highs-ds")
    return found.fun


def test_the_optimum_within_the_seats_is_that_of_an_independent_solver(county):
    prepared = prepare(county, NORMS)
    # As many junior rooms as the pupils need and one in twenty more, spread as the schools are.
    needed = county.children.loc[county.children["age"].between(12, 14), "children"].sum() * 1.05 / 50
    rooms = county.rooms.astype({"rooms": float})
    junior = rooms["stage"] == "junior"
    rooms.loc[junior, "rooms"] = np.ceil(rooms.loc[junior, "rooms"] * needed / rooms.loc[junior, "rooms"].sum())
    prepared = replace(prepared, county=replace(county, rooms=rooms.astype({"rooms": int})))
    scenario = Scenario(name="seats", last_year=porto_alegre.BASE_YEAR, policy=Policy(assignment="capacity"))
    result = run_plan(prepared, scenario)
    proof = result.assignment.proof.set_index("stage").loc["junior"]
    assert (result.assignment.prices["price"] > 0).any()
    assert set(result.assignment.unplaced["reason"]) <= {"island", "off_network"}
    assert proof["pupil_minutes"] == pytest.approx(least_minutes(result, "junior", porto_alegre.BASE_YEAR), rel=1e-6)


def test_the_whole_plan_finishes_and_every_pupil_put_in_comes_out(county):
    scenario = Scenario(name="base", last_year=porto_alegre.BASE_YEAR + 2)
    result = run_plan(prepare(county, NORMS), scenario)
    put_in = county.children.loc[county.children["age"].between(6, 14), "children"].sum()
    parts = (result.assignment.flows, result.assignment.unplaced)
    for year in range(porto_alegre.BASE_YEAR, scenario.last_year + 1):
        flows, unplaced = (part.loc[part["year"] == year, "pupils"].sum() for part in parts)
        # The city has no births on record, so every year has as many children as the first.
        assert flows + unplaced == pytest.approx(put_in, rel=1e-9)
        assert 0 < unplaced < 0.01 * put_in
    assert set(result.assignment.unplaced["reason"]) <= {"island", "off_network"}
