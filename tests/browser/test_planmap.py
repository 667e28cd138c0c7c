"""The map alone: what a planner's hand does to it, over made-up squares."""

from pathlib import Path

import pytest

HARNESS = Path(__file__).with_name("harness_app.py")
SITE_CLASS = "5"


@pytest.fixture(scope="module")
def address(browser, serve, tmp_path_factory):
    with serve(HARNESS, tmp_path_factory.mktemp("log") / "harness.log") as at:
        yield at


@pytest.fixture
def bench(watch, address):
    watch.open(address)
    watch.mark()
    yield watch
    assert watch.strangers == []
    assert watch.errors == []


def won(watch):
    return watch.state()["counts"].get(SITE_CLASS, 0)


def told(watch):
    """Return the site as Python last knew it: lat, lng."""
    figures = watch.page.locator("#figures")
    return float(figures.get_attribute("data-lat")), float(figures.get_attribute("data-lng"))


def test_drag_repaints_without_remount_or_jump(bench):
    before = bench.state()
    bench.drag("site-1", 120, 60)
    bench.settle()
    after = bench.state()
    assert after["counts"] != before["counts"]
    assert won(bench) == int(bench.page.locator("#figures").get_attribute("data-won"))
    assert (after["mark"], after["builds"]) == ("kept", 1)
    assert [after[k] for k in ("zoom", "lat", "lng")] == [before[k] for k in ("zoom", "lat", "lng")]
    assert told(bench) == pytest.approx(after["site"], abs=1e-5)


def test_geometry_does_not_ride_along_with_a_drag(bench):
    bench.drag("site-1", -60, 30)
    bench.settle()
    bench.received.clear()
    bench.drag("site-1", 60, -30)
    bench.settle()
    assert max(bench.received) < 30_000


def test_figures_follow_while_the_pin_is_still_held(bench):
    x, y = bench.spot("site-1")
    mouse = bench.page.mouse
    first = told(bench)
    mouse.move(x, y)
    mouse.down()
    for step in range(1, 12):
        mouse.move(x - 10 * step, y)
        bench.page.wait_for_timeout(40)
    bench.page.wait_for_function(f"() => probe.figure('lng') < {first[1]} - 0.001")
    held = bench.spot("site-1")
    assert held[0] == pytest.approx(x - 110, abs=2)
    mouse.up()
    bench.settle()
    assert told(bench) == pytest.approx(bench.state()["site"], abs=1e-5)


LOSE_ONE = """() => {
  const plan = probe.map(), { talk } = plan;
  globalThis.lost = 0;
  plan.talk = { ...talk, setStateValue: (name, value) => (globalThis.lost++ ? talk.setStateValue(name, value) : null) };
}"""


def test_a_report_that_is_lost_is_sent_again_while_the_hand_rests(bench):
    x, y = bench.spot("site-1")
    first = told(bench)
    bench.page.evaluate(LOSE_ONE)
    bench.page.mouse.move(x, y)
    bench.page.mouse.down()
    bench.page.mouse.move(x - 60, y)
    bench.page.wait_for_function(f"() => probe.figure('lng') < {first[1]} - 0.001")
    assert bench.page.evaluate("() => globalThis.lost") >= 2
    bench.page.mouse.up()
    bench.settle()
    assert told(bench) == pytest.approx(bench.state()["site"], abs=1e-5)


def test_what_did_not_arrive_is_asked_for(watch, serve, tmp_path):
    with serve(HARNESS, tmp_path / "lost.log", HARNESS_LOST="1") as address:
        watch.open(address)
        watch.drag("site-1", 60, -30)
        watch.settle()
        assert won(watch) == int(watch.page.locator("#figures").get_attribute("data-won"))
    assert watch.errors == []


def test_python_may_move_the_pin(bench):
    bench.drag("site-1", 80, 0)
    bench.settle()
    bench.page.get_by_role("button", name="south-west").click()
    bench.page.wait_for_function("() => probe.figure('lat') === 35.82")
    bench.settle()
    assert bench.state()["site"] == pytest.approx([35.82, 105.62])


def test_arrow_keys_move_the_pin_and_report_it(bench):
    before = bench.state()
    bench.page.locator('[data-site="site-1"]').focus()
    for _ in range(3):
        bench.page.keyboard.press("ArrowUp")
    bench.page.keyboard.press("Shift+ArrowRight")
    bench.page.wait_for_function("() => probe.rested()")
    bench.settle()
    after = bench.state()
    assert (after["site"][0] - before["site"][0]) * 111_320 == pytest.approx(300, abs=1)
    assert after["site"][1] > before["site"][1]
    assert told(bench) == pytest.approx(after["site"], abs=1e-5)
    assert (after["lat"], after["lng"]) == (before["lat"], before["lng"])


def test_right_click_puts_the_site_there(bench):
    box = bench.map.bounding_box()
    bench.page.mouse.click(box["x"] + 250, box["y"] + 400, button="right")
    bench.page.wait_for_function("() => probe.figure('lng') < 105.69")
    bench.settle()
    assert told(bench) == pytest.approx(bench.state()["site"], abs=1e-5)


def test_place_outside_is_refused_with_words_on_the_pin(bench):
    bench.drag("site-1", -330, 0)
    bench.settle()
    assert bench.page.locator(".planmap-pin-reason").inner_text() == "在县界之外"
    assert won(bench) == int(bench.page.locator("#figures").get_attribute("data-won"))


def test_names_are_text_on_the_map_and_clicks_name_the_feature(bench):
    spot = bench.page.evaluate("() => probe.school(0)")
    bench.page.mouse.move(*spot)
    tip = bench.page.locator(".planmap-tip")
    tip.get_by_text("<img src=x onerror=window.__x=1>").wait_for()
    assert bench.page.evaluate("() => window.__x") is None
    bench.page.mouse.click(*spot)
    bench.page.locator("#clicked", has_text="schools/s0").wait_for()


def test_request_to_look_counts_once(bench):
    bench.page.get_by_role("button", name="look").click()
    bench.page.wait_for_function("() => probe.map().map.getZoom() === 14 && !probe.map().map._animatingZoom")
    bench.settle()
    bench.page.evaluate("() => { probe.map().map.setZoom(12, { animate: false }) }")
    bench.page.get_by_role("button", name="south-west").click()
    bench.page.wait_for_function("() => probe.figure('lat') === 35.82")
    bench.settle()
    assert bench.state()["zoom"] == 12


HOSTILE = (
    "<img src=x onerror=window.__x=1>",
    '"><script>window.__x=1</script>',
    "`${window.__x=1}`",
    "javascript:window.__x=1",
    "'};window.__x=1;//<svg onload=window.__x=1>",
)
# Where words of the data reach the page; each must hold the text itself, and no element made of it.
SINKS = (
    ".planmap-notes span", ".planmap-label span", ".lp-card h4", ".lp-card p", ".lp-line span", ".lp-line em",
    ".lp-line > i:last-child", ".lp-figure b", ".lp-figure span", ".lp-figure em", ".lp-years span",
    ".lp-choice button", ".lp-choice > span",
)  # fmt: skip


def test_hostile_names_are_text_in_every_sink(watch, serve, tmp_path):
    with serve(HARNESS, tmp_path / "hostile.log", HARNESS_HOSTILE="1") as address:
        watch.open(address)
        page = watch.page
        for sink in SINKS:
            held = page.locator(sink).all_text_contents()
            assert set(HOSTILE) <= set(held), sink
        assert page.locator(".planmap-pin-name").inner_text() == HOSTILE[0]
        for at, text in enumerate(HOSTILE):
            page.mouse.move(*page.evaluate(f"() => probe.school({at})"))
            page.locator(".planmap-tip", has_text=text).wait_for()
        page.locator(".lp-choice button").first.click()
        watch.settle()
        made = page.evaluate("() => document.querySelectorAll('.planmap-desk img, .planmap-desk script').length")
        assert made == 0
        assert page.evaluate("() => window.__x") is None
        print(f"hostile names: {len(SINKS) + 2} sinks x {len(HOSTILE)} payloads, 0 executed")
    assert watch.strangers == []
    assert watch.errors == []
