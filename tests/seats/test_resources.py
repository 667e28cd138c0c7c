"""The seven standards of balanced schooling; vectors of the method and schools worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layoutplan.norms import load_norms
from layoutplan.seats.resources import (
    INDICATORS,
    distance_to_pass,
    measure_resources,
    nearest_to_passing,
    split_shared,
    stage_pupils,
    target_years,
    weighted_cv,
)

NORMS = load_norms()
# What 100 primary pupils need to stand exactly at each standard, in the order of INDICATORS.
JUST = {
    "degree_teachers": 4.2, "key_teachers": 1.0, "arts_sports_teachers": 0.9, "teaching_m2": 450.0,
    "sports_m2": 750.0, "equipment_yuan": 200_000.0, "multimedia_rooms": 2.3,
}  # fmt: skip
JUST_JUNIOR = {
    "degree_teachers": 5.3, "key_teachers": 1.0, "arts_sports_teachers": 0.9, "teaching_m2": 580.0,
    "sports_m2": 1020.0, "equipment_yuan": 250_000.0, "multimedia_rooms": 2.4,
}  # fmt: skip
STAGE_COLUMNS = [one.name for one in INDICATORS if not one.shared]
SCHOOL_COLUMNS = [one.name for one in INDICATORS if one.shared]


def tables(schools: dict[str, tuple[str, dict[str, float], dict[str, dict[str, float | None]]]]):
    """Return schools, rooms and pupils from ``{id: (kind, {stage: pupils}, {stage: amounts})}``."""
    about, rooms, pupils = [], [], []
    for school_id, (kind, counts, held) in schools.items():
        shared = {
            name: None
            if any(amounts.get(name) is None for amounts in held.values())
            else sum(amounts[name] for amounts in held.values())
            for name in SCHOOL_COLUMNS
        }
        about.append({"school_id": school_id, "name": school_id.upper(), "kind": kind, "township_id": "t1", **shared})
        for stage, count in counts.items():
            pupils.append((school_id, stage, float(count)))
            rooms.append({"school_id": school_id, "stage": stage} | {n: held[stage].get(n) for n in STAGE_COLUMNS})
    frames = pd.DataFrame(about), pd.DataFrame(rooms), pd.DataFrame(pupils, columns=["school_id", "stage", "pupils"])
    frames[0][SCHOOL_COLUMNS] = frames[0][SCHOOL_COLUMNS].astype(float)
    frames[1][STAGE_COLUMNS] = frames[1][STAGE_COLUMNS].astype(float)
    return frames


def one(changes: dict[str, float | None], *, pupils: int = 1000, kind: str = "primary"):
    """Measure one primary school that stands exactly at the standards but for what is changed (per 100 pupils)."""
    held = {name: None if value is None else value * pupils / 100 for name, value in (JUST | changes).items()}
    return measure_resources(*tables({"a": (kind, {"primary": pupils}, {"primary": held})}), norms=NORMS)


def test_the_test_vectors_of_the_method():
    books, enrolled = [279, 137, 935, 160, 402], [45, 37, 89, 76, 55]
    assert weighted_cv(books, enrolled) == pytest.approx(0.515, abs=5e-4)
    assert sum(books) / sum(enrolled) == pytest.approx(6.33, abs=5e-3)
    parts = split_shared(23_226, (166, 210), (1.0, 1.1))
    assert [round(part, 1) for part in parts] == [9711.6, 13514.4]
    assert parts[0] / 166 == pytest.approx(58.50, abs=5e-3)


def test_trap_16_the_coefficient_is_weighted_and_not_a_plain_deviation():
    amounts, pupils = np.array([279, 137, 935, 160, 402.0]), np.array([45, 37, 89, 76, 55.0])
    values = amounts / pupils
    plain = values.std() / values.mean()
    assert plain == pytest.approx(0.4888, abs=5e-5)  # it would pass the limit of 0.50 that the school county fails
    assert weighted_cv(amounts, pupils) > NORMS.value("balance.cv_max.primary") > plain


@given(st.lists(st.tuples(st.floats(0.1, 1e6), st.integers(1, 3000)), min_size=1, max_size=30), st.randoms())
def test_the_coefficient_knows_no_order_and_no_unit(schools, random):
    amounts, pupils = zip(*schools, strict=True)
    shuffled = list(schools)
    random.shuffle(shuffled)
    assert weighted_cv(*zip(*shuffled, strict=True)) == pytest.approx(weighted_cv(amounts, pupils), abs=1e-9)
    assert weighted_cv([10_000 * amount for amount in amounts], pupils) == pytest.approx(
        weighted_cv(amounts, pupils), abs=1e-9
    )


def test_a_school_exactly_at_every_standard_passes_with_no_gap():
    ledger = one({})
    assert set(ledger.indicators["status"]) == {"met"}
    assert ledger.indicators["gap"].eq(0.0).all()
    assert ledger.parts.iloc[0][["met", "verdict", "distance"]].tolist() == [7, "pass", 0.0]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"sports_m2": 0.85 * 750}, "pass"),  # six of seven, the seventh at its floor
        ({"sports_m2": 0.849 * 750}, "fail"),
        ({"sports_m2": 0.99 * 750, "teaching_m2": 0.99 * 450}, "fail"),  # five of seven
        ({"sports_m2": None}, "undecided"),  # whatever it is, it decides: at 0.85 pass, below fail
        ({"sports_m2": None, "teaching_m2": None}, "undecided"),
        ({"sports_m2": None, "teaching_m2": 0.99 * 450}, "undecided"),
        ({"sports_m2": None, "teaching_m2": 0.8 * 450}, "fail"),  # under its floor, the unknown cannot mend it
        ({"sports_m2": None, "teaching_m2": 0.9 * 450, "key_teachers": 0.9}, "fail"),  # two below already
    ],
)
def test_six_of_seven_with_the_floor(changes, verdict):
    ledger = one(changes)
    assert ledger.parts["verdict"].tolist() == [verdict]
    assert ledger.schools["verdict"].tolist() == [verdict]


def test_what_is_missing_is_said_in_whole_persons_and_rooms_and_real_areas():
    ledger = one({"degree_teachers": 4.15, "teaching_m2": 440.0}, pupils=1010)
    gap = ledger.indicators.set_index("indicator")["gap"]
    # 1010 pupils need 42.42 teachers and have 41.915: one more. They need 4545 m2 and have 4444.
    assert gap["degree_teachers"] == 1.0
    assert gap["teaching_m2"] == pytest.approx(101.0)


def test_what_was_not_reported_is_unknown_and_counted_never_zero():
    ledger = one({"equipment_yuan": None, "multimedia_rooms": None})
    rows = ledger.indicators.set_index("indicator")
    for name in ("equipment_yuan", "multimedia_rooms"):
        assert rows.loc[name, ["status", "reason"]].tolist() == ["unknown", "not_reported"]
        assert np.isnan(rows.loc[name, ["amount", "value", "ratio", "gap"]].to_numpy(float)).all()
    spread = ledger.spread.set_index(["stage", "indicator"])
    assert spread.loc[("primary", "equipment_yuan"), ["unknown_schools", "unknown_pupils", "verdict"]].tolist() == [
        1, 1000.0, "undecided",
    ]  # fmt: skip
    assert ledger.schools["unknown"].tolist() == [2]


def nine_year(area: float = 23_226.0):
    held = {
        "primary": {name: value * 2 * 1.66 for name, value in JUST.items()},
        "junior": {name: value * 2 * 2.10 for name, value in JUST_JUNIOR.items()},
    }
    schools, rooms, pupils = tables({"n": ("nine_year", {"primary": 166, "junior": 210}, held)})
    return schools.assign(sports_m2=area), rooms, pupils


def test_trap_15_a_nine_year_school_is_two_parts_that_share_by_weighted_pupils():
    ledger = measure_resources(*nine_year(), norms=NORMS)
    sports = ledger.indicators[ledger.indicators["indicator"] == "sports_m2"].set_index("stage")
    assert sports["amount"].round(1).to_dict() == {"junior": 13514.4, "primary": 9711.6}
    assert len(ledger.schools) == 1
    assert ledger.parts[["stage", "verdict"]].values.tolist() == [["junior", "pass"], ["primary", "pass"]]
    poor = measure_resources(*nine_year(area=2_000.0), norms=NORMS)
    # 2000 m2: 836.3 to 166 primary pupils (5.04 each), 1163.7 to 210 junior (5.54 each): both under the floor.
    assert poor.schools[["verdict", "to_raise"]].values.tolist() == [["fail", 2]]


def test_a_twelve_year_school_shares_with_pupils_nobody_told_of():
    schools, rooms, pupils = nine_year()
    ledger = measure_resources(schools.assign(kind="twelve_year"), rooms, pupils, norms=NORMS)
    unknown = ledger.indicators[ledger.indicators["reason"] == "senior_pupils_unknown"]
    assert set(unknown["indicator"]) == set(SCHOOL_COLUMNS)
    assert ledger.schools["verdict"].tolist() == ["undecided"]


def test_small_points_special_schools_and_empty_stages_are_left_out_and_listed():
    held = {"primary": {name: value / 2 for name, value in JUST.items()}}
    schools = {
        "a": ("teaching_point", {"primary": 49}, held), "b": ("teaching_point", {"primary": 50}, held),
        "c": ("special", {"primary": 90}, held), "d": ("primary", {"primary": 0}, held),
    }  # fmt: skip
    ledger = measure_resources(*tables(schools), norms=NORMS)
    assert dict(zip(ledger.left_out["school_id"], ledger.left_out["reason"], strict=True)) == {
        "a": "small_point", "c": "special", "d": "no_pupils",
    }  # fmt: skip
    assert ledger.parts["school_id"].tolist() == ["b"]
    assert ledger.spread["schools"].max() == 1


@pytest.mark.parametrize(
    ("ratios", "distance"),
    [([1.2] * 7, 0.0), ([1.0] * 6 + [0.85], 0.0), ([1.0] * 6 + [0.5], 0.35), ([1.0] * 5 + [0.9, 0.5], 0.45),
     ([1.0] * 5 + [0.9, 0.95], 0.05), ([0.0] * 7, 6.85)],
)  # fmt: skip
def test_the_distance_leaves_the_dearest_shortage_at_the_floor(ratios, distance):
    assert distance_to_pass(ratios, needed=6, floor=0.85) == pytest.approx(distance)


@given(st.lists(st.floats(0.0, 2.0), min_size=7, max_size=7))
def test_the_distance_is_zero_exactly_where_a_school_passes(ratios):
    passes = sum(ratio >= 1.0 for ratio in ratios) >= 6 and min(ratios) >= 0.85
    assert (distance_to_pass(ratios, needed=6, floor=0.85) == 0.0) == passes


def several():
    schools = {}
    for school_id, sports in (("d", 0.5), ("b", 0.8), ("c", 0.8), ("a", 1.0), ("e", None)):
        held = {"primary": {n: v * 10 for n, v in JUST.items()} | {"sports_m2": sports and sports * 7500}}
        if sports is None:
            held["primary"]["key_teachers"] = 0.0  # fails whatever the unknown is, but how far is not known
        schools[school_id] = ("primary", {"primary": 1000}, held)
    return measure_resources(*tables(schools), norms=NORMS)


def test_the_schools_nearest_to_passing_come_first_ties_to_the_smaller_id():
    ledger = several()
    assert nearest_to_passing(ledger, count=2)["school_id"].tolist() == ["b", "c"]
    assert nearest_to_passing(ledger, count=9)["school_id"].tolist() == ["b", "c", "d"]


def test_target_years_raise_the_nearest_first_and_promise_nothing_unknown():
    ledger = several()
    spread = target_years(ledger, first_year=2023, goal_year=2024)
    assert spread["school_id"].tolist() == ["b", "c", "d", "e"]
    assert spread["target_year"].astype(object).where(spread["target_year"].notna(), None).tolist() == [
        2023, 2023, 2024, None,
    ]  # fmt: skip
    slow = target_years(ledger, first_year=2023, goal_year=2024, per_year=1)
    assert slow["target_year"].isna().tolist() == [False, False, True, True]


def test_pupils_of_the_base_year_are_those_of_the_classes():
    import toy

    pupils = stage_pupils(toy.county())
    assert pupils.values.tolist() == [["a", "primary", 196.0], ["b", "junior", 157.0], ["b", "primary", 210.0]]
