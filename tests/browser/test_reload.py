"""A reload in a real browser: scenario and search are there again, for this tab alone."""

import pytest
from planner import WAIT_MS, Planner
from toy_county import toy


@pytest.fixture(scope="module")
def address(app_on, tmp_path_factory):
    county = toy().write(tmp_path_factory.mktemp("toy"))
    with app_on(county) as at:
        yield at


def test_a_reload_keeps_scenario_and_search_and_a_link_hands_on_neither(watch, address, browser, tmp_path):
    planner, page = Planner(watch, tmp_path, "zh"), watch.page
    watch.open(address)
    planner.visit("site", planner.say("ui.site.ways"))
    planner.press("ui.site.keep")
    planner.press("ui.site.add")
    planner.sees(planner.say("ui.site.kept", count=1))
    planner.rest()
    planner.visit("optimise", planner.say("ui.optimise.begin"))
    planner.press("ui.optimise.begin")
    planner.sees(planner.say("ui.optimise.again"))
    planner.rest()

    page.reload()
    planner.sees(planner.say("ui.optimise.again"))
    planner.rest()
    assert "/optimise" in page.url
    planner.visit("plans", planner.say("ui.plans.hand"))
    assert watch.strangers == []
    # Streamlit looks for its server beside a page of its own address first, and is told that it is not there.
    assert [one for one in watch.errors if "404" not in one] == []

    # The address alone, opened elsewhere, brings a fresh page.
    key = page.evaluate("() => sessionStorage.getItem('layoutplan-draft')")
    assert len(key) == 64
    assert key not in page.url
    other = browser.new_page()
    other.goto(page.url)
    other.get_by_text(planner.say("ui.plans.empty")).wait_for(timeout=WAIT_MS)
    assert other.evaluate("() => sessionStorage.getItem('layoutplan-draft')") != key
    other.close()
