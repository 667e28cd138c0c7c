"""Grids: every combination once, in one order; what is not known is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import toy_county

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.batch import run_batch
from layoutplan.plan.grid import load_grid, make_grid, vary_norms
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


def made(tree=None, **axes):
    """Return the grid of a scenario and some axes."""
    return make_grid({"name": "g", **(tree or {}), "grid": axes}, "g.toml")


def faults(tree=None, **axes):
    with pytest.raises(ScenarioError) as caught:
        made(tree, **axes)
    return [(problem.code, problem.row, problem.field) for problem in caught.value.problems]


def site(name, *rooms):
    actions = [
        {"kind": "add_rooms", "year": 2024, "school_id": "a", "stage": "primary", "rooms": more} for more in rooms
    ]
    return {"name": name, "actions": actions}


TEN = list(range(10))


def test_an_axis_may_have_one_value():
    (point,) = made(norms={"n": [1]}, outlook={"survival": [0.9]}, policy={"mode": ["drive"]}).points()
    assert (point.norms, point.scenario.outlook.survival, point.scenario.policy.mode) == ((("n", 1),), 0.9, "drive")
    assert point.scenario.name == "g / n=1 / survival=0.9 / mode=drive"


def test_axes_come_by_kind_then_key_whatever_the_order_of_the_file():
    axes = {"sites": [site("s", 1)], "policy": {"season": ["dry"], "mode": ["walk"]}, "norms": {"z": [2], "a": [1]}}
    grid = made(**axes)
    assert list(grid.names()) == ["g / a=1 / z=2 / mode=walk / season=dry / s"]
    assert [point.norms for point in grid.points()] == [(("a", 1), ("z", 2))]


def test_thresholds_and_policies_are_told_once_each_however_many_sites_there_are():
    grid = made(norms={"n": [1, 2]}, policy={"mode": ["walk", "drive"]}, sites=[site("x", 1), site("y", 2)])
    assert list(grid.thresholds()) == [(("n", 1),), (("n", 2),)]
    assert [policy.mode for policy in grid.policies()] == ["walk", "drive"]
    assert len(list(grid.points())) == 8


def test_points_with_some_thresholds_are_those_and_no_others():
    grid = made(norms={"n": [1, 2]}, sites=[site("x", 1), site("y", 2)])
    assert [point.scenario.name for point in grid.points((("n", 2),))] == ["g / n=2 / x", "g / n=2 / y"]
    assert list(grid.points((("n", 3),))) == []


def test_a_grid_without_axes_is_its_scenario_alone():
    grid = made({"last_year": 2030})
    assert [(point.scenario.name, point.scenario.last_year) for point in grid.points()] == [("g", 2030)]
    assert list(grid.thresholds()) == [()]


def test_what_an_axis_does_not_name_stays_as_the_scenario_says():
    (point,) = made({"policy": {"season": "snow", "mode": "walk"}}, policy={"mode": ["drive"]}).points()
    assert (point.scenario.policy.season, point.scenario.policy.mode) == ("snow", "drive")


@pytest.mark.parametrize(
    ("tree", "axes"),
    [({"policy": 7}, {"policy": {"mode": ["walk"]}}), ({"actions": 7}, {"sites": [site("s", 1)]})],
)
def test_a_scenario_that_holds_no_table_or_list_is_refused_there(tree, axes):
    assert faults(tree, **axes) == [("scenario_key_invalid", "", next(iter(tree)))]


def test_every_value_of_an_axis_is_tried_not_only_the_first():
    assert faults(outlook={"births_change": [0.0, 9.0]}) == [("scenario_key_invalid", "outlook", "births_change")]
    assert faults(policy={"mode": ["walk", "fly"]}) == [("scenario_key_invalid", "policy", "mode")]


def test_one_hundred_thousand_combinations_are_the_most():
    norms = dict.fromkeys("abcde", TEN)
    assert sum(1 for _ in made(norms=norms).names()) == 100_000
    for axes, count in (
        ({"norms": {"a": list(range(11)), "b": list(range(9091))}}, 100_001),
        ({"norms": dict.fromkeys("abcd", TEN), "sites": [site(str(n)) for n in range(11)]}, 110_000),
    ):
        with pytest.raises(ScenarioError) as caught:
            made(**axes)
        (problem,) = caught.value.problems
        assert (problem.code, problem.values["value"], problem.values["most"]) == ("grid_too_large", count, 100_000)


@pytest.mark.parametrize(
    ("axes", "field"),
    [
        ({"norms": {"n": [1, "x"]}}, "n"),
        ({"norms": {"n": 7}}, "n"),
        ({"norms": {"n": []}}, "n"),
        ({"policy": {"mode": ["walk", "walk"]}}, "mode"),
        ({"policy": {"mode": "walk"}}, "mode"),
    ],
)  # fmt: skip
def test_values_are_a_list_of_some_and_all_different(axes, field):
    (kind,) = axes
    assert faults(**axes) == [("grid_values_wrong", f"grid.{kind}", field)]


def test_every_axis_that_is_no_table_is_named():
    assert faults(norms=1, outlook=[2], policy="x") == [
        ("grid_values_wrong", "grid", "norms"),
        ("grid_values_wrong", "grid", "outlook"),
        ("grid_values_wrong", "grid", "policy"),
    ]


@pytest.mark.parametrize(
    "sites",
    [
        [], "s", {"s": []}, ["s"], [site("s"), site("s")], [site("s"), "t"], [{"name": "s"}], [site("s") | {"year": 1}],
        [site(7)], [{"name": "s", "actions": 7}],
    ],
)  # fmt: skip
def test_sites_are_a_list_of_some_each_with_a_name_of_its_own_and_actions(sites):
    assert faults(sites=sites) == [("grid_sites_wrong", "grid", "sites")]


def test_a_grid_that_is_no_table_is_refused():
    with pytest.raises(ScenarioError) as caught:
        make_grid({"name": "g", "grid": 7}, "g.toml")
    assert [(problem.code, problem.field) for problem in caught.value.problems] == [("scenario_key_invalid", "grid")]


@pytest.mark.parametrize(("kind", "wanted"), [("norm", "norms"), ("xyz", "norms, outlook, policy, sites")])
def test_an_unknown_axis_is_told_the_nearest_or_all_there_are(kind, wanted):
    with pytest.raises(ScenarioError) as caught:
        made(**{kind: {}})
    (problem,) = caught.value.problems
    assert (problem.code, problem.values["wanted"]) == ("grid_axis_unknown", wanted)


@pytest.mark.parametrize(
    "axes", ["9" * 99, {"norms": "9" * 99}, {"norms": {"n": "9" * 99}}, {"sites": [site("9" * 99)] * 2}]
)
def test_a_long_wrong_value_is_quoted_by_its_first_80_letters(axes):
    with pytest.raises(ScenarioError) as caught:
        make_grid({"name": "g", "grid": axes}, "g.toml")
    assert len(caught.value.problems[0].values["value"]) == 80


def test_a_file_without_a_grid_says_so(tmp_path):
    (tmp_path / "plan.toml").write_text('name = "g"', "utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_grid(tmp_path / "plan.toml")
    assert [(problem.code, problem.field) for problem in caught.value.problems] == [("scenario_key_missing", "grid")]


NORMS = load_norms()


def test_a_varied_threshold_is_nobodys_clause_and_the_others_stay():
    varied = vary_norms(NORMS, (("class_size.primary", 40),), source="g.toml")
    assert (varied.value("class_size.primary"), varied["class_size.primary"].verified) == (40, False)
    assert varied["class_size.junior"] == NORMS["class_size.junior"]
    assert vary_norms(NORMS, (), source="g.toml") is NORMS
    assert vary_norms(NORMS, (("class_size.primary", 37.5),), source="g.toml").value("class_size.primary") == 37.5


def test_thresholds_that_are_unknown_or_no_numbers_are_all_named():
    values = (("class_size.primry", 40), ("class_size.junior", True), ("class_size.large", "x"))
    with pytest.raises(ScenarioError) as caught:
        vary_norms(NORMS, values, source="g.toml")
    assert {(problem.code, problem.field) for problem in caught.value.problems} == {
        ("grid_norm_unknown", "class_size.primry"),
        ("grid_values_wrong", "class_size.junior"),
        ("grid_values_wrong", "class_size.large"),
    }
    (unknown,) = [problem for problem in caught.value.problems if problem.code == "grid_norm_unknown"]
    assert unknown.values["wanted"] == "class_size.primary"
