"""A planner's hour in the app, from files with faults to the plan handed out, in both languages, with pictures.

``LAYOUTPLAN_SHOTS=folder`` keeps the pictures, so that somebody can look at them.
"""

import csv
import io
import json
import os
import re
import zipfile
from pathlib import Path

import pytest
from planner import WAIT_MS, Planner, packed
from toy_county import toy

A_SMALL_PRIMARY = "2164220166"  # of the sample county: to be kept, but grades 1-3 alone may stay


@pytest.fixture(scope="module")
def address(app_on):
    with app_on() as at:
        yield at


@pytest.fixture
def shots(tmp_path):
    folder = Path(os.environ.get("LAYOUTPLAN_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_planners_hour(watch, address, shots, tmp_path, lang):
    planner = Planner(watch, shots, lang)
    watch.page.goto(address)
    watch.page.get_by_text("中文", exact=True).wait_for(timeout=WAIT_MS)
    planner.rest()
    planner.speak(lang)
    files_are_mended(planner, tmp_path)
    the_sample_is_opened(planner)
    every_page_is_looked_at(planner)
    large_classes_are_found(planner)
    two_sites_are_dragged(planner)
    a_school_meets_its_gate(planner)
    plans_are_compared(planner)
    the_plan_is_handed_out(planner)
    the_other_language_keeps_what_was_done(planner)
    assert watch.strangers == []
    assert watch.errors == []


def faulty(folder):
    """Write the toy county with a heading of another name, a layer without CRS, a class without school."""
    county = toy()
    county.frames["classes"] = county.frames["classes"].rename(columns={"pupils": "人数"})
    mended = county.write(folder / "good") / "classes.csv"
    county.set("classes", 1, "school_id", "9999")
    county.frames["schools"] = county.frames["schools"].set_crs(None, allow_override=True)
    return packed(county.write(folder / "bad")), mended


def files_are_mended(planner, folder):
    archive, mended = faulty(folder)
    planner.sees(planner.say("ui.welcome.what"))
    planner.rest()
    planner.picture("1-start")
    planner.hand_in(archive)
    planner.sees(planner.say("ui.repair.columns"))
    planner.rest()
    planner.picture("2-problems")
    page = planner.page
    page.locator(".st-key-columns_apply button").click()
    page.locator(".st-key-columns_apply").wait_for(state="detached", timeout=WAIT_MS)
    planner.sees(planner.say("ui.repair.systems"))
    planner.rest()
    page.locator(".st-key-system_schools input").click()
    page.get_by_role("option", name="EPSG:4544", exact=True).click()
    page.locator(".st-key-systems_apply button").click()
    page.locator(".st-key-systems_apply").wait_for(state="detached", timeout=WAIT_MS)
    planner.sees(planner.say("ui.repair.title", count=1))
    planner.rest()
    planner.picture("3-last-problem")
    planner.hand_in(mended)
    planner.sees(planner.say("ui.tile.large_classes"))
    planner.rest()
    planner.picture("4-opened")


def the_sample_is_opened(planner):
    planner.visit("data", planner.say("ui.welcome.change"))
    planner.page.get_by_text(planner.say("ui.welcome.change"), exact=True).click()
    planner.press("ui.repair.other")
    planner.press("ui.welcome.open_sample")
    planner.sees("西吉" if planner.lang == "zh" else "Xiji")
    planner.sees(planner.say("ui.tile.large_classes"))
    planner.rest()
    planner.page.get_by_role("button", name="✕").click()
    planner.picture("5-overview")


def every_page_is_looked_at(planner):
    planner.visit("demand", planner.say("ui.demand.tested"))
    planner.picture("6-demand")
    assert planner.sought() > 0
    planner.visit("ledger", planner.say("ui.ledger.tab_resources"))
    assert planner.sought() == 13
    planner.sees(planner.say("ui.ledger.head_gap"))
    planner.picture("7-ledger")
    planner.visit("optimise", planner.say("ui.optimise.begin"))
    planner.picture("8-optimise")
    planner.visit("data", planner.say("ui.welcome.change"))
    planner.picture("9-data")


def large_classes_are_found(planner):
    planner.visit("findings", planner.say("ui.diagnosis.tab_classes"))
    assert planner.sought() == 13
    planner.sees(planner.say("ui.findings.clause_is", clause="教育部"))
    planner.picture("10-findings")


def two_sites_are_dragged(planner):
    watch, page = planner.watch, planner.page
    planner.visit("site", planner.say("ui.site.ways"))
    watch.drag("site-1", -60, 30)
    watch.settle()
    page.locator('[data-choice="site=+"]').click()
    page.locator('[data-site="site-2"]').wait_for()
    watch.settle()
    watch.drag("site-2", 90, 60)
    watch.settle()
    planner.sees(planner.say("ui.site.weighed"))
    planner.picture("11-site")
    planner.press("ui.site.keep")
    planner.press("ui.site.add")
    planner.sees(planner.say("ui.site.kept", count=1))
    planner.rest()


def a_school_meets_its_gate(planner):
    """A gate that lets nothing through says why; what it leaves open goes into the scenario."""
    page = planner.page
    planner.visit("closures", planner.say("ui.closures.how"))
    assert planner.sought(row=20) == 13
    planner.sees(planner.say("ui.closures.locks", year=2028))
    page.get_by_text(re.compile(planner.say("ui.gate.kept", locks="LOCKS").replace("LOCKS", ".+"))).wait_for()
    keep = page.get_by_role("button", name=planner.say("ui.alternatives.into_plan"), exact=True).first
    assert keep.is_disabled()
    planner.picture("12-gate")
    planner.click_school(A_SMALL_PRIMARY)
    planner.sees(planner.say("ui.alternatives.view_ladder"), exact=True)
    page.get_by_text(planner.say("ui.alternatives.view_ladder"), exact=True).click()
    planner.sees(planner.say("ui.alternatives.row_walk"))
    rungs = page.locator('[class*="st-key-rung_2"]')
    rungs.get_by_text(planner.say("ui.alternatives.rung_point"), exact=True).click()
    page.wait_for_function("() => !document.querySelector('.st-key-rung_keep button').disabled", timeout=WAIT_MS)
    planner.rest()
    planner.picture("13-ladder")
    keep.click()
    planner.rest()


def plans_are_compared(planner):
    planner.visit("plans", planner.say("ui.plans.beside", year=2028))
    planner.sees(planner.say("ui.plans.hand"), exact=True)
    assert planner.sought() == 13
    planner.picture("14-plans")
    planner.page.get_by_text(planner.say("ui.plans.beside", year=2028)).evaluate("node => node.scrollIntoView()")
    planner.picture("15-compared")


def the_plan_is_handed_out(planner):
    """The archive opens, its files are of this county and this scenario."""
    page = planner.page
    planner.visit("outputs", planner.say("ui.outputs.tables"))
    page.get_by_role("button", name=planner.say("ui.outputs.make")).last.click()
    page.get_by_role("button", name=re.compile("kB")).wait_for(timeout=WAIT_MS)
    planner.rest()
    planner.picture("16-outputs")
    with page.expect_download() as handed:
        page.get_by_role("button", name=re.compile("kB")).click()
    with zipfile.ZipFile(handed.value.path()) as archive:
        assert archive.testzip() is None
        names = {Path(name).name: name for name in archive.namelist()}
        assert {"summary.json", "findings.csv", "enrolment.csv", "assignment.csv", "balance.csv", "plan.gpkg"} <= set(
            names
        )
        summary = json.loads(archive.read(names["summary.json"]))
        enrolment = list(csv.DictReader(io.TextIOWrapper(archive.open(names["enrolment.csv"]), "utf-8-sig")))
    assert summary["synthetic"]
    opened, changed = summary["scenario"]["content"]["actions"]
    assert (opened["kind"], changed["kind"]) == ("open_school", "convert_school")
    assert opened["school_id"] in {row["school_id"] for row in enrolment if row["year"] == "2028"}


def the_other_language_keeps_what_was_done(planner):
    planner.speak("en" if planner.lang == "zh" else "zh")
    planner.sees(planner.say("ui.outputs.tables"))
    planner.visit("site", planner.say("ui.site.kept", count=2))
    assert planner.page.locator('[data-site="site-1"]').count() == 1
