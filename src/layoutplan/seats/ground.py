"""What catchments that hang together have to keep to: whose ground touches whose, and where schools stand.

A catchment hangs together if one gets from every unit in it to the school over neighbours that are
in it as well. The school stands on the ground of the place nearest to it; that place and its
neighbours touch the school, so several schools of one town can each begin there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layoutplan.access.network import Flags, Ints


@dataclass(frozen=True, eq=False)
class Ground:
    """Units of a market on the ground.

    Parameters
    ----------
    start, touch : int64 [unit + 1], [pair]
        Units that each unit touches.
    rooted : bool [unit, school]
        Whether a unit touches the ground of a school.
    is_open : bool [unit]
        Units that every catchment may pass: nobody to be placed lives there, or no school could take all who do,
        or the unit has no neighbour and stands beside no school.
    held : int64 [unit]
        School a unit is locked to, -1 where it is free. What is locked is ground of its school, whatever lies between.
    """

    start: Ints
    touch: Ints
    rooted: Flags
    is_open: Flags
    held: Ints

    def of(self, unit: int) -> Ints:
        """Return the units that a unit touches."""
        return self.touch[self.start[unit] : self.start[unit + 1]]


def touching(units: int, one: Ints, other: Ints) -> tuple[Ints, Ints]:
    """Return start and touch of pairs of units, both ways and each once."""
    both = np.concatenate([one * units + other, other * units + one])
    both = np.unique(both[np.concatenate([one, other]) != np.concatenate([other, one])])
    count = np.bincount(both // units, minlength=units)
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int64), both % units


def find_strays(ground: Ground, member: Flags, school: int) -> list[list[int]]:
    """Return the parts of a catchment that do not hang on its school.

    Parameters
    ----------
    ground : Ground
        Who touches whom.
    member : bool [unit]
        The catchment; what is held by the school belongs to it anyway.
    school : int
        Its school.

    Returns
    -------
    list of list of int
        Units of each part, sorted; units that anybody may pass are no part of any.
    """
    inside = member | ground.is_open | (ground.held == school)
    begin = np.flatnonzero(inside & (ground.rooted[:, school] | (ground.held == school))).tolist()
    seen = np.zeros(len(member), dtype=bool)
    spread(ground, inside, begin, seen)
    parts = []
    for unit in np.flatnonzero(member & ~ground.is_open).tolist():
        if not seen[unit]:
            part = spread(ground, inside, [unit], seen)
            parts.append(sorted(other for other in part if not ground.is_open[other]))
    return parts


def spread(ground: Ground, inside: Flags, begin: list[int], seen: Flags) -> list[int]:
    """Mark and return everything inside that hangs on some units."""
    stack = [unit for unit in begin if not seen[unit]]
    seen[stack] = True
    found = list(stack)
    while stack:
        for other in ground.of(stack.pop()).tolist():
            if inside[other] and not seen[other]:
                seen[other] = True
                stack.append(other)
                found.append(other)
    return found


def find_gate(ground: Ground, part: list[int], allowed: Flags, school: int) -> list[int]:
    """Return the units one of which has to join a catchment so that a stray part of it hangs on the school.

    Parameters
    ----------
    ground : Ground
        Who touches whom.
    part : list of int
        From :func:`find_strays`.
    allowed : bool [unit]
        Which units may go to the school.
    school : int
        The school.

    Returns
    -------
    list of int
        Units around the part that are reached from the school without crossing it; empty if there is no way.
    """
    inside = allowed | ground.is_open | (ground.held == school)
    own = np.zeros(len(inside), dtype=bool)
    own[part] = True
    # Open ground that hangs on the part belongs to it.
    around = np.zeros(len(inside), dtype=bool)
    whole = spread(ground, own | ground.is_open, list(part), around)
    edge = {other for unit in whole for other in ground.of(unit).tolist() if inside[other] and not around[other]}
    free = inside & ~around
    free[list(edge)] = False
    begin = np.flatnonzero(free & (ground.rooted[:, school] | (ground.held == school))).tolist()
    seen = np.zeros(len(inside), dtype=bool)
    spread(ground, free, begin, seen)
    return sorted(
        unit for unit in edge
        if ground.rooted[unit, school] or any(seen[other] for other in ground.of(unit).tolist())
    )  # fmt: skip
