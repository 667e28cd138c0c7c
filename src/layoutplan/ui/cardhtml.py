"""The cards beside the map as HTML, for pages where they stand under a table instead of beside the map."""

from __future__ import annotations

from html import escape

from layoutplan.ui.planmap.panel import Block, Card, Column, Columns, Figures, Row, Rows, Words


def as_html(card: Card) -> str:
    """Return a card as HTML; every word is escaped. Buttons are left out: they need the map's component.

    Examples
    --------
    >>> as_html(Card("<b>", [Words("a")]))
    '<section class="lp-card"><h4>&lt;b&gt;</h4><p>a</p></section>'
    """
    css = f"lp-card lp-{card.tone}" if card.tone else "lp-card"
    title = f"<h4>{escape(card.title)}</h4>" if card.title else ""
    return f'<section class="{css}">{title}{"".join(_block(block) for block in card.blocks)}</section>'


def _block(block: Block) -> str:
    if isinstance(block, Words):
        return f"<p{' class=lp-dim' if block.dim else ''}>{escape(block.text)}</p>"
    if isinstance(block, Figures):
        figures = "".join(_figure(item.value, item.unit, item.words) for item in block.items)
        return f'<div class="lp-figures">{figures}</div>'
    if isinstance(block, Columns):
        return f'<div class="lp-years">{"".join(map(_column, block.items))}</div>'
    if isinstance(block, Rows):
        return f'<div class="lp-list">{"".join(map(_row, block.items))}</div>'
    return ""


def _figure(value: str, unit: str, words: str) -> str:
    return (
        f'<div class="lp-figure"><b>{escape(value)}</b><span>{escape(unit)}</span>'
        f'<em class="lp-dim">{escape(words)}</em></div>'
    )


def _column(column: Column) -> str:
    css = ' class="is-chosen"' if column.chosen else ""
    height = max(1, round(34 * column.share))
    bar = f'<i style="height:{height}px;background:{escape(column.colour)}"></i>'
    return f'<div{css} title="{escape(column.hint)}">{bar}<span>{escape(column.words)}</span></div>'


def _row(row: Row) -> str:
    tone = f' class="lp-{row.change.tone}"' if row.change.tone else ""
    track = ""
    if row.share >= 0:
        track = f'<i class="lp-track"><u style="width:{max(1, round(100 * row.share))}%"></u></i>'
    css = "lp-line lp-barred" if row.share >= 0 else "lp-line"
    return (
        f'<div class="{css}" title="{escape(row.hint)}"><span>{escape(row.name)}</span>{track}'
        f"<em>{escape(row.text)}</em><i{tone}>{escape(row.change.text)}</i></div>"
    )
