"""The sheets of the schools on paper: a page a school at least, text as text, the same bytes."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from layoutplan.plan.ledger import open_ledger
from layoutplan.present.provenance import read_facts
from layoutplan.present.schoolpdf import write_schoolpdf


@pytest.fixture(scope="module")
def pages(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / "schools.pdf"
    path.write_bytes(write_schoolpdf(result, open_ledger(result), lang="zh"))
    return path


def test_a_page_a_school_and_whose_it_is(result, pages):
    content = pages.read_bytes()
    assert content.count(b"/Type /Page ") + content.count(b"/Type /Page\n") >= len(result.roster.schools)
    assert read_facts(pages)["scenario"] == result.provenance["scenario"]


def test_the_words_can_be_read(pages):
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext on this machine")
    text = subprocess.run(["pdftotext", "-layout", pages, "-"], capture_output=True, text=True, check=True).stdout
    for words in ("堃祎小学", "填报岗位", "合成数据", "学位"):
        assert words in text


def test_the_same_plan_gives_the_same_bytes(result, pages):
    assert write_schoolpdf(result, open_ledger(result), lang="zh") == pages.read_bytes()
