"""Schools that are too large, too small, empty, or on their way to it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.access.travel import nearest_open
from layoutplan.county.tables import GRADES, STAGE_OF_GRADE
from layoutplan.norms import Norms
from layoutplan.seats.checks.cubes import Breaches, breaches
from layoutplan.seats.checks.evidence import LIMIT_GRADES, Evidence, Facts, Found, first_breaches, stage_words
from layoutplan.seats.roster import teaches


def find_standing(facts: Facts) -> Iterator[Found]:
    """Look at the size of every school as it is.

    Parameters
    ----------
    facts : Facts
        The county as it is.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    yield from _sizes(facts)
    yield from _stages_apart(facts)
    yield from _beyond_design(facts)


def find(evidence: Evidence) -> Iterator[Found]:
    """Look at the size of every school, now and in the years to come.

    Parameters
    ----------
    evidence : Evidence
        The plan so far.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    yield from _small(evidence)
    yield from _vacant(evidence)
    yield from _ahead(evidence)
    yield from _adrift(evidence)


def _rows(school_ids: pd.Index, facts: Facts, **columns: object) -> pd.DataFrame:
    """Return a row a school, judged in the base year."""
    frame = pd.DataFrame(columns, index=school_ids)
    return frame.assign(school_id=school_ids, subject=school_ids, year=facts.base_year)


def _size_limits(schools: pd.DataFrame, norms: Norms) -> pd.Series:
    """Return the size norm of each school's kind, infinite where it has none."""
    limits = {
        kind: norms.value(f"school_size.{kind}") if f"school_size.{kind}" in norms else np.inf
        for kind in schools["kind"].unique()
    }
    return schools["kind"].map(limits).astype(float)


def _sizes(facts: Facts) -> Iterator[Found]:
    pupils, limit = facts.base_pupils, _size_limits(facts.schools, facts.norms)
    kind = facts.schools["kind"]
    over, near = pupils > limit, pupils >= facts.norms.value("school_size.near_share") * limit
    for code, where in (("school_over_size", over), ("school_near_size", near & ~over)):
        at = pupils.index[where]
        yield code, _rows(at, facts, measured=pupils[at], limit=limit[at], kind=kind[at])


def _stages_apart(facts: Facts) -> Iterator[Found]:
    """Stages of combined schools larger than a school of that stage may be."""
    classes = facts.classes[facts.classes["kind"].isin(["nine_year", "twelve_year"])]
    sums = classes.groupby(["school_id", "stage"])["pupils"].sum().astype(float).reset_index()
    limits = {stage: facts.norms.value(f"school_size.{stage}") for stage in ("primary", "junior")}
    limit = sums["stage"].map(limits).astype(float)
    over = sums[sums["pupils"] > limit]
    yield (
        "stage_over_size",
        pd.DataFrame(
            {
                "subject": over["school_id"] + "/" + over["stage"], "year": facts.base_year,
                "measured": over["pupils"], "limit": limit[over.index].astype(float), "school_id": over["school_id"],
                "stage": over["stage"], "stage_name": stage_words(over["stage"]),
            }
        ),
    )  # fmt: skip


def _beyond_design(facts: Facts) -> Iterator[Found]:
    """Schools with more classes than the largest design scale of their kind."""
    schools, norms = facts.schools, facts.norms
    formed = facts.classes.groupby("school_id").size().reindex(schools.index).fillna(0)
    setting = schools["setting"].map({"county_town": "urban", "town": "rural", "village": "rural"})
    key = setting + "." + schools["kind"]
    known = {name: norms.value(f"school_classes.{name}") for name in key.unique() if f"school_classes.{name}" in norms}
    limit = key.map(known).astype(float)
    at = schools.index[(formed > limit).to_numpy()]
    rows = _rows(at, facts, measured=formed[at].astype(float), limit=limit[at], kind=schools["kind"][at])
    yield "school_beyond_design", rows.assign(setting=setting[at])


def _small(evidence: Evidence) -> Iterator[Found]:
    """Schools to keep by default, and those so small for so long that a review is due.

    Shell candidates are those of :attr:`Evidence.shells`; one on which some village depends is named besides.
    """
    facts, shell = evidence.facts, evidence.shells
    norms, pupils, counts = facts.norms, facts.base_pupils, facts.counts
    threshold, counts_needed = norms.value("shell.max_pupils"), int(norms.value("shell.counts"))
    near, high = evidence.largest_catchments
    alone = places_that_depend(evidence)
    at = pupils.index[shell]
    words = {"children": near[at], "high": high[at]} | {
        "counts": counts_needed,
        "goal_year": str(facts.goal_year),
    }
    yield (
        "shell_candidate",
        _rows(at, facts, measured=counts.loc[at].max(axis=1), limit=threshold, **words),
    )
    held = at[alone.reindex(at).fillna(0).to_numpy() > 0]
    minutes = norms.value("travel.limit_minutes.grades_1_3")
    yield "shell_irreplaceable", _rows(held, facts, measured=alone.reindex(held).astype(float), limit=minutes)
    small = norms.value("school_size.small")
    rural = facts.schools["setting"] != "county_town"
    kept = pupils.index[(pupils > 0) & (pupils < small) & rural & ~shell]
    rows = _rows(kept, facts, measured=pupils[kept], limit=small, alone=alone.reindex(kept).fillna(0).astype(int))
    yield "small_keep", rows


def places_that_depend(evidence: Evidence) -> pd.Series:
    """Return how many places with young children have this school and no other within the limit.

    Parameters
    ----------
    evidence : Evidence
        The plan so far.

    Returns
    -------
    Series by ``school_id`` [place]
        Judged in the base year for grade 1, by the limit of grades 1-3; schools on which no place depends are absent.
    """
    travel, limit = evidence.travel, evidence.facts.norms.value("travel.limit_minutes.grades_1_3")
    is_open = teaches(evidence.roster, LIMIT_GRADES[0], evidence.facts.base_year)
    place = np.repeat(np.arange(len(travel.place_ids)), np.diff(travel.start))
    within = is_open[travel.school] & (travel.minutes <= limit)
    counts = np.bincount(place[within], minlength=len(travel.place_ids))
    first = int(np.searchsorted(evidence.years, evidence.facts.base_year))
    settled = evidence.children[first, : len(LIMIT_GRADES)].sum(axis=0) > 0
    only = within & (counts == 1)[place] & settled[place]
    school_ids = np.array(travel.school_ids, dtype=object)[travel.school[only]]
    return pd.Series(school_ids, dtype=object).value_counts().sort_index()


def _vacant(evidence: Evidence) -> Iterator[Found]:
    """Schools without pupils, and children who would have one of them nearest."""
    facts, norms = evidence.facts, evidence.facts.norms
    at = facts.schools.index[facts.vacant]
    counts = norms.value("vacant.counts")
    yield "school_vacant", _rows(at, facts, measured=0.0, limit=counts, counts=f"{counts:g}")
    if facts.vacant.any():
        yield "vacant_children_near", _children_near(at, evidence)


def _children_near(at: pd.Index, evidence: Evidence) -> pd.DataFrame:
    """Return the vacant schools that would be nearest to more children than a shell has."""
    facts = evidence.facts
    order = np.array(evidence.roster.schools["school_id"])
    was_open = teaches(evidence.roster, 1, evidence.facts.base_year) | np.isin(order, at)
    pair = nearest_open(evidence.travel, was_open)
    reached = pair >= 0
    nearest = np.array(evidence.travel.school_ids, dtype=object)[evidence.travel.school[pair[reached]]]
    vacant, place = at.get_indexer(pd.Index(nearest)), np.flatnonzero(reached)
    place, vacant = place[vacant >= 0], vacant[vacant >= 0]
    span = evidence.schools.loc[at, ["grade_from", "grade_to"]].to_numpy(np.int64)[vacant]
    grade = np.array(GRADES)
    taught = (grade >= span[:, [0]]) & (grade <= span[:, [1]])
    now = evidence.children[int(np.searchsorted(evidence.years, facts.base_year))].T
    sums = pd.Series(np.bincount(vacant, (now[place] * taught).sum(axis=1), len(at)), index=at)
    threshold = facts.norms.value("shell.max_pupils")
    many = sums[sums > threshold]
    return _rows(pd.Index(many.index), facts, measured=many, limit=threshold)


def _ahead(evidence: Evidence) -> Iterator[Found]:
    """Schools that will be too large, fall under 100, or nearly empty out."""
    cubes, facts = evidence.cubes, evidence.facts
    norms, now = facts.norms, evidence.base_pupils[:, None]
    total = cubes.pupils.sum(axis=1)
    later = (cubes.years > facts.base_year) & (total > 0)
    limit = _size_limits(evidence.schools, norms).to_numpy(float)[:, None]
    found = breaches((total > limit) & (now <= limit) & later, total)
    rows = _school_rows(found, evidence, total).assign(limit=limit[found.at[0], 0])
    yield "school_over_size_ahead", rows.assign(kind=evidence.schools["kind"].to_numpy()[found.at[0]])
    small, threshold = norms.value("school_size.small"), norms.value("shell.max_pupils")
    rural = (evidence.schools["setting"] != "county_town").to_numpy()[:, None]
    planned = later & rural & (cubes.years <= facts.goal_year)
    found = breaches((total < small) & (now >= small) & planned, -total)
    yield "school_small_ahead", _school_rows(found, evidence, total).assign(limit=small)
    found = breaches((total <= threshold) & (now > threshold) & planned, -total)
    yield "school_emptying", _school_rows(found, evidence, total).assign(limit=threshold)


def _school_rows(found: Breaches, evidence: Evidence, total: Floats) -> pd.DataFrame:
    cubes = evidence.cubes
    school = cubes.school_ids[found.at[0]]
    return pd.DataFrame(
        {
            "subject": school, "year": cubes.years[found.first], "measured": found.of(total), "school_id": school,
            "worst_year": cubes.years[found.worst], "now": evidence.base_pupils[found.at[0]],
        }
    )  # fmt: skip


def _adrift(evidence: Evidence) -> Iterator[Found]:
    """Pupils whose school no longer teaches their grade and who can reach no other that does."""
    frame = evidence.enrolment.adrift
    if frame.empty:
        return
    sums = frame.groupby(["school_id", "year"])["pupils"].sum().astype(float).reset_index()
    rows = first_breaches(sums, ["school_id"], worst="pupils").rename(columns={"pupils": "measured"})
    yield "pupils_adrift", rows.assign(subject=rows["school_id"], limit=0.0, stage=STAGE_OF_GRADE[1])
