"""A history of enrolment as a checked value: pupils by school, year and grade, with what is unknown kept apart.

Any span of grades will do. No row is not zero: a school without rows before its first or after its last
year was not open; a year without rows in between is unknown, and is listed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.county.contracts import Typed, check_contract, finish, take_columns
from layoutplan.county.layers import County
from layoutplan.county.manifest import LayerEntry
from layoutplan.county.problems import Mask, summarise
from layoutplan.county.readers import read_raw
from layoutplan.county.tables import BIRTHS, ENROLMENT, Column, Table
from layoutplan.errors import DataError, Problem

# Grades 0-5 with entry at 5, 1-6 and 1-9 with entry at 6: the lowest grade is entered at its number and five years.
_AGE_OVER_GRADE = 5
_LEAST_GRADE, _MOST_GRADE = -2, 15
_ID, _YEAR, _GRADE, _PUPILS = ENROLMENT.columns[:4]
_HISTORY = Table(
    "enrolment", ENROLMENT.zh, ENROLMENT.en,
    (_ID, _YEAR, Column("grade", "int", "", _GRADE.zh, _GRADE.en, minimum=_LEAST_GRADE, maximum=_MOST_GRADE), _PUPILS),
    key=("school_id", "year", "grade"),
)  # fmt: skip
_BIRTHS = Table("births", BIRTHS.zh, BIRTHS.en, BIRTHS.columns[1:], key=("year",))


@dataclass(frozen=True, eq=False)
class History:
    """Pupils of every school, year and grade.

    Parameters
    ----------
    school_ids : tuple of str
        Sorted.
    years : int64[year]
        School years without a gap.
    grades : int64[grade]
        Without a gap.
    pupils : float [school, year, grade]
        Persons; NaN is unknown, 0 is none.
    births : mapping
        Births of the whole area by calendar year; empty if not given.
    notices : tuple of Problem
        What is unknown in the history and how it was understood.
    """

    school_ids: tuple[str, ...]
    years: Ints
    grades: Ints
    pupils: Floats
    births: Mapping[int, float]
    notices: tuple[Problem, ...] = ()

    @property
    def entry_age(self) -> int:
        """Full years of age at which the lowest grade is entered."""
        return int(self.grades[0]) + _AGE_OVER_GRADE

    @property
    def totals(self) -> Floats:
        """Pupils by school and year; NaN where a grade is unknown, 0 where the school is not open."""
        return np.asarray(self.pupils.sum(axis=2))

    def until(self, position: int) -> History:
        """Return the history as it was known in one of its years.

        Parameters
        ----------
        position : int
            Of the last year kept. Births are kept to the calendar year before, the last complete one.
        """
        last = int(self.years[position])
        births = {year: number for year, number in self.births.items() if year < last}
        kept = self.pupils[:, : position + 1]
        return History(self.school_ids, self.years[: position + 1], self.grades, kept, births, self.notices)


def read_history(enrolment: Path | str, births: Path | str | None = None) -> History:
    """Read a history from a table of enrolment and, if given, one of births.

    Parameters
    ----------
    enrolment : path
        ``.csv`` or ``.xlsx`` with ``school_id, year, grade, pupils``; other columns are left aside.
    births : path, optional
        ``.csv`` or ``.xlsx`` with ``year, births``.

    Returns
    -------
    History
        In order of school, year and grade, whatever the order of the rows.

    Raises
    ------
    DataError
        All problems of both files.
    """
    frames: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    for path, table in ((enrolment, _HISTORY), (births, _BIRTHS)):
        if path is None:
            continue
        try:
            frames[table.name] = _read(Path(path), table)
        except DataError as fault:
            problems += fault.problems
    if problems:
        raise DataError(problems)
    return _history(frames["enrolment"], frames.get("births"))


def make_history(enrolment: pd.DataFrame, births: pd.DataFrame | None = None) -> History:
    """Make a history from tables in memory; columns, checks and errors as in :func:`read_history`."""
    problems: list[Problem] = []
    frames = [
        _check(cells.set_axis(pd.RangeIndex(1, len(cells) + 1)), table, problems)
        for cells, table in ((enrolment, _HISTORY), (births, _BIRTHS))
        if cells is not None
    ]
    if problems:
        raise DataError(summarise(problems))
    return _history(frames[0], frames[1] if births is not None else None)


def county_history(county: County) -> History:
    """Return the history of a county's schools; births of its townships are added up where all have the year.

    Raises
    ------
    DataError
        The county has no enrolment history.
    """
    if not len(county.enrolment):
        raise DataError([Problem("history_empty", "enrolment")])
    known = county.births.groupby("year")["births"].agg(["sum", "count"])
    areas = county.births["area_id"].nunique()
    whole = known.loc[known["count"] == areas, "sum"]
    births = pd.DataFrame({"year": whole.index, "births": whole.to_numpy()})
    return _history(county.enrolment, births)


def _read(path: Path, table: Table) -> pd.DataFrame:
    """Read one file by its contract; the date of the entry is not used."""
    if not path.parent.is_dir():
        raise DataError([Problem("file_missing", table.name, field="file", values={"file": path.name, "nearest": "-"})])
    entry = LayerEntry(file=path.name, as_of=dt.date(2000, 1, 1))
    problems: list[Problem] = []
    frame = _check(read_raw(path.parent, entry, table).cells, table, problems)
    if problems:
        raise DataError(summarise(problems))
    return frame


def _check(cells: pd.DataFrame, table: Table, problems: list[Problem]) -> pd.DataFrame:
    if not len(cells):
        problems.append(Problem("history_empty", table.name))
        return cells
    typed: Typed = take_columns(cells, LayerEntry(file=table.name, as_of=dt.date(2000, 1, 1)), table)
    found = [*typed.problems, *check_contract(typed, table)]
    problems += found
    return typed.frame if found else finish(typed.frame, table)


def _history(enrolment: pd.DataFrame, births: pd.DataFrame | None) -> History:
    frame = enrolment[["school_id", "year", "grade", "pupils"]]
    school_ids, school = np.unique(frame["school_id"].to_numpy(str), return_inverse=True)
    year, grade = frame["year"].to_numpy(np.int64), frame["grade"].to_numpy(np.int64)
    years = np.arange(year.min(), year.max() + 1)
    grades = np.arange(grade.min(), grade.max() + 1)
    if len(grades) < 2:
        raise DataError([Problem("history_one_grade", "enrolment", field="grade", values={"grade": int(grades[0])})])
    pupils = np.full((len(school_ids), len(years), len(grades)), np.nan)
    pupils[school, year - years[0], grade - grades[0]] = frame["pupils"].to_numpy(float)
    pupils, silent, holes = _understand(pupils)
    notices = _notices(school_ids.tolist(), years, grades, silent=silent, holes=holes)
    born = {} if births is None else dict(zip(births["year"].tolist(), births["births"].astype(float), strict=True))
    return History(tuple(school_ids.tolist()), years, grades, pupils, born, notices)


def _understand(pupils: Floats) -> tuple[Floats, Mask, Mask]:
    """Tell cells without a row that are none from those that are unknown.

    Returns
    -------
    pupils : float [school, year, grade]
        0 where a school was not open or does not teach a grade, NaN where it is unknown.
    silent : bool [school, year]
        Years without a row between a school's first and last.
    holes : bool [school, year, grade]
        Grades without a row between others of the same year, or with rows in the years before and after.
    """
    rows: Mask = np.asarray(~np.isnan(pupils))
    said: Mask = np.asarray(rows.any(axis=2))
    silent = _within(said, axis=1) & ~said
    around = np.zeros_like(rows)
    around[:, 1:-1] = rows[:, :-2] & rows[:, 2:]
    holes = ~rows & said[:, :, None] & (_within(rows, axis=2) | around)
    unknown = holes | silent[:, :, None]
    return np.where(rows | unknown, pupils, 0.0), silent, holes


def _within(marked: Mask, *, axis: int) -> Mask:
    """Mark everything from the first to the last mark along an axis."""
    after = np.flip(np.flip(marked, axis).cumsum(axis=axis), axis)
    return np.asarray((marked.cumsum(axis=axis) > 0) & (after > 0))


def _notices(school_ids: list[str], years: Ints, grades: Ints, *, silent: Mask, holes: Mask) -> tuple[Problem, ...]:
    found = [
        Problem("history_year_unknown", "enrolment", row=f"{school_ids[school]}/{years[year]}", field="year")
        for school, year in np.argwhere(silent).tolist()
    ]
    found += [
        Problem("history_grade_unknown", "enrolment", row=f"{school_ids[s]}/{years[y]}/{grades[g]}", field="grade")
        for s, y, g in np.argwhere(holes).tolist()
    ]
    return tuple(summarise(found))
