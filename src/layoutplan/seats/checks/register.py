"""The register of checks: code, subject, severity and norm of each; words stand in the labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from layoutplan.labels import LANGS, label
from layoutplan.norms import Norms

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Check:
    """One check.

    Parameters
    ----------
    code : str
        Rule of the findings; its words are ``rule.<code>``, ``finding.<code>`` and ``advice.<code>``.
    part : str
        Module of :mod:`layoutplan.seats.checks` that looks for it.
    subject_kind : str
        What a finding is about: ``class``, ``school``, ``place``, ``township``, ``zone``, ``county`` or ``layer``.
    severity : {"error", "warning", "info"}
        ``error``: a norm is broken or pupils are without a school; ``warning``: will be, or data contradict
        each other; ``info``: to know before deciding.
    norm : str
        Key of the norm whose clause is cited; ``{stage}``, ``{kind}`` and ``{setting}`` stand for the subject's.
    unit : str
        Unit of what is measured.
    is_projected : bool
        Whether it looks ahead: then ``year`` and ``first_year`` are the first year of the breach.
    """

    code: str
    part: str
    subject_kind: str
    severity: Severity
    norm: str
    unit: str
    is_projected: bool = False


def _now(part: str, subject_kind: str, *rows: tuple[str, Severity, str, str]) -> tuple[Check, ...]:
    return tuple(Check(code, part, subject_kind, severity, norm, unit) for code, severity, norm, unit in rows)


def _ahead(part: str, subject_kind: str, *rows: tuple[str, Severity, str, str]) -> tuple[Check, ...]:
    return tuple(Check(code, part, subject_kind, severity, norm, unit, True) for code, severity, norm, unit in rows)


CHECKS: tuple[Check, ...] = (
    *_now(
        "classes", "class",
        ("class_over_norm", "warning", "class_size.{stage}", "person"),
        ("class_large", "error", "class_size.large", "person"),
        ("class_extra_large", "error", "class_size.extra_large", "person"),
        ("class_over_design", "info", "class_size.teaching_point", "person"),
    ),
    *_now(
        "classes", "school",
        ("classes_unequal", "info", "class_size.spread", "person"),
        ("classes_tiny", "info", "class_size.multigrade", "person"),
    ),
    *_ahead(
        "classes", "school",
        ("class_over_norm_ahead", "warning", "class_size.{stage}", "person"),
        ("class_large_ahead", "error", "class_size.large", "person"),
    ),
    *_now(
        "schools", "school",
        ("school_over_size", "error", "school_size.{kind}", "person"),
        ("school_near_size", "info", "school_size.{kind}", "person"),
        ("stage_over_size", "warning", "school_size.{stage}", "person"),
        ("school_beyond_design", "info", "school_classes.{setting}.{kind}", "class"),
        ("school_vacant", "warning", "vacant.counts", "person"),
        ("shell_candidate", "info", "shell.max_pupils", "person"),
        ("shell_irreplaceable", "warning", "travel.limit_minutes.grades_1_3", "place"),
        ("small_keep", "info", "school_size.small", "person"),
        ("vacant_children_near", "info", "shell.max_pupils", "person"),
    ),
    *_ahead(
        "schools", "school",
        ("school_over_size_ahead", "error", "school_size.{kind}", "person"),
        ("school_small_ahead", "info", "school_size.small", "person"),
        ("school_emptying", "info", "shell.max_pupils", "person"),
        ("pupils_adrift", "error", "travel.limit_minutes.grades_1_3", "person"),
    ),
    *_now(
        "rooms", "school",
        ("rooms_below_classes", "warning", "class_size.{stage}", "class"),
        ("rooms_short", "warning", "class_size.{stage}", "room"),
        ("rooms_unknown", "warning", "class_size.{stage}", "person"),
        ("rooms_idle", "info", "rooms.idle_share", "room"),
        ("rooms_shared_by_grades", "info", "class_size.multigrade", "room"),
    ),
    *_ahead(
        "rooms", "school",
        ("rooms_short_ahead", "warning", "class_size.{stage}", "room"),
        ("rooms_idle_ahead", "info", "rooms.idle_share", "room"),
    ),
    *_ahead(
        "balance", "township",
        ("seat_gap", "error", "class_size.{stage}", "seat"),
        ("seat_surplus", "info", "seats.surplus_share", "seat"),
    ),
    *_now("balance", "township", ("junior_school_missing", "info", "school.junior_each_township", "school")),
    *_ahead("balance", "county", ("county_seat_gap", "error", "class_size.{stage}", "seat")),
    *_ahead("balance", "school", ("catchment_over_seats", "warning", "class_size.{stage}", "seat")),
    *_ahead("balance", "place", ("grade_without_school", "error", "travel.limit_minutes.grades_1_3", "person")),
    *_now(
        "journeys", "place",
        ("place_over_limit", "warning", "travel.limit_minutes.grades_1_3", "min"),
        ("place_unreached", "error", "snap.reject_m", ""),
        ("town_radius_primary", "info", "travel.town_radius_m.primary", "m"),
        ("town_radius_junior", "info", "travel.town_radius_m.junior", "m"),
    ),
    *_ahead("journeys", "place", ("place_over_limit_ahead", "warning", "travel.limit_minutes.grades_1_3", "min")),
    *_now("journeys", "school", ("school_unreached", "error", "snap.reject_m", "")),
    *_now("journeys", "county", ("pupils_over_limit", "info", "travel.limit_minutes.grades_1_3", "percent")),
    *_now(
        "zones", "place",
        ("zone_gap", "warning", "zone.cover", ""),
        ("zone_not_nearest", "info", "zone.cover", "min"),
    ),
    *_now(
        "zones", "zone",
        ("zone_overlap", "warning", "zone.overlap_m2", "m2"),
        ("zone_without_its_school", "info", "zone.cover", "m"),
    ),
    *_ahead(
        "zones", "zone",
        ("zone_school_closed", "error", "zone.cover", ""),
        ("zone_over_seats", "warning", "class_size.{stage}", "seat"),
    ),
    *_now("zones", "school", ("school_without_zone", "info", "zone.cover", "")),
    *_now(
        "sites", "place",
        ("site_without_dates", "warning", "site.change_share", "household"),
        ("site_over_plan", "warning", "site.change_share", "household"),
        ("site_without_origin", "info", "site.change_share", "household"),
        ("resettlement_off_plan", "warning", "resettlement.off_plan_share", "household"),
    ),
    *_ahead(
        "sites", "place",
        ("site_growth", "info", "site.change_share", "person"),
        ("site_decline", "info", "site.change_share", "person"),
        ("site_school_short", "warning", "class_size.{stage}", "seat"),
    ),
    *_now(
        "staff", "school",
        ("staff_short", "warning", "staffing.pupils_per_post.{stage}", "person"),
        ("staff_above_pupils", "info", "shell.max_pupils", "person"),
        ("teachers_below_classes", "warning", "staff.teachers_per_class", "person"),
        ("boarders_young", "warning", "travel.limit_minutes.grades_1_3", "person"),
        ("beds_short", "error", "boarding.beds_per_boarder", "bed"),
        ("canteen_short", "warning", "boarding.canteen_seats_per_boarder", "seat"),
    ),
    *_ahead("staff", "school", ("beds_short_ahead", "warning", "boarding.beds_per_boarder", "bed")),
    *_now(
        "data", "school",
        ("count_missing", "warning", "shell.counts", "year"),
        ("counts_differ", "warning", "data.count_tolerance", "person"),
        ("staff_unknown", "info", "staff.teachers_per_class", ""),
        ("beds_unknown", "warning", "boarding.beds_per_boarder", ""),
        ("school_name_twice", "info", "data.count_tolerance", "school"),
        ("community_missing", "info", "community.each_rural_school", ""),
    ),
    *_now("data", "county", ("vintage_spread", "warning", "data.vintage_spread_years", "year")),
    *_now(
        "data", "layer",
        ("layer_old", "warning", "data.layer_age_years", "year"),
        ("norms_unconfirmed", "info", "data.count_tolerance", ""),
    ),
)  # fmt: skip
CHECK_OF: dict[str, Check] = {check.code: check for check in CHECKS}
RULES = tuple(CHECK_OF)


def checks(norms: Norms) -> pd.DataFrame:
    """Return every check that a plan is put through, as a table.

    Parameters
    ----------
    norms : Norms
        Limits and clauses in force.

    Returns
    -------
    DataFrame
        ``rule`` (key, in the order of the register), ``part``, ``subject_kind``, ``severity``, ``is_projected``,
        ``norm``, ``limit``, ``unit``, ``clause``, ``verified``, ``title_zh``, ``title_en``, ``recommendation_zh``,
        ``recommendation_en``. A check whose norm depends on the stage or kind has a row for each.

    Examples
    --------
    >>> from layoutplan.norms import load_norms
    >>> table = checks(load_norms()).set_index(["rule", "norm"])
    >>> float(table.loc[("class_over_norm", "class_size.junior"), "limit"])
    50.0
    """
    rows = []
    for check in CHECKS:
        for key in _norms_of(check, norms):
            norm = norms[key]
            row = {
                "rule": check.code, "part": check.part, "subject_kind": check.subject_kind,
                "severity": check.severity, "is_projected": check.is_projected, "norm": key,
                "limit": float(norm.value), "unit": norm.unit, "clause": norm.clause, "verified": norm.verified,
            }  # fmt: skip
            row |= {f"title_{lang}": label(f"rule.{check.code}", lang) for lang in LANGS}
            row |= {f"recommendation_{lang}": label(f"advice.{check.code}", lang) for lang in LANGS}
            rows.append(row)
    return pd.DataFrame(rows)


def _norms_of(check: Check, norms: Norms) -> Iterator[str]:
    """Yield the keys a check may cite; placeholders stand for every stage, kind or setting there is a norm for."""
    head, _, tail = check.norm.partition("{")
    if not tail:
        yield check.norm
        return
    wanted = {
        "stage}": ("primary", "junior"),
        "kind}": ("primary", "junior", "nine_year", "twelve_year"),
        "setting}.{kind}": tuple(key.removeprefix(head) for key in norms if key.startswith(head)),
    }[tail]
    yield from (head + name for name in wanted)
