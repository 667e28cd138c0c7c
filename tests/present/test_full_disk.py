"""Law 13 for what is handed in: on a full disk every format is whole or as it was; path and bytes are named."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from layoutplan.errors import OutputError
from layoutplan.labels import LANGS
from layoutplan.present.export import write_run, write_table
from layoutplan.present.figures import Printing, draw_figure
from layoutplan.present.geoparquet import write_geoparquet
from layoutplan.present.handin import write_export, write_public_copy, write_special
from layoutplan.present.maps import draw_map


def _figure(kind):
    return lambda result, out: draw_figure(result, out, sheet="demand", printing=Printing((kind,), "A4"))


WRITERS = {
    ".csv": lambda result, out: write_table(result.enrolment.frame, out / "enrolment.csv"),
    ".json": write_run, ".xlsx": write_public_copy, ".docx": write_special, ".gpkg": write_export,
    ".html": lambda result, out: draw_map(result, out), ".parquet": write_geoparquet, ".png": _figure("png"),
    ".pdf": _figure("pdf"), ".svg": _figure("svg"),
}  # fmt: skip


@pytest.fixture
def small_disk(tmp_path):
    """A real disk of 64 kB with hardly any room left, where root can mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run([mount, "-t", "tmpfs", "-o", "size=64k", "none", place], check=False).returncode
    if made != 0:
        pytest.skip("no disk can be mounted here")
    (place / "filler").write_bytes(b"x" * 60_000)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_leaves_nothing_half_written(result, small_disk, kind):
    with pytest.raises(OutputError) as caught:
        WRITERS[kind](result, small_disk)
    (problem,) = caught.value.problems
    assert problem.code == "disk_full"
    for lang in LANGS:
        assert str(small_disk) in problem.say(lang)
        assert str(problem.values["bytes"]) in problem.say(lang)
    assert [path.name for path in small_disk.iterdir()] == ["filler"]
