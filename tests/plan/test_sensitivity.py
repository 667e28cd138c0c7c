"""What flips when one thing is moved, by hand on the toy county with two small schools more."""

from __future__ import annotations

import pandas as pd
import pytest
import toy

from layoutplan.norms import load_norms
from layoutplan.plan.closure import closure_gate, verdict_of
from layoutplan.plan.locks import LOCKS
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.plan.sensitivity import GATE, find_sensitivity, with_norm
from layoutplan.present.sensitivity_figure import draw_sensitivity, flips_said, write_sensitivity

NORMS = load_norms()
STEPS = {"shell.max_pupils": (4.0, 20.0), "class_size.primary": (46.0, 29.0)}


@pytest.fixture(scope="module")
def plan():
    """A third school `c` beside `b` had 6, 6 and 6 pupils: 6 are under 10, not under 4. Nobody lives nearest to it."""
    schools = toy.schools()
    more = schools.iloc[[0]].assign(school_id="c", name="C", township_id="t2")
    more.geometry = toy.geo([{}], [toy.Point(3500, 200)]).geometry.to_numpy()
    every = pd.concat([schools, more], ignore_index=True)
    base = toy.county()
    rooms = pd.concat([base.rooms, base.rooms.iloc[[0]].assign(school_id="c")], ignore_index=True)
    classes = [("c", grade, 1, 1, 0) for grade in range(1, 7)]
    classes = pd.concat([base.classes, pd.DataFrame(classes, columns=base.classes.columns)], ignore_index=True)
    history = [(s, y, g, p, 1) for y in range(2018, 2022) for s, sizes in {**toy.CLASSES, "c": [1] * 6}.items()
               for g, p in enumerate(sizes, start=1)]  # fmt: skip
    enrolment = pd.DataFrame(history, columns=["school_id", "year", "grade", "pupils", "classes"])
    county = toy.county(
        schools=every, rooms=rooms.sort_values(["school_id", "stage"], ignore_index=True), classes=classes,
        enrolment=enrolment.astype({"classes": "Int64"}),
    )  # fmt: skip
    return run_plan(prepare(county, NORMS), Scenario(name="base", last_year=2028))


@pytest.fixture(scope="module")
def found(plan):
    return find_sensitivity(plan, steps=STEPS)


def flipped(found, moved, value, measure):
    flips = found.flips
    mine = flips[(flips["moved"] == moved) & (flips["value"] == value) & (flips["measure"] == measure)]
    return {row.school_id: (row.before, row.after) for row in mine.itertuples()}


def test_a_small_school_is_named_at_ten_and_not_at_four(found):
    assert flipped(found, "shell.max_pupils", 4.0, "shell_candidate") == {"c": ("named", "not_named")}
    assert flipped(found, "shell.max_pupils", 20.0, "shell_candidate") == {}


def test_a_stricter_class_norm_names_nobody_new_where_all_are_named_and_a_laxer_one_frees(found, plan):
    """`a` has a class of 46, over 45 and not over 46; `b` has one of 56 and one of 66 juniors either way."""
    at_46 = flipped(found, "class_size.primary", 46.0, "class_over_norm")
    named = plan.findings.frame
    named = set(named.loc[named["rule"].isin(["class_over_norm", "class_large"]), "school_id"])
    assert {"a", "b"} <= named
    assert at_46 in ({}, {"a": ("named", "not_named")})


def test_counts_of_a_case_are_those_of_its_schools(found):
    for row in found.cases[found.cases["mover"] == "norm"].to_dict("records"):
        flips = flipped(found, row["moved"], row["value"], row["measure"])
        assert row["entered"] == sum(after == "named" for _, after in flips.values())
        assert row["left"] == sum(before == "named" for before, _ in flips.values())


def test_moving_a_norm_gives_what_a_county_with_that_norm_gives(plan):
    from dataclasses import replace

    from layoutplan.norms import Norms

    norms = Norms({**NORMS, "shell.max_pupils": replace(NORMS["shell.max_pupils"], value=4)})
    anew = run_plan(prepare(plan.prepared.county, norms), plan.scenario)
    moved = run_plan(with_norm(plan.prepared, "shell.max_pupils", 4), plan.scenario)
    pd.testing.assert_frame_equal(anew.findings.frame, moved.findings.frame)
    with pytest.raises(ValueError, match="ways"):
        with_norm(plan.prepared, "speed.walk_kmh.grades_1_3", 3.0)


def test_a_safeguard_taken_away_flips_whom_it_alone_keeps(found, plan):
    """The verdict without a lock is that of the other locks; it flips only if no other lock keeps the school."""
    locks = closure_gate(plan, "c", 2023).locks.set_index("lock")["passed"]
    states = {code: None if pd.isna(state) else bool(state) for code, state in locks.items()}
    gate = found.flips[(found.flips["measure"] == GATE) & (found.flips["mover"] == "safeguard")]
    for code in LOCKS:
        less = verdict_of({one: state for one, state in states.items() if one != code})
        mine = gate[gate["moved"] == code]
        assert mine["after"].tolist() == ([less] if less != verdict_of(states) else [])
    assert set(found.cases.loc[found.cases["mover"] == "safeguard", "moved"]) == set(LOCKS)


def test_with_one_candidate_no_order_matters(found):
    orders = found.cases[found.cases["mover"] == "order"]
    assert orders[["entered", "left"]].to_numpy().sum() == 0
    assert len(orders) == 3


def test_the_candidates_stand_at_the_gate(found, plan):
    assert found.gate["school_id"].tolist() == ["c"]
    assert found.gate["verdict"].tolist() == [closure_gate(plan, "c", 2023).verdict]


def test_table_figure_and_sentences_in_both_languages(found, tmp_path):
    names = [path.name for path in write_sensitivity(found, tmp_path)]
    assert names == [
        "sensitivity.csv", "sensitivity_cases.csv", "sensitivity_gate.csv", "sensitivity_zh.png", "sensitivity_en.png",
    ]  # fmt: skip
    table = pd.read_csv(tmp_path / "sensitivity.csv", encoding="utf-8-sig")
    assert len(table) == len(found.flips)
    assert draw_sensitivity(found, lang="zh") == draw_sensitivity(found, lang="zh")
    assert any("C (named → not named)" in line for line in flips_said(found, "en"))
    assert any("C（列入→未列入）" in line for line in flips_said(found, "zh"))
