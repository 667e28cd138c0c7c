"""The house as text and trees: what the tests of the house look at."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src" / "layoutplan"
LEFT_OUT = {".git", ".venv", "__pycache__", "wheels", "out", "build", "dist"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def kept_files() -> tuple[str, ...]:
    """Every file git keeps, as a path from the root; without git, every file that is not made by a run."""
    asked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if asked.returncode == 0 and asked.stdout:
        names = asked.stdout.decode().rstrip("\0").split("\0")
        return tuple(name for name in names if (ROOT / name).is_file())
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return tuple(sorted(path.as_posix() for path in found if not LEFT_OUT & set(path.parts)))


def name_of(path: Path) -> str:
    """Path from the root, with forward slashes on every system."""
    return path.relative_to(ROOT).as_posix()


def package_files() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def page_files() -> list[Path]:
    return sorted((ROOT / "pages").glob("*.py"))


def program_files() -> list[Path]:
    """Every module a user runs: the package, the pages and the app."""
    return [*package_files(), *page_files(), ROOT / "app.py"]


@cache
def text_of(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path), str(path))


def functions_of(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, Function))


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of an attribute chain; a call or an index in it shows as ``?``."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a module imports, inside functions too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno}: imports are written in full"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def docstrings_of(path: Path) -> list[ast.Constant]:
    bodies = (node.body for node in ast.walk(tree_of(path)) if isinstance(node, ast.Module | ast.ClassDef | Function))
    firsts = (body[0] for body in bodies if body)
    return [first.value for first in firsts if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)]
