"""Which points are ranked as sites, and what each would relieve, by hand on the toy county.

Children a grade: p1 10, p2 45, p3 30, p4 5. School ``a`` has two rooms of 45 seats for the 330 primary pupils of p1 and
p2, so that 240 have none; ``b`` has six rooms for the 210 of p3 and p4. Grades 1 to 3 walk 60 m a minute, grades 4 to 6
66.7 m. A site with two rooms has 90 seats.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
from shapely import Point, box

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.masks import SiteMask
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.ranking import candidates_of, plans_with_sites, rank_sites, size_of, with_findings
from layoutplan.plan.scenario import OpenSchool, RunBus, Scenario
from layoutplan.plan.siting import open_lab

NORMS = load_norms()


def spots(county, **how):
    points = candidates_of(SiteMask(prepare(county, NORMS)), **how)
    assert points.crs == toy.CRS
    return {name: (point.x, point.y) for name, point in points.items()}


def test_places_are_ranked_where_they_lie_and_parcels_inside_their_bounds():
    places = {"p1": (0.0, 0.0), "p2": (1000.0, 0.0), "p3": (3000.0, 0.0), "p4": (4000.0, 100.0)}
    assert spots(toy.county(), kind="places") == places
    parcels = toy.geo(
        [{"parcel_id": "l1", "name": "L1"}, {"parcel_id": "l2", "name": "L2"}], [box(0, 0, 40, 20), Point(9, 9)]
    )
    county = replace(toy.county(), parcels=parcels)
    assert spots(county, kind="parcels") == {"l1": (20.0, 10.0), "l2": (9.0, 9.0)}
    assert spots(county, kind="places") == places


def test_every_square_of_the_grid_has_the_spot_nearest_to_its_middle():
    mask = SiteMask(prepare(toy.county(), NORMS))
    points = candidates_of(mask, kind="grid", grid_m=500.0)
    # The county is 5,000 m by 1,000 m: ten squares of 500 m in each of two rows, numbered from the south-west.
    assert points.index.tolist() == [f"cell-{number:05d}" for number in range(1, 21)]
    number = 0
    for south in (-500.0, 0.0):
        for west in np.arange(-500.0, 4500.0, 500.0):
            inside = ((mask.good >= (west, south)) & (mask.good < (west + 500, south + 500))).all(axis=1)
            off = np.hypot(*(mask.good[inside] - (west + 250, south + 250)).T)
            mine = points.iloc[number]
            assert west <= mine.x < west + 500
            assert south <= mine.y < south + 500
            assert np.hypot(mine.x - west - 250, mine.y - south - 250) == pytest.approx(off.min())
            number += 1


def test_without_parcels_none_can_be_ranked():
    with pytest.raises(ScenarioError, match="no_parcels"):
        spots(toy.county(), kind="parcels")


def test_squares_are_two_kilometres_wide_if_nothing_is_said():
    # The county is 5,000 m by 1,000 m.
    assert list(spots(toy.county(), kind="grid")) == ["cell-00001", "cell-00002", "cell-00003"]


# ---- ranks
def crowded():
    base = toy.county()
    rooms = base.rooms.assign(rooms=[2, 3, 6])  # a; b for junior; b for primary
    children = base.children.assign(children=base.children["children"].where(base.children["place_id"] != "p2", 45.0))
    parcels = toy.geo([{"parcel_id": "x", "name": "X"}], [box(980, -25, 1020, 25)])
    return replace(base, rooms=rooms, children=children, parcels=parcels)


def lab_of(county, *actions, stage="primary", year=2024):
    plan = run_plan(prepare(county, NORMS), Scenario(name="s", last_year=2025, actions=actions))
    return open_lab(plan, stage=stage, year=year)


def points(**at):
    return toy.geo([{"id": name} for name in at], [Point(*point) for point in at.values()]).set_index("id").geometry


@pytest.fixture(scope="module")
def lab():
    return lab_of(crowded())


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def ranking(lab, told):
    some = points(q=(3000, 0), x=(1000, 0), r=(4000, 0), o=(9000, 0), v=(0, 0), w=(1000, 0))
    return rank_sites(lab, rooms=2, candidates=some, say=lambda *count: told.append(count))


def test_sites_are_ranked_by_seats_then_by_time_then_by_name(ranking):
    """At w and x the 270 of p2, at v the 60 of p1, at r the 30 of p4, at q the 180 of p3 would go to the site.

    Of p2's 270 the site has no seat for 180, of p3's for 90; all of them save 500 m in 2024 and in 2025.
    """
    frame = ranking.frame
    assert frame["candidate_id"].tolist() == ["w", "x", "v", "r", "q"]
    assert frame["pupils"].tolist() == pytest.approx([270, 270, 60, 30, 180])
    assert frame["gap_closed"].tolist() == pytest.approx([2 * 60, 2 * 60, 2 * 60, 0, 2 * -90])
    minutes_each = (500 / 60 + 500 * 60 / 4000) / 2
    saved = [2 * pupils * minutes_each for pupils in (270, 270, 60, 30, 180)]
    assert frame["minutes_saved"].tolist() == pytest.approx(saved, abs=0.01)
    assert (ranking.rooms, frame.loc[2, ["east_m", "north_m"]].tolist()) == (2, [0.0, 0.0])


def test_a_grade_as_large_as_the_norm_is_one_class(ranking):
    # 45 children of p2 a grade at 45 a class.
    assert ranking.frame["peak_classes"].tolist() == [6, 6, 6, 6, 6]
    assert ranking.frame["scale"].tolist() == [12, 12, 12, 12, 12]


def test_only_a_parcel_has_an_area_to_hold_the_school(ranking):
    frame = ranking.frame.set_index("candidate_id")
    assert frame["site_m2"].dropna().to_dict() == {"x": 2000.0}
    assert frame["fits"].dropna().to_dict() == {"x": False}


def test_years_are_those_in_which_the_site_is_open(ranking):
    years = ranking.years.set_index("candidate_id").loc["v"]
    assert years["year"].tolist() == [2024, 2025]
    assert years["pupils"].tolist() == pytest.approx([60.0, 60.0])
    assert years["gap_closed"].tolist() == pytest.approx([60.0, 60.0])
    assert years["minutes_saved"].tolist() == pytest.approx([30 * 500 / 60 + 30 * 7.5] * 2, abs=0.01)


def test_a_point_outside_the_county_is_refused_and_every_point_is_told(ranking, told):
    (row,) = ranking.refused.to_dict("records")
    assert (row["candidate_id"], row["reason"]) == ("o", "outside_county")
    assert np.isnan(row["nearest_m"])
    assert told == [(1, 6), (2, 6), (3, 6), (4, 6), (5, 6), (6, 6)]


def test_without_candidates_every_place_is_one(lab):
    assert sorted(rank_sites(lab, rooms=2).frame["candidate_id"]) == ["p1", "p2", "p3", "p4"]


def test_a_mask_bars_points_and_says_where_the_nearest_good_one_is(lab):
    mask = SiteMask(lab.result.prepared)
    found = rank_sites(lab, rooms=2, candidates=points(o=(4600, 0), v=(0, 0)), mask=mask)
    assert found.frame["candidate_id"].tolist() == ["v"]
    (row,) = found.refused.to_dict("records")
    assert (row["candidate_id"], row["reason"]) == ("o", "outside_county")
    # The road ends at 4,000 m, and a school stands within 200 m of one.
    assert 4000 < row["nearest_east_m"] <= 4200
    assert row["nearest_m"] == pytest.approx(np.hypot(4600 - row["nearest_east_m"], row["nearest_north_m"]))


def test_where_every_point_is_refused_nothing_is_ranked(lab):
    found = rank_sites(lab, rooms=2, candidates=points(o=(9000, 0)))
    assert (len(found.frame), len(found.years), found.refused["candidate_id"].tolist()) == (0, 0, ["o"])


def test_children_who_could_reach_no_school_come_but_save_no_time():
    """The road is cut between 2,000 and 3,000 m, and `b` is the only school for juniors: p1 and p2 have none."""
    roads = toy.roads().drop(index=2).reset_index(drop=True)
    row = rank_sites(
        lab_of(toy.county(roads=roads), stage="junior"), rooms=1, candidates=points(x=(1000, 0))
    ).frame.iloc[0]  # fmt: skip
    # 30 of p1 and 60 of p2 at a site of 50 seats: 40 are short who were counted at no school before.
    assert row[["pupils", "gap_closed", "minutes_saved"]].tolist() == pytest.approx([90.0, -80.0, 0.0])


def test_pupils_who_come_by_bus_fill_seats_and_stay():
    """30 of p1 ride to `b`, whose four rooms then hold 180 of 240; a site at p3 takes 180 of them, the bus stays."""
    bus = RunBus(year=2023, school_id="b", place_ids=("p1",), grades=(4, 5, 6), seats=30)
    county = replace(toy.county(), rooms=toy.county().rooms.assign(rooms=[6, 3, 4]))
    found = rank_sites(lab_of(county, bus), rooms=4, candidates=points(q=(3000, 0)))
    assert found.frame.loc[0, ["pupils", "gap_closed"]].tolist() == pytest.approx([180.0, 2 * 60.0])


# ---- sizes
@pytest.mark.parametrize(
    ("classes", "stage", "scale", "tracks"),
    [(1, "primary", 12, 2), (12, "primary", 12, 2), (13, "primary", 18, 3), (36, "primary", 36, 6),
     (37, "primary", 36, 6), (12, "junior", 12, 4), (25, "junior", 30, 10)],
)  # fmt: skip
def test_a_school_is_of_the_smallest_size_that_holds_its_classes(classes, stage, scale, tracks):
    found = size_of(classes, stage=stage, norms=NORMS)
    assert found[:3] == (classes, scale, tracks)
    assert found[3] == NORMS.value(f"site.area_m2.{stage}.{scale}")
    assert found[4] == NORMS.value(f"site.floor_m2.{stage}.{scale}")
    assert np.isnan(found[5])
    assert found[6] is pd.NA


@pytest.mark.parametrize(
    ("classes", "less_m2", "fits"), [(36, 0.0, True), (36, 0.1, False), (37, 0.0, False), (37, -1e6, False)]
)
def test_a_school_fits_on_a_parcel_of_the_area_of_its_size_unless_no_size_holds_it(classes, less_m2, fits):
    site_m2 = NORMS.value("site.area_m2.primary.36") - less_m2
    assert size_of(classes, stage="primary", norms=NORMS, site_m2=site_m2)[5:] == (site_m2, fits)


# ---- the whole plan with a site
def test_findings_are_counted_for_the_first_and_missing_for_the_others(ranking):
    told = []
    found = with_findings(ranking, first=1, say=lambda *count: told.append(count))
    assert told == [(1, 1)]
    first, second = found.frame.iloc[0], found.frame.iloc[1]
    assert second[["cleared", "caused", "remains"]].isna().all()
    before = len(ranking.lab.result.findings.frame)
    assert first["cleared"] + first["remains"] == before
    assert found.findings.columns[0] == "candidate_id"
    assert set(found.findings["candidate_id"]) == {"w"}
    assert found.findings["status"].value_counts().to_dict() == {
        status: first[status] for status in ("cleared", "caused") if first[status]
    }


def test_without_first_ones_no_finding_is_counted(ranking):
    found = with_findings(ranking, first=0)
    assert found.frame[["cleared", "caused", "remains"]].isna().all(axis=None)
    assert found.findings.empty
    assert found.frame["candidate_id"].tolist() == ranking.frame["candidate_id"].tolist()


def test_the_plan_of_a_primary_site_has_its_rooms_in_its_year(ranking):
    plans = plans_with_sites(ranking, first=2)
    assert [plan.scenario.name for plan in plans] == ["w", "x"]
    assert plans[0].scenario.actions == (
        OpenSchool(year=2024, school_id="site-1", name="w", school_kind="primary", setting="town", east_m=1000.0,
                   north_m=0.0, primary_rooms=2, junior_rooms=0),
    )  # fmt: skip


def test_the_plan_of_a_junior_site_in_the_base_year_opens_the_year_after():
    found = rank_sites(lab_of(toy.county(), stage="junior", year=2022), rooms=3, candidates=points(x=(1000, 0)))
    ((action,),) = (plan.scenario.actions for plan in plans_with_sites(found, first=1))
    assert action == OpenSchool(year=2023, school_id="site-1", name="x", school_kind="junior", setting="town",
                                east_m=1000.0, north_m=0.0, primary_rooms=0, junior_rooms=3)  # fmt: skip
