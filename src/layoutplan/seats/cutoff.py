"""Who cannot belong to a catchment that hangs together, because others are held elsewhere in between."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.errors import Problem
from layoutplan.seats.ground import Ground, spread
from layoutplan.seats.rules import Rules
from layoutplan.seats.transport import Market
from layoutplan.seats.units import StageUnits, ground_of, stage_market


def find_cut_off(rules: Rules, units: StageUnits, pupils: Floats) -> Iterator[Problem]:
    """Name every locked place that no chain of places could join to its school.

    Parameters
    ----------
    rules : Rules
        A policy under which catchments hang together.
    units : StageUnits
        Units of a stage.
    pupils : float [grade 1-9, place]
        Pupils of a year.
    """
    ground = ground_of(rules, units, units.amounts(pupils))
    market = stage_market(rules, units, pupils, np.ones(len(rules.school_ids)))
    told = set()
    for school in np.unique(ground.held[ground.held >= 0]).tolist():
        inside, seen = _reach(ground, market, school)
        for unit in np.flatnonzero((ground.held == school) & ~seen & (units.amounts(pupils) > 0)).tolist():
            around = np.zeros(len(seen), dtype=bool)
            part = spread(ground, inside, [unit], around)
            between = {other for member in part for other in ground.of(member).tolist() if not inside[other]}
            named = (_name(rules, units, unit), rules.school_ids[school])
            if named not in told:
                told.add(named)
                values = {
                    "place_id": named[0], "school_id": named[1],
                    "between": ", ".join(sorted({_name(rules, units, other) for other in between})) or "-",
                }  # fmt: skip
                yield Problem("lock_cut_off", "policy", "locks", units.stage, values)


def is_cut_off(ground: Ground, market: Market) -> Flags:
    """Return which units hang on no school they may go to, whoever else goes there (bool [unit])."""
    joined = np.zeros(len(market.pupils), dtype=bool)
    for school in range(len(market.seats)):
        allowed, seen = _reach(ground, market, school)
        joined |= seen & allowed
    return ~joined & ~ground.is_open


def _reach(ground: Ground, market: Market, school: int) -> tuple[Flags, Flags]:
    """Return who may be in a catchment, and who of them hangs on the school if all are."""
    allowed = np.zeros(len(market.pupils), dtype=bool)
    allowed[market.unit[market.school == school]] = True
    inside = (allowed & (ground.held < 0)) | ground.is_open | (ground.held == school)
    seen = np.zeros(len(inside), dtype=bool)
    spread(ground, inside, np.flatnonzero(inside & ground.rooted[:, school]).tolist(), seen)
    return inside, seen


def _name(rules: Rules, units: StageUnits, unit: int) -> str:
    row: Ints = units.first_place
    return rules.place_ids[int(row[unit % len(row)])]
