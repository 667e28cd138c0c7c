"""Policy thresholds as data: value, unit, clause, and whether the clause was verified.

National values are packaged (``assets/norms/cn_national.toml``); a county may hand in an
overlay of the same form whose values replace them one by one.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from layoutplan.errors import NormError, Problem, is_visible
from layoutplan.faults import read_toml, refusing

_FIELDS = {"value", "unit", "clause", "verified", "note"}


@dataclass(frozen=True)
class Norm:
    """One threshold with where it stands.

    Parameters
    ----------
    key : str
        Dotted name, such as ``class_size.primary``.
    value : float
        Threshold, in ``unit``.
    unit : str
        Unit of the value, such as ``pupils/class``.
    clause : str
        Document and clause, or ``guide`` where no binding text was found.
    verified : bool
        Whether the clause's text was seen; unverified values must be confirmed by the bureau.
    note : str
        What a reader should know about it.
    """

    key: str
    value: float
    unit: str
    clause: str
    verified: bool
    note: str = ""


class Norms(Mapping[str, Norm]):
    """All norms in force, by key; ``fingerprint`` is the hash of their content.

    Examples
    --------
    >>> norms = load_norms()
    >>> norms["class_size.primary"].value, norms["class_size.primary"].unit
    (45, 'pupils/class')
    """

    def __init__(self, norms: Mapping[str, Norm]) -> None:
        self._norms = dict(sorted(norms.items()))
        self.fingerprint = hashlib.sha256(repr(list(self._norms.values())).encode()).hexdigest()[:16]

    def __getitem__(self, key: str) -> Norm:
        return self._norms[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._norms)

    def __len__(self) -> int:
        return len(self._norms)

    def value(self, key: str) -> float:
        """Return the value of a norm; a missing key raises KeyError."""
        return self._norms[key].value


def load_norms(overlay: Path | str | None = None) -> Norms:
    """Read the packaged national norms, and a county's overlay if one is given.

    Parameters
    ----------
    overlay : path, optional
        TOML file of the same form; each table replaces the national norm of that key.

    Returns
    -------
    Norms
        Every norm in force.

    Raises
    ------
    NormError
        The overlay cannot be read, names an unknown norm, lacks a field, or has a field too many.
    """
    source = files("layoutplan") / "assets" / "norms" / "cn_national.toml"
    national = _flatten(tomllib.loads(source.read_text("utf-8")))
    norms = {key: Norm(key=key, **fields) for key, fields in national.items()}
    if overlay is not None:
        norms |= _read_overlay(Path(overlay), norms)
    return Norms(norms)


def _read_overlay(path: Path, known: Mapping[str, Norm]) -> dict[str, Norm]:
    with refusing(NormError, source=path.name):
        tables = _flatten(read_toml(path))
    problems = []
    for key, fields in tables.items():
        if key not in known:
            problems.append(Problem("norm_unknown", path.name, row=key, values={"known": ", ".join(known)}))
        for name in sorted(set(fields) ^ _FIELDS - {"note"}):
            if name != "note":
                problems.append(Problem("norm_field", path.name, row=key, field=name))
        problems += [
            Problem("text_invisible", path.name, row=key, field=name, values={"value": repr(text)[:80]})
            for name, text in fields.items()
            if isinstance(text, str) and not is_visible(text, lines=name == "note")
        ]
        problems += [
            Problem("norm_value", path.name, row=key, field=name)
            for name in sorted(_FIELDS & set(fields))
            if not _fits(name, fields[name])
        ]
    if problems:
        raise NormError(problems)
    return {key: Norm(key=key, **fields) for key, fields in tables.items()}


def _fits(name: str, value: object) -> bool:
    """Return whether a field of a norm is of its kind; a value is a finite number, and not below 0."""
    if name == "value":
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
    return isinstance(value, bool if name == "verified" else str)


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, dict[str, Any]]:
    if prefix and not any(isinstance(branch, Mapping) for branch in tree.values()):
        return {prefix.rstrip("."): dict(tree)}
    found: dict[str, dict[str, Any]] = {}
    for name, branch in tree.items():
        if isinstance(branch, Mapping):
            found |= _flatten(branch, f"{prefix}{name}.")
        else:
            found |= {f"{prefix}{name}": {"value": branch}}
    return found
