"""Forecasts worked by hand, laws they keep on any history, and no look ahead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from districts import KINDS, make_district
from hypothesis import given, settings
from hypothesis import strategies as st

from layoutplan.errors import DataError
from layoutplan.seats.entries import district_entries, entries_from_births, entry_grades, robust_level, top_grades
from layoutplan.seats.forecast import forecast, roll
from layoutplan.seats.guesses import PARTS, grade_progression, make_guess
from layoutplan.seats.history import make_history
from layoutplan.seats.progression import learn_ratios


def as_table(pupils, first_year=2000):
    """Rows of a cube [school, year, grade]."""
    return pd.DataFrame(
        [
            (f"s{s}", first_year + y, g, int(pupils[s, y, g]))
            for s, y, g in np.ndindex(*pupils.shape)
            if pupils[s, y].sum() > 0
        ],
        columns=["school_id", "year", "grade", "pupils"],
    )


# --- by hand


def test_two_schools_by_hand():
    # School a: 20, 20, 30, 30 enter and 8, 10, 10, 15 are in grade 1; school b: always 10 and 10.
    a = np.array([[20, 8], [20, 10], [30, 10], [30, 15]], float)
    pupils = np.stack([a, np.full((4, 2), 10.0)])
    guess = make_guess(pupils, np.arange(2000, 2004), {}, entry_age=5)
    last, progression, flat = (guess.school[PARTS.index(name)] for name in ("last_year", "grade_progression", "flat"))
    assert last[:, 0].tolist() == [[30, 15], [10, 10]]
    # Ratio of a: (10 + 10 + 15) / (20 + 20 + 30) = 0.5; of b: 30 / 30 = 1.
    assert progression[:, 0].tolist() == [[30, 15], [10, 10]]
    assert progression[:, 5].tolist() == [[30, 15], [10, 10]]
    # The district's grades are the sums: 40 and 25.
    assert guess.district[0, 0].tolist() == [40, 25]
    # Cohort methods: a loses, b keeps, and shrinking leaves each between itself (0.5; 1) and the district (25/40).
    assert 0.5 * 30 < flat[0, 0, 1] < 30 * 0.7
    assert 10 * 0.6 < flat[1, 0, 1] < 10


def test_a_steady_school_by_hand():
    # 20 enter every year and half of them move up: every method says 20 and 10, and so does any mixture of them.
    steady = np.tile(np.array([20.0, 10.0]), (1, 4, 1))
    cast = roll(make_history(as_table(steady)))[0]
    assert np.allclose(cast.guess.school[:, 0], [20.0, 10.0])
    assert np.allclose(cast.district, 30.0)
    # Nothing has been tested yet, so the forecast lies 0.75 of the prior variance lower: (0.04 + 0.03 (h - 1))^2.
    # h = 1: exp(-0.75 x 0.0016) = 0.998801; h = 6: exp(-0.75 x 0.19^2) = exp(-0.027075) = 0.973288.
    assert cast.pupils[0, 0].round(4).tolist() == [19.976, 9.988]
    assert cast.pupils[0, 5].round(4).tolist() == [19.4658, 9.7329]
    # Band of h = 1 by the prior: spread sqrt(0.7 / 29.964 + 0.028^2) = 0.155392; its ends lie at the 9 and 91 %
    # points of 21 equal parts of a normal distribution, between the 2nd (-1.4652) and the 3rd (-1.1798) middle, for
    # 0.09 x 21 - 0.5 = 1.39: -1.4652 + 0.39 x 0.2855 = -1.3539; 1.05 times that is -1.4216.
    assert cast.total_low[0, 0] == pytest.approx(30.464 * np.exp(-1.4216 * 0.155392) - 0.5, abs=0.01)
    assert cast.total_high[0, 0] == pytest.approx(30.464 * np.exp(1.4216 * 0.155392) - 0.5, abs=0.01)


def test_a_school_keeps_its_share_by_hand():
    # 60 and 40 in grade 0 and 30 and 20 in grade 1, always: shares 0.6 and 0.4, of entries and a grade 1 that stay.
    # In the last year 10 move from a to b in each grade: shares 50 of 100 and 20 of 50.
    a, b = np.tile([60.0, 30.0], (5, 1)), np.tile([40.0, 20.0], (5, 1))
    a[4], b[4] = (50, 20), (50, 30)
    guess = make_guess(np.stack([a, b]), np.arange(2000, 2005), {}, entry_age=5)
    share, usual, flat = (guess.school[PARTS.index(name)] for name in ("share", "usual_share", "flat"))
    assert share[0, 0] == pytest.approx([50.0, 20.0])
    # Of the last three years a had 0.6, 0.6 and 0.5 (0.4 of grade 1), weighing 0.25, 0.35 and 0.4.
    assert usual[0, 0] == pytest.approx([100 * (0.6 * 0.6 + 0.4 * 0.5), 50 * (0.6 * 0.6 + 0.4 * 0.4)])
    # A school that has just opened with grade 0 will grow: it follows its cohorts.
    new = np.stack([a, np.r_[np.zeros((4, 2)), [[40.0, 0.0]]]])
    guess = make_guess(new, np.arange(2000, 2005), {}, entry_age=5)
    assert np.array_equal(guess.school[PARTS.index("share"), 1], guess.school[PARTS.index("flat"), 1])
    assert flat.shape == share.shape


def test_entries_from_births_by_hand():
    # Entry at 6 in autumn Y: a third of the births of Y - 7 and two thirds of Y - 6. Births 90 until 2004, then 60.
    births = {year: 90.0 if year <= 2004 else 60.0 for year in range(1995, 2009)}
    years = np.arange(2004, 2009)
    # Always 72 of 90 enter: 0.8. 2009 and 2010: 90; 2011: (90 + 2 x 60) / 3 = 70; then 60.
    ahead = entries_from_births(np.full(5, 72.0), years, births, entry_age=6, horizons=6)
    assert ahead == pytest.approx([72.0, 72.0, 56.0, 48.0, 48.0, 48.0])
    assert entries_from_births(np.full(5, 72.0), years, {2007: 5.0}, entry_age=6, horizons=6) is None


# --- robust, shrunk


def test_one_disrupted_year_hardly_moves_the_ratio():
    pupils = np.full((6, 10, 3), 100.0) + np.arange(6)[:, None, None]
    pupils[:, 8] *= 0.9
    ratios = learn_ratios(pupils)
    assert np.abs(ratios.district).max() < 0.01
    at_the_shock = pupils[:, :9]
    assert np.abs(learn_ratios(at_the_shock).district).max() < 0.01
    # Plain ratios of three years lose 3 % a grade instead.
    plain = grade_progression(at_the_shock, np.zeros(6, np.int64))
    assert plain[0, 5, 2] / at_the_shock[0, 8, 0] < 0.95


def test_a_redrawn_boundary_is_no_lasting_loss():
    rng = np.random.default_rng(5)
    pupils = rng.poisson(80, (8, 10, 6)).astype(float)
    for year in range(1, 10):
        pupils[:, year, 1:] = rng.binomial(pupils[:, year - 1, :-1].astype(int), 0.97)
    pupils[0, 9] *= 0.6
    shift = learn_ratios(pupils).shift
    assert abs(shift[0]) < 0.05
    ahead = make_guess(pupils, np.arange(10), {}, entry_age=5).school
    assert ahead[PARTS.index("flat"), 0, 5].sum() > 0.85 * pupils[0, 9].sum()
    assert ahead[PARTS.index("grade_progression"), 0, 4].sum() < 0.85 * pupils[0, 9].sum()


def test_small_schools_are_shrunk_more_than_large_ones():
    rng = np.random.default_rng(3)
    pupils = np.empty((40, 8, 3))
    pupils[:, :, 0] = np.repeat([8, 200], 20)[:, None]
    for year in range(8):
        for grade in (1, 2):
            before = pupils[:, max(year - 1, 0), grade - 1]
            pupils[:, year, grade] = rng.poisson(before * np.tile([0.93, 1.07], 20))
    shift = learn_ratios(pupils).shift * np.tile([-1, 1], 20)
    assert 0 <= shift[:20].mean() < shift[20:].mean()
    assert shift[20:].mean() == pytest.approx(0.07, abs=0.02)


def test_a_level_takes_in_a_lasting_change_but_not_one_odd_year():
    calm = np.log(100 * np.array([1.0, 1.01, 0.99, 1.0, 1.01, 1.0, 0.99, 1.0]))
    odd, _ = robust_level(np.r_[calm, np.log(80)])
    lasting, _ = robust_level(np.r_[calm, np.log([80, 80, 80])])
    assert np.exp(odd) > 92
    assert np.exp(lasting) < 83
    flat, trend = district_entries(np.exp(calm), 6)
    assert flat == pytest.approx(np.full(6, flat[0]))
    assert np.abs(trend / flat - 1).max() < 0.03


def test_which_grades_take_and_hold_pupils():
    # a: grades 0-2; b: stops taking (its grade 0 is gone, and grade 1 is what was grade 0); c: upper school 1-2;
    # d: opens with grade 0 and grows; e: closed.
    before = [[5, 5, 5], [5, 5, 5], [0, 5, 5], [0, 0, 0], [5, 5, 5]]
    now = [[5, 5, 5], [0, 5, 5], [0, 5, 5], [5, 0, 0], [0, 0, 0]]
    pupils = np.stack([np.array(before, float), np.array(now, float)], axis=1)
    assert entry_grades(pupils).tolist() == [0, -1, 1, 0, -1]
    assert top_grades(pupils).tolist() == [2, 2, 2, 2, -1]


# --- laws


@pytest.fixture(scope="module")
def short():
    return make_district(KINDS["short_villages"], 4)


def test_nothing_after_the_origin_matters(short):
    enrolment, births = short
    casts = roll(make_history(enrolment, births))
    at = 5
    later = 1998 + at
    changed = enrolment.copy()
    changed.loc[changed["year"] > later, "pupils"] = changed["pupils"] * 3 + 7
    other = births.copy()
    other.loc[other["year"] >= later, "births"] = 1
    again = roll(make_history(changed, other))
    same = [(one, two) for one, two in zip(casts, again, strict=True) if one.origin <= at]
    assert len(same) == 3
    for one, two in same:
        for name in ("pupils", "low", "high", "total_low", "total_high", "district", "district_low", "district_high"):
            assert np.array_equal(getattr(one, name), getattr(two, name)), name
    assert not np.array_equal(casts[-1].pupils, again[-1].pupils)


def test_same_bytes_whatever_the_order_of_rows(short):
    enrolment, births = short
    one = forecast(make_history(enrolment, births))
    two = forecast(make_history(enrolment.sample(frac=1, random_state=1), births.iloc[::-1]))
    for name in ("frame", "schools", "district"):
        assert getattr(one, name).to_csv() == getattr(two, name).to_csv()


def test_a_school_is_the_sum_of_its_grades_and_bands_hold_the_median(short):
    ahead = forecast(make_history(*short))
    sums = ahead.frame.groupby(["school_id", "year"])["pupils"].sum()
    assert sums.to_numpy() == pytest.approx(ahead.schools.set_index(["school_id", "year"])["pupils"].to_numpy())
    for frame in (ahead.frame, ahead.schools, ahead.district):
        assert (frame["p10"] <= frame["pupils"]).all()
        assert (frame["pupils"] <= frame["p90"]).all()
    spread = (ahead.district["p90"] - ahead.district["p10"]).to_numpy()
    assert spread[-1] > spread[0]


counts = st.integers(0, 60)


@settings(max_examples=25)
@given(st.lists(st.lists(st.lists(counts, min_size=3, max_size=3), min_size=6, max_size=6), min_size=1, max_size=4))
def test_never_negative_never_unknown_whatever_the_history(cube):
    pupils = np.array(cube, float)
    pupils[0, :, 0] += 1
    for cast in roll(make_history(as_table(pupils))):
        for values in (cast.pupils, cast.low, cast.high, cast.scaled, cast.total_low, cast.total_high):
            assert np.isfinite(values).all()
            assert (values >= 0).all()
        assert (cast.low <= cast.pupils).all()
        assert (cast.pupils <= cast.high).all()
        assert np.isfinite(cast.district_high).all()


def test_an_unknown_year_is_left_alone_and_the_rest_goes_on():
    enrolment, _ = make_district(KINDS["short"], 2)
    gap = enrolment[~((enrolment["school_id"] == "s03") & (enrolment["year"] == 2002))]
    casts = roll(make_history(gap))
    assert all(np.isfinite(cast.pupils).all() for cast in casts)
    # The first origin is 2001, before the gap.
    full = roll(make_history(enrolment))
    assert np.array_equal(casts[0].pupils, full[0].pupils)


def test_too_short_or_empty_histories_are_refused_in_both_languages():
    three = np.full((1, 3, 2), 9.0)
    with pytest.raises(DataError) as caught:
        forecast(make_history(as_table(three)))
    assert caught.value.problems[0].code == "history_short"
    ended = as_table(np.full((1, 5, 2), 9.0))
    ended.loc[ended["year"] == 2004, "pupils"] = 0
    with pytest.raises(DataError) as caught:
        forecast(make_history(ended))
    assert caught.value.problems[0].code == "history_all_zero"
    assert caught.value.say("zh") != caught.value.say("en")
