"""Districts harder to forecast than those of ``districts``: what makes real histories unruly, one cause a kind.

Heavy-tailed shocks of single schools, schools kept near their capacity so that last year is hard to beat, entry that
walks at random, families that move often, a primary split over two buildings, programmes that change their school,
a kindergarten that becomes a full day, a pandemic, births that say little, and small schools that dwindle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from districts import Kind, World


@dataclass(frozen=True)
class Rough(Kind):
    """What is rough about a district; rates are per year.

    ``tail`` is the scale of a school's yearly shock (Student's t with three degrees), ``walk`` the step of its entry,
    ``stay`` the share of pupils who do not move, ``managed`` the part of what a school has over its usual size that is
    sent to the emptiest, ``pairs`` schools split into lower and upper grades, ``programmes`` that move, ``full_day``
    the year in which entry takes pupils who came a grade later before, ``pandemic`` the shares lost by entry and by
    the other grades and the part that comes back, ``births_drift`` the yearly step of births that nobody enters for.
    """

    tail: float = 0.0
    walk: float = 0.0
    stay: float = 0.88
    managed: float = 0.0
    pairs: int = 0
    programmes: int = 0
    full_day: int | None = None
    pandemic: tuple[float, float, float] | None = None
    births_drift: float = 0.0


ROUGH = {
    "heavy_tails": Rough(tail=0.025),
    "walking": Rough(walk=0.07, moving=0.004, zone_wave=0.0),
    "managed": Rough(managed=0.6, moving=0.01, zone_wave=0.1),
    "mobile": Rough(stay=0.72, moving=0.01, zone_wave=0.12),
    "calm": Rough(wave=0.03, zone_wave=0.05, moving=0.004, openings=0, closings=0, swaps=0, building=0),
    "pairs": Rough(pairs=3, openings=1, swaps=2, building=2),
    "programmes": Rough(programmes=4, openings=1, closings=1),
    "full_day": Rough(full_day=12, openings=1, closings=1, swaps=2),
    "pandemic": Rough(pandemic=(0.25, 0.08, 0.5), disrupted=22),
    "pandemic_fall": Rough(pandemic=(0.2, 0.06, 0.3), disrupted=22, growth=(0.0, -0.03), openings=1, closings=2),
    "loose_births": Rough(births_noise=0.08, births_drift=0.05),
    "dwindling": Rough(entry=38.0, spread=0.65, growth=(-0.01, -0.03), openings=0, closings=2, swaps=2, building=1),
    "small_managed": Rough(entry=30.0, spread=0.6, managed=0.4, growth=(0.0, -0.02), openings=0, closings=2),
    "mergers": Rough(openings=1, closings=5, growth=(0.0, -0.025), swaps=3, building=2),
    "mixed": Rough(tail=0.015, walk=0.03, stay=0.82, managed=0.2, programmes=1, pandemic=(0.15, 0.05, 0.5),
                   disrupted=22, openings=2, closings=2),
    "short_rough": Rough(years=9, tail=0.015, walk=0.03, pandemic=(0.15, 0.05, 0.5), disrupted=5, openings=1,
                         closings=1, swaps=2, building=2),
}  # fmt: skip


def make_rough(kind: Rough, seed: int) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return enrolment ``school_id, year, grade, pupils`` and births ``year, births`` where the kind has them."""
    world = _RoughWorld(kind, np.random.default_rng([seed, 7]))
    rows = []
    for at in range(kind.years):
        world.step(at)
        counts = world.counted(at)
        rows += [
            (f"s{school:02d}", 1998 + at, grade + kind.first_grade, int(counts[school, grade]))
            for school, grade in np.argwhere(world.open[:, None] & (counts >= 0))
        ]
    table = pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils"])
    births = None
    if kind.births_noise is not None:
        drift = np.exp(np.cumsum(world.side.normal(0, kind.births_drift, kind.years + 9)))
        births = pd.DataFrame({"year": 1998 + np.arange(-9, kind.years), "births": np.round(world.births * drift)})
    return table, births


class _RoughWorld(World):
    def __init__(self, kind: Rough, rng: np.random.Generator) -> None:
        super().__init__(kind, rng)
        self.rough = kind
        self.side = np.random.default_rng(rng.integers(2**32))
        side = self.side
        steps = side.normal(0, kind.walk, (kind.schools, self.pace.shape[1]))
        steps[:, :9] = 0.0
        self.pace += np.cumsum(steps, axis=1)[self.owner]
        self.usual = np.zeros(self.slots)
        self.host = [
            (side.integers(kind.schools, size=2), int(side.integers(4, kind.years - 1)), side.poisson(11, 6))
            for _ in range(kind.programmes)
        ]

    def step(self, at: int) -> None:
        super().step(at)
        kind, side = self.rough, self.side
        if at and kind.tail:
            shock = np.clip(kind.tail * side.standard_t(3, self.slots), -0.4, 0.4)
            lost = side.binomial(self.pupils.astype(np.int64), np.clip(-shock, 0, None)[None, :, None])
            come = side.poisson(self.pupils * np.clip(shock, 0, None)[None, :, None])
            self.pupils = self.pupils - lost + come
        if at and kind.managed:
            self._manage()

    def stays(self) -> float:
        return self.rough.stay

    def year_effect(self, at: int) -> tuple[float, float, float]:
        kind = self.rough
        first = 0.15 if kind.full_day is not None and at <= kind.full_day else 0.0
        entry = -0.15 if kind.full_day is not None and at < kind.full_day else 0.0
        if kind.pandemic is None or kind.disrupted is None or at not in (kind.disrupted, kind.disrupted + 1):
            year, rebound, enter = super().year_effect(at)
            return year, rebound + first, enter + entry
        lost_entry, lost, back = kind.pandemic
        if at == kind.disrupted:
            return np.log(1 - lost), first, np.log(1 - lost_entry) + entry
        return -np.log(1 - lost) * back, -np.log(1 - lost_entry) * back + first, 0.03 + entry

    def _manage(self) -> None:
        """Send a part of what schools have over their usual size to the school that lacks most."""
        total = self.pupils.sum(axis=(0, 2))
        new = self.open & (self.usual == 0)
        self.usual[new] = total[new]
        usual = np.where(self.open, self.usual, 0.0)
        goal = usual * total.sum() / usual.sum()
        for school in np.flatnonzero(self.open & (total > goal)):
            to = int(np.argmin(np.where(self.open, total - goal, np.inf)))
            part = self.rough.managed * (total[school] - goal[school]) / max(total[school], 1.0)
            moved = self.side.binomial(self.pupils[:, school].astype(np.int64), part)
            self.pupils[:, school] -= moved
            self.pupils[:, to] += moved
            total[to] += moved.sum()
            total[school] -= moved.sum()

    def counted(self, at: int) -> np.ndarray:
        """Pupils by school and grade as the buildings count them."""
        counts = self.pupils.sum(axis=0)
        for (before, after), year, size in self.host:
            school = before if at < year else after
            if self.open[school]:
                counts[school] += size
        for pair in range(self.rough.pairs):
            lower, upper = 2 * pair, 2 * pair + 1
            if self.open[lower] and self.open[upper]:
                both = counts[lower] + counts[upper]
                counts[lower], counts[upper] = np.r_[both[:3], 0, 0, 0], np.r_[0, 0, 0, both[3:]]
        return counts
