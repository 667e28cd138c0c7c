"""The council page: what a plan changes, in plain sentences and a few tables, ready to be read out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.county.tables import GRADES_OF_GROUP, STAGES
from layoutplan.labels import Lang, label
from layoutplan.plan.change import Change
from layoutplan.plan.shifts import sum_shifts
from layoutplan.present.transport import transport_said
from layoutplan.seats.ways import limit_of

_PRICED = ("room", "bed")
# Less than this is what sums of floats leave over.
_NOBODY = 1e-6


@dataclass(frozen=True)
class CouncilTable:
    """A table in words: ``title``, ``columns`` and ``rows`` of as many cells, all ready to show."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class CouncilPage:
    """One plan against another for people who do not read data.

    Parameters
    ----------
    lang : {"zh", "en"}
        Language of all words.
    title : str
        What is compared.
    paragraphs : tuple of str
        Sentences with their numbers.
    tables : tuple of CouncilTable
        Only those that have rows.
    """

    lang: Lang
    title: str
    paragraphs: tuple[str, ...]
    tables: tuple[CouncilTable, ...]


@dataclass(frozen=True, eq=False)
class _Page:
    """What every sentence needs."""

    change: Change
    lang: Lang
    year: int

    def say(self, key: str, **values: object) -> str:
        """Return a sentence; the names of both plans are always at hand."""
        plans = {"before": self.change.before.scenario.name, "after": self.change.after.scenario.name}
        return label(f"council.{key}", self.lang, **plans, **values)

    def about(self, count: float) -> str:
        """Return a number of pupils without false precision, and say that it is one."""
        if count < _NOBODY:
            return "0"
        if count < 0.5:
            return self.say("few")
        return self.say("about", number=f"{coarse(count):,}")


def council_page(change: Change, *, lang: Lang, year: int | None = None) -> CouncilPage:
    """Say what a plan changes.

    Parameters
    ----------
    change : Change
        Of two plans.
    lang : {"zh", "en"}
        Language.
    year : int, optional
        School year the sentences are about; the last of both plans if not given.

    Returns
    -------
    CouncilPage
        Numbers of pupils are rounded as :func:`coarse` does; minutes are whole;
        money has two digits. Tables give whole pupils by largest remainder, so that they add up.

    Raises
    ------
    ValueError
        The plans do not hold the year.
    """
    year = change.years[-1] if year is None else year
    if year not in change.years:
        raise ValueError(f"year {year} is not in {change.years[0]}-{change.years[-1]}")
    page = _Page(change, lang, year)
    county = change.after.prepared.county
    title = page.say("title", county=county.name if lang == "zh" else county.name_en)
    paragraphs = [
        ("" if lang == "zh" else " ").join(sentences)
        for part in (_preface, _events, _transport, _moves, _limits, _seats, _findings, _costs)
        if (sentences := list(part(page)))
    ]
    tables = (*_place_tables(page), _seat_table(page), *_finding_tables(page))
    return CouncilPage(lang, title, tuple(paragraphs), tuple(table for table in tables if table.rows))


def coarse(count: float) -> int:
    """Return a number of pupils as a forecast can be told: whole, from 100 on in tens, from 10,000 on in hundreds.

    Examples
    --------
    >>> coarse(99.5), coarse(1234.0), coarse(12345.0)
    (100, 1230, 12300)
    """
    step = 1 if count < 100 else 10 if count < 10_000 else 100
    return math.floor(count / step + 0.5) * step


def whole_shares(counts: Sequence[float]) -> list[int]:
    """Round numbers so that they add up to their rounded sum: the largest remainders are rounded up.

    Examples
    --------
    >>> whole_shares([0.5, 0.25, 1.25])
    [1, 0, 1]
    """
    # Sums of floats that should be whole must not lose one to the last bit.
    values = np.round(np.asarray(counts, dtype=float), 9)
    down = np.floor(values)
    missing = math.floor(values.sum() + 0.5) - int(down.sum())
    order = np.lexsort((np.arange(len(values)), -(values - down)))
    down[order[:missing]] += 1
    return [int(value) for value in down]


def _preface(page: _Page) -> Iterator[str]:
    if page.change.after.prepared.county.synthetic:
        yield page.say("synthetic")
    yield page.say("scope", year=page.year)
    before, after = page.change.before.scenario, page.change.after.scenario
    if (before.outlook, before.policy) != (after.outlook, after.policy):
        yield page.say("outlook_differs")


def _events(page: _Page) -> Iterator[str]:
    events = page.change.events
    events = events[events["plan"] != "both"]
    if events.empty:
        yield page.say("events_none")
        return
    names = _school_names(page)
    for plan in ("after", "before"):
        mine = events[events["plan"] == plan]
        told = [
            page.say(
                str(row["event"]), year=row["year"], school=row["name"], into=names.get(row["into"], ""),
                kind_before=_kind(row["kind_before"], page.lang), kind_after=_kind(row["kind_after"], page.lang),
            )
            for row in mine.to_dict("records")
        ]  # fmt: skip
        if told:
            yield page.say(f"only_{plan}", events=page.say("between").join(told))
    if (events["event"] != "opened").any():
        yield page.say("review")


def _transport(page: _Page) -> Iterator[str]:
    yield from transport_said(page.change.after, year=page.year, lang=page.lang)


def _kind(kind: str | None, lang: Lang) -> str:
    return "" if kind is None else label(f"kind.{kind}", lang)


def _moves(page: _Page) -> Iterator[str]:
    here = page.change.shifts[page.change.shifts["year"] == page.year]
    if here.empty:
        return
    total = sum_shifts(here, ["year"]).iloc[0]
    moved = here[here["status"] == "moved"]
    if moved.empty:
        yield page.say("moved_none", total=page.about(total["same"]))
    else:
        places = moved["place_id"].nunique()
        counts = {"pupils": page.about(total["moved"]), "same": page.about(total["same"])}
        yield page.say("moved", total=page.about(total["moved"] + total["same"]), places=places, **counts)
        lost = moved.loc[moved["school_after"].isna(), "pupils"].sum()
        if lost > _NOBODY:
            yield page.say("moved_lost", pupils=page.about(lost))
        yield from _journey(page, "moved_minutes", sum_shifts(moved[moved["school_after"].notna()], ["year"]))
    for stage in STAGES:
        all_of = sum_shifts(here[here["stage"] == stage], ["year"])
        yield from _journey(page, "all_minutes", all_of, stage=label(f"stage.{stage}", page.lang))
    if total["only_before"] + total["only_after"] > 0:
        yield page.say("residents", come=page.about(total["only_after"]), gone=page.about(total["only_before"]))


def _journey(page: _Page, key: str, total: pd.DataFrame, **values: object) -> Iterator[str]:
    """Yield a sentence on minutes where there are any on both sides."""
    minutes = total[["minutes_before", "minutes_after"]].dropna()
    for row in minutes.itertuples():
        yield page.say(
            key, minutes_before=f"{row.minutes_before:.0f}", minutes_after=f"{row.minutes_after:.0f}", **values
        )


def _limits(page: _Page) -> Iterator[str]:
    here = page.change.shifts[page.change.shifts["year"] == page.year]
    if here.empty:
        return
    total = sum_shifts(here, ["year"]).iloc[0]
    by_place = sum_shifts(here, ["place_id"])
    if total["newly_over"] > 0:
        places = int((by_place["newly_over"] > 0).sum())
        yield page.say("over", pupils=page.about(total["newly_over"]), places=places)
    else:
        yield page.say("over_none")
    if total["no_longer_over"] > 0:
        yield page.say("over_fewer", pupils=page.about(total["no_longer_over"]))
    counts = {"before_count": page.about(total["over_before"]), "after_count": page.about(total["over_after"])}
    yield page.say("over_total", groups=", ".join(_held_groups(page)), **counts)
    counts = {"before_count": page.about(total["unplaced_before"]), "after_count": page.about(total["unplaced_after"])}
    yield page.say("unplaced", **counts)


def _held_groups(page: _Page) -> Iterator[str]:
    plan = page.change.after
    for group in GRADES_OF_GROUP:
        norm = limit_of(plan.scenario.policy, group, plan.prepared.norms)
        if norm is not None:
            yield page.say("group_limit", group=label(f"group.{group}", page.lang), minutes=f"{norm.value:g}")


def _seats(page: _Page) -> Iterator[str]:
    schools = page.change.schools[page.change.schools["year"] == page.year]
    for stage in STAGES:
        mine = schools[schools["stage"] == stage]
        step = mine["seats_after"] - mine["seats_before"]
        counts = {
            "before_count": mine["seats_before"].sum(), "after_count": mine["seats_after"].sum(),
            "added": step.clip(lower=0).sum(), "removed": -step.clip(upper=0).sum(),
        }  # fmt: skip
        gaps = {f"gap_{side}": page.about(_gap(page, side, stage)) for side in ("before", "after")}
        shown = {name: f"{abs(value):,.0f}" for name, value in counts.items()}
        yield page.say("seats", stage=label(f"stage.{stage}", page.lang), **shown, **gaps)


def _gap(page: _Page, side: str, stage: str) -> float:
    balance: pd.DataFrame = getattr(page.change, side).balance
    mine = balance[(balance["year"] == page.year) & (balance["stage"] == stage)]
    return float(mine["gap"].clip(lower=0).sum())


def _findings(page: _Page) -> Iterator[str]:
    counts = page.change.findings["status"].value_counts()
    yield page.say("findings", **{name: int(counts.get(name, 0)) for name in ("cleared", "caused", "remains")})


def _costs(page: _Page) -> Iterator[str]:
    norms = page.change.after.prepared.norms
    built = page.change.built[page.change.built["year"] <= page.year]
    prices = {name: norms[f"cost.{name}"] for name in _PRICED}
    counts = {side: {name: float(built[f"{name}s_{side}"].sum()) for name in _PRICED} for side in ("before", "after")}
    totals = {side: sum(prices[name].value * count for name, count in parts.items()) for side, parts in counts.items()}
    if totals["after"] > 0:
        key = "cost_county" if all(price.verified for price in prices.values()) else "cost_guide"
        numbers = {f"{name}s": f"{counts['after'][name]:,.0f}" for name in _PRICED}
        shown = {f"{name}_price": _yuan(page, price.value) for name, price in prices.items()}
        yield page.say(key, last=page.year, total=_yuan(page, totals["after"]), **numbers, **shown)
    else:
        yield page.say("cost_none")
    if totals["before"] > 0:
        yield page.say("cost_before", total=_yuan(page, totals["before"]))
    unknown = int(built["beds_after"].isna().sum())
    if unknown:
        yield page.say("beds_unknown", schools=unknown)


def _yuan(page: _Page, amount: float) -> str:
    """Return money to two digits, in the unit its readers think in."""
    key, unit = ("yuan_10k", 1e4) if page.lang == "zh" else ("yuan_million", 1e6)
    digits = 2 - math.ceil(math.log10(abs(amount)) + 1e-12) if amount else 0
    rounded = round(amount, digits) / unit
    return page.say(key, number=f"{rounded:,.10f}".rstrip("0").rstrip("."))


def _school_names(page: _Page) -> dict[object, str]:
    plans = (page.change.before, page.change.after)
    return {key: name for p in plans for key, name in p.roster.schools[["school_id", "name"]].itertuples(index=False)}


def _place_tables(page: _Page) -> Iterator[CouncilTable]:
    here = page.change.journeys[page.change.journeys["year"] == page.year]
    yield _journeys_table(page, "places", here[here["status"] == "moved"], "pupils")
    yield _journeys_table(page, "over", here[here["newly_over"] > 0], "newly_over")


def _journeys_table(page: _Page, title: str, rows: pd.DataFrame, count: str) -> CouncilTable:
    county = page.change.after.prepared.county
    townships = county.townships.set_index("township_id")["name"]
    places, schools = county.places.set_index("place_id"), _school_names(page)
    none = page.say("none")
    cells = [
        (
            str(townships[places.loc[row["place_id"], "township_id"]]), str(places.loc[row["place_id"], "name"]),
            label(f"stage.{row['stage']}", page.lang), str(shown) if shown else page.say("few"),
            schools.get(row["school_before"], none), schools.get(row["school_after"], none),
            _minutes(row["minutes_before"]), _minutes(row["minutes_after"]),
        )
        for row, shown in zip(rows.to_dict("records"), whole_shares(list(rows[count])), strict=True)
    ]  # fmt: skip
    names = (
        "township", "place", "stage", "pupils", "school_before", "school_after", "minutes_before", "minutes_after",
    )  # fmt: skip
    return _table(page, title, names, cells)


def _minutes(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.0f}"


def _seat_table(page: _Page) -> CouncilTable:
    schools = page.change.schools
    rows = schools[(schools["year"] == page.year) & (schools["seats_before"] != schools["seats_after"])]
    cells = [
        (
            str(row["name"]), label(f"stage.{row['stage']}", page.lang),
            f"{row['seats_before']:,.0f}", f"{row['seats_after']:,.0f}",
        )
        for row in rows.to_dict("records")
    ]  # fmt: skip
    return _table(page, "seats", ("school", "stage", "seats_before", "seats_after"), cells)


def _finding_tables(page: _Page) -> Iterator[CouncilTable]:
    for status in ("cleared", "caused"):
        rows = page.change.findings[page.change.findings["status"] == status]
        cells = [
            (str(text), str(clause)) for text, clause in rows[[f"text_{page.lang}", "clause"]].itertuples(index=False)
        ]
        yield _table(page, status, ("finding", "clause"), cells)


def _table(page: _Page, title: str, columns: Sequence[str], cells: Sequence[tuple[str, ...]]) -> CouncilTable:
    headings = tuple(page.say(f"column.{name}") for name in columns)
    return CouncilTable(page.say(f"table.{title}"), headings, tuple(cells))


def as_markdown(page: CouncilPage) -> str:
    r"""Return a page as Markdown.

    Examples
    --------
    >>> print(as_markdown(CouncilPage("en", "A", ("One.",), (CouncilTable("T", ("c",), (("x|y",),)),))), end="")
    # A
    <BLANKLINE>
    One.
    <BLANKLINE>
    ## T
    <BLANKLINE>
    | c |
    | --- |
    | x\|y |
    """
    parts = [f"# {_plain(page.title)}", *(_plain(paragraph) for paragraph in page.paragraphs)]
    for table in page.tables:
        lines = [_row(table.columns), _row(["---"] * len(table.columns)), *(_row(row) for row in table.rows)]
        parts += [f"## {_plain(table.title)}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _plain(text: str) -> str:
    """Return words whose marks Markdown shows and does not read: names come from tables of others."""
    one_line = " ".join(text.split())
    return "".join(f"\\{mark}" if mark in "\\`*_[]<>|#" else mark for mark in one_line)


def as_text(page: CouncilPage) -> str:
    """Return a page as plain text, cells parted by tabs for pasting into a table."""
    parts = [page.title, *page.paragraphs]
    for table in page.tables:
        lines = ["\t".join(" ".join(cell.split()) for cell in row) for row in (table.columns, *table.rows)]
        parts.append("\n".join([table.title, *lines]))
    return "\n\n".join(parts) + "\n"
