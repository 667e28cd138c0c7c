"""Where the number of children of a place comes from, by precedence, and that stand-ins are listed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
from toy_raster import raster

from layoutplan.county.tables import AGES
from layoutplan.errors import DataError
from layoutplan.seats.residents import count_residents


def children(*places):
    frame = toy.county().children
    return frame[frame["place_id"].isin(places)]


def groups(area, *residents):
    rows = [(area, 5 * at, count) for at, count in enumerate(residents)]
    return pd.DataFrame(rows, columns=["area_id", "age_from", "residents"])


def totals(*rows):
    return pd.DataFrame(
        [(area, 2022, count, None) for area, count in rows], columns=["area_id", "year", "residents", "registered"]
    )


def structure(area, per_thousand):
    return pd.DataFrame([(area, age, per_thousand) for age in AGES], columns=["area_id", "age", "per_thousand"])


def counted(**layers):
    return count_residents(replace(toy.county(), **layers))


def of(residents, place_id):
    at = residents.place_ids.tolist().index(place_id)
    return residents.children[at], residents.source[at]


def codes(residents):
    return {(note.code, note.subject) for note in residents.notes}


def test_a_register_is_taken_as_it_is():
    found = counted()
    assert of(found, "p2")[0].tolist() == [20.0] * 16
    assert set(found.source) == {"register"}
    assert found.notes == ()
    assert found.frame["children"].sum() == 16 * 65


def test_an_age_the_register_does_not_list_has_no_child_and_is_listed():
    rows = children("p1", "p2", "p3", "p4").query("not (place_id == 'p4' and age in (3, 4))")
    found = counted(children=rows)
    assert of(found, "p4")[0].tolist() == [5.0] * 3 + [0.0] * 2 + [5.0] * 11
    assert codes(found) == {("ages_absent", "p4")}


def test_five_year_groups_of_a_place_are_split():
    found = counted(children=children("p1", "p3", "p4"), age_groups=groups("p2", 100, 100, 100, 100))
    assert of(found, "p2")[0] == pytest.approx(np.full(16, 20.0))
    assert of(found, "p2")[1] == "census"
    assert codes(found) == {("from_groups", "p2")}


def test_a_group_split_evenly_is_listed():
    found = counted(children=children("p1", "p3", "p4"), age_groups=groups("p2", 0, 900, 0, 0, 0))
    assert ("group_evenly", "p2") in codes(found)
    assert of(found, "p2")[0].min() >= 0.0


def test_a_total_times_the_nearest_age_structure():
    layers = {"children": children("p1", "p3"), "control_totals": totals(("p2", 2000), ("p4", 500))}
    layers["age_structure"] = pd.concat([structure("county", 10.0), structure("t1", 12.0)])
    found = counted(**layers)
    # p2 lies in t1, which has a structure of its own; p4 in t2, which has the county's.
    assert of(found, "p2")[0].tolist() == [24.0] * 16
    assert of(found, "p4")[0].tolist() == [5.0] * 16
    assert codes(found) == {("from_total", "p2"), ("from_total", "p4")}


def test_a_structure_can_come_from_the_census_groups_of_the_county():
    found = counted(
        children=children("p1", "p2", "p3"), control_totals=totals(("p4", 500), ("county", 10_000)),
        age_groups=groups("county", 500, 500, 500, 500),
    )  # fmt: skip
    # 100 of each age in 10,000 residents: 10 in a thousand.
    assert of(found, "p4")[0] == pytest.approx(np.full(16, 5.0))


def test_a_township_s_rest_is_shared_by_households():
    found = counted(children=children("p3", "p4"), age_groups=groups("t1", 150, 150, 150, 150))
    # t1 has 30 of each age; p1 has 100 households and p2 200.
    assert of(found, "p1")[0] == pytest.approx(np.full(16, 10.0))
    assert of(found, "p2")[0] == pytest.approx(np.full(16, 20.0))
    assert of(found, "p1")[1] == "census"
    assert codes(found) == {("from_township", "p1"), ("from_township", "p2")}


def test_the_raster_shares_the_control_total_and_keeps_it(tmp_path):
    values = np.zeros((4, 20))
    values[:, :4], values[:, 4:10] = 3.0, 1.0
    layers = {"control_totals": totals(("t1", 3000)), "age_structure": structure("county", 12.0)}
    path = raster(tmp_path / "p.tif", values)
    found = counted(children=children("p3", "p4"), rasters={"population": path}, **layers)
    # 36 of each age; p1's ground holds 16 cells of 3 persons, p2's 24 of 1: two thirds and a third.
    assert of(found, "p1")[0] == pytest.approx(np.full(16, 24.0))
    assert of(found, "p2")[0] == pytest.approx(np.full(16, 12.0))
    assert of(found, "p1")[1] == "raster"
    assert codes(found) == {("from_raster", "p1"), ("from_raster", "p2")}


def test_what_is_known_of_a_township_is_taken_off_first():
    found = counted(children=children("p1", "p3", "p4"), age_groups=groups("t1", 150, 150, 150, 150))
    assert of(found, "p2")[0] == pytest.approx(np.full(16, 20.0))


def test_more_known_children_than_the_township_has_leave_none_and_are_listed():
    found = counted(children=children("p1", "p3", "p4"), age_groups=groups("t1", 40, 40, 40, 40))
    assert of(found, "p2")[0].tolist() == [0.0] * 16
    assert codes(found) == {("township_rest", "t1"), ("from_township", "p2")}


def test_households_are_the_last_resort():
    found = counted(children=children("p1", "p2", "p3"))
    # 60 children of an age in 600 households; p4 has 50.
    assert of(found, "p4")[0] == pytest.approx(np.full(16, 5.0))
    assert codes(found) == {("from_households", "p4")}


def test_nobody_lives_in_a_site_without_households_and_nothing_known_is_listed():
    places = toy.county().places.copy()
    places["households"] = pd.array([100, 200, 0, None], dtype="Int64")
    found = counted(children=children("p1", "p2"), places=places)
    assert of(found, "p3")[0].sum() == 0.0
    assert codes(found) == {("children_unknown", "p4")}


def test_people_without_ages_are_an_error_that_names_what_is_missing():
    places = toy.county().places.assign(households=pd.array([None] * 4, dtype="Int64"))
    with pytest.raises(DataError) as caught:
        counted(children=children("p1"), places=places, control_totals=totals(("p2", 900)))
    (problem,) = caught.value.problems
    assert (problem.code, problem.values["ids"]) == ("age_structure_missing", "p2")


def test_each_source_hides_those_below_it():
    everything = {
        "age_groups": pd.concat([groups("p1", 50, 50, 50, 50), groups("t1", 500, 500, 500, 500)]),
        "control_totals": totals(("p1", 9000), ("p2", 1000)), "age_structure": structure("county", 20.0),
    }  # fmt: skip
    found = counted(children=children("p3", "p4"), **everything)
    assert [of(found, place)[1] for place in ("p1", "p2", "p3")] == ["census", "estimate", "register"]
    assert of(found, "p1")[0] == pytest.approx(np.full(16, 10.0))
    assert of(found, "p2")[0] == pytest.approx(np.full(16, 20.0))
