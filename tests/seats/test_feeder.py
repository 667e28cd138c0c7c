"""From primary to junior schools, two and two: shares worked by hand, openings and closings, and nobody lost.

East in metres, all on one straight road; grade 7 walks 75 m a minute:

    m-----j--------------k-----n
    0    750            3000  3750
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

import numpy as np
import pandas as pd
import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.feeding import feeder_in, feeder_of
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import CloseSchool, ConvertSchool, MergeSchools, OpenSchool, Scenario
from layoutplan.seats.cohorts import Feeding, Step, advance
from layoutplan.seats.feeder import balance, fed
from layoutplan.seats.settings import Policy

NORMS = load_norms()
FEED = Policy(junior_entry="feeder")
# Ways of 10, 40 minutes from m and 40, 10 from n; the mean way to the nearest is 10, so that is the decay.
NEAR, FAR = exp(-1.0), exp(-4.0)
EAST = {"j": 750, "k": 3000, "m": 0, "n": 3750}
SIXTH = {"m": 60, "n": 40}
PLAIN = {"m": NEAR / (NEAR + FAR), "n": FAR / (NEAR + FAR)}


def table(years, sixth=SIXTH, seventh=None):
    """Return a history in which every grade has been the same in all years."""
    seventh = seventh or intakes(1.0)
    rows = [(s, year, g, n) for year in years for s, n in sixth.items() for g in range(1, 7)]
    rows += [(s, year, g, n) for year in years for s, n in seventh.items() for g in (7, 8, 9)]
    frame = pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils"])
    return frame.assign(classes=pd.array([pd.NA] * len(frame), dtype="Int64"))


def intakes(ratio):
    """Return intakes that gravity alone explains."""
    to_j = sum(SIXTH[s] * PLAIN[s] for s in SIXTH)
    return {"j": ratio * to_j, "k": ratio * (100 - to_j)}


def county(**changes):
    first = toy.schools().iloc[0]
    rows = [
        first.to_dict() | {"school_id": s, "name": s.upper(), "geometry": Point(east, 0)} for s, east in EAST.items()
    ]
    schools = toy.geo(
        [{k: v for k, v in row.items() if k != "geometry"} for row in rows], [r["geometry"] for r in rows]
    )
    schools = schools.astype(toy.schools().dtypes.drop("geometry").to_dict())
    junior = schools["school_id"].isin(["j", "k"])
    schools.loc[junior, "kind"] = "junior"
    schools.loc[junior, ["grade_from", "grade_to"]] = (7, 9)
    rooms = (
        toy.county()
        .rooms.iloc[[0] * 4]
        .assign(school_id=list("jkmn"), stage=["junior", "junior", "primary", "primary"], rooms=6)
    )
    classes = [(s, g, 1, n, 0) for s, n in SIXTH.items() for g in range(1, 7)]
    classes += [(s, g, 1, 50, 20) for s in "jk" for g in (7, 8, 9)]
    classes = pd.DataFrame(classes, columns=["school_id", "grade", "class_no", "pupils", "boarders"])
    values = {"schools": schools, "rooms": rooms, "classes": classes, "enrolment": table(range(2020, 2023))}
    return toy.county(**values | changes)


def planned(of, *actions, policy=FEED):
    return run_plan(prepare(of, NORMS), Scenario(name="x", actions=actions, policy=policy))


def seventh(result, year):
    frame = result.enrolment.frame
    return frame[(frame["year"] == year) & (frame["grade"] == 7)].set_index("school_id")["pupils"].to_dict()


def shares(tables):
    return tables.matrix.set_index(["primary_id", "junior_id"])["share"].to_dict()


def test_balancing_keeps_the_odds_and_meets_the_totals_of_every_piece():
    # Two pieces apart: 1 x 1 with 10 pupils, and 2 x 2 worked in the example; a third row has no way at all.
    prior = np.array([[3.0, 0, 0], [0, 2, 1], [0, 1, 2], [0, 0, 0]])
    matrix, factor = balance(prior, np.array([10.0, 60, 40, 5]), np.array([99.0, 50, 50]))
    x = (430 - 40900**0.5) / 6
    assert matrix == pytest.approx(np.array([[10, 0, 0], [0, x, 60 - x], [0, 50 - x, x - 10], [0, 0, 0]]))
    assert factor[0] == 1.0
    assert factor[1] * factor[2] == pytest.approx(1.0)


def test_where_gravity_explains_the_past_the_shares_are_its_own():
    tables = feeder_of(prepare(county(enrolment=table(range(2020, 2023), seventh=intakes(0.9))), NORMS))
    found = tables.matrix.set_index(["primary_id", "junior_id"])
    assert found["minutes"].to_dict() == pytest.approx({("m", "j"): 10, ("m", "k"): 40, ("n", "j"): 40, ("n", "k"): 10})
    assert tables.grade_7_per_6 == pytest.approx(0.9)
    assert found.loc[("m", "j"), "share"] == pytest.approx(0.9 * PLAIN["m"], rel=1e-6)
    assert found["share"].to_numpy() == pytest.approx(found["prior"].to_numpy(), rel=1e-6)
    assert tables.juniors["pull"].tolist() == pytest.approx([1.0, 1.0], rel=1e-6)
    assert set(found["basis"]) == {"history"}


def test_an_intake_that_gravity_does_not_explain_is_a_pull_kept_as_far_as_chance_allows():
    # j takes 75 of 100 every year, k 25. With odds of e^6: x (x - 35) = e^6 (60 - x) (75 - x), x from m to j.
    odds = exp(6.0)
    a, b, c = odds - 1, -(135 * odds - 35), 4500 * odds
    x = (-b - (b * b - 4 * a * c) ** 0.5) / (2 * a)
    full = log(x / (60 - x)) - 3.0  # of the pull of j over that of k
    logs = np.array([0.25, -0.75]) * full  # weighted by intake, their mean is 0
    years = 1 + 0.5**0.25
    chance = np.array([1 / (75 * years), 1 / (25 * years)]) + 0.15**2 / years
    between = (logs**2 - chance).mean()
    kept = np.exp(logs * between / (between + chance))
    tables = feeder_of(prepare(county(enrolment=table(range(2020, 2023), seventh={"j": 75, "k": 25})), NORMS))
    assert tables.juniors["pull"].to_numpy() == pytest.approx(kept, rel=1e-6)
    expected = kept[0] * FAR / (kept[0] * FAR + kept[1] * NEAR)
    assert shares(tables)["n", "j"] == pytest.approx(expected, rel=1e-6)
    assert tables.juniors["intake"].tolist() == pytest.approx([75.0, 25.0])


def test_grade_7_is_the_grade_6_of_a_year_before_shared_out_and_the_rest_is_counted():
    result = planned(county(enrolment=table(range(2020, 2023), seventh=intakes(0.9))))
    for year in (2023, 2025):  # every class of the base year has moved up unchanged
        assert seventh(result, year) == pytest.approx(intakes(0.9), rel=1e-6)
    row = result.enrolment.ledger.iloc[0]
    assert row[["to_junior", "left_county", "from_elsewhere"]].tolist() == pytest.approx([90, 10, 0])
    # 100 of grade 6 and 50 + 50 of grade 9 finish; 90 enter grade 7, 65 grade 1.
    assert row[["leaving", "entering", "adrift"]].tolist() == pytest.approx([200, 155, 0])
    ledger = result.enrolment.ledger
    left = ledger["before"] - ledger["leaving"] - ledger["adrift"] + ledger["entering"] + ledger["moved"]
    assert left.to_numpy() == pytest.approx(ledger["after"].to_numpy())
    assert ledger["moved"].to_numpy() == pytest.approx(0.0, abs=1e-6)


def test_what_is_above_grade_6_comes_from_elsewhere():
    result = planned(county(enrolment=table(range(2020, 2023), seventh=intakes(1.2))))
    assert seventh(result, 2023) == pytest.approx(intakes(1.2), rel=1e-6)
    row = result.enrolment.ledger.iloc[0]
    assert row[["to_junior", "left_county", "from_elsewhere"]].tolist() == pytest.approx([100, 0, 20], abs=1e-6)
    sums = feeder_in(result, 2023).matrix.groupby("primary_id")["share"].sum()
    assert sums.to_numpy() == pytest.approx(1.0)


def test_a_closed_school_s_share_goes_on_by_nearness_or_where_it_was_merged():
    base = county()
    result = planned(base, CloseSchool(year=2024, school_id="j"))
    assert seventh(result, 2023) == pytest.approx(intakes(1.0), rel=1e-6)
    assert seventh(result, 2024) == pytest.approx({"k": 100.0})
    new = OpenSchool(
        year=2024, school_id="l", name="L", school_kind="junior", setting="village", east_m=750.0, north_m=0.0,
        junior_rooms=6,
    )  # fmt: skip
    merged = planned(base, new, MergeSchools(year=2025, school_ids=("j",), into="k"))
    # l stands where j stands, with as many rooms and the usual pull: half each of what is drawn there.
    twice = {s: 2 * SIXTH[s] * w / (2 * w + v) for s, w, v in (("m", NEAR, FAR), ("n", FAR, NEAR))}
    assert seventh(merged, 2024)["l"] == pytest.approx(sum(twice.values()) / 2, rel=1e-6)
    assert seventh(merged, 2024)["j"] == pytest.approx(sum(twice.values()) / 2, rel=1e-6)
    assert seventh(merged, 2025)["l"] == pytest.approx(sum(twice.values()) / 2, rel=1e-6)
    assert seventh(merged, 2025)["k"] == pytest.approx(100 - sum(twice.values()) / 2, rel=1e-6)
    basis = feeder_in(merged, 2024).matrix.groupby("junior_id")["basis"].first()
    assert basis.to_dict() == {"j": "history", "k": "history", "l": "prior"}


def test_a_primary_school_that_becomes_a_nine_year_school_keeps_its_own_by_nearness():
    grown = ConvertSchool(year=2024, school_id="n", school_kind="nine_year", junior_rooms=6)
    got = seventh(planned(county(), grown), 2024)
    # Who stays in the house has no way: weights of j, k, n are e^-4, e^-1, 1 from n,
    # and from m, which is 50 minutes off, e^-1, e^-4, e^-5.
    mine = 60 * exp(-5.0) / (NEAR + FAR + exp(-5.0)) + 40 / (NEAR + FAR + 1)
    assert got["n"] == pytest.approx(mine, rel=1e-6)
    assert sum(got.values()) == pytest.approx(100.0)


def test_a_special_school_keeps_its_own_and_is_no_part_of_the_shares():
    schools = county().schools
    more = schools.iloc[[0]].assign(school_id="s", name="S", kind="special", grade_from=1, grade_to=9)
    classes = pd.DataFrame([("s", g, 1, 8, 0) for g in range(1, 10)], columns=county().classes.columns)
    rows = table(range(2020, 2023)), table(range(2020, 2023), sixth={"s": 8}, seventh={"s": 8})
    whole = county(
        schools=pd.concat([schools, more], ignore_index=True),
        classes=pd.concat([county().classes, classes], ignore_index=True),
        enrolment=pd.concat(rows, ignore_index=True),
    )
    result = planned(whole)
    assert seventh(result, 2023) == pytest.approx(intakes(1.0) | {"s": 8.0}, rel=1e-6)
    matrix = feeder_in(result, 2023).matrix
    assert set(matrix["primary_id"]) == {"m", "n"}
    assert set(matrix["junior_id"]) == {"j", "k"}
    assert result.enrolment.ledger["adrift"].tolist() == [0.0] * len(result.enrolment.ledger)


def test_a_new_junior_school_that_fills_at_once_loses_nobody():
    new = OpenSchool(
        year=2024, school_id="l", name="L", school_kind="junior", setting="village", east_m=100.0, north_m=0.0,
        junior_rooms=6,
    )  # fmt: skip
    result = planned(county(), new, policy=Policy(junior_entry="feeder", phase_in="at_once"))
    ledger = result.enrolment.ledger
    left = ledger["before"] - ledger["leaving"] - ledger["adrift"] + ledger["entering"] + ledger["moved"]
    assert left.to_numpy() == pytest.approx(ledger["after"].to_numpy())
    assert ledger["moved"].to_numpy() == pytest.approx(0.0, abs=1e-6)
    frame = result.enrolment.frame.set_index(["year", "school_id", "grade"])["pupils"]
    assert frame[2024, "l", 8] > 0


def test_who_can_reach_no_junior_school_is_adrift_and_has_not_left():
    result = planned(county(), CloseSchool(year=2024, school_id="j"), CloseSchool(year=2024, school_id="k"))
    adrift = result.enrolment.adrift
    mine = adrift[(adrift["year"] == 2024) & (adrift["grade"] == 7)].set_index("school_id")["pupils"]
    assert mine.to_dict() == SIXTH
    row = result.enrolment.ledger.set_index("year").loc[2024]
    assert row[["to_junior", "left_county", "from_elsewhere"]].tolist() == [0.0, 0.0, 0.0]
    left = row["before"] - row["leaving"] - row["adrift"] + row["entering"] + row["moved"]
    assert left == pytest.approx(row["after"])
    assert row["moved"] == pytest.approx(0.0, abs=1e-6)


def test_boarders_that_a_class_does_not_say_stay_unknown_and_far_intake_stands_beside_them():
    classes = county().classes.copy()
    classes["boarders"] = classes["boarders"].astype("Int64")
    classes.loc[(classes["school_id"] == "k") & (classes["grade"] == 8), "boarders"] = pd.NA
    tables = feeder_of(prepare(county(classes=classes), NORMS))
    boarding = tables.boarding.set_index(["school_id", "grade"])["boarding_share"]
    assert boarding["j", 7] == boarding["k", 7] == 0.4
    assert np.isnan(boarding["k", 8])
    juniors = tables.juniors.set_index("school_id")
    assert juniors.loc["j", "boarding_share"] == 60 / 150
    assert np.isnan(juniors.loc["k", "boarding_share"])
    # 40 minutes are within the guide of 40; nobody comes from beyond.
    assert tables.limit_min == 40.0
    assert juniors["beyond_reach"].tolist() == [0.0, 0.0]
    # 4.5 km of road more between the pairs: who goes to the other pair is beyond reach.
    schools = county().schools
    schools.loc[schools["school_id"].isin(["k", "n"]), "geometry"] = [Point(3250, 0), Point(4000, 0)]
    far = feeder_of(prepare(county(schools=schools), NORMS))
    flow = {s: n * shares(far)[s, "j"] for s, n in SIXTH.items()}
    assert far.juniors["beyond_reach"].iloc[0] == pytest.approx(flow["n"] / (flow["m"] + flow["n"]))
    assert far.juniors["beyond_reach"].iloc[0] > 0


def test_without_a_history_the_share_is_unknown_and_a_plan_by_it_is_refused():
    bare = prepare(toy.county(), NORMS)
    tables = feeder_of(bare)
    assert tables.matrix["share"].isna().all()
    assert tables.matrix["prior"].tolist() == [1.0, 1.0]  # b is the only junior school
    assert np.isnan(tables.grade_7_per_6)
    for of, policy, code in (
        (bare, FEED, "junior_entry_unknown"),
        (prepare(county(), NORMS), Policy(junior_entry="feeder", enrolment="residence"), "junior_entry_idle"),
    ):
        with pytest.raises(ScenarioError) as caught:
            run_plan(of, Scenario(name="x", policy=policy))
        assert [(p.code, p.field) for p in caught.value.problems] == [(code, "junior_entry")]
        assert caught.value.say("zh") != caught.value.say("en")


def test_a_history_that_ends_before_the_base_year_is_followed_by_its_classes():
    tables = feeder_of(prepare(county(enrolment=table([2021])), NORMS))
    # Grade 6 of 2021 is 100; 50 and 50 are counted in grade 7 of 2022.
    assert tables.grade_7_per_6 == pytest.approx(1.0)
    assert tables.juniors["intake"].tolist() == [50.0, 50.0]


def test_by_residence_nothing_is_said_of_where_grade_6_goes():
    result = planned(county(), policy=Policy())
    assert result.enrolment.feeder is None
    assert feeder_in(result, 2023) is None
    assert result.enrolment.ledger["to_junior"].isna().all()
    flows = result.assignment.flows
    mine = flows[(flows["year"] == 2023) & (flows["grade"] == 7)].groupby("school_id")["pupils"].sum()
    assert seventh(result, 2023) == pytest.approx(mine.to_dict())


def test_ranges_follow_the_draws_of_grade_6_and_the_order_of_rows_changes_nothing():
    whole = county(enrolment=table(range(2014, 2023), seventh={"j": 75, "k": 25}))
    frame = planned(whole).enrolment.frame
    ahead = frame[frame["basis"] == "projected"]
    assert (ahead["p10"] <= ahead["pupils"]).all()
    assert (ahead["p10"] < ahead["p90"]).all()
    mixed = {name: getattr(whole, name).sample(frac=1.0, random_state=3) for name in ("enrolment", "classes", "rooms")}
    pd.testing.assert_frame_equal(planned(replace(whole, **mixed)).enrolment.frame, frame)


numbers = st.lists(st.floats(0.01, 100), min_size=3, max_size=3)


@settings(max_examples=40)
@given(st.lists(numbers, min_size=4, max_size=4), st.lists(st.floats(0, 500), min_size=4, max_size=4), numbers)
def test_rows_are_met_and_nothing_is_negative_whatever_the_order(prior, rows, columns):
    prior, rows, columns = np.array(prior), np.array(rows), np.array(columns)
    matrix, _ = balance(prior, rows, columns)
    assert (matrix >= 0).all()
    assert matrix.sum(axis=1) == pytest.approx(rows)
    if rows.sum() > 1:
        assert matrix.sum(axis=0) == pytest.approx(columns * rows.sum() / columns.sum(), rel=1e-3)
    turned, _ = balance(prior[::-1, ::-1], rows[::-1], columns[::-1])
    assert turned[::-1, ::-1] == pytest.approx(matrix, abs=1e-6)


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.floats(0, 500), min_size=9, max_size=9), min_size=3, max_size=3),
    st.lists(numbers, min_size=3, max_size=3),
    st.floats(0.5, 1.0),
    st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_everybody_of_grade_6_goes_on_leaves_or_is_adrift(pupils, weights, stays, cut_off):
    now, share, cut = np.array(pupils), np.array(weights), np.array(cut_off)
    share = np.where(cut[:, None], 0.0, stays * share / share.sum(axis=1, keepdims=True))
    feeding = Feeding(share, np.full(3, 1.25), cut)
    step = Step(np.zeros((0, 3), np.int64), np.zeros(0), np.ones_like(now), np.zeros_like(now), feeding)
    after, lost = advance(now, step)
    going, left, joining = fed(now, feeding)
    assert min(going, joining) >= 0
    assert left >= -1e-9
    assert going + left + lost[:, 6].sum() == pytest.approx(now[:, 5].sum(), abs=1e-6)
    assert after[:, 6].sum() == pytest.approx(going + joining, abs=1e-6)
    assert (after >= 0).all()
    many, _ = advance(np.repeat(now[:, :, None], 3, axis=2), step)
    assert many[:, :, 1] == pytest.approx(after)
