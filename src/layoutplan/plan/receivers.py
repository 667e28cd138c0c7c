"""The schools that would take the pupils of one that closes, looked at in every year after it, on the high side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutplan.plan.locks import Case
from layoutplan.seats.rollforward import fit_classes

# Fewer pupils more than before is the noise of adding.
_SOMEBODY = 0.05


def receivers_of(case: Case) -> pd.DataFrame:
    """Return every school that has more pupils, or is given children, because the school closes.

    Parameters
    ----------
    case : Case
        The school and both plans.

    Returns
    -------
    DataFrame
        See :class:`layoutplan.plan.closure.Gate`; the worst of all years from the closing year on.
    """
    gained = _gained(case)
    rows = [_receiver(case, school_id, gained) for school_id in sorted(gained.index)]
    names = ("school_id", "name", "pupils", "minutes", "class_size_p90", "class_limit", "class_year", "school_p90",
             "school_limit", "school_year", "classes_over_now")  # fmt: skip
    return pd.DataFrame(rows, columns=list(names))


def _gained(case: Case) -> pd.Series:
    """Return the most pupils each receiver gains in any year, by residence or on its roll."""
    homes = case.changed.dropna(subset=["receiver", "origin"]).groupby(["receiver", "year"])["pupils"].sum()
    roll = [
        plan.enrolment.frame[plan.enrolment.frame["year"] >= case.year].groupby(["school_id", "year"])["pupils"].sum()
        for plan in (case.after, case.before)
    ]
    more = roll[0].sub(roll[1], fill_value=0.0)
    more = more[more > _SOMEBODY]
    both = pd.concat([homes.rename_axis(["school_id", "year"]), more])
    most = both.groupby(level="school_id").max()
    found: pd.Series = most[(most > _SOMEBODY) & (most.index != case.school_id)]
    return found


def _receiver(case: Case, school_id: str, gained: pd.Series) -> dict[str, object]:
    norms, plan = case.norms, case.after
    schools = plan.roster.schools.set_index("school_id")
    frame = plan.enrolment.frame
    mine = frame[(frame["school_id"] == school_id) & (frame["year"] >= case.year)]
    size, limit, year = _fullest(case, school_id, mine)
    total = mine.groupby("year")["p90"].sum(min_count=1)
    key = f"school_size.{schools.loc[school_id, 'kind']}"
    way = case.changed.loc[case.changed["receiver"] == school_id, "minutes_after"]
    over = case.before.prepared.facts.classes
    over = over[(over["school_id"] == school_id) & (over["pupils"] > over["norm"])]
    return {
        "school_id": school_id, "name": schools.loc[school_id, "name"], "pupils": float(gained[school_id]),
        "minutes": float(way.max()) if len(way) else np.nan, "class_size_p90": size, "class_limit": limit,
        "class_year": year, "school_p90": float(total.max(skipna=False)),
        "school_limit": norms.value(key) if key in norms else np.inf,
        "school_year": _year_of_most(total, case.year),
        "classes_over_now": len(over),
    }  # fmt: skip


def _year_of_most(total: pd.Series, otherwise: int) -> int:
    """Return the first year of the largest total; another where totals are not known."""
    if total.empty or total.isna().any():
        return otherwise
    return int(total.index.to_numpy(np.int64)[int(total.to_numpy(float).argmax())])


def _fullest(case: Case, school_id: str, mine: pd.DataFrame) -> tuple[float, float, int]:
    """Return the fullest class of any later year at P90, as far as the rooms allow, its limit and its year."""
    rooms = case.after.supply.frame.set_index(["school_id", "stage", "year"])["rooms"]
    worst = (0.0, np.inf, case.year)
    for key, part in mine.groupby(["year", "stage"]):
        year, stage = int(str(key[0])), str(key[1])
        limit = float(case.norms.value(f"class_size.{stage}"))
        pupils = part["p90"].to_numpy(float)
        if np.isnan(pupils).any():
            return np.nan, limit, year
        wanted = np.ceil(pupils / limit - 1e-9).astype(np.int64).clip(min=1)
        have = rooms.get((school_id, stage, year), 0.0)
        classes = fit_classes(pupils, wanted, int(have))
        size = float((pupils / classes).max())
        if size - limit > worst[0] - worst[1]:
            worst = (size, limit, year)
    return worst
