"""Hand a comparison of plans in: indicators, changes and the council page, complete or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from layoutplan.files import write_whole
from layoutplan.labels import LANGS, Lang, label
from layoutplan.plan.change import Change, find_changes
from layoutplan.plan.compare import compare
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.uncertainty import Uncertainty
from layoutplan.present.changes_map import draw_changes
from layoutplan.present.council import as_markdown, council_page
from layoutplan.present.csvtables import write_table

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
        ``council.en.md`` (a page a plan), ``changes.zh.png``, ``changes.en.png`` (all
        plans in one map). One plan alone gives the first of them only.
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
        paths.append(out / f"changes.{lang}.png")
        with write_whole(paths[-1]) as draft:
            draft.write_bytes(draw_changes(changes, lang=lang))
    return paths


def write_draws(weighed: Uncertainty, out: Path) -> list[Path]:
    """Write how sure a choice is into a folder.

    Parameters
    ----------
    weighed : Uncertainty
        Plans under common draws.
    out : Path
        Folder; made if missing.

    Returns
    -------
    list of Path
        ``draws.csv`` (a row a plan), ``draws_years.csv`` (by year).
    """
    paths = [out / "draws.csv", out / "draws_years.csv"]
    for table, path in zip((weighed.alternatives, weighed.by_year), paths, strict=True):
        write_table(table, path)
    return paths


def draws_said(weighed: Uncertainty, lang: Lang) -> list[str]:
    """Return in sentences who is best in how many draws, from which year on the choice differs, and the regret."""
    lines = []
    for row in weighed.alternatives.to_dict("records"):
        words = {
            "median": row["short_median"], "low": row["short_p10"], "high": row["short_p90"],
            "mean": row["regret_mean"], "most": row["regret_max"],
        }  # fmt: skip
        told = {name: f"{value:,.0f}" for name, value in words.items()}
        lines.append(label("draws.best", lang, name=row["name"], count=row["best_in"], draws=row["draws"], **told))
    first = weighed.names[0]
    if weighed.first_year is None:
        lines.append(label("draws.same", lang, name=first))
    else:
        lines.append(label("draws.first_year", lang, year=weighed.first_year, name=first))
    return [*lines, label("draws.rule", lang)]


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
