"""Children who study outside the county, and the series that are kept apart: residents, pupils, registered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.county.layers import County
from layoutplan.county.tables import AGES, ENTRY_AGE, GRADES, STAGE_OF_GRADE, STAGES, WHOLE_COUNTY
from layoutplan.seats.notes import Note
from layoutplan.seats.residents import registered_children


def share_elsewhere(county: County, years: Sequence[int]) -> tuple[Floats, list[Note]]:
    """Return the share of resident children who study outside the county.

    Parameters
    ----------
    county : County
        ``study_elsewhere``, by place, township or for the whole county; the nearest to the place counts.
    years : sequence of int
        School years.

    Returns
    -------
    share : float [year, grade, place]
        0 where nothing is said, and before the first year that is.
    notes : list of Note
        Areas whose last share is held for later years.
    """
    places = county.places
    share = np.zeros((len(years), len(GRADES), len(places)))
    notes: list[Note] = []
    if county.study_elsewhere.empty:
        return share, notes
    of_grade = np.array([STAGES.index(STAGE_OF_GRADE[grade]) for grade in GRADES])
    areas = (pd.Series(WHOLE_COUNTY, index=places.index), places["township_id"], places["place_id"])
    for number, stage in enumerate(STAGES):
        told = county.study_elsewhere[county.study_elsewhere["stage"] == stage]
        wide = told.pivot(index="area_id", columns="year", values="share").astype(float)
        if wide.empty:
            continue
        span = range(min([*wide.columns, *years]), max([*wide.columns, *years]) + 1)
        held = wide.reindex(columns=span).ffill(axis=1).fillna(0.0)[list(years)]
        found = np.full((len(places), len(years)), np.nan)
        for area in areas:
            mine = held.reindex(area).to_numpy(float)
            found = np.where(np.isnan(mine), found, mine)
        share[:, of_grade == number, :] = np.nan_to_num(found).T[:, None, :]
        for area_id, part in told.groupby("area_id"):
            last = part.sort_values("year").iloc[-1]
            if last["year"] < max(years):
                subject = f"{area_id}/{stage}"
                notes.append(Note("elsewhere_held", "fallback", subject, int(last["year"]), float(last["share"])))
    return share, notes


def county_share(county: County) -> pd.Series | None:
    """Return the county's share of primary children who study elsewhere by year, or None where it is not said."""
    told = county.study_elsewhere
    told = told[(told["area_id"] == WHOLE_COUNTY) & (told["stage"] == STAGES[0])]
    return told.set_index("year")["share"].astype(float) if len(told) else None


def list_series(county: County, lived: Floats, share: Floats, *, years: Sequence[int]) -> pd.DataFrame:
    """Return residents, those of them who study elsewhere, pupils, and registered children side by side.

    Parameters
    ----------
    county : County
        Places, and ``children.registered`` where a register says it.
    lived : float [year, grade, place] [person]
        Residents of school age.
    share : float [year, grade, place]
        Of them who study elsewhere.
    years : sequence of int
        School years.

    Returns
    -------
    DataFrame
        ``year, township_id, stage`` (key, sorted), ``residents, elsewhere, pupils, registered`` [person].
        Registered children grow older where they are registered; they are missing once a cohort is
        needed that was not born in the base year.
    """
    townships = sorted(set(county.places["township_id"]))
    inside = (county.places["township_id"].to_numpy(str) == np.array(townships)[:, None]).astype(float)
    registered = _registered(county, years)
    parts = []
    for number, stage in enumerate(STAGES):
        mine = [at for at, grade in enumerate(GRADES) if STAGE_OF_GRADE[grade] == stage]
        sums = {
            "residents": lived[:, mine].sum(axis=1) @ inside.T,
            "elsewhere": (lived * share)[:, mine].sum(axis=1) @ inside.T,
            "registered": _sum_known(registered[number], inside),
        }
        key = pd.MultiIndex.from_product([list(years), townships], names=["year", "township_id"])
        table = pd.DataFrame({name: values.ravel() for name, values in sums.items()}, index=key)
        parts.append(table.reset_index().assign(stage=stage))
    frame = pd.concat(parts, ignore_index=True)
    frame["pupils"] = frame["residents"] - frame["elsewhere"]
    columns = ["year", "township_id", "stage", "residents", "elsewhere", "pupils", "registered"]
    return frame[columns].sort_values(columns[:3], ignore_index=True)


def _sum_known(values: Floats, inside: Floats) -> Floats:
    """Return sums [year, township] of what is known of its places; missing where nothing is."""
    known = (~np.isnan(values)).astype(float) @ inside.T
    return np.where(known > 0, np.nan_to_num(values) @ inside.T, np.nan)


def _registered(county: County, years: Sequence[int]) -> Floats:
    """Return registered children [stage, year, place] of school age; missing where not known."""
    at = {place_id: number for number, place_id in enumerate(county.places["place_id"])}
    found = np.full((len(STAGES), len(years), len(at)), np.nan)
    for place_id, ages in registered_children(county):
        for step, year in enumerate(years):
            for number, stage in enumerate(STAGES):
                wanted = np.array([g for g in GRADES if STAGE_OF_GRADE[g] == stage]) + ENTRY_AGE - 1
                wanted = wanted - (year - county.base_year)
                if wanted.min() >= 0 and wanted.max() < len(AGES):
                    found[number, step, at[place_id]] = ages[wanted].sum()
    return found
