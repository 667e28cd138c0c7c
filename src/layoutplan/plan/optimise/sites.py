"""Sites and the forms they may take: schools as they are, enlarged or of another kind, and new schools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import shapely

from layoutplan.access.network import Floats
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_KIND, STAGES
from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.plan.masks import REASONS, SiteMask
from layoutplan.plan.optimise.goal import Convert, Goal, Point
from layoutplan.plan.preparing import Prepared
from layoutplan.seats.roster import Roster, is_open
from layoutplan.seats.supply import class_limit

_STAGE_GRADES = {"primary": (1, 6), "junior": (7, 9)}


@dataclass(frozen=True)
class Site:
    """A school that stands, or a place where one may be built."""

    site_id: str
    name: str
    is_new: bool
    east_m: float
    north_m: float
    setting: str
    kind: str = ""


@dataclass(frozen=True)
class Form:
    """A form of a site.

    Parameters
    ----------
    site_id : str
        Site.
    deed : str
        ``stand`` (as it is), ``open``, ``expand`` or ``convert``.
    kind : str
        Kind of school.
    grades : tuple of int
        Lowest and highest grade.
    rooms : tuple of int
        Rooms of the primary and the junior stage [room].
    added : tuple of int
        How many of them are new [room].
    seats : tuple of float
        Seats of both stages [seat].
    size : float
        Most pupils by the norm of its kind [person]; infinite where there is none.
    """

    site_id: str
    deed: str
    kind: str
    grades: tuple[int, int]
    rooms: tuple[int, int]
    added: tuple[int, int]
    seats: tuple[float, float]
    size: float = field(default=np.inf)


def find_points(
    prepared: Prepared, goal: Goal, weight: Floats, place_ids: tuple[str, ...]
) -> tuple[list[Point], dict[str, str]]:
    """Return where schools may be built, by id, and the points that the masks bar with their reason.

    Parameters
    ----------
    prepared : Prepared
        County and where its places travel from.
    goal : Goal
        Source of the candidates and how many.
    weight : float [place]
        Pupils of every place, by which the largest are chosen.
    place_ids : tuple of str
        Order of the weights.

    Raises
    ------
    ScenarioError
        Ids that are schools or stand twice, points outside the county, or nothing where a source should give some.
    """
    given, points = goal.candidates, list(goal.candidates.points)
    if "open" not in goal.deeds:
        return [], {}
    if given.source == "parcels":
        points += _on_parcels(prepared, given.most)
    elif given.source == "places":
        points += _at_places(prepared, weight, place_ids, given.most)
    elif given.source == "grid":
        points += _on_grid(prepared, weight, place_ids, goal)
    problems = []
    taken = set(prepared.county.schools["school_id"])
    for point in points:
        if point.site_id in taken:
            problems.append(Problem("goal_site_taken", "candidates", point.site_id, "site_id"))
        if not shapely.intersects_xy(prepared.outline, point.east_m, point.north_m):
            problems.append(Problem("goal_site_outside", "candidates", point.site_id))
        taken.add(point.site_id)
    if problems:
        raise ScenarioError(problems)
    code = SiteMask(prepared).judge(np.array([p.east_m for p in points]), np.array([p.north_m for p in points]))
    barred = {point.site_id: REASONS[at] for point, at in zip(points, code.tolist(), strict=True) if at}
    good = [point for point in points if point.site_id not in barred]
    return sorted(good, key=lambda point: point.site_id), dict(sorted(barred.items()))


def _on_parcels(prepared: Prepared, most: int) -> list[Point]:
    """Return the largest parcels."""
    parcels = prepared.county.parcels
    if parcels.empty:
        raise ScenarioError([Problem("no_parcels", "parcels")])
    order = np.argsort(-parcels.geometry.area.to_numpy(float), kind="stable")[:most]
    spots = parcels.geometry.representative_point()
    names = parcels["name"].fillna(parcels["parcel_id"])
    return [
        Point(
            site_id=f"site-{parcels['parcel_id'].iloc[row]}", name=str(names.iloc[row]),
            east_m=float(spots.iloc[row].x), north_m=float(spots.iloc[row].y),
        )
        for row in order.tolist()
    ]  # fmt: skip


def _at_places(prepared: Prepared, weight: Floats, place_ids: tuple[str, ...], most: int) -> list[Point]:
    places = prepared.county.places.set_index("place_id")
    order = np.argsort(-weight, kind="stable")[:most]
    rows = places.reindex([place_ids[row] for row in order.tolist()])
    spots = rows.geometry.representative_point()
    return [
        Point(site_id=f"site-{place_id}", name=str(name), east_m=float(spot.x), north_m=float(spot.y))
        for place_id, name, spot in zip(rows.index, rows["name"], spots, strict=True)
    ]


def _on_grid(prepared: Prepared, weight: Floats, place_ids: tuple[str, ...], goal: Goal) -> list[Point]:
    """Return the middle of the pupils of the squares with the most, moved to the nearest place where people live."""
    places = prepared.county.places.set_index("place_id").loc[list(place_ids)]
    spots, side = places.geometry.representative_point(), goal.candidates.spacing_m
    frame = pd.DataFrame(
        {"east": spots.x.to_numpy(), "north": spots.y.to_numpy(), "weight": weight, "name": places["name"].to_numpy()}
    )
    frame = frame[frame["weight"] > 0]
    frame = frame.assign(column=(frame["east"] // side).astype(int), row=(frame["north"] // side).astype(int))
    found = []
    for (column, row), part in frame.groupby(["column", "row"]):
        total = part["weight"].sum()
        middle = [(part[axis] * part["weight"]).sum() / total for axis in ("east", "north")]
        away = (part["east"] - middle[0]) ** 2 + (part["north"] - middle[1]) ** 2
        near = part.iloc[int(np.argmin(away.to_numpy()))]
        found.append((total, f"site-{column}-{row}", str(near["name"]), float(near["east"]), float(near["north"])))
    found.sort(key=lambda one: (-one[0], one[1]))
    return [
        Point(site_id=site_id, name=name, east_m=east, north_m=north)
        for _, site_id, name, east, north in found[: goal.candidates.most]
    ]


def list_sites(roster: Roster, points: Sequence[Point], *, year: int) -> list[Site]:
    """Return the ordinary schools that are open in a year, and the points, all by id."""
    schools = roster.schools[is_open(roster, year) & (roster.schools["kind"] != "special").to_numpy()]
    spots = schools.geometry
    found = [
        Site(str(i), str(name), False, float(spot.x), float(spot.y), str(setting), str(kind))
        for i, name, spot, setting, kind in zip(
            schools["school_id"], schools["name"], spots, schools["setting"], schools["kind"], strict=True
        )
    ]
    east, north = spots.x.to_numpy(float), spots.y.to_numpy(float)
    for point in points:
        # A new school is of the town or village that its nearest neighbour is of.
        near = int(np.argmin(np.hypot(east - point.east_m, north - point.north_m))) if len(east) else -1
        setting = found[near].setting if near >= 0 else "village"
        found.append(Site(point.site_id, point.name, True, point.east_m, point.north_m, setting))
    return sorted(found, key=lambda site: site.site_id)


def list_forms(goal: Goal, sites: Sequence[Site], roster: Roster, points: Sequence[Point], norms: Norms) -> list[Form]:
    """Return every form of every site, site by site, the present one first."""
    schools = roster.schools.set_index("school_id")
    rooms = roster.rooms.sort_values("from_year").groupby(["school_id", "stage"])["rooms"].last()
    converts: dict[str, list[Convert]] = {}
    for one in goal.convert if "convert" in goal.deeds else ():
        converts.setdefault(one.school_id, []).append(one)
    own = {point.site_id: point.rooms or goal.open.rooms for point in points}
    forms: list[Form] = []
    for site in sites:
        if site.is_new:
            forms += _new_forms(goal, site, own[site.site_id], norms)
            continue
        row = schools.loc[site.site_id]
        held = tuple(int(rooms.get((site.site_id, stage), 0)) for stage in STAGES)
        now = _form(site.site_id, "stand", site.kind, (held[0], held[1]), (0, 0), norms)
        now = replace(now, grades=(int(row["grade_from"]), int(row["grade_to"])))
        forms.append(now)
        if site.site_id in goal.locks.keep:
            continue
        forms += _bigger_forms(goal, site, now, norms)
        forms += [_converted(one, now, norms) for one in converts.get(site.site_id, [])]
    return forms


def _form(site_id: str, deed: str, kind: str, rooms: tuple[int, int], added: tuple[int, int], norms: Norms) -> Form:
    seats = tuple(count * class_limit(kind, stage, norms) for count, stage in zip(rooms, STAGES, strict=True))
    key = f"school_size.{kind}"
    size = norms.value(key) if key in norms else np.inf
    return Form(site_id, deed, kind, GRADES_OF_KIND.get(kind, (1, 6)), rooms, added, (seats[0], seats[1]), size)


def _new_forms(goal: Goal, site: Site, sizes: Sequence[int], norms: Norms) -> Iterator[Form]:
    if site.site_id in goal.locks.never:
        return
    for kind in goal.open.kinds:
        for size in sizes:
            primary = size if kind == "primary" else 0 if kind == "junior" else round(size * 2 / 3)
            rooms = primary, size - primary
            if any(rooms[at] and stage in goal.stages for at, stage in enumerate(STAGES)):
                yield _form(site.site_id, "open", kind, rooms, rooms, norms)


def _bigger_forms(goal: Goal, site: Site, now: Form, norms: Norms) -> Iterator[Form]:
    chosen = goal.expand.school_ids
    if "expand" not in goal.deeds or (chosen is None and now.kind == "teaching_point"):
        return
    # Rooms beyond the most pupils a school may have would seat nobody.
    if (chosen is not None and site.site_id not in chosen) or sum(now.seats) >= now.size:
        return
    for at, stage in enumerate(STAGES):
        first, last = _STAGE_GRADES[stage]
        if stage in goal.stages and now.grades[0] <= last and now.grades[1] >= first:
            for more in goal.expand.rooms:
                added = (more, 0) if at == 0 else (0, more)
                bigger = _form(
                    site.site_id, "expand", now.kind, (now.rooms[0] + added[0], now.rooms[1] + added[1]), added, norms
                )
                yield replace(bigger, grades=now.grades)


def _converted(one: Convert, now: Form, norms: Norms) -> Form:
    rooms = one.primary_rooms, one.junior_rooms
    # Rooms of the school serve whichever stage; only those beyond are built.
    more = max(sum(rooms) - sum(now.rooms), 0)
    junior = min(max(rooms[1] - now.rooms[1], 0), more)
    return _form(now.site_id, "convert", one.school_kind, rooms, (more - junior, junior), norms)


def check_ids(goal: Goal, county: County, known_sites: Sequence[str]) -> None:
    """Raise where a goal names schools or sites that are not there.

    Raises
    ------
    ScenarioError
        All of them at once.
    """
    schools, new = set(county.schools["school_id"]), set(known_sites)
    named = {
        "expand.school_ids": (goal.expand.school_ids or (), schools),
        "close.school_ids": (goal.close.school_ids or (), schools),
        "convert": (tuple(one.school_id for one in goal.convert), schools),
        "locks.keep": (goal.locks.keep, schools),
        "locks.open": (goal.locks.open, new),
        "locks.never": (goal.locks.never, new),
    }
    problems = [
        Problem("school_unknown" if known is schools else "goal_site_unknown", "goal", key, "", {"value": value})
        for key, (values, known) in named.items()
        for value in values
        if value not in known
    ]
    problems += [
        Problem("goal_lock_twice", "goal", "locks", "", {"value": value})
        for value in sorted(set(goal.locks.open) & set(goal.locks.never))
    ]
    if problems:
        raise ScenarioError(problems)
