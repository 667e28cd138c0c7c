"""A history is what the table says, unknown apart from none, and every fault is named in both languages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layoutplan.errors import DataError
from layoutplan.seats.history import make_history, read_history


def table(*rows):
    return pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils"])


def full(school, years, grades, pupils=10):
    return [(school, year, grade, pupils) for year in years for grade in grades]


def test_a_school_not_yet_open_or_closed_has_none_and_a_silent_year_is_unknown():
    history = make_history(
        table(
            *full("a", range(2000, 2005), (0, 1)),
            *full("b", (2001, 2003), (0, 1)),
            ("a", 2005, 0, 0),
            ("a", 2005, 1, 0),
        )
    )
    assert history.school_ids == ("a", "b")
    assert history.years.tolist() == [2000, 2001, 2002, 2003, 2004, 2005]
    assert history.entry_age == 5
    assert history.totals[0].tolist() == [20, 20, 20, 20, 20, 0]
    assert np.array_equal(history.totals[1], [0, 20, np.nan, 20, 0, 0], equal_nan=True)
    assert [(n.code, n.row) for n in history.notices] == [("history_year_unknown", "b/2002")]


def test_a_grade_without_a_row_is_unknown_between_others_and_none_beyond_them():
    # Grade 2 lies between 1 and 3; grade 3 in 2001 has rows in the years around; grade 4 is never taught by "a".
    rows = [("a", 2000, 1, 5), ("a", 2000, 3, 5), *full("a", (2001,), (1, 2)), *full("a", (2002,), (1, 2, 3))]
    rows += full("b", (2000, 2001, 2002), (1, 2, 3, 4))
    history = make_history(table(*rows))
    assert np.array_equal(history.pupils[0], [[5, np.nan, 5, 0], [10, 10, np.nan, 0], [10, 10, 10, 0]], equal_nan=True)
    assert {(n.code, n.row) for n in history.notices} == {
        ("history_grade_unknown", "a/2000/2"),
        ("history_grade_unknown", "a/2001/3"),
    }
    for notice in history.notices:
        assert notice.say("zh") != notice.say("en")


def test_the_past_knows_nothing_of_the_future():
    births = pd.DataFrame({"year": [1999, 2000, 2001], "births": [7, 8, 9]})
    past = make_history(table(*full("a", range(2000, 2004), (1, 2))), births).until(1)
    assert past.years.tolist() == [2000, 2001]
    assert past.pupils.shape == (1, 2, 2)
    assert past.births == {1999: 7.0, 2000: 8.0}


BAD = {
    "duplicate_key": ([*full("a", (2000,), (0, 1)), ("a", 2000, 1, 11)], "school_id, year, grade"),
    "negative": ([("a", 2000, 0, -1), ("a", 2000, 1, 5)], "pupils"),
    "value_missing": ([("a", 2000, 0, None), ("a", 2000, 1, 5)], "pupils"),
    "not_a_number": ([("a", 2000, 0, "many"), ("a", 2000, 1, 5)], "pupils"),
    "not_whole": ([("a", 2000, 0, 2.5), ("a", 2000, 1, 5)], "pupils"),
    "too_large": ([("a", 2000, 40, 5), ("a", 2000, 1, 5)], "grade"),
    "history_one_grade": (full("a", (2000, 2001), (1,)), "grade"),
    "history_empty": ([], ""),
}


@pytest.mark.parametrize("code", BAD)
def test_bad_rows_are_named_by_layer_row_field_and_remedy_in_both_languages(code):
    rows, field = BAD[code]
    with pytest.raises(DataError) as caught:
        make_history(table(*rows))
    problem = caught.value.problems[0]
    assert (problem.code, problem.layer, problem.field) == (code, "enrolment", field)
    for lang in ("zh", "en"):
        assert "→" in problem.say(lang)
        assert len(problem.say(lang).split("→")[1].strip()) > 3


def test_a_missing_column_and_a_missing_file_are_named(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("school_id,year,grade,pupil\na,2000,1,5\n", encoding="utf-8")
    births = tmp_path / "b.csv"
    births.write_text("year,births\n2000,5\n2000,6\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_history(path, births)
    assert {(p.layer, p.code) for p in caught.value.problems} >= {
        ("enrolment", "column_missing"),
        ("births", "duplicate_key"),
    }
    with pytest.raises(DataError) as caught:
        read_history(tmp_path / "none.csv")
    assert caught.value.problems[0].code == "file_missing"


def test_order_of_rows_codes_and_encodings_do_not_matter(tmp_path):
    rows = table(*full("007", range(2000, 2003), (0, 1)), *full("010", range(2000, 2003), (0, 1), 4))
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    rows.to_csv(one, index=False, encoding="utf-8-sig")
    rows.iloc[::-1].assign(note="校").to_csv(other, index=False, encoding="gbk")
    first, second = read_history(one), read_history(other)
    assert first.school_ids == second.school_ids == ("007", "010")
    assert np.array_equal(first.pupils, second.pupils)
