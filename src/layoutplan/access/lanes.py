"""Compiled: the nearest schools of many homes for eight plans at once, and the k nearest for one.

Keys are those of :mod:`layoutplan.access.sweeps`; all nodes are rows of one part of a hierarchy.
"""

from __future__ import annotations

import numpy as np

from layoutplan.access.compiled import compiled
from layoutplan.access.sweeps import NO_KEY, SCHOOL_BITS, Flags, Keys, Part, Stops


@compiled
def sow_plans(schools: Stops, is_open: Flags, key: Keys) -> None:
    """Put every plan's open schools onto the nodes beside them. Changes ``key``.

    Parameters
    ----------
    schools : Stops
        Cost from node to school.
    is_open : bool [plan, school]
        Which schools count.
    key : int64 [part, lane]
        Plans are the first lanes.
    """
    for school in range(is_open.shape[1]):
        for side in range(2):
            node, cost = schools.node[school, side], schools.cost[school, side]
            if node >= 0 and cost < NO_KEY:
                own = (cost << SCHOOL_BITS) | school
                for plan in range(is_open.shape[0]):
                    if is_open[plan, school]:
                        key[node, plan] = min(key[node, plan], own)


@compiled
def sweep_plans(part: Part, key: Keys) -> None:
    """Give every node of a part the keys of its nearest schools, a lane a plan. Changes ``key``.

    Parameters
    ----------
    part : Part
        Arcs.
    key : int64 [part, lane]
        Keys where schools are, ``NO_KEY`` elsewhere.
    """
    up, down = part.up, part.down
    lanes = key.shape[1]
    for node in range(len(key)):
        for arc in range(down.first[node], down.first[node + 1]):
            head, weight = down.head[arc], np.int64(down.weight[arc]) << SCHOOL_BITS
            for lane in range(lanes):
                key[head, lane] = min(key[head, lane], key[node, lane] + weight)
    for node in range(len(key) - 1, -1, -1):
        for arc in range(up.first[node], up.first[node + 1]):
            head, weight = up.head[arc], np.int64(up.weight[arc]) << SCHOOL_BITS
            for lane in range(lanes):
                key[node, lane] = min(key[node, lane], key[head, lane] + weight)


@compiled
def collect_plans(homes: Stops, key: Keys, found: Keys) -> None:
    """Write every plan's key of every home over the roads. Changes ``found``.

    Parameters
    ----------
    homes : Stops
        Cost from home to node.
    key : int64 [part, lane]
        From :func:`sweep_plans`.
    found : int64 [plan, home]
        Keys; plans are the first lanes.
    """
    for home in range(found.shape[1]):
        for plan in range(found.shape[0]):
            found[plan, home] = NO_KEY
        for side in range(2):
            node, cost = homes.node[home, side], homes.cost[home, side]
            if node >= 0 and cost < NO_KEY:
                for plan in range(found.shape[0]):
                    found[plan, home] = min(found[plan, home], key[node, plan] + (cost << SCHOOL_BITS))


@compiled
def go_straight(pairs: tuple[Keys, Keys, Keys], is_open: Flags, found: Keys) -> None:
    """Let homes and schools on one edge go along it, where that is better. Changes ``found``.

    Parameters
    ----------
    pairs : tuple of three int64 [pair]
        Home, school and cost.
    is_open : bool [plan, school]
        Which schools count.
    found : int64 [plan, home]
        Keys.
    """
    home, school, cost = pairs
    for pair in range(len(home)):
        for plan in range(found.shape[0]):
            if is_open[plan, school[pair]]:
                own = (cost[pair] << SCHOOL_BITS) | school[pair]
                found[plan, home[pair]] = min(found[plan, home[pair]], own)


@compiled
def insert(keys: Keys, row: int, key: int) -> None:
    """Put a key into a sorted row of keys of different schools, if it belongs there. Changes ``keys``.

    Parameters
    ----------
    keys : int64 [row, k]
        Ascending; a school at most once a row.
    row, key : int
        What goes where.
    """
    school = key & ((1 << SCHOOL_BITS) - 1)
    last = keys.shape[1] - 1
    place = 0
    while place <= last and keys[row, place] <= key:
        if keys[row, place] < NO_KEY and keys[row, place] & ((1 << SCHOOL_BITS) - 1) == school:
            return
        place += 1
    # The same school further back gives up its place, else the last key does.
    end = place
    while end < last and not (keys[row, end] < NO_KEY and keys[row, end] & ((1 << SCHOOL_BITS) - 1) == school):
        end += 1
    if place <= last:
        for at in range(end, place, -1):
            keys[row, at] = keys[row, at - 1]
        keys[row, place] = key


@compiled
def sow_lists(schools: Stops, keys: Keys) -> None:
    """Put schools onto the nodes beside them. Changes ``keys``.

    Parameters
    ----------
    schools : Stops
        Cost from node to school.
    keys : int64 [part, k]
        ``NO_KEY`` throughout.
    """
    for school in range(len(schools.node)):
        for side in range(2):
            node, cost = schools.node[school, side], schools.cost[school, side]
            if node >= 0 and cost < NO_KEY:
                insert(keys, node, (cost << SCHOOL_BITS) | school)


@compiled
def sweep_lists(part: Part, keys: Keys) -> None:
    """Give every node of a part the keys of its k nearest schools, ascending. Changes ``keys``.

    Parameters
    ----------
    part : Part
        Arcs.
    keys : int64 [part, k]
        From :func:`sow_lists`.
    """
    up, down, last = part.up, part.down, keys.shape[1] - 1
    for node in range(len(keys)):
        for arc in range(down.first[node], down.first[node + 1]):
            head, weight = down.head[arc], np.int64(down.weight[arc]) << SCHOOL_BITS
            for place in range(last + 1):
                key = keys[node, place] + weight
                if key >= keys[head, last]:
                    break
                insert(keys, head, key)
    for node in range(len(keys) - 1, -1, -1):
        for arc in range(up.first[node], up.first[node + 1]):
            head, weight = up.head[arc], np.int64(up.weight[arc]) << SCHOOL_BITS
            for place in range(last + 1):
                key = keys[head, place] + weight
                if key >= keys[node, last]:
                    break
                insert(keys, node, key)


@compiled
def collect_lists(homes: Stops, keys: Keys, pairs: tuple[Keys, Keys, Keys], found: Keys) -> None:
    """Write the keys of the k nearest schools of every home. Changes ``found``.

    Parameters
    ----------
    homes : Stops
        Cost from home to node.
    keys : int64 [part, k]
        From :func:`sweep_lists`.
    pairs : tuple of three int64 [pair]
        Home, school and cost of those on one edge.
    found : int64 [home, k]
        ``NO_KEY`` throughout.
    """
    last = found.shape[1] - 1
    for home in range(len(found)):
        for side in range(2):
            node, cost = homes.node[home, side], homes.cost[home, side]
            if node >= 0 and cost < NO_KEY:
                for place in range(last + 1):
                    key = keys[node, place] + (cost << SCHOOL_BITS)
                    if key >= found[home, last]:
                        break
                    insert(found, home, key)
    for pair in range(len(pairs[0])):
        insert(found, pairs[0][pair], (pairs[2][pair] << SCHOOL_BITS) | pairs[1][pair])
