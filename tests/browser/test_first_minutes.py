"""The first minutes in a real browser: files are handed in, a problem is mended, a small school meets its gate."""

import pytest
from planner import packed
from toy_county import toy

from layoutplan.labels import label

WAIT_MS = 120_000


@pytest.fixture(scope="module")
def address(app_on):
    with app_on() as at:
        yield at


def rest(watch):
    watch.page.wait_for_timeout(300)
    watch.page.wait_for_selector('.stApp[data-test-script-state="notRunning"]', timeout=WAIT_MS)


def hand_in(watch, file):
    page = watch.page
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name=label("ui.welcome.take", "zh")).click()


def test_files_are_handed_in_mended_and_a_school_meets_its_gate(watch, address, tmp_path):
    good = toy().write(tmp_path / "good")
    county = toy()
    county.set("classes", 1, "pupils", -3)
    bad = county.write(tmp_path / "bad")
    page = watch.page
    page.goto(address)
    page.get_by_role("button", name=label("ui.welcome.open_sample", "zh")).wait_for(timeout=WAIT_MS)

    # What is wrong is listed; the mended file alone is handed in again.
    hand_in(watch, packed(bad))
    page.get_by_text(label("ui.repair.title", "zh", count=1)).wait_for(timeout=WAIT_MS)
    hand_in(watch, good / "classes.csv")
    page.get_by_text(label("ui.tile.large_classes", "zh")).first.wait_for(timeout=WAIT_MS)
    page.wait_for_selector(".planmap[data-ready]", timeout=WAIT_MS)
    rest(watch)
    page.get_by_text(label("ui.welcome.step_findings", "zh")).wait_for()

    # A school clicked on the map opens its conditions, the ladder and the file of a review.
    page.get_by_role("link", name=label("ui.page.closures", "zh"), exact=True).click()
    page.wait_for_selector(".planmap[data-ready]", timeout=WAIT_MS)
    rest(watch)
    page.mouse.click(*page.evaluate("() => probe.school(0)"))
    page.get_by_text(label("ui.closures.locks", "zh", year=2028)).wait_for(timeout=WAIT_MS)
    page.get_by_text(label("ui.alternatives.view_ladder", "zh"), exact=True).click()
    page.get_by_text(label("ui.alternatives.row_walk", "zh")).wait_for(timeout=WAIT_MS)
    rest(watch)
    assert page.evaluate("() => Boolean(probe.map().sketch)")
    with page.expect_download() as handed:
        page.get_by_role("button", name=label("ui.alternatives.sheet", "zh")).click()
    assert handed.value.suggested_filename.endswith(".docx")

    # The address says what is looked at.
    assert "at=schools" in page.url
    assert watch.strangers == []
    assert watch.errors == []
