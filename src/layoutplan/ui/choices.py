"""The choice between the views of a page, which outlives the page, and what is typed into a box."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from layoutplan.ui import session


def choose(title: str, names: Sequence[str], *, key: str, said: Callable[[str], str]) -> str:
    """Draw a choice between views, the first unless another was chosen; return it.

    Parameters
    ----------
    title : str
        What is chosen, for readers of screens.
    names : sequence of str
        Views in order.
    key : str
        Name of the choice in the session.
    said : callable
        Words of a view.
    """
    session.keep(key, names[0])
    chosen = st.segmented_control(
        title, names, key=key, required=True, on_change=session.remember, args=(key,), label_visibility="collapsed",
        format_func=said,
    )  # fmt: skip
    return str(chosen or st.session_state[f"kept_{key}"])


def typed(key: str) -> str:
    """Return what was typed or pasted into a box, as one line of letters that can be printed."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(st.session_state[key]))
    return " ".join(text.split())
