"""What a school, a catchment and a road look like: one set of signs for sheets, maps and the app.

Shape says the kind of school, area the pupils, fill the class-size status, ring the
school-size status. The status colours are ordered in lightness too, so that they read in
grey and to colour-blind eyes.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layoutplan.county.tables import STAGE_OF_GRADE
from layoutplan.plan.conflicts import schools_of

if TYPE_CHECKING:
    import geopandas as gpd

    from layoutplan.norms import Norms
    from layoutplan.plan.planning import PlanResult

STATUSES = ("no_data", "within", "near", "over", "large", "extra_large")
STATUS_COLOURS: Mapping[str, str] = MappingProxyType({
    "within": "#56b4e9", "near": "#f0e442", "over": "#e69f00", "large": "#d55e00", "extra_large": "#8c2d04",
    "no_data": "#ffffff",
})  # fmt: skip
RING_COLOURS: Mapping[str, str] = MappingProxyType({
    "within": "#3c3c3c", "near": "#3c3c3c", "over": "#d55e00", "no_data": "#8a8a8a",
})  # fmt: skip
CATCHMENT_COLOURS = ("#d9e6c3", "#f5d9bf", "#cfdfee", "#e3d3e8", "#f4ebb8")
PAPER = "#f6f4ee"
INK = "#2b2b2b"
GREY = "#7d7a74"
VIOLET = "#6a3d9a"
SITE_COLOUR = "#0b4f6c"
NEAR_SHARE = 0.9
# A mean of 45.0000001 from floating arithmetic is no class over 45.
_TOLERANCE = 1e-6

SHAPES: Mapping[str, str] = MappingProxyType({
    "teaching_point": "small_circle", "primary": "circle", "junior": "square", "nine_year": "diamond",
    "twelve_year": "pentagon", "special": "hexagon",
})  # fmt: skip
# Corners of each shape about (0, 0), all of the area pi, so that equal pupils look equal in every shape.
_SIDES = {"square": (4, 45.0), "diamond": (4, 0.0), "pentagon": (5, 90.0), "hexagon": (6, 0.0)}
# Norm of the whole school's size by kind; a teaching point is an incomplete primary school, a special school has none.
_SIZE_NORM = {
    "teaching_point": "primary", "primary": "primary", "junior": "junior", "nine_year": "nine_year",
    "twelve_year": "twelve_year",
}  # fmt: skip

ROAD_STYLES: Mapping[str, tuple[str, float]] = MappingProxyType({
    "motorway": ("#8f8a80", 1.5), "national": ("#98938a", 1.15), "provincial": ("#a39e95", 0.95),
    "county": ("#aca79e", 0.7), "township": ("#b6b1a8", 0.5), "street": ("#bcb7ae", 0.4), "village": ("#c1bcb3", 0.32),
    "track": ("#cbc6bd", 0.25), "path": ("#cbc6bd", 0.25),
})  # fmt: skip


def shape_corners(shape: str) -> np.ndarray:
    """Return the outline of a school's shape about (0, 0) with area pi, as an array [corner, 2].

    Examples
    --------
    >>> shape_corners("square").round(3).tolist()
    [[0.886, 0.886], [-0.886, 0.886], [-0.886, -0.886], [0.886, -0.886]]
    """
    sides, first = _SIDES.get(shape, (48, 0.0))
    turn = np.deg2rad(first + np.arange(sides) * 360.0 / sides)
    radius = np.sqrt(2.0 * np.pi / (sides * np.sin(2.0 * np.pi / sides)))
    corners: np.ndarray = np.column_stack((np.cos(turn), np.sin(turn))) * radius
    return corners


def symbol_radius(pupils: float, *, shape: str, largest: float, smallest: float, full_at: float = 2500.0) -> float:
    """Return the radius of a school's symbol: its area grows with the pupils.

    Parameters
    ----------
    pupils : float
        Pupils of the school [person].
    shape : str
        One of the values of :data:`SHAPES`; teaching points have a fixed small size.
    largest, smallest : float
        Radius at ``full_at`` pupils, and the least radius that can still be read; same unit as the answer.
    full_at : float
        Pupils at which the largest radius is reached [person]; more do not grow further.

    Examples
    --------
    >>> symbol_radius(625, shape="circle", largest=4.0, smallest=1.0)
    2.0
    """
    if shape == "small_circle":
        return smallest
    share = min(max(pupils, 0.0) / full_at, 1.0)
    return max(float(np.sqrt(share)) * largest, smallest)


def class_statuses(sizes: pd.Series[float], stages: pd.Series[str], *, norms: Norms) -> pd.Series[str]:
    """Return the status of each class size against the norm of its stage.

    Parameters
    ----------
    sizes : Series of float
        Pupils of a class, or of the classes of a grade on average [person/class]; missing where unknown.
    stages : Series of str
        ``primary`` or ``junior``, aligned with ``sizes``.
    norms : Norms
        Thresholds.

    Returns
    -------
    Series of str
        One of :data:`STATUSES`, aligned with ``sizes``.
    """
    limit = stages.map({stage: norms.value(f"class_size.{stage}") for stage in ("primary", "junior")})
    found = class_status_of(sizes.to_numpy(float), limit.to_numpy(float), norms=norms)
    return pd.Series(found, index=sizes.index, dtype="str")


def class_status_of(sizes: npt.NDArray[Any], limit: npt.NDArray[Any] | float, *, norms: Norms) -> list[str]:
    """Return the same for plain numbers, at the pace of a drag.

    Parameters
    ----------
    sizes : float [class]
        Class sizes [person/class]; NaN where unknown.
    limit : float or float [class]
        Norm of their stage [person/class].
    norms : Norms
        Thresholds of the large bands.

    Returns
    -------
    list of str
        One of :data:`STATUSES` for each.

    Examples
    --------
    >>> from layoutplan.norms import load_norms
    >>> class_status_of(np.array([np.nan, 40.0, 41.0, 46.0, 56.0, 66.0]), 45.0, norms=load_norms())
    ['no_data', 'within', 'near', 'over', 'large', 'extra_large']
    """
    tied = sizes + _TOLERANCE
    large, extra = norms.value("class_size.large"), norms.value("class_size.extra_large")
    over = sizes > np.asarray(limit) + _TOLERANCE
    bands = [np.isnan(sizes), tied >= extra, tied >= large, over, tied >= NEAR_SHARE * np.asarray(limit)]
    rank = np.select(bands, [0, 5, 4, 3, 2], default=1)
    return [STATUSES[at] for at in rank.tolist()]


def size_status(pupils: float, kind: str, *, norms: Norms) -> str:
    """Return the status of a school's size: ``within``, ``near``, ``over``, or ``no_data`` where no norm binds.

    Examples
    --------
    >>> from layoutplan.norms import load_norms
    >>> [size_status(n, "primary", norms=load_norms()) for n in (1799, 1800, 2000, 2001)]
    ['within', 'near', 'near', 'over']
    >>> size_status(2400, "nine_year", norms=load_norms()), size_status(80, "special", norms=load_norms())
    ('near', 'no_data')
    """
    if kind not in _SIZE_NORM or np.isnan(pupils):
        return "no_data"
    limit = norms.value(f"school_size.{_SIZE_NORM[kind]}")
    if pupils > limit + _TOLERANCE:
        return "over"
    return "near" if pupils >= NEAR_SHARE * limit - _TOLERANCE else "within"


def school_symbols(result: PlanResult, year: int) -> pd.DataFrame:
    """Return how every school that stands in a year is drawn.

    Parameters
    ----------
    result : PlanResult
        A plan.
    year : int
        School year; the county's base year shows the single classes as counted.

    Returns
    -------
    DataFrame
        ``school_id`` (key, sorted), ``shape`` (a value of :data:`SHAPES`), ``pupils`` [person] (missing where the
        year has no count), ``class_status`` (worst class), ``size_status``, ``vacant`` (registered, without a pupil),
        ``changed`` (by an action of the scenario up to that year), ``roof`` (has boarding beds).
    """
    schools = standing_schools(result, year)
    pupils = school_pupils(result, year)
    worst = _worst_class(result, year)
    frame = pd.DataFrame({"school_id": schools["school_id"].to_numpy()})
    frame["shape"] = schools["kind"].map(SHAPES).to_numpy()
    frame["pupils"] = frame["school_id"].map(pupils).astype("float64")
    frame["class_status"] = frame["school_id"].map(worst).fillna("no_data").astype("str")
    norms = result.prepared.norms
    sizes = zip(frame["pupils"], schools["kind"], strict=True)
    frame["size_status"] = pd.Series([size_status(n, kind, norms=norms) for n, kind in sizes], dtype="str")
    frame["vacant"] = frame["pupils"].eq(0.0)
    frame["changed"] = frame["school_id"].isin(changed_schools(result, year))
    frame["roof"] = (pd.to_numeric(schools["boarding_beds"]).fillna(0) > 0).to_numpy()
    return frame


def school_pupils(result: PlanResult, year: int) -> pd.Series[float]:
    """Return the pupils of every school in a year [person], by school id.

    Enrolment lists grades with pupils only, so a school without a row has none. Special schools
    are counted but not projected: after the base year their pupils are missing, not zero.
    """
    frame, schools = result.enrolment.frame, result.roster.schools
    pupils = frame[frame["year"] == year].groupby("school_id")["pupils"].sum()
    pupils = pupils.reindex(schools["school_id"], fill_value=0.0 if (frame["year"] == year).any() else np.nan)
    unknown = (schools["kind"] == "special").to_numpy() & (year > result.prepared.county.base_year)
    return pupils.mask(unknown).astype("float64")


def _worst_class(result: PlanResult, year: int) -> pd.Series[str]:
    county = result.prepared.county
    counted = result.enrolment.frame.query("year == @year and classes > 0")
    sizes = counted[["school_id", "stage", "class_size"]]
    if year == county.base_year and len(county.classes):
        single = county.classes
        sizes = pd.DataFrame(
            {
                "school_id": single["school_id"],
                "stage": single["grade"].map(STAGE_OF_GRADE),
                "class_size": single["pupils"],
            }
        )
    special = result.roster.schools.query("kind == 'special'")["school_id"]
    sizes = sizes[~sizes["school_id"].isin(special)]
    status = class_statuses(sizes["class_size"], sizes["stage"], norms=result.prepared.norms)
    rank = status.map(STATUSES.index).groupby(sizes["school_id"]).max()
    return rank.map(dict(enumerate(STATUSES)))


def standing_schools(result: PlanResult, year: int) -> gpd.GeoDataFrame:
    """Return the schools a map of that year shows, sorted by id, with a fresh index.

    Open schools, and registered schools that stand empty since before the plan; not those the
    scenario has closed by then or opens later.
    """
    schools = result.roster.schools
    opened = schools["opens_year"].fillna(0) <= year
    gone = schools["school_id"].isin(closed_schools(result, year))
    return schools[opened & ~gone].sort_values("school_id").reset_index(drop=True)


def closed_schools(result: PlanResult, year: int) -> tuple[str, ...]:
    """Return the ids of the schools that the scenario has closed by that year, sorted."""
    schools = result.roster.schools
    closes = schools["closes_year"].fillna(9999)
    base_year = result.prepared.county.base_year
    return tuple(sorted(schools.loc[(closes <= year) & (closes > base_year), "school_id"]))


def changed_schools(result: PlanResult, year: int) -> tuple[str, ...]:
    """Return the ids of the schools that an action of the scenario has touched by that year, sorted."""
    actions = (action for action in result.scenario.actions if action.year <= year)
    touched = {school_id for action in actions for school_id in schools_of(action)}
    return tuple(sorted(touched))


def catchment_hues(catchments: gpd.GeoDataFrame, *, fixed: Mapping[str, int] | None = None) -> dict[str, int]:
    """Give every catchment one of five hues, so that neighbours differ.

    Parameters
    ----------
    catchments : GeoDataFrame
        ``school_id`` and polygons that share borders.
    fixed : mapping, optional
        Hues that must stay, by school id: while a school is dragged the others keep theirs.

    Returns
    -------
    dict
        ``{school_id: 0..4}``. Each school prefers the hue of its id and takes it unless a neighbour has it, so
        that the same county looks the same in every plan. Where all five are taken around a catchment, the hue
        of the neighbour with the shortest common border is repeated.
    """
    frame = catchments.sort_values("school_id")
    ids = [str(school) for school in frame["school_id"]]
    borders = _borders(ids, frame.geometry.to_numpy())
    hues = {school: hue for school, hue in (fixed or {}).items() if school in borders}
    backwards = {school: -at for at, school in enumerate(ids)}
    around = {school: {hues[other] for other in borders[school] if other in hues} for school in ids}
    waiting = set(ids) - set(hues)
    while waiting:
        school = max(waiting, key=lambda one: (len(around[one]), len(borders[one]), backwards[one]))
        hues[school] = _free_hue(school, borders[school], hues)
        waiting.remove(school)
        for other in borders[school]:
            around[other].add(hues[school])
    return {school: hues[school] for school in ids}


def _free_hue(school: str, around: Mapping[str, float], hues: Mapping[str, int]) -> int:
    count = len(CATCHMENT_COLOURS)
    wished = zlib.crc32(school.encode()) % count
    shared = [0.0] * count
    for other, metres in around.items():
        if other in hues:
            shared[hues[other]] += metres
    return min(range(count), key=lambda hue: (shared[hue], (hue - wished) % count))


def _borders(ids: list[str], shapes: np.ndarray) -> dict[str, dict[str, float]]:
    """Return the length [m] of the border each catchment shares with each neighbour."""
    borders: dict[str, dict[str, float]] = {school: {} for school in ids}
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pair = one < other
    one, other = one[pair], other[pair]
    lines = shapely.boundary(shapes)
    metres = shapely.length(shapely.intersection(lines[one], lines[other]))
    for a, b, length in zip(one, other, metres, strict=True):
        if length > 0.0:
            borders[ids[a]][ids[b]] = borders[ids[b]][ids[a]] = float(length)
    return borders
