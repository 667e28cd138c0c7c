"""Open GeoTIFFs so that nothing is read but the file itself."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from layoutplan.errors import Problem

# What a damaged raster may raise; what GDAL says in the middle of work comes in a class without a public name.
RASTER_FAULTS = (RasterioError, CPLE_BaseError, ValueError)

# Where a raster's own notes name another file to take coarser cells from.
_OVERVIEWS = ("OVERVIEWS", "OVERVIEW_FILE")


@contextmanager
def open_tiff(path: Path, **options: object) -> Iterator[Any]:
    """Open a GeoTIFF for reading, blind to files beside it.

    Parameters
    ----------
    path : Path
        The file, whose CRS names no other (:func:`layoutplan.county.sources.refuse_grids`).
    **options
        Of ``rasterio.open``.

    Yields
    ------
    rasterio.DatasetReader
        Open until the block ends.

    Raises
    ------
    RasterioError
        The file does not read.
    """
    # A ``.aux.xml`` may state a CRS that points to any file, an ``.ovr`` or ``.msk`` may be of any format. Only GDAL's
    # GTiff driver may open the file itself: others follow addresses written in it.
    blind = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
    with rasterio.Env(**blind), _opened(path, **options) as raster:
        yield raster


def _opened(path: Path, **options: object) -> Any:
    with warnings.catch_warnings():
        # The checks say in the planner's words that a raster lies nowhere.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        return rasterio.open(path, driver="GTiff", **options)


def overview_problem(raster: Any, layer: str) -> Problem | None:
    """Return what is wrong with a raster whose notes name another file to take its overviews from."""
    domain, key = _OVERVIEWS
    named = raster.tags(ns=domain).get(key)
    return Problem("raster_names_file", layer, field="file", values={"value": named[:200]}) if named else None
