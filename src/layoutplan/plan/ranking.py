"""Rank places for a new school by what they would relieve in every year of a plan, and by the size they would need.

All candidates are tried with the ways of the plan; of the best few the whole plan is worked out with the school in it,
so that findings cleared and caused are those of a real plan and not of a second rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layoutplan.access.network import Floats
from layoutplan.county.tables import GRADES_OF_STAGE
from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.plan.change import find_changes
from layoutplan.plan.masks import SiteMask
from layoutplan.plan.planning import PlanResult, run_plan
from layoutplan.plan.scenario import OpenSchool
from layoutplan.plan.siting import SITE_ID, Reach, SiteLab, reach_of

# Sizes that designs come in [class].
SCALES = (12, 18, 24, 30, 36)
_YEARS = ("candidate_id", "year", "pupils", "gap_closed", "minutes_saved")
_SIZES = ("peak_classes", "scale", "tracks", "site_m2_needed", "floor_m2_needed", "site_m2", "fits")
_TABLE = ("candidate_id", "east_m", "north_m", "pupils", "gap_closed", "minutes_saved", *_SIZES)
_REFUSED = ("candidate_id", "reason", "nearest_east_m", "nearest_north_m", "nearest_m")


@dataclass(frozen=True, eq=False)
class Ranking:
    """Candidates, best first.

    Parameters
    ----------
    lab : SiteLab
        Plan, stage, and the year from which on the site is open.
    rooms : int
        Ordinary classrooms each site would have.
    frame : DataFrame
        ``candidate_id`` (key, best first), ``east_m``, ``north_m``, ``pupils`` (most in any year), ``gap_closed``
        [seat, summed over the years: pupils beyond the seats of their school who have a seat instead, less those the
        site itself has none for], ``minutes_saved`` [person-minute one way, summed over the years], ``peak_classes``,
        ``scale`` (12, 18, 24, 30 or 36 classes), ``tracks``, ``site_m2_needed``, ``floor_m2_needed``, ``site_m2``
        (of the parcel, missing otherwise), ``fits`` (missing where the area is); after :func:`with_findings` also
        ``cleared``, ``caused``, ``remains`` [finding], missing beyond the first few.
    years : DataFrame
        ``candidate_id, year`` (key), ``pupils``, ``gap_closed``, ``minutes_saved``.
    refused : DataFrame
        ``candidate_id`` (key), ``reason``, ``nearest_east_m``, ``nearest_north_m``, ``nearest_m``: where no school
        can stand.
    findings : DataFrame
        ``candidate_id``, then the columns of :attr:`layoutplan.plan.change.Change.findings` that are cleared or caused.
    """

    lab: SiteLab
    rooms: int
    frame: pd.DataFrame
    years: pd.DataFrame
    refused: pd.DataFrame
    findings: pd.DataFrame


def candidates_of(mask: SiteMask, *, kind: str, grid_m: float = 2000.0) -> gpd.GeoSeries:
    """Return the points that are to be ranked.

    Parameters
    ----------
    mask : SiteMask
        County, and where a school can stand in it.
    kind : {"parcels", "grid", "places"}
        Parcels of the county; of every square of a grid over it the good spot nearest to its middle (none where the
        square has no good spot); or its places.
    grid_m : float
        Side of the squares [m].

    Raises
    ------
    ScenarioError
        The county has no parcels.
    """
    county = mask.prepared.county
    if kind == "places":
        return county.places.set_index("place_id").geometry.representative_point()
    if kind == "parcels":
        if county.parcels.empty:
            raise ScenarioError([Problem("no_parcels", "parcels")])
        return county.parcels.set_index("parcel_id").geometry.representative_point()
    squares = (mask.good - np.array(mask.prepared.outline.bounds[:2])) / grid_m
    at = np.floor(squares)
    off = np.hypot(*(squares - at - 0.5).T).round(9)
    # Row by row from the south-west; of equally near spots the south-western one, as they stand in that order.
    order = np.lexsort((off, at[:, 0], at[:, 1]))
    first = np.unique(at[order][:, ::-1], axis=0, return_index=True)[1]
    spots = mask.good[order[first]]
    ids = [f"cell-{number:05d}" for number in range(1, len(spots) + 1)]
    return gpd.GeoSeries(shapely.points(spots), index=ids, crs=county.crs)


def rank_sites(
    lab: SiteLab,
    *,
    rooms: int,
    candidates: gpd.GeoSeries | None = None,
    mask: SiteMask | None = None,
    say: Callable[[int, int], None] | None = None,
) -> Ranking:
    """Rank candidate sites by the seats short they close over all years, then by the time they save.

    Parameters
    ----------
    lab : SiteLab
        Plan, stage and the year from which on a site is open.
    rooms : int
        Ordinary classrooms each site would have.
    candidates : GeoSeries, optional
        Points in the county's CRS, indexed by id; by default every place of the county.
    mask : SiteMask, optional
        What bars a school; without it only what lies off the roads or outside the county is refused.
    say : callable, optional
        Told how many of how many are done.

    Returns
    -------
    Ranking
        Ties go to the smaller id.
    """
    county = lab.result.prepared.county
    places = county.places.set_index("place_id").geometry
    points = (places.representative_point() if candidates is None else candidates).sort_index()
    parcels = county.parcels.set_index("parcel_id").geometry
    short = _shortage(lab, None, rooms)
    rows, years, refused = [], [], []
    for done, (candidate_id, point) in enumerate(points.items(), start=1):
        name = str(candidate_id)
        barred = _barred(name, point, mask)
        reach = None if barred else reach_of(lab, point.x, point.y, site_id=SITE_ID)
        if say is not None:
            say(done, len(points))
        if reach is None or reach.reason:
            refused.append(barred or (name, reach.reason if reach else "", np.nan, np.nan, np.nan))
            continue
        by_year = _by_year(lab, reach, short, name, rooms)
        years.append(by_year)
        area_m2 = float(parcels[name].area) if name in parcels.index else float("nan")
        sizes = size_of(_peak_classes(lab, reach), stage=lab.stage, norms=lab.result.prepared.norms, site_m2=area_m2)
        total = by_year[["gap_closed", "minutes_saved"]].sum()
        rows.append((name, point.x, point.y, float(by_year["pupils"].max()), *total, *sizes))
    frame = pd.DataFrame(rows, columns=list(_TABLE))
    order = frame.assign(gap=frame["gap_closed"].round(6), saved=frame["minutes_saved"].round(6))
    at = order.sort_values(["gap", "saved", "candidate_id"], ascending=[False, False, True]).index
    table = pd.concat(years, ignore_index=True) if years else pd.DataFrame(columns=list(_YEARS))
    none = pd.DataFrame(columns=["candidate_id"])
    return Ranking(
        lab, rooms, frame.loc[at].reset_index(drop=True), table, pd.DataFrame(refused, columns=list(_REFUSED)), none
    )


def _barred(name: str, point: shapely.Point, mask: SiteMask | None) -> tuple[object, ...] | None:
    if mask is None:
        return None
    spot = mask.check(point.x, point.y)
    if not spot.reason:
        return None
    east, north = spot.nearest or (np.nan, np.nan)
    return name, spot.reason, east, north, spot.nearest_m


def _open(lab: SiteLab) -> Floats:
    """Return 1 for the years in which the site is open, 0 before (float64 [year])."""
    return (lab.years >= lab.year).astype(float)


def _shortage(lab: SiteLab, reach: Reach | None, rooms: int) -> Floats:
    """Return the pupils beyond the seats of the school they live nearest to, by year (float64 [year])."""
    school = np.where(lab.best_school < 0, len(lab.seats), lab.best_school)
    won = np.zeros(school.shape, dtype=bool) if reach is None else reach.won
    seats = _seats_by_year(lab)
    short = np.zeros(len(lab.years))
    for at in range(len(lab.years)):
        stays = ~won[at]
        load = np.bincount(school[at][stays], weights=lab.pupils[at][stays], minlength=seats.shape[1] + 1)[:-1]
        own = float(lab.pupils[at][won[at]].sum())
        most = rooms * lab.result.prepared.norms.value(f"class_size.{lab.stage}")
        short[at] = np.maximum(load + lab.riding_by_year[at] - seats[at], 0.0).sum() + max(own - most, 0.0)
    return short


def _seats_by_year(lab: SiteLab) -> Floats:
    """Return the seats of the stage (float64 [year, school])."""
    supply = lab.result.supply.frame
    wide = supply[supply["stage"] == lab.stage].pivot(index="year", columns="school_id", values="seats")
    ids = list(lab.result.travel.school_ids)
    seats: Floats = wide.reindex(index=lab.years, columns=ids).fillna(0.0).to_numpy(float)
    return seats


def _by_year(lab: SiteLab, reach: Reach, short: Floats, name: str, rooms: int) -> pd.DataFrame:
    is_open = _open(lab)
    pupils = (lab.pupils * reach.won).sum(axis=(1, 2)) * is_open
    # Whoever could reach no school before has no minutes to compare with.
    saved = np.where(reach.won & (lab.best_school >= 0), lab.best_minutes - reach.minutes, 0.0)
    minutes = (lab.pupils * saved).sum(axis=(1, 2)) * is_open
    closed = (short - _shortage(lab, reach, rooms)) * is_open
    columns = (name, lab.years, pupils, closed, minutes)
    frame = pd.DataFrame(dict(zip(_YEARS, columns, strict=True)))
    return frame[frame["year"] >= lab.year]


def _peak_classes(lab: SiteLab, reach: Reach) -> int:
    """Return the most classes in any year the site is open, counted per grade."""
    limit = lab.result.prepared.norms.value(f"class_size.{lab.stage}")
    classes = np.ceil((lab.pupils * reach.won).sum(axis=2) / limit - 1e-9).sum(axis=1)
    return int((classes * _open(lab)).max())


def size_of(
    classes: int, *, stage: str, norms: Norms, site_m2: float = float("nan")
) -> tuple[int, int, int, float, float, float, object]:
    """Return the size of a school for a number of classes, and whether it fits on a site.

    Parameters
    ----------
    classes : int
        Classes it has to hold.
    stage : {"primary", "junior"}
        Stage.
    norms : Norms
        ``site.area_m2.<stage>.<classes>`` and ``site.floor_m2.<stage>.<classes>`` [m2].
    site_m2 : float
        Area of the parcel; NaN where unknown.

    Returns
    -------
    tuple
        ``peak_classes``, ``scale`` (the smallest of :data:`SCALES` that holds them; the largest where none does),
        ``tracks`` (classes a grade), ``site_m2_needed``, ``floor_m2_needed``, ``site_m2``, ``fits`` (missing where the
        area is unknown).

    Examples
    --------
    >>> from layoutplan.norms import load_norms
    >>> size_of(19, stage="primary", norms=load_norms(), site_m2=20000.0)
    (19, 24, 4, 21895.0, 8464.0, 20000.0, False)
    """
    scale = next((scale for scale in SCALES if scale >= classes), SCALES[-1])
    needed = float(norms.value(f"site.area_m2.{stage}.{scale}"))
    floor = float(norms.value(f"site.floor_m2.{stage}.{scale}"))
    fits = pd.NA if np.isnan(site_m2) else bool(site_m2 >= needed and scale >= classes)
    return classes, scale, scale // len(GRADES_OF_STAGE[stage]), needed, floor, site_m2, fits


def with_findings(ranking: Ranking, *, first: int, say: Callable[[int, int], None] | None = None) -> Ranking:
    """Work out the whole plan for the first candidates and count what it clears and causes.

    Parameters
    ----------
    ranking : Ranking
        From :func:`rank_sites`.
    first : int
        How many candidates, best first.
    say : callable, optional
        Told how many of how many are done.
    """
    rows, tables = [], []
    some = ranking.frame.head(first)
    for done, (name, east_m, north_m) in enumerate(_points(some), start=1):
        findings = find_changes(ranking.lab.result, _plan_with(ranking, name, east_m, north_m)).findings
        counted = findings["status"].value_counts()
        rows.append((name, *(int(counted.get(status, 0)) for status in ("cleared", "caused", "remains"))))
        tables.append(findings[findings["status"] != "remains"].assign(candidate_id=name))
        if say is not None:
            say(done, len(some))
    counts = pd.DataFrame(rows, columns=["candidate_id", "cleared", "caused", "remains"])
    counts = counts.astype(dict.fromkeys(("cleared", "caused", "remains"), "Int64"))
    found = pd.concat(tables, ignore_index=True) if tables else ranking.findings
    found = found[["candidate_id", *(name for name in found.columns if name != "candidate_id")]]
    frame = ranking.frame.merge(counts, on="candidate_id", how="left")
    return Ranking(ranking.lab, ranking.rooms, frame, ranking.years, ranking.refused, found)


def _points(frame: pd.DataFrame) -> Iterator[tuple[str, float, float]]:
    for row in frame[["candidate_id", "east_m", "north_m"]].itertuples(index=False):
        yield cast("tuple[str, float, float]", tuple(row))


def plans_with_sites(ranking: Ranking, *, first: int) -> list[PlanResult]:
    """Return the plans with one of the first candidates each, under the candidate's name, best first.

    Parameters
    ----------
    ranking : Ranking
        From :func:`rank_sites`.
    first : int
        How many candidates.
    """
    return [_plan_with(ranking, name, east_m, north_m) for name, east_m, north_m in _points(ranking.frame.head(first))]


def _plan_with(ranking: Ranking, name: str, east_m: float, north_m: float) -> PlanResult:
    plan, stage = ranking.lab.result, ranking.lab.stage
    kind: Literal["primary", "junior"] = "primary" if stage == "primary" else "junior"
    year = max(ranking.lab.year, plan.prepared.county.base_year + 1)
    action = OpenSchool(
        year=year, school_id=SITE_ID, name=name, school_kind=kind, setting="town", east_m=east_m, north_m=north_m,
        primary_rooms=ranking.rooms if kind == "primary" else 0, junior_rooms=ranking.rooms if kind == "junior" else 0,
    )  # fmt: skip
    scenario = plan.scenario.model_copy(update={"name": name, "actions": (*plan.scenario.actions, action)})
    return run_plan(plan.prepared, scenario)
