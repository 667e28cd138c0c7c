"""Names and files that no reader may stumble over."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
import toy_county

from layoutplan.county.layers import read_county
from layoutplan.county.sources import find_file
from layoutplan.errors import DataError


@pytest.mark.parametrize(("name", "code"), [("a\0b.csv", "path_outside"), ("x" * 300, "file_missing")])
def test_a_name_that_no_disk_can_hold_is_refused_in_words(tmp_path, name, code):
    with pytest.raises(DataError) as caught:
        find_file(tmp_path, name, layer="schools")
    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_layer_that_its_geopackage_does_not_list_is_refused_in_words(tmp_path):
    county = toy_county.toy()
    county.entry("schools", file="schools.gpkg", layer="schools")
    folder = county.write(tmp_path / "county")
    with closing(sqlite3.connect(folder / "schools.gpkg")) as link:
        link.execute("DELETE FROM gpkg_contents")
        link.commit()
    with pytest.raises(DataError) as caught:
        read_county(folder)
    assert {problem.layer for problem in caught.value.problems} == {"schools"}
