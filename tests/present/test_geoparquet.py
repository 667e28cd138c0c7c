"""GeoParquet: the same layers as the GeoPackage, in the county's CRS, the same bytes, with their provenance."""

from __future__ import annotations

import geopandas
import pytest

from layoutplan.present.geopackage import LAYERS, layers_of
from layoutplan.present.geoparquet import write_geoparquet
from layoutplan.present.provenance import expected_facts, verify


@pytest.fixture(scope="module")
def written(result, tmp_path_factory):
    return write_geoparquet(result, tmp_path_factory.mktemp("parquet"))


def test_every_layer_comes_back_as_it_was(result, written):
    assert [path.stem for path in written] == list(LAYERS)
    for path, frame in zip(written, layers_of(result).values(), strict=True):
        read = geopandas.read_parquet(path)
        assert read.crs.to_epsg() == 4544
        assert list(read.columns) == list(frame.columns)
        assert len(read) == len(frame)
        shapes = frame.geometry.reset_index(drop=True)
        # What is said of the whole county has no place on the map, before and after.
        assert (read.geometry.geom_equals_exact(shapes, 0.0) | (read.geometry.isna() & shapes.isna())).all()


def test_the_same_plan_gives_the_same_bytes_and_says_whose_it_is(result, written, tmp_path):
    again = write_geoparquet(result, tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]
    expected = expected_facts(result.prepared.county, result.prepared.norms, result.scenario)
    for path in written:
        assert verify(path, expected).belongs
        assert verify(path, expected | {"norms": "other"}).differing == ("norms",)
