"""Checks of whole schools: who would have a vacant school nearest, and sizes, just at and above the limit."""

from __future__ import annotations

import pandas as pd
import pytest
import toy
from shapely import Point

from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.diagnosis import Facts, standing_findings
from layoutplan.seats.roster import base_roster

NORMS = load_norms()


def with_vacant(east, *, children=None, kind="primary", span=(1, 6)):
    """Return the toy county with a school that no count has found a pupil in."""
    schools = toy.schools()
    new = schools.iloc[0].to_dict() | {
        "school_id": "v", "name": "V", "kind": kind, "grade_from": span[0], "grade_to": span[1],
        "geometry": Point(east, 0),
    }  # fmt: skip
    rows = [*schools.to_dict("records"), new]
    rooms = toy.county().rooms
    more = rooms.iloc[[0]].assign(school_id="v")
    table = toy.county().children
    past = pd.DataFrame([("v", 2021, 1, 0)], columns=["school_id", "year", "grade", "pupils"])
    if children is not None:
        table = table.assign(children=table["children"].where(table["place_id"] != "p2", children))
    return toy.county(
        schools=toy.geo(rows, [row["geometry"] for row in rows]).astype(schools.dtypes),
        rooms=pd.concat([rooms, more], ignore_index=True), children=table,
        enrolment=past.assign(classes=pd.array([pd.NA], dtype="Int64")),
    )  # fmt: skip


def near(county):
    frame = run_plan(prepare(county, NORMS), Scenario(name="toy", last_year=2024)).findings.frame
    vacant = frame[frame["rule"] == "school_vacant"]
    assert vacant["subject"].tolist() == ["v"]
    assert vacant[["measured", "limit"]].to_numpy().tolist() == [[0.0, 2.0]]
    found = frame[frame["rule"] == "vacant_children_near"]
    return list(found[["subject", "measured", "limit"]].itertuples(index=False, name=None))


def test_children_who_would_have_a_vacant_school_nearest_are_counted_in_the_grades_it_taught():
    # p2 stands at 1000, 200 m from v and 500 m from a; p1 is nearer to a. 20 children in each grade.
    assert near(with_vacant(1200)) == [("v", 120.0, 10.0)]
    assert near(with_vacant(1200, kind="teaching_point", span=(1, 3))) == [("v", 60.0, 10.0)]
    assert near(with_vacant(1200, kind="teaching_point", span=(2, 3))) == [("v", 40.0, 10.0)]


def test_no_more_children_than_a_shell_has_say_nothing():
    assert near(with_vacant(1200, children=10 / 6)) == []
    assert near(with_vacant(1200, children=2.0)) == [("v", pytest.approx(12.0), 10.0)]
    # West of the middle of a and b nobody lives who is nearer to it than to a school that is open.
    assert near(with_vacant(2000)) == []


def test_a_school_of_just_its_size_is_near_it_and_one_pupil_more_is_over():
    def found(first):
        rows = [("a", 1, 1, first), *(("b", grade, 1, 30) for grade in range(1, 10))]
        classes = pd.DataFrame(rows, columns=["school_id", "grade", "class_no", "pupils"]).assign(boarders=0)
        county = toy.county(classes=classes)
        frame = standing_findings(Facts(county, NORMS, base_roster(county, NORMS))).frame
        mine = frame[frame["rule"].isin(["school_over_size", "school_near_size"])]
        return list(mine[["rule", "subject", "measured", "limit"]].itertuples(index=False, name=None))

    assert found(1799) == []
    assert found(1800) == [("school_near_size", "a", 1800.0, 2000.0)]
    assert found(2000) == [("school_near_size", "a", 2000.0, 2000.0)]
    assert found(2001) == [("school_over_size", "a", 2001.0, 2000.0)]
