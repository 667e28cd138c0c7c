"""Every file handed in is the same bytes, whatever the seed of hashes and however many processes wrote it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from toy_county import toy

from layoutplan.plan.scenario import OpenSchool, Scenario, save_scenario
from layoutplan.present.outputs import PIECES

OPENED = OpenSchool(
    year=2025, school_id="n", name="堃祎小学", school_kind="primary", setting="county_town", east_m=566_000.0,
    north_m=3_985_000.0, primary_rooms=6,
)  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write everything twice at once, in processes of their own: one alone, and one that shares the work among two."""
    folder = tmp_path_factory.mktemp("same")
    county, scenario = toy().write(folder / "county"), folder / "plan.toml"
    save_scenario(Scenario(name="n", last_year=2030, actions=(OPENED,)), scenario)
    running = []
    for seed, workers in (("1", "1"), ("2", "2")):
        line = [
            sys.executable, "-m", "layoutplan", "outputs", str(county), "--scenario", str(scenario),
            "--out", str(folder / seed), "--workers", workers,
        ]  # fmt: skip
        running.append(subprocess.Popen(line, env={**os.environ, "PYTHONHASHSEED": seed}, stderr=subprocess.PIPE))
    for one in running:
        _, told = one.communicate()
        assert one.returncode == 0, told.decode()
    return folder / "1", folder / "2"


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.mark.parametrize("piece", PIECES)
def test_the_same_plan_gives_the_same_bytes(written, piece):
    one, other = (files_of(folder / piece) for folder in written)
    assert one
    assert list(one) == list(other)
    assert [name for name in one if one[name] != other[name]] == []
