"""The candidate sites a planner weighs against each other, as a value; each step gives a new one.

Candidates are alternatives: each is tried against the plan alone. What is kept becomes a school
of the scenario and counts from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

MAX_CANDIDATES = 6
ROOMS = (12, 18, 24, 30, 36)
USUAL_ROOMS = 18
_DECIMALS = 2  # a pin put back where it was is the same candidate, whatever degrees did to its metres


@dataclass(frozen=True)
class Candidate:
    """One site: its id in the scenario, where it stands [m, county CRS], its ordinary rooms [room]."""

    site_id: str
    east_m: float
    north_m: float
    rooms: int = USUAL_ROOMS


@dataclass(frozen=True)
class Bench:
    """All candidates, and the one in hand (empty if there is none)."""

    candidates: tuple[Candidate, ...] = ()
    active: str = ""

    def in_hand(self) -> Candidate | None:
        """Return the candidate in hand."""
        return next((one for one in self.candidates if one.site_id == self.active), None)


def free_id(bench: Bench, taken: Iterable[str]) -> str:
    """Return the first id ``site-N`` that no candidate and no school has.

    Examples
    --------
    >>> free_id(Bench((Candidate("site-1", 0, 0),)), ["site-2"])
    'site-3'
    """
    held = {*taken, *(one.site_id for one in bench.candidates)}
    number = 1
    while f"site-{number}" in held:
        number += 1
    return f"site-{number}"


def add(bench: Bench, east_m: float, north_m: float, *, site_id: str) -> Bench:
    """Put one candidate more on the bench and take it in hand; a full bench stays as it is."""
    if len(bench.candidates) >= MAX_CANDIDATES:
        return bench
    held = bench.in_hand()
    rooms = held.rooms if held else USUAL_ROOMS
    new = Candidate(site_id, round(east_m, _DECIMALS), round(north_m, _DECIMALS), rooms)
    return Bench((*bench.candidates, new), site_id)


def move(bench: Bench, site_id: str, east_m: float, north_m: float) -> Bench:
    """Put a candidate elsewhere and take it in hand; an unknown id changes nothing."""
    return _changed(bench, site_id, east_m=round(east_m, _DECIMALS), north_m=round(north_m, _DECIMALS))


def resize(bench: Bench, rooms: int) -> Bench:
    """Give the candidate in hand another size."""
    return _changed(bench, bench.active, rooms=rooms)


def take(bench: Bench, site_id: str) -> Bench:
    """Take a candidate in hand."""
    return _changed(bench, site_id)


def drop(bench: Bench, site_id: str) -> Bench:
    """Take a candidate off the bench; the one before it comes to hand.

    Examples
    --------
    >>> drop(Bench((Candidate("a", 0, 0), Candidate("b", 1, 1)), "b"), "b").active
    'a'
    """
    left = tuple(one for one in bench.candidates if one.site_id != site_id)
    active = bench.active if bench.active != site_id else left[-1].site_id if left else ""
    return Bench(left, active)


def _changed(bench: Bench, site_id: str, **changes: float) -> Bench:
    if site_id not in {one.site_id for one in bench.candidates}:
        return bench
    moved = tuple(replace(one, **changes) if one.site_id == site_id else one for one in bench.candidates)  # type: ignore[arg-type]
    return Bench(moved, site_id)
