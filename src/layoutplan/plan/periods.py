"""The years of a plan in which the same roads exist: travel is measured anew where a scenario builds one.

What no scenario changes stays as prepared. From the year on in which a road opens, network, ways and the
ways of cells are those of the county's roads and the new ones together, noded by the same rules. They are
remembered by what was built, so that scenarios with the same road share them, whatever its year.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import geopandas as gpd
import pandas as pd
import shapely

from layoutplan.access.catchment import Cells
from layoutplan.access.network import Mode, Network, Snaps, snap_points
from layoutplan.access.roadcheck import Stops, report_roads
from layoutplan.access.travel import Travel, measure_travel
from layoutplan.county.layers import County
from layoutplan.norms import Norms
from layoutplan.plan.measuring import measure_county
from layoutplan.plan.openings import between_schools, snap_openings, with_openings
from layoutplan.plan.preparing import Prepared
from layoutplan.plan.scenario import BuildRoad, RunBus, Scenario
from layoutplan.seats.ways import Ways, ways_by

# Networks of this many sets of new roads are kept for each county that is open.
_KEPT = 6


@dataclass(frozen=True, eq=False)
class Periods:
    """What is prepared for every year of a plan.

    Parameters
    ----------
    parts : tuple of (int, Prepared)
        First year and what holds from then on, by year; one part where no road is built.
    """

    parts: tuple[tuple[int, Prepared], ...]

    def in_year(self, year: int) -> Prepared:
        """Return what is prepared for a year."""
        return [prepared for first, prepared in self.parts if first <= year][-1]


def modes_besides(scenario: Scenario) -> tuple[Mode, ...]:
    """Return the modes that actions need besides those of the policy: buses go by road."""
    return ("drive",) if any(isinstance(action, RunBus) for action in scenario.actions) else ()


def periods_of(prepared: Prepared, scenario: Scenario) -> Periods:
    """Measure travel for every period in which the same roads exist.

    Parameters
    ----------
    prepared : Prepared
        In the season and modes of the scenario; stays as it is.
    scenario : Scenario
        Its actions are checked already.

    Returns
    -------
    Periods
        The first begins in the base year.

    Raises
    ------
    NetworkError
        The roads spread too far.
    """
    built = sorted(
        (action for action in scenario.actions if isinstance(action, BuildRoad)),
        key=lambda road: (road.year, road.road_id),
    )
    parts = [(prepared.county.base_year, prepared)]
    for year in sorted({road.year for road in built}):
        parts.append((year, _with_roads(prepared, tuple(road for road in built if road.year <= year))))
    return Periods(tuple(parts))


def ways_in_periods(periods: Periods, scenario: Scenario, *, norms: Norms) -> tuple[Travel, Ways, Ways]:
    """Return the ways of a scenario.

    Parameters
    ----------
    periods : Periods
        From :func:`periods_of`.
    scenario : Scenario
        New schools, buses and policy.
    norms : Norms
        Walking speeds.

    Returns
    -------
    travel : Travel
        Places to schools in the policy's mode, as in the first period.
    ways, between : Ways
        From places to schools and from school to school, each with those of later periods.
    """
    found = [(first, _ways(part, scenario, norms)) for first, part in periods.parts]
    to_schools = tuple((first, ways) for first, (_, ways, _) in found)
    between = tuple((first, ways) for first, (_, _, ways) in found)
    travel = found[0][1][0]
    return travel, replace(to_schools[0][1], later=to_schools[1:]), replace(between[0][1], later=between[1:])


def _ways(prepared: Prepared, scenario: Scenario, norms: Norms) -> tuple[Travel, Ways, Ways]:
    policy, also, openings = scenario.policy, modes_besides(scenario), snap_openings(prepared, scenario)
    travel = with_openings(prepared, policy, openings, also=also)
    between = between_schools(prepared, policy, openings)
    ways = ways_by(policy, travel, norms=norms, buses=bool(also))
    return travel[policy.mode], ways, ways_by(policy, between, norms=norms)


def _with_roads(prepared: Prepared, built: tuple[BuildRoad, ...]) -> Prepared:
    """Return what is prepared with some roads more; remembered by their content, not by their years."""
    known = _KNOWN.setdefault(prepared, OrderedDict())
    content = sorted(json.dumps(road.model_dump(mode="json", exclude={"year"}), sort_keys=True) for road in built)
    key = hashlib.sha256("\n".join(content).encode()).hexdigest()[:16]
    if key not in known:
        known[key] = _measured(prepared, roads_with(prepared.county, built), key)
        if len(known) > _KEPT:
            known.popitem(last=False)
    known.move_to_end(key)
    return known[key]


_KNOWN: WeakKeyDictionary[Prepared, OrderedDict[str, Prepared]] = WeakKeyDictionary()


def roads_with(county: County, built: tuple[BuildRoad, ...]) -> gpd.GeoDataFrame:
    """Return the roads of a county and new ones, sorted by id; what a new road does not say is unknown."""
    rows = [
        dict.fromkeys(county.roads.columns)
        | {
            "road_id": road.road_id, "class": road.road_class, "surface": road.surface, "drive_kmh": road.drive_kmh,
            "oneway": road.oneway, "geometry": shapely.LineString(road.line),
        }
        for road in built
    ]  # fmt: skip
    new = gpd.GeoDataFrame(rows, geometry="geometry", crs=county.roads.crs)
    types = {name: dtype for name, dtype in county.roads.dtypes.items() if name != "geometry"}
    both = pd.concat([county.roads, new.astype(types)], ignore_index=True)
    return both.sort_values("road_id", ignore_index=True)


def _measured(prepared: Prepared, roads: gpd.GeoDataFrame, key: str) -> Prepared:
    county, norms, modes = replace(prepared.county, roads=roads), prepared.norms, tuple(prepared.travel)
    anew = measure_county(county, norms, modes=modes, season=prepared.season)
    network, schools, cells = anew.network, anew.schools, _same_cells(prepared, anew.network)

    def measured(starts: Mapping[Mode, Snaps]) -> dict[Mode, Travel]:
        return {m: measure_travel(network, starts[m], schools[m], mode=m, norms=norms) for m in modes}

    stops = Stops(anew.origins, anew.places, schools)
    return replace(
        prepared, **(anew.parts() | {"fingerprint": f"{prepared.fingerprint}-{key}"}), between=measured(schools),
        cell_travel=measured({mode: cells[mode].snaps for mode in modes}), cells=cells,
        roads=report_roads(county, network, stops, norms=norms),
    )  # fmt: skip


def _same_cells(prepared: Prepared, network: Network) -> dict[Mode, Cells]:
    """Return the same tiling on other roads, so that maps of different years can be laid over each other."""
    # Tiles are made for the mode that sorts last; in it every one of them has its point on a road.
    tiles, old = prepared.cells[max(prepared.cells)], prepared.network
    spots = shapely.line_interpolate_point(old.edge_line[tiles.snaps.edge], tiles.snaps.offset_mm / 1000.0)
    points = pd.Series(list(spots), index=list(tiles.snaps.ids), dtype=object)
    return {
        mode: Cells(tiles.frame, snap_points(network, points, mode=mode, norms=prepared.norms))
        for mode in prepared.cells
    }
