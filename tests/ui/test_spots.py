import pytest
from pages_tools import press, sent

from layoutplan.labels import LANGS, label
from layoutplan.ui import spots
from layoutplan.ui.bench import Candidate


@pytest.fixture(scope="module")
def outside(result):
    _, south, east, _ = result.prepared.outline.bounds
    return Candidate("site-1", east + 2_000.0, south)


@pytest.mark.parametrize("lang", LANGS)
def test_bad_ground_says_why_and_where_else(result, outside, lang):
    spot = spots.judge(result, outside, 2028)
    card = spots.card(spot, lang)
    assert (card.title, card.tone) == (label("reason.outside_county", lang), "bad")
    assert card.blocks[-1].name == spots.GO
    assert spots.judge(result, Candidate("site-1", *spot.nearest), 2028).reason == ""


def test_the_button_moves_the_pin_to_the_nearest_good_spot(open_app, folder, outside):
    app = open_app(folder, "pages/site.py")
    app.number_input(key="site_east").set_value(outside.east_m).run()
    assert sent(app)["sites"][0]["reason"] == label("reason.outside_county", "zh")
    press(app, spots.GO, "go")
    assert sent(app)["sites"][0]["reason"] == ""
    press(app, "step", "undo")
    assert sent(app)["sites"][0]["reason"] == label("reason.outside_county", "zh")


def test_plans_on_the_same_ground_share_one_mask(result):
    assert spots.mask_of(result, 2028) is spots.mask_of(result, 2028)
