"""A siting task as a mixed-integer programme in HiGHS, with only those ways that can matter.

Ways of a unit stand in the order of their cost, and the programme holds a first few of them. All that are left out
are stood for by one column that costs what the cheapest of them costs and needs no seat: the programme is a relaxation
of the task, so its bound is a bound of the task, whatever was left out. Where an optimum uses such a column, more
ways are let in; where none is used, leaving ways out has changed nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.plan.optimise.task import Layout, Row, Task
from layoutplan.seats.solver import new_solver

FIRST_WAYS, MORE_WAYS = 6, 4
# A thousandth of a pupil is nobody.
NOBODY = 1e-3
_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class Solved:
    """A linear optimum: value, columns and duals of the rows."""

    value: float
    column: Floats
    dual: Floats


class Program:
    """The programme of a task; it grows by ways and by rows, and answers do not depend on what was solved before.

    Parameters
    ----------
    task : Task
        What is to be decided.
    first_ways : int
        Ways of every unit it begins with.
    """

    def __init__(self, task: Task, *, first_ways: int = FIRST_WAYS) -> None:
        self.task = task
        years, units, sites, forms = task.shape
        self.order = np.argsort(task.cost, axis=1, kind="stable")
        self.sorted = np.take_along_axis(task.cost, self.order, 1)
        self.count = np.isfinite(task.cost).sum(axis=1)
        self.known = np.zeros((years, units), dtype=np.int64)
        self.first_stand = (forms + sites) * years
        self.first_other = self.first_stand + forms * years
        self.first_way = self.first_other + years * units
        self.way_year, self.way_unit, self.way_site, self.way_linked = (np.empty(0, dtype=np.int64) for _ in range(4))
        self.highs = new_solver()
        self.rows = _Rows(task)
        self._open()
        self.add_ways(np.minimum(first_ways, self.count) * (task.pupils > 0))

    def columns_of(self, row: Row) -> Ints:
        """Return the columns of a row's terms."""
        years, sites, forms = len(self.task.years), len(self.task.site_ids), len(self.task.form_site)
        first = np.array([0, forms * years, (forms + sites) * years])
        return first[row.kind] + row.index * years + row.at

    def _open(self) -> None:
        """Hand over all rows, and the columns of decisions, of standing forms and of ways left out."""
        import highspy

        task, rows = self.task, self.rows
        years, units, sites, forms = task.shape
        columns = self.first_way
        matrix = sp.coo_array(rows.matrix(self), shape=(len(rows.low), columns)).tocsc()
        upper = np.concatenate(
            [task.starts.ravel(), task.closes.ravel(), np.ones(forms * years), np.zeros(years * units)]
        )
        cost = np.zeros(columns)
        cost[: forms * years] = task.start_cost.ravel()
        cost[self.first_stand : self.first_other] = (task.stand_cost[:, None] * task.weight).ravel()
        lp: Any = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = columns, len(rows.low)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, np.zeros(columns), upper.astype(float)
        lp.row_lower_, lp.row_upper_ = rows.low, rows.high
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
        lp.a_matrix_.value_ = matrix.data
        self.highs.passModel(lp)

    def add_ways(self, wanted: Ints) -> None:
        """Let in ways until every year and unit has as many as wanted (int64 [year, unit])."""
        task, (years, units, _, _) = self.task, self.task.shape
        wanted = np.minimum(np.maximum(wanted, self.known), self.count)
        more = (wanted - self.known).ravel()
        pair = np.repeat(np.arange(years * units), more)
        rank = np.arange(len(pair)) - np.repeat(np.cumsum(more) - more - self.known.ravel(), more)
        year, unit = pair // units, pair % units
        site = self.order[unit, rank]
        entries = self.rows.of_ways(year, unit, site)
        start = np.concatenate([[0], np.cumsum((entries >= 0).sum(axis=1))[:-1]]).astype(np.int32)
        index = entries[entries >= 0].astype(np.int32)
        cost = task.weight[year] * task.cost[unit, site]
        self.highs.addCols(
            len(pair), cost, np.zeros(len(pair)), np.full(len(pair), np.inf), len(index), start, index,
            np.ones(len(index)),
        )  # fmt: skip
        self.way_year = np.concatenate([self.way_year, year])
        self.way_unit = np.concatenate([self.way_unit, unit])
        self.way_site = np.concatenate([self.way_site, site])
        self.way_linked = np.concatenate([self.way_linked, np.zeros(len(pair), dtype=np.int64)])
        self.known = wanted
        self._price_others()

    def _price_others(self) -> None:
        """Let what is left out cost what its cheapest way costs; where nothing is, forbid it."""
        task = self.task
        left = self.known < self.count
        following = np.take_along_axis(self.sorted, np.minimum(self.known.T, self.sorted.shape[1] - 1), 1).T
        cost = np.where(left, task.weight[:, None] * np.where(left, following, 0.0), 0.0).ravel()
        columns = np.arange(self.first_other, self.first_way, dtype=np.int32)
        self.highs.changeColsCost(len(columns), columns, cost)
        upper = np.where(left & (task.pupils > 0), np.inf, 0.0).ravel()
        self.highs.changeColsBounds(len(columns), columns, np.zeros(len(columns)), upper)

    def others(self, column: Floats) -> Flags:
        """Return which units use ways left out (bool [year, unit])."""
        years, units, _, _ = self.task.shape
        return column[self.first_other : self.first_way].reshape(years, units) > NOBODY

    def stand(self, column: Floats) -> Floats:
        """Return how far every form stands (float [form, year])."""
        years, _, _, forms = self.task.shape
        return column[self.first_stand : self.first_other].reshape(forms, years)

    def taught(self, column: Floats) -> Floats:
        """Return how far every site teaches every block (float [year, site, block])."""
        return self.rows.taught(self.stand(column))

    def tighten(self, column: Floats) -> int:
        """Add, for every way that carries a larger share of its unit than its site stands, the row that forbids it."""
        task = self.task
        carried = column[self.first_way :]
        at = self.way_year, self.way_site, task.unit_block[self.way_unit]
        whole = task.pupils[self.way_year, self.way_unit]
        over = (carried > whole * self.taught(column)[at] + _TINY * (1 + whole)) & (self.way_linked == 0)
        over &= ~self.rows.always[at[1], at[2]]
        new = np.flatnonzero(over)
        self.way_linked[new] = 1
        if len(new):
            self._link(new)
        return len(new)

    def _link(self, ways: Ints) -> None:
        """Add ``way <= pupils x standing forms that teach them`` for some ways."""
        task, years = self.task, len(self.task.years)
        start, index, value = [0], [], []
        for way in ways.tolist():
            year, unit, site = self.way_year[way], self.way_unit[way], self.way_site[way]
            forms = self.rows.teaching[site, task.unit_block[unit]]
            index += [self.first_way + way, *(self.first_stand + forms * years + year)]
            value += [1.0, *np.full(len(forms), -task.pupils[year, unit])]
            start.append(len(index))
        count = len(ways)
        self.highs.addRows(
            count, np.full(count, -np.inf), np.zeros(count), len(index), np.array(start[:-1], np.int32),
            np.array(index, np.int32), np.array(value),
        )  # fmt: skip

    def fix(self, start: Flags, close: Flags) -> None:
        """Set all decisions."""
        years, _, sites, forms = self.task.shape
        value = np.concatenate([start.ravel(), close.ravel()]).astype(float)
        columns = np.arange((forms + sites) * years, dtype=np.int32)
        self.highs.changeColsBounds(len(columns), columns, value, value)

    def relax(self, *, tight: bool = True) -> Solved | None:
        """Solve without whole numbers over all ways there are; None if there is no solution.

        Parameters
        ----------
        tight : bool
            Whether no way may carry a larger share of its unit than its site stands.
        """
        import highspy

        while True:
            self.highs.run()
            status = self.highs.getModelStatus()
            if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible):
                self.highs.clearSolver()
                self.highs.run()
                status = self.highs.getModelStatus()
            if status == highspy.HighsModelStatus.kInfeasible:
                return None
            if status != highspy.HighsModelStatus.kOptimal:
                raise RuntimeError(f"the solver ended with {status}")
            solution = self.highs.getSolution()
            column, dual = np.array(solution.col_value), np.array(solution.row_dual)
            used = self.others(column)
            grown = self.tighten(column) if tight else 0
            if used.any():
                more = np.maximum(self.known + self.known // 2 + MORE_WAYS, self._within(dual, 1.0, used))
                self.add_ways(np.where(used, more, 0))
            elif not grown:
                return Solved(float(self.highs.getInfo().objective_function_value), column, dual)

    def _within(self, dual: Floats, factor: float, asked: Flags) -> Ints:
        """Return how many ways of some years and units cost no more than some times their dual (int64 [year, unit])."""
        task, (years, units, _, _) = self.task, self.task.shape
        limit = factor * dual[self.rows.demand].reshape(years, units) / task.weight[:, None]
        found = np.zeros((years, units), dtype=np.int64)
        year, unit = np.nonzero(asked)
        found[year, unit] = (self.sorted[unit] <= limit[year, unit, None] + _TINY).sum(axis=1)
        return found

    def widen(self, solved: Solved, factor: float) -> None:
        """Let in all ways that cost no more than some times the dual of their unit."""
        self.add_ways(self._within(solved.dual, factor, self.task.pupils > 0))

    def layout(self, solved: Solved, start: Flags, close: Flags) -> Layout:
        """Return decisions with the flows of a solution that was found with them fixed."""
        years, _, sites, _ = self.task.shape
        carried = solved.column[self.first_way :]
        used = np.flatnonzero(carried > NOBODY)
        used = used[np.lexsort((self.way_site[used], self.way_unit[used], self.way_year[used]))]
        price = np.zeros(self.rows.seats.shape)
        has = self.rows.seats >= 0
        price[has] = np.maximum(-solved.dual[self.rows.seats[has]], 0.0)
        return Layout(
            start, close, solved.value, self.way_year[used], self.way_unit[used], self.way_site[used], carried[used],
            price,
        )  # fmt: skip


class _Rows:
    """The rows of a programme: where each stands, its bounds, and its entries in the columns of decisions."""

    def __init__(self, task: Task) -> None:
        self.task = task
        years, units, sites, forms = task.shape
        stages, blocks = task.form_seats.shape[1], len(task.block_stage)
        self.total = np.stack(
            [task.pupils[:, task.block_stage[task.unit_block] == stage].sum(axis=1) for stage in range(stages)], axis=1
        )
        self.by_block = np.stack([task.pupils[:, task.unit_block == b].sum(axis=1) for b in range(blocks)], axis=1)
        self.teaching = {
            (site, block): np.flatnonzero((task.form_site == site) & task.form_blocks[:, block])
            for site in range(sites)
            for block in range(blocks)
        }
        self.always = self._always()
        self.low, self.high = np.empty(0), np.empty(0)
        self._entries: list[tuple[Ints, Ints, Floats]] = []
        before = np.zeros((forms, years))
        before[task.first_form[task.first_form >= 0], 0] = 1.0
        self.change = self._add(before.ravel(), before.ravel())
        new = np.flatnonzero(task.first_form < 0)
        self.once = dict(
            zip(new.tolist(), self._add(np.full(len(new), -np.inf), np.ones(len(new))).tolist(), strict=True)
        )
        self.demand = self._add(task.pupils.ravel(), task.pupils.ravel())
        self.seats, self.size, self.least, self.block = self._limits()
        self.own = self._add(np.array([row.low for row in task.rows]), np.array([row.high for row in task.rows]))

    def _add(self, low: Floats, high: Floats) -> Ints:
        first = len(self.low)
        self.low, self.high = np.concatenate([self.low, low]), np.concatenate([self.high, high])
        return np.arange(first, len(self.low))

    def _always(self) -> Flags:
        """Return which blocks a site teaches whatever is decided (bool [site, block])."""
        task = self.task
        fixed = (task.first_form >= 0) & ~task.closes.any(axis=1)
        everywhere = np.ones((len(task.site_ids), len(task.block_stage)), dtype=bool)
        np.logical_and.at(everywhere, task.form_site, task.form_blocks)
        return everywhere & fixed[:, None]

    def taught(self, stand: Floats) -> Floats:
        """Return how far every site teaches every block (float [year, site, block])."""
        task, (years, _, sites, _) = self.task, self.task.shape
        found = np.zeros((sites, years, len(task.block_stage)))
        np.add.at(found, task.form_site, stand[:, :, None] * task.form_blocks[:, None, :])
        return found.transpose(1, 0, 2)

    def _limits(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Return the rows that hold flows to forms, new: seats, size, least and block; -1 where there is none."""
        task, (years, _, sites, _) = self.task, self.task.shape
        everyone = self.total.max(axis=0)
        binds = np.zeros((sites, task.form_seats.shape[1]), dtype=bool)
        np.logical_or.at(binds, task.form_site, task.form_seats < everyone)
        sized, held = np.zeros((2, sites), dtype=bool)
        np.logical_or.at(sized, task.form_site, task.form_size < np.minimum(task.form_seats, everyone).sum(axis=1))
        np.logical_or.at(held, task.form_site, task.form_least > 0)
        some = np.zeros((sites, len(task.block_stage)), dtype=bool)
        np.logical_or.at(some, task.form_site, task.form_blocks)
        found = []
        for mask, bound in ((binds, 0), (sized, 0), (held, 1), (some & ~self.always, 0)):
            number = np.full((years, *mask.shape), -1, dtype=np.int64)
            count = years * int(mask.sum())
            low, high = (
                (np.full(count, -np.inf), np.zeros(count)) if bound == 0 else (np.zeros(count), np.full(count, np.inf))
            )
            number[:, mask] = self._add(low, high).reshape(years, -1)
            found.append(number)
        seats, size, least, block = found
        return seats.transpose(0, 2, 1), size, least, block

    def of_ways(self, year: Ints, unit: Ints, site: Ints) -> Ints:
        """Return the rows every way has a one in, -1 where there is none (int64 [way, 5])."""
        block = self.task.unit_block[unit]
        return np.stack(
            [
                self.demand[year * len(self.task.unit_block) + unit],
                self.seats[year, self.task.block_stage[block], site],
                self.size[year, site],
                self.least[year, site],
                self.block[year, site, block],
            ],
            axis=1,
        )  # fmt: skip

    def matrix(self, program: Program) -> tuple[Floats, tuple[Ints, Ints]]:
        """Return values, rows and columns of all entries in the columns of decisions."""
        parts = [*self._change_entries(program), *self._limit_entries(program)]
        for number, row in zip(self.own.tolist(), self.task.rows, strict=True):
            parts.append((row.coefficient, np.full(len(row.kind), number), program.columns_of(row)))
        others = np.arange(program.first_other, program.first_way)
        parts.append((np.ones(len(others)), self.demand, others))
        # Who goes a way left out may go to any school: or a school's fewest pupils could not be proven reachable.
        year, unit, site = np.nonzero((self.least[:, None, :] >= 0) & np.isfinite(self.task.cost))
        parts.append((np.ones(len(year)), self.least[year, site], others[year * len(self.task.cost) + unit]))
        values, rows, columns = (np.concatenate(part) for part in zip(*parts, strict=True))
        return values, (rows, columns)

    def _change_entries(self, program: Program) -> list[tuple[Floats, Ints, Ints]]:
        """Return that a form stands if it stood or starts; the first goes when another starts or the site closes."""
        task, (years, _, sites, forms) = self.task, self.task.shape
        form, year = (axis.ravel() for axis in np.indices((forms, years)))
        own = form * years + year
        later = own[year > 0]
        parts = [
            (np.ones(len(own)), self.change, program.first_stand + own),
            (-np.ones(len(later)), self.change[later], program.first_stand + later - 1),
            (-np.ones(len(own)), self.change, own),
        ]
        first = task.first_form[task.form_site[form]]
        other = (first >= 0) & (first != form)
        parts.append((np.ones(other.sum()), self.change[first[other] * years + year[other]], own[other]))
        site, at = (axis.ravel() for axis in np.indices((sites, years)))
        old = task.first_form[site] >= 0
        rows = self.change[task.first_form[site[old]] * years + at[old]]
        parts.append((np.ones(old.sum()), rows, forms * years + site[old] * years + at[old]))
        fresh = np.array([self.once.get(s, -1) for s in task.form_site.tolist()], dtype=np.int64)[form]
        parts.append((np.ones((fresh >= 0).sum()), fresh[fresh >= 0], own[fresh >= 0]))
        return parts

    def _limit_entries(self, program: Program) -> list[tuple[Floats, Ints, Ints]]:
        task, (years, _, _, forms) = self.task, self.task.shape
        form, year = (axis.ravel() for axis in np.indices((forms, years)))
        site, column = task.form_site[form], program.first_stand + form * years + year
        everyone = self.total.sum(axis=1)[year]
        wanted = [
            (self.seats[year, stage, site], np.minimum(task.form_seats[form, stage], self.total[year, stage]))
            for stage in range(task.form_seats.shape[1])
        ]
        wanted.append((self.size[year, site], np.minimum(task.form_size[form], everyone)))
        wanted.append((self.least[year, site], task.form_least[form]))
        for block, stage in enumerate(task.block_stage.tolist()):
            most = np.minimum(self.by_block[year, block], task.form_seats[form, stage])
            wanted.append((self.block[year, site, block], most * task.form_blocks[form, block]))
        return [(-amount[row >= 0], row[row >= 0], column[row >= 0]) for row, amount in wanted]
