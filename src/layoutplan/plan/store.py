"""Scenarios of a planning office in one SQLite file: every version kept, no edit lost without a word.

A save names the version it was made from. If somebody has saved since, it is refused and says which
version is newest, so that the planner can look at it or keep an own copy. Versions are never changed
or deleted; each carries a hash over its content and the hash before it, so that a file edited by other
means is noticed. The write-ahead log is synced before a save returns: what was acknowledged survives a
kill or a power cut.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from layoutplan.errors import Problem, ScenarioError
from layoutplan.plan.scenario import Scenario, dump_scenario, parse_scenario

# What the first version of a scenario is made from.
NEW = 0
# How long a save waits for another one to end; each takes milliseconds.
_WAIT_SECONDS = 30.0
_FORM = 1
_TABLES = f"""
CREATE TABLE version (
    sequence INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    note TEXT NOT NULL,
    content TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    hash TEXT NOT NULL,
    saved_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (name, number)
);
CREATE TRIGGER version_is_kept BEFORE DELETE ON version BEGIN SELECT RAISE(ABORT, 'versions are kept'); END;
CREATE TRIGGER version_is_final BEFORE UPDATE ON version BEGIN SELECT RAISE(ABORT, 'versions are final'); END;
PRAGMA user_version = {_FORM};
"""


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
    """

    name: str
    number: int
    note: str
    fingerprint: str
    hash: str
    saved_at: str


@dataclass(frozen=True)
class Store:
    """Where the scenarios are: a path, opened anew for every question.

    Parameters
    ----------
    path : Path
        SQLite file on a local disk; made by the first save. A share of a file server will not do, for the
        write-ahead log needs memory shared between the programs.

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

    path: Path


@contextmanager
def _open(store: Store) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(store.path, timeout=_WAIT_SECONDS, isolation_level=None)) as link:
            # A file of another program is left as it is, so look before the first pragma that writes.
            is_new = _is_new(link)
            link.execute("PRAGMA journal_mode = WAL")
            link.execute("PRAGMA synchronous = FULL")
            if is_new:
                _make_tables(link)
            yield link
    except sqlite3.Error as fault:
        problem = Problem("store_unusable", store.path.name, values={"reason": str(fault)})
        raise ScenarioError([problem]) from fault


def _is_new(link: sqlite3.Connection) -> bool:
    form = link.execute("PRAGMA user_version").fetchone()[0]
    if form == 0 and not link.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return True
    if form != _FORM:
        raise sqlite3.DatabaseError(f"form {form}, known is {_FORM}")
    return False


def _make_tables(link: sqlite3.Connection) -> None:
    link.execute("BEGIN IMMEDIATE")
    # Another planner may have made them while this one waited.
    if _is_new(link):
        for statement in _statements(_TABLES):
            link.execute(statement)
    link.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script one by one, so that they stay in one transaction."""
    part = ""
    for line in script.splitlines():
        part += f"{line}\n"
        if sqlite3.complete_statement(part):
            yield part
            part = ""


def save_version(store: Store, scenario: Scenario, *, based_on: int, note: str = "") -> Version:
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

    Returns
    -------
    Version
        As it stands in the file; it is there whatever happens next.

    Raises
    ------
    ScenarioError
        Somebody saved this name since (``version_stale``): nothing is written. Or the file is none of
        ours, or cannot be written.
    """
    content = dump_scenario(scenario)
    with _open(store) as link:
        link.execute("BEGIN IMMEDIATE")
        newest = link.execute("SELECT coalesce(max(number), 0) FROM version WHERE name = ?", (scenario.name,))
        number = newest.fetchone()[0]
        if number != based_on:
            link.execute("ROLLBACK")
            raise ScenarioError([_stale(scenario.name, based_on, number)])
        last = link.execute("SELECT hash FROM version ORDER BY sequence DESC LIMIT 1").fetchone()
        row = (scenario.name, number + 1, note, content, scenario.fingerprint)
        digest = _digest(last[0] if last else "", row)
        link.execute(
            "INSERT INTO version (name, number, note, content, fingerprint, hash) VALUES (?, ?, ?, ?, ?, ?)",
            (*row, digest),
        )
        link.execute("COMMIT")
    saved: Version = list_versions(store, scenario.name)[number]
    return saved


def _stale(name: str, based_on: int, newest: int) -> Problem:
    code = "version_exists" if based_on == NEW else "version_stale" if newest else "version_unknown"
    return Problem(code, name, values={"based_on": based_on, "newest": newest})


def _digest(before: str, row: tuple[str, int, str, str, str]) -> str:
    return hashlib.sha256("\0".join((before, *map(str, row))).encode()).hexdigest()


def list_names(store: Store) -> tuple[str, ...]:
    """Return the names of all scenarios, sorted."""
    with _open(store) as link:
        return tuple(row[0] for row in link.execute("SELECT DISTINCT name FROM version ORDER BY name"))


def list_versions(store: Store, name: str) -> tuple[Version, ...]:
    """Return every version of a scenario, oldest first; none if the name is not there."""
    with _open(store) as link:
        rows = link.execute(
            "SELECT name, number, note, fingerprint, hash, saved_at FROM version WHERE name = ? ORDER BY number",
            (name,),
        ).fetchall()
    return tuple(Version(*row) for row in rows)


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
    with _open(store) as link:
        row = link.execute(
            "SELECT content FROM version WHERE name = ? AND number = coalesce(?, number) ORDER BY number DESC LIMIT 1",
            (name, number),
        ).fetchone()
    if row is None:
        raise ScenarioError([_stale(name, number or 0, 0) if number else Problem("scenario_unknown", name)])
    return parse_scenario(row[0], source=name)


def verify_store(store: Store) -> None:
    """Check that no version was changed, dropped or put in by other means.

    Raises
    ------
    ScenarioError
        Names the first version whose hash does not follow from what stands in the file.
    """
    before, counted = "", dict[str, int]()
    with _open(store) as link:
        rows = link.execute("SELECT name, number, note, content, fingerprint, hash FROM version ORDER BY sequence")
        for *row, digest in rows:
            name, number = row[0], row[1]
            if digest != _digest(before, (*row,)) or number != counted.get(name, 0) + 1:
                raise ScenarioError([Problem("version_tampered", name, values={"number": number})])
            before, counted[name] = digest, number
