"""Small rasters on the ground of the toy county."""

from __future__ import annotations

import numpy as np
import rasterio
import toy
from affine import Affine


def raster(path, values, *, west=-500.0, north=500.0, cell=250.0, nodata=-1.0):
    values = np.asarray(values, dtype="float32")
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype="float32",
        crs=toy.CRS, transform=Affine(cell, 0, west, 0, -cell, north), nodata=nodata,
    ) as sheet:  # fmt: skip
        sheet.write(values, 1)
    return path
