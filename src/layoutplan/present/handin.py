"""The files a county hands in, by purpose; each is whole or not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyogrio

from layoutplan.files import write_whole
from layoutplan.labels import Lang, label
from layoutplan.plan.ledger import Ledger, open_ledger
from layoutplan.present.chapters import compose_report
from layoutplan.present.csvtables import write_table
from layoutplan.present.forms import FormWriter, read_forms
from layoutplan.present.geopackage import fixed_date, write_geopackage
from layoutplan.present.geoparquet import write_geoparquet
from layoutplan.present.grids import ledger_grids, plan_grids
from layoutplan.present.packing import put_file
from layoutplan.present.public import write_public
from layoutplan.present.schoolbook import write_schoolbook
from layoutplan.present.schoolpdf import write_schoolpdf
from layoutplan.present.special import compose_special
from layoutplan.present.webpage import set_webpage
from layoutplan.present.word import set_word
from layoutplan.present.workbook import write_grids

if TYPE_CHECKING:
    from layoutplan.county.layers import County
    from layoutplan.plan.planning import PlanResult


def write_ledger(result: PlanResult, out: Path, *, lang: Lang = "zh", year: int | None = None) -> list[Path]:
    """Write the tables of a plan and its ledgers, and the workbook with a sheet a school.

    Parameters
    ----------
    result : PlanResult
        A plan.
    out : Path
        Folder; made if missing.
    lang : {"zh", "en"}
        Language of the files.
    year : int, optional
        School year of the ledgers; the base year unless told otherwise.

    Returns
    -------
    list of Path
        ``tables_<year>_<lang>.xlsx`` and ``schools_<year>_<lang>.xlsx``. The same plan gives the same bytes.
    """
    ledger = open_ledger(result, year=year)
    tables = _tables(result, ledger, lang)
    schools = write_schoolbook(result, ledger, lang=lang)
    return [
        put_file(out / f"tables_{ledger.year}_{lang}.xlsx", tables),
        put_file(out / f"schools_{ledger.year}_{lang}.xlsx", schools),
    ]


def write_schoolpages(result: PlanResult, out: Path, *, lang: Lang = "zh", year: int | None = None) -> list[Path]:
    """Write the sheets of all schools on paper, ``schools_<year>_<lang>.pdf``."""
    ledger = open_ledger(result, year=year)
    return [put_file(out / f"schools_{ledger.year}_{lang}.pdf", write_schoolpdf(result, ledger, lang=lang))]


def write_forms(county: County, out: Path, *, lang: Lang = "zh") -> list[Path]:
    """Write the form of every school, ``form_<school_id>.xlsx``, into a folder."""
    writer = FormWriter(county, lang)
    return [
        put_file(out / f"form_{school_id}.xlsx", writer.write(school_id)) for school_id in county.schools["school_id"]
    ]


def take_forms(county: County, given: Sequence[Path], out: Path) -> list[Path]:
    """Read filled forms and write the layers they change.

    Parameters
    ----------
    county : County
        The county they belong to.
    given : sequence of Path
        Files, or folders whose ``.xlsx`` files are read.
    out : Path
        Folder; made if missing.

    Returns
    -------
    list of Path
        ``schools.gpkg`` and ``rooms.csv``, which can stand in the county's place, and ``changes.csv``.

    Raises
    ------
    DataError
        With every problem of every form; nothing is written then.
    """
    paths = sorted({path for one in given for path in (one.glob("*.xlsx") if one.is_dir() else [one])})
    returned = read_forms(county, paths)
    schools, rooms, changes = out / "schools.gpkg", out / "rooms.csv", out / "changes.csv"
    with write_whole(schools) as draft, fixed_date(max(county.as_of.values(), default="")):
        pyogrio.write_dataframe(returned.county.schools, draft, layer="schools", driver="GPKG")
    write_table(returned.county.rooms, rooms)
    write_table(returned.changes, changes)
    return [schools, rooms, changes]


def write_export(result: PlanResult, out: Path, *, lang: Lang = "zh") -> list[Path]:
    """Write a plan for GIS and spreadsheets.

    Parameters
    ----------
    result : PlanResult
        A plan.
    out : Path
        Folder; made if missing.
    lang : {"zh", "en"}
        Language of the tables.

    Returns
    -------
    list of Path
        ``plan.gpkg`` (opens coloured in QGIS), ``<layer>.parquet`` (GeoParquet), ``tables_<year>_<lang>.xlsx``. The
        same plan gives the same bytes.
    """
    layers, ledger = write_layers(result, out), open_ledger(result)
    return [*layers, put_file(out / f"tables_{ledger.year}_{lang}.xlsx", _tables(result, ledger, lang))]


def write_layers(result: PlanResult, out: Path) -> list[Path]:
    """Write ``plan.gpkg`` (opens coloured in QGIS) and ``<layer>.parquet`` (GeoParquet) into a folder."""
    store = out / "plan.gpkg"
    with write_whole(store) as draft:
        write_geopackage(result, draft)
    return [store, *write_geoparquet(result, out)]


def write_public_copy(result: PlanResult, out: Path, *, lang: Lang = "zh") -> list[Path]:
    """Write the copy that may be shown, ``public_<lang>.xlsx``, into a folder."""
    return [put_file(out / f"public_{lang}.xlsx", write_public(result, lang=lang))]


def _tables(result: PlanResult, ledger: Ledger, lang: Lang) -> bytes:
    county = result.prepared.county
    title = label("workbook.tables_title", lang, county=county.name if lang == "zh" else county.name_en)
    return write_grids(result, [*plan_grids(result, lang), *ledger_grids(result, ledger, lang)], lang=lang, title=title)


def write_special(result: PlanResult, out: Path, *, lang: Lang = "zh") -> list[Path]:
    """Write the special plan to end oversized classes and schools, ``special_<lang>.docx`` and its ``.html`` twin."""
    document = compose_special(result, lang=lang)
    return [
        put_file(out / f"special_{lang}.docx", set_word(document)),
        put_file(out / f"special_{lang}.html", set_webpage(document).encode()),
    ]


def write_report(result: PlanResult, out: Path, *, lang: Lang = "zh") -> list[Path]:
    """Write the layout plan as a Word document and as a page for the browser.

    Parameters
    ----------
    result : PlanResult
        The plan handed in.
    out : Path
        Folder; made if missing.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    list of Path
        ``report_<lang>.docx`` and its twin ``report_<lang>.html``. The same plan gives the same bytes.
    """
    document = compose_report(result, lang=lang)
    return [
        put_file(out / f"report_{lang}.docx", set_word(document)),
        put_file(out / f"report_{lang}.html", set_webpage(document).encode()),
    ]
