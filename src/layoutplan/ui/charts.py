"""Small charts as SVG: a curve with its band, a histogram with its norm, steps by year.

Drawn as text by Python, so that they need no script, print as they look, and can be read by tests.
The page takes SVG only as a picture; so each carries its own style sheet, and its words stand beside
it for screen readers. All words are escaped.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

from layoutplan.ui import theme

LEFT, RIGHT, TOP, BOTTOM = 46, 12, 16, 20
_STYLE = """
text{fill:#6d675a;font:11px 'Noto Sans CJK SC','Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif}
.rule{stroke:#e4dfd0}.band{fill:#6a9bc9;fill-opacity:.28}
polyline{fill:none;stroke-width:2.2;stroke-linejoin:round}
.line{stroke:#0b62a8}.past{stroke:#2b2b2b}.seats{stroke:#b8430a;stroke-dasharray:5 4;stroke-width:1.6}
.pupils{stroke:#6a3d9a;stroke-width:1.6}
.mark{stroke:#6a3d9a;stroke-dasharray:2 3}.mark-word{fill:#55307c;font-weight:600}
.norm{stroke:#2b2b2b;stroke-width:1.4}.norm-word{fill:#2b2b2b;font-weight:600}
.bar{stroke:#3c3c3c;stroke-opacity:.45;stroke-width:.6}
"""


_DARK = {
    "#6d675a": "#b8b1a1", "#e4dfd0": "#4a463d", "#0b62a8": "#7fbdf2", "#2b2b2b": "#ece8de", "#b8430a": "#f0925c",
    "#6a3d9a": "#b795e0", "#55307c": "#d9c4f2", "#3c3c3c": "#ece8de",
}  # fmt: skip
_DARK_STYLE = re.sub("#[0-9a-f]{6}", lambda found: _DARK.get(found[0], found[0]), _STYLE)


@dataclass(frozen=True)
class Curve:
    """What one chart of years shows.

    Parameters
    ----------
    lines : mapping
        ``{style class: {year: value}}``: ``line``, ``past``, ``seats``.
    band : mapping
        ``{year: (low, high)}``.
    marks : mapping
        ``{year: words}`` of upright lines.
    """

    lines: Mapping[str, Mapping[int, float]]
    band: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    marks: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Frame:
    """A drawing area and its two scales."""

    width: int
    height: int
    first: float
    last: float
    top: float

    def across(self, value: float) -> float:
        share = (value - self.first) / max(self.last - self.first, 1e-9)
        return round(LEFT + share * (self.width - LEFT - RIGHT), 1)

    def up(self, value: float) -> float:
        share = value / max(self.top, 1e-9)
        return round(self.height - BOTTOM - share * (self.height - TOP - BOTTOM), 1)


def nice_step(top: float, parts: int = 4) -> float:
    """Return a round step that divides up to ``top`` into about ``parts``.

    Examples
    --------
    >>> nice_step(38_000), nice_step(90), nice_step(3)
    (10000.0, 25.0, 1.0)
    """
    raw = max(top, 1e-9) / parts
    power = 10.0 ** np.floor(np.log10(raw))
    return float(next(step for step in (1, 2, 2.5, 5, 10) if step * power >= raw - 1e-9) * power)


def _svg(frame: _Frame, parts: Sequence[str]) -> str:
    return svg(frame.width, frame.height, parts)


def svg(width: int, height: int, parts: Sequence[str]) -> str:
    """Return a drawing with the charts' own style sheet."""
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}><style>{_STYLE}</style>{"".join(parts)}</svg>'


def picture(svg: str, words: str) -> str:
    """Return a drawing as an image of the page in its theme; ``words`` is what a screen reader says."""
    if theme.is_dark():
        svg = svg.replace(_STYLE, _DARK_STYLE)  # the page's style does not reach into a picture
    packed = base64.b64encode(svg.encode()).decode()
    return f'<img class="lp-chart" alt="{escape(words)}" src="data:image/svg+xml;base64,{packed}">'


def _rulers(frame: _Frame) -> list[str]:
    step = nice_step(frame.top)
    parts = []
    for value in np.arange(0.0, frame.top * 1.0001, step).tolist():
        at = frame.up(value)
        parts.append(f'<line class="rule" x1="{LEFT}" x2="{frame.width - RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{at + 3.5}" text-anchor="end">{value:,.0f}</text>')
    return parts


def curve(shown: Curve, *, width: int = 420, height: int = 200) -> str:
    """Return a chart of years: band, lines, marked years.

    Parameters
    ----------
    shown : Curve
        What is drawn.
    width, height : int
        Size of the drawing in its own units.
    """
    years = sorted({year for line in shown.lines.values() for year in line} | set(shown.band))
    highest = max([v for line in shown.lines.values() for v in line.values()] + [b for _, b in shown.band.values()])
    step = nice_step(highest * 1.04)
    frame = _Frame(width, height, years[0], years[-1], float(np.ceil(highest * 1.04 / step) * step))
    parts = _rulers(frame)
    if shown.band:
        parts.append(_band(frame, shown.band))
    for year, text in shown.marks.items():
        at = frame.across(year)
        parts.append(f'<line class="mark" x1="{at}" x2="{at}" y1="{TOP - 4}" y2="{height - BOTTOM}"/>')
        parts.append(f'<text class="mark-word" x="{at}" y="{TOP - 6}" text-anchor="middle">{escape(text)}</text>')
    for name, line in shown.lines.items():
        points = " ".join(f"{frame.across(year)},{frame.up(value)}" for year, value in sorted(line.items()))
        parts.append(f'<polyline class="{escape(name)}" points="{points}"/>')
    for year in years:
        if (year - years[0]) % 2 == 0:
            parts.append(
                f'<text x="{frame.across(year)}" y="{height - 5}" text-anchor="middle">{year % 100:02d}</text>'
            )
    return _svg(frame, parts)


def _band(frame: _Frame, band: Mapping[int, tuple[float, float]]) -> str:
    years = sorted(band)
    upper = [f"{frame.across(year)},{frame.up(band[year][1])}" for year in years]
    lower = [f"{frame.across(year)},{frame.up(band[year][0])}" for year in reversed(years)]
    return f'<polygon class="band" points="{" ".join(upper + lower)}"/>'


@dataclass(frozen=True)
class Bars:
    """A row of bars over equal steps of a scale.

    Parameters
    ----------
    edges : sequence of float
        Where each bar begins, and the end of the last.
    counts : sequence of float
        Height of each bar.
    colours : sequence of str
        Fill of each bar.
    norms : mapping
        ``{value: words}``: upright lines.
    """

    edges: Sequence[float]
    counts: Sequence[float]
    colours: Sequence[str]
    norms: Mapping[float, str] = field(default_factory=dict)


def histogram(shown: Bars, *, width: int = 560, height: int = 150) -> str:
    """Return a histogram with upright lines at the norms; few beyond a norm stay visible."""
    highest = max([*shown.counts, 1.0])
    step = nice_step(highest * 1.02)
    top = float(np.ceil(highest * 1.02 / step) * step)
    frame = _Frame(width, height, shown.edges[0], shown.edges[-1], top)
    parts = _rulers(frame)
    for at, (count, colour) in enumerate(zip(shown.counts, shown.colours, strict=True)):
        if count <= 0:
            continue
        left, right = frame.across(shown.edges[at]), frame.across(shown.edges[at + 1])
        up = min(frame.up(count), height - BOTTOM - 2)
        hint = f"{shown.edges[at]:,.0f}–{shown.edges[at + 1]:,.0f}: {count:,.0f}"
        parts.append(
            f'<rect x="{left + 0.5}" y="{up}" width="{max(right - left - 1, 0.8):.1f}" '
            f'height="{height - BOTTOM - up:.1f}" fill="{colour}" class="bar"><title>{hint}</title></rect>'
        )
    for value, text in shown.norms.items():
        at_norm = frame.across(value)
        parts.append(f'<line class="norm" x1="{at_norm}" x2="{at_norm}" y1="{TOP - 4}" y2="{height - BOTTOM}"/>')
        parts.append(f'<text class="norm-word" x="{at_norm}" y="{TOP - 6}" text-anchor="middle">{escape(text)}</text>')
    scale = nice_step(shown.edges[-1] - shown.edges[0], 6)
    for value in np.arange(np.ceil(shown.edges[0] / scale) * scale, shown.edges[-1] * 1.0001, scale).tolist():
        parts.append(f'<text x="{frame.across(value)}" y="{height - 5}" text-anchor="middle">{abs(value):,.0f}</text>')
    return _svg(frame, parts)


def spark(lines: Sequence[Mapping[int, float]], *, chosen: int, width: int = 200, height: int = 24) -> str:
    """Return lines without scales, for a tile: each from nought to its own highest; ``chosen`` is the year dotted."""
    parts = []
    for at, line in enumerate(lines):
        years = sorted(line)
        if len(years) < 2:
            continue
        top = max(*line.values(), 1e-9)
        spots = {
            year: (
                round(3 + (year - years[0]) / (years[-1] - years[0]) * (width - 6), 1),
                round(height - 3 - value / top * (height - 7), 1),
            )
            for year, value in line.items()
        }
        points = " ".join(f"{east},{south}" for east, south in (spots[year] for year in years))
        parts.append(f'<polyline class="{"line" if at == 0 else "past"}" style="stroke-width:1.6" points="{points}"/>')
        if chosen in spots:
            parts.append(f'<circle cx="{spots[chosen][0]}" cy="{spots[chosen][1]}" r="2.6" fill="#6a3d9a"/>')
    return _svg(_Frame(width, height, 0.0, 1.0, 1.0), parts)
