"""Two planners never lose an edit without a word; a kill loses nothing that was acknowledged."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from layoutplan.errors import ScenarioError
from layoutplan.plan.scenario import CloseSchool, Scenario
from layoutplan.plan.store import (
    NEW,
    approve_version,
    list_names,
    list_versions,
    load_version,
    save_version,
    verify_store,
)
from layoutplan.plan.storefile import DESK, Store, digest_of, list_events


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "方案库.sqlite")


def codes(caught):
    return [problem.code for problem in caught.value.problems]


def with_closed(name, *schools):
    return Scenario(name=name, actions=tuple(CloseSchool(year=2026, school_id=school) for school in schools))


def test_a_version_once_saved_stays_as_it_was(store):
    first = save_version(store, with_closed("北", "1"), based_on=NEW, note="第一稿")
    second = save_version(store, with_closed("北", "1", "2"), based_on=first.number)
    assert (first.number, second.number, first.note) == (1, 2, "第一稿")
    assert load_version(store, "北", number=1) == with_closed("北", "1")
    assert load_version(store, "北") == with_closed("北", "1", "2")
    assert list_names(store) == ("北",)
    verify_store(store)


def test_who_saves_on_an_old_version_is_told_and_nothing_is_written(store):
    first = save_version(store, with_closed("a", "1"), based_on=NEW)
    save_version(store, with_closed("a", "2"), based_on=first.number)
    with pytest.raises(ScenarioError) as caught:
        save_version(store, with_closed("a", "3"), based_on=first.number)
    assert codes(caught) == ["version_stale"]
    assert all("2" in caught.value.say(lang) for lang in ("zh", "en"))
    assert load_version(store, "a") == with_closed("a", "2")


@pytest.mark.parametrize(("based_on", "code"), [(NEW, "version_exists"), (7, "version_stale")])
def test_a_name_is_not_taken_twice(store, based_on, code):
    save_version(store, with_closed("a", "1"), based_on=NEW)
    with pytest.raises(ScenarioError) as caught:
        save_version(store, with_closed("a", "2"), based_on=based_on)
    assert codes(caught) == [code]


def test_what_is_not_there_is_named(store):
    for asked, code in ((None, "scenario_unknown"), (3, "version_unknown")):
        with pytest.raises(ScenarioError) as caught:
            load_version(store, "a", number=asked)
        assert codes(caught) == [code]
    with pytest.raises(ScenarioError) as caught:
        save_version(store, with_closed("a"), based_on=2)
    assert codes(caught) == ["version_unknown"]


@pytest.mark.parametrize("content", [b"no database", "other"])
def test_a_file_of_another_program_is_left_alone(tmp_path, content):
    path = tmp_path / "x.sqlite"
    if content == "other":
        with sqlite3.connect(path) as link:
            link.execute("CREATE TABLE mine (a)")
        link.close()
    else:
        path.write_bytes(content * 200)
    before = path.read_bytes()
    with pytest.raises(ScenarioError) as caught:
        save_version(Store(path), with_closed("a"), based_on=NEW)
    assert codes(caught) == ["store_unusable"]
    assert path.read_bytes() == before


def test_a_change_by_other_means_is_noticed(store):
    for number in range(3):
        save_version(store, with_closed("a", str(number)), based_on=number)
    verify_store(store)
    with sqlite3.connect(store.path) as link:
        with pytest.raises(sqlite3.IntegrityError):
            link.execute("UPDATE version SET note = 'x'")
        link.execute("DROP TRIGGER version_is_final")
        link.execute("UPDATE version SET content = replace(content, '\"1\"', '\"9\"') WHERE number = 2")
    link.close()
    with pytest.raises(ScenarioError) as caught:
        verify_store(store)
    assert codes(caught) == ["version_tampered"]
    assert caught.value.problems[0].values["number"] == 2


@pytest.mark.parametrize("cell", ["NULL", "7"])
def test_a_version_whose_content_was_taken_away_is_named_and_not_read(store, cell):
    save_version(store, Scenario(name="plan"), based_on=NEW)
    with closing(sqlite3.connect(store.path)) as link:
        (told,) = link.execute("SELECT sql FROM sqlite_master WHERE name = 'version'").fetchone()
        link.execute("PRAGMA writable_schema = ON")
        loose = told.replace("content TEXT NOT NULL", "content").replace("NOT NULL", "")
        link.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'version'", (loose,))
        link.commit()
    with closing(sqlite3.connect(store.path)) as link:
        for (name,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            link.execute(f"DROP TRIGGER {name}")
        link.execute(f"UPDATE version SET content = {cell}")
        link.commit()
    with pytest.raises(ScenarioError) as caught:
        load_version(store, "plan")
    assert [(problem.code, problem.values["number"]) for problem in caught.value.problems] == [("version_tampered", 1)]


WRITER = """
import sys
from pathlib import Path
from layoutplan.errors import ScenarioError
from layoutplan.plan.scenario import CloseSchool
from layoutplan.plan.store import list_versions, load_version, save_version
from layoutplan.plan.storefile import Store
store, me, count = Store(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
for number in range(count):
    while True:
        at = list_versions(store, "shared")[-1].number
        mine = load_version(store, "shared", number=at)
        mine = mine.model_copy(update={"actions": (*mine.actions, CloseSchool(year=2026, school_id=f"{me}/{number}"))})
        try:
            save_version(store, mine, based_on=at)
        except ScenarioError as fault:
            if fault.problems[0].code != "version_stale":
                raise
        else:
            break
    print(number, flush=True)
"""


def start_writer(store, me, count):
    command = [sys.executable, "-c", WRITER, str(store.path), me, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_writers_at_once_lose_nothing(store):
    """Four writers; LAYOUTPLAN_SAVES=150 makes it the whole trial of 4 x 150."""
    saves = int(os.environ.get("LAYOUTPLAN_SAVES", "10"))
    save_version(store, Scenario(name="shared"), based_on=NEW)
    writers = [start_writer(store, me, saves) for me in "abcd"]
    assert [writer.wait() for writer in writers] == [0] * 4
    for writer in writers:
        writer.stdout.close()
    found = [action.school_id for action in load_version(store, "shared").actions]
    assert sorted(found) == sorted(f"{me}/{number}" for me in "abcd" for number in range(saves))
    verify_store(store)


@pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")
def test_a_kill_loses_nothing_acknowledged(store):
    """Killed at a random-looking save; LAYOUTPLAN_KILLS=300 makes it the whole trial."""
    save_version(store, Scenario(name="shared"), based_on=NEW)
    acknowledged = []
    for kill in range(int(os.environ.get("LAYOUTPLAN_KILLS", "3"))):
        writer = start_writer(store, f"k{kill}", 1000)
        for _ in range(1 + kill * 7 % 5):
            acknowledged.append(f"k{kill}/{writer.stdout.readline().strip()}")
        # While the pipe is being read the next save is under way.
        writer.send_signal(signal.SIGKILL)
        rest = writer.communicate()[0].split()
        acknowledged += [f"k{kill}/{number}" for number in rest]
        verify_store(store)
        found = {action.school_id for action in load_version(store, "shared").actions}
        assert set(acknowledged) <= found
        assert len(found) <= len(acknowledged) + kill + 1


class Office(RuleBasedStateMachine):
    """Two planners with drafts of their own against a plain model."""

    def __init__(self):
        super().__init__()
        import tempfile
        from pathlib import Path

        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name) / "s.sqlite")
        self.model, self.seen = [], {"a": NEW, "b": NEW}

    @rule(who=st.sampled_from("ab"))
    def look(self, who):
        self.seen[who] = len(list_versions(self.store, "x"))

    @rule(who=st.sampled_from("ab"), year=st.integers(2030, 2040))
    def save(self, who, year):
        try:
            version = save_version(self.store, Scenario(name="x", last_year=year), based_on=self.seen[who])
        except ScenarioError:
            assert self.seen[who] != len(self.model)
        else:
            assert self.seen[who] == len(self.model)
            self.model.append(year)
            self.seen[who] = version.number

    @invariant()
    def nothing_is_lost(self):
        numbers = range(1, len(self.model) + 1)
        assert [load_version(self.store, "x", number=n).last_year for n in numbers] == self.model
        verify_store(self.store)

    def teardown(self):
        self.folder.cleanup()


TestOffice = Office.TestCase
TestOffice.settings = settings(max_examples=10, stateful_step_count=12, deadline=None)


def test_names_are_told_once_each_in_order_and_versions_of_one_only(store):
    assert list_names(store) == ()
    for name, based_on in (("b", NEW), ("a", NEW), ("b", 1)):
        save_version(store, Scenario(name=name), based_on=based_on)
    assert list_names(store) == ("a", "b")
    assert [version.number for version in list_versions(store, "b")] == [1, 2]
    assert list_versions(store, "c") == ()
    verify_store(store)


def test_a_version_says_who_saved_it_and_who_approved_it(store):
    save_version(store, Scenario(name="a"), based_on=NEW, note="first")
    saved = save_version(store, Scenario(name="a", last_year=2030), based_on=1, note="second")
    assert (saved.number, saved.note, saved.saved_by, saved.approved_by) == (2, "second", DESK, ())
    approved = approve_version(store, "a", number=1)
    assert (approved.number, approved.note, approved.approved_by) == (1, "first", (DESK,))
    assert [(version.saved_by, version.approved_by) for version in list_versions(store, "a")] == [
        (DESK, (DESK,)),
        (DESK, ()),
    ]
    assert [(event.act, event.subject, event.number, event.detail) for event in list_events(store)] == [
        ("save", "a", 1, approved.hash),
        ("save", "a", 2, saved.hash),
        ("approve", "a", 1, approved.hash),
    ]
    verify_store(store)


def test_a_version_is_approved_once_and_only_if_it_is_there(store):
    save_version(store, Scenario(name="a"), based_on=NEW)
    approve_version(store, "a", number=1)
    with pytest.raises(ScenarioError) as caught:
        approve_version(store, "a", number=1)
    assert codes(caught) == ["version_approved"]
    with pytest.raises(ScenarioError) as caught:
        approve_version(store, "a", number=2)
    assert codes(caught) == ["version_unknown"]
    assert caught.value.problems[0].values == {"based_on": 2, "newest": 0}


def test_a_version_asked_for_that_is_not_there_is_named_by_its_number(store):
    save_version(store, Scenario(name="a"), based_on=NEW)
    with pytest.raises(ScenarioError) as caught:
        load_version(store, "a", number=3)
    assert codes(caught) == ["version_unknown"]
    assert caught.value.problems[0].values == {"based_on": 3, "newest": 0}


@pytest.mark.parametrize(
    ("statement", "number"),
    [("DELETE FROM version WHERE sequence = 2", 3), ("UPDATE version SET number = 5 WHERE sequence = 3", 5)],
)
def test_a_version_that_was_dropped_or_renumbered_is_noticed(store, statement, number):
    for based_on in range(3):
        save_version(store, Scenario(name="a", last_year=2030 + based_on), based_on=based_on)
    with closing(sqlite3.connect(store.path)) as link:
        for trigger in ("version_is_kept", "version_is_final"):
            link.execute(f"DROP TRIGGER {trigger}")
        link.execute(statement)
        link.commit()
    with pytest.raises(ScenarioError) as caught:
        verify_store(store)
    assert codes(caught) == ["version_tampered"]
    assert caught.value.problems[0].values["number"] == number


def test_numbers_that_leave_one_out_are_noticed_though_every_hash_fits(store):
    row = ("a", 2, "", "content", "print")
    list_names(store)
    with closing(sqlite3.connect(store.path)) as link:
        link.execute(
            "INSERT INTO version (name, number, note, content, fingerprint, hash) VALUES (?, ?, ?, ?, ?, ?)",
            (*row, digest_of("", row)),
        )
        link.commit()
    with pytest.raises(ScenarioError) as caught:
        verify_store(store)
    assert codes(caught) == ["version_tampered"]
