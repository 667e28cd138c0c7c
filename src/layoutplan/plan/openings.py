"""The ways to the schools that a scenario opens: measured alone and put among those that are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from layoutplan.access.network import Mode, Snaps, join_snaps
from layoutplan.access.travel import Travel, add_places, add_school, costs_to_point, measure_travel
from layoutplan.plan.measuring import Measured, snap_point
from layoutplan.plan.scenario import OpenSchool, Scenario
from layoutplan.seats.settings import Policy
from layoutplan.seats.ways import modes_of

if TYPE_CHECKING:
    from layoutplan.plan.preparing import Prepared

# New schools by id, snapped in each mode.
Openings = Mapping[Mode, Mapping[str, Snaps]]


def snap_openings(measured: Measured, scenario: Scenario) -> Openings:
    """Snap each new school onto the network, in every mode that was prepared."""
    openings = [action for action in scenario.actions if isinstance(action, OpenSchool)]
    return {
        mode: {new.school_id: snap_point(measured, new.east_m, new.north_m, mode=mode) for new in openings}
        for mode in measured.travel
    }


def with_openings(
    prepared: Prepared, policy: Policy, openings: Openings, *, also: tuple[Mode, ...] = ()
) -> Mapping[Mode, Travel]:
    """Return the ways from every place to every school of a scenario, in the modes of a policy and some more."""
    return {
        mode: with_schools(prepared.travel[mode], prepared.places[mode], prepared, openings[mode])
        for mode in dict.fromkeys((*modes_of(policy), *also))
    }


def with_schools(travel: Travel, origins: Snaps, prepared: Prepared, schools: Mapping[str, Snaps]) -> Travel:
    """Return a travel with new schools.

    Parameters
    ----------
    travel : Travel
        From ``origins`` to the schools that stand.
    origins : Snaps
        Its places, in the order of its ids.
    prepared : Prepared
        Network and norms.
    schools : mapping
        New schools by id.
    """
    for school_id, site in schools.items():
        cost, length_mm = costs_to_point(prepared.network, origins, site, mode=travel.mode)
        travel = add_school(travel, school_id, cost, length_mm, norms=prepared.norms)
    return travel


def between_schools(prepared: Prepared, policy: Policy, openings: Openings) -> Mapping[Mode, Travel]:
    """Return the ways between all schools of a scenario; only those of new schools are measured."""
    if not openings[policy.mode]:
        return prepared.between
    network, norms, between = prepared.network, prepared.norms, {}
    for mode in modes_of(policy):
        sites = (replace(site, ids=(school_id,)) for school_id, site in openings[mode].items())
        old, new = prepared.schools[mode], join_snaps(*sites)
        to_all = measure_travel(network, new, join_snaps(old, new), mode=mode, norms=norms)
        between[mode] = add_places(with_schools(prepared.between[mode], old, prepared, openings[mode]), to_all)
    return between
