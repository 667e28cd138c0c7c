"""What a site would do, as the cards that stand beside the map and follow the drag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.siting import SiteTrial
from layoutplan.present.symbols import STATUS_COLOURS, class_status_of
from layoutplan.ui.bench import MAX_CANDIDATES, ROOMS, Bench
from layoutplan.ui.cards import number
from layoutplan.ui.planmap.panel import (
    Block,
    Card,
    Change,
    Choice,
    Column,
    Columns,
    Figure,
    Figures,
    Option,
    Row,
    Rows,
    Words,
)

MAX_RELIEF = 6


def changed(before: float, after: float, decimals: int = 0) -> Change:
    """Return a signed change; less is better.

    Examples
    --------
    >>> changed(10, 7)
    Change(text='−3', tone='better')
    """
    if np.isnan(before) or np.isnan(after):
        return Change()
    apart = round(after, decimals) - round(before, decimals)
    if apart == 0:
        return Change("±0", "same")
    return Change(f"{'+' if apart > 0 else '−'}{number(abs(apart), decimals)}", "worse" if apart > 0 else "better")


def tools(bench: Bench, *, can_undo: bool, can_redo: bool, lang: Lang) -> Card:
    """Return the buttons: which candidate, its size, undo and redo."""
    sites = [
        Option(one.site_id, str(at), one.site_id == bench.active, hint=label("ui.site.take", lang, name=at))
        for at, one in enumerate(bench.candidates, start=1)
    ]
    full = len(bench.candidates) >= MAX_CANDIDATES
    sites.append(Option("+", "+", disabled=full, hint=label("ui.site.more", lang)))
    held = bench.in_hand()
    steps = [
        Option("undo", "↶", disabled=not can_undo, hint=label("ui.site.undo", lang)),
        Option("redo", "↷", disabled=not can_redo, hint=label("ui.site.redo", lang)),
        Option("drop", "✕", disabled=held is None, hint=label("ui.site.drop", lang)),
    ]
    step_words = label("ui.site.steps", lang)
    blocks: list[Block] = [Choice("site", label("ui.site.candidate", lang), sites), Choice("step", step_words, steps)]
    if held is not None:
        sizes = [Option(str(rooms), str(rooms), rooms == held.rooms) for rooms in ROOMS]
        blocks.append(Choice("rooms", label("ui.site.rooms", lang), sizes))
    else:
        blocks.append(Words(label("ui.site.empty", lang), dim=True))
    return Card("", blocks, "bare")


def trial(result: PlanResult, tried: SiteTrial, *, stage: str, year: int, lang: Lang) -> list[Card]:
    """Return what a site would do; for a spot that cannot hold one, why."""
    if tried.reason:
        hint = label(f"ui.site.hint_{tried.reason}", lang)
        return [Card(label(f"reason.{tried.reason}", lang), [Words(hint)], "bad")]
    return [_load(result, tried, stage, year, lang), _relief(result, tried, lang), _ways(tried, lang)]


def _load(result: PlanResult, tried: SiteTrial, stage: str, year: int, lang: Lang) -> Card:
    load = {name: tried.load[name].to_numpy() for name in ("year", "pupils", "classes", "class_size")}
    norms = result.prepared.norms
    looks = class_status_of(load["class_size"].astype(float), norms.value(f"class_size.{stage}"), norms=norms)
    most = max(float(load["pupils"].max()), 1.0)
    pupils_unit = label("unit.pupils", lang)
    bars = [
        Column(f"{int(at) % 100:02d}", float(count) / most, STATUS_COLOURS[look], int(at) == year,
               f"{int(at)}: {number(count)} {pupils_unit}")
        for at, count, look in zip(load["year"], load["pupils"], looks, strict=True)
    ]  # fmt: skip
    now = load["year"].tolist().index(year)
    figures = [
        Figure("pupils", number(load["pupils"][now]), pupils_unit, label("ui.site.pupils", lang)),
        Figure("classes", number(load["classes"][now]), label("unit.classes", lang), label("ui.site.classes", lang)),
        Figure("size", number(load["class_size"][now], 1), label("unit.pupils/class", lang),
               label(f"status.{looks[now]}", lang)),
    ]  # fmt: skip
    return Card(label("ui.site.load", lang, year=year), [Figures(figures), Columns(bars)])


def _names(result: PlanResult) -> Mapping[str, str]:
    schools = result.roster.schools
    return dict(zip(schools["school_id"].tolist(), schools["name"].tolist(), strict=True))


def _relief(result: PlanResult, tried: SiteTrial, lang: Lang) -> Card:
    names = _names(result)
    ids = tried.relief["school_id"].tolist()
    before, after, seats = (tried.relief[name].to_numpy(float) for name in ("pupils_before", "pupils_after", "seats"))
    most = max(float((before - after).max()), 1.0) if len(ids) else 1.0
    rows = [
        _relief_row(names[ids[at]], (before[at], after[at], seats[at]), most, lang)
        for at in range(min(len(ids), MAX_RELIEF))
    ]
    blocks: list[Block] = [Rows(rows)] if rows else [Words(label("ui.site.no_relief", lang), dim=True)]
    if len(ids) > len(rows):
        blocks.append(Words(label("ui.site.more_schools", lang, count=len(ids) - len(rows)), dim=True))
    return Card(label("ui.site.relief", lang), blocks)


def _relief_row(name: str, pupils: tuple[float, float, float], most: float, lang: Lang) -> Row:
    before, after, seats = pupils
    hint = label("ui.site.relief_hint", lang, before=number(before), after=number(after), seats=number(seats))
    text = f"{number(before)} → {number(after)}"
    return Row(name, text, changed(before, after), float(before - after) / most, hint)


def _ways(tried: SiteTrial, lang: Lang) -> Card:
    before, after = tried.minutes_before, tried.minutes_after
    served = len(set(tried.places["place_id"].tolist()))
    minutes = f"{number(before, 1)} → {number(after, 1)} {label('unit.min', lang)}"
    rows = [
        Row(label("ui.site.minutes", lang), minutes, changed(before, after, 1)),
        Row(label("ui.site.places", lang), f"{number(served)} {label('unit.places', lang)}"),
        Row(label("ui.site.gap", lang), f"{number(tried.gap_m)} {label('unit.m', lang)}"),
    ]
    return Card(label("ui.site.ways", lang), [Rows(rows)])


def weighed(trials: Sequence[SiteTrial], *, active: str, year: int, lang: Lang) -> list[Card]:
    """Return the candidates side by side in the year looked at; nothing for fewer than two."""
    if len(trials) < 2:
        return []
    rows = [_weighed_row(at, one, one.site_id == active, year, lang) for at, one in enumerate(trials, start=1)]
    return [Card(label("ui.site.weighed", lang), [Rows(rows)])]


def _weighed_row(at: int, tried: SiteTrial, active: bool, year: int, lang: Lang) -> Row:
    name = f"{'▸ ' if active else ''}{label('ui.site.nth', lang, name=at)}"
    if tried.reason:
        return Row(name, label(f"reason.{tried.reason}", lang))
    now = tried.load["year"].tolist().index(year)
    pupils, size = float(tried.load["pupils"].iloc[now]), float(tried.load["class_size"].iloc[now])
    text = label("ui.site.weighed_row", lang, pupils=number(pupils), size=number(size, 1))
    return Row(name, text, changed(tried.minutes_before, tried.minutes_after, 1))
