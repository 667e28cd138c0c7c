"""What the search answers to small questions against what it answered: plans, runners-up, bonds and relaxations.

Written anew and read like the golden plans. The toy county's questions have one best answer each, so that another
machine's solver cannot come to another.
"""

from __future__ import annotations

from functools import cache

import pytest
import toy
from goldens import hold
from told import tell

from layoutplan import optimise
from layoutplan.norms import load_norms
from layoutplan.plan.optimise.goal import (
    Budget,
    Candidates,
    Convert,
    Expand,
    Goal,
    Locks,
    Open,
    Point,
    Stop,
    Weights,
)
from layoutplan.plan.planning import prepare
from layoutplan.seats.settings import Outlook

SITES = tuple(
    Point(site_id=f"n{east}", name=f"N{east}", east_m=float(east), north_m=0.0) for east in range(200, 4001, 700)
)
PLAIN = Goal(
    name="g", years=(2024,), last_year=2026, quantile=0.8, deeds=("open", "expand"), plans=3, within=0.2,
    candidates=Candidates(source="points", points=SITES), open=Open(kinds=("primary", "junior"), rooms=(6, 12)),
    budget=Budget(new_schools=2), weights=Weights(envy=1.0, million_yuan=40.0), stop=Stop(gap=1e-6),
)  # fmt: skip
GOALS = {
    "build": PLAIN,
    "poor": PLAIN.model_copy(update={"budget": Budget(rooms=4, new_schools=0)}),
    "years": PLAIN.model_copy(
        update={
            "years": (2024, 2026, 2028), "last_year": 2030, "deeds": ("open", "expand", "merge", "close", "convert"),
            "weights": Weights(envy=0.5, million_yuan=40.0, school=600.0), "expand": Expand(rooms=(3, 6)),
            "convert": (Convert(school_id="a", school_kind="nine_year", primary_rooms=6, junior_rooms=3),),
            "outlook": Outlook(births_change=-0.05), "budget": Budget(rooms=30),
        }
    ),
    "locked": PLAIN.model_copy(update={"locks": Locks(open=("n1600",))}),
}  # fmt: skip


@cache
def prepared():
    rooms = toy.county().rooms.assign(rooms=[3, 6, 2])
    return prepare(toy.county(rooms=rooms), load_norms())


@pytest.mark.parametrize("name", sorted(GOALS))
def test_an_answer_is_what_it_was(name):
    lines = tell(name, optimise(prepared(), GOALS[name]))
    # How near the bound came is the solver's business, and words may be put better.
    left_out = (f"{name}.bound", f"{name}.gap")
    hold(f"answer-{name}", [line for line in lines if not line.startswith(left_out) and ".text_" not in line])
