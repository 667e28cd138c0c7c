"""Posts by pupils, and by classes in small schools; worked out by hand."""

from __future__ import annotations

import pandas as pd

from layoutplan.norms import load_norms
from layoutplan.seats.staffing import count_posts

NORMS = load_norms()


def posts(school_id="a", *, kind="primary", staff=None, rows=()):
    schools = pd.DataFrame(
        [{"school_id": school_id, "name": "A", "kind": kind, "setting": "town", "township_id": "t", "staff": staff}]
    ).astype({"staff": "Int64"})
    enrolment = pd.DataFrame(rows, columns=["stage", "pupils", "classes"]).assign(school_id=school_id)
    return count_posts(schools, enrolment, norms=NORMS)


def test_stages_are_added_before_one_rounding():
    (row,) = posts(kind="nine_year", staff=20, rows=[("primary", 200, 6), ("junior", 100, 3)]).itertuples()
    # 200 / 19 = 10.53 and 100 / 13.5 = 7.41 are 17.93, so 18; each rounded up alone they would be 19.
    assert (row.posts, row.floor_binds, row.short) == (18, False, -2)


def test_a_small_school_gets_posts_by_its_classes():
    (row,) = posts(staff=5, rows=[("primary", 10, 1)] * 6).itertuples()
    # 60 / 19 = 3.2, but six classes of 1.5 posts are nine.
    assert (row.posts_by_classes, row.posts, row.floor_binds, row.short) == (9.0, 9, True, 4)


def test_the_floor_ends_where_a_school_is_no_longer_small():
    assert posts(rows=[("primary", 99, 6)])["posts"].tolist() == [9]
    assert posts(rows=[("primary", 100, 6)])["posts"].tolist() == [6]  # 5.26


def test_unknown_staff_stays_unknown_and_no_pupils_need_no_post():
    frame = posts(rows=[("primary", 380, 9)])
    assert frame["posts"].tolist() == [20]
    assert frame["short"].isna().all()
    assert posts(rows=[("primary", 0, 1)]).empty
    assert posts(kind="special", rows=[("primary", 80, 9)]).empty
