import datetime as dt

import geopandas as gpd
import pytest
import shapely
from toy_county import CRS, EAST_M, NORTH_M, toy

from layoutplan.labels import label
from layoutplan.plan.masks import nearest_on_parcel

A = shapely.box(1000, 1000, 1100, 1100)
B = shapely.box(1400, 1000, 1500, 1100)


def layer(*shapes):
    return gpd.GeoDataFrame(
        {"parcel_id": [f"p{len(shapes) - at}" for at in range(len(shapes))]}, geometry=list(shapes), crs=CRS
    )


@pytest.mark.parametrize(
    ("point", "wanted"),
    [
        ((1150, 1050), (1050, 1050)),  # beside one
        ((1090, 1010), (1090, 1010)),  # in it: stays where the planner put it
        ((1380, 1050), (1450, 1050)),  # nearer to the other
        ((1250, 1050), (1450, 1050)),  # as near to both: the smaller id, which is the later row
        ((1050, 1601), (1050, 1601)),  # out of reach
        ((1050, 1600), (1050, 1050)),  # just within
    ],
)
def test_a_pin_rests_on_the_nearest_parcel_within_reach(point, wanted):
    assert nearest_on_parcel(layer(A, B), *point) == pytest.approx(wanted)


def test_without_parcels_a_pin_stays():
    assert nearest_on_parcel(layer(), 5.0, 6.0) == (5.0, 6.0)


def test_the_switch_is_there_where_parcels_are(open_app, tmp_path):
    words = label("ui.parcels.snap", "zh")
    plain = open_app(toy().write(tmp_path / "plain"), "pages/site.py")
    assert words not in [one.label for one in plain.toggle]
    county = toy()
    shape = shapely.box(EAST_M + 3000, NORTH_M + 3000, EAST_M + 3200, NORTH_M + 3200)
    county.frames["parcels"] = gpd.GeoDataFrame({"parcel_id": ["p1"]}, geometry=[shape], crs=CRS)
    county.manifest["layers"]["parcels"] = {"file": "parcels.gpkg", "as_of": dt.date(2022, 9, 1)}
    app = open_app(county.write(tmp_path / "held"), "pages/site.py")
    (switch,) = [one for one in app.toggle if one.label == words]
    assert not switch.value
    switch.set_value(True).run()
    assert not app.exception
    assert app.session_state["kept_on_parcels"]
