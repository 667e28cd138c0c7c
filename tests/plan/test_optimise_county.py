"""The search on counties: planted best sites are found, laws are kept, scenarios run, faults are named."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import toy
from shapely import box

from layoutplan import load_goal, load_scenario, optimise, run_plan
from layoutplan.county.layers import county_norms, read_county
from layoutplan.county.tables import AGES
from layoutplan.errors import ScenarioError
from layoutplan.labels import LANGS
from layoutplan.norms import load_norms
from layoutplan.plan.optimise.conditions import conditions
from layoutplan.plan.optimise.gather import gather
from layoutplan.plan.optimise.goal import (
    Budget,
    Candidates,
    Close,
    Convert,
    Goal,
    Locks,
    Open,
    Point,
    Stop,
    Weights,
    parse_goal,
)
from layoutplan.plan.optimise.people import high_side
from layoutplan.plan.optimise.search import Watch, search
from layoutplan.plan.planning import prepare
from layoutplan.plan.scenario import CloseSchool, MergeSchools, OpenSchool
from layoutplan.present.optimised import summarise, tell, write_optimised
from layoutplan.seats.demand import Demand
from layoutplan.seats.settings import Policy

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "gis"
GOALS = sorted((SAMPLE.parents[1] / "scenarios" / "goals").glob("*.toml"))
SITES = tuple(
    Point(site_id=f"n{east}", name=f"N{east}", east_m=float(east), north_m=0.0) for east in range(0, 4001, 500)
)


def children(**by_place: float) -> pd.DataFrame:
    rows = [(place, age, count, "register") for place, count in sorted(by_place.items()) for age in AGES]
    return pd.DataFrame(rows, columns=["place_id", "age", "children", "source"])


def rooms(a: int, b: int, junior: int = 9) -> pd.DataFrame:
    return toy.county().rooms.assign(rooms=[a, junior, b])


@cache
def town(name: str):
    """Two small counties on the toy's road, each with one best place for a school."""
    if name == "full":
        # p3's 180 pupils have 45 seats beside them; all others are seated where they live.
        return prepare(toy.county(rooms=rooms(6, 1)), load_norms())
    # Nobody has a seat: one school for all is best at the middle pupil, who lives in the smallest place.
    middle = children(p1=30.0, p2=10.0, p3=30.0, p4=0.0)
    return prepare(toy.county(rooms=rooms(0, 0), children=middle), load_norms())


def goal(**changes: object) -> Goal:
    plain = Goal(
        name="g", years=(2024,), last_year=2024, stages=("primary",), quantile=0.5, deeds=("open",), plans=1,
        candidates=Candidates(source="points", points=SITES), open=Open(kinds=("primary",), rooms=(12,)),
        budget=Budget(new_schools=1), weights=Weights(envy=0.0, million_yuan=0.0), stop=Stop(gap=1e-6),
    )  # fmt: skip
    return plain.model_copy(update=changes)


def opened(result) -> list[str]:
    return [action.school_id for action in result.plans[0].scenario.actions if isinstance(action, OpenSchool)]


@pytest.mark.parametrize(("name", "best"), [("full", "n3000"), ("middle", "n1000")])
def test_the_planted_site_of_a_small_county_is_found(name, best):
    result = optimise(town(name), goal())
    assert opened(result) == [best]
    assert result.status == "best"
    assert result.gap <= 1e-6


@pytest.mark.parametrize(
    ("means", "bound"), [({}, {"grades_1_3"}), ({"grades_4_6": "walk"}, {"grades_1_3", "grades_4_6"})]
)
def test_within_limits_binds_the_youngest_and_groups_that_were_given_a_means(means, bound):
    policy = Policy(assignment="capacity", within_limits=True, **means)
    question = gather(town("middle"), goal(policy=policy))
    places = len(question.place_ids)
    for number, block in enumerate(question.blocks):
        rows = slice(number * places, (number + 1) * places)
        far = question.minutes[rows] > question.limit[number]
        assert far.any()
        assert not far.all()
        assert np.isinf(question.task.cost[rows][far]).all() == (block.group in bound)
        assert np.isfinite(question.task.cost[rows][~far]).all()


def test_the_objective_of_the_middle_is_worked_out_by_hand():
    """p1's 180 pupils walk 1000 m and p3's 180 2000 m: grades 1-3 at 60 m/min, grades 4-6 at 200/3 m/min."""
    result = optimise(town("middle"), goal())
    by_hand = 90 * (1000 + 2000) / 60 + 90 * (1000 + 2000) / (200 / 3)
    assert result.objective == pytest.approx(by_hand)
    totals = result.plans[0].totals.set_index("indicator")["value"]
    assert totals["mean_minutes"] == pytest.approx(by_hand / 420)
    assert totals[["rooms", "schools_opened", "yuan"]].tolist() == [12, 1, 12 * 900_000]


def test_a_conversion_is_chosen_where_it_brings_grades_nearer():
    """Pupils of p1 and p2 go to b for grades 7-9, 2.5 km and more, unless a becomes a nine-year school."""
    kinds = Convert(school_id="a", school_kind="nine_year", primary_rooms=6, junior_rooms=3)
    asked = goal(
        deeds=("convert",), convert=(kinds,), stages=("primary", "junior"), candidates=Candidates(source="points")
    )
    prepared = prepare(toy.county(), load_norms())
    result = optimise(prepared, asked)
    assert [action.kind for action in result.plans[0].scenario.actions] == ["convert_school"]
    flows = run_plan(prepared, result.plans[0].scenario).assignment.flows
    flows = flows[(flows["year"] == 2024) & (flows["grade"] == 7)].set_index("place_id")["school_id"]
    assert flows[["p1", "p2", "p3"]].tolist() == ["a", "a", "b"]
    costs = result.plans[0].actions[["deed", "junior_rooms", "yuan"]].to_dict("records")
    assert costs == [{"deed": "convert", "junior_rooms": 3, "yuan": 3 * 900_000}]


def test_parcels_are_candidates_and_land_unfit_for_schools_is_left_out_by_name():
    plots = [box(east - 20, 10, east + 20, 50) for east in (1000, 3000)]
    parcels = toy.geo([{"parcel_id": "k1", "name": "K1"}, {"parcel_id": "k3", "name": None}], plots)
    slide = toy.geo([{"land_id": "l1", "kind": "landslide", "name": None}], [box(2900, 0, 3100, 100)])
    base = toy.county(rooms=rooms(6, 1), parcels=parcels, unsuitable=slide)
    result = optimise(prepare(base, load_norms()), goal(candidates=Candidates(source="parcels")))
    assert opened(result) == ["site-k1"]
    left = result.notes[result.notes["code"] == "barred"]
    assert left["subject"].tolist() == ["site-k3"]
    with pytest.raises(ScenarioError, match="no_parcels"):
        optimise(town("full"), goal(candidates=Candidates(source="parcels")))


def test_a_search_that_is_stopped_returns_what_it_has():
    result = optimise(town("full"), goal(plans=3), cancel=lambda: True)
    assert result.status == "stopped" or result.gap <= 1e-6
    assert [line for lang in LANGS for line in tell(result, lang)]
    assert summarise(result)["status"] == result.status


def test_the_scenario_runs_and_gives_the_ways_that_were_promised(tmp_path):
    result = optimise(town("full"), goal())
    written = write_optimised(result, tmp_path)
    assert {path.name for path in written} >= {"scenario.toml", "summary.json", "actions.csv", "loads.csv"}
    scenario = load_scenario(tmp_path / "scenario.toml")
    assert scenario == result.plans[0].scenario
    flows = run_plan(town("full"), scenario).assignment.flows
    flows = flows[(flows["year"] == 2024) & (flows["stage"] == "primary")]
    assert float(flows["pupils"] @ flows["minutes"]) == pytest.approx(result.objective, rel=1e-6)


def test_the_sample_county_s_planted_site_is_found():
    planted = tomllib.loads((SAMPLE / "planted.toml").read_text("utf-8"))["best_site"]
    prepared = prepare(read_county(SAMPLE), county_norms(SAMPLE))
    spots = prepared.county.places.set_index("place_id").geometry.representative_point()
    points = tuple(
        Point(site_id=f"site-{place_id}", name=place_id, east_m=spots[place_id].x, north_m=spots[place_id].y)
        for place_id in planted["among"]
    )
    asked = goal(
        years=(2025,), last_year=2027, quantile=0.8, candidates=Candidates(source="points", points=points),
        open=Open(kinds=("primary",), rooms=(24,)), deeds=("open", "merge"), stop=Stop(gap=0.001),
    )  # fmt: skip
    result = optimise(prepared, asked)
    assert opened(result) == [f"site-{planted['place_id']}"]
    assert result.gap <= 0.001
    # Every empty shell of this county is the only school some place reaches; each is named, none is proposed.
    kept = result.binding[result.binding["code"] == "kept"]
    assert len(kept) == 7
    assert not any(isinstance(action, CloseSchool | MergeSchools) for action in result.plans[0].scenario.actions)


def with_shell(east_m: float = 500.0, north_m: float = 200.0, a_rooms: int = 6):
    """The toy county with a teaching point c of three pupils off the road beside a, and a hamlet p5 on it."""
    base = toy.county(rooms=rooms(a_rooms, 6))
    shell = base.schools[base.schools["school_id"] == "a"].assign(
        school_id="c", name="C", kind="teaching_point", grade_to=pd.array([3], dtype="Int64")
    )
    shell.geometry = [toy.Point(east_m, north_m)]
    village = base.places[base.places["place_id"] == "p1"].assign(place_id="p5", name="P5")
    village.geometry = [toy.Point(east_m, 50)]
    classes = pd.DataFrame({"school_id": "c", "grade": [1, 2, 3], "class_no": 1, "pupils": 1, "boarders": 0})
    counts = pd.DataFrame(
        [("c", year, grade, 1, 1) for year in range(2018, 2022) for grade in (1, 2, 3)],
        columns=["school_id", "year", "grade", "pupils", "classes"],
    ).astype({"classes": "Int64"})
    extra = base.rooms.iloc[:1].assign(school_id="c", stage="primary", rooms=3)
    county = replace(
        base,
        schools=pd.concat([base.schools, shell], ignore_index=True),
        places=pd.concat([base.places, village], ignore_index=True),
        classes=pd.concat([base.classes, classes], ignore_index=True),
        enrolment=pd.concat([base.enrolment, counts], ignore_index=True),
        rooms=pd.concat([base.rooms, extra], ignore_index=True).sort_values(["school_id", "stage"], ignore_index=True),
        children=children(**(toy.CHILDREN | {"p5": 1.0})),
    )
    return prepare(county, load_norms())


REVIEW = {
    "deeds": ("merge",), "close": Close(school_ids=("c",), build_first=False), "weights": Weights(school=500.0),
    "candidates": Candidates(source="points"),
}  # fmt: skip


def test_a_shell_with_another_school_in_reach_may_be_proposed_for_a_merger():
    prepared = with_shell()
    result = optimise(prepared, goal(**REVIEW))
    merged = [action for action in result.plans[0].scenario.actions if isinstance(action, MergeSchools)]
    assert [(action.school_ids, action.into) for action in merged] == [(("c",), "a")]
    plan = run_plan(prepared, result.plans[0].scenario)
    assert set(plan.enrolment.frame.query("year == 2024")["school_id"]) == {"a", "b"}


def test_nothing_is_closed_where_it_saves_less_than_it_costs():
    """School a is full: without c somebody walks to b. And where standing costs nothing, nothing closes for nothing."""
    for prepared, costs in ((with_shell(a_rooms=4), 1.0), (with_shell(), 0.0)):
        result = optimise(prepared, goal(**REVIEW | {"weights": Weights(school=costs)}))
        assert not result.plans[0].scenario.actions


@pytest.mark.parametrize("deeds", [("close",), ("merge",), ("close", "merge", "open")])
def test_an_irreplaceable_school_is_never_proposed_whatever_it_saves(deeds):
    """1.5 km from the next school: grades 1-3 of p5 reach no other in a quarter of an hour."""
    prepared = with_shell(east_m=2000.0, north_m=0.0)
    far = replace_limit(prepared)
    asked = goal(**REVIEW | {"deeds": deeds, "weights": Weights(school=1e6)})
    result = optimise(far, asked)
    assert not any(isinstance(action, CloseSchool | MergeSchools) for action in result.plans[0].scenario.actions)
    assert result.binding.loc[result.binding["code"] == "kept", "subject"].tolist() == ["c"]


def replace_limit(prepared):
    """Return the county with grades 1-3 held to 15 minutes."""
    norms = dict(prepared.norms)
    key = "travel.limit_minutes.grades_1_3"
    norms[key] = replace(norms[key], value=15)
    return prepare(prepared.county, type(prepared.norms)(norms))


def test_of_schools_that_stand_in_for_each_other_one_stays():
    """Both a and c may go by themselves; p5 reaches no third school, so whatever they cost one of them stands."""
    question = gather(replace_limit(with_shell()), goal(deeds=("merge",), candidates=Candidates(source="points")))
    task, sites = question.task, [site.site_id for site in question.sites]
    closes = np.zeros_like(task.closes)
    closes[[sites.index("a"), sites.index("c")]] = True
    reach = np.zeros((2, len(sites)), dtype=bool)
    reach[0, [sites.index("a"), sites.index("c")]] = True
    reach[1] = True
    task = replace(task, closes=closes, stand_cost=np.full(len(question.forms), 1e6), pupils=task.pupils * 0.1)
    rows = conditions(question.goal, task, question.sites, question.forms, prepared=question.prepared, reach=reach)
    last = tuple(row for row in rows if row.code == "last_in_reach")
    assert len(last) == 1
    assert search(replace(task, rows=last), Watch(gap=1e-6)).best.close.sum() == 1
    assert search(replace(task, rows=()), Watch(gap=1e-6)).best.close.sum() == 2


def test_seats_stand_before_anybody_moves():
    prepared = with_shell()
    build = goal(
        years=(2024, 2025), last_year=2026, deeds=("open", "merge"), close=Close(school_ids=("c",)),
        candidates=Candidates(source="points", points=SITES[1:2]), locks=Locks(open=("n500",)),
        weights=Weights(school=500.0),
    )  # fmt: skip
    scenario = optimise(prepared, build).plans[0].scenario
    years = {action.kind: action.year for action in scenario.actions}
    assert set(years) == {"open_school", "merge_schools"}
    assert years["open_school"] != years["merge_schools"]


def test_an_infeasible_goal_is_answered_by_the_least_that_would_have_to_give_way():
    """Of 390 pupils, 315 have seats; no new school is allowed. One would do; or 75 stay without a seat."""
    result = optimise(town("full"), goal(budget=Budget(new_schools=0)))
    assert result.status == "infeasible"
    assert result.plans == ()
    rows = result.relaxations
    alone = {tuple(part["code"]): part["amount"].sum() for _, part in rows.groupby("option")}
    assert alone[("seats",)] == pytest.approx(75.0)
    assert alone[("budget_new_schools",)] == pytest.approx(1.0)
    assert rows["option"].iloc[0] == 1
    assert all(rows[f"text_{lang}"].str.len().min() > 5 for lang in LANGS)


def test_planner_s_locks_are_kept_and_named():
    result = optimise(town("full"), goal(locks=Locks(never=("n3000",))))
    assert opened(result)[0] not in ("n3000",)
    asked = optimise(town("full"), goal(locks=Locks(open=("n0",))))
    assert opened(asked) == ["n0"]
    assert asked.objective > result.objective
    assert "must_open" in set(asked.binding["code"])


def test_a_year_s_budget_holds_in_that_year_only():
    early = goal(years=(2023, 2024), last_year=2024, budget=Budget(rooms=12))
    late = early.model_copy(update={"budget": parse_goal(
        'name="x"\nyears=[2023,2024]\nlast_year=2024\n[budget]\nrooms=12\nyears=[{year=2023, rooms=0}]', source="x"
    ).budget})  # fmt: skip
    assert [a.year for a in optimise(town("full"), early).plans[0].scenario.actions] == [2023]
    without = optimise(town("full"), late)
    # 75 pupils have no seat in 2023, so this goal cannot be met, and the answer says by how much.
    assert without.status == "infeasible"
    assert {"seats", "budget_rooms"} <= set(without.relaxations["code"])


def test_others_and_runners_up_are_named_in_both_languages():
    result = optimise(town("full"), goal(plans=3, within=5.0))
    assert len(result.plans) == 3
    values = [plan.objective for plan in result.plans]
    assert values == sorted(values)
    assert result.sites["is_chosen"].tolist() == [True, False, False]
    assert result.sites["extra_share"].iloc[1] == pytest.approx(values[1] / values[0] - 1)
    assert [line for lang in LANGS for line in tell(result, lang)]
    assert summarise(result)["plans"][2]["objective"] == pytest.approx(values[2])


def test_the_high_side_of_a_township_is_narrower_than_that_of_its_places():
    """Two places of 100 with P90 of 112.8: nothing in common, so the township's sd is sqrt(200), not 20."""
    frame = pd.DataFrame(
        {
            "year": 2023,
            "grade": 1,
            "place_id": ["p1", "p2"],
            "pupils": 100.0,
            "p10": 87.2,
            "p90": 100 + 12.815515655446004,
        }
    )
    found = high_side(Demand(frame), toy.county(), quantile=0.9)
    row = found[(found["township_id"] == "t1") & (found["stage"] == "primary")]
    assert row["factor"].item() == pytest.approx(1 + 1.2815515655446004 * np.sqrt(200) / 200)


BAD_GOALS = {
    "goal_key_unknown": "yeers = [2024]",
    "goal_key_missing": "drop",
    "goal_key_invalid": "plans = 0",
    "goal_years": "years = [2026, 2025]",
    "goal_budget_year": "[[budget.years]]\nyear = 2030\nrooms = 5",
    "goal_policy": '[policy]\nboundary = "township"',
    "goal_convert": 'deeds = ["convert"]',
    "toml_unreadable": "= 3",
}


@pytest.mark.parametrize("code", sorted(BAD_GOALS))
def test_faults_of_a_goal_file_are_named(code, tmp_path):
    head = ['name = "g"', "years = [2024]", "last_year = 2025"]
    extra = BAD_GOALS[code]
    head = head[:2] if extra == "drop" else [line for line in head if line.split()[0] != extra.split()[0]]
    (tmp_path / "goal.toml").write_text("\n".join([*head, "" if extra == "drop" else extra]), "utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_goal(tmp_path / "goal.toml")
    assert code in {problem.code for problem in caught.value.problems}
    assert all(problem.say(lang) for problem in caught.value.problems for lang in LANGS)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"locks": Locks(never=("nowhere",))}, "goal_site_unknown"),
        ({"locks": Locks(keep=("nowhere",))}, "school_unknown"),
        ({"locks": Locks(open=("n0",), never=("n0",))}, "goal_lock_twice"),
        ({"years": (2010,)}, "year_outside"),
        ({"candidates": Candidates(source="points", points=(SITES[0], SITES[0]))}, "goal_site_taken"),
        (
            {"candidates": Candidates(source="points", points=(SITES[0].model_copy(update={"east_m": 9e5}),))},
            "goal_site_outside",
        ),
        ({"policy": Policy(assignment="nearest")}, "goal_policy"),
    ],
)
def test_goals_that_do_not_fit_the_county_are_refused(changes, code):
    with pytest.raises(ScenarioError) as caught:
        optimise(town("full"), goal(**changes))
    assert {problem.code for problem in caught.value.problems} == {code}


@pytest.mark.parametrize("path", GOALS, ids=lambda path: path.stem)
def test_the_examples_are_valid(path):
    assert load_goal(path).candidates.most > 0
