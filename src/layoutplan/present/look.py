"""How the sheets of a bureau look: colours, line widths, sizes of text, who prepared them; from a TOML file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from layoutplan.county.problems import near, show
from layoutplan.errors import DataError, Problem, visible
from layoutplan.faults import is_invisible, path_of, read_toml, reason_of, refusing
from layoutplan.present import symbols

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
_Width = Annotated[float, Field(ge=0.05, le=5.0)]
_Size = Annotated[float, Field(ge=4.0, le=24.0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Colours(_Strict):
    """Colours that are not a status."""

    paper: Colour = symbols.PAPER
    ink: Colour = symbols.INK
    grey: Colour = symbols.GREY
    change: Colour = symbols.VIOLET
    better: Colour = "#0072b2"
    worse: Colour = "#d55e00"
    site: Colour = symbols.SITE_COLOUR
    boundary: Colour = "#6b6459"
    junior_line: Colour = "#4b4a6b"


class Status(_Strict):
    """Fill of a school by the size of its classes."""

    within: Colour = symbols.STATUS_COLOURS["within"]
    near: Colour = symbols.STATUS_COLOURS["near"]
    over: Colour = symbols.STATUS_COLOURS["over"]
    large: Colour = symbols.STATUS_COLOURS["large"]
    extra_large: Colour = symbols.STATUS_COLOURS["extra_large"]
    no_data: Colour = symbols.STATUS_COLOURS["no_data"]


class Text(_Strict):
    """Sizes of names on the map [pt]."""

    school: _Size = 7.6
    village_school: _Size = 6.8
    township: _Size = 9.5


class Road(_Strict):
    """One class of road: colour and width [pt]."""

    colour: Colour
    width: _Width


def _roads() -> dict[str, Road]:
    return {kind: Road(colour=colour, width=width) for kind, (colour, width) in symbols.ROAD_STYLES.items()}


class Look(_Strict):
    """The whole of a style file; what it does not say stays as it is."""

    maker: Annotated[str, Field(max_length=40), AfterValidator(visible)] = ""
    paper: Literal["A3", "A4"] = "A3"
    formats: Annotated[tuple[Literal["png", "pdf", "svg"], ...], Field(min_length=1)] = ("png", "pdf", "svg")
    relief: Annotated[float, Field(ge=0.0, le=0.5)] = 0.2
    catchments: Annotated[tuple[Colour, ...], Field(min_length=5, max_length=5)] = symbols.CATCHMENT_COLOURS
    bands: Annotated[tuple[Colour, ...], Field(min_length=6, max_length=6)] = (
        "#f1eef6", "#cfd8ea", "#9dbcd9", "#5c96bf", "#2a6699", "#143a63",
    )  # fmt: skip
    colours: Colours = Colours()
    status: Status = Status()
    text: Text = Text()
    roads: dict[str, Road] = Field(default_factory=_roads)


_LOOK: ContextVar[Look | None] = ContextVar("look", default=None)
_HOUSE = Look()


def look() -> Look:
    """Return the look that is drawn in now."""
    return _LOOK.get() or _HOUSE


@contextmanager
def use_look(chosen: Look | None) -> Iterator[None]:
    """Draw in a look for as long as the context lasts; None is the house's own."""
    token = _LOOK.set(chosen)
    try:
        yield
    finally:
        _LOOK.reset(token)


def load_look(path: Path) -> Look:
    """Read a style file.

    Parameters
    ----------
    path : Path
        TOML with any of the keys of ``docs/style.toml``.

    Returns
    -------
    Look
        What the file says, the rest as in the house.

    Raises
    ------
    DataError
        The file is not there or is no TOML, or a key or value does not fit; all at once.
    """
    with refusing(DataError, source=path.name):
        tree = read_toml(path)
    said = tree.get("roads", {})
    said = said if isinstance(said, dict) else {}
    faults = [
        Problem("key_unknown", path.name, row="roads", field=name, values=_near(name, symbols.ROAD_STYLES))
        for name in sorted(set(said) - set(symbols.ROAD_STYLES))
    ]
    whole = {kind: road.model_dump() for kind, road in _roads().items()}
    if said:
        changed = {kind: whole[kind] | road for kind, road in said.items() if kind in whole and isinstance(road, dict)}
        tree["roads"] = whole | changed
    for name in ("catchments", "bands", "formats"):
        if isinstance(tree.get(name), list):
            tree[name] = tuple(tree[name])
    try:
        chosen = Look.model_validate(tree)
    except ValidationError as fault:
        raise DataError([*faults, *(_say(error, path.name) for error in fault.errors(include_url=False))]) from fault
    if faults:
        raise DataError(faults)
    return chosen


def _near(name: str, known: Any) -> dict[str, object]:
    return {**near(name, known), "known": ", ".join(known)}


def _say(error: Any, file: str) -> Problem:
    *parents, name = path_of(error)
    if error["type"] == "extra_forbidden":
        models: dict[str, type[BaseModel]] = {"colours": Colours, "status": Status, "text": Text, "roads": Road}
        known = (models[parents[0]] if parents and parents[0] in models else Look).model_fields
        return Problem("key_unknown", file, row=".".join(parents), field=name, values=_near(name, known))
    code = "text_invisible" if is_invisible(error) else "style_value"
    values = {"value": show(error["input"]), "reason": reason_of(error)}
    return Problem(code, file, row=".".join(parents), field=name, values=values)
