from dataclasses import replace

import pandas as pd
import pytest

from layoutplan.labels import label
from layoutplan.plan.siting import open_lab, try_at
from layoutplan.ui import trialcards
from layoutplan.ui.bench import Bench, Candidate
from layoutplan.ui.planmap.panel import Choice, Columns, Figures, Rows, Words, as_data

HOSTILE = '<img src=x onerror="window.hit=1">'


def tried(result, east_shift=0.0, site_id="site-1"):
    lab = open_lab(result, stage="primary", year=2028)
    spot = result.prepared.county.places.geometry.representative_point().iloc[0]
    return try_at(lab, spot.x + east_shift, spot.y, rooms=12, site_id=site_id)


def cards_of(result, trial, lang="en"):
    return trialcards.trial(result, trial, stage="primary", year=2028, lang=lang)


def test_load_shows_every_year_and_marks_the_chosen_one(result):
    load, relief, ways = cards_of(result, tried(result))
    figures, columns = load.blocks
    assert isinstance(figures, Figures)
    assert isinstance(columns, Columns)
    assert [column.words for column in columns.items if column.chosen] == ["28"]
    assert len(columns.items) == len(tried(result).load)
    assert [figure.name for figure in figures.items] == ["pupils", "classes", "size"]
    assert relief.title == label("ui.site.relief", "en")
    assert isinstance(ways.blocks[0], Rows)


def test_names_cross_as_they_are_and_only_as_data(result):
    schools = result.roster.schools.assign(name=HOSTILE)
    named = replace(result, roster=replace(result.roster, standing=replace(result.roster.standing, schools=schools)))
    relieved = {"school_id": result.travel.school_ids[:2], "pupils_before": 9.0, "pupils_after": 4.0, "seats": 8.0}
    trial = replace(tried(result), relief=pd.DataFrame(relieved))
    (relief,) = [card for card in cards_of(named, trial) if card.title == label("ui.site.relief", "en")]
    (rows,) = [block for block in relief.blocks if isinstance(block, Rows)]
    assert [(row.name, row.text, row.change.text) for row in rows.items] == [(HOSTILE, "9 → 4", "−5")] * 2


def test_refused_site_says_why_and_what_to_do(result):
    (card,) = cards_of(result, tried(result, 90_000))
    assert card.tone == "bad"
    assert "outside the county" in card.title
    assert card.blocks == [Words(label("ui.site.hint_outside_county", "en"))]


def test_tools_say_what_can_be_done():
    bench = Bench((Candidate("site-1", 0, 0), Candidate("site-2", 0, 0, 24)), "site-2")
    card = trialcards.tools(bench, can_undo=True, can_redo=False, lang="en")
    sites, steps, rooms = (block for block in card.blocks if isinstance(block, Choice))
    assert [(one.value, one.pressed) for one in sites.items] == [("site-1", False), ("site-2", True), ("+", False)]
    assert {one.value: one.disabled for one in steps.items} == {"undo": False, "redo": True, "drop": False}
    assert [one.value for one in rooms.items if one.pressed] == ["24"]
    empty = trialcards.tools(Bench(), can_undo=False, can_redo=False, lang="en")
    assert empty.blocks[-1] == Words(label("ui.site.empty", "en"), dim=True)


def test_candidates_are_weighed_side_by_side(result):
    one, other = tried(result), tried(result, 90_000, "site-2")
    assert trialcards.weighed([one], active="site-1", year=2028, lang="en") == []
    (card,) = trialcards.weighed([one, other], active="site-1", year=2028, lang="en")
    first, second = card.blocks[0].items
    assert first.name.startswith("▸")
    assert second.text == label("reason.outside_county", "en")


@pytest.mark.parametrize(("before", "after", "text", "tone"), [(9, 12, "+3", "worse"), (1, 1, "±0", "same")])
def test_change_says_which_way_is_better(before, after, text, tone):
    change = trialcards.changed(before, after)
    assert (change.text, change.tone) == (text, tone)


def test_cards_are_plain_data(result):
    for card in as_data(cards_of(result, tried(result))):
        assert set(card) == {"title", "tone", "blocks"}
        assert all(block["kind"] for block in card["blocks"])
