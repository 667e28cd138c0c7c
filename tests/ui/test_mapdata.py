import numpy as np
from pages_tools import unpacked

from layoutplan.plan.siting import open_lab, try_at
from layoutplan.ui import mapdata


def test_every_coordinate_is_in_degrees_with_five_decimals(result):
    (south, west), (north, east) = mapdata.bounds_of(result.prepared.county.townships.geometry)
    for layer in unpacked(mapdata.draw_base(result, "zh").packed)["layers"]:
        for feature in layer["features"]:
            spots = np.array(flat(feature["geometry"]["coordinates"]))
            assert (spots[:, 0] >= west - 1e-4).all()
            assert (spots[:, 0] <= east + 1e-4).all()
            assert (spots[:, 1] >= south - 1e-4).all()
            assert (spots[:, 1] <= north + 1e-4).all()
            np.testing.assert_array_equal(spots, np.round(spots, 5))


def flat(coordinates):
    return [coordinates] if np.isscalar(coordinates[0]) else [spot for part in coordinates for spot in flat(part)]


def test_base_is_the_same_every_time_and_is_json(result):
    one, other = mapdata.draw_base(result, "zh"), mapdata.draw_base(result, "zh")
    assert one.packed == other.packed
    assert one.id == other.id


def test_cells_are_painted_by_the_school_they_go_to(result):
    lab = open_lab(result, stage="primary", year=2028)
    paint = mapdata.paint_cells(lab, mapdata.hues_of(result, stage="primary", year=2028), "en")
    schools = result.travel.school_ids
    assert paint.full["cls"] == [len(schools) + 1 if at < 0 else at for at in lab.cell_school.tolist()]
    assert len(paint.full["palette"]) == len(paint.full["groups"]) == len(schools) + 2
    assert mapdata.site_class(lab) == len(schools)


def test_outline_surrounds_just_the_cells_won(result):
    lab = open_lab(result, stage="primary", year=2028)
    spot = result.prepared.county.places.geometry.representative_point().iloc[0]
    tried = try_at(lab, spot.x, spot.y, rooms=12)
    assert len(tried.cells) > 0
    outline = mapdata.outline_of(mapdata.cell_shapes(result), tried.cells.tolist())
    assert outline["polygons"]
    assert outline["style"]["fill"] is False
    assert mapdata.outline_of(mapdata.cell_shapes(result), []) is None


def test_schools_that_do_not_stand_are_hidden(result):
    paint = mapdata.paint_schools(result, 2028, "zh")
    assert len(paint.full["cls"]) == len(paint.full["size"]) == len(result.roster.schools)
    assert all(mapdata.SCHOOL_PALETTE[at] for at in paint.full["cls"])


def test_every_look_says_everything_so_that_none_is_left_from_the_last():
    keys = {frozenset(look) for look in mapdata.SCHOOL_PALETTE[1:]}
    assert len(keys) == 1


def test_a_finding_of_a_school_is_ringed_and_sought(result):
    school_id = result.roster.schools["school_id"].iloc[0]
    selected, look = mapdata.focus_on(result, {"school_id": school_id, "place_id": None, "township_id": None})
    assert selected == ("schools", school_id)
    assert look["zoom"] == 13
    township = result.prepared.county.townships["township_id"].iloc[0]
    selected, look = mapdata.focus_on(result, {"school_id": None, "place_id": None, "township_id": township})
    assert selected is None
    assert look["bounds"][0][0] < look["bounds"][1][0]
