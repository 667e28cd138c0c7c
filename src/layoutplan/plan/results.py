"""What a batch keeps of each scenario: a Parquet file under its key, whole or absent; the folder is one data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from layoutplan.access.network import Floats, Ints
from layoutplan.files import write_whole
from layoutplan.plan.numbers import Heads, Numbers, read_numbers

RESULTS = "results"
_COLUMNS = ("indicator", "year", "value", "unit", "school_id", "key")


@dataclass(frozen=True, eq=False)
class SchoolNumbers:
    """Numbers of single schools.

    Parameters
    ----------
    indicators, units : sequence of str
        Indicators, and the unit of each.
    school_ids : object [school]
        Schools.
    indicator, school : int64 [number]
        Position in the lists above.
    year : int64 [number]
        School years.
    values : float64 [number]
        In the units of the indicators.
    """

    indicators: Sequence[str]
    units: Sequence[str]
    school_ids: npt.NDArray[np.object_]
    indicator: Ints
    school: Ints
    year: Ints
    values: Floats


@dataclass(frozen=True, eq=False)
class Result:
    """What came out of one scenario.

    Parameters
    ----------
    numbers : Numbers
        Of the whole county.
    schools : SchoolNumbers, optional
        Of single schools; a whole plan has none.
    """

    numbers: Numbers
    schools: SchoolNumbers | None = None


def keep_result(result: Result, key: str, out: Path) -> None:
    """Write a result under its key.

    Parameters
    ----------
    result : Result
        Becomes rows ``indicator, year, value, unit, school_id`` (missing for the whole county) ``, key``.
    key : str
        Name of the file.
    out : Path
        Folder of the batch.

    Raises
    ------
    OutputError
        The disk is full or cannot be written.
    """
    # Through memory: to open a path takes Arrow longer than to write so little. Without Arrow's own schema, words
    # written once and pointed at are plain words to whoever reads them.
    content = pa.BufferOutputStream()
    pq.write_table(_table_of(result, key), content, write_statistics=False, store_schema=False)
    with write_whole(_path_of(key, out)) as draft:
        draft.write_bytes(content.getvalue())


def read_result(key: str, out: Path) -> Numbers | None:
    """Return the numbers of the county an earlier run kept; nothing where there are none or the file does not read."""
    if not _path_of(key, out).is_file():
        return None
    try:
        rows = pq.ParquetFile(_path_of(key, out)).read([*_COLUMNS[:-1]])
        return read_numbers(rows.filter(pc.is_null(rows["school_id"])).to_pandas())
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return None


def _path_of(key: str, out: Path) -> Path:
    return out / RESULTS / f"{key}.parquet"


def _table_of(result: Result, key: str) -> pa.Table:
    said, values = _said(result.numbers.heads), result.numbers.values
    indicator, year, unit, school = said.indicator, said.year, said.unit, np.zeros(len(values), dtype=np.int64)
    indicators: Sequence[str] = said.indicators
    units: Sequence[str] = said.units
    school_ids = np.array([], dtype=object)
    if (more := result.schools) is not None:
        indicators, indicator = _joined(indicators, indicator, more.indicators, more.indicator)
        units, unit = _joined(units, unit, more.units, more.indicator)
        school_ids = more.school_ids
        year, school = np.concatenate([year, more.year]), np.concatenate([school, more.school])
        values = np.concatenate([values, more.values])
    whole = np.arange(len(values)) < len(result.numbers.values)
    columns = (
        _words(indicators, indicator), pa.array(year), pa.array(values), _words(units, unit),
        _words(school_ids, school, missing=whole), _words([key], np.zeros(len(values), dtype=np.int64)),
    )  # fmt: skip
    return pa.table(columns, names=_COLUMNS)


def _joined(words: Sequence[str], at: Ints, more: Sequence[str], more_at: Ints) -> tuple[Sequence[str], Ints]:
    """Return two lists of words as one in which each stands once, and the positions in it.

    Arrow writes a list in which a word stands twice with other bytes in every run.
    """
    every = list(dict.fromkeys([*words, *more]))
    return every, np.concatenate([at, np.array([every.index(word) for word in more])[more_at]])


def _words(
    words: Sequence[str] | npt.NDArray[np.object_], at: Ints, missing: npt.NDArray[np.bool_] | None = None
) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(at.astype(np.int32), mask=missing), pa.array(words, pa.string()))


@dataclass(frozen=True, eq=False)
class _Said:
    """Heads with every word once: positions in the lists of words, and years."""

    indicators: tuple[str, ...]
    units: tuple[str, ...]
    indicator: Ints
    unit: Ints
    year: Ints


@lru_cache(maxsize=64)
def _said(heads: Heads) -> _Said:
    """Return what numbers say; few scenarios of a batch say something else than the others."""
    indicators, units = tuple(dict.fromkeys(heads.indicator)), tuple(dict.fromkeys(heads.unit))
    at = ({word: row for row, word in enumerate(words)} for words in (indicators, units))
    indicator, unit = (
        np.array([rows[word] for word in words], dtype=np.int64)
        for rows, words in zip(at, (heads.indicator, heads.unit), strict=True)
    )
    return _Said(indicators, units, indicator, unit, np.array(heads.year, dtype=np.int64))
