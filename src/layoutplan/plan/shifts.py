"""Who goes elsewhere when one plan is followed instead of another: every pupil of both plans, once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from layoutplan.county.tables import GRADES_OF_GROUP, GROUP_OF_GRADE, STAGE_OF_GRADE
from layoutplan.plan.planning import PlanResult
from layoutplan.seats.riders import BUS
from layoutplan.seats.ways import limit_of

STATUSES = ("same", "moved", "only_before", "only_after")
_WHO = ["year", "grade", "stage", "place_id"]
_NOWHERE = ""
# What is left of a pupil after sums of floats that ought to cancel.
_NOBODY = 1e-9
_TRIP = ("minutes", "metres")


def shift_pupils(before: PlanResult, after: PlanResult, *, years: Sequence[int]) -> pd.DataFrame:
    """Pair the pupils of every place and grade in two plans.

    Parameters
    ----------
    before, after : PlanResult
        Plans of one county.
    years : sequence of int
        School years that both hold.

    Returns
    -------
    DataFrame
        ``year, grade, stage, place_id, status, school_before, school_after`` (key, sorted; a missing school is
        none), ``pupils`` [person], ``minutes_before``, ``minutes_after``, ``metres_before``, ``metres_after`` (one
        way), ``limit_before``, ``limit_after`` [min] (missing where the grade is held to none).
        ``status``: ``same`` or ``moved`` (another school, or none before or after), ``only_before`` and
        ``only_after`` for those whom only one of the plans holds, as households move.

    Notes
    -----
    Plans say how many of a place go where, not who. As few as possible are taken to change: of each
    school the smaller of both numbers stays, the rest is spread in proportion. So ``same``, ``moved`` and
    ``only_before`` add up to the pupils of the one plan, ``same``, ``moved`` and ``only_after`` to those of the other.
    """
    key = [*_WHO, "school_id"]
    old, new = _given(before, years), _given(after, years)
    both = old.merge(new, on=key, how="outer", suffixes=("_before", "_after"))
    both[["pupils_before", "pupils_after"]] = both[["pupils_before", "pupils_after"]].fillna(0.0)
    stay = both[["pupils_before", "pupils_after"]].min(axis=1)
    same = both.assign(pupils=stay, school_before=both["school_id"], school_after=both["school_id"], status="same")
    parts = [same, *_changed(both.assign(left=both["pupils_before"] - stay, right=both["pupils_after"] - stay))]
    for side, plan in (("before", before), ("after", after)):
        limits = _limits(plan)
        parts = [part.assign(**{f"limit_{side}": part["grade"].map(limits)}) for part in parts]
    columns = [
        *_WHO, "status", "school_before", "school_after", "pupils",
        *(f"{name}_{side}" for name in (*_TRIP, "limit") for side in ("before", "after")),
    ]  # fmt: skip
    frame = pd.concat([part.reindex(columns=columns) for part in parts], ignore_index=True)
    for side, plan in (("before", before), ("after", after)):
        frame = _by_means(frame, plan, side)
    frame = frame[frame["pupils"] > _NOBODY].sort_values(columns[:7], ignore_index=True, na_position="first")
    schools = ["school_before", "school_after"]
    return frame.assign(**{name: frame[name].astype(object).replace(_NOWHERE, None) for name in schools})


def _given(plan: PlanResult, years: Sequence[int]) -> pd.DataFrame:
    """Return who goes where in some years, those without a school under an empty id."""
    flows, unplaced = plan.assignment.flows, plan.assignment.unplaced
    left = unplaced.groupby(["year", "grade", "place_id"], as_index=False)["pupils"].sum()
    left = left.assign(stage=left["grade"].map(STAGE_OF_GRADE), school_id=_NOWHERE, minutes=np.nan, metres=np.nan)
    if plan.roster.buses:
        flows = _whole(flows)
    columns = [*_WHO, "school_id", "pupils", *_TRIP]
    given = pd.concat([part[columns] for part in (flows, left) if len(part)], ignore_index=True)
    given = given.astype({"stage": object, "place_id": object, "school_id": object})
    chosen: pd.DataFrame = given[given["year"].isin(list(years))]
    return chosen


def _whole(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the flows with riders and walkers of a place to one school together, on their mean way."""
    weighted = flows.assign(**{name: flows[name] * flows["pupils"] for name in _TRIP})
    total = weighted.groupby([*_WHO, "school_id"], as_index=False)[["pupils", *_TRIP]].sum()
    total[list(_TRIP)] = total[list(_TRIP)].div(total["pupils"], axis=0)
    return total


def _by_means(frame: pd.DataFrame, plan: PlanResult, side: str) -> pd.DataFrame:
    """Part the rows of those of whom some ride a bus: each with its own way, and the limit of its means."""
    if not plan.roster.buses:
        return frame
    flows, key = plan.assignment.flows, [*_WHO, "school_id"]
    riding = flows[flows["means"] == BUS]
    some = flows.merge(riding[key].drop_duplicates(), on=key)
    some = some.assign(share=some["pupils"] / some.groupby(key)["pupils"].transform("sum"))
    norms = plan.prepared.norms
    bus = {g: norms.value(f"travel.limit_minutes_bus.{group}") for g, group in GROUP_OF_GRADE.items()}
    some = some.assign(bus_limit=some["grade"].map(bus).where(some["means"] == BUS))
    some = some[[*key, "share", *_TRIP, "bus_limit"]].rename(columns={"school_id": f"school_{side}"})
    both = frame.merge(some, on=[*_WHO, f"school_{side}"], how="left")
    for name in _TRIP:
        both[f"{name}_{side}"] = both[name].where(both["share"].notna(), both[f"{name}_{side}"])
    limit = both["bus_limit"].where(both["bus_limit"].notna(), both[f"limit_{side}"])
    parted = both.assign(**{f"limit_{side}": limit, "pupils": both["pupils"] * both["share"].fillna(1.0)})
    return parted[frame.columns]


def _changed(both: pd.DataFrame) -> list[pd.DataFrame]:
    """Return those who go elsewhere, and those whom only one plan holds."""
    totals = both.groupby(_WHO)[["left", "right"]].transform("sum")
    paired = totals.min(axis=1)
    both = both.assign(most=totals.max(axis=1), paired=paired, all_left=totals["left"], all_right=totals["right"])
    left, right = both[both["left"] > _NOBODY], both[both["right"] > _NOBODY]
    from_side = left[[*_WHO, "school_id", "left", "most", "minutes_before", "metres_before"]]
    to_side = right[[*_WHO, "school_id", "right", "minutes_after", "metres_after"]]
    moved = from_side.merge(to_side, on=_WHO, suffixes=("_before", "_after"))
    moved = moved.rename(columns={"school_id_before": "school_before", "school_id_after": "school_after"})
    moved = moved.assign(pupils=moved["left"] * moved["right"] / moved["most"], status="moved")
    gone = left.assign(
        pupils=left["left"] * (1 - left["paired"] / left["all_left"]), school_before=left["school_id"],
        school_after=_NOWHERE, status="only_before", minutes_after=np.nan, metres_after=np.nan,
    )  # fmt: skip
    come = right.assign(
        pupils=right["right"] * (1 - right["paired"] / right["all_right"]), school_before=_NOWHERE,
        school_after=right["school_id"], status="only_after", minutes_before=np.nan, metres_before=np.nan,
    )  # fmt: skip
    return [moved, gone, come]


def _limits(plan: PlanResult) -> dict[int, float]:
    """Return the minutes each grade is held to in a plan, NaN where to none."""
    found = {group: limit_of(plan.scenario.policy, group, plan.prepared.norms) for group in GRADES_OF_GROUP}
    return {
        grade: float("nan") if (norm := found[group]) is None else float(norm.value)
        for grade, group in GROUP_OF_GRADE.items()
    }


def sum_shifts(shifts: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Add up the pupils of :func:`shift_pupils`.

    Parameters
    ----------
    shifts : DataFrame
        From :func:`shift_pupils`.
    by : sequence of str
        What to keep apart, such as ``["year", "stage"]``.

    Returns
    -------
    DataFrame
        Key of ``by`` (sorted; missing schools are kept), ``pupils``, ``same``, ``moved``, ``only_before``,
        ``only_after``, ``unplaced_before``, ``unplaced_after``, ``held`` (their grade has a limit in the second plan),
        ``over_before``, ``over_after``, ``newly_over`` (over it now, had a school within it before), ``no_longer_over``
        (over it before, has a school within it now), all [person];
        ``minutes_before``, ``minutes_after``, ``metres_before``, ``metres_after``, means of those who have a school.
    """
    pupils = shifts["pupils"]
    over = {side: shifts[f"minutes_{side}"] > shifts[f"limit_{side}"] for side in ("before", "after")}
    within = {
        side: shifts[f"minutes_{side}"].notna() & ~over[side] & shifts["limit_after"].notna()
        for side in ("before", "after")
    }
    counts = {status: shifts["status"] == status for status in STATUSES} | {
        "unplaced_before": shifts["school_before"].isna() & (shifts["status"] != "only_after"),
        "unplaced_after": shifts["school_after"].isna() & (shifts["status"] != "only_before"),
        "held": shifts["limit_after"].notna() & (shifts["status"] != "only_before"),
        "over_before": over["before"], "over_after": over["after"],
        "newly_over": over["after"] & within["before"], "no_longer_over": over["before"] & within["after"],
    }  # fmt: skip
    parts = {name: pupils.where(rows, 0.0) for name, rows in counts.items()}
    for side in ("before", "after"):
        parts[f"_{side}"] = pupils.where(shifts[f"minutes_{side}"].notna(), 0.0)
        parts |= {f"{name}_{side}": (shifts[f"{name}_{side}"] * pupils).fillna(0.0) for name in _TRIP}
    table = shifts[list(by)].assign(pupils=pupils, **parts).groupby(list(by), as_index=False, dropna=False).sum()
    for side in ("before", "after"):
        placed = table[f"_{side}"].where(table[f"_{side}"] > 0.0)
        for name in _TRIP:
            table[f"{name}_{side}"] = table[f"{name}_{side}"] / placed
    return table.drop(columns=["_before", "_after"])
