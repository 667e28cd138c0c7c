"""The one place that decides how routes are found: compiled sweeps, or scipy where they cannot be had.

Both give the same answers to the last bit; only the time differs. ``LAYOUTPLAN_ENGINE=scipy`` in the
environment keeps the compiled engine out.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from layoutplan.access.network import CLOSED, Mode, Network

if TYPE_CHECKING:
    from layoutplan.access.hierarchy import Hierarchy, Shape

# Only remember what open_hierarchy would build again; they go when the network goes.
_SHAPES: WeakKeyDictionary[Network, Shape] = WeakKeyDictionary()
_HIERARCHIES: WeakKeyDictionary[Network, dict[Mode, Hierarchy | None]] = WeakKeyDictionary()


@cache
def _numba_is_here() -> bool:
    try:
        import numba  # noqa: F401
    except ImportError:
        return False
    return True


def is_compiled() -> bool:
    """Return whether routes are found by the compiled engine."""
    return os.environ.get("LAYOUTPLAN_ENGINE") != "scipy" and _numba_is_here()


def open_hierarchy(network: Network, mode: Mode, *, cache: Path | None = None) -> Hierarchy | None:
    """Return a network made ready for sweeps in one mode; built once for a network.

    Modes share the order of nodes, as does any network with the same edges: another season or
    other speeds only weigh it anew.

    Parameters
    ----------
    network : Network
        Roads.
    mode : {"walk", "drive"}
        Who travels.
    cache : Path, optional
        Folder for the orders of large networks; the user's cache folder if absent.

    Returns
    -------
    Hierarchy or None
        None where scipy has to search: without numba, or beyond the bounds of the sweeps.
    """
    if not is_compiled():
        return None
    modes = _HIERARCHIES.setdefault(network, {})
    if mode not in modes:
        modes[mode] = _weigh(network, mode, cache)
    return modes[mode]


def _shape_of(network: Network, *, cache: Path | None) -> Shape:
    from layoutplan.access.hierarchy import shape_network

    if network not in _SHAPES:
        _SHAPES[network] = shape_network(network, cache=cache)
    return _SHAPES[network]


def _weigh(network: Network, mode: Mode, cache: Path | None) -> Hierarchy | None:
    from layoutplan.access.hierarchy import weigh

    shape = _shape_of(network, cache=cache)
    forward, backward = network.cost[mode]
    length = network.edge_length_mm
    # On foot the gaps at both ends cost their length too, so one number can carry both.
    level = (
        mode == "walk"
        and network.gap_effort == 1.0
        and all(np.array_equal(c[c != CLOSED], length[c != CLOSED]) for c in (forward, backward))
    )
    return weigh(shape, forward=forward, backward=backward, length_mm=None if level else length)


def reshape(network: Network, like: Network) -> None:
    """Let a network use the order of one with the same edges: after a change of season or speeds.

    Parameters
    ----------
    network : Network
        Its costs may differ, its nodes and edges may not.
    like : Network
        Where it comes from; ordered now if it was not searched yet.

    Raises
    ------
    ValueError
        The edges differ.
    """
    for name in ("edge_from", "edge_to"):
        if not np.array_equal(getattr(network, name), getattr(like, name)):
            raise ValueError("only networks with the same edges share an order")
    if is_compiled():
        _SHAPES[network] = _shape_of(like, cache=None)


def warm_up(say: Callable[[], None] | None = None, *, first: bool = False) -> bool:
    """Compile every kernel, or load what an earlier run compiled.

    Parameters
    ----------
    say : callable, optional
        Called first if anything is going to be done, to tell the user that the first time takes seconds.
    first : bool, optional
        Only what snapping and travel need.

    Returns
    -------
    bool
        Whether the compiled engine is there.
    """
    if not is_compiled():
        return False
    if say is not None:
        say()
    from layoutplan.access.warming import run_all, run_first

    if first:
        run_first()
    else:
        run_all()
    return True


def is_warm() -> bool:
    """Return whether nothing has to be compiled: an earlier run left its kernels, or scipy searches."""
    if not is_compiled():
        return True
    from layoutplan.access import sweeps

    kept = Path(vars(sweeps)["climb"].stats.cache_path)
    return any(kept.glob("sweeps.climb-*.nbi"))


def warm_behind() -> threading.Thread:
    """Load or compile every kernel beside other work, such as reading a county.

    Returns
    -------
    Thread
        Already started; it ends with the program. Whoever needs a kernel meanwhile waits for it.
    """
    thread = threading.Thread(target=warm_up, name="layoutplan-kernels", daemon=True)
    thread.start()
    return thread
