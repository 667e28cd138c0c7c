"""What pydantic and the reader of TOML find wrong with a file, told in the reader's language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from layoutplan.errors import InputError, InvisibleTextError, Problem
from layoutplan.labels import Words

_TOML_FAULTS = (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError)
# By the kind pydantic gives a fault: the key of its words, and what they take from its context.
_REASONS: dict[str, tuple[str, dict[str, str]]] = {
    "bool_type": ("truth", {}),
    "dict_type": ("table", {}),
    "finite_number": ("number", {}),
    "float_type": ("number", {}),
    "float_parsing": ("number", {}),
    "greater_than": ("above", {"gt": "least"}),
    "greater_than_equal": ("at_least", {"ge": "least"}),
    "int_from_float": ("whole", {}),
    "int_parsing": ("whole", {}),
    "int_parsing_size": ("whole", {}),
    "int_type": ("whole", {}),
    "less_than": ("below", {"lt": "most"}),
    "less_than_equal": ("at_most", {"le": "most"}),
    "model_type": ("table", {}),
    "model_attributes_type": ("table", {}),
    "string_pattern_mismatch": ("pattern", {"pattern": "pattern"}),
    "string_too_long": ("letters_most", {"max_length": "most"}),
    "string_too_short": ("letters_least", {"min_length": "least"}),
    "string_type": ("text", {}),
    "too_long": ("items_most", {"max_length": "most"}),
    "too_short": ("items_least", {"min_length": "least"}),
    "tuple_type": ("list", {}),
    "union_tag_not_found": ("kind_missing", {}),
}


def is_invisible(error: Mapping[str, Any]) -> bool:
    """Return whether an error of pydantic is that of a text with control characters."""
    return isinstance(error.get("ctx", {}).get("error"), InvisibleTextError)


def causes(errors: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return what pydantic found but for lists it calls too short because it left out their wrong items."""
    return [one for one in errors if one["type"] != "too_short" or len(one["input"]) < one["ctx"]["min_length"]]


def path_of(error: Mapping[str, Any]) -> list[str]:
    """Return where a fault that pydantic found lies: keys, those of lists with the number of the item.

    Examples
    --------
    >>> path_of({"loc": ("actions", 0, "line", 1, 0)})
    ['actions[1]', 'line[2][1]']
    """
    path: list[str] = []
    for part in error["loc"]:
        if isinstance(part, int) and path:
            path[-1] += f"[{part + 1}]"
        else:
            path.append(str(part))
    return path


def reason_of(error: Mapping[str, Any]) -> Words:
    """Return why pydantic refused a value.

    Examples
    --------
    >>> reason_of({"type": "literal_error", "ctx": {"expected": "'walk' or 'drive'"}}).say("en")
    'must be one of: walk, drive'
    """
    kind, told = error["type"], error.get("ctx", {})
    choices = {"literal_error": "expected", "union_tag_invalid": "expected_tags", "value_error": "error"}
    if kind in choices:
        said = str(told[choices[kind]])
        return Words("fault.one_of", {"known": ", ".join(re.findall("'([^']*)'", said)) or said})
    key, taken = _REASONS.get(kind, ("form", {}))
    return Words(f"fault.{key}", {ours: told[theirs] for theirs, ours in taken.items()})


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file; Windows may have put a mark in front of it."""
    return tomllib.loads(path.read_text("utf-8-sig"))


@contextmanager
def refusing(error: type[InputError], *, source: str) -> Iterator[None]:
    """Turn whatever hinders the reading of TOML within into an error of the package; ``source`` names the file."""
    try:
        yield
    except _TOML_FAULTS as fault:
        raise error([toml_problem(fault, source=source)]) from fault


def toml_problem(fault: Exception, *, source: str) -> Problem:
    """Return what is wrong with a TOML file that cannot be read; ``source`` names it.

    Examples
    --------
    >>> fault = tomllib.TOMLDecodeError("Invalid value (at line 2, column 5)")
    >>> toml_problem(fault, source="a.toml").values["reason"].say("en")
    'line 2, column 5 is no TOML'
    """
    return Problem("toml_unreadable", source, values={"reason": _toml_reason(fault)})


def _toml_reason(fault: Exception) -> Words:
    if isinstance(fault, UnicodeDecodeError):
        line = fault.object[: fault.start].count(b"\n") + 1
        return Words("fault.not_utf8", {"line": line})
    if isinstance(fault, RecursionError):
        return Words("fault.nested")
    if isinstance(fault, OSError):
        return Words("fault.disk", {"reason": fault.strerror or type(fault).__name__})
    at = re.search(r"line (\d+), column (\d+)", str(fault))
    return Words("fault.toml_at", {"line": at[1], "column": at[2]}) if at else Words("fault.toml_end")
