"""Grids: every combination once, in one order; what is not known is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import toy_county

from layoutplan.errors import ScenarioError
from layoutplan.plan.batch import run_batch
from layoutplan.plan.grid import load_grid
from layoutplan.plan.results import RESULTS
from layoutplan.plan.sources import read_sources
from layoutplan.plan.summary import Summary

GRID = """
name = "g"
last_year = 2025

[[actions]]
kind = "add_rooms"
year = 2024
school_id = "2164000001"
stage = "primary"
rooms = 1

[grid.norms]
"class_size.primary" = [45, 30]

[grid.outlook]
births_change = [0.0, -0.1]

[[grid.sites]]
name = "none"
actions = []

[[grid.sites]]
name = "more"

[[grid.sites.actions]]
kind = "add_rooms"
year = 2025
school_id = "2164000001"
stage = "primary"
rooms = 2
"""


@pytest.fixture
def grid(tmp_path):
    path = tmp_path / "plans" / "grid.toml"
    path.parent.mkdir()
    path.write_text(GRID, "utf-8")
    return path


def test_every_combination_comes_once_in_the_order_of_the_file(grid):
    points = list(load_grid(grid).points())
    assert [point.scenario.name for point in points] == [
        f"g / class_size.primary={size} / births_change={births} / {site}"
        for size in (45, 30)
        for births in (0.0, -0.1)
        for site in ("none", "more")
    ]
    last = points[-1]
    assert last.norms == (("class_size.primary", 30),)
    assert last.scenario.outlook.births_change == -0.1
    assert [action.rooms for action in last.scenario.actions] == [1, 2]
    assert len({(point.norms, point.scenario.fingerprint) for point in points}) == 8
    sources = read_sources([grid])
    assert sources.count == 8
    assert [*sources.modes] == [(("class_size.primary", 45),), (("class_size.primary", 30),)]
    assert [point.scenario.name for norms in sources.modes for _, point in sources.points(norms)] == [
        point.scenario.name for point in points
    ]


def test_a_batch_runs_a_grid_on_counties_with_its_thresholds(grid, tmp_path):
    for name in ("east", "west"):
        toy_county.toy().write(tmp_path / "counties" / name)
    runs = run_batch(tmp_path / "counties", [grid], out=tmp_path / "out", level="catchments")
    summary = Summary()
    for run in runs:
        summary.add(run)
    (table,) = summary.tables()
    assert table["status"].tolist() == ["done"] * 16
    east = table[table["county"] == "east"].set_index("scenario")["seats_primary_seat_2025"]
    # 45 or 30 seats a room; two rooms more in the last year.
    for size in (45, 30):
        names = [f"g / class_size.primary={size} / births_change=0.0 / {site}" for site in ("more", "none")]
        assert east[names[0]] - east[names[1]] == 2 * size
    # Both counties hold the same, so they share their results.
    assert table["key"].nunique() == 8 == len(list((tmp_path / "out" / RESULTS).iterdir()))
    assert pd.read_parquet(tmp_path / "out" / RESULTS)["key"].nunique() == 8


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        ("grid.norms", "grid.norm", "grid_axis_unknown", "norm"),
        ("[45, 30]", "[]", "grid_values_wrong", "class_size.primary"),
        ("[45, 30]", "[45, 45]", "grid_values_wrong", "class_size.primary"),
        ("[45, 30]", "[[45], [30]]", "grid_values_wrong", "class_size.primary"),
        ("[0.0, -0.1]", "0.1", "grid_values_wrong", "births_change"),
        ("births_change", "births", "scenario_key_unknown", "births"),
        ('name = "more"', 'name = "none"', "grid_sites_wrong", "sites"),
        ("last_year = 2025", "lastyear = 2025", "scenario_key_unknown", "lastyear"),
        ("[45, 30]", f"{list(range(60_000))}", "grid_too_large", ""),
    ],
)
def test_what_is_not_known_is_refused_with_its_place(grid, old, new, code, field):
    grid.write_text(GRID.replace(old, new, 1), "utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_grid(grid)
    assert (caught.value.problems[0].code, caught.value.problems[0].field) == (code, field)


def test_an_unknown_threshold_is_named_with_the_nearest_one(grid, tmp_path):
    toy_county.toy().write(tmp_path / "county")
    grid.write_text(GRID.replace("class_size.primary", "class_size.primry"), "utf-8")
    with pytest.raises(ScenarioError) as caught:
        next(run_batch(tmp_path / "county", [grid]))
    (problem,) = caught.value.problems
    assert (problem.code, problem.values["wanted"]) == ("grid_norm_unknown", "class_size.primary")


def test_the_grid_of_the_manual_is_one(tmp_path):
    manual = Path(__file__).parents[2] / "docs" / "province.md"
    (tmp_path / "grid.toml").write_text(manual.read_text("utf-8").split("```toml\n")[1].split("```")[0], "utf-8")
    assert len(list(load_grid(tmp_path / "grid.toml").points())) == 8
