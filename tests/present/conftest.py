"""The toy county worked out by the real plan: one school closed, one opened, hostile words in the names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import toy
from affine import Affine

from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import CloseSchool, OpenSchool, Scenario

HOSTILE = '<img src=x onerror="window.hit=1">${window.hit=1}`{{7*7}}'
FORMULA = "=1+1"
OPENED = OpenSchool(
    year=2024, school_id="n", name="堃祎小学", school_kind="primary", setting="county_town", east_m=1800.0, north_m=0.0,
    primary_rooms=6,
)  # fmt: skip
SCENARIO = Scenario(
    name="</script><b>`${1}{{7*7}}{% raw %}", last_year=2028, actions=(OPENED, CloseSchool(year=2025, school_id="a"))
)


@pytest.fixture(scope="session")
def hill(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("dem") / "dem.tif"
    north, east = np.mgrid[0:60, 0:120]
    grid = Affine(50.0, 0.0, -1000.0, 0.0, -50.0, 1500.0)
    with rasterio.open(
        path, "w", driver="GTiff", height=60, width=120, count=1, dtype="float32", crs=toy.CRS, transform=grid
    ) as raster:
        raster.write((1800 + 60 * np.sin(east / 6.0) * np.cos(north / 5.0)).astype("float32"), 1)
    return path


@pytest.fixture(scope="session")
def county(hill):
    county = toy.county()
    schools, places = county.schools.copy(), county.places.copy()
    schools["name"] = [HOSTILE, FORMULA]
    schools["setting"] = ["county_town", "county_town"]
    places.loc[0, "kind"] = "resettlement"
    return replace(county, schools=schools, places=places, synthetic=True, rasters={"dem": hill})


@pytest.fixture(scope="session")
def result(county):
    return run_plan(prepare(county, load_norms()), SCENARIO)
