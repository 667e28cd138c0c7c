"""The ledger of standards as a workbook: an index, and a sheet for every school."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from layoutplan.labels import Lang, label
from layoutplan.present.grids import Column, Grid, actions_by_school, ledger_grids, make_grid, schools_grid
from layoutplan.present.workbook import (
    FONT,
    about_lines,
    add_grid,
    finish_workbook,
    new_workbook,
    put_cell,
    set_page,
    sheet_name,
)

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from layoutplan.plan.ledger import Ledger
    from layoutplan.plan.planning import PlanResult

_WIDTHS = (30.0, 12.0, 12.0, 12.0, 12.0, 12.0, 14.0, 18.0)
_INDEX_WIDTHS = (15.0, 26.0, 16.0, 10.0, 14.0, 10.0, 12.0, 10.0, 10.0, 14.0, 10.0)
SIGNERS = ("filled_by", "head", "checked_by", "date")


@dataclass(frozen=True, eq=False)
class Book:
    """Tables of all schools, looked up a school at a time."""

    result: PlanResult
    lang: Lang
    register: Grid
    parts: Mapping[str, Mapping[str, pd.DataFrame]]
    index: Grid

    def rows(self, part: str, school_id: str) -> pd.DataFrame:
        """Return a school's rows of a table."""
        frames = self.parts[part]
        return frames[school_id] if school_id in frames else frames[""]


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
    book = gather_book(result, ledger, lang)
    known = [str(row[0]) for row in book.register.rows]
    wanted = known if schools is None else [str(school_id) for school_id in schools]
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise ValueError(f"unknown schools {unknown}")
    county = result.prepared.county
    title = label("workbook.ledger_title", lang, county=county.name if lang == "zh" else county.name_en)
    workbook = new_workbook()
    front = workbook.create_sheet(label("workbook.index", lang))
    taken, links = {front.title}, {}
    for number, school_id in enumerate(wanted, start=1):
        row = next(row for row in book.register.rows if row[0] == school_id)
        name = sheet_name(f"{number:03d} {row[1]}", taken)
        taken.add(name)
        links[school_id] = name
        _fill_school(workbook.create_sheet(name), book, school_id)
    _fill_index(front, book, links, title)
    return finish_workbook(workbook, result, title)


def gather_book(result: PlanResult, ledger: Ledger, lang: Lang) -> Book:
    """Return the tables of all schools of a plan."""
    enrolment = result.enrolment.frame
    now = enrolment[enrolment["year"] == ledger.year]
    ahead = enrolment.groupby(["school_id", "year"], as_index=False)[["pupils", "classes"]].sum()
    supply = result.supply.frame.groupby(["school_id", "year"], as_index=False)[["rooms", "seats"]].sum()
    ahead = ahead.merge(supply, on=["school_id", "year"], how="outer")
    findings = result.findings.frame
    findings = findings.assign(text=findings[f"text_{lang}"])
    frames = {
        "grades": now, "resources": ledger.resources.indicators, "ahead": ahead, "findings": findings,
        "posts": ledger.posts, "members": ledger.communities.members,
        "actions": actions_by_school(result),
    }  # fmt: skip
    parts = {
        name: {"": frame.iloc[:0], **{str(key): rows for key, rows in frame.groupby("school_id")}}
        for name, frame in frames.items()
    }
    index = next(grid for grid in ledger_grids(result, ledger, lang) if grid.key == "resource_schools")
    return Book(result, lang, schools_grid(result, lang), parts, index)


def _fill_index(sheet: Worksheet, book: Book, links: Mapping[str, str], title: str) -> None:
    from openpyxl.styles import Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    put_cell(sheet, 1, 1, title).font = Font(name=FONT, bold=True, size=14)
    lines = about_lines(book.result, book.lang)
    for at, line in enumerate(lines, start=2):
        put_cell(sheet, at, 1, line)
    judged = {row[0]: row[5:] for row in book.index.rows}
    blank = (None,) * len(book.index.columns[5:])
    head = (*book.register.columns[:6], *book.index.columns[5:])
    rows = [(*row[:6], *judged.get(row[0], blank)) for row in book.register.rows if row[0] in links]
    top = len(lines) + 3
    add_grid(sheet, Grid("index", title, head, rows), top=top, widths=_INDEX_WIDTHS)
    for at, row in enumerate(rows, start=top + 1):
        cell = sheet.cell(at, 2)
        name = links[str(row[0])]
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{name}'!A1", display=str(row[1]))
        cell.font = Font(name=FONT, color="0563C1", underline="single")
    sheet.freeze_panes = sheet.cell(top + 1, 3)
    for letter, width in zip("ABCDEFGHIJK", _INDEX_WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    set_page(sheet, landscape=True)


def _fill_school(sheet: Worksheet, book: Book, school_id: str) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    register = next(row for row in book.register.rows if row[0] == school_id)
    put_cell(sheet, 1, 1, str(register[1])).font = Font(name=FONT, bold=True, size=16)
    back = put_cell(sheet, 1, 8, label("workbook.index", book.lang))
    back.hyperlink = Hyperlink(ref=back.coordinate, location=f"'{label('workbook.index', book.lang)}'!A1")
    back.font = Font(name=FONT, color="0563C1", underline="single")
    if book.result.prepared.county.synthetic:
        put_cell(sheet, 2, 1, label("figure.footer.synthetic", book.lang)).font = Font(
            name=FONT, color="C04000", bold=True
        )
    row = 3
    for column, value in zip(book.register.columns, register, strict=True):
        put_cell(sheet, row, 1, column.heading)
        put_cell(sheet, row, 2, value, column).alignment = Alignment(horizontal="left")
        row += 1
    for grid in sections_of(book, school_id):
        put_cell(sheet, row + 1, 1, grid.title).font = Font(name=FONT, bold=True, size=12)
        if grid.rows:
            row = add_grid(sheet, grid, top=row + 2, widths=_WIDTHS)
        else:
            put_cell(sheet, row + 2, 1, label("schoolbook.nothing", book.lang))
            row += 3
    for at, signer in enumerate(SIGNERS):
        put_cell(sheet, row + 2, 1 + 2 * at, label(f"schoolbook.{signer}", book.lang))
    for at, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[sheet.cell(1, at).column_letter].width = width
    set_page(sheet, landscape=False)


def sections_of(book: Book, school_id: str) -> list[Grid]:
    """Return the tables of one school's sheet, top to bottom."""
    lang = book.lang
    shown: dict[str, tuple[str, list[str]]] = {
        "school_grades": ("grades", ["grade", "pupils", "classes", "class_size"]),
        "school_resources": (
            "resources", ["indicator", "stage", "amount", "unit", "value", "standard", "gap", "status"]
        ),
        "school_ahead": ("ahead", ["year", "pupils", "classes", "rooms", "seats"]),
        "school_posts": ("posts", ["posts_by_pupils", "posts_by_classes", "posts", "staff", "short"]),
        "school_members": ("members", ["community", "is_lead", "minutes", "metres"]),
        "school_actions": ("actions", ["year", "change"]),
    }  # fmt: skip
    grids = [make_grid(key, book.rows(part, school_id), columns, lang) for key, (part, columns) in shown.items()]
    return [*grids, _findings(book.rows("findings", school_id), lang)]


def _findings(frame: pd.DataFrame, lang: Lang) -> Grid:
    """Return the findings of a school as lines of text, which may run on over the page's width."""
    rows: list[tuple[Any, ...]] = [(text,) for text in frame["text"]]
    return Grid("school_findings", label("grid.school_findings", lang), (Column(label("column.text", lang)),), rows)
