"""The five numbers a planner looks at first, in the base year and in the goal year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from layoutplan.plan.planning import PlanResult

# A class of 66 or more is a large class too, so the headline adds the two bands.
HEADLINES = {
    "large_classes": ("classes_large", "classes_extra_large"),
    "over_size": ("schools_over_size",),
    "seat_gap_primary": ("seat_gap_primary",),
    "seat_gap_junior": ("seat_gap_junior",),
    "shell_candidates": ("shell_candidates",),
    "over_limit": ("pupils_over_limit",),
}


@dataclass(frozen=True)
class Headline:
    """One indicator over the years.

    Parameters
    ----------
    key : str
        One of :data:`HEADLINES`.
    unit : str
        Unit of the values.
    values : mapping of int to float
        By year; a year that the indicator is not worked out for is absent.
    """

    key: str
    unit: str
    values: dict[int, float]


def headlines(result: PlanResult) -> tuple[Headline, ...]:
    """Return the headline indicators of a plan.

    Parameters
    ----------
    result : PlanResult
        Plan worked out.

    Returns
    -------
    tuple of Headline
        In the order of :data:`HEADLINES`.
    """
    return tuple(_add_up(result.indicators, key, parts) for key, parts in HEADLINES.items())


def _add_up(indicators: pd.DataFrame, key: str, parts: tuple[str, ...]) -> Headline:
    mine = indicators[indicators["indicator"].isin(parts)]
    values = mine.groupby("year")["value"].sum(min_count=len(parts)).dropna()
    return Headline(
        key, str(mine["unit"].iloc[0]), dict(zip(values.index.astype(int).tolist(), values.tolist(), strict=True))
    )
