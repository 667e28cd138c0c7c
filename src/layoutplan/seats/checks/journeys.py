"""How far pupils go: too long, no way at all, beyond a town's radius."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.county.tables import GRADES_OF_GROUP, STAGES
from layoutplan.seats.checks.evidence import LIMIT_GRADES, Evidence, Found, Word, first_breaches
from layoutplan.seats.supply import is_open
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
    policy, norms, flows = evidence.policy, evidence.facts.norms, evidence.flows_now
    for group, grades in GRADES_OF_GROUP.items():
        norm = limit_of(policy, group, norms)
        if norm is not None:
            far = flows[(flows["minutes"].to_numpy() > norm.value) & np.isin(flows["grade"].to_numpy(), grades)]
            each = far.groupby("place_id").agg(measured=("minutes", "max"), pupils=("pupils", "sum")).reset_index()
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
    flows, base = evidence.assignment.flows, evidence.flows_now
    over = (flows["minutes"].to_numpy() > norm.value) & (flows["pupils"].to_numpy() > 0)
    far = flows[over & np.isin(flows["grade"].to_numpy(), LIMIT_GRADES)]
    each = far.groupby(["place_id", "year"]).agg(measured=("minutes", "max"), pupils=("pupils", "sum")).reset_index()
    now = each[each["year"] == evidence.facts.base_year]
    later = first_breaches(each[~each["place_id"].isin(now["place_id"])], ["place_id"], worst="measured")
    yield "place_over_limit_ahead", later.assign(subject=later["place_id"], limit=float(norm.value), norm=norm.key)
    total, late = float(base.loc[base["grade"].isin(LIMIT_GRADES), "pupils"].sum()), float(now["pupils"].sum())
    if late:
        row = {
            "subject": "grades_1_3", "year": evidence.facts.base_year, "measured": 100 * late / total, "limit": 0.0,
            "pupils": late, "places": len(now), "minutes": float(norm.value), "norm": norm.key,
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
    ids = evidence.roster.schools["school_id"][is_open(evidence.roster, evidence.facts.base_year)]
    alone = [school_id for school_id in ids if school_id not in set(reached) and school_id in evidence.schools.index]
    rows = {
        "subject": alone, "year": evidence.facts.base_year, "measured": np.nan, "limit": np.nan, "school_id": alone,
    }  # fmt: skip
    yield "school_unreached", pd.DataFrame(rows)


def _town_radius(evidence: Evidence) -> Iterator[Found]:
    """Town neighbourhoods farther from their school than the service radius of towns."""
    places = evidence.facts.county.places
    town = places.loc[places["kind"].isin(_TOWN_KINDS), "place_id"]
    now = evidence.flows_now[evidence.flows_now["place_id"].isin(town)]
    for stage in STAGES:
        limit = evidence.facts.norms.value(f"travel.town_radius_m.{stage}")
        mine = now[(now["stage"] == stage) & (now["metres"] > limit)]
        each = mine.groupby("place_id").agg(measured=("metres", "max"), pupils=("pupils", "sum")).reset_index()
        code = f"town_radius_{stage}"
        yield code, each.assign(subject=each["place_id"], year=evidence.facts.base_year, limit=limit)
