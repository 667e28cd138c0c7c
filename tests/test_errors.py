"""Problems are collected once each, sorted, capped with a count, and speak two languages."""

import pickle

import pytest

from layoutplan.errors import MAX_SHOWN, DataError, InputError, Problem


def _problem(row: str, code: str = "negative") -> Problem:
    values = {"id": row, "value": -1}
    return Problem(code, "classes", row=row, field="pupils", values=values)


def test_a_problem_says_where_what_and_how_to_mend():
    said = _problem("row 3").say("en")
    assert said.startswith("[negative] classes · row 3 · pupils · ")
    assert "-1 is negative" in said
    assert " → write a number of 0 or more" in said
    assert "是负数" in _problem("row 3").say("zh")


def test_rows_sort_by_number_not_by_letter():
    error = DataError([_problem("row 10"), _problem("row 9"), _problem("row 2")])
    assert [problem.row for problem in error.problems] == ["row 2", "row 9", "row 10"]


def test_a_digit_that_is_no_number_sorts_like_a_letter():
    error = DataError([_problem("m²"), _problem("row 1"), _problem("³²")])
    assert [problem.row for problem in error.problems] == ["m²", "³²", "row 1"]


def test_equal_problems_stand_once():
    assert len(DataError([_problem("row 1"), _problem("row 1")]).problems) == 1


@pytest.mark.parametrize(("lang", "more"), [("zh", "另有 3 个问题"), ("en", "3 more problems")])
def test_a_long_list_is_capped_with_a_count(lang, more):
    lines = DataError([_problem(f"row {at}") for at in range(MAX_SHOWN + 3)]).say(lang).splitlines()
    assert len(lines) == MAX_SHOWN + 1
    assert more in lines[-1]


def test_a_problem_as_row_is_plain_text():
    row = _problem("row 1").as_row()
    assert set(row) == {"code", "layer", "row", "field", "what_zh", "what_en", "remedy_zh", "remedy_en"}
    assert all(isinstance(value, str) for value in row.values())


def test_an_input_error_is_a_value_error_and_travels_between_processes():
    error = DataError([_problem("row 1")])
    assert isinstance(error, ValueError)
    assert isinstance(error, InputError)
    assert pickle.loads(pickle.dumps(error)).problems == error.problems
