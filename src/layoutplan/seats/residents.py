"""Children who live in every place, from the best source the county has for it.

Sources, the first that says something of a place wins:

1. ``children``: single ages from a register or another count of single ages;
2. ``age_groups`` of the place: five-year groups, split by Sprague's multipliers;
3. ``control_totals`` of the place times an age structure;
4. the township's children (its ``age_groups``, or its ``control_totals`` times an age structure) less those
   of its places already known, shared over the other places by the population raster, else by households;
5. households times the county's mean number of children a household.

A register lists who is there, so an age it has no row for has no child in that place. Whatever stands in
for a source that is not there is listed in the notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.county.layers import County
from layoutplan.county.problems import MAX_ALIKE, Mask
from layoutplan.county.tables import AGES, WHOLE_COUNTY
from layoutplan.errors import DataError, Problem
from layoutplan.seats.gridded import people_of_places
from layoutplan.seats.notes import Note
from layoutplan.seats.sprague import GROUP_YEARS, LEAST_GROUPS, split_groups

# Groups that reach this age are taken for the whole population.
_WHOLE_LIFE_AGE = 60
_THOUSAND = 1000.0


@dataclass(frozen=True, eq=False)
class Residents:
    """Children of the base year.

    Parameters
    ----------
    children : float [place, age 0-15] [person]
        In the order of ``county.places``.
    source : str [place]
        ``register``, ``census``, ``estimate`` or ``raster``.
    place_ids : str [place]
        Ids in the same order.
    notes : tuple of Note
        What stood in for what.
    """

    children: Floats
    source: npt.NDArray[np.str_]
    place_ids: npt.NDArray[np.str_]
    notes: tuple[Note, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """The same as a table: ``place_id, age`` (key, sorted), ``children`` [person], ``source``."""
        key = pd.MultiIndex.from_product([self.place_ids, AGES], names=["place_id", "age"])
        frame = pd.DataFrame({"children": self.children.ravel()}, index=key)
        return frame.assign(source=np.repeat(self.source, len(AGES))).reset_index()


@dataclass(eq=False)
class _Count:
    """Children while they are being counted: missing until a source speaks."""

    county: County
    children: Floats
    source: npt.NDArray[np.object_]
    notes: list[Note]

    @property
    def unknown(self) -> Mask:
        return np.asarray(np.isnan(self.children).any(axis=1), dtype=np.bool_)

    def fill(self, found: Floats, source: str, code: str) -> None:
        """Take the children of places that are still unknown; a note for each, ``code`` saying how."""
        mine = self.unknown & ~np.isnan(found).any(axis=1)
        self.children[mine] = found[mine]
        self.source[mine] = source
        ids = self.county.places["place_id"].to_numpy(str)
        sums = found[mine].sum(axis=1)
        self.notes += [Note(code, "fallback", i, value=v) for i, v in zip(ids[mine], sums, strict=True)]


def count_residents(county: County) -> Residents:
    """Return the children of every place and age, each place from its best source.

    Parameters
    ----------
    county : County
        As read; only places and one source of children are needed.

    Returns
    -------
    Residents
        Every place has a number; a place nothing is known of has 0 and a note that says so.

    Raises
    ------
    DataError
        Places have totals only, and no age structure is known for them.
    """
    count = _Count(county, *_registered(county))
    _no_children_without_households(count)
    if count.unknown.any():
        groups = _split_age_groups(county, count.notes)
        structure = _structures(county, groups)
        count.fill(_by_area(groups, county.places["place_id"]), "census", "from_groups")
        totals = _latest_totals(county).reindex(county.places["place_id"]).to_numpy(float)
        count.fill(totals[:, None] * structure / _THOUSAND, "estimate", "from_total")
        _share_townships(count, groups)
        _by_households(count)
        _check_structure(count, totals)
    ids = county.places["place_id"].to_numpy(str)
    lost = count.unknown
    notes = [*count.notes, *(Note("children_unknown", "fallback", place_id) for place_id in ids[lost])]
    source = np.where(lost, "estimate", count.source).astype(str)
    return Residents(np.where(lost[:, None], 0.0, count.children), source, ids, tuple(notes))


def _registered(county: County) -> tuple[Floats, npt.NDArray[np.object_], list[Note]]:
    """Return the single ages that the county hands in; a place without any row is missing."""
    ids = county.places["place_id"]
    wide = county.children.pivot(index="place_id", columns="age", values="children")
    told = wide.reindex(index=ids, columns=list(AGES)).to_numpy(float).copy()
    first = county.children.sort_values("age").drop_duplicates("place_id").set_index("place_id")["source"]
    source = first.reindex(ids).to_numpy(object).copy()
    some = ~np.isnan(told).all(axis=1)
    gaps = np.isnan(told).sum(axis=1)
    notes = [
        Note("ages_absent", "fallback", place_id, value=float(lacking))
        for place_id, lacking in zip(ids[some], gaps[some], strict=True)
        if lacking
    ]
    told[some] = np.nan_to_num(told[some])
    return told, source, notes


def _no_children_without_households(count: _Count) -> None:
    """Nobody lives in a site or an estate that is not there yet, so its children are known: none."""
    empty = (count.county.places["households"] == 0).fillna(False).to_numpy(bool) & count.unknown
    count.children[empty] = 0.0
    count.source[empty] = "register"


def _split_age_groups(county: County, notes: list[Note]) -> pd.DataFrame:
    """Return single ages 0-15 by area (index ``area_id``) and, as column ``residents``, all groups together."""
    columns = [*AGES, "residents"]
    wide = county.age_groups.pivot(index="area_id", columns="age_from", values="residents").astype(float)
    rows: dict[str, list[float]] = {}
    for area_id, line in wide.iterrows():
        told = line.dropna()
        groups = told.reindex(range(0, int(told.index.max()) + 1, GROUP_YEARS))
        # Groups after a gap say nothing of the ages before it.
        groups = groups.loc[: groups.index[int(np.argmax(groups.isna()))] - 1] if groups.isna().any() else groups
        if len(groups) < LEAST_GROUPS:
            continue
        ages, evenly = split_groups(groups.to_numpy()[None])
        notes += [
            Note("group_evenly", "fallback", str(area_id), value=float(groups.index[at]))
            for at in np.flatnonzero(evenly[0, :LEAST_GROUPS]).tolist()
        ]
        whole = float(groups.sum()) if groups.index[-1] >= _WHOLE_LIFE_AGE else np.nan
        rows[str(area_id)] = [*ages[0, : len(AGES)], whole]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=float)


def _latest_totals(county: County) -> pd.Series:
    """Return the residents of every area in the latest year that is not after the base year."""
    told = county.control_totals[county.control_totals["year"] <= county.base_year]
    return (
        told.sort_values("year").drop_duplicates("area_id", keep="last").set_index("area_id")["residents"].astype(float)
    )


def _structures(county: County, groups: pd.DataFrame) -> Floats:
    """Return children in a thousand residents [place, age]: of the place, else its township, else the county."""
    given = county.age_structure.pivot(index="area_id", columns="age", values="per_thousand")
    given = given.reindex(columns=list(AGES)).astype(float)
    totals = groups["residents"].fillna(_latest_totals(county).reindex(groups.index))
    measured = groups[list(AGES)].div(totals.where(totals > 0), axis=0) * _THOUSAND
    known = pd.concat([given, measured[~measured.index.isin(given.index)]]).dropna(how="all").fillna(0.0)
    places = county.places
    found = _by_area(known, places["place_id"])
    for areas in (places["township_id"], pd.Series(WHOLE_COUNTY, index=places.index)):
        found = np.where(np.isnan(found), _by_area(known, areas), found)
    return found


def _by_area(table: pd.DataFrame, areas: pd.Series) -> Floats:
    """Return the ages [area, age] of a table by area, missing where it does not hold the area."""
    return table.reindex(index=areas, columns=list(AGES)).to_numpy(float)


def _share_townships(count: _Count, groups: pd.DataFrame) -> None:
    """Share what a township has beyond its known places over its other places."""
    county = count.county
    townships = county.townships["township_id"]
    totals = _latest_totals(county).reindex(townships).to_numpy(float)
    whole = _by_area(groups, townships)
    of_township = pd.DataFrame(_structures(county, groups), index=county.places["township_id"])
    structure = of_township[~of_township.index.duplicated()].reindex(townships).to_numpy(float)
    is_counted = np.asarray(~np.isnan(whole).any(axis=1), dtype=np.bool_)
    whole = np.where(is_counted[:, None], whole, totals[:, None] * structure / _THOUSAND)
    open_places = count.unknown
    wanted = townships[~np.isnan(whole).any(axis=1)]
    lacking = county.places["township_id"].isin(wanted).to_numpy(bool) & open_places
    if not lacking.any():
        return
    weight, by_raster = _weights(count, lacking)
    found = np.full_like(count.children, np.nan)
    for at, township_id in enumerate(townships):
        mine = lacking & (county.places["township_id"] == township_id).to_numpy(bool)
        if not mine.any() or not weight[mine].sum() > 0:
            continue
        known = (county.places["township_id"] == township_id).to_numpy(bool) & ~open_places
        rest = whole[at] - count.children[known].sum(axis=0)
        if (rest < 0).any():
            count.notes.append(Note("township_rest", "fallback", township_id, value=float(-rest[rest < 0].sum())))
        found[mine] = np.maximum(rest, 0.0) * (weight[mine] / weight[mine].sum())[:, None]
    counted = pd.Series(is_counted, index=townships).reindex(county.places["township_id"]).to_numpy(bool)
    if by_raster:
        count.fill(found, "raster", "from_raster")
        return
    count.fill(np.where(counted[:, None], found, np.nan), "census", "from_township")
    count.fill(found, "estimate", "from_township")


def _weights(count: _Count, lacking: Mask) -> tuple[Floats, bool]:
    """Return how the children of townships spread over their places, and whether the raster says so."""
    county = count.county
    households = county.places["households"].astype(float).fillna(0.0).to_numpy()
    if "population" not in county.rasters:
        return households, False
    people = people_of_places(county, county.places.loc[lacking, "township_id"].tolist())
    return people.reindex(county.places["place_id"]).fillna(0.0).to_numpy(float), True


def _by_households(count: _Count) -> None:
    """Give places nothing else is known of the county's mean number of children a household."""
    households = count.county.places["households"].astype(float).to_numpy()
    known = ~count.unknown & (households > 0)
    if known.any() and households[known].sum() > 0:
        mean = count.children[known].sum(axis=0) / households[known].sum()
        count.fill(households[:, None] * mean, "estimate", "from_households")


def _check_structure(count: _Count, totals: Floats) -> None:
    """Raise if people are known but not how old they are."""
    lost = count.unknown & ~np.isnan(totals)
    if not lost.any():
        return
    ids = count.county.places.loc[lost, "place_id"].tolist()
    values = {"count": len(ids), "ids": ", ".join(ids[:MAX_ALIKE])}
    raise DataError([Problem("age_structure_missing", "control_totals", field="residents", values=values)])


def registered_children(county: County) -> Iterator[tuple[str, Floats]]:
    """Yield the registered children [age] of every place that says them; a cross-check, never the demand."""
    wide = county.children.reindex(columns=["place_id", "age", "registered"]).dropna(subset=["registered"])
    for place_id, part in wide.groupby("place_id"):
        yield str(place_id), part.set_index("age")["registered"].reindex(list(AGES)).fillna(0.0).to_numpy(float)
