"""Neighbours by road: by hand on the toy county, and the clusters against all pairs of places."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components
from shapely import LineString, Point

from layoutplan.access.neighbours import find_neighbours
from layoutplan.access.network import build_network, snap_points
from layoutplan.access.travel import measure_travel
from layoutplan.norms import load_norms

NORMS = load_norms()


def found(roads, places, schools):
    network = build_network(roads, norms=NORMS)
    snaps = [snap_points(network, points, mode="walk", norms=NORMS) for points in (places, schools)]
    return network, snaps[0], find_neighbours(network, *snaps, mode="walk")


def points(rows):
    return gpd.GeoSeries({name: Point(at) for name, at in rows.items()}, crs=toy.CRS)


def test_places_along_a_road_are_neighbours_of_the_next_one_by_hand():
    places, schools = (frame.set_index(key).geometry for frame, key in (
        (toy.places(), "place_id"), (toy.schools(), "school_id"),
    ))  # fmt: skip
    _, _, beside = found(toy.roads(), places.iloc[::-1], schools)
    pairs = zip(beside.one.tolist(), beside.other.tolist(), beside.length_mm.tolist(), strict=True)
    # p4 lies 100 m off the road; a gap of nothing counts a millimetre at either end.
    assert [(a, b, round(mm / 1000)) for a, b, mm in pairs] == [(0, 1, 1000), (1, 2, 2000), (2, 3, 1100)]
    # a stands at 500, as near to p1 as to p2: the smaller id; b at 3500, 500 m from p3 and 600 from p4.
    assert beside.home == {"a": 0, "b": 2}
    assert beside.clusters(1050).tolist() == [0, 0, 2, 3]
    assert beside.clusters(1150).tolist() == [0, 0, 2, 2]
    assert beside.clusters(1150, np.array([False, True, True])).tolist() == [0, 1, 2, 2]


def test_a_place_alone_on_its_road_has_no_neighbour_and_off_the_roads_none_either():
    roads = toy.roads().iloc[[0, 3]]
    places = points({"w": (0, 0), "x": (900, 0), "y": (3500, 0), "z": (2000, 9000)})
    _, _, beside = found(roads, places, points({"s": (3200, 0)}))
    assert (beside.one.tolist(), beside.other.tolist()) == ([0], [1])
    assert beside.home == {"s": 2}


@given(st.integers(0, 10_000))
@settings(deadline=None)
def test_clusters_by_neighbours_are_those_of_all_pairs(seed):
    random = np.random.default_rng(seed)
    nodes = random.integers(0, 3000, (9, 2)).astype(float)
    ends = [(i, int(random.integers(0, i))) for i in range(1, 9)] + [(0, 8), (2, 6)]
    lines = [LineString([nodes[a], nodes[b]]) for a, b in ends if (nodes[a] != nodes[b]).any()]
    like = toy.roads().iloc[[0]]
    roads = gpd.GeoDataFrame(
        pd.concat([like] * len(lines), ignore_index=True).assign(road_id=[f"r{i}" for i in range(len(lines))]),
        geometry=lines, crs=toy.CRS,
    )  # fmt: skip
    at = nodes[random.integers(0, 9, 6)] + random.normal(0, 60, (6, 2))
    network, snaps, beside = found(roads, points({f"p{i}": xy for i, xy in enumerate(at)}), points({}))
    travel = measure_travel(network, snaps, snaps, mode="walk", norms=NORMS)
    apart = np.full((6, 6), np.inf)
    apart[np.repeat(np.arange(6), np.diff(travel.start)), travel.school] = travel.length_mm
    step = float(random.integers(100, 2500))
    # Lengths within millimetres of the step may fall on either side.
    if (np.abs(apart - step * 1000) < 50).any():
        return
    _, label = connected_components(apart <= step * 1000, directed=False)
    mine = beside.clusters(step)
    assert (label[:, None] == label[None]).tolist() == (mine[:, None] == mine[None]).tolist()
    # One piece of roads is one piece of neighbours.
    linked = np.zeros((6, 6), dtype=bool)
    linked[beside.one, beside.other] = True
    assert (
        connected_components(linked, directed=False)[0] == connected_components(np.isfinite(apart), directed=False)[0]
    )


def test_rows_in_another_order_give_the_same_neighbours():
    places, schools = toy.places().set_index("place_id").geometry, toy.schools().set_index("school_id").geometry
    one, other = (found(roads, order, schools)[2] for roads, order in (
        (toy.roads(), places), (toy.roads().iloc[::-1], places.iloc[[2, 0, 3, 1]]),
    ))  # fmt: skip
    assert one.place_ids == other.place_ids
    assert one.length_mm.tolist() == other.length_mm.tolist()
    assert one.home == pytest.approx(other.home)
