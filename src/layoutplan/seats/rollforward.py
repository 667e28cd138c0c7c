"""Enrolment of every school and grade, year after year.

Pupils stay with their school and move up a grade each September; entry grades (1 and 7) are
filled by the assignment; pupils of a grade a school does not teach, or of a school that closes,
move together to the nearest open school that teaches the grade. Where the policy says so, grade 7
is entered from grade 6 of the primary schools instead (:mod:`layoutplan.seats.feeder`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES, GRADES_OF_STAGE, STAGE_OF_GRADE, STAGES
from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.seats.assignment import Assignment, NearestChoice
from layoutplan.seats.chances import Outcome, with_ranges
from layoutplan.seats.cohorts import ENTRY_GRADES, Step, advance, homeless, joined, moving_up, ratios_ahead
from layoutplan.seats.feeder import Feeder, fed, feeding_in, learn_feeder
from layoutplan.seats.roster import Roster
from layoutplan.seats.settings import Policy
from layoutplan.seats.supply import Supply, rooms_cube
from layoutplan.seats.ways import Ways

_LAST_GRADES = tuple(grades[-1] for grades in GRADES_OF_STAGE.values())
_CHANCES = ("school_id", "year", "event", "probability")
_JUNIOR = ("to_junior", "left_county", "from_elsewhere")


@dataclass(frozen=True, eq=False)
class Enrolment:
    """Pupils of every school.

    Parameters
    ----------
    frame : DataFrame
        ``year, school_id, grade`` (key, sorted), ``stage``, ``pupils`` [person], ``classes``,
        ``class_size`` [person/class] (mean of the grade), ``p10``, ``p90`` [person], ``p_over_norm`` (chance
        that the mean class is over the norm; both missing where there are fewer than four years of history),
        ``basis`` (``observed`` or ``projected``).
    adrift : DataFrame
        ``year, school_id, grade, pupils``: pupils whose school no longer teaches their grade and who
        can reach no other that does.
    probabilities : DataFrame
        ``school_id, year, event`` (key, sorted), ``probability``; see :data:`layoutplan.seats.chances.EVENTS`.
        An event without a row does not happen in any draw.
    ledger : DataFrame
        ``year``, and of the pupils of all schools ``before`` (a year earlier), ``leaving`` (finished grade 6 or 9),
        ``entering``, ``moved`` (net gain by the ratios), ``adrift``, ``after`` [person]:
        before - leaving - adrift + entering + moved = after. Empty where pupils are counted by residence.
        Of those who finished grade 6, ``to_junior`` entered a junior school of the county and ``left_county`` did
        not; ``from_elsewhere`` entered grade 7 beside them. These three are missing where grade 7 is entered by
        residence, for nobody then knows.
    feeder : Feeder or None
        What the shares of junior schools were learnt to be, where the policy enters grade 7 by them.
    """

    frame: pd.DataFrame
    adrift: pd.DataFrame
    probabilities: pd.DataFrame
    ledger: pd.DataFrame
    feeder: Feeder | None = None


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
    policy : Policy
        How a new school fills, and whether pupils are rolled forward or counted by residence.
    """

    roster: Roster
    between: Ways
    supply: Supply
    norms: Norms
    policy: Policy = Policy()


def roll_forward(
    county: County, assignment: Assignment, ground: Ground, *, years: Sequence[int], ranges: bool = True
) -> Enrolment:
    """Roll the classes of the base year forward, school by school.

    Parameters
    ----------
    county : County
        Classes of the base year and the history that moving-up ratios come from.
    assignment : Assignment
        Gives the entries to grades 1 and 7; all grades, where the policy counts pupils by residence.
    ground : Ground
        Schools, ways between them, rooms, norms, policy.
    years : sequence of int
        School years in order; the first is the base year.
    ranges : bool, optional
        Whether to draw the ranges; where not, ``p10``, ``p90`` and ``p_over_norm`` are missing and no event has a
        probability. Nothing else depends on them.

    Returns
    -------
    Enrolment
        Every year, school and grade with pupils.

    Raises
    ------
    ScenarioError
        A school is to fill at once and none opens; or grade 7 is to be entered by shares that nothing tells.

    Notes
    -----
    pupils(s, g, t) = pupils moved up into grade g of school s x ratio(s, g), with the ratio of the school's own
    history, shrunk to the county's and robust against single years (:func:`layoutplan.seats.cohorts.moving_up`);
    1 where no history tells otherwise. Before the ratio, pupils whose school does not teach the grade, or has
    closed, move together to the nearest that does.
    """
    check_policy(ground.policy, ground.roster)
    school_ids = ground.roster.schools["school_id"].to_numpy(str)
    observed = county.classes.pivot_table(index="school_id", columns="grade", values="pupils", aggfunc="sum")
    now = observed.reindex(index=school_ids, columns=list(GRADES)).fillna(0.0).to_numpy(float)
    feeder = _learnt_feeder(county, ground)
    steps = _steps(county, assignment, ground, years, feeder=feeder)
    pupils, adrift, ledger = {years[0]: now}, [], []
    for year, step in steps.items():
        before, (now, lost) = now, advance(now, step)
        adrift += [(year, school_ids[s], GRADES[g], lost[s, g]) for s, g in np.argwhere(lost > 0)]
        ledger.append((year, *_account(before, now, lost, step)))
        pupils[year] = now
    if ground.policy.enrolment == "residence":
        pupils, adrift, ledger = pupils | _by_residence(assignment, school_ids, years[1:]), [], []
    frame = _as_frame(pupils, county, ground)
    if ranges:
        frame, chances = with_ranges(frame, Outcome(county, ground.roster, ground.supply, ground.norms, steps))
    else:
        frame, chances = frame.assign(p10=np.nan, p90=np.nan, p_over_norm=np.nan), pd.DataFrame(columns=_CHANCES)
    return Enrolment(
        frame,
        pd.DataFrame(adrift, columns=["year", "school_id", "grade", "pupils"]),
        chances,
        pd.DataFrame(ledger, columns=["year", "before", "leaving", "entering", "moved", "adrift", "after", *_JUNIOR]),
        feeder,
    )


def _account(before: Floats, after: Floats, lost: Floats, step: Step) -> tuple[float, ...]:
    """Return a row of the ledger without its year."""
    finished = float(before[:, [grade - 1 for grade in _LAST_GRADES]].sum())
    entered, entering_junior = float(step.entries.sum()), (np.nan, np.nan, np.nan)
    if step.feeding is not None:
        entering_junior = stays, _, joining = fed(before, step.feeding)
        entered += stays + joining
        # Who can reach no junior school is adrift and has not left.
        finished -= float(before[step.feeding.cut_off, _LAST_GRADES[0] - 1].sum())
    adrift, total = float(lost.sum()), float(after.sum())
    start = float(before.sum())
    moved = total - entered - (start - finished - adrift)
    return start, finished, entered, moved, adrift, total, *entering_junior


def _learnt_feeder(county: County, ground: Ground) -> Feeder | None:
    """Return the shares of junior schools where the policy asks for them."""
    if ground.policy.junior_entry == "residence":
        return None
    feeder = learn_feeder(county, ground.roster, ground.between)
    if np.isnan(feeder.grade_7_per_6):
        raise ScenarioError([Problem("junior_entry_unknown", "policy", field="junior_entry")])
    return feeder


def check_policy(policy: Policy, roster: Roster) -> None:
    """Raise if a school is to fill at once and none opens, or how schools fill is said but not counted.

    Raises
    ------
    ScenarioError
        Options without effect.
    """
    idle = []
    if policy.phase_in == "at_once" and (
        policy.enrolment == "residence" or not roster.schools["opens_year"].notna().any()
    ):
        idle.append(Problem("phase_in_idle", "policy", field="phase_in", values={"value": policy.phase_in}))
    if policy.junior_entry == "feeder" and policy.enrolment == "residence":
        idle.append(Problem("junior_entry_idle", "policy", field="junior_entry", values={"value": policy.junior_entry}))
    if idle:
        raise ScenarioError(idle)


def _steps(
    county: County, assignment: Assignment, ground: Ground, years: Sequence[int], *, feeder: Feeder | None
) -> dict[int, Step]:
    """Return what happens in every year after the first."""
    roster = ground.roster
    school_ids = roster.schools["school_id"].to_numpy(str)
    choice = NearestChoice(ground.between, roster)
    ratios = moving_up(county, roster, choice)
    entries = _entries(assignment, school_ids)
    flows = _flows_by_place(assignment, school_ids) if ground.policy.phase_in == "at_once" else None
    steps = {}
    for year in years[1:]:
        moves = homeless(roster, choice, year)
        share = np.ones(len(moves))
        opened = np.flatnonzero(roster.schools["opens_year"].fillna(0).to_numpy(np.int64) == year)
        if flows is not None and len(opened):
            more, part = _joining(flows, year, opened, len(school_ids))
            gone = {(s, g) for s, g, _ in moves.tolist()}
            free = np.array([(s, g) not in gone for s, g, _ in more.tolist()], bool)
            moves, share = np.concatenate([moves, more[free]]), np.r_[share, part[free]]
        entering = np.zeros((len(school_ids), len(GRADES)))
        for grade in ENTRY_GRADES if feeder is None else ENTRY_GRADES[:1]:
            entering[:, grade - 1] = entries.get((year, grade), 0.0)
        feeding = None if feeder is None else feeding_in(feeder, roster, year)
        steps[year] = Step(moves, share, ratios_ahead(ratios, year - years[0]), entering, feeding)
    return steps


def _entries(assignment: Assignment, school_ids: npt.NDArray[np.str_]) -> dict[tuple[int, int], Floats]:
    """Return the pupils who enter each school, by year and entry grade (float [school])."""
    grade = assignment.flows["grade"].to_numpy(np.int64)
    entering = assignment.flows[np.isin(grade, ENTRY_GRADES)]
    years, year = np.unique(entering["year"].to_numpy(np.int64), return_inverse=True)
    total = np.zeros((len(years), len(GRADES) + 1, len(school_ids)))
    school = pd.Index(school_ids).get_indexer(pd.Index(entering["school_id"]))
    np.add.at(total, (year, entering["grade"].to_numpy(np.int64), school), entering["pupils"].to_numpy(float))
    return {(int(y), grade): total[at, grade] for at, y in enumerate(years) for grade in ENTRY_GRADES}


def _flows_by_place(assignment: Assignment, school_ids: npt.NDArray[np.str_]) -> pd.DataFrame:
    """Return the flows with the position of their school."""
    # However they travel: of one place some may ride to a school and others walk there.
    keys = ["year", "grade", "place_id", "school_id"]
    flows = assignment.flows.groupby(keys)["pupils"].sum().reset_index()
    return flows.assign(school=np.searchsorted(school_ids, flows["school_id"].to_numpy(str)))


def _joining(flows: pd.DataFrame, year: int, opened: Ints, schools: int) -> tuple[Ints, Floats]:
    """Return the moves of pupils who live nearest to schools that open, from where they were given a year before."""
    cohort = flows[flows["year"] == year - 1].assign(grade=lambda rows: rows["grade"] + 1)
    cohort = cohort[cohort["grade"].isin(GRADES) & ~cohort["grade"].isin(ENTRY_GRADES)]
    given = np.zeros((schools, len(GRADES)))
    np.add.at(given, (cohort["school"], cohort["grade"] - 1), cohort["pupils"])
    new = flows[(flows["year"] == year) & flows["school"].isin(opened)]
    both = cohort.merge(new, on=["grade", "place_id"], suffixes=("", "_new"))
    part = both.groupby(["school", "grade", "school_new"])["pupils"].sum().reset_index()
    return joined(
        given, part["school"].to_numpy(), part["grade"].to_numpy() - 1, part[["school_new", "pupils"]].to_numpy(float)
    )


def _by_residence(assignment: Assignment, school_ids: npt.NDArray[np.str_], years: Sequence[int]) -> dict[int, Floats]:
    """Return the pupils whom the assignment gives each school, by year (float [school, grade])."""
    total = assignment.flows.groupby(["year", "school_id", "grade"])["pupils"].sum()
    return {
        year: total.loc[year].unstack("grade").reindex(index=school_ids, columns=list(GRADES)).fillna(0.0).to_numpy()
        for year in years
    }


def _as_frame(pupils: Mapping[int, Floats], county: County, ground: Ground) -> pd.DataFrame:
    """Return every year, school and grade with pupils, and the classes they will form."""
    school_ids, years = ground.roster.schools["school_id"].array, np.array(list(pupils))
    held = np.stack(list(pupils.values()))
    classes = _classes(held, years, county, ground)
    year, school, grade = np.nonzero(held > 0)
    stages = np.array([STAGE_OF_GRADE[number] for number in GRADES], dtype=object)
    frame = pd.DataFrame({"year": years[year], "school_id": school_ids.take(school), "grade": np.array(GRADES)[grade]})
    frame["stage"] = pd.array(stages[grade], dtype="str")
    frame["pupils"], frame["classes"] = held[year, school, grade], classes[year, school, grade]
    frame["class_size"] = frame["pupils"] / frame["classes"]
    frame["basis"] = pd.array(np.array(["observed", "projected"], dtype=object)[(year > 0).astype(int)], dtype="str")
    return frame


def _classes(pupils: Floats, years: Ints, county: County, ground: Ground) -> Ints:
    """Return classes a grade: as counted in the base year, later by the norm and the rooms there are.

    Parameters
    ----------
    pupils : float [year, school, grade]
        Pupils of every year.
    years : int64 [year]
        The first is the base year.
    county, ground
        Classes as counted; norms and rooms.
    """
    school_ids = pd.Index(ground.roster.schools["school_id"])
    rooms = rooms_cube(ground.supply, school_ids, years)
    classes = np.zeros(pupils.shape, dtype=np.int64)
    for stage, grades in enumerate(GRADES_OF_STAGE.values()):
        here = slice(grades[0] - 1, grades[-1])
        limit = ground.norms.value(f"class_size.{STAGES[stage]}")
        needed = np.ceil(pupils[:, :, here] / limit - 1e-9).astype(np.int64)
        short = needed.sum(axis=2) > rooms[:, :, stage]
        needed[short] = fit_classes(pupils[:, :, here][short], needed[short], rooms[:, :, stage][short])
        classes[:, :, here] = needed
    counted = county.classes[county.classes["pupils"] > 0]
    school, grade = school_ids.get_indexer(counted["school_id"]), counted["grade"].to_numpy(np.int64) - 1
    classes[0] = 0
    np.add.at(classes[0], (school, grade), 1)
    return classes


def fit_classes(pupils: Floats, classes: Ints, rooms: float | Floats) -> Ints:
    """Take classes away, fullest kept apart, until they fit the rooms; a grade keeps one class.

    Parameters
    ----------
    pupils : float [..., grade]
        Pupils of each grade.
    classes : int [..., grade]
        Classes by the norm.
    rooms : float [...]
        Ordinary classrooms.

    Returns
    -------
    int64 [..., grade]
        Classes; more than ``rooms`` only if there are fewer rooms than grades.

    Examples
    --------
    >>> fit_classes(np.array([90.0, 46.0]), np.array([2, 2]), 3)
    array([2, 1])
    """
    held, fitted = pupils.reshape(-1, pupils.shape[-1]), classes.reshape(-1, classes.shape[-1]).copy()
    while len(over := np.flatnonzero((fitted.sum(axis=1) > np.ravel(rooms)) & (fitted > 1).any(axis=1))):
        size = np.where(fitted[over] > 1, held[over] / np.maximum(fitted[over] - 1, 1), np.inf)
        fitted[over, size.argmin(axis=1)] -= 1
    return fitted.reshape(classes.shape)
