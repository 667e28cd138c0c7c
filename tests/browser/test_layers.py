"""The switch of layers on the map of the sample county: what it shows, what it hides, what its keys say."""

from pathlib import Path

import pytest

from layoutplan.labels import label
from layoutplan.ui import maplayers

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "gis"
FIRST_START_MS = 300_000
# What stands on every map of the county, by the name of its switch.
SWITCHED = (
    "over:relief", "over:roads", "over:borders", "over:zones", "over:communities", "over:places", "over:resettlement",
    "over:kind_primary", "over:kind_junior", "theme:catchments", "theme:time", "theme:slope", "theme:plain",
)  # fmt: skip


@pytest.fixture(scope="module")
def address(app_on):
    with app_on(SAMPLE) as at:
        yield at


@pytest.fixture
def overview(watch, address):
    watch.open(address, FIRST_START_MS)
    watch.mark()
    watch.page.get_by_role("button", name=label("ui.layers.open", "zh")).click()
    yield watch
    assert watch.strangers == []
    assert watch.errors == []


def switch(watch, name, on=True):
    watch.page.locator(f'[data-switch="{name}"]').set_checked(on)
    watch.settle()


def looks(watch, layer):
    return watch.page.evaluate(f"() => probe.map().layers.get('{layer}').looks.map(l => l.fillColor)")


def is_drawn(watch, layer):
    return watch.page.evaluate(f"() => getComputedStyle(probe.map().map.getPane('plan-{layer}')).display !== 'none'")


def keys(watch):
    return watch.page.locator(".planmap-key").inner_text()


def test_every_layer_of_the_county_has_a_switch_that_works_by_keyboard(overview):
    page = overview.page
    names = page.locator("[data-switch]").evaluate_all("nodes => nodes.map(node => node.dataset.switch)")
    assert set(SWITCHED) <= set(names)
    for name in ("zones", "roads", "relief", "communities"):
        box = page.locator(f'[data-switch="over:{name}"]')
        was = box.is_checked()
        box.focus()
        page.keyboard.press("Space")
        overview.settle()
        assert box.is_checked() is not was
        layers = ("zones_primary", "zones_junior") if name == "zones" else (name,)
        assert [is_drawn(overview, layer) for layer in layers] == [not was] * len(layers)
    page.keyboard.press("Escape")
    assert not page.locator(".planmap-list").is_visible()
    assert page.evaluate("() => document.activeElement.className") == "planmap-opener"
    assert overview.state()["mark"] == "kept"


def test_travel_time_and_slope_colour_the_ground_and_say_their_units(overview):
    plain = looks(overview, "cells")
    switch(overview, "theme:time")
    far = maplayers.TIME_COLOURS[-2]
    overview.page.wait_for_function(f"() => probe.map().layers.get('cells').looks.some(l => l.fillColor === '{far}')")
    assert looks(overview, "cells") != plain
    assert label("ui.layers.time", "zh") in keys(overview)
    switch(overview, "theme:slope")
    overview.page.locator(".planmap-picture").wait_for()
    assert "°" in keys(overview)
    assert "%" in keys(overview)
    assert not is_drawn(overview, "cells")
    overview.received.clear()
    switch(overview, "theme:catchments")
    overview.page.wait_for_function(f"() => probe.map().layers.get('cells').looks[0].fillColor === '{plain[0]}'")
    assert overview.page.locator(".planmap-picture").count() == 0
    switch(overview, "theme:slope")
    overview.page.locator(".planmap-picture").wait_for()
    assert max(overview.received) < 150_000  # the picture crossed once


def test_schools_of_a_kind_leave_the_map_and_cannot_be_clicked(overview):
    at = overview.page.evaluate(
        "() => probe.map().layers.get('schools').items.find(i => i.group === 'primary' && i.path.getRadius() > 8).at"
    )
    spot = overview.page.evaluate(f"() => probe.school({at})")
    name = overview.page.evaluate(f"() => probe.map().layers.get('schools').items[{at}].name")
    tip = overview.page.locator(".planmap-tip b", has_text=name)
    overview.page.mouse.move(*spot)
    tip.wait_for()
    switch(overview, "over:kind_primary", on=False)
    overview.page.mouse.move(spot[0] + 40, spot[1] + 40)
    overview.page.mouse.move(*spot)
    tip.wait_for(state="hidden")
    switch(overview, "over:kind_primary")


def test_what_is_shown_goes_along_to_the_next_page_and_language(overview):
    switch(overview, "over:zones")
    switch(overview, "theme:time")
    page = overview.page
    page.get_by_role("link", name=label("ui.page.findings", "zh")).click()
    page.wait_for_function("() => probe.map()?.root.dataset.theme === 'time'", timeout=90_000)
    overview.settle()
    assert is_drawn(overview, "zones_primary")
    page.get_by_text("EN", exact=True).click()
    page.locator(".planmap-key", has_text=label("ui.layers.time", "en")).wait_for(timeout=90_000)
    overview.settle()
    assert is_drawn(overview, "zones_primary")
    assert "minutes" in keys(overview)


def test_maps_side_by_side_show_the_same_layers(overview):
    page = overview.page
    page.get_by_role("link", name=label("ui.page.site", "zh"), exact=True).click()
    page.locator('[data-site="site-1"]').wait_for(timeout=90_000)
    overview.settle()
    page.get_by_text(label("ui.site.beside", "zh"), exact=True).click()
    page.wait_for_function("() => document.querySelectorAll('.planmap[data-ready]').length === 2", timeout=90_000)
    overview.settle()
    page.locator(".planmap-opener").first.click()
    page.locator('[data-switch="theme:time"]').first.check()
    far = maplayers.TIME_COLOURS[-2]
    page.wait_for_function(
        "far => [...document.querySelectorAll('.planmap')].every(({ planmap }) =>"
        " planmap.root.dataset.theme === 'time' &&"
        " planmap.layers.get('cells').looks.some(({ fillColor }) => fillColor === far))",
        arg=far, timeout=90_000,
    )  # fmt: skip
