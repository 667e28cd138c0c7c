"""Hostile files in the reader of the app: they read nothing else, open no connection, take little memory and time."""

from __future__ import annotations

import os
import resource
import socket
import sys
import time

import pytest
from bad_ways import lay, ways

from layoutplan.county.apart import Limits, read_apart
from layoutplan.errors import DataError
from layoutplan.labels import LANGS

SECRET = "the-secret-of-another-office"
HOSTILE = [way for way in ways() if way.name.startswith("hostile/") and way.through == "county"]
# Each takes a second of start-up, so one in six, and those that have got through; LAYOUTPLAN_HOSTILE=all is the whole
# trial.
GOT_THROUGH = ("geojson-crs-grids", "geojson-crs-link", "prj-grids")
CHOSEN = [
    way
    for number, way in enumerate(HOSTILE)
    if os.environ.get("LAYOUTPLAN_HOSTILE") == "all" or number % 6 == 0 or way.name.endswith(GOT_THROUGH)
]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and figures of Linux")


def used_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def notes_reading(path):
    """Whether the disk notes that a file was read; it does so at most once after each change."""
    os.utime(path, (0, time.time()))
    path.read_bytes()
    return path.stat().st_atime > 0


@pytest.fixture
def bait(tmp_path):
    """A secret file beside the county, and a server that should never be called."""
    secret = tmp_path / "secret.csv"
    secret.write_text(f"school_id,stage,rooms\n{SECRET},primary,1\n", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield secret, server


@pytest.mark.parametrize("way", CHOSEN, ids=lambda way: way.name)
def test_a_hostile_file_costs_nothing(way, tmp_path, bait, monkeypatch):
    secret, server = bait
    port = server.getsockname()[1]
    # A library that asks through its proxy would be seen too.
    monkeypatch.setenv("GDAL_HTTP_PROXY", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("CPL_VSIL_CURL_ALLOWED_EXTENSIONS", ".csv .gpkg .tif .wkt .xml")
    folder = lay(way, tmp_path / "county", secret=str(secret), port=port)
    is_noted = notes_reading(secret)
    os.utime(secret, (0, time.time()))
    before, said = used_seconds(), []
    try:
        read_apart(folder)
        assert way.end == "same"
    except DataError as fault:
        assert way.end == "rejected"
        said = [problem.say(lang) + repr(problem.values) for problem in fault.problems for lang in LANGS]
    seconds = used_seconds() - before
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    print(f"{way.name}: {seconds:.1f} s of processor, at most {megabytes:.0f} MB so far")
    assert not [text for text in said if SECRET in text or "root:" in text]
    if is_noted:
        assert secret.stat().st_atime == 0, "the secret was read"
    with pytest.raises(BlockingIOError):
        server.accept()
    assert seconds < Limits().seconds
    assert megabytes < Limits().memory_bytes / 1e6
