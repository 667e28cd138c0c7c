"""The store in the shell: what is saved comes back, who may not is told, what was done stands on record."""

from __future__ import annotations

import json
import sys

import pytest

from layoutplan import cli
from layoutplan.plan.scenario import CloseSchool, Scenario, load_scenario, save_scenario


@pytest.fixture
def store(monkeypatch, capsys, tmp_path):
    """Run ``layoutplan store WORD PATH ...``; return exit code, what it says and what it complains of."""

    def run(word: str, *words: object):
        argv = ["layoutplan", "store", word, str(tmp_path / "库.sqlite"), *map(str, words)]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (ended.value.code or 0, *capsys.readouterr())

    return run


def test_an_offices_day(store, tmp_path):
    plan = Scenario(name="北", actions=(CloseSchool(year=2026, school_id="0017"),))
    save_scenario(plan, tmp_path / "a.toml")
    assert store("members")[0] == 0
    assert store("appoint", "head", "admin")[0] == 0
    assert store("appoint", "li", "planner", "--by", "head")[0] == 0
    assert store("save", tmp_path / "a.toml", "--by", "li", "--note", "第一稿")[0] == 0

    code, _, complaint = store("approve", "北", "--number", 1, "--by", "li")
    assert code == 2
    assert "role_needed" in complaint
    code, _, complaint = store("save", tmp_path / "a.toml", "--by", "li")
    assert code == 2
    assert "version_exists" in complaint
    assert store("approve", "北", "--number", 1, "--by", "head")[0] == 0

    (version,) = json.loads(store("list", "--json")[1])["versions"]
    assert (version["saved_by"], version["approved_by"], version["note"]) == ("li", ["head"], "第一稿")
    assert store("load", "北", "--out", tmp_path / "b.toml")[0] == 0
    assert load_scenario(tmp_path / "b.toml") == plan

    assert store("dismiss", "li", "--by", "head")[0] == 0
    acts = [event["act"] for event in json.loads(store("events", "--json")[1])["events"]]
    assert acts == ["appoint", "appoint", "save", "approve", "dismiss"]
    assert json.loads(store("members", "--json")[1])["members"] == {"head": "admin"}
    for word in ("list", "events", "members", "verify"):
        code, said, _ = store(word)
        assert code == 0
        assert said.strip()
