"""Which points are ranked as sites."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import toy
from shapely import Point, box

from layoutplan.norms import load_norms
from layoutplan.plan.masks import SiteMask
from layoutplan.plan.planning import prepare
from layoutplan.plan.ranking import candidates_of

NORMS = load_norms()


def spots(county, **how):
    points = candidates_of(SiteMask(prepare(county, NORMS)), **how)
    assert points.crs == toy.CRS
    return {name: (point.x, point.y) for name, point in points.items()}


def test_places_are_ranked_where_they_lie_and_parcels_inside_their_bounds():
    places = {"p1": (0.0, 0.0), "p2": (1000.0, 0.0), "p3": (3000.0, 0.0), "p4": (4000.0, 100.0)}
    assert spots(toy.county(), kind="places") == places
    parcels = toy.geo(
        [{"parcel_id": "l1", "name": "L1"}, {"parcel_id": "l2", "name": "L2"}], [box(0, 0, 40, 20), Point(9, 9)]
    )
    county = replace(toy.county(), parcels=parcels)
    assert spots(county, kind="parcels") == {"l1": (20.0, 10.0), "l2": (9.0, 9.0)}
    assert spots(county, kind="places") == places


def test_every_square_of_the_grid_has_the_spot_nearest_to_its_middle():
    mask = SiteMask(prepare(toy.county(), NORMS))
    points = candidates_of(mask, kind="grid", grid_m=500.0)
    # The county is 5,000 m by 1,000 m: ten squares of 500 m in each of two rows, numbered from the south-west.
    assert points.index.tolist() == [f"cell-{number:05d}" for number in range(1, 21)]
    number = 0
    for south in (-500.0, 0.0):
        for west in np.arange(-500.0, 4500.0, 500.0):
            inside = ((mask.good >= (west, south)) & (mask.good < (west + 500, south + 500))).all(axis=1)
            off = np.hypot(*(mask.good[inside] - (west + 250, south + 250)).T)
            mine = points.iloc[number]
            assert west <= mine.x < west + 500
            assert south <= mine.y < south + 500
            assert np.hypot(mine.x - west - 250, mine.y - south - 250) == pytest.approx(off.min())
            number += 1
