"""Every pair of a home and a school: uphill one way, beyond the sweeps, and off the roads."""

from __future__ import annotations

import os
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from network_oracle import NORMS, points, roads

from layoutplan.access.kernels import UNREACHED
from layoutplan.access.network import build_network, snap_points
from layoutplan.access.pairs import has_hills, measure_pairs

STREET = [[(0, 0), (100, 0)], [(100, 0), (300, 0)]]


ENGINES = pytest.mark.parametrize("engine", ["compiled", "scipy"])


def street(**columns):
    return build_network(roads(STREET, **columns), norms=NORMS)


def hill(network, *, up, down):
    """Return the network with other walking costs of its two streets eastward and westward."""
    return replace(network, cost={**network.cost, "walk": (np.array(up), np.array(down))})


def measured(network, homes, schools, engine, *, mode="walk"):
    ends = [snap_points(network, points(**spots), mode=mode, norms=NORMS) for spots in (homes, schools)]
    with mock.patch.dict(os.environ, {"LAYOUTPLAN_ENGINE": engine}):
        return [part.tolist() for part in measure_pairs(network, *ends, mode=mode)]


@ENGINES
def test_every_home_is_measured_to_every_school_with_the_gaps(engine):
    cost, length = measured(
        street(), {"a": (20, 0), "b": (250, 5)}, {"s": (0, 0), "t": (120, -3), "u": (300, 0)}, engine
    )
    assert cost == [[20_000, 103_000, 280_000], [255_000, 138_000, 55_000]]
    assert length == cost


@ENGINES
def test_who_is_off_the_roads_or_beyond_a_oneway_street_reaches_none(engine):
    network = street(oneway=[False, True], drive_kmh=36.0)
    homes, schools = {"a": (0, 0), "b": (200, 0), "c": (0, 99_000)}, {"s": (100, 0), "t": (0, 99_000), "u": (300, 0)}
    cost, length = measured(network, homes, schools, engine, mode="drive")
    assert cost == [[10_000, UNREACHED, 30_000], [UNREACHED, UNREACHED, 10_000], [UNREACHED] * 3]
    assert length == [[100_000, UNREACHED, 300_000], [UNREACHED, UNREACHED, 100_000], [UNREACHED] * 3]


@ENGINES
def test_uphill_and_downhill_the_dearer_of_there_and_back_counts(engine):
    # Eastward the first street is a climb, westward the second: there 150 + 200, back 100 + 330.
    network = hill(street(), up=[150_000, 200_000], down=[100_000, 330_000])
    cost, length = measured(network, {"a": (0, 0), "b": (300, 0)}, {"s": (100, 0), "t": (300, 0)}, engine)
    assert cost == [[150_000, 430_000], [330_000, 0]]
    assert length == [[100_000, 300_000], [200_000, 0]]


# Eastward and westward costs of a short street of 100 m and of one of 300 m round about, and what counts each way.
@ENGINES
@pytest.mark.parametrize(
    ("up", "down", "from_west", "from_east"),
    [
        # There 310 round about, back 120.
        ([500_000, 310_000], [120_000, 300_000], (310_000, 300_000), (310_000, 300_000)),
        # There 310 straight on, back 120.
        ([310_000, 400_000], [120_000, 400_000], (310_000, 100_000), (310_000, 100_000)),
        # 320 either way, straight on eastward and round about westward: the way there counts.
        ([320_000, 400_000], [500_000, 320_000], (320_000, 100_000), (320_000, 300_000)),
    ],
)
def test_the_length_is_that_of_the_dearer_of_there_and_back(engine, up, down, from_west, from_east):
    lines = [[(0, 0), (100, 0)], [(0, 0), (0, 100), (100, 100), (100, 0)]]
    network = build_network(roads(lines), norms=NORMS)
    order = np.argsort(np.argsort(network.edge_length_mm))
    network = hill(network, up=np.array(up)[order], down=np.array(down)[order])
    west, east = {"a": (0, 0)}, {"s": (100, 0)}
    for homes, schools, (cost, length) in ((west, east, from_west), (east, west, from_east)):
        assert measured(network, homes, schools, engine) == [[[cost]], [[length]]]


def test_there_are_hills_only_on_foot_and_where_the_ways_differ():
    network = street(oneway=True)
    assert not has_hills(network, "walk")
    assert not has_hills(network, "drive")
    steep = hill(network, up=[150_000, 200_000], down=[150_000, 200_001])
    assert has_hills(steep, "walk")
    assert not has_hills(steep, "drive")


@ENGINES
def test_a_network_is_turned_once_and_stays_as_it_was(engine):
    network = hill(street(), up=[150_000, 200_000], down=[100_000, 330_000])
    again = [measured(network, {"a": (0, 0)}, {"t": (300, 0)}, engine) for _ in range(2)]
    assert again == [[[[430_000]], [[300_000]]]] * 2
    assert network.cost["walk"][0].tolist() == [150_000, 200_000]


@ENGINES
def test_routes_too_long_for_the_sweeps_are_searched_for(engine):
    far = build_network(roads([[(0, 0), (400_000, 0)], [(400_000, 0), (800_000, 0)]]), norms=NORMS)
    ends = {"a": (0, 0), "b": (800_000, 0), "c": (5_000, 99_000)}
    cost, length = measured(far, ends, ends, engine)
    assert cost == length == [[0, 800_000_000, UNREACHED], [800_000_000, 0, UNREACHED], [UNREACHED] * 3]
