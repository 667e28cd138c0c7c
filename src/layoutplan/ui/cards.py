"""Cards of the pages as HTML. Every word and name goes through ``escape``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from layoutplan.labels import Lang, both, label
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.scenario import Scenario
from layoutplan.plan.siting import SiteTrial
from layoutplan.present.headlines import Headline, headlines
from layoutplan.present.symbols import CATCHMENT_COLOURS, RING_COLOURS, STATUS_COLOURS, STATUSES, class_statuses

DASH = "—"
MAX_RELIEF = 6


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
    heads = "".join(f"<span>{year}</span>" for year in years)
    head = f'<div class="lp-tile-years"><span></span>{heads}</div>'
    return f'<section class="lp-tile" title="{hint}"><h4>{title}</h4>{head}{rows}</section>'


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
    confirmed = "" if picked["verified"] else f" · {label('ui.findings.unverified', lang)}"
    clause = label("ui.findings.clause_is", lang, clause=picked["clause"]) + confirmed
    body = f'<p>{escape(numbers)}</p><p class="lp-dim">{escape(clause)}</p>'
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


# ---- trial of a site ---------------------------------------------------------------------
def trial(result: PlanResult, tried: SiteTrial, *, stage: str, year: int, lang: Lang) -> str:
    """Return what a site would do, as cards."""
    if tried.reason:
        return _refused(tried, lang)
    parts = (_load(result, tried, stage, year, lang), _relief(result, tried, lang), _ways(tried, lang))
    return f'<div class="lp-trial" data-site-cells="{len(tried.cells)}">{"".join(parts)}</div>'


def _refused(tried: SiteTrial, lang: Lang) -> str:
    reason, hint = label(f"reason.{tried.reason}", lang), label(f"ui.site.hint_{tried.reason}", lang)
    card = f'<section class="lp-card lp-bad"><h4>{escape(reason)}</h4><p>{escape(hint)}</p></section>'
    return f'<div class="lp-trial" data-site-cells="0">{card}</div>'


def _load(result: PlanResult, tried: SiteTrial, stage: str, year: int, lang: Lang) -> str:
    load = tried.load
    stages = pd.Series(stage, index=load.index, dtype="str")
    looks = class_statuses(load["class_size"], stages, norms=result.prepared.norms).tolist()
    years, pupils = load["year"].tolist(), load["pupils"].tolist()
    most = max(*pupils, 1.0)
    bars = "".join(
        _bar_of_year(at, count / most, STATUS_COLOURS[look], chosen=at == year)
        for at, count, look in zip(years, pupils, looks, strict=True)
    )
    now = years.index(year)
    classes, size = load["classes"].iloc[now], load["class_size"].iloc[now]
    figures = (
        _figure(number(pupils[now]), label("unit.pupils", lang), label("ui.site.pupils", lang), "pupils")
        + _figure(number(classes), label("unit.classes", lang), label("ui.site.classes", lang), "classes")
        + _figure(number(size, 1), label("unit.pupils/class", lang), label(f"status.{looks[now]}", lang), "size")
    )
    title = label("ui.site.load", lang, year=year)
    return (
        f'<section class="lp-card"><h4>{escape(title)}</h4><div class="lp-figures">{figures}</div>'
        f'<div class="lp-years">{bars}</div></section>'
    )


def _figure(value: str, unit: str, words: str, name: str) -> str:
    return (
        f'<div class="lp-figure"><b data-figure="{name}">{value}</b><span>{escape(unit)}</span>'
        f'<em class="lp-dim">{escape(words)}</em></div>'
    )


def _bar_of_year(year: int, share: float, colour: str, *, chosen: bool) -> str:
    height = max(round(34 * share), 1)
    mark = ' class="is-chosen"' if chosen else ""
    return f'<div{mark}><i style="height:{height}px;background:{colour}"></i><span>{year % 100:02d}</span></div>'


def _relief(result: PlanResult, tried: SiteTrial, lang: Lang) -> str:
    schools = result.roster.schools
    names = dict(zip(schools["school_id"], schools["name"], strict=True))
    shown = tried.relief.head(MAX_RELIEF)
    most = max(float((shown["pupils_before"] - shown["pupils_after"]).max()), 1.0) if len(shown) else 1.0
    rows = "".join(_relief_row(names[row.school_id], row, most, lang) for row in shown.itertuples())
    left = len(tried.relief) - len(shown)
    more = f'<p class="lp-dim">{escape(label("ui.site.more_schools", lang, count=left))}</p>' if left else ""
    none = f'<p class="lp-dim">{escape(label("ui.site.no_relief", lang))}</p>' if not len(shown) else ""
    return f'<section class="lp-card"><h4>{escape(label("ui.site.relief", lang))}</h4>{rows}{more}{none}</section>'


def _relief_row(name: str, row: object, most: float, lang: Lang) -> str:
    before, after, seats = (float(getattr(row, field)) for field in ("pupils_before", "pupils_after", "seats"))
    width = max(round(100 * (before - after) / most), 1)
    hint = label("ui.site.relief_hint", lang, before=number(before), after=number(after), seats=number(seats))
    return (
        f'<div class="lp-relief" title="{escape(hint)}"><span>{escape(name)}</span>'
        f'<i><u style="width:{width}%"></u></i>'
        f"<em>{number(before)} → {number(after)}</em>{change(before, after)}</div>"
    )


def _ways(tried: SiteTrial, lang: Lang) -> str:
    before, after = tried.minutes_before, tried.minutes_after
    served = tried.places["place_id"].nunique()
    rows = (
        (label("ui.site.minutes", lang), f"{number(before, 1)} → {number(after, 1)} {label('unit.min', lang)}",
         change(before, after, 1)),
        (label("ui.site.places", lang), f"{number(served)} {label('unit.places', lang)}", ""),
        (label("ui.site.gap", lang), f"{number(tried.gap_m)} {label('unit.m', lang)}", ""),
    )  # fmt: skip
    lines = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td><td>{moved}</td></tr>" for name, value, moved in rows
    )
    title = escape(label("ui.site.ways", lang))
    return f'<section class="lp-card"><h4>{title}</h4><table class="lp-rows">{lines}</table></section>'
