"""Print-ready sheets of a plan: A3, as PNG, PDF and SVG."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layoutplan.labels import Lang, label
from layoutplan.present.fonts import use_fonts
from layoutplan.present.ground import (
    draw_boundaries,
    draw_catchments,
    draw_junior_borders,
    draw_relief,
    draw_roads,
    within_window,
)
from layoutplan.present.legend import Contents, draw_legend
from layoutplan.present.mapface import NAME_PT, Face
from layoutplan.present.marks import draw_marks
from layoutplan.present.provenance import stamp_of
from layoutplan.present.scene import Scene
from layoutplan.present.sheet import (
    Box,
    Page,
    draw_footer,
    draw_frame,
    draw_north,
    draw_scale,
    draw_stamp,
    draw_table,
    draw_title,
    open_page,
    show_extent,
)  # fmt: skip
from layoutplan.present.symbols import (
    GREY,
    INK,
)  # fmt: skip

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from shapely.geometry.base import BaseGeometry

    from layoutplan.plan.planning import PlanResult

FORMATS = ("png", "pdf", "svg")
DPI = 300
_MAP: Box = (19.0, 23.0, 276.0, 234.0)
_INSET: Box = (305.0, 183.0, 103.0, 79.0)
_TABLE: Box = (305.0, 113.0, 103.0, 65.0)
_LEGEND: Box = (305.0, 18.0, 103.0, 91.0)
_INSET_LABEL_MM = 7.0
# Settings of matplotlib and its font list belong to the whole process.
_DRAWING = threading.RLock()


def draw_figure(
    result: PlanResult, out: Path, *, sheet: str = "layout", lang: Lang = "zh", year: int | None = None,
    formats: Sequence[str] = FORMATS,
) -> list[Path]:  # fmt: skip
    """Draw one sheet of a plan, ready to print on A3.

    Parameters
    ----------
    result : PlanResult
        A plan.
    out : Path
        Folder the files are written to; made if missing.
    sheet : {"layout", "primary", "junior"}
        ``layout`` shows all schools, primary catchments filled and junior catchments as lines;
        the others show one stage.
    lang : {"zh", "en"}
        Language of the sheet.
    year : int, optional
        School year of the plan; the goal year of the norms unless told otherwise.
    formats : sequence of {"png", "pdf", "svg"}
        What to write; PNG has 300 dots per inch, PDF embeds its font as TrueType.

    Returns
    -------
    list of Path
        ``<sheet>_<year>_<lang>.<format>``, in the order of ``formats``. The same plan gives the same bytes.

    Raises
    ------
    ValueError
        Unknown sheet or format, or a year outside the plan.
    """
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise ValueError(f"unknown formats {unknown}; there are {', '.join(FORMATS)}")
    scene = Scene.of(result, sheet, lang=lang, year=year)
    out.mkdir(parents=True, exist_ok=True)
    with _DRAWING, use_fonts():
        figure = _compose(scene)
        stamp = stamp_of(result)
        return [_save(figure, out / f"{sheet}_{scene.year}_{lang}.{name}", stamp) for name in formats]


def draw_picture(
    result: PlanResult, *, sheet: str = "layout", lang: Lang = "zh", year: int | None = None, dpi: int = 150
) -> bytes:
    """Return one sheet of a plan as PNG for a page of a document, at a lower resolution than in print."""
    scene = Scene.of(result, sheet, lang=lang, year=year)
    buffer = io.BytesIO()
    with _DRAWING, use_fonts():
        metadata = {"Software": "layoutplan", "Description": stamp_of(result)}
        _compose(scene).savefig(buffer, format="png", dpi=dpi, metadata=metadata)
    return buffer.getvalue()


def _save(figure: Figure, path: Path, stamp: str) -> Path:
    # No clock in the bytes: matplotlib would write the time of saving into PDF and SVG.
    metadata: dict[str, dict[str, str | None]] = {
        "png": {"Software": "layoutplan", "Description": stamp},
        "pdf": {"Creator": "layoutplan", "Producer": "matplotlib", "CreationDate": None, "Keywords": stamp},
        "svg": {"Creator": "layoutplan", "Date": None, "Description": stamp},
    }
    part = path.with_name(path.name + ".tmp")
    kind = path.suffix[1:]
    quick: dict[str, Any] = {"pil_kwargs": {"compress_level": 4}} if kind == "png" else {}
    figure.savefig(part, format=kind, dpi=DPI, metadata=metadata[kind], **quick)
    Path(part).replace(path)
    return path


def _compose(scene: Scene) -> Figure:
    page = open_page(scene.lang)
    county = scene.result.prepared.county
    name = county.name if scene.lang == "zh" else county.name_en
    years = scene.years
    scenario = scene.result.scenario
    policy = scenario.policy
    rule, mode = label(f"admission.{policy.assignment}", scene.lang), label(f"mode.{policy.mode}", scene.lang)
    subtitle = label(
        "figure.subtitle", scene.lang, scenario=scenario.name, rule=rule, mode=mode, first=years[0], last=years[-1]
    )
    draw_title(page, label(f"figure.title_{scene.sheet}", scene.lang, county=name, year=scene.year), subtitle)
    axes = page.axes(_MAP)
    unit = show_extent(axes, county.townships.total_bounds, box=_MAP, margin_mm=4.0)
    _draw_ground(scene, axes, unit=unit)
    draw_frame(page, axes, _MAP)
    taken = [draw_scale(page, axes, _MAP), draw_north(page, _MAP[0] + _MAP[2] - 9.0, _MAP[1] + _MAP[3] - 24.0)]
    if county.synthetic:
        taken.append(draw_stamp(page, _MAP[0] + 4.0, _MAP[1] + _MAP[3] - 4.0))
    apart = _draw_inset(scene, page, axes)
    face = Face(page, axes, _MAP)
    if apart is not None:
        taken.append(face.on_paper(apart.bounds))
    draw_marks(scene, face, taken=taken, apart=apart)
    _draw_sidebar(scene, page)
    return page.figure


def _draw_ground(scene: Scene, axes: Axes, *, unit: float, stronger: float = 1.0) -> None:
    county = scene.result.prepared.county
    window = (axes.get_xlim()[0], axes.get_ylim()[0], axes.get_xlim()[1], axes.get_ylim()[1])
    draw_catchments(axes, within_window(scene.catchments, window), scene.hues)
    draw_roads(axes, within_window(scene.result.ground(scene.year).county.roads, window), unit=unit, stronger=stronger)
    outline = draw_boundaries(axes, county.townships, unit=unit)
    if "dem" in county.rasters:
        draw_relief(axes, county.rasters["dem"], crs=county.crs, within=outline)
    if scene.sheet == "layout":
        draw_junior_borders(axes, within_window(scene.junior_catchments, window))
    from matplotlib.collections import EllipseCollection

    villages = county.places[county.places["kind"] != "resettlement"]
    points = shapely.get_coordinates(shapely.point_on_surface(villages.geometry.to_numpy()))
    size = np.full(len(points), 0.75 * unit)
    dots = EllipseCollection(
        size, size, np.zeros(len(points)), units="x", offsets=points, transOffset=axes.transData, facecolor=GREY,
        linewidth=0, zorder=9,
    )  # fmt: skip
    axes.add_collection(dots, autolim=False)


def _draw_inset(scene: Scene, page: Page, main: Axes) -> BaseGeometry | None:
    """Draw the county town at a larger scale; return its area, so that the main map leaves it free."""
    if scene.town is None:
        return None
    box = (_INSET[0], _INSET[1], _INSET[2], _INSET[3] - _INSET_LABEL_MM)
    axes = page.axes(box)
    unit = show_extent(axes, scene.town, box=box, margin_mm=9.0)
    _draw_ground(scene, axes, unit=unit, stronger=1.8)
    title = label("figure.inset", scene.lang)
    scale = label("figure.scale", scene.lang, denominator=f"{unit * 1000:,.0f}".replace(",", " "))
    up = box[1] + box[3] + 1.8
    page.write(_INSET[0], up, title, size=9.5, bold=True)
    page.write(_INSET[0] + _INSET[2], up, scale, size=8.0, ha="right")
    area = shapely.box(axes.get_xlim()[0], axes.get_ylim()[0], axes.get_xlim()[1], axes.get_ylim()[1])
    draw_marks(scene, Face(page, axes, box), taken=[], apart=None, areas=False)
    from matplotlib.patches import Rectangle

    left, bottom, right, top = area.bounds
    main.add_patch(
        Rectangle((left, bottom), right - left, top - bottom, fill=False, edgecolor=INK, linewidth=1.0, zorder=18)
    )
    note = label("figure.see_inset", scene.lang)
    room = (right - left) / Face(page, main, _MAP).unit
    if page.width_of(note, NAME_PT) < room - 1.0:
        main.text(
            (left + right) / 2, (bottom + top) / 2, note, fontsize=NAME_PT, color=INK, ha="center", va="center",
            zorder=18, bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.2},
        )  # fmt: skip
    return area


def _draw_sidebar(scene: Scene, page: Page) -> None:
    county = scene.result.prepared.county
    rows = scene.key_figures
    if rows:
        draw_table(page, rows, scene.table_years, box=_TABLE)
    signs = list(scene.schools["sign"])
    contents = Contents(
        kinds=sorted(set(scene.schools["kind"])), filled=scene.filled,
        lined="junior" if scene.sheet == "layout" else "",
        roof=any(sign.roof for sign in signs), site=len(scene.sites) > 0, changed=any(sign.changed for sign in signs),
        closed=any(sign.closed for sign in signs), unreached=bool(scene.catchments["school_id"].isna().any()),
        norms=scene.result.prepared.norms,
    )  # fmt: skip
    draw_legend(page, contents, box=_LEGEND)
    facts = scene.result.provenance
    draw_footer(page, {
        "date": facts["data_date"] or "—", "crs": crs_name(county.crs), "county": facts["county"][:16],
        "scenario": facts["scenario"][:16], "version": facts["layoutplan"],
    })  # fmt: skip


def crs_name(crs: str) -> str:
    """Return a CRS as a reader of the sheet knows it.

    Examples
    --------
    >>> crs_name("EPSG:4544")
    'CGCS2000 / 3-degree Gauss-Kruger CM 105E (EPSG:4544)'
    """
    from pyproj import CRS

    return f"{CRS(crs).name} ({crs})"
