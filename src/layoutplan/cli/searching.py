"""The command that searches for the better layout."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from layoutplan.cli import LANG, AsJson, ChosenLang, CountyPath, OutFolder, _lang, _tell, _word, _working, app


@app.command("optimise", help=_word("optimise"))
def optimise_layout(
    county: CountyPath,
    goal: Annotated[Path, typer.Option("--goal", help=_word("goal"))],
    out: OutFolder,
    as_json: AsJson = False,
    lang: ChosenLang = LANG,
) -> None:
    """Search for the layout that serves a goal best; Ctrl-C ends the search with the best one so far."""
    from rich.console import Console

    from layoutplan.county.layers import county_norms, read_county
    from layoutplan.plan.optimise import load_goal, optimise
    from layoutplan.plan.planning import prepare
    from layoutplan.present.optimised import summarise, tell, tell_progress, write_optimised
    from layoutplan.seats.ways import modes_of

    chosen, wanted = _lang(lang), load_goal(goal)
    with _working("read") as say:
        prepared = prepare(read_county(county), county_norms(county), modes=modes_of(wanted.policy), say=say)
    with Console(stderr=True).status(_word("step.optimise")) as status, _asked_to_stop() as cancel:
        result = optimise(
            prepared, wanted, on_progress=lambda now: status.update(tell_progress(now, chosen)), cancel=cancel
        )
    written = write_optimised(result, out)
    lines = [*tell(result, chosen), *(_word("written", path=path) for path in written)]
    _tell("\n".join(lines), as_json, summarise(result) | {"out": str(out)})


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether Ctrl-C was pressed; pressed again it ends the program as ever."""
    asked = threading.Event()

    def once(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        asked.set()

    before = signal.signal(signal.SIGINT, once)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
