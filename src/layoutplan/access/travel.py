"""Travel from every place to every school it can reach."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layoutplan.access.kernels import UNREACHED
from layoutplan.access.network import Flags, Floats, Ints, Mode, Network, Snaps
from layoutplan.access.pairs import measure_pairs
from layoutplan.county.tables import GradeGroup
from layoutplan.norms import Norms

if TYPE_CHECKING:
    import pandas as pd


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
        One-way time of that route at the speed of ``grades``.
    unreached : mapping
        ``{place_id: reason}`` for places without any pair: ``off_network`` (too far from a road),
        ``island`` (no school on the same piece of network), ``one_way`` (a school on it, no way there).
        After :func:`within` also ``beyond_limit``: the nearest school is farther than the limit.
    grades : {"grades_1_3", "grades_4_6", "grades_7_9"}
        Whose walking speed the minutes are for.
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
    grades: GradeGroup = "grades_1_3"


def costs_to_point(network: Network, origins: Snaps, target: Snaps, *, mode: Mode) -> tuple[Ints, Ints]:
    """Return the exact cost from every origin to one point.

    Parameters
    ----------
    network : Network
        Roads.
    origins : Snaps
        Where pupils start, snapped for the mode.
    target : Snaps
        One point, snapped for the mode.
    mode : {"walk", "drive"}
        How pupils travel.

    Returns
    -------
    cost : int64 [origin]
        Millimetres walking, milliseconds driving, gaps at both ends included; ``UNREACHED`` where
        there is no way or an end is off the network.
    length_mm : int64 [origin]
        Length of that route.
    """
    cost, length = measure_pairs(network, origins, target, mode=mode)
    return cost[:, 0], length[:, 0]


def measure_travel(network: Network, origins: Snaps, schools: Snaps, *, mode: Mode, norms: Norms) -> Travel:
    """Measure every place against every school it can reach, exactly.

    Parameters
    ----------
    network : Network
        Roads.
    origins : Snaps
        Places, snapped for the mode.
    schools : Snaps
        Schools, snapped for the mode.
    mode : {"walk", "drive"}
        How pupils travel.
    norms : Norms
        ``speed.walk_kmh.grades_1_3`` [km/h]; see :func:`at_speed_of` for the other grades.

    Returns
    -------
    Travel
        All reachable pairs, sorted by (cost, school id) within a place; every place without a
        pair has its reason.
    """
    origins, schools = _sorted_by_id(origins), _sorted_by_id(schools)
    cost, length = measure_pairs(network, origins, schools, mode=mode)
    # Schools are in the order of their ids, so of equal costs the smaller id comes first.
    bits = len(schools.ids).bit_length()
    none = UNREACHED >> bits
    ranked = np.sort(np.minimum(cost, none) << bits | np.arange(len(schools.ids)), axis=1)
    reached: Flags = ranked >> bits < none
    order = ranked & ((1 << bits) - 1)
    school = order[reached]
    pairs = (ranked >> bits)[reached]
    lengths = pairs if length is cost else np.take_along_axis(length, order, axis=1)[reached]
    return Travel(
        mode=mode,
        place_ids=origins.ids,
        school_ids=schools.ids,
        start=np.concatenate([[0], np.cumsum(reached.sum(axis=1))]).astype(np.int64),
        school=school,
        cost=pairs,
        length_mm=lengths,
        minutes=minutes_of(pairs, mode=mode, norms=norms),
        unreached=_reasons(network, origins, schools, mode=mode, reached=np.asarray(reached.any(axis=1))),
    )


def _sorted_by_id(snaps: Snaps) -> Snaps:
    order = np.array(sorted(range(len(snaps.ids)), key=snaps.ids.__getitem__), dtype=np.int64)
    ids = tuple(snaps.ids[row] for row in order)
    return Snaps(ids, snaps.edge[order], snaps.offset_mm[order], snaps.gap_mm[order])


def minutes_of(cost: Ints, *, mode: Mode, norms: Norms, grades: GradeGroup = "grades_1_3") -> Floats:
    """Return the minutes a cost stands for (float64, same shape).

    Parameters
    ----------
    cost : int64
        Millimetres walking, milliseconds driving; not ``UNREACHED``.
    mode : {"walk", "drive"}
        How pupils travel.
    norms : Norms
        ``speed.walk_kmh.<grades>`` [km/h].
    grades : {"grades_1_3", "grades_4_6", "grades_7_9"}, optional
        Who walks.

    Examples
    --------
    >>> from layoutplan.norms import load_norms
    >>> way_mm = np.array([1_800_000])
    >>> [minutes_of(way_mm, mode="walk", norms=load_norms(), grades=g).item() for g in ("grades_1_3", "grades_7_9")]
    [30.0, 24.0]
    """
    if mode == "drive":
        return cost / 60_000.0
    return cost / 1000.0 / (norms.value(f"speed.walk_kmh.{grades}") * 1000.0 / 60.0)


def at_speed_of(travel: Travel, grades: GradeGroup, *, norms: Norms) -> Travel:
    """Return the same ways with the minutes of other grades.

    Parameters
    ----------
    travel : Travel
        Stays as it is.
    grades : {"grades_1_3", "grades_4_6", "grades_7_9"}
        Who travels.
    norms : Norms
        ``speed.walk_kmh.<grades>`` [km/h].
    """
    minutes = minutes_of(travel.cost, mode=travel.mode, norms=norms, grades=grades)
    return replace(travel, minutes=minutes, grades=grades)


# Why no school can be reached from a place; how far one is, is another matter.
WITHOUT_WAY = OFF_NETWORK, ISLAND, ONE_WAY = "off_network", "island", "one_way"


def _reasons(
    network: Network, origins: Snaps, schools: Snaps, *, mode: Mode, reached: npt.NDArray[np.bool_]
) -> dict[str, str]:
    piece = network.component[mode]
    with_school = np.unique(piece[network.edge_from[schools.edge[schools.edge >= 0]]])
    reasons = {}
    for place in np.flatnonzero(~reached).tolist():
        edge = origins.edge[place]
        if edge < 0:
            reason = OFF_NETWORK
        elif piece[network.edge_from[edge]] in with_school:
            reason = ONE_WAY
        else:
            reason = ISLAND
        reasons[origins.ids[place]] = reason
    return reasons


def add_school(travel: Travel, school_id: str, cost: Ints, length_mm: Ints, *, norms: Norms) -> Travel:
    """Return the travel with one school more.

    Parameters
    ----------
    travel : Travel
        Stays as it is.
    school_id : str
        New id; takes its place among the sorted ids.
    cost, length_mm : int64 [place]
        From :func:`costs_to_point`, in the order of ``travel.place_ids``; ``UNREACHED`` where none.
    norms : Norms
        ``speed.walk_kmh`` [km/h] of ``travel.grades``.

    Returns
    -------
    Travel
        The same as measured anew with that school, except that a place which still reaches no
        school keeps its reason.

    Raises
    ------
    ValueError
        The id is already there.
    """
    column = bisect_left(travel.school_ids, school_id)
    if travel.school_ids[column : column + 1] == (school_id,):
        raise ValueError(f"school {school_id!r} is already in the travel")
    school = travel.school + (travel.school >= column)
    places = np.flatnonzero(cost != UNREACHED)
    count = np.diff(travel.start)
    own = np.repeat(cost, count)
    before = (travel.cost < own) | ((travel.cost == own) & (school < column))
    run = np.concatenate([[0], np.cumsum(before)])
    rank = run[travel.start[1:]] - run[travel.start[:-1]]
    at = (travel.start[:-1] + rank)[places]
    added = np.zeros(len(count), dtype=np.int64)
    added[places] = 1
    new_cost = np.insert(travel.cost, at, cost[places])
    reached = {travel.place_ids[place] for place in places.tolist()}
    return replace(
        travel,
        school_ids=(*travel.school_ids[:column], school_id, *travel.school_ids[column:]),
        start=np.concatenate([[0], np.cumsum(count + added)]).astype(np.int64),
        school=np.insert(school, at, column),
        cost=new_cost,
        length_mm=np.insert(travel.length_mm, at, length_mm[places]),
        minutes=minutes_of(new_cost, mode=travel.mode, norms=norms, grades=travel.grades),
        unreached={place: reason for place, reason in travel.unreached.items() if place not in reached},
    )


def add_places(travel: Travel, more: Travel) -> Travel:
    """Return the travel with the places of another one.

    Parameters
    ----------
    travel, more : Travel
        Of the same schools, mode and grades; no place stands in both.

    Returns
    -------
    Travel
        The same as measured anew with all places.
    """
    ids = (*travel.place_ids, *more.place_ids)
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)
    first = np.concatenate([travel.start[:-1], more.start[:-1] + len(travel.cost)])[order]
    count = np.concatenate([np.diff(travel.start), np.diff(more.start)])[order]
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    pair = np.arange(start[-1]) + np.repeat(first - start[:-1], count)
    school, cost, length_mm, minutes = (
        np.concatenate([getattr(travel, name), getattr(more, name)])[pair]
        for name in ("school", "cost", "length_mm", "minutes")
    )
    return replace(
        travel,
        place_ids=tuple(ids[row] for row in order.tolist()),
        start=start,
        school=school,
        cost=cost,
        length_mm=length_mm,
        minutes=minutes,
        unreached=dict(sorted({**travel.unreached, **more.unreached}.items())),
    )


def within(travel: Travel, *, limit_min: float, k: int = 0) -> Travel:
    """Return every school within a limit and at least the k nearest of each place.

    Parameters
    ----------
    travel : Travel
        All pairs; stays as it is.
    limit_min : float
        Minutes one way, included.
    k : int, optional
        Schools kept although they are beyond the limit, nearest first.

    Returns
    -------
    Travel
        Pairs in the same order, by cost, then school id. Every place without a school within the limit
        has its reason in ``unreached``, also where its k nearest are kept.

    Examples
    --------
    >>> travel = Travel(
    ...     "walk", ("p",), ("a", "b", "c"), np.array([0, 3]), np.array([2, 0, 1]), np.array([60, 600, 900]) * 1000,
    ...     np.array([60, 600, 900]) * 1000, np.array([1.0, 10.0, 15.0]), {})
    >>> within(travel, limit_min=10.0).school.tolist(), within(travel, limit_min=0.5, k=1).school.tolist()
    ([2, 0], [2])
    >>> within(travel, limit_min=0.5, k=1).unreached
    {'p': 'beyond_limit'}
    """
    count = np.diff(travel.start)
    rank = np.arange(len(travel.cost)) - np.repeat(travel.start[:-1], count)
    near: Flags = travel.minutes <= limit_min
    run = np.concatenate([[0], np.cumsum(near)])
    far = np.flatnonzero((run[travel.start[1:]] == run[travel.start[:-1]]) & (count > 0))
    keep = near | (rank < k)
    total = np.concatenate([[0], np.cumsum(keep)])
    beyond = {travel.place_ids[place]: "beyond_limit" for place in far.tolist()}
    return replace(
        travel,
        start=total[travel.start].astype(np.int64),
        school=travel.school[keep],
        cost=travel.cost[keep],
        length_mm=travel.length_mm[keep],
        minutes=travel.minutes[keep],
        unreached=dict(sorted({**travel.unreached, **beyond}.items())),
    )


def nearest_open(travel: Travel, is_open: npt.NDArray[np.bool_]) -> Ints:
    """Return the pair of every place's nearest open school.

    Parameters
    ----------
    travel : Travel
        Pairs, nearest first.
    is_open : bool [school]
        Whether the school of that index may be used.

    Returns
    -------
    int64 [place]
        Position of the pair; -1 where no open school can be reached.
    """
    pair, end = travel.start[:-1].copy(), travel.start[1:]
    # All places step over their closed schools together; few steps, as most nearest schools are open.
    waiting = np.flatnonzero(pair < end)
    while len(waiting):
        waiting = waiting[~is_open[travel.school[pair[waiting]]]]
        pair[waiting] += 1
        waiting = waiting[pair[waiting] < end[waiting]]
    return np.where(pair < end, pair, -1)


def travel_frame(travel: Travel) -> pd.DataFrame:
    """Return the pairs as a table.

    Parameters
    ----------
    travel : Travel
        Pairs.

    Returns
    -------
    DataFrame
        ``place_id``, ``school_id``, ``minutes`` [min], ``metres`` [m], in the order of the pairs.
    """
    import pandas as pd

    place = np.repeat(np.arange(len(travel.place_ids)), np.diff(travel.start))
    return pd.DataFrame(
        {
            "place_id": np.array(travel.place_ids, dtype=object)[place],
            "school_id": np.array(travel.school_ids, dtype=object)[travel.school],
            "minutes": travel.minutes,
            "metres": travel.length_mm / 1000.0,
        }
    )
