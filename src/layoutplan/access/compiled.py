"""How kernels are compiled: on first use, once for a machine, kept on disk.

Only modules that hold kernels import this one, and only :mod:`layoutplan.access.engine` imports
those, so neither ``import layoutplan`` nor a machine without numba ever gets here.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba

from layoutplan.access.order import cache_folder

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def _place_cache(package: Path) -> None:
    """Keep compiled kernels in the user's cache where the package's own folder cannot be written."""
    settings = vars(numba.config)
    beside = package / "__pycache__"
    if settings["CACHE_DIR"] or os.access(beside if beside.is_dir() else package, os.W_OK):
        return
    folder = cache_folder() / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="layoutplan-"))
    settings["CACHE_DIR"] = str(folder)


_place_cache(Path(__file__).parent)


def compiled(function: Kernel) -> Kernel:
    """Compile a function for the types it is first called with, or load it as compiled before.

    Parameters
    ----------
    function : callable
        Arrays and numbers in and out. It may only call kernels of its own module, as a change in
        another file would not make numba compile it anew.
    """
    return cast(Kernel, numba.njit(cache=True, error_model="numpy")(function))


def inlined(function: Kernel) -> Kernel:
    """Compile a function into the kernels of its module that call it.

    Parameters
    ----------
    function : callable
        Short, and called in inner loops, where handing over arrays would cost more than the work.
    """
    return cast(Kernel, numba.njit(forceinline=True, error_model="numpy")(function))
