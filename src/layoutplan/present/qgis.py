"""QGIS styles (QML) for the layers of a plan, so that they open with the colours of the sheets.

Every style is a list of rules: what is drawn, how it is called, and whether it is switched on
when the layer opens. Rules of other years and stages are there to be switched on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from layoutplan.county.tables import PLACE_KINDS
from layoutplan.labels import label
from layoutplan.present.symbols import CATCHMENT_COLOURS, INK, RING_COLOURS, STATUS_COLOURS, VIOLET

if TYPE_CHECKING:
    import geopandas as gpd

_VERSION = "3.34.0"
_SEVERITY_COLOURS = {"error": "#8c2d04", "warning": "#e69f00", "info": "#56b4e9"}
_SHAPE_CASE = (
    "CASE WHEN \"shape\" = 'square' THEN 'square' WHEN \"shape\" = 'diamond' THEN 'diamond' "
    "WHEN \"shape\" = 'pentagon' THEN 'pentagon' WHEN \"shape\" = 'hexagon' THEN 'hexagon' ELSE 'circle' END"
)
# Diameter in millimetres: area grows with the pupils, as on the sheets.
_SIZE = (
    "CASE WHEN \"shape\" = 'small_circle' THEN 1.7 "
    'ELSE max(1.7, 6.6 * sqrt(min(coalesce("pupils", 0), 2500) / 2500)) END'
)

_OVER = RING_COLOURS["over"]
_EDGE = f"CASE WHEN \"changed\" THEN '{VIOLET}' WHEN \"size_status\" = 'over' THEN '{_OVER}' ELSE '{INK}' END"


@dataclass(frozen=True)
class _Rule:
    """One drawn class: a filter expression, its name in the layer tree, and how it looks."""

    filter: str
    name: str
    options: Mapping[str, str]
    defined: Mapping[str, str] = field(default_factory=dict)
    shown: bool = True


def style_of(layer: str, frame: gpd.GeoDataFrame) -> str:
    """Return the QML of one layer.

    Parameters
    ----------
    layer : str
        ``catchments``, ``flows``, ``places``, ``schools`` or ``findings``.
    frame : GeoDataFrame
        The layer; its years and stages decide the rules.

    Returns
    -------
    str
        QML document.
    """
    if layer == "catchments":
        kind, rules = "fill", _catchment_rules(frame)
    elif layer == "flows":
        kind, rules = "line", _flow_rules(frame)
    elif layer == "schools":
        kind, rules = "marker", _school_rules(frame)
    else:
        kind, rules = "marker", _place_rules() if layer == "places" else _finding_rules()
    return _document(kind, rules, named=layer == "schools", last_year=_last_year(frame))


def _both(key: str) -> str:
    return f"{label(key, 'zh')} {label(key, 'en')}"


def _last_year(frame: gpd.GeoDataFrame) -> int | None:
    return int(frame["year"].max()) if "year" in frame.columns and len(frame) else None


def _catchment_rules(frame: gpd.GeoDataFrame) -> list[_Rule]:
    last = _last_year(frame)
    rules = []
    for stage, year in frame[["stage", "year"]].drop_duplicates().itertuples(index=False):
        for hue, colour in enumerate(CATCHMENT_COLOURS):
            filter_ = f'"stage" = \'{stage}\' AND "year" = {year} AND "hue" = {hue}'
            name = f"{_both(f'stage.{stage}')} {year} · {hue + 1}"
            look = {
                "color": _rgba(colour, 217),
                "outline_color": _rgba("#9a917f"),
                "outline_width": "0.2",
                "style": "solid",
            }
            rules.append(_Rule(filter_, name, look, shown=stage == "primary" and year == last))
    look = {"color": _rgba("#b9b2a6"), "outline_color": _rgba("#9a917f"), "outline_width": "0.2", "style": "dense6"}
    shown = f'"hue" IS NULL AND "stage" = \'primary\' AND "year" = {last}'
    rules.append(_Rule(shown, _both("figure.legend.unreached"), look))
    return rules


def _flow_rules(frame: gpd.GeoDataFrame) -> list[_Rule]:
    last = _last_year(frame)
    look = {"line_color": _rgba("#4b4a6b", 140), "line_width": "0.2", "line_style": "solid", "capstyle": "round"}
    width = {"outlineWidth": '0.1 + 0.9 * sqrt("pupils" / 500)'}
    return [
        _Rule(
            f"\"stage\" = '{stage}' AND \"year\" = {year}", f"{_both(f'stage.{stage}')} {year}", look, width,
            shown=stage == "primary" and year == last,
        )
        for stage, year in frame[["stage", "year"]].drop_duplicates().itertuples(index=False)
    ]  # fmt: skip


def _place_rules() -> list[_Rule]:
    rules = []
    for kind in PLACE_KINDS:
        resettled = kind == "resettlement"
        look = _marker(
            "triangle" if resettled else "circle",
            "#0b4f6c" if resettled else "#7d7a74",
            "white",
            2.6 if resettled else 1.0,
        )
        rules.append(_Rule(f"\"kind\" = '{kind}'", _both(f"place_kind.{kind}"), look))
    return rules


def _school_rules(frame: gpd.GeoDataFrame) -> list[_Rule]:
    last = _last_year(frame)
    defined = {
        "name": _SHAPE_CASE,
        "size": _SIZE,
        "outlineColor": _EDGE,
        "outlineWidth": 'CASE WHEN "changed" OR "size_status" = \'over\' THEN 0.7 ELSE 0.25 END',
    }
    rules = []
    for year in sorted(frame["year"].unique()):
        for status, colour in STATUS_COLOURS.items():
            filter_ = f'"year" = {year} AND NOT "vacant" AND "class_status" = \'{status}\''
            name = f"{year} · {_both(f'status.{status}')}"
            rules.append(_Rule(filter_, name, _marker("circle", colour, INK, 2.0), defined, shown=year == last))
        empty = {**_marker("cross2", "#ffffff", "#7d7a74", 1.9), "outline_width": "0.4"}
        rules.append(
            _Rule(f'"year" = {year} AND "vacant"', f"{year} · {_both('status.vacant')}", empty, shown=year == last)
        )
    return rules


def _finding_rules() -> list[_Rule]:
    return [
        _Rule(f"\"severity\" = '{name}'", _both(f"severity.{name}"), _marker("star", colour, "white", 3.2))
        for name, colour in _SEVERITY_COLOURS.items()
    ]


def _marker(shape: str, fill: str, edge: str, size_mm: float) -> dict[str, str]:
    edge = "#ffffff" if edge == "white" else edge
    return {
        "name": shape, "color": _rgba(fill), "outline_color": _rgba(edge), "outline_width": "0.25",
        "outline_width_unit": "MM", "size": f"{size_mm:g}", "size_unit": "MM", "scale_method": "diameter",
    }  # fmt: skip


def _rgba(colour: str, alpha: int = 255) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


def _document(kind: str, rules: Sequence[_Rule], *, named: bool, last_year: int | None) -> str:
    root = ElementTree.Element(
        "qgis", version=_VERSION, styleCategories="Symbology|Labeling", labelsEnabled=str(int(named))
    )
    renderer = ElementTree.SubElement(
        root, "renderer-v2", type="RuleRenderer", symbollevels="0", enableorderby="0", forceraster="0"
    )
    tree = ElementTree.SubElement(renderer, "rules", key="root")
    symbols = ElementTree.SubElement(renderer, "symbols")
    for number, rule in enumerate(rules):
        switch: dict[str, str] = {} if rule.shown else {"checkstate": "0"}
        words = {"key": f"rule{number}", "symbol": str(number), "label": rule.name, "filter": rule.filter}
        ElementTree.SubElement(tree, "rule", {**words, **switch})
        _add_symbol(symbols, kind, number, rule)
    if named:
        _add_names(root, last_year)
    ElementTree.indent(root)
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        + ElementTree.tostring(root, encoding="unicode")
        + "\n"
    )


def _add_symbol(symbols: ElementTree.Element, kind: str, number: int, rule: _Rule) -> None:
    simple = {"fill": "SimpleFill", "line": "SimpleLine", "marker": "SimpleMarker"}[kind]
    symbol = ElementTree.SubElement(symbols, "symbol", type=kind, name=str(number), alpha="1", clip_to_extent="1")
    layer = {"class": simple, "enabled": "1", "locked": "0", "pass": "0"}
    part = ElementTree.SubElement(symbol, "layer", layer)
    options = ElementTree.SubElement(part, "Option", type="Map")
    for name, value in rule.options.items():
        ElementTree.SubElement(options, "Option", type="QString", name=name, value=value)
    if rule.defined:
        _add_defined(part, rule.defined)


def _add_defined(part: ElementTree.Element, defined: Mapping[str, str]) -> None:
    holder = ElementTree.SubElement(part, "data_defined_properties")
    top = ElementTree.SubElement(holder, "Option", type="Map")
    ElementTree.SubElement(top, "Option", type="QString", name="name", value="")
    properties = ElementTree.SubElement(top, "Option", type="Map", name="properties")
    for name, expression in defined.items():
        one = ElementTree.SubElement(properties, "Option", type="Map", name=name)
        ElementTree.SubElement(one, "Option", type="bool", name="active", value="true")
        ElementTree.SubElement(one, "Option", type="QString", name="expression", value=expression)
        ElementTree.SubElement(one, "Option", type="int", name="type", value="3")
    ElementTree.SubElement(top, "Option", type="QString", name="type", value="collection")


def _add_names(root: ElementTree.Element, year: int | None) -> None:
    expression = f'CASE WHEN "year" = {year} THEN "name" END'
    labeling = ElementTree.SubElement(root, "labeling", type="simple")
    settings = ElementTree.SubElement(labeling, "settings", calloutType="simple")
    style = ElementTree.SubElement(
        settings, "text-style", fieldName=expression, isExpression="1", fontSize="8", fontSizeUnit="Point",
        textColor=_rgba(INK), fontFamily="Noto Sans SC", fontWeight="50", textOpacity="1",
    )  # fmt: skip
    buffer = {
        "bufferDraw": "1",
        "bufferSize": "0.8",
        "bufferSizeUnits": "MM",
        "bufferColor": "255,253,248,255",
        "bufferOpacity": "0.9",
    }
    ElementTree.SubElement(style, "text-buffer", buffer)
    ElementTree.SubElement(settings, "placement", placement="6", dist="0.6", distUnits="MM")
    ElementTree.SubElement(settings, "rendering", scaleVisibility="0", obstacle="1", drawLabels="1")
