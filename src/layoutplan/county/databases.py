"""Layers kept in a PostgreSQL database with PostGIS, read as if they were files.

``county.toml`` names the server, the database and the table, never a password: that comes from
``PGPASSWORD``, ``.pgpass`` or a service of the system, as for every program of PostgreSQL.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from layoutplan.county.problems import near
from layoutplan.errors import DataError, InputError, Problem

if TYPE_CHECKING:
    import psycopg

MAX_CELLS = 5_000_000
_STARTS = ("postgresql://", "postgres://")
# What an address may say; all else, above all what names files or secrets, is the environment's.
_PARTS = ("host", "port", "dbname", "user", "sslmode", "connect_timeout")
_CONNECT_SECONDS = "10"
_LONGEST_REASON = 200
_PLAIN = (str, int, float, bool, Decimal, dt.date)
# Since libpq 16: a server that somebody else's file names is not handed a password it could read.
_AUTH_SINCE = 160_000


def is_address(text: str) -> bool:
    """Return whether a text names a database instead of a file.

    Examples
    --------
    >>> is_address("postgresql://gis@db/county"), is_address("schools.gpkg")
    (True, False)
    """
    return text.lower().startswith(_STARTS)


@contextmanager
def open_database(address: str, *, layer: str, kind: type[InputError] = DataError) -> Iterator[psycopg.Connection]:
    """Connect for one transaction: committed at the end, undone at any error.

    Parameters
    ----------
    address : str
        ``postgresql://user@host:port/database``, without a password.
    layer : str
        Layer or option that names it, for messages.
    kind : type
        Error that is raised.

    Yields
    ------
    Connection
        Inside a transaction.

    Raises
    ------
    InputError
        The driver is missing, the address says what it may not, nobody answers, or the server refuses a command.
        No message holds a password.
    """
    try:
        import psycopg
    except ImportError as fault:
        raise kind([Problem("database_not_installed", layer)]) from fault
    parts = _parts_of(address, layer, kind)
    shown = shown_address(parts)
    try:
        with psycopg.connect(**parts, **_guards(psycopg.pq.version())) as connection:
            yield connection
    except psycopg.OperationalError as fault:
        code = "database_refused" if fault.sqlstate else "database_silent"
        # Not "from": the cause would print what the driver knows, and a log is no place for that.
        raise kind([Problem(code, layer, values={"database": shown, "reason": _reason(fault)})]) from None
    except psycopg.Error as fault:
        raise kind([Problem("database_refused", layer, values={"database": shown, "reason": _reason(fault)})]) from None


def _parts_of(address: str, layer: str, kind: type[InputError]) -> dict[str, Any]:
    """Return what an address says; a password or anything unusual in it is refused without being repeated."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = {key: value for key, value in conninfo_to_dict(address).items() if value is not None}
    except psycopg.Error:
        raise kind([Problem("database_address", layer, field="file")]) from None
    if "password" in parts:
        raise kind([Problem("database_password", layer, field="file")])
    if unusual := sorted(set(parts) - set(_PARTS)):
        values = {"found": ", ".join(unusual), "known": ", ".join(_PARTS)}
        raise kind([Problem("database_option", layer, field="file", values=values)])
    return parts


def _guards(version: int) -> dict[str, Any]:
    guards: dict[str, Any] = {} if "PGCONNECT_TIMEOUT" in os.environ else {"connect_timeout": _CONNECT_SECONDS}
    if version >= _AUTH_SINCE and "PGREQUIREAUTH" not in os.environ:
        guards["require_auth"] = "!password"
    return guards


def shown_address(parts: dict[str, Any]) -> str:
    """Return an address as a message may show it: server and database, nobody's name.

    Examples
    --------
    >>> shown_address({"host": "db", "port": "5432", "dbname": "county", "user": "li"})
    'db:5432/county'
    """
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"{parts.get('host', 'localhost')}{port}/{parts.get('dbname', '')}"


def _reason(fault: Exception) -> str:
    """Return the first line of what the server said, without anything secret."""
    lines = str(fault).strip().splitlines() or [type(fault).__name__]
    text = " ".join(lines[0].split())[:_LONGEST_REASON]
    secret = os.environ.get("PGPASSWORD", "")
    return text.replace(secret, "…") if secret else text


def read_table(address: str, wanted: str, *, layer: str) -> tuple[pd.DataFrame, gpd.GeoSeries | None]:
    """Read a table or view of a database.

    Parameters
    ----------
    address : str
        As for :func:`open_database`.
    wanted : str
        ``schema.table``, or a table's name alone where the search path finds it. It is looked up, never run.
    layer : str
        Layer, for messages.

    Returns
    -------
    cells : DataFrame
        Columns without geometry, as the database has them; rows in an order that does not depend on the server.
    geometry : GeoSeries or None
        With the CRS that its SRID stands for, if any.

    Raises
    ------
    DataError
        As :func:`open_database`; or the table is not there, is too big, or its shapes cannot be used.
    """
    with open_database(address, layer=layer) as base:
        from psycopg import sql

        base.read_only = True
        schema, name = _look_up(base, wanted, layer)
        shapes_of = {
            oid for (oid,) in base.execute("select oid from pg_type where typname in ('geometry', 'geography')")
        }
        count = base.execute(sql.SQL("select * from {} limit 0").format(sql.Identifier(schema, name))).description or ()
        most = MAX_CELLS // max(len(count), 1)
        found = base.execute(
            sql.SQL("select * from {} limit {}").format(sql.Identifier(schema, name), sql.Literal(most + 1))
        )
        heads = [(column.name, column.type_code in shapes_of) for column in found.description or ()]
        rows = sorted(found, key=repr)
        if len(rows) > most:
            raise DataError([Problem("database_too_big", layer, values={"table": wanted, "limit": most})])
        shapes = [at for at, (_, is_shape) in enumerate(heads) if is_shape]
        if len(shapes) > 1:
            names = ", ".join(heads[at][0] for at in shapes)
            raise DataError([Problem("database_shapes", layer, values={"table": wanted, "names": names})])
        geometry = _shapes([row[shapes[0]] for row in rows], base, wanted, layer) if shapes else None
    return _cells(rows, [head for head, is_shape in heads if not is_shape], shapes), geometry


def _look_up(base: psycopg.Connection, wanted: str, layer: str) -> tuple[str, str]:
    """Return schema and name of a table by comparing texts, so that no name can be a command."""
    asked = base.execute(
        "select n.nspname, c.relname, pg_table_is_visible(c.oid) from pg_class c join pg_namespace n "
        "on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' "
        "and n.nspname <> 'information_schema' and has_table_privilege(c.oid, 'select') order by 1, 2"
    ).fetchall()
    known = {f"{schema}.{name}": (schema, name) for schema, name, _ in asked}
    known |= {name: (schema, name) for schema, name, visible in asked if visible}
    if wanted not in known:
        names = sorted(f"{schema}.{name}" for schema, name, _ in asked)
        values = {"wanted": wanted, **near(wanted, [*known]), "names": ", ".join(names[:20]) or "-"}
        raise DataError([Problem("database_table", layer, field="layer", values=values)])
    return known[wanted]


def _cells(rows: Sequence[Sequence[Any]], heads: Sequence[str], shapes: Sequence[int]) -> pd.DataFrame:
    """Return cells as objects: a column of whole numbers with gaps must not become floats."""
    keep = [at for at in range(len(heads) + len(shapes)) if at not in shapes]
    columns = [pd.Series([_plain(row[at]) for row in rows], dtype=object) for at in keep]
    return pd.concat(columns, axis=1, keys=heads) if columns else pd.DataFrame(index=range(len(rows)))


def _plain(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, _PLAIN) else str(cell)


def _shapes(cells: Iterable[str | None], base: psycopg.Connection, wanted: str, layer: str) -> gpd.GeoSeries:
    shapes = shapely.from_wkb(np.array(list(cells), dtype=object))
    codes = sorted({int(code) for code in shapely.get_srid(shapes[~shapely.is_missing(shapes)])})
    if len(codes) > 1:
        values = {"table": wanted, "names": ", ".join(map(str, codes))}
        raise DataError([Problem("database_srids", layer, field="crs", values=values)])
    crs = _crs_of(codes[0], base, layer) if codes and codes[0] else None
    return gpd.GeoSeries(shapely.set_srid(shapes, 0), crs=crs)


def _crs_of(code: int, base: psycopg.Connection, layer: str) -> pyproj.CRS:
    """Return the CRS that the database itself gives an SRID; the number alone may be the office's own."""
    from psycopg import sql

    home = base.execute(
        "select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where c.relname = 'spatial_ref_sys' order by n.nspname"
    ).fetchone()
    said = None
    if home is not None:
        ask = sql.SQL("select auth_name, auth_srid, srtext from {} where srid = {}")
        said = base.execute(ask.format(sql.Identifier(home[0], "spatial_ref_sys"), sql.Literal(code))).fetchone()
    if said is None:
        raise DataError([Problem("database_srid", layer, field="crs", values={"srid": code})])
    try:
        return pyproj.CRS(f"EPSG:{said[1]}" if str(said[0]).upper() == "EPSG" else str(said[2]))
    except pyproj.exceptions.CRSError:
        raise DataError([Problem("database_srid", layer, field="crs", values={"srid": code})]) from None
