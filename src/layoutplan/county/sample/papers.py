"""Texts that go with the sample county: what names its layers, and what is true and what made up."""

from __future__ import annotations

COUNTY_TOML = """\
# 样例县（合成数据）：图层、表格与日期。Sample county (synthetic data): layers, tables and dates.
[county]
name = "西吉县（合成样例）"
name_en = "Xiji County (synthetic sample)"
crs = "EPSG:4544"
base_year = 2022
synthetic = true

[layers.townships]
file = "townships.gpkg"
layer = "townships"
as_of = 2022-01-01

[layers.schools]
file = "schools.gpkg"
layer = "schools"
as_of = 2022-09-20

[layers.rooms]
file = "rooms.csv"
as_of = 2022-09-20

[layers.classes]
file = "classes.csv"
as_of = 2022-09-20

[layers.classes.columns]
school_id = "学校标识码"
grade = "年级"
class_no = "班号"
pupils = "学生数"
boarders = "寄宿生数"

[layers.enrolment]
file = "enrolment.csv"
as_of = 2022-09-20

[layers.residential]
file = "residential.gpkg"
layer = "residential"
as_of = 2022-08-31

[layers.resettlement]
file = "resettlement.fgb"
as_of = 2022-08-31

[layers.move_in]
file = "move_in.csv"
as_of = 2022-08-31

[layers.children]
file = "children.csv"
as_of = 2022-08-31

[layers.births]
file = "births.csv"
as_of = 2022-12-31

[layers.roads]
file = "roads.fgb"
as_of = 2021-12-31

[layers.zones]
file = "zones.gpkg"
layer = "zones"
as_of = 2022-07-01

[layers.communities]
file = "communities.csv"
as_of = 2022-09-01

[rasters.population]
file = "population.tif"
as_of = 2020-11-01

[rasters.dem]
file = "dem.tif"
as_of = 2021-01-01
"""

SOURCES = """\
# 数据来源 · Sources

**本目录全部为合成数据**，由 `layoutplan sample DIR` 用固定随机种子生成，不含任何真实学校、学生、家庭或地块的信息。
学校、村庄、小区、安置点的名称均为虚构或通用名称；所有统计数字均不得引用为西吉县的实际情况。

**Everything in this folder is synthetic**, generated from fixed seeds by `layoutplan sample DIR`. It holds no
real school, pupil, household or plot. Names of schools, villages, estates and sites are invented or generic; no
figure may be quoted as a fact about Xiji County.

## 依据的公开事实 · Public facts it is shaped on

| 事实 fact | 值 value | 来源 source |
|---|---|---|
| 范围 extent | 105.33–106.07°E, 35.58–36.23°N; 67 km × 74 km; 3 130 km² | 公开百科条目 public encyclopaedia entries |
| 乡镇名称 townships | 4 镇 15 乡，名称真实；640422100、640422200 两个代码见于公开代码表，其余顺序号为示意 real names; the other serials of the codes are illustrative | 公开区划代码表 public code lists |
| 常住人口 residents | 315 827 (2020-11-01) → 315 800 | 第七次全国人口普查公报 seventh census |
| 城镇化率 urban share | 34.18 % → 吉强镇 108 000 | 同上 the same |
| 新营乡、偏城乡 two townships | 13 900 人, 282.8 km²; 13 700 人, 204.6 km² | 公开百科条目 public encyclopaedia entries |
| 地势 relief | 北、西、东高，南低；葫芦河自西北向南 high in the north, west and east; the Hulu river runs south | 同上 the same |
| 出生走势 course of births | 2016—2017 年高峰后下降 a peak in 2016-17, then a fall | 国家统计局公布的全国出生人口 national births, NBS |
| 学龄人口比例 children per 1000 | 小学 109.8、初中 53.2（2020 年贵州安置点）→ 约 34 700、16 800 人 | 中国政府网 gov.cn 2020-08-21 |
| 户均人口 persons a household | 4.0（安置点实例 3.97—4.5） | 公开报道 public reports |
| 安置点、共同体 sites and communities | 安置点 8 处为虚构；共同体 11 个，数目见于公开文件 8 invented sites; the number 11 of communities is public | 县级公开文件 a public county document |
| 学校标识码形式 form of school ids | 10 位：类别 2 位 + 省 2 位 + 顺序号 6 位，顺序号为虚构 serials invented | 学校（机构）代码编制规则 |

其余各乡镇的人口、面积与乡镇政府位置均为构造值。Other residents, areas and seats of townships are constructed.

## 文件 · Files

| 文件 file | 内容 content |
|---|---|
| `county.toml` | 图层清单与基准日期 layers and their dates |
| `townships.gpkg`, `zones.gpkg` | 乡镇界（示意，不作为划界依据）、县城学区 township borders (illustrative), attendance zones of the county town |
| `schools.gpkg`, `rooms.csv`, `classes.csv`, `enrolment.csv`, `communities.csv` | 学校、教室、班级（2022 年，表头为中文）、2014—2022 年在校生、共同体 |
| `residential.gpkg`, `resettlement.fgb`, `move_in.csv`, `children.csv`, `births.csv` | 居民点、安置点、入住进度（2019—2028）、分年龄儿童、分乡镇出生 |
| `roads.fgb` | 道路（从路口到路口）roads, junction to junction |
| `dem.tif`, `population.tif` | 60 m 高程（m）、150 m 常住人口（人）heights in metres, residents in persons |
| `planted.toml` | 有意设置的问题，供测试核对 problems planted on purpose, for tests |

坐标系 CRS: EPSG:4544 (CGCS2000 / 3-degree Gauss-Kruger CM 105E)，单位米 metres.
地图仅供内部规划演示，未经审图，不得公开使用。Maps are for internal planning only and were not reviewed for publication.
"""
