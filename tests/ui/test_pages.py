import io
import zipfile
from pathlib import Path

import pytest
from pages_tools import ground, page_text, press, sent, tell
from toy_county import at, toy

from layoutplan.county.tables import TABLES
from layoutplan.labels import label
from layoutplan.plan.located import locate_problems
from layoutplan.ui import diagnosis

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("lang", "name"), [("zh", "玩具县"), ("en", "Toy County")])
def test_overview_speaks_both_languages(open_app, folder, lang, name):
    app = open_app(folder, lang=lang)
    assert name in page_text(app)
    for key in ("large_classes", "over_size", "seat_gap", "shell_candidates", "over_limit"):
        assert label(f"ui.tile.{key}", lang) in page_text(app)
    notes = ground(app)["notes"]
    assert notes[0] == label("ui.synthetic", lang)
    assert label("ui.map.internal", lang) in notes
    assert "EPSG:4544" in notes


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_site_page_tries_a_site_at_once(open_app, folder, lang):
    app = open_app(folder, "pages/site.py", lang)
    (site,) = sent(app)["sites"]
    assert site["name"] == label("ui.site.nth", lang, name=1)
    assert site["draggable"]
    assert not site["reason"]
    assert sent(app)["cards"][1]["blocks"][0]["items"][0]["name"] == "pupils"


def test_a_move_in_numbers_moves_the_site_and_outside_says_why(open_app, folder):
    app = open_app(folder, "pages/site.py")
    before = sent(app)["sites"][0]
    east = app.number_input(key="site_east").value
    app.number_input(key="site_east").set_value(east + 500.0).run()
    after = sent(app)["sites"][0]
    assert after["lng"] > before["lng"]
    assert not after["reason"]
    app.number_input(key="site_east").set_value(east + 90_000.0).run()
    assert sent(app)["sites"][0]["reason"] == label("reason.outside_county", "zh")
    assert sent(app)["cards"][1]["title"] == label("reason.outside_county", "zh")
    assert sent(app)["cards"][1]["blocks"][0]["text"] == label("ui.spot.outside_county", "zh")


def test_language_switch_keeps_stage_year_and_site(open_app, folder):
    app = open_app(folder, "pages/site.py")
    east = app.number_input(key="site_east").value + 250.0
    app.number_input(key="site_east").set_value(east).run()
    app.segmented_control(key="stage").set_value("junior").run()
    app.select_slider(key="year").set_value(2031).run()
    app.segmented_control(key="lang").set_value("en").run()
    assert app.segmented_control(key="stage").value == "junior"
    assert app.select_slider(key="year").value == 2031
    assert app.number_input(key="site_east").value == east
    assert sent(app)["cards"][1]["title"] == label("ui.site.load", "en", year=2031)


def test_a_kept_site_becomes_a_school_and_can_be_undone(open_app, folder):
    app = open_app(folder, "pages/site.py")
    app.button(key="site_add").click().run()
    (action,) = app.session_state["scenario"].actions
    assert (action.kind, action.school_id, action.primary_rooms) == ("open_school", "site-1", 18)
    (schools,) = [layer for layer in ground(app)["layers"] if layer["name"] == "schools"]
    assert "site-1" in {feature["id"] for feature in schools["features"]}
    assert sent(app)["sites"] == []
    press(app, "step", "undo")
    assert app.session_state["scenario"].actions == ()
    assert [site["id"] for site in sent(app)["sites"]] == ["site-1"]
    press(app, "step", "redo")
    assert len(app.session_state["scenario"].actions) == 1


def test_candidates_are_added_resized_and_dropped(open_app, folder):
    app = open_app(folder, "pages/site.py")
    press(app, "site", "+")
    press(app, "rooms", "24")
    assert [(site["id"], site["active"]) for site in sent(app)["sites"]] == [("site-1", False), ("site-2", True)]
    assert [one.rooms for one in app.session_state["bench"].candidates] == [18, 24]
    press(app, "site", "site-1")
    press(app, "step", "drop")
    assert [site["id"] for site in sent(app)["sites"]] == ["site-2"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_demand_page_shows_curves_the_test_the_townships_and_the_sites(open_app, folder, lang):
    app = open_app(folder, "pages/demand.py", lang)
    assert page_text(app).count("data:image/svg+xml") == 2 + 1  # the stages, the one resettlement site
    assert label("ui.sites.key_expected", lang) in page_text(app)
    assert label("ui.demand.tested", lang) in page_text(app)
    assert set(sent(app)["paint"]) == {"ground", "schools"}
    (table,) = app.dataframe
    assert label("ui.demand.township", lang) in table.value.columns
    app.segmented_control(key="demand_view").set_value("sites").run()
    (table,) = app.dataframe
    assert table.value[label("ui.sites.planned", lang)].tolist() == [200]
    assert table.value[label("ui.sites.observed", lang)].tolist() == [80]


def click(app, layer, name):
    """Click something on the map."""
    tell(app, "clicked", {"layer": layer, "id": name})


@pytest.mark.parametrize("layer", ["ground", "cells"])
def test_ground_clicked_on_the_demand_map_is_its_township(open_app, folder, result, layer):
    app = open_app(folder, "pages/demand.py")
    towns = result.prepared.county.townships
    tiles = result.prepared.cells["walk"].frame.geometry.representative_point()
    inside = towns.geometry.iloc[1].contains
    name = "1" if layer == "ground" else str(next(at for at, spot in enumerate(tiles) if inside(spot)))
    click(app, layer, name)
    assert f"<h4>{towns['name'].iloc[1]}" in page_text(app)
    assert sent(app)["focus"]["seq"].startswith(towns["township_id"].iloc[1])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_findings_page_lists_every_tab(open_app, folder, result, lang):
    counts = result.findings.frame["rule"].map(diagnosis.tab_of).value_counts()
    app = open_app(folder, "pages/findings.py", lang)
    for tab in diagnosis.TABS:
        app.segmented_control(key="finding_tab").set_value(tab).run()
        assert not app.exception
        for table in app.dataframe:
            assert len(table.value) <= counts[tab]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_ledger_page_has_a_list_for_every_tab(open_app, folder, lang):
    app = open_app(folder, "pages/ledger.py", lang)
    for tab, heading in (("resources", "school"), ("equity", "township"), ("communities", "community")):
        app.segmented_control(key="ledger_tab").set_value(tab).run()
        assert not app.exception
        for table in app.dataframe:
            assert label(f"ui.ledger.{heading}", lang) in table.value.columns
    assert label("ui.ledger.spread", lang, stage=label("stage.primary", lang)) in page_text(app)


def test_plans_page_lists_actions_takes_one_out_and_compares(open_app, folder):
    app = open_app(folder, "pages/site.py")
    app.button(key="site_add").click().run()
    app.switch_page("pages/plans.py").run()
    assert not app.exception
    (actions,) = app.dataframe
    assert actions.value[label("ui.plans.action", "zh")].tolist() == [label("ui.plans.kind_open_school", "zh")]
    for name in ("base", "hand"):
        assert label(f"ui.plans.{name}", "zh") in page_text(app)
    app.button(key="plan_keep").click().run()
    assert [plan.name for plan in app.session_state["kept_plans"]] == [label("ui.plans.nth", "zh", number=1)]
    assert label("ui.plans.nth", "zh", number=1) in page_text(app)


def test_outputs_page_makes_files_on_demand(open_app, folder):
    app = open_app(folder, "pages/outputs.py")
    assert not app.session_state["made"]
    app.button(key="make_map").click().run()
    assert not app.exception
    (archive,) = app.session_state["made"].values()
    with zipfile.ZipFile(io.BytesIO(archive)) as held:
        assert [name.endswith(".html") for name in held.namelist()] == [True]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_findings_page_shows_the_way_to_no_large_class(open_app, folder, lang):
    app = open_app(folder, "pages/findings.py", lang)
    shown = page_text(app)
    assert label("ui.path.picture", lang) in shown
    assert label("ui.path.rooms_to_add", lang) in shown


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_data_page_lists_every_layer_and_what_to_look_at(open_app, folder, result, lang):
    app = open_app(folder, "pages/data.py", lang)
    layers, problems = app.dataframe
    names = layers.value[label("ui.data.layer", lang)].tolist()
    assert {getattr(TABLES[name], lang) for name in ("schools", "roads", "residential", "resettlement")} <= set(names)
    assert problems.value[label("ui.located.what", lang)].str.len().min() > 0
    located = locate_problems(result.prepared)
    assert [site["id"] for site in sent(app)["sites"]] == [
        str(at + 1) for at in located.index[located["east_m"].notna()]
    ]
    assert label("ui.rose.few", lang, count=3) in page_text(app)


def test_a_pin_of_the_data_map_is_a_row_of_the_list(open_app, tmp_path):
    county = toy()
    county.set("residential", 2, "geometry", at(18, 9.5))
    app = open_app(county.write(tmp_path), "pages/data.py")
    (pin,) = [site for site in sent(app)["sites"] if site["lat"] == max(one["lat"] for one in sent(app)["sites"])]
    press(app, "site", pin["id"])
    assert sent(app)["focus"]["seq"] == f"problem-{pin['id']}"
    assert f"<h4>{pin['id']} · " in page_text(app)


def test_what_is_chosen_above_the_page_stays_from_page_to_page(open_app, folder):
    app = open_app(folder)
    app.segmented_control(key="stage").set_value("junior").run()
    app.select_slider(key="year").set_value(2031).run()
    for page in ("demand", "findings", "site", "plans", "ledger", "outputs", "data", "overview"):
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception
        assert (app.segmented_control(key="stage").value, app.select_slider(key="year").value) == ("junior", 2031)


def test_faulty_county_is_a_list_of_problems_not_a_traceback(open_app, tmp_path):
    county = toy()
    county.set("classes", 1, "pupils", -3)
    county.set("schools", 1, "kind", "palace")
    app = open_app(county.write(tmp_path / "bad"))
    assert len(app.error) == 1
    assert page_text(app).count("<li>") >= 2
    assert "Traceback" not in page_text(app)


def test_pages_hold_no_words_and_stay_short():
    for page in (ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))):
        text = page.read_text("utf-8")
        assert len(text.splitlines()) <= 120
        assert not any("\u4e00" <= sign <= "\u9fff" for sign in text)
