"""Scenarios: outlook, policy and actions of a plan, as checked values that read and write TOML."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from layoutplan.access.network import Mode

LAST_YEAR = 2035


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Outlook(_Value):
    """How the world goes on.

    Parameters
    ----------
    births_change : float
        Yearly change of births after the last year known, as a share: -0.03 is 3 % fewer each year.
    """

    births_change: float = Field(default=0.0, ge=-0.3, le=0.3)


class Policy(_Value):
    """The rule by which pupils are given a school."""

    assignment: Literal["nearest"] = "nearest"
    mode: Mode = "walk"


class OpenSchool(_Value):
    """A new school that opens on 1 September of ``year`` and fills by its entry grade."""

    kind: Literal["open_school"]
    year: int = Field(ge=2000, le=2100)
    school_id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    school_kind: Literal["teaching_point", "primary", "junior", "nine_year"]
    setting: Literal["county_town", "town", "village"]
    east_m: float
    north_m: float
    primary_rooms: int = Field(default=0, ge=0, le=200)
    junior_rooms: int = Field(default=0, ge=0, le=200)


class CloseSchool(_Value):
    """A school that is closed on 1 September of ``year``; its pupils move together."""

    kind: Literal["close_school"]
    year: int = Field(ge=2000, le=2100)
    school_id: str = Field(min_length=1)


class AddRooms(_Value):
    """Rooms added to one stage of a school; negative takes rooms away."""

    kind: Literal["add_rooms"]
    year: int = Field(ge=2000, le=2100)
    school_id: str = Field(min_length=1)
    stage: Literal["primary", "junior"]
    rooms: int = Field(ge=-200, le=200)
    existing: int | None = Field(default=None, ge=0)


Action = Annotated[OpenSchool | CloseSchool | AddRooms, Field(discriminator="kind")]


class Scenario(_Value):
    """A plan to work out: equal content is the same scenario, whatever it is called."""

    name: str = Field(min_length=1)
    note: str = ""
    last_year: int = Field(default=LAST_YEAR, ge=2000, le=2100)
    outlook: Outlook = Outlook()
    policy: Policy = Policy()
    actions: tuple[Action, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Hash of everything but the name and the note."""
        content: dict[str, Any] = self.model_dump(mode="json", exclude={"name", "note"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
