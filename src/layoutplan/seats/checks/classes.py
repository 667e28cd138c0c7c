"""Single classes against their norm, and classes to come of which only grade totals are known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.county.tables import STAGES
from layoutplan.seats.checks.cubes import breaches, stage_rows
from layoutplan.seats.checks.evidence import Evidence, Facts, Found


def find_standing(facts: Facts) -> Iterator[Found]:
    """Look at every class of the base year.

    Parameters
    ----------
    facts : Facts
        The county as it is.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    yield from _single_classes(facts)
    yield from _unequal(facts)
    yield from _tiny(facts)


def find(evidence: Evidence) -> Iterator[Found]:
    """Look at every class of the base year and every grade of the years after.

    Parameters
    ----------
    evidence : Evidence
        The plan so far.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    yield from _ahead(evidence)


def _single_classes(facts: Facts) -> Iterator[Found]:
    """Every single class over its norm, in the band it falls into (law 9)."""
    classes, norms = facts.classes, facts.norms
    pupils = classes["pupils"].to_numpy(float)
    bands = [pupils >= norms.value("class_size.extra_large"), pupils >= norms.value("class_size.large")]
    over = pupils > classes["norm"].to_numpy(float)
    band = np.select(bands, ["class_extra_large", "class_large"], default="class_over_norm")
    rows = _class_rows(classes, facts).assign(limit=classes["norm"].to_numpy(float))
    for code in ("class_over_norm", "class_large", "class_extra_large"):
        yield code, rows[over & (band == code)]
    design = norms.value("class_size.teaching_point")
    beyond = (classes["kind"] == "teaching_point").to_numpy() & (pupils > design) & ~over
    yield "class_over_design", rows[beyond].assign(limit=design)


def _class_rows(classes: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    parts = [classes[name].astype(str) for name in ("school_id", "grade", "class_no")]
    return pd.DataFrame(
        {
            "subject": parts[0] + "/" + parts[1] + "/" + parts[2], "year": facts.base_year,
            "measured": classes["pupils"].astype(float), "school_id": classes["school_id"], "stage": classes["stage"],
            "grade": classes["grade"], "class_no": classes["class_no"],
        }
    )  # fmt: skip


def _unequal(facts: Facts) -> Iterator[Found]:
    """Grades whose classes differ too much while none would need to be over the norm."""
    limit = facts.norms.value("class_size.spread")
    grades = facts.classes.groupby(["school_id", "grade"]).agg(
        total=("pupils", "sum"), count=("pupils", "size"), most=("pupils", "max"), least=("pupils", "min"),
        norm=("norm", "first"),
    )  # fmt: skip
    spread = grades["most"] - grades["least"]
    uneven = grades[(spread > limit) & (grades["most"] > grades["norm"])].reset_index()
    fits = uneven[uneven["total"] <= uneven["count"] * uneven["norm"]]
    each = fits.groupby("school_id").agg(grades=("grade", "size"), measured=("most", "max"))
    moving = facts.classes[["school_id", "grade", "pupils", "norm"]].merge(fits[["school_id", "grade"]])
    over = (moving["pupils"] - moving["norm"]).clip(lower=0).groupby(moving["school_id"]).sum()
    rows = each.join(over.rename("move")).reset_index()
    rows["measured"] = (fits["most"] - fits["least"]).groupby(fits["school_id"]).max().reindex(rows["school_id"]).array
    yield "classes_unequal", rows.assign(subject=rows["school_id"], year=facts.base_year, limit=limit)


def _tiny(facts: Facts) -> Iterator[Found]:
    """Schools so small that two grades could share a room and a teacher."""
    limit = facts.norms.value("class_size.multigrade")
    classes = facts.classes[facts.classes["stage"] == "primary"]
    each = classes.groupby("school_id")["pupils"].agg(["mean", "size", "sum"])
    small = each[(each["mean"] < limit) & (each["size"] > 1)].reset_index()
    paired = np.ceil(small["size"] / 2)
    rows = small.rename(columns={"mean": "measured", "size": "classes", "sum": "pupils"})
    yield (
        "classes_tiny",
        rows.assign(subject=rows["school_id"], year=facts.base_year, limit=limit, paired=paired),
    )


def _ahead(evidence: Evidence) -> Iterator[Found]:
    """Stages in which classes will be over the norm: from totals, so at least so many and no guess which."""
    cubes, facts = evidence.cubes, evidence.facts
    norms = np.array([facts.class_norms[stage] for stage in STAGES])
    large = np.full(len(STAGES), facts.norms.value("class_size.large"))
    for code, grades, limit in (
        ("class_over_norm_ahead", cubes.over, norms),
        ("class_large_ahead", cubes.large, large),
    ):
        found = breaches((grades > 0) & (cubes.years > facts.base_year), cubes.largest)
        measured = found.of(cubes.largest)
        yield (
            code,
            stage_rows(found, cubes, measured=measured, limit=limit[found.at[1]], at_least=found.of(grades)),
        )
