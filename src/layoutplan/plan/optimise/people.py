"""How many pupils seats are counted for: the high side of the forecast, township by township."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from layoutplan.access.network import Floats
from layoutplan.county.layers import County
from layoutplan.county.tables import STAGE_OF_GRADE
from layoutplan.seats.demand import Demand
from layoutplan.seats.rules import pupils_by_place

_Z_P90 = 1.2815515655446004


def high_side(demand: Demand, county: County, *, quantile: float) -> pd.DataFrame:
    """Return how many times the middle of the forecast a quantile is.

    Parameters
    ----------
    demand : Demand
        Pupils and P90 of every year, grade and place.
    county : County
        Townships of the places.
    quantile : float
        Between 0.5 and 1.

    Returns
    -------
    DataFrame
        ``year, stage, township_id`` (key, sorted), ``factor``; missing where the forecast has no range.

    Notes
    -----
    A place's own range is mostly the luck of small numbers, which evens out over a township; what all places have in
    common does not. So the sum of a township has the range N + z sqrt(N + C^2), with N its pupils and C the sum of
    the common parts, as in :func:`layoutplan.seats.checks.high.high_by_year`; its places share in proportion.
    """
    frame = demand.frame[["year", "grade", "place_id", "pupils", "p90"]]
    township = county.places.set_index("place_id")["township_id"]
    sd = (frame["p90"] - frame["pupils"]) / _Z_P90
    frame = frame.assign(
        stage=frame["grade"].map(STAGE_OF_GRADE),
        township_id=frame["place_id"].map(township),
        common=np.sqrt((sd**2 - frame["pupils"]).clip(lower=0.0)),
        chance=frame["pupils"].where(sd > 0, 0.0),
        unknown=frame["p90"].isna() & (frame["pupils"] > 0),
    )
    by = frame.groupby(["year", "stage", "township_id"])
    total = by[["pupils", "common", "chance"]].sum()
    spread = np.sqrt(total["chance"] + total["common"] ** 2)
    factor = 1.0 + float(ndtri(quantile)) * spread / total["pupils"].where(total["pupils"] > 0)
    factor = factor.where(total["pupils"] > 0, 1.0).mask(by["unknown"].any())
    return pd.DataFrame({"factor": factor}).reset_index()


def pupils_to_seat(
    demand: Demand, factors: pd.DataFrame, county: County, *, place_ids: tuple[str, ...], years: tuple[int, ...]
) -> Floats:
    """Return pupils on the high side by year, grade and place (float64 [year, grade 1-9, place]).

    Parameters
    ----------
    demand : Demand
        The middle of the forecast.
    factors : DataFrame
        From :func:`high_side`; where it is missing the middle itself is taken.
    county : County
        Townships of the places.
    place_ids, years : tuple
        Order of the axes.
    """
    middle = pupils_by_place(demand.frame[demand.frame["year"].isin(years)], place_ids, years)
    township = county.places.set_index("place_id")["township_id"].reindex(list(place_ids))
    wide = factors.pivot(index=["year", "stage"], columns="township_id", values="factor").reindex(
        columns=township.to_numpy()
    )
    row = dict(zip(wide.index, wide.fillna(1.0).to_numpy(float), strict=True))
    times = np.ones_like(middle)
    for at, year in enumerate(years):
        for grade in range(1, 10):
            times[at, grade - 1] = row[(year, STAGE_OF_GRADE[grade])]
    return middle * times
