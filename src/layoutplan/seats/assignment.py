"""Which school every place's pupils are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Assignment:
    """Pupils from places to schools; flows and unplaced add up to the demand.

    Parameters
    ----------
    flows : DataFrame
        ``year, grade, place_id, school_id`` (key, sorted), ``stage``, ``pupils`` [person],
        ``minutes``, ``metres`` (one way).
    unplaced : DataFrame
        ``year, grade, place_id`` (key, sorted), ``stage``, ``pupils``, ``reason``
        (``off_network``, ``island``, ``one_way``, ``no_school``).
    """

    flows: pd.DataFrame
    unplaced: pd.DataFrame
