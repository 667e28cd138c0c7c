"""Layers from PostGIS: the same county as from files; names are looked up, never run; no password in any word."""

from __future__ import annotations

import sys

import geopandas as gpd
import psycopg
import pytest
from postgres import PASSWORD
from psycopg import sql
from toy_county import toy

from layoutplan.county.databases import open_database, read_table
from layoutplan.county.layers import read_county
from layoutplan.errors import DataError
from layoutplan.labels import LANGS
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.present.export import FILES, write_run
from layoutplan.present.postgis import put_table

EVIL = 'x"; drop table edu.schools; --'


@pytest.fixture(scope="module")
def base(postgres):
    """A database that holds the toy county in schema ``edu``, and tables of every awkward kind."""
    with psycopg.connect(postgres.by_socket("postgres"), autocommit=True) as admin:
        admin.execute("create database county")
    with psycopg.connect(postgres.by_socket("county")) as opened:
        opened.execute("create extension postgis")
        opened.execute("create schema edu")
        for name, frame in toy().frames.items():
            put_table(opened, ("edu", name), frame, srid=4544, comment="")
        odd = sql.Identifier("edu", EVIL)
        opened.execute(sql.SQL("create table {} as table edu.schools").format(odd))
        opened.execute("create table edu.nowhere as table edu.schools")
        opened.execute("alter table edu.nowhere alter geom type geometry(Point, 0) using st_setsrid(geom, 0)")
        opened.execute("create table edu.mixed (id int, geom geometry)")
        opened.execute("insert into edu.mixed select 1, st_point(1, 1, 4326) union select 2, st_point(1, 1, 4544)")
        opened.execute("create table edu.twice as select *, geom as other from edu.schools")
        opened.execute("create table edu.own (geom geometry)")
        opened.execute("insert into edu.own values (st_point(1, 1, 990001))")
    return postgres


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return read_county(toy().write(tmp_path_factory.mktemp("plain"))).fingerprint


def from_base(base, folder, **changes):
    """Write the county whose every layer is a table; ``changes`` are for the layer of schools."""
    county = toy()
    for name in county.manifest["layers"]:
        county.entry(name, file=base.by_socket("county"), layer=f"edu.{name}")
    county.frames.clear()
    county.entry("schools", **changes)
    return county.write(folder)


def faults(folder):
    with pytest.raises(DataError) as caught:
        read_county(folder)
    return caught.value


def test_the_same_county_and_the_same_plan_bytes_as_from_files(base, tmp_path):
    read = [read_county(toy().write(tmp_path / "files")), read_county(from_base(base, tmp_path / "base"))]
    assert read[0].fingerprint == read[1].fingerprint
    for county, out in zip(read, ("of_files", "of_base"), strict=True):
        write_run(run_plan(prepare(county, load_norms()), Scenario(name="s", last_year=2025)), tmp_path / out)
    for name in FILES:
        assert (tmp_path / "of_files" / name).read_bytes() == (tmp_path / "of_base" / name).read_bytes(), name
        assert str(base.port).encode() not in (tmp_path / "of_base" / name).read_bytes()


def test_a_view_and_a_table_with_points_in_two_columns_do_as_well(base, plain, tmp_path):
    with psycopg.connect(base.by_socket("county")) as opened:
        opened.execute("create or replace view edu.seen as select * from edu.schools")
        opened.execute("drop table if exists edu.flat")
        opened.execute("create table edu.flat as select *, st_x(geom) e, st_y(geom) n from edu.schools")
        opened.execute("alter table edu.flat drop column geom")
    assert read_county(from_base(base, tmp_path / "view", layer="edu.seen")).fingerprint == plain
    flat = from_base(base, tmp_path / "flat", layer="edu.flat", east="e", north="n", crs="EPSG:4544")
    assert read_county(flat).fingerprint == plain


def test_the_order_of_rows_in_the_database_does_not_matter(base):
    cells = read_table(base.by_socket("county"), "edu.classes", layer="classes")[0]
    with psycopg.connect(base.by_socket("county")) as opened:
        opened.execute("drop table if exists edu.shuffled")
        opened.execute("create table edu.shuffled as select * from edu.classes order by pupils desc, grade desc")
    again = read_table(base.by_socket("county"), "edu.shuffled", layer="classes")[0]
    assert again.equals(cells)


def test_a_name_is_looked_up_and_never_run(base, plain, tmp_path):
    assert read_county(from_base(base, tmp_path / "odd", layer=f"edu.{EVIL}")).fingerprint == plain
    for name in ("edu.schools; drop table edu.schools", "edu.schools where 1=1", "(select 1)", "pg_catalog.pg_class"):
        with pytest.raises(DataError) as caught:
            read_table(base.by_socket("county"), name, layer="schools")
        assert [problem.code for problem in caught.value.problems] == ["database_table"]
    assert len(read_table(base.by_socket("county"), "edu.schools", layer="schools")[0]) == 3


@pytest.mark.parametrize(("changes", "code", "word"), [
    ({"layer": "edu.scools"}, "database_table", "edu.schools"),
    ({"layer": "edu.rooms"}, "geometry_missing", "edu.rooms"),
    ({"layer": "edu.nowhere"}, "crs_missing", "EPSG"),
    ({"layer": "edu.mixed"}, "database_srids", "4326, 4544"),
    ({"layer": "edu.twice"}, "database_shapes", "geom, other"),
    ({"layer": "edu.own"}, "database_srid", "990001"),
    ({"sheet": "s"}, "option_idle", "sheet"),
    ({"file": "postgresql://li@127.0.0.1:1/county"}, "database_silent", "127.0.0.1:1/county"),
    ({"file": f"postgresql://li:{PASSWORD}@db/county"}, "database_password", ".pgpass"),
    ({"file": f"postgresql://db/county?password={PASSWORD}"}, "database_password", ".pgpass"),
    ({"file": "postgresql://db/county?passfile=/etc/shadow"}, "database_option", "passfile"),
    ({"file": "postgresql://[::1/x"}, "database_address", "postgresql://"),
])  # fmt: skip
def test_what_is_wrong_is_said_in_both_languages_without_a_password(base, tmp_path, changes, code, word):
    fault = faults(from_base(base, tmp_path, **changes))
    found = [problem for problem in fault.problems if problem.code == code]
    assert found
    for lang in LANGS:
        assert word in found[0].say(lang)
        assert PASSWORD not in fault.say(lang)
    assert PASSWORD not in str(fault)


def test_the_password_comes_from_the_environment_and_is_never_told(base, monkeypatch):
    address = base.by_port("county")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert len(read_table(address, "edu.schools", layer="schools")[0]) == 3
    for wrong in (f"not-{PASSWORD}", ""):
        monkeypatch.setenv("PGPASSWORD", wrong)
        with pytest.raises(DataError) as caught:
            read_table(address, "edu.schools", layer="schools")
        assert [problem.code for problem in caught.value.problems] == ["database_silent"]
        assert PASSWORD not in caught.value.say("zh") + caught.value.say("en") + repr(caught.value.__cause__)


def test_a_pgpass_file_does_as_well(base, tmp_path, monkeypatch):
    kept = tmp_path / "pgpass"
    kept.write_text(f"127.0.0.1:{base.port}:county:{base.user}:{PASSWORD}\n", "ascii")
    kept.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(kept))
    assert len(read_table(base.by_port("county"), "edu.schools", layer="schools")[0]) == 3


def test_reading_writes_nothing(base):
    with psycopg.connect(base.by_socket("county")) as opened:
        opened.execute("create or replace function edu.trick() returns int volatile language sql as "
                       "'delete from edu.births; select 1'")  # fmt: skip
        opened.execute("create or replace view edu.trap as select *, edu.trick() from edu.schools")
    with pytest.raises(DataError) as caught:
        read_table(base.by_socket("county"), "edu.trap", layer="schools")
    assert [problem.code for problem in caught.value.problems] == ["database_refused"]
    assert "read-only" in caught.value.say("en")


def test_whole_numbers_with_gaps_keep_every_digit(base):
    with open_database(base.by_socket("county"), layer="x") as opened:
        opened.execute("create table edu.codes as select * from (values (9007199254740993::bigint), (null)) as v(code)")
    cells, shapes = read_table(base.by_socket("county"), "edu.codes", layer="x")
    assert sorted(map(str, cells["code"])) == ["9007199254740993", "None"]
    assert shapes is None


def test_without_the_driver_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DataError, match="python start.py extra"):
        read_table("postgresql://db/x", "t", layer="schools")


def test_tables_keep_their_shapes(base):
    frame = toy().frames["townships"]
    _, shapes = read_table(base.by_socket("county"), "edu.townships", layer="townships")
    assert shapes.crs.to_epsg() == 4544
    assert gpd.GeoSeries(frame.geometry.to_numpy(), crs=4544).geom_equals(shapes).all()
