"""Hold a layer against the contract of its table: columns, types, ranges, choices, key."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from layoutplan.county.manifest import LayerEntry
from layoutplan.county.problems import MAX_ALIKE, NOTHING_NEAR, Mask, Rows, near, show
from layoutplan.county.tables import Column, Table
from layoutplan.county.values import DTYPES, constant, parse, replace_values
from layoutplan.errors import Problem

_LIKE_ENOUGH = 0.8


@dataclass(frozen=True, eq=False)
class Typed:
    """A layer with the columns of its contract, every row kept.

    Parameters
    ----------
    frame : DataFrame
        Typed columns; a cell at fault is missing. The index is the row number.
    faulty : dict of bool[row]
        Cells already named as a problem, by column.
    absent : set of str
        Columns that the file should have had.
    problems, warnings : list of Problem
        What was found.
    """

    frame: pd.DataFrame
    faulty: dict[str, Mask] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def rows_of(frame: pd.DataFrame, table: Table) -> Rows:
    """Return where the rows of a typed frame stand and what they call themselves."""
    return Rows(table.name, frame.index.to_numpy(dtype=np.int64), frame[list(table.key)])


def take_columns(cells: pd.DataFrame, entry: LayerEntry, table: Table) -> Typed:
    """Choose, rename and type the columns of a contract.

    Parameters
    ----------
    cells : DataFrame
        Columns as the file names them; the index is the row number.
    entry : LayerEntry
        Names, constants and words that ``county.toml`` gives.
    table : Table
        Contract.
    """
    problems: list[Problem] = []
    warnings: list[Problem] = []
    raw = {column.name: _find(cells, column, entry, table, problems) for column in table.columns}
    for name, words in entry.values.items():
        raw[name], idle = replace_values(raw[name], words)
        for word in idle:
            warnings.append(Problem("value_unused", table.name, field=name, values={"value": word}))
    parsed = {column.name: parse(raw[column.name], column) for column in table.columns}
    frame = pd.DataFrame({name: values for name, (values, _) in parsed.items()}, index=cells.index)
    absent = {problem.field for problem in problems if problem.code in ("column_missing", "column_repeated")}
    faulty: dict[str, Mask] = {}
    rows = rows_of(frame, table)
    for name, (_, faults) in parsed.items():
        faulty[name] = np.logical_or.reduce([np.zeros(len(cells), dtype=bool), *faults.values()])
        for code, where in faults.items():
            problems += rows.problems(code, where, field=name, shown=raw[name].tolist())
    warnings += _misspelt(cells, entry, table)
    return Typed(frame, faulty, absent, problems, warnings)


def _find(
    cells: pd.DataFrame, column: Column, entry: LayerEntry, table: Table, problems: list[Problem]
) -> pd.Series[Any]:
    """Return the file's column for one of the contract; missing cells where there is none."""
    name = entry.columns.get(column.name, column.name)
    found = [str(head) for head in cells.columns]
    blank = constant(None, cells.index)
    if found.count(name) > 1:
        problems.append(Problem("column_repeated", table.name, field=column.name, values={"wanted": name}))
        return blank
    if name in found:
        if column.name in entry.fill:
            problems.append(Problem("fill_idle", table.name, field=column.name, values={"wanted": name}))
        return cells[name]
    if column.name in entry.fill:
        return constant(entry.fill[column.name], cells.index)
    if column.required or column.name in entry.columns:
        values = {"wanted": name, **near(name, found), "found": ", ".join(found)}
        problems.append(Problem("column_missing", table.name, field=column.name, values=values))
    return blank


def _misspelt(cells: pd.DataFrame, entry: LayerEntry, table: Table) -> list[Problem]:
    """Warn of columns nobody asked for whose names are close to an optional one that was not found."""
    found = {str(head) for head in cells.columns}
    absent = {column.name for column in table.columns if entry.columns.get(column.name, column.name) not in found}
    absent -= set(entry.fill)
    used = {*table.names, *entry.columns.values(), entry.east, entry.north}
    warnings = []
    for head in sorted(found - used):
        for name in difflib.get_close_matches(head.lower(), sorted(absent), n=1, cutoff=_LIKE_ENOUGH):
            warnings.append(Problem("column_ignored", table.name, field=head, values={"nearest": name}))
    return warnings


def check_contract(typed: Typed, table: Table) -> list[Problem]:
    """Return every cell that is missing, out of range or not on the list, and every row whose key stands twice.

    Parameters
    ----------
    typed : Typed
        Layer by :func:`take_columns`.
    table : Table
        Contract.
    """
    # pandera takes most of a second to import, and only reading a county needs it.
    import pandera.pandas as pa

    rows = rows_of(typed.frame, table)
    schema, codes = _schema(table)
    failed: dict[tuple[str, str], Mask] = {}
    try:
        schema.validate(typed.frame.reset_index(drop=True), lazy=True)
    except pa.errors.SchemaErrors as fault:
        for name, number, at in fault.failure_cases[["column", "check_number", "index"]].itertuples(index=False):
            code = "value_missing" if pd.isna(number) else codes[name][int(number)]
            failed.setdefault((name, code), np.zeros(len(typed.frame), dtype=bool))[int(at)] = True
    problems: list[Problem] = []
    for column in table.columns:
        cells = typed.frame[column.name].tolist() if any(name == column.name for name, _ in failed) else []
        for (name, code), where in failed.items():
            if name == column.name and name not in typed.absent:
                problems += rows.problems(
                    code, where & ~typed.faulty[name], field=name, shown=cells, **_limits(column, cells, where)
                )
    return problems + _duplicates(typed, table, rows)


@cache
def _schema(table: Table) -> tuple[Any, dict[str, list[str]]]:
    """Return the pandera schema of a table, and what each of its checks is called here."""
    import pandera.pandas as pa

    columns, codes = {}, {}
    for column in table.columns:
        checks = []
        if column.minimum is not None:
            checks.append(("negative" if column.minimum == 0 else "too_small", pa.Check.ge(column.minimum)))
        if column.maximum is not None:
            checks.append(("too_large", pa.Check.le(column.maximum)))
        if column.choices:
            checks.append(("not_a_choice", pa.Check.isin(column.choices)))
        columns[column.name] = pa.Column(
            DTYPES[column.kind], [check for _, check in checks], nullable=not column.required
        )
        codes[column.name] = [code for code, _ in checks]
    return pa.DataFrameSchema(columns, strict=True), codes


def _limits(column: Column, cells: list[Any], where: Mask) -> dict[str, object]:
    """Return what the words of a range or a list name."""
    first = str(cells[int(np.flatnonzero(where)[0])])
    return {
        "minimum": show(column.minimum),
        "maximum": show(column.maximum),
        "unit": column.unit,
        "choices": ", ".join(column.choices),
        **(near(first, column.choices) if column.choices else NOTHING_NEAR),
    }


def _duplicates(typed: Typed, table: Table, rows: Rows) -> list[Problem]:
    """Name every row whose key stands in an earlier row."""
    if typed.absent & set(table.key):
        return []
    key = typed.frame[list(table.key)]
    again = (key.duplicated() & key.notna().all(axis=1)).to_numpy(dtype=bool)
    if not again.any():
        return []
    first = pd.Series(rows.numbers).groupby([key[name].to_numpy() for name in table.key]).transform("min").tolist()
    name = table.key[0] if len(table.key) == 1 else ", ".join(table.key)
    return [
        rows.problem("duplicate_key", at, field=name, is_named=count < MAX_ALIKE, first=int(first[at]))
        for count, at in enumerate(np.flatnonzero(again).tolist())
    ]


def finish(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return a faultless frame in its final form: required numbers plain, sorted by key, index from 0."""
    plain = {"int": "int64", "bool": "bool"}
    dtypes = {column.name: plain[column.kind] for column in table.columns if column.required and column.kind in plain}
    return frame.astype(dtypes).sort_values(list(table.key), kind="stable", ignore_index=True)


def empty_frame(table: Table) -> pd.DataFrame:
    """Return a table without rows in its final form, for a layer that a county does not have.

    Examples
    --------
    >>> from layoutplan.county.tables import BIRTHS
    >>> empty_frame(BIRTHS).dtypes.astype(str).to_dict()
    {'area_id': 'str', 'year': 'int64', 'births': 'int64'}
    """
    columns = {column.name: pd.Series([], dtype=DTYPES[column.kind]) for column in table.columns}
    return finish(pd.DataFrame(columns), table)
