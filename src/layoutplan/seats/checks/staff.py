"""Staff, beds and meals against pupils, classes and boarders."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.county.tables import GRADES_OF_STAGE, STAGES
from layoutplan.seats.checks.cubes import breaches
from layoutplan.seats.checks.evidence import HAIR, LIMIT_GRADES, Evidence, Facts, Found, stage_words
from layoutplan.seats.staffing import count_posts


def find_standing(facts: Facts) -> Iterator[Found]:
    """Look at the people and the places to sleep and eat of every school.

    Parameters
    ----------
    facts : Facts
        The county as it is.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    yield from _staff(facts)
    yield from _teachers(facts)
    yield from _boarders(facts)


def find(evidence: Evidence) -> Iterator[Found]:
    """Look at the people and the places to sleep and eat of every school.

    Parameters
    ----------
    evidence : Evidence
        The plan so far.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    yield from _beds_ahead(evidence)


def _staff(facts: Facts) -> Iterator[Found]:
    """Schools with fewer staff than the posts their pupils are due, and small ones with more staff than pupils."""
    classes = facts.classes[["school_id", "stage", "pupils"]].assign(classes=1)
    posts = count_posts(facts.county.schools, classes, norms=facts.norms).set_index("school_id")
    staff, due = posts["staff"].astype("Float64").astype(float), posts["posts"].astype(float)
    # The floor by classes is only a guide, so falling short of it is no finding.
    short = posts.index[((staff < due) & ~posts["floor_binds"]).to_numpy(bool)]
    stage = facts.schools["grade_from"].map(
        lambda grade: STAGES[0] if grade <= GRADES_OF_STAGE[STAGES[0]][-1] else STAGES[1]
    )
    yield "staff_short", _rows(short, facts, staff, due).assign(stage=stage[short], pupils=posts["pupils"][short])
    many = posts.index[(staff > posts["pupils"]).to_numpy(bool)]
    yield "staff_above_pupils", _rows(many, facts, staff, posts["pupils"])


def _rows(at: pd.Index, facts: Facts, measured: pd.Series, limit: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject": at, "year": facts.base_year, "measured": measured.reindex(at).astype(float),
            "limit": limit.reindex(at).astype(float), "school_id": at,
        },
        index=at,
    )  # fmt: skip


def _teachers(facts: Facts) -> Iterator[Found]:
    """Stages with fewer full-time teachers than classes."""
    per_class = facts.norms.value("staff.teachers_per_class")
    formed = facts.classes.groupby(["school_id", "stage"]).size().astype(float)
    teachers = facts.county.rooms.set_index(["school_id", "stage"])["teachers"].astype("Float64").astype(float)
    table = pd.DataFrame({"classes": formed, "measured": teachers.reindex(formed.index)}).reset_index()
    table = table.assign(limit=per_class * table["classes"])
    rows = table[table["measured"] < table["limit"]]
    yield (
        "teachers_below_classes",
        rows.assign(
            subject=rows["school_id"] + "/" + rows["stage"], year=facts.base_year,
            stage_name=stage_words(rows["stage"]),
        ),
    )  # fmt: skip


def _boarders(facts: Facts) -> Iterator[Found]:
    """Young children who board, and boarders without a bed or a seat at meals."""
    classes, schools = facts.classes, facts.schools
    boarders = classes["boarders"].astype("Float64").astype(float).fillna(0.0)
    young = boarders[classes["grade"].isin(LIMIT_GRADES)].groupby(classes["school_id"]).sum()
    at = pd.Index(young.index[young > 0])
    yield "boarders_young", _rows(at, facts, young, young * 0.0)
    sums = boarders.groupby(classes["school_id"]).sum().reindex(schools.index).fillna(0.0)
    for code, column, norm in (
        ("beds_short", "boarding_beds", "boarding.beds_per_boarder"),
        ("canteen_short", "canteen_seats", "boarding.canteen_seats_per_boarder"),
    ):
        have = schools[column].astype("Float64").astype(float)
        need = pd.Series(np.ceil(sums.to_numpy(float) * facts.norms.value(norm) - HAIR), index=sums.index)
        at = schools.index[(have < need).to_numpy(bool)]
        yield code, _rows(at, facts, have, need)


def _beds_ahead(evidence: Evidence) -> Iterator[Found]:
    """Schools whose boarders, at today's share of each stage, will outgrow the beds they have."""
    cubes, facts = evidence.cubes, evidence.facts
    known = facts.schools.index.get_indexer(evidence.schools.index)
    share = np.where((known >= 0)[:, None], facts.boarding_share[known], 0.0)
    boarders = (cubes.pupils * share[:, :, None]).sum(axis=1)
    beds = evidence.schools["boarding_beds"].astype("Float64").astype(float).to_numpy()[:, None]
    short = boarders - beds
    now = cubes.years == facts.base_year
    # Half a boarder is no boarder: pupils are real numbers, beds are not.
    found = breaches((short >= 0.5) & ~now & ~(short[:, now] > 0).any(axis=1, keepdims=True), short)
    school = cubes.school_ids[found.at[0]]
    yield (
        "beds_short_ahead",
        pd.DataFrame(
            {
                "subject": school, "year": cubes.years[found.first], "measured": beds[found.at[0], 0],
                "limit": found.of(boarders), "school_id": school, "worst_year": cubes.years[found.worst],
            }
        ),
    )  # fmt: skip
