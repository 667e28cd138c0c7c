"""Three counts of the same children: where they differ, which is used and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.errors import DataError
from layoutplan.norms import load_norms
from layoutplan.seats.demand import project_demand
from layoutplan.seats.reconciliation import discrepancies, reconcile
from layoutplan.seats.residents import count_residents
from layoutplan.seats.settings import Outlook

NORMS = load_norms()


def counts(*rows):
    return pd.DataFrame(rows, columns=["area_id", "year", "stage", "counted"])


def table(*rows, **layers):
    county = replace(toy.county(), field_counts=counts(*rows), **layers)
    return reconcile(county, count_residents(county), norms=NORMS)


def of(found, subject, stage):
    return found[(found["subject"] == subject) & (found["stage"] == stage)].iloc[0]


# Register of t1, primary: (10 + 20) x 6 = 180 residents. Ledger: school a has 196 pupils.
@pytest.mark.parametrize(
    ("counted", "chosen", "source", "reason"),
    [
        (None, 180, "register", "no_field_count"),
        (186, 180, "register", "field_confirms"),
        (189, 180, "register", "field_confirms"),
        (201, 201, "field", "two_against_one"),
        (150, 180, "register", "all_differ"),
        (230, 196, "ledger", "all_differ"),
    ],
)
def test_the_rule_of_choice_of_a_township(counted, chosen, source, reason):
    rows = [] if counted is None else [("t1", 2022, "primary", counted)]
    row = of(table(*rows), "t1", "primary")
    assert (row["register"], row["ledger"]) == (180.0, 196.0)
    assert (row["chosen"], row["chosen_from"], row["reason"]) == (chosen, source, reason)
    assert row["is_discrepancy"]


def test_counts_within_the_tolerance_agree():
    # t2, junior: (30 + 5) x 3 = 105 residents; school b has 56 + 66 + 35 = 157. t2, primary: 210 and 210.
    found = table(("t2", 2022, "primary", 215))
    row = of(found, "t2", "primary")
    assert (row["register"], row["ledger"], row["field"], row["chosen"], row["reason"]) == (210, 210, 215, 210, "agree")
    assert not row["is_discrepancy"]
    assert "t2" not in set(discrepancies(found).query("stage == 'primary'")["subject"])


def test_register_and_enrolment_that_agree_stand_against_a_lonely_field_count():
    row = of(table(("t2", 2022, "primary", 150)), "t2", "primary")
    assert (row["chosen"], row["reason"]) == (210, "two_against_field")


def test_schools_are_held_against_their_history_and_the_field_count():
    history = pd.DataFrame([("a", 2022, 1, 150), ("b", 2022, 1, 210)], columns=["school_id", "year", "grade", "pupils"])
    found = table(("a", 2022, "primary", 148), ("b", 2021, "junior", 120), enrolment=history)
    one = of(found, "a", "primary")
    # Ledger 196, history 150, field 148: the two agree against the ledger.
    assert (one["ledger"], one["history"], one["field"]) == (196, 150, 148)
    assert (one["chosen"], one["reason"]) == (148, "two_against_one")
    # b, junior: classes 157, not in the history, 120 on the spot.
    assert of(found, "b", "junior")["reason"] == "field_differs"
    # b, primary: classes 210, history 210, never counted: nothing to report.
    assert found.query("subject == 'b' and stage == 'primary'").empty


def test_a_count_after_the_base_year_is_left_alone_and_the_latest_counts():
    found = table(("t1", 2020, "primary", 500), ("t1", 2022, "primary", 186), ("t1", 2023, "primary", 10))
    assert of(found, "t1", "primary")["field"] == 186


def test_every_row_says_why_in_both_languages():
    found = table(("t1", 2022, "primary", 201))
    row = of(found, "t1", "primary")
    assert "201" in row["text_zh"]
    assert "201" in row["text_en"]


def test_the_forecast_uses_the_chosen_number_if_the_outlook_says_so():
    county = replace(toy.county(), field_counts=counts(("t1", 2022, "primary", 201)))
    plain, chosen = (
        project_demand(county, outlook=Outlook(children=which), norms=NORMS, years=[2022, 2023])
        for which in ("register", "reconciled")
    )
    both = [
        result.frame.query("place_id == 'p1' and year == 2022").set_index("grade")["pupils"]
        for result in (plain, chosen)
    ]
    np.testing.assert_allclose(both[1][[1, 6]], 10 * 201 / 180)
    assert both[1][7] == both[0][7] == 10.0
    assert chosen.notes.query("code == 'reconciled'")["value"].tolist() == [pytest.approx(201 / 180)]


def test_reconciling_without_a_field_count_is_an_error():
    with pytest.raises(DataError) as caught:
        project_demand(toy.county(), outlook=Outlook(children="reconciled"), norms=NORMS, years=[2022])
    assert caught.value.problems[0].field == "field_counts"
