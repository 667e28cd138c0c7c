"""Plans under common draws, by hand on the toy county and on the sample county's own history."""

from __future__ import annotations

import numpy as np
import pytest
import toy
import toy_plans

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import AddRooms, CloseSchool, OpenSchool, Scenario
from layoutplan.plan.uncertainty import weigh_alternatives
from layoutplan.present.comparison import draws_said, write_draws
from layoutplan.seats.settings import Outlook, Policy

# 2022 to 2024. `b` teaches all 195 juniors (65 a grade) in 150 seats: 45 are short. In `a` and `b` no primary is.
SHORT = 45.0


def plan(name, *actions, **settings):
    return run_plan(toy_plans.prepared(), Scenario(name=name, last_year=2024, actions=actions, **settings))


def rooms(year, count):
    return AddRooms(year=year, school_id="b", stage="junior", rooms=count)


@pytest.fixture(scope="module")
def plans():
    return plan("keep"), plan("build", rooms(2023, 2)), plan("late", rooms(2024, 2))


def factors(*juniors):
    """Draws that multiply the juniors of 2023 and 2024 and nobody else."""
    made = np.ones((3, 9, 4, len(juniors)))
    made[1:, 6:] = np.array(juniors)
    return made


def test_shortage_of_every_draw_is_that_of_the_pupils_it_holds(plans):
    """Twice the juniors are 390: 240 short of 150 seats, 140 of 250; half of them all have one."""
    found = weigh_alternatives(plans, factors=factors(1.0, 2.0, 0.5))
    assert found.short[0].tolist() == [[SHORT] * 3, [SHORT, 240, 240], [SHORT, 0, 0]]
    assert found.short[1].tolist() == [[SHORT, 0, 0], [SHORT, 140, 140], [SHORT, 0, 0]]


def test_best_regret_and_the_first_year_in_which_the_choice_differs(plans):
    """`build` is best in draws 1 and 2; in draw 3 all are alike and the first counts."""
    found = weigh_alternatives(plans, factors=factors(1.0, 2.0, 0.5))
    table = found.alternatives.set_index("name")
    assert table["best_in"].to_dict() == {"keep": 1, "build": 2, "late": 0}
    # keep: 135, 525, 45; build: 45, 325, 45; late: 90, 425, 45.
    assert table["regret_max"].to_dict() == {"keep": 200.0, "build": 0.0, "late": 100.0}
    assert table["regret_mean"].to_dict() == pytest.approx({"keep": 290 / 3, "build": 0.0, "late": 145 / 3})
    assert table["short_median"].to_dict() == {"keep": 135.0, "build": 45.0, "late": 90.0}
    assert found.first_year == 2023
    assert weigh_alternatives(plans, factors=factors(0.5, 0.5, 2.0)).first_year is None


def test_of_equal_plans_the_first_is_best(plans):
    found = weigh_alternatives([plans[0], plan("same")], factors=factors(1.0, 3.0))
    assert found.alternatives["best_in"].tolist() == [2, 0]
    assert found.alternatives["regret_max"].tolist() == [0.0, 0.0]


def test_what_cannot_be_weighed_is_named(plans):
    with pytest.raises(ScenarioError) as caught:
        weigh_alternatives([plan("seats", policy=Policy(assignment="capacity"))])
    assert {problem.code for problem in caught.value.problems} == {"draws_alone", "draws_capacity"}
    with pytest.raises(ScenarioError) as caught:
        weigh_alternatives([plans[0], plan("fewer", outlook=Outlook(births_change=-0.1))])
    assert [problem.code for problem in caught.value.problems] == ["draws_outlook"]
    with pytest.raises(ScenarioError) as caught:
        weigh_alternatives(plans[:2])
    assert [problem.code for problem in caught.value.problems] == ["draws_no_history"]
    assert all(caught.value.say(lang) for lang in ("zh", "en"))


@pytest.fixture(scope="module")
def storied():
    """The toy county with ten years of the same classes, give or take, so that draws can be learnt."""
    rng, rows = np.random.default_rng(1), []
    for school, sizes in toy.CLASSES.items():
        for grade, pupils in enumerate(sizes, start=1):
            rows += [(school, year, grade, int(pupils + rng.integers(-3, 4)), 1) for year in range(2012, 2022)]
    columns = ["school_id", "year", "grade", "pupils", "classes"]
    import pandas as pd

    history = pd.DataFrame(rows, columns=columns).astype({"classes": "Int64"})
    return prepare(toy.county(enrolment=history), load_norms())


def test_draws_are_common_lie_around_the_forecast_and_never_differ(storied):
    plans = [
        run_plan(storied, Scenario(name=name, last_year=2028, actions=actions))
        for name, actions in (("keep", ()), ("again", ()), ("build", (rooms(2023, 2),)))
    ]
    once, again = weigh_alternatives(plans), weigh_alternatives(plans)
    np.testing.assert_array_equal(once.short, again.short)
    # The same plan under another name has the same future in every draw; rooms never do harm.
    np.testing.assert_array_equal(once.short[0], once.short[1])
    assert (once.short[2] <= once.short[0] + 1e-9).all()
    assert once.short[0][:, 0].std() < 1e-9
    assert once.short[0][:, -1].std() > once.short[0][:, 1].std() > 0
    assert once.short[0][:, 3].mean() == pytest.approx(SHORT, rel=0.5)


def test_the_order_of_alternatives_changes_no_draw(storied):
    plans = [
        run_plan(storied, Scenario(name=n, last_year=2025, actions=a)) for n, a in (("k", ()), ("b", (rooms(2023, 1),)))
    ]
    one, other = weigh_alternatives(plans), weigh_alternatives(plans[::-1])
    np.testing.assert_array_equal(one.short, other.short[::-1])


def test_sentences_and_files_say_the_counts(plans, tmp_path):
    found = weigh_alternatives(plans, factors=factors(1.0, 2.0, 0.5))
    assert any("best in 2 of 3 draws" in line for line in draws_said(found, "en"))
    assert any("3次抽样中有2次最优" in line for line in draws_said(found, "zh"))
    assert any("2023" in line for line in draws_said(found, "en"))
    paths = write_draws(found, tmp_path)
    assert [path.name for path in paths] == ["draws.csv", "draws_years.csv"]
    assert "build" in paths[0].read_text("utf-8-sig")


# Grades 1-3 walk 60 m a minute and grades 4-6 66.7 m, 360 pupils 500 m and 30 of p4 600 m; juniors walk 75 m a minute.
MINUTES = 198_000 * (1 / 60 + 3 / 200) / 2 + (30 * 3500 + 60 * 2500 + 90 * 500 + 15 * 600) / 75


def test_shortage_and_minutes_of_all_years_are_summed_and_their_range_told(plans):
    """Without a seat are 135, 525 or 45: P10 lies a fifth of the way from 45 to 135, P90 four fifths to 525."""
    table = weigh_alternatives(plans, factors=factors(1.0, 2.0, 0.5)).alternatives
    keep = table.iloc[0]
    assert (keep["short_p10"], keep["short_p90"]) == (pytest.approx(63.0), pytest.approx(447.0))
    assert table["minutes_median"].tolist() == pytest.approx([3 * MINUTES] * 3)
    assert table["draws"].tolist() == [3, 3, 3]
    assert table["name"].tolist() == ["keep", "build", "late"]


def test_every_year_has_its_own_count_of_draws_and_shortage(plans):
    found = weigh_alternatives(plans, factors=factors(1.0, 2.0, 0.5))
    assert (found.names, found.years) == (("keep", "build", "late"), (2022, 2023, 2024))
    assert found.by_year.to_numpy().tolist() == [
        [2022, "keep", 3, 45.0], [2022, "build", 0, 45.0], [2022, "late", 0, 45.0],
        [2023, "keep", 1, 45.0], [2023, "build", 2, 0.0], [2023, "late", 0, 45.0],
        [2024, "keep", 1, 45.0], [2024, "build", 2, 0.0], [2024, "late", 0, 0.0],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("draws", "year"),
    [((2.0, 0.5), None), ((2.0, 2.0, 0.5, 0.5), None), ((2.0, 2.0, 2.0, 0.5, 0.5), 2023), ((2.0,), 2023)],
)
def test_the_choice_differs_where_another_is_best_in_more_than_half_of_the_draws(plans, draws, year):
    assert weigh_alternatives(plans, factors=factors(*draws)).first_year == year


def test_the_first_year_of_another_choice_is_that_in_which_it_first_leads(plans):
    assert weigh_alternatives([plans[0], plans[2]], factors=factors(1.0, 2.0, 0.5)).first_year == 2024


def test_part_of_a_pupil_without_a_seat_decides(plans):
    # 195 juniors times 0.771 are 150.3 for 150 seats.
    found = weigh_alternatives(plans[:2], factors=factors(0.771))
    assert found.alternatives["best_in"].tolist() == [0, 1]


def test_of_plans_with_as_many_seats_short_the_one_with_shorter_ways_is_best(plans):
    new = OpenSchool(year=2023, school_id="n", name="N", school_kind="primary", setting="village", east_m=0.0,
                     north_m=0.0, primary_rooms=6)  # fmt: skip
    found = weigh_alternatives([plans[0], plan("near", new)], factors=factors(1.0, 0.5))
    assert found.alternatives["best_in"].tolist() == [0, 2]
    assert found.alternatives["regret_max"].tolist() == [0.0, 0.0]
    assert found.first_year == 2023
    assert found.by_year["best_in"].tolist() == [2, 0, 0, 2, 0, 2]


def test_who_reaches_no_school_has_no_seat_either_and_varies_with_the_draw():
    """`a` closes in 2024: 390 in 270 seats of `b`, beside 45 juniors; in 2025 `b` closes too and all 585 have none."""
    drawn = np.ones((4, 9, 4, 3))
    drawn[3, 0, 1, 1] = 3.0  # grade 1 of p2: 20 pupils become 60
    drawn[3, 8, 3, 2] = 0.0  # grade 9 of p4: 5 pupils fewer
    found = weigh_alternatives([toy_plans.plan("base"), toy_plans.plan("none")], factors=drawn)
    assert found.short[1].tolist() == [[45.0, 45.0, 165.0, 585.0], [45.0, 45.0, 165.0, 625.0],
                                       [45.0, 45.0, 165.0, 580.0]]  # fmt: skip
    assert found.first_year is None


def test_who_reaches_no_school_varies_with_the_draw_of_the_own_grade():
    """From 2025 on only the juniors have a school: 390 pupils of grades 1-6 have none."""
    new = OpenSchool(year=2025, school_id="n", name="N", school_kind="junior", setting="village", east_m=3500.0,
                     north_m=0.0, junior_rooms=4)  # fmt: skip
    closed = [CloseSchool(year=2025, school_id=school_id) for school_id in "ab"]
    scenario = Scenario(name="juniors", last_year=2025, actions=(new, *closed))
    drawn = np.ones((4, 9, 4, 3))
    drawn[3, 5, 1, 1] = 3.0  # grade 6 of p2: 20 pupils become 60
    drawn[3, 6, 1, 2] = 0.0  # grade 7 of p2
    found = weigh_alternatives([toy_plans.plan("base"), run_plan(toy_plans.prepared(), scenario)], factors=drawn)
    assert found.short[1, :, 3].tolist() == [390.0, 430.0, 390.0]


def test_only_years_of_all_plans_are_weighed(plans):
    found = weigh_alternatives([plans[0], toy_plans.plan("none")], factors=factors(1.0, 1.0))
    assert found.years == (2022, 2023, 2024)
    assert found.short.shape == (2, 2, 3)


def test_one_outlook_and_a_rule_without_seats_are_enough(plans):
    assert weigh_alternatives([plans[0], plan("same")], factors=factors(1.0)).names == ("keep", "same")
    with pytest.raises(ScenarioError) as caught:
        weigh_alternatives([plans[0]], factors=factors(1.0))
    assert [problem.code for problem in caught.value.problems] == ["draws_alone"]
