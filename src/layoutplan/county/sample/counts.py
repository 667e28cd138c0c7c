"""Counts of the sample county beside the register: residents by the census, children counted on the spot."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.county.sample.facts import BASE_YEAR, COUNTY_TOWN, TOWNSHIPS, generator

_STAGE_AGES = {"primary": range(6, 12), "junior": range(12, 15)}
_CENSUS_YEAR = 2020
# Persons registered for one who lives there: many rural families live elsewhere and are still on the books.
_REGISTERED_TOWN, _REGISTERED_RURAL = 1.15, 1.75
# Townships where fewer children were found than the register lists: as few as go to school there, and fewer still.
GONE = {("640422101", "primary"): 0.94, ("640422212", "primary"): 0.88}
# A school whose classes are smaller than its ledger says, and the part of them that is there.
ABSENT = 0.90


def list_control_totals() -> pd.DataFrame:
    """Return residents and registered persons of every township at the census."""
    rows = [
        (township.code, _CENSUS_YEAR, township.residents, round(township.residents * _registered(township.code)))
        for township in TOWNSHIPS
    ]
    return pd.DataFrame(rows, columns=["area_id", "year", "residents", "registered"])


def _registered(code: str) -> float:
    return _REGISTERED_TOWN if code == COUNTY_TOWN else _REGISTERED_RURAL


def count_on_the_spot(
    places: pd.DataFrame, children: npt.NDArray[np.int64], classes: pd.DataFrame, schools: pd.DataFrame
) -> pd.DataFrame:
    """Return field counts ``area_id, year, stage, counted`` of every township and of a few schools.

    Parameters
    ----------
    places : DataFrame
        With ``township_id``.
    children : int [place, age]
        Residents of the base year.
    classes, schools : DataFrame
        Ledger of the base year.

    Returns
    -------
    DataFrame
        A count is a little off the register, as counts are; two townships and one school are far off.
    """
    rng = generator(80)
    rows = []
    for township in TOWNSHIPS:
        mine = (places["township_id"] == township.code).to_numpy()
        for stage, ages in _STAGE_AGES.items():
            there = int(children[mine, ages.start : ages.stop].sum())
            off = GONE.get((township.code, stage), 1.0) * (1 + float(rng.uniform(-0.01, 0.01)))
            rows.append((township.code, BASE_YEAR, stage, round(there * off)))
    pupils = classes[classes["grade"] <= max(_STAGE_AGES["primary"]) - 5].groupby("school_id")["pupils"].sum()
    seats = schools[(schools["township_id"].isin([code for code, _ in GONE])) & (schools["role"] == "central")]
    for number, school_id in enumerate(sorted(set(seats["school_id"]) & set(pupils.index))):
        rows.append((school_id, BASE_YEAR, "primary", round(pupils[school_id] * (ABSENT if number == 0 else 1.0))))
    return pd.DataFrame(rows, columns=["area_id", "year", "stage", "counted"])
