"""Where a fault stands in a layer, and how many equal faults become one summary."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.errors import Problem
from layoutplan.labels import Words

MAX_ALIKE = 5
_SHOWN_CHARACTERS = 60

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one layer as its file has them.

    Parameters
    ----------
    layer : str
        Name in ``county.toml``.
    numbers : int64[row]
        Row in the file; the first data row is 1.
    key : DataFrame
        Columns by which a row calls itself; joined only for the rows that a message names.
    """

    layer: str
    numbers: npt.NDArray[np.int64]
    key: pd.DataFrame

    def name(self, at: int) -> str:
        """Return what a row calls itself, parts joined by a slash; empty where it does not say."""
        cells = self.key.iloc[at]
        words = ["" if missing else show(cell) for cell, missing in zip(cells, cells.isna(), strict=True)]
        return "/".join(words) if any(words) else ""

    def problems(
        self, code: str, where: Mask, *, field: str = "", shown: Sequence[object] | None = None, **values: object
    ) -> list[Problem]:
        """Return one problem for every marked row.

        Parameters
        ----------
        code : str
            Key of the words.
        where : bool[row]
            Rows at fault.
        field : str
            Column at fault.
        shown : sequence, optional
            The value of each row, as the reader should see it.
        **values
            What else the words name.
        """
        marked = np.flatnonzero(where).tolist()
        cells = ["" if shown is None else shown[at] for at in marked]
        return [
            # Only the first few of equal problems are shown, and to look up a name takes longer than the check.
            self.problem(code, at, field=field, value=cell, is_named=count < MAX_ALIKE, **values)
            for count, (at, cell) in enumerate(zip(marked, cells, strict=True))
        ]

    def problem(
        self, code: str, at: int, *, field: str, value: object = "", is_named: bool = True, **values: object
    ) -> Problem:
        """Return the problem of the row at a position; arguments as in :meth:`problems`."""
        words = {"id": (self.name(at) if is_named else "") or "-", "value": show(value), **values}
        return Problem(code, self.layer, row=f"row {self.numbers[at]}", field=field, values=words)

    def sample(self, where: Mask) -> str:
        """Return the first few marked rows by key, or by number where they have no key."""
        names = sorted(self.name(at) or f"row {self.numbers[at]}" for at in np.flatnonzero(where).tolist())
        return ", ".join(names[:MAX_ALIKE]) + (", …" if len(names) > MAX_ALIKE else "")


def show(value: object) -> str:
    """Return a value as it should stand in a message: plain, on one line, not too long.

    Examples
    --------
    >>> show(3.0), show("a" * 100)[-3:]
    ('3', 'aa…')
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


NOTHING_NEAR: dict[str, object] = {"nearest": "-", "near": ""}


def near(name: str, known: Iterable[str]) -> dict[str, object]:
    """Return the known name most like one that was not found, as values of a problem.

    Returns
    -------
    dict
        ``nearest``: the name, for programs; ``near``: the words that ask whether it was meant. A dash and
        nothing where no name is near.

    Examples
    --------
    >>> near("pupil", ["name", "pupils"])["near"].say("en"), near("zzz", ["name"])
    ('; did you mean: pupils', {'nearest': '-', 'near': ''})
    """
    choices = sorted(known)
    close = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
    close = close or [choice for choice in choices if len(name) > 1 and (name in choice or choice in name)]
    if not close:
        return dict(NOTHING_NEAR)
    return {"nearest": close[0], "near": Words("problem_list.near", {"name": close[0]})}


def summarise(problems: Iterable[Problem]) -> list[Problem]:
    """Keep a few of many equal problems, and count the others.

    Parameters
    ----------
    problems : iterable of Problem
        Everything found.

    Returns
    -------
    list of Problem
        Sorted; of one code, layer and field at most ``MAX_ALIKE``, then ``similar_more`` with the count.
    """

    def kind(problem: Problem) -> tuple[str, str, str]:
        return problem.layer, problem.field, problem.code

    kept: list[Problem] = []
    for (layer, field, code), group in groupby(sorted(problems, key=lambda p: (*kind(p), p.place)), key=kind):
        alike = list(group)
        kept += alike[:MAX_ALIKE]
        if len(alike) > MAX_ALIKE:
            values = {"code": code, "count": len(alike) - MAX_ALIKE, "total": len(alike)}
            kept.append(Problem("similar_more", layer, field=field, values=values))
    return sorted(kept, key=lambda p: p.place)
