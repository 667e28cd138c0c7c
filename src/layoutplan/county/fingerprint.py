"""One hash for the content of a county, whatever the order of rows and the format of files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

_CHUNK = 1 << 20
_MISSING = "\x00"


def fingerprint(header: Mapping[str, Any], frames: Mapping[str, pd.DataFrame], rasters: Mapping[str, Path]) -> str:
    """Return the hash of a county.

    Parameters
    ----------
    header : mapping
        Names, CRS, years and dates.
    frames : mapping of str to DataFrame
        Tables in their final form, sorted by key.
    rasters : mapping of str to Path
        Files, hashed by their bytes.

    Returns
    -------
    str
        64 hexadecimal digits. Coordinates count to the millimetre; where a ring starts does not count.
    """
    total = hashlib.sha256(repr(sorted(header.items())).encode())
    for name in sorted(frames):
        frame = frames[name]
        total.update(f"\n{name}\n{len(frame)}".encode())
        for column in frame.columns:
            total.update(f"\n{column}\n".encode())
            cells = frame[column]
            total.update(_shapes(cells) if isinstance(cells, gpd.GeoSeries) else _cells(cells))
    for name in sorted(rasters):
        total.update(f"\n{name}\n".encode())
        with rasters[name].open("rb") as file:
            while chunk := file.read(_CHUNK):
                total.update(chunk)
    return total.hexdigest()


def _cells(cells: pd.Series[Any]) -> bytes:
    if pd.api.types.is_float_dtype(cells.dtype) and not pd.api.types.is_extension_array_dtype(cells.dtype):
        numbers = cells.to_numpy(dtype="<f8") + 0.0
        return np.where(np.isnan(numbers), np.nan, numbers).tobytes()
    words = [
        _MISSING if missing else str(cell)
        for cell, missing in zip(cells.to_numpy(dtype=object), cells.isna().to_numpy(), strict=True)
    ]
    return "\x1f".join(words).encode()


def _shapes(shapes: gpd.GeoSeries) -> bytes:
    rounded = shapely.transform(shapes.to_numpy(), lambda points: np.round(points, 3) + 0.0)
    # A line keeps its direction, for one-way streets; a ring may be written from any corner, either way round.
    areas = shapely.get_dimensions(rounded) == 2
    rounded[areas] = shapely.normalize(rounded[areas])
    return b"".join(shapely.to_wkb(rounded, byte_order=1))
