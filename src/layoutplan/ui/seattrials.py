"""What a site would do where seats bind: the drag solves the whole stage anew, and the cards say so."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import cast

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.seatlab import SeatLab, SeatTrial, open_seat_lab, try_seats
from layoutplan.ui import objects, session
from layoutplan.ui.bench import Candidate
from layoutplan.ui.cards import number
from layoutplan.ui.planmap.panel import Block, Card, Figure, Figures, Row, Rows, Words
from layoutplan.ui.trialcards import MAX_RELIEF, changed


@dataclass(frozen=True, eq=False)
class _Desk:
    """A lab whose model is kept warm: one trial at a time, whoever drags."""

    lab: SeatLab
    turn: threading.Lock


def binds(result: PlanResult) -> bool:
    """Whether the drag solves for seats: under the rule within seats, villages split, nothing kept together."""
    policy = result.scenario.policy
    whole = policy.villages != "split" or bool(policy.together) or policy.boundary != "none"
    return policy.assignment == "capacity" and not whole


def try_one(result: PlanResult, one: Candidate, *, stage: str, year: int) -> SeatTrial:
    """Return what a candidate does within the seats."""

    def make() -> _Desk:
        return _Desk(open_seat_lab(result, stage=stage, year=year, rooms=one.rooms), threading.Lock())

    desk = cast("_Desk", session.shelved(result, f"seats-{stage}-{year}-{one.rooms}", make))
    with desk.turn:
        return try_seats(desk.lab, one.east_m, one.north_m)


def note(result: PlanResult, lang: Lang) -> Card | None:
    """Return what the other cards do not say under this rule; nothing under ``nearest``."""
    rule = result.scenario.policy.assignment
    if rule == "nearest":
        return None
    key = "zoned" if rule == "zoned" else "seats" if binds(result) else "whole"
    return Card("", [Words(label(f"ui.seats.note_{key}", lang), dim=True)])


def cards(result: PlanResult, tried: SeatTrial, lang: Lang) -> list[Card]:
    """Return the cards of a trial within the seats."""
    if tried.reason:
        return []
    unit = label("unit.pupils", lang)
    left = (tried.unplaced_before, tried.unplaced_after)
    ways = (tried.pupil_minutes_before / 60.0, tried.pupil_minutes_after / 60.0)
    rows = [
        Row(label("ui.seats.unplaced", lang), f"{number(left[0])} → {number(left[1])} {unit}", changed(*left)),
        Row(label("ui.seats.all_ways", lang), f"{number(ways[0])} → {number(ways[1])}", changed(*ways)),
    ]
    figures = Figures([Figure("seat_pupils", number(tried.pupils), unit, label("ui.seats.given", lang))])
    return [Card(label("ui.seats.title", lang), [figures, Rows(rows)]), _relief(result, tried, lang)]


def _relief(result: PlanResult, tried: SeatTrial, lang: Lang) -> Card:
    names = objects.names_of(result)
    shown = tried.relief.head(MAX_RELIEF)
    most = max(float((tried.relief["pupils_before"] - tried.relief["pupils_after"]).max()), 1.0) if len(shown) else 1.0
    rows = []
    for row in shown.to_dict("records"):
        before, after = float(row["pupils_before"]), float(row["pupils_after"])
        hint = label(
            "ui.site.relief_hint", lang, before=number(before), after=number(after), seats=number(row["seats"])
        )
        text = f"{number(before)} → {number(after)}"
        share = max((before - after) / most, 0.0)
        rows.append(Row(names[str(row["school_id"])], text, changed(before, after), share, hint))
    blocks: list[Block] = [Rows(rows)] if rows else [Words(label("ui.site.no_relief", lang), dim=True)]
    hidden = len(tried.relief) - len(shown)
    if hidden:
        blocks.append(Words(label("ui.site.more_schools", lang, count=hidden), dim=True))
    return Card(label("ui.seats.relief", lang), blocks)
