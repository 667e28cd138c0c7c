"""What an artefact was made from, written into it, and whether it belongs to given inputs."""

from __future__ import annotations

import hashlib
import html
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layoutplan import __version__
from layoutplan.county.sources import ARCHIVE_FAULTS
from layoutplan.errors import DataError, Problem

if TYPE_CHECKING:
    from layoutplan.county.layers import County
    from layoutplan.norms import Norms
    from layoutplan.plan.planning import PlanResult
    from layoutplan.plan.scenario import Scenario

KEYS = ("layoutplan", "county", "norms", "scenario", "data_date", "synthetic")
MARK = "layoutplan-provenance "
_STAMP = re.compile(re.escape(MARK) + r"(\{[^{}]*\})")
_OFFICE = (".docx", ".xlsx")
# The properties of an Office file are a page at most.
_MOST_BYTES = 1_000_000


def stamp_of(result: PlanResult) -> str:
    """Return one line of ASCII that says what a plan was made from.

    It goes into the properties of Office files, the metadata of pictures, the head of pages.
    """
    facts = {key: result.provenance[key] for key in KEYS}
    return MARK + json.dumps(facts, ensure_ascii=True, separators=(",", ":"))


def expected_facts(county: County, norms: Norms, scenario: Scenario) -> dict[str, str]:
    """Return what an artefact made now from these inputs would say, without running the plan."""
    return {
        "layoutplan": __version__,
        "county": county.fingerprint,
        "norms": norms.fingerprint,
        "scenario": scenario.fingerprint,
        "data_date": max(county.as_of.values(), default=""),
        "synthetic": str(county.synthetic).lower(),
    }


@dataclass(frozen=True)
class Verdict:
    """Whether an artefact belongs to inputs.

    Parameters
    ----------
    said : mapping
        What the artefact says, by :data:`KEYS`.
    expected : mapping
        What the inputs say.
    differing : tuple of str
        Keys that differ; none where it belongs.
    """

    said: Mapping[str, str]
    expected: Mapping[str, str]
    differing: tuple[str, ...]

    @property
    def belongs(self) -> bool:
        """Whether everything agrees."""
        return not self.differing


def verify(path: Path, expected: Mapping[str, str]) -> Verdict:
    """Compare what an artefact says it was made from with given inputs.

    Parameters
    ----------
    path : Path
        A file this program wrote: .docx, .xlsx, .html, .png, .pdf, .svg, .json, .gpkg, .parquet, or a .csv beside the
        ``summary.json`` of its run.
    expected : mapping
        From :func:`expected_facts`.

    Returns
    -------
    Verdict
        Key by key.

    Raises
    ------
    DataError
        The file is not there, carries no provenance, or is not the file its summary lists.
    """
    said = read_facts(path)
    return Verdict(said, dict(expected), tuple(key for key in KEYS if said.get(key) != expected[key]))


def read_facts(path: Path) -> dict[str, str]:
    """Return what an artefact says it was made from.

    Raises
    ------
    DataError
        As :func:`verify`.
    """
    try:
        found = _READERS.get(path.suffix.lower(), _from_text)(path)
    except (*ARCHIVE_FAULTS, OSError, KeyError, ValueError, RecursionError) as fault:
        raise DataError([Problem("artefact_unreadable", path.name, values={"reason": str(fault)})]) from fault
    if found is None:
        raise DataError([Problem("artefact_unmarked", path.name)])
    return {key: str(found.get(key, "")) for key in KEYS}


def _parse(text: str) -> dict[str, str] | None:
    found = _STAMP.search(text)
    return None if found is None else _table_of(json.loads(found[1]))


def _table_of(value: object) -> dict[str, Any]:
    """Return an object of JSON, which is all that facts can stand in."""
    if not isinstance(value, dict):
        raise ValueError(f"no object: {str(value)[:40]}")
    return value


def _from_text(path: Path) -> dict[str, str] | None:
    """Find the line in the bytes of a picture, page or table; all keep it uncompressed."""
    return _parse(html.unescape(path.read_bytes().decode("latin-1")).replace("\\(", "(").replace("\\)", ")"))


def _from_office(path: Path) -> dict[str, str] | None:
    with zipfile.ZipFile(path) as parts:
        if parts.getinfo("docProps/core.xml").file_size > _MOST_BYTES:
            raise ValueError("docProps/core.xml")
        return _parse(html.unescape(parts.read("docProps/core.xml").decode()))


def _from_summary(path: Path) -> dict[str, str] | None:
    content = _table_of(json.loads(path.read_text("utf-8")))
    return _table_of(content["provenance"]) if "provenance" in content else None


def _from_table(path: Path) -> dict[str, str] | None:
    """Return what the summary beside a table says; a table holds nothing but its rows."""
    summary = path.with_name("summary.json")
    if not summary.is_file():
        return None
    content = _table_of(json.loads(summary.read_text("utf-8")))
    listed = _table_of(content.get("files", {})).get(path.name)
    if listed != file_hash(path):
        raise ValueError(f"{path.name} is not the file that {summary.name} lists")
    return _table_of(content["provenance"])


def _from_geopackage(path: Path) -> dict[str, str] | None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as store:
        try:
            # A view of that name could compute without end.
            if not store.execute(
                "select 1 from sqlite_master where name = 'plan_metadata' and type = 'table'"
            ).fetchone():
                return None
            return dict(store.execute("select key, value from plan_metadata").fetchall())
        except sqlite3.DatabaseError as fault:
            raise ValueError(str(fault)) from fault


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_READERS = {
    **dict.fromkeys(_OFFICE, _from_office), ".json": _from_summary, ".csv": _from_table, ".gpkg": _from_geopackage,
}  # fmt: skip
