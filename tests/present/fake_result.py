"""A made-up plan in frozen values: small, quick, with every case a sheet has to show."""

from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from layoutplan.access.catchment import Cells
from layoutplan.access.network import Network, Snaps
from layoutplan.access.travel import Travel
from layoutplan.county.layers import County
from layoutplan.county.tables import TABLES
from layoutplan.norms import load_norms
from layoutplan.plan.planning import PlanResult, Prepared
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.demand import Demand
from layoutplan.seats.diagnosis import Findings
from layoutplan.seats.rollforward import Enrolment
from layoutplan.seats.supply import Roster, Supply

CRS = "EPSG:4544"
EAST, NORTH = 460_000.0, 3_980_000.0
BASE, GOAL = 2025, 2028
OUTLINE = shapely.Polygon(
    [(EAST + e * 1000, NORTH + n * 1000) for e, n in
     [(2, 6), (9, 1), (16, 4), (24, 2), (31, 8), (30, 16), (34, 23), (28, 30), (22, 28), (15, 33), (8, 29), (3, 31), (0, 22), (4, 14)]]
)  # fmt: skip
NAMES = "新营 火石寨 马莲 沙沟 白崖 偏城 兴隆 平峰 红耀 田坪 马建 震湖 兴平 西滩".split()
HOSTILE = '<img src=x onerror="window.hit=1">${window.hit=1}`'


def _points(spots):
    return gpd.GeoSeries([shapely.Point(EAST + e * 1000, NORTH + n * 1000) for e, n in spots], crs=CRS)


def _empty(name):
    return pd.DataFrame({column.name: [] for column in TABLES[name].columns})


def _townships():
    rng = np.random.default_rng(3)
    seeds = [(16.5, 14.5), *rng.uniform([2, 2], [32, 31], (60, 2)).tolist()]
    seeds = [s for s in seeds if OUTLINE.buffer(-1500).contains(shapely.Point(EAST + s[0] * 1000, NORTH + s[1] * 1000))][:10]
    cells = shapely.voronoi_polygons(shapely.MultiPoint(list(_points(seeds))), extend_to=OUTLINE, ordered=True)
    shapes = [shapely.intersection(cell, OUTLINE) for cell in cells.geoms]
    ids = [f"6404222{i:02d}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"township_id": ids, "name": ["吉强镇", *[f"{n}乡" for n in NAMES[: len(ids) - 1]]]}, geometry=shapes, crs=CRS), seeds


SCHOOLS = [
    # id, name, kind, setting, east, north (km), pupils by grade 1-6 / 7-9 at base and goal, largest class
    ("S01", "西吉县第一小学", "primary", "county_town", 16.2, 14.7, 2280, 46, 2350, 48),
    ("S02", "西吉县第二小学", "primary", "county_town", 17.1, 14.1, 1450, 44, 1500, 58),
    ("S03", "西吉县第三小学", "primary", "county_town", 16.9, 15.2, 980, 42, 900, 40),
    ("S04", "西吉县第四中学", "junior", "county_town", 16.6, 14.0, 1900, 52, 1850, 51),
    ("S05", "西吉县实验中学", "junior", "county_town", 15.7, 14.2, 2100, 68, 2040, 66),
    ("S06", "西吉县特殊教育学校", "special", "county_town", 16.0, 15.4, 86, 9, 90, 10),
    ("S07", "新营乡中心小学", "primary", "town", 9.4, 24.3, 420, 41, 380, 39),
    ("S08", "新营九年一贯制学校", "nine_year", "town", 9.0, 25.0, 610, 43, 570, 40),
    ("S09", "兴隆镇中心小学", "primary", "town", 25.0, 20.0, 760, 47, 700, 46),
    ("S10", "兴隆中学", "junior", "town", 25.6, 19.5, 890, 50, 840, 47),
    ("S11", "平峰镇中心小学", "primary", "town", 7.0, 9.0, 350, 38, 300, 36),
    ("S12", "平峰中学", "junior", "town", 7.7, 8.5, 400, 45, 380, 42),
    ("S13", "将台堡堃祎希望小学", "primary", "village", 21.0, 8.0, 132, 22, 110, 20),
    ("S14", "马莲教学点", "teaching_point", "village", 12.0, 20.0, 24, 8, 12, 6),
    ("S15", "沙沟教学点", "teaching_point", "village", 26.0, 26.0, 9, 4, 6, 3),
    ("S16", "白崖教学点", "teaching_point", "village", 13.0, 27.5, 0, 0, 0, 0),
    ("S17", "偏城乡中心小学", "primary", "village", 28.0, 13.0, 260, 33, 230, 30),
    ("S18", "田坪小学", "primary", "village", 4.0, 18.0, 88, 15, 70, 14),
    ("S19", "震湖小学", "primary", "village", 12.0, 6.0, 140, 24, 0, 0),
    ("S20", "新建安置区小学", "primary", "county_town", 17.6, 15.4, 0, 0, 620, 42),
]  # fmt: skip


def _schools():
    frame = pd.DataFrame({"school_id": [s[0] for s in SCHOOLS], "name": [s[1] for s in SCHOOLS], "kind": [s[2] for s in SCHOOLS]})
    frame["setting"] = [s[3] for s in SCHOOLS]
    frame["township_id"] = "640422200"
    for column in TABLES["schools"].names:
        if column not in frame:
            frame[column] = pd.NA
    frame["boarding_beds"] = pd.array([300 if s[0] in ("S08", "S12") else 0 for s in SCHOOLS], dtype="Int64")
    frame = frame[list(TABLES["schools"].names)]
    return gpd.GeoDataFrame(frame, geometry=_points([s[4:6] for s in SCHOOLS]), crs=CRS)


def _grades(kind):
    return {"junior": range(7, 10), "nine_year": range(1, 10), "special": range(1, 10), "teaching_point": range(1, 4)}.get(kind, range(1, 7))


def _enrolment():
    rows = []
    for s in SCHOOLS:
        grades = list(_grades(s[2]))
        for year, pupils, largest in ((BASE, s[6], s[7]), (GOAL, s[8], s[9])):
            if (s[0] == "S20" and year == BASE) or (s[0] == "S19" and year == GOAL):
                continue
            each = pupils / len(grades)
            for grade in grades:
                classes = max(1, round(each / largest)) if largest else 0
                size = (largest if grade == grades[0] else min(largest, each / classes)) if classes else np.nan
                stage = "primary" if grade < 7 else "junior"
                rows.append((year, s[0], grade, stage, each, classes, size, each * 0.9, each * 1.1, "observed" if year == BASE else "projected"))
    columns = ["year", "school_id", "grade", "stage", "pupils", "classes", "class_size", "p10", "p90", "basis"]
    return pd.DataFrame(rows, columns=columns).sort_values(["year", "school_id", "grade"], ignore_index=True)


def _places():
    rng = np.random.default_rng(11)
    spots = [tuple(s) for s in rng.uniform([1, 1], [33, 32], (150, 2)).round(2).tolist()]
    spots = [s for s in spots if OUTLINE.contains(_points([s])[0])][:80]
    frame = pd.DataFrame({"place_id": [f"P{i:03d}" for i in range(len(spots))], "name": [f"{NAMES[i % 14]}{i}村" for i in range(len(spots))]})
    frame["kind"] = "village"
    frame.loc[[0, 1], "kind"] = "resettlement"
    frame.loc[[0, 1], "name"] = ["吉强镇袁河安置区", "兴隆镇单南安置点"]
    spots[0], spots[1] = (17.9, 15.9), (24.2, 21.4)
    frame["township_id"] = "640422200"
    frame["households"] = pd.array(rng.integers(20, 200, len(spots)), dtype="Int64")
    frame["planned_households"] = pd.array([pd.NA] * len(spots), dtype="Int64")
    frame["origin_place_id"] = pd.NA
    return gpd.GeoDataFrame(frame, geometry=_points(spots), crs=CRS)


def _roads():
    lines, classes = [], []

    def road(kind, *spots):
        lines.append(shapely.LineString(list(_points(spots))))
        classes.append(kind)

    road("national", (2, 7), (7, 9), (12, 12), (16.5, 14.5), (21, 17), (25, 20), (30, 27))
    road("provincial", (9, 28), (9.4, 24.3), (12, 20), (16.5, 14.5), (17, 10), (21, 8), (24, 3))
    road("county", (4, 18), (10, 17), (16.5, 14.5), (22, 14), (28, 13), (31, 12))
    road("township", (25, 20), (26, 26))
    road("township", (12, 20), (13, 27.5))
    road("township", (12, 12), (12, 6))
    for e in range(3, 31, 3):
        road("village", (e, 10), (e + 0.7, 12), (e + 0.2, 15.5))
    for d in (0, 0.5, 1.0):
        road("street", (15.4, 14 + d), (17.8, 14.1 + d))
        road("street", (15.7 + d, 13.7), (15.8 + d, 15.5))
    frame = pd.DataFrame({"road_id": [f"R{i:03d}" for i in range(len(lines))], "class": classes})
    return gpd.GeoDataFrame(frame, geometry=lines, crs=CRS)


def make_county(*, synthetic=True, hostile=False):
    townships, _ = _townships()
    schools = _schools()
    if hostile:
        schools.loc[0, "name"] = HOSTILE
    classes = pd.DataFrame(
        [(s[0], grade, 1, s[7], pd.NA) for s in SCHOOLS if s[0] != "S20" for grade in _grades(s[2])],
        columns=["school_id", "grade", "class_no", "pupils", "boarders"],
    )
    return County(
        name="西吉示例县", name_en="Xiji sample county", crs=CRS, base_year=BASE, synthetic=synthetic,
        as_of=MappingProxyType({"schools": "2025-09-05", "roads": "2025-06-30"}),
        schools=schools[schools["school_id"] != "S20"].reset_index(drop=True), rooms=_empty("rooms"), classes=classes, enrolment=_empty("enrolment"),
        places=_places(), move_in=_empty("move_in"), children=_empty("children"), births=_empty("births"), roads=_roads(), townships=townships,
        zones=gpd.GeoDataFrame(_empty("zones"), geometry=[], crs=CRS), communities=_empty("communities"),
        rasters=MappingProxyType({}), fingerprint="c0ffee0000000001",
    )  # fmt: skip


def _flows(places, schools):
    rows, lost = [], []
    for stage, grade, kinds in (("primary", 1, ("primary", "nine_year", "teaching_point")), ("junior", 7, ("junior", "nine_year"))):
        for year in (BASE, GOAL):
            away = "S20" if year == BASE else "S19"
            open_ = schools[schools["kind"].isin(kinds) & (schools["school_id"] != away)]
            for i, (place, spot) in enumerate(zip(places["place_id"], places.geometry, strict=True)):
                if i == 40:
                    lost.append((year, grade, place, stage, 3.25, "island"))
                    continue
                metres = open_.geometry.distance(spot)
                near = metres.idxmin()
                rows.append((year, grade, place, open_.loc[near, "school_id"], stage, 12.5, metres[near] / 60, metres[near]))
    flows = pd.DataFrame(rows, columns=["year", "grade", "place_id", "school_id", "stage", "pupils", "minutes", "metres"])
    unplaced = pd.DataFrame(lost, columns=["year", "grade", "place_id", "stage", "pupils", "reason"])
    return Assignment(flows.sort_values(["year", "grade", "place_id", "school_id"], ignore_index=True), unplaced)


def catchments(result, *, stage, year):
    """Nearest-school tiles: what the plan's own function would give over straight lines."""
    kinds = ("primary", "nine_year", "teaching_point") if stage == "primary" else ("junior", "nine_year")
    schools = result.roster.schools
    open_ = schools[schools["kind"].isin(kinds) & (schools["opens_year"].fillna(0) <= year) & (schools["closes_year"].fillna(9999) > year)]
    tiles = shapely.voronoi_polygons(shapely.MultiPoint(list(open_.geometry)), extend_to=OUTLINE, ordered=True)
    shapes = [shapely.intersection(tile, OUTLINE) for tile in tiles.geoms]
    frame = gpd.GeoDataFrame({"school_id": open_["school_id"].to_numpy()}, geometry=shapes, crs=CRS)
    frame.insert(1, "area_km2", frame.area / 1e6)
    return frame.sort_values("school_id", ignore_index=True)


def _findings():
    rows = [
        ("class_over_norm", "class", "S01/1/1", BASE, "S01", None, None, 46.0, 45.0, "pupils/class", "warning", "一年级1班46人，超过45人", "class 1 of grade 1 has 46 pupils, norm 45"),
        ("class_extra_large", "class", "S05/7/1", BASE, "S05", None, None, 68.0, 66.0, "pupils/class", "error", "七年级1班68人", "class 1 of grade 7 has 68 pupils"),
        ("place_unreached", "place", "P040", GOAL, None, "P040", None, 3.25, 0.0, "person", "error", "=无法到校", "no school can be reached"),
        ("seat_gap", "township", "640422200/primary", GOAL, None, None, "640422200", 120.0, 0.0, "seat", "warning", "小学学位缺120个", "120 primary seats short"),
    ]  # fmt: skip
    columns = ["rule", "subject_kind", "subject", "year", "school_id", "place_id", "township_id", "measured", "limit", "unit", "severity", "text_zh", "text_en"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.insert(10, "clause", "教督〔2017〕6号 政府保障程度第5项")
    frame.insert(11, "verified", True)
    return frame.sort_values(["rule", "subject_kind", "subject", "year"], ignore_index=True)


def _travel(places, schools):
    none = np.empty(0, dtype=np.int64)
    return Travel("walk", tuple(places["place_id"]), tuple(schools["school_id"]), np.zeros(len(places) + 1, dtype=np.int64), none, none, none, none.astype(float), {})


def make_result(*, synthetic=True, hostile=False):
    county = make_county(synthetic=synthetic, hostile=hostile)
    norms = load_norms()
    schools = _schools()
    if hostile:
        schools.loc[0, "name"] = HOSTILE
    schools["opens_year"] = pd.array([2026 if s == "S20" else pd.NA for s in schools["school_id"]], dtype="Int64")
    schools["closes_year"] = pd.array([{"S19": 2027, "S16": BASE}.get(s, pd.NA) for s in schools["school_id"]], dtype="Int64")
    roster = Roster(schools, pd.DataFrame({"school_id": [], "stage": [], "from_year": [], "rooms": []}))
    none = np.empty(0, dtype=np.int64)
    real, odd = none.astype(float), none.astype(object)
    network = Network(real, real, none, none, none, odd, odd, {}, {}, CRS, {}, 3.6)
    snaps = Snaps((), none, none, none)
    travel = _travel(county.places, schools)
    cells = Cells(gpd.GeoDataFrame({"cell_id": []}, geometry=[], crs=CRS), snaps)
    prepared = Prepared(county, norms, network, {"walk": snaps}, {"walk": snaps}, {"walk": travel}, {"walk": travel}, {"walk": cells}, {"walk": travel}, OUTLINE, "feed000000000001")
    action = {"kind": "open_school", "year": 2026, "school_id": "S20", "name": "新建安置区小学", "school_kind": "primary", "setting": "county_town", "east_m": 1.0, "north_m": 2.0, "primary_rooms": 18}
    scenario = Scenario.model_validate({"name": "安置区新建小学", "actions": (action, {"kind": "close_school", "year": 2027, "school_id": "S19"})})
    enrolment = _enrolment()
    supply = enrolment.groupby(["year", "stage", "school_id"], as_index=False)["classes"].sum().rename(columns={"classes": "rooms"})
    supply["open"], supply["seats"], supply["beds"] = True, supply["rooms"] * 45, 0
    supply = supply[["year", "stage", "school_id", "open", "rooms", "seats", "beds"]]
    indicators = pd.DataFrame(
        [(name, year, value, unit) for name, unit, base, goal in (("pupils_primary", "person", 7329, 7310.4), ("seat_gap_primary", "seat", 120, 0)) for year, value in ((BASE, base), (GOAL, goal))],
        columns=["indicator", "year", "value", "unit"],
    )  # fmt: skip
    balance = pd.DataFrame({"year": [BASE, GOAL], "stage": "primary", "township_id": "640422200", "demand": [7329.0, 7310.4], "seats": [7209, 7600], "gap": [120.0, 0.0]})
    demand = Demand(pd.DataFrame({"year": [], "grade": [], "place_id": [], "pupils": [], "p10": [], "p90": [], "basis": []}))
    provenance = {"layoutplan": "0.1.0", "county": county.fingerprint, "norms": norms.fingerprint, "scenario": scenario.fingerprint, "data_date": "2025-09-05", "synthetic": str(synthetic).lower()}
    return PlanResult(
        prepared=prepared, scenario=scenario, roster=roster, travel=travel, demand=demand, supply=Supply(supply), assignment=_flows(county.places, schools),
        enrolment=Enrolment(enrolment, pd.DataFrame({"year": [], "school_id": [], "grade": [], "pupils": []})), findings=Findings(_findings()), balance=balance, indicators=indicators, provenance=provenance,
    )  # fmt: skip
