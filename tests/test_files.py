"""Law 13: a file is whole or as it was, whatever stops the writing."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys

import pytest

from layoutplan.errors import OutputError
from layoutplan.files import write_whole


def write_then(target, content, fault=None):
    with write_whole(target) as draft, draft.open("wb") as file:
        for begin in range(0, len(content), 10_000):
            file.write(content[begin : begin + 10_000])
            file.flush()
        if fault:
            raise fault


def test_what_fails_half_way_leaves_the_old_file_and_no_rest(tmp_path):
    target = tmp_path / "plan.csv"
    target.write_text("old", "utf-8")
    with pytest.raises(ZeroDivisionError):
        write_then(target, b"ne", ZeroDivisionError())
    assert [(path.name, path.read_text("utf-8")) for path in tmp_path.iterdir()] == [("plan.csv", "old")]


def test_the_draft_keeps_the_ending_and_the_folder_is_made(tmp_path):
    with write_whole(tmp_path / "new" / "plan.gpkg") as draft:
        assert draft.suffix == ".gpkg"
        draft.write_bytes(b"1")
    assert (tmp_path / "new" / "plan.gpkg").read_bytes() == b"1"


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EROFS, "not_writable"),
                                              (errno.EACCES, "in_use")])  # fmt: skip
def test_a_system_that_refuses_is_told_with_path_and_bytes(tmp_path, number, code):
    with pytest.raises(OutputError) as caught:
        write_then(tmp_path / "plan.csv", b"12345", OSError(number, os.strerror(number)))
    (problem,) = caught.value.problems
    assert problem.code == code
    for lang in ("zh", "en"):
        assert "plan.csv" in problem.say(lang)
        assert "5" in problem.say(lang)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path):
    """A real disk of 400 kB, where root can mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run([mount, "-t", "tmpfs", "-o", "size=400k", "none", place], check=False).returncode
    if made != 0:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_disk_that_runs_full_keeps_the_old_file(small_disk):
    target = small_disk / "plan.csv"
    target.write_text("old", "utf-8")
    with pytest.raises(OutputError) as caught:
        write_then(target, b"x" * 1_000_000)
    assert caught.value.problems[0].code == "disk_full"
    assert caught.value.problems[0].values["bytes"] > 300_000
    assert [(path.name, path.read_text("utf-8")) for path in small_disk.iterdir()] == [("plan.csv", "old")]


WRITER = """
import sys
from pathlib import Path
from layoutplan.files import write_whole
for turn in range(100_000):
    with write_whole(Path(sys.argv[1])) as draft, draft.open("w", encoding="ascii") as file:
        for line in range(2000):
            file.write(f"{turn}\\n")
    print(turn, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")
def test_a_kill_leaves_a_whole_file(tmp_path):
    """LAYOUTPLAN_KILLS=300 makes it the whole trial."""
    target = tmp_path / "lines.txt"
    for kill in range(int(os.environ.get("LAYOUTPLAN_KILLS", "5"))):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, target], stdout=subprocess.PIPE, text=True)
        for _ in range(1 + kill % 4):
            told = writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        told = ([told, *writer.communicate()[0].split()])[-1]
        lines = target.read_text("ascii").split()
        assert len(lines) == 2000
        assert len(set(lines)) == 1
        assert int(lines[0]) >= int(told)
