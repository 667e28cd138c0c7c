"""A plan as tables of a PostGIS database, all of them or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from layoutplan.county.databases import open_database
from layoutplan.errors import OutputError, Problem
from layoutplan.present.geopackage import layers_of, metadata_of
from layoutplan.present.provenance import MARK, stamp_of
from layoutplan.present.qgis import style_of

if TYPE_CHECKING:
    import psycopg

    from layoutplan.plan.planning import PlanResult

SCHEMA = "layoutplan"
_OPTION = "--to"
# As QGIS makes it; it looks for the table in the search path, so it has to stand in the public schema.
_STYLES = """create table if not exists public.layer_styles (id serial primary key, f_table_catalog varchar,
f_table_schema varchar, f_table_name varchar, f_geometry_column varchar, stylename text, styleqml xml, stylesld xml,
useasdefault boolean, description text, owner varchar(63) default current_user, ui xml,
update_time timestamp default current_timestamp, type varchar)"""


def write_postgis(result: PlanResult, address: str, *, schema: str = SCHEMA) -> tuple[list[str], bool]:
    """Write the layers of a plan and what it was made from into a database, in one transaction.

    Parameters
    ----------
    result : PlanResult
        A plan.
    address : str
        ``postgresql://user@host:port/database``; the password comes from the environment or ``.pgpass``.
    schema : str
        Schema of the tables; made if missing. Tables that an earlier export wrote are replaced, rows only where the
        columns are the same, so that rights and views stay; a table from elsewhere is never touched.

    Returns
    -------
    tables : list of str
        ``schema.table`` of each: the layers of the GeoPackage and ``plan_metadata``.
    styled : bool
        Whether the layers' QGIS styles could be written to ``public.layer_styles``.

    Raises
    ------
    OutputError
        Nobody answers, the server refuses, PostGIS is not there, or a table is somebody else's. Then every table is
        as it was.
    """
    code = pyproj.CRS(result.prepared.county.crs).to_epsg()
    if code is None:
        raise OutputError([Problem("database_no_code", _OPTION, values={"crs": result.prepared.county.crs})])
    frames: dict[str, pd.DataFrame] = {**layers_of(result), "plan_metadata": metadata_of(result)}
    stamp = stamp_of(result)
    with open_database(address, layer=_OPTION, kind=OutputError) as base:
        _check_target(base, schema, frames)
        for name, frame in frames.items():
            put_table(base, (schema, name), frame, srid=code, comment=stamp)
        styled = _put_styles(base, schema, frames)
    return [f"{schema}.{name}" for name in frames], styled


def _check_target(base: psycopg.Connection, schema: str, frames: Mapping[str, pd.DataFrame]) -> None:
    """Make the schema, let nobody else export into it meanwhile, and refuse tables that are not ours."""
    from psycopg import sql

    home = base.execute(
        "select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where extname = 'postgis'"
    ).fetchone()
    if home is None:
        raise OutputError([Problem("database_no_postgis", _OPTION, values={"database": base.info.dbname})])
    # Offices keep PostGIS in a schema of its own; its types have to be found by their plain names.
    path = "select set_config('search_path', concat_ws(', ', quote_ident(%s), current_setting('search_path')), true)"
    base.execute(path, [home[0]])
    base.execute("select pg_advisory_xact_lock(hashtext('layoutplan'), hashtext(%s))", [schema])
    if base.execute("select 1 from pg_namespace where nspname = %s", [schema]).fetchone() is None:
        base.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    asked = base.execute(
        "select c.relname, coalesce(obj_description(c.oid, 'pg_class'), '') from pg_class c join pg_namespace n "
        "on n.oid = c.relnamespace where n.nspname = %s and c.relname = any(%s)", [schema, [*frames]]
    )  # fmt: skip
    foreign = sorted(name for name, said in asked if not str(said).startswith(MARK))
    if foreign:
        values = [{"table": f"{schema}.{name}"} for name in foreign]
        raise OutputError([Problem("database_foreign", _OPTION, values=one) for one in values])


def put_table(
    base: psycopg.Connection, table: tuple[str, str], frame: pd.DataFrame, *, srid: int, comment: str
) -> None:
    """Write a frame as a table, over one of the same name.

    Parameters
    ----------
    base : Connection
        In a transaction.
    table : (str, str)
        Schema and name.
    frame : DataFrame
        Columns of numbers, flags and text; of a GeoDataFrame the geometry becomes the column ``geom``, indexed.
    srid : int
        SRID of the geometry.
    comment : str
        What is said of the table.

    Notes
    -----
    Rows are numbered from 1 in ``id``, which QGIS needs, unless the frame has a column of that name.
    """
    from psycopg import sql

    types = _types(frame, srid)
    target = sql.Identifier(*table)
    if _columns_of(base, table) == [(name, kind.lower()) for name, kind in types.items()]:
        base.execute(sql.SQL("delete from {}").format(target))
    else:
        base.execute(sql.SQL("drop table if exists {}").format(target))
        columns = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in types.items()]
        base.execute(sql.SQL("create table {} ({}, primary key (id))").format(target, sql.SQL(", ").join(columns)))
        if "geom" in types:
            base.execute(sql.SQL("create index on {} using gist (geom)").format(target))
    names = sql.SQL(", ").join(map(sql.Identifier, types))
    with base.cursor().copy(sql.SQL("copy {} ({}) from stdin").format(target, names)) as stream:
        for row in _rows(frame, srid):
            stream.write_row(row)
    base.execute(sql.SQL("comment on table {} is {}").format(target, sql.Literal(comment)))


def _types(frame: pd.DataFrame, srid: int) -> dict[str, str]:
    types = {} if "id" in frame else {"id": "bigint"}
    for name in frame.columns:
        if isinstance(frame, gpd.GeoDataFrame) and name == frame.geometry.name:
            kinds = {str(kind) for kind in frame.geometry.geom_type.dropna()}
            types["geom"] = f"geometry({kinds.pop() if len(kinds) == 1 else 'Geometry'},{srid})"
        else:
            types[str(name)] = _type_of(frame[name])
    return types


def _type_of(column: pd.Series[Any]) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    if pd.api.types.is_integer_dtype(column):
        return "bigint"
    return "double precision" if pd.api.types.is_float_dtype(column) else "text"


def _columns_of(base: psycopg.Connection, table: tuple[str, str]) -> list[tuple[str, str]]:
    """Return name and type of the columns of a table, none where there is no such table."""
    asked = base.execute(
        "select a.attname, lower(format_type(a.atttypid, a.atttypmod)) from pg_attribute a "
        "join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = %s and c.relname = %s and a.attnum > 0 and not a.attisdropped order by a.attnum", table
    )  # fmt: skip
    return [(str(name), str(kind)) for name, kind in asked]


def _rows(frame: pd.DataFrame, srid: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows as PostgreSQL takes them; what is missing becomes null."""
    columns: list[Any] = [] if "id" in frame else [range(1, len(frame) + 1)]
    for name in frame.columns:
        if isinstance(frame, gpd.GeoDataFrame) and name == frame.geometry.name:
            shapes = shapely.set_srid(frame.geometry.to_numpy(), srid)
            columns.append(shapely.to_wkb(shapes, hex=True, include_srid=True))
        else:
            cells = frame[name].astype(object)
            columns.append([None if is_na else cell for cell, is_na in zip(cells, cells.isna(), strict=True)])
    yield from zip(*columns, strict=True)


def _put_styles(base: psycopg.Connection, schema: str, frames: Mapping[str, pd.DataFrame]) -> bool:
    """Write the QGIS styles of the layers; without the right to, leave everything else standing."""
    import psycopg

    maps = {name: frame for name, frame in frames.items() if isinstance(frame, gpd.GeoDataFrame)}
    try:
        with base.transaction():
            if base.execute("select to_regclass('public.layer_styles')").fetchone() == (None,):
                base.execute(_STYLES)
            base.execute(
                "delete from public.layer_styles where f_table_schema = %s and f_table_name = any(%s) "
                "and stylename = f_table_name", [schema, [*maps]]
            )  # fmt: skip
            for name, frame in maps.items():
                base.execute(
                    "insert into public.layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column,"
                    " stylename, styleqml, useasdefault, description) values (current_database(), %s, %s, 'geom', %s,"
                    " xmlparse(document %s), true, '')",
                    [schema, name, name, style_of(name, frame)],
                )
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidSchemaName):
        return False
    return True
