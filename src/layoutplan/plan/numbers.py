"""The numbers a batch keeps of a scenario: what they say is held once for all scenarios that have the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats

HEADS = ("indicator", "year", "unit")


@dataclass(frozen=True)
class Heads:
    """What numbers say, in their order.

    Parameters
    ----------
    indicator : tuple of str
        Indicators.
    year : tuple of int
        School years.
    unit : tuple of str
        Units.
    """

    indicator: tuple[str, ...]
    year: tuple[int, ...]
    unit: tuple[str, ...]

    def each(self) -> list[tuple[str, int, str]]:
        """Return indicator, year and unit of each number."""
        return list(zip(self.indicator, self.year, self.unit, strict=True))


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers of the whole county.

    Parameters
    ----------
    heads : Heads
        What each says.
    values : float64 [number]
        In the units of the heads.
    """

    heads: Heads
    values: Floats

    @cached_property
    def frame(self) -> pd.DataFrame:
        """``indicator, year, value, unit``."""
        columns = {"indicator": self.heads.indicator, "year": np.array(self.heads.year, dtype=np.int64)}
        return pd.DataFrame({**columns, "value": self.values, "unit": self.heads.unit})


def read_numbers(frame: pd.DataFrame) -> Numbers:
    """Return the numbers of a table with ``indicator, year, value, unit``."""
    heads = (tuple(frame[name].tolist()) for name in HEADS)
    return Numbers(Heads(*heads), frame["value"].to_numpy(np.float64))
