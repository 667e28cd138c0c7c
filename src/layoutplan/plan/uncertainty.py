"""How sure a choice between plans is: all of them under the same draws of the years to come.

A draw says how many more or fewer pupils every place has in every year and grade. It is the same draw for all
alternatives, so that they differ by what is decided and not by luck. Past years, births, households that move in
sooner or later and the luck of small numbers make the draws, as for the ranges of enrolment
(:mod:`layoutplan.seats.chances`); how far they lie apart is set to what the county's own back-test found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.county.tables import STAGES
from layoutplan.errors import Problem, ScenarioError
from layoutplan.plan.planning import PlanResult
from layoutplan.seats.placedraws import draw_places

# A difference of less than this in a year is no difference: a seat, and a minute for each of so many pupils.
_TIE = 1e-6


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Alternatives under common draws.

    Parameters
    ----------
    names : tuple of str
        Alternatives; the first is what the others are measured against.
    years : tuple of int
        School years of all of them.
    alternatives : DataFrame
        ``name`` (key, in the order of ``names``), ``short_median``, ``short_p10``, ``short_p90`` [person without a seat
        at the school of their way, summed over the years], ``minutes_median`` [person-minute one way, summed],
        ``best_in`` [draw], ``draws`` [draw], ``regret_mean``, ``regret_max`` [person, as ``short``].
    by_year : DataFrame
        ``year, name`` (key), ``best_in`` [draw], ``short_median`` [person].
    first_year : int or None
        First year in which some alternative is best in most draws and is not the first one; None if there is none.
    short : float [alternative, draw, year]
        Pupils beyond the seats of their school.
    """

    names: tuple[str, ...]
    years: tuple[int, ...]
    alternatives: pd.DataFrame
    by_year: pd.DataFrame
    first_year: int | None
    short: Floats


def weigh_alternatives(plans: Sequence[PlanResult], *, factors: Floats | None = None) -> Uncertainty:
    """Evaluate plans under the same draws.

    Parameters
    ----------
    plans : sequence of PlanResult
        Two or more of one county and outlook, by a rule under which a school does not depend on how many pupils there
        are (``nearest``, ``zoned``).
    factors : float [year, grade 1-9, place, draw], optional
        Draws to use instead of those of :func:`layoutplan.seats.placedraws.draw_places`.

    Returns
    -------
    Uncertainty
        Best is who leaves fewest pupils without a seat; of equal ones who has the shorter ways; then who stands first.

    Raises
    ------
    ScenarioError
        Fewer than two plans, different outlooks, a policy under which seats bind; or a county without the history that
        draws are learnt from.

    Notes
    -----
    regret(a, draw) = short(a, draw) - least short of all alternatives in that draw.
    """
    _check(plans)
    base, years = plans[0], _common_years(plans)
    if factors is None:
        drawn = draw_places(base.prepared.county, base.demand.frame, years=years)
        factors = None if drawn is None else np.asarray(drawn, dtype=np.float64)
    if factors is None:
        raise ScenarioError([Problem("draws_no_history", "enrolment")])
    sides = [_evaluate(plan, factors, years) for plan in plans]
    short, minutes = (np.stack([side[part] for side in sides]) for part in (0, 1))
    names = tuple(plan.scenario.name for plan in plans)
    best = _best(short.sum(axis=2), minutes.sum(axis=2))
    yearly = np.stack([_best(short[:, :, at], minutes[:, :, at]) for at in range(len(years))])
    counts = np.stack([(yearly == row).sum(axis=1) for row in range(len(names))])
    by_year = pd.DataFrame(
        {
            "year": np.repeat(years, len(names)), "name": list(names) * len(years), "best_in": counts.T.ravel(),
            "short_median": np.median(short, axis=1).T.ravel(),
        }
    )  # fmt: skip
    leads = counts.argmax(axis=0)
    differs = np.flatnonzero((leads != 0) & (2 * counts.max(axis=0) > short.shape[1]))
    first_year = int(years[differs[0]]) if len(differs) else None
    table = _table(names, short.sum(axis=2), minutes.sum(axis=2), best)
    return Uncertainty(names, tuple(int(year) for year in years), table, by_year, first_year, short)


def _check(plans: Sequence[PlanResult]) -> None:
    problems = []
    if len(plans) < 2:
        problems.append(Problem("draws_alone", "compare"))
    for plan in plans:
        if plan.scenario.policy.assignment == "capacity":
            problems.append(Problem("draws_capacity", plan.scenario.name, field="assignment"))
    if len({plan.scenario.outlook for plan in plans}) > 1:
        problems.append(Problem("draws_outlook", "compare", field="outlook"))
    if problems:
        raise ScenarioError(problems)


def _common_years(plans: Sequence[PlanResult]) -> Ints:
    return np.array(sorted(set.intersection(*(set(plan.demand.frame["year"]) for plan in plans))), dtype=np.int64)


def _best(short: Floats, minutes: Floats) -> Ints:
    """Return who is best in each draw (int64 [draw]); arrays are [alternative, draw]."""
    least = short <= short.min(axis=0) + _TIE
    ways = np.where(least, minutes, np.inf)
    best: Ints = (ways <= ways.min(axis=0) + _TIE).argmax(axis=0)
    return best


def _evaluate(plan: PlanResult, factors: Floats, years: Ints) -> tuple[Floats, Floats]:
    """Return the pupils without a seat and the minutes of all with a school, by draw and year (float [draw, year])."""
    flows = plan.assignment.flows
    places = np.sort(plan.prepared.county.places["place_id"].to_numpy(str))
    schools = np.array(plan.travel.school_ids)
    draws = factors.shape[-1]
    short, minutes = np.zeros((2, draws, len(years)))
    place, school = (np.searchsorted(ids, flows[name].to_numpy(str)) for ids, name in
                     ((places, "place_id"), (schools, "school_id")))  # fmt: skip
    grade, year_of = flows["grade"].to_numpy(np.int64) - 1, flows["year"].to_numpy(np.int64)
    supply = plan.supply.frame
    for at, year in enumerate(years.tolist()):
        for stage in STAGES:
            rows = np.flatnonzero((year_of == year) & (flows["stage"] == stage).to_numpy())
            pupils = flows["pupils"].to_numpy(float)[rows, None] * factors[at, grade[rows], place[rows]]
            load = np.zeros((len(schools), draws))
            np.add.at(load, school[rows], pupils)
            mine = supply[(supply["year"] == year) & (supply["stage"] == stage)].set_index("school_id")["seats"]
            seats = mine.reindex(schools).fillna(0.0).to_numpy(float)
            short[:, at] += np.maximum(load - seats[:, None], 0.0).sum(axis=0)
            minutes[:, at] += flows["minutes"].to_numpy(float)[rows] @ pupils
    short += _unplaced(plan, factors, years)
    return short, minutes


def _unplaced(plan: PlanResult, factors: Floats, years: Ints) -> Floats:
    """Return those who can reach no school at all, who have no seat either (float [draw, year])."""
    left = plan.assignment.unplaced
    left = left[left["year"].isin(years)]
    places = np.sort(plan.prepared.county.places["place_id"].to_numpy(str))
    at = np.searchsorted(years, left["year"].to_numpy(np.int64))
    place = np.searchsorted(places, left["place_id"].to_numpy(str))
    pupils = left["pupils"].to_numpy(float)[:, None] * factors[at, left["grade"].to_numpy(np.int64) - 1, place]
    total = np.zeros((len(years), factors.shape[-1]))
    np.add.at(total, at, pupils)
    return np.asarray(total.T)


def _table(names: Sequence[str], short: Floats, minutes: Floats, best: Ints) -> pd.DataFrame:
    regret = short - short.min(axis=0)
    low, middle, high = np.quantile(short, (0.1, 0.5, 0.9), axis=1)
    return pd.DataFrame(
        {
            "name": list(names), "short_median": middle, "short_p10": low, "short_p90": high,
            "minutes_median": np.median(minutes, axis=1),
            "best_in": [int((best == row).sum()) for row in range(len(names))], "draws": short.shape[1],
            "regret_mean": regret.mean(axis=1), "regret_max": regret.max(axis=1),
        }
    )  # fmt: skip
