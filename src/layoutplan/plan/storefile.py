"""The SQLite file of a planning office: how it is opened, brought up to date, and what happened in it.

Every change is an event in a chain of hashes, written in the transaction that makes the change: who, what,
to which scenario or member. An event cannot be changed, dropped or put in without the chain showing it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from layoutplan.errors import Problem, ScenarioError

# Who works at a file that has no members: whoever sits at the one desk.
DESK = "desk"
# How long a save waits for another one to end; each takes milliseconds.
_WAIT_SECONDS = 30.0
_VERSIONS = """
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
"""
_MEMBERS = """
CREATE TABLE member (name TEXT PRIMARY KEY, role TEXT NOT NULL);
CREATE TABLE event (
    sequence INTEGER PRIMARY KEY,
    member TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    number INTEGER NOT NULL,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL,
    happened_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are kept'); END;
CREATE TRIGGER event_is_final BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are final'); END;
"""
# Contents are not among them: a version whose content is none is named by its number.
_KINDS = {
    **dict.fromkeys(("name", "note", "fingerprint", "hash", "saved_at", "role"), str),
    **dict.fromkeys(("member", "act", "subject", "detail", "happened_at"), str),
    "number": int,
}
# What brings a file from one form to the next; a new file takes all of them.
_STEPS = (_VERSIONS, _MEMBERS)


@dataclass(frozen=True)
class Store:
    """Where the scenarios are: a path, opened anew for every question.

    Parameters
    ----------
    path : Path
        SQLite file on a local disk; made by the first save. A share of a file server will not do, for the
        write-ahead log needs memory shared between the programs.
    """

    path: Path


@dataclass(frozen=True)
class Event:
    """One thing that was done in a store.

    Parameters
    ----------
    member : str
        Who; ``desk`` where the file has no members.
    act : {"save", "adopt", "approve", "appoint", "dismiss"}
        What; ``adopt`` is a version that was there before events were kept.
    subject : str
        Scenario or member it was done to.
    number : int
        Version, 0 where it is about a member.
    detail : str
        Hash of the version, or role given.
    happened_at : str
        UTC by the clock of the machine; for people, no result hangs on it.
    """

    member: str
    act: str
    subject: str
    number: int
    detail: str
    happened_at: str


@contextmanager
def open_store(store: Store) -> Iterator[sqlite3.Connection]:
    """Yield a connection to a store in the newest form; the file is made if it is not there.

    Raises
    ------
    ScenarioError
        ``store_unusable``: the file is of another program or a later version, or cannot be written.
    """
    try:
        with closing(sqlite3.connect(store.path, timeout=_WAIT_SECONDS, isolation_level=None)) as link:
            link.row_factory = _plain_row
            # A file of another program is left as it is, so look before the first pragma that writes.
            form = _form_of(link)
            link.execute("PRAGMA journal_mode = WAL")
            link.execute("PRAGMA synchronous = FULL")
            if form < len(_STEPS):
                _bring_up(link)
            yield link
    # In a damaged file texts are not even texts.
    except (sqlite3.Error, UnicodeDecodeError) as fault:
        problem = Problem("store_unusable", store.path.name, values={"reason": str(fault)})
        raise ScenarioError([problem]) from fault


def _plain_row(cursor: sqlite3.Cursor, row: tuple[object, ...]) -> tuple[object, ...]:
    """Return a row; a damaged file holds bytes and numbers where the program only ever wrote text."""
    for (column, *_), cell in zip(cursor.description, row, strict=True):
        if isinstance(cell, bytes) or not isinstance(cell, _KINDS.get(column, object)):
            raise sqlite3.DatabaseError(f"{column} holds {type(cell).__name__}, which the program never wrote there")
    return row


@contextmanager
def change(store: Store) -> Iterator[sqlite3.Connection]:
    """Yield a connection within a transaction, which ends whole or not at all."""
    with open_store(store) as link:
        link.execute("BEGIN IMMEDIATE")
        try:
            yield link
        except BaseException:
            # A full disk may have rolled back already.
            with suppress(sqlite3.Error):
                link.execute("ROLLBACK")
            raise
        link.execute("COMMIT")


def _form_of(link: sqlite3.Connection) -> int:
    form: int = link.execute("PRAGMA user_version").fetchone()[0]
    kinds = dict(link.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"))
    if form > len(_STEPS) or (form == 0 and kinds):
        raise sqlite3.DatabaseError(f"form {form}, known is {len(_STEPS)}")
    # A view in place of a table could compute without end.
    if "view" in kinds.values():
        raise sqlite3.DatabaseError(f"view {min(name for name, kind in kinds.items() if kind == 'view')}")
    return form


def _bring_up(link: sqlite3.Connection) -> None:
    """Take the steps that are missing, in one transaction; each keeps what is there."""
    link.execute("BEGIN IMMEDIATE")
    # Another planner may have taken them while this one waited.
    for step in _STEPS[(form := _form_of(link)) :]:
        for statement in _statements(step):
            link.execute(statement)
    if form == 1:
        for name, number, digest in link.execute("SELECT name, number, hash FROM version ORDER BY sequence").fetchall():
            note_event(link, member="", act="adopt", subject=name, number=number, detail=digest)
    link.execute(f"PRAGMA user_version = {len(_STEPS)}")
    link.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script one by one, so that they stay in one transaction."""
    part = ""
    for line in script.splitlines():
        part += f"{line}\n"
        if sqlite3.complete_statement(part):
            yield part
            part = ""


def digest_of(before: str, row: tuple[object, ...]) -> str:
    """Return the hash of a row of a chain, over the row and the hash before it."""
    return hashlib.sha256("\0".join((before, *map(str, row))).encode()).hexdigest()


def note_event(link: sqlite3.Connection, *, member: str, act: str, subject: str, number: int, detail: str) -> None:
    """Append an event to the chain, within the transaction of what it tells."""
    last = link.execute("SELECT hash FROM event ORDER BY sequence DESC LIMIT 1").fetchone()
    row = (member, act, subject, number, detail)
    link.execute(
        "INSERT INTO event (member, act, subject, number, detail, hash) VALUES (?, ?, ?, ?, ?, ?)",
        (*row, digest_of(last[0] if last else "", row)),
    )


def list_events(store: Store) -> tuple[Event, ...]:
    """Return what was done in a store, oldest first."""
    with open_store(store) as link:
        rows = link.execute("SELECT member, act, subject, number, detail, happened_at FROM event ORDER BY sequence")
        return tuple(Event(*row) for row in rows)


def verify_events(link: sqlite3.Connection) -> None:
    """Check the chain of events, that every version has the event of its save, and every member that of the role.

    Raises
    ------
    ScenarioError
        ``event_tampered``, ``version_unnoted`` or ``member_tampered`` for the first that does not fit.
    """
    before, saved, roles = "", set[tuple[str, int, str]](), dict[str, str]()
    rows = link.execute("SELECT member, act, subject, number, detail, hash FROM event ORDER BY sequence")
    for at, (*row, digest) in enumerate(rows, 1):
        if digest != digest_of(before, tuple(row)):
            raise ScenarioError([Problem("event_tampered", str(row[2]), values={"number": at})])
        before = digest
        _, act, subject, number, detail = row
        if act in ("save", "adopt"):
            saved.add((subject, number, detail))
        elif act == "appoint":
            roles[subject] = detail
        elif act == "dismiss":
            roles.pop(subject, None)
    for version in link.execute("SELECT name, number, hash FROM version ORDER BY sequence"):
        if version not in saved:
            raise ScenarioError([Problem("version_unnoted", version[0], values={"number": version[1]})])
    there = dict(link.execute("SELECT name, role FROM member"))
    for name in sorted(roles.keys() | there.keys()):
        if roles.get(name) != there.get(name):
            raise ScenarioError([Problem("member_tampered", "member", row=name)])
