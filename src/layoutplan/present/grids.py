"""Tables as a planner reads them: headings with units, words for codes, names for ids, numbers as numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutplan.labels import Lang, catalogue, label

if TYPE_CHECKING:
    from layoutplan.plan.ledger import Ledger
    from layoutplan.plan.planning import PlanResult

Cell = str | float | int | None
# Brackets at the end of a heading, Latin or wide.
_BRACKETS = re.compile(r"(?<=\S)\s*([(\uff08][^(\uff08]*[)\uff09])$")


@dataclass(frozen=True)
class Column:
    """One column of a grid.

    Parameters
    ----------
    heading : str
        Words, the unit in brackets where there is one.
    decimals : int
        Decimals shown; -1 for text.
    counts : bool
        Whether a number is an amount, whose thousands are set apart, and not a year or a grade.
    """

    heading: str
    decimals: int = -1
    counts: bool = True

    @property
    def stacked(self) -> str:
        """The heading with what ends it in brackets, mostly the unit, on a line of its own.

        Examples
        --------
        >>> Column("Seats short (seats)").stacked.splitlines()
        ['Seats short', '(seats)']
        """
        return _BRACKETS.sub(r"\n\1", self.heading)


@dataclass(frozen=True, eq=False)
class Grid:
    """A table ready to be shown anywhere.

    Parameters
    ----------
    key : str
        Short ASCII name.
    title : str
        Title in the reader's language.
    columns : tuple of Column
        Left to right.
    rows : list of tuple of Cell
        Top to bottom; None is an empty cell, which means *not known* or *does not apply*.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]


# Unit and decimals of a number; what is not named here is text.
_NUMBERS: dict[str, tuple[str, int]] = {
    "year": ("", 0), "grade": ("", 0), "pupils": ("person", 0), "classes": ("class", 0), "rooms": ("room", 0),
    "class_size": ("pupils/class", 1), "p10": ("person", 0), "p90": ("person", 0), "demand": ("person", 0),
    "seats": ("seat", 0), "gap_seats": ("seat", 0), "measured": ("", 1), "limit": ("", 1), "value": ("", 2),
    "standard": ("", 2), "ratio": ("percent", 0), "amount": ("", 0), "gap": ("", 0), "distance": ("", 2),
    "to_raise": ("", 0), "met": ("", 0), "unknown": ("", 0), "target_year": ("", 0), "cv": ("", 3), "cv_limit": ("", 2),
    "schools": ("school", 0), "unknown_schools": ("school", 0), "mean": ("", 2), "posts_by_pupils": ("post", 1),
    "posts_by_classes": ("post", 1), "posts": ("post", 0), "staff": ("person", 0), "short": ("post", 0),
    "members": ("school", 0), "rural_members": ("school", 0), "farthest_minutes": ("min", 1),
    "unreached": ("school", 0),
    "minutes": ("min", 1), "metres": ("m", 0), "unplaced": ("person", 0), "share_over_limit": ("percent", 1),
    "median_minutes": ("min", 1), "p95_minutes": ("min", 1), "max_minutes": ("min", 1), "gini_minutes": ("", 3),
    "seats_per_pupil": ("seats/pupil", 2), "limit_min": ("min", 0), "opens_year": ("", 0), "closes_year": ("", 0),
    "pass": ("school", 0), "fail": ("school", 0), "undecided": ("school", 0), "boarding_beds": ("bed", 0),
    "norm_value": ("", 2), "classes_over_norm": ("class", 0), "classes_large": ("class", 0),
    "classes_extra_large": ("class", 0), "classes_needed": ("class", 0), "schools_over_size": ("school", 0),
    "pupils_over_size": ("person", 0), "pupils_to_move": ("person", 0), "rooms_to_add": ("room", 0),
    "first_year": ("", 0), "zero_year": ("", 0),
}  # fmt: skip
# Minutes, pupils and shares stand below each other: 45 is not 45.0, nor 2,000 pupils 2,000.0.
_OF_MANY_UNITS = ("norm_value", "measured", "limit")
_NAMED = ("norm_value", "year", "grade", "target_year", "opens_year", "closes_year", "first_year", "zero_year")
# What the other columns of a change say already.
_TOLD = ("year", "school_id", "name", "kind")
_SHARES = ("ratio", "share_over_limit")
# Room of the catalogue that holds the words of a column's codes.
_WORDS = {
    "stage": "stage", "kind": "kind", "setting": "setting", "rule": "rule", "severity": "severity",
    "verdict": "verdict",
    "indicator": "resource", "status": "resource_status", "reason": "reason", "unit": "unit",
    "issue": "community_issue",
    "band": "band", "group_kind": "group_kind", "place_kind": "place_kind", "change": "change", "figure": "indicator",
    "clause": "clause", "school_kind": "kind",
}  # fmt: skip


def make_grid(key: str, frame: pd.DataFrame, columns: Sequence[str], lang: Lang) -> Grid:
    """Return a frame as a grid.

    Parameters
    ----------
    key : str
        Its title is the label ``grid.<key>``; headings are ``column.<name>``.
    frame : DataFrame
        Numbers, codes and texts; missing cells stay empty.
    columns : sequence of str
        Columns shown, in order.
    lang : {"zh", "en"}
        Language of titles, headings and codes.
    """
    heads = tuple(
        Column(_heading(name, lang), _NUMBERS[name][1] if name in _NUMBERS else -1, name not in _NAMED)
        for name in columns
    )
    cells = [_cells(frame[name], name, lang) for name in columns]
    return Grid(key, label(f"grid.{key}", lang), heads, list(zip(*cells, strict=True)))


def _heading(name: str, lang: Lang) -> str:
    words = label(f"column.{name}", lang)
    unit = _NUMBERS.get(name, ("", 0))[0]
    return label("grid_parts.with_unit", lang, words=words, unit=label(f"unit.{unit}", lang)) if unit else words


def _cells(column: pd.Series[Any], name: str, lang: Lang) -> list[Cell]:
    if name in _NUMBERS:
        factor = 100.0 if name in _SHARES else 1.0
        numbers = pd.to_numeric(column).to_numpy(float, na_value=np.nan) * factor
        shown: list[Cell] = [None if np.isnan(v) else _number(v, _NUMBERS[name][1]) for v in numbers.tolist()]
        return [_whole_if_it_is(number) for number in shown] if name in _OF_MANY_UNITS else shown
    room = _WORDS.get(name)
    return [_text(value, room, lang) for value in column.tolist()]


def _number(number: float, decimals: int) -> float | int:
    """Round half up, as on paper; whole numbers are whole."""
    rounded = float(np.floor(number * 10.0**decimals + 0.5 + 1e-9) / 10.0**decimals)
    return int(rounded) if decimals == 0 else rounded


def _whole_if_it_is(number: Cell) -> Cell:
    """Return a value as it is written: 45 and 13.5, not 45.00."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _text(value: object, room: str | None, lang: Lang) -> str | None:
    if value is None or value is pd.NA or value != value or value == "":
        return None
    if isinstance(value, bool):
        return label("map.yes", lang) if value else None
    key = f"{room}.{value}"
    return catalogue()[key][lang] if room and key in catalogue() else str(value)


def plan_grids(result: PlanResult, lang: Lang) -> list[Grid]:
    """Return the tables of a plan: key figures, findings, seat balance, schools, changes, enrolment, norms."""
    return [
        key_figures(result, lang), findings_grid(result, lang), balance_grid(result, lang), schools_grid(result, lang),
        changes_grid(result, lang), _enrolment(result, lang), norms_grid(result, lang),
    ]  # fmt: skip


def key_figures(result: PlanResult, lang: Lang, years: Sequence[int] | None = None) -> Grid:
    """Return the indicators, one row each, a column a year."""
    table = result.indicators.pivot(index=["indicator", "unit"], columns="year", values="value")
    table = table if years is None else table[[year for year in years if year in table.columns]]
    order = {name: at for at, name in enumerate(k.removeprefix("indicator.") for k in catalogue() if "indicator." in k)}
    rows: list[tuple[Cell, ...]] = []
    for name, unit in sorted(table.index, key=lambda pair: (order.get(pair[0], len(order)), pair)):
        decimals = 1 if unit == "min" else 0
        values = [None if np.isnan(v) else _number(v, decimals) for v in table.loc[(name, unit)].to_numpy(float)]
        rows.append((_text(name, "indicator", lang), _text(unit, "unit", lang), *values))
    heads = [Column(label("column.figure", lang)), Column(label("column.unit", lang))]
    heads += [Column(label("grid_parts.year", lang, year=year), 1) for year in table.columns]
    return Grid("key_figures", label("grid.key_figures", lang), tuple(heads), rows)


def findings_grid(result: PlanResult, lang: Lang, rules: Sequence[str] | None = None) -> Grid:
    """Return the findings with their clauses; only some rules where they are named."""
    frame = result.findings.frame
    frame = frame if rules is None else frame[frame["rule"].isin(list(rules))]
    frame = frame.assign(text=frame[f"text_{lang}"], township=frame["township_id"].map(_townships(result)))
    columns = ["rule", "severity", "township", "subject", "year", "measured", "limit", "unit", "text", "clause"]
    return make_grid("findings", frame, columns, lang)


def balance_grid(result: PlanResult, lang: Lang, years: Sequence[int] | None = None) -> Grid:
    """Return demand, seats and gap by year, stage and township."""
    frame = result.balance if years is None else result.balance[result.balance["year"].isin(list(years))]
    frame = frame.assign(township=frame["township_id"].map(_townships(result)), gap_seats=frame["gap"])
    return make_grid("balance", frame, ["year", "stage", "township", "demand", "seats", "gap_seats"], lang)


def schools_grid(result: PlanResult, lang: Lang) -> Grid:
    """Return the register of schools with their pupils in the base year."""
    base = result.prepared.county.base_year
    enrolment = result.enrolment.frame
    now = enrolment[enrolment["year"] == base].groupby("school_id")[["pupils", "classes"]].sum()
    frame = pd.DataFrame(result.roster.schools.drop(columns="geometry"))
    frame = frame.assign(township=frame["township_id"].map(_townships(result))).join(now, on="school_id")
    # A school that is open and counts nobody has none; one that opens later has no number yet.
    known = frame["opens_year"].isna()
    frame[["pupils", "classes"]] = frame[["pupils", "classes"]].where(~known, frame[["pupils", "classes"]].fillna(0.0))
    columns = [
        "school_id", "name", "kind", "setting", "township", "pupils", "classes", "boarding_beds", "opens_year",
        "closes_year",
    ]  # fmt: skip
    return make_grid("schools", frame, columns, lang)


def changes_grid(result: PlanResult, lang: Lang) -> Grid:
    """Return the actions of the scenario in the order of years, each in one sentence of numbers."""
    frame = actions_by_school(result)
    frame = frame.assign(
        name=frame["school_id"].map(result.roster.schools.set_index("school_id")["name"]),
        details=pd.Series([_details(action, lang) for action in frame["action"]], index=frame.index, dtype=object),
    )
    return make_grid("changes", frame, ["year", "change", "school_id", "name", "details"], lang)


def actions_by_school(result: PlanResult) -> pd.DataFrame:
    """Return ``year, change, school_id, action`` in the order of years, a row for every school an action names.

    An action that names none (households, roads) has one row, its school missing.
    """
    rows = []
    for action in sorted(result.scenario.actions, key=lambda one: one.year):
        content = action.model_dump(mode="json", exclude_none=True)
        named = [content[key] for key in ("school_id", "into") if key in content]
        schools = [str(one) for one in (*named, *content.get("school_ids", []))]
        ids: list[str | None] = [*schools] or [None]
        rows += [(action.year, str(action.kind), one, content) for one in ids]
    return pd.DataFrame(rows, columns=["year", "change", "school_id", "action"])


def _details(action: Mapping[str, object], lang: Lang) -> str:
    """Say the amounts of an action, such as its rooms and beds, in words."""
    told = [name for name, value in action.items() if f"column.{name}" in catalogue() and value and name not in _TOLD]
    mark = label("grid_parts.between", lang)
    return mark.join(f"{label(f'column.{name}', lang)} {_text(action[name], _WORDS.get(name), lang)}" for name in told)


def _enrolment(result: PlanResult, lang: Lang) -> Grid:
    frame = result.enrolment.frame
    frame = frame.assign(name=frame["school_id"].map(result.roster.schools.set_index("school_id")["name"]))
    columns = ["year", "school_id", "name", "grade", "pupils", "classes", "class_size", "p10", "p90"]
    return make_grid("enrolment", frame, columns, lang)


def norms_grid(result: PlanResult, lang: Lang) -> Grid:
    """Return the norms in force with value, unit, clause, and whether the bureau has to confirm them."""
    norms = result.prepared.norms
    rows = [
        {
            "norm": label(f"norm.{norm.key}", lang), "norm_value": norm.value, "unit": norm.unit, "clause": norm.clause,
            "confirm": label(f"grid_parts.{'verified' if norm.verified else 'to_confirm'}", lang),
        }
        for norm in norms.values()
    ]  # fmt: skip
    return make_grid("norms", pd.DataFrame(rows), ["norm", "norm_value", "unit", "clause", "confirm"], lang)


def ledger_grids(result: PlanResult, ledger: Ledger, lang: Lang) -> list[Grid]:
    """Return the tables of the ledgers: schools, indicators, spread, posts, communities, members, equity."""
    townships, names = _townships(result), result.roster.schools.set_index("school_id")["name"]
    resources = ledger.resources
    schools = resources.schools.merge(ledger.targets[["school_id", "target_year"]], on="school_id", how="left")
    schools = schools.assign(township=schools["township_id"].map(townships))
    indicators = resources.indicators.assign(name=resources.indicators["school_id"].map(names))
    spread = resources.spread.assign(cv_limit=resources.spread["limit"])
    posts = ledger.posts.assign(township=ledger.posts["township_id"].map(townships))
    balance = ledger.communities.balance.assign(lead=ledger.communities.balance["lead_school_id"].map(names))
    members = ledger.communities.members.assign(township=ledger.communities.members["township_id"].map(townships))
    shown: Mapping[str, tuple[pd.DataFrame, list[str]]] = {
        "resource_schools": (schools, [
            "school_id", "name", "kind", "township", "pupils", "verdict", "to_raise", "unknown", "distance",
            "target_year",
        ]),
        "resource_indicators": (indicators, [
            "school_id", "name", "stage", "indicator", "pupils", "amount", "unit", "value", "standard", "ratio", "gap",
            "status", "reason",
        ]),
        "resource_spread": (spread, [
            "stage", "indicator", "schools", "pupils", "mean", "cv", "cv_limit", "unknown_schools", "verdict",
        ]),
        "posts": (posts, [
            "school_id", "name", "kind", "township", "pupils", "classes", "posts_by_pupils", "posts_by_classes",
            "posts", "staff", "short",
        ]),
        "communities": (balance, [
            "community_id", "community", "lead", "members", "rural_members", "pupils", "farthest_minutes", "unreached",
            "pass", "fail", "undecided", "issue",
        ]),
        "community_members": (members, [
            "community_id", "community", "school_id", "name", "kind", "township", "is_lead", "pupils", "minutes",
            "metres", "reason", "verdict",
        ]),
        "equity": (_equity_words(ledger.equity, townships, lang), [
            "band", "limit_min", "group_kind", "group", "pupils", "unplaced", "share_over_limit", "median_minutes",
            "p95_minutes", "max_minutes", "gini_minutes", "seats_per_pupil",
        ]),
    }  # fmt: skip
    return [make_grid(key, frame, columns, lang) for key, (frame, columns) in shown.items()]


def _equity_words(equity: pd.DataFrame, townships: Mapping[str, str], lang: Lang) -> pd.DataFrame:
    rooms = {"place_kind": "place_kind", "lodging": "lodging"}
    shown = [
        townships.get(group, group) if kind == "township_id" else _text(group, rooms.get(kind), lang)
        for kind, group in zip(equity["group_kind"], equity["group"], strict=True)
    ]
    return equity.assign(group=pd.Series(shown, index=equity.index, dtype=object))


def _townships(result: PlanResult) -> dict[str, str]:
    townships = result.prepared.county.townships
    return dict(zip(townships["township_id"].astype(str), townships["name"].astype(str), strict=True))
