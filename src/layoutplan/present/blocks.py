"""A document as a list of blocks, whoever sets it: headings, text, tables, pictures, each numbered once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from layoutplan.labels import Lang, label
from layoutplan.present.grids import Grid


@dataclass(frozen=True)
class Heading:
    """A numbered heading: level 1 is a chapter, level 2 a section."""

    level: int
    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, eq=False)
class Table:
    """A table with its numbered caption above it."""

    number: int
    caption: str
    grid: Grid


@dataclass(frozen=True, eq=False)
class Picture:
    """A PNG with its numbered caption below it; a wide one has a page across to itself."""

    number: int
    caption: str
    content: bytes
    wide: bool = False


Block = Heading | Text | Table | Picture


@dataclass(frozen=True, eq=False)
class Document:
    """A document before it is set.

    Parameters
    ----------
    title : str
        Title on the first page, broken into lines where it should be.
    lines : tuple of str
        Lines under the title: stamp, date of the data, use.
    blocks : tuple of Block
        In order.
    lang : {"zh", "en"}
        Language; decides fonts and numbering.
    date : str
        ISO date of the data.
    stamp : str
        What it was made from.
    """

    title: str
    lines: tuple[str, ...]
    blocks: tuple[Block, ...]
    lang: Lang
    date: str
    stamp: str

    @property
    def plain_title(self) -> str:
        """Title in one line."""
        return self.title.replace("\n", "" if self.lang == "zh" else " ")


@dataclass
class Writer:
    """Collects blocks and numbers them as they come.

    Parameters
    ----------
    lang : {"zh", "en"}
        Language of the numbering.

    Examples
    --------
    >>> writer = Writer("zh")
    >>> writer.chapter("现状")
    >>> writer.section("学校")
    >>> [block.text for block in writer.blocks]
    ['一、现状', '（一）学校']
    """

    lang: Lang
    blocks: list[Block] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def chapter(self, text: str) -> None:
        """Begin a chapter."""
        self._counts["section"] = 0
        number = self._next("chapter")
        self.blocks.append(Heading(1, label("report.chapter_no", self.lang, number=self._mark(number), text=text)))

    def section(self, text: str) -> None:
        """Begin a section of the chapter."""
        mark = self._mark(self._next("section"))
        number = mark if self.lang == "zh" else f"{self._counts.get('chapter', 0)}.{mark}"
        self.blocks.append(Heading(2, label("report.section_no", self.lang, number=number, text=text)))

    def say(self, *texts: str) -> None:
        """Add paragraphs."""
        self.blocks += [Text(text) for text in texts if text]

    def table(self, grid: Grid, caption: str | None = None) -> None:
        """Add a table; without rows a sentence says that there is nothing to show."""
        if not grid.rows:
            self.say(label("report.empty_table", self.lang, title=caption or grid.title))
            return
        self.blocks.append(Table(self._next("table"), caption or grid.title, grid))

    def picture(self, content: bytes, caption: str, *, wide: bool = False) -> None:
        """Add a picture."""
        self.blocks.append(Picture(self._next("picture"), caption, content, wide))

    def _next(self, kind: str) -> int:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind]

    def _mark(self, number: int) -> str:
        marks = label("report.numerals", self.lang).split(" ")
        return marks[number - 1] if number <= len(marks) else str(number)


def headings_of(blocks: Iterable[Block], level: int = 1) -> list[str]:
    """Return the headings of a level, in order."""
    return [block.text for block in blocks if isinstance(block, Heading) and block.level == level]
