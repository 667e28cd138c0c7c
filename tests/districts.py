"""Synthetic school districts with known causes: what real histories show, made small enough to roll through.

Children live in zones. A zone has its own slow wave of births (a neighbourhood ages and is renewed), its own
persistent gain or loss of pupils by moving, and belongs to one school's attendance area. Schools open and take zones
from their neighbours, close and hand zones over, and swap zones in between; some pupils stay where they were. Full
entry grades overflow to the nearest school with space. In a disrupted year fewer enter and more leave, and a part
of them comes back a year later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

ZONES_PER_SCHOOL = 5
STAY = 0.88


@dataclass(frozen=True)
class Kind:
    """What a district is like; rates are per year."""

    schools: int = 12
    years: int = 27
    first_grade: int = 0
    entry: float = 70.0
    spread: float = 0.3
    growth: tuple[float, float] = (0.0, 0.0)
    wave: float = 0.08
    zone_wave: float = 0.2
    moving: float = 0.015
    openings: int = 2
    closings: int = 1
    swaps: int = 4
    building: int = 4
    disrupted: int | None = 23
    births_noise: float | None = None
    drift: float = 0.0


KINDS = {
    "steady": Kind(growth=(0.0, 0.0)),
    "growing": Kind(growth=(0.03, 0.01), openings=4, closings=0, building=10),
    "shrinking": Kind(growth=(-0.005, -0.03), openings=0, closings=3, building=1),
    "boom_bust": Kind(growth=(0.035, -0.03), openings=3, closings=2, building=6),
    "settled": Kind(openings=1, closings=1, swaps=1, building=1, zone_wave=0.1, moving=0.008),
    "redrawn": Kind(openings=2, closings=2, swaps=16, building=4),
    "moving": Kind(moving=0.035, zone_wave=0.3, building=6),
    "early_shock": Kind(disrupted=10),
    "births": Kind(births_noise=0.03, growth=(0.01, -0.02), wave=0.12),
    "noisy_births": Kind(births_noise=0.10),
    "large": Kind(schools=60, openings=5, closings=4, swaps=16, building=20),
    "villages": Kind(schools=24, first_grade=1, entry=32.0, spread=0.8, growth=(0.0, -0.03), drift=0.035,
                     openings=1, closings=4, swaps=4, building=3, births_noise=0.05),
    "short": Kind(years=9, openings=1, closings=1, swaps=2, building=2, disrupted=5),
    "short_villages": Kind(schools=20, years=9, first_grade=1, entry=25.0, spread=0.7, growth=(-0.01, -0.03),
                           drift=0.03, openings=0, closings=2, swaps=1, disrupted=None, births_noise=0.05),
}  # fmt: skip


def make_district(kind: Kind, seed: int) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return enrolment ``school_id, year, grade, pupils`` and births ``year, births`` where the kind has them."""
    world = World(kind, np.random.default_rng(seed))
    rows = []
    for at in range(kind.years):
        world.step(at)
        for school, grade in np.argwhere(world.open[:, None] & (world.pupils.sum(axis=0) >= 0)):
            rows.append(
                (f"s{school:02d}", 1998 + at, grade + kind.first_grade, int(world.pupils[:, school, grade].sum()))
            )
    table = pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils"])
    births = None
    if kind.births_noise is not None:
        births = pd.DataFrame({"year": 1998 + np.arange(-9, kind.years), "births": world.births})
    return table, births


class World:
    """Children of zones, moved and counted year by year."""

    def __init__(self, kind: Kind, rng: np.random.Generator) -> None:
        self.kind, self.rng = kind, rng
        self.slots = kind.schools + kind.openings
        zones = ZONES_PER_SCHOOL * kind.schools
        self.site = rng.random((self.slots, 2))
        size = np.exp(rng.normal(0, kind.spread, kind.schools))
        owner = np.repeat(np.arange(kind.schools), ZONES_PER_SCHOOL)
        self.spot = self.site[owner] + rng.normal(0, 0.09, (zones, 2))
        share = rng.dirichlet(np.full(ZONES_PER_SCHOOL, 6.0), kind.schools).ravel()
        self.base = kind.entry * size[owner] * share
        self.owner = owner.copy()
        self.open = np.arange(self.slots) < kind.schools
        self.pupils = np.zeros((zones, self.slots, 6))
        self.moving = rng.normal(0, kind.moving, zones) + rng.normal(0, kind.moving, kind.schools)[owner]
        self.grade = rng.normal([0.01, 0.0, 0.0, 0.0, -0.005], 0.006)
        self.cap = np.full(self.slots, np.inf)
        self.cap[: kind.schools] = kind.entry * size * rng.uniform(1.1, 1.5, kind.schools)
        self._pace(zones)
        self._plan()

    def _pace(self, zones: int) -> None:
        """Log intensity of births by zone, from nine years before the first school year on."""
        kind, rng = self.kind, self.rng
        length = kind.years + 9
        t = np.arange(length)
        growth = np.cumsum(np.interp(t, [9, length - 1], kind.growth))
        period, phase = rng.uniform(16, 32), rng.uniform(0, 2 * np.pi)
        district = growth - growth[9] + kind.wave * np.sin(2 * np.pi * t / period + phase)
        district += np.cumsum(rng.normal(0, 0.012, length))
        # Neighbours age together: half of a zone's wave is that of its school's whole area.
        areas = self.kind.schools
        area_wave = np.sin(2 * np.pi * t / rng.uniform(18, 45, (areas, 1)) + rng.uniform(0, 7, (areas, 1)))
        zone_wave = np.sin(2 * np.pi * t / rng.uniform(18, 45, (zones, 1)) + rng.uniform(0, 7, (zones, 1)))
        pace = district + kind.zone_wave * (0.7 * area_wave[self.owner] + 0.7 * zone_wave)
        town = rng.random(areas) < 0.3
        pace += kind.drift * np.where(town[self.owner], 1.0, -1.0)[:, None] * (t - 9)
        for zone in rng.choice(zones, min(kind.building, zones), replace=False):
            start = rng.integers(0, length)
            # New homes fill over five years with young families, whose children then grow up.
            pace[zone] += (
                rng.uniform(0.5, 1.2) * np.clip((t - start) / 5, 0, 1) * np.exp(-np.clip(t - start - 8, 0, 99) / 15)
            )
        self.pace = pace
        noise = kind.births_noise or 0.0
        self.births = np.round(
            (self.base[:, None] * np.exp(pace)).sum(axis=0) * 1.1 * np.exp(rng.normal(0, noise, length))
        ).astype(int)

    def _plan(self) -> None:
        kind, rng = self.kind, self.rng
        span = np.arange(3, kind.years - 1)
        self.opening = {int(y): kind.schools + n for n, y in enumerate(rng.choice(span, kind.openings, replace=False))}
        self.closing = sorted(int(y) for y in rng.choice(span, kind.closings, replace=False))
        self.swapping = sorted(int(y) for y in rng.choice(span, kind.swaps, replace=kind.swaps > len(span)))

    def step(self, at: int) -> None:
        rng = self.rng
        if at == 0:
            for grade in range(6):
                entry = rng.poisson(self.base * np.exp(self.pace[:, 3 + 0]) * np.exp(self.moving * grade))
                self.pupils[np.arange(len(entry)), self.owner, grade] = entry
            return
        year, first, enter = self.year_effect(at)
        self._progress(at, year, first)
        self._enter(at, enter)
        if at in self.opening:
            self._open(self.opening[at])
        for _ in range(self.closing.count(at)):
            self._close()
        for _ in range(self.swapping.count(at)):
            self._swap()

    def stays(self) -> float:
        """Share of pupils who do not move away within a year."""
        return STAY

    def year_effect(self, at: int) -> tuple[float, float, float]:
        """Log effect of a year on moving up, on moving up from the entry grade besides, and on entry."""
        kind = self.kind
        shock = kind.disrupted is not None and at == kind.disrupted
        rebound = kind.disrupted is not None and at == kind.disrupted + 1
        return -0.05 * shock + 0.015 * rebound, 0.05 * rebound, -0.12 * shock + 0.04 * rebound

    def _progress(self, at: int, year: float, first: float) -> None:
        rng = self.rng
        log = (
            self.moving[:, None] + self.grade + year + rng.normal(0, 0.006) + rng.normal(0, 0.01, (len(self.moving), 1))
        )
        log = log + np.array([first, 0, 0, 0, 0]) + 0.5 * year * rng.normal(0, 1, (len(self.moving), 1))
        now = self.pupils[:, :, :-1]
        stay = rng.binomial(now.astype(np.int64), self.stays())
        come = rng.poisson(now * np.clip(np.exp(log) - self.stays(), 0.0, None)[:, None, :])
        self.pupils = np.concatenate([np.zeros_like(now[:, :, :1]), stay + come], axis=2)

    def _enter(self, at: int, year: float) -> None:
        rng = self.rng
        # A birth year is spread over two entry years.
        pace = (np.exp(self.pace[:, at + 3]) + 2 * np.exp(self.pace[:, at + 4])) / 3
        mean = (
            self.base
            * pace
            * np.exp(self.moving * 2 + year + rng.normal(0, 0.02))
            * rng.gamma(150, 1 / 150, len(self.base))
        )
        entry = rng.poisson(mean)
        elsewhere = rng.binomial(entry, 0.06)
        zones = np.arange(len(entry))
        self.pupils[zones, self.owner, 0] += entry - elsewhere
        choice = rng.choice(np.flatnonzero(self.open), len(entry))
        np.add.at(self.pupils, (zones, choice, np.zeros_like(choice)), elsewhere)
        self._overflow()

    def _overflow(self) -> None:
        entry = self.pupils[:, :, 0].sum(axis=0)
        for school in np.flatnonzero(self.open & (entry > self.cap)):
            space = np.where(self.open & (entry < self.cap), self.cap - entry, -1.0)
            order = np.argsort(np.linalg.norm(self.site - self.site[school], axis=1))
            near = next((s for s in order[1:5] if space[s] > 0), None)
            if near is None:
                continue
            zone = int(np.argmax(self.pupils[:, school, 0]))
            moved = min(0.6 * (entry[school] - self.cap[school]), self.pupils[zone, school, 0], space[near])
            self.pupils[zone, school, 0] -= int(moved)
            self.pupils[zone, near, 0] += int(moved)

    def _move(self, zone: int, to: int, keep: float) -> None:
        """Give a zone to another school; a share of the older grades stays."""
        old = self.owner[zone]
        kept = self.rng.binomial(self.pupils[zone, old].astype(np.int64), np.linspace(0.3, 1.0, 6) * keep)
        self.pupils[zone, to] += self.pupils[zone, old] - kept
        self.pupils[zone, old] = kept
        self.owner[zone] = to

    def _open(self, school: int) -> None:
        total = self.pupils.sum(axis=(0, 2))
        full = np.argmax(np.where(self.open, total, -1))
        self.site[school] = self.spot[self.owner == full].mean(axis=0) + self.rng.normal(0, 0.05, 2)
        self.open[school] = True
        distance = np.linalg.norm(self.spot - self.site[school], axis=1)
        keep = self.rng.choice([0.0, 0.5])
        for zone in np.argsort(distance)[: self.rng.integers(3, 6)]:
            if (self.owner == self.owner[zone]).sum() > 1:
                self._move(int(zone), school, keep)

    def _nearest(self, zone: int, apart: int) -> int:
        distance = np.linalg.norm(self.site - self.spot[zone], axis=1)
        distance[~self.open] = np.inf
        distance[apart] = np.inf
        return int(np.argmin(distance))

    def _close(self) -> None:
        total = self.pupils.sum(axis=(0, 2))
        school = int(np.argmin(np.where(self.open, total, np.inf)))
        for zone in np.flatnonzero(self.pupils[:, school].sum(axis=1) > 0):
            to = self._nearest(int(zone), school)
            if self.owner[zone] == school:
                self.owner[zone] = to
            self.pupils[zone, to] += self.rng.binomial(self.pupils[zone, school].astype(np.int64), 0.95)
        for zone in np.flatnonzero(self.owner == school):
            self.owner[zone] = self._nearest(int(zone), school)
        self.pupils[:, school] = 0
        self.open[school] = False

    def _swap(self) -> None:
        zone = int(self.rng.integers(len(self.owner)))
        if (self.owner == self.owner[zone]).sum() > 1:
            self._move(zone, self._nearest(zone, int(self.owner[zone])), float(self.rng.choice([0.0, 0.6])))
