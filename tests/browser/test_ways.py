"""From page to page in a real browser: a click on another page arrives, whatever box stands open."""

from pathlib import Path

import pytest
from planner import WAIT_MS, Planner

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def address(app_on):
    with app_on(ROOT / "data" / "gis") as at:
        yield at


@pytest.mark.parametrize("box", ["ui.site.keep", "ui.site.coordinates"])
def test_an_open_box_does_not_hold_anybody_back(watch, address, tmp_path, box):
    planner, page = Planner(watch, tmp_path, "zh"), watch.page
    watch.open(address)
    planner.visit("site", planner.say("ui.site.ways"))
    planner.press(box)
    page.wait_for_selector('[data-testid="stPopoverBody"]', timeout=WAIT_MS)
    planner.rest()
    planner.visit("closures", planner.say("ui.closures.how"))
    print("clicked again:", page.evaluate("() => layoutplanWays.again"))
    assert "/closures" in page.url

    # Somebody who goes on at once is not called back.
    planner.visit("site", planner.say("ui.site.ways"))
    planner.press(box)
    page.wait_for_selector('[data-testid="stPopoverBody"]', timeout=WAIT_MS)
    planner.rest()
    page.get_by_role("link", name=planner.say("ui.page.closures"), exact=True).click()
    planner.visit("ledger", planner.say("ui.ledger.tab_resources"))
    page.wait_for_timeout(2500)
    assert "/ledger" in page.url
    assert watch.errors == []
