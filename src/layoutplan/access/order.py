"""The order in which nodes are eliminated: found once for a network's shape, kept on disk."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

Ranks = npt.NDArray[np.int32]
# Below this many nodes an order is found faster than a file is worth.
_WORTH_KEEPING = 5_000
_VERSION = 1


def cache_folder() -> Path:
    """Return the folder in which this user's programs keep what they can make again."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "layoutplan"


def order_nodes(
    nodes: int, begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64], *, cache: Path | None = None
) -> Ranks:
    """Return the place of every node in an order of elimination that adds few arcs.

    Minimum degree on the pattern alone, so it holds for every season, speed and mode. Large
    networks' orders are kept in a folder; a file that cannot be read is made anew.

    Parameters
    ----------
    nodes : int
        Number of nodes.
    begin, end : int64 [edge]
        Nodes of every edge, of any mode.
    cache : Path, optional
        Folder for orders; the user's cache folder if absent.

    Returns
    -------
    int32 [node]
        A permutation of ``0..nodes - 1``.

    Examples
    --------
    >>> import numpy
    >>> star = order_nodes(4, numpy.array([0, 1, 1]), numpy.array([1, 2, 3]))
    >>> sorted(star.tolist()), int(star[1]) >= 2
    ([0, 1, 2, 3], True)
    """
    if nodes < _WORTH_KEEPING and cache is None:
        return _find_order(nodes, begin, end)
    path = (cache or cache_folder()) / f"order-{_fingerprint(nodes, begin, end)}.npz"
    rank = _load(path, nodes)
    if rank is None:
        rank = _find_order(nodes, begin, end)
        _save(path, rank)
    return rank


def _find_order(nodes: int, begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> Ranks:
    """Let SuperLU order a matrix of that pattern; its diagonal outweighs the rows, so nothing is pivoted."""
    # Not needed where an order is kept, and slow to import.
    from scipy.sparse import coo_array, csc_array
    from scipy.sparse.linalg import splu

    if nodes < 2:
        return np.zeros(nodes, dtype=np.int32)
    ones = np.full(len(begin), -1.0)
    half = coo_array((ones, (begin, end)), shape=(nodes, nodes))
    pattern = csc_array(half + half.T)
    pattern.data[:] = -1.0
    heavy = coo_array((np.diff(pattern.indptr) + 1.0, (np.arange(nodes), np.arange(nodes))), shape=(nodes, nodes))
    options = {"SymmetricMode": True, "Equil": False}
    factors = splu(csc_array(pattern + heavy), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
    rank: Ranks = factors.perm_c.astype(np.int32)
    return rank


def _fingerprint(nodes: int, begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> str:
    digest = hashlib.sha256(f"{_VERSION}|{nodes}|".encode())
    for ends in (begin, end):
        digest.update(np.ascontiguousarray(ends, dtype="<i8").tobytes())
    return digest.hexdigest()[:32]


def _load(path: Path, nodes: int) -> Ranks | None:
    """Return a kept order; None where there is none or the file does not hold one."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            rank = kept["rank"]
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    if rank.shape != (nodes,) or rank.dtype != np.int32:
        return None
    seen = np.zeros(nodes, dtype=np.bool_)
    if nodes and (rank.min() < 0 or rank.max() >= nodes):
        return None
    seen[rank] = True
    return rank if seen.all() else None


def _save(path: Path, rank: Ranks) -> None:
    """Write aside and rename; a folder that cannot be written only means ordering again next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent, suffix=".npz")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, rank=rank)
        os.replace(aside, path)  # noqa: PTH105
    except OSError:
        Path(aside).unlink(missing_ok=True)
