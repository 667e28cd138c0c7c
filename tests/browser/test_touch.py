"""The map under fingers: real touch events from the browser's own input, on made-up squares."""

from pathlib import Path

import pytest

HARNESS = Path(__file__).with_name("harness_app.py")
SITE_CLASS = "5"
HOLD_MS = 900


@pytest.fixture(scope="module")
def address(browser, serve, tmp_path_factory):
    with serve(HARNESS, tmp_path_factory.mktemp("log") / "harness.log") as at:
        yield at


class Fingers:
    """Fingers on the screen, each at a spot; every change is one touch event."""

    def __init__(self, page):
        self.wire, self.page, self.spots = page.context.new_cdp_session(page), page, {}

    def _send(self, kind):
        points = [{"x": x, "y": y, "id": name} for name, (x, y) in self.spots.items()]
        self.wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def down(self, name, x, y):
        self.spots[name] = (x, y)
        self._send("touchStart")

    def move(self, name, right, down, steps=8):
        x, y = self.spots[name]
        for step in range(1, steps + 1):
            self.spots[name] = (x + right * step / steps, y + down * step / steps)
            self._send("touchMove")
            self.page.wait_for_timeout(20)

    def up(self, name):
        del self.spots[name]
        self._send("touchEnd")


@pytest.fixture
def bench(browser, watching, address):
    context = browser.new_context(viewport={"width": 1180, "height": 760}, has_touch=True)
    watch = watching(context.new_page())
    watch.open(address)
    watch.mark()
    watch.fingers = Fingers(watch.page)
    yield watch
    assert watch.strangers == []
    assert watch.errors == []
    context.close()


def won(watch):
    return watch.state()["counts"].get(SITE_CLASS, 0)


def told(watch):
    figures = watch.page.locator("#figures")
    return float(figures.get_attribute("data-lat")), float(figures.get_attribute("data-lng"))


def view(watch):
    return [watch.state()[name] for name in ("zoom", "lat", "lng")]


def rest(watch):
    watch.page.wait_for_function("() => probe.rested()")
    watch.settle()


def test_a_finger_drags_the_pin_and_the_ground_follows_while_it_is_down(bench):
    before, seen = bench.state(), view(bench)
    bench.fingers.down(1, *bench.spot("site-1"))
    bench.fingers.move(1, 130, 50, steps=12)
    bench.page.wait_for_function(f"() => probe.figure('lng') > {before['site'][1]} + 0.001")
    held = bench.state()
    assert held["counts"] != before["counts"]
    bench.fingers.up(1)
    rest(bench)
    after = bench.state()
    assert won(bench) == int(bench.page.locator("#figures").get_attribute("data-won"))
    assert told(bench) == pytest.approx(after["site"], abs=1e-5)
    assert (after["mark"], view(bench)) == ("kept", seen)


def test_a_long_press_asks_for_a_site_once_and_none_where_a_pin_is(bench):
    box, before = bench.map.bounding_box(), bench.state()["site"]
    bench.fingers.down(1, *bench.spot("site-1"))
    bench.page.wait_for_timeout(HOLD_MS)
    bench.fingers.up(1)
    bench.settle()
    assert bench.state()["site"] == before
    bench.page.evaluate("""() => {
      const talk = probe.map().talk, send = talk.setTriggerValue;
      globalThis.asked = 0;
      talk.setTriggerValue = (name, value) => { asked += name === 'added'; send(name, value); };
    }""")
    bench.fingers.down(1, box["x"] + 250, box["y"] + 400)
    bench.page.wait_for_timeout(HOLD_MS)
    bench.fingers.up(1)
    bench.page.wait_for_function("() => probe.figure('lng') < 105.69")
    bench.settle()
    assert told(bench) == pytest.approx(bench.state()["site"], abs=1e-5)
    assert bench.page.evaluate("() => asked") == 1


def test_a_short_tap_and_a_pan_leave_the_pin_alone(bench):
    box, site, seen = bench.map.bounding_box(), bench.state()["site"], view(bench)
    bench.fingers.down(1, box["x"] + 250, box["y"] + 380)
    bench.fingers.up(1)
    assert view(bench) == seen
    bench.fingers.down(1, box["x"] + 250, box["y"] + 380)
    bench.fingers.move(1, 60, -40)
    bench.fingers.up(1)
    bench.settle()
    panned = view(bench)
    assert panned[0] == seen[0]
    assert panned[2] < seen[2]
    assert bench.state()["site"] == site


def test_two_fingers_zoom_and_the_pin_stays_on_its_ground(bench):
    box, site, zoom = bench.map.bounding_box(), bench.state()["site"], view(bench)[0]
    left, right, down = box["x"] + 300, box["x"] + 420, box["y"] + 260
    bench.fingers.down(1, left, down)
    bench.fingers.down(2, right, down)
    bench.fingers.move(2, 160, 0)
    bench.fingers.up(2)
    bench.fingers.up(1)
    bench.page.wait_for_function(f"() => probe.map().map.getZoom() > {zoom} + 0.3")
    bench.settle()
    assert bench.state()["site"] == site
    assert bench.state()["mark"] == "kept"


def test_a_second_finger_lets_go_of_the_pin_where_it_is(bench):
    box, before = bench.map.bounding_box(), bench.state()["site"]
    bench.fingers.down(1, *bench.spot("site-1"))
    bench.fingers.move(1, 60, 0)
    dropped = bench.state()["site"]
    assert dropped[1] > before[1]
    bench.fingers.down(2, box["x"] + 120, box["y"] + 120)
    rest(bench)
    bench.fingers.move(2, -60, -60)
    bench.fingers.move(1, 50, 50)
    bench.fingers.up(2)
    bench.fingers.up(1)
    bench.settle()
    assert bench.state()["site"] == pytest.approx(dropped, abs=1e-9)
    assert told(bench) == pytest.approx(dropped, abs=1e-5)


@pytest.mark.parametrize("by", ["mouse", "keys"])
def test_escape_puts_the_pin_back(bench, by):
    before = bench.state()
    if by == "mouse":
        x, y = bench.spot("site-1")
        bench.page.mouse.move(x, y)
        bench.page.mouse.down()
        bench.page.mouse.move(x + 120, y + 40, steps=6)
    else:
        bench.page.locator('[data-site="site-1"]').focus()
        bench.page.keyboard.press("ArrowUp")
    assert bench.state()["site"] != before["site"]
    bench.page.keyboard.press("Escape")
    assert bench.state()["site"] == before["site"]
    if by == "mouse":
        bench.page.mouse.move(x + 200, y + 80, steps=4)
        bench.page.mouse.up()
    rest(bench)
    after = bench.state()
    assert (after["site"], after["counts"], after["mark"]) == (before["site"], before["counts"], "kept")
    assert told(bench) == pytest.approx(before["site"], abs=1e-5)
    bench.drag("site-1", 40, 0)  # and it can be taken up again
    bench.settle()
    assert bench.state()["site"][1] > before["site"][1]
