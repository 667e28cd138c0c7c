"""What a planner assumes about the years to come, and the rule that gives pupils a school."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from layoutplan.access.network import Mode


class Value(BaseModel):
    """A frozen value that refuses unknown keys and wrong types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Outlook(Value):
    """How the world goes on.

    Parameters
    ----------
    births_change : float
        Yearly change of births after the last year known, as a share: -0.03 is 3 % fewer each year.
    """

    births_change: float = Field(default=0.0, ge=-0.3, le=0.3)


class Policy(Value):
    """The rule by which pupils are given a school, and how they travel there.

    Parameters
    ----------
    assignment : {"nearest"}
        ``nearest``: the open school of the grade with the shortest way; ties to the smaller id.
    mode : {"walk", "drive"}
        How ways are measured.
    """

    assignment: Literal["nearest"] = "nearest"
    mode: Mode = "walk"
