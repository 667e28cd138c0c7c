"""Parcels that could hold a school: a pin let go beside one may be put on it, if the planner wants that."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
import streamlit as st

from layoutplan.county.layers import County
from layoutplan.labels import Lang, label
from layoutplan.ui import session

REACH_M = 500.0


def asked(county: County, lang: Lang) -> None:
    """Draw the switch, where the county has parcels; at first pins stay where they are put."""
    if county.parcels.empty:
        return
    session.keep("on_parcels", False)
    st.toggle(
        label("ui.parcels.snap", lang), key="on_parcels", on_change=session.remember, args=("on_parcels",),
        help=label("ui.parcels.snap_hint", lang, metres=f"{REACH_M:.0f}"),
    )  # fmt: skip


def settle(county: County, east_m: float, north_m: float) -> tuple[float, float]:
    """Return where a pin comes to rest: on the parcel beside it if that is switched on, else where it was let go."""
    wanted = bool(st.session_state.get("kept_on_parcels", False))
    return nearest_spot(county.parcels, east_m, north_m) if wanted else (east_m, north_m)


def nearest_spot(parcels: gpd.GeoDataFrame, east_m: float, north_m: float) -> tuple[float, float]:
    """Return a point inside the nearest parcel within reach; the point itself if it is in one or none is near.

    Parameters
    ----------
    parcels : GeoDataFrame
        ``parcel_id`` and polygons; of two equally near the smaller id counts.
    east_m, north_m : float
        Point in the CRS of the parcels.
    """
    order = parcels.sort_values("parcel_id", ignore_index=True).geometry
    apart = shapely.distance(order.to_numpy(), shapely.Point(east_m, north_m))
    if not len(apart) or not 0.0 < apart.min() <= REACH_M:
        return east_m, north_m
    inside = order.iloc[int(np.argmin(apart))].representative_point()
    return float(inside.x), float(inside.y)
