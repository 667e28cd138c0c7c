"""Travel from every place to every school it can reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from layoutplan.access.network import Floats, Ints, Mode


@dataclass(frozen=True, eq=False)
class Travel:
    """Schools each place can reach, nearest first; a pair that is not there cannot be travelled.

    The pairs of place ``i`` are ``start[i]:start[i + 1]``, sorted by (cost, school_id).

    Parameters
    ----------
    mode : {"walk", "drive"}
        How pupils travel.
    place_ids, school_ids : tuple of str
        Sorted ids; the arrays hold indices into them.
    start : int64 [place + 1]
        First pair of each place.
    school : int64 [pair]
        Index into ``school_ids``.
    cost : int64 [pair]
        What is minimised: millimetres walking, milliseconds driving, gaps at both ends included.
    length_mm : int64 [pair]
        Length of that route, gaps included.
    minutes : float64 [pair]
        One-way time of that route.
    unreached : mapping
        ``{place_id: reason}`` for places without any pair: ``off_network`` (too far from a road),
        ``island`` (no school on the same piece of network), ``one_way`` (a school on it, no way there).
    """

    mode: Mode
    place_ids: tuple[str, ...]
    school_ids: tuple[str, ...]
    start: Ints
    school: Ints
    cost: Ints
    length_mm: Ints
    minutes: Floats
    unreached: Mapping[str, str]
