from __future__ import annotations

import network_oracle as oracle
import numpy as np
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from network_oracle import NORMS, points, roads, write_dem

from layoutplan.access.catchment import build_cells
from layoutplan.access.hills import add_hills
from layoutplan.access.isochrones import STRETCH_M, draw_isochrones, reach_roads, time_homes
from layoutplan.access.network import MODES, Snaps, build_network, snap_points

LIMIT_MIN = 6.0
# A river between two banks, and one bridge at the east end.
BANKS = [[(0, 0), (1000, 0)], [(1000, 0), (1000, 200)], [(0, 200), (1000, 200)]]


def at(network, mode="walk", **where):
    return snap_points(network, points(**where), mode=mode, norms=NORMS)


def test_roads_within_ten_minutes_by_hand():
    network = build_network(roads(BANKS), norms=NORMS)
    near = reach_roads(network, at(network, s=(600, 0)), mode="walk", limit_min=10, norms=NORMS)
    # 600 m at 60 m a minute: all of the southern bank, the bridge, and no metre of the other bank.
    assert shapely.length(near.geometry).groupby(near["road_id"]).sum().round(6).to_dict() == {"r00": 1000, "r01": 200}
    assert near["minutes"].max() == pytest.approx(575 / 60)
    assert near.crs == oracle.CRS
    farther = reach_roads(network, at(network, s=(600, 0)), mode="walk", limit_min=15, norms=NORMS)
    # The other bank up to 900 - 600 m from the bridge, in stretches of 50 m.
    assert farther.loc[farther["road_id"] == "r02"].total_bounds.tolist() == [700, 200, 1000, 200]
    older = reach_roads(
        network, at(network, s=(600, 0)), mode="walk", limit_min=15, norms=NORMS, grades="grades_7_9"
    )  # fmt: skip
    # 75 m a minute: 1,125 m, which is 525 m of the other bank; an end is off by half a stretch at most.
    assert older.loc[older["road_id"] == "r02"].total_bounds[0] == pytest.approx(475, abs=STRETCH_M / 2)


def test_a_circle_would_cross_the_river_where_the_roads_do_not():
    network = build_network(roads(BANKS), norms=NORMS)
    outline = shapely.box(0, -100, 1000, 300)
    cells = build_cells(network, outline, anchors=points(a=(0, 0)).iloc[:0], spacing_m=50, norms=NORMS)
    minutes = time_homes(network, cells.snaps, at(network, s=(100, 0)), mode="walk", norms=NORMS)
    drawn = draw_isochrones(cells, minutes, limits_min=[5, 10, 30])
    assert drawn["limit_min"].fillna(-1).tolist() == [5, 10, 30, -1]
    assert drawn["area_km2"].sum() == pytest.approx(outline.area / 1e6)
    assert shapely.coverage_is_valid(drawn.geometry.to_numpy())
    # Right across the river, 200 m away as the crow flies, it is 2,000 m by the bridge.
    assert drawn.geometry.iloc[0].covers(shapely.Point(100, 90))
    assert drawn.geometry.iloc[3].covers(shapely.Point(100, 200))
    smooth = draw_isochrones(cells, minutes, limits_min=[5, 10, 30], simplify_m=30)
    assert smooth["area_km2"].sum() == pytest.approx(outline.area / 1e6)
    assert shapely.coverage_is_valid(smooth.geometry.to_numpy())


def test_ground_without_a_way_is_in_the_last_band_and_limits_rise():
    network = build_network(roads([*BANKS, [(0, 800), (500, 800)]]), norms=NORMS)
    home = at(network, lost=(100, 800), near=(0, 0))
    minutes = time_homes(network, home, at(network, s=(60, 0)), mode="walk", norms=NORMS)
    assert minutes.tolist() == [np.inf, 1.0]
    cells = build_cells(network, shapely.box(0, 0, 100, 100), anchors=points(a=(0, 0)), spacing_m=900, norms=NORMS)
    for limits in ([], [10, 5], [5, 5]):
        with pytest.raises(ValueError, match="rise"):
            draw_isochrones(cells, np.zeros(len(cells.frame)), limits_min=limits)


@pytest.fixture(scope="module")
def dem(tmp_path_factory):
    return write_dem(tmp_path_factory.mktemp("dem") / "dem.tif", 0.12)


@settings(max_examples=30, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    oracle.small_roads(), oracle.small_points(2), st.sampled_from(MODES), st.booleans()
)  # fmt: skip
def test_every_stretch_agrees_with_networkx(dem, table, where, mode, hills):
    network = build_network(table, norms=NORMS)
    network = add_hills(network, dem) if hills else network
    schools = snap_points(network, where, mode=mode, norms=NORMS)
    near = reach_roads(network, schools, mode=mode, limit_min=LIMIT_MIN, norms=NORMS)
    everything = reach_roads(network, schools, mode=mode, limit_min=np.inf, norms=NORMS)
    usable = np.flatnonzero(network.usable(mode))
    edge = np.repeat(usable, -(-network.edge_length_mm[usable] // 50_000))
    number = np.concatenate([np.arange(n) for n in np.bincount(edge, minlength=1)[usable]] or [np.zeros(0, int)])
    count = np.bincount(edge, minlength=len(network.edge_from))[edge]
    offset = network.edge_length_mm[edge] * (2 * number + 1) // (2 * count)
    ends = Snaps(
        tuple(map(str, range(len(edge) + 2))), np.concatenate([edge, schools.edge]),
        np.concatenate([offset, schools.offset_mm]), np.concatenate([np.zeros(len(edge), int), schools.gap_mm]),
    )  # fmt: skip
    found = oracle.costs_by_networkx(network, ends, mode, origins=list(range(len(edge) + 2)))
    least = []
    for row in range(len(edge)):
        ways = []
        for school in (len(edge), len(edge) + 1):
            there, back = (found.get(way, np.inf) for way in ((row, school), (school, row)))
            ways.append(max(there, back) if mode == "walk" else there)
        least.append(min(ways) / 60_000)
    within = [minutes for minutes in least if minutes <= LIMIT_MIN]
    assert near["minutes"].tolist() == pytest.approx(within)
    assert len(everything) == np.isfinite(least).sum()
