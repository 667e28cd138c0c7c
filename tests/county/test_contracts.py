"""Problems of a county come all at once, each fault once, equal ones counted; tests/bad holds the ways to spoil one."""

from __future__ import annotations

import pytest
from toy_county import toy

from layoutplan.county.layers import check_county, read_county
from layoutplan.errors import DataError


def test_toy_county_has_no_problem(tmp_path):
    assert check_county(toy().write(tmp_path)) == ()


def test_one_fault_is_one_problem(tmp_path):
    county = toy()
    county.set("classes", 4, "pupils", -3)
    assert [problem.code for problem in check_county(county.write(tmp_path))] == ["negative"]


def test_a_bad_cell_is_not_also_a_missing_one(tmp_path):
    county = toy()
    county.set("classes", 4, "pupils", "forty")
    assert [problem.code for problem in check_county(county.write(tmp_path))] == ["not_a_number"]


def test_a_missing_layer_does_not_blame_the_rows_that_point_to_it(tmp_path):
    county = toy()
    county.entry("schools", layer="elsewhere")
    assert {problem.layer for problem in check_county(county.write(tmp_path))} == {"schools"}


def test_all_problems_of_all_layers_come_at_once(tmp_path):
    county = toy()
    county.set("classes", 4, "pupils", -3)
    county.set("roads", 1, "class", "highway")
    county.set("schools", 1, "geometry", None)
    county.frames["townships"] = county.frames["townships"].iloc[:0]
    with pytest.raises(DataError) as caught:
        read_county(county.write(tmp_path))
    assert {(p.layer, p.code) for p in caught.value.problems} == {
        ("classes", "negative"), ("roads", "not_a_choice"), ("schools", "geometry_empty"), ("townships", "layer_empty"),
    }  # fmt: skip
    assert list(caught.value.problems) == sorted(caught.value.problems, key=lambda problem: problem.place)


def test_equal_faults_are_counted(tmp_path):
    county = toy()
    county.frames["children"] = county.frames["children"].assign(children=-1.0)
    codes = [problem.code for problem in check_county(county.write(tmp_path))]
    assert codes == ["similar_more"] + ["negative"] * 5
