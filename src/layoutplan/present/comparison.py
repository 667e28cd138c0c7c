"""Hand a comparison of plans in: indicators, changes and the council page, complete or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from layoutplan.files import write_whole
from layoutplan.labels import LANGS
from layoutplan.plan.change import Change, find_changes
from layoutplan.plan.compare import compare
from layoutplan.plan.planning import PlanResult
from layoutplan.present.council import as_markdown, council_page
from layoutplan.present.export import write_table

CHANGES = ("places", "schools", "events", "built", "findings")


def write_comparison(results: Sequence[PlanResult], out: Path) -> list[Path]:
    """Write plans side by side into a folder.

    Parameters
    ----------
    results : sequence of PlanResult
        Plans of one county under different names; each is held against the first.
    out : Path
        Folder; made if missing.

    Returns
    -------
    list of Path
        ``compare.csv`` (indicators side by side), ``changes.csv`` (places where something changes, by year and
        stage), ``changes_schools.csv``, ``changes_events.csv``, ``changes_built.csv``, ``changes_findings.csv``
        (columns of :class:`layoutplan.plan.change.Change` after the ``scenario`` they belong to), ``council.zh.md``,
        ``council.en.md`` (a page a plan). One plan alone gives the first of them only.
    """
    table = compare(results)
    changes = [find_changes(results[0], other) for other in results[1:]]
    paths = [out / "compare.csv"]
    write_table(table, paths[0])
    if not changes:
        return paths
    for part in CHANGES:
        paths.append(out / ("changes.csv" if part == "places" else f"changes_{part}.csv"))
        write_table(_joined(changes, part), paths[-1])
    for lang in LANGS:
        paths.append(out / f"council.{lang}.md")
        pages = [as_markdown(council_page(change, lang=lang)) for change in changes]
        with write_whole(paths[-1]) as draft:
            draft.write_text("\n".join(pages), "utf-8", newline="\n")
    return paths


def _joined(changes: Sequence[Change], part: str) -> pd.DataFrame:
    """Return one table of all comparisons, each row under the name of its scenario; what stays the same is left out."""
    tables = []
    for change in changes:
        rows: pd.DataFrame = getattr(change, part)
        if "state" in rows:
            rows = rows[rows["state"] != "same"]
        tables.append(rows.assign(scenario=change.after.scenario.name))
    first = [table for table in tables if len(table)] or tables[:1]
    joined = pd.concat(first, ignore_index=True)
    return joined[["scenario", *(name for name in joined.columns if name != "scenario")]]
