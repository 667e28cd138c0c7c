"""What tests of the pages ask: what a page says, what it sent to its map, a press of a button on the map's cards."""

import base64
import gzip
import json

from streamlit.components.v2.bidi_component.main import _make_trigger_id


def map_of(app):
    (proto,) = [e.proto for e in app.get("bidi_component") if "map" in e.proto.id.rpartition("-")[2]]
    return proto


def sent(app):
    """Return what the page sent to its map."""
    return json.loads(map_of(app).json)


def unpacked(base):
    """Return the ground of a map as the browser unpacks it."""
    return json.loads(gzip.decompress(base64.b64decode(base)))


def ground(app):
    """Return the ground of the page's map; it crosses once a session, so it is asked for as by a new browser."""
    app.session_state["planmap_sent"] = set()
    app.run()
    return unpacked(sent(app)["base"])


def tell(app, event, value):
    """Let the map say that something happened on it, as the browser reports it."""
    states = app._tree.get_widget_states()
    trigger = states.widgets.add()
    trigger.id = _make_trigger_id(map_of(app).id, "events")
    trigger.json_trigger_value = json.dumps([{"event": event, "value": value}])
    app._run(states)
    assert not app.exception


def press(app, name, value):
    """Press a button of the cards beside the map."""
    tell(app, "chosen", {"name": name, "value": value})


def page_text(app):
    return "".join(element.proto.body for element in app.get("html"))
