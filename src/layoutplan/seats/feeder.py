"""Which junior school the pupils of each primary school go on to: a matrix of shares, without following anybody.

What a county knows are counts: grade 6 of one year and grade 7 of the next, school by school. Between them stand the
ways between schools. Pupils of a primary school are shared out by gravity - rooms of a junior school, its pull, and
its distance - and the pulls are set so that the shares give each junior school the intake it had (iterative
proportional fitting), recent years weighing more. A pull that rests on little is drawn back towards the usual one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_STAGE
from layoutplan.seats.cohorts import Feeding, history_cube
from layoutplan.seats.entries import robust_level
from layoutplan.seats.history import county_history
from layoutplan.seats.progression import over, recency
from layoutplan.seats.roster import Roster, is_open, receivers, teaches
from layoutplan.seats.ways import Ways

LAST_PRIMARY, FIRST_JUNIOR = GRADES_OF_STAGE["primary"][-1], GRADES_OF_STAGE["junior"][0]
# Years after which an intake weighs half.
_HALF_LIFE = 4.0
# The pull of distance fades with the county's own ways to the nearest junior school, but no faster than this.
_LEAST_DECAY_MIN = 10.0
# Standard deviation of the logarithm of an intake from year to year beyond the chance of its size; a guess.
_YEAR_SD = 0.15
_ROUNDS, _CLOSE = 1000, 1e-10


@dataclass(frozen=True, eq=False)
class Feeder:
    """What is known of the ways from primary to junior schools; every array in the order of the roster's schools.

    Parameters
    ----------
    minutes : float [school, school]
        One way between schools, as grade 7 travels; NaN where there is none [min].
    rooms : float [school]
        Junior classrooms when the school first teaches; the usual number where unknown [room].
    pull : float [school]
        Intake beyond what rooms and distance explain; 1 is usual, NaN where nothing is known of it.
    grade_7_per_6 : float
        Grade 7 of the county over grade 6 a year earlier; NaN without two years of history in a row.
    decay_min : float
        Minutes over which the weight of a junior school falls to 1/e [min].
    sixth, intake : float [school]
        Grade 6 and the grade 7 that followed, means of the past with recent years weighing more; NaN where
        unknown [person].
    """

    minutes: Floats
    rooms: Floats
    pull: Floats
    grade_7_per_6: float
    decay_min: float
    sixth: Floats
    intake: Floats


def learn_feeder(county: County, roster: Roster, between: Ways) -> Feeder:
    """Learn the shares from the county's history.

    Parameters
    ----------
    county : County
        Its enrolment history; the classes of the base year stand for that year where the history lacks it.
    roster : Roster
        Schools; those that open later have no history.
    between : Ways
        Ways from every school of the roster to every other.

    Returns
    -------
    Feeder
        ``pull`` and ``grade_7_per_6`` are NaN where no two years in a row are known.

    Notes
    -----
    Share of junior school j among the pupils of primary school i: r x w_ij / sum of w_ik, with
    w_ij = rooms_j x pull_j x exp(-minutes_ij / decay) and r the county's grade 7 over grade 6, at most 1; what is above
    1 comes from elsewhere, spread as the rest. This is the
    gravity model that is constrained at its origins (Wilson 1971); balancing the pulls is the iterative proportional
    fitting of Deming and Stephan (1940). Where several pieces of network are apart, each is balanced by itself.
    A logarithm of a pull with variance v (1 / pupils seen + 0.15^2 / years seen) is kept to t / (t + v), t being the
    variance between schools that chance does not explain.
    """
    minutes = _minutes(between, roster)
    sixth, intake, weight = _past(county, roster)
    ratio = _grade_7_per_6(sixth, intake, weight)
    base = county.base_year
    starts, goals = teaches(roster, LAST_PRIMARY, base), teaches(roster, FIRST_JUNIOR, base)
    feeder = Feeder(
        minutes,
        _junior_rooms(roster),
        np.full(len(minutes), np.nan),
        ratio,
        _LEAST_DECAY_MIN,
        np.where(starts, _mean(_since_open(sixth), weight), np.nan),
        np.where(goals, _mean(_since_open(intake), weight), np.nan),
    )
    feeder = replace(feeder, decay_min=_decay(feeder, goals))
    seen = np.nan_to_num(feeder.intake) > 0
    if np.isnan(feeder.grade_7_per_6) or not seen.any():
        return replace(feeder, grade_7_per_6=np.nan)
    weights = np.where(seen[None], _gravity(feeder), 0.0)
    _, pull = balance(weights, np.nan_to_num(feeder.sixth), np.nan_to_num(feeder.intake))
    since = _since_open(intake)
    pupils, years = (weight * np.nan_to_num(since)).sum(axis=1), (weight * ~np.isnan(since)).sum(axis=1)
    chance = over(np.ones(len(years)), pupils) + over(np.full(len(years), _YEAR_SD**2), years)
    return replace(feeder, pull=np.where(seen, _shrunk(pull, chance, seen), np.nan))


def _grade_7_per_6(sixth: Floats, intake: Floats, weight: Floats) -> float:
    """Return grade 7 over grade 6 a year earlier, a level robust against single years; NaN where unknown."""
    # A count that is unknown is taken at the school's mean, so that the year is not short of it on one side.
    before, after = (
        np.nan_to_num(np.where(np.isnan(seen), _mean(seen, weight)[:, None], seen)).sum(axis=0)
        for seen in (sixth, intake)
    )
    fine = (before > 0) & (after > 0)
    return float(np.exp(robust_level(np.log(after[fine] / before[fine]))[0])) if fine.any() else np.nan


def _past(county: County, roster: Roster) -> tuple[Floats, Floats, Floats]:
    """Return grade 6, the grade 7 a year later (float [school, year]), and the weights of the years (float [year])."""
    rows = county.enrolment
    none = np.zeros((len(roster.schools), 0))
    if not len(rows):
        return none, none, np.zeros(0)
    if not (rows["year"] == county.base_year).any():
        now = county.classes.groupby(["school_id", "grade"], as_index=False)["pupils"].sum()
        rows = pd.concat([rows[["school_id", "year", "grade", "pupils"]], now.assign(year=county.base_year)])
    cube = history_cube(county_history(replace(county, enrolment=rows)), roster)
    # Special schools keep their own pupils.
    ordinary = (roster.schools["kind"] != "special").to_numpy(bool)[:, None]
    sixth = np.where(ordinary, cube[:, :-1, LAST_PRIMARY - 1], 0.0)
    intake = np.where(ordinary, cube[:, 1:, FIRST_JUNIOR - 1], 0.0)
    return sixth, intake, recency(sixth.shape[1], _HALF_LIFE)


def _mean(pupils: Floats, weight: Floats) -> Floats:
    """Return the weighted mean over the years that are known; NaN where none is (float [school])."""
    known = ~np.isnan(pupils)
    total = (known * weight).sum(axis=1)
    mean = over((np.nan_to_num(pupils) * weight).sum(axis=1), total)
    return np.where(total > 0, mean, np.nan)


def _since_open(pupils: Floats) -> Floats:
    """Return pupils from the first year on that has any, NaN before (float [school, year])."""
    return np.where(np.maximum.accumulate(np.nan_to_num(pupils) > 0, axis=1), pupils, np.nan)


def _minutes(between: Ways, roster: Roster) -> Floats:
    """Return the minutes between all schools of a roster as grade 7 travels (float [school, school])."""
    travel = between.of(FIRST_JUNIOR)
    ids = roster.schools["school_id"].to_numpy(str)
    start = np.searchsorted(ids, np.array(travel.place_ids))
    goal = np.searchsorted(ids, np.array(travel.school_ids))
    minutes = np.full((len(ids), len(ids)), np.nan)
    minutes[np.repeat(start, np.diff(travel.start)), goal[travel.school]] = travel.minutes
    # Who stays in the house goes nowhere, however far it stands from the road.
    np.fill_diagonal(minutes, 0.0)
    return minutes


def _junior_rooms(roster: Roster) -> Floats:
    """Return the junior classrooms each school first has (float [school])."""
    junior = roster.rooms[roster.rooms["stage"] == "junior"].sort_values(["school_id", "from_year"])
    first = junior.drop_duplicates("school_id").set_index("school_id")["rooms"]
    rooms = pd.to_numeric(first.reindex(roster.schools["school_id"])).astype(float).to_numpy(float, na_value=np.nan)
    has = rooms > 0
    return np.where(has, rooms, float(np.median(rooms[has])) if has.any() else 1.0)


def _decay(feeder: Feeder, goals: Flags) -> float:
    """Return the mean way of grade 6 to the nearest junior school, at least the least decay [min]."""
    nearest = np.where(goals[None] & ~np.isnan(feeder.minutes), feeder.minutes, np.inf).min(axis=1)
    pupils = np.where(np.isfinite(nearest), np.nan_to_num(feeder.sixth), 0.0)
    if pupils.sum() <= 0:
        return _LEAST_DECAY_MIN
    mean = float((pupils * np.where(np.isfinite(nearest), nearest, 0.0)).sum() / pupils.sum())
    return max(mean, _LEAST_DECAY_MIN)


def _gravity(feeder: Feeder) -> Floats:
    """Return the weight of each junior school for each primary by rooms and distance alone; 0 without a way.

    Beyond 500 times the decay all distances count alike, so that nobody who has a way is without a school.
    """
    far = np.where(np.isnan(feeder.minutes), np.inf, feeder.minutes) / feeder.decay_min
    return np.asarray(np.where(np.isfinite(far), np.exp(-np.minimum(far, 500.0)), 0.0) * feeder.rooms[None])


def balance(prior: Floats, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
    """Fit a matrix to its margins, keeping the odds of the prior.

    Parameters
    ----------
    prior : float [row, column]
        Weights; 0 where nobody can go.
    rows : float [row]
        Total of each row.
    columns : float [column]
        Total of each column; in each piece that hangs together they are scaled to the rows. 0 is unknown:
        nobody is sent there.

    Returns
    -------
    matrix : float [row, column]
        prior x a factor a row x a factor a column. Rows meet their totals exactly, but for those without a way.
    factor : float [column]
        Of each column, the mean of its logarithm (weighted by the totals) 0 in every piece; 1 where nobody goes.

    Notes
    -----
    Iterative proportional fitting, Deming and Stephan (1940). It ends after 1000 rounds where no exact fit exists.

    Examples
    --------
    Odds of 4 and totals of 60, 40 and 50, 50: x (x - 10) = 4 (60 - x) (50 - x), so x = 37.96.

    >>> matrix, _ = balance(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([60.0, 40.0]), np.array([50.0, 50.0]))
    >>> matrix.round(2).tolist()
    [[37.96, 22.04], [12.04, 27.96]]
    """
    ways = np.where((rows[:, None] > 0) & (columns[None] > 0), prior, 0.0)
    row_piece, column_piece = _pieces(ways)
    in_use = ways.any(axis=0)
    count = len(rows) + len(columns)
    offered = _sums(row_piece, np.where(ways.any(axis=1), rows, 0.0), count)
    wanted = _sums(column_piece, np.where(in_use, columns, 0.0), count)
    target = np.where(in_use, columns * over(offered, wanted)[column_piece], 0.0)
    factor = np.ones(len(columns))
    for _ in range(_ROUNDS):
        came = factor * (ways.T @ over(rows, ways @ factor))
        factor = np.where(in_use, factor * over(target, came), 1.0)
        if np.abs(came - target).max(initial=0.0) <= _CLOSE * max(target.sum(), 1.0):
            break
    logs = np.where(in_use, np.log(np.where(factor > 0, factor, 1.0)), 0.0)
    middle = over(_sums(column_piece, target * logs, count), _sums(column_piece, target, count))
    factor = np.exp(np.where(in_use, logs - middle[column_piece], 0.0))
    return ways * factor * over(rows, ways @ factor)[:, None], factor


def _sums(piece: Ints, values: Floats, count: int) -> Floats:
    """Return the sum of the values of each piece (float [piece])."""
    return np.bincount(piece, values, count).astype(np.float64)


def _pieces(ways: Floats) -> tuple[Ints, Ints]:
    """Return in which piece of what hangs together each row and each column lies."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    row, column = np.nonzero(ways)
    count = sum(ways.shape)
    links = coo_array((np.ones(len(row)), (row, column + ways.shape[0])), shape=(count, count))
    _, piece = connected_components(links, directed=False)
    return piece[: ways.shape[0]].astype(np.int64), piece[ways.shape[0] :].astype(np.int64)


def _shrunk(pull: Floats, chance: Floats, seen: Flags) -> Floats:
    """Return pulls whose logarithms are drawn towards 0 by what chance makes of them (float [school])."""
    logs = np.log(pull)
    between = max(float((logs[seen] ** 2 - chance[seen]).mean()), 0.0)
    keep = over(np.full(len(pull), between), between + chance)
    return np.asarray(np.exp(np.where(seen, keep * logs, 0.0)))


def feeding_in(feeder: Feeder, roster: Roster, year: int) -> Feeding:
    """Return how pupils of grade 6 enter junior schools in a year.

    Parameters
    ----------
    feeder : Feeder
        What was learnt; its ratio must be known.
    roster : Roster
        Which junior schools are open.
    year : int
        Year in which they enter grade 7.

    Returns
    -------
    Feeding
        A junior school without history has the usual pull; the share of one that is closed goes to the school it
        was merged with, else to the others by rooms, pull and distance from the primary school.
    """
    pull = np.where(np.isnan(feeder.pull), 1.0, feeder.pull)
    share, cut_off = shares_in(feeder, roster, year, pull)
    ordinary = roster.spans_in(year).is_ordinary
    return Feeding(share, np.where(ordinary, max(feeder.grade_7_per_6, 1.0), 1.0), cut_off)


def shares_in(feeder: Feeder, roster: Roster, year: int, pull: Floats) -> tuple[Floats, Flags]:
    """Return the matrix of shares of a year (float [school, school]), and from where no junior school can be reached.

    Parameters
    ----------
    feeder, roster, year
        As in :func:`feeding_in`.
    pull : float [school]
        Pull of each school; 1 for shares by rooms and distance alone.
    """
    spans = roster.spans_in(year)
    taken = teaches(roster, FIRST_JUNIOR, year)
    in_span = (spans.grade_from <= FIRST_JUNIOR) & (spans.grade_to >= FIRST_JUNIOR)
    named = receivers(roster, FIRST_JUNIOR, year)
    merged = np.flatnonzero(in_span & (spans.closes <= year) & (named >= 0))
    weight = _gravity(feeder) * pull[None]
    weight[:, ~taken & ~np.isin(np.arange(len(taken)), merged)] = 0.0
    for school in merged.tolist():
        weight[:, named[school]] += weight[:, school]
        weight[:, school] = 0.0
    weight[~spans.is_ordinary] = 0.0
    total = weight.sum(axis=1)
    stays = 1.0 if np.isnan(feeder.grade_7_per_6) else min(feeder.grade_7_per_6, 1.0)
    share = stays * over(weight, np.broadcast_to(total[:, None], weight.shape))
    own = np.flatnonzero(~spans.is_ordinary & in_span & is_open(roster, year))
    share[own, own] = 1.0
    return share, np.asarray(~share.any(axis=1))


def fed(now: Floats, feeding: Feeding) -> tuple[float, float, float]:
    """Return how many of grade 6 go on within the county, how many leave it, and how many join from elsewhere [person].

    Those who can reach no junior school are in none of the three.
    """
    sixth = now[:, LAST_PRIMARY - 1]
    going = feeding.share.T @ sixth
    stays = float(going.sum())
    return stays, float(sixth[~feeding.cut_off].sum()) - stays, float((going * (feeding.inflow - 1.0)).sum())
