import base64

import toy_tiles
from toy_county import toy

from layoutplan.ui import grounds
from layoutplan.ui.planmap.switches import MAX_TILES, Switches


def county(tmp_path, **entries):
    folder = toy().write(tmp_path / "county")
    rows = [
        f'\n[basemaps.{name}]\nfile = "{file}"\nas_of = 2021-06-01\nname = "底图{name}"\n'
        for name, file in entries.items()
    ]
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.writelines(rows)
    return folder


def test_nothing_is_offered_where_nothing_is_given(tmp_path, monkeypatch):
    monkeypatch.delenv(grounds.FILE, raising=False)
    monkeypatch.delenv(grounds.KEY, raising=False)
    assert grounds.offered(county(tmp_path), "zh").grounds == ()


def test_files_come_first_and_tianditu_only_with_a_key(tmp_path, monkeypatch):
    folder = county(tmp_path, photo="photo.mbtiles")
    toy_tiles.write_mbtiles(folder / "photo.mbtiles")
    monkeypatch.setenv(grounds.FILE, str(toy_tiles.write_pmtiles(tmp_path / "given.pmtiles")))
    monkeypatch.setenv(grounds.KEY, " key ")
    offer = grounds.offered(folder, "zh")
    assert [one.id for one in offer.grounds] == ["photo", "given", "tianditu_vec", "tianditu_img", "tianditu_ter"]
    photo, given, online = offer.grounds[:3]
    assert "2021-06-01" in photo.words
    assert "given.pmtiles" in given.words
    assert (photo.online, given.online) == (None, None)
    assert online.online == {"kind": "vec", "key": "key"}
    assert online.tile is None
    assert "tianditu.gov.cn" in online.note
    monkeypatch.delenv(grounds.KEY)
    fewer = grounds.offered(folder, "zh")
    assert len(fewer.grounds) == 2
    assert fewer.key != offer.key


def test_a_file_that_went_away_is_named_with_its_reason(tmp_path):
    folder = county(tmp_path, photo="photo.pmtiles")
    (folder / "photo.pmtiles").write_bytes(b"<html>")
    (photo,) = (one for one in grounds.offered(folder, "en").grounds if one.id == "photo")
    assert not photo.usable
    assert "PMTiles" in photo.note


def test_only_squares_of_offered_files_are_answered(tmp_path):
    folder = county(tmp_path, photo="photo.mbtiles")
    toy_tiles.write_mbtiles(folder / "photo.mbtiles")
    switches = Switches({}, [], [], grounds=grounds.offered(folder, "zh").grounds)
    column, row = toy_tiles.squares(8)[0]
    asked = [f"photo/8/{column}/{row}", "photo/8/0/0", "other/8/0/0", "photo/../../etc/passwd", "photo/8/1e3/0", ""]
    found = switches.draw_tiles(asked)
    assert set(found) == set(asked[:2])
    assert base64.b64decode(found[asked[0]].removeprefix("data:image/png;base64,")) == toy_tiles.square(8)
    assert found[asked[1]] == ""
    assert len(switches.draw_tiles([f"photo/12/{at}/0" for at in range(200)])) == MAX_TILES
    assert "tile" not in switches.as_data()["grounds"][0]
