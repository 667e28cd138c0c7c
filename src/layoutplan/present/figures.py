"""Print-ready sheets of a plan: A3, as PNG, PDF and SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from layoutplan.labels import Lang, label
from layoutplan.present.fonts import use_fonts
from layoutplan.present.look import Look, use_look
from layoutplan.present.packing import pack_png, put_file
from layoutplan.present.provenance import stamp_of
from layoutplan.present.scene import Scene
from layoutplan.present.sheet import DRAWING, PAPERS, Page, draw_footer, draw_stamp, draw_title, open_page
from layoutplan.present.subjects import SUBJECTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from layoutplan.plan.planning import PlanResult

FORMATS = ("png", "pdf", "svg")
DPI = 300
# More would take longer and save little.
_PRESS = 3


@dataclass(frozen=True)
class Printing:
    """How a sheet is printed.

    Parameters
    ----------
    formats : sequence of {"png", "pdf", "svg"}
        What to write; PNG has 300 dots per inch, PDF embeds its font as TrueType.
    paper : {"A3", "A4"}
        Landscape. A4 is the same design made smaller, its text less so than the rest.
    look : Look, optional
        Colours and sizes; the house's own unless told otherwise.
    """

    formats: Sequence[str] = FORMATS
    paper: str = "A3"
    look: Look | None = None

    def __post_init__(self) -> None:
        """Refuse what does not exist."""
        unknown = sorted(set(self.formats) - set(FORMATS)) + sorted({self.paper} - set(PAPERS))
        if unknown:
            raise ValueError(f"unknown {unknown}; there are {', '.join((*FORMATS, *PAPERS))}")


def draw_figure(
    result: PlanResult, out: Path, *, sheet: str = "layout", lang: Lang = "zh", year: int | None = None,
    printing: Printing | None = None,
) -> list[Path]:  # fmt: skip
    """Draw one sheet of a plan, ready to print.

    Parameters
    ----------
    result : PlanResult
        A plan.
    out : Path
        Folder the files are written to; made if missing.
    sheet : str
        One of :data:`layoutplan.present.subjects.SUBJECTS`.
    lang : {"zh", "en"}
        Language of the sheet.
    year : int, optional
        School year of the plan; the year that the subject is about unless told otherwise.
    printing : Printing, optional
        Formats, paper and look; all formats on A3 unless told otherwise.

    Returns
    -------
    list of Path
        ``<sheet>_<year>_<lang>.<format>``, with ``_A4`` before the ending on that paper, in the order of the formats.
        The same plan gives the same bytes.

    Raises
    ------
    ValueError
        Unknown sheet or format, or a year outside the plan.
    OutputError
        A file cannot be written; one that was there stays whole.
    """
    how = printing or Printing()
    scene = Scene.of(result, sheet, lang=lang, year=year)
    name = f"{sheet}_{scene.year}_{lang}" + ("" if how.paper == "A3" else f"_{how.paper}")
    with DRAWING, use_fonts(), use_look(how.look):
        figure = _compose(scene, how.paper)
        stamp = stamp_of(result)
        return [_save(figure, out / f"{name}.{kind}", stamp) for kind in how.formats]


def draw_picture(
    result: PlanResult, *, sheet: str = "layout", lang: Lang = "zh", year: int | None = None, dpi: int = 150
) -> bytes:
    """Return one sheet of a plan as PNG for a page of a document, at a lower resolution than in print."""
    scene = Scene.of(result, sheet, lang=lang, year=year)
    with DRAWING, use_fonts():
        return picture_bytes(_compose(scene, "A3"), dpi=dpi, stamp=stamp_of(result), level=6)


def picture_bytes(figure: Figure, *, dpi: int, stamp: str, level: int) -> bytes:
    """Return a figure as PNG, without transparency."""
    raw = io.BytesIO()
    figure.savefig(raw, format="rgba", dpi=dpi)
    width, height = (int(side * dpi) for side in figure.get_size_inches())
    pixels = np.frombuffer(raw.getbuffer(), dtype=np.uint8).reshape(height, width, 4)
    return pack_png(pixels[..., :3], dpi=dpi, texts={"Software": "layoutplan", "Description": stamp}, level=level)


def _save(figure: Figure, path: Path, stamp: str) -> Path:
    kind = path.suffix[1:]
    if kind == "png":
        return put_file(path, picture_bytes(figure, dpi=DPI, stamp=stamp, level=_PRESS))
    # No clock in the bytes: matplotlib would write the time of saving into PDF and SVG.
    metadata: dict[str, dict[str, str | None]] = {
        "pdf": {"Creator": "layoutplan", "Producer": "matplotlib", "CreationDate": None, "Keywords": stamp},
        "svg": {"Creator": "layoutplan", "Date": None, "Description": stamp},
    }
    # In memory first: a writer that meets a full disk would leave its file open.
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=DPI, metadata=metadata[kind])
    return put_file(path, buffer.getvalue())


def _compose(scene: Scene, paper: str) -> Figure:
    page = open_page(scene.lang, paper=paper)
    subject = SUBJECTS[scene.sheet]
    _draw_heading(scene, page)
    subject.draw(scene, page)
    county = scene.result.prepared.county
    if county.synthetic:
        draw_stamp(page, *subject.stamp_at)
    provenance = scene.result.provenance
    facts = {
        "date": provenance["data_date"] or "—", "crs": crs_name(county.crs), "county": provenance["county"][:16],
        "scenario": provenance["scenario"][:16], "version": provenance["layoutplan"],
    }  # fmt: skip
    draw_footer(page, facts, crowded=subject.is_map)
    return page.figure


def _draw_heading(scene: Scene, page: Page) -> None:
    result = scene.result
    county, scenario = result.prepared.county, result.scenario
    name = county.name if scene.lang == "zh" else county.name_en
    policy, years = scenario.policy, scene.years
    rule, mode = label(f"admission.{policy.assignment}", scene.lang), label(f"mode.{policy.mode}", scene.lang)
    words = {"scenario": scenario.name, "rule": rule, "mode": mode, "first": years[0], "last": years[-1]}
    title = label(f"figure.title_{scene.sheet}", scene.lang, county=name, year=scene.year)
    draw_title(page, title, label("figure.subtitle", scene.lang, **words))


def crs_name(crs: str) -> str:
    """Return a CRS as a reader of the sheet knows it.

    Examples
    --------
    >>> crs_name("EPSG:4544")
    'CGCS2000 / 3-degree Gauss-Kruger CM 105E (EPSG:4544)'
    """
    from pyproj import CRS

    return f"{CRS(crs).name} ({crs})"
