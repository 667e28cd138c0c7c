"""Commands that try things out: one site or many, and what the verdicts hang on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layoutplan import cli
from layoutplan.cli import (
    BAD_INPUT,
    CountyPath,
    OutFolder,
    ScenarioPath,
    Year,
    _planned,
    _word,
    _working,
    _year_of,
    app,
)
from layoutplan.cli.options import taking
from layoutplan.errors import Problem, ScenarioError
from layoutplan.labels import Lang, label

if TYPE_CHECKING:
    import pandas as pd

    from layoutplan.plan.masks import SiteMask
    from layoutplan.plan.planning import PlanResult
    from layoutplan.plan.ranking import Ranking
    from layoutplan.plan.siting import SiteLab

_KINDS = ("parcels", "grid", "places")


@dataclass(frozen=True)
class SiteOptions:
    """What can be said to ``layoutplan site``."""

    county: CountyPath
    stage: Annotated[str, typer.Option("--stage", help=_word("stage"))]
    at: Annotated[str | None, typer.Option("--at", metavar="EAST,NORTH", help=_word("at"))] = None
    rank: Annotated[int | None, typer.Option("--rank", min=1, help=_word("rank"))] = None
    rooms: Annotated[int, typer.Option("--rooms", min=1, max=200, help=_word("rooms"))] = 24
    year: Year = None
    scenario: ScenarioPath = None
    candidates: Annotated[str, typer.Option("--candidates", help=_word("candidates"))] = ""
    grid_m: Annotated[float, typer.Option("--grid", min=100, max=20_000, help=_word("grid"))] = 2000.0
    out: Annotated[Path | None, typer.Option("--out", help=_word("out"))] = None
    draws: Annotated[bool, typer.Option("--draws", help=_word("draws"))] = False


@app.command("site", help=_word("site"))
@taking(SiteOptions)
def site(given: SiteOptions) -> None:
    """Try one site, or rank candidate sites."""
    from layoutplan.plan.masks import SiteMask
    from layoutplan.plan.siting import open_lab

    _only("--stage", given.stage, ("primary", "junior"))
    if (given.at is None) == (given.rank is None):
        wanted = "--at EAST,NORTH | --rank N"
        raise ScenarioError([Problem("option_wrong", "site", values={"value": "", "wanted": wanted})])
    point = None if given.at is None else _point(given.at)
    _only("--candidates", given.candidates, ("", *_KINDS))
    result = _planned(given.county, given.scenario)
    year = _year_of(result, given.year)
    lab, mask = open_lab(result, stage=given.stage, year=year), SiteMask(result.ground(year))
    if point is not None:
        _print_trial(lab, mask, point, given.rooms)
        return
    ranking = _ranked(lab, mask, given)
    if given.out is not None:
        from layoutplan.present.sites import write_ranking

        for path in write_ranking(ranking, given.out):
            print(_word("written", path=path))
    _print_ranking(ranking, given.rank or 1)
    if given.draws:
        _print_draws(ranking, given)


def _lang_of_words() -> Lang:
    """Return the language of the command line as it is now."""
    return cli.LANG


def _only(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        wanted = ", ".join(name for name in known if name)
        raise ScenarioError([Problem("option_wrong", option, values={"value": value, "wanted": wanted})])


def _point(at: str) -> tuple[float, float]:
    try:
        east_m, north_m = (float(part) for part in at.split(","))
    except ValueError:
        raise ScenarioError(
            [Problem("option_wrong", "--at", values={"value": at, "wanted": "EAST,NORTH [m]"})]
        ) from None
    return east_m, north_m


def _print_trial(lab: SiteLab, mask: SiteMask, point: tuple[float, float], rooms: int) -> None:
    from layoutplan.plan.siting import try_at

    spot, trial = mask.check(*point), try_at(lab, *point, rooms=rooms)
    reason = trial.reason or spot.reason
    content: dict[str, Any] = {
        "east_m": trial.east_m, "north_m": trial.north_m, "reason": reason,
        "said": label(f"reason.{reason}", _lang_of_words()) if reason else "", "slope": _number(spot.slope),
        "road_m": _number(spot.road_m), "land": spot.land, "steepish": spot.is_steepish,
        "nearest": None if spot.nearest is None else {"east_m": spot.nearest[0], "north_m": spot.nearest[1]},
        "nearest_m": _number(spot.nearest_m), "gap_m": None if trial.reason else trial.gap_m,
        "minutes_before": trial.minutes_before, "minutes_after": trial.minutes_after,
        "load": trial.load.astype(object).where(trial.load.notna(), None).to_dict("records"),
        "relief": trial.relief.to_dict("records"),
    }  # fmt: skip
    print(json.dumps(content, ensure_ascii=False, indent=2))
    if reason:
        raise SystemExit(BAD_INPUT)


def _number(value: float) -> float | None:
    return round(value, 4) if value == value and abs(value) != float("inf") else None


def _ranked(lab: SiteLab, mask: SiteMask, given: SiteOptions) -> Ranking:
    from layoutplan.plan.ranking import candidates_of, rank_sites, with_findings

    result: PlanResult = lab.result
    chosen = given.candidates or ("grid" if result.prepared.county.parcels.empty else "parcels")
    points = candidates_of(mask, kind=chosen, grid_m=given.grid_m)
    with _working("rank"):
        ranking = rank_sites(lab, rooms=given.rooms, candidates=points, mask=mask)
        return with_findings(ranking, first=given.rank or 1)


def _print_draws(ranking: Ranking, given: SiteOptions) -> None:
    """Say in how many draws each of the best candidates is best, and whether building none would be."""
    from layoutplan.plan.ranking import plans_with_sites
    from layoutplan.plan.uncertainty import weigh_alternatives
    from layoutplan.present.comparison import draws_said, write_draws

    with _working("rank"):
        weighed = weigh_alternatives([ranking.lab.result, *plans_with_sites(ranking, first=given.rank or 1)])
    if given.out is not None:
        write_draws(weighed, given.out)
    for line in draws_said(weighed, _lang_of_words()):
        print(line)


def _print_ranking(ranking: Ranking, first: int) -> None:
    from rich.console import Console
    from rich.table import Table

    from layoutplan.present.sites import ranking_table

    shown: pd.DataFrame = ranking_table(ranking, first, _lang_of_words())
    table = Table(
        title=_word("ranking", stage=label(f"stage.{ranking.lab.stage}", _lang_of_words()), year=ranking.lab.year)
    )
    for at, name in enumerate(shown.columns):
        table.add_column(name, justify="left" if at == 0 else "right", overflow="fold")
    for row in shown.itertuples(index=False):
        table.add_row(*(str(cell) for cell in row))
    Console(width=160).print(table)
    for reason, count in ranking.refused["reason"].value_counts().sort_index().items():
        print(_word("refused", reason=label(f"reason.{reason}", _lang_of_words()), count=count))


@app.command("sensitivity", help=_word("sensitivity"))
def sensitivity(county: CountyPath, out: OutFolder, scenario: ScenarioPath = None) -> None:
    """List the schools that flip when a threshold, a safeguard or an order moves."""
    from layoutplan.plan.sensitivity import find_sensitivity
    from layoutplan.present.sensitivity_figure import flips_said, write_sensitivity

    result = _planned(county, scenario)
    with _working("plan"):
        found = find_sensitivity(result)
        written = write_sensitivity(found, out)
    for line in (*flips_said(found, _lang_of_words()), *(_word("written", path=path) for path in written)):
        print(line)
