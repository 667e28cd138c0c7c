"""Enrolment of every school and grade, year after year.

Pupils stay with their school and move up a grade each September; entry grades (1 and 7) are
filled by the assignment; pupils of a grade a school does not teach, or of a school that closes,
move together to the nearest open school that teaches the grade.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES, GRADES_OF_STAGE, STAGE_OF_GRADE
from layoutplan.norms import Norms
from layoutplan.seats.assignment import Assignment, NearestChoice
from layoutplan.seats.demand import history_spread, p10_p90
from layoutplan.seats.supply import Roster, Supply, receivers, teaches
from layoutplan.seats.ways import Ways

ENTRY_GRADES = (1, 7)
_YEARS_OF_RATIO = 3


@dataclass(frozen=True, eq=False)
class Enrolment:
    """Pupils of every school.

    Parameters
    ----------
    frame : DataFrame
        ``year, school_id, grade`` (key, sorted), ``stage``, ``pupils`` [person], ``classes``,
        ``class_size`` [person/class] (mean of the grade), ``p10``, ``p90``, ``basis``
        (``observed`` or ``projected``).
    adrift : DataFrame
        ``year, school_id, grade, pupils``: pupils whose school no longer teaches their grade and who
        can reach no other that does.
    """

    frame: pd.DataFrame
    adrift: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Ground:
    """What a roll-forward stands on besides the flows.

    Parameters
    ----------
    roster : Roster
        Schools and the years they are open.
    between : Ways
        Ways from every school of the roster to every other.
    supply : Supply
        Rooms by year.
    norms : Norms
        Class norms.
    """

    roster: Roster
    between: Ways
    supply: Supply
    norms: Norms


def roll_forward(county: County, assignment: Assignment, ground: Ground, *, years: Sequence[int]) -> Enrolment:
    """Roll the classes of the base year forward, school by school.

    Parameters
    ----------
    county : County
        Classes of the base year and the history that moving-up ratios come from.
    assignment : Assignment
        Gives the entries to grades 1 and 7.
    ground : Ground
        Schools, ways between them, rooms, norms.
    years : sequence of int
        School years in order; the first is the base year.

    Returns
    -------
    Enrolment
        Every year, school and grade with pupils.

    Notes
    -----
    pupils(s, g, t) = pupils(s, g-1, t-1) x ratio(g), with the county's ratio of the last three
    years: sum of pupils in grade g over the sum one grade and one year earlier. 1 where no
    history tells otherwise.
    """
    school_ids = ground.roster.schools["school_id"].to_numpy(str)
    ratios = moving_up_ratios(county)
    choice = NearestChoice(ground.between, ground.roster)
    observed = county.classes.pivot_table(index="school_id", columns="grade", values="pupils", aggfunc="sum")
    now = observed.reindex(index=school_ids, columns=list(GRADES)).fillna(0.0).to_numpy(float)
    entries = _entries(assignment, school_ids)
    pupils, adrift = {years[0]: now}, []
    for year in years[1:]:
        up = np.zeros_like(now)
        up[:, 1:] = now[:, :-1] * np.array([ratios[grade] for grade in GRADES[1:]])
        up[:, [grade - 1 for grade in ENTRY_GRADES]] = 0.0
        now, lost = _settled(up, year, ground.roster, choice)
        for grade in ENTRY_GRADES:
            now[:, grade - 1] += entries.get((year, grade), 0.0)
        adrift += [(year, school_ids[s], GRADES[g], lost[s, g]) for s, g in np.argwhere(lost > 0)]
        pupils[year] = now
    frame = _as_frame(pupils, county, ground)
    return Enrolment(frame, pd.DataFrame(adrift, columns=["year", "school_id", "grade", "pupils"]))


def moving_up_ratios(county: County) -> Mapping[int, float]:
    """Return the county's ratio of pupils in a grade to those one grade and one year earlier.

    Returns
    -------
    mapping
        ``{grade: ratio}`` for grades 2-9; 1.0 where the history does not tell.
    """
    history = county.enrolment.pivot_table(index="year", columns="grade", values="pupils", aggfunc="sum").astype(float)
    recent = [year for year in history.index if year - 1 in history.index][-_YEARS_OF_RATIO:]
    ratios = dict.fromkeys(GRADES[1:], 1.0)
    for grade in GRADES[1:]:
        if {grade, grade - 1} <= set(history.columns) and recent:
            after = history.loc[recent, grade].sum()
            before = history.loc[[year - 1 for year in recent], grade - 1].sum()
            ratios[grade] = after / before if before > 0 else 1.0
    return ratios


def _entries(assignment: Assignment, school_ids: npt.NDArray[np.str_]) -> dict[tuple[int, int], Floats]:
    """Return the pupils who enter each school, by year and entry grade (float [school])."""
    entering = assignment.flows[assignment.flows["grade"].isin(ENTRY_GRADES)]
    total = entering.groupby(["school_id", "year", "grade"])["pupils"].sum().unstack(["year", "grade"])
    wide = total.reindex(school_ids).fillna(0.0)
    keys = [(int(year), int(grade)) for year, grade in wide.columns.to_frame().to_numpy(np.int64)]
    return dict(zip(keys, wide.to_numpy(float).T, strict=True))


def _settled(up: Floats, year: int, roster: Roster, choice: NearestChoice) -> tuple[Floats, Floats]:
    """Move pupils whose school does not teach their grade; return pupils and those left over."""
    settled, lost = up.copy(), np.zeros_like(up)
    special = (roster.schools["kind"] == "special").to_numpy(bool)
    for position, grade in enumerate(GRADES):
        homeless = ~teaches(roster, grade, year) & ~special & (up[:, position] > 0)
        if not homeless.any():
            continue
        schools = np.flatnonzero(homeless)
        pair = choice.pairs(year, grade)[schools]
        goal = np.where(pair >= 0, choice.schools(pair, grade), -1)
        merged = receivers(roster, grade, year)[schools]
        goal = np.where(merged >= 0, merged, goal)
        found = goal >= 0
        settled[schools, position] = 0.0
        np.add.at(settled[:, position], goal[found], up[schools[found], position])
        lost[schools[~found], position] = up[schools[~found], position]
    return settled, lost


def _as_frame(pupils: Mapping[int, Floats], county: County, ground: Ground) -> pd.DataFrame:
    school_ids = ground.roster.schools["school_id"].to_numpy(str)
    spread = history_spread(county)
    first = min(pupils)
    parts = []
    for year, now in pupils.items():
        row, column = np.nonzero(now > 0)
        grade = np.array(GRADES)[column]
        parts.append(
            pd.DataFrame({"year": year, "school_id": school_ids[row], "grade": grade, "pupils": now[row, column]})
        )
    frame = pd.concat(parts, ignore_index=True)
    frame["stage"] = frame["grade"].map(STAGE_OF_GRADE)
    frame["classes"] = _classes(frame, county, ground)
    frame["class_size"] = frame["pupils"] / frame["classes"]
    ahead = frame["year"].to_numpy() - first
    frame["p10"], frame["p90"] = p10_p90(
        frame["pupils"].to_numpy(), np.where(ahead == 0, 0.0, spread.move * np.sqrt(ahead))
    )
    frame["basis"] = np.where(ahead == 0, "observed", "projected")
    columns = ["year", "school_id", "grade", "stage", "pupils", "classes", "class_size", "p10", "p90", "basis"]
    return frame[columns]


def _classes(frame: pd.DataFrame, county: County, ground: Ground) -> npt.NDArray[np.int64]:
    """Return classes a grade: as counted in the base year, later by the norm and the rooms there are."""
    limit = frame["stage"].map({stage: ground.norms.value(f"class_size.{stage}") for stage in GRADES_OF_STAGE})
    classes = np.ceil(frame["pupils"].to_numpy() / limit.to_numpy(float) - 1e-9).astype(np.int64)
    base = frame["year"] == county.base_year
    counted = county.classes[county.classes["pupils"] > 0].groupby(["school_id", "grade"]).size()
    keys = pd.MultiIndex.from_frame(frame.loc[base, ["school_id", "grade"]])
    classes[base.to_numpy()] = counted.reindex(keys).to_numpy(np.int64)
    each = ["year", "school_id", "stage"]
    rooms = ground.supply.frame.set_index(each)["rooms"].reindex(pd.MultiIndex.from_frame(frame[each])).to_numpy(float)
    needed = pd.Series(classes).groupby([frame[key] for key in each]).transform("sum").to_numpy(float)
    crowded = frame[(needed > rooms) & ~base.to_numpy()]
    for rows in crowded.groupby(each).indices.values():
        at = crowded.index[rows]
        classes[at] = fit_classes(frame["pupils"].to_numpy()[at], classes[at], int(rooms[at[0]]))
    return classes


def fit_classes(pupils: Floats, classes: npt.NDArray[np.int64], rooms: int) -> npt.NDArray[np.int64]:
    """Take classes away, fullest kept apart, until they fit the rooms; a grade keeps one class.

    Parameters
    ----------
    pupils : float [grade]
        Pupils of each grade.
    classes : int [grade]
        Classes by the norm.
    rooms : int
        Ordinary classrooms.

    Returns
    -------
    int64 [grade]
        Classes; more than ``rooms`` only if there are fewer rooms than grades.

    Examples
    --------
    >>> fit_classes(np.array([90.0, 46.0]), np.array([2, 2]), 3)
    array([2, 1])
    """
    fitted = classes.copy()
    while fitted.sum() > rooms and (fitted > 1).any():
        size = np.where(fitted > 1, pupils / np.maximum(fitted - 1, 1), np.inf)
        fitted[int(np.argmin(size))] -= 1
    return fitted
