"""Trap T10: residents and registered children are two series; studying elsewhere is a third, year by year."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.norms import load_norms
from layoutplan.seats.demand import project_demand
from layoutplan.seats.elsewhere import county_share, share_elsewhere
from layoutplan.seats.settings import Outlook

YEARS = range(2022, 2026)


def away(*rows):
    return pd.DataFrame(rows, columns=["area_id", "stage", "year", "share"])


def test_nobody_studies_elsewhere_unless_it_is_said():
    share, notes = share_elsewhere(toy.county(), YEARS)
    assert share.sum() == 0.0
    assert notes == []
    assert county_share(toy.county()) is None


def test_the_nearest_area_counts_and_the_last_year_is_held():
    rows = away(
        ("county", "primary", 2023, 0.1),
        ("t2", "primary", 2022, 0.2),
        ("p4", "primary", 2022, 0.0),
        ("p4", "primary", 2024, 0.5),
    )
    share, notes = share_elsewhere(replace(toy.county(), study_elsewhere=rows), YEARS)
    # Grade 1 of p1 (county), p3 (township), p4 (itself), years 2022-2025.
    assert share[:, 0, 0].tolist() == [0.0, 0.1, 0.1, 0.1]
    assert share[:, 0, 2].tolist() == [0.2] * 4
    assert share[:, 0, 3].tolist() == [0.0, 0.0, 0.5, 0.5]
    assert share[:, 6:].sum() == 0.0
    assert [(note.subject, note.year) for note in notes] == [
        ("county/primary", 2023),
        ("p4/primary", 2024),
        ("t2/primary", 2022),
    ]


def test_pupils_are_residents_less_those_away_and_registered_children_stay_apart():
    children = toy.county().children.assign(registered=lambda frame: np.where(frame["place_id"] == "p1", 40.0, np.nan))
    county = toy.county(children=children)
    county = replace(county, study_elsewhere=away(("t1", "junior", 2023, 0.25)))
    result = project_demand(county, outlook=Outlook(), norms=load_norms(), years=YEARS)
    row = result.series.query("year == 2024 and township_id == 't1' and stage == 'junior'").iloc[0]
    # 30 residents a grade in three grades, a quarter away; 40 registered a grade in p1 alone.
    assert (row["residents"], row["elsewhere"], row["pupils"]) == (90.0, 22.5, 67.5)
    assert row["registered"] == 120.0
    frame = result.frame.query("year == 2024 and place_id == 'p1'").set_index("grade")["pupils"]
    assert (frame[7], frame[6]) == (7.5, 10.0)
    assert result.series.query("township_id == 't2'")["registered"].isna().all()


def test_the_registered_series_ends_where_it_would_need_children_not_yet_born():
    children = toy.county().children.assign(registered=1.0)
    result = project_demand(
        toy.county(children=children), outlook=Outlook(), norms=load_norms(), years=range(2022, 2031)
    )
    told = result.series.query("township_id == 't1' and stage == 'primary'").set_index("year")["registered"]
    assert told[2028] == pytest.approx(12.0)
    assert told[[2029, 2030]].isna().all()
