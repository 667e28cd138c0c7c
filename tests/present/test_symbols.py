import geopandas as gpd
import pandas as pd
import pytest
import shapely

from layoutplan.norms import load_norms
from layoutplan.present.symbols import (
    CATCHMENT_COLOURS,
    STATUS_COLOURS,
    STATUSES,
    catchment_hues,
    changed_schools,
    class_statuses,
    closed_schools,
    school_symbols,
    shape_corners,
    symbol_radius,
)

NORMS = load_norms()


def status(size, stage="primary"):
    return class_statuses(pd.Series([size], dtype=float), pd.Series([stage]), norms=NORMS)[0]


@pytest.mark.parametrize(
    ("size", "stage", "expected"),
    [
        (40.4, "primary", "within"), (40.5, "primary", "near"), (45, "primary", "near"), (45 + 1e-9, "primary", "near"),
        (46, "primary", "over"), (50, "junior", "near"), (51, "junior", "over"), (55, "junior", "over"),
        (56, "junior", "large"), (65, "primary", "large"), (66, "primary", "extra_large"), (None, "primary", "no_data"),
    ],
)  # fmt: skip
def test_class_status_stands_at_its_limits(size, stage, expected):
    assert status(size, stage) == expected


def test_status_colours_are_ordered_in_lightness():
    def lightness(colour):
        red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    graded = [lightness(STATUS_COLOURS[name]) for name in STATUSES[2:]]
    assert graded == sorted(graded, reverse=True)


@pytest.mark.parametrize("shape", ["circle", "square", "diamond", "pentagon", "hexagon"])
def test_equal_pupils_are_equal_areas(shape):
    assert shapely.Polygon(shape_corners(shape)).area == pytest.approx(3.14159, rel=0.01)


def test_area_grows_with_pupils():
    def radius(pupils):
        return symbol_radius(pupils, shape="circle", largest=4.0, smallest=0.1)

    assert radius(2000) ** 2 == pytest.approx(2 * radius(1000) ** 2)
    assert radius(9000) == radius(2500) == 4.0


def test_base_year_shows_the_worst_single_class(result):
    base = school_symbols(result, 2022).set_index("school_id")
    assert base.loc["a", "class_status"] == "over"
    assert base.loc["b", "class_status"] == "extra_large"
    assert base.loc["a", "pupils"] == 196
    assert not base["changed"].any()
    assert "n" not in base.index


def test_scenario_changes_are_marked_and_closed_schools_leave(result):
    later = school_symbols(result, 2026).set_index("school_id")
    assert list(later.index) == ["b", "n"]
    assert later.loc["n", "changed"]
    assert not later.loc["b", "changed"]
    assert closed_schools(result, 2024) == ()
    assert closed_schools(result, 2025) == ("a",)
    assert changed_schools(result, 2025) == ("a", "n")


def grid(side):
    cells = [shapely.box(i, j, i + 1, j + 1) for i in range(side) for j in range(side)]
    return gpd.GeoDataFrame({"school_id": [f"s{k:02d}" for k in range(len(cells))]}, geometry=cells, crs="EPSG:4544")


def alike(frame, hues):
    lines = frame.boundary.to_numpy()
    ids = list(frame["school_id"])
    return [
        (ids[i], ids[j])
        for i in range(len(ids))
        for j in range(i)
        if hues[ids[i]] == hues[ids[j]] and shapely.length(shapely.intersection(lines[i], lines[j])) > 0
    ]


def test_neighbours_differ_and_row_order_does_not_matter():
    frame = grid(6)
    hues = catchment_hues(frame)
    assert alike(frame, hues) == []
    assert set(hues.values()) <= set(range(len(CATCHMENT_COLOURS)))
    assert catchment_hues(frame.sample(frac=1, random_state=3)) == hues


def test_fixed_hues_stay_when_a_school_comes():
    frame = grid(4)
    kept = {school: hue for school, hue in catchment_hues(frame).items() if school != "s05"}
    hues = catchment_hues(frame, fixed=kept)
    assert {school: hues[school] for school in kept} == kept
    assert alike(frame, hues) == []
