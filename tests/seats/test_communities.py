"""School communities: leads, members, the ways between them, and what is wrong with them."""

from __future__ import annotations

import pandas as pd
import pytest
from toy import ways_of

from layoutplan.norms import load_norms
from layoutplan.seats.communities import describe_communities
from layoutplan.seats.resources import INDICATORS, measure_resources

SCHOOLS = [
    ("a", "primary", "county_town", "c1"), ("b", "primary", "village", "c1"), ("c", "primary", "town", "c1"),
    ("d", "primary", "village", None), ("e", "primary", "county_town", "c2"), ("f", "special", "town", None),
]  # fmt: skip
LEADS = [("c1", "a"), ("c2", "b"), ("c3", None)]


@pytest.fixture(scope="module")
def found():
    schools = pd.DataFrame(SCHOOLS, columns=["school_id", "kind", "setting", "community_id"])
    amounts = {one.name: [1000.0, 100.0, 100.0, 100.0, 100.0, 100.0] for one in INDICATORS}
    schools = schools.assign(name=schools["school_id"].str.upper(), township_id="t1", **amounts)
    rooms = schools[["school_id", *amounts]].assign(stage="primary")
    pupils = schools[["school_id"]].assign(stage="primary", pupils=[500.0, 100.0, 100.0, 100.0, 100.0, 100.0])
    resources = measure_resources(schools, rooms, pupils, norms=load_norms())
    communities = pd.DataFrame(LEADS, columns=["community_id", "lead_school_id"]).assign(name="共同体")
    ways = ways_of({("a", "a"): 0.0, ("a", "b"): 12.0, ("b", "a"): 12.0, ("b", "b"): 0.0, ("c", "c"): 0.0})
    return describe_communities(schools, communities, resources, between=ways, pupils=pupils)


def test_members_know_their_way_to_the_lead(found):
    members = found.members.set_index("school_id")
    assert members["is_lead"].to_dict() == {"a": True, "b": False, "c": False, "e": False}
    assert members.loc["b", ["minutes", "reason"]].tolist() == [12.0, ""]
    assert members.loc["a", ["minutes", "metres"]].isna().all()


def test_a_member_without_a_way_is_said_to_have_none(found):
    members = found.members.set_index("school_id")
    assert pd.isna(members.loc["c", "minutes"])
    assert members.loc["c", "reason"] == "island"
    balance = found.balance.set_index("community_id")
    assert balance.loc["c1", ["members", "rural_members", "unreached", "farthest_minutes", "pupils"]].tolist() == [
        3, 2, 1, 12.0, 700.0,
    ]  # fmt: skip


def test_ways_between_members_leave_out_what_cannot_be_travelled(found):
    assert found.pairs[["from_school_id", "to_school_id"]].values.tolist() == [["a", "b"], ["b", "a"]]


def test_what_is_wrong_with_a_community_is_named(found):
    assert found.balance.set_index("community_id")["issue"].to_dict() == {
        "c1": "", "c2": "lead_not_member", "c3": "no_lead",
    }  # fmt: skip
    assert found.outside["school_id"].tolist() == ["d"]  # a special school is in no community by right


def test_balance_inside_sets_the_lead_beside_the_others(found):
    spread = found.spread.set_index(["community_id", "stage", "indicator"])
    row = spread.loc[("c1", "primary", "teaching_m2")]
    # Lead 1000 m2 for 500 pupils, the two others 100 m2 for 100 each; mean 1200 / 700.
    assert row[["schools", "lead_value", "others_value"]].tolist() == [3, 2.0, 1.0]
    mean = 1200 / 700
    spread_of = (5 / 7 * (2 - mean) ** 2 + 2 / 7 * (1 - mean) ** 2) ** 0.5
    assert row["cv"] == pytest.approx(spread_of / mean)
