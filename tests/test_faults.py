"""What pydantic and the reader of TOML find is told in the reader's language, and says what would be right."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import layoutplan.faults
from layoutplan.errors import DataError, InputError, NormError, ScenarioError
from layoutplan.faults import causes, path_of, reason_of, toml_problem
from layoutplan.labels import Words, catalogue
from layoutplan.norms import load_norms
from layoutplan.plan.optimise.goal import Goal, load_goal, parse_goal
from layoutplan.plan.scenario import Scenario, load_scenario, parse_scenario
from layoutplan.present.look import Look, load_look

_ACTION = '[[actions]]\nkind = "{}"\nyear = 2025\n'
_SCENARIO_REASONS = [
    ("last_year = '2030'", "应为整数", "must be a whole number"),
    ("last_year = 2030.5", "应为整数", "must be a whole number"),
    ("last_year = 2101", "不得大于2100", "must be at most 2100"),
    ("last_year = 1999", "不得小于2000", "must be at least 2000"),
    ("note = 3", "应为加引号的文字", "must be text in quotes"),
    ("[outlook]\nsurvival = '1'", "应为数字", "must be a number"),
    ("[outlook]\nmigration = 'some'", "应为下列之一：none, measured", "must be one of: none, measured"),
    ("outlook = 3", "应为一组“键 = 值”", "must be a table of keys and values"),
    ("actions = 3", "应为方括号括起的列表", "must be a list in square brackets"),
    ("[policy]\nwithin_limits = 1", "应为 true 或 false", "must be true or false"),
    (_ACTION.format("close_school") + "school_id = ''", "至少1个字", "letters: at least 1"),
    (_ACTION.format("merge_schools") + "school_ids = []\ninto = 'a'", "至少1项", "items: at least 1"),
    ("[[actions]]\nyear = 2025", "没有写明种类", "does not say of which kind it is"),
]


def _said(caught):
    (problem,) = caught.value.problems
    return problem.say("zh"), problem.say("en")


@pytest.mark.parametrize(("text", "zh", "en"), _SCENARIO_REASONS)
def test_a_wrong_value_of_a_scenario_is_told_in_the_readers_language(text, zh, en):
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(f"name = 's'\n{text}", source="s.toml")
    chinese, english = _said(caught)
    assert f"（{zh}）" in chinese
    assert f"({en})" in english


def test_a_kind_or_class_that_is_none_names_those_there_are():
    road = _ACTION.format("build_road") + "road_id = 'r'\nroad_class = 'path_of_stars'\nline = [[0.0, 0.0], [1.0, 1.0]]"
    for text, known in ((_ACTION.format("fly"), "open_school, close_school"), (road, "county, township")):
        with pytest.raises(ScenarioError) as caught:
            parse_scenario(f"name = 's'\n{text}", source="s.toml")
        chinese, english = _said(caught)
        assert "应为下列之一：" in chinese
        assert known in chinese
        assert "must be one of: " in english
        assert " or " not in english.split("must be one of: ")[1].split(")")[0]


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("seconds = 0.0", "须大于0.0", "must be above 0.0"),
        ("gap = 0.6", "不得大于0.5", "must be at most 0.5"),
    ],
)
def test_a_wrong_value_of_a_goal_is_told_in_the_readers_language(text, zh, en):
    with pytest.raises(ScenarioError) as caught:
        parse_goal(f"name = 'g'\nyears = [2025]\nlast_year = 2030\n[stop]\n{text}", source="g.toml")
    chinese, english = _said(caught)
    assert f"（{zh}）" in chinese
    assert f"({en})" in english


@pytest.mark.parametrize(
    ("text", "field", "zh"),
    [
        ("paper = 'A5'", "paper", "应为下列之一：A3, A4"),
        ("formats = ['png', 'gif']", "formats[2]", "应为下列之一：png, pdf, svg"),
        ("relief = 0.7", "relief", "不得大于0.5"),
        ("maker = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'", "maker", "至多40个字"),
        ("catchments = ['#000000']", "catchments", "至少5项"),
        ("bands = ['#000000', '#000000', '#000000', '#000000', '#000000', '#000000', '#000000']", "bands", "至多6项"),
        ("[colours]\nink = 'red'", "ink", "写法应合 ^#[0-9a-fA-F]{6}$"),
    ],
)
def test_a_wrong_value_of_a_style_is_told_in_the_readers_language(text, field, zh, tmp_path):
    (tmp_path / "style.toml").write_text(text, "utf-8")
    with pytest.raises(DataError) as caught:
        load_look(tmp_path / "style.toml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.field) == ("style_value", field)
    assert f"（{zh}）" in problem.say("zh")
    assert "docs/style.toml" in problem.say("en")


def test_the_maker_of_a_style_holds_no_control_characters(tmp_path):
    (tmp_path / "style.toml").write_text('maker = "a\\u000bb"', "utf-8")
    with pytest.raises(DataError) as caught:
        load_look(tmp_path / "style.toml")
    assert [(one.code, one.field) for one in caught.value.problems] == [("text_invisible", "maker")]


# ---- every fault there may be has its words -----------------------------------------------------
_leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50) | st.dates()
_any = st.recursive(_leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3))


@given(model=st.sampled_from([Scenario, Goal, Look]), data=st.data())
def test_whatever_stands_for_a_key_its_fault_has_words(model, data):
    names = st.sampled_from(sorted(model.model_fields))
    tree = data.draw(st.dictionaries(names, _any, min_size=1, max_size=3))
    try:
        model.model_validate(tree)
    except ValidationError as fault:
        found = [one for one in causes(fault.errors()) if one["type"] not in ("missing", "extra_forbidden")]
        for error in found:
            assert reason_of(error).key != "fault.form", error
            assert re.search("[\u4e00-\u9fff]", reason_of(error).say("zh"))
            assert path_of(error)


def test_a_fault_without_words_of_its_own_still_says_something():
    assert reason_of({"type": "of_another_day"}) == Words("fault.form")


# ---- files that are no TOML ---------------------------------------------------------------------
_BROKEN = {
    b"a = 1\nb = = 2": ("第2行第5列", "line 2, column 5"),
    b"a = [1,": ("末尾不完整", "ends too early"),
    b"a = 1\nb = '\xff'": ("第2行不是 UTF-8", "line 2 is not UTF-8"),
    b"a = " + b"[" * 5000: ("嵌套太深", "nested too deep"),
}


@pytest.mark.parametrize("read", [load_scenario, load_goal, load_look, load_norms])
@pytest.mark.parametrize("content", _BROKEN, ids=["at", "end", "utf8", "nested"])
def test_a_file_that_is_no_toml_says_where(read, content, tmp_path):
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises((ScenarioError, DataError, NormError)) as caught:
        read(tmp_path / "a.toml")
    chinese, english = _said(caught)
    assert _BROKEN[content][0] in chinese
    assert _BROKEN[content][1] in english


@pytest.mark.parametrize("read", [load_scenario, load_goal, load_look, load_norms])
def test_a_file_the_system_refuses_says_so_without_its_path(read, tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path / "none.toml")
    chinese, english = _said(caught)
    assert "系统读不了" in chinese
    assert "the system cannot read it: No such file" in english
    assert str(tmp_path) not in english


def test_every_way_a_reader_of_toml_stops_has_a_place():
    for text in ("= 1", "a", "[a", "a = 1 b = 2", "a = 1\na = 2", "[a]\n[a]", '"', "a = '", "a = 1979-13-01", "a = {"):
        with pytest.raises(tomllib.TOMLDecodeError) as caught:
            tomllib.loads(text)
        reason = toml_problem(caught.value, source="a.toml").values["reason"]
        assert reason.key in ("fault.toml_at", "fault.toml_end")
        assert (reason.key == "fault.toml_end") == ("(at end of document)" in str(caught.value))


def test_no_words_of_a_fault_are_idle():
    source = Path(layoutplan.faults.__file__).read_text("utf-8").replace("fault.", "")
    assert [key for key in catalogue() if key.startswith("fault.") and f'"{key[6:]}"' not in source] == []
