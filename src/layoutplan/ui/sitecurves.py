"""Resettlement sites on the demand page: a list that seeks them on the map, and small charts side by side."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, cast

import pandas as pd
import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.seats.curves import site_curves
from layoutplan.ui import charts, origins, session
from layoutplan.ui.cards import number
from layoutplan.ui.choices import choose
from layoutplan.ui.listing import Shown, pick

VIEWS = ("townships", "sites")
_LINES = {"planned": "seats", "observed": "past", "expected": "line", "pupils": "pupils"}
_SIZE = {"width": 300, "height": 130}
_COLUMNS = (
    Shown("name", "ui.sites.name", "text", 130),
    Shown("planned", "ui.sites.planned", width=74),
    Shown("observed", "ui.sites.observed", width=80),
    Shown("expected", "ui.sites.expected", width=80),
    Shown("pupils", "ui.sites.pupils", width=80),
)


def curves_of(result: PlanResult) -> pd.DataFrame:
    """Return plan, households and pupils of the sites by year, worked out once."""
    return cast(
        "pd.DataFrame",
        session.shelved(result, "site curves", lambda: site_curves(result.prepared.county, result.demand)),
    )


def view(result: PlanResult, lang: Lang) -> str:
    """Draw the choice between townships and sites; townships alone where there is no site."""
    if curves_of(result).empty:
        return VIEWS[0]
    return choose(
        label("ui.sites.views", lang), VIEWS, key="demand_view", said=lambda name: label(f"ui.sites.view_{name}", lang)
    )


def listed(result: PlanResult, year: int) -> pd.DataFrame:
    """Return one row a site: its plan, who has moved in, who is expected in a year and how many pupils then."""
    frame, base_year = curves_of(result), result.prepared.county.base_year
    last = frame[frame["year"] <= base_year].dropna(subset="observed").groupby("place_id")["observed"].last()
    then = frame[frame["year"] == year].set_index("place_id")
    table = then[["name", "planned", "expected", "pupils"]].assign(observed=last.reindex(then.index))
    return table.assign(school_id=None, township_id=None).reset_index()


def pick_site(result: PlanResult, *, year: int, lang: Lang) -> Mapping[str, Any] | None:
    """Draw the sites; return the one selected."""
    return pick(listed(result, year), _COLUMNS, key=f"demand_sites_{year}", lang=lang, height=290)


def draw(result: PlanResult, *, year: int, lang: Lang) -> None:
    """Draw a small chart a site, all on one scale of years; nothing where there is no site."""
    frame = curves_of(result)
    if frame.empty:
        return
    charts_of = "".join(_one(mine, year, lang) for _, mine in frame.groupby("place_id", sort=True))
    keys = "".join(
        f'<span class="lp-key"><i class="lp-stroke lp-stroke-{css}"></i>{escape(words)}</span>'
        for name, css in _LINES.items()
        for words in (label(f"ui.sites.key_{name}", lang),)
    )
    st.html(
        f'<section class="lp-card"><h4>{origins.titled("ui.sites.title", lang)}</h4>'
        f'<div class="lp-legend">{keys}</div><div class="lp-many">{charts_of}</div></section>'
    )


def _one(mine: pd.DataFrame, year: int, lang: Lang) -> str:
    by_year = mine.set_index("year")
    lines = {
        css: {int(cast("Any", at)): float(value) for at, value in by_year[name].dropna().items()}
        for name, css in _LINES.items()
    }
    drawn = charts.curve(charts.Curve({css: line for css, line in lines.items() if line}, marks={year: ""}), **_SIZE)
    name = str(mine["name"].iloc[0])
    households, pupils = (number(float(by_year[name].to_dict()[year])) for name in ("expected", "pupils"))
    told = label("ui.sites.now", lang, year=year, households=households, pupils=pupils)
    return (
        f"<div><b>{escape(name)}</b>{charts.picture(drawn, label('ui.sites.one', lang, name=name))}"
        f'<span class="lp-dim">{escape(told)}</span></div>'
    )
