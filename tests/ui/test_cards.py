from dataclasses import replace

from layoutplan.ui import cards

HOSTILE = '<img src=x onerror="window.hit=1">'


def test_change_says_sign_and_which_way_is_better():
    assert cards.change(10, 12) == '<i class="lp-worse">+2</i>'
    assert cards.change(12, 10) == '<i class="lp-better">−2</i>'
    assert cards.change(0.2, 0.4) == '<i class="lp-same">±0</i>'
    assert cards.change(None, 3) == ""


def test_hostile_names_stay_text(result):
    county = replace(result.prepared.county, name=HOSTILE)
    named = replace(result, prepared=replace(result.prepared, county=county))
    assert "<img" not in cards.brand(named, "zh")
    assert "<img" not in cards.problem_list([HOSTILE])


def test_synthetic_data_are_stamped(result):
    assert "合成数据" in cards.brand(result, "zh")
    real = replace(result, prepared=replace(result.prepared, county=replace(result.prepared.county, synthetic=False)))
    assert "合成数据" not in cards.brand(real, "zh")
