"""Seats given so that as few as possible go without and all ways together are shortest.

Pupils of a place in grades that are taught at the same schools and held to the same limit are one
unit; a stage and year of all units is one transportation problem (:mod:`layoutplan.seats.transport`).
Its flows are spread over the grades of a unit in proportion, so every grade adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.access.travel import Travel
from layoutplan.county.tables import GRADES_OF_STAGE, STAGES
from layoutplan.errors import Problem, ScenarioError
from layoutplan.seats.assignment import FLOW_COLUMNS, LEFT_COLUMNS, PRICE_COLUMNS, PROOF_COLUMNS, Assignment
from layoutplan.seats.cutoff import find_cut_off, is_cut_off
from layoutplan.seats.demand import Demand
from layoutplan.seats.roster import is_open, teaches
from layoutplan.seats.rules import BARS, Rules, pupils_by_place
from layoutplan.seats.ties import LEAST_PUPILS
from layoutplan.seats.transport import MS_PER_MINUTE, Placement, TransportModel
from layoutplan.seats.units import Group, StageUnits, ground_of, stage_market, units_by_year
from layoutplan.seats.whole import place_whole


def assign_capacity(demand: Demand, rules: Rules) -> Assignment:
    """Give seats by the exact optimum of every stage and year.

    Parameters
    ----------
    demand : Demand
        Pupils by year, grade and place.
    rules : Rules
        Policy, ways, schools and seats.

    Returns
    -------
    Assignment
        With the prices of seats and the proof of each optimum.

    Raises
    ------
    ScenarioError
        A school has fewer seats in a year than pupils are locked to it, or catchments have to hang together and
        those of a lock cannot.
    """
    pupils = pupils_by_place(demand.frame, rules.place_ids, rules.years)
    parts, problems = [], []
    for stage in STAGES:
        units = units_by_year(rules, stage)
        faults = _locked_beyond_seats(rules, units, pupils)
        if rules.terms.policy.contiguous:
            faults += find_cut_off(rules, units[0], pupils[0])
        problems += faults
        if not faults:
            parts += _place_stage(rules, units, pupils)
    if problems:
        raise ScenarioError(problems)
    return _joined(parts)


def seats_of(rules: Rules, stage: str, year: int) -> Floats:
    """Return the seats of every school in a stage and year (float64 [school])."""
    frame = rules.terms.supply.frame
    mine = frame[(frame["stage"] == stage) & (frame["year"] == year)].set_index("school_id")["seats"]
    return mine.reindex(rules.school_ids).fillna(0.0).to_numpy(float)


def locked_seats(rules: Rules, units: StageUnits, amounts: Floats) -> Floats:
    """Return the seats that locked units take (float64 [school])."""
    held = units.locked >= 0
    seats = np.bincount(units.locked[held], weights=amounts[held], minlength=len(rules.school_ids))
    return seats.astype(float)


def _locked_beyond_seats(rules: Rules, units: Sequence[StageUnits], pupils: Floats) -> list[Problem]:
    """Name every school with fewer seats than pupils locked to it, in its worst year."""
    stage = units[0].stage
    if all((one.locked < 0).all() for one in units):
        return []
    over = np.stack(
        [
            locked_seats(rules, one, one.amounts(pupils[at])) - seats_of(rules, stage, rules.years[at])
            for at, one in enumerate(units)
        ]
    )
    problems = []
    for school in np.flatnonzero(over.max(axis=0) > LEAST_PUPILS).tolist():
        at = int(np.argmax(over[:, school]))
        seats = seats_of(rules, stage, rules.years[at])[school]
        held = (rules.locked[[grade - 1 for grade in GRADES_OF_STAGE[stage]]] == school).any(axis=0)
        places = [rules.place_ids[row] for row in np.flatnonzero(held)]
        values = {
            "school_id": rules.school_ids[school], "year": rules.years[at], "seats": f"{seats:g}",
            "pupils": f"{seats + over[at, school]:.1f}", "places": ", ".join(places),
        }  # fmt: skip
        problems.append(Problem("lock_over_seats", "policy", "locks", stage, values))
    return problems


@dataclass(frozen=True, eq=False)
class _Part:
    """One stage and year."""

    flows: pd.DataFrame
    unplaced: pd.DataFrame
    prices: pd.DataFrame
    proof: tuple[object, ...]


def _place_stage(rules: Rules, by_year: Sequence[StageUnits], pupils: Floats) -> list[_Part]:
    parts, model, before = [], None, None
    for at, (year, units) in enumerate(zip(rules.years, by_year, strict=True)):
        amounts, seats = units.amounts(pupils[at]), seats_of(rules, units.stage, year)
        left = np.maximum(seats - locked_seats(rules, units, amounts), 0.0)
        # Ways of places kept together are means over their pupils, so every year has its own.
        is_clustered = len(units.first_place) < len(units.position)
        if model is None or units is not before or is_clustered:
            model, before = TransportModel(stage_market(rules, units, pupils[at], left)), units
        model.set_amounts(np.where(units.locked < 0, amounts, 0.0), left)
        placement = model.solve()
        whole = placement
        if rules.terms.policy.villages == "whole":
            ground = ground_of(rules, units, amounts) if rules.terms.policy.contiguous else None
            whole = place_whole(model.market, placement, ground=ground)
        parts.append(_part(rules, units, pupils[at], year, (placement, whole)))
    return parts


def _part(rules: Rules, units: StageUnits, pupils: Floats, year: int, solved: tuple[Placement, Placement]) -> _Part:
    best, taken = solved
    amounts = units.amounts(pupils)
    held = np.flatnonzero((units.locked >= 0) & (amounts > 0))
    unit = np.concatenate([taken.unit, held])
    school = np.concatenate([taken.school, units.locked[held]])
    placed = np.concatenate([taken.pupils, amounts[held]])
    order = np.lexsort((school, unit))
    unit, school, placed = unit[order], school[order], placed[order]
    total = np.bincount(unit, weights=placed, minlength=len(amounts)) + taken.unplaced
    share = placed / total[unit]
    stay = np.divide(taken.unplaced, total, out=np.zeros(len(total)), where=total > 0)
    # Whoever has no way at all is in no model and stays whole.
    stay = np.where((amounts > 0) & (total == 0), 1.0, stay)
    flows = _spread_flows(rules, units, pupils, year, (unit, school, share))
    left = _spread_unplaced(rules, units, pupils, year, stay)
    seats = seats_of(rules, units.stage, year)
    given = np.bincount(school, weights=placed, minlength=len(seats)).astype(float)
    prices = _prices(rules, units.stage, year, best, (seats, given))
    split = flows.groupby(["grade", "place_id"]).size()
    split_places = split[split > 1].index.get_level_values("place_id").nunique()
    minutes = float(flows["pupils"].to_numpy(float) @ flows["minutes"].to_numpy(float))
    without = float(left["pupils"].to_numpy(float).sum())
    more = float(taken.unplaced.sum() - best.unplaced.sum())
    # An optimum with more placed bounds one with fewer only by what they count without a seat.
    bound = best.pupil_minutes - more * best.alone_ms / MS_PER_MINUTE
    saved = taken.pupil_minutes - min(max(bound, taken.least_minutes, 0.0), taken.pupil_minutes)
    proof = (year, units.stage, minutes, minutes - saved, without, without - more, split_places)
    return _Part(flows, left, prices, proof)


def _prices(rules: Rules, stage: str, year: int, best: Placement, amounts: tuple[Floats, Floats]) -> pd.DataFrame:
    """Return seats, pupils and the worth of a seat more at every open school with a stage."""
    seats, pupils = amounts
    shown = np.flatnonzero(is_open(rules.roster, year) & ((seats > 0) | (pupils > 0)))
    places = best.seat_places
    price = (best.seat_ms - places * best.alone_ms) / MS_PER_MINUTE
    ids = np.array(rules.school_ids, dtype=object)
    columns = (year, stage, ids[shown], seats[shown], pupils[shown], price[shown], places[shown])
    return pd.DataFrame(dict(zip(PRICE_COLUMNS, columns, strict=True)))


def _members(units: StageUnits, unit: Ints) -> tuple[Ints, Ints]:
    """Return for units of one group the row of each and a place of it, a pair for every place."""
    order = np.argsort(units.position, kind="stable")
    count = np.bincount(units.position, minlength=len(units.first_place))
    first = np.cumsum(count) - count
    cluster = unit % len(units.first_place)
    row = np.repeat(np.arange(len(unit)), count[cluster])
    before = np.cumsum(count[cluster]) - count[cluster]
    return row, order[np.arange(len(row)) - before[row] + first[cluster][row]]


def _spread_flows(
    rules: Rules, units: StageUnits, pupils: Floats, year: int, flow: tuple[Ints, Ints, Floats]
) -> pd.DataFrame:
    """Spread the flows of units over their grades and places in proportion."""
    unit, school, share = flow
    ids, schools = np.array(rules.place_ids, dtype=object), np.array(rules.school_ids, dtype=object)
    frames = []
    for number, group in enumerate(units.groups):
        mine = np.flatnonzero(unit // len(units.first_place) == number)
        row, place = _members(units, unit[mine])
        to = school[mine][row]
        pair = pair_at(group.travel)[place, to]
        for grade in group.grades:
            amount = pupils[grade - 1, place] * share[mine][row]
            used = amount > 0
            frames.append(
                pd.DataFrame(
                    {
                        "year": year, "grade": grade, "place_id": ids[place[used]], "school_id": schools[to[used]],
                        "stage": units.stage, "pupils": amount[used], "minutes": group.travel.minutes[pair[used]],
                        "metres": group.travel.length_mm[pair[used]] / 1000,
                    }
                )
            )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def pair_at(travel: Travel) -> Ints:
    """Return the position of every pair, -1 where there is none (int64 [place, school])."""
    at = np.full((len(travel.place_ids), len(travel.school_ids)), -1, dtype=np.int64)
    place = np.repeat(np.arange(len(travel.place_ids)), np.diff(travel.start))
    at[place, travel.school] = np.arange(len(place))
    return at


def _spread_unplaced(rules: Rules, units: StageUnits, pupils: Floats, year: int, stay: Floats) -> pd.DataFrame:
    ids = np.array(rules.place_ids, dtype=object)
    frames = []
    cut_off = np.zeros(len(stay), dtype=bool)
    if rules.terms.policy.contiguous and (stay > 0).any():
        ground = ground_of(rules, units, units.amounts(pupils))
        cut_off = is_cut_off(ground, stage_market(rules, units, pupils, np.ones(len(rules.school_ids))))
    for number, group in enumerate(units.groups):
        of_place = stay[number * len(units.first_place) + units.position]
        place = np.flatnonzero(of_place > 0)
        reasons = np.array(_reasons(rules, group, place, teaches(rules.roster, group.grades[0], year)), dtype=object)
        apart = cut_off[number * len(units.first_place) + units.position[place]]
        reasons[apart & (reasons == "no_seat")] = "cut_off"
        for grade in group.grades:
            amount = pupils[grade - 1, place] * of_place[place]
            used = amount > 0
            frames.append(
                pd.DataFrame(
                    {
                        "year": year, "grade": grade, "place_id": ids[place[used]], "stage": units.stage,
                        "pupils": amount[used], "reason": reasons[used],
                    }
                )
            )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def _reasons(rules: Rules, group: Group, place: Ints, is_taught: Flags) -> list[str]:
    """Return why pupils of each place have no seat: no way, no school, barred from the nearest, or full."""
    travel = group.travel
    reasons = []
    for row in place.tolist():
        pairs = np.arange(travel.start[row], travel.start[row + 1])
        pairs = pairs[is_taught[travel.school[pairs]]]
        if not len(pairs):
            reasons.append(travel.unreached.get(rules.place_ids[row], "no_school"))
        elif (group.bar[pairs] == 0).any():
            reasons.append("no_seat")
        else:
            reasons.append(BARS[int(group.bar[pairs[0]])])
    return reasons


def _joined(parts: Sequence[_Part]) -> Assignment:
    flows = pd.concat([part.flows for part in parts]).sort_values(list(FLOW_COLUMNS[:4]), ignore_index=True)
    left = pd.concat([part.unplaced for part in parts]).sort_values(list(LEFT_COLUMNS[:3]), ignore_index=True)
    prices = pd.concat([part.prices for part in parts]).sort_values(list(PRICE_COLUMNS[:3]), ignore_index=True)
    proof = pd.DataFrame([part.proof for part in parts], columns=list(PROOF_COLUMNS))
    proof = proof.sort_values(["year", "stage"], ignore_index=True)
    return Assignment(flows[list(FLOW_COLUMNS)], left[list(LEFT_COLUMNS)], prices, proof)
