"""Cards of the pages as HTML. Every word and name goes through ``escape``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from layoutplan.labels import Lang, both, label
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.scenario import Scenario
from layoutplan.present.headlines import Headline, headlines
from layoutplan.present.symbols import CATCHMENT_COLOURS, RING_COLOURS, STATUS_COLOURS, STATUSES
from layoutplan.ui import charts, origins
from layoutplan.ui.names import DASH, clause_name, unconfirmed


def number(value: float | None, decimals: int = 0) -> str:
    """Return a number with thousands separators; a missing one is a dash.

    Examples
    --------
    >>> number(12345.6), number(None), number(-0.2)
    ('12,346', '—', '0')
    """
    if value is None or np.isnan(value):
        return DASH
    text = f"{value:,.{decimals}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def _plain(value: float) -> str:
    """Return a number with one decimal, or none where it is whole."""
    return number(value, 0 if float(value).is_integer() else 1)


def change(before: float | None, after: float | None, decimals: int = 0) -> str:
    """Return the signed change as HTML: blue where less is better, vermilion where it grew."""
    if before is None or after is None or np.isnan(before) or np.isnan(after):
        return ""
    apart = round(after, decimals) - round(before, decimals)
    if apart == 0:
        return '<i class="lp-same">±0</i>'
    sign = "+" if apart > 0 else "−"
    return f'<i class="{"lp-worse" if apart > 0 else "lp-better"}">{sign}{number(abs(apart), decimals)}</i>'


def brand(result: PlanResult, lang: Lang) -> str:
    """Return the head of every page: county, scenario, stamp."""
    county = result.prepared.county
    stamp = f'<span class="lp-stamp">{escape(label("ui.synthetic", lang))}</span>' if county.synthetic else ""
    name = county.name if lang == "zh" else county.name_en
    plan = f'<span class="lp-dim">{escape(name_of(result.scenario, lang))}</span>'
    return f'<div class="lp-brand"><b>{escape(name)}</b>{plan}{stamp}</div>'


def name_of(scenario: Scenario, lang: Lang) -> str:
    """Return what a scenario is called; the one every session starts with has a name in each language."""
    own = scenario.name in both("ui.scenario.mine").values()
    return label("ui.scenario.mine", lang) if own else scenario.name


def clause_of(clause: str, verified: bool, lang: Lang) -> str:
    """Return the clause a number is held to, and that the bureau has to confirm it where nobody has read it.

    Examples
    --------
    >>> clause_of("GB 50099-2011 5.2", True, "en"), clause_of("guide", False, "en")
    ('Clause: GB 50099-2011 5.2', 'Clause: guide value, no binding text found; the bureau decides')
    """
    told = label("ui.findings.clause_is", lang, clause=clause_name(clause, lang))
    return told + unconfirmed(clause, verified, lang)


def problem_list(lines: Iterable[str]) -> str:
    """Return problems as a list."""
    return f'<ul class="lp-problems">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>'


# ---- overview ----------------------------------------------------------------------------
def tiles(result: PlanResult, *, goal_year: int, lang: Lang) -> str:
    """Return the headline tiles: base year, goal year, change."""
    base_year = result.prepared.county.base_year
    by_key = {headline.key: headline for headline in headlines(result)}
    groups = [
        ("large_classes",), ("over_size",), ("seat_gap_primary", "seat_gap_junior"),
        ("shell_candidates",), ("over_limit",),
    ]  # fmt: skip
    years = (base_year, goal_year)
    return (
        f'<div class="lp-tiles">{"".join(_tile([by_key[key] for key in keys], years, lang) for keys in groups)}</div>'
    )


def _tile(parts: Sequence[Headline], years: tuple[int, int], lang: Lang) -> str:
    key = "seat_gap" if len(parts) > 1 else parts[0].key
    rows = "".join(_tile_row(part, years, lang, named=len(parts) > 1) for part in parts)
    title, hint = escape(label(f"ui.tile.{key}", lang)), escape(label(f"ui.tile_hint.{key}", lang))
    how = origins.mark(f"ui.tile.{key}", lang)
    heads = "".join(f"<span>{year}</span>" for year in years)
    head = f'<div class="lp-tile-years"><span></span>{heads}</div>'
    lines = [part.values for part in parts]
    drawn = charts.picture(charts.spark(lines, chosen=years[1]), label("ui.tile_spark", lang)) if _moves(lines) else ""
    return f'<section class="lp-tile" title="{hint}"><h4>{title}{how}</h4>{head}{rows}{drawn}</section>'


def _moves(lines: Sequence[Mapping[int, float]]) -> bool:
    return any(len(line) > 1 for line in lines)


def _tile_row(part: Headline, years: tuple[int, int], lang: Lang, *, named: bool) -> str:
    now, goal = (part.values.get(year) for year in years)
    name = label(f"stage.{part.key.rsplit('_', 1)[-1]}", lang) if named else label(f"unit.{part.unit}", lang)
    return (
        f'<div class="lp-tile-row"><span class="lp-dim">{escape(name)}</span><b>{number(now)}</b>'
        f"<b>{number(goal)}</b>{change(now, goal)}</div>"
    )


def finding(picked: Mapping[str, Any] | None, lang: Lang) -> str:
    """Return one finding with its numbers and its clause, or how to get there."""
    if picked is None:
        return f'<section class="lp-card lp-dim">{escape(label("ui.findings.how", lang))}</section>'
    unit = label(f"unit.{picked['unit']}", lang) if picked["unit"] else ""
    numbers = label(
        "ui.findings.numbers", lang, measured=_plain(picked["measured"]), limit=_plain(picked["limit"]), unit=unit
    )
    clause = clause_of(picked["clause"], picked["verified"], lang)
    advice = picked.get(f"recommendation_{lang}") or ""
    body = f'<p>{escape(numbers)}</p><p>{escape(advice)}</p><p class="lp-dim">{escape(clause)}</p>'
    return f'<section class="lp-card"><h4>{escape(picked[f"text_{lang}"])}</h4>{body}</section>'


def legend(lang: Lang) -> str:
    """Return the signs of the map."""
    statuses = "".join(_swatch(STATUS_COLOURS[name], label(f"ui.legend.class_{name}", lang)) for name in STATUSES[1:])
    ring = (
        f'<span class="lp-key"><i class="lp-dot" style="background:#fff;border:3px solid {RING_COLOURS["over"]}"></i>'
    )
    kinds = "".join(
        f'<span class="lp-key"><i class="lp-sign lp-{kind}"></i>{escape(label(f"kind.{kind}", lang))}</span>'
        for kind in ("teaching_point", "primary", "junior", "nine_year", "special")
    )
    roof = f'<span class="lp-key"><i class="lp-roof">⌃</i>{escape(label("ui.legend.boarding", lang))}</span>'
    resettled = label("place_kind.resettlement", lang)
    hues = "".join(f'<i class="lp-hue" style="background:{colour}"></i>' for colour in CATCHMENT_COLOURS)
    return (
        f'<div class="lp-legend"><b>{escape(label("ui.legend.class_size", lang))}</b>{statuses}'
        f"{ring}{escape(label('ui.legend.school_over', lang))}</span>"
        f'<span class="lp-key"><i class="lp-dot lp-vacant">×</i>{escape(label("status.vacant", lang))}</span>'
        f"<b>{escape(label('ui.legend.shape', lang))}</b>{kinds}{roof}"
        f'<span class="lp-key"><i class="lp-dot lp-resettled"></i>{escape(resettled)}</span>'
        f'<span class="lp-key">{hues}{escape(label("ui.legend.ground", lang))}</span></div>'
    )


def _swatch(colour: str, words: str) -> str:
    return f'<span class="lp-key"><i class="lp-dot" style="background:{colour}"></i>{escape(words)}</span>'
