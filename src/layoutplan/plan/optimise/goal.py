"""What a planner wants of a layout: periods, money, rooms and posts, what may be done, what must and must not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from layoutplan.errors import Problem, ScenarioError
from layoutplan.faults import causes, is_invisible, path_of, reason_of
from layoutplan.plan.scenario import parse_tree, read_content
from layoutplan.seats.settings import Outlook, Policy, Value

Deed = Literal["open", "expand", "merge", "close", "convert"]
NewKind = Literal["primary", "junior", "nine_year"]
_Ids = Annotated[tuple[str, ...], Field(strict=False)]
_Rooms = Annotated[tuple[Annotated[int, Field(ge=1, le=200)], ...], Field(strict=False)]
_Year = Annotated[int, Field(ge=2000, le=2100)]
# A policy that the search does not follow would give a scenario that was searched for under another rule.
_FOLLOWED = ("within_limits", "mode", "season", "grades_1_3", "grades_4_6", "grades_7_9", "phase_in", "enrolment",
             "junior_entry", "assignment")  # fmt: skip


class Weights(Value):
    """What counts how much, in pupil-minutes one way on a school day, a mean over the years.

    Parameters
    ----------
    minutes : float
        Every minute of a pupil.
    envy : float
        Every minute beyond the limit of the pupil's grade, on top; grades that no limit binds are measured by the
        guide of the norms.
    over_limit : float
        Every pupil beyond it [min].
    million_yuan : float
        A million yuan: it is spent where it saves as many pupil-minutes a day.
    site : float
        Every school that is opened.
    school : float
        Every school that stands, in every year: what running one costs beside its pupils.
    """

    minutes: float = Field(default=1.0, ge=0.0)
    envy: float = Field(default=1.0, ge=0.0)
    over_limit: float = Field(default=0.0, ge=0.0)
    million_yuan: float = Field(default=50.0, ge=0.0)
    site: float = Field(default=0.0, ge=0.0)
    school: float = Field(default=0.0, ge=0.0)


class YearBudget(Value):
    """What may be spent in the period that begins in a year."""

    year: _Year
    yuan: float | None = Field(default=None, ge=0.0)
    rooms: int | None = Field(default=None, ge=0)
    posts: float | None = Field(default=None, ge=0.0)
    new_schools: int | None = Field(default=None, ge=0)


class Budget(Value):
    """What may be spent in all periods together; what is not said does not bind.

    Parameters
    ----------
    yuan : float, optional
        Of the rooms that are built [yuan].
    rooms : int, optional
        Rooms added and built [room].
    posts : float, optional
        Posts that their seats need, by the staffing ratio [post].
    new_schools : int, optional
        Schools opened.
    room_yuan : float, optional
        Price of a room [yuan/room]; by default that of the norms.
    years : tuple of YearBudget
        Limits of single periods.
    """

    yuan: float | None = Field(default=None, ge=0.0)
    rooms: int | None = Field(default=None, ge=0)
    posts: float | None = Field(default=None, ge=0.0)
    new_schools: int | None = Field(default=None, ge=0)
    room_yuan: float | None = Field(default=None, ge=0.0)
    years: Annotated[tuple[YearBudget, ...], Field(strict=False)] = ()


class Point(Value):
    """A place where a school may be built, in the county's CRS; ``rooms`` replaces the sizes of ``open``."""

    site_id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    east_m: float
    north_m: float
    rooms: _Rooms | None = None


class Candidates(Value):
    """Where schools may be built.

    Parameters
    ----------
    source : {"points", "parcels", "places", "grid"}
        ``points``: those given. ``parcels``: the largest of the county's layer of parcels. ``places``: beside the
        places with the most pupils. ``grid``: where people live next to the middle of the squares of ``spacing_m``
        with the most pupils. Ground that the masks bar (slope, unsuitable land, no road) is left out and named.
    most : int
        How many at most; the search is exact among them.
    spacing_m : float
        Side of a square [m].
    points : tuple of Point
        Given ones; with another source they are added.
    """

    source: Literal["points", "parcels", "places", "grid"] = "places"
    most: int = Field(default=30, ge=0, le=2000)
    spacing_m: float = Field(default=2000.0, ge=100.0)
    points: Annotated[tuple[Point, ...], Field(strict=False)] = ()


class Open(Value):
    """How a new school may be.

    Parameters
    ----------
    kinds : tuple of {"primary", "junior", "nine_year"}
        Kinds.
    rooms : tuple of int
        Sizes in classes [room]; in a nine-year school two thirds are for grades 1-6.
    least_pupils : float
        Fewest pupils with whom it may stand in any period [person].
    """

    kinds: Annotated[tuple[NewKind, ...], Field(strict=False, min_length=1)] = ("primary", "junior")
    rooms: Annotated[_Rooms, Field(min_length=1)] = (12, 24, 36)
    least_pupils: float = Field(default=0.0, ge=0.0)


class Expand(Value):
    """Which schools may grow, and by how many rooms; by default all that are no teaching points."""

    rooms: Annotated[_Rooms, Field(min_length=1)] = (6, 12)
    school_ids: _Ids | None = None


class Convert(Value):
    """A school that may become of another kind; its rooms afterwards are stated."""

    school_id: str = Field(min_length=1)
    school_kind: Literal["primary", "junior", "nine_year"]
    primary_rooms: int = Field(default=0, ge=0, le=200)
    junior_rooms: int = Field(default=0, ge=0, le=200)


class Close(Value):
    """Which schools may be proposed for a review of closing or merging.

    Parameters
    ----------
    school_ids : tuple of str, optional
        By default the schools that the findings name. Each passes the closure gate's locks or stays.
    reach_minutes : float
        A school counts as a receiver up to so many minutes from the one that closes [min].
    build_first : bool
        Whether a school stays open in the period in which a receiver in reach is built or enlarged: seats stand
        before anybody moves.
    """

    school_ids: _Ids | None = None
    reach_minutes: float = Field(default=30.0, ge=0.0)
    build_first: bool = True


class Locks(Value):
    """What the planner has settled: sites that must be opened, schools kept as they are, sites never built on."""

    open: _Ids = ()
    keep: _Ids = ()
    never: _Ids = ()


class Stop(Value):
    """When the search ends: seconds of branching, or a gap between the best layout and what none can beat."""

    seconds: float = Field(default=60.0, gt=0.0, le=86_400.0)
    gap: float = Field(default=0.005, ge=0.0, le=0.5)


class Goal(Value):
    """A question to :func:`layoutplan.plan.optimise.optimise`.

    Parameters
    ----------
    years : tuple of int
        First year of every period; a period lasts until the next, the last one until ``last_year``.
    quantile : float
        How far on the high side of the forecast seats are counted: 0.8 is P80.
    plans : int
        How many different layouts to return at most, the best one included.
    within : float
        How much worse than the best another layout may be, as a share.
    """

    name: str = Field(min_length=1)
    note: str = ""
    years: Annotated[tuple[_Year, ...], Field(strict=False, min_length=1)]
    last_year: _Year
    stages: Annotated[tuple[Literal["primary", "junior"], ...], Field(strict=False, min_length=1)] = (
        "primary", "junior",
    )  # fmt: skip
    quantile: float = Field(default=0.8, ge=0.5, le=0.99)
    deeds: Annotated[tuple[Deed, ...], Field(strict=False, min_length=1)] = ("open", "expand", "merge")
    plans: int = Field(default=3, ge=1, le=20)
    within: float = Field(default=0.02, ge=0.0, le=1.0)
    weights: Weights = Weights()
    budget: Budget = Budget()
    candidates: Candidates = Candidates()
    open: Open = Open()
    expand: Expand = Expand()
    convert: Annotated[tuple[Convert, ...], Field(strict=False)] = ()
    close: Close = Close()
    locks: Locks = Locks()
    stop: Stop = Stop()
    outlook: Outlook = Outlook()
    policy: Policy = Policy(assignment="capacity")


def load_goal(path: Path | str) -> Goal:
    """Read a goal from TOML.

    Raises
    ------
    ScenarioError
        The file cannot be read, or a key is unknown, missing or of the wrong type; all at once.
    """
    path = Path(path)
    return parse_goal(read_content(path), source=path.name)


def parse_goal(content: str, *, source: str) -> Goal:
    r"""Read a goal from TOML text; ``source`` names it in messages.

    Examples
    --------
    >>> goal = parse_goal('name = "a"\nyears = [2025, 2028]\nlast_year = 2030', source="goal.toml")
    >>> goal.years, goal.policy.assignment
    ((2025, 2028), 'capacity')
    """
    tree = parse_tree(content, source=source)
    if isinstance(tree.get("policy"), dict):
        tree["policy"] = {"assignment": "capacity"} | tree["policy"]
    try:
        goal = Goal.model_validate(tree)
    except ValidationError as fault:
        raise ScenarioError([_problem(error, source) for error in causes(fault.errors())]) from fault
    check_goal(goal, source=source)
    return goal


def check_goal(goal: Goal, *, source: str) -> None:
    """Raise where parts of a goal contradict each other.

    Raises
    ------
    ScenarioError
        Years out of order, budgets of a year that begins no period, or a policy that the search does not follow.
    """
    problems = []
    if list(goal.years) != sorted(set(goal.years)) or goal.years[-1] > goal.last_year:
        problems.append(Problem("goal_years", source, "", "years", {"last_year": goal.last_year}))
    for number, one in enumerate(goal.budget.years, start=1):
        if one.year not in goal.years:
            values = {"value": one.year, "known": ", ".join(map(str, goal.years))}
            problems.append(Problem("goal_budget_year", source, f"budget.years[{number}]", "year", values))
    plain = Policy(assignment="capacity")
    for name in type(goal.policy).model_fields:
        if name not in _FOLLOWED and getattr(goal.policy, name) != getattr(plain, name):
            problems.append(Problem("goal_policy", source, "policy", name))
    if goal.policy.assignment != "capacity":
        problems.append(Problem("goal_policy", source, "policy", "assignment"))
    if "convert" in goal.deeds and not goal.convert:
        problems.append(Problem("goal_convert", source, "", "convert"))
    if problems:
        raise ScenarioError(problems)


def _problem(error: Any, source: str) -> Problem:
    keys = path_of(error)
    row = ".".join(keys[:-1])
    values: dict[str, object] = {"reason": reason_of(error), "value": repr(error["input"])[:80]}
    if error["type"] == "extra_forbidden":
        known = _keys_at(Goal, error["loc"][:-1])
        near = difflib.get_close_matches(keys[-1], known, n=1)
        return Problem("goal_key_unknown", source, row, keys[-1], {"near": near[0] if near else ", ".join(known)})
    code = "goal_key_missing" if error["type"] == "missing" else "goal_key_invalid"
    if is_invisible(error):
        code = "text_invisible"
    return Problem(code, source, row, keys[-1] if keys else "", values)


def _keys_at(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """Return the keys that the table at a path knows."""
    for key in path:
        if isinstance(key, str) and key in model.model_fields:
            model = _model_in(model.model_fields[key].annotation) or model
    return sorted(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model an annotation holds, by itself or in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    parts = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((part for part in parts if part is not None), None)
