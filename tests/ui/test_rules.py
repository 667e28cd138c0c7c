from pages_tools import page_text, sent

from layoutplan.labels import label
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.settings import Policy
from layoutplan.ui import assumptions


def rule(app, **policy):
    """Put another rule in force, as the button above the page does."""
    app.session_state["scenario"] = assumptions.changed(app.session_state["scenario"], policy=policy, outlook={})
    app.run()
    assert not app.exception


def test_what_another_rule_looks_at_goes_back_to_its_default():
    plan = Scenario(
        name="a", policy=Policy(assignment="capacity", villages="whole", boundary="township", season="snow")
    )
    zoned = assumptions.changed(plan, policy={"assignment": "zoned", "unzoned": "nearest"}, outlook={})
    assert zoned.policy == Policy(assignment="zoned", unzoned="nearest", season="snow")
    assert assumptions.changed(zoned, policy={"assignment": "nearest"}, outlook={}).policy == Policy(season="snow")


def test_the_rule_is_chosen_above_the_page_and_the_drag_says_what_it_shows(open_app, folder):
    app = open_app(folder, "pages/site.py")
    rule(app, assignment="capacity")
    titles = [card["title"] for card in sent(app)["cards"]]
    assert label("ui.seats.title", "zh") in titles
    words = [block.get("text") for card in sent(app)["cards"] for block in card["blocks"]]
    assert label("ui.seats.note_seats", "zh") in words
    rule(app, villages="whole")
    words = [block.get("text") for card in sent(app)["cards"] for block in card["blocks"]]
    assert label("ui.seats.note_whole", "zh") in words
    assert label("ui.seats.title", "zh") not in [card["title"] for card in sent(app)["cards"]]


def test_a_rule_that_cannot_be_worked_out_says_why_and_offers_the_way_back(open_app, folder):
    app = open_app(folder)
    rule(app, assignment="zoned")
    assert label("problem.zones_none", "zh") in page_text(app)
    app.button(key="way_back").click().run()
    assert app.session_state["scenario"].policy.assignment == "nearest"
    assert not app.error
