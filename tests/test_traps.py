"""Traps of the trade that no other test names, and the check that docs/traps.md names tests that exist."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import toy
from bad_ways import ways
from house import ROOT
from shapely import LineString, Point

from layoutplan.county.tables import TABLES
from layoutplan.labels import catalogue
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import LAST_YEAR, AddRooms, CloseSchool, Scenario

NORMS = load_norms()
PAGE = (ROOT / "docs" / "traps.md").read_text("utf-8")


def planned(county, *actions):
    return run_plan(prepare(county, NORMS), Scenario(name="trap", actions=actions))


def with_classes(sizes: dict[str, list[list[int]]]):
    rows = [
        (school_id, grade, number, pupils)
        for school_id, grades in sizes.items()
        for grade, classes in enumerate(grades, start=1)
        for number, pupils in enumerate(classes, start=1)
    ]
    frame = pd.DataFrame(rows, columns=["school_id", "grade", "class_no", "pupils"])
    return toy.county(classes=frame.assign(boarders=0))


def test_every_trap_has_its_line_and_every_test_named_exists():
    numbers = [int(found) for found in re.findall(r"^\| T(\d+) \|", PAGE, re.MULTILINE)]
    assert numbers == list(range(1, 28))
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) >= 27
    for file in {file for file, _ in named}:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        known = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        wanted = {test for other, test in named if other == file}
        assert wanted <= known, f"{file} lacks {sorted(wanted - known)}"


def test_trap_1_a_class_of_60_is_found_in_a_school_of_mean_41():
    sizes = [[60], [38], [37], [37], [37], [37]]
    assert sum(size for (size,) in sizes) / 6 == 41.0
    found = planned(with_classes({"a": sizes, "b": [[30]] * 9})).findings.frame
    assert found[found["subject_kind"] == "class"][["subject", "measured"]].values.tolist() == [["a/1/1", 60.0]]


@pytest.mark.parametrize(("pupils", "classes"), [(46, 12), (20, 6)])
def test_trap_2_classes_are_counted_grade_by_grade(pupils, classes):
    # Over the whole school 276 pupils would be 7 classes, and 120 pupils 3.
    county = with_classes({"a": [[pupils]] * 6, "b": [[30]] * 9})
    entries = county.children.assign(children=float(pupils) / 2)
    result = planned(replace(county, children=entries), AddRooms(year=2023, school_id="a", stage="primary", rooms=20))
    frame = result.enrolment.frame
    mine = frame[(frame["year"] == 2023) & (frame["school_id"] == "a")]
    assert mine["pupils"].tolist() == [float(pupils)] * 6
    assert mine["classes"].sum() == classes


def test_trap_5_the_model_looks_beyond_the_goal_year():
    assert LAST_YEAR >= 2035 > NORMS.value("plan.goal_year")


def test_trap_6_the_way_goes_by_road_and_the_gap_to_it_counts():
    # The school stands 200 m away across a gully; the road goes 2 km round its head. Home is 30 m off the road.
    road = [LineString([(0, 0), (1000, 0)]), LineString([(1000, 0), (1000, 200)]), LineString([(1000, 200), (0, 200)])]
    roads = toy.geo([dict(toy.roads().iloc[0].drop("geometry")) | {"road_id": f"g{at}"} for at in range(3)], road)
    schools = toy.schools()
    schools.loc[schools["school_id"] == "a", "geometry"] = Point(0, 200)
    schools.loc[schools["school_id"] == "b", "geometry"] = Point(1000, 200)
    places = toy.places().iloc[:1].assign(geometry=[Point(0, -30)])
    county = toy.county(roads=roads, schools=schools, places=places)
    flows = planned(replace(county, children=county.children[county.children["place_id"] == "p1"])).assignment.flows
    first = flows[(flows["year"] == 2022) & (flows["grade"] == 1)]
    assert first[["school_id", "metres"]].values.tolist() == [["b", 1230.0]]


def test_trap_8_swapped_axes_and_wrong_zones_are_among_the_broken_counties():
    codes = {way.place[0] for way in ways()}
    assert {"axes_swapped", "crs_stretched", "degrees_for_metres"} <= codes


def test_trap_10_the_demand_is_where_children_live():
    county = toy.county()
    crowded = county.places.assign(households=pd.array([100_000] * 4, dtype="Int64"))
    plain, registered = planned(county), planned(replace(county, places=crowded))
    pd.testing.assert_frame_equal(plain.demand.frame, registered.demand.frame)
    on_the_books = planned(replace(county, children=county.children.assign(registered=1_000.0)))
    pd.testing.assert_frame_equal(plain.demand.frame, on_the_books.demand.frame)


def test_trap_11_only_the_clause_in_force_is_called_verified():
    limits = [norm for key, norm in NORMS.items() if key.startswith("travel.limit")]
    assert limits
    for norm in limits:
        assert norm.verified == (norm.value == 30 and "国办发〔2018〕27号" in norm.clause), norm.key


def test_trap_12_no_words_of_ours_say_close():
    words = {key: text for key, text in catalogue().items() if key.startswith(("finding.", "rule.", "recommend"))}
    assert len(words) > 10
    for key, text in words.items():
        ordered = re.sub("不等于撤并|不得强行撤并", "", text["zh"])
        assert not re.search("应当?(关闭|撤并|撤销)|建议(关闭|撤并|撤销|停办)", ordered), key
        assert not re.search(r"\b(should|must|recommended to) (be )?close", text["en"]), key
    assert "建议论证" in catalogue()["rule.shell_candidate"]["zh"]


def test_trap_14_a_receiver_is_judged_in_every_later_year():
    result = planned(toy.county(), CloseSchool(year=2024, school_id="a"))
    sizes = result.enrolment.frame.set_index(["school_id", "grade", "year"])["class_size"]
    # b takes the class of 46 over in its fourth grade of 2024; it is too full in every year it stays.
    assert [sizes["b", grade, year] for year, grade in ((2024, 4), (2025, 5), (2026, 6))] == [81.0] * 3
    large = result.indicators.set_index(["indicator", "year"])["value"]
    assert all(large["classes_extra_large", year] > 0 for year in (2024, 2025, 2026))


@pytest.mark.parametrize(("pupils", "over"), [(2300, False), (2520, True)])
def test_trap_15_a_nine_year_school_has_its_own_limit_and_two_stages(pupils, over):
    small = pupils // 90
    county = with_classes({"a": [[30]] * 6, "b": [[small] * 10 for _ in range(9)]})
    result = planned(county)
    found = result.findings.frame
    assert (set(found.loc[found["rule"] == "school_over_size", "subject"]) == {"b"}) == over
    frame = result.enrolment.frame
    mine = frame[(frame["year"] == 2022) & (frame["school_id"] == "b")]
    assert mine["pupils"].sum() == small * 90  # in two stages, and counted once
    assert mine.groupby("stage")["pupils"].sum().to_dict() == {"junior": small * 30, "primary": small * 60}


def test_trap_18_pupils_of_a_point_go_on_at_another_school():
    county = toy.county()
    schools = county.schools.copy()
    point = schools["school_id"] == "a"
    schools.loc[point, ["kind", "grade_to"]] = ["teaching_point", 3]
    classes = county.classes[(county.classes["school_id"] != "a") | (county.classes["grade"] <= 3)]
    result = planned(replace(county, schools=schools, classes=classes))
    frame = result.enrolment.frame.set_index(["year", "school_id", "grade"])["pupils"]
    assert frame[2023, "b", 4] == 35.0 + 30.0  # its own third grade, and that of the point
    assert (2023, "a", 4) not in frame.index


def test_trap_19_junior_entries_come_from_homes_not_from_primary_schools():
    county = toy.county()
    # Six years ago nobody went to school at a: the junior school still gets the children of its villages.
    classes = county.classes[county.classes["school_id"] != "a"]
    frame = planned(replace(county, classes=classes)).enrolment.frame.set_index(["year", "school_id", "grade"])[
        "pupils"
    ]
    assert frame[2023, "b", 7] == 65.0


def test_trap_22_a_road_through_the_neighbour_county_is_used():
    county = toy.county()
    row = dict(county.roads.iloc[0].drop("geometry"))
    # The middle of the only road is gone; what is left joins through ground south of the border.
    kept = county.roads[~county.roads["road_id"].isin(["r1"])]
    round_about = LineString([(1000, 0), (1000, -800), (2000, -800), (2000, 0)])
    roads = pd.concat([kept, toy.geo([row | {"road_id": "abroad"}], [round_about])], ignore_index=True)
    flows = planned(replace(county, roads=gpd.GeoDataFrame(roads, crs=toy.CRS))).assignment.flows
    junior = flows[(flows["year"] == 2022) & (flows["grade"] == 7) & (flows["place_id"] == "p2")]
    assert junior["metres"].tolist() == [800.0 + 1000.0 + 800.0 + 1500.0]


def test_trap_27_no_table_has_room_for_a_person():
    personal = re.compile(
        r"person(?!s)|pupil_(id|name)|student|parent|principal|phone|address|id_?card|sex|birth_?date"
    )
    named = {"schools", "residential", "resettlement", "townships", "communities", "parcels"}
    for table in TABLES.values():
        assert not [column.name for column in table.columns if personal.search(column.name)], table.name
        assert ("name" in table.names) == (table.name in named)
