"""What is known of the way from primary to junior schools, as tables to be shown: the matrix, intakes, who boards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_STAGE
from layoutplan.seats.feeder import FIRST_JUNIOR, LAST_PRIMARY, Feeder, feeding_in, shares_in
from layoutplan.seats.progression import over
from layoutplan.seats.roster import Roster, teaches


@dataclass(frozen=True, eq=False)
class FeederTables:
    """What the county knows of the way from primary to junior schools, to be shown.

    Parameters
    ----------
    matrix : DataFrame
        ``primary_id, junior_id`` (key, sorted), ``minutes`` [min], ``prior`` (share by rooms and distance alone),
        ``share`` (missing where the county has no history), ``basis`` (``history``, or ``prior`` where the junior
        school has no intake in the past).
    juniors : DataFrame
        ``school_id`` (key, sorted), ``intake`` [person], ``pull``, ``beyond_reach`` (part of its intake from
        schools beyond the daily limit or without a way on the network), ``boarders`` and ``pupils`` of grades 7-9
        [person] and their quotient ``boarding_share``; missing stays missing.
    boarding : DataFrame
        ``school_id, grade`` (key, sorted), ``pupils``, ``boarders`` [person], ``boarding_share``: missing where
        a class of the grade does not say.
    limit_min : float
        Daily limit that ``beyond_reach`` is counted by [min one way].
    grade_7_per_6 : float
        Grade 7 of the county over grade 6 a year earlier.
    """

    matrix: pd.DataFrame
    juniors: pd.DataFrame
    boarding: pd.DataFrame
    limit_min: float
    grade_7_per_6: float


def feeder_tables(feeder: Feeder, county: County, roster: Roster, *, year: int, limit_min: float) -> FeederTables:
    """Return the matrix of a year and the boarding shares of the base year.

    Parameters
    ----------
    feeder : Feeder
        What was learnt.
    county : County
        Its classes.
    roster : Roster
        Schools and the years they are open.
    year : int
        Year of entry into grade 7.
    limit_min : float
        Daily limit [min one way].
    """
    ids = roster.schools["school_id"].to_numpy(str)
    usual = np.ones(len(ids))
    known = not np.isnan(feeder.grade_7_per_6)
    prior, _ = shares_in(feeder, roster, year, usual)
    share = feeding_in(feeder, roster, year).share if known else np.full_like(prior, np.nan)
    row, column = np.nonzero(prior * teaches(roster, LAST_PRIMARY, year)[:, None])
    has_past = ~np.isnan(feeder.pull)
    cells = {"minutes": feeder.minutes, "prior": prior, "share": share}
    matrix = pd.DataFrame(
        {"primary_id": ids[row], "junior_id": ids[column]}
        | {name: values[row, column] for name, values in cells.items()}
        | {"basis": np.where(has_past[column], "history", "prior")}
    )
    boarding = boarding_shares(county)
    takes = np.flatnonzero(teaches(roster, FIRST_JUNIOR, year))
    juniors = pd.DataFrame(
        {
            "school_id": ids[takes],
            "intake": feeder.intake[takes],
            "pull": feeder.pull[takes],
            "beyond_reach": _beyond(feeder, share, limit_min)[takes],
        }
    )
    return FeederTables(matrix, _with_boarders(juniors, boarding), boarding, limit_min, feeder.grade_7_per_6)


def _beyond(feeder: Feeder, share: Floats, limit_min: float) -> Floats:
    """Return the part of each school's intake that comes from beyond a limit; NaN where unknown (float [school])."""
    flow = share * np.nan_to_num(feeder.sixth)[:, None]
    # A receiver of merged pupils may have no way of its own from where they come: that is beyond reach.
    far = ~(feeder.minutes <= limit_min)
    total = flow.sum(axis=0)
    return np.where(total > 0, over((flow * far).sum(axis=0), total), np.nan)


def boarding_shares(county: County) -> pd.DataFrame:
    """Return boarders and pupils of every school and grade of the junior stage in the base year.

    Examples
    --------
    Of two classes one does not say: how many board is unknown, not the number of the other.

    >>> from types import SimpleNamespace
    >>> rows = [("j", 7, 50, 20), ("j", 7, 50, None), ("j", 8, 40, 30)]
    >>> classes = pd.DataFrame(rows, columns=["school_id", "grade", "pupils", "boarders"])
    >>> boarding_shares(SimpleNamespace(classes=classes))["boarding_share"].tolist()
    [nan, 0.75]
    """
    rows = county.classes[county.classes["grade"].isin(GRADES_OF_STAGE["junior"])]
    rows = rows[["school_id", "grade"]].assign(
        pupils=rows["pupils"].astype(float), boarders=pd.to_numeric(rows["boarders"]).astype("Float64").astype(float)
    )
    return _shares_of(rows, ["school_id", "grade"])


def _shares_of(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Add pupils and boarders up; boarders are missing where any row does not say."""
    grouped = rows.assign(silent=rows["boarders"].isna()).groupby(keys, as_index=False)
    total = grouped.agg(pupils=("pupils", "sum"), boarders=("boarders", "sum"), silent=("silent", "any"))
    boarders = total["boarders"].mask(total["silent"])
    share = boarders / total["pupils"].where(total["pupils"] > 0)
    return total.drop(columns="silent").assign(boarders=boarders, boarding_share=share)


def _with_boarders(juniors: pd.DataFrame, boarding: pd.DataFrame) -> pd.DataFrame:
    """Add the boarders of all junior grades to the table of junior schools."""
    total = _shares_of(boarding[["school_id", "pupils", "boarders"]], ["school_id"])
    return juniors.merge(total[["school_id", "boarders", "pupils", "boarding_share"]], on="school_id", how="left")
