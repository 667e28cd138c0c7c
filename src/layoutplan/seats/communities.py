"""School communities of town and country: members, ways between them, balance inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.travel import Travel
from layoutplan.county.tables import STAGES
from layoutplan.seats.resources import INDICATORS, Resources, weighted_cv

_RURAL = ("town", "village")
_ISSUES = ("no_lead", "lead_not_member", "lead_alone", "no_rural_member")


@dataclass(frozen=True, eq=False)
class Communities:
    """The communities of a county.

    Parameters
    ----------
    members : DataFrame
        ``community_id, school_id`` (key), ``community``, ``name``, ``kind``, ``setting``, ``township_id``, ``is_lead``,
        ``pupils`` [person], ``minutes`` and ``metres`` one way to the leading school (missing for the lead itself
        and where ``reason`` says why there is no way), ``verdict`` (of the resource standards; missing where the
        school is not judged).
    pairs : DataFrame
        ``community_id, from_school_id, to_school_id`` (key), ``minutes``, ``metres``: ways between members that
        teachers could take; pairs without a way are absent.
    balance : DataFrame
        ``community_id`` (key), ``community``, ``lead_school_id``, ``members``, ``rural_members``, ``pupils``,
        ``farthest_minutes``, ``unreached`` (members without a way to the lead), ``pass``, ``fail``, ``undecided``
        (members by verdict), ``issue`` (empty, or one of ``no_lead``, ``lead_not_member``, ``lead_alone``,
        ``no_rural_member``).
    spread : DataFrame
        ``community_id, stage, indicator`` (key), ``schools``, ``cv``, ``lead_value``, ``others_value`` (amount per
        ``per_pupils``): how unequal its members are, and the lead beside the others.
    outside : DataFrame
        ``school_id, name, township_id``: town and village schools with pupils that belong to no community.
    """

    members: pd.DataFrame
    pairs: pd.DataFrame
    balance: pd.DataFrame
    spread: pd.DataFrame
    outside: pd.DataFrame


def describe_communities(
    schools: pd.DataFrame, communities: pd.DataFrame, resources: Resources, *, between: Travel, pupils: pd.DataFrame
) -> Communities:
    """Describe every community of a county.

    Parameters
    ----------
    schools : DataFrame
        ``school_id, name, kind, setting, township_id, community_id``.
    communities : DataFrame
        ``community_id, name, lead_school_id``.
    resources : Resources
        The standards, school by school.
    between : Travel
        Ways from every school to every school.
    pupils : DataFrame
        ``school_id, stage, pupils`` [person].

    Returns
    -------
    Communities
        Sorted by key. The table of schools gives each school one community at most, so that none belongs to two.
    """
    total = pupils.groupby("school_id")["pupils"].sum()
    named = communities.set_index("community_id")
    frame = pd.DataFrame(schools[["school_id", "name", "kind", "setting", "township_id", "community_id"]])
    frame = frame.assign(pupils=frame["school_id"].map(total).fillna(0.0).astype(float))
    rural = frame["setting"].isin(_RURAL) & (frame["kind"] != "special") & (frame["pupils"] > 0)
    outside = frame[rural & frame["community_id"].isna()][["school_id", "name", "township_id"]]
    frame = frame[frame["community_id"].notna()]
    lead = frame["community_id"].map(named["lead_school_id"])
    frame = frame.assign(
        community=frame["community_id"].map(named["name"]), is_lead=frame["school_id"] == lead, lead=lead
    )
    ways = _ways(between)
    frame = _with_way_to_lead(frame, ways, between)
    frame = frame.assign(verdict=frame["school_id"].map(resources.schools.set_index("school_id")["verdict"]))
    frame = frame.sort_values(["community_id", "school_id"], ignore_index=True)
    names = [
        "community_id", "school_id", "community", "name", "kind", "setting", "township_id", "is_lead", "pupils",
        "minutes", "metres", "reason", "verdict",
    ]  # fmt: skip
    return Communities(
        frame[names], _pairs(frame, ways), _balance(named, frame), _spread(frame, resources),
        outside.sort_values("school_id", ignore_index=True),
    )  # fmt: skip


def _ways(between: Travel) -> pd.DataFrame:
    start = np.repeat(np.arange(len(between.place_ids)), np.diff(between.start))
    index = pd.MultiIndex.from_arrays(
        [np.array(between.place_ids, dtype=object)[start], np.array(between.school_ids, dtype=object)[between.school]],
        names=["from_school_id", "to_school_id"],
    )
    return pd.DataFrame({"minutes": between.minutes, "metres": between.length_mm / 1000.0}, index=index)


def _with_way_to_lead(frame: pd.DataFrame, ways: pd.DataFrame, between: Travel) -> pd.DataFrame:
    key = pd.MultiIndex.from_arrays([frame["school_id"], frame["lead"]])
    found = ways.reindex(key)
    frame = frame.assign(minutes=found["minutes"].to_numpy(float), metres=found["metres"].to_numpy(float))
    frame.loc[frame["is_lead"], ["minutes", "metres"]] = np.nan
    lost = frame["minutes"].isna() & ~frame["is_lead"] & frame["lead"].notna()
    why = [between.unreached.get(school_id, "island") for school_id in frame["school_id"]]
    return frame.assign(reason=np.where(lost, why, ""))


def _pairs(frame: pd.DataFrame, ways: pd.DataFrame) -> pd.DataFrame:
    one = frame[["community_id", "school_id"]]
    both = one.merge(one, on="community_id", suffixes=("_from", "_to"))
    both = both.rename(columns={"school_id_from": "from_school_id", "school_id_to": "to_school_id"})
    both = both[both["from_school_id"] != both["to_school_id"]]
    joined = both.join(ways, on=["from_school_id", "to_school_id"], how="inner").reset_index(drop=True)
    return joined.sort_values(["community_id", "from_school_id", "to_school_id"], ignore_index=True)


def _balance(named: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for community_id, about in named.sort_index().iterrows():
        mine = frame[frame["community_id"] == community_id]
        verdicts = mine["verdict"].value_counts()
        lead = about["lead_school_id"]
        rural = int((mine["setting"].isin(_RURAL) & ~mine["is_lead"]).sum())
        wrong = (pd.isna(lead), not mine["is_lead"].any(), len(mine) < 2, rural == 0)
        rows.append({
            "community_id": community_id, "community": about["name"], "lead_school_id": None if wrong[0] else lead,
            "members": len(mine), "rural_members": rural, "pupils": float(mine["pupils"].sum()),
            "farthest_minutes": float(mine["minutes"].max()), "unreached": int((mine["reason"] != "").sum()),
            **{verdict: int(verdicts.get(verdict, 0)) for verdict in ("pass", "fail", "undecided")},
            "issue": next((name for name, holds in zip(_ISSUES, wrong, strict=True) if holds), ""),
        })  # fmt: skip
    columns = [
        "community_id", "community", "lead_school_id", "members", "rural_members", "pupils", "farthest_minutes",
        "unreached", "pass", "fail", "undecided", "issue",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _spread(frame: pd.DataFrame, resources: Resources) -> pd.DataFrame:
    where = frame.set_index("school_id")
    held = resources.indicators[resources.indicators["status"] != "unknown"]
    held = held[held["school_id"].isin(where.index)]
    held = held.assign(
        community_id=held["school_id"].map(where["community_id"]), is_lead=held["school_id"].map(where["is_lead"])
    )
    rows = []
    for community_id in sorted(frame["community_id"].unique()):
        mine = held[held["community_id"] == community_id]
        for stage in STAGES:
            for indicator in INDICATORS:
                some = mine[(mine["stage"] == stage) & (mine["indicator"] == indicator.name)]
                if len(some):
                    lead = some["is_lead"].to_numpy(bool)
                    values = [_mean(some[mask]) * indicator.per_pupils for mask in (lead, ~lead)]
                    cv = weighted_cv(some["amount"], some["pupils"])
                    rows.append((community_id, stage, indicator.name, len(some), cv, *values))
    names = ["community_id", "stage", "indicator", "schools", "cv", "lead_value", "others_value"]
    return pd.DataFrame(rows, columns=names)


def _mean(some: pd.DataFrame) -> float:
    return float(some["amount"].sum() / some["pupils"].sum()) if len(some) else float("nan")
