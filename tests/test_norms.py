"""National norms carry their clause; an overlay replaces them one by one and may not invent any."""

import pytest

from layoutplan.errors import NormError
from layoutplan.labels import catalogue
from layoutplan.norms import load_norms

OVERLAY = """
[class_size.primary]
value = 40
unit = "pupils/class"
clause = "县教育局文件"
verified = true
"""


def _overlay(tmp_path, text: str, encoding: str = "utf-8"):
    file = tmp_path / "norms.toml"
    file.write_bytes(text.encode(encoding))
    return file


def _codes(tmp_path, text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(NormError) as caught:
        load_norms(_overlay(tmp_path, text))
    for problem in caught.value.problems:
        assert problem.say("zh") != problem.say("en")
    return [(problem.code, problem.row, problem.field) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("key", "value"),
    [("class_size.primary", 45), ("class_size.junior", 50), ("class_size.large", 56), ("class_size.extra_large", 66),
     ("school_size.primary", 2000), ("school_size.nine_year", 2500)],
)  # fmt: skip
def test_national_values(key, value):
    norms = load_norms()
    assert norms.value(key) == value
    assert norms[key].clause


def test_every_norm_has_unit_and_clause():
    assert all(norm.unit and norm.clause for norm in load_norms().values())


def test_every_unit_has_words():
    assert {norm.unit for norm in load_norms().values() if f"unit.{norm.unit}" not in catalogue()} == set()


def test_norms_are_sorted_and_the_same_each_time():
    assert list(load_norms()) == sorted(load_norms())
    assert load_norms().fingerprint == load_norms().fingerprint


def test_an_overlay_replaces_one_norm_only(tmp_path):
    norms, national = load_norms(_overlay(tmp_path, OVERLAY)), load_norms()
    assert norms.value("class_size.primary") == 40
    assert norms["class_size.primary"].clause == "县教育局文件"
    assert {key for key in norms if norms[key] != national[key]} == {"class_size.primary"}
    assert norms.fingerprint != national.fingerprint


def test_an_unknown_norm_is_refused(tmp_path):
    assert _codes(tmp_path, OVERLAY.replace("class_size.primary", "class_size.nursery")) == [
        ("norm_unknown", "class_size.nursery", "")
    ]


def test_a_norm_without_clause_or_with_a_field_too_many_is_refused(tmp_path):
    spoilt = OVERLAY.replace("clause", "claus")
    assert _codes(tmp_path, spoilt) == [
        ("norm_field", "class_size.primary", "claus"), ("norm_field", "class_size.primary", "clause"),
    ]  # fmt: skip


@pytest.mark.parametrize("value", ['"40"', "true", "[40]"])
def test_a_value_that_is_no_number_is_refused(tmp_path, value):
    assert _codes(tmp_path, OVERLAY.replace("40", value)) == [("norm_value", "class_size.primary", "value")]


def test_a_bare_value_outside_a_table_is_refused(tmp_path):
    codes = {code for code, _, _ in _codes(tmp_path, "speed = 4")}
    assert "norm_unknown" in codes


def test_a_file_that_is_no_toml_or_no_utf8_is_refused(tmp_path):
    assert _codes(tmp_path, "[class_size")[0][0] == "toml_unreadable"
    with pytest.raises(NormError, match="toml_unreadable"):
        load_norms(_overlay(tmp_path, OVERLAY, "gb18030"))
    with pytest.raises(NormError, match="toml_unreadable"):
        load_norms(tmp_path / "missing.toml")
