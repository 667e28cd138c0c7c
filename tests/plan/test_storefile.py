"""The file of a planning office: which files are taken, and what of its events does not fit."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from layoutplan.errors import ScenarioError
from layoutplan.plan.members import appoint, dismiss
from layoutplan.plan.scenario import Scenario
from layoutplan.plan.store import NEW, list_names, list_versions, save_version, verify_store
from layoutplan.plan.storefile import Store, digest_of, list_events


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "plans.sqlite")


def run(store, *statements):
    """Change the file by other means."""
    with closing(sqlite3.connect(store.path)) as link:
        for statement in statements:
            link.execute(statement)
        link.commit()


def problem_of(function, store):
    with pytest.raises(ScenarioError) as caught:
        function(store)
    (problem,) = caught.value.problems
    return problem


def test_a_new_file_is_empty_and_of_the_newest_form(store):
    assert (list_names(store), list_events(store)) == ((), ())
    with closing(sqlite3.connect(store.path)) as link:
        assert link.execute("PRAGMA user_version").fetchone() == (2,)
    verify_store(store)


def test_a_file_of_a_later_form_is_left_alone(store):
    list_names(store)
    run(store, "PRAGMA user_version = 3")
    assert problem_of(list_names, store).code == "store_unusable"


@pytest.mark.parametrize("names", [["middle"], ["zebra", "apple"]])
def test_a_file_with_a_view_is_not_used_and_the_first_is_named(store, names):
    list_names(store)
    run(store, *(f"CREATE VIEW {name} AS SELECT 1" for name in names))
    problem = problem_of(list_names, store)
    assert problem.code == "store_unusable"
    assert sorted(names)[0] in problem.values["reason"]


def test_a_file_of_another_program_with_one_view_is_left_alone(store):
    run(store, "CREATE VIEW only AS SELECT 1")
    assert problem_of(list_names, store).code == "store_unusable"


def test_bytes_in_place_of_one_text_make_a_file_unusable(store):
    save_version(store, Scenario(name="a"), based_on=NEW)
    run(store, "DROP TRIGGER event_is_final", "UPDATE event SET detail = x'00ff'")
    assert problem_of(list_events, store).code == "store_unusable"


@pytest.mark.parametrize(
    ("table", "column", "look"),
    [
        *(("version", name, verify_store) for name in ("name", "number", "note", "fingerprint", "hash")),
        *(("event", name, list_events) for name in ("member", "act", "subject", "number", "detail", "happened_at")),
        ("version", "name", list_names),
        ("version", "saved_at", lambda store: list_versions(store, "a")),
    ],
)
@pytest.mark.parametrize("cell", ["7.5", "NULL", "x'37'"])
def test_a_damaged_cell_of_another_kind_makes_the_file_unusable(store, table, column, look, cell):
    save_version(store, Scenario(name="a"), based_on=NEW)
    with closing(sqlite3.connect(store.path)) as link:
        (told,) = link.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        for word in ("TEXT", "INTEGER", "NOT NULL", "CHECK (number > 0)", "PRIMARY KEY"):
            told = told.replace(word, "")
        link.execute("PRAGMA writable_schema = ON")
        link.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (told, table))
        link.commit()
    run(store, f"DROP TRIGGER {table}_is_final", f"UPDATE {table} SET {column} = {cell}")
    assert problem_of(look, store).code == "store_unusable"


def test_hashes_hang_on_every_part_and_on_what_came_before():
    rows = [("", ("a", 1)), ("x", ("a", 1)), ("", ("a", 2)), ("", ("a1",))]
    assert len({digest_of(before, row) for before, row in rows}) == 4


def test_the_first_event_that_does_not_fit_is_named_by_its_place(store):
    for based_on in range(3):
        save_version(store, Scenario(name="a", last_year=2030 + based_on), based_on=based_on)
    verify_store(store)
    run(store, "DROP TRIGGER event_is_final", "UPDATE event SET member = 'x' WHERE sequence = 2")
    problem = problem_of(verify_store, store)
    assert (problem.code, problem.layer, problem.values["number"]) == ("event_tampered", "a", 2)


def test_a_version_whose_save_nobody_noted_is_named(store):
    save_version(store, Scenario(name="a"), based_on=NEW)
    run(store, "DROP TRIGGER event_is_kept", "DELETE FROM event")
    problem = problem_of(verify_store, store)
    assert (problem.code, problem.layer, problem.values["number"]) == ("version_unnoted", "a", 1)


def test_members_are_those_who_were_appointed_last_and_not_dismissed(store):
    appoint(store, "chief", role="admin")
    appoint(store, "wang", role="planner", by="chief")
    appoint(store, "wang", role="approver", by="chief")
    appoint(store, "li", role="planner", by="chief")
    dismiss(store, "li", by="chief")
    verify_store(store)
    run(store, "INSERT INTO member VALUES ('li', 'planner')")
    assert (problem_of(verify_store, store).code, problem_of(verify_store, store).row) == ("member_tampered", "li")
    run(store, "DELETE FROM member WHERE name IN ('li', 'wang')")
    assert problem_of(verify_store, store).row == "wang"
    run(store, "INSERT INTO member VALUES ('wang', 'planner')")
    assert problem_of(verify_store, store).row == "wang"
