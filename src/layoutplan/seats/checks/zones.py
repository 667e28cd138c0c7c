"""Attendance zones as drawn: cover, overlap, whose they are, and how many children live in them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import shapely

from layoutplan.county.tables import GRADES_OF_STAGE, STAGE_OF_GRADE
from layoutplan.seats.checks.evidence import Evidence, Facts, Found, first_breaches, stage_words


def find_standing(facts: Facts) -> Iterator[Found]:
    """Look at how the zones are drawn, stage by stage; a county without zones has no findings here.

    Parameters
    ----------
    facts : Facts
        The county as it is.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    if len(facts.county.zones):
        yield from _cover(facts)
        yield from _overlaps(facts)
        yield from _own_school(facts)


def find(evidence: Evidence) -> Iterator[Found]:
    """Look at whose zones they are, who lives in them, and which school those have nearest.

    Parameters
    ----------
    evidence : Evidence
        The plan so far.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    if len(evidence.facts.county.zones):
        inside = evidence.facts.zone_places
        yield from _closed(evidence)
        yield from _load(evidence, inside)
        yield from _nearness(evidence, inside)


def _cover(facts: Facts) -> Iterator[Found]:
    """Places left out: outside every zone of a stage, in a township some of whose places are zoned."""
    inside = facts.zone_places
    places = facts.county.places
    township = places.set_index("place_id")["township_id"]
    parts = []
    for stage, mine in inside.groupby("stage"):
        zoned = township.isin(mine["place_id"].map(township).unique())
        left = township.index[zoned & ~township.index.isin(mine["place_id"])]
        parts.append(pd.DataFrame({"place_id": left, "stage": stage}))
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"place_id": [], "stage": []})
    yield (
        "zone_gap",
        rows.assign(
            subject=rows["place_id"] + "/" + rows["stage"], year=facts.base_year, measured=np.nan, limit=np.nan,
            stage_name=stage_words(rows["stage"]),
        ),
    )  # fmt: skip


def _overlaps(facts: Facts) -> Iterator[Found]:
    """Pairs of zones of a stage that share ground."""
    zones, limit = facts.county.zones, facts.norms.value("zone.overlap_m2")
    shapes, stage = zones.geometry.to_numpy(), zones["stage"].to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pair = (one < other) & (stage[one] == stage[other])
    one, other = one[pair], other[pair]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    over = shared > limit
    ids, school = zones["zone_id"].to_numpy(), zones["school_id"].to_numpy()
    rows = pd.DataFrame(
        {
            "subject": ids[one[over]] + "/" + ids[other[over]], "year": facts.base_year, "measured": shared[over],
            "limit": limit, "school_id": school[one[over]], "stage": stage[one[over]],
            "zone": ids[one[over]], "other": ids[other[over]],
        }
    )  # fmt: skip
    yield "zone_overlap", rows


def _own_school(facts: Facts) -> Iterator[Found]:
    """Zones whose school stands outside them, and town schools that have none while others do."""
    zones, schools = facts.county.zones, facts.county.schools.set_index("school_id")
    at = schools.geometry.reindex(zones["school_id"]).to_numpy()
    away = shapely.distance(zones.geometry.to_numpy(), at)
    rows = _zone_rows(zones, facts).assign(measured=away, limit=0.0)
    yield "zone_without_its_school", rows[away > 0]
    parts = []
    ordinary = facts.schools[facts.schools["opens_year"].isna() & (facts.base_pupils > 0)]
    for stage, grades in GRADES_OF_STAGE.items():
        mine = zones[zones["stage"] == stage]
        settings = ordinary.reindex(mine["school_id"])["setting"].dropna().unique()
        teaches = (ordinary["grade_from"] <= grades[0]) & (ordinary["grade_to"] >= grades[0])
        alike = ordinary[teaches & ordinary["setting"].isin(settings)]
        without = alike.index[~alike.index.isin(mine["school_id"])]
        parts.append(pd.DataFrame({"school_id": without, "stage": stage}))
    left = pd.concat(parts, ignore_index=True)
    yield (
        "school_without_zone",
        left.assign(
            subject=left["school_id"] + "/" + left["stage"], year=facts.base_year, measured=np.nan, limit=np.nan,
            stage_name=stage_words(left["stage"]),
        ),
    )  # fmt: skip


def _zone_rows(zones: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    table = pd.DataFrame(zones[["zone_id", "school_id", "stage"]])
    return table.assign(subject=table["zone_id"], year=facts.base_year, stage_name=stage_words(table["stage"]))


def _closed(evidence: Evidence) -> Iterator[Found]:
    """Zones whose school is closed, or will be under the scenario."""
    rows = _zone_rows(evidence.facts.county.zones, evidence.facts)
    closes = evidence.schools["closes_year"].reindex(rows["school_id"]).to_numpy()
    known = pd.notna(closes)
    rows = rows[known].assign(year=[int(year) for year in closes[known]], measured=np.nan, limit=np.nan)
    yield "zone_school_closed", rows


def _load(evidence: Evidence, inside: pd.DataFrame) -> Iterator[Found]:
    """Zones in which more children live than their school has seats."""
    demand = evidence.demand.frame
    demand = demand[demand["place_id"].isin(inside["place_id"].unique())]
    each = demand.groupby(["place_id", demand["grade"].map(STAGE_OF_GRADE).rename("stage"), "year"])["pupils"].sum()
    lives = each.reset_index().merge(inside, on=["place_id", "stage"])
    sums = lives.groupby(["zone_id", "school_id", "stage", "year"])["pupils"].sum().rename("children").reset_index()
    seats = evidence.supply.frame.set_index(["school_id", "stage", "year"])["seats"]
    key = pd.MultiIndex.from_frame(sums[["school_id", "stage", "year"]])
    sums = sums.assign(seats=seats.reindex(key).fillna(0.0).to_numpy(float))
    over = sums[sums["children"] > sums["seats"]].assign(short=lambda table: table["children"] - table["seats"])
    rows = first_breaches(over, ["zone_id", "school_id", "stage"], worst="short")
    rows = rows.assign(
        subject=rows["zone_id"], measured=rows["children"], limit=rows["seats"], stage_name=stage_words(rows["stage"])
    )
    yield "zone_over_seats", rows.drop(columns=["children", "seats"])


def _nearness(evidence: Evidence, inside: pd.DataFrame) -> Iterator[Found]:
    """Places whose zone's school is not the one with the shortest way: to be explained, not wrong by itself."""
    flows = evidence.flows_now
    entry = flows[flows["grade"].isin((1, 7))]
    both = entry.merge(inside, on=["place_id", "stage"], suffixes=("", "_zone"))
    away = both[both["school_id"] != both["school_id_zone"]]
    travel = evidence.travel
    place = np.repeat(np.arange(len(travel.place_ids)), np.diff(travel.start))
    wanted = np.isin(np.array(travel.place_ids, dtype=object)[place], away["place_id"].unique())
    minutes = pd.Series(
        travel.minutes[wanted],
        index=pd.MultiIndex.from_arrays(
            [
                np.array(travel.place_ids, dtype=object)[place[wanted]],
                np.array(travel.school_ids, dtype=object)[travel.school[wanted]],
            ]
        ),
    )
    own = minutes.reindex(pd.MultiIndex.from_frame(away[["place_id", "school_id_zone"]])).to_numpy(float)
    names = evidence.schools["name"]
    rows = pd.DataFrame(
        {
            "subject": away["place_id"] + "/" + away["stage"], "year": evidence.facts.base_year, "measured": own,
            "limit": away["minutes"], "place_id": away["place_id"], "stage": away["stage"],
            "stage_name": stage_words(away["stage"]), "zone_school": away["school_id_zone"].map(names),
            "nearest_school": away["school_id"].map(names),
        }
    )  # fmt: skip
    yield "zone_not_nearest", rows[np.isfinite(own)]
