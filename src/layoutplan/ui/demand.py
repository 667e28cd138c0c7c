"""The demand page: curves of the county, the back-test in plain words, growth by township."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, cast

import numpy as np
import pandas as pd
import streamlit as st

from layoutplan.errors import DataError
from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.seats.backtest import METHODS, Backtest, run_backtest
from layoutplan.seats.curves import counted_curves, stage_curves, township_growth
from layoutplan.seats.history import county_history
from layoutplan.ui import charts, mapdata, maplayers, objects, origins, session
from layoutplan.ui.cards import number
from layoutplan.ui.listing import Shown, pick
from layoutplan.ui.names import DASH
from layoutplan.ui.planmap import Clicked, Event, Paint, Scene, Style

SHOWN_HORIZONS = (1, 3, 5)
# Fewer pupils in blue, more in orange; between, hardly any change. Edges are shares of the base year.
EDGES = (-0.2, -0.05, 0.05, 0.2)
GROWTH_COLOURS = ("#2166ac", "#92c5de", "#f2efe6", "#f4b183", "#c55a11")
_COLUMNS = (
    Shown("name", "ui.demand.township", "text", 96),
    Shown("before", "ui.demand.before", width=72),
    Shown("after", "ui.demand.after", width=72),
    Shown("change", "ui.demand.change", width=66),
    Shown("change_share", "ui.demand.share", "share", 66),
)


# ---- curves ----------------------------------------------------------------------------------
def curves(result: PlanResult, *, year: int, lang: Lang) -> str:
    """Return one chart a stage as HTML: counted pupils, forecast with its range, seats."""
    ahead = cast(
        "pd.DataFrame", session.shelved(result, "curves", lambda: stage_curves(_county(result), result.demand))
    )
    past, seats = counted_curves(_county(result)), result.supply.frame.groupby(["year", "stage"])["seats"].sum()
    goal = int(result.prepared.norms.value("plan.goal_year"))
    parts = []
    for stage in ("primary", "junior"):
        mine = ahead[ahead["stage"] == stage].set_index("year")
        lines = {
            "seats": _line(seats.xs(stage, level="stage")),
            "past": _line(past[past["stage"] == stage].set_index("year")["pupils"]),
            "line": _line(mine["pupils"]),
        }
        band = {int(at): (float(low), float(high)) for at, low, high in mine[["p10", "p90"]].itertuples()}
        marks = {goal: label("ui.demand.goal", lang, year=goal)} | ({year: str(year)} if year != goal else {})
        words = label("ui.demand.curve", lang, stage=label(f"stage.{stage}", lang))
        drawn = charts.picture(charts.curve(charts.Curve(lines, band, marks)), words)
        title = f"<h4>{escape(words)}{origins.mark('ui.demand.curve', lang)}</h4>"
        parts.append(f'<section class="lp-card">{title}{drawn}{_values(mine, year, lang)}</section>')
    return f'<div class="lp-pair">{"".join(parts)}</div>{_keys(lang)}'


def _county(result: PlanResult) -> Any:
    return result.prepared.county


def _line(values: pd.Series[Any]) -> dict[int, float]:
    return {int(year): float(value) for year, value in values.items()}  # type: ignore[call-overload]


def _values(mine: pd.DataFrame, year: int, lang: Lang) -> str:
    pupils, low, high = (number(float(mine.loc[year, name])) for name in ("pupils", "p10", "p90"))  # type: ignore[arg-type]
    return f"<p>{escape(label('ui.demand.value', lang, year=year, pupils=pupils, low=low, high=high))}</p>"


def _keys(lang: Lang) -> str:
    keys = "".join(
        f'<span class="lp-key"><i class="lp-stroke lp-stroke-{name}"></i>{escape(words)}</span>'
        for name in ("past", "line", "band", "seats")
        for words in (label(f"ui.demand.key_{name}", lang),)
    )
    return f'<div class="lp-legend">{keys}</div>'


# ---- back-test -------------------------------------------------------------------------------
def tested(result: PlanResult) -> Backtest | DataError:
    """Return the back-test on the county's own history, worked out once; the fault if there is none."""

    def make() -> Backtest | DataError:
        try:
            return run_backtest(county_history(_county(result)))
        except DataError as fault:
            return fault

    return cast("Backtest | DataError", session.shelved(result, "backtest", make))


def backtest_card(outcome: Backtest | DataError, lang: Lang) -> str:
    """Return how good past forecasts were, in plain words and a small table."""
    title = f"<h4>{escape(label('ui.demand.tested', lang))}{origins.mark('ui.demand.coverage', lang)}</h4>"
    if isinstance(outcome, DataError):
        words = "".join(f"<p>{escape(problem.say(lang))}</p>" for problem in outcome.problems)
        return f'<section class="lp-card">{title}{words}</section>'
    table = outcome.frame.set_index(["level", "horizon", "method"])
    said = "".join(f"<p>{escape(line)}</p>" for line in _said(outcome, table, lang))
    heads = "".join(f"<th>{escape(label(f'ui.demand.method_{name}', lang))}</th>" for name in METHODS)
    cover = escape(label("ui.demand.coverage", lang))
    rows = "".join(_error_row(table, level, step, lang) for level in ("district", "school") for step in SHOWN_HORIZONS)
    grid = f'<table class="lp-table"><tr><th></th>{heads}<th>{cover}</th></tr>{rows}</table>'
    return f'<section class="lp-card">{title}{said}{grid}</section>'


def _said(outcome: Backtest, table: pd.DataFrame, lang: Lang) -> list[str]:
    lines = []
    for level in ("district", "school"):
        ours, plain = (table.loc[(level, 3, name), :] for name in ("ours", "last_year"))
        if ours["n"] > 0:
            errors = {"ours": f"{ours['mape']:.0%}", "plain": f"{plain['mape']:.0%}"}
            lines.append(label(f"ui.demand.said_{level}", lang, **errors))
    span = {"first": outcome.first_origin, "last": outcome.last_origin}
    return [*lines, label("ui.demand.said_how", lang, **span)]


def _error_row(table: pd.DataFrame, level: str, step: int, lang: Lang) -> str:
    errors = [float(table.loc[(level, step, name), "mape"]) for name in METHODS]  # type: ignore[arg-type]
    best = min((error for error in errors if not np.isnan(error)), default=np.nan)
    cells = "".join(f"<td{' class=lp-best' if error == best else ''}>{_percent(error)}</td>" for error in errors)
    name = label("ui.demand.row", lang, level=label(f"ui.demand.level_{level}", lang), years=step)
    covered = _percent(float(table.loc[(level, step, "ours"), "coverage80"]))  # type: ignore[arg-type]
    return f"<tr><td>{escape(name)}</td>{cells}<td>{covered}</td></tr>"


def _percent(share: float) -> str:
    return DASH if np.isnan(share) else f"{share:.0%}"


def _signed(share: float) -> str:
    return DASH if np.isnan(share) else f"{share:+.0%}"


# ---- townships -------------------------------------------------------------------------------
def growth(result: PlanResult, *, stage: str, year: int) -> pd.DataFrame:
    """Return pupils by township, now and then, those that change most first."""
    table = township_growth(_county(result), result.demand, stage=stage, year=year)
    return table.sort_values("change", key=lambda change: -change.abs(), kind="stable", ignore_index=True)


def follow(result: PlanResult, event: Event) -> None:
    """Note which township's ground was clicked; a click on a place opens its card."""
    on_ground = isinstance(event, Clicked) and event.layer in ("ground", "cells")
    st.session_state["demand_township"] = _township_at(result, cast("Clicked", event)) if on_ground else None
    if on_ground:
        objects.forget()
    else:
        objects.follow(event)


def _township_at(result: PlanResult, event: Clicked) -> str | None:
    """Return the township of a polygon of the ground, or the one in which a tile of the ground lies."""
    towns, at = _county(result).townships, int(event.id)
    if event.layer == "ground":
        return str(towns["township_id"].iloc[at]) if at < len(towns) else None
    tiles = result.prepared.cells[result.scenario.policy.mode].frame.geometry
    inside = towns.geometry.contains(tiles.iloc[at].representative_point()) if at < len(tiles) else np.zeros(len(towns))
    return str(towns.loc[inside, "township_id"].iloc[0]) if inside.any() else None


def pick_township(table: pd.DataFrame, *, lang: Lang) -> Mapping[str, Any] | None:
    """Draw the townships, and the card of the one selected or clicked on the map; return it."""
    held = st.session_state.get("demand_township")
    height = 290 if held is None else 210
    picked = pick(table, _COLUMNS, key=f"demand_townships|{held}", lang=lang, height=height)
    if picked is None and held in set(table["township_id"]):
        picked = cast("Mapping[str, Any]", table[table["township_id"] == held].iloc[0].to_dict())
        st.html(township_card(picked, lang))
    return picked


def township_card(row: Mapping[str, Any], lang: Lang) -> str:
    """Return the pupils of a township, before and after, as a card."""
    told = label("ui.demand.tip", lang, before=number(float(row["before"])), after=number(float(row["after"])))
    how = origins.mark("ui.demand.change", lang)
    share = _signed(float(row["change_share"]))
    title = escape(str(row["name"]))
    return f'<section class="lp-card"><h4>{title}{how}</h4><p>{escape(f"{told} · {share}")}</p></section>'


def scene(result: PlanResult, picked: Mapping[str, Any] | None, *, stage: str, year: int, lang: Lang) -> Scene:
    """Return the map of growth by township, looking at the one that is picked."""
    table = township_growth(_county(result), result.demand, stage=stage, year=year)
    selected, focus = None, None
    if picked is not None:
        where = {"school_id": None, "place_id": None, "township_id": None, **picked}
        selected, look = mapdata.focus_on(result, where)
        focus = {"seq": f"{where['township_id']}|{where['place_id']}", **look}
    paints = {"ground": _paint(table, lang), "schools": mapdata.no_schools(result)}
    return Scene(paints=paints, selected=selected, focus=focus)


def _paint(table: pd.DataFrame, lang: Lang) -> Paint:
    shares = table["change_share"].fillna(0.0).to_numpy(float)
    palette: list[Style] = [maplayers.fill(colour, "#8d8675", 0.8) for colour in GROWTH_COLOURS]
    columns = (table[name].to_numpy(float) for name in ("before", "after", "change_share"))
    lines = [
        [label("ui.demand.tip", lang, before=number(before), after=number(after)), _signed(share)]
        for before, after, share in zip(*columns, strict=True)
    ]
    return Paint(np.searchsorted(EDGES, shares).tolist(), palette=palette, lines=lines)


def legend(lang: Lang) -> str:
    """Return what the colours of the townships mean."""
    words = [f"< {EDGES[0]:+.0%}", *(f"{low:+.0%} – {high:+.0%}" for low, high in zip(EDGES, EDGES[1:], strict=False))]
    words.append(f"> {EDGES[-1]:+.0%}")
    keys = "".join(
        f'<span class="lp-key"><i class="lp-hue" style="background:{colour}"></i>{escape(text)}</span>'
        for colour, text in zip(GROWTH_COLOURS, words, strict=True)
    )
    return f'<div class="lp-legend"><b>{escape(label("ui.demand.legend", lang))}</b>{keys}</div>'


def caption(result: PlanResult, lang: Lang) -> None:
    """Say where the numbers of the page come from."""
    county = _county(result)
    st.caption(
        label(
            "ui.demand.source", lang, date=county.as_of.get("children", DASH), births=county.as_of.get("births", DASH)
        )
    )
