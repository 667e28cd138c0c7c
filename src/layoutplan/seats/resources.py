"""What every school has against the seven resource standards of balanced schooling.

Per school and stage: the value, the standard, what is missing in whole quantities; per school:
whether six of seven are met and the seventh lies above its floor; per stage: how unequal schools
are. What was not reported is unknown and counted, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.county.layers import County
from layoutplan.county.tables import STAGE_OF_GRADE, STAGES
from layoutplan.norms import Norms


@dataclass(frozen=True)
class Indicator:
    """One of the seven.

    Parameters
    ----------
    name : str
        Column that holds the amount, and key of its norms ``balance.<name>.<stage>``.
    shared : bool
        Whether a school reports one amount for both its stages, to be split by weighted pupils.
    per_pupils : int
        Pupils the standard is said for: 1 or 100.
    unit : str
        Unit of the amount.
    whole : bool
        Whether what is missing comes in whole pieces.
    """

    name: str
    shared: bool
    per_pupils: int
    unit: str
    whole: bool


INDICATORS = (
    Indicator("degree_teachers", shared=False, per_pupils=100, unit="person", whole=True),
    Indicator("key_teachers", shared=False, per_pupils=100, unit="person", whole=True),
    Indicator("arts_sports_teachers", shared=False, per_pupils=100, unit="person", whole=True),
    Indicator("teaching_m2", shared=True, per_pupils=1, unit="m2", whole=False),
    Indicator("sports_m2", shared=True, per_pupils=1, unit="m2", whole=False),
    Indicator("equipment_yuan", shared=True, per_pupils=1, unit="yuan", whole=False),
    Indicator("multimedia_rooms", shared=False, per_pupils=100, unit="room", whole=True),
)
_KEY = ["school_id", "stage"]
# Ratios come from divisions; a school exactly at its standard must not fail by the last digit.
_TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Resources:
    """The ledger of a county.

    Parameters
    ----------
    indicators : DataFrame
        ``school_id, stage, indicator`` (key), ``pupils`` [person], ``amount`` [``unit``], ``value`` and
        ``standard`` (amount per ``per_pupils`` pupils), ``ratio`` (value over standard), ``gap`` [``unit``]
        (what is missing; whole for persons and rooms), ``status`` (``met``, ``above_floor``, ``short``,
        ``unknown``) and ``reason`` of an unknown value (``not_reported``, ``senior_pupils_unknown``).
    parts : DataFrame
        ``school_id, stage`` (key), ``pupils``, ``met``, ``unknown`` (numbers of indicators), ``lowest_ratio``,
        ``distance`` (see :func:`distance_to_pass`; missing while undecided), ``verdict`` (``pass``, ``fail``,
        ``undecided``).
    schools : DataFrame
        ``school_id`` (key), ``name``, ``kind``, ``township_id``, ``pupils``, ``verdict``, ``distance``,
        ``to_raise`` (indicators below standard), ``unknown``; a school passes if all its stages do.
    spread : DataFrame
        ``stage, indicator`` (key), ``schools``, ``pupils``, ``mean``, ``cv``, ``limit``, ``unknown_schools``,
        ``unknown_pupils``, ``verdict`` (``within``, ``over``, ``undecided`` where a value is unknown).
    left_out : DataFrame
        ``school_id, stage, reason``: ``special``, ``small_point`` (a teaching point under
        ``balance.min_point_pupils``) or ``no_pupils``.
    """

    indicators: pd.DataFrame
    parts: pd.DataFrame
    schools: pd.DataFrame
    spread: pd.DataFrame
    left_out: pd.DataFrame


def stage_pupils(county: County) -> pd.DataFrame:
    """Return ``school_id, stage, pupils`` [person] as counted in the base year, 0 where a stage has no class."""
    counted = county.classes.assign(stage=county.classes["grade"].map(STAGE_OF_GRADE))
    total = counted.groupby(_KEY)["pupils"].sum()
    taught = pd.MultiIndex.from_frame(county.rooms[_KEY])
    everywhere = total.index.union(taught)
    return total.reindex(everywhere, fill_value=0).astype(float).rename_axis(_KEY).reset_index()


def split_shared(amount: float, pupils: tuple[float, float], weights: tuple[float, float]) -> tuple[float, float]:
    """Split what two stages share by their pupils, each weighted (RI-12 of the balance rules).

    Parameters
    ----------
    amount : float
        What the school has, in any unit.
    pupils : (float, float)
        Primary and junior pupils [person]; not both 0.
    weights : (float, float)
        Weight of a primary and of a junior pupil, nationally 1 and 1.1.

    Returns
    -------
    (float, float)
        Primary and junior part; they add up to the amount.

    Examples
    --------
    >>> [round(part, 1) for part in split_shared(23_226, (166, 210), (1.0, 1.1))]
    [9711.6, 13514.4]
    """
    heavy = pupils[0] * weights[0], pupils[1] * weights[1]
    total = heavy[0] + heavy[1]
    return amount * heavy[0] / total, amount * heavy[1] / total


def weighted_cv(amounts: npt.ArrayLike, pupils: npt.ArrayLike) -> float:
    """Return the difference coefficient between schools, weighted by enrolment (RI-10; trap T16).

    ``CV = S / X`` with ``X = sum(x) / sum(P)`` and ``S = sqrt(sum(P/sum(P) (x/P - X)^2))``. The plain
    ``std / mean`` of the values gives another verdict near the limits.

    Parameters
    ----------
    amounts, pupils : array_like [school]
        What each school has, and its pupils [person], all above 0.

    Returns
    -------
    float
        NaN without schools, or where nobody has anything.

    Examples
    --------
    >>> round(weighted_cv([279, 137, 935, 160, 402], [45, 37, 89, 76, 55]), 3)
    0.515
    """
    amount, weight = np.asarray(amounts, dtype=float), np.asarray(pupils, dtype=float)
    total = float(amount.sum())
    if not len(amount) or total == 0.0:
        return float("nan")
    mean = total / weight.sum()
    return float(np.sqrt(np.sum(weight / weight.sum() * (amount / weight - mean) ** 2)) / mean)


def measure_resources(schools: pd.DataFrame, rooms: pd.DataFrame, pupils: pd.DataFrame, *, norms: Norms) -> Resources:
    """Measure every school against the seven standards.

    Parameters
    ----------
    schools : DataFrame
        The county's ``schools``: kinds, and the areas and equipment a school's stages share.
    rooms : DataFrame
        The county's ``rooms``: teachers and multimedia rooms by stage.
    pupils : DataFrame
        ``school_id, stage, pupils`` [person]: of the base year (:func:`stage_pupils`) or of a planned year,
        so that what is missing is said for the pupils to come.
    norms : Norms
        ``balance.*``.

    Returns
    -------
    Resources
        Sorted by key; every school and stage with pupils stands in ``parts`` or in ``left_out``.
    """
    frame = pupils[[*_KEY, "pupils"]].sort_values(_KEY, ignore_index=True)
    about = schools.set_index("school_id")
    frame = frame.assign(kind=frame["school_id"].map(about["kind"]))
    reason = _reasons_left_out(frame, norms)
    left_out = frame.assign(reason=reason)[reason != ""][[*_KEY, "reason"]].reset_index(drop=True)
    frame = frame[reason == ""].reset_index(drop=True)
    held = [_held(indicator, frame, about, rooms.set_index(_KEY), norms) for indicator in INDICATORS]
    indicators = pd.concat(held, ignore_index=True)
    order = {indicator.name: number for number, indicator in enumerate(INDICATORS)}
    indicators = indicators.sort_values(
        [*_KEY, "indicator"], key=lambda c: c.map(order) if c.name == "indicator" else c
    )
    indicators = indicators.reset_index(drop=True)
    parts = _judge_parts(frame, indicators, norms)
    return Resources(indicators, parts, _judge_schools(parts, about), _spread(indicators, norms), left_out)


def _reasons_left_out(frame: pd.DataFrame, norms: Norms) -> npt.NDArray[np.str_]:
    whole = frame.groupby("school_id")["pupils"].transform("sum")
    small = (frame["kind"] == "teaching_point") & (whole < norms.value("balance.min_point_pupils"))
    chosen = np.select(
        [frame["kind"] == "special", frame["pupils"] <= 0, small], ["special", "no_pupils", "small_point"], default=""
    )
    return np.asarray(chosen, dtype=np.str_)


def _held(
    indicator: Indicator, frame: pd.DataFrame, about: pd.DataFrame, rooms: pd.DataFrame, norms: Norms
) -> pd.DataFrame:
    """Return one indicator of every school and stage, what is unknown with its reason."""
    reason = np.full(len(frame), "", dtype=object)
    if indicator.shared:
        amount, senior = _shared(frame, about[indicator.name], norms)
        reason[senior] = "senior_pupils_unknown"
    else:
        amount = rooms[indicator.name].reindex(pd.MultiIndex.from_frame(frame[_KEY])).to_numpy(float, na_value=np.nan)
    unknown = np.isnan(amount)
    reason[unknown & (reason == "")] = "not_reported"
    pupils = frame["pupils"].to_numpy(float)
    standard = frame["stage"].map({s: norms.value(f"balance.{indicator.name}.{s}") for s in STAGES}).to_numpy(float)
    value = amount / pupils * indicator.per_pupils
    gap = np.maximum(standard * pupils / indicator.per_pupils - amount, 0.0)
    gap = np.ceil(gap - _TINY) if indicator.whole else gap
    ratio = value / standard
    status = np.select(
        [unknown, ratio >= 1.0 - _TINY, ratio >= norms.value("balance.pass.floor") - _TINY],
        ["unknown", "met", "above_floor"], default="short",
    )  # fmt: skip
    return frame[_KEY].assign(
        indicator=indicator.name, pupils=pupils, amount=amount, value=value, standard=standard, ratio=ratio,
        gap=np.where(status == "met", 0.0, gap), unit=indicator.unit, per_pupils=indicator.per_pupils, status=status,
        reason=reason,
    )  # fmt: skip


def _shared(frame: pd.DataFrame, amounts: pd.Series[Any], norms: Norms) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return each stage's part of its school's amount; unknown for schools whose senior pupils are not told."""
    wide = frame.pivot_table(index="school_id", columns="stage", values="pupils").reindex(columns=list(STAGES))
    wide = wide.fillna(0.0)
    weights = norms.value("balance.split.primary"), norms.value("balance.split.junior")
    amount = amounts.reindex(wide.index).to_numpy(float, na_value=np.nan)
    pairs = list(zip(amount.tolist(), wide.to_numpy(float).tolist(), strict=True))
    both = [split_shared(whole, (primary, junior), weights) for whole, (primary, junior) in pairs]
    split = pd.DataFrame(both, index=wide.index, columns=list(STAGES)).stack()
    part = split.reindex(pd.MultiIndex.from_frame(frame[["school_id", "stage"]])).to_numpy(float)
    senior = (frame["kind"] == "twelve_year").to_numpy(bool)
    return np.where(senior, np.nan, part), senior


def _judge_parts(frame: pd.DataFrame, indicators: pd.DataFrame, norms: Norms) -> pd.DataFrame:
    """Judge every stage of a school: it passes, fails, or what is unknown could still decide."""
    ratio = indicators["ratio"].to_numpy(float).reshape(len(frame), len(INDICATORS))
    unknown = np.isnan(ratio).sum(axis=1)
    met = (np.nan_to_num(ratio, nan=0.0) >= 1.0 - _TINY).sum(axis=1)
    needed, floor = norms.value("balance.pass.met"), norms.value("balance.pass.floor")
    lowest = np.where(np.isnan(ratio), np.inf, ratio).min(axis=1, initial=np.inf)
    surely = (unknown == 0) & (met >= needed) & (lowest >= floor - _TINY)
    possibly = (met + unknown >= needed) & (lowest >= floor - _TINY)
    verdict = np.select([surely, ~possibly], ["pass", "fail"], default="undecided")
    away = [distance_to_pass(row, needed=int(needed), floor=floor) for row in ratio]
    return frame[[*_KEY, "pupils"]].assign(
        met=met, unknown=unknown, lowest_ratio=np.where(np.isinf(lowest), np.nan, lowest), distance=away,
        verdict=verdict,
    )  # fmt: skip


def distance_to_pass(ratios: npt.ArrayLike, *, needed: int, floor: float) -> float:
    """Return how much is missing to pass, as a sum of shares of standards.

    Every indicator below its standard has to be raised to it, but as many as may stay below only to
    the floor; those are chosen so that least is missing.

    Parameters
    ----------
    ratios : array_like [indicator]
        Value over standard.
    needed : int
        Indicators that must reach their standard.
    floor : float
        Share of the standard that the others must reach.

    Returns
    -------
    float
        0 where the school passes, NaN where a ratio is unknown.

    Examples
    --------
    >>> round(distance_to_pass([1, 1, 1, 1, 1, 0.9, 0.5], needed=6, floor=0.85), 2)  # 0.10 + (0.85 - 0.50)
    0.45
    """
    ratio = np.asarray(ratios, dtype=float)
    if np.isnan(ratio).any():
        return float("nan")
    to_standard = np.maximum(1.0 - ratio, 0.0)
    to_floor = np.maximum(floor - ratio, 0.0)
    saved = np.sort(to_standard - to_floor)[::-1]
    return float(to_standard.sum() - saved[: len(ratio) - needed].sum())


def _judge_schools(parts: pd.DataFrame, about: pd.DataFrame) -> pd.DataFrame:
    grouped = parts.assign(to_raise=len(INDICATORS) - parts["met"] - parts["unknown"]).groupby("school_id")
    frame = grouped.agg(pupils=("pupils", "sum"), to_raise=("to_raise", "sum"), unknown=("unknown", "sum"))
    verdicts = grouped["verdict"].agg(set)
    frame["verdict"] = [next(v for v in ("fail", "undecided", "pass") if v in seen) for seen in verdicts]
    frame["distance"] = grouped["distance"].agg(lambda away: away.sum(skipna=False))
    frame = frame.join(about[["name", "kind", "township_id"]]).reset_index()
    names = ["school_id", "name", "kind", "township_id", "pupils", "verdict", "distance", "to_raise", "unknown"]
    return frame[names].sort_values("school_id", ignore_index=True)


def _spread(indicators: pd.DataFrame, norms: Norms) -> pd.DataFrame:
    """Return the difference coefficients by stage and indicator, with the schools they could not count."""
    rows = []
    for stage in STAGES:
        limit = norms.value(f"balance.cv_max.{stage}")
        for indicator in INDICATORS:
            mine = indicators[(indicators["stage"] == stage) & (indicators["indicator"] == indicator.name)]
            known = mine[mine["status"] != "unknown"]
            lost = mine[mine["status"] == "unknown"]
            cv = weighted_cv(known["amount"], known["pupils"])
            pupils = float(known["pupils"].sum())
            mean = float(known["amount"].sum()) / pupils * indicator.per_pupils if pupils else float("nan")
            undecided = len(lost) or np.isnan(cv)
            verdict = "undecided" if undecided else "within" if cv <= limit + _TINY else "over"
            rows.append(
                (
                    stage,
                    indicator.name,
                    len(known),
                    pupils,
                    mean,
                    cv,
                    limit,
                    len(lost),
                    float(lost["pupils"].sum()),
                    verdict,
                )
            )
    names = [
        "stage", "indicator", "schools", "pupils", "mean", "cv", "limit", "unknown_schools", "unknown_pupils",
        "verdict",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def nearest_to_passing(resources: Resources, *, count: int) -> pd.DataFrame:
    """Return the schools that fail by least, nearest first.

    Parameters
    ----------
    resources : Resources
        The ledger.
    count : int
        Schools wanted, such as those to be raised this year.

    Returns
    -------
    DataFrame
        Rows of ``resources.schools`` with the verdict ``fail`` and nothing unknown, by ``distance``, then id.
    """
    frame = resources.schools
    failing = frame[(frame["verdict"] == "fail") & frame["distance"].notna()]
    return failing.sort_values(["distance", "school_id"], ignore_index=True).head(count)


def target_years(resources: Resources, *, first_year: int, goal_year: int, per_year: int | None = None) -> pd.DataFrame:
    """Return the year by which every failing school is to pass: the nearest first.

    Parameters
    ----------
    resources : Resources
        The ledger.
    first_year, goal_year : int
        First and last school year in which schools are raised.
    per_year : int, optional
        Schools raised a year; without it, as many as it takes to be done by the goal year.

    Returns
    -------
    DataFrame
        ``school_id, distance, target_year`` (Int64; missing for schools that ``per_year`` leaves over and
        for those whose distance is unknown), nearest first, unknown ones last by id.
    """
    frame = resources.schools[resources.schools["verdict"] != "pass"][["school_id", "distance"]]
    frame = frame.sort_values(["distance", "school_id"], ignore_index=True, na_position="last")
    known = int(frame["distance"].notna().sum())
    years = goal_year - first_year + 1
    each = per_year if per_year is not None else -(-known // max(years, 1))
    number = np.arange(len(frame))
    year = first_year + number // max(each, 1)
    target = pd.Series(year, dtype="Int64").where((number < known) & (year <= goal_year))
    return frame.assign(target_year=target)
