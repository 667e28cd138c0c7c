"""Who hangs on no school, and which locks cannot hang together, on a road of five and on the toy county."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import toy
from markets import MINUTE, market

from layoutplan.access.kernels import UNREACHED
from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.cutoff import is_cut_off
from layoutplan.seats.ground import Ground, touching
from layoutplan.seats.settings import Lock, Policy

PREPARED = prepare(toy.county(), load_norms())


def cut_off(to_west, to_east, *, is_open=(), held=(-1,) * 5):
    """Return who is cut off of five villages on a road; s0 is in the first, s1 in the last, each with its neighbour."""
    ways = np.full((5, 2), UNREACHED)
    ways[list(to_west), 0] = MINUTE
    ways[list(to_east), 1] = MINUTE
    start, touch = touching(5, np.arange(4), np.arange(1, 5))
    rooted = np.array([[True, False], [True, False], [False, False], [False, True], [False, True]])
    ground = Ground(start, touch, rooted, np.isin(np.arange(5), is_open), np.array(held))
    found = is_cut_off(ground, market(ways, np.full(5, 10.0), [0.0, 0.0]))
    return np.flatnonzero(found).tolist()


def test_a_village_behind_one_that_goes_elsewhere_is_cut_off():
    # The third may go west, the second only east, where the third and fourth do not let it through.
    assert cut_off([0, 2], [1, 3, 4]) == [1, 2]
    assert cut_off([0, 1, 2], [3, 4]) == []
    # The third may go both ways: one that hangs together is enough, and lets the second through.
    assert cut_off([0, 2], [1, 2, 3, 4]) == []
    # A neighbour of the school needs nobody; who may go nowhere hangs on none.
    assert cut_off([1, 2], [4]) == [0, 3]


def test_an_empty_village_lets_through_and_is_itself_not_cut_off():
    assert cut_off([0, 2], [3, 4], is_open=[1]) == []
    assert cut_off([0], [4], is_open=[1, 2, 3]) == []


def test_a_locked_village_is_ground_of_its_school_and_of_no_other():
    assert cut_off([0, 2], [3, 4], held=[-1, 0, -1, -1, -1]) == []
    # Held by s1 the second stops the third, though it might go west, and is an exclave itself.
    assert cut_off([0, 1, 2], [3, 4], held=[-1, 1, -1, -1, -1]) == [1, 2]


def locked_apart(county):
    locks = (
        Lock(school_id="a", place_ids=("p3", "p4"), stage="primary"),
        Lock(school_id="b", place_ids=("p1", "p2"), stage="primary"),
    )
    policy = Policy(assignment="capacity", villages="whole", contiguous=True, locks=locks)
    with pytest.raises(ScenarioError) as error:
        run_plan(replace(PREPARED, county=county), Scenario(name="s", policy=policy))
    return [
        tuple(problem.values[key] for key in ("place_id", "school_id", "between")) for problem in error.value.problems
    ]


def test_each_locked_place_is_named_once_with_all_that_lie_between_its_part_and_the_school():
    # a stands on p1's ground and b on p3's, each with the neighbours. p3 and p4 hang together, p2 parts them from a;
    # grades 1-3 and 4-6 are two units of a place and one fault. p2 touches p3's ground, and p1 hangs on p2.
    assert locked_apart(toy.county()) == [("p3", "a", "p2"), ("p4", "a", "p2")]
    # Where no child lives nobody is cut off; 0.2 children a grade are enough to be.
    for few, named in ((0.0, ["p3"]), (0.2, ["p3", "p4"])):
        children = toy.county().children
        fewer = children.assign(children=children["children"].where(children["place_id"] != "p4", few))
        assert locked_apart(replace(toy.county(), children=fewer)) == [(place, "a", "p2") for place in named]
