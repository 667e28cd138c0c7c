import matplotlib as mpl
import pytest
from matplotlib.font_manager import findfont

from layoutplan.labels import catalogue
from layoutplan.present.fonts import GETA, GlyphWarning, drawable, missing_glyphs, text_width_mm, use_fonts

BEYOND = "\N{CJK UNIFIED IDEOGRAPH-20BB7}"


def test_every_word_of_the_catalogue_can_be_drawn():
    assert missing_glyphs(word for words in catalogue().values() for word in words.values()) == ""


def test_names_outside_gb2312_can_be_drawn():
    assert missing_glyphs(["堃祎玥珺垚喆", "m² km² ≥ − → 〔2017〕"]) == ""


def test_settings_end_with_the_context():
    before = mpl.rcParams["font.family"]
    with use_fonts() as family:
        assert mpl.rcParams["font.family"] == [family]
        assert findfont(family).endswith("LayoutplanSansSC-Regular.ttf")
    assert mpl.rcParams["font.family"] == before


def test_a_missing_glyph_is_named_and_marked():
    with pytest.warns(GlyphWarning, match=BEYOND):
        assert drawable(f"{BEYOND}家") == f"{GETA}家"


def test_width_grows_with_text_and_size():
    assert text_width_mm("小学", 10.0) == pytest.approx(2 * 10 * 25.4 / 72, rel=0.03)
    assert text_width_mm("小学", 20.0) == pytest.approx(2 * text_width_mm("小学", 10.0), rel=0.02)
