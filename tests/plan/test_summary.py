"""The table of a batch: sorted, whole and the same in however many parts it is told."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutplan.errors import Problem, ScenarioError
from layoutplan.plan.batch import BatchRun
from layoutplan.plan.numbers import read_numbers
from layoutplan.plan.summary import Summary
from layoutplan.present.csvtables import write_table, write_tables


def runs(count):
    for number in np.random.default_rng(3).permutation(count).tolist():
        county, name = ("east", "west")[number % 2], f"{number:04d}"
        if number % 50 == 0:
            fault = ScenarioError([Problem("batch_empty", name)])
            yield BatchRun(county, f"{name}.toml", None if number % 100 else name, "", None, fault)
            continue
        # Some have a year that others have not.
        years = [2023, 2022] if number % 7 else [2024]
        frame = {"indicator": "seats", "year": years, "value": [number + year / 7 for year in years], "unit": "seat"}
        yield BatchRun(county, f"{name}.toml", name, f"{number:024x}", read_numbers(pd.DataFrame(frame)), None)


def test_every_run_has_its_row_in_order_though_they_come_in_none(tmp_path):
    summary, told = Summary(), []
    for run in runs(700):
        summary.add(run, lang="zh")
        row = {"county": run.county, "file": run.file, "scenario": run.scenario, "key": run.key}
        if run.numbers is not None:
            row |= {f"seats_seat_{y}": v for y, v in run.numbers.frame[["year", "value"]].itertuples(index=False)}
        told.append(row)
    wanted = pd.DataFrame(told).sort_values(["county", "file", "scenario"], ignore_index=True)
    parts = list(summary.tables())
    assert len(parts) > 1
    assert {tuple(part.columns) for part in parts} == {tuple(parts[0].columns)}
    whole = pd.concat(parts, ignore_index=True)
    assert [*whole.columns[-3:]] == ["seats_seat_2022", "seats_seat_2023", "seats_seat_2024"]
    pd.testing.assert_frame_equal(whole[wanted.columns], wanted, check_dtype=False, check_exact=True)
    assert (summary.done, summary.failed) == (686, 14)
    assert (whole["status"] == "failed").sum() == 14 == len(list(summary.faults()))
    assert all("batch_empty" in problems for problems in whole.loc[whole["status"] == "failed", "problems"])
    write_tables(summary.tables(), tmp_path / "parts.csv")
    write_table(whole, tmp_path / "whole.csv")
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def told(*runs):
    summary = Summary()
    for run in runs:
        summary.add(run, lang="zh")
    return summary


def numbers(**values):
    frame = {"indicator": list(values), "year": 2024, "value": list(values.values()), "unit": "seat"}
    return read_numbers(pd.DataFrame(frame))


FAULT = ScenarioError([Problem("batch_empty", "x")])


def test_a_summary_of_nothing_has_no_table_and_counts_nothing():
    assert (list(told().tables()), told().done, told().failed, list(told().faults())) == ([], 0, 0, [])


def test_runs_that_are_done_and_that_failed_are_counted_and_told_in_both_languages():
    fault = BatchRun("c", "x.toml", None, "", None, FAULT)
    summary = told(fault, BatchRun("c", "a.toml", "a", "k", numbers(seats=1.0), None), fault)
    assert (summary.done, summary.failed) == (1, 2)
    assert list(summary.faults()) == [FAULT.say("zh")] * 2
    (table,) = summary.tables()
    assert table["status"].tolist() == ["done", "failed", "failed"]
    assert table["problems"].tolist() == ["", FAULT.say("en"), FAULT.say("en")]
    assert table["key"].tolist() == ["k", "", ""]


def test_numbers_stand_under_their_own_headings_and_others_stay_empty():
    (table,) = told(
        BatchRun("c", "a.toml", "a", "1", numbers(seats=1.0, rooms=2.0), None),
        BatchRun("c", "b.toml", "b", "2", numbers(pupils=3.0), None),
        BatchRun("c", "x.toml", "x", "", None, FAULT),
    ).tables()
    values = table[["pupils_seat_2024", "rooms_seat_2024", "seats_seat_2024"]]
    assert values.astype(object).where(values.notna(), None).values.tolist() == [
        [None, 2.0, 1.0], [3.0, None, None], [None, None, None],
    ]  # fmt: skip


def test_a_file_without_a_scenario_comes_after_the_scenarios_of_its_name():
    (table,) = told(
        BatchRun("c", "a.toml", None, "", None, FAULT), BatchRun("c", "a.toml", "z", "1", numbers(seats=1.0), None)
    ).tables()
    assert table["status"].tolist() == ["done", "failed"]
