"""The small-school ladder of school ``a`` on the toy county, each rung worked out by hand.

Of the children given ``a`` 10 a grade live at p1 (3,500 m from ``b``) and 20 at p2 (2,500 m): on foot to ``b`` 58.3
and 41.7 minutes in grades 1-3 (limit 30), 52.5 and 37.5 in grades 4-6 (limit 40); by bus at 30 km/h 7 and 5 minutes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
from shapely import Point

from layoutplan.errors import ScenarioError
from layoutplan.labels import catalogue
from layoutplan.norms import Norms, load_norms
from layoutplan.plan.ladder import RUNGS, _sections, _without, _words, small_school_ladder
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.rungs import share_classes
from layoutplan.plan.scenario import CloseSchool, ConvertSchool, MergeSchools, Scenario, SetBoarding
from layoutplan.seats.settings import Policy

NORMS = load_norms()


def planned(*actions, policy=None, **layers):
    scenario = Scenario(name="toy", last_year=2025, actions=actions, policy=policy or Policy())
    return run_plan(prepare(toy.county(**layers), NORMS, modes=("walk", "drive")), scenario)


def with_beds(beds):
    return toy.schools().assign(boarding_beds=pd.array([0, beds], dtype="Int64"))


@pytest.fixture(scope="module")
def usual():
    return planned(schools=with_beds(10))


@pytest.fixture(scope="module")
def ladder(usual):
    return small_school_ladder(usual, "a", 2024)


def rung(ladder, name):
    return ladder.rungs.set_index("rung").loc[name]


def test_the_rungs_stand_in_order_and_say_why_one_does_not_apply(ladder):
    assert tuple(ladder.rungs["rung"]) == RUNGS
    assert ladder.rungs["applies"].tolist() == [True, False, True, True, True]
    shared = rung(ladder, "keep_multigrade")
    assert shared["reason"] == "no_small_grades"
    assert shared.drop(["applies", "reason"]).isna().all()


def test_keeping_the_school_changes_nothing(ladder):
    keep = rung(ladder, "keep")
    assert (keep["pupils"], keep["stay"], keep["leave"], keep["posts_elsewhere"]) == (180.0, 180.0, 0.0, 0.0)
    assert keep["walk_longest_before"] == keep["walk_longest_after"] == pytest.approx(500 / 60)
    assert keep["walk_mean_after"] == pytest.approx((500 / 60 + 7.5) / 2)
    # 196 on the roll at 19 a post.
    assert (keep["roll"], keep["classes"], keep["posts"]) == (196.0, 6, 11)
    assert (keep["bus_pupils"], keep["bus_runs"]) == (0.0, 0)
    assert np.isnan(keep["bus_minutes_longest"])
    assert pd.isna(keep["bus_meets_limit"])


def test_a_point_keeps_grades_1_to_3_and_drives_the_far_older_ones(ladder):
    point = rung(ladder, "point")
    assert (point["stay"], point["leave"], point["without_school"]) == (90.0, 90.0, 0.0)
    assert point["walk_longest_after"] == pytest.approx(52.5)
    assert point["share_over_limit_after"] == pytest.approx(30 / 180)
    assert (point["boarders"], point["beds_needed"], point["bus_pupils"]) == (0.0, 0.0, 30.0)
    assert (point["bus_runs"], point["bus_seats"]) == (1, 30)
    assert (point["bus_minutes_longest"], point["bus_round_trip_minutes"]) == pytest.approx((7.0, 14.0), abs=1e-3)
    assert point["bus_meets_limit"]
    # 90 pupils: 4.7 posts by pupils, 3 classes of 1.5 posts below 100 pupils.
    assert (point["roll"], point["classes"], point["posts"]) == (90.0, 3, 5)
    older = ladder.groups.set_index(["rung", "group"]).loc[("point", "grades_4_6")]
    assert older["walk_mean_after"] == pytest.approx((10 * 52.5 + 20 * 37.5) / 30)
    assert (older["limit"], older["verified"]) == (40.0, False)


def test_a_feeder_boards_the_far_older_ones_and_builds_the_beds_first(usual, ladder):
    feeder = rung(ladder, "feeder")
    assert (feeder["boarders"], feeder["beds_needed"], feeder["beds_short"]) == (30.0, 30.0, 20.0)
    assert (feeder["bus_pupils"], feeder["bus_runs"]) == (0.0, 0)
    assert ladder.actions["feeder"] == (
        ConvertSchool(year=2024, school_id="a", school_kind="teaching_point", grade_to=3),
        SetBoarding(year=2024, school_id="b", beds=30, existing=10),
    )
    again = run_plan(usual.prepared, usual.scenario.model_copy(update={"actions": ladder.actions["feeder"]}))
    beds = again.supply.frame.set_index(["school_id", "year", "stage"])["beds"]
    assert (beds["b", 2023, "primary"], beds["b", 2024, "primary"]) == (10, 30)


def test_closed_drives_all_of_grades_1_to_3_who_never_board(ladder):
    closed = rung(ladder, "closed")
    assert (closed["stay"], closed["leave"], closed["boarders"], closed["bus_pupils"]) == (0.0, 180.0, 30.0, 90.0)
    assert closed["walk_longest_after"] == pytest.approx(3500 / 60)
    assert closed["share_over_limit_after"] == pytest.approx(120 / 180)
    # 90 pupils fill two buses of 56.
    assert (closed["bus_runs"], closed["bus_seats"]) == (2, 90)
    assert (closed["roll"], closed["classes"], closed["posts"]) == (0.0, 0, 0)
    assert closed["posts_elsewhere"] > 0
    groups = ladder.groups
    assert (groups.loc[groups["group"] == "grades_1_3", "boarders"] == 0).all()
    receiver = ladder.receivers.set_index(["rung", "school_id"]).loc[("closed", "b")]
    assert (receiver["pupils"], receiver["same_township"], receiver["beds_free"]) == (180.0, False, 10.0)


def test_multigrade_classes_save_posts_by_hand():
    # Four pupils a grade: six classes of 1.5 posts, or three classes of two grades.
    few = pd.DataFrame({"place_id": ["p1", "p2", "p3", "p4"], "few": [2.0, 2.0, 30.0, 5.0]})
    children = toy.county().children.merge(few, on="place_id")
    children = children.assign(children=children["few"]).drop(columns="few")
    classes = toy.county().classes
    classes = classes.assign(pupils=classes["pupils"].where(classes["school_id"] != "a", 4))
    ladder = small_school_ladder(planned(children=children, classes=classes), "a", 2024)
    keep, shared = rung(ladder, "keep"), rung(ladder, "keep_multigrade")
    assert (keep["roll"], keep["classes"], keep["posts"]) == (24.0, 6, 9)
    assert (shared["roll"], shared["classes"], shared["posts"], shared["stay"]) == (24.0, 3, 5, 24.0)


def test_only_small_neighbouring_grades_of_one_class_share():
    one = np.ones(3, dtype=np.int64)
    assert share_classes(np.array([1, 3, 4]), np.array([5.0, 5.0, 5.0]), one, most=10).tolist() == [1, 1, 0]
    assert share_classes(np.array([6, 7, 8]), np.array([5.0, 5.0, 5.0]), one, most=10).tolist() == [1, 1, 1]
    assert share_classes(np.array([1, 2, 3]), np.array([10.0, 10.0, 9.9]), one, most=10).tolist() == [1, 1, 0]
    assert share_classes(np.array([1, 2]), np.array([9.0, 8.0]), np.array([2, 1]), most=10).tolist() == [2, 1]


def test_beds_that_are_not_known_are_not_zero():
    ladder = small_school_ladder(planned(), "a", 2024)
    feeder = rung(ladder, "feeder")
    assert feeder["beds_needed"] == 30.0
    assert np.isnan(feeder["beds_short"])
    assert len(ladder.actions["feeder"]) == 1
    said = ladder.sheet[(ladder.sheet["rung"] == "feeder") & (ladder.sheet["section"] == "beds")]
    assert "not known" in said["text_en"].item()


def boarding(ladder, name="feeder"):
    return ladder.boarding[ladder.boarding["rung"] == name].set_index(["group", "school_id"])


def test_boarding_schools_by_hand(ladder):
    # 30 boarders of p1, 10 beds, 7 minutes by road against a weekly limit of 120.
    row = boarding(ladder).loc[("grades_4_6", "b")]
    assert (row["boarders"], row["beds_needed"], row["beds_free"], row["beds_short"]) == (30.0, 30, 10.0, 20.0)
    assert (row["is_receiver"], row["same_township"], row["fits"]) == (True, False, False)
    assert (row["minutes_longest"], row["limit"], row["verified"]) == (pytest.approx(7.0, abs=1e-3), 120.0, False)
    assert boarding(ladder, "keep").empty
    assert boarding(ladder, "point").empty


@pytest.mark.parametrize(("beds", "fits", "said"), [(30, True, ": B"), (None, None, ": -")])
def test_a_boarding_school_fits_with_beds_for_all(beds, fits, said):
    ladder = small_school_ladder(planned(schools=with_beds(beds)), "a", 2024)
    found = boarding(ladder).loc[("grades_4_6", "b"), "fits"]
    assert (None if pd.isna(found) else bool(found)) == fits
    sheet = ladder.sheet[(ladder.sheet["rung"] == "feeder") & (ladder.sheet["section"] == "boarding")]
    assert sheet["text_en"].item().endswith(said)


def test_a_boarding_school_that_is_not_the_receiver_is_shown():
    # c stands beside p4: farther than b, which has no beds.
    far = toy.schools().iloc[[1]].assign(school_id="c", name="C", township_id="t1", geometry=[Point(4000, 0)])
    schools = pd.concat([with_beds(0), far.assign(boarding_beds=pd.array([50], dtype="Int64"))], ignore_index=True)
    rooms = toy.county().rooms
    rooms = pd.concat([rooms, rooms[rooms["school_id"] == "b"].assign(school_id="c")], ignore_index=True)
    ladder = small_school_ladder(planned(schools=schools, rooms=rooms), "a", 2024)
    found = boarding(ladder)
    b, c = found.loc[("grades_4_6", "b")], found.loc[("grades_4_6", "c")]
    assert (b["is_receiver"], b["fits"], b["beds_short"]) == (True, False, 30.0)
    assert (c["is_receiver"], c["fits"], c["same_township"], c["beds_free"]) == (False, True, True, 50.0)
    assert c["minutes_longest"] == pytest.approx(8.0, abs=1e-3)


@pytest.mark.parametrize(("beds", "shown"), [(None, False), (0, False), (1, True)])
def test_only_a_school_that_is_known_to_have_a_bed_is_shown_beside_the_receiver(beds, shown):
    far = toy.schools().iloc[[1]].assign(school_id="c", name="C", township_id="t1", geometry=[Point(4000, 0)])
    schools = pd.concat([with_beds(0), far.assign(boarding_beds=pd.array([beds], dtype="Int64"))], ignore_index=True)
    rooms = toy.county().rooms
    rooms = pd.concat([rooms, rooms[rooms["school_id"] == "b"].assign(school_id="c")], ignore_index=True)
    found = boarding(small_school_ladder(planned(schools=schools, rooms=rooms), "a", 2024))
    assert (("grades_4_6", "c") in found.index) == shown


@pytest.mark.parametrize(("limit", "fits"), [(6.9, False), (7.1, True)])
def test_a_boarding_school_fits_only_if_the_farthest_boarder_is_home_in_time(limit, fits):
    # With 30 minutes on foot for grades 4-6 too, those of p2 board as well: 60 of them, 5 minutes away; 30 of p1, 7.
    norms = Norms({
        **NORMS,
        **{key: replace(NORMS[key], value=value) for key, value in (
            ("travel.limit_minutes.grades_4_6", 30.0), ("travel.limit_minutes_boarding.grades_4_6", limit),
        )},
    })  # fmt: skip
    county = toy.county(schools=with_beds(90))
    plan = run_plan(prepare(county, norms, modes=("walk", "drive")), Scenario(name="toy", last_year=2025))
    row = boarding(small_school_ladder(plan, "a", 2024)).loc[("grades_4_6", "b")]
    assert (row["boarders"], row["beds_short"], bool(row["fits"])) == (90.0, 0.0, fits)
    assert row[["minutes_mean", "minutes_longest"]].tolist() == pytest.approx([(60 * 5 + 30 * 7) / 90, 7.0], abs=1e-3)


def test_children_without_another_school_are_unreachable_and_not_far():
    # The road is cut between 2,000 and 3,000 m.
    ladder = small_school_ladder(planned(roads=toy.roads().drop(index=2).reset_index(drop=True)), "a", 2024)
    point, closed = rung(ladder, "point"), rung(ladder, "closed")
    assert (point["stay"], point["leave"], point["without_school"]) == (90.0, 0.0, 90.0)
    assert (closed["without_school"], closed["bus_pupils"], closed["boarders"]) == (180.0, 0.0, 0.0)
    assert np.isnan(closed["walk_longest_after"])
    assert np.isnan(closed["share_over_limit_after"])
    assert closed["walk_longest_before"] == pytest.approx(500 / 60)
    assert "lost" in ladder.sheet.loc[ladder.sheet["rung"] == "closed", "section"].tolist()


def test_a_bus_that_cannot_get_through_is_shown():
    roads = toy.roads().assign(drive=[None, None, False, None])
    point = rung(small_school_ladder(planned(roads=roads), "a", 2024), "point")
    assert (point["bus_pupils"], point["bus_unreached"], point["bus_runs"], point["bus_seats"]) == (30.0, 30.0, 0, 0)
    assert np.isnan(point["bus_minutes_longest"])
    assert not point["bus_meets_limit"]


@pytest.mark.parametrize("rule", ["nearest", "capacity"])
def test_law_6_every_child_of_the_school_is_on_every_rung_once(usual, ladder, rule):
    if rule == "capacity":
        scenario = usual.scenario.model_copy(update={"policy": Policy(assignment="capacity")})
        ladder = small_school_ladder(run_plan(usual.prepared, scenario), "a", 2024)
    there = ladder.rungs[ladder.rungs["applies"]]
    np.testing.assert_allclose(there["stay"] + there["leave"] + there["without_school"], there["pupils"])
    assert there["pupils"].nunique() == 1
    taken = ladder.receivers.groupby("rung")["pupils"].sum()
    np.testing.assert_allclose(taken.reindex(there["rung"]).fillna(0.0), there["leave"])


@pytest.mark.parametrize(
    "action",
    [
        CloseSchool(year=2024, school_id="a"), MergeSchools(year=2025, school_ids=("a",), into="b"),
        ConvertSchool(year=2024, school_id="a", school_kind="teaching_point", grade_to=4),
    ],
)  # fmt: skip
def test_what_the_scenario_does_to_the_school_is_taken_out(usual, ladder, action):
    changed = run_plan(usual.prepared, usual.scenario.model_copy(update={"actions": (action,)}))
    again = small_school_ladder(changed, "a", 2024)
    pd.testing.assert_frame_equal(again.rungs, ladder.rungs)
    pd.testing.assert_frame_equal(again.sheet, ladder.sheet)
    assert again.actions == ladder.actions


@pytest.mark.parametrize(
    ("kind", "grades", "reason"),
    [("teaching_point", (1, 3), "already_point"), ("junior", (7, 9), "no_young_grades")],
)
def test_rungs_that_make_no_sense_say_why(kind, grades, reason):
    schools = toy.schools()
    schools.loc[0, ["kind", "grade_from", "grade_to"]] = [kind, *grades]
    classes = toy.county().classes
    classes = classes[(classes["school_id"] == "b") | classes["grade"].between(*grades)]
    ladder = small_school_ladder(planned(schools=schools, classes=classes), "a", 2024)
    for name in ("point", "feeder"):
        assert (rung(ladder, name)["applies"], rung(ladder, name)["reason"]) == (False, reason)
    assert "point" not in ladder.actions


def test_the_words_never_say_close(ladder):
    assert ladder.sheet[["text_zh", "text_en"]].map(len).min().min() > 0
    assert ladder.norms["clause"].str.len().min() > 0
    for key, words in catalogue().items():
        if key.startswith(("rung.", "ladder.", "ladder_reason.")):
            assert "撤销" not in words["zh"], key
            assert "close" not in words["en"].lower(), key
    for name in ("point", "feeder", "closed"):
        assert "建议论证" in catalogue()[f"rung.{name}"]["zh"]


@pytest.mark.parametrize(("school_id", "year"), [("z", 2024), ("a", 2022), ("a", 2026)])
def test_a_school_or_year_that_is_not_there_is_refused(usual, school_id, year):
    with pytest.raises(ScenarioError):
        small_school_ladder(usual, school_id, year)


@pytest.mark.parametrize(
    ("action", "left"),
    [
        (CloseSchool(year=2023, school_id="a"), True), (CloseSchool(year=2024, school_id="a"), False),
        (CloseSchool(year=2024, school_id="b"), True), (SetBoarding(year=2024, school_id="a", beds=5), True),
        (ConvertSchool(year=2025, school_id="a", school_kind="primary"), False),
        (MergeSchools(year=2023, school_ids=("a",), into="b"), True),
        (MergeSchools(year=2024, school_ids=("a",), into="b"), False),
        (MergeSchools(year=2024, school_ids=("b",), into="a"), True),
    ],
)  # fmt: skip
def test_only_what_is_done_to_the_school_itself_from_the_year_on_is_taken_out(action, left):
    last = CloseSchool(year=2030, school_id="z")
    assert _without((action, last), "a", 2024) == ((action, last) if left else (last,))


def test_other_schools_of_a_merger_are_still_merged():
    merger = MergeSchools(year=2024, school_ids=("c", "a", "d"), into="b")
    assert _without((merger,), "a", 2024) == (MergeSchools(year=2024, school_ids=("c", "d"), into="b"),)


def test_shares_are_read_as_percent_and_what_is_missing_as_not_known():
    values = {"share_over": 0.256, "pupils": 30.0, "minutes": 7.25, "beds": np.nan, "free": pd.NA, "none": None,
              "met": True, "not_met": False, "school": "A", "runs": 2}  # fmt: skip
    said = _words(values, "en")
    assert (said["share_over"], said["pupils"], said["minutes"], said["runs"]) == ("26 %", "30", "7.2", "2")
    assert said["beds"] == said["free"] == said["none"] == "not known"
    assert said["met"] != said["not_met"]
    assert said["school"] == "A"


def test_only_what_happens_on_a_rung_is_worth_a_sentence():
    nothing = dict.fromkeys(
        ("boarders", "without_school", "no_way_on_foot_after", "bus_runs", "bus_unreached"), 0.0
    )  # fmt: skip
    assert _sections(nothing) == ["pupils", "walk", "posts"]
    assert _sections(nothing | {"boarders": 0.5}) == ["pupils", "walk", "beds", "boarding", "posts"]
    assert _sections(nothing | {"bus_runs": 1, "bus_unreached": np.nan}) == ["pupils", "walk", "posts", "bus"]
