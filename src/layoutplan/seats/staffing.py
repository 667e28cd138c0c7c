"""Posts every school needs: by pupils, and in small schools at least by classes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutplan.county.tables import STAGES
from layoutplan.norms import Norms

_TINY = 1e-9


def count_posts(schools: pd.DataFrame, enrolment: pd.DataFrame, *, norms: Norms) -> pd.DataFrame:
    """Count the posts of every school beside the staff it has.

    Parameters
    ----------
    schools : DataFrame
        ``school_id, name, kind, setting, township_id, staff`` [person].
    enrolment : DataFrame
        ``school_id, stage, pupils`` [person], ``classes`` [class] of one year; several rows of a school and
        stage (its grades) are added up.
    norms : Norms
        ``staffing.pupils_per_post``, ``staffing.posts_per_class``, ``staffing.posts_min``, ``school_size.small``.

    Returns
    -------
    DataFrame
        ``school_id`` (key, sorted), ``name, kind, setting, township_id``, ``pupils``, ``classes``,
        ``posts_by_pupils`` and ``posts_by_classes`` [post, real], ``posts`` [post, whole], ``floor_binds`` (whether
        classes or the minimum, not pupils, decided), ``staff`` [person] and ``short`` [post] (posts without a
        person, negative where there are more; both missing where staff was not reported). Special schools are
        not staffed by these ratios and are left out, as are schools without pupils.

    Notes
    -----
    A school's stages are added up before rounding up once. The floor by classes holds below
    ``school_size.small`` pupils only; it is a guide that the county has to set.
    """
    ordinary = schools[schools["kind"] != "special"].set_index("school_id")
    taught = enrolment[enrolment["school_id"].isin(ordinary.index)].groupby(["school_id", "stage"])
    by_stage = taught[["pupils", "classes"]].sum().astype(float).reset_index()
    ratio = by_stage["stage"].map({s: norms.value(f"staffing.pupils_per_post.{s}") for s in STAGES}).astype(float)
    each = by_stage["stage"].map({s: norms.value(f"staffing.posts_per_class.{s}") for s in STAGES}).astype(float)
    by_stage["posts_by_pupils"] = by_stage["pupils"] / ratio
    by_stage["posts_by_classes"] = by_stage["classes"] * each
    frame = by_stage.groupby("school_id")[["pupils", "classes", "posts_by_pupils", "posts_by_classes"]].sum()
    frame = frame[frame["pupils"] > 0]
    small = (frame["pupils"] < norms.value("school_size.small")).to_numpy(bool)
    floor = np.where(small, frame["posts_by_classes"], 0.0)
    floor = np.maximum(floor, norms.value("staffing.posts_min"))
    by_pupils = np.ceil(frame["posts_by_pupils"].to_numpy(float) - _TINY)
    posts = np.maximum(by_pupils, np.ceil(floor - _TINY))
    about = ordinary.loc[frame.index]
    staff = about["staff"].astype("Int64")
    frame = frame.assign(
        posts=posts.astype(int), floor_binds=posts > by_pupils, staff=staff, short=posts.astype(int) - staff
    )
    named = about[["name", "kind", "setting", "township_id"]].join(frame)
    return pd.DataFrame(named.rename_axis("school_id").sort_index().reset_index())
