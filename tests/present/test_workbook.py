"""Workbooks: what Excel would read, no formula from data, the same bytes, and where they come from."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from layoutplan.plan.ledger import open_ledger
from layoutplan.present.grids import Column, Grid, key_figures, ledger_grids, plan_grids
from layoutplan.present.schoolbook import write_schoolbook
from layoutplan.present.workbook import sheet_name, write_grids


@pytest.fixture(scope="module")
def ledger(result):
    return open_ledger(result)


@pytest.fixture(scope="module")
def tables(result, ledger):
    return write_grids(result, [*plan_grids(result, "zh"), *ledger_grids(result, ledger, "zh")], lang="zh", title="表")


def opened(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def test_a_sheet_a_table_with_units_frozen_heads_and_filters(tables):
    book = opened(tables)
    assert book.sheetnames[:4] == ["说明", "主要指标", "问题清单", "学位平衡"]
    sheet = book["学位平衡"]
    assert [cell.value for cell in sheet[1]] == [
        "学年", "学段", "乡镇", "学位需求（人）", "学位（个）", "缺口（负为富余）（个）",
    ]  # fmt: skip
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref.startswith("A1:F")
    assert [cell.value for cell in sheet[2]] == [2022, "初中", "甲乡", 90, 0, 90]
    assert [sheet["A2"].number_format, sheet["D2"].number_format] == ["0", "#,##0"]


def test_no_text_of_the_data_becomes_a_formula(result, tables):
    assert "=1+1" in set(result.roster.schools["name"])
    parts = zipfile.ZipFile(io.BytesIO(tables))
    sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/")]
    assert len(sheets) > 10
    assert not any("<f>" in sheet or "<f " in sheet for sheet in sheets)
    names = [
        row[1] for row in CalamineWorkbook.from_filelike(io.BytesIO(tables)).get_sheet_by_name("学校名册").to_python()
    ]
    assert "=1+1" in names  # shown as it is written, not run and not mended


def test_what_excel_cannot_hold_is_left_out(result):
    grid = Grid("x", "a/b[c]", (Column("h\x00"),), [("bell\x07",), (None,), ("+1",)])
    sheet = opened(write_grids(result, [grid], lang="en", title="t")).worksheets[1]
    assert sheet.title == "a b c"
    assert [row[0].value for row in sheet.iter_rows()] == ["h", "bell", None, "+1"]
    assert [sheet["A4"].data_type, sheet["A4"].quotePrefix] == ["s", True]


def test_names_of_sheets_are_short_and_differ():
    taken: set[str] = set()
    for _ in range(12):
        taken.add(sheet_name("示范学校" * 20, taken))
    assert len(taken) == 12
    assert max(map(len, taken)) <= 31
    assert sheet_name("History", {"history"}) == "History 2"


def test_unknown_is_an_empty_cell_and_numbers_are_rounded_once(result, ledger):
    (grid,) = [grid for grid in ledger_grids(result, ledger, "en") if grid.key == "resource_indicators"]
    assert {row[5] for row in grid.rows} == {None}  # the toy's schools have reported nothing
    assert {row[12] for row in grid.rows} == {"not reported"}
    figures = key_figures(result, "en", years=[2022])
    assert ("Junior seats short", "seats", 90) in figures.rows


def test_the_same_plan_gives_the_same_bytes_dated_by_its_data(result, ledger, tables):
    again = write_grids(result, [*plan_grids(result, "zh"), *ledger_grids(result, ledger, "zh")], lang="zh", title="表")
    assert again == tables
    assert {info.date_time[:3] for info in zipfile.ZipFile(io.BytesIO(tables)).infolist()} == {(2022, 9, 20)}


def test_the_schoolbook_has_a_sheet_a_school_and_an_index_that_leads_there(result, ledger):
    content = write_schoolbook(result, ledger, lang="zh")
    book = opened(content)
    assert len(book.sheetnames) == 1 + len(result.roster.schools)
    index = book.worksheets[0]
    links = [cell.hyperlink.location for row in index.iter_rows() for cell in row if cell.hyperlink]
    assert len(links) == len(result.roster.schools)
    assert all(link.split("'")[1] in book.sheetnames for link in links)
    texts = {cell.value for row in book.worksheets[1].iter_rows() for cell in row}
    assert {"二、资源配置七项指标", "合成数据　仅供演示", "每百名学生网络多媒体教室数"} <= texts
    assert write_schoolbook(result, ledger, lang="zh") == content


def test_a_school_that_is_not_there_has_no_sheet(result, ledger):
    with pytest.raises(ValueError, match="nowhere"):
        write_schoolbook(result, ledger, lang="en", schools=["nowhere"])
