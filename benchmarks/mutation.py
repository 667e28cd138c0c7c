"""How many small faults in the core the tests notice: a random sample of mutants, each against tests that reach it.

Run ``python benchmarks/mutation.py WORK [--count 200] [--seed 1]``; it needs ``coverage`` besides the tools of the
tests. WORK keeps a copy of the project, which tests reach which line, and a line for every mutant done, so that a
run that was stopped goes on where it was. Set beside the machine's other work: ``nice -n 19``.

A mutant changes one operator, number, condition or truth value of ``seats/``, ``access/`` or ``plan/``. It is run
against the tests that execute its line, those of the module's own test file first, as far as they fit into
``--seconds``; a mutant that all of them pass has survived, also where tests left out might have noticed it.
Kernels run uncompiled here, for what is compiled cannot be traced.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import math
import os
import random
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("seats", "access", "plan")
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
    """One change: the module, the line, which node of the walk, and how it reads before and after."""

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
            if not isinstance(child, ast.AST) or _is_for_types(child):
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


# ---- which tests reach which line ---------------------------------------------------------------
_RECORD = """
import json, sys, time
from pathlib import Path
import coverage, pytest
root, out = Path(sys.argv[1]), Path(sys.argv[2])
rooms = [str(root / "src" / "layoutplan" / room) for room in sys.argv[3].split()]
tracer = coverage.Coverage(data_file=None, source=rooms)
times = {}
class Recorder:
    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item):
        tracer.switch_context(item.nodeid.split("::")[0] + "::")
        begin = time.process_time()
        try:
            return (yield)
        finally:
            name = item.nodeid.split("::")[0] + "::"
            times[name] = times.get(name, 0.0) + time.process_time() - begin
    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        tracer.switch_context(item.nodeid)
        begin = time.process_time()
        try:
            return (yield)
        finally:
            times[item.nodeid] = time.process_time() - begin
            tracer.switch_context("-")
tracer.start()
pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:doctest", *sys.argv[4:]], plugins=[Recorder()])
tracer.stop()
data = tracer.get_data()
lines = {str(Path(file).relative_to(root)): {line: [one for one in names if "::" in one]
         for line, names in data.contexts_by_lineno(file).items()} for file in data.measured_files()}
out.write_text(json.dumps({"lines": lines, "times": times}))
"""


def _environment(tree: Path) -> dict[str, str]:
    told = {"NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return os.environ | told | {"PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}


def record(tree: Path, work: Path) -> None:
    """Run the tests of the rooms file by file and keep which lines each test executes, and how long it takes."""
    folder = work / "reached"
    folder.mkdir(exist_ok=True)
    for room in ROOMS:
        for test in sorted((tree / "tests" / room).glob("test_*.py")):
            out = folder / f"{room}-{test.stem}.json"
            if not out.is_file():
                print("tests", test.name, flush=True)
                command = [sys.executable, "-c", _RECORD, tree, out, " ".join(ROOMS), test]
                try:
                    subprocess.run(
                        command, cwd=tree, env=_environment(tree), capture_output=True, timeout=900, check=False
                    )
                except subprocess.TimeoutExpired:
                    out.write_text('{"lines": {}, "times": {}}', "utf-8")  # too slow uncompiled


@dataclass
class Reach:
    """Tests by line and by file, and their seconds."""

    lines: dict[str, dict[int, set[str]]]
    times: dict[str, float]


def read_reach(work: Path) -> Reach:
    lines: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    times: dict[str, float] = {}
    for part in sorted((work / "reached").glob("*.json")):
        kept = json.loads(part.read_text("utf-8"))
        times |= kept["times"]
        for file, of_file in kept["lines"].items():
            for line, names in of_file.items():
                lines[file][int(line)] |= set(names)
    return Reach(lines, times)


def tests_for(mutant: Mutant, reach: Reach, seconds: float) -> list[str]:
    """Return the tests that execute a mutant's line, the module's own first, then the quickest files."""
    of_file = reach.lines.get(mutant.file, {})
    names = set(of_file.get(mutant.line, ()))
    if not mutant.function:  # a constant is read elsewhere
        names = set().union(*of_file.values()) if of_file else set()
    by_file: dict[str, set[str]] = defaultdict(set)
    for name in names:
        by_file[name.split("::")[0]].add(name)
    costs, chosen = {}, {}
    for file, some in by_file.items():
        # What a fixture runs, all tests of the file may judge.
        every = {name for name in reach.times if name.startswith(f"{file}::") and not name.endswith("::")}
        chosen[file] = sorted(every if f"{file}::" in some else some, key=lambda name: reach.times.get(name, 0.0))
        costs[file] = 1.0 + reach.times.get(f"{file}::", 0.0) + sum(reach.times.get(name, 0.0) for name in chosen[file])
    own = Path(mutant.file).stem
    order = sorted(chosen, key=lambda file: (Path(file).stem.removeprefix("test_") != own, costs[file], file))
    picked, spent = [], 0.0
    for file in order:
        if picked and spent + costs[file] > seconds:
            continue
        picked += chosen[file]
        spent += costs[file]
    return picked


# ---- a run --------------------------------------------------------------------------------------
def judge(tree: Path, mutant: Mutant, tests: list[str], seconds: float) -> str:
    """Put a mutant in, run its tests, take it out again; say how it ended."""
    if not tests:
        return "unreached"
    file = tree / mutant.file
    source = file.read_text("utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests]
    try:
        file.write_text(mutated(source, mutant), "utf-8")
        done = subprocess.run(
            command, cwd=tree, env=_environment(tree), capture_output=True, timeout=60 + 8 * seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return "timeout"
    finally:
        file.write_text(source, "utf-8")
    return "survived" if done.returncode == 0 else "killed"


def interval(good: int, count: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    z, share = 1.96, good / count
    middle = (share + z * z / 2 / count) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / 4 / count / count) / (1 + z * z / count)
    return middle - half, middle + half


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
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    work, tree = asked.work.resolve(), asked.work.resolve() / "tree"
    if not tree.is_dir():
        shutil.copytree(ROOT, tree, ignore=_LEFT_OUT)
    record(tree, work)
    reach = read_reach(work)
    files = [file for room in ROOMS for file in sorted((tree / "src" / "layoutplan" / room).rglob("*.py"))]
    sample = random.Random(asked.seed).sample([one for file in files for one in mutants_of(file, tree)], asked.count)
    log = work / "results.jsonl"
    results = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.is_file() else []
    known = {(row["file"], row["node"]) for row in results}
    for mutant in sample:
        if (mutant.file, mutant.node) in known:
            continue
        tests, begin = tests_for(mutant, reach, asked.seconds), time.monotonic()
        end = judge(tree, mutant, tests, asked.seconds)
        row = {**vars(mutant), "end": end, "tests": len(tests), "seconds": round(time.monotonic() - begin, 1)}
        results.append(row)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        print(end, f"{mutant.file}:{mutant.line}", mutant.before, "→", mutant.after, flush=True)
    report(results)


if __name__ == "__main__":
    main()
