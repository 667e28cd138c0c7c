"""Draws of how many more or fewer pupils every place has in the years to come, the same for all plans of a county."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import ENTRY_AGE, GRADES
from layoutplan.seats.chances import CHANCE, DRAWS, DRIFT, MOVE_IN, SEED, Past, calibration, learn_past
from layoutplan.seats.rules import pupils_by_place


def draw_places(county: County, demand: pd.DataFrame, *, years: Ints) -> npt.NDArray[np.float32] | None:
    """Draw the years to come, place by place.

    Parameters
    ----------
    county : County
        Its enrolment history says how much years, births and moves into homes vary.
    demand : DataFrame
        ``year, grade, place_id``, ``pupils``: what the draws lie around.
    years : int64 [year]
        School years, in order.

    Returns
    -------
    float32 [year, grade 1-9, place, draw]
        How many times the demand; 1 in the base year. Places in the order of their ids. None where the history is
        too short to learn from.

    Notes
    -----
    The same causes as in :mod:`layoutplan.seats.chances`: a cohort keeps its deviation as it moves up, every year adds
    one that all share, one of the place, and the luck of small numbers; entries add that of births not yet counted.
    The spread of a grade of so many pupils, so many years ahead, is that of the back-test.
    """
    past = learn_past(county)
    if past is None:
        return None
    place_ids = np.sort(county.places["place_id"].to_numpy(str))
    some = demand[demand["year"].isin(years)]
    pupils = pupils_by_place(some, place_ids.tolist(), years.tolist())
    rng = np.random.default_rng(SEED)
    shape = len(GRADES), len(place_ids), DRAWS
    drift = DRIFT * rng.standard_normal(shape[1:], dtype=np.float32)
    deviation, born = np.zeros(shape, np.float32), np.zeros(DRAWS)
    last_births = int(county.births["year"].max()) if len(county.births) else county.base_year
    factors = np.ones((len(years), *shape), np.float32)
    for at, year in enumerate(years.tolist()):
        if year <= county.base_year:
            continue
        moves = rng.normal(0.0, MOVE_IN, DRAWS) * past.arriving[year] + rng.choice(past.years, DRAWS)
        if year - ENTRY_AGE > last_births:
            born = born + rng.choice(past.births, DRAWS)
        noise = rng.standard_normal(shape, dtype=np.float32) * np.sqrt(CHANCE / (pupils[at] + 1))[..., None]
        noise += drift + moves.astype(np.float32)
        noise[0] += born.astype(np.float32)
        noise[1:] += deviation[:-1]
        deviation = noise.astype(np.float32)
        step = year - county.base_year - 1
        factors[at] = _factors(pupils[at].ravel(), deviation.reshape(-1, DRAWS), step, past).reshape(shape)
    return factors


def _factors(middle: Floats, deviation: npt.NDArray[np.float32], step: int, past: Past) -> Floats:
    """Return how many times its middle every draw of every row is; 1 where nobody is expected (float [row, draw])."""
    centred = deviation - deviation.mean(axis=1, keepdims=True)
    wide = np.exp(centred * calibration(middle, centred, step, past, level="grade")[:, None])
    draws = np.maximum((middle[:, None] + 0.5) * wide - 0.5, 0.0)
    return np.asarray(np.divide(draws, middle[:, None], out=np.ones_like(draws), where=middle[:, None] > 0))
