"""Names and files that no reader may stumble over."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
import toy_county

from layoutplan.county.crs import county_crs
from layoutplan.county.layers import read_county
from layoutplan.county.sources import find_file
from layoutplan.errors import DataError


@pytest.mark.parametrize(("name", "code"), [("a\0b.csv", "path_outside"), ("x" * 300, "file_missing")])
def test_a_name_that_no_disk_can_hold_is_refused_in_words(tmp_path, name, code):
    with pytest.raises(DataError) as caught:
        find_file(tmp_path, name, layer="schools")
    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_layer_of_a_geopackage_whose_list_lacks_a_column_is_refused_in_words(tmp_path):
    county = toy_county.toy()
    county.entry("schools", file="schools.gpkg", layer="schools")
    folder = county.write(tmp_path / "county")
    with closing(sqlite3.connect(folder / "schools.gpkg")) as link:
        # GDAL opens such a layer and only then misses it in the list.
        link.execute("ALTER TABLE gpkg_contents RENAME COLUMN description TO remark")
        link.commit()
    with pytest.raises(DataError) as caught:
        read_county(folder)
    assert {(problem.layer, problem.code) for problem in caught.value.problems} == {("schools", "file_unreadable")}


def test_a_county_that_lies_at_no_finite_place_is_told_every_crs_that_may_fit():
    _, problem = county_crs("nothing", centre=(float("inf"), 35.9))
    assert problem.values["fits"] == county_crs("nothing")[1].values["fits"]
