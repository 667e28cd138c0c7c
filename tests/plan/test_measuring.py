"""What is measured of a county once, what is measured again for other weather or modes, and what is shared."""

from __future__ import annotations

import pytest
import toy

from layoutplan.norms import load_norms
from layoutplan.plan.measuring import demand_of, measure_county, measure_for
from layoutplan.plan.scenario import CloseSchool, MoveIn, Scenario
from layoutplan.seats.settings import Outlook, Policy

YEARS = range(2022, 2026)


@pytest.fixture(scope="module")
def measured():
    return measure_county(toy.county(), load_norms(), modes=("walk", "drive"))


def test_the_steps_are_told_in_order():
    told = []
    measure_county(toy.county(), load_norms(), say=told.append)
    # Only the first time on a machine there is something to compile.
    assert [step for step in told if step != "compile"] == ["network", "travel"]


def test_ways_that_are_there_are_not_measured_again(measured):
    assert measure_for(measured, Policy()) is measured
    assert measure_for(measured, Policy(grades_1_3="drive")) is measured
    assert measure_for(measured, Policy(), also=("drive",)) is measured


def test_another_season_or_mode_is_measured_once(measured):
    snow = measure_for(measured, Policy(season="snow"))
    assert (snow.season, set(snow.travel)) == ("snow", {"walk"})
    assert measure_for(measured, Policy(season="snow")) is snow
    assert measure_for(measured, Policy(season="rain")) is not snow
    walk = measure_county(toy.county(), load_norms())
    assert set(measure_for(walk, Policy(mode="drive")).travel) == {"drive"}
    assert set(measure_for(walk, Policy(), also=("drive",)).travel) == {"walk", "drive"}


def test_what_is_measured_in_other_weather_or_modes_has_another_fingerprint(measured):
    snow, walk = measure_for(measured, Policy(season="snow", mode="drive")), measure_county(toy.county(), load_norms())
    assert len({measured.fingerprint, snow.fingerprint, walk.fingerprint}) == 3
    assert measure_county(toy.county(), load_norms()).fingerprint == walk.fingerprint


def test_scenarios_that_differ_only_in_schools_share_their_demand(measured):
    base = demand_of(measured, Scenario(name="a"), YEARS)
    closing = Scenario(name="b", actions=(CloseSchool(year=2024, school_id="a"),))
    assert demand_of(measured, closing, YEARS) is base
    fewer = Scenario(name="c", outlook=Outlook(births_change=-0.1))
    assert demand_of(measured, fewer, YEARS) is not base
    assert demand_of(measured, fewer, YEARS) is demand_of(measured, fewer, YEARS)
    assert len(demand_of(measured, fewer, range(2022, 2024)).cube.years) == 2


def test_households_that_move_have_a_demand_of_their_own_which_nobody_shares(measured):
    base = demand_of(measured, Scenario(name="a"), YEARS)
    # 40 of the 100 households of p1 stay: 4 of its 10 children a grade.
    moving = Scenario(name="b", actions=(MoveIn(year=2023, place_id="p1", households=40),))

    def living(demand):
        frame = demand.frame
        return frame[(frame["year"] == 2024) & (frame["grade"] == 4) & (frame["place_id"] == "p1")]["pupils"].tolist()

    assert living(demand_of(measured, moving, YEARS)) == [pytest.approx(4.0)]
    assert demand_of(measured, Scenario(name="a"), YEARS) is base
    assert living(base) == [pytest.approx(10.0)]
