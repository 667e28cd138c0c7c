import datetime as dt
import gzip
import io
import sqlite3
import struct
import time
import tracemalloc
from contextlib import closing

import matplotlib.image
import numpy as np
import pyproj
import pytest
import rasterio
import toy_tiles
from pmtiles.tile import TileType
from rasterio.errors import NotGeoreferencedWarning
from toy_county import toy
from toy_tiles import BOUNDS, COLOURS, ZOOMS, write_mbtiles, write_picture, write_pmtiles

from layoutplan.county.basemaps import media_type, open_basemap, square_metres
from layoutplan.county.layers import read_county
from layoutplan.errors import DataError


def colour(content):
    form = {"image/png": "png", "image/jpeg": "jpeg"}[media_type(content)]
    picture = matplotlib.image.imread(io.BytesIO(content), format=form)
    return np.rint(picture * (255 if picture.dtype.kind == "f" else 1)).astype(int)


@pytest.mark.parametrize("write", [write_mbtiles, write_pmtiles])
def test_a_square_is_the_picture_that_was_put_there(write, tmp_path):
    basemap = open_basemap(write(tmp_path / f"toy.{write.__name__.removeprefix('write_')}"))
    assert basemap.bounds == pytest.approx(BOUNDS)
    assert basemap.zooms == (ZOOMS[0], ZOOMS[-1])
    for zoom in ZOOMS:
        for column, row in toy_tiles.squares(zoom)[::7]:
            assert colour(basemap.tile(zoom, column, row))[0, 0, :3].tolist() == list(COLOURS[zoom])
    beside = toy_tiles.squares(9)[0]
    assert basemap.tile(9, beside[0] - 3, beside[1]) is None
    for nowhere in ((9, -1, 0), (9, 512, 0), (-1, 0, 0), (99, 0, 0), (13, 6500, 3200)):
        assert basemap.tile(*nowhere) is None


def test_rows_of_mbtiles_count_from_the_south(tmp_path):
    path = write_mbtiles(tmp_path / "toy.mbtiles", zooms=())
    with closing(sqlite3.connect(path)) as base:
        base.execute("INSERT INTO tiles VALUES (6, 50, 38, ?)", [toy_tiles.square(6)])
        base.commit()
    basemap = open_basemap(path)
    assert basemap.tile(6, 50, 63 - 38) is not None
    assert basemap.tile(6, 50, 38) is None


def test_bounds_are_counted_where_the_file_does_not_say_them(tmp_path):
    basemap = open_basemap(write_mbtiles(tmp_path / "toy.mbtiles", metadata={"bounds": "somewhere"}))
    west, south, east, north = basemap.bounds
    assert west <= BOUNDS[0] < west + 0.1
    assert south <= BOUNDS[1] < south + 0.1
    assert east >= BOUNDS[2] > east - 0.1
    assert north >= BOUNDS[3] > north - 0.1


@pytest.mark.parametrize("bands", [1, 3, 4])
def test_a_raster_is_warped_to_where_it_lies(bands, tmp_path):
    path = write_picture(tmp_path / "toy.tif", bands=bands)
    basemap = open_basemap(path)
    turn = pyproj.Transformer.from_crs("EPSG:4544", "EPSG:3857", always_xy=True)
    zoom, half = 10, 2 * 20_037_508.342789244 / 2**10
    for east_m, wanted in ((520_000, 40), (600_000, 200)):
        x, y = turn.transform(east_m, 3_960_000)
        column, row = int((x + half * 512) // half), int((half * 512 - y) // half)
        west, _, _, north = square_metres(zoom, column, row)
        found = colour(basemap.tile(zoom, column, row))
        at = found[int((north - y) / half * 256), int((x - west) / half * 256)]
        assert np.atleast_1d(at)[0] == pytest.approx(wanted, abs=6)
    assert basemap.tile(10, 0, 0) is None


def test_a_raster_of_few_colours_keeps_them(tmp_path):
    table = {value: (value, 10, 250 - value, 255) for value in range(256)}
    basemap = open_basemap(write_picture(tmp_path / "toy.tif", bands=1, table=table))
    x, y = pyproj.Transformer.from_crs("EPSG:4544", "EPSG:3857", always_xy=True).transform(520_000, 3_960_000)
    side = 2 * 20_037_508.342789244 / 2**10
    found = colour(basemap.tile(10, int((x + side * 512) // side), int((side * 512 - y) // side)))
    assert np.median(found.reshape(-1, found.shape[-1])[:, :3], axis=0) == pytest.approx((40, 10, 210), abs=4)


def refused(path):
    with pytest.raises(DataError) as caught:
        open_basemap(path)
    return {problem.code for problem in caught.value.problems}


@pytest.mark.parametrize("bomb", [gzip.compress(bytes(300_000_000)), gzip.compress(b"") + gzip.compress(bytes(10))])
def test_a_list_of_squares_that_unpacks_to_more_than_there_can_be_is_not_unpacked(bomb, tmp_path):
    content = bytearray(write_pmtiles(tmp_path / "toy.pmtiles").read_bytes())
    content[8:24] = struct.pack("<QQ", len(content), len(bomb))  # where the first list stands, and its length
    (tmp_path / "toy.pmtiles").write_bytes(content + bomb)
    tracemalloc.start()
    assert open_basemap(tmp_path / "toy.pmtiles").tile(6, *toy_tiles.squares(6)[0]) is None
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


def test_a_view_that_makes_up_squares_without_end_is_cut_off(tmp_path):
    path = write_mbtiles(tmp_path / "toy.mbtiles")
    with closing(sqlite3.connect(path)) as base:
        base.execute("DROP TABLE tiles")
        base.execute(
            "CREATE VIEW tiles AS SELECT 6 zoom_level, 1 tile_column, 1 tile_row, zeroblob(900000000) tile_data"
        )
        base.commit()
    assert refused(path) == {"file_unreadable"}


def test_what_cannot_be_shown_is_refused_with_its_reason(tmp_path):
    vector = tmp_path / "vector"
    assert refused(write_mbtiles(vector.with_suffix(".mbtiles"), picture=lambda _: b"\x1f\x8b\x08rest")) == {
        "basemap_vector"
    }
    assert refused(write_pmtiles(vector.with_suffix(".pmtiles"), kind=TileType.MVT)) == {"basemap_vector"}
    assert refused(write_mbtiles(tmp_path / "none.mbtiles", zooms=())) == {"basemap_empty"}
    assert refused(write_mbtiles(tmp_path / "crs.mbtiles", metadata={"crs": "EPSG:4490"})) == {"basemap_projection"}
    assert refused(write_picture(tmp_path / "crs.tif", crs=None)) == {"raster_no_crs"}
    assert refused(write_picture(tmp_path / "deep.tif", kind="uint16")) == {"basemap_bands"}
    assert refused(write_picture(tmp_path / "two.tif", bands=2)) == {"basemap_bands"}
    assert refused(write_picture(tmp_path / "large.tif", bands=1, size=5100)) == {"basemap_overviews"}
    facts = {"width": 40, "height": 40, "count": 3, "dtype": "uint8", "crs": "EPSG:4544"}
    nowhere = tmp_path / "nowhere.tif"
    with (
        pytest.warns(NotGeoreferencedWarning),
        rasterio.open(nowhere, "w", driver="GTiff", **facts) as raster,
    ):
        raster.write(np.zeros((3, 40, 40), dtype=np.uint8))
    assert refused(tmp_path / "nowhere.tif") == {"raster_turned"}
    with rasterio.open(write_picture(tmp_path / "elsewhere.tif"), "r+") as raster:
        raster.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=str(tmp_path / "large.tif"))
    assert refused(tmp_path / "elsewhere.tif") == {"raster_names_file"}
    for name in ("not.mbtiles", "not.pmtiles", "not.tif"):
        (tmp_path / name).write_bytes(b"<html>" * 100)
        assert refused(tmp_path / name) == {"file_disguised"}
    (tmp_path / "short.pmtiles").write_bytes(b"PMTiles\x03" + b"\xff" * 40)
    assert refused(tmp_path / "short.pmtiles") == {"file_unreadable"}
    assert refused(write_mbtiles(tmp_path / "numbers.mbtiles", picture=lambda _: 10**12)) == {"basemap_empty"}
    assert refused(write_mbtiles(tmp_path / "nothing.mbtiles", picture=lambda _: None)) == {"basemap_empty"}
    (tmp_path / "map.html").write_text("<html>")
    assert refused(tmp_path / "map.html") == {"file_format"}


def test_a_view_that_never_ends_is_cut_off(tmp_path):
    path = write_mbtiles(tmp_path / "toy.mbtiles")
    with closing(sqlite3.connect(path)) as base:
        base.execute("ALTER TABLE tiles RENAME TO held")
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        base.execute(f"CREATE VIEW tiles AS SELECT 6 zoom_level, 0 tile_column, 0 tile_row, ({endless}) tile_data")
        base.commit()
    began = time.process_time()
    assert refused(path) == {"file_unreadable"}
    assert time.process_time() - began < 30


def declare(county, **entry):
    county.manifest["basemaps"] = {
        "aerial": {"file": "aerial.mbtiles", "as_of": dt.date(2021, 6, 1), "name": "航片", **entry}
    }


def test_a_base_map_of_the_county_is_checked_and_changes_no_plan(tmp_path):
    plain = toy()
    before = read_county(plain.write(tmp_path / "before"))
    declare(plain)
    folder = plain.write(tmp_path / "after")
    write_mbtiles(folder / "aerial.mbtiles")
    assert read_county(folder).fingerprint == before.fingerprint
