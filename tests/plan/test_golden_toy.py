"""Whole plans, every figure of them, as they were looked at and kept.

``LAYOUTPLAN_NEW_GOLDEN=1`` keeps what comes out now; the difference of the files then says which figures changed.
Looked at before they were kept: a bus of 16 seats carries 16; p1 walks 500 m to ``a`` in 8.3 minutes; pupils of p3 who
move to r1 are those it loses; catchments fill the county's 5 km2. Sums that must hold in any plan are tested below.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import toy_whole
from goldens import keeps_anew

from layoutplan.plan.planning import catchments_of

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "toy"


def figures_that_changed(now: str, kept: str) -> list[str]:
    """Return the lines that differ; a number may differ in its last decimal, where machines round differently."""
    pairs = zip(now.splitlines(), kept.splitlines(), strict=False)
    changed = [f"kept {was!r}, now {is_!r}" for is_, was in pairs if not _same_line(is_, was)]
    lengths = [len(text.splitlines()) for text in (now, kept)]
    return changed[:20] or ([] if lengths[0] == lengths[1] else [f"{lengths[1]} lines kept, now {lengths[0]}"])


def _same_line(left: str, right: str) -> bool:
    cells = left.split(","), right.split(",")
    return left == right or (len(cells[0]) == len(cells[1]) and all(map(_same_cell, *cells)))


def _same_cell(left: str, right: str) -> bool:
    if left == right:
        return True
    try:
        return abs(float(left) - float(right)) < 0.0015
    except ValueError:
        return False


@pytest.mark.parametrize("name", toy_whole.PLANS)
def test_every_figure_of_a_whole_plan_is_as_it_was_kept(name):
    path, now = GOLDEN / f"{name}.csv", toy_whole.as_text(name)
    if keeps_anew():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(now, "utf-8", newline="\n")
    assert figures_that_changed(now, path.read_text("utf-8")) == []


def test_a_figure_that_changed_is_shown_and_a_rounding_is_not():
    assert figures_that_changed("a,1.001\nb,2", "a,1\nb,2") == []
    assert figures_that_changed("a,1.002\nb,2", "a,1\nb,2") == ["kept 'a,1', now 'a,1.002'"]
    assert figures_that_changed("a,1", "a,1\nb,2") == ["2 lines kept, now 1"]


@pytest.mark.parametrize("name", toy_whole.PLANS)
def test_sums_hold_in_every_plan_that_is_kept(name):
    result = toy_whole.plan(name)
    placed = pd.concat([result.assignment.flows, result.assignment.unplaced])
    key = ["year", "grade", "place_id"]
    given, asked = placed.groupby(key)["pupils"].sum(), result.demand.frame.groupby(key)["pupils"].sum()
    pd.testing.assert_series_equal(given, asked[asked > 0])
    prices, moved = result.assignment.prices, result.enrolment.ledger
    assert (prices["pupils"] <= prices["seats"] + 1e-6).all()
    assert prices.empty == (result.scenario.policy.assignment != "capacity")
    after = moved["before"] - moved["leaving"] - moved["adrift"] + moved["entering"] + moved["moved"]
    assert after.tolist() == pytest.approx(moved["after"].tolist())
    assert len(moved) == (0 if result.scenario.policy.enrolment == "residence" else 5)
    for year in (2022, 2027):
        assert catchments_of(result, stage="primary", year=year)["area_km2"].sum() == pytest.approx(5.0)
