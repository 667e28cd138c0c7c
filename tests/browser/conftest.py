"""The app on a free port, and a record of everything that leaves or goes wrong."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError

ROOT = Path(__file__).parents[2]
START_S = 60


@contextlib.contextmanager
def serving(script, log, **environment):
    """Serve a Streamlit script; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(script),
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1", **environment}
    with log.open("w", encoding="utf-8") as out:
        server = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=out, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}"
            await_health(f"{address}/_stcore/health", server, log)
            yield address
        finally:
            server.terminate()
            server.wait(20)


def await_health(url, server, log):
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if server.poll() is not None:
            raise AssertionError(log.read_text("utf-8"))
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.1)
    raise AssertionError(f"the app did not start in {START_S} s")


# Run in the page before all else: what the tests ask of the map.
PROBE = """
const root = () => document.querySelector('.planmap');
globalThis.probe = {
  map: () => root()?.planmap,
  heard: () => { const m = root()?.planmap; return m && +root().dataset.ack >= m.seq; },
  painted: () => { const m = root().planmap; return m.seq > 0 && +root().dataset.painted >= m.seq; },
  rested: () => { const m = root().planmap; return m.seq > 0 && m.ack >= m.seq && ![...m.sites.values()][0].held; },
  drag: () => {
    const m = root().planmap, sites = [...m.sites].map(([id, { held }]) => [id, held]);
    const script = document.querySelector('.stApp').dataset.testScriptState;
    return JSON.stringify({ seq: m.seq, ack: m.ack, asked: m.asked, sites, script, ...root().dataset });
  },
  figure: (name) => +document.querySelector('#figures').dataset[name],
  school: (at) => {
    const m = root().planmap, box = root().getBoundingClientRect();
    const p = m.map.latLngToContainerPoint(m.layers.get('schools').items[at].path.getLatLng());
    return [box.x + p.x, box.y + p.y];
  },
  state: () => {
    const m = root().planmap, { lat, lng } = m.map.getCenter();
    const site = [...m.sites.values()][0]?.marker.getLatLng();
    const counts = {};
    for (const at of m.layers.get('cells').cls) counts[at] = (counts[at] ?? 0) + 1;
    return { zoom: m.map.getZoom(), lat, lng, counts, mark: root().mark ?? null, site: site && [site.lat, site.lng],
             builds: root().querySelectorAll('.leaflet-map-pane').length };
  },
};
"""


class Watch:
    """A page with what it asked for, complained of and received."""

    def __init__(self, page):
        self.page, self.strangers, self.errors, self.received = page, [], [], []
        page.add_init_script(PROBE)
        page.on("request", self._request)
        page.on("console", lambda said: said.type == "error" and self.errors.append(said.text))
        page.on("pageerror", lambda fault: self.errors.append(str(fault)))
        page.on("websocket", lambda wire: wire.on("framereceived", lambda frame: self.received.append(len(frame))))

    def _request(self, request):
        if not request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:http://127.0.0.1:")):
            self.strangers.append(request.url)

    @property
    def map(self):
        return self.page.locator(".planmap")

    def open(self, address, wait_ms=120_000):
        self.page.goto(address)
        self.page.wait_for_selector(".planmap[data-ready]", timeout=wait_ms)
        self.settle()

    def settle(self):
        """Wait until the script rests and the map holds what it was last sent."""
        self.page.wait_for_selector('.stApp[data-test-script-state="notRunning"]', timeout=120_000)
        self.page.wait_for_function("() => probe.heard()", timeout=120_000)

    def spot(self, site):
        """Return where the foot of a pin is on the screen."""
        box = self.page.locator(f'[data-site="{site}"]').bounding_box()
        return box["x"] + 15, box["y"] + 20

    def drag(self, site, right, down, *, steps=8, pause_ms=0):
        """Drag a pin with the mouse; return when the answer to the last place is painted.

        Returns how many updates were painted while the pin was held, and for how many seconds it was.
        """
        # Hovering waits until the pin rests and lies on top: a view still moving would be missed.
        self.page.locator(f'[data-site="{site}"]').hover(position={"x": 15, "y": 20})
        x, y = self.spot(site)
        mouse = self.page.mouse
        mouse.down()
        before, since = self.painted(), time.monotonic()
        for step in range(1, steps + 1):
            mouse.move(x + right * step / steps, y + down * step / steps)
            if pause_ms:
                self.page.wait_for_timeout(pause_ms)
        live, held_s = self.painted() - before, time.monotonic() - since
        mouse.up()
        self.await_painted()
        return live, held_s

    def await_painted(self):
        """Wait for the answer to the last place; a drag that has none says what the map knows of it."""
        with contextlib.suppress(TimeoutError):
            return self.page.wait_for_function("() => probe.painted()", timeout=60_000)
        raise AssertionError(f"a drag without an answer: {self.page.evaluate('() => probe.drag()')}")

    def painted(self):
        """Return how many answers the map has painted so far."""
        return int(self.map.get_attribute("data-updates") or 0)

    def lag_ms(self):
        return int(self.map.get_attribute("data-lag-ms"))

    def state(self):
        """Return what the map itself holds."""
        return self.page.evaluate("() => probe.state()")

    def mark(self):
        self.page.evaluate("() => { document.querySelector('.planmap').mark = 'kept' }")


@pytest.fixture
def watch(browser):
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    yield Watch(page)
    page.close()


@pytest.fixture(scope="session")
def serve():
    return serving


@pytest.fixture(scope="session")
def app_on(browser, tmp_path_factory):
    """Serve the app on a county, or on none; nothing may have been raised in it by the end."""

    @contextlib.contextmanager
    def opened(county="", **settings):
        log = tmp_path_factory.mktemp("log") / "app.log"
        with serving(ROOT / "app.py", log, LAYOUTPLAN_COUNTY=str(county), **settings) as at:
            yield at
            assert "Traceback" not in log.read_text("utf-8")

    return opened


@pytest.fixture(scope="session")
def watching():
    """Return what watches a page, for pages opened in a context of one's own."""
    return Watch
