"""New dwellings and the seats they need: by cohorts, or by so many seats in a thousand residents.

Only what is built above the trend of past years brings people on top of the forecast: the usual growth
is in its cohorts already. Dwellings fill over some years; then their children grow older like all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES, GRADES_OF_STAGE, STAGE_OF_GRADE, STAGES
from layoutplan.norms import Norms
from layoutplan.seats.notes import Note

CURVE_YEARS = 5
_THOUSAND = 1000.0


@dataclass(frozen=True, eq=False)
class NewHousing:
    """People who move into new dwellings beyond the trend.

    Parameters
    ----------
    persons : float [year, place] [person]
        Living there by that year, in the order of the years asked for and of ``county.places``.
    trend_units : float
        Dwellings completed in a usual year [dwelling]; NaN where no past completions are known.
    notes : tuple of Note
        The trend that was taken off, or that none was known.
    """

    persons: Floats
    trend_units: float
    notes: tuple[Note, ...]


def occupied_share(years_since: int, norms: Norms) -> float:
    """Return the share of dwellings lived in, by years since their completion (0: the year itself).

    Examples
    --------
    >>> from layoutplan.norms import load_norms
    >>> [occupied_share(year, load_norms()) for year in (-1, 0, 2, 9)]
    [0.0, 0.3, 0.75, 1]
    """
    if years_since < 0:
        return 0.0
    return norms.value(f"housing.occupied_year_{min(years_since + 1, CURVE_YEARS)}")


def new_housing(county: County, *, norms: Norms, years: Sequence[int]) -> NewHousing:
    """Return the people of new dwellings: units x move-in curve x persons, above the trend only.

    Parameters
    ----------
    county : County
        ``completions`` of past and coming years.
    norms : Norms
        Move-in curve, persons a dwelling, years of the trend.
    years : sequence of int
        School years.

    Returns
    -------
    NewHousing
        Of a year's completions the part above the mean of the last ``housing.trend_years`` years counts,
        shared evenly over its dwellings; past completions count as trend and bring nobody.
    """
    table, base = county.completions, county.base_year
    persons = np.zeros((len(years), len(county.places)))
    if table.empty:
        return NewHousing(persons, float("nan"), ())
    first = base - int(norms.value("housing.trend_years")) + 1
    past = table[(table["year"] >= first) & (table["year"] <= base)]
    trend = float(past["units"].sum() / (base - int(past["year"].min()) + 1)) if len(past) else float("nan")
    note = Note("housing_trend", "fact", value=trend) if len(past) else Note("housing_trend_unknown")
    later = table[table["year"] > base]
    built = later.groupby("year")["units"].sum().astype(float)
    above = (1 - np.nan_to_num(trend) / built.where(built > 0)).clip(lower=0).fillna(0.0)
    at = {place_id: number for number, place_id in enumerate(county.places["place_id"])}
    usual = norms.value("housing.persons_per_unit")
    for row in later.to_dict("records"):
        each = usual if pd.isna(row["persons_per_unit"]) else row["persons_per_unit"]
        full = row["units"] * above[row["year"]] * each
        share = [occupied_share(year - int(row["year"]), norms) for year in years]
        persons[:, at[row["place_id"]]] += full * np.array(share)
    return NewHousing(persons, trend, (note,))


def county_residents(county: County, norms: Norms) -> tuple[float, Note]:
    """Return the residents of the base year: by the control totals, else households times their usual size."""
    told = county.control_totals[county.control_totals["year"] <= county.base_year].sort_values("year")
    latest = told.drop_duplicates("area_id", keep="last").set_index("area_id")["residents"]
    townships = latest.reindex(county.townships["township_id"])
    if townships.notna().all():
        total = float(townships.sum())
        return total, Note("residents_total", "fact", value=total)
    total = float(county.places["households"].astype(float).sum()) * norms.value("housing.persons_per_household")
    return total, Note("residents_by_households", "fallback", value=total)


def flat_pupils(persons: Floats, norms: Norms) -> Floats:
    """Return pupils [year, grade, place] by so many seats in a thousand residents, alike in every grade and year.

    The reference values are of one moment: the number of children at new places falls as they grow up,
    so this is an upper guess for later years.
    """
    each = [
        norms.value(f"seats_per_thousand.housing.{STAGE_OF_GRADE[grade]}") / len(GRADES_OF_STAGE[STAGE_OF_GRADE[grade]])
        for grade in GRADES
    ]
    pupils: Floats = persons[:, None, :] * np.array(each)[None, :, None] / _THOUSAND
    return pupils


def seats_side_by_side(county: County, demand: pd.DataFrame, *, norms: Norms, households: pd.DataFrame) -> pd.DataFrame:
    """Set the seats that cohorts ask for at new places beside those by a thousand residents.

    Parameters
    ----------
    county : County
        Places and completions.
    demand : DataFrame
        ``year, grade, place_id, pupils``: the forecast by cohorts.
    norms : Norms
        ``seats_per_thousand.*``, persons a household and a dwelling.
    households : DataFrame
        Households by ``place_id`` (index) and year (columns) of sites and estates.

    Returns
    -------
    DataFrame
        ``place_id, year, stage`` (key, sorted), ``kind``, ``persons`` [person], ``by_cohort``,
        ``by_thousand`` [seat], ``per_thousand`` [seat/1000 persons], ``clause``. Places are resettlement
        sites, estates with dated households and places with completions.
    """
    places = county.places.set_index("place_id")
    years = sorted(int(year) for year in demand["year"].unique())
    wanted = sorted({*households.index, *county.completions["place_id"]} & set(places.index))
    size = norms.value("housing.persons_per_household")
    lived = places["households"].astype(float).reindex(wanted).fillna(0.0)
    told = households.reindex(index=wanted, columns=years)
    persons = told.where(told.notna(), lived, axis=0) * size
    added = pd.DataFrame(
        new_housing(county, norms=norms, years=years).persons.T, index=county.places["place_id"], columns=years
    )
    persons = persons + added.reindex(wanted)
    mine = demand[demand["place_id"].isin(wanted)]
    stage = mine["grade"].map(STAGE_OF_GRADE).rename("stage")
    cohort = mine.groupby(["place_id", "year", stage])["pupils"].sum()
    key = pd.MultiIndex.from_product([wanted, years, STAGES], names=["place_id", "year", "stage"])
    frame = pd.DataFrame({"by_cohort": cohort.reindex(key)}, index=key).reset_index()
    kind = frame["place_id"].map(places["kind"])
    names = [
        f"seats_per_thousand.{'resettlement' if is_site else 'housing'}.{stage}"
        for is_site, stage in zip(kind == "resettlement", frame["stage"], strict=True)
    ]
    lives = persons.stack()
    frame["persons"] = lives.reindex(pd.MultiIndex.from_frame(frame[["place_id", "year"]])).to_numpy(float)
    frame["per_thousand"] = [norms.value(name) for name in names]
    frame["by_thousand"] = frame["persons"] * frame["per_thousand"] / _THOUSAND
    frame = frame.assign(kind=kind, clause=[norms[name].clause for name in names])
    columns = ["place_id", "year", "stage", "kind", "persons", "by_cohort", "by_thousand", "per_thousand", "clause"]
    return frame.sort_values(["place_id", "year", "stage"], ignore_index=True)[columns]
