"""The form a school fills in for its ledger, and what comes back, checked before it is believed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutplan.county.sources import check_bytes
from layoutplan.county.tables import ROOMS, SCHOOLS, Column
from layoutplan.county.values import DTYPES, parse
from layoutplan.errors import DataError, Problem
from layoutplan.labels import Lang, label
from layoutplan.present.packing import settle_office
from layoutplan.present.workbook import bold_font, new_workbook, put_cell, set_page

if TYPE_CHECKING:
    from openpyxl import Workbook

    from layoutplan.county.layers import County

# What the ledger asks a school for; the rest of its record is the bureau's.
SCHOOL_FIELDS = (
    "boarding_beds", "canteen_seats", "site_m2", "teaching_m2", "sports_m2", "equipment_yuan", "staff",
)  # fmt: skip
STAGE_FIELDS = ("rooms", "teachers", "degree_teachers", "key_teachers", "arts_sports_teachers", "multimedia_rooms")
_OF_TEACHERS = ("degree_teachers", "key_teachers", "arts_sports_teachers")
_SHEET, _FIRST_ROW = "form", 6


@dataclass(frozen=True)
class _Line:
    """One line of a form: the cell of the county's tables it stands for."""

    code: str
    stage: str
    column: Column


@dataclass(frozen=True, eq=False)
class Returned:
    """Tables of a county after forms came back.

    Parameters
    ----------
    county : County
        The county with what the forms say in place of what it held.
    changes : DataFrame
        ``file, school_id, field, stage, before, after``: every value that differs.
    """

    county: County
    changes: pd.DataFrame


def write_form(county: County, school_id: str, *, lang: Lang) -> bytes:
    """Return the form of a school as .xlsx, with what is known so far; see :class:`FormWriter`."""
    return FormWriter(county, lang).write(school_id)


class FormWriter:
    """Writes the forms of a county's schools.

    Schools that have the same stages have the same form: it is laid out once, and only its cells are filled anew.

    Parameters
    ----------
    county : County
        Tells what is known.
    lang : {"zh", "en"}
        Language of the words; what comes back is read by its codes, so that either is understood.
    """

    def __init__(self, county: County, lang: Lang) -> None:
        self.county, self.lang = county, lang
        self._names = county.schools.set_index("school_id")["name"]
        self._known = _known(county)
        self._forms: dict[tuple[str, ...], Workbook] = {}

    def write(self, school_id: str) -> bytes:
        """Return the form of a school.

        Raises
        ------
        KeyError
            The school is unknown.
        """
        name, known = str(self._names[school_id]), self._known[school_id]
        stages = tuple(sorted({stage for stage, _ in known} - {""}, reverse=True))
        lines = _lines_of(stages)
        if stages not in self._forms:
            self._forms[stages] = _laid_out(lines, self.lang)
        book = self._forms[stages]
        sheet = book[_SHEET]
        for column, text in ((2, school_id), (3, name)):
            sheet.cell(2, column).quotePrefix = False
            put_cell(sheet, 2, column, text)
        for row, line in enumerate(lines, start=_FIRST_ROW):
            sheet.cell(row, 5).value = known[line.stage, line.column.name]
        buffer = io.BytesIO()
        book.save(buffer)
        date, title = max(self.county.as_of.values(), default=""), label("form.title", self.lang)
        return settle_office(buffer.getvalue(), date=date, title=title, stamp="")


def _laid_out(lines: Sequence[_Line], lang: Lang) -> Workbook:
    """Return a form without a school in it."""
    from openpyxl.styles import PatternFill, Protection

    book = new_workbook()
    sheet = book.create_sheet(_SHEET)
    put_cell(sheet, 1, 1, label("form.title", lang)).font = bold_font(14)
    put_cell(sheet, 2, 1, "school_id")
    put_cell(sheet, 3, 1, label("form.how", lang))
    for at, name in enumerate(("code", "item", "stage", "unit", "value"), start=1):
        put_cell(sheet, _FIRST_ROW - 1, at, label(f"form.{name}", lang)).font = bold_font()
    for row, line in enumerate(lines, start=_FIRST_ROW):
        words = line.column.zh if lang == "zh" else line.column.en
        stage = label(f"stage.{line.stage}", lang) if line.stage else ""
        for at, text in enumerate((line.code, words, stage, label(f"unit.{line.column.unit}", lang)), start=1):
            put_cell(sheet, row, at, text)
        cell = sheet.cell(row, 5)
        cell.fill = PatternFill("solid", fgColor="FFF8DC")
        cell.protection = Protection(locked=False)
        cell.number_format = "#,##0"
    _guard(sheet, _FIRST_ROW, row)
    for letter, width in zip("ABCDE", (30, 34, 10, 12, 16), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = sheet.cell(_FIRST_ROW, 1)
    set_page(sheet, landscape=False)
    return book


def _guard(sheet: Any, first: int, last: int) -> None:
    """Let Excel refuse what is no amount, and keep codes from being typed over."""
    from openpyxl.worksheet.datavalidation import DataValidation

    rule = DataValidation(type="decimal", operator="greaterThanOrEqual", formula1="0", allow_blank=True)
    rule.add(f"E{first}:E{last}")
    sheet.add_data_validation(rule)
    sheet.protection.sheet = True


def _lines(county: County, school_id: str) -> list[_Line]:
    stages = sorted(county.rooms.loc[county.rooms["school_id"] == school_id, "stage"], reverse=True)
    return _lines_of(stages)


def _lines_of(stages: Sequence[str]) -> list[_Line]:
    columns = {column.name: column for column in (*SCHOOLS.columns, *ROOMS.columns)}
    lines = [_Line(f"schools.{name}", "", columns[name]) for name in SCHOOL_FIELDS]
    return lines + [_Line(f"rooms.{stage}.{name}", stage, columns[name]) for stage in stages for name in STAGE_FIELDS]


def _known(county: County) -> dict[str, dict[tuple[str, str], float | int | None]]:
    """Return what is known of every school, by stage (empty for the school as a whole) and column."""
    kinds = {column.name: column.kind for column in (*SCHOOLS.columns, *ROOMS.columns)}
    schools = pd.DataFrame(county.schools[["school_id", *SCHOOL_FIELDS]]).assign(stage="")
    known: dict[str, dict[tuple[str, str], float | int | None]] = {one: {} for one in schools["school_id"]}
    for frame, fields in ((schools, SCHOOL_FIELDS), (county.rooms, STAGE_FIELDS)):
        for row in frame[["school_id", "stage", *fields]].to_dict("records"):
            for name in fields:
                value = row[name]
                read = None if pd.isna(value) else int(value) if kinds[name] == "int" else float(value)
                known[str(row["school_id"])][str(row["stage"]), name] = read
    return known


def read_forms(county: County, paths: Sequence[Path]) -> Returned:
    """Read filled forms and put what they say in place of what the county holds.

    Parameters
    ----------
    county : County
        The county they belong to; it is not changed.
    paths : sequence of Path
        Files as they came back; .xlsx or .xls.

    Returns
    -------
    Returned
        A cell left blank stays, or becomes, unknown; it is never 0.

    Raises
    ------
    DataError
        With every problem of every form: no form at all, a school unknown or handed in twice, a line missing or
        not ours, a value that is no amount, more teachers of a kind than teachers. Nothing is taken then.
    """
    problems: list[Problem] = []
    found: dict[str, tuple[Path, dict[str, Any]]] = {}
    known = set(county.schools["school_id"])
    for path in sorted(paths):
        school_id, cells = _read_cells(path, problems)
        if school_id is None:
            continue
        if school_id not in known:
            problems.append(Problem("form_school", path.name, "B2", values={"value": school_id}))
        elif school_id in found:
            problems.append(
                Problem("form_twice", path.name, "B2", values={"id": school_id, "other": found[school_id][0].name})
            )
        else:
            found[school_id] = (path, _values(county, school_id, path, cells, problems))
    if problems:
        raise DataError(problems)
    return _taken(county, found)


def _read_cells(path: Path, problems: list[Problem]) -> tuple[str | None, dict[str, tuple[int, Any]]]:
    """Return the school's id, and the value of every code with its row."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        check_bytes(path, layer=path.name, kinds=(".xlsx", ".xls"))
    except (DataError, OSError) as fault:
        problems += fault.problems if isinstance(fault, DataError) else [_unreadable(path, fault)]
        return None, {}
    try:
        rows = CalamineWorkbook.from_path(path).get_sheet_by_name(_SHEET).to_python(skip_empty_area=False)
        school = rows[1][1]
    except (CalamineError, OSError, ValueError, IndexError) as fault:
        problems.append(_unreadable(path, fault))
        return None, {}
    (read,), faults = parse(pd.Series([school], dtype=object), SCHOOLS.columns[0])
    if faults or pd.isna(read):
        problems.append(Problem("form_school", path.name, "B2", values={"value": school}))
        return None, {}
    cells = {}
    for number, row in enumerate(rows[_FIRST_ROW - 1 :], start=_FIRST_ROW):
        if len(row) >= 5 and str(row[0]).strip():
            cells[str(row[0]).strip()] = (number, None if row[4] == "" else row[4])
    return str(read), cells


def _unreadable(path: Path, fault: Exception) -> Problem:
    return Problem("form_unreadable", path.name, values={"reason": str(fault) or type(fault).__name__})


def _values(
    county: County, school_id: str, path: Path, cells: dict[str, tuple[int, Any]], problems: list[Problem]
) -> dict[str, Any]:
    lines = {line.code: line for line in _lines(county, school_id)}
    for code in sorted(set(cells) - set(lines)):
        problems.append(Problem("form_code", path.name, f"row {cells[code][0]}", "A", {"value": code}))
    values: dict[str, Any] = {}
    for code, line in lines.items():
        if code not in cells:
            problems.append(Problem("form_line_missing", path.name, "", code))
            continue
        row, raw = cells[code]
        (value,), faults = parse(pd.Series([raw], dtype=object), line.column)
        low, high = line.column.minimum, line.column.maximum
        outside = not pd.isna(value) and ((low is not None and value < low) or (high is not None and value > high))
        if faults or outside or (line.column.required and pd.isna(value)):
            problems.append(Problem("form_value", path.name, f"row {row}", code, {"value": raw}))
        values[code] = value
    _check_parts(values, cells, path, problems)
    return values


def _check_parts(
    values: dict[str, Any], cells: dict[str, tuple[int, Any]], path: Path, problems: list[Problem]
) -> None:
    for code, value in values.items():
        *head, name = code.split(".")
        whole = values.get(".".join([*head, "teachers"]))
        if name in _OF_TEACHERS and not pd.isna(value) and whole is not None and not pd.isna(whole) and value > whole:
            shown = {"part": value, "whole": whole}
            problems.append(Problem("form_more_than_teachers", path.name, f"row {cells[code][0]}", code, shown))


def _taken(county: County, found: dict[str, tuple[Path, dict[str, Any]]]) -> Returned:
    schools, rooms = county.schools.copy(), county.rooms.copy()
    changes = []
    for school_id, (path, values) in sorted(found.items()):
        for line in _lines(county, school_id):
            frame = rooms if line.stage else schools
            mine = frame["school_id"] == school_id
            mine = mine & (frame["stage"] == line.stage) if line.stage else mine
            before, after = frame.loc[mine, line.column.name].iloc[0], values[line.code]
            if (pd.isna(before) != pd.isna(after)) or (not pd.isna(after) and before != after):
                changes.append((path.name, school_id, line.column.name, line.stage, before, after))
                frame.loc[mine, line.column.name] = pd.Series([after], dtype=DTYPES[line.column.kind]).iloc[0]
    names = ["file", "school_id", "field", "stage", "before", "after"]
    table = pd.DataFrame(changes, columns=names)
    for name in ("before", "after"):
        table[name] = pd.Series([np.nan if pd.isna(value) else float(value) for value in table[name]], dtype=float)
    return Returned(replace(county, schools=schools, rooms=rooms), table)
