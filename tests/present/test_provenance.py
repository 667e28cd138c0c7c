"""Every artefact says what it was made from; verify tells whether it belongs to given inputs."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from layoutplan.errors import DataError, OutputError
from layoutplan.present.export import write_run
from layoutplan.present.figures import draw_figure
from layoutplan.present.handin import write_ledger
from layoutplan.present.maps import draw_map
from layoutplan.present.packing import put_file
from layoutplan.present.provenance import KEYS, expected_facts, verify


@pytest.fixture(scope="module")
def files(result, tmp_path_factory):
    out = tmp_path_factory.mktemp("handed")
    write_run(result, out)
    draw_figure(result, out, lang="en", year=2026)
    draw_map(result, out, lang="en", stage="primary", year=2026)
    write_ledger(result, out, lang="en")
    return sorted(path for path in out.iterdir() if path.is_file())


def expected(result, **changes):
    facts = expected_facts(result.prepared.county, result.prepared.norms, result.scenario)
    assert facts == {key: result.provenance[key] for key in KEYS}
    return facts | changes


def test_every_file_belongs_to_its_inputs_and_to_no_others(result, files):
    suffixes = {path.suffix for path in files}
    assert suffixes == {".json", ".csv", ".gpkg", ".png", ".pdf", ".svg", ".html", ".xlsx"}
    for path in files:
        assert verify(path, expected(result)).belongs, path.name
        other = verify(path, expected(result, scenario="another"))
        assert other.differing == ("scenario",), path.name
        assert other.said["county"] == result.provenance["county"], path.name


def test_a_table_that_was_changed_is_told_from_the_one_written(result, tmp_path):
    write_run(result, tmp_path)
    path = tmp_path / "balance.csv"
    path.write_bytes(path.read_bytes().replace(b"2022", b"2023", 1))
    with pytest.raises(DataError, match="artefact_unreadable"):
        verify(path, expected(result))


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", b"x"), ("a.png", b"\x89PNG"), ("a.xlsx", b"no zip"), ("a.gpkg", b"no database"), ("a.json", b"[]")],
)
def test_a_file_without_provenance_is_refused(result, tmp_path, name, content):
    with pytest.raises(DataError, match="artefact_un"):
        verify(put_file(tmp_path / name, content), expected(result))


def test_a_file_that_is_not_there_is_refused(result, tmp_path):
    with pytest.raises(DataError, match="artefact_unreadable"):
        verify(tmp_path / "a.png", expected(result))


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = put_file(tmp_path / "a.bin", b"old")
    full = OSError(errno.ENOSPC, "No space left on device", str(path))

    def fail(self, content):
        raise full

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OutputError, match="disk_full"):
        put_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["a.bin"]
