"""A comparison is handed in as tables and pages; every plan stands against the first."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from toy_plans import plan

from layoutplan.present.comparison import write_comparison


def test_tables_and_pages_of_all_plans(tmp_path):
    results = [plan(name) for name in ("base", "close", "none")]
    paths = write_comparison(results, tmp_path)
    assert sorted(path.name for path in paths) == sorted(path.name for path in tmp_path.iterdir())
    table = pd.read_csv(tmp_path / "changes.csv")
    moved = table[table["year"] == 2025].groupby("scenario")["moved"].sum()
    assert moved.to_dict() == {"close": 180.0, "none": 585.0}
    assert set(table["state"]) == {"changed"}
    findings = pd.read_csv(tmp_path / "changes_findings.csv").groupby(["scenario", "status"]).size()
    assert findings["none", "caused"] > findings["close", "caused"] > 0
    for lang in ("zh", "en"):
        page = (tmp_path / f"council.{lang}.md").read_text("utf-8")
        assert page.count("\n# ") + page.startswith("# ") == 2
    before = {path.name: path.read_bytes() for path in paths}
    write_comparison(results, tmp_path)
    assert before == {path.name: path.read_bytes() for path in paths}


def test_plans_that_change_nothing_leave_empty_tables(tmp_path):
    again = replace(plan("base"), scenario=plan("base").scenario.model_copy(update={"name": "again"}))
    write_comparison([plan("base"), again], tmp_path)
    assert pd.read_csv(tmp_path / "changes.csv").empty
    assert pd.read_csv(tmp_path / "changes_events.csv").columns[0] == "scenario"
    assert [path.name for path in write_comparison([again], tmp_path)] == ["compare.csv"]
