"""The answer in sentences: sites and runners-up, what binds, what gives way and the notes, numbers by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from toy_question import A_BIGGER, B_BIGGER, FORMS, GOAL, M_NEW, N_NEW, A, B, layout, question, task

from layoutplan.labels import LANGS, both, label
from layoutplan.plan.optimise.answer import make_plan
from layoutplan.plan.optimise.locked import Closable, Kept
from layoutplan.plan.optimise.slack import SEATS, Gap, Relaxation
from layoutplan.plan.optimise.task import START, Row
from layoutplan.plan.optimise.words import agreed_rows, binding_rows, note_rows, relaxation_rows, site_rows


def said(frame, key, **values):
    """Assert that the only row, or every row, says a sentence of the catalogue; values may differ by language."""
    for lang in LANGS:
        mine = {name: value[lang] if isinstance(value, dict) else value for name, value in values.items()}
        assert set(frame[f"text_{lang}"]) == {label(key, lang, **mine)}


def row(code, subject="", year=0, low=-np.inf, high=np.inf, terms=()):
    """Return a condition; terms are decision, period and how much it counts."""
    index, at, each = (np.array([term[part] for term in terms]) for part in range(3))
    kinds = np.full(len(terms), START)
    return Row(code, subject, year, low, high, kinds, index.astype(int), at.astype(int), each.astype(float))


def binding(made, *rows, plan=None, **parts):
    asked = question(task(rows=rows), **parts)
    plan = make_plan(asked, made, name="x") if plan is None else plan
    return binding_rows(asked, made, plan)


# ---- what all plans agree on, sites and runners-up


def test_only_actions_at_sites_that_every_plan_changes_are_agreed():
    best = layout(start=[(M_NEW, 0), (B_BIGGER, 1)])
    actions = make_plan(question(), best, name="x").actions
    found = agreed_rows(question(), [best, layout(start=[(M_NEW, 1)])], actions)
    assert found[["year", "deed", "site_id", "name"]].to_numpy().tolist() == [[2025, "open", "m", "M"]]
    assert list(found.columns) == ["year", "deed", "site_id", "name", "text_zh", "text_en"]
    both_sites = agreed_rows(question(), [best, layout(start=[(M_NEW, 1)], close=[(B, 0)])], actions)
    assert both_sites["site_id"].tolist() == ["m", "b"]
    assert agreed_rows(question(), [best, layout()], actions).empty


def test_without_a_plan_nothing_is_agreed():
    for layouts, actions in (([], None), ([layout()], None), ([], pd.DataFrame({"site_id": ["m"]}))):
        found = agreed_rows(question(), layouts, actions)
        assert found.empty
        assert found.columns[0] == "year"


def test_sites_of_the_best_plan_stand_before_runners_up_by_what_they_cost_more():
    best = layout(start=[(N_NEW, 0), (A_BIGGER, 0)], objective=200.0)
    second = layout(start=[(M_NEW, 0)], objective=210.0)
    third = layout(start=[(M_NEW, 1), (N_NEW, 1)], objective=220.0)
    found = site_rows(question(), [best, second, third])
    columns = ["site_id", "name", "east_m", "north_m", "is_chosen", "plans", "objective"]
    assert found[columns].to_numpy().tolist() == [
        ["n", "N", 2000.0, 10.0, True, 2, 200.0], ["m", "M", 1000.0, 0.0, False, 2, 210.0],
    ]  # fmt: skip
    assert found.index.tolist() == [0, 1]
    assert found["extra_share"].tolist() == pytest.approx([0.0, 0.05])
    said(found[found["is_chosen"]], "optimise.site.chosen", name="N", plans=2, all=3)
    said(found[~found["is_chosen"]], "optimise.site.next", name="M", extra="5.00")


def test_runners_up_stand_by_cost_and_ties_by_id_and_schools_are_no_sites():
    best = layout(start=[(A_BIGGER, 0)], objective=100.0)
    dear, cheap = layout(start=[(M_NEW, 0)], objective=130.0), layout(start=[(N_NEW, 0)], objective=120.0)
    assert site_rows(question(), [best, dear, cheap])["site_id"].tolist() == ["n", "m"]
    assert site_rows(question(), [best, layout(start=[(M_NEW, 0), (N_NEW, 0)])])["site_id"].tolist() == ["m", "n"]
    assert site_rows(question(), [best]).empty
    assert site_rows(question(), []).empty


def test_where_the_best_plan_costs_nothing_no_share_is_worked_out():
    found = site_rows(question(), [layout(objective=0.0), layout(start=[(M_NEW, 0)], objective=9.0)])
    assert found[["objective", "extra_share"]].to_numpy().tolist() == [[9.0, 0.0]]


# ---- what binds


@pytest.mark.parametrize(("limit", "binds"), [(12.0, True), (13.9, True), (14.0, False), (24.0, False)])
def test_a_budget_binds_if_what_is_left_pays_for_no_further_step(limit, binds):
    rooms = row("budget_rooms", high=limit, terms=[(M_NEW, 0, 12.0), (B_BIGGER, 0, 2.0)])
    found = binding(layout(start=[(M_NEW, 0)]), rooms)
    assert found["code"].tolist() == ["budget_rooms"] * binds


def test_a_tight_budget_says_what_is_used_of_what_and_since_when():
    made = layout(start=[(M_NEW, 0)])
    found = binding(made, row("budget_rooms", year=2028, high=13.0, terms=[(M_NEW, 0, 12.0)]))
    assert found[["subject", "year", "measured", "limit", "unit"]].to_numpy().tolist() == [["", 2028, 12, 13, "room"]]
    assert found["price"].isna().all()
    when = both("optimise.when.from", year=2028)
    said(found, "optimise.row.budget_rooms", when=when, used="12", limit="13")
    always = binding(made, row("budget_rooms", high=13.0, terms=[(M_NEW, 0, 12.0)]))
    said(always, "optimise.row.budget_rooms", when=both("optimise.when.all"), used="12", limit="13")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(12.5, "12.5"), (99.75, "99.8"), (100.75, "101"), (12.0, "12"), (1_234_567.0, "1,234,567"), (1_234.4, "1,234")],
)
def test_numbers_show_a_decimal_only_below_a_hundred(value, shown):
    found = binding(layout(start=[(M_NEW, 0)]), row("budget_posts", high=value, terms=[(M_NEW, 0, value)]))
    said(found, "optimise.row.budget_posts", when=both("optimise.when.all"), used=shown, limit=shown)


def test_budgets_bind_year_by_year_and_each_once():
    term = [(M_NEW, 0, 12.0)]
    rows = [row("budget_rooms", year=year, high=12.0, terms=term) for year in (0, 2025, 2025, 2028)]
    found = binding(layout(start=[(M_NEW, 0)]), *rows, row("budget_yuan", high=12.0, terms=term))
    assert found[["code", "year"]].to_numpy().tolist() == [
        ["budget_rooms", 0], ["budget_rooms", 2025], ["budget_rooms", 2028], ["budget_yuan", 0],
    ]  # fmt: skip
    assert found["unit"].tolist() == ["room"] * 3 + ["yuan"]


def test_a_budget_without_any_step_binds_nothing_unless_nothing_is_left():
    # No form spends posts: whatever is left pays for none of them.
    found = binding(layout(), row("budget_posts", high=5.0))
    assert found["code"].tolist() == ["budget_posts"]


@pytest.mark.parametrize(
    ("low", "high", "binds"),
    [
        (1.0, np.inf, True), (0.5, np.inf, True), (0.0, np.inf, False), (-np.inf, 1.0, True), (-np.inf, 1.5, True),
        (-np.inf, 2.0, False), (0.0, 1.0, True), (0.0, 2.0, False),
    ],
)  # fmt: skip
def test_a_condition_on_a_school_that_stays_binds_if_one_decision_more_would_break_it(low, high, binds):
    one = row("receiver", "a", 2025, low, high, [(B_BIGGER, 0, 1.0)])
    found = binding(layout(start=[(B_BIGGER, 0)]), one)
    assert found["code"].tolist() == ["receiver"] * binds
    if binds:
        limit = low if np.isfinite(low) else high
        assert found[["subject", "measured", "limit", "unit"]].to_numpy().tolist() == [["a", 1.0, limit, ""]]
        said(found, "optimise.row.receiver", when=both("optimise.when.from", year=2025), name="A")


def test_conditions_on_closings_matter_only_to_schools_that_could_be_closed_and_were_not():
    stays, goes = row("last_in_reach", "a", 2025, 0.0, 0.0), row("last_in_reach", "b", 2025, 0.0, 0.0)
    assert binding(layout(), stays, goes)["subject"].tolist() == ["a"]
    assert binding(layout(close=[(A, 1)]), stays, goes).empty
    assert binding(layout(), row("must_open", "m", 0, 1.0, np.inf))["subject"].tolist() == ["m"]
    opened = binding(layout(start=[(M_NEW, 1)]), row("must_open", "m", 0, 1.0, np.inf, [(M_NEW, 1, 1.0)]))
    assert opened["unit"].tolist() == ["school"]
    said(opened, "optimise.row.must_open", name="M")


def test_a_school_that_could_be_closed_in_one_period_only_counts_as_one_that_could():
    closes = np.zeros((4, 2), dtype=bool)
    closes[A, 1] = True
    asked = question(task(closes=closes, rows=(row("receiver", "a", 2025, 0.0, 0.0),)))
    found = binding_rows(asked, layout(), make_plan(asked, layout(), name="x"))
    assert found["code"].tolist() == ["receiver"]


def test_of_a_school_every_kind_of_condition_is_told_once_for_its_first_year():
    rows = [row(code, "a", year, 0.0, 0.0) for code in ("receiver", "last_in_reach") for year in (2025, 2028)]
    assert binding(layout(), *rows)[["code", "year"]].to_numpy().tolist() == [
        ["receiver", 2025], ["last_in_reach", 2025],
    ]  # fmt: skip


def test_full_schools_stand_by_the_price_of_a_seat_each_stage_in_its_worst_year():
    prices = [(0, 0, A, 3.0), (1, 0, A, 2.0), (0, 0, B, 3.0), (1, 1, B, 0.5), (0, 1, B, 0.75)]
    found = binding(layout((1, 0, A, 40.0), (0, 2, B, 20.0), price=prices))
    # Prices are those of a year: by 3/4 and 1/4 they are 4, 8; 4; 1, 2.
    assert found[["code", "subject", "year", "price"]].to_numpy().tolist() == [
        ["full", "a", 2028, 8.0], ["full", "b", 2025, 4.0], ["full", "b", 2028, 2.0],
    ]  # fmt: skip
    assert found[["measured", "limit"]].to_numpy().tolist() == [[40.0, 270.0], [20.0, 270.0], [0.0, 150.0]]
    said(
        found.iloc[:1], "optimise.row.full", name="A", stage=both("stage.primary"), year=2028, seats="270", price="8.0"
    )
    tie = binding(layout(price=[(0, 0, B, 3.0), (0, 0, A, 3.0), (1, 0, B, 1.0)]))
    assert tie[["subject", "year"]].to_numpy().tolist() == [["a", 2025], ["b", 2025]]
    assert binding(layout(price=[(0, 0, A, 1e-9)])).empty


def test_schools_that_a_lock_keeps_are_named_with_it_also_where_there_is_no_plan():
    closable = Closable((), (Kept("a", "distance", "太远", "too far"), Kept("b", "replaceable", "", "")))
    asked = question(closable=closable)
    for parts in ((None, None), (layout(), make_plan(asked, layout(), name="x"))):
        found = binding_rows(asked, *parts)
        assert found[["code", "subject", "year", "unit"]].to_numpy().tolist() == [
            ["kept", "a", 0, ""], ["kept", "b", 0, ""],
        ]  # fmt: skip
        assert found[["measured", "limit", "price"]].isna().all(axis=None)
        said(found.iloc[:1], "optimise.row.kept", name="A", lock={"zh": "太远", "en": "too far"})
        said(found.iloc[1:], "optimise.row.kept", name="B", lock=both("optimise.only_in_reach"))
    tight = question(task(rows=(row("budget_rooms", high=0.0),)), closable=closable)
    made = layout(price=[(0, 0, A, 1.0)])
    assert binding_rows(tight, None, make_plan(tight, made, name="x"))["code"].tolist() == ["kept"] * 2
    assert binding_rows(tight, made, None)["code"].tolist() == ["kept"] * 2


def test_a_school_that_is_no_site_is_named_by_its_id():
    found = binding_rows(question(closable=Closable((), (Kept("z9", "distance", "远", "far"),))), None, None)
    said(found, "optimise.row.kept", name="z9", lock={"zh": "远", "en": "far"})


# ---- what would have to give way


def relaxed(*options, asked=None):
    start, close = np.zeros((7, 2), dtype=bool), np.zeros((4, 2), dtype=bool)
    slack = [Relaxation(1.0, tuple(gaps), start, close, is_proven) for is_proven, gaps in options]
    return relaxation_rows(question() if asked is None else asked, slack)


def test_options_are_numbered_and_every_condition_of_one_has_a_row():
    found = relaxed(
        (True, [Gap("budget_rooms", "", 2028, 2.2), Gap("must_open", "m", 0, 1.0)]),
        (False, [Gap("budget_yuan", "", 0, 900_000.0)]),
    )
    columns = ["option", "code", "subject", "year", "amount", "unit", "is_proven"]
    assert found[columns].to_numpy().tolist() == [
        [1, "budget_rooms", "", 2028, 2.2, "room", True], [1, "must_open", "m", 0, 1.0, "school", True],
        [2, "budget_yuan", "", 0, 900_000.0, "yuan", False],
    ]  # fmt: skip
    # Part of a room is a room.
    said(found.iloc[:1], "optimise.gap.budget_rooms", when=both("optimise.when.from", year=2028), amount="3")
    said(found.iloc[1:2], "optimise.gap.must_open", name="M")
    said(found.iloc[2:], "optimise.gap.budget_yuan", when=both("optimise.when.all"), amount="900,000")
    assert relaxed().empty
    assert list(relaxed().columns[:2]) == ["option", "code"]


@pytest.mark.parametrize(("amount", "shown"), [(2.0, "2"), (2.0000001, "2"), (2.1, "3"), (1.9999999, "2")])
def test_what_is_asked_for_is_rounded_up_but_for_a_trace(amount, shown):
    found = relaxed((True, [Gap("budget_posts", "", 0, amount)]))
    said(found, "optimise.gap.budget_posts", when=both("optimise.when.all"), amount=shown)


def places_said(names, count):
    return {
        lang: label("optimise.places", lang, names=label("optimise.comma", lang).join(names), count=count)
        for lang in LANGS
    }


def test_pupils_without_a_seat_are_told_by_their_places_and_stage():
    # Units 5, 3 and 0 are the juniors of p3 and p1 and the primary pupils of p1.
    found = relaxed((True, [Gap(SEATS, "5,3,0", 2025, 7.5)]))
    assert found[["subject", "unit", "amount"]].to_numpy().tolist() == [["p1,p3", "person", 7.5]]
    said(
        found, "optimise.gap.seats", when=both("optimise.when.from", year=2025), amount="8",
        places=places_said(["P1", "P3"], 2), stage=both("stage.junior"),
    )  # fmt: skip
    primary = relaxed((True, [Gap(SEATS, "1", 0, 1.0)]))
    said(
        primary, "optimise.gap.seats", when=both("optimise.when.all"), amount="1", places=places_said(["P2"], 1),
        stage=both("stage.primary"),
    )  # fmt: skip


def test_pupils_whom_the_limit_bars_from_every_school_learn_how_far_the_nearest_is():
    cost = task().cost
    cost[[0, 2]] = np.inf
    found = relaxed((True, [Gap(SEATS, "0,2", 2025, 4.0)]), asked=question(task(cost=cost)))
    # p1's nearest site is 10 minutes away, p3's 10: of several the farthest is told.
    said(
        found, "optimise.gap.no_way", when=both("optimise.when.from", year=2025), amount="4", minutes="10",
        places=places_said(["P1", "P3"], 2), stage=both("stage.primary"),
    )  # fmt: skip
    asked = question(task(cost=cost))
    asked.minutes[2] = [60.0, 55.5, 70.0, 80.0]
    said(
        relaxed((True, [Gap(SEATS, "0,2", 2025, 4.0)]), asked=asked), "optimise.gap.no_way", amount="4",
        when=both("optimise.when.from", year=2025), minutes="55.5", places=places_said(["P1", "P3"], 2),
        stage=both("stage.primary"),
    )  # fmt: skip


def test_one_way_to_one_site_is_a_matter_of_seats():
    cost = task().cost
    cost[0] = [np.inf, 50.0, np.inf, np.inf]
    found = relaxed((True, [Gap(SEATS, "0", 0, 1.0)]), asked=question(task(cost=cost)))
    said(
        found, "optimise.gap.seats", when=both("optimise.when.all"), amount="1", places=places_said(["P1"], 1),
        stage=both("stage.primary"),
    )  # fmt: skip


# ---- notes


def notes(asked):
    return note_rows(asked).set_index("code")


def test_notes_say_how_far_above_the_middle_seats_are_counted():
    high = question(task(pupils=np.full((2, 6), 11.0)), goal=GOAL.model_copy(update={"quantile": 0.9}))
    said(notes(high).loc[["quantile"]], "optimise.note.quantile", share="90", more="10.0")
    said(notes(question(middle=np.zeros((2, 6)))).loc[["quantile"]], "optimise.note.quantile", share="80", more="0.0")


def test_notes_count_candidates_forms_and_schools_that_may_be_proposed():
    found = notes(question(closable=Closable(("a",), ())))
    assert found.index.tolist() == ["quantile", "candidates", "closable", "policy"]
    assert set(found["subject"]) == {""}
    said(found.loc[["candidates"]], "optimise.note.candidates", count=2, forms=len(FORMS))
    said(found.loc[["closable"]], "optimise.note.closable", count=1)
    said(found.loc[["policy"]], "optimise.note.policy")


def test_notes_name_barred_sites_and_those_without_a_road_in_the_worst_year():
    found = note_rows(question(barred={"k2": "too_steep"}, unreached=np.array([3.0, 12.5])))
    assert found[["code", "subject"]].to_numpy().tolist()[4:] == [["barred", "k2"], ["unreached", ""]]
    said(found.iloc[4:5], "optimise.note.barred", site="k2", reason=both("reason.too_steep"))
    said(found.iloc[5:], "optimise.note.unreached", pupils="12.5")
    assert note_rows(question(unreached=np.array([0.0, 0.5])))["code"].tolist()[-1] == "unreached"
    assert note_rows(question(unreached=np.zeros(0)))["code"].tolist()[-1] == "policy"


def test_the_twenty_dearest_full_schools_are_named():
    names = [f"s{number:02}" for number in range(22)]
    loads = pd.DataFrame({"year": 2025, "stage": "primary", "site_id": names, "name": names, "pupils": 1.0,
                          "seats": 1.0, "minutes": 1.0, "seat_price": np.arange(22.0, 0.0, -1.0)})  # fmt: skip
    plan = replace(make_plan(question(), layout(), name="x"), loads=loads)
    assert binding_rows(question(), layout(), plan)["subject"].tolist() == names[:20]


def test_of_many_places_five_are_named_and_all_are_counted():
    ids = tuple(f"q{number}" for number in range(7))
    prepared = question().prepared
    names = pd.DataFrame({"place_id": ids, "name": [one.upper() for one in ids]})
    many = task(cost=np.ones((7, 4)), unit_block=np.zeros(7, dtype=int), pupils=np.ones((2, 7)))
    asked = question(
        many, place_ids=ids, minutes=np.ones((7, 4)),
        prepared=replace(prepared, county=replace(prepared.county, places=names)),
    )  # fmt: skip
    found = relaxed((True, [Gap(SEATS, "6,5,4,3,2,1,0", 0, 1.0)]), asked=asked)
    assert found["subject"].tolist() == [",".join(ids)]
    said(
        found, "optimise.gap.seats", when=both("optimise.when.all"), amount="1", stage=both("stage.primary"),
        places=places_said(["Q0", "Q1", "Q2", "Q3", "Q4"], 7),
    )  # fmt: skip
