"""Ground that both toy schools share: by lot and by nearness, with no seats and with few, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import toy
from shapely import box

from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.settings import Policy

ALL = box(-500, -500, 4500, 500)
STAGES = {"z1": ("a", "primary", "g"), "z2": ("b", "primary", "g"), "z3": ("b", "junior", None)}


@pytest.fixture(scope="module")
def prepared():
    rows = [{"zone_id": z, "school_id": s, "stage": t, "shared_group": g} for z, (s, t, g) in STAGES.items()]
    return prepare(toy.county(zones=toy.geo(rows, [ALL] * 3)), load_norms())


def first_grade(prepared, primary_rooms, shared_zones):
    """Return pupils, metres and minutes of grade 1 in 2022 by place and school."""
    rooms = toy.county().rooms
    rooms["rooms"] = [primary_rooms[0], 3, primary_rooms[1]]
    changed = replace(prepared, county=replace(prepared.county, rooms=rooms))
    policy = Policy(assignment="zoned", shared_zones=shared_zones)
    flows = run_plan(changed, Scenario(name="s", last_year=2022, policy=policy)).assignment.flows
    rows = flows[(flows["grade"] == 1) & (flows["year"] == 2022)]
    return {(r.place_id, r.school_id): (r.pupils, r.metres, r.minutes) for r in rows.itertuples()}


def test_by_lot_without_any_seats_every_school_has_the_same_share(prepared):
    found = first_grade(prepared, (0, 0), "lot")
    assert {key: pupils for key, (pupils, _, _) in found.items()} == pytest.approx({
        ("p1", "a"): 5, ("p1", "b"): 5, ("p2", "a"): 10, ("p2", "b"): 10,
        ("p3", "a"): 15, ("p3", "b"): 15, ("p4", "a"): 2.5, ("p4", "b"): 2.5,
    })  # fmt: skip
    # Every flow has the way to its own school, at 60 m a minute.
    assert found["p1", "b"][1:] == pytest.approx((3500, 3500 / 60))
    assert found["p1", "a"][1:] == pytest.approx((500, 500 / 60))


def test_by_lot_a_school_without_seats_gets_nobody_from_the_shared_ground(prepared):
    assert set(first_grade(prepared, (6, 0), "lot")) == {(place, "a") for place in ("p1", "p2", "p3", "p4")}


def test_by_nearness_without_any_seats_everybody_goes_to_the_nearest_school(prepared):
    found = first_grade(prepared, (0, 0), "nearest")
    assert {key: pupils for key, (pupils, _, _) in found.items()} == {
        ("p1", "a"): 10, ("p2", "a"): 20, ("p3", "b"): 30, ("p4", "b"): 5,
    }  # fmt: skip
    assert found["p3", "b"][1:] == pytest.approx((500, 500 / 60))
