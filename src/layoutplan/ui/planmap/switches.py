"""What can be switched on and off on the plan map, with the keys that say what it shows and in which unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Key:
    """One sign of a legend: ``fill``, ``line``, ``dash`` or ``dot``, its colour, its words."""

    words: str
    colour: str
    form: Literal["fill", "line", "dash", "dot"] = "fill"


@dataclass(frozen=True)
class Theme:
    """What colours the ground; one of them at a time.

    Parameters
    ----------
    id, words : str
        Name and title.
    page : {"ways", "other", "any"}
        Maps it is offered on: those whose ground is coloured by school, those coloured otherwise, or both.
    hides : sequence of str
        Layers that make way for it.
    keys : sequence of Key
        What its colours mean, with the unit.
    note : str
        Written under the keys.
    """

    id: str
    words: str
    page: Literal["ways", "other", "any"] = "any"
    hides: Sequence[str] = ()
    keys: Sequence[Key] = ()
    note: str = ""


@dataclass(frozen=True)
class Overlay:
    """Layers shown or not, or of one layer the features of a ``group``; ``on`` says how it begins."""

    id: str
    words: str
    layers: Sequence[str]
    group: str = ""
    on: bool = True
    keys: Sequence[Key] = ()
    note: str = ""


@dataclass(frozen=True)
class Switches:
    """All switches of a map.

    Parameters
    ----------
    words : mapping
        ``open, themes``.
    themes : sequence of Theme
        The first that fits a map is what it begins with.
    overlays : sequence of (str, sequence of Overlay)
        By title.
    pictures : mapping of callable
        By theme: a picture (``url`` as ``data:``, ``bounds``) that colours the ground, made once it is asked for.
    """

    words: Mapping[str, str]
    themes: Sequence[Theme]
    overlays: Sequence[tuple[str, Sequence[Overlay]]]
    pictures: Mapping[str, Callable[[], Mapping[str, Any] | None]] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """Return what crosses to the browser."""
        return {
            "words": dict(self.words),
            "themes": [_plain(theme) for theme in self.themes],
            "overlays": [
                {"words": words, "entries": [_plain(overlay) for overlay in overlays]}
                for words, overlays in self.overlays
            ],
        }


def _plain(entry: Theme | Overlay) -> dict[str, Any]:
    return {**vars(entry), "keys": [vars(key) for key in entry.keys]}


def read_shown(value: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what the browser says is shown, in the one form the map understands.

    Examples
    --------
    >>> read_shown({"theme": "time", "over": {"zones": True}})
    {'theme': 'time', 'over': {'zones': True}}
    """
    given = value or {}
    over = given.get("over") or {}
    return {"theme": str(given.get("theme", "")), "over": {str(name): bool(on) for name, on in over.items()}}
