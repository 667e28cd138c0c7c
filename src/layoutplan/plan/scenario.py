"""Scenarios: outlook, policy and actions of a plan, as checked values that read and write TOML."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from layoutplan.county.tables import ROAD_CLASSES, SURFACES
from layoutplan.errors import Problem, ScenarioError
from layoutplan.faults import causes, is_invisible, path_of, reason_of, refusing
from layoutplan.files import write_whole
from layoutplan.seats.settings import Outlook, Policy, Value

LAST_YEAR = 2035


class OpenSchool(Value):
    """A new school that opens on 1 September of ``year`` and fills by its entry grades."""

    kind: Literal["open_school"] = "open_school"
    year: int = Field(ge=2000, le=2100)
    school_id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    school_kind: Literal["primary", "junior", "nine_year"]
    setting: Literal["county_town", "town", "village"]
    east_m: float
    north_m: float
    primary_rooms: int = Field(default=0, ge=0, le=200)
    junior_rooms: int = Field(default=0, ge=0, le=200)


class CloseSchool(Value):
    """A school that closes on 1 September of ``year``; its pupils move together."""

    kind: Literal["close_school"] = "close_school"
    year: int = Field(ge=2000, le=2100)
    school_id: str = Field(min_length=1)


class AddRooms(Value):
    """Rooms added to a stage of a school from 1 September of ``year``; negative takes rooms away.

    ``existing`` is the number of rooms the planner saw; if it is given and no longer true, the
    action is refused.
    """

    kind: Literal["add_rooms"] = "add_rooms"
    year: int = Field(ge=2000, le=2100)
    school_id: str = Field(min_length=1)
    stage: Literal["primary", "junior"]
    rooms: int = Field(ge=-200, le=200)
    existing: int | None = Field(default=None, ge=0)


def _as_tuple(value: Any) -> Any:
    """Take the lists of a TOML file for the tuples of a frozen value."""
    return tuple(_as_tuple(part) for part in value) if isinstance(value, list) else value


def _one_of(choices: tuple[str, ...]) -> AfterValidator:
    def check(value: str | None) -> str | None:
        if value is not None and value not in choices:
            raise ValueError(", ".join(choices))
        return value

    return AfterValidator(check)


class MergeSchools(Value):
    """Schools that close on 1 September of ``year`` and whose pupils move together to the school ``into``."""

    kind: Literal["merge_schools"] = "merge_schools"
    year: int = Field(ge=2000, le=2100)
    school_ids: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = Field(min_length=1)
    into: str = Field(min_length=1)


class ConvertSchool(Value):
    """A school that is of another kind from 1 September of ``year``.

    Grades are those of the kind; a teaching point says its highest grade in ``grade_to``. A stage taught before
    and after keeps its rooms unless they are given, one that is new needs them, one that ends loses them.
    ``existing`` is the kind the planner saw.
    """

    kind: Literal["convert_school"] = "convert_school"
    year: int = Field(ge=2000, le=2100)
    school_id: str = Field(min_length=1)
    school_kind: Literal["teaching_point", "primary", "junior", "nine_year"]
    grade_to: int | None = Field(default=None, ge=1, le=6)
    primary_rooms: int | None = Field(default=None, ge=0, le=200)
    junior_rooms: int | None = Field(default=None, ge=0, le=200)
    existing: str | None = None


class SetBoarding(Value):
    """Beds of a school from 1 September of ``year``; ``existing`` is the number the planner saw."""

    kind: Literal["set_boarding"] = "set_boarding"
    year: int = Field(ge=2000, le=2100)
    school_id: str = Field(min_length=1)
    beds: int = Field(ge=0, le=5000)
    existing: int | None = Field(default=None, ge=0)


class MoveIn(Value):
    """Households of a place from ``year`` on, until a later date says otherwise; fewer than before move away.

    A resettlement site takes its households from the place they come from, an estate from outside the county;
    those who leave go ``to_place_id``, or out of the county. ``existing`` is the number the planner saw.
    """

    kind: Literal["move_in"] = "move_in"
    year: int = Field(ge=2000, le=2100)
    place_id: str = Field(min_length=1)
    households: int = Field(ge=0, le=100_000)
    to_place_id: str | None = None
    existing: int | None = Field(default=None, ge=0)


class RunBus(Value):
    """School buses that bring some grades of some places to a school from 1 September of ``year``.

    Whoever walks beyond the limit to that school and rides within that of the bus takes it, even where another school
    is nearer, while seats last: the youngest first, then the farthest. ``seats`` are those of one run, ``runs`` how
    often a morning it is made; 0 runs end the bus. What an earlier action said of the same school no longer counts.
    ``existing`` is the number of seats, all runs together, that the planner saw.
    """

    kind: Literal["run_bus"] = "run_bus"
    year: int = Field(ge=2000, le=2100)
    school_id: str = Field(min_length=1)
    place_ids: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ()
    grades: Annotated[tuple[Annotated[int, Field(ge=1, le=9)], ...], BeforeValidator(_as_tuple)] = ()
    seats: int = Field(default=0, ge=0, le=200)
    runs: int = Field(default=1, ge=0, le=50)
    existing: int | None = Field(default=None, ge=0)


_Line = Annotated[tuple[tuple[float, float], ...], BeforeValidator(_as_tuple), Field(min_length=2)]


class BuildRoad(Value):
    """A road that is open from 1 September of ``year``; ways are measured anew from then on.

    ``line`` holds its vertices (east, north) in the county's CRS [m]. An end joins the road it comes within
    ``network.join_tolerance_m`` of; crossings are joined where the county's roads are.
    """

    kind: Literal["build_road"] = "build_road"
    year: int = Field(ge=2000, le=2100)
    road_id: str = Field(min_length=1)
    road_class: Annotated[str, _one_of(ROAD_CLASSES)]
    line: _Line
    surface: Annotated[str | None, _one_of(SURFACES)] = None
    drive_kmh: float | None = Field(default=None, ge=1, le=130)
    oneway: bool = False


_ACTIONS = (OpenSchool, CloseSchool, MergeSchools, AddRooms, ConvertSchool, SetBoarding, MoveIn, RunBus, BuildRoad)
_KINDS = tuple(action.model_fields["kind"].default for action in _ACTIONS)
Action = Annotated[
    OpenSchool | CloseSchool | MergeSchools | AddRooms | ConvertSchool | SetBoarding | MoveIn | RunBus | BuildRoad,
    Field(discriminator="kind"),
]


class Scenario(Value):
    """A plan to work out: equal content is the same scenario, whatever it is called.

    Examples
    --------
    >>> Scenario(name="a").fingerprint == Scenario(name="b", note="same content").fingerprint
    True
    """

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


def load_scenario(path: Path | str) -> Scenario:
    """Read a scenario from TOML.

    Raises
    ------
    ScenarioError
        The file cannot be read, or a key is unknown, missing or of the wrong type; all at once.
    """
    path = Path(path)
    return parse_scenario(read_content(path), source=path.name)


def read_content(path: Path) -> str:
    """Return the text of a file that a planner wrote.

    Raises
    ------
    ScenarioError
        The file cannot be read.
    """
    with refusing(ScenarioError, source=path.name):
        return path.read_text("utf-8-sig")  # Windows puts a mark in front


def parse_tree(content: str, *, source: str) -> dict[str, Any]:
    """Return the tables of TOML text; ``source`` names it in messages.

    Raises
    ------
    ScenarioError
        The text is no TOML.
    """
    with refusing(ScenarioError, source=source):
        return tomllib.loads(content)


def parse_scenario(content: str, *, source: str) -> Scenario:
    """Read a scenario from TOML text; ``source`` names it in messages."""
    return validate_scenario(parse_tree(content, source=source), source=source)


def validate_scenario(tree: Mapping[str, Any], *, source: str) -> Scenario:
    """Read a scenario from the tables of TOML text; ``source`` names it in messages."""
    tree = dict(tree)
    if isinstance(tree.get("actions"), list):
        tree["actions"] = tuple(tree["actions"])
    try:
        return Scenario.model_validate(tree)
    except ValidationError as fault:
        raise ScenarioError([_problem(error, source) for error in causes(fault.errors())]) from fault


_CODES = {"extra_forbidden": "scenario_key_unknown", "missing": "scenario_key_missing"}


def _problem(error: Any, source: str) -> Problem:
    keys = [key for key in path_of(error) if key not in _KINDS]
    if error["type"].startswith("union_tag"):
        keys.append("kind")
    code = "text_invisible" if is_invisible(error) else _CODES.get(error["type"], "scenario_key_invalid")
    values = {"reason": reason_of(error), "value": repr(error["input"])[:80]}
    return Problem(code, source, ".".join(keys[:-1]), keys[-1] if keys else "", values)


def dump_scenario(scenario: Scenario) -> str:
    """Return a scenario as TOML text; reading it back gives an equal scenario."""
    return tomli_w.dumps(scenario.model_dump(mode="json", exclude_none=True))


def save_scenario(scenario: Scenario, path: Path | str) -> None:
    """Write a scenario as TOML, first under a temporary name so that a broken write loses nothing."""
    with write_whole(Path(path)) as draft:
        draft.write_text(dump_scenario(scenario), "utf-8")
