"""The programme of a siting task: what decisions cost, whom seats hold, and a bound that is never too high."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_tasks import ANY, decisions, form, task
from siting_tasks import cost_of, draw, every_choice, keeps_rows

from layoutplan.plan.optimise.program import Program, Solved
from layoutplan.plan.optimise.task import CLOSE, STAND, START, Row

A, N, M = range(3)


def fixed(given, *, start=(), close=(), **options):
    """Return the least cost under some decisions; None if there is none."""
    program = Program(given, **options)
    program.fix(*decisions(given, start=start, close=close))
    solved = program.relax()
    return None if solved is None else solved.value


def bound(given, *, tight):
    return Program(given).relax(tight=tight).value


# ---- against an assignment by another library ---------------------------------------------------------
@pytest.mark.parametrize("years", [1, 2, 3])
@pytest.mark.parametrize("seed", [1, 3, 4])
def test_under_fixed_decisions_the_cost_is_that_of_the_best_assignment(seed, years):
    weight = np.array([[1.0], [0.25, 0.75], [0.2, 0.3, 0.5]][years - 1])
    drawn = draw(seed, years=years, places=4, standing=2, new=1)
    drawn = replace(drawn, weight=weight, form_seats=1.7 * drawn.form_seats, form_size=2 * drawn.form_size)
    choices = list(every_choice(drawn))
    known = 0
    for start, close in choices[:: max(len(choices) // 8, 1)]:
        program = Program(drawn)
        program.fix(start, close)
        solved, wanted = program.relax(tight=False), cost_of(drawn, start, close)
        if not keeps_rows(drawn, start, close) or not np.isfinite(wanted):
            assert solved is None
        else:
            known += 1
            assert solved.value == pytest.approx(wanted, rel=1e-6)
    assert known


# ---- columns of decisions --------------------------------------------------------------------------------
def test_terms_of_a_row_stand_by_form_then_by_site_then_by_standing_form_each_year_by_year():
    given = task([[1.0], [1.0]], [[1.0, 2.0]], [form(A, old=True), form(A), form(N)])
    row = Row(
        "r", "", 0, 0.0, 1.0, np.array([START, CLOSE, STAND]), np.array([2, 1, 0]), np.array([1, 0, 1]), np.ones(3)
    )
    # 3 forms x 2 years, then 2 sites x 2 years, then 3 forms x 2 years.
    assert Program(given).columns_of(row).tolist() == [5, 8, 11]


@pytest.mark.parametrize(
    ("kind", "index", "at", "possible"),
    [(START, 1, 0, False), (START, 1, 1, True), (CLOSE, 0, 1, False), (CLOSE, 0, 0, True), (STAND, 0, 0, False)],
)
def test_a_condition_forbids_the_decision_it_names_and_no_other(kind, index, at, possible):
    never = Row("r", "", 0, 0.0, 0.0, np.array([kind]), np.array([index]), np.array([at]), np.ones(1))
    given = task([[5.0], [5.0]], [[1.0, 1.0]], [form(A, old=True), form(N)], closes=[A], rows=[never])
    assert (fixed(given, start=[(1, 0)], close=[(A, 1)]) is not None) == possible


def test_schools_cost_what_taking_a_form_costs_and_what_running_it_costs_by_the_weight_of_the_years():
    # A runs for 8 in both years, N is built for 100 and runs for 40 in the second; 10 pupils walk 3 to A in both.
    given = task(
        [[10.0], [10.0]], [[3.0, 7.0]], [form(A, old=True, running=8.0), form(N, price=100.0, running=40.0)],
        weight=[0.25, 0.75],
    )  # fmt: skip
    assert fixed(given) == pytest.approx(8 + 30)
    assert fixed(given, start=[(1, 1)]) == pytest.approx(8 + 100 + 0.75 * 40 + 30)
    assert fixed(given, start=[(1, 0)]) == pytest.approx(8 + 100 + 40 + 30)


def test_a_school_given_up_costs_and_teaches_until_the_year_it_goes():
    given = task(
        [[10.0], [10.0]], [[3.0, 7.0]], [form(A, old=True, running=8.0), form(N, old=True)], weight=[0.25, 0.75],
        closes=[A],
    )  # fmt: skip
    assert fixed(given, close=[(A, 1)]) == pytest.approx(0.25 * (8 + 30) + 0.75 * 70)
    assert fixed(given, close=[(A, 0)]) == pytest.approx(70)


@pytest.mark.parametrize(
    ("start", "close"),
    [
        ([(2, 0), (3, 0)], []),
        ([(2, 0), (2, 1)], []),
        ([(2, 0), (3, 1)], []),
        ([(1, 0)], [(A, 1)]),
        ([(1, 0), (1, 1)], []),
        ([], [(A, 0), (A, 1)]),
    ],
)
def test_a_site_changes_once_at_most(start, close):
    given = task([[0.0], [0.0]], [[1.0, 1.0]], [form(A, old=True), form(A), form(N), form(N)], closes=[A])
    assert fixed(given, start=start, close=close) is None
    assert fixed(given, start=start[:1], close=[] if start else close[:1]) is not None


# ---- whom schools may teach ---------------------------------------------------------------------------------
def test_nobody_goes_to_a_school_that_is_not_built_though_its_seats_bind_nobody():
    given = task([[10.0]], [[9.0, 1.0]], [form(A, old=True), form(N)])
    assert fixed(given) == pytest.approx(90)
    assert fixed(given, start=[(1, 0)]) == pytest.approx(10)


def test_nobody_goes_to_a_school_that_was_given_up_though_its_seats_bind_nobody():
    given = task([[10.0]], [[1.0, 9.0]], [form(A, old=True), form(N, old=True)], closes=[A])
    assert fixed(given) == pytest.approx(10)
    assert fixed(given, close=[(A, 0)]) == pytest.approx(90)


@pytest.mark.parametrize(("taken", "cost"), [((), 10 + 90), ([(1, 0)], 10 + 10), ([(2, 0)], 90 + 90)])
def test_a_school_teaches_what_the_form_it_stands_in_teaches(taken, cost):
    """A teaches the first block, then both, or none; whom it does not teach go nine minutes to N."""
    forms = [
        form(A, old=True, teaches=(True, False)), form(A), form(A, teaches=(False, False)), form(N, old=True),
    ]  # fmt: skip
    given = task([[10.0, 10.0]], [[1.0, 9.0]] * 2, forms, unit_block=[0, 1], block_stage=(0, 1))
    assert fixed(given, start=taken) == pytest.approx(cost)


@pytest.mark.parametrize(("seats", "cost"), [(10.0, 10), (9.0, 9 + 5), (0.0, 50)])
def test_whoever_finds_no_seat_goes_on_to_the_next_school(seats, cost):
    given = task([[10.0]], [[1.0, 5.0]], [form(A, old=True, seats=(seats, 0.0)), form(N, old=True)])
    assert fixed(given) == pytest.approx(cost)


@pytest.mark.parametrize(("seats", "possible"), [(10.0, True), (9.9, False)])
def test_without_a_seat_for_everybody_in_every_year_there_is_no_solution(seats, possible):
    given = task([[4.0], [10.0]], [[1.0]], [form(A, old=True, seats=(seats, 0.0))])
    assert (fixed(given) is not None) == possible


def test_seats_are_counted_by_stage_and_blocks_of_a_stage_share_them():
    # Blocks 0 and 1 are primary, block 2 junior: 12 primary seats for 16 pupils, 5 junior seats for 6.
    given = task(
        [[8.0, 8.0, 6.0]], [[1.0, 2.0], [1.0, 3.0], [1.0, 4.0]],
        [form(A, old=True, seats=(12.0, 5.0)), form(N, old=True)], unit_block=[0, 1, 2],
    )  # fmt: skip
    assert fixed(given) == pytest.approx(12 + 4 * 2 + 5 + 4)


@pytest.mark.parametrize(("size", "cost"), [(14.0, 14), (13.0, 13 + 2), (0.0, 28)])
def test_a_school_s_size_holds_its_stages_together(size, cost):
    given = task(
        [[8.0, 6.0]], [[1.0, 2.0], [1.0, 2.0]], [form(A, old=True, size=size), form(N, old=True)], unit_block=[0, 2],
    )  # fmt: skip
    assert fixed(given) == pytest.approx(cost)


def test_a_size_binds_in_the_year_with_more_pupils_only():
    given = task(
        [[8.0], [12.0]], [[1.0, 2.0]], [form(A, old=True, seats=(20.0, 0.0), size=10.0), form(N, old=True)],
        weight=[0.5, 0.5],
    )  # fmt: skip
    assert fixed(given) == pytest.approx(0.5 * 8 + 0.5 * (10 + 2 * 2))


@pytest.mark.parametrize(("least", "cost"), [(0.0, 10), (1.0, 9 + 4), (10.0, 40)])
def test_a_school_stands_with_its_fewest_pupils_whatever_their_ways(least, cost):
    given = task([[10.0]], [[1.0, 4.0]], [form(A, old=True), form(N, least=least)])
    assert fixed(given, start=[(1, 0)]) == pytest.approx(cost)
    assert fixed(given) == pytest.approx(10)


def test_fewer_pupils_than_a_school_needs_are_no_solution():
    assert fixed(task([[10.0]], [[1.0, 4.0]], [form(A, old=True), form(N, least=10.5)]), start=[(1, 0)]) is None


def test_half_a_pupil_has_a_way_and_is_counted():
    """Half a pupil at the door of a full school goes to the third school, two for the whole pupil beside."""
    given = task([[0.5, 1.0]], [[1.0, 2.0, 3.0]] * 2, [
        form(A, old=True, seats=(0.0, 0.0)), form(N, old=True, seats=(0.0, 0.0)), form(M, old=True),
    ])  # fmt: skip
    assert fixed(given, first_ways=1) == pytest.approx(4.5)


def test_a_unit_without_pupils_needs_neither_way_nor_seat():
    given = task([[0.0, 4.0]], [[ANY, ANY], [1.0, 2.0]], [form(A, old=True), form(N, old=True)])
    assert fixed(given) == pytest.approx(4)


def test_pupils_without_any_way_are_no_solution():
    assert fixed(task([[1.0, 4.0]], [[ANY, ANY], [1.0, 2.0]], [form(A, old=True), form(N, old=True)])) is None


# ---- ways left out --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("first_ways", [0, 1, 2, 3, 4, 9])
def test_however_many_ways_are_let_in_first_the_answer_is_the_same(first_ways):
    """7 pupils fill the nearest schools in turn: 1, 2, 3 seats, and one is left for the farthest."""
    given = task([[7.0], [3.0]], [[4.0, 1.0, 2.0, 8.0]], [
        form(1, old=True, seats=(1.0, 0.0)), form(2, old=True, seats=(2.0, 0.0)),
        form(0, old=True, seats=(3.0, 0.0)), form(3, old=True),
    ], weight=[0.25, 0.75])  # fmt: skip
    by_hand = 0.25 * (1 + 2 * 2 + 3 * 4 + 8) + 0.75 * (1 + 2 * 2)
    assert fixed(given, first_ways=first_ways) == pytest.approx(by_hand)


def test_where_the_first_ways_seat_everybody_no_others_are_let_in():
    given = task([[7.0, 0.0]], [[1.0, 2.0, 3.0, 4.0]] * 2, [form(site, old=True) for site in range(4)])
    program = Program(given, first_ways=2)
    solved = program.relax()
    assert program.known.tolist() == [[2, 0]]
    assert not program.others(solved.column).any()


def test_only_the_unit_that_needs_more_ways_gets_them():
    forms = [form(A, old=True, seats=(7.0, 0.0)), form(N, old=True, seats=(9.0, 0.0)), form(M, old=True)]
    given = task([[7.0, 9.5]], [[1.0, 8.0, 9.0], [9.0, 1.0, 4.0]], forms)
    program = Program(given, first_ways=1)
    assert program.relax().value == pytest.approx(7 + 9 + 0.5 * 4)
    assert program.known[0, 0] == 1
    assert program.known[0, 1] > 1


def test_ways_once_let_in_stay_and_there_are_no_more_than_sites_to_reach():
    given = task([[7.0, 7.0]], [[1.0, 2.0, 3.0], [1.0, ANY, 3.0]], [form(site, old=True) for site in range(3)])
    program = Program(given, first_ways=2)
    program.add_ways(np.array([[1, 5]]))
    assert program.known.tolist() == [[2, 2]]
    program.add_ways(np.array([[5, 1]]))
    assert program.known.tolist() == [[3, 2]]
    # In the order of their cost, and nothing twice.
    assert list(zip(program.way_unit.tolist(), program.way_site.tolist(), strict=True)) == [
        (0, A), (0, N), (1, A), (1, M), (0, M),
    ]  # fmt: skip


@pytest.mark.parametrize(("factor", "known"), [(1.0, 1), (2.9, 2), (3.0, 3), (4.1, 4), (99.0, 5)])
def test_widening_lets_in_ways_up_to_so_many_times_the_price_of_a_seat(factor, known):
    """Every pupil goes a minute; a year that counts a quarter prices a minute at a quarter."""
    sites = 4
    given = task(
        [[5.0, 0.0], [5.0, 5.0]], [[1.0, 2.0, 3.0, 4.0]] * 2, [form(site, old=True) for site in range(sites)],
        weight=[0.25, 0.75],
    )  # fmt: skip
    program = Program(given, first_ways=1)
    program.widen(program.relax(), factor)
    known = min(known, sites)
    assert program.known.tolist() == [[known, 0], [known, known]]


# ---- the bound -------------------------------------------------------------------------------------------------
def test_a_school_stands_as_far_as_it_carries_any_one_of_its_villages():
    """N is built for 100: half of it would do for half of the pupils, but all of one village go there."""
    given = task([[10.0, 10.0]], [[1.0, 50.0], [50.0, 1.0]], [form(A, old=True), form(N, price=100.0)])
    assert bound(given, tight=False) == pytest.approx(10 + 10 + 50)
    assert bound(given, tight=True) == pytest.approx(10 + 10 + 100)


def test_every_form_that_teaches_a_village_stands_for_it_in_its_own_year():
    """20 pupils of two villages each year; N can be had small for 60 or large for 64, M for 72.

    In the second year alone the second village is worth N and the third M. Whatever form carries it, it has to
    stand whole: the cheaper one, once.
    """
    given = task(
        [[10.0, 0.0, 0.0], [10.0, 10.0, 20.0]], [[1.0, 99.0, 99.0], [99.0, 1.0, 99.0], [99.0, 99.0, 1.0]],
        [form(A, old=True), form(N, price=60.0), form(N, price=64.0), form(M, price=72.0)], weight=[0.5, 0.5],
    )  # fmt: skip
    ways = 0.5 * 10 + 0.5 * 40
    # 10 of 40 pupils go to N, 20 of 40 to M.
    assert bound(given, tight=False) == pytest.approx(ways + 60 / 4 + 72 / 2)
    assert bound(given, tight=True) == pytest.approx(ways + 60 + 72)


def test_a_form_that_does_not_teach_a_village_does_not_stand_for_it():
    given = task(
        [[10.0, 10.0, 10.0]], [[1.0, 99.0], [99.0, 1.0], [99.0, 1.0]],
        [form(A, old=True), form(N, price=50.0, teaches=(True, False)), form(N, price=200.0)],
        unit_block=[0, 0, 1], block_stage=(0, 0),
    )  # fmt: skip
    assert bound(given, tight=True) == pytest.approx(30 + 200)


def test_seats_beyond_all_pupils_make_no_school_cheaper():
    """Ten pupils of twenty need half of a school of 40 seats, as of one of 20."""
    for seats in (20.0, 40.0):
        given = task(
            [[10.0, 10.0]], [[1.0, 50.0], [50.0, 1.0]], [form(A, old=True), form(N, seats=(seats, 0.0), price=100.0)]
        )
        assert bound(given, tight=False) == pytest.approx(10 + 10 + 50)


def test_how_far_sites_teach_is_told_by_year_site_and_block():
    given = task(
        [[1.0, 1.0], [1.0, 1.0]], [[1.0, 2.0]] * 2,
        [form(A, old=True, teaches=(True, False)), form(N), form(N, teaches=(False, True))], unit_block=[0, 1],
        block_stage=(0, 1),
    )  # fmt: skip
    program = Program(given)
    column = np.zeros(program.first_way)
    # Standing forms after 3 x 2 forms taken and 2 x 2 sites given up.
    column[10:16] = [1.0, 0.5, 0.25, 0.0, 0.5, 0.75]
    assert program.stand(column).tolist() == [[1.0, 0.5], [0.25, 0.0], [0.5, 0.75]]
    assert program.taught(column).tolist() == [[[1.0, 0.0], [0.25, 0.75]], [[0.5, 0.0], [0.0, 0.75]]]


@pytest.mark.parametrize(("amount", "uses"), [(0.5, True), (0.0005, False)])
def test_a_thousandth_of_a_pupil_uses_no_way_left_out(amount, uses):
    given = task([[1.0, 1.0], [1.0, 1.0]], [[1.0], [1.0]], [form(A, old=True)])
    program = Program(given)
    column = np.zeros(program.first_way)
    column[program.first_other + 2] = amount
    assert program.others(column).tolist() == [[False, False], [uses, False]]


# ---- the layout ------------------------------------------------------------------------------------------------
def laid_out(given, *, start=(), close=()):
    program = Program(given)
    chosen = decisions(given, start=start, close=close)
    program.fix(*chosen)
    return program.layout(program.relax(), *chosen)


def test_flows_are_told_by_year_unit_and_site_and_add_up_to_the_pupils():
    # The second village is so far from A that the first gives way to it: A's six seats are its own.
    given = task(
        [[4.0, 6.0], [0.5, 5.0]], [[2.0, 1.0], [3.0, 9.0]],
        [form(A, old=True, seats=(6.0, 0.0)), form(N, old=True, seats=(3.5, 0.0))], weight=[0.5, 0.5],
    )  # fmt: skip
    given = replace(given, form_seats=np.array([[7.0, 0.0], [3.5, 0.0]]))
    found = laid_out(given)
    flows = zip(found.year.tolist(), found.unit.tolist(), found.site.tolist(), found.pupils.tolist(), strict=True)
    assert [(year, unit, site, round(pupils, 6)) for year, unit, site, pupils in flows] == [
        (0, 0, A, 0.5), (0, 0, N, 3.5), (0, 1, A, 6.0), (1, 0, N, 0.5), (1, 1, A, 5.0),
    ]  # fmt: skip
    assert found.objective == pytest.approx(0.5 * (1 + 3.5 + 18) + 0.5 * (0.5 + 15))


def test_a_seat_more_is_worth_the_minutes_it_saves_by_the_weight_of_its_year():
    """A's seats are full in the second year only: one more saves a primary pupil four minutes, a junior pupil two."""
    given = task(
        [[4.0, 2.0], [9.0, 5.0]], [[1.0, 5.0], [1.0, 3.0]],
        [form(A, old=True, seats=(6.5, 3.5)), form(N, old=True)], unit_block=[0, 2], weight=[0.25, 0.75],
    )  # fmt: skip
    price = laid_out(given).seat_price
    assert price.shape == (2, 2, 2)
    assert price[0].max() == 0
    assert price[1].tolist() == [pytest.approx([0.75 * 4, 0.0]), pytest.approx([0.75 * 2, 0.0])]


def test_a_layout_leaves_out_less_than_a_thousandth_of_a_pupil():
    given = task([[4.0, 0.0]], [[1.0], [1.0]], [form(A, old=True)])
    program = Program(given)
    program.add_ways(np.array([[1, 1]]))
    chosen = decisions(given)
    program.fix(*chosen)
    solved = program.relax()
    column = solved.column.copy()
    column[program.first_way :] = [4.0, 0.0005]
    found = program.layout(Solved(solved.value, column, solved.dual), *chosen)
    assert found.unit.tolist() == [0]


def test_a_school_that_may_go_only_later_teaches_until_then_and_nobody_after():
    given = task([[10.0], [10.0]], [[1.0, 9.0]], [form(A, old=True), form(N, old=True)], weight=[0.25, 0.75])
    given = replace(given, closes=np.array([[False, True], [False, False]]))
    assert fixed(given, close=[(A, 1)]) == pytest.approx(0.25 * 10 + 0.75 * 90)
