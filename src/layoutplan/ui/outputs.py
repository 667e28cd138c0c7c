"""The outputs page: sheets, maps and tables made on demand, each with what it belongs to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.present.packing import pack_folder
from layoutplan.ui import everything, session


def _sheet(result: PlanResult, folder: Path, stage: str, year: int, lang: Lang) -> None:
    from layoutplan.present.figures import draw_figure

    del stage
    draw_figure(result, folder, lang=lang, year=year)


def _stage_sheet(result: PlanResult, folder: Path, stage: str, year: int, lang: Lang) -> None:
    from layoutplan.present.figures import draw_figure

    draw_figure(result, folder, sheet=stage, lang=lang, year=year)


def _map(result: PlanResult, folder: Path, stage: str, year: int, lang: Lang) -> None:
    from layoutplan.present.maps import draw_map

    draw_map(result, folder, lang=lang, stage=stage, year=year)


def _tables(result: PlanResult, folder: Path, stage: str, year: int, lang: Lang) -> None:
    from layoutplan.present.export import write_run

    del stage, year, lang
    write_run(result, folder / "run")


_Make = Callable[[PlanResult, Path, str, int, Lang], None]
OUTPUTS: Mapping[str, _Make] = {"sheet": _sheet, "stage_sheet": _stage_sheet, "map": _map, "tables": _tables}


def made(result: PlanResult, name: str, *, stage: str, year: int, lang: Lang) -> bytes:
    """Return one output as a ZIP archive; equal plans give equal bytes."""
    with tempfile.TemporaryDirectory() as folder:
        OUTPUTS[name](result, Path(folder), stage, year, lang)
        return pack_folder(Path(folder))


def draw(result: PlanResult, *, stage: str, year: int, lang: Lang) -> None:
    """Draw a card for each output: what it is, a button that makes it, then one that hands it out."""
    everything.draw(result, lang)
    columns = st.columns(2)
    for at, name in enumerate(OUTPUTS):
        with columns[at % 2], st.container(border=True):
            _draw_one(result, name, stage=stage, year=year, lang=lang)
    st.caption(_belongs(result, lang))


def _draw_one(result: PlanResult, name: str, *, stage: str, year: int, lang: Lang) -> None:
    words = {"stage": label(f"stage.{stage}", lang), "year": year}
    st.markdown(f"**{label(f'ui.outputs.{name}', lang, **words)}**")
    st.caption(label(f"ui.outputs.{name}_what", lang))
    key = (name, *session.key_of(result), stage, year, lang)
    held = st.session_state.setdefault("made", {})
    # Asked for by a callback: a visitor sent on to this page within a run would lose what a button returns.
    st.button(label("ui.outputs.make", lang), key=f"make_{name}", on_click=_ask, args=(name,))
    if st.session_state.get("output_asked") == name:
        st.session_state["output_asked"] = None
        with st.spinner(label("ui.outputs.making", lang)):
            held = {**held, key: made(result, name, stage=stage, year=year, lang=lang)}
        st.session_state["made"] = held
    if key in held:
        size = label("ui.outputs.save", lang, kilobytes=f"{len(held[key]) / 1000:,.0f}")
        st.download_button(
            size, held[key], f"{name}_{year}_{lang}.zip", "application/zip", key=f"save_{name}", on_click="ignore",
            type="primary",
        )  # fmt: skip


def _ask(name: str) -> None:
    st.session_state["output_asked"] = name


def _belongs(result: PlanResult, lang: Lang) -> str:
    known = result.provenance
    return label(
        "ui.outputs.belongs", lang, county=known["county"][:16], norms=known["norms"], scenario=known["scenario"],
        version=known["layoutplan"], date=known["data_date"],
    )  # fmt: skip
