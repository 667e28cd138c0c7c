"""Set a document as .docx in the layout of official papers (GB/T 9704): fonts named, none embedded."""

from __future__ import annotations

import io
import math
import re
from typing import Any

from layoutplan.labels import label
from layoutplan.present.blocks import Block, Document, Heading, Picture, Table, Text, headings_of
from layoutplan.present.grids import Cell, Column
from layoutplan.present.packing import settle_office

# GB/T 9704-2012: A4, top margin 37 mm, left 28 mm, text block 156 x 225 mm, 22 lines of 28 characters.
PAGE_MM, TEXT_MM, TOP_MM, LEFT_MM = (210.0, 297.0), (156.0, 225.0), 37.0, 28.0
LINES, CHARACTERS, BODY_PT = 22, 28, 16.0
_POINT_MM = 25.4 / 72.0
# An A3 sheet this wide leaves room for its caption on a page turned across.
_WIDE_MM = 198.0
# Rounded down: the last of 22 lines has to fit.
_LINE_TWIPS = math.floor(TEXT_MM[1] / LINES / _POINT_MM * 20)
_LATIN = "Times New Roman"
# A letter or digit is about so wide, of the size of its font; Word measures in points.
_CHARACTER_EM, _MM_A_POINT = 0.6, 25.4 / 72
_TITLE_PT, _PAGE_NO_PT, _TABLE_PT, _CAPTION_PT, _SMALL_PT = 22.0, 14.0, 9.0, 12.0, 10.5
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def set_word(document: Document) -> bytes:
    """Return a document as .docx.

    Parameters
    ----------
    document : Document
        What it says.

    Returns
    -------
    bytes
        The file; the same document gives the same bytes.
    """
    import docx

    paper = docx.Document()
    _prepare_styles(paper, document)
    _prepare_page(paper.sections[0], document, across=False)
    _write_front(paper, document)
    for block in document.blocks:
        _turn_page(paper, document, across=isinstance(block, Picture) and block.wide)
        _write(paper, block, document)
    buffer = io.BytesIO()
    paper.save(buffer)
    return settle_office(buffer.getvalue(), date=document.date, title=document.plain_title, stamp=document.stamp)


def _prepare_styles(paper: Any, document: Document) -> None:
    from docx.enum.text import WD_LINE_SPACING
    from docx.shared import Pt

    is_zh = document.lang == "zh"
    normal = paper.styles["Normal"]
    _name_fonts(normal, "body", BODY_PT if is_zh else 12.0)
    spacing = normal.paragraph_format
    spacing.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    spacing.line_spacing = Pt(_LINE_TWIPS / 20 if is_zh else 18.0)
    spacing.space_before = spacing.space_after = Pt(0)
    for level, role in ((1, "chapter"), (2, "section")):
        style = paper.styles[f"Heading {level}"]
        _name_fonts(style, role, BODY_PT if is_zh else 14.0 - level)
        style.font.bold = not is_zh
        style.paragraph_format.space_before = Pt(0 if is_zh else 8)
        style.paragraph_format.space_after = Pt(0)
        style.paragraph_format.keep_with_next = True


def _name_fonts(style: Any, role: str, points: float) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style.font.name, style.font.size, style.font.color.rgb = _LATIN, Pt(points), RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), _font(role))
    # The template's theme fonts would win over names.
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)


def _prepare_page(section: Any, document: Document, *, across: bool) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm

    width, height = PAGE_MM[::-1] if across else PAGE_MM
    section.orientation = WD_ORIENT.LANDSCAPE if across else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(width), Mm(height)
    right, bottom = PAGE_MM[0] - LEFT_MM - TEXT_MM[0], PAGE_MM[1] - TOP_MM - TEXT_MM[1]
    margins = (bottom, TOP_MM, LEFT_MM, right) if across else (LEFT_MM, right, TOP_MM, bottom)
    section.left_margin, section.right_margin, section.top_margin, section.bottom_margin = map(Mm, margins)
    section.footer_distance = Mm(20.0 if across else 28.0)
    _set_grid(section, document)
    footer = section.footer
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    paragraph.alignment = 1
    paragraph.add_run("— ")
    _add_field(paragraph, "PAGE", "1")
    paragraph.add_run(" —")
    for run in paragraph.runs:
        _style_run(run, "table", _PAGE_NO_PT)


def _turn_page(paper: Any, document: Document, *, across: bool) -> None:
    """Begin a page of the other direction where the block needs it."""
    from docx.enum.section import WD_ORIENT, WD_SECTION

    if (paper.sections[-1].orientation == WD_ORIENT.LANDSCAPE) != across:
        _prepare_page(paper.add_section(WD_SECTION.NEW_PAGE), document, across=across)


def _set_grid(section: Any, document: Document) -> None:
    """Lay the grid of 22 lines to a page that the norm asks for.

    A grid of characters would do for the 28 a line as well, but LibreOffice gives a character wider than its
    cell two of them; so the body's characters are set that little closer instead.
    """
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = section._sectPr
    for old in properties.findall(qn("w:docGrid")):
        properties.remove(old)
    grid = OxmlElement("w:docGrid")
    if document.lang == "zh":
        grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), str(_LINE_TWIPS))
    properties.append(grid)


def _write_front(paper: Any, document: Document) -> None:
    for line in document.title.split("\n"):
        title = paper.add_paragraph()
        title.alignment = 1
        _exactly(title, 36.0)
        _style_run(title.add_run(_plain(line)), "title", _TITLE_PT)
    for line in document.lines:
        paragraph = paper.add_paragraph()
        paragraph.alignment = 1
        _exactly(paragraph, 20.0)
        _style_run(paragraph.add_run(_plain(line)), "section", _CAPTION_PT)
    paper.add_paragraph()
    head = paper.add_paragraph()
    head.alignment = 1
    _style_run(head.add_run(label("report.contents", document.lang)), "chapter", BODY_PT)
    for text in headings_of(document.blocks):
        paper.add_paragraph(_plain(text))
    paper.add_page_break()


def _write(paper: Any, block: Block, document: Document) -> None:
    if isinstance(block, Heading):
        heading = paper.add_heading(_plain(block.text), block.level)
        _indent(heading, document)
    elif isinstance(block, Text):
        paragraph = paper.add_paragraph(_plain(block.text))
        paragraph.alignment = 3
        _indent(paragraph, document)
        if document.lang == "zh":
            _set_closer(paragraph.runs[0])
    elif isinstance(block, Table):
        _write_caption(paper, block, "table", document)
        _write_table(paper, block)
    else:
        _write_picture(paper, block, document)


def _indent(paragraph: Any, document: Document) -> None:
    """Indent the first line by two characters, as official papers do."""
    from docx.shared import Pt

    if document.lang == "zh":
        paragraph.paragraph_format.first_line_indent = Pt(2 * BODY_PT)


def _write_caption(paper: Any, block: Table | Picture, kind: str, document: Document) -> None:
    words = label(f"report.{kind}_no", document.lang)
    paragraph = paper.add_paragraph()
    paragraph.alignment = 1
    paragraph.paragraph_format.keep_with_next = kind == "table"
    _exactly(paragraph, 24.0)
    paragraph.add_run(words)
    _add_field(paragraph, f"SEQ {words.strip()} \\* ARABIC", str(block.number))
    paragraph.add_run(f"　{_plain(block.caption)}")
    for run in paragraph.runs:
        _style_run(run, "chapter", _CAPTION_PT)


def _write_table(paper: Any, block: Table) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm

    columns, rows = block.grid.columns, block.grid.rows
    table = paper.add_table(rows=1 + len(rows), cols=len(columns))
    table.style, table.autofit = "Table Grid", False
    widths = [Mm(width) for width in column_widths(columns, rows, TEXT_MM[0])]
    # All cells at once: python-docx walks the whole table for every table.cell().
    cells = table._cells
    for at, column in enumerate(columns):
        table.columns[at].width = widths[at]
        _fill_cell(cells[at], column.stacked, centred=True)
        cells[at].width = widths[at]
    # A dash in a column of numbers stands where its number would.
    numbers = [column.decimals >= 0 or any(isinstance(row[at], int | float) for row in rows)
               for at, column in enumerate(columns)]  # fmt: skip
    for number, row in enumerate(rows, start=1):
        for at, (value, column) in enumerate(zip(row, columns, strict=True)):
            cell = cells[number * len(columns) + at]
            cell.width = widths[at]
            _fill_cell(cell, shown(value, column), right=numbers[at] and not isinstance(value, str))
    for at, line in enumerate(table._tbl.tr_lst):
        properties = line.get_or_add_trPr()
        for name in ("w:cantSplit", *(("w:tblHeader",) if at == 0 else ())):
            properties.append(OxmlElement(name))
    table._tbl.tblPr.append(_margins(OxmlElement, qn))
    spacer = paper.add_paragraph()
    _exactly(spacer, 10.0)


def _margins(element: Any, qn: Any) -> Any:
    """Return narrow inner margins, so that eight columns find room on A4."""
    margins = element("w:tblCellMar")
    for side in ("left", "right"):
        edge = element(f"w:{side}")
        edge.set(qn("w:w"), "40")
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    return margins


def column_widths(columns: tuple[Column, ...], rows: list[tuple[Cell, ...]], total_mm: float) -> list[float]:
    """Return widths that share a line by what the columns hold, none too narrow for a word.

    Examples
    --------
    >>> column_widths((Column("a"), Column("b")), [("x", "y" * 60)], 100.0)
    [20.0, 80.0]
    """
    need, least = [], []
    for at, column in enumerate(columns):
        texts = [shown(row[at], column) for row in rows]
        longest = max(map(_size, texts), default=0)
        need.append(min(max(longest, _size(column.heading) / 2, 8.0), 32.0))
        words = [word for text in (column.heading, *texts) for word in text.split()]
        least.append(min(max(map(_unbroken, words), default=0) + 2.0, 17.0))
    need = [max(pair) for pair in zip(need, least, strict=True)]
    room = total_mm / (_TABLE_PT * _CHARACTER_EM * _MM_A_POINT)
    if sum(least) < room < sum(need):
        # What is short of room is taken from what can be broken into lines.
        part = (room - sum(least)) / (sum(need) - sum(least))
        need = [low + part * (high - low) for low, high in zip(least, need, strict=True)]
    return [round(total_mm * part / sum(need), 2) for part in need]


def _size(text: str) -> int:
    """Return how wide a text is, in narrow characters."""
    return sum(2 if ord(mark) > 0x2E7F else 1 for mark in text)


def _unbroken(word: str) -> int:
    """Return how wide a word is that cannot be broken; Chinese breaks after any character."""
    return 2 if any(ord(mark) > 0x2E7F for mark in word) else len(word)


def shown(value: Cell, column: Column) -> str:
    """Return a cell as it is printed; what is not known is a dash.

    Examples
    --------
    >>> shown(12345, Column("n", 0)), shown(2028, Column("y", 0, counts=False)), shown(None, Column("n", 0))
    ('12,345', '2028', '—')
    """
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    decimals = 0 if isinstance(value, int) else max(column.decimals, 0)
    return f"{value:,.{decimals}f}" if column.counts else f"{value:.{decimals}f}"


def _fill_cell(cell: Any, text: str, *, centred: bool = False, right: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = 1 if centred else 2 if right else 0
    _exactly(paragraph, 13.0)
    run = paragraph.add_run(_plain(text))
    _style_run(run, "table", _TABLE_PT)
    run.font.bold = centred


def _write_picture(paper: Any, block: Picture, document: Document) -> None:
    from docx.enum.text import WD_LINE_SPACING
    from docx.shared import Mm

    paragraph = paper.add_paragraph()
    paragraph.alignment = 1
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paragraph.paragraph_format.keep_with_next = True
    _leave_grid(paragraph)
    width = _WIDE_MM if block.wide else TEXT_MM[0]
    picture = paragraph.add_run().add_picture(io.BytesIO(block.content), width=Mm(width))
    picture._inline.docPr.set("descr", _plain(block.caption))
    _write_caption(paper, block, "picture", document)


def _exactly(paragraph: Any, points: float) -> None:
    from docx.enum.text import WD_LINE_SPACING
    from docx.shared import Pt

    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    paragraph.paragraph_format.line_spacing = Pt(points)
    _leave_grid(paragraph)


def _leave_grid(paragraph: Any) -> None:
    """Take a paragraph off the grid of body lines; tables, captions and pictures have heights of their own."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = paragraph._p.get_or_add_pPr()
    snap = OxmlElement("w:snapToGrid")
    snap.set(qn("w:val"), "0")
    # The schema wants it before the spacing.
    spacing = properties.find(qn("w:spacing"))
    properties.append(snap) if spacing is None else spacing.addprevious(snap)


def _style_run(run: Any, role: str, points: float) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    run.font.name, run.font.size = _LATIN, Pt(points)
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _font(role))


def _set_closer(run: Any) -> None:
    """Set characters so close that 28 of them fit a line."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    spacing = OxmlElement("w:spacing")
    step_pt = TEXT_MM[0] / CHARACTERS / _POINT_MM
    spacing.set(qn("w:val"), str(math.floor((step_pt - BODY_PT) * 20)))
    run._element.get_or_add_rPr().append(spacing)


def _add_field(paragraph: Any, code: str, value: str) -> None:
    """Add a field that Word can count anew, with the value it has now."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for kind, content in (("begin", None), (None, code), ("separate", None), ("text", value), ("end", None)):
        run = paragraph.add_run(value if kind == "text" else "")
        if kind is None:
            part = OxmlElement("w:instrText")
            part.set(qn("xml:space"), "preserve")
            part.text = content
            run._element.append(part)
        elif kind != "text":
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
            run._element.append(part)


def _font(role: str) -> str:
    """Return the Chinese font of a role: named only; whoever opens the file has it or a likeness."""
    return label(f"report.font.{role}", "zh")


def _plain(text: str) -> str:
    return _UNPRINTABLE.sub("", text)
