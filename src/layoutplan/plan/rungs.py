"""One rung of the small-school ladder: who stays, who leaves for where, on what way, and the beds, posts and buses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.access.travel import Travel, at_speed_of
from layoutplan.county.tables import GRADES_OF_GROUP, GROUP_OF_GRADE, GradeGroup
from layoutplan.norms import Norms
from layoutplan.plan.bus import Buses, minutes_between, plan_buses, ways_in
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.shifts import shift_pupils
from layoutplan.seats.equity import weighted_quantile
from layoutplan.seats.roster import state_in
from layoutplan.seats.staffing import count_posts

_TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Ground:
    """What all rungs of a ladder share.

    Parameters
    ----------
    keep : PlanResult
        The plan in which the school stays as it is.
    school_id : str
        School.
    year : int
        School year that is looked at.
    walk : mapping
        Ways on foot by group of grades, each at its own speed.
    drive : Travel
        Ways by road, at capped speeds.
    """

    keep: PlanResult
    school_id: str
    year: int
    walk: Mapping[GradeGroup, Travel]
    drive: Travel

    @property
    def norms(self) -> Norms:
        """Norms in force."""
        return self.keep.prepared.norms


def stand_on(keep: PlanResult, school_id: str, year: int) -> Ground:
    """Measure what all rungs of a ladder share."""
    walk, norms = ways_in(keep, "walk"), keep.prepared.norms
    by_group = {group: at_speed_of(walk, group, norms=norms) for group in GRADES_OF_GROUP}
    return Ground(keep, school_id, year, by_group, ways_in(keep, "drive"))


@dataclass(frozen=True, eq=False)
class Rung:
    """One rung worked out.

    Parameters
    ----------
    ground : Ground
        What it is compared with.
    plan : PlanResult
        The plan with the actions of the rung.
    boards : bool
        Whether leavers of grades 4-9 beyond the walking limit board at their receiver; otherwise, and for grades 1-3
        always, they travel every day.
    multigrade : bool
        Whether neighbouring small grades share a class.
    """

    ground: Ground
    plan: PlanResult
    boards: bool = False
    multigrade: bool = False

    @cached_property
    def pupils(self) -> pd.DataFrame:
        """Children given the school in the plan that keeps it: who goes where, how far, by what means.

        ``group, place_id, school_id`` (missing: none), ``pupils`` [person], ``leaves``, ``before``, ``after`` (minutes
        on foot; missing where there is no way on foot), ``limit`` [min], ``far_before``, ``far`` (beyond it, or no way
        on foot; False without a school), ``boards``, ``rides`` (by bus, every day).
        """
        ground = self.ground
        moves = shift_pupils(ground.keep, self.plan, years=[ground.year])
        mine = moves[(moves["school_before"] == ground.school_id) & (moves["status"] != "only_before")]
        rows = pd.DataFrame(
            {
                "group": mine["grade"].map(GROUP_OF_GRADE), "grade": mine["grade"], "place_id": mine["place_id"],
                "school_id": mine["school_after"], "pupils": mine["pupils"],
            }
        ).reset_index(drop=True)  # fmt: skip
        limits = {group: float(ground.norms.value(f"travel.limit_minutes.{group}")) for group in GRADES_OF_GROUP}
        limit = rows["group"].map(limits).to_numpy(float)
        home = pd.Series(ground.school_id, index=rows.index)
        before, after = self._on_foot(rows, home), self._on_foot(rows, rows["school_id"])
        placed = rows["school_id"].notna().to_numpy(bool)
        leaves = (rows["school_id"] != ground.school_id).to_numpy(bool)
        far = placed & ~(after <= limit + _TINY)
        boards = far & leaves & self.boards & (rows["group"] != "grades_1_3").to_numpy(bool)
        return rows.assign(
            leaves=leaves, before=before, after=after, limit=limit, far_before=~(before <= limit + _TINY), far=far,
            boards=boards, rides=far & ~boards,
        )  # fmt: skip

    def _on_foot(self, rows: pd.DataFrame, school_ids: pd.Series) -> Floats:
        minutes = np.full(len(rows), np.nan)
        for group, travel in self.ground.walk.items():
            mine = (rows["group"] == group).to_numpy(bool)
            minutes[mine] = minutes_between(travel, rows.loc[mine, "place_id"], school_ids[mine])
        return minutes

    @cached_property
    def buses(self) -> Buses:
        """Bus runs for those who ride every day."""
        return plan_buses(self.pupils[self.pupils["rides"]], self.ground.drive, norms=self.ground.norms)

    @cached_property
    def receivers(self) -> pd.DataFrame:
        """Schools that take those who leave; see :class:`layoutplan.plan.ladder.Ladder`."""
        ground, norms = self.ground, self.ground.norms
        schools = state_in(ground.keep.roster, ground.year).set_index("school_id")
        home = schools.loc[ground.school_id, "township_id"]
        per_bed = norms.value("boarding.beds_per_boarder")
        gone = self.pupils[self.pupils["leaves"]]
        rows = []
        for school_id, part in gone.groupby("school_id", sort=True):
            boarders = float(part.loc[part["boards"], "pupils"].sum())
            need = int(np.ceil(boarders * per_bed - _TINY))
            beds = schools.loc[school_id, "boarding_beds"]
            free = np.nan if pd.isna(beds) else float(beds) - boarders_now(ground.keep, str(school_id)) * per_bed
            rows.append(
                {
                    "school_id": school_id, "name": schools.loc[school_id, "name"],
                    "same_township": bool(schools.loc[school_id, "township_id"] == home),
                    "pupils": float(part["pupils"].sum()), "walk_longest": float(part["after"].max()),
                    "boarders": boarders, "beds_needed": need, "beds_free": free,
                    "beds_short": 0.0 if need == 0 else float(np.maximum(need - free, 0.0)),
                }
            )  # fmt: skip
        names = ("school_id", "name", "same_township", "pupils", "walk_longest", "boarders", "beds_needed", "beds_free",
                 "beds_short")  # fmt: skip
        return pd.DataFrame(rows, columns=list(names))

    @cached_property
    def roll(self) -> pd.DataFrame:
        """Pupils and classes of all schools in the year, a row a grade, as rolled forward."""
        frame = self.plan.enrolment.frame
        rows = frame[frame["year"] == self.ground.year].sort_values(["school_id", "grade"], ignore_index=True)
        if not self.multigrade:
            return rows
        mine = (rows["school_id"] == self.ground.school_id).to_numpy(bool)
        classes = rows["classes"].to_numpy(np.int64).copy()
        part = rows[mine]
        classes[mine] = share_classes(
            part["grade"].to_numpy(np.int64), part["pupils"].to_numpy(float), classes[mine],
            most=self.ground.norms.value("class_size.multigrade"),
        )  # fmt: skip
        return rows.assign(classes=classes)

    @cached_property
    def posts(self) -> pd.Series:
        """Posts of every school in the year, by ``school_id`` [post]."""
        counted = count_posts(self.plan.roster.schools, self.roll, norms=self.ground.norms)
        posts: pd.Series = counted.set_index("school_id")["posts"]
        return posts

    def by_group(self) -> pd.DataFrame:
        """Return pupils and ways by group of grades; see :class:`layoutplan.plan.ladder.Ladder`."""
        rows, names = [], ["group", *head_count(self.pupils), *walked(self.pupils), "limit", "clause", "verified"]
        for group, part in self.pupils.groupby("group", sort=True):
            norm = self.ground.norms[f"travel.limit_minutes.{group}"]
            rows.append(
                {"group": group} | head_count(part) | walked(part)
                | {"limit": float(norm.value), "clause": norm.clause, "verified": norm.verified}
            )  # fmt: skip
        return pd.DataFrame(rows, columns=names)


def boarders_now(plan: PlanResult, school_id: str) -> float:
    """Return who boards at a school in the base year [person]; missing if a class did not report it."""
    classes = plan.prepared.county.classes
    boarders = classes.loc[classes["school_id"] == school_id, "boarders"].astype("Float64")
    return float("nan") if boarders.isna().any() else float(boarders.sum())


def head_count(part: pd.DataFrame) -> dict[str, float]:
    """Return how many stay, leave, find no school, board and ride, of rows of :attr:`Rung.pupils` [person].

    ``stay``, ``leave`` and ``without_school`` add up to ``pupils``.
    """
    weight, lost = part["pupils"], part["school_id"].isna()
    return {
        "pupils": float(weight.sum()), "stay": float(weight[~part["leaves"]].sum()),
        "leave": float(weight[part["leaves"] & ~lost].sum()), "without_school": float(weight[lost].sum()),
        "boarders": float(weight[part["boards"]].sum()), "bus_pupils": float(weight[part["rides"]].sum()),
    }  # fmt: skip


def walked(part: pd.DataFrame) -> dict[str, float]:
    """Return minutes on foot before and after, of rows of :attr:`Rung.pupils`, as if all walked every day.

    Mean, P95 and longest are of those who have a way on foot; ``no_way_on_foot`` [person] have a school and none.
    The share over the limit is of all who have a school, those without a way on foot counted as over it.
    """
    found: dict[str, float] = {}
    weight = part["pupils"].to_numpy(float)
    held = {"before": np.ones(len(part), dtype=bool), "after": part["school_id"].notna().to_numpy(bool)}
    for when, far in (("before", "far_before"), ("after", "far")):
        minutes, has = part[when].to_numpy(float), held[when]
        known = np.isfinite(minutes) & has
        total, walking = weight[has].sum(), weight[known].sum()
        found |= {
            f"walk_mean_{when}": float((weight[known] * minutes[known]).sum() / walking) if walking > 0 else np.nan,
            f"walk_p95_{when}": weighted_quantile(minutes[known], weight[known], 0.95),
            f"walk_longest_{when}": float(minutes[known].max()) if known.any() else np.nan,
            f"share_over_limit_{when}": float(weight[part[far].to_numpy(bool)].sum() / total) if total > 0 else np.nan,
            f"no_way_on_foot_{when}": float(weight[has & ~known].sum()),
        }
    return found


def share_classes(grades: Ints, pupils: Floats, classes: Ints, *, most: float) -> Ints:
    """Let neighbouring small grades of a primary stage share a class.

    Parameters
    ----------
    grades : int [grade]
        Grades taught, sorted.
    pupils : float [grade]
        Pupils of each.
    classes : int [grade]
        Classes without sharing.
    most : float
        ``class_size.multigrade`` [person/class]: two grades share a class if their mean is below it.

    Returns
    -------
    int64 [grade]
        Classes; a grade that joins the one below it has 0. At most two grades share a class.

    Examples
    --------
    >>> grades, pupils = np.arange(1, 7), np.array([5.0, 6.0, 12.0, 7.0, 9.0, 8.0])
    >>> share_classes(grades, pupils, np.ones(6, dtype=np.int64), most=10)
    array([1, 0, 1, 0, 1, 0])
    >>> share_classes(grades, pupils + 6, np.ones(6, dtype=np.int64), most=10)
    array([1, 1, 1, 1, 1, 1])
    """
    shared, at = classes.copy(), 1
    while at < len(grades):
        neighbours = grades[at] == grades[at - 1] + 1 and GROUP_OF_GRADE[int(grades[at])] != "grades_7_9"
        single = classes[at] == 1 and classes[at - 1] == 1
        if neighbours and single and (pupils[at] + pupils[at - 1]) / 2 < most:
            shared[at] = 0
            at += 1
        at += 1
    return shared
