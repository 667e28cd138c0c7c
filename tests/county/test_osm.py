from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from layoutplan.access.network import build_network
from layoutplan.county.osm import import_osm
from layoutplan.county.tables import TABLES
from layoutplan.errors import DataError
from layoutplan.labels import LANGS
from layoutplan.norms import load_norms

# Two streets cross at node 5. A bridge (way 30) passes over way 10 without a shared node.
#
#        7   9
#        |   |
#   1----5---+---2      way 10: 1 5 2     way 20: 6 5 7     way 30: 8 9, the bridge
#        |   |
#        6   8
NODES = {
    1: (105.000, 36.000), 2: (105.004, 36.000), 5: (105.001, 36.000), 6: (105.001, 35.999),
    7: (105.001, 36.001), 8: (105.003, 35.999), 9: (105.003, 36.001),
}  # fmt: skip
CROSSING = [
    (10, [1, 5, 2], {"highway": "secondary", "surface": "asphalt", "maxspeed": "40"}),
    (20, [6, 5, 7], {"highway": "residential"}),
    (30, [8, 9], {"highway": "primary_link", "bridge": "yes", "layer": "1"}),
]


def write(folder: Path, ways: list, nodes: dict = NODES, barriers: dict | None = None) -> Path:
    lines = []
    for node, (lon, lat) in nodes.items():
        tags = [f'<tag k="{key}" v="{value}"/>' for key, value in (barriers or {}).get(node, {}).items()]
        lines.append(f'<node id="{node}" version="1" lat="{lat}" lon="{lon}">{"".join(tags)}</node>')
    for way, members, tags in ways:
        inside = [f'<nd ref="{node}"/>' for node in members]
        inside += [f'<tag k="{key}" v="{value}"/>' for key, value in tags.items()]
        lines.append(f'<way id="{way}" version="1">{"".join(inside)}</way>')
    file = folder / "extract.osm"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">{"".join(lines)}</osm>\n'
    file.write_text(text, encoding="utf-8")
    return file


def imported(
    folder: Path, ways: list, nodes: dict = NODES, barriers: dict | None = None
) -> tuple[gpd.GeoDataFrame, dict]:
    counts = import_osm(write(folder, ways, nodes, barriers), folder / "roads.gpkg")
    return gpd.read_file(folder / "roads.gpkg", layer="roads"), dict(counts)


def one(folder: Path, **tags: str) -> pd.Series:
    """Return the one road of a single way from node 1 to node 2."""
    frame, _ = imported(folder, [(10, [1, 2], tags)])
    return frame.iloc[0]


def problem(caught: pytest.ExceptionInfo) -> str:
    assert all(caught.value.say(lang) for lang in LANGS)
    (only,) = caught.value.problems
    return only.code


def test_ways_are_split_at_shared_nodes_only(tmp_path):
    roads, counts = imported(tmp_path, CROSSING)
    assert roads["road_id"].tolist() == ["10-1", "10-2", "20-1", "20-2", "30-1"]
    assert roads.geometry[1].coords[:] == [pytest.approx(NODES[5]), pytest.approx(NODES[2])]
    nothing = ("ways_closed", "nodes_missing", "pieces_empty", "barriers", "barriers_at_junctions")
    assert counts == {"ways": 3, "roads": 5, **dict.fromkeys(nothing, 0)}
    assert roads.crs == "EPSG:4326"


def test_a_bridge_does_not_join_the_road_below(tmp_path):
    roads, _ = imported(tmp_path, CROSSING)
    network = build_network(roads.to_crs("EPSG:4544"), norms=load_norms())
    assert (network.report["nodes"], network.report["edges"], network.report["pieces_walk"]) == (7, 5, 2)


def test_the_columns_keep_the_contract_of_roads(tmp_path):
    roads, _ = imported(tmp_path, CROSSING)
    columns = {column.name: column for column in TABLES["roads"].columns}
    assert set(roads.columns) - {"geometry"} <= set(columns)
    assert {name for name, column in columns.items() if column.required} <= set(roads.columns)
    assert roads["class"].tolist() == ["county", "county", "street", "street", "provincial"]
    assert set(roads["class"]) <= set(columns["class"].choices)
    assert roads["surface"].tolist()[:2] == ["paved", "paved"]
    assert roads["surface"].isna().tolist() == [False, False, True, True, True]
    assert roads["drive_kmh"].tolist()[:2] == [40, 40]
    assert roads["drive_kmh"].isna().tolist() == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("highway", "road_class"),
    [("motorway", "motorway"), ("trunk", "national"), ("tertiary_link", "township"), ("unclassified", "village"),
     ("service", "street"), ("track", "track"), ("steps", "path"), ("cycleway", "path")],
)  # fmt: skip
def test_highways_become_road_classes(tmp_path, highway, road_class):
    assert one(tmp_path, highway=highway)["class"] == road_class


@pytest.mark.parametrize(
    ("tags", "oneway", "starts_at"),
    [
        ({}, False, 1),
        ({"oneway": "yes"}, True, 1),
        ({"oneway": "1"}, True, 1),
        ({"oneway": "-1"}, True, 2),
        ({"junction": "roundabout"}, True, 1),
        ({"junction": "roundabout", "oneway": "no"}, False, 1),
        ({"oneway": "reversible"}, False, 1),
    ],
)
def test_one_way_runs_along_the_line(tmp_path, tags, oneway, starts_at):
    road = one(tmp_path, highway="residential", **tags)
    assert road["oneway"] == oneway
    assert road.geometry.coords[0] == pytest.approx(NODES[starts_at])


@pytest.mark.parametrize(
    ("tags", "walk", "drive"),
    [
        ({"highway": "residential"}, True, True),
        ({"highway": "motorway"}, False, True),
        ({"highway": "footway"}, True, False),
        ({"highway": "footway", "motor_vehicle": "yes"}, True, True),
        ({"highway": "trunk", "motorroad": "yes"}, False, True),
        ({"highway": "service", "access": "private", "foot": "yes"}, True, False),
        ({"highway": "residential", "access": "no", "motor_vehicle": "destination"}, False, True),
        ({"highway": "residential", "foot": "no"}, False, True),
        ({"highway": "residential", "vehicle": "no"}, True, False),
        ({"highway": "residential", "motor_vehicle": "no", "motorcar": "yes"}, True, True),
    ],
)
def test_access_tags_say_who_may_use_a_way(tmp_path, tags, walk, drive):
    road = one(tmp_path, **tags)
    assert (road["walk"], road["drive"]) == (walk, drive)


@pytest.mark.parametrize(
    ("maxspeed", "kmh"),
    [("60", 60), ("30 mph", 48.28), ("50 km/h", 50), ("5000", None), ("CN:urban", None), ("60;40", None)],
)
def test_speeds_are_read_where_they_are_numbers(tmp_path, maxspeed, kmh):
    value = one(tmp_path, highway="primary", maxspeed=maxspeed)["drive_kmh"]
    assert pd.isna(value) if kmh is None else value == pytest.approx(kmh, abs=0.01)


def test_what_nobody_may_use_and_what_is_no_road_is_left_out(tmp_path):
    roads, counts = imported(
        tmp_path,
        [*CROSSING, (40, [1, 6], {"highway": "service", "access": "private"}), (50, [1, 7], {"highway": "proposed"}),
         (60, [2, 9], {"waterway": "river"})],
    )  # fmt: skip
    assert len(roads) == 5
    assert (counts["ways"], counts["ways_closed"]) == (4, 1)


def test_a_closed_way_does_not_split_its_neighbours(tmp_path):
    closed = (40, [1, 5], {"highway": "service", "access": "no"})
    roads, _ = imported(tmp_path, [(10, [1, 5, 2], {"highway": "residential"}), closed])
    assert roads["road_id"].tolist() == ["10-1"]


def test_a_way_that_leaves_the_extract_ends_there(tmp_path):
    roads, counts = imported(tmp_path, [(10, [1, 5, 99, 6, 8], {"highway": "residential"})])
    assert [len(line.coords) for line in roads.geometry] == [2, 2]
    assert counts["nodes_missing"] == 1


def test_a_piece_on_one_spot_is_dropped_and_counted(tmp_path):
    roads, counts = imported(tmp_path, [(10, [1, 1], {"highway": "path"}), CROSSING[1]])
    assert len(roads) == 1
    assert counts["pieces_empty"] == 1


def test_nodes_drawn_in_an_editor_have_numbers_below_zero(tmp_path):
    drawn = {-1: (105.0, 36.0), -2: (105.001, 36.0)}
    roads, _ = imported(tmp_path, [(-7, [-1, -2], {"highway": "track"})], drawn)
    assert roads["road_id"].tolist() == ["-7-1"]


def test_equal_input_gives_equal_bytes_and_no_part_is_left(tmp_path):
    source = write(tmp_path, CROSSING)
    written = []
    for name in ("a.gpkg", "b.gpkg"):
        import_osm(source, tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.gpkg", "b.gpkg", "extract.osm"]


def test_an_older_result_is_replaced(tmp_path):
    imported(tmp_path, CROSSING)
    roads, _ = imported(tmp_path, CROSSING[1:2])
    assert len(roads) == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("roads.shp", b"", "osm_format"),
        ("broken.osm", b"<osm><way", "osm_unreadable"),
        ("broken.osm.pbf", b"not a pbf", "osm_unreadable"),
        ("empty.osm", b'<osm version="0.6"></osm>', "osm_no_roads"),
    ],
)
def test_other_and_damaged_files_are_refused(tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        import_osm(tmp_path / name, tmp_path / "roads.gpkg")
    assert problem(caught) == code
    assert not (tmp_path / "roads.gpkg").exists()


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError) as caught:
        import_osm(tmp_path / "none.osm", tmp_path / "roads.gpkg")
    assert problem(caught) == "osm_unreadable"


def test_bridges_tunnels_and_levels_are_kept(tmp_path):
    tags = [{"bridge": "yes"}, {"tunnel": "culvert", "layer": "-2"}, {"bridge": "no", "layer": "ground"}]
    ways = [(row, [1, 2], {"highway": "residential", **more}) for row, more in enumerate(tags, 10)]
    roads, _ = imported(tmp_path, ways)
    assert roads["bridge"].tolist() == [True, False, False]
    assert roads["tunnel"].tolist() == [False, True, False]
    assert roads["layer"].isna().tolist() == [True, False, True]
    assert roads["layer"][1] == -2


@pytest.mark.parametrize(
    ("tags", "walk", "drive"),
    [
        ({"barrier": "bollard"}, True, False),
        ({"barrier": "gate"}, True, True),
        ({"barrier": "gate", "access": "private"}, False, False),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, True, False),
        ({"barrier": "gate", "locked": "yes"}, True, False),
        ({"barrier": "gate", "motor_vehicle": "no"}, True, False),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, True, True),
        ({"barrier": "wall"}, False, False),
        ({"barrier": "kerb"}, True, True),
    ],
)
def test_a_barrier_closes_the_metre_around_it_to_whom_it_stops(tmp_path, tags, walk, drive):
    roads, counts = imported(tmp_path, [(10, [1, 5, 2], {"highway": "residential"})], barriers={5: tags})
    if walk and drive:
        assert (len(roads), counts["barriers"]) == (1, 0)
        return
    assert counts["barriers"] == 1
    assert roads["road_id"].tolist() == ["10-1", "10-2", "10-3"]
    assert roads["walk"].tolist() == [True, walk, True]
    assert roads["drive"].tolist() == [True, drive, True]
    metres = roads.to_crs("EPSG:4544").length
    assert metres[1] == pytest.approx(1.0, abs=0.02)
    whole, _ = imported(tmp_path, [(10, [1, 5, 2], {"highway": "residential"})])
    assert metres.sum() == pytest.approx(whole.to_crs("EPSG:4544").length.sum(), abs=0.02)


def test_a_bollard_stops_cars_but_not_children(tmp_path):
    roads, _ = imported(tmp_path, [(10, [1, 5, 2], {"highway": "residential"})], barriers={5: {"barrier": "bollard"}})
    network = build_network(roads.to_crs("EPSG:4544"), norms=load_norms())
    assert (network.report["pieces_walk"], network.report["pieces_drive"]) == (1, 2)


def test_a_barrier_where_ways_meet_closes_none_and_is_counted(tmp_path):
    roads, counts = imported(tmp_path, CROSSING, barriers={5: {"barrier": "bollard"}})
    assert roads["drive"].all()
    assert (counts["barriers"], counts["barriers_at_junctions"]) == (0, 1)


@pytest.mark.parametrize("node", [1, 2])
def test_a_barrier_at_the_end_of_a_way_closes_half_a_metre(tmp_path, node):
    roads, _ = imported(tmp_path, [(10, [1, 5, 2], {"highway": "residential"})], barriers={node: {"barrier": "log"}})
    assert sorted(roads["drive"].tolist()) == [False, True]
    assert roads.to_crs("EPSG:4544").length.min() == pytest.approx(0.5, abs=0.02)


def test_of_a_tag_that_stands_twice_the_first_counts(tmp_path):
    file = write(tmp_path, [(1, [1, 2], {"highway": "residential"})])
    twice = '<tag k="highway" v="residential"/>'
    file.write_text(file.read_text("utf-8").replace(twice, twice + '<tag k="highway" v="nothing"/>'), "utf-8")
    import_osm(file, tmp_path / "roads.gpkg")
    assert len(gpd.read_file(tmp_path / "roads.gpkg", layer="roads")) > 0
