"""The rose in words: what it says, what to declare, and nothing where there is nothing to see."""

import numpy as np
import pytest

from layoutplan.access.offsets import RINGS_M, SECTORS, Offsets
from layoutplan.ui import rose

EXPECTED = {"GCJ-02": (356.0, -30.0), "BD-09": (937.0, 643.0)}


def offsets(cause, shift=(0.0, 0.0), counts=((0, 0, 3),)):
    petals = np.zeros((SECTORS, len(RINGS_M)), dtype=np.int64)
    for sector, ring, count in counts:
        petals[sector, ring] = count
    return Offsets(np.ones(3), np.ones(3), petals, 93.0, shift, 10.7, 0.9, EXPECTED, cause)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("cause", "shift", "told"),
    [
        ("GCJ-02", (350.0, -25.0), ["351", "90%", "93", "11", 'crs = "GCJ-02"', "[layers.schools]", "357"]),
        ("BD-09", (900.0, 625.0), ['crs = "BD-09"', "[layers.schools]"]),
        ("roads GCJ-02", (-350.0, 25.0), ['crs = "GCJ-02"', "[layers.roads]"]),
        ("other", (50.0, -75.0), ["90%", "GCJ-02"]),
        ("few", (0.0, 0.0), ["3"]),
        ("none", (0.0, 0.0), ["93"]),
        ("far", (0.0, 0.0), ["93"]),
    ],
)
def test_every_cause_is_explained_with_its_numbers(cause, shift, told, lang):
    said = " ".join(rose.explained(offsets(cause, shift), "schools", lang))
    assert [words for words in told if words not in said] == []
    assert ("[layers." in said) == (cause not in ("other", "few", "none", "far"))


def test_petals_point_where_the_layer_lies_and_are_as_long_as_their_share():
    drawn = rose.rose(offsets("GCJ-02", (350.0, -25.0), counts=((4, 2, 8), (12, 0, 2))))
    assert drawn.count("<polygon") == 3  # two petals and the head of the arrow
    assert rose.rose(offsets("none", counts=())).count("<polygon") == 0


@pytest.mark.parametrize(("sector", "way"), list(enumerate(("n", "ne", "e", "se", "s", "sw", "w", "nw"))))
def test_directions_run_clockwise_from_north(sector, way):
    turn = np.radians(45 * sector)
    assert rose.way_of(float(np.sin(turn)), float(np.cos(turn))) == way
