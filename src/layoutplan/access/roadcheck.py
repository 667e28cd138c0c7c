"""What a planner should know of the roads: what was joined, who lives on which piece, who is far from any road."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from layoutplan.access.network import Mode, Network, Snaps
from layoutplan.access.origins import Origins
from layoutplan.access.snapping import find_edges
from layoutplan.county.layers import County
from layoutplan.county.problems import MAX_ALIKE, summarise
from layoutplan.errors import Problem
from layoutplan.norms import Norms


@dataclass(frozen=True, eq=False)
class Stops:
    """Places and schools on the roads, by mode.

    Parameters
    ----------
    origins : Origins
        Where places travel from.
    places, schools : mapping
        Snapped onto the network, by mode.
    """

    origins: Origins
    places: Mapping[Mode, Snaps]
    schools: Mapping[Mode, Snaps]


@dataclass(frozen=True, eq=False)
class RoadReport:
    """The roads and who is on them.

    Parameters
    ----------
    counts : mapping
        ``Network.report``.
    joints : DataFrame
        ``kind, road_id, other_road_id, east_m, north_m, gap_m``: see :class:`~layoutplan.access.joints.Joints`.
    pieces : DataFrame
        ``mode, piece`` (0 the largest; every piece with a place or a school), ``nodes``, ``length_m``,
        ``places``, ``names`` (all of them), ``households`` (of the places that know; missing where none does),
        ``children`` (0 to 15), ``schools``.
    snaps : DataFrame
        ``mode, kind`` (``place``, ``school``), ``id``, ``name``, ``gap_m`` (to the nearest road, however far),
        ``connected``, ``piece`` (-1 where not connected), ``origin_basis``.
    warnings : tuple of Problem
        What should be looked at; of equal ones a few and their count.
    """

    counts: Mapping[str, int]
    joints: pd.DataFrame
    pieces: pd.DataFrame
    snaps: pd.DataFrame
    warnings: tuple[Problem, ...]

    def as_tree(self) -> dict[str, Any]:
        """Return counts, joints and pieces as plain values, and the points that are not on the largest piece."""
        apart = self.snaps[self.snaps["piece"] != 0]
        tables = {"joints": self.joints, "pieces": self.pieces, "apart": apart}
        return {
            "counts": dict(self.counts),
            **{name: json.loads(table.to_json(orient="records")) for name, table in tables.items()},
        }


def report_roads(county: County, network: Network, stops: Stops, *, norms: Norms) -> RoadReport:
    """Report what was joined, the people on every piece of network, and who is far from any road.

    Parameters
    ----------
    county : County
        Names, households, children.
    network : Network
        Its roads.
    stops : Stops
        Its places and schools on them.
    norms : Norms
        ``snap.warn_m`` and ``snap.reject_m`` [m].
    """
    joints = network.joints.frame()
    snaps = pd.concat([_snap_table(county, network, stops, mode) for mode in stops.places], ignore_index=True)
    pieces = _piece_table(county, network, snaps)
    warnings = [
        *_joint_warnings(joints, network.report), *_piece_warnings(pieces), *_snap_warnings(snaps, norms),
    ]  # fmt: skip
    return RoadReport(network.report, joints, pieces, snaps, tuple(summarise(warnings)))


def _snap_table(county: County, network: Network, stops: Stops, mode: Mode) -> pd.DataFrame:
    schools = county.schools.geometry.to_numpy()
    parts = (
        ("place", stops.places[mode], county.places["name"], stops.origins.points.to_numpy(), stops.origins.basis),
        ("school", stops.schools[mode], county.schools["name"], schools, np.full(len(schools), "point", dtype=object)),
    )
    tables = []
    for kind, snaps, names, spots, basis in parts:
        on = snaps.edge >= 0
        gap_m = snaps.gap_mm / 1000.0
        far = np.flatnonzero(~on)
        found, off_m, _ = find_edges(network, spots[far], mode=mode, limit_m=np.inf)
        gap_m[far] = np.where(found >= 0, off_m, np.nan)
        piece = np.where(on, network.component[mode][network.edge_from[snaps.edge]], -1)
        facts = {"mode": mode, "kind": kind, "id": list(snaps.ids), "name": names.to_numpy(), "gap_m": gap_m}
        tables.append(pd.DataFrame({**facts, "connected": on, "piece": piece, "origin_basis": basis}))
    return pd.concat(tables, ignore_index=True)


def _piece_table(county: County, network: Network, snaps: pd.DataFrame) -> pd.DataFrame:
    households = county.places.set_index("place_id")["households"]
    children = county.children.groupby("place_id")["children"].sum()
    rows: list[dict[str, Any]] = []
    on = snaps[snaps["connected"]]
    for mode, piece in on[["mode", "piece"]].drop_duplicates().sort_values(["mode", "piece"]).itertuples(index=False):
        group = on[(on["mode"] == mode) & (on["piece"] == piece)]
        homes = group[group["kind"] == "place"].sort_values("id")
        known = households.reindex(homes["id"]).dropna()
        people: dict[str, Any] = {"households": int(known.sum()) if len(known) else pd.NA}
        people |= {"children": float(children.reindex(homes["id"]).sum())}
        facts = {"mode": mode, "piece": piece, **_size_of(network, mode, piece), **people}
        schools = int((group["kind"] == "school").sum())
        rows.append({**facts, "places": len(homes), "names": tuple(homes["name"]), "schools": schools})
    columns = ["mode", "piece", "nodes", "length_m", "places", "names", "households", "children", "schools"]
    return pd.DataFrame(rows, columns=columns).astype({"households": "Int64"})


def _size_of(network: Network, mode: Mode, piece: int) -> dict[str, float]:
    label = network.component[mode]
    own = network.usable(mode) & (label[network.edge_from] == piece)
    return {"nodes": int((label == piece).sum()), "length_m": float(network.edge_length_mm[own].sum() / 1000.0)}


def _joint_warnings(joints: pd.DataFrame, counts: Mapping[str, int]) -> Iterator[Problem]:
    for joint in _records(joints):
        values = {name: f"{joint[name]:.1f}" for name in ("east_m", "north_m")}
        values |= {"other": joint["other_road_id"], "gap_m": f"{joint['gap_m']:.2f}"}
        yield Problem(f"road_joined_{joint['kind']}", "roads", row=str(joint["road_id"]), values=values)
    if counts["crossings_apart"]:
        yield Problem("road_crossings_apart", "roads", values={"count": counts["crossings_apart"]})
    if counts["zero_length"] or counts["duplicates"]:
        values = {name: str(counts[name]) for name in ("zero_length", "duplicates")}
        yield Problem("road_merged", "roads", values=values)


def _piece_warnings(pieces: pd.DataFrame) -> Iterator[Problem]:
    for row in _records(pieces[pieces["piece"] > 0]):
        names = ", ".join(row["names"][:MAX_ALIKE]) + (", …" if len(row["names"]) > MAX_ALIKE else "")
        households = "-" if pd.isna(row["households"]) else str(row["households"])
        values = {
            "nodes": row["nodes"], "length_km": f"{row['length_m'] / 1000:.1f}", "places": row["places"],
            "names": names or "-", "households": households, "children": f"{row['children']:.0f}",
            "schools": row["schools"],
        }  # fmt: skip
        yield Problem(f"road_piece_{row['mode']}", "roads", row=f"piece {row['piece']}", values=values)


def _snap_warnings(snaps: pd.DataFrame, norms: Norms) -> Iterator[Problem]:
    warn_m, reject_m = norms.value("snap.warn_m"), norms.value("snap.reject_m")
    for row in _records(snaps[(snaps["gap_m"] > warn_m) | ~snaps["connected"]]):
        code, limit_m = ("snap_far", warn_m) if row["connected"] else ("snap_rejected", reject_m)
        gap_m = "-" if np.isnan(row["gap_m"]) else f"{row['gap_m']:.0f}"
        values = {"name": row["name"], "gap_m": gap_m, "limit_m": f"{limit_m:g}"}
        yield Problem(f"{code}_{row['mode']}", f"{row['kind']}s", row=str(row["id"]), values=values)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    return rows


def check_roads(county: County, *, norms: Norms) -> RoadReport:
    """Build the network and report on it in both modes.

    Parameters
    ----------
    county : County
        As read.
    norms : Norms
        In force.

    Raises
    ------
    NetworkError
        The roads carry no network.
    """
    from layoutplan.access.network import MODES, build_network, snap_points
    from layoutplan.access.origins import find_origins

    network = build_network(county.roads, norms=norms, node_crossings=county.node_crossings)
    origins = find_origins(county.places, county.rasters.get("population"))
    schools = county.schools.set_index("school_id").geometry
    places = {mode: snap_points(network, origins.points, mode=mode, norms=norms) for mode in MODES}
    sites = {mode: snap_points(network, schools, mode=mode, norms=norms) for mode in MODES}
    return report_roads(county, network, Stops(origins, places, sites), norms=norms)
