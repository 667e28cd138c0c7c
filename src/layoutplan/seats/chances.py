"""How sure the enrolment of a plan is: ranges and the chance of crossing a norm, from draws of the years to come.

Every draw rolls the same classes forward with another future: years like those of the past for moving up and for
births, households that move in sooner or later, luck of small numbers. How wide the draws lie apart is then set to
what the back-test on the county's own history found for schools of that size that many years ahead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.county.layers import County
from layoutplan.county.tables import ENTRY_AGE, GRADES, GRADES_OF_STAGE
from layoutplan.norms import Norms
from layoutplan.seats.cohorts import ENTRY_GRADES, Step, advance
from layoutplan.seats.forecast import LEAST_YEARS, roll
from layoutplan.seats.guesses import HORIZONS
from layoutplan.seats.history import county_history
from layoutplan.seats.progression import log_ratio, nan_median
from layoutplan.seats.ranges import Level, plain_spread
from layoutplan.seats.supply import Roster, Supply

DRAWS, SEED = 200, 20
# The first three are of a school's fullest class, by the mean of a grade; then the school; then an empty shell.
EVENTS = ("class_over_norm", "class_large", "class_extra_large", "school_over_size", "shell_candidate")
_Z_P90 = 1.2815515655446004
# Standard deviations of logarithms before the back-test sets the scale: a school's own drift a year, and how much
# earlier or later households move in than planned.
_DRIFT, _MOVE_IN = 0.015, 0.25
_CHANCE = 0.7
_SIZES = (30.0, 100.0, 300.0)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a plan's enrolment came from.

    Parameters
    ----------
    county, roster, supply, norms
        The plan's.
    steps : mapping
        What happens in every year after the first, in order.
    """

    county: County
    roster: Roster
    supply: Supply
    norms: Norms
    steps: Mapping[int, Step]


@dataclass(frozen=True, eq=False)
class Past:
    """What the county's history says about chance.

    Parameters
    ----------
    years : float [year]
        How far all moves up of a year lay from the usual, as logarithms.
    births : float [year]
        The same of births from one year to the next; one 0 if there are too few.
    width : mapping
        By level (``school``, ``grade``), the standard deviation of errors by horizon in units of the plain spread
        of :func:`layoutplan.seats.ranges.plain_spread` (float [horizon]).
    """

    years: Floats
    births: Floats
    width: Mapping[Level, Floats]


# Only remembers what the back-test of a county said; goes when the county goes.
_PASTS: WeakKeyDictionary[County, Past | None] = WeakKeyDictionary()


def learn_past(county: County) -> Past | None:
    """Learn from a county's history how wide ranges must be; None if it has fewer than four years."""
    if county not in _PASTS:
        _PASTS[county] = _learnt(county)
    return _PASTS[county]


def _learnt(county: County) -> Past | None:
    if county.enrolment["year"].nunique() < LEAST_YEARS or county.enrolment["grade"].nunique() < 2:
        return None
    history = county_history(county)
    if not np.nan_to_num(history.totals[:, -1]).any():
        return None
    cast = roll(history)[-1]
    total = np.nan_to_num(history.pupils).sum(axis=0)
    yearly = log_ratio(total[:-1, :-1], total[1:, 1:])
    years = np.nan_to_num(nan_median(yearly - nan_median(yearly, axis=0), axis=1))
    births = county.births.groupby("year")["births"].sum().to_numpy(float)
    changes = np.diff(np.log(births[births > 0]))
    width: dict[Level, Floats] = {
        "school": _width(cast.scaled, cast.total_low, cast.total_high, "school"),
        "grade": _width(cast.pupils, cast.low, cast.high, "grade"),
    }
    return Past(years - years.mean(), changes - changes.mean() if len(changes) > 1 else np.zeros(1), width)


def _width(middle: Floats, low: Floats, high: Floats, level: Level) -> Floats:
    """Return the width of bands [school, horizon, ...] as standard deviations in units of the plain spread."""
    widths = np.empty(HORIZONS)
    for step in range(HORIZONS):
        some = middle[:, step] > 1
        spread = plain_spread(middle[:, step][some], step, level)
        apart = np.log((high[:, step][some] + 0.5) / (low[:, step][some] + 0.5)) / (2 * _Z_P90)
        widths[step] = float(np.median(apart / spread)) if some.any() else 1.0
    return widths


def with_ranges(frame: pd.DataFrame, outcome: Outcome) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add ranges to the enrolment of a plan, and count the chances of crossing norms.

    Parameters
    ----------
    frame : DataFrame
        ``year, school_id, grade`` (key, sorted), ``stage``, ``pupils``, ``classes``, ``class_size``, ``basis``.
    outcome : Outcome
        What it came from.

    Returns
    -------
    enrolment : DataFrame
        With ``p10``, ``p90``, ``p_over_norm``; ``p10`` and ``p90`` are not the sums of other ranges.
    probabilities : DataFrame
        ``school_id, year, event`` (key, sorted), ``probability``.
    """
    past = learn_past(outcome.county)
    low, high, over = (frame["pupils"].to_numpy(float).copy() for _ in range(3))
    limit = frame["stage"].map({stage: outcome.norms.value(f"class_size.{stage}") for stage in GRADES_OF_STAGE})
    over[:] = frame["class_size"].to_numpy(float) > limit.to_numpy(float) + 1e-6
    ahead = (frame["basis"] != "observed").to_numpy(bool)
    rows: list[pd.DataFrame] = []
    if past is None:
        low[ahead] = high[ahead] = over[ahead] = np.nan
    else:
        spare = _spare_rooms(frame, outcome.supply)
        for year, draws in _drawn(frame, outcome, past):
            at = np.flatnonzero((frame["year"] == year).to_numpy())
            here = frame.iloc[at]
            mine, found = _year(here, draws, outcome, past, spare=spare[at])
            low[at], high[at], over[at] = mine
            rows.append(found.assign(year=year))
    places = ["p10", "p90", "p_over_norm"]
    ranged = frame.assign(**dict(zip(places, (low, high, over), strict=True)))
    columns = [name for name in frame.columns if name != "basis"]
    keys = ["school_id", "year", "event"]
    none = pd.DataFrame({"school_id": [], "year": [], "event": [], "probability": []})
    chances = pd.concat(rows, ignore_index=True) if rows else none
    return ranged[[*columns, *places, "basis"]], chances.sort_values(keys, ignore_index=True)[[*keys, "probability"]]


def _spare_rooms(frame: pd.DataFrame, supply: Supply) -> Floats:
    """Return the rooms a school has beyond its classes of the stage (float [row])."""
    each = ["year", "school_id", "stage"]
    rooms = supply.frame.set_index(each)["rooms"].reindex(pd.MultiIndex.from_frame(frame[each])).to_numpy(float)
    used = frame.groupby(each)["classes"].transform("sum").to_numpy(float)
    return np.asarray(np.maximum(np.nan_to_num(rooms) - used, 0.0))


def _drawn(frame: pd.DataFrame, outcome: Outcome, past: Past) -> Iterator[tuple[int, Floats]]:
    """Yield every year after the first with the deviations of all rows of the frame (float [row, draw])."""
    rng = np.random.default_rng(SEED)
    first = frame[frame["basis"] == "observed"]
    ids = outcome.roster.schools["school_id"].to_numpy(str)
    # Single precision is far finer than chance, and twice as fast.
    now = np.zeros((len(ids), len(GRADES), DRAWS), np.float32)
    now[np.searchsorted(ids, first["school_id"].to_numpy(str)), first["grade"] - 1] = first["pupils"].to_numpy()[
        :, None
    ]
    drift = _DRIFT * rng.standard_normal((len(ids), DRAWS), dtype=np.float32)
    base, born = outcome.county.base_year, np.zeros(DRAWS)
    arriving = _arriving_shares(outcome.county, list(outcome.steps))
    last_births = int(outcome.county.births["year"].max()) if len(outcome.county.births) else base
    for year, step in outcome.steps.items():
        entering = rng.normal(0.0, _MOVE_IN, DRAWS) * arriving[year]
        everywhere = rng.choice(past.years, DRAWS)
        if year - ENTRY_AGE > last_births:
            born = born + rng.choice(past.births, DRAWS)
        here = frame[frame["year"] == year]
        grade = here["grade"].to_numpy(np.int64)
        at = (np.searchsorted(ids, here["school_id"].to_numpy(str)), grade - 1)
        size = here["pupils"].to_numpy(np.float32)[:, None]
        noise = rng.standard_normal((len(here), DRAWS), dtype=np.float32) * np.sqrt(_CHANCE / (size + 1))
        noise += drift[at[0]] + everywhere.astype(np.float32)
        noise[np.isin(grade, ENTRY_GRADES)] += entering.astype(np.float32)
        noise[grade == ENTRY_GRADES[0]] += born.astype(np.float32)
        now, _ = advance(now, step)
        now[at] *= np.exp(noise)
        deviation = np.log((now[at] + 0.5) / (size + 0.5))
        yield year, deviation - deviation.mean(axis=1, keepdims=True)


def _arriving_shares(county: County, years: list[int]) -> dict[int, float]:
    """Return the share of households that are to move in by each year, of all there are."""
    moves = county.move_in[county.move_in["year"] > county.base_year]
    homes = float(pd.to_numeric(county.places["households"]).sum())
    joined = moves.pivot_table(index="year", columns="place_id", values="households", aggfunc="max").cummax()
    total = joined.ffill().sum(axis=1).reindex(sorted({*joined.index, *years})).ffill().fillna(0.0)
    return {year: float(total[year]) / homes if homes > 0 else 0.0 for year in years}


def _year(
    here: pd.DataFrame, deviation: Floats, outcome: Outcome, past: Past, *, spare: Floats
) -> tuple[tuple[Floats, Floats, Floats], pd.DataFrame]:
    """Return P10, P90 and the chance over the norm of the rows of one year, and its table of chances."""
    norms, step = outcome.norms, int(here["year"].iloc[0]) - outcome.county.base_year - 1
    pupils = here["pupils"].to_numpy(float)
    draws = _calibrated(pupils, deviation, step, past, level="grade")
    low, high = np.quantile(draws, (0.1, 0.9), axis=1)
    limit = here["stage"].map({stage: norms.value(f"class_size.{stage}") for stage in GRADES_OF_STAGE}).to_numpy(float)
    classes = here["classes"].to_numpy(float)[:, None]
    size = draws / np.clip(np.ceil(draws / limit[:, None] - 1e-9), classes, classes + spare[:, None])
    school, start = np.unique(here["school_id"].to_numpy(str), return_index=True)
    total = np.add.reduceat(pupils, start)
    apart = np.log((np.add.reduceat(draws, start) + 0.5) / (total[:, None] + 0.5))
    totals = _calibrated(total, apart - apart.mean(axis=1, keepdims=True), step, past, level="school")
    kind = outcome.roster.schools.set_index("school_id")["kind"].reindex(school)
    most = np.array([norms.value(key) if (key := f"school_size.{name}") in norms else np.inf for name in kind])
    large, extra = norms.value("class_size.large"), norms.value("class_size.extra_large")
    happens = {
        "class_over_norm": np.maximum.reduceat(size > limit[:, None] + 1e-6, start),
        "class_large": np.maximum.reduceat(size >= large - 1e-6, start),
        "class_extra_large": np.maximum.reduceat(size >= extra - 1e-6, start),
        "school_over_size": totals > most[:, None],
        "shell_candidate": totals <= norms.value("shell.max_pupils"),
    }
    chances = pd.concat(
        pd.DataFrame({"school_id": school, "event": event, "probability": came.mean(axis=1)})
        for event, came in happens.items()
    )
    over = (size > limit[:, None] + 1e-6).mean(axis=1)
    ranged = (np.minimum(low, pupils), np.maximum(high, pupils), over)
    return ranged, chances[chances["probability"] > 0]


def _calibrated(middle: Floats, deviation: Floats, step: int, past: Past, *, level: Level) -> Floats:
    """Return draws [person] around middle values, as wide as the back-test found for their size and horizon.

    Beyond the last horizon of the back-test the spread goes on growing as its shape says.
    """
    target = past.width[level][min(step, HORIZONS - 1)] * plain_spread(middle, step, level)
    band = np.digitize(middle, _SIZES)
    made = np.sqrt((deviation**2).mean(axis=1))
    factor = np.ones(len(middle))
    for size in np.unique(band):
        some = band == size
        factor[some] = float(np.median(target[some])) / max(float(np.median(made[some])), 1e-9)
    draws = (middle[:, None] + 0.5) * np.exp(deviation * factor[:, None]) - 0.5
    return np.asarray(np.maximum(draws, 0.0))
