"""The looks of the pages in the reader's theme: light, or dark where the browser or the menu says so."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import streamlit as st


def is_dark() -> bool:
    """Return whether the reader sees the dark theme."""
    return str(st.context.theme.type) == "dark"


@cache
def style_sheet(*, dark: bool) -> str:
    """Return the style of all pages; the dark theme is the light one with other colours."""
    folder = files("layoutplan") / "assets"
    names = ("page.css", "dark.css") if dark else ("page.css",)
    return "\n".join((folder / name).read_text("utf-8") for name in names)
