from dataclasses import replace

import pytest

from layoutplan.plan.ledger import open_ledger
from layoutplan.ui import ledgerview

HOSTILE = '<img src=x onerror="window.hit=1">'


@pytest.fixture(scope="module")
def book(result):
    return open_ledger(result)


def test_a_sheet_has_seven_indicators_a_stage_and_says_what_is_short(book):
    school = book.resources.parts["school_id"].iloc[0]
    stages = int((book.resources.parts["school_id"] == school).sum())
    picked = {"school_id": school, "name": "A"}
    text = ledgerview.sheet(book, picked, tab="resources", stage="primary", lang="en")
    assert text.count("<tr>") == 1 + 7 * stages


def test_hostile_names_stay_text(book):
    picked = {"school_id": book.resources.parts["school_id"].iloc[0], "name": HOSTILE}
    assert "<img" not in ledgerview.sheet(book, picked, tab="resources", stage="primary", lang="zh")


def test_schools_are_listed_nearest_to_passing_first(book, result):
    frame = ledgerview._schools(book, result, "primary", "en")
    failing = frame.loc[~frame["passed"], "distance"].dropna().tolist()
    assert failing == sorted(failing)
    assert frame["school_id"].is_unique


def test_without_a_target_the_year_is_unknown(book, result):
    none = replace(book, targets=book.targets.iloc[:0])
    assert ledgerview._schools(none, result, "primary", "en")["target_year"].isna().all()
