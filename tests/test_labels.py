"""Every word stands once, in both languages, with the same blanks to fill."""

import re
import string
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

import layoutplan
from layoutplan.labels import LANGS, both, catalogue, label
from layoutplan.norms import load_norms

SOURCE = Path(layoutplan.__file__).parent
FILES = sorted((SOURCE / "assets" / "labels").glob("*.toml"))


def _blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_labels_file_is_toml(file):
    assert tomllib.loads(file.read_text("utf-8"))


def test_every_key_has_both_languages_and_the_same_blanks():
    for key, words in catalogue().items():
        assert set(words) == set(LANGS), key
        assert words["zh"].strip(), key
        assert words["en"].strip(), key
        if not key.startswith("remedy."):
            assert _blanks(words["zh"]) == _blanks(words["en"]), key


def test_english_words_hold_no_chinese():
    han = re.compile("[\u4e00-\u9fff]")
    mixed = [key for key, words in catalogue().items() if han.search(words["en"])]
    assert mixed == []


def test_every_problem_has_a_remedy():
    keys = catalogue()
    codes = {key.removeprefix("problem.") for key in keys if key.startswith("problem.")}
    remedies = {key.removeprefix("remedy.") for key in keys if key.startswith("remedy.")}
    assert codes == remedies


def test_every_code_named_in_the_source_has_words():
    named = re.compile(r'Problem\(\s*"([a-z_]+)"')
    used = {code for file in SOURCE.rglob("*.py") for code in named.findall(file.read_text("utf-8"))}
    missing = sorted(code for code in used if f"problem.{code}" not in catalogue())
    assert missing == []


def test_a_missing_key_or_value_is_a_fault_of_the_program():
    with pytest.raises(KeyError):
        label("no.such_key", "en")
    with pytest.raises(KeyError):
        label("problem.negative", "en")


def test_both_fills_in_every_language():
    assert both("problem.negative", id="7", value=-1) == {"zh": "编号 7：-1 是负数", "en": "7: -1 is negative"}


def test_labels_are_packaged():
    assert (files("layoutplan") / "assets" / "labels" / "intake.toml").is_file()


def test_every_norm_has_a_name():
    """Reports and workbooks list the norms by name: ``[norm.<key>]`` in assets/labels/norms.toml."""
    assert not [key for key in load_norms() if f"norm.{key}" not in catalogue()]
