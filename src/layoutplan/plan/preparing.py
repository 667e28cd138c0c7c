"""What no scenario changes, worked out once: network, ways of the schools that stand, tiling, standing facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import shapely
from shapely.geometry.base import BaseGeometry

from layoutplan.access.catchment import Cells, build_cells, snap_cells
from layoutplan.access.network import Mode
from layoutplan.access.roadcheck import RoadReport, Stops, report_roads
from layoutplan.access.seasons import Season
from layoutplan.access.travel import Travel, measure_travel
from layoutplan.county.layers import County
from layoutplan.norms import Norms
from layoutplan.plan.measuring import Measured, keep_quiet, measure_county, measure_for
from layoutplan.seats.diagnosis import Facts, Findings, standing_findings
from layoutplan.seats.roster import base_roster
from layoutplan.seats.settings import Policy

CELL_SPACING_M = 900.0


@dataclass(frozen=True, eq=False)
class Prepared(Measured):
    """Network and base travel of a county: the part that no scenario changes.

    Parameters
    ----------
    between : mapping
        Schools to schools, by mode.
    cells : mapping
        One tiling of the county, its cells snapped by mode.
    cell_travel : mapping
        Cells to schools, by mode.
    outline : Polygon or MultiPolygon
        The townships together; a new school must stand inside.
    roads : RoadReport
        What was joined, who lives on which piece, who is far from any road, and where places travel from.
    facts : Facts
        What the checks know of the base year.
    standing : Findings
        What they find in it whatever the scenario.
    """

    between: Mapping[Mode, Travel]
    cells: Mapping[Mode, Cells]
    cell_travel: Mapping[Mode, Travel]
    outline: BaseGeometry
    roads: RoadReport
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
    say = say or keep_quiet
    return _completed(measure_county(county, norms, modes=modes, season=season, say=say), say)


def _completed(measured: Measured, say: Callable[[str], None]) -> Prepared:
    """Add what plans need besides: ways between schools, the tiling, and what stands whatever the scenario."""
    county, norms, network, schools = measured.county, measured.norms, measured.network, measured.schools
    modes = tuple(measured.travel)
    outline = shapely.union_all(county.townships.geometry.to_numpy())
    between = {m: measure_travel(network, schools[m], schools[m], mode=m, norms=norms) for m in modes}
    say("cells")
    # One tiling for all modes, by the roads of walkers where they are asked for.
    first, anchors = max(modes), measured.origins.points
    tiles = build_cells(network, outline, anchors=anchors, spacing_m=CELL_SPACING_M, norms=norms, mode=first)
    cells = {m: tiles if m == first else snap_cells(network, tiles, mode=m, norms=norms) for m in modes}
    cell_travel = {m: measure_travel(network, cells[m].snaps, schools[m], mode=m, norms=norms) for m in modes}
    roads = report_roads(county, network, Stops(measured.origins, measured.places, schools), norms=norms)
    facts = Facts(county, norms, base_roster(county, norms))
    return Prepared(
        **measured.parts(), between=between, cells=cells, cell_travel=cell_travel, outline=outline, roads=roads,
        facts=facts, standing=standing_findings(facts),
    )  # fmt: skip


def prepare_for(prepared: Prepared, policy: Policy, *, also: tuple[Mode, ...] = ()) -> Prepared:
    """Return what is prepared for a policy's season and modes; worked out anew only where it is not there.

    Parameters
    ----------
    prepared : Prepared
        Made by :func:`prepare`; stays as it is.
    policy : Policy
        Season and modes.
    also : tuple of {"walk", "drive"}, optional
        Modes needed besides, such as that of buses.
    """
    measured = measure_for(prepared, policy, also=also)
    if measured is prepared:
        return prepared
    if measured not in _COMPLETED:
        _COMPLETED[measured] = _completed(measured, keep_quiet)
    return _COMPLETED[measured]


# Only remembers what prepare_for would work out again; goes when the ways go.
_COMPLETED: WeakKeyDictionary[Measured, Prepared] = WeakKeyDictionary()
