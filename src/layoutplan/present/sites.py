"""Hand a ranking of sites in: a table to read, CSV for spreadsheets, points for GIS."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from layoutplan.files import write_whole
from layoutplan.labels import Lang, label
from layoutplan.plan.ranking import Ranking
from layoutplan.present.csvtables import write_table

_SHOWN = (
    "candidate_id", "pupils", "gap_closed", "minutes_saved", "cleared", "caused", "scale", "tracks", "site_m2_needed",
    "floor_m2_needed", "site_m2", "fits",
)  # fmt: skip


def ranking_table(ranking: Ranking, first: int, lang: Lang) -> pd.DataFrame:
    """Return the best few candidates as text, with headings that hold the units.

    Parameters
    ----------
    ranking : Ranking
        From :func:`layoutplan.plan.ranking.rank_sites`.
    first : int
        How many.
    lang : {"zh", "en"}
        Language.
    """
    rows = ranking.frame.head(first)
    # Without parcels nothing is known of the ground there is.
    names = [name for name in _SHOWN if name in rows and rows[name].notna().any()]
    return pd.DataFrame(
        {label(f"site.{name}", lang): [_said(value, lang) for value in rows[name].tolist()] for name in names}
    )


def _said(value: object, lang: Lang) -> str:
    if pd.isna(value):  # type: ignore[call-overload]
        return "–"
    if isinstance(value, bool):
        return label(f"site.{'yes' if value else 'no'}", lang)
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


def write_ranking(ranking: Ranking, out: Path) -> list[Path]:
    """Write a ranking into a folder.

    Parameters
    ----------
    ranking : Ranking
        Candidates, best first.
    out : Path
        Folder; made if missing.

    Returns
    -------
    list of Path
        ``sites.csv`` (a row a candidate, best first), ``sites_years.csv`` (by year), ``sites_refused.csv``,
        ``sites_findings.csv`` (cleared and caused by the first few), ``sites.gpkg`` (points of all candidates, and
        where the refused ones would have to go).
    """
    tables = {
        "sites": ranking.frame.assign(rank=range(1, len(ranking.frame) + 1)), "sites_years": ranking.years,
        "sites_refused": ranking.refused, "sites_findings": ranking.findings,
    }  # fmt: skip
    paths = []
    for name, table in tables.items():
        paths.append(out / f"{name}.csv")
        write_table(table, paths[-1])
    paths.append(out / "sites.gpkg")
    with write_whole(paths[-1]) as draft:
        _write_points(ranking, draft)
    return paths


def _write_points(ranking: Ranking, path: Path) -> None:
    crs = ranking.lab.result.prepared.county.crs
    ranked = ranking.frame.assign(rank=range(1, len(ranking.frame) + 1))
    # A file knows numbers that may be missing, but not flags.
    for name in ranked.columns.intersection(["cleared", "caused", "remains", "fits"]):
        ranked[name] = ranked[name].astype("Float64").to_numpy(float, na_value=np.nan)
    points = gpd.GeoDataFrame(ranked, geometry=shapely.points(ranked["east_m"], ranked["north_m"]), crs=crs)
    pyogrio.write_dataframe(points, path, layer="sites", driver="GPKG")
    moved = ranking.refused[ranking.refused["nearest_east_m"].notna()]
    if len(moved):
        spots = shapely.points(moved["nearest_east_m"].to_numpy(float), moved["nearest_north_m"].to_numpy(float))
        nearest = gpd.GeoDataFrame(moved, geometry=spots, crs=crs)
        pyogrio.write_dataframe(nearest, path, layer="nearest_good", driver="GPKG", append=True)
