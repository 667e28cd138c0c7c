"""Dry, rain and snow: what the weather makes of walking and of the school bus."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from layoutplan.access.engine import reshape
from layoutplan.access.network import CLOSED, Flags, Floats, Ints, Network, count_pieces, number_pieces
from layoutplan.norms import Norms

if TYPE_CHECKING:
    import geopandas as gpd

Season = Literal["dry", "rain", "snow"]
SEASONS: tuple[Season, ...] = get_args(Season)
# Without a surface on record these are earth; everything else is taken as paved.
_EARTH = ("track", "path")


def set_season(network: Network, roads: gpd.GeoDataFrame, *, season: Season, norms: Norms) -> Network:
    """Return the network as it is travelled in a season.

    Everybody is slower by the factors of the norms, on unpaved roads more so on foot. The bus keeps
    to the cap for hazards on ice (all roads in snow) and in mud (unpaved roads in rain), and in
    snow does not use roads with ``winter_open`` false; walkers do.

    Parameters
    ----------
    network : Network
        As it is in the dry season, with hills or without; stays as it is.
    roads : GeoDataFrame
        The ``roads`` table the network was built from.
    season : {"dry", "rain", "snow"}
        ``dry`` returns the network itself.
    norms : Norms
        ``season.<season>.walk``, ``.walk_unpaved`` and ``.drive`` [share of the dry speed], and
        ``speed.bus_cap_kmh.hazard`` [km/h].

    Returns
    -------
    Network
        Walking costs stay millimetres on the flat in the dry season that take as long. It shares
        the order of the network it comes from; ``report`` has ``winter_closed_edges`` more.
    """
    if season == "dry":
        return network
    unpaved, shut = _states(network, roads)
    on_foot, rough, drive = (norms.value(f"season.{season}.{name}") for name in ("walk", "walk_unpaved", "drive"))
    hazard = np.ones_like(unpaved) if season == "snow" else unpaved
    shut = shut if season == "snow" else np.zeros_like(shut)
    slowest_ms = np.rint(network.edge_length_mm * 3.6 / norms.value("speed.bus_cap_kmh.hazard")).astype(np.int64)
    walk = [_slower(cost, np.where(unpaved, rough, on_foot)) for cost in network.cost["walk"]]
    ride = []
    for cost in network.cost["drive"]:
        slower = _slower(cost, np.full(len(cost), drive))
        ride.append(np.where((cost == CLOSED) | shut, CLOSED, np.where(hazard, np.maximum(slower, slowest_ms), slower)))
    component = network.component
    if shut.any():
        piece = number_pieces(len(network.node_east_m), network.edge_from, network.edge_to, (ride[0], ride[1]))
        component = {**component, "drive": piece}
    seasonal = replace(
        network,
        cost={**network.cost, "walk": (walk[0], walk[1]), "drive": (ride[0], ride[1])},
        component=component,
        report={**network.report, **count_pieces(component), "winter_closed_edges": int(shut.sum())},
        walk_kmh=network.walk_kmh * rough,
        gap_effort=network.gap_effort / rough,
    )
    reshape(seasonal, network)
    return seasonal


def _slower(cost: Ints, share: Floats) -> Ints:
    """Return what an edge costs at a share of the speed."""
    slow: Ints = np.where(cost == CLOSED, CLOSED, np.maximum(np.rint(cost / share).astype(np.int64), 1))
    return slow


def _states(network: Network, roads: gpd.GeoDataFrame) -> tuple[Flags, Flags]:
    """Return which edges are unpaved, and which the bus does not use in snow."""
    kind = roads["class"].to_numpy().astype(str)
    surface = roads["surface"].astype(object).to_numpy() if "surface" in roads else np.full(len(roads), None)
    known = np.isin(surface.astype(str), ["paved", "gravel", "earth"])
    unpaved = np.where(known, surface.astype(str) != "paved", np.isin(kind, _EARTH))
    shut = np.zeros(len(roads), dtype=np.bool_)
    if "winter_open" in roads:
        shut = ~roads["winter_open"].astype("boolean").fillna(value=True).to_numpy(dtype=np.bool_)
    row = dict(zip(roads["road_id"].to_numpy().tolist(), range(len(roads)), strict=True))
    # Edges that no road of the table stands for, such as bridged gaps, are paved and open.
    of_edge = np.array([row.get(road, len(roads)) for road in network.edge_road_id.tolist()], dtype=np.int64)
    return np.append(unpaved, False)[of_edge], np.append(shut, False)[of_edge]
