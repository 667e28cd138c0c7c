"""Too few seats: whose pupils compete for them, by Hall's condition, and what each option costs."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest
import toy
from hypothesis import given
from markets import cases, market

from layoutplan.access.kernels import UNREACHED
from layoutplan.labels import LANGS
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.clashes import find_clashes
from layoutplan.seats.rules import Terms, read_rules
from layoutplan.seats.settings import Policy
from layoutplan.seats.transport import TransportModel

NORMS = load_norms()
PREPARED = prepare(toy.county(), NORMS)


def clashes(*, a=6, b=6, stage="primary", **policy):
    county = toy.county()
    rooms = county.rooms.copy()
    for school_id, count in (("a", a), ("b", b)):
        rooms.loc[(rooms["school_id"] == school_id) & (rooms["stage"] == "primary"), "rooms"] = count
    county = replace(county, rooms=rooms)
    scenario = Scenario(name="s", last_year=2023, policy=Policy(assignment="capacity", **policy))
    result = run_plan(replace(PREPARED, county=county), scenario)
    terms = Terms(scenario.policy, county, result.supply, NORMS)
    rules = read_rules(result.ways, result.roster, terms, years=(2022, 2023))
    return find_clashes(result.demand, rules, stage=stage, year=2022)


def test_with_seats_for_all_nothing_clashes():
    found = clashes()
    assert found.groups == ()
    assert found.relaxed.values.tolist() == [["", 0.0]]


def test_a_boundary_parts_the_shortage_and_its_price_is_shown():
    # t2 has 210 primary pupils and b 135 seats; t1 has 180 and a 270.
    found = clashes(b=3, boundary="township")
    (clash,) = found.groups
    assert (clash.place_ids, clash.school_ids) == (("p3", "p4"), ("b",))
    assert (clash.pupils, clash.seats, clash.short) == pytest.approx((210.0, 135.0, 75.0))
    assert found.relaxed.values.tolist() == [["", pytest.approx(75.0)], ["boundary", pytest.approx(0.0)]]
    assert found.say("en") == [
        "210.0 pupils of places p3, p4 may only go to schools b, which have 135 seats: 75.0 short",
        "without the boundary: 0.0 pupils without a seat instead of 75.0",
    ]
    assert all(all(found.say(lang)) for lang in LANGS)


def test_a_shortage_of_the_whole_county_is_one_clash():
    (clash,) = clashes(a=2, b=2).groups
    assert (clash.place_ids, clash.school_ids) == (("p1", "p2", "p3", "p4"), ("a", "b"))
    assert clash.short == pytest.approx(390 - 180)


@given(cases())
def test_the_number_without_a_seat_is_the_largest_shortage_of_any_set_of_units(case):
    cost, pupils, seats = case
    placed = TransportModel(market(*case)).solve()
    units = range(min(len(pupils), 9))
    worst = 0.0
    for chosen in chain.from_iterable(combinations(units, size) for size in range(1, len(pupils) + 1)):
        reached = (cost[list(chosen)] != UNREACHED).any(axis=0)
        worst = max(worst, pupils[list(chosen)].sum() - seats[reached].sum())
    assert placed.unplaced.sum() == pytest.approx(worst, abs=1e-5)
    # The duals name a set that is worst.
    named = placed.is_short
    if worst > 1e-6:
        reached = (cost[named] != UNREACHED).any(axis=0) & (np.asarray(seats) > 0)
        assert pupils[named].sum() - seats[reached].sum() == pytest.approx(worst, abs=1e-5)
