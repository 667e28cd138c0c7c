"""A county read in a process of its own is the same county, and a bad one costs only that process."""

from __future__ import annotations

import os
import sys
from dataclasses import fields

import geopandas as gpd
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from toy_county import toy

from layoutplan.county.apart import Limits, read_apart
from layoutplan.county.layers import County, check_county, read_county
from layoutplan.errors import DataError


def test_it_is_the_same_county(tmp_path):
    folder = toy().write(tmp_path)
    apart, here = read_apart(folder), read_county(folder)
    for one in fields(County):
        mine, theirs = getattr(apart, one.name), getattr(here, one.name)
        if isinstance(theirs, pd.DataFrame):
            assert type(mine) is type(theirs), one.name
            assert_frame_equal(mine, theirs, obj=one.name, check_index_type="equiv")
            if isinstance(theirs, gpd.GeoDataFrame):
                assert mine.crs == theirs.crs
        else:
            assert mine == theirs, one.name


def test_the_problems_are_the_same(tmp_path):
    folder = toy().write(tmp_path)
    (folder / "schools.gpkg").write_bytes(b"<OGRVRTDataSource/>")
    with pytest.raises(DataError) as fault:
        read_apart(folder)
    assert [p.as_row() for p in fault.value.problems] == [p.as_row() for p in check_county(folder)]


needs_limits = pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such limits")


def _codes(folder, limits: Limits) -> list[tuple[str, str]]:
    with pytest.raises(DataError) as fault:
        read_apart(folder, limits=limits)
    return [(problem.code, problem.layer) for problem in fault.value.problems]


@needs_limits
def test_a_reader_that_takes_too_long_is_stopped(tmp_path):
    folder = toy().write(tmp_path)
    assert _codes(folder, Limits(seconds=1)) == [("reader_slow", folder.name)]


@needs_limits
def test_a_reader_that_takes_too_much_memory_is_stopped(tmp_path):
    folder = toy().write(tmp_path)
    # A library written in C may give up by itself where memory fails.
    assert _codes(folder, Limits(memory_bytes=60_000_000))[0][0] in ("reader_big", "reader_died")


def test_a_module_that_lies_in_the_county_is_not_run(tmp_path, monkeypatch):
    folder = toy().write(tmp_path)
    for name in ("geopandas", "json", "layoutplan"):
        (folder / f"{name}.py").write_text("open('ran', 'w').close()")
    monkeypatch.chdir(folder)
    read_apart(folder)
    assert not (folder / "ran").exists()


@needs_limits
@pytest.mark.parametrize(("line", "reason"), [("kill -SEGV $$", "-11"), ("echo gone >&2; exit 7", "gone")])
def test_a_reader_that_crashes_takes_nobody_along(line, reason, tmp_path, monkeypatch):
    folder = toy().write(tmp_path / "county")
    reader = tmp_path / "reader.sh"
    reader.write_text(f"#!/bin/sh\n{line}\n", "ascii")
    reader.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(reader))
    with pytest.raises(DataError) as fault:
        read_apart(folder)
    (problem,) = fault.value.problems
    assert (problem.code, problem.layer, problem.values["reason"]) == ("reader_died", "county", reason)
