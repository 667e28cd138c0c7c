"""What a planner's session holds: county, language, scenario, and plans worked out once for all."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy.typing as npt
import streamlit as st

from layoutplan.access.engine import warm_behind
from layoutplan.county.apart import read_apart
from layoutplan.county.layers import County
from layoutplan.county.manifest import read_manifest
from layoutplan.errors import MAX_SHOWN, InputError
from layoutplan.labels import LANGS, Lang, label
from layoutplan.norms import Norms, load_norms
from layoutplan.plan.planning import PlanResult, Prepared, prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.plan.siting import SiteLab, open_lab
from layoutplan.ui import cards, grounds, links, mapdata, theme
from layoutplan.ui.degrees import Degrees
from layoutplan.ui.planmap import Base, Paint, Scene, shown
from layoutplan.ui.shelf import Shelf

GOAL_YEAR = 2028


@st.cache_resource(show_spinner=False)
def _shelf() -> Shelf:
    return Shelf()


@st.cache_resource(show_spinner=False)
def _warm() -> None:
    """Load the kernels once a server, while the county is read."""
    warm_behind()


def open_session(home: Path) -> Lang:
    """Note that the visitor came through the app, and where it lives; return the language.

    Parameters
    ----------
    home : Path
        Folder of ``app.py``.
    """
    links.follow()
    st.session_state["via_app"] = True
    st.session_state["home"] = str(home)
    return language()


def enter(page: str) -> Lang:
    """Let a page begin; return the language.

    On a fresh server a link straight to a page runs that page without ``app.py``. Such a visitor
    is sent there first, and on from there to the page.

    Parameters
    ----------
    page : str
        File of the page, relative to ``app.py``.
    """
    if not st.session_state.pop("via_app", False):
        links.follow()
        st.session_state["wanted"] = page
        st.switch_page("app.py")
    st.session_state["page"] = page
    style = theme.style_sheet(dark=theme.is_dark())
    # The browser's box for files speaks English alone; its words are replaced.
    words = label("ui.welcome.choose_files", language())
    st.html(f'<style>{style}\n[data-testid="stFileUploaderDropzone"] button::after {{ content: "{words}"; }}</style>')
    return language()


def resume() -> None:
    """Send a visitor who did not come through the app to the page asked for."""
    wanted = st.session_state.pop("wanted", None)
    if wanted is not None:
        st.switch_page(wanted)


def language() -> Lang:
    """Return the reader's language, Chinese unless chosen otherwise."""
    chosen = st.session_state.get("kept_lang") or st.session_state.get("lang")
    return cast("Lang", chosen) if chosen in LANGS else "zh"


def county_folder() -> Path | None:
    """Return the county opened in this session, else that of ``--county`` or ``LAYOUTPLAN_COUNTY``, else None."""
    opened = st.session_state.get("county")
    if opened is not None:
        return Path(opened)
    if st.session_state.get("county_left"):
        return None
    if "--county" in sys.argv[1:-1]:
        return Path(sys.argv[sys.argv.index("--county") + 1])
    given = os.environ.get("LAYOUTPLAN_COUNTY")
    return Path(given) if given else None


def sample_folder() -> Path:
    """Return the sample county beside the app."""
    return Path(st.session_state["home"]) / "data" / "gis"


def leave_county() -> None:
    """Let go of the county; the start is shown."""
    st.session_state.pop("county", None)
    st.session_state["county_left"] = True


def _folder() -> Path:
    """Return the county's folder; without one the visitor is sent to where it is chosen."""
    folder = county_folder()
    if folder is None:
        st.switch_page("pages/data.py")
    return folder


def _stamp(folder: Path) -> str:
    """Return a key that changes when a file of the county changes."""
    root = folder if folder.is_dir() else folder.parent
    known = [
        (path.relative_to(root).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    ]
    return hashlib.sha256(repr((str(folder), known)).encode()).hexdigest()


def scenario() -> Scenario:
    """Return the session's scenario."""
    if "scenario" not in st.session_state:
        st.session_state["scenario"] = Scenario(name=label("ui.scenario.mine", language()))
    return cast("Scenario", st.session_state["scenario"])


def plan(lang: Lang) -> PlanResult:
    """Return the session's plan, worked out if need be; an input at fault is shown and ends the run."""
    outcome = attempt(lang)
    if isinstance(outcome, InputError):
        show_problems(outcome, lang)
        _offer_way_back(lang)
        st.page_link("pages/data.py", label=label("ui.problems.mend", lang))
        st.stop()
    return outcome


def attempt(lang: Lang) -> PlanResult | InputError:
    """Return the session's plan, worked out if need be, or what keeps it from being worked out."""
    try:
        return _plan(lang)
    except InputError as fault:
        return fault


def _offer_way_back(lang: Lang) -> None:
    """Draw a button that takes back what cannot be worked out, if something could be before."""
    good = st.session_state.get("last_good")
    if good is not None and good != scenario():

        def back() -> None:
            st.session_state["scenario"] = good

        st.button(label("ui.problems.back", lang), type="primary", key="way_back", on_click=back)


def _plan(lang: Lang) -> PlanResult:
    folder, wanted, shelf = _folder(), scenario(), _shelf()
    stamp = _stamp(folder)
    key = ("result", stamp, wanted.fingerprint)
    place = st.empty()  # there in every run, so that what follows keeps its place on the page
    if shelf.holds(key):
        st.session_state["last_good"] = wanted
        return cast("PlanResult", shelf.get(key, lambda: None))
    try:
        with place.status(label("ui.progress.title", lang), expanded=False) as status:

            def say(step: str) -> None:
                status.update(label=label(f"ui.progress.{step}", lang))

            say("read")
            _warm()
            county, norms = cast("tuple[County, Norms]", shelf.get(("county", stamp), lambda: _read(folder)))
            prepared = cast("Prepared", shelf.get(("prepared", stamp), lambda: prepare(county, norms, say=say)))
            say("plan")
            result = cast("PlanResult", shelf.get(key, lambda: run_plan(prepared, wanted)))
    finally:
        place.empty()
    st.session_state["last_good"] = wanted
    return result


def plans(wanted: Sequence[Scenario], lang: Lang) -> tuple[list[PlanResult], list[str]]:
    """Return several plans of the county, each worked out once, and why any of them cannot be."""
    folder, shelf = _folder(), _shelf()
    stamp = _stamp(folder)
    county, norms = cast("tuple[County, Norms]", shelf.get(("county", stamp), lambda: _read(folder)))
    prepared = cast("Prepared", shelf.get(("prepared", stamp), lambda: prepare(county, norms)))
    results, faults = [], []
    for one in wanted:
        try:
            result = shelf.get(("result", stamp, one.fingerprint), partial(run_plan, prepared, one))
            results.append(replace(cast("PlanResult", result), scenario=one))
        except InputError as fault:
            faults += [f"{one.name}: {problem.say(lang)}" for problem in fault.problems]
    return results, faults


def _read(folder: Path) -> tuple[County, Norms]:
    root, manifest = read_manifest(folder)
    overlay = manifest.county.norms
    return read_apart(folder), load_norms(root / overlay if overlay else None)


def show_problems(fault: InputError, lang: Lang) -> None:
    """Show what is wrong with the input as a list, without a traceback."""
    st.error(label("ui.problems.title", lang, count=len(fault.problems)))
    st.html(cards.problem_list([problem.say(lang) for problem in fault.problems[:MAX_SHOWN]]))
    if len(fault.problems) > MAX_SHOWN:
        st.caption(label("problem_list.more", lang, count=len(fault.problems) - MAX_SHOWN))


def key_of(result: PlanResult) -> tuple[str, str]:
    """Return what tells two plans apart."""
    return result.prepared.fingerprint, result.scenario.fingerprint


def shelved(result: PlanResult, name: str, make: Callable[[], Any]) -> Any:
    """Return something of a plan, worked out once for all sessions."""
    return _shelf().get(("plan", name, *key_of(result)), make)


def drawn(result: PlanResult, name: str, make: Callable[[], Any]) -> Any:
    """Return words or a table of a plan, worked out once for all sessions; many of them are kept."""
    return _shelf().get(("drawn", name, *key_of(result)), make)


def base_map(result: PlanResult, lang: Lang) -> Base:
    """Return the map's ground, drawn once for each plan, language and set of base maps."""
    offered = grounds.offered(_folder(), lang)
    key = ("base", *key_of(result), lang, offered.key)
    return cast("Base", _shelf().get(key, lambda: mapdata.draw_base(result, lang, grounds=offered.grounds)))


def cell_shapes(result: PlanResult) -> npt.NDArray[Any]:
    """Return the tiles of the ground in degrees, transformed once."""
    key = ("shapes", *key_of(result))
    return cast("npt.NDArray[Any]", _shelf().get(key, lambda: mapdata.cell_shapes(result)))


def degrees(result: PlanResult) -> Degrees:
    """Return what takes points between the county's metres and the map's degrees."""
    crs = result.prepared.county.crs
    return cast("Degrees", _shelf().get(("degrees", crs), lambda: Degrees(crs)))


def site_lab(result: PlanResult, *, stage: str, year: int) -> SiteLab:
    """Return the lab of a stage and year, opened once."""
    key = ("lab", *key_of(result), stage, year)
    return cast("SiteLab", _shelf().get(key, lambda: open_lab(result, stage=stage, year=year)))


def cell_paint(result: PlanResult, *, stage: str, year: int, lang: Lang) -> Paint:
    """Return the ground by school, or by travel time where the planner chose that; worked out once."""
    by_time = shown()["theme"] == "time"
    key = ("cells", *key_of(result), stage, year, lang, by_time)
    lab = partial(site_lab, result, stage=stage, year=year)
    return cast("Paint", _shelf().get(key, lambda: mapdata.paint_ground(lab(), lang, by_time=by_time)))


def school_paint(result: PlanResult, *, year: int, lang: Lang) -> Paint:
    """Return the schools' looks of a year, worked out once."""
    key = ("schools", *key_of(result), year, lang)
    return cast("Paint", _shelf().get(key, lambda: mapdata.paint_schools(result, year, lang)))


def overview_scene(result: PlanResult, picked: Mapping[str, Any] | None, *, stage: str, year: int, lang: Lang) -> Scene:
    """Return what the overview's map shows, and where it looks if a finding is picked."""
    scene = list_scene(result, picked, stage=stage, year=year, lang=lang)
    held = st.session_state.get("subject")
    if picked is not None or held is None or held[0] == "cells":
        return scene
    key = "school_id" if held[0] == "schools" else "place_id"
    if st.session_state.get("linked") != held:
        return replace(scene, selected=held)
    where = {"school_id": None, "place_id": None, "township_id": None, key: held[1]}
    return replace(scene, selected=held, focus={"seq": "link", **mapdata.focus_on(result, where)[1]})


def list_scene(result: PlanResult, picked: Mapping[str, Any] | None, *, stage: str, year: int, lang: Lang) -> Scene:
    """Return schools over their ground, looking at the row picked in a list.

    Parameters
    ----------
    result : PlanResult
        Plan that is shown.
    picked : mapping, optional
        Row with ``school_id``, ``place_id``, ``township_id``; the narrowest that is given is sought.
    stage, year, lang
        As chosen above the page.
    """
    selected, focus = None, None
    if picked is not None:
        selected, look = mapdata.focus_on(result, picked)
        asked = [picked.get(name) for name in ("rule", "subject", "school_id", "place_id", "township_id")]
        focus = {"seq": "|".join(map(str, asked)), **look}
    paints = {
        "cells": cell_paint(result, stage=stage, year=year, lang=lang),
        "schools": school_paint(result, year=year, lang=lang),
    }
    return Scene(paints=paints, selected=selected, focus=focus)


def keep_up(result: PlanResult) -> None:
    """Work the plan out anew, from within a fragment, if the scenario has changed since."""
    if scenario().fingerprint != result.scenario.fingerprint:
        st.rerun(scope="app")


def goal_year(result: PlanResult, year: int) -> int:
    """Return the year the headlines look ahead to: the one chosen, or the goal if that is now."""
    return year if year > result.prepared.county.base_year else GOAL_YEAR


def keep(key: str, value: Any) -> None:
    """Give a widget the value last chosen, or ``value`` at first; the state of a widget ends with its page.

    On a new page the value is set even where the session still seems to hold it: what it holds is the
    state of the last page's widget, which is dropped once this page has run.
    """
    kept = st.session_state.setdefault(f"kept_{key}", st.session_state.get(key) or value)
    here = st.session_state.get("page")
    if st.session_state.get(key) != kept or st.session_state.get(f"page_of_{key}") != here:
        st.session_state[key] = kept
        st.session_state[f"page_of_{key}"] = here


def remember(key: str) -> None:
    """Note a widget's new value; called before the page runs, so no change is lost on the way to it.

    A choice whose words change with the language may report None for a moment; that is no choice.
    """
    if st.session_state[key] is not None:
        st.session_state[f"kept_{key}"] = st.session_state[key]
