"""Where the time of a trial goes: one site tried on the sample county, on the map and as a whole plan.

Run ``python benchmarks/trial.py [COUNTY] [--rounds 9]``. A trial on the map (``try_at``) answers every step of a
drag; a whole plan (``run_plan``) works out every year with the site in it, to the findings. Medians of CPU time.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from layoutplan.access.engine import warm_up
from layoutplan.county.layers import county_norms, read_county
from layoutplan.plan import planning, siting
from layoutplan.plan.scenario import OpenSchool, Scenario

STEPS = {
    planning: {
        "apply_actions": "schools of the scenario", "periods_of": "snap", "ways_in_periods": "travel",
        "demand_of": "demand (shared)", "count_supply": "seats",
        "assign_by_policy": "reassignment", "roll_forward": "roll-forward and ranges", "balance_seats": "seat balance",
        "diagnose": "findings", "count_indicators": "indicators",
    },
    siting: {
        "snap_point": "snap", "costs_to_point": "travel", "_wins": "who is nearer", "_load": "load and classes",
        "_relief": "relief of neighbours", "_served": "places served", "_minutes": "mean minutes",
    },
}  # fmt: skip


class Clock:
    """CPU seconds by step, those of a step inside another counted in both."""

    def __init__(self) -> None:
        self.rounds: list[dict[str, float]] = []

    def watch(self, name: str, function: Callable) -> Callable:
        def timed(*given, **named):
            begin = time.process_time()
            try:
                return function(*given, **named)
            finally:
                self.rounds[-1][name] = self.rounds[-1].get(name, 0.0) + time.process_time() - begin

        return timed

    def run(self, work: Callable[[], object]) -> None:
        self.rounds.append({})
        self.watch("in all", work)()

    def report(self, title: str) -> None:
        names = dict.fromkeys(name for each in self.rounds for name in each)
        medians = {name: statistics.median(each.get(name, 0.0) for each in self.rounds) * 1000 for name in names}
        total = medians.pop("in all")
        print(f"\n{title}: {total:.1f} ms CPU")
        for name, taken in sorted(medians.items(), key=lambda item: -item[1]):
            print(f"  {name:28}{taken:10.2f} ms{taken / total:8.0%}")
        print(f"  {'the rest':28}{total - sum(medians.values()):10.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("county", nargs="?", type=Path, default=Path("data/gis"))
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    warm_up()
    county = read_county(asked.county)
    prepared = planning.prepare(county, county_norms(asked.county))
    school = county.schools.geometry.iloc[0]
    clocks = {module: Clock() for module in STEPS}
    for module, steps in STEPS.items():
        for name, words in steps.items():
            if hasattr(module, name):
                setattr(module, name, clocks[module].watch(words, getattr(module, name)))
            else:
                raise SystemExit(f"{module.__name__} has no {name} any more")
    for clock in clocks.values():
        clock.rounds.append({})
    base = planning.run_plan(prepared, Scenario(name="base"))
    lab = siting.open_lab(base, stage="primary", year=county.base_year + 6)
    for number in range(asked.rounds + 2):
        east_m, north_m = school.x + 400 + 30 * number, school.y + 300
        clocks[siting].run(lambda east_m=east_m, north_m=north_m: siting.try_at(lab, east_m, north_m, rooms=24))
        site = OpenSchool(
            year=county.base_year + 3, school_id="site", name="site", school_kind="primary", setting="county_town",
            east_m=east_m, north_m=north_m, primary_rooms=24,
        )  # fmt: skip
        clocks[planning].run(lambda site=site: planning.run_plan(prepared, Scenario(name="site", actions=(site,))))
    for clock in clocks.values():
        del clock.rounds[:3]  # the base plan, and two rounds that fill what later ones find ready
    clocks[siting].report("a step of a drag (try_at)")
    clocks[planning].report("a whole plan with the site (run_plan)")


if __name__ == "__main__":
    main()
