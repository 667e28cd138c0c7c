"""Which schools a threshold, a safeguard or an order decides: one thing is moved at a time, all else stays.

A threshold is moved and the plan worked out anew; a safeguard (a lock of the closure gate) is taken away and the
verdict read again; an order is turned round by closing what may be closed one school after the other. A school flips
if it is named in one case and not in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from layoutplan.norms import Norms
from layoutplan.plan.closure import Verdict, closure_gate, shell_candidates, verdict_of
from layoutplan.plan.locks import LOCKS
from layoutplan.plan.planning import PlanResult, run_plan
from layoutplan.plan.preparing import Prepared
from layoutplan.plan.scenario import CloseSchool
from layoutplan.seats.diagnosis import Facts, standing_findings
from layoutplan.seats.roster import base_roster

# What a school is named for, and the rules that name it.
MEASURES: Mapping[str, tuple[str, ...]] = {
    "shell_candidate": ("shell_candidate",),
    "class_over_norm": (
        "class_over_norm", "class_large", "class_extra_large", "class_over_norm_ahead", "class_large_ahead",
    ),
}  # fmt: skip
GATE = "closure_gate"
# Values a threshold is moved to, as shares of its own; counts and years by whole steps.
STEPS: Mapping[str, tuple[float, ...]] = {
    "shell.max_pupils": (5, 15, 20, 30), "shell.counts": (2, 4), "plan.goal_year": (2026, 2030),
    "class_size.primary": (40, 50), "class_size.junior": (45, 55),
}  # fmt: skip
# Values a safeguard of the gate is moved to.
GATE_STEPS: Mapping[str, tuple[float, ...]] = {"travel.limit_minutes.grades_1_3": (20, 45, 60)}
# Norms that bear on a measure; the others are moved too, and shown only where they make a school flip.
BEARING: Mapping[str, tuple[str, ...]] = {
    "shell_candidate": ("shell.", "plan."), "class_over_norm": ("class_size.",), GATE: ("travel.",),
}  # fmt: skip
# Orders in which schools that may be closed are closed, one after the other.
ORDERS = ("smallest_first", "largest_first", "id")
_NO_WAYS = ("speed.", "snap.", "network.", "season.")
_FLIPS = ("mover", "moved", "value", "measure", "school_id", "name", "before", "after")
_CASES = ("mover", "moved", "base", "value", "measure", "named", "entered", "left")


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What flips when one thing is moved.

    Parameters
    ----------
    plan : PlanResult
        All as it is.
    cases : DataFrame
        ``mover`` (``norm``, ``safeguard``, ``order``), ``moved`` (norm, lock or order), ``value`` (of a norm, else
        missing), ``measure`` (key): ``base`` (its value in force), ``named`` [school], ``entered``, ``left`` [school].
    flips : DataFrame
        The schools: ``mover, moved, value, measure, school_id`` (key), ``name``, ``before``, ``after`` (``named`` or
        not; at the gate its verdicts).
    gate : DataFrame
        ``school_id`` (key), ``name``, ``verdict``, ``failed`` (locks that failed, in order), ``unknown``.
    """

    plan: PlanResult
    cases: pd.DataFrame
    flips: pd.DataFrame
    gate: pd.DataFrame


def with_norm(prepared: Prepared, key: str, value: float) -> Prepared:
    """Return what is prepared with one norm moved.

    Parameters
    ----------
    prepared : Prepared
        Stays as it is; network and ways are shared.
    key : str
        Norm that no way depends on.
    value : float
        Its new value.

    Raises
    ------
    ValueError
        Ways depend on the norm, so they would have to be measured anew.
    """
    if key.startswith(_NO_WAYS):
        raise ValueError(f"ways depend on {key}")
    norms = Norms({**prepared.norms, key: replace(prepared.norms[key], value=value)})
    facts = Facts(prepared.county, norms, base_roster(prepared.county, norms))
    fingerprint = f"{prepared.fingerprint}-{norms.fingerprint}"
    return replace(prepared, norms=norms, facts=facts, standing=standing_findings(facts), fingerprint=fingerprint)


def find_sensitivity(
    plan: PlanResult, *, steps: Mapping[str, Sequence[float]] = STEPS, say: Callable[[int, int], None] | None = None
) -> Sensitivity:
    """Move one thing at a time and list the schools that flip.

    Parameters
    ----------
    plan : PlanResult
        All as it is.
    steps : mapping
        ``{norm: values}``; a value that is in force already moves nothing and is left out.
    say : callable, optional
        Told how many of how many plans are worked out.

    Returns
    -------
    Sensitivity
        Sorted as the movers stand in :data:`STEPS`, in the locks of the gate, and in :data:`ORDERS`.
    """
    norms = plan.prepared.norms
    moved = [(key, float(value)) for key, values in steps.items() for value in values if value != norms.value(key)]
    schools = shell_candidates(plan)
    total = len(moved) + len(schools) + len(ORDERS)
    cases, flips, done = [], [], 0
    names = _names(plan)
    base = {measure: _named(plan, measure) for measure in MEASURES}
    for key, value in moved:
        other = run_plan(with_norm(plan.prepared, key, value), plan.scenario)
        for measure, before in base.items():
            after = _named(other, measure)
            case = ("norm", key, float(norms.value(key)), value, measure)
            cases.append((*case, len(after), len(after - before), len(before - after)))
            for school_id in sorted(before ^ after):
                said = ("named", "not_named") if school_id in before else ("not_named", "named")
                flips.append(("norm", key, value, measure, school_id, names.get(school_id, ""), *said))
        done += 1
        if say is not None:
            say(done, total)
    gate, gate_cases, gate_flips = _at_gate(plan, schools, names, say=say, done=(done, total))
    table = pd.DataFrame([*cases, *gate_cases], columns=list(_CASES))
    return Sensitivity(plan, table, pd.DataFrame([*flips, *gate_flips], columns=list(_FLIPS)), gate)


def _named(plan: PlanResult, measure: str) -> set[str]:
    frame = plan.findings.frame
    named = frame.loc[frame["rule"].isin(MEASURES[measure]), "school_id"].dropna()
    return set(named.astype(str))


def _names(plan: PlanResult) -> dict[str, str]:
    schools = plan.roster.schools
    return dict(zip(schools["school_id"].astype(str), schools["name"].astype(str), strict=True))


def _at_gate(
    plan: PlanResult,
    schools: Sequence[str],
    names: Mapping[str, str],
    *,
    say: Callable[[int, int], None] | None,
    done: tuple[int, int],
) -> tuple[pd.DataFrame, list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Put every shell candidate before the gate once, then take locks away and turn the order round."""
    year, rows, passed = plan.prepared.county.base_year + 1, [], {}
    for at, school_id in enumerate(schools, start=1):
        locks = closure_gate(plan, school_id, year).locks
        states = [None if pd.isna(state) else bool(state) for state in locks["passed"]]
        passed[school_id] = dict(zip(locks["lock"], states, strict=True))
        failed, unknown = ([code for code, state in passed[school_id].items() if state is is_] for is_ in (False, None))
        verdict = verdict_of(passed[school_id])
        rows.append((school_id, names[school_id], verdict, ", ".join(failed), ", ".join(unknown)))
        if say is not None:
            say(done[0] + at, done[1])
    cases, flips = _without_locks(passed, names)
    moved, moved_flips = _with_limits(plan, passed, names, year)
    orders, order_flips = _in_orders(plan, passed, names, year)
    if say is not None:
        say(done[1], done[1])
    gate = pd.DataFrame(rows, columns=["school_id", "name", "verdict", "failed", "unknown"])
    return gate, [*moved, *cases, *orders], [*moved_flips, *flips, *order_flips]


_Case = tuple[object, ...]


def _without_locks(
    passed: Mapping[str, Mapping[str, bool | None]], names: Mapping[str, str]
) -> tuple[list[_Case], list[_Case]]:
    """Return what the gate says of every school when one lock after the other is taken away."""
    cases: list[_Case] = []
    flips: list[_Case] = []
    base = {school_id: verdict_of(locks) for school_id, locks in passed.items()}
    for code in LOCKS:
        less = {
            school_id: verdict_of({lock: state for lock, state in locks.items() if lock != code})
            for school_id, locks in passed.items()
        }
        changed = [school_id for school_id in sorted(passed) if less[school_id] != base[school_id]]
        named = sum(verdict != "keep" for verdict in less.values())
        entered, left = _entered_and_left(base, less)
        cases.append(("safeguard", code, np.nan, np.nan, GATE, named, entered, left))
        flips += [("safeguard", code, np.nan, GATE, one, names[one], base[one], less[one]) for one in changed]
    return cases, flips


def _entered_and_left(before: Mapping[str, Verdict], after: Mapping[str, Verdict]) -> tuple[int, int]:
    """Return how many schools are named after and were to be kept before, and the other way about."""
    kept = [(before[one] == "keep", after[one] == "keep") for one in after]
    return kept.count((True, False)), kept.count((False, True))


def _with_limits(
    plan: PlanResult, passed: Mapping[str, Mapping[str, bool | None]], names: Mapping[str, str], year: int
) -> tuple[list[_Case], list[_Case]]:
    """Return what the gate says when a limit it holds ways to is another."""
    base = {school_id: verdict_of(locks) for school_id, locks in passed.items()}
    cases: list[_Case] = []
    flips: list[_Case] = []
    for key, value in ((key, float(value)) for key, values in GATE_STEPS.items() for value in values):
        other = run_plan(with_norm(plan.prepared, key, value), plan.scenario)
        after = {school_id: closure_gate(other, school_id, year).verdict for school_id in sorted(passed)}
        changed = [one for one in after if after[one] != base[one]]
        named = sum(verdict != "keep" for verdict in after.values())
        entered, left = _entered_and_left(base, after)
        cases.append(("norm", key, plan.prepared.norms.value(key), value, GATE, named, entered, left))
        flips += [("norm", key, value, GATE, one, names[one], base[one], after[one]) for one in changed]
    return cases, flips


def _in_orders(
    plan: PlanResult, passed: Mapping[str, Mapping[str, bool | None]], names: Mapping[str, str], year: int
) -> tuple[list[_Case], list[_Case]]:
    """Return who is still not to be kept when the others are closed before, in one order or another."""
    alone: dict[str, Verdict] = {school_id: verdict_of(locks) for school_id, locks in passed.items()}
    open_to = [school_id for school_id, verdict in alone.items() if verdict != "keep"]
    counted = plan.prepared.facts.base_pupils.reindex(open_to).fillna(0.0)
    pupils = dict(zip(open_to, counted.to_numpy(float).tolist(), strict=True))
    cases: list[_Case] = []
    flips: list[_Case] = []
    for order in ORDERS:
        after = dict(_one_by_one(plan, _sorted(open_to, pupils, order), year))
        changed = [school_id for school_id in sorted(open_to) if after[school_id] != alone[school_id]]
        named = sum(verdict != "keep" for verdict in after.values())
        left = sum(after[one] == "keep" for one in changed)
        cases.append(("order", order, np.nan, np.nan, GATE, named, 0, left))
        flips += [("order", order, np.nan, GATE, one, names[one], alone[one], after[one]) for one in changed]
    return cases, flips


def _sorted(school_ids: Sequence[str], pupils: Mapping[str, float], order: str) -> list[str]:
    sign = {"smallest_first": 1.0, "largest_first": -1.0, "id": 0.0}[order]
    return sorted(school_ids, key=lambda one: (sign * pupils[one], one))


def _one_by_one(plan: PlanResult, school_ids: Sequence[str], year: int) -> Iterator[tuple[str, Verdict]]:
    """Yield the verdict of each school, those before it that are not to be kept being closed."""
    now = plan
    for school_id in school_ids:
        gate = closure_gate(now, school_id, year)
        yield school_id, gate.verdict
        if gate.verdict != "keep":
            closing = CloseSchool(year=year, school_id=school_id)
            scenario = now.scenario.model_copy(update={"actions": (*now.scenario.actions, closing)})
            now = run_plan(now.prepared, scenario)
