"""The schools of a county as they stand, before any scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import STAGES
from layoutplan.norms import Norms

if TYPE_CHECKING:
    import geopandas as gpd

# A year before and one after all plans.
ALWAYS, NEVER = 0, 9999
# In the order of the arrays of rooms.
STAGE_ORDER = sorted(STAGES)


@dataclass(frozen=True)
class Rooms:
    """Rooms in use of a stage of a school from a year on.

    Parameters
    ----------
    school_id, stage : str
        School and stage.
    from_year : int
        First school year.
    rooms : int
        All rooms [room], not only the new ones.
    """

    school_id: str
    stage: str
    from_year: int
    rooms: int


@dataclass(frozen=True)
class NewSchool:
    """A school that a scenario opens.

    Parameters
    ----------
    school_id, name, kind, setting, township_id : str
        As in the county's ``schools``.
    grade_from, grade_to : int
        Grades taught.
    opens_year : int
        First school year.
    east_m, north_m : float
        Where it stands [m], in the county's system.
    """

    school_id: str
    name: str
    kind: str
    setting: str
    township_id: str | None
    grade_from: int
    grade_to: int
    opens_year: int
    east_m: float
    north_m: float


@dataclass(frozen=True, eq=False)
class Standing:
    """The schools of a county before any scenario.

    Parameters
    ----------
    schools : GeoDataFrame
        The county's ``schools`` columns plus ``opens_year``, ``closes_year`` and ``moves_to``, sorted by ``school_id``.
    rooms : DataFrame
        ``school_id, stage, from_year, rooms``, a row a school and stage (sorted).
    """

    schools: gpd.GeoDataFrame
    rooms: pd.DataFrame

    @cached_property
    def columns(self) -> Mapping[str, npt.NDArray[Any]]:
        """Columns as arrays [school]: text as objects, years without a missing one."""
        schools = self.schools
        text = {name: schools[name].to_numpy(object) for name in ("school_id", "kind", "township_id")}
        return text | {
            "opens_year": schools["opens_year"].to_numpy(np.int64, na_value=ALWAYS),
            "closes_year": schools["closes_year"].to_numpy(np.int64, na_value=NEVER),
            "grade_from": schools["grade_from"].to_numpy(np.int64),
            "grade_to": schools["grade_to"].to_numpy(np.int64),
        }

    @cached_property
    def records(self) -> dict[str, dict[str, Any]]:
        """Every school as a record, by id; not to be changed."""
        plain = pd.DataFrame(self.schools.drop(columns="geometry", errors="ignore"))
        records: list[dict[str, Any]] = plain.to_dict("records")  # type: ignore[assignment]
        return {record["school_id"]: record for record in records}

    @cached_property
    def rooms_of(self) -> dict[tuple[str, str], Rooms]:
        """Rooms by school and stage."""
        columns = (self.rooms[name].tolist() for name in ("school_id", "stage", "from_year", "rooms"))
        return {row[:2]: Rooms(*row) for row in zip(*columns, strict=True)}

    def rooms_by_year(self, years: Ints) -> Floats:
        """Return rooms on record, missing where there are none (float [year, stage, school]); not to be changed."""
        known = _CUBES.setdefault(self, {})
        if years.tobytes() not in known:
            row = {school_id: at for at, school_id in enumerate(self.columns["school_id"].tolist())}
            cube = np.full((len(years), len(STAGE_ORDER), len(row)), np.nan)
            for held in self.rooms_of.values():
                cube[years >= held.from_year, STAGE_ORDER.index(held.stage), row[held.school_id]] = held.rooms
            known[years.tobytes()] = cube
        return known[years.tobytes()]


# Only remembers the rooms of the schools as they stand; goes when these go.
_CUBES: WeakKeyDictionary[Standing, dict[bytes, Floats]] = WeakKeyDictionary()


def standing_schools(county: County, norms: Norms) -> Standing:
    """Return the county's schools as they stand in the base year.

    A vacant school (no pupils in the latest counts, see ``vacant.counts``) is still in the
    register but teaches nobody, so it takes no pupils and its rooms are no seats.
    """
    known = _STANDING.setdefault(county, {})
    if norms.fingerprint not in known:
        known[norms.fingerprint] = _stand(county, is_vacant(county, norms).to_numpy(bool))
    return known[norms.fingerprint]


# Only remembers the schools of a county as they stand; goes when the county goes.
_STANDING: WeakKeyDictionary[County, dict[str, Standing]] = WeakKeyDictionary()


def _stand(county: County, vacant: Flags) -> Standing:
    closes = pd.array(np.where(vacant, county.base_year, 0), dtype="Int64")
    closes[~vacant] = pd.NA
    opens = pd.array([pd.NA] * len(county.schools), dtype="Int64")
    rooms = county.rooms[["school_id", "stage", "rooms"]].assign(from_year=county.base_year)
    nowhere = pd.array([pd.NA] * len(county.schools), dtype=county.schools["school_id"].dtype)
    schools = county.schools.assign(opens_year=opens, closes_year=closes, moves_to=nowhere)
    return Standing(schools, rooms[["school_id", "stage", "from_year", "rooms"]])


def with_school(schools: gpd.GeoDataFrame, new: NewSchool) -> gpd.GeoDataFrame:
    """Return the schools with one more, in its place by ``school_id``; what is not said of it is missing."""
    import geopandas as gpd

    row = dict.fromkeys(schools.columns) | vars(new) | {"geometry": shapely.Point(new.east_m, new.north_m)}
    at = int(schools["school_id"].searchsorted(new.school_id))
    # Column by column: to put two frames together would work out every type anew.
    columns: dict[str, Any] = {}
    for name in schools.columns:
        if name == "geometry":
            columns[name] = np.insert(schools[name].to_numpy(), at, row[name])
            continue
        column = schools[name].array
        values = column.insert(at, _none_of(column.dtype) if row[name] is None else row[name])
        columns[name] = _as_column(values, column.dtype)
    return gpd.GeoDataFrame(columns, crs=schools.crs)


def _as_column(values: Any, dtype: Any) -> Any:
    """Return values as a column; plain objects as a series, or a table would take them for text."""
    return (
        pd.Series(values, dtype=object, copy=False)
        if pd.api.types.is_object_dtype(dtype)
        else pd.array(values, dtype=dtype)
    )


def _none_of(dtype: Any) -> object:
    """Return what stands for nothing known in a column: missing, and no for a flag."""
    if isinstance(dtype, pd.api.extensions.ExtensionDtype):
        return dtype.na_value
    return {"b": False, "O": None}.get(np.dtype(dtype).kind, np.nan)


def yearly_counts(county: County, years: Sequence[int]) -> pd.DataFrame:
    """Return pupils by school and year, missing where a school was not counted.

    A registered school without a class in the base year has 0 pupils in it, because the table
    of classes is complete; a year that the history does not hold for a school stays missing.

    Returns
    -------
    DataFrame
        Index ``school_id`` in the order of ``county.schools``, a float column a year.
    """
    counts = county.enrolment.pivot_table(index="school_id", columns="year", values="pupils", aggfunc="sum").astype(
        float
    )
    counts = counts.reindex(index=county.schools["school_id"], columns=list(years))
    if county.base_year in years:
        now = county.classes.groupby("school_id")["pupils"].sum()
        counts[county.base_year] = now.reindex(counts.index).fillna(0.0).astype(float)
    return counts


def is_vacant(county: County, norms: Norms) -> pd.Series:
    """Return, by ``school_id``, whether a school had no pupils in each of its latest counts."""
    counts_needed = int(norms.value("vacant.counts"))
    counts = yearly_counts(county, range(county.base_year - counts_needed + 1, county.base_year + 1))
    return (counts == 0).all(axis=1)
