"""Cards beside the map, as data: the browser draws them with every move, and Streamlit need not.

A card is a title over blocks; a block is figures, columns by year, rows, words or buttons. All
words are shown as text. What a button says comes back as a :class:`layoutplan.ui.planmap.Chosen`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

Tone = Literal["", "better", "worse", "same"]


@dataclass(frozen=True)
class Change:
    """A signed change; ``tone`` colours it: blue better, vermilion worse."""

    text: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Figure:
    """One number with its unit and what it is; ``name`` is how tests find it."""

    name: str
    value: str
    unit: str
    words: str


@dataclass(frozen=True)
class Figures:
    """Numbers side by side."""

    kind: ClassVar[str] = "figures"
    items: Sequence[Figure]


@dataclass(frozen=True)
class Column:
    """One column of a small chart: ``share`` of the full height, 0 to 1."""

    words: str
    share: float
    colour: str
    chosen: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Columns:
    """A column a year."""

    kind: ClassVar[str] = "columns"
    items: Sequence[Column]


@dataclass(frozen=True)
class Row:
    """One line of a list: name, bar (``share`` 0 to 1, none if negative), text, change."""

    name: str
    text: str
    change: Change = Change()
    share: float = -1.0
    hint: str = ""


@dataclass(frozen=True)
class Rows:
    """Lines below each other."""

    kind: ClassVar[str] = "rows"
    items: Sequence[Row]


@dataclass(frozen=True)
class Words:
    """A paragraph; ``dim`` for what is aside."""

    kind: ClassVar[str] = "words"
    text: str
    dim: bool = False


@dataclass(frozen=True)
class Option:
    """One button; ``pressed`` if it is the one chosen."""

    value: str
    text: str
    pressed: bool = False
    disabled: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Choice:
    """Buttons in a row; the answer names the choice and the value."""

    kind: ClassVar[str] = "choice"
    name: str
    words: str
    items: Sequence[Option]


Block = Figures | Columns | Rows | Words | Choice


@dataclass(frozen=True)
class Card:
    """A title over blocks; ``tone`` ``bad`` for what cannot be."""

    title: str
    blocks: Sequence[Block]
    tone: Literal["", "bad", "bare"] = ""


def as_data(cards: Sequence[Card]) -> list[dict[str, Any]]:
    """Return cards as what crosses to the browser.

    Examples
    --------
    >>> as_data([Card("甲", [Words("乙")])])
    [{'title': '甲', 'tone': '', 'blocks': [{'kind': 'words', 'text': '乙', 'dim': False}]}]
    """
    return [
        {"title": card.title, "tone": card.tone, "blocks": [{"kind": b.kind, **asdict(b)} for b in card.blocks]}
        for card in cards
    ]
