import json
import sqlite3
from dataclasses import replace
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import toy

from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.present.csvtables import safe_cells
from layoutplan.present.export import FILES, write_run
from layoutplan.present.geopackage import LAYERS
from layoutplan.seats.settings import Policy


@pytest.fixture(scope="module")
def run(result, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "out"
    write_run(result, out)
    return out


def test_writes_just_its_files_and_the_same_bytes(result, run, tmp_path):
    assert sorted(path.name for path in run.iterdir()) == sorted(FILES)
    write_run(result, tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (run / name).read_bytes(), name


def test_summary_has_units_provenance_and_the_stamp(result, run):
    summary = json.loads((run / "summary.json").read_text("utf-8"))
    assert summary["synthetic"] is True
    assert summary["provenance"] == dict(result.provenance)
    assert len(summary["indicators"]) == len(result.indicators)
    assert all(row["unit"] for row in summary["indicators"])
    told = [(note["kind"], note["code"], note["subject"]) for note in summary["notes"]]
    assert told == list(result.demand.notes[["kind", "code", "subject"]].itertuples(index=False, name=None))
    assert any(kind == "fact" for kind, _, _ in told)


def test_law_6_assignment_adds_up_to_the_demand(result, run):
    table = pd.read_csv(run / "assignment.csv", encoding="utf-8-sig", dtype={"place_id": str, "school_id": str})
    demand = result.demand.frame.groupby("year")["pupils"].sum()
    pd.testing.assert_series_equal(table.groupby("year")["pupils"].sum(), demand, check_dtype=False, rtol=1e-6)
    assert not table.duplicated(["year", "stage", "place_id", "school_id", "reason"]).any()


def test_tables_open_in_excel_and_run_no_formula(result, tmp_path):
    findings = result.findings.frame.copy()
    findings["text_zh"] = "=HYPERLINK(1)"
    write_run(replace(result, findings=replace(result.findings, frame=findings)), tmp_path)
    raw = (tmp_path / "findings.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(tmp_path / "findings.csv", encoding="utf-8-sig")
    assert set(table["text_zh"]) == {"'=HYPERLINK(1)"}
    balance = pd.read_csv(tmp_path / "balance.csv", encoding="utf-8-sig")
    assert (balance["gap"] < 0).any()


def test_safe_cells_guards_every_way_a_formula_starts():
    assert all(cell.startswith("'") for cell in safe_cells(["=1", "+1", "-1", "@x", "\tx", "\rx"]))
    assert list(safe_cells(["a=1", "", pd.NA])) == ["a=1", "", ""]


def test_a_fault_leaves_the_earlier_run_whole(result, run, tmp_path):
    out = tmp_path / "out"
    write_run(result, out)
    broken = replace(result, assignment=replace(result.assignment, flows=result.assignment.flows.drop(columns="stage")))
    with pytest.raises(KeyError):
        write_run(broken, out)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    for name in FILES:
        assert (out / name).read_bytes() == (run / name).read_bytes(), name


def test_geopackage_holds_every_layer_in_the_county_crs(result, run):
    listed = dict(pyogrio.list_layers(run / "plan.gpkg"))
    assert set(LAYERS) | {"layer_styles", "plan_metadata"} == set(listed)
    assert listed["layer_styles"] is None
    for layer in LAYERS:
        frame = gpd.read_file(run / "plan.gpkg", layer=layer)
        assert frame.crs == result.prepared.county.crs
        # What is said of the whole county, its norms or a layer has no place on the map.
        placed = (
            frame if layer != "findings" else frame[frame[["school_id", "place_id", "township_id"]].notna().any(axis=1)]
        )
        assert len(placed)
        assert placed.geometry.notna().all()
    schools = gpd.read_file(run / "plan.gpkg", layer="schools")
    expected = {("a", 2022), ("b", 2022), ("b", 2028), ("n", 2028)}
    assert set(zip(schools["school_id"], schools["year"], strict=True)) == expected


def test_every_layer_opens_ready_coloured(run):
    with sqlite3.connect(run / "plan.gpkg") as store:
        contents = dict(store.execute("select table_name, data_type from gpkg_contents"))
        columns = "f_table_name, f_geometry_column, styleQML, useAsDefault"
        styles = store.execute(f"select {columns} from layer_styles").fetchall()
    store.close()
    assert contents["layer_styles"] == "attributes"
    assert sorted(name for name, *_ in styles) == sorted(LAYERS)
    for name, geometry, qml, default in styles:
        root = ElementTree.fromstring(qml.split("\n", 1)[1])
        rules = root.findall("renderer-v2/rules/rule")
        symbols = {symbol.get("name") for symbol in root.findall("renderer-v2/symbols/symbol")}
        assert (geometry, default) == ("geom", 1), name
        assert {rule.get("symbol") for rule in rules} == symbols, name
        assert any(rule.get("checkstate") is None for rule in rules), name


def test_prices_of_seats_and_reasons_are_written(tmp_path):
    scenario = Scenario(name="s", last_year=2022, policy=Policy(assignment="capacity"))
    write_run(run_plan(prepare(toy.county(), load_norms()), scenario), tmp_path)
    prices = pd.read_csv(tmp_path / "prices.csv", encoding="utf-8-sig", dtype={"school_id": str})
    junior = prices[prices["stage"] == "junior"].iloc[0]
    # b has 3 junior rooms of 50 for 195 pupils: a seat more places a pupil more.
    assert junior[["school_id", "seats", "pupils", "places"]].tolist() == ["b", 150, 150.0, 1]
    table = pd.read_csv(tmp_path / "assignment.csv", encoding="utf-8-sig")
    left = table[table["school_id"].isna()]
    assert left["reason"].unique().tolist() == ["no_seat"]
    assert left["pupils"].sum() == pytest.approx(45.0)
    optimum = json.loads((tmp_path / "summary.json").read_text("utf-8"))["optimum"]
    assert [(row["stage"], row["unplaced"]) for row in optimum] == [("junior", 45.0), ("primary", 0.0)]
