"""Drafts that outlive a reload: found by their key alone, and let go of in time."""

import json

import pytest

from layoutplan.ui import drafts


def tab_of(app):
    (proto,) = [one.proto for one in app.get("bidi_component") if one.proto.id.endswith("-tab")]
    return proto


def say(app, key):
    """Report a key as the browser does that found it in its tab."""
    states = app._tree.get_widget_states()
    widget = states.widgets.add()
    widget.id = tab_of(app).id
    widget.json_value = json.dumps({"key": key})
    app._run(states)
    assert not app.exception


def test_a_shelf_keeps_the_last_used_and_forgets_the_unused(monkeypatch):
    shelf = drafts.Drafts()
    for number in range(drafts.MOST + 1):
        shelf.put(str(number), {"scenario": number})
    assert shelf.take("0") == {}
    assert shelf.take("1") == {"scenario": 1}
    monkeypatch.setattr(drafts, "UNUSED_S", -1.0)
    assert shelf.take("1") == {}


def test_a_reload_finds_the_draft_again_and_nobody_else_does(open_app, folder):
    app = open_app(folder, "pages/site.py")
    app.button(key="site_add").click().run()
    key, plan = app.session_state["draft_key"], app.session_state["scenario"]
    assert len(plan.actions) == 1

    again = open_app(folder, "pages/site.py")
    assert again.session_state["draft_key"] != key
    assert "scenario" not in again.session_state or not again.session_state["scenario"].actions
    say(again, key)
    assert again.session_state["scenario"] == plan
    assert again.session_state["draft_key"] == key


@pytest.mark.parametrize("key", ["", "f" * 63, "../" + "f" * 61, "f" * 64])
def test_a_key_that_is_none_or_belongs_to_nobody_brings_nothing(open_app, folder, key):
    app = open_app(folder, "pages/site.py")
    app.button(key="site_add").click().run()
    say(app, key)
    assert len(app.session_state["scenario"].actions) == 1


def test_keys_are_long_and_differ(open_app, folder):
    keys = {open_app(folder).session_state["draft_key"] for _ in range(2)}
    assert len(keys) == 2
    assert {len(key) for key in keys} == {64}
