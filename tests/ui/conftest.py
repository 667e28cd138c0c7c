import sys
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from toy_county import toy

from layoutplan.county.layers import read_county
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario

ROOT = Path(__file__).parents[2]


@pytest.fixture
def open_app(monkeypatch):
    def start(folder, page="pages/overview.py", lang="zh"):
        monkeypatch.setenv("LAYOUTPLAN_COUNTY", str(folder))
        monkeypatch.setattr(sys, "argv", ["app.py"])
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        app.session_state["lang"] = lang
        app.run()
        if page != "pages/overview.py":
            app.switch_page(page).run()
        assert not app.exception
        return app

    yield start
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    county = toy()
    county.manifest["layers"].pop("enrolment", None)
    return county.write(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="session")
def result(folder):
    return run_plan(prepare(read_county(folder), load_norms()), Scenario(name="base"))
