"""Buses and roads on the council page, with numbers by hand."""

from __future__ import annotations

import pytest
import toy_plans

from layoutplan.plan.change import find_changes
from layoutplan.plan.planning import run_plan
from layoutplan.plan.scenario import BuildRoad, RunBus, Scenario
from layoutplan.present.council import council_page

BUS = RunBus(year=2024, school_id="b", place_ids=("p1",), grades=(7, 8, 9), seats=25)
ROAD = BuildRoad(year=2025, road_id="n1", road_class="village", line=((0.0, 0.0), (0.0, 400.0)))


@pytest.fixture(scope="module")
def change():
    plan = run_plan(toy_plans.prepared(), Scenario(name="ride", last_year=2025, actions=(BUS, ROAD)))
    return find_changes(toy_plans.plan("base"), plan)


@pytest.mark.parametrize(
    ("lang", "bus", "road"),
    [
        ("en", "buses to 1 school(s) from 1 place(s), 25 seats, take about 25 pupils", "0.4 km"),
        ("zh", "通往1所学校、接送1个居民点，共25个座位，接送约25名学生", "0.4公里"),
    ],
)
def test_buses_and_roads_are_said_with_their_numbers(change, lang, bus, road):
    text = "\n".join(council_page(change, lang=lang, year=2025).paragraphs)
    assert bus in text
    assert road in text
    before = "\n".join(council_page(change, lang=lang, year=2024).paragraphs)
    assert bus in before
    assert road not in before


def test_a_plan_without_either_says_nothing_of_them():
    change = find_changes(toy_plans.plan("base"), toy_plans.plan("close"))
    assert "km" not in "".join(council_page(change, lang="en").paragraphs)
