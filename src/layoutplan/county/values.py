"""Turn the cells of a file into typed values, and say which cells cannot be.

Codes are text: leading zeros and long ids survive, blanks at the ends and full-width digits
do not. Nothing is guessed: a cell that is no whole number is no whole number.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from layoutplan.county.problems import Mask
from layoutplan.county.tables import Column
from layoutplan.errors import is_visible

DTYPES = {"text": "str", "int": "Int64", "float": "float64", "bool": "boolean"}
_FLAGS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "是"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "否"), False),
}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
# From here on a float no longer tells neighbouring whole numbers apart.
_EXACT_FLOAT = 2.0**53
# A name read as Latin-1 that was written as GBK is a run of these.
_LATIN_RUN = re.compile("[\u00a1-\u00ff]{4,}")

Cell = tuple[Any, str]


def parse(raw: pd.Series[Any], column: Column) -> tuple[pd.Series[Any], dict[str, Mask]]:
    """Return a column typed by its contract, and the rows whose cell is at fault.

    Parameters
    ----------
    raw : Series
        Cells as the file has them.
    column : Column
        Contract of the column.

    Returns
    -------
    values : Series
        Of the dtype in :data:`DTYPES`; a cell at fault or blank is missing.
    faults : dict
        Problem code to the marked rows.

    Examples
    --------
    >>> beds = Column("beds", "int", "bed", "床位", "beds")
    >>> values, faults = parse(pd.Series(["１２", " 7 ", "x"]), beds)
    >>> values.tolist(), {code: rows.tolist() for code, rows in faults.items()}
    ([12, 7, <NA>], {'not_a_number': [False, False, True]})
    """
    read = _READERS["code" if column.name.endswith("_id") or column.choices else column.kind]
    # GeoJSON may hold lists and objects; they are no cells, and what cannot be hashed cannot be told apart.
    nested = np.array(
        [isinstance(cell, list | dict | np.ndarray) for cell in raw] if raw.dtype == object else [], dtype=bool
    )
    if nested.any():
        raw = raw.mask(nested)
    at, cells = pd.factorize(raw)
    parsed = [read(cell) for cell in cells.tolist()]
    # One slot more than there are distinct cells: position -1 of a missing cell falls on it.
    distinct: list[Any] = [value for value, _ in parsed] + [None]
    values = pd.Series(distinct, dtype=DTYPES[column.kind]).array
    codes = np.array([code for _, code in parsed] + [""], dtype=object)[at]
    faults = {code: codes == code for code in sorted({code for _, code in parsed if code})}
    if nested.any():
        faults["cell_nested"] = nested
    return pd.Series(values.take(at), index=raw.index, name=column.name), faults


def replace_values(raw: pd.Series[Any], words: Mapping[str, str]) -> tuple[pd.Series[Any], list[str]]:
    """Return the cells with a file's own words replaced, and the words that stand nowhere."""
    text = raw.map(lambda cell: _text(cell)[0], na_action="ignore").astype("object")
    known = text.isin(list(words))
    return raw.astype("object").where(~known, text.map(words)), sorted(set(words) - set(text[known]))


def constant(value: object, index: pd.Index[Any]) -> pd.Series[Any]:
    """Return a column that holds one value."""
    return pd.Series([value] * len(index), index=index, dtype="object")


def _text(cell: object) -> Cell:
    """Return a cell as text without blanks at its ends; a whole float loses its ``.0``."""
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)):
        return None, ""
    if isinstance(cell, float):
        if abs(cell) >= _EXACT_FLOAT:
            return None, "code_rounded"
        return (str(int(cell)) if cell.is_integer() else repr(cell)), ""
    if isinstance(cell, bool):
        return str(cell).lower(), ""
    if isinstance(cell, dt.date):
        return cell.isoformat(), ""
    text = str(cell).strip()
    if not is_visible(text):
        return None, "text_control"
    if "\ufffd" in text or _is_garbled(text):
        return None, "text_garbled"
    return text or None, ""


def _is_garbled(text: str) -> bool:
    if not _LATIN_RUN.search(text):
        return False
    try:
        text.encode("latin-1").decode("gbk")
    except UnicodeError:
        return False
    return True


def _code(cell: object) -> Cell:
    if isinstance(cell, float) and not math.isnan(cell) and not cell.is_integer():
        return None, "code_not_whole"
    text, fault = _text(cell)
    return (unicodedata.normalize("NFKC", text).strip() if text else None), fault


def _plain(cell: object) -> str:
    return unicodedata.normalize("NFKC", str(cell)).strip()


def _float(cell: object) -> Cell:
    if isinstance(cell, bool):
        return None, "not_a_number"
    if not isinstance(cell, int | float):
        text = _plain(cell)
        if not text:
            return None, ""
        if not _NUMBER.fullmatch(text):
            return None, "not_a_number"
        cell = float(text)
    return (float(cell), "") if math.isfinite(cell) else (None, "not_a_number")


def _int(cell: object) -> Cell:
    number, fault = _float(cell)
    if fault or number is None:
        return None, fault
    if not number.is_integer():
        return None, "not_whole"
    return (int(number), "") if abs(number) < _EXACT_FLOAT else (None, "not_a_number")


def _bool(cell: object) -> Cell:
    text, _ = _text(cell)
    if text is None:
        return None, ""
    flag = _FLAGS.get(_plain(text).lower())
    return flag, "" if flag is not None else "not_a_flag"


_READERS: dict[str, Callable[[object], Cell]] = {
    "code": _code,
    "text": _text,
    "int": _int,
    "float": _float,
    "bool": _bool,
}
