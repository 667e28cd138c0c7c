"""Whole plans of a toy county that has everything, as text that a reviewer can read figure by figure.

The county is the one of :mod:`toy` (one road, schools ``a`` and ``b``, places p1 to p4) and, so that
every rule finds something to bite on: a lane north to a teaching point ``c``, a one-way street, a resettlement site
``r1`` that empties p3, dwellings being built in p2, seven years of enrolment, births that fall, zones, beds and staff.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pandas as pd
import toy
from shapely import LineString, Point, box

from layoutplan.county.layers import County
from layoutplan.county.tables import AGES
from layoutplan.norms import load_norms
from layoutplan.plan.change import find_changes
from layoutplan.plan.elimination import elimination_path
from layoutplan.plan.ledger import open_ledger
from layoutplan.plan.planning import PlanResult, Prepared, catchments_of, prepare, run_plan
from layoutplan.plan.scenario import (
    AddRooms,
    BuildRoad,
    CloseSchool,
    ConvertSchool,
    MergeSchools,
    MoveIn,
    OpenSchool,
    RunBus,
    Scenario,
    SetBoarding,
)
from layoutplan.seats.settings import Lock, Outlook, Policy

LAST_YEAR = 2027
NEW = OpenSchool(
    year=2024, school_id="n", name="N", school_kind="nine_year", setting="village", east_m=1200.0, north_m=0.0,
    primary_rooms=6, junior_rooms=3,
)  # fmt: skip
ACTIONS = (
    NEW,
    AddRooms(year=2023, school_id="b", stage="junior", rooms=2, existing=3),
    SetBoarding(year=2024, school_id="b", beds=60, existing=40),
    MoveIn(year=2024, place_id="r1", households=60),
    MoveIn(year=2025, place_id="p1", households=70),
    RunBus(year=2023, school_id="b", place_ids=("p1",), grades=(7, 8, 9), seats=8, runs=2),
    BuildRoad(year=2025, road_id="w", road_class="village", drive_kmh=30.0, line=((1000.0, 0.0), (2500.0, 900.0))),
    ConvertSchool(year=2024, school_id="c", school_kind="primary", primary_rooms=6),
    MergeSchools(year=2026, school_ids=("a",), into="n"),
    CloseSchool(year=2027, school_id="c"),
)
EVERY_OUTLOOK = Outlook(
    births_change=-0.04, entry_ratio="calibrated", survival=0.995, migration="measured", housing="seats_per_thousand",
    children="reconciled",
)  # fmt: skip
WEEKLY = {"grades_1_3": "walk", "grades_4_6": "walk", "grades_7_9": "boarding"}
LOCKED = Lock(school_id="b", place_ids=("p2",), grades=(4, 5))
PLANS = {
    "base": Scenario(name="base", last_year=LAST_YEAR),
    "every_action": Scenario(name="every_action", last_year=LAST_YEAR, actions=ACTIONS),
    "every_outlook": Scenario(name="every_outlook", last_year=LAST_YEAR, outlook=EVERY_OUTLOOK),
    "zoned_by_lot": Scenario(
        name="zoned_by_lot", last_year=LAST_YEAR,
        policy=Policy(assignment="zoned", unzoned="nearest", shared_zones="lot", enrolment="residence"),
    ),
    "zoned_by_way": Scenario(
        name="zoned_by_way", last_year=LAST_YEAR, policy=Policy(assignment="zoned", unzoned="nearest"),
        actions=(AddRooms(year=2023, school_id="a", stage="primary", rooms=-3),),
    ),
    "seats_split": Scenario(
        name="seats_split", last_year=LAST_YEAR,
        policy=Policy(assignment="capacity", within_limits=True, boundary="zone", locks=(LOCKED,), **WEEKLY),
        actions=(NEW,),
    ),
    "seats_whole": Scenario(
        name="seats_whole", last_year=LAST_YEAR,
        policy=Policy(
            assignment="capacity", villages="whole", boundary="township", together=(("p3", "r1"),),
            together_within_m=600.0, phase_in="at_once", mode="drive", season="rain",
        ),
        actions=(NEW,),
    ),
    "seats_contiguous": Scenario(
        name="seats_contiguous", last_year=LAST_YEAR,
        policy=Policy(assignment="capacity", villages="whole", contiguous=True),
        actions=(CloseSchool(year=2025, school_id="c"),),
    ),
    "fed_in_snow": Scenario(
        name="fed_in_snow", last_year=LAST_YEAR,
        policy=Policy(
            junior_entry="feeder", phase_in="at_once", season="snow", grades_1_3="drive", grades_4_6="boarding",
            grades_7_9="drive",
        ),
        actions=(NEW, CloseSchool(year=2026, school_id="a")),
    ),
}  # fmt: skip


# Plans whose ledgers are kept as well.
LEDGERS = ("base", "every_action", "every_outlook", "seats_split")


def county() -> County:
    """Return the toy county with every layer that a plan reads."""
    schools, places = toy.schools(), toy.places()
    point = schools.iloc[0].to_dict() | {
        "school_id": "c", "name": "C", "kind": "teaching_point", "setting": "village", "township_id": "t2",
        "grade_to": 3, "geometry": Point(2500, 800),
    }  # fmt: skip
    rows = [*schools.to_dict("records"), point]
    told = {"boarding_beds": [None, 40, None], "canteen_seats": [90, 200, 0], "site_m2": [3500.0, 9000.0, 800.0],
            "teaching_m2": [1200.0, 2600.0, 150.0], "sports_m2": [1500.0, 2200.0, 200.0],
            "equipment_yuan": [400e3, 900e3, 20e3], "staff": [12, 30, 2], "community_id": ["m", "m", None]}  # fmt: skip
    schools = toy.geo(rows, [row["geometry"] for row in rows]).assign(**told).astype(toy.schools().dtypes)
    site = places.iloc[2].to_dict() | {
        "place_id": "r1", "name": "R1", "kind": "resettlement", "households": 0, "planned_households": 80,
        "origin_place_id": "p3", "geometry": Point(3200, 50),
    }  # fmt: skip
    places = toy.geo([*places.to_dict("records"), site], [*places.geometry, site["geometry"]]).astype(places.dtypes)
    roads = toy.roads()
    lane, street = (roads.iloc[0].to_dict() | said for said in (
        {"road_id": "lane", "class": "path", "surface": "gravel", "drive_kmh": 15.0, "winter_open": False},
        {"road_id": "street", "class": "street", "oneway": True},
    ))  # fmt: skip
    lines = [*roads.geometry, LineString([(2000, 0), (2500, 800)]), LineString([(500, 0), (750, 300), (1000, 0)])]
    roads = toy.geo([*roads.to_dict("records"), lane, street], lines)
    classes = [("a", g, 1, n, 0) for g, n in enumerate(toy.CLASSES["a"], start=1)]
    classes += [("b", g, 1, n, 12 if g > 6 else 0) for g, n in enumerate(toy.CLASSES["b"], start=1)]
    classes += [("c", g, 1, n, 0) for g, n in enumerate((4, 6, 5), start=1)]
    return toy.county(
        schools=schools, places=places, roads=roads, fingerprint="golden", zones=_zones(), **_counts(),
        classes=pd.DataFrame(classes, columns=["school_id", "grade", "class_no", "pupils", "boarders"]),
        communities=pd.DataFrame({"community_id": ["m"], "name": ["M"], "lead_school_id": ["b"]}),
    )  # fmt: skip


def _zones() -> pd.DataFrame:
    rows = [
        ("z1", "a", "primary", "g", box(-500, -500, 3100, 950)), ("z2", "b", "primary", "g", box(900, -500, 3800, 950)),
        ("z3", "b", "junior", None, box(-500, -500, 3800, 950)),
    ]  # fmt: skip
    names = ("zone_id", "school_id", "stage", "shared_group")
    return toy.geo([dict(zip(names, row[:4], strict=True)) for row in rows], [row[4] for row in rows])


def _counts() -> dict[str, pd.DataFrame]:
    """Return the tables without ground: rooms, past years, births, dwellings, moves, counts of the field."""
    rooms = pd.DataFrame(
        [("a", "primary", 6, 11, 8, 1, 1, 2), ("b", "junior", 3, 14, 14, 3, 2, 3), ("b", "primary", 6, 14, 10, 0, 1, 4),
         ("c", "primary", 2, 2, 0, 0, 0, 0)],
        columns=["school_id", "stage", "rooms", *toy.STAFF],
    ).astype(dict.fromkeys(toy.STAFF, "Int64"))  # fmt: skip
    past = [
        (school, year, grade, round(count * (1 + 0.02 * (2022 - year)) + (year * grade) % 3))
        for school, counts in (*toy.CLASSES.items(), ("c", (4, 6, 5)))
        for year in range(2015, 2022)
        for grade, count in enumerate(counts, start=1)
    ]
    past += [(s, 2022, g, n) for s, counts in (*toy.CLASSES.items(), ("c", (4, 6, 5))) for g, n in enumerate(counts, 1)]
    children = [
        (place, age, count - 0.25 * (15 - age), "register", count)
        for place, count in toy.CHILDREN.items()
        for age in AGES
    ]
    tables = {
        "children": (children, ["place_id", "age", "children", "source", "registered"]),
        "births": (
            [(t, y, 100 - 3 * (y - 2007) - side) for side, t in enumerate(("t1", "t2")) for y in range(2007, 2023)],
            ["area_id", "year", "births"],
        ),
        "move_in": ([("r1", 2023, 30, None, None)], ["place_id", "year", "households", "planned", "to_place_id"]),
        "completions": (
            [("p2", 2022, 10, None), ("p2", 2024, 60, 2.5)], ["place_id", "year", "units", "persons_per_unit"]
        ),
        "control_totals": (
            [("t1", 2020, 3000, 3100), ("t2", 2020, 3500, 3600)], ["area_id", "year", "residents", "registered"]
        ),
        "study_elsewhere": (
            [("t1", "junior", 2022, 0.1), ("t2", "primary", 2022, 0.05)], ["area_id", "stage", "year", "share"]
        ),
        "field_counts": ([("t1", 2022, "primary", 190)], ["area_id", "year", "stage", "counted"]),
    }  # fmt: skip
    frames = {name: pd.DataFrame(rows, columns=columns) for name, (rows, columns) in tables.items()}
    frames["enrolment"] = pd.DataFrame(past, columns=["school_id", "year", "grade", "pupils"]).assign(
        classes=pd.array([pd.NA] * len(past), dtype="Int64")
    )
    frames["completions"] = frames["completions"].astype({"persons_per_unit": float})
    frames["move_in"] = frames["move_in"].astype({"planned": "Int64", "to_place_id": object})
    return {"rooms": rooms, **frames}


@cache
def prepared() -> Prepared:
    return prepare(county(), load_norms())


@cache
def plan(name: str) -> PlanResult:
    return run_plan(prepared(), PLANS[name])


def sections(name: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield what a planner reads of a plan; tables that go on for years have a column a year."""
    result = plan(name)
    yield "demand", _by_year(result.demand.frame, ["place_id", "grade"], "pupils")
    yield "demand, high side", _by_year(result.demand.frame, ["place_id", "grade"], "p90").query("grade in (1, 6, 7)")
    yield "residents, elsewhere and registered", result.demand.series
    yield "notes", result.demand.notes.drop(columns=["text_zh"])
    yield "seats", result.supply.frame
    flows, left = result.assignment.flows, result.assignment.unplaced
    yield "assignment", _by_year(flows, ["place_id", "grade", "school_id", "means"], "pupils")
    yield "minutes", _by_year(flows.query("grade in (1, 4, 7)"), ["place_id", "grade", "school_id", "means"], "minutes")
    yield "without a school", _by_year(left, ["place_id", "grade", "reason"], "pupils")
    yield "prices of seats", result.assignment.prices
    yield "proof", result.assignment.proof
    enrolled = result.enrolment.frame
    yield "enrolment", _by_year(enrolled, ["school_id", "grade"], "pupils")
    yield "classes", _by_year(enrolled, ["school_id", "grade"], "classes")
    yield "enrolment, range in the last year", enrolled[enrolled["year"] == LAST_YEAR].drop(columns=["year", "stage"])
    yield "chances", result.enrolment.probabilities
    yield "adrift", result.enrolment.adrift
    yield "pupils in and out", result.enrolment.ledger
    yield "balance", _by_year(result.balance, ["township_id", "stage"], "gap")
    yield "indicators", _by_year(result.indicators, ["indicator", "unit"], "value")
    yield "findings", result.findings.frame.drop(columns=["text_zh", "recommendation_zh", "verified"])
    yield from _ground(result)
    if name in LEDGERS:
        yield from _ledgers(result)
    if result.scenario.actions:
        yield from _changes(result)


def _ground(result: PlanResult) -> Iterator[tuple[str, pd.DataFrame]]:
    travel = result.travel
    place = pd.Series(travel.place_ids).repeat(travel.start[1:] - travel.start[:-1]).to_numpy()
    school = pd.Series(travel.school_ids).iloc[travel.school].to_numpy()
    yield (
        "ways",
        pd.DataFrame(
            {"place_id": place, "school_id": school, "minutes": travel.minutes, "metres": travel.length_mm / 1000.0}
        ),
    )
    for stage in ("primary", "junior"):
        for year in (2022, LAST_YEAR):
            ground = catchments_of(result, stage=stage, year=year)
            middle = ground.geometry.centroid
            yield f"catchments, {stage}, {year}", pd.DataFrame(
                {"school_id": ground["school_id"], "area_km2": ground["area_km2"], "east_m": middle.x.round(0),
                 "north_m": middle.y.round(0)}
            )  # fmt: skip


def _ledgers(result: PlanResult) -> Iterator[tuple[str, pd.DataFrame]]:
    ledger = open_ledger(result, year=2025)
    for name in ("targets", "posts", "equity"):
        yield name, getattr(ledger, name)
    for name in ("resources", "communities"):
        for part, table in vars(getattr(ledger, name)).items():
            if isinstance(table, pd.DataFrame):
                yield f"{name}, {part}", table.drop(columns=[c for c in table.columns if c.endswith("_zh")])
    path = elimination_path(result)
    yield "elimination", path.stages.query("classes_over_norm > 0")
    yield "elimination of the county", path.county


def _changes(result: PlanResult) -> Iterator[tuple[str, pd.DataFrame]]:
    change = find_changes(plan("base"), result)
    for name in ("journeys", "schools"):
        table = getattr(change, name)
        yield f"changes, {name}", table[table["year"] == 2026]
    for name in ("events", "built"):
        yield f"changes, {name}", getattr(change, name)
    yield "changes, findings", change.findings[["rule", "subject", "status", "year_before", "year_after"]]


def _by_year(frame: pd.DataFrame, key: list[str], value: str) -> pd.DataFrame:
    """Return a table with a column a year, sorted by key."""
    return frame.pivot_table(
        index=key, columns="year", values=value, aggfunc="sum", observed=True, min_count=1
    ).reset_index()


def as_text(name: str) -> str:
    """Return all sections of a plan as tables of comma separated words, numbers to three decimals."""
    parts = []
    for title, frame in sections(name):
        plain = pd.DataFrame(frame).drop(columns="geometry", errors="ignore")
        for column in plain.columns:
            if pd.api.types.is_float_dtype(plain[column]):
                plain[column] = [_number(value) for value in plain[column]]
        parts.append(f"[{title}]\n{plain.to_csv(index=False, lineterminator=chr(10))}")
    return "\n".join(parts)


def _number(value: float) -> str:
    # Adding nought turns -0.0 into 0.0.
    return "" if pd.isna(value) else f"{round(float(value), 3) + 0.0:.3f}".rstrip("0").rstrip(".")
