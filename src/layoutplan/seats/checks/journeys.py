"""How far pupils go: too long, no way at all, beyond a town's radius."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.county.tables import GRADES_OF_GROUP, STAGES
from layoutplan.seats.checks.cubes import Word, breaches, worst_by_place
from layoutplan.seats.checks.evidence import LIMIT_GRADES, Evidence, Found
from layoutplan.seats.roster import is_open
from layoutplan.seats.ways import limit_of, means_of

_TOWN_KINDS = ("town", "housing")


def find(evidence: Evidence) -> Iterator[Found]:
    """Look at the way to school of every place.

    Parameters
    ----------
    evidence : Evidence
        The plan so far.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    yield from _late(evidence)
    yield from _young_ahead(evidence)
    yield from _unreached(evidence)
    yield from _town_radius(evidence)


def _late(evidence: Evidence) -> Iterator[Found]:
    """Places whose pupils of a group held to a limit go too long; grades 1-3 are named by their place alone."""
    policy, flows = evidence.policy, evidence.flows
    for group, grades in GRADES_OF_GROUP.items():
        norm = limit_of(policy, group, evidence.facts.norms)
        if norm is not None:
            far = evidence.now & (flows.minutes > norm.value) & np.isin(flows.grade, grades) & ~flows.rides
            each = worst_by_place(flows, far, flows.minutes, place_ids=evidence.place_ids)
            subject = each["place_id"] if group == "grades_1_3" else each["place_id"] + f"/{group}"
            words = [Word(f"group.{group}")] * len(each), [Word(f"means.{means_of(policy, group)}")] * len(each)
            rows = each.assign(subject=subject, year=evidence.facts.base_year, limit=float(norm.value), norm=norm.key)
            yield (
                "place_over_limit",
                rows.assign(group=pd.Series(words[0], dtype=object), means=pd.Series(words[1], dtype=object)),
            )


def _young_ahead(evidence: Evidence) -> Iterator[Found]:
    """Places whose youngest pupils will go too long from some year on, and the share of those who do now."""
    norm = limit_of(evidence.policy, "grades_1_3", evidence.facts.norms)
    if norm is None:
        return
    flows, years = evidence.flows, evidence.years
    young = np.isin(flows.grade, LIMIT_GRADES)
    far = (flows.minutes > norm.value) & (flows.pupils > 0) & young & ~flows.rides
    at = flows.place[far], flows.year[far]
    most, pupils = np.zeros((2, len(evidence.place_ids), len(years)))
    np.maximum.at(most, at, flows.minutes[far])
    np.add.at(pupils, at, flows.pupils[far])
    now = pupils[:, years == evidence.facts.base_year] > 0
    found = breaches((pupils > 0) & ~now.any(axis=1, keepdims=True), most)
    place = evidence.place_ids[found.at[0]]
    rows = {
        "subject": place, "year": years[found.first], "measured": found.of(most), "limit": float(norm.value),
        "norm": norm.key, "place_id": place, "pupils": found.of(pupils), "worst_year": years[found.worst],
    }  # fmt: skip
    yield "place_over_limit_ahead", pd.DataFrame(rows)
    total, late = (float(flows.pupils[evidence.now & some].sum()) for some in (young, far))
    if late:
        row = {
            "subject": "grades_1_3", "year": evidence.facts.base_year, "measured": 100 * late / total, "limit": 0.0,
            "pupils": late, "places": int(now.sum()), "minutes": float(norm.value), "norm": norm.key,
        }  # fmt: skip
        yield "pupils_over_limit", pd.DataFrame([row])


def _unreached(evidence: Evidence) -> Iterator[Found]:
    unreached = dict[str, str]()
    for group in GRADES_OF_GROUP:
        unreached = {**evidence.ways.by_group[group].unreached, **unreached}
    reasons = [Word(f"reason.{reason}") for reason in unreached.values()]
    rows = {
        "subject": list(unreached), "year": evidence.facts.base_year, "measured": np.nan, "limit": np.nan,
        "place_id": list(unreached), "reason": reasons,
    }  # fmt: skip
    yield "place_unreached", pd.DataFrame(rows)
    reached = np.array(evidence.travel.school_ids, dtype=object)[np.unique(evidence.travel.school)]
    ids = evidence.roster.schools["school_id"].to_numpy(object)[is_open(evidence.roster, evidence.facts.base_year)]
    alone = ids[~np.isin(ids, reached) & np.isin(ids, evidence.schools.index.to_numpy(object))]
    rows = {
        "subject": alone, "year": evidence.facts.base_year, "measured": np.nan, "limit": np.nan, "school_id": alone,
    }  # fmt: skip
    yield "school_unreached", pd.DataFrame(rows)


def _town_radius(evidence: Evidence) -> Iterator[Found]:
    """Town neighbourhoods farther from their school than the service radius of towns."""
    places, flows = evidence.facts.county.places, evidence.flows
    town = np.isin(evidence.place_ids, places.loc[places["kind"].isin(_TOWN_KINDS), "place_id"].to_numpy(object))
    now = evidence.now & town[flows.place]
    for number, stage in enumerate(STAGES):
        limit = evidence.facts.norms.value(f"travel.town_radius_m.{stage}")
        far = now & (flows.stage == number) & (flows.metres > limit)
        each = worst_by_place(flows, far, flows.metres, place_ids=evidence.place_ids)
        code = f"town_radius_{stage}"
        yield code, each.assign(subject=each["place_id"], year=evidence.facts.base_year, limit=limit)
