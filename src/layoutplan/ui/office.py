"""The office's store on the scenarios page: open a version, save the next, approve, see who did what."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import cast

import pandas as pd
import streamlit as st

from layoutplan.errors import InputError
from layoutplan.labels import Lang, label
from layoutplan.plan.store import NEW, Version, approve_version, list_names, list_versions, load_version, save_version
from layoutplan.plan.storefile import DESK, Event, Store, list_events
from layoutplan.ui import cards, choices, identity, session

_SHOWN_EVENTS = 12


def store() -> Store:
    """Return the store of ``LAYOUTPLAN_STORE``, else the one beside the scenarios of the app."""
    given = os.environ.get("LAYOUTPLAN_STORE")
    return Store(Path(given) if given else Path(st.session_state["home"]) / "scenarios" / "office.sqlite")


def panel(lang: Lang) -> None:
    """Draw the store: plans on the left, what is done with them on the right, the record below."""
    by = identity.who(lang)
    with st.expander(label("ui.office.title", lang)):
        try:
            _panel(store(), by, lang)
        except InputError as fault:
            _tell(fault, lang)


def _tell(fault: InputError, lang: Lang) -> None:
    st.error(label("ui.office.refused", lang))
    st.html(cards.problem_list([problem.say(lang) for problem in fault.problems]))


def _panel(office: Store, by: str, lang: Lang) -> None:
    if "office_fault" in st.session_state:
        _tell(st.session_state["office_fault"], lang)
    names = list_names(office)
    left, right = st.columns([1.3, 1])
    with left:
        chosen = _chosen(office, names, lang)
        if chosen is not None:
            _deeds(office, chosen, by, lang)
    with right:
        _saving(office, by, lang)
    _record(office, lang)


def _chosen(office: Store, names: tuple[str, ...], lang: Lang) -> Version | None:
    """Draw names and versions; return the version chosen."""
    if not names:
        st.caption(label("ui.office.none", lang))
        return None
    name = st.selectbox(label("ui.office.name", lang), names, key="office_name")
    versions = list_versions(office, name or names[0])[::-1]
    return st.selectbox(
        label("ui.office.version", lang), versions, key="office_version",
        format_func=lambda version: _said(version, lang),
    )  # fmt: skip


def _said(version: Version, lang: Lang) -> str:
    parts = [label("ui.office.nth", lang, number=version.number), _local(version.saved_at)]
    parts += [_person(version.saved_by, lang)] if version.saved_by else []
    if version.approved_by:
        approvers = ", ".join(_person(one, lang) for one in version.approved_by)
        parts.append(label("ui.office.approved_by", lang, names=approvers))
    return " · ".join([*parts, version.note] if version.note else parts)


def _person(name: str, lang: Lang) -> str:
    return label("ui.office.desk", lang) if name == DESK else name


def _local(moment: str) -> str:
    """Return a moment of the store, which is UTC, by the clock on the wall."""
    return datetime.fromisoformat(f"{moment}+00:00").astimezone().strftime("%Y-%m-%d %H:%M")


def _saving(office: Store, by: str, lang: Lang) -> None:
    st.session_state.setdefault("office_as", _origin()[0] or session.scenario().name)
    # A form hands over both fields with the button, so a name typed last is not lost.
    with st.form("office_save", border=False):
        st.text_input(label("ui.office.save_as", lang), key="office_as")
        st.text_input(label("ui.office.note", lang), key="office_note")
        st.form_submit_button(label("ui.office.save", lang), on_click=_save, args=(office, by), key="office_store")


def _origin() -> tuple[str, int]:
    """Return name and number of the version in hand; no name if it came from elsewhere."""
    return cast("tuple[str, int]", st.session_state.get("office_origin", ("", NEW)))


def _save(office: Store, by: str) -> None:
    _forget_fault()
    known, number = _origin()
    name = choices.typed("office_as") or session.scenario().name
    plan = session.scenario().model_copy(update={"name": name})
    note = choices.typed("office_note")
    try:
        version = save_version(office, plan, based_on=number if name == known else NEW, note=note, by=by)
    except InputError as fault:
        st.session_state["office_fault"] = fault
        return
    _hold(version.name, version.number)
    st.session_state["office_note"] = ""


def _forget_fault() -> None:
    """Take away what was refused before; until something is done, it stays on the page."""
    st.session_state.pop("office_fault", None)


def _hold(name: str, number: int) -> None:
    """Note which version is in hand, and show it as chosen."""
    st.session_state["office_origin"] = (name, number)
    st.session_state["office_name"] = st.session_state["office_as"] = name
    st.session_state.pop("office_version", None)


def _deeds(office: Store, version: Version, by: str, lang: Lang) -> None:
    with st.container(horizontal=True):
        st.button(label("ui.office.open", lang), key="office_take", on_click=_open, args=(office, version))
        st.button(label("ui.office.approve", lang), key="office_yes", on_click=_approve, args=(office, version, by))


def _open(office: Store, version: Version) -> None:
    _forget_fault()
    st.session_state["scenario"] = load_version(office, version.name, number=version.number)
    st.session_state["office_origin"] = (version.name, version.number)
    st.session_state["office_as"] = version.name


def _approve(office: Store, version: Version, by: str) -> None:
    _forget_fault()
    st.session_state.pop("office_version", None)
    try:
        approve_version(office, version.name, number=version.number, by=by)
    except InputError as fault:
        st.session_state["office_fault"] = fault


def _record(office: Store, lang: Lang) -> None:
    events = list_events(office)[: -_SHOWN_EVENTS - 1 : -1]
    if not events:
        return
    heads = [label(f"ui.office.{key}", lang) for key in ("when", "by", "did", "to")]
    rows = [[_local(e.happened_at), _person(e.member, lang), _did(e, lang), _to(e, lang)] for e in events]
    st.dataframe(pd.DataFrame(rows, columns=heads), hide_index=True, height=min(38 + 35 * len(rows), 210))


def _did(event: Event, lang: Lang) -> str:
    return label(f"cli.store_act_{event.act}", lang)


def _to(event: Event, lang: Lang) -> str:
    if event.number:
        return f"{event.subject} · {label('ui.office.nth', lang, number=event.number)}"
    return f"{event.subject} · {label(f'role.{event.detail}', lang)}" if event.detail else event.subject
