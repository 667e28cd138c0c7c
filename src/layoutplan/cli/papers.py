"""Commands that hand in documents: ledgers, forms, reports, exports, and whose a document is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layoutplan.cli import (
    BAD_INPUT,
    LANG,
    AsJson,
    ChosenLang,
    CountyPath,
    OutFolder,
    ScenarioPath,
    Year,
    _lang,
    _list_written,
    _planned,
    _scenario,
    _tell,
    _word,
    _working,
    _year_of,
    app,
)
from layoutplan.errors import Problem, ScenarioError
from layoutplan.labels import label

if TYPE_CHECKING:
    from layoutplan.plan.planning import PlanResult


@app.command(help=_word("ledger"))
def ledger(
    county: CountyPath,
    out: OutFolder,
    scenario: ScenarioPath = None,
    year: Year = None,
    pdf: Annotated[bool, typer.Option("--pdf", help=label("outputs.pdf", LANG))] = False,
    lang: ChosenLang = LANG,
) -> None:
    """Write the ledgers: tables, and a workbook with a sheet a school, which may also be put on paper."""
    from layoutplan.present.handin import write_ledger, write_schoolpages

    result = _planned(county, scenario)
    with _working("write"):
        chosen, at = _lang(lang), _year_of(result, year)
        written = write_ledger(result, out, lang=chosen, year=at)
        written += write_schoolpages(result, out, lang=chosen, year=at) if pdf else []
    _list_written(written)


@app.command(help=_word("forms"))
def forms(
    county: CountyPath,
    out: OutFolder,
    read: Annotated[list[Path] | None, typer.Option("--read", help=_word("read_forms"))] = None,
    lang: ChosenLang = LANG,
) -> None:
    """Write the forms that schools fill in, or take filled forms back."""
    from layoutplan.county.layers import read_county
    from layoutplan.present.handin import take_forms, write_forms

    known = read_county(county)
    _list_written(take_forms(known, read, out) if read else write_forms(known, out, lang=_lang(lang)))


@app.command(help=_word("report"))
def report(
    county: CountyPath,
    out: OutFolder,
    scenario: ScenarioPath = None,
    special: Annotated[bool, typer.Option("--special", help=label("outputs.special", LANG))] = False,
    lang: ChosenLang = LANG,
) -> None:
    """Write the layout plan, or the special plan, as a Word document and its HTML twin."""
    from layoutplan.present.handin import write_report, write_special

    chosen, result = _lang(lang), _planned(county, scenario)
    with _working("write"):
        written = (write_special if special else write_report)(result, out, lang=chosen)
    _list_written(written)


@app.command(help=_word("verify"))
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_word("artefact"))],
    county: CountyPath,
    scenario: ScenarioPath = None,
    as_json: AsJson = False,
) -> None:
    """Say whether an artefact belongs to given inputs; exit 0 if it does, 2 if not."""
    from layoutplan.county.layers import county_norms, read_county
    from layoutplan.present.provenance import KEYS, expected_facts
    from layoutplan.present.provenance import verify as compare_facts

    with _working("read"):
        expected = expected_facts(read_county(county), county_norms(county), _scenario(scenario))
    found = compare_facts(file, expected)
    same = {key: key not in found.differing for key in KEYS}
    lines = [_word(f"verify_{'same' if same[key] else 'differs'}", part=key, said=found.said[key]) for key in KEYS]
    lines.append(_word("verified" if found.belongs else "not_verified", file=file.name))
    _tell("\n".join(lines), as_json, {"belongs": found.belongs, "said": found.said, "expected": found.expected})
    if not found.belongs:
        raise SystemExit(BAD_INPUT)


@app.command(help=_word("export"))
def export(
    county: CountyPath,
    out: Annotated[Path | None, typer.Option("--out", help=_word("out"))] = None,
    scenario: ScenarioPath = None,
    to: Annotated[str, typer.Option("--to", metavar="postgresql://...", help=label("database.to", LANG))] = "",
    public: Annotated[bool, typer.Option("--public", help=_word("public"))] = False,
    lang: ChosenLang = LANG,
) -> None:
    """Write the plan for GIS and spreadsheets, into a folder or a database, or the copy that may be shown."""
    from layoutplan.county.databases import is_address
    from layoutplan.present.handin import write_export, write_public_copy

    if (out is None) == (not to) or (to and public) or (to and not is_address(to)):
        wanted = "--out DIR [--public] | --to postgresql://...[#SCHEMA]"
        raise ScenarioError([Problem("option_wrong", "export", values={"value": "", "wanted": wanted})])
    chosen, result = _lang(lang), _planned(county, scenario)
    if out is None:
        _export_to(result, to)
        return
    with _working("write"):
        written = write_public_copy(result, out, lang=chosen) if public else write_export(result, out, lang=chosen)
    _list_written(written)


def _export_to(result: PlanResult, to: str) -> None:
    from layoutplan.present.postgis import SCHEMA, write_postgis

    address, _, schema = to.partition("#")
    with _working("write"):
        tables, styled = write_postgis(result, address, schema=schema or SCHEMA)
    print(label("database.written", LANG, tables=", ".join(tables)))
    if not styled:
        print(label("database.no_styles", LANG), file=sys.stderr)


@app.command(help=label("outputs.command", LANG))
def outputs(
    county: CountyPath,
    out: OutFolder,
    scenario: ScenarioPath = None,
    piece: Annotated[list[str] | None, typer.Option("--piece", help=label("outputs.piece_option", LANG))] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help=_word("workers"))] = 2,
    lang: ChosenLang = LANG,
) -> None:
    """Write everything a county hands in, a folder a piece."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from layoutplan.present.outputs import PIECES, each_output

    if unknown := sorted(set(piece or ()) - set(PIECES)):
        wanted = {"value": ", ".join(unknown), "wanted": ", ".join(PIECES)}
        raise ScenarioError([Problem("option_wrong", "--piece", values=wanted)])
    chosen, result = _lang(lang), _planned(county, scenario)
    count = TextColumn("{task.fields[done]}/{task.fields[of]}")
    left = TextColumn(label("outputs.left", LANG)), TimeRemainingColumn(compact=True)
    columns = (BarColumn(), count, TimeElapsedColumn(), *left, TextColumn("{task.description}"))
    files = 0
    # The bar counts work, not pieces, so that the time left is true while short pieces wait for long ones.
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(label("outputs.making", LANG), total=1.0, done=0, of=len(set(piece or PIECES)))
        for step in each_output(result, out, lang=chosen, pieces=piece, workers=workers):
            files += len(step.paths)
            name = label(f"outputs.piece.{step.piece}", LANG)
            progress.update(bar, completed=step.share, done=step.done, description=name)
    print(label("outputs.written", LANG, files=files, path=out))
