"""The ledger page: standards school by school, communities, equity; a row is sought on the map."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, cast

import numpy as np
import pandas as pd
import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.ledger import BANDS, Ledger, open_ledger
from layoutplan.plan.planning import PlanResult
from layoutplan.ui import origins, session
from layoutplan.ui.cards import number
from layoutplan.ui.choices import choose
from layoutplan.ui.listing import Shown, pick
from layoutplan.ui.names import DASH, clause_name, layer_name, unconfirmed

TABS = ("resources", "communities", "equity")
_SCHOOLS = (
    Shown("name", "ui.ledger.school", "text", 150),
    Shown("said", "ui.ledger.verdict", "text", 70),
    Shown("to_raise", "ui.ledger.to_raise", width=64),
    Shown("distance", "ui.ledger.distance", width=64, decimals=2),
    Shown("target_year", "ui.ledger.target", "year", 72),
    Shown("pupils", "ui.ledger.pupils", width=64),
)
_COMMUNITIES = (
    Shown("community", "ui.ledger.community", "text", 190),
    Shown("members", "ui.ledger.members", width=64),
    Shown("pupils", "ui.ledger.pupils", width=64),
    Shown("farthest_minutes", "ui.ledger.farthest", width=84),
    Shown("pass", "ui.ledger.pass", width=56),
    Shown("fail", "ui.ledger.fail", width=56),
)
_EQUITY = (
    Shown("name", "ui.ledger.township", "text", 90),
    Shown("said", "ui.ledger.band", "text", 92),
    Shown("pupils", "ui.ledger.pupils", width=64),
    Shown("share_over_limit", "ui.ledger.over", "share", 70, 1),
    Shown("p95_minutes", "ui.ledger.p95", width=64, decimals=1),
    Shown("gini_minutes", "ui.ledger.gini", width=60, decimals=2),
    Shown("seats_per_pupil", "ui.ledger.within", width=76, decimals=2),
)


def ledger(result: PlanResult, year: int) -> Ledger:
    """Return the ledgers of a plan's year, worked out once."""
    return cast("Ledger", session.shelved(result, f"ledger-{year}", lambda: open_ledger(result, year=year)))


def tabs(lang: Lang) -> str:
    """Draw the tabs; return the one chosen."""
    title = label("ui.ledger.tabs", lang)
    return choose(title, TABS, key="ledger_tab", said=lambda tab: label(f"ui.ledger.tab_{tab}", lang))


def pick_row(book: Ledger, result: PlanResult, *, tab: str, stage: str, lang: Lang) -> Mapping[str, Any] | None:
    """Draw the list of a tab; return the row selected, with where it is."""
    makers = {"resources": _schools, "communities": _communities, "equity": _equity}
    columns = {"resources": _SCHOOLS, "communities": _COMMUNITIES, "equity": _EQUITY}
    frame = makers[tab](book, result, stage, lang)
    known = [column for column in columns[tab] if not frame[column.field].isna().all()]
    return pick(frame, known, key=f"ledger-{tab}-{stage}-{book.year}", lang=lang, height=262)


def _where(frame: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """Add where each row is; a list names only one of the three."""
    return frame.assign(**({"school_id": None, "place_id": None, "township_id": None} | columns))


def _schools(book: Ledger, result: PlanResult, stage: str, lang: Lang) -> pd.DataFrame:
    del result
    parts = book.resources.parts
    mine = book.resources.schools[
        book.resources.schools["school_id"].isin(parts.loc[parts["stage"] == stage, "school_id"])
    ]
    frame = mine.merge(book.targets[["school_id", "target_year"]], on="school_id", how="left")
    # Nearest to passing first; those that pass stand last.
    frame = frame.assign(passed=frame["verdict"].eq("pass"), said=_verdicts(frame["verdict"], lang))
    frame = frame.sort_values(["passed", "distance", "school_id"], ignore_index=True)
    return _where(frame, school_id=frame["school_id"])


def _verdicts(verdicts: pd.Series[str], lang: Lang) -> list[str]:
    return [label(f"ui.ledger.verdict_{verdict}", lang) for verdict in verdicts.tolist()]


def _communities(book: Ledger, result: PlanResult, stage: str, lang: Lang) -> pd.DataFrame:
    del result, stage, lang
    frame = book.communities.balance
    return _where(frame, school_id=frame["lead_school_id"])


def _equity(book: Ledger, result: PlanResult, stage: str, lang: Lang) -> pd.DataFrame:
    bands = [name for name, (taught, _) in BANDS.items() if taught == stage]
    frame = book.equity[(book.equity["group_kind"] == "township_id") & book.equity["band"].isin(bands)]
    names = result.prepared.county.townships.set_index("township_id")["name"]
    frame = frame.assign(name=frame["group"].map(names), said=[label(f"ui.ledger.{b}", lang) for b in frame["band"]])
    frame = frame.sort_values(["share_over_limit", "p95_minutes", "group"], ascending=[False, False, True])
    return _where(frame.reset_index(drop=True), township_id=frame["group"].to_numpy())


# ---- beside the list ---------------------------------------------------------------------------
def sheet(book: Ledger, picked: Mapping[str, Any] | None, *, tab: str, stage: str, lang: Lang) -> str:
    """Return the sheet of the school picked; else how evenly the county is equipped."""
    if tab == "resources" and picked is not None and picked["school_id"] is not None:
        mine = book.resources.indicators[book.resources.indicators["school_id"] == picked["school_id"]]
        title = label("ui.ledger.sheet", lang, school=picked["name"], year=book.year)
        heads = ("indicator", "value", "standard", "gap")
        return _table(title, heads, [_indicator(row, lang) for row in _rows(mine)], lang)
    spread = book.resources.spread[book.resources.spread["stage"] == stage]
    title = label("ui.ledger.spread", lang, stage=label(f"stage.{stage}", lang))
    return _table(title, ("indicator", "mean", "cv", "limit"), [_spread(row, lang) for row in _rows(spread)], lang)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", frame.to_dict("records"))


def _indicator(row: Mapping[str, Any], lang: Lang) -> tuple[str, ...]:
    ratio = 0.0 if np.isnan(row["ratio"]) else min(float(row["ratio"]), 1.5)
    bar = (
        f'<i class="lp-meter{"" if ratio >= 1 else " is-short"}"><u style="width:{round(100 * ratio / 1.5)}%"></u></i>'
    )
    taught = label(f"stage.{row['stage']}", lang)
    name = f"{taught} · {_name(row['indicator'], row['per_pupils'], lang)}"
    gap = number(row["gap"]) if row["gap"] else ""
    unit = label(f"unit.{row['unit']}", lang)
    lacks = escape(label("ui.ledger.lacks", lang, gap=gap, unit=unit)) if gap and gap != DASH else gap
    return escape(name), f"{_short(row['value'])} {bar}", _short(row["standard"]), lacks


def _name(indicator: str, per_pupils: int, lang: Lang) -> str:
    basis = label("ui.ledger.per_pupil" if per_pupils == 1 else "ui.ledger.per_hundred", lang)
    return label("ui.ledger.basis", lang, name=label(f"ui.ledger.{indicator}", lang), basis=basis)


def _short(value: float) -> str:
    return number(value, 0 if abs(value) >= 100 else 2)


def _spread(row: Mapping[str, Any], lang: Lang) -> tuple[str, ...]:
    cv = f"<b>{number(row['cv'], 2)}</b>" if row["verdict"] == "over" else number(row["cv"], 2)
    return escape(label(f"ui.ledger.{row['indicator']}", lang)), _short(row["mean"]), cv, number(row["limit"], 2)


def _table(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]], lang: Lang) -> str:
    head = "".join(
        f"<th>{escape(label(key, lang))}{origins.mark(key, lang) if key in origins.SHOWN else ''}</th>"
        for key in (f"ui.ledger.head_{name}" for name in heads)
    )
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    table = f'<table class="lp-table"><tr>{head}</tr>{body}</table>'
    return f'<section class="lp-card"><h4>{escape(title)}</h4>{table}</section>'


def note(result: PlanResult, lang: Lang) -> None:
    """Say which clause the ledger rests on and where its numbers come from."""
    norm = result.prepared.norms["balance.degree_teachers.primary"]
    dates = result.prepared.county.as_of
    said = label(
        "ui.ledger.source",
        lang,
        clause=clause_name(norm.clause, lang),
        layers=label("ui.ledger.and", lang).join(
            label("ui.origin.layer", lang, layer=layer_name(layer, lang), date=dates.get(layer) or DASH)
            for layer in ("schools", "rooms")
        ),
    )
    st.caption(said + unconfirmed(norm.clause, norm.verified, lang))
