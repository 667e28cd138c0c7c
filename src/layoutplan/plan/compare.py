"""Several scenarios side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from layoutplan.errors import Problem, ScenarioError
from layoutplan.plan.planning import PlanResult


def compare(results: Sequence[PlanResult]) -> pd.DataFrame:
    """Set the indicators of plans beside each other.

    Parameters
    ----------
    results : sequence of PlanResult
        Plans of one county; the first is what the others are measured against.

    Returns
    -------
    DataFrame
        ``indicator, year, unit``, a column of values for every scenario by name, and for every
        scenario but the first ``<name> - <first>``, the change. A value one plan does not have is
        missing, and so is its change.

    Raises
    ------
    ScenarioError
        Two scenarios have the same name, so their columns could not be told apart.
    """
    names = [result.scenario.name for result in results]
    if len(set(names)) < len(names):
        values = {"value": ", ".join(sorted({name for name in names if names.count(name) > 1}))}
        raise ScenarioError([Problem("compare_same_name", "compare", field="name", values=values)])
    keys = ["indicator", "year", "unit"]
    columns = [result.indicators.set_index(keys)["value"].rename(result.scenario.name) for result in results]
    table = pd.concat(columns, axis=1).sort_index().reset_index()
    for name in names[1:]:
        table[f"{name} - {names[0]}"] = table[name] - table[names[0]]
    return table
