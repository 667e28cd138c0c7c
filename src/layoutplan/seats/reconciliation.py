"""Register, enrolment and field count side by side: where they differ, which is used, and why.

For a township the three are the resident children of a stage by the register (or what stands in for
it), the pupils of the stage in its schools, and the children counted on the spot. For a school they
are the pupils in its classes, its row in the enrolment history, and the pupils counted on the spot.

The rule of choice, the first that applies:

1. ``only_one``: one source speaks; it is taken.
2. ``agree``: all that speak agree within the tolerance; the first is taken: register, or ledger of classes.
3. ``field_confirms``: the field count agrees with the first; that is taken. Schools of a township also
   teach children who live elsewhere, so an enrolment that differs is no proof against the register.
4. ``two_against_one``: the field count agrees with another source against the first; it is taken.
5. ``no_field_count``: the sources differ and nobody counted; the first is taken and a count is due.
6. ``two_against_field``: register and enrolment of a township, which are kept by different offices, agree
   against the field count; the register is taken and the count is to be repeated.
7. ``field_differs``: a school's field count differs from its books; it was made on the spot and is taken.
8. ``all_differ``: all three of a township differ; the middle one is taken, and a new count is due.

Two numbers agree if they differ by no more than ``reconcile.tolerance_persons`` or by no more than
``reconcile.tolerance_share`` of the larger.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.access.network import Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import ENTRY_AGE, GRADES_OF_STAGE, STAGE_OF_GRADE, STAGES
from layoutplan.labels import LANGS, label
from layoutplan.norms import Norms
from layoutplan.seats.notes import Note
from layoutplan.seats.residents import Residents, count_residents

_COLUMNS = (
    "subject_kind", "subject", "stage", "name", "register", "ledger", "history", "field", "chosen", "chosen_from",
    "reason", "is_discrepancy", "text_zh", "text_en",
)  # fmt: skip


def reconcile(county: County, residents: Residents, *, norms: Norms) -> pd.DataFrame:
    """Set the counts of every township, and of every school that was counted, side by side.

    Parameters
    ----------
    county : County
        Classes, enrolment history and ``field_counts`` of the base year.
    residents : Residents
        Children of the base year.
    norms : Norms
        ``reconcile.tolerance_share`` and ``reconcile.tolerance_persons``.

    Returns
    -------
    DataFrame
        ``subject_kind`` (``school`` or ``township``), ``subject``, ``stage`` (key, sorted), ``name``,
        ``register``, ``ledger``, ``history``, ``field`` [person], missing where a source says nothing;
        ``chosen`` [person], ``chosen_from``, ``reason``, ``is_discrepancy``, ``text_zh``, ``text_en``.
        Schools are listed if they were counted on the spot or their history differs from their classes.
    """
    rows = [*_townships(county, residents, norms), *_schools(county, norms)]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"is_discrepancy": bool})
    return frame.sort_values(["subject_kind", "subject", "stage"], ignore_index=True)


def discrepancies(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of :func:`reconcile` whose sources do not agree and that no field count has settled."""
    return table[table["is_discrepancy"] & (table["reason"] != "field_confirms")].reset_index(drop=True)


def check_counts(county: County, norms: Norms) -> pd.DataFrame:
    """Return what a planner should look into: counts that differ and that no field count has settled.

    Returns
    -------
    DataFrame
        As :func:`discrepancies`; no rows in a county where nobody has counted on the spot.
    """
    table = reconcile(county, count_residents(county), norms=norms)
    return discrepancies(table) if len(county.field_counts) else table.iloc[:0]


def reconciled_children(county: County, residents: Residents, table: pd.DataFrame) -> tuple[Residents, list[Note]]:
    """Scale the children of every township to the numbers that were chosen.

    Parameters
    ----------
    county : County
        Places.
    residents : Residents
        Children of the base year.
    table : DataFrame
        By :func:`reconcile`.

    Returns
    -------
    residents : Residents
        Children of school age scaled by chosen over register, stage by stage; younger ones stay, for
        nobody counted them.
    notes : list of Note
        A fact for every township and stage that was scaled.
    """
    children, notes = residents.children.copy(), []
    township = county.places["township_id"].to_numpy(str)
    mine = table[(table["subject_kind"] == "township") & (table["register"] > 0)]
    for row in mine.to_dict("records"):
        factor = float(row["chosen"]) / float(row["register"])
        if row["chosen_from"] == "register" or factor == 1.0:
            continue
        here = np.flatnonzero(township == row["subject"])
        children[np.ix_(here, _ages(str(row["stage"])))] *= factor
        words = {"stage": str(row["stage"])}
        notes.append(Note("reconciled", "fact", f"{row['subject']}/{row['stage']}", county.base_year, factor, words))
    return Residents(children, residents.source, residents.place_ids, residents.notes), notes


def _ages(stage: str) -> Ints:
    return np.array([grade + ENTRY_AGE - 1 for grade in GRADES_OF_STAGE[stage]], dtype=np.int64)


def _townships(county: County, residents: Residents, norms: Norms) -> Iterator[dict[str, object]]:
    township = county.places["township_id"].to_numpy(str)
    names = dict(zip(county.townships["township_id"], county.townships["name"], strict=True))
    stands_in = county.schools.set_index("school_id")["township_id"]
    classes = county.classes.assign(
        stage=county.classes["grade"].map(STAGE_OF_GRADE), area=county.classes["school_id"].map(stands_in)
    )
    ledger = classes.groupby(["area", "stage"])["pupils"].sum()
    counted = _field(county)
    for township_id in sorted(names):
        for stage in STAGES:
            lives = float(residents.children[np.ix_(np.flatnonzero(township == township_id), _ages(stage))].sum())
            sources = {
                "register": lives, "ledger": float(ledger.get((township_id, stage), 0.0)),
                "field": float(counted.get((township_id, stage), np.nan)),
            }  # fmt: skip
            yield _row("township", township_id, stage, str(names[township_id]), sources, norms=norms)


def _schools(county: County, norms: Norms) -> Iterator[dict[str, object]]:
    names = dict(zip(county.schools["school_id"], county.schools["name"], strict=True))
    stage_of = {"stage": lambda table: table["grade"].map(STAGE_OF_GRADE)}
    ledger = county.classes.assign(**stage_of).groupby(["school_id", "stage"])["pupils"].sum()
    now = county.enrolment[county.enrolment["year"] == county.base_year]
    history = now.assign(**stage_of).groupby(["school_id", "stage"])["pupils"].sum()
    counted = _field(county)
    for school_id, stage in sorted({*ledger.index, *history.index, *counted.index}):
        if school_id not in names:
            continue
        sources = {
            name: float(series.get((school_id, stage), np.nan))
            for name, series in (("ledger", ledger), ("history", history), ("field", counted))
        }
        row = _row("school", school_id, stage, str(names[school_id]), sources, norms=norms)
        if row["is_discrepancy"] or not np.isnan(sources["field"]):
            yield row


def _field(county: County) -> pd.Series:
    """Return the latest field count of every area and stage, not after the base year."""
    told = county.field_counts[county.field_counts["year"] <= county.base_year].sort_values("year")
    return told.drop_duplicates(["area_id", "stage"], keep="last").set_index(["area_id", "stage"])["counted"]


def _row(
    kind: str, subject: str, stage: str, name: str, sources: dict[str, float], *, norms: Norms
) -> dict[str, object]:
    told = {source: value for source, value in sources.items() if not np.isnan(value)}
    chosen, reason = _choose(told, norms)
    texts = {
        f"text_{lang}": label(
            f"reconciled.{reason}",
            lang,
            subject=name,
            stage=label(f"stage.{stage}", lang),
            chosen=f"{told[chosen]:.0f}",
        )
        for lang in LANGS
    }
    return {
        "subject_kind": kind, "subject": subject, "stage": stage, "name": name, **dict.fromkeys(_COLUMNS[4:8], np.nan),
        **sources, "chosen": told[chosen], "chosen_from": chosen, "reason": reason,
        "is_discrepancy": reason not in ("agree", "only_one"), **texts,
    }  # fmt: skip


def _choose(told: dict[str, float], norms: Norms) -> tuple[str, str]:
    """Return the source that is used and the rule that says so; sources are in the order of preference."""
    names = list(told)
    if len(names) == 1:
        return names[0], "only_one"
    first, others = names[0], [name for name in names[1:] if name != "field"]
    confirmed = all(_agree(told[first], told[name], norms) for name in others)
    if "field" not in told:
        return first, "agree" if confirmed else "no_field_count"
    if _agree(told[first], told["field"], norms):
        return first, "agree" if confirmed else "field_confirms"
    if any(_agree(told["field"], told[name], norms) for name in others):
        return "field", "two_against_one"
    if first != "register":
        return "field", "field_differs"
    if confirmed:
        return first, "two_against_field"
    return sorted(names, key=lambda name: (told[name], name))[1], "all_differ"


def _agree(one: float, other: float, norms: Norms) -> bool:
    apart = abs(one - other)
    return apart <= max(
        norms.value("reconcile.tolerance_persons"), norms.value("reconcile.tolerance_share") * max(one, other)
    )
