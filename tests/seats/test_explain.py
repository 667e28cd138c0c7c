"""The why-card on the toy county: every cause, and who holds the last seats by how much."""

from __future__ import annotations

from dataclasses import replace

import pytest
import toy

from layoutplan.labels import LANGS
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.explain import explain
from layoutplan.seats.rules import Terms, read_rules
from layoutplan.seats.settings import Lock, Policy

NORMS = load_norms()
PREPARED = prepare(toy.county(), NORMS)
NAMES = {"a": "A school", "b": "B school", "p3": "Village 3"}
FASTER = NORMS.value("speed.walk_kmh.grades_4_6") * 1000 / 60


def card(place_id, grade, *, b_rooms=3, a_rooms=6, **policy):
    county = toy.county()
    rooms = county.rooms.copy()
    for school_id, count in (("a", a_rooms), ("b", b_rooms)):
        rooms.loc[(rooms["school_id"] == school_id) & (rooms["stage"] == "primary"), "rooms"] = count
    county = replace(county, rooms=rooms)
    scenario = Scenario(name="s", last_year=2023, policy=Policy(**({"assignment": "capacity"} | policy)))
    result = run_plan(replace(PREPARED, county=county), scenario)
    terms = Terms(scenario.policy, county, result.supply, NORMS)
    rules = read_rules(result.ways, result.roster, terms, years=(2022, 2023))
    return explain(result.assignment, rules, place_id, year=2022, grade=grade)


def test_the_nearest_school_given_is_said_to_be_so():
    why = card("p1", 1)
    assert (why.cause, why.nearest.school_id, why.nearest.pupils) == ("nearest_given", "a", 10.0)
    assert why.last == ()


def test_a_full_school_says_who_took_its_last_seats():
    # b has 135 seats; 75 of p3's grades 4-6 go to a. p4 is 600 m from b and 3600 m from a; p3 500 m and 2500 m.
    why = card("p3", 4)
    assert why.cause == "full"
    assert [(item.school_id, item.pupils) for item in why.given] == [("a", 25.0), ("b", 5.0)]
    assert (why.seats, why.taken) == (135.0, pytest.approx(135.0))
    assert why.price == pytest.approx(2000 / FASTER, abs=1e-3)
    (last,) = why.last
    assert (last.place_id, last.pupils) == ("p4", pytest.approx(30.0))
    # p4 would go 3000 m farther, of which a seat given up pays p3's 2000 m back.
    assert last.margin_minutes == pytest.approx(1000 / FASTER, abs=1e-3)
    said = why.say("en", NAMES)
    assert said[0] == "Village 3, grade 4 in 2022: the nearest school is B school, 7.5 min one way"
    assert "B school is full" in said[3]
    assert said[-1].startswith("its last seats went to p4 (30.0 pupils)")


@pytest.mark.parametrize(
    ("place_id", "grade", "policy", "cause"),
    [
        ("p2", 1, {"locks": (Lock(school_id="b", place_ids=("p2",), stage="primary"),)}, "lock"),
        ("p1", 7, {"boundary": "township"}, "boundary"),
        ("p3", 4, {"together": (("p3", "p4"),)}, "together"),
        ("p3", 4, {"villages": "whole"}, "whole"),
        ("p3", 4, {"a_rooms": 0, "b_rooms": 0}, "full"),
    ],
)
def test_every_cause_is_named_in_both_languages(place_id, grade, policy, cause):
    why = card(place_id, grade, **policy)
    assert why.cause == cause
    for lang in LANGS:
        assert all(why.say(lang, NAMES))


def test_pupils_without_a_seat_are_on_the_card():
    why = card("p3", 4, a_rooms=0, b_rooms=0)
    assert (why.unplaced, why.reason, why.given) == (30.0, "no_seat", ())


def test_an_unknown_place_is_an_error():
    with pytest.raises(KeyError):
        card("p9", 1)
