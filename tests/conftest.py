"""Settings and tools of all tests: the same examples on every run, no clock in a verdict, one real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("house")

FLAGS = [
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
WINDOWS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")


def find_browser():
    """Return the program of a Chromium-family browser, or None; ``start.py`` hands on the one it found."""
    if named := os.environ.get("LAYOUTPLAN_BROWSER"):
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    folders = [os.environ[name] for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA") if name in os.environ]
    for path in (Path(folder) / part for folder in folders for part in WINDOWS):
        if path.is_file():
            return str(path)
    return None


@pytest.fixture(scope="session")
def browser():
    program = find_browser()
    if program is None:
        reason = "no Chromium, Chrome or Edge on this machine"
        if os.environ.get("LAYOUTPLAN_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        chromium = tools.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def postgres():
    """A server of its own; CI says that it must be there."""
    from postgres import served

    with ExitStack() as stack:
        try:
            server = stack.enter_context(served())
        except (OSError, subprocess.CalledProcessError) as fault:
            reason = f"no PostgreSQL: {fault} {getattr(fault, 'stderr', b'')!r}"
            if os.environ.get("LAYOUTPLAN_REQUIRE_POSTGIS") == "1":
                pytest.fail(reason)
            pytest.skip(reason)
        yield server
