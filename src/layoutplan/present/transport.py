"""What a plan does about ways, in sentences for the council: buses that run, roads that are built."""

from __future__ import annotations

from collections.abc import Iterator

import shapely

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.plan.scenario import BuildRoad
from layoutplan.seats.riders import BUS
from layoutplan.seats.roster import lines_in


def transport_said(plan: PlanResult, *, year: int, lang: Lang) -> Iterator[str]:
    """Yield a sentence for the buses of a year and one for the roads that are built by then; nothing where none is.

    Parameters
    ----------
    plan : PlanResult
        Scenario worked out.
    year : int
        School year.
    lang : {"zh", "en"}
        Language.
    """
    lines, name = lines_in(plan.roster, year), plan.scenario.name
    if lines:
        flows = plan.assignment.flows
        riding = float(flows.loc[(flows["means"] == BUS) & (flows["year"] == year), "pupils"].sum())
        counts = {
            "schools": len(lines), "seats": sum(line.seats for line in lines), "pupils": f"{riding:,.0f}",
            "places": len({place_id for line in lines for place_id in line.place_ids}),
        }  # fmt: skip
        yield label("council.buses", lang, plan=name, year=year, **counts)
    roads = [one for one in plan.scenario.actions if isinstance(one, BuildRoad) and one.year <= year]
    if roads:
        kilometres = sum(shapely.LineString(road.line).length for road in roads) / 1000
        yield label("council.roads", lang, plan=name, year=year, count=len(roads), kilometres=f"{kilometres:.1f}")
