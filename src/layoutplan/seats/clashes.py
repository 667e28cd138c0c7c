"""Where seats do not suffice: whose pupils compete for which seats, and which constraint would have to give.

If pupils stay without a seat though every rule is kept, there is a set of places whose pupils may
only go to certain schools, and those have fewer seats than the places have pupils (Hall's
condition). The duals of the optimum name that set exactly: nothing outside it can help.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from layoutplan.access.network import Ints
from layoutplan.labels import Lang, label
from layoutplan.seats.capacity import locked_seats, seats_of
from layoutplan.seats.demand import Demand
from layoutplan.seats.rules import Rules, pupils_by_place, read_rules
from layoutplan.seats.settings import Policy
from layoutplan.seats.ties import LEAST_PUPILS
from layoutplan.seats.transport import Market, Placement, TransportModel
from layoutplan.seats.units import StageUnits, stage_market, stage_units

_OPTIONS = ("within_limits", "boundary", "locks", "together", "together_within_m")
_NAMES_SHOWN = 12


@dataclass(frozen=True)
class Clash:
    """Places whose pupils may only go to schools with fewer seats than they are.

    Parameters
    ----------
    place_ids, school_ids : tuple of str
        Sorted; no pupil of these places may go elsewhere, and every seat of these schools is theirs.
    pupils : float
        Pupils of the stage who compete [person].
    seats : float
        Seats of the schools, those of locked places taken off [seat].
    """

    place_ids: tuple[str, ...]
    school_ids: tuple[str, ...]
    pupils: float
    seats: float

    @property
    def short(self) -> float:
        """Pupils without a seat, whatever is done within the rules [person]."""
        return self.pupils - self.seats

    def say(self, lang: Lang) -> str:
        """Return the clash in one sentence with its ids."""
        places, schools = (_listed(ids, lang) for ids in (self.place_ids, self.school_ids))
        return label(
            "clash.group", lang, places=places, schools=schools, pupils=f"{self.pupils:.1f}", seats=f"{self.seats:g}",
            short=f"{self.short:.1f}",
        )  # fmt: skip


def _listed(ids: tuple[str, ...], lang: Lang) -> str:
    hidden = len(ids) - _NAMES_SHOWN
    shown = ", ".join(ids[:_NAMES_SHOWN]) or "-"
    return label("clash.more", lang, shown=shown, count=hidden) if hidden > 0 else shown


@dataclass(frozen=True, eq=False)
class Clashes:
    """Why pupils of a stage and year are without a seat.

    Parameters
    ----------
    groups : tuple of Clash
        Largest shortage first; no place and no school stands in two.
    relaxed : DataFrame
        ``option, unplaced`` [person]: pupils still without a seat if one option of the policy alone is
        given up; first the row of the policy as it is (``option`` empty). Pupils without any way
        to a school are in every row.
    """

    groups: tuple[Clash, ...]
    relaxed: pd.DataFrame

    def say(self, lang: Lang) -> list[str]:
        """Return the clashes, then what each option would free, as sentences."""
        lines = [clash.say(lang) for clash in self.groups]
        now = float(self.relaxed["unplaced"].iloc[0])
        for option, unplaced in zip(self.relaxed["option"][1:], self.relaxed["unplaced"][1:], strict=True):
            values = {"now": f"{now:.1f}", "then": f"{unplaced:.1f}"}
            lines.append(label(f"clash.relax.{option}", lang, **values))
        return lines


def find_clashes(demand: Demand, rules: Rules, *, stage: str, year: int) -> Clashes:
    """Find whose pupils compete for too few seats, and what each constraint costs.

    Parameters
    ----------
    demand : Demand
        Pupils.
    rules : Rules
        A policy of limited seats.
    stage : {"primary", "junior"}
        Stage.
    year : int
        One of the years of the rules.

    Returns
    -------
    Clashes
        Without groups where every pupil with a way has a seat.
    """
    units, market, placement, unplaced = _solved(demand, rules, stage, year)
    rows = [("", unplaced)]
    plain = Policy()
    for option in _OPTIONS:
        policy = rules.terms.policy
        if getattr(policy, option) != getattr(plain, option):
            looser = policy.model_copy(update={option: getattr(plain, option)})
            terms = replace(rules.terms, policy=looser)
            freed = read_rules(rules.ways, rules.roster, terms, years=rules.years)
            rows.append((option, _solved(demand, freed, stage, year)[3]))
    return Clashes(_groups(rules, units, market, placement), pd.DataFrame(rows, columns=["option", "unplaced"]))


def _solved(demand: Demand, rules: Rules, stage: str, year: int) -> tuple[StageUnits, Market, Placement, float]:
    """Return units, market, optimum, and all pupils without a seat."""
    pupils = pupils_by_place(demand.frame, rules.place_ids, rules.years)[rules.years.index(year)]
    units = stage_units(rules, stage, year)
    amounts = units.amounts(pupils)
    left = np.maximum(seats_of(rules, stage, year) - locked_seats(rules, units, amounts), 0.0)
    market = replace(stage_market(rules, units, pupils, left), pupils=np.where(units.locked < 0, amounts, 0.0))
    placement = TransportModel(market).solve()
    return units, market, placement, float(placement.unplaced.sum())


def _groups(rules: Rules, units: StageUnits, market: Market, placement: Placement) -> tuple[Clash, ...]:
    """Return the connected parts of the set that the duals name."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count, schools = len(market.pupils), len(market.seats)
    has_way = np.diff(market.start) > 0
    short_unit = placement.is_short & has_way & (market.pupils > 0)
    way = np.flatnonzero(short_unit[market.unit] & (market.seats[market.school] > 0))
    unit, school = market.unit[way], market.school[way]
    links = coo_array((np.ones(len(way)), (unit, count + school)), shape=(count + schools, count + schools))
    _, part = connected_components(links, directed=False)
    found = []
    for number in np.unique(part[:count][short_unit]).tolist():
        mine = np.flatnonzero(short_unit & (part[:count] == number))
        theirs = np.unique(school[np.isin(unit, mine)])
        clash = Clash(
            _places(rules, units, mine), tuple(rules.school_ids[row] for row in theirs.tolist()),
            float(market.pupils[mine].sum()), float(market.seats[theirs].sum()),
        )  # fmt: skip
        if clash.short > LEAST_PUPILS:
            found.append(clash)
    return tuple(sorted(found, key=lambda clash: (-round(clash.short, 6), clash.place_ids)))


def _places(rules: Rules, units: StageUnits, unit: Ints) -> tuple[str, ...]:
    cluster = np.unique(unit % len(units.first_place))
    rows = np.flatnonzero(np.isin(units.position, cluster)).tolist()
    return tuple(rules.place_ids[row] for row in rows)
