"""Plans of the toy county, each worked out once a run: the present layout, a closure, a rebuilding, no school left."""

from __future__ import annotations

from functools import cache

import toy

from layoutplan.norms import load_norms
from layoutplan.plan.planning import PlanResult, Prepared, prepare, run_plan
from layoutplan.plan.scenario import AddRooms, CloseSchool, MergeSchools, OpenSchool, Scenario, SetBoarding

LAST_YEAR = 2025
NEW = OpenSchool(
    year=2024, school_id="n", name="N", school_kind="nine_year", setting="village", east_m=1200.0, north_m=0.0,
    primary_rooms=6, junior_rooms=3,
)  # fmt: skip
ACTIONS = {
    "base": (),
    "close": (CloseSchool(year=2024, school_id="a"),),
    "rebuild": (
        NEW, MergeSchools(year=2025, school_ids=("a",), into="b"),
        AddRooms(year=2024, school_id="b", stage="junior", rooms=2), SetBoarding(year=2024, school_id="b", beds=60),
    ),
    "none": (CloseSchool(year=2024, school_id="a"), CloseSchool(year=2025, school_id="b")),
}  # fmt: skip


@cache
def prepared() -> Prepared:
    return prepare(toy.county(), load_norms())


@cache
def plan(name: str) -> PlanResult:
    return run_plan(prepared(), Scenario(name=name, last_year=LAST_YEAR, actions=ACTIONS[name]))
