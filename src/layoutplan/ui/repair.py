"""A county that does not pass the gate: what is wrong, where, and what can be mended here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from layoutplan.county.tables import TABLES
from layoutplan.errors import InputError, Problem
from layoutplan.labels import Lang, label
from layoutplan.ui import bar, cards, intake, session, welcome
from layoutplan.ui.listing import Shown, pick
from layoutplan.ui.names import layer_name

_COLUMNS = (
    Shown("layer", "ui.repair.layer", "text", 120),
    Shown("row", "ui.repair.row", "text", 90),
    Shown("field", "ui.repair.field", "text", 110),
    Shown("what", "ui.repair.what", "text", 420),
    Shown("remedy", "ui.repair.remedy", "text", 420),
)
# What the CRS of a layer may be besides the one the county says.
SYSTEMS = ("EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09")


def draw(fault: InputError, lang: Lang) -> None:
    """Draw the report: every problem with its place, then what can be done about it.

    Parameters
    ----------
    fault : InputError
        All problems of all layers.
    lang : {"zh", "en"}
        Language.
    """
    left, right = st.columns([8.5, 1.2], vertical_alignment="center")
    left.markdown(f"#### {label('ui.repair.title', lang, count=len(fault.problems))}")
    with right:
        bar.language_switch(lang)
    picked = pick(
        table(fault.problems, lang), _COLUMNS, key=f"problems-{len(fault.problems)}", lang=lang, height=260, lines=2
    )
    if picked is not None:
        st.html(f'<section class="lp-card">{cards.problem_list([str(picked["said"])])}</section>')
    folder = welcome.uploaded()
    own = folder is not None and str(folder) == st.session_state.get("county")
    done, again = st.columns(2)
    with done:
        if own and folder is not None:
            _columns(fault.problems, folder, lang)
            _systems(fault.problems, folder, lang)
            _unmap({one.layer for one in fault.problems}, folder, lang)
        else:
            st.caption(label("ui.repair.outside", lang))
            st.button(label("ui.repair.reload", lang), key="repair_reload")
    with again:
        if own:
            st.markdown(f"**{label('ui.repair.again', lang)}**")
            welcome.uploader(lang)
        st.button(label("ui.repair.other", lang), key="repair_other", on_click=session.leave_county)


def table(problems: Sequence[Problem], lang: Lang) -> pd.DataFrame:
    """Return one row a problem, in the order of layers and rows."""
    rows = []
    for problem in problems:
        told = problem.as_row()
        numbered = re.fullmatch(r"row (\d+)", problem.row)
        rows.append({
            "layer": layer_name(problem.layer, lang),
            "row": label("problem_list.row", lang, number=numbered[1]) if numbered else problem.row,
            "field": told["field"],
            "what": told[f"what_{lang}"], "remedy": told[f"remedy_{lang}"], "said": problem.say(lang),
        })  # fmt: skip
    return pd.DataFrame(rows)


def unmapped(problems: Sequence[Problem]) -> dict[tuple[str, str], list[str]]:
    """Return the columns that were not found, each with the headings that its file has."""
    return {
        (problem.layer, problem.field): [
            head
            for head in str(problem.values.get("found", "")).split(", ")
            if head and head not in TABLES[problem.layer].names  # those are columns of their own
        ]
        for problem in problems
        if problem.code == "column_missing" and problem.layer in TABLES
    }


def _columns(problems: Sequence[Problem], folder: Path, lang: Lang) -> None:
    """Draw a box for each column that was not found: which heading of the file it is."""
    wanted = unmapped(problems)
    if not wanted:
        return
    nearest = {(one.layer, one.field): str(one.values.get("nearest", "")) for one in problems}
    with st.form("columns"):
        st.markdown(f"**{label('ui.repair.columns', lang)}**")
        chosen: dict[tuple[str, str], str | None] = {}
        for (layer, field), heads in wanted.items():
            column = next(one for one in TABLES[layer].columns if one.name == field)
            choices = [None, *heads]
            guess = nearest.get((layer, field))
            chosen[layer, field] = st.selectbox(
                label("ui.repair.column", lang, layer=layer_name(layer, lang), column=getattr(column, lang)),
                choices, index=choices.index(guess) if guess in choices else int(len(heads) == 1),
                format_func=lambda name: name or "—",
                key=f"column_{layer}_{field}",
            )  # fmt: skip
        if st.form_submit_button(label("ui.repair.apply", lang), type="primary", key="columns_apply"):
            changes: dict[str, Mapping[str, Any]] = {}
            for (layer, field), head in chosen.items():
                if head:
                    changes[layer] = {"columns": {**changes.get(layer, {}).get("columns", {}), field: head}}
            intake.amend_manifest(folder, changes)
            st.rerun()


def systems_of(problems: Sequence[Problem], layer: str) -> list[str]:
    """Return the CRSs to choose from for a layer: those its coordinates would fit, then the usual ones."""
    told = (str(one.values.get("fits", "-")).split(", ") for one in problems if one.layer == layer)
    fitting = [name for names in told for name in names if name not in ("-", "")]
    return list(dict.fromkeys([*fitting, *SYSTEMS]))


def _systems(problems: Sequence[Problem], folder: Path, lang: Lang) -> None:
    """Draw a box for each layer whose CRS is in doubt."""
    doubted = sorted({one.layer for one in problems if one.code.startswith("crs_") and one.layer in TABLES})
    if not doubted:
        return
    with st.form("systems"):
        st.markdown(f"**{label('ui.repair.systems', lang)}**")
        chosen = {
            layer: st.selectbox(
                layer_name(layer, lang),
                systems_of(problems, layer),
                index=None,
                accept_new_options=True,
                key=f"system_{layer}",
                placeholder=label("ui.repair.choose", lang),
            )
            for layer in doubted
        }
        if st.form_submit_button(label("ui.repair.apply", lang), type="primary", key="systems_apply"):
            intake.amend_manifest(folder, {layer: {"crs": crs} for layer, crs in chosen.items() if crs})
            st.rerun()


def _unmap(layers: set[str], folder: Path, lang: Lang) -> None:
    """Draw a button for each faulty layer whose columns are mapped: it takes the mapping back."""
    for layer in sorted(layers & intake.mapped_layers(folder)):
        words = label("ui.repair.unmap", lang, layer=layer_name(layer, lang))
        st.button(
            words, key=f"unmap_{layer}", on_click=intake.amend_manifest, args=(folder, {layer: {"columns": None}})
        )
