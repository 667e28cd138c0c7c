"""Read a layer's file as it is: cells, geometries, and the CRS it says."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import python_calamine
import shapely
from pyogrio.errors import CRSError, DataSourceError, FeatureError, FieldError, GeometryError

from layoutplan.county.crs import file_named
from layoutplan.county.databases import is_address, read_table
from layoutplan.county.dbf import ENCODINGS, read_dbf
from layoutplan.county.manifest import LayerEntry
from layoutplan.county.problems import near, show
from layoutplan.county.sources import check_bytes, find_file, geojson_crs_is_said, geopackage_layer, refuse_grids
from layoutplan.county.tables import Column, Table
from layoutplan.county.values import parse
from layoutplan.errors import DataError, Problem

_MAPS = (".gpkg", ".shp", ".geojson", ".json", ".fgb")
_SHEETS = (".csv", ".xlsx", ".xls")
# Stands where a file has its ending.
_DATABASE = "postgresql"
# What GDAL and GEOS raise for a file that is not what it should be; an index where it says more rows than it has.
_GDAL_FAULTS = (
    CRSError, DataSourceError, FeatureError, FieldError, GeometryError, shapely.errors.GEOSException, IndexError,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Raw:
    """A layer as its file has it.

    Parameters
    ----------
    cells : DataFrame
        Every column of the file; the index is the row number, the first data row being 1.
    geometry : GeoSeries or None
        With the CRS the file says.
    """

    cells: pd.DataFrame
    geometry: gpd.GeoSeries | None


def read_raw(folder: Path, entry: LayerEntry, table: Table) -> Raw:
    """Read the file of a layer.

    Parameters
    ----------
    folder : Path
        Folder of ``county.toml``.
    entry : LayerEntry
        What it says of the layer.
    table : Table
        Contract; a table without geometry is read without one.

    Raises
    ------
    DataError
        The file is missing, outside, disguised, unreadable, empty, or an option does not suit it.
    """
    if is_address(entry.file):
        return _filled(_read_database(entry, table), table, entry.layer or table.name)
    path = find_file(folder, entry.file, layer=table.name)
    has_points = "point" in table.geometry
    kinds = _MAPS + (_SHEETS if has_points or table.geometry == "none" else ())
    suffix = check_bytes(path, layer=table.name, kinds=kinds)
    _check_options(entry, suffix, table)
    try:
        with warnings.catch_warnings():
            # GDAL warns of measured coordinates and cut names; the checks that follow speak of what matters.
            warnings.simplefilter("ignore", UserWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            raw = _read(path, suffix, entry, table)
    except (*_GDAL_FAULTS, python_calamine.CalamineError, OSError, ValueError) as fault:
        if isinstance(fault, DataError):
            raise
        values = {"file": path.name, "reason": show(fault)}
        raise DataError([Problem("file_unreadable", table.name, field="file", values=values)]) from fault
    return _filled(raw, table, path.name)


def _filled(raw: Raw, table: Table, name: str) -> Raw:
    if raw.cells.empty and not len(raw.cells.index):
        raise DataError([Problem("layer_empty", table.name, values={"file": name})])
    return raw


def _read_database(entry: LayerEntry, table: Table) -> Raw:
    """Read a table of a database; points may also stand in two columns of it, as in a sheet."""
    _check_options(entry, _DATABASE, table)
    name = entry.layer or table.name
    cells, shapes = read_table(entry.file, name, layer=table.name)
    if entry.east is not None:
        return _with_points(cells.set_axis(pd.RangeIndex(1, len(cells) + 1)), entry, table)
    return _checked(Raw(cells, None if table.geometry == "none" else shapes), table, name)


def _check_options(entry: LayerEntry, suffix: str, table: Table) -> None:
    """Refuse options that would have no effect on this kind of file."""
    is_map, spatial = suffix in (*_MAPS, _DATABASE), table.geometry != "none"
    idle = {
        "layer": entry.layer is not None and suffix not in (".gpkg", _DATABASE),
        "sheet": entry.sheet is not None and suffix not in (".xlsx", ".xls"),
        "east": entry.east is not None and ((is_map and suffix != _DATABASE) or not spatial),
        "crs": entry.crs is not None and not spatial,
    }
    problems = [Problem("option_idle", table.name, field=key) for key, is_idle in idle.items() if is_idle]
    if spatial and not is_map and entry.east is None:
        problems.append(Problem("points_unsaid", table.name, field="east"))
    if problems:
        raise DataError(problems)


def _read(path: Path, suffix: str, entry: LayerEntry, table: Table) -> Raw:
    if suffix == ".csv":
        return _with_points(_number(_read_csv(path, table.name)), entry, table)
    if suffix in (".xlsx", ".xls"):
        return _with_points(_number(_read_sheet(path, entry, table.name)), entry, table)
    # Before its CRS is looked at: what stands in a database's tables may be computed.
    layer = geopackage_layer(path, entry.layer, layer=table.name) if suffix == ".gpkg" else None
    refuse_grids(path, suffix, layer=table.name)
    if suffix == ".shp":
        return _read_shapefile(path, table)
    said = geojson_crs_is_said(path, layer=table.name) if suffix in (".geojson", ".json") else True
    frame = _read_gdal(path, layer=layer, geometry=table.geometry != "none")
    shapes = frame.geometry if isinstance(frame, gpd.GeoDataFrame) else None
    if shapes is not None and not said and entry.crs is not None:
        shapes = shapes.set_crs(None, allow_override=True)
    cells = pd.DataFrame(frame.drop(columns=frame.geometry.name) if shapes is not None else frame)
    return _checked(Raw(cells, shapes), table, path.name)


def _read_gdal(path: Path, *, layer: str | None, geometry: bool) -> Any:
    frame = pyogrio.read_dataframe(
        path,
        layer=layer,
        read_geometry=geometry,
        use_arrow=True,
        # Whole numbers with gaps would else become floats and lose the last digits of long codes.
        arrow_to_pandas_kwargs={"integer_object_nulls": True},
    )
    for name in frame.columns[frame.dtypes == "str"]:
        frame[name] = _readable(frame[name])
    return frame


def _readable(texts: pd.Series[str]) -> pd.Series[str]:
    """Return texts with a mark for every byte that is no UTF-8: the cell is to be blamed as garbled, not the file."""
    stored = pa.array(texts.array)
    try:
        stored.validate(full=True)
    except pa.ArrowInvalid:
        raw = stored.cast(pa.large_binary()).to_pylist()
        words = [None if cell is None else cell.decode("utf-8", "replace") for cell in raw]
        return pd.Series(words, index=texts.index, dtype="str")
    return texts


def _checked(raw: Raw, table: Table, name: str) -> Raw:
    """Return the layer numbered from 1; a table that should have shapes must have them."""
    if table.geometry != "none" and raw.geometry is None:
        raise DataError([Problem("geometry_missing", table.name, field="geometry", values={"file": name})])
    index = pd.RangeIndex(1, len(raw.cells.index) + 1)
    shapes = None if raw.geometry is None else raw.geometry.set_axis(index)
    # A GeoPackage without CRS reads as "Undefined", which is no CRS either.
    if shapes is not None and shapes.crs is not None and shapes.crs.name.startswith("Undefined"):
        shapes = shapes.set_crs(None, allow_override=True)
    # Before anything is moved: PROJ would open the file.
    if shapes is not None and shapes.crs is not None and (named := file_named(shapes.crs)):
        raise DataError([Problem("crs_names_file", table.name, field="crs", values={"value": named})])
    return Raw(raw.cells.set_axis(index), shapes)


def _read_shapefile(path: Path, table: Table) -> Raw:
    beside = {file.suffix.lower(): file for file in path.parent.iterdir() if file.stem == path.stem}
    for suffix in (".dbf", ".shx"):
        if suffix not in beside:
            values = {"file": path.with_suffix(suffix).name}
            raise DataError([Problem("sidecar_missing", table.name, field="file", values=values)])
    cells = read_dbf(beside[".dbf"], layer=table.name)
    if table.geometry == "none":
        return _checked(Raw(cells, None), table, path.name)
    # Latin-1 reads any byte, so that names in another encoding than the side file says do not stop the shapes.
    frame = pyogrio.read_dataframe(path, columns=[], encoding="ISO-8859-1")
    if len(frame) != len(cells):
        reason = f"{len(frame)} / {len(cells)}"
        raise DataError(
            [Problem("file_unreadable", table.name, field="file", values={"file": path.name, "reason": reason})]
        )
    return _checked(Raw(cells, frame.geometry), table, path.name)


def _read_csv(path: Path, layer: str) -> pd.DataFrame:
    """Read every cell of a CSV file as text; nothing means missing but an empty cell."""
    content = path.read_bytes()
    for encoding in ("utf-8-sig", *ENCODINGS[1:]):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise DataError([Problem("encoding_unknown", layer, field="file", values={"file": path.name})])
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=lambda mark: (head.count(mark), mark == ","))
    return pd.read_csv(
        io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, header=None, skip_blank_lines=False,
        index_col=False,
    )  # fmt: skip


def _read_sheet(path: Path, entry: LayerEntry, layer: str) -> pd.DataFrame:
    """Read the cells of a worksheet; truth values as words, for 1 and true would else be one value."""
    with python_calamine.load_workbook(path) as book:
        names = book.sheet_names
        chosen = entry.sheet or (names[0] if len(names) == 1 else layer)
        if chosen not in names:
            code = "sheet_not_found" if entry.sheet else "sheet_choose"
            values = {"wanted": chosen, **near(chosen, names), "names": ", ".join(names)}
            raise DataError([Problem(code, layer, field="sheet", values=values)])
        rows = book.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    return pd.DataFrame([[str(c).lower() if isinstance(c, bool) else c for c in row] for row in rows], dtype="object")


def _number(table: pd.DataFrame) -> pd.DataFrame:
    """Take the first row as heading, number the others from 1, and drop rows with nothing in them."""
    if table.empty:
        return table
    heads = [str(head).strip() for head in table.iloc[0]]
    cells = table.iloc[1:].set_axis(pd.RangeIndex(1, len(table)), axis=0).set_axis(heads, axis=1)
    blank = cells.isna() | cells.astype("object").isin([""])
    return cells.loc[~blank.all(axis=1)]


def _with_points(cells: pd.DataFrame, entry: LayerEntry, table: Table) -> Raw:
    """Make points of the two coordinate columns, where the table has geometry."""
    if table.geometry == "none":
        return Raw(cells, None)
    axes, problems = [], []
    for name in (entry.east or "", entry.north or ""):
        if list(cells.columns).count(name) != 1:
            values = {"wanted": name, **near(name, map(str, cells)), "found": ", ".join(map(str, cells))}
            problems.append(Problem("column_missing", table.name, field=name, values=values))
            continue
        column, faults = parse(cells[name], Column(name, "float", "", "", ""))
        for code, where in faults.items():
            problems += [
                Problem(code, table.name, row=f"row {cells.index[at]}", field=name,
                        values={"id": "-", "value": show(cells[name].iloc[at])})
                for at in np.flatnonzero(where).tolist()
            ]  # fmt: skip
        axes.append(column.to_numpy())
    if problems:
        raise DataError(problems)
    missing = np.isnan(axes[0]) | np.isnan(axes[1])
    points = np.where(missing, None, shapely.points(np.nan_to_num(axes[0]), np.nan_to_num(axes[1])))
    return Raw(cells, gpd.GeoSeries(points, index=cells.index))
