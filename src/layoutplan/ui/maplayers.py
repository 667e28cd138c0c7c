"""Layers of the plan map that can be switched: zones, communities, land; travel time and slope colour the ground."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layoutplan.access.kernels import UNREACHED
from layoutplan.access.travel import minutes_of
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_STAGE, GROUP_OF_GRADE
from layoutplan.labels import Lang, label
from layoutplan.norms import Norms
from layoutplan.plan.planning import entry_mode
from layoutplan.plan.siting import SiteLab
from layoutplan.present.symbols import ROAD_STYLES, SHAPES, VIOLET
from layoutplan.ui.degrees import to_degrees
from layoutplan.ui.planmap import Feature, Layer, Paint, Style
from layoutplan.ui.planmap.switches import Ground, Key, Overlay, Switches, Theme
from layoutplan.ui.relief import draw_slopes

# Light to dark, as in ColorBrewer's YlGnBu, which colour-blind readers can order; the last: no way.
MINUTES = (10, 20, 30, 45, 60)
TIME_COLOURS = ("#ffffe0", "#d9f0b8", "#9ad6bd", "#5db7c9", "#3a86bd", "#35519f", "#b7b2a6")
# Classes of land surveys; one hue, darker the steeper.
SLOPES_DEG = (2, 6, 15, 25)
SLOPE_COLOURS = ("#f4efe3", "#dccfae", "#bfa579", "#93754a", "#5d452a")
ZONE_LINES = {"primary": ("#0b4f6c", ""), "junior": ("#7a2f6b", "7 5")}
COMMUNITY_LINE = "#a33b78"
LAND_FILL, PARCEL_FILL = "#6d675a", "#7b4fb0"


def fill(colour: str, line: str, weight: float = 1.0) -> Style:
    """Return the looks of a polygon; ``none`` leaves its fill or its line out."""
    return {
        "fill": colour != "none", "fillColor": colour, "fillOpacity": 1, "stroke": line != "none", "color": line,
        "weight": weight,
    }  # fmt: skip


def extra_layers(county: County) -> list[Layer]:
    """Return the layers that lie between ground and roads, as far as the county has them."""
    return [layer for layer in (_land(county), _parcels(county), *_zones(county)) if layer.features]


def _land(county: County) -> Layer:
    look: Style = {"fillColor": LAND_FILL, "fillOpacity": 0.45, "color": LAND_FILL, "weight": 0.8}
    return Layer("unsuitable", "polygon", _features(county.unsuitable.geometry), [look])


def _parcels(county: County) -> Layer:
    look: Style = {"fillColor": PARCEL_FILL, "fillOpacity": 0.35, "color": VIOLET, "weight": 1.4}
    return Layer("parcels", "polygon", _features(county.parcels.geometry), [look])


def _zones(county: County) -> Iterator[Layer]:
    for stage, (colour, dashes) in ZONE_LINES.items():
        shapes = county.zones[county.zones["stage"] == stage].geometry
        look: Style = {"fill": False, "color": colour, "weight": 1.8, "dashArray": dashes}
        yield Layer(f"zones_{stage}", "polygon", _features(shapes), [look])


def _features(shapes: gpd.GeoSeries) -> list[Feature]:
    return [Feature(str(at), "", geometry) for at, geometry in enumerate(to_degrees(shapes))]


def join_communities(schools: gpd.GeoDataFrame, communities: pd.DataFrame) -> Layer:
    """Return a line from every school of a community to the one that leads it."""
    schools = schools.set_index("school_id")
    leads = communities[communities["lead_school_id"].isin(schools.index)]
    features = []
    for community_id, name, lead in leads[["community_id", "name", "lead_school_id"]].itertuples(index=False):
        members = schools[(schools["community_id"] == community_id) & (schools.index != lead)]
        lines = [shapely.LineString([spot, schools.geometry[lead]]) for spot in members.geometry]
        if lines:
            shape = gpd.GeoSeries([shapely.MultiLineString(lines)], crs=schools.crs)
            features.append(Feature(community_id, name, to_degrees(shape)[0]))
    return Layer("communities", "line", features, [{"color": COMMUNITY_LINE, "weight": 1.1, "opacity": 0.8}])


# ---- switches ----------------------------------------------------------------------------
def switches(
    county: County, norms: Norms, layers: Sequence[Layer], lang: Lang, *, grounds: Sequence[Ground] = ()
) -> Switches:
    """Return what can be switched on a map of these layers.

    Parameters
    ----------
    county : County
        Without an elevation raster there is neither hillshade nor slope.
    norms : Norms
        The limit that is written under the slopes.
    layers : sequence of Layer
        Those of the map; what has no features is not offered.
    lang : {"zh", "en"}
        Language.
    grounds : sequence of Ground
        Base maps on offer.
    """
    held = {layer.name for layer in layers if layer.features}
    hilly = "dem" in county.rasters
    words = {
        "open": label("ui.layers.open", lang), "themes": label("ui.layers.themes", lang),
        "grounds": label("ui.ground.title", lang), "no_ground": label("ui.ground.none", lang),
        "credit": label("ui.ground.credit", lang, name="{name}"), "silent": label("ui.ground.silent", lang),
    }  # fmt: skip
    held |= {"relief"} if hilly else set()
    overlays = [one for one in _of_county(lang) if {*one.layers} & held]
    groups = [(label("ui.layers.county", lang), overlays), (label("ui.layers.schools", lang), _kinds(layers, lang))]
    pictures = {"slope": lambda: draw_slopes(county, SLOPES_DEG, SLOPE_COLOURS)}
    return Switches(words, list(_themes(norms, lang, hilly=hilly)), groups, pictures, grounds)


def _themes(norms: Norms, lang: Lang, *, hilly: bool) -> Iterator[Theme]:
    yield Theme("catchments", label("ui.layers.catchments", lang), "ways")
    yield Theme("change", label("ui.layers.change", lang), "other")
    yield Theme(
        "time", label("ui.layers.time", lang), "ways", keys=time_keys(lang), note=label("ui.layers.time_note", lang)
    )
    if hilly:
        limit = f"{norms.value('site.slope_max'):.0%}"
        note = label("ui.layers.slope_note", lang, limit=limit)
        yield Theme("slope", label("ui.layers.slope", lang), hides=("cells",), keys=slope_keys(lang), note=note)
    yield Theme("plain", label("ui.layers.plain", lang), hides=("cells", "ground"))


def _of_county(lang: Lang) -> Iterator[Overlay]:
    def said(name: str) -> str:
        return label(f"ui.layers.{name}", lang)

    roads = (("road_main", "national"), ("road_county", "township"), ("road_lesser", "village"))
    zones = [
        Key(
            label("ui.layers.zones_of", lang, stage=label(f"stage.{stage}", lang)), colour, "dash" if dashes else "line"
        )
        for stage, (colour, dashes) in ZONE_LINES.items()
    ]
    yield Overlay("relief", said("relief"), ("relief",))
    yield Overlay(
        "roads", said("roads"), ("roads",), keys=[Key(said(name), ROAD_STYLES[kind][0], "line") for name, kind in roads]
    )
    yield Overlay("borders", said("borders"), ("borders", "names"))
    yield Overlay("zones", said("zones"), tuple(f"zones_{stage}" for stage in ZONE_LINES), on=False, keys=zones)
    yield Overlay(
        "communities", said("communities"), ("communities",), on=False,
        keys=[Key(said("communities_key"), COMMUNITY_LINE, "line")],
    )  # fmt: skip
    yield Overlay("parcels", said("parcels"), ("parcels",), keys=[Key(said("parcels"), PARCEL_FILL)])
    yield Overlay(
        "unsuitable", said("unsuitable"), ("unsuitable",), on=False, keys=[Key(said("unsuitable"), LAND_FILL)]
    )
    yield Overlay("places", said("places"), ("places",), group="place")
    yield Overlay("resettlement", said("resettlement"), ("places",), group="resettlement")


def _kinds(layers: Sequence[Layer], lang: Lang) -> list[Overlay]:
    schools = next((layer.features for layer in layers if layer.name == "schools"), ())
    drawn = {feature.style.get("group") for feature in schools}
    return [
        Overlay(f"kind_{kind}", label(f"kind.{kind}", lang), ("schools",), group=kind)
        for kind in SHAPES
        if kind in drawn
    ]


def _ranges(name: str, edges: Sequence[int], lang: Lang, *, shares: bool = False) -> Iterator[str]:
    def values(**at: int) -> dict[str, str]:
        said = {key: str(value) for key, value in at.items()}
        return said | (
            {f"{key}_share": f"{np.tan(np.deg2rad(value)):.0%}" for key, value in at.items()} if shares else {}
        )

    yield label(f"ui.layers.{name}_under", lang, **values(high=edges[0]))
    for low, high in zip(edges, edges[1:], strict=False):
        yield label(f"ui.layers.{name}_between", lang, **values(low=low, high=high))
    yield label(f"ui.layers.{name}_over", lang, **values(low=edges[-1]))


def slope_keys(lang: Lang) -> list[Key]:
    """Return the classes of slope with degrees and per cent.

    Examples
    --------
    >>> [key.words for key in slope_keys("en")][1]
    '2-6° (3%-11%)'
    """
    return [
        Key(words, colour)
        for words, colour in zip(_ranges("slope", SLOPES_DEG, lang, shares=True), SLOPE_COLOURS, strict=True)
    ]


def time_keys(lang: Lang) -> list[Key]:
    """Return the classes of travel time; the last is ground from which no way leads to a school."""
    words = [*_ranges("time", MINUTES, lang), label("ui.layers.time_never", lang)]
    return [Key(text, colour) for text, colour in zip(words, TIME_COLOURS, strict=True)]


# ---- travel time -------------------------------------------------------------------------
def cell_minutes(lab: SiteLab) -> np.ndarray:
    """Return the one-way minutes from every cell to its nearest school, NaN where no way leads to one."""
    group = GROUP_OF_GRADE[GRADES_OF_STAGE[lab.stage][0]]
    known = lab.cell_cost != UNREACHED
    cost = np.where(known, lab.cell_cost, 0)
    minutes = minutes_of(cost, mode=entry_mode(lab.result, lab.stage), norms=lab.result.prepared.norms, grades=group)
    return np.where(known, minutes, np.nan)


def paint_minutes(lab: SiteLab, lang: Lang, *, site: Style) -> Paint:
    """Return the ground by travel time.

    Parameters
    ----------
    lab : SiteLab
        Stage and year.
    lang : {"zh", "en"}
        Language of what hovering says.
    site : mapping
        Looks of the ground a dragged site would win; its class is the one after the schools', as on the map
        by school.
    """
    ids, minutes = lab.result.travel.school_ids, cell_minutes(lab)
    names = lab.result.roster.schools.set_index("school_id")["name"]
    before = len(ids) + 1
    classes = np.where(np.isnan(minutes), len(MINUTES) + 1, np.searchsorted(MINUTES, minutes)) + before
    looks: list[Style] = [fill(colour, colour, 0.9) for colour in TIME_COLOURS]
    lines = [
        [] if school < 0 else [label("ui.layers.time_says", lang, minutes=f"{time:.0f}", school=names[ids[school]])]
        for time, school in zip(minutes.tolist(), lab.cell_school.tolist(), strict=True)
    ]
    groups: list[list[str]] = [[]] * before + [[key.words] for key in time_keys(lang)]
    return Paint(classes.tolist(), palette=[*[looks[-1]] * len(ids), site, *looks], lines=lines, groups=groups)
