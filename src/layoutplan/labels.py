"""Every word a person reads, in Chinese and English, from one catalogue.

The catalogue is ``assets/labels/*.toml``: a key such as ``problem.crs_missing`` holds a
``zh`` and an ``en`` template in :meth:`str.format` style. Keys are never shown; a missing
key is a fault of the program and raises.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, Lang] = ("zh", "en")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return every key with its ``zh`` and ``en`` template.

    Returns
    -------
    dict
        ``{"problem.crs_missing": {"zh": ..., "en": ...}, ...}``

    Raises
    ------
    KeyError
        Two files of the catalogue hold the same key, or a key lacks a language.
    """
    found: dict[str, dict[str, str]] = {}
    folder = files("layoutplan") / "assets" / "labels"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            _collect(tomllib.loads(file.read_text("utf-8")), "", found)
    return found


def _collect(tree: dict[str, Any], prefix: str, found: dict[str, dict[str, str]]) -> None:
    if "zh" in tree or "en" in tree:
        key = prefix.rstrip(".")
        if key in found or set(tree) != set(LANGS):
            raise KeyError(f"label {key!r} stands twice or lacks a language")
        found[key] = tree
        return
    for name, branch in tree.items():
        _collect(branch, f"{prefix}{name}.", found)


def label(key: str, lang: Lang, **values: object) -> str:
    """Return the words of a key in one language, with its values filled in.

    Parameters
    ----------
    key : str
        Dotted name in the catalogue.
    lang : {"zh", "en"}
        Language of the reader.
    **values
        What the template names in braces.

    Raises
    ------
    KeyError
        The key, the language or a value the template needs is missing.

    Examples
    --------
    >>> label("kind.primary", "en"), label("kind.primary", "zh")
    ('primary school', '小学')
    """
    return catalogue()[key][lang].format(**values)


def both(key: str, **values: object) -> dict[Lang, str]:
    """Return the words of a key in every language.

    Examples
    --------
    >>> both("kind.junior")
    {'zh': '初级中学', 'en': 'junior school'}
    """
    return {lang: label(key, lang, **values) for lang in LANGS}


@dataclass(frozen=True)
class Words:
    """Words that wait for the language of their reader.

    Parameters
    ----------
    key : str
        Dotted name in the catalogue.
    values : mapping
        What the template names in braces.

    Examples
    --------
    >>> Words("fault.at_least", {"least": 1}).say("en")
    'must be at least 1'
    """

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def say(self, lang: Lang) -> str:
        """Return the words in one language."""
        return label(self.key, lang, **self.values)
