"""HiGHS as this package uses it: quiet, on one thread, fed with arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layoutplan.access.network import Floats, Ints

if TYPE_CHECKING:
    import highspy


def new_solver(*, presolve: bool = False) -> highspy.Highs:
    """Return a solver that prints nothing.

    Parameters
    ----------
    presolve : bool
        Whether models are made smaller first. It forgets the last answer, so a model that is solved
        again and again does without.

    Notes
    -----
    One thread: the solver's pool is shared by the whole process, and its size can be set only once.
    """
    import highspy

    class Quiet(highspy.Highs):
        """The solver prints its name while it is made, before an option could forbid it."""

        def enableCallbacks(self) -> None:  # noqa: N802 - the solver's own name
            """Forbid printing, then go on."""
            self.setOptionValue("output_flag", False)
            super().enableCallbacks()  # type: ignore[no-untyped-call]

    highs: highspy.Highs = Quiet()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("presolve", "on" if presolve else "off")):
        highs.setOptionValue(option, value)
    return highs


def add_columns(highs: highspy.Highs, cost: Floats, rows: Sequence[Ints]) -> None:
    """Add columns from nothing to infinity, each with a one in each of some rows.

    Parameters
    ----------
    highs : Highs
        Has the rows already.
    cost : float [column]
        Cost of one.
    rows : sequence of int [column]
        The rows; no column names a row twice.
    """
    count, each = len(cost), len(rows)
    start = np.arange(count, dtype=np.int32) * each
    index = np.stack(rows, axis=1).ravel().astype(np.int32)
    highs.addCols(
        count, cost, np.zeros(count), np.full(count, np.inf), count * each, start, index, np.ones(count * each)
    )


def run(highs: highspy.Highs) -> None:
    """Solve to proven optimality, from the last answer or, where that leads nowhere, from scratch.

    Raises
    ------
    RuntimeError
        The solver ended otherwise.
    """
    import highspy

    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        # A warm start can end in numerical trouble that a fresh one does not meet.
        highs.clearSolver()
        highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"the solver ended with {highs.getModelStatus()}")
