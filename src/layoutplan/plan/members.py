"""Who may do what in an office's store; kept in the store itself, not by hiding buttons.

A store without members is a single desk: everybody may do everything. With the first member, who has to be
an admin, only members may change anything, each as far as the role goes.
"""

from __future__ import annotations

import sqlite3

from layoutplan.errors import Problem, ScenarioError
from layoutplan.plan.storefile import DESK, Store, change, note_event, open_store

# Each may do what those before it may: look; save; approve; say who is what.
ROLES = ("viewer", "planner", "approver", "admin")


def require_role(link: sqlite3.Connection, member: str, needed: str) -> None:
    """Refuse what a member may not do, within the transaction that would do it.

    Parameters
    ----------
    link : sqlite3.Connection
        Open store.
    member : str
        Who wants to.
    needed : str
        Least role that may, of :data:`ROLES`.

    Raises
    ------
    ScenarioError
        ``member_unknown`` or ``role_needed``.
    """
    roles = dict(link.execute("SELECT name, role FROM member"))
    if not roles:
        return
    role = roles.get(member)
    if role not in ROLES:  # a role of another program counts as none
        raise ScenarioError([Problem("member_unknown", "member", row=member)])
    if ROLES.index(role) < ROLES.index(needed):
        raise ScenarioError([Problem("role_needed", "member", row=member, values={"role": role, "needed": needed})])


def list_members(store: Store) -> dict[str, str]:
    """Return the role of every member, by name; empty for a single desk."""
    with open_store(store) as link:
        return dict(link.execute("SELECT name, role FROM member ORDER BY name"))


def appoint(store: Store, name: str, role: str, *, by: str = DESK) -> None:
    """Give a member a role; somebody new becomes a member.

    Parameters
    ----------
    store : Store
        Where.
    name : str
        Account name as the proxy or the sign-in gives it.
    role : {"viewer", "planner", "approver", "admin"}
        What the member may do.
    by : str, optional
        Who says so; an admin, where the store has members.

    Raises
    ------
    ScenarioError
        No such role, the first member is no admin, the last admin would be none, or ``by`` is no admin.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> store = Store(pathlib.Path(tempfile.mkdtemp()) / "plans.sqlite")
    >>> appoint(store, "lead", "admin")
    >>> appoint(store, "guest", "viewer", by="lead")
    >>> list_members(store)
    {'guest': 'viewer', 'lead': 'admin'}
    """
    if role not in ROLES or not name.strip():
        raise ScenarioError([Problem("role_unknown", "member", row=name, values={"role": role, "roles": _listed()})])
    with change(store) as link:
        require_role(link, by, "admin")
        link.execute(
            "INSERT INTO member (name, role) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET role = excluded.role",
            (name, role),
        )
        _keep_an_admin(link, name)
        note_event(link, member=by, act="appoint", subject=name, number=0, detail=role)


def dismiss(store: Store, name: str, *, by: str = DESK) -> None:
    """Take a member out; what the member did stays in the events.

    Raises
    ------
    ScenarioError
        There is no such member, it is the last admin, or ``by`` is no admin.
    """
    with change(store) as link:
        require_role(link, by, "admin")
        if not link.execute("DELETE FROM member WHERE name = ?", (name,)).rowcount:
            raise ScenarioError([Problem("member_unknown", "member", row=name)])
        _keep_an_admin(link, name)
        note_event(link, member=by, act="dismiss", subject=name, number=0, detail="")


def _keep_an_admin(link: sqlite3.Connection, name: str) -> None:
    """Refuse a change that leaves nobody who could make the next one."""
    if not link.execute("SELECT count(*) FROM member WHERE role = 'admin'").fetchone()[0]:
        raise ScenarioError([Problem("admin_needed", "member", row=name)])


def _listed() -> str:
    return ", ".join(ROLES)
