"""A planner's hour in the app, on the sample county: what was asked is there, in both languages, with pictures."""

import os
import re
from pathlib import Path

import pytest

from layoutplan.labels import label

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "gis"
FIRST_START_MS = 300_000


@pytest.fixture(scope="module")
def address(browser, serve, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "app.log"
    with serve(ROOT / "app.py", log, LAYOUTPLAN_COUNTY=str(SAMPLE)) as at:
        yield at
        assert "Traceback" not in log.read_text("utf-8")


@pytest.fixture
def shots(tmp_path):
    """Where the pictures go: LAYOUTPLAN_SHOTS to keep and look at them."""
    folder = Path(os.environ.get("LAYOUTPLAN_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Planner:
    """Somebody at the app: goes to a page, looks, takes a picture."""

    def __init__(self, watch, shots):
        self.watch, self.page, self.shots, self.lang = watch, watch.page, shots, "zh"

    def say(self, key, **values):
        return label(key, self.lang, **values)

    def visit(self, name, mark):
        """Go to a page and wait for something of it."""
        self.page.get_by_role("link", name=self.say(f"ui.page.{name}"), exact=True).click()
        self.page.get_by_text(mark).first.wait_for(timeout=60_000)
        self.rest()

    def rest(self):
        self.page.wait_for_selector('.stApp[data-test-script-state="notRunning"]', timeout=120_000)
        if self.page.locator(".planmap").count():
            self.page.wait_for_selector(".planmap[data-ready]", timeout=60_000)
            self.watch.settle()

    def picture(self, name):
        self.page.screenshot(path=self.shots / f"{name}-{self.lang}.png")

    def sought(self):
        """Pick the first row of the list; return the zoom the map goes to."""
        before = self.watch.state()["zoom"]
        self.page.get_by_test_id("stDataFrame").first.click(position={"x": 20, "y": 52})
        self.page.wait_for_function(f"() => probe.map().map.getZoom() > {before} + 0.3")
        self.rest()
        return self.watch.state()["zoom"]


def tour(planner):
    """Look at every page; each list is sought on the map."""
    planner.rest()
    planner.picture("overview")
    planner.visit("demand", planner.say("ui.demand.tested"))
    planner.picture("demand")
    assert planner.sought() > 0
    planner.visit("findings", planner.say("ui.diagnosis.tab_classes"))
    assert planner.sought() == 13
    planner.picture("findings")
    planner.visit("closures", planner.say("ui.closures.how"))
    assert planner.sought() == 13
    planner.picture("closures")
    planner.visit("ledger", planner.say("ui.ledger.tab_resources"))
    assert planner.sought() == 13
    planner.page.get_by_text(planner.say("ui.ledger.head_gap")).wait_for()
    planner.picture("ledger")
    planner.visit("data", planner.say("ui.data.report_all"))
    planner.picture("data")


def test_a_planners_hour(watch, address, shots):
    watch.open(address, FIRST_START_MS)
    planner, page = Planner(watch, shots), watch.page
    tour(planner)

    # Two candidates are dragged; one is kept in the scenario.
    planner.visit("site", planner.say("ui.site.weighed").split("(")[0][:2])
    watch.drag("site-1", -60, 30)
    watch.settle()
    page.locator('[data-choice="site=+"]').click()
    page.locator('[data-site="site-2"]').wait_for()
    watch.settle()
    watch.drag("site-2", 90, 60)
    watch.settle()
    page.get_by_text(planner.say("ui.site.weighed")).wait_for()
    planner.picture("site")
    page.get_by_role("button", name=planner.say("ui.site.keep")).click()
    page.get_by_role("button", name=planner.say("ui.site.add"), exact=True).click()
    page.get_by_text(planner.say("ui.site.kept", count=1)).wait_for(timeout=60_000)
    planner.rest()

    # The plan beside the base, then its files.
    planner.visit("plans", planner.say("ui.plans.beside", year=2028))
    page.get_by_text(planner.say("ui.plans.hand"), exact=True).wait_for(timeout=60_000)
    assert planner.sought() == 13
    planner.picture("plans")
    planner.visit("outputs", planner.say("ui.outputs.tables"))
    page.get_by_role("button", name=planner.say("ui.outputs.make")).last.click()
    page.get_by_role("button", name=re.compile(r"kB")).wait_for(timeout=120_000)
    planner.picture("outputs")
    with page.expect_download() as handed:
        page.get_by_role("button", name=re.compile(r"kB")).click()
    assert handed.value.suggested_filename.endswith(".zip")

    # The other language keeps what was chosen and done.
    page.get_by_text("EN", exact=True).click()
    planner.lang = "en"
    page.get_by_text(planner.say("ui.outputs.tables")).first.wait_for(timeout=60_000)
    planner.visit("overview", planner.say("ui.tile.large_classes"))
    tour(planner)
    planner.visit("site", planner.say("ui.site.kept", count=1))
    assert page.locator('[data-site="site-1"]').count() == 1
    planner.picture("site")
    assert watch.strangers == []
    assert watch.errors == []
