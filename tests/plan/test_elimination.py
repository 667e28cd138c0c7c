"""The elimination path: what has to move or be built, worked out by hand on the toy county."""

from __future__ import annotations

import numpy as np
import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st

from layoutplan.norms import load_norms
from layoutplan.plan.elimination import elimination_path, pupils_to_move
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import AddRooms, Scenario

NORMS = load_norms()


def path(*actions):
    return elimination_path(
        run_plan(prepare(toy.county(), NORMS), Scenario(name="toy", actions=actions, last_year=2030))
    )


@pytest.fixture(scope="module")
def usual():
    return path()


def at(table, year, school_id, stage):
    return table.set_index(["year", "school_id", "stage"]).loc[(year, school_id, stage)]


def test_a_class_of_46_in_six_rooms_by_hand(usual):
    row = at(usual.stages, 2022, "a", "primary")
    assert row[["classes_over_norm", "pupils_to_move", "rooms_to_add", "classes_to_add"]].tolist() == [
        1.0,
        1.0,
        1.0,
        1.0,
    ]


def test_classes_of_56_and_66_in_three_rooms_by_hand(usual):
    row = at(usual.stages, 2022, "b", "junior")
    # 56, 66 and 35 in three rooms of 50: 6 and 16 have to leave, or two rooms be added.
    assert row[["classes_large", "classes_extra_large", "pupils_to_move", "rooms_to_add"]].tolist() == [1, 1, 22, 2]


def test_the_county_adds_its_schools_up(usual):
    first = usual.county.iloc[0]
    assert (first["pupils_to_move"], first["rooms_to_add"], first["schools_over_size"]) == (23.0, 3.0, 0.0)
    assert set(usual.left["year"]) == {2028}


def test_rooms_bring_the_year_of_zero_forward(usual):
    before = usual.zero.set_index(["school_id", "measure"])["zero_year"]
    after = path(AddRooms(year=2024, school_id="a", stage="primary", rooms=1)).zero.set_index(["school_id", "measure"])
    assert after.loc[("a", "classes_over_norm"), "zero_year"] == 2024 < before["a", "classes_over_norm"]


@given(st.lists(st.integers(1, 200), min_size=1, max_size=6), st.integers(1, 30))
def test_who_stays_fits_and_nobody_leaves_without_need(pupils, rooms):
    counts = np.array(pupils, dtype=float)
    needed = int(np.ceil(counts / 45).sum())
    moving = pupils_to_move(counts, rooms, 45.0)
    assert 0.0 <= moving <= counts.sum()
    assert (moving == 0.0) or rooms < needed
    assert counts.sum() - moving <= rooms * 45.0 + 1e-9
    assert pupils_to_move(counts, rooms + 1, 45.0) <= moving
    if rooms >= needed:
        assert moving == 0.0
