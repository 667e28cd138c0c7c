"""From primary to junior schools, of a county as it is or of a plan in one of its years."""

from __future__ import annotations

from layoutplan.county.tables import GROUP_OF_GRADE
from layoutplan.norms import Norms
from layoutplan.plan.planning import PlanResult, Prepared, prepare_for
from layoutplan.seats.feeder import FIRST_JUNIOR, learn_feeder
from layoutplan.seats.feedertables import FeederTables, feeder_tables
from layoutplan.seats.roster import base_roster
from layoutplan.seats.settings import Policy
from layoutplan.seats.ways import mode_of, ways_by

_POLICY = Policy()


def feeder_of(prepared: Prepared, policy: Policy = _POLICY) -> FeederTables:
    """Return the feeder matrix, intakes and boarding shares of a county as it is.

    Parameters
    ----------
    prepared : Prepared
        Made by :func:`layoutplan.plan.planning.prepare`.
    policy : Policy, optional
        How grade 7 travels.

    Returns
    -------
    FeederTables
        ``share`` is missing throughout where the county has no two years of history in a row.
    """
    prepared = prepare_for(prepared, policy)
    county, norms = prepared.county, prepared.norms
    roster = base_roster(county, norms)
    feeder = learn_feeder(county, roster, ways_by(policy, prepared.between, norms=norms))
    return feeder_tables(feeder, county, roster, year=county.base_year, limit_min=_daily_limit(policy, norms))


def feeder_in(result: PlanResult, year: int) -> FeederTables | None:
    """Return the same of a plan in one year; None where its policy enters grade 7 by residence.

    Parameters
    ----------
    result : PlanResult
        Scenario worked out.
    year : int
        Year of entry into grade 7. Boarders are those of the base year.
    """
    if result.enrolment.feeder is None:
        return None
    limit_min = _daily_limit(result.scenario.policy, result.prepared.norms)
    county = result.prepared.county
    return feeder_tables(result.enrolment.feeder, county, result.roster, year=year, limit_min=limit_min)


def _daily_limit(policy: Policy, norms: Norms) -> float:
    """Return the minutes that grade 7 may travel every day in its mode [min one way]."""
    group = GROUP_OF_GRADE[FIRST_JUNIOR]
    key = "travel.limit_minutes_bus" if mode_of(policy, group) == "drive" else "travel.limit_minutes"
    return norms.value(f"{key}.{group}")
