import io
import stat
import tomllib
import zipfile
from datetime import date

import pytest

from layoutplan.county.layers import read_county
from layoutplan.errors import DataError
from layoutplan.ui import intake, repair
from layoutplan.ui.intake import Handed


def packed(files, *, change=lambda info: info):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(change(zipfile.ZipInfo(name)), content)
    return Handed("county.zip", held.getvalue())


def codes(given, folder):
    with pytest.raises(DataError) as caught:
        intake.take_in(given, folder)
    assert list(folder.iterdir()) == []
    return {problem.code for problem in caught.value.problems}


def county_files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_archive_of_a_folder_is_the_county(folder, tmp_path):
    files = county_files(folder)
    names = intake.take_in([packed({f"toy/{name}": content for name, content in files.items()})], tmp_path)
    assert set(names) == set(files)
    assert read_county(tmp_path).fingerprint == read_county(folder).fingerprint


@pytest.mark.parametrize("name", ["../out.csv", "/etc/passwd.csv", "a/../../b.csv", "C:/x.csv", "..\\x.csv"])
def test_nothing_reaches_out_of_the_folder(tmp_path, name):
    assert codes([packed({name: b"x"})], tmp_path) == {"upload_path"}


def test_links_in_an_archive_are_refused(tmp_path):
    def link(info):
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        return info

    assert codes([packed({"a.csv": b"/etc/passwd"}, change=link)], tmp_path) == {"upload_path"}


def test_an_archive_that_swells_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "MAX_BYTES", 1000)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * 5000)
    assert codes([Handed("a.zip", held.getvalue())], tmp_path) == {"upload_large"}


def test_other_kinds_damaged_archives_and_addresses_are_refused(tmp_path):
    assert codes([Handed("run.exe", b"MZ")], tmp_path) == {"upload_kind"}
    assert codes([Handed("a.zip", b"PK\x03\x04 no")], tmp_path) == {"upload_damaged"}
    toml = b'[layers.schools]\nfile = "postgresql://user@host/base"\n'
    assert codes([Handed("county.toml", toml)], tmp_path) == {"upload_address"}


def test_names_written_by_windows_in_china_are_read(tmp_path):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename = "学校.csv".encode("gbk").decode("cp437")
        archive.writestr(info, b"a")
    content = held.getvalue()
    # zipfile marks such a name as UTF-8; the mark is taken off, as those programs leave it.
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (entry,) = archive.infolist()
        entry.flag_bits = 0
        entry.filename = "学校.csv".encode("gbk").decode("cp437")
        assert intake._name(entry) == "学校.csv"


def test_files_without_a_manifest_get_one_that_the_gate_reads(folder, tmp_path):
    files = county_files(folder)
    header = tomllib.loads(files.pop("county.toml").decode())["county"]
    intake.take_in([Handed(name, content) for name, content in files.items()], tmp_path)
    layers = intake.guess_layers(sorted(files))
    assert {"schools", "roads", "rooms", "classes", "residential"} <= set(layers)
    wanted = {name: header[name] for name in ("name", "name_en", "crs", "base_year")}
    intake.write_manifest(tmp_path, wanted, layers, as_of=date(2022, 9, 20))
    tree = tomllib.loads((tmp_path / "county.toml").read_text("utf-8"))
    assert tree["county"] == wanted
    assert {layer: entry["file"] for layer, entry in {**tree["layers"], **tree.get("rasters", {})}.items()} == layers


def test_a_column_by_another_name_is_mapped(folder, tmp_path):
    files = county_files(folder)
    before = read_county(folder)
    files["rooms.csv"] = files["rooms.csv"].replace(b"rooms", "普通教室".encode(), 1)
    intake.take_in([Handed(name, content) for name, content in files.items()], tmp_path)
    with pytest.raises(DataError) as caught:
        read_county(tmp_path)
    wanted = repair.unmapped(caught.value.problems)
    assert wanted["rooms", "rooms"] == ["普通教室"]
    assert repair.table(caught.value.problems, "en")["remedy"].str.len().min() > 0
    intake.amend_manifest(tmp_path, {"rooms": {"columns": {"rooms": "普通教室"}}})
    assert read_county(tmp_path).rooms.equals(before.rooms)
    assert intake.mapped_layers(tmp_path) == {"rooms"}
    intake.amend_manifest(tmp_path, {"rooms": {"columns": None}})
    assert intake.mapped_layers(tmp_path) == set()
