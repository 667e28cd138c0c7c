"""start.py: when it installs, from where, and that any terminal can show it. CI runs the installation itself."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from house import ROOT

COPIED = (
    "start.py",
    "requirements.txt",
    "requirements-extra.txt",
    "requirements-dev.txt",
    "constraints.txt",
    "pyproject.toml",
)


def load(folder):
    spec = importlib.util.spec_from_file_location("start", folder / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def home(tmp_path):
    """A copy of what start.py needs, in a folder with Chinese and a space in its name."""
    folder = tmp_path / "西吉县 布局"
    folder.mkdir()
    for name in COPIED:
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_the_environment_is_made_without_pip_and_its_python_runs(home):
    start = load(home)
    start.make_venv()
    asked = subprocess.run([start.PYTHON, "-c", "import sys; print(sys.prefix)"], capture_output=True, check=True)
    assert Path(asked.stdout.decode().strip()).samefile(home / ".venv")
    assert not list((home / ".venv").rglob("pip"))


@pytest.mark.parametrize(("stamped", "wanted", "current"), [
    ("app", "app", True), ("dev", "app", True), ("dev", "dev", True), ("app", "dev", False),
    ("extra", "app", True), ("extra", "dev", False), ("app", "extra", False),
])  # fmt: skip
def test_what_is_installed_is_not_installed_again(home, monkeypatch, stamped, wanted, current):
    start = load(home)
    start.make_venv()
    start.STAMP.write_text(f"{start.fingerprint()} {stamped}", "ascii")
    asked = []
    monkeypatch.setattr(start, "pip", lambda: asked.append("pip") or [sys.executable, "-c", ""])
    start.install(wanted)
    assert bool(asked) is not current
    assert start.STAMP.read_text("ascii") == f"{start.fingerprint()} {stamped if current else wanted}"


@pytest.mark.parametrize("name", [name for name in COPIED if name != "start.py"])
def test_a_changed_requirement_is_installed(home, name):
    start = load(home)
    before = start.fingerprint()
    (home / name).write_text((home / name).read_text("utf-8") + "# changed\n", "utf-8")
    assert start.fingerprint() != before


def test_a_moved_folder_is_installed_anew(home):
    before = load(home).fingerprint()
    moved = home.rename(home.with_name("moved"))
    assert load(moved).fingerprint() != before


def test_a_failed_installation_leaves_no_stamp(home, monkeypatch):
    start = load(home)
    monkeypatch.setattr(start, "pip", lambda: [sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(SystemExit, match="1"):
        start.install("app")
    assert not start.STAMP.exists()


def test_a_wheels_folder_replaces_the_network(home):
    start = load(home)
    assert start.sources() == []
    (home / "wheels").mkdir()
    assert start.sources() == ["--no-index", "--find-links", str(home / "wheels")]


def test_the_browser_named_by_the_user_comes_first(home, monkeypatch):
    browser = home / "my browser"
    browser.touch()
    monkeypatch.setenv("LAYOUTPLAN_BROWSER", str(browser))
    assert load(home).find_browser() == str(browser)


def test_help_is_shown_on_a_terminal_without_chinese(home):
    told = subprocess.run(
        [sys.executable, home / "start.py", "--help"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=True,
    )  # fmt: skip
    assert b"start.py test" in told.stdout
    assert not (home / ".venv").exists()
