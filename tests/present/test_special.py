"""The special plan: its chapters, its numbers from the elimination path, both languages, the same bytes."""

from __future__ import annotations

import re

import pytest

from layoutplan.labels import LANGS
from layoutplan.plan.elimination import elimination_path
from layoutplan.present.blocks import Table, Text, headings_of
from layoutplan.present.handin import write_special
from layoutplan.present.special import compose_special


@pytest.fixture(scope="module", params=LANGS)
def document(request, result):
    return compose_special(result, lang=request.param)


def test_the_chapters_in_their_order(document):
    if document.lang == "zh":
        heads = [
            "一、编制依据与口径",
            "二、现状",
            "三、成因",
            "四、目标与分年计划",
            "五、消除措施",
            "六、保障与责任",
            "七、附图",
        ]
        assert headings_of(document.blocks) == heads
    else:
        assert len(headings_of(document.blocks)) == 7


def test_every_number_is_filled_in(document):
    texts = [block.text for block in document.blocks if isinstance(block, Text)]
    assert not [text for text in texts if re.search(r"\{\w+\}|\bnan\b|\bNone\b", text)]


def test_numbers_are_those_of_the_path(result, document):
    path = elimination_path(result).county.set_index("year")
    base = result.prepared.county.base_year
    # a has a class of 46, b one of 56 and one of 66.
    assert path.loc[base, ["classes_over_norm", "classes_large", "classes_extra_large"]].tolist() == [1.0, 1.0, 1.0]
    said = " ".join(block.text for block in document.blocks if isinstance(block, Text))
    assert ("班额标准的班3个" if document.lang == "zh" else "3 classes are over the norm") in said
    (yearly,) = [
        block.grid for block in document.blocks if isinstance(block, Table) and block.grid.key == "special_years"
    ]
    for row in yearly.rows:
        assert row[1:4] == tuple(int(path.loc[row[0], name]) for name in
                                 ("classes_over_norm", "classes_large", "classes_extra_large"))  # fmt: skip


def test_the_same_plan_gives_the_same_bytes(result, tmp_path):
    first, again = (write_special(result, tmp_path / name, lang="zh") for name in ("a", "b"))
    assert [path.name for path in first] == ["special_zh.docx", "special_zh.html"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
