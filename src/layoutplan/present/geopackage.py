"""A plan as one GeoPackage that QGIS opens ready-coloured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from layoutplan.county.tables import STAGES
from layoutplan.labels import LANGS, label
from layoutplan.plan import planning
from layoutplan.present.qgis import style_of
from layoutplan.present.symbols import catchment_hues, school_symbols, standing_schools

if TYPE_CHECKING:
    from layoutplan.plan.planning import PlanResult

LAYERS = ("catchments", "flows", "places", "schools", "findings")
_NO_DATE = "1970-01-01"
_SCHOOL_COLUMNS = ["school_id", "name", "kind", "setting", "township_id", "opens_year", "closes_year"]


def write_geopackage(result: PlanResult, path: Path) -> None:
    """Write layers ``catchments, flows, places, schools, findings`` with their QGIS styles.

    Parameters
    ----------
    result : PlanResult
        A plan.
    path : Path
        New file. Its time stamp is the date of the data, so that the same plan gives the same bytes.
    """
    import pyogrio

    frames = layers_of(result)
    date = result.provenance["data_date"] or _NO_DATE
    with fixed_date(date):
        for name, frame in frames.items():
            pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", append=path.exists(), SPATIAL_INDEX="YES")
        styles = pd.DataFrame([_style_row(name, frame, date) for name, frame in frames.items()])
        pyogrio.write_dataframe(
            styles, path, layer="layer_styles", driver="GPKG", append=True, layer_options={"FID": "id"}
        )
        pyogrio.write_dataframe(metadata_of(result), path, layer="plan_metadata", driver="GPKG", append=True)


@contextmanager
def fixed_date(date: str) -> Iterator[None]:
    """Have GeoPackages say they were written on the date of the data, so that the same data give the same bytes."""
    import pyogrio

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{date or _NO_DATE}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _style_row(name: str, frame: gpd.GeoDataFrame, date: str) -> dict[str, object]:
    return {
        "f_table_catalog": "", "f_table_schema": "", "f_table_name": name, "f_geometry_column": "geom",
        "styleName": name, "styleQML": style_of(name, frame), "styleSLD": "", "useAsDefault": True, "description": "",
        "owner": "layoutplan", "ui": None, "update_time": pd.Timestamp(date),
    }  # fmt: skip


def metadata_of(result: PlanResult) -> pd.DataFrame:
    """Return what a plan was made from, and what may be done with it, as rows ``key, value``."""
    county, scenario = result.prepared.county, result.scenario
    stamp = " ".join(label("figure.footer.synthetic", lang) for lang in LANGS) if county.synthetic else ""
    facts = {
        **result.provenance, "county_name": county.name, "crs": county.crs, "scenario_name": scenario.name,
        "stamp": stamp, "use": label("figure.footer.internal", "zh"),
    }  # fmt: skip
    return pd.DataFrame(sorted(facts.items()), columns=["key", "value"])


def layers_of(result: PlanResult) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of a plan, bottom first, in the county's CRS."""
    years = shown_years(result)
    return {
        "catchments": _catchments(result, years), "flows": _flows(result, years), "places": _places(result),
        "schools": _schools(result, years), "findings": _findings(result),
    }  # fmt: skip


def shown_years(result: PlanResult) -> tuple[int, ...]:
    """Return the base year and the goal year, as far as the plan reaches it."""
    last = int(result.enrolment.frame["year"].max())
    goal = int(result.prepared.norms.value("plan.goal_year"))
    base = result.prepared.county.base_year
    return tuple(sorted({base, max(base, min(goal, last))}))


def _schools(result: PlanResult, years: tuple[int, ...]) -> gpd.GeoDataFrame:
    parts = []
    for year in years:
        symbols = school_symbols(result, year)
        mine = standing_schools(result, year)[[*_SCHOOL_COLUMNS, "geometry"]]
        mine = mine.merge(symbols, on="school_id", validate="one_to_one")
        mine.insert(1, "year", year)
        parts.append(mine)
    frame = pd.concat(parts, ignore_index=True)
    frame["pupils"] = frame["pupils"].round(3)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=result.prepared.county.crs)


def _places(result: PlanResult) -> gpd.GeoDataFrame:
    places = result.prepared.county.places.copy()
    for column in ("households", "planned_households"):
        places[column] = places[column].astype("Int64")
    places["origin_place_id"] = places["origin_place_id"].astype("str").where(places["origin_place_id"].notna(), None)
    places["geometry"] = shapely.point_on_surface(places.geometry.to_numpy())
    places["unreached"] = places["place_id"].map(dict(result.travel.unreached)).astype("str")
    places.loc[~places["place_id"].isin(list(result.travel.unreached)), "unreached"] = None
    return places


def _catchments(result: PlanResult, years: tuple[int, ...]) -> gpd.GeoDataFrame:
    names = result.roster.schools.set_index("school_id")["name"]
    parts = []
    for stage in STAGES:
        for year in years:
            frame = planning.catchments_of(result, stage=stage, year=year)
            hues = catchment_hues(frame.dropna(subset=["school_id"]))
            hue = frame["school_id"].map(hues).astype("Int64")
            frame = frame.assign(stage=stage, year=year, name=frame["school_id"].map(names), hue=hue)
            frame["geometry"] = [shapely.MultiPolygon(_polygons(shape)) for shape in frame.geometry]
            parts.append(frame[["stage", "year", "school_id", "name", "area_km2", "hue", "geometry"]])
    table = pd.concat(parts, ignore_index=True)
    table["area_km2"] = table["area_km2"].round(4)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=result.prepared.county.crs)


def _polygons(shape: shapely.Geometry) -> list[shapely.Geometry]:
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]


def _flows(result: PlanResult, years: tuple[int, ...]) -> gpd.GeoDataFrame:
    """Straight lines from places to their schools, grades of a stage added up, in the years shown."""
    county = result.prepared.county
    flows = result.assignment.flows
    flows = flows[flows["year"].isin(years)]
    weighted = flows.assign(minutes=flows["minutes"] * flows["pupils"], metres=flows["metres"] * flows["pupils"])
    total = weighted.groupby(["stage", "year", "place_id", "school_id"], as_index=False)[
        ["pupils", "minutes", "metres"]
    ].sum()
    total = total[total["pupils"] > 0.0].reset_index(drop=True)
    total["minutes"] = (total["minutes"] / total["pupils"]).round(2)
    total["metres"] = (total["metres"] / total["pupils"]).round(1)
    total["pupils"] = total["pupils"].round(3)
    home = county.places.set_index("place_id").geometry.loc[total["place_id"]]
    goal = result.roster.schools.set_index("school_id").geometry.loc[total["school_id"]]
    start, end = (
        shapely.get_coordinates(shapely.point_on_surface(home.to_numpy())),
        shapely.get_coordinates(goal.to_numpy()),
    )
    lines = shapely.linestrings(list(zip(start.tolist(), end.tolist(), strict=True)))
    return gpd.GeoDataFrame(total, geometry=lines, crs=county.crs)


def _findings(result: PlanResult) -> gpd.GeoDataFrame:
    """Return the findings as points: at their school, their place, or inside their township."""
    county = result.prepared.county
    frame = result.findings.frame.reset_index(drop=True)
    spots = [
        result.roster.schools.set_index("school_id").geometry,
        county.places.set_index("place_id").geometry,
        county.townships.set_index("township_id").geometry,
    ]
    where = pd.Series(None, index=frame.index, dtype=object)
    for column, geometry in zip(("school_id", "place_id", "township_id"), spots, strict=True):
        points = pd.Series(list(shapely.point_on_surface(geometry.to_numpy())), index=geometry.index, dtype=object)
        where = where.where(where.notna(), frame[column].map(points))
    for column in ("school_id", "place_id", "township_id"):
        frame[column] = pd.Series([None if pd.isna(value) else str(value) for value in frame[column]], dtype=object)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(where, crs=county.crs), crs=county.crs)
