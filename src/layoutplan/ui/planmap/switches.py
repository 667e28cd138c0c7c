"""What can be switched on and off on the plan map, with the keys that say what it shows and in which unit."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Literal

MAX_TILES = 32
_SQUARE = re.compile(r"([A-Za-z0-9_-]+)/(\d{1,2})/(\d{1,8})/(\d{1,8})")


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
class Ground:
    """A base map under everything.

    Parameters
    ----------
    id, words : str
        Name, and what it is called.
    tile : callable, optional
        Zoom, column, row to the bytes of a picture and their media type, or None; without it the browser
        fetches the squares of ``online`` itself.
    bounds : (west, south, east, north), optional
        Degrees that it covers.
    zooms : (int, int)
        Least and greatest zoom that it holds.
    online : mapping, optional
        ``kind`` and ``key`` of Tianditu, the one server that the map knows.
    note : str
        Written under its switch.
    usable : bool
        Whether it can be chosen; the note says why not.
    """

    id: str
    words: str
    tile: Callable[[int, int, int], tuple[str, bytes] | None] | None = None
    bounds: tuple[float, float, float, float] | None = None
    zooms: tuple[int, int] = (1, 18)
    online: Mapping[str, str] | None = None
    note: str = ""
    usable: bool = True


@dataclass(frozen=True)
class Switches:
    """All switches of a map.

    Parameters
    ----------
    words : mapping
        ``open, themes, grounds, no_ground, credit, silent``.
    themes : sequence of Theme
        The first that fits a map is what it begins with.
    overlays : sequence of (str, sequence of Overlay)
        By title.
    pictures : mapping of callable
        By theme: a picture (``url`` as ``data:``, ``bounds``) that colours the ground, made once it is asked for.
    grounds : sequence of Ground
        Base maps on offer beside none.
    """

    words: Mapping[str, str]
    themes: Sequence[Theme]
    overlays: Sequence[tuple[str, Sequence[Overlay]]]
    pictures: Mapping[str, Callable[[], Mapping[str, Any] | None]] = field(default_factory=dict)
    grounds: Sequence[Ground] = ()

    def draw_picture(self, ground: str, theme: str, *, sent: Set[str]) -> dict[str, Any] | None:
        """Return the picture of a theme over a ground, by its name alone if it was sent; None if there is none."""
        make, name = self.pictures.get(theme), {"id": f"{ground}/{theme}", "theme": theme}
        if make is None or name["id"] in sent:
            return name if make else None
        picture = make()
        return None if picture is None else {**name, "full": picture}

    def as_data(self) -> dict[str, Any]:
        """Return what crosses to the browser."""
        return {
            "words": dict(self.words),
            "themes": [_plain(theme) for theme in self.themes],
            "overlays": [
                {"words": words, "entries": [_plain(overlay) for overlay in overlays]}
                for words, overlays in self.overlays
            ],
            "grounds": [{name: value for name, value in vars(one).items() if name != "tile"} for one in self.grounds],
        }

    def draw_tiles(self, wanted: Sequence[str]) -> dict[str, str]:
        """Return the squares the browser asks for, as ``data:`` or empty where there is none.

        Parameters
        ----------
        wanted : sequence of str
            ``base map/zoom/column/row``; what is no such name gets no answer.
        """
        tiles = {ground.id: ground.tile for ground in self.grounds if ground.tile is not None}
        found = {}
        for name in wanted[:MAX_TILES]:
            known = _SQUARE.fullmatch(name)
            if known and known[1] in tiles:
                picture = tiles[known[1]](int(known[2]), int(known[3]), int(known[4]))
                found[name] = f"data:{picture[0]};base64,{b64encode(picture[1]).decode()}" if picture else ""
        return found


def _plain(entry: Theme | Overlay) -> dict[str, Any]:
    return {**vars(entry), "keys": [vars(key) for key in entry.keys]}


def read_shown(value: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what the browser says is shown, in the one form the map understands.

    Examples
    --------
    >>> read_shown({"theme": "time", "over": {"zones": True}})
    {'theme': 'time', 'ground': '', 'over': {'zones': True}}
    """
    given = value or {}
    over = given.get("over") or {}
    chosen = {name: str(given.get(name, "")) for name in ("theme", "ground")}
    return {**chosen, "over": {str(name): bool(on) for name, on in over.items()}}
