"""Try a new school anywhere on the map and see at once what it takes and relieves.

A lab holds everything of one plan, stage and year that does not depend on where the site stands,
so that a trial costs one search on the network and a few array comparisons: fast enough to follow
a marker while it is dragged. A trial gives the same flows as a plan with the school opened there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layoutplan.access.kernels import UNREACHED
from layoutplan.access.network import Floats, Ints, Mode, Snaps, join_snaps
from layoutplan.access.travel import costs_to_point, minutes_of
from layoutplan.county.tables import GRADES_OF_STAGE, GROUP_OF_GRADE
from layoutplan.plan.planning import PlanResult, cell_travel_of, entry_mode, snap_point
from layoutplan.seats.assignment import NearestChoice
from layoutplan.seats.riders import BUS, seats_ridden_to, without_riders
from layoutplan.seats.rollforward import fit_classes
from layoutplan.seats.ways import Ways, mode_of

SITE_ID = "site-1"


@dataclass(frozen=True, eq=False)
class SiteTrial:
    """What one site would do in one stage and year.

    Parameters
    ----------
    site_id : str
        Id of the site; it matters only for ties.
    east_m, north_m : float
        Where it stands, in the county's CRS.
    gap_m : float
        Straight distance to the road it is snapped to; NaN if there is none in reach.
    reason : str
        Empty if the site can be reached; else ``off_network`` or ``outside_county``.
    load : DataFrame
        ``year, pupils, classes, class_size``: every plan year; pupils for whom it is the nearest school.
    relief : DataFrame
        ``school_id, pupils_before, pupils_after, seats`` in the year looked at, largest relief first.
    places : DataFrame
        ``place_id, school_before, pupils, minutes_before, minutes_after`` of the places it would serve;
        minutes are means over their pupils.
    minutes_before, minutes_after : float
        Mean one-way minutes of the stage's pupils who can reach a school before, weighted by pupils.
    cells : int64 [cell won]
        Cells whose entry grade would go to the site, sorted.
    """

    site_id: str
    east_m: float
    north_m: float
    gap_m: float
    reason: str
    load: pd.DataFrame
    relief: pd.DataFrame
    places: pd.DataFrame
    minutes_before: float
    minutes_after: float
    cells: Ints


@dataclass(frozen=True, eq=False)
class Reach:
    """Whom a site would take.

    Parameters
    ----------
    reason : str
        Empty if the site can be reached; else ``off_network`` or ``outside_county``.
    won : bool [year, grade, place]
        Who has the shortest way to it.
    minutes : float64 [year, grade, place]
        One-way time to it at the speed of the grade; of no meaning where not won.
    costs : list of mapping
        By period of the plan's roads and mode, cost from places, then cells (int64).
    site : Snaps
        The site on the roads of the year looked at.
    """

    reason: str
    won: npt.NDArray[np.bool_]
    minutes: Floats
    costs: list[dict[Mode, Ints]]
    site: Snaps


@dataclass(frozen=True, eq=False)
class SiteLab:
    """All that trials of one plan, stage and year share.

    Parameters
    ----------
    result : PlanResult
        Plan the site is added to.
    stage : {"primary", "junior"}
        Stage the site would teach.
    year : int
        Year looked at; the site is open in it.
    years : int64 [year]
        Years of the plan.
    place_ids : tuple of str
        Places in the order of the arrays.
    origins : tuple of mapping
        By period of the plan's roads, ``{mode: Snaps}`` of the modes the stage's grades travel in: places,
        then cells, in the order of the arrays.
    period : int64 [year]
        Which of them counts.
    pupils : float [year, grade, place]
        Demand of the stage's grades.
    best_cost : int64 [year, grade, place]
        Cost to the nearest school as planned; UNREACHED where there is none.
    best_school : int64 [year, grade, place]
        Its index in ``result.travel.school_ids``; -1 where there is none.
    best_minutes : float64 [year, grade, place]
        One-way time there at the speed of the grade; NaN where there is none.
    cell_cost, cell_school : int64 [cell]
        The same for the cells in the year looked at, by entry grade.
    seats, riding : float [school]
        Seats of the stage in the year looked at, and pupils who come by bus; those stay where they are.
    riding_by_year : float [year, school]
        Pupils who come by bus in every year.
    """

    result: PlanResult
    stage: str
    year: int
    years: Ints
    place_ids: tuple[str, ...]
    origins: tuple[Mapping[Mode, Snaps], ...]
    period: Ints
    pupils: Floats
    best_cost: Ints
    best_school: Ints
    best_minutes: Floats
    cell_cost: Ints
    cell_school: Ints
    seats: Floats
    riding: Floats
    riding_by_year: Floats


def open_lab(result: PlanResult, *, stage: str, year: int) -> SiteLab:
    """Gather what every trial of a stage and year needs.

    Parameters
    ----------
    result : PlanResult
        Plan the site would be added to.
    stage : {"primary", "junior"}
        Stage the site would teach.
    year : int
        Year looked at.

    Returns
    -------
    SiteLab
        For :func:`try_at`.
    """
    grades = GRADES_OF_STAGE[stage]
    demand = without_riders(result.demand.frame, result.assignment.flows)
    frame = demand[demand["grade"].isin(grades)]
    years = np.sort(frame["year"].unique())
    entry, prepared = entry_mode(result, stage), result.prepared
    modes = sorted({mode_of(result.scenario.policy, GROUP_OF_GRADE[grade]) for grade in grades})
    grounds = [part for _, part in result.periods.parts]
    origins = tuple({m: join_snaps(part.places[m], part.cells[m].snaps) for m in modes} for part in grounds)
    period = np.array([grounds.index(result.ground(int(at))) for at in years])
    cell_travel = cell_travel_of(result, entry, year=year)
    everywhere = Ways(dict.fromkeys(result.ways.by_group, cell_travel))
    cell_pairs = NearestChoice(everywhere, result.roster).pairs(year, grades[0])
    # Ids sort as text, origins stand in the order of their layers.
    place_row = np.searchsorted(np.array(result.travel.place_ids), np.array(prepared.places[entry].ids))
    cell_row = np.searchsorted(np.array(cell_travel.place_ids), np.array(prepared.cells[entry].snaps.ids))
    pupils = frame.sort_values(["year", "grade", "place_id"])["pupils"].to_numpy(float)
    pupils, cell_pairs = pupils.reshape(len(years), len(grades), -1)[:, :, place_row], cell_pairs[cell_row]
    cost, school, minutes = _best(result, years, stage, place_row)
    flows, ids, supply = result.assignment.flows, result.travel.school_ids, result.supply.frame
    buses = flows[flows["means"] == BUS]
    riding = np.stack([seats_ridden_to(buses, ids, stage=stage, year=int(at)) for at in years])
    now = supply[(supply["year"] == year) & (supply["stage"] == stage)].set_index("school_id")["seats"]
    return SiteLab(
        result, stage, year, years, prepared.places[entry].ids, origins, period, pupils,
        best_cost=cost, best_school=school, best_minutes=minutes,
        cell_cost=np.append(cell_travel.cost, UNREACHED)[cell_pairs],
        cell_school=np.append(cell_travel.school, -1)[cell_pairs],
        seats=now.reindex(result.travel.school_ids).fillna(0.0).to_numpy(float),
        riding=riding[int(np.searchsorted(years, year))], riding_by_year=riding,
    )  # fmt: skip


def _best(result: PlanResult, years: Ints, stage: str, place_row: Ints) -> tuple[Ints, Ints, Floats]:
    """Return cost, school and minutes of the nearest school by year, grade and place."""
    choice = NearestChoice(result.ways, result.roster)
    rows = []
    for year in years.tolist():
        for grade in GRADES_OF_STAGE[stage]:
            # Position -1 means no pair, and picks the value put at the end.
            travel, pair = result.ways.in_year(year).of(grade), choice.pairs(year, grade)[place_row]
            parts = ((travel.cost, UNREACHED), (travel.school, -1), (travel.minutes, np.nan))
            rows.append([np.append(values, missing)[pair] for values, missing in parts])
    shape = len(years), len(GRADES_OF_STAGE[stage]), -1
    cost, school, minutes = (np.stack(part).reshape(shape) for part in zip(*rows, strict=True))
    return cost, school, minutes


def try_at(lab: SiteLab, east_m: float, north_m: float, *, rooms: int, site_id: str = SITE_ID) -> SiteTrial:
    """Try a site at one point.

    Parameters
    ----------
    lab : SiteLab
        Plan, stage and year.
    east_m, north_m : float
        Point in the county's CRS.
    rooms : int
        Ordinary classrooms the site would have.
    site_id : str
        Id of the site; ties go to the smaller id.

    Returns
    -------
    SiteTrial
        With a ``reason`` and empty frames where the point cannot hold a school.
    """
    reach = reach_of(lab, east_m, north_m, site_id=site_id)
    won, site, now = reach.won, reach.site, _at_year(lab)
    to_cells = reach.costs[int(lab.period[now])][entry_mode(lab.result, lab.stage)][lab.pupils.shape[2] :]
    won_cells = _wins(to_cells, lab.cell_cost, lab.cell_school, lab, site_id)
    taken = reach.minutes[now]
    minutes = _minutes(lab, taken, won)
    return SiteTrial(
        site_id, east_m, north_m, float(site.gap_mm[0]) / 1000 if site.edge[0] >= 0 else np.nan, reach.reason,
        load=_load(lab, won, rooms), relief=_relief(lab, won), places=_served(lab, won, taken),
        minutes_before=minutes[0], minutes_after=minutes[1], cells=np.flatnonzero(won_cells),
    )  # fmt: skip


def reach_of(lab: SiteLab, east_m: float, north_m: float, *, site_id: str = SITE_ID) -> Reach:
    """Return whom a site would take in every year; see :func:`try_at` for the parameters."""
    prepared, grades, places = lab.result.prepared, GRADES_OF_STAGE[lab.stage], lab.pupils.shape[2]
    inside = bool(shapely.intersects_xy(prepared.outline, east_m, north_m))
    site = snap_point(lab.result.ground(lab.year), east_m, north_m, mode=entry_mode(lab.result, lab.stage))
    reason = "outside_county" if not inside else "off_network" if site.edge[0] < 0 else ""
    costs = [_costs_to(lab, (east_m, north_m), period, inside=inside) for period in range(len(lab.origins))]
    by_grade = np.stack([[part[_mode(lab, grade)][:places] for grade in grades] for part in costs])
    minutes = np.stack([_minutes_by_grade(lab, part) for part in by_grade])
    won = _wins(by_grade[lab.period], lab.best_cost, lab.best_school, lab, site_id)
    return Reach(reason, won, minutes[lab.period], costs, site)


def _mode(lab: SiteLab, grade: int) -> Mode:
    return mode_of(lab.result.scenario.policy, GROUP_OF_GRADE[grade])


def _costs_to(lab: SiteLab, point: tuple[float, float], period: int, *, inside: bool) -> dict[Mode, Ints]:
    """Return the costs from all origins on the roads of a period, by mode."""
    prepared, found = lab.result.periods.parts[period][1], {}
    for mode, origins in lab.origins[period].items():
        site = snap_point(prepared, *point, mode=mode)
        if inside and site.edge[0] >= 0:
            found[mode] = costs_to_point(prepared.network, origins, site, mode=mode)[0]
        else:
            found[mode] = np.full(len(origins.edge), UNREACHED, dtype=np.int64)
    return found


def _minutes_by_grade(lab: SiteLab, cost: Ints) -> Floats:
    """Return the minutes [grade, place] to the site at the speed of each grade."""
    grades, norms = GRADES_OF_STAGE[lab.stage], lab.result.prepared.norms
    return np.stack(
        [
            minutes_of(row, mode=_mode(lab, grade), norms=norms, grades=GROUP_OF_GRADE[grade])
            for grade, row in zip(grades, cost, strict=True)
        ]
    )


def _wins(cost: Ints, best: Ints, school: Ints, lab: SiteLab, site_id: str) -> npt.NDArray[np.bool_]:
    """Return who would go to the site: it is nearer, or as near with the smaller id."""
    smaller = np.array([site_id < school_id for school_id in lab.result.travel.school_ids] + [True])
    won: npt.NDArray[np.bool_] = (cost != UNREACHED) & ((cost < best) | ((cost == best) & smaller[school]))
    return won


def _load(lab: SiteLab, won: npt.NDArray[np.bool_], rooms: int) -> pd.DataFrame:
    """Return pupils, classes and class size by year; classes are counted per grade and must fit the rooms."""
    by_grade = (lab.pupils * won).sum(axis=2)
    limit = lab.result.prepared.norms.value(f"class_size.{lab.stage}")
    needed = np.ceil(by_grade / limit - 1e-9).astype(np.int64)
    classes = needed.sum(axis=1)
    for row in np.flatnonzero(classes > rooms).tolist():
        classes[row] = fit_classes(by_grade[row], needed[row], rooms).sum()
    pupils = by_grade.sum(axis=1)
    size = np.divide(pupils, classes, out=np.full(len(pupils), np.nan), where=classes > 0)
    return pd.DataFrame({"year": lab.years, "pupils": pupils, "classes": classes, "class_size": size})


def _at_year(lab: SiteLab) -> int:
    return int(np.searchsorted(lab.years, lab.year))


def _relief(lab: SiteLab, won: npt.NDArray[np.bool_]) -> pd.DataFrame:
    now = _at_year(lab)
    schools, pupils, taken = lab.best_school[now], lab.pupils[now], won[now]
    placed = schools >= 0
    count = len(lab.seats)
    before = np.bincount(schools[placed], weights=pupils[placed], minlength=count) + lab.riding
    gone = np.bincount(schools[placed & taken], weights=pupils[placed & taken], minlength=count)
    # School ids are sorted, so a stable sort leaves ties with the smaller id.
    order = np.argsort(-gone, kind="stable")[: np.count_nonzero(gone > 0)]
    return pd.DataFrame(
        {
            "school_id": np.array(lab.result.travel.school_ids, dtype=object)[order],
            "pupils_before": before[order],
            "pupils_after": (before - gone)[order],
            "seats": lab.seats[order],
        }
    )


def _minutes(lab: SiteLab, taken: Floats, won: npt.NDArray[np.bool_]) -> tuple[float, float]:
    now = _at_year(lab)
    reachable = lab.best_school[now] >= 0
    pupils, before = lab.pupils[now][reachable], lab.best_minutes[now][reachable]
    if pupils.sum() == 0:
        return np.nan, np.nan
    after = np.where(won[now][reachable], taken[reachable], before)
    return float(before @ pupils / pupils.sum()), float(after @ pupils / pupils.sum())


def _served(lab: SiteLab, won: npt.NDArray[np.bool_], taken: Floats) -> pd.DataFrame:
    """Return the places the site would serve; one row for each school their pupils went to before."""
    now = _at_year(lab)
    grade, place = np.nonzero(won[now] & (lab.pupils[now] > 0))
    school, pupils = lab.best_school[now][grade, place], lab.pupils[now][grade, place]
    schools = len(lab.seats) + 1
    pair, group = np.unique(place * schools + school + 1, return_inverse=True)
    total = np.bincount(group, weights=pupils, minlength=len(pair))
    # Grades walk at different speeds: their minutes are averaged by pupils.
    before, after = (
        np.bincount(group, weights=minutes[grade, place] * pupils, minlength=len(pair)) / total
        for minutes in (lab.best_minutes[now], taken)
    )
    names = np.array([None, *lab.result.travel.school_ids], dtype=object)
    return pd.DataFrame(
        {
            "place_id": np.array(lab.place_ids, dtype=object)[pair // schools],
            "school_before": names[pair % schools],
            "pupils": total,
            "minutes_before": before,
            "minutes_after": after,
        }
    )


def try_site(result: PlanResult, east_m: float, north_m: float, *, stage: str, year: int, rooms: int) -> SiteTrial:
    """Try one site of a plan; for many trials open a lab once and use :func:`try_at`."""
    return try_at(open_lab(result, stage=stage, year=year), east_m, north_m, rooms=rooms)
