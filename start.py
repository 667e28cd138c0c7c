"""Start layoutplan, or its tests; every word first sets up all that it needs.

python3 start.py             open the app: sample, folder, upload     打开应用（示例县、文件夹、上传）
python3 start.py test        run every test, in a browser too        运行全部测试（含浏览器测试）
python3 start.py check       format, lint, types, tests              开发者：格式、检查、类型、测试
python3 start.py extra       also what clusters need               另装集群计算所需
python3 start.py run ...     any other word: the command line        其余命令转交命令行

On Windows write ``py`` instead of ``python3``. Only the standard library is used here. What has to be
installed goes into ``.venv`` beside this file; a folder ``wheels`` beside it replaces the network.
"""

from __future__ import annotations

import codecs
import hashlib
import importlib.util
import locale
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn, TextIO

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed.txt"
# The interpreter that runs this file; if that is .venv itself, the one .venv was made from.
BASE = getattr(sys, "_base_executable", sys.executable)
# What may be installed, each with all before it.
LISTS = {"app": "requirements.txt", "extra": "requirements-extra.txt", "dev": "requirements-dev.txt"}
LEVELS = list(LISTS)
DECIDES = (*LISTS.values(), "constraints.txt", "pyproject.toml")
OLDEST_PYTHON = (3, 11)
OLDEST_PIP = (22, 3)  # the first with --python: it installs into .venv from outside

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome", "msedge",
)  # fmt: skip
BROWSER_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Google\Chrome\Application\chrome.exe",
    r"%LocalAppData%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
    r"%ProgramFiles%\Microsoft\Edge\Application\msedge.exe",
)


def show(words: str, stream: TextIO) -> None:
    """Print; a terminal that has no Chinese gets question marks instead of an error."""
    code = stream.encoding or "utf-8"
    print(words.encode(code, "replace").decode(code), file=stream, flush=True)


def say(zh: str, en: str) -> None:
    """Print one message in both languages, at once."""
    show(f"[layoutplan] {zh}\n[layoutplan] {en}", sys.stderr)


def stop(zh: str, en: str) -> NoReturn:
    """Print what is wrong and what to do, and end."""
    say(zh, en)
    raise SystemExit(1)


def call(*command: str | Path, here: bool = False, env: dict[str, str] | None = None) -> int:
    """Run a command in this file's folder, or ``here`` where the user stands; return its exit code."""
    line = [str(part) for part in command]
    # Under LC_ALL=C a folder with a Chinese name could not be written into the lists that Python keeps.
    is_ascii = os.name != "nt" and codecs.lookup(locale.getencoding()).name == "ascii"
    wide = {"LC_ALL": "C.UTF-8"} if is_ascii else {}
    return subprocess.run(
        line, cwd=None if here else ROOT, env={**os.environ, **wide, **(env or {})}, check=False
    ).returncode


def fingerprint() -> str:
    """Return a hash of what decides the installation, this folder's place included."""
    parts = [str(ROOT).encode(), *((ROOT / name).read_bytes() for name in DECIDES)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def sources() -> list[str]:
    """Return where packages come from: the folder ``wheels`` if it is there, else pip's own settings."""
    wheels = ROOT / "wheels"
    return ["--no-index", "--find-links", str(wheels)] if wheels.is_dir() else []


def make_venv() -> None:
    """Make ``.venv`` without pip, so that a missing ensurepip does not matter."""
    say("正在创建 .venv ……", "Making .venv ...")
    if importlib.util.find_spec("venv"):
        import venv

        venv.EnvBuilder(clear=True, symlinks=os.name != "nt", with_pip=False).create(VENV)
        return
    with tempfile.TemporaryDirectory() as folder:
        call(BASE, "-m", "pip", "install", "-q", *sources(), "--target", folder, "virtualenv")
        call(BASE, "-m", "virtualenv", "-q", "--clear", "--no-pip", VENV, env={"PYTHONPATH": folder})


def pip() -> list[str]:
    """Return the pip that installs into ``.venv``: this machine's, else the one inside ensurepip."""
    asked = subprocess.run([BASE, "-m", "pip", "--version"], capture_output=True, check=False)
    found = re.match(rb"pip (\d+)\.(\d+)", asked.stdout)
    if found and (int(found[1]), int(found[2])) >= OLDEST_PIP:
        return [BASE, "-m", "pip", "--disable-pip-version-check", "--python", str(PYTHON)]
    if importlib.util.find_spec("ensurepip") and call(PYTHON, "-m", "ensurepip") == 0:
        return [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    stop(
        "需要 pip 22.3 及以上。Debian/Ubuntu：sudo apt install python3-pip；其他系统：重装 Python 并勾选 pip。",
        "pip 22.3 or newer is needed. Debian/Ubuntu: sudo apt install python3-pip; else reinstall Python with pip.",
    )


def install(level: str) -> None:
    """Bring ``.venv`` up to date.

    Parameters
    ----------
    level : {"app", "extra", "dev"}
        What the app needs, that and clusters, or that and the tools of tests and checks.
    """
    print_now = fingerprint()
    stamped = STAMP.read_text("ascii") if STAMP.exists() and PYTHON.exists() else ""
    if stamped in [f"{print_now} {enough}" for enough in LEVELS[LEVELS.index(level) :]]:
        return
    if not PYTHON.exists() or call(PYTHON, "-c", "") != 0:
        make_venv()
    STAMP.unlink(missing_ok=True)
    say(
        "正在安装依赖（首次约 310 MB，需一至数分钟）……", "Installing (first time: about 310 MB, one minute or more) ..."
    )
    listed = [word for each in LEVELS[: LEVELS.index(level) + 1] for word in ("-r", str(ROOT / LISTS[each]))]
    wheels_only = [*pip(), "install", *sources(), "--only-binary", ":all:", *listed]
    if call(*wheels_only, "-c", ROOT / "constraints.txt") != 0:
        say(
            "固定版本在本机装不上，改用允许范围内的版本重试。",
            "The pinned versions do not fit this machine; trying others in range.",
        )
        if call(*wheels_only) != 0:
            stop(
                "依赖安装失败：请检查网络（或设镜像 PIP_INDEX_URL，或放 wheels 文件夹），"
                "并使用 64 位 Python 3.11-3.14。",
                "Installing failed: check the network (or set PIP_INDEX_URL to a mirror, or add a wheels folder) "
                "and use 64-bit Python 3.11-3.14.",
            )
    # setuptools now stands in .venv, so the package itself needs neither network nor a build environment.
    if call(*pip(), "install", "-q", "--no-index", "--no-deps", "--no-build-isolation", "-e", ROOT) != 0:
        stop("本软件安装失败，见上文。", "Installing the package itself failed, see above.")
    STAMP.write_text(f"{print_now} {level}", "ascii")


def find_browser() -> str:
    """Return the path of a browser of the Chromium family, or nothing."""
    named = os.environ.get("LAYOUTPLAN_BROWSER", "")
    usual = [os.path.expandvars(place) for place in BROWSER_PLACES]
    there = [place for place in (named, *usual) if place and Path(place).is_file()]
    return next((path for path in (*there, *map(shutil.which, BROWSERS)) if path), "")


def ready_browser() -> str:
    """Return the path of a browser for the tests, installing one where that is possible."""
    if found := find_browser():
        return found
    say("未找到浏览器，正在安装 Chromium ……", "No browser found; installing Chromium ...")
    if shutil.which("apt-get") and os.geteuid() == 0:
        call("apt-get", "update", "-q")
        fetch = ("apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-noto-cjk")
        if call(*fetch, env={"DEBIAN_FRONTEND": "noninteractive"}) == 0 and (found := find_browser()):
            return found
    if call(PYTHON, "-m", "playwright", "install", "chromium") != 0:
        stop(
            "请安装 Chromium、Chrome 或 Edge，或用 LAYOUTPLAN_BROWSER 指明浏览器路径，然后重试。",
            "Install Chromium, Chrome or Edge, or set LAYOUTPLAN_BROWSER to the path of one, and try again.",
        )
    ask = (
        "from playwright.sync_api import sync_playwright as tools\nwith tools() as t: print(t.chromium.executable_path)"
    )
    return subprocess.run([PYTHON, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


def test(words: list[str]) -> int:
    """Run the tests; the words are pytest's."""
    install("dev")
    chosen = {"LAYOUTPLAN_REQUIRE_BROWSER": "1", "LAYOUTPLAN_BROWSER": ready_browser()}
    return call(PYTHON, "-m", "pytest", *words, env=chosen)


def check() -> int:
    """Run all that a change has to pass, and stop at the first that fails."""
    install("dev")
    for command in (["ruff", "format", "--check"], ["ruff", "check"], ["mypy"]):
        if code := call(PYTHON, "-m", *command):
            return code
    return test([])


def main(words: list[str]) -> int:
    """Do what the words say; return the exit code."""
    if words in (["-h"], ["--help"]):
        show(f"{__doc__}", sys.stdout)
        return 0
    if words[:1] == ["test"]:
        return test(words[1:])
    if words == ["check"]:  # `check COUNTY` is the command line's
        return check()
    install("extra" if words == ["extra"] else "app")
    if words == ["extra"]:
        return 0
    if words:
        return call(PYTHON, "-m", "layoutplan", *words, here=True)
    say("浏览器中即将打开 layoutplan；按 Ctrl+C 退出。", "layoutplan opens in your browser; Ctrl+C ends it.")
    return call(PYTHON, "-m", "streamlit", "run", ROOT / "app.py")


if __name__ == "__main__":
    if sys.version_info < OLDEST_PYTHON:
        stop("需要 Python 3.11 或更高版本。", "Python 3.11 or newer is needed.")
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
