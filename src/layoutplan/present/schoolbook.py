"""The ledger of standards as a workbook: an index, and a sheet for every school."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from layoutplan.labels import Lang, label
from layoutplan.present.grids import Cell, Column, Grid, actions_by_school, ledger_grids, make_grid, schools_grid
from layoutplan.present.workbook import (
    about_lines,
    add_grid,
    bold_font,
    finish_workbook,
    link_cell,
    new_workbook,
    put_cell,
    set_page,
    sheet_name,
    to_the_left,
)

if TYPE_CHECKING:
    import pandas as pd
    from openpyxl.worksheet.worksheet import Worksheet

    from layoutplan.plan.ledger import Ledger
    from layoutplan.plan.planning import PlanResult

_WIDTHS = (30.0, 12.0, 12.0, 12.0, 12.0, 12.0, 14.0, 18.0)
_INDEX_WIDTHS = (15.0, 26.0, 16.0, 10.0, 14.0, 10.0, 12.0, 10.0, 10.0, 14.0, 10.0)
SIGNERS = ("filled_by", "head", "checked_by", "date")
_Part = tuple[Grid, dict[str, list[tuple[Cell, ...]]]]


@dataclass(frozen=True, eq=False)
class SchoolSheet:
    """What the ledger says of one school.

    Parameters
    ----------
    school_id, name : str
        School.
    facts : tuple of (Column, Cell)
        What the register says.
    sections : tuple of Grid
        Tables, top to bottom.
    """

    school_id: str
    name: str
    facts: tuple[tuple[Column, Cell], ...]
    sections: tuple[Grid, ...]


@dataclass(frozen=True, eq=False)
class Book:
    """The sheets of a county's schools, whoever sets them.

    Parameters
    ----------
    result : PlanResult
        Plan they are of.
    lang : {"zh", "en"}
        Language.
    title : str
        Title of the whole.
    sheets : tuple of SchoolSheet
        In the order of the register.
    index : Grid
        A row a school: from the register, and how it stands to the standards.
    """

    result: PlanResult
    lang: Lang
    title: str
    sheets: tuple[SchoolSheet, ...]
    index: Grid


def write_schoolbook(result: PlanResult, ledger: Ledger, *, lang: Lang, schools: Sequence[str] | None = None) -> bytes:
    """Return the workbook of a county's schools, one sheet a school and an index that leads to them.

    Parameters
    ----------
    result : PlanResult
        Plan the numbers to come are from.
    ledger : Ledger
        Ledgers of the year shown.
    lang : {"zh", "en"}
        Language.
    schools : sequence of str, optional
        Ids wanted; all schools of the plan unless told otherwise.

    Returns
    -------
    bytes
        An .xlsx; the same inputs give the same bytes.

    Raises
    ------
    ValueError
        An id is unknown.
    """
    book = gather_book(result, ledger, lang=lang, schools=schools)
    workbook = new_workbook()
    front = workbook.create_sheet(label("workbook.index", lang))
    taken, links = {front.title}, {}
    for number, sheet in enumerate(book.sheets, start=1):
        name = sheet_name(f"{number:03d} {sheet.name}", taken)
        taken.add(name)
        links[sheet.school_id] = name
        _fill_school(workbook.create_sheet(name), book, sheet)
    _fill_index(front, book, links)
    return finish_workbook(workbook, result, book.title)


def gather_book(result: PlanResult, ledger: Ledger, *, lang: Lang, schools: Sequence[str] | None = None) -> Book:
    """Return what the ledger says of every school of a plan, or of some.

    Raises
    ------
    ValueError
        An id is unknown.
    """
    register = schools_grid(result, lang)
    known = {str(row[0]): row for row in register.rows}
    wanted = set(known) if schools is None else {str(school_id) for school_id in schools}
    if unknown := sorted(wanted - set(known)):
        raise ValueError(f"unknown schools {unknown}")
    parts = [*_tables(result, ledger, lang), _findings(result, lang)]
    sheets = tuple(
        SchoolSheet(
            school_id, str(row[1]), tuple(zip(register.columns, row, strict=True)),
            tuple(replace(grid, rows=rows.get(school_id, [])) for grid, rows in parts),
        )
        for school_id, row in known.items() if school_id in wanted
    )  # fmt: skip
    county = result.prepared.county
    title = label("workbook.ledger_title", lang, county=county.name if lang == "zh" else county.name_en)
    judged = next(grid for grid in ledger_grids(result, ledger, lang) if grid.key == "resource_schools")
    found = {str(row[0]): row[5:] for row in judged.rows}
    blank = (None,) * len(judged.columns[5:])
    rows = [(*known[one.school_id][:6], *found.get(one.school_id, blank)) for one in sheets]
    index = Grid("index", title, (*register.columns[:6], *judged.columns[5:]), rows)
    return Book(result, lang, title, sheets, index)


def _tables(result: PlanResult, ledger: Ledger, lang: Lang) -> list[_Part]:
    """Return the tables of all schools, top to bottom; each is made once and taken apart."""
    enrolment = result.enrolment.frame
    ahead = enrolment.groupby(["school_id", "year"], as_index=False)[["pupils", "classes"]].sum()
    supply = result.supply.frame.groupby(["school_id", "year"], as_index=False)[["rooms", "seats"]].sum()
    ahead = ahead.merge(supply, on=["school_id", "year"], how="outer")
    shown: dict[str, tuple[pd.DataFrame, list[str]]] = {
        "school_grades": (enrolment[enrolment["year"] == ledger.year], ["grade", "pupils", "classes", "class_size"]),
        "school_resources": (
            ledger.resources.indicators,
            ["indicator", "stage", "amount", "unit", "value", "standard", "gap", "status"],
        ),
        "school_ahead": (ahead, ["year", "pupils", "classes", "rooms", "seats"]),
        "school_posts": (ledger.posts, ["posts_by_pupils", "posts_by_classes", "posts", "staff", "short"]),
        "school_members": (ledger.communities.members, ["community", "is_lead", "minutes", "metres"]),
        "school_actions": (actions_by_school(result), ["year", "change"]),
    }
    return [_taken_apart(make_grid(key, frame, columns, lang), frame) for key, (frame, columns) in shown.items()]


def _findings(result: PlanResult, lang: Lang) -> _Part:
    """Return the findings of schools as lines of text, which may run on over the page's width."""
    frame = result.findings.frame
    rows: list[tuple[Any, ...]] = [(text,) for text in frame[f"text_{lang}"]]
    title = label("grid.school_findings", lang)
    return _taken_apart(Grid("school_findings", title, (Column(label("column.text", lang)),), rows), frame)


def _taken_apart(grid: Grid, frame: pd.DataFrame) -> _Part:
    """Return a table with its rows by school."""
    rows: dict[str, list[tuple[Cell, ...]]] = {}
    for school_id, row in zip(frame["school_id"].tolist(), grid.rows, strict=True):
        if isinstance(school_id, str):
            rows.setdefault(school_id, []).append(row)
    return grid, rows


def _fill_index(sheet: Worksheet, book: Book, links: Mapping[str, str]) -> None:
    put_cell(sheet, 1, 1, book.title).font = bold_font(14)
    lines = about_lines(book.result, book.lang)
    for at, line in enumerate(lines, start=2):
        put_cell(sheet, at, 1, line)
    top = len(lines) + 3
    add_grid(sheet, book.index, top=top, widths=_INDEX_WIDTHS)
    for at, row in enumerate(book.index.rows, start=top + 1):
        link_cell(sheet.cell(at, 2), links[str(row[0])], shown=str(row[1]))
    sheet.freeze_panes = sheet.cell(top + 1, 3)
    for letter, width in zip("ABCDEFGHIJK", _INDEX_WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    set_page(sheet, landscape=True)


def _fill_school(sheet: Worksheet, book: Book, school: SchoolSheet) -> None:
    put_cell(sheet, 1, 1, school.name).font = bold_font(16)
    link_cell(put_cell(sheet, 1, 8, label("workbook.index", book.lang)), label("workbook.index", book.lang))
    if book.result.prepared.county.synthetic:
        put_cell(sheet, 2, 1, label("figure.footer.synthetic", book.lang)).font = bold_font(colour="C04000")
    for row, (column, value) in enumerate(school.facts, start=3):
        put_cell(sheet, row, 1, column.heading)
        put_cell(sheet, row, 2, value, column).alignment = to_the_left()
    row = 3 + len(school.facts)
    for grid in school.sections:
        put_cell(sheet, row + 1, 1, grid.title).font = bold_font(12)
        if grid.rows:
            row = add_grid(sheet, grid, top=row + 2, widths=_WIDTHS)
        else:
            put_cell(sheet, row + 2, 1, label("schoolbook.nothing", book.lang))
            row += 3
    for at, signer in enumerate(SIGNERS):
        put_cell(sheet, row + 2, 1 + 2 * at, label(f"schoolbook.{signer}", book.lang))
    for letter, width in zip("ABCDEFGH", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    set_page(sheet, landscape=False)
