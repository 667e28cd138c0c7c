"""The two streets on which every kernel runs before a user waits for it."""

from __future__ import annotations

import pytest
import shapely

from layoutplan.access.network import CLOSED, MODES

pytest.importorskip("numba")
from numba.core.dispatcher import Dispatcher

from layoutplan.access import edits, grid, lanes, sweeps
from layoutplan.access.engine import open_hierarchy
from layoutplan.access.nearest import open_field
from layoutplan.access.pairs import measure_pairs
from layoutplan.access.warming import run_all, run_first, tiny_network


def test_the_tiny_network_is_two_streets_in_a_row_the_second_one_way_for_vehicles():
    network = tiny_network()
    assert network.node_east_m.tolist() == [0, 100, 300]
    assert network.node_north_m.tolist() == [0, 0, 0]
    assert (network.edge_from.tolist(), network.edge_to.tolist()) == ([0, 1], [1, 2])
    assert network.edge_length_mm.tolist() == [100_000, 200_000]
    ends = [shapely.get_coordinates(line).tolist() for line in network.edge_line]
    assert ends == [[[0, 0], [100, 0]], [[100, 0], [300, 0]]]
    assert network.edge_road_id.tolist() == [0, 1]
    assert [cost.tolist() for cost in network.cost["walk"]] == [[100_000, 200_000]] * 2
    assert [cost.tolist() for cost in network.cost["drive"]] == [[10_000, 20_000], [10_000, CLOSED]]
    assert [network.component[mode].tolist() for mode in MODES] == [[0, 0, 0]] * 2


def test_the_tiny_network_needs_kernels_of_both_widths():
    network = tiny_network()
    assert [open_hierarchy(network, mode).length_bits for mode in MODES] == [0, 31]


def test_the_first_run_goes_from_street_to_street():
    network, points = run_first()
    # From 1 m on the first street to 2 m on the second: 99 + 2 m on foot and a gap of 5 mm, 9.9 + 0.2 s by car.
    assert measure_pairs(network, points, points, mode="walk")[0].tolist() == [[0, 101_005], [101_005, 10]]
    assert measure_pairs(network, points, points, mode="drive")[0][0].tolist() == [0, 10_105]
    assert [len(open_field(network, points, points, mode=mode).ready.straight[0]) for mode in MODES] == [2, 2]


def test_every_kernel_that_is_called_from_outside_has_run_on_it():
    run_all()
    called = (
        grid.search_grid, lanes.collect_lists, lanes.go_straight, lanes.sweep_lists, lanes.sweep_plans,
        edits.close_school, edits.open_school, edits.undo, sweeps.arrive, sweeps.read_keys, sweeps.sweep_keys,
    )  # fmt: skip
    assert all(kernel.signatures for kernel in called if isinstance(kernel, Dispatcher))
