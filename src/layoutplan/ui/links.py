"""Addresses that lead to a view: stage, year, language and what is looked at stand in them."""

from __future__ import annotations

import streamlit as st

from layoutplan.labels import LANGS

_STAGES = ("primary", "junior")
_LAYERS = ("schools", "places")


def follow() -> None:
    """Take over, once a session, what the address of the first page asks for; what it does not know it passes over."""
    if st.session_state.get("link_followed"):
        return
    st.session_state["link_followed"] = True
    asked = st.query_params.to_dict()
    if asked.get("lang") in LANGS:
        st.session_state["kept_lang"] = asked["lang"]
    if asked.get("stage") in _STAGES:
        st.session_state["kept_stage"] = asked["stage"]
    year = asked.get("year", "")
    if year.isdecimal() and len(year) == 4:  # Python turns no endless row of digits into a number
        st.session_state["kept_year"] = int(year)
    layer, _, name = asked.get("at", "").partition(":")
    if layer in _LAYERS and name:
        st.session_state["subject"] = st.session_state["linked"] = (layer, name)


def write(*, stage: str, year: int, lang: str) -> None:
    """Put what is shown into the address, so that it may be kept or handed on."""
    wanted = {"stage": stage, "year": str(year), "lang": lang}
    held = st.session_state.get("subject")
    if held is not None and held[0] in _LAYERS:
        wanted["at"] = f"{held[0]}:{held[1]}"
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def look_at(subject: tuple[str, str] | None) -> None:
    """Put what was clicked into the address at once; a click runs only a part of the page."""
    if subject is not None and subject[0] in _LAYERS:
        st.query_params["at"] = f"{subject[0]}:{subject[1]}"
    elif "at" in st.query_params:
        del st.query_params["at"]
