"""What no scenario changes and catchments need: the network, and the ways from places to the schools that stand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd
import shapely

from layoutplan import __version__
from layoutplan.access.engine import is_warm, warm_up
from layoutplan.access.hills import add_hills
from layoutplan.access.network import Mode, Network, Snaps, build_network, snap_points
from layoutplan.access.origins import Origins, find_origins
from layoutplan.access.seasons import Season, set_season
from layoutplan.access.travel import Travel, measure_travel
from layoutplan.county.layers import County
from layoutplan.norms import Norms
from layoutplan.plan.roster import with_moves
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.demand import Demand, project_demand
from layoutplan.seats.settings import Outlook, Policy
from layoutplan.seats.ways import modes_of


@dataclass(frozen=True, eq=False)
class Measured:
    """Network and ways of a county: all that catchments need.

    Parameters
    ----------
    county, norms
        What it was made from.
    network : Network
        Roads in the season.
    season : {"dry", "rain", "snow"}
        Weather the ways are measured for.
    dry : Network
        Roads in the dry season, hills included: what other seasons are made from.
    origins : Origins
        Where the places travel from.
    places : mapping
        Places snapped onto the network, by mode.
    schools : mapping
        Schools snapped onto the network, by mode.
    travel : mapping
        Places to schools, by mode.
    fingerprint : str
        Hash of the county's content, the norms and the program version.
    """

    county: County
    norms: Norms
    network: Network
    season: Season
    dry: Network
    origins: Origins
    places: Mapping[Mode, Snaps]
    schools: Mapping[Mode, Snaps]
    travel: Mapping[Mode, Travel]
    fingerprint: str

    def parts(self) -> dict[str, Any]:
        """Return what was measured by name, for what holds more beside it."""
        return {field.name: getattr(self, field.name) for field in fields(Measured)}


def measure_county(
    county: County,
    norms: Norms,
    *,
    modes: Sequence[Mode] = ("walk",),
    season: Season = "dry",
    say: Callable[[str], None] | None = None,
) -> Measured:
    """Build the network and measure the ways from places to schools.

    Parameters
    ----------
    county : County
        The county as read; its elevation raster, if there is one, makes walking uphill dearer.
    norms : Norms
        Speeds, factors of the seasons and snapping limits.
    modes : sequence of {"walk", "drive"}
        How pupils may travel in the scenarios to come.
    season : {"dry", "rain", "snow"}, optional
        Weather the ways are measured for.
    say : callable, optional
        Told the name of each step (``network``, ``travel``) as it starts; the first time on a machine also
        ``compile``, which takes seconds.

    Returns
    -------
    Measured
        Everything :func:`layoutplan.plan.catchments.draw_up_catchments` needs.

    Raises
    ------
    NetworkError
        The roads carry no network.
    """
    say = say or keep_quiet
    say("network")
    dry = build_network(county.roads, norms=norms, node_crossings=county.node_crossings)
    if "dem" in county.rasters:
        dry = add_hills(dry, county.rasters["dem"])
    if not is_warm():
        say("compile")
        warm_up(first=True)
    say("travel")
    return measure_roads(county, norms, dry, modes=modes, season=season)


def measure_roads(county: County, norms: Norms, dry: Network, *, modes: Sequence[Mode], season: Season) -> Measured:
    """Return the ways of a county on a network of the dry season, in other weather and modes."""
    network = set_season(dry, county.roads, season=season, norms=norms)
    origins = find_origins(county.places, county.rasters.get("population"))
    points = county.schools.set_index("school_id").geometry
    places = {mode: snap_points(network, origins.points, mode=mode, norms=norms) for mode in modes}
    schools = {mode: snap_points(network, points, mode=mode, norms=norms) for mode in modes}
    travel = {m: measure_travel(network, places[m], schools[m], mode=m, norms=norms) for m in modes}
    key = "|".join((county.fingerprint, norms.fingerprint, __version__, ",".join(modes), season))
    fingerprint = hashlib.sha256(key.encode()).hexdigest()[:16]
    return Measured(county, norms, network, season, dry, origins, places, schools, travel, fingerprint)


def measure_for(measured: Measured, policy: Policy, *, also: tuple[Mode, ...] = ()) -> Measured:
    """Return the ways in a policy's season and modes; measured anew only where they are not there.

    Another season weighs the same roads anew: nodes keep their order.

    Parameters
    ----------
    measured : Measured
        Stays as it is.
    policy : Policy
        Season and modes.
    also : tuple of {"walk", "drive"}, optional
        Modes needed besides, such as that of buses.
    """
    modes = tuple(sorted({*modes_of(policy), *also}))
    if policy.season == measured.season and set(modes) <= set(measured.travel):
        return measured
    others, key = _OTHERS.setdefault(measured, {}), (policy.season, modes)
    if key not in others:
        others[key] = measure_roads(measured.county, measured.norms, measured.dry, modes=modes, season=policy.season)
    return others[key]


# Only remembers what measure_for would measure again; goes when what it was made from goes.
_OTHERS: WeakKeyDictionary[Measured, dict[tuple[Season, tuple[Mode, ...]], Measured]] = WeakKeyDictionary()


def keep_quiet(step: str) -> None:
    """Say nothing: nobody watches."""


def snap_point(measured: Measured, east_m: float, north_m: float, *, mode: Mode) -> Snaps:
    """Snap one point of the map onto the network."""
    # A plain series: making a GeoSeries would take longer than the search itself.
    points = pd.Series([shapely.Point(east_m, north_m)], index=["site"], dtype=object)
    return snap_points(measured.network, points, mode=mode, norms=measured.norms)


def demand_of(measured: Measured, scenario: Scenario, years: range) -> Demand:
    """Return the demand of a scenario's years; scenarios that only differ in schools share it."""
    county = with_moves(measured.county, scenario)
    key = scenario.outlook, years
    known = _DEMANDS.get(measured)
    if county is measured.county and known is not None and known[0] == key:
        return known[1]
    demand = project_demand(county, outlook=scenario.outlook, norms=measured.norms, years=years)
    if county is measured.county:
        _DEMANDS[measured] = (key, demand)
    return demand


# Only remembers the demand that was projected last; goes when what it was made from goes.
_DEMANDS: WeakKeyDictionary[Measured, tuple[tuple[Outlook, range], Demand]] = WeakKeyDictionary()
