"""Schools as they stand in every year: those of the county, and what the actions of a scenario make of them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES
from layoutplan.norms import Norms
from layoutplan.seats.standing import (
    ALWAYS,
    NEVER,
    STAGE_ORDER,
    NewSchool,
    Rooms,
    Standing,
    standing_schools,
    with_school,
)

if TYPE_CHECKING:
    import geopandas as gpd


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


@dataclass(frozen=True)
class Closing:
    """Schools that close.

    Parameters
    ----------
    school_ids : tuple of str
        Which.
    closes_year : int
        First school year without them.
    moves_to : str or None
        The school all their pupils go to; None: the nearest.
    """

    school_ids: tuple[str, ...]
    closes_year: int
    moves_to: str | None


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
class Roster:
    """Schools with the years they are open, and the rooms they have from which year on.

    What a scenario changes is kept beside the schools as they stand, so that thousands of scenarios need no table of
    all schools each; :attr:`schools` and :attr:`rooms` put both together when they are asked for.

    Parameters
    ----------
    standing : Standing
        The county's schools.
    opened : tuple of NewSchool
        New ones; no id is among those that stand.
    closings : tuple of Closing
        In the order they count.
    given : tuple of Rooms
        In the order they count; of one school, stage and year the last counts.
    turns : tuple of Turn
        Changes of kind, grades and beds, in the order they count; ``schools`` holds what was before.
    buses : tuple of BusLine
        Buses, in the order they count.
    """

    standing: Standing
    opened: tuple[NewSchool, ...] = ()
    closings: tuple[Closing, ...] = ()
    given: tuple[Rooms, ...] = ()
    turns: tuple[Turn, ...] = ()
    buses: tuple[BusLine, ...] = ()

    # ---- as tables
    @cached_property
    def schools(self) -> gpd.GeoDataFrame:
        """The columns of :class:`Standing`, sorted by ``school_id``.

        ``opens_year`` and ``closes_year`` are Int64 (missing = open before, or not closed), ``moves_to`` the school
        all pupils go to when it closes (missing = the nearest).
        """
        schools = self.standing.schools
        for new in self.opened:
            schools = with_school(schools, new)
        for closing in self.closings:
            mine = schools["school_id"].isin(closing.school_ids)
            closes, moves_to = schools["closes_year"], schools["moves_to"]
            schools = schools.assign(
                closes_year=closes.mask(mine, closing.closes_year), moves_to=moves_to.mask(mine, closing.moves_to)
            )
        return schools

    @cached_property
    def rooms(self) -> pd.DataFrame:
        """``school_id, stage, from_year, rooms``: rooms in use from that year on (sorted by key)."""
        rooms = self.standing.rooms
        if not self.given:
            return rooms
        rows = [(new.school_id, new.stage, new.from_year, new.rooms) for new in self.given]
        added = pd.DataFrame(rows, columns=list(rooms.columns)).astype(rooms.dtypes.to_dict())
        key = ["school_id", "stage", "from_year"]
        both = pd.concat([rooms, added], ignore_index=True).drop_duplicates(key, keep="last")
        return both.sort_values(key, ignore_index=True)

    # ---- as arrays, in the order of ``schools``
    @cached_property
    def ids(self) -> npt.NDArray[np.object_]:
        """School ids, sorted (object [school])."""
        return self._column("school_id")

    @cached_property
    def kinds(self) -> npt.NDArray[np.object_]:
        """Kinds before any turn (object [school])."""
        return self._column("kind")

    @cached_property
    def townships(self) -> npt.NDArray[np.object_]:
        """Townships the schools stand in (object [school])."""
        return self._column("township_id")

    @cached_property
    def rows_standing(self) -> Ints:
        """Positions of the schools that stand (int64 [standing school])."""
        at = np.arange(len(self.standing.columns["school_id"]))
        return at + np.searchsorted(self._gaps, at, side="right") if self.opened else at

    def row(self, school_id: str) -> int:
        """Return the position of a school."""
        return int(self.ids.searchsorted(school_id))

    def _column(self, name: str) -> npt.NDArray[Any]:
        return self._with_new(self.standing.columns[name], [getattr(new, name) for new in self._new])

    def _with_new(self, array: npt.NDArray[Any], values: Any) -> npt.NDArray[Any]:
        """Return an array of the schools that stand (its last axis) with values of the new ones in their places."""
        return np.insert(array, self._gaps, values, axis=-1) if self.opened else array

    @cached_property
    def _new(self) -> list[NewSchool]:
        return sorted(self.opened, key=lambda new: new.school_id)

    @cached_property
    def _gaps(self) -> Ints:
        """Before which of the schools that stand each new one belongs, in the order of their ids."""
        ids = self.standing.columns["school_id"]
        return np.array([ids.searchsorted(new.school_id) for new in self._new], dtype=np.int64)

    @cached_property
    def _years(self) -> tuple[Ints, Ints]:
        """First school year open, and first closed, of each school."""
        opens = self._column("opens_year")
        closes = self._with_new(self.standing.columns["closes_year"], NEVER)
        if self.closings:
            closes = closes.copy()
        for closing in self.closings:
            closes[[self.row(school_id) for school_id in closing.school_ids]] = closing.closes_year
        return opens, closes

    @cached_property
    def _spans(self) -> tuple[list[int], list[Spans]]:
        """Opening years and grades as arrays, anew from every year on in which a school is converted."""
        years = sorted({turn.from_year for turn in self.turns})
        return years, [self._spans_after(year) for year in (ALWAYS, *years)]

    def _spans_after(self, year: int) -> Spans:
        opens, closes = self._years
        first, last, kinds = self._column("grade_from"), self._column("grade_to"), self.kinds
        if turned := turns_in(self, year):
            first, last, kinds = first.copy(), last.copy(), kinds.copy()
        for school_id, turn in turned.items():
            row = self.row(school_id)
            first[row], last[row], kinds[row] = turn.grade_from, turn.grade_to, turn.kind
        return Spans(opens, closes, first, last, np.not_equal(kinds, "special").astype(bool))

    @cached_property
    def changes(self) -> Ints:
        """Years in which a school opens, closes or is converted, sorted: between them all years are alike."""
        spans = self.spans_in(ALWAYS)
        return np.unique(np.concatenate([spans.opens, spans.closes, [turn.from_year for turn in self.turns]]))

    def spans_in(self, year: int) -> Spans:
        """Return opening years, and the grades of a year, as arrays."""
        years, spans = self._spans
        return spans[bisect_right(years, year)]

    def rooms_by_year(self, years: Ints) -> Floats:
        """Return rooms on record, missing before the first (float [year, stage, school]); not to be changed."""
        cube = self._with_new(self.standing.rooms_by_year(years), np.nan)
        if self.given:
            cube = cube.copy()
        for new in sorted(self.given, key=lambda new: new.from_year):
            cube[years >= new.from_year, STAGE_ORDER.index(new.stage), self.row(new.school_id)] = new.rooms
        return cube

    @cached_property
    def stages_of(self) -> set[tuple[str, str]]:
        """Each school with each stage that it ever has rooms of."""
        return {*self.standing.rooms_of, *((new.school_id, new.stage) for new in self.given)}

    def rooms_in(self, school_id: str, stage: str, year: int) -> int | None:
        """Return the rooms of a stage in a year [room]; None where the school has no such stage by then."""
        held = self.standing.rooms_of.get((school_id, stage))
        mine = [new for new in self.given if (new.school_id, new.stage) == (school_id, stage)]
        known = [rooms for rooms in (*([held] if held else []), *mine) if rooms.from_year <= year]
        # Of one year the last counts.
        return max(reversed(known), key=lambda rooms: rooms.from_year).rooms if known else None

    def record(self, school_id: str, year: int) -> dict[str, Any] | None:
        """Return what a school is in a year, as a record with the names of the columns; None where there is none."""
        new = next((new for new in self.opened if new.school_id == school_id), None)
        found = (
            dict.fromkeys(self.standing.schools.columns) | vars(new) if new else self.standing.records.get(school_id)
        )
        if found is None:
            return None
        for closing in self.closings:
            if school_id in closing.school_ids:
                found = found | {"closes_year": closing.closes_year, "moves_to": closing.moves_to}
        if (turn := turns_in(self, year).get(school_id)) is not None:
            found = found | {name: getattr(turn, name) for name in _STATE}
        return found


def base_roster(county: County, norms: Norms) -> Roster:
    """Return the county's schools as they stand in the base year, vacant ones closed (:func:`standing_schools`)."""
    return Roster(standing_schools(county, norms))


_STATE = ("kind", "grade_from", "grade_to", "boarding_beds")


def turns_in(roster: Roster, year: int) -> dict[str, Turn]:
    """Return the turns that count in a year, by school."""
    return {turn.school_id: turn for turn in roster.turns if turn.from_year <= year}


def state_in(roster: Roster, year: int) -> gpd.GeoDataFrame:
    """Return ``roster.schools`` with kind, grades and beds as they are in a year."""
    last = turns_in(roster, year)
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
        values[years >= turn.from_year, roster.row(turn.school_id)] = getattr(turn, name)
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
