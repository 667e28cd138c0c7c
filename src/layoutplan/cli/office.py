"""Commands for the store of an office: scenarios and their versions, members, approvals, what was done."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from layoutplan.cli import AsJson, _tell, _word, app
from layoutplan.plan.storefile import DESK, Store

store_app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(store_app, name="store", help=_word("store"))

StorePath = Annotated[Path, typer.Argument(metavar="STORE", help=_word("store_path"))]
By = Annotated[str, typer.Option("--by", help=_word("store_by"))]
Plan = Annotated[str, typer.Argument(metavar="PLAN", help=_word("store_plan"))]
Number = Annotated[int | None, typer.Option("--number", help=_word("store_number"))]


@store_app.command("list", help=_word("store_list"))
def list_plans(path: StorePath, as_json: AsJson = False) -> None:
    """List every version of every scenario: who saved it, and who approved."""
    from layoutplan.plan.store import list_names, list_versions

    store = Store(path)
    versions = [version for name in list_names(store) for version in list_versions(store, name)]
    lines = [
        _word("store_version", name=v.name, number=v.number, at=v.saved_at, by=v.saved_by or "-",
              approved=", ".join(v.approved_by) or "-", note=v.note)
        for v in versions
    ]  # fmt: skip
    _tell("\n".join(lines), as_json, {"versions": [asdict(version) for version in versions]})


@store_app.command("save", help=_word("store_save"))
def save(
    path: StorePath,
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO", help=_word("scenario"))],
    based_on: Annotated[int, typer.Option("--based-on", help=_word("store_based_on"))] = 0,
    note: Annotated[str, typer.Option("--note", help=_word("store_note"))] = "",
    by: By = DESK,
) -> None:
    """Save a scenario file as the next version of its name."""
    from layoutplan.plan.scenario import load_scenario
    from layoutplan.plan.store import save_version

    version = save_version(Store(path), load_scenario(scenario), based_on=based_on, note=note, by=by)
    print(_word("store_saved", name=version.name, number=version.number))


@store_app.command("load", help=_word("store_load"))
def load(
    path: StorePath,
    plan: Plan,
    out: Annotated[Path, typer.Option("--out", help=_word("store_out"))],
    number: Number = None,
) -> None:
    """Write a version as a scenario file."""
    from layoutplan.files import write_whole
    from layoutplan.plan.scenario import dump_scenario
    from layoutplan.plan.store import load_version

    scenario = load_version(Store(path), plan, number=number)
    with write_whole(out) as draft:
        draft.write_text(dump_scenario(scenario), "utf-8", newline="\n")
    print(_word("written", path=out))


@store_app.command("approve", help=_word("store_approve"))
def approve(path: StorePath, plan: Plan, number: Annotated[int, typer.Option("--number")], by: By = DESK) -> None:
    """Note that a version is approved."""
    from layoutplan.plan.store import approve_version

    version = approve_version(Store(path), plan, number=number, by=by)
    print(_word("store_approved", name=version.name, number=version.number, by=by))


@store_app.command("members", help=_word("store_members"))
def members(path: StorePath, as_json: AsJson = False) -> None:
    """List the members and their roles; none for a single desk."""
    from layoutplan.plan.members import list_members

    roles = list_members(Store(path))
    lines = [_word("store_member", name=name, role=role) for name, role in roles.items()]
    _tell("\n".join(lines) or _word("store_desk"), as_json, {"members": roles})


@store_app.command("appoint", help=_word("store_appoint"))
def appoint_member(
    path: StorePath,
    name: Annotated[str, typer.Argument(metavar="MEMBER")],
    role: Annotated[str, typer.Argument(metavar="ROLE", help=_word("store_role"))],
    by: By = DESK,
) -> None:
    """Give a member a role; the first has to be an admin."""
    from layoutplan.plan.members import appoint

    appoint(Store(path), name, role, by=by)
    print(_word("store_member", name=name, role=role))


@store_app.command("dismiss", help=_word("store_dismiss"))
def dismiss_member(path: StorePath, name: Annotated[str, typer.Argument(metavar="MEMBER")], by: By = DESK) -> None:
    """Take a member out; what the member did stays on record."""
    from layoutplan.plan.members import dismiss

    dismiss(Store(path), name, by=by)
    print(_word("store_dismissed", name=name))


@store_app.command("events", help=_word("store_events"))
def events(path: StorePath, as_json: AsJson = False) -> None:
    """List what was done, oldest first."""
    from layoutplan.plan.storefile import list_events

    found = list_events(Store(path))
    lines = [
        _word("store_event", at=e.happened_at, by=e.member or "-", act=_word(f"store_act_{e.act}"), subject=e.subject,
              what=e.number or e.detail)
        for e in found
    ]  # fmt: skip
    _tell("\n".join(lines), as_json, {"events": [asdict(event) for event in found]})


@store_app.command("verify", help=_word("store_verify"))
def verify(path: StorePath) -> None:
    """Check that nothing was changed by other means; exit 2 and name the first thing that was."""
    from layoutplan.plan.store import verify_store

    verify_store(Store(path))
    print(_word("store_whole"))
