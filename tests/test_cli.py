"""The command line as a person types it: exit codes 0 and 2, files whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import toy_county
from toy_tiles import write_mbtiles

from layoutplan import cli
from layoutplan.plan.scenario import CloseSchool, Scenario, save_scenario

SRC = Path(__file__).resolve().parents[1] / "src"
RUN_FILES = {
    "summary.json",
    "enrolment.csv",
    "assignment.csv",
    "prices.csv",
    "findings.csv",
    "balance.csv",
    "plan.gpkg",
}


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def layoutplan(monkeypatch, capsys):
    """The command line in this process: the same entry, without a second start of the libraries."""

    def run(*words: object, lang: str = "en") -> Done:
        monkeypatch.setattr(sys, "argv", ["layoutplan", *map(str, words)])
        monkeypatch.setattr(cli, "LANG", lang)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Done(ended.value.code or 0, *capsys.readouterr())

    return run


def test_a_process_of_its_own_ends_with_the_same_code_and_words(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(SRC), "LAYOUTPLAN_LANG": "en", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "layoutplan", "check", str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 2
    assert "[manifest_missing] county.toml" in done.stderr


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    return toy_county.toy().write(tmp_path_factory.mktemp("cli") / "西吉 县")


def test_run_writes_the_files_of_the_contract(layoutplan, county, tmp_path):
    done = layoutplan("run", county, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == RUN_FILES
    assert json.loads(done.stdout)["provenance"]["synthetic"] == "true"


def test_check_lists_counts_that_do_not_agree(layoutplan, tmp_path):
    counted = toy_county.toy()
    counted.frames["field_counts"] = pd.DataFrame(
        [("2164000001", 2022, "primary", 200)], columns=["area_id", "year", "stage", "counted"]
    )
    counted.manifest["layers"]["field_counts"] = {"file": "field_counts.csv", "as_of": dt.date(2022, 9, 15)}
    folder = counted.write(tmp_path / "county")
    done = layoutplan("check", folder)
    assert done.returncode == 0
    # Six classes of 40 in the ledger.
    assert "the field count differs from the school's books; the 200 counted are used" in done.stdout
    rows = json.loads(layoutplan("check", folder, "--json").stdout)["discrepancies"]
    (school,) = [row for row in rows if row["subject"] == "2164000001"]
    assert (school["ledger"], school["field"], school["chosen"]) == (240.0, 200.0, 200.0)


def test_check_says_what_is_wrong_where_and_what_to_do_in_both_languages(layoutplan, tmp_path):
    broken = toy_county.toy()
    broken.set("classes", 2, "pupils", -3)
    broken.set("rooms", 1, "stage", "senior")
    folder = broken.write(tmp_path / "county")
    for lang, arrow in (("zh", "classes"), ("en", "classes")):
        checked = layoutplan("check", folder, lang=lang)
        assert checked.returncode == 2
        assert arrow in checked.stderr
        assert "pupils" in checked.stderr
        assert "stage" in checked.stderr
        assert "→" in checked.stderr
        assert "Traceback" not in checked.stderr
    listed = json.loads(layoutplan("check", folder, "--json").stdout)["problems"]
    assert {(problem["layer"], problem["field"]) for problem in listed} >= {("classes", "pupils"), ("rooms", "stage")}


def test_bad_input_exits_2_and_writes_nothing(layoutplan, county, tmp_path):
    out = tmp_path / "out"
    save_scenario(Scenario(name="ghost", actions=(CloseSchool(year=2024, school_id="x"),)), tmp_path / "ghost.toml")
    for words in (
        ("run", tmp_path / "nowhere", "--out", out),
        ("run", county, "--scenario", tmp_path / "ghost.toml", "--out", out),
        ("site", county, "--stage", "senior", "--at", "1,2"),
        ("site", county, "--stage", "primary", "--at", "here"),
        ("figures", county, "--out", out, "--sheet", "nothing"),
    ):
        done = layoutplan(*words)
        assert done.returncode == 2, (words, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
    assert not out.exists()


def test_a_site_outside_the_county_exits_2_with_the_reason(layoutplan, county):
    done = layoutplan("site", county, "--stage", "primary", "--at", "0,0")
    assert done.returncode == 2
    assert json.loads(done.stdout)["reason"] == "outside_county"


def test_site_ranks_squares_and_tries_one(layoutplan, county, tmp_path):
    words = ("--stage", "primary", "--rank", "2", "--rooms", "6", "--out", tmp_path)
    for lang, heading in (("zh", "新建小学备选点排序"), ("en", "primary")):
        ranked = layoutplan("site", county, *words, lang=lang)
        assert ranked.returncode == 0, ranked.stderr
        assert heading in ranked.stdout
    lines = (tmp_path / "sites.csv").read_text("utf-8-sig").strip().split("\n")
    assert lines[0].startswith("candidate_id,east_m,north_m,pupils,gap_closed,minutes_saved")
    assert len(lines) > 2
    assert (tmp_path / "sites.gpkg").is_file()
    east_m, north_m = lines[1].split(",")[1:3]
    tried = layoutplan("site", county, "--stage", "primary", "--at", f"{east_m},{north_m}", "--rooms", "6")
    assert tried.returncode == 0, tried.stderr
    assert json.loads(tried.stdout)["reason"] == ""


def test_compare_and_batch_write_one_table_each(layoutplan, county, tmp_path):
    (tmp_path / "plans").mkdir()
    for name in ("one", "two"):
        save_scenario(Scenario(name=name, last_year=2025), tmp_path / "plans" / f"{name}.toml")
    done = layoutplan("compare", county, *sorted((tmp_path / "plans").glob("*.toml")), "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    header = (tmp_path / "compare.csv").read_text("utf-8-sig").split("\n")[0]
    assert header == "indicator,year,unit,one,two,two - one"
    assert "学校" in (tmp_path / "council.zh.md").read_text("utf-8")
    assert (tmp_path / "changes.csv").is_file()
    done = layoutplan("batch", county, tmp_path / "plans", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "batch.csv").read_text("utf-8-sig").count("done") == 2


def test_ledger_writes_two_workbooks_and_verify_knows_whose_they_are(layoutplan, county, tmp_path):
    done = layoutplan("ledger", county, "--out", tmp_path, "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"tables_2022_en.xlsx", "schools_2022_en.xlsx"}
    mine = layoutplan("verify", tmp_path / "schools_2022_en.xlsx", county)
    assert mine.returncode == 0
    assert "belongs to these inputs" in mine.stdout
    save_scenario(Scenario(name="x", last_year=2030), tmp_path / "x.toml")
    other = layoutplan("verify", tmp_path / "schools_2022_en.xlsx", county, "--scenario", tmp_path / "x.toml", "--json")
    assert other.returncode == 2
    assert json.loads(other.stdout)["belongs"] is False


def test_export_writes_gis_files_and_tables_or_the_public_copy(layoutplan, county, tmp_path):
    done = layoutplan("export", county, "--out", tmp_path / "all", "--lang", "en")
    assert done.returncode == 0, done.stderr
    layers = {f"{name}.parquet" for name in ("catchments", "flows", "places", "schools", "findings")}
    assert {path.name for path in (tmp_path / "all").iterdir()} == {"plan.gpkg", "tables_2022_en.xlsx", *layers}
    assert layoutplan("export", county, "--out", tmp_path / "open", "--public", "--lang", "en").returncode == 0
    assert [path.name for path in (tmp_path / "open").iterdir()] == ["public_en.xlsx"]


def test_forms_go_out_and_come_back_with_every_fault_named(layoutplan, county, tmp_path):
    assert layoutplan("forms", county, "--out", tmp_path / "forms").returncode == 0
    assert len(list((tmp_path / "forms").glob("form_*.xlsx"))) == 3
    back = layoutplan("forms", county, "--read", tmp_path / "forms", "--out", tmp_path / "taken")
    assert back.returncode == 0, back.stderr
    assert {path.name for path in (tmp_path / "taken").iterdir()} == {"schools.gpkg", "rooms.csv", "changes.csv"}
    (tmp_path / "forms" / "broken.xlsx").write_bytes(b"")
    refused = layoutplan("forms", county, "--read", tmp_path / "forms", "--out", tmp_path / "not")
    assert refused.returncode == 2
    assert "[file_empty] broken.xlsx" in refused.stderr
    assert not (tmp_path / "not").exists()


def test_the_cards_of_a_place_and_of_a_school(layoutplan, county):
    done = layoutplan("why", county, "--place", "640422200001", "--year", 2023, "--json")
    assert done.returncode == 0, done.stderr
    card = json.loads(done.stdout)
    assert (card["place_id"], card["year"], card["cause"]) == ("640422200001", 2023, "nearest_given")
    said = layoutplan("why", county, "--place", "640422200001")
    assert said.stdout.startswith("上堡, grade 1 in 2022: the nearest school is")
    assert layoutplan("why", county, "--place", "x").returncode == 2
    gate = layoutplan("closure", county, "--school", "2164000002", "--found", "route_safe=yes", "--json")
    assert gate.returncode == 0, gate.stderr
    found = json.loads(gate.stdout)
    assert found["year"] == 2023
    locks = {row["lock"]: row["passed"] for row in found["locks"]}
    assert (locks["safe_route"], locks["objection"]) == (True, None)
    assert found["verdict"] in ("review", "keep", "unmet")
    wrong = layoutplan("closure", county, "--school", "2164000002", "--found", "bus_seats=yes")
    assert wrong.returncode == 2
    assert "route_safe=yes|no" in wrong.stderr
    rungs = layoutplan("ladder", county, "--school", "2164000002", "--json")
    assert rungs.returncode == 0, rungs.stderr
    assert [row["rung"] for row in json.loads(rungs.stdout)["rungs"]]


def test_the_app_refuses_a_base_map_it_could_not_show(layoutplan, county, tmp_path):
    done = layoutplan("app", county, "--basemap", tmp_path / "none.mbtiles")
    assert done.returncode == 2
    assert "[basemap_missing]" in done.stderr
    (tmp_path / "page.mbtiles").write_text("<html>")
    done = layoutplan("app", county, "--basemap", tmp_path / "page.mbtiles")
    assert done.returncode == 2
    assert "[file_disguised]" in done.stderr


def test_the_app_is_handed_the_base_map(layoutplan, county, tmp_path, monkeypatch):
    handed = []
    monkeypatch.setattr(subprocess, "call", lambda command, env: handed.append(env) or 0)
    picture = write_mbtiles(tmp_path / "toy.mbtiles")
    assert layoutplan("app", county, "--basemap", picture).returncode == 0
    assert handed[0]["LAYOUTPLAN_BASEMAP"] == str(picture)
    assert handed[0]["LAYOUTPLAN_COUNTY"] == str(county)
