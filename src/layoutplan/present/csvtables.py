"""Tables as CSV that a spreadsheet opens as it should: headings with units, whole numbers whole, no text that runs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from layoutplan.files import write_whole

# A spreadsheet would run a text that starts with one of these as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_DECIMALS = {
    "pupils": 3, "p10": 3, "p90": 3, "class_size": 3, "minutes": 2, "metres": 1, "measured": 3, "limit": 3,
    "demand": 3, "seats": 0, "gap": 3, "price": 3, "places": 0,
}  # fmt: skip


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV; see :func:`write_tables`."""
    write_tables([frame], path)


def write_tables(frames: Iterable[pd.DataFrame], path: Path) -> None:
    """Write tables of the same columns, one below the other, as CSV: headings with units, text no spreadsheet runs.

    Parameters
    ----------
    frames : iterable of DataFrame
        Columns of numbers, flags or text; missing values become empty cells. One is held at a time.
    path : Path
        File; UTF-8 with a byte order mark, lines end in LF. Its folder is made if missing. The table is
        written under a temporary name and then renamed, so that a broken write leaves the old file whole.
    """
    with write_whole(path) as draft, draft.open("w", encoding="utf-8-sig", newline="") as file:
        for number, frame in enumerate(frames):
            columns = {str(name): _cells(frame[name], str(name)) for name in frame.columns}
            table = pd.DataFrame(columns, columns=[str(name) for name in frame.columns])
            table.to_csv(file, index=False, header=number == 0, lineterminator="\n")


def _cells(column: pd.Series[float] | pd.Series[str], name: str) -> list[str]:
    if pd.api.types.is_bool_dtype(column):
        return ["" if pd.isna(value) else str(bool(value)).lower() for value in column]
    if pd.api.types.is_integer_dtype(column):
        return ["" if pd.isna(value) else str(int(value)) for value in column]
    if pd.api.types.is_float_dtype(column):
        # Of many scenarios most say the same, and to write a number costs more than to look it up.
        row, values = pd.factorize(column.to_numpy(float, na_value=math.nan), use_na_sentinel=False)
        texts = [_fixed(value, _DECIMALS.get(name, 6)) for value in values.tolist()]
        return [texts[at] for at in row.tolist()]
    return list(safe_cells(column))


def _fixed(value: float, decimals: int) -> str:
    """Return a number with at most so many decimals, without trailing zeros or a negative zero."""
    if math.isnan(value):
        return ""
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def safe_cells(texts: Iterable[object]) -> Iterable[str]:
    """Yield texts that a spreadsheet shows instead of running.

    Examples
    --------
    >>> list(safe_cells(["第一小学", "=1+1", "-3", None]))
    ['第一小学', "'=1+1", "'-3", '']
    """
    for text in texts:
        shown = "" if text is None or text is pd.NA or text != text else str(text)
        yield f"'{shown}" if shown.startswith(_FORMULA_STARTS) else shown
