"""The council page says the toy county's numbers, in both languages, and no more digits than it knows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_plans import plan

from layoutplan.norms import Norms
from layoutplan.plan.change import find_changes
from layoutplan.present.council import as_markdown, as_text, council_page, whole_shares


@pytest.fixture(scope="module")
def close():
    return find_changes(plan("base"), plan("close"))


@pytest.fixture(scope="module")
def rebuild():
    return find_changes(plan("base"), plan("rebuild"))


def words(change, lang="en", **options):
    return " ".join(council_page(change, lang=lang, **options).paragraphs)


def test_a_closure_in_plain_sentences(close):
    said = words(close)
    for sentence in (
        "SYNTHETIC DATA",
        "A closes in 2024 (for review)",
        "Of about 590 pupils of the county, about 180 from 2 villages or settlements change school; about 410 do not.",
        "goes from about 8 to about 45 minutes",
        "From 2 villages or settlements, about 90 pupils were within the limit of minutes and are now beyond it.",
        "grades 1-3 30 min",
        "Seats, primary: 540 before, 270 after (0 added, 270 removed)",
        "builds no rooms and no beds",
    ):
        assert sentence in said
    said = words(close, "zh")
    for sentence in (
        "合成数据",
        "2024年停办A（建议论证）",
        "2个村（居民点）的约180人要换学校",
        "不新建教室和床位",
    ):
        assert sentence in said


def breaches(name):
    return {(row.rule, row.subject_kind, row.subject) for row in plan(name).findings.frame.itertuples()}


def test_findings_are_counted_by_rule_and_subject(close):
    before, after = breaches("base"), breaches("close")
    cleared, caused, remain = len(before - after), len(after - before), len(before & after)
    assert caused > 0
    assert f"Findings: {cleared} cleared, {caused} caused, {remain} remain." in words(close)
    assert f"消除{cleared}项，新增{caused}项，仍有{remain}项" in words(close, "zh")


def test_tables_name_villages_schools_and_findings(close):
    tables = {table.title: table.rows for table in council_page(close, lang="en").tables}
    assert tables["Villages and settlements whose pupils change school"] == (
        ("甲乡", "P1", "primary", "60", "A", "B", "8", "55"),
        ("甲乡", "P2", "primary", "120", "A", "B", "8", "40"),
    )
    assert [row[3] for row in tables["Villages and settlements now beyond the limit"]] == ["30", "60"]
    assert tables["Schools whose seats change"] == (("A", "primary", "270", "0"),)
    caused = [finding for finding, _ in tables["Findings caused"]]
    assert len(caused) == len(breaches("close") - breaches("base"))
    assert any("short of seats from 2024" in finding and "180" in finding for finding in caused)


def test_cost_is_a_guide_and_says_so(rebuild):
    said = words(rebuild)
    # 11 rooms at 900,000 yuan; nobody knows how many beds there were.
    assert "builds 11 rooms and 0 beds" in said
    assert "9.9 million yuan; no document fixes these prices" in said
    assert "whose number of beds is unknown (1)" in said
    assert "990万元；参考单价没有文件依据" in words(rebuild, "zh")


def test_prices_of_the_county_are_not_called_a_guide(rebuild):
    prepared = rebuild.after.prepared
    prices = {
        key: replace(norm, value=1_234_567.0, verified=True) if key.startswith("cost.") else norm
        for key, norm in prepared.norms.items()
    }
    after = replace(rebuild.after, prepared=replace(prepared, norms=Norms(prices)))
    said = words(replace(rebuild, after=after))
    assert "At confirmed prices (1.2 million yuan a room" in said
    assert "14 million yuan" in said  # 13.58: two digits


def test_who_loses_every_school_is_told_so():
    said = words(find_changes(plan("base"), plan("none")))
    assert "Of these, about 590 have no school in “none”." in said
    assert "Pupils without a school: 0 before, about 590 after." in said


def test_a_plan_against_itself_says_that_nothing_changes():
    said = words(find_changes(plan("base"), plan("base")))
    assert "No pupil changes school: all of about 590" in said
    assert "Both plans open, close, merge and convert the same schools." in said
    assert not council_page(find_changes(plan("base"), plan("base")), lang="zh").tables


def test_the_year_can_be_chosen(close):
    assert "No pupil changes school" in words(close, year=2023)
    with pytest.raises(ValueError, match="2031"):
        council_page(close, lang="en", year=2031)


def test_a_name_cannot_write_markdown(close):
    county = close.after.prepared.county
    places = county.places.assign(name="<b>|x|\n# y")
    named = replace(close.after, prepared=replace(close.after.prepared, county=replace(county, places=places)))
    page = as_markdown(council_page(replace(close, after=named), lang="en"))
    assert "<b>" not in page.replace("\\<b\\>", "")
    assert not [line for line in page.splitlines() if line.startswith("# y")]
    assert "\\|x\\|" in page


def test_plain_text_holds_the_same_numbers(close):
    text = as_text(council_page(close, lang="zh"))
    assert "甲乡\tP2\t小学\t120\tA\tB\t8\t40" in text
    assert "约180人" in text


@given(st.lists(st.floats(0, 1000), max_size=20))
def test_rounded_shares_add_up_and_are_near(counts):
    shown = whole_shares(counts)
    assert abs(sum(shown) - sum(counts)) <= 0.5 + 1e-6
    assert all(abs(whole - count) < 1 + 1e-6 for whole, count in zip(shown, counts, strict=True))
