"""Checks as data: each stands in the register with its words and its norm, and speaks up just beyond its limit."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import toy
from shapely import box

from layoutplan.labels import catalogue
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import AddRooms, CloseSchool, Scenario
from layoutplan.seats.checks.high import high_total
from layoutplan.seats.demand import Demand
from layoutplan.seats.diagnosis import CHECK_OF, RULES, Facts, checks, diagnose, standing_findings
from layoutplan.seats.roster import base_roster

NORMS = load_norms()


def planned(county=None, *actions, last_year=2030):
    return run_plan(prepare(county or toy.county(), NORMS), Scenario(name="toy", actions=actions, last_year=last_year))


def found(county, rule, *actions):
    """Subjects of a rule with year, what was measured and the limit."""
    frame = planned(county, *actions).findings.frame
    mine = frame[frame["rule"] == rule]
    return list(mine[["subject", "year", "measured", "limit"]].itertuples(index=False, name=None))


def standing(county, rule):
    """The same of what no scenario changes: no road has to be looked at."""
    frame = standing_findings(Facts(county, NORMS, base_roster(county, NORMS))).frame
    mine = frame[frame["rule"] == rule]
    return list(mine[["subject", "year", "measured", "limit"]].itertuples(index=False, name=None))


def classes(sizes):
    rows = [
        (school, grade, number, pupils)
        for school, grades in sizes.items()
        for grade, rooms in grades.items()
        for number, pupils in enumerate(rooms, start=1)
    ]
    return pd.DataFrame(rows, columns=["school_id", "grade", "class_no", "pupils"]).assign(boarders=0)


def quiet(**primary):
    """Class tables of 30 a grade; ``a`` or ``b`` given as lists replace the classes of their grades from 1 up."""
    sizes = {"a": {g: [30] for g in range(1, 7)}, "b": {g: [30] for g in range(1, 10)}}
    for school, grades in primary.items():
        sizes[school] |= dict(enumerate(grades, start=1))
    return toy.county(classes=classes(sizes))


def with_schools(**columns):
    return replace(quiet(), schools=quiet().schools.assign(**columns))


def history(**counts):
    rows = [(school, year, 1, total) for school, totals in counts.items() for year, total in totals.items()]
    frame = pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils"])
    return frame.assign(classes=pd.array([1] * len(frame), dtype="Int64"))


# --- the register


def test_the_register_holds_about_sixty_checks_each_once():
    assert len(RULES) == len(set(RULES)) >= 60


@pytest.mark.parametrize("rule", RULES)
def test_every_check_has_its_words_and_its_norm(rule):
    known = catalogue()
    assert {f"rule.{rule}", f"finding.{rule}", f"advice.{rule}"} <= set(known)
    table = checks(NORMS)
    mine = table[table["rule"] == rule]
    assert len(mine)
    assert mine["clause"].str.len().min() > 0
    assert mine["norm"].isin(NORMS).all()
    assert f"unit.{CHECK_OF[rule].unit}" in known or not CHECK_OF[rule].unit


def test_words_of_no_check_are_left_over():
    named = {key.split(".", 1)[1] for key in catalogue() if key.startswith(("finding.", "advice."))}
    assert named == set(RULES)


def test_trap_12_no_check_recommends_closing():
    for key, words in catalogue().items():
        if key.startswith(("advice.", "rule.", "finding.")):
            assert not any(word in words["zh"] for word in ("应撤", "撤销", "予以撤并", "关闭")), key
            assert "close the school" not in words["en"], key


# --- one thing wrong in a county that is otherwise quiet


def test_every_finding_cites_a_clause_and_recommends_something():
    frame = planned(toy.county()).findings.frame
    assert frame[["clause", "recommendation_zh", "recommendation_en", "text_zh", "text_en"]].map(len).min().min() > 0
    assert (frame["first_year"] == frame["year"]).all()
    assert frame["probability"].isna().all() or frame["probability"].dropna().between(0, 1).all()


CASES = [
    ("class_over_norm", quiet(a=[[46]]), [("a/1/1", 2022, 46.0, 45.0)]),
    ("class_over_norm", quiet(a=[[45]]), []),
    ("class_large", quiet(a=[[56]]), [("a/1/1", 2022, 56.0, 45.0)]),
    ("class_large", quiet(a=[[55]]), []),
    ("class_extra_large", quiet(a=[[66]]), [("a/1/1", 2022, 66.0, 45.0)]),
    ("class_extra_large", quiet(a=[[65]]), []),
    ("classes_unequal", quiet(a=[[46, 35]]), [("a", 2022, 11.0, 10.0)]),
    ("classes_unequal", quiet(a=[[45, 34]]), []),
    ("classes_unequal", quiet(a=[[60, 31]]), []),  # 91 in two classes cannot keep 45: no forming anew helps
    ("classes_tiny", quiet(a=[[9]] * 6), [("a", 2022, 9.0, 10.0)]),
    ("classes_tiny", quiet(a=[[10]] * 6), []),
    ("rooms_below_classes", quiet(a=[[30, 30]]), [("a/primary", 2022, 7.0, 6.0)]),
    ("rooms_short", quiet(a=[[46]]), [("a/primary", 2022, 7.0, 6.0)]),
    ("rooms_short", quiet(a=[[45]]), []),
    ("staff_short", with_schools(staff=pd.array([9, 30], dtype="Int64")), [("a", 2022, 9.0, 10.0)]),
    ("staff_short", with_schools(staff=pd.array([10, 30], dtype="Int64")), []),
    ("staff_above_pupils", with_schools(staff=pd.array([181, 30], dtype="Int64")), [("a", 2022, 181.0, 180.0)]),
    ("school_name_twice", with_schools(name="A"), [("a", 2022, 2.0, 1.0), ("b", 2022, 2.0, 1.0)]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "county", "expected"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)])
def test_a_check_speaks_up_just_beyond_its_limit(rule, county, expected):
    assert standing(county, rule) == expected


def test_a_small_school_is_kept_by_default():
    """T12: below 100 pupils a rural school is retained; at 100 it is a school like others."""
    assert found(quiet(a=[[16]] * 6), "small_keep") == [("a", 2022, 96.0, 100.0)]
    frame = planned(quiet(a=[[16]] * 4 + [[18]] * 2)).findings.frame
    assert "small_keep" not in set(frame["rule"])
    assert frame.loc[frame["rule"] == "junior_school_missing", "subject"].tolist() == ["t1/junior"]


@pytest.mark.parametrize(("children", "places"), [(20.0, 2), (0.3, 2), (0.0, 1)])
def test_places_with_young_children_and_no_other_school_near_are_counted_however_few_the_children(children, places):
    county = quiet(a=[[16]] * 6)
    table = county.children.assign(
        children=county.children["children"].where(county.children["place_id"] != "p1", children)
    )
    frame = planned(replace(county, children=table)).findings.frame
    text = frame.loc[frame["rule"] == "small_keep", "text_en"].item()
    assert f"{places} places have no other school" in text


def test_trap_2_rooms_are_needed_grade_by_grade():
    # Six grades of 46 in one class each: ceil(276 / 45) = 7 over the school, 12 in truth.
    assert standing(quiet(a=[[46]] * 6), "rooms_short") == [("a/primary", 2022, 12.0, 6.0)]


def test_trap_1_classes_to_come_are_bounds_not_guesses():
    """Only totals are known of later years: so many grades must hold a class over the norm, at least."""
    frame = planned(quiet(a=[[50]] * 6)).findings.frame
    row = frame[(frame["rule"] == "class_over_norm_ahead") & (frame["subject"] == "a/primary")].iloc[0]
    assert (row["first_year"], row["measured"], row["limit"]) == (2023, 50.0, 45.0)
    assert "at least 5 grades" in row["text_en"]


def test_trap_15_stages_of_a_nine_year_school_are_looked_at_apart():
    big = {"b": {g: [45] * 8 for g in range(1, 7)} | {7: [50], 8: [50], 9: [50]}, "a": {g: [30] for g in range(1, 7)}}
    county = toy.county(classes=classes(big))
    assert standing(county, "school_over_size") == []
    assert standing(county, "stage_over_size") == [("b/primary", 2022, 2160.0, 2000.0)]
    assert standing(county, "school_near_size") == [("b", 2022, 2310.0, 2500.0)]


def test_what_looks_ahead_is_named_with_its_first_year():
    close = CloseSchool(year=2025, school_id="a")
    assert [row[:2] for row in found(quiet(), "place_over_limit_ahead", close)] == [("p1", 2025), ("p2", 2025)]
    assert found(quiet(), "place_over_limit") == []
    fewer = AddRooms(year=2024, school_id="a", stage="primary", rooms=-3)
    assert found(quiet(), "rooms_short_ahead", fewer)[0] == ("a/primary", 2024, 6.0, 3.0)


def test_trap_14_seats_are_looked_at_in_every_year_after_a_closure():
    close = CloseSchool(year=2025, school_id="a")
    ahead = {row[0]: row[1] for row in found(quiet(), "catchment_over_seats", close)}
    assert ahead["b/primary"] == 2025


def test_boarders_want_beds_meals_and_to_be_ten_years_old():
    county = quiet()
    boarders = county.classes.assign(boarders=np.where(county.classes["school_id"] == "a", 5, 0))
    beds = county.schools.assign(
        boarding_beds=pd.array([29, 0], dtype="Int64"), canteen_seats=pd.array([14, 0], dtype="Int64")
    )
    county = replace(county, classes=boarders, schools=beds)
    assert standing(county, "beds_short") == [("a", 2022, 29.0, 30.0)]
    assert standing(county, "canteen_short") == [("a", 2022, 14.0, 15.0)]
    assert standing(county, "boarders_young") == [("a", 2022, 15.0, 0.0)]
    assert standing(quiet(), "beds_short") == []


def test_counts_that_are_missing_or_disagree_are_named():
    county = replace(quiet(), enrolment=history(a={2020: 9, 2021: 9, 2022: 181}, b={2021: 300, 2022: 270}))
    assert standing(county, "counts_differ") == [("a", 2022, 181.0, 180.0)]
    assert standing(county, "count_missing") == [("b", 2022, 2.0, 3.0)]


def test_trap_24_layers_of_very_different_dates_are_named():
    county = replace(quiet(), as_of={"roads": "2015-12-31", "schools": "2022-09-20"})
    assert standing(county, "vintage_spread") == [("as_of", 2022, 7.0, 6.0)]
    assert standing(county, "layer_old") == [("roads", 2022, 7.0, 5.0)]
    closer = replace(quiet(), as_of={"roads": "2017-12-31", "schools": "2022-09-20"})
    assert standing(closer, "vintage_spread") == standing(closer, "layer_old") == []


def zoned(*zones):
    rows = [{"zone_id": zone_id, "school_id": school, "stage": "primary"} for zone_id, school, _, _ in zones]
    shapes = [box(west, -500, east, 500) for _, _, west, east in zones]
    return replace(quiet(), zones=gpd.GeoDataFrame(rows, geometry=shapes, crs=toy.CRS))


def test_zones_are_checked_for_cover_overlap_and_their_school():
    assert [row[0] for row in standing(zoned(("za", "a", -500, 500), ("zb", "b", 2000, 4500)), "zone_gap")] == [
        "p2/primary"
    ]
    county = zoned(("za", "a", -500, 2100), ("zb", "b", 2000, 4500))
    assert standing(county, "zone_gap") == []
    assert standing(county, "zone_overlap") == [("za/zb", 2022, 100_000.0, 1000.0)]
    away = zoned(("za", "a", 600, 2000), ("zb", "b", 2000, 4500))
    assert standing(away, "zone_without_its_school") == [("za", 2022, 100.0, 0.0)]
    close = CloseSchool(year=2025, school_id="a")
    assert [row[:2] for row in found(county, "zone_school_closed", close)] == [("za", 2025)]


def test_a_zone_whose_school_is_not_the_nearest_has_to_be_explained():
    county = zoned(("za", "a", -500, 500), ("zb", "b", 900, 4500))
    # p2 walks 500 m to a, and 2500 m to b, whose zone it lies in: 8.3 and 41.7 minutes.
    ((subject, year, measured, limit),) = found(county, "zone_not_nearest")
    assert (subject, year) == ("p2/primary", 2022)
    assert (measured, limit) == (pytest.approx(2500 / 60), pytest.approx(500 / 60))


def test_a_shell_stays_small_on_the_high_side_too():
    """Three small counts are not enough while the high side of the forecast is above the threshold."""
    small = {"a": {1: [3], 2: [3], 3: [3]}, "b": {g: [30] for g in range(1, 10)}}
    # Numbers that vary a little, so that the history has a range to tell.
    years, grades = range(2016, 2023), (1, 2, 3)
    rows = [("a", year, grade, 3) for year in years for grade in grades]
    rows += [("b", year, grade, 300 + year % 3) for year in years for grade in grades]
    counts = pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils"])
    counts = counts.assign(classes=pd.array([1] * len(counts), dtype="Int64"))
    few = toy.county().children
    few = few.assign(children=np.where(few["place_id"] == "p1", 1.0, np.where(few["place_id"] == "p2", 0.0, 30.0)))
    county = toy.county(classes=classes(small), enrolment=counts, children=few, births=toy.county().births)
    # Six children on average; the variance is at least that of chance, so the high side is 6 + 1.28 * sqrt(6).
    result = planned(county)
    row = result.findings.frame.query("rule == 'shell_candidate'")
    assert row["subject"].tolist() == ["a"]
    more = few.assign(children=np.where(few["place_id"] == "p1", 1.5, few["children"]))
    # Nine are under ten, but on the high side they are 12.8.
    assert found(replace(county, children=more), "shell_candidate") == []
    # Without a history there is no range, and what is unknown is not small.
    short = counts[counts["year"] >= 2020].query("grade == 1")
    assert found(replace(county, enrolment=short.reset_index(drop=True)), "shell_candidate") == []


def test_the_high_side_of_a_group_by_hand():
    flows = pd.DataFrame(
        {"year": 2025, "grade": [1, 1], "place_id": ["p1", "p2"], "school_id": "a", "pupils": [16.0, 9.0]}
    )
    # Both places share a tenth up or down: variance 16 + 1.6^2 and 9 + 0.9^2.
    sd = np.sqrt(np.array([16 + 1.6**2, 9 + 0.9**2]))
    ranges = flows[["year", "grade", "place_id", "pupils"]].assign(p90=flows["pupils"] + 1.2815515655446004 * sd)
    high = high_total(flows, Demand(ranges))
    assert high.loc["a"] == pytest.approx(25 + 1.2815515655446004 * np.sqrt(25 + 2.5**2))
    unknown = high_total(flows, Demand(ranges.assign(p90=[np.nan, 20.0])))
    assert np.isnan(unknown.loc["a"])


def test_findings_do_not_depend_on_the_order_of_rows():
    county = toy.county()
    turned = replace(county, classes=county.classes.iloc[::-1], rooms=county.rooms.iloc[::-1])
    pd.testing.assert_frame_equal(planned(county).findings.frame, planned(turned).findings.frame)


def test_what_stands_before_any_scenario_is_found_alone_too():
    result = planned()
    standing = result.prepared.standing.frame
    assert (standing["year"] == 2022).all()
    merged = standing.merge(result.findings.frame, how="left", indicator=True, on=["rule", "subject", "year"])
    assert (merged["_merge"] == "both").all()


def test_nothing_is_worked_out_twice_when_the_standing_findings_are_handed_in():
    from layoutplan.seats.diagnosis import Evidence

    r = planned()
    evidence = Evidence(
        r.prepared.facts, r.scenario.policy, r.roster, r.ways, r.assignment, r.balance, r.demand, r.supply, r.enrolment
    )
    pd.testing.assert_frame_equal(diagnose(evidence).frame, r.findings.frame)


@pytest.mark.parametrize("layer", ["classes", "rooms", "births", "children"])
def test_an_empty_layer_stops_no_check(layer):
    county = toy.county()
    assert len(planned(replace(county, **{layer: getattr(county, layer).iloc[:0]})).findings.frame)


def test_what_looks_ahead_carries_the_forecast_s_probability():
    years, grades = range(2014, 2023), range(1, 7)
    rows = [(s, year, grade, 44 + (year + grade) % 4) for s in ("a", "b") for year in years for grade in grades]
    history = pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils"])
    county = replace(quiet(a=[[46]] * 6), enrolment=history.assign(classes=pd.array([1] * len(history), dtype="Int64")))
    result = planned(county)
    frame = result.findings.frame.set_index(["rule", "subject"])
    row = frame.loc[("class_over_norm_ahead", "a/primary")]
    table = result.enrolment.probabilities.set_index(["school_id", "year", "event"])["probability"]
    assert row["probability"] == table["a", row["first_year"], "class_over_norm"] > 0
    # A nine-year school's event is of both stages together, and what was counted is no forecast.
    combined = [key for key in frame.index if key[0] == "class_over_norm_ahead" and key[1].startswith("b/")]
    assert frame.loc[combined, "probability"].isna().all()
    assert frame.loc["class_over_norm", "probability"].isna().all()
