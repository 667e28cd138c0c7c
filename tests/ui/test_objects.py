from dataclasses import replace

import pytest

from layoutplan.labels import LANGS
from layoutplan.plan.planning import run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.settings import Policy
from layoutplan.ui import alternatives, objects, scarcity, seattrials
from layoutplan.ui.bench import Candidate
from layoutplan.ui.cardhtml import as_html
from layoutplan.ui.planmap import Scene

HOSTILE = '<img src=x onerror="window.hit=1">'


@pytest.fixture(scope="module")
def seated(result):
    """The toy plan under the rule that counts seats."""
    return run_plan(result.prepared, Scenario(name="seats", policy=Policy(assignment="capacity")))


@pytest.mark.parametrize("lang", LANGS)
def test_the_card_of_a_place_says_the_nearest_school_and_the_way(result, lang):
    flows = result.assignment.flows
    row = flows[(flows["year"] == 2028) & (flows["grade"] == 1)].iloc[0]
    card = objects.place_card(result, row["place_id"], stage="primary", year=2028, lang=lang)
    text = as_html(card)
    assert f"{row['minutes']:.1f}" in text
    assert objects.names_of(result)[row["school_id"]] in text


def test_the_card_of_a_school_shows_its_year_and_its_seats(result):
    frame = result.enrolment.frame
    school_id = frame["school_id"].iloc[0]
    card = objects.school_card(result, school_id, stage="primary", year=2028, lang="en")
    mine = frame[(frame["school_id"] == school_id) & (frame["year"] == 2028)]
    figures = {item.name: item.value for item in card.blocks[0].items}
    assert figures["school_pupils"] == f"{mine['pupils'].sum():,.0f}"
    assert sum(column.chosen for column in card.blocks[1].items) == 1


def test_names_stay_text_in_every_card(result):
    schools = result.roster.schools.assign(name=HOSTILE)
    named = replace(result, roster=replace(result.roster, standing=replace(result.roster.standing, schools=schools)))
    card = objects.school_card(named, schools["school_id"].iloc[0], stage="primary", year=2028, lang="en")
    assert "<img" not in as_html(card)


def test_both_sides_of_a_clash_are_listed_and_drawn(seated):
    found = scarcity.clashes_of(seated, stage="primary", year=2022)
    left = seated.assignment.unplaced
    short = left[(left["stage"] == "primary") & (left["year"] == 2022) & (left["reason"] == "no_seat")]["pupils"].sum()
    assert sum(clash.short for clash in found.groups) == pytest.approx(short)
    for clash in found.groups:
        scene = scarcity.on_map(Scene(), clash, seated, year=2022, lang="en")
        assert len(scene.sketch["lines"]) == len(clash.place_ids) * len(clash.school_ids)


def test_clashes_are_asked_only_where_seats_bind(result):
    assert scarcity.clashes_of(result, stage="primary", year=2028) is None
    assert scarcity.told(None, result, stage="primary", year=2028, lang="en") == ""


def test_a_trial_within_the_seats_is_the_same_whoever_drags(seated):
    point = seated.prepared.county.places.geometry.representative_point().iloc[0]
    one = Candidate("site-1", point.x, point.y)
    first = seattrials.try_one(seated, one, stage="primary", year=2028)
    seattrials.try_one(seated, Candidate("site-1", point.x + 400.0, point.y), stage="primary", year=2028)
    again = seattrials.try_one(seated, one, stage="primary", year=2028)
    assert (again.pupils, again.pupil_minutes_after) == (first.pupils, first.pupil_minutes_after)
    cards = seattrials.cards(seated, first, "en")
    assert cards[0].blocks[0].items[0].value == f"{first.pupils:,.0f}"


def test_the_ladder_names_every_rung_and_its_receivers_are_drawn(result):
    school_id = str(result.enrolment.frame["school_id"].iloc[0])
    ladder = alternatives.ladder_of(result, school_id, year=2028, lang="en")
    text = alternatives.ladder_table(ladder, "closed", "en")
    assert text.count("<th>") == 1 + int(ladder.rungs["applies"].sum())
    receivers = alternatives.receivers_of(None, ladder, "closed")
    scene = alternatives.with_receivers(Scene(), result, school_id, receivers=receivers, year=2028, lang="en")
    assert len(receivers) > 0
    assert len(scene.sketch["lines"]) == len(receivers)
    assert sum(len(marked) for marked in scene.changes["schools"].values()) == len(receivers)
