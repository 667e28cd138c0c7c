"""Where a school can stand, by hand on the toy county: slope, land and roads, and the nearest good spot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
from shapely import box
from toy_raster import raster

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan import masks
from layoutplan.plan.masks import REASONS, SiteMask, measure_slopes
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.ranking import SCALES, candidates_of, plans_with_sites, rank_sites, size_of, with_findings
from layoutplan.plan.scenario import OpenSchool, Scenario
from layoutplan.plan.siting import open_lab
from layoutplan.plan.uncertainty import weigh_alternatives

NORMS = load_norms()


def land(*boxes):
    rows = [{"area_id": f"u{at}", "kind": kind, "note": None} for at, (kind, _) in enumerate(boxes)]
    return toy.geo(rows, [box(*corners) for _, corners in boxes])


def parcels(**boxes):
    rows = [{"parcel_id": name, "name": None} for name in boxes]
    return toy.geo(rows, [box(*corners) for corners in boxes.values()])


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """Flat but for a bank: from 100 to 200 m north of the road it rises 40 m in 100 m, between 0 and 1000 east."""
    heights = np.full((40, 200), 100.0)  # cells of 25 m from (-500, 500) on, rows going south
    north = 500 - 25 * (np.arange(40) + 0.5)
    bank = 100 + np.clip((north - 100) * 0.4, 0, 40)
    heights[:, 20:60] = bank[:, None]
    dem = raster(tmp_path_factory.mktemp("dem") / "dem.tif", heights, cell=25.0)
    return toy.county(
        rasters={"dem": dem}, unsuitable=land(("flood", (1500, -500, 1900, 500)), ("water", (1800, -500, 2000, 500))),
        parcels=parcels(big=(2200, 10, 2400, 120), small=(900, 10, 960, 60), wet=(1600, 10, 1700, 60)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def prepared(county):
    return prepare(county, NORMS)


@pytest.fixture(scope="module")
def mask(prepared):
    return SiteMask(prepared)


@pytest.mark.parametrize(
    ("spot", "reason"),
    [
        ((2200.0, 50.0), ""),
        ((2200.0, 199.0), ""),
        ((2200.0, 201.0), "no_road"),
        ((500.0, 150.0), "too_steep"),
        ((500.0, 50.0), ""),
        ((1500.0, 10.0), "unsuitable"),
        ((1499.0, 10.0), ""),
        ((2200.0, 501.0), "outside_county"),
        ((1500.0, 300.0), "unsuitable"),
    ],
)
def test_a_spot_answers_with_the_first_reason_that_holds(mask, spot, reason):
    assert mask.check(*spot).reason == reason


def bowl(path, cell=25.0):
    """A bowl far beyond the county on all sides: a ten-thousandth steeper with every metre from the middle."""
    columns, rows = int(6500 / cell), int(2000 / cell)
    east, north = np.meshgrid(-1000 + cell * (np.arange(columns) + 0.5), 1000 - cell * (np.arange(rows) + 0.5))
    return raster(path, 0.5e-4 * (east**2 + north**2), west=-1000.0, north=1000.0, cell=cell)


def test_the_slope_is_known_where_it_is_and_up_to_every_edge_of_the_county(tmp_path):
    county = toy.county(rasters={"dem": bowl(tmp_path / "dem.tif")})
    slopes = measure_slopes(county)
    west, south, east, north = county.townships.total_bounds
    spots = np.array([(e, n) for e in (west, west + 25, 0.0, 1000.0, east) for n in (south, 0.0, north - 25, north)])
    wanted = 1e-4 * np.hypot(*spots.T)
    # Cells lie around spots 25 m apart: up to their edges the slope is that of the middle.
    for off in ((0, 0), (12, 0), (-12, 12), (0, -12)):
        assert slopes.at(*(spots + off).T) == pytest.approx(wanted, abs=2e-5)
    assert slopes.at(np.array([1013.0]), np.array([0.0])) == pytest.approx([0.1025], abs=2e-5)
    assert slopes.at(np.array([0.0]), np.array([213.0])) == pytest.approx([0.0225], abs=2e-5)
    assert np.isnan(slopes.at(np.array([west - 40, 0.0]), np.array([0.0, north + 40]))).all()
    assert measure_slopes(toy.county()) is None


@pytest.mark.parametrize(
    ("cell", "most", "wanted"), [(25, 10**6, 25), (250, 10**6, 250), (10, 10**6, 25), (25, 800, 6250**0.5)]
)
def test_slopes_are_as_fine_as_the_raster_but_not_finer_than_a_school_or_than_can_be_held(
    tmp_path, monkeypatch, cell, most, wanted
):
    monkeypatch.setattr(masks, "_MOST_HEIGHTS", most)
    county = toy.county(rasters={"dem": bowl(tmp_path / "dem.tif", cell=float(cell))})
    # The county measures 5,000 by 1,000 m: 800 heights are 79 m apart.
    assert measure_slopes(county).cell_m == pytest.approx(wanted)


def test_what_was_measured_is_said(mask):
    steep = mask.check(500.0, 150.0)
    assert (steep.slope, steep.road_m, steep.is_steepish) == (pytest.approx(0.4, abs=0.01), 150.0, True)
    assert [mask.check(east, 10.0).land for east in (1600.0, 1850.0, 1950.0, 100.0)] == ["flood", "flood", "water", ""]


def test_the_nearest_good_spot_is_good_and_none_is_nearer(mask):
    """From 1700 to the edge of the flood at 1500 are 200 m, to that of the water at 2000 300 m."""
    spot = mask.check(1700.0, 10.0)
    assert spot.nearest is not None
    assert mask.check(*spot.nearest).reason == ""
    assert spot.nearest[0] == pytest.approx(1500, abs=30)
    assert spot.nearest_m == pytest.approx(np.hypot(spot.nearest[0] - 1700, spot.nearest[1] - 10))
    assert spot.nearest_m == pytest.approx(np.hypot(*(mask.good - (1700.0, 10.0)).T).min())
    good = mask.check(2200.0, 50.0)
    assert (good.nearest, good.nearest_m) == (None, 0.0)


def test_every_cell_that_is_offered_is_good_and_all_others_are_not(mask):
    assert (mask.judge(*mask.good.T) == 0).all()
    rng = np.random.default_rng(3)
    for east, north in rng.uniform((-500, -500), (4500, 500), (200, 2)):
        assert mask.check(east, north).reason == REASONS[mask.judge(np.array([east]), np.array([north]))[0]]


def test_without_elevation_and_land_only_roads_and_the_border_bar():
    plain = SiteMask(prepare(toy.county(), NORMS))
    assert plain.check(1700.0, 10.0).reason == ""
    assert np.isnan(plain.check(500.0, 150.0).slope)
    assert plain.check(500.0, 250.0).reason == "no_road"


def test_a_county_without_any_good_spot_says_so(prepared):
    flooded = replace(prepared, county=replace(prepared.county, unsuitable=land(("flood", (-999, -999, 9999, 999)))))
    spot = SiteMask(flooded).check(100.0, 10.0)
    assert (spot.reason, spot.nearest) == ("unsuitable", None)
    assert np.isnan(spot.nearest_m)


# ---- ranking ----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def lab(prepared):
    return open_lab(run_plan(prepared, Scenario(name="base", last_year=2026)), stage="junior", year=2024)


@pytest.fixture(scope="module")
def ranking(lab, mask):
    return rank_sites(lab, rooms=12, candidates=candidates_of(mask, kind="parcels"), mask=mask)


def test_parcels_are_ranked_by_the_seats_they_free_in_every_year(ranking):
    """`b` has 150 junior seats for 195 (65 a grade): 45 short in each of 2024, 2025 and 2026.

    `small` takes p1 and p2 (30 a grade, 90 in all), `big` the same: p3 at 3000 is nearer to `b` at 3500 than to 2300.
    """
    frame = ranking.frame.set_index("candidate_id")
    assert frame.index.tolist() == ["small", "big"]
    assert frame["gap_closed"].tolist() == pytest.approx([3 * 45.0, 3 * 45.0])
    assert frame["pupils"].tolist() == pytest.approx([90.0, 90.0])
    assert ranking.years["year"].tolist() == [2024, 2025, 2026] * 2
    assert ranking.years["gap_closed"].tolist() == pytest.approx([45.0] * 6)


def test_time_saved_is_summed_over_the_years_it_is_open(ranking):
    """To 930 instead of 3500: p1 saves 2570 m and p2 2430 less 70 m; 35 m off the road."""
    year = ranking.years[(ranking.years["candidate_id"] == "small") & (ranking.years["year"] == 2025)].iloc[0]
    assert year["minutes_saved"] == pytest.approx((30 * (3500 - 965) + 60 * (2500 - 105)) / 75, rel=0.01)
    total = ranking.frame.set_index("candidate_id").loc["small", "minutes_saved"]
    assert total == pytest.approx(ranking.years.loc[ranking.years["candidate_id"] == "small", "minutes_saved"].sum())


def test_a_parcel_in_the_flood_is_refused_with_where_to_go_instead(ranking):
    (refused,) = ranking.refused.to_dict("records")
    assert (refused["candidate_id"], refused["reason"]) == ("wet", "unsuitable")
    assert refused["nearest_east_m"] == pytest.approx(1500, abs=30)


def test_sizes_come_in_tracks_and_are_held_against_the_parcel(ranking):
    """90 juniors, 30 a grade: three classes, so the smallest size, 12 classes; 17,824 m2, the parcel has 22,000."""
    big = ranking.frame.set_index("candidate_id").loc["big"]
    assert (big["peak_classes"], big["scale"], big["tracks"]) == (3, 12, 4)
    assert (big["site_m2_needed"], big["floor_m2_needed"], big["site_m2"]) == (17_824, 6_802, 22_000)
    assert ranking.frame.set_index("candidate_id")["fits"].to_dict() == {"small": False, "big": True}


@pytest.mark.parametrize(
    ("classes", "scale", "tracks"), [(12, 12, 2), (13, 18, 3), (24, 24, 4), (36, 36, 6), (40, 36, 6)]
)
def test_the_size_is_the_smallest_that_holds_all_classes(classes, scale, tracks):
    size = size_of(classes, stage="primary", norms=NORMS, site_m2=1e6)
    assert size[:3] == (classes, scale, tracks)
    assert size[-1] is (classes <= 36)


def test_every_size_has_its_norms_and_a_larger_one_needs_more():
    for stage in ("primary", "junior"):
        for kind in ("area_m2", "floor_m2"):
            values = [NORMS.value(f"site.{kind}.{stage}.{scale}") for scale in SCALES]
            assert values == sorted(values)


def test_findings_of_the_first_are_those_of_the_plan_with_the_school(lab, ranking):
    found = with_findings(ranking, first=1)
    first, second = found.frame.to_dict("records")
    action = OpenSchool(
        year=2024, school_id="site-1", name="small", school_kind="junior", setting="town", east_m=first["east_m"],
        north_m=first["north_m"], junior_rooms=12,
    )  # fmt: skip
    plan = run_plan(lab.result.prepared, Scenario(name="s", last_year=2026, actions=(action,)))
    keys = ["rule", "subject"]
    before, after = (set(map(tuple, one.findings.frame[keys].to_numpy())) for one in (lab.result, plan))
    assert (first["cleared"], first["caused"]) == (len(before - after), len(after - before))
    assert set(found.findings["candidate_id"]) <= {"small"}
    assert pd.isna(second["cleared"])


def test_candidates_can_be_weighed_by_draws_they_share(lab, ranking):
    """45 juniors short in every year; with either school none, so building is best where there are as many pupils."""
    plans = [lab.result, *plans_with_sites(ranking, first=2)]
    found = weigh_alternatives(plans, factors=np.stack([np.full((5, 9, 4), share) for share in (1.0, 1.2)], axis=-1))
    table = found.alternatives.set_index("name")
    assert table.index.tolist() == ["base", "small", "big"]
    assert table.loc["base", "best_in"] == 0
    assert table["best_in"].sum() == 2
    assert found.first_year == 2024


def test_a_grid_offers_one_good_spot_a_square(mask):
    points = candidates_of(mask, kind="grid", grid_m=500.0)
    square = np.floor((np.column_stack([points.x, points.y]) + 500) / 500)
    assert len(np.unique(square, axis=0)) == len(points)
    assert (mask.judge(points.x.to_numpy(), points.y.to_numpy()) == 0).all()
    assert len(points) == len(candidates_of(mask, kind="grid", grid_m=500.0))


def test_without_parcels_none_can_be_ranked():
    with pytest.raises(ScenarioError, match="parcels"):
        candidates_of(SiteMask(prepare(toy.county(), NORMS)), kind="parcels")
