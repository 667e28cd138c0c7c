"""Schools as they stand in every year, and the seats they have."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES, STAGES
from layoutplan.norms import Norms

if TYPE_CHECKING:
    import geopandas as gpd

_ALWAYS, _NEVER = 0, 9999


@dataclass(frozen=True)
class Turn:
    """What a school is from a year on, after a conversion or a change of its beds.

    Parameters
    ----------
    school_id : str
        School.
    from_year : int
        First school year.
    kind : str
        Kind of school.
    grade_from, grade_to : int
        Grades taught.
    boarding_beds : int or None
        Beds [bed]; None where unknown.
    """

    school_id: str
    from_year: int
    kind: str
    grade_from: int
    grade_to: int
    boarding_beds: int | None


@dataclass(frozen=True)
class BusLine:
    """Buses to a school from a year on, until a later line to the same school; without seats it ends.

    Parameters
    ----------
    school_id : str
        Where they go.
    from_year : int
        First school year.
    place_ids : tuple of str
        Places served.
    grades : tuple of int
        Grades taken.
    seats : int
        Seats of all runs together [seat].
    """

    school_id: str
    from_year: int
    place_ids: tuple[str, ...]
    grades: tuple[int, ...]
    seats: int


@dataclass(frozen=True, eq=False)
class Roster:
    """Schools with the years they are open, and the rooms they have from which year on.

    Parameters
    ----------
    schools : GeoDataFrame
        The county's ``schools`` columns plus ``opens_year`` and ``closes_year`` (Int64; missing =
        open before, or not closed) and ``moves_to`` (the school all pupils go to when it closes; missing =
        the nearest), sorted by ``school_id``; new schools of a scenario stand here too.
    rooms : DataFrame
        ``school_id, stage, from_year, rooms``: rooms in use from that year on (sorted by key).
    turns : tuple of Turn
        Changes of kind, grades and beds, in the order they count; ``schools`` holds what was before.
    buses : tuple of BusLine
        Buses, in the order they count.
    """

    schools: gpd.GeoDataFrame
    rooms: pd.DataFrame

    turns: tuple[Turn, ...] = ()
    buses: tuple[BusLine, ...] = ()

    @cached_property
    def _spans(self) -> tuple[list[int], list[Spans]]:
        """Opening years and grades as arrays, anew from every year on in which a school is converted."""
        years = sorted({turn.from_year for turn in self.turns})
        return years, [self._spans_after(year) for year in (_ALWAYS, *years)]

    def _spans_after(self, year: int) -> Spans:
        schools = state_in(self, year)
        return Spans(
            opens=schools["opens_year"].to_numpy(np.int64, na_value=_ALWAYS),
            closes=schools["closes_year"].to_numpy(np.int64, na_value=_NEVER),
            grade_from=schools["grade_from"].to_numpy(np.int64),
            grade_to=schools["grade_to"].to_numpy(np.int64),
            is_ordinary=(schools["kind"] != "special").to_numpy(bool),
        )

    @cached_property
    def changes(self) -> Ints:
        """Years in which a school opens, closes or is converted, sorted: between them all years are alike."""
        spans = self.spans_in(_ALWAYS)
        return np.unique(np.concatenate([spans.opens, spans.closes, [turn.from_year for turn in self.turns]]))

    def spans_in(self, year: int) -> Spans:
        """Return opening years, and the grades of a year, as arrays."""
        years, spans = self._spans
        return spans[bisect_right(years, year)]


@dataclass(frozen=True, eq=False)
class Spans:
    """When schools are open and which grades they teach, each array [school].

    Parameters
    ----------
    opens, closes : int64
        First school year open, and first year closed.
    grade_from, grade_to : int64
        Lowest and highest grade taught.
    is_ordinary : bool
        False for special schools, which admit by need and not by nearness.
    """

    opens: Ints
    closes: Ints
    grade_from: Ints
    grade_to: Ints
    is_ordinary: Flags


@dataclass(frozen=True, eq=False)
class Supply:
    """Seats by year.

    Parameters
    ----------
    frame : DataFrame
        ``year, stage, school_id`` (key, sorted), ``open`` [bool], ``rooms`` [room], ``seats`` [seat],
        ``beds`` [bed]. Schools without rooms of a stage have no row for it.
    """

    frame: pd.DataFrame


def base_roster(county: County, norms: Norms) -> Roster:
    """Return the county's schools as they stand in the base year.

    A vacant school (no pupils in the latest counts, see ``vacant.counts``) is still in the
    register but teaches nobody, so it takes no pupils and its rooms are no seats.
    """
    known = _BASES.setdefault(county, {})
    if norms.fingerprint not in known:
        known[norms.fingerprint] = _base_roster(county, norms)
    return known[norms.fingerprint]


# Only remembers the schools of a county as they stand; goes when the county goes.
_BASES: WeakKeyDictionary[County, dict[str, Roster]] = WeakKeyDictionary()


def _base_roster(county: County, norms: Norms) -> Roster:
    vacant = is_vacant(county, norms).to_numpy(bool)
    closes = pd.array(np.where(vacant, county.base_year, 0), dtype="Int64")
    closes[~vacant] = pd.NA
    opens = pd.array([pd.NA] * len(county.schools), dtype="Int64")
    rooms = county.rooms[["school_id", "stage", "rooms"]].assign(from_year=county.base_year)
    nowhere = pd.array([pd.NA] * len(county.schools), dtype=county.schools["school_id"].dtype)
    schools = county.schools.assign(opens_year=opens, closes_year=closes, moves_to=nowhere)
    return Roster(schools, rooms[["school_id", "stage", "from_year", "rooms"]])


def yearly_counts(county: County, years: Sequence[int]) -> pd.DataFrame:
    """Return pupils by school and year, missing where a school was not counted.

    A registered school without a class in the base year has 0 pupils in it, because the table
    of classes is complete; a year that the history does not hold for a school stays missing.

    Returns
    -------
    DataFrame
        Index ``school_id`` in the order of ``county.schools``, a float column a year.
    """
    counts = county.enrolment.pivot_table(index="school_id", columns="year", values="pupils", aggfunc="sum").astype(
        float
    )
    counts = counts.reindex(index=county.schools["school_id"], columns=list(years))
    if county.base_year in years:
        now = county.classes.groupby("school_id")["pupils"].sum()
        counts[county.base_year] = now.reindex(counts.index).fillna(0.0).astype(float)
    return counts


def is_vacant(county: County, norms: Norms) -> pd.Series:
    """Return, by ``school_id``, whether a school had no pupils in each of its latest counts."""
    counts_needed = int(norms.value("vacant.counts"))
    counts = yearly_counts(county, range(county.base_year - counts_needed + 1, county.base_year + 1))
    return (counts == 0).all(axis=1)


_STATE = ("kind", "grade_from", "grade_to", "boarding_beds")


def state_in(roster: Roster, year: int) -> gpd.GeoDataFrame:
    """Return ``roster.schools`` with kind, grades and beds as they are in a year."""
    last = {turn.school_id: turn for turn in roster.turns if turn.from_year <= year}
    if not last:
        return roster.schools
    schools = roster.schools.copy()
    rows = schools["school_id"].isin(list(last)).to_numpy()
    turns = [last[school_id] for school_id in schools.loc[rows, "school_id"]]
    for name in _STATE:
        if name in schools:
            changed = schools[name].astype(object)
            changed[rows] = [getattr(turn, name) for turn in turns]
            schools[name] = changed.astype(schools[name].dtype)
    return schools


def state_by_year(roster: Roster, name: str, years: Ints) -> npt.NDArray[np.object_]:
    """Return kind, grades or beds of every school in every year.

    Parameters
    ----------
    roster : Roster
        Schools and their turns.
    name : {"kind", "grade_from", "grade_to", "boarding_beds"}
        What is asked.
    years : int64 [year]
        School years.

    Returns
    -------
    object [year, school]
        In the order of ``roster.schools``.
    """
    values = np.tile(roster.schools[name].to_numpy(object), (len(years), 1))
    for turn in roster.turns:
        row = roster.schools["school_id"].searchsorted(turn.school_id)
        values[years >= turn.from_year, row] = getattr(turn, name)
    return values


def is_open(roster: Roster, year: int) -> Flags:
    """Return whether each school teaches in a year, in the order of ``roster.schools`` (bool [school])."""
    spans = roster.spans_in(year)
    return (spans.opens <= year) & (year < spans.closes)


def teaches(roster: Roster, grade: int, year: int) -> Flags:
    """Return which schools take day pupils of a grade in a year, in the order of ``roster.schools`` (bool [school])."""
    taught: Flags = teaches_each(roster, year)[grade - GRADES[0]]
    return taught


def teaches_each(roster: Roster, year: int) -> Flags:
    """Return which schools take day pupils of each of grades 1-9 in a year (bool [grade, school])."""
    spans, grades = roster.spans_in(year), np.array(GRADES)[:, None]
    in_span = (spans.grade_from <= grades) & (grades <= spans.grade_to)
    each: Flags = in_span & (spans.is_ordinary & is_open(roster, year))
    return each


def lines_in(roster: Roster, year: int) -> list[BusLine]:
    """Return the buses of a year, by school id; a school has one line at a time, which may serve many places."""
    last = {line.school_id: line for line in roster.buses if line.from_year <= year}
    return [last[school_id] for school_id in sorted(last) if last[school_id].seats > 0]


def receivers(roster: Roster, grade: int, year: int) -> Ints:
    """Return where the pupils of each merged school go, -1 where no merger says so or it does not teach the grade.

    Returns
    -------
    int64 [school]
        Rows of ``roster.schools``.
    """
    ids = roster.schools["school_id"].to_numpy(str)
    named = roster.schools["moves_to"].fillna("").to_numpy(str)
    row = np.minimum(np.searchsorted(ids, named), len(ids) - 1)
    there = (ids[row] == named) & teaches(roster, grade, year)[row]
    return np.where(there, row, -1)


def class_limit(kind: str, stage: str, norms: Norms) -> float:
    """Return the pupils a room counts for: the class norm of the stage, or of a teaching point."""
    return norms.value("class_size.teaching_point" if kind == "teaching_point" else f"class_size.{stage}")


def count_supply(roster: Roster, *, norms: Norms, years: Sequence[int]) -> Supply:
    """Count rooms and seats of every school, stage and year.

    Parameters
    ----------
    roster : Roster
        Schools and rooms by year.
    norms : Norms
        Class norms: a room is worth 45 seats in a primary stage, 50 in a junior, 30 in a teaching point.
    years : sequence of int
        School years.

    Returns
    -------
    Supply
        Seats are 0 in years in which the school is not open.
    """
    horizon, stages = np.array(list(years)), sorted(STAGES)
    room, seat, opened = seat_arrays(roster, norms=norms, years=horizon)
    listed = np.zeros((len(stages), len(roster.schools)), dtype=bool)
    listed[_stage_and_school(roster.rooms, roster)] = True
    beds = state_by_year(roster, "boarding_beds", horizon)
    year, stage, school = np.nonzero(np.broadcast_to(listed, seat.shape))
    frame = {
        "year": horizon[year], "stage": pd.array(stages, dtype="str").take(stage),
        "school_id": roster.schools["school_id"].array.take(school), "open": opened[year, school],
        "rooms": room[year, stage, school], "seats": seat[year, stage, school],
        "beds": pd.array(beds[year, school], dtype=roster.schools["boarding_beds"].dtype),
    }  # fmt: skip
    return Supply(pd.DataFrame(frame))


def seat_arrays(roster: Roster, *, norms: Norms, years: Ints) -> tuple[Floats, Floats, Flags]:
    """Return rooms and seats of every school, stage and year; see :func:`count_supply`.

    Returns
    -------
    rooms, seats : float [year, stage, school]
        In use, 0 where the school is not open, missing before any are on record; stages sorted by name.
    opened : bool [year, school]
        Whether the school is open.
    """
    stages = sorted(STAGES)
    # A conversion changes what is taught, not when a school is open.
    spans, turns = roster.spans_in(_ALWAYS), roster.turns
    opened = (spans.opens <= years[:, None]) & (years[:, None] < spans.closes)
    code, kinds = pd.factorize(np.array([*roster.schools["kind"], *(turn.kind for turn in turns)], dtype=object))
    kind = np.tile(code[: len(code) - len(turns)], (len(years), 1))
    for turn, after in zip(turns, code[len(code) - len(turns) :], strict=True):
        kind[years >= turn.from_year, roster.schools["school_id"].searchsorted(turn.school_id)] = after
    worth = np.array([[class_limit(kind, stage, norms) for stage in stages] for kind in kinds])
    in_use = _rooms_by_year(roster, years) * opened[:, None]
    return in_use, in_use * worth[kind].transpose(0, 2, 1), opened


def _rooms_by_year(roster: Roster, years: Ints) -> Floats:
    """Return rooms on record, missing before the first (float [year, stage, school])."""
    rooms = np.full((len(years), len(STAGES), len(roster.schools)), np.nan)
    stage, school = _stage_and_school(roster.rooms, roster)
    count, since = roster.rooms["rooms"].to_numpy(float, na_value=np.nan), roster.rooms["from_year"].to_numpy(np.int64)
    for first in np.unique(since):
        new, later = np.flatnonzero((since == first) & ~np.isnan(count)), np.flatnonzero(years >= first)
        rooms[later[:, None], stage[new], school[new]] = count[new]
    return rooms


def _stage_and_school(rooms: pd.DataFrame, roster: Roster) -> tuple[Ints, Ints]:
    """Return stage and school of every row as positions; stages sorted by name."""
    ids, wanted = (table["school_id"].to_numpy(object).astype(str) for table in (roster.schools, rooms))
    return (rooms["stage"].to_numpy(object) == max(STAGES)).astype(np.int64), np.searchsorted(ids, wanted)


def rooms_cube(supply: Supply, school_ids: pd.Index, years: Ints) -> Floats:
    """Return the rooms in use, missing where a school has none of the stage on record (float [year, school, stage])."""
    frame = supply.frame[supply.frame["year"].isin(years)]
    cube = np.full((len(years), len(school_ids), len(STAGES)), np.nan)
    school = school_ids.get_indexer(pd.Index(frame["school_id"]))
    year = np.searchsorted(years, frame["year"].to_numpy(np.int64))
    stage = (frame["stage"] == STAGES[1]).to_numpy(np.int64)
    cube[year, school, stage] = frame["rooms"].to_numpy(float)
    return cube
