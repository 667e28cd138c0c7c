"""Test the forecast on a history: roll the origin over every usable year and compare with what came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.county.layers import read_county
from layoutplan.errors import DataError, Problem
from layoutplan.labels import Lang, label
from layoutplan.seats.entries import LEAST_COMPARED
from layoutplan.seats.forecast import LEAST_YEARS, Cast, roll
from layoutplan.seats.guesses import HORIZONS
from layoutplan.seats.history import History, county_history, make_history, read_history

METHODS = ("ours", "last_year", "grade_progression")
LEVELS = ("school", "district")
COLUMNS = ("level", "horizon", "method", "n", "mape", "bias", "coverage80")


@dataclass(frozen=True, eq=False)
class Backtest:
    """How far off forecasts were.

    Parameters
    ----------
    frame : DataFrame
        ``level, horizon, method`` (key), ``n`` cases, ``mape`` (mean of |forecast - actual| / actual, as a share),
        ``bias`` (mean of (forecast - actual) / actual, above 0 is too high), ``coverage80`` (share of actual values
        inside the 80 % band; only ``ours`` has a band). Missing where there is no case.
    left_out : mapping
        By horizon, the school cases not counted because the school was not open, or not known, at both the origin
        and the target.
    first_origin, last_origin : int
        School years.
    notices : tuple of Problem
        What is unknown in the history, and births that had no effect.
    """

    frame: pd.DataFrame
    left_out: dict[int, int]
    first_origin: int
    last_origin: int
    notices: tuple[Problem, ...]


def backtest(enrolment: pd.DataFrame | History, births: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return how far off the forecast and two plain methods were, by level and horizon.

    Parameters
    ----------
    enrolment : DataFrame or History
        ``school_id, year, grade, pupils``, or a history already made.
    births : DataFrame, optional
        ``year, births``; only with a table.

    Returns
    -------
    DataFrame
        ``level, horizon, method, n, mape, bias, coverage80``; see :class:`Backtest`.

    Raises
    ------
    DataError
        The tables are at fault, or the history has fewer than five years.
    """
    history = enrolment if isinstance(enrolment, History) else make_history(enrolment, births)
    return run_backtest(history).frame


def backtest_file(source: Path, births: Path | None = None) -> Backtest:
    """Back-test a county (``county.toml`` or its folder) or a table of enrolment.

    Raises
    ------
    DataError
        The files are at fault, or births are given beside a county, which has its own.
    """
    if not (source.is_dir() or source.suffix.lower() == ".toml"):
        return run_backtest(read_history(source, births))
    if births is not None:
        raise DataError([Problem("births_twice", "births", field="--births", values={"file": births.name})])
    return run_backtest(county_history(read_county(source)))


def run_backtest(history: History) -> Backtest:
    """Roll the origin over every year with at least four years of history and one year after it.

    Notes
    -----
    A school is counted at a horizon if it is open and known both at the origin and at the target. The district is
    counted if every open school is known in both years; schools that opened since are part of its actual total.
    """
    casts = roll(history)
    tested = casts[:-1]
    if not tested:
        values = {"years": len(history.years), "least": LEAST_YEARS + 1}
        raise DataError([Problem("history_short", "enrolment", field="year", values=values)])
    cases = pd.concat([case for cast in tested for case in _cases(history, cast)], ignore_index=True)
    left_out = {step + 1: sum(_left_out(history, cast, step) for cast in tested) for step in range(HORIZONS)}
    origins = [int(history.years[cast.origin]) for cast in tested]
    notices = list(history.notices)
    if history.births and not any(cast.guess.has_births for cast in tested):
        values = {"least": LEAST_COMPARED, "age": history.entry_age}
        notices.append(Problem("births_idle", "births", field="year", values=values))
    return Backtest(_summary(cases), left_out, origins[0], origins[-1], tuple(notices))


def _cases(history: History, cast: Cast) -> Iterator[pd.DataFrame]:
    """Yield forecasts beside what came, of one origin, by level and horizon."""
    totals = history.totals
    now = np.nan_to_num(totals[:, cast.origin]) > 0
    for step in range(min(HORIZONS, len(history.years) - 1 - cast.origin)):
        came = totals[:, cast.origin + step + 1]
        stood = now & (np.nan_to_num(came) > 0)
        plain = cast.guess.school[:2, stood, step].sum(axis=2)
        forecasts = np.vstack([cast.scaled[stood, step], plain])
        bands = np.vstack([cast.total_low[stood, step], cast.total_high[stood, step]])
        yield _case("school", step, came[stood], forecasts, bands)
        if not np.isnan(totals[:, [cast.origin, cast.origin + step + 1]]).any() and came.sum() > 0:
            forecasts = np.r_[cast.district[step], cast.guess.district[:2, step].sum(axis=1)][:, None]
            bands = np.array([[cast.district_low[step]], [cast.district_high[step]]])
            yield _case("district", step, came.sum(keepdims=True), forecasts, bands)


def _left_out(history: History, cast: Cast, step: int) -> int:
    """Return the schools that are open, or unknown, in only one of the origin and the target."""
    if cast.origin + step + 1 >= len(history.years):
        return 0
    now, later = history.totals[:, cast.origin], history.totals[:, cast.origin + step + 1]
    there = np.stack([np.isnan(now) | (now > 0), np.isnan(later) | (later > 0)])
    counted = (np.nan_to_num(now) > 0) & (np.nan_to_num(later) > 0)
    return int((there.any(axis=0) & ~counted).sum())


def _case(level: str, step: int, actual: Floats, forecasts: Floats, bands: Floats) -> pd.DataFrame:
    errors = dict(zip(METHODS, forecasts / actual - 1.0, strict=True))
    inside = (actual >= bands[0]) & (actual <= bands[1])
    return pd.DataFrame({"level": level, "horizon": step + 1, "inside": inside, **errors})


def _summary(cases: pd.DataFrame) -> pd.DataFrame:
    """Return counts, mean errors and coverage by level, horizon and method; every combination has a row."""
    rows = []
    for level in LEVELS:
        for horizon in range(1, HORIZONS + 1):
            here = cases[(cases["level"] == level) & (cases["horizon"] == horizon)]
            covered = float(here["inside"].mean()) if len(here) else np.nan
            for method in METHODS:
                error = here[method].to_numpy(float)
                means = (float(np.abs(error).mean()), float(error.mean())) if len(error) else (np.nan, np.nan)
                rows.append((level, horizon, method, len(error), *means, covered if method == "ours" else np.nan))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def lines_of(tested: Backtest, lang: Lang) -> list[str]:
    """Return a back-test in words: what was counted, then a line for every level and horizon that has cases."""
    mape = tested.frame.set_index(["level", "horizon", "method"])["mape"].to_dict()
    ours = tested.frame[(tested.frame["method"] == "ours") & (tested.frame["n"] > 0)]
    words = {
        "first": tested.first_origin, "last": tested.last_origin, "least": LEAST_YEARS,
        "kept": int(ours.loc[ours["level"] == "school", "n"].sum()), "left_out": sum(tested.left_out.values()),
    }  # fmt: skip
    lines = [label("cli.backtest_done", lang, **words)]
    for level, horizon, covered in zip(ours["level"], ours["horizon"], ours["coverage80"], strict=True):
        errors = {method: f"{float(mape[level, horizon, method]):.1%}" for method in METHODS}
        name = label(f"level.{level}", lang)
        lines.append(label("cli.backtest_line", lang, level=name, horizon=horizon, coverage=f"{covered:.0%}", **errors))
    return lines
