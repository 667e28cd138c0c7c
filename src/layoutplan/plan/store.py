"""Scenarios of a planning office in one SQLite file: every version kept, no edit lost without a word.

A save names the version it was made from. If somebody has saved since, it is refused and says which
version is newest, so that the planner can look at it or keep an own copy. Versions are never changed
or deleted; each carries a hash over its content and the hash before it, so that a file edited by other
means is noticed. The write-ahead log is synced before a save returns: what was acknowledged survives a
kill or a power cut.
"""

from __future__ import annotations

from dataclasses import dataclass

from layoutplan.errors import Problem, ScenarioError
from layoutplan.plan.members import require_role
from layoutplan.plan.scenario import Scenario, dump_scenario, parse_scenario
from layoutplan.plan.storefile import DESK, Store, change, digest_of, note_event, open_store, verify_events

# What the first version of a scenario is made from.
NEW = 0


@dataclass(frozen=True)
class Version:
    """One saved state of a scenario.

    Parameters
    ----------
    name : str
        Scenario.
    number : int
        1 for the first, then one more each save.
    note : str
        What the planner said of this save.
    fingerprint : str
        Of the scenario's content.
    hash : str
        Over this version and all saved before it in the file.
    saved_at : str
        UTC by the clock of the machine that saved it; for people, no result hangs on it.
    saved_by : str
        Who saved it; empty if that was before the store kept events.
    approved_by : tuple of str
        Who has approved this version.
    """

    name: str
    number: int
    note: str
    fingerprint: str
    hash: str
    saved_at: str
    saved_by: str
    approved_by: tuple[str, ...] = ()


def save_version(store: Store, scenario: Scenario, *, based_on: int, note: str = "", by: str = DESK) -> Version:
    """Save a scenario as the next version of its name.

    Parameters
    ----------
    store : Store
        Where.
    scenario : Scenario
        What; its name decides whose version it is.
    based_on : int
        Number of the version the planner began with, ``NEW`` for a new name.
    note : str, optional
        What the planner says of it.
    by : str, optional
        Who saves; a planner at least, where the store has members.

    Returns
    -------
    Version
        As it stands in the file; it is there whatever happens next.

    Raises
    ------
    ScenarioError
        Somebody saved this name since (``version_stale``) or the member may not save (``role_needed``,
        ``member_unknown``): nothing is written. Or the file is none of ours, or cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from layoutplan.plan.scenario import Scenario
    >>> store = Store(pathlib.Path(tempfile.mkdtemp()) / "plans.sqlite")
    >>> first = save_version(store, Scenario(name="north"), based_on=NEW)
    >>> second = save_version(store, Scenario(name="north", last_year=2032), based_on=first.number)
    >>> load_version(store, "north").last_year, [version.number for version in list_versions(store, "north")]
    (2032, [1, 2])
    """
    content = dump_scenario(scenario)
    with change(store) as link:
        require_role(link, by, "planner")
        newest = link.execute("SELECT coalesce(max(number), 0) FROM version WHERE name = ?", (scenario.name,))
        number = newest.fetchone()[0]
        if number != based_on:
            raise ScenarioError([_stale(scenario.name, based_on, number)])
        last = link.execute("SELECT hash FROM version ORDER BY sequence DESC LIMIT 1").fetchone()
        row = (scenario.name, number + 1, note, content, scenario.fingerprint)
        digest = digest_of(last[0] if last else "", row)
        link.execute(
            "INSERT INTO version (name, number, note, content, fingerprint, hash) VALUES (?, ?, ?, ?, ?, ?)",
            (*row, digest),
        )
        note_event(link, member=by, act="save", subject=scenario.name, number=number + 1, detail=digest)
    saved: Version = list_versions(store, scenario.name)[number]
    return saved


def _stale(name: str, based_on: int, newest: int) -> Problem:
    code = "version_exists" if based_on == NEW else "version_stale" if newest else "version_unknown"
    return Problem(code, name, values={"based_on": based_on, "newest": newest})


def list_names(store: Store) -> tuple[str, ...]:
    """Return the names of all scenarios, sorted."""
    with open_store(store) as link:
        return tuple(row[0] for row in link.execute("SELECT DISTINCT name FROM version ORDER BY name"))


def list_versions(store: Store, name: str) -> tuple[Version, ...]:
    """Return every version of a scenario, oldest first; none if the name is not there."""
    with open_store(store) as link:
        rows = link.execute(
            "SELECT number, note, fingerprint, hash, saved_at FROM version WHERE name = ? ORDER BY number",
            (name,),
        ).fetchall()
        noted = link.execute(
            "SELECT number, act, member FROM event WHERE subject = ? AND act IN ('save', 'approve') ORDER BY sequence",
            (name,),
        ).fetchall()
    saved = {number: member for number, act, member in noted if act == "save"}
    approved: dict[int, list[str]] = {}
    for number, act, member in noted:
        if act == "approve":
            approved.setdefault(number, []).append(member)
    return tuple(
        Version(name, number, note, fingerprint, digest, at, saved.get(number, ""), tuple(approved.get(number, ())))
        for number, note, fingerprint, digest, at in rows
    )


def approve_version(store: Store, name: str, *, number: int, by: str = DESK) -> Version:
    """Note that a version is approved; the version itself stays as it was saved.

    Parameters
    ----------
    store : Store
        Where.
    name : str
        Scenario.
    number : int
        Version.
    by : str, optional
        Who approves; an approver at least, where the store has members.

    Raises
    ------
    ScenarioError
        There is no such version, the member may not approve, or has approved it before.
    """
    with change(store) as link:
        require_role(link, by, "approver")
        row = link.execute("SELECT hash FROM version WHERE name = ? AND number = ?", (name, number)).fetchone()
        if row is None:
            raise ScenarioError([_stale(name, number, 0)])
        before = "SELECT count(*) FROM event WHERE act = 'approve' AND subject = ? AND number = ? AND member = ?"
        if link.execute(before, (name, number, by)).fetchone()[0]:
            raise ScenarioError([Problem("version_approved", name, values={"number": number, "member": by})])
        note_event(link, member=by, act="approve", subject=name, number=number, detail=row[0])
    return list_versions(store, name)[number - 1]


def load_version(store: Store, name: str, *, number: int | None = None) -> Scenario:
    """Read a version of a scenario.

    Parameters
    ----------
    store : Store
        Where.
    name : str
        Scenario.
    number : int, optional
        Version; the newest if absent.

    Raises
    ------
    ScenarioError
        There is no such version, or its content no longer reads.
    """
    with open_store(store) as link:
        row = link.execute(
            "SELECT content, number FROM version WHERE name = ? AND number = coalesce(?, number) "
            "ORDER BY number DESC LIMIT 1",
            (name, number),
        ).fetchone()
    if row is None:
        raise ScenarioError([_stale(name, number or 0, 0) if number else Problem("scenario_unknown", name)])
    content, found = row
    if not isinstance(content, str):
        raise ScenarioError([Problem("version_tampered", name, values={"number": found})])
    return parse_scenario(content, source=name)


def verify_store(store: Store) -> None:
    """Check that no version and no event was changed, dropped or put in by other means.

    What was cut off from the end of both chains leaves no trace in the file: whoever needs to know notes
    the newest hash elsewhere.

    Raises
    ------
    ScenarioError
        Names the first version or event whose hash does not follow from what stands in the file, or
        that lacks the other.
    """
    before, counted = "", dict[str, int]()
    with open_store(store) as link:
        rows = link.execute("SELECT name, number, note, content, fingerprint, hash FROM version ORDER BY sequence")
        for *row, digest in rows:
            name, number = row[0], row[1]
            if digest != digest_of(before, tuple(row)) or number != counted.get(name, 0) + 1:
                raise ScenarioError([Problem("version_tampered", name, values={"number": number})])
            before, counted[name] = digest, number
        verify_events(link)
