import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from pages_tools import page_text, sent
from streamlit.testing.v1 import AppTest
from toy_county import toy

from layoutplan.labels import LANGS, label
from layoutplan.ui import origins

ROOT = Path(__file__).parents[2]


@pytest.fixture
def fresh(monkeypatch):
    monkeypatch.delenv("LAYOUTPLAN_COUNTY", raising=False)
    monkeypatch.setattr(sys, "argv", ["app.py"])
    yield AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    st.cache_resource.clear()


@pytest.mark.parametrize("lang", LANGS)
def test_the_start_offers_the_sample_a_folder_and_files(fresh, folder, lang):
    fresh.session_state["lang"] = lang
    app = fresh.run()
    assert not app.exception
    assert app.button(key="open_sample").label == label("ui.welcome.open_sample", lang)
    assert app.get("file_uploader")
    app.text_input(key="county_path").set_value(str(folder))
    app.button(key="open_folder").click().run()
    assert not app.exception
    assert ("玩具县" if lang == "zh" else "Toy County") in page_text(app)
    assert label("ui.welcome.step_findings", lang) in "".join(one.value for one in app.markdown)


@pytest.mark.parametrize(
    "text", ["", "~nobody-of-this-name", "a\0b", "x" * 300, "/" + "y/" * 3000, "C:\\x", "//host/x"]
)
def test_a_folder_without_a_county_is_said(fresh, tmp_path, text):
    app = fresh.run()
    app.text_input(key="county_path").set_value(text or str(tmp_path))
    app.button(key="open_folder").click().run()
    assert not app.exception
    assert [one.value for one in app.warning] == [label("ui.welcome.no_county", "zh", file="county.toml")]


def test_the_data_page_reports_every_problem_and_checks_again_once_mended(open_app, tmp_path):
    county = toy()
    county.set("classes", 1, "pupils", -3)
    folder = county.write(tmp_path / "bad")
    app = open_app(folder, "pages/data.py")
    (table,) = app.dataframe
    assert table.value[label("ui.repair.what", "zh")].str.len().min() > 0
    toy().write(folder)
    app.button(key="repair_reload").click().run()
    assert not app.exception
    assert label("ui.located.layer", "zh") in app.dataframe[1].value.columns


@pytest.mark.parametrize(
    "manifest", [b"[county", b"\xff\xfe", b"layers = 3", b"layers.rooms = 3", b"[layers]\n" + b"[" * 5000]
)
def test_files_handed_in_with_a_manifest_that_does_not_read_are_reported_like_any_other(fresh, tmp_path, manifest):
    county = toy().write(tmp_path / "handed")
    (county / "county.toml").write_bytes(manifest)
    fresh.session_state["upload_folder"] = SimpleNamespace(name=str(county))
    fresh.session_state["county"] = str(county)
    app = fresh.run().switch_page("pages/data.py").run()
    assert not app.exception
    assert "county.toml" in "".join(app.dataframe[0].value.astype(str).to_numpy().ravel())


@pytest.mark.parametrize(
    "asked",
    [
        {"year": "9" * 5000}, {"year": "0"}, {"year": "9999"}, {"year": "²"}, {"at": "schools:"}, {"at": "places:\0"},
        {"at": "schools:" + "x" * 10_000}, {"at": "schools:<script>"}, {"at": "x:y", "stage": "x", "lang": "fr"},
    ],
    ids=lambda asked: str(asked)[:40],
)  # fmt: skip
def test_an_address_that_asks_for_what_is_not_there_is_passed_over(fresh, folder, monkeypatch, asked):
    monkeypatch.setenv("LAYOUTPLAN_COUNTY", str(folder))
    for name, value in asked.items():
        fresh.query_params[name] = value
    app = fresh.run()
    assert not app.exception
    assert "玩具县" in page_text(app)


def test_an_address_leads_to_a_view_and_is_written_back(open_app, folder, result, monkeypatch):
    monkeypatch.setenv("LAYOUTPLAN_COUNTY", str(folder))
    school_id = str(result.enrolment.frame["school_id"].iloc[0])
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name, value in {"lang": "en", "stage": "junior", "year": "2027", "at": f"schools:{school_id}"}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert (app.segmented_control(key="stage").value, app.select_slider(key="year").value) == ("junior", 2027)
    assert sent(app)["selected"] == {"layer": "schools", "id": school_id}
    assert sent(app)["focus"]["zoom"] == 13
    app.select_slider(key="year").set_value(2028).run()
    assert app.query_params["year"] in ("2028", ["2028"])


@pytest.mark.parametrize("lang", LANGS)
def test_every_number_says_where_it_comes_from(result, lang):
    given = set(result.prepared.county.as_of)
    for page, names in origins.PAGES.items():
        text = origins.told(result, page, lang)
        assert text.count("<h4>") == len(names)
        # What the planner wrote himself comes from no layer, and some layers the toy county does not have.
        from_layers = [name for name in names if given & set(origins.ORIGINS[name].layers)]
        assert text.count(label("ui.origin.layers", lang)) == len(from_layers)
        assert set(names) - set(from_layers) <= {"action", "backtest", "sites", "communities"}
        assert "2022" in text
