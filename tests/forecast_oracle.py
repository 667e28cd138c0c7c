"""How cohorts, shares and levels are learnt, once more: a number at a time, in the words of the formulas, slowly."""

from __future__ import annotations

from math import exp, inf, isnan, log, nan
from statistics import median

import numpy as np


def half_for_each(years, half_life):
    """Return the weights of years: 1 for the last, half as much for one that lies a half-life before."""
    return [0.5 ** ((years - 1 - year) / half_life) for year in range(years)]


def biweight(residual):
    return max(1 - (residual / 4.685) ** 2, 0.0) ** 2


def middle_of(values, weights):
    """Return the value with half of the weight on either side, the mean of two where both are."""
    pairs, total = sorted(zip(values, weights, strict=True)), sum(weights)
    if total <= 0:
        return 0.0
    low = high = None
    passed = 0.0
    for value, weight in pairs:
        passed += weight
        low = value if low is None and passed >= total / 2 * (1 - 1e-12) else low
        high = value if high is None and passed > total / 2 * (1 + 1e-12) else high
    return (low + high) / 2


def held(value):
    return min(max(value, -0.7), 0.7)


# ---- ratios -------------------------------------------------------------------------------------
def ratios_of(pupils):
    """Return the log ratios of the district, of schools and of their grades, of persons [school, year, grade]."""
    schools, years, grades = pupils.shape
    if years < 2:
        return [0.0] * (grades - 1), [0.0] * schools, [[0.0] * (grades - 1)] * schools
    moves = [[[(pupils[s, y, g], pupils[s, y + 1, g + 1]) for g in range(grades - 1)] for y in range(years - 1)]
             for s in range(schools)]  # fmt: skip
    yearly = [[_ratio_of_sums([moves[s][y][g] for s in range(schools)]) for g in range(grades - 1)]
              for y in range(years - 1)]  # fmt: skip
    size = [log(max(sum(n for n in pupils[s, -1] if not isnan(n)), 1.0)) for s in range(schools)]
    return _of_district(yearly), *_of_schools(moves, yearly, size)


def _ratio_of_sums(moves):
    known = [(before, after) for before, after in moves if not isnan(before) and not isnan(after)]
    before, after = sum(move[0] for move in known), sum(move[1] for move in known)
    return log(after / before) if before > 0 and after > 0 else nan


def _median_of_known(values):
    known = [value for value in values if not isnan(value)]
    return median(known) if known else nan


def _of_district(yearly):
    grades = range(len(yearly[0]))
    usual = [_median_of_known([row[g] for row in yearly]) for g in grades]
    effect = [_median_of_known([row[g] - usual[g] for g in grades]) for row in yearly]
    effect = [0.0 if isnan(one) else one for one in effect]
    spread = max(1.482602218505602 * median([abs(one - median(effect)) for one in effect]), 0.006)
    recent = half_for_each(len(yearly), 4.0)
    weight = [recent[y] * biweight((effect[y] - median(effect)) / spread) for y in range(len(yearly))]
    lasting = []
    for g in grades:
        known = [(weight[y], yearly[y][g]) for y in range(len(yearly)) if not isnan(yearly[y][g])]
        total = sum(one for one, _ in known)
        lasting.append(held(sum(one * value for one, value in known) / total) if total > 0 else 0.0)
    return lasting


def _of_schools(moves, yearly, size):
    schools, years, grades = range(len(moves)), range(len(yearly)), range(len(yearly[0]))
    apart, chance = {}, {}
    for s in schools:
        for y in years:
            for g in grades:
                before, after = moves[s][y][g]
                if before > 0 and after > 0:
                    of_all = 0.0 if isnan(yearly[y][g]) else yearly[y][g]
                    apart[s, y, g] = log((after + 0.5) / (before + 0.5)) - of_all
                    chance[s, y, g] = 1 / before + 1 / after
    if not apart:
        return [0.0] * len(schools), [[0.0 for _ in grades] for _ in schools]
    seen = {(s, y): [g for g in grades if (s, y, g) in apart] for s in schools for y in years}
    seen = {key: known for key, known in seen.items() if known}
    common = {
        (s, y): middle_of([apart[s, y, g] for g in known], [1 / chance[s, y, g] for g in known])
        for (s, y), known in seen.items()
    }
    left = {(s, y, g): value - common[s, y] for (s, y, g), value in apart.items()}
    many = [left[s, y, g] ** 2 / chance[s, y, g] for (s, y), known in seen.items() if len(known) > 2 for g in known]
    factor = min(max(median(many) / 0.455 if many else 0.25, 0.05), 2.0)
    by_chance = {(s, y): 1.5 / sum(1 / (factor * chance[s, y, g]) for g in known) for (s, y), known in seen.items()}
    recent = half_for_each(len(years), 6.0)
    mid = [
        middle_of([common[s, y] for y in years if (s, y) in seen],
                  [recent[y] / by_chance[s, y] for y in years if (s, y) in seen])
        for s in schools
    ]  # fmt: skip
    off = [abs(common[s, y] - mid[s]) for s, y in seen]
    usual = max((1.482602218505602 * median(off)) ** 2 - median(by_chance.values()), 0.0)
    variance = {key: by_chance[key] + max(usual, 0.01**2) for key in seen}
    robust = {(s, y): recent[y] * biweight((common[s, y] - mid[s]) / variance[s, y] ** 0.5) for s, y in seen}
    means = [_mean([(robust[s, y] / variance[s, y], common[s, y], variance[s, y]) for y in years if (s, y) in seen])
             for s in schools]  # fmt: skip
    shift = _shrunk(means, _line(means, size))
    extra = [
        _shrunk(columns, [0.0] * len(schools))
        for columns in (
            [_mean([(robust[s, y] / (factor * chance[s, y, g]), left[s, y, g], factor * chance[s, y, g])
                    for y in years if (s, y, g) in apart]) for s in schools]
            for g in grades
        )
    ]  # fmt: skip
    return shift, [[extra[g][s] for g in grades] for s in schools]


def _mean(parts):
    """Return weighted mean and its variance of ``(weight, value, variance)``; nothing without weight."""
    total = sum(weight for weight, _, _ in parts)
    if total <= 0:
        return None
    mean = sum(weight * value for weight, value, _ in parts) / total
    return mean, sum(weight**2 * variance for weight, _, variance in parts) / total**2


def _shrunk(means, target):
    known = [at for at, mean in enumerate(means) if mean]
    between = sum((means[at][0] - target[at]) ** 2 - means[at][1] for at in known) / max(len(known), 1)
    lasting = [0.0] * len(means)
    for at in known:
        mean, by_chance = means[at]
        keep = max(between, 0.0) / (max(between, 0.0) + by_chance) if by_chance + max(between, 0.0) > 0 else 0.0
        lasting[at] = held(target[at] + keep * (mean - target[at]))
    return lasting


def _line(means, size):
    """Return the line over size that the means of eight schools or more lie about; a slope within its error is none."""
    known = [at for at, mean in enumerate(means) if mean]
    if len(known) < 8:
        return [0.0] * len(means)
    spread = max(median([means[at][0] ** 2 for at in known]), 1e-6)
    weight = {at: 1 / (means[at][1] + spread) for at in known}
    total = sum(weight.values())
    centre = sum(weight[at] * size[at] for at in known) / total
    level = sum(weight[at] * means[at][0] for at in known) / total
    squares = sum(weight[at] * (size[at] - centre) ** 2 for at in known)
    if squares <= 0:
        return [0.0] * len(means)
    slope = sum(weight[at] * (size[at] - centre) * (means[at][0] - level) for at in known) / squares
    slope *= max(0.0, 1 - 1 / max(slope**2 * squares, 1e-12))
    return [slope * (one - centre) for one in size]


# ---- entries ------------------------------------------------------------------------------------
def level_of(logs):
    """Return the robust level of a series and the usual size of its steps."""
    if len(logs) < 2:
        return logs[-1], 0.04
    steps = [late - early for early, late in zip(logs[:-1], logs[1:], strict=True)]
    usual = 1.4826 * median([abs(step - median(steps)) for step in steps])
    share = len(steps) / (len(steps) + 5)
    step_sd = max((share * usual**2 + (1 - share) * 0.04**2) ** 0.5, 0.015)
    best, least = None, inf
    for gain in (0.2, 0.35, 0.5, 0.65, 0.8):
        path = _path(logs, gain, 2 * step_sd)
        losses = [
            sum(abs(path[year] - logs[year + reach]) for year in range(len(logs) - reach))
            for reach in (1, 3, 5) if reach < len(logs)
        ]  # fmt: skip
        loss = sum(losses) / len(losses) + 8 * 0.5 * step_sd * abs(gain - 0.65)
        if loss < least:
            best, least = path[-1], loss
    return best, step_sd


def _path(logs, gain, limit):
    path, drift, cut = [logs[0]], 0.0, 0.0
    for value in logs[1:]:
        expected = path[-1] + 0.85 * drift
        off = value - expected
        again = (off > 0 and cut > 0) or (off < 0 and cut < 0)
        surprise = off if again else min(max(off, -limit), limit)
        cut = off - surprise
        path.append(expected + gain * surprise)
        drift = 0.85 * drift + 0.2 * surprise
    return path


def entries_of(series, horizons):
    """Return a district's entries ahead: at the level kept, and along the damped trend."""
    logs = [log(max(one, 0.5)) for one in series]
    level, step_sd = level_of(logs)
    if len(logs) < 3:
        return [exp(level)] * horizons, [exp(level)] * horizons
    steps = [late - early for early, late in zip(logs[:-1], logs[1:], strict=True)]
    middle = median(steps)
    near = [middle + min(max(step - middle, -2 * step_sd), 2 * step_sd) for step in steps]
    weight = half_for_each(len(steps), 3.0)
    slope = sum(one * step for one, step in zip(weight, near, strict=True)) / sum(weight)
    by_chance = step_sd**2 * sum(one**2 for one in weight) / sum(weight) ** 2
    slope *= 0.025**2 / (0.025**2 + by_chance)
    trend, ahead = 0.0, []
    for step in range(1, horizons + 1):
        trend += 0.85**step
        ahead.append(exp(level + slope * trend))
    return [exp(level)] * horizons, ahead


def shares_of(pupils, entry, ratios):
    """Return each school's share of a cohort today, and its yearly log change."""
    district, shift, extra = ratios
    schools, years, grades = pupils.shape
    total = np.nansum(pupils, axis=0)
    fade = _fade(pupils, total)
    levels, series = [], []
    for s in range(schools):
        mine, of_all = [0.0] * grades, [0.0] * grades
        if entry[s] >= 0:
            back = 0.0
            for step, g in enumerate(range(entry[s], grades)):
                back += shift[s] + extra[s][g - 1] if step else 0.0
                now = pupils[s, -1, g]
                if now > 0:
                    mine[step], of_all[step] = now * exp(-back), total[-1, g]
        top, bottom = (sum(one * fade**step for step, one in enumerate(part)) for part in (mine, of_all))
        levels.append(top / bottom if bottom > 0 else 0.0)
        series.append([(-step, m, d) for step, (m, d) in enumerate(zip(mine, of_all, strict=True)) if m > 0 and d > 0])
    return levels, _trends(series)


def _fade(pupils, total):
    schools, years, grades = pupils.shape
    cases = [(s, y) for s in range(schools) for y in range(years - 1)
             if pupils[s, y, 0] > 0 and pupils[s, y + 1, 0] > 0]  # fmt: skip
    if not cases:
        return 0.6
    best, least = 0.0, inf
    for fade in (0.0, 0.2, 0.4, 0.6, 0.75, 0.9):
        loss = 20 * 0.02 * abs(fade - 0.6)
        for s, y in cases:
            taught = [g for g in range(grades) if pupils[s, y, g] > 0]
            guess = sum(pupils[s, y, g] * fade**g for g in taught) / sum(total[y, g] * fade**g for g in taught)
            loss += abs(log(guess / (pupils[s, y + 1, 0] / max(total[y + 1, 0], 1.0))))
        if loss < least:
            best, least = fade, loss
    return best


def _trends(series):
    """Return the slopes of log shares over cohorts (``(age, mine, the district's)``), shrunk to zero."""
    slopes = []
    for points in series:
        trust = [1 / (0.02**2 + 2 / mine) for _, mine, _ in points]
        total = sum(trust)
        centre = sum(w * age for w, (age, _, _) in zip(trust, points, strict=True)) / total if total else 0.0
        level = sum(w * log(m / d) for w, (_, m, d) in zip(trust, points, strict=True)) / total if total else 0.0
        spread = sum(w * (age - centre) ** 2 for w, (age, _, _) in zip(trust, points, strict=True))
        tilt = sum(w * (age - centre) * (log(m / d) - level) for w, (age, m, d) in zip(trust, points, strict=True))
        slopes.append((tilt / spread, 1 / spread) if spread > 0 else None)
    known = [one for one in slopes if one]
    between = max(sum(slope**2 - chance for slope, chance in known) / len(known), 0.0) if known else 0.0
    return [min(max(between / (between + one[1]) * one[0], -0.15), 0.15) if one else 0.0 for one in slopes]
