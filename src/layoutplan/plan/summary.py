"""The table of a batch, a row a county and scenario, gathered on the disk: memory does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.files import open_scratch
from layoutplan.labels import Lang
from layoutplan.plan.batch import BatchRun
from layoutplan.plan.numbers import Heads

_KEYS = ("county", "file", "scenario", "status", "problems", "key")
_ROWS = 256


class Summary:
    """Rows of finished runs, in whatever order they come, to be told sorted by county, file and scenario.

    They stand in an SQLite database without a name, which the system takes away with the process.
    """

    def __init__(self) -> None:
        self._base = open_scratch()
        self._base.execute(
            "CREATE TABLE runs (county TEXT, file TEXT, scenario TEXT, status TEXT, problems TEXT, key TEXT, said TEXT,"
            " heads INTEGER, numbers BLOB)"
        )
        # Few runs have numbers that say something else than those of the others.
        self._heads: dict[Heads | None, int] = {None: 0}
        self.done = self.failed = 0

    def add(self, run: BatchRun, *, lang: Lang = "en") -> None:
        """Take in a run; what it failed for is also kept in a language, for :meth:`faults`."""
        heads, values = (None, b"") if run.numbers is None else (run.numbers.heads, run.numbers.values.tobytes())
        number = self._heads.setdefault(heads, len(self._heads))
        self.done, self.failed = self.done + (run.fault is None), self.failed + (run.fault is not None)
        said = ("", "") if run.fault is None else (run.fault.say("en"), run.fault.say(lang))
        row = (run.county, run.file, run.scenario, "failed" if run.fault else "done", said[0], run.key, said[1])
        self._base.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, number, values))

    def faults(self) -> Iterator[str]:
        """Yield why runs failed, in the language they were taken in."""
        for (said,) in self._base.execute(f"SELECT said FROM runs WHERE status = 'failed' {_ORDER}"):
            yield said

    def tables(self) -> Iterator[pd.DataFrame]:
        """Yield the rows, some hundred at a time.

        Yields
        ------
        DataFrame
            ``county, file, scenario, status`` (``done`` or ``failed``)``, problems, key``, then
            ``<indicator>_<unit>_<year>``, sorted by indicator, year and unit; all tables have all columns.
        """
        said = [heads.each() if heads else [] for heads in self._heads]
        columns = sorted({column for columns in said for column in columns})
        at_column = {column: at for at, column in enumerate(columns)}
        places = [np.array([at_column[column] for column in columns], dtype=np.int64) for columns in said]
        names = [f"{indicator}_{unit}_{year}" for indicator, year, unit in columns]
        rows = self._base.execute(f"SELECT {', '.join(_KEYS)}, heads, numbers FROM runs {_ORDER}")
        while part := rows.fetchmany(_ROWS):
            values = np.full((len(part), len(columns)), np.nan)
            for at, row in enumerate(part):
                values[at, places[row[-2]]] = np.frombuffer(row[-1])
            keys = {name: pd.array([row[at] for row in part], dtype="str") for at, name in enumerate(_KEYS)}
            yield pd.concat([pd.DataFrame(keys), pd.DataFrame(values, columns=names)], axis=1)


_ORDER = "ORDER BY county, file, scenario IS NULL, scenario"
