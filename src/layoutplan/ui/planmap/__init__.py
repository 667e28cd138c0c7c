"""The plan map: a map in the page that draws data and tells Python what the planner moved.

Python hands over data only: shapes as coordinates, looks as palettes, words as text. The
geometry crosses once a session, packed, and is then named by its content hash, on every map
of every page; after that a run sends, for every layer, which features changed their class.
What was sent is taken to have arrived; a browser that misses something says so in its
``lacks`` state. Moves come back as one state that holds the whole picture, so a move that is
overtaken by the next loses nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st
from streamlit.components import v2

from layoutplan.ui.planmap.assets import leaflet_script, pack, read_asset, style_sheet
from layoutplan.ui.planmap.panel import Card, as_data
from layoutplan.ui.planmap.switches import Switches, read_shown

Style = Mapping[str, str | float | bool]
LIVE_MS = 150


def _fingerprint(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Feature:
    """One thing to draw.

    Parameters
    ----------
    id, name : str
        What it is; the name is shown on hovering (or written on the map, for a label).
    geometry : mapping
        GeoJSON geometry in WGS84.
    shape : str
        Symbol of a point: ``circle, square, diamond, pentagon, hexagon``.
    style : mapping
        Looks that only this feature has.
    """

    id: str
    name: str
    geometry: Mapping[str, Any]
    shape: str = "circle"
    style: Style = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """Features drawn alike, one above the other in the order of the base map.

    Parameters
    ----------
    name : str
        ASCII name, also that of its pane.
    kind : {"polygon", "line", "point", "label"}
        How it is drawn.
    features : sequence of Feature
        In drawing order; a class vector has one entry for each.
    palette : sequence of mapping
        Looks of each class: Leaflet's path options, for points also
        ``halo, cross, roof, hidden``.
    interactive : bool
        Whether it answers to hovering and clicking.
    opacity : float
        Of the layer as a whole, 0 to 1.
    """

    name: str
    kind: Literal["polygon", "line", "point", "label"]
    features: Sequence[Feature]
    palette: Sequence[Style] = ({},)
    interactive: bool = False
    opacity: float = 1.0


class Base:
    """Everything that stays while the planner works; ``id`` is the hash of its content.

    It is packed once for all sessions (JSON, gzip, base64), a fifth of its size; the browser unpacks it.

    Parameters
    ----------
    layers : sequence of Layer
        From the ground upward.
    bounds : ((south, west), (north, east))
        Degrees shown at first.
    words : mapping
        ``map, zoom_in, zoom_out, whole_county, north``.
    notes : sequence of str
        Written at the foot of the map.
    relief : mapping, optional
        ``url`` (a picture as ``data:``) and ``bounds`` of the shading over the ground.
    switches : Switches, optional
        What can be shown and hidden.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        *,
        bounds: tuple[tuple[float, float], tuple[float, float]],
        words: Mapping[str, str],
        notes: Sequence[str] = (),
        relief: Mapping[str, Any] | None = None,
        switches: Switches | None = None,
    ) -> None:
        content = {
            "layers": [{**vars(layer), "features": [vars(feature) for feature in layer.features]} for layer in layers],
            "bounds": bounds,
            "words": dict(words),
            "notes": list(notes),
            "relief": relief,
            "switches": switches and switches.as_data(),
        }
        self.switches = switches or Switches({}, [], [])
        self.id = _fingerprint(content)
        self.packed = pack({"id": self.id, **content})


class Paint:
    """The looks of one layer at rest; changes are counted from it.

    Parameters
    ----------
    classes : sequence of int
        Index into the palette, one a feature.
    sizes : sequence of float, optional
        Radius of each point in pixels.
    lines : sequence of sequence of str, optional
        What hovering says of each feature.
    palette : sequence of mapping, optional
        In place of the layer's own.
    groups : sequence of sequence of str, optional
        What hovering says of every feature of a class.
    """

    def __init__(
        self,
        classes: Sequence[int],
        *,
        sizes: Sequence[float] | None = None,
        lines: Sequence[Sequence[str]] | None = None,
        palette: Sequence[Style] | None = None,
        groups: Sequence[Sequence[str]] | None = None,
    ) -> None:
        given = {"cls": classes, "size": sizes, "lines": lines, "palette": palette, "groups": groups}
        self.full: Mapping[str, Any] = {name: list(values) for name, values in given.items() if values is not None}
        self.id = _fingerprint(self.full)


@dataclass(frozen=True)
class Site:
    """A marker; ``reason`` says why it cannot stand there, if it cannot; ``active`` is the one in hand."""

    id: str
    name: str
    lat: float
    lng: float
    draggable: bool = True
    reason: str = ""
    active: bool = True


@dataclass(frozen=True)
class Scene:
    """What changes from run to run.

    Parameters
    ----------
    paints : mapping
        Looks at rest by layer.
    changes : mapping
        ``{layer: {class: indices}}`` on top of them.
    sites : sequence of Site
        Markers.
    sketch : mapping, optional
        ``polygons`` (GeoJSON coordinates of a MultiPolygon) and ``style`` of an outline on top.
    selected : (layer, id), optional
        Point that is ringed.
    focus : mapping, optional
        ``seq`` and ``bounds`` or ``point`` and ``zoom``: look there, once for each ``seq``.
    can_add : bool
        Whether a right-click is reported.
    cards : sequence of Card, optional
        Drawn beside the map; without them the map takes the whole width.
    linked : bool
        Whether the map shows the same part of the county as the other linked maps of the page.
    title : str
        Written over the map, to tell maps side by side apart.
    """

    paints: Mapping[str, Paint] = field(default_factory=dict)
    changes: Mapping[str, Mapping[int, Sequence[int]]] = field(default_factory=dict)
    sites: Sequence[Site] = ()
    sketch: Mapping[str, Any] | None = None
    selected: tuple[str, str] | None = None
    focus: Mapping[str, Any] | None = None
    can_add: bool = False
    cards: Sequence[Card] | None = None
    linked: bool = False
    title: str = ""


@dataclass(frozen=True)
class Moved:
    """The planner moved a marker; ``live`` while it is still in the hand."""

    seq: int
    id: str
    lat: float
    lng: float
    live: bool


@dataclass(frozen=True)
class Clicked:
    """The planner clicked a feature."""

    layer: str
    id: str


@dataclass(frozen=True)
class Chosen:
    """The planner pressed a button of a card."""

    name: str
    value: str


@dataclass(frozen=True)
class Added:
    """The planner asked for a site at this spot."""

    lat: float
    lng: float


Event = Moved | Clicked | Chosen | Added


_loader = v2.component("layoutplan.leaflet", js=leaflet_script(), isolate_styles=False)
_HTML = '<div class="planmap-desk"><div class="planmap"></div><div class="planmap-cards" hidden></div></div>'
_map = v2.component("layoutplan.planmap", html=_HTML, js=read_asset("mount.js"), isolate_styles=False)


def load_leaflet() -> None:
    """Bring Leaflet and the drawing code to the page, once and outside any fragment.

    The script of a component crosses again with every update of it; kept apart, the 150 kB
    do not ride along with each drag.
    """
    st.html(style_sheet())
    _loader(key="leaflet")


def planmap(
    base: Base,
    scene: Scene,
    *,
    key: str,
    height: int = 520,
    on_event: Callable[[Event], None] | None = None,
) -> None:
    """Draw the map and report what the planner does.

    Parameters
    ----------
    base : Base
        What stays.
    scene : Scene
        What changes.
    key : str
        Name of the map in the session.
    height : int
        Pixels.
    on_event : callable, optional
        Called before the next run with each :class:`Moved`, :class:`Clicked`, :class:`Chosen` or :class:`Added`.
    """
    state = st.session_state.get(key) or {}
    sent: set[str] = st.session_state.setdefault("planmap_sent", set())

    def missed() -> None:
        sent.difference_update(((st.session_state.get(key) or {}).get("lacks") or {}).get("ids", ()))

    def report(kind: str) -> Callable[[], None]:
        def call() -> None:
            event = read_event(kind, (st.session_state.get(key) or {}).get(kind))
            if event is not None and on_event is not None:
                on_event(event)

        return call

    def show() -> None:
        told = (st.session_state.get(key) or {}).get("shown")
        if told is not None:
            st.session_state["map_shown"] = read_shown(told)

    data = compose(base, scene, state=state, sent=sent, height=height, shown=shown())
    sent.update([base.id, *(rest.id for rest in scene.paints.values())])
    if data["picture"]:
        sent.add(data["picture"]["id"])
    _map(
        key=key,
        data=data,
        on_shown_change=show,
        on_wanted_change=lambda: None,
        on_lacks_change=missed,
        on_moved_change=report("moved"),
        on_clicked_change=report("clicked"),
        on_chosen_change=report("chosen"),
        on_added_change=report("added"),
    )


def shown() -> dict[str, Any]:
    """Return what the planner chose to see on the maps of the session."""
    return read_shown(st.session_state.get("map_shown"))


def compose(
    base: Base,
    scene: Scene,
    *,
    state: Mapping[str, Any],
    sent: Set[str],
    height: int,
    shown: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what crosses to the browser, without what was sent before.

    Parameters
    ----------
    base, scene
        As in :func:`planmap`.
    state : mapping
        The component's state: ``moved`` and ``wanted``.
    sent : set of str
        Ids of grounds and paints that this session's browser holds.
    height : int
        Pixels.
    shown : mapping, optional
        As :func:`shown` gives it.
    """
    paint: dict[str, dict[str, Any]] = {}
    for name, rest in scene.paints.items():
        changes = [[value, list(at)] for value, at in scene.changes.get(name, {}).items()]
        paint[name] = {"id": rest.id, "changes": changes}
        if rest.id not in sent:
            paint[name]["full"] = rest.full
    return {
        "base_id": base.id,
        "base": None if base.id in sent else base.packed,
        "paint": paint,
        "sites": [vars(site) for site in scene.sites],
        "sketch": scene.sketch and {"id": _fingerprint(scene.sketch), **scene.sketch},
        "selected": scene.selected and {"layer": scene.selected[0], "id": scene.selected[1]},
        "focus": scene.focus,
        "can_add": scene.can_add,
        "cards": None if scene.cards is None else as_data(scene.cards),
        "linked": scene.linked,
        "title": scene.title,
        "ack": int((state.get("moved") or {}).get("seq", 0)),
        "live_ms": LIVE_MS,
        "height": height,
        "shown": shown,
        "tiles": base.switches.draw_tiles((state.get("wanted") or {}).get("squares", ())),
        "picture": base.switches.draw_picture(base.id, (shown or {}).get("theme", ""), sent=sent),
    }


def read_event(kind: str, value: Mapping[str, Any] | None) -> Event | None:
    """Return what the browser reported as a checked value, or None if there is nothing.

    Examples
    --------
    >>> read_event("moved", {"seq": 3, "id": "a", "places": {"a": [35.9, 105.7]}, "live": True})
    Moved(seq=3, id='a', lat=35.9, lng=105.7, live=True)
    """
    if not value:
        return None
    if kind == "moved":
        lat, lng = value["places"][value["id"]]
        return Moved(int(value["seq"]), str(value["id"]), float(lat), float(lng), bool(value["live"]))
    if kind == "clicked":
        return Clicked(str(value["layer"]), str(value["id"]))
    if kind == "chosen":
        return Chosen(str(value["name"]), str(value["value"]))
    return Added(float(value["lat"]), float(value["lng"]))
