"""Roads from an OpenStreetMap extract, offline: ways split where they share a node."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from layoutplan.errors import DataError, Problem
from layoutplan.files import write_whole

if TYPE_CHECKING:
    import geopandas as gpd

_CLASS_OF_HIGHWAY = {
    "motorway": "motorway",
    "trunk": "national",
    "primary": "provincial",
    "secondary": "county",
    "tertiary": "township",
    "unclassified": "village",
    "residential": "street",
    "living_street": "street",
    "service": "street",
    "road": "street",
    "track": "track",
    "footway": "path",
    "path": "path",
    "steps": "path",
    "pedestrian": "path",
    "cycleway": "path",
    "bridleway": "path",
}
_SURFACES = {
    "paved": "paved asphalt chipseal concrete paving_stones sett cobblestone unhewn_cobblestone bricks metal "
    "metal_grid wood",
    "gravel": "gravel fine_gravel compacted pebblestone",
    "earth": "unpaved ground dirt earth grass grass_paver sand mud clay soil",
}
_SURFACE_OF_TAG = {tag: surface for surface, tags in _SURFACES.items() for tag in tags.split()}
_CLOSED = {"no", "private", "military"}
# Barriers on a way that stop vehicles, or everyone, unless their own tags let them pass; a gate stops nobody
# but by its tags, as an open one is drawn the same.
_CAR_STOPS = (
    "block bollard chain cycle_barrier debris full-height_turnstile horse_stile jersey_barrier kissing_gate log "
    "motorcycle_barrier planter rope spikes stile step turnstile"
)
_WALLS = "city_wall ditch fence guard_rail hedge retaining_wall wall"
_STOPS_ALL = frozenset(_WALLS.split())
_STOPS_CARS = _STOPS_ALL | frozenset(_CAR_STOPS.split())
_MOTOR_KEYS = ("motorcar", "motor_vehicle", "vehicle")
# Half the length of the piece of way that a barrier closes.
_BARRIER_M = 0.5
_METRES_A_DEGREE = 111_195.0
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph)?")
_LAYER = re.compile(r"[+-]?(?:\d|10)")
_KMH_IN_MPH = 1.609344
_SPEED_LIMITS_KMH = (1.0, 130.0)
_SUFFIXES = (".osm.pbf", ".pbf", ".osm")
_DEGREES = 1e-7
# A GeoPackage carries the time it was written; a fixed one keeps equal input equal in bytes.
_WRITTEN = "2000-01-01T00:00:00.000Z"


class _Stop(NamedTuple):
    """Whom a barrier stops."""

    walk: bool
    drive: bool


@dataclass(frozen=True)
class _Way:
    """One way that can be walked or driven, in the direction that vehicles take."""

    way_id: int
    facts: Mapping[str, object]
    nodes: tuple[int, ...]
    places: tuple[tuple[int, int] | None, ...]


def import_osm(source: Path | str, out: Path | str) -> Mapping[str, int]:
    """Write the roads of an OpenStreetMap extract as a layer by the ``roads`` contract.

    Ways are split at their ends and where two of them share a node, and nowhere else: a bridge
    over a road stays apart, and ``bridge``, ``tunnel`` and ``layer`` are kept. Which modes may use a
    way follows ``access``, ``foot``, ``motor_vehicle`` and ``motorroad``; ways closed to both are
    left out. A barrier on a way (bollard, locked or private gate, wall) closes the metre of way
    around it to those it stops. A barrier where several ways meet is counted but closes none of
    them, as nobody can say which.

    Parameters
    ----------
    source : path
        Extract, ``.osm.pbf`` or ``.osm``.
    out : path
        GeoPackage to write, layer ``roads``, EPSG:4326; replaced if it is there.

    Returns
    -------
    mapping
        ``ways`` read, ``roads`` written, ``barriers`` that close a metre of way, and what was left
        out: ``ways_closed`` (to both modes), ``nodes_missing`` (outside the extract),
        ``pieces_empty`` (of no length), ``barriers_at_junctions``.

    Raises
    ------
    DataError
        The file is not there, of another format, damaged, or holds no road.
    """
    source, out = Path(source), Path(out)
    if not source.name.lower().endswith(_SUFFIXES):
        raise DataError([Problem("osm_format", source.name, values={"suffix": source.suffix or source.name})])
    names = "ways roads ways_closed nodes_missing pieces_empty barriers barriers_at_junctions"
    counts: Counter[str] = Counter(dict.fromkeys(names.split(), 0))
    ways, barriers = _read_ways(source, counts)
    roads = _split(ways, barriers, counts)
    if not len(roads):
        raise DataError([Problem("osm_no_roads", source.name)])
    _write(roads, out)
    return dict(counts)


def _read_ways(source: Path, counts: Counter[str]) -> tuple[list[_Way], Mapping[int, _Stop]]:
    import osmium

    # A plain local file only: the library would hand an address to a program that fetches it.
    if not source.is_file():
        raise DataError([Problem("osm_unreadable", source.name, values={"reason": "no such file"})])
    found: dict[int, _Way] = {}
    # Nodes an editor has drawn but not uploaded: numbered below zero, and not placed by the library.
    drawn: dict[int, tuple[int, int]] = {}
    barriers: dict[int, _Stop] = {}
    try:
        for item in osmium.FileProcessor(str(source.resolve())).with_locations():
            if isinstance(item, osmium.osm.Node):
                if item.id < 0:
                    drawn[item.id] = (item.location.x, item.location.y)
                if "barrier" in item.tags:
                    barriers[item.id] = _read_barrier({tag.k: tag.v for tag in item.tags})
            if not isinstance(item, osmium.osm.Way):
                continue
            if (item.tags.get("highway") or "").removesuffix("_link") not in _CLASS_OF_HIGHWAY:
                continue
            counts["ways"] += 1
            # Of a key that stands twice the first counts, as it did just now.
            facts, backwards = _read_tags({tag.k: tag.v for tag in reversed(list(item.tags))})
            if not (facts["walk"] or facts["drive"]):
                counts["ways_closed"] += 1
                continue
            step = -1 if backwards else 1
            nodes = tuple(node.ref for node in item.nodes)[::step]
            placed = ((node.x, node.y) if node.location.valid() else drawn.get(node.ref) for node in item.nodes)
            found[item.id] = _Way(item.id, facts, nodes, tuple(placed)[::step])
    # The library has errors of its own for places, and plain ones for ids that are no numbers.
    except (RuntimeError, OSError, ValueError, osmium.InvalidLocationError) as fault:
        raise DataError([Problem("osm_unreadable", source.name, values={"reason": str(fault)})]) from fault
    return [found[way_id] for way_id in sorted(found)], {node: stop for node, stop in barriers.items() if any(stop)}


def _read_barrier(tags: Mapping[str, str]) -> _Stop:
    """Return whom a barrier stops: walkers, vehicles.

    Examples
    --------
    >>> _read_barrier({"barrier": "bollard"}), _read_barrier({"barrier": "gate"})
    (_Stop(walk=False, drive=True), _Stop(walk=False, drive=False))
    """
    kind = tags["barrier"]
    walk, drive = kind in _STOPS_ALL, kind in _STOPS_CARS
    if tags.get("locked") == "yes":
        drive = True
    if "access" in tags:
        walk = drive = tags["access"] in _CLOSED
    if "foot" in tags:
        walk = tags["foot"] in _CLOSED
    for key in _MOTOR_KEYS:
        if key in tags:
            drive = tags[key] in _CLOSED
            break
    return _Stop(walk, drive)


def _read_tags(tags: Mapping[str, str]) -> tuple[dict[str, object], bool]:
    """Return the columns of a road, and whether vehicles run against the way it was drawn."""
    highway = tags["highway"].removesuffix("_link")
    road_class = _CLASS_OF_HIGHWAY[highway]
    walk, drive = road_class != "motorway" and tags.get("motorroad") != "yes", road_class != "path"
    if "access" in tags:
        is_open = tags["access"] not in _CLOSED
        walk, drive = walk and is_open, drive and is_open
    if "foot" in tags:
        walk = tags["foot"] not in _CLOSED
    # The most special key that is there decides.
    for key in _MOTOR_KEYS:
        if key in tags:
            drive = tags[key] not in _CLOSED and (key != "vehicle" or drive)
            break
    circles = highway == "motorway" or tags.get("junction") in ("roundabout", "circular")
    oneway = tags.get("oneway", "yes" if circles else "no")
    surface = tags.get("surface")
    facts: dict[str, object] = {
        "class": road_class,
        "surface": None if surface is None else _SURFACE_OF_TAG.get(surface.split(":")[0], "unknown"),
        "drive_kmh": _read_speed(tags.get("maxspeed", "")),
        "oneway": oneway in ("yes", "1", "true", "-1", "reverse"),
        "walk": walk,
        "drive": drive,
        "bridge": tags.get("bridge", "no") != "no",
        "tunnel": tags.get("tunnel", "no") != "no",
        "layer": _read_layer(tags.get("layer", "")),
    }
    return facts, oneway in ("-1", "reverse")


def _read_speed(text: str) -> float:
    """Return km/h, or not-a-number for words and for speeds no road has.

    Examples
    --------
    >>> _read_speed("40"), round(_read_speed("30 mph"), 1), _read_speed("BR:urban")
    (40.0, 48.3, nan)
    """
    match = _SPEED.fullmatch(text.strip())
    if not match:
        return float("nan")
    kmh = float(match[1]) * (_KMH_IN_MPH if match[2] == "mph" else 1.0)
    return kmh if _SPEED_LIMITS_KMH[0] <= kmh <= _SPEED_LIMITS_KMH[1] else float("nan")


def _read_layer(text: str) -> int | None:
    """Return the level of a way, or None for words and for levels no way has.

    Examples
    --------
    >>> _read_layer("-1"), _read_layer("ground"), _read_layer("99")
    (-1, None, None)
    """
    return int(text) if _LAYER.fullmatch(text.strip()) else None


def _split(ways: list[_Way], barriers: Mapping[int, _Stop], counts: Counter[str]) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import shapely

    uses = Counter(node for way in ways for node in way.nodes)
    rows: list[dict[str, object]] = []
    corners: list[tuple[int, int]] = []
    lengths: list[int] = []
    for way in ways:
        counts["nodes_missing"] += way.places.count(None)
        number = 0
        for piece, stop in _pieces(way, uses, barriers):
            if len(set(piece)) < 2:
                counts["pieces_empty"] += 1
                continue
            number += 1
            facts = _closed(way.facts, stop) if stop else way.facts
            rows.append({"road_id": f"{way.way_id}-{number}", **facts})
            corners.extend(piece)
            lengths.append(len(piece))
    on_roads = barriers.keys() & uses.keys()
    counts["barriers_at_junctions"] = sum(uses[node] > 1 for node in on_roads)
    counts["barriers"] = len(on_roads) - counts["barriers_at_junctions"]
    counts["roads"] = len(rows)
    lines = shapely.linestrings(
        np.array(corners, dtype=np.float64).reshape(-1, 2) * _DEGREES, indices=np.repeat(np.arange(len(rows)), lengths)
    )
    return gpd.GeoDataFrame(rows, geometry=list(lines), crs="EPSG:4326")


def _closed(facts: Mapping[str, object], stop: _Stop) -> dict[str, object]:
    """Return the columns of a metre of way that a barrier closes to some."""
    return {**facts, "walk": facts["walk"] and not stop.walk, "drive": facts["drive"] and not stop.drive}


def _pieces(
    way: _Way, uses: Counter[int], barriers: Mapping[int, _Stop]
) -> Iterator[tuple[list[tuple[int, int]], _Stop | None]]:
    """Yield every stretch between shared nodes, and the metre around a barrier with whom it stops.

    A node without a place ends a stretch too.
    """
    piece: list[tuple[int, int]] = []
    for at, (node, place) in enumerate(zip(way.nodes, way.places, strict=True)):
        if place is None:
            if len(piece) > 1:
                yield piece, None
            piece = []
            continue
        stop = barriers.get(node) if uses[node] == 1 else None
        if stop is None:
            piece.append(place)
            if uses[node] > 1 and len(piece) > 1:
                yield piece, None
                piece = [place]
            continue
        before = _towards(place, piece[-1]) if piece else None
        if before is not None and before != piece[-1]:
            yield [*piece, before], None
        after = way.places[at + 1] if at + 1 < len(way.places) else None
        beyond = _towards(place, after) if after is not None else None
        yield [spot for spot in (before, place, beyond) if spot is not None], stop
        piece = [beyond] if beyond is not None else []
    if len(piece) > 1:
        yield piece, None


def _towards(place: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Return the spot half a metre from one place towards another; half the way where that is nearer."""
    run, rise = other[0] - place[0], other[1] - place[1]
    metres_a_unit = _DEGREES * _METRES_A_DEGREE
    length_m = math.hypot(run * math.cos(math.radians(place[1] * _DEGREES)), rise) * metres_a_unit
    share = min(_BARRIER_M / length_m, 0.5) if length_m else 0.0
    return (place[0] + round(run * share), place[1] + round(rise * share))


def _write(roads: gpd.GeoDataFrame, out: Path) -> None:
    import pyogrio

    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _WRITTEN})
    try:
        with write_whole(out) as draft:
            roads.to_file(draft, layer="roads", driver="GPKG", engine="pyogrio")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
