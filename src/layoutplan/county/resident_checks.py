"""Check the tables that say who lives where: dated households, age groups, new dwellings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from layoutplan.county.contracts import rows_of
from layoutplan.county.tables import TABLES
from layoutplan.errors import Problem

GROUP_YEARS = 5
# First ages of the groups that hold the ages 0-15.
_NEEDED_GROUPS = (0, 5, 10, 15)


def check_residents(frames: Mapping[str, pd.DataFrame], *, base_year: int) -> list[Problem]:
    """Return what is wrong in the tables of residents taken together.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Layers that could be read, typed, every row kept; the index is the row number.
    base_year : int
        School year of the classes; what is dated later is expected, not observed.
    """
    return [
        *_move_in_says_something(frames),
        *_known_destinations(frames),
        *_group_widths(frames),
        *_groups_complete(frames),
        *_housing_once(frames, base_year),
    ]


def _move_in_says_something(frames: Mapping[str, pd.DataFrame]) -> list[Problem]:
    if "move_in" not in frames:
        return []
    frame = frames["move_in"]
    empty = (frame["households"].isna() & frame["planned"].isna()).to_numpy(dtype=bool)
    return rows_of(frame, TABLES["move_in"]).problems("move_in_empty", empty, field="households")


def _known_destinations(frames: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Name households that are said to have left for the place they already live in."""
    if "move_in" not in frames:
        return []
    frame = frames["move_in"]
    same = (frame["to_place_id"] == frame["place_id"]).fillna(False).to_numpy(dtype=bool)
    return rows_of(frame, TABLES["move_in"]).problems("destination_itself", same, field="to_place_id")


def _group_widths(frames: Mapping[str, pd.DataFrame]) -> list[Problem]:
    if "age_groups" not in frames:
        return []
    frame = frames["age_groups"]
    odd = (frame["age_from"] % GROUP_YEARS != 0).fillna(False).to_numpy(dtype=bool)
    return rows_of(frame, TABLES["age_groups"]).problems(
        "age_group_width", odd, field="age_from", shown=frame["age_from"].tolist()
    )


def _groups_complete(frames: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Name areas that lack a group of the school ages; a gap is not a group without people."""
    if "age_groups" not in frames:
        return []
    frame = frames["age_groups"].dropna(subset=["area_id", "age_from"])
    problems = []
    for area_id, ages in frame.groupby("area_id")["age_from"]:
        lacking = sorted(set(_NEEDED_GROUPS) - set(ages))
        if lacking:
            groups = ", ".join(f"{age}-{age + GROUP_YEARS - 1}" for age in lacking)
            values = {"id": area_id, "groups": groups}
            problems.append(Problem("age_group_missing", "age_groups", str(area_id), "age_from", values))
    return problems


def _housing_once(frames: Mapping[str, pd.DataFrame], base_year: int) -> list[Problem]:
    """Name new dwellings of places whose later households are dated as well: they would count twice."""
    if not {"completions", "move_in"} <= set(frames):
        return []
    dated = frames["move_in"]
    later = set(dated.loc[(dated["year"] > base_year).fillna(False), "place_id"].dropna())
    frame = frames["completions"]
    twice = (frame["place_id"].isin(later) & (frame["year"] > base_year).fillna(False)).to_numpy(dtype=np.bool_)
    return rows_of(frame, TABLES["completions"]).problems(
        "housing_twice", twice, field="place_id", shown=frame["place_id"].tolist()
    )
