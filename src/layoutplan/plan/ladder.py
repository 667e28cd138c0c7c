"""The small-school ladder: what may be done instead of closing a school, and what each rung costs whom.

Rungs from the top: the complete school, the same with multi-grade classes, a teaching point for grades 1-3 whose
older pupils travel every day, a point that feeds a boarding school, and no teaching at the site. The ladder never
says which to take.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from layoutplan.county.tables import GRADES_OF_GROUP
from layoutplan.labels import LANGS, Lang, label
from layoutplan.norms import Norms
from layoutplan.plan.bus import bus_norms
from layoutplan.plan.closure import check_school
from layoutplan.plan.lodging import boarding_schools
from layoutplan.plan.planning import PlanResult, run_plan
from layoutplan.plan.rungs import Ground, Rung, boarders_now, head_count, stand_on, walked
from layoutplan.plan.scenario import Action, CloseSchool, ConvertSchool, MergeSchools, SetBoarding
from layoutplan.seats.roster import state_in

RUNGS = ("keep", "keep_multigrade", "point", "feeder", "closed")
_POINT_TO = max(GRADES_OF_GROUP["grades_1_3"])
_NUMBERS = (
    "pupils", "stay", "leave", "without_school", "boarders", "bus_pupils", "walk_mean_before", "walk_p95_before",
    "walk_longest_before", "share_over_limit_before", "no_way_on_foot_before", "walk_mean_after", "walk_p95_after",
    "walk_longest_after", "share_over_limit_after", "no_way_on_foot_after", "beds_needed", "beds_short", "roll",
    "classes", "posts", "posts_elsewhere", "bus_unreached", "bus_runs", "bus_seats", "bus_minutes_longest",
    "bus_round_trip_minutes",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Ladder:
    """One school on every rung, in one year.

    Parameters
    ----------
    school_id : str
        School.
    year : int
        First school year of the change, and the year that is looked at.
    rungs : DataFrame
        ``rung`` (key, in the order of :data:`RUNGS`), ``applies``, ``reason`` (why not; empty where it does), and, all
        missing where it does not apply: of the children given the school by residence ``pupils``, ``stay``,
        ``leave``, ``without_school`` [person]; ``walk_mean``, ``walk_p95``, ``walk_longest`` [min on foot],
        ``share_over_limit`` and ``no_way_on_foot`` [person], each ``_before`` and ``_after``; ``boarders`` [person],
        ``beds_needed`` and ``beds_short`` [bed] at the receivers (short is missing where their beds are not known);
        as rolled forward ``roll`` [person], ``classes`` [class] and ``posts`` [post] of the school,
        ``posts_elsewhere`` [post] more at all others; ``bus_pupils`` and ``bus_unreached`` [person], ``bus_runs``
        [run, one way], ``bus_seats`` [seat], ``bus_minutes_longest`` (one way), ``bus_round_trip_minutes`` (both
        missing without a run); ``bus_meets_limit`` (boolean, missing where nobody has to be brought).
    groups : DataFrame
        ``rung, group`` (key): the same counts and ways for ``grades_1_3``, ``grades_4_6``, ``grades_7_9``, with the
        walking ``limit`` [min one way], its ``clause`` and ``verified``.
    receivers : DataFrame
        ``rung, school_id`` (key), ``name``, ``same_township``, ``pupils`` [person], ``walk_longest`` [min],
        ``boarders`` [person], ``beds_needed``, ``beds_free`` (missing where not known), ``beds_short`` [bed].
    boarding : DataFrame
        ``rung`` and the table of :func:`layoutplan.plan.lodging.boarding_schools`: which schools could lodge the
        boarders of a rung.
    buses, rides : DataFrame
        ``rung`` and the tables of :class:`layoutplan.plan.bus.Buses`.
    norms : DataFrame
        ``norm`` (key), ``value``, ``unit``, ``clause``, ``verified``: what the ladder rests on.
    sheet : DataFrame
        ``rung, section, text_zh, text_en``: the rungs in sentences.
    actions : mapping
        ``{rung: actions}``: what the scenario of a rung holds; only rungs that apply.
    """

    school_id: str
    year: int
    rungs: pd.DataFrame
    groups: pd.DataFrame
    receivers: pd.DataFrame
    boarding: pd.DataFrame
    buses: pd.DataFrame
    rides: pd.DataFrame
    norms: pd.DataFrame
    sheet: pd.DataFrame
    actions: Mapping[str, tuple[Action, ...]]


def small_school_ladder(result: PlanResult, school_id: str, year: int) -> Ladder:
    """Work out every rung of the ladder for one school.

    Parameters
    ----------
    result : PlanResult
        The plan; what it holds for the school itself from that year on (closing, merging, converting) is taken out.
    school_id : str
        School to look at.
    year : int
        First school year of the change.

    Returns
    -------
    Ladder
        Numbers, clauses and sentences of every rung.

    Raises
    ------
    ScenarioError
        The school is unknown, closed before or a special school, the year is outside the plan, or another action of the
        scenario is in the way of a rung.

    Notes
    -----
    Every rung is a run of the plan; receivers are the schools that its rule of admission gives, with beds or without;
    ``boarding`` shows the boarding schools beside them. On the rungs ``feeder``
    and ``closed`` leavers of grades 4-9 beyond the walking limit board, and receivers get the beds they lack if
    their beds are known; everybody else beyond it rides by bus every day, as do all on the other rungs. Grades
    1-3 never board. Who boards at the school today is not known by place, so ``keep`` counts them as riding.
    """
    check_school(result, school_id, year)
    kept = _without(result.scenario.actions, school_id, year)
    keep = result if kept == result.scenario.actions else _worked(result, kept)
    ground = stand_on(keep, school_id, year)
    rungs: dict[str, Rung] = {"keep": Rung(ground, keep)}
    actions: dict[str, tuple[Action, ...]] = {"keep": kept}
    reasons = {"keep": "", "keep_multigrade": "", "point": _why_no_point(ground), "feeder": _why_no_point(ground)}
    shared = Rung(ground, keep, multigrade=True)
    if shared.roll["classes"].equals(rungs["keep"].roll["classes"]):
        reasons["keep_multigrade"] = "no_small_grades"
    else:
        rungs["keep_multigrade"], actions["keep_multigrade"] = shared, kept
    if not reasons["point"]:
        point = ConvertSchool(year=year, school_id=school_id, school_kind="teaching_point", grade_to=_POINT_TO)
        actions["point"] = (*kept, point)
        rungs["point"] = Rung(ground, _worked(keep, actions["point"]))
        rungs["feeder"], actions["feeder"] = _with_beds(Rung(ground, rungs["point"].plan, boards=True))
    gone = (*kept, CloseSchool(year=year, school_id=school_id))
    rungs["closed"], actions["closed"] = _with_beds(Rung(ground, _worked(keep, gone), boards=True))
    return _as_ladder(ground, rungs, reasons, actions)


def _without(actions: tuple[Action, ...], school_id: str, year: int) -> tuple[Action, ...]:
    """Return the actions without what is done to the school itself from a year on."""
    left: list[Action] = []
    for action in actions:
        if isinstance(action, CloseSchool | ConvertSchool) and action.school_id == school_id and action.year >= year:
            continue
        if isinstance(action, MergeSchools) and school_id in action.school_ids and action.year >= year:
            others = tuple(other for other in action.school_ids if other != school_id)
            left += [action.model_copy(update={"school_ids": others})] if others else []
            continue
        left.append(action)
    return tuple(left)


def _worked(result: PlanResult, actions: tuple[Action, ...]) -> PlanResult:
    return run_plan(result.prepared, result.scenario.model_copy(update={"actions": actions}))


def _why_no_point(ground: Ground) -> str:
    """Return why the school cannot become a point of grades 1-3; empty if it can."""
    school = state_in(ground.keep.roster, ground.year).set_index("school_id").loc[ground.school_id]
    if int(school["grade_from"]) > _POINT_TO:
        return "no_young_grades"
    return "already_point" if int(school["grade_to"]) <= _POINT_TO else ""


def _with_beds(rung: Rung) -> tuple[Rung, tuple[Action, ...]]:
    """Return the rung with the beds its receivers lack, as far as theirs are known, and its actions."""
    ground, actions = rung.ground, rung.plan.scenario.actions
    beds = state_in(rung.plan.roster, ground.year).set_index("school_id")["boarding_beds"]
    lacking = rung.receivers[rung.receivers["beds_short"] > 0]
    more: list[Action] = []
    for school_id, short in zip(lacking["school_id"], lacking["beds_short"], strict=True):
        now = int(beds[school_id])
        more.append(SetBoarding(year=ground.year, school_id=school_id, beds=now + int(np.ceil(short)), existing=now))
    if not more:
        return rung, actions
    return Rung(ground, _worked(rung.plan, (*actions, *more)), boards=True), (*actions, *more)


def _as_ladder(
    ground: Ground, rungs: Mapping[str, Rung], reasons: Mapping[str, str], actions: Mapping[str, tuple[Action, ...]]
) -> Ladder:
    there = {name: rungs[name] for name in RUNGS if name in rungs}
    rows = [_row(there[name], there["keep"]) if name in there else {} for name in RUNGS]
    frame = pd.DataFrame(rows, columns=[*_NUMBERS, "bus_meets_limit"])
    frame = frame.astype(dict.fromkeys(_NUMBERS, float)).astype({"bus_meets_limit": "boolean"})
    frame.insert(0, "rung", list(RUNGS))
    frame.insert(1, "applies", [name in there for name in RUNGS])
    frame.insert(2, "reason", [reasons.get(name, "") for name in RUNGS])
    return Ladder(
        ground.school_id, ground.year, frame,
        groups=_stacked({name: rung.by_group() for name, rung in there.items()}),
        receivers=_stacked({name: rung.receivers for name, rung in there.items()}),
        boarding=_stacked({name: boarding_schools(rung) for name, rung in there.items()}),
        buses=_stacked({name: rung.buses.runs for name, rung in there.items()}),
        rides=_stacked({name: rung.buses.rides for name, rung in there.items()}),
        norms=_norms(ground.norms), sheet=_sheet(ground, frame, there), actions=actions,
    )  # fmt: skip


def _stacked(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return tables of the rungs one under the other, with the name of the rung before their columns."""
    named = [part.assign(rung=name)[["rung", *part.columns]] for name, part in parts.items()]
    full = [part for part in named if len(part)]
    return pd.concat(full, ignore_index=True) if full else named[0]


def _row(rung: Rung, keep: Rung) -> dict[str, object]:
    """Return the numbers of one rung."""
    school_id = rung.ground.school_id
    mine = rung.roll[rung.roll["school_id"] == school_id]
    runs, receivers = rung.buses.runs, rung.receivers
    elsewhere = [one.posts.drop(school_id, errors="ignore").sum() for one in (rung, keep)]
    return {
        **head_count(rung.pupils), **walked(rung.pupils),
        "beds_needed": receivers["beds_needed"].sum(), "beds_short": receivers["beds_short"].sum(skipna=False),
        "roll": mine["pupils"].sum(), "classes": mine["classes"].sum(), "posts": rung.posts.get(school_id, 0),
        "posts_elsewhere": elsewhere[0] - elsewhere[1],
        "bus_unreached": runs["unreached"].sum(), "bus_runs": runs["runs"].sum(), "bus_seats": runs["seats"].sum(),
        "bus_minutes_longest": runs["minutes_longest"].max(),
        "bus_round_trip_minutes": runs["round_trip_minutes"].max(),
        "bus_meets_limit": bool(runs["meets_limit"].all()) if len(runs) else pd.NA,
    }  # fmt: skip


def _norms(norms: Norms) -> pd.DataFrame:
    """Return every norm the ladder rests on."""
    keys = [f"travel.limit_minutes.{group}" for group in GRADES_OF_GROUP]
    keys += [f"travel.limit_minutes_boarding.{group}" for group in GRADES_OF_GROUP if group != "grades_1_3"]
    keys += [f"speed.walk_kmh.{group}" for group in GRADES_OF_GROUP]
    keys += [key for key in norms if key.startswith("staffing.")]
    keys += ["class_size.multigrade", "school_size.small", "boarding.beds_per_boarder", "closure.build_first"]
    found = [norms[key] for key in sorted({*keys, *bus_norms(norms)})]
    return pd.DataFrame(
        [(norm.key, float(norm.value), norm.unit, norm.clause, norm.verified) for norm in found],
        columns=["norm", "value", "unit", "clause", "verified"],
    )


def _sheet(ground: Ground, frame: pd.DataFrame, rungs: Mapping[str, Rung]) -> pd.DataFrame:
    """Return the rungs in sentences; one that does not apply says why."""
    rows = []
    records: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    for row in records:
        name = str(row["rung"])
        rows.append(_said(name, "rung", f"rung.{name}", {}))
        if not row["applies"]:
            rows.append(_said(name, "reason", f"ladder_reason.{row['reason']}", {}))
            continue
        words = {"receivers": "; ".join(rungs[name].receivers["name"]) or "-", "fitting": _fitting(rungs[name])}
        for section in _sections(row):
            rows.append(_said(name, section, f"ladder.{section}", {**row, **words}))
    school = state_in(ground.keep.roster, ground.year).set_index("school_id").loc[ground.school_id]
    now = {
        "school": school["name"],
        "year": str(ground.year),
        "boarders_today": boarders_now(ground.keep, ground.school_id),
    }
    return pd.DataFrame([_said("", "head", "ladder.head", now), *rows, _said("", "foot", "ladder.foot", {})])


def _fitting(rung: Rung) -> str:
    """Return the names of the schools that could lodge all boarders of a group."""
    schools = boarding_schools(rung)
    return "; ".join(schools.loc[schools["fits"].fillna(value=False).to_numpy(bool), "name"].unique()) or "-"


def _sections(row: Mapping[str, object]) -> list[str]:
    """Return what is worth a sentence on a rung."""
    boards = _some(row["boarders"])
    asked = {
        "pupils": True, "lost": _some(row["without_school"]), "walk": True,
        "off_foot": _some(row["no_way_on_foot_after"]), "beds": boards, "boarding": boards, "posts": True,
        "bus": _some(row["bus_runs"]), "bus_unreached": _some(row["bus_unreached"]),
    }  # fmt: skip
    return [section for section, said in asked.items() if said]


def _some(number: object) -> bool:
    return float(str(number)) > 0


def _said(rung: str, section: str, key: str, values: Mapping[str, object]) -> dict[str, str]:
    texts = {f"text_{lang}": label(key, lang, **_words(values, lang)) for lang in LANGS}
    return {"rung": rung, "section": section, **texts}


def _words(values: Mapping[str, object], lang: Lang) -> dict[str, str]:
    """Return values as they are read: shares as percent, numbers rounded, what is missing as not known."""
    said = {}
    for name, value in values.items():
        if value is pd.NA or value is None or (isinstance(value, float) and np.isnan(value)):
            said[name] = label("ladder_state.unknown", lang)
        elif isinstance(value, bool | np.bool_):
            said[name] = label(f"ladder_state.{'met' if value else 'not_met'}", lang)
        elif isinstance(value, int | float):
            percent = name.startswith("share")
            said[name] = f"{100 * value:.0f} %" if percent else f"{value:.1f}".removesuffix(".0")
        else:
            said[name] = str(value)
    return said
