"""A county of 2,000 places and 50,000 pieces of road: the page stands, a pin is dragged, the figures follow."""

import json
import runpy
import statistics
import time
from pathlib import Path

import pytest

from layoutplan.labels import label

ROOT = Path(__file__).parents[2]
FIRST_START_MS = 300_000
DRAGS = 6
LARGEST_UPDATE_BYTES = 50_000
LARGEST_PAGE_BYTES = 3_000_000


@pytest.fixture(scope="module")
def address(browser, serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    runpy.run_path(str(ROOT / "benchmarks" / "large_county.py"))["write_large"](folder)
    with serve(ROOT / "app.py", tmp_path_factory.mktemp("log") / "app.log", LAYOUTPLAN_COUNTY=str(folder)) as at:
        page = browser.new_page()
        page.goto(at)  # the first visitor has the county read
        page.wait_for_selector(".planmap[data-ready]", timeout=FIRST_START_MS)
        page.close()
        yield at


def test_a_large_county_is_opened_and_a_school_dragged(watch, address):
    begin = time.monotonic()
    watch.open(address, FIRST_START_MS)
    interactive_s, page_bytes = time.monotonic() - begin, sum(watch.received)
    cells = watch.page.evaluate("() => probe.map().layers.get('cells').items.length")
    places = watch.page.evaluate("() => probe.map().layers.get('places').items.length")

    watch.page.get_by_role("link", name=label("ui.page.site", "zh")).click()
    watch.page.locator('[data-site="site-1"]').wait_for(timeout=FIRST_START_MS)
    watch.settle()
    watch.mark()
    before, lags = watch.state(), []
    watch.drag("site-1", -60, 40, steps=12, pause_ms=25)  # opens what all others share
    watch.settle()
    moved = watch.state()
    assert moved["counts"] != before["counts"]
    watch.received.clear()
    for turn in range(DRAGS):
        sign = 1 if turn % 2 else -1
        watch.drag("site-1", 60 * sign, 40 * sign, steps=12, pause_ms=25)
        lags.append(watch.lag_ms())
        watch.settle()
    figures = {
        "places": places,
        "cells": cells,
        "interactive_s": round(interactive_s, 1),
        "page_bytes": page_bytes,
        "drag_median_ms": statistics.median(lags),
        "largest_message_bytes": max(watch.received),
    }
    print("large county", json.dumps(figures))
    assert places == 2_000
    assert page_bytes <= LARGEST_PAGE_BYTES
    assert figures["largest_message_bytes"] <= LARGEST_UPDATE_BYTES
    after = watch.state()
    assert (after["mark"], after["builds"]) == ("kept", 1)
    assert [after[k] for k in ("zoom", "lat", "lng")] == [before[k] for k in ("zoom", "lat", "lng")]
    assert watch.strangers == []
    assert watch.errors == []
