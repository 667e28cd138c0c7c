"""Read a county: layers named in ``county.toml`` become checked tables in one CRS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj

from layoutplan.county.contracts import Typed, check_contract, empty_frame, finish, rows_of, take_columns
from layoutplan.county.crs import Frame, county_crs, frame_of, place_layer
from layoutplan.county.fingerprint import fingerprint
from layoutplan.county.manifest import LayerEntry, Manifest, read_manifest
from layoutplan.county.problems import summarise
from layoutplan.county.readers import read_raw
from layoutplan.county.relations import check_relations, grade_spans, warn_relations
from layoutplan.county.shapes import check_shapes, split_lines
from layoutplan.county.sources import find_file
from layoutplan.county.tables import TABLES, Table
from layoutplan.errors import DataError, NormError, Problem
from layoutplan.norms import Norms, load_norms

_PLACE_COLUMNS = [
    "place_id", "name", "kind", "township_id", "households", "planned_households", "origin_place_id", "geometry",
]  # fmt: skip


def _no_ground(name: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(empty_frame(TABLES[name]), geometry=[])


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
    movers, completions, age_groups, age_structure, control_totals, study_elsewhere, field_counts : frame
        Tables by contract that few counties have all of.
    monthly_births : frame
        Births by month, where known; they replace the third and two thirds of :attr:`births`.
    places : GeoDataFrame
        Residential areas and resettlement sites in one table: ``place_id, name, kind, township_id,
        households, planned_households, origin_place_id, geometry``.
    unsuitable, parcels : GeoDataFrame
        Land where no school can be built, and parcels that could hold one, where the county has the layers.
    rasters : mapping
        Path of ``population`` and ``dem`` where given.
    fingerprint : str
        Hash of the content of all layers, independent of row order and file format.
    warnings : tuple of Problem
        What was read but should be looked at.
    node_crossings : bool
        Whether roads that cross on one level without a vertex in common are joined there.
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
    movers: pd.DataFrame = field(default_factory=lambda: empty_frame(TABLES["movers"]))
    completions: pd.DataFrame = field(default_factory=lambda: empty_frame(TABLES["completions"]))
    age_groups: pd.DataFrame = field(default_factory=lambda: empty_frame(TABLES["age_groups"]))
    age_structure: pd.DataFrame = field(default_factory=lambda: empty_frame(TABLES["age_structure"]))
    control_totals: pd.DataFrame = field(default_factory=lambda: empty_frame(TABLES["control_totals"]))
    study_elsewhere: pd.DataFrame = field(default_factory=lambda: empty_frame(TABLES["study_elsewhere"]))
    field_counts: pd.DataFrame = field(default_factory=lambda: empty_frame(TABLES["field_counts"]))
    monthly_births: pd.DataFrame = field(default_factory=lambda: empty_frame(TABLES["monthly_births"]))
    unsuitable: gpd.GeoDataFrame = field(default_factory=lambda: _no_ground("unsuitable"))
    parcels: gpd.GeoDataFrame = field(default_factory=lambda: _no_ground("parcels"))
    node_crossings: bool = False

    # Every scenario of a batch asks for these two, and a table is slow to ask.
    @cached_property
    def township_ids(self) -> npt.NDArray[np.object_]:
        """Ids of the townships (object [township])."""
        ids: npt.NDArray[np.object_] = self.townships["township_id"].to_numpy(object)
        return ids

    @cached_property
    def township_outlines(self) -> npt.NDArray[np.object_]:
        """Outlines of the townships (object [township])."""
        outlines: npt.NDArray[np.object_] = self.townships.geometry.to_numpy()
        return outlines


def read_county(path: Path | str) -> County:
    """Read every layer that ``county.toml`` names, check it, and bring it into the county's CRS.

    Parameters
    ----------
    path : path
        ``county.toml`` or the folder that holds it.

    Returns
    -------
    County
        Checked tables; the same content gives the same value in whatever order and format it stands.

    Raises
    ------
    DataError
        With every problem of every layer; of equal ones a few and their count.
    """
    folder, manifest = read_manifest(path)
    problems: list[Problem] = []
    layers = _read_layers(folder, manifest, problems)
    target = _place_layers(layers, manifest, problems)
    rasters = _read_rasters(folder, manifest, target, problems)
    _check_basemaps(folder, manifest, target, problems)
    problems += [problem for layer in layers.values() for problem in layer.typed.problems]
    problems += _norm_problems(folder, manifest)
    frames = {name: layer.typed.frame for name, layer in layers.items()}
    absent = frozenset(set(manifest.layers) - set(frames))
    problems += check_relations(frames, absent=absent, base_year=manifest.county.base_year)
    if problems or target is None:
        raise DataError(summarise(problems))
    return _compose(layers, manifest, rasters)


def check_county(path: Path | str) -> tuple[Problem, ...]:
    """Return every problem of a county; none where :func:`read_county` would read it.

    Parameters
    ----------
    path : path
        ``county.toml`` or the folder that holds it.
    """
    try:
        read_county(path)
    except DataError as fault:
        return fault.problems
    return ()


def county_norms(path: Path | str) -> Norms:
    """Return the norms in force in a county: the national ones, and the overlay that ``county.toml`` names.

    Parameters
    ----------
    path : path
        ``county.toml`` or the folder that holds it.

    Raises
    ------
    DataError
        ``county.toml`` is at fault, or the overlay is not there.
    NormError
        The overlay is at fault.
    """
    folder, manifest = read_manifest(path)
    name = manifest.county.norms
    return load_norms(find_file(folder, name, layer="norms") if name else None)


@dataclass(frozen=True, eq=False)
class _Layer:
    """A layer on its way: typed cells, geometry, and whether it lies where it should."""

    table: Table
    entry: LayerEntry
    typed: Typed
    geometry: gpd.GeoSeries | None


def _read_layers(folder: Path, manifest: Manifest, problems: list[Problem]) -> dict[str, _Layer]:
    """Read all layers; one that cannot be read does not stop the others."""
    layers = {}
    for name in sorted(manifest.layers):
        try:
            layers[name] = _read_layer(folder, manifest.layers[name], TABLES[name])
        except DataError as fault:
            problems += fault.problems
    return layers


def _read_layer(folder: Path, entry: LayerEntry, table: Table) -> _Layer:
    raw = read_raw(folder, entry, table)
    typed, geometry = take_columns(raw.cells, entry, table), raw.geometry
    if table.geometry == "line" and geometry is not None:
        typed, geometry = _split(typed, geometry, table)
    if geometry is not None:
        checked = check_shapes(geometry, table, rows_of(typed.frame, table))
        typed.problems.extend(checked.problems)
        typed.warnings.extend(checked.warnings)
        geometry = checked.geometry
    typed.problems.extend(check_contract(typed, table))
    return _Layer(table, entry, typed, geometry)


def _split(typed: Typed, geometry: gpd.GeoSeries, table: Table) -> tuple[Typed, gpd.GeoSeries]:
    """Give the parts of a line rows of their own, called ``id#1``, ``id#2``."""
    lines, at, part = split_lines(geometry)
    if len(lines) == len(geometry):
        return typed, geometry
    frame = typed.frame.take(at)
    name = table.key[0]
    split = pd.Series(part, index=frame.index).astype("str").radd("#").where(part > 0, "")
    frame[name] = frame[name] + split
    return replace(typed, frame=frame, faulty={key: mask[at] for key, mask in typed.faulty.items()}), lines


def _place_layers(layers: dict[str, _Layer], manifest: Manifest, problems: list[Problem]) -> Frame | None:
    """Bring every layer into the county's CRS, the townships first: they say where the others should lie."""
    townships = layers.get("townships")
    target, problem = county_crs(manifest.county.crs, centre=_centre(townships))
    if problem is not None:
        problems.append(problem)
        # The CRS that would fit stands in, so that the layers' own faults are found in the same run.
        target, _ = county_crs(str(problem.values["fits"]))
    if target is None:
        return None
    county = frame_of(target)
    if townships is not None:
        layers["townships"] = _place(townships, county, problems)
        county = frame_of(target, layers["townships"].geometry)
    for name, layer in layers.items():
        if name != "townships":
            layers[name] = _place(layer, county, problems)
    return county


def _place(layer: _Layer, county: Frame, problems: list[Problem]) -> _Layer:
    if layer.geometry is None:
        return layer
    rows = rows_of(layer.typed.frame, layer.table)
    try:
        moved, outside = place_layer(layer.geometry, declared=layer.entry.crs, rows=rows, county=county)
    except DataError as fault:
        problems += fault.problems
        return replace(layer, geometry=None)
    problems += outside
    return replace(layer, geometry=None if outside else moved)


def _centre(townships: _Layer | None) -> tuple[float, float] | None:
    """Return longitude and latitude of the townships, as far as their file says where it is."""
    if townships is None or townships.geometry is None:
        return None
    shapes = townships.geometry.dropna()
    if shapes.empty or shapes.crs is None:
        return None
    west, south, east, north = shapes.to_crs(pyproj.CRS("EPSG:4326")).total_bounds
    return (float(west + east) / 2, float(south + north) / 2)


def _read_rasters(folder: Path, manifest: Manifest, county: Frame | None, problems: list[Problem]) -> dict[str, Path]:
    if not manifest.rasters:
        return {}
    # rasterio takes half a second to import, and a county may have no raster.
    from layoutplan.county.rasters import check_raster

    rasters = {}
    for name in sorted(manifest.rasters):
        try:
            rasters[name] = check_raster(folder, manifest.rasters[name].file, name=name, county=county)
        except DataError as fault:
            problems += fault.problems
    return rasters


def _check_basemaps(folder: Path, manifest: Manifest, county: Frame | None, problems: list[Problem]) -> None:
    """Look at the base maps too: they are shown and never counted, so nothing of them stays in the county."""
    for name in sorted(manifest.basemaps):
        from layoutplan.county.basemaps import check_basemap

        try:
            check_basemap(folder, manifest.basemaps[name].file, name=name, county=county)
        except DataError as fault:
            problems += fault.problems


def _norm_problems(folder: Path, manifest: Manifest) -> tuple[Problem, ...]:
    if manifest.county.norms is None:
        return ()
    try:
        load_norms(find_file(folder, manifest.county.norms, layer="norms"))
    except (DataError, NormError) as fault:
        return fault.problems
    return ()


def _compose(layers: dict[str, _Layer], manifest: Manifest, rasters: dict[str, Path]) -> County:
    """Put faultless layers together."""
    header = manifest.county
    crs = pyproj.CRS.from_user_input(header.crs)
    frames: dict[str, Any] = {name: _final(layers.get(name), table, crs) for name, table in TABLES.items()}
    frames["schools"] = frames["schools"].assign(**grade_spans(frames["schools"]))
    sites = frames.pop("resettlement").assign(kind="resettlement")
    parts = [frame[_PLACE_COLUMNS] for frame in (frames.pop("residential"), sites) if len(frame)]
    places = pd.concat(parts, ignore_index=True).sort_values("place_id", kind="stable", ignore_index=True)
    frames["places"] = places.astype({"kind": "str"})
    dates = {name: entry.as_of for name, entry in manifest.layers.items()}
    dates |= {name: entry.as_of for name, entry in manifest.rasters.items()}
    as_of = {name: dates[name].isoformat() for name in sorted(dates)}
    facts: dict[str, Any] = {"crs": crs.to_string(), "base_year": header.base_year, "synthetic": header.synthetic}
    facts |= {"name": header.name, "name_en": header.name_en}
    facts |= {"node_crossings": manifest.layers["roads"].node_crossings}
    warnings = [problem for layer in layers.values() for problem in layer.typed.warnings]
    warnings += warn_relations(frames, as_of=as_of)
    return County(
        **facts,
        **frames,
        as_of=as_of,
        rasters=rasters,
        fingerprint=fingerprint({**facts, "as_of": as_of}, frames, rasters),
        warnings=tuple(summarise(warnings)),
    )


def _final(layer: _Layer | None, table: Table, crs: pyproj.CRS) -> pd.DataFrame:
    """Return a layer in its final form; an empty frame of the same form where the county has none."""
    if table.geometry == "none":
        return empty_frame(table) if layer is None else finish(layer.typed.frame, table)
    frame = empty_frame(table) if layer is None else layer.typed.frame
    geometry = gpd.GeoSeries([], crs=crs) if layer is None else layer.geometry
    return finish(gpd.GeoDataFrame(frame, geometry=geometry, crs=crs), table)
