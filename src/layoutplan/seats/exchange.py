"""Whole villages moved and exchanged between schools until none gains: a good answer for large models, fast.

Schools may be filled beyond their seats on the way, at a price that rises where they are and falls
where nothing is over, so that the search gets out of the valley it began in. The order of trying
is that of the ids and nothing is left to chance, so the same market gives the same answer. Where
catchments have to hang together, no move is made that would tear one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from layoutplan.access.engine import is_compiled
from layoutplan.access.network import Flags, Floats, Ints

_Kernel = TypeVar("_Kernel", bound=Callable[..., object])
_GAIN = 1e-7
_PASSES = 40
_SEAT = 1e-6
_DEARER, _CHEAPER = 1.1, 0.7


def _fast(function: _Kernel) -> _Kernel:
    """Compile a function where numba is to be had; without it the same answers take longer."""
    if not is_compiled():
        return function
    from layoutplan.access.compiled import compiled

    return compiled(function)


class Board(NamedTuple):
    """Units, schools and what a move costs; the last column stands for no school at all.

    Parameters
    ----------
    pupils : float [unit]
        Pupils; a unit of none is never moved.
    seats : float [school + 1]
        Seats; the last has room for all.
    cost : float [unit, school + 1]
        Of a whole unit; infinite where there is no way.
    start, school : int64 [unit + 1], [way]
        Schools worth trying for each unit, nearest first.
    touch_start, touch : int64 [unit + 1], [pair]
        Units whose ground touches; empty where catchments need not hang together.
    rooted : bool [unit, school + 1]
        Whether the unit touches the ground of the school itself.
    is_open : bool [unit]
        Units that let every catchment through.
    """

    pupils: Floats
    seats: Floats
    cost: Floats
    start: Ints
    school: Ints
    touch_start: Ints
    touch: Ints
    rooted: Flags
    is_open: Flags


@_fast
def _hangs(board: Board, at: Ints, begin: int, school: int, without: int) -> bool:
    """Return whether what hangs on a unit, one left out, reaches the school's ground or is nobody's."""
    seen = np.zeros(len(at), dtype=np.bool_)
    stack = np.empty(len(at), dtype=np.int64)
    stack[0], count, someone = begin, 1, False
    seen[begin] = True
    if without >= 0:
        seen[without] = True
    while count > 0:
        count -= 1
        unit = stack[count]
        if board.rooted[unit, school]:
            return True
        someone = someone or (at[unit] == school and not board.is_open[unit])
        for pair in range(board.touch_start[unit], board.touch_start[unit + 1]):
            other = board.touch[pair]
            if not seen[other] and (at[other] == school or board.is_open[other]):
                seen[other] = True
                stack[count] = other
                count += 1
    return not someone


@_fast
def _may_leave(board: Board, at: Ints, unit: int) -> bool:
    """Return whether a school's other units still hang together without one."""
    school = at[unit]
    if school == len(board.seats) - 1 or board.is_open[unit]:
        return True
    for pair in range(board.touch_start[unit], board.touch_start[unit + 1]):
        other = board.touch[pair]
        if (at[other] == school or board.is_open[other]) and not _hangs(board, at, other, school, unit):
            return False
    return True


@_fast
def _may_go(board: Board, at: Ints, moves: Ints) -> bool:
    """Return whether units may go to schools (rows of unit, school), all at once; ``at`` is as before afterwards."""
    if len(board.touch) == 0:
        return True
    old = np.empty(len(moves), dtype=np.int64)
    fine = True
    for row in range(len(moves)):
        unit, school = moves[row]
        old[row] = at[unit]
        fine = fine and _may_leave(board, at, unit)
        at[unit] = school
        fine = fine and (board.is_open[unit] or school == len(board.seats) - 1 or _hangs(board, at, unit, school, -1))
    for row in range(len(moves) - 1, -1, -1):
        at[moves[row, 0]] = old[row]
    return fine


@_fast
def _over(pupils: float, seats: float, price: float) -> float:
    return price * (pupils - seats) if pupils > seats else 0.0


@_fast
def _change(board: Board, used: Floats, price: Floats, school: int, more: float) -> float:
    """Return what so many pupils more at a school cost for being over its seats."""
    seats = board.seats[school]
    return _over(used[school] + more, seats, price[school]) - _over(used[school], seats, price[school])


@_fast
def _swap(board: Board, at: Ints, used: Floats, price: Floats, step_to: tuple[int, int], row: Ints) -> bool:
    """Exchange a unit with the first of a school for whom both together gain; ``row`` lists the school's units."""
    unit, there = step_to
    here, size, both = at[unit], board.pupils[unit], np.empty((2, 2), dtype=np.int64)
    step = board.cost[unit, there] - board.cost[unit, here]
    freed = -_change(board, used, price, here, -size)
    other = row[len(at) + there]
    while other >= 0:
        swap = board.cost[other, here] - board.cost[other, there]
        # Whoever went away meanwhile still stands in the list of the school: passed over.
        if at[other] == there and step + swap < freed + price[there] * size:
            change = size - board.pupils[other]
            total = (
                step + swap + _change(board, used, price, here, -change) + _change(board, used, price, there, change)
            )
            if total < -_GAIN:
                both[0, 0], both[0, 1], both[1, 0], both[1, 1] = unit, there, other, here
                if _may_go(board, at, both):
                    at[unit], at[other] = there, here
                    used[here] -= change
                    used[there] += change
                    return True
        other = row[other]
    return False


@_fast
def _shift(board: Board, at: Ints, used: Floats, price: Floats, unit: int, there: int) -> bool:
    """Move a unit to a school if that gains."""
    here, size = at[unit], board.pupils[unit]
    step = board.cost[unit, there] - board.cost[unit, here]
    total = step + _change(board, used, price, here, -size) + _change(board, used, price, there, size)
    move = np.empty((1, 2), dtype=np.int64)
    move[0, 0], move[0, 1] = unit, there
    if total >= -_GAIN or not _may_go(board, at, move):
        return False
    at[unit] = there
    used[here] -= size
    used[there] += size
    return True


@_fast
def _one_pass(board: Board, at: Ints, used: Floats, price: Floats) -> bool:
    """Try every unit once; return whether anything moved."""
    units, nowhere = len(at), len(board.seats) - 1
    # The next unit of the same school, and after them the first of each school.
    row = np.full(units + nowhere + 1, -1)
    for unit in range(units - 1, -1, -1):
        if board.start[unit + 1] > board.start[unit]:
            row[unit], row[units + at[unit]] = row[units + at[unit]], unit
    moved = False
    for unit in range(units):
        for way in range(board.start[unit], board.start[unit + 1]):
            here, there = at[unit], board.school[way]
            if there == here:
                continue
            if _shift(board, at, used, price, unit, there):
                moved = True
            elif there != nowhere and here != nowhere:
                moved = _swap(board, at, used, price, (unit, there), row) or moved
    return moved


@_fast
def _shed(board: Board, at: Ints, used: Floats) -> None:
    """Leave units without a seat where a school is over its seats, those first that nothing hangs on."""
    schools = len(board.seats)
    left = True
    while left:
        left = False
        for unit in range(len(at)):
            school = at[unit]
            if used[school] > board.seats[school] + _SEAT and board.pupils[unit] > 0 and _may_leave(board, at, unit):
                at[unit] = schools - 1
                used[school] -= board.pupils[unit]
                left = True


@_fast
def _settle(board: Board, at: Ints, used: Floats, price: Floats) -> float:
    """Move units until none gains, then make seats dearer where they do not suffice; return the cost if all fit."""
    used[:] = 0.0
    for unit in range(len(at)):
        used[at[unit]] += board.pupils[unit]
    for _ in range(_PASSES):
        if not _one_pass(board, at, used, price):
            break
    over = used > board.seats + _SEAT
    if over.any():
        price[over] *= _DEARER
        return np.inf
    price *= _CHEAPER
    total = 0.0
    for unit in range(len(at)):
        if board.pupils[unit] > 0:
            total += board.cost[unit, at[unit]]
    return total


@_fast
def exchange(board: Board, begin: Ints, price: Floats, rounds: int) -> Ints:
    """Return the best whole placement met: int64 [unit], the number of schools where a unit has none.

    Parameters
    ----------
    board : Board
        The market.
    begin : int64 [unit]
        Where the units are first; schools may be over their seats.
    price : float [school + 1]
        What a pupil over the seats costs at first.
    rounds : int
        How often prices change.
    """
    at, price = begin.copy(), price.copy()
    best, least, used = begin.copy(), np.inf, np.zeros(len(board.seats))
    for _ in range(rounds):
        total = _settle(board, at, used, price)
        if total < least - _GAIN:
            least = total
            best[:] = at
    if least == np.inf:
        _shed(board, at, used)
        best[:] = at
    return best
