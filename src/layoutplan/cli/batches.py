"""The command that runs many scenarios."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from layoutplan.cli import BAD_INPUT, LANG, CountyPath, OutFolder, _word, app
from layoutplan.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from rich.progress import Progress

    from layoutplan.plan.batch import Level


@app.command(help=_word("batch"))
def batch(
    county: CountyPath,
    scenarios: Annotated[list[Path], typer.Argument(metavar="SCENARIO...")],
    out: OutFolder,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help=_word("workers"))] = 1,
    scheduler: Annotated[str, typer.Option("--scheduler", help=_word("scheduler"))] = "",
    only: Annotated[str, typer.Option("--only", help=_word("only"))] = "plan",
) -> None:
    """Run many scenarios; one that fails does not stop the others, and a second run does only what is missing."""
    from layoutplan.plan.batch import Crew, find_counties, run_batch
    from layoutplan.plan.sources import read_sources
    from layoutplan.plan.summary import Summary
    from layoutplan.present.csvtables import write_tables

    level = _level(only)
    paths = sorted({p for given in scenarios for p in (given.glob("*.toml") if given.is_dir() else [given])})
    sources, summary = read_sources(paths), Summary()
    with _progress() as progress:
        bar = progress.add_task(_word("step.batch"), total=sources.count * len(find_counties(county)))
        for done in run_batch(county, sources, crew=Crew(workers, scheduler), out=out, level=level):
            summary.add(done, lang=LANG)
            progress.advance(bar)
    write_tables(summary.tables(), out / "batch.csv")
    print(_word("batch_done", done=summary.done, failed=summary.failed, path=out / "batch.csv"))
    for fault in summary.faults():
        print(fault, file=sys.stderr)
    if summary.failed:
        raise SystemExit(BAD_INPUT)


def _level(only: str) -> Level:
    from layoutplan.plan.batch import Level

    known: tuple[Level, ...] = get_args(Level)
    chosen = next((level for level in known if level == only), None)
    if chosen is None:
        raise ScenarioError([Problem("option_wrong", "--only", values={"value": only, "wanted": ", ".join(known)})])
    return chosen


def _progress() -> Progress:
    """Return a bar on stderr that says how many are done, how many a second, and how long it will take."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.progress import TimeRemainingColumn as Left
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text("" if task.speed is None else _word("rate", rate=task.speed))

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), Left())
    return Progress(*columns, console=Console(stderr=True))
