"""The special plan to end oversized classes and schools, every number from the elimination path."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layoutplan.county.tables import STAGES
from layoutplan.labels import Lang, label
from layoutplan.plan.elimination import EliminationPath, elimination_path
from layoutplan.plan.ledger import open_ledger
from layoutplan.present.blocks import Document, Writer
from layoutplan.present.chapters import Facts, bind_document, number_of
from layoutplan.present.charts import draw_chart
from layoutplan.present.figures import draw_picture
from layoutplan.present.grids import changes_grid, make_grid

if TYPE_CHECKING:
    from layoutplan.plan.planning import PlanResult

_BANDS = ["classes_over_norm", "classes_large", "classes_extra_large"]
_NORMS = (
    "class_size.primary", "class_size.junior", "class_size.large", "class_size.extra_large", "school_size.primary",
    "school_size.junior", "school_size.nine_year", "plan.goal_year", "cost.room",
)  # fmt: skip
_YUAN_PER_TEN_THOUSAND = 10_000.0


@dataclass(frozen=True, eq=False)
class Case:
    """A plan, its elimination path, and how it is told.

    Parameters
    ----------
    facts : Facts
        The plan with its numbers by year.
    path : EliminationPath
        What stands between the county and the norms.
    """

    facts: Facts
    path: EliminationPath

    @property
    def lang(self) -> Lang:
        """Language of the document."""
        return self.facts.lang

    def say(self, key: str, **values: object) -> str:
        """Return a sentence of the special plan, its numbers as people read them."""
        words = {name: number_of(value) if isinstance(value, float) else value for name, value in values.items()}
        return label(f"special.say.{key}", self.lang, **words)

    @cached_property
    def county(self) -> pd.DataFrame:
        """Sums of the county by year."""
        return self.path.county.set_index("year")

    def sums(self, year: int) -> dict[str, float]:
        """Return the sums of the county in a year, by their names."""
        values = self.county.loc[year].to_numpy(float).tolist()
        return dict(zip(self.county.columns, values, strict=True))

    def stages_in(self, year: int) -> pd.DataFrame:
        """Return schools and stages of a year that have a class over the norm, or pupils who have to move."""
        rows = self.path.stages[self.path.stages["year"] == year]
        return rows[rows[[*_BANDS, "pupils_to_move", "pupils_to_even_out"]].sum(axis=1) > 0]

    def sizes_in(self, year: int) -> pd.DataFrame:
        """Return the schools over their size norm in a year."""
        return self.path.sizes[(self.path.sizes["year"] == year) & (self.path.sizes["pupils_over_size"] > 0)]


def compose_special(result: PlanResult, *, lang: Lang = "zh") -> Document:
    """Return the special plan as a document of its own.

    Parameters
    ----------
    result : PlanResult
        The plan handed in.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    Document
        Seven chapters: basis, present state, causes, targets by year, measures school by school, safeguards, figures.
    """
    case = Case(Facts(result, open_ledger(result), lang), elimination_path(result))
    writer = Writer(lang)
    for name, chapter in _CHAPTERS.items():
        writer.chapter(label(f"special.chapter.{name}", lang))
        chapter(case, writer)
    facts = case.facts
    title = label("report.special_title", lang, county=facts.county, first=facts.base, last=facts.goal)
    return bind_document(writer, title, result)


def _basis(case: Case, writer: Writer) -> None:
    facts, norms = case.facts, case.facts.result.prepared.norms
    writer.say(case.say("basis", county=facts.county, first=facts.base, goal=facts.goal))
    writer.say(case.say("counting"))
    rows = [
        {
            "norm": label(f"norm.{key}", case.lang), "norm_value": norms[key].value, "unit": norms[key].unit,
            "clause": norms[key].clause,
            "confirm": label(f"grid_parts.{'verified' if norms[key].verified else 'to_confirm'}", case.lang),
        }
        for key in _NORMS
    ]  # fmt: skip
    columns = ["norm", "norm_value", "unit", "clause", "confirm"]
    writer.table(make_grid("norms", pd.DataFrame(rows, columns=columns), columns, case.lang))


def _present(case: Case, writer: Writer) -> None:
    base = case.facts.base
    now, rows, sizes = case.sums(base), case.stages_in(base), case.sizes_in(base)
    total = sum(now[name] for name in _BANDS)
    classes = float(case.path.stages.loc[case.path.stages["year"] == base, "classes"].sum())
    writer.say(
        case.say(
            "present", year=base, total=total, large=now["classes_large"], extra=now["classes_extra_large"],
            share=number_of(100.0 * total / classes if classes else np.nan, 1), schools=rows["school_id"].nunique(),
            size=len(sizes), beyond=float(sizes["pupils_over_size"].sum()),
        ),
        case.say("even_out", pupils=now["pupils_to_even_out"]) if now["pupils_to_even_out"] > 0 else "",
    )  # fmt: skip
    columns = ["name", "stage", "pupils", "classes", "rooms", *_BANDS]
    writer.table(make_grid("special_now", rows, columns, case.lang), case.say("now_table", year=base))
    if len(sizes):
        columns = ["name", "pupils", "limit", "pupils_over_size"]
        writer.table(make_grid("special_sizes", sizes, columns, case.lang), case.say("sizes_table", year=base))


def _causes(case: Case, writer: Writer) -> None:
    facts = case.facts
    short = [(stage, facts.figure(f"seat_gap_{stage}", facts.base)) for stage in STAGES]
    for stage, gap in short:
        words = {"stage": label(f"stage.{stage}", case.lang), "year": facts.base}
        writer.say(case.say("gap", gap=gap, **words) if gap > 0 else case.say("no_gap", **words))
    rows = case.stages_in(facts.base)
    cramped = rows[rows["rooms_to_add"] > 0]
    even = rows[(rows["rooms_to_add"] <= 0) & (rows["pupils_to_move"] <= 0)]
    writer.say(case.say("rooms", cramped=len(cramped), even=len(even), rooms=float(cramped["rooms_to_add"].sum())))
    setting = facts.result.roster.schools.set_index("school_id")["setting"]
    town = int((rows["school_id"].map(setting) == "county_town").sum())
    writer.say(case.say("town", town=town, all=len(rows)))


def _targets(case: Case, writer: Writer) -> None:
    facts = case.facts
    years = [year for year in facts.years if year <= facts.goal] or [facts.base]
    last = case.sums(facts.goal)
    left = sum(last[name] for name in _BANDS)
    key = "reached" if left == 0 and last["schools_over_size"] == 0 else "not_reached"
    writer.say(case.say(key, goal=facts.goal, left=left, size=last["schools_over_size"]))
    table = case.county.loc[years].reset_index()
    columns = [
        "year", *_BANDS, "schools_over_size", "pupils_over_size", "pupils_to_move", "rooms_to_add",
    ]  # fmt: skip
    writer.table(make_grid("special_years", table, columns, case.lang), case.say("years_table"))
    writer.picture(draw_chart(facts.result, "classes_over_norm", lang=case.lang), facts.say("classes_figure"))


def _measures(case: Case, writer: Writer) -> None:
    facts = case.facts
    writer.say(case.say("measures"))
    if facts.result.scenario.actions:
        writer.table(changes_grid(facts.result, case.lang), case.say("actions_table"))
    else:
        writer.say(case.say("no_actions"))
    rows = case.stages_in(facts.goal)
    if not len(rows):
        writer.say(case.say("none_left", goal=facts.goal))
        return
    rooms = float(rows["rooms_to_add"].sum())
    cost = rooms * facts.result.prepared.norms.value("cost.room") / _YUAN_PER_TEN_THOUSAND
    writer.say(
        case.say(
            "left", goal=facts.goal, schools=rows["school_id"].nunique(), move=float(rows["pupils_to_move"].sum()),
            rooms=rooms, cost=cost,
        )
    )  # fmt: skip
    columns = ["name", "stage", "pupils", "rooms", "classes_needed", "pupils_to_move", "rooms_to_add"]
    writer.table(make_grid("special_left", rows, columns, case.lang), case.say("left_table", goal=facts.goal))
    zero = case.path.zero.assign(
        measure=[label(f"special.measure.{name}", case.lang) for name in case.path.zero["measure"]]
    )
    columns = ["name", "measure", "first_year", "zero_year"]
    writer.table(make_grid("special_zero", zero, columns, case.lang), case.say("zero_table"))


def _safeguards(case: Case, writer: Writer) -> None:
    writer.say(*(case.say(name) for name in ("admission", "opening", "staff", "ledger", "duty")))


def _annex(case: Case, writer: Writer) -> None:
    facts = case.facts
    for sheet, year in (("oversize", facts.base), ("elimination", facts.goal)):
        caption = case.say(f"{sheet}_figure", county=facts.county, year=year)
        writer.picture(draw_picture(facts.result, sheet=sheet, lang=case.lang, year=year), caption, wide=True)


_CHAPTERS = {
    "basis": _basis, "present": _present, "causes": _causes, "targets": _targets, "measures": _measures,
    "safeguards": _safeguards, "annex": _annex,
}  # fmt: skip
