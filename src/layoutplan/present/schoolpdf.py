"""The ledger of standards on paper: every school's sheet as a page of one PDF, text as text."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from layoutplan.labels import Lang, label
from layoutplan.present.fonts import use_fonts
from layoutplan.present.grids import Cell, Column, Grid
from layoutplan.present.look import look
from layoutplan.present.provenance import stamp_of
from layoutplan.present.schoolbook import SIGNERS, Book, gather_book, sections_of
from layoutplan.present.sheet import DRAWING, Page
from layoutplan.present.word import column_widths, shown
from layoutplan.present.workbook import about_lines

if TYPE_CHECKING:
    from layoutplan.plan.ledger import Ledger
    from layoutplan.plan.planning import PlanResult

_WIDTH_MM, _HEIGHT_MM, _MARGIN_MM = 210.0, 297.0, 15.0
_LINE_MM, _TEXT_PT, _HEAD_PT = 4.5, 7.8, 9.2
_FOOT_MM = 24.0
_ROOM_MM = _WIDTH_MM - 2 * _MARGIN_MM


def write_schoolpdf(result: PlanResult, ledger: Ledger, *, lang: Lang, schools: Sequence[str] | None = None) -> bytes:
    """Return the sheets of a county's schools as one PDF, a page or more a school, in the order of the workbook.

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
        A PDF with its font embedded as TrueType; the same inputs give the same bytes.
    """
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

    book, buffer = gather_book(result, ledger, lang), io.BytesIO()
    metadata = {"Creator": "layoutplan", "Producer": "matplotlib", "CreationDate": None, "Keywords": stamp_of(result)}
    lines = " · ".join(about_lines(result, lang))
    with DRAWING, use_fonts(), PdfPages(buffer, metadata=metadata) as pages:
        figure = Figure(figsize=(_WIDTH_MM / 25.4, _HEIGHT_MM / 25.4))
        for register in book.register.rows:
            if schools is not None and str(register[0]) not in schools:
                continue
            sheet = _Sheet(book, str(register[0]), str(register[1]), lines)
            for page in sheet.pages(figure):
                pages.savefig(page.figure)
                figure.clear()
    return buffer.getvalue()


class _Sheet:
    """One school's sheet, page by page."""

    def __init__(self, book: Book, school_id: str, name: str, about: str) -> None:
        self.book, self.school_id, self.name, self.about = book, school_id, name, about

    def pages(self, figure: object) -> Iterator[Page]:
        """Yield every page when it is full; the caller prints it and clears the figure."""
        page, up = self._open(figure, first=True)
        for grid in sections_of(self.book, self.school_id):
            for block in self._blocks(page, grid):
                if up - _LINE_MM * len(block) < _FOOT_MM:
                    yield page
                    page, up = self._open(figure, first=False)
                for line in block:
                    self._write(page, line, up)
                    up -= _LINE_MM
            up -= _LINE_MM * 0.6
        self._sign(page)
        yield page

    def _open(self, figure: object, *, first: bool) -> tuple[Page, float]:
        paper = figure.add_axes((0.0, 0.0, 1.0, 1.0))  # type: ignore[attr-defined]
        paper.set(xlim=(0.0, _WIDTH_MM), ylim=(0.0, _HEIGHT_MM))
        paper.set_axis_off()
        page = Page(figure, paper, _WIDTH_MM, _HEIGHT_MM, self.book.lang)  # type: ignore[arg-type]
        title = self.name if first else label("schoolbook.continued", page.lang, name=self.name)
        page.write(_MARGIN_MM, _HEIGHT_MM - 19.0, title, size=15.0)
        size = min(6.8, 6.8 * _ROOM_MM / max(page.width_of(self.about, 6.8), 1.0))
        page.write(_MARGIN_MM, _HEIGHT_MM - 25.0, self.about, size=size, color=look().colours.grey)
        page.rule((_MARGIN_MM, _HEIGHT_MM - 27.0), (_WIDTH_MM - _MARGIN_MM, _HEIGHT_MM - 27.0), linewidth=0.8)
        up = _HEIGHT_MM - 33.0
        return page, self._write_register(page, up) if first else up

    def _write_register(self, page: Page, up: float) -> float:
        """Write what the register says of the school, two facts a line."""
        row = next(row for row in self.book.register.rows if str(row[0]) == self.school_id)
        facts = [
            f"{column.heading}  {shown(value, column) or '—'}"
            for column, value in zip(self.book.register.columns, row, strict=True)
        ]
        for at in range(0, len(facts), 2):
            for across, fact in zip((_MARGIN_MM, _MARGIN_MM + _ROOM_MM / 2), facts[at : at + 2], strict=False):
                page.write(across, up, fact, size=_TEXT_PT)
            up -= _LINE_MM
        return up - _LINE_MM * 0.6

    def _blocks(self, page: Page, grid: Grid) -> Iterator[list[list[tuple[float, str, float]]]]:
        """Yield lines that stay together: a table's head with its first row, then each row."""
        head: list[list[tuple[float, str, float]]] = [[(0.0, grid.title, _HEAD_PT)]]
        if not grid.rows:
            yield [*head, [(0.0, label("schoolbook.nothing", page.lang), _TEXT_PT)]]
            return
        widths = column_widths(grid.columns, grid.rows, _ROOM_MM)
        starts = [sum(widths[:at]) for at in range(len(widths))]
        if len(grid.columns) > 1:
            head.append(_cells(page, [column.heading for column in grid.columns], starts, widths))
        for number, row in enumerate(grid.rows):
            lines = _row_lines(page, row, grid.columns, starts, widths)
            yield [*head, *lines] if number == 0 else lines

    def _write(self, page: Page, line: list[tuple[float, str, float]], up: float) -> None:
        for across, text, size in line:
            page.write(_MARGIN_MM + across, up, text, size=size)

    def _sign(self, page: Page) -> None:
        for at, signer in enumerate(SIGNERS):
            page.write(_MARGIN_MM + at * _ROOM_MM / 4, 14.0, label(f"schoolbook.{signer}", page.lang), size=_TEXT_PT)


def _row_lines(
    page: Page, row: tuple[Cell, ...], columns: tuple[Column, ...], starts: list[float], widths: list[float]
) -> list[list[tuple[float, str, float]]]:
    """Return a row as a line of cells; one cell alone runs on over as many lines as it needs."""
    texts = [shown(value, column) for value, column in zip(row, columns, strict=True)]
    if len(texts) > 1:
        return [_cells(page, texts, starts, widths)]
    return [[(0.0, part, _TEXT_PT)] for part in _wrapped(page, texts[0])]


def _cells(
    page: Page, texts: Sequence[str], starts: list[float], widths: list[float]
) -> list[tuple[float, str, float]]:  # fmt: skip
    line = []
    for text, start, width in zip(texts, starts, widths, strict=True):
        size = min(_TEXT_PT, _TEXT_PT * (width - 1.5) / max(page.width_of(text, _TEXT_PT), 0.1))
        line.append((start, text, size))
    return line


def _wrapped(page: Page, text: str) -> list[str]:
    """Break a text where it reaches the margin; Chinese may break anywhere, English at a blank."""
    lines, rest = [], text
    while page.width_of(rest, _TEXT_PT) > _ROOM_MM:
        share = _ROOM_MM / page.width_of(rest, _TEXT_PT)
        end = max(int(len(rest) * share), 1)
        while end > 1 and page.width_of(rest[:end], _TEXT_PT) > _ROOM_MM:
            end -= 1
        blank = rest.rfind(" ", end // 2, end) if rest[end - 1 : end + 1].isascii() else -1
        end = blank if blank > 0 else end
        lines.append(rest[:end])
        rest = rest[end:].lstrip()
    return [*lines, rest]
