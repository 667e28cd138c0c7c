import re

import pytest

from layoutplan.present.maps import draw_map
from layoutplan.present.markup import coded, esc, sign_svg
from layoutplan.present.signs import Sign

HOSTILE = '<img src=x onerror="window.hit=1">${window.hit=1}`{{7*7}}'


@pytest.fixture(scope="module")
def page_file(result, tmp_path_factory):
    return draw_map(result, tmp_path_factory.mktemp("map"), lang="zh", stage="primary", year=2024)


def test_names_the_file_and_gives_the_same_bytes(result, page_file, tmp_path):
    assert page_file.name == "map_primary_2024_zh.html"
    again = draw_map(result, tmp_path / "other.html", lang="zh", stage="primary", year=2024)
    assert again.name == "other.html"
    assert again.read_bytes() == page_file.read_bytes()


def test_nothing_is_linked_from_outside(page_file):
    text = page_file.read_text("utf-8")
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)\s*=", text)
    assert "sourceMappingURL" not in text
    assert "default-src 'none'" in text


def test_no_name_stands_in_the_page_as_html(page_file):
    text = page_file.read_text("utf-8")
    assert HOSTILE not in text
    assert "<img src=x" not in text
    assert "</script><b>" not in text


def test_opens_from_disk_and_runs_nothing_of_a_name(page_file, browser):
    asked, faults = [], []
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda message: faults.append(message.text))
    page.goto(page_file.as_uri())
    signs = page.locator("img.lp-sign, .lp-sign")
    signs.first.wait_for()
    assert signs.count() == 4  # three schools and one resettlement site
    cards = []
    for number in range(signs.count()):
        signs.nth(number).dispatch_event("click")
        card = page.locator(".lp-card")
        card.wait_for()
        cards.append(card.inner_text())
        page.locator(".leaflet-popup-close-button").dispatch_event("click")
        card.wait_for(state="detached")
    assert any(HOSTILE in card for card in cards), cards
    assert page.locator(".lp-title").inner_text().count("</script><b>`${1}{{7*7}}{% raw %}") == 1
    assert page.locator(".stamp").inner_text()
    assert page.evaluate("window.hit") is None
    page.close()
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert faults == []


def test_a_name_is_not_run_while_the_map_is_made(page_file):
    text = page_file.read_text("utf-8")
    assert coded(HOSTILE) in text
    assert "`49" not in text


def test_esc_leaves_nothing_a_template_would_run():
    assert not set(esc("<a href='x'>\"`${}\\{{")) & set("<>'\"`${}\\")


def test_a_sign_is_numbers_and_fixed_words_only():
    text, size = sign_svg(Sign("hexagon", 300.0, "large", "over", changed=True, roof=True))
    assert size > 10
    assert re.fullmatch(r'<svg [\w=":/. -]+>(<(circle|polygon|path) [\w="#., -]+/>)+</svg>', text)
