"""One change each: every fault is named by layer, row and field, in both languages, with a remedy."""

from __future__ import annotations

import pytest
from bad_counties import CASES, Case
from toy_county import toy

from layoutplan.county.layers import check_county, read_county
from layoutplan.errors import DataError


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_every_fault_is_named(case: Case, tmp_path):
    county, folder = toy(), tmp_path / "county"
    if case.after:
        county.write(folder)
        case.spoil(county, folder)
    else:
        case.spoil(county, folder)
        county.write(folder)
    problems = check_county(folder)
    named = [p for p in problems if (p.code, p.layer, p.row, p.field) == (case.code, case.layer, case.row, case.field)]
    assert named, "\n".join(problem.say("en") for problem in problems)
    assert case.says in named[0].say("en")
    for lang in ("zh", "en"):
        what, remedy = named[0].say(lang).split(" → ")
        assert what.strip()
        assert remedy.strip()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in named[0].say("zh"))


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
