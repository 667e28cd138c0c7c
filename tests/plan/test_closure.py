"""The closure gate on the toy county: every lock with its number, and what follows from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
from shapely import LineString, Point, box

from layoutplan.errors import ScenarioError
from layoutplan.labels import catalogue
from layoutplan.norms import Norms, load_norms
from layoutplan.plan.closure import _before_and_after, _highest_shown, _shown, check_school, closure_gate, verdict_of
from layoutplan.plan.locks import KEEP, LOCKS, SETTLED_BY_HEARING, Case, Record
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import CloseSchool, OpenSchool, Scenario
from layoutplan.seats.settings import Lock, Policy

NORMS = load_norms()


def planned(county, *actions, **policy):
    scenario = Scenario(name="toy", actions=actions, last_year=2030, policy=Policy(**policy))
    return run_plan(prepare(county, NORMS), scenario)


def with_rooms_of_b(rooms):
    frame = toy.county().rooms
    mine = (frame["school_id"] == "b") & (frame["stage"] == "primary")
    return replace(toy.county(), rooms=frame.assign(rooms=frame["rooms"].where(~mine, rooms)))


def moves(gate_or_case, year):
    table = gate_or_case[gate_or_case["year"] == year]
    band = np.where(table["grade"] <= 3, "1-3", np.where(table["grade"] <= 6, "4-6", "7-9"))
    table = table.assign(band=band, receiver=table["receiver"].fillna("-"))
    return table.groupby(["place_id", "band", "receiver"])["pupils"].sum().round(6).to_dict()


@pytest.fixture(scope="module")
def usual():
    return planned(toy.county())


@pytest.fixture(scope="module")
def gate(usual):
    return closure_gate(usual, "a", 2024)


def lock(gate, code):
    row = gate.locks.set_index("lock").loc[code]
    passed = None if pd.isna(row["passed"]) else bool(row["passed"])
    return passed, row["measured"], row["limit"]


def test_every_lock_is_shown_in_order_with_clause_and_words(gate):
    assert gate.locks["lock"].tolist() == list(LOCKS)
    assert gate.locks["clause"].str.len().min() > 0
    assert gate.locks[["text_zh", "text_en"]].map(len).min().min() > 0
    assert {f"lock.{code}" for code in LOCKS} == {key for key in catalogue() if key.startswith("lock.")}


def test_ways_of_the_youngest_by_hand(gate):
    # p1 stands at 0 and p2 at 1000; b at 3500: 58.3 and 41.7 minutes at a metre a second.
    passed, measured, limit = lock(gate, "young_travel")
    assert (passed, limit) == (False, 30.0)
    assert measured == pytest.approx(3500 / 60)
    assert lock(gate, "replaceable") == (False, 2.0, 0.0)
    assert lock(gate, "receiver_open") == (True, 0.0, 0.0)


def test_trap_12_a_school_of_196_is_kept_and_never_called_closed(gate):
    assert gate.verdict == "keep"
    assert lock(gate, "few_pupils") == (False, 196.0, 10.0)
    assert "建议保留" in gate.sheet.loc[gate.sheet["section"] == "verdict", "text_zh"].item()
    for key, words in catalogue().items():
        if key.startswith(("verdict.", "lock.", "sheet.")):
            assert "撤销" not in words["zh"], key


def test_a_receiver_with_classes_over_the_norm_may_not_receive(gate):
    # b holds a class of 56 and one of 66 in grades 7 and 8.
    assert gate.receivers["school_id"].tolist() == ["b"]
    assert lock(gate, "receiver_over_now") == (False, 2.0, 0.0)


def test_what_is_not_known_is_not_passed(gate):
    for code in ("objection", "special_group", "safe_route", "bus"):
        assert lock(gate, code)[0] is None
    assert lock(gate, "bus")[2] == pytest.approx(120.0)


def test_the_record_of_the_hearing_counts(usual):
    record = Record(route_is_safe=True, parents_object=True, has_special_group=False, bus_seats=119)
    gate = closure_gate(usual, "a", 2024, record=record)
    assert [lock(gate, code)[0] for code in ("safe_route", "objection", "special_group", "bus")] == [
        True, False, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(("less", "far", "in_time"), [(0.0, 0.0, True), (1e-3, 30.0, False)])
def test_a_way_as_long_as_the_limit_needs_no_bus(gate, less, far, in_time):
    # 30 of p1 walk 58.3 minutes; those of grades 4 to 6 are quicker.
    longest = lock(gate, "young_travel")[1]
    keys = [f"travel.limit_minutes.grades_{group}" for group in ("1_3", "4_6", "7_9")]
    limits = Norms({**NORMS, **{key: replace(NORMS[key], value=longest - less) for key in keys}})
    plan = run_plan(prepare(toy.county(), limits), Scenario(name="toy", last_year=2030))
    found = closure_gate(plan, "a", 2024)
    assert lock(found, "bus")[2] == pytest.approx(far)
    assert lock(found, "young_travel")[0] is in_time


def test_verdicts_follow_from_the_locks():
    met = dict.fromkeys(LOCKS, True)
    assert verdict_of(met) == "review"
    assert verdict_of(met | dict.fromkeys(SETTLED_BY_HEARING)) == "review"
    assert verdict_of(met | {"safe_route": False}) == "unmet"
    for code in LOCKS:
        if code in KEEP:
            assert verdict_of(met | {code: False}) == "keep"
        elif code not in SETTLED_BY_HEARING:
            assert verdict_of(met | {code: False}) == verdict_of(met | {code: None}) == "unmet"


def test_trap_14_receivers_are_tested_in_every_later_year():
    """The receiver has room in the closing year; larger cohorts come later, and the gate names the year."""
    county = toy.county()
    classes = county.classes.assign(pupils=np.where(county.classes["school_id"] == "a", 5, 20))
    counts = [("b", year, grade, 300 + year % 3) for year in range(2016, 2023) for grade in (1, 2, 3)]
    history = pd.DataFrame(counts, columns=["school_id", "year", "grade", "pupils"])
    history = history.assign(classes=pd.array([1] * len(history), dtype="Int64"))
    young = county.children.assign(children=np.where(county.children["age"] <= 2, 25.0, 4.0))
    result = planned(replace(county, classes=classes, children=young, enrolment=history))
    gate = closure_gate(result, "a", 2024)
    row = gate.receivers.iloc[0]
    assert row["class_year"] > 2024
    assert row["class_size_p90"] > row["class_limit"] == 45.0
    assert lock(gate, "receiver_class")[0] is False


def test_a_closing_already_in_the_scenario_is_taken_out_to_compare(usual, gate):
    closed = planned(toy.county(), CloseSchool(year=2024, school_id="a"))
    again = closure_gate(closed, "a", 2024)
    pd.testing.assert_frame_equal(again.locks, gate.locks)
    pd.testing.assert_frame_equal(again.receivers, gate.receivers)


@pytest.mark.parametrize(("school_id", "year"), [("z", 2024), ("a", 2022), ("a", 2031)])
def test_a_school_or_year_that_is_not_there_is_refused(usual, school_id, year):
    with pytest.raises(ScenarioError):
        closure_gate(usual, school_id, year)


def test_under_limited_seats_a_split_village_is_counted_once():
    """b's 135 primary seats hold p4 and 105 of p3, whose other 75 (grades 4-6) are at a: of b's 15 find room."""
    result = planned(with_rooms_of_b(3), assignment="capacity")
    gate = closure_gate(result, "b", 2024)
    case = Case(*_before_and_after(result, "b", 2024), "b", 2024, Record())
    # a has 270 seats and 255 pupils. The farthest and slowest stay without: p4 (30) and p3's grades 1-3 (90).
    primary = {who: pupils for who, pupils in moves(case.moved, 2024).items() if who[1] != "7-9"}
    assert primary == {
        ("p3", "1-3", "-"): 90.0,
        ("p3", "4-6", "a"): 15.0,
        ("p4", "1-3", "-"): 15.0,
        ("p4", "4-6", "-"): 15.0,
    }
    # b is the only junior school and has 150 seats.
    assert lock(gate, "receiver_open") == (False, pytest.approx(90 + 30 + 150), 0.0)
    assert gate.travel.set_index("group")["pupils"].to_dict() == pytest.approx(
        {"grades_1_3": 105.0, "grades_4_6": 30.0, "grades_7_9": 150.0}
    )
    assert gate.receivers["school_id"].tolist() == ["a"]
    assert gate.receivers["minutes"].item() == pytest.approx(
        2500 / (NORMS.value("speed.walk_kmh.grades_4_6") / 0.06), abs=1e-3
    )


def test_receivers_are_found_by_the_optimum_and_those_who_make_room_are_seen():
    """c at 2600 holds p3's 180. Without a its seats go to p1 and p2 (900 m nearer than b); p3 goes 100 m on to b."""
    new = OpenSchool(
        year=2023, school_id="c", name="C", school_kind="primary", setting="village", east_m=2600, north_m=0,
        primary_rooms=4,
    )  # fmt: skip
    result = planned(toy.county(), new, assignment="capacity")
    gate = closure_gate(result, "a", 2024)
    case = Case(*_before_and_after(result, "a", 2024), "a", 2024, Record())
    assert moves(case.moved, 2024) == {
        ("p1", "1-3", "c"): 30.0, ("p1", "4-6", "c"): 30.0, ("p2", "1-3", "c"): 60.0, ("p2", "4-6", "c"): 60.0,
    }  # fmt: skip
    on = case.changed[(case.changed["origin"] == "c") & (case.changed["year"] == 2024)]
    assert set(on["receiver"]) == {"b"}
    assert on["pupils"].sum() == pytest.approx(180.0)
    assert gate.receivers["school_id"].tolist() == ["b", "c"]
    assert lock(gate, "young_travel") == (False, pytest.approx(2600 / 60, abs=1e-3), 30.0)
    assert "180 pupils of other schools" in gate.sheet.set_index("section").loc["knock_on", "text_en"]


def test_under_zones_the_nearest_school_that_is_left_receives():
    west, east, all_ = box(-500, -500, 2500, 500), box(2500, -500, 4500, 500), box(-500, -500, 4500, 500)
    rows = [("z1", "a", "primary", west), ("z2", "b", "primary", east), ("z3", "b", "junior", all_)]
    zones = toy.geo([{"zone_id": z, "school_id": s, "stage": t} for z, s, t, _ in rows], [row[3] for row in rows])
    gate = closure_gate(planned(replace(toy.county(), zones=zones), assignment="zoned"), "a", 2024)
    assert gate.receivers["school_id"].tolist() == ["b"]
    assert lock(gate, "young_travel") == (False, pytest.approx(3500 / 60, abs=1e-3), 30.0)
    assert lock(gate, "receiver_open") == (True, 0.0, 0.0)
    assert gate.travel["pupils"].sum() == pytest.approx(180.0)


def test_locks_to_the_school_fall_with_it():
    held = Lock(school_id="a", place_ids=("p1",), stage="primary")
    gate = closure_gate(planned(toy.county(), assignment="capacity", locks=(held,)), "a", 2024)
    assert gate.receivers["school_id"].tolist() == ["b"]


def test_the_evidence_sheet_says_review_and_when_to_restore(gate):
    sections = gate.sheet.set_index("section")
    assert sections.index.is_unique
    assert "再次超过10人" in sections.loc["restore", "text_zh"]
    assert "建议论证" in catalogue()["verdict.review"]["zh"]


def test_a_receiver_without_a_size_norm_says_so():
    assert (_shown(np.inf, "zh"), _shown(np.nan, "en"), _shown(41.66, "en")) == ("（无规定）", "not known", "41.7")


def test_a_village_that_walked_too_far_before_does_not_make_a_school_irreplaceable():
    """p1 stands 2 km west of the road's old end: 2,500 m to ``a`` are 41.7 minutes already, 5,500 m to b 91.7."""
    first = toy.roads().iloc[0].to_dict() | {"road_id": "west", "geometry": LineString([(-2000, 0), (0, 0)])}
    rows = [*toy.roads().to_dict("records"), first]
    places = toy.places()
    county = toy.county(
        roads=toy.geo(rows, [row["geometry"] for row in rows]),
        places=places.set_geometry([Point(-2000, 0), *places.geometry[1:]]).set_crs(toy.CRS, allow_override=True),
    )
    gate = closure_gate(planned(county), "a", 2024)
    assert lock(gate, "replaceable") == (False, 1.0, 0.0)
    assert lock(gate, "young_travel") == (False, pytest.approx(5500 / 60, abs=1e-3), 30.0)


@pytest.mark.parametrize(("each", "pupils"), [(0.05, 0.6), (0.0, 0.0)])
def test_less_than_one_child_is_somebody_whose_high_side_is_not_known_and_nobody_stays_nobody(each, pupils):
    children = toy.county().children
    thin = children.assign(children=children["children"].where(~children["place_id"].isin(["p1", "p2"]), each))
    births = toy.county().births.assign(births=0)
    band = Case(
        *_before_and_after(planned(toy.county(children=thin, births=births)), "a", 2024), "a", 2024, Record()
    ).band
    first = band[band["year"] == 2022].iloc[0]
    assert first["pupils"] == pytest.approx(pupils)
    ahead = band[band["year"] == 2024].iloc[0]
    assert ahead["pupils"] == pytest.approx(pupils)
    # The toy county has no history to tell a range from.
    assert np.isnan(ahead["high"]) if pupils else ahead["high"] == 0.0


@pytest.mark.parametrize(
    ("number", "shown"),
    [(100.0, "100"), (100.4, "100"), (99.4, "99.4"), (-150.5, "-150"), (7.0, "7"), (0.0, "0")],
)
def test_numbers_below_a_hundred_are_shown_to_a_tenth_unless_they_are_whole(number, shown):
    assert _shown(number, "en") == shown


def test_the_highest_of_the_high_side_is_shown_unless_a_year_is_not_known():
    assert _highest_shown(pd.DataFrame({"high": [5.0, 12.4]})) == "12"
    assert _highest_shown(pd.DataFrame({"high": [5.0, np.nan]})) == "-"


@pytest.mark.parametrize(
    ("school_id", "year", "fields"),
    [("a", 2023, []), ("a", 2030, []), ("a", 2022, ["year"]), ("z", 2031, ["school_id", "year"])],
)
def test_a_school_is_looked_at_from_the_year_after_the_base_to_the_last(usual, school_id, year, fields):
    if not fields:
        check_school(usual, school_id, year)
        return
    with pytest.raises(ScenarioError) as caught:
        check_school(usual, school_id, year)
    assert [problem.field for problem in caught.value.problems] == fields
    assert all(
        problem.values == {"first": 2023, "last": 2030} for problem in caught.value.problems if problem.field == "year"
    )
