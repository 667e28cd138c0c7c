"""Batches: every scenario its row, whatever the order of finishing and whatever fails."""

from __future__ import annotations

import pandas as pd
import pytest
import toy_county

from layoutplan.errors import ScenarioError
from layoutplan.plan.batch import run_batch, summary_table
from layoutplan.plan.scenario import AddRooms, CloseSchool, Scenario, save_scenario


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    toy_county.toy().write(folder / "county")
    rooms = AddRooms(year=2024, school_id="2164000001", stage="primary", rooms=2)
    save_scenario(Scenario(name="base", last_year=2026), folder / "1-base.toml")
    save_scenario(Scenario(name="rooms", last_year=2026, actions=(rooms,)), folder / "2-rooms.toml")
    save_scenario(
        Scenario(name="ghost", last_year=2026, actions=(CloseSchool(year=2024, school_id="x"),)),
        folder / "3-ghost.toml",
    )
    (folder / "4-broken.toml").write_text("name = ", "utf-8")
    return folder


def test_a_scenario_that_fails_is_recorded_and_the_rest_finish_in_any_number_of_processes(folder):
    paths = sorted(folder.glob("*.toml"))
    alone = summary_table(list(run_batch(folder / "county", paths)))
    assert alone["status"].tolist() == ["done", "done", "failed", "failed"]
    assert "school_unknown" in alone.loc[2, "problems"]
    assert "toml_unreadable" in alone.loc[3, "problems"]
    seats = alone.set_index("scenario")["seats_primary_seat_2024"]
    assert seats["rooms"] - seats["base"] == 2 * 45
    assert pd.isna(alone.loc[2, "seats_primary_seat_2024"])
    together = summary_table(list(run_batch(folder / "county", paths[::-1], workers=2)))
    pd.testing.assert_frame_equal(alone, together)


def test_a_batch_of_nothing_or_of_two_of_one_name_is_refused_before_it_runs(folder, tmp_path):
    with pytest.raises(ScenarioError) as caught:
        next(run_batch(folder / "county", []))
    assert [problem.code for problem in caught.value.problems] == ["batch_empty"]
    save_scenario(Scenario(name="base"), tmp_path / "again.toml")
    with pytest.raises(ScenarioError) as caught:
        next(run_batch(folder / "county", [folder / "1-base.toml", tmp_path / "again.toml"]))
    assert [(problem.code, problem.layer) for problem in caught.value.problems] == [("batch_same_name", "again.toml")]
