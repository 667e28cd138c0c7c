"""The first pages: both languages say the same commands, and what they show works."""

from __future__ import annotations

import re

import pytest
import typer
from house import ROOT

from layoutplan.cli import app
from layoutplan.county.layers import county_norms, read_county
from layoutplan.county.manifest import read_manifest
from layoutplan.plan.conflicts import schools_of
from layoutplan.plan.roster import apply_actions
from layoutplan.plan.scenario import load_scenario

PAGES = ("README.md", "README.zh.md")
SCENARIOS = sorted((ROOT / "scenarios").glob("*.toml"))


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def commands(name: str) -> list[str]:
    return re.findall(r"^\| `(layoutplan [^`]+)`", page(name), re.MULTILINE)


def test_both_languages_show_the_same_commands():
    assert commands("README.md") == commands("README.zh.md")
    blocks = [re.findall(r"```\n(.*?)```", page(name), re.DOTALL) for name in PAGES]
    assert blocks[0] == blocks[1] == ["python3 start.py\npython3 start.py test\n"]


def test_the_commands_are_those_of_the_program():
    group = typer.main.get_command(app)
    assert {line.split()[1] for line in commands("README.md")} == set(group.commands)
    for line in commands("README.md"):
        _, name, *words = line.split()
        known = {option for parameter in group.commands[name].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


@pytest.mark.parametrize("name", PAGES)
def test_the_county_shown_is_valid(name, tmp_path):
    shown = re.search(r"```toml\n(.*?)```", page(name), re.DOTALL)
    assert len(shown[1].splitlines()) <= 10
    (tmp_path / "county.toml").write_text(shown[1], "utf-8")
    _, manifest = read_manifest(tmp_path)
    assert manifest.county.crs == "EPSG:4544"


@pytest.mark.parametrize("name", [*PAGES, "CONTRIBUTING.md", "ARCHITECTURE.md"])
def test_every_link_leads_to_a_file(name):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", page(name))
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert not missing


def test_the_scenarios_fit_the_sample_county():
    county, norms = read_county(ROOT / "data" / "gis"), county_norms(ROOT / "data" / "gis")
    scenarios = {path.stem: load_scenario(path) for path in SCENARIOS}
    assert not scenarios.pop("base").actions
    assert scenarios
    for name, scenario in scenarios.items():
        roster = apply_actions(scenario, county, norms)
        touched = {school_id for action in scenario.actions for school_id in schools_of(action)}
        assert touched <= set(roster.schools["school_id"]), name
