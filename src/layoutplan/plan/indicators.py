"""The few numbers by which plans are compared, year by year, each with its unit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutplan.county.tables import GRADES_OF_GROUP, STAGES
from layoutplan.norms import Norms
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.diagnosis import Findings
from layoutplan.seats.rollforward import Enrolment
from layoutplan.seats.settings import Policy
from layoutplan.seats.supply import Roster, facts_of
from layoutplan.seats.ways import limit_of

_CLASS_RULES = ("class_over_norm", "class_large", "class_extra_large")


def count_indicators(
    enrolment: Enrolment,
    assignment: Assignment,
    balance: pd.DataFrame,
    findings: Findings,
    *,
    roster: Roster,
    norms: Norms,
) -> pd.DataFrame:
    """Count what planners are held to.

    Parameters
    ----------
    enrolment, assignment, balance, findings
        Steps of the plan.
    roster : Roster
        Kinds of the schools.
    norms : Norms
        Limits.

    Returns
    -------
    DataFrame
        ``indicator, year`` (key, sorted), ``value``, ``unit``. Classes of the base year are single
        classes as counted; later ones are a grade's pupils spread evenly over its classes.
    """
    parts = [
        _classes(enrolment, findings, norms), _schools(enrolment, findings, roster, norms), _seats(balance),
        _travel(assignment),
    ]  # fmt: skip
    return _in_order(parts)


def with_limits(counted: pd.DataFrame, assignment: Assignment, *, policy: Policy, norms: Norms) -> pd.DataFrame:
    """Return the indicators with the pupils over the limit of every group that is held to one.

    Parameters
    ----------
    counted : DataFrame
        From :func:`count_indicators`.
    assignment : Assignment
        Who travels how long.
    policy : Policy
        How each group travels.
    norms : Norms
        Limits.

    Returns
    -------
    DataFrame
        ``pupils_over_limit`` (grades 1-3), and ``pupils_over_limit_<group>`` where the policy states
        how the group travels, more.
    """
    flows = assignment.flows
    years = pd.Index(sorted({*flows["year"], *assignment.unplaced["year"]}), name="year")
    parts = [counted]
    for group, grades in GRADES_OF_GROUP.items():
        limit = limit_of(policy, group, norms)
        if limit is not None:
            over = flows[flows["grade"].isin(grades) & (flows["minutes"] > limit.value)]
            values = over.groupby("year")["pupils"].sum().reindex(years).fillna(0.0)
            name = "pupils_over_limit" if group == "grades_1_3" else f"pupils_over_limit_{group}"
            parts.append(_series(name, values, "person"))
    return _in_order(parts)


def _in_order(parts: list[pd.DataFrame]) -> pd.DataFrame:
    frame = pd.concat(parts, ignore_index=True)
    return frame.sort_values(["indicator", "year"], ignore_index=True)[["indicator", "year", "value", "unit"]]


def _series(indicator: str, values: pd.Series, unit: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"indicator": indicator, "year": values.index.astype(int), "value": values.to_numpy(float), "unit": unit}
    )


def _classes(enrolment: Enrolment, findings: Findings, norms: Norms) -> pd.DataFrame:
    """Classes over the norm by band; the bands do not overlap."""
    frame = enrolment.frame
    base = int(frame["year"].min())
    limit = frame["stage"].map({stage: norms.value(f"class_size.{stage}") for stage in STAGES}).astype(float)
    size = frame["class_size"].to_numpy(float)
    large, extra = norms.value("class_size.large"), norms.value("class_size.extra_large")
    # A mean of 45.0000001 from floating arithmetic is no class over 45.
    band = np.select([size > extra - 1e-6, size > large - 1e-6, size > limit.to_numpy() + 1e-6], [2, 1, 0], default=-1)
    years = pd.Index(sorted(frame["year"].unique()), name="year")
    counted = findings.frame[findings.frame["year"] == base].groupby("rule").size()
    parts = []
    for number, rule in enumerate(_CLASS_RULES):
        values = frame[band == number].groupby("year")["classes"].sum().reindex(years).fillna(0.0).astype(float)
        values.loc[base] = float(counted.get(rule, 0))
        parts.append(_series(rule.replace("class_", "classes_", 1), values, "class"))
    return pd.concat(parts, ignore_index=True)


def _schools(enrolment: Enrolment, findings: Findings, roster: Roster, norms: Norms) -> pd.DataFrame:
    frame = enrolment.frame
    years = pd.Index(sorted(frame["year"].unique()), name="year")
    total = frame.groupby(["year", "school_id"])["pupils"].sum().reset_index()
    kind = facts_of(roster, "kind", total)
    limit = kind.map(lambda name: norms.value(f"school_size.{name}") if f"school_size.{name}" in norms else np.inf)
    over = total[total["pupils"] > limit.astype(float)].groupby("year").size().reindex(years).fillna(0)
    rules = findings.frame.groupby("rule").size()
    base = years[:1]
    parts = [_series("schools_over_size", over, "school")]
    for indicator, rule in (("schools_vacant", "school_vacant"), ("shell_candidates", "shell_candidate")):
        parts.append(_series(indicator, pd.Series([rules.get(rule, 0)], index=base), "school"))
    return pd.concat(parts, ignore_index=True)


def _seats(balance: pd.DataFrame) -> pd.DataFrame:
    parts = []
    short = balance.assign(gap=balance["gap"].clip(lower=0.0))
    for stage in STAGES:
        mine = short[short["stage"] == stage].groupby("year")
        parts.append(_series(f"pupils_{stage}", mine["demand"].sum(), "person"))
        parts.append(_series(f"seats_{stage}", mine["seats"].sum(), "seat"))
        parts.append(_series(f"seat_gap_{stage}", mine["gap"].sum(), "seat"))
    return pd.concat(parts, ignore_index=True)


def _travel(assignment: Assignment) -> pd.DataFrame:
    flows, unplaced = assignment.flows, assignment.unplaced
    years = pd.Index(sorted({*flows["year"], *unplaced["year"]}), name="year")
    left = unplaced.groupby("year")["pupils"].sum().reindex(years).fillna(0.0)
    parts = [_series("pupils_unplaced", left, "person")]
    for stage in STAGES:
        mine = flows[flows["stage"] == stage]
        weighted = (mine["minutes"] * mine["pupils"]).groupby(mine["year"]).sum()
        mean = weighted / mine.groupby("year")["pupils"].sum()
        parts.append(_series(f"mean_minutes_{stage}", mean.reindex(years).dropna(), "min"))
    return pd.concat(parts, ignore_index=True)
