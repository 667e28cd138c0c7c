"""Schools as they stand in every year, and the seats they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Roster:
    """Schools with the years they are open, and the rooms they have from which year on.

    Parameters
    ----------
    schools : GeoDataFrame
        The county's ``schools`` columns plus ``opens_year`` and ``closes_year`` (Int64; missing =
        open before, or not closed), sorted by ``school_id``; new schools of a scenario stand here too.
    rooms : DataFrame
        ``school_id, stage, from_year, rooms``: rooms in use from that year on.
    """

    schools: gpd.GeoDataFrame
    rooms: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Supply:
    """Seats by year.

    Parameters
    ----------
    frame : DataFrame
        ``year, stage, school_id`` (key, sorted), ``open`` [bool], ``rooms``, ``seats``, ``beds``.
    """

    frame: pd.DataFrame
