"""A plan in PostGIS: all tables or none, the rights of others kept, foreign tables never touched."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from xml.etree import ElementTree

import geopandas as gpd
import psycopg
import pytest
import toy_county

from layoutplan import cli
from layoutplan.county.databases import read_table
from layoutplan.errors import OutputError
from layoutplan.labels import LANGS
from layoutplan.present.geopackage import LAYERS, layers_of
from layoutplan.present.postgis import SCHEMA, write_postgis

TABLES = [*LAYERS, "plan_metadata"]


@pytest.fixture
def base(postgres, request):
    """An empty database with PostGIS, gone after the test."""
    name = f"plan_{abs(hash(request.node.name))}"
    with psycopg.connect(postgres.by_socket("postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name}")
        with psycopg.connect(postgres.by_socket(name), autocommit=True) as opened:
            opened.execute("create extension postgis")
        yield postgres.by_socket(name)
        admin.execute(f"drop database {name} with (force)")


def content(address, schema=SCHEMA):
    with psycopg.connect(address) as opened:
        return {
            name: opened.execute(f'select * from "{schema}"."{name}" order by 1').fetchall() for name in TABLES
        }  # fmt: skip


def test_every_layer_is_there_with_its_shapes_and_what_it_was_made_from(result, base):
    tables, styled = write_postgis(result, base)
    assert tables == [f"{SCHEMA}.{name}" for name in TABLES]
    assert styled
    for name, frame in layers_of(result).items():
        cells, shapes = read_table(base, f"{SCHEMA}.{name}", layer=name)
        order = cells["id"].astype(int).to_numpy().argsort()
        assert list(cells.columns) == ["id", *(column for column in frame.columns if column != "geometry")]
        there = gpd.GeoSeries(shapes.to_numpy()[order], crs=shapes.crs)
        assert (
            there.geom_equals(gpd.GeoSeries(frame.geometry.to_numpy(), crs=frame.crs)).eq(frame.notna().geometry).all()
        )
    facts = dict(row[1:] for row in content(base)["plan_metadata"])
    assert {key: facts[key] for key in result.provenance} == dict(result.provenance)


def test_layers_open_ready_coloured_in_qgis(result, base):
    write_postgis(result, base)
    write_postgis(result, base)
    with psycopg.connect(base) as opened:
        styles = opened.execute(
            "select f_table_name, f_geometry_column, styleqml::text, useasdefault from layer_styles"
        ).fetchall()
    assert sorted(name for name, *_ in styles) == sorted(LAYERS)
    for _, column, qml, default in styles:
        assert (column, default) == ("geom", True)
        assert ElementTree.fromstring(qml[qml.index("<qgis") :]).findall("renderer-v2/rules/rule")


def test_a_second_export_keeps_rights_and_views_of_others(result, base):
    write_postgis(result, base)
    with psycopg.connect(base) as opened:
        opened.execute("create role reader")
        opened.execute(f"grant select on {SCHEMA}.schools to reader")
        opened.execute(f"create view public.mine as select name from {SCHEMA}.schools")
    before = content(base)
    write_postgis(result, base)
    assert content(base) == before
    with psycopg.connect(base) as opened:
        asked = opened.execute(f"select has_table_privilege('reader', '{SCHEMA}.schools', 'select')")
        assert asked.fetchone() == (True,)
        opened.execute(f"revoke all on {SCHEMA}.schools from reader")
        opened.execute("drop role reader")


def test_the_command_writes_into_the_schema_that_the_address_ends_with(base, tmp_path, monkeypatch, capsys):
    county = toy_county.toy().write(tmp_path / "county")
    for words in (["--to", f"{base}#plan"], ["--to", base, "--public"], ["--to", "mysql://x"], []):
        monkeypatch.setattr(sys, "argv", ["layoutplan", "export", str(county), *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        if words == ["--to", f"{base}#plan"]:
            assert (ended.value.code or 0) == 0, told.err
            assert "plan.schools" in told.out
        else:
            assert ended.value.code == 2
            assert "option_wrong" in told.err
    assert len(content(base, "plan")["schools"])


def test_a_table_from_elsewhere_is_never_replaced(result, base):
    with psycopg.connect(base) as opened:
        opened.execute("create schema edu")
        opened.execute("create table edu.schools (precious int)")
        opened.execute("insert into edu.schools values (1)")
    with pytest.raises(OutputError) as caught:
        write_postgis(result, base, schema="edu")
    assert [problem.code for problem in caught.value.problems] == ["database_foreign"]
    assert all("edu.schools" in caught.value.say(lang) for lang in LANGS)
    with psycopg.connect(base) as opened:
        assert opened.execute("select precious from edu.schools").fetchall() == [(1,)]
        assert opened.execute("select count(*) from pg_tables where schemaname = 'edu'").fetchone() == (1,)


def test_an_export_that_fails_leaves_the_old_tables(result, base):
    write_postgis(result, base)
    before = content(base)
    findings = result.findings.frame.copy()
    findings["text_en"] = "no \x00 fits into a text of PostgreSQL"
    broken = replace(result, findings=replace(result.findings, frame=findings))
    with pytest.raises((OutputError, psycopg.Error, ValueError)):
        write_postgis(broken, base)
    assert content(base) == before


def test_a_view_on_columns_that_changed_is_told_and_nothing_is_lost(result, base):
    write_postgis(result, base)
    with psycopg.connect(base) as opened:
        opened.execute(f"alter table {SCHEMA}.schools add column old int")
        opened.execute(f"create view public.mine as select old from {SCHEMA}.schools")
    before = content(base)
    with pytest.raises(OutputError) as caught:
        write_postgis(result, base)
    assert [problem.code for problem in caught.value.problems] == ["database_refused"]
    assert content(base) == before


def test_two_exports_at_once_both_end_whole(result, base):
    faults = []

    def write():
        try:
            write_postgis(result, base)
        except OutputError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(content(base)["schools"]) == len(layers_of(result)["schools"])


def test_names_are_quoted(result, base):
    schema = 'x"; drop schema public cascade; --'
    write_postgis(result, base, schema=schema)
    with psycopg.connect(base) as opened:
        found = opened.execute("select nspname from pg_namespace where nspname in ('public', %s)", [schema]).fetchall()
    assert len(found) == 2


def test_no_postgis_and_no_rights_are_told(result, postgres, base):
    with psycopg.connect(postgres.by_socket("postgres"), autocommit=True) as admin:
        admin.execute("create role clerk login")
        admin.execute("create database bare")
    try:
        with pytest.raises(OutputError) as caught:
            write_postgis(result, postgres.by_socket("bare"))
        assert [problem.code for problem in caught.value.problems] == ["database_no_postgis"]
        clerk = base.replace(f"user={postgres.user}", "user=clerk")
        with pytest.raises(OutputError) as caught:
            write_postgis(result, clerk)
        assert [problem.code for problem in caught.value.problems] == ["database_refused"]
        with psycopg.connect(base) as opened:
            opened.execute("create schema theirs authorization clerk")
        tables, styled = write_postgis(result, clerk, schema="theirs")
        assert len(tables) == len(TABLES)
        assert not styled
        with psycopg.connect(base) as opened:
            opened.execute("drop schema theirs cascade")
    finally:
        with psycopg.connect(postgres.by_socket("postgres"), autocommit=True) as admin:
            admin.execute("drop database bare")
            admin.execute("drop role clerk")
