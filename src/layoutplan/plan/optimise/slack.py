"""Whether a goal can be met at all; and if not, the least that would have to give way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.plan.optimise.program import NOBODY, Program
from layoutplan.plan.optimise.search import Watch, listen
from layoutplan.plan.optimise.task import Task, merged_units
from layoutplan.seats.solver import new_solver

SEATS = "seats"
_SECONDS = 60.0
_NOTHING = 1e-6


@dataclass(frozen=True)
class Gap:
    """One condition that would have to give way.

    Parameters
    ----------
    code : str
        Code of a row of the task, or ``seats``: pupils for whom no seat is in reach.
    subject : str
        Subject of the row; of seats the units, by position, joined by commas.
    year : int
        Year of the row; 0 for all together.
    amount : float
        By how much, in the unit of the row; of seats pupils [person].
    """

    code: str
    subject: str
    year: int
    amount: float


@dataclass(frozen=True, eq=False)
class Relaxation:
    """A smallest set of conditions that, given way by so much, make a goal feasible.

    Parameters
    ----------
    weight : float
        Sum of amounts times their weights, in pupils without a seat.
    gaps : tuple of Gap
        Which, largest weight first; empty where the goal is feasible as it is.
    start, close : bool [form, year], [site, year]
        Decisions that are then feasible.
    is_proven : bool
        Whether none that is smaller exists.
    """

    weight: float
    gaps: tuple[Gap, ...]
    start: Flags
    close: Flags
    is_proven: bool


def relaxations(task: Task, watch: Watch) -> list[Relaxation]:
    """Return the smallest relaxation, then the smallest that asks one kind of condition only, smallest first.

    Parameters
    ----------
    task : Task
        What is to be decided.
    watch : Watch
        Who is told, and who may stop it.

    Returns
    -------
    list of Relaxation
        One without gaps if the task is feasible. A kind of condition that cannot make it feasible alone is left out;
        the list is empty if nothing can. One that is not proven smallest stands alone: the task may be feasible.

    Notes
    -----
    The sum of weighted excesses is minimised with whole decisions. Seats do not ask how long ways are, so units that
    reach the same sites count as one, and all their ways are in the model.
    """
    elastic = _Elastic(merged_units(task), task)
    watch.tell("feasible", 0.0)
    first = elastic.solve(watch, elastic.codes)
    if first is None or not first.gaps or not first.is_proven:
        return [] if first is None else [first]
    found = [first]
    for code in elastic.codes:
        if watch.asked_to_stop():
            break
        alone = elastic.solve(watch, (code,))
        if alone is not None and alone.gaps and {gap.code for gap in first.gaps} != {code}:
            found.append(alone)
    return [found[0], *sorted(found[1:], key=lambda one: (one.weight, one.gaps[0].code))]


class _Elastic:
    """The merged task with a column of excess for every condition that may give way."""

    def __init__(self, merged: Task, whole: Task) -> None:
        self.task, self.whole = merged, whole
        self.program = Program(merged)
        self.program.add_ways(np.where(merged.pupils > 0, self.program.count, 0))
        self._first = self.program.highs.getNumCol()
        self._gives = [(number, row) for number, row in enumerate(merged.rows) if row.give > 0]
        self._seats = np.flatnonzero(merged.pupils.ravel() > 0)
        number = np.array([number for number, _ in self._gives], dtype=np.int64)
        rows = np.concatenate([self.program.rows.own[number], self.program.rows.demand[self._seats]])
        sign = [1.0 if np.isfinite(row.low) else -1.0 for _, row in self._gives]
        value = np.concatenate([sign, np.ones(len(self._seats))])
        self._weight = np.concatenate([[row.give for _, row in self._gives], np.ones(len(self._seats))])
        count = len(rows)
        self.program.highs.addCols(
            count, self._weight, np.zeros(count), np.full(count, np.inf), count, np.arange(count, dtype=np.int32),
            rows.astype(np.int32), value,
        )  # fmt: skip
        self._code = np.array([row.code for _, row in self._gives] + [SEATS] * len(self._seats), dtype=object)
        self.codes = tuple(sorted(set(self._code)))

    def solve(self, watch: Watch, codes: tuple[str, ...]) -> Relaxation | None:
        """Return the smallest relaxation that asks only some kinds; None if they are not enough."""
        import highspy

        highs = new_solver(presolve=True)
        highs.passModel(self.program.highs.getLp())
        years, _, sites, forms = self.task.shape
        columns = np.arange(self._first, self._first + len(self._weight), dtype=np.int32)
        upper = np.where(np.isin(self._code, codes), np.inf, 0.0)
        highs.changeColsBounds(len(columns), columns, np.zeros(len(columns)), upper)
        whole = np.arange((forms + sites) * years, dtype=np.int32)
        highs.changeColsIntegrality(len(whole), whole, np.full(len(whole), highspy.HighsVarType.kInteger))
        highs.setOptionValue("time_limit", _SECONDS)
        listen(highs, watch, step="feasible")
        highs.run()
        info = highs.getInfo()
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return None
        column = np.array(highs.getSolution().col_value)
        decided, excess = column[whole] > 0.5, column[columns]
        gaps = sorted(self._gaps(excess), key=lambda pair: (-pair[0], pair[1].code, pair[1].subject, pair[1].year))
        proven = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        start, close = decided[: forms * years].reshape(forms, years), decided[forms * years :].reshape(sites, years)
        return Relaxation(sum(pair[0] for pair in gaps), tuple(gap for _, gap in gaps), start, close, proven)

    def _gaps(self, excess: Floats) -> Iterator[tuple[float, Gap]]:
        given = len(self._gives)
        for (_, row), weight, amount in zip(self._gives, self._weight, excess, strict=False):
            if amount > _NOTHING * (1 + abs(amount)):
                yield float(weight * amount), Gap(row.code, row.subject, row.year, float(amount))
        units = len(self.task.unit_block)
        for at, amount in zip(self._seats.tolist(), excess[given:], strict=True):
            if amount > NOBODY:
                year, unit = divmod(at, units)
                yield float(amount), Gap(SEATS, self._members(unit), self.task.years[year], float(amount))

    def _members(self, merged: int) -> str:
        """Return the units of the whole task that one of the merged stands for."""
        reach = np.isfinite(self.task.cost[merged])
        same: Ints = np.flatnonzero(
            (self.whole.unit_block == self.task.unit_block[merged])
            & (np.isfinite(self.whole.cost) == reach).all(axis=1)
            & (self.whole.pupils.max(axis=0) > 0)
        )
        return ",".join(map(str, same.tolist()))
