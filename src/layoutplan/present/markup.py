"""What becomes HTML: escaped words, and signs as SVG for maps in a browser."""

from __future__ import annotations

import html

import numpy as np

from layoutplan.present.signs import SITE_MM, Sign
from layoutplan.present.symbols import GREY, INK, RING_COLOURS, SITE_COLOUR, STATUS_COLOURS, VIOLET, shape_corners

# Besides HTML, a name may meet a JavaScript template (back-tick, ${}) or a Jinja one ({{ }}).
_ALSO = str.maketrans({mark: f"&#{ord(mark)};" for mark in "\\`${}"})
_CODED = str.maketrans({mark: f"%{ord(mark):02X}" for mark in "%{}<>&'\"\\`$#"})
PX_PER_MM = 3.6


def esc(text: object) -> str:
    """Return a text that is only ever shown, in HTML and in templates around it.

    Examples
    --------
    >>> esc("<b>${x}`")
    '&lt;b&gt;&#36;&#123;x&#125;&#96;'
    """
    return html.escape(str(text), quote=True).translate(_ALSO)


def coded(text: object) -> str:
    """Return a text percent-coded wherever a template could read it; the page decodes it into a text node.

    folium reads all that it writes into a page as a Jinja template once more, data included: a name such
    as ``{{ ... }}`` would be run while the map is made.

    Examples
    --------
    >>> coded("{{7*7}} 5%")
    '%7B%7B7*7%7D%7D 5%25'
    """
    return str(text).translate(_CODED)


def sign_svg(sign: Sign) -> tuple[str, float]:
    """Return a school's sign as SVG, and its width and height in pixels.

    Examples
    --------
    >>> text, size = sign_svg(Sign("circle", 900.0))
    >>> text.startswith("<svg"), size > 10
    (True, True)
    """
    radius = sign.radius_mm * PX_PER_MM
    half = sign.reach_mm * PX_PER_MM + (radius if sign.roof else 0.0) + 2.0
    corners = shape_corners(sign.shape)
    parts = []
    if sign.changed or sign.closed:
        reach = radius * 1.1 + 1.3 * PX_PER_MM
        style = f'fill="{VIOLET}" fill-opacity="0.22" stroke="{VIOLET}" stroke-width="1.5"'
        parts.append(f'<circle cx="0" cy="0" r="{reach:.1f}" {style}/>')
    if sign.vacant or sign.closed:
        reach = radius * 0.62
        cross = f"M{-reach:.1f} {-reach:.1f}L{reach:.1f} {reach:.1f}M{-reach:.1f} {reach:.1f}L{reach:.1f} {-reach:.1f}"
        parts.append(_outline(corners * radius, "#ffffff", GREY, 1.4))
        parts.append(f'<path d="{cross}" stroke="{GREY}" stroke-width="1.4" fill="none"/>')
    else:
        parts += _living(sign, corners, radius)
    view = f"{-half:.1f} {-half:.1f} {2 * half:.1f} {2 * half:.1f}"
    size = f'width="{2 * half:.1f}" height="{2 * half:.1f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" {size}>{"".join(parts)}</svg>', 2 * half


def site_svg() -> tuple[str, float]:
    """Return the sign of a resettlement site as SVG, and its width and height in pixels."""
    size = SITE_MM * PX_PER_MM * 1.3
    triangle = _outline(np.array([[-size, size * 0.7], [size, size * 0.7], [0.0, -size]]), SITE_COLOUR, "#ffffff", 1.0)
    view = f"{-size - 1:.1f} {-size - 1:.1f} {2 * size + 2:.1f} {2 * size + 2:.1f}"
    across = round(2 * size + 2, 1)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" width="{across}" height="{across}">'
    return f"{head}{triangle}</svg>", across


def _living(sign: Sign, corners: np.ndarray, radius: float) -> list[str]:
    parts = []
    if sign.size_status in ("near", "over"):
        width = 3.0 if sign.size_status == "over" else 1.2
        parts.append(_outline(corners * (radius + 0.8 * PX_PER_MM), "#ffffff", RING_COLOURS[sign.size_status], width))
    if sign.roof:
        top = -corners[:, 1].max() * radius * 0.9
        roof = np.array([[-0.95 * radius, top], [0.95 * radius, top], [0.0, top - 0.85 * radius]])
        parts.append(_outline(roof, INK, INK, 0.5))
    parts.append(_outline(corners * radius, STATUS_COLOURS[sign.class_status], INK, 1.0))
    if sign.class_status == "no_data":
        parts.append(f'<circle cx="0" cy="0" r="{min(radius * 0.35, 1.5):.1f}" fill="{GREY}"/>')
    return parts


def _outline(points: np.ndarray, fill: str, stroke: str, width: float) -> str:
    listed = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
    return f'<polygon points="{listed}" fill="{fill}" stroke="{stroke}" stroke-width="{width:g}"/>'
