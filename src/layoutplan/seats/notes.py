"""What a forecast rests on and what it had to do without: a list that is handed out with every result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from layoutplan.labels import LANGS, label

COLUMNS = ("kind", "code", "subject", "year", "value", "text_zh", "text_en")


@dataclass(frozen=True)
class Note:
    """One thing to know about a result.

    Parameters
    ----------
    code : str
        Key of the words: ``note.<code>``.
    kind : {"fact", "fallback"}
        A ``fallback`` stands in for something the county does not say.
    subject : str
        Place, township, layer or option it is about; empty for the whole county.
    year : int, optional
        Year it is about.
    value : float
        The number that was used; NaN where there is none.
    words : mapping
        What the words name in braces besides ``subject``, ``year`` and ``value``.
    """

    code: str
    kind: Literal["fact", "fallback"] = "fallback"
    subject: str = ""
    year: int | None = None
    value: float = float("nan")
    words: Mapping[str, object] = field(default_factory=dict)


def notes_frame(notes: Iterable[Note]) -> pd.DataFrame:
    """Return notes as a table, sorted, without repeats.

    Returns
    -------
    DataFrame
        ``kind, code, subject, year`` (Int64), ``value``, ``text_zh``, ``text_en``.

    Examples
    --------
    >>> notes_frame([Note("births_none")])[["kind", "code"]].to_numpy().tolist()
    [['fallback', 'births_none']]
    """
    rows = [
        {"kind": note.kind, "code": note.code, "subject": note.subject, "year": note.year, "value": note.value}
        | {f"text_{lang}": _text(note, lang) for lang in LANGS}
        for note in notes
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"year": "Int64", "value": float})
    frame = frame.drop_duplicates(["kind", "code", "subject", "year"])
    return frame.sort_values(["kind", "code", "subject", "year"], ignore_index=True)


def _text(note: Note, lang: Literal["zh", "en"]) -> str:
    value = f"{note.value:.3f}".rstrip("0").rstrip(".")
    return label(f"note.{note.code}", lang, subject=note.subject, year=note.year, value=value, **note.words)
