"""The data page: every layer with its rows and its date, and what should be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, cast

import pandas as pd
import streamlit as st

from layoutplan.county.layers import County
from layoutplan.errors import Problem
from layoutplan.labels import Lang, label
from layoutplan.norms import Norms
from layoutplan.plan.planning import PlanResult
from layoutplan.seats.reconciliation import check_counts
from layoutplan.ui import cards, session
from layoutplan.ui.listing import Shown, pick

_COLUMNS = (
    Shown("light", "ui.data.light", "text", 76),
    Shown("name", "ui.data.layer", "text", 150),
    Shown("rows", "ui.data.rows", width=80),
    Shown("as_of", "ui.data.as_of", "text", 110),
    Shown("warnings", "ui.data.warnings", width=90),
)


def table(county: County, warnings: Sequence[Problem], lang: Lang) -> pd.DataFrame:
    """Return one row a layer: how many rows, as of when, how many warnings; missing layers too."""
    frames = {name: value for name, value in vars(county).items() if isinstance(value, pd.DataFrame)}
    places = frames.pop("places")  # read from two layers
    sites = places["kind"].eq("resettlement")
    frames |= {"residential": places[~sites], "resettlement": places[sites]}
    counts = pd.Series([problem.layer for problem in warnings], dtype="str").value_counts()
    rows = []
    for name, frame in frames.items():
        warned = int(counts.get(name, 0))
        light = "warned" if warned else "fine" if len(frame) else "absent"
        rows.append({
            "layer": name, "name": session.layer_name(name, lang), "rows": len(frame),
            "as_of": county.as_of.get(name, ""), "warnings": warned, "light": label(f"ui.data.light_{light}", lang),
            "rank": ("warned", "fine", "absent").index(light),
        })  # fmt: skip
    return pd.DataFrame(rows).sort_values(["rank", "layer"], ignore_index=True)


def draw(result: PlanResult, lang: Lang) -> None:
    """Draw the layers and, beside them, the warnings of the one selected, or of all."""
    county = cast("Any", result.prepared.county)
    warnings = [*county.warnings, *result.prepared.roads.warnings]
    left, right = st.columns([1.1, 1])
    with left:
        picked = pick(table(county, warnings, lang), _COLUMNS, key="data_layers", lang=lang, height=460)
        st.caption(label("ui.data.about", lang, crs=county.crs, folder=_name()))
    with right:
        layer = None if picked is None else str(picked["layer"])
        st.html(report(warnings, layer, lang))
        told = _contradictions(county, result.prepared.norms)[f"text_{lang}"].tolist() if layer is None else []
        if told:
            st.html(_card(label("ui.data.counts", lang), told))


def _name() -> str:
    folder = session.county_folder()
    return "" if folder is None else folder.name


@st.cache_data(
    show_spinner=False, hash_funcs={County: lambda county: county.fingerprint, Norms: lambda n: n.fingerprint}
)
def _contradictions(county: County, norms: Norms) -> pd.DataFrame:
    """Return where register, enrolment and field counts contradict each other."""
    return check_counts(county, norms)


def report(warnings: Sequence[Problem], layer: str | None, lang: Lang) -> str:
    """Return the warnings of a layer as a card, or of all layers."""
    told = [problem.say(lang) for problem in warnings if layer in (None, problem.layer)]
    name = "" if layer is None else session.layer_name(layer, lang)
    title = label("ui.data.report_all" if layer is None else "ui.data.report_one", lang, layer=name)
    return _card(title, told) if told else _card(title, [label("ui.data.clean", lang)])


def _card(title: str, told: list[str]) -> str:
    return f'<section class="lp-card"><h4>{escape(title)}</h4>{cards.problem_list(told)}</section>'
