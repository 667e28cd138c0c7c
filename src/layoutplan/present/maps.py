"""A plan as one HTML file that opens in any browser without a network."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layoutplan.county.tables import SCHOOL_KINDS
from layoutplan.files import write_whole
from layoutplan.labels import Lang, label
from layoutplan.present.markup import coded, esc, sign_svg, site_svg
from layoutplan.present.provenance import stamp_of
from layoutplan.present.scene import Scene
from layoutplan.present.signs import Sign
from layoutplan.present.symbols import CATCHMENT_COLOURS, GREY, ROAD_STYLES, SHAPES, STATUS_COLOURS

if TYPE_CHECKING:
    import folium
    import geopandas as gpd

    from layoutplan.plan.planning import PlanResult

_LON_LAT = "EPSG:4326"
_CATCHMENT_TOLERANCE_M = 15.0
_ROAD_TOLERANCE_M = 20.0
_GRID_DEG = 1e-6
_DOT = {"radius": 2.2, "color": "#ffffff", "weight": 0.3, "fillColor": GREY, "fillOpacity": 1}
# Nothing may be fetched, whatever a name in the data holds.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"


def draw_map(
    result: PlanResult, out: Path, *, lang: Lang = "zh", stage: str = "primary", year: int | None = None
) -> Path:
    """Write a map of a plan as one HTML file: it fetches nothing and opens from the disk.

    Parameters
    ----------
    result : PlanResult
        A plan.
    out : Path
        File ending in ``.html``, or a folder for ``map_<stage>_<year>_<lang>.html``.
    lang : {"zh", "en"}
        Language of the map.
    stage : {"primary", "junior"}
        Whose schools and catchments are shown.
    year : int, optional
        School year of the plan; the goal year of the norms unless told otherwise.

    Returns
    -------
    Path
        The file. The same plan gives the same bytes.

    Raises
    ------
    ValueError
        The year is outside the plan, or the stage is unknown.
    """
    scene = Scene.of(result, stage, lang=lang, year=year)
    path = out if out.suffix == ".html" else out / f"map_{stage}_{scene.year}_{lang}.html"
    with write_whole(path) as draft:
        draft.write_text(_as_html(scene), encoding="utf-8", newline="\n")
    return path


def _as_html(scene: Scene) -> str:
    import folium

    county = scene.result.prepared.county
    chart = folium.Map(tiles=None, control_scale=True, zoom_snap=0.25, attribution_control=False)
    # The packaged Leaflet takes the place of every address folium would load from.
    chart.default_js, chart.default_css = [], []
    root: Any = chart.get_root()
    root.header.add_child(
        _Raw(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'), name="policy", index=0
    )
    css, script = _leaflet_css() + _own("plan_map.css"), _leaflet_js() + _own("plan_map.js")
    stamp = f'<meta name="description" content="{esc(stamp_of(scene.result))}">'
    root.header.add_child(_Raw(stamp), name="provenance")
    root.header.add_child(_Raw(f"<style>{css}</style><script>{script}</script>"), name="leaflet")
    root.title = esc(_title(scene))
    for layer in _layers(scene):
        layer.add_to(chart)
    folium.LayerControl(position="topright", collapsed=False).add_to(chart)
    left, bottom, right, top = county.townships.to_crs(_LON_LAT).total_bounds
    chart.fit_bounds([[float(bottom), float(left)], [float(top), float(right)]], padding=(18, 18))
    root.html.add_child(_Raw(_words_around(scene)), name="words")
    return _numbered(root)


def _numbered(root: Any) -> str:
    """Render with counted instead of random element ids, so that equal plans give equal files."""
    text: str = root.render()
    for number, element in enumerate(_elements(root)):
        text = text.replace(element._id, f"{number:04d}")
    return text


def _elements(element: Any) -> Iterator[Any]:
    yield element
    for name in ("header", "html", "script"):
        if hasattr(element, name):
            yield from _elements(getattr(element, name))
    for child in element._children.values():
        yield from _elements(child)


def _Raw(text: str) -> Any:  # noqa: N802 - makes an element, as the classes of folium do
    """Return an element of this very text; folium would run braces in it as a template."""
    import folium
    from jinja2 import Template

    element: Any = folium.Element()
    element._template = Template("{{ this.text }}")
    element.text = text
    return element


def _asset(name: str) -> bytes:
    return (files("layoutplan") / "assets" / "leaflet" / name).read_bytes()


def _own(name: str) -> str:
    return (files("layoutplan") / "assets" / "leaflet" / name).read_text("utf-8")


def _leaflet_js() -> str:
    return re.sub(r"\n//# sourceMappingURL=.*", "", _asset("leaflet.js").decode("utf-8"))


def _leaflet_css() -> str:
    def inline(found: re.Match[str]) -> str:
        return f"url(data:image/png;base64,{base64.b64encode(_asset(found[1])).decode()})"

    css = _asset("leaflet.css").decode("utf-8")
    return re.sub(r"url\((images/[\w.-]+)\)", inline, css)


def _layers(scene: Scene) -> list[folium.GeoJson]:
    county, lang = scene.result.prepared.county, scene.lang
    return [
        _layer(_catchment_features(scene), label("map.catchments", lang)),
        _layer(_road_features(scene.result.ground(scene.year).county.roads), label("map.roads", lang)),
        _layer(_township_features(county.townships), label("map.townships", lang)),
        _layer(_place_features(scene), label("map.places", lang), point_to_layer="planMap.point"),
        _layer(_school_features(scene), label("map.schools", lang), point_to_layer="planMap.point"),
    ]


def _layer(features: list[dict[str, Any]], name: str, *, point_to_layer: str = "") -> folium.GeoJson:
    import folium
    from folium.utilities import JsCode

    points: dict[str, Any] = {"point_to_layer": JsCode(point_to_layer)} if point_to_layer else {}
    data = {"type": "FeatureCollection", "features": features}
    return folium.GeoJson(data, name=name, on_each_feature=JsCode("planMap.card"), smooth_factor=0.5, **points)


def _features(
    shapes: Sequence[shapely.Geometry], crs: str, properties: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    import geopandas as gpd

    on_globe = gpd.GeoSeries(list(shapes), crs=crs).to_crs(_LON_LAT).to_numpy()
    rounded = shapely.set_precision(on_globe, _GRID_DEG, mode="pointwise")
    return [
        {"type": "Feature", "id": str(number), "geometry": shapely.geometry.mapping(shape), "properties": _safe(what)}
        for number, (shape, what) in enumerate(zip(rounded, properties, strict=True))
        if not shape.is_empty
    ]


def _safe(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return properties whose card is coded; all else is made of numbers and fixed words."""
    if "card" not in properties:
        return dict(properties)
    return {**properties, "card": [[coded(text) for text in row] for row in properties["card"]]}


def _catchment_features(scene: Scene) -> list[dict[str, Any]]:
    frame = scene.catchments
    names = scene.result.roster.schools.set_index("school_id")["name"]
    shapes = shapely.coverage_simplify(frame.geometry.to_numpy(), _CATCHMENT_TOLERANCE_M)
    properties = []
    for school_id, area in zip(frame["school_id"], frame["area_km2"], strict=True):
        reached = school_id in scene.hues
        fill = CATCHMENT_COLOURS[scene.hues[school_id]] if reached else "#dcd8cf"
        school = str(names[school_id]) if reached else label("map.unreached", scene.lang)
        card = [[label("map.school", scene.lang), school], [label("map.area_km2", scene.lang), f"{area:,.1f}"]]
        style = {"fillColor": fill, "fillOpacity": 0.85, "color": "#9a917f", "weight": 1}
        properties.append({"card": card, "style": style})
    return _features(list(shapes), str(frame.crs), properties)


def _road_features(roads: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    shapes, properties = [], []
    for kind in reversed(list(ROAD_STYLES)):
        mine = roads.loc[roads["class"] == kind].geometry.to_numpy()
        if len(mine):
            lines = shapely.simplify(shapely.get_parts(mine), _ROAD_TOLERANCE_M)
            colour, width = ROAD_STYLES[kind]
            shapes.append(shapely.multilinestrings(list(lines)))
            properties.append({"style": {"color": colour, "weight": round(0.6 + 1.6 * width, 2), "interactive": False}})
    return _features(shapes, str(roads.crs), properties)


def _township_features(townships: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    shapes = shapely.coverage_simplify(townships.geometry.to_numpy(), _CATCHMENT_TOLERANCE_M)
    style = {"fill": False, "color": "#6b6459", "weight": 1.3, "dashArray": "6 4", "interactive": False}
    return _features(list(shapes), str(townships.crs), [{"style": style}] * len(shapes))


def _place_features(scene: Scene) -> list[dict[str, Any]]:
    places, lang = scene.result.prepared.county.places, scene.lang
    properties = []
    rows: list[Any] = list(places.itertuples())
    for row in rows:
        resettled = row.kind == "resettlement"
        households = label("map.unknown", lang) if pd.isna(row.households) else f"{int(row.households):,}"
        card = [
            [label("map.name", lang), str(row.name)], [label("map.kind", lang), label(f"place_kind.{row.kind}", lang)],
            [label("map.households", lang), households],
        ]  # fmt: skip
        if resettled:
            text, size = site_svg()
            properties.append({"card": card, "sign": text, "size": size})
        else:
            properties.append({"card": card, "style": _DOT})
    return _features(list(shapely.point_on_surface(places.geometry.to_numpy())), str(places.crs), properties)


def _school_features(scene: Scene) -> list[dict[str, Any]]:
    lang = scene.lang
    order = scene.schools.assign(reach=[-sign.reach_mm for sign in scene.schools["sign"]])
    order = order.sort_values(["reach"], kind="stable")
    properties = []
    rows: list[Any] = list(order.itertuples())
    for row in rows:
        sign: Sign = row.sign
        text, size = sign_svg(sign)
        known = not np.isnan(sign.pupils)
        card = [
            [label("map.name", lang), str(row.name)], [label("map.kind", lang), label(f"kind.{row.kind}", lang)],
            [label("map.pupils", lang), f"{np.floor(sign.pupils + 0.5):,.0f}" if known else label("map.unknown", lang)],
            [label("map.class_status", lang), label(f"status.{sign.class_status}", lang)],
            [label("map.size_status", lang), label(f"status.{sign.size_status}", lang)],
        ]  # fmt: skip
        if sign.changed or sign.closed:
            card.append([label("map.change", lang), label(f"map.{'closed' if sign.closed else 'yes'}", lang)])
        properties.append({"card": card, "sign": text, "size": round(size, 1)})
    points = shapely.points(order[["east_m", "north_m"]].to_numpy(float))
    return _features(list(points), scene.result.prepared.county.crs, properties)


def _title(scene: Scene) -> str:
    county = scene.result.prepared.county
    name = county.name if scene.lang == "zh" else county.name_en
    stage = label(f"stage.{scene.filled}", scene.lang)
    return label("map.title", scene.lang, county=name, stage=stage, year=scene.year)


def _words_around(scene: Scene) -> str:
    """Return title, stamp, legend and footer as HTML; every word in it is escaped."""
    county, lang = scene.result.prepared.county, scene.lang
    stamp = f'<span class="stamp">{esc(label("figure.footer.synthetic", lang))}</span>' if county.synthetic else ""
    title = (
        f'<div class="lp-box lp-title"><b>{esc(_title(scene))}</b>{stamp}<br>{esc(scene.result.scenario.name)}</div>'
    )
    foot = [
        label("figure.footer.internal", lang), label("figure.footer.review_no", lang) + " ________",
        label("figure.footer.data_date", lang, date=scene.result.provenance["data_date"] or "—"),
        label("figure.footer.crs", lang, crs=county.crs + " → " + _LON_LAT),
    ]  # fmt: skip
    footer = f'<div class="lp-box lp-foot">{esc("  |  ".join(foot))}</div>'
    north = f'<div class="lp-box lp-north">{esc(label("figure.north", lang))}<br>▲</div>'
    return title + north + f'<div class="lp-box lp-legend">{_legend(scene)}</div>' + footer


def _legend(scene: Scene) -> str:
    lang = scene.lang
    shown = set(scene.schools["kind"])
    rows = [_heading("kind", lang)]
    rows += [_entry(Sign(SHAPES[kind], 700.0), label(f"kind.{kind}", lang)) for kind in SCHOOL_KINDS if kind in shown]
    rows.append(_heading("class_size", lang))
    rows += [_entry(Sign("circle", 600.0, class_status=name), label(f"status.{name}", lang)) for name in STATUS_COLOURS]
    rows.append(_heading("school_size", lang))
    rows += [
        _entry(Sign("circle", 300.0, size_status=name), label(f"status.{name}", lang)) for name in ("near", "over")
    ]
    rows.append(_heading("other", lang))
    others = {
        "change": Sign("circle", 200.0, changed=True), "closed": Sign("circle", 0.0, closed=True),
        "vacant": Sign("circle", 0.0, vacant=True), "boarding": Sign("square", 300.0, roof=True),
    }  # fmt: skip
    rows += [_entry(sign, label(f"figure.legend.{name}", lang)) for name, sign in others.items()]
    site = esc(label("figure.legend.site", lang))
    rows.append(f'<div><span class="sign">{site_svg()[0]}</span>{site}</div>')
    return "".join(rows)


def _heading(name: str, lang: Lang) -> str:
    return f"<h4>{esc(label(f'figure.legend.{name}', lang))}</h4>"


def _entry(sign: Sign, text: str) -> str:
    return f'<div><span class="sign">{sign_svg(sign)[0]}</span>{esc(text)}</div>'
