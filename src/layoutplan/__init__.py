"""Lay out the schools of a county: network catchments, seat demand, norms, new sites.

Importing this package sets, before any geodata library is loaded, which GDAL drivers may
open files and how many threads the numeric libraries take; after their import neither can
be changed. The public functions are loaded on first use, so ``import layoutplan`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from layoutplan import _process

_process.guard()

__version__ = "0.1.0"

_PUBLIC = {
    "read_county": "layoutplan.county.layers",
    "load_norms": "layoutplan.norms",
    "load_scenario": "layoutplan.plan.scenario",
    "prepare": "layoutplan.plan.planning",
    "run_plan": "layoutplan.plan.planning",
    "compare": "layoutplan.plan.compare",
    "find_changes": "layoutplan.plan.change",
    "view_household": "layoutplan.plan.household",
    "try_site": "layoutplan.plan.siting",
    "rank_sites": "layoutplan.plan.ranking",
    "optimise": "layoutplan.plan.optimise",
    "load_goal": "layoutplan.plan.optimise.goal",
    "run_batch": "layoutplan.plan.batch",
    "backtest": "layoutplan.seats.backtest",
    "draw_map": "layoutplan.present.maps",
    "draw_figure": "layoutplan.present.figures",
    "write_report": "layoutplan.present.handin",
}

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'layoutplan' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__
