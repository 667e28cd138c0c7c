"""The command line: the same work as the app, for scripts and batches.

Exit codes: 0 done, 2 the input is at fault (its problems are listed on stderr), 1 the program is.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layoutplan.errors import DataError, InputError, Problem, ScenarioError
from layoutplan.labels import LANGS, Lang, label

if TYPE_CHECKING:
    from layoutplan.plan.planning import PlanResult, Prepared
    from layoutplan.plan.scenario import Scenario

LANG: Lang = "en" if os.environ.get("LAYOUTPLAN_LANG") == "en" else "zh"
BAD_INPUT = 2


def _word(key: str, **values: object) -> str:
    return label(f"cli.{key}", LANG, **values)


app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=_word("help"))

CountyPath = Annotated[Path, typer.Argument(metavar="COUNTY", help=_word("county"))]
OutFolder = Annotated[Path, typer.Option("--out", help=_word("out"))]
ScenarioPath = Annotated[Path | None, typer.Option("--scenario", help=_word("scenario"))]
AsJson = Annotated[bool, typer.Option("--json", help=_word("json"))]
ChosenLang = Annotated[str, typer.Option("--lang", help=_word("lang"))]
Year = Annotated[int | None, typer.Option("--year", help=_word("year"))]


def main() -> None:
    """Run the command line; errors of the input become their list of problems and exit code 2."""
    # Libraries and layers are a million objects that stay; to look through them for rubbish again and again takes a
    # tenth of the start.
    gc.set_threshold(100_000, 50, 50)
    try:
        app()
    except InputError as fault:
        _list_problems(fault)
        raise SystemExit(BAD_INPUT) from None
    except OSError as fault:
        # Full disks, read-only folders and files held open by another program are no fault of ours.
        reason = fault.strerror or str(fault)
        _list_problems(InputError([Problem("cannot_write", str(fault.filename or ""), values={"reason": reason})]))
        raise SystemExit(BAD_INPUT) from None


def _list_problems(fault: InputError) -> None:
    if "--json" in sys.argv:
        print(json.dumps({"problems": [p.as_row() for p in fault.problems]}, ensure_ascii=False, indent=2))
    print(fault.say(LANG), file=sys.stderr)


@contextmanager
def _working(step: str) -> Iterator[Callable[[str], None]]:
    """Show on stderr what is being done; yields a function that names the next step."""
    from rich.console import Console

    with Console(stderr=True).status(_word(f"step.{step}")) as status:
        yield lambda name: status.update(_word(f"step.{name}"))


def _prepared(county: Path, scenarios: list[Scenario]) -> Prepared:
    from layoutplan.county.layers import county_norms, read_county
    from layoutplan.plan.periods import modes_besides
    from layoutplan.plan.planning import prepare
    from layoutplan.seats.ways import modes_of

    with _working("read") as say:
        modes = {m for scenario in scenarios for m in (*modes_of(scenario.policy), *modes_besides(scenario))}
        return prepare(read_county(county), county_norms(county), modes=tuple(sorted(modes)), say=say)


def _scenario(path: Path | None) -> Scenario:
    from layoutplan.plan.scenario import Scenario, load_scenario

    return Scenario(name=_word("base")) if path is None else load_scenario(path)


def _planned(county: Path, path: Path | None) -> PlanResult:
    from layoutplan.plan.planning import run_plan

    scenario = _scenario(path)
    prepared = _prepared(county, [scenario])
    with _working("plan"):
        return run_plan(prepared, scenario)


def _tell(words: str, as_json: bool, content: dict[str, Any]) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=2) if as_json else words)


@app.command(help=_word("sample"))
def sample(folder: Annotated[Path, typer.Argument(metavar="DIR")]) -> None:
    """Write the synthetic sample county."""
    from layoutplan.county.sample import write_sample

    with _working("sample"):
        write_sample(folder)
    print(_word("written", path=folder))


@app.command(help=_word("check"))
def check(county: CountyPath, as_json: AsJson = False) -> None:
    """List every problem of every layer, then what to know of roads and counts; exit 0 if there is no problem."""
    from layoutplan.access.roadcheck import check_roads
    from layoutplan.county.layers import county_norms, read_county
    from layoutplan.seats.reconciliation import check_counts

    with _working("read") as say:
        read, norms = read_county(county), county_norms(county)
        counts = check_counts(read, norms)
        say("network")
        roads = check_roads(read, norms=norms)
    warnings = [*read.warnings, *roads.warnings]
    lines = [_word("fine", name=read.name, schools=len(read.schools), places=len(read.places), roads=len(read.roads))]
    lines += [*(problem.say(LANG) for problem in warnings), *counts[f"text_{LANG}"]]
    rows = json.loads(counts.to_json(orient="records", force_ascii=False))
    content = {"problems": [], "warnings": [problem.as_row() for problem in warnings], "roads": roads.as_tree()}
    _tell("\n".join(lines), as_json, {**content, "discrepancies": rows})


@app.command("import-osm", help=_word("import_osm"))
def import_osm(
    source: Annotated[Path, typer.Argument(metavar="FILE.osm.pbf")], out: OutFolder, as_json: AsJson = False
) -> None:
    """Turn an OpenStreetMap extract into the roads layer."""
    from layoutplan.county import osm

    with _working("osm"):
        counts = dict(osm.import_osm(source, out))
    _tell(_word("written", path=out) + f" {counts}", as_json, counts)


@app.command(help=_word("run"))
def run(county: CountyPath, out: OutFolder, scenario: ScenarioPath = None, as_json: AsJson = False) -> None:
    """Work out one plan and write its files."""
    from layoutplan.present.export import write_run

    result = _planned(county, scenario)
    with _working("write"):
        write_run(result, out)
    counts = result.findings.frame.groupby("rule").size().to_dict()
    words = [_word("written", path=out), *(f"{label(f'rule.{rule}', LANG)}: {count}" for rule, count in counts.items())]
    _tell("\n".join(words), as_json, {"out": str(out), "findings": counts, "provenance": dict(result.provenance)})


@app.command(help=_word("checks"))
def checks(county: CountyPath, as_json: AsJson = False) -> None:
    """List the checks a plan is put through, with the limits and clauses in force in the county."""
    from layoutplan.county.layers import county_norms
    from layoutplan.seats.diagnosis import checks as list_checks

    table = list_checks(county_norms(county))
    _tell(table.to_csv(index=False, lineterminator="\n").rstrip(), as_json, {"checks": table.to_dict("records")})


@app.command(help=_word("compare"))
def compare(
    county: CountyPath,
    scenarios: Annotated[list[Path], typer.Argument(metavar="A.toml B.toml")],
    out: OutFolder,
    draws: Annotated[bool, typer.Option("--draws", help=_word("draws"))] = False,
) -> None:
    """Set scenarios side by side; one alone is held against the county without any action."""
    from layoutplan.plan.planning import run_plan
    from layoutplan.plan.uncertainty import weigh_alternatives
    from layoutplan.present.comparison import draws_said, write_comparison, write_draws

    read = [_scenario(path) for path in scenarios]
    if len(read) == 1:
        read.insert(0, read[0].model_copy(update={"name": _word("base"), "note": "", "actions": ()}))
    prepared = _prepared(county, read)
    with _working("plan"):
        plans = [run_plan(prepared, scenario) for scenario in read]
        weighed = weigh_alternatives(plans) if draws else None
        written = write_comparison(plans, out) + (write_draws(weighed, out) if weighed else [])
    for path in written:
        print(_word("written", path=path))
    for line in draws_said(weighed, LANG) if weighed else ():
        print(line)


def _year_of(result: PlanResult, year: int | None) -> int:
    years = result.supply.frame["year"]
    if year is None:
        return int(years.min())
    if year not in set(years):
        wanted = f"{years.min()}-{years.max()}"
        raise ScenarioError([Problem("option_wrong", "--year", values={"value": year, "wanted": wanted})])
    return year


@app.command(help=_word("backtest"))
def backtest(
    source: Annotated[Path, typer.Argument(metavar="COUNTY|ENROLMENT.csv", help=_word("backtest_source"))],
    out: OutFolder,
    births: Annotated[Path | None, typer.Option("--births", help=_word("backtest_births"))] = None,
    as_json: AsJson = False,
) -> None:
    """Roll the forecast over a history and say how far off it was."""
    from layoutplan.present.csvtables import write_table
    from layoutplan.seats.backtest import backtest_file, lines_of

    with _working("backtest"):
        tested = backtest_file(source, births)
    write_table(tested.frame, out / "backtest.csv")
    for notice in tested.notices:
        print(notice.say(LANG), file=sys.stderr)
    words = [_word("written", path=out / "backtest.csv"), *lines_of(tested, LANG)]
    rows = tested.frame.astype(object).where(tested.frame.notna(), None).to_dict("records")
    notices = [notice.as_row() for notice in tested.notices]
    _tell(
        "\n".join(words), as_json, {"out": str(out), "backtest": rows, "left_out": tested.left_out, "notices": notices}
    )


@app.command(help=_word("figures"))
def figures(
    county: CountyPath,
    out: OutFolder,
    scenario: ScenarioPath = None,
    sheet: Annotated[list[str] | None, typer.Option("--sheet", help=label("outputs.sheet", LANG))] = None,
    style: Annotated[Path | None, typer.Option("--style", help=label("outputs.style", LANG))] = None,
    lang: ChosenLang = LANG,
) -> None:
    """Draw the sheets of a plan and the standalone map, or some sheets only."""
    from layoutplan.present.figures import Printing, draw_figure
    from layoutplan.present.look import Look, load_look
    from layoutplan.present.maps import draw_map
    from layoutplan.present.scene import SHEETS

    if unknown := sorted(set(sheet or ()) - set(SHEETS)):
        wanted = {"value": ", ".join(unknown), "wanted": ", ".join(SHEETS)}
        raise ScenarioError([Problem("option_wrong", "--sheet", values=wanted)])
    look = load_look(style) if style else Look()
    chosen, result = _lang(lang), _planned(county, scenario)
    with _working("figure"):
        for name in sheet or SHEETS:
            printing = Printing(look.formats, look.paper, look)
            _list_written(draw_figure(result, out, sheet=name, lang=chosen, printing=printing))
        if not sheet:
            _list_written([draw_map(result, out, lang=chosen)])


def _lang(lang: str) -> Lang:
    chosen = next((known for known in LANGS if known == lang), None)
    if chosen is None:
        raise ScenarioError([Problem("option_wrong", "--lang", values={"value": lang, "wanted": ", ".join(LANGS)})])
    return chosen


def _list_written(paths: list[Path]) -> None:
    for path in paths:
        print(_word("written", path=path))


@app.command("app", help=_word("app"))
def open_app(
    county: Annotated[Path | None, typer.Argument(metavar="COUNTY", help=_word("county"))] = None,
    basemap: Annotated[Path | None, typer.Option("--basemap", metavar="FILE", help=_word("basemap"))] = None,
) -> None:
    """Open the app on 127.0.0.1."""
    import subprocess

    environment = dict(os.environ)
    if basemap is not None:
        environment["LAYOUTPLAN_BASEMAP"] = str(_basemap(basemap))

    script = Path(__file__).resolve().parents[3] / "app.py"
    if not script.exists():
        raise ScenarioError(
            [Problem("option_wrong", "app", values={"value": script.name, "wanted": "python start.py"})]
        )
    if county:
        environment["LAYOUTPLAN_COUNTY"] = str(county.resolve())
    raise SystemExit(subprocess.call([sys.executable, "-m", "streamlit", "run", str(script)], env=environment))


def _basemap(path: Path) -> Path:
    """Return where a base map is, once it is known that it can be shown."""
    from layoutplan.county.basemaps import open_basemap

    if not path.is_file():
        raise DataError([Problem("basemap_missing", "--basemap", values={"file": str(path)})])
    open_basemap(path, layer="--basemap")
    return path.resolve()


# Other commands stand in modules of their own, which need what is above.
from layoutplan.cli import batches, cards, office, papers, searching, trials  # noqa: E402,F401
