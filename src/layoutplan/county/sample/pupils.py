"""Pupils of the sample county: who goes where, classes, rooms, and the counts of past years."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.county.sample.facts import BASE_YEAR, generator, rows_of
from layoutplan.county.sample.people import round_to_total

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TO_TOWN = {"primary": 0.03, "junior": 0.05}
TO_CENTRAL = 0.12
LEAST = 15
GRADES = range(1, 10)
# Shares of the six primary and three junior grades: larger cohorts entered in 2022.
_GRADE_WEIGHTS = np.array([1.03, 1.02, 1.0, 1.0, 0.98, 0.97, 1.01, 1.0, 0.99])
# Single classes at the limit and over it, by county-town school: (name, grade, class_no, pupils).
PLANTED_CLASSES = (
    ("示范第一小学", 1, 3, 52), ("示范第一小学", 2, 1, 55), ("示范第一小学", 3, 5, 49), ("示范第一小学", 4, 2, 61),
    ("示范第一小学", 6, 4, 68), ("示范第二小学", 1, 2, 47), ("示范第二小学", 3, 1, 53), ("示范第二小学", 5, 2, 58),
    ("示范第三小学", 1, 4, 66), ("示范第三小学", 2, 2, 46), ("示范第三小学", 4, 6, 54), ("示范第三小学", 5, 1, 56),
    ("示范第四小学", 2, 3, 50), ("示范第四小学", 6, 1, 48), ("示范第五小学", 1, 1, 59), ("示范第五小学", 4, 3, 51),
    ("示范第一九年制学校", 1, 2, 46), ("示范第一九年制学校", 3, 4, 65), ("示范第一九年制学校", 7, 1, 53),
    ("示范第一九年制学校", 8, 2, 57), ("示范第二九年制学校", 2, 3, 47), ("示范第二九年制学校", 5, 5, 55),
    ("示范第二九年制学校", 9, 2, 51), ("示范第一初级中学", 7, 5, 54), ("示范第一初级中学", 8, 3, 72),
    ("示范第一初级中学", 9, 1, 55), ("示范第一初级中学", 9, 7, 60), ("示范第二初级中学", 7, 2, 52),
    ("示范第二初级中学", 8, 6, 63), ("示范第二初级中学", 9, 4, 51), ("示范第三初级中学", 7, 1, 53),
    ("示范第三初级中学", 9, 2, 66),
)  # fmt: skip


def enrol(schools: pd.DataFrame, places: pd.DataFrame, children: Ints, walks: Floats) -> Ints:
    """Return pupils [school, grade - 1] of the base year.

    Villagers go to the nearest school of their grade, some to the central school of their
    township, a few to the county town; the town's schools have the sizes that were set.
    """
    role, kind = schools["role"].to_numpy(), schools["kind"].to_numpy()
    open_now = (role != "vacant") & (kind != "special")
    code_of_school, code_of_place = schools["township_id"].to_numpy(), places["township_id"].to_numpy()
    pupils = np.zeros((len(schools), 9))
    for grade in GRADES:
        teaches = open_now & (schools["grade_from"] <= grade).to_numpy() & (schools["grade_to"] >= grade).to_numpy()
        reach = np.where(teaches, walks, np.inf)
        nearest, found = np.argmin(reach, axis=1), np.isfinite(reach.min(axis=1))
        stay = 1 - TO_TOWN["primary" if grade <= 6 else "junior"]
        for at in range(len(places)):
            count = children[at, grade + 5] * stay
            own = teaches & (code_of_school == code_of_place[at]) & (role != "town")
            central = own & (role == "central")
            share = TO_CENTRAL if central.any() else 0.0
            chosen = nearest[at] if found[at] else int(np.flatnonzero(central if central.any() else own)[0])
            pupils[chosen, grade - 1] += count * (1 - share)
            pupils[central, grade - 1] += count * share / max(int(central.sum()), 1)
    return _set_sizes(schools, np.array([round_to_total(row) for row in pupils]))


def _set_sizes(schools: pd.DataFrame, pupils: Ints) -> Ints:
    """Put the planted sizes in, and keep every other small school above the shell threshold."""
    rng = generator(50)
    for at, school in enumerate(rows_of(schools)):
        span = np.arange(int(school.grade_from) - 1, int(school.grade_to))
        if school.role == "town":
            for wanted, grades in ((school.wanted_primary, span[span < 6]), (school.wanted_junior, span[span >= 6])):
                if wanted:
                    weight = _GRADE_WEIGHTS[grades]
                    pupils[at, grades] = round_to_total(wanted * weight / weight.sum())
            if school.kind == "special":
                pupils[at, span] = rng.integers(5, 9, len(span))
        elif school.role in ("shell", "decoy"):
            total = int(rng.integers(4, 9)) if school.role == "shell" else 9
            pupils[at] = 0
            pupils[at, span] = round_to_total(np.full(len(span), total / len(span)))
        elif school.role == "vacant":
            pupils[at] = 0
        elif pupils[at].sum() < LEAST + 1:
            wanted = LEAST + int(rng.integers(1, 7))
            pupils[at, span] = round_to_total(np.full(len(span), wanted / len(span)))
    return pupils


def empty_for_a_year(schools: pd.DataFrame, pupils: Ints) -> Ints:
    """Make four small points look empty in the base year only, and return their positions."""
    total = pupils.sum(axis=1)
    plain = (schools["role"] == "village") & (schools["kind"] == "teaching_point")
    order = np.flatnonzero(plain.to_numpy())
    order = order[np.argsort(total[order], kind="stable")]
    chosen: list[int] = []
    for at in order.tolist():
        if schools["township_id"].iloc[at] not in set(schools["township_id"].iloc[chosen]) and len(chosen) < 4:
            chosen.append(at)
            span = np.arange(int(schools["grade_from"].iloc[at]) - 1, int(schools["grade_to"].iloc[at]))
            pupils[at, span] = round_to_total(np.full(len(span), (6 + len(chosen)) / len(span)))
    return np.array(chosen)


def form_classes(schools: pd.DataFrame, pupils: Ints) -> pd.DataFrame:
    """Return classes ``school_id, grade, class_no, pupils, boarders``; only planted ones are over the norm."""
    rng = generator(51)
    planted: dict[tuple[str, int], dict[int, int]] = {}
    for name, grade, class_no, size in PLANTED_CLASSES:
        planted.setdefault((name, grade), {})[class_no] = size
    rows = []
    for at, school in enumerate(rows_of(schools)):
        for grade in GRADES:
            count = int(pupils[at, grade - 1])
            if count == 0:
                continue
            fixed = planted.get((str(school.name), grade), {})
            sizes = _sizes(count, _aim(str(school.kind), str(school.role), grade), fixed, rng)
            share = _boarding_share(str(school.kind), str(school.role), grade)
            for class_no, size in enumerate(sizes, start=1):
                boarders = min(size, round(size * share * float(rng.uniform(0.85, 1.15))))
                rows.append((school.school_id, grade, class_no, size, boarders))
    return pd.DataFrame(rows, columns=["school_id", "grade", "class_no", "pupils", "boarders"])


def _aim(kind: str, role: str, grade: int) -> float:
    """Return the largest mean class size a school plans with."""
    if kind == "special":
        return 12.0
    if kind == "teaching_point":
        return 30.0
    if role == "town":
        return 43.0 if grade <= 6 else 47.8
    return 41.0 if grade <= 6 else 46.0


def _sizes(count: int, aim: float, fixed: dict[int, int], rng: np.random.Generator) -> list[int]:
    """Share pupils among classes: nearly alike, except those fixed, and none of these over its aim plus one."""
    number = max(math.ceil(count / aim), max(fixed, default=1), len(fixed) + 1)
    free = [class_no for class_no in range(1, number + 1) if class_no not in fixed]
    left = count - sum(fixed.values())
    base = np.full(len(free), left // len(free))
    base[: left % len(free)] += 1
    for one, other in rng.integers(0, len(free), (len(free), 2)).tolist():
        # A pupil more here and one less there, as classes are in life.
        if base[one] < math.floor(aim) and base[other] > 2:
            base[one] += 1
            base[other] -= 1
    by_number = {**fixed, **dict(zip(free, base.tolist(), strict=True))}
    return [by_number[class_no] for class_no in range(1, number + 1)]


def _boarding_share(kind: str, role: str, grade: int) -> float:
    if kind == "special":
        return 0.5
    if kind not in ("junior", "nine_year") or grade < 4:
        return 0.0
    if grade <= 6:
        return 0.15 if role != "town" else 0.0
    return 0.55 if role != "town" else 0.06


def past_counts(schools: pd.DataFrame, pupils: Ints, classes: pd.DataFrame, looks_empty: Ints) -> pd.DataFrame:
    """Return counts ``school_id, year, grade, pupils, classes`` of 2014-2022; 2022 is the sum of the classes."""
    now = classes.groupby(["school_id", "grade"])["class_no"].count().to_dict()
    rows: list[tuple[str, int, int, int, int]] = []
    for at, school in enumerate(rows_of(schools)):
        rng = generator(1000 + at)
        first, last = int(school.grade_from), int(school.grade_to)
        table = _past(str(school.role), pupils[at, first - 1 : last], at in looks_empty, rng)
        start = {"示范第七小学": 2018, "示范第三初级中学": 2016}.get(str(school.name), 2014)
        for year in range(start, BASE_YEAR + 1):
            for grade in range(first, last + 1):
                count = int(table[year - 2014, grade - first])
                aim = _aim(str(school.kind), str(school.role), grade)
                formed = now.get((school.school_id, grade), 0) if year == BASE_YEAR else math.ceil(count / aim)
                rows.append((str(school.school_id), year, grade, count, formed))
    rows += _closed_schools()
    frame = pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils", "classes"])
    return frame.sort_values(["school_id", "year", "grade"], ignore_index=True)


def _past(role: str, now: Ints, looks_empty: bool, rng: np.random.Generator) -> Ints:
    """Return pupils [year from 2014, grade]: cohorts run back in time, a little more or fewer each year.

    In the villages a cohort loses pupils as it moves up, so it was larger before; in the county
    town it gains some. Fewer entered in 2020, the year of the pandemic.
    """
    keep = 1.012 if role == "town" else 0.975
    drift = 1.02 if role == "town" else 0.96
    grades, years = len(now), 9
    table = np.zeros((years, grades))
    for year in range(years - 1, -1, -1):
        for grade in range(grades):
            later = (year + 1, grade + 1)
            if year == years - 1:
                table[year, grade] = now[grade]
            elif grade + 1 < grades:
                table[year, grade] = table[later] / keep * rng.normal(1.0, 0.008)
            else:
                dip = 0.985 if year == 6 else 1.0
                table[year, grade] = table[year + 1, grade] / drift * dip * rng.normal(1.0, 0.02)
    rounded = np.round(table).astype(np.int64)
    if role in ("shell", "decoy"):
        return _small_for_years(now, years, rng)
    if role == "vacant":
        rounded = _emptied(grades, years, rng)
    if looks_empty:
        usual = LEAST + 3 + int(rng.integers(0, 5))
        for year in range(years - 1):
            rounded[year] = round_to_total(np.full(grades, (usual + years - 2 - year) / grades))
    return rounded


def _small_for_years(now: Ints, years: int, rng: np.random.Generator) -> Ints:
    """Return counts at or under ten in the last three years, more before."""
    grades = len(now)
    totals = [int(now.sum()), min(10, int(now.sum()) + int(rng.integers(0, 3))), 10 - int(rng.integers(0, 2))]
    table = np.zeros((years, grades), np.int64)
    for back in range(years):
        total = totals[back] if back < 3 else 10 + 4 * (back - 2) + int(rng.integers(0, 4))
        table[years - 1 - back] = round_to_total(np.full(grades, total / grades))
    table[years - 1] = now
    return table


def _emptied(grades: int, years: int, rng: np.random.Generator) -> Ints:
    """Return counts that fall to none in the last two years."""
    table = np.zeros((years, grades), np.int64)
    for back in range(2, years):
        table[years - 1 - back] = round_to_total(
            np.full(grades, (3 + 3 * (back - 2) + int(rng.integers(0, 3))) / grades)
        )
    return table


def _closed_schools() -> list[tuple[str, int, int, int, int]]:
    """Return counts of six points that were closed and stand in no register any more."""
    rng = generator(52)
    rows = []
    for number in range(6):
        last = 2015 + number % 4
        for year in range(2014, last + 1):
            for grade in range(1, 4):
                rows.append((f"2164229{number + 1:03d}", year, grade, int(rng.integers(1, 4)) + last - year, 1))
    return rows
