"""Check the rasters of a county before anyone sums them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
from rasterio.warp import transform_bounds

from layoutplan.county.crs import Frame, crs_problem
from layoutplan.county.problems import show
from layoutplan.county.sources import check_bytes, find_file, refuse_grids
from layoutplan.county.tiffs import RASTER_FAULTS, open_tiff, overview_problem
from layoutplan.errors import DataError, Problem

MAX_PIXELS = 25_000_000
# Lowest and highest value of each raster that can be true; a stand-in for "no value" lies outside.
_RANGES = {"population": (0.0, 1e7), "dem": (-500.0, 9000.0)}


def check_raster(folder: Path, file: str, *, name: str, county: Frame | None) -> Path:
    """Return the path of a raster that can be read, lies in the county and holds only possible values.

    Parameters
    ----------
    folder : Path
        Folder of ``county.toml``.
    file : str
        What it says.
    name : {"population", "dem"}
        Which raster.
    county : Frame or None
        Where it should lie; not checked where the townships could not be read.

    Raises
    ------
    DataError
        With everything that is wrong.
    """
    path = find_file(folder, file, layer=name)
    suffix = check_bytes(path, layer=name, kinds=(".tif", ".tiff"))
    refuse_grids(path, suffix, layer=name)
    try:
        with open_tiff(path) as raster:
            problems = _form_problems(raster, name, county)
            if not problems:
                problems = _value_problems(raster, name)
    except RASTER_FAULTS as fault:
        values = {"file": path.name, "reason": show(fault)}
        raise DataError([Problem("file_unreadable", name, field="file", values=values)]) from fault
    if problems:
        raise DataError(problems)
    return path


def _form_problems(raster: Any, name: str, county: Frame | None) -> list[Problem]:
    found = []
    if (problem := overview_problem(raster, name)) is not None:
        return [problem]
    if raster.width * raster.height > MAX_PIXELS:
        values = {"pixels": f"{raster.width} × {raster.height}", "limit": f"{MAX_PIXELS:,}"}
        found.append(Problem("raster_too_big", name, values=values))
    if raster.count != 1:
        found.append(Problem("raster_bands", name, values={"count": raster.count}))
    if raster.transform.e >= 0 or raster.transform.b or raster.transform.d:
        # Where a turned raster ends is not asked for: its corners are not its bounds.
        return [*found, Problem("raster_turned", name)]
    if raster.crs is None:
        return [*found, Problem("raster_no_crs", name, field="crs")]
    crs = pyproj.CRS.from_wkt(raster.crs.to_wkt())
    if (problem := crs_problem(crs, name)) is not None:
        return [*found, problem]
    if county is not None:
        bounds = transform_bounds(raster.crs, county.target.to_wkt(), *raster.bounds)
        if not shapely.box(*bounds).intersects(shapely.box(*county.box)):
            found.append(Problem("raster_elsewhere", name, values={"crs": crs.name}))
    return found


def _value_problems(raster: Any, name: str) -> list[Problem]:
    """Look for values no raster of its kind can hold, most often an undeclared stand-in for "no value"."""
    values = raster.read(1, masked=True).compressed()
    values = values[~np.isnan(values)]
    if not values.size:
        return [Problem("raster_empty", name)]
    low, high = _RANGES[name]
    wrong = values[(values < low) | (values > high)]
    if not wrong.size:
        return []
    shown = {"value": show(float(wrong[0])), "count": int(wrong.size), "low": show(low), "high": show(high)}
    return [Problem("raster_values", name, values=shown)]
