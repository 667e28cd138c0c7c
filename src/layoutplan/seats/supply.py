"""The seats that schools have in every year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.county.tables import STAGES
from layoutplan.norms import Norms
from layoutplan.seats.roster import Roster, state_by_year
from layoutplan.seats.standing import ALWAYS, STAGE_ORDER


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
    horizon, stages = np.array(list(years)), STAGE_ORDER
    room, seat, opened = seat_arrays(roster, norms=norms, years=horizon)
    listed = np.zeros((len(stages), len(roster.ids)), dtype=bool)
    for school_id, stage in roster.stages_of:
        listed[stages.index(stage), roster.row(school_id)] = True
    beds = state_by_year(roster, "boarding_beds", horizon)
    year, number, school = np.nonzero(np.broadcast_to(listed, seat.shape))
    frame = {
        "year": horizon[year], "stage": pd.array(stages, dtype="str").take(number),
        "school_id": roster.schools["school_id"].array.take(school), "open": opened[year, school],
        "rooms": room[year, number, school], "seats": seat[year, number, school],
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
    # A conversion changes what is taught, not when a school is open.
    spans, turns = roster.spans_in(ALWAYS), roster.turns
    opened = (spans.opens <= years[:, None]) & (years[:, None] < spans.closes)
    code, kinds = pd.factorize(np.array([*roster.kinds, *(turn.kind for turn in turns)], dtype=object))
    kind = np.tile(code[: len(code) - len(turns)], (len(years), 1))
    for turn, after in zip(turns, code[len(code) - len(turns) :], strict=True):
        kind[years >= turn.from_year, roster.row(turn.school_id)] = after
    worth = np.array([[class_limit(kind, stage, norms) for stage in STAGE_ORDER] for kind in kinds])
    in_use = roster.rooms_by_year(years) * opened[:, None]
    return in_use, in_use * worth[kind].transpose(0, 2, 1), opened


def rooms_cube(supply: Supply, school_ids: pd.Index, years: Ints) -> Floats:
    """Return the rooms in use, missing where a school has none of the stage on record (float [year, school, stage])."""
    frame = supply.frame[supply.frame["year"].isin(years)]
    cube = np.full((len(years), len(school_ids), len(STAGES)), np.nan)
    school = school_ids.get_indexer(pd.Index(frame["school_id"]))
    year = np.searchsorted(years, frame["year"].to_numpy(np.int64))
    stage = (frame["stage"] == STAGES[1]).to_numpy(np.int64)
    cube[year, school, stage] = frame["rooms"].to_numpy(float)
    return cube
