"""The app with the sample county: a school is dragged, the figures and the map follow."""

import json
import re
import statistics
from pathlib import Path

import pytest

from layoutplan.labels import label

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "gis"
FIRST_START_MS = 300_000
DRAGS = 12
LARGEST_UPDATE_BYTES = 50_000


@pytest.fixture(scope="module")
def address(app_on):
    with app_on(SAMPLE) as at:
        yield at


@pytest.fixture
def bench(watch, address):
    watch.open(address, FIRST_START_MS)
    watch.page.get_by_role("link", name=label("ui.page.site", "zh")).click()
    watch.page.locator('[data-site="site-1"]').wait_for(timeout=60_000)
    watch.settle()
    watch.mark()
    yield watch
    assert watch.strangers == []
    assert watch.errors == []


def violet(watch):
    """Return how many cells the map paints for the site: its class comes after the schools'."""
    paint = watch.page.evaluate("() => { const l = probe.map().layers.get('cells'); return l.looks.length - 2 }")
    return watch.state()["counts"].get(str(paint), 0)


def pupils(watch):
    return watch.page.locator('[data-figure="pupils"]').inner_text()


def test_dragging_a_school_changes_figures_and_ground_and_nothing_else(bench):
    before, load, ground = bench.state(), pupils(bench), violet(bench)
    assert ground > 0
    bench.drag("site-1", -150, 110)
    bench.settle()
    after = bench.state()
    assert pupils(bench) != load
    assert 0 < violet(bench) != ground
    assert (after["mark"], after["builds"]) == ("kept", 1)
    assert [after[k] for k in ("zoom", "lat", "lng")] == [before[k] for k in ("zoom", "lat", "lng")]

    load, ground = pupils(bench), violet(bench)
    bench.page.get_by_text("EN", exact=True).click()
    bench.page.get_by_text(label("ui.site.relief", "en")).wait_for()
    bench.settle()
    switched = bench.state()
    assert switched["site"] == pytest.approx(after["site"], abs=2e-5)
    assert (pupils(bench), violet(bench)) == (load, ground)
    assert [switched[k] for k in ("zoom", "lat", "lng")] == pytest.approx(
        [after[k] for k in ("zoom", "lat", "lng")], abs=1e-6
    )
    assert switched["mark"] == "kept"

    bench.page.get_by_text("24", exact=True).first.click()
    bench.settle()
    assert bench.state()["site"] == pytest.approx(after["site"], abs=2e-5)
    assert violet(bench) == ground
    assert bench.page.get_by_text(label("ui.site.load", "en", year=2028)).count() == 1


def test_a_spot_outside_the_county_says_why(bench):
    for _ in range(3):
        bench.drag("site-1", 0, -80)
    bench.page.evaluate("() => { probe.map().map.setZoom(9.5, { animate: false }) }")
    bench.drag("site-1", 330, 20)
    bench.settle()
    assert bench.page.locator(".planmap-pin-reason").inner_text() == label("reason.outside_county", "zh")
    assert violet(bench) == 0


def test_a_finding_picked_in_the_table_is_sought_on_the_map(watch, address):
    watch.open(address, FIRST_START_MS)
    assert watch.state()["zoom"] < 13
    watch.page.get_by_test_id("stDataFrame").first.click(position={"x": 20, "y": 55})
    watch.page.locator(".planmap-ring").wait_for()
    watch.page.wait_for_function("() => probe.map().map.getZoom() === 13")
    assert watch.errors == []


def test_a_school_clicked_on_the_map_narrows_the_table(watch, address):
    watch.open(address, FIRST_START_MS)
    spot = watch.page.evaluate("() => probe.school(0)")
    watch.page.mouse.click(*spot)
    watch.page.get_by_role("button", name=re.compile("^✕")).wait_for()
    watch.page.locator(".planmap-ring").wait_for()
    assert watch.strangers == []
    assert watch.errors == []


def test_a_link_straight_to_a_page_arrives_there(watch, address):
    watch.open(f"{address}/site", FIRST_START_MS)
    watch.page.locator('[data-site="site-1"]').wait_for(timeout=60_000)
    assert watch.strangers == []


def test_time_from_hand_to_repaint_is_logged(bench):
    bench.drag("site-1", -40, 40)
    bench.settle()
    bench.received.clear()
    lags, updates, held_s, before = [], 0, 0.0, bench.state()
    for turn in range(DRAGS):
        sign = 1 if turn % 2 else -1
        live, seconds = bench.drag("site-1", 70 * sign, 45 * sign, steps=24, pause_ms=25)
        updates, held_s = updates + live, held_s + seconds
        lags.append(bench.lag_ms())
        bench.settle()
    after = bench.state()
    figures = {
        "drags": DRAGS,
        "median_ms": statistics.median(lags),
        "p95_ms": sorted(lags)[round(0.95 * (DRAGS - 1))],
        "updates_per_s": round(updates / held_s, 1),
        "largest_message_bytes": max(bench.received),
        "remounts": after["builds"] - 1,
        "view_jumps": int(any(after[k] != before[k] for k in ("zoom", "lat", "lng"))),
        "console_errors": len(bench.errors),
        "requests_elsewhere": len(bench.strangers),
    }
    print("drag to repaint", json.dumps(figures))
    assert figures["largest_message_bytes"] <= LARGEST_UPDATE_BYTES
    assert updates > 0
    for name in ("remounts", "view_jumps", "console_errors", "requests_elsewhere"):
        assert figures[name] == 0
    assert after["mark"] == "kept"
