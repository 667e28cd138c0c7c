"""The corpus of bad inputs: each is refused or mended with a message that says where and what to do."""

from __future__ import annotations

import os
import tomllib
from importlib import resources

import pytest
from bad_ways import Way, lay, outcome, right_county, ways

from layoutplan.county.layers import read_county
from layoutplan.labels import LANGS

AREAS = {
    "artefact", "basemap", "cells", "crs", "files", "form", "geometry", "goal", "grid", "history", "hostile",
    "manifest", "network", "osm", "raster", "relations", "scenario", "store", "style", "unusual", "upload",
}  # fmt: skip


@pytest.mark.parametrize("way", ways(), ids=lambda way: way.name)
def test_every_bad_input_ends_as_it_should(way: Way, tmp_path):
    if os.name == "nt" and "links" in way.expect:
        pytest.skip("links need rights there")
    folder = lay(way, tmp_path / "county")
    end, said = outcome(way, folder)
    report = "\n".join(problem.say("en") for problem in said)
    assert end == way.end, report
    if end == "same":
        is_right = read_county(folder).fingerprint == right_county().fingerprint
        assert is_right != way.expect.get("adds", False)
        return
    named = [one for one in said if (one.code, one.layer, one.row, one.field) == way.place]
    assert named, report
    assert way.expect.get("says", "") in named[0].say("en")
    # What the one fault also brings about stands in the corpus too: nothing else is blamed.
    assert sorted({one.code for one in said} - {named[0].code}) == way.expect.get("also", [])
    for problem in said:
        assert problem.layer
        for lang in LANGS:
            what, remedy = problem.say(lang).split(" → ", 1)
            assert what.strip()
            assert remedy.strip()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in problem.say("zh"))


def test_the_corpus_is_whole():
    assert {way.name.split("/")[0] for way in ways()} == AREAS
    assert len(ways()) > 300
    assert sum(way.end == "rejected" for way in ways()) > 300
    assert all(way.end in ("rejected", "repaired", "same") for way in ways())


def test_every_problem_of_the_intake_has_a_way():
    shown = {code for way in ways() for code in (way.place[0], *way.expect.get("also", []))}
    words = resources.files("layoutplan") / "assets" / "labels"
    said = {
        code
        for name in ("intake.toml", "upload.toml", "workbook.toml")
        for code in tomllib.loads((words / name).read_text("utf-8")).get("problem", {})
    }
    assert len(said) > 80
    # A file of more than half a gigabyte is no thing to keep.
    assert said - shown == {"file_too_big"}


def test_the_right_county_is_right(tmp_path):
    folder = lay(Way(tmp_path, {}), tmp_path / "county")
    assert outcome(Way(tmp_path, {}), folder) == ("same", ())
