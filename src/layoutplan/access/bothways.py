"""The nearest school of every node while schools open, close and move, where there and back may differ.

The search of :mod:`layoutplan.access.whatif` stops where another school is nearer, which is right
only while one direction counts. With hills the dearer of two ways counts, and a node may go to a
school past nodes that do not. So a school that opens is measured from every node, by two sweeps, and
the nodes of one that closes are measured against all that stay; nothing else is touched. By scipy
the answers are the same, so this is also the what-if where numba is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layoutplan.access.engine import open_hierarchy
from layoutplan.access.kernels import UNREACHED
from layoutplan.access.network import Flags, Ints, Mode, Network, Snaps
from layoutplan.access.pairs import has_hills, measure_pairs

if TYPE_CHECKING:
    from layoutplan.access.whatif import WhatIf

# A key holds the cost above and the school's row below, so that ties go to the row that stands first.
_SCHOOL_BITS = 16
_NO_KEY = 1 << 61
# Schools measured at once; bounds the memory to 16 bytes a node and school.
_AT_ONCE = 32


def open_what_if(network: Network, schools: Snaps, *, is_open: Flags, mode: Mode) -> WhatIf | BothWays:
    """Return the quickest what-if that is exact on a network.

    Parameters
    ----------
    network : Network
        Roads, with hills and season as they are.
    schools : Snaps
        All schools and candidates; of equally near ones the first counts. At most 65,535.
    is_open : bool [school]
        Which are open at first.
    mode : {"walk", "drive"}
        Who travels.
    """
    hierarchy = open_hierarchy(network, mode)
    if hierarchy is None or has_hills(network, mode):
        return BothWays(network, schools, is_open=is_open, mode=mode)
    from layoutplan.access.whatif import WhatIf

    return WhatIf(network, hierarchy, schools, is_open=is_open, mode=mode)


class BothWays:
    """Keys of all nodes for the schools that are open now; the dearer of there and back counts on foot.

    Changes add up until :meth:`undo` takes them all back. The keys are at any time those of measuring
    everything anew with the same schools, to the last bit.

    Parameters
    ----------
    network : Network
        Roads, with hills and season as they are.
    schools : Snaps
        All schools and candidates; of equally near ones the first counts. At most 65,535.
    is_open : bool [school]
        Which are open at first.
    mode : {"walk", "drive"}
        Who travels.
    """

    def __init__(self, network: Network, schools: Snaps, *, is_open: Flags, mode: Mode) -> None:
        if len(schools.ids) >= 1 << _SCHOOL_BITS:
            raise ValueError(f"{len(schools.ids)} schools, {(1 << _SCHOOL_BITS) - 1} are possible")
        self._network, self._mode = network, mode
        self._schools = schools
        self._homes = stand_on_nodes(network, mode)
        self.is_open = is_open.copy()
        self._key = self._least(self._homes, np.flatnonzero(is_open))
        self._before: tuple[Snaps, Flags, Ints] | None = None

    def _least(self, homes: Snaps, rows: Ints) -> Ints:
        """Return the key of every home for some schools."""
        least = np.full(len(homes.ids), _NO_KEY, dtype=np.int64)
        for begin in range(0, len(rows), _AT_ONCE):
            some = rows[begin : begin + _AT_ONCE]
            cost, _ = measure_pairs(self._network, homes, _take(self._schools, some), mode=self._mode)
            key = np.where(cost == UNREACHED, _NO_KEY, np.minimum(cost, _NO_KEY >> _SCHOOL_BITS) << _SCHOOL_BITS | some)
            least = np.minimum(least, key.min(axis=1))
        return least

    def _note(self) -> None:
        if self._before is None:
            self._before = self._schools, self.is_open.copy(), self._key.copy()

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
        self._note()
        if at is not None:
            parts = [getattr(self._schools, name).copy() for name in ("edge", "offset_mm", "gap_mm")]
            for part, new in zip(parts, (at.edge, at.offset_mm, at.gap_mm), strict=True):
                part[school] = new[0]
            self._schools = Snaps(self._schools.ids, *parts)
        self.is_open[school] = True
        self._key = np.minimum(self._key, self._least(self._homes, np.array([school])))

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
        self._note()
        self.is_open[school] = False
        region = np.flatnonzero((self._key < _NO_KEY) & (self._key & ((1 << _SCHOOL_BITS) - 1) == school))
        self._key[region] = self._least(_take(self._homes, region), np.flatnonzero(self.is_open))

    def undo(self) -> None:
        """Take back every change since the last call, or since the beginning."""
        if self._before is not None:
            self._schools, self.is_open, self._key = self._before
            self._before = None

    def nodes(self) -> tuple[Ints, Ints]:
        """Return the nearest open school of every node of the network, and its cost.

        Returns
        -------
        school : int64 [node]
            Its row; -1 where none can be reached.
        cost : int64 [node]
            ``UNREACHED`` where none.
        """
        reached = self._key < _NO_KEY
        school = np.where(reached, self._key & ((1 << _SCHOOL_BITS) - 1), -1)
        return school, np.where(reached, self._key >> _SCHOOL_BITS, UNREACHED)


def stand_on_nodes(network: Network, mode: Mode) -> Snaps:
    """Return every node as a point at the end of its first edge that a mode may use; off where there is none.

    Parameters
    ----------
    network : Network
        Roads.
    mode : {"walk", "drive"}
        Who travels.
    """
    usable = np.flatnonzero(network.usable(mode)).astype(np.int64)
    ends = np.concatenate([network.edge_from[usable], network.edge_to[usable]])
    edges = np.tile(usable, 2)
    offsets = np.concatenate([np.zeros_like(usable), network.edge_length_mm[usable]])
    nodes = len(network.node_east_m)
    edge, offset = np.full(nodes, -1, dtype=np.int64), np.zeros(nodes, dtype=np.int64)
    found, first = np.unique(ends, return_index=True)
    edge[found], offset[found] = edges[first], offsets[first]
    return Snaps(tuple(map(str, range(nodes))), edge, offset, np.zeros(nodes, dtype=np.int64))


def _take(snaps: Snaps, rows: Ints) -> Snaps:
    return Snaps(
        tuple(snaps.ids[row] for row in rows.tolist()), snaps.edge[rows], snaps.offset_mm[rows], snaps.gap_mm[rows]
    )
