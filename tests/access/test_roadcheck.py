from __future__ import annotations

import pandas as pd
import pytest
from shapely import LineString
from toy_county import at, toy

from layoutplan.access.roadcheck import RoadReport, check_roads
from layoutplan.county.layers import read_county
from layoutplan.labels import LANGS
from layoutplan.norms import Norm, Norms, load_norms

NORMS = load_norms()


def checked(county, folder, norms: Norms = NORMS) -> RoadReport:
    report = check_roads(read_county(county.write(folder)), norms=norms)
    for problem in report.warnings:
        assert all("→" in problem.say(lang) for lang in LANGS)
    return report


def codes(report: RoadReport) -> list[tuple[str, str]]:
    return [(problem.code, problem.row) for problem in report.warnings]


@pytest.fixture(scope="module")
def island(tmp_path_factory) -> RoadReport:
    """The road of 上堡 ends 1.5 m short of the main road, so the village and its school are apart."""
    county = toy()
    county.set("roads", 2, "geometry", LineString([at(15, 5.0015), at(15, 8)]))
    return checked(county, tmp_path_factory.mktemp("island"))


def test_ends_joined_to_a_road_are_listed_with_both_ids_and_the_place(tmp_path):
    report = checked(toy(), tmp_path)
    assert codes(report) == [("road_joined_junction", "r2"), ("road_joined_junction", "r3")]
    assert report.joints[["road_id", "other_road_id", "gap_m"]].to_numpy().tolist() == [
        ["r3", "r1", 0],
        ["r2", "r1", 0],
    ]
    assert report.joints.loc[1, ["east_m", "north_m"]].tolist() == [at(15, 5).x, at(15, 5).y]
    assert report.counts["joined_junction"] == 2


def test_a_piece_off_the_largest_is_reported_with_the_people_on_it(island):
    row = island.pieces.query("mode == 'walk' and piece == 1").iloc[0]
    assert (row["nodes"], row["places"], row["names"], row["schools"]) == (2, 1, ("上堡",), 1)
    assert row["length_m"] == pytest.approx(2998.5)
    # 4 children of each of 16 ages.
    assert (row["households"], row["children"]) == (120, 64.0)
    assert ("road_piece_walk", "piece 1") in codes(island)
    assert ("road_piece_drive", "piece 1") in codes(island)
    said = next(problem for problem in island.warnings if problem.code == "road_piece_walk").say("en")
    assert "上堡" in said
    assert "120 households, 64 children, 1 schools" in said


def test_people_on_all_pieces_are_those_of_the_county(island):
    for _, pieces in island.pieces.groupby("mode"):
        assert pieces["children"].sum() == 4 * 16 * 4
        assert pieces["households"].sum() == 900 + 120 + 60 + 80


def test_households_nobody_knows_are_missing_not_zero(tmp_path):
    county = toy()
    county.set("roads", 2, "geometry", LineString([at(15, 5.0015), at(15, 8)]))
    county.set("residential", 2, "households", None)
    pieces = checked(county, tmp_path).pieces
    assert pieces.query("mode == 'walk' and piece == 1")["households"].isna().all()


def test_a_place_far_from_any_road_is_named_with_its_distance(tmp_path):
    county = toy()
    county.set("residential", 2, "geometry", at(15, 8.6))
    report = checked(county, tmp_path)
    far = [problem for problem in report.warnings if problem.code == "snap_far_walk"]
    assert [(problem.layer, problem.row, problem.values["gap_m"]) for problem in far] == [
        ("places", "640422200001", "600")
    ]


@pytest.mark.parametrize(("gap_m", "warned"), [(500, 0), (501, 1)])
def test_the_warning_begins_beyond_the_norm(tmp_path, gap_m, warned):
    county = toy()
    county.set("schools", 3, "geometry", at(15, 8 + gap_m / 1000))
    report = checked(county, tmp_path)
    assert sum(code == "snap_far_walk" for code, _ in codes(report)) == warned


def test_beyond_the_other_norm_a_school_is_not_connected_and_its_distance_still_said(tmp_path):
    county = toy()
    county.set("schools", 3, "geometry", at(15, 8.6))
    limit = Norm("snap.reject_m", 550, "m", "test", verified=False)
    report = checked(county, tmp_path, Norms({**NORMS, "snap.reject_m": limit}))
    row = report.snaps.query("mode == 'walk' and kind == 'school' and not connected").iloc[0]
    assert (row["id"], row["gap_m"], row["piece"]) == ("2164000002", pytest.approx(600), -1)
    assert ("snap_rejected_walk", "2164000002") in codes(report)


def test_what_every_place_sets_out_from_is_on_record(island):
    places = island.snaps.query("mode == 'walk' and kind == 'place'").set_index("name")["origin_basis"]
    assert places.to_dict() == {"城关": "point", "上堡": "point", "新苑小区": "surface", "吉德安置点": "point"}


def test_crossings_copies_and_lines_without_length_are_said(tmp_path):
    county = toy()
    frame = county.frames["roads"]
    more = frame.iloc[[0, 0]].assign(road_id=["r4", "r5"])
    more = more.set_geometry([LineString([at(3, 4), at(3, 6)]), LineString([at(3, 4), at(3, 6)])])
    county.frames["roads"] = pd.concat([frame, more], ignore_index=True)
    report = checked(county, tmp_path)
    said = {problem.code: problem.values for problem in report.warnings}
    assert said["road_crossings_apart"]["count"] == 2
    assert said["road_merged"] == {"zero_length": "0", "duplicates": "1"}
