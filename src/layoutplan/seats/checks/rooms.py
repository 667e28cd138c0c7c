"""Rooms against classes, grade by grade: six grades of 46 need twelve classes, not seven."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.access.network import Flags
from layoutplan.county.tables import STAGES
from layoutplan.seats.checks.cubes import breaches, stage_rows
from layoutplan.seats.checks.evidence import Evidence, Facts, Found, stage_words

_LEAST_IDLE = 3


def find_standing(facts: Facts) -> Iterator[Found]:
    """Look at the rooms of every school and stage as they are.

    Parameters
    ----------
    facts : Facts
        The county as it is.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    now = facts.rooms
    told = now[now["rooms"] > 0]
    yield "rooms_unknown", _rows(now[~(now["rooms"] > 0)], facts, measured="pupils", limit="rooms")
    fewer = told["rooms"] < told["formed"]
    yield "rooms_below_classes", _rows(told[fewer], facts, measured="formed", limit="rooms")
    short = (told["needed"] > told["rooms"]) & ~fewer
    yield "rooms_short", _rows(told[short], facts, measured="needed", limit="rooms")
    shared = told["grades"] > told["rooms"]
    yield "rooms_shared_by_grades", _rows(told[shared], facts, measured="rooms", limit="grades")
    yield "rooms_idle", _rows(told[_idle(told, facts)], facts, measured="idle", limit="rooms")


def find(evidence: Evidence) -> Iterator[Found]:
    """Look at the rooms of every school and stage in the years to come.

    Parameters
    ----------
    evidence : Evidence
        The plan so far.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach: stages that will be short of rooms, or stand half empty, and are not
        so today.
    """
    cubes, facts = evidence.cubes, evidence.facts
    short, idle = cubes.needed - cubes.rooms, cubes.rooms - cubes.needed
    is_idle = (idle >= _LEAST_IDLE) & (idle >= facts.norms.value("rooms.idle_share") * cubes.rooms)
    later = (cubes.years > facts.base_year) & (cubes.rooms > 0)
    now = facts.rooms
    found = breaches((short > 0) & later & ~_flagged(now["needed"] > now["rooms"], evidence), short)
    measured, limit, pupils = (found.of(cube) for cube in (cubes.needed, cubes.rooms, cubes.pupils))
    yield "rooms_short_ahead", stage_rows(found, cubes, measured=measured, limit=limit, pupils=pupils)
    planned = later & (cubes.years <= facts.goal_year)
    found = breaches(is_idle & planned & ~_flagged(_idle(now, facts), evidence), idle)
    yield "rooms_idle_ahead", stage_rows(found, cubes, measured=found.of(idle), limit=found.of(cubes.rooms))


def _flagged(flag: pd.Series, evidence: Evidence) -> Flags:
    """Return a flag of the base year's stages as an array [school, stage, 1] over the schools of the scenario."""
    now = evidence.facts.rooms[flag]
    flags = np.zeros((len(evidence.cubes.school_ids), len(STAGES), 1), dtype=bool)
    school = pd.Index(evidence.cubes.school_ids).get_indexer(pd.Index(now["school_id"].to_numpy(object)))
    stage = (now["stage"] == STAGES[1]).to_numpy(np.int64)
    flags[school[school >= 0], stage[school >= 0]] = True
    return flags


def _idle(table: pd.DataFrame, facts: Facts) -> pd.Series:
    """Return whether many rooms are beyond those the norm needs."""
    share = facts.norms.value("rooms.idle_share")
    return (table["idle"] >= _LEAST_IDLE) & (table["idle"] >= share * table["rooms"])


def _rows(table: pd.DataFrame, facts: Facts, *, measured: str, limit: str) -> pd.DataFrame:
    return table.assign(
        subject=table["school_id"] + "/" + table["stage"], year=facts.base_year, measured=table[measured],
        limit=table[limit].fillna(0.0), stage_name=stage_words(table["stage"]),
    )  # fmt: skip
