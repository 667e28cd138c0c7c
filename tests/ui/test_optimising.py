import pytest
from pages_tools import sent

from layoutplan.labels import LANGS, label
from layoutplan.plan.optimise.goal import Weights
from layoutplan.seats.settings import Policy
from layoutplan.ui import optimising
from layoutplan.ui.searching import Search

WAIT_S = 300
WHAT = {"stages": ["primary"], "years": [2028, 2025], "deeds": ["open", "expand"], "sizes": [12, 6]}
LIMITS = {"rooms": 60, "new_schools": 1, "most": 3, "seconds": 20}


@pytest.fixture(scope="module")
def goal(result):
    return optimising.make_goal(result, WHAT, LIMITS, weights=Weights(), plans=2, lang="en")


@pytest.fixture(scope="module")
def done(result, goal):
    held = Search(result.prepared, goal)
    held.start()
    assert held.wait(WAIT_S)
    return held


def test_the_form_is_a_goal_of_the_rule_within_seats(result, goal):
    assert (goal.years, goal.open.rooms, goal.open.kinds) == ((2025, 2028), (6, 12), ("primary",))
    assert (goal.budget.rooms, goal.budget.new_schools, goal.candidates.most) == (60, 1, 3)
    assert goal.policy == Policy(assignment="capacity")
    assert goal.outlook == result.scenario.outlook


def test_a_search_runs_behind_the_page_and_tells_how_far_it_is(done):
    assert (done.state, done.fault, done.broken) == ("done", None, "")
    assert done.result.status in ("best", "stopped", "infeasible")
    assert done.progress


@pytest.mark.parametrize("lang", LANGS)
def test_layouts_are_shown_and_become_the_scenario(open_app, folder, done, lang):
    app = open_app(folder, lang=lang)
    app.session_state["search"] = done
    app.switch_page("pages/optimise.py").run()
    assert not app.exception
    shown = "".join(element.proto.body for element in app.get("html"))
    assert label(f"ui.optimise.status_{done.result.status}", lang) in shown
    plan = done.result.plans[0]
    opened = plan.actions[plan.actions["deed"] == "open"]
    assert [site["draggable"] for site in sent(app)["sites"]] == [False] * len(opened)
    app.button(key="goal_take").click().run()
    assert not app.exception
    assert app.session_state["scenario"].fingerprint == plan.scenario.fingerprint


def test_a_search_that_is_called_off_ends(result, goal):
    held = Search(result.prepared, goal)
    held.cancel()
    held.start()
    assert held.wait(WAIT_S)
    assert held.state in ("done", "fault")


def test_without_a_search_the_page_asks(open_app, folder):
    app = open_app(folder, "pages/optimise.py")
    assert [slider.key for slider in app.slider][0] == "goal_most"
    assert sent(app)["sites"] == []
