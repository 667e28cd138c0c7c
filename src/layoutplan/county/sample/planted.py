"""What is wrong in the sample county on purpose, so that tests know the exact answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from layoutplan.county.sample.capacity import GAP_YEAR
from layoutplan.county.sample.facts import BASE_YEAR, COUNTY_TOWN, GAP_TOWNSHIP, rows_of


@dataclass(frozen=True)
class Planted:
    """Subjects by rule, the first year of every seat gap, and schools that only look at fault.

    Parameters
    ----------
    subjects : mapping of str to sequence of str
        Rule to sorted subjects; a class is ``school_id/grade/class_no``, a gap ``township_id/stage``.
    first_year : mapping of str to int
        First school year in which demand exceeds the seats, by gap.
    innocent : mapping of str to sequence of str
        Why a school looks at fault, and the schools.
    best_site : str
        Place beside which one new primary school of 24 rooms helps most, among ``sites``: the largest place of the
        county town, the only township that is short of many seats in the base year. Its pupils beyond the seats walk
        to other townships, hours for some; in all other townships, but for one later on, seats are to spare.
    sites : sequence of str
        The largest place of every township, sorted.
    """

    subjects: Mapping[str, Sequence[str]]
    first_year: Mapping[str, int]
    innocent: Mapping[str, Sequence[str]]
    best_site: str
    sites: Sequence[str]


def list_planted(
    schools: pd.DataFrame, places: pd.DataFrame, classes: pd.DataFrame, looks_empty: Sequence[int]
) -> Planted:
    """Return what was planted, from the roles that the generator gave and the classes it set."""
    by_role = {role: sorted(part["school_id"]) for role, part in schools.groupby("role")}
    gaps = {
        f"{COUNTY_TOWN}/primary": BASE_YEAR,
        f"{COUNTY_TOWN}/junior": BASE_YEAR,
        f"{GAP_TOWNSHIP}/primary": GAP_YEAR,
    }
    over_size = schools[
        (schools["wanted_primary"] + schools["wanted_junior"]) > schools["kind"].map({"nine_year": 2500}).fillna(2000)
    ]
    subjects = {
        **_bands(classes),
        "school_over_size": sorted(over_size["school_id"]),
        "school_vacant": by_role["vacant"],
        "shell_candidate": by_role["shell"],
        "place_over_limit": sorted(places.loc[places["role"] == "far", "place_id"]),
        "place_unreached": sorted(places.loc[places["role"] == "island", "place_id"]),
        "seat_gap": sorted(gaps),
        "resettlement_off_plan": sorted(places.loc[places["plan_times"].fillna(1) != 1, "place_id"]),
    }
    innocent = {
        "small_this_year_only": sorted(schools["school_id"].iloc[list(looks_empty)]),
        "small_but_a_site_opens": by_role["decoy"],
        "nine_year_under_its_limit": sorted(schools.loc[schools["name"] == "示范第二九年制学校", "school_id"]),
    }
    towns = places[places["kind"] == "town"].sort_values(["households", "place_id"], ascending=[False, True])
    largest = towns.drop_duplicates("township_id").set_index("township_id")["place_id"]
    return Planted(subjects, gaps, innocent, str(largest[COUNTY_TOWN]), sorted(largest))


def _bands(classes: pd.DataFrame) -> dict[str, list[str]]:
    """Return the classes set over the norm, by band."""
    found: dict[str, list[str]] = {"class_over_norm": [], "class_large": [], "class_extra_large": []}
    for row in rows_of(classes):
        limit = 45 if row.grade <= 6 else 50
        if row.pupils > limit:
            rule = "class_extra_large" if row.pupils >= 66 else "class_large" if row.pupils >= 56 else "class_over_norm"
            found[rule].append(f"{row.school_id}/{row.grade}/{row.class_no}")
    return {rule: sorted(subjects) for rule, subjects in found.items()}


def planted_toml(planted: Planted) -> str:
    """Return the record as TOML."""
    lines = [
        "# What is wrong in the sample county on purpose: exactly these subjects and no others. Read by tests only.",
        "# 样例县中有意设置的问题：各规则的对象恰为下列各项，仅供测试读取。",
        "",
        "[subjects]",
    ]
    for rule, subjects in planted.subjects.items():
        lines += [f"{rule} = [", *(f'    "{subject}",' for subject in subjects), "]"]
    lines += ["", "[first_year]", *(f'"{subject}" = {year}' for subject, year in sorted(planted.first_year.items()))]
    lines += ["", "[innocent]"]
    for reason, subjects in planted.innocent.items():
        lines.append(f"{reason} = [{', '.join(f'{chr(34)}{subject}{chr(34)}' for subject in subjects)}]")
    lines += [
        "",
        "[best_site]",
        "# One new primary school of 24 rooms, beside one of these places.",
        f'place_id = "{planted.best_site}"',
    ]
    lines += ["among = [", *(f'    "{place_id}",' for place_id in planted.sites), "]"]
    return "\n".join(lines) + "\n"
