"""Elimination trees, filled graphs and their weights on graphs small enough to do on paper."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest

pytest.importorskip("numba")
from layoutplan.access.elimination import (
    NONE,
    Skeleton,
    contract,
    count_arcs,
    fill,
    find_arcs,
    grow_tree,
    perfect,
    prune,
    walk_tree,
)
from layoutplan.access.sweeps import NO_KEY

# Eliminating 0 makes 3 and 5 neighbours; 2 and 4 are a piece of their own.
TWO_PIECES = [(0, 3), (0, 5), (1, 3), (2, 4)]
# Eliminating 0 closes 1 - 4, 1 closes 2 - 4, 2 closes 3 - 4.
RING = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]
STAR = [(0, 3), (1, 3), (2, 3)]
REVERSED_STAR = [(0, 1), (0, 2), (0, 3)]
TRIANGLE = [(0, 1), (0, 2), (1, 2)]


def ints(*values):
    return np.array(values, dtype=np.int32)


def weights(*values):
    return np.array(values, dtype=np.int64)


def neighbours(nodes, edges):
    """Return the neighbours of every node, both ways."""
    beside = [sorted({b for a, b in edges if a == n} | {a for a, b in edges if b == n}) for n in range(nodes)]
    return ints(0, *itertools.accumulate(map(len, beside))), ints(*itertools.chain(*beside))


def skeleton_of(upper):
    """Return a filled graph from the higher neighbours of every node."""
    arcs = [(low, high) for low, above in enumerate(upper) for high in above]
    by_head = sorted(range(len(arcs)), key=lambda arc: (arcs[arc][1], arc))
    return Skeleton(
        ints(0, *itertools.accumulate(map(len, upper))),
        ints(*(high for _, high in arcs)),
        ints(*(sum(high < node for _, high in arcs) for node in range(len(upper) + 1))),
        ints(*by_head),
        ints(*(arcs[arc][0] for arc in by_head)),
    )


# ---- tree and filled graph --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("nodes", "edges", "parent"),
    [
        (6, TWO_PIECES, [3, 3, 4, 5, -1, -1]),
        (5, RING, [1, 2, 3, 4, -1]),
        (4, STAR, [3, 3, 3, -1]),
        (4, REVERSED_STAR, [1, 2, 3, -1]),
        (3, TRIANGLE, [1, 2, -1]),
        (3, [(0, 1)], [1, -1, -1]),
        (2, [], [-1, -1]),
    ],
)
def test_the_parent_of_a_node_is_its_lowest_upper_neighbour_in_the_filled_graph(nodes, edges, parent):
    assert grow_tree(*neighbours(nodes, edges)).tolist() == parent


@pytest.mark.parametrize(
    ("parent", "place"),
    [
        ([3, 3, 4, 5, -1, -1], [2, 3, 0, 4, 1, 5]),  # 2, 4; then 0, 1, 3, 5
        ([1, 2, 3, -1], [0, 1, 2, 3]),
        ([3, 3, 3, -1], [0, 1, 2, 3]),
        ([5, 4, 4, 5, 6, 6, -1], [3, 0, 1, 4, 2, 5, 6]),  # 1, 2, 4; 0, 3, 5; 6
        ([-1, -1, -1], [0, 1, 2]),
        ([], []),
    ],
)
def test_a_subtree_lies_together_below_its_root(parent, place):
    assert walk_tree(ints(*parent)).tolist() == place


@pytest.mark.parametrize(
    ("nodes", "edges", "parent", "upper"),
    [
        (6, TWO_PIECES, [3, 3, 4, 5, -1, -1], [[3, 5], [3], [4], [5], [], []]),
        (5, RING, [1, 2, 3, 4, -1], [[1, 4], [2, 4], [3, 4], [4], []]),
        (4, STAR, [3, 3, 3, -1], [[3], [3], [3], []]),
        (4, REVERSED_STAR, [1, 2, 3, -1], [[1, 2, 3], [2, 3], [3], []]),
        (3, TRIANGLE, [1, 2, -1], [[1, 2], [2], []]),
        (2, [], [-1, -1], [[], []]),
    ],
)
def test_upper_neighbours_of_a_node_become_neighbours(nodes, edges, parent, upper):
    first, head = neighbours(nodes, edges)
    assert count_arcs(first, head, ints(*parent)).tolist() == [len(above) for above in upper]
    filled, wanted = fill(first, head, ints(*parent), skeleton_of(upper).first), skeleton_of(upper)
    assert filled.first.tolist() == wanted.first.tolist()
    assert filled.head.tolist() == wanted.head.tolist()
    assert filled.lower_first.tolist() == wanted.lower_first.tolist()
    lower = list(zip(filled.lower_arc.tolist(), filled.lower_tail.tolist(), strict=True))
    for node in range(nodes):
        begin, end = wanted.lower_first[node : node + 2]
        assert sorted(lower[begin:end]) == [
            (arc, tail)
            for arc, tail in zip(wanted.lower_arc.tolist(), wanted.lower_tail.tolist(), strict=True)
            if wanted.head[arc] == node
        ]


def test_the_arc_of_an_edge_is_found_among_many_of_its_lower_end():
    upper = [[1, 2, 4, 5, 7, 8, 9], [4, 9], [], [], [5], [9], [], [8], [9], []]
    # Arcs 0-6 begin at 0, 7 and 8 at 1, 9 at 4, 10 at 5, 11 at 7, 12 at 8.
    low, high = ints(0, 0, 0, 0, 0, 0, 0, 1, 1, 4, 5, 7, 8), ints(1, 2, 4, 5, 7, 8, 9, 4, 9, 5, 9, 8, 9)
    assert find_arcs(skeleton_of(upper), low, high).tolist() == list(range(13))
    assert find_arcs(skeleton_of(upper), ints(8, 0), ints(9, 7)).tolist() == [12, 4]
    assert find_arcs(skeleton_of(upper), ints(), ints()).tolist() == []


# ---- weights ----------------------------------------------------------------------------------------
# Arcs 0 - 1, 0 - 2, 0 - 3, 1 - 2, 1 - 3, 2 - 3.
ALL_FOUR = [[1, 2, 3], [2, 3], [3], []]


def test_an_arc_costs_at_most_the_way_over_a_lower_node_in_its_own_direction():
    up, down = weights(1, 20, 300), weights(10, 200, 3)
    # Arcs 0 - 1, 0 - 2, 1 - 2: from 1 over 0 to 2 that is 10 + 20, back 200 + 1.
    contract(skeleton_of([[1, 2], [2], []]), up, down)
    assert up.tolist() == [1, 20, 30]
    assert down.tolist() == [10, 200, 3]
    up, down = weights(1, 20, 3), weights(10, 200, NONE)
    contract(skeleton_of([[1, 2], [2], []]), up, down)
    assert up.tolist() == [1, 20, 3]
    assert down.tolist() == [10, 200, 201]


def test_ways_over_two_lower_nodes_are_found_from_the_lowest_on():
    up, down = weights(1, 2, NONE, 9, 50, 80), weights(5, 6, 7, 3, NONE, 90)
    contract(skeleton_of(ALL_FOUR), up, down)
    # 1 over 0 to 2: 5 + 2; 3 to 1: 7 + 1; 2 over 1 to 3: 3 + 50; 3 over 0 to 2: 7 + 2, shorter than over 1 at 8 + 7.
    assert up.tolist() == [1, 2, NONE, 7, 50, 53]
    assert down.tolist() == [5, 6, 7, 3, 8, 9]


def test_two_ways_that_are_closed_make_none():
    up, down = weights(NONE, NONE, NONE), weights(NONE, 4, NONE)
    contract(skeleton_of([[1, 2], [2], []]), up, down)
    assert (up >= NONE).all()
    assert down.tolist()[:2] == [NONE, 4]
    assert down[2] >= NONE
    assert NONE == NO_KEY
    assert NONE + NONE < 2**63


def test_an_arc_costs_at_most_the_way_over_a_higher_node_in_its_own_direction():
    # Arcs 0 - 1, 0 - 2, 1 - 2. From 0 to 1 over 2: 4 + 3; back 2 + 1.
    up, down = weights(90, 4, 2), weights(90, 1, 3)
    perfect(skeleton_of([[1, 2], [2], []]), up, down)
    assert up.tolist() == [7, 4, 2]
    assert down.tolist() == [3, 1, 3]
    # From 0 to 2 over 1: 1 + 5; back 6 + 2.
    up, down = weights(1, 40, 5), weights(2, 40, 6)
    perfect(skeleton_of([[1, 2], [2], []]), up, down)
    assert up.tolist() == [1, 6, 5]
    assert down.tolist() == [2, 8, 6]


def test_ways_over_two_higher_nodes_are_found_from_the_highest_on():
    # Dear arcs but 0 - 3, 3 - 2 and 2 - 1: from 0 to 1 that is 1 + 20 + 300, back 3 + 40 + 500.
    up, down = weights(999, 999, 1, 3, 999, 40), weights(999, 999, 500, 300, 999, 20)
    perfect(skeleton_of(ALL_FOUR), up, down)
    # 0 - 1, 0 - 2 by 1 + 20, 0 - 3, 1 - 2, 1 - 3 by 3 + 40, 2 - 3; and back.
    assert up.tolist() == [321, 21, 1, 3, 43, 40]
    assert down.tolist() == [543, 540, 500, 300, 320, 20]


def arcs_both_ways(skeleton, up, down):
    tail = np.repeat(np.arange(len(skeleton.first) - 1), np.diff(skeleton.first))
    for low, high, there, back in zip(tail.tolist(), skeleton.head.tolist(), up.tolist(), down.tolist(), strict=True):
        yield low, high, there
        yield high, low, back


def filled(nodes, edges):
    """Return the higher neighbours of every node after eliminating one node after the other."""
    upper = [{high for tail, high in edges if tail == low} for low in range(nodes)]
    for above in upper:
        for one, other in itertools.combinations(sorted(above), 2):
            upper[one].add(other)
    return [sorted(above) for above in upper]


@pytest.mark.parametrize("seed", range(12))
def test_weights_are_those_of_all_ways_over_lower_nodes_and_then_of_all_ways(seed):
    random = np.random.default_rng(seed)
    nodes = 9
    edges = [edge for edge in itertools.combinations(range(nodes), 2) if random.random() < 0.3]
    skeleton = skeleton_of(filled(nodes, edges))
    graph, up, down = nx.DiGraph(), *np.full((2, len(skeleton.head)), NONE, dtype=np.int64)
    graph.add_nodes_from(range(nodes))
    spot = {(low, high): arc for arc, (low, high, _) in enumerate([*arcs_both_ways(skeleton, up, down)][::2])}
    for (low, high), weight in itertools.product(edges, (up, down)):
        if random.random() < 0.8:
            weight[spot[low, high]] = cost = int(random.integers(1, 30))
            graph.add_edge(*((low, high) if weight is up else (high, low)), cost=cost)

    def least(tail, head, over):
        try:
            return nx.dijkstra_path_length(graph.subgraph({tail, head, *over}), tail, head, weight="cost")
        except nx.NetworkXNoPath:
            return NONE

    contract(skeleton, up, down)
    for tail, head, cost in arcs_both_ways(skeleton, up, down):
        assert min(cost, NONE) == least(tail, head, range(min(tail, head)))
    perfect(skeleton, up, down)
    for tail, head, cost in arcs_both_ways(skeleton, up, down):
        assert min(cost, NONE) == least(tail, head, range(nodes))


def test_only_arcs_that_are_open_and_no_dearer_than_another_way_are_kept():
    raw, best = weights(1, 9, NONE, 7, NONE, 6), weights(1, 8, NONE, 7, 5, 6)
    first, head, weight = prune(skeleton_of(ALL_FOUR), raw, best)
    assert first.tolist() == [0, 1, 2, 3, 3]
    assert head.tolist() == [1, 2, 3]
    assert weight.tolist() == [1, 7, 6]


def test_where_no_arc_is_open_none_is_kept():
    nothing = weights(NONE, NONE, NONE)
    first, head, weight = prune(skeleton_of([[1, 2], [2], []]), nothing, nothing)
    assert (first.tolist(), len(head), len(weight)) == ([0, 0, 0, 0], 0, 0)
