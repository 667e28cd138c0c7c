"""The store on the scenarios page: saved, opened, refused when somebody was faster; no unknown name gets in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from toy_county import toy

from layoutplan.labels import label
from layoutplan.plan.members import appoint
from layoutplan.plan.scenario import CloseSchool, Scenario
from layoutplan.plan.store import NEW, list_versions, load_version, save_version
from layoutplan.plan.storefile import DESK, Store

ROOT = Path(__file__).parents[2]
HAND = Scenario(name="北", actions=(CloseSchool(year=2026, school_id="2164000002"),))


@pytest.fixture
def office(tmp_path, monkeypatch):
    folder = tmp_path / "county"
    folder.mkdir()
    monkeypatch.setenv("LAYOUTPLAN_COUNTY", str(toy().write(folder)))
    monkeypatch.setenv("LAYOUTPLAN_STORE", str(tmp_path / "库.sqlite"))
    monkeypatch.setattr(sys, "argv", ["app.py"])
    yield Store(tmp_path / "库.sqlite")
    st.cache_resource.clear()


def plans_page(scenario=HAND):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.session_state["scenario"] = scenario
    app.run()
    app.switch_page("pages/plans.py").run()
    assert not app.exception
    return app


def save(app, name, note=""):
    app.text_input("office_as").set_value(name)
    app.text_input("office_note").set_value(note)
    app.button("office_store").click().run()
    assert not app.exception


def test_a_plan_is_saved_and_opened_again(office):
    app = plans_page()
    save(app, "北", "第一稿")
    save(app, "北", "第二稿")
    assert [(v.number, v.note, v.saved_by) for v in list_versions(office, "北")] == [
        (1, "第一稿", DESK),
        (2, "第二稿", DESK),
    ]
    other = plans_page(Scenario(name="x"))
    other.button("office_take").click().run()
    assert other.session_state["scenario"] == HAND
    assert other.session_state["office_origin"] == ("北", 2)
    other.button("office_yes").click().run()
    assert not other.exception
    assert list_versions(office, "北")[1].approved_by == (DESK,)


def test_who_was_slower_is_told_and_nothing_is_written(office):
    app = plans_page()
    save(app, "北")
    save_version(office, Scenario(name="北", note="faster"), based_on=1)
    save(app, "北")
    assert app.error
    assert "version_stale" in "".join(element.proto.body for element in app.get("html"))
    assert load_version(office, "北").note == "faster"


def test_a_name_that_is_taken_is_not_overwritten(office):
    save_version(office, Scenario(name="北"), based_on=NEW)
    app = plans_page()
    save(app, "北")
    assert app.error
    assert len(list_versions(office, "北")) == 1


def test_a_name_that_the_store_does_not_know_may_not_save(office, monkeypatch):
    monkeypatch.setenv("LAYOUTPLAN_IDENTITY", "header")
    appoint(office, "head", "admin")
    app = plans_page()
    save(app, "北")
    assert app.error
    assert list_versions(office, "北") == ()


def test_a_way_of_knowing_names_that_is_none_lets_nobody_in(office, monkeypatch):
    monkeypatch.setenv("LAYOUTPLAN_IDENTITY", "who")
    app = plans_page()
    assert [label("ui.office.mode_unknown", "zh", mode="who", modes="desk, header, oidc")] == [
        error.value for error in app.error
    ]
    assert "office_store" not in [button.key for button in app.button]
