from dataclasses import replace

from layoutplan.plan.siting import open_lab, try_at
from layoutplan.ui import cards

HOSTILE = '<img src=x onerror="window.hit=1">'


def trial(result, east_shift=0.0):
    lab = open_lab(result, stage="primary", year=2028)
    spot = result.prepared.county.places.geometry.representative_point().iloc[0]
    return try_at(lab, spot.x + east_shift, spot.y, rooms=12)


def test_change_says_sign_and_which_way_is_better():
    assert cards.change(10, 12) == '<i class="lp-worse">+2</i>'
    assert cards.change(12, 10) == '<i class="lp-better">−2</i>'
    assert cards.change(0.2, 0.4) == '<i class="lp-same">±0</i>'
    assert cards.change(None, 3) == ""


def test_hostile_names_stay_text(result):
    schools = result.roster.schools.assign(name=HOSTILE)
    named = replace(result, roster=replace(result.roster, schools=schools))
    county = replace(result.prepared.county, name=HOSTILE)
    named = replace(named, prepared=replace(result.prepared, county=county))
    tried = trial(result)
    for text in (cards.brand(named, "zh"), cards.trial(named, tried, stage="primary", year=2028, lang="zh")):
        assert "<img" not in text
    assert "<img" not in cards.problem_list([HOSTILE])


def test_trial_shows_every_year_and_the_chosen_one(result):
    text = cards.trial(result, trial(result), stage="primary", year=2028, lang="en")
    assert text.count('class="is-chosen"') == 1
    assert ">28</span>" in text


def test_refused_site_says_why_and_what_to_do(result):
    text = cards.trial(result, trial(result, 90_000), stage="primary", year=2028, lang="en")
    assert "outside the county" in text
    assert "data-figure" not in text


def test_synthetic_data_are_stamped(result):
    assert "合成数据" in cards.brand(result, "zh")
    real = replace(result, prepared=replace(result.prepared, county=replace(result.prepared.county, synthetic=False)))
    assert "合成数据" not in cards.brand(real, "zh")
