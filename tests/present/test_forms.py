"""The form goes to a school and comes back: nothing lost, nothing guessed, everything wrong named at once."""

from __future__ import annotations

import io

import geopandas
import openpyxl
import pandas as pd
import pytest

from layoutplan.errors import DataError
from layoutplan.present.forms import SCHOOL_FIELDS, STAGE_FIELDS, read_forms, write_form
from layoutplan.present.handin import take_forms
from layoutplan.present.packing import put_file


@pytest.fixture
def filled(county, tmp_path):
    """Return a function that writes the form of b, changed as told, and gives its path."""

    def fill(changes, *, lang="zh", name="b.xlsx", school_id="b"):
        path = put_file(tmp_path / name, write_form(county, school_id, lang=lang))
        book = openpyxl.load_workbook(path)
        sheet = book["form"]
        rows = {sheet.cell(row, 1).value: row for row in range(6, sheet.max_row + 1)}
        for code, value in changes.items():
            if code.startswith("@"):
                sheet[code[1:]] = value
            else:
                sheet.cell(rows[code], 5).value = value
        book.save(path)
        return path

    return fill


def test_a_form_asks_for_every_stage_the_school_has(county):
    assert write_form(county, "b", lang="en") == write_form(county, "b", lang="en")
    returned_codes = len(SCHOOL_FIELDS) + 2 * len(STAGE_FIELDS)
    book = openpyxl.load_workbook(io.BytesIO(write_form(county, "b", lang="zh")))
    codes = [cell.value for cell in book["form"]["A"][5:]]
    assert len(codes) == returned_codes
    assert codes[0] == "schools.boarding_beds"
    assert {"rooms.primary.teachers", "rooms.junior.multimedia_rooms"} <= set(codes)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_a_school_fills_in_comes_back_and_blank_stays_unknown(county, filled, lang):
    path = filled(
        {"schools.sports_m2": 4010.5, "rooms.junior.teachers": 14, "rooms.junior.key_teachers": "２"}, lang=lang
    )
    returned = read_forms(county, [path])
    school = returned.county.schools.set_index("school_id").loc["b"]
    rooms = returned.county.rooms.set_index(["school_id", "stage"])
    assert school["sports_m2"] == 4010.5
    assert rooms.loc[("b", "junior"), ["teachers", "key_teachers"]].tolist() == [14, 2]
    assert pd.isna(rooms.loc[("b", "junior"), "degree_teachers"])
    assert rooms.loc[("b", "junior"), "rooms"] == 3  # known before, and left as it was
    assert sorted(returned.changes["field"]) == ["key_teachers", "sports_m2", "teachers"]
    assert pd.isna(county.schools.set_index("school_id").loc["b", "sports_m2"])  # inputs never change


def test_everything_wrong_is_named_at_once_and_nothing_is_taken(county, filled):
    path = filled({
        "schools.sports_m2": "many", "schools.staff": -3, "rooms.primary.rooms": 2.5, "rooms.junior.rooms": None,
        "rooms.junior.teachers": 4, "rooms.junior.key_teachers": 5, "@A6": "schools.pool_m2",
    })  # fmt: skip
    with pytest.raises(DataError) as caught:
        read_forms(county, [path])
    found = {(problem.code, problem.field) for problem in caught.value.problems}
    assert found == {
        ("form_value", "schools.sports_m2"), ("form_value", "schools.staff"), ("form_value", "rooms.primary.rooms"),
        ("form_value", "rooms.junior.rooms"), ("form_more_than_teachers", "rooms.junior.key_teachers"),
        ("form_code", "A"), ("form_line_missing", "schools.boarding_beds"),
    }  # fmt: skip
    assert all(problem.layer == "b.xlsx" for problem in caught.value.problems)


def test_forms_of_nobody_twice_or_no_form_are_refused(county, filled, tmp_path):
    stranger = filled({"@B2": "zzz"}, name="stranger.xlsx")
    first, second = filled({}, name="first.xlsx"), filled({}, name="second.xlsx")
    broken = put_file(tmp_path / "broken.xlsx", b"no workbook")
    with pytest.raises(DataError) as caught:
        read_forms(county, [second, broken, first, stranger])
    assert [(problem.layer, problem.code) for problem in caught.value.problems] == [
        ("broken.xlsx", "file_disguised"), ("second.xlsx", "form_twice"), ("stranger.xlsx", "form_school"),
    ]  # fmt: skip


def test_taking_forms_writes_layers_that_stand_in_the_county_s_place(county, filled, tmp_path):
    path = filled({"schools.staff": 31, "rooms.junior.multimedia_rooms": 4})
    out = tmp_path / "out"
    written = take_forms(county, [path.parent], out)
    assert [one.name for one in written] == ["schools.gpkg", "rooms.csv", "changes.csv"]
    schools = geopandas.read_file(out / "schools.gpkg").set_index("school_id")
    assert (schools.loc["b", "staff"], schools.loc["b", "name"]) == (31, "=1+1")
    rooms = pd.read_csv(out / "rooms.csv", encoding="utf-8-sig")
    assert rooms.loc[rooms["stage"] == "junior", "multimedia_rooms"].tolist() == [4.0]
    assert rooms.loc[rooms["school_id"] == "a", "teachers"].isna().all()
