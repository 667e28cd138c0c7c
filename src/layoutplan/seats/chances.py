"""How sure the enrolment of a plan is: ranges and the chance of crossing a norm, from draws of the years to come.

Every draw rolls the same classes forward with another future: years like those of the past for moving up and for
births, households that move in sooner or later, luck of small numbers. How wide the draws lie apart is then set to
what the back-test on the county's own history found for schools of that size that many years ahead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import ENTRY_AGE, GRADES, STAGES
from layoutplan.norms import Norms
from layoutplan.seats.cohorts import ENTRY_GRADES, Step, advance
from layoutplan.seats.forecast import LEAST_YEARS, roll
from layoutplan.seats.guesses import HORIZONS
from layoutplan.seats.history import county_history
from layoutplan.seats.progression import log_ratio, nan_median
from layoutplan.seats.ranges import Level, plain_spread
from layoutplan.seats.roster import Roster
from layoutplan.seats.supply import Supply, rooms_cube

DRAWS, SEED = 200, 20
# The first three are of a school's fullest class, by the mean of a grade; then the school; then an empty shell.
EVENTS = ("class_over_norm", "class_large", "class_extra_large", "school_over_size", "shell_candidate")
_Z_P90 = 1.2815515655446004
# Standard deviations of logarithms before the back-test sets the scale: a school's own drift a year, and how much
# earlier or later households move in than planned.
DRIFT, MOVE_IN = 0.015, 0.25
CHANCE = 0.7
_SIZES = (30.0, 100.0, 300.0)
_LAST_YEAR = 2100
# Positions among the sorted draws: on either side of the tenth, and of the ninetieth hundredth, and the last.
_ENDS = [at + side for at in (int(0.1 * (DRAWS - 1)), int(0.9 * (DRAWS - 1))) for side in (0, 1)] + [DRAWS - 1]


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
    arriving : mapping
        By year to come, the share of households that are to move in until then, of all there are.
    base_year : int
        Year of the latest counts.
    """

    years: Floats
    births: Floats
    width: Mapping[Level, Floats]
    arriving: Mapping[int, float]
    base_year: int


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
    born = county.births.groupby("year")["births"].sum().to_numpy(float)
    changes = np.diff(np.log(born[born > 0]))
    width: dict[Level, Floats] = {
        "school": _width(cast.scaled, cast.total_low, cast.total_high, "school"),
        "grade": _width(cast.pupils, cast.low, cast.high, "grade"),
    }
    births = changes - changes.mean() if len(changes) > 1 else np.zeros(1)
    return Past(years - years.mean(), births, width, _arriving_shares(county), county.base_year)


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
    rows = _rows(frame, outcome)
    low, high = rows.pupils.copy(), rows.pupils.copy()
    over = (frame["class_size"].to_numpy(float) > rows.limit + 1e-6).astype(float)
    found: list[tuple[Ints, Ints, Floats]] = []
    if past is None:
        ahead = rows.year > outcome.county.base_year
        low[ahead] = high[ahead] = over[ahead] = np.nan
    else:
        sizes = _school_sizes(outcome.roster, outcome.norms)
        for at, draws in _drawn(rows, outcome, past):
            here = rows.part(at)
            low[at], high[at], over[at], schools, chance = _year(here, draws, outcome.norms, past, sizes=sizes)
            found += [(np.full_like(schools, here.year[0]), schools, chance)]
    columns = [name for name in frame.columns if name != "basis"]
    ranged = frame.assign(p10=low, p90=high, p_over_norm=over)
    return ranged[[*columns, "p10", "p90", "p_over_norm", "basis"]], _table(found, outcome.roster)


def _table(found: list[tuple[Ints, Ints, Floats]], roster: Roster) -> pd.DataFrame:
    """Return the chances that are not nothing, from year, school and chance [school, event] of every year."""
    year, school = (np.concatenate([part[at] for part in found]) if found else np.zeros(0, int) for at in (0, 1))
    chance = np.concatenate([part[2] for part in found]) if found else np.zeros((0, len(EVENTS)))
    by_name = np.argsort(EVENTS)
    order = np.lexsort((year, school))
    row, event = np.nonzero(chance[order][:, by_name])
    at = order[row]
    return pd.DataFrame(
        {
            "school_id": roster.schools["school_id"].array.take(school[at]), "year": year[at],
            "event": pd.array(np.array(EVENTS, dtype=object)[by_name[event]], dtype="str"),
            "probability": chance[at, by_name[event]],
        }
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of an enrolment by year, then school, then grade, as arrays [row].

    Parameters
    ----------
    year, school, grade : int64
        ``school`` is the position in the roster.
    pupils, classes : float64
        As forecast.
    most : float64
        Classes if all rooms that the stage has left were added.
    limit : float64
        Class norm [person].
    """

    year: Ints
    school: Ints
    grade: Ints
    pupils: Floats
    classes: Floats
    most: Floats
    limit: Floats

    def part(self, at: slice) -> Rows:
        """Return some of the rows."""
        return Rows(*(getattr(self, field.name)[at] for field in fields(self)))


def _rows(frame: pd.DataFrame, outcome: Outcome) -> Rows:
    school_ids = pd.Index(outcome.roster.schools["school_id"])
    year, grade = (frame[name].to_numpy(np.int64) for name in ("year", "grade"))
    school = school_ids.get_indexer(frame["school_id"])
    pupils, classes = (frame[name].to_numpy(float) for name in ("pupils", "classes"))
    years, in_year = np.unique(year, return_inverse=True)
    stage = (grade >= ENTRY_GRADES[1]).astype(np.int64)
    rooms = rooms_cube(outcome.supply, school_ids, years)
    used = np.zeros(rooms.shape)
    np.add.at(used, (in_year, school, stage), classes)
    left = np.maximum(np.nan_to_num(rooms) - used, 0.0)[in_year, school, stage]
    limit = np.array([outcome.norms.value(f"class_size.{name}") for name in STAGES])[stage]
    return Rows(year, school, grade, pupils, classes, classes + left, limit)


def _school_sizes(roster: Roster, norms: Norms) -> Floats:
    """Return the most pupils each school may have by its kind, infinite where no norm says (float [school])."""
    keys = [f"school_size.{kind}" for kind in roster.schools["kind"]]
    return np.array([norms.value(key) if key in norms else np.inf for key in keys])


def _drawn(rows: Rows, outcome: Outcome, past: Past) -> Iterator[tuple[slice, Floats]]:
    """Yield the rows of every year after the first with their deviations (float [row, draw])."""
    rng = np.random.default_rng(SEED)
    schools, base, born = len(outcome.roster.schools), outcome.county.base_year, np.zeros(DRAWS)
    # Single precision is far finer than chance, and twice as fast.
    now = np.zeros((schools, len(GRADES), DRAWS), np.float32)
    first = rows.part(_in_year(rows, base))
    now[first.school, first.grade - 1] = first.pupils[:, None]
    drift = DRIFT * rng.standard_normal((schools, DRAWS), dtype=np.float32)
    last_births = int(outcome.county.births["year"].max()) if len(outcome.county.births) else base
    for year, step in outcome.steps.items():
        entering = rng.normal(0.0, MOVE_IN, DRAWS) * past.arriving[year]
        everywhere = rng.choice(past.years, DRAWS)
        if year - ENTRY_AGE > last_births:
            born = born + rng.choice(past.births, DRAWS)
        at = _in_year(rows, year)
        here = rows.part(at)
        size = here.pupils.astype(np.float32)[:, None]
        noise = rng.standard_normal((len(size), DRAWS), dtype=np.float32)
        noise *= np.sqrt(CHANCE / (size + 1))
        noise += drift[here.school] + everywhere.astype(np.float32)
        noise[np.isin(here.grade, ENTRY_GRADES)] += entering.astype(np.float32)
        noise[here.grade == ENTRY_GRADES[0]] += born.astype(np.float32)
        now, _ = advance(now, step)
        mine = now[here.school, here.grade - 1] * np.exp(noise, out=noise)
        now[here.school, here.grade - 1] = mine
        mine += 0.5
        mine /= size + 0.5
        deviation = np.log(mine, out=mine)
        yield at, deviation - deviation.mean(axis=1, keepdims=True)


def _in_year(rows: Rows, year: int) -> slice:
    first, last = np.searchsorted(rows.year, (year, year + 1))
    return slice(int(first), int(last))


def _arriving_shares(county: County) -> dict[int, float]:
    """Return the share of households that are to move in by each year to come, of all there are."""
    years = range(county.base_year + 1, _LAST_YEAR + 1)
    moves = county.move_in[county.move_in["year"] > county.base_year]
    homes = float(pd.to_numeric(county.places["households"]).sum())
    joined = moves.pivot_table(index="year", columns="place_id", values="households", aggfunc="max").cummax()
    total = joined.ffill().sum(axis=1).reindex(sorted({*joined.index, *years})).ffill().fillna(0.0)
    return {year: float(total[year]) / homes if homes > 0 else 0.0 for year in years}


def _year(
    here: Rows, deviation: Floats, norms: Norms, past: Past, *, sizes: Floats
) -> tuple[Floats, Floats, Floats, Ints, Floats]:
    """Return P10, P90 and the chance over the norm of the rows of one year; its schools and their chance of each event.

    Draws grow with their deviation, so the tenths of the draws are draws of the tenths.
    """
    step = int(here.year[0]) - past.base_year - 1
    factor = calibration(here.pupils, deviation, step, past, level="grade")
    draws = _around(here.pupils, deviation, factor)
    ends = _around(here.pupils, np.sort(deviation, axis=1)[:, _ENDS].astype(float), factor)
    low, high = (ends[:, at] + (ends[:, at + 1] - ends[:, at]) * part for at, part in ((0, 0.9), (2, 0.1)))
    school, start = np.unique(here.school, return_index=True)
    total = np.add.reduceat(here.pupils, start)
    apart = np.log((np.add.reduceat(draws, start).astype(float) + 0.5) / (total[:, None] + 0.5))
    apart -= apart.mean(axis=1, keepdims=True)
    totals = _around(total, apart, calibration(total, apart, step, past, level="school"))
    over, where, classes = _beyond(here, draws, ends[:, -1], norms)
    chance = np.zeros((len(school), len(EVENTS)))
    chance[np.searchsorted(school, where), : classes.shape[1]] = classes
    chance[:, -2] = (totals > sizes[school][:, None]).mean(axis=1)
    chance[:, -1] = (totals <= norms.value("shell.max_pupils")).mean(axis=1)
    return np.minimum(low, here.pupils), np.maximum(high, here.pupils), over, school, chance


def _beyond(here: Rows, draws: Floats, most: Floats, norms: Norms) -> tuple[Floats, Ints, Floats]:
    """Return the chance of every row over its norm; schools that may have any, and their chances of events of classes.

    A class is beyond its norm only when all rooms are in use; before that another class is formed.
    """
    large, extra = (norms.value(f"class_size.{name}") - 1e-6 for name in ("large", "extra_large"))
    at = np.flatnonzero(most > here.most * (here.limit + 1e-6))
    limit = here.limit[at]
    bands = (limit + 1e-6, np.maximum(limit, large), np.maximum(limit, extra))
    beyond = [draws[at] > (here.most[at] * size)[:, None] for size in bands]
    over = np.zeros(len(draws))
    over[at] = beyond[0].mean(axis=1)
    school, start = np.unique(here.school[at], return_index=True)
    happens = [np.logical_or.reduceat(flag, start).mean(axis=1) for flag in beyond] if len(at) else []
    return over, school, np.reshape(happens, (len(bands), -1)).T


def calibration(middle: Floats, deviation: Floats, step: int, past: Past, *, level: Level) -> Floats:
    """Return what makes deviations as wide as the back-test found for their size and horizon (float [row]).

    Beyond the last horizon of the back-test the spread goes on growing as its shape says.
    """
    target = past.width[level][min(step, HORIZONS - 1)] * plain_spread(middle, step, level)
    band = np.digitize(middle, _SIZES)
    made = np.sqrt((deviation**2).mean(axis=1))
    factor = np.ones(len(middle))
    for size in np.unique(band):
        some = band == size
        factor[some] = float(np.median(target[some])) / max(float(np.median(made[some])), 1e-9)
    return factor


def _around(middle: Floats, deviation: Floats, factor: Floats) -> Floats:
    """Return draws [person] around middle values, never below nothing."""
    draws = np.exp(deviation * factor.astype(deviation.dtype)[:, None])
    draws *= (middle[:, None] + 0.5).astype(deviation.dtype)
    draws -= 0.5
    return np.asarray(np.maximum(draws, 0.0, out=draws))
