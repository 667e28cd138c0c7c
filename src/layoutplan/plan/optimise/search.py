"""Look for the best layout: a linear bound over all ways, branch and bound, an exact assignment of what is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from layoutplan.access.network import Flags
from layoutplan.plan.optimise.program import Program
from layoutplan.plan.optimise.task import Layout, Row, Task, merged_units
from layoutplan.plan.optimise.tidy import tidied
from layoutplan.seats.solver import new_solver

if TYPE_CHECKING:
    import highspy

# Ways up to so many times the dual of their unit are let in before branching.
_MARGINS = (1.15, 1.5, 2.5, 6.0)
# A part in a hundred million is no difference.
_SAME = 1e-8
# With decisions fixed ways are many a unit's, rows few.
_FIRST_WAYS = 20


@dataclass(frozen=True)
class Progress:
    """How far a search is.

    Parameters
    ----------
    step : str
        ``feasible``, ``bound``, ``branch`` or ``others``.
    seconds : float
        What the solver has taken in this step [s].
    best : float
        Objective of the best layout so far; NaN before there is one.
    bound : float
        No layout is better than this; NaN while it is not known.
    """

    step: str
    seconds: float
    best: float
    bound: float

    @property
    def gap(self) -> float:
        """How much better than the best so far another layout may be at most, as a share of it; NaN if not known."""
        return gap_of(self.best, self.bound)


@dataclass(eq=False)
class Watch:
    """Who is told, who may stop the search, and the time it may take.

    Parameters
    ----------
    seconds : float
        Time for branching [s].
    gap : float
        Share at which the search ends.
    on_progress, cancel : callable, optional
        See :func:`layoutplan.plan.optimise.optimise`.
    """

    seconds: float = 60.0
    gap: float = 1e-4
    on_progress: Callable[[Progress], None] | None = None
    cancel: Callable[[], bool] | None = None
    best: float = field(default=np.nan)
    bound: float = field(default=np.nan)
    stopped: bool = False

    def tell(self, step: str, seconds: float) -> None:
        """Say how far it is."""
        if self.on_progress is not None:
            self.on_progress(Progress(step, seconds, self.best, self.bound))

    def asked_to_stop(self) -> bool:
        """Return whether somebody wants the search to end; once asked it stays so."""
        self.stopped = self.stopped or (self.cancel is not None and self.cancel())
        return self.stopped


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found.

    Parameters
    ----------
    best : Layout or None
        The best layout; None if none was found.
    bound : float
        No layout costs less.
    is_proven : bool
        Whether the gap asked for was reached.
    program : Program
        The programme at the end, with all ways and rows that were let in.
    present : float
        Objective of doing nothing; NaN where that breaks a condition.
    """

    best: Layout | None
    bound: float
    is_proven: bool
    program: Program
    present: float

    @property
    def gap(self) -> float:
        """How much better than the best another layout may be at most, as a share of it."""
        return np.nan if self.best is None else gap_of(self.best.objective, self.bound)


def gap_of(best: float, bound: float) -> float:
    """Return how far a bound lies below an objective, as a share of it.

    Examples
    --------
    >>> gap_of(100.0, 99.0), gap_of(0.0, 0.0)
    (0.01, 0.0)
    """
    return max(best - bound, 0.0) / abs(best) if best else 0.0 if bound >= -_SAME else np.inf


class Judge:
    """Works out exactly what decisions come to, with all ways there are."""

    def __init__(self, task: Task) -> None:
        self.task = task
        # Whether seats suffice is asked of the small task first: where they do not, all ways would be tried in vain.
        self._coarse = Program(merged_units(task))
        self._coarse.add_ways(np.where(self._coarse.task.pupils > 0, self._coarse.count, 0))

    def weigh(self, start: Flags, close: Flags) -> Layout | None:
        """Return a layout with its best assignment; None if decisions break a condition or seats do not suffice."""
        self._coarse.fix(start, close)
        if self._coarse.relax(tight=False) is None:
            return None
        task = self.task
        used = task.first_form >= 0
        used[task.form_site[start.any(axis=1)]] = True
        # Ways to what is never built would stand before those that are needed.
        program = Program(replace(task, cost=np.where(used, task.cost, np.inf)), first_ways=_FIRST_WAYS)
        program.fix(start, close)
        solved = program.relax(tight=False)
        return None if solved is None else program.layout(solved, start, close)

    def weigh_found(self, found: Branched) -> Layout | None:
        """Return what branch and bound found, weighed exactly, without what gains nothing."""
        layout = None if found.start is None or found.close is None else self.weigh(found.start, found.close)
        if layout is None:
            return None
        start, close = tidied(self.task, layout)
        if (start == layout.start).all() and (close == layout.close).all():
            return layout
        less = self.weigh(start, close)
        return layout if less is None or less.objective > layout.objective else less


def search(task: Task, watch: Watch, *, starts: Sequence[Layout] = ()) -> Found:
    """Look for the layout of least cost.

    Parameters
    ----------
    task : Task
        What is to be decided.
    watch : Watch
        Time, gap, and who is told.
    starts : sequence of Layout
        Known layouts of the same task to begin from; the present one is tried in any case.

    Returns
    -------
    Found
        Best layout and a bound that holds for all of them.

    Notes
    -----
    The bound is that of a relaxation (:mod:`layoutplan.plan.optimise.program`), the objective that of an exact
    assignment, so the gap between them is never too small. Solved with one thread, an end that is not forced by time
    or by a person is the same on every run.
    """
    judge, program = Judge(task), Program(task)
    years, _, sites, forms = task.shape
    nothing = np.zeros((forms, years), dtype=bool), np.zeros((sites, years), dtype=bool)
    idle = judge.weigh(*nothing)
    present = np.nan if idle is None else idle.objective
    known = [layout for layout in (idle, *starts) if layout is not None]
    best = min(known, key=lambda layout: layout.objective, default=None)
    watch.best, watch.bound = np.nan if best is None else best.objective, np.nan
    watch.tell("bound", 0.0)
    solved = program.relax()
    if solved is None:
        return Found(None, np.inf, is_proven=True, program=program, present=present)
    bound = watch.bound = solved.value
    left = watch.seconds
    for margin in _MARGINS:
        if best is not None and gap_of(best.objective, bound) <= watch.gap or watch.asked_to_stop() or left <= 0:
            break
        program.widen(solved, margin)
        found = branch(program, watch, seconds=left, begin=best)
        bound = watch.bound = max(bound, found.bound)
        left -= found.seconds
        layout = judge.weigh_found(found)
        if layout is not None and (best is None or layout.objective < best.objective):
            best = layout
        # What the solver told on its way may use ways that stand for others; what is kept is weighed.
        watch.best = np.nan if best is None else best.objective
    done = best is not None and gap_of(best.objective, bound) <= watch.gap + _SAME
    bound = bound if best is None else min(bound, best.objective)
    return Found(best, bound, is_proven=done, program=program, present=present)


@dataclass(frozen=True, eq=False)
class Branched:
    """What branch and bound came to: decisions (None if there were none), the bound proven, the seconds taken."""

    start: Flags | None
    close: Flags | None
    bound: float
    seconds: float


def branch(
    program: Program, watch: Watch, *, seconds: float, begin: Layout | None = None, also: Sequence[Row] = ()
) -> Branched:
    """Solve a programme with whole decisions.

    Parameters
    ----------
    program : Program
        With the ways and rows it is to have; it stays as it is.
    watch : Watch
        Gap, and who is told.
    seconds : float
        Time [s].
    begin : Layout, optional
        Decisions to begin from.
    also : sequence of Row
        Conditions more.
    """
    import highspy

    highs = new_solver(presolve=True)
    highs.passModel(program.highs.getLp())
    for row in also:
        columns = program.columns_of(row).astype(np.int32)
        highs.addRow(row.low, row.high, len(columns), columns, row.coefficient)
    years, _, sites, forms = program.task.shape
    whole = np.arange((forms + sites) * years, dtype=np.int32)
    highs.changeColsIntegrality(len(whole), whole, np.full(len(whole), highspy.HighsVarType.kInteger))
    for option, value in (("time_limit", seconds), ("mip_rel_gap", 0.95 * watch.gap), ("mip_abs_gap", 0.0)):
        highs.setOptionValue(option, value)
    if begin is not None:
        decided = np.concatenate([begin.start.ravel(), begin.close.ravel()]).astype(float)
        highs.setSolution(len(whole), whole, decided)
    listen(highs, watch, step="others" if also else "branch")
    highs.run()
    info, took = highs.getInfo(), float(highs.getRunTime())
    if highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return Branched(None, None, np.inf, took)
    bound = float(info.mip_dual_bound)
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Branched(None, None, bound, took)
    chosen = np.array(highs.getSolution().col_value)[whole] > 0.5
    start, close = chosen[: forms * years].reshape(forms, years), chosen[forms * years :].reshape(sites, years)
    return Branched(start, close, bound, took)


def listen(highs: highspy.Highs, watch: Watch, *, step: str) -> None:
    """Pass the solver's progress on, and a wish to stop back to it."""

    def logged(event: Any) -> None:
        out = event.data_out
        if step == "others":
            watch.tell(step, float(out.running_time))
            return
        bound = float(out.mip_dual_bound)
        if np.isfinite(bound):
            watch.bound = np.fmax(watch.bound, bound)
        primal = float(out.mip_primal_bound)
        if np.isfinite(primal):
            watch.best = np.fmin(watch.best, primal)
        watch.tell(step, float(out.running_time))

    def asked(event: Any) -> None:
        if watch.asked_to_stop():
            event.interrupt()

    # A solver that may not write at all tells nobody; this one may, but has nowhere to.
    for option, value in (("log_to_console", False), ("output_flag", True)):
        highs.setOptionValue(option, value)
    listening: Any = highs
    listening.cbMipLogging.subscribe(logged)
    listening.cbMipInterrupt.subscribe(asked)
