"""The nearest school of every node while schools open, close and move: exact, and only where it changes."""

from __future__ import annotations

import numpy as np

from layoutplan.access.edits import Board, close_school, open_school, undo
from layoutplan.access.hierarchy import Hierarchy
from layoutplan.access.kernels import UNREACHED
from layoutplan.access.matrix import enter, narrow
from layoutplan.access.network import Flags, Ints, Mode, Network, Snaps
from layoutplan.access.sweeps import NO_KEY, SCHOOL_BITS, Keys, Stops, read_keys, sow_keys, sweep_keys

# A search that would change more than this share of the nodes costs more than a sweep over all.
_SWEEP_FROM = 25


class WhatIf:
    """Keys of all nodes for the schools that are open now.

    Changes add up until :meth:`undo` takes them all back. The keys are at any time those of a sweep
    with the same schools, to the last bit.

    Parameters
    ----------
    network, hierarchy
        Roads and their hierarchy in that mode.
    schools : Snaps
        All schools and candidates; of equally near ones the first counts. At most 65,535.
    is_open : bool [school]
        Which are open at first.
    mode : {"walk", "drive"}
        Who travels.
    """

    def __init__(self, network: Network, hierarchy: Hierarchy, schools: Snaps, *, is_open: Flags, mode: Mode) -> None:
        if len(schools.ids) >= 1 << SCHOOL_BITS:
            raise ValueError(f"{len(schools.ids)} schools, {(1 << SCHOOL_BITS) - 1} are possible")
        self._place = (network, hierarchy, mode)
        nodes = len(hierarchy.shape.rank)
        bits = max(nodes.bit_length(), 1)
        total = sum(int(cost[cost > 0].sum()) for cost in network.cost[mode])
        # Where a cost and a node do not fit into one integer, every change is a sweep.
        budget = nodes // _SWEEP_FROM if total < 1 << (62 - bits) else -1
        self._bounds = (budget, bits)
        self._stops = narrow(enter(network, hierarchy, schools, mode), hierarchy)
        self._before: list[tuple[int, bool, Ints, Ints]] = []
        self._swept: Keys | None = None
        self.is_open = is_open.copy()
        room = max(budget, 0) + 64
        self._board = Board(
            key=np.empty(nodes, dtype=np.int64),
            turn=np.zeros(nodes, dtype=np.int32),
            noted=np.empty(nodes, dtype=np.int32),
            held=np.empty(nodes, dtype=np.int64),
            heap=np.empty(4 * room, dtype=np.int64),
            region=np.empty(room, dtype=np.int32),
            at=np.array([1, 0, 0]),
        )
        self._sweep()

    def _sweep(self) -> None:
        _, hierarchy, _ = self._place
        self._board.key.fill(NO_KEY)
        sow_keys(self._stops, self.is_open, self._board.key)
        sweep_keys(hierarchy.up, hierarchy.up_tail, hierarchy.down, self._board.key)

    def _sweep_instead(self) -> None:
        """Keep what undo has to bring back, then sweep with the schools open now."""
        if self._swept is None:
            keys = self._board.key.copy()
            noted = int(self._board.at[1])
            keys[self._board.noted[:noted]] = self._board.held[:noted]
            self._swept = keys
        self._sweep()

    def _note(self, school: int) -> None:
        stops = self._stops
        self._before.append((school, bool(self.is_open[school]), stops.node[school].copy(), stops.cost[school].copy()))

    def open(self, school: int, *, at: Snaps | None = None) -> None:
        """Open a school.

        Parameters
        ----------
        school : int
            Its row; closed so far.
        at : Snaps, optional
            One point, where it stands from now on.

        Raises
        ------
        ValueError
            It is open.
        """
        if self.is_open[school]:
            raise ValueError(f"school {school} is open")
        self._note(school)
        if at is not None:
            network, hierarchy, mode = self._place
            new: Stops = narrow(enter(network, hierarchy, at, mode), hierarchy)
            self._stops.node[school], self._stops.cost[school] = new.node[0], new.cost[0]
        self.is_open[school] = True
        _, hierarchy, _ = self._place
        if self._swept is not None or not open_school(hierarchy.inward, self._board, self._stops, school, self._bounds):
            self._sweep_instead()

    def close(self, school: int) -> None:
        """Close a school.

        Parameters
        ----------
        school : int
            Its row; open so far.

        Raises
        ------
        ValueError
            It is closed.
        """
        if not self.is_open[school]:
            raise ValueError(f"school {school} is closed")
        self._note(school)
        self.is_open[school] = False
        _, hierarchy, _ = self._place
        roads = (hierarchy.outward, hierarchy.inward)
        if self._swept is not None or not close_school(
            roads, self._board, self._stops, self.is_open, school, self._bounds
        ):
            self._sweep_instead()

    def undo(self) -> None:
        """Take back every change since the last call, or since the beginning."""
        if self._swept is not None:
            self._board.key[:] = self._swept
            self._board.at[1] = 0
            self._swept = None
        undo(self._board)
        for school, was_open, node, cost in reversed(self._before):
            self.is_open[school] = was_open
            self._stops.node[school], self._stops.cost[school] = node, cost
        self._before.clear()

    def nodes(self) -> tuple[Ints, Ints]:
        """Return the nearest open school of every node of the network, and its cost.

        Returns
        -------
        school : int64 [node]
            Its row; -1 where none can be reached.
        cost : int64 [node]
            ``UNREACHED`` where none.
        """
        rank = self._place[1].shape.rank
        school, cost = np.empty((2, len(rank)), dtype=np.int64)
        read_keys(self._board.key, rank, school, cost, UNREACHED)
        return school, cost


def label_nodes(
    network: Network, hierarchy: Hierarchy, schools: Snaps, *, is_open: Flags, mode: Mode
) -> tuple[Ints, Ints]:
    """Return the nearest open school of every node of the network, and its cost, by one sweep.

    Parameters
    ----------
    network, hierarchy
        Roads and their hierarchy in that mode.
    schools : Snaps
        At most 65,535; of equally near ones the first counts.
    is_open : bool [school]
        Which are open.
    mode : {"walk", "drive"}
        Who travels.

    Returns
    -------
    school : int64 [node]
        Its row; -1 where none can be reached.
    cost : int64 [node]
        ``UNREACHED`` where none.
    """
    rank = hierarchy.shape.rank
    key = np.full(len(rank), NO_KEY, dtype=np.int64)
    sow_keys(narrow(enter(network, hierarchy, schools, mode), hierarchy), is_open, key)
    sweep_keys(hierarchy.up, hierarchy.up_tail, hierarchy.down, key)
    school, cost = np.empty((2, len(rank)), dtype=np.int64)
    read_keys(key, rank, school, cost, UNREACHED)
    return school, cost
