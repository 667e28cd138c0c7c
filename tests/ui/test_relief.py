import base64
import io
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from layoutplan.county.layers import read_county
from layoutplan.ui import relief

SAMPLE = Path(__file__).parents[2] / "data" / "gis"


@pytest.fixture(scope="module")
def county():
    return read_county(SAMPLE)


def test_hills_are_shaded_inside_the_county_alone(county):
    found = relief.shade(county)
    content = base64.b64decode(found["url"].removeprefix("data:image/png;base64,"))
    picture = matplotlib.image.imread(io.BytesIO(content))
    dark = picture[..., -1]
    assert len(content) < 400_000
    assert dark[0, 0] == 0.0
    assert np.unique(dark).size > 20
    (south, west), (north, east) = found["bounds"]
    assert south < north
    assert west < east


def test_without_heights_there_is_no_relief(county):
    assert relief.shade(replace(county, rasters={})) is None
