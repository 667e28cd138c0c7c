"""The closure gate: every lock a school has to pass before its closing may even be reviewed, with its number.

The gate never says "close". It says whether a review may be proposed, what is not met yet, or why the
school is to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from layoutplan.errors import Problem, ScenarioError
from layoutplan.labels import LANGS, Lang, label
from layoutplan.plan.locks import KEEP, LOCKS, SETTLED_BY_HEARING, Case, Lock, Record, find_locks
from layoutplan.plan.planning import PlanResult, run_plan
from layoutplan.plan.receivers import receivers_of
from layoutplan.plan.scenario import CloseSchool, Scenario

Verdict = Literal["review", "keep", "unmet"]


@dataclass(frozen=True, eq=False)
class Gate:
    """One school at the gate.

    Parameters
    ----------
    school_id : str
        School.
    year : int
        First school year in which it would teach no more.
    verdict : {"review", "keep", "unmet"}
        ``keep``: a lock that speaks for the school failed; ``unmet``: what has to be ready first is not, or is not
        known; ``review``: everything that can be counted is met, the rest is for inspection and hearing.
    locks : DataFrame
        ``lock`` (key, in order), ``passed`` (boolean, missing where not known), ``measured``, ``limit``, ``unit``,
        ``clause``, ``verified``, ``text_zh``, ``text_en``.
    receivers : DataFrame
        ``school_id`` (key, sorted), ``name``, ``pupils`` [person] (most in any year), ``minutes`` (longest way),
        ``class_size_p90`` [person/class] and its ``class_limit``, ``class_year``; ``school_p90`` [person] and its
        ``school_limit``, ``school_year``; ``classes_over_now`` [class].
    travel : DataFrame
        ``group`` (``grades_1_3``, ``grades_4_6``, ``grades_7_9``), ``pupils``, ``median_before``, ``median_after``,
        ``max_before``, ``max_after`` [min], ``share_over_30_before``, ``share_over_30_after``.
    band : DataFrame
        ``year`` (key), ``pupils``, ``high`` [person]: children for whom the school is the one given, and P90.
    sheet : DataFrame
        ``section, text_zh, text_en``: the evidence in sentences, for the file.
    """

    school_id: str
    year: int
    verdict: Verdict
    locks: pd.DataFrame
    receivers: pd.DataFrame
    travel: pd.DataFrame
    band: pd.DataFrame
    sheet: pd.DataFrame


def closure_gate(result: PlanResult, school_id: str, year: int, *, record: Record | None = None) -> Gate:
    """Put one school before the gate.

    Parameters
    ----------
    result : PlanResult
        The plan without, or with, the closing.
    school_id : str
        School to look at; its own closing, if the scenario holds one, is taken out to see what would be without it.
    year : int
        First school year in which it would teach no more.
    record : Record, optional
        What inspection and hearing found; what is not recorded is not known.

    Returns
    -------
    Gate
        Locks, receivers in every later year, ways before and after, and sentences for the file.

    Raises
    ------
    ScenarioError
        The school is unknown, is a special school, or the year is outside the plan.
    """
    check_school(result, school_id, year)
    before, after = _before_and_after(result, school_id, year)
    case = Case(before, after, school_id, year, record or Record())
    receivers = receivers_of(case)
    locks = find_locks(case, receivers)
    verdict = verdict_of({lock.code: lock.passed for lock in locks})
    travel, band = case.travel, case.band
    sheet = _sheet(case, verdict, travel, receivers)
    return Gate(school_id, year, verdict, _as_frame(locks, case), receivers, travel, band, sheet)


def shell_candidates(result: PlanResult) -> list[str]:
    """Return the schools that the findings name for a review: small in every count, and no recovery in sight."""
    frame = result.findings.frame
    return [str(school_id) for school_id in frame.loc[frame["rule"] == "shell_candidate", "school_id"]]


def verdict_of(passed: Mapping[str, bool | None]) -> Verdict:
    """Return what follows from the locks.

    Parameters
    ----------
    passed : mapping
        ``{lock: True, False or None}``; None where it is not known.

    Examples
    --------
    >>> verdict_of({"few_pupils": True, "beds": True, "objection": None})
    'review'
    >>> verdict_of({"few_pupils": True, "beds": None}), verdict_of({"few_pupils": False, "beds": True})
    ('unmet', 'keep')
    """
    if any(passed.get(code) is False for code in KEEP):
        return "keep"
    countable = [passed[code] for code in passed if code not in SETTLED_BY_HEARING]
    known = [passed[code] for code in passed if code in SETTLED_BY_HEARING]
    return "review" if all(countable) and False not in known else "unmet"


def check_school(result: PlanResult, school_id: str, year: int) -> None:
    """Raise unless an ordinary school and a year after the base year are meant.

    Raises
    ------
    ScenarioError
        The school is unknown, is a special school, or the year is outside the plan.
    """
    schools, county = result.roster.schools.set_index("school_id"), result.prepared.county
    problems = []
    if school_id not in schools.index or schools.loc[school_id, "kind"] == "special":
        problems.append(Problem("school_unknown", result.scenario.name, "", "school_id", {"value": school_id}))
    if not county.base_year < year <= result.scenario.last_year:
        values = {"first": county.base_year + 1, "last": result.scenario.last_year}
        problems.append(Problem("year_outside", result.scenario.name, "", "year", values))
    if problems:
        raise ScenarioError(problems)


def _before_and_after(result: PlanResult, school_id: str, year: int) -> tuple[PlanResult, PlanResult]:
    """Return the plan with the school kept, and the plan in which it closes in that year."""
    scenario = result.scenario
    others = tuple(
        action for action in scenario.actions if not (isinstance(action, CloseSchool) and action.school_id == school_id)
    )
    kept = result if others == scenario.actions else _worked(result, scenario, others)
    # Places locked to the school cannot stay with it: without it they are free to go where the rule sends them.
    locks = tuple(lock for lock in scenario.policy.locks if lock.school_id != school_id)
    free = scenario.model_copy(update={"policy": scenario.policy.model_copy(update={"locks": locks})})
    return kept, _worked(result, free, (*others, CloseSchool(year=year, school_id=school_id)))


def _worked(result: PlanResult, scenario: Scenario, actions: tuple[object, ...]) -> PlanResult:
    return run_plan(result.prepared, scenario.model_copy(update={"actions": actions}))


def _as_frame(locks: list[Lock], case: Case) -> pd.DataFrame:
    rows = []
    for lock in locks:
        norm = case.norms[LOCKS[lock.code].norm]
        state = "unknown" if lock.passed is None else "passed" if lock.passed else "failed"
        said = {name: str(word) for name, word in lock.words.items()}
        texts = {
            f"text_{lang}": label(
                f"lock.{lock.code}", lang, state=label(f"lock_state.{state}", lang),
                measured=_shown(lock.measured, lang), limit=_shown(lock.limit, lang), **said,
            )
            for lang in LANGS
        }  # fmt: skip
        rows.append(
            {
                "lock": lock.code, "passed": lock.passed, "measured": lock.measured, "limit": lock.limit,
                "unit": LOCKS[lock.code].unit, "clause": norm.clause, "verified": norm.verified, **texts,
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.assign(passed=frame["passed"].astype("boolean"))


def _shown(number: float, lang: Lang) -> str:
    if number != number:
        return label("lock_state.unknown", lang)
    if np.isinf(number):
        return label("lock_state.unlimited", lang)
    return f"{number:.0f}" if abs(number) >= 100 or float(number).is_integer() else f"{number:.1f}"


def _highest_shown(band: pd.DataFrame) -> str:
    """Return the highest of the high side, or a dash where the forecast has none."""
    high = float(band["high"].max(skipna=False))
    return "-" if high != high else f"{high:.0f}"


def _sent_on(case: Case) -> float:
    """Return how many pupils of other schools go elsewhere in the closing year, to make room."""
    now = case.changed[(case.changed["year"] == case.year) & case.changed["origin"].notna()]
    return float(now.loc[now["origin"] != case.school_id, "pupils"].sum())


def _sheet(case: Case, verdict: Verdict, travel: pd.DataFrame, receivers: pd.DataFrame) -> pd.DataFrame:
    """Return the evidence in sentences, each section once."""
    norms, school = case.norms, case.school
    counts = case.before.prepared.facts.counts.loc[case.school_id].dropna()
    told = "; ".join(f"{year}: {value:.0f}" for year, value in counts.items())
    threshold = f"{norms.value('shell.max_pupils'):g}"
    ways = travel.set_index("group")
    longest = (
        f"{ways['max_before'].max():.0f}" if len(ways) else "0",
        f"{ways['max_after'].max():.0f}" if len(ways) else "0",
    )
    words: dict[str, Mapping[str, object]] = {
        "counts": {"school": school["name"], "counts": told},
        "band": {"high": _highest_shown(case.band), "pupils": f"{case.band['pupils'].max():.0f}",
                 "goal_year": f"{norms.value('plan.goal_year'):g}"},
        "travel": {"before": longest[0], "after": longest[1]},
        "receivers": {"receivers": "; ".join(receivers["name"]) or "-"},
        "knock_on": {"pupils": f"{_sent_on(case):.0f}"},
        "funding": {"small": f"{norms.value('school_size.small'):g}"},
        "assets": {}, "hearing": {}, "transition": {},
        "restore": {"threshold": threshold},
    }  # fmt: skip
    rows = [{"section": "verdict"} | {f"text_{lang}": label(f"verdict.{verdict}", lang) for lang in LANGS}]
    for section, values in words.items():
        rows.append(
            {"section": section} | {f"text_{lang}": label(f"sheet.{section}", lang, **values) for lang in LANGS}
        )
    return pd.DataFrame(rows)
