"""Whether a school can stand where a pin is held: why not, and the nearest spot where it can."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import cast

import numpy as np

from layoutplan.labels import Lang, label
from layoutplan.plan.masks import SiteMask, Spot
from layoutplan.plan.planning import PlanResult
from layoutplan.ui.bench import Candidate
from layoutplan.ui.cards import number
from layoutplan.ui.planmap.panel import Block, Card, Choice, Option, Words

_WAYS = ("e", "ne", "n", "nw", "w", "sw", "s", "se")
GO = "spot"


_KEPT = 4
# By the ground they were made of, which each mask keeps alive; plans that build no road share one.
_MASKS: OrderedDict[int, SiteMask] = OrderedDict()
_TURN = threading.Lock()


def mask_of(result: PlanResult, year: int) -> SiteMask:
    """Return where schools can stand in a year; the roads of the year count.

    The slopes and the grid of good spots take some seconds; they are begun behind the page, so that they
    are there when a pin is first dragged over bad ground.
    """
    ground = result.ground(year)
    with _TURN:
        if id(ground) not in _MASKS:
            _MASKS[id(ground)] = mask = SiteMask(ground)
            threading.Thread(target=lambda: mask.good, name="mask", daemon=True).start()
            while len(_MASKS) > _KEPT:
                _MASKS.popitem(last=False)
        return _MASKS[id(ground)]


def judge(result: PlanResult, one: Candidate, year: int) -> Spot:
    """Return what the masks say of the spot a candidate stands on."""
    return mask_of(result, year).check(one.east_m, one.north_m)


def card(spot: Spot, lang: Lang) -> Card | None:
    """Return why a school cannot stand here and a button to the nearest spot where it can; None where it can.

    Parameters
    ----------
    spot : Spot
        The spot the pin is on.
    lang : {"zh", "en"}
        Language.
    """
    if not spot.reason:
        if not spot.is_steepish:
            return None
        return Card("", [Words(label("ui.spot.steepish", lang, slope=f"{spot.slope:.0%}"), dim=True)])
    blocks: list[Block] = [Words(_why(spot, lang))]
    if spot.nearest is not None:
        where = label(f"ui.spot.way_{_way(spot)}", lang)
        blocks.append(Words(label("ui.spot.nearest", lang, way=where, metres=number(round(spot.nearest_m, -1)))))
        blocks.append(Choice(GO, "", [Option("go", label("ui.spot.go", lang))]))
    else:
        blocks.append(Words(label("ui.spot.none", lang), dim=True))
    return Card(label(f"reason.{spot.reason}", lang), blocks, "bad")


def _why(spot: Spot, lang: Lang) -> str:
    if spot.reason == "too_steep":
        return label("ui.spot.slope", lang, slope=f"{spot.slope:.0%}")
    if spot.reason == "no_road":
        return label("ui.spot.road", lang, metres=number(spot.road_m))
    return label(f"ui.spot.{spot.reason}", lang)


def _way(spot: Spot) -> str:
    east, north = cast("tuple[float, float]", spot.nearest)
    turn = np.arctan2(north - spot.north_m, east - spot.east_m)
    return _WAYS[int(np.round(turn / (np.pi / 4))) % len(_WAYS)]
