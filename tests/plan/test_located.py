"""What should be looked at in the data, each where it is."""

import numpy as np
import pandas as pd
import pytest
from toy_county import at, toy

from layoutplan.county.layers import read_county
from layoutplan.norms import load_norms
from layoutplan.plan.located import locate_problems
from layoutplan.plan.planning import prepare


def problems(county, folder):
    return locate_problems(prepare(read_county(county.write(folder)), load_norms()))


def test_a_place_far_from_roads_is_shown_where_it_lies(tmp_path):
    county = toy()
    county.set("residential", 2, "geometry", at(18, 9.5))
    found = problems(county, tmp_path)
    (row,) = found[found["code"].str.startswith("snap_")].to_dict("records")
    assert row["place_id"] == "640422200001"
    assert (row["east_m"], row["north_m"]) == (at(18, 9.5).x, at(18, 9.5).y)
    assert "上堡" in row["text_zh"]


def test_counts_that_contradict_each_other_stand_at_their_school(tmp_path):
    county = toy()
    county.frames["field_counts"] = pd.DataFrame(
        [("2164000001", 2022, "primary", 400)], columns=["area_id", "year", "stage", "counted"]
    )
    county.manifest["layers"]["field_counts"] = {**county.manifest["layers"]["rooms"], "file": "field_counts.csv"}
    found = problems(county, tmp_path)
    (row,) = found[(found["code"] == "counts") & found["school_id"].eq("2164000001")].to_dict("records")
    assert (row["east_m"], row["north_m"]) == (at(5, 5.1).x, at(5, 5.1).y)
    assert row["text_en"] != row["text_zh"]


@pytest.mark.parametrize("column", ["text_zh", "text_en"])
def test_what_is_about_a_whole_layer_has_no_place(tmp_path, column):
    found = problems(toy(), tmp_path)
    assert (found[column].str.len() > 0).all()
    whole = found[found[["school_id", "place_id", "township_id"]].isna().all(axis=1) & found["code"].ne("counts")]
    assert np.isnan(whole.loc[~whole["code"].str.startswith("road_joined"), "east_m"]).all()
