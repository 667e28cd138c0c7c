"""What breaks the norms: findings as data, each with its clause and a recommendation.

Every check stands in :mod:`layoutplan.seats.checks.register`; its module yields a row a breach.
Classes and schools are judged by the counts of the base year, single class by single class;
what looks ahead is named with its first year. A finding never says "close": it recommends a review.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Ints
from layoutplan.county.layers import County
from layoutplan.labels import LANGS, label
from layoutplan.seats.chances import EVENTS
from layoutplan.seats.checks import balance, classes, data, journeys, rooms, schools, sites, staff, zones
from layoutplan.seats.checks.cubes import Word
from layoutplan.seats.checks.evidence import LIMIT_GRADES, Evidence, Facts, Found
from layoutplan.seats.checks.register import CHECK_OF, RULES, Check, checks
from layoutplan.seats.roster import Roster

__all__ = [
    "CHECK_OF", "LIMIT_GRADES", "RULES", "Check", "Evidence", "Facts", "Findings", "checks", "diagnose",
    "standing_findings",
]  # fmt: skip
_STANDING = (classes, schools, rooms, zones, sites, staff, data)
_PARTS = (classes, schools, rooms, balance, journeys, zones, sites, staff)
_COLUMNS = (
    "rule", "subject_kind", "subject", "year", "school_id", "place_id", "township_id", "measured", "limit", "unit",
    "clause", "verified", "severity", "text_zh", "text_en", "first_year", "probability", "recommendation_zh",
    "recommendation_en",
)  # fmt: skip
_NUMBERS: Mapping[str, Any] = {
    "year": "int64", "measured": float, "limit": float, "verified": bool, "first_year": "Int64", "probability": float,
}  # fmt: skip
_EVENT_OF = {
    "class_over_norm_ahead": "class_over_norm", "class_large_ahead": "class_large",
    "school_over_size_ahead": "school_over_size", "shell_candidate": "shell_candidate",
}  # fmt: skip
_WHERE = ("school_id", "place_id", "township_id")


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything that breaks a norm or should be looked at.

    Parameters
    ----------
    frame : DataFrame
        ``rule, subject_kind, subject, year`` (sorted; ``subject_kind`` is ``class``, ``school``, ``place``,
        ``township``, ``zone``, ``county`` or ``layer``; a class is ``school_id/grade/class_no``, a stage of a school
        ``school_id/stage``, a township's seats ``township_id/stage``, a place's grades 4-6 or 7-9 ``place_id/group``),
        ``school_id``, ``place_id``, ``township_id``
        (where it is, may be missing), ``measured``, ``limit``, ``unit``, ``clause``, ``verified``, ``severity``,
        ``text_zh``, ``text_en``, ``first_year`` (of what looks ahead; the year it was counted otherwise),
        ``probability`` (that the norm is broken in that year, and for a shell candidate that it is still as small in
        the goal year; missing for what was counted and where the forecast gives none), ``recommendation_zh``,
        ``recommendation_en``.
    """

    frame: pd.DataFrame


def standing_findings(facts: Facts) -> Findings:
    """Put a county through the checks whose answer no scenario changes: the base year as it was counted.

    Parameters
    ----------
    facts : Facts
        The county as it is.

    Returns
    -------
    Findings
        One row a breach.
    """
    return _gathered(facts, [found for part in _STANDING for found in part.find_standing(facts)], facts.roster)


def diagnose(evidence: Evidence, *, standing: Findings | None = None) -> Findings:
    """Put a plan through every check.

    Parameters
    ----------
    evidence : Evidence
        The plan so far.
    standing : Findings, optional
        What :func:`standing_findings` found in the same county; worked out here if not given.

    Returns
    -------
    Findings
        One row a breach; what looks ahead is one row a subject, at its first year.
    """
    before = standing or standing_findings(evidence.facts)
    after = _gathered(evidence.facts, [found for part in _PARTS for found in part.find(evidence)], evidence.roster)
    told = after.frame.assign(probability=_chances(after.frame, evidence))
    return Findings(_sorted(pd.concat([before.frame, told], ignore_index=True)))


def _chances(frame: pd.DataFrame, evidence: Evidence) -> npt.NDArray[np.float64]:
    """Return the forecast's probability of each finding; missing where it gives none.

    An event of the forecast is a school's, so a stage of a combined school has no probability of its own.
    """
    table = evidence.enrolment.probabilities
    if table.empty:
        return np.full(len(frame), np.nan)
    taught = evidence.facts.county.rooms["school_id"].value_counts()
    single = frame["school_id"].map(taught).fillna(1).to_numpy(float) <= 1
    event = frame["rule"].map(_EVENT_OF)
    year = frame["first_year"].astype(float).mask(event == "shell_candidate", float(evidence.facts.goal_year))
    told = event.notna().to_numpy(bool) & (single | ~event.isin(["class_over_norm", "class_large"]).to_numpy(bool))
    last, base = int(table["year"].max()), evidence.facts.base_year
    told &= (year > base).to_numpy(bool) & (year <= last).to_numpy(bool)
    # An event without a row happens in no draw.
    known = np.zeros((len(evidence.schools), last - base, len(EVENTS)))
    known[_where_told(table["school_id"], table["year"], table["event"], evidence)] = table["probability"]
    chance = np.full(len(frame), np.nan)
    chance[told] = known[_where_told(frame["school_id"][told], year[told], event[told], evidence)]
    return chance


def _where_told(school_id: pd.Series, year: pd.Series, event: pd.Series, evidence: Evidence) -> tuple[Ints, Ints, Ints]:
    school = evidence.schools.index.get_indexer(pd.Index(school_id))
    ahead = year.to_numpy(np.int64) - evidence.facts.base_year - 1
    return school, ahead, pd.Index(EVENTS).get_indexer(pd.Index(event))


def _gathered(facts: Facts, found: Sequence[Found], roster: Roster) -> Findings:
    """Give all breaches their words, in one table."""
    names = _names(facts.county, roster)
    rows = [row for code, frame in found if len(frame) for row in _worded(CHECK_OF[code], frame, facts, names)]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    kinds: dict[str, Any] = {name: _NUMBERS.get(name, object) for name in _COLUMNS}
    return Findings(_sorted(frame.astype(kinds)))


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    keys = [frame[name].to_numpy(str) for name in ("subject", "subject_kind", "rule")]
    return frame.take(np.lexsort((frame["year"].to_numpy(np.int64), *keys))).reset_index(drop=True)


def _names(county: County, roster: Roster) -> dict[str, Mapping[str, str]]:
    """Return the name of every school, place and township by its id, and each one's township."""
    listed = roster.schools
    homes = zip(county.places["place_id"], county.places["township_id"], strict=True)
    return {
        "school": dict(zip(listed["school_id"], listed["name"], strict=True)),
        "place": dict(zip(county.places["place_id"], county.places["name"], strict=True)),
        "township": dict(zip(county.townships["township_id"], county.townships["name"], strict=True)),
        "of_school": dict(zip(listed["school_id"], listed["township_id"], strict=True)),
        "of_place": dict(homes),
    }


def _worded(
    check: Check, frame: pd.DataFrame, facts: Facts, names: Mapping[str, Mapping[str, str]]
) -> Iterable[dict[str, object]]:
    """Give every breach of a check its place, its clause and its words."""
    advice = {f"recommendation_{lang}": label(f"advice.{check.code}", lang) for lang in LANGS}
    columns = [str(name) for name in frame.columns]
    for values in zip(*(frame[name].to_numpy(object) for name in columns), strict=True):
        row = dict(zip(columns, values, strict=True))
        where = _where(row, names)
        norm = facts.norms[_norm_key(check, row)]
        words: dict[str, object] = {str(name): _shown(value) for name, value in row.items()} | {
            name: names[name].get(str(where[f"{name}_id"]), "") for name in ("school", "place", "township")
        }
        words["first_year"] = str(row["year"])
        texts = {f"text_{lang}": _say(check.code, words, lang) for lang in LANGS}
        yield {
            "rule": check.code, "subject_kind": check.subject_kind, "subject": row["subject"], "year": int(row["year"]),
            **where, "measured": float(row["measured"]), "limit": float(row["limit"]), "unit": check.unit,
            "clause": norm.clause, "verified": norm.verified, "severity": check.severity, **texts,
            "first_year": int(row["year"]), "probability": row.get("probability", np.nan), **advice,
        }  # fmt: skip


def _where(row: Mapping[Any, Any], names: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    """Return the ids of where a breach is; a school or a place brings its township."""
    where = {name: row.get(name) for name in _WHERE}
    if where["township_id"] is None:
        home = names["of_school"].get(str(where["school_id"])) or names["of_place"].get(str(where["place_id"]))
        where["township_id"] = home
    return where


def _norm_key(check: Check, row: Mapping[Any, Any]) -> str:
    """Return the key of the norm a breach is measured by: its own, or the check's with its blanks filled in."""
    if isinstance(row.get("norm"), str):
        return str(row["norm"])
    return check.norm.format(stage=row.get("stage"), kind=row.get("kind"), setting=row.get("setting"))


def _say(code: str, words: Mapping[str, object], lang: Any) -> str:
    told = {name: label(value.key, lang) if isinstance(value, Word) else value for name, value in words.items()}
    return label(f"finding.{code}", lang, **told)


def _shown(value: object) -> object:
    """Return a number without false precision; anything else as it is."""
    if isinstance(value, (bool, str, Word)) or not isinstance(value, (int, float, np.integer, np.floating)):
        return value
    number = float(value)
    return f"{number:.0f}" if abs(number) >= 100 or number.is_integer() else f"{number:.1f}"
