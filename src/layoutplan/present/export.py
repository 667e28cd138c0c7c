"""Hand a plan in: the files of a run, complete or not at all, the same bytes every time."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from layoutplan.files import write_whole
from layoutplan.present.csvtables import write_table
from layoutplan.present.geopackage import write_geopackage
from layoutplan.present.provenance import file_hash

if TYPE_CHECKING:
    from layoutplan.plan.planning import PlanResult

FILES = ("summary.json", "enrolment.csv", "assignment.csv", "prices.csv", "findings.csv", "balance.csv", "plan.gpkg")
_ASSIGNMENT = ["year", "stage", "place_id", "school_id", "means", "pupils", "minutes", "metres", "reason"]


def write_run(result: PlanResult, out: Path) -> None:
    """Write the files of one plan into a folder.

    Parameters
    ----------
    result : PlanResult
        A plan.
    out : Path
        Folder; made if missing. Files of an earlier run are replaced, others left alone.

    Notes
    -----
    ``summary.json`` (indicators with units, provenance), ``enrolment.csv``, ``assignment.csv`` (pupils by year, stage,
    place and school; rows with a ``reason`` and no school are pupils without one), ``prices.csv`` (seats, pupils and
    what one seat more would save, by year, stage and school; no rows where the rule does not look at seats),
    ``findings.csv``, ``balance.csv``, ``plan.gpkg``. Everything is written under temporary names first and put in
    place only when all of it is complete. The same plan gives the same bytes. CSV is UTF-8 with a byte order mark,
    so that Excel opens it.
    """
    # All drafts are written before the first of them takes its place.
    with ExitStack() as all_or_none:
        drafts = {name: all_or_none.enter_context(write_whole(out / name)) for name in FILES}
        write_geopackage(result, drafts["plan.gpkg"])
        write_table(result.enrolment.frame, drafts["enrolment.csv"])
        write_table(assignment_table(result), drafts["assignment.csv"])
        write_table(result.assignment.prices, drafts["prices.csv"])
        write_table(result.findings.frame, drafts["findings.csv"])
        write_table(result.balance, drafts["balance.csv"])
        hashes = {name: file_hash(draft) for name, draft in drafts.items() if name != "summary.json"}
        drafts["summary.json"].write_text(summary_json(result, hashes), encoding="utf-8", newline="\n")


def summary_json(result: PlanResult, hashes: Mapping[str, str]) -> str:
    """Return the indicators with their units, what the plan was made from and what stood in for data, as JSON text.

    Parameters
    ----------
    result : PlanResult
        A plan.
    hashes : mapping
        SHA-256 of the files beside it by name, so that a table can be told from a changed one.
    """
    county, scenario = result.prepared.county, result.scenario
    values = result.indicators.sort_values(["indicator", "year"])
    rows = values[["indicator", "year", "value", "unit"]].itertuples(index=False, name=None)
    indicators = [
        {"indicator": str(name), "year": int(year), "value": _number(value), "unit": str(unit)}
        for name, year, value, unit in rows
    ]
    found = result.findings.frame.groupby(["rule", "severity"]).size().reset_index(name="count")
    counts = found.itertuples(index=False, name=None)
    content = {
        "county": county.name,
        "county_en": county.name_en,
        "crs": county.crs,
        "base_year": county.base_year,
        "synthetic": county.synthetic,
        "scenario": {
            "name": scenario.name,
            "note": scenario.note,
            "content": scenario.model_dump(mode="json", exclude={"name", "note"}),
        },
        "provenance": dict(sorted(result.provenance.items())),
        "files": dict(sorted(hashes.items())),
        "as_of": dict(sorted(county.as_of.items())),
        "findings": [{"rule": rule, "severity": severity, "count": int(count)} for rule, severity, count in counts],
        "optimum": json.loads(result.assignment.proof.to_json(orient="records", double_precision=6)),
        "notes": json.loads(result.demand.notes.to_json(orient="records", double_precision=6)),
        "indicators": indicators,
    }
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)


def assignment_table(result: PlanResult) -> pd.DataFrame:
    """Return who goes where, grades added up; journeys are means weighted by pupils.

    Returns
    -------
    DataFrame
        ``year, stage, place_id, school_id, means`` (key), ``pupils`` [person], ``minutes``, ``metres`` (one way),
        ``reason``.
        Rows without a school hold the pupils for whom there is none, by reason; totals equal the demand.
    """
    flows, unplaced = result.assignment.flows, result.assignment.unplaced
    keys = ["year", "stage", "place_id", "school_id", "means"]
    weighted = flows.assign(minutes=flows["minutes"] * flows["pupils"], metres=flows["metres"] * flows["pupils"])
    total = weighted.groupby(keys, as_index=False)[["pupils", "minutes", "metres"]].sum()
    total = total[total["pupils"] > 0.0]
    total[["minutes", "metres"]] = total[["minutes", "metres"]].div(total["pupils"], axis=0)
    left = unplaced.groupby(["year", "stage", "place_id", "reason"], as_index=False)["pupils"].sum()
    frame: pd.DataFrame = pd.concat([total, left[left["pupils"] > 0.0]], ignore_index=True)
    frame = frame.reindex(columns=_ASSIGNMENT)
    return frame.sort_values([*keys, "reason"], ignore_index=True, na_position="last")
