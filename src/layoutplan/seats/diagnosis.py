"""What breaks the norms: findings as data, each with its clause.

Classes and schools are judged by the counts of the base year, single class by single class;
seats by every year of the plan. A finding never says "close": it recommends a review.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_GROUP, STAGE_OF_GRADE
from layoutplan.labels import LANGS, Lang, label
from layoutplan.norms import Norm, Norms
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.settings import Policy
from layoutplan.seats.supply import Roster, is_vacant, yearly_counts
from layoutplan.seats.ways import Ways, limit_of, means_of

RULES = (
    "class_over_norm", "class_large", "class_extra_large", "school_over_size", "school_vacant",
    "shell_candidate", "place_over_limit", "place_unreached", "seat_gap",
)  # fmt: skip
_SEVERITY = {
    "class_over_norm": "warning", "class_large": "error", "class_extra_large": "error", "school_over_size": "error",
    "school_vacant": "warning", "shell_candidate": "info", "place_over_limit": "warning", "place_unreached": "error",
    "seat_gap": "error",
}  # fmt: skip
_COLUMNS = (
    "rule", "subject_kind", "subject", "year", "school_id", "place_id", "township_id", "measured", "limit", "unit",
    "clause", "verified", "severity", "text_zh", "text_en",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything that breaks a norm or should be looked at.

    Parameters
    ----------
    frame : DataFrame
        ``rule, subject_kind, subject, year`` (sorted; ``subject_kind`` is ``class``, ``school``,
        ``place`` or ``township``; a class is ``school_id/grade/class_no``, a township's seats
        ``township_id/stage``, a place's grades 4-6 or 7-9 ``place_id/group``), ``school_id``,
        ``place_id``, ``township_id`` (where it is, may be missing), ``measured``, ``limit``, ``unit``,
        ``clause``, ``verified``, ``severity``, ``text_zh``, ``text_en``.
    """

    frame: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the rules look at.

    Parameters
    ----------
    county : County
        Classes, counts and names as they are.
    norms : Norms
        Limits and clauses.
    policy : Policy
        How each group of grades travels.
    roster : Roster
        Schools of the scenario.
    ways : Ways
        Ways of each group.
    assignment : Assignment
        Who goes where, by residence.
    balance : DataFrame
        ``year, stage, township_id, demand, seats, gap``.
    """

    county: County
    norms: Norms
    policy: Policy
    roster: Roster
    ways: Ways
    assignment: Assignment
    balance: pd.DataFrame


@dataclass(frozen=True)
class _Case:
    """One breach before its words are filled in."""

    rule: str
    subject_kind: str
    subject: str
    year: int
    measured: float
    limit: float
    norm: Norm
    unit: str
    words: Mapping[str, object]
    where: Mapping[str, str]

    def say(self, lang: Lang) -> str:
        """Return the sentence of the finding; numbers are shown without false precision."""
        words = {
            name: label(value.key, lang) if isinstance(value, _Word) else value for name, value in self.words.items()
        }
        return label(f"finding.{self.rule}", lang, measured=_shown(self.measured), limit=_shown(self.limit), **words)


@dataclass(frozen=True)
class _Word:
    """A word of a sentence that differs by language."""

    key: str


def _shown(number: float) -> str:
    return f"{number:.0f}" if abs(number) >= 100 or float(number).is_integer() else f"{number:.1f}"


def diagnose(evidence: Evidence) -> Findings:
    """Find everything that breaks a rule.

    Parameters
    ----------
    evidence : Evidence
        The plan so far.

    Returns
    -------
    Findings
        One row a breach; a seat gap is one row a township and stage, at its first year.
    """
    cases = [
        *_class_cases(evidence), *_school_size_cases(evidence), *_empty_school_cases(evidence),
        *_travel_cases(evidence), *_seat_cases(evidence),
    ]  # fmt: skip
    frame = pd.DataFrame([_as_row(case) for case in cases], columns=list(_COLUMNS))
    return Findings(frame.sort_values(["rule", "subject_kind", "subject", "year"], ignore_index=True))


def _as_row(case: _Case) -> dict[str, object]:
    texts = {f"text_{lang}": case.say(lang) for lang in LANGS}
    return {
        "rule": case.rule, "subject_kind": case.subject_kind, "subject": case.subject, "year": case.year,
        "school_id": None, "place_id": None, "township_id": None, **case.where, "measured": case.measured,
        "limit": case.limit, "unit": case.unit, "clause": case.norm.clause, "verified": case.norm.verified,
        "severity": _SEVERITY[case.rule], **texts,
    }  # fmt: skip


def _class_cases(evidence: Evidence) -> Iterator[_Case]:
    """Every single class over its norm, in the band it falls into (law 9)."""
    county, norms = evidence.county, evidence.norms
    schools = {row["school_id"]: row for row in _rows(county.schools)}
    large, extra = norms["class_size.large"], norms["class_size.extra_large"]
    for row in _rows(county.classes):
        school, norm = schools[row["school_id"]], norms[f"class_size.{STAGE_OF_GRADE[row['grade']]}"]
        if row["pupils"] <= norm.value or school["kind"] == "special":
            continue
        rule, shown = "class_over_norm", norm
        if row["pupils"] >= extra.value:
            rule, shown = "class_extra_large", extra
        elif row["pupils"] >= large.value:
            rule, shown = "class_large", large
        yield _Case(
            rule, "class", f"{row['school_id']}/{row['grade']}/{row['class_no']}", county.base_year,
            float(row["pupils"]), norm.value, shown, "person",
            {"school": school["name"], "grade": row["grade"], "class_no": row["class_no"]},
            {"school_id": row["school_id"], "township_id": school["township_id"]},
        )  # fmt: skip


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as records, its geometry left out."""
    return pd.DataFrame(frame.drop(columns="geometry", errors="ignore")).to_dict("records")  # type: ignore[return-value]


def _school_size_cases(evidence: Evidence) -> Iterator[_Case]:
    county, norms = evidence.county, evidence.norms
    pupils = county.classes.groupby("school_id")["pupils"].sum()
    for row in _rows(county.schools):
        norm = norms.get(f"school_size.{row['kind']}")
        measured = float(pupils.get(row["school_id"], 0))
        if norm is not None and measured > norm.value:
            yield _school_case("school_over_size", row, county.base_year, measured, norm, {})


def _school_case(
    rule: str, school: Mapping[str, Any], year: int, measured: float, norm: Norm, words: Mapping[str, object]
) -> _Case:
    where = {"school_id": school["school_id"], "township_id": school["township_id"]}
    return _Case(
        rule, "school", where["school_id"], year, measured, norm.value, norm, "person",
        {"school": school["name"], **words}, where,
    )  # fmt: skip


def _empty_school_cases(evidence: Evidence) -> Iterator[_Case]:
    """Vacant schools, and schools so small for so long that a review is due.

    A shell candidate stayed at or under the threshold in every one of the latest counts, and the
    children for whom it is the nearest school stay so in every year up to the goal year.
    """
    county, norms = evidence.county, evidence.norms
    threshold, counts_needed = norms["shell.max_pupils"], int(norms.value("shell.counts"))
    counts = yearly_counts(county, range(county.base_year - counts_needed + 1, county.base_year + 1))
    vacant, small = is_vacant(county, norms), (counts <= threshold.value).all(axis=1)
    nearby = _largest_catchment(evidence, int(norms.value("plan.goal_year")))
    for row in _rows(county.schools[county.schools["kind"] != "special"]):
        school_id = row["school_id"]
        if vacant[school_id]:
            norm = norms["vacant.counts"]
            yield _school_case("school_vacant", row, county.base_year, 0.0, norm, {"counts": f"{norm.value:g}"})
        elif small[school_id] and nearby.get(school_id, 0.0) <= threshold.value:
            words = {
                "counts": counts_needed,
                "children": _shown(nearby.get(school_id, 0.0)),
                "goal_year": f"{norms.value('plan.goal_year'):g}",
            }
            measured = float(counts.loc[school_id].max())
            yield _school_case("shell_candidate", row, county.base_year, measured, threshold, words)


def _largest_catchment(evidence: Evidence, goal_year: int) -> Mapping[str, float]:
    """Return the most children any year up to the goal year has nearest to each school."""
    flows = evidence.assignment.flows
    by_year = flows[flows["year"] <= goal_year].groupby(["school_id", "year"])["pupils"].sum()
    largest = by_year.groupby(level="school_id").max()
    return dict(zip(largest.index.astype(str), largest.to_numpy(float), strict=True))


def _travel_cases(evidence: Evidence) -> Iterator[_Case]:
    """Places whose pupils travel longer than their group may, and places no way leads from."""
    county = evidence.county
    places = {row["place_id"]: row for row in _rows(county.places)}
    yield from _limit_cases(evidence, places)
    snap, lost = evidence.norms["snap.reject_m"], dict[str, str]()
    for group in GRADES_OF_GROUP:
        lost = {**evidence.ways.by_group[group].unreached, **lost}
    for place_id, reason in lost.items():
        words: dict[str, object] = {"place": places[place_id]["name"], "reason": _Word(f"reason.{reason}")}
        where = {"place_id": place_id, "township_id": places[place_id]["township_id"]}
        yield _Case(
            "place_unreached", "place", place_id, county.base_year, np.nan, np.nan, snap, "", words, where
        )  # fmt: skip


def _limit_cases(evidence: Evidence, places: Mapping[str, Mapping[str, Any]]) -> Iterator[_Case]:
    """One case a place and group held to a limit; grades 1-3 are named by their place alone."""
    county, policy = evidence.county, evidence.policy
    flows = evidence.assignment.flows
    for group, grades in GRADES_OF_GROUP.items():
        norm = limit_of(policy, group, evidence.norms)
        if norm is None:
            continue
        now = flows[(flows["year"] == county.base_year) & flows["grade"].isin(grades)]
        over = now[now["minutes"] > norm.value].groupby("place_id").agg({"minutes": "max", "pupils": "sum"})
        for row in _rows(over.reset_index()):
            place = places[row["place_id"]]
            words: dict[str, object] = {
                "place": place["name"], "pupils": _shown(row["pupils"]), "group": _Word(f"group.{group}"),
                "means": _Word(f"means.{means_of(policy, group)}"),
            }  # fmt: skip
            where = {"place_id": row["place_id"], "township_id": place["township_id"]}
            subject = row["place_id"] if group == "grades_1_3" else f"{row['place_id']}/{group}"
            yield _Case(
                "place_over_limit", "place", subject, county.base_year, row["minutes"], norm.value, norm,
                "min", words, where,
            )  # fmt: skip


def _seat_cases(evidence: Evidence) -> Iterator[_Case]:
    """Townships short of seats in a stage: the first year, and the worst."""
    names = dict(zip(evidence.county.townships["township_id"], evidence.county.townships["name"], strict=True))
    short = evidence.balance[evidence.balance["gap"] > 0].sort_values("year")
    keys = ["township_id", "stage"]
    first = short.drop_duplicates(keys).set_index(keys)["year"]
    worst = short.sort_values(["gap", "year"], ascending=[False, True]).drop_duplicates(keys)
    for row in _rows(worst):
        township_id, stage = row["township_id"], row["stage"]
        year = int(first[township_id, stage])
        words = {
            "township": names[township_id], "stage": _Word(f"stage.{stage}"), "first_year": year,
            "worst_year": row["year"], "demand": _shown(row["demand"]), "seats": _shown(row["seats"]),
        }  # fmt: skip
        yield _Case(
            "seat_gap", "township", f"{township_id}/{stage}", year, row["gap"], 0.0,
            evidence.norms[f"class_size.{stage}"], "seat", words, {"township_id": township_id},
        )  # fmt: skip


def balance_seats(county: County, demand: pd.DataFrame, supply: pd.DataFrame, roster: Roster) -> pd.DataFrame:
    """Set the seats of every township against the pupils who live there.

    Parameters
    ----------
    county : County
        Places and townships.
    demand : DataFrame
        ``year, grade, place_id, pupils``.
    supply : DataFrame
        ``year, stage, school_id, seats``.
    roster : Roster
        Says in which township each school stands.

    Returns
    -------
    DataFrame
        ``year, stage, township_id`` (key, sorted), ``demand`` [person], ``seats`` [seat],
        ``gap`` [seat]: demand beyond the seats, negative where seats are left.
    """
    township_of_place = county.places.set_index("place_id")["township_id"]
    township_of_school = roster.schools.set_index("school_id")["township_id"]
    lives = demand.assign(
        stage=demand["grade"].map(STAGE_OF_GRADE), township_id=demand["place_id"].map(township_of_place)
    )
    keys = ["year", "stage", "township_id"]
    need = lives.groupby(keys)["pupils"].sum()
    have = supply.assign(township_id=supply["school_id"].map(township_of_school)).groupby(keys)["seats"].sum()
    every = pd.MultiIndex.from_product(
        [sorted(demand["year"].unique()), sorted(lives["stage"].unique()), county.townships["township_id"]], names=keys
    )
    frame = pd.DataFrame({"demand": need.reindex(every).fillna(0.0), "seats": have.reindex(every).fillna(0.0)})
    return frame.assign(gap=frame["demand"] - frame["seats"]).reset_index()
