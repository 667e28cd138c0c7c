"""Which roads exist in which years of a plan."""

from __future__ import annotations

import toy

from layoutplan.plan.periods import Periods, modes_besides, roads_with
from layoutplan.plan.scenario import BuildRoad, CloseSchool, RunBus, Scenario

BUS = RunBus(year=2024, school_id="b", place_ids=("p1",), grades=(7,), seats=25)
ROAD = BuildRoad(year=2025, road_id="a1", road_class="county", line=((1500.0, 0.0), (1500.0, 400.0)), oneway=True)


def test_a_year_has_the_roads_of_the_last_period_that_has_begun():
    periods = Periods(((2022, "old"), (2025, "new"), (2027, "newer"), (2029, "newest")))
    found = [periods.in_year(year) for year in (2022, 2024, 2025, 2026, 2027, 2028, 2029, 2035)]
    assert found == ["old", "old", "new", "new", "newer", "newer", "newest", "newest"]


def test_ways_by_road_are_needed_besides_where_a_bus_runs():
    closing = CloseSchool(year=2024, school_id="a")
    assert modes_besides(Scenario(name="s", actions=(closing, ROAD))) == ()
    assert modes_besides(Scenario(name="s", actions=(closing, BUS))) == ("drive",)


def test_new_roads_stand_among_the_others_by_id_and_what_they_do_not_say_is_unknown():
    roads = roads_with(toy.county(), (ROAD,))
    assert roads["road_id"].tolist() == ["a1", "r0", "r1", "r2", "r3"]
    assert roads.index.tolist() == [0, 1, 2, 3, 4]
    new = roads.iloc[0]
    assert (new["class"], bool(new["oneway"]), new.geometry.length) == ("county", True, 400.0)
    assert roads["drive_kmh"].isna().tolist() == [True, False, False, False, False]
    assert roads.crs == toy.CRS
