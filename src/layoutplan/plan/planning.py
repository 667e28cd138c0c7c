"""One plan: what no scenario changes is prepared once, then every scenario runs on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layoutplan.access.catchment import Cells
from layoutplan.access.network import Mode, Network, Snaps
from layoutplan.access.travel import Travel
from layoutplan.county.layers import County
from layoutplan.norms import Norms
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.demand import Demand
from layoutplan.seats.diagnosis import Findings
from layoutplan.seats.rollforward import Enrolment
from layoutplan.seats.supply import Roster, Supply

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Prepared:
    """Network and base travel of a county: the part that no scenario changes.

    Parameters
    ----------
    county, norms
        What it was made from.
    network : Network
        Roads.
    places : mapping
        Places snapped onto the network, by mode.
    schools : mapping
        Schools snapped onto the network, by mode.
    travel : mapping
        Places to schools, by mode.
    between : mapping
        Schools to schools, by mode.
    cells : mapping
        Tiling of the county whose cells are snapped by mode.
    cell_travel : mapping
        Cells to schools, by mode.
    fingerprint : str
        Hash of the county's content, the norms and the program version.
    """

    county: County
    norms: Norms
    network: Network
    places: Mapping[Mode, Snaps]
    schools: Mapping[Mode, Snaps]
    travel: Mapping[Mode, Travel]
    between: Mapping[Mode, Travel]
    cells: Mapping[Mode, Cells]
    cell_travel: Mapping[Mode, Travel]
    fingerprint: str


@dataclass(frozen=True, eq=False)
class PlanResult:
    """One scenario worked out.

    Parameters
    ----------
    prepared, scenario
        What it was made from.
    roster : Roster
        Schools of the scenario.
    travel : Travel
        Places to the roster's schools, in the policy's mode.
    demand, supply, assignment, enrolment, findings
        Every step, in order.
    balance : DataFrame
        ``year, stage, township_id`` (key), ``demand`` [person], ``seats`` [seat], ``gap`` [seat].
    indicators : DataFrame
        ``indicator, year`` (key), ``value``, ``unit``.
    provenance : mapping
        Versions and fingerprints: ``layoutplan, county, norms, scenario, data_date, synthetic``.
    """

    prepared: Prepared
    scenario: Scenario
    roster: Roster
    travel: Travel
    demand: Demand
    supply: Supply
    assignment: Assignment
    enrolment: Enrolment
    findings: Findings
    balance: pd.DataFrame
    indicators: pd.DataFrame
    provenance: Mapping[str, str]
