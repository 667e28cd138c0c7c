"""Any result of the program as lines of text that a person can compare: sums of tables, and single numbers.

A table is told column by column: the sum of its numbers, the sum weighted by row (so that numbers which change places
show), how many are missing; of words, how often each stands there, or a check sum where they are many.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pydantic import BaseModel

from layoutplan.access.network import Network
from layoutplan.access.travel import Travel
from layoutplan.county.layers import County
from layoutplan.norms import Norms
from layoutplan.plan.measuring import Measured
from layoutplan.plan.planning import PlanResult

# What results are made from, told elsewhere.
_ASIDE = (County, Measured, Network, Norms, PlanResult, Travel, BaseModel)
_MANY = 12


def tell(name: str, value: Any) -> Iterator[str]:
    """Yield the lines of a value; what follows the name of a part is below it."""
    if isinstance(value, _ASIDE) or callable(value):
        return
    parts = _parts(value)
    if parts is not None:
        for part, one in parts:
            yield from tell(name + part, one)
    elif isinstance(value, pd.DataFrame):
        yield f"{name}: {len(value)} rows"
        for column in value.columns:
            yield f"{name}.{column} = {_cells(value[column])}"
    else:
        yield f"{name} = {_said(value)}"


def _parts(value: Any) -> list[tuple[str, Any]] | None:
    """Return what a value is made of, by name; nothing where it is told in one line."""
    if is_dataclass(value):
        return [(f".{field.name}", getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Mapping):
        return [(f"[{key}]", value[key]) for key in sorted(value, key=str)]
    if isinstance(value, list | tuple) and not all(_is_plain(one) for one in value):
        return [(f"[{number}]", one) for number, one in enumerate(value)]
    return None


def _said(value: Any) -> str:
    if isinstance(value, set | frozenset):
        value = sorted(value)
    if isinstance(value, list | tuple):
        return _cells(pd.Series(list(value), dtype=object))
    if isinstance(value, pd.Series | pd.Index | np.ndarray):
        return _cells(pd.Series(np.asarray(value).ravel()))
    return _number(value) if isinstance(value, int | float | np.number) else str(value)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | np.number)


def _number(value: Any) -> str:
    # Six digits: the last bits are another machine's business.
    return str(bool(value)).lower() if isinstance(value, bool | np.bool_) else f"{float(value) + 0.0:.6g}"


def _cells(column: pd.Series) -> str:
    known = column[~column.isna()]
    missing = f", {len(column) - len(known)} missing" if len(known) < len(column) else ""
    if all(isinstance(one, shapely.Geometry) for one in known) and len(known):
        shapes = known.to_numpy()
        return f"area {_number(shapely.area(shapes).sum())}, length {_number(shapely.length(shapes).sum())}{missing}"
    if all(isinstance(one, int | float | np.number | bool | np.bool_) for one in known):
        values = known.to_numpy(dtype=float)
        weight = 1.0 + np.flatnonzero(~column.isna().to_numpy()) % 97
        return f"{_number(values.sum())} ({_number(values @ weight)}){missing}"
    words = [str(one) for one in known]
    count = Counter(words)
    if len(count) > _MANY or any(len(word) > 40 for word in count):
        return f"{len(count)} words, {zlib.crc32(chr(10).join(words).encode()):08x}{missing}"
    return "; ".join(f"{word} {count[word]}" for word in sorted(count)) + missing
