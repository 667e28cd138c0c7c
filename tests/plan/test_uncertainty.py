"""Plans under common draws, by hand on the toy county and on the sample county's own history."""

from __future__ import annotations

import numpy as np
import pytest
import toy
import toy_plans

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import AddRooms, Scenario
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
