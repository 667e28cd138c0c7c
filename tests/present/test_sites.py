"""A ranking handed in: the table a planner reads, and files that say the same."""

from __future__ import annotations

import pandas as pd
import pyogrio
import pytest
import toy
import toy_plans
from shapely import box

from layoutplan.norms import load_norms
from layoutplan.plan.masks import SiteMask
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.ranking import candidates_of, rank_sites, with_findings
from layoutplan.plan.scenario import Scenario
from layoutplan.plan.siting import open_lab
from layoutplan.present.sites import ranking_table, write_ranking


@pytest.fixture(scope="module")
def ranking():
    ground = toy.geo(
        [{"parcel_id": name, "name": None} for name in ("p-1", "p-2", "p-9")],
        [box(900, 10, 960, 60), box(2200, 10, 2400, 120), box(2200, 300, 2300, 400)],
    )
    prepared = prepare(toy.county(parcels=ground), load_norms())
    lab = open_lab(run_plan(prepared, Scenario(name="base", last_year=2025)), stage="junior", year=2024)
    mask = SiteMask(prepared)
    ranked = rank_sites(lab, rooms=12, candidates=candidates_of(mask, kind="parcels"), mask=mask)
    return with_findings(ranked, first=1)


@pytest.mark.parametrize(("lang", "word"), [("zh", "需用地（m²）"), ("en", "Site needed [m²]")])
def test_the_table_says_sizes_with_units(ranking, lang, word):
    table = ranking_table(ranking, 2, lang)
    assert table[word].tolist() == ["17,824", "17,824"]
    assert len(table) == 2


def test_what_no_parcel_tells_has_no_column():
    lab = open_lab(toy_plans.plan("base"), stage="junior", year=2024)
    table = ranking_table(rank_sites(lab, rooms=6), 3, "en")
    assert not {"Parcel [m²]", "Fits", "Findings cleared"} & set(table.columns)


def test_files_hold_all_candidates_and_where_refused_ones_could_go(ranking, tmp_path):
    paths = {path.name: path for path in write_ranking(ranking, tmp_path)}
    sites = pd.read_csv(paths["sites.csv"], encoding="utf-8-sig")
    assert sites["candidate_id"].tolist() == ranking.frame["candidate_id"].tolist() == ["p-1", "p-2"]
    assert sites["rank"].tolist() == [1, 2]
    assert len(pd.read_csv(paths["sites_years.csv"], encoding="utf-8-sig")) == 2 * 2
    points = pyogrio.read_dataframe(paths["sites.gpkg"], layer="sites")
    assert points.crs.to_epsg() == 4544
    assert points["gap_closed"].tolist() == pytest.approx(ranking.frame["gap_closed"].tolist())
    nearest = pyogrio.read_dataframe(paths["sites.gpkg"], layer="nearest_good")
    assert nearest["candidate_id"].tolist() == ["p-9"]
    assert nearest.geometry[0].y < 300
