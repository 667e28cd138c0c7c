"""The few numbers by which plans are compared, year by year, each with its unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.county.tables import GRADES_OF_GROUP, STAGES
from layoutplan.seats.checks.cubes import summed
from layoutplan.seats.checks.evidence import HAIR, Evidence
from layoutplan.seats.diagnosis import Findings
from layoutplan.seats.roster import state_by_year
from layoutplan.seats.ways import limit_of

_CLASS_RULES = ("class_over_norm", "class_large", "class_extra_large")
# Name, unit, years and values.
_Series = tuple[str, str, Ints, Floats]


def count_indicators(evidence: Evidence, standing: Findings) -> pd.DataFrame:
    """Count what planners are held to.

    Parameters
    ----------
    evidence : Evidence
        Every step of the plan; ranges of the enrolment are not looked at.
    standing : Findings
        What was found in the base year, which no scenario changes.

    Returns
    -------
    DataFrame
        ``indicator, year`` (key, sorted), ``value``, ``unit``. Classes of the base year are single
        classes as counted; later ones are a grade's pupils spread evenly over its classes.
        ``pupils_over_limit`` is of grades 1-3; ``pupils_over_limit_<group>`` stands beside it where the policy
        states how the group travels.
    """
    parts = (_classes(evidence, standing), _schools(evidence), _seats(evidence), _travel(evidence))
    series = sorted((one for part in parts for one in part), key=lambda one: one[0])
    lengths = [len(values) for _, _, _, values in series]
    return pd.DataFrame(
        {
            "indicator": np.repeat([name for name, _, _, _ in series], lengths),
            "year": np.concatenate([years for _, _, years, _ in series]).astype(int),
            "value": np.concatenate([values for _, _, _, values in series]).astype(float),
            "unit": np.repeat([unit for _, unit, _, _ in series], lengths),
        }
    )


def _classes(evidence: Evidence, standing: Findings) -> Iterator[_Series]:
    """Classes over the norm by band; the bands do not overlap."""
    frame, facts, years = evidence.enrolment.frame, evidence.facts, evidence.years
    junior = (frame["grade"].to_numpy() > GRADES_OF_GROUP["grades_4_6"][-1]).astype(int)
    limits = [np.array([facts.class_norms[stage] for stage in STAGES])[junior] + HAIR]
    limits += [np.full(len(frame), facts.norms.value(f"class_size.{name}") - HAIR) for name in ("large", "extra_large")]
    over = np.stack(limits) < frame["class_size"].to_numpy(float)
    # The highest band a class is in; a row beyond the last says it is in none.
    band = np.where(over.any(axis=0), len(limits) - 1 - over[::-1].argmax(axis=0), len(limits))
    total = np.zeros((len(limits) + 1, len(years)))
    year = np.searchsorted(years, frame["year"].to_numpy(np.int64))
    np.add.at(total, (band, year), frame["classes"].to_numpy(float))
    counted = Counter(standing.frame["rule"].to_numpy(object))
    for number, rule in enumerate(_CLASS_RULES):
        total[number, years == facts.base_year] = counted[rule]
        yield rule.replace("class_", "classes_", 1), "class", years, total[number]


def _schools(evidence: Evidence) -> Iterator[_Series]:
    roster, norms, years = evidence.roster, evidence.facts.norms, evidence.years
    kind = state_by_year(roster, "kind", years)[:, (roster.schools["kind"] != "special").to_numpy(bool)]
    known = {name: f"school_size.{name}" for name in np.unique(kind.astype(str))}
    limits = {name: norms.value(key) if key in norms else np.inf for name, key in known.items()}
    limit = np.vectorize(limits.__getitem__, otypes=[float])(kind)
    over = limit < evidence.cubes.pupils.sum(axis=1).T
    yield "schools_over_size", "school", years, over.sum(axis=1).astype(float)
    yield "schools_vacant", "school", years[:1], np.array([float(evidence.facts.vacant.sum())])
    yield "shell_candidates", "school", years[:1], np.array([float(evidence.shells.sum())])


def _seats(evidence: Evidence) -> Iterator[_Series]:
    demand, seats, gap = (evidence.local[name] for name in ("demand", "seats", "gap"))
    for number, stage in enumerate(STAGES):
        yield f"pupils_{stage}", "person", evidence.years, demand[:, number].sum(axis=0)
        yield f"seats_{stage}", "seat", evidence.years, seats[:, number].sum(axis=0)
        yield f"seat_gap_{stage}", "seat", evidence.years, np.maximum(gap[:, number], 0.0).sum(axis=0)


def _travel(evidence: Evidence) -> Iterator[_Series]:
    flows, years, left = evidence.flows, evidence.years, evidence.assignment.unplaced
    where = np.searchsorted(years, left["year"].to_numpy(np.int64))
    yield "pupils_unplaced", "person", years, summed(left["pupils"].to_numpy(float), (where,), years.shape)
    for number, stage in enumerate(STAGES):
        pupils = np.where(flows.stage == number, flows.pupils, 0.0)
        total = summed(pupils, (flows.year,), years.shape)
        some = total > 0
        weighted = summed(pupils * flows.minutes, (flows.year,), years.shape)
        yield f"mean_minutes_{stage}", "min", years[some], weighted[some] / total[some]
    for group, grades in GRADES_OF_GROUP.items():
        limit = limit_of(evidence.policy, group, evidence.facts.norms)
        if limit is not None:
            over = np.isin(flows.grade, grades) & (flows.minutes > limit.value) & ~flows.rides
            name = "pupils_over_limit" if group == "grades_1_3" else f"pupils_over_limit_{group}"
            yield name, "person", years, summed(flows.pupils[over], (flows.year[over],), years.shape)
