"""What the plan map draws of a plan: shapes in degrees, symbols, classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult, catchments_of
from layoutplan.plan.siting import SiteLab
from layoutplan.present.symbols import (
    CATCHMENT_COLOURS,
    PAPER,
    RING_COLOURS,
    ROAD_STYLES,
    SHAPES,
    STATUS_COLOURS,
    STATUSES,
    VIOLET,
    catchment_hues,
    school_symbols,
    symbol_radius,
)
from layoutplan.ui import maplayers
from layoutplan.ui.degrees import DECIMALS, as_geojson, in_degrees, to_degrees
from layoutplan.ui.maplayers import fill
from layoutplan.ui.planmap import Base, Feature, Layer, Paint, Style
from layoutplan.ui.planmap.switches import Ground
from layoutplan.ui.relief import shade

MAX_LINES = 10_000
SIMPLIFY_M = 12.0
LARGEST_PX, SMALLEST_PX = 13.0, 3.5
SIZES = ("no_data", "within", "near", "over")
PLACE_STYLES: Mapping[str, Style] = {
    "village": {"fillColor": "#8d877a", "fillOpacity": 0.9, "color": PAPER, "weight": 0, "radius": 1.5},
    "town": {"fillColor": "#6d675a", "fillOpacity": 0.9, "color": PAPER, "weight": 0, "radius": 2.2},
    "housing": {"fillColor": "#6d675a", "fillOpacity": 0.9, "color": PAPER, "weight": 0, "radius": 2.2},
    "resettlement": {"fillColor": "#ffffff", "fillOpacity": 1, "color": "#009e73", "weight": 2, "radius": 3.6},
}


def bounds_of(shapes: gpd.GeoSeries) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return ((south, west), (north, east)) in degrees."""
    west, south, east, north = (round(float(value), DECIMALS) for value in shapes.to_crs("EPSG:4326").total_bounds)
    return (south, west), (north, east)


def draw_base(result: PlanResult, lang: Lang, *, grounds: Sequence[Ground] = ()) -> Base:
    """Return what stays on the map while the planner works.

    Parameters
    ----------
    result : PlanResult
        Plan whose county and schools are drawn.
    lang : {"zh", "en"}
        Language of the words at the map's foot.
    grounds : sequence of Ground
        Base maps on offer.
    """
    county = result.prepared.county
    layers = [
        Layer(
            "ground",
            "polygon",
            _shapes(county.townships.geometry, county.townships["name"]),
            [fill("#efebe0", "none")],
            interactive=True,
        ),
        Layer("cells", "polygon", _cells(result), [fill("none", "none")], interactive=True, opacity=0.85),
        *maplayers.extra_layers(county),
        Layer("borders", "polygon", _shapes(county.townships.geometry, county.townships["name"]), [_dashes()]),
        Layer("roads", "line", list(_roads(county.roads))),
        maplayers.join_communities(result.roster.schools, county.communities),
        Layer("names", "label", _names(county.townships)),
        Layer("places", "point", _places(county.places, lang), interactive=True),
        Layer("schools", "point", _schools(result), SCHOOL_PALETTE, interactive=True),
    ]
    words = {name: label(f"ui.map.{name}", lang) for name in ("map", "zoom_in", "zoom_out", "whole_county", "north")}
    bounds = bounds_of(county.townships.geometry)
    return Base(
        layers, bounds=bounds, words=words, notes=_notes(result, lang), relief=shade(county),
        switches=maplayers.switches(county, result.prepared.norms, layers, lang, grounds=grounds),
    )  # fmt: skip


def _notes(result: PlanResult, lang: Lang) -> list[str]:
    county = result.prepared.county
    stamp = [label("ui.synthetic", lang)] if county.synthetic else []
    date = label("ui.map.data_date", lang, date=result.provenance["data_date"])
    return [*stamp, county.crs, date, label("ui.map.internal", lang), label("ui.map.licence", lang)]


def _dashes() -> Style:
    return {"fill": False, "color": "#8d8675", "weight": 1, "dashArray": "5 4", "opacity": 0.9}


def _shapes(shapes: gpd.GeoSeries, names: Iterable[str]) -> list[Feature]:
    return [
        Feature(str(at), name, geometry)
        for at, (name, geometry) in enumerate(zip(names, to_degrees(shapes), strict=True))
    ]


def _cells(result: PlanResult) -> list[Feature]:
    cells = result.prepared.cells[result.scenario.policy.mode].frame
    return _shapes(cells.geometry, [""] * len(cells))


def _roads(roads: gpd.GeoDataFrame) -> Iterable[Feature]:
    """One feature a class, the great roads last and so on top; the least are left out beyond the limit."""
    left, drawn = MAX_LINES, []
    for name, (colour, width) in ROAD_STYLES.items():
        lines = roads[roads["class"] == name].geometry.explode(ignore_index=True)
        lines = lines.iloc[:left]
        left -= len(lines)
        if len(lines) == 0:
            continue
        merged = gpd.GeoSeries([shapely.line_merge(shapely.union_all(lines.to_numpy()))], crs=roads.crs)
        geometry = to_degrees(merged.simplify(SIMPLIFY_M))[0]
        drawn.append(Feature(name, "", geometry, style={"color": colour, "weight": 1.1 * width + 0.3}))
    return reversed(drawn)


def _names(townships: gpd.GeoDataFrame) -> list[Feature]:
    spots = to_degrees(gpd.GeoSeries(townships.geometry.representative_point()))
    ids = townships["township_id"]
    return [Feature(i, name, at) for i, name, at in zip(ids, townships["name"], spots, strict=True)]


def _places(places: gpd.GeoDataFrame, lang: Lang) -> list[Feature]:
    order = places.sort_values("kind", key=lambda kinds: kinds.eq("resettlement"), kind="stable")
    spots = to_degrees(gpd.GeoSeries(order.geometry.representative_point()))
    rows = zip(order["place_id"], order["name"], order["kind"], spots, strict=True)
    return [
        Feature(
            place_id,
            f"{name} · {label(f'place_kind.{kind}', lang)}",
            at,
            style={**PLACE_STYLES[kind], "group": _group(kind)},
        )
        for place_id, name, kind, at in rows
    ]


def _group(kind: str) -> str:
    return "resettlement" if kind == "resettlement" else "place"


def schools_in_order(result: PlanResult) -> gpd.GeoDataFrame:
    """Return the schools in drawing order: many rooms first, so that small ones lie on top."""
    schools = result.roster.schools
    rooms = result.roster.rooms.groupby("school_id")["rooms"].sum()
    weight = schools["school_id"].map(rooms).fillna(0)
    return schools.assign(weight=weight).sort_values(
        ["weight", "school_id"], ascending=[False, True], ignore_index=True
    )


def _schools(result: PlanResult) -> list[Feature]:
    schools = schools_in_order(result)
    beds = schools["boarding_beds"].fillna(0) > 0
    rows = zip(schools["school_id"], schools["name"], schools["kind"], beds, to_degrees(schools.geometry), strict=True)
    return [
        Feature(school_id, name, at, SHAPES[kind].removeprefix("small_"), {"roof": bool(roof), "group": kind})
        for school_id, name, kind, roof, at in rows
    ]


# ---- looks of a year ---------------------------------------------------------------------
def _school_look(fill: str, size: str, changed: bool) -> Style:
    return {
        "fillColor": STATUS_COLOURS[fill], "fillOpacity": 1, "color": RING_COLOURS[size],
        "weight": 3.2 if size == "over" else 2.2 if size == "near" else 1.2, "cross": False,
        "halo": VIOLET if changed else "", "hidden": False, "stroke": True,
    }  # fmt: skip


def _vacant_look(changed: bool) -> Style:
    return {**_school_look("no_data", "no_data", changed), "fillOpacity": 0.55, "cross": True}


SCHOOL_PALETTE: tuple[Style, ...] = (
    {"hidden": True},
    *(_vacant_look(changed) for changed in (False, True)),
    *(_school_look(fill, size, changed) for fill in STATUSES for size in SIZES for changed in (False, True)),
)


def school_class(fill: str, size: str, *, vacant: bool, changed: bool) -> int:
    """Return the index of a school's looks in :data:`SCHOOL_PALETTE`.

    Examples
    --------
    >>> SCHOOL_PALETTE[school_class("large", "over", vacant=False, changed=False)]["fillColor"]
    '#d55e00'
    """
    if vacant:
        return 1 + changed
    return 3 + (STATUSES.index(fill) * len(SIZES) + SIZES.index(size)) * 2 + changed


def paint_schools(result: PlanResult, year: int, lang: Lang) -> Paint:
    """Return the looks of every school in a year; schools that do not stand are hidden."""
    symbols: dict[str, Any] = {str(row.school_id): row for row in school_symbols(result, year).itertuples(index=False)}
    schools = schools_in_order(result)
    classes: list[int] = []
    sizes: list[float] = []
    lines: list[list[str]] = []
    for school_id, kind in zip(schools["school_id"], schools["kind"], strict=True):
        row = symbols.get(school_id)
        if row is None:
            classes.append(0)
            sizes.append(0.0)
            lines.append([])
            continue
        classes.append(
            school_class(row.class_status, row.size_status, vacant=bool(row.vacant), changed=bool(row.changed))
        )
        sizes.append(_radius(row.pupils, row.shape))
        lines.append(_school_lines(row, kind, lang))
    return Paint(classes, sizes=sizes, lines=lines)


def no_schools(result: PlanResult) -> Paint:
    """Return the looks of a map that is not about schools."""
    return Paint([0] * len(result.roster.schools))


def _radius(pupils: float, shape: str) -> float:
    known = 0.0 if np.isnan(pupils) else float(pupils)
    return round(symbol_radius(known, shape=shape, largest=LARGEST_PX, smallest=SMALLEST_PX), 1)


def _school_lines(row: Any, kind: str, lang: Lang) -> list[str]:
    words = label(f"kind.{kind}", lang)
    if np.isnan(row.pupils):
        return [words, label("status.no_data", lang)]
    if row.vacant:
        return [words, label("status.vacant", lang)]
    classes = label("ui.map.class_status", lang, status=label(f"status.{row.class_status}", lang))
    return [words, label("ui.map.pupils", lang, pupils=f"{row.pupils:,.0f}"), classes]


def paint_cells(lab: SiteLab, hues: Mapping[str, int], lang: Lang) -> Paint:
    """Return the ground by the school it goes to; the class after the last school is the site's.

    Parameters
    ----------
    lab : SiteLab
        Stage and year; its cells' schools are the classes.
    hues : mapping
        Index into the five catchment colours by school.
    lang : {"zh", "en"}
        Language of what hovering says.
    """
    ids = lab.result.travel.school_ids
    names = lab.result.roster.schools.set_index("school_id")["name"]
    looks = [
        _ground(CATCHMENT_COLOURS[hues[school_id]]) if school_id in hues else fill("none", "none") for school_id in ids
    ]
    said = [[label("ui.map.goes_to", lang, school=names[school_id])] for school_id in ids]
    palette = [*looks, _ground(VIOLET_GROUND), fill("none", "none")]
    groups = [*said, [label("ui.map.goes_to_site", lang)], [label("ui.map.goes_nowhere", lang)]]
    nowhere = len(ids) + 1
    classes = [nowhere if school < 0 else school for school in lab.cell_school.tolist()]
    return Paint(classes, palette=palette, groups=groups)


VIOLET_GROUND = "#b99ad8"


def paint_ground(lab: SiteLab, lang: Lang, *, by_time: bool = False) -> Paint:
    """Return the ground by school or by travel time, with the same class for the site's ground."""
    if by_time:
        return maplayers.paint_minutes(lab, lang, site=_ground(VIOLET_GROUND))
    return paint_cells(lab, hues_of(lab.result, stage=lab.stage, year=lab.year), lang)


def _ground(colour: str) -> Style:
    return fill(colour, colour, 0.9)


def site_class(lab: SiteLab) -> int:
    """Return the class of the cells that go to the site."""
    return len(lab.result.travel.school_ids)


def hues_of(result: PlanResult, *, stage: str, year: int) -> dict[str, int]:
    """Return the hue of each school's ground, neighbours apart, fixed while a site is dragged."""
    catchments = catchments_of(result, stage=stage, year=year)
    return catchment_hues(catchments[catchments["school_id"].notna()])


def cell_shapes(result: PlanResult) -> npt.NDArray[Any]:
    """Return the tiles of the ground in degrees, in the order of the cells."""
    return in_degrees(result.prepared.cells[result.scenario.policy.mode].frame.geometry)


def outline_of(shapes: npt.NDArray[Any], cells: Sequence[int]) -> dict[str, Any] | None:
    """Return the strong outline around the cells a site would win, or None if there are none.

    Parameters
    ----------
    shapes : object [cell]
        As :func:`cell_shapes` gives them: neighbours share their corners, so they join cleanly.
    cells : sequence of int
        Cells won.
    """
    if len(cells) == 0:
        return None
    (geometry,) = as_geojson(np.array([shapely.coverage_union_all(shapes[np.asarray(cells)])]))
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return {"polygons": polygons, "style": {"fill": False, "color": VIOLET, "weight": 2.2, "opacity": 0.95}}


def focus_on(result: PlanResult, finding: Mapping[str, Any]) -> tuple[tuple[str, str] | None, dict[str, Any]]:
    """Return what to ring and where to look for one finding.

    Parameters
    ----------
    result : PlanResult
        Plan the finding belongs to.
    finding : mapping
        ``school_id``, ``place_id``, ``township_id``; the narrowest that is given counts.

    Returns
    -------
    selected : (layer, id) or None
    look : dict
        ``point`` and ``zoom``, or ``bounds``.
    """
    county = result.prepared.county
    for layer, key, frame in (("schools", "school_id", result.roster.schools), ("places", "place_id", county.places)):
        row = frame[frame[key] == finding[key]]
        if len(row):
            lng, lat = to_degrees(gpd.GeoSeries(row.geometry.representative_point()))[0]["coordinates"]
            return (layer, str(finding[key])), {"point": [lat, lng], "zoom": 13}
    township = county.townships[county.townships["township_id"] == finding["township_id"]]
    return None, {"bounds": bounds_of(township.geometry if len(township) else county.townships.geometry)}
