"""The path to no large class and no over-size school: what has to move or be built, school by school, year by year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.county.tables import STAGES
from layoutplan.norms import Norms
from layoutplan.plan.planning import PlanResult

_HAIR = 1e-6
_MEASURES = ("classes_over_norm", "classes_large", "classes_extra_large", "pupils_over_size")
_SUMS = (
    "classes_over_norm", "classes_large", "classes_extra_large", "pupils_to_even_out", "pupils_to_move",
    "classes_to_add", "rooms_to_add",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class EliminationPath:
    """What stands between a county and the norms of class and school size, under one scenario.

    Parameters
    ----------
    stages : DataFrame
        ``year, school_id, stage`` (key, sorted), ``name``, ``pupils`` [person], ``rooms`` [room], ``classes`` [class],
        ``classes_needed`` [class], ``classes_over_norm, classes_large, classes_extra_large`` [class] (bands do not
        overlap; base year as counted, later a grade spread evenly), ``pupils_to_even_out`` [person] (base year: change
        class, not school), ``pupils_to_move`` [person] (have to leave if no room is added), ``classes_to_add`` [class],
        ``rooms_to_add`` [room] (if nobody leaves).
    sizes : DataFrame
        ``year, school_id`` (key, sorted), ``name``, ``pupils``, ``limit``, ``pupils_over_size`` [person]; schools over
        their size norm in some year.
    zero : DataFrame
        ``school_id, measure`` (key, sorted), ``name``, ``first_year``, ``zero_year``: the year from which
        on the measure stays at zero to the end; missing if it does not. ``measure`` is a class band or
        ``pupils_over_size``.
    county : DataFrame
        ``year`` (key, sorted), sums of ``stages``, ``schools_over_size`` [school], ``pupils_over_size`` [person].
    left : DataFrame
        Rows of ``stages`` in the goal year with a class over the norm, or pupils who have to move.
    """

    stages: pd.DataFrame
    sizes: pd.DataFrame
    zero: pd.DataFrame
    county: pd.DataFrame
    left: pd.DataFrame


def elimination_path(result: PlanResult) -> EliminationPath:
    """Work out the elimination path of a plan.

    Parameters
    ----------
    result : PlanResult
        A plan.

    Returns
    -------
    EliminationPath
        By school and stage, by year, and for the county.
    """
    stages = _stages(result)
    sizes = _sizes(result)
    county = stages.groupby("year")[list(_SUMS)].sum()
    over = sizes[sizes["pupils_over_size"] > 0].groupby("year")["pupils_over_size"].agg(["size", "sum"])
    over = over.reindex(county.index).fillna(0.0)
    county = county.assign(schools_over_size=over["size"], pupils_over_size=over["sum"]).astype(float).reset_index()
    goal = int(result.prepared.norms.value("plan.goal_year"))
    bad = stages[["classes_over_norm", "classes_large", "classes_extra_large", "pupils_to_move"]].sum(axis=1) > 0
    left = stages[(stages["year"] == goal) & bad].reset_index(drop=True)
    return EliminationPath(stages, sizes, _zero_years(stages, sizes), county, left)


def _stages(result: PlanResult) -> pd.DataFrame:
    norms, frame = result.prepared.norms, result.enrolment.frame
    ordinary = result.roster.schools.loc[result.roster.schools["kind"] != "special", ["school_id", "name"]]
    frame = frame[frame["school_id"].isin(ordinary["school_id"])]
    limit = frame["stage"].map({stage: norms.value(f"class_size.{stage}") for stage in STAGES}).astype(float)
    size, count = (np.asarray(frame[name], dtype=np.float64) for name in ("class_size", "classes"))
    bands = _bands(size, np.asarray(limit, dtype=np.float64), norms)
    table = frame[["year", "school_id", "stage", "grade", "pupils", "classes"]].assign(
        limit=limit, classes_needed=np.ceil(frame["pupils"].to_numpy(float) / limit.to_numpy(float) - _HAIR),
        **{name: np.where(bands == number, count, 0.0) for number, name in enumerate(_MEASURES[:3])},
    )  # fmt: skip
    keys = ["year", "school_id", "stage"]
    sums = table.groupby(keys)[["pupils", "classes", "classes_needed", *_MEASURES[:3]]].sum()
    rooms = result.supply.frame.set_index(keys)["rooms"].reindex(sums.index).astype(float)
    sums = sums.assign(rooms=rooms, pupils_to_even_out=0.0)
    counted = _counted(result).reindex(sums.index)
    now = sums.index.get_level_values("year") == result.prepared.county.base_year
    for name in counted.columns:
        sums[name] = np.where(now, counted[name].fillna(0.0), sums[name])
    short = (sums["classes_needed"] - sums["rooms"]).clip(lower=0.0)
    crowded = sums.index[(short > 0).to_numpy()]
    moving = pd.Series(0.0, index=sums.index)
    if len(crowded):
        by_grade = table.set_index(keys).loc[crowded].groupby(level=keys)
        have = dict(zip(rooms.index, rooms.to_numpy(float), strict=True))
        counts = {
            key: pupils_to_move(part["pupils"].to_numpy(float), int(have[key]), float(part["limit"].iloc[0]))
            for key, part in by_grade
        }
        moving.update(pd.Series(counts))
    sums = sums.assign(
        pupils_to_move=moving, rooms_to_add=short,
        classes_to_add=(sums["classes_needed"] - sums["classes"]).clip(lower=0.0),
    )  # fmt: skip
    return sums.reset_index().merge(ordinary, on="school_id").sort_values(keys, ignore_index=True)


def _bands(size: Floats, limit: Floats, norms: Norms) -> Floats:
    large, extra = norms.value("class_size.large"), norms.value("class_size.extra_large")
    return np.select([size > extra - _HAIR, size > large - _HAIR, size > limit + _HAIR], [2, 1, 0], default=-1)


def _counted(result: PlanResult) -> pd.DataFrame:
    """Return the bands of the base year's single classes, and who only has to change class, by year, school, stage."""
    facts = result.prepared.facts
    classes = facts.classes
    limit = np.asarray(classes["norm"], dtype=np.float64)
    bands = _bands(np.asarray(classes["pupils"], dtype=np.float64), limit, facts.norms)
    table = classes.assign(
        year=facts.base_year, over=(classes["pupils"] - classes["norm"]).clip(lower=0.0),
        **{name: (bands == number).astype(float) for number, name in enumerate(_MEASURES[:3])},
    )  # fmt: skip
    by_grade = table.groupby(["school_id", "grade"])
    room = by_grade["norm"].transform("sum") - by_grade["pupils"].transform("sum")
    # A grade whose classes hold it within the norm needs no room and no other school: its classes are formed anew.
    table["pupils_to_even_out"] = table["over"].where(room >= 0, 0.0)
    return table.groupby(["year", "school_id", "stage"])[[*_MEASURES[:3], "pupils_to_even_out"]].sum()


def pupils_to_move(pupils: Floats, rooms: int, limit: float) -> float:
    """Return the fewest pupils who have to leave so that the others fit the rooms, no class over the norm.

    Parameters
    ----------
    pupils : float [grade]
        Pupils of each grade.
    rooms : int
        Ordinary classrooms.
    limit : float
        Class norm [person].

    Returns
    -------
    float
        Pupils [person].

    Notes
    -----
    Every grade keeps a room where there are enough; each further room holds the norm or what is left of a grade,
    the fullest first. With fewer rooms than grades, grades share them.

    Examples
    --------
    >>> pupils_to_move(np.array([90.0, 50.0]), 3, 45.0)
    5.0
    """
    present = pupils[pupils > 0]
    if rooms < len(present):
        return float(max(present.sum() - rooms * limit, 0.0))
    kept = float(np.minimum(present, limit).sum())
    more = [min(limit, count - limit * at) for count in present for at in range(1, int(np.ceil(count / limit - _HAIR)))]
    kept += sum(sorted(more, reverse=True)[: rooms - len(present)])
    return float(present.sum() - kept)


def _sizes(result: PlanResult) -> pd.DataFrame:
    norms, schools = result.prepared.norms, result.roster.schools
    total = result.enrolment.frame.groupby(["year", "school_id"])["pupils"].sum().reset_index()
    limits = {
        kind: norms.value(f"school_size.{kind}") for kind in schools["kind"].unique() if f"school_size.{kind}" in norms
    }
    about = pd.DataFrame(
        {"school_id": schools["school_id"], "name": schools["name"], "limit": schools["kind"].map(limits)}
    )
    table = total.merge(about.dropna(), on="school_id")
    table["pupils_over_size"] = (table["pupils"] - table["limit"].astype(float)).clip(lower=0.0)
    ever = table.loc[table["pupils_over_size"] > 0, "school_id"].unique()
    columns = ["year", "school_id", "name", "pupils", "limit", "pupils_over_size"]
    return table.loc[table["school_id"].isin(ever), columns].sort_values(columns[:2], ignore_index=True)


def _zero_years(stages: pd.DataFrame, sizes: pd.DataFrame) -> pd.DataFrame:
    """Return from which year on each measure of a school stays at zero; missing if it never does."""
    bands = stages.groupby(["school_id", "name", "year"])[list(_MEASURES[:3])].sum().reset_index()
    tall = [bands.melt(["school_id", "name", "year"], list(_MEASURES[:3]), "measure", "value")]
    tall.append(sizes.melt(["school_id", "name", "year"], ["pupils_over_size"], "measure", "value"))
    table = pd.concat(tall, ignore_index=True)
    last = int(stages["year"].max())
    over = table[table["value"] > 0].groupby(["school_id", "name", "measure"])["year"].agg(["min", "max"]).reset_index()
    zero = (over["max"] + 1).astype("Int64").mask(over["max"] == last)
    rows = over.rename(columns={"min": "first_year"}).assign(zero_year=zero)
    return rows[["school_id", "measure", "name", "first_year", "zero_year"]].sort_values(
        ["school_id", "measure"], ignore_index=True
    )
