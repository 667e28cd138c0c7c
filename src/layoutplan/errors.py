"""Every error this package raises on purpose.

An error carries all problems found at once. A problem says where it is (layer, row, field),
what is wrong and what to do, in Chinese and English; its words live in the catalogue under
``problem.<code>`` (what is wrong) and ``remedy.<code>`` (what to do).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from layoutplan.labels import LANGS, Lang, Words, label

MAX_SHOWN = 20
# What stands in no line of text, and no document or figure takes.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class InvisibleTextError(ValueError):
    """A text holds control characters; raised where a value is checked, and told as ``text_invisible``."""


def is_visible(text: str, *, lines: bool = False) -> bool:
    r"""Return whether a text holds no control characters; of several lines only where that is allowed.

    Examples
    --------
    >>> is_visible("a\nb"), is_visible("a\nb", lines=True), is_visible("a\x0bb", lines=True)
    (False, True, False)
    """
    return _INVISIBLE.search(text.translate({9: None, 10: None}) if lines else text) is None


def visible(text: str) -> str:
    """Return a text as it is.

    Raises
    ------
    InvisibleTextError
        It holds control characters.
    """
    if not is_visible(text):
        raise InvisibleTextError
    return text


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input.

    Parameters
    ----------
    code : str
        Key of the words: ``problem.<code>`` and ``remedy.<code>``.
    layer : str
        Layer, table or file that holds the fault.
    row : str
        Row number (first data row is 1), id, or key path; empty when the whole layer is meant.
    field : str
        Column or key; empty when the whole row or layer is meant.
    values : mapping
        What the two templates name in braces; :class:`~layoutplan.labels.Words` are said in the reader's language.
    """

    code: str
    layer: str
    row: str = ""
    field: str = ""
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)

    @property
    def place(self) -> tuple[str, int, str, str, str]:
        """Sort key: layer, then row by number and name, then field and code."""
        digits = "".join(c for c in self.row if c.isdecimal())
        return (self.layer, int(digits[:18]) if digits else -1, self.row, self.field, self.code)

    def say(self, lang: Lang) -> str:
        """Return ``[code] layer · row · field · what is wrong → remedy`` in one language."""
        numbered = re.fullmatch(r"row (\d+)", self.row)
        row = label("problem_list.row", lang, number=numbered[1]) if numbered else self.row
        where = " · ".join(part for part in (self.layer, row, self.field) if part)
        what, remedy = self._say("problem", lang), self._say("remedy", lang)
        return f"[{self.code}] {where} · {what} → {remedy}"

    def as_row(self) -> dict[str, str]:
        """Return the problem as plain text fields, for JSON and tables."""
        words = {f"what_{lang}": self._say("problem", lang) for lang in LANGS}
        remedy = {f"remedy_{lang}": self._say("remedy", lang) for lang in LANGS}
        return {"code": self.code, "layer": self.layer, "row": self.row, "field": self.field, **words, **remedy}

    def _say(self, part: str, lang: Lang) -> str:
        said = {name: value.say(lang) if isinstance(value, Words) else value for name, value in self.values.items()}
        return label(f"{part}.{self.code}", lang, **said)


class LayoutPlanError(Exception):
    """Base of every error raised on purpose."""


class InputError(LayoutPlanError, ValueError):
    """The input is at fault; ``problems`` lists everything found, sorted.

    Parameters
    ----------
    problems : iterable of Problem
        At least one.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(_once_each(problems), key=lambda p: p.place))
        super().__init__(self.say("en"))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        # An error of a batch worker travels to its parent; by default only the message would.
        return type(self), (self.problems,)

    def say(self, lang: Lang) -> str:
        """Return the problems as lines, capped with a count, in one language."""
        lines = [problem.say(lang) for problem in self.problems[:MAX_SHOWN]]
        hidden = len(self.problems) - len(lines)
        if hidden:
            lines.append(label("problem_list.more", lang, count=hidden))
        return "\n".join(lines)


def _once_each(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems without exact repeats, in the order met."""
    seen: dict[str, Problem] = {}
    for problem in problems:
        seen.setdefault(repr(problem), problem)
    return list(seen.values())


class DataError(InputError):
    """A layer, table or raster of the county is at fault."""


class ScenarioError(InputError):
    """A scenario is at fault, by itself or against the county it is applied to."""


class NormError(InputError):
    """A norms file is at fault."""


class NetworkError(InputError):
    """The roads cannot carry a network, or a point cannot reach it."""


class OutputError(InputError):
    """A result cannot be written where it was asked for."""
