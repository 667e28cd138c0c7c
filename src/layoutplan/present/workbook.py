"""Excel workbooks: a sheet a table, headings with units, frozen heads, numbers as numbers, no formula from data."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from layoutplan.labels import Lang, label
from layoutplan.present.grids import Cell, Column, Grid
from layoutplan.present.packing import settle_office
from layoutplan.present.provenance import stamp_of

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, NamedStyle
    from openpyxl.worksheet.worksheet import Worksheet

    from layoutplan.plan.planning import PlanResult

# Characters that XML cannot hold, and those a sheet's name may not.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_FORMULA_STARTS = ("=", "+", "-", "@")
_HEAD_FILL, _LINE = "DDE6ED", "8A8A8A"
_NARROW, _SHORT, _WIDE, _LINE_POINTS = 7.0, 12.0, 46.0, 15.0
FONT = "Calibri"
_HEAD = "layoutplan head"
_TEXT = Column("")


def new_workbook() -> Workbook:
    """Return a workbook without sheets that knows the style of headings."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    # A named style is looked up; the parts of a style would be compared with all known ones, heading by heading.
    book.add_named_style(_head_style())
    return book


def finish_workbook(book: Workbook, result: PlanResult, title: str) -> bytes:
    """Return the bytes of a workbook, with its provenance, the same every time."""
    buffer = io.BytesIO()
    book.save(buffer)
    return settle_office(buffer.getvalue(), date=result.provenance["data_date"], title=title, stamp=stamp_of(result))


def write_grids(result: PlanResult, grids: Sequence[Grid], *, lang: Lang, title: str) -> bytes:
    """Return a workbook of tables, a sheet each, after a sheet that says what it is and lists them.

    Parameters
    ----------
    result : PlanResult
        Plan the tables come from.
    grids : sequence of Grid
        Tables in order.
    lang : {"zh", "en"}
        Language of the first sheet.
    title : str
        Title of the workbook.
    """
    book = new_workbook()
    about = book.create_sheet(sheet_name(label("workbook.about", lang), set()))
    taken = {about.title}
    names = []
    for grid in grids:
        name = sheet_name(grid.title, taken)
        taken.add(name)
        names.append(name)
        add_grid(book.create_sheet(name), grid)
    _fill_about(about, result, [(name, len(grid.rows)) for name, grid in zip(names, grids, strict=True)], title, lang)
    return finish_workbook(book, result, title)


def sheet_name(title: str, taken: set[str]) -> str:
    """Return a name that a sheet may have: at most 31 characters, none that Excel refuses, not taken yet.

    Examples
    --------
    >>> sheet_name("a/b", set()), sheet_name("a/b", {"a b"})
    ('a b', 'a b 2')
    """
    plain = _NOT_IN_NAMES.sub(" ", _UNPRINTABLE.sub("", title)).strip()[:31] or "sheet"
    lower = {name.lower() for name in taken}
    name, number = plain, 1
    while name.lower() in lower:
        number += 1
        name = f"{plain[: 31 - len(str(number)) - 1]} {number}"
    return name


def put_cell(sheet: Worksheet, row: int, column: int, value: Cell, like: Column = _TEXT) -> Any:
    """Write a value into a cell; a text stays text, whatever it begins with.

    Parameters
    ----------
    sheet : Worksheet
        Sheet written to.
    row, column : int
        From 1.
    value : str, float, int or None
        None leaves the cell empty.
    like : Column
        Says how a number is shown.
    """
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        text = _UNPRINTABLE.sub("", value)
        cell.value = text
        # openpyxl takes a text that begins with "=" for a formula; the quote keeps it text when it is edited too.
        cell.data_type = "s"
        if text.startswith(_FORMULA_STARTS):
            cell.quotePrefix = True
    elif value is not None:
        cell.value = value
        decimals = 0 if isinstance(value, int) else like.decimals
        cell.number_format = ("#,##0" if like.counts else "0") + ("." + "0" * decimals if decimals > 0 else "")
    return cell


def add_grid(sheet: Worksheet, grid: Grid, *, top: int = 1, widths: Sequence[float] = ()) -> int:
    """Write a table with its head at a row; return the first row below it.

    Parameters
    ----------
    sheet : Worksheet
        Sheet written to.
    grid : Grid
        Table.
    top : int
        Row of the head.
    widths : sequence of float
        Widths the sheet's columns have already. Without them the table has the sheet to itself: its columns get
        their widths, its head stays in sight, and its rows can be filtered.
    """
    alone = not widths
    if alone:
        widths = [_width(column, [row[at] for row in grid.rows[:200]]) for at, column in enumerate(grid.columns)]
    for at, column in enumerate(grid.columns, start=1):
        put_cell(sheet, top, at, column.heading).style = _HEAD
    for number, row in enumerate(grid.rows, start=top + 1):
        for at, (value, column) in enumerate(zip(row, grid.columns, strict=True), start=1):
            put_cell(sheet, number, at, value, column)
    below = top + 1 + len(grid.rows)
    lines = [_size(column.heading) / (width - 1.5) for column, width in zip(grid.columns, widths, strict=False)]
    sheet.row_dimensions[top].height = _LINE_POINTS * math.ceil(max(lines, default=1.0)) + 4.0
    if alone:
        sheet.freeze_panes = sheet.cell(top + 1, 1)
        sheet.auto_filter.ref = f"A{top}:{sheet.cell(max(below - 1, top), len(grid.columns)).coordinate}"
        for at, width in enumerate(widths, start=1):
            sheet.column_dimensions[sheet.cell(1, at).column_letter].width = width
            if width == _WIDE:
                _wrap(sheet, at, range(top + 1, below))
        set_page(sheet, landscape=True)
        sheet.print_title_rows = f"{top}:{top}"
    return below


def _wrap(sheet: Worksheet, column: int, rows: range) -> None:
    from openpyxl.styles import Alignment

    wrapped = Alignment(wrap_text=True, vertical="top")
    for row in rows:
        sheet.cell(row, column).alignment = wrapped


def _head_style() -> NamedStyle:
    from openpyxl.styles import Alignment, Border, NamedStyle, PatternFill, Side

    return NamedStyle(
        _HEAD, font=bold_font(), fill=PatternFill("solid", fgColor=_HEAD_FILL),
        alignment=Alignment(wrap_text=True, vertical="center", horizontal="center"),
        border=Border(bottom=Side("thin", color=_LINE)),
    )  # fmt: skip


def bold_font(size: float = 11, colour: str | None = None) -> Font:
    """Return a bold font."""
    from openpyxl.styles import Font

    return Font(name=FONT, bold=True, size=size, color=colour)


def to_the_left() -> Alignment:
    """Return the alignment of numbers that are read as a text."""
    from openpyxl.styles import Alignment

    return Alignment(horizontal="left")


def link_cell(cell: Any, name: str, *, shown: str | None = None) -> None:
    """Make a cell lead to a sheet."""
    from openpyxl.styles import Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{name}'!A1", display=shown)
    cell.font = Font(name=FONT, color="0563C1", underline="single")


def set_page(sheet: Worksheet, *, landscape: bool) -> None:
    """Set A4, one page wide, with page numbers."""
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.center.text = "&P / &N"


def _width(column: Column, cells: Sequence[Cell]) -> float:
    """Return a width that shows most cells: a Chinese character takes two."""
    longest = max([_size(cell, column.decimals) for cell in cells], default=0)
    # Headings wrap, so half of one has to fit; a short one stays whole, or its last bracket would wrap alone.
    head = max(_size(column.heading) / 2, min(_size(column.heading), _SHORT)) + 3.0
    return min(max(longest + 2.0, head, _NARROW), _WIDE)


def _size(value: Cell, decimals: int = 0) -> int:
    text = f"{value:,.{max(decimals, 0)}f}" if isinstance(value, int | float) else (value or "")
    return sum(2 if ord(mark) > 0x2E7F else 1 for mark in text)


def _fill_about(sheet: Worksheet, result: PlanResult, names: Sequence[tuple[str, int]], title: str, lang: Lang) -> None:
    put_cell(sheet, 1, 1, title).font = bold_font(16)
    lines = about_lines(result, lang)
    for at, line in enumerate(lines, start=2):
        put_cell(sheet, at, 1, line)
    first = len(lines) + 3
    for at, (name, rows) in enumerate(names, start=first):
        link_cell(put_cell(sheet, at, 1, name), name, shown=name)
        put_cell(sheet, at, 2, rows)
        put_cell(sheet, at, 3, label("workbook.rows", lang))
    sheet.column_dimensions["A"].width = 60
    set_page(sheet, landscape=False)


def about_lines(result: PlanResult, lang: Lang) -> list[str]:
    """Return what every document says of itself: county, scenario, date of the data, stamps, fingerprints."""
    county, facts = result.prepared.county, result.provenance
    name = county.name if lang == "zh" else county.name_en
    lines = [
        label("workbook.of", lang, county=name, scenario=result.scenario.name),
        label("figure.footer.data_date", lang, date=facts["data_date"] or "-"),
        label("workbook.internal", lang),
        label("workbook.blank", lang),
        label(
            "figure.footer.made_from", lang, county=facts["county"][:16], scenario=facts["scenario"][:16],
            version=facts["layoutplan"],
        ),
    ]  # fmt: skip
    return [label("figure.footer.synthetic", lang), *lines] if county.synthetic else lines
