"""Ground that several schools share: who of those living there goes to which of them.

Some bureaus draw one zone for several schools. Whoever lives in it is given one of them, by one of
two rules: the nearest that has seats left, all ways together shortest; or by lot, of which only the
shares are known: those of the seats left. Pupils beyond all seats go to the nearest, as zones promise a
school to everybody who lives there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.county.tables import GRADES_OF_STAGE, STAGES
from layoutplan.seats.assignment import FLOW_COLUMNS, Assignment
from layoutplan.seats.capacity import pair_at, seats_of
from layoutplan.seats.roster import teaches
from layoutplan.seats.rules import Rules
from layoutplan.seats.transport import MS_PER_MINUTE, Market, TransportModel
from layoutplan.seats.zones import in_zone_of


def share_zones(found: Assignment, rules: Rules) -> Assignment:
    """Give those who live in zones of several schools one of them.

    Parameters
    ----------
    found : Assignment
        Everybody at the nearest school of the zone.
    rules : Rules
        The policy ``zoned``; ``shared_zones`` says how seats are given.

    Returns
    -------
    Assignment
        The same pupils; of places with a choice the flows are new.
    """
    flows = found.flows
    parts = [flows]
    for stage in STAGES:
        inside = in_zone_of(rules.terms.county, stage, place_ids=rules.place_ids, school_ids=rules.school_ids)
        if not (inside.sum(axis=1) > 1).any():
            continue
        parts = [part[part["stage"] != stage] for part in parts]
        for year in rules.years:
            mine = flows[(flows["stage"] == stage) & (flows["year"] == year)]
            parts += _share(mine, rules, inside, stage, year)
    columns = list(FLOW_COLUMNS)
    together = pd.concat([part[columns] for part in parts if len(part)], ignore_index=True) if len(flows) else flows
    return replace(found, flows=together.sort_values(columns[:4], ignore_index=True))


def _share(mine: pd.DataFrame, rules: Rules, inside: Flags, stage: str, year: int) -> list[pd.DataFrame]:
    """Return the flows of a stage and year: those without a choice, and the others anew."""
    place = np.searchsorted(np.array(rules.place_ids), mine["place_id"].to_numpy(str))
    grade = mine["grade"].to_numpy(np.int64)
    pairs, choice = np.full((len(mine), len(rules.school_ids)), -1), np.zeros((len(mine), len(rules.school_ids)), bool)
    for number in GRADES_OF_STAGE[stage]:
        rows = grade == number
        pairs[rows] = pair_at(rules.ways.of(number))[place[rows]]
        choice[rows] = inside[place[rows]] & teaches(rules.roster, number, year) & (pairs[rows] >= 0)
    shared = choice.sum(axis=1) > 1
    if not shared.any():
        return [mine]
    school = np.searchsorted(np.array(rules.school_ids), mine["school_id"].to_numpy(str))
    pupils = mine["pupils"].to_numpy(float)
    taken = np.bincount(school[~shared], weights=pupils[~shared], minlength=len(rules.school_ids))
    left = np.maximum(seats_of(rules, stage, year) - taken, 0.0)
    if rules.terms.policy.shared_zones == "lot":
        row, to, amount = _by_lot(mine[shared], choice[shared], left)
    else:
        minutes = _minutes(rules, grade[shared], pairs[shared])
        row, to, amount = _by_nearness(mine[shared], choice[shared], minutes, left)
    new = mine[shared].iloc[row].reset_index(drop=True)
    pair, grades = pairs[shared][row, to], grade[shared][row]
    minutes, metres = np.zeros((2, len(row)))
    for number in GRADES_OF_STAGE[stage]:
        travel, these = rules.ways.of(number), grades == number
        minutes[these] = travel.minutes[pair[these]]
        metres[these] = travel.length_mm[pair[these]] / 1000
    ids = np.array(rules.school_ids, dtype=object)
    return [mine[~shared], new.assign(school_id=ids[to], pupils=amount, minutes=minutes, metres=metres)]


def _minutes(rules: Rules, grade: Ints, pairs: Ints) -> Floats:
    """Return the minutes of every pair, infinite where there is none."""
    minutes = np.full(pairs.shape, np.inf)
    for number in np.unique(grade).tolist():
        rows = grade == number
        minutes[rows] = np.append(rules.ways.of(number).minutes, np.inf)[pairs[rows]]
    return minutes


def _by_lot(mine: pd.DataFrame, choice: Flags, left: Floats) -> tuple[Ints, Ints, Floats]:
    """Return row, school and pupils by the shares of the seats left; equal shares where none are."""
    weight = np.where(choice, left, 0.0)
    total = weight.sum(axis=1, keepdims=True)
    weight = np.where(total > 0, weight, choice)
    share = weight / weight.sum(axis=1, keepdims=True)
    row, school = np.nonzero(share > 0)
    return row, school, mine["pupils"].to_numpy(float)[row] * share[row, school]


def _by_nearness(mine: pd.DataFrame, choice: Flags, minutes: Floats, left: Floats) -> tuple[Ints, Ints, Floats]:
    """Return row, school and pupils: all ways within the seats left are shortest, the rest goes to the nearest."""
    pupils, names = mine["pupils"].to_numpy(float), mine["place_id"] + "/" + mine["grade"].astype(str)
    unit, school = np.nonzero(choice)
    cost = np.rint(minutes[unit, school] * MS_PER_MINUTE).astype(np.int64)
    order = np.lexsort((school, cost, unit))
    start = np.concatenate([[0], np.cumsum(choice.sum(axis=1))]).astype(np.int64)
    ids = tuple(f"{at:04d}" for at in range(len(left)))
    market = Market(tuple(names), ids, pupils, left, start, school[order], cost[order])
    placed = TransportModel(market).solve(prices=False)
    over = np.flatnonzero(placed.unplaced > 0)
    nearest = np.argmin(np.where(choice[over], minutes[over], np.inf), axis=1)
    row, to = np.concatenate([placed.unit, over]), np.concatenate([placed.school, nearest])
    amount = np.concatenate([placed.pupils, placed.unplaced[over]])
    keys, at = np.unique(row * len(left) + to, return_inverse=True)
    return keys // len(left), keys % len(left), np.bincount(at, weights=amount).astype(float)
