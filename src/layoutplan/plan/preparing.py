"""What no scenario changes, worked out once: network, ways of the schools that stand, tiling, standing facts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from layoutplan import __version__
from layoutplan.access.catchment import Cells, build_cells, snap_cells
from layoutplan.access.engine import is_warm, warm_up
from layoutplan.access.hills import add_hills
from layoutplan.access.network import Mode, Network, Snaps, build_network, snap_points
from layoutplan.access.origins import find_origins
from layoutplan.access.roadcheck import RoadReport, Stops, report_roads
from layoutplan.access.seasons import Season, set_season
from layoutplan.access.travel import Travel, measure_travel
from layoutplan.county.layers import County
from layoutplan.norms import Norms
from layoutplan.seats.diagnosis import Facts, Findings, standing_findings
from layoutplan.seats.roster import base_roster
from layoutplan.seats.settings import Policy
from layoutplan.seats.ways import modes_of

CELL_SPACING_M = 900.0


@dataclass(frozen=True, eq=False)
class Prepared:
    """Network and base travel of a county: the part that no scenario changes.

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
    places : mapping
        Places snapped onto the network, by mode.
    schools : mapping
        Schools snapped onto the network, by mode.
    travel : mapping
        Places to schools, by mode.
    between : mapping
        Schools to schools, by mode.
    cells : mapping
        One tiling of the county, its cells snapped by mode.
    cell_travel : mapping
        Cells to schools, by mode.
    outline : Polygon or MultiPolygon
        The townships together; a new school must stand inside.
    fingerprint : str
        Hash of the county's content, the norms and the program version.
    roads : RoadReport
        What was joined, who lives on which piece, who is far from any road, and where places travel from.
    facts : Facts
        What the checks know of the base year.
    standing : Findings
        What they find in it whatever the scenario.
    """

    county: County
    norms: Norms
    network: Network
    season: Season
    dry: Network
    places: Mapping[Mode, Snaps]
    schools: Mapping[Mode, Snaps]
    travel: Mapping[Mode, Travel]
    between: Mapping[Mode, Travel]
    cells: Mapping[Mode, Cells]
    cell_travel: Mapping[Mode, Travel]
    outline: BaseGeometry
    roads: RoadReport
    fingerprint: str
    facts: Facts
    standing: Findings


def prepare(
    county: County,
    norms: Norms,
    *,
    modes: Sequence[Mode] = ("walk",),
    season: Season = "dry",
    say: Callable[[str], None] | None = None,
) -> Prepared:
    """Build the network and measure the travel that no scenario changes.

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
        Told the name of each step (``network``, ``travel``, ``cells``) as it starts; the first time
        on a machine also ``compile``, which takes seconds.

    Returns
    -------
    Prepared
        Everything :func:`run_plan` needs.

    Raises
    ------
    NetworkError
        The roads carry no network.
    """
    (say or _keep_quiet)("network")
    dry = build_network(county.roads, norms=norms, node_crossings=county.node_crossings)
    if "dem" in county.rasters:
        dry = add_hills(dry, county.rasters["dem"])
    if not is_warm():
        (say or _keep_quiet)("compile")
        warm_up(first=True)
    return _measured(county, norms, dry, modes=modes, season=season, say=say or _keep_quiet)


def _measured(
    county: County, norms: Norms, dry: Network, *, modes: Sequence[Mode], season: Season, say: Callable[[str], None]
) -> Prepared:
    network = set_season(dry, county.roads, season=season, norms=norms)
    outline = shapely.union_all(county.townships.geometry.to_numpy())
    origins = find_origins(county.places, county.rasters.get("population"))
    place_points = origins.points
    school_points = county.schools.set_index("school_id").geometry
    places = {mode: snap_points(network, place_points, mode=mode, norms=norms) for mode in modes}
    schools = {mode: snap_points(network, school_points, mode=mode, norms=norms) for mode in modes}
    say("travel")
    travel = {m: measure_travel(network, places[m], schools[m], mode=m, norms=norms) for m in modes}
    between = {m: measure_travel(network, schools[m], schools[m], mode=m, norms=norms) for m in modes}
    say("cells")
    # One tiling for all modes, by the roads of walkers where they are asked for.
    first = max(modes)
    tiles = build_cells(network, outline, anchors=place_points, spacing_m=CELL_SPACING_M, norms=norms, mode=first)
    cells = {m: tiles if m == first else snap_cells(network, tiles, mode=m, norms=norms) for m in modes}
    cell_travel = {m: measure_travel(network, cells[m].snaps, schools[m], mode=m, norms=norms) for m in modes}
    key = "|".join((county.fingerprint, norms.fingerprint, __version__, ",".join(modes), season))
    fingerprint = hashlib.sha256(key.encode()).hexdigest()[:16]
    roads = report_roads(county, network, Stops(origins, places, schools), norms=norms)
    facts = Facts(county, norms, base_roster(county, norms))
    return Prepared(
        county,
        norms,
        network,
        season,
        dry,
        places,
        schools,
        travel,
        between,
        cells,
        cell_travel,
        outline,
        roads,
        fingerprint,
        facts,
        standing_findings(facts),
    )


def prepare_for(prepared: Prepared, policy: Policy, *, also: tuple[Mode, ...] = ()) -> Prepared:
    """Return what is prepared for a policy's season and modes; measured anew only where they are not there.

    Another season weighs the same roads anew: nodes keep their order.

    Parameters
    ----------
    prepared : Prepared
        Made by :func:`prepare`; stays as it is.
    policy : Policy
        Season and modes.
    also : tuple of {"walk", "drive"}, optional
        Modes needed besides, such as that of buses.
    """
    modes = tuple(sorted({*modes_of(policy), *also}))
    if policy.season == prepared.season and set(modes) <= set(prepared.travel):
        return prepared
    others = _OTHERS.setdefault(prepared, {})
    key = policy.season, modes
    if key not in others:
        others[key] = _measured(
            prepared.county, prepared.norms, prepared.dry, modes=modes, season=policy.season, say=_keep_quiet
        )
    return others[key]


# Only remembers what prepare_for would measure again; goes when what it was made from goes.
_OTHERS: WeakKeyDictionary[Prepared, dict[tuple[Season, tuple[Mode, ...]], Prepared]] = WeakKeyDictionary()


def _keep_quiet(step: str) -> None:
    """Say nothing: nobody watches."""


def snap_point(prepared: Prepared, east_m: float, north_m: float, *, mode: Mode) -> Snaps:
    """Snap one point of the map onto the network."""
    # A plain series: making a GeoSeries would take longer than the search itself.
    points = pd.Series([shapely.Point(east_m, north_m)], index=["site"], dtype=object)
    return snap_points(prepared.network, points, mode=mode, norms=prepared.norms)
