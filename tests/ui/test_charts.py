import base64
import re
from xml.etree import ElementTree

import pytest

from layoutplan.ui import charts
from layoutplan.ui.charts import Bars, Curve

HOSTILE = '"><script>alert(1)</script>`${1}`'
SPACE = "{http://www.w3.org/2000/svg}"


def parts(svg, tag):
    return list(ElementTree.fromstring(svg).iter(f"{SPACE}{tag}"))


def test_a_curve_goes_through_its_values_and_the_band_lies_around_it():
    svg = charts.curve(Curve({"line": {2022: 0.0, 2024: 100.0}}, {2022: (0.0, 0.0), 2024: (80.0, 120.0)}))
    (line,) = parts(svg, "polyline")
    (first, last) = [tuple(map(float, at.split(","))) for at in line.get("points").split()]
    assert first[0] < last[0]
    assert first[1] > last[1]
    (band,) = parts(svg, "polygon")
    heights = [float(at.split(",")[1]) for at in band.get("points").split()]
    assert min(heights) < last[1] < first[1] == max(heights)


def test_bars_keep_their_order_and_few_stay_visible():
    svg = charts.histogram(Bars([0, 10, 20, 30], [1000, 0, 1], ["#111", "#222", "#333"], {20: "20"}))
    bars = parts(svg, "rect")
    assert [bar.get("fill") for bar in bars] == ["#111", "#333"]
    assert float(bars[1].get("height")) >= 2
    (norm,) = [line for line in parts(svg, "line") if line.get("class") == "norm"]
    assert float(bars[1].get("x")) == pytest.approx(float(norm.get("x1")) + 0.5)


def test_words_are_text_and_the_picture_says_what_it_is():
    svg = charts.curve(Curve({"line": {2022: 1.0, 2023: 2.0}}, marks={2022: HOSTILE}))
    assert HOSTILE in [text.text for text in parts(svg, "text")]
    shown = charts.picture(svg, HOSTILE)
    assert "<script" not in shown
    (packed,) = re.findall('base64,([^"]+)', shown)
    assert base64.b64decode(packed).decode() == svg


def test_a_chart_in_the_dark_has_pale_ink_and_the_same_statuses(monkeypatch):
    def ink():
        text = charts.picture("<svg><style>" + charts._STYLE + '</style><rect fill="#56b4e9"/></svg>', "")
        return base64.b64decode(text.partition("base64,")[2].rstrip('">')).decode()

    assert "text{fill:#6d675a" in ink()
    monkeypatch.setattr(charts.theme, "is_dark", lambda: True)
    assert "text{fill:#b8b1a1" in ink()
    assert '<rect fill="#56b4e9"/>' in ink()
    missing = set(re.findall("#[0-9a-f]{6}", charts._STYLE)) - set(charts._DARK)
    assert missing == {"#6a9bc9"}  # the band, half-clear in both
