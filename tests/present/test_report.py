"""The report: layout of official papers, numbers from the plan, numbered captions, and its twin for the browser."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

import docx
import pytest
from docx.enum.section import WD_ORIENT

from layoutplan.present.blocks import Heading, Picture, Table, Text, Writer
from layoutplan.present.chapters import compose_report
from layoutplan.present.grids import Column, Grid
from layoutplan.present.provenance import stamp_of
from layoutplan.present.webpage import set_webpage
from layoutplan.present.word import column_widths, set_word

HOSTILE = '<img src=x onerror="window.hit=1">'
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(scope="module")
def composed(result):
    return compose_report(result, lang="zh")


@pytest.fixture(scope="module")
def paper(composed):
    return set_word(composed)


def test_the_chapters_are_those_of_a_layout_plan(composed):
    heads = [block.text for block in composed.blocks if isinstance(block, Heading) and block.level == 1]
    assert heads == [
        "一、现状", "二、问题", "三、预测", "四、标准", "五、方案", "六、分年实施", "七、保障", "八、附表附图",
    ]  # fmt: skip


def test_numbers_are_those_of_the_plan(result, composed):
    texts = "\n".join(block.text for block in composed.blocks if isinstance(block, Text))
    # a and b: 196 primary pupils, and 210 primary and 157 junior ones, in 15 classes.
    assert "有义务教育学校2所（不含教学点），另有教学点0个；在校生563人，其中小学406人、初中157人，共15个班" in texts
    assert "超过班额标准的班3个（其中大班额1个、超大班额1个），分布在2所学校" in texts
    assert "方案新建学校1所，停办或合并1所次" in texts
    assert "自2022年起学位不足" in texts
    assert not re.search(r"\{\w*\}|nan|None", texts.replace(result.scenario.name, ""))


def test_tables_and_figures_are_numbered_as_they_come(composed):
    for kind in (Table, Picture):
        numbers = [block.number for block in composed.blocks if isinstance(block, kind)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= 3


def test_the_page_is_that_of_the_norm(paper):
    document = docx.Document(io.BytesIO(paper))
    first = document.sections[0]
    millimetres = [
        round(length.mm) for length in (first.page_width, first.page_height, first.left_margin, first.right_margin,
                                        first.top_margin, first.bottom_margin)
    ]  # fmt: skip
    assert millimetres == [210, 297, 28, 26, 37, 35]
    grid = first._sectPr.find(f"{W}docGrid")
    pitch = int(grid.get(f"{W}linePitch")) / 20
    assert int(225 / 25.4 * 72 / pitch) == 22
    (body,) = [p for p in document.paragraphs if p.text.startswith("2022学年")][:1]
    spacing = int(body.runs[0]._element.rPr.find(f"{W}spacing").get(f"{W}val")) / 20
    assert int(156 / 25.4 * 72 / (16.0 + spacing)) == 28
    assert [section.orientation for section in document.sections] == [WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE]


def test_fonts_are_named_and_none_is_embedded(paper):
    parts = zipfile.ZipFile(io.BytesIO(paper))
    assert not [name for name in parts.namelist() if "fonts/" in name or name.endswith((".odttf", ".ttf"))]
    words = parts.read("word/document.xml").decode() + parts.read("word/styles.xml").decode()
    for font in ("仿宋_GB2312", "黑体", "楷体_GB2312", "方正小标宋_GBK"):
        assert f'w:eastAsia="{font}"' in words


def test_heads_repeat_rows_stay_whole_and_captions_are_fields(paper):
    root = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(paper)).read("word/document.xml"))
    for table in root.iter(f"{W}tbl"):
        lines = list(table.iter(f"{W}trPr"))
        assert lines[0].find(f"{W}tblHeader") is not None
        assert all(line.find(f"{W}cantSplit") is not None for line in lines)
    codes = [part.text for part in root.iter(f"{W}instrText")]
    assert any(code.startswith("SEQ 表") for code in codes)


def test_the_same_plan_gives_the_same_bytes(result, paper):
    assert set_word(compose_report(result, lang="zh")) == paper


def test_the_twin_says_the_same_and_runs_nothing(result, composed, tmp_path):
    page = set_webpage(composed)
    assert set_webpage(composed) == page
    for block in composed.blocks:
        if isinstance(block, Heading):
            assert block.text in page
    assert page.count("<figure>") == sum(isinstance(block, Picture) for block in composed.blocks)
    assert HOSTILE not in page
    assert "<script" not in page.lower()
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert stamp_of(result).split(" ")[0] in page


def test_in_english_without_chinese_words_of_ours(result):
    composed = compose_report(result, lang="en")
    texts = [block.text for block in composed.blocks if isinstance(block, Heading)]
    assert texts[:2] == ["1  Where the county stands", "1.1  Schools and pupils"]
    assert not re.search("[\u4e00-\u9fff]", "".join(texts))


def test_an_empty_table_is_a_sentence():
    writer = Writer("en")
    writer.table(Grid("x", "Schools to review", (Column("a"),), []))
    assert [block.text for block in writer.blocks] == ["Schools to review: nothing to show."]


def test_widths_fill_the_line():
    columns = (Column("年级", 0), Column("说明"), Column("乡镇"))
    widths = column_widths(columns, [(1, "很长的说明" * 10, "甲乡")], 156.0)
    assert sum(widths) == pytest.approx(156.0, abs=0.05)
    assert widths[1] == max(widths)
