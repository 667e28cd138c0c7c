"""Somebody at the app in a real browser: goes to a page, picks a row, drags a pin, takes a picture."""

import io
import zipfile

from playwright.sync_api import TimeoutError

from layoutplan.labels import label
from layoutplan.ui.listing import ROW_PX

WAIT_MS = 180_000
HEAD_PX = 35


class Planner:
    """A planner with a language and a folder for pictures."""

    def __init__(self, watch, shots, lang):
        self.watch, self.page, self.shots, self.lang = watch, watch.page, shots, lang

    def say(self, key, **values):
        return label(key, self.lang, **values)

    # ---- looking -------------------------------------------------------------------------------
    def sees(self, text, *, exact=False):
        """Wait for words on the page."""
        try:
            self.page.get_by_text(text, exact=exact).first.wait_for(timeout=WAIT_MS)
        except TimeoutError:
            self.page.screenshot(path=self.shots / f"lost-{self.lang}.png")
            raise

    def rest(self):
        """Wait until the script rests, the map has what it was sent and its view stands still."""
        self.page.wait_for_selector('.stApp[data-test-script-state="notRunning"]', timeout=WAIT_MS)
        if self.page.locator(".planmap").count():
            self.page.wait_for_selector(".planmap[data-ready]", timeout=WAIT_MS)
            self.watch.settle()
            self.page.wait_for_function(
                "() => !probe.map().map._animatingZoom && !probe.map().map._panAnim?._inProgress"
            )

    def picture(self, name):
        self.page.mouse.move(1, 400)  # off the tools that a list shows under the mouse
        self.rest()
        self.page.wait_for_function("() => !document.querySelector('[data-testid=\"stSkeleton\"]')", timeout=WAIT_MS)
        self.page.screenshot(path=self.shots / f"{name}-{self.lang}.png")

    def visit(self, name, mark):
        """Go to a page and wait for something of it."""
        self.page.get_by_role("link", name=self.say(f"ui.page.{name}"), exact=True).click()
        self.sees(mark)
        self.rest()

    # ---- doing ---------------------------------------------------------------------------------
    def press(self, key, **values):
        self.page.get_by_role("button", name=self.say(key, **values), exact=True).first.click(timeout=WAIT_MS)

    def speak(self, lang):
        """Change the language."""
        self.lang = lang
        self.page.get_by_text(self.say("ui.bar.own_name"), exact=True).click()

    def pick(self, row=0, *, height=ROW_PX[1]):
        """Pick a row of the list: its box, at the left."""
        table = self.page.get_by_test_id("stDataFrame").first
        table.scroll_into_view_if_needed()
        box = table.bounding_box()
        down = HEAD_PX + (row + 0.5) * height
        if down > box["height"]:  # further down: the wheel brings it under the heading
            self.page.mouse.move(box["x"] + 80, box["y"] + 60)
            self.page.mouse.wheel(0, row * height)
            self.page.wait_for_timeout(300)
            down = HEAD_PX + 0.5 * height
        table.click(position={"x": 20, "y": down})

    def sought(self, row=0, *, height=ROW_PX[1]):
        """Pick a row; return the zoom the map goes to."""
        before = self.watch.state()["zoom"]
        self.pick(row, height=height)
        self.page.wait_for_function(f"() => probe.map().map.getZoom() > {before} + 0.3")
        self.rest()
        return self.watch.state()["zoom"]

    def click_school(self, school_id):
        """Bring a school to the middle of the map and click it."""
        at = self.page.evaluate(
            """id => {
              const { layers, map } = probe.map(), { at, path } = layers.get('schools').byId.get(id);
              map.setView(path.getLatLng(), 14, { animate: false });
              return at;
            }""",
            school_id,
        )
        self.page.mouse.click(*self.page.evaluate("at => probe.school(at)", at))

    def hand_in(self, file):
        self.page.locator("input[type=file]").first.set_input_files(file)
        self.press("ui.welcome.take")


def packed(folder):
    """Return a county's folder as the ZIP a planner would hand in."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, f"toy/{path.relative_to(folder).as_posix()}")
    return {"name": "toy.zip", "mimeType": "application/zip", "buffer": held.getvalue()}
