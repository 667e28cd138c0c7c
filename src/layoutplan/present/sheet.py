"""The page of a printed sheet: frames, title, footer, scale, north arrow, table, in millimetres."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from layoutplan.labels import Lang, label
from layoutplan.present.fonts import FAMILY, drawable, text_width_mm
from layoutplan.present.lettering import Halo, Words, write_words
from layoutplan.present.look import look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Box = tuple[float, float, float, float]
_MM_PER_INCH = 25.4
_MM_PER_POINT = _MM_PER_INCH / 72.0
_NICE = (1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0, 3.25, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 9.0)
_SOFT = "#4a4742"
_COLUMN_MM = 14.0
# Room left and right of the subtitle: the stamp of synthetic data stands there on sheets without a large map.
_STAMP_MM = 98.0
# Settings of matplotlib and its font list belong to the whole process.
DRAWING = threading.RLock()
_DESIGN_MM = (420.0, 297.0)
# Size and text of each paper against the design.
PAPERS: Mapping[str, tuple[float, float]] = {"A3": (1.0, 1.0), "A4": (2**-0.5, 0.85)}


@dataclass(frozen=True)
class Page:
    """A figure with one transparent pair of axes that counts in millimetres from the lower left.

    Parameters
    ----------
    figure : Figure
        The sheet.
    paper : Axes
        Axes in millimetres over the whole sheet.
    width_mm, height_mm : float
        Size of the sheet.
    lang : {"zh", "en"}
        Language of its words.
    scale : float
        Paper per millimetre of the design: 1 on A3, 0.707 on A4, so that one design serves both.
    text : float
        Size of the text against the design; on small paper it shrinks less than the rest.
    """

    figure: Figure
    paper: Axes
    width_mm: float
    height_mm: float
    lang: Lang
    scale: float = 1.0
    text: float = 1.0

    @property
    def swell(self) -> float:
        """How much larger text is, against everything drawn, than on the sheet that was designed."""
        return self.text / self.scale

    def rule(self, start: tuple[float, float], end: tuple[float, float], **style: object) -> None:
        """Draw a straight line between two points [mm]."""
        from matplotlib.lines import Line2D

        style = {"color": look().colours.ink, "linewidth": 0.5, **style}
        self.paper.add_artist(Line2D([start[0], end[0]], [start[1], end[1]], **style))  # type: ignore[arg-type]

    def write(self, across: float, up: float, text: str, *, size: float = 8.0, **style: Any) -> None:
        """Write a line; ``across``/``up`` in mm, ``size`` in points; ``bold=True`` thickens the strokes."""
        style = {"color": look().colours.ink, "ha": "left", "va": "baseline", "zorder": 40, **style}
        if style.pop("bold", False):
            words = Words(across, up, text, size, style["color"], style["ha"], style["va"])
            self.letter([words], zorder=style["zorder"], bold=True)
        else:
            self.paper.text(across, up, drawable(text), fontsize=size * self.text, family=FAMILY, **style)

    def letter(self, words: Sequence[Words], *, zorder: float, halo: Halo | None = None, bold: bool = False) -> None:
        """Write words as outlines, in a halo or bold; ``across``/``up`` in mm, ``size`` in points of the design."""
        sized = [replace(one, size=one.size * self.text) for one in words]
        write_words(self.paper, sized, point=_MM_PER_POINT / self.scale, zorder=zorder, halo=halo, bold=bold)

    def axes(self, box: Box) -> Axes:
        """Return axes at (left, bottom, width, height) in mm, framed, on the sheet's ground."""
        left, bottom, width, height = box
        axes = self.figure.add_axes(
            (left / self.width_mm, bottom / self.height_mm, width / self.width_mm, height / self.height_mm)
        )
        axes.set_facecolor(look().colours.paper)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set(color=look().colours.ink, linewidth=0.9, zorder=50)
        return axes

    def width_of(self, text: str, size: float) -> float:
        """Return how wide a line is on the design [mm]."""
        return text_width_mm(drawable(text), size) * self.swell


def open_page(lang: Lang, *, paper: str = "A3") -> Page:
    """Return an empty sheet, landscape; all sheets are designed on A3."""
    from matplotlib.figure import Figure

    width_mm, height_mm = _DESIGN_MM
    scale, text = PAPERS[paper]
    figure = Figure(figsize=(width_mm * scale / _MM_PER_INCH, height_mm * scale / _MM_PER_INCH), facecolor="white")
    design = figure.add_axes((0.0, 0.0, 1.0, 1.0), zorder=5)
    design.set(xlim=(0.0, width_mm), ylim=(0.0, height_mm))
    design.set_axis_off()
    return Page(figure, design, width_mm, height_mm, lang, scale, text)


def nice_scale(width_m: float, height_m: float, *, box: Box) -> float:
    """Return the least round scale denominator at which an extent fits a box (sizes in mm).

    Examples
    --------
    >>> nice_scale(50_000.0, 60_000.0, box=(0, 0, 280, 240))
    250000.0
    """
    least = max(width_m / box[2], height_m / box[3]) * 1000.0
    power = 10.0 ** np.floor(np.log10(least))
    steps = [power * step for step in (*_NICE, 10.0)]
    return float(next(step for step in steps if step >= least * (1 - 1e-9)))


def show_extent(page: Page, axes: Axes, bounds: Sequence[float], *, box: Box, margin_mm: float) -> float:
    """Centre an extent in its box at a round scale; return metres per millimetre of the design."""
    inner = (0.0, 0.0, (box[2] - 2 * margin_mm) * page.scale, (box[3] - 2 * margin_mm) * page.scale)
    denominator = nice_scale(bounds[2] - bounds[0], bounds[3] - bounds[1], box=inner)
    unit = denominator / 1000.0 * page.scale
    east, north = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    axes.set_xlim(east - box[2] * unit / 2, east + box[2] * unit / 2)
    axes.set_ylim(north - box[3] * unit / 2, north + box[3] * unit / 2)
    return unit


def scale_text(page: Page, unit: float) -> str:
    """Return the scale's denominator as it is written on a map, from metres per millimetre of the design."""
    return f"{unit / page.scale * 1000:,.0f}".replace(",", " ")


def draw_title(page: Page, title: str, subtitle: str) -> None:
    """Write title and subtitle, top centre."""
    middle = page.width_mm / 2
    page.write(
        middle,
        page.height_mm - 19.0,
        title,
        size=_fitting(page, title, 23.0 / page.swell, 340.0),
        ha="center",
        bold=True,
    )
    size = _fitting(page, subtitle, 10.5, page.width_mm - 2 * _STAMP_MM)
    page.write(middle, page.height_mm - 27.0, subtitle, size=size, ha="center", color=_SOFT)


def _fitting(page: Page, text: str, size: float, width_mm: float) -> float:
    return min(size, size * width_mm / max(page.width_of(text, size), 1.0))


def draw_frame(page: Page, axes: Axes, box: Box) -> None:
    """Draw the map's double frame with kilometre ticks of the grid between its lines."""
    from matplotlib.patches import Rectangle

    left, bottom, width, height = box
    gap = 5.0
    outer = Rectangle(
        (left - gap, bottom - gap),
        width + 2 * gap,
        height + 2 * gap,
        fill=False,
        edgecolor=look().colours.ink,
        linewidth=1.6,
    )
    page.paper.add_artist(outer)
    unit = (axes.get_xlim()[1] - axes.get_xlim()[0]) / width
    step = _tick_step(unit * min(width, height))
    for metres in _ticks(axes.get_xlim(), step):
        across = left + (metres - axes.get_xlim()[0]) / unit
        for edge, way in ((bottom, -1.0), (bottom + height, 1.0)):
            page.rule((across, edge), (across, edge + way * 1.4), linewidth=0.6)
            page.write(
                across, edge + way * 3.1, f"{metres / 1000:,.0f}".replace(",", " "), size=7.0, ha="center", va="center"
            )
    for metres in _ticks(axes.get_ylim(), step):
        up = bottom + (metres - axes.get_ylim()[0]) / unit
        for edge, way in ((left, -1.0), (left + width, 1.0)):
            page.rule((edge, up), (edge + way * 1.4, up), linewidth=0.6)
            text = f"{metres / 1000:,.0f}".replace(",", " ")
            page.write(edge + way * 3.1, up, text, size=7.0, ha="center", va="center", rotation=90)


def _tick_step(extent_m: float) -> float:
    power = 10.0 ** np.floor(np.log10(extent_m / 4))
    return float(next(power * step for step in (1, 2, 5, 10) if power * step >= extent_m / 8))


def _ticks(limits: tuple[float, float], step: float) -> list[float]:
    first = np.ceil((limits[0] + 0.1 * step) / step)
    last = np.floor((limits[1] - 0.1 * step) / step)
    return [float(step * k) for k in np.arange(first, last + 1)]


def draw_north(page: Page, across: float, up: float) -> Box:
    """Draw the north arrow with its lower middle at a point [mm]; return the room it takes."""
    from matplotlib.patches import Polygon

    for half, fill in ((-3.2, "white"), (3.2, look().colours.ink)):
        corners = [(across, up + 13.0), (across + half, up), (across, up + 3.0)]
        page.paper.add_artist(Polygon(corners, facecolor=fill, edgecolor=look().colours.ink, linewidth=0.7, zorder=41))
    page.write(across, up + 14.0, label("figure.north", page.lang), size=11.0, ha="center", bold=True)
    return (across - 5.0, up - 1.0, across + 5.0, up + 19.0)


def draw_scale(page: Page, axes: Axes, box: Box) -> Box:
    """Draw scale bar and numeric scale in the lower left of the map; return the room they take."""
    from matplotlib_scalebar.scalebar import ScaleBar

    unit = (axes.get_xlim()[1] - axes.get_xlim()[0]) / box[2]
    bar = ScaleBar(
        1.0, "m", location="lower left", length_fraction=0.16, width_fraction=0.005, pad=0.5, border_pad=0.9, sep=3,
        frameon=False, color=look().colours.ink, scale_loc="top", rotation="horizontal-only",
        font_properties={"family": FAMILY, "size": 8.5 * page.text},
    )  # fmt: skip
    bar.set_zorder(45)
    text = label("figure.scale", page.lang, denominator=scale_text(page, unit))
    page.write(box[0] + 3.3, box[1] + 11.6 * page.swell, text, size=8.5)
    axes.add_artist(bar)
    return (box[0], box[1], box[0] + 52.0, box[1] + 16.5)


def draw_footer(page: Page, facts: Mapping[str, str], *, crowded: bool = True) -> None:
    """Write maker, data date, CRS and review number in one row, the internal-use line below.

    Parameters
    ----------
    page : Page
        Sheet.
    facts : mapping
        ``date, crs, county, scenario, version``.
    crowded : bool
        Whether signs may have been moved apart.
    """
    lang = page.lang
    row = [
        (12.0, label("figure.footer.maker", lang) + look().maker, 0.0 if look().maker else 46.0),
        (98.0, label("figure.footer.data_date", lang, date=facts["date"]), 0.0),
        (160.0, label("figure.footer.crs", lang, crs=facts["crs"]), 0.0),
        (338.0, label("figure.footer.review_no", lang), 34.0),
    ]
    for across, text, blank in row:
        page.write(across, 11.8, text, size=8.5)
        if blank:
            start = across + page.width_of(text, 8.5) + 1.5
            page.rule((start, 11.0), (start + blank, 11.0))
    internal = label("figure.footer.internal", lang)
    page.write(12.0, 6.0, internal, size=8.5, bold=True)
    if crowded:
        after = 12.0 + page.width_of(internal, 8.5) + 4.0
        page.write(after, 6.0, label("figure.footer.crowded", lang), size=7.0, color=look().colours.grey)
    made = label("figure.footer.made_from", lang, **{name: facts[name] for name in ("county", "scenario", "version")})
    page.write(page.width_mm - 12.0, 6.0, made, size=7.0, color=look().colours.grey, ha="right")


def draw_stamp(page: Page, across: float, up: float) -> Box:
    """Stamp the sheet as made of synthetic data, upper left corner at a point; return the room it takes."""
    from matplotlib.patches import Rectangle

    text = label("figure.footer.synthetic", page.lang)
    width = page.width_of(text, 11.0) + 7.0
    rectangle = Rectangle(
        (across, up - 8.0),
        width,
        8.0,
        facecolor="white",
        edgecolor=look().colours.worse,
        linewidth=1.4,
        alpha=0.92,
        zorder=42,
    )
    page.paper.add_artist(rectangle)
    page.write(
        across + width / 2, up - 5.4, text, size=11.0, color=look().colours.worse, ha="center", zorder=43, bold=True
    )
    return (across, up - 8.0, across + width, up)


@dataclass(frozen=True)
class Row:
    """One line of the summary table.

    Parameters
    ----------
    name, unit : str
        Words of the indicator and its unit.
    values : tuple of float
        A value a year; missing where there is none.
    decimals : int
        Decimals shown; the change is counted from what is shown, so that the line adds up.
    less_is_better : bool or None
        Says which changes are better; None where neither way is.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    decimals: int
    less_is_better: bool | None


def draw_table(page: Page, rows: Sequence[Row], years: Sequence[int], *, box: Box) -> None:
    """Draw the summary table: one column a year, and the change with its sign, better in blue."""
    left, bottom, width, height = box
    edge, top = left + width, bottom + height
    columns = [edge - _COLUMN_MM * (len(years) - k if len(years) > 1 else 0) for k in range(len(years))]
    unit_at = columns[0] - _COLUMN_MM - 9.0
    page.write(left + width / 2, top - 4.0, label("figure.table.title", page.lang), size=10.0, ha="center", bold=True)
    heads = [(at, str(year)) for at, year in zip(columns, years, strict=True)]
    if len(years) > 1:
        heads.append((edge, label("figure.table.change", page.lang)))
    page.write(left, top - 9.6, label("figure.table.indicator", page.lang), size=7.5, color=_SOFT)
    page.write(unit_at, top - 9.6, label("figure.table.unit", page.lang), size=7.5, color=_SOFT)
    for at, text in heads:
        page.write(at, top - 9.6, text, size=7.5, ha="right", color=_SOFT)
    for up, weight in ((top - 6.0, 1.0), (top - 11.2, 0.5), (bottom, 1.0)):
        page.rule((left, up), (edge, up), linewidth=weight)
    step = (height - 11.9) / max(len(rows), 1)
    for number, row in enumerate(rows):
        up = top - 11.4 - step * (number + 0.5)
        page.write(left, up, row.name, size=_fitting(page, row.name, 7.8, unit_at - left - 2.0), va="center")
        page.write(unit_at, up, row.unit, size=7.0, va="center", color=look().colours.grey)
        for at, value in zip(columns, row.values, strict=True):
            page.write(at, up, number_text(value, row.decimals), size=7.8, ha="right", va="center")
        if len(years) > 1:
            _write_change(page, (edge, up), row)


def _write_change(page: Page, at: tuple[float, float], row: Row) -> None:
    shown = [round_half_up(value, row.decimals) for value in row.values]
    change = shown[-1] - shown[0]
    if np.isnan(change):
        page.write(*at, "—", size=7.8, ha="right", va="center", color=look().colours.grey)
        return
    even = abs(change) < 10.0**-row.decimals / 2
    colour = look().colours.ink
    if row.less_is_better is not None and not even:
        colour = look().colours.better if (change < 0) == row.less_is_better else look().colours.worse
    sign = "" if even else "+" if change > 0 else "−"
    text = sign + number_text(abs(change), row.decimals)
    page.write(*at, text, size=7.8, ha="right", va="center", color=colour, bold=colour != look().colours.ink)


def round_half_up(value: float, decimals: int) -> float:
    """Round as people do on paper: a half goes up.

    Examples
    --------
    >>> round_half_up(2.5, 0), round_half_up(0.25, 1)
    (3.0, 0.3)
    """
    return float(np.floor(value * 10.0**decimals + 0.5) / 10.0**decimals)


def number_text(value: float, decimals: int = 0) -> str:
    """Return a number as shown to a planner, thousands separated; a dash where it is missing.

    Examples
    --------
    >>> number_text(12345.4), number_text(9.26, 1), number_text(float("nan"))
    ('12,345', '9.3', '—')
    """
    return "—" if np.isnan(value) else f"{round_half_up(value, decimals):,.{decimals}f}"
