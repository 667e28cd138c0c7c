"""Read a county: layers named in ``county.toml`` become checked tables in one CRS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from layoutplan.errors import Problem


@dataclass(frozen=True, eq=False)
class County:
    """Every layer of a county, checked, in one projected CRS in metres.

    Frames hold the columns of :data:`layoutplan.county.tables.TABLES` in that order (absent
    optional columns filled with missing values), sorted by key, with a fresh 0..n-1 index.
    Text ids are ``str``; integer columns that may be missing are ``Int64``. Frames are never
    changed after reading.

    Parameters
    ----------
    name, name_en : str
        What the county is called on sheets.
    crs : str
        Projected CRS in metres of every geometry, such as ``EPSG:4544``.
    base_year : int
        School year of ``classes``; children's ages are on 31 August of this year.
    synthetic : bool
        Whether the data are made up; every export then says so.
    as_of : mapping
        ISO date of each layer.
    schools, rooms, classes, enrolment, move_in, children, births, roads, townships, zones, communities : frame
        Tables by contract; a layer the county does not have is an empty frame.
    places : GeoDataFrame
        Residential areas and resettlement sites in one table: ``place_id, name, kind, township_id,
        households, planned_households, origin_place_id, geometry``.
    rasters : mapping
        Path of ``population`` and ``dem`` where given.
    fingerprint : str
        Hash of the content of all layers, independent of row order and file format.
    warnings : tuple of Problem
        What was read but should be looked at.
    """

    name: str
    name_en: str
    crs: str
    base_year: int
    synthetic: bool
    as_of: Mapping[str, str]
    schools: gpd.GeoDataFrame
    rooms: pd.DataFrame
    classes: pd.DataFrame
    enrolment: pd.DataFrame
    places: gpd.GeoDataFrame
    move_in: pd.DataFrame
    children: pd.DataFrame
    births: pd.DataFrame
    roads: gpd.GeoDataFrame
    townships: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    communities: pd.DataFrame
    rasters: Mapping[str, Path]
    fingerprint: str
    warnings: tuple[Problem, ...] = ()
