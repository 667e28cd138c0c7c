"""Attendance zones as drawn: cover, overlap, whose they are, and how many children live in them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import shapely

from layoutplan.access.network import Floats
from layoutplan.county.tables import GRADES_OF_STAGE, STAGES
from layoutplan.seats.capacity import pair_at
from layoutplan.seats.checks.cubes import STAGE_WORDS, breaches
from layoutplan.seats.checks.evidence import Evidence, Facts, Found, stage_words
from layoutplan.seats.zones import shared_groups


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
    group = np.array(shared_groups(zones), dtype=object)
    declared = (group[one] == group[other]) & (group[one] != "")
    pair = (one < other) & (stage[one] == stage[other]) & ~declared
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
    zones, row, zone = np.unique(inside["zone_id"].to_numpy(str), return_index=True, return_inverse=True)
    place = pd.Index(evidence.place_ids).get_indexer(pd.Index(inside["place_id"]))
    stage, years = (inside["stage"] == STAGES[1]).to_numpy(np.int64), np.arange(len(evidence.years))
    lives = np.stack(
        [evidence.children[:, grades[0] - 1 : grades[-1]].sum(axis=1) for grades in GRADES_OF_STAGE.values()]
    )
    children = np.zeros((len(zones), len(years)))
    np.add.at(children, zone, lives[stage[:, None], years, place[:, None]] * _parts(evidence, inside)[:, None])
    school_id, stage_name = (inside[name].to_numpy(object)[row] for name in ("school_id", "stage"))
    school = evidence.schools.index.get_indexer(pd.Index(school_id))
    seats = np.where((school >= 0)[:, None], evidence.cubes.seats[school, stage[row]], 0.0)
    found = breaches(children > seats, children - seats)
    zone_id, at = zones[found.at[0]].astype(object), found.at[0]
    rows = {
        "subject": zone_id, "zone_id": zone_id, "school_id": school_id[at], "stage": stage_name[at],
        "stage_name": [STAGE_WORDS[name] for name in stage_name[at]], "year": evidence.years[found.first],
        "worst_year": evidence.years[found.worst], "measured": found.of(children), "limit": found.of(seats),
        "short": found.of(children - seats),
    }  # fmt: skip
    yield "zone_over_seats", pd.DataFrame(rows)


def _parts(evidence: Evidence, inside: pd.DataFrame) -> Floats:
    """Return the part of a place that counts for each zone: on ground declared as shared, equal parts for each."""
    county_zones = evidence.facts.county.zones
    declared = [zone for zone, group in zip(county_zones["zone_id"], shared_groups(county_zones), strict=True) if group]
    count = inside.groupby(["place_id", "stage"])["zone_id"].transform("size").to_numpy(float)
    return np.where(inside["zone_id"].isin(declared), 1.0 / count, 1.0)


def _nearness(evidence: Evidence, inside: pd.DataFrame) -> Iterator[Found]:
    """Places whose zone's school is not the one with the shortest way: to be explained, not wrong by itself."""
    flows, travel = evidence.flows, evidence.travel
    place = pd.Index(evidence.place_ids).get_indexer(pd.Index(inside["place_id"]))
    own = pd.Index(travel.school_ids).get_indexer(pd.Index(inside["school_id"]))
    zoned = np.full((len(STAGES), len(evidence.place_ids)), -1)
    zoned[(inside["stage"] == STAGES[1]).to_numpy(np.int64), place] = own
    at = np.flatnonzero(evidence.now & np.isin(flows.grade, (1, 7)) & (zoned[flows.stage, flows.place] >= 0))
    given = pd.Index(travel.school_ids).get_indexer(pd.Index(evidence.schools.index[flows.school[at]]))
    wanted = zoned[flows.stage[at], flows.place[at]]
    pair = pair_at(travel)[flows.place[at], wanted]
    # Where zones share ground, any of their schools is the place's own.
    size = len(travel.school_ids)
    mine = ((inside["stage"] == STAGES[1]).to_numpy(np.int64) * len(evidence.place_ids) + place) * size + own
    here = (flows.stage[at] * len(evidence.place_ids) + flows.place[at]) * size + given
    away = ~np.isin(here, mine) & (pair >= 0)
    at, pair, wanted = at[away], pair[away], wanted[away]
    place_id, stage = evidence.place_ids[flows.place[at]], np.array(STAGES, dtype=object)[flows.stage[at]]
    names = evidence.schools["name"]
    rows = {
        "subject": place_id + "/" + stage, "year": evidence.facts.base_year, "measured": travel.minutes[pair],
        "limit": flows.minutes[at], "place_id": place_id, "stage": stage,
        "stage_name": [STAGE_WORDS[name] for name in stage],
        "zone_school": names.reindex(np.array(travel.school_ids, dtype=object)[wanted]).to_numpy(object),
        "nearest_school": names.to_numpy(object)[flows.school[at]],
    }  # fmt: skip
    yield "zone_not_nearest", pd.DataFrame(rows)
