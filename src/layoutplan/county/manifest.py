"""Read ``county.toml``: what a county is called, which files hold its layers, and as of when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError

from layoutplan.county.problems import NOTHING_NEAR, near, show
from layoutplan.county.tables import RASTERS, TABLES
from layoutplan.errors import DataError, Problem, visible
from layoutplan.faults import is_invisible, path_of, read_toml, refusing

FILE = "county.toml"
# A county says how many children live in it by one of these at least.
_SOURCES_OF_CHILDREN = ("children", "age_groups", "age_structure")
_Text = Annotated[str, Field(min_length=1)]
# What stands on maps and papers; a heading of a workbook may have several lines.
_Name = Annotated[_Text, AfterValidator(visible)]
# What a value of each kind looks like; notation, so it reads the same in every language.
_FORMS = {
    "string": '"..."',
    "bool": "true | false",
    "int": "2022",
    "greater": "1950 … 2100",
    "less": "1950 … 2100",
    "date": "2022-09-20",
    "model": "[...]",
    "dict": "[...]",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Header(_Strict):
    """What the county is; ``crs`` is projected and in metres."""

    name: _Name
    name_en: _Name
    crs: _Name
    base_year: Annotated[StrictInt, Field(ge=1950, le=2100)]
    synthetic: StrictBool = False
    norms: _Text | None = None


class LayerEntry(_Strict):
    """Where a layer is and how its file names things; ``node_crossings`` joins roads that cross on one level."""

    file: _Text
    as_of: date
    layer: _Text | None = None
    sheet: _Text | None = None
    crs: _Text | None = None
    east: _Text | None = None
    north: _Text | None = None
    columns: dict[str, _Text] = {}
    fill: dict[str, str | StrictBool | StrictInt | float] = {}
    values: dict[str, dict[str, _Text]] = {}
    node_crossings: StrictBool = False


class RasterEntry(_Strict):
    """Where a raster is."""

    file: _Text
    as_of: date


class BasemapEntry(_Strict):
    """Where a picture to lie under the map is, and what it is called."""

    file: _Text
    as_of: date
    name: _Name
    name_en: _Name | None = None


class Manifest(_Strict):
    """The whole of ``county.toml``; base maps have names of the planner's own."""

    county: Header
    layers: dict[str, LayerEntry]
    rasters: dict[str, RasterEntry] = {}
    basemaps: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")], BasemapEntry] = {}


def read_manifest(path: Path | str) -> tuple[Path, Manifest]:
    """Read ``county.toml`` and check its form.

    Parameters
    ----------
    path : path
        The file or the folder that holds it.

    Returns
    -------
    folder : Path
        Folder that every file of the county must stay in.
    manifest : Manifest
        Checked content.

    Raises
    ------
    DataError
        The file is missing, is no TOML, or has keys or values that do not fit.
    """
    file = Path(path)
    file = file / FILE if file.is_dir() else file
    if not file.is_file():
        raise DataError([Problem("manifest_missing", FILE, values={"path": file.name})])
    with refusing(DataError, source=file.name):
        tree = read_toml(file)
    try:
        manifest = Manifest.model_validate(tree)
    except ValidationError as fault:
        problems = [_say(error, file.name) for error in fault.errors(include_url=False)]
        raise DataError([*problems, *_names(tree, file.name)]) from fault
    if problems := list(_names(tree, file.name)):
        raise DataError(problems)
    return file.parent, manifest


def _say(error: Mapping[str, Any], file: str) -> Problem:
    """Translate one fault of the form, with the path of its key."""
    path = path_of(error)
    *parents, name = path
    kind = str(error["type"])
    if kind == "missing":
        return Problem("key_missing", file, row=".".join(parents), field=name)
    if kind == "extra_forbidden":
        known = _known(path)
        return Problem(
            "key_unknown", file, row=".".join(parents), field=name,
            values={**near(name, known), "known": ", ".join(known)},
        )  # fmt: skip
    if is_invisible(error):
        return Problem(
            "text_invisible", file, row=".".join(parents), field=name, values={"value": show(error["input"])}
        )
    form = next((form for start, form in _FORMS.items() if kind.startswith(start)), _FORMS["string"])
    return Problem(
        "key_value", file, row=".".join(parents), field=name, values={"value": show(error["input"]), "form": form}
    )


def _known(path: list[str]) -> list[str]:
    """Return the keys that may stand beside an unknown one."""
    models: dict[str, type[BaseModel]] = {
        "county": Header, "layers": LayerEntry, "rasters": RasterEntry, "basemaps": BasemapEntry,
    }  # fmt: skip
    return list((models[path[0]] if len(path) > 1 else Manifest).model_fields)


def _tables(tree: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return a table of the file; nothing where it is missing or no table."""
    branch: Any = tree
    for part in path:
        branch = branch.get(part) if isinstance(branch, dict) else None
    return branch if isinstance(branch, dict) else {}


def _names(tree: Mapping[str, Any], file: str) -> Iterable[Problem]:
    """Check the names of layers, rasters and columns against the contracts."""
    layers = _tables(tree, "layers")
    for section, known in (("layers", tuple(TABLES)), ("rasters", RASTERS)):
        for name in sorted(set(_tables(tree, section)) - set(known)):
            yield Problem(
                "layer_unknown", file, row=section, field=name,
                values={**near(name, known), "known": ", ".join(known)},
            )  # fmt: skip
    if not set(_SOURCES_OF_CHILDREN) & set(layers):
        yield Problem("children_unsaid", file, row="layers", field=_SOURCES_OF_CHILDREN[0])
    for table in TABLES.values():
        if table.required and table.name not in layers:
            yield Problem("layer_missing", file, row="layers", field=table.name)
        if table.name in layers:
            yield from _column_names(_tables(layers, table.name), table.name, file)
            yield from _line_options(_tables(layers, table.name), table.name, file)


def _line_options(entry: Mapping[str, Any], name: str, file: str) -> Iterable[Problem]:
    """Refuse an option of roads on any other layer, where it would have no effect."""
    if "node_crossings" in entry and name != "roads":
        known = ", ".join(key for key in LayerEntry.model_fields if key != "node_crossings")
        values = {**NOTHING_NEAR, "known": known}
        yield Problem("key_unknown", file, row=f"layers.{name}", field="node_crossings", values=values)


def _column_names(entry: Mapping[str, Any], name: str, file: str) -> Iterable[Problem]:
    known = TABLES[name].names
    for part in ("columns", "fill", "values"):
        for column in sorted(set(_tables(entry, part)) - set(known)):
            yield Problem(
                "column_unknown", file, row=f"layers.{name}.{part}", field=column,
                values={**near(column, known), "known": ", ".join(known)},
            )  # fmt: skip
    for column in sorted(set(_tables(entry, "columns")) & set(_tables(entry, "fill"))):
        yield Problem("column_twice", file, row=f"layers.{name}", field=column)
    for key, other in (("east", "north"), ("north", "east")):
        if key in entry and other not in entry:
            yield Problem("key_missing", file, row=f"layers.{name}", field=other)
