"""Results of a batch on the disk: what is written is what pandas reads, and what does not read counts as absent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layoutplan.plan.numbers import Heads, Numbers
from layoutplan.plan.results import RESULTS, Result, SchoolNumbers, keep_result, read_result

NUMBERS = Numbers(
    Heads(("gap", "gap", "mean"), (2024, 2025, 2024), ("seat", "seat", "min")), np.array([1.0, -2.5, 7.0])
)
SCHOOLS = SchoolNumbers(
    ["pupils", "seats"], ["person", "seat"], np.array(["0012", "甲"], dtype=object), np.array([0, 1, 1]),
    np.array([1, 0, 1]), np.array([2025, 2025, 2024]), np.array([3.5, 40.0, 45.0]),
)  # fmt: skip


def test_numbers_of_the_county_and_of_schools_are_rows_of_one_table_of_plain_words(tmp_path):
    keep_result(Result(NUMBERS, SCHOOLS), "k1", tmp_path)
    keep_result(Result(NUMBERS), "k2", tmp_path)
    rows = pd.read_parquet(tmp_path / RESULTS)
    told = rows[rows["key"] == "k1"].drop(columns="key").astype(object)
    assert told.where(told.notna(), None).values.tolist() == [
        ["gap", 2024, 1.0, "seat", None], ["gap", 2025, -2.5, "seat", None], ["mean", 2024, 7.0, "min", None],
        ["pupils", 2025, 3.5, "person", "甲"], ["seats", 2025, 40.0, "seat", "0012"],
        ["seats", 2024, 45.0, "seat", "甲"],
    ]  # fmt: skip
    assert (rows["key"] == "k2").sum() == 3
    assert {str(rows[name].dtype) for name in ("indicator", "unit", "school_id", "key")} == {"str"}


@given(
    st.lists(st.tuples(st.text("ab甲", max_size=3), st.integers(2000, 2100), st.floats(allow_nan=False)), min_size=1)
)
def test_the_numbers_of_a_county_come_back_to_the_last_bit(tmp_path_factory, rows):
    names, years, values = zip(*rows, strict=True)
    wanted = Numbers(Heads(names, years, names[::-1]), np.array(values))
    out = tmp_path_factory.mktemp("results")
    keep_result(Result(wanted, SCHOOLS), "k", out)
    found = read_result("k", out)
    assert found.heads == wanted.heads
    assert found.values.tobytes() == wanted.values.tobytes()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(200) + b"PAR1"])
def test_a_result_that_is_not_there_or_does_not_read_is_none(tmp_path, content):
    assert read_result("k", tmp_path) is None
    keep_result(Result(NUMBERS), "k", tmp_path)
    assert read_result("k", tmp_path) is not None
    (tmp_path / RESULTS / "k.parquet").write_bytes(content)
    assert read_result("k", tmp_path) is None
