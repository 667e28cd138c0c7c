"""Schools that could lodge the far pupils of a rung: free beds, and the weekly way there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutplan.plan.bus import minutes_between
from layoutplan.plan.rungs import Rung, boarders_now
from layoutplan.seats.roster import state_in, teaches

_TINY = 1e-9
_COLUMNS = (
    "group", "school_id", "name", "same_township", "is_receiver", "boarders", "beds_needed", "beds_free", "beds_short",
    "unreached", "minutes_mean", "minutes_longest", "limit", "clause", "verified", "fits",
)  # fmt: skip


def boarding_schools(rung: Rung) -> pd.DataFrame:
    """Hold the boarders of a rung against every boarding school, whichever school the plan gives them.

    Parameters
    ----------
    rung : Rung
        A rung on which far pupils board.

    Returns
    -------
    DataFrame
        ``group, school_id`` (key, sorted): schools that teach all grades of the group's boarders in the year, and have
        beds or are their receiver; ``name``, ``same_township``, ``is_receiver``, ``boarders`` [person] (of the group),
        ``beds_needed``, ``beds_free`` and ``beds_short`` [bed] (as before the rung adds any; missing where not known),
        ``unreached`` [person] (no way by road), ``minutes_mean``, ``minutes_longest`` (by road, one way, once a week;
        missing where there is no way), ``limit`` [min one way], ``clause``, ``verified``, and ``fits``: beds for all of
        the group and everybody there within the limit (boolean, missing where the beds are not known).
    """
    ground = rung.ground
    keep, year = ground.keep, ground.year
    boarding = rung.pupils[rung.pupils["boards"]]
    schools = state_in(keep.roster, year).set_index("school_id")
    rows = []
    for group, part in boarding.groupby("group", sort=True):
        taught = np.all([teaches(rung.plan.roster, int(grade), year) for grade in part["grade"].unique()], axis=0)
        receives = schools.index.isin(part["school_id"])
        has_beds = schools["boarding_beds"].fillna(0).to_numpy(float) > 0
        for school_id in sorted(schools.index[taught & (has_beds | receives)]):
            rows.append(_held(rung, str(group), part, school=schools.loc[school_id]))
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return frame.astype({"fits": "boolean"})


def _held(rung: Rung, group: str, part: pd.DataFrame, *, school: pd.Series) -> dict[str, object]:
    ground, norms = rung.ground, rung.ground.norms
    school_id, limit = str(school.name), norms[f"travel.limit_minutes_boarding.{group}"]
    home = ground.keep.roster.schools.set_index("school_id").loc[ground.school_id, "township_id"]
    minutes = minutes_between(ground.drive, part["place_id"], pd.Series(school_id, index=part.index))
    weight, known = part["pupils"].to_numpy(float), np.isfinite(minutes)
    driven, per_bed = float(weight[known].sum()), norms.value("boarding.beds_per_boarder")
    need = int(np.ceil(float(weight.sum()) * per_bed - _TINY))
    beds = school["boarding_beds"]
    free = np.nan if pd.isna(beds) else float(beds) - boarders_now(ground.keep, school_id) * per_bed
    in_time = bool(known.all() and (minutes <= limit.value + _TINY).all())
    return {
        "group": group, "school_id": school_id, "name": school["name"],
        "same_township": bool(school["township_id"] == home),
        "is_receiver": bool((part["school_id"] == school_id).any()),
        "boarders": float(weight.sum()), "beds_needed": need, "beds_free": free,
        "beds_short": float(np.maximum(need - free, 0.0)), "unreached": float(weight[~known].sum()),
        "minutes_mean": float((weight[known] * minutes[known]).sum() / driven) if driven > 0 else np.nan,
        "minutes_longest": float(minutes[known].max()) if known.any() else np.nan,
        "limit": float(limit.value), "clause": limit.clause, "verified": limit.verified,
        "fits": False if not in_time else pd.NA if np.isnan(free) else bool(free >= need),
    }  # fmt: skip
