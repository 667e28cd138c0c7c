"""Which of several optima is taken, and what a seat more saves, by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from layoutplan.seats.ties import Face, break_ties, seat_prices


def face(pupils, seats, ways, *, stay=(), full=()):
    """Return a face of ways ``(unit, school, seconds)``; units that may stay and schools that are full by number."""
    unit, school, cost = np.array(ways, dtype=np.int64).reshape(-1, 3).T
    return Face(
        tuple(f"p{at}" for at in range(len(pupils))), tuple(f"s{at}" for at in range(len(seats))),
        np.array(pupils, dtype=float), np.array(seats, dtype=float), unit, school, cost * 1000,
        np.isin(np.arange(len(pupils)), stay), np.isin(np.arange(len(seats)), full),
    )  # fmt: skip


def test_who_has_no_choice_is_set_and_the_others_share_the_seats_left():
    # p2 goes to s0 or nowhere else, so 10 of 15 seats are left there; p3 stays; p4 is nobody.
    # p0 and p1: 2 + 15 = 6 + 11, and of these 6 and 11 have the smaller squares. p5 fills the 4 seats of s2.
    ways = [(0, 0, 2), (0, 1, 11), (1, 0, 6), (1, 1, 15), (2, 0, 1), (4, 0, 1), (4, 1, 1), (5, 2, 3)]
    flows, unplaced = break_ties(face([10, 10, 5, 7, 0, 10], [15, 10, 4], ways, stay=(3, 5), full=(0, 1, 2)))
    assert flows == pytest.approx([0, 10, 10, 0, 5, 0, 0, 4])
    assert unplaced == pytest.approx([0, 0, 0, 7, 0, 6])


def test_without_any_choice_nothing_is_left_to_solve():
    flows, unplaced = break_ties(face([10, 7, 0], [15], [(0, 0, 2)], stay=(1, 2)))
    assert (flows.tolist(), unplaced.tolist()) == ([10.0], [0.0, 7.0, 0.0])


def test_a_school_that_is_not_full_in_every_optimum_need_not_be_filled():
    # Equal ways: all ten go to the smaller id, though s1 would hold them too; were s1 full, it took its three.
    ways = [(0, 0, 5), (0, 1, 5)]
    assert break_ties(face([10], [12, 3], ways))[0] == pytest.approx([10, 0])
    assert break_ties(face([10], [12, 3], ways, full=(1,)))[0] == pytest.approx([7, 3])


@pytest.mark.parametrize("schools", [2, 4, 40])
def test_the_smaller_id_outweighs_chance_and_the_longer_way_both(schools):
    every = range(schools)
    equal = [(unit, school, 600) for unit in range(30) for school in every]
    flows, _ = break_ties(face([1] * 30, [30] * schools, equal))
    assert flows.reshape(30, schools).sum(axis=0).tolist() == [30.0, *[0.0] * (schools - 1)]
    # The way to the last school is a second shorter than to any other.
    longer = [(unit, school, 600 - (school == schools - 1)) for unit in range(30) for school in every]
    flows, _ = break_ties(face([1] * 30, [30] * schools, longer))
    assert flows.reshape(30, schools).sum(axis=0).tolist() == [*[0.0] * (schools - 1), 30.0]


def test_ids_count_only_between_those_whom_squares_do_not_tell_apart():
    # Ways of the first unit differ by less than a second: the smaller id. Those of the second by one: the shorter.
    ways = [(0, 0, 600), (0, 1, 600), (1, 0, 601), (1, 1, 600)]
    plain = face([1, 1], [2, 2], ways)
    plain.cost_ms[0] += 300
    assert break_ties(plain)[0].tolist() == [1.0, 0.0, 0.0, 1.0]


def test_squares_then_ids_agree_with_trying_every_whole_placement():
    dice = np.random.default_rng(7)
    for _ in range(40):
        units, schools = 4, 3
        seats = dice.integers(1, 4, schools).astype(float)
        seats[-1] = max(seats[-1], units - seats[:-1].sum())
        ways = [(unit, school, int(dice.integers(1, 4))) for unit in range(units) for school in range(schools)]
        cost = np.array([seconds for _, _, seconds in ways]).reshape(units, schools)
        allowed = [
            chosen
            for chosen in itertools.product(range(schools), repeat=units)
            if (np.bincount(chosen, minlength=schools) <= seats).all()
        ]
        best = min(allowed, key=lambda one: (_squares(cost, one), sum(one)))
        flows = break_ties(face([1] * units, seats, ways))[0].reshape(units, schools)
        taken = tuple(np.argmax(flows, axis=1).tolist())
        assert flows.max(axis=1) == pytest.approx(np.ones(units))
        assert (_squares(cost, taken), sum(taken)) == (_squares(cost, best), sum(best))


def _squares(cost, chosen):
    return int((cost[np.arange(len(chosen)), list(chosen)] ** 2).sum())


def test_between_optima_that_neither_squares_nor_ids_tell_apart_names_decide_and_not_rows():
    # One of two alike gets the seat at s0; with rows turned it is the same one.
    ways = [(0, 0, 5), (0, 1, 5), (1, 0, 5), (1, 1, 5)]
    plain = face([1, 1], [1, 1], ways, full=(0, 1))
    turned = Face(("p1", "p0"), *(getattr(plain, name) for name in (
        "school_ids", "pupils", "seats", "unit", "school", "cost_ms", "may_stay", "is_full",
    )))  # fmt: skip
    flows = break_ties(plain)[0].reshape(2, 2)
    assert sorted(flows[:, 0].tolist()) == pytest.approx([0, 1])
    assert break_ties(turned)[0].reshape(2, 2)[::-1] == pytest.approx(flows)


FLOWS = tuple(np.array(column) for column in ([0, 1, 2], [1, 2, 1], [9, 20, 5]))
WAYS = tuple(np.array(column) for column in (
    [0, 0, 1, 1, 1, 2, 3, 3], [0, 1, 0, 1, 2, 1, 1, 2], [1, 9, 19, 5, 20, 5, 4, 200],
))  # fmt: skip


def test_a_seat_more_is_worth_the_longest_chain_of_gains():
    # s1: p1 comes from s2, 20 - 5. s0: p0 comes from s1 (9 - 1) and p1 follows there, 8 + 15; p1 itself gains 1.
    full = face([1, 1, 1, 0], [0, 2, 9], [], full=(0, 1))
    assert seat_prices(FLOWS, np.zeros(4), WAYS, full, 100).tolist() == [23, 15, 0]
    turned = tuple(column[::-1] for column in FLOWS)
    assert seat_prices(turned, np.zeros(4), WAYS, full, 100).tolist() == [23, 15, 0]
    # With s1 not full there is nobody to follow; with s0 not full its seat is free.
    assert seat_prices(FLOWS, np.zeros(4), WAYS, face([1] * 4, [0, 2, 9], [], full=(0,)), 100).tolist() == [8, 0, 0]
    assert seat_prices(FLOWS, np.zeros(4), WAYS, face([1] * 4, [0, 2, 9], [], full=(1,)), 100).tolist() == [0, 15, 0]


def test_a_seat_more_first_goes_to_whoever_has_none_at_the_end_of_the_chain():
    # p3 has no seat and lives 4 from s1: 100 - 4 there, and 8 more where p0 moves up. Its way to s2 is not worth one.
    full = face([1, 1, 1, 1], [0, 2, 1], [], full=(0, 1, 2))
    alone = np.array([0.0, 0.0, 0.0, 0.5])
    # s2: nobody gains by it, p3 neither (100 - 200).
    assert seat_prices(FLOWS, alone, WAYS, full, 100).tolist() == [104, 96, 0]
