"""Bus runs for pupils who live too far to walk: runs, seats, minutes at capped speeds, and their limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats, Mode
from layoutplan.access.travel import Travel
from layoutplan.county.tables import GRADES_OF_GROUP
from layoutplan.norms import Norm, Norms
from layoutplan.plan.openings import snap_openings, with_openings
from layoutplan.plan.planning import PlanResult, prepare_for

# What a sum of floats may be off by.
_TINY = 1e-9
BUS_NORMS = ("bus.seats_max", "speed.bus_cap_kmh.motorway", "speed.bus_cap_kmh.other", "speed.bus_cap_kmh.hazard")
_RUNS = (
    "school_id", "pupils", "unreached", "runs", "seats", "minutes_mean", "minutes_longest", "round_trip_minutes",
    "meets_limit",
)  # fmt: skip
_RIDES = (
    "school_id", "group", "pupils", "unreached", "minutes_mean", "minutes_longest", "limit", "clause", "verified",
    "over_limit", "meets_limit",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Buses:
    """What it takes to bring far pupils to school by bus.

    Parameters
    ----------
    runs : DataFrame
        ``school_id`` (key, sorted), ``pupils`` [person] (who can be driven), ``unreached`` [person] (no way for the
        bus), ``runs`` [run, one way], ``seats`` [seat] (pupils, rounded up), ``minutes_mean``, ``minutes_longest``
        (one way), ``round_trip_minutes``, ``meets_limit``.
    rides : DataFrame
        ``school_id, group`` (key, sorted), ``pupils``, ``unreached`` [person], ``minutes_mean``, ``minutes_longest``
        (one way; missing where nobody can be driven), ``limit`` [min one way], ``clause``, ``verified``,
        ``over_limit`` [person], ``meets_limit`` (False also where somebody cannot be driven).
    """

    runs: pd.DataFrame
    rides: pd.DataFrame


def ways_in(result: PlanResult, mode: Mode) -> Travel:
    """Return the ways from all places to all schools of a scenario in one mode, whatever mode its policy uses.

    Parameters
    ----------
    result : PlanResult
        Scenario worked out; its season counts.
    mode : {"walk", "drive"}
        What is not prepared in this mode is measured now, once.
    """
    policy = result.scenario.policy.model_copy(update={"mode": mode, **dict.fromkeys(GRADES_OF_GROUP)})
    prepared = prepare_for(result.prepared, policy)
    return with_openings(prepared, policy, snap_openings(prepared, result.scenario))[mode]


def minutes_between(travel: Travel, place_ids: pd.Series, school_ids: pd.Series) -> Floats:
    """Return the minutes of pairs of place and school, NaN where there is no way or no school is named.

    Parameters
    ----------
    travel : Travel
        Ways from places to schools.
    place_ids, school_ids : Series
        Ids of the pairs, row by row.

    Returns
    -------
    float64 [pair]
        Minutes one way.
    """
    row = {place_id: at for at, place_id in enumerate(travel.place_ids)}
    known: dict[tuple[str, str], float] = {}
    for place_id in place_ids.unique().tolist():
        pairs = slice(travel.start[row[place_id]], travel.start[row[place_id] + 1])
        for school, minutes in zip(travel.school[pairs].tolist(), travel.minutes[pairs].tolist(), strict=True):
            known[place_id, travel.school_ids[school]] = minutes
    asked = zip(place_ids.tolist(), school_ids.tolist(), strict=True)
    return np.array([known.get(pair, np.nan) for pair in asked], dtype=np.float64)


def plan_buses(far: pd.DataFrame, drive: Travel, *, norms: Norms) -> Buses:
    """Work out the bus runs that bring far pupils to their schools.

    Parameters
    ----------
    far : DataFrame
        ``place_id, school_id, group`` (of grades), ``pupils`` [person]: whom the bus has to bring every day.
    drive : Travel
        Ways by road in the season. Speeds are capped where the network is built (``speed.bus_cap_kmh``), in snow and
        on mud more (:func:`layoutplan.access.seasons.set_season`).
    norms : Norms
        ``bus.seats_max`` [seat/bus], ``travel.limit_minutes_bus.<group>`` [min one way].

    Returns
    -------
    Buses
        A school without far pupils has no row.

    Notes
    -----
    runs = ceil(pupils / ``bus.seats_max``). Minutes are those of the direct way from every place, so the
    longest is the least that a run from there takes; stops and detours come on top. A round trip is out to the
    farthest place and back.

    Examples
    --------
    >>> bus_runs(57, seats=56), bus_runs(56, seats=56), bus_runs(0, seats=56)
    (2, 1, 0)
    """
    rows = far.assign(minutes=minutes_between(drive, far["place_id"], far["school_id"]))
    rides = [
        _ride(str(school_id), str(group), part, norms=norms)
        for (school_id, group), part in rows.groupby(["school_id", "group"], sort=True)
    ]
    frame = pd.DataFrame(rides, columns=list(_RIDES))
    met = frame.groupby("school_id")["meets_limit"].all()
    seats = norms.value("bus.seats_max")
    runs = [
        _run(str(school_id), part, seats=seats) | {"meets_limit": bool(met[school_id])}
        for school_id, part in rows.groupby("school_id", sort=True)
    ]
    return Buses(pd.DataFrame(runs, columns=list(_RUNS)), frame)


def bus_runs(pupils: float, *, seats: float) -> int:
    """Return the runs that pupils fill at the seats a bus may have; see :func:`plan_buses`."""
    return int(np.ceil(pupils / seats - _TINY))


def bus_norms(norms: Norms) -> Mapping[str, Norm]:
    """Return the norms that bus runs rest on, by key."""
    limits = tuple(f"travel.limit_minutes_bus.{group}" for group in GRADES_OF_GROUP)
    return {key: norms[key] for key in (*BUS_NORMS, *limits)}


def _driven(part: pd.DataFrame) -> dict[str, float]:
    """Return who can be driven, who cannot, and the mean and longest minutes of those who can."""
    weight, minutes = part["pupils"].to_numpy(float), part["minutes"].to_numpy(float)
    known = np.isfinite(minutes)
    driven = weight[known].sum()
    return {
        "pupils": float(driven), "unreached": float(weight[~known].sum()),
        "minutes_mean": float((weight[known] * minutes[known]).sum() / driven) if driven > 0 else np.nan,
        "minutes_longest": float(minutes[known].max()) if known.any() else np.nan,
    }  # fmt: skip


def _ride(school_id: str, group: str, part: pd.DataFrame, *, norms: Norms) -> dict[str, object]:
    norm = norms[f"travel.limit_minutes_bus.{group}"]
    driven = _driven(part)
    over = float(part.loc[part["minutes"] > norm.value + _TINY, "pupils"].sum())
    return {
        "school_id": school_id, "group": group, **driven, "limit": float(norm.value), "clause": norm.clause,
        "verified": norm.verified, "over_limit": over, "meets_limit": over == 0 and driven["unreached"] == 0,
    }  # fmt: skip


def _run(school_id: str, part: pd.DataFrame, *, seats: float) -> dict[str, object]:
    driven = _driven(part)
    return {
        "school_id": school_id, **driven, "runs": bus_runs(driven["pupils"], seats=seats),
        "seats": int(np.ceil(driven["pupils"] - _TINY)), "round_trip_minutes": 2 * driven["minutes_longest"],
    }  # fmt: skip
