"""The first minutes: which county to open, and three steps through the app."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from layoutplan.county.manifest import FILE
from layoutplan.county.tables import RASTERS, TABLES
from layoutplan.errors import DataError
from layoutplan.labels import Lang, label
from layoutplan.ui import bar, intake, session, steps
from layoutplan.ui.intake import Handed
from layoutplan.ui.names import layer_name

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PAGES = ("findings", "site", "plans")


def draw(lang: Lang) -> None:
    """Draw the start: the sample county, a folder of this machine, or files handed in."""
    left, right = st.columns([8.5, 1.2], vertical_alignment="center")
    left.markdown(f"## {label('ui.title', lang)}")
    with right:
        bar.language_switch(lang)
    st.markdown(label("ui.welcome.what", lang))
    sample, folder, upload = st.columns(3)
    with sample, st.container(border=True, height=210):
        st.markdown(f"**{label('ui.welcome.sample', lang)}**")
        st.caption(label("ui.welcome.sample_what", lang))
        st.button(label("ui.welcome.open_sample", lang), type="primary", key="open_sample", on_click=_open_sample)
    with folder, st.container(border=True, height=210):
        st.markdown(f"**{label('ui.welcome.folder', lang)}**")
        _folder(lang)
    with upload, st.container(border=True, height=210):
        st.markdown(f"**{label('ui.welcome.upload', lang)}**")
        uploader(lang)
    if uploaded() is not None and session.county_folder() is None:
        describe(lang)


def _open_sample() -> None:
    open_county(session.sample_folder())


def open_county(folder: Path) -> None:
    """Open a county in this session; what was done to another is forgotten."""
    for name in (
        "scenario",
        "last_good",
        "subject",
        "search",
        "kept_plans",
        "records",
        "kept_schools",
        "tries",
        "made",
    ):
        st.session_state.pop(name, None)
    steps.forget()
    st.session_state["county"] = str(folder)
    st.session_state.setdefault("tour", 0)
    st.session_state["opened"] = True


def _folder(lang: Lang) -> None:
    """Draw the way to a folder, where only people at this machine reach the app."""
    if st.get_option("server.address") not in _LOOPBACK:
        st.caption(label("ui.welcome.folder_shut", lang))
        return
    st.caption(label("ui.welcome.folder_what", lang, file=FILE))
    st.text_input(label("ui.welcome.path", lang), key="county_path", label_visibility="collapsed",
                         placeholder=label("ui.welcome.path", lang))  # fmt: skip
    st.button(label("ui.welcome.open", lang), key="open_folder", on_click=_open_folder)
    if st.session_state.pop("no_county", False):
        st.warning(label("ui.welcome.no_county", lang, file=FILE))


def _open_folder() -> None:
    # By a callback: a visitor sent on to this page within a run would lose what a button returns.
    wanted = _county_at(st.session_state["county_path"].strip())
    if wanted is None:
        st.session_state["no_county"] = True
    else:
        open_county(wanted)


def _county_at(text: str) -> Path | None:
    """Return the county a text stands for; none where it is no path of this machine, such as one too long for it."""
    try:
        wanted = Path(text or ".").expanduser()
        is_there = (wanted / FILE).is_file() or (wanted.is_file() and wanted.name == FILE)
    except (OSError, RuntimeError, ValueError):
        return None
    return wanted if is_there else None


# ---- files handed in ---------------------------------------------------------------------------
def uploaded() -> Path | None:
    """Return the folder of this session's files, gone when the session ends."""
    held = st.session_state.get("upload_folder")
    return None if held is None else Path(held.name)


def uploader(lang: Lang) -> None:
    """Draw the box for files; what is handed in replaces files of the same name and is checked at once."""
    st.caption(label("ui.welcome.upload_what", lang))
    key = f"upload_{st.session_state.get('upload_turn', 0)}"
    given = st.file_uploader(
        label("ui.welcome.upload", lang), type=[ending[1:] for ending in intake.ENDINGS], accept_multiple_files=True,
        key=key, label_visibility="collapsed",
    )  # fmt: skip
    if given:
        st.button(label("ui.welcome.take", lang), type="primary", key="upload_take", on_click=_take, args=(key,))
    fault = st.session_state.pop("upload_fault", None)
    if fault is not None:
        session.show_problems(fault, lang)


def _take(key: str) -> None:
    if uploaded() is None:
        st.session_state["upload_folder"] = tempfile.TemporaryDirectory(prefix="layoutplan-county-")
    folder = Path(st.session_state["upload_folder"].name)
    try:
        intake.take_in([Handed(one.name, one.getvalue()) for one in st.session_state[key] or ()], folder)
    except DataError as fault:
        st.session_state["upload_fault"] = fault
        return
    st.session_state["upload_turn"] = st.session_state.get("upload_turn", 0) + 1  # an empty box again
    if (folder / FILE).is_file():
        open_county(folder)


def describe(lang: Lang) -> None:
    """Draw the form that says what the files are, where no ``county.toml`` came with them."""
    folder = uploaded()
    assert folder is not None
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    guessed = intake.guess_layers(names)
    with st.form("describe"):
        st.markdown(label("ui.welcome.describe", lang, count=len(names), file=FILE))
        columns = st.columns(5)
        header = {
            "name": columns[0].text_input(label("ui.welcome.name", lang), key="county_name"),
            "name_en": columns[1].text_input(label("ui.welcome.name_en", lang), key="county_name_en"),
            "crs": columns[2].text_input(label("ui.welcome.crs", lang), placeholder="EPSG:4544", key="county_crs"),
        }
        year = columns[3].number_input(label("ui.welcome.base_year", lang), 1950, 2100, 2024, key="county_year")
        as_of = columns[4].date_input(label("ui.welcome.as_of", lang), value=None, key="county_as_of")
        boxes = st.columns(4)
        files = {}
        for at, layer in enumerate((*TABLES, *RASTERS)):
            choices = [None, *names]
            with boxes[at % 4]:
                files[layer] = st.selectbox(
                    layer_name(layer, lang), choices, index=choices.index(guessed.get(layer)),
                    format_func=lambda name: name or "—", key=f"county_file_{layer}",
                )  # fmt: skip
        if st.form_submit_button(label("ui.welcome.take", lang), type="primary"):
            if not all(header.values()) or as_of is None:
                st.warning(label("ui.welcome.describe_all", lang))
                return
            chosen = {layer: file for layer, file in files.items() if file}
            intake.write_manifest(folder, {**header, "base_year": int(year)}, chosen, as_of=as_of)
            open_county(folder)
            st.rerun()


# ---- three steps -------------------------------------------------------------------------------
def tour(lang: Lang) -> None:
    """Draw the step of the tour in turn, each with a way to its page; nothing once it was seen or shut."""
    at = st.session_state.get("tour")
    if at is None or at >= len(_PAGES):
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="tour_card"):
        st.markdown(f"**{at + 1}/{len(_PAGES)}** {label(f'ui.welcome.step_{_PAGES[at]}', lang)}")
        st.page_link(f"pages/{_PAGES[at]}.py", label=f"→ {label(f'ui.page.{_PAGES[at]}', lang)}")
        st.button(label("ui.welcome.next", lang), key="tour_next", on_click=_turn, args=(at + 1,))
        st.button("✕", key="tour_shut", on_click=_turn, args=(len(_PAGES),), help=label("ui.welcome.shut", lang))


def _turn(at: int) -> None:
    st.session_state["tour"] = at
