"""What a search found, in the terms of a planner: a scenario, its actions, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.county.tables import STAGES
from layoutplan.labels import LANGS, label
from layoutplan.plan.optimise.conditions import spending
from layoutplan.plan.optimise.gather import Question
from layoutplan.plan.optimise.sites import Form, Site
from layoutplan.plan.optimise.task import Layout
from layoutplan.plan.scenario import Action, AddRooms, CloseSchool, ConvertSchool, MergeSchools, OpenSchool, Scenario

ACTION_COLUMNS = ("year", "deed", "site_id", "name", "school_kind", "primary_rooms", "junior_rooms", "into", "yuan",
                  "posts", "text_zh", "text_en")  # fmt: skip
LOAD_COLUMNS = ("year", "stage", "site_id", "name", "pupils", "seats", "minutes", "seat_price")


@dataclass(frozen=True, eq=False)
class Plan:
    """One layout.

    Parameters
    ----------
    scenario : Scenario
        What :func:`layoutplan.plan.planning.run_plan` works out.
    objective : float
        In pupil-minutes one way on a school day, a mean over the years; money and envy are in it.
    actions : DataFrame
        ``year, deed, site_id`` (key, sorted), ``name, school_kind``, ``primary_rooms, junior_rooms`` [room, added],
        ``into`` (receiver of a merger), ``yuan``, ``posts``, ``text_zh, text_en``.
    loads : DataFrame
        ``year, stage, site_id`` (key, sorted), ``name``, ``pupils`` [person], ``seats`` [seat], ``minutes`` (mean one
        way), ``seat_price`` [pupil-minute a day that one seat more would save].
    totals : DataFrame
        ``indicator`` (key), ``value``, ``unit``.
    """

    scenario: Scenario
    objective: float
    actions: pd.DataFrame
    loads: pd.DataFrame
    totals: pd.DataFrame


def make_plan(question: Question, layout: Layout, *, name: str) -> Plan:
    """Turn a layout into a plan.

    Parameters
    ----------
    question : Question
        What was asked.
    layout : Layout
        Decisions and flows.
    name : str
        Name of the scenario.
    """
    goal = question.goal
    deeds = _deeds(question, layout)
    scenario = Scenario(
        name=name, note=goal.note, last_year=goal.last_year, outlook=goal.outlook, policy=goal.policy,
        actions=tuple(action for action, _ in deeds),
    )  # fmt: skip
    actions = pd.DataFrame([row for _, row in deeds], columns=list(ACTION_COLUMNS))
    loads = _loads(question, layout)
    return Plan(scenario, layout.objective, actions, loads, _totals(question, layout, actions))


def _deeds(question: Question, layout: Layout) -> list[tuple[Action, dict[str, object]]]:
    """Return every action with its row, by year and site."""
    task = question.task
    found = []
    for form, at in zip(*np.nonzero(layout.start), strict=True):
        found.append(_started(question, question.forms[form], task.years[at]))
    for site, at in zip(*np.nonzero(layout.close), strict=True):
        found.append(_closed(question, layout, int(site), int(at)))
    return sorted(found, key=lambda pair: (pair[1]["year"], pair[1]["deed"], pair[1]["site_id"]))


def _started(question: Question, form: Form, year: int) -> tuple[Action, dict[str, object]]:
    task = question.task
    site = question.sites[task.site_ids.index(form.site_id)]
    action: Action
    if form.deed == "open":
        name = site.name + label(f"kind.{form.kind}", "zh")
        action = OpenSchool(
            year=year, school_id=site.site_id, name=name, school_kind=form.kind, setting=site.setting,  # type: ignore[arg-type]
            east_m=site.east_m, north_m=site.north_m, primary_rooms=form.rooms[0], junior_rooms=form.rooms[1],
        )  # fmt: skip
    elif form.deed == "expand":
        at = int(form.added[0] == 0)
        action = AddRooms(
            year=year, school_id=site.site_id, stage=STAGES[at], rooms=form.added[at],  # type: ignore[arg-type]
            existing=form.rooms[at] - form.added[at],
        )  # fmt: skip
    else:
        action = ConvertSchool(
            year=year, school_id=site.site_id, school_kind=form.kind,  # type: ignore[arg-type]
            primary_rooms=form.rooms[0] or None, junior_rooms=form.rooms[1] or None, existing=site.kind,
        )  # fmt: skip
    spent = spending(form, question.goal, question.prepared.norms)
    return action, _row(form, form.deed, year, site, spent=(spent["yuan"], spent["posts"]))


def _closed(question: Question, layout: Layout, site: int, at: int) -> tuple[Action, dict[str, object]]:
    task, year = question.task, question.task.years[at]
    school = question.sites[site]
    into = _receiver(question, layout, site, at)
    form = question.forms[task.first_form[site]]
    if into < 0 or "merge" not in question.goal.deeds:
        action: Action = CloseSchool(year=year, school_id=school.site_id)
        return action, _row(form, "close", year, school)
    other = question.sites[into]
    action = MergeSchools(year=year, school_ids=(school.site_id,), into=other.site_id)
    return action, _row(form, "merge", year, school, into=other)


def _receiver(question: Question, layout: Layout, site: int, at: int) -> int:
    """Return the school that teaches all grades of a closed one and takes most of those who live nearest to it."""
    task = question.task
    stand = layout.stands(task)
    grades = task.form_blocks[task.first_form[site]]
    able = np.zeros(len(task.site_ids), dtype=bool)
    able[task.form_site[stand[:, at] & (task.form_blocks | ~grades).all(axis=1)]] = True
    open_now = np.zeros(len(task.site_ids), dtype=bool)
    open_now[task.form_site[stand[:, at]]] = True
    open_now[site] = True
    nearest = np.argmin(np.where(open_now, task.cost, np.inf), axis=1) == site
    mine = (layout.year == at) & nearest[layout.unit] & able[layout.site]
    taken = np.bincount(layout.site[mine], weights=layout.pupils[mine], minlength=len(task.site_ids))
    if taken.max(initial=0.0) > 0:
        return int(np.argmax(taken))
    return int(np.flatnonzero(able)[0]) if able.any() else -1


def _row(
    form: Form, deed: str, year: int, site: Site, *, spent: tuple[float, float] = (0.0, 0.0), into: Site | None = None
) -> dict[str, object]:
    said = f"{deed}_both" if deed in ("open", "convert") and all(form.rooms) else deed
    texts = {
        f"text_{lang}": label(
            f"optimise.action.{said}", lang, year=year, name=site.name, kind=label(f"kind.{form.kind}", lang),
            rooms=sum(form.added), into="" if into is None else into.name, primary=form.rooms[0], junior=form.rooms[1],
            whole=sum(form.rooms),
        )
        for lang in LANGS
    }  # fmt: skip
    values = (year, deed, site.site_id, site.name, form.kind, *form.added, "" if into is None else into.site_id, *spent)
    return dict(zip(ACTION_COLUMNS, values, strict=False)) | texts


def _loads(question: Question, layout: Layout) -> pd.DataFrame:
    task = question.task
    stage = task.block_stage[task.unit_block[layout.unit]]
    stand = layout.stands(task)
    seats = np.zeros((len(task.years), 2, len(task.site_ids)))
    for form, at in zip(*np.nonzero(stand), strict=True):
        seats[at, :, task.form_site[form]] += task.form_seats[form]
    pupils, minutes = np.zeros_like(seats), np.zeros_like(seats)
    key = layout.year, stage, layout.site
    np.add.at(pupils, key, layout.pupils)
    np.add.at(minutes, key, layout.pupils * question.minutes[layout.unit, layout.site])
    year, of_stage, site = np.nonzero((seats > 0) | (pupils > 0))
    held = pupils[year, of_stage, site]
    mean = np.divide(minutes[year, of_stage, site], held, out=np.full(len(held), np.nan), where=held > 0)
    columns = (
        np.array(task.years)[year], np.array(STAGES)[of_stage], np.array(task.site_ids)[site],
        [question.sites[one].name for one in site.tolist()], held, seats[year, of_stage, site], mean,
        layout.seat_price[year, of_stage, site] / task.weight[year],
    )  # fmt: skip
    frame = pd.DataFrame(dict(zip(LOAD_COLUMNS, columns, strict=True)))
    return frame.sort_values(["year", "stage", "site_id"], ignore_index=True)


def _totals(question: Question, layout: Layout, actions: pd.DataFrame) -> pd.DataFrame:
    """Return what planners ask first: minutes, who is beyond the limit, and what is spent."""
    task = question.task
    minutes = question.minutes[layout.unit, layout.site]
    weight = layout.pupils * task.weight[layout.year]
    over = minutes > question.limit[task.unit_block[layout.unit]] + 1e-9
    rooms = actions[["primary_rooms", "junior_rooms"]].to_numpy(float).sum()
    total = weight.sum()
    rows = [
        ("pupils", total, "person"),
        ("mean_minutes", float(weight @ minutes) / total if total else np.nan, "min"),
        ("pupils_over_limit", float(weight[over].sum()), "person"),
        ("rooms", rooms, "room"),
        ("yuan", float(actions["yuan"].sum()), "yuan"),
        ("posts", float(actions["posts"].sum()), "post"),
        ("schools_opened", float((actions["deed"] == "open").sum()), "school"),
        ("schools_closed", float(actions["deed"].isin(["close", "merge"]).sum()), "school"),
    ]
    return pd.DataFrame(rows, columns=["indicator", "value", "unit"])
