"""Where seats do not suffice, both sides of it: whose pupils compete, for which seats; and how near home pupils are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any, cast

import numpy as np
import pandas as pd
import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.seats.assignment import assign
from layoutplan.seats.clashes import Clash, Clashes, find_clashes
from layoutplan.seats.zones import zone_rates
from layoutplan.ui import mapdata, objects, session
from layoutplan.ui.cards import number
from layoutplan.ui.listing import Shown, pick
from layoutplan.ui.planmap import Scene

_COLUMNS = (
    Shown("places", "ui.scarcity.places", "text", 170),
    Shown("pupils", "ui.scarcity.pupils", width=74),
    Shown("schools", "ui.scarcity.schools", "text", 170),
    Shown("seats", "ui.scarcity.seats", width=64),
    Shown("short", "ui.scarcity.short", width=58),
)
_NAMES_SHOWN = 6


def clashes_of(result: PlanResult, *, stage: str, year: int) -> Clashes | None:
    """Return whose pupils compete for too few seats, worked out once; None under a rule that does not count seats."""
    if result.scenario.policy.assignment != "capacity":
        return None

    def make() -> Clashes:
        return find_clashes(result.demand, objects.rules_of(result, year), stage=stage, year=year)

    return cast("Clashes", session.shelved(result, f"clashes-{stage}-{year}", make))


def pick_clash(found: Clashes | None, result: PlanResult, *, lang: Lang) -> Clash | None:
    """Draw the clashes, each with both its sides; return the one selected."""
    if found is None:
        st.caption(label("ui.scarcity.only_capacity", lang))
        return None
    if not found.groups:
        st.caption(label("ui.scarcity.none", lang))
        return None
    names = objects.names_of(result)
    rows = pd.DataFrame({
        "places": [_listed(one.place_ids, names, lang) for one in found.groups],
        "pupils": [one.pupils for one in found.groups],
        "schools": [_listed(one.school_ids, names, lang) for one in found.groups],
        "seats": [one.seats for one in found.groups], "short": [one.short for one in found.groups],
        "at": range(len(found.groups)),
    })  # fmt: skip
    picked = pick(rows, _COLUMNS, key="clashes", lang=lang, height=130)
    return None if picked is None else found.groups[int(picked["at"])]


def _listed(ids: tuple[str, ...], names: Mapping[str, str], lang: Lang) -> str:
    shown = label("ui.scarcity.comma", lang).join(names[one] for one in ids[:_NAMES_SHOWN])
    hidden = len(ids) - _NAMES_SHOWN
    return label("ui.scarcity.more", lang, shown=shown, count=hidden) if hidden > 0 else shown or "-"


def told(found: Clashes | None, result: PlanResult, *, stage: str, year: int, lang: Lang) -> str:
    """Return as a card what would free seats, and who is without one for want of a way."""
    if found is None:
        return ""
    left = result.assignment.unplaced
    mine = left[(left["year"] == year) & (left["stage"] == stage)]
    lines = found.say(lang)[len(found.groups) :]
    for reason, pupils in mine.groupby("reason")["pupils"].sum().items():
        why = label(f"reason.{reason}", lang)
        lines.append(label("ui.scarcity.without", lang, pupils=number(pupils), reason=why))
    if not lines:
        return ""
    said = "".join(f"<li>{escape(line)}</li>" for line in lines)
    title = escape(label("ui.scarcity.title", lang, stage=label(f"stage.{stage}", lang), year=year))
    return f'<section class="lp-card"><h4>{title}</h4><ul class="lp-plain">{said}</ul></section>'


def on_map(scene: Scene, clash: Clash | None, result: PlanResult, *, year: int, lang: Lang) -> Scene:
    """Return the scene with both sides of a clash: a line from every place to the schools, and a look at them."""
    if clash is None:
        return scene
    degrees = session.degrees(result)
    homes = result.prepared.county.places.set_index("place_id").geometry
    schools = result.roster.schools.set_index("school_id").geometry
    ends = {one: degrees.of(schools[one].x, schools[one].y) for one in clash.school_ids}
    starts = [homes[one].representative_point() for one in clash.place_ids]
    spots = [degrees.of(point.x, point.y) for point in starts]
    lines = [{"points": [list(spot), list(end)], "weight": 1.2} for spot in spots for end in ends.values()]
    every = np.array([*spots, *ends.values()])
    order = {one: at for at, one in enumerate(mapdata.schools_in_order(result)["school_id"].tolist())}
    rest = session.school_paint(result, year=year, lang=lang).full["cls"]
    marked: dict[int, list[int]] = {}
    for one in clash.school_ids:
        at = order[one]
        marked.setdefault(rest[at] + rest[at] % 2, []).append(at)
    seq = "clash|" + "|".join(clash.place_ids[:3])
    focus = {"seq": seq, "bounds": [every.min(axis=0).tolist(), every.max(axis=0).tolist()]}
    sketch = {"polygons": [], "style": {"color": "#b8430a", "opacity": 0.8}, "lines": lines}
    return replace(scene, changes={**scene.changes, "schools": marked}, sketch=sketch, focus=focus, selected=None)


def draw(result: PlanResult, *, stage: str, year: int, lang: Lang) -> None:
    """Draw under the map what would free seats, and the rates near home."""
    found = clashes_of(result, stage=stage, year=year)
    parts = [
        told(found, result, stage=stage, year=year, lang=lang),
        rates_card(result, stage=stage, year=year, lang=lang),
    ]
    shown = [part for part in parts if part]
    for column, part in zip(st.columns(2), shown, strict=False):
        column.html(part)


# ---- near home ---------------------------------------------------------------------------------
def rates_of(result: PlanResult) -> pd.DataFrame | None:
    """Return the two rates of admission near home by year and stage, worked out once; None without zones."""
    county = result.prepared.county
    if not len(county.zones):
        return None

    def make() -> pd.DataFrame:
        by_way = result.assignment
        if result.scenario.policy.assignment != "nearest":
            by_way = assign(result.demand, result.ways, roster=result.roster)
        return zone_rates(result.assignment, county, result.roster, nearest=by_way)

    return cast("pd.DataFrame", session.shelved(result, "zone-rates", make))


def rates_card(result: PlanResult, *, stage: str, year: int, lang: Lang) -> str:
    """Return the rates of a stage and year as a card, empty where the county has no zones."""
    rates = rates_of(result)
    if rates is None:
        return ""
    mine = rates[(rates["stage"] == stage) & (rates["year"] == year)]
    if mine.empty:
        return ""
    row: dict[str, Any] = {str(name): value for name, value in mine.iloc[0].to_dict().items()}
    items = "".join(
        f'<div class="lp-figure"><b>{_percent(float(row[name]))}</b>'
        f'<em class="lp-dim">{escape(label(f"ui.scarcity.{name}", lang))}</em></div>'
        for name in ("in_zone", "at_nearest")
    )
    title = label("ui.scarcity.rates", lang, stage=label(f"stage.{stage}", lang), year=year)
    about = label("ui.scarcity.rates_about", lang, pupils=number(float(row["pupils"])))
    return (
        f'<section class="lp-card"><h4>{escape(title)}</h4><div class="lp-figures">{items}</div>'
        f'<p class="lp-dim">{escape(about)}</p></section>'
    )


def _percent(share: float) -> str:
    return "—" if np.isnan(share) else f"{share:.1%}"
