"""The back-test counts what it says, and the forecast beats the plain methods on districts it has not seen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from districts import KINDS, make_district
from rough_districts import ROUGH, make_rough

from layoutplan.errors import DataError
from layoutplan.seats.backtest import COLUMNS, backtest, backtest_file, lines_of, run_backtest
from layoutplan.seats.history import make_history

SRC = Path(__file__).resolve().parents[2] / "src"


def rows(school, first, *years):
    return [(school, first + y, g, n) for y, grades in enumerate(years) for g, n in enumerate(grades)]


def table(*lists):
    return pd.DataFrame([row for part in lists for row in part], columns=["school_id", "year", "grade", "pupils"])


def test_plain_methods_by_hand():
    # School a: 20 + 10, and in the last year 30 + 10. School b closes after four years. Six years 2000-2005.
    # Origins 2003 and 2004 (four and five years known).
    a = rows("a", 2000, (20, 10), (20, 10), (20, 10), (20, 10), (20, 10), (30, 10))
    b = rows("b", 2000, (10, 10), (10, 10), (10, 10), (10, 10))
    tested = run_backtest(make_history(table(a, b)))
    assert (tested.first_origin, tested.last_origin) == (2003, 2004)
    frame = tested.frame.set_index(["level", "horizon", "method"])
    # h = 1: 2003 -> 2004 right (30 of 30); 2004 -> 2005 says 30 of 40: -0.25. Mean of two cases: 0.125.
    # h = 2: only 2003 -> 2005: 30 of 40.
    for method in ("last_year", "grade_progression"):
        one, two = frame.loc[("school", 1, method)], frame.loc[("school", 2, method)]
        assert (one["n"], one["mape"], one["bias"]) == (2, pytest.approx(0.125), pytest.approx(-0.125))
        assert (two["n"], two["mape"]) == (1, pytest.approx(0.25))
        assert np.isnan(one["coverage80"])
    # District: 2003 has 50, 2004 has 30, 2005 has 40. h = 1: 50 of 30 and 30 of 40: (2/3 + 1/4) / 2.
    district = frame.loc[("district", 1, "last_year")]
    assert (district["n"], district["mape"]) == (2, pytest.approx((2 / 3 + 1 / 4) / 2))
    # b is open in 2003 and not in 2004 or 2005.
    assert {h: n for h, n in tested.left_out.items() if n} == {1: 1, 2: 1}
    assert frame.loc[("school", 6, "ours"), "n"] == 0
    assert np.isnan(frame.loc[("school", 6, "ours"), "mape"])


def test_columns_and_rows_are_those_of_the_contract():
    frame = backtest(make_district(KINDS["short"], 1)[0])
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 2 * 6 * 3
    assert frame.loc[frame["method"] == "ours", "n"].iloc[0] > 0


def test_four_years_are_too_short_to_test():
    with pytest.raises(DataError) as caught:
        backtest(table(rows("a", 2000, *[(5, 5)] * 4)))
    assert [p.code for p in caught.value.problems] == ["history_short"]
    assert "4" in caught.value.say("zh")


def test_births_without_effect_are_said(tmp_path):
    enrolment, _ = make_district(KINDS["short"], 1)
    late = pd.DataFrame({"year": [2005, 2006], "births": [1, 2]})
    notices = run_backtest(make_history(enrolment, late)).notices
    assert [notice.code for notice in notices] == ["births_idle"]
    (tmp_path / "births.csv").write_text("year,births\n2000,5\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        backtest_file(tmp_path, tmp_path / "births.csv")
    assert caught.value.problems[0].code == "births_twice"


@pytest.mark.parametrize("kind", ["steady", "births"])
def test_ours_beats_the_better_plain_method_on_districts_not_seen(kind):
    frames = [backtest(*make_district(KINDS[kind], seed)) for seed in (901, 902)]
    mean = pd.concat(frames).groupby(["level", "horizon", "method"])[["mape", "coverage80"]].mean()
    mape = mean["mape"].unstack()
    gain = 1 - mape["ours"] / mape[["last_year", "grade_progression"]].min(axis=1)
    assert (gain["school"] > 0).all()
    assert gain["school"].mean() > 0.05
    assert gain["district"].mean() > 0
    assert 0.75 <= mean["coverage80"].unstack().loc["school", "ours"].mean() <= 0.85


@pytest.mark.parametrize("kind", ["managed", "pandemic"])
def test_ours_holds_where_last_year_is_hard_to_beat_and_a_year_is_broken(kind):
    frames = [backtest(*make_rough(ROUGH[kind], seed)) for seed in (903, 904)]
    mean = pd.concat(frames).groupby(["level", "horizon", "method"])[["mape", "coverage80"]].mean()
    mape = mean["mape"].unstack()
    gain = 1 - mape["ours"] / mape[["last_year", "grade_progression"]].min(axis=1)
    assert gain["school"].mean() > 0.03
    assert gain["district"].mean() > 0
    assert 0.7 <= mean["coverage80"].unstack().loc["school", "ours"].mean() <= 0.9


def test_the_command_writes_the_table_and_says_it_in_words(tmp_path):
    enrolment, _ = make_district(KINDS["short"], 3)
    source, out = tmp_path / "在校生.csv", tmp_path / "out"
    enrolment.to_csv(source, index=False, encoding="utf-8-sig")
    environment = os.environ | {"PYTHONPATH": str(SRC), "LAYOUTPLAN_LANG": "en", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "layoutplan", "backtest", str(source), "--out", str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in out.iterdir()] == ["backtest.csv"]
    assert (out / "backtest.csv").read_bytes().startswith(b"\xef\xbb\xbflevel,horizon,method,n,mape,bias,coverage80")
    for line in lines_of(run_backtest(make_history(enrolment)), "en"):
        assert line in done.stdout
    source.write_text("school_id,year,grade,pupils\na,2000,0,-4\n", encoding="utf-8")
    bad = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=300)
    assert bad.returncode == 2
    assert "negative" in bad.stderr
    assert "Traceback" not in bad.stderr
