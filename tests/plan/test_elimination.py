"""The elimination path: what has to move or be built, worked out by hand on the toy county."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st

from layoutplan.norms import Norms, load_norms
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


@pytest.mark.parametrize(
    ("pupils", "rooms", "moving"),
    [
        ([50, 30], 2, 5),  # a room each, one of them five over
        ([50, 30], 1, 35),  # both share the room
        ([20, 20], 1, 0),  # and fit
        ([60], 2, 0),  # two classes of 30
        ([60], 1, 15),
        ([90], 2, 0),
        ([90], 3, 0),
        ([91], 2, 1),
        ([0, 90], 2, 0),  # a grade without pupils needs no room
        ([0.5, 90], 2, 45),  # half a pupil needs one
        ([135, 60], 3, 60),  # the third room holds 45 of the first grade rather than 15 of the second
        ([135, 60], 4, 15),
        ([135, 60], 5, 0),
        ([], 2, 0),
        ([46, 30], 0, 76),
    ],
)
def test_who_has_to_leave_by_hand(pupils, rooms, moving):
    assert pupils_to_move(np.array(pupils, dtype=float), rooms, 45.0) == pytest.approx(moving)


def moved(**values):
    """Return the norms, some of them set to other values."""
    keys = {"size": "school_size.primary", "goal": "plan.goal_year"}
    return Norms({**NORMS, **{keys[name]: replace(NORMS[keys[name]], value=value) for name, value in values.items()}})


def path_of(norms, last_year, **layers):
    return elimination_path(run_plan(prepare(toy.county(**layers), norms), Scenario(name="toy", last_year=last_year)))


@pytest.fixture(scope="module")
def long():
    """`a` has 196 pupils where 195 may be, until its 46 of grade 2 leave in 2027; the goal year is 2024."""
    return path_of(moved(size=195, goal=2024), 2028)


NUMBERS = [
    "pupils", "rooms", "classes", "classes_needed", "classes_over_norm", "classes_large", "classes_extra_large",
    "pupils_to_even_out", "pupils_to_move", "classes_to_add", "rooms_to_add",
]  # fmt: skip


def test_stages_of_every_year_stand_by_year_school_and_stage(long):
    """Juniors of `b`: 56, 66 and 35 in 2022; then 65 a year enter; three rooms of 50."""
    stages = long.stages
    assert stages.index.tolist() == list(range(21))
    assert stages[["year", "school_id", "stage", "name"]].iloc[:4].to_numpy().tolist() == [
        [2022, "a", "primary", "A"], [2022, "b", "junior", "B"], [2022, "b", "primary", "B"],
        [2023, "a", "primary", "A"],
    ]  # fmt: skip
    assert at(stages, 2022, "a", "primary")[NUMBERS].tolist() == [196, 6, 6, 7, 1, 0, 0, 0, 1, 1, 1]
    assert at(stages, 2022, "b", "junior")[NUMBERS].tolist() == [157, 3, 3, 5, 0, 1, 1, 0, 22, 2, 2]
    assert at(stages, 2022, "b", "primary")[NUMBERS].tolist() == [210, 6, 6, 6, 0, 0, 0, 0, 0, 0, 0]
    # 65, 56 and 66; then 65, 65 and 56: a class of 56 is large, one of 66 extra large.
    assert at(stages, 2023, "b", "junior")[NUMBERS].tolist() == [187, 3, 3, 6, 0, 2, 1, 0, 37, 3, 3]
    assert at(stages, 2024, "b", "junior")[NUMBERS].tolist() == [186, 3, 3, 6, 0, 3, 0, 0, 36, 3, 3]
    assert at(stages, 2026, "a", "primary")[NUMBERS].tolist() == [196, 6, 6, 7, 1, 0, 0, 0, 1, 1, 1]
    assert at(stages, 2027, "a", "primary")[NUMBERS].tolist() == [180, 6, 6, 6, 0, 0, 0, 0, 0, 0, 0]


def test_schools_over_their_size_are_told_in_every_year(long):
    assert long.sizes.to_numpy().tolist() == [
        *([year, "a", "A", 196.0, 195, 1.0] for year in range(2022, 2027)),
        [2027, "a", "A", 180.0, 195, 0.0], [2028, "a", "A", 180.0, 195, 0.0],
    ]  # fmt: skip
    assert long.sizes.index.tolist() == list(range(7))
    assert path_of(moved(size=196), 2023).sizes.empty


def test_a_measure_is_at_zero_from_the_year_after_its_last(long):
    """`a` is over the norm to 2026, `b` has a class of 66 to 2023 and large ones to the end."""
    assert long.zero["zero_year"].fillna(0).tolist() == [2027, 2027, 2024, 0]
    assert long.zero[["school_id", "measure", "name", "first_year"]].to_numpy().tolist() == [
        ["a", "classes_over_norm", "A", 2022], ["a", "pupils_over_size", "A", 2022],
        ["b", "classes_extra_large", "B", 2022], ["b", "classes_large", "B", 2022],
    ]  # fmt: skip
    assert long.zero.index.tolist() == [0, 1, 2, 3]


def test_the_county_counts_schools_over_size_only_while_they_are(long):
    county = long.county.set_index("year")
    assert county.loc[2023].tolist() == [1, 2, 1, 0, 38, 4, 4, 1, 1]
    assert county["schools_over_size"].tolist() == [1, 1, 1, 1, 1, 0, 0]
    assert county["pupils_over_size"].tolist() == [1, 1, 1, 1, 1, 0, 0]


def test_what_is_left_is_that_of_the_goal_year(long):
    assert long.left[["year", "school_id", "stage"]].to_numpy().tolist() == [
        [2024, "a", "primary"], [2024, "b", "junior"],
    ]  # fmt: skip
    assert long.left.index.tolist() == [0, 1]


def classes(*rows):
    """Return the classes of the county by school, grade and sizes; grades not named are as in the toy county."""
    frame = toy.county().classes
    named = {row[:2] for row in rows}
    others = [row for row in frame.itertuples(index=False) if (row.school_id, row.grade) not in named]
    new = [(school, grade, no, size, 0) for school, grade, *sizes in rows for no, size in enumerate(sizes, start=1)]
    return pd.DataFrame([*others, *new], columns=frame.columns).sort_values(
        ["school_id", "grade", "class_no"], ignore_index=True
    )


def test_classes_are_over_the_norm_large_or_extra_large_from_46_56_and_66_pupils():
    sizes = classes(*(("a", grade, size) for grade, size in enumerate((45, 46, 55, 56, 65, 66), start=1)),
                    ("b", 7, 50), ("b", 8, 51), ("b", 9, 55))  # fmt: skip
    stages = path_of(NORMS, 2023, classes=sizes).stages
    bands = ["classes_over_norm", "classes_large", "classes_extra_large"]
    assert at(stages, 2022, "a", "primary")[bands].tolist() == [2, 2, 1]
    assert at(stages, 2022, "b", "junior")[bands].tolist() == [2, 0, 0]
    # A year later the 66 have left for grade 7 and 30 entered; the others moved up.
    assert at(stages, 2023, "a", "primary")[bands].tolist() == [2, 2, 0]


@pytest.mark.parametrize(("second", "even"), [(39, 5.0), (40, 5.0), (41, 0.0), (20, 5.0)])
def test_pupils_change_class_and_not_school_where_their_grade_has_room_for_all(second, even):
    """Two classes of grade 2, one of 50 for a norm of 45: five change class if both together hold 90 at most."""
    stages = path_of(NORMS, 2023, classes=classes(("a", 2, 50, second))).stages
    assert at(stages, 2022, "a", "primary")["pupils_to_even_out"] == even
    assert at(stages, 2023, "a", "primary")["pupils_to_even_out"] == 0.0


def test_where_rooms_suffice_nobody_moves():
    rooms = toy.county().rooms.assign(rooms=[7, 6, 6])
    stages = path_of(NORMS, 2023, rooms=rooms).stages
    assert stages["pupils_to_move"].tolist() == [0.0] * 6
    assert stages["rooms_to_add"].tolist() == [0.0] * 6
    # 196 in six classes where seven are needed, and 157 and 187 in three where five and six are.
    assert stages["classes_needed"].tolist() == [7, 5, 6, 7, 6, 6]
