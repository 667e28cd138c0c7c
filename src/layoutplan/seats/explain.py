"""Why a place is given its school: the card a planner shows when parents ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.county.tables import GROUP_OF_GRADE, STAGE_OF_GRADE
from layoutplan.labels import Lang, label
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.roster import teaches
from layoutplan.seats.rules import BARS, Rules, bars
from layoutplan.seats.zones import in_zone_of

CAUSES = (
    "nearest_given",
    "unreached",
    "zone",
    "lock",
    "boundary",
    "too_far",
    "together",
    "full",
    "whole",
    "contiguous",
)
_LAST_SHOWN = 3
_SEAT = 1e-6


@dataclass(frozen=True)
class Given:
    """A school, the way there, and the pupils who are given it.

    Parameters
    ----------
    school_id : str
        School.
    minutes : float
        One way [min].
    pupils : float
        Pupils of the place and grade [person].
    """

    school_id: str
    minutes: float
    pupils: float


@dataclass(frozen=True)
class LastSeat:
    """A place that holds seats of a full school by the smallest margin.

    Parameters
    ----------
    place_id : str
        Place.
    pupils : float
        Its pupils of the stage there [person].
    margin_minutes : float
        How much longer each would travel, those who then move up after them counted; infinite where
        they would get no seat at all.
    """

    place_id: str
    pupils: float
    margin_minutes: float


@dataclass(frozen=True)
class WhyCard:
    """What a place is given in a year and grade, and why it is not the nearest school.

    Parameters
    ----------
    place_id, year, grade
        What was asked.
    nearest : Given or None
        Nearest open school that teaches the grade, with the pupils given it; None where there is none.
    given : tuple of Given
        Schools given, most pupils first.
    unplaced : float
        Pupils without a seat [person].
    reason : str
        Why they have none; empty where all have one.
    cause : str
        One of ``CAUSES``.
    seats, taken : float
        Seats of the nearest school and pupils given them, of the whole stage; NaN where seats do not bind.
    price : float
        Person-minutes one seat more there would save; NaN where seats do not bind.
    last : tuple of LastSeat
        Who holds seats there by the smallest margin; empty unless the school is full.
    """

    place_id: str
    year: int
    grade: int
    nearest: Given | None
    given: tuple[Given, ...]
    unplaced: float
    reason: str
    cause: str
    seats: float
    taken: float
    price: float
    last: tuple[LastSeat, ...]

    def say(self, lang: Lang, names: Mapping[str, str]) -> list[str]:
        """Return the card in sentences.

        Parameters
        ----------
        lang : {"zh", "en"}
            Language of the reader.
        names : mapping
            ``{id: name}`` of places and schools; an id without a name is shown itself.
        """
        words = {"place": names.get(self.place_id, self.place_id), "year": self.year, "grade": self.grade}
        lines = []
        if self.nearest is not None:
            school = names.get(self.nearest.school_id, self.nearest.school_id)
            words |= {"school": school, "minutes": f"{self.nearest.minutes:.1f}"}
            lines.append(label("why.nearest", lang, **words))
        for item in self.given:
            school = names.get(item.school_id, item.school_id)
            values = {"school": school, "minutes": f"{item.minutes:.1f}", "pupils": f"{item.pupils:.1f}"}
            lines.append(label("why.given", lang, **values))
        if self.unplaced > 0:
            reason = label(f"reason.{self.reason}", lang)
            lines.append(label("why.unplaced", lang, pupils=f"{self.unplaced:.1f}", reason=reason))
        lines.append(label(f"why.cause.{self.cause}", lang, **words) if self.nearest else label("why.no_school", lang))
        if self.last:
            lines.append(label("why.seats", lang, seats=f"{self.seats:.0f}", taken=f"{self.taken:.0f}"))
            for held in self.last:
                who = {"place": names.get(held.place_id, held.place_id), "pupils": f"{held.pupils:.1f}"}
                key = "why.last" if np.isfinite(held.margin_minutes) else "why.last_none"
                lines.append(label(key, lang, minutes=f"{held.margin_minutes:.1f}", **who))
        return lines


def explain(assignment: Assignment, rules: Rules, place_id: str, *, year: int, grade: int) -> WhyCard:
    """Say what a place is given and why it is not the nearest school.

    Parameters
    ----------
    assignment : Assignment
        Made under the rules.
    rules : Rules
        From :func:`layoutplan.seats.rules.read_rules`.
    place_id : str
        Place.
    year, grade : int
        School year and grade.

    Returns
    -------
    WhyCard
        The data; ``say`` puts them into sentences.

    Raises
    ------
    KeyError
        No such place.
    """
    if place_id not in rules.place_ids:
        raise KeyError(place_id)
    place, travel = rules.place_ids.index(place_id), rules.ways.of(grade)
    flows, left = assignment.flows, assignment.unplaced
    mine = flows[(flows["place_id"] == place_id) & (flows["year"] == year) & (flows["grade"] == grade)]
    mine = mine.sort_values(["pupils", "school_id"], ascending=[False, True])
    given = tuple(Given(row.school_id, float(row.minutes), float(row.pupils)) for row in mine.itertuples())  # type: ignore[arg-type]
    stays = left[(left["place_id"] == place_id) & (left["year"] == year) & (left["grade"] == grade)]
    unplaced, reason = float(stays["pupils"].sum()), str(stays["reason"].iloc[0]) if len(stays) else ""
    pairs = np.arange(travel.start[place], travel.start[place + 1])
    pairs = pairs[teaches(rules.roster, grade, year)[travel.school[pairs]]]
    if not len(pairs):
        return WhyCard(place_id, year, grade, None, given, unplaced, reason, "unreached", np.nan, np.nan, np.nan, ())
    school_id = travel.school_ids[travel.school[pairs[0]]]
    here = sum(item.pupils for item in given if item.school_id == school_id)
    nearest = Given(school_id, float(travel.minutes[pairs[0]]), here)
    seats, taken, price = _room(assignment, STAGE_OF_GRADE[grade], year, school_id)
    cause = _cause(rules, place, int(pairs[0]), grade, year)
    if unplaced == 0 and {item.school_id for item in given} <= {school_id}:
        cause = "nearest_given"
    elif not cause:
        is_whole = rules.terms.policy.villages == "whole" and taken < seats - _SEAT
        fits = is_whole and rules.terms.policy.contiguous and _units_pupils(assignment, place_id, year, grade) <= (
            seats - taken + _SEAT
        )  # fmt: skip
        cause = "contiguous" if fits else "whole" if is_whole else "full"
    last: tuple[LastSeat, ...] = ()
    if cause == "full":
        held = _last_seats(assignment, rules, school_id, year=year, stage=STAGE_OF_GRADE[grade])
        last = tuple(item for item in held if item.place_id != place_id)[:_LAST_SHOWN]
    return WhyCard(place_id, year, grade, nearest, given, unplaced, reason, cause, seats, taken, price, last)


def _units_pupils(assignment: Assignment, place_id: str, year: int, grade: int) -> float:
    """Return the pupils of a place in the grades that are placed together with one, as far as they have a seat."""
    flows = assignment.flows
    group = [other for other, name in GROUP_OF_GRADE.items() if name == GROUP_OF_GRADE[grade]]
    mine = (flows["place_id"] == place_id) & (flows["year"] == year) & flows["grade"].isin(group)
    return float(flows.loc[mine, "pupils"].sum())


def _cause(rules: Rules, place: int, pair: int, grade: int, year: int) -> str:
    """Return which rule keeps a place from a way, empty where none does."""
    if rules.terms.policy.assignment == "zoned":
        school, stage = int(rules.ways.of(grade).school[pair]), STAGE_OF_GRADE[grade]
        ids = {"place_ids": rules.place_ids, "school_ids": rules.school_ids}
        is_own = bool(in_zone_of(rules.terms.county, stage, **ids)[place, school])
        return f"zone_{rules.terms.policy.shared_zones}" if is_own else "zone"
    bar = bars(rules, grade, year=year)
    if bar[pair]:
        return BARS[int(bar[pair])]
    members = np.flatnonzero(rules.cluster == rules.cluster[place])
    return "together" if len(members) > 1 else ""


def _room(assignment: Assignment, stage: str, year: int, school_id: str) -> tuple[float, float, float]:
    prices = assignment.prices
    row = prices[(prices["stage"] == stage) & (prices["year"] == year) & (prices["school_id"] == school_id)]
    if not len(row):
        return np.nan, np.nan, np.nan
    seats, taken, price = row[["seats", "pupils", "price"]].to_numpy(float)[0].tolist()
    return seats, taken, price


def _last_seats(assignment: Assignment, rules: Rules, school_id: str, *, year: int, stage: str) -> list[LastSeat]:
    """Return the places with pupils at a school, those first who would lose least by leaving it.

    A pupil who leaves takes the cheapest other seat: its way and what the seat is worth to those
    who have it. The margin is how much that is dearer than the way and the seat given up.
    """
    flows = assignment.flows
    mine = flows[(flows["school_id"] == school_id) & (flows["year"] == year) & (flows["stage"] == stage)]
    worth = _worth(assignment, rules, stage, year)
    school = rules.school_ids.index(school_id)
    margins: dict[tuple[str, int], float] = {}
    for grade in sorted(mine["grade"].unique().tolist()):
        travel = rules.ways.of(grade)
        free = (bars(rules, grade, year=year) == 0) & teaches(rules.roster, grade, year)[travel.school]
        for place_id in mine.loc[mine["grade"] == grade, "place_id"]:
            row = rules.place_ids.index(place_id)
            margins[place_id, grade] = _margin(travel.school, travel.minutes + worth[travel.school], free, (
                int(travel.start[row]), int(travel.start[row + 1]), school,
            ))  # fmt: skip
    pupils = mine.groupby("place_id")["pupils"].sum()
    least = pd.Series(margins).groupby(level=0).min()
    found = [LastSeat(str(name), float(pupils[name]), float(least[name])) for name in pupils.index]
    return sorted(found, key=lambda item: (item.margin_minutes, item.place_id))


def _worth(assignment: Assignment, rules: Rules, stage: str, year: int) -> Floats:
    """Return what a seat of every school is worth [min]; infinite where a pupil more would lose one."""
    prices = assignment.prices
    rows = prices[(prices["stage"] == stage) & (prices["year"] == year)].set_index("school_id")
    price = rows["price"].reindex(rules.school_ids).fillna(0.0).to_numpy(float)
    places = rows["places"].reindex(rules.school_ids).fillna(0.0).to_numpy(float)
    return np.where(places > 0, np.inf, price)


def _margin(school: Ints, cost: Floats, free: Ints, at: tuple[int, int, int]) -> float:
    start, end, own = at
    pairs = np.arange(start, end)
    here = cost[pairs[school[pairs] == own]]
    others = pairs[free[pairs] & (school[pairs] != own)]
    best = cost[others].min(initial=np.inf)
    if not np.isfinite(best) or not len(here):
        return float("inf")
    if not np.isfinite(here[0]):
        return 0.0
    return max(float(best - here[0]), 0.0)
