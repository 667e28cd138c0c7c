import numpy as np
import pandas as pd
import pytest
from toy_county import toy

from layoutplan.county.layers import read_county
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.curves import counted_curves, site_curves, stage_curves, township_growth


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return run_plan(prepare(read_county(toy().write(tmp_path_factory.mktemp("toy"))), load_norms()), Scenario(name="a"))


def test_curves_add_up_to_the_demand_and_lie_inside_their_range(result):
    curves = stage_curves(result.prepared.county, result.demand)
    assert curves["pupils"].sum() == pytest.approx(result.demand.frame["pupils"].sum())
    assert (curves["p10"] <= curves["pupils"]).all()
    assert (curves["pupils"] <= curves["p90"]).all()
    now = curves[curves["year"] == result.prepared.county.base_year]
    np.testing.assert_array_equal(now["p10"], now["p90"])


def test_the_range_of_the_county_is_narrower_than_the_sum_of_its_places(result):
    curves = stage_curves(result.prepared.county, result.demand)
    summed = result.demand.frame.groupby("year")[["p10", "p90"]].sum()
    whole = curves.groupby("year")[["p10", "p90"]].sum()
    assert ((whole["p90"] - whole["p10"]) <= (summed["p90"] - summed["p10"]) + 1e-9).all()


def test_growth_of_townships_adds_up_and_keeps_the_order_of_the_layer(result):
    county = result.prepared.county
    table = township_growth(county, result.demand, stage="primary", year=2028)
    assert table["township_id"].tolist() == county.townships["township_id"].tolist()
    curves = stage_curves(county, result.demand).set_index(["year", "stage"])["pupils"]
    assert table["before"].sum() == pytest.approx(curves[county.base_year, "primary"])
    assert table["after"].sum() == pytest.approx(curves[2028, "primary"])
    np.testing.assert_allclose(table["after"] - table["before"], table["change"])


def test_counted_pupils_are_those_of_the_layer(result):
    county = result.prepared.county
    assert counted_curves(county)["pupils"].sum() == pytest.approx(county.enrolment["pupils"].sum())


def test_a_site_shows_its_plan_who_moved_in_who_is_expected_and_its_pupils(result):
    curves = site_curves(result.prepared.county, result.demand).set_index("year")
    assert set(curves["place_id"]) == {"640422100950"}
    assert (curves["planned"] == 200).all()  # no plan is dated: that of the whole site
    assert curves["observed"].dropna().to_dict() == {2022: 80}
    assert curves.loc[[2022, 2023, 2024, 2030], "expected"].tolist() == [80, 80, 200, 200]
    demand = result.demand.frame
    mine = demand[(demand["place_id"] == "640422100950") & (demand["year"] == 2024)]
    assert curves.loc[2024, "pupils"] == pytest.approx(mine["pupils"].sum())


def test_a_dated_plan_is_shown_year_by_year(tmp_path):
    county = toy()
    county.frames["move_in"] = pd.DataFrame(
        [("640422100950", 2022, 80, 100.0), ("640422100950", 2024, None, 200.0)],
        columns=["place_id", "year", "households", "planned"],
    )
    plan = run_plan(prepare(read_county(county.write(tmp_path)), load_norms()), Scenario(name="a"))
    curves = site_curves(plan.prepared.county, plan.demand).set_index("year")
    assert curves["planned"].dropna().to_dict() == {2022: 100, 2024: 200}
    assert curves.loc[2024, "expected"] == 160  # as far as the plan has come true: four fifths
