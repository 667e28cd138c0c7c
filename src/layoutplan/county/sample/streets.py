"""Streets of the county town and of every seat: a grid bent along its valley."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layoutplan.county.sample.facts import COUNTY_TOWN, TOWNSHIPS, generator
from layoutplan.county.sample.terrain import Relief

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Town:
    """Street grid of one seat; indices are local to it.

    Parameters
    ----------
    code : str
        Township.
    nodes : float64 [node, (east_m, north_m)]
        Crossings.
    edges : int64 [edge, 2]
        Streets between neighbouring crossings.
    main : bool [edge]
        Part of the through street.
    one_way : bool [edge]
        One-way for vehicles, from the first crossing to the second.
    blocks : int64 [block, 4]
        Crossings around every block, counter-clockwise.
    """

    code: str
    nodes: Floats
    edges: Ints
    main: npt.NDArray[np.bool_]
    one_way: npt.NDArray[np.bool_]
    blocks: Ints

    @property
    def centres(self) -> Floats:
        """Middle of every block [block, (east_m, north_m)]."""
        middle: Floats = self.nodes[self.blocks].mean(axis=1)
        return middle


def lay_streets(relief: Relief, seats: Floats) -> list[Town]:
    """Return the street grid of every seat, in the order of the townships."""
    towns = []
    for number, township in enumerate(TOWNSHIPS):
        angle = _valley_angle(relief, seats[number])
        if number == 0:
            size, step = (24, 11), (182.0, 168.0)
        elif township.blocks >= 3:
            size, step = (10, 5), (122.0, 110.0)
        elif township.blocks == 2:
            size, step = (8, 4), (115.0, 105.0)
        else:
            size, step = (6, 3), (110.0, 95.0)
        towns.append(_grid(township.code, seats[number], angle, size, step))
    return towns


def _valley_angle(relief: Relief, seat: Floats) -> float:
    """Return the direction in which the valley floor stretches, in radians."""
    steps = np.arange(-2400.0, 2401.0, 150.0)
    around = np.array([(east, north) for east in steps for north in steps])
    low = around[relief.at(relief.above_valley_m, seat + around) < 30.0]
    if len(low) < 12:
        return 0.6
    _, axes = np.linalg.eigh(np.cov(low.T))
    return float(np.arctan2(axes[1, 1], axes[0, 1]))


def _grid(code: str, seat: Floats, angle: float, size: tuple[int, int], step: tuple[float, float]) -> Town:
    rng = generator(100 + int(code[-3:]))
    columns, rows = size
    along, across = np.meshgrid((np.arange(columns) - (columns - 1) / 2), (np.arange(rows) - (rows - 1) / 2))
    bend = 0.55 * np.sin(along / columns * 3.4 + 0.4) * rows * 0.35
    local = np.stack([along * step[0], (across + bend) * step[1]], axis=-1).reshape(-1, 2)
    local += rng.normal(0.0, 0.07, local.shape) * np.array(step)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    nodes = np.round(seat + local @ turn, 1)
    half_long, half_wide = (columns - 1) / 2, (rows - 1) / 2
    middle_long, middle_wide = along[:-1, :-1] + 0.5, across[:-1, :-1] + 0.5
    inside = (np.abs(middle_long) / (half_long + 0.2)) ** 2.2 + (np.abs(middle_wide) / (half_wide + 0.1)) ** 2.2 < 1.0
    if columns < 12:
        inside[:] = True
    own = np.arange(columns * rows).reshape(rows, columns)
    corners = np.stack([own[:-1, :-1], own[:-1, 1:], own[1:, 1:], own[1:, :-1]], axis=-1)
    blocks = corners[inside]
    edges = _edges(blocks, columns, rows, rng)
    used = np.unique(blocks)
    place = np.full(columns * rows, -1)
    place[used] = np.arange(len(used))
    one_way = _one_way(edges, columns, rows)
    main = (edges[:, 1] == edges[:, 0] + 1) & (edges[:, 0] // columns == rows // 2)
    return Town(code, nodes[used], place[edges], main, one_way, place[blocks])


def _edges(blocks: Ints, columns: int, rows: int, rng: np.random.Generator) -> Ints:
    """Return streets around the blocks; in a big town some inner ones are missing."""
    around = np.concatenate([blocks[:, [0, 1]], blocks[:, [1, 2]], blocks[:, [3, 2]], blocks[:, [0, 3]]])
    edges, sides = np.unique(np.sort(around, axis=1), axis=0, return_counts=True)
    if columns < 12:
        return edges
    row, same_row = edges[:, 0] // columns, edges[:, 1] == edges[:, 0] + 1
    # The two through streets stay whole, and no crossing loses more than one of its four arms.
    main = same_row & np.isin(row, (rows // 2, rows // 2 - 2))
    lost = np.zeros(columns * rows, bool)
    keep = np.ones(len(edges), bool)
    for edge in rng.permutation(np.flatnonzero((sides == 2) & ~main))[: len(edges) // 7]:
        if not lost[edges[edge]].any():
            keep[edge] = False
            lost[edges[edge]] = True
    return edges[keep]


def _one_way(edges: Ints, columns: int, rows: int) -> npt.NDArray[np.bool_]:
    """Return which streets are one-way: two cross streets of the county town, for a few blocks each."""
    if columns < 12:
        return np.zeros(len(edges), bool)
    column, upward = edges[:, 0] % columns, edges[:, 1] == edges[:, 0] + columns
    row = edges[:, 0] // columns
    chosen: npt.NDArray[np.bool_] = (
        upward & np.isin(column, (7, 9, 13, 15)) & (row >= rows // 2 - 2) & (row < rows // 2 + 2)
    )
    return chosen


def spread_out(centres: Floats, count: int, taken: list[int]) -> list[int]:
    """Choose blocks one by one, each as far as can be from those chosen and taken before."""
    chosen: list[int] = []
    away = np.full(len(centres), np.inf)
    for block in taken:
        away = np.minimum(away, np.hypot(*(centres - centres[block]).T))
    for _ in range(count):
        # The first of all goes to the middle of the town.
        middle = np.hypot(*(centres - centres.mean(axis=0)).T)
        best = int(np.argmax(away)) if chosen or taken else int(np.argmin(middle))
        chosen.append(best)
        away = np.minimum(away, np.hypot(*(centres - centres[best]).T))
    return chosen


@dataclass(frozen=True)
class Blocks:
    """Which block of a town holds what; no block holds two things."""

    schools: tuple[int, ...]
    homes: tuple[int, ...]
    estates: tuple[int, ...] = ()
    sites: tuple[int, ...] = ()


def allot_blocks(town: Town, *, schools: int, homes: int) -> Blocks:
    """Share out the blocks of a town; new housing and resettlement go mostly to the ends of the county town."""
    if town.code != COUNTY_TOWN:
        first = spread_out(town.centres, schools, [])
        return Blocks(tuple(first), tuple(spread_out(town.centres, homes, first)))
    middle = town.centres - town.centres.mean(axis=0)
    along = np.linalg.svd(middle, full_matrices=False)[2][0]
    order = np.argsort(middle @ along, kind="stable").tolist()
    estates = [order[at] for at in (5, -6, 40, -41, 14, -15)]
    sites = [order[at] for at in (1, 60, -2)]
    first = spread_out(town.centres, schools, [])
    # A school gives way to the block beside it.
    for at, block in enumerate(first):
        if block in estates + sites:
            near = np.argsort(np.hypot(*(town.centres - town.centres[block]).T), kind="stable").tolist()
            first[at] = next(other for other in near if other not in estates + sites + first)
    return Blocks(
        tuple(first), tuple(spread_out(town.centres, homes, estates + sites + first)), tuple(estates), tuple(sites)
    )
