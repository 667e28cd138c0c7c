"""Batches: every scenario its row, whatever the order of finishing and whatever fails."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import toy
import toy_county

from layoutplan.errors import DataError, InputError, ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan import batch
from layoutplan.plan.batch import Crew, Task, find_counties, make_key, run_batch, work_out
from layoutplan.plan.measuring import measure_county
from layoutplan.plan.results import RESULTS, keep_result
from layoutplan.plan.scenario import AddRooms, CloseSchool, Scenario, load_scenario, save_scenario
from layoutplan.plan.sources import read_sources
from layoutplan.plan.summary import Summary


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


def table_of(runs):
    summary = Summary()
    for run in runs:
        summary.add(run)
    return pd.concat(summary.tables(), ignore_index=True)


def test_a_scenario_that_fails_is_recorded_and_the_rest_finish_in_any_number_of_processes(folder):
    paths = sorted(folder.glob("*.toml"))
    alone = table_of(run_batch(folder / "county", paths))
    assert alone["status"].tolist() == ["done", "done", "failed", "failed"]
    assert "school_unknown" in alone.loc[2, "problems"]
    assert "toml_unreadable" in alone.loc[3, "problems"]
    seats = alone.set_index("scenario")["seats_primary_seat_2024"]
    assert seats["rooms"] - seats["base"] == 2 * 45
    assert pd.isna(alone.loc[2, "seats_primary_seat_2024"])
    together = table_of(run_batch(folder / "county", paths[::-1], workers=2))
    pd.testing.assert_frame_equal(alone, together)


def test_a_batch_of_nothing_or_of_two_of_one_name_is_refused_before_it_runs(folder, tmp_path):
    with pytest.raises(ScenarioError) as caught:
        next(run_batch(folder / "county", []))
    assert [problem.code for problem in caught.value.problems] == ["batch_empty"]
    save_scenario(Scenario(name="base"), tmp_path / "again.toml")
    with pytest.raises(ScenarioError) as caught:
        next(run_batch(folder / "county", [folder / "1-base.toml", tmp_path / "again.toml"]))
    assert [(problem.code, problem.layer) for problem in caught.value.problems] == [("batch_same_name", "again.toml")]


def test_a_school_at_no_finite_place_fails_by_itself_and_the_rest_finish(folder, tmp_path):
    nowhere = tmp_path / "nowhere.toml"
    site = "school_id = 'm'\nname = 'm'\nschool_kind = 'primary'\nsetting = 'village'\nprimary_rooms = 6\n"
    head = "name = 'nowhere'\nlast_year = 2026\n[[actions]]\nkind = 'open_school'\nyear = 2024\n"
    nowhere.write_text(head + site + "east_m = inf\nnorth_m = 0.0\n", "utf-8")
    table = table_of(run_batch(folder / "county", [folder / "1-base.toml", nowhere]))
    assert table["status"].tolist() == ["done", "failed"]
    assert "site_outside_county" in table.loc[1, "problems"]


def test_a_scenario_comes_from_the_shelf_as_its_file_reads():
    paths = sorted((Path(__file__).parents[2] / "scenarios").glob("*.toml"))
    wanted, sources = [load_scenario(path) for path in paths], read_sources(paths)
    for _ in range(2):
        found = [point.scenario for _, point in sources.points(())]
        assert found == wanted
        assert [one.fingerprint for one in found] == [one.fingerprint for one in wanted]


def kept(out):
    return {path.name: path.stat().st_mtime_ns for path in (out / RESULTS).iterdir()}


def test_a_second_run_does_only_what_changed(folder, tmp_path):
    shutil.copytree(folder / "county", tmp_path / "county")
    paths = [Path(shutil.copy(path, tmp_path)) for path in sorted(folder.glob("[12]-*.toml"))]
    first = table_of(run_batch(tmp_path / "county", paths, out=tmp_path / "out"))
    before = kept(tmp_path / "out")
    assert len(before) == 2
    pd.testing.assert_frame_equal(table_of(run_batch(tmp_path / "county", paths, out=tmp_path / "out")), first)
    assert kept(tmp_path / "out") == before
    save_scenario(Scenario(name="base", last_year=2025), paths[0])
    again = table_of(run_batch(tmp_path / "county", paths, out=tmp_path / "out"))
    assert again["key"].tolist() != first["key"].tolist()
    assert again["key"][1] == first["key"][1]
    new = {name: at for name, at in kept(tmp_path / "out").items() if before.get(name) != at}
    assert [*new] == [f"{again['key'][0]}.parquet"]
    # A result that does not read is worked out again; the folder as a whole is one data set.
    spoiled = tmp_path / "out" / RESULTS / [*new][0]
    spoiled.write_bytes(b"PAR1")
    table_of(run_batch(tmp_path / "county", paths, out=tmp_path / "out"))
    everything = pd.read_parquet(tmp_path / "out" / RESULTS)
    assert set(everything["key"]) == {*first["key"], *again["key"]}


@pytest.mark.parametrize("workers", [1, 2])
def test_scenarios_that_differ_in_nothing_but_their_names_are_worked_out_once(folder, tmp_path, workers, monkeypatch):
    written = []
    monkeypatch.setattr(batch, "keep_result", lambda *told: (written.append(told[1]), keep_result(*told)))
    twin = Path(shutil.copy(folder / "1-base.toml", tmp_path / "5-twin.toml"))
    twin.write_text(twin.read_text("utf-8").replace("base", "twin"), "utf-8")
    paths = [folder / "1-base.toml", folder / "2-rooms.toml", folder / "3-ghost.toml", twin]
    for again in (False, True):
        table = table_of(run_batch(folder / "county", paths, workers=workers, out=tmp_path / "out"))
        found = table.sort_values("file").reset_index(drop=True)
        assert found["scenario"].tolist() == ["base", "rooms", "ghost", "twin"]
        assert found["status"].tolist() == ["done", "done", "failed", "done"]
        assert found["key"][0] == found["key"][3] != found["key"][1]
        told = found.drop(columns=["file", "scenario"])
        pd.testing.assert_series_equal(told.loc[0], told.loc[3], check_names=False)
        assert len(written) == 2, again


def test_of_two_that_differ_in_their_names_and_cannot_be_done_each_says_so(folder, tmp_path):
    twin = Path(shutil.copy(folder / "3-ghost.toml", tmp_path / "5-twin.toml"))
    twin.write_text(twin.read_text("utf-8").replace("ghost", "twin"), "utf-8")
    table = table_of(run_batch(folder / "county", [folder / "3-ghost.toml", twin], out=tmp_path / "out"))
    assert table[["scenario", "status"]].values.tolist() == [["ghost", "failed"], ["twin", "failed"]]


def test_a_folder_of_counties_is_a_batch_over_all_of_them(folder, tmp_path):
    for name in ("east", "west"):
        shutil.copytree(folder / "county", tmp_path / name)
    (tmp_path / "spoiled").mkdir()
    (tmp_path / "spoiled" / "county.toml").write_text("county = ", "utf-8")
    table = table_of(run_batch(tmp_path, [folder / "1-base.toml"]))
    assert table[["county", "status"]].values.tolist() == [["east", "done"], ["spoiled", "failed"], ["west", "done"]]


@pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")
def test_a_killed_batch_goes_on_where_it_was(folder, tmp_path):
    for number in range(12):
        rooms = AddRooms(year=2024, school_id="2164000001", stage="primary", rooms=number)
        save_scenario(Scenario(name=f"{number:02d}", actions=(rooms,)), tmp_path / "plans" / f"{number:02d}.toml")
    command = [sys.executable, "-m", "layoutplan", "batch", folder / "county", tmp_path / "plans"]
    before: dict[str, int] = {}
    for _ in range(3):
        killed = subprocess.Popen([*command, "--out", tmp_path / "out"], stderr=subprocess.DEVNULL)
        while not (tmp_path / "out" / RESULTS).is_dir() or len(whole(tmp_path / "out")) < len(before) + 2:
            assert killed.poll() is None
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        now = kept(tmp_path / "out")
        # What was there was not done again: a kill repeats no more than the one scenario under way.
        assert {name: now[name] for name in before} == before
        before = {name: at for name, at in now.items() if name in whole(tmp_path / "out")}
    subprocess.run([*command, "--out", tmp_path / "out"], check=True, capture_output=True)
    after = kept(tmp_path / "out")
    assert {name: after[name] for name in before} == before
    assert len(whole(tmp_path / "out")) == 12
    assert len(pd.read_csv(tmp_path / "out" / "batch.csv")) == 12


def test_catchments_alone_are_kept_beside_whole_plans_in_one_data_set(folder, tmp_path):
    paths = sorted(folder.glob("[12]-*.toml"))
    plans = table_of(run_batch(folder / "county", paths, out=tmp_path))
    alone = table_of(run_batch(folder / "county", paths, out=tmp_path, level="catchments"))
    assert set(plans["key"]).isdisjoint(alone["key"])
    shared = [name for name in plans.columns.intersection(alone.columns) if name != "key"]
    assert "seat_gap_primary_seat_2026" in shared
    pd.testing.assert_frame_equal(plans[shared], alone[shared])
    before = kept(tmp_path)
    pd.testing.assert_frame_equal(
        table_of(run_batch(folder / "county", paths, out=tmp_path, level="catchments")), alone
    )
    assert kept(tmp_path) == before
    rows = pd.read_parquet(tmp_path / RESULTS)
    schools = rows[rows["school_id"].notna()].set_index(["key", "indicator", "year", "school_id"])["value"]
    seats = [schools[key, "catchment_seats_primary", 2026, "2164000001"] for key in alone["key"]]
    assert seats[1] - seats[0] == 2 * 45


def whole(out):
    return {path.name for path in (out / RESULTS).iterdir() if not path.name.startswith(".")}


@contextlib.contextmanager
def cluster(folder):
    """A scheduler and workers of Dask as an office would start them; yields its address, and what starts a worker."""
    note = folder / "scheduler.json"
    base = [sys.executable, "-m"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", note]
    running = [subprocess.Popen([*base, "distributed.cli.dask_scheduler", *options], **quiet)]
    try:
        while not note.is_file() or not note.read_text("utf-8"):
            assert running[0].poll() is None
            time.sleep(0.05)
        address = json.loads(note.read_text("utf-8"))["address"]
        alike = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", folder]

        def join():
            running.append(subprocess.Popen([*base, "distributed.cli.dask_worker", address, *alike], **quiet))
            return running[-1]

        yield address, join
    finally:
        for process in running[::-1]:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def ten(folder, tmp_path_factory):
    """Ten scenarios, one of which fails, and what one process says of them."""
    paths, plans = [folder / "1-base.toml", folder / "3-ghost.toml"], tmp_path_factory.mktemp("plans")
    for number in range(8):
        rooms = AddRooms(year=2024, school_id="2164000001", stage="primary", rooms=number)
        paths.append(plans / f"{number:02d}.toml")
        save_scenario(Scenario(name=f"{number:02d}", actions=(rooms,)), paths[-1])
    return paths, table_of(run_batch(folder / "county", paths))


@pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")
def test_a_cluster_gives_the_same_though_a_worker_is_killed(folder, ten, tmp_path):
    from distributed import Client

    paths, alone = ten
    with cluster(tmp_path) as (address, join):
        workers = [join(), join()]
        with Client(address) as client:
            client.wait_for_workers(2)
        runs = run_batch(folder / "county", paths, crew=Crew(scheduler=address))
        first = next(runs)
        workers[0].send_signal(signal.SIGKILL)
        together = table_of([first, *runs])
    pd.testing.assert_frame_equal(alone, together)


@pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")
def test_a_cluster_goes_on_when_the_only_worker_that_held_the_county_is_killed(folder, ten, tmp_path):
    paths, alone = ten
    with cluster(tmp_path) as (address, join):
        only = join()
        runs = run_batch(folder / "county", paths, crew=Crew(scheduler=address))
        first = next(runs)
        only.send_signal(signal.SIGKILL)
        only.wait()
        join()
        together = table_of([first, *runs])
    pd.testing.assert_frame_equal(alone, together)


def test_a_path_is_a_county_its_file_or_a_folder_of_counties(tmp_path):
    for name in ("west", "east"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "county.toml").write_text("", "utf-8")
    (tmp_path / "notes").mkdir()
    assert find_counties(tmp_path / "east") == [tmp_path / "east"]
    assert find_counties(tmp_path / "east" / "county.toml") == [tmp_path / "east" / "county.toml"]
    assert find_counties(tmp_path) == [tmp_path / "east", tmp_path / "west"]
    with pytest.raises(DataError) as caught:
        find_counties(tmp_path / "notes")
    assert [problem.code for problem in caught.value.problems] == ["batch_no_county"]


@pytest.fixture(scope="module")
def measured():
    return measure_county(toy.county(), load_norms())


def test_a_key_is_of_what_the_result_hangs_on_and_not_of_names(measured):
    plan = Scenario(name="a", last_year=2024)
    assert make_key(measured, plan) == make_key(measured, Scenario(name="b", note="n", last_year=2024), "plan")
    others = [make_key(measured, plan, "catchments"), make_key(measured, Scenario(name="a", last_year=2025))]
    assert len({make_key(measured, plan), *others}) == 3


def catchment_rows(measured, *actions, last_year=2026):
    """Return the numbers of schools: indicator, unit, school, year and value."""
    scenario = Scenario(name="s", last_year=last_year, actions=actions)
    told = work_out(measured, Task("c", "s.toml", scenario, "", "catchments")).schools
    columns = (told.indicator, told.school, told.year, told.values)
    return [
        (told.indicators[at], told.units[at], told.school_ids[school], year, value)
        for at, school, year, value in zip(*(column.tolist() for column in columns), strict=True)
    ]


def test_catchments_of_schools_are_told_of_the_last_year_and_of_those_in_which_schools_change(measured):
    # 65 pupils a grade: p1 and p2 with 30 are nearer to a, which teaches grades 1-6 and has 6 rooms.
    now = [
        ("catchment_pupils_junior", "person", "b", 195.0), ("catchment_pupils_primary", "person", "a", 180.0),
        ("catchment_pupils_primary", "person", "b", 210.0), ("catchment_seats_junior", "seat", "b", 150.0),
        ("catchment_seats_primary", "seat", "a", 270.0), ("catchment_seats_primary", "seat", "b", 270.0),
    ]  # fmt: skip
    assert sorted(catchment_rows(measured)) == [(name, unit, school, 2026, value) for name, unit, school, value in now]
    rows = catchment_rows(measured, CloseSchool(year=2024, school_id="a"))
    assert {row[3] for row in rows} == {2024, 2026}
    assert [row for row in rows if row[2] == "a"] == []
    assert ("catchment_pupils_primary", "person", "b", 2024, 390.0) in rows


def test_a_school_with_as_many_pupils_as_seats_is_told_too():
    # Of 180 pupils all find one of 4 x 45 seats.
    rooms = toy.county().rooms.assign(rooms=[4, 3, 6])
    rows = catchment_rows(measure_county(toy.county(rooms=rooms), load_norms()))
    assert [row[4] for row in rows if row[2] == "a"] == [180.0, 180.0]


def test_a_county_that_does_not_read_fails_with_all_its_scenarios_and_the_next_goes_on(tmp_path):
    for name in ("east", "west"):
        toy_county.toy().write(tmp_path / "counties" / name)
    (tmp_path / "counties" / "east" / "county.toml").write_text("name = ", "utf-8")
    plans = [tmp_path / f"{name}.toml" for name in ("one", "two")]
    for path in plans:
        save_scenario(Scenario(name=path.stem, last_year=2023), path)
    runs = list(run_batch(tmp_path / "counties", plans, level="catchments"))
    assert [(run.county, run.scenario, run.fault is None) for run in runs] == [
        ("east", "one", False), ("east", "two", False), ("west", "one", True), ("west", "two", True),
    ]  # fmt: skip
    with pytest.raises(InputError):
        list(run_batch(tmp_path / "counties" / "east", plans, level="catchments"))
    (run, _) = run_batch(tmp_path / "counties" / "west" / "county.toml", plans, level="catchments")
    assert (run.county, run.file, run.scenario) == ("west", "one.toml", "one")
