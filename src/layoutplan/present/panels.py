"""Panels beside a map: lists with headings, keys of colours, a few words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from layoutplan.labels import label
from layoutplan.present.ground import NO_WAY
from layoutplan.present.look import look
from layoutplan.present.sheet import Box, Page, number_text

_HEAD, _BODY, _TITLE = 7.4, 7.6, 10.0
_LEAST_STEP_MM, _MOST_STEP_MM = 3.7, 6.2
_GAP_MM = 2.0
_LEAST_SHARE = 0.72
# A line a little too long is set smaller; only what is longer still is broken.
_WRAP_SHARE = 0.85
# Blank, slash, semicolon, and the wide semicolon, comma and enumeration comma: a line may end behind them.
_BREAKS = " /;\uff1b\uff0c\u3001"
# A change with its sign, or counts side by side, are set to the right as numbers are.
_COUNT = re.compile(r"[+−]?[\d.,]+(/\d+)*|")


@dataclass(frozen=True)
class Listing:
    """A table on a sheet.

    Parameters
    ----------
    title : str
        Above it.
    heads : sequence of str
        Headings, with units.
    rows : sequence of sequence
        Texts, and numbers that are set to the right; None and NaN are a dash.
    shares : sequence of float
        Width of each column against the others.
    decimals : sequence of int, optional
        Decimals of each column's numbers; none unless told otherwise.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str | float | None]]
    shares: Sequence[float]
    decimals: Sequence[int] = ()


def draw_listing(page: Page, listing: Listing, *, box: Box) -> None:
    """Draw a table into a box [mm]; rows that do not fit are counted in a last line, words shrink to their column."""
    left, bottom, width, height = box
    top = bottom + height
    page.write(left + width / 2, top - 4.0, listing.title, size=_TITLE, ha="center", bold=True)
    edges = left + width * np.cumsum([0.0, *listing.shares]) / sum(listing.shares)
    kinds = [_is_number(listing, at) for at in range(len(listing.heads))]
    for up, weight in ((top - 6.2, 1.0), (top - 12.4, 0.5)):
        page.rule((left, up), (left + width, up), linewidth=weight)
    for at, head in enumerate(listing.heads):
        _write_cell(page, head, (edges[at], edges[at + 1]), top - 9.3, right=kinds[at], soft=True)
    room = height - 13.0
    fit = int(room / (_LEAST_STEP_MM * page.swell))
    rows = _wrapped(page, listing, edges, fit=fit)
    shown = rows if sum(map(_lines, rows)) <= fit else rows[: fit - 1]
    lines = sum(map(_lines, shown)) + (len(shown) < len(rows))
    step = min(_MOST_STEP_MM * page.swell, room / max(lines, 1))
    up = top - 12.6
    for row in shown:
        for at, cell in enumerate(row):
            for line, text in enumerate(cell):
                across = (edges[at], edges[at + 1])
                _write_cell(page, text, across, up - step * (line + 0.5), right=kinds[at])
        up -= step * _lines(row)
    end = top - 12.6 - step * lines
    if len(shown) < len(rows):
        more = label("problem_list.more", page.lang, count=len(rows) - len(shown))
        _write_cell(page, more, (left, left + width), end + step / 2, right=False, soft=True)
    if not listing.rows:
        none = label("figure.panel.none", page.lang)
        _write_cell(page, none, (left, left + width), top - 16.0, right=False, soft=True)
        end = top - 19.0
    page.rule((left, end), (left + width, end), linewidth=1.0)


def _wrapped(page: Page, listing: Listing, edges: npt.NDArray[Any], *, fit: int) -> list[list[list[str]]]:
    """Return the lines of every cell of every row; what is too wide is broken as long as all rows still fit."""
    rows = [[[_cell_text(listing, at, cell)] for at, cell in enumerate(row)] for row in listing.rows]
    room = np.diff(edges) - _GAP_MM
    broken = [[_broken(page, cell[0], room[at]) for at, cell in enumerate(row)] for row in rows]
    return broken if sum(map(_lines, broken)) <= fit else rows


def _lines(row: list[list[str]]) -> int:
    return max(map(len, row))


def _cell_text(listing: Listing, at: int, cell: str | float | None) -> str:
    decimals = listing.decimals[at] if listing.decimals else 0
    return cell if isinstance(cell, str) else number_text(np.nan if cell is None else cell, decimals)


def _broken(page: Page, text: str, room: float) -> list[str]:
    """Break a text into lines that fit a width, behind a blank or a mark where there is one."""
    lines, rest = [], text
    while page.width_of(rest, _BODY) > room / _WRAP_SHARE:
        most = next((at for at in range(len(rest), 1, -1) if page.width_of(rest[:at], _BODY) <= room), 1)
        marks = [at + 1 for at in range(most // 2, most) if rest[at] in _BREAKS]
        cut = marks[-1] if marks else most
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*lines, rest]


def _is_number(listing: Listing, at: int) -> bool:
    cells = [row[at] for row in listing.rows if row[at] is not None]
    return bool(cells) and all(not isinstance(cell, str) or _COUNT.fullmatch(cell) for cell in cells)


def _write_cell(
    page: Page, text: str, span: tuple[float, float], up: float, *, right: bool, soft: bool = False
) -> None:
    size = _HEAD if soft else _BODY
    room = span[1] - span[0] - _GAP_MM
    text = _cut(page, text, size * _LEAST_SHARE, room)
    fitted = min(size, size * room / max(page.width_of(text, size), 0.1))
    colour = look().colours.grey if soft else look().colours.ink
    across = span[1] - _GAP_MM / 2 if right else span[0] + _GAP_MM / 2
    page.write(across, up, text, size=fitted, ha="right" if right else "left", va="center", color=colour)


def _cut(page: Page, text: str, size: float, room: float) -> str:
    """Shorten a text that would not even fit in small type."""
    if page.width_of(text, size) <= room:
        return text
    kept = next(at for at in range(len(text) - 1, -1, -1) if page.width_of(f"{text[:at]}…", size) <= room or not at)
    return f"{text[:kept]}…"


@dataclass(frozen=True)
class Key:
    """One row of a key: words, and what draws its sign about a point; without a sign, a heading."""

    text: str
    draw: Callable[[float, float], object] | None = None
    height: float = 1.0


def draw_keys(page: Page, keys: Sequence[Key], *, box: Box, columns: int = 1) -> None:
    """Draw a framed key, its rows from the top, in one or more columns."""
    from matplotlib.patches import Rectangle

    left, bottom, width, height = box
    ink = look().colours.ink
    page.paper.add_artist(Rectangle((left, bottom), width, height, facecolor="white", edgecolor=ink, linewidth=0.9))
    title = label("figure.legend.title", page.lang)
    page.write(left + width / 2, bottom + height - 6.0, title, size=11.0, ha="center", bold=True)
    per_column = -(-len(keys) // columns)
    step = min(5.6 * page.swell, (height - 10.5) / max(per_column, 1))
    each = (width - 4.0) / columns
    for number, key in enumerate(keys):
        across = left + 3.0 + each * (number // per_column)
        middle = bottom + height - 9.0 - step * (number % per_column + 0.5)
        at = across if key.draw is None else across + 9.5
        room = each - (at - across) - 1.0
        size = min(_BODY, _BODY * room / max(page.width_of(key.text, _BODY), 0.1))
        page.write(at, middle, key.text, size=size, va="center", bold=key.draw is None)
        if key.draw is not None:
            key.draw(across + 3.8, middle)


def swatch(
    page: Page, colour: str, *, hatch: str = "", edge: str = "#8d8779"
) -> Callable[[float, float], object]:  # fmt: skip
    """Return what draws a rectangle of a colour for a key; a hatch has the colour of the edge."""
    from matplotlib.patches import Rectangle

    style = {"facecolor": colour, "edgecolor": edge, "linewidth": 0.4, "hatch": hatch or None}
    return lambda across, up: page.paper.add_artist(Rectangle((across - 3.6, up - 1.3), 7.2, 2.6, **style))  # type: ignore[arg-type]


def no_way_sign(page: Page) -> Callable[[float, float], object]:
    """Return what draws the key of ground from which no way leads to a school."""
    return swatch(page, NO_WAY["facecolor"], hatch=NO_WAY["hatch"], edge=NO_WAY["edgecolor"])


def stroke(page: Page, **style: object) -> Callable[[float, float], object]:
    """Return what draws a line for a key."""
    return lambda across, up: page.rule((across - 3.6, up), (across + 3.6, up), **style)


def write_notes(page: Page, lines: Sequence[str], *, box: Box) -> None:
    """Write a few lines from the top of a box, each shrunk to its width."""
    left, bottom, width, height = box
    step = min(5.0 * page.swell, height / max(len(lines), 1))
    for number, line in enumerate(lines):
        size = min(_BODY, _BODY * width / max(page.width_of(line, _BODY), 0.1))
        page.write(left, bottom + height - step * (number + 0.7), line, size=size)
