"""Enrolment of every school and grade, year after year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Enrolment:
    """Pupils of every school.

    Parameters
    ----------
    frame : DataFrame
        ``year, school_id, grade`` (key, sorted), ``stage``, ``pupils`` [person], ``classes``,
        ``class_size`` [person/class], ``p10``, ``p90``, ``basis`` (``observed`` or ``projected``).
    """

    frame: pd.DataFrame
