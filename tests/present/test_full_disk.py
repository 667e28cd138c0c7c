"""Law 13 for what is handed in: on a full disk every format is whole or as it was; path and bytes are named."""

from __future__ import annotations

import contextlib
import shutil
import subprocess

import pytest
from writers import WRITERS, contents

from layoutplan.errors import OutputError, ScenarioError
from layoutplan.labels import LANGS
from layoutplan.plan.scenario import Scenario
from layoutplan.plan.store import NEW, list_versions, save_version, verify_store
from layoutplan.plan.storefile import Store


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
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_leaves_nothing_half_written(result, small_disk, tmp_path, kind):
    """The old files stay as they were, byte by byte, and no part of a new one is left."""
    (tmp_path / "room").mkdir()
    WRITERS[kind](result, tmp_path / "room")
    old = dict.fromkeys(contents(tmp_path / "room"), b"old")
    assert [name for name in old if name.endswith(kind)]
    for name, content in old.items():
        (small_disk / name).parent.mkdir(exist_ok=True)
        (small_disk / name).write_bytes(content)
    with (small_disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while filler.write(b"x" * 4096):
            pass
    with pytest.raises(OutputError) as caught:
        WRITERS[kind](result, small_disk)
    (problem,) = caught.value.problems
    assert problem.code == "disk_full"
    for lang in LANGS:
        assert str(small_disk) in problem.say(lang)
        assert f"{problem.values['bytes']} " in problem.say(lang)
        assert f"{problem.values['free']} " in problem.say(lang)
    found = {name: content for name, content in contents(small_disk).items() if name != "filler"}
    assert found == old
    assert not list(small_disk.rglob("*.tmp*"))


def test_a_full_disk_loses_no_version_of_the_store(small_disk):
    store = Store(small_disk / "plans.sqlite")
    save_version(store, Scenario(name="a", note="1"), based_on=NEW)
    saved, fault = 1, None
    while fault is None:
        try:
            saved = save_version(store, Scenario(name="a", note="x" * 2000 + str(saved)), based_on=saved).number
        except ScenarioError as refused:
            fault = refused
    assert [problem.code for problem in fault.problems] == ["store_unusable"]
    # What was acknowledged can still be read on the full disk.
    assert [version.number for version in list_versions(store, "a")] == list(range(1, saved + 1))
    verify_store(store)
