"""The ends of a route on three streets, in millimetres and milliseconds worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from layoutplan.access.kernels import UNREACHED, Tree
from layoutplan.access.legs import FAR, arrive_by, open_legs, walk_gap
from layoutplan.access.network import CLOSED, Network, Snaps


def ints(*values):
    return np.array(values, dtype=np.int64)


def network_of(**facts):
    """Return streets 0 - 1, 1 - 2 and 2 - 3 of 100, 200 and 400 mm; the second is one way for vehicles."""
    length = ints(100, 200, 400)
    given = {
        "node_east_m": np.zeros(4), "node_north_m": np.zeros(4),
        "edge_from": ints(0, 1, 2), "edge_to": ints(1, 2, 3), "edge_length_mm": length,
        "edge_line": np.empty(3, dtype=object), "edge_road_id": np.empty(3, dtype=object),
        "cost": {"walk": (length, length), "drive": (ints(10, 40, 40), ints(30, CLOSED, 40))},
        "component": {}, "crs": "", "report": {}, "walk_kmh": 4.5,
    }  # fmt: skip
    return Network(**(given | facts))


def snaps(*points):
    """Return points told as edge, offset and gap."""
    edge, offset, gap = (ints(*column) for column in zip(*points, strict=True))
    return Snaps(tuple(map(str, range(len(points)))), edge, offset, gap)


def tree(cost, length_mm):
    return Tree(ints(*cost), ints(*length_mm))


def arrived(origins, target, *, mode="drive", cost=(UNREACHED,) * 4, length_mm=(UNREACHED,) * 4, row=0):
    network = network_of()
    legs = open_legs(network, snaps(*origins), mode)
    answer = arrive_by(network, mode, legs, tree(cost, length_mm), target=snaps(*target), row=row)
    return list(zip(*(part.tolist() for part in answer), strict=True))


def test_a_gap_is_walked_at_its_length_or_its_effort_and_takes_time_where_the_rest_is_driven():
    gap = ints(0, 10, 1000)
    assert walk_gap(network_of(), gap, "walk").tolist() == [0, 10, 1000]
    assert walk_gap(network_of(gap_effort=1.25), ints(0, 2, 3, 1000), "walk").tolist() == [0, 2, 4, 1250]
    # At 4.5 km/h a metre takes 0.8 s.
    assert walk_gap(network_of(gap_effort=1.25), gap, "drive").tolist() == [0, 8, 800]
    assert walk_gap(network_of(), ints(2, 3), "drive").tolist() == [2, 2]


def test_the_first_leg_leads_to_both_ends_of_the_edge_where_they_are_open():
    legs = open_legs(network_of(), snaps((1, 50, 0), (-1, 0, 7), (0, 50, 10), (0, 0, 5)), "drive")
    assert legs.on.tolist() == [0, 2, 3]
    assert [ends.tolist() for ends in legs.ends] == [[1, 0, 0], [2, 1, 1]]
    # Against the one-way street there is no way; 150 of its 200 mm are 30 of 40 ms.
    assert [cost.tolist() for cost in legs.cost] == [[FAR, 15, 0], [30, 5, 10]]
    assert [length.tolist() for length in legs.length_mm] == [[50, 50, 0], [150, 50, 100]]
    assert legs.gap_cost.tolist() == [0, 8, 4]


def test_no_way_stays_far_even_if_four_are_added_up():
    assert 4 * FAR < 2**63
    assert FAR > 10**17


def test_a_route_goes_by_the_cheaper_end_with_gaps_at_both_ends():
    # From node 0 it is 100 ms and 1000 mm, from node 1 90 ms and 1200 mm.
    target = [(2, 0, 999), (2, 0, 20), (2, 0, 7)]
    told = arrived(
        [(0, 50, 10), (0, 0, 0), (0, 100, 5)], target, cost=(100, 90, 0, 5), length_mm=(1000, 1200, 0, 5), row=1
    )
    # 5 + 90 ms forward beat 15 + 100 back; the gaps take 8 and 16 ms.
    assert told == [(95 + 8 + 16, 1250 + 10 + 20), (100 + 16, 1000 + 20), (90 + 4 + 16, 1200 + 5 + 20)]


def test_of_equally_cheap_routes_the_shortest_counts():
    origin, target = [(0, 50, 0)], [(2, 0, 0)]
    # 15 + 80 back and 5 + 90 forward.
    assert arrived(origin, target, cost=(80, 90, 0, 0), length_mm=(700, 600, 0, 0)) == [(95, 650)]
    assert arrived(origin, target, cost=(80, 90, 0, 0), length_mm=(600, 700, 0, 0)) == [(95, 650)]
    # Along the own street it is 10 ms and 100 mm (of 40 and 400), round about 10 ms and 90 or 110 mm.
    for length, shortest in ((40, 90), (60, 100)):
        told = arrived([(2, 50, 0)], [(2, 150, 0)], cost=(0, 0, 5, 0), length_mm=(0, 0, length, 0))
        assert told == [(10, shortest)]


def test_a_school_on_the_same_street_is_reached_along_it():
    round_about = {"cost": (9, 9, 9, 9), "length_mm": (1, 1, 1, 1)}
    # With the one-way street 100 mm take 20 ms; against it the way is round by node 2, 30 and 9 ms.
    assert arrived([(1, 50, 0), (1, 150, 0)], [(1, 60, 10)], **round_about) == [(2 + 8, 10 + 10), (19 + 8, 51 + 10)]
    # Another street's offsets do not matter.
    assert arrived([(1, 60, 0)], [(0, 60, 0)], **round_about) == [(28 + 9, 140 + 1)]


def test_who_stands_before_the_school_needs_no_way():
    assert arrived([(1, 60, 10)], [(1, 60, 20)]) == [(24, 30)]
    assert arrived([(1, 60, 10)], [(1, 60, 20)], mode="walk") == [(30, 30)]


@pytest.mark.parametrize("origin", [(1, 50, 3), (-1, 0, 3)])
def test_where_no_end_leads_to_the_school_there_is_no_way(origin):
    # The one-way street leads away from node 1, from where the school would be reached.
    told = arrived([origin], [(0, 0, 0)], cost=(0, 10, UNREACHED, UNREACHED), length_mm=(0, 100, UNREACHED, UNREACHED))
    assert told == [(UNREACHED, UNREACHED)]


def test_everybody_gets_his_own_answer_in_his_own_place():
    origins = [(-1, 0, 9), (0, 0, 1), (1, 200, 0), (-1, 5, 5), (2, 400, 0)]
    told = arrived(origins, [(0, 0, 2)], mode="walk", cost=(0, 100, 300, 700), length_mm=(0, 100, 300, 700))
    assert told == [(UNREACHED, UNREACHED), (3, 3), (302, 302), (UNREACHED, UNREACHED), (702, 702)]
