"""What a planner assumes about the years to come, and the rule that gives pupils a school."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from layoutplan.access.network import Mode
from layoutplan.access.seasons import Season
from layoutplan.county.tables import GRADES, STAGE_OF_GRADE
from layoutplan.errors import InvisibleTextError, is_visible

Means = Literal["walk", "drive", "boarding"]
_Grade = Annotated[int, Field(ge=1, le=9)]
_Places = Annotated[tuple[str, ...], Field(min_length=2, strict=False)]


class Value(BaseModel):
    """A frozen value that refuses unknown keys, wrong types, and texts with control characters.

    Only a ``note`` may have several lines.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @field_validator("*")
    @classmethod
    def _is_text(cls, value: object, told: ValidationInfo) -> object:
        texts = [part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, str)]
        if not all(is_visible(text, lines=told.field_name == "note") for text in texts):
            raise InvisibleTextError
        return value


class Outlook(Value):
    """How the world goes on.

    Parameters
    ----------
    births_change : float
        Yearly change of births after the last year known, as a share: -0.03 is 3 % fewer each year.
    entry_ratio : {"young_children", "calibrated"}
        How births become pupils. ``young_children``: as many a birth as there are young residents a birth
        in the place today. ``calibrated``: corrected by what the county's own entries to grade 1 were a
        birth, so that deaths and moves up to the age of entry are in it.
    survival : float
        Share of a cohort that is still alive a year later.
    migration : {"none", "measured"}
        ``measured``: every cohort grows or shrinks each year as the register of its township shows.
    housing : {"cohort", "seats_per_thousand"}
        What the people of new dwellings (``completions``) need: seats for the children that such people
        have in this county, or a fixed number in a thousand residents (``seats_per_thousand.housing``).
    children : {"register", "reconciled"}
        ``reconciled``: the children of a township are scaled to the number chosen by the reconciliation
        of register, enrolment and field count.
    """

    births_change: float = Field(default=0.0, ge=-0.3, le=0.3)
    entry_ratio: Literal["young_children", "calibrated"] = "young_children"
    survival: float = Field(default=1.0, ge=0.9, le=1.0)
    migration: Literal["none", "measured"] = "none"
    housing: Literal["cohort", "seats_per_thousand"] = "cohort"
    children: Literal["register", "reconciled"] = "register"


class Lock(Value):
    """Places whose pupils stay with one school.

    Parameters
    ----------
    school_id : str
        The school.
    place_ids : tuple of str
        The places.
    stage : {"primary", "junior"}, optional
        Stage it holds for; without it, for every grade the school teaches.
    grades : tuple of int, optional
        Single grades it holds for, 1 to 9; without them, for all of the stage.
    """

    school_id: str = Field(min_length=1)
    place_ids: tuple[str, ...] = Field(min_length=1, strict=False)
    stage: Literal["primary", "junior"] | None = None
    grades: Annotated[tuple[_Grade, ...], Field(strict=False)] = ()

    @property
    def holds_for(self) -> tuple[int, ...]:
        """The grades it holds for, sorted; empty where stage and grades exclude each other.

        Examples
        --------
        >>> Lock(school_id="a", place_ids=("p",), stage="primary", grades=(6, 4)).holds_for
        (4, 6)
        """
        wanted = self.grades or GRADES
        return tuple(g for g in GRADES if g in wanted and self.stage in (None, STAGE_OF_GRADE[g]))


class Policy(Value):
    """The rule by which pupils are given a school, and how they travel there.

    Parameters
    ----------
    assignment : {"nearest", "zoned", "capacity"}
        ``nearest``: the open school of the grade with the shortest way; ties to the smaller id.
        ``zoned``: the school in whose attendance zone a place lies; where it does not teach the grade,
        the nearest that does. ``capacity``: no school beyond its seats; as few pupils as possible
        without a seat, then the shortest ways of all together.
    unzoned : {"refuse", "nearest"}
        With ``zoned``: whether places outside every zone are a fault or go to the nearest school.
    shared_zones : {"nearest", "lot"}
        With ``zoned``: how those who live in zones of several schools are given one. ``nearest``: the nearest with
        seats left, all their ways together shortest; ``lot``: by lot, in shares of the seats left.
    villages : {"split", "whole"}
        With ``capacity``: whether pupils of one place may go to different schools in a grade.
    within_limits : bool
        With ``capacity``: whether nobody is sent farther than the limit of the grade.
    boundary : {"none", "township", "zone"}
        With ``capacity``: which line nobody is sent across.
    together : tuple of tuple of str
        With ``capacity``: places whose pupils go to the same schools.
    together_within_m : float, optional
        With ``capacity``: places no farther apart than this by road, or joined by such steps, go to the same
        schools as well [m]; not across the boundary, and places that are locked are left out.
    contiguous : bool
        With ``capacity`` and whole villages: whether every catchment hangs together over neighbours, places
        whose ground meets on the roads.
    locks : tuple of Lock
        With ``capacity``: places that stay with a school, whatever else holds.
    phase_in : {"entry_grades", "at_once"}
        How a new school fills: year by year from its entry grades, or in its first year in all grades with
        the pupils who live nearest to it.
    enrolment : {"rolled", "residence"}
        ``rolled``: pupils stay with their school and move up. ``residence``: every school has the pupils whom
        the assignment gives it, as if all moved at once.
    junior_entry : {"residence", "feeder"}
        Who enters grade 7 of a junior school. ``residence``: whom the assignment gives it. ``feeder``: its shares
        of the pupils who finish grade 6 in each primary school, learnt from past intakes. Enrolment follows,
        and what is read off it; the assignment, and the gaps of seats that rest on it, stay by residence.
    mode : {"walk", "drive"}
        How ways are measured where a group says nothing else, and how boarders travel.
    season : {"dry", "rain", "snow"}
        Which weather the ways are measured for.
    grades_1_3, grades_4_6, grades_7_9 : {"walk", "drive", "boarding"}, optional
        How these grades travel: on foot or by bus every day, or once a week as boarders; grades 1-3
        do not board. Grades 1-3 are always held to their limit of minutes; the others only where this
        is stated, since no national text gives them one.
    """

    assignment: Literal["nearest", "zoned", "capacity"] = "nearest"
    unzoned: Literal["refuse", "nearest"] = "refuse"
    shared_zones: Literal["nearest", "lot"] = "nearest"
    villages: Literal["split", "whole"] = "split"
    within_limits: bool = False
    boundary: Literal["none", "township", "zone"] = "none"
    together: tuple[_Places, ...] = Field(default=(), strict=False)
    together_within_m: float | None = Field(default=None, gt=0, le=10_000)
    contiguous: bool = False
    locks: tuple[Lock, ...] = Field(default=(), strict=False)
    phase_in: Literal["entry_grades", "at_once"] = "entry_grades"
    enrolment: Literal["rolled", "residence"] = "rolled"
    junior_entry: Literal["residence", "feeder"] = "residence"
    mode: Mode = "walk"
    season: Season = "dry"
    grades_1_3: Mode | None = None
    grades_4_6: Means | None = None
    grades_7_9: Means | None = None
