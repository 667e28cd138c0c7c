"""How many small faults in the core the tests notice: a random sample of mutants, each against tests that reach it.

Run ``python benchmarks/mutation.py WORK [--count 200] [--seed 1]``. WORK keeps a copy of the project, which files of
tests pass, and a line for every mutant done, so that a run that was stopped goes on where it was. Set beside the
machine's other work: ``nice -n 19``. With ``--rest`` those that survived are judged by the tests left out, as they were
when the copy was made. With ``--again`` by the tests there are now: a score of its own, since those tests were written
knowing them.

A mutant changes one operator, number, condition or truth value of ``seats/``, ``access/`` or ``plan/``. It is run
against the module's own tests and the examples in its docstrings, then those that import the module, then the golden
plans, then those that import what imports it, quick ones first, as many as fit into ``--seconds``; a mutant that all
of them pass has survived, also where tests left out would have noticed it.
A module of kernels runs uncompiled.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import json
import math
import os
import random
import resource
import runpy
import shutil
import signal
import sys
import time
from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("seats", "access", "plan")
_GOLDEN = "test_golden_"
_MEMORY_BYTES = 6_000_000_000
_LIMIT = 60  # seconds of the processor a file of tests may take
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", "out")
_COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COUNTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_TURNED = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}


# ---- mutants ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Mutant:
    """One change: the module, the line, which node of the walk, how it reads before and after, and where."""

    file: str
    line: int
    node: int
    before: str
    after: str
    function: str


def _changed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a node may be replaced by."""
    if isinstance(node, ast.Compare | ast.BinOp | ast.AugAssign | ast.BoolOp | ast.UnaryOp):
        yield from _other_operator(node)
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        yield type(node)(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.Break | ast.Continue):
        yield ast.Continue() if isinstance(node, ast.Break) else ast.Break()
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        yield ast.Constant((not node.value) if isinstance(node.value, bool) else node.value + 1)
    elif isinstance(node, ast.Name) and node.id in _TURNED:
        yield ast.Name(_TURNED[node.id], node.ctx)
    elif isinstance(node, ast.Attribute) and node.attr in _TURNED:
        yield ast.Attribute(node.value, _TURNED[node.attr], node.ctx)


def _other_operator(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARED:
        yield ast.Compare(node.left, [_COMPARED[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.BinOp) and type(node.op) in _COUNTED and not _is_text(node):
        yield ast.BinOp(node.left, _COUNTED[type(node.op)](), node.right)
    elif isinstance(node, ast.AugAssign) and type(node.op) in _COUNTED:
        yield ast.AugAssign(node.target, _COUNTED[type(node.op)](), node.value)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield node.operand


def _is_text(node: ast.BinOp) -> bool:
    sides = (node.left, node.right)
    return any(isinstance(side, ast.JoinedStr) or isinstance(getattr(side, "value", None), str) for side in sides)


def _walk(tree: ast.AST, function: str = "") -> Iterator[tuple[ast.AST, str, str, ast.AST]]:
    """Yield parent, field, function and node of everything that runs: no annotations, no imports for types only."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _is_for_types(child) or _is_guard(child):
                continue
            inside = child.name if isinstance(child, ast.FunctionDef) else function
            yield tree, name, inside, child
            yield from _walk(child, inside)


def _is_for_types(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):  # an alias of types: X = A | B
        return isinstance(node.value.op, ast.BitOr) and ast.unparse(node.targets[0]).lstrip("_")[:1].isupper()
    return False


def _is_guard(node: ast.AST) -> bool:
    """Return whether a part only guards against a mistake in the code itself: ``zip(..., strict=True)``."""
    return isinstance(node, ast.keyword) and node.arg == "strict"


def _brief(node: ast.AST) -> str:
    text = ast.unparse(node.test if isinstance(node, ast.If | ast.While) else node)
    return " ".join(text.split())[:100]


def mutants_of(file: Path, root: Path) -> list[Mutant]:
    found = []
    for number, (_, _, function, node) in enumerate(_walk(ast.parse(file.read_text("utf-8")))):
        for other in _changed(node):
            name = file.relative_to(root).as_posix()
            found.append(Mutant(name, node.lineno, number, _brief(node), _brief(other), function))
    return found


def mutated(source: str, mutant: Mutant) -> str:
    """Return a module's source with one mutant in it."""
    tree = ast.parse(source)
    parent, field, _, node = list(_walk(tree))[mutant.node]
    (other,) = _changed(copy.copy(node))
    ast.copy_location(other, node)
    held = getattr(parent, field)
    if isinstance(held, list):
        held[next(at for at, one in enumerate(held) if one is node)] = other
    else:
        setattr(parent, field, other)
    return ast.unparse(ast.fix_missing_locations(tree))


# ---- which tests judge which module ---------------------------------------------------------------
def imports_of(file: Path) -> set[str]:
    """Return the modules of the package that a file imports, by dotted name."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.startswith("layoutplan.")}


class Judges:
    """Test files by module: its own, those that import it, the golden plans, those that import what imports it."""

    def __init__(self, tree: Path) -> None:
        src, tests = tree / "src", tree / "tests"
        self.asked: dict[str, set[str]] = {}
        self.examples: dict[str, str] = {}
        for file in (src / "layoutplan").rglob("*.py"):
            module = ".".join(file.relative_to(src).with_suffix("").parts).removesuffix(".__init__")
            self.asked[module] = imports_of(file)
            if ">>>" in file.read_text("utf-8"):
                self.examples[module] = file.relative_to(tree).as_posix()
        files = [file for room in (*ROOMS, "county", ".") for file in sorted((tests / room).glob("test_*.py"))]
        self.tests = {file.relative_to(tree).as_posix(): imports_of(file) for file in files}
        tools = {file.stem: imports_of(file) for file in tests.glob("*.py")}
        self.through = {
            file.relative_to(tree).as_posix(): set().union(*(tools[name] for name in used_tools(file, tools)))
            for file in files
        }

    def of(self, module: str, seconds: dict[str, float], *, farthest: int = 3) -> list[str]:
        users = {name for name, asked in self.asked.items() if module in asked} | {module}
        parts = set(module.split(".")[2:])
        near = [(0, seconds.get(self.examples[module], 1.0), self.examples[module])] if module in self.examples else []
        for test, asked in self.tests.items():
            mine = Path(test).stem.removeprefix("test_")
            reached = bool(users & (asked | self.through[test]))
            ranks = (mine in parts, module in asked, Path(test).name.startswith(_GOLDEN), reached, True)
            near.append((ranks.index(True), seconds.get(test, len(asked)), test))
        return [test for distance, _, test in sorted(near) if distance <= farthest]


def used_tools(file: Path, tools: Container[str]) -> set[str]:
    """Return the tools of the tests, by name, that a file of tests imports."""
    tree = ast.walk(ast.parse(file.read_text("utf-8")))
    return {node.module for node in tree if isinstance(node, ast.ImportFrom) and node.module in tools}


# ---- a run: every file of tests in a child that finds the libraries loaded ---------------------------
def warm_up(tree: Path) -> None:
    """Load what every test needs, but nothing of the package itself."""
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    os.environ["PYTHONPATH"] = str(tree / "src")
    runpy.run_path(str(tree / "src" / "layoutplan" / "_process.py"))["guard"]()
    heavy = (
        "geopandas", "numba", "pandera.pandas", "pydantic", "pyogrio", "pytest", "rasterio", "scipy.optimize",
        "scipy.sparse.csgraph", "scipy.stats", "shapely",
    )  # fmt: skip
    for name in heavy:
        importlib.import_module(name)


def run_tests(tree: Path, test: str, *, limit: int, compiled: bool) -> tuple[str, float]:
    """Run a file of tests in a child; say how it ended and how many seconds of the processor it took."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os.chdir(tree)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
        if not compiled:
            os.environ["NUMBA_DISABLE_JIT"] = "1"
            importlib.import_module("numba").config.reload_config()
        import pytest

        # Plugins of libraries loaded before pytest are not rewritten, which matters to nobody here.
        calm = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
        os._exit(int(pytest.main(["-x", "-q", "-W", calm, "-p", "no:cacheprovider", "--no-header", test])))
    begin = time.monotonic()
    try:
        while True:
            done, status, usage = os.wait4(child, os.WNOHANG)
            if done:
                break
            if time.monotonic() - begin > 20 * limit:  # it waits for something that never comes
                os.killpg(child, signal.SIGKILL)
            time.sleep(0.05)
    finally:
        # Whatever it started goes with it, also where this run is stopped.
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    end = "timeout" if os.WIFSIGNALED(status) else "passed" if os.WEXITSTATUS(status) == 0 else "failed"
    return end, usage.ru_utime + usage.ru_stime


class Bench:
    """Tests as they run without a mutant: the seconds each takes, or nothing where it fails or is too slow."""

    def __init__(self, tree: Path, work: Path) -> None:
        self.tree, self.file = tree, work / "tests.json"
        known = json.loads(self.file.read_text("utf-8")) if self.file.is_file() else {}
        self.known: dict[str, float | None] = known

    def says(self, test: str, *, compiled: bool) -> bool:
        """Return whether a test may say something: golden plans take too long uncompiled."""
        if not compiled and Path(test).name.startswith(_GOLDEN):
            return False
        return self.known.get(test if compiled else f"{test} uncompiled", 0.0) is not None

    def passes(self, test: str, *, compiled: bool) -> bool:
        key = test if compiled else f"{test} uncompiled"
        if key not in self.known:
            end, taken = run_tests(self.tree, test, limit=_LIMIT, compiled=compiled)
            self.keep(key, taken if end == "passed" else None)
        return self.known[key] is not None

    def keep(self, key: str, taken: float | None) -> None:
        self.known[key] = taken
        self.file.write_text(json.dumps(self.known, indent=1), "utf-8")

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds of the processor by test, long for those that say nothing."""
        return {test: _LIMIT if taken is None else taken for test, taken in self.known.items()}


def judge(bench: Bench, mutant: Mutant, tests: list[str], *, seconds: float) -> tuple[str, list[str]]:
    """Put a mutant in, run its tests until one fails, take it out again; say how it ended and what was run."""
    file = bench.tree / mutant.file
    source = file.read_text("utf-8")
    # Compiled code is kept by file, not by content that other code calls.
    compiled = "@compiled" not in source
    spent, run = 0.0, []
    for test in tests:
        if run and spent >= seconds:
            break
        if not bench.says(test, compiled=compiled):
            continue
        try:
            file.write_text(mutated(source, mutant), "utf-8")
            end, taken = run_tests(bench.tree, test, limit=_LIMIT, compiled=compiled)
        finally:
            file.write_text(source, "utf-8")
        spent += taken
        if end == "passed":
            bench.keep(test if compiled else f"{test} uncompiled", taken)
        # What fails or is slow without a mutant too says nothing of it.
        if end != "passed" and not bench.passes(test, compiled=compiled):
            continue
        run.append(test)
        if end != "passed":
            return ("killed" if end == "failed" else end), run
    return ("survived" if run else "unreached"), run


def interval(good: int, count: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    z, share = 1.96, good / count
    middle = (share + z * z / 2 / count) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / 4 / count / count) / (1 + z * z / count)
    return middle - half, middle + half


def read_rows(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.is_file() else []


def report(results: list[dict]) -> None:
    for room in (*ROOMS, ""):
        mine = [row for row in results if f"/{room}/" in row["file"] or not room]
        killed = sum(row["end"] in ("killed", "timeout") for row in mine)
        if mine:
            low, high = interval(killed, len(mine))
            share = f"{killed / len(mine):.1%} ({low:.1%}-{high:.1%})"
            print(f"{room or 'core':8}{killed:5} of {len(mine):4} noticed: {share}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=ROOMS)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--again", action="store_true", help="judge those that survived by the tests there are now")
    parser.add_argument("--rest", action="store_true", help="judge those that survived by the tests left out")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # or a mutant would stay in the copy
    work, tree = asked.work.resolve(), asked.work.resolve() / "tree"
    if not tree.is_dir():
        shutil.copytree(ROOT, tree, ignore=_LEFT_OUT)
    if asked.again:
        shutil.copytree(ROOT / "tests", tree / "tests", ignore=_LEFT_OUT, dirs_exist_ok=True)
    warm_up(tree)
    judges, bench = Judges(tree), Bench(tree, work)
    files = [file for room in asked.rooms for file in sorted((tree / "src" / "layoutplan" / room).rglob("*.py"))]
    sample = random.Random(asked.seed).sample([one for file in files for one in mutants_of(file, tree)], asked.count)
    log = work / ("again.jsonl" if asked.again else "rest.jsonl" if asked.rest else "results.jsonl")
    results = read_rows(log)
    before: dict[tuple[str, int], list[str]] = {}
    if asked.again or asked.rest:
        first = read_rows(work / "results.jsonl")
        survived = {(row["file"], row["node"]) for row in first if row["end"] in ("survived", "unreached")}
        sample = [mutant for mutant in sample if (mutant.file, mutant.node) in survived]
        results += [row for row in first if (row["file"], row["node"]) not in survived]
        before = {(row["file"], row["node"]): row["tests"] for row in first if asked.rest}
    known = {(row["file"], row["node"]) for row in results}
    for mutant in sample:
        if (mutant.file, mutant.node) in known:
            continue
        module = ".".join(Path(mutant.file).relative_to("src").with_suffix("").parts).removesuffix(".__init__")
        tests = judges.of(module, bench.seconds, farthest=4 if asked.rest else 3)
        left = [test for test in tests if test not in before.get((mutant.file, mutant.node), ())]
        end, run = judge(bench, mutant, left, seconds=asked.seconds)
        row = {**vars(mutant), "end": end, "tests": run}
        results.append(row)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        print(end, f"{mutant.file}:{mutant.line}", mutant.before, "→", mutant.after, run[-1:], flush=True)
    report(results)


if __name__ == "__main__":
    main()
