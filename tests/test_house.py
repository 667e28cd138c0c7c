"""The laws of the house (ARCHITECTURE.md), read from the source itself. Each test names its law."""

from __future__ import annotations

import ast
import importlib.metadata
import io
import re
import string
import sys
import tokenize
from pathlib import Path

import pytest
from house import (
    ROOT,
    SRC,
    Function,
    docstrings_of,
    dotted,
    functions_of,
    imports_of,
    kept_files,
    name_of,
    package_files,
    page_files,
    program_files,
    text_of,
    tree_of,
)

import layoutplan
from layoutplan.labels import LANGS, catalogue

FLOORS = {
    "_process": 0, "errors": 0, "faults": 0, "labels": 0, "files": 0, "norms": 0,
    "county": 1, "access": 2, "seats": 3, "plan": 4, "present": 5, "ui": 6, "cli": 6, "__main__": 7,
}  # fmt: skip
HAN = re.compile(r"[\u3001\u3002\u3400-\u9fff\uff01-\uff5e]")
# Data: meanings of columns, their dictionary, the yes and no of a planner's table, the places of the sample county.
HAN_IS_DATA = tuple(f"src/layoutplan/county/{name}" for name in ("tables.py", "dictionary.py", "values.py", "sample/"))


def broken(found: list[str]) -> str:
    return "\n" + "\n".join(sorted(set(found)))


# --- structure: imports run one way, and only the top floor knows of a browser


def floor_of(path: Path) -> tuple[str, int]:
    if not path.is_relative_to(SRC):
        return "pages", 8
    room = path.relative_to(SRC).parts[0].removesuffix(".py")
    return room, FLOORS.get(room, 0)


def rooms_asked(path: Path) -> list[tuple[int, str]]:
    """Line and room of every import of the package's own modules, public names traced to their module."""
    asked = []
    for line, name in imports_of(path):
        parts = name.split(".")
        if parts[0] == "layoutplan" and len(parts) > 1 and parts[1] != "__version__":
            home = layoutplan._PUBLIC.get(parts[1], name)
            asked.append((line, home.split(".")[1]))
    return asked


@pytest.mark.parametrize("path", program_files(), ids=name_of)
def test_imports_run_one_way(path):
    room, floor = floor_of(path)
    wrong = [
        f"{name_of(path)}:{line}: {room} imports {other}"
        for line, other in rooms_asked(path)
        if other != room and (FLOORS[other] > floor or (FLOORS[other] == floor > 0))
    ]
    assert not wrong, broken(wrong)


def test_every_room_has_its_floor():
    rooms = {path.relative_to(SRC).parts[0].removesuffix(".py") for path in package_files()}
    assert rooms - {"__init__"} <= set(FLOORS)


def test_only_the_app_knows_the_browser():
    wrong = [
        f"{name_of(path)}:{line}"
        for path in package_files()
        if floor_of(path)[0] != "ui"
        for line, name in imports_of(path)
        if name.split(".")[0] == "streamlit"
    ]
    assert not wrong, broken(wrong)


# --- laws 8 and 13: nothing is unpickled or evaluated; no clock and no chance in a result

REFUSED_MODULES = {
    "pickle",
    "cPickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
    "random",
    "secrets",
    "uuid",
}
REFUSED_CALLS = re.compile(
    r"(eval|exec|compile|__import__|globals|locals|input|breakpoint)"
    r"|.*\.(eval|read_pickle|to_pickle|now|utcnow|today)"
    r"|time\.(time|time_ns|localtime|gmtime|strftime|ctime)"
    r"|os\.(system|popen)|.*random\.(rand|randn|randint|random|choice|shuffle|permutation|seed|normal|uniform)"
)


@pytest.mark.parametrize("path", program_files(), ids=name_of)
def test_law_8_and_13_no_pickle_no_eval_no_clock_no_chance(path):
    wrong = [
        f"{name_of(path)}:{line}: {name}" for line, name in imports_of(path) if name.split(".")[0] in REFUSED_MODULES
    ]
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        unseeded = name.endswith("default_rng") and not node.args and not node.keywords
        unsafe = {"allow_pickle", "shell", "unsafe_load"} & {
            word.arg
            for word in node.keywords
            if not (isinstance(word.value, ast.Constant) and word.value.value is False)
        }
        if REFUSED_CALLS.fullmatch(name) or unseeded or unsafe:
            wrong.append(f"{name_of(path)}:{node.lineno}: {name}")
    assert not wrong, broken(wrong)


# --- law 12: every word a person reads stands in the catalogue, in both languages


def fields_of(template: str) -> set[str]:
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_every_label_has_both_languages_with_the_same_values():
    assert len(catalogue()) > 100
    wrong = []
    for key, words in catalogue().items():
        if set(words) != set(LANGS) or not all(isinstance(words[lang], str) and words[lang].strip() for lang in words):
            wrong.append(f"{key}: a language is missing")
        elif fields_of(words["zh"]) != fields_of(words["en"]):
            wrong.append(f"{key}: zh {fields_of(words['zh'])}, en {fields_of(words['en'])}")
        elif HAN.search(words["en"]):
            wrong.append(f"{key}: Chinese in the English words")
    assert not wrong, broken(wrong)


def first_text(call: ast.Call) -> list[tuple[str, bool]]:
    """Texts the first argument may be, each with whether it is whole or only a beginning."""
    options = [call.args[0]] if call.args else []
    found = []
    while options:
        option = options.pop()
        if isinstance(option, ast.IfExp):
            options += [option.body, option.orelse]
        elif isinstance(option, ast.Constant) and isinstance(option.value, str):
            found.append((option.value, True))
        elif isinstance(option, ast.JoinedStr) and isinstance(option.values[0], ast.Constant):
            found.append((str(option.values[0].value), False))
    return found


def wrappers() -> set[str]:
    """Functions that hand their first argument on to ``label``, such as a page's short form of it."""
    names, before = {"label", "both"}, set()
    while names != before:
        before = set(names)
        for path in program_files():
            for function in functions_of(path):
                own = [argument.arg for argument in function.args.args]
                for node in ast.walk(function):
                    passes = isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Name) and own
                    if passes and dotted(node.func).split(".")[-1] in names and node.args[0].id == own[0]:
                        names.add(function.name)
    return names


def test_every_label_used_exists():
    known, callers, seen, wrong = catalogue(), wrappers(), 0, []
    for path in program_files():
        for call in (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)):
            name = dotted(call.func).split(".")[-1]
            for text, whole in first_text(call):
                if name in callers:
                    keys = [text] if whole else []
                    starts = [] if whole else [text]
                elif name == "Problem":
                    keys = [f"problem.{text}", f"remedy.{text}"] if whole else []
                    starts = [] if whole else [f"problem.{text}", f"remedy.{text}"]
                else:
                    continue
                seen += 1
                wrong += [f"{name_of(path)}:{call.lineno}: {key}" for key in keys if key not in known]
                wrong += [
                    f"{name_of(path)}:{call.lineno}: {start}..."
                    for start in starts
                    if not any(key.startswith(start) for key in known)
                ]
    assert seen > 50
    assert not wrong, broken(wrong)


def test_every_problem_has_its_remedy():
    known = catalogue()
    problems = {key.removeprefix("problem.") for key in known if key.startswith("problem.")}
    remedies = {key.removeprefix("remedy.") for key in known if key.startswith("remedy.")}
    assert problems == remedies, broken([*(problems ^ remedies)])


def han_in(path: Path) -> list[str]:
    """Lines with Chinese outside docstrings that show a doctest."""
    doctests = {
        line
        for node in docstrings_of(path)
        if ">>>" in str(node.value)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    tokens = tokenize.generate_tokens(io.StringIO(text_of(path)).readline)
    lines = {token.start[0] for token in tokens if token.type != tokenize.NEWLINE and HAN.search(token.string)}
    return [f"{name_of(path)}:{line}" for line in lines - doctests]


def test_chinese_stands_only_in_labels_and_data():
    paths = [path for path in program_files() if not name_of(path).startswith(HAN_IS_DATA)]
    wrong = [line for path in paths for line in han_in(path)]
    assert not wrong, broken(wrong)


# --- a file, a function and a call that can be held in mind


def body_lines(function: Function) -> int:
    """Lines from the first statement after the docstring to the last."""
    body = function.body
    start = body[1:] if ast.get_docstring(function, clean=False) is not None else body
    return ((function.end_lineno or 0) - start[0].lineno + 1) if start else 0


def test_modules_functions_and_calls_are_short():
    wrong = []
    for path in program_files():
        limit = 150 if path in page_files() else 400
        lines = text_of(path).count("\n")
        if lines > limit:
            wrong.append(f"{name_of(path)}: {lines} lines, {limit} allowed")
        for function in functions_of(path):
            given = function.args
            names = [
                a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs) if a.arg not in ("self", "cls")
            ]
            if len(names) > 6:
                wrong.append(
                    f"{name_of(path)}:{function.lineno}: {function.name} takes {len(names)} parameters, 6 allowed"
                )
            if body_lines(function) > 60:
                wrong.append(
                    f"{name_of(path)}:{function.lineno}: {function.name} is {body_lines(function)} lines, 60 allowed"
                )
    assert not wrong, broken(wrong)


def test_public_functions_say_what_they_do():
    wrong = []
    for path in package_files():
        if ast.get_docstring(tree_of(path)) is None:
            wrong.append(f"{name_of(path)}: no docstring")
        for node in tree_of(path).body:
            public = isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_")
            if public and ast.get_docstring(node) is None:
                wrong.append(f"{name_of(path)}:{node.lineno}: {node.name} has no docstring")
    assert not wrong, broken(wrong)


def test_every_silenced_check_names_its_code():
    silent = re.compile(r"#\s*(type:\s*ignore(?!\[)|noqa(?!:\s*[A-Z]))|#\s*(TODO|FIXME|XXX|HACK)\b")
    files = [*program_files(), *sorted((ROOT / "tests").rglob("*.py")), ROOT / "start.py"]
    wrong = []
    for path in files:
        for token in tokenize.generate_tokens(io.StringIO(text_of(path)).readline):
            if token.type == tokenize.COMMENT and silent.search(token.string):
                wrong.append(f"{name_of(path)}:{token.start[0]}: {token.string}")
    assert not wrong, broken(wrong)


# --- what is handed out


def words_of(name: str) -> str:
    try:
        return (ROOT / name).read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def test_no_place_of_one_machine_is_written_down():
    place = re.compile(
        r"(?<![\w.~-])/(?:root|work|home/\w+|Users/\w+|opt/lp|tmp/bash)/|[A-Z]:\\Users\\"
        r"|pypi\.(?:org|python)|pythonhosted|registry\.npm|npmjs\.(?:org|com)|deb\.debian|mirrors?\.[a-z]+\.",
        re.IGNORECASE,
    )
    kept = [name for name in kept_files() if name != name_of(Path(__file__))]
    assert len(kept) > 40
    wrong = [f"{name}: {found[0]}" for name in kept if (found := place.search(words_of(name)))]
    assert not wrong, broken(wrong)


def test_file_names_are_ascii():
    assert not [name for name in kept_files() if not name.isascii() or " " in name]


def test_the_sample_county_is_small():
    files = [path for path in (ROOT / "data" / "gis").rglob("*") if path.is_file()]
    assert files
    assert sum(path.stat().st_size for path in files) <= 12_000_000


def requirements(name: str) -> set[str]:
    lines = (ROOT / name).read_text("ascii").splitlines()
    named = (re.match(r"[A-Za-z0-9_.-]+", line) for line in lines if line and line[0] not in "#-")
    return {found[0].lower().replace("_", "-") for found in named if found}


def packages_used(paths: list[Path]) -> set[str]:
    homes = importlib.metadata.packages_distributions()
    own = {
        "layoutplan",
        *(path.stem for path in (ROOT / "tests").rglob("*.py")),
        *(p.name for p in (ROOT / "tests").iterdir()),
    }
    tops = {name.split(".")[0] for path in paths for _, name in imports_of(path)} - set(sys.stdlib_module_names) - own
    assert tops <= set(homes), broken([*(tops - set(homes))])
    return {homes[top][0].lower().replace("_", "-") for top in tops}


def test_requirements_are_what_the_code_imports():
    used = packages_used([*program_files()])
    listed = requirements("requirements.txt") | requirements("requirements-extra.txt")
    run_only = {"pytest", "setuptools", "pandera"} if "pandera" in used else {"pytest", "setuptools"}
    assert used <= listed, broken([*(used - listed)])
    assert listed - used <= run_only, broken([*(listed - used - run_only)])
    tests = packages_used(sorted((ROOT / "tests").rglob("*.py")))
    everything = listed | requirements("requirements-dev.txt")
    assert tests <= everything, broken([*(tests - everything)])


def test_pins_are_exact_and_name_no_address():
    lines = (ROOT / "constraints.txt").read_text("ascii").splitlines()
    pin = re.compile(r"[a-z0-9.-]+==[0-9][\w.]*( ; [\w\s.'<>=!]+)?")
    assert len(lines) > 60
    assert all(pin.fullmatch(line) for line in lines)
    assert requirements("requirements.txt") | requirements("requirements-dev.txt") <= requirements("constraints.txt")
