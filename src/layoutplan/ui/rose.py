"""Whether a layer lies shifted against the roads, as a rose and in words, and what to declare."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import cast

import geopandas as gpd
import numpy as np
import streamlit as st

from layoutplan.access.offsets import RINGS_M, SECTORS, Offsets, layer_offsets
from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.ui import charts, intake, session, welcome
from layoutplan.ui.choices import choose
from layoutplan.ui.names import layer_name

LAYERS = ("schools", "residential", "resettlement")
_RINGS = ("to_50", "to_150", "to_300", "beyond")
_COLOURS = ("#56b4e9", "#f0e442", "#e69f00", "#8c2d04")
_SIDE, _RADIUS = 190, 74.0
_WAYS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")


def offsets_of(result: PlanResult, layer: str) -> Offsets:
    """Return how a layer lies to the roads, worked out once."""

    def make() -> Offsets:
        return layer_offsets(result.prepared.network, _spots(result, layer))

    return cast("Offsets", session.shelved(result, f"offsets-{layer}", make))


def _spots(result: PlanResult, layer: str) -> gpd.GeoSeries:
    county = result.prepared.county
    if layer == "schools":
        return gpd.GeoSeries(county.schools.geometry)
    resettled = county.places["kind"].eq("resettlement")
    mine = county.places[resettled if layer == "resettlement" else ~resettled]
    return gpd.GeoSeries(mine.geometry.representative_point())


def shifted(result: PlanResult) -> list[str]:
    """Return the layers in which a common shift is believed."""
    return [layer for layer in LAYERS if offsets_of(result, layer).shift_m != (0.0, 0.0)]


def draw(result: PlanResult, lang: Lang) -> None:
    """Draw the rose of a layer, at first of one that is shifted, with what it says and what to do."""
    known = [layer for layer in LAYERS if len(_spots(result, layer))]
    if not known:
        return
    known.sort(key=lambda layer: layer not in shifted(result))
    if st.session_state.get("kept_rose_layer") not in known:
        st.session_state.pop("kept_rose_layer", None)  # of another county
        st.session_state.pop("rose_layer", None)
    layer = choose(label("ui.rose.layers", lang), known, key="rose_layer", said=lambda one: layer_name(one, lang))
    offsets = offsets_of(result, layer)
    st.html(card(offsets, layer, lang))
    web = offsets.cause
    if web in ("GCJ-02", "BD-09") and _is_own():
        st.button(
            label("ui.rose.declare", lang, web=web), key="rose_declare", on_click=_declare, args=(layer, str(web))
        )  # fmt: skip


def _is_own() -> bool:
    folder = welcome.uploaded()
    return folder is not None and folder == session.county_folder()


def _declare(layer: str, web: str) -> None:
    folder = welcome.uploaded()
    if folder is not None:
        intake.amend_manifest(folder, {layer: {"crs": web}})


def card(offsets: Offsets, layer: str, lang: Lang) -> str:
    """Return the rose and what it says as a card."""
    title = label("ui.rose.title", lang, layer=layer_name(layer, lang))
    said = "".join(f"<p>{escape(line)}</p>" for line in explained(offsets, layer, lang))
    keys = "".join(
        f'<span class="lp-key"><i class="lp-hue" style="background:{colour};margin:0"></i>'
        f"{escape(label(f'ui.rose.{name}', lang))}</span>"
        for name, colour in zip(_RINGS, _COLOURS, strict=True)
    )
    drawn = charts.picture(rose(offsets), title)
    return (
        f'<section class="lp-card"><h4>{escape(title)}</h4><div class="lp-rose">{drawn}'
        f'<div>{said}<div class="lp-legend">{keys}</div></div></div></section>'
    )


def explained(offsets: Offsets, layer: str, lang: Lang) -> list[str]:
    """Return in words what the rose says and what to declare.

    Parameters
    ----------
    offsets : Offsets
        Of the layer.
    layer : str
        Name of the layer in ``county.toml``.
    lang : {"zh", "en"}
        Language.
    """
    cause = offsets.cause
    if cause in ("few", "none", "far"):
        return [label(f"ui.rose.{cause}", lang, count=offsets.count, median=f"{offsets.median_m:.0f}")]
    east_m, north_m = offsets.shift_m
    told = [
        label(
            "ui.rose.moved", lang, way=label(f"ui.spot.way_{way_of(east_m, north_m)}", lang),
            metres=f"{np.hypot(east_m, north_m):.0f}", share=f"{offsets.nearer:.0%}",
            median=f"{offsets.median_m:.0f}", after=f"{offsets.shifted_median_m:.0f}",
        )
    ]  # fmt: skip
    if cause == "other":
        return [*told, label("ui.rose.other", lang)]
    web = cause.removeprefix("roads ")
    expected = f"{np.hypot(*offsets.expected_m[web]):.0f}"
    key = "roads_are" if cause.startswith("roads ") else "layer_is"
    return [*told, label(f"ui.rose.{key}", lang, web=web, expected=expected, layer=layer)]


def way_of(east_m: float, north_m: float) -> str:
    """Return the direction of a shift, one of eight.

    Examples
    --------
    >>> way_of(356, -30), way_of(-50, 50)
    ('e', 'nw')
    """
    return _WAYS[round(np.degrees(np.arctan2(east_m, north_m)) / 45.0) % 8]


def rose(offsets: Offsets) -> str:
    """Return the rose as SVG: a petal a direction, as long as its share of the points, coloured by distance."""
    middle = _SIDE / 2
    most = max(int(offsets.rose.sum(axis=1).max()), 1)
    parts = [f'<circle cx="{middle}" cy="{middle}" r="{_RADIUS}" fill="none" stroke="#8d8675" stroke-width=".8"/>']
    for sector in range(SECTORS):
        reached = 0.0
        for ring in range(len(RINGS_M)):
            count = int(offsets.rose[sector, ring])
            if count:
                outer = reached + _RADIUS * count / most
                parts.append(_petal(sector, reached, outer, _COLOURS[ring]))
                reached = outer
    east_m, north_m = offsets.shift_m
    if east_m or north_m:
        parts.append(_arrow(east_m, north_m))
    for letter, (across, down) in zip("NESW", ((0, -1), (1, 0), (0, 1), (-1, 0)), strict=True):
        spot = (middle + across * (_RADIUS + 11), middle + down * (_RADIUS + 11) + 4)
        parts.append(f'<text x="{spot[0]}" y="{spot[1]}" text-anchor="middle">{letter}</text>')
    return charts.svg(_SIDE, _SIDE, parts)


def _petal(sector: int, inner: float, outer: float, colour: str) -> str:
    turn, half = 2 * np.pi * sector / SECTORS, np.pi / SECTORS * 0.86
    corners = [(inner, -half), (outer, -half), (outer, 0.0), (outer, half), (inner, half)]
    spots = " ".join(_spot(turn + side, far) for far, side in corners)
    return f'<polygon points="{spots}" fill="{colour}" stroke="#3c3c3c" stroke-width=".4"/>'


def _spot(turn: float, far: float) -> str:
    return f"{_SIDE / 2 + far * np.sin(turn):.1f},{_SIDE / 2 - far * np.cos(turn):.1f}"


def _arrow(east_m: float, north_m: float) -> str:
    turn = float(np.arctan2(east_m, north_m))
    head: Sequence[str] = [_spot(turn, _RADIUS), _spot(turn - 0.12, _RADIUS - 13), _spot(turn + 0.12, _RADIUS - 13)]
    return (
        f'<polyline points="{_spot(0, 0)} {_spot(turn, _RADIUS - 10)}" stroke="#6a3d9a" stroke-width="3"/>'
        f'<polygon points="{" ".join(head)}" fill="#6a3d9a"/>'
    )
