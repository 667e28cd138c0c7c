"""What every table of a county holds: the contracts all readers and writers keep.

A column says its name, kind, unit, range and meaning once. Checks, the data dictionary and
the templates for planners are all made from these records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "int", "float", "bool"]
Geometry = Literal["none", "point", "line", "polygon", "point_or_polygon"]

STAGES = ("primary", "junior")
GradeGroup = Literal["grades_1_3", "grades_4_6", "grades_7_9"]
GRADES = tuple(range(1, 10))
STAGE_OF_GRADE = {grade: "primary" if grade <= 6 else "junior" for grade in GRADES}
GRADES_OF_STAGE = {"primary": (1, 2, 3, 4, 5, 6), "junior": (7, 8, 9)}
# Grades whose pupils travel alike: the youngest do not board, the oldest walk fastest.
GRADES_OF_GROUP: Mapping[GradeGroup, tuple[int, ...]] = {
    "grades_1_3": (1, 2, 3), "grades_4_6": (4, 5, 6), "grades_7_9": (7, 8, 9),
}  # fmt: skip
GROUP_OF_GRADE = {grade: group for group, grades in GRADES_OF_GROUP.items() for grade in grades}
AGES = tuple(range(16))
ENTRY_AGE = 6
SCHOOL_KINDS = ("teaching_point", "primary", "junior", "nine_year", "twelve_year", "special")
SETTINGS = ("county_town", "town", "village")
RESIDENTIAL_KINDS = ("village", "town", "housing")
PLACE_KINDS = (*RESIDENTIAL_KINDS, "resettlement")
SOURCES = ("register", "census", "estimate", "raster")
# An area id may name a place, a township, or with this word the whole county.
WHOLE_COUNTY = "county"
ROAD_CLASSES = ("motorway", "national", "provincial", "county", "township", "village", "street", "track", "path")
SURFACES = ("paved", "gravel", "earth", "unknown")
# Why no school is built on a piece of land.
LAND_KINDS = (
    "landslide", "flood", "fault", "farmland", "water", "protected", "pollution", "power_line", "dangerous_goods",
    "built_up", "other",
)  # fmt: skip
# Grades a school teaches when its row does not say; a teaching point has to say.
GRADES_OF_KIND = {
    "primary": (1, 6),
    "junior": (7, 9),
    "nine_year": (1, 9),
    "twelve_year": (1, 9),
    "special": (1, 9),
}


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    Parameters
    ----------
    name : str
        Name inside the program, unit included where it has one.
    kind : {"text", "int", "float", "bool"}
        Kind of value after reading.
    unit : str
        Unit of the values; empty for names, codes and flags.
    zh, en : str
        Meaning, in both languages; also the heading a planner sees.
    required : bool
        Whether the column must be there and filled in every row.
    minimum, maximum : float, optional
        Inclusive range.
    choices : tuple of str
        Closed list of values.
    """

    name: str
    kind: Kind
    unit: str
    zh: str
    en: str
    required: bool = True
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table: columns, key, geometry, and the tables its ids point to.

    Parameters
    ----------
    name : str
        Layer name in ``county.toml``.
    columns : tuple of Column
        In the order they are kept and written.
    key : tuple of str
        Columns that name a row; no two rows share them.
    geometry : {"none", "point", "line", "polygon", "point_or_polygon"}
        Kind of geometry.
    refers : tuple of (column, table, column)
        Values of a column that must stand in another table's column.
    required : bool
        Whether a county must have the layer.
    """

    name: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    geometry: Geometry = "none"
    refers: tuple[tuple[str, str, str], ...] = ()
    required: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order, without the geometry."""
        return tuple(column.name for column in self.columns)


def _count(name: str, unit: str, zh: str, en: str, *, required: bool = True) -> Column:
    return Column(name, "int", unit, zh, en, required=required, minimum=0, maximum=1_000_000)


def _amount(name: str, unit: str, zh: str, en: str) -> Column:
    return Column(name, "float", unit, zh, en, required=False, minimum=0)


def _id(name: str, zh: str, en: str, *, required: bool = True) -> Column:
    return Column(name, "text", "", zh, en, required=required)


def _year(zh: str = "学年（9月1日起）", en: str = "school year that starts on 1 September") -> Column:
    return Column("year", "int", "", zh, en, minimum=1950, maximum=2100)


def _grade(name: str = "grade", zh: str = "年级", en: str = "grade", *, required: bool = True) -> Column:
    return Column(name, "int", "", zh, en, required=required, minimum=1, maximum=9)


def _area(zh: str, en: str) -> Column:
    return _id("area_id", zh, en)


_STAGE = Column("stage", "text", "", "学段", "stage", choices=STAGES)
_PUPILS = _count("pupils", "person", "学生数", "pupils")

SCHOOLS = Table(
    "schools", "学校", "schools",
    (
        _id("school_id", "学校标识码", "school id"),
        _id("name", "学校名称", "name"),
        Column("kind", "text", "", "办学类型", "kind of school", choices=SCHOOL_KINDS),
        Column("setting", "text", "", "城乡类型", "setting", choices=SETTINGS),
        _id("township_id", "乡镇代码", "township id"),
        _id("community_id", "城乡学校共同体", "school community id", required=False),
        _grade("grade_from", "最低年级", "lowest grade taught", required=False),
        _grade("grade_to", "最高年级", "highest grade taught", required=False),
        _count("boarding_beds", "bed", "寄宿床位", "boarding beds", required=False),
        _count("canteen_seats", "seat", "餐位", "canteen seats", required=False),
        _amount("site_m2", "m2", "占地面积", "site area"),
        _amount("teaching_m2", "m2", "教学及辅助用房面积", "teaching and auxiliary floor area"),
        _amount("sports_m2", "m2", "体育运动场馆面积", "sports area"),
        _amount("equipment_yuan", "yuan", "教学仪器设备值", "book value of teaching equipment"),
        _count("staff", "person", "教职工数", "staff", required=False),
    ),
    key=("school_id",), geometry="point",
    refers=(("township_id", "townships", "township_id"), ("community_id", "communities", "community_id")),
)  # fmt: skip
ROOMS = Table(
    "rooms", "教室", "classrooms",
    (
        _id("school_id", "学校标识码", "school id"), _STAGE,
        _count("rooms", "room", "普通教室数", "ordinary classrooms"),
        _count("teachers", "person", "专任教师数", "full-time teachers", required=False),
        _count("degree_teachers", "person", "高于规定学历教师数", "teachers above the required degree", required=False),
        _count("key_teachers", "person", "县级以上骨干教师数", "key teachers of county level or above", required=False),
        _count("arts_sports_teachers", "person", "体育艺术专任教师数", "full-time sports, art and music teachers",
               required=False),
        _count("multimedia_rooms", "room", "网络多媒体教室数", "networked multimedia classrooms", required=False),
    ),
    key=("school_id", "stage"), refers=(("school_id", "schools", "school_id"),),
)  # fmt: skip
CLASSES = Table(
    "classes", "班级", "classes",
    (
        _id("school_id", "学校标识码", "school id"), _grade(),
        Column("class_no", "int", "", "班号", "class number in its grade", minimum=1, maximum=99),
        Column("pupils", "int", "person", "学生数", "pupils", minimum=0, maximum=150),
        Column("boarders", "int", "person", "寄宿生数", "boarders", required=False, minimum=0, maximum=150),
    ),
    key=("school_id", "grade", "class_no"), refers=(("school_id", "schools", "school_id"),),
)  # fmt: skip
ENROLMENT = Table(
    "enrolment", "历年在校生", "enrolment history",
    (_id("school_id", "学校标识码", "school id"), _year(), _grade(), _PUPILS,
     _count("classes", "class", "班数", "classes", required=False)),
    key=("school_id", "year", "grade"), required=False,
)  # fmt: skip
_PLACE_COLUMNS = (
    _id("place_id", "居民点代码", "place id"),
    _id("name", "名称", "name"),
    _id("township_id", "乡镇代码", "township id"),
    _count("households", "household", "现有户数", "households", required=False),
    _count("planned_households", "household", "规划户数", "planned households", required=False),
    _id("origin_place_id", "迁出地代码", "place the residents come from", required=False),
)
RESIDENTIAL = Table(
    "residential", "居民点", "residential areas",
    (*_PLACE_COLUMNS[:2], Column("kind", "text", "", "类型", "kind of place", choices=RESIDENTIAL_KINDS),
     *_PLACE_COLUMNS[2:]),
    key=("place_id",), geometry="point_or_polygon", refers=(("township_id", "townships", "township_id"),),
)  # fmt: skip
RESETTLEMENT = Table(
    "resettlement", "易地搬迁安置点", "resettlement sites", _PLACE_COLUMNS,
    key=("place_id",), geometry="point_or_polygon", required=False,
    refers=(("township_id", "townships", "township_id"), ("origin_place_id", "residential", "place_id")),
)  # fmt: skip
MOVE_IN = Table(
    "move_in", "入住进度", "dated households of sites and estates",
    (_id("place_id", "居民点代码", "place id"), _year(),
     _count("households", "household", "入住户数（以往实际，以后预计）", "households there: observed, later expected",
            required=False),
     _count("planned", "household", "计划入住户数", "households planned to live there", required=False),
     _id("to_place_id", "减少的户迁往何处", "where households that left it live now", required=False)),
    key=("place_id", "year"), required=False,
    refers=(("place_id", "places", "place_id"), ("to_place_id", "places", "place_id")),
)  # fmt: skip
MOVERS = Table(
    "movers", "搬迁户儿童", "children of the households that move to a site",
    (_id("place_id", "安置点代码", "place id of the site"),
     Column("age", "int", "year", "搬迁当年8月31日满周岁", "age on 31 August of the year of the move",
            minimum=0, maximum=15),
     Column("per_100_households", "float", "person/100 households", "每百户人数",
            "children of this age in 100 households", minimum=0, maximum=1000)),
    key=("place_id", "age"), required=False, refers=(("place_id", "places", "place_id"),),
)  # fmt: skip
COMPLETIONS = Table(
    "completions", "住房竣工", "dwellings completed",
    (_id("place_id", "居民点代码", "place id"), _year("竣工学年", "school year of completion"),
     _count("units", "dwelling", "套数", "dwellings completed"),
     Column("persons_per_unit", "float", "person/dwelling", "户均人口", "residents of an occupied dwelling",
            required=False, minimum=0.5, maximum=10)),
    key=("place_id", "year"), required=False, refers=(("place_id", "places", "place_id"),),
)  # fmt: skip
CHILDREN = Table(
    "children", "儿童", "children by age",
    (
        _id("place_id", "居民点代码", "place id"),
        Column("age", "int", "year", "8月31日满周岁", "age on 31 August", minimum=0, maximum=15),
        Column("children", "float", "person", "人数", "children", minimum=0, maximum=100_000),
        Column("source", "text", "", "来源", "source", choices=SOURCES),
        Column("registered", "float", "person", "户籍人数", "children registered there, wherever they live",
               required=False, minimum=0, maximum=100_000),
    ),
    key=("place_id", "age"), required=False, refers=(("place_id", "places", "place_id"),),
)  # fmt: skip
AGE_GROUPS = Table(
    "age_groups", "年龄组人口", "residents by five-year age group",
    (_area("地区代码（居民点、乡镇或 county）", "area id: a place, a township, or county"),
     Column("age_from", "int", "year", "起始年龄", "first age of the group", minimum=0, maximum=100),
     _count("residents", "person", "常住人口", "residents")),
    key=("area_id", "age_from"), required=False, refers=(("area_id", "areas", "area_id"),),
)  # fmt: skip
AGE_STRUCTURE = Table(
    "age_structure", "年龄结构", "children in a thousand residents, by age",
    (_area("地区代码（居民点、乡镇或 county）", "area id: a place, a township, or county"),
     Column("age", "int", "year", "8月31日满周岁", "age on 31 August", minimum=0, maximum=15),
     Column("per_thousand", "float", "person/1000", "每千常住人口人数", "children of this age in a thousand residents",
            minimum=0, maximum=200)),
    key=("area_id", "age"), required=False, refers=(("area_id", "areas", "area_id"),),
)  # fmt: skip
CONTROL_TOTALS = Table(
    "control_totals", "人口总数", "residents and registered persons by area and year",
    (_area("地区代码（居民点或乡镇）", "area id: a place or a township"), _year("年份", "year"),
     _count("residents", "person", "常住人口", "residents"),
     _count("registered", "person", "户籍人口", "persons registered there, wherever they live", required=False)),
    key=("area_id", "year"), required=False, refers=(("area_id", "areas", "area_id"),),
)  # fmt: skip
STUDY_ELSEWHERE = Table(
    "study_elsewhere", "在外就读", "share of resident children who study elsewhere",
    (_area("地区代码（居民点、乡镇或 county）", "area id: a place, a township, or county"), _STAGE, _year(),
     Column("share", "float", "share", "在县外就读的比例", "share of the resident children of the stage",
            minimum=0, maximum=1)),
    key=("area_id", "stage", "year"), required=False, refers=(("area_id", "areas", "area_id"),),
)  # fmt: skip
FIELD_COUNTS = Table(
    "field_counts", "实地核查", "children and pupils counted on the spot",
    (_area("乡镇代码或学校标识码", "township id or school id"), _year(), _STAGE,
     _count("counted", "person", "核查人数", "resident children of the township, or pupils of the school")),
    key=("area_id", "year", "stage"), required=False, refers=(("area_id", "counted_areas", "area_id"),),
)  # fmt: skip
BIRTHS = Table(
    "births", "出生人口", "births",
    (_id("area_id", "乡镇代码", "area id"), _year("日历年", "calendar year"),
     _count("births", "person", "出生数", "births")),
    key=("area_id", "year"), required=False, refers=(("area_id", "townships", "township_id"),),
)  # fmt: skip
MONTHLY_BIRTHS = Table(
    "monthly_births", "分月出生人口", "births by month",
    (_id("area_id", "乡镇代码", "area id"), _year("日历年", "calendar year"),
     Column("month", "int", "", "月", "calendar month", minimum=1, maximum=12),
     _count("births", "person", "出生数", "births")),
    key=("area_id", "year", "month"), required=False, refers=(("area_id", "townships", "township_id"),),
)  # fmt: skip
ROADS = Table(
    "roads", "道路", "roads",
    (
        _id("road_id", "道路编号", "road id"),
        Column("class", "text", "", "道路等级", "road class", choices=ROAD_CLASSES),
        Column("surface", "text", "", "路面", "surface", required=False, choices=SURFACES),
        Column("drive_kmh", "float", "km/h", "行车速度", "driving speed", required=False, minimum=1, maximum=130),
        Column("oneway", "bool", "", "单行（沿线方向）", "one-way for vehicles, along the line"),
        Column("winter_open", "bool", "", "冬季通行", "open in winter", required=False),
        Column("walk", "bool", "", "可步行", "open to walkers", required=False),
        Column("drive", "bool", "", "可行车", "open to vehicles", required=False),
        Column("bridge", "bool", "", "桥梁", "on a bridge", required=False),
        Column("tunnel", "bool", "", "隧道", "in a tunnel", required=False),
        Column("layer", "int", "", "层（地面为0）", "level, 0 on the ground", required=False, minimum=-10, maximum=10),
    ),
    key=("road_id",), geometry="line",
)  # fmt: skip
TOWNSHIPS = Table(
    "townships", "乡镇", "townships",
    (_id("township_id", "乡镇代码", "township id"), _id("name", "名称", "name")),
    key=("township_id",), geometry="polygon",
)  # fmt: skip
ZONES = Table(
    "zones", "学区", "attendance zones as drawn",
    (_id("zone_id", "学区代码", "zone id"), _id("school_id", "学校标识码", "school id"), _STAGE,
     _id("shared_group", "共享编组（多校划片）：同组学区可以重叠，重叠处各校均可就读",
         "group of zones that may share ground: who lives on it may go to any of their schools", required=False)),
    key=("zone_id",), geometry="polygon", required=False, refers=(("school_id", "schools", "school_id"),),
)  # fmt: skip
UNSUITABLE = Table(
    "unsuitable", "不宜建校用地", "land where no school can be built",
    (_id("area_id", "地块代码", "area id"),
     Column("kind", "text", "", "类型", "why", choices=LAND_KINDS), _id("note", "说明", "note", required=False)),
    key=("area_id",), geometry="polygon", required=False,
)  # fmt: skip
PARCELS = Table(
    "parcels", "备选地块", "parcels that could hold a school",
    (_id("parcel_id", "地块代码", "parcel id"), _id("name", "名称", "name", required=False)),
    key=("parcel_id",), geometry="polygon", required=False,
)  # fmt: skip
COMMUNITIES = Table(
    "communities", "城乡学校共同体", "school communities",
    (_id("community_id", "共同体代码", "community id"), _id("name", "名称", "name"),
     _id("lead_school_id", "牵头学校", "leading school", required=False)),
    key=("community_id",), required=False, refers=(("lead_school_id", "schools", "school_id"),),
)  # fmt: skip

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        SCHOOLS, ROOMS, CLASSES, ENROLMENT, RESIDENTIAL, RESETTLEMENT, MOVE_IN, MOVERS, COMPLETIONS,
        CHILDREN, AGE_GROUPS, AGE_STRUCTURE, CONTROL_TOTALS, STUDY_ELSEWHERE, FIELD_COUNTS, BIRTHS, MONTHLY_BIRTHS,
        ROADS, TOWNSHIPS, ZONES, COMMUNITIES, UNSUITABLE, PARCELS,
    )
}  # fmt: skip
RASTERS = ("population", "dem")
