"""What the plan map brings to the page: Leaflet, the drawing code and its looks, all from this package."""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from importlib.resources import files
from typing import Any

SCRIPTS = ("parts.js", "panel.js", "touch.js", "grounds.js", "layers.js", "held.js", "planmap.js")


def read_asset(name: str) -> str:
    """Return a file of the component."""
    return (files("layoutplan") / "ui" / "planmap" / name).read_text("utf-8")


@cache
def leaflet_script() -> str:
    """Return Leaflet and the drawing code as one module that is run once a page."""
    leaflet = (files("layoutplan") / "assets" / "leaflet" / "leaflet.js").read_text("utf-8")
    leaflet = leaflet.partition("//# sourceMappingURL")[0]
    once = f"if (!globalThis.L) {{\n{leaflet}\n}}"
    return "\n".join([once, *map(read_asset, SCRIPTS), "export default () => {};"])


@cache
def style_sheet() -> str:
    """Return the looks of the map, the pictures of Leaflet's own as data."""
    folder = files("layoutplan") / "assets" / "leaflet"
    sheet = (folder / "leaflet.css").read_text("utf-8")
    for image in ("layers.png", "layers-2x.png", "marker-icon.png"):
        packed = base64.b64encode((folder / "images" / image).read_bytes()).decode()
        sheet = sheet.replace(f"images/{image}", f"data:image/png;base64,{packed}")
    return f"<style>{sheet}\n{read_asset('planmap.css')}</style>"


def pack(content: Any) -> str:
    """Return a value as JSON, zipped and in letters: a fifth of its size, and the same bytes for the same value.

    Examples
    --------
    >>> pack([1]) == pack([1])
    True
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode("ascii")
