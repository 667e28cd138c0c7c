import base64
import io
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from layoutplan.county.layers import read_county
from layoutplan.norms import load_norms
from layoutplan.plan.masks import measure_slopes
from layoutplan.plan.siting import open_lab
from layoutplan.present import symbols
from layoutplan.ui import mapdata, maplayers, relief


@pytest.fixture(scope="module")
def county():
    return read_county(Path(__file__).parents[2] / "data" / "gis")


@pytest.fixture(scope="module")
def lab(result):
    return open_lab(result, stage="primary", year=2028)


def lightness(colour):
    return sum(share * int(colour[at : at + 2], 16) for at, share in ((1, 0.2126), (3, 0.7152), (5, 0.0722)))


@pytest.mark.parametrize("colours", [maplayers.SLOPE_COLOURS, maplayers.TIME_COLOURS[:-1]])
def test_classes_grow_darker_so_that_any_eye_can_order_them(colours):
    light = [lightness(colour) for colour in colours]
    assert all(before - after > 12 for before, after in zip(light, light[1:], strict=False))


def test_a_cell_is_coloured_by_the_minutes_of_the_entry_grade(lab):
    minutes = maplayers.cell_minutes(lab)
    paint = mapdata.paint_ground(lab, "en", by_time=True)
    first = len(lab.result.travel.school_ids) + 1
    edges = (*maplayers.MINUTES, np.inf)
    for at in range(0, len(minutes), 37):
        held = paint.full["cls"][at] - first
        assert held == (
            len(edges) if np.isnan(minutes[at]) else next(i for i, e in enumerate(edges) if minutes[at] <= e)
        )
    reached = ~np.isnan(minutes)
    assert reached.any()
    metres = lab.cell_cost[reached] / 1000
    kmh = lab.result.prepared.norms.value("speed.walk_kmh.grades_1_3")
    assert minutes[reached] == pytest.approx(metres / (kmh * 1000 / 60))


def test_the_ground_of_a_site_has_the_same_class_in_every_theme(lab):
    at = mapdata.site_class(lab)
    by_school, by_time = (mapdata.paint_ground(lab, "zh", by_time=it) for it in (False, True))
    assert by_school.full["palette"][at] == by_time.full["palette"][at]
    assert at not in by_time.full["cls"]


def test_what_the_county_lacks_is_not_offered(county):
    norms = load_norms()
    bare = replace(county, rasters={}, zones=county.zones.iloc[:0])
    full = maplayers.switches(county, norms, maplayers.extra_layers(county), "zh")
    less = maplayers.switches(bare, norms, maplayers.extra_layers(bare), "zh")
    named = [{one.id for _, group in switches.overlays for one in group} for switches in (full, less)]
    assert "zones" in named[0] - named[1]
    assert "relief" in named[0] - named[1]
    assert "slope" not in {theme.id for theme in less.themes}


def test_slopes_are_those_by_which_sites_are_judged(county):
    found = relief.draw_slopes(county, maplayers.SLOPES_DEG, maplayers.SLOPE_COLOURS)
    content = base64.b64decode(found["url"].removeprefix("data:image/png;base64,"))
    picture = np.rint(matplotlib.image.imread(io.BytesIO(content)) * 255).astype(int)
    inside = picture[..., 3] > 0
    assert 0.3 < inside.mean() < 1
    drawn = {tuple(colour) for colour in picture[inside][:, :3].tolist()}
    known = [tuple(int(c[at : at + 2], 16) for at in (1, 3, 5)) for c in maplayers.SLOPE_COLOURS]
    assert drawn <= set(known)
    steep = np.mean([picture[inside][:, :3].tolist().count(list(colour)) for colour in known[3:]])
    assert steep > 0
    slopes = measure_slopes(county)
    share = np.mean(slopes.slope[np.isfinite(slopes.slope)] <= np.tan(np.deg2rad(15)))
    painted = np.isin([known.index(tuple(c)) for c in picture[inside][:, :3].tolist()], (0, 1, 2)).mean()
    assert painted == pytest.approx(share, abs=0.12)
    assert relief.draw_slopes(replace(county, rasters={}), (2,), ("#ffffff", "#000000")) is None


def test_a_community_is_lines_to_the_school_that_leads_it(county):
    schools = county.schools
    layer = maplayers.join_communities(schools, county.communities)
    known = county.communities.set_index("community_id")["lead_school_id"]
    assert layer.features
    for feature in layer.features:
        members = schools[(schools["community_id"] == feature.id) & (schools["school_id"] != known[feature.id])]
        assert len(feature.geometry["coordinates"]) == len(members)
        ends = {tuple(line[-1]) for line in feature.geometry["coordinates"]}
        assert len(ends) == 1


def contrast(one, other):
    def bright(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    high, low = sorted((bright(one), bright(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_lines_and_rims_of_what_the_map_is_about_stand_out_from_its_paper():
    rims = [*symbols.RING_COLOURS.values(), symbols.VIOLET, mapdata.PLACE_STYLES["resettlement"]["color"]]
    lines = [*(colour for colour, _ in maplayers.ZONE_LINES.values()), maplayers.COMMUNITY_LINE, maplayers.LAND_FILL]
    for colour in (*rims, *lines):
        assert contrast(colour, symbols.PAPER) >= 3, colour
