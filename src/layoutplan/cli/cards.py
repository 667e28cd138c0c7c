"""Commands that answer for one place or one school: why it is given its school, the closure gate, the ladder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layoutplan import cli
from layoutplan.cli import AsJson, CountyPath, ScenarioPath, Year, _planned, _tell, _word, _working, _year_of, app
from layoutplan.errors import Problem, ScenarioError

if TYPE_CHECKING:
    import pandas as pd

    from layoutplan.plan.locks import Record
    from layoutplan.plan.planning import PlanResult

School = Annotated[str, typer.Option("--school", help=_word("school"))]
# What inspection and hearing found, and how it is written in the shell.
_FOUND = {
    "route_safe": "route_is_safe", "objection": "parents_object", "special_group": "has_special_group",
    "bus_seats": "bus_seats",
}  # fmt: skip


@app.command(help=_word("why"))
def why(
    county: CountyPath,
    place: Annotated[str, typer.Option("--place", help=_word("place"))],
    year: Year = None,
    grade: Annotated[int, typer.Option("--grade", min=1, max=9, help=_word("grade"))] = 1,
    scenario: ScenarioPath = None,
    as_json: AsJson = False,
) -> None:
    """Say why a place is given its school."""
    from dataclasses import asdict

    from layoutplan.plan.planning import plan_rules
    from layoutplan.seats.explain import explain

    result = _planned(county, scenario)
    names = _names(result)
    if place not in set(result.prepared.county.places["place_id"]):
        raise ScenarioError([Problem("place_unknown", "--place", values={"value": place})])
    at = _year_of(result, year)
    card = explain(result.assignment, plan_rules(result, year=at), place, year=at, grade=grade)
    content = json.loads(json.dumps(asdict(card)).replace("NaN", "null").replace("Infinity", "null"))
    _tell("\n".join(card.say(cli.LANG, names)), as_json, content)


@app.command(help=_word("closure"))
def closure(
    county: CountyPath,
    school: School,
    year: Year = None,
    scenario: ScenarioPath = None,
    found: Annotated[list[str] | None, typer.Option("--found", metavar="KEY=VALUE", help=_word("found"))] = None,
    as_json: AsJson = False,
) -> None:
    """Put a school before the closure gate: every lock with its number, and the evidence in sentences."""
    from layoutplan.plan.closure import closure_gate

    record = _record(found or [])
    result = _planned(county, scenario)
    with _working("plan"):
        gate = closure_gate(result, school, _next_year(result, year), record=record)
    lines = [*gate.sheet[f"text_{cli.LANG}"], "", *gate.locks[f"text_{cli.LANG}"]]
    tables = {name: _rows(getattr(gate, name)) for name in ("locks", "receivers", "travel", "band", "sheet")}
    _tell("\n".join(lines), as_json, {"school_id": school, "year": gate.year, "verdict": gate.verdict, **tables})


@app.command(help=_word("ladder"))
def ladder(
    county: CountyPath, school: School, year: Year = None, scenario: ScenarioPath = None, as_json: AsJson = False
) -> None:
    """Work out the rungs of a small school: ways, beds, posts and bus runs of each."""
    from layoutplan.plan.ladder import small_school_ladder

    result = _planned(county, scenario)
    with _working("plan"):
        rungs = small_school_ladder(result, school, _next_year(result, year))
    tables = {name: _rows(getattr(rungs, name)) for name in ("rungs", "groups", "receivers", "norms", "sheet")}
    content = {"school_id": school, "year": rungs.year, **tables}
    _tell("\n".join(rungs.sheet[f"text_{cli.LANG}"]), as_json, content)


def _record(found: list[str]) -> Record:
    """Return what inspection and hearing found; what is not said is not known."""
    from layoutplan.plan.locks import Record

    values: dict[str, Any] = {}
    for item in found:
        key, _, value = item.partition("=")
        is_count = key == "bus_seats" and value.isdecimal()
        if key not in _FOUND or not (is_count or (key != "bus_seats" and value in ("yes", "no"))):
            wanted = ", ".join(f"{name}={'N' if name == 'bus_seats' else 'yes|no'}" for name in _FOUND)
            raise ScenarioError([Problem("option_wrong", "--found", values={"value": item, "wanted": wanted})])
        values[_FOUND[key]] = int(value) if is_count else value == "yes"
    return Record(**values)


def _next_year(result: PlanResult, year: int | None) -> int:
    """Return the year asked for, or the first after the base year."""
    return result.prepared.county.base_year + 1 if year is None else year


def _names(result: PlanResult) -> dict[str, str]:
    frames = ((result.prepared.county.places, "place_id"), (result.roster.schools, "school_id"))
    return {str(key): str(name) for frame, of in frames for key, name in zip(frame[of], frame["name"], strict=True)}


def _rows(frame: pd.DataFrame) -> Any:
    return json.loads(frame.to_json(orient="records", force_ascii=False, double_precision=6))
