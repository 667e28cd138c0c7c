"""What one plan changes against another, as data: pupils, places, schools, rooms, findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.errors import Problem, ScenarioError
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.shifts import shift_pupils, sum_shifts
from layoutplan.seats.roster import Roster, Turn, is_open

_SIDES = ("before", "after")
EVENTS = ("opened", "closed", "merged", "converted")
_FINDING = ["rule", "subject_kind", "subject"]
_SAID = [
    "school_id", "place_id", "township_id", "unit", "clause", "verified", "severity", "text_zh", "text_en",
]  # fmt: skip
# Less than this is what sums of floats leave over.
_TRIFLE = 1e-6
_NUMBERS = ("rooms", "seats", "beds", "assigned", "enrolled")


@dataclass(frozen=True, eq=False)
class Change:
    """Two plans of one county and all that differs.

    Parameters
    ----------
    before, after : PlanResult
        The plan that is followed now, or the base, and the one that is proposed.
    years : tuple of int
        School years of both.
    shifts : DataFrame
        Every pupil of both plans once, by grade: see :func:`layoutplan.plan.shifts.shift_pupils`.
    journeys : DataFrame
        The same added up by ``year, stage, place_id, status, school_before, school_after``: columns of
        :func:`layoutplan.plan.shifts.sum_shifts`.
    places : DataFrame
        ``year, stage, place_id`` (key, sorted), ``township_id``, ``state`` (``changed`` where a pupil changes school,
        ``residents`` where only their number does, ``journey`` where only the way there does, else ``same``),
        ``school_before``, ``school_after`` (of most pupils; ties to the smaller id), then what ``sum_shifts`` has.
    schools : DataFrame
        ``year, stage, school_id`` (key, sorted), ``name``, ``township_id``, ``state`` (``opened``, ``closed``,
        ``changed``, ``same``), then ``open``, ``rooms``, ``seats``, ``beds`` (missing where unknown), ``assigned``
        (pupils by where they live) and ``enrolled`` (as classes move up), each ``_before`` and ``_after``.
    events : DataFrame
        ``year, school_id, event`` (key, sorted; one of :data:`EVENTS`), ``name``, ``kind_before``, ``kind_after``,
        ``into`` (the school that takes in a merged one), ``plan`` (``before``, ``after``, ``both``).
    built : DataFrame
        ``year, school_id`` (key, sorted), ``rooms_before``, ``rooms_after``, ``beds_before``, ``beds_after``: what is
        built in each plan; rooms that only pass to another stage are not. Beds are missing where it is not known
        how many there were.
    findings : DataFrame
        ``rule, subject_kind, subject`` (key, sorted), ``status`` (``cleared``, ``caused``, ``remains``),
        ``year_before``, ``year_after`` (first year), ``measured_before``, ``measured_after``, ``limit``, ``school_id``,
        ``place_id``, ``township_id``, ``unit``, ``clause``, ``verified``, ``severity``, ``text_zh``, ``text_en`` (of
        the plan that has it; of the second where both have).
    """

    before: PlanResult
    after: PlanResult
    years: tuple[int, ...]
    shifts: pd.DataFrame
    journeys: pd.DataFrame
    places: pd.DataFrame
    schools: pd.DataFrame
    events: pd.DataFrame
    built: pd.DataFrame
    findings: pd.DataFrame


def find_changes(before: PlanResult, after: PlanResult) -> Change:
    """Find all that one plan changes against another.

    Parameters
    ----------
    before, after : PlanResult
        Plans of one county; years that only one of them holds are left out.

    Returns
    -------
    Change
        Pupils are real numbers; whoever shows them rounds.

    Raises
    ------
    ScenarioError
        The plans are of different counties.
    """
    counties = [plan.prepared.county for plan in (before, after)]
    if counties[0].fingerprint != counties[1].fingerprint:
        values = {"value": f"{counties[0].name}, {counties[1].name}"}
        raise ScenarioError([Problem("compare_counties", after.scenario.name, values=values)])
    years = tuple(sorted(set(before.supply.frame["year"]) & set(after.supply.frame["year"])))
    shifts = shift_pupils(before, after, years=years)
    journeys = sum_shifts(shifts, ["year", "stage", "place_id", "status", "school_before", "school_after"])
    return Change(
        before, after, years, shifts, journeys,
        places=_places(shifts, journeys, before), schools=_schools(before, after, years),
        events=_events(before, after), built=_built(before, after), findings=_findings(before, after),
    )  # fmt: skip


def _places(shifts: pd.DataFrame, journeys: pd.DataFrame, plan: PlanResult) -> pd.DataFrame:
    key = ["year", "stage", "place_id"]
    table = sum_shifts(shifts, key)
    for side in _SIDES:
        gone = "only_after" if side == "before" else "only_before"
        here = journeys[(journeys["status"] != gone) & journeys[f"school_{side}"].notna()]
        ranked = here.groupby([*key, f"school_{side}"], as_index=False)["pupils"].sum()
        # Sums of equal shares may differ in the last bit, which must not decide who is first.
        ranked = ranked.assign(pupils=ranked["pupils"].round(6))
        ranked = ranked.sort_values([*key, "pupils", f"school_{side}"], ascending=[True] * 3 + [False, True])
        table = table.merge(ranked.drop_duplicates(key)[[*key, f"school_{side}"]], on=key, how="left")
    home = plan.prepared.county.places.set_index("place_id")["township_id"]
    others = table["only_before"] + table["only_after"] > 0
    ways = (table["minutes_before"] - table["minutes_after"]).abs() > _TRIFLE
    state = np.select([table["moved"] > 0, others, ways], ["changed", "residents", "journey"], "same")
    table = table.assign(township_id=table["place_id"].map(home), state=state)
    first = [*key, "township_id", "state", "school_before", "school_after"]
    return table[[*first, *(name for name in table.columns if name not in first)]]


def _schools(before: PlanResult, after: PlanResult, years: tuple[int, ...]) -> pd.DataFrame:
    key = ["year", "stage", "school_id"]
    both = _supply(before, years).merge(_supply(after, years), on=key, how="outer", suffixes=("_before", "_after"))
    for side in _SIDES:
        both[f"open_{side}"] = both[f"open_{side}"].eq(True)
        # A stage that a plan does not have has no room, seat or pupil: that is known.
        counted = [f"{name}_{side}" for name in _NUMBERS if name != "beds"]
        both[counted] = both[counted].fillna(0.0)
        both[f"beds_{side}"] = both[f"beds_{side}"].where(both[f"open_{side}"], 0.0)
    opened, closed = both["open_after"] & ~both["open_before"], both["open_before"] & ~both["open_after"]
    differs = np.zeros(len(both), dtype=bool)
    for name in _NUMBERS:
        differs |= ~np.isclose(both[f"{name}_before"], both[f"{name}_after"], rtol=0, atol=_TRIFLE, equal_nan=True)
    state = np.select([opened, closed, differs], ["opened", "closed", "changed"], "same")
    named = pd.concat([after.roster.schools, before.roster.schools]).drop_duplicates("school_id").set_index("school_id")
    both = both.assign(state=state, **{name: both["school_id"].map(named[name]) for name in ("name", "township_id")})
    pairs = [f"{name}_{side}" for name in ("open", *_NUMBERS) for side in _SIDES]
    return both[[*key, "name", "township_id", "state", *pairs]].sort_values(key, ignore_index=True)


def _supply(plan: PlanResult, years: tuple[int, ...]) -> pd.DataFrame:
    """Return rooms, seats, beds and pupils of every school and stage in some years."""
    key = ["year", "stage", "school_id"]
    frame = plan.supply.frame.astype({"beds": float})
    assigned = plan.assignment.flows.groupby(key)["pupils"].sum().rename("assigned").reset_index()
    enrolled = plan.enrolment.frame.groupby(key)["pupils"].sum().rename("enrolled").reset_index()
    # A special school, or a stage without rooms, may have pupils and no supply.
    frame = frame.merge(assigned, on=key, how="outer").merge(enrolled, on=key, how="outer")
    frame = frame[frame["year"].isin(years)]
    opened = pd.DataFrame(
        {year: is_open(plan.roster, year) for year in years}, index=plan.roster.schools["school_id"]
    ).stack()
    teaching = opened.reindex(pd.MultiIndex.from_frame(frame[["school_id", "year"]])).to_numpy(bool)
    return frame.assign(open=teaching & (frame["rooms"].fillna(0.0) + frame["enrolled"].fillna(0.0) > 0).to_numpy())


def _events(before: PlanResult, after: PlanResult) -> pd.DataFrame:
    columns = ["year", "school_id", "event", "name", "kind_before", "kind_after", "into"]
    sides = {side: list(_turning_points(plan)) for side, plan in zip(_SIDES, (before, after), strict=True)}
    rows = [
        (*event, "both" if event in sides["before"] and event in sides["after"] else side)
        for side, events in sides.items()
        for event in events
    ]
    frame = pd.DataFrame(rows, columns=[*columns, "plan"]).drop_duplicates()
    frame = frame.assign(**{name: _or_none(frame[name]) for name in ("kind_before", "kind_after", "into")})
    return frame.sort_values([*columns[:3], "plan"], ignore_index=True)


def _or_none(column: pd.Series) -> pd.Series:
    """Return a column of ids with one way to say none."""
    values = column.astype(object)
    return values.where(values.notna(), None)


def _turning_points(plan: PlanResult) -> Iterator[tuple[object, ...]]:
    """Yield year, school, event, name, kind before and after, and receiving school of what the scenario does."""
    base_year = plan.prepared.county.base_year
    for row in plan.roster.schools.itertuples():
        turns = [turn for turn in plan.roster.turns if turn.school_id == row.school_id]
        if pd.notna(row.opens_year):
            yield int(row.opens_year), row.school_id, "opened", row.name, None, row.kind, None
        kind, grades = str(row.kind), (int(row.grade_from), int(row.grade_to))
        for turn in turns:
            if (turn.kind, (turn.grade_from, turn.grade_to)) != (kind, grades):
                yield turn.from_year, row.school_id, "converted", row.name, kind, turn.kind, None
            kind, grades = turn.kind, (turn.grade_from, turn.grade_to)
        # A vacant school counts as closed from the base year on; no plan closes it.
        if pd.notna(row.closes_year) and row.closes_year > base_year:
            into = row.moves_to if pd.notna(row.moves_to) else None
            yield int(row.closes_year), row.school_id, "merged" if into else "closed", row.name, kind, None, into


def _built(before: PlanResult, after: PlanResult) -> pd.DataFrame:
    key = ["year", "school_id"]
    sides = []
    for plan in (before, after):
        rooms, beds = _rooms_built(plan.roster, plan.prepared.county.base_year), _beds_built(plan.roster)
        sides.append(rooms.merge(beds, on=key, how="outer", indicator=True))
        side = sides[-1]
        side["rooms"] = side["rooms"].fillna(0.0)
        side["beds"] = side["beds"].mask(side.pop("_merge") == "left_only", 0.0)
    both = sides[0].merge(sides[1], on=key, how="outer", suffixes=("_before", "_after"), indicator=True)
    where = both.pop("_merge")
    for name_of_side, other in (("before", "right_only"), ("after", "left_only")):
        for name in ("rooms", "beds"):
            column = f"{name}_{name_of_side}"
            both[column] = both[column].mask(where == other, 0.0).astype(float)
    columns = [*key, "rooms_before", "rooms_after", "beds_before", "beds_after"]
    return both[columns].sort_values(key, ignore_index=True)


def _rooms_built(roster: Roster, base_year: int) -> pd.DataFrame:
    """Return the rooms a school has more than ever before, all its stages together."""
    wide = roster.rooms.pivot(index=["school_id", "stage"], columns="from_year", values="rooms").astype(float)
    total = wide.reindex(columns=sorted({base_year, *wide.columns})).T.ffill().fillna(0.0).T
    total = total.groupby("school_id").sum().cummax(axis=1)
    new = roster.schools.loc[roster.schools["opens_year"].notna(), "school_id"]
    grown = total.diff(axis=1)
    # What stands in the base year was not built by the plan, but for a school it opens.
    grown[base_year] = total[base_year].where(total.index.isin(new), 0.0)
    built = grown.rename_axis(columns="year").reset_index().melt("school_id", var_name="year", value_name="rooms")
    return built.loc[built["rooms"] > 0, ["year", "school_id", "rooms"]].astype({"year": "int64"})


def _beds_built(roster: Roster) -> pd.DataFrame:
    """Return the beds that each turn adds; missing where it is not known how many there were."""
    rows = []
    first = roster.schools.set_index("school_id")["boarding_beds"].astype("Float64")
    had: dict[str, float] = {str(name): float("nan") if pd.isna(beds) else float(beds) for name, beds in first.items()}
    for turn in sorted(roster.turns, key=_in_time):
        beds = float("nan") if turn.boarding_beds is None else float(turn.boarding_beds)
        added = beds - had[turn.school_id]
        if added > 0 or (np.isnan(had[turn.school_id]) and beds > 0):
            rows.append((turn.from_year, turn.school_id, added))
        had[turn.school_id] = beds
    frame = pd.DataFrame(rows, columns=["year", "school_id", "beds"])
    frame = frame.astype({"year": "int64", "school_id": object, "beds": float})
    return frame.groupby(["year", "school_id"])["beds"].sum(min_count=1).reset_index()


def _in_time(turn: Turn) -> int:
    return turn.from_year


def _findings(before: PlanResult, after: PlanResult) -> pd.DataFrame:
    """Return the findings of both plans, matched by rule and subject, at their first year."""
    sides = [plan.findings.frame.sort_values("year").drop_duplicates(_FINDING) for plan in (before, after)]
    columns = [*_FINDING, "year", "measured", "limit", *_SAID]
    old, new = (side[columns] for side in sides)
    both = old.merge(new, on=_FINDING, how="outer", suffixes=("_before", "_after"), indicator=True)
    status = both.pop("_merge").map({"left_only": "cleared", "right_only": "caused", "both": "remains"}).astype(str)
    for name in ("limit", *_SAID):
        newer, older = both.pop(f"{name}_after"), both.pop(f"{name}_before")
        both[name] = newer.where(status != "cleared", older)
    both = both.assign(status=status).astype({"year_before": "Int64", "year_after": "Int64"})
    for name in ("school_id", "place_id", "township_id"):
        both[name] = _or_none(both[name])
    first = [*_FINDING, "status", "year_before", "year_after", "measured_before", "measured_after", "limit", *_SAID]
    return both[first].sort_values(_FINDING, ignore_index=True)
