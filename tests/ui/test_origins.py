"""Every number a page shows says where it comes from: its formula, clause, layers and their dates."""

import re
from html import unescape

import pandas as pd
import pytest
from pages_tools import page_text

from layoutplan.labels import label
from layoutplan.ui import origins

PAGES = ("overview", "demand", "findings", "closures", "plans", "ledger", "data")


def plain(words):
    return unescape(re.sub(r"<[^>]+>", "", words)).strip()


def known(words, lang):
    """Return the labels of a number's words that have an origin; a unit may follow the words."""
    found = []
    for key in origins.SHOWN:
        template = re.sub(r"\\{\w+\\}", ".+", re.escape(label(key, lang, **dict.fromkeys(PLACES, "{x}"))))
        if re.fullmatch(rf"{template}( · .+|, .+)?", words):
            found.append(key)
    return found


PLACES = ("stage", "year", "school", "count")


def words_of_numbers(app, page):
    """Collect the words that stand at numbers: headings of number columns, tiles, figures, heads and rows of tables."""
    text = re.sub(r'<details class="lp-how">.*?</details>', "", page_text(app), flags=re.DOTALL)
    found = {plain(head) for head in re.findall(r'<section class="lp-tile"[^>]*><h4>(.*?)</h4>', text)}
    for figures in re.findall(r'<div class="lp-figure">(.*?)</div>', text):
        found |= {plain(words) for words in re.findall(r"<em[^>]*>(.*?)</em>", figures)}
    for table in re.findall(r'<table class="lp-table">(.*?)</table>', text, flags=re.DOTALL):
        rows = re.findall(r"<tr>(.*?)</tr>", table, flags=re.DOTALL)
        if page in ("plans", "findings"):
            found |= {plain(re.search("<td>(.*?)</td>", row)[1]) for row in rows[1:]}
        elif page in ("demand", "ledger"):
            found |= {plain(head) for head in re.findall("<th>(.*?)</th>", rows[0])}
    for frame in app.dataframe:
        found |= {name for name in frame.value.columns if pd.api.types.is_numeric_dtype(frame.value[name])}
    words = {label("ui.ledger.head_indicator", lang) for lang in ("zh", "en")}
    return {one for one in found if one} - words


def unexplained(app, page, lang):
    """Return the words of numbers whose origin is not known, or not told on the page."""
    missing = []
    for words in sorted(words_of_numbers(app, page)):
        keys = known(words, lang)
        if not {origins.SHOWN[key] for key in keys} & set(origins.PAGES[page]):
            missing.append((words, keys))
    return missing


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_number_of_a_page_says_where_it_comes_from(open_app, folder, page, lang):
    app = open_app(folder, f"pages/{page}.py", lang)
    assert words_of_numbers(app, page)
    assert unexplained(app, page, lang) == []
    for tab in ("communities", "equity") if page == "ledger" else ():
        app.segmented_control(key="ledger_tab").set_value(tab).run()
        assert unexplained(app, page, lang) == []
    for name in origins.PAGES[page]:
        assert label(f"ui.origin.name_{name}", lang) in page_text(app)


def test_a_number_without_an_origin_is_found(open_app, folder, monkeypatch):
    app = open_app(folder)
    monkeypatch.delitem(origins.SHOWN, "ui.tile.over_limit")
    assert unexplained(app, "overview", "zh") == [(label("ui.tile.over_limit", "zh"), [])]


def test_a_card_of_the_map_and_a_search_are_explained_too():
    for page, names in origins.PAGES.items():
        assert set(names) <= set(origins.ORIGINS), page
    assert set(origins.SHOWN.values()) <= set(origins.ORIGINS)
    assert all(label(f"ui.origin.{name}", "en") for name in origins.ORIGINS)
    for key in ("ui.object.enrolled", "ui.object.size", "ui.object.children"):
        assert all(origins.SHOWN[key] in names for names in origins.PAGES.values())
    for name in ("objective", "present", "gap"):
        assert origins.SHOWN[f"ui.optimise.total_{name}"] in origins.PAGES["optimise"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_origin_tells_formula_clause_layer_and_date(open_app, folder, lang):
    app = open_app(folder, lang=lang)
    (told,) = re.findall(r'<section class="lp-tile"[^>]*><h4>[^<]*(<details.*?</details>)', page_text(app))[:1]
    for part in ("formula", "clauses", "layers"):
        assert label(f"ui.origin.{part}", lang) in told
    assert "2022-09-20" in told
