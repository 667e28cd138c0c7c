"""The shortest total way into limited seats: an exact transportation optimum by HiGHS.

Units (pupils of a place) go to schools with limited seats. First as many pupils as possible get a
seat, then their ways together are as short as possible. Only ways that can matter are given to the
solver; the others are priced against its duals, all of them, until none improves, so leaving them
out changes no answer. Ways are whole milliseconds: the duals of such a model are whole numbers too,
which makes the check exact, to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layoutplan.access.kernels import UNREACHED
from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.seats.solver import add_columns, new_solver, run
from layoutplan.seats.ties import Face, break_ties, seat_prices

MS_PER_MINUTE = 60_000
_FIRST_WAYS = 10
_WAYS_A_ROUND = 4


@dataclass(frozen=True, eq=False)
class Market:
    """Who may go where: units with pupils, schools with seats, and the ways allowed.

    The ways of unit ``i`` are ``start[i]:start[i + 1]``, shortest first.

    Parameters
    ----------
    unit_ids, school_ids : tuple of str
        Names; they decide ties.
    pupils : float [unit]
        Pupils of each unit [person].
    seats : float [school]
        Seats of each school [seat].
    start : int64 [unit + 1]
        First way of each unit.
    school : int64 [way]
        Index of the school a way leads to.
    cost_ms : int64 [way]
        One-way time of one pupil [ms], not negative.
    """

    unit_ids: tuple[str, ...]
    school_ids: tuple[str, ...]
    pupils: Floats
    seats: Floats
    start: Ints
    school: Ints
    cost_ms: Ints

    @property
    def unit(self) -> Ints:
        """Index of the unit of each way (int64 [way])."""
        return np.repeat(np.arange(len(self.unit_ids)), np.diff(self.start))


@dataclass(frozen=True, eq=False)
class Placement:
    """An optimal placement and its proof.

    Parameters
    ----------
    unit, school : int64 [flow]
        Who goes where, sorted by unit, then school.
    pupils : float [flow]
        Pupils of each flow [person].
    cost_ms : int64 [flow]
        One-way time of one pupil [ms].
    unplaced : float [unit]
        Pupils without a seat [person].
    unit_ms, seat_ms : int64 [unit], [school]
        Duals: what one pupil more of a unit costs, and what one seat more saves, in whole milliseconds;
        a pupil without a seat counts ``alone_ms``.
    alone_ms : int
        Cost of a pupil without a seat: more than any chain of others who would have to move up.
    rounds : int
        How often ways left out had to be given to the solver after all.
    least_minutes : float
        What the ways of no whole placement with as many placed can beat, where that is known better than by the
        linear optimum [person-minute].
    """

    unit: Ints
    school: Ints
    pupils: Floats
    cost_ms: Ints
    unplaced: Floats
    unit_ms: Ints
    seat_ms: Ints
    alone_ms: int
    rounds: int
    least_minutes: float = -np.inf

    @property
    def seat_places(self) -> Ints:
        """1 where one seat more would place one pupil more, else 0 (int64 [school])."""
        places: Ints = (2 * self.seat_ms > self.alone_ms).astype(np.int64)
        return places

    @property
    def is_short(self) -> Flags:
        """Whether one pupil more of a unit would leave one more without a seat (bool [unit])."""
        short: Flags = 2 * self.unit_ms > self.alone_ms
        return short

    @property
    def pupil_minutes(self) -> float:
        """Sum of all ways one way [person-minute]."""
        return float(self.pupils @ self.cost_ms) / MS_PER_MINUTE


class TransportModel:
    """A market in the solver, kept between solves so that a changed one starts from the last answer.

    The one changing thing here: what goes in and comes out are frozen values, and an answer does not
    depend on what was solved before.

    Parameters
    ----------
    market : Market
        What is solved first; later ones have the same units, schools and ways.
    site_id : str, optional
        Name of one school more, whose ways all stay in the solver so that it can be moved; it stands
        behind the schools of the market.
    site_seats : float
        Its seats.
    """

    def __init__(self, market: Market, *, site_id: str | None = None, site_seats: float = 0.0) -> None:
        self.market = market
        units = len(market.unit_ids)
        self.school_ids = market.school_ids if site_id is None else (*market.school_ids, site_id)
        self._seats = market.seats if site_id is None else np.append(market.seats, site_seats)
        self._site_ms = np.full(0 if site_id is None else units, UNREACHED, dtype=np.int64)
        self._way_unit = market.unit
        # Ways of a unit are sorted, so one sorted key finds at once how many are short enough.
        self._span = int(market.cost_ms.max(initial=0)) + 2
        self._key = self._way_unit * self._span + market.cost_ms
        self._is_in = np.zeros(len(market.school), dtype=bool)
        self._way = np.empty(0, dtype=np.int64)
        self._alone_ms = self._alone_beyond(self._span - 1)
        self._highs = new_solver()
        self._open()

    def _open(self) -> None:
        """Give the solver its rows, the columns of pupils without a seat, the site's ways and the first others."""
        market, highs = self.market, self._highs
        units, schools = len(market.unit_ids), len(self.school_ids)
        low = np.concatenate([market.pupils, np.full(schools, -np.inf)])
        high = np.concatenate([market.pupils, self._seats])
        none = np.empty(0, dtype=np.int32)
        highs.addRows(len(low), low, high, 0, np.zeros(len(low), np.int32), none, np.empty(0))
        every = np.arange(units)
        add_columns(highs, np.full(units, self._alone_ms / MS_PER_MINUTE), [every])
        if len(self._site_ms):
            add_columns(highs, np.zeros(units), [every, np.full(units, units + schools - 1)])
            self._price_site()
        self._add_ways(_first_ways(market))

    def _add_ways(self, ways: Ints) -> None:
        market = self.market
        rows = [self._way_unit[ways], len(market.unit_ids) + market.school[ways]]
        self._is_in[ways] = True
        self._way = np.concatenate([self._way, ways])
        add_columns(self._highs, market.cost_ms[ways] / MS_PER_MINUTE, rows)

    def move_site(self, cost_ms: Ints) -> None:
        """Put the site elsewhere.

        Parameters
        ----------
        cost_ms : int64 [unit]
            One-way time to it [ms]; ``UNREACHED`` where it may not be reached.
        """
        self._site_ms = cost_ms
        self._price_site()
        longest = int(cost_ms[cost_ms != UNREACHED].max(initial=0))
        alone_ms = self._alone_beyond(longest + 1)
        if alone_ms > self._alone_ms:
            self._alone_ms = alone_ms
            columns = np.arange(len(cost_ms), dtype=np.int32)
            self._highs.changeColsCost(len(columns), columns, np.full(len(columns), alone_ms / MS_PER_MINUTE))

    def _alone_beyond(self, longest_ms: int) -> int:
        """Return a cost of no seat four times that of the longest chain, so that duals tell the two apart."""
        return 4 * (min(len(self.school_ids), len(self.market.unit_ids)) + 1) * longest_ms

    def _price_site(self) -> None:
        units, reached = len(self._site_ms), self._site_ms != UNREACHED
        columns = np.arange(units, 2 * units, dtype=np.int32)
        cost = np.where(reached, self._site_ms, 0) / MS_PER_MINUTE
        self._highs.changeColsCost(units, columns, cost)
        self._highs.changeColsBounds(units, columns, np.zeros(units), np.where(reached, np.inf, 0.0))

    def set_amounts(self, pupils: Floats, seats: Floats) -> None:
        """Put other numbers of pupils and seats (of the schools, then of the site) into the same market.

        Parameters
        ----------
        pupils : float [unit]
            Pupils [person].
        seats : float [school]
            Seats [seat].
        """
        self.market = replace(self.market, pupils=pupils, seats=seats[: len(self.market.school_ids)])
        self._seats = seats
        low = np.concatenate([pupils, np.full(len(seats), -np.inf)])
        rows = np.arange(len(low), dtype=np.int32)
        change: Any = self._highs.changeRowsBounds  # type: ignore[attr-defined]
        change(len(rows), rows, low, np.concatenate([pupils, seats]))

    def solve(self, *, prices: bool = True) -> Placement:
        """Place the pupils.

        Parameters
        ----------
        prices : bool
            Whether the price of a seat must be what one seat *more* saves. Where an optimum has
            several duals, the solver's own may be what one seat less costs.

        Returns
        -------
        Placement
            Optimal, and checked against every way there is.

        Raises
        ------
        RuntimeError
            The solver gave up, which would be a fault of the program.
        """
        rounds, unit_ms, seat_ms = self._priced()
        face = self._face(unit_ms, seat_ms)
        flows, unplaced = break_ties(face)
        used = np.flatnonzero(flows > 0)
        used = used[np.lexsort((face.school[used], face.unit[used]))]
        unit, school, cost_ms = face.unit[used], face.school[used], face.cost_ms[used]
        if prices:
            ways = (self._way_unit, self.market.school, self.market.cost_ms)
            seat_ms = seat_prices((unit, school, cost_ms), unplaced, self._with_site(ways), face, self._alone_ms)
            unit_ms = self._unit_prices(seat_ms)
        return Placement(unit, school, flows[used], cost_ms, unplaced, unit_ms, seat_ms, self._alone_ms, rounds)

    def _with_site(self, ways: tuple[Ints, Ints, Ints]) -> tuple[Ints, Ints, Ints]:
        """Return unit, school and cost of some ways and of those to the site."""
        reached = np.flatnonzero(self._site_ms != UNREACHED)
        site = (reached, np.full(len(reached), len(self.school_ids) - 1), self._site_ms[reached])
        unit, school, cost_ms = (np.concatenate(parts) for parts in zip(ways, site, strict=True))
        return unit, school, cost_ms

    def _priced(self) -> tuple[int, Ints, Ints]:
        """Solve, and add ways until none that was left out improves; return rounds and whole duals."""
        units = len(self.market.unit_ids)
        for rounds in range(len(self.market.school) + 1):
            run(self._highs)
            dual = np.rint(np.array(self._highs.getSolution().row_dual) * MS_PER_MINUTE).astype(np.int64)
            unit_ms, seat_ms = dual[:units], np.maximum(-dual[units:], 0)
            ways = self._near_ways(unit_ms)
            ways = ways[~self._is_in[ways]]
            reduced = self.market.cost_ms[ways] - unit_ms[self._way_unit[ways]] + seat_ms[self.market.school[ways]]
            better = reduced < 0
            if not better.any():
                # Ways that tie belong to the face of all optima, though they do not improve.
                self._add_ways(ways[reduced == 0])
                return rounds, unit_ms, seat_ms
            self._add_ways(_best_few(ways[better], self._way_unit[ways[better]], reduced[better]))
        raise RuntimeError("pricing did not end")

    def _near_ways(self, unit_ms: Ints) -> Ints:
        """Return the ways no longer than a unit's dual: seats cost nothing less, so no other can improve."""
        first = self.market.start[:-1]
        reach = np.arange(len(unit_ms)) * self._span + np.minimum(unit_ms, self._span - 1)
        count = np.maximum(np.searchsorted(self._key, reach, side="right") - first, 0)
        before = np.cumsum(count) - count
        ways: Ints = np.arange(count.sum()) + np.repeat(first - before, count)
        return ways

    def _face(self, unit_ms: Ints, seat_ms: Ints) -> Face:
        """Return all that may be used in some optimum: what has no reduced cost."""
        market = self.market
        ways = (self._way_unit[self._way], market.school[self._way], market.cost_ms[self._way])
        unit, school, cost_ms = self._with_site(ways)
        tight = np.flatnonzero(cost_ms - unit_ms[unit] + seat_ms[school] == 0)
        # A canonical order, whatever was added to the solver first.
        tight = tight[np.lexsort((school[tight], unit[tight]))]
        return Face(
            market.unit_ids, self.school_ids, market.pupils, self._seats, unit[tight], school[tight], cost_ms[tight],
            may_stay=unit_ms >= self._alone_ms, is_full=seat_ms > 0,
        )  # fmt: skip

    def _unit_prices(self, seat_ms: Ints) -> Ints:
        """Return what one pupil more of each unit costs: the cheapest way with its seat, or no seat at all."""
        unit, school, cost_ms = self._with_site((self._way_unit, self.market.school, self.market.cost_ms))
        unit_ms = np.full(len(self.market.unit_ids), self._alone_ms, dtype=np.int64)
        np.minimum.at(unit_ms, unit, cost_ms + seat_ms[school])
        return unit_ms


def _first_ways(market: Market) -> Ints:
    """Return the shortest few ways of every unit to schools with seats."""
    useful: Flags = market.seats[market.school] > 0
    rank = np.cumsum(useful)
    before = np.concatenate([[0], rank])[market.start[:-1]]
    nth = rank - before[market.unit]
    return np.flatnonzero(useful & (nth <= _FIRST_WAYS))


def _best_few(ways: Ints, unit: Ints, reduced: Ints) -> Ints:
    """Return the few ways of each unit that improve most, in order."""
    order = np.lexsort((reduced, unit))
    first = np.searchsorted(unit[order], unit[order])
    few: Ints = np.sort(ways[order[np.arange(len(order)) - first < _WAYS_A_ROUND]])
    return few
