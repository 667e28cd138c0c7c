"""The locks of the closure gate, one function a group: what is counted, what it is held to, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from layoutplan.county.tables import GRADES_OF_GROUP, GROUP_OF_GRADE
from layoutplan.norms import Norms
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.shifts import shift_pupils
from layoutplan.seats.checks.high import high_by_year
from layoutplan.seats.ways import limit_of

YOUNG = GRADES_OF_GROUP["grades_1_3"]
# A pupil in ten is no pupil: flows are real numbers.
_SOMEBODY = 0.05
_NOBODY = 1e-6


@dataclass(frozen=True)
class Record:
    """What inspection and hearing found; None where nothing is recorded.

    Parameters
    ----------
    route_is_safe : bool, optional
        Whether the way to the receiver was inspected and found safe.
    parents_object : bool, optional
        Whether most parents, or most delegates of the hearing, object.
    has_special_group : bool, optional
        Whether a border, minority-language or disabled group depends on the school.
    bus_seats : int, optional
        Seats of school buses that will run before the date [seat].
    """

    route_is_safe: bool | None = None
    parents_object: bool | None = None
    has_special_group: bool | None = None
    bus_seats: int | None = None


@dataclass(frozen=True)
class LockKind:
    """What a lock rests on: the norm whose clause is cited, and the unit of its number."""

    norm: str
    unit: str


LOCKS: Mapping[str, LockKind] = {
    "few_pupils": LockKind("closure.few_pupils", "person"),
    "no_recovery": LockKind("closure.no_recovery", "person"),
    "replaceable": LockKind("closure.keep_village_school", "place"),
    "young_travel": LockKind("travel.limit_minutes.grades_1_3", "min"),
    "no_growth_site": LockKind("closure.no_recovery", "person"),
    "objection": LockKind("closure.no_force", ""),
    "special_group": LockKind("closure.no_force", ""),
    "safe_route": LockKind("closure.no_force", ""),
    "receiver_open": LockKind("closure.no_force", "person"),
    "receiver_class": LockKind("closure.no_force", "person"),
    "receiver_school": LockKind("closure.no_force", "person"),
    "receiver_over_now": LockKind("closure.receiver_over_norm", "class"),
    "young_boarding": LockKind("travel.limit_minutes.grades_1_3", "person"),
    "beds": LockKind("closure.build_first", "bed"),
    "meals": LockKind("closure.build_first", "seat"),
    "bus": LockKind("closure.build_first", "seat"),
}
# A failure of these speaks for the school itself; of the others, for doing something else first.
KEEP = (
    "few_pupils", "no_recovery", "replaceable", "young_travel", "no_growth_site", "objection", "special_group",
)  # fmt: skip
SETTLED_BY_HEARING = ("objection", "special_group", "safe_route")


@dataclass(frozen=True)
class Lock:
    """One lock of one school: whether it is passed (None: not known), its number and what that is held to."""

    code: str
    passed: bool | None
    measured: float = np.nan
    limit: float = np.nan
    words: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Case:
    """A school, the plan with it and the plan without it.

    Parameters
    ----------
    before, after : PlanResult
        The school kept, and closed from ``year`` on.
    school_id : str
        School.
    year : int
        First school year without it.
    record : Record
        What inspection and hearing found.
    """

    before: PlanResult
    after: PlanResult
    school_id: str
    year: int
    record: Record

    @property
    def norms(self) -> Norms:
        """Norms in force."""
        return self.before.prepared.norms

    @cached_property
    def school(self) -> pd.Series:
        """The school's row."""
        schools = self.before.roster.schools
        row: pd.Series = schools[schools["school_id"] == self.school_id].iloc[0]
        return row

    @cached_property
    def changed(self) -> pd.DataFrame:
        """Everybody who goes elsewhere because the school closes, from the closing year on.

        ``year, grade, place_id, origin, pupils, minutes, receiver, minutes_after``. Where seats bind, pupils of other
        schools have to move up as well: ``origin`` is the school each was given before. A missing receiver is nobody.
        Of flows as few pupils as possible are taken to change, see :func:`layoutplan.plan.shifts.shift_pupils`.
        """
        years = [int(year) for year in sorted(self.before.demand.frame["year"].unique()) if year >= self.year]
        shifts = shift_pupils(self.before, self.after, years=years)
        shifts = shifts[(shifts["status"] == "moved") & (shifts["pupils"] > _NOBODY)]
        names = {"school_before": "origin", "school_after": "receiver", "minutes_before": "minutes"}
        columns = ["year", "grade", "place_id", "origin", "pupils", "minutes", "receiver", "minutes_after"]
        return shifts.rename(columns=names)[columns].sort_values(columns[:4], ignore_index=True)

    @cached_property
    def moved(self) -> pd.DataFrame:
        """Those of them who were given the school itself: the columns of ``changed`` but ``origin``."""
        mine = self.changed[self.changed["origin"] == self.school_id]
        return mine.drop(columns="origin").reset_index(drop=True)

    @cached_property
    def band(self) -> pd.DataFrame:
        """Children given the school by year, and the high side of the forecast: ``year, pupils, high`` [person]."""
        flows = self.before.assignment.flows
        mine = flows[flows["school_id"] == self.school_id]
        years = pd.Index(sorted(self.before.demand.frame["year"].unique()), name="year")
        pupils = mine.groupby("year")["pupils"].sum().reindex(years).fillna(0.0)
        high = high_by_year(mine, self.before.demand)
        mine_high = high.loc[self.school_id].reindex(years) if len(mine) else pupils
        return pd.DataFrame({"pupils": pupils, "high": mine_high.where(pupils > 0, 0.0)}).reset_index()

    @cached_property
    def travel(self) -> pd.DataFrame:
        """Ways before and after in the closing year, by group of grades; see :class:`layoutplan.plan.closure.Gate`."""
        now = self.moved[self.moved["year"] == self.year]
        group = now["grade"].map(GROUP_OF_GRADE)
        rows = []
        for name, part in now.groupby(group):
            weight = part["pupils"].to_numpy(float)
            row: dict[str, object] = {"group": name, "pupils": float(weight.sum())}
            for column, when in (("minutes", "before"), ("minutes_after", "after")):
                minutes = part[column].to_numpy(float)
                row |= {
                    f"median_{when}": _weighted_median(minutes, weight),
                    f"max_{when}": float(part[column].max()),
                    f"share_over_30_{when}": float(weight[minutes > 30].sum() / weight.sum()),
                }
            rows.append(row)
        names = ("pupils", "median_before", "max_before", "share_over_30_before", "median_after", "max_after",
                 "share_over_30_after")  # fmt: skip
        return pd.DataFrame(rows, columns=["group", *names])


def _weighted_median(values: np.ndarray, weight: np.ndarray) -> float:
    known = np.isfinite(values)
    if not known.any():
        return float("nan")
    order = np.argsort(values[known], kind="stable")
    total = np.cumsum(weight[known][order])
    return float(values[known][order][np.searchsorted(total, total[-1] / 2)])


def find_locks(case: Case, receivers: pd.DataFrame) -> list[Lock]:
    """Return every lock, in the order of :data:`LOCKS`.

    Parameters
    ----------
    case : Case
        The school and both plans.
    receivers : DataFrame
        From :func:`layoutplan.plan.receivers.receivers_of`.
    """
    found = [*_need(case), *_journeys(case), *_hearing(case), *_receivers(receivers), *_ready(case, receivers)]
    order = list(LOCKS)
    return sorted(found, key=lambda lock: order.index(lock.code))


def _need(case: Case) -> list[Lock]:
    """Whether the school is nearly empty, will stay so, and no site grows beside it."""
    norms, facts = case.norms, case.before.prepared.facts
    threshold = norms.value("shell.max_pupils")
    counts = facts.counts.reindex([case.school_id]).iloc[0]
    most = _highest(counts, threshold)
    goal = case.band[case.band["year"] <= facts.goal_year]
    high = _highest(
        goal["high"].where(goal["high"].notna(), goal["pupils"].where(goal["pupils"] > threshold)), threshold
    )
    places = case.before.prepared.county.places
    sites = places.loc[places["kind"].isin(["resettlement", "housing"]), "place_id"]
    flows = case.before.assignment.flows
    mine = flows[(flows["school_id"] == case.school_id) & flows["place_id"].isin(sites)]
    yearly = mine.groupby("year")["pupils"].sum()
    growing = float(yearly.max() - yearly.get(facts.base_year, 0.0)) if len(yearly) else 0.0
    return [
        Lock("few_pupils", _at_most(most, threshold), most, threshold, {"counts": len(counts)}),
        Lock("no_recovery", _at_most(high, threshold), high, threshold, {"goal_year": facts.goal_year}),
        Lock("no_growth_site", growing < 1, growing, 0.0),
    ]


def _highest(values: pd.Series, threshold: float) -> float:
    """Return the highest value; missing if one is not known and none that is known decides the matter."""
    most = float(values.max())
    return most if most > threshold or not values.isna().any() else float("nan")


def _at_most(measured: float, limit: float) -> bool | None:
    return None if np.isnan(measured) else bool(measured <= limit + 1e-9)


def _journeys(case: Case) -> list[Lock]:
    """Whether the youngest still reach a school in time, and no village loses the only one it can reach."""
    limit = limit_of(case.before.scenario.policy, "grades_1_3", case.norms)
    minutes = float(case.norms.value("travel.limit_minutes.grades_1_3")) if limit is None else float(limit.value)
    # Where seats bind, children of other schools are sent elsewhere too, and count as well.
    sent = case.changed[case.changed["origin"].notna()]
    without = _most_in_a_year(sent[sent["receiver"].isna()])
    young = sent[sent["grade"].isin(YOUNG)]
    longest = float(young["minutes_after"].max(skipna=False)) if len(young) else 0.0
    lost = young[~(young["minutes_after"] <= minutes) & (young["minutes"] <= minutes)]
    alone, over = lost["place_id"].nunique(), young[~(young["minutes_after"] <= minutes)]
    worst = _most_in_a_year(over)
    in_time = bool(longest <= minutes) if not np.isnan(longest) else False
    return [
        Lock("replaceable", alone == 0, float(alone), 0.0, {"minutes": f"{minutes:g}"}),
        Lock("young_travel", in_time, longest, minutes, {"pupils": f"{worst:.0f}"}),
        Lock("receiver_open", without < _SOMEBODY, without, 0.0),
    ]


def _most_in_a_year(moves: pd.DataFrame) -> float:
    return float(moves.groupby("year")["pupils"].sum().max()) if len(moves) else 0.0


def _hearing(case: Case) -> list[Lock]:
    record = case.record
    return [
        Lock("safe_route", record.route_is_safe),
        Lock("objection", None if record.parents_object is None else not record.parents_object),
        Lock("special_group", None if record.has_special_group is None else not record.has_special_group),
    ]


def _receivers(receivers: pd.DataFrame) -> list[Lock]:
    """Whether the receivers keep within both norms in every later year, on the high side (T14)."""
    tight = receivers.assign(
        by_class=receivers["class_size_p90"] - receivers["class_limit"],
        by_school=receivers["school_p90"] - receivers["school_limit"],
    )
    locks = []
    for code, by, measured in (
        ("receiver_class", "by_class", "class_size_p90"), ("receiver_school", "by_school", "school_p90")
    ):  # fmt: skip
        if tight.empty:
            locks.append(Lock(code, True, 0.0, 0.0, {"receiver": "-", "year": "-"}))
            continue
        row = tight.sort_values([by, "school_id"], ascending=[False, True]).iloc[0]
        kind = code.removeprefix("receiver_")
        words = {"receiver": row["name"], "year": int(row[f"{kind}_year"])}
        limit = float(row[f"{kind}_limit"])
        unknown = bool(tight[measured].isna().any())
        locks.append(
            Lock(code, None if unknown else _at_most(float(row[measured]), limit), float(row[measured]), limit, words)
        )
    over = float(receivers["classes_over_now"].sum())
    return [*locks, Lock("receiver_over_now", over == 0, over, 0.0)]


def _ready(case: Case, receivers: pd.DataFrame) -> list[Lock]:
    """Whether beds, meals and bus seats are there before the date, and nobody of grades 1-3 boards."""
    norms, county = case.norms, case.before.prepared.county
    here = county.classes[county.classes["school_id"] == case.school_id]
    there = county.classes[county.classes["school_id"].isin(receivers["school_id"])]
    boarding, boarders = (float(part["boarders"].astype("Float64").fillna(0).sum()) for part in (here, there))
    schools = case.after.roster.schools
    mine = schools[schools["school_id"].isin(receivers["school_id"])]
    beds, meals = (_total(mine[name]) for name in ("boarding_beds", "canteen_seats"))
    per_bed, per_seat = (norms.value(f"boarding.{name}") for name in ("beds_per_boarder", "canteen_seats_per_boarder"))
    most = _most_in_a_year(case.moved)
    need_beds, free_beds = boarding * per_bed, beds - boarders * per_bed
    need_meals, free_meals = most * per_seat, meals - boarders * per_seat
    young = float(here.loc[here["grade"].isin(YOUNG), "boarders"].astype("Float64").fillna(0).sum())
    young += float(there.loc[there["grade"].isin(YOUNG), "boarders"].astype("Float64").fillna(0).sum())
    far = _far_pupils(case)
    seats = np.nan if case.record.bus_seats is None else float(case.record.bus_seats)
    return [
        Lock("young_boarding", young == 0, young, 0.0),
        Lock("beds", _enough(free_beds, need_beds), free_beds, need_beds),
        Lock("meals", _enough(free_meals, need_meals), free_meals, need_meals),
        Lock("bus", _enough(seats, far), seats, far),
    ]


def _total(column: pd.Series) -> float:
    """Return the sum of a column; missing if one of its values is."""
    return float(column.astype("Float64").astype(float).sum(skipna=False))


def _enough(free: float, need: float) -> bool | None:
    if need < _SOMEBODY:
        return True
    return None if np.isnan(free) else bool(free >= need - 1e-9)


def _far_pupils(case: Case) -> float:
    """Return the most pupils in any year whose new way on foot is longer than their group may walk."""
    sent = case.changed[case.changed["origin"].notna()]
    limit = sent["grade"].map(
        {grade: case.norms.value(f"travel.limit_minutes.{group}") for grade, group in GROUP_OF_GRADE.items()}
    )
    return _most_in_a_year(sent[(sent["minutes_after"] > limit.astype(float)).to_numpy(bool)])
