"""The chapters of a county's layout plan, every number from the result."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layoutplan.county.tables import SCHOOL_KINDS, STAGES
from layoutplan.labels import Lang, label
from layoutplan.plan.ledger import open_ledger
from layoutplan.present.blocks import Document, Writer
from layoutplan.present.charts import draw_chart
from layoutplan.present.figures import draw_picture
from layoutplan.present.grids import Grid, balance_grid, changes_grid, findings_grid, key_figures, make_grid
from layoutplan.present.provenance import stamp_of
from layoutplan.present.sheet import round_half_up
from layoutplan.present.workbook import about_lines
from layoutplan.seats.resources import nearest_to_passing

if TYPE_CHECKING:
    from layoutplan.plan.ledger import Ledger
    from layoutplan.plan.planning import PlanResult

_CLASS_RULES = ("class_over_norm", "class_large", "class_extra_large")
# What a plan is held to first; the workbook lists all norms.
_NORMS_SHOWN = ("class_size", "school_size", "travel", "staffing", "plan")
_ENDINGS = ("close_school", "merge_schools")
_NEAREST = 10
_LISTED = 60


@dataclass(frozen=True, eq=False)
class Facts:
    """A plan and what its report says of it.

    Parameters
    ----------
    result : PlanResult
        The plan.
    ledger : Ledger
        Its ledgers in the base year.
    lang : {"zh", "en"}
        Language.
    """

    result: PlanResult
    ledger: Ledger
    lang: Lang

    @property
    def county(self) -> str:
        """Name of the county."""
        county = self.result.prepared.county
        return county.name if self.lang == "zh" else county.name_en

    @property
    def base(self) -> int:
        """Year of the counts."""
        return self.result.prepared.county.base_year

    @cached_property
    def years(self) -> list[int]:
        """All years of the plan."""
        return sorted({int(year) for year in self.result.enrolment.frame["year"]})

    @property
    def goal(self) -> int:
        """Goal year of the norms, as far as the plan reaches."""
        return min(max(int(self.result.prepared.norms.value("plan.goal_year")), self.years[0]), self.years[-1])

    @cached_property
    def figures(self) -> pd.DataFrame:
        """Indicators, a row each, a column a year."""
        return self.result.indicators.pivot(index="indicator", columns="year", values="value")

    def figure(self, name: str, year: int) -> float:
        """Return an indicator of a year; NaN where there is none."""
        return float(self.figures[year].get(name, np.nan))

    def found(self, *rules: str) -> pd.DataFrame:
        """Return the findings of some rules."""
        frame = self.result.findings.frame
        return frame[frame["rule"].isin(rules)]

    def say(self, key: str, **values: object) -> str:
        """Return a sentence of the report, its numbers as people read them."""
        words = {name: number_of(value) if isinstance(value, float) else value for name, value in values.items()}
        return label(f"report.say.{key}", self.lang, **words)


def number_of(value: float, decimals: int = 0) -> str:
    """Return a count for a sentence, a dash where it is missing.

    Examples
    --------
    >>> number_of(34821.5), number_of(9.52, 1), number_of(float("nan"))
    ('34822', '9.5', '—')
    """
    return "—" if np.isnan(value) else f"{round_half_up(value, decimals):.{decimals}f}"


def compose_report(result: PlanResult, *, lang: Lang = "zh") -> Document:
    """Return the layout plan of a county as a document.

    Parameters
    ----------
    result : PlanResult
        The plan handed in.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    Document
        Eight chapters, each number from the plan, tables and figures numbered.
    """
    facts = Facts(result, open_ledger(result), lang)
    writer = Writer(lang)
    for name, chapter in _CHAPTERS.items():
        writer.chapter(label(f"report.chapter.{name}", lang))
        chapter(facts, writer)
    title = label("report.title", lang, county=facts.county, first=facts.base, last=facts.goal)
    return bind_document(writer, title, result)


def bind_document(writer: Writer, title: str, result: PlanResult) -> Document:
    """Return what was written as a document that says what plan it is from."""
    lines, lang = tuple(about_lines(result, writer.lang)), writer.lang
    return Document(title, lines, tuple(writer.blocks), lang, result.provenance["data_date"], stamp_of(result))


def _section(facts: Facts, writer: Writer, name: str) -> None:
    writer.section(label(f"report.section.{name}", facts.lang))


def _present(facts: Facts, writer: Writer) -> None:
    _section(facts, writer, "schools")
    enrolment = facts.result.enrolment.frame
    now = enrolment[enrolment["year"] == facts.base]
    stages = now.groupby("stage")["pupils"].sum()
    grid, schools, points = _kinds(facts, now)
    vacant = len(facts.found("school_vacant"))
    writer.say(
        facts.say(
            "schools", year=facts.base, county=facts.county, schools=schools, points=points,
            pupils=float(now["pupils"].sum()), primary=float(stages.get("primary", 0.0)),
            junior=float(stages.get("junior", 0.0)), classes=float(now["classes"].sum()),
        ),
        facts.say("vacant", count=vacant) if vacant else "",
    )  # fmt: skip
    writer.table(grid, facts.say("kinds_table", year=facts.base))
    _section(facts, writer, "resources")
    resources = facts.ledger.resources
    verdicts = resources.schools["verdict"].value_counts()
    over = int((resources.spread["verdict"] == "over").sum())
    counts = {word: int(verdicts.get(name, 0)) for word, name in _VERDICT_WORDS.items()}
    writer.say(facts.say("resources", judged=len(resources.schools), over=over, **counts))
    nearest = nearest_to_passing(resources, count=_NEAREST)
    columns = ["name", "kind", "pupils", "to_raise", "distance"]
    if len(nearest):
        writer.table(make_grid("nearest", nearest, columns, facts.lang), facts.say("nearest_table", count=len(nearest)))
    _section(facts, writer, "journeys")
    equity = facts.ledger.equity
    row = equity[(equity["band"] == "grades_1_3") & (equity["group_kind"] == "county")].iloc[0]
    writer.say(
        facts.say(
            "journeys", median=number_of(row["median_minutes"], 1), p95=number_of(row["p95_minutes"], 1),
            limit=float(row["limit_min"]), share=number_of(row["share_over_limit"] * 100, 1),
            unplaced=float(row["unplaced"]),
        )
    )  # fmt: skip


_VERDICT_WORDS = {"passing": "pass", "failing": "fail", "undecided": "undecided"}


def _kinds(facts: Facts, now: pd.DataFrame) -> tuple[Grid, int, int]:
    """Return schools with pupils by kind, and how many are schools and how many are points (trap T18)."""
    kind = facts.result.roster.schools.set_index("school_id")["kind"]
    table = now.assign(kind=now["school_id"].map(kind)).groupby("kind").agg(
        schools=("school_id", "nunique"), pupils=("pupils", "sum"), classes=("classes", "sum")
    )  # fmt: skip
    table = table.reindex([name for name in SCHOOL_KINDS if name in table.index])
    points = int(table["schools"].get("teaching_point", 0))
    grid = make_grid("schools", table.reset_index(), ["kind", "schools", "classes", "pupils"], facts.lang)
    return grid, int(table["schools"].sum()) - points, points


def _problems(facts: Facts, writer: Writer) -> None:
    _section(facts, writer, "classes")
    classes, size = facts.found(*_CLASS_RULES), facts.found("school_over_size")
    if len(classes) + len(size):
        rules = classes["rule"].value_counts()
        large, extra = (int(rules.get(name, 0)) for name in ("class_large", "class_extra_large"))
        numbers = {"over": len(classes), "large": large, "extra": extra, "schools": classes["school_id"].nunique()}
        writer.say(facts.say("classes", size=len(size), **numbers))
        _list_findings(facts, writer, (*_CLASS_RULES, "school_over_size"), "classes_table")
    else:
        writer.say(facts.say("no_findings"))
    _section(facts, writer, "seats")
    gaps = facts.found("seat_gap")
    lines = [facts.say("seats", count=len(gaps)), *gaps[f"text_{facts.lang}"]]
    writer.say(*(lines if len(gaps) else [facts.say("no_findings")]))
    _section(facts, writer, "small")
    shells, vacant = facts.found("shell_candidate"), facts.found("school_vacant")
    if len(shells) + len(vacant):
        writer.say(facts.say("small", shells=len(shells), vacant=len(vacant)))
        _list_findings(facts, writer, ("shell_candidate", "school_vacant"), "small_table")
    else:
        writer.say(facts.say("no_findings"))
    _section(facts, writer, "access")
    over, unreached = facts.found("place_over_limit"), facts.found("place_unreached")
    if len(over) + len(unreached):
        writer.say(facts.say("access", over=len(over), unreached=len(unreached)))
        _list_findings(facts, writer, ("place_over_limit", "place_unreached"), "access_table")
    else:
        writer.say(facts.say("no_findings"))


def _list_findings(facts: Facts, writer: Writer, rules: tuple[str, ...], caption: str) -> None:
    """List findings in words; a long list ends with a row that says how many more the workbook holds."""
    grid = findings_grid(facts.result, facts.lang, rules)
    keep = [0, 2, 8]
    rows = [tuple(row[at] for at in keep) for row in grid.rows[:_LISTED]]
    if len(grid.rows) > _LISTED:
        rows.append((None, None, label("problem_list.more", facts.lang, count=len(grid.rows) - _LISTED)))
    writer.table(Grid(caption, caption, tuple(grid.columns[at] for at in keep), rows), facts.say(caption))


def _forecast(facts: Facts, writer: Writer) -> None:
    _section(facts, writer, "demand")
    first, last = facts.base, facts.years[-1]
    values = {"first": first, "goal": facts.goal, "last": last}
    pupils = {(s, y): facts.figure(f"pupils_{s}", y) for s in STAGES for y in (first, facts.goal, last)}
    writer.say(
        facts.say(
            "forecast", **values, primary_first=pupils["primary", first], primary_goal=pupils["primary", facts.goal],
            primary_last=pupils["primary", last], junior_first=pupils["junior", first],
            junior_goal=pupils["junior", facts.goal], junior_last=pupils["junior", last],
        )
    )  # fmt: skip
    for stage in STAGES:
        by_year = [facts.figure(f"pupils_{stage}", one) for one in facts.years]
        year = facts.years[int(np.argmax(by_year))]
        pupils_then = facts.figure(f"pupils_{stage}", year)
        spare = facts.figure(f"seats_{stage}", year) - pupils_then
        verdict = facts.say("spare" if spare >= 0 else "short")
        words = {"stage": label(f"stage.{stage}", facts.lang), "year": year, "pupils": pupils_then}
        seats = facts.figure(f"seats_{stage}", year)
        writer.say(facts.say("peak", **words, seats=seats, verdict=verdict, gap=abs(spare)))
    writer.say(facts.say("caution"))
    for chart in ("demand_and_seats", "gap_by_year"):
        caption = facts.say("demand_figure" if chart == "demand_and_seats" else "gaps_figure")
        writer.picture(draw_chart(facts.result, chart, lang=facts.lang), caption)


def _norms(facts: Facts, writer: Writer) -> None:
    writer.say(facts.say("norms"))
    norms = [norm for key, norm in facts.result.prepared.norms.items() if key.split(".")[0] in _NORMS_SHOWN]
    rows = [
        {
            "norm": label(f"norm.{norm.key}", facts.lang), "norm_value": norm.value, "unit": norm.unit,
            "clause": norm.clause,
            "confirm": label(f"grid_parts.{'verified' if norm.verified else 'to_confirm'}", facts.lang),
        }
        for norm in norms
    ]  # fmt: skip
    columns = ["norm", "norm_value", "unit", "clause", "confirm"]
    writer.table(make_grid("norms", pd.DataFrame(rows, columns=columns), columns, facts.lang))


def _plan(facts: Facts, writer: Writer) -> None:
    _section(facts, writer, "actions")
    scenario = facts.result.scenario
    mode = label(f"mode.{scenario.policy.mode}", facts.lang)
    words = {"scenario": scenario.name, "mode": mode, "first": facts.base, "last": facts.years[-1]}
    writer.say(facts.say("plan", **words, note=scenario.note))
    kinds = [str(action.kind) for action in scenario.actions]
    if kinds:
        opened, ended = kinds.count("open_school"), sum(kind in _ENDINGS for kind in kinds)
        writer.say(facts.say("actions", open=opened, close=ended, other=len(kinds) - opened - ended))
        writer.table(changes_grid(facts.result, facts.lang))
    else:
        writer.say(facts.say("no_actions"))
    _section(facts, writer, "effect")
    writer.say(facts.say("effect"))
    shown = [facts.base] if facts.goal == facts.base else [facts.base, facts.goal]
    grid = key_figures(facts.result, facts.lang, shown)
    writer.table(grid, facts.say("figures_table", first=facts.base, last=facts.goal))


def _yearly(facts: Facts, writer: Writer) -> None:
    writer.say(facts.say("years"))
    for year in [year for year in facts.years if facts.base < year <= facts.goal]:
        count = sum(action.year == year for action in facts.result.scenario.actions)
        over, large, extra = (
            facts.figure(name, year) for name in ("classes_over_norm", "classes_large", "classes_extra_large")
        )
        writer.say(
            facts.say(
                "year", year=year, actions=facts.say("year_some", count=count) if count else facts.say("year_none"),
                over=over + large + extra, large=large + extra, size=facts.figure("schools_over_size", year),
                primary=facts.figure("seat_gap_primary", year), junior=facts.figure("seat_gap_junior", year),
            )
        )  # fmt: skip
    writer.picture(draw_chart(facts.result, "classes_over_norm", lang=facts.lang), facts.say("classes_figure"))


def _safeguards(facts: Facts, writer: Writer) -> None:
    _section(facts, writer, "steps")
    writer.say(facts.say("steps"))
    _section(facts, writer, "staff")
    posts = facts.ledger.posts
    short = posts["short"].dropna().astype(float)
    short = short[short > 0]
    writer.say(
        facts.say(
            "posts", year=facts.base, posts=float(posts["posts"].sum()), staff=float(posts["staff"].dropna().sum()),
            short=len(short), missing=float(short.sum()),
        )
    )  # fmt: skip
    _section(facts, writer, "communities")
    communities = facts.ledger.communities
    counts = {"count": len(communities.balance), "members": len(communities.members)}
    writer.say(facts.say("communities", **counts, outside=len(communities.outside)))
    _section(facts, writer, "watch")
    writer.say(facts.say("watch"))


def _annex(facts: Facts, writer: Writer) -> None:
    _section(facts, writer, "tables")
    writer.say(facts.say("annex"))
    grid = balance_grid(facts.result, facts.lang, [facts.goal])
    without_year = Grid(grid.key, grid.title, grid.columns[1:], [row[1:] for row in grid.rows])
    writer.table(without_year, facts.say("township_table", year=facts.goal))
    _section(facts, writer, "figures")
    for year in dict.fromkeys((facts.base, facts.goal)):
        caption = facts.say("layout_figure", county=facts.county, year=year)
        writer.picture(draw_picture(facts.result, lang=facts.lang, year=year), caption, wide=True)


_CHAPTERS = {
    "present": _present, "problems": _problems, "forecast": _forecast, "norms": _norms, "plan": _plan, "years": _yearly,
    "safeguards": _safeguards, "annex": _annex,
}  # fmt: skip
