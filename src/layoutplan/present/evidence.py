"""The evidence sheet of one school: gate, receivers, ways, and the ladder, for the file of a review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from layoutplan.labels import Lang, label
from layoutplan.present.blocks import Document, Writer
from layoutplan.present.chapters import bind_document
from layoutplan.present.grids import Cell, Column, Grid
from layoutplan.present.word import set_word

if TYPE_CHECKING:
    from layoutplan.plan.closure import Gate
    from layoutplan.plan.ladder import Ladder
    from layoutplan.plan.planning import PlanResult

_RECEIVERS = {
    "name": -1, "pupils": 0, "minutes": 0, "class_size_p90": 1, "class_limit": 0, "school_p90": 0, "school_limit": 0,
}  # fmt: skip
_TRAVEL = {
    "group": -1, "pupils": 0, "median_before": 0, "median_after": 0, "max_before": 0, "max_after": 0,
}  # fmt: skip
_BAND = {"year": 0, "pupils": 0, "high": 0}


def compose_evidence(result: PlanResult, gate: Gate, ladder: Ladder | None = None, *, lang: Lang = "zh") -> Document:
    """Return the evidence about one school as a document.

    Parameters
    ----------
    result : PlanResult
        Plan the gate was opened on.
    gate : Gate
        Locks, receivers, ways.
    ladder : Ladder, optional
        What may be done instead; left out where it was not worked out.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    Document
        For :func:`layoutplan.present.word.set_word` or the browser.
    """
    writer = Writer(lang)
    writer.chapter(label("evidence.summary", lang))
    writer.say(*gate.sheet[f"text_{lang}"].tolist())
    writer.chapter(label("evidence.locks", lang, year=gate.year))
    writer.say(*(f"{row[f'text_{lang}']} [{row['clause']}]" for row in gate.locks.to_dict("records")))
    writer.chapter(label("evidence.numbers", lang))
    writer.table(_grid("receivers", gate.receivers, _RECEIVERS, lang))
    travel = gate.travel.assign(group=[label(f"band.{name}", lang) for name in gate.travel["group"]])
    writer.table(_grid("travel", travel, _TRAVEL, lang))
    writer.table(_grid("band", gate.band, _BAND, lang))
    if ladder is not None:
        writer.chapter(label("evidence.ladder", lang))
        writer.say(*ladder.sheet[f"text_{lang}"].tolist())
    name = result.roster.schools.set_index("school_id").loc[gate.school_id, "name"]
    title = label("evidence.title", lang, school=name, year=gate.year)
    return bind_document(writer, title, result)


def write_evidence(result: PlanResult, gate: Gate, ladder: Ladder | None = None, *, lang: Lang = "zh") -> bytes:
    """Return the evidence about one school as .docx; the same plan gives the same bytes.

    Parameters
    ----------
    result, gate, ladder, lang
        As in :func:`compose_evidence`.
    """
    return set_word(compose_evidence(result, gate, ladder, lang=lang))


def _grid(key: str, frame: pd.DataFrame, columns: dict[str, int], lang: Lang) -> Grid:
    heads = tuple(
        Column(label(f"evidence.column_{name}", lang), places, name != "year") for name, places in columns.items()
    )
    cells = [[_cell(value, places) for value in frame[name].tolist()] for name, places in columns.items()]
    return Grid(key, label(f"evidence.table_{key}", lang), heads, list(zip(*cells, strict=True)))


def _cell(value: object, places: int) -> Cell:
    """Return a cell; what is not known, or has no limit, is empty."""
    if places < 0:
        return str(value)
    number = float(str(value))
    if number != number or abs(number) == float("inf"):
        return None
    return round(number) if places == 0 else round(number, places)
