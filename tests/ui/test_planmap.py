from functools import partial

import pytest
from pages_tools import unpacked

from layoutplan.ui.planmap import (
    Added,
    Base,
    Chosen,
    Clicked,
    Feature,
    Layer,
    Moved,
    Paint,
    Scene,
    Site,
    assets,
    compose,
    read_event,
)
from layoutplan.ui.planmap.panel import Card, Words
from layoutplan.ui.planmap.switches import Switches, Theme, read_shown

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}


def ground(name="甲"):
    layer = Layer("cells", "polygon", [Feature("0", name, SQUARE), Feature("1", "", SQUARE)], [{"color": "#fff"}])
    return Base([layer], bounds=((0, 0), (1, 1)), words={})


def send(scene, sent=(), *, base=None, state=None):
    return compose(base or ground(), scene, state=state or {}, sent=set(sent), height=400)


def test_base_crosses_packed_unless_it_was_sent():
    base = ground()
    assert unpacked(send(Scene())["base"])["layers"][0]["features"][0]["name"] == "甲"
    assert send(Scene(), ["other"])["base"] == base.packed == ground().packed
    assert send(Scene(), [base.id])["base"] is None


def test_base_is_named_by_its_content():
    assert ground().id == ground().id
    assert ground().id != ground("乙").id


def test_rest_crosses_once_and_then_only_changes():
    rest = Paint([0, 3], sizes=[1.0, 2.0])
    scene = Scene(paints={"cells": rest}, changes={"cells": {5: [1]}})
    first = send(scene)["paint"]["cells"]
    assert first == {"id": rest.id, "changes": [[5, [1]]], "full": {"cls": [0, 3], "size": [1.0, 2.0]}}
    later = send(scene, [rest.id])["paint"]["cells"]
    assert later == {"id": rest.id, "changes": [[5, [1]]]}


def test_answer_names_the_move_it_has_heard_of():
    assert send(Scene(), state={"moved": {"seq": 7}})["ack"] == 7


def test_sketch_is_named_by_its_content():
    one = Scene(sketch={"polygons": [], "style": {}})
    other = Scene(sketch={"polygons": [1], "style": {}})
    assert send(one)["sketch"]["id"] != send(other)["sketch"]["id"]
    assert send(Scene())["sketch"] is None


def test_sites_cross_as_data():
    (site,) = send(Scene(sites=[Site("a", "<b>", 1.0, 2.0)]))["sites"]
    assert site == {"id": "a", "name": "<b>", "lat": 1.0, "lng": 2.0, "draggable": True, "reason": "", "active": True}


def test_events_are_read_as_values():
    assert read_event("moved", {"seq": 1, "id": "a", "places": {"a": [3, 4]}, "live": False}) == Moved(
        1, "a", 3, 4, False
    )
    assert read_event("clicked", {"layer": "schools", "id": "s"}) == Clicked("schools", "s")
    assert read_event("chosen", {"name": "rooms", "value": "24"}) == Chosen("rooms", "24")
    assert read_event("added", {"lat": 1, "lng": 2}) == Added(1.0, 2.0)
    assert read_event("moved", None) is None


def test_cards_cross_as_data_and_only_where_there_are_any():
    assert send(Scene())["cards"] is None
    (card,) = send(Scene(cards=[Card("<b>", [Words("`${1}`")])]), {})["cards"]
    assert card == {"title": "<b>", "tone": "", "blocks": [{"kind": "words", "text": "`${1}`", "dim": False}]}


@pytest.mark.parametrize("name", [*assets.SCRIPTS, "mount.js"])
def test_script_never_reads_text_as_markup(name):
    script = assets.read_asset(name)
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "new Function", "bindPopup", "bindTooltip"):
        assert sink not in script


def test_nothing_points_off_the_machine():
    for text in (assets.leaflet_script(), assets.style_sheet()):
        assert "sourceMappingURL" not in text
        assert "url(http" not in text
        assert "url(images" not in text


def test_a_picture_crosses_when_it_is_asked_for_and_once():
    picture = {"url": "data:image/png;base64,", "bounds": ((0, 0), (1, 1))}
    switches = Switches({}, [Theme("slope", "坡度")], [], {"slope": lambda: picture, "none": lambda: None})
    base = Base([], bounds=((0, 0), (1, 1)), words={}, switches=switches)
    ask = partial(compose, base, Scene(), state={}, height=1)
    assert ask(sent=set(), shown=read_shown(None))["picture"] is None
    assert ask(sent=set(), shown=read_shown({"theme": "none"}))["picture"] is None
    slope = {"id": f"{base.id}/slope", "theme": "slope"}
    assert ask(sent=set(), shown=read_shown({"theme": "slope"}))["picture"] == {**slope, "full": picture}
    assert ask(sent={slope["id"]}, shown=read_shown({"theme": "slope"}))["picture"] == slope
