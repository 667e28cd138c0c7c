"""How pupils move up in a plan: ratios fitted to each school's own history, and one year's step of all schools.

A school that ends below the top of its stage - a teaching point of grades 1-3 - sends its pupils on to the nearest
school that teaches the next grade. In the history, too, they are counted before they arrive there: else the growth
they bring to a central school would be taken for a ratio and added a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES, GRADES_OF_STAGE
from layoutplan.seats.assignment import NearestChoice
from layoutplan.seats.guesses import SHIFT_KEPT
from layoutplan.seats.history import History, county_history
from layoutplan.seats.progression import Ratios, ratios_between
from layoutplan.seats.roster import Roster, receivers, teaches

_Float = TypeVar("_Float", np.float32, np.float64)

ENTRY_GRADES = tuple(grades[0] for grades in GRADES_OF_STAGE.values())
_ENTRIES = [grade - 1 for grade in ENTRY_GRADES]
_LAST_GRADES = tuple(grades[-1] for grades in GRADES_OF_STAGE.values())


@dataclass(frozen=True, eq=False)
class Feeding:
    """How the pupils of grade 6 enter junior schools in one September.

    Parameters
    ----------
    share : float [school, school]
        Part of grade 6 of the first school that enters grade 7 of the second; rows sum to 1 at most.
    inflow : float [school]
        Pupils of grade 7 over those of them who come from the county's grade 6; 1 where none come from elsewhere.
    cut_off : bool [school]
        Schools from which no junior school can be reached.
    """

    share: Floats
    inflow: Floats
    cut_off: Flags


@dataclass(frozen=True, eq=False)
class Step:
    """One September of all schools.

    Parameters
    ----------
    moves : int64 [move, 3]
        School left, position of the new grade, school joined; -1 where no school can be reached.
    share : float [move]
        Part of the pupils of that school and grade who move.
    ratio : float [school, grade]
        Pupils a year later over those who moved up into a grade of the school.
    entries : float [school, grade]
        Pupils who enter; 0 but in entry grades [person].
    feeding : Feeding, optional
        How grade 6 enters grade 7; ``entries`` of grade 7 are then 0.
    """

    moves: Ints
    share: Floats
    ratio: Floats
    entries: Floats
    feeding: Feeding | None = None


def moving_up(county: County, roster: Roster, choice: NearestChoice) -> Ratios:
    """Fit the ratios of moving up to the county's history, for the schools of a roster.

    Parameters
    ----------
    county : County
        Its enrolment history; without two years and two grades of it every ratio is 1.
    roster : Roster
        Schools; those without history take the county's ratios.
    choice : NearestChoice
        Tells where pupils go on to.

    Returns
    -------
    Ratios
        Logarithms by school of the roster, for grades 2-9; nothing is said of grade 7, which is entered.
    """
    schools = len(roster.schools)
    if county.enrolment["year"].nunique() < 2 or county.enrolment["grade"].nunique() < 2:
        return Ratios(np.zeros(len(GRADES) - 1), np.zeros(schools), np.zeros((schools, len(GRADES) - 1)))
    pupils = history_cube(county_history(county), roster)
    before, after = pupils[:, :-1, :-1].copy(), pupils[:, 1:, 1:].copy()
    year = county.base_year
    for grade in (grade for grade in GRADES if grade not in _LAST_GRADES):
        leaving = np.flatnonzero(teaches(roster, grade, year) & ~teaches(roster, grade + 1, year))
        pair = choice.pairs(year, grade + 1)[leaving]
        found = pair >= 0
        goal = choice.schools(pair[found], grade + 1, year=year)
        np.add.at(before[:, :, grade - 1], goal, before[leaving[found], :, grade - 1])
        before[leaving, :, grade - 1] = 0.0
    for position in _ENTRIES[1:]:
        before[:, :, position - 1] = np.nan
    return ratios_between(before, after, np.nan_to_num(pupils[:, -1]).sum(axis=1))


def history_cube(history: History, roster: Roster) -> Floats:
    """Return the history in the order of a roster's schools and of grades 1-9 (float [school, year, grade])."""
    at = np.searchsorted(roster.schools["school_id"].to_numpy(str), np.array(history.school_ids))
    cube = np.zeros((len(roster.schools), len(history.years), len(GRADES)))
    grades = (history.grades >= GRADES[0]) & (history.grades <= GRADES[-1])
    cube[at[:, None], :, (history.grades[grades] - 1)[None]] = history.pupils[:, :, grades].transpose(0, 2, 1)
    return cube


def ratios_ahead(ratios: Ratios, ahead: int) -> Floats:
    """Return the ratio by school and grade 1-9 some years ahead; what a school alone does fades slowly."""
    log = ratios.district + ratios.shift[:, None] * SHIFT_KEPT ** (ahead - 1) + ratios.extra
    return np.hstack([np.ones((len(log), 1)), np.exp(log)])


def homeless(roster: Roster, choice: NearestChoice, year: int) -> Ints:
    """Return the moves of pupils whose school does not teach their new grade (int64 [move, 3]; see :class:`Step`)."""
    special = (roster.schools["kind"] == "special").to_numpy(bool)
    merged = bool(roster.schools["moves_to"].notna().any())
    found = []
    for position, grade in enumerate(GRADES):
        schools = np.flatnonzero(~teaches(roster, grade, year) & ~special)
        pair = choice.pairs(year, grade)[schools]
        to = np.where(pair >= 0, choice.schools(pair, grade, year=year), -1)
        if merged:
            named = receivers(roster, grade, year)[schools]
            to = np.where(named >= 0, named, to)
        found.append(np.column_stack([schools, np.full(len(schools), position), to]))
    return np.concatenate(found).astype(np.int64)


def advance(now: npt.NDArray[_Float], step: Step) -> tuple[npt.NDArray[_Float], npt.NDArray[_Float]]:
    """Take all schools one year on.

    Parameters
    ----------
    now : float [school, grade, ...]
        Pupils; further axes (draws) are carried along [person].
    step : Step
        The year.

    Returns
    -------
    pupils : float [school, grade, ...]
        A year later.
    lost : float [school, grade, ...]
        Pupils who can reach no school that teaches their grade, where they were, at the position of the new grade.
    """
    up, lost = np.zeros_like(now), np.zeros_like(now)
    up[:, 1:] = now[:, :-1]
    up[:, _ENTRIES] = 0.0
    rest = (slice(None), slice(None), *[None] * (now.ndim - 2))
    # Most schools have nobody in the grades they do not teach; draws are all zero where one is.
    some = up[tuple(step.moves[:, :2].T)].reshape(len(step.moves), int(np.prod(now.shape[2:])))[:, 0] > 0
    school, grade, to = step.moves[some].T
    moving = up[school, grade] * step.share[some].astype(now.dtype).reshape(-1, *[1] * (now.ndim - 2))
    np.subtract.at(up, (school, grade), moving)
    placed = to >= 0
    np.add.at(up, (to[placed], grade[placed]), moving[placed])
    np.add.at(lost, (school[~placed], grade[~placed]), moving[~placed])
    ratio, entries = step.ratio.astype(now.dtype)[rest], step.entries.astype(now.dtype)[rest]
    after = np.asarray(np.maximum(up, 0.0) * ratio + entries)
    if step.feeding is not None:
        _feed(now, step.feeding, after, lost)
    return after, lost


def _feed(now: npt.NDArray[_Float], feeding: Feeding, after: npt.NDArray[_Float], lost: npt.NDArray[_Float]) -> None:
    """Add those who enter grade 7 to the pupils a year later, and those who cannot to the lost."""
    position = ENTRY_GRADES[1] - 1
    sixth = now[:, position - 1]
    matrix = (feeding.share * feeding.inflow[None]).T.astype(now.dtype)
    after[:, position] += np.tensordot(matrix, sixth, axes=1)
    lost[feeding.cut_off, position] += sixth[feeding.cut_off]


def joined(given: Floats, school: Ints, grade: Ints, new: Floats) -> tuple[Ints, Floats]:
    """Return the moves into schools that fill at once, with the share of pupils who make them.

    Parameters
    ----------
    given : float [school, grade]
        Residents a year and a grade earlier by the school they were given, at the position of the new grade [person].
    school, grade : int64 [move]
        School left and position of the new grade.
    new : float [move, 2]
        School joined, and how many of those residents live nearest to it [person].
    """
    of = given[school, grade]
    some = of > 0
    moves = np.column_stack([school, grade, new[:, 0].astype(np.int64)])[some]
    return moves, np.minimum(new[some, 1] / of[some], 1.0)
