"""Children of every place, grade and year: cohorts move up, births enter, residents move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Demand:
    """Resident children who need a seat.

    Parameters
    ----------
    frame : DataFrame
        ``year, grade, place_id`` (key, sorted), ``pupils, p10, p90`` [person], ``basis``
        (``residents`` or ``births``).
    """

    frame: pd.DataFrame
