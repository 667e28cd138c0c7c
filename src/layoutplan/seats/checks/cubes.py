"""Sums of a plan as plain arrays, and who breaks a norm in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.county.tables import GRADES_OF_STAGE, STAGES
from layoutplan.seats.riders import BUS


@dataclass(frozen=True)
class Word:
    """A word of a sentence that differs by language.

    Parameters
    ----------
    key : str
        Its label.
    """

    key: str


STAGE_WORDS = {stage: Word(f"stage.{stage}") for stage in STAGES}


@dataclass(frozen=True, eq=False)
class Flows:
    """Flows of an assignment, each array [flow].

    Parameters
    ----------
    year, stage, place, school : int64
        Positions: in the years of the plan, in ``STAGES``, in its places, and in the ordinary schools of the scenario.
    grade : int64
        1-9.
    pupils, minutes, metres : float64
        [person], and one way.
    rides : bool
        On a bus of the scenario, and so within the limit of the bus; the limits of others do not hold him.
    """

    year: Ints
    stage: Ints
    place: Ints
    school: Ints
    grade: Ints
    pupils: Floats
    minutes: Floats
    metres: Floats
    rides: Flags


def read_flows(flows: pd.DataFrame, place_ids: npt.NDArray[np.object_], school_ids: pd.Index, years: Ints) -> Flows:
    """Return flows as arrays.

    Parameters
    ----------
    flows : DataFrame
        Of an assignment.
    place_ids, school_ids, years
        What positions are told in.
    """
    grade = flows["grade"].to_numpy(np.int64)
    return Flows(
        np.searchsorted(years, flows["year"].to_numpy(np.int64)),
        (grade >= GRADES_OF_STAGE[STAGES[1]][0]).astype(np.int64),
        pd.Index(place_ids).get_indexer(pd.Index(flows["place_id"])),
        school_ids.get_indexer(pd.Index(flows["school_id"])),
        grade,
        flows["pupils"].to_numpy(float),
        flows["minutes"].to_numpy(float),
        flows["metres"].to_numpy(float),
        rides=(flows["means"].to_numpy(object) == BUS).astype(np.bool_),
    )


def summed(values: Floats, at: tuple[Ints, ...], shape: tuple[int, ...]) -> Floats:
    """Return sums over positions; rows whose first position is -1 are left out.

    Examples
    --------
    >>> summed(np.array([1.0, 2.0, 4.0]), (np.array([0, -1, 0]), np.array([1, 0, 1])), (1, 2))
    array([[0., 5.]])
    """
    inside = at[0] >= 0
    flat = np.ravel_multi_index(tuple(axis[inside] for axis in at), shape)
    return np.bincount(flat, values[inside], int(np.prod(shape))).astype(np.float64).reshape(shape)


@dataclass(frozen=True, eq=False)
class Cubes:
    """Sums by school, stage and year as plain arrays [school, stage, year].

    Parameters
    ----------
    school_ids : object [school]
        Ordinary schools of the scenario, sorted.
    years : int64 [year]
        School years of the plan.
    pupils : float64
        Enrolment [person].
    formed, needed : float64
        Classes as they will be formed, and by the norm, grade by grade.
    largest : float64
        Mean class size of the fullest grade; 0 where there is none.
    over, large : float64
        Grades in which at least one class must be over the norm, or large.
    rooms, seats : float64
        In use; ``rooms`` is missing where a school has none of the stage on record.
    children : float64
        Resident pupils given to the school.
    """

    school_ids: npt.NDArray[np.object_]
    years: Ints
    pupils: Floats
    formed: Floats
    needed: Floats
    largest: Floats
    over: Floats
    large: Floats
    rooms: Floats
    seats: Floats
    children: Floats


@dataclass(frozen=True, eq=False)
class Breaches:
    """Subjects that break a norm in some year of a cube, each with its first and its worst year.

    Parameters
    ----------
    at : tuple of int64
        Positions along the axes before the year.
    first, worst : int64
        Positions of the years.
    """

    at: tuple[Ints, ...]
    first: Ints
    worst: Ints

    def of(self, cube: Floats) -> Floats:
        """Return the values of a cube in the worst years."""
        values: Floats = cube[(*self.at, self.worst)]
        return values


def breaches(where: Flags, size: Floats) -> Breaches:
    """Find the subjects in breach along the last axis, and when it begins and is worst.

    Parameters
    ----------
    where : bool [..., year]
        Whether the norm is broken.
    size : float [..., year]
        By how much; of equal years the earlier is the worst.

    Examples
    --------
    >>> found = breaches(np.array([[False, True, True]]), np.array([[9.0, 1.0, 2.0]]))
    >>> found.at[0].tolist(), found.first.tolist(), found.worst.tolist()
    ([0], [1], [2])
    """
    at = np.nonzero(where.any(axis=-1))
    mine = where[at]
    return Breaches(at, mine.argmax(axis=-1), np.where(mine, size[at], -np.inf).argmax(axis=-1))


def stage_rows(found: Breaches, cubes: Cubes, **columns: object) -> pd.DataFrame:
    """Return a row a stage of a school in breach: subject, school, stage and its word, first and worst year."""
    school, stage = cubes.school_ids[found.at[0]], np.array(STAGES, dtype=object)[found.at[1]]
    frame = {
        "subject": school + "/" + stage, "year": cubes.years[found.first], "school_id": school, "stage": stage,
        "stage_name": [STAGE_WORDS[name] for name in stage], "worst_year": cubes.years[found.worst], **columns,
    }  # fmt: skip
    return pd.DataFrame(frame)


def worst_by_place(flows: Flows, at: Flags, measure: Floats, *, place_ids: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Return a row a place some flows start from: ``place_id, measured`` (the most), ``pupils`` (their sum).

    Parameters
    ----------
    flows : Flows
        Of an assignment.
    at : bool [flow]
        Which count.
    measure : float [flow]
        What is measured.
    place_ids : object [place]
        Sorted ids.
    """
    place = flows.place[at]
    most = np.full(len(place_ids), -np.inf)
    np.maximum.at(most, place, measure[at])
    pupils = np.bincount(place, flows.pupils[at], len(place_ids))
    told = np.unique(place)
    return pd.DataFrame({"place_id": place_ids[told], "measured": most[told], "pupils": pupils[told]})
