"""How each group of grades travels: its mode, its speed, and the minutes it is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from layoutplan.access.network import Mode
from layoutplan.access.travel import Travel, at_speed_of
from layoutplan.county.tables import GRADES_OF_GROUP, GROUP_OF_GRADE, GradeGroup
from layoutplan.norms import Norm, Norms
from layoutplan.seats.settings import Means, Policy

_LIMITS: Mapping[Means, str] = {
    "walk": "travel.limit_minutes", "drive": "travel.limit_minutes_bus", "boarding": "travel.limit_minutes_boarding",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways from the same places to the same schools, a table for each group of grades.

    Parameters
    ----------
    by_group : mapping
        ``{group: Travel}`` for ``grades_1_3``, ``grades_4_6`` and ``grades_7_9``; places and schools
        are the same in all, modes and minutes may differ.
    bus : Travel, optional
        Ways by road, where a scenario runs buses.
    later : tuple of (int, Ways)
        Other ways from a year on, where a scenario builds roads, by year; the same places and schools.
    """

    by_group: Mapping[GradeGroup, Travel]
    bus: Travel | None = None
    later: tuple[tuple[int, Ways], ...] = ()

    def of(self, grade: int) -> Travel:
        """Return the ways of a grade, 1 to 9."""
        return self.by_group[GROUP_OF_GRADE[grade]]

    def in_year(self, year: int) -> Ways:
        """Return the ways there are in a year."""
        found = [ways for first, ways in self.later if first <= year]
        return found[-1] if found else self


def means_of(policy: Policy, group: GradeGroup) -> Means:
    """Return how a group of grades travels.

    Examples
    --------
    >>> means_of(Policy(grades_7_9="boarding"), "grades_7_9"), means_of(Policy(mode="drive"), "grades_4_6")
    ('boarding', 'drive')
    """
    stated: Means | None = getattr(policy, group)
    return stated or policy.mode


def mode_of(policy: Policy, group: GradeGroup) -> Mode:
    """Return in which mode the ways of a group are measured; boarders travel in the policy's mode."""
    means = means_of(policy, group)
    return policy.mode if means == "boarding" else means


def modes_of(policy: Policy) -> tuple[Mode, ...]:
    """Return every mode a policy measures ways in, sorted."""
    return tuple(sorted({policy.mode, *(mode_of(policy, group) for group in GRADES_OF_GROUP)}))


def limit_of(policy: Policy, group: GradeGroup, norms: Norms) -> Norm | None:
    """Return the minutes a group is held to; None where neither law nor policy holds it to any.

    Parameters
    ----------
    policy : Policy
        How the group travels.
    group : {"grades_1_3", "grades_4_6", "grades_7_9"}
        Which.
    norms : Norms
        ``travel.limit_minutes.<group>``, ``travel.limit_minutes_bus.<group>`` and
        ``travel.limit_minutes_boarding.<group>`` [min one way].

    Examples
    --------
    >>> from layoutplan.norms import load_norms
    >>> limit_of(Policy(), "grades_1_3", load_norms()).value, limit_of(Policy(), "grades_7_9", load_norms())
    (30, None)
    """
    if getattr(policy, group) is None and group != "grades_1_3":
        return None
    return norms[f"{_LIMITS[means_of(policy, group)]}.{group}"]


def ways_by(policy: Policy, travel: Mapping[Mode, Travel], *, norms: Norms, buses: bool = False) -> Ways:
    """Return the ways of every group under a policy.

    Parameters
    ----------
    policy : Policy
        How each group travels.
    travel : mapping
        ``{mode: Travel}`` for every mode of :func:`modes_of`.
    norms : Norms
        ``speed.walk_kmh.<group>`` [km/h].
    buses : bool, optional
        Whether ``travel["drive"]`` is also the way of buses.
    """
    by_group = {group: at_speed_of(travel[mode_of(policy, group)], group, norms=norms) for group in GRADES_OF_GROUP}
    return Ways(by_group, travel["drive"] if buses else None)
