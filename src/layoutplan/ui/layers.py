"""The data page: every layer with its rows and its date, and what should be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pandas as pd
import streamlit as st

from layoutplan.county.layers import County
from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.ui import located, rose, session
from layoutplan.ui.listing import Shown, pick
from layoutplan.ui.names import layer_name

_COLUMNS = (
    Shown("light", "ui.data.light", "text", 76),
    Shown("name", "ui.data.layer", "text", 216),
    Shown("rows", "ui.data.rows", width=62),
    Shown("as_of", "ui.data.as_of", "text", 92),
    Shown("warnings", "ui.data.warnings", width=66),
)


def table(county: County, counts: pd.Series[int], *, shifted: Sequence[str], lang: Lang) -> pd.DataFrame:
    """Return one row a layer: how many rows, as of when, how many warnings; missing layers too.

    A layer whose points are all shifted against the roads is one to look at as well.
    """
    frames = {name: value for name, value in vars(county).items() if isinstance(value, pd.DataFrame)}
    places = frames.pop("places")  # read from two layers
    sites = places["kind"].eq("resettlement")
    frames |= {"residential": places[~sites], "resettlement": places[sites]}
    rows = []
    for name, frame in frames.items():
        warned = int(counts.get(name, 0)) + (name in shifted)
        light = "warned" if warned else "fine" if len(frame) else "absent"
        rows.append({
            "layer": name, "name": layer_name(name, lang), "rows": len(frame),
            "as_of": county.as_of.get(name, ""), "warnings": warned, "light": label(f"ui.data.light_{light}", lang),
            "rank": ("warned", "fine", "absent").index(light),
        })  # fmt: skip
    return pd.DataFrame(rows).sort_values(["rank", "layer"], ignore_index=True)


def pick_layer(result: PlanResult, lang: Lang) -> str | None:
    """Draw every layer with its light; return the one selected."""
    county = cast("Any", result.prepared.county)
    picked = pick(
        table(county, warned(result), shifted=rose.shifted(result), lang=lang), _COLUMNS, key="data_layers", lang=lang,
        height=232,
    )  # fmt: skip
    st.caption(label("ui.data.about", lang, crs=county.crs, folder=_name()))
    return None if picked is None else str(picked["layer"])


def warned(result: PlanResult) -> pd.Series[int]:
    """Return how many things should be looked at in each layer."""
    return located.found(result)["layer"].value_counts()


def _name() -> str:
    folder = session.county_folder()
    return "" if folder is None else folder.name
