"""The legend of a sheet: two columns of signs with their meaning and unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layoutplan.county.tables import SCHOOL_KINDS
from layoutplan.labels import label
from layoutplan.present.look import look
from layoutplan.present.panels import no_way_sign
from layoutplan.present.sheet import Box, Page
from layoutplan.present.signs import Sign, draw_school, draw_site
from layoutplan.present.symbols import SHAPES, STATUS_COLOURS

if TYPE_CHECKING:
    from layoutplan.norms import Norms
    from layoutplan.present.scene import Scene

Drawer = Callable[[float, float], object]
_SIZES = (100, 500, 1000, 2500)
_TEXT = 7.6


@dataclass(frozen=True)
class Contents:
    """What the legend has to explain.

    Parameters
    ----------
    kinds : sequence of str
        Kinds of school on the sheet.
    stages : sequence of str
        Stages whose catchments are filled, or drawn as lines.
    roof, site, changed, closed, unreached : bool
        Whether these occur on the sheet.
    norms : Norms
        Limits named beside the colours.
    """

    kinds: Sequence[str]
    filled: str
    lined: str
    roof: bool
    site: bool
    changed: bool
    closed: bool
    unreached: bool
    norms: Norms


@dataclass(frozen=True)
class _Entry:
    """One row: a drawer called with the middle of the sign, and words; no drawer makes a heading."""

    text: str
    draw: Drawer | None = None
    height: float = 1.0


def draw_legend(page: Page, contents: Contents, *, box: Box) -> None:
    """Draw the legend in its box, its rows spread evenly over the height.

    Parameters
    ----------
    page : Page
        Sheet.
    contents : Contents
        What to explain.
    box : (left, bottom, width, height)
        Room [mm].
    """
    from matplotlib.patches import Rectangle

    left, bottom, width, height = box
    page.paper.add_artist(
        Rectangle((left, bottom), width, height, facecolor="white", edgecolor=look().colours.ink, linewidth=0.9)
    )
    page.write(
        left + width / 2,
        bottom + height - 6.2,
        label("figure.legend.title", page.lang),
        size=11.0,
        ha="center",
        bold=True,
    )
    columns = (_left_column(page, contents), _right_column(page, contents))
    rows = max(sum(entry.height for entry in column) for column in columns)
    step = min(5.4, (height - 11.5) / rows)
    for number, column in enumerate(columns):
        across = left + 3.0 + number * (width * 0.455)
        up = bottom + height - 9.0
        for entry in column:
            middle = up - step * entry.height / 2
            if entry.draw is None:
                page.write(across, middle - 0.4, entry.text, size=8.0, va="center", bold=True)
            else:
                entry.draw(across + 3.6, middle)
                page.write(across + 9.0, middle, entry.text, size=_shrunk(page, entry.text, width, number), va="center")
            up -= step * entry.height


def _shrunk(page: Page, text: str, width: float, column: int) -> float:
    room = width * (0.455 if column == 0 else 0.545) - 13.5
    return min(_TEXT, _TEXT * room / max(page.width_of(text, _TEXT), 1.0))


def _left_column(page: Page, contents: Contents) -> list[_Entry]:
    entries = [_entry(page, "kind")]
    for kind in SCHOOL_KINDS:
        if kind in contents.kinds:
            sign = Sign(SHAPES[kind], 700.0)
            entries.append(_Entry(label(f"kind.{kind}", page.lang), _school(page, sign)))
    if contents.roof:
        entries.append(_entry(page, "boarding", _school(page, Sign("square", 500.0, roof=True)), height=1.25))
    entries += [_entry(page, "size"), _Entry("", _sizes(page), height=2.5), _entry(page, "other")]
    if contents.changed:
        entries.append(_entry(page, "change", _school(page, Sign("circle", 350.0, changed=True)), height=1.3))
    if contents.closed:
        entries.append(_entry(page, "closed", _school(page, Sign("circle", 0.0, closed=True)), height=1.3))
    entries.append(_entry(page, "vacant", _school(page, Sign("circle", 0.0, vacant=True))))
    if contents.site:
        entries.append(_entry(page, "site", lambda x, y: draw_site(page.paper, (x, y), unit=1.0)))
    entries.append(_entry(page, "place", _dot(page)))
    return entries


def _right_column(page: Page, contents: Contents) -> list[_Entry]:
    limits = _limits(contents.norms)
    shown = {name: f"{value:g}" for name, value in limits.items()}
    entries = [_entry(page, "class_size")]
    for status in STATUS_COLOURS:
        text = label(f"figure.legend.class_{status}", page.lang, **shown)
        entries.append(_Entry(text, _school(page, Sign("circle", 900.0, class_status=status))))
    entries.append(_entry(page, "school_size"))
    for status in ("near", "over"):
        text = label(f"figure.legend.size_{status}", page.lang, **shown)
        entries.append(_Entry(text, _school(page, Sign("circle", 350.0, size_status=status)), height=1.2))
    entries.append(_entry(page, "lines"))
    if contents.filled:
        stage = label(f"stage.{contents.filled}", page.lang)
        entries.append(_Entry(label("figure.legend.catchment", page.lang, stage=stage), _swatches(page)))
    if contents.unreached:
        entries.append(_entry(page, "unreached", no_way_sign(page)))
    if contents.lined:
        entries.append(
            _entry(page, "junior_line", _line(page, color=look().colours.junior_line, linewidth=0.95, alpha=0.75))
        )
    dashed = {"color": look().colours.boundary, "linewidth": 0.8, "linestyle": (0, (5.0, 2.2))}
    entries += [
        _entry(page, "county_line", _line(page, color=look().colours.boundary, linewidth=1.5)),
        _entry(page, "township_line", _line(page, **dashed)),
        _entry(page, "road_main", _road(page, "national")),
        _entry(page, "road_lesser", _road(page, "township")),
    ]
    return entries


def _entry(page: Page, name: str, draw: Drawer | None = None, height: float = 1.0) -> _Entry:
    return _Entry(label(f"figure.legend.{name}", page.lang), draw, 1.15 if draw is None else height)


def _school(page: Page, sign: Sign) -> Drawer:
    return lambda across, up: draw_school(page.paper, (across, up), sign, unit=1.0)


def _line(page: Page, **style: object) -> Drawer:
    from matplotlib.lines import Line2D

    return lambda across, up: page.paper.add_artist(Line2D([across - 3.6, across + 3.6], [up, up], **style))  # type: ignore[arg-type]


def _road(page: Page, kind: str) -> Drawer:
    road = look().roads[kind]
    return _line(page, color=road.colour, linewidth=road.width)


def _dot(page: Page) -> Drawer:
    from matplotlib.patches import Circle

    return lambda across, up: page.paper.add_artist(
        Circle((across, up), 0.4, facecolor=look().colours.grey, linewidth=0)
    )


def _swatches(page: Page) -> Drawer:
    from matplotlib.patches import Rectangle

    def draw(across: float, up: float) -> None:
        for number, colour in enumerate(look().catchments):
            at = (across - 3.75 + number * 1.5, up - 1.2)
            page.paper.add_artist(Rectangle(at, 1.5, 2.4, facecolor=colour, edgecolor="#9a917f", linewidth=0.4))

    return draw


def _sizes(page: Page) -> Drawer:
    def draw(across: float, up: float) -> None:
        at = across - 2.6
        for pupils in _SIZES:
            sign = Sign("circle", float(pupils))
            at += sign.radius_mm
            draw_school(page.paper, (at, up + 1.5), sign, unit=1.0)
            page.write(at, up - 4.7, f"{pupils:,}", size=6.8, ha="center")
            at += sign.radius_mm + 4.2

    return draw


def _limits(norms: Norms) -> dict[str, float]:
    return {
        "primary": norms.value("class_size.primary"), "junior": norms.value("class_size.junior"),
        "large": norms.value("class_size.large"), "large_to": norms.value("class_size.extra_large") - 1,
        "extra_large": norms.value("class_size.extra_large"), "single": norms.value("school_size.primary"),
        "nine_year": norms.value("school_size.nine_year"),
    }  # fmt: skip


def limits_of(scene: Scene) -> dict[str, float]:
    """Return the limits that the words of a legend name, by those names."""
    return _limits(scene.result.prepared.norms)
