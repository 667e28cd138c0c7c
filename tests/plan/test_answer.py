"""A layout in the terms of a planner: actions, receivers, loads and totals, by hand on two schools and two sites."""

from __future__ import annotations

import numpy as np
import pytest
from toy_question import (
    A_BIGGER,
    A_NINE,
    B_BIGGER,
    FORMS,
    GOAL,
    M_NEW,
    N_NEW,
    A,
    B,
    M,
    N,
    layout,
    question,
    task,
)

from layoutplan.labels import LANGS, label
from layoutplan.plan.optimise.answer import make_plan
from layoutplan.plan.scenario import AddRooms, CloseSchool, ConvertSchool, MergeSchools, OpenSchool

CLOSED = [(A, 1)]


def plan(*flows, asked=None, **parts):
    return make_plan(question() if asked is None else asked, layout(*flows, **parts), name="x")


def receiver(*flows, asked=None, start=(), close=CLOSED):
    """Return the school into which ``a`` is merged; None where it is closed without one."""
    (action,) = (one for one in plan(*flows, asked=asked, start=start, close=close).scenario.actions
                 if isinstance(one, MergeSchools | CloseSchool))  # fmt: skip
    return action.into if isinstance(action, MergeSchools) else None


def test_a_plan_bears_the_name_given_and_the_terms_of_the_goal():
    made = plan(objective=77.5)
    scenario = made.scenario
    assert (scenario.name, scenario.note, scenario.last_year) == ("x", "why", 2028)
    assert (scenario.policy, scenario.outlook, scenario.actions) == (GOAL.policy, GOAL.outlook, ())
    assert made.objective == 77.5
    assert made.actions.empty


def test_a_new_school_stands_at_its_site_with_its_rooms_and_is_named_by_its_kind():
    assert plan(start=[(N_NEW, 1)]).scenario.actions == (
        OpenSchool(
            year=2028, school_id="n", name="N" + label("kind.nine_year", "zh"), school_kind="nine_year",
            setting="town", east_m=2000.0, north_m=10.0, primary_rooms=8, junior_rooms=4,
        ),
    )  # fmt: skip


def test_rooms_are_added_to_the_stage_that_gets_them_beside_those_that_are_there():
    assert plan(start=[(A_BIGGER, 0)]).scenario.actions == (
        AddRooms(year=2025, school_id="a", stage="primary", rooms=2, existing=6),
    )
    assert plan(start=[(B_BIGGER, 1)]).scenario.actions == (
        AddRooms(year=2028, school_id="b", stage="junior", rooms=2, existing=3),
    )


def test_a_converted_school_says_what_it_was_and_a_stage_without_rooms_says_nothing():
    assert plan(start=[(A_NINE, 0)]).scenario.actions == (
        ConvertSchool(
            year=2025, school_id="a", school_kind="nine_year", primary_rooms=6, junior_rooms=3, existing="primary"
        ),
    )
    for rooms, wanted in (((0, 9), (None, 9)), ((9, 0), (9, None))):
        forms = list(FORMS)
        forms[A_NINE] = type(FORMS[0])("a", "convert", "junior", (7, 9), rooms, (0, 0), (0.0, 0.0))
        (action,) = plan(start=[(A_NINE, 0)], asked=question(forms=tuple(forms))).scenario.actions
        assert (action.primary_rooms, action.junior_rooms) == wanted


def test_actions_stand_by_year_then_deed_then_site_with_what_they_spend():
    made = plan(start=[(N_NEW, 1), (M_NEW, 1), (B_BIGGER, 0)], close=[(A, 0)])
    table = made.actions
    assert table[["year", "deed", "site_id"]].to_numpy().tolist() == [
        [2025, "expand", "b"], [2025, "merge", "a"], [2028, "open", "m"], [2028, "open", "n"],
    ]  # fmt: skip
    assert table["name"].tolist() == ["B", "A", "M", "N"]
    assert table["school_kind"].tolist() == ["nine_year", "primary", "primary", "nine_year"]
    assert table[["primary_rooms", "junior_rooms"]].to_numpy().tolist() == [[0, 2], [0, 0], [12, 0], [8, 4]]
    assert table["into"].tolist() == ["", "b", "", ""]
    # 1000 yuan a room; 19 pupils a post in grades 1-6 and 13.5 in grades 7-9.
    assert table["yuan"].tolist() == [2000.0, 0.0, 12_000.0, 12_000.0]
    assert table["posts"].tolist() == pytest.approx([100 / 13.5, 0.0, 540 / 19, 360 / 19 + 200 / 13.5])
    kinds = [action.kind for action in made.scenario.actions]
    assert kinds == ["add_rooms", "merge_schools", "open_school", "open_school"]


def test_sentences_of_actions_name_school_receiver_and_rooms_in_both_languages():
    table = plan(start=[(N_NEW, 1), (B_BIGGER, 1)], close=[(A, 0)]).actions.set_index("site_id")
    for lang in LANGS:
        said = table[f"text_{lang}"]
        assert said["a"] == label("optimise.action.merge", lang, year=2025, name="A", into="B")
        assert said["b"] == label("optimise.action.expand", lang, year=2028, name="B", rooms=2)
        assert said["n"] == label(
            "optimise.action.open_both", lang, year=2028, name="N", primary=8, junior=4,
            kind=label("kind.nine_year", lang),
        )  # fmt: skip
    (said,) = plan(start=[(M_NEW, 1)]).actions["text_en"]
    assert said == "2028: open a primary school at M with 12 rooms"


def test_a_converted_school_tells_all_its_rooms_and_both_stages_where_it_has_two():
    (said,) = plan(start=[(A_NINE, 0)]).actions["text_en"]
    assert said.endswith("(6 rooms for primary, 3 for junior grades), 3 of them new")
    forms = list(FORMS)
    forms[A_NINE] = type(FORMS[0])("a", "convert", "junior", (7, 9), (0, 9), (0, 4), (0.0, 0.0))
    (said,) = plan(start=[(A_NINE, 0)], asked=question(forms=tuple(forms))).actions["text_en"]
    assert said == "2025: make A a junior school (9 rooms), 4 of them new"


def test_a_closed_school_is_merged_into_the_one_that_takes_most_of_those_who_live_nearest_to_it():
    # p1 and p2 live nearest to a; p3 lives nearest to b and does not count.
    built = [(N_NEW, 0)]
    assert receiver((1, 0, N, 6.0), (1, 1, B, 5.0), start=built) == "n"
    assert receiver((1, 0, N, 5.0), (1, 1, B, 6.0), start=built) == "b"
    assert receiver((1, 0, N, 6.0), (1, 2, B, 50.0), start=built) == "n"
    assert receiver((1, 0, N, 4.0), (1, 1, N, 3.0), (1, 0, B, 6.0), start=built) == "n"


def test_only_where_pupils_go_in_the_period_of_the_closing_counts():
    built = [(N_NEW, 0)]
    assert receiver((0, 0, B, 50.0), (1, 0, N, 1.0), start=built) == "n"
    assert receiver((0, 0, N, 1.0), (1, 0, B, 50.0), start=built, close=[(A, 0)]) == "n"


def test_pupils_live_nearest_to_a_school_among_those_that_stand_in_the_period():
    # m is 5 minutes from p2 and a 10: once m stands, the pupils of p2 are not those of a.
    both = [(N_NEW, 0), (M_NEW, 0)]
    flows = (1, 0, B, 5.0), (1, 1, N, 9.0)
    assert receiver(*flows, start=both) == "b"
    assert receiver(*flows, start=[(N_NEW, 0)]) == "n"
    assert receiver((1, 0, B, 5.0), (1, 1, N, 9.0), start=[(N_NEW, 0), (M_NEW, 1)]) == "b"


def test_a_receiver_teaches_every_grade_of_the_closed_school():
    nine = task(first_form=np.array([A_NINE, 3, -1, -1]))
    # A primary school takes most, but cannot take grades 7-9.
    assert receiver((1, 0, M, 9.0), (1, 0, B, 1.0), start=[(M_NEW, 0)], asked=question(nine)) == "b"
    assert receiver((1, 0, M, 9.0), (1, 0, B, 1.0), start=[(M_NEW, 0)]) == "m"


def test_where_nobody_moves_the_first_school_that_could_take_all_grades_receives():
    assert receiver() == "b"
    assert receiver(start=[(N_NEW, 1)]) == "b"
    alone = task(first_form=np.array([0, -1, -1, -1]))
    assert receiver(asked=question(alone), start=[(N_NEW, 1)]) == "n"
    assert receiver(asked=question(alone), start=[(M_NEW, 0), (N_NEW, 1)]) == "m"
    assert receiver(asked=question(alone)) is None


def test_the_first_school_of_all_may_receive():
    assert receiver((1, 5, A, 5.0), start=[(A_NINE, 0)], close=[(B, 1)]) == "a"
    assert receiver(start=[(A_NINE, 0)], close=[(B, 1)]) == "a"


def test_a_school_is_closed_and_not_merged_where_mergers_are_not_asked_for():
    closing = GOAL.model_copy(update={"deeds": ("close",)})
    made = plan((1, 0, B, 5.0), close=CLOSED, asked=question(goal=closing))
    assert made.scenario.actions == (CloseSchool(year=2028, school_id="a"),)
    assert made.actions[["deed", "into", "yuan", "posts"]].to_numpy().tolist() == [["close", "", 0.0, 0.0]]
    assert made.totals.set_index("indicator")["value"]["schools_closed"] == 1.0


def test_loads_are_pupils_seats_mean_minutes_and_the_price_of_a_seat_a_day():
    loads = plan(
        (0, 0, A, 30.0), (0, 1, A, 10.0), (0, 2, A, 20.0), (0, 5, B, 7.0), (1, 3, B, 4.0), (1, 4, B, 12.0),
        start=[(A_BIGGER, 1)], price=[(0, 0, A, 3.0), (1, 1, B, 2.0)],
    ).loads  # fmt: skip
    assert loads[["year", "stage", "site_id", "name"]].to_numpy().tolist() == [
        [2025, "junior", "b", "B"], [2025, "primary", "a", "A"], [2025, "primary", "b", "B"],
        [2028, "junior", "b", "B"], [2028, "primary", "a", "A"], [2028, "primary", "b", "B"],
    ]  # fmt: skip
    assert loads.index.tolist() == [0, 1, 2, 3, 4, 5]
    assert loads["pupils"].tolist() == [7.0, 60.0, 0.0, 16.0, 0.0, 0.0]
    assert loads["seats"].tolist() == [150.0, 270.0, 270.0, 150.0, 360.0, 270.0]
    # (30 x 10 + 10 x 10 + 20 x 45) / 60 and (4 x 50 + 12 x 40) / 16; nobody has no mean.
    assert loads["minutes"].fillna(-1).tolist() == pytest.approx([10.0, 1300 / 60, -1, 42.5, -1, -1])
    # A period that counts 3/4 or 1/4 of all years.
    assert loads["seat_price"].tolist() == pytest.approx([0.0, 4.0, 0.0, 8.0, 0.0, 0.0])


def test_schools_that_are_given_up_or_not_built_yet_have_no_load_and_pupils_without_seats_show():
    loads = plan((0, 3, A, 0.5), start=[(M_NEW, 1)], close=[(A, 1)]).loads
    mine = loads[loads["site_id"].isin(["a", "m"])]
    assert mine[["year", "stage", "site_id", "pupils", "seats"]].to_numpy().tolist() == [
        [2025, "junior", "a", 0.5, 0.0], [2025, "primary", "a", 0.0, 270.0], [2028, "primary", "m", 0.0, 540.0],
    ]  # fmt: skip
    assert mine["minutes"].iloc[0] == pytest.approx(10.0)


def totals(*flows, **parts):
    return plan(*flows, **parts).totals.set_index("indicator")["value"].to_dict()


def test_totals_are_means_over_the_years_of_those_who_travel_and_sums_of_what_is_built():
    found = totals(
        (0, 0, A, 8.0), (1, 2, A, 4.0), start=[(N_NEW, 0), (M_NEW, 1), (B_BIGGER, 0)], close=[(A, 1)]
    )  # fmt: skip
    more = totals(start=[(N_NEW, 0), (B_BIGGER, 0), (A_BIGGER, 1)])
    assert (more["schools_opened"], more["schools_closed"]) == (1.0, 0.0)
    # 8 pupils count 3/4 and walk 10 minutes, 4 count 1/4 and walk 45, beyond their limit of 30.
    assert found["pupils"] == pytest.approx(6 + 1)
    assert found["mean_minutes"] == pytest.approx((6 * 10 + 1 * 45) / 7)
    assert found["pupils_over_limit"] == pytest.approx(1.0)
    assert (found["rooms"], found["yuan"]) == (2 + 12 + 12, 26_000.0)
    assert found["posts"] == pytest.approx(100 / 13.5 + 540 / 19 + 360 / 19 + 200 / 13.5)
    assert (found["schools_opened"], found["schools_closed"]) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("unit", "minutes", "over"), [(0, 30.0, 0.0), (0, 30.1, 7.5), (0, 30.9, 7.5), (3, 40.0, 0.0), (3, 40.5, 7.5)]
)
def test_pupils_are_beyond_the_limit_of_their_own_grades_only_past_it(unit, minutes, over):
    asked = question()
    asked.minutes[unit, A] = minutes
    assert totals((0, unit, A, 10.0), asked=asked)["pupils_over_limit"] == over


def test_without_a_pupil_there_is_no_mean():
    found = totals()
    assert found["pupils"] == 0.0
    assert np.isnan(found["mean_minutes"])
    assert (found["pupils_over_limit"], found["schools_opened"], found["schools_closed"]) == (0.0, 0.0, 0.0)
