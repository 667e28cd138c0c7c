"""Write down what a search found: scenarios that can be run, a summary, and tables."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from layoutplan.files import write_whole
from layoutplan.labels import Lang, label
from layoutplan.plan.scenario import save_scenario
from layoutplan.present.csvtables import write_table

if TYPE_CHECKING:
    from layoutplan.plan.optimise import OptimiseResult, Progress

SUMMARY = "summary.json"


def write_optimised(result: OptimiseResult, out: Path) -> list[Path]:
    """Write scenarios, summary and tables into a folder.

    Parameters
    ----------
    result : OptimiseResult
        What a search found.
    out : Path
        Folder; made if missing.

    Returns
    -------
    list of Path
        ``scenario.toml`` (the best plan) and ``scenario-2.toml`` ... (others nearly as good), ``actions.csv``,
        ``loads.csv``, ``sites.csv``, ``binding.csv``, ``relaxations.csv``, and ``summary.json``, which is written last.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for number, plan in enumerate(result.plans, start=1):
        path = out / ("scenario.toml" if number == 1 else f"scenario-{number}.toml")
        save_scenario(plan.scenario, path)
        written.append(path)
    tables = {"sites": result.sites, "binding": result.binding, "relaxations": result.relaxations}
    for name in ("actions", "loads"):
        frames = [getattr(plan, name).assign(plan=number) for number, plan in enumerate(result.plans, start=1)]
        tables[name] = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"plan": []})
    for name, frame in sorted(tables.items()):
        write_table(frame, out / f"{name}.csv")
        written.append(out / f"{name}.csv")
    with write_whole(out / SUMMARY) as draft:
        draft.write_text(json.dumps(summarise(result), ensure_ascii=False, indent=2) + "\n", "utf-8", newline="\n")
    return [*written, out / SUMMARY]


def summarise(result: OptimiseResult) -> dict[str, Any]:
    """Return what a search found as a tree for JSON; a number that is not known is null."""
    plans = [
        {
            "name": plan.scenario.name, "objective": plan.objective, "actions": _rows(plan.actions),
            "totals": _rows(plan.totals),
        }
        for plan in result.plans
    ]  # fmt: skip
    return {
        "goal": result.goal.name,
        "status": result.status,
        "objective": _known(result.objective),
        "bound": _known(result.bound),
        "gap_share": _known(result.gap),
        "present_objective": _known(result.present),
        "objective_unit": "pupil-minute one way a day, mean over the years; envy and money by the goal's weights",
        "plans": plans,
        "agreed": _rows(result.agreed),
        "sites": _rows(result.sites),
        "binding": _rows(result.binding),
        "relaxations": _rows(result.relaxations),
        "notes": _rows(result.notes),
        "provenance": dict(result.provenance),
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", force_ascii=False, double_precision=6))
    return found


def tell(result: OptimiseResult, lang: Lang) -> Iterator[str]:
    """Yield what a search found in sentences, the most important first."""
    text = f"text_{lang}"
    if result.status == "infeasible":
        yield label("optimise.said.infeasible", lang)
        for row in result.relaxations.to_dict("records"):
            yield label("optimise.said.option", lang, option=row["option"], text=row[text])
        return
    if not result.plans:
        yield label("optimise.said.nothing", lang)
        return
    numbers = {
        "objective": _number(result.objective),
        "bound": _number(result.bound),
        "present": _number(result.present),
    }
    yield label(f"optimise.said.{result.status}", lang, gap=f"{100 * result.gap:.2f}", **numbers)
    yield from result.plans[0].actions[text]
    if len(result.plans) > 1 and len(result.agreed):
        agreed = label("optimise.comma", lang).join(result.agreed["name"])
        yield label("optimise.said.agreed", lang, count=len(result.plans), text=agreed)
    yield from result.sites.loc[~result.sites["is_chosen"].astype(bool), text]
    yield from result.binding[text]
    yield from result.notes[text]


def tell_progress(progress: Progress, lang: Lang) -> str:
    """Return how far a search is, in a line."""
    gap = f"{100 * progress.gap:.2f} %" if math.isfinite(progress.gap) else "-"
    step = label(f"optimise.step.{progress.step}", lang)
    if progress.step == "feasible":
        return step
    return label(
        "optimise.progress", lang, step=step, best=_number(progress.best), bound=_number(progress.bound), gap=gap
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "-"
