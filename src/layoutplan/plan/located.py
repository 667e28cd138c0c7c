"""What should be looked at in a county's data, each where it is on the ground, so that a map can show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layoutplan.errors import Problem
from layoutplan.labels import LANGS, label
from layoutplan.plan.preparing import Prepared
from layoutplan.seats.reconciliation import check_counts

_COLUMNS = ("layer", "code", "text_zh", "text_en", "school_id", "place_id", "township_id", "east_m", "north_m")


def locate_problems(prepared: Prepared) -> pd.DataFrame:
    """Return the warnings of all layers and of the roads, and the counts that contradict each other.

    Parameters
    ----------
    prepared : Prepared
        County that passed the gate, with its roads.

    Returns
    -------
    DataFrame
        One row a problem, in the order of layers: ``layer``; ``code``, that of the problem or ``counts``;
        ``text_zh``, ``text_en`` (what is wrong and what to do); ``school_id``, ``place_id``, ``township_id``, the
        narrowest that it is about, else missing; ``east_m``, ``north_m`` in the county's CRS, NaN where it is about
        a whole layer.
    """
    spots = _Spots(prepared)
    rows = [spots.row(problem) for problem in (*prepared.county.warnings, *prepared.roads.warnings)]
    rows += list(_counts(prepared, spots))
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return frame.astype({"east_m": float, "north_m": float}).sort_values("layer", kind="stable", ignore_index=True)


class _Spots:
    """Where schools, places, townships and pieces of road are."""

    def __init__(self, prepared: Prepared) -> None:
        county = prepared.county
        self.points = {
            "school_id": _middles(county.schools, "school_id"),
            "place_id": _middles(county.places, "place_id"),
            "township_id": _middles(county.townships, "township_id"),
        }
        self.snaps = prepared.roads.snaps

    def row(self, problem: Problem) -> dict[str, Any]:
        """Return a problem with where it is."""
        key, name = self._subject(problem)
        east_m, north_m = self.of(key, name)
        if {"east_m", "north_m"} <= set(problem.values):
            east_m, north_m = float(str(problem.values["east_m"])), float(str(problem.values["north_m"]))
        told = problem.as_row()
        said = {f"text_{lang}": f"{told[f'what_{lang}']} → {told[f'remedy_{lang}']}" for lang in LANGS}
        where = {key: name} if key else {}
        return {"layer": problem.layer, "code": problem.code, **said, **where, "east_m": east_m, "north_m": north_m}

    def of(self, key: str, name: str) -> tuple[float, float]:
        """Return east and north of a subject, NaN where it has none."""
        spot = self.points.get(key, {}).get(name)
        return (np.nan, np.nan) if spot is None else spot

    def _subject(self, problem: Problem) -> tuple[str, str]:
        """Return what a problem is about: key and id, both empty if it is about a layer."""
        for key, known in self.points.items():
            if problem.row in known:
                return key, problem.row
        if problem.code.startswith("road_piece_"):
            return self._on_piece(problem.code.removeprefix("road_piece_"), problem.row.removeprefix("piece "))
        return "", ""

    def _on_piece(self, mode: str, piece: str) -> tuple[str, str]:
        """Return the first place, else the first school, on a piece of the roads apart from the rest."""
        mine = self.snaps[(self.snaps["mode"] == mode) & (self.snaps["piece"].astype(str) == piece)]
        mine = mine.sort_values(["kind", "id"])
        if mine.empty:
            return "", ""
        kind, name = mine[["kind", "id"]].iloc[0]
        return f"{kind}_id", str(name)


def _middles(frame: gpd.GeoDataFrame, key: str) -> dict[str, tuple[float, float]]:
    points = frame.geometry.representative_point()
    return dict(zip(frame[key].astype(str), zip(points.x, points.y, strict=True), strict=True))


def _counts(prepared: Prepared, spots: _Spots) -> Iterator[dict[str, Any]]:
    """Tell the counts that contradict each other, at the school or in the middle of the township."""
    table = check_counts(prepared.county, prepared.norms)
    for row in table.to_dict("records"):
        key = f"{row['subject_kind']}_id"
        east_m, north_m = spots.of(key, str(row["subject"]))
        said = {f"text_{lang}": label("located.counts", lang, text=row[f"text_{lang}"]) for lang in LANGS}
        where = {key: str(row["subject"]), "east_m": east_m, "north_m": north_m}
        yield {"layer": "field_counts", "code": "counts", **said, **where}
