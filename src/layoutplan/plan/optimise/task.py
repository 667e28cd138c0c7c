"""A siting task as plain arrays: who needs a seat, which forms a site may take in which year, and what binds.

A *site* is a school that stands or a place where one may be built. A *form* is a way it can be: as it is, with six
rooms more, as a nine-year school, newly built with twelve rooms. In every year a site stands in one form or in none,
and over all years it changes once at most: one change a school is what a bureau can carry through and explain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from layoutplan.access.network import Flags, Floats, Ints

START, CLOSE, STAND = range(3)


@dataclass(frozen=True, eq=False)
class Row:
    """One condition on decisions: ``low <= sum of coefficient x decision <= high``.

    Parameters
    ----------
    code : str
        Which condition; its words stand under ``optimise.row.<code>``.
    subject : str
        Id of what it is about; empty for the county.
    year : int
        First year of the period it holds in; 0 where it holds for all together.
    low, high : float
        Bounds, in the unit of the coefficients; infinite where there is none.
    kind : int64 [term]
        ``START``, ``CLOSE`` or ``STAND``.
    index : int64 [term]
        Form; for ``CLOSE`` the site.
    at : int64 [term]
        Position of the year.
    coefficient : float [term]
        Factor.
    give : float
        Cost of one unit beyond the bounds when a relaxation is looked for, in pupils without a seat; 0: never.
    """

    code: str
    subject: str
    year: int
    low: float
    high: float
    kind: Ints
    index: Ints
    at: Ints
    coefficient: Floats
    give: float = 0.0

    def value(self, start: Flags, close: Flags, stand: Flags) -> float:
        """Return the sum of coefficient x decision."""
        parts = {START: start, CLOSE: close, STAND: stand}
        each = [parts[kind][i, t] for kind, i, t in zip(self.kind.tolist(), self.index, self.at, strict=True)]
        return float(self.coefficient @ np.array(each, dtype=float)) if each else 0.0


@dataclass(frozen=True, eq=False)
class Task:
    """A siting task.

    Parameters
    ----------
    years : tuple of int
        First year of every period.
    weight : float [year]
        How much a period counts in the sum over pupils.
    block_stage : int64 [block]
        Stage (0 primary, 1 junior) of every block; a block is grades that the same forms teach.
    unit_block : int64 [unit]
        Block of every unit; a unit is the pupils of a block who live in one place.
    pupils : float [year, unit]
        Pupils [person].
    cost : float [unit, site]
        Cost of one pupil of a unit at a site; infinite where there is no way. Not negative.
    site_ids : tuple of str
        Sorted.
    first_form : int64 [site]
        Form before the first year; -1 where nothing stands.
    form_site : int64 [form]
        Site of every form.
    form_seats : float [form, stage]
        Seats; infinite where they do not bind.
    form_size : float [form]
        Most pupils of all stages together; infinite where none is fixed.
    form_least : float [form]
        Fewest pupils with whom it may stand.
    form_blocks : bool [form, block]
        Which blocks it teaches.
    starts : bool [form, year]
        Whether a site may take the form in a year.
    closes : bool [site, year]
        Whether a site may be given up in a year.
    start_cost : float [form, year]
        Cost of taking the form.
    stand_cost : float [form]
        Cost of standing in the form for all periods; a period counts by its weight.
    rows : tuple of Row
        All other conditions.
    """

    years: tuple[int, ...]
    weight: Floats
    block_stage: Ints
    unit_block: Ints
    pupils: Floats
    cost: Floats
    site_ids: tuple[str, ...]
    first_form: Ints
    form_site: Ints
    form_seats: Floats
    form_size: Floats
    form_least: Floats
    form_blocks: Flags
    starts: Flags
    closes: Flags
    start_cost: Floats
    stand_cost: Floats
    rows: tuple[Row, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Number of years, units, sites and forms."""
        return len(self.years), len(self.unit_block), len(self.site_ids), len(self.form_site)


@dataclass(frozen=True, eq=False)
class Layout:
    """Decisions of a task, and what they come to.

    Parameters
    ----------
    start : bool [form, year]
        Forms taken.
    close : bool [site, year]
        Sites given up.
    objective : float
        Cost of decisions and of all ways, by the best assignment there is.
    year, unit, site : int64 [flow]
        Who goes where.
    pupils : float [flow]
        How many [person].
    seat_price : float [year, stage, site]
        What one seat more would save; 0 where seats are left.
    """

    start: Flags
    close: Flags
    objective: float
    year: Ints
    unit: Ints
    site: Ints
    pupils: Floats
    seat_price: Floats

    def stands(self, task: Task) -> Flags:
        """Return in which form every site stands (bool [form, year])."""
        return standing(task, self.start, self.close)

    def acted(self, task: Task) -> Flags:
        """Return which sites change (bool [site])."""
        found: Flags = np.asarray(self.close.any(axis=1))
        found[task.form_site[self.start.any(axis=1)]] = True
        return found


def standing(task: Task, start: Flags, close: Flags) -> Flags:
    """Return in which form every site stands under some decisions (bool [form, year])."""
    stand = np.cumsum(start, axis=1) > 0
    left = np.zeros((len(task.site_ids), len(task.years)), dtype=bool)
    np.logical_or.at(left, task.form_site, start)
    left = np.cumsum(left | close, axis=1) > 0
    old = np.flatnonzero(task.first_form >= 0)
    stand[task.first_form[old]] = ~left[old]
    return stand


def merged_units(task: Task) -> Task:
    """Return the task with units that reach the same sites made one, and ways that cost nothing.

    Whether seats suffice does not depend on how long ways are, so this much smaller task is feasible exactly if the
    whole one is.
    """
    reach = np.isfinite(task.cost)
    signature = np.column_stack([task.unit_block, np.packbits(reach, axis=1)])
    _, first, group = np.unique(signature, axis=0, return_index=True, return_inverse=True)
    pupils = np.zeros((len(task.years), len(first)))
    np.add.at(pupils.T, group.ravel(), task.pupils.T)
    cost = np.where(reach[first], 0.0, np.inf)
    return replace(
        task, unit_block=task.unit_block[first], pupils=pupils, cost=cost,
        start_cost=np.zeros_like(task.start_cost), stand_cost=np.zeros_like(task.stand_cost),
    )  # fmt: skip
