"""The ledger of standards on paper: every school's sheet as a page of one PDF, text as text."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from layoutplan.labels import Lang, label
from layoutplan.present.fonts import FAMILY, drawable, font_path
from layoutplan.present.grids import Cell, Column, Grid
from layoutplan.present.look import look
from layoutplan.present.packing import NO_DATE
from layoutplan.present.provenance import stamp_of
from layoutplan.present.schoolbook import SIGNERS, SchoolSheet, gather_book
from layoutplan.present.word import column_widths, shown
from layoutplan.present.workbook import about_lines

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

    from layoutplan.plan.ledger import Ledger
    from layoutplan.plan.planning import PlanResult

_WIDTH_MM, _HEIGHT_MM, _MARGIN_MM = 210.0, 297.0, 15.0
_LINE_MM, _TEXT_PT, _HEAD_PT = 4.5, 7.8, 9.2
_FOOT_MM = 24.0
_ROOM_MM = _WIDTH_MM - 2 * _MARGIN_MM
_MM = 72.0 / 25.4
# Pieces of one line of a table: how far in [mm], what, how large [pt].
_Line = list[tuple[float, str, float]]


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

    Raises
    ------
    ValueError
        An id is unknown.
    """
    book, buffer = gather_book(result, ledger, lang=lang, schools=schools), io.BytesIO()
    paper = _open_canvas(buffer, result, book.title)
    about = " · ".join(about_lines(result, lang))
    for number, school in enumerate(book.sheets):
        paper.bookmarkPage(f"s{number}")
        paper.addOutlineEntry(school.name, f"s{number}")
        _Pages(paper, school, about, lang).set()
    paper.save()
    return buffer.getvalue()


def _open_canvas(buffer: io.BytesIO, result: PlanResult, title: str) -> Canvas:
    from reportlab.pdfgen.canvas import Canvas

    _register()
    paper = Canvas(
        buffer, pagesize=(_WIDTH_MM * _MM, _HEIGHT_MM * _MM), pageCompression=1, invariant=1, initialFontName=FAMILY
    )
    paper.setTitle(title)
    paper.setSubject("")
    paper.setAuthor("layoutplan")
    paper.setCreator("layoutplan")
    paper.setProducer("reportlab")
    paper.setKeywords(stamp_of(result))
    # The date of the data, not of the writing.
    day = max(result.provenance["data_date"] or NO_DATE, NO_DATE).replace("-", "")
    paper.setDateFormatter(lambda *_: f"D:{day}000000+00'00'")
    return paper


@cache
def _register() -> None:
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    registerFont(TTFont(FAMILY, font_path()))


def _width_mm(text: str, size: float) -> float:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    return float(stringWidth(drawable(text), FAMILY, size)) / _MM


class _Pages:
    """The pages of one school."""

    def __init__(self, paper: Canvas, school: SchoolSheet, about: str, lang: Lang) -> None:
        self.paper, self.school, self.about, self.lang = paper, school, about, lang

    def set(self) -> None:
        """Write every page and close it."""
        up = self._open(first=True)
        for grid in self.school.sections:
            for block in self._blocks(grid):
                if up - _LINE_MM * len(block) < _FOOT_MM:
                    self.paper.showPage()
                    up = self._open(first=False)
                for line in block:
                    for across, text, size in line:
                        self._write(_MARGIN_MM + across, up, text, size)
                    up -= _LINE_MM
            up -= _LINE_MM * 0.6
        for at, signer in enumerate(SIGNERS):
            self._write(_MARGIN_MM + at * _ROOM_MM / 4, 14.0, label(f"schoolbook.{signer}", self.lang), _TEXT_PT)
        self.paper.showPage()

    def _write(self, across: float, up: float, text: str, size: float, colour: str | None = None) -> None:
        self.paper.setFont(FAMILY, size)
        self.paper.setFillColor(colour or look().colours.ink)
        self.paper.drawString(across * _MM, up * _MM, drawable(text))

    def _open(self, *, first: bool) -> float:
        """Write the head of a page; return how far up its first line stands [mm]."""
        title = self.school.name if first else label("schoolbook.continued", self.lang, name=self.school.name)
        self._write(_MARGIN_MM, _HEIGHT_MM - 19.0, title, _fitting(title, 15.0, _ROOM_MM))
        size = _fitting(self.about, 6.8, _ROOM_MM)
        self._write(_MARGIN_MM, _HEIGHT_MM - 25.0, self.about, size, look().colours.grey)
        rule = (_HEIGHT_MM - 27.0) * _MM
        self.paper.setStrokeColor(look().colours.ink)
        self.paper.setLineWidth(0.8)
        self.paper.line(_MARGIN_MM * _MM, rule, (_WIDTH_MM - _MARGIN_MM) * _MM, rule)
        up = _HEIGHT_MM - 33.0
        return self._write_facts(up) if first else up

    def _write_facts(self, up: float) -> float:
        """Write what the register says of the school, two facts a line."""
        facts = [f"{column.heading}  {shown(value, column) or '—'}" for column, value in self.school.facts]
        half = _ROOM_MM / 2
        for at in range(0, len(facts), 2):
            for across, fact in zip((_MARGIN_MM, _MARGIN_MM + half), facts[at : at + 2], strict=False):
                self._write(across, up, fact, _fitting(fact, _TEXT_PT, half - 1.5))
            up -= _LINE_MM
        return up - _LINE_MM * 0.6

    def _blocks(self, grid: Grid) -> Iterator[list[_Line]]:
        """Yield lines that stay together: a table's head with its first row, then each row."""
        head: list[_Line] = [[(0.0, grid.title, _HEAD_PT)]]
        if not grid.rows:
            yield [*head, [(0.0, label("schoolbook.nothing", self.lang), _TEXT_PT)]]
            return
        widths = column_widths(grid.columns, grid.rows, _ROOM_MM)
        starts = [sum(widths[:at]) for at in range(len(widths))]
        if len(grid.columns) > 1:
            head.append(_cells([column.heading for column in grid.columns], starts, widths))
        for number, row in enumerate(grid.rows):
            lines = _row_lines(row, grid.columns, starts, widths)
            yield [*head, *lines] if number == 0 else lines


def _fitting(text: str, size: float, room_mm: float) -> float:
    """Return the size at which a text fits, at most the one wished [pt]."""
    return min(size, size * room_mm / max(_width_mm(text, size), 0.1))


def _row_lines(
    row: tuple[Cell, ...], columns: tuple[Column, ...], starts: list[float], widths: list[float]
) -> list[_Line]:
    """Return a row as a line of cells; one cell alone runs on over as many lines as it needs."""
    texts = [shown(value, column) for value, column in zip(row, columns, strict=True)]
    if len(texts) > 1:
        return [_cells(texts, starts, widths)]
    return [[(0.0, part, _TEXT_PT)] for part in _wrapped(texts[0])]


def _cells(texts: Sequence[str], starts: list[float], widths: list[float]) -> _Line:
    cells = zip(texts, starts, widths, strict=True)
    return [(start, text, _fitting(text, _TEXT_PT, width - 1.5)) for text, start, width in cells]


def _wrapped(text: str) -> list[str]:
    """Break a text where it reaches the margin; Chinese may break anywhere, English at a blank."""
    lines, rest = [], text
    while _width_mm(rest, _TEXT_PT) > _ROOM_MM:
        share = _ROOM_MM / _width_mm(rest, _TEXT_PT)
        end = max(int(len(rest) * share), 1)
        while end > 1 and _width_mm(rest[:end], _TEXT_PT) > _ROOM_MM:
            end -= 1
        blank = rest.rfind(" ", end // 2, end) if rest[end - 1 : end + 1].isascii() else -1
        end = blank if blank > 0 else end
        lines.append(rest[:end])
        rest = rest[end:].lstrip()
    return [*lines, rest]
