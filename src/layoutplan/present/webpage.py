"""Set a document as one HTML file that needs no network: the twin of the .docx."""

from __future__ import annotations

import base64
from html import escape

from layoutplan.labels import label
from layoutplan.present.blocks import Block, Document, Heading, Picture, Table, Text
from layoutplan.present.grids import Cell, Column
from layoutplan.present.word import shown

# Nothing may be fetched or run, whatever a name in the data holds.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_CSS = """
body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:1.05rem/1.8 "FangSong","STFangsong","Noto Serif CJK SC",
"Songti SC",serif;color:#222}
h1{text-align:center;font-size:1.7rem;line-height:1.4}h2{font-size:1.25rem;margin-top:2.2rem}h3{font-size:1.1rem}
.lines{text-align:center;color:#555;font-size:.9rem;line-height:1.5}
table{border-collapse:collapse;width:100%;font-size:.82rem;line-height:1.35}
th,td{border:1px solid #999;padding:.2rem .35rem;vertical-align:top}th{background:#dde6ed}
td.number{text-align:right;white-space:nowrap}caption,figcaption{font-weight:bold;padding:.5rem;text-align:center}
figure{margin:1.5rem 0}img{max-width:100%}nav a{display:block;color:inherit}
:lang(zh) p{text-indent:2em}
@media print{body{max-width:none;margin:0}h2{break-before:page}figure,tr{break-inside:avoid}}
"""


def set_webpage(document: Document) -> str:
    """Return a document as HTML.

    Parameters
    ----------
    document : Document
        What it says.

    Returns
    -------
    str
        One page with its pictures inside; the same document gives the same text.
    """
    heads = [block for block in document.blocks if isinstance(block, Heading)]
    links = "".join(f'<a href="#h{at}">{escape(block.text)}</a>' for at, block in enumerate(heads) if block.level == 1)
    numbers = {id(block): at for at, block in enumerate(heads)}
    body = "\n".join(_block(block, document, numbers) for block in document.blocks)
    lines = "<br>".join(escape(line) for line in document.lines)
    lang = "zh-CN" if document.lang == "zh" else "en"
    return f"""<!DOCTYPE html>
<html lang="{lang}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="{escape(document.stamp)}">
<title>{escape(document.plain_title)}</title><style>{_CSS}</style></head><body>
<h1>{escape(document.plain_title)}</h1><div class="lines">{lines}</div>
<nav aria-label="{escape(label("report.contents", document.lang))}">{links}</nav>
{body}
</body></html>
"""


def _block(block: Block, document: Document, numbers: dict[int, int]) -> str:
    if isinstance(block, Heading):
        level = block.level + 1
        return f'<h{level} id="h{numbers[id(block)]}">{escape(block.text)}</h{level}>'
    if isinstance(block, Text):
        return f"<p>{escape(block.text)}</p>"
    kind = "table" if isinstance(block, Table) else "picture"
    caption = escape(f"{label(f'report.{kind}_no', document.lang)}{block.number}　{block.caption}")
    if isinstance(block, Picture):
        data = base64.b64encode(block.content).decode("ascii")
        alt = escape(block.caption)
        return (
            f'<figure><img alt="{alt}" src="data:image/png;base64,{data}"><figcaption>{caption}</figcaption></figure>'
        )
    head = "".join(f'<th scope="col">{escape(column.heading)}</th>' for column in block.grid.columns)
    rows = "\n".join(_row(row, block.grid.columns) for row in block.grid.rows)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table>"


def _row(row: tuple[Cell, ...], columns: tuple[Column, ...]) -> str:
    cells = []
    for value, column in zip(row, columns, strict=True):
        mark = ' class="number"' if isinstance(value, int | float) else ""
        cells.append(f"<td{mark}>{escape(shown(value, column))}</td>")
    return f"<tr>{''.join(cells)}</tr>"
