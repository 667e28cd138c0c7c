"""What somebody is working on outlives a reload of the page: a store of the program, found again by a key of the tab.

The key is chance of 256 bits and stands in the browser tab's own storage: a reload finds it, another tab, another
person and a link that is handed on do not. Nothing of it stands in an address. What nobody came back to for
twelve hours is let go of, files handed in included.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import streamlit as st

from layoutplan.ui.tab import tab

# What makes up a draft; what is chosen for looking (stage, year, language, subject) stands in the address.
DRAFT = (
    "county", "county_left", "upload_folder", "upload_turn", "scenario", "last_good", "bench", "past", "future",
    "kept_plans", "records", "kept_schools", "search", "office_origin", "tour",
)  # fmt: skip
MOST = 50
UNUSED_S = 12 * 3600.0
_KEY = re.compile(r"[0-9a-f]{64}")


class Drafts:
    """Drafts by key: the last used, for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[float, Mapping[str, Any]]] = OrderedDict()

    def put(self, key: str, draft: Mapping[str, Any]) -> None:
        """Keep a draft in place of what stood under its key."""
        with self._lock:
            self._held[key] = (time.monotonic(), dict(draft))
            self._held.move_to_end(key)
            self._sweep()

    def take(self, key: str) -> Mapping[str, Any]:
        """Return the draft of a key, empty if there is none."""
        with self._lock:
            self._sweep()
            return self._held.get(key, (0.0, {}))[1]

    def _sweep(self) -> None:
        oldest = time.monotonic() - UNUSED_S
        while self._held and (len(self._held) > MOST or next(iter(self._held.values()))[0] < oldest):
            self._held.popitem(last=False)


@st.cache_resource(show_spinner=False)
def _shelf() -> Drafts:
    return Drafts()


def follow(page: str) -> None:
    """Let the tab keep the key of this session's draft, or bring back the one it had; keep what there is by now.

    Parameters
    ----------
    page : str
        Name of the page asked for, empty for the first one; who comes back is brought there again.
    """
    st.session_state.setdefault("draft_key", os.urandom(32).hex())
    first = st.session_state.get("wanted") or f"pages/{page or 'overview'}.py"
    st.session_state.setdefault("first_page", first)
    save()
    tab(key="tab", data={"key": st.session_state["draft_key"]}, on_key_change=_come_back)


def save() -> None:
    """Keep the draft as it is now, once there is one; called where a fragment changes it without a run of the page."""
    draft = {name: st.session_state[name] for name in DRAFT if name in st.session_state}
    if draft and "draft_key" in st.session_state:
        _shelf().put(st.session_state["draft_key"], draft)


def _come_back() -> None:
    """Take up the draft whose key the tab holds, and go on with that key."""
    key = (st.session_state.get("tab") or {}).get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key) or key == st.session_state["draft_key"]:
        return
    st.session_state["draft_key"] = key
    draft = _shelf().take(key)
    if not draft:
        return
    for name in DRAFT:
        st.session_state.pop(name, None)
    for name, value in draft.items():
        st.session_state[name] = value
    if st.session_state.get("page") != st.session_state["first_page"]:
        st.session_state["wanted"] = st.session_state["first_page"]
