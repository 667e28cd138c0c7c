"""Roles are kept by the store; every change is an event in a chain."""

from __future__ import annotations

import sqlite3

import pytest

from layoutplan.errors import ScenarioError
from layoutplan.plan.members import ROLES, appoint, dismiss, list_members
from layoutplan.plan.scenario import Scenario
from layoutplan.plan.store import NEW, approve_version, list_versions, load_version, save_version, verify_store
from layoutplan.plan.storefile import DESK, Store, list_events

PLAN = Scenario(name="北")


@pytest.fixture
def office(tmp_path):
    store = Store(tmp_path / "plans.sqlite")
    appoint(store, "head", "admin")
    for role in ROLES[:-1]:
        appoint(store, f"the {role}", role, by="head")
    return store


def code(caught):
    return [problem.code for problem in caught.value.problems]


def test_a_single_desk_may_do_everything(tmp_path):
    store = Store(tmp_path / "plans.sqlite")
    saved = save_version(store, PLAN, based_on=NEW)
    assert (saved.saved_by, saved.approved_by) == (DESK, ())
    assert approve_version(store, "北", number=1).approved_by == (DESK,)
    assert list_members(store) == {}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_those_before_it_may(office, role):
    who, at = "head" if role == "admin" else f"the {role}", ROLES.index(role)
    save_version(office, PLAN, based_on=NEW, by="head")
    acts = {
        "planner": lambda: save_version(office, PLAN, based_on=1, by=who),
        "approver": lambda: approve_version(office, "北", number=1, by=who),
        "admin": lambda: appoint(office, "new", "viewer", by=who),
    }
    before = len(list_events(office))
    for needed, act in acts.items():
        if at >= ROLES.index(needed):
            act()
            continue
        with pytest.raises(ScenarioError) as caught:
            act()
        assert code(caught) == ["role_needed"]
        assert needed in caught.value.say("zh")
    assert len(list_events(office)) == before + at
    assert load_version(office, "北") == PLAN
    verify_store(office)


def test_a_stranger_may_look_and_no_more(office):
    with pytest.raises(ScenarioError) as caught:
        save_version(office, PLAN, based_on=NEW, by=DESK)
    assert code(caught) == ["member_unknown"]
    assert list_versions(office, "北") == ()


def test_the_first_member_is_an_admin_and_the_last_admin_stays(tmp_path):
    store = Store(tmp_path / "plans.sqlite")
    with pytest.raises(ScenarioError) as caught:
        appoint(store, "a", "planner")
    assert code(caught) == ["admin_needed"]
    assert list_members(store) == {}
    appoint(store, "a", "admin")
    for act in (lambda: dismiss(store, "a", by="a"), lambda: appoint(store, "a", "viewer", by="a")):
        with pytest.raises(ScenarioError) as caught:
            act()
        assert code(caught) == ["admin_needed"]
    appoint(store, "b", "admin", by="a")
    dismiss(store, "a", by="b")
    assert list_members(store) == {"b": "admin"}
    assert [event.act for event in list_events(store)] == ["appoint", "appoint", "dismiss"]


@pytest.mark.parametrize(("name", "role"), [("a", "chief"), (" ", "admin")])
def test_a_role_is_one_of_four_and_a_member_has_a_name(tmp_path, name, role):
    with pytest.raises(ScenarioError) as caught:
        appoint(Store(tmp_path / "plans.sqlite"), name, role)
    assert code(caught) == ["role_unknown"]


def test_an_approval_is_given_once_and_for_one_version(office):
    save_version(office, PLAN, based_on=NEW, by="head")
    approve_version(office, "北", number=1, by="head")
    assert approve_version(office, "北", number=1, by="the approver").approved_by == ("head", "the approver")
    assert save_version(office, PLAN, based_on=1, by="head").approved_by == ()
    for number, wanted in ((1, "version_approved"), (3, "version_unknown")):
        with pytest.raises(ScenarioError) as caught:
            approve_version(office, "北", number=number, by="head")
        assert code(caught) == [wanted]


@pytest.mark.parametrize(
    ("meddle", "wanted", "values"),
    [
        (
            "DROP TRIGGER event_is_final; UPDATE event SET member = 'x' WHERE sequence = 5",
            "event_tampered",
            {"number": 5},
        ),
        ("DROP TRIGGER event_is_kept; DELETE FROM event WHERE sequence = 2", "event_tampered", {"number": 2}),
        ("DROP TRIGGER event_is_kept; DELETE FROM event WHERE act = 'save'", "version_unnoted", {"number": 1}),
        ("UPDATE member SET role = 'admin' WHERE name = 'the viewer'", "member_tampered", {}),
    ],
)
def test_events_changed_by_other_means_are_noticed(office, meddle, wanted, values):
    save_version(office, PLAN, based_on=NEW, by="head")
    verify_store(office)
    link = sqlite3.connect(office.path)
    link.executescript(meddle)
    link.close()
    with pytest.raises(ScenarioError) as caught:
        verify_store(office)
    (problem,) = caught.value.problems
    assert (problem.code, dict(problem.values)) == (wanted, values)


def test_a_store_of_the_first_form_is_brought_up_and_loses_nothing(tmp_path):
    from layoutplan.plan import storefile

    store = Store(tmp_path / "old.sqlite")
    save_version(store, PLAN, based_on=NEW, note="第一稿")
    kept = list_versions(store, "北")[0]
    link = sqlite3.connect(store.path)
    link.executescript("DROP TABLE event; DROP TABLE member; PRAGMA user_version = 1")
    link.close()
    brought = list_versions(store, "北")[0]
    assert (brought.hash, brought.saved_at, brought.note) == (kept.hash, kept.saved_at, "第一稿")
    assert brought.saved_by == ""
    assert [event.act for event in list_events(store)] == ["adopt"]
    verify_store(store)
    save_version(store, PLAN, based_on=1)
    verify_store(store)
    assert sqlite3.connect(store.path).execute("PRAGMA user_version").fetchone()[0] == len(storefile._STEPS)
