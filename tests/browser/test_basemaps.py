"""Base maps in the real page: squares from files come over the page's own connection, Tianditu only when chosen."""

import re
import shutil
from pathlib import Path

import pytest
import toy_tiles

from layoutplan.labels import label

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "gis"
FIRST_START_MS = 300_000
TIANDITU = re.compile(r"https://t[0-7]\.tianditu\.gov\.cn/.*")


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """Return the sample county with three base maps beside its layers."""
    folder = tmp_path_factory.mktemp("county") / "gis"
    shutil.copytree(SAMPLE, folder)
    toy_tiles.write_mbtiles(folder / "squares.mbtiles")
    toy_tiles.write_pmtiles(folder / "squares.pmtiles")
    toy_tiles.write_picture(folder / "aerial.tif", size=2400)
    rows = [
        f'[basemaps.{name}]\nfile = "{file}"\nas_of = 2021-06-01\nname = "{name}-底图"\nname_en = "{name} map"\n'
        for name, file in (("mb", "squares.mbtiles"), ("pm", "squares.pmtiles"), ("tif", "aerial.tif"))
    ]
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + "\n".join(rows))
    return folder


@pytest.fixture(scope="module")
def address(app_on, county):
    with app_on(county, LAYOUTPLAN_TIANDITU_KEY="0123key") as at:
        yield at


@pytest.fixture
def site(watch, address):
    watch.open(address, FIRST_START_MS)
    watch.page.get_by_role("link", name=label("ui.page.site", "zh")).click()
    watch.page.locator('[data-site="site-1"]').wait_for(timeout=60_000)
    watch.settle()
    watch.mark()
    watch.page.get_by_role("button", name=label("ui.layers.open", "zh")).click()
    yield watch
    assert watch.errors == []


def choose(watch, name):
    watch.page.locator(f'[data-switch="ground:{name}"]').check()
    watch.settle()


# How many squares of the view are there, and the colours in the middle of each.
SQUARES = """() => {
  const pane = probe.map().map.getPane('tilePane');
  const pictures = [...pane.querySelectorAll('img.leaflet-tile')].filter(one => one.complete && one.naturalWidth);
  return pictures.map(one => {
    const draw = document.createElement('canvas').getContext('2d');
    draw.drawImage(one, 0, 0);
    return [...draw.getImageData(128, 128, 1, 1).data].slice(0, 3).join();
  });
}"""


@pytest.mark.parametrize("name", ["mb", "pm", "tif"])
def test_squares_of_a_file_lie_under_the_map_and_nothing_leaves_the_machine(site, name):
    assert site.page.evaluate(SQUARES) == []
    choose(site, name)
    site.page.wait_for_function(f"() => ({SQUARES})().length >= 6")
    site.page.wait_for_function("() => !probe.map().switches.grounds.asked.length")
    colours = set(site.page.evaluate(SQUARES))
    if name == "tif":
        assert colours & {"40,40,40", "200,200,200"}
    else:
        assert colours == {",".join(map(str, toy_tiles.COLOURS[round(site.state()["zoom"])]))}
    assert label("ui.ground.credit", "zh", name="")[:2] in site.page.locator(".planmap-credit").inner_text()
    before = site.state()
    site.received.clear()
    site.drag("site-1", -60, 40, steps=12, pause_ms=25)
    site.settle()
    after = site.state()
    print(f"drag over a base map ({name}): {site.lag_ms()} ms, largest message {max(site.received)} bytes")
    assert max(site.received) <= 50_000
    assert after["mark"] == "kept"
    assert [after[k] for k in ("zoom", "lat", "lng")] == [before[k] for k in ("zoom", "lat", "lng")]
    choose(site, "")
    assert site.page.evaluate(SQUARES) == []
    assert site.strangers == []


def test_tianditu_is_asked_when_it_is_chosen_and_not_before(site):
    asked = []

    def answer(route):
        asked.append(route.request.url)
        route.fulfill(body=toy_tiles.square(8), content_type="image/png")

    site.page.route(TIANDITU, answer)
    assert site.page.get_by_text(label("ui.ground.online", "zh")).is_visible()
    choose(site, "mb")
    site.page.wait_for_function(f"() => ({SQUARES})().length >= 6")
    assert asked == []
    assert site.strangers == []
    choose(site, "tianditu_img")
    site.page.wait_for_function(
        "() => probe.map().map.getPane('tilePane').querySelectorAll('img.leaflet-tile-loaded').length >= 6"
    )
    assert asked
    assert {re.search("LAYER=([a-z]+)", url)[1] for url in asked} == {"img", "cia"}
    assert all(url.endswith("&tk=0123key") for url in asked)
    assert all(TIANDITU.fullmatch(url) for url in site.strangers)
    choose(site, "")
    site.page.unroute(TIANDITU)


def test_tianditu_that_does_not_answer_is_told(site):
    site.page.route(TIANDITU, lambda route: route.fulfill(status=403, body=""))
    choose(site, "tianditu_vec")
    site.page.locator(".planmap-credit", has_text=label("ui.ground.silent", "zh")).wait_for()
    site.errors.clear()  # the browser's own line on each refusal
    choose(site, "")
