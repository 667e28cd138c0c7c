"""What a family sees: the school, the way and the class of a place's children, year by year, in two plans."""

from __future__ import annotations

import pandas as pd

from layoutplan.county.tables import GRADES_OF_GROUP, GROUP_OF_GRADE
from layoutplan.errors import Problem, ScenarioError
from layoutplan.plan.planning import PlanResult

_KEY = ["year", "group"]
_ORDER = [*_KEY, "plan", "rank"]


def view_household(before: PlanResult, after: PlanResult, *, place_id: str) -> pd.DataFrame:
    """Show the schools of one place before and after.

    Parameters
    ----------
    before, after : PlanResult
        Plans of one county.
    place_id : str
        Where the family lives.

    Returns
    -------
    DataFrame
        ``year, group, plan, rank`` (key, sorted; ``group`` is ``grades_1_3``, ``grades_4_6`` or ``grades_7_9``,
        ``plan`` is ``before`` or ``after``, ``rank`` 1 is the school of most pupils, ties to the smaller id),
        ``school_id``, ``name`` (missing for pupils without a school), ``reason`` (why they have none),
        ``pupils`` [person], ``minutes``, ``metres`` (one way), ``class_size`` [person/class], ``changed``:
        whether the plan's school of that rank is another than the other plan's. A group without pupils in a
        year has one row with 0 and no school.

    Raises
    ------
    ScenarioError
        No place has this id.

    Notes
    -----
    The school is the one that pupils living there are given in that year. Whoever already goes to another
    stays in it as classes move up, unless it closes. ``class_size`` is that of the school's grades of the
    group, all their pupils over all their classes; it is missing where the school has none of them yet.
    """
    if place_id not in set(before.prepared.county.places["place_id"]):
        raise ScenarioError([Problem("place_unknown", "household", field="place_id", values={"value": place_id})])
    years = sorted(set(before.supply.frame["year"]) & set(after.supply.frame["year"]))
    sides = []
    for side, plan in (("before", before), ("after", after)):
        sides.append(_seen(plan, place_id, years).assign(plan=side))
    frame = pd.concat(sides, ignore_index=True)
    ids = frame["school_id"].fillna("").astype(str)
    schools = frame.assign(school=ids).groupby([*_KEY, "rank"])["school"]
    # Both plans have a row of this rank and name one school, or something changed.
    changed = (schools.transform("nunique") > 1) | (schools.transform("size") < 2)
    frame = frame.assign(changed=changed)
    # "before" comes first, as in reading.
    plans = pd.Categorical(frame["plan"], ["before", "after"], ordered=True)
    frame = frame.assign(_plan=plans).sort_values([*_KEY, "_plan", "rank"], ignore_index=True)
    columns = ["school_id", "name", "reason", "pupils", "minutes", "metres", "class_size", "changed"]
    return frame[[*_ORDER, *columns]]


def _seen(plan: PlanResult, place_id: str, years: list[int]) -> pd.DataFrame:
    """Return the schools of a place in one plan, ranked, every year and group at least once."""
    flows, unplaced = plan.assignment.flows, plan.assignment.unplaced
    mine = flows[flows["place_id"] == place_id].assign(reason="")
    left = unplaced[unplaced["place_id"] == place_id].assign(school_id="", minutes=float("nan"), metres=float("nan"))
    columns = ["year", "grade", "school_id", "reason", "pupils", "minutes", "metres"]
    rows = pd.concat([part[columns] for part in (mine, left) if len(part)] or [mine[columns]], ignore_index=True)
    rows = rows.assign(group=rows["grade"].map(GROUP_OF_GRADE))
    rows = rows.assign(minutes=rows["minutes"] * rows["pupils"], metres=rows["metres"] * rows["pupils"])
    key = [*_KEY, "school_id", "reason"]
    # A sum of missing ways stays missing: nobody travels there.
    total = rows.groupby(key, as_index=False)[["pupils", "minutes", "metres"]].sum(min_count=1)
    total[["minutes", "metres"]] = total[["minutes", "metres"]].div(total["pupils"], axis=0)
    total = total.merge(_class_sizes(plan), on=[*_KEY, "school_id"], how="left")
    every = pd.DataFrame([(year, group) for year in years for group in GRADES_OF_GROUP], columns=_KEY)
    full = every.merge(total, on=_KEY, how="left").assign(most=lambda frame: -frame["pupils"].round(6))
    full = full.sort_values([*_KEY, "most", "school_id"], ignore_index=True)
    names = plan.roster.schools.set_index("school_id")["name"]
    ids = full["school_id"].astype(object)
    return full.assign(
        rank=full.groupby(_KEY).cumcount() + 1, pupils=full["pupils"].fillna(0.0),
        school_id=ids.where(ids.notna() & (ids != ""), None), name=ids.map(names), reason=full["reason"].fillna(""),
    ).drop(columns="most")  # fmt: skip


def _class_sizes(plan: PlanResult) -> pd.DataFrame:
    """Return the pupils a class of every school's groups."""
    frame = plan.enrolment.frame
    frame = frame[frame["pupils"] > 0].assign(group=frame["grade"].map(GROUP_OF_GRADE))
    total = frame.groupby([*_KEY, "school_id"], as_index=False)[["pupils", "classes"]].sum()
    size = total["pupils"] / total["classes"].where(total["classes"] > 0)
    return total.assign(class_size=size.astype(float))[[*_KEY, "school_id", "class_size"]]
