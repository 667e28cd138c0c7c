"""Shares, quantiles, Gini and seats within reach; hand-made numbers and properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import ways_of

from layoutplan.seats.equity import (
    gaussian_decay,
    measure_equity,
    seats_within_reach,
    weighted_gini,
    weighted_quantile,
)

weights = st.lists(st.tuples(st.floats(0, 200), st.floats(0.1, 500)), min_size=1, max_size=20)


SEATS = pd.Series({"a": 90.0, "b": 40.0})
PUPILS = pd.Series({"p": 60.0, "q": 20.0, "r": 10.0})


def test_quantiles_are_weighted_by_pupils():
    # 95 of 100 pupils go at most 20 minutes; the mean of the two values would say 40.
    assert weighted_quantile([60, 20], [5, 95], 0.95) == 20
    assert weighted_quantile([60, 20], [6, 94], 0.95) == 60
    assert np.isnan(weighted_quantile([], [], 0.5))


@given(weights)
def test_gini_is_that_of_all_pairs(items):
    value, weight = (np.array(column) for column in zip(*items, strict=True))
    mean = float((value * weight).sum() / weight.sum())
    if mean == 0.0:
        assert np.isnan(weighted_gini(value, weight))
        return
    pairs = np.abs(value[:, None] - value[None]) * weight[:, None] * weight[None]
    assert weighted_gini(value, weight) == pytest.approx(pairs.sum() / (2 * weight.sum() ** 2 * mean), abs=1e-9)


def test_a_school_counts_less_with_distance_and_not_at_all_beyond_the_reach():
    found = gaussian_decay([0, 10, 20, 30], reach_min=20)
    assert found[[0, 2, 3]].tolist() == [1.0, 0.0, 0.0]
    assert found[1] == pytest.approx((np.exp(-0.125) - np.exp(-0.5)) / (1 - np.exp(-0.5)))


def test_seats_within_reach_by_hand():
    ways = ways_of({("p", "a"): 0.0, ("q", "a"): 15.0, ("q", "b"): 0.0, ("r", "b"): 40.0})
    near = float(gaussian_decay([15.0], reach_min=30.0)[0])
    found = seats_within_reach(ways, SEATS, PUPILS, reach_min=30.0)
    rate_a, rate_b = 90 / (60 + 20 * near), 40 / 20
    assert found.to_dict() == pytest.approx({"p": rate_a, "q": rate_a * near + rate_b, "r": 0.0})


def test_who_comes_by_other_means_competes_for_the_same_seats():
    on_foot, by_bus = ways_of({("p", "a"): 15.0}), ways_of({("p", "a"): 0.0})
    near = float(gaussian_decay([15.0], reach_min=30.0)[0])
    seats, walkers, riders = pd.Series({"a": 90.0}), pd.Series({"p": 20.0}), pd.Series({"p": 10.0})
    rate = 90 / (20 * near + 10)
    walk = seats_within_reach(on_foot, seats, walkers, reach_min=30.0, others=[(by_bus, riders)])
    ride = seats_within_reach(by_bus, seats, riders, reach_min=30.0, others=[(on_foot, walkers)])
    assert (walk["p"], ride["p"]) == pytest.approx((rate * near, rate))
    assert walk["p"] * 20 + ride["p"] * 10 == pytest.approx(90.0)


@given(
    st.dictionaries(st.tuples(st.sampled_from("pqrs"), st.sampled_from("abc")), st.floats(0, 29), min_size=1),
    st.lists(st.floats(1, 100), min_size=7, max_size=7),
)
def test_all_seats_within_somebody_s_reach_are_shared_out(pairs, amounts):
    ways = ways_of(pairs)
    pupils = pd.Series(amounts[:4], index=list("pqrs"))
    seats = pd.Series(amounts[4:], index=list("abc"))
    found = seats_within_reach(ways, seats, pupils, reach_min=30.0)
    shared = sum(found[place] * pupils[place] for place in ways.place_ids)
    assert shared == pytest.approx(sum(seats[school] for school in ways.school_ids))


def equity(limit: float = 30.0) -> pd.DataFrame:
    flows = pd.DataFrame(
        [("p", 60.0, 10.0, "day"), ("q", 20.0, 40.0, "beds"), ("q", 20.0, 20.0, "day")],
        columns=["place_id", "pupils", "minutes", "lodging"],
    )
    unplaced = pd.DataFrame([("r", 25.0)], columns=["place_id", "pupils"])
    groups = pd.DataFrame(
        {"township_id": ["t1", "t2", "t2"], "place_kind": ["village", "village", "resettlement"]},
        index=pd.Index(["p", "q", "r"], name="place_id"),
    )
    near = pd.Series({"p": 1.5, "q": 1.0, "r": 0.0})
    return measure_equity(flows, unplaced, groups, limit_min=limit, within_reach=near).set_index(
        ["group_kind", "group"]
    )


def test_trap_13_the_tail_is_reported_with_the_mean_s_place():
    county = equity().loc[("county", "")]
    assert county["share_over_limit"] == pytest.approx(0.20)
    assert county[["median_minutes", "p95_minutes", "max_minutes"]].tolist() == [10.0, 40.0, 40.0]
    # |10-40| 60x20, |10-20| 60x20, |40-20| 20x20, each twice, over 2 x 100 x 100 x 18.
    assert county["gini_minutes"] == pytest.approx(2 * (36_000 + 12_000 + 8_000) / (2 * 100**2 * 18))


def test_trap_23_pupils_without_a_school_are_counted_beside_the_averages():
    table = equity()
    county = table.loc[("county", "")]
    assert county[["pupils", "unplaced"]].tolist() == [100.0, 25.0]
    assert county["seats_per_pupil"] == pytest.approx((60 * 1.5 + 40 * 1.0 + 25 * 0.0) / 125)
    lost = table.loc[("place_kind", "resettlement")]
    assert lost[["pupils", "unplaced"]].tolist() == [0.0, 25.0]
    assert lost[["share_over_limit", "p95_minutes", "gini_minutes"]].isna().all()
    # A group none of whom has a school still has its pupils under the seats.
    assert lost["seats_per_pupil"] == 0.0


def test_townships_and_groups_have_rows_of_their_own():
    table = equity()
    assert table.loc[("township_id", "t1"), "p95_minutes"] == 10.0
    assert table.loc[("township_id", "t2"), "share_over_limit"] == pytest.approx(0.5)
    assert table.loc[("lodging", "beds"), ["pupils", "median_minutes"]].tolist() == [20.0, 40.0]
    for kind in ("township_id", "place_kind", "lodging"):
        assert table.loc[kind]["pupils"].sum() == 100.0
