"""Parcels that could hold a school: a pin let go beside one may be put on it, if the planner wants that."""

from __future__ import annotations

import streamlit as st

from layoutplan.county.layers import County
from layoutplan.labels import Lang, label
from layoutplan.plan.masks import PARCEL_REACH_M, nearest_on_parcel
from layoutplan.ui import session


def asked(county: County, lang: Lang) -> None:
    """Draw the switch, where the county has parcels; at first pins stay where they are put."""
    if county.parcels.empty:
        return
    session.keep("on_parcels", False)
    st.toggle(
        label("ui.parcels.snap", lang), key="on_parcels", on_change=session.remember, args=("on_parcels",),
        help=label("ui.parcels.snap_hint", lang, metres=f"{PARCEL_REACH_M:.0f}"),
    )  # fmt: skip


def settle(county: County, east_m: float, north_m: float) -> tuple[float, float]:
    """Return where a pin comes to rest: on the parcel beside it if that is switched on, else where it was let go."""
    wanted = bool(st.session_state.get("kept_on_parcels", False))
    return nearest_on_parcel(county.parcels, east_m, north_m) if wanted else (east_m, north_m)
