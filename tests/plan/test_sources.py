"""What a batch is to work out: files in their order, those that do not read, and every combination of a grid."""

from __future__ import annotations

import pytest

from layoutplan.errors import ScenarioError
from layoutplan.plan.grid import Grid
from layoutplan.plan.sources import Shelf, read_sources

GRID = 'name = "g"\n[grid.norms]\nn = [1, 2]\n[grid.policy]\nmode = ["walk", "drive"]\n'


@pytest.fixture
def files(tmp_path):
    def write(**contents):
        for name, content in contents.items():
            (tmp_path / f"{name}.toml").write_text(content, "utf-8")
        return [tmp_path / f"{name}.toml" for name in contents]

    return write


def plan(name, mode="walk"):
    return f'name = "{name}"\n[policy]\nmode = "{mode}"\n'


def test_nothing_to_work_out_is_refused():
    with pytest.raises(ScenarioError) as caught:
        read_sources([])
    assert [problem.code for problem in caught.value.problems] == ["batch_empty"]


def test_a_file_that_does_not_read_is_counted_and_stops_none_of_the_others(files):
    sources = read_sources(files(a=plan("a"), x="name = ", b=plan("b"), y="nme = 1"))
    assert [name for name, _ in sources.broken] == ["x.toml", "y.toml"]
    assert [(name, point.scenario.name) for name, point in sources.points(())] == [("a.toml", "a"), ("b.toml", "b")]
    assert sources.count == 4
    assert read_sources(files(x="name = ")).count == 1


def test_a_grid_stands_for_all_its_combinations_among_single_scenarios(files):
    sources = read_sources(files(a=plan("a", "drive"), g=GRID))
    assert sources.count == 1 + 2 * 2
    assert sources.modes == {(): {"drive"}, (("n", 1),): {"walk", "drive"}, (("n", 2),): {"walk", "drive"}}
    assert [point.scenario.name for _, point in sources.points(())] == ["a"]
    assert [point.scenario.name for _, point in sources.points((("n", 2),))] == [
        "g / n=2 / mode=walk", "g / n=2 / mode=drive",
    ]  # fmt: skip


def test_scenarios_with_the_same_thresholds_share_the_modes_of_all(files):
    assert read_sources(files(a=plan("a", "drive"), b=plan("b", "walk"))).modes == {(): {"walk", "drive"}}


def test_two_scenarios_of_one_name_are_refused_in_one_file_or_two(files):
    for contents in ({"a": plan("same"), "b": plan("same")}, {"g": GRID, "h": plan("g / n=1 / mode=walk")}):
        paths = files(**contents)
        with pytest.raises(ScenarioError) as caught:
            read_sources(paths)
        assert [(p.code, p.layer) for p in caught.value.problems] == [("batch_same_name", paths[1].name)]


def test_the_shelf_keeps_files_as_they_were_when_they_were_read(files):
    shelf = Shelf()
    paths = files(a=plan("a", "drive"), g=GRID)
    added = [shelf.add(path) for path in paths]
    files(a="", g="")
    (first, scenario), (second, grid) = shelf
    assert (first, scenario) == ("a.toml", added[0])
    assert (second, isinstance(grid, Grid), list(grid.names())) == ("g.toml", True, list(added[1].names()))


def test_a_file_that_does_not_read_is_not_on_the_shelf(files):
    shelf = Shelf()
    with pytest.raises(ScenarioError):
        shelf.add(files(x="name = ")[0])
    assert list(shelf) == []
